"""Drafts of appointments: what is chosen for one, what cannot be booked and why, wishes and types."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from .. import audit, clock, scoping
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, FieldProblem, Invalid, NotFound
from ..models import Appointment, AppointmentItem, MeasuringInstrument
from ..states import OPEN_ITEMS, ApplicationType, AppointmentStatus, ItemStatus, Outcome, UseState
from . import numbers, on_behalf
from .ledger_schemes import why_never_booked

MOST_ITEMS = 2000
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
    appointment = own_or_on_behalf(actor, appointment_id)
    if appointment.status is not AppointmentStatus.DRAFT:
        raise Conflict("appointment_already_submitted", number=appointment.number)
    return appointment


def own_or_on_behalf(actor: Actor, appointment_id: int) -> Appointment:
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
    refuse_unbookable(instruments)
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


def refuse_unbookable(instruments: Sequence[MeasuringInstrument]) -> None:
    refusals = why_not_bookable(instruments)
    if refusals:
        instrument_id, problem = next(iter(refusals.items()))
        named = next(row for row in instruments if row.id == instrument_id)
        raise Invalid.one("instruments", problem.code, **{"instrument": str(named), **problem.facts})


def why_not_bookable(instruments: Sequence[MeasuringInstrument]) -> dict[int, FieldProblem]:
    """The instruments that cannot be booked now, each with the reason in one sentence."""
    numbers_of_open = open_appointment_numbers([row.id for row in instruments])
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


def open_appointment_numbers(instrument_ids: Sequence[int]) -> dict[int, str]:
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
    db.session.delete(item_of(appointment, item_id))
    db.session.flush()
    db.session.expire(appointment, ["items"])
    audit.record(actor, AuditAction.APPOINTMENT_CHANGED, appointment, after={"removed": 1})


def item_of(appointment: Appointment, item_id: int) -> AppointmentItem:
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
        item_of(appointment, item_id).application_type = application_type
    for name in WISHES:
        if name in wishes:
            setattr(appointment, name, wishes[name])
    db.session.flush()
    return appointment


def load_instruments(appointment: Appointment) -> None:
    """Bring the instruments of an appointment's items into the session, with their kinds, by one query."""
    db.session.scalars(
        sa.select(AppointmentItem)
        .where(AppointmentItem.appointment_id == appointment.id)
        .options(joinedload(AppointmentItem.instrument).joinedload(MeasuringInstrument.kind))
    ).all()
