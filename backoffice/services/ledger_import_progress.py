"""How far a run is: which rows are to be written, how many rows a second, and how long the rest will take.

The counts stand on the run and change in the transaction that writes the rows: nobody can read more than there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .. import clock
from ..models import ImportRun
from ..states import ImportState, ImportWrites, RowOutcome

PAUSE = timedelta(seconds=20)
"""A longer gap between two batches is time in which nobody worked: it says nothing about the pace."""
WEIGHT = 0.3
"""Of the latest batch in the pace; the rest is what it was before, so that it does not jump."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Rows done of all; `pace` (rows a second) and `seconds_left` are None until two batches have shown them."""

    done: int
    total: int
    pace: float | None = None
    seconds_left: int | None = None


def outcomes_to_write(run: ImportRun) -> tuple[RowOutcome, ...]:
    """The rows a committed run writes, by what they mean for the ledger."""
    return {
        ImportWrites.CREATE: (RowOutcome.NEW,),
        ImportWrites.UPDATE: (RowOutcome.UPDATED,),
    }.get(run.writes or ImportWrites.BOTH, (RowOutcome.NEW, RowOutcome.UPDATED))


def rows_to_write(run: ImportRun) -> int:
    """How many rows that is."""
    outcomes = outcomes_to_write(run)
    return run.new * (RowOutcome.NEW in outcomes) + run.updated * (RowOutcome.UPDATED in outcomes)


def note_batch(run: ImportRun, rows: int, *, since: datetime) -> None:
    """Note the end of a batch of a claimed run, and what its length says about the pace.

    `since` is the run's `updated_at` as it was claimed, the end of the batch before: whatever changes the run's counts
    during a batch stamps it anew.
    """
    now = clock.now()
    gap = now - since
    run.updated_at = now
    if rows and timedelta(0) < gap < PAUSE:
        latest = rows / gap.total_seconds()
        run.pace = latest if run.pace is None else WEIGHT * latest + (1 - WEIGHT) * run.pace


def progress_of(run: ImportRun) -> Progress | None:
    """How far the writing is, the undo, or one value for many cells; None while the job does none of them."""
    if run.mending is not None:
        return _progress(run, run.mending["done"], run.mending["total"])
    if run.state is ImportState.APPLYING:
        return _progress(run, run.applied, rows_to_write(run))
    if is_undoing(run):
        return _progress(run, run.undone, run.applied)
    return None


def is_undoing(run: ImportRun) -> bool:
    """Whether the job is taking the run back, or is about to."""
    return run.undo_requested_at is not None and run.undone_at is None


def _progress(run: ImportRun, done: int, total: int) -> Progress:
    if not run.pace or not done:
        return Progress(done, total)
    return Progress(done, total, run.pace, round((total - done) / run.pace))
