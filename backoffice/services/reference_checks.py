"""Checks that services of reference data share: texts, days, areas, and who still refers to a row."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from .. import scoping
from ..actor import Actor
from ..database import Base, Model, db, key_of
from ..errors import Conflict, FieldProblem, Invalid, NotFound
from ..models import Division

REASON_LENGTH = 200


class Problems:
    """Collects what is wrong with typed values, so that a form names all of it at once."""

    def __init__(self) -> None:
        self.found: dict[str, FieldProblem] = {}

    def add(self, field: str, code: str, **facts: Any) -> None:
        """The first problem of a field stays: the later ones are mostly its consequences."""
        self.found.setdefault(field, FieldProblem(code, facts))

    def refuse(self) -> None:
        """Raise `Invalid` when anything was found."""
        if self.found:
            raise Invalid(self.found)

    def text(self, field: str, value: str | None, *, limit: int, required: bool = False) -> str:
        """The trimmed text; notes a missing or too long one."""
        text = (value or "").strip()
        if required and not text:
            self.add(field, "required")
        elif len(text) > limit:
            self.add(field, "too_long", limit=limit, length=len(text))
        return text

    def code(self, field: str, value: Any, codes: type[StrEnum]) -> Any:
        """The value as one of a closed set of codes."""
        try:
            return codes(value)
        except ValueError:
            self.add(field, "required" if value in (None, "") else "not_a_choice")
            return None

    def codes(self, field: str, values: Iterable[Any], codes: type[StrEnum], *, required: bool = False) -> list[str]:
        """Several codes of a closed set, in the set's own order."""
        wanted = set(values or ())
        if wanted - {code.value for code in codes}:
            self.add(field, "not_a_choice")
        elif required and not wanted:
            self.add(field, "required")
        return [code.value for code in codes if code.value in wanted]

    def days(self, first: date | None, last: date | None, *, field: str) -> None:
        """Notes a period that ends before it begins; either end may be open."""
        if first is not None and last is not None and last < first:
            self.add(field, "dates_reversed")

    def reason(self, value: str | None, *, field: str = "reason") -> str:
        """Why somebody stops, ends or retires something; the audit keeps it."""
        text = (value or "").strip()
        if not text:
            self.add(field, "reason_needed")
        elif len(text) > REASON_LENGTH:
            self.add(field, "too_long", limit=REASON_LENGTH, length=len(text))
        return text

    def row(self, actor: Actor, field: str, model: type[Any], key: Any) -> Any | None:
        """The row a field points at, within the actor's scope."""
        if key in (None, ""):
            self.add(field, "required")
            return None
        try:
            return scoping.find(actor, model, key)
        except NotFound:
            self.add(field, "not_a_choice")
            return None

    def within_area(self, actor: Actor, field: str, codes: Collection[str]) -> None:
        """Notes divisions outside the actor's area, by name."""
        outside = outside_area(actor, codes)
        if outside:
            self.add(field, "outside_your_area", names=outside)


def outside_area(actor: Actor, codes: Collection[str]) -> list[str]:
    """Which of these divisions do not lie in the actor's area, as people read them; unknown codes as they are."""
    inside = set(
        db.session.scalars(
            sa.select(Division.code).where(
                Division.code.in_(set(codes)), Division.code.in_(scoping.area_codes(actor.division_code or ""))
            )
        )
    )
    outside = [code for code in dict.fromkeys(codes) if code not in inside]
    names: dict[str, str] = dict(
        db.session.execute(sa.select(Division.code, Division.name).where(Division.code.in_(outside))).tuples().all()
    )
    return [names.get(code, code) for code in outside]


def assign(row: Model, values: dict[str, Any]) -> None:
    """Set only what differs, so that the audit tells of real changes."""
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)


def references_to(row: Model, *, but: Collection[str] = ()) -> int:
    """How many rows of other tables (except `but`) point at this one by a foreign key."""
    table = type(row).__table__
    key = key_of(row)
    total = 0
    for other in Base.metadata.tables.values():
        for foreign in other.foreign_keys:
            if foreign.column.table is table and other.name not in but:
                statement = sa.select(sa.func.count()).select_from(other).where(foreign.parent == key)
                total += db.session.scalar(statement) or 0
    return total


def refuse_if_referred_to(count: int) -> None:
    """Raise `Conflict`: only what nothing refers to may be deleted; the rest is stopped or ended."""
    if count:
        raise Conflict("in_use_elsewhere", count=count)
