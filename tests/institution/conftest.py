"""The institution's and the regulator's panel in the real application, and people who signed in to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, g

from app import create_app
from backoffice.actor import Role
from backoffice.admin_views import institution, panels, regulator
from backoffice.admin_views.panel import Panel
from backoffice.admin_views.regulator.appointments import RegulatorAppointments
from backoffice.admin_views.regulator.slips import RegulatorSlips
from backoffice.admin_views.regulator.unmatched import RegulatorUnmatched
from backoffice.database import db
from backoffice.models import User
from backoffice.portal import scan
from backoffice.services import notices
from ops import postgres
from tests.conftest import empty_business_tables, settings_for
from tests.factories import PASSWORD


def mount(app: Flask) -> None:
    """Both panels with the views these tests are about."""
    desk = Panel(
        app,
        name="institution",
        title="技术机构",
        roles={Role.INSTITUTION},
        home=institution.InstitutionHome,
        organisation=institution.organisation,
        unread=notices.unread_count,
    )
    for view in institution.VIEWS:
        desk.add(view)
    office = Panel(
        app,
        name="regulator",
        title="监管部门",
        roles={Role.REGULATOR, Role.AUDITOR, Role.ADMIN},
        home=regulator.RegulatorHome,
        organisation=regulator.office_name,
        unread=notices.unread_count,
    )
    regulator.add_views(office, queues=(RegulatorUnmatched,), bookings=(RegulatorAppointments, RegulatorSlips))
    if "scan" not in app.view_functions:
        scan.init_app(app)


@pytest.fixture(scope="session")
def desk_application(database: postgres.Urls) -> Iterator[Flask]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(panels, "init_app", mount)
        application = create_app(settings_for(database.app))
    application.testing = True
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.fixture
def desk_app(desk_application: Flask, database: postgres.Urls) -> Iterator[Flask]:
    empty_business_tables(database.superuser)
    with desk_application.app_context():
        yield desk_application
        db.session.rollback()
        db.session.remove()


class Browser:
    """A browser of one person: keeps the session and fills in a form's token and hidden fields."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def get(self, url: str) -> Any:
        forget_last_request()
        return self.client.get(url)

    def text(self, url: str) -> str:
        answer = self.get(url)
        assert answer.status_code == 200, (url, answer.status_code)
        return str(answer.get_data(as_text=True))

    def hidden(self, url: str) -> dict[str, str]:
        """Token and one-time key of the page's first form that has both."""
        page = self.text(url)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        key = re.search(r'name="form_key" value="([^"]+)"', page)
        assert token, page
        return {"csrf_token": token[1], **({"form_key": key[1]} if key else {})}

    def send(self, url: str, data: dict[str, Any], *, keep: dict[str, str] | None = None) -> Any:
        """Send a form as opened anew, or with the hidden fields of an earlier page (`keep`)."""
        hidden = self.hidden("/account") if keep is None else keep
        forget_last_request()
        return self.client.post(url, data={"csrf_token": hidden["csrf_token"], **(keep or {}), **data})


def forget_last_request() -> None:
    """With the application's context held open by the fixture, `g` would outlive a request; no browser sees that."""
    for name in list(g):
        g.pop(name)


@pytest.fixture
def sign_in(desk_app: Flask) -> Callable[[User], Browser]:
    """Signs a person in as everybody does."""

    def make(user: User) -> Browser:
        db.session.commit()
        browser = Browser(desk_app)
        forget_last_request()
        page = browser.text("/login")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token
        forget_last_request()
        form = {"csrf_token": token[1], "username": user.username, "password": PASSWORD}
        assert browser.client.post("/login", data=form).status_code == 303
        return browser

    return make
