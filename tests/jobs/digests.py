"""What the tables say, so that a test can hold what a job did not touch."""

from __future__ import annotations

import sqlalchemy as sa

from backoffice.database import Base, db

JOURNAL = {"audit_event", "notice", "job_run", "job_heartbeat"}
"""What a job writes about itself, whatever it does."""


def tables(*, but: set[str] = JOURNAL, columns: set[str] = frozenset()) -> dict[str, str]:  # type: ignore[assignment]
    """A digest of every table's rows, without the named tables and columns."""
    return {name: _digest(name, columns) for name in sorted(Base.metadata.tables) if name not in but}


def _digest(name: str, without: set[str]) -> str:
    row = " ".join(f"- '{column}'" for column in sorted(without))
    statement = f"SELECT md5(coalesce(string_agg(row, '|' ORDER BY row), '')) FROM (SELECT (to_jsonb(it) {row})::text AS row FROM {name} AS it) AS listed"  # noqa: E501
    return str(db.session.scalar(sa.text(statement)))
