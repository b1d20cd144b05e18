"""An enterprise's appointments: draft, choice of instruments, last-institution question, submission, withdrawal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from .. import audit, clock, scoping, workflow
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, FieldProblem, Invalid, NotFound
from ..models import Appointment, AppointmentItem, Institution, MeasuringInstrument, Slip
from ..permissions import Permission, require
from ..states import (
    OPEN_ITEMS,
    ApplicationType,
    AppointmentStatus,
    ItemStatus,
    LastInstitution,
    MatchTrigger,
    Outcome,
    ReturnCode,
    UseState,
)
from ..workflow import ItemAction
from . import areas, instrument_facts, matching_runs, notices, numbers, on_behalf, slips
from .ledger_schemes import why_never_booked

PROMISE_WORKING_DAYS = 2
MOST_ITEMS = 2000


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


WISHES = ("wish_from", "wish_until", "wish_against", "site_contact", "site_phone")
"""Optional words of an appointment for the institution."""


def create_draft(actor: Actor, enterprise_id: int | None = None) -> Appointment:
    """A new empty draft of the actor's enterprise, or of one the actor acts for (代办), which stands on it then."""
    acting = on_behalf.bookings_of(actor, enterprise_id or actor.enterprise_id)
    appointment = Appointment(
        number=numbers.next_number(numbers.APPOINTMENT),
        enterprise_id=acting.enterprise.id,
        created_by_id=actor.user_id,
        status=AppointmentStatus.DRAFT,
        **acting.stamp("booked_by"),
    )
    db.session.add(appointment)
    db.session.flush()
    audit.record(actor, AuditAction.APPOINTMENT_DRAFTED, appointment)
    return appointment


def draft_with(instrument_id: int) -> Appointment | None:
    """The newest draft in which the instrument stands already."""
    return db.session.scalars(
        sa.select(Appointment)
        .join(AppointmentItem, AppointmentItem.appointment_id == Appointment.id)
        .where(AppointmentItem.instrument_id == instrument_id, AppointmentItem.status == ItemStatus.DRAFT)
        .order_by(Appointment.id.desc())
        .limit(1)
    ).first()


def drafts_with(instrument_ids: Collection[int]) -> dict[int, int]:
    """Which of these instruments stand in a draft already, by the newest draft's id."""
    statement = sa.select(AppointmentItem.instrument_id, sa.func.max(AppointmentItem.appointment_id)).where(
        AppointmentItem.instrument_id.in_(instrument_ids), AppointmentItem.status == ItemStatus.DRAFT
    )
    return dict(db.session.execute(statement.group_by(AppointmentItem.instrument_id)).tuples().all())


def find_draft(actor: Actor, appointment_id: int) -> Appointment:
    """The draft, locked; raises `NotFound`, or `Conflict` once it was submitted."""
    appointment = _own_or_on_behalf(actor, appointment_id)
    if appointment.status is not AppointmentStatus.DRAFT:
        raise Conflict("appointment_already_submitted", number=appointment.number)
    return appointment


