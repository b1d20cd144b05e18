"""Everything that happened to one instrument: filed, changed, booked, decided, used otherwise. Facts, no words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from .. import scoping
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..models import AppointmentItem, AuditEvent, MeasuringInstrument, Receipt, Slip
from ..permissions import Permission, require
from ..states import ItemStatus

MOST_EVENTS = 200
MOST_BOOKINGS = 50

DECISIONS = {AuditAction.ITEM_ACCEPTED.value: "accepted", AuditAction.ITEM_RETURNED.value: "returned"}
"""Steps an institution writes a receipt with, by the receipt's `decision`."""
WRITTEN_BY_RESULTS = frozenset({"verified_on", "verified_by_id", "outcome"})
"""Columns of the ledger that nothing but a published result changes."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a booking: the audit's event, the slip it was about, the receipt that was written with it."""

    event: AuditEvent
    item: AppointmentItem
    slip: Slip | None
    receipt: Receipt | None


@dataclass(frozen=True, slots=True)
class Past:
    """What the ledger and the appointments know of an instrument; each part newest first."""

    changes: Sequence[AuditEvent]
    bookings: Sequence[AppointmentItem]
    """Submitted items; when is their appointment's `submitted_at`."""
    steps: Sequence[Step]


def is_told_by_result(event: AuditEvent) -> bool:
    """Whether this change of the ledger is what publishing a result wrote there."""
    return bool(WRITTEN_BY_RESULTS & set(event.after or {}))


def of(actor: Actor, instrument_id: int) -> Past:
    """The past of one's own instrument; raises `Forbidden`, `NotFound`."""
    require(actor, Permission.OWN_LEDGER_READ)
    scoping.find(actor, MeasuringInstrument, instrument_id)
    items = _bookings(instrument_id)
    changes = _events(MeasuringInstrument.__tablename__, [instrument_id])
    return Past(changes=changes, bookings=items, steps=_steps(items))


def _events(table: str, keys: Sequence[int]) -> list[AuditEvent]:
    statement = sa.select(AuditEvent).where(
        AuditEvent.subject_type == table, AuditEvent.subject_id.in_([str(key) for key in keys])
    )
    return list(db.session.scalars(statement.order_by(AuditEvent.id.desc()).limit(MOST_EVENTS)))


def _bookings(instrument_id: int) -> list[AppointmentItem]:
    statement = (
        sa.select(AppointmentItem)
        .where(AppointmentItem.instrument_id == instrument_id, AppointmentItem.status != ItemStatus.DRAFT)
        .options(joinedload(AppointmentItem.appointment))
        .order_by(AppointmentItem.id.desc())
        .limit(MOST_BOOKINGS)
    )
    return list(db.session.scalars(statement))


def _steps(items: Sequence[AppointmentItem]) -> list[Step]:
    if not items:
        return []
    by_id = {str(item.id): item for item in items}
    appointments = {item.appointment_id for item in items}
    slips = {
        slip.number: slip
        for slip in db.session.scalars(
            sa.select(Slip).where(Slip.appointment_id.in_(appointments)).options(joinedload(Slip.institution))
        )
    }
    receipts = db.session.scalars(sa.select(Receipt).where(Receipt.appointment_id.in_(appointments))).all()
    steps = []
    for event in _events(AppointmentItem.__tablename__, [item.id for item in items]):
        facts = {**(event.before or {}), **(event.after or {})}
        slip = slips.get(str(facts.get("slip")))
        steps.append(Step(event, by_id[event.subject_id], slip, _receipt(event, slip, receipts)))
    return steps


def _receipt(event: AuditEvent, slip: Slip | None, receipts: Sequence[Receipt]) -> Receipt | None:
    """The receipt of this decision: of its slip, of its sort, written nearest to it."""
    decision = DECISIONS.get(event.action)
    code = (event.after or {}).get("return_code")
    fitting = [
        each
        for each in receipts
        if slip is not None
        and each.slip_id == slip.id
        and each.decision == decision
        and (decision != "returned" or each.return_code == code)
    ]
    return min(fitting, key=lambda each: abs(each.created_at - event.at), default=None)
