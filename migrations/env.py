"""Alembic's environment: migrations run as the role that owns the tables, the application as one that owns nothing."""

from __future__ import annotations

import os
from typing import Any

import sqlalchemy as sa
from alembic import context
from flask import current_app

from backoffice.config import sqlalchemy_url

HAND_MADE_INDEXES = {"ix_measuring_instrument_bigrams", "ix_matching_decision_candidates"}
"""Expression indexes that live in a migration only: autogenerate cannot compare them."""


def include_object(_: Any, name: str | None, type_: str, *__: Any) -> bool:
    return not (type_ == "index" and name in HAND_MADE_INDEXES)


def run() -> None:
    database = current_app.extensions["migrate"].db
    url = sqlalchemy_url(os.environ.get("MIGRATION_DATABASE_URL", ""))
    engine = sa.create_engine(url, poolclass=sa.NullPool) if url else database.engine
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            compare_type=True,
            include_object=include_object,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
