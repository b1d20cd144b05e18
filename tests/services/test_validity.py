"""有效期至: the arithmetic of a period, with the calendar's corners."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.services.validity import last_valid_day

DAYS = st.dates(min_value=date(1950, 1, 1), max_value=date(2100, 12, 31))
MONTHS = st.integers(min_value=1, max_value=240)


@pytest.mark.parametrize(
    ("verified_on", "months", "expected"),
    [
        (date(2026, 5, 10), 12, date(2027, 5, 9)),
        (date(2026, 1, 1), 12, date(2026, 12, 31)),
        (date(2026, 3, 1), 12, date(2027, 2, 28)),
        (date(2027, 3, 1), 12, date(2028, 2, 29)),
        (date(2026, 8, 31), 6, date(2027, 2, 27)),
        (date(2024, 2, 29), 12, date(2025, 2, 27)),
        (date(2026, 12, 31), 6, date(2027, 6, 29)),
        (date(2026, 5, 10), None, None),
        (date(2026, 5, 10), 0, None),
        (date(2026, 5, 10), -1, None),
        (date(9999, 5, 10), 12, None),
    ],
)
def test_the_last_valid_day(verified_on: date, months: int | None, expected: date | None) -> None:
    assert last_valid_day(verified_on, months) == expected


@given(day=DAYS, months=MONTHS)
def test_the_day_after_is_in_the_month_of_the_period(day: date, months: int) -> None:
    found = last_valid_day(day, months)
    assert found is not None
    after = found + timedelta(days=1)
    assert after.year * 12 + after.month == day.year * 12 + day.month + months
    assert after.day == min(day.day, monthrange(after.year, after.month)[1])


@given(day=DAYS, months=MONTHS)
def test_a_later_verification_and_a_longer_period_never_end_earlier(day: date, months: int) -> None:
    found, later, longer = (
        last_valid_day(day, months),
        last_valid_day(day + timedelta(days=1), months),
        last_valid_day(day, months + 1),
    )
    assert found is not None
    assert later is not None
    assert longer is not None
    assert day <= found <= later
    assert found < longer
