"""How facts are written inside sentences: days, moments, counts, codes."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from .. import clock
from .labels import label

WEEKDAYS = "一二三四五六日"


def N_(msgid: str) -> str:
    """Mark a Chinese sentence for gettext extraction; it is translated when it is read."""
    return msgid


def readable(value: Any) -> str:
    """A fact as people read it; a missing one is an em dash."""
    if value is None or value == "":
        return "—"
    if isinstance(value, StrEnum):
        return label(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "、".join(readable(entry) for entry in value)
    return str(value)


def moment(value: datetime) -> str:
    return clock.local(value).strftime("%Y-%m-%d %H:%M")


def day_with_weekday(value: date) -> str:
    """2026-11-26（周四）: for days on which somebody must come or answer."""
    return f"{value.isoformat()}（{weekday_words(value)}）"


def weekday_words(value: date) -> str:
    return f"周{WEEKDAYS[value.weekday()]}"
