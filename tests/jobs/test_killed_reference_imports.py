"""The job process killed while it checks, writes and takes back authorised kinds: each row exactly once."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from backoffice.actor import Actor
from backoffice.database import db
from backoffice.models import AuditEvent, Capability, Division, ImportRun, InstrumentKind
from backoffice.services import invariants, ledger_import, ledger_import_undo
from backoffice.states import ImportMode, ImportState, ImportSubject
from backoffice.unit_of_work import unit_of_work
from backoffice.workbooks.column_sets import CAPABILITIES
from ops.postgres import Urls
from tests import factories
from tests.services.record_samples import workbook

from . import processes
from .test_killed_imports import Mortals, events, is_in, latest

KILLS = 4


def office() -> Actor:
    with unit_of_work():
        factories.InstitutionFactory(name="淄博市计量技术研究院")
        return factories.actor_of(factories.UserFactory(regulator=True, division_code="370300"))


def rows() -> list[dict[str, str]]:
    kinds = db.session.scalars(sa.select(InstrumentKind.code).order_by(InstrumentKind.code).limit(30)).all()
    places = db.session.scalars(sa.select(Division.code).where(Division.parent_code == "370300").limit(5)).all()
    return [
        {"institution_id": "淄博市计量技术研究院", "kind_code": kind, "areas": place, "delivery_modes": "送检"}
        for kind in kinds
        for place in places
    ]


def test_an_import_of_authorised_kinds_and_its_undo_survive_kills(app: Flask, database: Urls, tmp_path: Path) -> None:
    actor, wanted = office(), rows()
    content = tmp_path / "授权.xlsx"
    content.write_bytes(workbook(CAPABILITIES, wanted))
    mother = processes.start(
        database, sys.executable, "-m", "tests.jobs.mortal_imports", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    mortals = Mortals(mother, random.Random(6))
    try:
        with unit_of_work(), content.open("rb") as stream:
            run_id = ledger_import.receive(actor, content.name, stream, ImportSubject.CAPABILITIES).id
        mortals.until(is_in(ImportState.READY), kills=KILLS)
        assert latest().new == len(wanted)
        with unit_of_work():
            ledger_import.commit(actor, run_id, ImportMode.ALL)
        mortals.until(is_in(ImportState.DONE), kills=KILLS)
        _written_once(run_id, len(wanted))
        with unit_of_work():
            ledger_import_undo.request(actor, run_id)
        mortals.until(is_in(ImportState.UNDONE), kills=KILLS)
    finally:
        mother.kill()
        mother.communicate()
    assert (latest().undone, db.session.query(Capability).count()) == (len(wanted), 0)
    removed = events("reference.removed")
    assert len(removed) == len(wanted) and set(removed.values()) == {1}
    assert invariants.broken() == {}
    assert mortals.killed >= KILLS


def _written_once(run_id: int, count: int) -> None:
    assert db.session.get_one(ImportRun, run_id).applied == count
    found = db.session.execute(sa.select(Capability.kind_code, Capability.areas)).all()
    assert len({(kind, *areas) for kind, areas in found}) == len(found) == count
    created = db.session.scalars(sa.select(AuditEvent.subject_id).where(AuditEvent.action == "reference.created")).all()
    assert len(set(created)) == len(created) == count
