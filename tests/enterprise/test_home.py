"""我的工作: every number opens exactly its list; one button a row; where a new account begins."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.models import Appointment, JobHeartbeat
from backoffice.services import acceptance
from backoffice.states import ReturnCode
from tests import tiles
from tests.enterprise.booking import booking_app, booking_application, browser_of, words
from tests.services import flow

__all__ = ["booking_app", "booking_application", "browser_of"]


def test_a_new_account_gets_three_steps_instead_of_zeros(booking_app: Flask, browser_of: Any) -> None:
    page = browser_of(flow.world().clerk_user).text("/enterprise/")
    assert 'class="tile' not in page
    steps = page.split("从这里开始")[1]
    for step in ("登记器具", "预约检定", "打印预约单"):
        assert step in steps
    for url in ("instruments/new", "imports/new", "slips/"):
        assert f'href="/enterprise/{url}"' in steps


def busy(place: flow.World, *, served_by: flow.World | None = None) -> Appointment:
    """One of everything a clerk may have to do; `served_by` has the institution that gets it."""
    counter = (served_by or place).counter
    today = clock.today()
    flow.instruments(place, 2, declared_valid_until=today - timedelta(days=23))
    flow.instruments(place, 3, declared_valid_until=today + timedelta(days=10))
    appointment = flow.matched(place, flow.instruments(place, 3))
    slip = flow.only_slip(appointment)
    acceptance.return_items(
        counter, slip.id, item_ids=[slip.items[0].id], code=ReturnCode.WRONG_SERIAL, words="编号与铭牌不符"
    )
    acceptance.accept(counter, slip.id)
    flow.draft(place, flow.instruments(place))
    return appointment


def test_every_tile_opens_a_list_of_exactly_as_many_rows(booking_app: Flask, browser_of: Any) -> None:
    place, other = flow.world(), flow.world(with_capability=False)
    busy(place)
    busy(other, served_by=place)
    found = tiles.check(browser_of(place.clerk_user).text, "/enterprise/")
    assert list(found.values()) == [2, 3, 1, 1, 1]


def test_what_waits_has_one_button_a_row(booking_app: Flask, browser_of: Any) -> None:
    place = flow.world()
    busy(place)
    page = browser_of(place.clerk_user).text("/enterprise/")
    said = words(page)
    for button in ("更正出厂编号", "打印预约单", "继续", "预约检定"):
        assert button in said
    assert "编号与铭牌不符" in said
    assert "已超期 23 天" in said
    assert "张店区市场监督管理局" not in said
    body = page.split("需要您处理")[1].split("</table>")[0]
    cells = re.findall(r'<td class="do">(.*?)</td>', body, re.S)
    assert len(cells) == 5
    assert all(cell.count('class="btn') == 1 for cell in cells)


def test_overdue_instruments_are_booked_with_one_click(booking_app: Flask, browser_of: Any) -> None:
    place = flow.world()
    overdue = flow.instruments(place, 2, declared_valid_until=clock.today() - timedelta(days=3))
    flow.instruments(place, 1)
    answer = browser_of(place.clerk_user).post("/enterprise/appointments/new?with=overdue")
    (draft,) = db.session.scalars(db.select(Appointment)).all()
    assert answer.location == f"/enterprise/appointments/{draft.id}"
    assert {item.instrument_id for item in draft.items} == {row.id for row in overdue}


def test_the_home_says_since_when_matching_has_not_run(booking_app: Flask, browser_of: Any) -> None:
    place = flow.world()
    flow.instruments(place)
    db.session.add(JobHeartbeat(job="matching", ticked_at=clock.now() - timedelta(hours=1)))
    browser = browser_of(place.clerk_user)
    assert "起没有运行" in browser.text("/enterprise/")
    db.session.scalars(db.select(JobHeartbeat)).one().ticked_at = clock.now()
    db.session.commit()
    assert "起没有运行" not in browser.text("/enterprise/")


def test_returned_items_lead_to_their_reason_and_their_field(booking_app: Flask, browser_of: Any) -> None:
    place, other = flow.world(), flow.world(with_capability=False)
    appointment = busy(place)
    foreign = busy(other, served_by=place)
    page = browser_of(place.clerk_user).text("/enterprise/returned-items/")
    assert f'href="/enterprise/appointments/{appointment.id}/items/' in page
    assert "#serial_number" in page
    assert foreign.number not in page


def test_what_was_never_verified_nor_booked_is_work_and_a_number(booking_app: Flask, browser_of: Any) -> None:
    place = flow.world()
    never = flow.instruments(place, 13)
    browser = browser_of(place.clerk_user)
    page = browser.text("/enterprise/")
    said = words(page)
    assert "现在没有需要您处理的" not in said
    assert "13 台（件）未预约" in said
    answer = browser.post("/enterprise/appointments/new?with=never")
    (draft,) = db.session.scalars(db.select(Appointment)).all()
    assert answer.location == f"/enterprise/appointments/{draft.id}"
    assert {item.instrument_id for item in draft.items} == {row.id for row in never}


def test_what_was_returned_is_listed_as_it_was_booked(booking_app: Flask, browser_of: Any) -> None:
    place = flow.world()
    slip = flow.only_slip(flow.matched(place, flow.instruments(place, measuring_range="（0～3000）t")))
    acceptance.return_items(place.counter, slip.id, code=ReturnCode.OUT_OF_CAPACITY, words="疑为 30 t，请核对铭牌")
    slip.items[0].instrument.measuring_range = "（0～30）t"
    said = words(browser_of(place.clerk_user).text("/enterprise/"))
    assert "（0～3000）t" in said
    assert "更正测量范围" in said


def test_what_is_unmatched_shows_on_the_home(booking_app: Flask, browser_of: Any) -> None:
    place = flow.world()
    flow.matched(place, [*flow.instruments(place, 2), *flow.instruments(place, kind_code="1801")])
    said = words(browser_of(place.clerk_user).text("/enterprise/"))
    assert "2 台待受理，1 台未匹配" in said


def test_a_new_account_begins_a_booking_with_one_click(booking_app: Flask, browser_of: Any) -> None:
    page = browser_of(flow.world().clerk_user).text("/enterprise/").split("从这里开始")[1]
    assert 'action="/enterprise/appointments/new"' in page
