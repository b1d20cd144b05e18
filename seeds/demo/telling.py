"""Stories told side by side, in the order of time: what happened first has the lower keys, as in a real database.

A story is a generator. It names the moment at which it goes on and is held until then; what it does next happens with
the clock set to that moment. A story that would go on in the future ends there.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from backoffice import clock, working_days
from backoffice.database import db
from backoffice.services import areas

Story = Iterator[datetime]


@dataclass(frozen=True, slots=True)
class Days:
    """Days and moments counted from the moment of seeding, whatever the clock of a story says."""

    now: datetime

    @property
    def today(self) -> date:
        return clock.local(self.now).date()

    def ago(self, days: int, hour: int = 10, minute: int = 0) -> datetime:
        """A moment on an earlier day, in Shanghai."""
        return moment_of(self.today - timedelta(days=days), hour, minute)

    def minutes_ago(self, minutes: float) -> datetime:
        return self.now - timedelta(minutes=minutes)

    def due_today(self, hour: int, minute: int = 0) -> datetime:
        """A moment whose two working days end today; where today is none, on the first working day to come."""
        last = working_day(self.today)
        moments = (self.ago(days, hour, minute) for days in range(1, 20))
        return next(each for each in moments if areas.last_day(areas.deadline(each, 2)) <= last)


def moment_of(day: date, hour: int = 10, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), clock.ZONE)


def working_day(day: date) -> date:
    """The day itself, or the next on which offices are open."""
    while not working_days.answer(day, {}).is_working:
        day += timedelta(days=1)
    return day


def tell(stories: Iterable[Story]) -> None:
    """Go on with whichever story is due first until all have ended; at equal moments the one named first."""
    until = clock.now()
    waiting: list[tuple[datetime, int, Story]] = []
    for place, story in enumerate(stories):
        _hold(waiting, until, place, story)
    while waiting:
        moment, place, story = heapq.heappop(waiting)
        with clock.at(moment):
            _hold(waiting, until, place, story)
            db.session.flush()
            db.session.expunge_all()  # A session that remembers everything grows slower with every moment.


def _hold(waiting: list[tuple[datetime, int, Story]], until: datetime, place: int, story: Story) -> None:
    """Let a story happen until it names its next moment, and hold it for that."""
    moment = next(story, None)
    if moment is not None and moment <= until:
        heapq.heappush(waiting, (moment, place, story))
