"""What a database holds, as a digest of every table."""

from __future__ import annotations

import psycopg
from psycopg import sql

from ops import postgres

NOTED_BY_GET = {"user_session", "job_heartbeat", "sign_in_attempt"}
"""What a GET may note: that a session was seen."""


def contents(database: postgres.Urls) -> dict[str, str]:
    """A digest of every table's rows, by table."""
    with psycopg.connect(database.superuser) as connection:
        names = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        return {name: str(connection.execute(_digest(name)).fetchone()) for name in names if name not in NOTED_BY_GET}


def _digest(table: str) -> sql.Composed:
    statement = "SELECT count(*), md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM {} t"
    return sql.SQL(statement).format(sql.Identifier(table))
