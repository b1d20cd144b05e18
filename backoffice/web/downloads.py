"""Downloads as answers: the guide's three, kept in memory until their data changes, and the template with a ledger."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any
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
WITH_LEDGER = _l("强制检定器具信息导入模板（含现有台账）")
"""The template in which the present ledger stands already, one for each enterprise."""

_made: dict[str, tuple[Reference, bytes]] = {}
"""What this process made last, with the reference data it was made of: a file of all divisions takes half a second."""


def workbook(name: str) -> Response:
    """A download of `DOWNLOADS`, saved by the browser under the guide's name."""
    return _answer(io.BytesIO(_content(name)), name, DOWNLOADS[name])


def template_with(rows: Iterable[Mapping[str, Any]]) -> Response:
    """The template with these rows of a ledger. It is written to a file that is sent and gone: memory does not grow."""
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the answer is sent
    _write_template(spool, ledger_reference.load(), rows)
    spool.seek(0)
    answer = _answer(spool, "ledger", WITH_LEDGER)
    answer.call_on_close(spool.close)
    return answer


def _answer(content: IO[bytes], plain: str, title: Any) -> Response:
    answer = send_file(content, mimetype=ledger_import.WORKBOOK)
    file_name = quote(_("《%(name)s》", name=title) + ".xlsx")
    answer.headers["Content-Disposition"] = f"attachment; filename=\"{plain}.xlsx\"; filename*=UTF-8''{file_name}"
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


def _write_template(stream: Any, reference: Reference, rows: Iterable[Mapping[str, Any]] = ()) -> None:
    write_template(
        stream,
        kinds=reference.kinds.values(),
        divisions=reference.divisions.values(),
        origins=reference.origins,
        purposes=reference.purposes,
        delivery_modes=reference.delivery_modes,
        rows=rows,
    )


WRITERS: dict[str, Callable[[io.BytesIO, Reference], None]] = {
    "template": _write_template,
    "divisions": lambda stream, reference: write_divisions(stream, reference.divisions.values()),
    "kinds": lambda stream, reference: write_kinds(stream, reference.kinds.values(), purposes=reference.purposes),
}
