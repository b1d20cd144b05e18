"""The import in pictures: an own list, its mistakes mended, written. Belongs to `tests.screens`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from openpyxl import Workbook
from playwright.sync_api import Page, expect

from tests.journeys.support import Stack
from tests.journeys.workbooks import ledger_600

CLERK = "91370304MA3D07070Y"
SECONDS_MS = 60_000
OWN_LIST = (
    ("凤凰粮库计量器具一览表",),
    ("序号", "设备名称", "规格/型号", "编码", "厂商", "放在哪里", "备注"),
    (1, "压力表", "Y-60", "LW-001", "青岛海川仪表厂", "1 号仓", "完好"),
    (2, "压力表", "Y-60", "LW-002", "青岛海川仪表厂", "2 号仓", "完好"),
    (3, "电子汽车衡", "SCS-100", "LW-003", "济南泰山衡器厂", "大门口", "完好"),
)


def walk(page: Page, stack: Stack, picture: Callable[[Page, str], None]) -> None:
    """Import as the signed-in clerk; `picture(page, name)` is called where there is something to see."""
    page.set_default_timeout(SECONDS_MS)
    with tempfile.TemporaryDirectory() as folder:
        _upload(page, stack, _own_list(Path(folder) / "凤凰粮库台账.xlsx"))
    page.get_by_role("link", name="对应列名", exact=True).click()
    picture(page, "1-columns")
    _upload(page, stack, ledger_600.WORKBOOK)
    main = page.locator("main")
    expect(main).to_contain_text("600 行里 40 行有错")
    picture(page, "2-mistakes")
    page.locator("form.mend-all").first.get_by_role("button").click()
    picture(page, "3-mend")
    main.get_by_role("link", name="新增", exact=False).filter(has_text="新增 5").first.click()
    picture(page, "4-preview")
    page.get_by_role("button", name="只导入正确的").click()
    expect(main).to_contain_text("已完成，写入")
    picture(page, "5-done")


def _upload(page: Page, stack: Stack, file: Path) -> None:
    page.goto(f"{stack.url}/enterprise/imports/new")
    page.locator("main input[type=file]").set_input_files(file)
    page.get_by_role("button", name="上传并检查").click()


def _own_list(path: Path) -> Path:
    book = Workbook()
    for row in OWN_LIST:
        book.active.append(row)
    book.save(path)
    return path
