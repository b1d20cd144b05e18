"""The question before submitting: where an instrument was returned, shall it go there again (guide, 预约申请 注)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from ..actor import Actor
from ..database import db
from ..errors import Invalid, NotFound
from ..models import Appointment, AppointmentItem, Institution
from ..states import ItemStatus, LastInstitution, ReturnCode
from . import instrument_facts, matching_runs
from .appointment_drafts import find_draft


@dataclass(frozen=True, slots=True)
class LastInstitutionQuestion:
    """“该器具上次匹配〈机构〉，被退回（原因）。” for all items of a draft that share institution and reason.

    `can_still` is False when that institution would no longer be matched even if it were preferred; then there is
    nothing to ask and the items are matched again.
    """

    institution: Institution
    code: ReturnCode
    words: str
    items: tuple[AppointmentItem, ...]
    answer: LastInstitution | None
    can_still: bool


def questions(appointment: Appointment) -> list[LastInstitutionQuestion]:
    """What to ask before submitting: once per institution and reason, never for 超出能力 (guide, 预约申请 注)."""
    returned = _last_returns([item.instrument_id for item in appointment.items])
    groups: dict[tuple[int, ReturnCode], list[AppointmentItem]] = defaultdict(list)
    for item in appointment.items:
        if (earlier := returned.get(item.instrument_id)) and earlier.returned_by_id and earlier.return_code:
            groups[earlier.returned_by_id, earlier.return_code].append(item)
    return [
        _question(institution_id, code, items, returned) for (institution_id, code), items in sorted(groups.items())
    ]


def uncorrected(appointment: Appointment) -> dict[int, AppointmentItem]:
    """Instruments of a draft that stand in the ledger just as they were returned, with the item that was."""
    returned = _latest_failed([item.instrument_id for item in appointment.items])
    return {key: row for key, row in returned.items() if instrument_facts.is_as_returned(row)}


def _last_returns(instrument_ids: Sequence[int]) -> dict[int, AppointmentItem]:
    """The latest submitted item of each instrument, where that was returned for something other than capacity."""
    found = _latest_failed(instrument_ids)
    return {key: row for key, row in found.items() if row.return_code is not ReturnCode.OUT_OF_CAPACITY}


def _latest_failed(instrument_ids: Sequence[int]) -> dict[int, AppointmentItem]:
    """The latest submitted item of each instrument, where that was returned."""
    latest = (
        sa.select(sa.func.max(AppointmentItem.id))
        .where(AppointmentItem.instrument_id.in_(instrument_ids), AppointmentItem.status != ItemStatus.DRAFT)
        .group_by(AppointmentItem.instrument_id)
    )
    statement = sa.select(AppointmentItem).where(
        AppointmentItem.id.in_(latest),
        AppointmentItem.status == ItemStatus.FAILED,
    )
    return {row.instrument_id: row for row in db.session.scalars(statement)}


def _question(
    institution_id: int, code: ReturnCode, items: Sequence[AppointmentItem], returned: dict[int, AppointmentItem]
) -> LastInstitutionQuestion:
    institution = db.session.get_one(Institution, institution_id)
    instruments = [item.instrument for item in items]
    decisions = matching_runs.expected(instruments, preferred={row.id: institution_id for row in instruments})
    return LastInstitutionQuestion(
        institution=institution,
        code=code,
        words=returned[items[0].instrument_id].return_words,
        items=tuple(items),
        answer=items[0].last_institution_answer,
        can_still=all(decision.institution == institution_id for decision in decisions.values()),
    )


def answer(
    actor: Actor, appointment_id: int, *, institution_id: int, code: ReturnCode, choice: LastInstitution
) -> None:
    """Answer the last-institution question for every item it was asked about."""
    appointment = find_draft(actor, appointment_id)
    asked = next(
        (row for row in questions(appointment) if row.institution.id == institution_id and row.code is code), None
    )
    if asked is None:
        raise NotFound
    for item in asked.items:
        item.last_institution_answer = choice
    db.session.flush()


def apply_answers(appointment: Appointment) -> None:
    """Which institution each item prefers. Booked on behalf, the question is not asked: a counter means itself."""
    if appointment.booked_by_institution_id or appointment.booked_by_division_code:
        for item in appointment.items:
            item.preferred_institution_id = appointment.booked_by_institution_id
        return
    for question in questions(appointment):
        if question.can_still and question.answer is None:
            raise Invalid.one("questions", "question_open", institution=question.institution.name)
        keeps = question.can_still and question.answer is LastInstitution.KEEP
        for item in question.items:
            item.preferred_institution_id = question.institution.id if keeps else None
