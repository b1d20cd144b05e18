"""Who may call each endpoint: declared beside the endpoint, kept in one registry, enforced before every request.

A portal function carries `@public`, `@signed_in` or `@roles(...)`; a panel declares its views when they are added. An
application with an undeclared endpoint does not start (`check`), and the same registry is printed by
`flask routes --json` and walked by the access tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from flask import Flask, abort, current_app, redirect, request
from werkzeug.wrappers import Response

from ..actor import Actor, Role
from .current import current_actor

View = TypeVar("View", bound=Callable[..., Any])
SIGN_IN_PATH = "/login"
PEOPLE = frozenset(role for role in Role if role is not Role.SYSTEM)


@dataclass(frozen=True, slots=True)
class Access:
    """`public`: visitors too. Otherwise only the `roles` named."""

    public: bool = False
    roles: frozenset[Role] = frozenset()

    def admits(self, actor: Actor) -> bool:
        return self.public or actor.role in self.roles


@dataclass(frozen=True, slots=True)
class AccessRow:
    """One line of the access table: a rule of the URL map and who may use it."""

    endpoint: str
    rule: str
    methods: tuple[str, ...]
    roles: tuple[str, ...]
    public: bool


class UndeclaredEndpoints(Exception):
    """Endpoints of the URL map that no declaration covers."""


def public(view: View) -> View:
    """Everybody may call this view."""
    return _mark(view, Access(public=True))


def signed_in(view: View) -> View:
    """Every signed-in person may call this view, whatever the role."""
    return _mark(view, Access(roles=PEOPLE))


def roles(*allowed: Role | str) -> Callable[[View], View]:
    """Only these roles may call this view; to others it does not exist."""
    access = Access(roles=frozenset(Role(role) for role in allowed))
    return lambda view: _mark(view, access)


def _mark(view: View, access: Access) -> View:
    view.access = access  # type: ignore[attr-defined]
    return view


def declare(app: Flask, endpoint: str, *, allowed: Iterable[Role] = (), is_public: bool = False) -> None:
    """Declare an endpoint by name, for views that are not plain functions (panels, static files)."""
    _declared(app)[endpoint] = Access(public=is_public, roles=frozenset(allowed))


def access_of(app: Flask, endpoint: str) -> Access | None:
    """The declaration of an endpoint, `None` when there is none."""
    declared = _declared(app).get(endpoint)
    if declared is not None:
        return declared
    found: Access | None = getattr(app.view_functions.get(endpoint), "access", None)
    return found


def undeclared(app: Flask) -> list[str]:
    """Endpoints of the URL map that nobody declared, sorted."""
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    return sorted(endpoint for endpoint in endpoints if access_of(app, endpoint) is None)


def check(app: Flask) -> None:
    """Refuse to start an application with an undeclared endpoint; raises `UndeclaredEndpoints`."""
    missing = undeclared(app)
    if missing:
        raise UndeclaredEndpoints(", ".join(missing))


def access_table(app: Flask) -> list[AccessRow]:
    """Every rule of the URL map with its methods and who may use it, sorted by rule."""
    rows = []
    for rule in app.url_map.iter_rules():
        access = access_of(app, rule.endpoint) or Access()
        rows.append(
            AccessRow(
                endpoint=rule.endpoint,
                rule=rule.rule,
                methods=tuple(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})),
                roles=tuple(sorted(role.value for role in access.roles)),
                public=access.public,
            )
        )
    return sorted(rows, key=lambda row: (row.rule, row.methods))


def safe_path(target: str | None) -> str | None:
    """`target` when it is a path on this site, else `None`: no scheme, host, backslash or control character."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return None
    if any(ord(character) < 32 or ord(character) == 127 for character in target):
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc else target


def sign_in_redirect() -> Response:
    """Send a visitor to the sign-in page, which leads back here."""
    here = request.full_path.rstrip("?") if request.method == "GET" else request.path
    return redirect(f"{SIGN_IN_PATH}?{urlencode({'next': safe_path(here) or '/'}, safe='/')}")


def gate() -> Response | None:
    """Before every request: visitors to the sign-in page, the wrong role to 404. An unknown URL passes to its 404."""
    if request.endpoint is None:
        return None
    access = access_of(current_app, request.endpoint)
    if access is None:
        abort(404)
    if access.public:
        return None
    actor = current_actor()
    if actor is None:
        return sign_in_redirect()
    if not access.admits(actor):
        abort(404)
    return None


def init_app(app: Flask) -> None:
    app.extensions["access"] = {}
    declare(app, "static", is_public=True)
    # Before the CSRF check, so that a visitor's POST leads to the sign-in page and not to an expired form.
    app.before_request_funcs.setdefault(None, []).insert(0, gate)


def _declared(app: Flask) -> dict[str, Access]:
    registry: dict[str, Access] = app.extensions["access"]
    return registry
