"""One value for more cells than a page waits for: the job puts it in, and every count is true after every batch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.actor import Actor
from backoffice.database import db
from backoffice.errors import Conflict
from backoffice.jobs import imports
from backoffice.models import ImportRow, ImportRun
from backoffice.services import (
    invariants,
    ledger_import,
    ledger_import_check,
    ledger_import_mend,
    ledger_import_mend_many,
)
from backoffice.services.ledger_import_mend import Edit, Mended
from backoffice.services.ledger_import_progress import progress_of
from backoffice.states import ImportMode, ImportState
from backoffice.unit_of_work import unit_of_work
from tests.factories import UserFactory, actor_of
from tests.services.ledger_samples import row
from tests.services.test_ledger_import import codes_by_row, upload
from tests.services.test_ledger_import_mend import counts, events, mend_alike, recounted

pytestmark = pytest.mark.usefixtures("app")

WRONG = 7


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_import_mend, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(ledger_import_mend_many, "BATCH", 3)


@pytest.fixture
def clerk(app: Flask) -> Actor:
    with unit_of_work():
        return actor_of(UserFactory(of_enterprise=True))


def seven_wrong(clerk: Actor) -> ImportRun:
    return upload(clerk, [*(row(number, quantity=3) for number in range(WRONG)), row(50, quantity=4), row(51)])


def ask(clerk: Actor, run: ImportRun, text: str = "1") -> Mended:
    done = mend_alike(clerk, run, 2, "quantity", "quantity_not_one", text)
    db.session.refresh(run)
    return done


def one_batch(run: ImportRun) -> int:
    with unit_of_work():
        claimed = ledger_import_mend_many.claim(run.id)
        assert claimed is not None
        looked_at = ledger_import_mend_many.mend_batch(claimed)
    db.session.refresh(run)
    return looked_at


def stored(run: ImportRun) -> list[tuple[Any, ...]]:
    db.session.expire_all()
    rows = db.session.scalars(sa.select(ImportRow).where(ImportRow.run_id == run.id).order_by(ImportRow.number))
    return [(each.number, each.outcome, each.found, each.raw, each.mended, each.values, each.problems) for each in rows]


def test_many_equal_cells_are_left_to_the_job_which_leaves_what_one_request_would(
    clerk: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = seven_wrong(clerk)
    assert ask(clerk, run) == Mended(left_to_job=WRONG)
    assert run.state is ImportState.CHECKING
    imports.mend_imports()
    db.session.refresh(run)
    assert (run.state, run.mending) == (ImportState.READY, None)
    assert counts(run) == recounted(run) and (run.new, run.errors) == (WRONG + 1, 1)
    assert events("import.mended") == [
        ({"quantity": "3"}, {"row": rows, "quantity": "1"}) for rows in ("2–4", "5–7", "8")
    ]
    by_job = stored(run)
    monkeypatch.setattr(ledger_import_mend, "MOST_AT_ONCE", 2_000)
    again = seven_wrong(clerk)
    ask(clerk, again)
    assert stored(again) == by_job


def test_a_job_that_dies_between_two_batches_has_lost_nothing(clerk: Actor) -> None:
    run = seven_wrong(clerk)
    ask(clerk, run)
    one_batch(run)
    with pytest.raises(RuntimeError), unit_of_work():
        claimed = ledger_import_mend_many.claim(run.id)
        assert claimed is not None
        ledger_import_mend_many.mend_batch(claimed)
        raise RuntimeError("the process dies")
    db.session.refresh(run)
    progress = progress_of(run)
    assert progress is not None and (progress.done, progress.total) == (3, WRONG)
    assert counts(run) == recounted(run) and run.errors == WRONG - 3 + 1
    imports.mend_imports()
    db.session.refresh(run)
    assert (run.state, run.errors) == (ImportState.READY, 1)
    assert len(events("import.mended")) == 3 and invariants.broken() == {}


def test_nobody_decides_mends_or_reads_the_file_meanwhile(clerk: Actor) -> None:
    run = seven_wrong(clerk)
    ask(clerk, run)
    assert imports.check_imports() == {} and imports.annotate_imports() == {}
    with unit_of_work():
        assert ledger_import_check.claim(run.id) is None
    with pytest.raises(Conflict), unit_of_work():
        ledger_import.commit(clerk, run.id, ImportMode.GOOD)
    with pytest.raises(Conflict), unit_of_work():
        ledger_import_mend.mend(clerk, run.id, [Edit(9, "quantity", "1")])


def test_cancelling_ends_it_after_the_batch_under_way(clerk: Actor) -> None:
    run = seven_wrong(clerk)
    ask(clerk, run)
    one_batch(run)
    with unit_of_work():
        ledger_import.cancel(clerk, run.id)
    assert imports.mend_imports() == {}
    db.session.refresh(run)
    assert (run.state, run.mending) == (ImportState.CANCELLED, None)
    assert counts(run) == recounted(run)


def test_the_pace_is_that_of_the_whole_batch(clerk: Actor) -> None:
    run = seven_wrong(clerk)
    ask(clerk, run)
    with unit_of_work():
        run.updated_at = clock.now() - timedelta(seconds=10)
    one_batch(run)
    assert run.pace is not None and 0.2 < run.pace <= 0.3


def test_the_time_left_of_writing_knows_nothing_of_the_pace_of_mending(clerk: Actor) -> None:
    run = seven_wrong(clerk)
    ask(clerk, run)
    one_batch(run)
    assert run.pace is not None
    imports.mend_imports()
    with unit_of_work():
        ledger_import.commit(clerk, run.id, ImportMode.GOOD)
    db.session.refresh(run)
    progress = progress_of(run)
    assert progress is not None and (run.pace, progress.seconds_left) == (None, None)


def test_a_value_as_wrong_as_the_one_before_comes_to_an_end(clerk: Actor) -> None:
    run = seven_wrong(clerk)
    ask(clerk, run, "12")
    imports.mend_imports()
    db.session.refresh(run)
    assert (run.state, run.errors) == (ImportState.READY, WRONG + 1)
    assert codes_by_row(run)[2] == ["quantity_not_one"]
    ask(clerk, run, "12")
    assert imports.mend_imports()["rows"] == WRONG
    db.session.refresh(run)
    assert (run.state, run.errors) == (ImportState.READY, WRONG + 1)


def test_a_command_that_waits_for_a_run_does_that_work_too(clerk: Actor) -> None:
    run = seven_wrong(clerk)
    ask(clerk, run)
    done = imports.run_to_end(clerk, run.id, ImportMode.GOOD)
    assert (done["state"], done["applied"], done["errors"]) == ("done", WRONG + 1, 1)


def test_the_next_files_are_checked_while_one_is_mended(clerk: Actor) -> None:
    run = seven_wrong(clerk)
    ask(clerk, run)
    other = upload(clerk, [row(70)])
    assert other.state is ImportState.READY
    db.session.refresh(run)
    assert run.state is ImportState.CHECKING
