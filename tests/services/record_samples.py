"""Workbooks of reference records for tests: the downloaded one, changed as a person changes it in a spreadsheet."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from openpyxl import Workbook, load_workbook

from backoffice.actor import Actor
from backoffice.database import db
from backoffice.jobs import imports
from backoffice.models import ImportRow, ImportRun
from backoffice.services import ledger_import, ledger_import_undo, record_workbook
from backoffice.states import ImportSubject, RowOutcome
from backoffice.unit_of_work import unit_of_work
from backoffice.workbooks.column_sets import ColumnSet


def workbook(columns: ColumnSet, rows: Iterable[Mapping[str, Any]], codes: Sequence[str] | None = None) -> bytes:
    """A workbook with the template's headers in row 1 and these rows from row 2 on."""
    codes = codes or [column.code for column in columns.columns]
    book = Workbook()
    book.active.append([columns.by_code[code].header for code in codes])
    for each in rows:
        book.active.append([each.get(code) for code in codes])
    return saved(book)


def saved(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def downloaded(actor: Actor, subject: ImportSubject, change: Callable[[Any], None] = lambda _sheet: None) -> bytes:
    """The template with the present records, its first sheet changed."""
    stream = io.BytesIO()
    record_workbook.write(stream, actor, subject, with_records=True)
    book = load_workbook(stream)
    change(book.worksheets[0])
    return saved(book)


def cell_of(sheet: Any, columns: ColumnSet, key: str, code: str) -> Any:
    """The cell of a column in the row whose first cell begins with a key."""
    column = [each.code for each in columns.columns].index(code) + 1
    row = next(each for each in range(3, sheet.max_row + 1) if str(sheet.cell(each, 1).value) == key)
    return sheet.cell(row, column)


def upload(actor: Actor, subject: ImportSubject, content: bytes) -> ImportRun:
    """Upload a workbook and check it as the job would."""
    with unit_of_work():
        run = ledger_import.receive(actor, "表.xlsx", io.BytesIO(content), subject)
    imports.check_imports()
    db.session.refresh(run)
    return run


def undo(actor: Actor, run: ImportRun) -> ImportRun:
    with unit_of_work():
        ledger_import_undo.request(actor, run.id)
    imports.undo_imports()
    db.session.refresh(run)
    return run


def rows_of(run: ImportRun) -> list[ImportRow]:
    return list(db.session.query(ImportRow).filter_by(run_id=run.id).order_by(ImportRow.number))


def codes_of(run: ImportRun) -> dict[int, list[tuple[str, str]]]:
    """Column and code of each problem, by row."""
    return {
        row.number: [(each["field"], each["code"]) for each in row.problems] for row in rows_of(run) if row.problems
    }


def counts(run: ImportRun) -> tuple[int, int, int, int]:
    return run.new, run.updated, run.same, run.errors


def outcomes(run: ImportRun) -> list[RowOutcome]:
    return [row.outcome for row in rows_of(run)]
