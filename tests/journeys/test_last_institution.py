"""The question about the last institution: either answer leads where the guide says (guide, 四, 注)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from backoffice import clock
from backoffice.states import ReturnCode
from tests.journeys.fixtures import AsPerson
from tests.journeys.steps import (
    add_instrument,
    book,
    expect_state,
    field,
    open_slip,
    press,
    return_items,
    row_of,
    slip_of,
)
from tests.journeys.support import Stack, accounts

CLERK, REGULATOR = "92370303MA3D060605", "zibo-jlk"
CITY, DISTRICT = "shijiliangyuan", "zhangdian-jls"
KIND, DIVISION = "1101", "370390"
Reasons = Mapping[str, ReturnCode]
"""Why instruments are returned, by serial number."""
KEPT, FREED = "SC-2026-01", "SC-2026-02"
METER = {
    "name": "涡轮流量计",
    "kind_code": KIND,
    "model": "LWGY-50",
    "measuring_range": "(4～40) m³/h",
    "accuracy_class": "1.0级",
    "division_code": DIVISION,
    "purpose": "贸易结算",
}


@pytest.fixture
def people(as_person: AsPerson) -> dict[str, Page]:
    return {name: as_person(name) for name in (CLERK, REGULATOR, CITY, DISTRICT)}


def name_of(username: str) -> str:
    return accounts()[username].organisation


def send_back(people: dict[str, Page], stack: Stack, appointment: str, counter: str, reasons: Reasons) -> None:
    """An institution returns instruments of its slip, each serial number for its own reason."""
    number = slip_of(people[CLERK], appointment, name_of(counter))
    for serial, code in reasons.items():
        open_slip(people[counter], stack, number)
        return_items(people[counter], serial, code=code, words=f"{serial} 请核对")


def book_again(clerk: Page, appointment: str, count: int) -> None:
    clerk.goto(appointment)
    press(clerk, f"重新预约 {count} 台（件）")
    expect(clerk.get_by_role("heading", name=f"计量器具信息 {count} 台（件）")).to_be_visible()


def authorise(regulator: Page, stack: Stack, institution: str, place: str) -> str:
    """A district's institution is authorised for the kind at the place; returns the address of the capability."""
    regulator.goto(f"{stack.url}/regulator/capabilities/new?kind_code={KIND}&areas={place}")
    field(regulator, "institution_id").select_option(label=institution)
    field(regulator, "document_number").fill("淄市监计〔2026〕32 号")
    for mode in regulator.locator("main input[name=delivery_modes]").all():
        mode.check()
    press(regulator, "新增")
    expect(regulator.locator("h1")).to_contain_text(institution)
    return regulator.url


def expected_place(clerk: Page, serial: str) -> Locator:
    """预计去哪里 of one instrument of the draft."""
    return row_of(clerk, serial).locator("td[data-label=预计]")


def test_either_answer_about_the_last_institution_leads_where_the_guide_says(
    people: dict[str, Page], stack: Stack
) -> None:
    clerk, regulator = people[CLERK], people[REGULATOR]
    city, district = name_of(CITY), name_of(DISTRICT)
    for serial in (KEPT, FREED):
        add_instrument(clerk, stack, serial_number=serial, **METER)
    first = book(clerk, stack, KEPT, FREED)
    for serial in (KEPT, FREED):
        expect_state(clerk, serial, "awaiting_acceptance")
    # Two reasons make two questions; meanwhile a nearer institution is authorised for the kind.
    send_back(people, stack, first, CITY, {KEPT: ReturnCode.WRONG_SERIAL, FREED: ReturnCode.OTHER})
    authorise(regulator, stack, district, DIVISION)

    book_again(clerk, first, 2)
    questions = clerk.locator("#questions section")
    expect(questions).to_have_count(2)
    press(clerk, "提交预约")
    expect(clerk.locator("#questions .fix")).to_have_count(2)
    keep = re.compile("仍分配至")
    questions.filter(has_text=KEPT).get_by_role("button", name=keep).click()
    expect(clerk.locator("#questions")).to_contain_text(f"已选：仍分配至{city}")
    questions.filter(has_text=FREED).get_by_role("button", name="重新匹配技术机构").click()
    expect(clerk.locator("#questions")).to_contain_text("已选：重新匹配技术机构")
    expect(expected_place(clerk, KEPT)).to_have_text(city)
    expect(expected_place(clerk, FREED)).to_have_text(district)
    press(clerk, "提交预约")
    second = clerk.url

    for serial in (KEPT, FREED):
        expect_state(clerk, serial, "awaiting_acceptance")
    for serial, counter in ((KEPT, CITY), (FREED, DISTRICT)):
        open_slip(people[counter], stack, slip_of(clerk, second, name_of(counter)))
        expect(row_of(people[counter], serial)).to_be_visible()
    clerk.goto(second)
    expect(row_of(clerk, KEPT)).to_contain_text("按您的选择，仍分配至上次机构")
    expect(row_of(clerk, FREED)).not_to_contain_text("按您的选择")


def test_where_the_last_institution_can_no_longer_take_it_the_page_says_so_and_it_is_matched_again(
    people: dict[str, Page], stack: Stack
) -> None:
    clerk, regulator, serial, place = people[CLERK], people[REGULATOR], "SC-2026-03", "370391"
    city, district = name_of(CITY), name_of(DISTRICT)
    capability = authorise(regulator, stack, district, place)
    add_instrument(clerk, stack, serial_number=serial, **{**METER, "division_code": place})
    first = book(clerk, stack, serial)
    expect_state(clerk, serial, "awaiting_acceptance")
    send_back(people, stack, first, DISTRICT, {serial: ReturnCode.WRONG_INFORMATION})
    end_yesterday(regulator, capability)

    book_again(clerk, first, 1)
    expect(clerk.locator("#questions")).to_contain_text(f"{district} 现在已不能检定这些器具，提交后会重新匹配技术机构")
    expect(clerk.locator("#questions button")).to_have_count(0)
    press(clerk, "提交预约")
    expect_state(clerk, serial, "awaiting_acceptance")
    expect(clerk.locator("main section.card h2").filter(has_text=city)).to_be_visible()


def end_yesterday(regulator: Page, capability: str) -> None:
    """The regulator ends a capability; yesterday was its last day."""
    regulator.goto(capability)
    press(regulator, "结束授权")
    yesterday = clock.local(clock.now()).date() - timedelta(days=1)
    regulator.locator("main input[type=date]").fill(yesterday.isoformat())
    field(regulator, "reason").fill("标准器停用")
    press(regulator, "结束授权")
    expect(regulator.locator("body")).to_contain_text("授权的最后有效日已改为")
