"""Cells of the rights table no other journey walks: enterprises of office and counter, own ledger and bookings.

Registered, booked and corrected on behalf is `test_on_behalf` and `test_proposals`; 新增 by hand `test_by_hand`.
"""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.sync_api import Page, expect

from backoffice import clock
from tests.factories import valid_uscc
from tests.journeys.fixtures import AsPerson
from tests.journeys.steps import (
    GAUGE,
    accept_all,
    add_instrument,
    book,
    expect_state,
    field,
    open_slip,
    press,
    row_of,
    said_beside,
    slip_of,
    start_booking,
)
from tests.journeys.support import Stack, accounts

CLERK, COUNTER, OFFICE = "91370303MA3D01010Y", "zhangdian-jls", "zhangdian-jlk"
INSTITUTION = "张店区齐园计量检定所"


def history(page: Page) -> str:
    """What the record's history tells."""
    return page.locator("main").inner_text()


def test_an_office_enters_changes_stops_and_takes_back_an_enterprise(stack: Stack, as_person: AsPerson) -> None:
    office = as_person(OFFICE)
    office.goto(f"{stack.url}/regulator/enterprises/")
    press(office, "新增")
    field(office, "type").select_option(label="个体工商户")
    field(office, "division_code").select_option(value="370303")
    typed = {
        "uscc": valid_uscc(700_101),
        "name": "张店区老周粮油店",
        "address": "共青团路 8 号",
        "principal": "周明",
        "contact": "周明",
        "mobile": "13905330778",
    }
    for name, value in typed.items():
        field(office, name).fill(value)
    press(office, "新增")
    expect(office.locator("h1")).to_contain_text("张店区老周粮油店")
    record = office.url.split("#")[0]

    press(office, "修改")
    expect(field(office, "uscc")).to_have_count(0)
    field(office, "address").fill("共青团路 18 号")
    press(office, "保存修改")
    expect(office.locator("main")).to_contain_text("共青团路 18 号")

    office.goto(record)
    press(office, "停用")
    press(office, "停用")
    expect(office.locator("main .said")).to_have_count(1)
    field(office, "reason").fill("已停止经营")
    press(office, "停用")
    expect(office.locator("main [data-state=suspended]").first).to_be_visible()
    press(office, "恢复")
    field(office, "reason").fill("恢复经营")
    press(office, "恢复")
    expect(office.locator("main [data-state=approved]").first).to_be_visible()
    for words in ("共青团路 8 号", "已停止经营", "恢复经营"):
        assert words in history(office)


def test_a_counter_reads_an_enterprise_and_keeps_a_remark_nobody_else_reads(stack: Stack, as_person: AsPerson) -> None:
    counter, clerk = as_person(COUNTER), as_person(CLERK)
    add_instrument(clerk, stack, serial_number="QX-BZ-1")
    book(clerk, stack, "QX-BZ-1")
    expect_state(clerk, "QX-BZ-1", "awaiting_acceptance")

    name = accounts()[CLERK].organisation
    counter.goto(f"{stack.url}/institution/enterprises/?q={CLERK}")
    counter.locator("main").get_by_role("link", name=name).first.click()
    expect(counter.locator("main")).to_contain_text(CLERK)
    expect(counter.locator("main").get_by_role("link", name="修改", exact=True)).to_have_count(0)
    press(counter, "写备注")
    counter.locator("main textarea").fill("上门前先打门卫电话")
    press(counter, "写备注")
    expect(counter.locator("main")).to_contain_text("上门前先打门卫电话")
    clerk.goto(f"{stack.url}/enterprise/own-record/")
    expect(clerk.locator("main")).not_to_contain_text("门卫")


def test_a_counter_moves_date_and_place_and_the_enterprise_opens_the_notice(stack: Stack, as_person: AsPerson) -> None:
    counter, clerk = as_person(COUNTER), as_person(CLERK)
    add_instrument(clerk, stack, serial_number="QX-SJ-1")
    appointment = book(clerk, stack, "QX-SJ-1")
    expect_state(clerk, "QX-SJ-1", "awaiting_acceptance")
    number = slip_of(clerk, appointment, INSTITUTION)
    open_slip(counter, stack, number)
    accept_all(counter, 1)
    press(counter, "改时间地点")
    day = clock.today() + timedelta(days=5)
    counter.locator("main input[type=date]").fill(day.isoformat())
    field(counter, "place").fill("二楼流量室")
    counter.locator("main form button.btn-primary").click()
    expect(counter.locator("main")).to_contain_text("二楼流量室")

    # The notice of it leads to the slip, and is read from then on.
    clerk.goto(f"{stack.url}/enterprise/notices/")
    told = row_of(clerk, "更改了预约单").filter(has_text=number)
    expect(told.locator("b")).to_have_count(1)
    told.get_by_role("button", name=re.compile("^查看")).click()
    expect(clerk.locator("h1")).to_contain_text(number)
    expect(clerk.locator("main")).to_contain_text("二楼流量室")
    clerk.goto(f"{stack.url}/enterprise/notices/")
    expect(row_of(clerk, "更改了预约单").filter(has_text=number).locator("b")).to_have_count(0)


