"""Composition root: settings, extensions, panels, portal and commands are put together here and nowhere else."""

from __future__ import annotations

import sys

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from backoffice import audit, cli, clock, portal, web
from backoffice.admin_views import panels
from backoffice.config import PRODUCT_NAME, Settings
from backoffice.database import db
from backoffice.extensions import babel, csrf, login_manager, migrate
from backoffice.web import health
from seeds import cli as seed_commands

DATABASE_LIMITS = "-c lock_timeout=5000 -c statement_timeout={statement} -c idle_in_transaction_session_timeout={idle}"
"""Milliseconds. A frozen process's transaction is ended by the server, so its claims and locks come free."""


LONG_COMMANDS = {"jobs", "match", "import", "seed"}
"""Commands whose statements may take minutes; a web request's may not."""


def create_app(settings: Settings | None = None, *, is_job_process: bool | None = None) -> Flask:
    """Build the application; raises `ConfigurationError` for settings it must not start with."""
    settings = settings or Settings.from_environment()
    if is_job_process is None:
        is_job_process = bool(LONG_COMMANDS & set(sys.argv[1:]))
    app = Flask(__name__)
    configure(app, settings, is_job_process=is_job_process)
    for extension in (db, babel, csrf, login_manager):
        extension.init_app(app)
    migrate.init_app(app, db, directory="migrations")
    clock.set_offset(settings.clock_offset)
    audit.set_seal_key(settings.secret_key.encode())
    web.init_app(app)
    health.init_app(app)
    portal.init_app(app)
    panels.init_app(app)
    cli.init_app(app)
    seed_commands.init_app(app)
    web.access.check(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    return app


def configure(app: Flask, settings: Settings, *, is_job_process: bool) -> None:
    """Turn settings into Flask's configuration."""
    statement, idle = (300_000, 20_000) if is_job_process else (15_000, 60_000)
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        PRODUCT_NAME=PRODUCT_NAME,
        IS_DEMO=settings.environment == "demo",
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_pre_ping": True,
            "pool_size": 5,
            "max_overflow": 10,
            "connect_args": {
                "options": DATABASE_LIMITS.format(statement=statement, idle=idle),
                # Prepared statements are session state: PgBouncer in transaction mode has none.
                "prepare_threshold": None,
            },
        },
        BABEL_DEFAULT_LOCALE="zh_CN",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=64 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        **portal.session_settings(settings),
    )
    app.url_map.merge_slashes = False  # An address with a slash too many is nobody's; it is not led elsewhere.
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
