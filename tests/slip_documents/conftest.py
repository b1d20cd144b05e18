"""A slip is printed by a browser too."""

from __future__ import annotations

import pytest

PLUGIN = "tests.journeys.fixtures"


def pytest_configure(config: pytest.Config) -> None:
    """Load the fixtures of a browser once, whichever folder is collected first."""
    if not config.pluginmanager.has_plugin(PLUGIN):
        config.pluginmanager.import_plugin(PLUGIN)
