"""Job runs and heartbeats: what the regulator and the readiness check see of the job process."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from .. import audit, clock
from ..actor import Actor
from ..audit import AuditAction
from ..database import db, execute_counted
from ..errors import Conflict, Invalid
from ..models import Appointment, AppointmentItem, FormKey, JobHeartbeat, JobRun, User
from ..permissions import Permission, may, require
from ..states import ItemStatus, RunOutcome
from . import notices

KEEP_FORM_KEYS = timedelta(days=2)
STARTABLE = (
    "matching",
    "matching_for_today",
    "import_check",
    "import_mend",
    "import_annotate",
    "import_apply",
    "import_undo",
    "late_reviews",
    "late_slips",
    "mails",
    "tidying",
)
"""Jobs a person may start: all of the schedule."""
OF_THE_SYSTEM = frozenset({"mails", "tidying"})
"""Those that serve the installation, not the work of an office: the administrator starts them."""
INTERRUPTED = "interrupted"
"""The problem of a run whose process died."""
_REQUEST_LOCK = 0x4A4F_4253
LATE_AFTER_SECONDS = 60
"""Without a tick for this long the panels say since when jobs have not run."""


def beat(job: str) -> None:
    """Note that a job ticked."""
    db.session.execute(
        insert(JobHeartbeat)
        .values(job=job, ticked_at=clock.now())
        .on_conflict_do_update(index_elements=["job"], set_={"ticked_at": clock.now()})
    )


def last_tick(job: str | None = None) -> datetime | None:
    """When a job (or any) last ticked."""
    statement = sa.select(sa.func.max(JobHeartbeat.ticked_at))
    return db.session.scalar(statement.where(JobHeartbeat.job == job) if job else statement)


def not_running_since(job: str = "matching") -> datetime | None:
    """Since when a job has not run, if it is late; None while all is well.

    One that never ran has not run since the first appointment that waits for it, or since now.
    """
    ticked_at = last_tick(job)
    if ticked_at is None:
        waiting = sa.select(AppointmentItem.appointment_id).where(AppointmentItem.status == ItemStatus.MATCHING)
        first = sa.select(sa.func.min(Appointment.submitted_at)).where(Appointment.id.in_(waiting))
        return db.session.scalar(first) or clock.now()
    return ticked_at if (clock.now() - ticked_at).total_seconds() > LATE_AFTER_SECONDS else None


def pulse() -> dict[str, Any]:
    """Seconds since the last tick of any job, and how many items wait to be matched."""
    ticked_at = last_tick()
    waiting = db.session.scalar(sa.select(sa.func.count()).where(AppointmentItem.status == ItemStatus.MATCHING))
    age = None if ticked_at is None else round((clock.now() - ticked_at).total_seconds(), 1)
    return {"jobs_last_tick_s": age, "waiting": waiting}


def begin(job: str, *, scheduled_for: datetime, started_by: str = "") -> int | None:
    """Open the run row of a periodic job; None when another process already has this run."""
    _close_interrupted()
    return db.session.scalar(
        insert(JobRun)
        .values(
            job=job,
            scheduled_for=scheduled_for,
            started_at=clock.now(),
            outcome=RunOutcome.RUNNING,
            counts={},
            started_by=started_by,
        )
        .on_conflict_do_nothing(index_elements=["job", "scheduled_for"])
        .returning(JobRun.id)
    )


def _close_interrupted() -> None:
    """Close runs nobody is at any more (no run takes ten minutes), and tell of them as of every failure."""
    given_up = db.session.scalars(
        sa.select(JobRun)
        .where(JobRun.outcome == RunOutcome.RUNNING, JobRun.started_at < clock.now() - timedelta(minutes=10))
        .with_for_update(skip_locked=True)
    ).all()
    for run in given_up:
        note_failure(run.job, INTERRUPTED, run_id=run.id)


def startable(actor: Actor) -> tuple[str, ...]:
    """The jobs this person may start by hand."""
    is_all = may(actor, Permission.ALL_SYSTEM_JOBS_START)
    return tuple(job for job in STARTABLE if is_all or job not in OF_THE_SYSTEM)


def request(actor: Actor, job: str) -> JobRun:
    """Ask for a run of a job now; the job process takes it within seconds, and a run that waits survives its absence.

    Raises `Invalid` for a job that is unknown or not this person's to start, `Conflict` while one that was asked for
    waits or runs.
    """
    require(actor, Permission.ALL_JOBS_START)
    if job not in startable(actor):
        raise Invalid.one("job", "not_a_choice")
    db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(_REQUEST_LOCK, sa.func.hashtext(job))))
    _close_interrupted()
    asked = sa.select(JobRun.id).where(
        JobRun.job == job,
        JobRun.outcome.in_((RunOutcome.REQUESTED, RunOutcome.RUNNING)),
        JobRun.started_by != "",
    )
    if db.session.scalar(sa.select(asked.exists())):
        raise Conflict("job_asked_already")
    now = clock.now()
    run = JobRun(
        job=job, scheduled_for=now, started_at=now, outcome=RunOutcome.REQUESTED, counts={}, started_by=actor.name[:50]
    )
    db.session.add(run)
    db.session.flush()
    audit.record(actor, AuditAction.JOB_STARTED_BY_HAND, run, after={"job": job})
    return run


def take_request(jobs: Collection[str]) -> tuple[int, str] | None:
    """Take the oldest run of one of these jobs somebody asked for: its id and its job. No two processes take one."""
    _close_interrupted()
    run = db.session.scalars(
        sa.select(JobRun)
        .where(JobRun.outcome == RunOutcome.REQUESTED, JobRun.job.in_(jobs))
        .order_by(JobRun.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if run is None:
        return None
    run.outcome, run.started_at = RunOutcome.RUNNING, clock.now()
    db.session.flush()
    return run.id, run.job


def finish(run_id: int, *, counts: dict[str, int]) -> None:
    """Close a run that went well; `note_failure` closes one that did not. One given up meanwhile stays so."""
    db.session.execute(
        sa.update(JobRun)
        .where(JobRun.id == run_id, JobRun.outcome == RunOutcome.RUNNING)
        .values(
            finished_at=clock.now(),
            outcome=RunOutcome.DONE,
            counts=counts,
        )
        .execution_options(synchronize_session=False)
    )


def record(job: str, *, started_at: datetime, counts: dict[str, int]) -> None:
    """One row for a tick that did something (empty ticks only beat)."""
    db.session.add(
        JobRun(
            job=job,
            scheduled_for=started_at,
            started_at=started_at,
            finished_at=clock.now(),
            outcome=RunOutcome.DONE,
            counts=counts,
        )
    )
    db.session.flush()


def note_failure(job: str, problem: str, *, run_id: int | None = None) -> None:
    """One row for a failed run (the periodic one that was begun, else a new one).

    The regulators who keep the rules are told, at most once an hour for each job.
    """
    now = clock.now()
    recent = sa.select(JobRun.id).where(
        JobRun.job == job,
        JobRun.outcome == RunOutcome.FAILED,
        JobRun.finished_at > now - timedelta(hours=1),
        JobRun.problem != INTERRUPTED,
    )
    is_news = db.session.scalar(sa.select(~recent.exists()))
    run = db.session.get(JobRun, run_id) if run_id is not None else None
    if run is None:
        run = JobRun(job=job, scheduled_for=now, started_at=now, counts={})
        db.session.add(run)
    run.finished_at, run.outcome, run.problem = now, RunOutcome.FAILED, problem[:500]
    db.session.flush()
    if is_news:
        for division_code in _divisions_that_keep_the_rules():
            notices.tell_regulator(division_code, "notice_job_failed", run, job=job)


def _divisions_that_keep_the_rules() -> list[str]:
    statement = sa.select(User.division_code).where(
        User.may_edit_reference.is_(True), User.is_active.is_(True), User.division_code.is_not(None)
    )
    return [code for code in db.session.scalars(statement.distinct()) if code is not None]


def forget_used_form_keys() -> int:
    """Remove one-time keys of forms nobody sends again; returns how many."""
    return execute_counted(sa.delete(FormKey).where(FormKey.created_at < clock.now() - KEEP_FORM_KEYS))
