"""Workbooks of a list: written row by row, safe to open, with a Chinese name."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any
from urllib.parse import quote

from flask import Response
from markupsafe import Markup
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from .. import clock

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CHUNK = 64 * 1024
MAX_CELL = 32_767
_formula = ("=", "+", "-", "@", "\t", "\r", "|", "%")
_illegal = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def workbook_answer(*, title: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """An answer that carries a workbook of one sheet. Rows are taken one by one; memory does not grow with them."""
    spool = _write(title, headings, rows)
    answer = Response(_chunks(spool), mimetype=XLSX)
    answer.headers["Content-Disposition"] = attachment(f"{title}_{clock.today():%Y%m%d}.xlsx")
    answer.call_on_close(spool.close)
    return answer


def attachment(name: str) -> str:
    """A Content-Disposition that keeps Chinese file names (RFC 6266), with a plain name for old programs."""
    safe = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", name)
    plain = safe.encode("ascii", "ignore").decode() or "export.xlsx"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe)}"


def safe_text(value: object) -> str:
    """Text a workbook can hold."""
    return _illegal.sub("", str(value))[:MAX_CELL]


def _write(title: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\\/*?:\[\]]", "_", title)[:31])
    sheet.freeze_panes = "A2"
    for position, heading in enumerate(headings, start=1):
        sheet.column_dimensions[get_column_letter(position)].width = max(12, len(str(heading)) * 2 + 4)
    sheet.append([_heading(sheet, heading) for heading in headings])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the answer is sent
    book.save(spool)
    spool.seek(0)
    return spool


def _heading(sheet: Any, heading: object) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, safe_text(heading))
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, value: Any) -> Any:
    """Numbers and days as themselves; everything else as text that no program runs as a formula."""
    if value is None or (isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)):
        return value
    if isinstance(value, datetime):
        return clock.local(value).replace(tzinfo=None)
    if isinstance(value, date):
        return value
    text = safe_text(value.striptags() if isinstance(value, Markup) else value)
    cell = WriteOnlyCell(sheet, text)
    cell.data_type = "s"
    if text.startswith(_formula):
        cell.quotePrefix = True
    return cell


def _chunks(spool: IO[bytes]) -> Iterator[bytes]:
    with spool:
        while chunk := spool.read(CHUNK):
            yield chunk
