"""May it happen from this state? The transition tables, against a table of their own written here."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock, workflow
from backoffice.actor import SYSTEM, Actor, Role
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, ServiceError
from backoffice.models import AppointmentItem, AuditEvent, Slip
from backoffice.permissions import may
from backoffice.services import acceptance, appointment_drafts, appointments, assignments, matching_runs
from backoffice.states import (
    ApplicationType,
    AppointmentStatus,
    ItemStatus,
    RegistrationState,
    ReturnCode,
    SlipStatus,
)
from backoffice.workflow import ItemAction, RegistrationAction
from tests import factories
from tests.services import flow

S, A = ItemStatus, ItemAction
ALLOWED = {
    (S.DRAFT, A.SUBMIT): S.MATCHING,
    (S.MATCHING, A.MATCH): S.AWAITING_ACCEPTANCE,
    (S.MATCHING, A.FIND_NOBODY): S.UNMATCHED,
    (S.UNMATCHED, A.REQUEUE): S.MATCHING,
    (S.MATCHING, A.WITHDRAW): S.WITHDRAWN,
    (S.UNMATCHED, A.WITHDRAW): S.WITHDRAWN,
    (S.AWAITING_ACCEPTANCE, A.WITHDRAW): S.WITHDRAWN,
    (S.AWAITING_ACCEPTANCE, A.ACCEPT): S.ACCEPTED,
    (S.AWAITING_ACCEPTANCE, A.RETURN): S.FAILED,
    (S.UNMATCHED, A.ASSIGN): S.AWAITING_ACCEPTANCE,
    (S.AWAITING_ACCEPTANCE, A.REMATCH): S.MATCHING,
    (S.ACCEPTED, A.RECORD_PASS): S.PASSED,
    (S.ACCEPTED, A.RECORD_FAIL): S.NOT_PASSED,
    (S.ACCEPTED, A.END): S.ENDED,
    (S.MATCHING, A.CANCEL): S.ENDED,
    (S.UNMATCHED, A.CANCEL): S.ENDED,
    (S.AWAITING_ACCEPTANCE, A.CANCEL): S.ENDED,
    (S.ACCEPTED, A.CANCEL): S.ENDED,
}
ACTORS = [SYSTEM, *(Actor(role=role, name="王建国") for role in Role if role is not Role.SYSTEM)]


def actor_for(action: ItemAction) -> Actor:
    return next(actor for actor in ACTORS if may(actor, workflow.transition(action).permission))


def test_every_action_moves_from_the_states_of_the_table_and_from_no_other(app: Flask) -> None:
    place = flow.world()
    pairs = [(state, action) for state in S for action in A]
    rows = flow.instruments(place, len(pairs))
    appointment = appointment_drafts.create_draft(place.clerk)
    items = [
        AppointmentItem(
            appointment_id=appointment.id,
            enterprise_id=appointment.enterprise_id,
            instrument_id=row.id,
            application_type=ApplicationType.FIRST,
            status=state,
            status_since=clock.now(),
        )
        for row, (state, _) in zip(rows, pairs, strict=True)
    ]
    db.session.add_all(items)
    db.session.flush()
    for item, (state, action) in zip(items, pairs, strict=True):
        moved = workflow.move_items(actor_for(action), action, [item.id])
        target = ALLOWED.get((state, action))
        assert moved == ([item.id] if target else []), (state, action)
        assert item.status is (target or state)
    db.session.expire_all()
    assert [item.status for item in items] == [ALLOWED.get(pair, pair[0]) for pair in pairs]


def test_an_action_needs_its_permission_whatever_the_state() -> None:
    for action in A:
        for actor in ACTORS:
            step = workflow.transition(action)
            permitted = any(may(actor, permission) for permission in (step.permission, *step.on_behalf))
            for state in S:
                assert workflow.may_happen(actor, action, state) == (permitted and (state, action) in ALLOWED)
            if not permitted:
                with pytest.raises(Forbidden):
                    workflow.move_items(actor, action, [1])


def test_when_some_of_what_was_wanted_did_not_move_nothing_is_half_done() -> None:
    workflow.all_or_conflict([1, 2], [2, 1])
    with pytest.raises(Conflict) as refused:
        workflow.all_or_conflict([1, 2, 3], [2])
    assert refused.value.facts == {"count": 2}


def test_registrations_are_decided_while_they_wait_by_their_regulator_or_the_administrator() -> None:
    for action in RegistrationAction:
        for actor in ACTORS:
            for state in RegistrationState:
                expected = state is RegistrationState.PENDING and actor.role in (Role.REGULATOR, Role.ADMIN)
                assert workflow.may_happen(actor, action, state) == expected


Service = Callable[[flow.World, AppointmentItem], Any]
SERVICES: dict[str, tuple[Service, str]] = {
    "withdraw": (lambda w, item: appointments.withdraw(w.clerk, item.appointment_id, [item.id]), "item.withdrawn"),
    "accept": (lambda w, item: acceptance.accept(w.counter, _slip_id(item), item_ids=[item.id]), "item.accepted"),
    "return": (
        lambda w, item: acceptance.return_items(
            w.counter, _slip_id(item), item_ids=[item.id], code=ReturnCode.OTHER, words="铭牌不清"
        ),
        "item.returned",
    ),
    "assign": (
        lambda w, item: assignments.assign(w.regulator, item.id, institution_id=w.institution.id, reason="就近"),
        "item.assigned",
    ),
    "rematch": (lambda w, item: assignments.rematch_slip(w.regulator, _slip_id(item), reason="超时"), "item.rematched"),
    "put_aside": (lambda w, item: appointments.put_aside(w.clerk, item.id), "item.put_aside"),
}
POSSIBLE = {
    ("withdraw", S.MATCHING): S.WITHDRAWN,
    ("withdraw", S.UNMATCHED): S.WITHDRAWN,
    ("withdraw", S.AWAITING_ACCEPTANCE): S.WITHDRAWN,
    ("accept", S.AWAITING_ACCEPTANCE): S.ACCEPTED,
    ("return", S.AWAITING_ACCEPTANCE): S.FAILED,
    ("assign", S.UNMATCHED): S.AWAITING_ACCEPTANCE,
    ("rematch", S.AWAITING_ACCEPTANCE): S.MATCHING,
    ("put_aside", S.FAILED): S.FAILED,
}


def _slip_id(item: AppointmentItem) -> int:
    """The item's slip, or a number no slip has."""
    return item.slip_id or 0


