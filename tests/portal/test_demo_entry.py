"""One click into the demo and back to its beginning; in production neither exists, nor the published passwords."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from app import create_app
from backoffice import clock
from backoffice.actor import SYSTEM, Role
from backoffice.config import Settings
from backoffice.database import db
from backoffice.models import User, Verification
from backoffice.portal import demo_reset
from backoffice.portal.demo_people import published
from backoffice.portal.demo_reset import Restoring
from backoffice.services import accounts
from backoffice.states import DocumentType, Outcome
from backoffice.unit_of_work import unit_of_work
from ops import postgres
from tests.factories import EnterpriseFactory, InstitutionFactory, InstrumentFactory
from tests.portal.conftest import Browser

pytestmark = pytest.mark.usefixtures("app")
ACCOUNTS = published(Path(__file__).parents[2] / "seeds" / "demo_accounts.csv")
FIRST = {role: next(each for each in ACCOUNTS if each.role is role) for role in Role if role is not Role.SYSTEM}


@pytest.fixture
def demo_people(app: Flask) -> None:
    """The first published account of each of the three panels."""
    with unit_of_work():
        owners = {
            Role.ENTERPRISE: {"enterprise_id": EnterpriseFactory().id},
            Role.INSTITUTION: {"institution_id": InstitutionFactory().id},
            Role.REGULATOR: {"division_code": "370300", "organisation": "淄博市市场监督管理局"},
        }
        for role, owner in owners.items():
            person = FIRST[role]
            accounts.create_user(
                SYSTEM,
                username=person.username,
                name="演示",
                role=role,
                password=person.password,
                phone="0533-2180001",
                **owner,
            )


@pytest.fixture
def production(database: postgres.Urls) -> Iterator[Flask]:
    application = create_app(
        Settings.from_environment(
            {
                "APP_ENV": "production",
                "DATABASE_URL": database.app,
                "SECRET_KEY": "s" * 40,
                "PUBLIC_URL": "https://qjt.example.cn",
            }
        )
    )
    application.config["SESSION_COOKIE_SECURE"] = False  # The test's browser speaks http.
    application.config["SESSION_COOKIE_NAME"] = "session"
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.mark.usefixtures("demo_people")
@pytest.mark.parametrize("role", [Role.ENTERPRISE, Role.INSTITUTION, Role.REGULATOR])
def test_one_click_on_a_card_signs_in(visitor: Browser, role: Role) -> None:
    visitor.get("/")
    assert visitor.page.count('action="/demo/sign-in"') == 3
    token = visitor.values("/demo/sign-in")["csrf_token"]
    assert visitor.post("/demo/sign-in", {"csrf_token": token, "username": FIRST[role].username}) == 303
    assert visitor.answer.headers["Location"] == f"/{role.value}/"
    assert visitor.follow() == 200


@pytest.mark.usefixtures("demo_people")
def test_changing_roles_ends_the_earlier_session_and_may_lead_to_a_page(visitor: Browser) -> None:
    visitor.sign_in(FIRST[Role.ENTERPRISE].username, FIRST[Role.ENTERPRISE].password)
    former = visitor.client.get_cookie("session")
    visitor.get("/demo")
    values = {"csrf_token": visitor.values("/demo/sign-in")["csrf_token"], "next": "/regulator/unmatched/"}
    visitor.post("/demo/sign-in", {**values, "username": FIRST[Role.REGULATOR].username})
    assert visitor.answer.headers["Location"] == "/regulator/unmatched/"
    assert visitor.client.get_cookie("session") != former
    assert visitor.get("/enterprise/") == 404


@pytest.mark.usefixtures("demo_people")
def test_only_published_people_can_be_entered_as(visitor: Browser) -> None:
    visitor.get("/demo")
    token = visitor.values("/demo/sign-in")["csrf_token"]
    assert visitor.post("/demo/sign-in", {"csrf_token": token, "username": "somebody"}) == 404
    assert visitor.post("/demo/sign-in", {"username": FIRST[Role.REGULATOR].username}) == 400


@pytest.mark.usefixtures("demo_people")
def test_each_person_is_named_by_what_they_did_and_the_panel_by_who_sits_in_it(app: Flask, visitor: Browser) -> None:
    first = FIRST[Role.INSTITUTION]
    visitor.get("/demo")
    assert _what_is_said_of(visitor, first.username) == "技术机构"
    with unit_of_work():
        clerk = db.session.scalars(sa.select(User).where(User.username == first.username)).one()
        instrument = InstrumentFactory()
        row = Verification(
            instrument_id=instrument.id,
            enterprise_id=instrument.enterprise_id,
            institution_id=clerk.institution_id,
            verified_on=clock.today(),
            outcome=Outcome.NOT_PASSED,
            document_type=DocumentType.REJECTION_NOTICE,
            document_number="X-1",
            verifier="王平",
            entered_by_id=clerk.id,
        )
        db.session.add(row)
    visitor.get("/demo")
    assert _what_is_said_of(visitor, first.username) == "录入人员"
    with unit_of_work():
        row.published_at, row.published_by_id = clock.now(), clerk.id
    visitor.get("/demo")
    assert _what_is_said_of(visitor, first.username) == "录入、核验人员"
    with unit_of_work():
        row.entered_by_id = None
    visitor.get("/demo")
    assert _what_is_said_of(visitor, first.username) == "核验人员"
    assert _what_is_said_of(visitor, FIRST[Role.REGULATOR].username) == "监管部门"


def _what_is_said_of(visitor: Browser, username: str) -> str:
    """The words between the organisation and the account on the button of /demo."""
    button = next(each for each in visitor.page.split("<form") if f'value="{username}"' in each)
    found = re.search(r'<span class="what">([^<]*)</span>', button)
    assert found, button
    return found[1]


def test_without_demo_accounts_cards_lead_to_signing_in(visitor: Browser) -> None:
    visitor.get("/")
    assert "/demo/sign-in" not in visitor.page
    assert "/login?next=/enterprise/" in visitor.page


def test_every_page_has_the_ribbon(visitor: Browser) -> None:
    for address in ("/", "/login", "/guide", "/contacts", "/no-such-page"):
        visitor.get(address)
        assert 'href="/demo"' in visitor.page
        assert 'href="/demo#reset"' in visitor.page


@pytest.fixture
def command(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Instead of emptying the database, a command that waits for a file; its exit code is what the file says."""
    told = tmp_path / "told"
    waiting = (
        "import os, pathlib, sys, time\n"
        "told = pathlib.Path(sys.argv[1])\n"
        "while not told.exists(): time.sleep(0.02)\n"
        "sys.exit(int(told.read_text()) if os.environ['APP_ENV'] == 'demo' else 9)"
    )
    monkeypatch.setattr(demo_reset, "COMMAND", (sys.executable, "-c", waiting, str(told)))
    monkeypatch.setattr(app, "instance_path", str(tmp_path))
    yield told
    told.write_text("0")


