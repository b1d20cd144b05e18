"""Technical institutions, what they are authorised for, and what the law's \"named by\" says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..database import Model
from ..states import InstitutionType, Level
from .columns import Key, Stamped, Texts, code_column
from .reference import CatalogueItem, Division, InstrumentKind


class Institution(Stamped, Model):
    """技术机构: does the verification. `level` and `priority` rank it among those that could."""

    __tablename__ = "institution"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(sa.String(100), unique=True)
    type: Mapped[InstitutionType] = mapped_column(code_column(InstitutionType))
    level: Mapped[Level] = mapped_column(code_column(Level))
    seat_division_code: Mapped[str] = mapped_column(sa.ForeignKey("division.code"), index=True)
    address: Mapped[str] = mapped_column(sa.String(200))
    reception_place: Mapped[str] = mapped_column(sa.String(200), default="")
    contact: Mapped[str] = mapped_column(sa.String(50), default="")
    phone: Mapped[str] = mapped_column(sa.String(20))
    priority: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)

    seat: Mapped[Division] = relationship()
    suspensions: Mapped[list[InstitutionSuspension]] = relationship(
        back_populates="institution", order_by="InstitutionSuspension.starts_on", cascade="all, delete-orphan"
    )
    laboratories: Mapped[list[Laboratory]] = relationship(back_populates="institution", order_by="Laboratory.id")

    def __str__(self) -> str:
        return self.name


class InstitutionSuspension(Model):
    """暂停受理: days on which an institution takes nothing, ends included."""

    __tablename__ = "institution_suspension"

    id: Mapped[Key]
    institution_id: Mapped[int] = mapped_column(sa.ForeignKey("institution.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(sa.String(200), default="")

    institution: Mapped[Institution] = relationship(back_populates="suspensions")

    def __str__(self) -> str:
        return f"{self.institution.name} {self.starts_on}—{self.ends_on or ''}"


class Laboratory(Model):
    """检定室: part of an institution that does certain kinds."""

    __tablename__ = "laboratory"

    id: Mapped[Key]
    institution_id: Mapped[int] = mapped_column(sa.ForeignKey("institution.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(50))
    phone: Mapped[str] = mapped_column(sa.String(20), default="")

    institution: Mapped[Institution] = relationship(back_populates="laboratories")

    __table_args__ = (sa.UniqueConstraint("institution_id", "name"),)

    def __str__(self) -> str:
        return self.name


class Capability(Stamped, Model):
    """授权检定项目: kind, service areas and validity; range, accuracy, delivery modes and scope where stated."""

    __tablename__ = "capability"

    id: Mapped[Key]
    institution_id: Mapped[int] = mapped_column(sa.ForeignKey("institution.id"), index=True)
    laboratory_id: Mapped[int | None] = mapped_column(sa.ForeignKey("laboratory.id"))
    kind_code: Mapped[str] = mapped_column(sa.ForeignKey("instrument_kind.code"), index=True)
    areas: Mapped[Texts]
    """Division codes; an area covers itself and everything below, `000000` the whole country."""
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    delivery_modes: Mapped[Texts]
    range_low: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    range_high: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    range_unit: Mapped[str | None] = mapped_column(sa.String(16))
    accuracies: Mapped[Texts] = mapped_column(default=list)
    """Accuracy classes it can verify; empty: not stated, not compared."""
    internal_units: Mapped[list[str] | None] = mapped_column(ARRAY(sa.Text))
    """Null: 面向社会. Else 仅限内部: exactly these unified social credit codes."""
    document_number: Mapped[str] = mapped_column(sa.String(64), default="")

    institution: Mapped[Institution] = relationship()
    laboratory: Mapped[Laboratory | None] = relationship()
    kind: Mapped[InstrumentKind] = relationship()

    __table_args__ = (sa.CheckConstraint("cardinality(areas) > 0", name="has_area"),)

    def __str__(self) -> str:
        return f"{self.institution.name} {self.kind.name}"


class Designation(Stamped, Model):
    """指定: the division names an institution for a kind or a whole item (计量法 article 9)."""

    __tablename__ = "designation"

    id: Mapped[Key]
    division_code: Mapped[str] = mapped_column(sa.ForeignKey("division.code"), index=True)
    kind_code: Mapped[str | None] = mapped_column(sa.ForeignKey("instrument_kind.code"), index=True)
    item_code: Mapped[str | None] = mapped_column(sa.ForeignKey("catalogue_item.code"), index=True)
    institution_id: Mapped[int] = mapped_column(sa.ForeignKey("institution.id"), index=True)
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    document_number: Mapped[str] = mapped_column(sa.String(64))

    division: Mapped[Division] = relationship()
    kind: Mapped[InstrumentKind | None] = relationship()
    item: Mapped[CatalogueItem | None] = relationship()
    institution: Mapped[Institution] = relationship()

    __table_args__ = (sa.CheckConstraint("(kind_code IS NULL) <> (item_code IS NULL)", name="kind_or_item"),)

    def __str__(self) -> str:
        return f"{self.division.name} {self.document_number}"
