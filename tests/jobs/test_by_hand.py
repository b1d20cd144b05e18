"""A job started by hand: asked for on the web, run by the job process, with the name of who asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.actor import Actor
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid
from backoffice.jobs.runner import Runner
from backoffice.jobs.schedule import SCHEDULE, Counts, Job, daily, every
from backoffice.messages.records import JOBS
from backoffice.models import AuditEvent, JobRun, Notice
from backoffice.services import job_runs
from backoffice.states import ItemStatus, RunOutcome
from backoffice.unit_of_work import unit_of_work
from tests import factories
from tests.races.threads import together
from tests.services import flow


@pytest.fixture
def regulator(app: Flask) -> Actor:
    with unit_of_work():
        return factories.actor_of(factories.UserFactory(regulator=True))


def ask(actor: Actor, job: str = "matching") -> int:
    with unit_of_work():
        return job_runs.request(actor, job).id


def run_of(key: int) -> JobRun:
    db.session.rollback()
    return db.session.get_one(JobRun, key, populate_existing=True)


def runner(app: Flask, work: Callable[[], Counts], *, name: str = "matching", is_periodic: bool = False) -> Runner:
    return Runner(app, [Job(name, work, daily(0, 5) if is_periodic else every(2), is_periodic)])


def test_all_of_the_schedule_may_be_started_and_has_a_name() -> None:
    assert set(job_runs.STARTABLE) == {job.name for job in SCHEDULE} == set(JOBS)


def test_asking_does_no_work_and_the_job_process_does(app: Flask, regulator: Actor) -> None:
    place = flow.world()
    appointment = flow.submitted(place, flow.instruments(place))
    db.session.commit()
    key = ask(regulator)
    assert (run_of(key).outcome, run_of(key).started_by) == (RunOutcome.REQUESTED, regulator.name)
    assert appointment.items[0].status is ItemStatus.MATCHING
    Runner(app).work_off_requests()
    run = run_of(key)
    assert (run.outcome, run.counts["matched"]) == (RunOutcome.DONE, 1)
    assert run.finished_at is not None and run.finished_at >= run.started_at >= run.scheduled_for
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "job.started_by_hand")).one()
    assert (event.actor_name, event.subject_id) == (regulator.name, str(key))


def test_a_periodic_job_runs_outside_its_hour(app: Flask, regulator: Actor) -> None:
    key = ask(regulator, "late_slips")
    runner(app, lambda: {"files": 2}, name="late_slips", is_periodic=True).work_off_requests()
    assert (run_of(key).outcome, run_of(key).counts) == (RunOutcome.DONE, {"files": 2})


def test_a_failing_one_is_closed_as_failed_and_the_next_is_still_run(app: Flask, regulator: Actor) -> None:
    first, second = ask(regulator), ask(regulator, "late_slips")

    def fail() -> Counts:
        raise ZeroDivisionError

    both = Runner(
        app, [Job("matching", fail, every(2)), Job("late_slips", lambda: {"files": 1}, daily(3, 30), is_periodic=True)]
    )
    both.work_off_requests()
    assert (run_of(first).outcome, run_of(first).problem) == (RunOutcome.FAILED, "ZeroDivisionError")
    assert run_of(second).outcome is RunOutcome.DONE


def test_a_job_is_asked_for_once_at_a_time(app: Flask, regulator: Actor) -> None:
    key = ask(regulator)
    with pytest.raises(Conflict):
        ask(regulator)
    runner(app, dict).work_off_requests()
    assert run_of(key).outcome is RunOutcome.DONE
    assert ask(regulator) != key


def test_two_job_processes_run_a_request_once(app: Flask, regulator: Actor) -> None:
    worked: list[int] = []

    def work() -> Counts:
        worked.append(1)
        return {}

    ask(regulator)
    take = runner(app, work).work_off_requests
    together(app, take, take, in_one_transaction=False)
    assert worked == [1]


def test_only_who_may_start_jobs_asks_for_one_and_only_for_one_there_is(app: Flask, regulator: Actor) -> None:
    with pytest.raises(Forbidden):
        ask(factories.actor_of(factories.UserFactory(auditor=True)))
    with pytest.raises(Invalid):
        ask(regulator, "formatting_the_disk")


def test_an_office_starts_the_jobs_of_its_work_and_the_administrator_those_of_the_system(
    app: Flask, regulator: Actor
) -> None:
    for job in ("mails", "tidying"):
        with pytest.raises(Invalid):
            ask(regulator, job)
    assert "late_slips" in job_runs.startable(regulator)
    assert ask(factories.actor_of(factories.UserFactory(admin=True)), "tidying")


def test_a_run_whose_process_died_is_told_of_and_does_not_keep_the_next_failure_quiet(
    app: Flask, regulator: Actor
) -> None:
    with unit_of_work():
        keeper = factories.UserFactory(regulator=True, division_code="370300", may_edit_reference=True)
        died = job_runs.request(regulator, "late_slips")
        died.outcome, died.started_at = RunOutcome.RUNNING, clock.now() - timedelta(minutes=11)
    with unit_of_work():
        job_runs.request(regulator, "late_slips")
    assert (run_of(died.id).outcome, run_of(died.id).problem) == (RunOutcome.FAILED, "interrupted")
    with unit_of_work():
        job_runs.finish(died.id, counts={"files": 1})
    assert run_of(died.id).outcome is RunOutcome.FAILED, "it was given up and stays so"
    with unit_of_work():
        job_runs.note_failure("late_slips", "OperationalError")
    told = db.session.scalars(sa.select(Notice.code).where(Notice.division_code == keeper.division_code))
    assert list(told) == ["notice_job_failed"] * 2
