"""The tour in pictures: walks 《五分钟导览》 and stops at each moment the README shows. Belongs to `tests.screens`."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.support import Stack

SECONDS_MS = 20_000


def walk(page: Page, stack: Stack, picture: Callable[[Page, str], None]) -> None:
    """Take the five steps; `picture(page, name)` is called where there is something to see."""
    page.set_default_timeout(SECONDS_MS)
    page.goto(f"{stack.url}/tour")
    page.get_by_role("button", name=re.compile("第 1 步")).click()
    picture(page, "1-draft")
    page.locator("main").get_by_role("button", name="提交预约", exact=True).click()
    expect(page.locator("main [data-state=unmatched]").first).to_be_visible(timeout=SECONDS_MS)
    picture(page, "1-split")
    _next(page)
    _import_the_example(page)
    picture(page, "2-import")
    _next(page)
    picture(page, "3-counter")
    own = page.locator("tbody tr").filter(has_text="鲁岳").first
    own.get_by_role("link", name="受理", exact=True).click()
    picture(page, "3-accept")
    page.get_by_role("button", name=re.compile("^受理 ")).click()
    _next(page)
    picture(page, "4-receipt")
    page.get_by_role("link", name="打印预约单").first.click()
    picture(page, "4-print")
    _next(page)
    page.locator("main tbody td.lead a").first.click()
    picture(page, "5-why")


def _next(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^下一步")).click()
    page.wait_for_load_state()


def _import_the_example(page: Page) -> None:
    with tempfile.TemporaryDirectory() as folder, page.expect_download() as waiting:
        page.get_by_role("link", name="下载示例台账").click()
        file = Path(folder) / "示例台账.xlsx"
        waiting.value.save_as(file)
        page.locator("main input[type=file]").set_input_files(file)
        page.get_by_role("button", name="上传并检查").click()
    expect(page.locator("main")).to_contain_text("560", timeout=SECONDS_MS)
