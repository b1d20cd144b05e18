"""Who walks through the application: one person of every role, and the strangers who must not see the first's rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backoffice.actor import Actor, Role
from backoffice.database import db
from backoffice.models import User
from backoffice.web.current import actor_of
from tests.journeys.support import accounts

CAST: dict[str, str | None] = {
    "anonymous": None,
    "enterprise": "91370303MA3D01010Y",
    "other enterprise": "12370302493120110H",
    "institution": "zhangdian-jls",
    "other institution": "zichuan-jls",
    "regulator": "zibo-jlk",
    "district regulator": "zhangdian-jlk",
    "regulator of another area": "zichuan-jlk",
    "auditor": "shenji",
    "admin": "xitong",
}
"""The city's regulator may edit reference data; the two districts' may not and are strangers to each other."""

WALKERS = ("anonymous", "enterprise", "other enterprise", "institution", "regulator", "auditor", "admin")
"""Who is sent over every page; the others see the same pages with other rows."""


@dataclass
class Visitor:
    """A browser without a screen: keeps cookies, sends a form's token when asked to."""

    app: Flask
    client: FlaskClient
    username: str | None = None

    @property
    def role(self) -> Role | None:
        return Role(accounts()[self.username].role) if self.username else None

    def actor(self) -> Actor | None:
        """The facts services get of this person; needs the application's context."""
        if self.username is None:
            return None
        return actor_of(db.session.scalars(sa.select(User).where(User.username == self.username)).one())

    def get(self, url: str, **kwargs: Any) -> TestResponse:
        return self.client.get(url, buffered=True, **kwargs)

    def post(self, url: str, data: dict[str, Any] | None = None, *, token: bool = True, **kwargs: Any) -> TestResponse:
        values = {**({"csrf_token": self.token()} if token else {}), **(data or {})}
        return self.client.post(url, data=values, buffered=True, **kwargs)

    def token(self) -> str:
        """The token this session's forms carry."""
        page = self.get("/account" if self.username else "/login").get_data(as_text=True)
        found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
        assert found, page[:2000]
        return found[1]


def visitor(app: Flask, username: str | None) -> Visitor:
    """A visitor, signed in through the sign-in page when a user name is given."""
    made = Visitor(app, app.test_client())
    if username is None:
        return made
    values = {"username": username, "password": accounts()[username].password}
    answer = made.post("/login", values)
    assert answer.status_code == 303, answer.get_data(as_text=True)[:3000]
    made.username = username
    return made
