"""The clerk's own workbook with what the check found marked in it: where it stands, with the earlier files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from ...models import ImportEarlierFile, ImportRun
from ...services import ledger_import_again
from ...states import ImportState


@dataclass(frozen=True, slots=True)
class Annotated:
    """What the page says of the marked workbook: `url` once it is made, `is_tried` where nobody is at it any more."""

    url: str
    is_tried: bool
    earlier: Sequence[ImportEarlierFile]


def annotated_of(run: ImportRun) -> Annotated | None:
    """Where the marked workbook of an undecided run stands; none where there is nothing to mark or to decide."""
    earlier = ledger_import_again.earlier_files(run)
    if run.state is not ImportState.READY or not (run.errors or run.warnings):
        return Annotated("", is_tried=True, earlier=earlier) if earlier else None
    url = url_for(".annotated", key=run.id) if run.annotated_file_id else ""
    return Annotated(url, is_tried=run.annotated_at is not None, earlier=earlier)
