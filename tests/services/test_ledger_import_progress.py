"""The count shown during an import: never more than there is in the database, never behind by more than a batch."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.actor import Actor
from backoffice.database import db
from backoffice.jobs import imports
from backoffice.models import ImportRun, MeasuringInstrument
from backoffice.services import invariants, ledger_import, ledger_import_apply, ledger_import_undo
from backoffice.services.ledger_import_progress import note_batch, progress_of
from backoffice.states import ImportMode, ImportState, ImportWrites
from backoffice.unit_of_work import unit_of_work
from tests.factories import UserFactory, actor_of
from tests.services.ledger_samples import row
from tests.services.test_ledger_import import upload

pytestmark = pytest.mark.usefixtures("app")

BATCH = 3
ROWS = 60


@pytest.fixture
def clerk(app: Flask) -> Actor:
    with unit_of_work():
        return actor_of(UserFactory(of_enterprise=True))


@pytest.fixture
def committed(clerk: Actor, monkeypatch: pytest.MonkeyPatch) -> int:
    """A run about to be written in many small batches."""
    for module in (ledger_import_apply, ledger_import_undo):
        monkeypatch.setattr(module, "BATCH", BATCH)
    run = upload(clerk, [row(number) for number in range(ROWS)])
    with unit_of_work():
        ledger_import.commit(clerk, run.id, ImportMode.ALL)
    return run.id


def shown(run_id: int) -> tuple[ImportState, int, int]:
    """State and counts as a page read at this moment shows them."""
    db.session.rollback()
    run = db.session.get_one(ImportRun, run_id, populate_existing=True)
    return run.state, run.applied, run.undone


def there() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(MeasuringInstrument)) or 0


def at_work(app: Flask, work: str) -> threading.Thread:
    """A job process of its own, as far as the database can tell."""

    def go() -> None:
        with app.app_context():
            try:
                getattr(imports, work)()
            finally:
                db.session.remove()

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    return thread


def test_the_shown_count_is_never_more_than_there_is_and_at_most_a_batch_behind(
    app: Flask, clerk: Actor, committed: int
) -> None:
    seen = set()
    thread = at_work(app, "apply_imports")
    while thread.is_alive():
        before, now, after = shown(committed)[1], there(), shown(committed)[1]
        seen.add(now)
        assert before <= now <= after + BATCH
    assert (shown(committed)[:2], there()) == ((ImportState.DONE, ROWS), ROWS)
    with unit_of_work():
        ledger_import_undo.request(clerk, committed)
    thread = at_work(app, "undo_imports")
    while thread.is_alive():
        before, now, after = shown(committed)[2], there(), shown(committed)[2]
        seen.add(now)
        assert before <= ROWS - now <= after + BATCH
    assert (shown(committed), there()) == ((ImportState.UNDONE, ROWS, ROWS), 0)
    assert len(seen) > 2
    assert all(count % BATCH == 0 for count in seen)


def test_a_cancel_amid_the_work_leaves_exactly_the_count_it_shows(app: Flask, clerk: Actor, committed: int) -> None:
    thread = at_work(app, "apply_imports")
    while not shown(committed)[1]:
        assert thread.is_alive()
    with unit_of_work():
        said = ledger_import.cancel(clerk, committed).applied
    thread.join(20)
    state, applied, _ = shown(committed)
    assert (state, applied, there()) == (ImportState.CANCELLED, said, said)
    assert 0 < said < ROWS and said % BATCH == 0
    assert invariants.broken() == {}


def test_four_processes_take_each_row_back_once(app: Flask, clerk: Actor, committed: int) -> None:
    imports.apply_imports()
    with unit_of_work():
        ledger_import_undo.request(clerk, committed)
    gate = threading.Barrier(4)

    def work(_number: int) -> None:
        with app.app_context():
            gate.wait(20)
            imports.undo_imports()
            db.session.remove()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    imports.undo_imports()
    assert (shown(committed), there()) == ((ImportState.UNDONE, ROWS, ROWS), 0)
    assert invariants.broken() == {}


def test_pace_is_of_the_batches_under_way_and_a_pause_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 27, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    run = ImportRun(
        state=ImportState.APPLYING, writes=ImportWrites.BOTH, new=4000, updated=1000, applied=0, updated_at=now
    )
    assert progress_of(run) is not None and progress_of(run).pace is None  # type: ignore[union-attr]
    for seconds in (2, 2, 3600, 2):
        now += timedelta(seconds=seconds)
        run.applied += 500
        note_batch(run, 500, since=run.updated_at)
    found = progress_of(run)
    assert found is not None
    assert (found.done, found.total, found.pace, found.seconds_left) == (2000, 5000, 250, 12)


@pytest.mark.parametrize(("writes", "total"), [(ImportWrites.CREATE, 4), (ImportWrites.UPDATE, 2), (None, 6)])
def test_the_whole_is_what_was_chosen(writes: ImportWrites | None, total: int) -> None:
    run = ImportRun(state=ImportState.APPLYING, writes=writes, new=4, updated=2, applied=0)
    found = progress_of(run)
    assert found is not None and found.total == total
