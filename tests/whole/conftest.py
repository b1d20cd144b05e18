"""The whole application over demo data, asked by each kind of person without a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from app import create_app
from backoffice.database import db
from ops import postgres
from tests.conftest import settings_for

from .people import CAST, Visitor, visitor

PLUGIN = "tests.journeys.fixtures"


def pytest_configure(config: pytest.Config) -> None:
    """Load the shared fixtures once, whichever folder is collected first."""
    if not config.pluginmanager.has_plugin(PLUGIN):
        config.pluginmanager.import_plugin(PLUGIN)


@pytest.fixture(scope="session")
def demo_database(copy_of_demo: Callable[[], postgres.Urls]) -> postgres.Urls:
    return copy_of_demo()


@pytest.fixture(scope="session")
def demo_app(demo_database: postgres.Urls) -> Iterator[Flask]:
    """The application over demo data, in this process; CSRF is on and errors are pages, as in production."""
    application = create_app(settings_for(demo_database.app))
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def visitors(demo_app: Flask) -> dict[str, Visitor]:
    """One signed-in client for each kind of person in `people.CAST`; "anonymous" is nobody."""
    return {name: visitor(demo_app, username) for name, username in CAST.items()}
