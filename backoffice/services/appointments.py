"""An enterprise's appointments once the draft is ready: submission, withdrawal, booking again what failed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from .. import audit, clock, scoping, workflow
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, Invalid, NotFound
from ..models import Appointment, AppointmentItem, MeasuringInstrument, Slip
from ..permissions import Permission, require
from ..states import AppointmentStatus, ItemStatus, MatchTrigger, Outcome
from ..workflow import ItemAction
from . import areas, notices, on_behalf, slips
from .appointment_drafts import (
    WISHES,
    choose,
    create_draft,
    item_of,
    load_instruments,
    open_appointment_numbers,
    own_or_on_behalf,
    refuse_unbookable,
)
from .appointment_questions import apply_answers

PROMISE_WORKING_DAYS = 2


def submit(actor: Actor, appointment_id: int) -> Appointment:
    """Submit a draft; submitting twice submits once.

    Raises `Invalid` when nothing was chosen, a question is open or an instrument cannot be booked any more; `Conflict`
    when another appointment took an instrument at the same moment.
    """
    appointment = own_or_on_behalf(actor, appointment_id)
    if appointment.status is not AppointmentStatus.DRAFT:
        return appointment
    return submit_draft(actor, appointment)


def submit_draft(actor: Actor, appointment: Appointment) -> Appointment:
    """The submission itself, of a draft the caller holds and has seen to be the actor's to submit; see `submit`."""
    on_behalf.refuse_unless_in_force(appointment.enterprise)
    items = list(appointment.items)
    if not items:
        raise Invalid.one("instruments", "nothing_chosen")
    load_instruments(appointment)
    refuse_unbookable([item.instrument for item in items])
    _hold_instruments([item.instrument_id for item in items])
    apply_answers(appointment)
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
    if open_appointment_numbers(ids):
        raise Conflict("booked_meanwhile")
    refuse_unbookable(held)


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
    item = item_of(appointment, item_id)
    db.session.refresh(item)  # It was loaded before the appointment was held.
    if item.status is not ItemStatus.FAILED or item.is_resolved:
        raise Conflict("nothing_failed")
    item.put_aside_at = clock.now()
    audit.record(actor, AuditAction.ITEM_PUT_ASIDE, item)
    slips.refresh(appointment)
