"""An import is taken back while somebody else takes it back, books its instruments or edits them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice.database import db
from backoffice.errors import Conflict, NotFound
from backoffice.jobs import imports
from backoffice.models import AppointmentItem, AuditEvent, ImportRun, ImportWritten, MeasuringInstrument
from backoffice.services import appointment_drafts, invariants, ledger, ledger_import_undo
from backoffice.states import ImportState
from backoffice.unit_of_work import unit_of_work
from tests.services import flow
from tests.services.ledger_samples import row, typed
from tests.services.test_ledger_import import upload, write

from .threads import together

ROUNDS = 4


@pytest.fixture
def place(app: Flask) -> flow.World:
    with unit_of_work():
        return flow.world()


def imported(place: flow.World, number: int, **changes: Any) -> tuple[int, list[int]]:
    """A finished run of one row, and the ids of the instruments of that number."""
    run = write(place.clerk, upload(place.clerk, [row(number, **changes)]))
    found = sa.select(MeasuringInstrument.id).where(MeasuringInstrument.serial_number == f"S{number:05d}")
    return run.id, list(db.session.scalars(found))


def taken_back(run_id: int) -> str:
    """How the run's row ended: gone back, or the reason why it stays."""
    db.session.rollback()
    assert db.session.get_one(ImportRun, run_id).state is ImportState.UNDONE
    only = db.session.get_one(ImportWritten, (run_id, 2))
    assert (only.undone_at is None) == (only.kept is not None)
    return only.kept["code"] if only.kept else "undone"


def ask(place: flow.World, run_id: int) -> None:
    with unit_of_work():
        ledger_import_undo.request(place.clerk, run_id)


def in_one_transaction(work: Callable[[], Any]) -> Any:
    with unit_of_work():
        return work()


def test_two_people_take_an_import_back_once(app: Flask, place: flow.World) -> None:
    for number in range(ROUNDS):
        run_id, _ = imported(place, number)
        request = partial(ledger_import_undo.request, place.clerk, run_id)
        outcomes = together(app, request, request)
        (lost,) = [each for each in outcomes if isinstance(each, Exception)]
        assert isinstance(lost, Conflict) and lost.code == "import_undo_running"
        together(app, imports.undo_imports, imports.undo_imports, in_one_transaction=False)
        assert taken_back(run_id) == "undone"
    removed = db.session.scalars(sa.select(AuditEvent.subject_id).where(AuditEvent.action == "instrument.removed"))
    assert set(Counter(removed).values()) == {1}
    assert invariants.broken() == {}


def test_an_instrument_is_booked_or_taken_back_never_both(app: Flask, place: flow.World) -> None:
    ends: Counter[str] = Counter()
    for number in range(ROUNDS):
        run_id, ids = imported(place, number)
        ask(place, run_id)
        with unit_of_work():
            draft = appointment_drafts.create_draft(place.clerk).id
        book = partial(in_one_transaction, partial(appointment_drafts.choose, place.clerk, draft, ids))
        booked, undone = together(app, book, imports.undo_imports, in_one_transaction=False)
        assert not isinstance(undone, Exception), undone
        imports.undo_imports()
        end = taken_back(run_id)
        ends[end] += 1
        items = db.session.scalars(sa.select(AppointmentItem.id).where(AppointmentItem.instrument_id.in_(ids))).all()
        if end == "booked":
            assert (booked, len(items)) == (1, 1)
        else:
            assert isinstance(booked, NotFound) and items == []
    assert set(ends) <= {"booked", "undone"}
    assert invariants.broken() == {}


@pytest.mark.parametrize("is_update", [False, True])
def test_an_instrument_is_edited_or_taken_back_and_no_edit_is_lost(
    app: Flask, place: flow.World, is_update: bool
) -> None:
    for number in range(ROUNDS):
        if is_update:
            imported(place, number)
        run_id, (instrument_id,) = imported(place, number, department="一车间")
        version = db.session.get_one(MeasuringInstrument, instrument_id).version
        values = typed(serial_number=f"S{number:05d}", department="三车间")
        ask(place, run_id)
        edit = partial(in_one_transaction, partial(ledger.update, place.clerk, instrument_id, values, version))
        edited, undone = together(app, edit, imports.undo_imports, in_one_transaction=False)
        assert not isinstance(undone, Exception), undone
        imports.undo_imports()
        end = taken_back(run_id)
        left = db.session.get(MeasuringInstrument, instrument_id)
        if end == "changed":
            assert edited is None and left is not None and left.department == "三车间"
        elif is_update:
            assert isinstance(edited, Conflict) and left is not None and left.department == "设备科"
        else:
            assert isinstance(edited, NotFound) and left is None
    assert invariants.broken() == {}
