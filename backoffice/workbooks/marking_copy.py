"""Marking a copy of the table, row by row: for delimited text, and for workbooks too large to be held whole.

Values, number formats and column widths of the table come along; other sheets and looks do not, and the copy says so.
Runs in the marking process only.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import column_index_from_string, get_column_letter

from backoffice.workbooks.cells import CellKind
from backoffice.workbooks.intake import FileKind
from backoffice.workbooks.marking import ERROR_WIDTHS, FILLS, RESULT_WIDTH, comment_of, error_line, link_to, stamp
from backoffice.workbooks.marks import (
    COPIED_NOTE,
    ERROR_HEADERS,
    ERROR_SHEET,
    RESULT_HEADER,
    RowMarks,
    SheetMarks,
    read_rows,
    read_sheet,
)
from backoffice.workbooks.sheet_cells import Cell
from backoffice.workbooks.sheets import OpenedFile, Sheet, open_text, open_workbook
from backoffice.workbooks.styles import TEXT_FORMAT, add_styles, filled, set_widths, text_cell

SHEET_OF_TEXT = "台账"
MOST_COMMENTS = 10_000
"""Comments are held in memory until the end; from here on a cell is only coloured, its words stand in the list."""


def mark_copy(source: Path, kind: FileKind, marks: Path, target: Path) -> None:
    """Write a marked copy of the table alone. Raises whatever a strange file makes the library raise."""
    about = read_sheet(marks)
    opened = open_workbook(source) if kind is FileKind.WORKBOOK else open_text(source)
    sheet = _sheet_of(opened, about)
    title = sheet.title or SHEET_OF_TEXT
    workbook = Workbook(write_only=True)
    add_styles(workbook)
    column = _result_column(sheet, about.header_row)
    _Copy(workbook.create_sheet(title), column, about, may_calculate=kind is FileKind.WORKBOOK).write(
        sheet, read_rows(marks), sheet.widths()
    )
    _write_error_sheet(workbook, SheetMarks(title, about.header_row, about.stamp), marks, kind)
    stamp(workbook, about)
    workbook.save(target)


def _sheet_of(opened: OpenedFile, about: SheetMarks) -> Sheet:
    return next((sheet for sheet in opened.sheets if sheet.title == about.sheet), opened.sheets[0])


def _result_column(sheet: Sheet, header_row: int) -> int:
    """The column results had before, else the first behind everything written on the sheet."""
    widest = 0
    for number, cells in sheet.rows():
        if number == header_row:
            for position, cell in enumerate(cells, start=1):
                if cell is not None and cell[1] == RESULT_HEADER:
                    return position
        while len(cells) > widest and any(cell is not None for cell in cells[widest:]):
            widest += 1
    return widest + 1


class _Copy:
    """One sheet being copied; rows are streamed, so widths come first."""

    def __init__(self, sheet: Any, column: int, about: SheetMarks, *, may_calculate: bool) -> None:
        self._sheet, self._column, self._about, self._may_calculate = sheet, column, about, may_calculate
        self._comments = 0
        self._cells: list[Any] = []

    def write(self, source: Sheet, marks: Iterator[RowMarks], widths: dict[int, float]) -> None:
        wanted = [widths.get(at, 14.0) for at in range(1, self._column)]
        set_widths(self._sheet, [*wanted, RESULT_WIDTH])
        self._sheet.freeze_panes = f"A{self._about.header_row + 1}"
        mark = next(marks, None)
        for number, cells in source.rows():
            is_marked = mark is not None and mark.row == number
            if is_marked and mark is not None and mark.mended:
                cells = _with_mended(cells, mark)
            self._sheet.append(self._row(number, cells, mark if is_marked else None))
            if is_marked:
                mark = next(marks, None)

    def _row(self, number: int, cells: Sequence[Cell | None], mark: RowMarks | None) -> list[Any]:
        row: list[Any] = [
            None if cell is None else self._cell(at, cell) for at, cell in enumerate(cells[: self._column - 1])
        ]
        if number != self._about.header_row and mark is None:
            return row
        row += [None] * (self._column - len(row))
        if mark is None:
            row[-1] = text_cell(self._sheet, RESULT_HEADER)
            return row
        for letter, tone, words in mark.cells:
            self._mark(row, cells, column_index_from_string(letter) - 1, tone, words)
        if mark.tone:
            row[-1] = text_cell(self._sheet, mark.result)
            row[-1].fill = FILLS[mark.tone]
        else:
            row[-1] = self._text(self._column - 1, mark.result)
        return row

    def _mark(self, row: list[Any], cells: Sequence[Cell | None], position: int, tone: str, words: str) -> None:
        """Put a cell of its own into the place: the ones used again must not be coloured."""
        if position >= self._column - 1:
            return
        found = cells[position] if position < len(cells) else None
        marked = row[position]
        if marked is None or (position < len(self._cells) and marked is self._cells[position]):
            marked = row[position] = text_cell(self._sheet, str(found[1]) if found else "")
        marked.fill = FILLS[tone]
        if self._comments < MOST_COMMENTS:
            self._comments += 1
            marked.comment = comment_of(words)

    def _is_text(self, cell: Cell) -> bool:
        is_formula = cell[0] == CellKind.FORMULA.value
        return cell[0] == CellKind.TEXT.value or (is_formula and not self._may_calculate)

    def _text(self, position: int, text: str) -> Any:
        """A text in a cell that is used again for each row; making 900,000 of them takes longer than writing them."""
        while len(self._cells) <= position:
            self._cells.append(text_cell(self._sheet, " "))
        return filled(self._sheet, self._cells[position], text)

    def _cell(self, position: int, cell: Cell) -> Any:
        kind, value, shown = cell
        if self._is_text(cell):
            return self._text(position, str(value))
        copied = WriteOnlyCell(self._sheet)
        if kind == CellKind.DATE.value:
            copied.value = _day(str(value))
            copied.number_format = "yyyy-mm-dd" if isinstance(copied.value, dt.date) else TEXT_FORMAT
            return copied
        copied.value = f"={str(value).removeprefix('=')}" if kind == CellKind.FORMULA.value else value
        if shown:
            copied.number_format = "0" * len(shown)
        return copied


def _with_mended(cells: Sequence[Cell | None], mark: RowMarks) -> list[Cell | None]:
    """The row with what was put right in the browser in its cells."""
    row = list(cells)
    for letter, text in mark.mended:
        position = column_index_from_string(letter) - 1
        row += [None] * (position + 1 - len(row))
        row[position] = (CellKind.TEXT.value, text, None) if text else None
    return row


def _day(text: str) -> dt.date | str:
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return text


def _write_error_sheet(workbook: Workbook, about: SheetMarks, marks: Path, kind: FileKind) -> None:
    sheet: Any = workbook.create_sheet(ERROR_SHEET)
    for at, width in enumerate(ERROR_WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.freeze_panes = "A2"
    headers = [text_cell(sheet, header, style="表头选填") for header in ERROR_HEADERS]
    note = [text_cell(sheet, COPIED_NOTE)] if kind is FileKind.WORKBOOK else []
    sheet.append([*headers, *note])
    number = 1
    for row in read_rows(marks):
        for listed in row.listed:
            number += 1
            line = (str(row.row), *listed)
            cells = [text_cell(sheet, text) if text else None for text in error_line(line)]
            for at, cell in enumerate(cells[:2]):
                if cell is not None:  # The cell gets its place only when it is written, the link must know it before.
                    cell._hyperlink = link_to(about.sheet, line, f"{get_column_letter(at + 1)}{number}")
            sheet.append(cells)
