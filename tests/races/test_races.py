"""Two at the same moment: one winner, one clear refusal, nothing half done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.errors import Conflict, Invalid
from backoffice.jobs import matching
from backoffice.models import (
    Appointment,
    AppointmentItem,
    AuditEvent,
    MatchingAttempt,
    MeasuringInstrument,
    Receipt,
    Verification,
)
from backoffice.services import acceptance, appointments, invariants, ledger, numbers, verifications
from backoffice.states import ItemStatus, ReturnCode, UseState
from backoffice.unit_of_work import unit_of_work
from tests import factories
from tests.services import flow

from .threads import together

ROUNDS = 30


@pytest.fixture
def place(app: Flask) -> flow.World:
    with unit_of_work():
        return flow.world()


def booked(place: flow.World, count: int = 1) -> tuple[int, int, list[int]]:
    """Ids of a matched appointment, its slip and its items, stored for every thread to see."""
    with unit_of_work():
        appointment = flow.matched(place, flow.instruments(place, count))
        return appointment.id, flow.only_slip(appointment).id, [item.id for item in appointment.items]


def events(item_id: int, *actions: str) -> list[str]:
    statement = sa.select(AuditEvent.action).where(
        AuditEvent.subject_type == "appointment_item", AuditEvent.subject_id == str(item_id)
    )
    return [action for action in db.session.scalars(statement) if action in actions]


def race(
    app: Flask, place: flow.World, one: Callable[..., Any], other: Callable[..., Any]
) -> tuple[Counter[str], Counter[tuple[str, ...]]]:
    """Rounds of two decisions about the same slip; who won, and which states the items were left in."""
    winners: Counter[str] = Counter()
    states: Counter[tuple[str, ...]] = Counter()
    for _ in range(ROUNDS):
        appointment_id, slip_id, item_ids = booked(place, 2)
        outcomes = together(app, partial(one, appointment_id, slip_id), partial(other, appointment_id, slip_id))
        lost = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert [type(error) for error in lost] == [Conflict], outcomes
        winners["other" if isinstance(outcomes[0], Exception) else "one"] += 1
        db.session.rollback()
        items = [db.session.get_one(AppointmentItem, item_id) for item_id in item_ids]
        states[tuple(item.status for item in items)] += 1
        decisions = [events(item.id, "item.accepted", "item.returned", "item.withdrawn") for item in items]
        assert [len(found) for found in decisions] == [1, 1]
    assert invariants.broken() == {}
    return winners, states


def test_accepting_and_withdrawing_never_both_happen(app: Flask, place: flow.World) -> None:
    winners, states = race(
        app,
        place,
        lambda _appointment, slip: acceptance.accept(place.counter, slip),
        lambda appointment, _slip: appointments.withdraw(place.clerk, appointment),
    )
    assert states == {(ItemStatus.ACCEPTED,) * 2: winners["one"], (ItemStatus.WITHDRAWN,) * 2: winners["other"]} or (
        len(winners) == 1
    )


def test_two_counters_decide_once(app: Flask, place: flow.World) -> None:
    race(
        app,
        place,
        lambda _appointment, slip: acceptance.accept(place.counter, slip),
        lambda _appointment, slip: acceptance.return_items(
            place.counter, slip, code=ReturnCode.WRONG_SERIAL, words="编号不符"
        ),
    )
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Receipt)) == ROUNDS


def test_four_matchers_match_each_item_once(app: Flask, place: flow.World) -> None:
    with unit_of_work():
        for kind, areas in (("0601", ["370300"]), ("1801", ["370100"]), ("1202", ["370303"])):
            factories.CapabilityFactory(kind_code=kind, areas=areas)
        for number in range(120):
            kinds = ("1401", "0601", "1801", "1202")[number % 3 :]
            flow.submitted(place, [row for kind in kinds for row in flow.instruments(place, kind_code=kind)])

    def work_off() -> int:
        """As a runner does: turn by turn, until nothing waits that somebody else does not hold."""
        decided = 0
        for _ in range(40):
            decided += matching.match_waiting()["decided"]
        return decided

    outcomes = together(app, *[work_off] * 4, in_one_transaction=False)
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    total = db.session.scalar(sa.select(sa.func.count()).select_from(AppointmentItem))
    assert sum(outcomes) == total
    attempts = Counter(db.session.scalars(sa.select(MatchingAttempt.item_id)))
    assert len(attempts) == total
    assert set(attempts.values()) == {1}
    left = sa.select(sa.func.count()).where(AppointmentItem.status == ItemStatus.MATCHING)
    assert db.session.scalar(left) == 0
    assert invariants.broken() == {}


def test_submitting_twice_at_once_submits_once(app: Flask, place: flow.World) -> None:
    for _ in range(5):
        with unit_of_work():
            rows = flow.instruments(place, 3)
            draft_id = flow.draft(place, rows).id
        outcomes = together(app, *[lambda: appointments.submit(place.clerk, draft_id).id] * 3)  # noqa: B023
        assert outcomes == [draft_id] * 3
    submitted = sa.select(sa.func.count()).where(AuditEvent.action == "appointment.submitted")
    assert db.session.scalar(submitted) == 5
    assert db.session.scalar(sa.select(sa.func.count()).select_from(AppointmentItem)) == 15
    assert invariants.broken() == {}


def test_the_same_instruments_booked_twice_go_to_one_appointment(app: Flask, place: flow.World) -> None:
    """In opposite orders, which deadlocks unless they are held in one."""
    for _ in range(15):
        with unit_of_work():
            rows = flow.instruments(place, 6)
            drafts = [flow.draft(place, rows).id, flow.draft(place, rows[::-1]).id]
        outcomes = together(app, *[partial(appointments.submit, place.clerk, draft_id) for draft_id in drafts])
        won = [outcome for outcome in outcomes if isinstance(outcome, Appointment)]
        assert len(won) == 1, outcomes
        assert next(type(outcome) for outcome in outcomes if outcome not in won) in (Conflict, Invalid)
    db.session.rollback()
    assert invariants.broken() == {}


def test_an_instrument_is_not_booked_and_taken_out_of_use_at_once(app: Flask, place: flow.World) -> None:
    for _ in range(15):
        with unit_of_work():
            (row,) = flow.instruments(place)
            draft_id, row_id = flow.draft(place, [row]).id, row.id
        outcomes = together(
            app,
            lambda: appointments.submit(place.clerk, draft_id),  # noqa: B023
            lambda: ledger.change_use(place.clerk, [row_id], UseState.STOPPED, "检修"),  # noqa: B023
        )
        assert len([outcome for outcome in outcomes if isinstance(outcome, Exception)]) == 1, outcomes
        db.session.rollback()
        is_booked = db.session.get_one(Appointment, draft_id).submitted_at is not None
        assert (db.session.get_one(MeasuringInstrument, row_id).use_state is UseState.IN_USE) is is_booked


def test_running_numbers_are_given_once_and_without_gaps(app: Flask, place: flow.World) -> None:
    def take() -> list[str]:
        given = []
        for _ in range(10):
            with unit_of_work():
                given.append(numbers.next_number(numbers.SLIP))
        return given

    given = sorted(number for taken in together(app, *[take] * 8, in_one_transaction=False) for number in taken)
    assert [int(number[-4:]) for number in given] == list(range(1, 81))


def entered(place: flow.World, count: int = 1) -> list[int]:
    """Ids of results that wait to be published, stored for every thread to see."""
    with unit_of_work():
        items = flow.accepted(place, flow.instruments(place, count)).items
        return [flow.entered(place, item, **flow.a_pass(f"QD-{item.id}")).id for item in items]


def test_two_who_publish_the_same_result_publish_it_once(app: Flask, place: flow.World) -> None:
    with unit_of_work():
        publishers = [flow.colleague(place, name) for name in ("孙丽", "周强")]
    for _ in range(ROUNDS):
        keys = entered(place, 2)
        outcomes = together(
            app,
            partial(verifications.publish_all, publishers[0], keys),
            partial(verifications.publish_all, publishers[1], keys[::-1]),
        )
        assert [type(each) for each in outcomes if isinstance(each, Exception)] == [Conflict], outcomes
        told = sa.select(AuditEvent.subject_id).where(
            AuditEvent.action == "result.published", AuditEvent.subject_id.in_([str(key) for key in keys])
        )
        assert sorted(db.session.scalars(told)) == sorted(str(key) for key in keys)
        db.session.rollback()
    assert invariants.broken() == {}


def test_nobody_publishes_what_was_changed_at_the_same_moment(app: Flask, place: flow.World) -> None:
    """The change that comes first sends the publisher back to read it; the one that comes second is refused."""
    with unit_of_work():
        publisher = flow.colleague(place)
    for number in range(ROUNDS):
        (key,) = entered(place)
        outcomes = together(
            app,
            partial(verifications.publish, publisher, key, seen_at=clock.now()),
            partial(verifications.change, place.counter, key, **flow.a_pass(f"QD-changed-{number}")),
        )
        assert [type(each) for each in outcomes if isinstance(each, Exception)] == [Conflict], outcomes
        db.session.rollback()
        is_published = db.session.get_one(Verification, key).published_at is not None
        assert is_published is isinstance(outcomes[1], Conflict)
    assert invariants.broken() == {}


def test_one_number_is_not_given_to_two_enterprises_at_once(app: Flask, place: flow.World) -> None:
    with unit_of_work():
        second = factories.UserFactory(of_enterprise=True)
        other = flow.World(factories.actor_of(second), place.counter, place.regulator, place.institution, second)
    for number in range(ROUNDS):
        with unit_of_work():
            items = [flow.accepted(each, flow.instruments(each)).items[0].id for each in (place, other)]
        fields = flow.a_pass(f"QD-{number}")
        outcomes = together(app, *[partial(verifications.enter, place.counter, item, **fields) for item in items])
        assert [type(each) for each in outcomes if isinstance(each, Exception)] == [Invalid], outcomes
        db.session.rollback()
