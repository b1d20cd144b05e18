"""What no institution can take becomes a slip once the regulator adds what is missing; nobody books it again."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.journeys.fixtures import AsPerson
from tests.journeys.steps import (
    AT_ONCE_MS,
    add_instrument,
    book,
    expect_state,
    field,
    open_slip,
    press,
    row_of,
    slip_of,
)
from tests.journeys.support import Stack, accounts

CLERK, REGULATOR, COUNTER = "91370305MA3D03030C07", "zibo-jlk", "zhangdian-jls"
KIND, DIVISION, SERIAL = "1801", "370306", "WP-2026-01"


def test_an_unmatched_instrument_becomes_a_slip_when_the_missing_capability_is_added(
    stack: Stack, as_person: AsPerson
) -> None:
    clerk, regulator, counter = as_person(CLERK), as_person(REGULATOR), as_person(COUNTER)
    institution = accounts()[COUNTER].organisation
    sound = {"name": "声级计", "kind_code": KIND, "measuring_range": "(35～130) dB", "accuracy_class": "2级"}
    add_instrument(
        clerk, stack, serial_number=SERIAL, division_code=DIVISION, purpose="环境监测", model="HS5633", **sound
    )
    appointment = book(clerk, stack, SERIAL)
    expect_state(clerk, SERIAL, "unmatched")
    expect(clerk.locator("main")).to_contain_text("您无需重复提交")

    # The regulator opens the queue and sees why, and is led to what is missing with what is known filled in.
    regulator.goto(f"{stack.url}/regulator/unmatched/?q={SERIAL}")
    regulator.locator("main tbody td.lead a").click()
    expect(regulator.locator("#why")).to_contain_text("为什么")
    why = regulator.url
    press(regulator, "新增授权")
    expect(field(regulator, "kind_code")).to_have_value(KIND)
    expect(regulator.locator(f"main input[name=areas][value='{DIVISION}']")).to_be_checked()
    field(regulator, "institution_id").select_option(label=institution)
    field(regulator, "document_number").fill("淄市监计〔2026〕31 号")
    for mode in regulator.locator("main input[name=delivery_modes]").all():
        mode.check()
    press(regulator, "新增")

    # The clerk books nothing again and presses nothing: within ten seconds the open page shows a slip.
    expect(clerk.locator("main [data-state=awaiting_acceptance]").first).to_be_visible(timeout=AT_ONCE_MS)
    number = slip_of(clerk, appointment, institution)
    open_slip(counter, stack, number)
    expect(row_of(counter, SERIAL)).to_be_visible()
    regulator.goto(why)
    expect(regulator.locator("main [data-state=awaiting_acceptance]").first).to_be_visible()
