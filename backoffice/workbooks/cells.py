"""Reading one cell kindly, and changing nothing silently.

Trimmed, full-width digits and letters folded where a column holds codes; what a spreadsheet program has damaged (a lost
leading zero, 1.2E+17, a part number turned into a date) is refused, never guessed at.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from enum import Enum
from typing import Any, NamedTuple, cast

from backoffice.workbooks.columns import Column, Content
from backoffice.workbooks.problems import ProblemCode


class CellKind(Enum):
    """What the file says a cell is."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    BOOLEAN = "boolean"
    ERROR = "error"
    FORMULA = "formula"


class RawCell(NamedTuple):
    """A cell as it stands in the file.

    `value` is text, int, float or bool; a date is its ISO text, a formula its own text (never its result). `letter` is
    its column in the sheet (None on a form). `shown` is what a number format displays where that is not the number
    itself, as 0012 for 12.
    """

    value: str | int | float | bool
    kind: CellKind
    letter: str | None = None
    shown: str | None = None


class Unreadable(Exception):
    """A cell cannot be taken as it stands; `code` and `facts` say why."""

    def __init__(self, code: ProblemCode, *, suggestion: str | None = None, **facts: Any) -> None:
        super().__init__(code.value)
        self.code = code
        self.suggestion = suggestion
        self.facts = facts


EXACT_DIGITS = 10**15
"""A spreadsheet number keeps 15 digits; from here on the last ones may be wrong."""

MAX_SHOWN = 80
"""Characters of a cell repeated in a message."""

_DROPPED = dict.fromkeys(map(ord, "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_BREAKS = re.compile(r"[ \u00a0]*[\t\r\n\x0b\x0c\x85\u2028\u2029]+[ \u00a0]*")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[eE]\+?\d{2,3}")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Cn"})
_PICTURES = range(0x1F000, 0x1FB00)
"""Emoji and other small pictures: on no name plate, and no font of the slip draws them."""
_NO_LETTERS = re.compile("[\U0001f000-\U0001faff\ufffd]")
_DATE_TEXT = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?|(\d{4})(\d{2})(\d{2})")


def cleaned(text: str) -> str:
    """Text without blanks at its ends and without zero-width marks; a line break becomes one space.

    Raises `Unreadable` for control and direction characters, which make a text look like another one, and for emoji.
    """
    if text.isprintable() and not _NO_LETTERS.search(text):  # Nothing below has anything to do with such a text.
        return text.strip()
    text = _BREAKS.sub(" ", text.translate(_DROPPED)).strip()
    if any(_is_refused(character) for character in text):
        raise Unreadable(ProblemCode.ILLEGAL_CHARACTER)
    return text


def _is_refused(character: str) -> bool:
    if ord(character) in _PICTURES or character == "\ufffd":
        return True
    return unicodedata.category(character) in _REFUSED_CATEGORIES


def folded(text: str) -> str:
    """Full-width digits, letters and marks as half-width ones; nothing else (NFKC would turn ℃ and m³ into others)."""
    return text if text.isascii() else text.translate(_FULL_WIDTH)


def shown_number(value: int | float) -> str:
    """A number as a spreadsheet shows it: 1.2E+17 rather than eighteen digits."""
    if abs(value) >= EXACT_DIGITS:
        return f"{value:.6g}".upper()
    return str(value) if isinstance(value, int) else f"{value:.15g}"


def shown(cell: RawCell | None) -> str:
    """What a person would recognise as the content of the cell, shortened for a message."""
    if cell is None:
        return ""
    visible = cell.value
    if isinstance(visible, bool):
        return str(visible).upper()
    if isinstance(visible, (int, float)):
        return cell.shown or shown_number(visible)
    if not visible.isprintable():
        visible = "".join(character if character.isprintable() else " " for character in visible)
    visible = visible.strip()
    return visible if len(visible) <= MAX_SHOWN else visible[:MAX_SHOWN] + "…"


def easily_read(raw: str, column: Column) -> str | None:
    """A text nothing has to be done to, which then is its value and what is shown of it; None for any other.

    Four of five cells nobody has met before are such texts; the rules below would come to the same.
    """
    is_plain = raw.isprintable() and raw[:1] not in _BLANK_OR_NONE and raw[-1] != " " and not _NO_LETTERS.search(raw)
    if not is_plain or len(raw) > column.max_length or len(raw) > MAX_SHOWN:
        return None
    if column.content is Content.FREE_TEXT:
        return raw
    is_code = column.content is Content.CODE_TEXT and raw.isascii() and not _SCIENTIFIC.fullmatch(raw)
    return raw if is_code else None


_BLANK_OR_NONE = ("", " ")


def is_blank(cell: RawCell | None) -> bool:
    if cell is None or not isinstance(cell.value, str):
        return cell is None
    text = cell.value if cell.value.isprintable() else cell.value.translate(_DROPPED)
    return not text.strip()


def text_of(cell: RawCell | None, column: Column) -> str:
    """The text of a cell for this column; "" for an empty one. Raises `Unreadable`."""
    if cell is None:
        return ""
    if cell.kind is CellKind.TEXT:
        return _text_of_text(str(cell.value), column)
    if cell.kind in _REFUSED_KINDS:
        raise Unreadable(_REFUSED_KINDS[cell.kind])
    return _text_of_number(cell, column)


_REFUSED_KINDS = {
    CellKind.DATE: ProblemCode.DATE_CELL,
    CellKind.BOOLEAN: ProblemCode.BOOLEAN_CELL,
    CellKind.ERROR: ProblemCode.ERROR_CELL,
    CellKind.FORMULA: ProblemCode.FORMULA_CELL,
}


def _text_of_text(raw: str, column: Column) -> str:
    text = cleaned(raw)
    if column.content is not Content.FREE_TEXT:
        text = folded(text).strip()
        if _SCIENTIFIC.fullmatch(text):
            raise Unreadable(ProblemCode.PRECISION_LOST)
    if len(text) > column.max_length:
        raise Unreadable(ProblemCode.TOO_LONG, length=len(text), max=column.max_length)
    return text


def _text_of_number(cell: RawCell, column: Column) -> str:
    number = cast(float, cell.value)
    if abs(number) >= EXACT_DIGITS:
        raise Unreadable(ProblemCode.PRECISION_LOST)
    if column.content is Content.CODE_TEXT:
        if cell.shown:
            raise Unreadable(ProblemCode.LEADING_ZERO_LOST, suggestion=cell.shown)
        if isinstance(number, float):
            raise Unreadable(ProblemCode.DECIMAL_IN_NUMBER)
    return shown_number(number)


def date_of(cell: RawCell | None) -> dt.date | None:
    """The day in a date cell, or in a text such as 2026-11-23, 2026/11/23, 2026.11.23, 2026年11月23日, 20261123.

    None for an empty cell. Raises `Unreadable` for anything else: a bare number is not a day.
    """
    if cell is None or is_blank(cell):
        return None
    if cell.kind not in (CellKind.DATE, CellKind.TEXT):
        raise Unreadable(_REFUSED_KINDS.get(cell.kind, ProblemCode.DATE_UNREADABLE))
    text = str(cell.value)[:10] if cell.kind is CellKind.DATE else folded(cleaned(str(cell.value)))
    found = _DATE_TEXT.fullmatch(text.replace(" ", ""))
    if found is None:
        raise Unreadable(ProblemCode.DATE_UNREADABLE)
    try:
        return dt.date(*(int(part) for part in found.groups() if part is not None))
    except ValueError:
        raise Unreadable(ProblemCode.DATE_UNREADABLE) from None