def _in_every_state(place: flow.World) -> list[AppointmentItem]:
    """One item in each state this product reaches by now, each in its own appointment."""
    far = factories.CapabilityFactory(kind_code="0601", areas=["370100"], institution=place.institution)
    waiting, accepted, failed, withdrawn = (flow.matched(place, flow.instruments(place)) for _ in range(4))
    nobodys = flow.matched(place, flow.instruments(place, kind_code=far.kind_code))
    acceptance.accept(place.counter, flow.only_slip(accepted).id)
    acceptance.return_items(place.counter, flow.only_slip(failed).id, code=ReturnCode.OTHER, words="铭牌不清")
    appointments.withdraw(place.clerk, withdrawn.id)
    matching = flow.submitted(place, flow.instruments(place))
    draft = flow.draft(place, flow.instruments(place))
    found = [row.items[0] for row in (draft, matching, waiting, nobodys, accepted, failed, withdrawn)]
    assert len({item.status for item in found}) == len(found)
    return found


def _events(item: AppointmentItem) -> list[str]:
    statement = sa.select(AuditEvent.action).where(
        AuditEvent.subject_type == "appointment_item", AuditEvent.subject_id == str(item.id)
    )
    return list(db.session.scalars(statement.order_by(AuditEvent.id)))


def test_each_use_case_moves_an_item_and_writes_one_audit_row_or_is_refused_and_changes_nothing(app: Flask) -> None:
    place = flow.world()
    late = clock.now().replace(year=clock.now().year + 1)
    for item in _in_every_state(place):
        for name, (service, event) in SERVICES.items():
            before, events = item.status, _events(item)
            savepoint = db.session.begin_nested()
            target = POSSIBLE.get((name, before))
            with clock.at(late):
                if target is None:
                    with pytest.raises(ServiceError):
                        service(place, item)
                else:
                    service(place, item)
            db.session.expire_all()
            assert item.status is (target or before), name
            assert _events(item) == [*events, *([event] if target else [])], name
            savepoint.rollback()
            db.session.expire_all()
            assert item.status is before


