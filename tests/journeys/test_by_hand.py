"""新增 by hand: what does not belong into the ledger is refused beside its field, and nothing typed is lost."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.journeys.fixtures import AsPerson
from tests.journeys.steps import GAUGE, LISTS, add_instrument, field, fill_instrument, press, row_of, said_beside
from tests.journeys.support import Stack

CLERK = "91370303MA3D01010Y"
NOT_MANDATORY = "4101"
SERIAL = "SG-2026-01"
REFUSED = {
    "quantity": "2",
    "kind_code": NOT_MANDATORY,
    "division_code": "370300",
}
"""Two in one row; 称重传感器, which needs type approval only; a city that has districts."""


def typed_in(page: Page) -> dict[str, str]:
    """What the form shows, as typed or chosen."""
    shown = {}
    for name in (*GAUGE, "serial_number"):
        control = field(page, name)
        if name in LISTS:
            shown[name] = control.locator("option:checked").inner_text()
        else:
            shown[name] = control.input_value()
    return shown


def test_what_does_not_belong_into_the_ledger_is_refused_beside_its_field_with_what_was_typed(
    stack: Stack, as_person: AsPerson
) -> None:
    clerk = as_person(CLERK)
    clerk.goto(f"{stack.url}/enterprise/instruments/new")
    typed = {**GAUGE, "serial_number": SERIAL, **REFUSED}
    fill_instrument(clerk, **typed)
    field(clerk, "is_standard").check()
    press(clerk, "新增")

    for name, sentence in (
        ("quantity", "1"),
        ("kind_code", "强制检定"),
        ("division_code", "有下级"),
        ("is_standard", "计量标准"),
    ):
        expect(said_beside(clerk, name)).to_contain_text(sentence)
    expect(clerk.locator("main .said")).to_have_count(4)
    assert typed_in(clerk) == typed
    expect(field(clerk, "is_standard")).to_be_checked()

    # Each alone is refused as well, with the others put right.
    field(clerk, "is_standard").uncheck()
    for name, wrong in REFUSED.items():
        fill_instrument(clerk, **{**{each: GAUGE[each] for each in REFUSED}, name: wrong})
        press(clerk, "新增")
        expect(said_beside(clerk, name)).to_be_visible()
        expect(clerk.locator("main .said")).to_have_count(1)

    fill_instrument(clerk, **{name: GAUGE[name] for name in REFUSED})
    press(clerk, "新增")
    clerk.goto(f"{stack.url}/enterprise/instruments/?q={SERIAL}")
    expect(row_of(clerk, SERIAL)).to_have_count(1)


def test_the_same_instrument_is_entered_once(stack: Stack, as_person: AsPerson) -> None:
    clerk = as_person(CLERK)
    add_instrument(clerk, stack, serial_number="SG-2026-02")

    clerk.goto(f"{stack.url}/enterprise/instruments/new")
    fill_instrument(clerk, **{**GAUGE, "serial_number": "SG-2026-02"})
    press(clerk, "新增")
    expect(said_beside(clerk, "serial_number")).to_be_visible()
    expect(field(clerk, "serial_number")).to_have_value("SG-2026-02")
