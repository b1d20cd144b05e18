"""The width of the ledger, in a browser: 待确认 kinds, 停用 in batch, 批量新增, 复制新增."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.journeys.fixtures import AsPerson
from tests.journeys.steps import GAUGE, add_instrument, field, fill_instrument, press, row_of
from tests.journeys.support import Stack

CLERK = "91370303MA3D01010Y"


def list_of(page: Page, stack: Stack, words: str) -> None:
    page.goto(f"{stack.url}/enterprise/instruments/?q={words}")


def first_kind_to_be_confirmed(page: Page) -> str:
    """A kind the form marks 待确认, as the field's suggestions write it."""
    option = page.locator("#kind_code-list option", has_text="（待确认）").first
    words = option.get_attribute("value")
    assert words
    return words


def test_a_kind_to_be_confirmed_is_accepted_and_stays_marked(stack: Stack, as_person: AsPerson) -> None:
    clerk = as_person(CLERK)
    clerk.goto(f"{stack.url}/enterprise/instruments/new")
    code = first_kind_to_be_confirmed(clerk)
    address = add_instrument(clerk, stack, serial_number="KD-DQR-1", kind_code=code)
    clerk.goto(address)
    expect(clerk.locator("main .alert.warn")).to_contain_text("是否属于强制检定待确认；可以登记")
    clerk.goto(f"{stack.url}/enterprise/instruments/?tab=open")
    expect(row_of(clerk, "KD-DQR-1")).to_contain_text("（待确认）")


def test_a_run_of_numbers_is_previewed_entered_and_stopped_in_batch(stack: Stack, as_person: AsPerson) -> None:
    clerk = as_person(CLERK)
    list_of(clerk, stack, "")
    press(clerk, "批量新增")
    fill_instrument(clerk, **{name: value for name, value in GAUGE.items() if name != "quantity"})
    field(clerk, "first_number").fill("KD0098")
    field(clerk, "last_number").fill("KD0097")
    press(clerk, "预览")
    expect(clerk.locator("#last_number-error")).to_contain_text("小")
    expect(field(clerk, "place_of_use")).to_have_value(GAUGE["place_of_use"])
    field(clerk, "last_number").fill("KD0103")
    press(clerk, "预览")
    expect(clerk.locator("main .alert.ok")).to_contain_text("KD0098、KD0099、KD0100、KD0101、KD0102、KD0103")
    press(clerk, "新增 6 台（件）")
    expect(clerk.locator("body")).to_contain_text("已新增 6 台（件）")

    list_of(clerk, stack, "KD01")
    expect(clerk.locator("main tbody tr")).to_have_count(4)
    clerk.get_by_label("全选本页").check()
    clerk.locator("#bulk").get_by_role("button", name="停用", exact=True).click()
    field(clerk, "reason").fill("停产检修")
    press(clerk, "停用 4 台（件）")
    expect(clerk.locator("body")).to_contain_text("已将 4 台（件）办理为“停用”")
    list_of(clerk, stack, "KD01")
    expect(clerk.locator("main tbody [data-state=stopped]")).to_have_count(4)


def test_a_copy_keeps_everything_but_the_numbers(stack: Stack, as_person: AsPerson) -> None:
    clerk = as_person(CLERK)
    add_instrument(clerk, stack, serial_number="KD-FZ-1")
    list_of(clerk, stack, "KD-FZ-1")
    row_of(clerk, "KD-FZ-1").get_by_role("link", name="复制", exact=True).click()
    expect(field(clerk, "serial_number")).to_have_value("")
    expect(field(clerk, "manufacturer")).to_have_value(GAUGE["manufacturer"])
    clerk.locator("summary", has_text="更多（选填）").click()
    field(clerk, "season").fill("6 月至 9 月")
    field(clerk, "serial_number").fill("KD-FZ-2")
    press(clerk, "新增")
    expect(clerk.locator("main")).to_contain_text("6 月至 9 月")
    list_of(clerk, stack, "KD-FZ")
    expect(clerk.locator("main tbody tr")).to_have_count(2)
