"""An import is mended in two windows at once, and decided or marked while it is mended."""

from __future__ import annotations

from functools import partial

import pytest
from flask import Flask

from backoffice.database import db
from backoffice.errors import Conflict
from backoffice.jobs import imports
from backoffice.models import ImportRun
from backoffice.services import invariants, ledger_import, ledger_import_mend
from backoffice.services.ledger_import_mend import Edit, Mended
from backoffice.states import ImportMode, ImportState
from backoffice.unit_of_work import unit_of_work
from backoffice.workbooks.rawcells import fingerprint
from tests.services import flow
from tests.services.ledger_samples import row
from tests.services.test_ledger_import import codes_by_row, upload
from tests.services.test_ledger_import_mend import counts, marked, recounted, stored

from .threads import together

ROUNDS = 4


@pytest.fixture
def place(app: Flask) -> flow.World:
    with unit_of_work():
        return flow.world()


def named_x(number: int) -> list[Edit]:
    """What makes a row the instrument X."""
    return [Edit(number, "name", "压力表"), Edit(number, "serial_number", "X")]


def test_two_windows_mend_one_import_and_its_counts_stay_true(app: Flask, place: flow.World) -> None:
    """Both rows get the number of the other's: whoever comes second meets what the first has left."""
    for number in range(ROUNDS):
        run = upload(place.clerk, [row(1, name=None), row(2, name=None), row(3), row(3)])
        calls = [
            partial(ledger_import_mend.mend, place.clerk, run.id, named_x(2)),
            partial(ledger_import_mend.mend, place.clerk, run.id, named_x(3)),
            partial(ledger_import_mend.drop, place.clerk, run.id, 4),
        ]
        outcomes = together(app, *calls)
        assert not [each for each in outcomes if isinstance(each, Exception)], (number, outcomes)
        assert counts(run) == recounted(run)
        assert codes_by_row(run) == {3: ["duplicate_in_file"]}
    assert invariants.broken() == {}


def test_of_two_who_mend_one_cell_the_second_is_told(app: Flask, place: flow.World) -> None:
    for _ in range(ROUNDS):
        run = upload(place.clerk, [row(1, name=None)])
        edits = [[Edit(2, "name", name, fingerprint(""))] for name in ("压力表", "血压计")]
        outcomes = together(app, *(partial(ledger_import_mend.mend, place.clerk, run.id, each) for each in edits))
        won, lost = sorted(outcomes, key=lambda each: -each.cells)
        assert isinstance(won, Mended) and (won.cells, lost.cells) == (1, 0)
        assert lost.overtaken[0].now == stored(run, 2).found["name"]


def test_an_import_is_decided_before_or_after_a_mending_never_in_between(app: Flask, place: flow.World) -> None:
    for _ in range(ROUNDS):
        run = upload(place.clerk, [row(1), row(2, name=None)])
        mend = partial(ledger_import_mend.mend, place.clerk, run.id, [Edit(3, "name", "压力表")])
        commit = partial(ledger_import.commit, place.clerk, run.id, ImportMode.GOOD)
        mended, committed = together(app, mend, commit)
        assert not isinstance(committed, Exception)
        if isinstance(mended, Exception):
            assert isinstance(mended, Conflict) and mended.code == "import_not_mendable"
        imports.apply_imports()
        db.session.rollback()
        left = db.session.get_one(ImportRun, run.id, populate_existing=True)
        assert (left.state, left.new + left.same) == (ImportState.DONE, 1 if isinstance(mended, Exception) else 2)
        assert counts(run) == recounted(run)
    assert invariants.broken() == {}


def test_what_is_marked_while_it_is_mended_is_thrown_away(app: Flask, place: flow.World) -> None:
    for _ in range(ROUNDS):
        run = upload(place.clerk, [row(1, name=None), row(2, quantity=3)])

        def mend(run_id: int = run.id) -> Mended:
            with unit_of_work():
                return ledger_import_mend.mend(place.clerk, run_id, [Edit(2, "name", "压力表")])

        mended, _marked = together(app, mend, imports.annotate_imports, in_one_transaction=False)
        assert not isinstance(mended, Exception)
        assert marked(run).cell(2, 2).value == "压力表"
