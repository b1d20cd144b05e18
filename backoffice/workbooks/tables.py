"""Finding the table in a file: the sheet, the header row, and which column is which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from openpyxl.utils import get_column_letter

from backoffice.workbooks.column_sets import LEDGER, ColumnSet
from backoffice.workbooks.columns import column_of_header
from backoffice.workbooks.marks import RESULT_HEADER
from backoffice.workbooks.problems import FileProblemCode, FileProblemError
from backoffice.workbooks.sheet_cells import Cell
from backoffice.workbooks.sheets import Row, Sheet

HEADER_WITHIN_ROWS = 10
FEWEST_NAMES = 2
"""A row with at least so many known column names is a header; one name may stand anywhere."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header row of a sheet: its number, and per column code the position (from 0) and the words found."""

    row: int
    positions: dict[str, int]
    words: dict[str, str]
    twice: list[str]
    unknown: list[str]
    wanted: ColumnSet = LEDGER

    @property
    def missing(self) -> list[str]:
        return [column.header for column in self.wanted.required if column.code not in self.positions]

    def letters(self) -> dict[str, str]:
        return {code: get_column_letter(position + 1) for code, position in self.positions.items()}


@dataclass(frozen=True, slots=True)
class Table:
    """The sheet that will be read, its header, and the titles of sheets with such a header that will not."""

    sheet: Sheet
    header: Header
    unread_sheets: list[str]


@dataclass(frozen=True, slots=True)
class _Candidate:
    sheet: Sheet
    header: Header
    has_rows: bool

    @property
    def rank(self) -> tuple[bool, bool, int]:
        return not self.header.missing, self.has_rows, len(self.header.positions)


def find_table(sheets: Sequence[Sheet], columns: ColumnSet = LEDGER) -> Table:
    """The best table of these columns in the file. Raises `FileProblemError` if there is none that can be read."""
    starts = [(sheet, list(islice(sheet.rows(), HEADER_WITHIN_ROWS + 1))) for sheet in sheets]
    if not any(_has_words(row) for _sheet, rows in starts for row in rows):
        raise FileProblemError(FileProblemCode.NO_ROWS)
    candidates = [found for sheet, rows in starts if (found := _candidate(sheet, rows, columns))]
    if not candidates:
        raise FileProblemError(FileProblemCode.HEADER_NOT_FOUND)
    best = max(candidates, key=lambda candidate: candidate.rank)
    if best.header.twice:
        raise FileProblemError(FileProblemCode.COLUMN_TWICE, headers=best.header.twice)
    if best.header.missing:
        raise FileProblemError(FileProblemCode.COLUMN_MISSING, headers=best.header.missing)
    unread = [c.sheet.title for c in candidates if c is not best and c.has_rows and not c.header.missing]
    return Table(best.sheet, best.header, unread)


def _has_words(row: Row) -> bool:
    return any(cell is not None for cell in row[1])


def _candidate(sheet: Sheet, rows: Sequence[Row], columns: ColumnSet) -> _Candidate | None:
    headers = [read_header(number, cells, columns) for number, cells in rows[:HEADER_WITHIN_ROWS]]
    best = max(headers, key=lambda header: len(header.positions), default=None)
    if best is None or len(best.positions) < FEWEST_NAMES:
        return None
    return _Candidate(sheet, best, any(number > best.row and _has_words((number, cells)) for number, cells in rows))


def read_header(number: int, cells: Sequence[Cell | None], columns: ColumnSet = LEDGER) -> Header:
    """Which columns a row names. Of two spellings of one column the exact one counts, the other is unknown."""
    texts = [(position, str(cell[1]).strip()) for position, cell in enumerate(cells) if cell is not None]
    texts = [(position, text) for position, text in texts if text != RESULT_HEADER]  # Ours, of an earlier check.
    named = [(position, text, column_of_header(text, columns.columns)) for position, text in texts]
    exact = {column.code for _position, text, column in named if column and text == column.header}
    header = Header(number, {}, {}, [], [], columns)
    seen: Counter[str] = Counter()
    for position, text, column in named:
        if column is None or (column.code in exact and text != column.header):
            header.unknown.append(text[:40])
            continue
        seen[column.code] += 1
        header.positions.setdefault(column.code, position)
        header.words.setdefault(column.code, text)
    header.twice.extend(columns.by_code[code].header for code, count in seen.items() if count > 1)
    return header
