"""The slip in the enterprise's hands: read, print, download, and why not yet."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.models import Slip
from backoffice.services import acceptance, appointments
from tests.enterprise.booking import booking_app, booking_application, browser_of, words
from tests.services import flow

__all__ = ["booking_app", "booking_application", "browser_of"]


@pytest.fixture
def place(booking_app: Flask) -> flow.World:
    return flow.world()


def slip_of(place: flow.World, *, accepted: bool = False) -> Slip:
    slip = flow.only_slip(flow.matched(place, flow.instruments(place, 2)))
    if accepted:
        acceptance.accept(place.counter, slip.id, appointed_on=clock.today(), appointed_time="上午")
    db.session.commit()
    return slip


def test_the_list_says_state_institution_and_count(place: flow.World, browser_of: Any) -> None:
    slip = slip_of(place)
    page = browser_of(place.clerk_user).text("/enterprise/slips/")
    assert slip.number in page
    assert 'data-state="awaiting"' in page
    assert place.institution.name in page


def test_before_acceptance_both_buttons_are_disabled_and_say_why(place: flow.World, browser_of: Any) -> None:
    slip = slip_of(place)
    browser = browser_of(place.clerk_user)
    page = browser.text(f"/enterprise/slips/{slip.id}")
    for name in ("打印预约单", "下载 PDF"):
        assert re.search(rf'<button[^>]*disabled>{name}</button><small class="muted">受理后才能打印</small>', page)
    assert place.institution.phone in words(page)
    assert browser.get(f"/enterprise/slips/{slip.id}/print").status_code == 409
    assert browser.get(f"/enterprise/slips/{slip.id}/slip.pdf").status_code == 409


def test_an_accepted_slip_is_printed_and_downloaded(place: flow.World, browser_of: Any) -> None:
    slip = slip_of(place, accepted=True)
    browser = browser_of(place.clerk_user)
    page = browser.text(f"/enterprise/slips/{slip.id}")
    assert f'href="/enterprise/slips/{slip.id}/print">打印预约单</a>' in page
    assert f'href="/enterprise/slips/{slip.id}/slip.pdf">下载 PDF</a>' in page
    assert "已受理 2 台（件）" in words(page)
    printed = browser.text(f"/enterprise/slips/{slip.id}/print")
    assert "强制检定不收取检定费" in printed
    assert slip.items[0].instrument.serial_number in printed
    answer = browser.get(f"/enterprise/slips/{slip.id}/slip.pdf")
    assert answer.data.startswith(b"%PDF")
    assert answer.mimetype == "application/pdf"
    assert f"{slip.number}-" in answer.headers["Content-Disposition"]
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
    assert "no-store" in answer.headers["Cache-Control"]


def test_an_unchanged_slip_is_not_drawn_again_and_a_changed_one_is(place: flow.World, browser_of: Any) -> None:
    slip = slip_of(place, accepted=True)
    browser = browser_of(place.clerk_user)
    url = f"/enterprise/slips/{slip.id}/slip.pdf"
    first = browser.get(url)
    etag = {"If-None-Match": first.headers["ETag"]}
    again = browser.get(url, headers=etag)
    assert (again.status_code, again.data) == (304, b"")
    acceptance.change_arrangement(
        place.counter, slip.id, appointed_on=clock.today(), appointed_time="下午", place="二楼", words=""
    )
    db.session.commit()
    changed = browser.get(url, headers=etag)
    assert changed.status_code == 200
    assert changed.data != first.data


def test_the_record_shows_receipts_with_author_and_telephone(place: flow.World, browser_of: Any) -> None:
    slip = slip_of(place, accepted=True)
    said = words(browser_of(place.clerk_user).text(f"/enterprise/slips/{slip.id}"))
    assert "上午 携带预约单和器具到华光路 188 号收发室。强制检定不收取检定费。" in said
    assert "李敏" in said
    assert "为什么" in said


def test_a_slip_of_another_enterprise_does_not_exist(place: flow.World, browser_of: Any) -> None:
    slip = slip_of(place, accepted=True)
    browser = browser_of(flow.world().clerk_user)
    for path in ("", "/print", "/slip.pdf"):
        assert browser.get(f"/enterprise/slips/{slip.id}{path}").status_code == 404
    assert slip.number not in browser.text("/enterprise/slips/")


def test_pages_cost_a_fixed_number_of_queries(place: flow.World, browser_of: Any) -> None:
    few, many = (flow.matched(place, flow.instruments(place, count)) for count in (2, 25))
    drafts = [flow.draft(place, flow.instruments(place, count)) for count in (2, 25)]
    for appointment in (few, many):
        acceptance.accept(place.counter, flow.only_slip(appointment).id, appointed_on=clock.today())
    db.session.commit()
    slips = [flow.only_slip(each).id for each in (few, many)]
    pairs = (
        [f"/enterprise/slips/{key}" for key in slips],
        [f"/enterprise/appointments/{each.id}" for each in (few, many)],
        [f"/enterprise/appointments/{each.id}" for each in drafts],
    )
    browser = browser_of(place.clerk_user)
    for pair in pairs:
        costs = [queries_of(browser, url) for url in pair]
        assert costs[1] <= costs[0] + 2, (pair, costs)


def queries_of(browser: Any, url: str) -> int:
    statements: list[str] = []
    db.session.expunge_all()
    listen = lambda _c, _cursor, statement, *_rest: statements.append(statement)  # noqa: E731
    sa.event.listen(db.engine, "before_cursor_execute", listen)
    try:
        browser.text(url)
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", listen)
    return len(statements)


def test_the_story_of_a_slip_tells_its_acceptance_and_what_was_moved_once(place: flow.World, browser_of: Any) -> None:
    first, day = clock.today() + timedelta(days=3), clock.today() + timedelta(days=9)
    appointment = flow.matched(place, [*flow.instruments(place, 2), *flow.instruments(place, kind_code="1801")])
    slip = flow.only_slip(appointment)
    acceptance.accept(place.counter, slip.id, appointed_on=first, appointed_time="上午")
    acceptance.change_arrangement(
        place.counter, slip.id, appointed_on=day, appointed_time="上午", place="检定大厅", words=""
    )
    db.session.commit()
    said = words(browser_of(place.clerk_user).text(f"/enterprise/slips/{slip.id}"))
    story = said.split("经过")[-1]
    assert f"{place.institution.name} 受理 2 台（件）" in story
    assert f"自动匹配：2 台（件）分配至 {place.institution.name}" in story
    assert story.count("更改了时间或地点") == 1 and f"{first} → {day}" in story
    assert "未匹配到技术机构" not in story and "历史" not in story


def test_the_story_of_a_slip_tells_what_was_taken_back_of_it(place: flow.World, browser_of: Any) -> None:
    slip = slip_of(place)
    appointments.withdraw(place.clerk, slip.appointment_id, [slip.items[0].id])
    db.session.commit()
    assert (
        "撤回 1 台（件）" in words(browser_of(place.clerk_user).text(f"/enterprise/slips/{slip.id}")).split("经过")[-1]
    )
