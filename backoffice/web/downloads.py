"""The guide's three downloads as answers: made from live data, kept in memory until that data changes."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from flask import Response, send_file
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ..services import ledger_import, ledger_reference
from ..workbooks.reference import Reference
from ..workbooks.template import write_divisions, write_kinds, write_template

DOWNLOADS: dict[str, Any] = {
    "template": _l("强制检定器具信息导入模板"),
    "divisions": _l("行政区划信息"),
    "kinds": _l("强检器具目录"),
}
"""The guide's names of the downloads."""

_made: dict[str, tuple[Reference, bytes]] = {}
"""What this process made last, with the reference data it was made of: a file of all divisions takes half a second."""


def workbook(name: str) -> Response:
    """A download of `DOWNLOADS`, saved by the browser under the guide's name."""
    answer = send_file(io.BytesIO(_content(name)), mimetype=ledger_import.WORKBOOK)
    file_name = quote(_("《%(name)s》", name=DOWNLOADS[name]) + ".xlsx")
    answer.headers["Content-Disposition"] = f"attachment; filename=\"{name}.xlsx\"; filename*=UTF-8''{file_name}"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _content(name: str) -> bytes:
    reference = ledger_reference.load()
    made = _made.get(name)
    if made is None or made[0] is not reference:
        stream = io.BytesIO()
        WRITERS[name](stream, reference)
        made = _made[name] = reference, stream.getvalue()
    return made[1]


def _write_template(stream: io.BytesIO, reference: Reference) -> None:
    write_template(
        stream,
        kinds=reference.kinds.values(),
        divisions=reference.divisions.values(),
        origins=reference.origins,
        purposes=reference.purposes,
        delivery_modes=reference.delivery_modes,
    )


WRITERS: dict[str, Callable[[io.BytesIO, Reference], None]] = {
    "template": _write_template,
    "divisions": lambda stream, reference: write_divisions(stream, reference.divisions.values()),
    "kinds": lambda stream, reference: write_kinds(stream, reference.kinds.values(), purposes=reference.purposes),
}
