"""Mending a checked import in the browser: cells, all equal values at once, rows that are left out and taken back in.

The run is held while it is mended, so that two people at it each find true counts; what one has changed since the other
looked is not written over. Every mending leaves its audit row and makes the marked workbook outdated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .. import audit, clock, scoping
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict
from ..models import ImportRow, ImportRun
from ..permissions import Permission, require
from ..states import ImportState, RowOutcome
from ..workbooks.cells import CellKind, RawCell, shown
from ..workbooks.columns import BY_CODE, Content
from ..workbooks.rawcells import editable, fingerprint, kept, typed_cell
from ..workbooks.spans import spans, spelled
from .ledger_import_annotate import forget, put_off
from .ledger_import_rejudge import OpenRow, is_among, judge_again, open_rows

EDITABLE = tuple(code for code, column in BY_CODE.items() if column.content is not Content.INSTITUTION_ONLY)
"""Columns an enterprise fills in."""

MOST_AT_ONCE = 2_000
"""Cells changed while somebody waits for the page: a third of a second. More are left to the job."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to stand in a cell; `seen` is the fingerprint of what its field offered, None for whatever it was."""

    number: int
    column: str
    text: str
    seen: str | None = None


@dataclass(frozen=True, slots=True)
class Overtaken:
    """An edit that was not taken, because the cell is another one by now; `now` is what stands there."""

    edit: Edit
    now: str


@dataclass(frozen=True, slots=True)
class Mended:
    """How many cells and rows were changed, the first row, what was overtaken.

    `still_wrong` counts those of the rows that have errors, `warned` those that have warnings alone; `left_to_job` the
    cells that will be changed by the job.
    """

    cells: int = 0
    rows: int = 0
    first: int | None = None
    still_wrong: int = 0
    warned: int = 0
    overtaken: Sequence[Overtaken] = ()
    left_to_job: int = 0


def mend(actor: Actor, run_id: int, edits: Sequence[Edit]) -> Mended:
    """Put what was typed into the cells and judge their rows again, with all that hang on them.

    Raises `Conflict` for a run that is not to be decided, and for rows it does not have; `NotFound`, `Forbidden`.
    """
    run = _held(actor, run_id)
    rows = _rows(run, {edit.number for edit in edits})
    overtaken: list[Overtaken] = []
    changed: dict[int, dict[str, tuple[str, str]]] = {}
    for edit in edits:
        row = rows[edit.number]
        if (now := _overtaken_by(row, edit)) is not None:
            overtaken.append(Overtaken(edit, now))
        elif (change := _put(run, row, edit.column, edit.text)) is not None:
            changed.setdefault(edit.number, {})[edit.column] = change
    if not changed:
        return Mended(overtaken=tuple(overtaken))
    _judge(run, {number: rows[number] for number in changed})
    for number, cells in changed.items():
        _record(actor, run, AuditAction.IMPORT_MENDED, number, cells)
    return _mended(run, list(changed), sum(map(len, changed.values())), tuple(overtaken))


def mend_alike(actor: Actor, run_id: int, *, number: int, column: str, code: str, text: str) -> Mended:
    """Put one text into every cell that has the very problem this row has there: found value, code and facts.

    A problem that is not there any more changes nothing. Many cells are left to the job. Raises as `mend` does.
    """
    run = _held(actor, run_id)
    wanted = _problem_of(run, number, column, code)
    if wanted is None or column not in EDITABLE:
        return Mended()
    cells = db.session.scalar(sa.select(sa.func.count()).where(ImportRow.run_id == run.id, is_alike(wanted))) or 0
    if cells > MOST_AT_ONCE:
        _leave_to_job(actor, run, {"problem": wanted, "column": column, "text": text.strip(), "total": cells})
        return Mended(left_to_job=cells)
    changed = put_alike(actor, run, open_rows(run, is_alike(wanted)), column, wanted["found"], text)
    return _mended(run, changed, len(changed)) if changed else Mended()


def is_alike(problem: Mapping[str, Any]) -> sa.ColumnElement[bool]:
    """Rows that have this very problem, whatever their number."""
    return sa.and_(ImportRow.problems != sa.text("'[]'::jsonb"), ImportRow.problems.contains([problem]))


def put_alike(
    actor: Actor, run: ImportRun, rows: Mapping[int, OpenRow], column: str, found: str, text: str
) -> list[int]:
    """Put one text into that column of all these rows and judge them again; returns the rows that were changed."""
    changed = {number: row for number, row in rows.items() if _put(run, row, column, text) is not None}
    if not changed:
        return []
    _judge(run, changed)
    _record(actor, run, AuditAction.IMPORT_MENDED, spelled(list(spans(list(changed)))), {column: (found, text.strip())})
    return list(changed)


