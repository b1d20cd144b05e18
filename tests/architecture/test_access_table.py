"""Who may call what: the committed table is the application's."""

from __future__ import annotations

import pytest
from flask import Flask

from backoffice.web import access

from .write_access_table import PATH, table


def test_the_committed_access_table_is_the_applications(application: Flask) -> None:
    """Run `python -m tests.architecture.write_access_table` after reading the difference."""
    assert PATH.read_text(encoding="utf-8") == table(application)


def test_every_rule_is_declared_for_somebody(application: Flask) -> None:
    assert [row.rule for row in access.access_table(application) if not row.public and not row.roles] == []


def test_an_undeclared_endpoint_keeps_the_application_from_starting() -> None:
    app = Flask("undeclared", static_folder=None)
    app.extensions["access"] = {}
    app.add_url_rule("/open", "open_to_all", lambda: "")
    with pytest.raises(access.UndeclaredEndpoints, match="open_to_all"):
        access.check(app)
