"""The signed-in person as an `Actor`.

What Flask-Login's user loader returns has `actor(address=…)`; `actor_of` makes it from the person's row.
"""

from __future__ import annotations

from flask import g, request
from flask_login import current_user

from ..actor import Actor
from ..models import User
from ..services import accounts


def actor_of(user: User, *, address: str | None = None) -> Actor:
    """The plain facts services need of a person."""
    return accounts.person(user, address)


def current_actor() -> Actor | None:
    """The actor of this request, `None` for a visitor; made once per request."""
    if "actor" not in g:
        g.actor = current_user.actor(address=request.remote_addr) if current_user.is_authenticated else None
    actor: Actor | None = g.actor
    return actor


def signed_in_actor() -> Actor:
    """The actor of a request that has passed the access gate; raises `RuntimeError` when nobody is signed in."""
    actor = current_actor()
    if actor is None:
        raise RuntimeError("a guarded page was reached without signing in")
    return actor
