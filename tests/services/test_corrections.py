"""更正建议: proposed by who holds the instrument, confirmed with one click although the row is locked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.actor import Role
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid, NotFound
from backoffice.models import AuditEvent, CorrectionProposal, MeasuringInstrument, Notice, Slip
from backoffice.services import acceptance, appointments, corrections, ledger, remarks
from backoffice.states import ProposalState, ReturnCode
from backoffice.unit_of_work import unit_of_work
from tests import factories
from tests.services import flow
from tests.services.test_institutions import problems_of

pytestmark = pytest.mark.usefixtures("app")


class Case:
    """One instrument on a slip that waits at an institution."""

    def __init__(self, **values: Any) -> None:
        self.place = flow.world()
        (self.instrument,) = flow.instruments(self.place, **values)
        self.slip: Slip = flow.only_slip(flow.matched(self.place, [self.instrument]))

    def propose(self, **values: Any) -> CorrectionProposal:
        with unit_of_work():
            return corrections.propose(self.place.counter, self.instrument.id, values, words="铭牌如此")

    def confirm(self, proposal: CorrectionProposal) -> None:
        with unit_of_work():
            corrections.confirm(self.place.clerk, proposal.id)

    def accept(self) -> None:
        acceptance.accept(self.place.counter, self.slip.id)


@pytest.fixture
def case(app: Flask) -> Case:
    return Case()


def codes_for(column: Any, key: int) -> list[str]:
    found = db.session.scalars(sa.select(Notice.code).where(column == key).order_by(Notice.id))
    return [code for code in found if "correction" in code]


def test_a_proposal_keeps_only_what_differs_and_changes_nothing_yet(case: Case) -> None:
    made = case.propose(model="Y-150", manufacturer=f" {case.instrument.manufacturer} ", serial_number="20371")
    assert made.after == {"model": "Y-150", "serial_number": "20371"}
    assert made.before == {"model": "Y-100", "serial_number": case.instrument.serial_number}
    assert case.instrument.model == "Y-100"
    assert codes_for(Notice.enterprise_id, case.instrument.enterprise_id) == ["notice_correction_proposed"]
    assert [corrections.pending_count(each) for each in (case.place.clerk, case.place.counter)] == [1, 1]


def test_one_click_changes_locked_columns_and_reads_range_and_accuracy_anew(case: Case) -> None:
    made = case.propose(measuring_range="(0～2.5) MPa", accuracy_class="2.5级", serial_number="20371")
    with pytest.raises(Invalid):  # By hand the row is locked.
        ledger.update(case.place.clerk, case.instrument.id, {**ledger_values(case.instrument), "model": "Y-150"})
    case.confirm(made)
    row = case.instrument
    assert (row.range_high, row.accuracy, row.serial_key) == (Decimal("2.5"), "2.5", "20371")
    assert made.state is ProposalState.APPROVED
    assert codes_for(Notice.institution_id, case.place.institution.id) == ["notice_correction_confirmed"]
    actions = set(db.session.scalars(sa.select(AuditEvent.action)))
    assert {"correction.proposed", "correction.confirmed", "instrument.changed"} <= actions


def ledger_values(row: MeasuringInstrument) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in ledger.TYPED_COLUMNS}, "quantity": "1"}


def test_an_accepted_slip_gets_a_new_version_and_an_undecided_one_does_not(case: Case) -> None:
    case.confirm(case.propose(model="Y-150"))
    assert case.slip.version == 1
    case.accept()
    case.confirm(case.propose(model="Y-200"))
    assert case.slip.version == 2
    changed = sa.select(AuditEvent).where(AuditEvent.action == "slip.changed")
    assert db.session.scalars(changed).one().after == {"model": "Y-200"}


def test_nothing_to_correct_is_refused(case: Case) -> None:
    with pytest.raises(Invalid) as refused:
        case.propose(model="Y-100")
    assert problems_of(refused) == {"": "correction_nothing"}


def test_the_rules_of_the_ledger_hold_for_what_is_proposed(case: Case) -> None:
    with pytest.raises(Invalid) as refused:
        case.propose(serial_number="", manufacturer="", model="x" * 101)
    assert set(refused.value.problems) == {"serial_number", "manufacturer", "model"}


def test_other_columns_are_never_taken(case: Case) -> None:
    made = case.propose(model="Y-150", kind_code="0601", place_of_use="别处")
    assert made.after == {"model": "Y-150"}


def test_one_proposal_waits_per_instrument_and_a_withdrawn_one_makes_room(case: Case) -> None:
    first = case.propose(model="Y-150")
    with pytest.raises(Conflict) as refused:
        case.propose(model="Y-160")
    assert refused.value.code == "correction_waits_already"
    corrections.withdraw(case.place.counter, first.id)
    assert first.state is ProposalState.WITHDRAWN
    assert case.propose(model="Y-160").state is ProposalState.PENDING


def test_only_who_holds_the_instrument_proposes(case: Case) -> None:
    stranger = factories.actor_of(factories.UserFactory(of_institution=True))
    with pytest.raises(NotFound):
        corrections.propose(stranger, case.instrument.id, {"model": "Y-150"})
    with pytest.raises(Forbidden):
        corrections.propose(case.place.clerk, case.instrument.id, {"model": "Y-150"})
    acceptance.return_items(case.place.counter, case.slip.id, code=ReturnCode.OTHER, words="铭牌不清")
    with pytest.raises(NotFound):
        case.propose(model="Y-150")


def test_what_the_ledger_says_otherwise_by_now_is_not_confirmed(case: Case) -> None:
    made = case.propose(model="Y-150")
    case.instrument.model = "Y-120"
    db.session.commit()
    assert corrections.changed_since(made) == {"model": "Y-120"}
    with pytest.raises(Conflict) as refused:
        case.confirm(made)
    assert refused.value.code == "correction_stale"
    assert (made.state, case.instrument.model) == (ProposalState.PENDING, "Y-120")


def test_a_correction_never_makes_a_second_row_of_one_instrument(case: Case) -> None:
    (other,) = flow.instruments(case.place, serial_number="20371")
    made = case.propose(serial_number="20371")
    with pytest.raises(Conflict) as refused:
        case.confirm(made)
    assert refused.value.code == "correction_duplicate"
    assert refused.value.facts["ledger_number"] == other.ledger_number
    assert made.state is ProposalState.PENDING


def test_declining_needs_a_reason_which_the_institution_reads(case: Case) -> None:
    made = case.propose(model="Y-150")
    with pytest.raises(Invalid):
        corrections.decline(case.place.clerk, made.id, "")
    corrections.decline(case.place.clerk, made.id, "铭牌是 Y-100。")
    assert (made.state, case.instrument.model) == (ProposalState.REFUSED, "Y-100")
    notice = db.session.scalars(sa.select(Notice).where(Notice.code == "notice_correction_declined")).one()
    assert notice.facts["reason"] == "铭牌是 Y-100"


def test_the_second_answer_is_told_who_was_first(case: Case) -> None:
    made = case.propose(model="Y-150")
    case.confirm(made)
    for answer in (
        lambda: case.confirm(made),
        lambda: corrections.decline(case.place.clerk, made.id, "x"),
        lambda: corrections.withdraw(case.place.counter, made.id),
    ):
        with pytest.raises(Conflict) as refused:
            answer()
        assert (refused.value.code, refused.value.facts["by"]) == ("proposal_settled_by", "王建国")


def test_foreign_proposals_are_neither_seen_nor_answered(case: Case) -> None:
    made = case.propose(model="Y-150")
    stranger = factories.actor_of(factories.UserFactory(of_enterprise=True))
    with pytest.raises(NotFound):
        corrections.confirm(stranger, made.id)
    with pytest.raises(Forbidden):
        corrections.confirm(case.place.counter, made.id)
    assert corrections.pending_count(stranger) == 0


def test_a_confirmed_correction_of_a_row_that_waits_again_sends_it_to_be_matched_anew(case: Case) -> None:
    made = case.propose(measuring_range="(0～2.5) MPa")
    appointments.withdraw(case.place.clerk, case.slip.appointment_id)
    again = flow.submitted(case.place, [case.instrument])
    case.confirm(made)
    assert again.items[0].instrument.range_high == Decimal("2.5")


# Remarks


def test_a_remark_is_read_by_its_own_institution_alone_and_the_audit_does_not_repeat_it(case: Case) -> None:
    enterprise_id = case.instrument.enterprise_id
    remarks.write(case.place.counter, enterprise_id, " 先打门卫电话 ")
    remarks.write(case.place.counter, enterprise_id, "门卫 8 点上班")
    found = remarks.of(case.place.counter, enterprise_id)
    assert found is not None and found.words == "门卫 8 点上班"
    other = flow.world(kind_code="0601")
    assert remarks.of(other.counter, enterprise_id) is None
    events = list(db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "remark.written")))
    assert len(events) == 2 and all("门卫" not in f"{event.before}{event.after}" for event in events)


def test_an_institution_without_items_of_an_enterprise_writes_no_remark(case: Case) -> None:
    with pytest.raises(NotFound):
        remarks.write(flow.world(kind_code="0601").counter, case.instrument.enterprise_id, "x")
    with pytest.raises(Invalid):
        remarks.write(case.place.counter, case.instrument.enterprise_id, "字" * 1001)


def test_a_proposal_of_an_institution_the_instrument_left_neither_changes_it_nor_stands_in_the_way(case: Case) -> None:
    old = case.propose(model="Y-150")
    appointments.withdraw(case.place.clerk, case.slip.appointment_id)
    other = factories.InstitutionFactory(name="临淄区计量测试中心", priority=9)
    factories.CapabilityFactory(institution=other, areas=["370303"])
    counter = factories.actor_of(factories.UserFactory(institution=other, role=Role.INSTITUTION))
    flow.matched(case.place, [case.instrument])
    assert corrections.is_held(counter, case.instrument.id)
    with pytest.raises(Conflict) as refused:
        corrections.confirm(case.place.clerk, old.id)
    assert refused.value.code == "correction_not_held"
    corrections.propose(counter, case.instrument.id, {"model": "Y-60"})
    assert db.session.get_one(CorrectionProposal, old.id).state is ProposalState.WITHDRAWN
