"""变更申请 at the regulator: the queue, old beside new, 同意 and 不同意, and who sees none of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.models import ChangeRequest, User
from backoffice.services import change_requests
from backoffice.states import ProposalState
from tests.enterprise.own_pages import as_person, fill, press
from tests.factories import UserFactory, actor_of
from tests.portal.conftest import Browser

LIST = "/regulator/change-requests/"
FRIDAY = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@pytest.fixture
def office(app: Flask) -> User:
    found: User = UserFactory(regulator=True)
    return found


@pytest.fixture
def reviewer(app: Flask, office: User) -> Browser:
    return as_person(app, office)


def requested(**values: Any) -> ChangeRequest:
    clerk = UserFactory(of_enterprise=True)
    made = change_requests.submit(actor_of(clerk), values or {"principal": "李建国"}, words="换发营业执照")
    db.session.commit()
    return made


def test_the_menu_counts_what_waits_and_the_tabs_part_it_from_what_is_answered(reviewer: Browser) -> None:
    waiting, answered = requested(), requested(name="淄博新名机械有限公司")
    change_requests.approve(actor_of(UserFactory(regulator=True)), answered.id)
    db.session.commit()
    assert reviewer.get(LIST) == 200
    assert waiting.enterprise.name in reviewer.page and "淄博新名机械有限公司" not in reviewer.page
    assert "待答复 1" in reviewer.page and "已答复 1" in reviewer.page
    assert re.search(r'href="/regulator/change-requests/"[^>]*>[^/]*变更申请[\s\S]{0,80}?1', reviewer.page)


def test_the_queue_shows_by_which_working_day_each_is_answered_and_what_is_late(app: Flask, office: User) -> None:
    with clock.at(FRIDAY):
        requested()
        reviewer = as_person(app, office)
        assert reviewer.get(LIST) == 200
        assert "2026-11-24（周二）" in reviewer.page
    with clock.at(FRIDAY + timedelta(days=6)):
        reviewer = as_person(app, office)
        reviewer.get(LIST)
        assert "超时 2 个工作日" in reviewer.page


def test_old_and_new_stand_side_by_side_and_one_click_applies_them(reviewer: Browser) -> None:
    made = requested(name="淄博新名机械有限公司", division_code="370305")
    old = made.enterprise.name
    assert reviewer.get(f"{LIST}{made.id}") == 200
    for words in (old, "<ins>淄博新名机械有限公司</ins>", "张店区", "临淄区", "换发营业执照"):
        assert words in reviewer.page
    assert press(reviewer, f"{LIST}{made.id}/approve") == 303
    db.session.expire_all()
    assert (made.enterprise.name, made.enterprise.division_code) == ("淄博新名机械有限公司", "370305")
    assert reviewer.get(f"{LIST}{made.id}") == 200
    assert ">同意<" not in reviewer.page and "已同意" in reviewer.page


def test_a_refusal_asks_for_a_reason(reviewer: Browser) -> None:
    made = requested()
    assert fill(reviewer, f"{LIST}{made.id}/refuse", reason="") == 422
    assert fill(reviewer, f"{LIST}{made.id}/refuse", reason="与执照不符") == 303
    db.session.expire_all()
    assert (made.state, made.reason, made.enterprise.principal) == (ProposalState.REFUSED, "与执照不符", "王建国")


def test_what_changed_since_is_shown_before_the_answer(reviewer: Browser) -> None:
    made = requested()
    made.enterprise.principal = "赵建国"
    db.session.commit()
    assert reviewer.get(f"{LIST}{made.id}") == 200
    assert "又有改动" in reviewer.page and "赵建国" in reviewer.page


def test_the_second_of_two_deciders_is_told_who_was_first(reviewer: Browser, office: User, app: Flask) -> None:
    made = requested()
    colleague = as_person(app, UserFactory(regulator=True, name="钱芳"))
    assert reviewer.get(f"{LIST}{made.id}") == 200 and colleague.get(f"{LIST}{made.id}") == 200
    assert press(colleague, f"{LIST}{made.id}/approve") == 303
    assert press(reviewer, f"{LIST}{made.id}/approve") == 409
    assert "钱芳" in reviewer.page and "已同意" in reviewer.page


def test_other_areas_see_nothing_and_those_above_everything(app: Flask, office: User) -> None:
    made = requested()
    elsewhere = as_person(app, UserFactory(regulator=True, division_code="370305"))
    above = as_person(app, UserFactory(regulator=True, division_code="370300"))
    assert elsewhere.get(f"{LIST}{made.id}") == 404
    assert made.enterprise.name not in (elsewhere.get(LIST) and elsewhere.page)
    assert above.get(f"{LIST}{made.id}") == 200


def test_without_any_regulator_the_administrator_answers(app: Flask) -> None:
    made = requested()
    admin = as_person(app, UserFactory(admin=True))
    url = f"/regulator/unassigned-change-requests/{made.id}"
    assert admin.get(url) == 200
    assert press(admin, f"{url}/approve") == 303
    db.session.expire_all()
    assert made.enterprise.principal == "李建国"
    assert admin.get(f"{LIST}{made.id}") == 404


def test_the_notice_of_an_arrival_leads_to_the_request(reviewer: Browser) -> None:
    made = requested()
    assert reviewer.get("/regulator/notices/") == 200
    assert "申请变更单位信息" in reviewer.page
    (key,) = re.findall(r'href="/regulator/notices/(\d+)"', reviewer.page)[:1]
    assert reviewer.get(f"/regulator/notices/{key}") == 200
    assert press(reviewer, f"/regulator/notices/{key}/open") == 303
    assert reviewer.answer.headers["Location"] == f"{LIST}{made.id}"
