"""Rules of the ledger: what may enter it, what changes it, what is locked."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.actor import Actor
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid, NotFound
from backoffice.models import (
    Appointment,
    AppointmentItem,
    AuditEvent,
    Division,
    InstrumentKind,
    MeasuringInstrument,
    Slip,
)
from backoffice.services import ledger, ledger_reference
from backoffice.states import ApplicationType, ItemStatus, UseState
from backoffice.unit_of_work import unit_of_work
from tests.factories import InstitutionFactory, InstrumentFactory, UserFactory, actor_of
from tests.services.ledger_samples import typed

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def clerk(app: object) -> Actor:
    return actor_of(UserFactory(of_enterprise=True))


def enter(actor: Actor, **changes: object) -> MeasuringInstrument:
    assert actor.enterprise_id is not None
    return ledger.create(actor, actor.enterprise_id, typed(**changes))


def refusal(actor: Actor, **changes: object) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        enter(actor, **changes)
    return {name: problem.code for name, problem in refused.value.problems.items()}


def book(instrument: MeasuringInstrument, status: ItemStatus) -> AppointmentItem:
    """Put the instrument into an appointment, at an institution where the status says so."""
    appointment = Appointment(number=f"YY-{instrument.id}", enterprise_id=instrument.enterprise_id)
    institution = InstitutionFactory()
    db.session.add(appointment)
    db.session.flush()
    slip = Slip(
        number=f"YD-{instrument.id}",
        appointment_id=appointment.id,
        enterprise_id=instrument.enterprise_id,
        institution_id=institution.id,
        arrived_at=clock.now(),
        due_at=clock.now(),
    )
    db.session.add(slip)
    db.session.flush()
    held = status in (ItemStatus.AWAITING_ACCEPTANCE, ItemStatus.ACCEPTED)
    item = AppointmentItem(
        appointment_id=appointment.id,
        enterprise_id=instrument.enterprise_id,
        instrument_id=instrument.id,
        application_type=ApplicationType.PERIODIC,
        status=status,
        status_since=clock.now(),
        slip_id=slip.id if held else None,
        institution_id=institution.id if held else None,
    )
    db.session.add(item)
    db.session.flush()
    return item


def audit_actions() -> list[str]:
    return list(db.session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))


def test_a_saved_row_keeps_what_was_typed_and_what_was_read_out_of_it(clerk: Actor) -> None:
    row = enter(clerk, measuring_range="0-1600kPa", accuracy_class="1.60级")
    assert (row.measuring_range, row.range_low, row.range_high, row.range_unit) == (
        "0-1600kPa",
        0,
        Decimal("1.6"),
        "MPa",
    )
    assert (row.accuracy_class, row.accuracy) == ("1.60级", "1.6")
    assert row.filed_at is not None
    assert row.certificate_number is None
    assert audit_actions() == ["instrument.created"]


def test_what_cannot_be_read_is_not_stated(clerk: Actor) -> None:
    row = enter(clerk, measuring_range="见铭牌", accuracy_class="合格")
    assert (row.range_low, row.range_high, row.range_unit, row.accuracy) == (None, None, None, None)


def test_quantity_must_be_one(clerk: Actor) -> None:
    assert refusal(clerk, quantity="2") == {"quantity": "typed.quantity_not_one"}


def test_every_mistake_is_named_at_once_beside_its_field(clerk: Actor) -> None:
    found = refusal(clerk, quantity="2", division_code="370300", kind_code="9999", name="", is_standard=True)
    assert found == {
        "quantity": "typed.quantity_not_one",
        "division_code": "row.division_has_children",
        "kind_code": "row.kind_unknown",
        "name": "typed.required",
        "is_standard": "ledger_standard",
    }


def test_a_measurement_standard_does_not_belong_in_the_ledger(clerk: Actor) -> None:
    assert refusal(clerk, is_standard=True) == {"is_standard": "ledger_standard"}


def test_a_kind_that_is_not_mandatory_is_refused(clerk: Actor) -> None:
    code = db.session.scalar(
        sa.select(InstrumentKind.code)
        .where(InstrumentKind.supervision != "", ~InstrumentKind.supervision.contains("强制检定"))
        .limit(1)
    )
    assert refusal(clerk, kind_code=code) == {"kind_code": "row.kind_not_mandatory"}


def test_a_kind_to_be_confirmed_is_accepted_and_marked(clerk: Actor) -> None:
    kind = db.session.scalars(sa.select(InstrumentKind).where(InstrumentKind.code == "1401")).one()
    kind.supervision = ""
    row = enter(clerk)
    assert "row.kind_to_be_confirmed" in [warning.code for warning in ledger.warnings_of(row)]


def test_a_purpose_outside_the_kinds_is_saved_with_a_warning(clerk: Actor) -> None:
    row = enter(clerk, purpose="trade")
    assert [warning.code for warning in ledger.warnings_of(row)] == ["row.purpose_outside_kind"]


def test_without_a_serial_number_the_management_number_takes_its_place(clerk: Actor) -> None:
    assert refusal(clerk, serial_number="无") == {"management_number": "row.management_number_required"}
    row = enter(clerk, serial_number="无", management_number="GL-01")
    assert (row.serial_key, row.full_serial) == ("GL-01", "GL-01")


def test_a_duplicate_is_refused_naming_the_row_that_is_there(clerk: Actor) -> None:
    first = enter(clerk)
    with pytest.raises(Invalid) as refused:
        enter(clerk, name="另一个名字")
    problem = refused.value.problems["serial_number"]
    assert problem.code == "ledger_duplicate"
    assert problem.facts == {"existing": "压力表 23871", "ledger_number": str(first.id)}
    assert ledger.count(clerk) == 1


def test_the_same_number_of_another_nozzle_or_enterprise_is_another_instrument(clerk: Actor) -> None:
    enter(clerk)
    enter(clerk, sub_number="2 号枪")
    enter(actor_of(UserFactory(of_enterprise=True)))
    assert ledger.count(clerk) == 2


def test_what_the_ledger_cannot_hold_is_refused_in_words(clerk: Actor) -> None:
    assert refusal(clerk, manufacturer="厂" * 500) == {"manufacturer": "row.too_long"}


def test_nobody_enters_instruments_for_another_enterprise(clerk: Actor) -> None:
    other = InstrumentFactory()
    with pytest.raises(NotFound):
        ledger.create(clerk, other.enterprise_id, typed())
    with pytest.raises(NotFound):
        ledger.update(clerk, other.id, typed())
    with pytest.raises(Forbidden):
        ledger.create(actor_of(UserFactory(auditor=True)), other.enterprise_id, typed())


def test_saving_what_somebody_else_changed_meanwhile_is_refused(clerk: Actor) -> None:
    row = enter(clerk)
    version = row.version
    ledger.update(clerk, row.id, typed(department="一车间"), version)
    with pytest.raises(Conflict) as refused:
        ledger.update(clerk, row.id, typed(department="二车间"), version)
    assert refused.value.code == "changed_meanwhile"
    assert row.department == "一车间"


def test_a_change_leaves_old_and_new_values_in_the_audit(clerk: Actor) -> None:
    row = enter(clerk)
    ledger.update(clerk, row.id, typed(measuring_range="(0～2.5) MPa"), row.version)
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "instrument.changed")).one()
    assert event.before is not None and event.after is not None
    assert (event.before["measuring_range"], event.after["measuring_range"]) == ("(0～1.6) MPa", "(0～2.5) MPa")
    assert event.after["range_high"] == "2.5"


@pytest.mark.parametrize("status", [ItemStatus.AWAITING_ACCEPTANCE, ItemStatus.ACCEPTED])
def test_what_decides_matching_is_locked_with_the_slips_number_once_matched(clerk: Actor, status: ItemStatus) -> None:
    row = enter(clerk)
    book(row, status)
    with pytest.raises(Invalid) as refused:
        moved = typed(division_code="370302", place_of_use="三号仓库", serial_number="1", department="新科室")
        ledger.update(clerk, row.id, moved)
    assert set(refused.value.problems) == {"division_code", "place_of_use", "serial_number"}
    assert {problem.facts["slip"] for problem in refused.value.problems.values()} == {f"YD-{row.id}"}
    ledger.update(clerk, row.id, typed(department="新科室"))
    assert row.department == "新科室"


def test_the_number_that_takes_the_serial_numbers_place_is_locked_like_it(clerk: Actor) -> None:
    numbered, numberless = enter(clerk), enter(clerk, serial_number="无", management_number="G-7")
    for row in (numbered, numberless):
        book(row, ItemStatus.AWAITING_ACCEPTANCE)
    with pytest.raises(Invalid) as refused:
        ledger.update(clerk, numberless.id, typed(serial_number="无", management_number="G-8"))
    assert set(refused.value.problems) == {"management_number"}
    ledger.update(clerk, numbered.id, typed(management_number="G-8"))
    assert numbered.management_number == "G-8"


def test_saving_an_unmatched_instrument_sends_its_item_to_be_matched_again(clerk: Actor) -> None:
    row = enter(clerk)
    item = book(row, ItemStatus.UNMATCHED)
    ledger.update(clerk, row.id, typed(department="新科室", place_of_use="三号仓库"))
    assert item.status is ItemStatus.UNMATCHED
    ledger.update(clerk, row.id, typed(division_code="370302"))
    db.session.refresh(item)
    assert item.status is ItemStatus.MATCHING


def test_a_booked_instrument_is_neither_removed_nor_taken_out_of_use(clerk: Actor) -> None:
    row = enter(clerk)
    book(row, ItemStatus.ACCEPTED)
    with pytest.raises(Conflict):
        ledger.remove(clerk, row.id)
    with pytest.raises(Conflict) as refused:
        ledger.change_use(clerk, [row.id], UseState.STOPPED, "停产")
    assert refused.value.facts == {"count": 1, "slips": [f"YD-{row.id}"]}


def test_an_unused_row_can_be_removed(clerk: Actor) -> None:
    row = enter(clerk)
    ledger.remove(clerk, row.id)
    assert ledger.count(clerk) == 0
    assert audit_actions()[-1] == "instrument.removed"


def test_taking_out_of_use_needs_a_reason_and_is_dated(clerk: Actor) -> None:
    rows = [enter(clerk, serial_number=str(number)) for number in range(3)]
    ids = [row.id for row in rows]
    with pytest.raises(Invalid):
        ledger.change_use(clerk, ids, UseState.STOPPED, " ")
    assert ledger.change_use(clerk, ids, UseState.STOPPED, "停产检修") == 3
    assert {(row.use_state, row.use_state_on, row.use_state_reason) for row in rows} == {
        (UseState.STOPPED, clock.today(), "停产检修")
    }
    assert ledger.change_use(clerk, ids[:1], UseState.IN_USE, "") == 1
    with pytest.raises(Conflict):
        ledger.change_use(clerk, ids[:1], UseState.IN_USE, "")


def test_changing_use_is_all_or_nothing_and_only_for_own_rows(clerk: Actor) -> None:
    own, foreign = enter(clerk), InstrumentFactory()
    with pytest.raises(NotFound):
        ledger.change_use(clerk, [own.id, foreign.id], UseState.STOPPED, "停产")
    assert own.use_state is UseState.IN_USE


def test_two_people_entering_the_same_instrument_at_once_leave_one_row(app: Flask, clerk: Actor) -> None:
    db.session.commit()
    start = threading.Barrier(2)

    def save(_number: int) -> str:
        with app.app_context():
            start.wait()
            try:
                with unit_of_work():
                    enter(clerk)
            except Invalid as refused:
                return refused.problems["serial_number"].code
            return "saved"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(save, range(2))) == ["ledger_duplicate", "saved"]
    assert ledger.count(clerk) == 1


def test_the_reference_data_is_read_quickly_and_whole() -> None:
    ledger_reference.load()
    began = time.perf_counter()
    reference = ledger_reference.load()
    assert time.perf_counter() - began < 0.5
    assert len(reference.divisions) == db.session.scalar(sa.select(sa.func.count()).select_from(Division))
    assert len(reference.kinds) == db.session.scalar(sa.select(sa.func.count()).select_from(InstrumentKind))
    assert reference.origins == {"domestic": "国产", "imported": "进口"}
    assert reference.purposes["trade"] == "贸易结算"
