"""With the clock past two working days the next tick marks what is late, once, and changes nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.config import Settings
from backoffice.database import db
from backoffice.jobs.runner import Runner
from backoffice.jobs.schedule import SCHEDULE
from backoffice.models import AuditEvent, ChangeRequest, Notice, Registration, Slip
from backoffice.services import acceptance, areas, change_requests, invariants
from backoffice.states import RegistrationState, ReturnCode
from backoffice.unit_of_work import unit_of_work
from tests import factories
from tests.services import flow

from . import digests

MARKS = {"marked_late_at", "updated_at"}


@pytest.fixture(autouse=True)
def _clock_back() -> Iterator[None]:
    yield
    clock.set_offset(timedelta())


def tick_everything(app: Flask) -> None:
    for job in SCHEDULE:
        Runner(app).tick(job)
    db.session.rollback()
    db.session.expire_all()


def test_a_late_review_and_a_late_slip_are_marked_and_told_once_and_nothing_else_changes(app: Flask) -> None:
    with unit_of_work():
        place = flow.world()
        waiting = flow.only_slip(flow.matched(place, flow.instruments(place, 2))).id
        for answer in ("accept", "return"):
            slip = flow.only_slip(flow.matched(place, flow.instruments(place)))
            if answer == "accept":
                acceptance.accept(place.counter, slip.id)
            else:
                acceptance.return_items(place.counter, slip.id, code=ReturnCode.OTHER, words="铭牌不清")
        unmatched = flow.matched(place, flow.instruments(place, kind_code="1801")).id
        applicant = factories.EnterpriseFactory()
        registration = Registration(
            enterprise_id=applicant.id,
            state=RegistrationState.PENDING,
            reviewer_division_code="370303",
            submitted={},
            submitted_at=clock.now(),
            due_at=areas.deadline(clock.now(), 2),
        )
        db.session.add(registration)
        db.session.flush()
        registration_id = registration.id
        request_id = change_requests.submit(place.clerk, {"principal": "孙立强"}, words="法定代表人变更").id
    tick_everything(app)
    assert db.session.get_one(Slip, waiting).marked_late_at is None
    before, told = digests.tables(columns=MARKS), _count(Notice)
    clock.set_offset(Settings.from_environment({"CLOCK_OFFSET": "+16d"}).clock_offset)
    tick_everything(app)
    assert digests.tables(columns=MARKS) == before
    assert [row.id for row in db.session.scalars(sa.select(Slip).where(Slip.marked_late_at.is_not(None)))] == [waiting]
    assert db.session.get_one(Registration, registration_id).marked_late_at is not None
    assert db.session.get_one(ChangeRequest, request_id).marked_late_at is not None
    new = db.session.scalars(sa.select(Notice).order_by(Notice.id).offset(told)).all()
    assert sorted((row.code, row.institution_id or row.division_code) for row in new if row.institution_id) == [
        ("notice_slip_late", place.institution.id)
    ]
    assert sorted((row.code, row.division_code) for row in new if row.division_code) == [
        ("notice_change_late", "370303"),
        ("notice_registration_late", "370303"),
        ("notice_slip_late", "370303"),
    ]
    everything = digests.tables(but={"job_heartbeat"})
    tick_everything(app)
    tick_everything(app)
    assert digests.tables(but={"job_heartbeat"}) == {**everything, "job_run": digests.tables(but=set())["job_run"]}
    assert unmatched
    events = sa.select(AuditEvent.action).where(AuditEvent.action.like("%late"))
    assert sorted(db.session.scalars(events)) == [
        "change.marked_late",
        "registration.marked_late",
        "slip.marked_late",
    ]
    assert invariants.broken() == {}


def _count(model: type[Notice]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0
