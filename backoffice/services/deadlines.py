"""What people let pass its day: marked and reported once, and nothing else changes."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa

from .. import audit, clock
from ..actor import SYSTEM
from ..audit import AuditAction
from ..database import db
from ..models import AppointmentItem, ChangeRequest, MeasuringInstrument, Registration, Slip
from ..states import ItemStatus, SlipStatus
from . import areas, notices

UNDECIDED = (SlipStatus.AWAITING, SlipStatus.PARTLY)
Timed = TypeVar("Timed", Registration, ChangeRequest, Slip)


def mark(
    model: type[Timed],
    waiting: sa.ColumnElement[bool],
    action: AuditAction,
    *,
    limit: int,
    now: datetime | None = None,
) -> list[Timed]:
    """Mark what still waits past its day, the oldest first, each once; whom to tell knows the caller."""
    now = now or clock.now()
    late = db.session.scalars(
        sa.select(model)
        .where(waiting, model.due_at <= now, model.marked_late_at.is_(None))
        .order_by(model.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=model)
    ).all()
    for row in late:
        row.marked_late_at = now
        audit.record(SYSTEM, action, row, after={"due_at": row.due_at})
    db.session.flush()
    return list(late)


def mark_late_slips(*, limit: int = 20) -> int:
    """Mark slips past their clock; the institution and the competent regulator are told. Returns how many."""
    late = mark(Slip, Slip.status.in_(UNDECIDED), AuditAction.SLIP_MARKED_LATE, limit=limit)
    for slip in late:
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
