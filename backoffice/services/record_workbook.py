"""Templates of reference records from live data, empty or with the records there are to be changed and sent back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from ..actor import Actor
from ..permissions import require
from ..states import ImportSubject
from ..workbooks.template import write_records
from . import import_subjects
from .record_import import RecordSubject


def write(stream: BinaryIO, actor: Actor, subject: ImportSubject, *, with_records: bool) -> None:
    """Write the template of a subject; raises `Forbidden` for whoever may not import it."""
    declared = import_subjects.declared()[subject]
    require(actor, declared.permission)
    if not isinstance(declared, RecordSubject):
        raise LookupError(f"{subject} has a template of its own")
    reference = declared.reference(actor)
    rows: Iterable[Mapping[str, Any]] = declared.rows(actor) if with_records else ()
    write_records(stream, declared.columns, reference, example=declared.example(reference), rows=rows)
