"""The sample application on the shared test database, and people who are signed in to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient

from backoffice.database import db
from backoffice.models import User
from ops import postgres
from tests.conftest import empty_business_tables, settings_for
from tests.factories import UserFactory
from tests.web import sample


@pytest.fixture(scope="session")
def sample_application(database: postgres.Urls) -> Iterator[Flask]:
    application = sample.build(settings_for(database.app))
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.fixture
def sample_app(sample_application: Flask, database: postgres.Urls) -> Iterator[Flask]:
    """The sample application with an empty ledger; CSRF is on, as in production."""
    empty_business_tables(database.superuser)
    with sample_application.app_context():
        yield sample_application
        db.session.rollback()
        db.session.remove()


def forget_last_request() -> None:
    """With the application's context held open by the fixture, `g` would outlive a request; no browser sees that."""
    for name in list(g):
        g.pop(name)


class Browser:
    """A test client that keeps a session and fills in the token of a form, as a browser would."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def sign_in(self, user: User) -> None:
        with self.client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = str(user.id), True

    def get(self, url: str, **kwargs: Any) -> Any:
        forget_last_request()
        return self.client.get(url, buffered=True, **kwargs)

    def token(self) -> str:
        """The token a page of this browser would carry."""
        page = self.get("/form").get_data(as_text=True)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found, page
        return found[1]

    def post(self, url: str, data: dict[str, Any] | None = None) -> Any:
        token = self.token()
        forget_last_request()
        return self.client.post(url, data={"csrf_token": token, **(data or {})})


@pytest.fixture
def browser_of(sample_app: Flask) -> Callable[..., Browser]:
    """Makes a browser in which this person (or nobody) is signed in."""

    def make(user: User | None = None) -> Browser:
        browser = Browser(sample_app)
        if user is not None:
            db.session.commit()
            browser.sign_in(user)
        return browser

    return make


@pytest.fixture
def clerk(sample_app: Flask) -> User:
    return UserFactory(of_enterprise=True)


@pytest.fixture
def stranger(sample_app: Flask) -> User:
    """A clerk of another enterprise."""
    return UserFactory(of_enterprise=True)


@pytest.fixture
def regulator(sample_app: Flask) -> User:
    return UserFactory(regulator=True)
