"""Values for the parameters of every rule: rows a person may open, and rows that are somebody else's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask, g
from werkzeug.routing import Rule

from backoffice import permissions
from backoffice.actor import Actor
from backoffice.admin_views.base import PanelView, ScopedModelView
from backoffice.database import db
from backoffice.permissions import Permission
from backoffice.web.access import Access, access_of

from .people import Visitor

ABSENT = ("999999999", "x", "9" * 40)
MOST_ROWS = 8

FIXED: dict[str, dict[str, str]] = {
    "static": {"filename": "app.css"},
    "portal.registered": {"receipt": "not-a-receipt"},
    "scan": {"number": "NO-SUCH-NUMBER"},
    "portal.link": {"token": "no-such-token"},
    "portal.download": {"name": "kinds"},
    "enterprise_imports.download": {"name": "template"},
    "regulator_catalogue_imports.download": {"name": "current"},
    "regulator_capability_imports.download": {"name": "current"},
}
"""Parameters that are no row of the rule's view, by endpoint."""
BY_NAME = {"item_id": "1"}
"""Parameters below a row of the rule's view, by name: an item there is, of somebody."""
KEYS = frozenset({"key", "number"})
"""Names under which rules take the key of a row of their view."""

SEEN_BY_ALL_WHO_MAY_OPEN = frozenset(
    {"kinds", "divisions", "job-runs", "audit-events", "users", "mails", "catalogue-items", "options", "working-days"}
)
"""Nouns without foreign rows: whoever may open the list may open every row."""


NEEDS_ROW_OF: dict[str, tuple[str, str]] = {
    "regulator_laboratories.create_view": ("institution_id", "regulator_institutions"),
    "regulator_suspensions.create_view": ("institution_id", "regulator_institutions"),
    "regulator_appointments.book": ("enterprise", "regulator_enterprises"),
}
"""Pages whose query or path names another view's row: the name there, and the view whose row it is."""


class NoCase(LookupError):
    """A rule has a parameter that nobody gave a value for: name it in `cases.py`."""


def views(app: Flask) -> dict[str, ScopedModelView | PanelView]:
    """All views of all panels by blueprint."""
    return {view.endpoint: view for admin in app.extensions["admin"] for view in admin._views}


def view_of(app: Flask, endpoint: str) -> ScopedModelView | PanelView | None:
    return views(app).get(endpoint.rsplit(".", 1)[0])


def permission_of(app: Flask, endpoint: str) -> Permission | None:
    """The permission an endpoint of a panel needs, `None` for the portal's."""
    view = view_of(app, endpoint)
    return view.endpoints().get(endpoint.rsplit(".", 1)[1]) if view else None


def admits(app: Flask, endpoint: str, actor: Actor, access: Access) -> bool:
    """Whether a person may call an endpoint: by role, and by the person's own right where it is one."""
    if actor.role not in access.roles:
        return False
    return permission_of(app, endpoint) is not Permission.ALL_REFERENCE_EDIT or permissions.may(
        actor, Permission.ALL_REFERENCE_EDIT
    )


@dataclass(frozen=True)
class Rows:
    """Keys of rows of one view for one person."""

    own: tuple[Any, ...]
    foreign: tuple[Any, ...]


def rows(app: Flask, view: ScopedModelView, visitor: Visitor) -> Rows:
    """Rows in the person's scope of a view, newest last, and rows of the same table outside it."""
    with app.test_request_context():
        g.actor = visitor.actor()
        key = view._key
        scope = view.scope().order_by(None)
        own = db.session.scalars(scope.with_only_columns(key).order_by(key.desc()).limit(MOST_ROWS)).all()
        inside = scope.with_only_columns(key)
        foreign = db.session.scalars(sa.select(key).where(key.not_in(inside)).order_by(key).limit(2)).all()
        db.session.rollback()
        return Rows(tuple(own), tuple(foreign))


