"""600 rows with 40 mistakes, put right in the preview alone and in few steps, end as the golden ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect

from backoffice.workbooks.columns import BY_CODE
from tests.journeys.fixtures import AsPerson
from tests.journeys.steps import WITHIN_MS, press
from tests.journeys.support import Stack
from tests.journeys.workbooks import ledger_600

CLERK = "91370304MA3D07070Y"
MOST_INTERACTIONS = 30


@dataclass
class Hand:
    """A hand that counts: every field filled in or chosen from, and every button pressed, is one interaction.

    A bulk fix is one, its value and its button together.
    """

    page: Page
    interactions: int = 0

    def put(self, field: Locator, value: str) -> None:
        self.interactions += 1
        self._put(field, value)

    def press(self, button: Locator) -> None:
        self.interactions += 1
        button.click()
        self.page.wait_for_load_state()

    def mend_all(self, form: Locator, value: str | None) -> None:
        if value is not None:
            self._put(form.locator("[name=text]"), value)
        self.press(form.get_by_role("button"))

    def _put(self, field: Locator, value: str) -> None:
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)


def right_values() -> dict[tuple[int, str], str]:
    """By row and column, from the committed table of what is right."""
    found: list[dict[str, Any]] = json.loads(ledger_600.FIXES.read_text(encoding="utf-8"))
    codes = {column.header: code for code, column in BY_CODE.items()}
    return {(each["row"], codes[each["header"]]): each["value"] for each in found}


def test_mistakes_are_mended_in_the_preview_in_few_steps(stack: Stack, as_person: AsPerson) -> None:
    clerk = as_person(CLERK)
    before = ledger(clerk, stack)
    clerk.goto(f"{stack.url}/enterprise/imports/new")
    clerk.locator("main input[type=file]").set_input_files(ledger_600.WORKBOOK)
    press(clerk, "上传并检查")
    main = clerk.locator("main")
    expect(main).to_contain_text("600 行里 40 行有错，其余 560 行可以导入", timeout=WITHIN_MS)

    hand, right = Hand(clerk), right_values()
    mend_equal_ones(hand, right)
    expect(main).to_contain_text("还有 16 行有错")
    mend_the_others(hand, right)
    expect(main).to_contain_text("已经没有错误，可以导入了")
    assert hand.interactions <= MOST_INTERACTIONS, hand.interactions

    expect(main).to_contain_text("600 行都可以导入：新增 600，更新 0")
    press(clerk, "全部导入")
    expect(main).to_contain_text("已完成，写入 600 行", timeout=WITHIN_MS)
    after = ledger(clerk, stack)
    assert [row for row in after if row not in before] == ledger_600.golden()
    assert len(after) == len(before) + 600


def mend_equal_ones(hand: Hand, right: dict[tuple[int, str], str]) -> None:
    """One button for each group; what is proposed there is taken where it is right."""
    forms = hand.page.locator("form.mend-all")
    while forms.count():
        form = forms.first
        place = int(form.locator("[name=row]").input_value()), form.locator("[name=column]").input_value()
        proposed, value = form.locator("[name=text]").input_value(), right[place]
        hand.mend_all(form, None if proposed.split(" ")[0] == value else value)


def mend_the_others(hand: Hand, right: dict[tuple[int, str], str]) -> None:
    """All cells of the page, then one button; where a field shows the right text already, a click says that it is."""
    rows = {int(str(row.get_attribute("id")).removeprefix("row-")) for row in hand.page.locator("tr[id^=row-]").all()}
    left = {place: value for place, value in right.items() if place[0] in rows}
    clicks = []
    for (row, column), value in left.items():
        field = hand.page.locator(f"#cell-{row}-{column}")
        if field.input_value() == value:
            clicks.append(hand.page.locator(f"#row-{row} button[name=take]"))
        else:
            hand.put(field, value)
    hand.press(hand.page.get_by_role("button", name="保存本页修改"))
    for click in clicks:
        hand.press(click)


def ledger(clerk: Page, stack: Stack) -> list[dict[str, str]]:
    """The clerk's ledger, as the template with it in it shows it."""
    answer = clerk.request.get(f"{stack.url}/enterprise/imports/ledger.xlsx")
    assert answer.ok
    return ledger_600.rows_of_ledger(answer.body())
