"""Results of verification. Entered by an institution, published by another person of it."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..database import Model
from ..states import DocumentType, Outcome
from .appointment import AppointmentItem
from .columns import Key, Moment, Stamped, code_column
from .enterprise import Enterprise
from .institution import Institution
from .instrument import MeasuringInstrument


class Verification(Stamped, Model):
    """检定结果 of one instrument; only a published one changes the ledger's certificate fields."""

    __tablename__ = "verification"

    id: Mapped[Key]
    instrument_id: Mapped[int] = mapped_column(sa.ForeignKey("measuring_instrument.id"), index=True)
    enterprise_id: Mapped[int] = mapped_column(sa.ForeignKey("enterprise.id"), index=True)
    institution_id: Mapped[int] = mapped_column(sa.ForeignKey("institution.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(sa.ForeignKey("appointment_item.id"), index=True)
    verified_on: Mapped[date]
    outcome: Mapped[Outcome] = mapped_column(code_column(Outcome))
    document_type: Mapped[DocumentType] = mapped_column(code_column(DocumentType))
    document_number: Mapped[str | None] = mapped_column(sa.String(64))
    valid_until: Mapped[date | None]
    verifier: Mapped[str] = mapped_column(sa.String(50))
    checker: Mapped[str] = mapped_column(sa.String(50), default="")
    approver: Mapped[str] = mapped_column(sa.String(50), default="")
    regulation: Mapped[str] = mapped_column(sa.String(64), default="")
    seal_number: Mapped[str] = mapped_column(sa.String(64), default="")
    entered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("app_user.id"))
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("app_user.id"))
    published_at: Mapped[Moment | None]
    revision: Mapped[int] = mapped_column(default=1)
    revises_id: Mapped[int | None] = mapped_column(sa.ForeignKey("verification.id"))
    revision_reason: Mapped[str] = mapped_column(sa.String(200), default="")
    voided_at: Mapped[Moment | None]

    instrument: Mapped[MeasuringInstrument] = relationship()
    institution: Mapped[Institution] = relationship()
    enterprise: Mapped[Enterprise] = relationship()
    item: Mapped[AppointmentItem | None] = relationship()

    __table_args__ = (
        sa.Index("ix_verification_document", "institution_id", "document_number"),
        sa.Index(
            "uq_verification_item_entered",
            "item_id",
            unique=True,
            postgresql_where=sa.text("published_at IS NULL AND voided_at IS NULL"),
        ),
    )

    def __str__(self) -> str:
        return self.document_number or str(self.instrument)
