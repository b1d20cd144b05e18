"""Signed-in people for Flask-Login: the cookie carries a token, the database says whether it still counts."""

from __future__ import annotations

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask_login import UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response

from ..actor import Actor
from ..extensions import login_manager
from ..models import User
from ..services import accounts, passwords
from ..unit_of_work import unit_of_work
from ..web.current import actor_of

ALWAYS_OPEN = frozenset({"static", "portal.account", "portal.logout", "portal.login", "healthz", "readyz"})
"""What a person whose password is too old may still call."""


class SignedIn(UserMixin):
    """A person with a live session. Flask-Login keeps `get_id()` in the cookie: the session's token, nothing else."""

    def __init__(self, user: User, token: str) -> None:
        self.user = user
        self.token = token

    def get_id(self) -> str:
        return self.token

    @property
    def is_active(self) -> bool:
        return self.user.is_active

    def actor(self, address: str | None = None) -> Actor:
        return actor_of(self.user, address=address)


def load_person(token: str) -> SignedIn | None:
    """Flask-Login's user loader: the person of a token, while the session lives."""
    live = accounts.session_of(token)
    if live is None:
        return None
    if accounts.is_due_to_be_seen(live):
        with unit_of_work():
            accounts.mark_seen(live.id)
    user = accounts.user_of(live)
    return SignedIn(user, token) if user else None


def admit(user: User, token: str) -> None:
    """Begin a session in this browser: nothing of an earlier visitor's cookie stays."""
    session.clear()
    g.pop("actor", None)
    login_user(SignedIn(user, token))


def dismiss() -> None:
    """Forget the person in this browser; ending the session itself is `accounts.sign_out`."""
    logout_user()
    session.clear()
    g.pop("actor", None)


def signed_in_token() -> str | None:
    """The token this request came with, `None` for a visitor."""
    return current_user.token if current_user.is_authenticated else None


def ask_for_new_password() -> Response | None:
    """Before every request of a person whose password is too old: to the page that changes it."""
    if not current_app.config["SETTINGS"].is_production or request.endpoint in ALWAYS_OPEN:
        return None
    if current_user.is_authenticated and passwords.is_expired(current_user.user.password_changed_at):
        return redirect(url_for("portal.account"), 303)
    return None


def init_app(app: Flask) -> None:
    login_manager.user_loader(load_person)
    # Sessions live in the database; binding them to address and browser would sign out phones that change networks.
    login_manager.session_protection = None
    app.before_request(ask_for_new_password)
