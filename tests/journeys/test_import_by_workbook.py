"""600 rows with 40 mistakes, put right only in the marked workbook by a spreadsheet program, end as the golden ledger.

The spreadsheet program is LibreOffice, but not here: `ledger-600.marked.xlsx` is what the product returned and
`ledger-600.mended.xlsx` what LibreOffice saved of it, both committed. That the product still returns the first is
looked at cell by cell. The second is uploaded as LibreOffice saved it but for one document property, the number of the
run: the run of this test has another number than the one for which the file was once marked.

Both are made again by `RENEW_WORKBOOKS=1 make test` or by this test alone with that set, where LibreOffice is there.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from backoffice.workbooks.marks import ERROR_SHEET, RUN_PROPERTY
from tests.golden import office
from tests.golden.restamp import with_properties
from tests.journeys.fixtures import AsPerson
from tests.journeys.steps import WITHIN_MS, open_until, press
from tests.journeys.support import Stack
from tests.journeys.workbooks import ledger_600

CLERK = "91370305MA3D03030C"
MARKED = ledger_600.FOLDER / "ledger-600.marked.xlsx"
MENDED = ledger_600.FOLDER / "ledger-600.mended.xlsx"
MEND = "tests.journeys.workbooks.mend_in_libreoffice"


def test_mistakes_are_mended_in_the_marked_workbook_alone(stack: Stack, as_person: AsPerson, tmp_path: Path) -> None:
    clerk = as_person(CLERK)
    before = ledger(clerk, stack)
    record = upload(clerk, stack, ledger_600.WORKBOOK)
    expect(clerk.locator("main")).to_contain_text("600 行里 40 行有错，其余 560 行可以导入", timeout=WITHIN_MS)
    marked = tmp_path / "marked.xlsx"
    link = clerk.get_by_role("link", name="下载标注了错误的工作簿")
    open_until(clerk, record, link)
    with clerk.expect_download() as download:
        link.click()
    download.value.save_as(marked)
    if os.environ.get("RENEW_WORKBOOKS"):
        MARKED.write_bytes(marked.read_bytes())
        office.run_with_uno(MEND, MARKED, ledger_600.FIXES, MENDED)
    assert looks(marked) == looks(MARKED)

    mended = tmp_path / "改好的台账.xlsx"
    mended.write_bytes(with_properties(MENDED, {RUN_PROPERTY: record.rsplit("/", 1)[-1]}))
    assert upload(clerk, stack, mended) == record
    expect(clerk.locator("main")).to_contain_text("600 行都可以导入：新增 600，更新 0", timeout=WITHIN_MS)
    press(clerk, "全部导入")
    expect(clerk.locator("main")).to_contain_text("已完成，写入 600 行", timeout=WITHIN_MS)
    after = ledger(clerk, stack)
    assert [row for row in after if row not in before] == ledger_600.golden()
    assert len(after) == len(before) + 600


def upload(clerk: Page, stack: Stack, file: Path) -> str:
    """Upload a file; the address of its run."""
    clerk.goto(f"{stack.url}/enterprise/imports/new")
    clerk.locator("main input[type=file]").set_input_files(file)
    press(clerk, "上传并检查")
    return clerk.url.split("?")[0].split("#")[0]


def ledger(clerk: Page, stack: Stack) -> list[dict[str, str]]:
    """The clerk's ledger, as the template with it in it shows it."""
    answer = clerk.request.get(f"{stack.url}/enterprise/imports/ledger.xlsx")
    assert answer.ok
    return ledger_600.rows_of_ledger(answer.body())


def looks(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every cell with something in or on it: its text, colour and comment; the links of the list of errors."""
    book = load_workbook(io.BytesIO(path.read_bytes()))
    assert ERROR_SHEET in book.sheetnames
    return {
        sheet.title: [
            (cell.coordinate, cell.value, cell.fill.fgColor.rgb, cell.comment and cell.comment.text, _target(cell))
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None or cell.comment
        ]
        for sheet in book.worksheets
    }


def _target(cell: Any) -> str:
    return cell.hyperlink.location if cell.hyperlink else ""
