"""消息: unread first to the eye, opened by POST, led to the record."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from backoffice.database import db
from backoffice.models import Notice
from backoffice.services import acceptance
from tests.enterprise.booking import booking_app, booking_application, browser_of
from tests.services import flow

__all__ = ["booking_app", "booking_application", "browser_of"]
BASE = "/enterprise/notices"


@pytest.fixture
def place(booking_app: Flask) -> flow.World:
    return flow.world()


def told(place: flow.World) -> Notice:
    """The clerk is told that a slip was accepted."""
    slip = flow.only_slip(flow.matched(place, flow.instruments(place)))
    acceptance.accept(place.counter, slip.id)
    db.session.commit()
    found = db.session.scalars(db.select(Notice).where(Notice.enterprise_id == place.clerk.enterprise_id)).all()
    return found[-1]


def test_an_unread_notice_is_bold_and_reading_the_list_changes_nothing(place: flow.World, browser_of: Any) -> None:
    notice = told(place)
    browser = browser_of(place.clerk_user)
    for _each in range(2):
        assert re.search(r"<b>[^<]*已受理预约单[^<]*</b>", browser.text(f"{BASE}/"))
    db.session.expire_all()
    assert notice.read_at is None


def test_opening_marks_it_read_and_leads_to_its_record(place: flow.World, browser_of: Any) -> None:
    notice = told(place)
    browser = browser_of(place.clerk_user)
    assert browser.get(f"{BASE}/{notice.id}/open").status_code == 405
    answer = browser.post(f"{BASE}/{notice.id}/open")
    assert answer.location == f"/enterprise/slips/{notice.subject_id}"
    assert browser.get(answer.location).status_code == 200
    db.session.expire_all()
    assert notice.read_at is not None
    assert not re.search(r"<b>[^<]*已受理预约单", browser.text(f"{BASE}/"))


def test_all_are_marked_read_at_once(place: flow.World, browser_of: Any) -> None:
    told(place)
    browser = browser_of(place.clerk_user)
    assert "全部标为已读" in browser.text(f"{BASE}/")
    assert browser.post(f"{BASE}/read-all").status_code == 303
    page = browser.text(f"{BASE}/")
    assert "全部标为已读" not in page
    assert "1 条消息标为已读" in page


def test_a_notice_has_a_page_of_its_own(place: flow.World, browser_of: Any) -> None:
    notice = told(place)
    page = browser_of(place.clerk_user).text(f"{BASE}/{notice.id}")
    assert "查看相关记录" in page
    assert place.institution.name in page


def test_another_enterprise_does_not_see_it(place: flow.World, browser_of: Any) -> None:
    notice = told(place)
    browser = browser_of(flow.world().clerk_user)
    assert browser.get(f"{BASE}/{notice.id}").status_code == 404
    assert browser.post(f"{BASE}/{notice.id}/open").status_code == 404
    assert place.institution.name not in browser.text(f"{BASE}/")
