"""代办: who may act for which enterprise, what stays on the rows, and what a regulator does to bookings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from backoffice.actor import Actor
from backoffice.audit import AuditAction
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid, NotFound
from backoffice.models import Appointment, AuditEvent, Enterprise, Institution, MeasuringInstrument, Notice, User
from backoffice.services import (
    acceptance,
    accounts,
    appointments,
    bookings_on_behalf,
    invariants,
    ledger,
    matching_runs,
    passwords,
    registrations,
    regulator_bookings,
    slips,
    walk_ins,
)
from backoffice.states import (
    AppointmentStatus,
    EndReason,
    EnterpriseStatus,
    ItemStatus,
    ReturnCode,
    SlipStatus,
    UseState,
)
from tests import factories
from tests.services import flow
from tests.services.ledger_samples import typed

pytestmark = pytest.mark.usefixtures("app")


def particulars(**changes: Any) -> dict[str, Any]:
    return {
        "type": "sole_trader",
        "uscc": factories.valid_uscc(500_001),
        "name": "张店区老李鲜果摊",
        "division_code": "370303",
        "address": "张店区东四路市场 12 号",
        "principal": "李全福",
        "contact": "李全福",
        "mobile": "13905330777",
        "email": "",
        **changes,
    }


@dataclass
class Counter:
    """A counter with its capability, another institution that would win by the rules, and the district's regulator."""

    actor: Actor
    institution: Institution
    other: Institution
    regulator: Actor


@pytest.fixture
def counter() -> Counter:
    rival = factories.CapabilityFactory(areas=["370303"])  # The county is more specific: it wins by the rules.
    user = factories.UserFactory(of_institution=True)
    factories.CapabilityFactory(institution=user.institution)
    regulator = factories.UserFactory(regulator=True)
    return Counter(factories.actor_of(user), user.institution, rival.institution, factories.actor_of(regulator))


def walk_in(counter: Counter, **changes: Any) -> Enterprise:
    return walk_ins.register(counter.actor, particulars(**changes))


def approve(counter: Counter, enterprise: Enterprise) -> None:
    db.session.expire(enterprise, ["registrations"])
    registrations.approve(counter.regulator, enterprise.registrations[0].id)


def codes_for(column: Any, key: Any) -> list[str]:
    return list(db.session.scalars(sa.select(Notice.code).where(column == key).order_by(Notice.id)))


# Walk-ins


def test_a_walk_in_goes_to_review_without_password_or_licence(counter):
    enterprise = walk_in(counter)
    assert enterprise.status is EnterpriseStatus.PENDING
    assert enterprise.registered_by_institution_id == counter.institution.id
    registration = enterprise.registrations[0]
    assert registration.reviewer_division_code == "370303"
    assert registration.submitted["submitted_by"] == counter.actor.name
    user = accounts.first_of(enterprise)
    assert user is not None and user.enterprise_id == enterprise.id
    assert not passwords.matches(user.password_hash, "")
    assert accounts.sign_in(enterprise.uscc, "Zibo-2026-qj", "127.0.0.1").user is None


def test_the_audit_names_the_person_at_the_counter(counter):
    enterprise = walk_in(counter)
    events = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.enterprise_id == enterprise.id)).all()
    assert events
    assert {event.actor_id for event in events} == {counter.actor.user_id}


def test_what_is_wrong_stands_beside_its_field(counter):
    with pytest.raises(Invalid) as refused:
        walk_in(counter, uscc="123", mobile="1")
    assert {"uscc", "mobile"} == set(refused.value.problems)


def test_its_booking_waits_for_the_approval_and_then_prefers_this_institution(counter):
    enterprise = walk_in(counter)
    row = ledger.create(counter.actor, enterprise.id, typed())
    assert row.added_by_institution_id == counter.institution.id
    draft = bookings_on_behalf.book(counter.actor, enterprise.id, [row.id])
    assert draft.status is AppointmentStatus.DRAFT
    assert draft.is_submitted_on_approval
    approve(counter, enterprise)
    assert draft.status is AppointmentStatus.SUBMITTED
    matching_runs.match_batch()
    slip = flow.only_slip(draft)
    assert slip.institution_id == counter.institution.id
    submitted = db.session.scalars(
        sa.select(AuditEvent).where(AuditEvent.action == AuditAction.APPOINTMENT_SUBMITTED)
    ).one()
    assert submitted.actor_id == counter.actor.user_id
    assert "notice_walk_in_approved" in codes_for(Notice.institution_id, counter.institution.id)
    acceptance.accept(counter.actor, slip.id)
    assert slip.status is SlipStatus.ACCEPTED


