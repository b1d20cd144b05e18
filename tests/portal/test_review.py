"""The regulator's review in the browser: the queue, the licence, 通过 and 不通过, and who sees none of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.database import db
from backoffice.models import Registration, User
from backoffice.services import one_time_links, registrations
from backoffice.services.stored_files import Upload
from backoffice.states import EnterpriseStatus, RegistrationState
from backoffice.unit_of_work import unit_of_work
from tests.factories import PASSWORD, UserFactory, actor_of, valid_uscc
from tests.portal.conftest import CODE, PNG, Browser, typed

LIST = "/regulator/registrations/"
FRIDAY = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def submitted(content: bytes = PNG, **changes: Any) -> Registration:
    values = {**typed(**changes), "division_code": changes.get("division_code", "370303")}
    with unit_of_work():
        return registrations.register(values, Upload("营业执照.png", content)).registrations[0]


def as_person(app: Flask, user: User) -> Browser:
    visitor = Browser(app)
    assert visitor.sign_in(user.username, PASSWORD) == 303
    return visitor


@pytest.fixture
def reviewer(app: Flask, regulator: User) -> Browser:
    return as_person(app, regulator)


@pytest.mark.usefixtures("regulator")
def test_the_queue_shows_by_which_working_day_each_is_answered_and_what_is_late(app: Flask, regulator: User) -> None:
    with clock.at(FRIDAY):
        submitted()
    with clock.at(FRIDAY + timedelta(days=1)):
        reviewer = as_person(app, regulator)
        assert reviewer.get(LIST) == 200
        assert "2026-11-24（周二）" in reviewer.page
        assert CODE in reviewer.page
    with clock.at(FRIDAY + timedelta(days=6)):
        reviewer = as_person(app, regulator)
        reviewer.get(f"{LIST}?tab=late")
        assert "超时 2 个工作日" in reviewer.page


def test_the_record_shows_everything_that_was_typed_and_the_licence(reviewer: Browser) -> None:
    registration = submitted()
    assert reviewer.get(f"{LIST}{registration.id}") == 200
    for words in (CODE, "柳泉路 88 号", "王建国", "李梅", "13905331234", "法定代表人", ">通过<", ">不通过<"):
        assert words in reviewer.page
    assert reviewer.get(f"{LIST}{registration.id}/licence") == 200
    assert reviewer.answer.mimetype == "image/png"
    assert reviewer.answer.data == PNG
    assert reviewer.answer.headers["X-Content-Type-Options"] == "nosniff"
    assert reviewer.answer.headers["Cache-Control"] == "no-store"


def test_a_correction_is_told_by_what_changed_in_words_and_each_page_leads_to_the_newest(
    app: Flask, reviewer: Browser, regulator: User
) -> None:
    first = submitted(type="sole_trader")
    applicant = first.enterprise
    with unit_of_work():
        registrations.refuse(actor_of(regulator), first.id, "地址与执照不符")
    account = db.session.scalars(sa.select(User).where(User.enterprise_id == applicant.id)).one()
    values = {**typed(type="company", address="柳泉路 90 号"), "division_code": "370303"}
    with unit_of_work():
        second = registrations.resubmit(actor_of(account, is_approved=False), values)
    assert reviewer.get(f"{LIST}{first.id}") == 200
    assert "重新提交的申请" in reviewer.page and f'href="{LIST}{second.id}"' in reviewer.page
    assert reviewer.get(f"{LIST}{second.id}") == 200
    history = reviewer.page.partition('id="history"')[2]
    assert "个体工商户 → 企业法人" in history and "柳泉路 88 号 → 柳泉路 90 号" in history
    for code in ("sole_trader", "370303", "联系人"):
        assert code not in history
    fields, _, licence = reviewer.page.partition("营业执照或登记证书")
    assert 'class="compare"' in fields and "柳泉路 90 号" in fields and 'class="licence"' in licence


def test_an_enterprises_page_leads_to_its_registration_and_licence_and_tells_of_links(
    app: Flask, reviewer: Browser, regulator: User
) -> None:
    registration = submitted()
    with unit_of_work():
        registrations.approve(actor_of(regulator), registration.id)
        one_time_links.issue_for_enterprise(actor_of(regulator), registration.enterprise_id)
    assert reviewer.get(f"/regulator/enterprises/{registration.enterprise_id}") == 200
    assert f'href="{LIST}{registration.id}"' in reviewer.page
    assert f'href="{LIST}{registration.id}/licence"' in reviewer.page
    history = reviewer.page.partition('id="history"')[2]
    for words in ("提交注册申请", "通过注册", "签发一次性链接"):
        assert words in history


def test_approving_opens_the_account(reviewer: Browser) -> None:
    registration = submitted()
    reviewer.get(f"{LIST}{registration.id}")
    assert reviewer.send(f"{LIST}{registration.id}/approve") == 303
    db.session.refresh(registration)
    assert registration.state is RegistrationState.APPROVED
    assert registration.enterprise.status is EnterpriseStatus.APPROVED
    reviewer.follow()
    assert ">不通过<" not in reviewer.page


def test_refusing_needs_a_reason(reviewer: Browser) -> None:
    registration = submitted()
    url = f"{LIST}{registration.id}/refuse"
    assert reviewer.get(url) == 200
    form = reviewer.values("")
    assert reviewer.post(url, {**form, "reason": " "}) == 422
    assert "请写明原因" in reviewer.page
    assert reviewer.post(url, {**form, "reason": "地址与执照不符"}) == 303
    db.session.refresh(registration)
    assert (registration.state, registration.reason) == (RegistrationState.REFUSED, "地址与执照不符")


def test_whoever_decides_second_is_told_by_whom_it_was_decided(app: Flask, reviewer: Browser, regulator: User) -> None:
    registration = submitted()
    reviewer.get(f"{LIST}{registration.id}")
    with unit_of_work():
        registrations.approve(actor_of(regulator), registration.id)
    assert reviewer.send(f"{LIST}{registration.id}/approve") == 409
    assert "已由 赵慧 处理" in reviewer.page


def test_other_areas_and_other_people_get_404_everywhere(app: Flask, regulator: User) -> None:
    registration = submitted()
    with unit_of_work():
        elsewhere = UserFactory(regulator=True, division_code="370302")
        others = [UserFactory(of_institution=True), UserFactory(of_enterprise=True), UserFactory(auditor=True)]
    for user in (elsewhere, *others):
        visitor = as_person(app, user)
        for tail in ("", "/licence", "/refuse"):
            assert visitor.get(f"{LIST}{registration.id}{tail}") == 404
        visitor.get("/account")
        token = visitor.values("/logout")["csrf_token"]
        assert visitor.post(f"{LIST}{registration.id}/approve", {"csrf_token": token}) == 404
    assert as_person(app, elsewhere).get(LIST) == 200
    assert registration.state is RegistrationState.PENDING


def test_the_administrator_answers_where_no_regulator_has_an_account(app: Flask) -> None:
    with unit_of_work():
        admin = UserFactory(admin=True)
        UserFactory(regulator=True, division_code="370302")
    mine = submitted()
    theirs = submitted(uscc=valid_uscc(501), division_code="370302")
    visitor = as_person(app, admin)
    queue = "/regulator/unassigned-registrations/"
    assert visitor.get(queue) == 200
    assert visitor.get(f"{queue}{theirs.id}") == 404
    assert visitor.get(f"{LIST}{mine.id}") == 404
    assert visitor.get(f"{queue}{mine.id}") == 200
    assert visitor.send(f"{queue}{mine.id}/approve") == 303
    db.session.refresh(mine)
    assert mine.state is RegistrationState.APPROVED


def test_an_earlier_answer_is_read_beside_the_corrected_one(app: Flask, reviewer: Browser, regulator: User) -> None:
    first = submitted()
    with unit_of_work():
        registrations.refuse(actor_of(regulator), first.id, "地址与执照不符")
    clerk = db.session.scalars(db.select(User).where(User.enterprise_id == first.enterprise_id)).one()
    with unit_of_work():
        values = {**typed(address="柳泉路 90 号"), "division_code": "370303"}
        second = registrations.resubmit(actor_of(clerk, is_approved=False), values)
    reviewer.get(f"{LIST}{second.id}")
    assert "柳泉路 90 号" in reviewer.page
    assert "地址与执照不符" in reviewer.page
    reviewer.get(f"{LIST}{first.id}")
    assert "柳泉路 88 号" in reviewer.page
    assert "柳泉路 90 号" not in reviewer.page
