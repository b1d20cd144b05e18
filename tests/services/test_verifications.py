"""检定结果: entered by one, published by another, and only then the ledger, the item and the enterprise know."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock, scoping
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid, NotFound
from backoffice.models import (
    Appointment,
    AppointmentItem,
    AuditEvent,
    InstrumentKind,
    MeasuringInstrument,
    Verification,
)
from backoffice.models.instrument import FIRST_ONLY_SCHEME, ROTATION_SCHEME
from backoffice.services import (
    appointments,
    invariants,
    ledger_history,
    regulator_bookings,
    verification_fields,
    verifications,
)
from backoffice.services.ledger_status import has_status
from backoffice.states import (
    ApplicationType,
    AppointmentStatus,
    DocumentType,
    ItemStatus,
    Outcome,
    SlipStatus,
    VerificationStatus,
)
from tests import factories
from tests.services import flow
from tests.services.test_institutions import problems_of

pytestmark = pytest.mark.usefixtures("app")
S = VerificationStatus


class Case:
    """Instruments of one enterprise on an accepted slip, and two people of the institution."""

    def __init__(self, count: int = 1, **values: Any) -> None:
        self.place = flow.world(kind_code=values.get("kind_code", "1401"))
        self.first, self.second = self.place.counter, flow.colleague(self.place)
        self.rows = flow.instruments(self.place, count, **values)
        self.appointment: Appointment = flow.accepted(self.place, self.rows)

    @property
    def items(self) -> list[AppointmentItem]:
        return list(self.appointment.items)

    def enter(self, number: int = 0, **values: Any) -> Verification:
        return verifications.enter(self.first, self.items[number].id, **(values or flow.a_pass()))


@pytest.fixture
def case(app: Flask) -> Case:
    return Case()


def status_of(row: MeasuringInstrument, day: date | None = None) -> VerificationStatus:
    """检定状态 of a row, as the record says it; the list's query must say the same."""
    today = day or clock.today()
    by_query = [
        status
        for status in S
        if db.session.scalar(
            sa.select(sa.func.count())
            .select_from(MeasuringInstrument)
            .where(MeasuringInstrument.id == row.id, has_status(status, today=today, soon_days=30))
        )
    ]
    status = row.verification_status(today=today, soon_days=30)
    assert by_query == [status]
    return status


def broken() -> dict[str, list[str]]:
    db.session.flush()
    return invariants.broken()


def actions_about(row: Verification) -> list[str]:
    statement = sa.select(AuditEvent.action).where(
        AuditEvent.subject_type == "verification", AuditEvent.subject_id == str(row.id)
    )
    return list(db.session.scalars(statement.order_by(AuditEvent.id)))


# Entering