def test_an_approved_walk_ins_booking_is_submitted_at_once(counter):
    enterprise = walk_in(counter)
    approve(counter, enterprise)
    row = ledger.create(counter.actor, enterprise.id, typed())
    booked = bookings_on_behalf.book(counter.actor, enterprise.id, [row.id])
    assert booked.status is AppointmentStatus.SUBMITTED
    assert booked.booked_by_institution_id == counter.institution.id


def test_what_cannot_be_booked_any_more_does_not_hold_up_the_approval(counter):
    enterprise = walk_in(counter)
    kept = ledger.create(counter.actor, enterprise.id, typed())
    gone = ledger.create(counter.actor, enterprise.id, typed(serial_number="2"))
    draft = bookings_on_behalf.book(counter.actor, enterprise.id, [kept.id, gone.id])
    ledger.change_use(counter.actor, [gone.id], UseState.STOPPED, "损坏")
    approve(counter, enterprise)
    assert [item.instrument_id for item in draft.items] == [kept.id]
    assert draft.status is AppointmentStatus.SUBMITTED


def test_a_refused_walk_in_is_corrected_at_the_counter_and_sent_again(counter):
    enterprise = walk_in(counter)
    registrations.refuse(counter.regulator, enterprise.registrations[0].id, "名称与执照不符")
    assert "notice_walk_in_refused" in codes_for(Notice.institution_id, counter.institution.id)
    walk_ins.correct(counter.actor, enterprise.id, particulars(name="张店区老李水果店", mobile="13905330778"))
    assert enterprise.status is EnterpriseStatus.PENDING
    assert enterprise.name == "张店区老李水果店"
    user = accounts.first_of(enterprise)
    assert user is not None and user.phone == "13905330778"
    with pytest.raises(Conflict):
        walk_ins.correct(counter.actor, enterprise.id, particulars())


def test_an_institution_touches_no_enterprise_it_did_not_enter(counter):
    stranger = factories.EnterpriseFactory()
    theirs = factories.InstrumentFactory(enterprise=stranger)
    with pytest.raises(NotFound):
        ledger.create(counter.actor, stranger.id, typed())
    with pytest.raises(NotFound):
        ledger.update(counter.actor, theirs.id, typed())
    with pytest.raises(NotFound):
        bookings_on_behalf.book(counter.actor, stranger.id, [theirs.id])
    mine = walk_in(counter)
    with pytest.raises(NotFound):
        bookings_on_behalf.book(counter.actor, mine.id, [theirs.id])


def test_having_an_item_here_is_not_enough_to_change_the_ledger(counter):
    place = flow.world(with_capability=False)
    (row,) = flow.instruments(place)
    appointment = flow.matched(place, [row])
    holder = flow.only_slip(appointment).institution
    actor = factories.actor_of(factories.UserFactory(of_institution=True, institution=holder))
    with pytest.raises(NotFound):
        ledger.update(actor, row.id, typed())
    with pytest.raises(NotFound):
        ledger.change_use(actor, [row.id], UseState.SCRAPPED, "旧")


def test_another_institution_does_not_know_the_walk_in(counter):
    enterprise = walk_in(counter)
    colleague = factories.actor_of(factories.UserFactory(of_institution=True))
    with pytest.raises(NotFound):
        walk_ins.instruments(colleague, enterprise.id)
    with pytest.raises(NotFound):
        ledger.create(colleague, enterprise.id, typed())


