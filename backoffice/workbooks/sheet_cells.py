"""What a cell of a sheet holds, as plain values, made of openpyxl's cells and of a workbook's texts.

Runs in the reading process only.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from backoffice.workbooks.cells import CellKind

MOST_COLUMNS = 100
"""Columns read of a sheet. The ledger has 18; a row of 16,384 cells would cost a thousand times as much."""
MOST_CHARACTERS = 32_767
"""What a spreadsheet cell can hold."""
TEXT = CellKind.TEXT.value

Cell = tuple[str, str | int | float | bool, str | None]
"""Kind (a `CellKind` value), value, and what a number format shows instead of the number."""


def cell_of(cell: Any) -> Cell | None:
    """A cell that openpyxl has read; None for an empty one."""
    value = cell.value
    if value is None:
        return None
    data_type = cell.data_type
    if data_type == "s":
        return text_cell(value)
    if data_type == "f":
        return CellKind.FORMULA.value, str(getattr(value, "text", value))[:MOST_CHARACTERS], None
    if data_type == "e":
        return CellKind.ERROR.value, str(value)[:MOST_CHARACTERS], None
    if isinstance(value, bool):
        return CellKind.BOOLEAN.value, value, None
    if isinstance(value, (int, float)):
        return _number(value, cell.number_format)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return CellKind.DATE.value, value.date().isoformat(), None
    if isinstance(value, (dt.date, dt.time)):
        return CellKind.DATE.value, value.isoformat(), None
    if isinstance(value, dt.timedelta):
        return CellKind.DATE.value, str(value), None
    return text_cell(str(value))


# A character that XML cannot hold is written by its number, a carriage return as _x000D_.
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NO_CHARACTER = "\ufffd"


def text_cell(value: str) -> Cell | None:
    """A cell of text; None for one in which nothing is to be seen."""
    text = readable(value)
    return (TEXT, text, None) if text else None


def readable(value: str) -> str:
    """A text as it is read, "" where it is blank."""
    text = _ESCAPED.sub(_unescaped, value) if "_x" in value else value
    text = text.replace("\0", _NO_CHARACTER)  # The database cannot hold it; the check refuses its stand-in.
    return text[:MOST_CHARACTERS] if text.strip() else ""


def _unescaped(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    if character in "\t\n\r":
        return " "
    return _NO_CHARACTER if 0xD800 <= ord(character) <= 0xDFFF else character


def _number(value: int | float, number_format: str) -> Cell:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, int):
        digits = str(value)
        is_padded = number_format.strip("0") == "" and len(number_format) > len(digits)
        return CellKind.INTEGER.value, value, digits.zfill(len(number_format)) if is_padded else None
    return CellKind.DECIMAL.value, value, None