def test_an_instrument_is_changed_stopped_restarted_scrapped_and_one_by_mistake_deleted(
    stack: Stack, as_person: AsPerson
) -> None:
    clerk = as_person(CLERK)
    record = add_instrument(clerk, stack, serial_number="QX-TZ-1")
    clerk.goto(record)
    press(clerk, "修改")
    field(clerk, "department").fill("检修班")
    press(clerk, "保存修改")
    expect(clerk.locator("main")).to_contain_text("检修班")
    for verb, state, reason in (
        ("停用", "停用", "停产检修"),
        ("启用", "在用", "恢复生产"),
        ("报废", "报废", "指针脱落"),
    ):
        clerk.goto(record)
        press(clerk, verb)
        field(clerk, "reason").fill(reason)
        press(clerk, verb)
        expect(clerk.locator("main dd", has_text=state).first).to_be_visible()
        assert reason in history(clerk)
    assert "检修班" in history(clerk)

    clerk.goto(add_instrument(clerk, stack, serial_number="QX-TZ-2"))
    press(clerk, "删除")
    press(clerk, "删除")
    clerk.goto(f"{stack.url}/enterprise/instruments/?q=QX-TZ-2")
    expect(clerk.locator("main tbody tr")).to_have_count(0)


def test_the_place_of_use_is_not_moved_while_the_instrument_is_booked(stack: Stack, as_person: AsPerson) -> None:
    clerk, office = as_person(CLERK), as_person(OFFICE)
    record = add_instrument(clerk, stack, serial_number="QX-YD-1")
    appointment = book(clerk, stack, "QX-YD-1")
    expect_state(clerk, "QX-YD-1", "awaiting_acceptance")
    number = slip_of(clerk, appointment, INSTITUTION)

    key = record.rsplit("/", 1)[1]
    for person, address in ((clerk, f"{record}/edit"), (office, f"{stack.url}/regulator/instruments/{key}/edit")):
        person.goto(address)
        expect(person.locator("main .alert.warn").first).to_contain_text(number)
        field(person, "place_of_use").fill("三号仓库")
        field(person, "division_code").fill("370302")
        if person is office:
            field(person, "reason").fill("现场核查")
        press(person, "保存修改")
        for name in ("place_of_use", "division_code"):
            expect(said_beside(person, name)).to_contain_text(number)
        expect(field(person, "place_of_use")).to_have_value("三号仓库")
    clerk.goto(record)
    expect(clerk.locator("main")).to_contain_text(GAUGE["place_of_use"])


def test_a_draft_is_changed_and_deleted_and_nothing_is_booked(stack: Stack, as_person: AsPerson) -> None:
    clerk = as_person(CLERK)
    for serial in ("QX-CG-1", "QX-CG-2"):
        add_instrument(clerk, stack, serial_number=serial)
    draft = start_booking(clerk, stack, "QX-CG-1", "QX-CG-2")
    row_of(clerk, "QX-CG-2").get_by_role("button", name=re.compile("^移出")).click()
    expect(clerk.get_by_role("heading", name="计量器具信息 1 台（件）")).to_be_visible()
    clerk.locator("main summary", has_text="期望日期和现场联系人").click()
    field(clerk, "site_contact").fill("于海燕")
    clerk.locator("main details[open]").get_by_role("button", name="保存", exact=True).click()
    clerk.goto(draft)
    expect(field(clerk, "site_contact")).to_have_value("于海燕")
    press(clerk, "删除草稿")
    press(clerk, "删除草稿")
    expect(clerk.locator("body")).to_contain_text("已删除草稿")
    book(clerk, stack, "QX-CG-1")


def test_a_declared_certificate_brings_the_instrument_into_the_list_of_what_is_due(
    stack: Stack, as_person: AsPerson
) -> None:
    clerk = as_person(CLERK)
    clerk.goto(f"{stack.url}/enterprise/instruments/?tab=due_soon&q=QX-ZB-1")
    expect(clerk.locator("main tbody tr")).to_have_count(0)
    record = add_instrument(clerk, stack, serial_number="QX-ZB-1")
    clerk.goto(f"{record}/edit")
    clerk.locator("summary", has_text="上次检定（企业自报，未核实）").click()
    until = clock.today() + timedelta(days=20)
    field(clerk, "declared_verified_on").fill((until - timedelta(days=364)).isoformat())
    field(clerk, "declared_valid_until").fill(until.isoformat())
    field(clerk, "declared_certificate_number").fill("LX2025-00123")
    press(clerk, "保存修改")
    expect(clerk.locator("main")).to_contain_text("企业自报，未核实")

    clerk.goto(f"{stack.url}/enterprise/instruments/?tab=due_soon&q=QX-ZB-1")
    expect(row_of(clerk, "QX-ZB-1")).to_contain_text(until.isoformat())
    # It is booked like anything that is due, as a periodic verification.
    start_booking(clerk, stack, "QX-ZB-1")
    expect(row_of(clerk, "QX-ZB-1").locator("select option:checked")).to_have_text(re.compile("^周期"))
