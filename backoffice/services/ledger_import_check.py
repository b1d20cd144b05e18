"""Checking an uploaded workbook: every row read, judged and stored, in batches that survive a kill.

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
from typing import Any

import sqlalchemy as sa

from .. import clock
from ..database import db, execute_counted
from ..models import ImportRow, ImportRun, StoredFile
from ..states import ImportState, RowOutcome
from ..workbooks.checks import RawRow
from ..workbooks.choices import Choice
from ..workbooks.column_sets import LEDGER, ColumnSet
from ..workbooks.problems import FileProblem, FileProblemError
from ..workbooks.reader import Upload, open_upload
from . import import_subjects, ledger_import_mapping, ledger_reference
from .import_subjects import Begun
from .ledger_import import stored_file_problem
from .ledger_import_stored import store_rows

BATCH = 1_000
LEASE_SECONDS = 20
"""A run whose last batch is older than this has no living reader; a new run has none yet."""


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed run: its file and its columns, and what an earlier reader stored already."""

    run_id: int
    file_id: int
    content: bytes
    columns: ColumnSet
    stored: int
    last_number: int
    most: int
    choice: Choice | None = None


def claim(run_id: int | None = None) -> Work | None:
    """Take a run that waits to be checked (or this one), unless somebody is at it."""
    now = clock.now()
    is_free = sa.or_(
        ImportRun.updated_at == ImportRun.created_at, ImportRun.updated_at < now - timedelta(seconds=LEASE_SECONDS)
    )
    is_unread = sa.and_(ImportRun.state == ImportState.CHECKING, ImportRun.mending.is_(None))
    statement = sa.select(ImportRun).where(is_unread, is_free).order_by(ImportRun.id)
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
        columns=import_subjects.columns_of(run),
        stored=run.rows,
        last_number=db.session.scalar(sa.select(sa.func.max(ImportRow.number)).where(ImportRow.run_id == run.id)) or 0,
        most=min(BATCH, import_subjects.of(run).check_batch),
        choice=ledger_import_mapping.choice_of(run),
    )


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows read from the file; `is_last` with the final ones, `problem` where the file turned out unreadable.

    `beginning` is how the table begins where not all of its columns are known.
    """

    rows: Sequence[RawRow]
    is_last: bool = False
    problem: FileProblem | None = None
    beginning: dict[str, Any] | None = None

    @property
    def is_end(self) -> bool:
        """Whether there is nothing more to read."""
        return self.is_last or self.problem is not None


class FileCheck:
    """The reader of one claimed run. `read` outside a transaction, `store` inside one, until it returns False.

    The next batch may be read by another thread while one is stored: reading touches no database.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._stored = work.stored
        self._folder = tempfile.TemporaryDirectory()
        self._upload: Upload | None = None
        self._rows: Iterator[RawRow] | None = None
        self._begun: Begun | None = None

    def __enter__(self) -> FileCheck:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._upload is not None:
            self._upload.close()
        self._folder.cleanup()

    def prepare(self) -> Begun:
        """Inside a transaction, load what rows are judged by: while the reading process starts there is time for it."""
        if self._begun is None:
            run = db.session.get_one(ImportRun, self._work.run_id)
            self._begun = import_subjects.of(run).open_check(run)
        return self._begun

    def read(self) -> Batch:
        """The next rows that are not stored yet."""
        try:
            rows = list(islice(self._rows_left(), self._work.most))
        except FileProblemError as refused:
            return Batch((), problem=refused.problem, beginning=refused.beginning)
        return Batch(rows, is_last=len(rows) < self._work.most, beginning=self._open().beginning)

    def _rows_left(self) -> Iterator[RawRow]:
        if self._rows is None:
            self._rows = (row for row in self._open().rows() if row.number > self._work.last_number)
        return self._rows

    def _open(self) -> Upload:
        """The opened file; raises `FileProblemError` the first time if it cannot be read."""
        if self._upload is None:
            path = Path(self._folder.name) / "upload.xlsx"  # openpyxl goes by the ending.
            path.write_bytes(self._work.content)
            self._upload = open_upload(path, columns=self._work.columns, choice=self._work.choice)
        return self._upload

    def store(self, batch: Batch) -> bool:
        """Store a batch with its counts; False when the run is finished, over, or another reader went on with it."""
        run = db.session.scalars(
            sa.select(ImportRun)
            .where(ImportRun.id == self._work.run_id, ImportRun.state == ImportState.CHECKING)
            .with_for_update(skip_locked=True, of=ImportRun)
            .execution_options(populate_existing=True)
        ).first()
        if run is None or run.rows != self._stored or not self._is_still_what_was_read(run):
            return False
        run.updated_at = clock.now()
        if self._may_ask and self._is_remembered(run, batch.beginning):
            return False
        if batch.problem is not None:
            self._stop(run, batch.problem)
            return False
        self._store_rows(run, batch.rows)
        self._stored = run.rows
        if batch.is_last:
            self._finish(run)
        db.session.flush()
        return not batch.is_last

    @property
    def _may_ask(self) -> bool:
        """Which column is what is only asked of a ledger, and before anything of it was stored."""
        return self._work.columns is LEDGER and not self._stored and self._work.choice is None

    @staticmethod
    def _is_remembered(run: ImportRun, beginning: dict[str, Any] | None) -> bool:
        return ledger_import_mapping.is_remembered(run, beginning, ledger_reference.load())

    def _is_still_what_was_read(self, run: ImportRun) -> bool:
        return run.file_id == self._work.file_id and ledger_import_mapping.choice_of(run) == self._work.choice

    def _stop(self, run: ImportRun, problem: FileProblem) -> None:
        """Ask a person which column is what where that can help; else the file is refused."""
        asked = ledger_import_mapping.question(run, problem, ledger_reference.load()) if self._may_ask else None
        _refuse(run, asked or problem)
        if asked:
            run.state = ImportState.MAPPING

    def _store_rows(self, run: ImportRun, raw_rows: Sequence[RawRow]) -> None:
        if not raw_rows:
            return
        judged = self.prepare().judge(self._open().letters, raw_rows)
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
            import_subjects.tell(run, "notice_import_checked", file=run.file.name, errors=run.errors)


def _refuse(run: ImportRun, problem: FileProblem) -> None:
    """Nothing of the file is used; rows stored before it turned out unreadable go."""
    execute_counted(sa.delete(ImportRow).where(ImportRow.run_id == run.id))
    run.rows = run.new = run.updated = run.same = run.errors = run.warnings = 0
    run.state, run.checked_at = ImportState.REFUSED, clock.now()
    run.problems = [stored_file_problem(problem, template=import_subjects.columns_of(run).title)]
    db.session.flush()