def test_claiming_ends_the_acting_for(counter):
    enterprise = walk_in(counter)
    row = ledger.create(counter.actor, enterprise.id, typed())
    draft = bookings_on_behalf.book(counter.actor, enterprise.id, [row.id])
    user = db.session.scalars(sa.select(User).where(User.enterprise_id == enterprise.id)).one()
    walk_ins.claimed(user)
    assert enterprise.registered_by_institution_id is None
    with pytest.raises(NotFound):
        ledger.update(counter.actor, row.id, typed())
    with pytest.raises(NotFound):
        walk_ins.instruments(counter.actor, enterprise.id)
    # What was ordered before is still carried out.
    approve(counter, enterprise)
    assert draft.status is AppointmentStatus.SUBMITTED


def test_claiming_ones_own_account_changes_nothing():
    user = factories.UserFactory(of_enterprise=True)
    walk_ins.claimed(user)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == 0


# The regulator's ledger


@pytest.fixture
def place() -> flow.World:
    return flow.world()


def test_a_regulator_enters_and_changes_a_row_of_its_area(place):
    row = ledger.create(place.regulator, place.clerk.enterprise_id, typed())
    assert row.added_by_division_code == "370303"
    with pytest.raises(Invalid) as refused:
        ledger.update(place.regulator, row.id, typed(place_of_use="二车间"))
    assert set(refused.value.problems) == {"reason"}
    ledger.update(place.regulator, row.id, typed(place_of_use="二车间"), reason="现场核查")
    assert row.place_of_use == "二车间"
    events = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.subject_type == "measuring_instrument")).all()
    assert {event.actor_id for event in events} == {place.regulator.user_id}
    assert {event.action: (event.after or {}).get("reason") for event in events}["instrument.changed"] == "现场核查"


def test_a_regulator_scraps_with_a_reason(place):
    (row,) = flow.instruments(place)
    with pytest.raises(Invalid):
        ledger.change_use(place.regulator, [row.id], UseState.SCRAPPED, " ")
    ledger.change_use(place.regulator, [row.id], UseState.SCRAPPED, "现场核查已拆除")
    assert row.use_state is UseState.SCRAPPED
    assert row.use_state_reason == "现场核查已拆除"


def test_a_booked_row_is_not_scrapped(place):
    (row,) = flow.instruments(place)
    flow.matched(place, [row])
    with pytest.raises(Conflict):
        ledger.change_use(place.regulator, [row.id], UseState.SCRAPPED, "拆除")


def test_a_regulator_of_another_area_may_not(place):
    (row,) = flow.instruments(place)
    elsewhere = factories.actor_of(factories.UserFactory(regulator=True, division_code="370305"))
    with pytest.raises(NotFound):
        ledger.create(elsewhere, place.clerk.enterprise_id, typed())
    with pytest.raises(NotFound):
        ledger.update(elsewhere, row.id, typed())
    with pytest.raises(NotFound):
        ledger.change_use(elsewhere, [row.id], UseState.SCRAPPED, "拆除")


def test_a_regulator_moves_no_row_out_of_its_sight():
    """An enterprise of elsewhere uses instruments here, and here they stay."""
    guest = factories.EnterpriseFactory(division_code="370305")
    row = factories.InstrumentFactory(enterprise=guest, division_code="370303")
    actor = factories.actor_of(factories.UserFactory(regulator=True))
    ledger.update(actor, row.id, typed(serial_number=row.serial_number, place_of_use="三车间"), reason="核查")
    with pytest.raises(Invalid) as refused:
        ledger.update(actor, row.id, typed(division_code="370305"), reason="核查")
    assert refused.value.problems["division_code"].code == "outside_your_area"


def test_the_regulator_of_the_seat_only_reads_what_is_used_elsewhere(place):
    (row,) = flow.instruments(place, division_code="370305")
    assert place.regulator.division_code == "370303"
    with pytest.raises(NotFound):
        ledger.update(place.regulator, row.id, typed(division_code="370305"))
    with pytest.raises(NotFound):
        ledger.change_use(place.regulator, [row.id], UseState.SCRAPPED, "拆除")
    with pytest.raises(Invalid) as refused:
        ledger.create(place.regulator, place.clerk.enterprise_id, typed(division_code="370305"))
    assert refused.value.problems["division_code"].code == "outside_your_area"
    with pytest.raises(NotFound):
        bookings_on_behalf.book(place.regulator, place.clerk.enterprise_id, [row.id])


