"""Empty every table, as the role that owns them, so that the demo data can be made anew."""

from __future__ import annotations

import os

import sqlalchemy as sa
from flask import current_app

from backoffice.config import sqlalchemy_url
from backoffice.database import Base, db
from backoffice.models import Enterprise, User

from . import files

KEPT = {"rule_revision"}
"""Counts on: a revision that decided something never comes again."""


def is_the_demos() -> bool:
    """Whether what is there is the demo's: a database with enterprises has the published demo accounts too."""
    if not db.session.scalar(sa.select(sa.exists(sa.select(Enterprise.id)))):
        return True
    published = User.username.in_(list(files.accounts()))
    return bool(db.session.scalar(sa.select(sa.exists(sa.select(User.id).where(published)))))


def empty_everything() -> None:
    """Remove all rows; audit rows too, which only the owner of the tables can, past their trigger."""
    url = sqlalchemy_url(os.environ.get("MIGRATION_DATABASE_URL", "")) or current_app.config["SQLALCHEMY_DATABASE_URI"]
    names = sorted(name for name in Base.metadata.tables if name not in KEPT)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE audit_event DISABLE TRIGGER refuse_audit_change"))
        connection.execute(sa.text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY"))
        connection.execute(sa.text("ALTER TABLE audit_event ENABLE TRIGGER refuse_audit_change"))
