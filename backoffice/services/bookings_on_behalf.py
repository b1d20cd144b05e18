"""代办 of appointments: booking for an enterprise in one step, and what waits until a walk-in is approved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from .. import audit
from ..actor import Actor, Role
from ..audit import AuditAction
from ..database import db
from ..errors import Invalid
from ..models import Appointment, AppointmentItem, Enterprise
from ..states import AppointmentStatus, EnterpriseStatus, ItemStatus
from . import accounts, appointment_drafts, appointments, notices, on_behalf


def book(
    actor: Actor, enterprise_id: int, instrument_ids: Sequence[int], *, wishes: dict[str, Any] | None = None
) -> Appointment:
    """Book instruments for an enterprise and submit at once; for a walk-in in review, as soon as it is approved.

    An institution's booking prefers this institution. Raises `Invalid` when nothing was chosen or one cannot be booked,
    `Conflict` when one was booked in the same moment, `NotFound`, `Forbidden`.
    """
    if actor.role is Role.INSTITUTION:
        # Approval writes this row before it looks for bookings that wait for it: neither misses the other.
        on_behalf.walk_in(actor, enterprise_id, lock=True)
    draft = appointment_drafts.create_draft(actor, enterprise_id)
    if not instrument_ids:
        raise Invalid.one("instruments", "nothing_chosen")
    appointment_drafts.choose(actor, draft.id, instrument_ids)
    appointment_drafts.set_details(actor, draft.id, types={}, wishes=wishes or {})
    if draft.enterprise.status is EnterpriseStatus.APPROVED:
        submitted = appointments.submit(actor, draft.id)
        _tell_enterprise(actor, submitted, len(instrument_ids))
        return submitted
    draft.is_submitted_on_approval = True
    db.session.flush()
    return draft


def _tell_enterprise(actor: Actor, appointment: Appointment, count: int) -> None:
    """Somebody else booked in its name: the enterprise reads it in its inbox."""
    notices.tell_enterprise(
        appointment.enterprise_id,
        "notice_booked_on_behalf",
        appointment,
        by=on_behalf.organisation_of(actor),
        number=appointment.number,
        count=count,
    )


def submit_waiting(enterprise: Enterprise) -> int:
    """Submit what was booked for a walk-in before its approval; returns how many appointments.

    It is the order of the person who booked: that person is named in the audit, also when the trader has claimed the
    account since. What cannot be booked any more is left out.
    """
    waiting = db.session.scalars(
        sa.select(Appointment)
        .where(
            Appointment.enterprise_id == enterprise.id,
            Appointment.status == AppointmentStatus.DRAFT,
            Appointment.is_submitted_on_approval.is_(True),
        )
        .order_by(Appointment.id)
        .with_for_update()
    ).all()
    return sum(_submit_one(accounts.person(draft.created_by), draft) for draft in waiting if draft.created_by)


def _submit_one(booker: Actor, draft: Appointment) -> bool:
    _leave_out_unbookable(booker, draft)
    if not draft.items:
        draft.is_submitted_on_approval = False
        return False
    appointments.submit_draft(booker, draft)
    _tell_enterprise(booker, draft, len(draft.items))
    return True


def _leave_out_unbookable(booker: Actor, draft: Appointment) -> None:
    appointment_drafts.load_instruments(draft)
    refused = appointment_drafts.why_not_bookable([item.instrument for item in draft.items])
    left_out = [item for item in draft.items if item.instrument_id in refused]
    for item in left_out:
        db.session.delete(item)
    if left_out:
        db.session.flush()
        db.session.expire(draft, ["items"])
        audit.record(booker, AuditAction.APPOINTMENT_CHANGED, draft, after={"removed": len(left_out)})


def items_of_walk_in(actor: Actor, enterprise_id: int) -> list[AppointmentItem]:
    """What this institution booked for a walk-in, newest first: its trader has nobody else to ask how it stands."""
    statement = (
        sa.select(AppointmentItem)
        .join(AppointmentItem.appointment)
        .where(
            AppointmentItem.enterprise_id == enterprise_id,
            Appointment.booked_by_institution_id == actor.institution_id,
            AppointmentItem.status != ItemStatus.WITHDRAWN,
        )
        .options(
            sa.orm.joinedload(AppointmentItem.instrument),
            sa.orm.joinedload(AppointmentItem.institution),
            sa.orm.contains_eager(AppointmentItem.appointment),
        )
        .order_by(AppointmentItem.id.desc())
        .limit(200)
    )
    return list(db.session.scalars(statement))
