"""Every rule × method × person: visitors are asked to sign in, the wrong role and foreign rows do not exist."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule

from backoffice.actor import Actor
from backoffice.admin_views.base import ScopedModelView
from backoffice.database import db
from backoffice.models import Slip
from backoffice.services import slip_printing
from backoffice.web.access import Access

from .cases import SEEN_BY_ALL_WHO_MAY_OPEN, Cases, admits, takes_key, views
from .people import CAST, Visitor

SIGNED_IN = [name for name in CAST if name != "anonymous"]
GOES_WELL = (200, 302, 303)
NOT_NOW = (404, 409)
"""What a button that this row does not offer answers, as if it was not there; or that the moment has passed."""
TOKEN_MISSING = 400
NO_ROWS_IN_DEMO = {"regulator_unassigned_registrations"}
"""Every registration of the demo has a competent regulator."""
NAMES_NOTHING = {"scan"}
"""Rules whose parameter is a number people carry about; the case has one that nobody has."""


def methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def actor_of(app: Flask, visitor: Visitor) -> Actor:
    with app.app_context():
        actor = visitor.actor()
    assert actor is not None
    return actor


def test_every_rule_has_a_case(cases: Cases) -> None:
    for rule, _ in cases.rules():
        assert cases.anywhere(rule)


def test_visitors_reach_public_pages_and_are_asked_to_sign_in_for_all_others(
    cases: Cases, visitors: dict[str, Visitor]
) -> None:
    nobody, wrong = visitors["anonymous"], []
    for rule, declared in cases.rules():
        url = cases.anywhere(rule)
        for method in methods(rule):
            answer = nobody.client.open(url, method=method, buffered=True)
            if not _answers_a_visitor(rule, declared, method, answer.status_code, answer.location or ""):
                wrong.append(f"{method} {url}: {answer.status_code} {answer.location}")
    assert not wrong, "\n".join(wrong)


def _answers_a_visitor(rule: Rule, declared: Access, method: str, status: int, location: str) -> bool:
    if not declared.public:
        return status in (302, 303) and location.startswith("/login?next=")
    if method == "POST":
        return status == TOKEN_MISSING
    return status in GOES_WELL or (bool(rule.arguments) and status == 404)


@pytest.mark.parametrize("name", SIGNED_IN)
def test_the_wrong_person_finds_nothing(demo_app: Flask, cases: Cases, visitors: dict[str, Visitor], name: str) -> None:
    """The wrong role, and who has the role but not the right: a regulator without that for reference data."""
    visitor, wrong = visitors[name], []
    actor, token = actor_of(demo_app, visitor), visitor.token()
    for rule, declared in cases.rules():
        if declared.public or admits(demo_app, rule.endpoint, actor, declared):
            continue
        urls = cases.own(rule, visitor)[:1] + cases.foreign(rule, visitor)[:1] or [cases.anywhere(rule)]
        for url in urls:
            for method in methods(rule):
                answer = visitor.client.open(url, method=method, data={"csrf_token": token}, buffered=True)
                if answer.status_code != 404:
                    wrong.append(f"{method} {url}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", SIGNED_IN)
def test_the_right_person_is_let_in(demo_app: Flask, cases: Cases, visitors: dict[str, Visitor], name: str) -> None:
    """GET answers; a POST gets as far as the form's token, so nothing is changed here."""
    visitor, wrong = visitors[name], []
    actor = actor_of(demo_app, visitor)
    for rule, declared in cases.rules():
        if declared.public or not admits(demo_app, rule.endpoint, actor, declared):
            continue
        for method in methods(rule):
            statuses = _until_it_goes_well(visitor, method, cases.own(rule, visitor))
            if not _lets_in(rule, method, statuses):
                wrong.append(f"{method} {rule.rule}: {statuses}")
    assert not wrong, "\n".join(wrong)


def _until_it_goes_well(visitor: Visitor, method: str, urls: list[str]) -> list[int]:
    statuses: list[int] = []
    for url in urls:
        statuses.append(visitor.client.open(url, method=method, buffered=True).status_code)
        if statuses[-1] not in NOT_NOW:
            break
    return statuses


def _lets_in(rule: Rule, method: str, statuses: list[int]) -> bool:
    if not statuses:  # This person has no such row in the demo; others have.
        return True
    if method == "POST":
        return statuses[-1] == TOKEN_MISSING
    if rule.endpoint in NAMES_NOTHING:
        return statuses == [404]
    is_button_of_a_row = takes_key(rule) and not rule.endpoint.endswith(".details_view")
    return statuses[-1] in GOES_WELL or (is_button_of_a_row and set(statuses) <= set(NOT_NOW))


@pytest.mark.parametrize("name", SIGNED_IN)
def test_foreign_and_absent_rows_are_missing(
    demo_app: Flask, cases: Cases, visitors: dict[str, Visitor], name: str
) -> None:
    """With a valid token, so that nothing but the scope stands in the way."""
    visitor, wrong = visitors[name], []
    actor, token = actor_of(demo_app, visitor), visitor.token()
    for rule, declared in cases.rules():
        if not admits(demo_app, rule.endpoint, actor, declared):
            continue
        for url in cases.foreign(rule, visitor):
            for method in methods(rule):
                answer = visitor.client.open(url, method=method, data={"csrf_token": token}, buffered=True)
                if answer.status_code != 404:
                    wrong.append(f"{method} {url}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_every_table_with_owners_was_tried_with_a_foreign_row(
    demo_app: Flask, cases: Cases, visitors: dict[str, Visitor]
) -> None:
    """Else the test above would say nothing about it."""
    untried = []
    for blueprint, view in views(demo_app).items():
        if not isinstance(view, ScopedModelView) or view.noun in SEEN_BY_ALL_WHO_MAY_OPEN:
            continue
        panel = blueprint.split("_", 1)[0]
        people = [each for each in visitors.values() if each.role and each.role.value == panel]
        if not any(cases.rows(blueprint, person).foreign for person in people):
            untried.append(blueprint)
    assert not untried, "\n".join(untried)


def test_every_rule_was_tried_with_somebodys_own_row(
    demo_app: Flask, cases: Cases, visitors: dict[str, Visitor]
) -> None:
    people = [(visitor, actor_of(demo_app, visitor)) for name, visitor in visitors.items() if name != "anonymous"]
    untried = [
        rule.rule
        for rule, declared in cases.rules()
        if not declared.public
        and rule.endpoint.split(".")[0] not in NO_ROWS_IN_DEMO
        and not any(
            cases.own(rule, visitor) for visitor, actor in people if admits(demo_app, rule.endpoint, actor, declared)
        )
    ]
    assert not untried, "\n".join(untried)


def test_a_scanned_number_leads_those_who_may_see_the_slip_and_nobody_else(
    demo_app: Flask, visitors: dict[str, Visitor]
) -> None:
    with demo_app.app_context():
        actor = visitors["institution"].actor()
        slip = db.session.scalars(sa.select(Slip).where(Slip.institution_id == actor.institution_id)).first()
        code = slip_printing.check_code(slip.number, secret=demo_app.config["SETTINGS"].secret_key)
        address, enterprise = f"/a/{slip.number}?c={code}", slip.enterprise.uscc
    assert visitors["institution"].get(address).status_code in (302, 303)
    assert visitors["other institution"].get(address).status_code == 404
    strangers = [each for each in ("enterprise", "other enterprise") if visitors[each].username != enterprise]
    assert [visitors[each].get(address).status_code for each in strangers] == [404] * len(strangers)
