"""A panel with the ledger's two views alone, so that they are tested without any other noun."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask, render_template
from flask_admin import expose
from flask_babel import Babel
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from jinja2 import ChoiceLoader, DictLoader, StrictUndefined

import app as product
from backoffice import web
from backoffice.actor import Role
from backoffice.admin_views.base import PanelView
from backoffice.admin_views.enterprise.imports import Imports
from backoffice.admin_views.enterprise.instruments import Instruments
from backoffice.admin_views.panel import Panel
from backoffice.config import Settings
from backoffice.database import db
from backoffice.models import User
from backoffice.permissions import P
from backoffice.web.access import public
from ops import postgres
from tests.conftest import ROOT, empty_business_tables, settings_for
from tests.factories import UserFactory
from tests.web.conftest import Browser
from tests.web.sample import FORM, load


class Home(PanelView):
    noun, title, permission, in_dock = "", "我的工作", P.OWN_LEDGER_READ, True

    @expose("/")
    def index(self) -> str:
        return "home"


def build(settings: Settings) -> Flask:
    """The enterprise's panel with ledger and import."""
    app = Flask(product.__name__, root_path=str(ROOT))
    product.configure(app, settings, is_job_process=False)
    app.jinja_env.undefined = StrictUndefined
    db.init_app(app)
    Babel(app)
    CSRFProtect(app)
    LoginManager(app).user_loader(load)
    web.init_app(app)
    app.add_url_rule("/form", "form", public(lambda: render_template("form.html")))
    app.jinja_loader = ChoiceLoader([app.jinja_loader, DictLoader({"form.html": FORM})])
    app.add_url_rule("/login", "login", public(lambda: "login"))
    panel = Panel(
        app,
        name="enterprise",
        title="企业",
        roles={Role.ENTERPRISE},
        home=Home,
        organisation=lambda _actor: "淄博鲁中石化销售有限公司",
        unread=lambda _actor: 0,
    )
    panel.add(Instruments)
    panel.add(Imports)
    web.access.check(app)
    return app


@pytest.fixture(scope="session")
def ledger_application(database: postgres.Urls) -> Iterator[Flask]:
    application = build(settings_for(database.app))
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.fixture
def ledger_app(ledger_application: Flask, database: postgres.Urls) -> Iterator[Flask]:
    empty_business_tables(database.superuser)
    with ledger_application.app_context():
        yield ledger_application
        db.session.rollback()
        db.session.remove()


@pytest.fixture
def user(ledger_app: Flask) -> User:
    found: User = UserFactory(of_enterprise=True)
    db.session.commit()
    return found


@pytest.fixture
def browser(ledger_app: Flask, user: User) -> Browser:
    return signed_in(ledger_app, user)


def signed_in(app: Flask, user: User) -> Browser:
    """A browser in which this person is signed in."""
    made = Browser(app)
    made.sign_in(user)
    return made
