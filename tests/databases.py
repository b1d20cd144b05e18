"""Databases for tests: made once per state of the sources on a server, then copied, which takes a tenth of a second."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from backoffice import clock
from ops import postgres

ROOT = Path(__file__).parent.parent
SOURCES = ("app.py", "backoffice", "migrations", "seeds")
READ = ("*.py", "*.csv")
LOCK = 0x7465_7374
COMPLETE = "complete"


def drop_database(superuser_url: str, name: str) -> None:
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def fresh_copy(superuser_url: str, name: str, *, of: str, build: Callable[[postgres.Urls], None]) -> postgres.Urls:
    """A database called `name`, as `build` makes it; what it made is kept beside as `of` for the next who asks.

    Processes that ask at the same time wait for the first. A build that broke off is begun again.
    """
    template = f"{of}_{state_of_sources()}"
    with psycopg.connect(superuser_url, autocommit=True) as connection, _alone(connection):
        if not _is_complete(connection, template):
            for earlier in _made_earlier(connection, of):
                drop_database(superuser_url, earlier)
            build(postgres.create_database(superuser_url, template))
            connection.execute(
                sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(template), sql.Literal(COMPLETE))
            )
        drop_database(superuser_url, name)
        return postgres.create_database(superuser_url, name, template=template)


def state_of_sources() -> str:
    """A digest of all that decides what a database contains; demo data is dated by the hour it was made in."""
    digest = hashlib.sha256(clock.now().strftime("%Y-%m-%d %H").encode())
    for path in _sources():
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    for name in SOURCES:
        place = ROOT / name
        yield from [place] if place.is_file() else sorted(each for pattern in READ for each in place.rglob(pattern))


@contextmanager
def _alone(connection: psycopg.Connection) -> Iterator[None]:
    connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _made_earlier(connection: psycopg.Connection, of: str) -> list[str]:
    """What other states of the sources left, and what a broken-off build did."""
    found = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"{of}_"])
    return [row[0] for row in found]


def _is_complete(connection: psycopg.Connection, name: str) -> bool:
    found = connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    return found is not None and found[0] == COMPLETE
