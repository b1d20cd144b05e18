"""A marked workbook that comes back: it goes into the run it was made for, whose earlier file is kept in its history.

The run's number in the file is a hint from whoever sent it. Only a run that this person may see and that still waits
for a decision is gone on with; for everything else a new run is opened as if the file bore no number.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from .. import audit, clock, scoping
from ..actor import Actor
from ..audit import AuditAction
from ..database import db, execute_counted
from ..errors import NotFound
from ..models import ImportEarlierFile, ImportRow, ImportRun, StoredFile
from ..states import ImportState, ImportSubject
from ..workbooks.marks import RUN_PROPERTY
from .ledger_import_annotate import forget

LONGEST_NUMBER = 18
IS_OF_EARLIER_FILE = "is_of_earlier_file"
"""Marks what was said of a file that has been replaced; it holds for the new one if that has the same headers."""


def run_of(actor: Actor, properties: Mapping[str, str], subject: ImportSubject) -> ImportRun | None:
    """The run a file says it belongs to, locked; `None` unless it is one's own of this subject, still to be decided."""
    number = properties.get(RUN_PROPERTY, "")
    if not (number.isascii() and number.isdigit() and len(number) <= LONGEST_NUMBER):
        return None
    try:
        run: ImportRun = scoping.find(actor, ImportRun, int(number), lock=True)
    except NotFound:
        return None
    return run if run.state is ImportState.READY and run.subject is subject else None


def replace_file(actor: Actor, run: ImportRun, file: StoredFile) -> ImportRun:
    """Put a mended file in the place of the run's: it is checked anew from the beginning."""
    earlier, now = run.file, clock.now()
    db.session.add(
        ImportEarlierFile(
            run_id=run.id, file_id=earlier.id, replaced_by_id=actor.user_id, replaced_at=now, errors=run.errors
        )
    )
    run.file, run.headers = file, None
    if run.mapping:
        run.mapping = {**run.mapping, IS_OF_EARLIER_FILE: True}
    start_over(run)
    before, after = ({"file": each.name, "size": each.size} for each in (earlier, file))
    audit.record(actor, AuditAction.IMPORT_FILE_REPLACED, run, before=before, after=after)
    return run


def start_over(run: ImportRun) -> None:
    """Nothing of the file is known any more: the job checks it from its beginning."""
    forget(run)
    execute_counted(sa.delete(ImportRow).where(ImportRow.run_id == run.id))
    run.state, run.problems, run.checked_at = ImportState.CHECKING, [], None
    run.rows = run.new = run.updated = run.same = run.errors = run.warnings = run.blank_rows = 0
    run.sheet = run.header_row = run.letters = None
    run.updated_at = run.created_at  # Nobody reads it yet; the next check takes it at once.
    db.session.flush()


def earlier_files(run: ImportRun) -> list[ImportEarlierFile]:
    """Files this run had before, the latest first."""
    statement = (
        sa.select(ImportEarlierFile)
        .where(ImportEarlierFile.run_id == run.id)
        .order_by(ImportEarlierFile.replaced_at.desc())
        .options(
            sa.orm.joinedload(ImportEarlierFile.file).defer(StoredFile.content),
            sa.orm.joinedload(ImportEarlierFile.replaced_by),
        )
    )
    return list(db.session.scalars(statement))
