"""A list that a shop has always kept in its own way goes in without a template: its columns are named on one page."""

from __future__ import annotations

import re
from pathlib import Path

from openpyxl import Workbook
from playwright.sync_api import Page, expect

from tests.journeys.fixtures import AsPerson
from tests.journeys.steps import WITHIN_MS, press, row_of
from tests.journeys.support import Stack

CLERK = "91370303MA3D01010Y"
HEADERS = ("序号", "设备名称", "规格/型号", "编码", "厂商", "放在哪里", "班组", "备注")


def shop_list(path: Path, *, first: int) -> Path:
    book = Workbook()
    book.active.merge_cells("A1:H1")
    book.active["A1"] = "老王五金店计量器具一览表"
    book.active["A2"], book.active["G2"] = "填表人：王大明", "2026 年 11 月"
    book.active.append(HEADERS)
    for number in range(first, first + 3):
        book.active.append(
            [number, "压力表", "Y-60", f"LW-{number:03d}", "青岛海川仪表厂", f"{number} 号货架", "门店", "完好"]
        )
    book.save(path)
    return path


def choose(page: Page, letter: str, column: str) -> None:
    page.locator(f"[name=column_{letter}]").select_option(label=column)


def start(clerk: Page, stack: Stack, file: Path) -> None:
    clerk.goto(f"{stack.url}/enterprise/imports/new")
    clerk.locator("input[type=file]").set_input_files(file)
    press(clerk, "上传并检查")


def test_a_list_of_ones_own_is_explained_previewed_and_written(
    stack: Stack, as_person: AsPerson, tmp_path: Path
) -> None:
    clerk = as_person(CLERK)
    start(clerk, stack, shop_list(tmp_path / "老王的台账.xlsx", first=1))
    clerk.get_by_role("link", name="对应列名", exact=True).click(timeout=WITHIN_MS)
    expect(clerk.locator("main")).to_contain_text("没有认出这几列：出厂编号、器具产地、器具用途、送检方式。")
    expect(row_of(clerk, "青岛海川仪表厂")).to_contain_text("猜的，请核对")
    expect(clerk.locator("[name=column_D]")).to_have_value("")

    press(clerk, "按这样读取")
    expect(clerk.locator("main")).to_contain_text("还没有选出哪一列是“出厂编号”")
    asked = clerk.locator("[data-until-chosen]:visible")
    before = asked.count()
    choose(clerk, "D", "出厂编号（必需）")
    choose(clerk, "F", "使用地点（必需）")
    expect(asked).to_have_count(before - 2)
    for code, words in (("origin", "国产"), ("purpose", "安全防护"), ("delivery_mode", "送检")):
        clerk.locator(f"[name=fill_{code}]").select_option(label=words)
    press(clerk, "按这样读取")

    expect(clerk.locator("main")).to_contain_text("3 行都可以导入：新增 3，更新 0", timeout=WITHIN_MS)
    expect(row_of(clerk, "LW-001")).to_contain_text("压力表")
    clerk.get_by_role("button", name="全部导入").click()
    expect(clerk.locator("main")).to_contain_text("已完成，写入 3 行", timeout=WITHIN_MS)
    clerk.goto(f"{stack.url}/enterprise/instruments/?q=LW-002")
    clerk.locator("main tbody td.lead a").click()
    facts = clerk.locator("main")
    for value in ("LW-002", "Y-60", "青岛海川仪表厂", "2 号货架", "门店", "国产", "安全防护", "1401"):
        expect(facts).to_contain_text(value)

    start(clerk, stack, shop_list(tmp_path / "老王的台账（新）.xlsx", first=3))
    expect(clerk.locator("main")).to_contain_text("已照那一次的对应读取", timeout=WITHIN_MS)
    expect(clerk.locator("main")).to_contain_text(re.compile("新增 2"))
