"""From a certificate the enterprise declared to the first recorded result; and what a fail leads to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Page, expect

from backoffice import clock
from tests.journeys.fixtures import AsPerson
from tests.journeys.steps import (
    GAUGE,
    accept_all,
    book,
    enter_result,
    expect_state,
    field,
    fill_instrument,
    open_slip,
    press,
    publish_result,
    row_of,
    slip_of,
)
from tests.journeys.support import Stack

CLERK, COUNTER, INSTITUTION = "91370303MA3D01010Y", "zhangdian-jls", "张店区齐园计量检定所"
DECLARED = {"declared_certificate_number": "JY-2025-3301", "declared_institution": "淄博市旧计量所"}


def declare(clerk: Page, stack: Stack, serial: str) -> str:
    """Enter an instrument whose earlier certificate ends in ten days; returns the address of its record."""
    today = clock.today()
    clerk.goto(f"{stack.url}/enterprise/instruments/new")
    fill_instrument(clerk, **{**GAUGE, "serial_number": serial})
    clerk.locator("main details:has([name=declared_valid_until]) > summary").click()
    field(clerk, "declared_verified_on").fill(str(today - timedelta(days=355)))
    field(clerk, "declared_valid_until").fill(str(today + timedelta(days=10)))
    for name, value in DECLARED.items():
        field(clerk, name).fill(value)
    press(clerk, "新增")
    clerk.goto(f"{stack.url}/enterprise/instruments/?q={serial}")
    address = clerk.locator("main tbody td.lead a").get_attribute("href")
    return stack.url + str(address)


def booked_and_accepted(clerk: Page, counter: Page, stack: Stack, serial: str) -> str:
    """Book an instrument and accept it; returns the address of the appointment."""
    appointment = book(clerk, stack, serial)
    expect_state(clerk, serial, "awaiting_acceptance")
    open_slip(counter, stack, slip_of(clerk, appointment, INSTITUTION))
    accept_all(counter, 1)
    return appointment


def test_a_declared_certificate_is_due_and_replaced_by_the_first_result(
    stack: Stack, as_person: AsPerson, colleague_of: Callable[[str], Page]
) -> None:
    clerk, counter, serial, number = as_person(CLERK), as_person(COUNTER), "JG-ZB-1", "QY-2026-00151"
    instrument = declare(clerk, stack, serial)

    # Due in the enterprise's own words.
    clerk.goto(f"{stack.url}/enterprise/instruments/?tab=due_soon&q={serial}")
    expect(row_of(clerk, serial)).to_contain_text("（自报）")
    expect(row_of(clerk, serial).locator("[data-state=due_soon]")).to_be_visible()
    clerk.goto(instrument)
    expect(clerk.locator("main")).to_contain_text("上次检定（企业自报，未核实）")

    # Booked, accepted; one person enters the result and cannot publish it.
    appointment = booked_and_accepted(clerk, counter, stack, serial)
    until = str(clock.today() + timedelta(days=180))
    enter_result(counter, stack, serial, number, passed=True, until=until)
    entered = counter.url
    expect(counter.locator("main .next")).to_contain_text("由您登记，须由本机构另一人发布")
    expect(counter.get_by_role("button", name="核验发布", exact=True)).to_be_disabled()
    counter.goto(f"{entered}/publish")
    expect(counter.locator("main").get_by_role("button", name="核验发布", exact=True)).to_be_disabled()
    expect(counter.locator("main")).to_contain_text("须由本机构另一人")
    clerk.goto(instrument)
    expect(clerk.locator("main")).not_to_contain_text(number)

    # Another person publishes; only now the ledger says so.
    publish_result(colleague_of(COUNTER), stack, number)
    clerk.goto(instrument)
    expect(clerk.locator("main dl.facts").filter(has_text="检定证书编号")).to_contain_text(number)
    expect(clerk.locator("main dl.facts").filter(has_text="检定证书编号")).to_contain_text(until)
    expect(clerk.get_by_role("heading", name="上次检定（企业自报，未核实）")).to_have_count(0)
    expect(clerk.get_by_label("经过")).to_contain_text(f"检定合格，检定证书 {number}")
    clerk.goto(f"{stack.url}/enterprise/instruments/?q={serial}")
    expect(row_of(clerk, serial).locator("[data-state=valid]")).to_be_visible()
    clerk.goto(appointment)
    expect_state(clerk, serial, "passed")
    expect(clerk.locator("main [data-state=closed]").first).to_be_visible()

    # The enterprise is told, and the notice leads to the result.
    clerk.goto(f"{stack.url}/enterprise/notices/")
    row_of(clerk, f"{serial} 的检定结果：合格").get_by_role("button").click()
    clerk.wait_for_load_state()
    expect(clerk.locator("main dl.facts").first).to_contain_text(number)


def test_a_fail_offers_repair_and_scrapping(
    stack: Stack, as_person: AsPerson, colleague_of: Callable[[str], Page]
) -> None:
    clerk, counter, serial, number = as_person(CLERK), as_person(COUNTER), "JG-BHG-1", "QY-TZ-00007"
    instrument = declare(clerk, stack, serial)
    booked_and_accepted(clerk, counter, stack, serial)
    enter_result(counter, stack, serial, number, passed=False)
    publish_result(colleague_of(COUNTER), stack, number)

    clerk.goto(f"{stack.url}/enterprise/verifications/?tab=not_passed&q={serial}")
    clerk.locator("main tbody td.lead a").click()
    expect(clerk.locator("main .next")).to_contain_text("请立即停用")
    expect(clerk.locator("main .next").get_by_role("link", name="报废", exact=True)).to_be_visible()
    clerk.goto(instrument)
    expect(clerk.locator("main [data-state=failed]").first).to_be_visible()
    press(clerk, "修理后重新申请")
    expect(clerk.locator("body")).to_contain_text("已建立修理后检定的预约草稿")
    expect(clerk.locator("main")).to_contain_text("修理后")
    press(clerk, "提交预约")
    expect_state(clerk, serial, "awaiting_acceptance")
