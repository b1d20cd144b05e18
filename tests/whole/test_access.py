"""Every rule × method × person: visitors are asked to sign in, the wrong role and foreign rows do not exist."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from backoffice.web import access

from .cases import (
    ABSENT,
    SEEN_BY_ALL_WHO_MAY_OPEN,
    Rows,
    admits,
    rows,
    url_for_rule,
    values_for,
    view_of,
    views,
)
from .people import CAST, Visitor

SIGNED_IN = [name for name in CAST if name != "anonymous"]
GOES_WELL = (200, 302, 303)
ENDS_THE_SESSION = {"portal.logout"}
FOR_OTHER_STATES: dict[str, str] = {
    "portal.registered": "its address is a receipt, given once",
    "portal.own_licence": "its answer depends on the registration",
}
"""Rules that answer 404 to a right person on demo data, and why."""


class Rules:
    """The rules with their declarations, and the rows each person has in each view (asked once)."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.known: dict[tuple[str, str | None], Rows] = {}

    def __iter__(self) -> Iterator[tuple[Rule, access.Access]]:
        for rule in sorted(self.app.url_map.iter_rules(), key=lambda each: (each.rule, sorted(each.methods or ()))):
            declared = access.access_of(self.app, rule.endpoint)
            assert declared is not None, f"{rule.endpoint} is not declared"
            yield rule, declared

    def rows(self, rule: Rule, visitor: Visitor) -> Rows:
        view = view_of(self.app, rule.endpoint)
        assert view is not None
        known = (view.endpoint, visitor.username)
        if known not in self.known:
            self.known[known] = rows(self.app, view, visitor)
        return self.known[known]


@pytest.fixture(scope="module")
def rules(demo_app: Flask) -> Rules:
    return Rules(demo_app)


def methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def key_for(rule: Rule, *, key: object = 1) -> dict[str, object]:
    return {"key": key} if "key" in rule.arguments else {}


def test_every_rule_has_a_case(demo_app: Flask, rules: Rules) -> None:
    for rule, _ in rules:
        assert url_for_rule(demo_app, rule, **values_for(demo_app, rule), **key_for(rule))


def test_visitors_reach_public_pages_and_are_asked_to_sign_in_for_all_others(
    demo_app: Flask, rules: Rules, visitors: dict[str, Visitor]
) -> None:
    wrong = []
    nobody = visitors["anonymous"]
    for rule, declared in rules:
        url = url_for_rule(demo_app, rule, **values_for(demo_app, rule), **key_for(rule))
        for method in methods(rule):
            answer = nobody.client.open(url, method=method, buffered=True)
            if declared.public:
                well = answer.status_code in ((*GOES_WELL, 404) if rule.arguments else GOES_WELL)
                well = well if method == "GET" else answer.status_code == 400
            else:
                well = answer.status_code in (302, 303) and answer.location.startswith("/login?next=")
            if not well:
                wrong.append(f"{method} {url}: {answer.status_code} {answer.location}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", SIGNED_IN)
def test_the_wrong_role_finds_nothing(demo_app: Flask, rules: Rules, visitors: dict[str, Visitor], name: str) -> None:
    """Also who has the role but not the personal right: a regulator without that for reference data."""
    visitor, wrong = visitors[name], []
    with demo_app.app_context():
        actor = visitor.actor()
    token = visitor.token()
    assert actor is not None
    for rule, declared in rules:
        roles = tuple(role.value for role in declared.roles)
        if declared.public or admits(demo_app, rule.endpoint, actor, roles):
            continue
        for key in _some_keys(rules, rule, visitor):
            url = url_for_rule(demo_app, rule, **values_for(demo_app, rule), **key_for(rule, key=key))
            for method in methods(rule):
                answer = visitor.client.open(url, method=method, data={"csrf_token": token}, buffered=True)
                if answer.status_code != 404:
                    wrong.append(f"{method} {url}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def _some_keys(rules: Rules, rule: Rule, visitor: Visitor) -> list[object]:
    if "key" not in rule.arguments:
        return [1]
    found = rules.rows(rule, visitor)
    return [*found.own[:1], *found.foreign[:1]] or [1]


@pytest.mark.parametrize("name", SIGNED_IN)
def test_the_right_person_is_let_in(demo_app: Flask, rules: Rules, visitors: dict[str, Visitor], name: str) -> None:
    """GET answers; a POST gets as far as the form's token."""
    visitor, wrong = visitors[name], []
    with demo_app.app_context():
        actor = visitor.actor()
    assert actor is not None
    for rule, declared in rules:
        roles = tuple(role.value for role in declared.roles)
        if declared.public or not admits(demo_app, rule.endpoint, actor, roles):
            continue
        keys = rules.rows(rule, visitor).own if "key" in rule.arguments else (1,)
        for method in methods(rule):
            statuses = []
            for key in keys:
                url = url_for_rule(demo_app, rule, **values_for(demo_app, rule), **key_for(rule, key=key))
                statuses.append(visitor.client.open(url, method=method, buffered=True).status_code)
                if statuses[-1] not in (404, 409):
                    break
            # A button that no row of this person's demo data offers answers as if it was not there.
            offered = not statuses or statuses[-1] not in (404, 409) or rule.endpoint in FOR_OTHER_STATES
            is_action = "key" in rule.arguments and not rule.endpoint.endswith((".details_view",))
            well = (
                statuses[-1:] in ([], [400])
                if method == "POST"
                else all(each in (*GOES_WELL, 404, 409) for each in statuses)
            )
            if not well or not (offered or is_action):
                wrong.append(f"{method} {rule.rule}: {statuses}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", SIGNED_IN)
def test_foreign_and_absent_rows_are_missing(
    demo_app: Flask, rules: Rules, visitors: dict[str, Visitor], name: str
) -> None:
    """With a valid token, so that nothing but the scope stands in the way."""
    visitor, wrong = visitors[name], []
    with demo_app.app_context():
        actor = visitor.actor()
    assert actor is not None
    token = visitor.token()
    for rule, declared in rules:
        roles = tuple(role.value for role in declared.roles)
        if "key" not in rule.arguments or not admits(demo_app, rule.endpoint, actor, roles):
            continue
        for key in (*rules.rows(rule, visitor).foreign, *ABSENT):
            url = url_for_rule(demo_app, rule, **values_for(demo_app, rule), **key_for(rule, key=key))
            for method in methods(rule):
                answer = visitor.client.open(url, method=method, data={"csrf_token": token}, buffered=True)
                if answer.status_code != 404:
                    wrong.append(f"{method} {url}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_every_table_with_owners_was_tried_with_a_foreign_row(
    demo_app: Flask, rules: Rules, visitors: dict[str, Visitor]
) -> None:
    """Else the test above would say nothing about it."""
    untried = []
    for view in views(demo_app).values():
        if not hasattr(view, "scope") or view.noun in SEEN_BY_ALL_WHO_MAY_OPEN:
            continue
        panel = view.endpoint.split("_", 1)[0]
        people = [each for each in visitors.values() if each.role and each.role.value == panel]
        if not any(rows(demo_app, view, person).foreign for person in people):
            untried.append(view.endpoint)
    assert not untried, "\n".join(untried)


def test_no_application_without_a_declaration_for_each_rule(demo_app: Flask) -> None:
    assert access.undeclared(demo_app) == []
