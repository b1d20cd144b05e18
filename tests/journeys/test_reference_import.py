"""A regulator changes the catalogue in a spreadsheet: download, edit, upload, old → new, write, take back."""

from __future__ import annotations

import re
from pathlib import Path

from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from backoffice.workbooks.column_sets import CATALOGUE
from tests.journeys.fixtures import AsPerson
from tests.journeys.steps import WITHIN_MS, press, row_of
from tests.journeys.support import Stack
from tests.services.record_samples import cell_of, saved

KEEPER, DISTRICT = "zibo-jlk", "zhangdian-jlk"


def test_the_catalogue_is_changed_by_workbook_and_taken_back(stack: Stack, as_person: AsPerson, tmp_path: Path) -> None:
    keeper = as_person(KEEPER)
    keeper.goto(f"{stack.url}/regulator/kinds/")
    press(keeper, "从 Excel 导入")
    changed = _changed(keeper, tmp_path)
    keeper.locator("input[type=file]").set_input_files(changed)
    press(keeper, "上传并检查")

    main = keeper.locator("main")
    expect(main).to_contain_text("行都可以导入：新增 0，更新 2", timeout=WITHIN_MS)
    row = row_of(keeper, "1401")
    expect(row.locator("ins")).to_have_text("压力表、氧压表")
    expect(row_of(keeper, "1801").locator("ins")).to_have_text("24")
    record = keeper.url
    keeper.goto(f"{stack.url}/regulator/kinds/1401")
    expect(main).not_to_contain_text("氧压表")

    keeper.goto(record)
    press(keeper, "全部导入")
    expect(main).to_contain_text("已完成，写入 2 行", timeout=WITHIN_MS)
    press(keeper, re.compile("查看强检器具目录"))
    keeper.goto(f"{stack.url}/regulator/kinds/1401")
    expect(main).to_contain_text("压力表、氧压表")

    keeper.goto(record)
    expect(main).to_contain_text("撤销会恢复更新的 2 项")
    keeper.once("dialog", lambda dialog: dialog.accept())
    press(keeper, "撤销这次导入")
    expect(main).to_contain_text("已撤销 2 行", timeout=WITHIN_MS)
    keeper.goto(f"{stack.url}/regulator/kinds/1401")
    expect(main.get_by_text("压力表、氧压表", exact=True)).to_have_count(0)

    keeper.goto(f"{stack.url}/regulator/catalogue-imports/")
    expect(row_of(keeper, changed.name)).to_contain_text("已撤销")
    stranger = as_person(DISTRICT)
    assert stranger.goto(record).status == 404  # type: ignore[union-attr]


def _changed(page: Page, folder: Path) -> Path:
    """The catalogue as downloaded, two of its rows changed in a spreadsheet."""
    with page.expect_download() as download:
        page.get_by_role("link", name="《强检器具目录导入模板（含现有内容）》").click()
    source = folder / "目录.xlsx"
    download.value.save_as(source)
    book = load_workbook(source)
    cell_of(book.worksheets[0], CATALOGUE, "1401", "aliases").value = "压力表、氧压表"
    cell_of(book.worksheets[0], CATALOGUE, "1801", "default_period_months").value = 24
    target = folder / "目录修改.xlsx"
    target.write_bytes(saved(book))
    return target
