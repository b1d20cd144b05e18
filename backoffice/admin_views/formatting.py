"""Values as people read them in lists, records and exports."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from ..messages.labels import badge_class, label
from ..messages.wording import day_with_weekday, moment

MISSING = "—"


def badge(label: str, tone: str = "", state: str = "") -> Markup:
    """A state: a glyph and a word. Tones: "" not begun, now, ok, warn, bad, end; `state` is the code for programs."""
    return Markup('<span class="badge {}"{}>{}</span>').format(
        tone, Markup(' data-state="{}"').format(state) if state else "", label
    )


def day(value: date | None) -> str:
    """2026-11-24."""
    return value.isoformat() if value else MISSING


def code(value: object) -> Markup | str:
    """A code or number in the mono face, never wrapped."""
    return Markup('<span class="code nowrap">{}</span>').format(value) if value not in (None, "") else MISSING


def plain(value: Any) -> Any:
    """Any value as text for a page: missing ones as —, days and times as people write them."""
    if value is None or value == "":
        return MISSING
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, StrEnum):
        return label(value)
    if isinstance(value, (list, tuple, set)):
        return "、".join(str(plain(each)) for each in value) or MISSING
    return value


def state_badge(state: StrEnum | None) -> Markup | str:
    """A state as its badge, with the word and the look `messages.labels` gives it."""
    return badge(label(state), badge_class(state), state.value) if state is not None else MISSING


def as_badge(_view: Any, _context: Any, row: Any, name: str) -> Markup | str:
    """Column formatter: a state column as its badge."""
    return state_badge(getattr(row, name))


def choices_of(codes: type[StrEnum]) -> list[tuple[StrEnum, str]]:
    """Every code of a closed set with its word, for `form_choices` and filters."""
    return [(code, label(code)) for code in codes]


TYPE_FORMATTERS: dict[Any, Callable[..., Any]] = {
    kind: (lambda _view, value, _name: plain(value))
    for kind in (type(None), bool, datetime, date, StrEnum, list, tuple, set)
}

__all__ = [
    "MISSING",
    "TYPE_FORMATTERS",
    "as_badge",
    "badge",
    "choices_of",
    "code",
    "day",
    "day_with_weekday",
    "moment",
    "plain",
    "state_badge",
]
