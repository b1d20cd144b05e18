"""Book, match, split, accept, return, withdraw: the rules of the thread, on the services."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.errors import Conflict, Invalid, NotFound
from backoffice.models import AppointmentItem, MatchingAttempt, MatchingDecision, MeasuringInstrument, Notice
from backoffice.services import (
    acceptance,
    appointment_drafts,
    appointment_questions,
    appointments,
    assignments,
    deadlines,
    matching_runs,
    slip_printing,
    slips,
)
from backoffice.states import (
    AppointmentStatus,
    ItemStatus,
    LastInstitution,
    MatchTrigger,
    ReturnCode,
    SlipStatus,
    UseState,
)
from tests import factories
from tests.services import flow


def states(appointment) -> list[ItemStatus]:
    db.session.expire_all()
    return [item.status for item in appointment.items]


def test_a_submitted_appointment_is_matched_and_split_into_one_slip_an_institution(app: Flask) -> None:
    place = flow.world()
    other = factories.CapabilityFactory(kind_code="0601").institution
    rows = flow.instruments(place, 2) + flow.instruments(place, 1, kind_code="0601")
    appointment = flow.matched(place, rows)
    assert states(appointment) == [ItemStatus.AWAITING_ACCEPTANCE] * 3
    assert {(slip.institution_id, len(slip.items)) for slip in appointment.slips} == {
        (place.institution.id, 2),
        (other.id, 1),
    }
    assert appointment.status is AppointmentStatus.SUBMITTED
    assert all(slip.status is SlipStatus.AWAITING for slip in appointment.slips)


def test_submitting_twice_submits_once(app: Flask) -> None:
    place = flow.world()
    appointment = flow.submitted(place, flow.instruments(place))
    first = appointment.submitted_at
    assert appointments.submit(place.clerk, appointment.id).submitted_at == first


def test_nothing_chosen_is_refused(app: Flask) -> None:
    place = flow.world()
    with pytest.raises(Invalid) as refused:
        appointments.submit(place.clerk, appointment_drafts.create_draft(place.clerk).id)
    assert refused.value.problems["instruments"].code == "nothing_chosen"


def test_an_instrument_is_in_at_most_one_open_item(app: Flask) -> None:
    place = flow.world()
    rows = flow.instruments(place)
    first = flow.submitted(place, rows)
    with pytest.raises(Invalid) as refused:
        flow.draft(place, rows)
    assert refused.value.problems["instruments"].facts["number"] == first.number


def test_an_instrument_out_of_use_cannot_be_booked(app: Flask) -> None:
    place = flow.world()
    with pytest.raises(Invalid) as refused:
        flow.draft(place, flow.instruments(place, use_state=UseState.STOPPED))
    assert refused.value.problems["instruments"].code == "not_in_use"


def test_a_foreign_instrument_does_not_exist(app: Flask) -> None:
    place, other = flow.world(), flow.world()
    with pytest.raises(NotFound):
        flow.draft(place, flow.instruments(other))


def test_unmatched_items_tell_enterprise_and_regulator_and_match_when_the_capability_comes(app: Flask) -> None:
    place = flow.world(with_capability=False)
    appointment = flow.matched(place, flow.instruments(place))
    assert states(appointment) == [ItemStatus.UNMATCHED]
    told = {(row.code, row.enterprise_id, row.division_code) for row in db.session.scalars(db.select(Notice))}
    assert ("notice_items_unmatched", place.clerk.enterprise_id, None) in told
    assert ("notice_unmatched_arrived", None, "370303") in told
    factories.CapabilityFactory(institution=place.institution)
    matching_runs.match_batch()
    assert states(appointment) == [ItemStatus.AWAITING_ACCEPTANCE]
    attempts = db.session.scalars(db.select(MatchingAttempt).order_by(MatchingAttempt.id)).all()
    assert [row.trigger for row in attempts] == [MatchTrigger.SUBMITTED, MatchTrigger.RULES_CHANGED]


def test_matching_again_without_change_does_nothing(app: Flask) -> None:
    place = flow.world(with_capability=False)
    flow.matched(place, flow.instruments(place))
    assert matching_runs.match_batch().decided == 0


def test_equal_facts_are_decided_and_stored_once(app: Flask) -> None:
    place = flow.world()
    flow.matched(place, flow.instruments(place, 5))
    assert db.session.scalar(db.select(db.func.count()).select_from(MatchingDecision)) == 1


def test_acceptance_writes_a_receipt_and_makes_feedback_and_prints(app: Flask) -> None:
    place = flow.world()
    appointment = flow.matched(place, flow.instruments(place, 2))
    slip = flow.only_slip(appointment)
    with pytest.raises(Conflict):
        slip_printing.content(place.clerk, slip.id, public_url="http://x", secret="s")
    acceptance.accept(place.counter, slip.id, appointed_on=clock.today(), words="请带旧证书")
    assert states(appointment) == [ItemStatus.ACCEPTED] * 2
    assert appointment.status is AppointmentStatus.FEEDBACK
    assert slip.status is SlipStatus.ACCEPTED
    assert slip.place == "华光路 188 号收发室"
    content = slip_printing.content(place.clerk, slip.id, public_url="http://x", secret="s")
    assert len(content.rows) == 2
    assert slip_printing.pdf(place.clerk, slip.id, public_url="http://x", secret="s").startswith(b"%PDF")


def test_an_item_matched_later_opens_the_next_slip_once_the_first_is_accepted(app: Flask) -> None:
    place = flow.world()
    rows = flow.instruments(place, 1) + flow.instruments(place, 1, kind_code="0601")
    appointment = flow.matched(place, rows)
    acceptance.accept(place.counter, flow.only_slip(appointment).id)
    factories.CapabilityFactory(institution=place.institution, kind_code="0601")
    matching_runs.match_batch()
    db.session.expire_all()
    assert [slip.status for slip in appointment.slips] == [SlipStatus.ACCEPTED, SlipStatus.AWAITING]


def test_an_item_matched_later_joins_the_slip_that_still_waits(app: Flask) -> None:
    place = flow.world()
    rows = flow.instruments(place, 1) + flow.instruments(place, 1, kind_code="0601")
    appointment = flow.matched(place, rows)
    factories.CapabilityFactory(institution=place.institution, kind_code="0601")
    matching_runs.match_batch()
    db.session.expire_all()
    assert len(flow.only_slip(appointment).items) == 2


def test_a_return_needs_words_and_unlocks_the_instrument(app: Flask) -> None:
    place = flow.world()
    rows = flow.instruments(place)
    appointment = flow.matched(place, rows)
    slip = flow.only_slip(appointment)
    with pytest.raises(Invalid):
        acceptance.return_items(place.counter, slip.id, code=ReturnCode.WRONG_SERIAL, words=" ")
    acceptance.return_items(place.counter, slip.id, code=ReturnCode.WRONG_SERIAL, words="出厂编号与铭牌不符")
    assert states(appointment) == [ItemStatus.FAILED]
    assert slip.status is SlipStatus.RETURNED
    assert appointment.status is AppointmentStatus.FEEDBACK
    again = flow.draft(place, rows)
    (question,) = appointment_questions.questions(again)
    assert question.institution is place.institution
    assert question.can_still
    with pytest.raises(Invalid):
        appointments.submit(place.clerk, again.id)
    appointment_questions.answer(
        place.clerk,
        again.id,
        institution_id=place.institution.id,
        code=ReturnCode.WRONG_SERIAL,
        choice=LastInstitution.KEEP,
    )
    appointments.submit(place.clerk, again.id)
    matching_runs.match_batch()
    db.session.expire_all()
    assert again.items[0].institution_id == place.institution.id
    assert again.items[0].decision.decided_by == "preferred"
    assert appointment.status is AppointmentStatus.CLOSED


def test_matching_again_states_no_preference(app: Flask) -> None:
    place = flow.world()
    rows = flow.instruments(place)
    slip = flow.only_slip(flow.matched(place, rows))
    acceptance.return_items(place.counter, slip.id, code=ReturnCode.WRONG_SERIAL, words="编号不符")
    again = flow.draft(place, rows)
    appointment_questions.answer(
        place.clerk,
        again.id,
        institution_id=place.institution.id,
        code=ReturnCode.WRONG_SERIAL,
        choice=LastInstitution.MATCH_AGAIN,
    )
    appointments.submit(place.clerk, again.id)
    matching_runs.match_batch()
    db.session.expire_all()
    assert again.items[0].preferred_institution_id is None
    assert again.items[0].decision.decided_by == "area"


def test_out_of_capacity_excludes_the_institution_and_is_not_asked_about(app: Flask) -> None:
    place = flow.world()
    rows = flow.instruments(place)
    slip = flow.only_slip(flow.matched(place, rows))
    acceptance.return_items(place.counter, slip.id, code=ReturnCode.OUT_OF_CAPACITY, words="量程超出")
    again = flow.draft(place, rows)
    assert appointment_questions.questions(again) == []
    appointments.submit(place.clerk, again.id)
    matching_runs.match_batch()
    db.session.expire_all()
    assert again.items[0].status is ItemStatus.UNMATCHED
    assert again.items[0].decision.candidates[0]["failed"] == ["EXCLUDED"]


def test_part_accepted_part_returned(app: Flask) -> None:
    place = flow.world()
    appointment = flow.matched(place, flow.instruments(place, 3))
    slip = flow.only_slip(appointment)
    ids = [item.id for item in slip.items]
    acceptance.return_items(place.counter, slip.id, item_ids=ids[:1], code=ReturnCode.OTHER, words="铭牌不清")
    assert slip.status is SlipStatus.PARTLY
    acceptance.accept(place.counter, slip.id)
    assert slip.status is SlipStatus.ACCEPTED
    assert states(appointment) == [ItemStatus.FAILED, ItemStatus.ACCEPTED, ItemStatus.ACCEPTED]
    assert [row.item_count for row in appointment.receipts] == [2, 1]


def test_withdrawn_items_cannot_be_accepted_and_accepted_ones_not_withdrawn(app: Flask) -> None:
    place = flow.world()
    appointment = flow.matched(place, flow.instruments(place, 2))
    slip = flow.only_slip(appointment)
    first, second = (item.id for item in slip.items)
    appointments.withdraw(place.clerk, appointment.id, [first])
    with pytest.raises(Conflict):
        acceptance.accept(place.counter, slip.id, item_ids=[first, second])
    db.session.rollback()


def test_withdrawing_everything_withdraws_appointment_and_slip(app: Flask) -> None:
    place = flow.world()
    appointment = flow.matched(place, flow.instruments(place, 2))
    assert appointments.withdraw(place.clerk, appointment.id) == 2
    assert appointment.status is AppointmentStatus.WITHDRAWN
    assert flow.only_slip(appointment).status is SlipStatus.WITHDRAWN


def test_another_institution_does_not_see_the_slip(app: Flask) -> None:
    place, other = flow.world(), flow.world()
    slip = flow.only_slip(flow.matched(place, flow.instruments(place)))
    with pytest.raises(NotFound):
        acceptance.accept(other.counter, slip.id)


def test_a_late_slip_is_marked_and_reported_once(app: Flask) -> None:
    place = flow.world()
    slip = flow.only_slip(flow.matched(place, flow.instruments(place)))
    assert deadlines.mark_late_slips() == 0
    with clock.at(slip.due_at + timedelta(seconds=1)):
        assert deadlines.mark_late_slips() == 1
        assert deadlines.mark_late_slips() == 0
    late = db.session.scalars(db.select(Notice).where(Notice.code == "notice_slip_late")).all()
    assert sorted((row.institution_id or 0, row.division_code or "") for row in late) == sorted(
        [(place.institution.id, ""), (0, "370303")]
    )


def test_assigning_by_hand_overrides_the_place_and_nothing_else(app: Flask) -> None:
    place = flow.world(areas=["370100"])
    appointment = flow.matched(place, flow.instruments(place))
    item = appointment.items[0]
    assert item.status is ItemStatus.UNMATCHED
    assert assignments.assignable(item) == [place.institution]
    with pytest.raises(Invalid):
        assignments.assign(place.regulator, item.id, institution_id=place.institution.id, reason="")
    assignments.assign(place.regulator, item.id, institution_id=place.institution.id, reason="本市暂无能力，就近安排")
    assert states(appointment) == [ItemStatus.AWAITING_ACCEPTANCE]
    incapable = factories.CapabilityFactory(kind_code="0601").institution
    other = flow.matched(place, flow.instruments(place)).items[0]
    with pytest.raises(Invalid):
        assignments.assign(place.regulator, other.id, institution_id=incapable.id, reason="试一试")


def test_a_late_slip_may_be_sent_round_again(app: Flask) -> None:
    place = flow.world()
    appointment = flow.matched(place, flow.instruments(place, 2))
    slip = flow.only_slip(appointment)
    with pytest.raises(Conflict):
        assignments.rematch_slip(place.regulator, slip.id, reason="超时")
    with clock.at(slip.due_at + timedelta(seconds=1)):
        assert assignments.rematch_slip(place.regulator, slip.id, reason="超时未受理") == 2
    assert states(appointment) == [ItemStatus.MATCHING] * 2
    assert slip.status is SlipStatus.TRANSFERRED


def test_the_why_matrix_is_made_again_from_the_stored_facts(app: Flask) -> None:
    place = flow.world(areas=["370100"])
    item = flow.matched(place, flow.instruments(place)).items[0]
    factories.CapabilityFactory(institution=place.institution)  # Later rules do not change an earlier answer.
    why = assignments.explain(item.decision)
    assert why.rows == () or why.rows[0].won is False


def test_a_put_aside_item_closes_its_appointment(app: Flask) -> None:
    place = flow.world()
    appointment = flow.matched(place, flow.instruments(place))
    acceptance.return_items(
        place.counter, flow.only_slip(appointment).id, code=ReturnCode.NOT_MANDATORY, words="不属强检"
    )
    appointments.put_aside(place.clerk, appointment.items[0].id)
    assert appointment.status is AppointmentStatus.CLOSED


def test_booking_failed_items_again_takes_exactly_those(app: Flask) -> None:
    place = flow.world()
    appointment = flow.matched(place, flow.instruments(place, 2))
    slip = flow.only_slip(appointment)
    failed = slip.items[0]
    acceptance.return_items(
        place.counter, slip.id, item_ids=[failed.id], code=ReturnCode.WRONG_SERIAL, words="编号不符"
    )
    draft = appointments.book_failed_again(place.clerk, appointment.id)
    db.session.expire_all()
    assert [item.instrument_id for item in draft.items] == [failed.instrument_id]
    assert isinstance(draft.items[0], AppointmentItem)
    assert slips.is_open(appointment)


def test_the_regulator_of_the_seat_reads_but_does_not_assign_what_is_used_elsewhere(app: Flask) -> None:
    place = flow.world(with_capability=False)
    institution = factories.CapabilityFactory(areas=["370100"]).institution
    item = flow.matched(place, flow.instruments(place, division_code="370302")).items[0]
    assert item.status is ItemStatus.UNMATCHED
    with pytest.raises(NotFound):
        assignments.assign(place.regulator, item.id, institution_id=institution.id, reason="就近安排")


def returned_for_capacity(place: flow.World, rows: list[MeasuringInstrument]) -> AppointmentItem:
    slip = flow.only_slip(flow.matched(place, rows))
    acceptance.return_items(place.counter, slip.id, code=ReturnCode.OUT_OF_CAPACITY, words="疑为 30 t，请核对铭牌")
    return slip.items[0]


@pytest.mark.parametrize(
    "correction",
    [
        {"measuring_range": "（0～30）t", "range_low": 0, "range_high": 30000, "range_unit": "kg"},
        {"accuracy_class": "0.4 级", "accuracy": "0.4"},
        {"model": "SCS-30"},
    ],
)
def test_a_corrected_row_is_offered_again_to_the_institution_that_could_not(
    app: Flask, correction: dict[str, Any]
) -> None:
    place = flow.world()
    rows = flow.instruments(place)
    returned_for_capacity(place, rows)
    for name, value in correction.items():
        setattr(rows[0], name, value)
    again = flow.matched(place, rows)
    assert again.items[0].institution_id == place.institution.id


def test_what_changed_beside_the_capacity_leaves_the_exclusion(app: Flask) -> None:
    place = flow.world()
    rows = flow.instruments(place)
    item = returned_for_capacity(place, rows)
    rows[0].place_of_use = "南门"
    assert matching_runs.excluded_institutions([rows[0].id]) == {rows[0].id: {place.institution.id}}
    item.returned_facts = None  # Returned before snapshots were kept: the decision knows what was asked.
    assert matching_runs.excluded_institutions([rows[0].id]) == {rows[0].id: {place.institution.id}}
    rows[0].accuracy = "0.05"
    assert matching_runs.excluded_institutions([rows[0].id]) == {}


def test_a_correction_while_it_waits_unmatched_asks_the_institution_again(app: Flask) -> None:
    place = flow.world()
    rows = flow.instruments(place)
    returned_for_capacity(place, rows)
    again = flow.matched(place, rows)
    assert again.items[0].status is ItemStatus.UNMATCHED
    rows[0].model = "SCS-30"
    matching_runs.requeue_instrument(place.clerk, rows[0].id)
    matching_runs.match_batch()
    db.session.expire_all()
    assert again.items[0].institution_id == place.institution.id
