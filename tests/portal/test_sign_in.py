"""登录 and 退出: where it leads, what it refuses, and what the cookie is worth."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock, portal
from backoffice.config import Settings
from backoffice.database import db
from backoffice.models import SignInAttempt, User, UserSession
from backoffice.services import accounts
from backoffice.states import EnterpriseStatus
from backoffice.unit_of_work import unit_of_work
from tests.factories import PASSWORD, EnterpriseFactory, UserFactory
from tests.portal.conftest import Browser


def person(**traits: Any) -> User:
    with unit_of_work():
        return UserFactory(**traits)


@pytest.mark.parametrize(
    ("trait", "panel"),
    [
        ("of_enterprise", "/enterprise/"),
        ("of_institution", "/institution/"),
        ("regulator", "/regulator/"),
        ("auditor", "/regulator/"),
        ("admin", "/regulator/"),
    ],
)
def test_everybody_is_led_to_their_own_panel_and_the_home_page_links_it(
    visitor: Browser, trait: str, panel: str
) -> None:
    user = person(**{trait: True})
    assert visitor.sign_in(user.username, PASSWORD) == 303
    assert visitor.answer.headers["Location"] == panel
    visitor.get("/")
    assert f'href="{panel}"' in visitor.page
    assert visitor.get("/login") == 303


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/regulator/registrations/?tab=late", "/regulator/registrations/?tab=late"),
        ("/account", "/account"),
        ("/enterprise/instruments/", "/regulator/"),
        ("https://evil.example/", "/regulator/"),
        ("//evil.example/", "/regulator/"),
        ("/\\evil.example", "/regulator/"),
        ("javascript:alert(1)", "/regulator/"),
    ],
)
def test_next_leads_only_to_pages_of_this_site_and_not_into_other_peoples_panels(
    visitor: Browser, wanted: str, leads_to: str
) -> None:
    user = person(regulator=True)
    visitor.get("/login", query_string={"next": wanted})
    visitor.send("/login", username=user.username, password=PASSWORD)
    assert visitor.answer.headers["Location"] == leads_to


@pytest.mark.parametrize("status", ["pending", "refused", "suspended", "closed"])
def test_people_of_an_enterprise_not_in_force_see_only_its_registration(visitor: Browser, status: str) -> None:
    user = person(enterprise=EnterpriseFactory(status=EnterpriseStatus(status)))
    visitor.sign_in(user.username, PASSWORD, url="/login?next=/enterprise/instruments/")
    assert visitor.answer.headers["Location"] == "/registration"
    assert visitor.get("/registration") == 200


def test_a_wrong_password_and_an_unknown_account_read_the_same_and_keep_the_name(visitor: Browser) -> None:
    user = person(regulator=True)
    pages = []
    for name in (user.username, "nobody"):
        assert visitor.sign_in(name, "Wrong-word-77") == 422
        assert visitor.values("/login")["username"] == name
        assert visitor.values("/login")["password"] == ""
        pages.append(visitor.page[visitor.page.index('role="alert"') :].split("</div>")[0])
    assert pages[0] == pages[1]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignInAttempt)) == 2


def test_the_sixth_attempt_is_429_and_says_how_long(visitor: Browser) -> None:
    user = person(regulator=True)
    for _ in range(5):
        assert visitor.sign_in(user.username, "Wrong-word-77") == 422
    assert visitor.sign_in(user.username, PASSWORD) == 429
    assert "在 15 分钟后再试" in visitor.page


def test_an_empty_form_is_refused_without_counting(visitor: Browser) -> None:
    assert visitor.sign_in("", "") == 422
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignInAttempt)) == 0


def test_a_copied_cookie_is_worth_nothing_after_signing_out(app: Flask, visitor: Browser) -> None:
    user = person(regulator=True)
    visitor.sign_in(user.username, PASSWORD)
    copied = visitor.client.get_cookie("session").value
    thief = Browser(app)
    thief.client.set_cookie("session", copied)
    assert thief.get("/account") == 200
    visitor.get("/account")
    assert visitor.send("/logout") == 303
    assert visitor.get("/account") == 302
    assert thief.get("/account") == 302


def test_signing_in_gives_a_new_session_and_ends_the_one_of_this_browser(app: Flask, visitor: Browser) -> None:
    first, second = person(regulator=True), person(auditor=True)
    visitor.get("/login")
    page, before = visitor.page, visitor.client.get_cookie("session").value
    visitor.send("/login", username=first.username, password=PASSWORD)
    assert visitor.client.get_cookie("session").value != before
    visitor.get("/account")
    token = visitor.client.get_cookie("session").value
    with app.app_context():
        visitor.page = page.replace(_token(page), _token(visitor.page))
    visitor.send("/login", username=second.username, password=PASSWORD)
    open_ = db.session.scalars(sa.select(UserSession.user_id).where(UserSession.ended_at.is_(None))).all()
    assert open_ == [second.id]
    assert visitor.client.get_cookie("session").value != token


def _token(page: str) -> str:
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def test_the_cookie_holds_the_token_and_not_the_person(visitor: Browser) -> None:
    user = person(regulator=True)
    visitor.sign_in(user.username, PASSWORD)
    with visitor.client.session_transaction() as session:
        assert accounts.actor_for_token(session["_user_id"]).user_id == user.id
        assert str(user.id) != session["_user_id"]
        assert user.username not in str(dict(session))


def test_thirty_idle_minutes_sign_out_and_use_keeps_signed_in(visitor: Browser) -> None:
    user = person(regulator=True)
    start = clock.now()
    with clock.at(start):
        visitor.sign_in(user.username, PASSWORD)
    for minutes in (25, 50, 75):
        with clock.at(start + timedelta(minutes=minutes)):
            assert visitor.get("/account") == 200
    with clock.at(start + timedelta(minutes=106)):
        assert visitor.get("/account") == 302


def test_logging_out_needs_the_token_and_a_post(visitor: Browser) -> None:
    user = person(regulator=True)
    visitor.sign_in(user.username, PASSWORD)
    assert visitor.get("/logout") == 405
    visitor.get("/account")
    assert visitor.send("/logout", csrf_token="") == 400
    assert visitor.get("/account") == 200


def test_a_new_password_works_at_once_and_signs_out_the_others(app: Flask, visitor: Browser) -> None:
    user = person(regulator=True)
    other = Browser(app)
    other.sign_in(user.username, PASSWORD)
    visitor.sign_in(user.username, PASSWORD)
    visitor.get("/account")
    assert visitor.send("/account", current="x", new="Other-Word-31", again="Other-Word-31") == 422
    assert visitor.send("/account", current=PASSWORD, new="Other-Word-31", again="Other-Word-32") == 422
    assert visitor.send("/account", current=PASSWORD, new="Other-Word-31", again="Other-Word-31") == 303
    assert visitor.follow() == 200
    assert "密码已更改" in visitor.page
    assert other.get("/account") == 302


def test_an_old_password_must_be_changed_first_in_production_and_never_in_the_demo(
    app: Flask, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = person(regulator=True, password_changed_at=clock.now() - timedelta(days=91))
    visitor.sign_in(user.username, PASSWORD)
    assert visitor.get("/") == 200
    monkeypatch.setitem(app.config, "SETTINGS", settings("https://qjt.example", "production"))
    assert visitor.get("/") == 303
    assert visitor.answer.headers["Location"] == "/account"
    assert visitor.get("/account") == 200


def settings(url: str, environment: str = "demo") -> Settings:
    return Settings.from_environment(
        {"DATABASE_URL": "postgresql:///x", "PUBLIC_URL": url, "SECRET_KEY": "k" * 40, "APP_ENV": environment}
    )


def test_the_cookie_is_host_bound_and_secure_behind_tls_and_plain_on_http() -> None:
    behind_tls = portal.session_settings(settings("https://qjt.example"))
    plain = portal.session_settings(settings("http://127.0.0.1:5000"))
    assert (behind_tls["SESSION_COOKIE_NAME"], behind_tls["SESSION_COOKIE_SECURE"]) == ("__Host-session", True)
    assert (plain["SESSION_COOKIE_NAME"], plain["SESSION_COOKIE_SECURE"]) == ("session", False)
    for each in (behind_tls, plain):
        assert each["SESSION_COOKIE_HTTPONLY"]
        assert each["SESSION_COOKIE_SAMESITE"] == "Lax"
