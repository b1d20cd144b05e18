"""The schedule as one table.

Claiming jobs run in every job process without a leader: each takes rows nobody else has. Periodic jobs run once per
scheduled time: the first process to write the run's row has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from ..clock import ZONE
from . import deadlines, imports, mails, matching, tidying

Counts = dict[str, int]


@dataclass(frozen=True, slots=True)
class Job:
    """`work` does one batch in its own transaction and returns counts; all zero means that nothing was waiting."""

    name: str
    work: Callable[[], Counts]
    trigger: BaseTrigger
    is_periodic: bool = False
    runs_at_start: bool = False
    """A periodic job that makes up at start for an hour at which no process was there; running it twice is harmless."""


def every(seconds: int) -> BaseTrigger:
    return IntervalTrigger(seconds=seconds, timezone=ZONE)


def daily(hour: int, minute: int) -> BaseTrigger:
    return CronTrigger(hour=hour, minute=minute, timezone=ZONE)


SCHEDULE: tuple[Job, ...] = (
    Job("matching", matching.match_waiting, every(2)),
    Job("import_check", imports.check_imports, every(1)),
    Job("import_mend", imports.mend_imports, every(1)),
    Job("import_annotate", imports.annotate_imports, every(1)),
    Job("import_apply", imports.apply_imports, every(1)),
    Job("import_undo", imports.undo_imports, every(1)),
    Job("late_reviews", deadlines.mark_late_reviews, every(5)),
    Job("late_slips", deadlines.mark_late_slips, every(5)),
    Job("mails", mails.send_mails, every(5)),
    Job("matching_for_today", matching.match_for_today, daily(0, 5), is_periodic=True, runs_at_start=True),
    Job("tidying", tidying.drop_leftovers, daily(3, 30), is_periodic=True),
)