def test_auditors_and_administrators_change_no_ledger(place):
    (row,) = flow.instruments(place)
    for trait in ("auditor", "admin"):
        with pytest.raises(Forbidden):
            ledger.update(factories.actor_of(factories.UserFactory(**{trait: True})), row.id, typed())


# The regulator's bookings


def test_a_regulator_books_for_an_enterprise_of_its_area(place):
    (row,) = flow.instruments(place)
    booked = bookings_on_behalf.book(place.regulator, place.clerk.enterprise_id, [row.id])
    assert booked.status is AppointmentStatus.SUBMITTED
    assert booked.booked_by_division_code == "370303"
    assert booked.items[0].preferred_institution_id is None
    assert "notice_booked_on_behalf" in codes_for(Notice.enterprise_id, place.clerk.enterprise_id)
    matching_runs.match_batch()
    assert flow.only_slip(booked).institution_id == place.institution.id


def test_a_regulator_books_for_nobody_outside_its_area(place):
    (row,) = flow.instruments(place)
    elsewhere = factories.actor_of(factories.UserFactory(regulator=True, division_code="370305"))
    with pytest.raises(NotFound):
        bookings_on_behalf.book(elsewhere, place.clerk.enterprise_id, [row.id])


def test_the_regulator_of_the_place_only_does_not_book_for_a_guest():
    guest = factories.EnterpriseFactory(division_code="370305")
    row = factories.InstrumentFactory(enterprise=guest, division_code="370303")
    actor = factories.actor_of(factories.UserFactory(regulator=True))
    with pytest.raises(NotFound):
        bookings_on_behalf.book(actor, guest.id, [row.id])


def test_a_booking_needs_instruments(place):
    with pytest.raises(Invalid) as refused:
        bookings_on_behalf.book(place.regulator, place.clerk.enterprise_id, [])
    assert refused.value.problems["instruments"].code == "nothing_chosen"


def test_cancelling_ends_the_item_frees_the_instrument_and_tells_both(place):
    rows = flow.instruments(place, 2)
    appointment = flow.matched(place, rows)
    item = appointment.items[0]
    count = regulator_bookings.cancel(place.regulator, appointment.id, item_ids=[item.id], reason="单位已停业")
    assert count == 1
    assert (item.status, item.end_reason) == (ItemStatus.ENDED, EndReason.BY_REGULATOR)
    assert "notice_items_cancelled" in codes_for(Notice.enterprise_id, place.clerk.enterprise_id)
    assert "notice_slip_items_cancelled" in codes_for(Notice.institution_id, place.institution.id)
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == AuditAction.ITEM_CANCELLED)).one()
    assert event.after is not None and event.after["reason"] == "单位已停业"
    assert event.actor_id == place.regulator.user_id
    assert flow.submitted(place, [rows[0]]).status is AppointmentStatus.SUBMITTED


def test_what_was_cancelled_is_not_printed_and_the_slip_gets_a_new_version(place):
    appointment = flow.matched(place, flow.instruments(place, 2))
    slip = flow.only_slip(appointment)
    acceptance.accept(place.counter, slip.id)
    gone, kept = appointment.items
    regulator_bookings.cancel(place.regulator, appointment.id, item_ids=[gone.id], reason="已拆除")
    db.session.expire(slip)
    assert slips.printable_items(slip) == [kept]
    assert slip.version == 2


def test_a_slip_of_which_something_waiting_was_cancelled_waits_for_the_rest(place):
    appointment = flow.matched(place, flow.instruments(place, 3))
    slip = flow.only_slip(appointment)
    first, *rest = appointment.items
    regulator_bookings.cancel(place.regulator, appointment.id, item_ids=[first.id], reason="已拆除")
    assert slip.status is SlipStatus.AWAITING
    acceptance.return_items(place.counter, slip.id, code=ReturnCode.OTHER, words="铭牌不清")
    assert slip.status is SlipStatus.RETURNED
    assert {item.status for item in rest} == {ItemStatus.FAILED}
    alone = flow.matched(place, flow.instruments(place))
    regulator_bookings.cancel(place.regulator, alone.id, item_ids=[alone.items[0].id], reason="已拆除")
    assert flow.only_slip(alone).status is SlipStatus.WITHDRAWN
    assert not invariants.broken()


