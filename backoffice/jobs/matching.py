"""Jobs that match what waits."""

from __future__ import annotations

from .. import clock
from ..services import matching_runs
from ..unit_of_work import unit_of_work


def match_waiting() -> dict[str, int]:
    """One batch of waiting appointments."""
    with unit_of_work():
        matching_runs.prepare()
    with unit_of_work():
        return matching_runs.match_batch().as_dict()


def match_for_today() -> dict[str, int]:
    """Decide anew what a date that begins or ends today affects (00:05)."""
    today = clock.today()
    counts = matching_runs.Counts()
    with unit_of_work():
        if not matching_runs.is_affected_by_day(today):
            return counts.as_dict()
    while True:
        with unit_of_work():
            batch = matching_runs.match_batch(day_before=today)
        if not batch.decided:
            return counts.as_dict()
        counts.add(batch)
