"""Shared fixtures: one migrated database with reference data per run, emptied of business rows before every test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from flask_migrate import upgrade
from werkzeug.test import TestResponse
from xdist.scheduler import LoadScopeScheduling

from app import create_app
from backoffice.config import DEMO_SECRET, Settings
from backoffice.database import db
from backoffice.unit_of_work import unit_of_work
from ops import postgres
from seeds import reference
from tests.databases import drop_database, fresh_copy

ROOT = Path(__file__).parent.parent
REFERENCE_TABLES = {"division", "catalogue_item", "instrument_kind", "option_value", "rule_revision"}


SHARING_A_STACK = ("whole",)
"""Folders whose files share costly fixtures, and so stay together when the run is split over processes."""
LONGEST_FIRST = ("whole", "seeds", "journeys")
"""Folders to begin with, so that no process waits at the end."""


def unit_of(node_id: str) -> str:
    """What one process takes as a whole: a file, or a folder that shares a stack. `node_id` as pytest writes it."""
    path = node_id.partition("::")[0]
    folder = _folder_of(path)
    return folder if folder in SHARING_A_STACK else path


def _folder_of(path: str) -> str:
    return path.removeprefix("tests/").partition("/")[0]


class InUnits(LoadScopeScheduling):
    """Gives each process whole units, so that a fixture of a file or of a stack is made once in the run."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> InUnits:
    return InUnits(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    first = {folder: place for place, folder in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: first.get(_folder_of(item.nodeid), len(first)))


@pytest.fixture(scope="session")
def superuser_url() -> str:
    """A server on which databases may be made: the one `make test` started, else the clone's own for tests."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return given
    (ROOT / "instance").mkdir(exist_ok=True)
    return postgres.ensure_running(ROOT / "instance", name="test-postgres", durable=False).superuser


def settings_for(database_url: str) -> Settings:
    return Settings.from_environment({"DATABASE_URL": database_url, "SECRET_KEY": DEMO_SECRET})


@pytest.fixture(scope="session")
def database(superuser_url: str) -> Iterator[postgres.Urls]:
    """A migrated database with reference data; its name carries the process, so that runs do not meet."""
    name = f"qjt_test_{os.getpid()}"
    yield fresh_copy(superuser_url, name, of="qjt_reference", build=migrate_and_load_reference)
    drop_database(superuser_url, name)


def migrate_and_load_reference(urls: postgres.Urls) -> None:
    os.environ["MIGRATION_DATABASE_URL"] = urls.owner
    with create_app(settings_for(urls.app)).app_context():
        upgrade(directory=str(ROOT / "migrations"))
        with unit_of_work():
            reference.load()
        db.engine.dispose()
    del os.environ["MIGRATION_DATABASE_URL"]


@pytest.fixture(scope="session")
def application(database: postgres.Urls) -> Iterator[Flask]:
    """The application, built once; tests take `app`."""
    application = create_app(settings_for(database.app))
    application.testing = True
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.fixture
def app(application: Flask, database: postgres.Urls) -> Iterator[Flask]:
    """The application with its context pushed and no business rows in its database."""
    empty_business_tables(database.superuser)
    with application.app_context():
        yield application
        db.session.rollback()
        db.session.remove()


@pytest.fixture
def kept_catalogue(database: postgres.Urls) -> Iterator[None]:
    """For tests that commit changes of the catalogue: afterwards, when the application is gone, it is what it was."""
    tables = ("catalogue_item", "instrument_kind")
    with psycopg.connect(database.superuser) as connection:
        before = {name: connection.execute(f"SELECT json_agg(t)::text FROM {name} AS t").fetchone() for name in tables}
    yield
    empty_business_tables(database.superuser)
    with psycopg.connect(database.superuser) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        for name, rows in before.items():
            connection.execute(f"DELETE FROM {name}")
            connection.execute(f"INSERT INTO {name} SELECT * FROM json_populate_recordset(null::{name}, %s)", rows)
        connection.execute("UPDATE rule_revision SET revision = revision + 1, token = gen_random_uuid()")


class OneRequestAtATime(FlaskClient):
    """With the application's context held open by the fixture, `g` would outlive a request; no browser sees that."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        for name in list(g):
            g.pop(name)
        return super().open(*args, **kwargs)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    app.test_client_class = OneRequestAtATime
    return app.test_client()


EMPTY_WHAT_IS_FULL = """
DO $$ DECLARE name text; is_full boolean; counter text;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT tablename FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> ALL (string_to_array('%s', ' '))
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %%I)', name) INTO is_full;
    IF NOT is_full THEN CONTINUE; END IF;
    EXECUTE format('DELETE FROM %%I', name);
    IF name = 'institution' THEN  -- Rules a process remembers are of institutions that are gone.
      UPDATE rule_revision SET revision = revision + 1, token = gen_random_uuid();
    END IF;
    SELECT pg_get_serial_sequence(name, column_name) INTO counter FROM information_schema.columns
      WHERE table_schema = 'public' AND table_name = name AND is_identity = 'YES';
    IF counter IS NOT NULL THEN PERFORM setval(counter, 1, false); END IF;
  END LOOP;
  UPDATE option_value SET is_active = true WHERE NOT is_active;
END $$
"""


def empty_business_tables(superuser_url: str) -> None:
    """Remove every row but the reference data, past the trigger that keeps audit rows."""
    with psycopg.connect(superuser_url) as connection:
        connection.execute(EMPTY_WHAT_IS_FULL % " ".join(sorted(REFERENCE_TABLES | {"alembic_version"})))
