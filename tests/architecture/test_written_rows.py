"""The migration that takes the marks of written rows off the rows: nothing gets lost, up or down."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask_migrate import downgrade, upgrade

from app import create_app
from backoffice.database import db
from backoffice.services import invariants
from backoffice.states import ImportMode
from backoffice.unit_of_work import unit_of_work
from ops import postgres
from tests.conftest import ROOT, empty_business_tables, migrate_and_load_reference, settings_for
from tests.databases import drop_database, fresh_copy
from tests.factories import UserFactory, actor_of
from tests.services.import_runs import write
from tests.services.ledger_samples import row
from tests.services.test_ledger_import import upload
from tests.services.test_ledger_import_undo import undo

MIGRATIONS = str(ROOT / "migrations")
WRITTEN = "SELECT to_jsonb(w) FROM import_written w ORDER BY run_id, number"
MARKED = """
SELECT to_jsonb(r) FROM (
    SELECT run_id, number, instrument_id, applied_at, found_version, written_version, undone_at, kept
    FROM import_row WHERE applied_at IS NOT NULL ORDER BY run_id, number) r
"""
NOT_WRITTEN = "SELECT count(*) FROM import_row WHERE applied_at IS NULL AND num_nonnulls(undone_at, kept) = 0"


@pytest.fixture
def own_database(superuser_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[postgres.Urls]:
    name = f"qjt_written_{os.getpid()}"
    urls = fresh_copy(superuser_url, name, of="qjt_reference", build=migrate_and_load_reference)
    monkeypatch.setenv("MIGRATION_DATABASE_URL", urls.owner)
    yield urls
    drop_database(superuser_url, name)


def asked(statement: str) -> list[Any]:
    found = list(db.session.scalars(sa.text(statement)))
    db.session.rollback()
    db.session.remove()
    return found


def test_marks_of_written_rows_go_down_and_up_again(own_database: postgres.Urls) -> None:
    empty_business_tables(own_database.superuser)
    with create_app(settings_for(own_database.app)).app_context():
        with unit_of_work():
            clerk = actor_of(UserFactory(of_enterprise=True))
        write(clerk, upload(clerk, [row(1), row(2), row(3, name="")]), ImportMode.GOOD)
        changed = write(clerk, upload(clerk, [row(1, department="新部门"), row(2, department="新部门"), row(4)]))
        write(clerk, upload(clerk, [row(4, department="后来")]))
        undo(clerk, changed)
        written = asked(WRITTEN)
        downgrade(directory=MIGRATIONS, revision="0009")
        marked, not_written = asked(MARKED), asked(NOT_WRITTEN)
        upgrade(directory=MIGRATIONS)
        assert asked(WRITTEN) == written == marked
        assert not_written == [1]
        assert (
            {bool(each["undone_at"]) for each in written} == {bool(each["kept"]) for each in written} == {True, False}
        )
        assert invariants.broken() == {}
        db.session.remove()
        db.engine.dispose()
