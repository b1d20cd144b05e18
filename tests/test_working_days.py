"""Working days: overrides, the official calendar with its make-up days, an estimate beyond it, and the deadline."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from backoffice import clock, working_days
from backoffice.clock import ZONE


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZONE)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("day", "is_working"),
    [
        (date(2026, 11, 25), True),
        (date(2026, 11, 28), False),
        (date(2025, 10, 1), False),
        (date(2025, 10, 8), False),
        (date(2025, 9, 28), True),  # A Sunday people make up for the holiday.
        (date(2025, 10, 11), True),  # A Saturday likewise.
        (date(2025, 10, 12), False),
    ],
)
def test_the_official_calendar_decides_with_its_make_up_days(day: date, is_working: bool) -> None:
    answer = working_days.answer(day, {})
    assert answer == working_days.DayAnswer(is_working=is_working, is_estimated=False)


def test_an_override_wins_over_every_calendar() -> None:
    holiday, workday, beyond = date(2025, 10, 1), date(2025, 11, 25), date(2031, 1, 1)
    overrides = {holiday: True, workday: False, beyond: True}
    for day, is_working in overrides.items():
        assert working_days.answer(day, overrides) == working_days.DayAnswer(is_working, is_estimated=False)


def test_beyond_the_calendar_the_answer_is_an_estimate_and_never_an_error() -> None:
    day = date(2026, 12, 31)
    assert not working_days.answer(day, {}).is_estimated
    for days in range(1, 15 * 366):
        answer = working_days.answer(day + timedelta(days=days), {})
        assert answer.is_estimated
    assert not working_days.answer(date(2027, 1, 1), {}).is_working  # New Year's Day.
    assert not working_days.answer(date(2028, 10, 1), {}).is_working  # National Day.
    assert not working_days.answer(date(2027, 6, 5), {}).is_working  # A Saturday.
    assert working_days.answer(date(2027, 6, 2), {}).is_working


@pytest.mark.parametrize(
    ("since", "last"),
    [
        (moment(2025, 11, 24, 0, 0), date(2025, 11, 26)),
        (moment(2025, 11, 24, 23, 59, 59), date(2025, 11, 26)),
        (moment(2025, 11, 25, 0, 0), date(2025, 11, 27)),
        (moment(2025, 11, 27, 9, 0), date(2025, 12, 1)),  # Thursday: Friday, Monday.
        (moment(2025, 11, 29, 9, 0), date(2025, 12, 2)),  # Saturday: Monday, Tuesday.
        (moment(2025, 9, 30, 10, 0), date(2025, 10, 10)),  # Over National Day: Thursday the 9th, Friday the 10th.
        (moment(2025, 10, 9, 10, 0), date(2025, 10, 11)),  # Friday and the Saturday made up.
        (moment(2025, 9, 26, 16, 0), date(2025, 9, 29)),  # Friday: the Sunday made up, Monday.
    ],
)
def test_the_day_of_submission_does_not_count_and_the_second_working_day_ends_at_24(
    since: datetime, last: date
) -> None:
    due = working_days.deadline(since, 2, {})
    assert due == datetime.combine(last + timedelta(days=1), datetime.min.time(), ZONE)
    assert due.utcoffset() == timedelta(0)
    assert working_days.last_day(due) == last


def test_the_day_is_shanghais_and_not_utcs() -> None:
    before_midnight, after_midnight = datetime(2025, 11, 24, 15, 59, tzinfo=UTC), datetime(2025, 11, 24, 16, tzinfo=UTC)
    assert working_days.last_day(working_days.deadline(before_midnight, 2, {})) == date(2025, 11, 26)
    assert working_days.last_day(working_days.deadline(after_midnight, 2, {})) == date(2025, 11, 27)


def test_an_override_moves_a_deadline() -> None:
    since = moment(2025, 11, 24, 9)
    assert working_days.last_day(working_days.deadline(since, 2, {date(2025, 11, 25): False})) == date(2025, 11, 27)
    weekend = {date(2025, 11, 29): True}
    assert working_days.last_day(working_days.deadline(moment(2025, 11, 27, 9), 2, weekend)) == date(2025, 11, 29)


def test_working_days_past_count_from_the_deadline() -> None:
    due = working_days.deadline(moment(2025, 11, 26, 9), 2, {})  # 24:00 of Friday the 28th.
    for now, past in (
        (moment(2025, 11, 28, 23, 59), 0),
        (moment(2025, 11, 30, 12), 0),
        (moment(2025, 12, 1, 0, 1), 1),
        (moment(2025, 12, 2, 8), 2),
    ):
        assert working_days.working_days_past(due, now, {}) == past


def test_ends_and_beginnings_of_days_meet() -> None:
    day = date(2025, 12, 31)
    assert clock.end_of(day) == clock.start_of(day + timedelta(days=1)) == datetime(2025, 12, 31, 16, tzinfo=UTC)
