"""What one side proposes and the other answers: a change of the enterprise, a correction of its ledger."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.journeys.fixtures import AsPerson
from tests.journeys.steps import (
    accept_all,
    add_instrument,
    book,
    expect_state,
    field,
    open_slip,
    press,
    row_of,
    slip_of,
)
from tests.journeys.support import Stack

CLERK, COUNTER, OFFICE = "91370303MA3D01010Y", "zhangdian-jls", "zhangdian-jlk"
INSTITUTION = "张店区齐园计量检定所"
SERIAL = "GZ-2026-01"


def request_change(clerk: Page, stack: Stack, **typed: str) -> str:
    """Ask for new values of what stands on the licence; returns the address of the request."""
    clerk.goto(f"{stack.url}/enterprise/own-record/")
    press(clerk, "申请变更")
    for name, value in typed.items():
        field(clerk, name).fill(value)
    press(clerk, "提交申请")
    expect(clerk.locator("main ins")).to_be_visible()
    return clerk.url


def open_request(office: Page, stack: Stack, name: str) -> None:
    """The regulator opens the enterprise's request in the queue."""
    office.goto(f"{stack.url}/regulator/change-requests/")
    office.locator("main").get_by_role("link", name=name, exact=True).click()
    expect(office.locator("h1")).to_contain_text(name)


def test_a_change_is_refused_with_a_reason_and_approved_when_sent_again(stack: Stack, as_person: AsPerson) -> None:
    clerk, office = as_person(CLERK), as_person(OFFICE)
    clerk.goto(f"{stack.url}/enterprise/own-record/")
    name = clerk.locator("h1").inner_text()

    # The contact needs nobody's leave.
    press(clerk, "修改联系方式")
    field(clerk, "contact").fill("于海燕")
    press(clerk, "保存修改")
    expect(clerk.locator("main")).to_contain_text("于海燕")

    # Refused: the enterprise reads why, and nothing changed.
    request = request_change(clerk, stack, principal="孙立强", words="法定代表人变更")
    open_request(office, stack, name)
    expect(office.locator("main ins")).to_have_text("孙立强")
    press(office, "不同意")
    field(office, "reason").fill("请写明换发执照的日期")
    press(office, "不同意")
    expect(office.locator("main [data-state=refused]").first).to_be_visible()
    clerk.goto(request)
    expect(clerk.locator("main")).to_contain_text("请写明换发执照的日期")
    clerk.goto(f"{stack.url}/enterprise/own-record/")
    expect(clerk.locator("dl.facts").first).not_to_contain_text("孙立强")

    # Approved: at once it stands in the record.
    request_change(clerk, stack, principal="孙立强", words="2026 年 11 月 20 日换发执照，法定代表人变更")
    open_request(office, stack, name)
    press(office, "同意")
    expect(office.locator("main [data-state=approved]").first).to_be_visible()
    clerk.goto(f"{stack.url}/enterprise/own-record/")
    expect(clerk.locator("dl.facts").first).to_contain_text("孙立强")
    clerk.goto(f"{stack.url}/enterprise/notices/")
    expect(clerk.locator("main")).to_contain_text("变更申请已同意")


def test_a_correction_is_confirmed_with_one_click_and_printed_anew(stack: Stack, as_person: AsPerson) -> None:
    clerk, counter = as_person(CLERK), as_person(COUNTER)
    record = add_instrument(clerk, stack, serial_number=SERIAL)
    appointment = book(clerk, stack, SERIAL)
    expect_state(clerk, SERIAL, "awaiting_acceptance")
    number = slip_of(clerk, appointment, INSTITUTION)
    open_slip(counter, stack, number)
    accept_all(counter, 1)

    # The counter reads something else off the instrument.
    counter.goto(f"{stack.url}/institution/instruments/?q={SERIAL}")
    counter.locator("main tbody td.lead a").click()
    press(counter, "提出更正建议")
    field(counter, "serial_number").fill(f"{SERIAL}B")
    field(counter, "words").fill("铭牌编号末位有 B")
    press(counter, "提出更正建议")
    expect(counter.locator("main ins")).to_have_text(f"{SERIAL}B")

    # One click in the list; the row was locked all the while.
    clerk.goto(f"{stack.url}/enterprise/corrections/")
    row_of(clerk, SERIAL).get_by_role("button", name="确认更正", exact=True).click()
    expect(clerk.locator("main")).to_contain_text("已确认，台账已更新")
    clerk.goto(record)
    expect(clerk.locator("main")).to_contain_text(f"{SERIAL}B")
    counter.goto(f"{stack.url}/institution/notices/")
    expect(counter.locator("main")).to_contain_text("更正建议，台账已更新")
    clerk.goto(appointment)
    expect(row_of(clerk, f"{SERIAL}B")).to_be_visible()
