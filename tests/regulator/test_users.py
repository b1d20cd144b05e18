"""Accounts in the browser: the administrator makes them without a password and hands over a link."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from backoffice.database import db
from backoffice.models import AuditEvent, FormKey, Institution, OutgoingMail, User
from backoffice.services import mails
from tests import factories
from tests.regulator.conftest import Browser

REGULATOR = {
    "username": "boshan-jlk", "name": "孙梅", "role": "regulator", "division_code": "370304 博山区",
    "organisation": "博山区市场监督管理局", "phone": "0533-2180004", "email": "sun@example.com",
    "may_edit_reference": "y",
}  # fmt: skip
NEW_PASSWORD = "Luyue-4471-gang"
BrowserOf = Callable[[User], Browser]


def institution() -> Institution:
    row = factories.InstitutionFactory()
    db.session.commit()
    return row


def link_in(page: str) -> str:
    found = re.search(r"https?://[^<\s]+(/link/[A-Za-z0-9_-]+)", page)
    assert found, page
    return found[1]


def test_a_regulator_is_invited_by_a_link_shown_once_and_mailed(admin: User, browser_of: BrowserOf) -> None:
    browser = browser_of(admin)
    made = browser.post("/regulator/users/new", REGULATOR)
    assert made.status_code == 303, made.get_data(as_text=True)
    page = browser.text(made.location)
    link = link_in(page)
    assert "只显示这一次" in page and "sun@example.com" in page
    assert "/link/" not in browser.text(made.location), "shown once"
    assert link in db.session.query(OutgoingMail).one().body
    assert not [row for row in db.session.query(FormKey) if "/link/" in row.said], "no key keeps the token"
    user = db.session.query(User).filter_by(username="boshan-jlk").one()
    assert user.division_code == "370304" and user.may_edit_reference
    stranger = Browser(browser.client.application)
    token = re.search(r'name="csrf_token" value="([^"]+)"', stranger.text(link))
    assert token
    sent = stranger.client.post(link, data={"csrf_token": token[1], "password": NEW_PASSWORD, "again": NEW_PASSWORD})
    assert sent.status_code == 303
    signed_in = stranger.post("/login", {"username": "boshan-jlk", "password": NEW_PASSWORD}, page="/login")
    assert signed_in.status_code == 303 and signed_in.location == "/regulator/"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"phone": ""}, "必须有电话"),
        ({"username": "ab"}, "登录名用"),
        ({"division_code": ""}, "请填写此项"),
        ({"role": "enterprise"}, ""),
        ({"role": "auditor"}, "这个身份不需要填写此项"),
        ({"email": "sun"}, "电子邮箱的格式不对"),
    ],
)
def test_what_is_missing_or_wrong_is_said_beside_the_field(
    admin: User, browser_of: BrowserOf, changes: dict[str, Any], said: str
) -> None:
    answer = browser_of(admin).post("/regulator/users/new", REGULATOR | changes)
    assert answer.status_code == 422 and said in answer.get_data(as_text=True)
    assert db.session.query(User).filter_by(username="boshan-jlk").count() == 0


def test_a_name_that_is_taken_is_refused(admin: User, browser_of: BrowserOf) -> None:
    browser = browser_of(admin)
    assert browser.post("/regulator/users/new", REGULATOR).status_code == 303
    answer = browser.post("/regulator/users/new", REGULATOR | {"username": "BOSHAN-jlk"})
    assert answer.status_code == 422 and "已经有人使用" in answer.get_data(as_text=True)


@pytest.mark.parametrize("role", ["institution", "auditor", "admin"])
def test_every_role_but_enterprises_is_made_here(admin: User, browser_of: BrowserOf, role: str) -> None:
    values: dict[str, Any] = {"username": f"new-{role}", "name": "孙梅", "role": role}
    if role == "institution":
        values["institution_id"] = str(institution().id)
    assert browser_of(admin).post("/regulator/users/new", values).status_code == 303
    assert db.session.query(User).filter_by(username=f"new-{role}").one().role.value == role


def test_particulars_are_changed_and_the_history_tells_it(admin: User, browser_of: BrowserOf) -> None:
    browser = browser_of(admin)
    url = browser.post("/regulator/users/new", REGULATOR).location
    changed = {"name": "孙梅", "phone": "0533-2180009", "organisation": REGULATOR["organisation"], "email": ""}
    assert browser.post(f"{url}/edit", changed | {"username": "hacked", "role": "admin"}).status_code == 303
    page = browser.text(url)
    assert "修改账号" in page and "可维护基础数据 是 → 否" in page
    assert "0533****0004 → 0533****0009" not in page and "****0009" in page, "masked as stored"
    user = db.session.query(User).filter_by(username="boshan-jlk").one()
    assert user.role.value == "regulator" and not user.may_edit_reference


def test_the_link_is_issued_again_and_a_stopped_account_gets_none(admin: User, browser_of: BrowserOf) -> None:
    browser = browser_of(admin)
    url = browser.post("/regulator/users/new", REGULATOR).location
    first = link_in(browser.text(url))
    assert browser.post(f"{url}/link").status_code == 303
    second = link_in(browser.text(url))
    assert first != second and browser.get(first).status_code == 410
    assert browser.post(f"{url}/deactivate", {"reason": "调离"}).status_code == 303
    assert browser.get(second).status_code == 410
    assert browser.post(f"{url}/link").status_code == 409
    assert "签发一次性链接" in browser.text(url), "history: 签发"


def test_no_token_and_no_password_is_ever_recorded(admin: User, browser_of: BrowserOf) -> None:
    browser = browser_of(admin)
    url = browser.post("/regulator/users/new", REGULATOR).location
    token = link_in(browser.text(url)).removeprefix("/link/")
    told = " ".join(str((each.before, each.after)) for each in db.session.query(AuditEvent))
    assert token not in told and "hash" not in told


def test_only_administrators_keep_accounts(city: User, auditor: User, browser_of: BrowserOf) -> None:
    for person in (city, auditor):
        browser = browser_of(person)
        assert browser.get("/regulator/users/new").status_code == 404
        assert browser.post("/regulator/users/new", REGULATOR).status_code == 404


def test_a_regulator_hands_a_link_to_an_enterprise_of_its_area(
    district: User, other_district: User, browser_of: BrowserOf
) -> None:
    clerk = factories.UserFactory(of_enterprise=True)
    clerk.username = clerk.enterprise.uscc
    url = f"/regulator/enterprises/{clerk.enterprise.id}"
    browser = browser_of(district)
    assert browser.post(f"{url}/link").status_code == 303
    page = browser.text(url)
    assert browser.get(link_in(page)).status_code == 200
    stranger = browser_of(other_district)
    assert stranger.post(f"{url}/link").status_code == 404


def test_the_administrator_reads_mails_in_the_demo_and_only_their_state_in_production(
    admin: User, city: User, browser_of: BrowserOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browser_of(admin)
    assert "还没有外发邮件" in browser.text("/regulator/mails/")
    browser.post("/regulator/users/new", REGULATOR)
    mail = db.session.query(OutgoingMail).one()
    assert "已保存（未设置邮件服务器）" in browser.text("/regulator/mails/")
    page = browser.text(f"/regulator/mails/{mail.id}")
    assert re.search(r'href="/link/[A-Za-z0-9_-]+"', page)
    kind = type(browser.client.application.config["SETTINGS"])
    monkeypatch.setattr(kind, "is_production", property(lambda _settings: True))
    shown = browser.text(f"/regulator/mails/{mail.id}")
    assert "/link/" not in shown and "正式环境不显示正文" in shown
    monkeypatch.undo()
    assert browser_of(city).get("/regulator/mails/").status_code == 404
    assert mails.state_of(mail) is mails.MailState.WAITING
