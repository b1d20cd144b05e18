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
    """A database with the demo data that nobody changes."""
    return copy_of_demo()


@pytest.fixture(scope="session")
def seeded_application(seeded: Urls) -> Iterator[Flask]:
    application = create_app(settings_for(seeded.app))
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.fixture
def demo(seeded_application: Flask) -> Iterator[Flask]:
    """The application over the demo data, its context pushed; what a test changes is rolled back."""
    with seeded_application.app_context():
        yield seeded_application
        db.session.rollback()
        db.session.remove()
