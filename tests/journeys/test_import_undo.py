"""An import taken back in a browser: what would go is read first, what was booked since stays."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.fixtures import AsPerson
from tests.journeys.steps import WITHIN_MS, book, press, row_of
from tests.journeys.support import Stack
from tests.services.ledger_samples import row, workbook

CLERK, OFFICE = "91370303MA3D01010Y", "zhangdian-jlk"


def drop(page: Page, file: Path) -> None:
    """Drop a file on the middle of the area for it, as a person does from a folder beside the browser."""
    box = page.locator("main [data-drop]").bounding_box()
    assert box is not None
    devtools = page.context.new_cdp_session(page)
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    for kind in ("dragEnter", "dragOver", "drop"):
        dragged = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
        devtools.send("Input.dispatchDragEvent", {"type": kind, **place, "data": dragged})


def test_an_import_is_written_in_part_booked_from_and_taken_back(
    stack: Stack, as_person: AsPerson, tmp_path: Path
) -> None:
    clerk = as_person(CLERK)
    file = tmp_path / "撤销演示.xlsx"
    file.write_bytes(workbook(row(number, serial_number=f"CX-{number}") for number in range(4)))
    clerk.goto(f"{stack.url}/enterprise/imports/new")
    drop(clerk, file)
    expect(clerk.locator("main [data-chosen]")).to_contain_text("撤销演示.xlsx")
    press(clerk, "上传并检查")
    clerk.get_by_role("button", name="全部导入").click(timeout=WITHIN_MS)
    expect(clerk.locator("main")).to_contain_text("已完成，写入 4 行", timeout=WITHIN_MS)
    record = clerk.url
    book(clerk, stack, "CX-1")

    clerk.goto(record)
    expect(clerk.locator("main")).to_contain_text("撤销会删除新增的 3 台（件）")
    press(clerk, "查看保留的行和原因")
    expect(row_of(clerk, "CX-1")).to_contain_text("之后已加入预约")
    clerk.once("dialog", lambda dialog: dialog.accept())
    press(clerk, "撤销这次导入")
    expect(clerk.locator("main")).to_contain_text("已撤销 3 行", timeout=WITHIN_MS)
    expect(clerk.locator("main")).to_contain_text("另有 1 行没有撤销")
    clerk.goto(f"{stack.url}/enterprise/instruments/?q=CX-")
    expect(clerk.locator("main tbody tr")).to_have_count(1)

    regulator = as_person(OFFICE)
    regulator.goto(f"{stack.url}/regulator/imports/")
    expect(row_of(regulator, "撤销演示.xlsx")).to_contain_text("已撤销")
    row_of(regulator, "撤销演示.xlsx").get_by_role("link").first.click()
    with regulator.expect_download() as download:
        regulator.get_by_role("link", name="下载原文件").click()
    assert Path(download.value.path()).read_bytes() == file.read_bytes()
