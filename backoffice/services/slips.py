"""Slips: one per institution and appointment. Opening and joining, and states that follow from their items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

import sqlalchemy as sa

from .. import audit, clock, workflow
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict
from ..models import Appointment, AppointmentItem, Receipt, Slip
from ..states import AppointmentStatus, EndReason, SlipStatus
from . import areas, notices, numbers

Row = TypeVar("Row", AppointmentItem, Slip)

ACCEPTANCE_WORKING_DAYS = 2
"""The platform's service promise (guide, 注意事项 2), not a legal term."""


def lock_appointments(ids: Iterable[int]) -> list[Appointment]:
    """Take the appointments FOR UPDATE in one order: whoever changes items holds their appointment first."""
    statement = sa.select(Appointment).where(Appointment.id.in_(sorted(set(ids)))).order_by(Appointment.id)
    return list(db.session.scalars(statement.with_for_update().execution_options(populate_existing=True)))


def send(actor: Actor, appointment: Appointment, institution_id: int, item_ids: Sequence[int]) -> Slip:
    """Put items just matched to an institution on its slip, and tell the institution.

    They join the slip that is still 待受理, else the next slip of the same appointment is opened: an accepted slip
    never grows and its document never changes silently.
    """
    slip = _waiting_slip(appointment.id, institution_id)
    is_new = slip is None
    if slip is None:
        slip = _open(actor, appointment, institution_id)
    _attach(slip, item_ids)
    notices.tell_institution(
        institution_id,
        "notice_slip_arrived" if is_new else "notice_slip_grew",
        slip,
        enterprise=appointment.enterprise.name,
        number=slip.number,
        count=len(item_ids),
        due=areas.last_day(slip.due_at),
    )
    return slip


def _waiting_slip(appointment_id: int, institution_id: int) -> Slip | None:
    return db.session.scalars(
        sa.select(Slip).where(
            Slip.appointment_id == appointment_id,
            Slip.institution_id == institution_id,
            Slip.status == SlipStatus.AWAITING,
        )
    ).first()


def _open(actor: Actor, appointment: Appointment, institution_id: int) -> Slip:
    now = clock.now()
    slip = Slip(
        number=numbers.next_number(numbers.SLIP),
        appointment_id=appointment.id,
        enterprise_id=appointment.enterprise_id,
        institution_id=institution_id,
        status=SlipStatus.AWAITING,
        arrived_at=now,
        due_at=areas.deadline(now, ACCEPTANCE_WORKING_DAYS),
    )
    db.session.add(slip)
    db.session.flush()
    audit.record(actor, AuditAction.SLIP_OPENED, slip, after={"institution_id": institution_id})
    return slip


def _attach(slip: Slip, item_ids: Sequence[int]) -> None:
    db.session.execute(
        sa.update(AppointmentItem).where(AppointmentItem.id.in_(item_ids)).values(slip_id=slip.id),
        execution_options={"synchronize_session": False},
    )
    workflow.set_on_loaded_items(item_ids, {"slip_id": slip.id})


def refuse_if_left(actor: Actor, slip_id: int) -> None:
    """Raise `Conflict` when this slip was the actor's institution's until all its items were withdrawn or transferred.

    The institution was asked about it and may have its page open: an answer that comes too late is told why.
    """
    number = db.session.scalar(
        sa.select(Slip.number).where(Slip.id == slip_id, Slip.institution_id == actor.institution_id)
    )
    if actor.institution_id is not None and number is not None:
        raise Conflict("slip_left", number=number)


def refresh(appointment: Appointment) -> None:
    """Bring the states of an appointment's slips and its own in line with its items'; call after every move."""
    db.session.flush()
    items = _fresh(AppointmentItem, appointment)
    for slip in _fresh(Slip, appointment):
        slip.status = workflow.slip_status([workflow.state_on_slip(item) for item in items if item.slip_id == slip.id])
    has_receipt = db.session.scalar(sa.select(sa.exists().where(Receipt.appointment_id == appointment.id)))
    appointment.status = workflow.appointment_status(items, has_receipt=bool(has_receipt))
    db.session.flush()
    db.session.expire(appointment, ["items", "slips"])


def _fresh(model: type[Row], appointment: Appointment) -> list[Row]:
    """The appointment's rows as they are now: this session may have loaded them before it held the appointment."""
    statement = sa.select(model).where(model.appointment_id == appointment.id).order_by(model.id)
    return list(db.session.scalars(statement, execution_options={"populate_existing": True}))


def is_printable(slip: Slip) -> bool:
    """Printed only after acceptance (guide, 预约单打印)."""
    return (
        slip.status in (SlipStatus.ACCEPTED, SlipStatus.PARTLY, SlipStatus.COMPLETED) and slip.accepted_at is not None
    )


def printable_items(slip: Slip) -> list[AppointmentItem]:
    """Items the institution accepted, in the order of the appointment: what the slip lists. Not what was cancelled."""
    accepted = workflow.ACCEPTED_AND_AFTER
    return [item for item in slip.items if item.status in accepted and item.end_reason is not EndReason.BY_REGULATOR]


def is_open(appointment: Appointment) -> bool:
    return appointment.status in (AppointmentStatus.SUBMITTED, AppointmentStatus.FEEDBACK)
