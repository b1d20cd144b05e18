"""代办: a walk-in at the counter until its slip is accepted; a regulator's ledger rows and bookings for others."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.factories import valid_uscc
from tests.journeys.fixtures import AsPerson
from tests.journeys.steps import (
    GAUGE,
    accept_all,
    approve_registration,
    field,
    fill_instrument,
    open_until,
    press,
    row_of,
)
from tests.journeys.support import Stack, accounts

COUNTER, REGULATOR, CLERK = "zhangdian-jls", "zhangdian-jlk", "91370303MA3D01010Y"
NAME = "张店区老李鲜果摊"
TRADER = {
    "uscc": valid_uscc(700_001),
    "name": NAME,
    "division_code": "370303",
    "address": "东四路市场 12 号",
    "principal": "李全福",
    "contact": "李全福",
    "mobile": "13905330777",
}


def tick(page: Page, serial: str) -> None:
    row_of(page, serial).locator("input[name=ids]").check()


def add_for(page: Page, serial: str, enterprise: str = "") -> None:
    """Fill in and send the open form of a new instrument."""
    if enterprise:
        field(page, "enterprise_id").fill(enterprise)
    fill_instrument(page, **{**GAUGE, "serial_number": serial})
    press(page, "新增")


def test_a_walk_in_is_registered_booked_approved_matched_here_and_accepted(stack: Stack, as_person: AsPerson) -> None:
    counter, regulator = as_person(COUNTER), as_person(REGULATOR)
    institution = accounts()[COUNTER].organisation

    counter.goto(f"{stack.url}/institution/walk_ins/")
    press(counter, "代办登记")
    field(counter, "type").select_option(label="个体工商户")
    for name, value in TRADER.items():
        field(counter, name).fill(value)
    press(counter, "提交审核")
    expect(counter.locator("h1")).to_contain_text(NAME)
    expect(counter.locator("main")).to_contain_text(f"由{institution}代办")
    record = counter.url

    press(counter, "新增器具")
    expect(field(counter, "enterprise_id")).to_have_value(re.compile(TRADER["uscc"]))
    add_for(counter, "DB-2026-01")
    counter.goto(record)
    press(counter, "代办预约")
    tick(counter, "DB-2026-01")
    press(counter, "代办预约")
    expect(counter.locator("main")).to_contain_text("审核通过后自动提交")

    approve_registration(regulator, stack, NAME)

    # Nobody presses anything more: the booking is submitted, matched to this counter, and can be accepted.
    open_until(counter, record, counter.locator("main [data-state=awaiting_acceptance]"))
    expect(row_of(counter, "DB-2026-01").first).to_contain_text(institution)
    counter.goto(f"{stack.url}/institution/slips/?q={NAME}")
    counter.locator("main tbody td.lead a").first.click()
    accept_all(counter, 1)


def test_a_regulator_books_for_an_enterprise_assigns_elsewhere_and_cancels(stack: Stack, as_person: AsPerson) -> None:
    regulator, clerk = as_person(REGULATOR), as_person(CLERK)
    office = accounts()[REGULATOR].organisation
    regulator.goto(f"{stack.url}/regulator/instruments/new")
    add_for(regulator, "DB-2026-02", CLERK)

    regulator.goto(f"{stack.url}/regulator/appointments/")
    press(regulator, "代办预约")
    regulator.get_by_role("searchbox").fill(CLERK)
    press(regulator, "筛选")
    press(regulator, "选器具")
    regulator.get_by_role("searchbox").fill("DB-2026-02")
    press(regulator, "筛选")
    tick(regulator, "DB-2026-02")
    press(regulator, "代办预约")
    expect(regulator.locator("main")).to_contain_text(f"由{office}代办")
    appointment = regulator.url

    open_until(regulator, appointment, regulator.get_by_role("link", name="重新指派"))
    press(regulator, "重新指派")
    choices = field(regulator, "institution_id").locator("option")
    chosen = choices.nth(1).inner_text()
    field(regulator, "institution_id").select_option(index=1)
    field(regulator, "reason").fill("原机构设备检修")
    press(regulator, "重新指派")
    expect(regulator.locator("main")).to_contain_text(chosen.split("（")[0])

    regulator.goto(appointment)
    press(regulator, "取消预约")
    field(regulator, "reason").fill("单位已停业")
    press(regulator, "取消预约")
    expect(regulator.locator("main [data-state=ended]").first).to_be_visible()
    expect(regulator.locator("main")).to_contain_text("单位已停业")

    clerk.goto(f"{stack.url}/enterprise/notices/")
    expect(clerk.locator("main")).to_contain_text("单位已停业")
    clerk.goto(f"{stack.url}/enterprise/appointments/")
    expect(clerk.locator("main")).to_contain_text(f"由{office}代办")


def test_a_regulator_enters_changes_and_scraps_a_ledger_row(stack: Stack, as_person: AsPerson) -> None:
    regulator, clerk = as_person(REGULATOR), as_person(CLERK)
    regulator.goto(f"{stack.url}/regulator/instruments/")
    press(regulator, "代办新增")
    add_for(regulator, "DB-2026-03", CLERK)
    expect(regulator.locator("main")).to_contain_text("代办")
    record = regulator.url

    press(regulator, "修改")
    field(regulator, "place_of_use").fill("三号空压站")
    field(regulator, "reason").fill("现场核查已搬迁")
    press(regulator, "保存修改")
    expect(regulator.locator("main")).to_contain_text("三号空压站")

    regulator.goto(record)
    press(regulator, "报废")
    press(regulator, "报废")
    expect(regulator.locator("main .said")).to_have_count(1)
    field(regulator, "reason").fill("现场核查已拆除")
    press(regulator, "报废")
    expect(regulator.locator("main")).to_contain_text("现场核查已拆除")
    clerk.goto(f"{stack.url}/enterprise/instruments/?q=DB-2026-03")
    expect(clerk.locator("main [data-state=scrapped]").first).to_be_visible()
    clerk.goto(f"{stack.url}/enterprise/notices/")
    office = accounts()[REGULATOR].organisation
    expect(row_of(clerk, "使用地点）：现场核查已搬迁").first).to_contain_text(office)
    expect(row_of(clerk, "办理为“报废”：现场核查已拆除").first).to_contain_text(office)
