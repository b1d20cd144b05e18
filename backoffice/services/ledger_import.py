"""A run of the ledger import, as the enterprise sees it: upload, preview, commit, cancel, what became of it.

The rows are worked by the job process: `ledger_import_check` reads and checks them, `ledger_import_apply` writes them.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa

from .. import audit, clock, scoping
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, Invalid
from ..messages.labels import label
from ..messages.ledger import stored_message
from ..models import ImportRow, ImportRun, StoredFile
from ..permissions import require
from ..states import ImportMode, ImportState, ImportSubject, ImportWrites
from ..workbooks.column_sets import ColumnSet
from ..workbooks.intake import FileKind, Limits, check_file
from ..workbooks.problems import FileProblem, FileProblemCode, FileProblemError
from ..workbooks.reader import open_upload
from . import import_subjects, ledger_import_again, stored_files
from .ledger_import_progress import rows_to_write

WORKBOOK = stored_files.WORKBOOK
FIRST_LOOK_SECONDS = 20
"""How long an upload waits for its header; a file that takes longer is judged by the job."""
UNFINISHED = (ImportState.CHECKING, ImportState.MAPPING, ImportState.READY, ImportState.APPLYING)
NAME_LENGTH = 200
TABLE_ENDINGS = (".csv", ".tsv")
"""Text is read as a table only where its name says it is one; a letter would be refused for its missing header."""


def receive(actor: Actor, file_name: str, stream: BinaryIO, subject: ImportSubject = ImportSubject.LEDGER) -> ImportRun:
    """Store an uploaded file and open a run in state checking; its rows are checked by the job.

    A workbook that was marked for an undecided run of the same subject goes into that run.
    Raises `Invalid` (field `file`) for a file that cannot be read at all: no run is opened for it. A table without
    rows, or with a column missing or twice, opens a run that the check will refuse with the reason, or ask about.
    """
    declared = import_subjects.declared()[subject]
    require(actor, declared.permission)
    limits = Limits()
    content = stream.read(limits.file_bytes + 1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload.xlsx"  # openpyxl goes by the ending.
        path.write_bytes(content)
        properties = _first_look(path, limits, file_name, declared.columns)
    now = clock.now()
    file = StoredFile(
        name=_label(file_name) or label(subject),
        media_type=WORKBOOK if content.startswith(b"PK") else "text/csv",
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
        enterprise_id=actor.enterprise_id,
        created_at=now,
    )
    earlier = ledger_import_again.run_of(actor, properties, subject)
    if earlier is not None:
        return ledger_import_again.replace_file(actor, earlier, file)
    run = ImportRun(
        subject=subject,
        enterprise_id=actor.enterprise_id,
        division_code=None if subject is ImportSubject.LEDGER else actor.division_code,
        uploaded_by_id=actor.user_id,
        file=file,
        state=ImportState.CHECKING,
        problems=[],
        created_at=now,
        updated_at=now,
    )
    db.session.add(run)
    db.session.flush()
    audit.record(actor, AuditAction.IMPORT_UPLOADED, run, after={"file": file.name, "size": file.size})
    return run


def _first_look(path: Path, limits: Limits, file_name: str, columns: ColumnSet) -> dict[str, str]:
    """The document's properties; raises `Invalid` for what cannot be read.

    Problems of the table, and slowness, are left to the check.
    """
    try:
        kind = check_file(path, limits)
        if kind is FileKind.TEXT and not file_name.lower().endswith(TABLE_ENDINGS):
            raise FileProblemError(FileProblemCode.NOT_A_WORKBOOK)
        with open_upload(path, Limits(wait_seconds=FIRST_LOOK_SECONDS), columns) as upload:
            return upload.properties
    except FileProblemError as refused:
        problem = refused.problem
        if problem.is_about_structure or problem.code is FileProblemCode.TOO_COMPLEX:
            return refused.properties
        raise Invalid.one("file", f"file.{problem.code.value}", **problem.facts) from None


def _label(file_name: str) -> str:
    """The file's own name as a label, "" where it has none; never a path."""
    name = "".join(character for character in file_name if character.isprintable())
    return name.replace("\\", "/").rsplit("/", 1)[-1][-NAME_LENGTH:]


