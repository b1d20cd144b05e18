"""The enterprise's panel with its booking views in the real application, and people who signed in to it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from app import create_app
from backoffice import clock
from backoffice.actor import Role
from backoffice.admin_views import panels
from backoffice.admin_views.base import ScopedModelView, Tab
from backoffice.admin_views.enterprise.appointments import Appointments
from backoffice.admin_views.enterprise.home import EnterpriseHome, ReturnedItems
from backoffice.admin_views.enterprise.notices import Notices
from backoffice.admin_views.enterprise.slips import Slips
from backoffice.admin_views.panel import Panel
from backoffice.database import db
from backoffice.models import MeasuringInstrument, User
from backoffice.permissions import P
from backoffice.services import notices
from backoffice.services.ledger_status import has_status
from backoffice.states import UseState, VerificationStatus
from ops import postgres
from tests.conftest import empty_business_tables, settings_for
from tests.factories import PASSWORD
from tests.regulator.conftest import Browser

BOOKING_VIEWS = (Appointments, Slips, ReturnedItems, Notices)


def in_use_with(status: VerificationStatus) -> Callable[[Any], Any]:
    def clause(_actor: Any) -> Any:
        found = has_status(status, today=clock.today(), soon_days=30)
        return found & (MeasuringInstrument.use_state == UseState.IN_USE)

    return clause


class Ledger(ScopedModelView):
    """A ledger list with the tabs the home's tiles open; the real one has tests of its own."""

    model, noun, title = MeasuringInstrument, "instruments", "器具台账"
    permissions = {"view": P.OWN_LEDGER_READ}
    column_list = ("name", "serial_number")
    column_labels = {"name": "器具名称", "serial_number": "出厂编号"}
    tabs = (
        Tab("all", "全部"),
        Tab("due_soon", "即将到期", in_use_with(VerificationStatus.DUE_SOON)),
        Tab("overdue", "超期", in_use_with(VerificationStatus.OVERDUE)),
    )


def mount_booking(app: Flask) -> None:
    """The enterprise's panel with the booking views alone."""
    panel = Panel(
        app,
        name="enterprise",
        title="企业",
        roles={Role.ENTERPRISE},
        home=EnterpriseHome,
        unread=notices.unread_count,
    )
    for view in (Ledger, *BOOKING_VIEWS):
        panel.add(view)


@pytest.fixture(scope="module")
def booking_application(database: postgres.Urls) -> Iterator[Flask]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(panels, "init_app", mount_booking)
        application = create_app(settings_for(database.app))
    application.testing = True
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.fixture
def booking_app(booking_application: Flask, database: postgres.Urls) -> Iterator[Flask]:
    empty_business_tables(database.superuser)
    with booking_application.app_context():
        yield booking_application
        db.session.rollback()
        db.session.remove()


@pytest.fixture
def browser_of(booking_app: Flask) -> Callable[[User], Browser]:
    """Signs a person in as everybody does."""

    def make(user: User) -> Browser:
        db.session.commit()
        browser = Browser(booking_app)
        answer = browser.post("/login", {"username": user.username, "password": PASSWORD}, page="/login")
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return browser

    return make


def form_key(page: str) -> str:
    """The one-time key of a page's first form in its main part."""
    return re.findall(r'name="form_key" value="([^"]+)"', page)[-1]


def words(page: str) -> str:
    """What a person reads on a page, spaces folded."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


__all__ = ["booking_app", "booking_application", "browser_of"]
