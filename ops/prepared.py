"""Remembers, in the embedded database itself, which migrations and seeds it has, so that a restart need not ask again.

The note is the database's comment: it goes where the database goes, and a new database has none.
"""

from __future__ import annotations

import hashlib

import psycopg
from psycopg import sql

from ops.environment import Databases
from ops.places import ROOT

SOURCES = ("migrations/versions", "seeds")


def is_prepared(found: Databases, app_env: str) -> bool:
    """Say whether the last complete preparation was of the same files and the schema is still the one it left."""
    if not found.embedded:
        return False
    with psycopg.connect(found.owner) as connection:
        noted = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        return noted is not None and noted[0] == _note(connection, app_env)


def remember(found: Databases, app_env: str) -> None:
    """Note a complete preparation; called last, so that an interrupted one is done again."""
    if found.embedded:
        with psycopg.connect(found.owner) as connection:
            name = sql.Identifier(connection.info.dbname)
            note = sql.Literal(_note(connection, app_env))
            connection.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(name, note))


def _note(connection: psycopg.Connection[tuple[str]], app_env: str) -> str:
    return f"prepared {app_env} {_fingerprint()} {_schema_version(connection)}"


def _schema_version(connection: psycopg.Connection[tuple[str]]) -> str:
    known = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
    if known is None or known[0] is None:
        return "none"
    return ",".join(row[0] for row in connection.execute("SELECT version_num FROM alembic_version ORDER BY 1"))


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(ROOT)}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]
