"""Health and readiness, for supervisors and load balancers (docs/outside.md, 1)."""

from __future__ import annotations

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app, jsonify
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from .. import __version__
from ..database import db
from ..services import job_runs
from .access import public


@public
def healthz() -> tuple[str, int, dict[str, str]]:
    """The process answers."""
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"}


@public
def readyz() -> tuple[Response, int]:
    """Whether the database answers at the right migration; late jobs are a number, not a failure."""
    try:
        is_current = _migration_is_current()
        facts = {"database": "ok", "migrations": "ok" if is_current else "behind", **job_runs.pulse()}
    except SQLAlchemyError:
        db.session.rollback()
        is_current = False
        facts = {"database": "down", "migrations": "unknown", "jobs_last_tick_s": None, "waiting": None}
    return jsonify(facts | {"version": __version__}), 200 if is_current else 503


def _migration_is_current() -> bool:
    head = ScriptDirectory(current_app.extensions["migrate"].directory).get_current_head()
    context = MigrationContext.configure(db.session.connection())
    return context.get_current_revision() == head


def init_app(app: Flask) -> None:
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)
