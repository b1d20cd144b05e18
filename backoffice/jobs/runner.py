"""The job process: APScheduler's clock, our rows. SIGTERM stops between batches."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Iterable
from datetime import datetime
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from .. import clock
from ..clock import ZONE
from ..database import db
from ..services import job_runs
from ..unit_of_work import unit_of_work
from .schedule import SCHEDULE, Counts, Job, every

log = logging.getLogger("backoffice.jobs")

TICK_BUDGET_SECONDS = 5.0
"""A tick goes on with the next batch while there is work, up to this long; then others have their turn."""

REQUESTS_SECONDS = 2
THREADS = 4
GRACE_SECONDS = 30


class BegunRunFailed(Exception):
    """A run whose row was begun did not come to its end; carries the row's id and the kind of problem."""

    def __init__(self, run_id: int, problem: str) -> None:
        super().__init__(run_id, problem)
        self.run_id = run_id
        self.problem = problem


class Runner:
    """Runs the schedule until told to stop."""

    def __init__(self, app: Flask, schedule: Iterable[Job] = SCHEDULE) -> None:
        self.app = app
        self.schedule = tuple(schedule)
        self.stopping = threading.Event()
        self.scheduler = BackgroundScheduler(
            timezone=ZONE,
            executors={"default": ThreadPoolExecutor(THREADS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": GRACE_SECONDS},
        )

    def run(self) -> None:
        """Block until SIGTERM or SIGINT; the batches under way are finished first."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        for job in self.schedule:
            self.scheduler.add_job(self.tick, job.trigger, args=(job,), id=job.name, next_run_time=_first_run(job))
        self.scheduler.add_job(self.work_off_requests, every(REQUESTS_SECONDS), id="requests")
        self.scheduler.start()
        self.stopping.wait()
        self.scheduler.shutdown(wait=True)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping.set()

    def tick(self, job: Job) -> None:
        """One turn of one job; whatever goes wrong is logged and recorded, and the next turn comes."""
        with self.app.app_context():
            try:
                if job.is_periodic:
                    run_once(job)
                else:
                    self._work_off(job)
            except Exception as error:
                log.exception("job failed", extra={"job": job.name})
                _note_failure(job, error)
            finally:
                db.session.remove()

    def work_off_requests(self) -> None:
        """Run what people asked for by hand, one after the other."""
        with self.app.app_context():
            try:
                while not self.stopping.is_set() and self._run_requested():
                    pass
            except Exception:
                log.exception("requests could not be taken")
            finally:
                db.session.remove()

    def _run_requested(self) -> bool:
        """Take one request and run its job; False when there was none. A failure of the job is its run's, not ours."""
        with unit_of_work():
            taken = job_runs.take_request([job.name for job in self.schedule])
        if taken is None:
            return False
        run_id, name = taken
        job = next(each for each in self.schedule if each.name == name)
        try:
            counts = job.work() if job.is_periodic else self._batches(job)
            with unit_of_work():
                job_runs.finish(run_id, counts=counts)
        except Exception as error:
            log.exception("job failed", extra={"job": name})
            _note_failure(job, BegunRunFailed(run_id, type(error).__name__))
        return True

    def _batches(self, job: Job) -> Counts:
        """Batch after batch while there is work and the budget lasts; the sum of their counts."""
        begun = time.monotonic()
        total: Counts = {}
        while True:
            counts = job.work()
            total = {key: total.get(key, 0) + counts.get(key, 0) for key in {**total, **counts}}
            is_idle = not any(counts.values())
            if is_idle or self.stopping.is_set() or time.monotonic() - begun > TICK_BUDGET_SECONDS:
                return total

    def _work_off(self, job: Job) -> None:
        started_at = clock.now()
        total = self._batches(job)
        with unit_of_work():
            job_runs.beat(job.name)
            if any(total.values()):
                job_runs.record(job.name, started_at=started_at, counts=total)


def run_once(job: Job, *, started_by: str = "") -> Counts | None:
    """Run a periodic job for this minute, unless another process has it; None then.

    Raises `BegunRunFailed` when the work did.
    """
    scheduled_for = clock.now().replace(second=0, microsecond=0)
    with unit_of_work():
        job_runs.beat(job.name)
        run_id = job_runs.begin(job.name, scheduled_for=scheduled_for, started_by=started_by)
    if run_id is None:
        return None
    try:
        counts = job.work()
    except Exception as error:
        raise BegunRunFailed(run_id, type(error).__name__) from error
    with unit_of_work():
        job_runs.finish(run_id, counts=counts)
    return counts


def _first_run(job: Job) -> datetime | None:
    """Ticks begin at once; periodic jobs wait for their hour, but for those that make up for a missed one."""
    now = datetime.now(ZONE)
    return job.trigger.get_next_fire_time(None, now) if job.is_periodic and not job.runs_at_start else now


def _note_failure(job: Job, error: Exception) -> None:
    try:
        db.session.rollback()
        with unit_of_work():
            if isinstance(error, BegunRunFailed):
                job_runs.note_failure(job.name, error.problem, run_id=error.run_id)
            else:
                job_runs.note_failure(job.name, type(error).__name__)
    except Exception:  # The database itself may be what is away; the log has it.
        log.exception("failure could not be recorded", extra={"job": job.name})
