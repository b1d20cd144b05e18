"""The beginning of a sheet in plain words: what people are shown when a file names its columns in words of its own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from openpyxl.utils import get_column_letter

from backoffice.workbooks.marks import RESULT_HEADER
from backoffice.workbooks.sheet_cells import Cell
from backoffice.workbooks.sheets import Row, Sheet
from backoffice.workbooks.tables import HEADER_WITHIN_ROWS, read_header

LOOKED_AT = 300
"""Rows of a sheet in which examples are looked for."""
MOST_SAMPLES = 8
"""Different values kept of a column from below the first rows."""
LONGEST = 40
FEWEST_WORDS = 3
MOST_NOT_WORDS = 0.4
"""Which part of a header's cells may be numbers and dates; of a row of instruments it is more."""
LONGEST_HEADER = 30
_COUNTING = re.compile(r"[\d\s.,:：/／\-—~～+%年月日号]*")


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first rows of a sheet by number, each cell by its letter; `below` has values from further down."""

    sheet: str
    rows: Mapping[int, Mapping[str, str]]
    below: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def words(self, row: int) -> dict[str, str]:
        """What a row says as a header, by letter; without the column of an earlier check, which is ours."""
        return {letter: text for letter, text in self.rows.get(row, {}).items() if text != RESULT_HEADER}

    def samples(self, row: int, letter: str) -> list[str]:
        """Different values of a column below this header row, in their order."""
        first = (cells[letter] for number, cells in self.rows.items() if number > row and letter in cells)
        return list(dict.fromkeys([*first, *self.below.get(letter, ())]))

    def letters(self, row: int) -> list[str]:
        """The columns of the table below this header row, from left to right: those with a header or with values."""
        ours = {letter for letter, text in self.rows.get(row, {}).items() if text == RESULT_HEADER}
        found = {letter for number, cells in self.rows.items() if number >= row for letter in cells} | set(self.below)
        return sorted(found - ours, key=lambda letter: (len(letter), letter))

    def header_rows(self) -> list[int]:
        """The rows that look like a header: several different words, and content below them."""
        return [number for number in self.rows if self._is_header(number)]

    def _is_header(self, row: int) -> bool:
        texts = list(self.words(row).values())
        words = {text for text in texts if _is_word(text)}
        if len(words) < FEWEST_WORDS or len(texts) - len(words) > MOST_NOT_WORDS * len(texts):
            return False
        return sum(bool(self.samples(row, letter)) for letter in self.words(row)) >= FEWEST_WORDS

    def stored(self) -> dict[str, Any]:
        """Plain values for a JSON column, with the rows in order."""
        return {
            "sheet": self.sheet,
            "rows": [[number, dict(c)] for number, c in self.rows.items()],
            "below": self.below,
        }

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> Beginning:
        """The beginning `stored()` was made from."""
        return cls(stored["sheet"], dict(stored["rows"]), stored["below"])


def _is_word(text: str) -> bool:
    return len(text) <= LONGEST_HEADER and not _COUNTING.fullmatch(unicodedata.normalize("NFKC", text))


def beginning_of(sheets: Sequence[Sheet]) -> Beginning | None:
    """The beginning of the sheet most like a table of instruments; `None` if no sheet has anything like a header."""
    found = [beginning for sheet in sheets if (beginning := read_beginning(sheet)).header_rows()]
    return max(found, key=_likeness, default=None)


def _likeness(beginning: Beginning) -> tuple[int, int]:
    """The most columns known by name in a row, then the most words."""
    headers = [beginning.words(row) for row in beginning.header_rows()]
    known = [len(read_header(0, [("text", text, None) for text in words.values()]).positions) for words in headers]
    return max(known), max(map(len, headers))


def read_beginning(sheet: Sheet) -> Beginning:
    """The first rows of a sheet and some values of each column from the rows below them."""
    rows: dict[int, dict[str, str]] = {}
    below: dict[str, dict[str, None]] = {}
    for number, cells in islice(sheet.rows(), LOOKED_AT):
        texts = _texts((number, cells))
        if number <= HEADER_WITHIN_ROWS:
            rows.update({number: texts} if texts else {})
            continue
        for letter, text in texts.items():
            values = below.setdefault(letter, {})
            if len(values) < MOST_SAMPLES:
                values[text] = None
    return Beginning(sheet.title, rows, {letter: list(values) for letter, values in below.items()})


def _texts(row: Row) -> dict[str, str]:
    return {
        get_column_letter(position): text
        for position, cell in enumerate(row[1], start=1)
        if cell is not None and (text := _text(cell))
    }


def _text(cell: Cell) -> str:
    _kind, value, shown = cell
    return " ".join((shown or str(value)).split())[:LONGEST]
