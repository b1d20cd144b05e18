"""Checking an uploaded workbook: every row read, judged against the ledger, and stored, in batches that survive a kill.

The file is read outside the database's transactions (opening a full one takes seconds); each batch is stored in one.
Two processes at one run do no harm: a batch is stored only on top of exactly the rows its reader has seen.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from .. import clock
from ..database import db, execute_counted
from ..models import ImportRow, ImportRun, StoredFile
from ..states import ImportState, RowOutcome
from ..workbooks.checks import RawRow
from ..workbooks.problems import FileProblem, FileProblemError
from ..workbooks.reader import Upload, open_upload
from ..workbooks.reference import Reference
from . import ledger_reference, notices
from .ledger_import import stored_file_problem
from .ledger_import_judge import Judge, Seen
from .ledger_import_stored import store_rows
from .ledger_values import key_of

BATCH = 1_000
LEASE_SECONDS = 20
"""A run whose last batch is older than this has no living reader; a new run has none yet."""


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed run: its file, the reference data, and what an earlier reader stored already."""

    run_id: int
    file_id: int
    content: bytes
    reference: Reference
    stored: int
    last_number: int
    seen: Seen


def claim(run_id: int | None = None) -> Work | None:
    """Take a run that waits to be checked (or this one), unless somebody is at it."""
    now = clock.now()
    is_free = sa.or_(
        ImportRun.updated_at == ImportRun.created_at, ImportRun.updated_at < now - timedelta(seconds=LEASE_SECONDS)
    )
    statement = sa.select(ImportRun).where(ImportRun.state == ImportState.CHECKING, is_free).order_by(ImportRun.id)
    if run_id is not None:
        statement = statement.where(ImportRun.id == run_id)
    run = db.session.scalars(statement.limit(1).with_for_update(skip_locked=True, of=ImportRun)).first()
    if run is None:
        return None
    run.updated_at = now
    db.session.flush()
    content = db.session.scalar(sa.select(StoredFile.content).where(StoredFile.id == run.file_id)) or b""
    return Work(
        run_id=run.id,
        file_id=run.file_id,
        content=content,
        reference=ledger_reference.load(),
        stored=run.rows,
        last_number=db.session.scalar(sa.select(sa.func.max(ImportRow.number)).where(ImportRow.run_id == run.id)) or 0,
        seen=_seen_of(run.id),
    )


def _seen_of(run_id: int) -> Seen:
    rows = db.session.execute(
        sa.select(ImportRow.number, ImportRow.values, ImportRow.instrument_id)
        .where(ImportRow.run_id == run_id, ImportRow.values.is_not(None))
        .order_by(ImportRow.number)
    )
    seen = Seen()
    for number, values, instrument_id in rows:
        seen.keys.setdefault(key_of(values), number)
        if instrument_id is not None:
            seen.instruments.setdefault(instrument_id, number)
    return seen


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows read from the file; `is_last` with the final ones, `problem` where the file turned out unreadable."""

    rows: Sequence[RawRow]
    is_last: bool = False
    problem: FileProblem | None = None


class FileCheck:
    """The reader of one claimed run. `read` outside a transaction, `store` inside one, until it returns False."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._stored = work.stored
        self._folder = tempfile.TemporaryDirectory()
        self._upload: Upload | None = None
        self._rows: Iterator[RawRow] | None = None

    def __enter__(self) -> FileCheck:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._upload is not None:
            self._upload.close()
        self._folder.cleanup()

    def read(self) -> Batch:
        """The next rows that are not stored yet."""
        try:
            rows = list(islice(self._rows_left(), BATCH))
        except FileProblemError as refused:
            return Batch((), problem=refused.problem)
        return Batch(rows, is_last=len(rows) < BATCH)

    def _rows_left(self) -> Iterator[RawRow]:
        if self._rows is None:
            self._rows = (row for row in self._open().rows() if row.number > self._work.last_number)
        return self._rows

    def _open(self) -> Upload:
        """The opened file; raises `FileProblemError` the first time if it cannot be read."""
        if self._upload is None:
            path = Path(self._folder.name) / "upload.xlsx"  # openpyxl goes by the ending.
            path.write_bytes(self._work.content)
            self._upload = open_upload(path)
        return self._upload

    def store(self, batch: Batch) -> bool:
        """Store a batch with its counts; False when the run is finished, over, or another reader went on with it."""
        run = db.session.scalars(
            sa.select(ImportRun)
            .where(ImportRun.id == self._work.run_id, ImportRun.state == ImportState.CHECKING)
            .with_for_update(skip_locked=True, of=ImportRun)
            .execution_options(populate_existing=True)
        ).first()
        if run is None or run.rows != self._stored or run.file_id != self._work.file_id:
            return False
        run.updated_at = clock.now()
        if batch.problem is not None:
            _refuse(run, batch.problem)
            return False
        self._store_rows(run, batch.rows)
        self._stored = run.rows
        if batch.is_last:
            self._finish(run)
        db.session.flush()
        return not batch.is_last

    def _store_rows(self, run: ImportRun, raw_rows: Sequence[RawRow]) -> None:
        if not raw_rows:
            return
        judge = Judge(run.enterprise_id, self._work.reference, self._open().letters, self._work.seen)
        judged = judge.judge(raw_rows)
        store_rows(run.id, judged)
        outcomes = Counter(row.outcome for row in judged)
        run.rows += len(judged)
        run.new += outcomes[RowOutcome.NEW]
        run.updated += outcomes[RowOutcome.UPDATED]
        run.same += outcomes[RowOutcome.SAME]
        run.errors += outcomes[RowOutcome.ERROR]
        run.warnings += sum(row.has_warning for row in judged)

    def _finish(self, run: ImportRun) -> None:
        upload = self._open()
        run.state, run.checked_at, run.blank_rows = ImportState.READY, clock.now(), upload.blank_rows
        run.sheet, run.header_row, run.letters = upload.sheet, upload.header_row, upload.letters
        run.problems = [stored_file_problem(warning) for warning in upload.warnings]
        if run.errors:
            notices.tell_enterprise(
                run.enterprise_id, "notice_import_checked", run, file=run.file.name, errors=run.errors
            )


def _refuse(run: ImportRun, problem: FileProblem) -> None:
    """Nothing of the file is used; rows stored before it turned out unreadable go."""
    execute_counted(sa.delete(ImportRow).where(ImportRow.run_id == run.id))
    run.rows = run.new = run.updated = run.same = run.errors = run.warnings = 0
    run.state, run.checked_at = ImportState.REFUSED, clock.now()
    run.problems = [stored_file_problem(problem)]
    db.session.flush()
