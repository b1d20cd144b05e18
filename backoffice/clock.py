"""The one source of now and today.

Times are aware and UTC; days are those of Asia/Shanghai. Nothing else in the product calls `datetime.now`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")

_offset = timedelta()
_fixed: ContextVar[datetime | None] = ContextVar("fixed_now", default=None)


def set_offset(offset: timedelta) -> None:
    """Move the whole process's clock; called once at start from the settings."""
    global _offset
    _offset = offset


def now() -> datetime:
    return _fixed.get() or datetime.now(UTC) + _offset


def today() -> date:
    return local(now()).date()


def local(moment: datetime) -> datetime:
    """The same moment as people in China read it."""
    return moment.astimezone(ZONE)


def end_of(day: date) -> datetime:
    """24:00 of a day in Shanghai, as UTC."""
    return datetime.combine(day + timedelta(days=1), time(), ZONE).astimezone(UTC)


def start_of(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Hold the clock at a moment: the demo data is made through the services with the clock set back."""
    token = _fixed.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)
