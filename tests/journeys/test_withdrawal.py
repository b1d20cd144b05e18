"""Withdrawal before acceptance: of one item, and of all that is left."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.journeys.fixtures import AsPerson
from tests.journeys.steps import add_instrument, book, expect_state, open_slip, press, row_of, slip_of
from tests.journeys.support import Stack, accounts

CLERK, COUNTER, INSTITUTION = "91370303MA3D01010Y", "zhangdian-jls", "张店区齐园计量检定所"
SERIALS = ("CH-2026-01", "CH-2026-02", "CH-2026-03")


def test_what_is_withdrawn_before_acceptance_leaves_the_institution_which_is_told(
    stack: Stack, as_person: AsPerson
) -> None:
    clerk, counter = as_person(CLERK), as_person(COUNTER)
    for serial in SERIALS:
        add_instrument(clerk, stack, serial_number=serial)
    appointment = book(clerk, stack, *SERIALS)
    for serial in SERIALS:
        expect_state(clerk, serial, "awaiting_acceptance")
    number = slip_of(clerk, appointment, INSTITUTION)
    open_slip(counter, stack, number)
    slip = counter.url
    for serial in SERIALS:
        expect(row_of(counter, serial)).to_be_visible()

    # One of them.
    clerk.goto(appointment)
    row_of(clerk, SERIALS[0]).get_by_role("link", name="撤回这台").click()
    press(clerk, "撤回")
    expect_state(clerk, SERIALS[0], "withdrawn")
    expect_state(clerk, SERIALS[1], "awaiting_acceptance")
    counter.goto(slip)
    expect(counter.locator("body")).not_to_contain_text(SERIALS[0])
    expect(row_of(counter, SERIALS[1])).to_be_visible()
    told(counter, stack, number, 1)

    # All that is left.
    clerk.goto(appointment)
    press(clerk, "撤回")
    expect(clerk.locator("main")).to_contain_text("撤回 2 台（件）")
    press(clerk, "撤回")
    for serial in SERIALS:
        expect_state(clerk, serial, "withdrawn")
    told(counter, stack, number, 2)
    counter.goto(f"{stack.url}/institution/slips/?tab=awaiting")
    expect(counter.locator("body")).not_to_contain_text(number)
    counter.goto(slip)
    for serial in SERIALS:
        expect(counter.locator("body")).not_to_contain_text(serial)
    expect(counter.locator("main").get_by_role("button", name="受理", exact=True)).to_have_count(0)

    # They can be booked again.
    again = book(clerk, stack, SERIALS[0])
    assert again != appointment
    expect_state(clerk, SERIALS[0], "awaiting_acceptance")


def told(counter: Page, stack: Stack, number: str, count: int) -> None:
    """The institution has a notice that names who withdrew how many of which slip."""
    counter.goto(f"{stack.url}/institution/notices/")
    name = accounts()[CLERK].organisation
    expect(counter.locator("main")).to_contain_text(f"{name} 撤回了预约单 {number} 的 {count} 台（件）")
