"""What an enterprise submits, the slips it splits into, and the institutions' receipts."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..database import Model
from ..states import (
    OPEN_ITEMS,
    ApplicationType,
    AppointmentStatus,
    EndReason,
    ItemStatus,
    LastInstitution,
    MatchTrigger,
    ReturnCode,
    SlipStatus,
)
from .columns import Key, Moment, Stamped, code_column
from .enterprise import Enterprise
from .institution import Institution
from .instrument import MeasuringInstrument
from .matching import MatchingDecision
from .people import User


class Appointment(Stamped, Model):
    """预约申请. Its status is a function of its items' (`workflow.appointment_status`)."""

    __tablename__ = "appointment"

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(sa.String(20), unique=True)
    enterprise_id: Mapped[int] = mapped_column(sa.ForeignKey("enterprise.id"))
    status: Mapped[AppointmentStatus] = mapped_column(
        code_column(AppointmentStatus), default=AppointmentStatus.DRAFT, index=True
    )
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("app_user.id"))
    submitted_at: Mapped[Moment | None]
    due_at: Mapped[Moment | None]
    """The promise: two working days from submission; it never restarts."""
    wish_from: Mapped[date | None]
    wish_until: Mapped[date | None]
    wish_against: Mapped[str] = mapped_column(sa.String(200), default="")
    site_contact: Mapped[str] = mapped_column(sa.String(50), default="")
    site_phone: Mapped[str] = mapped_column(sa.String(20), default="")
    booked_by_institution_id: Mapped[int | None] = mapped_column(sa.ForeignKey("institution.id"), index=True)
    """代办: the institution that books for a walk-in; its items prefer it."""
    booked_by_division_code: Mapped[str | None] = mapped_column(sa.ForeignKey("division.code"), index=True)
    """代办: the division whose regulator books on behalf."""
    is_submitted_on_approval: Mapped[bool] = mapped_column(default=False)
    """A draft that submits itself when the walk-in's registration is approved."""

    enterprise: Mapped[Enterprise] = relationship()
    created_by: Mapped[User | None] = relationship()
    items: Mapped[list[AppointmentItem]] = relationship(
        back_populates="appointment", order_by="AppointmentItem.id", foreign_keys="AppointmentItem.appointment_id"
    )
    slips: Mapped[list[Slip]] = relationship(back_populates="appointment", order_by="Slip.id")
    receipts: Mapped[list[Receipt]] = relationship(back_populates="appointment", order_by="Receipt.id.desc()")

    __table_args__ = (sa.Index("ix_appointment_enterprise", "enterprise_id", "id"),)

    def __str__(self) -> str:
        return self.number


class Slip(Stamped, Model):
    """强制检定预约单: the items of one appointment that went to one institution. It has the institution's clock."""

    __tablename__ = "slip"

    id: Mapped[Key]
    number: Mapped[str] = mapped_column(sa.String(20), unique=True)
    appointment_id: Mapped[int] = mapped_column(sa.ForeignKey("appointment.id"), index=True)
    enterprise_id: Mapped[int] = mapped_column(sa.ForeignKey("enterprise.id"), index=True)
    institution_id: Mapped[int] = mapped_column(sa.ForeignKey("institution.id"))
    status: Mapped[SlipStatus] = mapped_column(code_column(SlipStatus), default=SlipStatus.AWAITING)
    arrived_at: Mapped[Moment]
    due_at: Mapped[Moment]
    marked_late_at: Mapped[Moment | None]
    first_decided_at: Mapped[Moment | None]
    accepted_at: Mapped[Moment | None]
    accepted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("app_user.id"))
    appointed_on: Mapped[date | None]
    appointed_time: Mapped[str] = mapped_column(sa.String(50), default="")
    place: Mapped[str] = mapped_column(sa.String(200), default="")
    words: Mapped[str] = mapped_column(sa.String(500), default="")
    version: Mapped[int] = mapped_column(default=1)
    """Printed on the slip: grows with every change after the first acceptance."""
    printed: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """What this version says of people, places and instruments: later changes of those records do not change it."""

    appointment: Mapped[Appointment] = relationship(back_populates="slips")
    enterprise: Mapped[Enterprise] = relationship()
    institution: Mapped[Institution] = relationship()
    accepted_by: Mapped[User | None] = relationship()
    items: Mapped[list[AppointmentItem]] = relationship(back_populates="slip", order_by="AppointmentItem.id")

    __table_args__ = (
        sa.Index("ix_slip_institution_status", "institution_id", "status", "id"),
        sa.Index("ix_slip_open_due", "due_at", postgresql_where=sa.text("status IN ('awaiting', 'partly')")),
    )

    def __str__(self) -> str:
        return self.number


