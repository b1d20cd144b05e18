"""Fixtures for tests of the running product, shared by `journeys` and `whole`: one stack and one browser for both."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import BrowserContext, Error, Page

from ops import postgres
from seeds.demo.cast import SECOND_PERSON
from tests.databases import drop_database, fresh_copy

from .support import CONTEXT_ARGUMENTS, Stack, account_of, launch_arguments, prepare, sign_in, write_font_configuration
from .watching import Watch

LOGS = pytest.StashKey[list[Stack]]()
DATABASES = {"count": 0}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """A failed test shows what the processes wrote."""
    report = yield
    if report.failed and {"stack", "new_stack", "served"} & set(getattr(item, "fixturenames", ())):
        for number, stack in enumerate(item.session.stash.get(LOGS, [])):
            report.sections.append((f"stack {number} {stack.url}", stack.logs()))
    return report


@pytest.fixture(scope="session")
def browser_type_launch_args(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return launch_arguments(write_font_configuration(tmp_path_factory.mktemp("fonts")))


@pytest.fixture(scope="session")
def browser_context_args() -> dict[str, Any]:
    return dict(CONTEXT_ARGUMENTS)


def seed_core(urls: postgres.Urls) -> None:
    """Make the core of the demo data, the people of the published accounts, by the commands people use."""
    prepare(urls, "db upgrade", "seed reference", "seed demo --core")


def seed_all(urls: postgres.Urls) -> None:
    """The same with the town around them: for tests that need the width, for it takes its time."""
    prepare(urls, "db upgrade", "seed reference", "seed demo")


@pytest.fixture(scope="session")
def copy_of_demo(superuser_url: str) -> Iterator[Callable[[], postgres.Urls]]:
    """Makes a database of the caller's own with the core of the demo data."""
    yield from _copies(superuser_url, of="qjt_demo", build=seed_core)


@pytest.fixture(scope="session")
def copy_of_town(superuser_url: str) -> Iterator[Callable[[], postgres.Urls]]:
    """Makes a database of the caller's own with all of the demo data."""
    yield from _copies(superuser_url, of="qjt_town", build=seed_all)


def _copies(
    superuser_url: str, *, of: str, build: Callable[[postgres.Urls], None]
) -> Iterator[Callable[[], postgres.Urls]]:
    made: list[str] = []

    def copy() -> postgres.Urls:
        DATABASES["count"] += 1
        name = f"qjt_copy_{os.getpid()}_{DATABASES['count']}"
        made.append(name)
        return fresh_copy(superuser_url, name, of=of, build=build)

    yield copy
    for name in made:
        drop_database(superuser_url, name)


class NewStack(Protocol):
    def __call__(self, *, jobs: bool = True, clock_offset: str = "", beside: Stack | None = None) -> Stack: ...


def _started(session: pytest.Session, folder: Path, database: postgres.Urls, *, jobs: bool, clock_offset: str) -> Stack:
    stack = Stack(database=database, folder=folder, clock_offset=clock_offset)
    session.stash.setdefault(LOGS, []).append(stack)
    stack.start_web()
    if jobs:
        stack.start_jobs()
    return stack


@pytest.fixture(scope="session")
def stack(
    request: pytest.FixtureRequest,
    copy_of_demo: Callable[[], postgres.Urls],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    """The product, running for the whole session over demo data: web processes and jobs."""
    made = _started(request.session, tmp_path_factory.mktemp("stack"), copy_of_demo(), jobs=True, clock_offset="")
    yield made
    made.stop()


@pytest.fixture
def new_stack(
    request: pytest.FixtureRequest,
    copy_of_demo: Callable[[], postgres.Urls],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[NewStack]:
    """Starts a further product for one test: without jobs, with another clock, `beside` one on the same database."""
    with ExitStack() as ends:

        def start(*, jobs: bool = True, clock_offset: str = "", beside: Stack | None = None) -> Stack:
            database = beside.database if beside else copy_of_demo()
            made = _started(
                request.session, tmp_path_factory.mktemp("stack"), database, jobs=jobs, clock_offset=clock_offset
            )
            ends.callback(made.stop)
            return made

        yield start


@pytest.fixture
def watch() -> Iterator[Watch]:
    """What went wrong in the pages of this test; anything fails it."""
    made = Watch()
    yield made
    assert made.faults == []


@pytest.fixture
def new_context(new_context: Callable[..., BrowserContext], watch: Watch) -> Callable[..., BrowserContext]:
    """Browser contexts, watched, whose pages are patient."""

    def make(**kwargs: Any) -> BrowserContext:
        context = watch.over(new_context(**kwargs))
        context.on("page", be_patient)
        return context

    return make


def be_patient(page: Page) -> None:
    """Go where it is told also while it is just showing itself anew: the browser gives up one of the two."""
    go = page.goto

    def goto(url: str, **kwargs: Any) -> Any:
        try:
            return go(url, **kwargs)
        except Error as aborted:
            if "net::ERR_ABORTED" not in str(aborted):
                raise
            return go(url, **kwargs)

    page.goto = goto  # type: ignore[method-assign]


class AsPerson(Protocol):
    def __call__(self, username: str, password: str = "", *, on: Stack | None = None) -> Page: ...


@pytest.fixture
def as_person(request: pytest.FixtureRequest, new_context: Callable[..., BrowserContext]) -> AsPerson:
    """Opens a browser of its own in which this person is signed in: `as_person("zibo-jlk")`."""

    def make(username: str, password: str = "", *, on: Stack | None = None) -> Page:
        stack = on or request.getfixturevalue("stack")
        return sign_in(new_context().new_page(), stack, username, password)

    return make


@pytest.fixture
def colleague_of(as_person: AsPerson) -> Callable[[str], Page]:
    """Opens a browser of an institution's second person, who publishes what the first entered."""
    return lambda username: as_person(username + SECOND_PERSON)


@pytest.fixture
def as_role(as_person: AsPerson) -> Callable[..., Page]:
    """The same for the first demo account of a role: `as_role("institution")`."""
    return lambda role, *, on=None: as_person(account_of(role).username, on=on)