def _leave_to_job(actor: Actor, run: ImportRun, order: Mapping[str, Any]) -> None:
    """Nobody waits for thousands of rows in front of a page: the run is being checked until the job is through."""
    run.mending = {**order, "by": actor.user_id, "after": 0, "done": 0}
    run.state, run.updated_at, run.pace = ImportState.CHECKING, clock.now(), None
    forget(run)


def drop(actor: Actor, run_id: int, number: int) -> Mended:
    """Leave a row out of the import; it can be taken back in until the run is decided. Raises as `mend` does."""
    return _leave_out(actor, run_id, number, is_dropped=True)


def restore(actor: Actor, run_id: int, number: int) -> Mended:
    """Take a row that was left out back in; it is judged again. Raises as `mend` does."""
    return _leave_out(actor, run_id, number, is_dropped=False)


def _leave_out(actor: Actor, run_id: int, number: int, *, is_dropped: bool) -> Mended:
    run = _held(actor, run_id)
    row = _rows(run, {number})[number]
    if row.is_dropped is is_dropped:
        return Mended()
    row.is_dropped = is_dropped
    _judge(run, {number: row})
    action = AuditAction.IMPORT_ROW_DROPPED if is_dropped else AuditAction.IMPORT_ROW_RESTORED
    audit.record(actor, action, run, before={"dropped": not is_dropped}, after={"row": number, "dropped": is_dropped})
    return _mended(run, [number], 0)


def next_wrong(run: ImportRun, number: int) -> int | None:
    """The next row with an error from this one on, else the first of all."""
    wrong = sa.select(sa.func.min(ImportRow.number)).where(
        ImportRow.run_id == run.id, ImportRow.outcome == RowOutcome.ERROR
    )
    return db.session.scalar(wrong.where(ImportRow.number >= number)) or db.session.scalar(wrong)


def _held(actor: Actor, run_id: int) -> ImportRun:
    require(actor, Permission.OWN_LEDGER_IMPORT)
    run: ImportRun = scoping.find(actor, ImportRun, run_id, lock=True)
    if run.state is not ImportState.READY:
        raise Conflict("import_not_mendable", state=run.state)
    return run


def _rows(run: ImportRun, numbers: set[int]) -> dict[int, OpenRow]:
    rows = open_rows(run, is_among(ImportRow.number, list(numbers)))
    if len(rows) < len(numbers):
        raise Conflict("import_rows_changed")
    return rows


def _judge(run: ImportRun, rows: dict[int, OpenRow]) -> None:
    judge_again(run, rows)
    forget(run)
    put_off(run)


def _overtaken_by(row: OpenRow, edit: Edit) -> str | None:
    """What stands in the cell where it is not what the person saw; None where it still is, or is wanted anyway."""
    now = editable(row.cells.get(edit.column))
    if row.is_dropped:
        return now
    if edit.seen is None or edit.seen == fingerprint(now) or now == edit.text.strip():
        return None
    return now


def _put(run: ImportRun, row: OpenRow, column: str, text: str) -> tuple[str, str] | None:
    """Replace a cell; what it showed before and shows now, None where nothing changes."""
    if column not in EDITABLE:
        return None
    earlier, cell = row.cells.pop(column, None), typed_cell(text, (run.letters or {}).get(column))
    if cell is not None:
        row.cells[column] = cell
    if _is_same(earlier, cell):
        return None
    row.mended.setdefault(column, None if earlier is None else kept(earlier))
    return shown(earlier), shown(cell)


def _is_same(earlier: RawCell | None, cell: RawCell | None) -> bool:
    if earlier is None or cell is None:
        return earlier is cell
    return earlier.kind is CellKind.TEXT and earlier.value == cell.value


def _problem_of(run: ImportRun, number: int, column: str, code: str) -> dict[str, Any] | None:
    """The problem as all rows that have it store it."""
    problems = db.session.scalar(
        sa.select(ImportRow.problems).where(ImportRow.run_id == run.id, ImportRow.number == number)
    )
    for problem in problems or ():
        if (problem["field"], problem["code"]) == (column, code):
            return {name: value for name, value in problem.items() if name != "row"}
    return None


def _record(
    actor: Actor, run: ImportRun, action: AuditAction, rows: int | str, cells: Mapping[str, tuple[str, str]]
) -> None:
    before = {column: old for column, (old, _new) in cells.items()}
    after = {"row": rows} | {column: new for column, (_old, new) in cells.items()}
    audit.record(actor, action, run, before=before, after=after)


def _mended(run: ImportRun, numbers: Sequence[int], cells: int, overtaken: Sequence[Overtaken] = ()) -> Mended:
    is_wrong = ImportRow.outcome == RowOutcome.ERROR
    is_noted = ImportRow.problems != sa.text("'[]'::jsonb")
    still, warned = db.session.execute(
        sa.select(sa.func.count().filter(is_wrong), sa.func.count().filter(~is_wrong, is_noted)).where(
            ImportRow.run_id == run.id, is_among(ImportRow.number, numbers)
        )
    ).one()
    return Mended(cells, len(numbers), min(numbers), still, warned, overtaken)
