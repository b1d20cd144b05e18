"""The clerk's own workbook with what the check found marked in it: where it stands, and its download."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import Response, abort, send_file, url_for
from flask_admin import expose

from ...models import ImportEarlierFile, ImportRun
from ...services import ledger_import_again
from ...services.stored_files import WORKBOOK
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


class AnnotatedPages:
    """The download, for the view of import runs."""

    row_or_404: Any

    @expose("/<key>/annotated.xlsx")
    def annotated(self, key: str) -> Response:
        file = self.row_or_404(key).annotated_file
        if file is None:
            abort(404)
        answer = send_file(io.BytesIO(file.content), mimetype=WORKBOOK)
        answer.headers["Content-Disposition"] = (
            f"attachment; filename=\"annotated.xlsx\"; filename*=UTF-8''{quote(file.name)}"
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer
