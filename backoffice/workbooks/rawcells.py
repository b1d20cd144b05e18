"""A row's cells as they are kept to be judged again, shown in a field, and replaced by what a person types.

Beside the words that were found (`found`) only what they do not say is kept: numbers, dates, formulas, long texts.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from typing import Any

from backoffice.workbooks.cells import CellKind, RawCell, shown

LONGEST_TYPED = 32_767
"""Characters a spreadsheet's cell can hold; a field of ours takes no more."""
LONGEST_IN_FIELD = 500
"""Of a longer text the beginning is offered for editing: no column holds as much."""
_BREAKS = str.maketrans(dict.fromkeys("\t\r\n\x0b\x0c\x85\u2028\u2029", " "))

Kept = list[Any]
"""Kind, value and what a number format shows; a cell as JSON."""


def kept(cell: RawCell) -> Kept:
    """A cell as JSON. A database keeps no NUL and no infinite number: neither is a value that any rule lets through."""
    value = cell.value
    if isinstance(value, str):
        value = value.replace("\0", "\ufffd")
    elif isinstance(value, float) and not math.isfinite(value):
        value = str(value)
    return [cell.kind.value, value, cell.shown]


def restored(stored: Kept, letter: str | None) -> RawCell:
    """The cell `kept()` was made from."""
    kind, value, shown_as = CellKind(stored[0]), stored[1], stored[2]
    return RawCell(float(value) if kind is CellKind.DECIMAL else value, kind, letter, shown_as)


def beside(cells: Mapping[str, RawCell], found: Mapping[str, str]) -> dict[str, Kept] | None:
    """The cells that are something else than the text found in them; None where all are just that."""
    others = {
        code: kept(cell) for code, cell in cells.items() if cell.kind is not CellKind.TEXT or cell.value != found[code]
    }
    return others or None


def cells_of(
    found: Mapping[str, str], raw: Mapping[str, Kept] | None, letters: Mapping[str, str]
) -> dict[str, RawCell]:
    """A row's cells as the reader gave them."""
    kept_cells = raw or {}
    return {
        code: restored(kept_cells[code], letters.get(code))
        if code in kept_cells
        else RawCell(text, CellKind.TEXT, letters.get(code))
        for code, text in found.items()
    }


def typed_cell(text: str, letter: str | None) -> RawCell | None:
    """What was typed, as a cell of text; none where the field was left empty."""
    text = text.strip()[:LONGEST_TYPED]
    return RawCell(text, CellKind.TEXT, letter) if text else None


def editable(cell: RawCell | None) -> str:
    """The content of a cell as a line that can be edited in a field."""
    if cell is None:
        return ""
    if cell.kind is not CellKind.TEXT:
        return shown(cell)
    line = str(cell.value).translate(_BREAKS)
    return "".join(character for character in line if character.isprintable()).strip()[:LONGEST_IN_FIELD]


def fingerprint(text: str) -> str:
    """A few characters by which a text is known again: a form carries them instead of the text a second time."""
    return f"{zlib.crc32(text.strip().encode()):08x}"
