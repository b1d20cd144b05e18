"""The enterprise's panel on the shared test database, and what the tests of booking read from its pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from backoffice import web
from backoffice.actor import Role
from backoffice.admin_views.base import ScopedModelView, Tab
from backoffice.admin_views.enterprise.appointments import Appointments
from backoffice.admin_views.enterprise.home import EnterpriseHome, ReturnedItems
from backoffice.admin_views.enterprise.notices import Notices
from backoffice.admin_views.enterprise.slips import Slips
from backoffice.admin_views.panel import Panel
from backoffice.config import Settings
from backoffice.database import db
from backoffice.messages.labels import label
from backoffice.models import MeasuringInstrument, User
from backoffice.permissions import P
from backoffice.services import notices
from backoffice.states import UseState, VerificationStatus
from ops import postgres
from tests.conftest import empty_business_tables, settings_for
from tests.services import flow
from tests.web import sample
from tests.web.conftest import Browser

BOOKING_VIEWS = (Appointments, Slips, ReturnedItems, Notices)


def has_status(status: VerificationStatus) -> Any:
    from backoffice import clock
    from backoffice.services.ledger_status import has_status as clause

    return clause(status, today=clock.today(), soon_days=30) & (MeasuringInstrument.use_state == UseState.IN_USE)


class Ledger(ScopedModelView):
    """A ledger list with the tabs the home's tiles open; the real one has tests of its own."""

    model, noun, title = MeasuringInstrument, "instruments", "器具台账"
    permissions = {"view": P.OWN_LEDGER_READ}
    column_list = ("name", "serial_number")
    column_labels = {"name": "器具名称", "serial_number": "出厂编号"}
    tabs = (
        Tab("all", "全部"),
        Tab("due_soon", label(VerificationStatus.DUE_SOON), lambda _actor: has_status(VerificationStatus.DUE_SOON)),
        Tab("overdue", label(VerificationStatus.OVERDUE), lambda _actor: has_status(VerificationStatus.OVERDUE)),
    )


def build(settings: Settings) -> Flask:
    """An application with the enterprise's panel alone."""
    app = sample.bare(settings)
    panel = Panel(
        app,
        name="enterprise",
        title="企业",
        roles={Role.ENTERPRISE},
        home=EnterpriseHome,
        organisation=lambda actor: "淄博鲁中石化销售有限公司",
        unread=notices.unread_count,
    )
    for view in (Ledger, *BOOKING_VIEWS):
        panel.add(view)
    web.access.check(app)
    return app