def test_several_items_move_together_or_not_at_all(app: Flask) -> None:
    place = flow.world()
    appointment = flow.matched(place, flow.instruments(place, 2))
    first, second = (item.id for item in appointment.items)
    acceptance.accept(place.counter, flow.only_slip(appointment).id, item_ids=[first])
    with pytest.raises(Conflict) as refused, db.session.begin_nested():
        appointments.withdraw(place.clerk, appointment.id, [first, second])
    assert refused.value.facts == {"count": 1}
    db.session.expire_all()
    assert [item.status for item in appointment.items] == [S.ACCEPTED, S.AWAITING_ACCEPTANCE]


def test_a_withdrawn_item_is_nobodys(app: Flask) -> None:
    place = flow.world()
    appointment = flow.matched(place, flow.instruments(place))
    appointments.withdraw(place.clerk, appointment.id)
    db.session.expire_all()
    assert appointment.items[0].institution_id is None
    assert appointment.items[0].slip_id is not None


def test_a_changed_ledger_row_is_matched_anew(app: Flask) -> None:
    place = flow.world(with_capability=False)
    item = flow.matched(place, flow.instruments(place)).items[0]
    assert matching_runs.requeue_instrument(place.clerk, item.instrument_id)
    assert item.status is S.MATCHING
    assert not matching_runs.requeue_instrument(place.clerk, item.instrument_id)
    assert _events(item) == ["item.unmatched", "item.requeued"]


def _item(status: ItemStatus, *, is_resolved: bool = False) -> Any:
    return SimpleNamespace(status=status, is_resolved=is_resolved)


@pytest.mark.parametrize(
    ("items", "has_receipt", "state"),
    [
        ([], False, AppointmentStatus.DRAFT),
        ([_item(S.DRAFT)], False, AppointmentStatus.DRAFT),
        ([_item(S.MATCHING), _item(S.UNMATCHED)], False, AppointmentStatus.SUBMITTED),
        ([_item(S.AWAITING_ACCEPTANCE), _item(S.WITHDRAWN)], False, AppointmentStatus.SUBMITTED),
        ([_item(S.ACCEPTED)], True, AppointmentStatus.FEEDBACK),
        ([_item(S.FAILED)], True, AppointmentStatus.FEEDBACK),
        ([_item(S.FAILED, is_resolved=True)], True, AppointmentStatus.CLOSED),
        ([_item(S.FAILED, is_resolved=True), _item(S.ACCEPTED)], True, AppointmentStatus.FEEDBACK),
        ([_item(S.PASSED), _item(S.NOT_PASSED), _item(S.ENDED), _item(S.WITHDRAWN)], True, AppointmentStatus.CLOSED),
        ([_item(S.WITHDRAWN), _item(S.WITHDRAWN)], False, AppointmentStatus.WITHDRAWN),
    ],
)
def test_the_appointments_state_follows_from_its_items(
    items: list[Any], has_receipt: bool, state: AppointmentStatus
) -> None:
    assert workflow.appointment_status(items, has_receipt=has_receipt) is state


@pytest.mark.parametrize(
    ("items", "state"),
    [
        ([], SlipStatus.TRANSFERRED),
        ([S.WITHDRAWN], SlipStatus.WITHDRAWN),
        ([S.AWAITING_ACCEPTANCE, S.WITHDRAWN], SlipStatus.AWAITING),
        ([S.AWAITING_ACCEPTANCE, S.ACCEPTED], SlipStatus.PARTLY),
        ([S.AWAITING_ACCEPTANCE, S.FAILED], SlipStatus.PARTLY),
        ([S.ACCEPTED, S.FAILED], SlipStatus.ACCEPTED),
        ([S.ACCEPTED, S.PASSED], SlipStatus.ACCEPTED),
        ([S.FAILED, S.WITHDRAWN], SlipStatus.RETURNED),
        ([S.PASSED, S.NOT_PASSED, S.ENDED, S.FAILED], SlipStatus.COMPLETED),
    ],
)
def test_the_slips_state_follows_from_its_items(items: list[ItemStatus], state: SlipStatus) -> None:
    assert workflow.slip_status(items) is state


def test_a_slips_state_is_never_typed(app: Flask) -> None:
    place = flow.world()
    slip: Slip = flow.only_slip(flow.matched(place, flow.instruments(place)))
    slip.status = SlipStatus.COMPLETED
    acceptance.accept(place.counter, slip.id)
    assert slip.status is SlipStatus.ACCEPTED
