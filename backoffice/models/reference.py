"""Reference data: divisions, the mandatory catalogue, option lists, working-day overrides."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..database import Model
from ..states import Level
from .columns import Key, Texts, code_column

WHOLE_COUNTRY = "000000"


class Division(Model):
    """行政区划 (GB/T 2260 tree plus local zones). Codes carry no meaning; the tree is `parent_code`."""

    __tablename__ = "division"

    code: Mapped[str] = mapped_column(sa.String(6), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(64))
    level: Mapped[Level] = mapped_column(code_column(Level))
    parent_code: Mapped[str | None] = mapped_column(sa.ForeignKey("division.code"), index=True)
    path: Mapped[str] = mapped_column(sa.String(64))
    """`/370000/370300/370303/`: every ancestor and itself, so that an area is one prefix."""
    source: Mapped[str] = mapped_column(sa.String(64), default="")
    is_retired: Mapped[bool] = mapped_column(default=False)

    parent: Mapped[Division | None] = relationship(remote_side=[code])

    __table_args__ = (sa.Index("ix_division_path", "path", postgresql_ops={"path": "text_pattern_ops"}),)

    def __str__(self) -> str:
        return f"{self.name}（{self.code}）"


class CatalogueItem(Model):
    """项别: first level of the mandatory catalogue."""

    __tablename__ = "catalogue_item"

    code: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(64))
    external_code: Mapped[str | None] = mapped_column(sa.String(16))
    is_active: Mapped[bool] = mapped_column(default=True)
    """停用 takes every kind of the item out of force with it."""

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class InstrumentKind(Model):
    """种别: second level of the mandatory catalogue."""

    __tablename__ = "instrument_kind"

    code: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    item_code: Mapped[str] = mapped_column(sa.ForeignKey("catalogue_item.code"), index=True)
    name: Mapped[str] = mapped_column(sa.String(64))
    aliases: Mapped[Texts] = mapped_column(default=list)
    supervision: Mapped[str] = mapped_column(sa.String(32), default="")
    """As the notice states it; empty means 待确认 (to be confirmed)."""
    verification_scheme: Mapped[str] = mapped_column(sa.String(64), default="")
    purposes: Mapped[Texts] = mapped_column(default=list)
    scope_note: Mapped[str] = mapped_column(sa.String(300), default="")
    default_period_months: Mapped[int | None]
    confidence: Mapped[str] = mapped_column(sa.String(16), default="unconfirmed")
    external_code: Mapped[str | None] = mapped_column(sa.String(16))
    is_retired: Mapped[bool] = mapped_column(default=False)
    """停用 of this kind alone; whether it may be used is `is_in_force`."""

    item: Mapped[CatalogueItem] = relationship(lazy="joined")

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @hybrid_property
    def is_in_force(self) -> bool:
        """Neither the kind nor its item is 停用; in statements as well."""
        return not self.is_retired and self.item.is_active

    @is_in_force.inplace.expression
    @classmethod
    def _is_in_force(cls) -> sa.ColumnElement[bool]:
        items_in_force = sa.select(CatalogueItem.code).where(CatalogueItem.is_active)
        return sa.and_(cls.is_retired.is_(False), cls.item_code.in_(items_in_force))

    @property
    def is_to_be_confirmed(self) -> bool:
        return not self.supervision

    @property
    def is_mandatory(self) -> bool:
        """Only a stated supervision without 强制检定 is not; an unstated one may be booked, marked 待确认."""
        return not self.supervision or "强制检定" in self.supervision


class OptionValue(Model):
    """An entry of an option list people may edit (器具产地 …)."""

    __tablename__ = "option_value"

    id: Mapped[Key]
    list_code: Mapped[str] = mapped_column(sa.String(32))
    code: Mapped[str] = mapped_column(sa.String(32))
    label: Mapped[str] = mapped_column(sa.String(64))
    position: Mapped[int] = mapped_column(default=0)
    is_active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (sa.UniqueConstraint("list_code", "code"),)

    def __str__(self) -> str:
        return self.label


class WorkingDayOverride(Model):
    """A day a person declared working or not; wins over every calendar."""

    __tablename__ = "working_day_override"

    day: Mapped[date] = mapped_column(primary_key=True)
    is_working: Mapped[bool]
    note: Mapped[str] = mapped_column(sa.String(100), default="")
