"""Jobs that mark and report what is late. They never decide anything: people do."""

from __future__ import annotations

from ..services import change_requests, deadlines, registrations
from ..unit_of_work import unit_of_work


def mark_late_reviews() -> dict[str, int]:
    with unit_of_work():
        return {"late_reviews": registrations.mark_late(), "late_changes": change_requests.mark_late()}


def mark_late_slips() -> dict[str, int]:
    with unit_of_work():
        return {"late_slips": deadlines.mark_late_slips()}