def _own_or_on_behalf(actor: Actor, appointment_id: int) -> Appointment:
    """An appointment, locked: the actor's own, or one it booked on behalf. A regulator's new draft has no place yet."""
    booked = Appointment.booked_by_division_code == actor.division_code if actor.division_code else sa.false()
    appointment = db.session.scalars(
        sa.select(Appointment)
        .where(Appointment.id == appointment_id, sa.or_(scoping.criterion(actor, Appointment), booked))
        .with_for_update(of=Appointment)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if appointment is None:
        raise NotFound
    on_behalf.check_booking(actor, appointment)
    return appointment


def remove_draft(actor: Actor, appointment_id: int) -> None:
    appointment = find_draft(actor, appointment_id)
    audit.record(actor, AuditAction.APPOINTMENT_REMOVED, appointment, before={"items": len(appointment.items)})
    for item in list(appointment.items):
        db.session.delete(item)
    db.session.flush()
    db.session.delete(appointment)
    db.session.flush()


def choose(actor: Actor, appointment_id: int, instrument_ids: Iterable[int]) -> int:
    """Put instruments into a draft; those already in it stay. Returns how many were added.

    Raises `Invalid` naming the first that cannot be booked, and adds none then; `NotFound` for a foreign id.
    """
    appointment = find_draft(actor, appointment_id)
    chosen = {item.instrument_id for item in appointment.items}
    wanted = [key for key in dict.fromkeys(instrument_ids) if key not in chosen]
    if len(chosen) + len(wanted) > MOST_ITEMS:
        raise Invalid.one("instruments", "too_many_items", limit=MOST_ITEMS)
    instruments = _own_instruments(actor, appointment.enterprise_id, wanted)
    _refuse_unbookable(instruments)
    for instrument in instruments:
        db.session.add(
            AppointmentItem(
                appointment_id=appointment.id,
                enterprise_id=appointment.enterprise_id,
                instrument_id=instrument.id,
                application_type=proposed_type(instrument),
                status=ItemStatus.DRAFT,
                status_since=clock.now(),
            )
        )
    db.session.flush()
    db.session.expire(appointment, ["items"])
    if instruments:
        audit.record(actor, AuditAction.APPOINTMENT_CHANGED, appointment, after={"added": len(instruments)})
    return len(instruments)


def _own_instruments(actor: Actor, enterprise_id: int, ids: Sequence[int]) -> list[MeasuringInstrument]:
    statement = (
        on_behalf.bookable_instruments(actor)
        .where(MeasuringInstrument.id.in_(ids), MeasuringInstrument.enterprise_id == enterprise_id)
        .options(joinedload(MeasuringInstrument.kind))
        .order_by(MeasuringInstrument.id)
        # Not deleted while it is being chosen; nobody who edits has to wait.
        .with_for_update(of=MeasuringInstrument, read=True, key_share=True)
    )
    found = {row.id: row for row in db.session.scalars(statement)}
    if len(found) != len(ids):
        raise NotFound
    return [found[key] for key in ids]


def _refuse_unbookable(instruments: Sequence[MeasuringInstrument]) -> None:
    refusals = why_not_bookable(instruments)
    if refusals:
        instrument_id, problem = next(iter(refusals.items()))
        named = next(row for row in instruments if row.id == instrument_id)
        raise Invalid.one("instruments", problem.code, **{"instrument": str(named), **problem.facts})


def why_not_bookable(instruments: Sequence[MeasuringInstrument]) -> dict[int, FieldProblem]:
    """The instruments that cannot be booked now, each with the reason in one sentence."""
    numbers_of_open = _open_appointment_numbers([row.id for row in instruments])
    refusals: dict[int, FieldProblem] = {}
    for row in instruments:
        if row.id in numbers_of_open:
            refusals[row.id] = FieldProblem("already_booked", {"number": numbers_of_open[row.id]})
        elif row.use_state is not UseState.IN_USE:
            refusals[row.id] = FieldProblem("not_in_use", {"state": row.use_state})
        elif not row.kind.is_in_force:
            refusals[row.id] = FieldProblem("kind_not_in_force", {"instrument": str(row), "kind": row.kind.name})
        elif (never := why_never_booked(row)) is not None:
            refusals[row.id] = never
    return refusals


def _open_appointment_numbers(instrument_ids: Sequence[int]) -> dict[int, str]:
    statement = (
        sa.select(AppointmentItem.instrument_id, Appointment.number)
        .join(Appointment, Appointment.id == AppointmentItem.appointment_id)
        .where(AppointmentItem.instrument_id.in_(instrument_ids), AppointmentItem.status.in_(OPEN_ITEMS))
    )
    return {row.instrument_id: row.number for row in db.session.execute(statement)}


def proposed_type(instrument: MeasuringInstrument) -> ApplicationType:
    """申请类别 as it follows from what is known; the enterprise may change it."""
    if instrument.outcome is Outcome.NOT_PASSED:
        return ApplicationType.AFTER_REPAIR
    if instrument.verified_on or instrument.declared_verified_on or instrument.declared_valid_until:
        return ApplicationType.PERIODIC
    return ApplicationType.FIRST


def drop_item(actor: Actor, appointment_id: int, item_id: int) -> None:
    """Take one instrument out of a draft."""
    appointment = find_draft(actor, appointment_id)
    db.session.delete(_item_of(appointment, item_id))
    db.session.flush()
    db.session.expire(appointment, ["items"])
    audit.record(actor, AuditAction.APPOINTMENT_CHANGED, appointment, after={"removed": 1})


def _item_of(appointment: Appointment, item_id: int) -> AppointmentItem:
    found = next((item for item in appointment.items if item.id == item_id), None)
    if found is None:
        raise NotFound
    return found


def set_details(
    actor: Actor, appointment_id: int, *, types: dict[int, ApplicationType], wishes: dict[str, Any]
) -> Appointment:
    """Set application types by item id, and the optional wishes (dates, times to avoid, contact on site)."""
    appointment = find_draft(actor, appointment_id)
    start, end = wishes.get("wish_from"), wishes.get("wish_until")
    if start and end and end < start:
        raise Invalid.one("wish_until", "dates_reversed")
    for item_id, application_type in types.items():
        _item_of(appointment, item_id).application_type = application_type
    for name in WISHES:
        if name in wishes:
            setattr(appointment, name, wishes[name])
    db.session.flush()
    return appointment


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


def submit(actor: Actor, appointment_id: int) -> Appointment:
    """Submit a draft; submitting twice submits once.

    Raises `Invalid` when nothing was chosen, a question is open or an instrument cannot be booked any more; `Conflict`
    when another appointment took an instrument at the same moment.
    """
    appointment = _own_or_on_behalf(actor, appointment_id)
    if appointment.status is not AppointmentStatus.DRAFT:
        return appointment
    return submit_draft(actor, appointment)


def load_instruments(appointment: Appointment) -> None:
    """Bring the instruments of an appointment's items into the session, with their kinds, by one query."""
    db.session.scalars(
        sa.select(AppointmentItem)
        .where(AppointmentItem.appointment_id == appointment.id)
        .options(joinedload(AppointmentItem.instrument).joinedload(MeasuringInstrument.kind))
    ).all()


def submit_draft(actor: Actor, appointment: Appointment) -> Appointment:
    """The submission itself, of a draft the caller holds and has seen to be the actor's to submit; see `submit`."""
    on_behalf.refuse_unless_in_force(appointment.enterprise)
    items = list(appointment.items)
    if not items:
        raise Invalid.one("instruments", "nothing_chosen")
    load_instruments(appointment)
    _refuse_unbookable([item.instrument for item in items])
    _hold_instruments([item.instrument_id for item in items])
    _apply_answers(appointment)
    _move_to_matching(actor, items)
    appointment.submitted_at, appointment.is_submitted_on_approval = clock.now(), False
    appointment.due_at = areas.deadline(appointment.submitted_at, PROMISE_WORKING_DAYS)
    _supersede_failed(items)
    slips.refresh(appointment)
    audit.record(actor, AuditAction.APPOINTMENT_SUBMITTED, appointment, after={"items": len(items)})
    return appointment


def _hold_instruments(ids: Sequence[int]) -> None:
    """Lock the instruments in the order of ids: drafts that share some wait for each other instead of deadlocking.

    What changed while waiting is refused: `Conflict` when one was booked, `Invalid` when one was taken out of use.
    """
    statement = sa.select(MeasuringInstrument).where(MeasuringInstrument.id.in_(ids)).order_by(MeasuringInstrument.id)
    held = db.session.scalars(statement.with_for_update(key_share=True).execution_options(populate_existing=True)).all()
    if _open_appointment_numbers(ids):
        raise Conflict("booked_meanwhile")
    _refuse_unbookable(held)


def _apply_answers(appointment: Appointment) -> None:
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


def _move_to_matching(actor: Actor, items: Sequence[AppointmentItem]) -> None:
    ids = [item.id for item in items]
    try:
        with db.session.begin_nested():
            moved = workflow.move_items(actor, ItemAction.SUBMIT, ids, match_trigger=MatchTrigger.SUBMITTED)
    except IntegrityError as error:  # The partial unique index: somebody booked one of them a moment ago.
        raise Conflict("booked_meanwhile") from error
    workflow.all_or_conflict(ids, moved)


def _supersede_failed(items: Sequence[AppointmentItem]) -> None:
    """Earlier returned items of these instruments count as re-submitted, which may close their appointments."""
    by_instrument = {item.instrument_id: item.id for item in items}
    failed = db.session.scalars(
        sa.select(AppointmentItem).where(
            AppointmentItem.instrument_id.in_(by_instrument),
            AppointmentItem.status == ItemStatus.FAILED,
            AppointmentItem.superseded_by_id.is_(None),
        )
    ).all()
    for item in failed:
        item.superseded_by_id = by_instrument[item.instrument_id]
    for appointment in slips.lock_appointments(item.appointment_id for item in failed):
        slips.refresh(appointment)


def withdraw(actor: Actor, appointment_id: int, item_ids: Sequence[int] | None = None) -> int:
    """Withdraw what is not yet accepted (all of it, or the given items); returns how many.

    Raises `Conflict` when one of the given items was accepted in the meantime: then nothing is withdrawn.
    """
    require(actor, Permission.OWN_APPOINTMENTS_WITHDRAW)
    appointment: Appointment = scoping.find(actor, Appointment, appointment_id, lock=True)
    sources = workflow.transition(ItemAction.WITHDRAW).sources
    own_ids = {item.id for item in appointment.items}
    if item_ids is not None and not set(item_ids) <= own_ids:
        raise NotFound
    wanted = [
        item for item in appointment.items if (item.status in sources if item_ids is None else item.id in item_ids)
    ]
    if not wanted:
        raise Conflict("nothing_to_withdraw")
    ids = [item.id for item in wanted]
    moved = workflow.move_items(actor, ItemAction.WITHDRAW, ids, institution_id=None)
    workflow.all_or_conflict(ids, moved)
    _tell_of_withdrawal(appointment, wanted)
    for item in wanted:
        audit.record(actor, AuditAction.ITEM_WITHDRAWN, item)
    slips.refresh(appointment)
    return len(moved)


def _tell_of_withdrawal(appointment: Appointment, items: Sequence[AppointmentItem]) -> None:
    by_slip: dict[int, int] = defaultdict(int)
    for item in items:
        if item.slip_id is not None:
            by_slip[item.slip_id] += 1
    for slip_id, count in by_slip.items():
        slip = db.session.get_one(Slip, slip_id)
        notices.tell_institution(
            slip.institution_id,
            "notice_items_withdrawn",
            slip,
            enterprise=appointment.enterprise.name,
            number=slip.number,
            count=count,
        )


def unresolved_failed(appointment: Appointment) -> list[AppointmentItem]:
    """Returned items that wait for the enterprise: to correct and book again, or to put aside."""
    return [item for item in appointment.items if item.status is ItemStatus.FAILED and not item.is_resolved]


def book_failed_again(actor: Actor, appointment_id: int) -> Appointment:
    """A new draft with exactly what failed in this appointment, and the wishes it was booked with."""
    source: Appointment = scoping.find(actor, Appointment, appointment_id, lock=True)
    failed = unresolved_failed(source)
    if not failed:
        raise Conflict("nothing_failed")
    draft = create_draft(actor)
    for name in WISHES:
        setattr(draft, name, getattr(source, name))
    choose(actor, draft.id, [item.instrument_id for item in failed])
    return draft


def book_after_repair(actor: Actor, instrument_id: int) -> Appointment:
    """修理后重新申请: a new draft with an instrument that failed its verification; 申请类别 is 修理后.

    Raises `Conflict` where it did not fail, `Invalid` where it cannot be booked now (booked already, 失准报废).
    """
    instrument: MeasuringInstrument = scoping.find(actor, MeasuringInstrument, instrument_id)
    if instrument.outcome is not Outcome.NOT_PASSED:
        raise Conflict("result_not_failed", instrument=str(instrument))
    draft = create_draft(actor)
    choose(actor, draft.id, [instrument.id])
    return draft


def put_aside(actor: Actor, item_id: int) -> None:
    """不再预约: let a returned item rest, so that its appointment can close."""
    require(actor, Permission.OWN_APPOINTMENTS_EDIT)
    found: AppointmentItem = scoping.find(actor, AppointmentItem, item_id)
    appointment = slips.lock_appointments([found.appointment_id])[0]
    item = _item_of(appointment, item_id)
    db.session.refresh(item)  # It was loaded before the appointment was held.
    if item.status is not ItemStatus.FAILED or item.is_resolved:
        raise Conflict("nothing_failed")
    item.put_aside_at = clock.now()
    audit.record(actor, AuditAction.ITEM_PUT_ASIDE, item)
    slips.refresh(appointment)
