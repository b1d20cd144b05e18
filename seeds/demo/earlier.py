"""What the enterprises of the published accounts had verified in the past year, so that their homes show work.

Counted back from the day of seeding: something has expired, something expires within the month, the rest is valid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from backoffice import clock

from . import results
from .deeds import accept, appointment_of, book
from .people import BRANCH, CHEMICAL, FACTORY, GRANARY, HOSPITAL, MARKET, OPTICIAN, STATION
from .telling import Days, Story, moment_of, working_day

BROUGHT_AFTER_DAYS = 5
"""From the booking until the instruments are verified; two days off make it a few more."""


@dataclass(frozen=True, slots=True)
class Visit:
    """So many instruments of these kinds, booked so many days ago, all verified a week later."""

    username: str
    kinds: str
    count: int
    days_ago: int


HALF_A_YEAR_EXPIRED, HALF_A_YEAR_DUE, YEAR_EXPIRED, YEAR_DUE, RECENT = 200, 170, 386, 355, 60
"""Days ago on which to book what is verified every six or twelve months, to have it expired or due today."""

VISITS = (
    *(Visit(STATION, "0601", 2, days_ago) for days_ago in (490, 455, 425, 395, 365)),
    Visit(FACTORY, "1401", 2, HALF_A_YEAR_EXPIRED),
    Visit(FACTORY, "1401", 5, HALF_A_YEAR_DUE),
    Visit(FACTORY, "0202", 2, YEAR_DUE),
    Visit(HOSPITAL, "1202", 1, YEAR_EXPIRED),
    Visit(HOSPITAL, "1202", 3, YEAR_DUE),
    Visit(CHEMICAL, "1401", 4, HALF_A_YEAR_DUE),
    Visit(CHEMICAL, "1401 3806", 4, RECENT),
    Visit(BRANCH, "1401", 3, HALF_A_YEAR_DUE),
    Visit(STATION, "0601", 2, HALF_A_YEAR_EXPIRED),
    Visit(STATION, "0601", 4, HALF_A_YEAR_DUE),
    Visit(OPTICIAN, "2102", 1, RECENT),
    Visit(GRANARY, "0202 2401", 2, YEAR_DUE),
    Visit(MARKET, "0201", 1, YEAR_EXPIRED),
    Visit(MARKET, "0201", 8, YEAR_DUE),
)


def stories(days: Days) -> list[Story]:
    return [_told(days, visit) for visit in VISITS]


def _told(days: Days, visit: Visit) -> Story:
    yield days.ago(visit.days_ago, 9, 30)
    booking = book(visit.username, visit.kinds, visit.count)
    yield days.ago(visit.days_ago - 1, 15)
    for username in institutions_of(booking):
        accept(booking, username, in_days=BROUGHT_AFTER_DAYS - 1, time="上午 9:00—11:30")
    yield from until_published(booking)


def institutions_of(booking: int) -> list[str]:
    """Whose first person answers: one of each institution the appointment went to."""
    return [results.people_of(slip.institution_id).first for slip in appointment_of(booking).slips]


def until_published(booking: int, failing: Sequence[int] = ()) -> Story:
    """What was accepted is verified on the day given for it, and published on the next working day."""
    verified_on = max(slip.appointed_on or clock.today() for slip in appointment_of(booking).slips)
    yield moment_of(verified_on, 11)
    entered = results.enter_all(booking, failing)
    yield moment_of(working_day(verified_on + timedelta(days=1)), 15)
    results.publish_all(entered)
