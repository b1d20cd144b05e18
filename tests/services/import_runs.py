"""Runs of an import written as the job would, for the tests of every subject."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from backoffice.actor import Actor
from backoffice.database import db
from backoffice.jobs import imports
from backoffice.models import ImportRun
from backoffice.services import ledger_import
from backoffice.states import ImportMode
from backoffice.unit_of_work import unit_of_work


def write(actor: Actor, run: ImportRun, mode: ImportMode = ImportMode.ALL) -> ImportRun:
    """Decide a run and write it."""
    with unit_of_work():
        ledger_import.commit(actor, run.id, mode)
    imports.apply_imports()
    db.session.refresh(run)
    return run


def write_by_two(app: Flask, actor: Actor, run: ImportRun) -> int:
    """Decide a run and write it by two workers at once; returns how many rows they wrote before one went on alone."""
    with unit_of_work():
        ledger_import.commit(actor, run.id, ImportMode.ALL)
    start = threading.Barrier(2)

    def work(_number: int) -> int:
        with app.app_context():
            start.wait()
            return imports.apply_imports().get("rows", 0)

    with ThreadPoolExecutor(2) as pool:
        written = sum(pool.map(work, range(2)))
    imports.apply_imports()
    db.session.refresh(run)
    return written