def _until_over(app: Flask) -> None:
    until = time.monotonic() + 10
    while Restoring.of(app).state().is_running and time.monotonic() < until:
        time.sleep(0.02)


@pytest.mark.parametrize(("code", "words"), [("0", "演示数据已恢复"), ("1", "没有恢复成功")])
def test_restoring_runs_beside_the_request_and_its_end_is_shown(
    app: Flask, visitor: Browser, command: Path, code: str, words: str
) -> None:
    visitor.get("/demo")
    token = visitor.values("/demo/reset")["csrf_token"]
    begun = time.monotonic()
    assert visitor.post("/demo/reset", {"csrf_token": token}) == 303
    assert time.monotonic() - begun < 1
    assert visitor.follow() == 200
    assert "正在恢复演示数据" in visitor.page
    assert "data-refresh-seconds" in visitor.page
    command.write_text(code)
    _until_over(app)
    visitor.get("/demo/restoring")
    assert words in visitor.page
    assert "data-refresh-seconds" not in visitor.page


def test_while_it_runs_every_page_leads_to_the_one_that_says_so(app: Flask, visitor: Browser, command: Path) -> None:
    assert Restoring.of(app).start()
    for address in ("/", "/tour", "/demo", "/login", "/login?next=/enterprise/"):
        assert visitor.get(address) == 303
        assert visitor.answer.headers["Location"] == "/demo/restoring"
    assert visitor.get("/healthz") == 200
    command.write_text("0")
    _until_over(app)
    assert visitor.get("/login") == 200


def test_however_long_it_takes_it_is_running_and_a_dead_one_is_not(app: Flask, command: Path) -> None:
    restoring = Restoring.of(app)
    assert restoring.start()
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        assert restoring.state().is_running
        assert restoring.start() is False
    command.write_text("0")
    _until_over(app)
    restoring._write(time.time(), None)  # As the power cut leaves it: begun, not ended, nobody at it.
    assert not restoring.state().is_running
    assert not restoring.state().is_done
    assert restoring.start()
    _until_over(app)


def test_pressing_twice_restores_once(app: Flask, command: Path) -> None:
    assert [Restoring.of(app).start() for _ in range(2)] == [True, False]
    command.write_text("0")
    _until_over(app)
    assert Restoring.of(app).state().is_done


def test_of_many_at_once_one_begins(app: Flask, command: Path) -> None:
    restoring, gate, begun = Restoring.of(app), threading.Barrier(8), []

    def press() -> None:
        gate.wait()
        begun.append(restoring.start())

    people = [threading.Thread(target=press) for _ in range(8)]
    for each in people:
        each.start()
    for each in people:
        each.join()
    assert sorted(begun) == [False] * 7 + [True]
    command.write_text("0")
    _until_over(app)


def test_the_end_of_an_earlier_one_does_not_end_a_later_one(app: Flask, command: Path) -> None:
    restoring = Restoring.of(app)
    assert restoring.start()
    restoring._end(1.0, 0)
    assert restoring.state().is_running
    command.write_text("0")
    _until_over(app)


@pytest.mark.usefixtures("demo_people")
def test_whoever_restores_is_signed_out(visitor: Browser, command: Path) -> None:
    visitor.sign_in(FIRST[Role.ENTERPRISE].username, FIRST[Role.ENTERPRISE].password)
    visitor.get("/demo")
    visitor.post("/demo/reset", {"csrf_token": visitor.values("/demo/reset")["csrf_token"]})
    assert visitor.get("/enterprise/") == 302


def test_production_has_no_demo_page(production: Flask) -> None:
    assert [rule.rule for rule in production.url_map.iter_rules() if "demo" in rule.rule + rule.endpoint] == []
    with production.app_context():
        visitor = Browser(production)
        for address in ("/demo", "/demo/sign-in", "/demo/reset", "/demo/restoring"):
            assert visitor.get(address) == 404
        visitor.get("/")
        assert "演示" not in visitor.page
        assert "/demo" not in visitor.page


@pytest.mark.usefixtures("demo_people")
def test_production_refuses_published_passwords(production: Flask) -> None:
    with production.app_context():
        visitor = Browser(production)
        assert visitor.sign_in(FIRST[Role.REGULATOR].username, FIRST[Role.REGULATOR].password) == 422
        assert "账号或密码" in visitor.page
