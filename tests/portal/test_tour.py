"""The example ledger of the tour has what it promises, and in production there is no tour."""

from __future__ import annotations

import io

import pytest
from flask import Flask

from backoffice.actor import Actor
from backoffice.database import db
from backoffice.jobs import imports
from backoffice.portal import example_ledger
from backoffice.services import ledger_import, ledger_reference
from backoffice.states import ImportState
from backoffice.unit_of_work import unit_of_work
from tests.factories import UserFactory, actor_of
from tests.portal.conftest import Browser
from tests.portal.test_demo_entry import demo_people, production

__all__ = ["demo_people", "production"]
pytestmark = pytest.mark.usefixtures("app")
KINDS_OF_MISTAKE = 15


def test_the_example_has_600_rows_and_40_of_them_are_wrong_in_many_ways(app: Flask) -> None:
    with unit_of_work():
        clerk: Actor = actor_of(UserFactory(of_enterprise=True))
        content = example_ledger.content(ledger_reference.load())
        run = ledger_import.receive(clerk, "示例台账.xlsx", io.BytesIO(content))
    while imports.check_imports():
        pass
    db.session.refresh(run)
    assert run.state is ImportState.READY
    assert (run.rows, run.new, run.errors) == (600, 560, 40)
    wrong = ledger_import.as_json(run)["problems"]
    codes = {problem["code"] for problem in wrong}
    assert len(codes) >= KINDS_OF_MISTAKE, codes


def test_the_example_is_the_same_each_time(app: Flask) -> None:
    reference = ledger_reference.load()
    assert list(example_ledger.rows(reference)) == list(example_ledger.rows(reference))


def test_a_step_without_demo_people_leads_to_restoring_them(app: Flask, visitor: Browser) -> None:
    visitor.get("/tour")
    assert "这里没有演示账号" in visitor.page
    visitor.get("/demo")
    token = visitor.values("/demo/reset")["csrf_token"]
    assert visitor.post("/tour/step", {"csrf_token": token, "step": "1"}) == 303
    assert visitor.answer.headers["Location"] == "/demo"


@pytest.mark.usefixtures("demo_people")
def test_a_step_signs_in_and_the_ribbon_says_where_one_is(visitor: Browser) -> None:
    visitor.get("/tour")
    token = visitor.values("/tour/step")["csrf_token"]
    assert visitor.post("/tour/step", {"csrf_token": token, "step": "9"}) == 404
    assert visitor.post("/tour/step", {"csrf_token": token, "step": "2"}) == 303
    assert visitor.follow() == 200
    assert "导览 2/5" in visitor.page
    assert "/tour/example-ledger.xlsx" in visitor.page
    visitor.send("/tour/step")
    assert visitor.follow() == 200
    assert "导览 3/5" in visitor.page
    visitor.get("/tour")
    visitor.post("/tour/end", {"csrf_token": visitor.values("/tour/step")["csrf_token"]})
    visitor.get("/institution/")
    assert "导览 " not in visitor.page


def test_production_has_no_tour(production: Flask) -> None:
    assert [rule.rule for rule in production.url_map.iter_rules() if "tour" in rule.rule + rule.endpoint] == []
    with production.app_context():
        visitor = Browser(production)
        for address in ("/tour", "/tour/outcome", "/tour/example-ledger.xlsx"):
            assert visitor.get(address) == 404
        visitor.get("/")
        assert "导览" not in visitor.page
