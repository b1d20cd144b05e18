"""Transactions: one commit in the whole product, and nothing past it."""

from __future__ import annotations

import pytest

from backoffice.unit_of_work import after_commit, is_open

from .sources import calls, modules

COMMITS = ("commit", "begin")
ALLOWED = {
    ("backoffice/unit_of_work.py", "commit"),
    # Emptying every table needs the owner of the tables, so a connection of its own.
    ("seeds/demo/reset.py", "begin"),
    # A use case of the import is named so; it is no session's commit.
    ("backoffice/services/job_runs.py", "begin"),
}
USE_CASES = {"ledger_import", "job_runs"}
"""Modules with a use case called `commit` or `begin` of their own."""


def test_only_the_unit_of_work_commits() -> None:
    found = set()
    for path, tree in modules("app.py", "backoffice", "seeds"):
        for name, call in calls(tree):
            owner = getattr(getattr(call.func, "value", None), "id", "")
            if name in COMMITS and owner not in USE_CASES:
                found.add((path, name))
    assert found - ALLOWED == set()
    assert ("backoffice/unit_of_work.py", "commit") in found


def test_effects_after_the_commit_need_a_unit_of_work() -> None:
    assert not is_open()
    with pytest.raises(RuntimeError):
        after_commit(lambda: None)