def test_entering_changes_neither_ledger_nor_item_and_nobody_else_sees_it(case: Case) -> None:
    row = case.enter()
    assert (case.rows[0].certificate_number, case.rows[0].verified_on) == (None, None)
    assert case.items[0].status is ItemStatus.ACCEPTED
    for stranger in (case.place.clerk, case.place.regulator):
        assert db.session.scalars(scoping.visible(stranger, Verification)).all() == []
    assert actions_about(row) == ["result.entered"]
    assert broken() == {}


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"verified_on": None}, {"verified_on": "result_day_missing"}),
        ({"verified_on": date(1949, 12, 31)}, {"verified_on": "result_day_too_early"}),
        ({"outcome": None}, {"outcome": "result_outcome_missing"}),
        ({"document_type": None}, {"document_type": "result_document_missing"}),
        ({"document_type": DocumentType.REJECTION_NOTICE}, {"document_type": "result_document_of_pass"}),
        ({"outcome": Outcome.NOT_PASSED}, {"document_type": "result_document_of_fail"}),
        ({"document_number": " \u3000"}, {"document_number": "result_number_missing"}),
        ({"document_number": "1" * 65}, {"document_number": "too_long"}),
        ({"verifier": ""}, {"verifier": "result_verifier_missing"}),
        ({"valid_until": None}, {"valid_until": "result_validity_missing"}),
        ({"valid_until": date(2020, 1, 1)}, {"valid_until": "result_validity_reversed"}),
        ({"valid_until": date(2101, 1, 1)}, {"valid_until": "result_validity_too_late"}),
    ],
)
def test_each_problem_stands_beside_its_field(case: Case, changes: dict[str, Any], problems: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        case.enter(**flow.a_pass(**changes))
    assert problems_of(refused) == problems
    assert db.session.scalars(sa.select(Verification)).all() == []


def test_a_day_that_has_not_come_is_refused(case: Case) -> None:
    with pytest.raises(Invalid) as refused:
        case.enter(**flow.a_pass(verified_on=clock.today() + timedelta(days=1)))
    assert problems_of(refused) == {"verified_on": "day_in_future"}


@pytest.mark.parametrize("document", [DocumentType.QUALIFIED_SLIP, DocumentType.QUALIFIED_MARK])
def test_slips_and_marks_need_no_number(case: Case, document: DocumentType) -> None:
    assert case.enter(**flow.a_pass(number="", document_type=document)).document_number is None


def test_the_validity_of_a_fail_is_dropped(case: Case) -> None:
    row = case.enter(**flow.a_fail(valid_until=clock.today()))
    assert row.valid_until is None


def test_full_width_numbers_are_folded(case: Case) -> None:
    assert case.enter(**flow.a_pass("ＱＤ－００１")).document_number == "QD-001"


def test_only_what_this_institution_accepted_and_has_not_ended(app: Flask) -> None:
    place = flow.world()
    waiting = flow.matched(place, flow.instruments(place)).items[0]
    with pytest.raises(Conflict, match="result_item_not_waiting"):
        verifications.enter(place.counter, waiting.id, **flow.a_pass())
    held = flow.accepted(place, flow.instruments(place)).items[0]
    stranger = factories.actor_of(factories.UserFactory(of_institution=True))
    with pytest.raises(NotFound):
        verifications.enter(stranger, held.id, **flow.a_pass())
    for person in (place.clerk, place.regulator):
        with pytest.raises(Forbidden):
            verifications.enter(person, held.id, **flow.a_pass())


def test_one_unpublished_result_an_item(case: Case) -> None:
    case.enter()
    with pytest.raises(Conflict, match="result_entered_already"):
        case.enter(**flow.a_pass("QD-2"))


# 有效期至


def test_the_period_of_the_kind_proposes_the_validity(case: Case) -> None:
    kind = case.rows[0].kind
    kind.default_period_months = 12
    assert verification_fields.proposed_valid_until(case.rows[0], date(2026, 5, 10)) == date(2027, 5, 9)
    kind.default_period_months = None
    assert verification_fields.proposed_valid_until(case.rows[0], date(2026, 5, 10)) is None


def test_a_kind_without_a_cycle_has_no_validity_and_never_ends(case: Case) -> None:
    kind = case.rows[0].kind
    kind.verification_scheme, kind.default_period_months = FIRST_ONLY_SCHEME, 12
    db.session.flush()
    assert verification_fields.proposed_valid_until(case.rows[0], date(2026, 5, 10)) is None
    row = case.enter(**flow.a_pass(valid_until=date(2030, 1, 1)))
    verifications.publish(case.second, row.id)
    assert (row.valid_until, case.rows[0].valid_until) == (None, None)
    assert status_of(case.rows[0], clock.today() + timedelta(days=9000)) is S.FIRST_ONLY


def test_the_use_limit_of_a_rotated_kind_must_be_typed_and_ends_in_rotation(case: Case) -> None:
    kind = case.rows[0].kind
    kind.verification_scheme, kind.default_period_months = ROTATION_SCHEME, None
    db.session.flush()
    with pytest.raises(Invalid) as refused:
        case.enter(**flow.a_pass(valid_until=None))
    assert problems_of(refused) == {"valid_until": "result_validity_missing"}
    until = clock.today() + timedelta(days=400)
    verifications.publish(case.second, case.enter(**flow.a_pass(valid_until=until)).id)
    assert status_of(case.rows[0]) is S.VALID
    assert status_of(case.rows[0], until + timedelta(days=1)) is S.TO_ROTATE


# Numbers


def test_one_document_may_cover_instruments_of_one_enterprise_on_one_day(app: Flask) -> None:
    case = Case(3)
    case.enter(0, **flow.a_pass("QD-1"))
    case.enter(1, **flow.a_pass("QD-1"))
    assert broken() == {}
    for changes in (
        {"verified_on": clock.today() - timedelta(days=1)},
        {"document_type": DocumentType.QUALIFIED_SLIP},
    ):
        with pytest.raises(Invalid) as refused:
            case.enter(2, **flow.a_pass("QD-1", **changes))
        assert problems_of(refused) == {"document_number": "result_number_taken"}


def test_a_number_is_unique_within_the_institution_only(case: Case) -> None:
    case.enter(**flow.a_pass("QD-1"))
    other_clerk = factories.UserFactory(of_enterprise=True)
    place = flow.World(
        clerk=factories.actor_of(other_clerk),
        counter=case.place.counter,
        regulator=case.place.regulator,
        institution=case.place.institution,
        clerk_user=other_clerk,
    )
    item = flow.accepted(place, flow.instruments(place)).items[0]
    with pytest.raises(Invalid) as refused:
        flow.entered(place, item, **flow.a_pass("QD-1"))
    assert problems_of(refused) == {"document_number": "result_number_taken"}
    elsewhere = flow.world(kind_code="0601")
    item = flow.accepted(elsewhere, flow.instruments(elsewhere, kind_code="0601")).items[0]
    assert flow.entered(elsewhere, item, **flow.a_pass("QD-1")).document_number == "QD-1"


def test_the_next_result_of_an_instrument_needs_its_own_number(case: Case) -> None:
    flow.published(case.place, case.items[0], **flow.a_fail("TZ-1"))
    again = flow.accepted(case.place, case.rows).items[0]
    with pytest.raises(Invalid) as refused:
        flow.entered(case.place, again, **flow.a_fail("TZ-1"))
    assert problems_of(refused) == {"document_number": "result_number_taken"}


# Changing and discarding


def test_whoever_typed_last_entered_it(case: Case) -> None:
    row = case.enter()
    verifications.change(case.second, row.id, **flow.a_pass("QD-9", verifier="周强"))
    assert (row.document_number, row.entered_by_id) == ("QD-9", case.second.user_id)
    with pytest.raises(Conflict, match="result_own_entry"):
        verifications.publish(case.second, row.id)
    verifications.publish(case.first, row.id)
    assert actions_about(row) == ["result.entered", "result.changed", "result.published"]


def test_a_discarded_result_leaves_its_item_waiting(case: Case) -> None:
    row = case.enter()
    key = row.id
    verifications.discard(case.second, key)
    assert db.session.get(Verification, key) is None
    assert case.enter().id != key


def test_a_published_result_stands(case: Case) -> None:
    row = flow.published(case.place, case.items[0])
    for late in (
        lambda: verifications.change(case.first, row.id, **flow.a_pass("QD-9")),
        lambda: verifications.discard(case.first, row.id),
    ):
        with pytest.raises(Conflict, match="result_published_stands"):
            late()


# Publishing


def test_publishing_writes_the_ledger_and_ends_item_slip_and_appointment(case: Case) -> None:
    instrument = case.rows[0]
    instrument.declared_verified_on, instrument.declared_valid_until = date(2025, 1, 2), date(2026, 1, 1)
    instrument.declared_certificate_number, instrument.declared_institution = "旧-1", "某所"
    db.session.flush()
    assert status_of(instrument) is S.OVERDUE
    row = case.enter()
    verifications.publish(case.second, row.id)
    assert (instrument.certificate_number, instrument.valid_until) == (row.document_number, row.valid_until)
    assert (instrument.verified_on, instrument.outcome) == (row.verified_on, Outcome.PASSED)
    assert instrument.verified_by_id == case.place.institution.id
    assert (instrument.declared_valid_until, instrument.declared_certificate_number) == (None, "")
    assert (row.checker, row.published_by_id) == (case.second.name, case.second.user_id)
    assert status_of(instrument) is S.VALID
    (item,) = case.items
    assert (item.status, flow.only_slip(case.appointment).status) == (ItemStatus.PASSED, SlipStatus.COMPLETED)
    assert case.appointment.status is AppointmentStatus.CLOSED
    for reader in (case.place.clerk, case.place.regulator):
        assert db.session.scalars(scoping.visible(reader, Verification)).one() is row
    assert broken() == {}
    changes = ledger_history.of(case.place.clerk, instrument.id).changes
    assert [each.action for each in changes if ledger_history.is_told_by_result(each)] == ["instrument.changed"]


def test_the_person_who_entered_it_cannot_publish_it(case: Case) -> None:
    row = case.enter()
    with pytest.raises(Conflict, match="result_own_entry"):
        verifications.publish(case.first, row.id)
    assert (row.published_at, case.items[0].status) == (None, ItemStatus.ACCEPTED)


def test_the_verifier_is_not_the_checker_even_when_a_clerk_typed(case: Case) -> None:
    row = case.enter(**flow.a_pass(verifier=case.second.name))
    with pytest.raises(Conflict, match="result_own_verification"):
        verifications.publish(case.second, row.id)


def test_another_institution_cannot_publish_it(case: Case) -> None:
    row = case.enter()
    with pytest.raises(NotFound):
        verifications.publish(factories.actor_of(factories.UserFactory(of_institution=True)), row.id)


def test_a_slip_is_completed_by_its_last_result_only(app: Flask) -> None:
    case = Case(2)
    flow.published(case.place, case.items[0], **flow.a_pass("QD-1"))
    assert flow.only_slip(case.appointment).status is SlipStatus.ACCEPTED
    assert case.appointment.status is AppointmentStatus.FEEDBACK
    flow.published(case.place, case.items[1], **flow.a_pass("QD-2"))
    assert flow.only_slip(case.appointment).status is SlipStatus.COMPLETED
    assert case.appointment.status is AppointmentStatus.CLOSED


def test_several_are_published_together_or_not_at_all(app: Flask) -> None:
    case = Case(3)
    rows = [case.enter(number, **flow.a_pass(f"QD-{number}")) for number in range(2)]
    own = verifications.enter(case.second, case.items[2].id, **flow.a_pass("QD-2"))
    with pytest.raises(Conflict, match="result_own_entry"):
        verifications.publish_all(case.second, [*(row.id for row in rows), own.id])
    assert [item.status for item in case.items] == [ItemStatus.ACCEPTED] * 3
    verifications.publish_all(case.second, [row.id for row in rows])
    assert [item.status for item in case.items] == [ItemStatus.PASSED, ItemStatus.PASSED, ItemStatus.ACCEPTED]
    assert broken() == {}


def test_what_the_regulator_cancelled_is_not_published(case: Case) -> None:
    row = case.enter()
    regulator_bookings.cancel(
        case.place.regulator, case.appointment.id, item_ids=[case.items[0].id], reason="单位已停业"
    )
    with pytest.raises(Conflict, match="result_item_not_waiting"):
        verifications.publish(case.second, row.id)
    verifications.discard(case.first, row.id)


def test_a_result_is_never_older_than_the_last_one(case: Case) -> None:
    flow.published(case.place, case.items[0], **flow.a_fail("TZ-1"))
    again = flow.accepted(case.place, case.rows).items[0]
    with pytest.raises(Invalid) as refused:
        flow.entered(case.place, again, **flow.a_pass(verified_on=clock.today() - timedelta(days=1)))
    assert problems_of(refused) == {"verified_on": "result_older_than_last"}


# A fail


def test_a_fail_ends_the_earlier_validity_and_offers_repair(case: Case) -> None:
    flow.published(case.place, case.items[0])
    again = flow.accepted(case.place, case.rows)
    flow.published(case.place, again.items[0], **flow.a_fail())
    instrument = case.rows[0]
    assert (instrument.certificate_number, instrument.valid_until) == (None, None)
    assert status_of(instrument) is S.FAILED
    assert again.items[0].status is ItemStatus.NOT_PASSED
    assert again.status is AppointmentStatus.CLOSED
    draft = appointments.book_after_repair(case.place.clerk, again.items[0].instrument_id)
    assert [item.application_type for item in draft.items] == [ApplicationType.AFTER_REPAIR]
    appointments.submit(case.place.clerk, draft.id)
    assert broken() == {}


def test_only_a_failed_instrument_is_booked_after_repair(case: Case) -> None:
    flow.published(case.place, case.items[0])
    with pytest.raises(Conflict, match="result_not_failed"):
        appointments.book_after_repair(case.place.clerk, case.rows[0].id)


# The two invariants can be broken, and say so


def test_the_invariants_find_a_certificate_nobody_published(case: Case) -> None:
    case.rows[0].certificate_number = "QD-0"
    db.session.flush()
    assert invariants.broken() == {"certificates": [str(case.rows[0].id)]}


def test_the_invariants_find_a_certificate_of_an_institution_that_did_not_hold_the_item(case: Case) -> None:
    row = flow.published(case.place, case.items[0])
    row.institution_id = case.rows[0].verified_by_id = factories.InstitutionFactory().id
    db.session.flush()
    assert set(invariants.broken()) == {"certificates", "results_by_two"}


@pytest.mark.parametrize("column", ["entered_by_id", "published_by_id"])
def test_the_invariants_find_a_result_of_one_person(case: Case, column: str) -> None:
    row = flow.published(case.place, case.items[0])
    other = "published_by_id" if column == "entered_by_id" else "entered_by_id"
    setattr(row, column, getattr(row, other))
    db.session.flush()
    assert invariants.broken() == {"results_by_two": [str(row.id)]}


def test_the_kind_is_what_the_catalogue_says(case: Case) -> None:
    """Guards the tests above: they change a kind that is really the instrument's."""
    assert db.session.get(InstrumentKind, case.rows[0].kind_code) is case.rows[0].kind
