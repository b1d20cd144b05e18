"""pytest plugin (``-p ops.no_skips``): a skipped test fails the run, because it was not run."""

from __future__ import annotations

import pytest

SKIPPED = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin a run without skipped tests."""
    config.stash[SKIPPED] = []
    config.pluginmanager.register(_Listener(config.stash[SKIPPED]), "no-skips-listener")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn a green run with skipped tests into a failed one."""
    if session.config.stash[SKIPPED] and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the skipped tests."""
    if skipped := config.stash[SKIPPED]:
        terminalreporter.section("skipped tests fail the run", red=True)
        for name in skipped:
            terminalreporter.line(name)


class _Listener:
    """Notes every report, of a test or of a module, whose outcome is a skip."""

    def __init__(self, skipped: list[str]) -> None:
        self.skipped = skipped

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped:
            self.skipped.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.skipped.append(report.nodeid)
