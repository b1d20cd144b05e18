"""What happened to an appointment, its slips and its items, as few lines: events of one act are one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from .. import scoping
from ..actor import Actor, Role
from ..audit import AuditAction
from ..database import db
from ..models import Appointment, AppointmentItem, AuditEvent, Slip, Verification

SAME_ACT = timedelta(seconds=5)
MOST_EVENTS = 10_000
ONE_BY_ONE = (AppointmentItem.__tablename__, Verification.__tablename__)
"""Tables of which one act writes an event a row."""
UNTOLD = (AuditAction.SLIP_OPENED,)
"""Said already by the line of what opened it."""


@dataclass(slots=True)
class Line:
    """One act: an audit action by somebody, with how many items it was about."""

    action: str
    at: datetime
    by: str
    role: Role
    count: int
    facts: dict[str, Any] = field(default_factory=dict)
    event: AuditEvent | None = None
    """The first event of the act."""


def of_slip(actor: Actor, slip_id: int) -> list[Line]:
    """The acts of one slip, newest first; raises `NotFound` when it is not this actor's to see."""
    slip: Slip = scoping.find(actor, Slip, slip_id)
    on_it = sa.select(sa.cast(AppointmentItem.id, sa.Text)).where(AppointmentItem.slip_id == slip.id)
    items = set(db.session.scalars(on_it))
    events = _events(actor, slip.appointment_id)
    return list(reversed(_acts(event for event in events if _is_about(event, slip, items))))


def _is_about(event: AuditEvent, slip: Slip, items: set[str]) -> bool:
    """Whether an event of the appointment belongs to this slip: named in it, or of an item since it stands on it."""
    if event.subject_type == Slip.__tablename__:
        return event.subject_id == str(slip.id)
    named = {**(event.before or {}), **(event.after or {})}.get("slip")
    if named is not None:
        return bool(named == slip.number)
    return (
        event.subject_type == AppointmentItem.__tablename__
        and event.subject_id in items
        and event.at >= slip.arrived_at
    )


def of(actor: Actor, appointment_id: int) -> list[Line]:
    """The acts of an appointment, newest first; raises `NotFound` when it is not this actor's to see."""
    return list(reversed(_acts(_events(actor, appointment_id))))


def _events(actor: Actor, appointment_id: int) -> Iterable[AuditEvent]:
    """What was recorded of an appointment, its slips, its items and their published results, oldest first."""
    appointment: Appointment = scoping.find(actor, Appointment, appointment_id)
    items = sa.select(sa.cast(AppointmentItem.id, sa.Text)).where(AppointmentItem.appointment_id == appointment.id)
    slips = sa.select(sa.cast(Slip.id, sa.Text)).where(Slip.appointment_id == appointment.id)
    results = sa.select(sa.cast(Verification.id, sa.Text)).where(
        Verification.item_id.in_(
            sa.select(AppointmentItem.id).where(
                AppointmentItem.appointment_id == appointment.id, scoping.criterion(actor, AppointmentItem)
            )
        ),
        Verification.published_at.is_not(None),
    )
    subject = sa.tuple_(AuditEvent.subject_type, AuditEvent.subject_id)
    statement = (
        sa.select(AuditEvent)
        .where(
            sa.or_(
                subject == (Appointment.__tablename__, str(appointment.id)),
                sa.and_(AuditEvent.subject_type == AppointmentItem.__tablename__, AuditEvent.subject_id.in_(items)),
                sa.and_(AuditEvent.subject_type == Slip.__tablename__, AuditEvent.subject_id.in_(slips)),
                sa.and_(
                    AuditEvent.subject_type == Verification.__tablename__,
                    AuditEvent.subject_id.in_(results),
                    AuditEvent.action == AuditAction.RESULT_PUBLISHED,
                ),
            ),
            AuditEvent.action.not_in(UNTOLD),
        )
        .order_by(AuditEvent.id)
        .limit(MOST_EVENTS)
    )
    return db.session.scalars(statement)


def _acts(events: Iterable[AuditEvent]) -> list[Line]:
    """Merge the events of one act: the same action by the same person about the same slip, moments apart."""
    lines: list[Line] = []
    latest: dict[tuple[Any, ...], Line] = {}
    for event in events:
        facts = {**(event.before or {}), **(event.after or {})}
        key = (event.action, event.actor_name, facts.get("slip"), facts.get("return_code"), event.subject_type)
        line = latest.get(key)
        if event.subject_type in ONE_BY_ONE and line is not None and event.at - line.at < SAME_ACT:
            line.count += 1
            continue
        if event.subject_type == Slip.__tablename__:
            facts["slip_id"] = int(event.subject_id)
        line = Line(event.action, event.at, event.actor_name, event.actor_role, 1, facts, event)
        latest[key] = line
        lines.append(line)
    return lines
