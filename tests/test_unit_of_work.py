"""The only commit: one use case, one transaction, effects afterwards."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.database import db
from backoffice.models import Enterprise
from backoffice.unit_of_work import after_commit, is_open, unit_of_work
from ops.postgres import Urls
from tests import factories


@pytest.fixture
def stored(app: Flask, database: Urls):
    """Counts enterprises as another connection sees them."""

    def count() -> int:
        with psycopg.connect(database.app) as connection:
            row = connection.execute("SELECT count(*) FROM enterprise").fetchone()
            return int(row[0]) if row else 0

    return count


def test_a_use_case_is_stored_whole_or_not_at_all(stored) -> None:
    with unit_of_work():
        factories.EnterpriseFactory()
        assert stored() == 0
    assert stored() == 1
    with pytest.raises(RuntimeError), unit_of_work():
        factories.EnterpriseFactory()
        raise RuntimeError
    assert stored() == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Enterprise)) == 1


def test_a_nested_use_case_joins_the_outer_one(stored) -> None:
    with pytest.raises(RuntimeError), unit_of_work():
        with unit_of_work():
            factories.EnterpriseFactory()
        assert stored() == 0
        assert is_open()
        raise RuntimeError
    assert stored() == 0
    assert not is_open()


def test_effects_wait_for_the_commit_and_are_dropped_with_the_transaction(stored) -> None:
    seen: list[int] = []
    with unit_of_work():
        factories.EnterpriseFactory()
        after_commit(lambda: seen.append(stored()))
        assert seen == []
    assert seen == [1]
    with pytest.raises(RuntimeError), unit_of_work():
        after_commit(lambda: seen.append(stored()))
        raise RuntimeError
    assert seen == [1]
