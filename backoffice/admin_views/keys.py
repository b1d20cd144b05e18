"""Keys from URLs and forms: coerced by the column's type and range, so that no hostile text reaches the database."""

from __future__ import annotations

import re
import uuid
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Column, Date, Integer, SmallInteger, String, Uuid, inspect
from sqlalchemy.orm import InstrumentedAttribute

MAX_TEXT_KEY = 200
_digits = re.compile(r"[0-9]{1,19}")
_control = re.compile(r"[\x00-\x1f\x7f]")


def key_attribute(model: type[Any]) -> InstrumentedAttribute[Any]:
    """The mapped attribute of a model's one-column primary key; raises `TypeError` for a composite key."""
    mapper = inspect(model)
    if len(mapper.primary_key) != 1:
        raise TypeError(f"{model.__name__} needs a one-column key to have pages of its own")
    attribute: InstrumentedAttribute[Any] = getattr(model, mapper.get_property_by_column(mapper.primary_key[0]).key)
    return attribute


def key_of(row: Any) -> Any:
    """The primary key value of a row."""
    return getattr(row, key_attribute(type(row)).key)


def coerce_key(column: Column[Any] | InstrumentedAttribute[Any], raw: object) -> Any | None:
    """`raw` as a value the key column can hold, `None` when it cannot be one."""
    text = str(raw)
    kind = column.type
    if isinstance(kind, Integer):
        return _whole_number(text, greatest_whole_number(kind))
    if isinstance(kind, Uuid):
        return _uuid(text)
    if isinstance(kind, String):
        fits = 0 < len(text) <= (kind.length or MAX_TEXT_KEY)
        return text if fits and not _control.search(text) else None
    if isinstance(kind, Date):
        return _day(text)
    raise TypeError(f"keys of type {kind!r} are not supported")


def greatest_whole_number(kind: Integer) -> int:
    """The largest value an integer column of this type holds."""
    if isinstance(kind, SmallInteger):
        return 2**15 - 1
    return 2**63 - 1 if isinstance(kind, BigInteger) else 2**31 - 1


def _whole_number(text: str, greatest: int) -> int | None:
    if not _digits.fullmatch(text) or text != str(int(text)):
        return None
    return int(text) if int(text) <= greatest else None


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return found if found is not None and found.isoformat() == text else None


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
