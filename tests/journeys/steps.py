"""What people do in journeys: one function, one thing done with the mouse and the keyboard."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, expect

from backoffice.states import ReturnCode

from .support import Stack

WITHIN_MS = 15_000
"""A job does its part within this time, also on a busy machine."""
AT_ONCE_MS = 10_000
"""What the product promises to happen within ten seconds of a change."""

GAUGE: Mapping[str, str] = {
    "name": "弹簧管压力表",
    "kind_code": "1401",
    "model": "Y-100",
    "measuring_range": "(0～1.6) MPa",
    "accuracy_class": "1.6级",
    "manufacturer": "青岛海川仪表厂",
    "origin": "国产",
    "quantity": "1",
    "place_of_use": "二号空压站",
    "division_code": "370303",
    "department": "动力车间",
    "purpose": "安全防护",
    "delivery_mode": "送检",
}
"""What is typed for an instrument, by field; lists by the words that are chosen."""
LISTS = ("origin", "purpose", "delivery_mode")


def press(page: Page, name: str | re.Pattern[str]) -> None:
    """Use the button or link of the page's main part with exactly this name."""
    main = page.locator("main")
    exact = isinstance(name, str)
    button = main.get_by_role("button", name=name, exact=exact)
    button.or_(main.get_by_role("link", name=name, exact=exact)).first.click()
    page.wait_for_load_state()


def field(page: Page, name: str) -> Locator:
    """A form's control by its column."""
    return page.locator(f"main [name={name}]")


def said_beside(page: Page, name: str) -> Locator:
    """What is said directly below a field about what was typed there."""
    return page.locator(f"main #{name}-error")


def fill_instrument(page: Page, **typed: str) -> None:
    """Type into the form of one instrument; kinds are typed as their code."""
    for name, value in typed.items():
        if name in LISTS:
            field(page, name).select_option(label=value)
        else:
            field(page, name).fill(value)


def add_instrument(page: Page, stack: Stack, **typed: str) -> str:
    """Enter an instrument by hand; returns the address of its record."""
    page.goto(f"{stack.url}/enterprise/instruments/new")
    fill_instrument(page, **{**GAUGE, **typed})
    press(page, "新增")
    page.goto(f"{stack.url}/enterprise/instruments/?q={typed['serial_number']}")
    link = page.locator("main tbody td.lead a")
    expect(link).to_have_count(1)
    return stack.url + str(link.get_attribute("href"))


def start_booking(page: Page, stack: Stack, *serials: str) -> str:
    """A new draft with these instruments, found by their serial numbers; returns the draft's address."""
    page.goto(f"{stack.url}/enterprise/appointments/")
    press(page, "新增")
    for serial in serials:
        page.get_by_role("searchbox").fill(serial)
        page.get_by_role("button", name="筛选", exact=True).click()
        box = page.locator("input[name=ids]:enabled")
        expect(box).to_have_count(1)
        expect(page.locator("main tbody tr")).to_contain_text(serial)
        box.check()
    press(page, "选择器具")
    expect(page.get_by_role("heading", name=f"计量器具信息 {len(serials)} 台（件）")).to_be_visible()
    return page.url.split("#")[0]


def book(page: Page, stack: Stack, *serials: str) -> str:
    """Book these instruments; returns the address of the appointment."""
    appointment = start_booking(page, stack, *serials)
    press(page, "提交预约")
    return appointment


def row_of(page: Page, text: str) -> Locator:
    """The table row in which a text stands."""
    return page.locator("main tr").filter(has_text=text)


def expect_state(page: Page, serial: str, state: str, *, timeout: float = WITHIN_MS) -> None:
    """Wait until an item of the open page is in a state; the page follows the job by itself."""
    expect(row_of(page, serial).locator(f"[data-state={state}]")).to_be_visible(timeout=timeout)


def open_until(page: Page, url: str, wanted: Locator, *, timeout: float = WITHIN_MS) -> None:
    """Open a page again and again, as people do who wait for something, until it shows what is wanted."""
    deadline = time.monotonic() + timeout / 1000
    page.goto(url)
    while not wanted.count() and time.monotonic() < deadline:
        page.wait_for_load_state("networkidle")
        page.goto(url)
    expect(wanted.first).to_be_visible()


