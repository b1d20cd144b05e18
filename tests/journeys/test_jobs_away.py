"""While jobs do not run everybody is told since when, and nothing is lost; after two working days whom to ask."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from backoffice import clock
from tests.journeys.fixtures import AsPerson, NewStack
from tests.journeys.steps import AT_ONCE_MS, WITHIN_MS, add_instrument, book, expect_state, row_of
from tests.journeys.support import Stack, accounts

CLERK, REGULATOR, COUNTER = "91370303MA3D01010Y", "zhangdian-jlk", "zhangdian-jls"
WAITING_CLERK, CITY_REGULATOR = "91370321MA3D090903", "zibo-jlk"
SERIAL = "TZ-2026-01"
DAYS_LATER = "+288h"
"""Twelve days: two working days are over whatever holiday begins today."""


def said_since(page: Page, url: str) -> None:
    """The page says that jobs do not run, and since which moment of today."""
    page.goto(url)
    alert = page.locator("main .alert").filter(has_text="没有运行").first
    expect(alert).to_contain_text(clock.today().isoformat())


def test_while_jobs_are_off_an_appointment_stays_in_matching_and_both_panels_say_since_when(
    new_stack: NewStack, as_person: AsPerson
) -> None:
    stack = new_stack(jobs=False)
    clerk, regulator = as_person(CLERK, on=stack), as_person(REGULATOR, on=stack)
    add_instrument(clerk, stack, serial_number=SERIAL)
    appointment = book(clerk, stack, SERIAL)
    expect_state(clerk, SERIAL, "matching")
    said_since(clerk, appointment)
    said_since(clerk, f"{stack.url}/enterprise/")
    said_since(regulator, f"{stack.url}/regulator/")
    said_since(regulator, f"{stack.url}/regulator/job-runs/")
    clerk.goto(appointment)
    expect_state(clerk, SERIAL, "matching")

    stack.start_jobs()
    wait_for_first_tick(stack, clerk)
    expect_state(clerk, SERIAL, "awaiting_acceptance", timeout=AT_ONCE_MS)
    regulator.goto(f"{stack.url}/regulator/")
    expect(regulator.locator("body")).not_to_contain_text("没有运行")


def wait_for_first_tick(stack: Stack, page: Page) -> None:
    """Until the job process has begun; starting Python is not what is measured."""
    for _ in range(300):
        seconds = stack.readiness()["jobs_last_tick_s"]
        if seconds is not None and seconds < 5:
            return
        page.wait_for_timeout(100)
    raise AssertionError(stack.logs())


def test_after_two_working_days_what_is_late_is_marked_and_people_are_told_whom_to_ask(
    new_stack: NewStack, as_person: AsPerson
) -> None:
    stack = new_stack(jobs=False)
    clerk = as_person(CLERK, on=stack)
    add_instrument(clerk, stack, serial_number=SERIAL)
    appointment = book(clerk, stack, SERIAL)
    stack.start_jobs()
    wait_for_first_tick(stack, clerk)
    expect_state(clerk, SERIAL, "awaiting_acceptance")
    stack.stop_jobs()

    later = new_stack(beside=stack, clock_offset=DAYS_LATER)
    regulator, counter = as_person(CITY_REGULATOR, on=later), as_person(COUNTER, on=later)
    marked(regulator, f"{later.url}/regulator/notices/", "的注册申请已超过 2 个工作日未审核")
    regulator.goto(f"{later.url}/regulator/registrations/?tab=late")
    row = regulator.get_by_role("row").filter(has_text=accounts()[WAITING_CLERK].organisation)
    expect(row).to_contain_text("超时")
    marked(counter, f"{later.url}/institution/notices/", "已超过 2 个工作日未受理")

    # The enterprise reads who has not answered, with the telephone; nothing was decided meanwhile.
    clerk = as_person(CLERK, on=later)
    clerk.goto(later.url + appointment.removeprefix(stack.url))
    expect_state(clerk, SERIAL, "awaiting_acceptance")
    late = clerk.locator("main .alert.warn").filter(has_text="已超过 2 个工作日")
    expect(late).to_contain_text(accounts()[COUNTER].organisation)
    expect(late).to_contain_text("0533-8000266")
    expect(late).to_contain_text("还没有受理")

    # So do the pages of the item and of the slip, for whoever comes in by them.
    why = row_of(clerk, SERIAL).get_by_role("link", name="为什么").first.get_attribute("href")
    slip = clerk.locator("main section.card h2 a").first.get_attribute("href")
    for address in (why, slip):
        clerk.goto(f"{later.url}{address}")
        strip = clerk.locator("main .next.warn")
        for said in ("已超过 2 个工作日", "还没有受理", accounts()[COUNTER].organisation, "0533-8000266"):
            expect(strip).to_contain_text(said)

    # So does who waits for the review of a registration.
    newcomer = as_person(WAITING_CLERK, on=later)
    late = newcomer.locator("main .next.warn")
    expect(late).to_contain_text("已超过 2 个工作日")
    expect(late).to_contain_text(accounts()[CITY_REGULATOR].organisation)
    expect(late).to_contain_text("0533-8001101")


def marked(page: Page, notices: str, sentence: str) -> None:
    """The job has marked what is late and told this person of it."""
    for _ in range(WITHIN_MS // 500):
        page.goto(notices)
        if page.locator("main").get_by_text(sentence).count():
            return
        page.wait_for_timeout(500)
    raise AssertionError(page.locator("main").inner_text())
