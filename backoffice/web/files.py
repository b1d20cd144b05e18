"""Stored files as answers: shown in the browser, never run, never kept by caches."""

from __future__ import annotations

from io import BytesIO

from flask import send_file
from werkzeug.wrappers import Response

from ..models import StoredFile


def inline(row: StoredFile) -> Response:
    """Show an image or PDF whose type was read from its bytes when it was stored; call only with a row in scope."""
    answer: Response = send_file(
        BytesIO(row.content),
        mimetype=row.media_type,
        as_attachment=False,
        download_name=row.name,
        max_age=0,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def attachment(row: StoredFile) -> Response:
    """Have the browser save a file under the name it came with; call only with a row in scope."""
    answer: Response = send_file(
        BytesIO(row.content),
        mimetype=row.media_type,
        as_attachment=True,
        download_name=row.name,
        max_age=0,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
