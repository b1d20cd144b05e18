"""Values for the parameters of every rule: rows a person may open, and rows that are somebody else's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Flask, g
from werkzeug.routing import Rule

from backoffice import permissions
from backoffice.actor import Actor
from backoffice.admin_views.base import PanelView, ScopedModelView
from backoffice.database import db
from backoffice.permissions import Permission

from .people import Visitor

ABSENT = ("999999999", "0", "-1", "x", "9" * 40)
MOST_ROWS = 40

FIXED: dict[str, dict[str, str]] = {
    "static": {"filename": "app.css"},
    "portal.registered": {"receipt": "not-a-receipt"},
}
"""Rules whose parameter is no row."""

SEEN_BY_ALL_WHO_MAY_OPEN = frozenset({"kinds", "divisions", "job-runs", "audit-events", "users"})
"""Nouns without foreign rows: whoever may open the list may open every row."""


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


def admits(app: Flask, endpoint: str, actor: Actor, roles: tuple[str, ...]) -> bool:
    """Whether a person may call an endpoint: by role, and by the person's own right where it is one."""
    needed = permission_of(app, endpoint)
    return actor.role.value in roles and (needed is None or permissions.may(actor, needed))


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
        foreign = db.session.scalars(sa.select(key).where(key.not_in(inside)).order_by(key).limit(3)).all()
        db.session.rollback()
        return Rows(tuple(own), tuple(foreign))


def values_for(app: Flask, rule: Rule) -> dict[str, str]:
    """Values for every parameter of a rule but `key`; raises `NoCase` for one nobody thought of."""
    found = dict(FIXED.get(rule.endpoint, {}))
    view = view_of(app, rule.endpoint)
    for name in sorted(rule.arguments - set(found) - {"key"}):
        lookups = list(getattr(view, "form_lookups", {}) or {})
        if rule.endpoint.endswith(".lookup_view") and name == "name" and lookups:
            found[name] = lookups[0]
        else:
            raise NoCase(f"{rule.rule}: {name}")
    if "key" in rule.arguments and not isinstance(view, ScopedModelView):
        raise NoCase(f"{rule.rule}: key")
    return found


def url_for_rule(app: Flask, rule: Rule, **values: Any) -> str:
    built = app.url_map.bind("localhost").build(rule.endpoint, values, method=sorted(rule.methods or {"GET"})[0])
    return str(built)