def takes_key(rule: Rule) -> bool:
    """Whether the rule is about one row of its view."""
    return bool(KEYS & rule.arguments) and rule.endpoint not in FIXED


class Cases:
    """Addresses for every rule and person; rows are asked for once."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._rows: dict[tuple[str, str | None], Rows] = {}

    def rules(self) -> list[tuple[Rule, Access]]:
        """Every rule with its declaration, sorted."""
        found = []
        for rule in sorted(self.app.url_map.iter_rules(), key=lambda each: (each.rule, sorted(each.methods or ()))):
            declared = access_of(self.app, rule.endpoint)
            assert declared is not None, f"{rule.endpoint} is not declared"
            found.append((rule, declared))
        return found

    def rows(self, blueprint: str, visitor: Visitor) -> Rows:
        known = (blueprint, visitor.username)
        if known not in self._rows:
            view = views(self.app)[blueprint]
            assert isinstance(view, ScopedModelView)
            self._rows[known] = rows(self.app, view, visitor)
        return self._rows[known]

    def anywhere(self, rule: Rule) -> str:
        """An address of the rule, whoever it is for; raises `NoCase` for a parameter nobody thought of."""
        return self._url(rule, 1 if takes_key(rule) else None)

    def own(self, rule: Rule, visitor: Visitor) -> list[str]:
        """Addresses this person may expect to open, the likeliest first; none when the person has no such row."""
        return self._addresses(rule, visitor, lambda found: found.own)

    def foreign(self, rule: Rule, visitor: Visitor) -> list[str]:
        """The same with rows of somebody else, and with keys no row has."""
        return self._addresses(rule, visitor, lambda found: (*found.foreign, *ABSENT), only_with_rows=True)

    def _addresses(
        self, rule: Rule, visitor: Visitor, keys: Callable[[Rows], Sequence[Any]], *, only_with_rows: bool = False
    ) -> list[str]:
        if rule.endpoint in NEEDS_ROW_OF:
            name, blueprint = NEEDS_ROW_OF[rule.endpoint]
            return [self._url_with(rule, name, key) for key in keys(self.rows(blueprint, visitor))]
        if not takes_key(rule):
            return [] if only_with_rows else [self._url(rule)]
        found = self.rows(rule.endpoint.rsplit(".", 1)[0], visitor)
        is_number = "number" in rule.arguments
        return [self._url(rule, key) for key in keys(found) if not is_number or str(key).isdecimal()]

    def _url_with(self, rule: Rule, name: str, key: Any) -> str:
        """The address with the other view's row in its path, else in its query."""
        if name in rule.arguments:
            return self._url(rule, **{name: key})
        return f"{self._url(rule)}?{urlencode({name: key})}"

    def _url(self, rule: Rule, key: Any = None, **others: Any) -> str:
        values = values_for(self.app, rule) | others
        if takes_key(rule):
            values |= dict.fromkeys(KEYS & rule.arguments, key)
        method = sorted(rule.methods or {"GET"})[0]
        return str(self.app.url_map.bind("localhost").build(rule.endpoint, values, method=method))


def values_for(app: Flask, rule: Rule) -> dict[str, Any]:
    """Values for every parameter of a rule but `key`; raises `NoCase` for one nobody thought of."""
    found = {name: value for name, value in BY_NAME.items() if name in rule.arguments}
    found |= FIXED.get(rule.endpoint, {})
    if rule.endpoint in NEEDS_ROW_OF and (name := NEEDS_ROW_OF[rule.endpoint][0]) in rule.arguments:
        found[name] = 1
    view = view_of(app, rule.endpoint)
    for name in sorted(rule.arguments - set(found) - KEYS):
        lookups = list(getattr(view, "form_lookups", {}) or {})
        if rule.endpoint.endswith(".lookup_view") and name == "name" and lookups:
            found[name] = lookups[0]
        else:
            raise NoCase(f"{rule.rule}: {name}")
    if takes_key(rule) and not isinstance(view, ScopedModelView):
        raise NoCase(f"{rule.rule}: key")
    return found