class AppointmentItem(Stamped, Model):
    """计量器具信息 of an appointment: one instrument with its 流程状态."""

    __tablename__ = "appointment_item"

    id: Mapped[Key]
    appointment_id: Mapped[int] = mapped_column(sa.ForeignKey("appointment.id"), index=True)
    enterprise_id: Mapped[int] = mapped_column(sa.ForeignKey("enterprise.id"))
    instrument_id: Mapped[int] = mapped_column(sa.ForeignKey("measuring_instrument.id"), index=True)
    application_type: Mapped[ApplicationType] = mapped_column(code_column(ApplicationType))
    status: Mapped[ItemStatus] = mapped_column(code_column(ItemStatus), default=ItemStatus.DRAFT)
    status_since: Mapped[Moment]
    slip_id: Mapped[int | None] = mapped_column(sa.ForeignKey("slip.id"), index=True)
    institution_id: Mapped[int | None] = mapped_column(sa.ForeignKey("institution.id"), index=True)
    """The institution that holds it now; empty while it is nobody's."""
    decision_id: Mapped[int | None] = mapped_column(sa.ForeignKey("matching_decision.id"))
    match_trigger: Mapped[MatchTrigger] = mapped_column(code_column(MatchTrigger), default=MatchTrigger.SUBMITTED)
    """What last sent it to be matched."""
    last_institution_answer: Mapped[LastInstitution | None] = mapped_column(code_column(LastInstitution))
    preferred_institution_id: Mapped[int | None] = mapped_column(sa.ForeignKey("institution.id"))
    return_code: Mapped[ReturnCode | None] = mapped_column(code_column(ReturnCode))
    return_words: Mapped[str] = mapped_column(sa.String(500), default="")
    returned_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("institution.id"))
    returned_facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """What the ledger said of the instrument when it was returned (`services/instrument_facts`)."""
    end_reason: Mapped[EndReason | None] = mapped_column(code_column(EndReason))
    assignment_reason: Mapped[str] = mapped_column(sa.String(500), default="")
    """Why a regulator sent it where it is by hand."""
    office_answer: Mapped[str] = mapped_column(sa.String(500), default="")
    """What the competent office answered about an item nobody can take."""
    office_answered_at: Mapped[Moment | None]
    superseded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("appointment_item.id"))
    """The item of a later appointment that took a failed one's place."""
    put_aside_at: Mapped[Moment | None]
    """不再预约: the enterprise let a failed item rest."""

    appointment: Mapped[Appointment] = relationship(back_populates="items", foreign_keys=[appointment_id])
    enterprise: Mapped[Enterprise] = relationship()
    instrument: Mapped[MeasuringInstrument] = relationship()
    slip: Mapped[Slip | None] = relationship(back_populates="items")
    institution: Mapped[Institution | None] = relationship(foreign_keys=[institution_id])
    preferred_institution: Mapped[Institution | None] = relationship(foreign_keys=[preferred_institution_id])
    returned_by: Mapped[Institution | None] = relationship(foreign_keys=[returned_by_id])
    decision: Mapped[MatchingDecision | None] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("appointment_id", "instrument_id"),
        sa.Index(
            "uq_appointment_item_open_instrument",
            "instrument_id",
            unique=True,
            postgresql_where=sa.text(f"status IN ({', '.join(repr(status.value) for status in OPEN_ITEMS)})"),
        ),
        sa.Index("ix_appointment_item_waiting", "id", postgresql_where=sa.text("status = 'matching'")),
        sa.Index("ix_appointment_item_unmatched", "id", postgresql_where=sa.text("status = 'unmatched'")),
        sa.Index("ix_appointment_item_institution_status", "institution_id", "status"),
    )

    @property
    def is_resolved(self) -> bool:
        """A failed item counts as ended once it was re-submitted or put aside."""
        return self.superseded_by_id is not None or self.put_aside_at is not None


class Receipt(Model):
    """回执: an institution's decision in words the enterprise reads."""

    __tablename__ = "receipt"

    id: Mapped[Key]
    appointment_id: Mapped[int] = mapped_column(sa.ForeignKey("appointment.id"), index=True)
    slip_id: Mapped[int] = mapped_column(sa.ForeignKey("slip.id"), index=True)
    institution_id: Mapped[int] = mapped_column(sa.ForeignKey("institution.id"))
    decision: Mapped[str] = mapped_column(sa.String(16))
    """`accepted`, `returned`, or `changed`: another date, place or words after the acceptance."""
    item_count: Mapped[int]
    words: Mapped[str] = mapped_column(sa.String(1000))
    return_code: Mapped[ReturnCode | None] = mapped_column(code_column(ReturnCode))
    arrangement: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """Date, time and place as this receipt told them (`services/arrangements`): a later change is a new receipt."""
    written_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("app_user.id"))
    created_at: Mapped[Moment]

    appointment: Mapped[Appointment] = relationship(back_populates="receipts")
    slip: Mapped[Slip] = relationship()
    institution: Mapped[Institution] = relationship()
    written_by: Mapped[User | None] = relationship()
