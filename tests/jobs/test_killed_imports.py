"""The job process killed again and again while it checks, writes and takes back an import: each row exactly once.

A few kills here; `make drills` does the same with 200 (`IMPORT_KILLS`).
"""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.actor import Actor
from backoffice.database import db
from backoffice.jobs import imports
from backoffice.models import AuditEvent, ImportRun, ImportWritten, MeasuringInstrument, Notice
from backoffice.services import invariants, ledger_import, ledger_import_undo
from backoffice.states import ImportMode, ImportState
from backoffice.unit_of_work import unit_of_work
from ops.postgres import Urls
from tests.factories import UserFactory, actor_of
from tests.services.ledger_samples import row, workbook

from . import digests, processes

KILLS = int(os.environ.get("IMPORT_KILLS", "6"))
OLD_ROWS, NEW_ROWS = 150, 450
STAMPS = {"id", "version", "updated_at", "created_at", "filed_at", "import_run_id"}
PATIENCE_SECONDS = 60


@pytest.fixture
def clerk(app: Flask) -> Actor:
    """Somebody whose ledger has rows already that the import will change."""
    with unit_of_work():
        clerk = actor_of(UserFactory(of_enterprise=True))
        run = ledger_import.receive(clerk, "原台账.xlsx", io.BytesIO(workbook(row(n) for n in range(OLD_ROWS))))
    imports.check_imports()
    with unit_of_work():
        ledger_import.commit(clerk, run.id, ImportMode.ALL)
    imports.apply_imports()
    return clerk


class Mortals:
    """Job processes, one at a time, each killed at a moment of chance."""

    def __init__(self, mother: subprocess.Popen[str], chance: random.Random) -> None:
        self.mother, self.chance = mother, chance
        self.killed = 0

    def another(self) -> int:
        assert self.mother.stdin is not None
        assert self.mother.stdout is not None
        self.mother.stdin.write("\n")
        self.mother.stdin.flush()
        return int(self.mother.stdout.readline())

    def until(self, is_over: Callable[[], bool], *, kills: int) -> None:
        """Kill up to so many while the work lasts, then let one come to its end."""
        for number in range(kills):
            pid = self.another()
            begun = count_of_work()
            if number % 2:  # Some die after their first batches, some before.
                processes.wait_for(lambda: count_of_work() != begun or is_over(), seconds=PATIENCE_SECONDS)  # noqa: B023
            time.sleep(self.chance.uniform(0.0, 0.12))
            os.kill(pid, signal.SIGKILL)
            self.killed += not is_over()
            if is_over():
                return
        pid = self.another()
        processes.wait_for(is_over, seconds=PATIENCE_SECONDS)
        os.kill(pid, signal.SIGKILL)


def latest() -> ImportRun:
    db.session.rollback()
    return db.session.scalars(sa.select(ImportRun).order_by(ImportRun.id.desc()).limit(1)).one()


def count_of_work() -> tuple[int, int, int]:
    run = latest()
    return run.rows, run.applied, run.undone


def is_in(state: ImportState) -> Callable[[], bool]:
    return lambda: latest().state is state


def ledger() -> str:
    db.session.rollback()
    return digests._digest("measuring_instrument", STAMPS)


def changed_rows() -> list[dict[str, object]]:
    """All rows of the ledger, some with another department, and new ones."""
    return [row(n, department="一车间" if n < OLD_ROWS else "设备科") for n in range(OLD_ROWS + NEW_ROWS)]


def events(action: str) -> Counter[str]:
    return Counter(db.session.scalars(sa.select(AuditEvent.subject_id).where(AuditEvent.action == action)))


def test_an_import_and_its_undo_survive_every_kill(clerk: Actor, database: Urls, tmp_path: Path) -> None:
    chance = random.Random(6)
    mother = processes.start(
        database, sys.executable, "-m", "tests.jobs.mortal_imports", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    mortals = Mortals(mother, chance)
    before = ledger()
    rounds = 0
    try:
        while rounds == 0 or mortals.killed < KILLS:
            rounds += 1
            _one_round(clerk, mortals, kills=max(2, min(12, (KILLS - mortals.killed + 2) // 3)))
            assert ledger() == before, f"round {rounds}"
    finally:
        mother.kill()
        mother.communicate()
    assert mortals.killed >= KILLS
    _each_once(rounds)
    assert invariants.broken() == {}
    print(f"{mortals.killed} kills in {rounds} imports")  # noqa: T201


def _one_round(clerk: Actor, mortals: Mortals, *, kills: int) -> None:
    with unit_of_work():
        run_id = ledger_import.receive(clerk, "新台账.xlsx", io.BytesIO(workbook(changed_rows()))).id
    mortals.until(is_in(ImportState.READY), kills=kills)
    run = latest()
    assert (run.rows, run.new, run.updated, run.same, run.errors) == (OLD_ROWS + NEW_ROWS, NEW_ROWS, OLD_ROWS, 0, 0)
    with unit_of_work():
        ledger_import.commit(clerk, run_id, ImportMode.ALL)
    mortals.until(is_in(ImportState.DONE), kills=kills)
    _written_once(run_id)
    with unit_of_work():
        ledger_import_undo.request(clerk, run_id)
    mortals.until(is_in(ImportState.UNDONE), kills=kills)
    assert latest().undone == OLD_ROWS + NEW_ROWS


def _written_once(run_id: int) -> None:
    assert latest().applied == OLD_ROWS + NEW_ROWS
    found = db.session.scalars(
        sa.select(MeasuringInstrument.department).order_by(MeasuringInstrument.serial_number)
    ).all()
    assert found == [each["department"] for each in changed_rows()]
    marked = db.session.scalars(sa.select(ImportWritten.instrument_id).where(ImportWritten.run_id == run_id)).all()
    assert len(set(marked)) == OLD_ROWS + NEW_ROWS


def _each_once(rounds: int) -> None:
    """Of every instrument one creation and one removal, of every old one two changes an import, and one notice each."""
    created, removed, changed = (events(f"instrument.{verb}") for verb in ("created", "removed", "changed"))
    assert len(created) == OLD_ROWS + rounds * NEW_ROWS and set(created.values()) == {1}
    assert len(removed) == rounds * NEW_ROWS and set(removed.values()) == {1}
    assert len(changed) == OLD_ROWS and set(changed.values()) == {2 * rounds}
    told = Counter(db.session.scalars(sa.select(Notice.code)))
    assert told == {"notice_import_finished": rounds + 1, "notice_import_undone": rounds}
