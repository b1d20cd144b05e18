"""Slips whose institution let its two working days pass: marked and reported once, and nothing else changes."""

from __future__ import annotations

import sqlalchemy as sa

from .. import audit, clock
from ..actor import SYSTEM
from ..audit import AuditAction
from ..database import db
from ..models import AppointmentItem, MeasuringInstrument, Slip
from ..states import ItemStatus, SlipStatus
from . import areas, notices

UNDECIDED = (SlipStatus.AWAITING, SlipStatus.PARTLY)


def mark_late_slips(*, limit: int = 20) -> int:
    """Mark slips past their clock; the institution and the competent regulator are told. Returns how many."""
    late = db.session.scalars(
        sa.select(Slip)
        .where(Slip.status.in_(UNDECIDED), Slip.due_at <= clock.now(), Slip.marked_late_at.is_(None))
        .order_by(Slip.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for slip in late:
        slip.marked_late_at = clock.now()
        audit.record(SYSTEM, AuditAction.SLIP_MARKED_LATE, slip, after={"due_at": slip.due_at})
        _tell(slip)
    db.session.flush()
    return len(late)


def _tell(slip: Slip) -> None:
    due = areas.last_day(slip.due_at)
    notices.tell_institution(slip.institution_id, "notice_slip_late", slip, number=slip.number, due=due)
    places = db.session.scalars(
        sa.select(MeasuringInstrument.division_code)
        .join(AppointmentItem, AppointmentItem.instrument_id == MeasuringInstrument.id)
        .where(AppointmentItem.slip_id == slip.id, AppointmentItem.status == ItemStatus.AWAITING_ACCEPTANCE)
        .distinct()
    ).all()
    for office in sorted({office for place in places if (office := areas.competent_division(place))}):
        notices.tell_regulator(office, "notice_slip_late", slip, number=slip.number, due=due)
