"""The clerk's own workbook with what the check found marked in it: made by the job, thrown away when it is outdated.

Making one takes seconds to minutes, so it happens outside the database's transactions: a claim says since when somebody
is at it, and what is ready under another claim is not kept.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from .. import clock
from ..database import db, execute_counted
from ..messages.labels import label
from ..messages.ledger import allowed_words, is_warning, stored_sentence
from ..models import ImportRow, ImportRun, StoredFile
from ..states import ImportState, RowOutcome
from ..workbooks.annotated import annotate
from ..workbooks.column_sets import ColumnSet
from ..workbooks.marks import BAD, WARN, RowMarks, SheetMarks, write_marks
from ..workbooks.rawcells import cells_of
from .import_subjects import columns_of
from .stored_files import WORKBOOK

LEASE = timedelta(minutes=10)
"""After so long a claim's process is taken for dead; the marking process itself has less time."""
QUIET = timedelta(seconds=15)
"""Without a mending, before the workbook is marked again."""
ROWS_AT_ONCE = 1_000
SOURCE, MARKS = "upload.xlsx", "marks.jsonl"  # openpyxl goes by the ending.


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed run with its file and where the table stands in it."""

    run_id: int
    claimed_at: datetime
    file_id: int
    sheet: SheetMarks
    columns: ColumnSet


def claim(run_id: int | None = None) -> Work | None:
    """Take a checked run with problems whose workbook is not marked yet (or this one), unless somebody is at it."""
    now = clock.now()
    is_free = sa.or_(ImportRun.annotation_claimed_at.is_(None), ImportRun.annotation_claimed_at < now - LEASE)
    statement = (
        sa.select(ImportRun)
        .where(
            ImportRun.state == ImportState.READY,
            sa.or_(ImportRun.errors > 0, ImportRun.warnings > 0),
            ImportRun.annotated_at.is_(None),
            is_free,
        )
        .order_by(ImportRun.id)
    )
    if run_id is not None:
        statement = statement.where(ImportRun.id == run_id)
    run = db.session.scalars(statement.limit(1).with_for_update(skip_locked=True, of=ImportRun)).first()
    if run is None:
        return None
    run.annotation_claimed_at = now
    db.session.flush()
    return Work(
        run.id, now, run.file_id, SheetMarks(run.sheet or "", run.header_row or 1, str(run.id)), columns_of(run)
    )


def lay_out(work: Work, folder: Path) -> None:
    """Put what the marking process needs into a folder; the transaction may end before the process begins."""
    content = db.session.scalar(sa.select(StoredFile.content).where(StoredFile.id == work.file_id)) or b""
    (folder / SOURCE).write_bytes(content)
    write_marks(folder / MARKS, work.sheet, _marks_of(work.run_id, work.columns))


def mark(folder: Path) -> bytes | None:
    """The marked workbook, `None` where the file can be marked in no way. Needs no database."""
    target = folder / "marked.xlsx"
    return target.read_bytes() if annotate(folder / SOURCE, folder / MARKS, target) else None


def store(work: Work, content: bytes | None) -> None:
    """Keep what was made, unless the run has gone on in the meantime."""
    run = db.session.scalars(
        sa.select(ImportRun)
        .where(
            ImportRun.id == work.run_id,
            ImportRun.state == ImportState.READY,
            ImportRun.annotation_claimed_at == work.claimed_at,
        )
        .with_for_update(of=ImportRun)
        .execution_options(populate_existing=True)
    ).first()
    if run is None:
        return
    run.annotated_at = clock.now()
    if content is not None:
        run.annotated_file = StoredFile(
            name=_name_of(run.file.name),
            media_type=WORKBOOK,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            content=content,
            enterprise_id=run.enterprise_id,
            created_at=run.annotated_at,
        )
    db.session.flush()


def forget(run: ImportRun) -> None:
    """The rows say something else now: the marked workbook goes, and the job makes another."""
    outdated = run.annotated_file_id
    run.annotated_file_id = run.annotated_at = run.annotation_claimed_at = None
    db.session.flush()
    if outdated is not None:
        execute_counted(sa.delete(StoredFile).where(StoredFile.id == outdated))


def put_off(run: ImportRun) -> None:
    """Mark it when nobody has mended anything for a while: a full workbook takes longer than the next mending."""
    run.annotation_claimed_at = clock.now() - LEASE + QUIET
    db.session.flush()


def _name_of(uploaded: str) -> str:
    """Every marked file is a workbook, also that of a .csv; a file marked twice has the mark once in its name."""
    stem = uploaded.rsplit(".", 1)[0] if "." in uploaded else uploaded
    return f"{stem.removesuffix(MARK)[:180]}{MARK}.xlsx"


MARK = "（检查结果）"


def _marks_of(run_id: int, columns: ColumnSet) -> Iterator[RowMarks]:
    after = -1
    asked = (
        ImportRow.number,
        ImportRow.outcome,
        ImportRow.problems,
        ImportRow.found,
        ImportRow.raw,
        ImportRow.mended,
    )
    letters = db.session.scalar(sa.select(ImportRun.letters).where(ImportRun.id == run_id)) or {}
    while True:
        statement = sa.select(*asked).where(ImportRow.run_id == run_id, ImportRow.number > after)
        rows = db.session.execute(statement.order_by(ImportRow.number).limit(ROWS_AT_ONCE)).all()
        for row in rows:
            marks = _marks_of_row(row.number, row.outcome, row.problems, columns)
            yield replace(marks, mended=_mended(row, letters)) if row.mended else marks
        if len(rows) < ROWS_AT_ONCE:
            return
        after = rows[-1][0]


def _mended(row: Any, letters: Mapping[str, str]) -> list[tuple[str, str]]:
    """What was put right in the browser, so that the file does not bring the mistake back."""
    cells = cells_of(row.found, row.raw, letters)
    places = [(code, letters[code]) for code in row.mended if code in letters]
    return [(letter, str(cells[code].value) if code in cells else "") for code, letter in places]


def _marks_of_row(number: int, outcome: RowOutcome, problems: list[dict[str, Any]], columns: ColumnSet) -> RowMarks:
    listed = [(each["column"] or "", each["header"] or "", each["found"], *_said(each, columns)) for each in problems]
    tone = "" if not problems else BAD if outcome is RowOutcome.ERROR else WARN
    return RowMarks(number, _result(outcome, problems), tone, _cells(problems, columns), listed)


def _cells(problems: list[dict[str, Any]], columns: ColumnSet) -> list[tuple[str, str, str]]:
    """Each cell once, with all that is said of it; an error weighs more than a warning."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for problem in problems:
        if problem["column"]:
            found[problem["column"]].append(problem)
    return [
        (column, WARN if all(map(is_warning, each)) else BAD, "\n".join(_comment(problem, columns) for problem in each))
        for column, each in found.items()
    ]


def _result(outcome: RowOutcome, problems: list[dict[str, Any]]) -> str:
    """What becomes of the row, and the first thing wrong with it; an error comes before a warning."""
    if not problems:
        return label(outcome)
    first = min(problems, key=is_warning)
    return f"{label(outcome)}：{first['header'] or ''} {stored_sentence(first)}"


def _said(problem: Mapping[str, Any], columns: ColumnSet) -> tuple[str, str, str]:
    return stored_sentence(problem), allowed_words(problem, columns), problem["suggestion"] or ""


def _comment(problem: Mapping[str, Any], columns: ColumnSet) -> str:
    sentence, allowed, meant = _said(problem, columns)
    lines = [sentence]
    if allowed and allowed not in sentence:
        lines.append(f"允许填写：{allowed}")
    if meant:
        lines.append(f"可能是：{meant}")
    return "\n".join(lines)
