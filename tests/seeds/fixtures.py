"""The demo data in this process: an application on a copy of the seeded database, for tests that only read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from app import create_app
from backoffice.database import db
from ops.postgres import Urls
from tests.conftest import settings_for


@pytest.fixture(scope="session")
def seeded(copy_of_demo: Callable[[], Urls]) -> Urls:
    """A database with the core of the demo data that nobody changes."""
    return copy_of_demo()


@pytest.fixture(scope="session")
def seeded_application(seeded: Urls) -> Iterator[Flask]:
    yield from _application(seeded)


@pytest.fixture
def demo(seeded_application: Flask) -> Iterator[Flask]:
    """The application over the core of the demo data, its context pushed; what a test changes is rolled back."""
    yield from _pushed(seeded_application)


@pytest.fixture(scope="session")
def town_database(copy_of_town: Callable[[], Urls]) -> Urls:
    """A database with all of the demo data that nobody changes."""
    return copy_of_town()


@pytest.fixture(scope="session")
def town_application(town_database: Urls) -> Iterator[Flask]:
    yield from _application(town_database)


@pytest.fixture
def town(town_application: Flask) -> Iterator[Flask]:
    """The same over all of the demo data."""
    yield from _pushed(town_application)


def _application(database: Urls) -> Iterator[Flask]:
    application = create_app(settings_for(database.app))
    yield application
    with application.app_context():
        db.engine.dispose()


def _pushed(application: Flask) -> Iterator[Flask]:
    with application.app_context():
        yield application
        db.session.rollback()
        db.session.remove()
