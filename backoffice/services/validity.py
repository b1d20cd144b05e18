"""Until when a result is valid: the arithmetic of 检定周期, without database or clock.

A period counts the day of verification, so its last valid day is the day before the same day `months` later:
2026-05-10 and 12 months give 2027-05-09. Where that month is too short, its last day stands in for the missing one.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import MAXYEAR, date, timedelta


def last_valid_day(verified_on: date, period_months: int | None) -> date | None:
    """The last valid day, ends included; `None` where no period is known, because nothing is guessed."""
    if not period_months or period_months < 0:
        return None
    after = _months_later(verified_on, period_months)
    return after - timedelta(days=1) if after is not None else None


def _months_later(day: date, months: int) -> date | None:
    """The same day so many months later, at the month's end where there is none; `None` beyond the calendar."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    if year > MAXYEAR:
        return None
    return date(year, month, min(day.day, monthrange(year, month)[1]))
