"""Branches (非法人企业): their own code, their own account, their own ledger (guide, 二.3)."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.fixtures import AsPerson
from tests.journeys.steps import add_instrument, approve_registration, picture_of_licence, register
from tests.journeys.support import Stack, accounts, sign_in

PARENT = "91370305MA3D03030C"
NAME = "淄博鼎泰化工有限公司张店分厂"
PASSWORD = "Boshan-73-Yue"
BRANCH_PLACE = "张店分厂锅炉房西侧"


def hides(page: Page, stack: Stack, marker: str) -> None:
    """Neither the ledger nor a search in it knows a place."""
    page.goto(f"{stack.url}/enterprise/instruments/")
    expect(page.locator("main tbody tr").first).to_be_visible()
    expect(page.locator("body")).not_to_contain_text(marker)
    page.goto(f"{stack.url}/enterprise/instruments/?q={marker}")
    expect(page.locator("main")).to_contain_text("没有符合条件的记录")


def test_a_branch_registers_with_its_parents_code_and_neither_ledger_sees_the_other(
    new_context, stack: Stack, as_person: AsPerson, tmp_path: Path
) -> None:
    branch = new_context().new_page()
    register(
        branch,
        stack,
        picture_of_licence(tmp_path),
        kind="非法人企业",
        uscc=PARENT,
        name=NAME,
        division="张店区",
        address="张店区新村西路 18 号",
        principal="何平",
        contact="何平",
        mobile="13800000077",
        password=PASSWORD,
        password_again=PASSWORD,
    )

    # The code is there at once: the parent's 18 characters and two drawn digits.
    code = branch.locator("[data-code]").inner_text().strip()
    assert len(code) == 20
    assert code[:18] == PARENT
    assert code[18:].isdigit()

    approve_registration(as_person("zhangdian-jlk"), stack, NAME)
    sign_in(branch, stack, code, PASSWORD)
    expect(branch).to_have_url(f"{stack.url}/enterprise/")
    own = add_instrument(branch, stack, serial_number="FZ-0001", place_of_use=BRANCH_PLACE)

    parent = as_person(PARENT)
    marker = accounts()[PARENT].marker
    hides(parent, stack, BRANCH_PLACE)
    hides(branch, stack, marker)
    parent.goto(f"{stack.url}/enterprise/instruments/?q={marker}")
    parents_own = stack.url + str(parent.locator("main tbody td.lead a").first.get_attribute("href"))
    for person, foreign in ((parent, own), (branch, parents_own)):
        answer = person.goto(foreign)
        assert answer is not None
        assert answer.status == 404
