"""The job process as a process: it finds what waits, stops when told, and may be killed at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.database import db
from backoffice.models import (
    Appointment,
    AppointmentItem,
    AuditEvent,
    JobHeartbeat,
    JobRun,
    MatchingAttempt,
    Slip,
)
from backoffice.services import invariants, job_runs
from backoffice.states import ItemStatus, RunOutcome
from backoffice.unit_of_work import unit_of_work
from ops.postgres import Urls
from tests import factories
from tests.services import flow

from . import processes

KILLS = 10


@pytest.fixture
def place(app: Flask) -> flow.World:
    with unit_of_work():
        place = flow.world()
        factories.CapabilityFactory(kind_code="0601")
        return place


def book(place: flow.World, appointments: int, *kinds: str) -> None:
    with unit_of_work():
        for _ in range(appointments):
            flow.submitted(place, [row for kind in kinds for row in flow.instruments(place, kind_code=kind)])


def waiting() -> int:
    db.session.rollback()
    statement = sa.select(sa.func.count()).where(AppointmentItem.status == ItemStatus.MATCHING)
    return db.session.scalar(statement) or 0


def has_ticked() -> bool:
    db.session.rollback()
    return job_runs.last_tick() is not None


def is_running() -> bool:
    db.session.rollback()
    return job_runs.not_running_since() is None


def test_without_jobs_it_stays_waiting_and_a_started_process_matches_within_10_seconds_and_stops_between_batches(
    place: flow.World, database: Urls
) -> None:
    book(place, 2, "1401", "0601")
    assert job_runs.not_running_since() is not None
    assert job_runs.pulse() == {"jobs_last_tick_s": None, "waiting": 4}
    assert waiting() == 4
    process = processes.start(database, *processes.flask("jobs", "run"), stderr=subprocess.PIPE)
    try:
        # Ten seconds from its first tick: how long a busy machine takes to load a program is not the schedule's doing.
        processes.wait_for(has_ticked, seconds=60)
        processes.wait_for(lambda: waiting() == 0, seconds=10)
        processes.wait_for(is_running, seconds=10)
        book(place, 150, "1401", "0601")  # More than one batch.
        processes.wait_for(lambda: waiting() < 300, seconds=30)
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0, log
    assert '"level": "error"' not in log
    assert waiting() % 2 == 0  # Whole appointments, never a part of one.
    assert invariants.broken() == {}
    assert {row.outcome for row in db.session.scalars(sa.select(JobRun))} == {RunOutcome.DONE}
    assert "matching" in db.session.scalars(sa.select(JobHeartbeat.job)).all()


def test_killed_job_processes_leave_nothing_half_done_lost_or_doubled(place: flow.World, database: Urls) -> None:
    book(place, 80, "1401", "0601", "1801", "1401")
    chance = random.Random(4)
    mother = processes.start(
        database, sys.executable, "-m", "tests.jobs.mortal_jobs", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    left = []
    try:
        for number in range(KILLS):
            before = waiting()
            pid = _another(mother)
            if number % 2:  # Some die after their first batches, some before.
                processes.wait_for(lambda: waiting() < before or before == 0, seconds=20)  # noqa: B023
            time.sleep(chance.uniform(0.02, 0.3))
            os.kill(pid, signal.SIGKILL)
            left.append(waiting())
        pid = _another(mother)
        processes.wait_for(lambda: waiting() == 0, seconds=60)
        os.kill(pid, signal.SIGKILL)
    finally:
        mother.kill()
        mother.communicate()
    assert left[-1] < 320
    assert all(count % 4 == 0 for count in left), left
    _each_item_once()
    assert invariants.broken() == {}


def _another(mother: subprocess.Popen[str]) -> int:
    assert mother.stdin is not None
    assert mother.stdout is not None
    mother.stdin.write("\n")
    mother.stdin.flush()
    return int(mother.stdout.readline())


def _each_item_once() -> None:
    states = Counter(db.session.scalars(sa.select(AppointmentItem.status)))
    assert states == {ItemStatus.AWAITING_ACCEPTANCE: 240, ItemStatus.UNMATCHED: 80}
    for statement in (
        sa.select(MatchingAttempt.item_id),
        sa.select(AuditEvent.subject_id).where(AuditEvent.action.in_(("item.matched", "item.unmatched"))),
    ):
        times = Counter(db.session.scalars(statement))
        assert len(times) == 320
        assert set(times.values()) == {1}
    slips = db.session.scalars(sa.select(Slip)).all()
    assert len(slips) == 2 * len(db.session.scalars(sa.select(Appointment)).all())
    assert sorted({len(slip.items) for slip in slips}) == [1, 2]
    assert sum(len(slip.items) for slip in slips) == 240


def test_a_killed_processs_claim_dies_with_its_connection(place: flow.World, database: Urls) -> None:
    book(place, 1, "1401")
    with psycopg.connect(database.app) as holder:
        holder.execute("SELECT * FROM appointment FOR UPDATE")
        process = processes.start(database, *processes.flask("match"), stdout=subprocess.PIPE)
        assert '"decided": 0' in process.communicate(timeout=60)[0]
        process = processes.start(database, *processes.flask("match", "--until-idle"), stdout=subprocess.PIPE)
        with pytest.raises(subprocess.TimeoutExpired):  # It is not idle while another holds what waits.
            process.wait(timeout=5)
    assert '"matched": 1' in process.communicate(timeout=60)[0]