def commit(actor: Actor, run_id: int, mode: ImportMode, writes: ImportWrites = ImportWrites.BOTH) -> ImportRun:
    """Choose what to write; the job then writes it, and the page may be closed.

    `all` writes every row or refuses while a row has an error; `good` leaves the rows with errors out. `writes` leaves
    out what would be updated, or created. Raises `Conflict` with the reason, `NotFound`, `Forbidden`.
    """
    run: ImportRun = scoping.find(actor, ImportRun, run_id, lock=True)
    require(actor, import_subjects.of(run).permission)
    if run.state is not ImportState.READY:
        raise Conflict("import_not_ready", state=run.state)
    if mode is ImportMode.ALL and run.errors:
        raise Conflict("import_has_errors", errors=run.errors)
    run.state, run.mode, run.writes = ImportState.APPLYING, mode, writes
    run.committed_at = run.updated_at = clock.now()
    run.pace = None  # That of a mending by the job says nothing about writing.
    db.session.flush()
    audit.record(
        actor, AuditAction.IMPORT_COMMITTED, run, after={"mode": mode, "writes": writes, "rows": rows_to_write(run)}
    )
    return run


def cancel(actor: Actor, run_id: int) -> ImportRun:
    """Stop a run after the batch it is at; what was written stays and is counted. Raises `Conflict` once it is over."""
    run: ImportRun = scoping.find(actor, ImportRun, run_id, lock=True)
    require(actor, import_subjects.of(run).permission)
    if run.state not in UNFINISHED:
        raise Conflict("import_over", state=run.state)
    run.state, run.mending, run.finished_at = ImportState.CANCELLED, None, clock.now()
    db.session.flush()
    audit.record(actor, AuditAction.IMPORT_CANCELLED, run, after={"applied": run.applied})
    return run


def same_content_before(run: ImportRun) -> ImportRun | None:
    """The latest earlier run of this enterprise or office with the very same file, if it was written."""
    return db.session.scalars(
        sa.select(ImportRun)
        .join(StoredFile, StoredFile.id == ImportRun.file_id)
        .where(
            ImportRun.subject == run.subject,
            ImportRun.enterprise_id.is_not_distinct_from(run.enterprise_id),
            ImportRun.division_code.is_not_distinct_from(run.division_code),
            ImportRun.id < run.id,
            ImportRun.state == ImportState.DONE,
            StoredFile.sha256 == run.file.sha256,
        )
        .order_by(ImportRun.id.desc())
        .limit(1)
    ).first()


def unfinished_run(actor: Actor, content: bytes) -> ImportRun | None:
    """This person's latest run of the same content that is not over: what a stopped command goes on with."""
    return db.session.scalars(
        scoping.visible(actor, ImportRun)
        .join(StoredFile, StoredFile.id == ImportRun.file_id)
        .where(
            ImportRun.uploaded_by_id == actor.user_id,
            ImportRun.state.in_(UNFINISHED),
            StoredFile.sha256 == hashlib.sha256(content).hexdigest(),
        )
        .order_by(ImportRun.id.desc())
        .limit(1)
    ).first()


def as_json(run: ImportRun, *, with_problems: bool = True) -> dict[str, Any]:
    """The run as docs/outside.md (6) promises it: counts, and every problem with its place and words."""
    problems = list(run.problems)
    if with_problems:
        found = db.session.scalars(
            sa.select(ImportRow.problems)
            .where(ImportRow.run_id == run.id, ImportRow.problems != sa.text("'[]'::jsonb"))
            .order_by(ImportRow.number)
        )
        problems.extend(problem for row in found for problem in row)
    counts = {name: getattr(run, name) for name in ("rows", "new", "updated", "same", "errors", "warnings", "applied")}
    return {"state": run.state.value, **counts, "problems": [_outside(problem) for problem in problems]}


def _outside(stored: dict[str, Any]) -> dict[str, Any]:
    return {
        "row": stored["row"],
        "column": stored["column"],
        "header": stored["header"],
        "found": stored["found"],
        "code": stored["code"],
        "message": stored_message(stored),
    }


def stored_file_problem(problem: FileProblem, **facts: str) -> dict[str, Any]:
    """A problem of the whole file in the shape of a row's; `facts` are what only the run knows."""
    place: dict[str, Any] = dict.fromkeys(("row", "field", "column", "header", "suggestion"))
    return {**place, "found": "", "code": problem.code.value, "facts": {**problem.facts, **facts}}
