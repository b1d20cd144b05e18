"""Rows of a checked import judged once more, with every other row whose judgement hangs on them.

Of several rows with one key the first counts, so a row that gets a key, loses it or is left out can change what others
of that key are. Those are judged again too, and what hangs on them, until nothing more changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ..database import db, execute_counted
from ..messages.ledger import is_warning
from ..models import ImportRow, ImportRun
from ..states import RowOutcome
from ..workbooks.cells import RawCell
from ..workbooks.checks import RawRow
from ..workbooks.rawcells import cells_of
from . import ledger_reference
from .import_rows import JudgedRow
from .ledger_import_judge import Judge, PlacedRow, Seen
from .ledger_import_stored import hash_of, store_rows

COUNTED = {
    RowOutcome.NEW: "new",
    RowOutcome.UPDATED: "updated",
    RowOutcome.SAME: "same",
    RowOutcome.ERROR: "errors",
}
"""Where the run counts the rows of an outcome; rows left out are the rest."""

_STORED = (
    ImportRow.number,
    ImportRow.outcome,
    ImportRow.found,
    ImportRow.raw,
    ImportRow.mended,
    ImportRow.problems,
    ImportRow.key_hash,
    ImportRow.claimed_id,
)


@dataclass(slots=True)
class OpenRow:
    """A stored row with the cells it has from now on; `is_dropped` where it is left out."""

    stored: Any
    cells: dict[str, RawCell]
    mended: dict[str, Any]
    is_dropped: bool


@dataclass(frozen=True, slots=True)
class _Around:
    """The first row among all others, by key and by instrument."""

    keys: Mapping[int, int]
    instruments: Mapping[int, int]


@dataclass(slots=True)
class _Hanging:
    """Keys and instruments whose first row is another one now."""

    keys: list[int] = field(default_factory=list)
    instruments: list[int] = field(default_factory=list)


def open_rows(run: ImportRun, wanted: sa.ColumnElement[bool], *, most: int | None = None) -> dict[int, OpenRow]:
    """Rows of a run that is held, the first ones where there are more than `most`, by their numbers."""
    letters = run.letters or {}
    rows = db.session.execute(
        sa.select(*_STORED).where(ImportRow.run_id == run.id, wanted).order_by(ImportRow.number).limit(most)
    )
    return {
        row.number: OpenRow(
            row, cells_of(row.found, row.raw, letters), dict(row.mended or {}), row.outcome is RowOutcome.DROPPED
        )
        for row in rows
    }


def judge_again(run: ImportRun, rows: dict[int, OpenRow]) -> None:
    """Judge and store these rows and all that hang on them; the counts of the run follow."""
    while True:
        judged, around = _judged(run, rows)
        hanging = _hanging(rows, judged, around)
        more = _others(run, rows, hanging)
        if not more:
            break
        rows = {**rows, **more}
    _count(run, rows, judged)
    execute_counted(sa.delete(ImportRow).where(ImportRow.run_id == run.id, is_among(ImportRow.number, list(rows))))
    store_rows(run.id, list(judged.values()))
    db.session.flush()
    db.session.expire_all()


def _judged(run: ImportRun, rows: Mapping[int, OpenRow]) -> tuple[dict[int, JudgedRow], _Around]:
    seen = Seen()
    mended = {number: row.mended.keys() for number, row in rows.items()}
    judge = Judge(run.owner.id, ledger_reference.load(), run.letters or {}, seen, mended=mended)
    kept = [RawRow(number, rows[number].cells) for number in sorted(rows) if not rows[number].is_dropped]
    checked, placed = judge.place(kept)
    around = _first_among_others(run, rows, placed)
    for each in placed:
        key, hashed = each.row.key, hash_of(each.row.key)
        if key is not None and hashed is not None and hashed in around.keys:
            seen.keys_beside[key] = around.keys[hashed]
    seen.instruments_beside = dict(around.instruments)
    judged = {row.number: row for row in judge.decide(checked, placed)}
    for number, row in rows.items():
        if row.is_dropped:
            judged[number] = JudgedRow(number, row.stored.found, row.cells, RowOutcome.DROPPED)
        judged[number].mended = row.mended or None
    return judged, around


def _first_among_others(run: ImportRun, rows: Mapping[int, OpenRow], placed: Sequence[PlacedRow]) -> _Around:
    keys = {row.stored.key_hash for row in rows.values()} | {hash_of(each.row.key) for each in placed}
    instruments = {row.stored.claimed_id for row in rows.values()} | {each.target for each in placed}
    return _Around(_first(run, rows, ImportRow.key_hash, keys), _first(run, rows, ImportRow.claimed_id, instruments))


def _first(run: ImportRun, rows: Iterable[int], column: Any, values: Iterable[int | None]) -> dict[int, int]:
    wanted = [value for value in values if value is not None]
    if not wanted:
        return {}
    found = db.session.execute(
        sa.select(column, sa.func.min(ImportRow.number))
        .where(ImportRow.run_id == run.id, is_among(column, wanted), sa.not_(is_among(ImportRow.number, list(rows))))
        .group_by(column)
    )
    return {int(value): int(number) for value, number in found}


def is_among(column: Any, values: Sequence[int]) -> sa.ColumnElement[bool]:
    """One array instead of thousands of parameters."""
    return column.in_(sa.select(sa.func.unnest(sa.cast(list(values), sa.ARRAY(sa.BigInteger)))))


def _hanging(rows: Mapping[int, OpenRow], judged: Mapping[int, JudgedRow], around: _Around) -> _Hanging:
    return _Hanging(
        _moved(
            {number: row.stored.key_hash for number, row in rows.items()},
            {number: hash_of(row.key) for number, row in judged.items()},
            around.keys,
        ),
        _moved(
            {number: row.stored.claimed_id for number, row in rows.items()},
            {number: row.claimed_id for number, row in judged.items()},
            around.instruments,
        ),
    )


def _moved(before: Mapping[int, int | None], now: Mapping[int, int | None], others: Mapping[int, int]) -> list[int]:
    """Values other rows have too, whose first row has changed."""
    first_before, first_now = _first_numbers(before), _first_numbers(now)
    return [
        value
        for value, number in others.items()
        if min(number, first_before.get(value, number)) != min(number, first_now.get(value, number))
    ]


def _first_numbers(values: Mapping[int, int | None]) -> dict[int, int]:
    first: dict[int, int] = {}
    for number, value in values.items():
        if value is not None:
            first[value] = min(number, first.get(value, number))
    return first


def _others(run: ImportRun, rows: Mapping[int, OpenRow], hanging: _Hanging) -> dict[int, OpenRow]:
    """The rows beside these that have one of those keys or instruments."""
    wanted = [
        is_among(column, values)
        for column, values in ((ImportRow.key_hash, hanging.keys), (ImportRow.claimed_id, hanging.instruments))
        if values
    ]
    if not wanted:
        return {}
    return open_rows(run, sa.and_(sa.or_(*wanted), sa.not_(is_among(ImportRow.number, list(rows)))))


def _count(run: ImportRun, rows: Mapping[int, OpenRow], judged: Mapping[int, JudgedRow]) -> None:
    """The run is held, so the counts can follow what became of each row."""
    change = Counter(row.outcome for row in judged.values())
    change.subtract(row.stored.outcome for row in rows.values())
    for outcome, name in COUNTED.items():
        setattr(run, name, getattr(run, name) + change[outcome])
    run.warnings += sum(row.has_warning for row in judged.values())
    run.warnings -= sum(any(map(is_warning, row.stored.problems)) for row in rows.values())
