"""Which day suits a visit: proposed within the enterprise's wish, and what is doubtful about one somebody typed.

Doubts are no refusal: the institution may have agreed on the day by telephone. Only a past day is refused.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from .. import clock, working_days
from ..messages.wording import WEEKDAYS
from ..models import Appointment
from . import areas

PROPOSED_WORKING_DAYS = 2
"""The day that is proposed where the enterprise has no wish, counted from today."""
FAR_DAYS = 60
NAMED_WEEKDAYS = re.compile(r"(?:星期|周|礼拜)([一二三四五六日天])")


def weekdays_against(words: str) -> frozenset[int]:
    """Weekdays (Monday is 0) an enterprise names as inconvenient, like 星期三不行."""
    return frozenset(WEEKDAYS.index(found.replace("天", "日")) for found in NAMED_WEEKDAYS.findall(words))


def proposed(appointment: Appointment) -> date:
    """The first working day the enterprise wishes, from the second working day on; else that one."""
    usual = areas.last_day(areas.deadline(clock.now(), PROPOSED_WORKING_DAYS))
    if appointment.wish_from is None and appointment.wish_until is None:
        return usual
    start = max(usual, appointment.wish_from or usual)
    until = appointment.wish_until or start + timedelta(days=FAR_DAYS)
    if until < start:  # Less notice than usual, where the wish leaves no more.
        start = max(clock.today() + timedelta(days=1), appointment.wish_from or clock.today())
    overrides, against = areas.overrides(), weekdays_against(appointment.wish_against)
    days = [start + timedelta(days=number) for number in range(max(0, (until - start).days) + 1)][:366]
    working = [day for day in days if day <= until and working_days.answer(day, overrides).is_working]
    return next((day for day in working if day.weekday() not in against), working[0] if working else usual)


def doubts(appointment: Appointment, day: date) -> list[str]:
    """Codes of sentences about what speaks against a day; none for one that suits."""
    start, until = appointment.wish_from, appointment.wish_until
    found = []
    if (start is not None and day < start) or (until is not None and day > until):
        found.append("day_outside_wish")
    if day.weekday() in weekdays_against(appointment.wish_against):
        found.append("day_named_inconvenient")
    if not working_days.answer(day, areas.overrides()).is_working:
        found.append("day_not_working")
    if day > clock.today() + timedelta(days=FAR_DAYS):
        found.append("day_far_away")
    return found
