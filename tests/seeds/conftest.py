"""The demo data, shared with the other tests that use it."""

from __future__ import annotations

import pytest

PLUGINS = ("tests.journeys.fixtures", "tests.seeds.fixtures")


def pytest_configure(config: pytest.Config) -> None:
    """Make the fixtures known once, whichever folder is collected first."""
    for plugin in PLUGINS:
        if not config.pluginmanager.has_plugin(plugin):
            config.pluginmanager.import_plugin(plugin)
