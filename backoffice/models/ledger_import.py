"""A run of an import and its rows: the work to be done is rows, so a killed job loses nothing."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..database import Model
from ..states import ImportMode, ImportState, ImportSubject, ImportWrites, RowOutcome
from .columns import Key, Moment, Stamped, code_column
from .enterprise import Enterprise, StoredFile
from .people import User


class ImportRun(Stamped, Model):
    """One uploaded workbook: checked, previewed and committed in batches by the job process."""

    __tablename__ = "import_run"

    id: Mapped[Key]
    subject: Mapped[ImportSubject] = mapped_column(code_column(ImportSubject), default=ImportSubject.LEDGER)
    enterprise_id: Mapped[int | None] = mapped_column(sa.ForeignKey("enterprise.id"))
    """Whose ledger it is; a run of another subject belongs to the office of `division_code`."""
    division_code: Mapped[str | None] = mapped_column(sa.ForeignKey("division.code"))
    uploaded_by_id: Mapped[int] = mapped_column(sa.ForeignKey("app_user.id"))
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("stored_file.id"))
    state: Mapped[ImportState] = mapped_column(code_column(ImportState), default=ImportState.CHECKING, index=True)
    mode: Mapped[ImportMode | None] = mapped_column(code_column(ImportMode))
    writes: Mapped[ImportWrites | None] = mapped_column(code_column(ImportWrites))
    annotated_file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"))
    """The uploaded workbook with its bad cells marked, once the job has made it."""
    annotated_at: Mapped[Moment | None]
    """When the job was through with it; a run without such a file was marked in vain."""
    annotation_claimed_at: Mapped[Moment | None]
    """Since when somebody is at it; what is ready under another claim is thrown away."""
    sheet: Mapped[str | None]
    header_row: Mapped[int | None]
    """Where the table stood in the file."""
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), deferred=True)
    """How the file's table begins, where not all of its columns are known by name."""
    mapping: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Which column is what, where a person has said so: a `Choice`, and the run it was remembered from."""
    mending: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """One value for many cells that the job is putting in: the problem they have, the text, who wants it, how far."""
    letters: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    """The letter of each column of the file by its code: what a row needs to be judged again."""
    rows: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    same: Mapped[int] = mapped_column(default=0)
    errors: Mapped[int] = mapped_column(default=0)
    warnings: Mapped[int] = mapped_column(default=0)
    applied: Mapped[int] = mapped_column(default=0)
    undone: Mapped[int] = mapped_column(default=0)
    pace: Mapped[float | None]
    """Rows a second of the batches under way, for the time left."""
    blank_rows: Mapped[int] = mapped_column(default=0)
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    """Problems of the file as a whole; those of a row stand on the row."""
    checked_at: Mapped[Moment | None]
    committed_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]
    undo_requested_at: Mapped[Moment | None]
    undo_requested_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("app_user.id"))
    undone_at: Mapped[Moment | None]

    @property
    def dropped(self) -> int:
        """Rows the clerk leaves out: those that are nothing else."""
        return self.rows - self.new - self.updated - self.same - self.errors

    @property
    def owner(self) -> Enterprise:
        """Whose ledger a run of the ledger is for; raises `LookupError` for another subject."""
        if self.enterprise is None:
            raise LookupError("only a ledger's import has an owner")
        return self.enterprise

    enterprise: Mapped[Enterprise | None] = relationship()
    uploaded_by: Mapped[User] = relationship(foreign_keys=[uploaded_by_id])
    undo_requested_by: Mapped[User | None] = relationship(foreign_keys=[undo_requested_by_id])
    file: Mapped[StoredFile] = relationship(foreign_keys=[file_id])
    annotated_file: Mapped[StoredFile | None] = relationship(foreign_keys=[annotated_file_id])

    __table_args__ = (
        sa.CheckConstraint(
            "(subject = 'ledger') = (enterprise_id IS NOT NULL) AND (subject = 'ledger') = (division_code IS NULL)",
            name="has_owner",
        ),
        sa.Index("ix_import_run_enterprise", "enterprise_id", "id"),
        sa.Index("ix_import_run_subject", "subject", "id", postgresql_where=sa.text("subject <> 'ledger'")),
        sa.Index(
            "ix_import_run_to_undo",
            "id",
            postgresql_where=sa.text("undo_requested_at IS NOT NULL AND undone_at IS NULL"),
        ),
    )


class ImportEarlierFile(Model):
    """A file of a run that its clerk has replaced with a mended one."""

    __tablename__ = "import_earlier_file"

    run_id: Mapped[int] = mapped_column(sa.ForeignKey("import_run.id", ondelete="CASCADE"), primary_key=True)
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("stored_file.id"), primary_key=True)
    replaced_by_id: Mapped[int] = mapped_column(sa.ForeignKey("app_user.id"))
    replaced_at: Mapped[Moment]
    errors: Mapped[int]
    """How many rows of it had errors."""

    file: Mapped[StoredFile] = relationship()
    replaced_by: Mapped[User] = relationship()


class ImportRow(Model):
    """A row of the uploaded workbook. `number` is the spreadsheet's; `values` are ready to be written."""

    __tablename__ = "import_row"

    run_id: Mapped[int] = mapped_column(sa.ForeignKey("import_run.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outcome: Mapped[RowOutcome] = mapped_column(code_column(RowOutcome))
    found: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """Cells as they were read, for people."""
    raw: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Cells that are something else than the text in `found`, so that the row can be judged again as it was read."""
    mended: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What the file had in the cells that were mended here, by column."""
    values: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Earlier values of the ledger's row where this one updates it."""
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    instrument_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The instrument this row would change; the one a new row became stands in `ImportWritten`."""
    record_key: Mapped[str | None] = mapped_column(sa.String(20))
    """The record of another subject than the ledger that this row is about."""
    key_hash: Mapped[int | None] = mapped_column(sa.BigInteger)
    """Of the key this row has in the ledger: of several rows with the same one the first counts."""
    claimed_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The instrument it is, unless an earlier row has its key; again the first counts."""

    __table_args__ = (
        sa.Index("ix_import_row_outcome", "run_id", "outcome", "number"),
        sa.Index("ix_import_row_problems", "run_id", "number", postgresql_where=sa.text("problems <> '[]'::jsonb")),
        sa.Index("ix_import_row_key", "run_id", "key_hash"),
        sa.Index("ix_import_row_claimed", "run_id", "claimed_id", postgresql_where=sa.text("claimed_id IS NOT NULL")),
    )


class ImportWritten(Model):
    """That a row has been written, and what became of it: the row itself is wide and has many indexes, this is not."""

    __tablename__ = "import_written"

    run_id: Mapped[int] = mapped_column(sa.ForeignKey("import_run.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    instrument_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """None where the subject is not the ledger: there the row has its `record_key`."""
    applied_at: Mapped[Moment]
    found_version: Mapped[int | None]
    """The version of the instrument that this row has changed."""
    written_version: Mapped[int | None]
    """The instrument's version when this row was written: another one there now means that it was changed since."""
    undone_at: Mapped[Moment | None]
    kept: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Why an undo left this row as it is: a code and its facts."""

    __table_args__ = (sa.Index("ix_import_written_instrument", "instrument_id"),)
