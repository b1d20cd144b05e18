"""The regulator's panel in the real application, and people who signed in to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, g

from app import create_app
from backoffice.actor import Role
from backoffice.admin_views import panels
from backoffice.admin_views.panel import Panel
from backoffice.admin_views.regulator import RegulatorHome, add_views, office_name
from backoffice.database import db
from backoffice.models import User
from backoffice.services import notices
from ops import postgres
from tests.conftest import empty_business_tables, settings_for
from tests.factories import PASSWORD, UserFactory


def mount_regulator(app: Flask) -> None:
    """The regulator's panel with the views of this package alone."""
    panel = Panel(
        app,
        name="regulator",
        title="监管部门",
        roles={Role.REGULATOR, Role.AUDITOR, Role.ADMIN},
        home=RegulatorHome,
        organisation=office_name,
        unread=notices.unread_count,
    )
    add_views(panel)


@pytest.fixture(scope="session")
def panel_application(database: postgres.Urls) -> Iterator[Flask]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(panels, "init_app", mount_regulator)
        application = create_app(settings_for(database.app))
    application.testing = True
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.fixture
def panel_app(panel_application: Flask, database: postgres.Urls) -> Iterator[Flask]:
    empty_business_tables(database.superuser)
    with panel_application.app_context():
        yield panel_application
        db.session.rollback()
        db.session.remove()


class Browser:
    """A browser of one person: keeps the session and fills in a form's token and hidden fields."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def get(self, url: str, **kwargs: Any) -> Any:
        _forget_last_request()
        return self.client.get(url, **kwargs)

    def text(self, url: str) -> str:
        answer = self.get(url)
        assert answer.status_code == 200, (url, answer.status_code)
        return str(answer.get_data(as_text=True))

    def post(self, url: str, data: dict[str, Any] | None = None, *, page: str = "/account") -> Any:
        """Send a form with the token of a page this person can open."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(page).get_data(as_text=True))
        assert found, page
        _forget_last_request()
        return self.client.post(url, data={"csrf_token": found[1], **(data or {})})


def _forget_last_request() -> None:
    """With the application's context held open by the fixture, `g` would outlive a request; no browser sees that."""
    for name in list(g):
        g.pop(name)


@pytest.fixture
def browser_of(panel_app: Flask) -> Callable[[User], Browser]:
    """Signs a person in as everybody does."""

    def make(user: User) -> Browser:
        db.session.commit()
        browser = Browser(panel_app)
        answer = browser.post("/login", {"username": user.username, "password": PASSWORD}, page="/login")
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return browser

    return make


@pytest.fixture
def city(panel_app: Flask) -> User:
    """The city's regulator, who also keeps the reference data."""
    return UserFactory(
        regulator=True, division_code="370300", may_edit_reference=True, organisation="淄博市市场监督管理局"
    )


@pytest.fixture
def district(panel_app: Flask) -> User:
    """The regulator of 张店区."""
    return UserFactory(regulator=True)


@pytest.fixture
def other_district(panel_app: Flask) -> User:
    """The regulator of 临淄区."""
    return UserFactory(regulator=True, division_code="370305", name="钱芳", organisation="临淄区市场监督管理局")


@pytest.fixture
def admin(panel_app: Flask) -> User:
    return UserFactory(admin=True)


@pytest.fixture
def auditor(panel_app: Flask) -> User:
    return UserFactory(auditor=True)
