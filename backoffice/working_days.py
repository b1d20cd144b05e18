"""Working days of the service promise: overrides first, then the official calendar, then an estimate.

`chinesecalendar` knows the State Council's arrangements up to the end of its data and raises beyond; there a plain
weekday rule with the fixed public holidays of `holidays` answers and the answer is marked as estimated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import chinese_calendar
import holidays

from . import clock

Overrides = Mapping[date, bool]
"""Days a person declared working (True) or not (False); they win over every calendar."""


@dataclass(frozen=True, slots=True)
class DayAnswer:
    is_working: bool
    is_estimated: bool


def answer(day: date, overrides: Overrides) -> DayAnswer:
    if day in overrides:
        return DayAnswer(is_working=overrides[day], is_estimated=False)
    return _calendar_answer(day)


@lru_cache(maxsize=4096)
def _calendar_answer(day: date) -> DayAnswer:
    try:
        return DayAnswer(is_working=chinese_calendar.is_workday(day), is_estimated=False)
    except NotImplementedError:
        is_working = day.weekday() < 5 and day not in _public_holidays(day.year)
        return DayAnswer(is_working=is_working, is_estimated=True)


@lru_cache(maxsize=16)
def _public_holidays(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("CN", years=year)


def nth_working_day_after(day: date, count: int, overrides: Overrides) -> date:
    """The count-th working day after `day`, which itself does not count."""
    while count > 0:
        day += timedelta(days=1)
        if answer(day, overrides).is_working:
            count -= 1
    return day


def deadline(since: datetime, working_days: int, overrides: Overrides) -> datetime:
    """When a promise made at `since` is broken: 24:00 (Shanghai) of its last working day, in UTC."""
    last = nth_working_day_after(clock.local(since).date(), working_days, overrides)
    return clock.end_of(last)


def last_day(due_at: datetime) -> date:
    """The working day whose 24:00 a deadline is; people read that day, not the midnight after it."""
    return clock.local(due_at - timedelta(microseconds=1)).date()


def working_days_past(due_at: datetime, now: datetime, overrides: Overrides) -> int:
    """How many working days have passed since a deadline; 0 while it has not passed."""
    day, past = last_day(due_at), 0
    while (day := day + timedelta(days=1)) <= clock.local(now).date():
        past += answer(day, overrides).is_working
    return past
