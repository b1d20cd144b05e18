"""忘记密码 and the page of a one-time link, as a visitor without JavaScript meets them."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from backoffice.actor import SYSTEM
from backoffice.database import db
from backoffice.models import AuditEvent, OneTimeLink, OutgoingMail, User
from backoffice.portal import forgot as page
from backoffice.services import accounts, one_time_links
from backoffice.states import LinkPurpose
from backoffice.unit_of_work import unit_of_work
from backoffice.web.request_log import JsonFormatter, access_log
from tests.factories import UserFactory
from tests.portal.conftest import PASSWORD, Browser


@pytest.fixture(autouse=True)
def answer_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "ANSWER_SECONDS", 0.0)


def person(**facts: Any) -> User:
    with unit_of_work():
        return UserFactory(of_enterprise=True, username="wang", email="wang@example.com", **facts)


def token_of(user: User) -> str:
    with unit_of_work():
        return one_time_links.issue(SYSTEM, user, LinkPurpose.RESET)


def ask(visitor: Browser, username: str, contact: str) -> tuple[int, str]:
    visitor.get("/forgot")
    status = visitor.send("/forgot", username=username, contact=contact)
    return status, visitor.answer.headers.get("Location", "")


def test_sign_in_leads_to_it(visitor: Browser) -> None:
    visitor.get("/login")
    assert 'href="/forgot"' in visitor.page


def test_the_answer_is_the_same_whether_the_account_exists_or_not(visitor: Browser) -> None:
    person()
    answers = {
        ask(visitor, "wang", "wang@example.com"),
        ask(visitor, "wang", "li@example.com"),
        ask(visitor, "nobody", "wang@example.com"),
    }
    assert answers == {(303, "/forgot/sent")}
    assert visitor.follow() == 200 and "系统管理员" in visitor.page
    assert db.session.query(OutgoingMail).count() == 1


def test_it_takes_as_long_whether_the_account_exists_or_not(visitor: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    person()
    waited: list[float] = []
    monkeypatch.setattr(page, "ANSWER_SECONDS", 10.0)
    monkeypatch.setattr(page.time, "sleep", waited.append)
    ask(visitor, "wang", "wang@example.com")
    ask(visitor, "nobody", "wang@example.com")
    assert len(waited) == 2 and all(9 < each <= 10 for each in waited)


def test_too_many_requests_are_told_to_wait(visitor: Browser) -> None:
    person()
    for _ in range(accounts.FAILURES_PER_ACCOUNT):
        ask(visitor, "wang", "x@example.com")
    assert ask(visitor, "wang", "wang@example.com")[0] == 429
    assert "分钟后再试" in visitor.page and db.session.query(OutgoingMail).count() == 0


def test_the_way_from_forgetting_to_signing_in(visitor: Browser) -> None:
    person()
    ask(visitor, "wang", "wang@example.com")
    body = db.session.query(OutgoingMail).one().body
    path = "/link/" + body.partition("/link/")[2].split()[0]
    assert visitor.get(path) == 200 and "wang" in visitor.page
    assert set_password(visitor, path, PASSWORD) == 303
    assert visitor.sign_in("wang", PASSWORD) == 303


def set_password(visitor: Browser, path: str, password: str, again: str = "") -> int:
    visitor.get(path)
    return visitor.post(path, {**visitor.values(""), "password": password, "again": again or password})


def test_opening_a_link_changes_nothing(visitor: Browser) -> None:
    path = "/link/" + token_of(person())
    before = db.session.query(AuditEvent).count()
    for _ in range(2):
        assert visitor.get(path) == 200
    db.session.expire_all()
    assert db.session.query(OneTimeLink).one().used_at is None
    assert db.session.query(AuditEvent).count() == before


def test_problems_stand_beside_the_fields_and_leave_the_link_usable(visitor: Browser) -> None:
    path = "/link/" + token_of(person())
    assert set_password(visitor, path, "short") == 422 and "密码至少" in visitor.page
    assert set_password(visitor, path, PASSWORD, "another") == 422 and "不一样" in visitor.page
    assert set_password(visitor, path, PASSWORD) == 303


@pytest.mark.parametrize("kind", ["used", "never"])
def test_a_used_or_unknown_link_says_what_to_do(visitor: Browser, kind: str) -> None:
    path = "/link/" + token_of(person())
    if kind == "used":
        assert set_password(visitor, path, PASSWORD) == 303
    status = visitor.get(path if kind == "used" else "/link/no-such-token")
    assert status == (410 if kind == "used" else 404)
    assert "这个链接不能用了" in visitor.page and 'href="/forgot"' in visitor.page and 'href="/login"' in visitor.page


def test_the_page_is_not_stored_and_its_address_is_not_told(visitor: Browser) -> None:
    for path in ("/link/" + token_of(person()), "/link/no-such-token"):
        visitor.get(path)
        assert visitor.answer.headers["Cache-Control"] == "no-store"
        assert visitor.answer.headers["Referrer-Policy"] == "strict-origin"


def test_the_token_is_never_logged(visitor: Browser, caplog: pytest.LogCaptureFixture) -> None:
    token = token_of(person())
    caplog.set_level(logging.DEBUG)
    access_log.propagate = True
    visitor.get(f"/link/{token}")
    set_password(visitor, f"/link/{token}", PASSWORD)
    lines = [JsonFormatter().format(record) for record in caplog.records]
    assert any(json.loads(line).get("path") == "/link/…" for line in lines)
    assert not any(token in line for line in lines)


def test_behind_tls_the_form_is_accepted_with_the_origin_that_its_policy_leaves(visitor: Browser) -> None:
    path = "/link/" + token_of(person())
    visitor.get(path)
    values = {**visitor.values(""), "password": PASSWORD, "again": PASSWORD}
    visitor._start()
    sent = visitor.client.post(
        path, data=values, base_url="https://localhost", headers={"Referer": "https://localhost/"}
    )
    assert sent.status_code == 303