def test_all_cancelled_closes_the_appointment(place):
    appointment = flow.matched(place, flow.instruments(place))
    regulator_bookings.cancel(
        place.regulator, appointment.id, item_ids=[item.id for item in appointment.items], reason="停业"
    )
    assert appointment.status is AppointmentStatus.CLOSED


def test_cancelling_needs_a_reason_and_items_still_open(place):
    appointment = flow.matched(place, flow.instruments(place))
    ids = [item.id for item in appointment.items]
    with pytest.raises(Invalid):
        regulator_bookings.cancel(place.regulator, appointment.id, item_ids=ids, reason=" ")
    with pytest.raises(Invalid):
        regulator_bookings.cancel(place.regulator, appointment.id, item_ids=[], reason="停业")
    appointments.withdraw(place.clerk, appointment.id)
    with pytest.raises(Conflict):
        regulator_bookings.cancel(place.regulator, appointment.id, item_ids=ids, reason="停业")


def test_only_the_regulator_of_the_place_of_use_cancels(place):
    appointment = flow.matched(place, flow.instruments(place))
    ids = [item.id for item in appointment.items]
    elsewhere = factories.actor_of(factories.UserFactory(regulator=True, division_code="370305"))
    with pytest.raises(NotFound):
        regulator_bookings.cancel(elsewhere, appointment.id, item_ids=ids, reason="停业")
    with pytest.raises(Forbidden):
        regulator_bookings.cancel(place.counter, appointment.id, item_ids=ids, reason="停业")


def test_what_waits_is_assigned_to_another_institution(place):
    other = factories.CapabilityFactory(areas=["370305"]).institution
    appointment = flow.matched(place, flow.instruments(place, 2))
    slip = flow.only_slip(appointment)
    moved = appointment.items[0]
    target = regulator_bookings.reassign(
        place.regulator, slip.id, item_ids=[moved.id], institution_id=other.id, reason="设备检修"
    )
    assert target.institution_id == other.id
    assert (moved.status, moved.institution_id) == (ItemStatus.AWAITING_ACCEPTANCE, other.id)
    assert moved.assignment_reason == "设备检修"
    assert "notice_items_moved_away" in codes_for(Notice.institution_id, place.institution.id)
    assert "notice_slip_arrived" in codes_for(Notice.institution_id, other.id)
    assert "notice_items_reassigned" in codes_for(Notice.enterprise_id, place.clerk.enterprise_id)
    assert slip.status is SlipStatus.AWAITING


def test_nobody_is_assigned_what_it_cannot_do_nor_what_it_has(place):
    incapable = factories.CapabilityFactory(kind_code="1801").institution
    appointment = flow.matched(place, flow.instruments(place))
    slip = flow.only_slip(appointment)
    ids = [item.id for item in appointment.items]
    for institution in (incapable, place.institution):
        with pytest.raises(Invalid) as refused:
            regulator_bookings.reassign(
                place.regulator, slip.id, item_ids=ids, institution_id=institution.id, reason="检修"
            )
        assert refused.value.problems["institution_id"].code == "cannot_take_all"


def test_what_was_accepted_is_not_assigned_elsewhere(place):
    other = factories.CapabilityFactory(areas=["370305"]).institution
    appointment = flow.matched(place, flow.instruments(place))
    slip = flow.only_slip(appointment)
    acceptance.accept(place.counter, slip.id)
    with pytest.raises(Conflict):
        regulator_bookings.reassign(
            place.regulator,
            slip.id,
            item_ids=[item.id for item in appointment.items],
            institution_id=other.id,
            reason="检修",
        )
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Appointment)) == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(MeasuringInstrument)) == 1
