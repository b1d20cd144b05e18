"""《五分钟导览》 as its ribbon tells it: whoever reads only the line at the top walks through all five steps."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.journeys.fixtures import NewStack
from tests.journeys.steps import AT_ONCE_MS, WITHIN_MS, field, press, row_of
from tests.journeys.support import PHONE, Stack, account_of

ENTERPRISE = account_of("enterprise").organisation


def ribbon(page: Page) -> Locator:
    return page.get_by_role("complementary", name="五分钟导览")


def follow(page: Page, name: str | re.Pattern[str]) -> None:
    """Use a button or link of the ribbon."""
    line = ribbon(page)
    line.get_by_role("button", name=name).or_(line.get_by_role("link", name=name)).first.click()
    page.wait_for_load_state()


def says(page: Page, words: str) -> None:
    expect(ribbon(page)).to_contain_text(words)


def test_the_tour_is_walked_as_it_tells(
    new_stack: NewStack, new_context: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    stack = new_stack()
    page = new_context().new_page()
    page.goto(stack.url)
    page.locator("main").get_by_role("link", name="五分钟导览").click()
    page.get_by_role("button", name=re.compile("第 1 步")).click()
    _submit_what_is_prepared(page)
    _import_the_example(page, tmp_path)
    unread = _accept(page)
    _print(page, unread)
    _authorise(page)
    follow(page, "完成导览")
    expect(ribbon(page)).to_have_count(0)
    assert page.url == f"{stack.url}/tour"


def _submit_what_is_prepared(page: Page) -> None:
    says(page, "导览 1/5")
    expect(page.get_by_role("heading", name="计量器具信息 12 台（件）")).to_be_visible()
    says(page, "提交预约")
    press(page, "提交预约")
    main = page.locator("main")
    expect(main.locator("[data-state=unmatched]").first).to_be_visible(timeout=AT_ONCE_MS)
    expect(main.locator("section.card h2 a[href*='/enterprise/slips/']")).to_have_count(3)
    expect(main).to_contain_text("您无需重复提交")
    follow(page, re.compile("下一步"))


def _import_the_example(page: Page, folder: Path) -> None:
    says(page, "导览 2/5")
    with page.expect_download() as waiting:
        ribbon(page).get_by_role("link", name="下载示例台账").click()
    file = folder / waiting.value.suggested_filename
    waiting.value.save_as(file)
    assert file.name == "示例台账.xlsx"
    page.locator("main input[type=file]").set_input_files(file)
    press(page, "上传并检查")
    expect(page.locator("main")).to_contain_text("560", timeout=WITHIN_MS)
    says(page, "40 处错误")
    follow(page, re.compile("下一步"))


def _accept(page: Page) -> int:
    says(page, "导览 3/5")
    for tile in ("新到", "今日到期", "已超期未受理"):
        expect(page.locator(".tile").filter(has_text=tile)).to_be_visible()
    row_of(page, ENTERPRISE).get_by_role("link", name="受理", exact=True).click()
    says(page, "日期和地点已经填好")
    expect(field(page, "appointed_on")).not_to_have_value("")
    expect(field(page, "place")).not_to_have_value("")
    press(page, re.compile("^受理 "))
    says(page, "消息")
    follow(page, re.compile("下一步"))
    return int(page.locator(".bell .count").inner_text())


def _print(page: Page, unread: int) -> None:
    says(page, "导览 4/5")
    assert unread >= 1
    press(page, "打印预约单")
    says(page, "这就是打印的内容")
    with page.expect_download() as waiting:
        page.locator("main").get_by_role("link", name="下载 PDF").first.click()
    assert waiting.value.suggested_filename.endswith(".pdf")
    follow(page, re.compile("下一步"))


def _authorise(page: Page) -> None:
    says(page, "导览 5/5")
    page.locator("main tbody tr").filter(has_text=ENTERPRISE).last.locator("td.lead a").click()
    expect(page.locator("#why tbody tr")).not_to_have_count(0)
    expect(page.locator("#why td.n").first).to_be_attached()
    says(page, "新增授权")
    press(page, "新增授权")
    expect(field(page, "kind_code")).to_have_value("1801")
    expect(page.locator("main input[name=areas][value='370303']")).to_be_checked()
    assert field(page, "institution_id").input_value()
    field(page, "document_number").fill("淄市监计〔2026〕40 号")
    expect(page.locator("main input[name=delivery_modes][value=send_in]")).to_be_checked()
    press(page, "新增")
    follow(page, "看匹配结果")
    expect(page.locator("main [data-state=awaiting_acceptance]").first).to_be_visible(timeout=AT_ONCE_MS)


def test_whoever_strays_is_led_back(stack: Stack, new_context: Callable[..., BrowserContext]) -> None:
    """The way back stands on every page, also of a phone, and the step opens with the right person again."""
    page = new_context().new_page()
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(f"{stack.url}/tour")
    page.get_by_role("button", name=re.compile("第 2 步")).click()
    page.goto(f"{stack.url}/enterprise/instruments/")
    says(page, "导览 2/5")
    follow(page, "回到这一步")
    assert page.url == f"{stack.url}/enterprise/imports/new"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    controls = ribbon(page).get_by_role("button").or_(ribbon(page).get_by_role("link")).all()
    assert [box for each in controls if (box := each.bounding_box()) and box["height"] < 44] == []
    page.goto(f"{stack.url}/no-such-page")
    says(page, "回到这一步")
    page.goto(f"{stack.url}/demo")
    says(page, "回到这一步")