def slip_of(page: Page, appointment: str, institution: str) -> str:
    """The number of the appointment's slip for an institution, read from the slip's page."""
    page.goto(appointment)
    page.locator("main section.card").filter(has_text=institution).locator("h2 a").first.click()
    page.wait_for_load_state()
    found = re.search(r"YD-\d{8}-\d{4,8}", page.locator("h1").inner_text())
    assert found, page.locator("h1").inner_text()
    return found[0]


def open_slip(counter: Page, stack: Stack, number: str) -> None:
    """The counter types (or scans) a slip's number."""
    counter.goto(f"{stack.url}/institution/slips/")
    box = counter.get_by_role("searchbox").first
    box.fill(number)
    box.press("Enter")
    expect(counter.locator("h1")).to_contain_text(number)


def tick_only(page: Page, *serials: str) -> None:
    """Tick these instruments of a slip and no others."""
    page.get_by_label("全选").uncheck()
    for serial in serials:
        row_of(page, serial).locator("input[name=item]").check()


def return_items(counter: Page, *serials: str, code: ReturnCode, words: str) -> None:
    """Send instruments of the open slip back."""
    tick_only(counter, *serials)
    press(counter, "退回")
    field(counter, "code").select_option(value=code.value)
    field(counter, "words").fill(words)
    press(counter, f"退回 {len(serials)} 台（件）")
    expect(counter.locator("body")).to_contain_text(f"已退回 {len(serials)} 台（件）")


def accept_all(counter: Page, count: int) -> None:
    """Accept what waits on the open slip; the day is arranged by telephone."""
    press(counter, "受理")
    counter.get_by_label("待电话约定").check()
    press(counter, f"受理 {count} 台（件）")
    expect(counter.locator("main [data-state=accepted]").first).to_be_visible()


def enter_result(counter: Page, stack: Stack, serial: str, number: str, *, passed: bool, until: str = "") -> None:
    """Enter the result of an instrument that was accepted; it waits for another person then."""
    counter.goto(f"{stack.url}/institution/results-to-enter/?q={serial}")
    row_of(counter, serial).get_by_role("link", name="登记结果", exact=True).click()
    counter.get_by_label("合格" if passed else "不合格", exact=True).check()
    counter.get_by_label("检定证书" if passed else "检定结果通知书", exact=True).check()
    field(counter, "document_number").fill(number)
    field(counter, "regulation").fill("JJG 52-2013")
    if until:
        field(counter, "valid_until").fill(until)
    press(counter, "登记结果")
    expect(counter.locator("main .next")).to_contain_text("等本机构另一人核验发布")


def publish_result(colleague: Page, stack: Stack, number: str) -> None:
    """Another person of the institution reads the result and publishes it."""
    colleague.goto(f"{stack.url}/institution/verifications/?q={number}")
    colleague.locator("main tbody td.lead a").click()
    press(colleague, "核验发布")
    expect(colleague.locator("main dl.facts")).to_contain_text(number)
    press(colleague, "核验发布")
    expect(colleague.locator("main .next")).to_contain_text("核验发布，台账已更新")


def register(page: Page, stack: Stack, licence: Path, *, kind: str, **typed: str) -> None:
    """Fill in the registration, check it, send it; fields by their column."""
    page.goto(f"{stack.url}/register")
    field(page, "type").select_option(label=kind)
    for name, value in typed.items():
        field(page, name).fill(value)
    page.locator("input[type=file]").set_input_files(licence)
    press(page, "下一步：核对")
    expect(page.get_by_role("heading", name="核对", exact=True)).to_be_visible()
    press(page, "提交注册")


def picture_of_licence(folder: Path) -> Path:
    path = folder / "营业执照.png"
    Image.new("RGB", (400, 280), "white").save(path)
    return path


def approve_registration(page: Page, stack: Stack, name: str) -> None:
    """The regulator opens the registration in the queue and lets it pass."""
    page.goto(f"{stack.url}/regulator/registrations/")
    page.get_by_role("link", name=name, exact=True).click()
    press(page, "通过")
    expect(page.locator("main")).to_contain_text("已通过")
