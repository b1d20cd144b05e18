"""A PostgreSQL of its own for tests, measurements and pictures: it never touches the data of a run."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

from ops import postgres, single
from ops.browser import chromium
from ops.places import INSTANCE, RUN
from ops.words import step

NAME = "make-test-postgres"
#: Settings of a person's own installation; what runs here must not see them.
NOT_FOR_TESTS = (
    "DATABASE_URL",
    "MIGRATION_DATABASE_URL",
    "APP_ENV",
    "CLOCK_OFFSET",
    "JOBS",
    "PORT",
    "HOST",
    "SECRET_KEY",
    # The product is started over a hundred times: its sources are compiled once, not each time.
    "PYTHONDONTWRITEBYTECODE",
)


@contextlib.contextmanager
def private_server(
    *, durable: bool, first_step: int, total: int, with_browser: bool = True
) -> Iterator[dict[str, str]]:
    """Yield the environment to run in: TEST_DATABASE_URL, allowed to create databases, and QJT_CHROMIUM.

    A TEST_DATABASE_URL of the person's own is used as it is. The server is new each time and gone afterwards.
    """
    signal.signal(signal.SIGTERM, lambda _number, _frame: _interrupt())
    environment = {name: value for name, value in os.environ.items() if name not in NOT_FOR_TESTS}
    if with_browser:
        step(first_step, total, "准备浏览器")
        environment["QJT_CHROMIUM"] = chromium()
        first_step += 1
    step(first_step, total, "启动测试数据库")
    if environment.get("TEST_DATABASE_URL"):
        yield environment
        return
    with single.lock(RUN / "test.lock"):
        postgres.destroy(INSTANCE, name=NAME)
        try:
            urls = postgres.ensure_running(INSTANCE, name=NAME, durable=durable)
            yield {**environment, "TEST_DATABASE_URL": postgres.urls_for(urls.superuser, "postgres").superuser}
        finally:
            postgres.destroy(INSTANCE, name=NAME)


def _interrupt() -> None:
    raise KeyboardInterrupt
