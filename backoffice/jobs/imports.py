"""Jobs of the import: checking what was uploaded, mending, writing what was committed, taking back what was undone."""

from __future__ import annotations

import io
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .. import collector
from ..actor import Actor
from ..database import db
from ..errors import Conflict, NotFound
from ..models import ImportRun
from ..permissions import Permission, require
from ..services import (
    ledger_import,
    ledger_import_annotate,
    ledger_import_apply,
    ledger_import_check,
    ledger_import_mend_many,
    ledger_import_undo,
)
from ..states import ImportMode, ImportState
from ..unit_of_work import unit_of_work
from ..workbooks import reading_processes

APPLY_SECONDS = 10.0
"""A tick goes on writing for so long, one transaction a batch; the next one is at the scheduler's call."""
PAUSE_SECONDS = 0.2
OVER = (ImportState.DONE, ImportState.CANCELLED, ImportState.UNDONE, ImportState.REFUSED)
WAITS_FOR_A_PERSON = (ImportState.MAPPING,)


def check_imports(run_id: int | None = None) -> dict[str, int]:
    """Check one uploaded file to its end; returns how many rows, nothing when there was no file."""
    with unit_of_work():
        work = ledger_import_check.claim(run_id)
    if work is None:
        reading_processes.expect()
        return {}
    with ledger_import_check.FileCheck(work) as check, ThreadPoolExecutor(1) as reader:
        return {"files": 1, "rows": _checked(check, reader)}


def _checked(check: ledger_import_check.FileCheck, reader: Executor) -> int:
    """Judge and store batch after batch, the next one being read while the database works; returns how many rows."""
    rows, goes_on = 0, True
    ahead = reader.submit(check.read)
    with collector.held_back(), unit_of_work():
        check.prepare()
    while goes_on:
        with collector.held_back():
            batch = ahead.result()
            if not batch.is_end:
                ahead = reader.submit(check.read)
            with unit_of_work():
                goes_on = check.store(batch)
        rows += len(batch.rows)
    return rows


def annotate_imports(run_id: int | None = None) -> dict[str, int]:
    """Mark one workbook whose check found something; nothing when there was none to mark."""
    with unit_of_work():
        work = ledger_import_annotate.claim(run_id)
    if work is None:
        return {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with unit_of_work():
            ledger_import_annotate.lay_out(work, folder)
        content = ledger_import_annotate.mark(folder)
    with unit_of_work():
        ledger_import_annotate.store(work, content)
    return {"files": 1, "bytes": len(content or b"")}


def mend_imports(run_id: int | None = None) -> dict[str, int]:
    """Put one value into many cells, a batch a transaction; returns how many rows, nothing when nobody asked for it."""
    return _by_batches(run_id, ledger_import_mend_many.claim, ledger_import_mend_many.mend_batch)


def apply_imports(run_id: int | None = None) -> dict[str, int]:
    """Write committed rows, a batch a transaction; returns how many, nothing when there were none to write."""
    return _by_batches(run_id, ledger_import_apply.claim, ledger_import_apply.apply_batch)


def undo_imports(run_id: int | None = None) -> dict[str, int]:
    """Take rows back, a batch a transaction; returns how many, nothing when nobody asked for it."""
    return _by_batches(run_id, ledger_import_undo.claim, ledger_import_undo.undo_batch)


def _by_batches(
    run_id: int | None, claim: Callable[[int | None], ImportRun | None], work: Callable[[ImportRun], int]
) -> dict[str, int]:
    until = time.monotonic() + APPLY_SECONDS
    batches = rows = 0
    while time.monotonic() < until:
        with collector.held_back(), unit_of_work():
            run = claim(run_id)
            if run is None:
                break
            rows += work(run)
        batches += 1
    return {"batches": batches, "rows": rows} if batches else {}


def import_file(actor: Actor, path: Path, mode: ImportMode) -> dict[str, Any]:
    """Import a file from beginning to end, or go on with this person's unfinished run of it; returns its JSON.

    Raises `Invalid` for a file that cannot be read, `Conflict` when `all` meets rows with errors.
    """
    require(actor, Permission.OWN_LEDGER_IMPORT)
    content = path.read_bytes()
    with unit_of_work():
        run = ledger_import.unfinished_run(actor, content) or ledger_import.receive(
            actor, path.name, io.BytesIO(content)
        )
        run_id = run.id
    return run_to_end(actor, run_id, mode)


def run_to_end(actor: Actor, run_id: int, mode: ImportMode) -> dict[str, Any]:
    """Check, commit and write one run, together with whatever job processes are at it.

    A run whose columns only a person can name stays as it is: its JSON says which are missing.
    """
    while (state := _state(run_id)) not in (*OVER, *WAITS_FOR_A_PERSON):
        done: dict[str, int] = {}
        if state is ImportState.CHECKING:
            done = check_imports(run_id) or mend_imports(run_id)
        elif state is ImportState.READY:
            try:
                with unit_of_work():
                    ledger_import.commit(actor, run_id, mode)
            except Conflict as refused:
                if refused.code != "import_has_errors":
                    raise
                break  # The run stays ready, with its errors to be read.
            continue
        elif state is ImportState.APPLYING:
            done = apply_imports(run_id)
        if not done:
            time.sleep(PAUSE_SECONDS)
    with unit_of_work():
        run = db.session.get(ImportRun, run_id)
        if run is None:
            raise NotFound
        return ledger_import.as_json(run)


def _state(run_id: int) -> ImportState:
    with unit_of_work():
        run = db.session.get(ImportRun, run_id, populate_existing=True)
        if run is None:
            raise NotFound
        return run.state
