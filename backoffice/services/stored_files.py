"""Uploaded files: what a file is stands in its first bytes, never in its name; bytes live in the database."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from .. import clock
from ..database import db, execute_counted
from ..errors import FieldProblem, Invalid
from ..models import Enterprise, ImportEarlierFile, ImportRun, StoredFile

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEGABYTE = 1024 * 1024
LARGEST_LICENCE = 5 * MEGABYTE
KEEP_UNCLAIMED = timedelta(days=2)
"""A file of a registration form that was never sent is dropped after this."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it arrived: the name is a label only."""

    name: str
    content: bytes


def media_type_of(content: bytes) -> str | None:
    """The type of an image or PDF by its first bytes; `None` for everything else."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    # Some scanners write a few bytes before the header; readers accept it within the first kilobyte.
    if b"%PDF-" in content[:1024] and content.lstrip()[:1] != b"<":
        return "application/pdf"
    return None


def licence_problem(upload: Upload) -> FieldProblem | None:
    """What is wrong with a licence file, `None` for a good one."""
    if not upload.content:
        return FieldProblem("file_empty")
    if len(upload.content) > LARGEST_LICENCE:
        return FieldProblem("files_too_large", {"limit": LARGEST_LICENCE // MEGABYTE})
    if media_type_of(upload.content) is None:
        return FieldProblem("licence_type", {"name": label_of(upload.name)})
    return None


def store_licence(upload: Upload, *, enterprise_id: int | None = None) -> StoredFile:
    """Keep a licence file; without an enterprise it waits to be claimed. Raises `Invalid` on the field `licence`."""
    problem = licence_problem(upload)
    if problem is not None:
        raise Invalid({"licence": problem})
    row = StoredFile(
        name=label_of(upload.name),
        media_type=media_type_of(upload.content) or "",
        size=len(upload.content),
        sha256=hashlib.sha256(upload.content).hexdigest(),
        content=upload.content,
        enterprise_id=enterprise_id,
        created_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()  # Its key is what a form remembers.
    return row


def unclaimed(file_id: int | None) -> StoredFile | None:
    """A stored file that belongs to nobody yet."""
    if file_id is None:
        return None
    return db.session.scalars(sa.select(StoredFile).where(StoredFile.id == file_id, _of_nobody())).one_or_none()


def _of_nobody() -> sa.ColumnElement[bool]:
    """No enterprise's file, and no workbook of an office's import."""
    files = (ImportRun.file_id, ImportRun.annotated_file_id, ImportEarlierFile.file_id)
    workbooks = sa.or_(*(sa.exists().where(file_id == StoredFile.id) for file_id in files))
    return sa.and_(StoredFile.enterprise_id.is_(None), ~workbooks)


def drop_unclaimed() -> int:
    """Remove files of forms that were never sent; returns how many."""
    used = sa.select(Enterprise.licence_file_id).where(Enterprise.licence_file_id.is_not(None))
    return execute_counted(
        sa.delete(StoredFile).where(
            _of_nobody(), StoredFile.created_at < clock.now() - KEEP_UNCLAIMED, StoredFile.id.not_in(used)
        )
    )


def label_of(name: str) -> str:
    """The last part of a file name without control characters, at most 120 characters, its ending kept."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(mark for mark in last if unicodedata.category(mark)[0] != "C").strip() or "文件"
    return clean if len(clean) <= 120 else clean[:100] + "…" + clean[-19:]
