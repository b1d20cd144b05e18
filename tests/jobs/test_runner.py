"""The runner's turns: batches until idle, counts recorded, failures told once an hour, periodic jobs once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.jobs import matching, runner
from backoffice.jobs.runner import Runner, run_once
from backoffice.jobs.schedule import SCHEDULE, Counts, Job, daily, every
from backoffice.models import AppointmentItem, JobHeartbeat, JobRun, Notice
from backoffice.services import job_runs
from backoffice.states import ItemStatus, MatchTrigger, RunOutcome
from backoffice.unit_of_work import unit_of_work
from tests import factories
from tests.races.threads import together
from tests.services import flow

from . import digests


def job(work: Callable[[], Counts], *, is_periodic: bool = False) -> Job:
    return Job("tried", work, daily(0, 5) if is_periodic else every(2), is_periodic)


def turns(*counts: Counts) -> Callable[[], Counts]:
    """Work that gives these counts in turn."""
    left = iter(counts)
    return lambda: next(left)


def runs() -> list[JobRun]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(JobRun).order_by(JobRun.id)))


def test_a_tick_drains_batches_and_records_their_sum(app: Flask) -> None:
    Runner(app).tick(job(turns({"items": 3, "files": 1}, {"items": 2}, {})))
    (run,) = runs()
    assert run.counts == {"items": 5, "files": 1}
    assert run.outcome is RunOutcome.DONE
    assert run.finished_at is not None
    assert run.started_at <= run.finished_at
    assert job_runs.last_tick("tried") is not None


def test_an_empty_tick_beats_and_does_nothing_else(app: Flask) -> None:
    before = digests.tables(but={"job_heartbeat"})
    for scheduled in SCHEDULE:
        if not scheduled.is_periodic:
            Runner(app).tick(scheduled)
    db.session.rollback()
    assert digests.tables(but={"job_heartbeat"}) == before
    beaten = set(db.session.scalars(sa.select(JobHeartbeat.job)))
    assert beaten == {scheduled.name for scheduled in SCHEDULE if not scheduled.is_periodic}


def test_a_tick_makes_room_for_others_after_its_budget(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "TICK_BUDGET_SECONDS", 0)
    Runner(app).tick(job(turns({"items": 1}, {"items": 1}, {"items": 0})))
    assert [run.counts for run in runs()] == [{"items": 1}]


def test_a_told_stop_ends_a_tick_after_its_batch(app: Flask) -> None:
    stopped = Runner(app)

    def work() -> Counts:
        stopped.stopping.set()
        return {"items": 1}

    stopped.tick(job(work))
    assert [run.counts for run in runs()] == [{"items": 1}]


def test_a_failing_job_is_logged_recorded_and_told_once_an_hour_and_comes_again(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    with unit_of_work():
        factories.UserFactory(regulator=True, division_code="370300", may_edit_reference=True)
        factories.UserFactory(regulator=True, division_code="370303")

    def fail() -> Counts:
        db.session.execute(sa.text("INSERT INTO number_sequence VALUES ('XX', '2026-01-01', 1)"))
        raise ZeroDivisionError

    at = datetime(2026, 11, 25, 8, tzinfo=UTC)
    with caplog.at_level(logging.ERROR, logger="backoffice.jobs"):
        for minutes in (0, 1, 59, 62):
            with clock.at(at + timedelta(minutes=minutes)):
                Runner(app).tick(job(fail))
    assert [record.message for record in caplog.records] == ["job failed"] * 4
    assert [(run.outcome, run.problem) for run in runs()] == [(RunOutcome.FAILED, "ZeroDivisionError")] * 4
    told = db.session.scalars(sa.select(Notice).order_by(Notice.id)).all()
    assert [(row.division_code, row.facts) for row in told] == [("370300", {"job": "tried"})] * 1
    assert db.session.scalar(sa.text("SELECT count(*) FROM number_sequence")) == 0
    with clock.at(at + timedelta(hours=3)):
        Runner(app).tick(job(fail))
    assert len(db.session.scalars(sa.select(Notice)).all()) == 2
    Runner(app).tick(job(turns({"items": 1}, {})))
    assert runs()[-1].outcome is RunOutcome.DONE


def test_a_periodic_job_runs_once_for_two_runners_at_the_same_minute(app: Flask) -> None:
    worked: list[int] = []

    def work() -> Counts:
        worked.append(1)
        return {"items": 7}

    periodic = job(work, is_periodic=True)

    def at_five_past() -> Counts | None:
        with clock.at(datetime(2026, 11, 24, 16, 5, 0, 200, tzinfo=UTC)):
            return run_once(periodic)

    outcomes = together(app, at_five_past, at_five_past, in_one_transaction=False)
    assert sorted(outcomes, key=str) == [None, {"items": 7}] or outcomes.count(None) == 1
    assert worked == [1]
    (run,) = runs()
    assert (run.counts, run.outcome) == ({"items": 7}, RunOutcome.DONE)
    with clock.at(datetime(2026, 11, 25, 16, 5, tzinfo=UTC)):
        assert run_once(periodic) == {"items": 7}


def test_a_failed_periodic_run_is_closed_as_failed(app: Flask) -> None:
    def fail() -> Counts:
        raise ZeroDivisionError

    Runner(app).tick(job(fail, is_periodic=True))
    (run,) = runs()
    assert (run.outcome, run.problem) == (RunOutcome.FAILED, "ZeroDivisionError")
    assert run.finished_at is not None


def test_the_panels_learn_when_jobs_are_late(app: Flask) -> None:
    at = datetime(2026, 11, 25, 8, tzinfo=UTC)
    with clock.at(at):
        assert job_runs.not_running_since() == at
        Runner(app).tick(SCHEDULE[0])
        assert job_runs.not_running_since() is None
    with clock.at(at + timedelta(seconds=61)):
        assert job_runs.not_running_since() == at
        assert job_runs.pulse()["jobs_last_tick_s"] == 61


def test_a_date_that_begins_today_decides_anew_at_five_past_midnight(app: Flask) -> None:
    day = datetime(2026, 11, 25, 8, tzinfo=UTC)
    with clock.at(day), unit_of_work():
        place = flow.world(valid_from=clock.today() + timedelta(days=2))
        item_id = flow.matched(place, flow.instruments(place)).items[0].id
    for days, status in ((1, ItemStatus.UNMATCHED), (2, ItemStatus.AWAITING_ACCEPTANCE)):
        with clock.at(day + timedelta(days=days)):
            matching.match_for_today()
        db.session.rollback()
        assert db.session.get_one(AppointmentItem, item_id).status is status
    triggers = db.session.scalars(sa.text("SELECT trigger FROM matching_attempt ORDER BY id")).all()
    assert triggers == [MatchTrigger.SUBMITTED, MatchTrigger.DAY_CHANGED]
