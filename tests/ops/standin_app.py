"""A small application with the commands and pages the supervisor relies on; copied as ``app.py`` into a clone."""

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

import click
import psycopg
from flask import Flask
from flask.cli import AppGroup


def query(statement: str, *, url: str = "DATABASE_URL") -> list[tuple[object, ...]]:
    """Run one statement as the role of the URL in that environment variable."""
    with psycopg.connect(os.environ[url], connect_timeout=3) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def create_app() -> Flask:
    """Compose the stand-in."""
    app = Flask(__name__)
    migrations, seeds, jobs = AppGroup("db"), AppGroup("seed"), AppGroup("jobs")

    @app.get("/readyz")
    def ready() -> tuple[dict[str, object], int]:
        try:
            return {"rows": query("SELECT count(*) FROM visit")[0][0], "worker": os.getpid()}, 200
        except psycopg.Error:
            return {}, 503

    @migrations.command("upgrade")
    def upgrade() -> None:
        query("CREATE TABLE IF NOT EXISTS visit (id serial PRIMARY KEY, what text)", url="MIGRATION_DATABASE_URL")

    @seeds.command("reference")
    def reference() -> None:
        click.echo("reference data")

    @seeds.command("demo")
    @click.option("--reset", is_flag=True)
    def demo(reset: bool) -> None:
        if reset:
            query("DELETE FROM visit")
        query("INSERT INTO visit (what) VALUES ('seeded')")

    @jobs.command("run")
    def run() -> None:
        def leave(_number: int, _frame: FrameType | None) -> None:
            query("INSERT INTO visit (what) VALUES ('batch finished')")
            sys.exit(0)

        signal.signal(signal.SIGTERM, leave)
        Path("instance/run/jobs.listening").touch()
        while True:
            time.sleep(0.1)

    for group in (migrations, seeds, jobs):
        app.cli.add_command(group)
    return app
