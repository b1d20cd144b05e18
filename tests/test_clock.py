"""The one source of now and today."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from backoffice import clock


@pytest.fixture(autouse=True)
def _offset_back() -> Iterator[None]:
    yield
    clock.set_offset(timedelta())


def test_now_is_aware_utc_and_moves_with_the_offset() -> None:
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    clock.set_offset(timedelta(hours=72))
    assert abs(clock.now() - datetime.now(UTC) - timedelta(hours=72)) < timedelta(seconds=5)
    assert clock.now().utcoffset() == timedelta(0)


def test_today_is_the_day_in_shanghai() -> None:
    with clock.at(datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC)):
        assert clock.today() == date(2026, 11, 24)
    with clock.at(datetime(2026, 11, 24, 16, 0, tzinfo=UTC)):
        assert clock.today() == date(2026, 11, 25)


def test_a_held_clock_stands_nests_and_is_let_go_after_an_error() -> None:
    outer, inner = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="stop"), clock.at(outer):
        with clock.at(inner):
            assert clock.now() == inner
        assert clock.now() == outer
        raise ValueError("stop")
    assert clock.now().year >= 2025


def test_a_held_clock_is_held_for_its_thread_alone() -> None:
    seen: list[datetime] = []
    with clock.at(datetime(2020, 1, 1, tzinfo=UTC)):
        thread = threading.Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
    assert seen[0].year >= 2025
