"""Keyset paging: the last page costs what the first does, and a cursor from a stranger can at worst show page one."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Numeric,
    Select,
    String,
    and_,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy import Enum as EnumType
from sqlalchemy.orm import InstrumentedAttribute, Session, scoped_session
from sqlalchemy.types import TypeEngine

from .keys import coerce_key, greatest_whole_number

MAX_CURSOR = 600
MAX_POSITION = 10**9
AnySession = Session | scoped_session[Any]


@dataclass(frozen=True, slots=True)
class Order:
    """Sort by one column, then by the key, both in the same direction; empty values come last either way."""

    key: InstrumentedAttribute[Any]
    column: Any = None
    descending: bool = False

    @property
    def by_key_only(self) -> bool:
        return self.column is None or self.column is self.key

    @property
    def may_be_empty(self) -> bool:
        return not self.by_key_only and getattr(self.column, "nullable", True)

    def clauses(self, *, backwards: bool) -> list[ColumnElement[Any]]:
        down = self.descending != backwards
        ordered: list[ColumnElement[Any]] = [self.key.desc() if down else self.key.asc()]
        if self.by_key_only:
            return ordered
        by = self.column.desc() if down else self.column.asc()
        if self.may_be_empty:
            by = by.nulls_first() if backwards else by.nulls_last()
        return [by, *ordered]

    def beyond(self, value: Any, key: Any, *, backwards: bool) -> ColumnElement[bool]:
        """Rows after (before, when `backwards`) the row with these values."""
        down = self.descending != backwards
        later_key = self.key < key if down else self.key > key
        if self.by_key_only:
            return later_key
        if not self.may_be_empty:
            here, there = tuple_(self.column, self.key), tuple_(literal(value, self.column.type), literal(key))
            return here < there if down else here > there
        if value is None:
            same = and_(self.column.is_(None), later_key)
            return or_(same, self.column.is_not(None)) if backwards else same
        later = self.column < value if down else self.column > value
        same = and_(self.column == value, later_key)
        return or_(later, same) if backwards else or_(later, same, self.column.is_(None))


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list. `first` and `last` are positions counted from 1; cursors are `None` at either end."""

    rows: Sequence[Any]
    first: int
    last: int
    after: str | None
    before: str | None


def keyset_page(
    session: AnySession, query: Select[Any], *, order: Order, size: int, after: str = "", before: str = ""
) -> Page:
    """One page of `query`. Cursors that cannot be read give the first page."""
    backwards = bool(before) and not after
    cursor = _read_cursor(after or before, order)
    backwards = backwards and cursor is not None
    if cursor is not None:
        query = query.where(order.beyond(cursor.value, cursor.key, backwards=backwards))
    rows = list(session.scalars(query.order_by(None).order_by(*order.clauses(backwards=backwards)).limit(size + 1)))
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    has_before, has_after = (more, True) if backwards else (cursor is not None, more)
    first = _first_position(cursor, len(rows), backwards=backwards)
    if backwards and not has_before:
        first = 1
    last = first + len(rows) - 1 if rows else 0
    return Page(
        rows=rows,
        first=first if rows else 0,
        last=last,
        after=_cursor(rows[-1], order, last) if rows and has_after else None,
        before=_cursor(rows[0], order, first) if rows and has_before else None,
    )


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows a list has; `capped` when there are at least `number`."""

    number: int
    capped: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.capped else ''}"


def count_rows(session: AnySession, query: Select[Any], *, cap: int) -> Count:
    """Count at most `cap` rows; the database stops reading there."""
    some = (
        query.order_by(None)
        .options()
        .with_only_columns(literal(1), maintain_column_froms=True)
        .limit(cap + 1)
        .subquery()
    )
    found = session.scalar(select(func.count()).select_from(some)) or 0
    return Count(min(found, cap), capped=found > cap)


@dataclass(frozen=True, slots=True)
class _Cursor:
    value: Any
    key: Any
    position: int


def _first_position(cursor: _Cursor | None, shown: int, *, backwards: bool) -> int:
    if cursor is None:
        return 1
    return max(1, cursor.position - shown) if backwards else cursor.position + 1


def _cursor(row: Any, order: Order, position: int) -> str:
    value = None if order.by_key_only else getattr(row, order.column.key)
    content = json.dumps([_plain(value), str(getattr(row, order.key.key)), position], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    if value is None or isinstance(value, (bool, int)):
        return value
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def _read_cursor(text: str, order: Order) -> _Cursor | None:
    """Read a cursor; anything unreadable, out of range or of another column's type is `None`."""
    if not text or len(text) > MAX_CURSOR:
        return None
    try:
        content = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        value, key, position = content
        read_key = coerce_key(order.key, key)
        read_value = None if order.by_key_only or value is None else _typed(order.column.type, value)
    except (ValueError, TypeError, KeyError, binascii.Error, InvalidOperation, OverflowError, RecursionError):
        return None
    if read_key is None or not isinstance(position, int) or not 0 <= position <= MAX_POSITION:
        return None
    if value is None and not order.by_key_only and not order.may_be_empty:
        return None
    return _Cursor(read_value, read_key, position)


def _typed(kind: TypeEngine[Any], value: Any) -> Any:
    """A cursor's value as the column's Python type; raises for what the column cannot hold."""
    if isinstance(kind, EnumType):
        return kind.enum_class[value] if kind.enum_class else str(value)
    if isinstance(kind, DateTime):
        return datetime.fromisoformat(value)
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    if isinstance(kind, Integer):
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > greatest_whole_number(kind):
            raise ValueError("not a whole number of this column")
        return value
    if isinstance(kind, Numeric):
        number = Decimal(value)
        if not number.is_finite() or abs(number.adjusted()) > 30:
            raise ValueError("not a number of this column")
        return number
    if isinstance(kind, String):
        if not isinstance(value, str) or "\x00" in value:
            raise ValueError("not a text")
        return value
    if isinstance(value, bool):
        return value
    raise TypeError(f"cannot page by {kind!r}")
