"""The clerk's own workbook with its problems marked, and what becomes of it when it comes back."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils import get_column_letter

from backoffice.actor import Actor
from backoffice.database import db
from backoffice.jobs import imports
from backoffice.models import AuditEvent, ImportEarlierFile, ImportRow, ImportRun, StoredFile
from backoffice.services import ledger_import, ledger_import_again, ledger_import_annotate
from backoffice.states import ImportMode, ImportState
from backoffice.unit_of_work import unit_of_work
from backoffice.workbooks import annotated
from backoffice.workbooks.columns import BY_CODE
from backoffice.workbooks.marks import COLOURS, ERROR_HEADERS, ERROR_SHEET, RESULT_HEADER, RUN_PROPERTY
from tests.factories import UserFactory, actor_of
from tests.services.ledger_samples import ALL_CODES, row

pytestmark = pytest.mark.usefixtures("app")
RED, AMBER = COLOURS["bad"], COLOURS["warn"]
CODES = [code for code in ALL_CODES if code != "certificate_number"]
RESULT = len(CODES) + 1


@pytest.fixture
def clerk(app: Flask) -> Actor:
    with unit_of_work():
        return actor_of(UserFactory(of_enterprise=True))


def their_workbook(*rows: Mapping[str, Any]) -> Workbook:
    """A workbook as a clerk keeps it: a title above the table, a sheet of their own, widths, a colour, a note."""
    book = Workbook()
    sheet = book.active
    sheet.title = "一车间's 台账"
    sheet.append(["二〇二六年度器具台账"])
    sheet.merge_cells("A1:D1")
    sheet.append([BY_CODE[code].header for code in CODES])
    for each in rows:
        sheet.append([each.get(code) for code in CODES])
    sheet.column_dimensions["B"].width = 33.5
    sheet["B3"].fill = PatternFill("solid", fgColor="FFCCEEFF")
    sheet["B3"].comment = Comment("放在东墙", "老王")
    book.create_sheet("备忘")["A1"] = "不要动"
    return book


def as_bytes(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def send(actor: Actor, content: bytes, name: str = "台账.xlsx") -> ImportRun:
    with unit_of_work():
        run = ledger_import.receive(actor, name, io.BytesIO(content))
    imports.check_imports()
    imports.annotate_imports()
    db.session.refresh(run)
    return run


def marked(run: ImportRun) -> Workbook:
    assert run.annotated_file is not None
    return load_workbook(io.BytesIO(run.annotated_file.content))


def place(code: str) -> int:
    return CODES.index(code) + 1


def letter(code: str) -> str:
    return get_column_letter(place(code))


BAD = (row(1), row(2, kind_code="压力标", division_code="370300"), row(3, purpose="贸易结算"))


def test_the_workbook_keeps_what_it_has_and_bad_cells_say_why(clerk: Actor) -> None:
    book = marked(send(clerk, as_bytes(their_workbook(*BAD))))
    assert book.sheetnames == ["一车间's 台账", "备忘", ERROR_SHEET]
    sheet = book.worksheets[0]
    assert (sheet.column_dimensions["B"].width, sheet["B3"].fill.fgColor.rgb) == (33.5, "FFCCEEFF")
    assert sheet["B3"].comment.text == "放在东墙"
    assert [str(merged) for merged in sheet.merged_cells.ranges] == ["A1:D1"]
    assert book["备忘"]["A1"].value == "不要动"
    kind, division = sheet.cell(4, place("kind_code")), sheet.cell(4, place("division_code"))
    assert (kind.fill.fgColor.rgb, division.fill.fgColor.rgb) == (RED, RED)
    assert "是否为“1401" in kind.comment.text and "可能是：1401" in kind.comment.text
    assert "有下级" in division.comment.text
    assert sheet.cell(5, place("purpose")).fill.fgColor.rgb == AMBER
    assert "仅在用于安全防护" in sheet.cell(5, place("purpose")).comment.text


def test_every_row_has_its_result_at_the_end_of_the_table(clerk: Actor) -> None:
    sheet = marked(send(clerk, as_bytes(their_workbook(*BAD)))).worksheets[0]
    results = [sheet.cell(number, RESULT).value for number in range(2, 6)]
    assert results[:2] == [RESULT_HEADER, "新增"]
    assert results[2].startswith("错误：种别代码 “压力标”不在目录中")
    assert results[3].startswith("新增：器具用途 “")
    assert sheet.cell(4, RESULT).fill.fgColor.rgb == RED


def test_the_error_list_names_each_cell_and_leads_to_it(clerk: Actor) -> None:
    book = marked(send(clerk, as_bytes(their_workbook(*BAD))))
    lines = list(book[ERROR_SHEET].iter_rows(values_only=True))
    assert lines[0] == ERROR_HEADERS
    assert [line[:4] for line in lines[1:]] == [
        ("4", f"{letter('kind_code')}4", "种别代码", "压力标"),
        ("4", f"{letter('division_code')}4", "行政区划代码", "370300"),
        ("5", f"{letter('purpose')}5", "器具用途", "贸易结算"),
    ]
    assert lines[1][6].startswith("1401 ")
    assert all(line[4] and line[5] for line in lines[1:])
    link = book[ERROR_SHEET]["B2"].hyperlink
    assert (link.location, link.target) == (f"'一车间''s 台账'!{lines[1][1]}", None)


def test_the_marked_workbook_put_right_goes_into_the_same_run(clerk: Actor) -> None:
    run = send(clerk, as_bytes(their_workbook(*BAD)))
    first_file, first_marked = run.file_id, run.annotated_file_id
    book = marked(run)
    book.worksheets[0].cell(4, place("kind_code")).value = "1401"
    again = send(clerk, as_bytes(book), "改好的.xlsx")
    assert (again.id, again.state, again.rows, again.errors) == (run.id, ImportState.READY, 3, 1)
    assert [problem["code"] for problem in again.problems] == []
    assert again.file.name == "改好的.xlsx"
    (earlier,) = ledger_import_again.earlier_files(again)
    assert (earlier.file_id, earlier.errors, earlier.replaced_by_id) == (first_file, 1, clerk.user_id)
    assert db.session.get(StoredFile, first_marked) is None
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ImportRun)) == 1
    actions = db.session.scalars(sa.select(AuditEvent.action).where(AuditEvent.action.startswith("import.")))
    assert sorted(actions, reverse=True) == ["import.uploaded", "import.file_replaced"]


def test_what_was_put_right_is_no_longer_red_and_marks_do_not_pile_up(clerk: Actor) -> None:
    book = marked(send(clerk, as_bytes(their_workbook(*BAD))))
    book.worksheets[0].cell(4, place("kind_code")).value = "1401"
    book.worksheets[0].cell(4, place("division_code")).comment = None
    again = marked(send(clerk, as_bytes(book)))
    sheet = again.worksheets[0]
    kind = sheet.cell(4, place("kind_code"))
    assert (kind.fill.fill_type, kind.comment) == (None, None)
    assert sheet.cell(4, place("division_code")).fill.fgColor.rgb == RED
    assert sheet["B3"].comment.text == "放在东墙"
    assert again.sheetnames == ["一车间's 台账", "备忘", ERROR_SHEET]
    assert [cell.value for cell in sheet[2]].count(RESULT_HEADER) == 1
    assert sheet.cell(4, RESULT).value.startswith("错误：行政区划代码 ")


def test_a_marked_workbook_without_errors_left_can_be_written_whole(clerk: Actor) -> None:
    book = marked(send(clerk, as_bytes(their_workbook(*BAD))))
    for code, value in (("kind_code", "1401"), ("division_code", "370303")):
        book.worksheets[0].cell(4, place(code)).value = value
    run = send(clerk, as_bytes(book))
    assert (run.errors, run.new) == (0, 3)
    with unit_of_work():
        ledger_import.commit(clerk, run.id, ImportMode.ALL)
    imports.apply_imports()
    db.session.refresh(run)
    assert (run.state, run.applied) == (ImportState.DONE, 3)


# Who sends it back, in which state the run is by then.
@pytest.mark.parametrize("change", ["stranger", "decided", "forged"])
def test_a_stamp_that_is_not_one_s_own_open_run_opens_a_new_run(clerk: Actor, change: str) -> None:
    run = send(clerk, as_bytes(their_workbook(*BAD)))
    sender, book, before = clerk, marked(run), run.file_id
    with unit_of_work():
        if change == "stranger":
            sender = actor_of(UserFactory(of_enterprise=True))
        elif change == "decided":
            ledger_import.commit(clerk, run.id, ImportMode.GOOD)
        else:
            book.custom_doc_props[RUN_PROPERTY].value = "9" * 30
    other = send(sender, as_bytes(book))
    assert (other.id != run.id, other.enterprise_id) == (True, sender.enterprise_id)
    db.session.refresh(run)
    assert (run.file_id, run.rows) == (before, 3)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ImportEarlierFile)) == 0


def test_a_csv_comes_back_as_a_workbook_and_goes_into_the_same_run(clerk: Actor) -> None:
    lines = [[BY_CODE[code].header for code in CODES]]
    lines += [[str(each.get(code) or "") for code in CODES] for each in (row(1, name="=1+1"), row(2, quantity=7))]
    run = send(clerk, "\r\n".join(",".join(line) for line in lines).encode("gb18030"), "台账.csv")
    assert run.annotated_file is not None
    assert run.annotated_file.name == "台账（检查结果）.xlsx"
    book = marked(run)
    sheet = book.worksheets[0]
    quantity = sheet.cell(3, place("quantity"))
    assert (quantity.fill.fgColor.rgb, quantity.value) == (RED, "7")
    assert "数量只能填 1" in quantity.comment.text
    assert sheet["B2"].data_type == "s"  # What a program would calculate stays a text.
    assert book[ERROR_SHEET]["B3"].hyperlink.location == f"'台账'!{letter('quantity')}3"
    quantity.value = 1
    sheet["B2"].value = "压力表"
    again = send(clerk, as_bytes(book))
    assert (again.id, again.errors, again.new) == (run.id, 0, 2)


def test_a_large_workbook_comes_back_as_a_marked_copy_of_its_table(
    clerk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annotated, "WHOLE_UNPACKED", 0)
    run = send(clerk, as_bytes(their_workbook(*BAD)))
    book = marked(run)
    assert book.sheetnames == ["一车间's 台账", ERROR_SHEET]
    sheet = book.worksheets[0]
    assert sheet.column_dimensions["B"].width == 33.5
    assert sheet.cell(4, place("kind_code")).fill.fgColor.rgb == RED
    assert [sheet.cell(number, RESULT).value for number in (2, 3)] == [RESULT_HEADER, "新增"]
    assert "文件较大" in book[ERROR_SHEET].cell(1, len(ERROR_HEADERS) + 1).value
    for code, value in (("kind_code", "1401"), ("division_code", "370303")):
        sheet.cell(4, place(code)).value = value
    again = send(clerk, as_bytes(book))
    assert (again.id, again.errors, again.new) == (run.id, 0, 3)


def test_a_file_that_cannot_be_marked_is_given_up_once(clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_import_annotate, "annotate", lambda *_paths: False)
    run = send(clerk, as_bytes(their_workbook(*BAD)))
    assert (run.annotated_file_id, run.annotated_at is not None) == (None, True)
    assert imports.annotate_imports() == {}


def test_a_faultless_file_is_not_marked(clerk: Actor) -> None:
    run = send(clerk, as_bytes(their_workbook(row(1))))
    assert (run.annotated_file_id, run.annotated_at) == (None, None)


def test_what_was_made_for_rows_that_changed_meanwhile_is_thrown_away(clerk: Actor) -> None:
    with unit_of_work():
        run = ledger_import.receive(clerk, "台账.xlsx", io.BytesIO(as_bytes(their_workbook(*BAD))))
    imports.check_imports()
    with unit_of_work():
        work = ledger_import_annotate.claim()
    assert work is not None
    with unit_of_work():
        assert ledger_import_annotate.claim() is None
        ledger_import_annotate.forget(db.session.get_one(ImportRun, run.id))
    with unit_of_work():
        ledger_import_annotate.store(work, b"outdated")
    db.session.refresh(run)
    assert (run.annotated_file_id, run.annotated_at) == (None, None)


def test_the_marking_process_has_its_limits(clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that takes too long in either way is stopped, and the run has no marked file."""
    run = send(clerk, as_bytes(their_workbook(*BAD)))
    with unit_of_work():
        ledger_import_annotate.forget(run)
    monkeypatch.setattr(annotated.annotate, "__defaults__", (replace(annotated.LIMITS, wait_seconds=0),))
    imports.annotate_imports()
    db.session.refresh(run)
    assert (run.annotated_file_id, run.annotated_at is not None) == (None, True)
    assert db.session.scalar(sa.select(sa.func.count()).where(ImportRow.run_id == run.id)) == 3
