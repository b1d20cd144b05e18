"""The committed workbook of 600 rows and 40 mistakes: what the product's own check finds in it, and in it put right."""

from __future__ import annotations

import io
import json

from flask import Flask
from openpyxl import load_workbook

from backoffice.actor import Actor
from backoffice.database import db
from backoffice.jobs import imports
from backoffice.models import ImportRow, ImportRun, User
from backoffice.services import ledger_import
from backoffice.states import ImportMode, RowOutcome
from backoffice.unit_of_work import unit_of_work
from backoffice.workbooks.column_sets import LEDGER
from tests.enterprise.ledger_app import browser, ledger_app, ledger_application, user
from tests.factories import UserFactory, actor_of
from tests.journeys.workbooks import ledger_600
from tests.web.conftest import Browser

__all__ = ["browser", "ledger_app", "ledger_application", "user"]

MISTAKES, KINDS_OF_MISTAKES = 40, 15


def checked(clerk: Actor, content: bytes) -> tuple[ImportRun, list[ImportRow]]:
    with unit_of_work():
        run_id = ledger_import.receive(clerk, "台账.xlsx", io.BytesIO(content)).id
    imports.check_imports()
    rows = db.session.query(ImportRow).filter_by(run_id=run_id).order_by(ImportRow.number).all()
    return db.session.get_one(ImportRun, run_id), rows


def fixes() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(ledger_600.FIXES.read_text(encoding="utf-8"))
    return found


def test_it_has_600_rows_of_which_40_are_wrong_in_at_least_15_ways(app: Flask) -> None:
    clerk = actor_of(UserFactory(of_enterprise=True))
    run, rows = checked(clerk, ledger_600.WORKBOOK.read_bytes())
    assert (run.rows, run.errors, run.new, run.warnings) == (600, MISTAKES, 600 - MISTAKES, 0)
    problems = [problem for row in rows for problem in row.problems]
    assert len({problem["code"] for problem in problems}) >= KINDS_OF_MISTAKES
    assert [row.number for row in rows if row.outcome is RowOutcome.ERROR] == [each["row"] for each in fixes()]


def test_put_right_by_the_committed_table_it_makes_the_golden_ledger(browser: Browser, user: User) -> None:
    book = load_workbook(ledger_600.WORKBOOK)
    sheet = book[LEDGER.sheet]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for fix in fixes():
        cell = sheet.cell(fix["row"], columns[fix["header"]])
        cell.value, cell.number_format = fix["value"] or None, "@"
    stream = io.BytesIO()
    book.save(stream)
    clerk = actor_of(user)
    run, rows = checked(clerk, stream.getvalue())
    assert (run.rows, run.new, run.errors, run.warnings) == (600, 600, 0, 0)
    assert [row.problems for row in rows if row.problems] == []
    with unit_of_work():
        ledger_import.commit(clerk, run.id, ImportMode.ALL)
    imports.apply_imports()
    assert ledger_600.rows_of_ledger(browser.get("/enterprise/imports/ledger.xlsx").data) == ledger_600.golden()


def test_the_committed_files_are_what_the_program_makes() -> None:
    made, committed = load_workbook(io.BytesIO(ledger_600.content())), load_workbook(ledger_600.WORKBOOK)
    assert made.sheetnames == committed.sheetnames
    for sheet in made.sheetnames:
        assert list(made[sheet].values) == list(committed[sheet].values), sheet
    assert ledger_600.GOLDEN.read_text(encoding="utf-8") == ledger_600.json_of(ledger_600.instruments())
    assert ledger_600.FIXES.read_text(encoding="utf-8") == ledger_600.json_of(ledger_600.fixes())
