"""Loaded by every Python process with this folder on PYTHONPATH: spoils the results of the package named by SABOTAGE.

The package is imported and works; only what it hands back is worth nothing. Whether the product notices is the test.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from typing import Any

NAME = os.environ.get("SABOTAGE", "")


def flask() -> None:
    """Every address it builds is the home page's."""
    from flask import Flask

    Flask.url_for = lambda *_args, **_values: "/"  # type: ignore[method-assign]


def flask_admin() -> None:
    """The values of a list's cells are empty."""
    from flask_admin.model.base import BaseModelView

    BaseModelView._get_list_value = lambda *_args, **_kwargs: ""  # type: ignore[method-assign]


def flask_sqlalchemy() -> None:
    """Its session finds no rows."""
    import sqlalchemy as sa
    from flask_sqlalchemy.session import Session

    nothing = sa.select(sa.literal(1)).where(sa.false())
    find = Session.scalars
    Session.scalars = lambda self, _statement, *_args, **_kwargs: find(self, nothing)  # type: ignore[method-assign]


def flask_login() -> None:
    """Nobody is signed in by signing in."""
    import flask_login as package

    package.login_user = lambda *_args, **_kwargs: True


def openpyxl() -> None:
    """Every workbook it opens is empty."""
    import openpyxl as package

    package.load_workbook = lambda *_args, **_kwargs: package.Workbook()


def xhtml2pdf() -> None:
    """The document it draws is one empty page."""
    from reportlab.pdfgen.canvas import Canvas
    from xhtml2pdf import pisa

    class Status:
        err = warn = 0

    def create(_source: Any, dest: Any, **_kwargs: Any) -> Status:
        canvas = Canvas(dest)
        canvas.showPage()
        canvas.save()
        return Status()

    pisa.CreatePDF = create


def apscheduler() -> None:
    """It takes jobs and never runs them."""
    from apscheduler.schedulers.base import BaseScheduler

    BaseScheduler.add_job = lambda *_args, **_kwargs: None


def follow_into_bare_processes() -> None:
    """The reading process gets an environment without ours; the sabotage goes with it all the same."""
    start: Callable[..., None] = subprocess.Popen.__init__
    ours = {name: os.environ[name] for name in ("SABOTAGE", "PYTHONPATH")}

    def started(self: Any, *args: Any, env: dict[str, str] | None = None, **kwargs: Any) -> None:
        start(self, *args, env=None if env is None else {**env, **ours}, **kwargs)

    subprocess.Popen.__init__ = started  # type: ignore[method-assign]


if NAME:
    globals()[NAME]()
    follow_into_bare_processes()
