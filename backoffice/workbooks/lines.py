"""What the reading process and its reader say to each other: JSON lines, and how a cell stands in them.

A text, which is most cells, is a JSON string; any other cell is its kind, its value and what is shown. A number JSON
does not carry from one to the other unaltered is told in characters.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, cast

import orjson

from backoffice.workbooks.cells import CellKind, RawCell
from backoffice.workbooks.sheet_cells import TEXT, Cell

_MOST_OF_A_COLUMN = 1_000
_LONGEST_KEPT = 100
_LARGEST = 2**63 - 1
_KINDS = {kind.value: kind for kind in CellKind}
_NUMBERS = {CellKind.INTEGER: int, CellKind.DECIMAL: float}


def line_of(message: object) -> bytes:
    """A message as a line. A character that UTF-8 does not know becomes a question mark."""
    try:
        return orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        return json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def message_of(line: bytes) -> dict[str, Any]:
    """The message of a line; raises `ValueError` for what is none."""
    return cast(dict[str, Any], orjson.loads(line))


def row_told(number: int, cells: Mapping[str, Cell]) -> bytes:
    """A row as it stands in a line: its number, and its cells by column code."""
    row = {code: cell[1] if cell[0] == TEXT else _told(cell) for code, cell in cells.items()}
    return line_of((number, row))[:-1]


def line_of_rows(rows: Iterable[bytes]) -> bytes:
    """A line of rows that were told."""
    return b'{"rows":[' + b",".join(rows) + b"]}\n"


def _told(cell: Cell) -> Cell:
    kind, value, shown = cell
    if isinstance(value, float) and not math.isfinite(value):
        return kind, repr(value), shown
    if isinstance(value, int) and not -_LARGEST <= value <= _LARGEST:
        return kind, str(value), shown
    return cell


class ToldCells(dict[str, RawCell]):
    """The cells of a column of texts, by their text: most columns repeat a few hundred in thousands of rows."""

    def __init__(self, letter: str) -> None:
        super().__init__()
        self._letter = letter

    def __missing__(self, text: str) -> RawCell:
        cell = RawCell(text, CellKind.TEXT, self._letter)
        if len(text) <= _LONGEST_KEPT:
            if len(self) >= _MOST_OF_A_COLUMN:
                self.clear()
            self[text] = cell
        return cell

    def other(self, cell: Cell) -> RawCell:
        """A cell that is no text."""
        kind, value, shown = _KINDS[cell[0]], cell[1], cell[2]
        if isinstance(value, str) and kind in _NUMBERS:
            value = _NUMBERS[kind](value)
        return RawCell(value, kind, self._letter, shown)
