"""Marking a workbook in place: every sheet, width and format stays; cells are coloured and commented, results added.

Runs in the marking process only, and only for files small enough to stand in its memory; `marking_copy` does the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink

from backoffice.workbooks.marks import (
    COLOURS,
    DIVIDER,
    ERROR_HEADERS,
    ERROR_SHEET,
    RESULT_HEADER,
    RUN_PROPERTY,
    Listed,
    RowMarks,
    SheetMarks,
    read_rows,
    read_sheet,
)
from backoffice.workbooks.sheets import refuse_document_types
from backoffice.workbooks.styles import put_text

FILLS = {tone: PatternFill("solid", fgColor=colour) for tone, colour in COLOURS.items()}
RESULT_WIDTH = 60
ERROR_WIDTHS = (8, 10, 18, 30, 60, 50, 30)
LAST_COLUMN = 16_384
AUTHOR = "强检通"


def mark_workbook(source: Path, marks: Path, target: Path) -> None:
    """Write the marked workbook. Raises whatever a strange file makes the library raise."""
    refuse_document_types(source)
    workbook = load_workbook(source, keep_links=False)
    about = read_sheet(marks)
    sheet = workbook[about.sheet]
    _remove_earlier_marks(workbook, sheet)
    column = _result_column(sheet, about.header_row)
    listed = [line for row in read_rows(marks) for line in _mark_row(sheet, row, column)]
    _write_error_sheet(workbook, about, listed)
    stamp(workbook, about)
    workbook.save(target)


def stamp(workbook: Workbook, about: SheetMarks) -> None:
    """Say in the document's properties which run the file belongs to."""
    if RUN_PROPERTY in workbook.custom_doc_props.names:
        del workbook.custom_doc_props[RUN_PROPERTY]
    workbook.custom_doc_props.append(StringProperty(name=RUN_PROPERTY, value=about.stamp))


def _remove_earlier_marks(workbook: Workbook, sheet: Any) -> None:
    """A file that was marked before loses those marks: what has been put right must not stay red."""
    if RUN_PROPERTY not in workbook.custom_doc_props.names:
        return
    ours = set(COLOURS.values())
    for cell in list(sheet._cells.values()):
        if cell.has_style and cell.fill.fill_type == "solid" and cell.fill.fgColor.rgb in ours:
            cell.fill = PatternFill()
        if cell.comment is not None and DIVIDER in cell.comment.text:
            own_words = cell.comment.text.split(DIVIDER)[0].strip()
            cell.comment = Comment(own_words, cell.comment.author) if own_words else None
    for other in list(workbook.worksheets):
        if other is not sheet and is_error_sheet(other.title, [cell.value for cell in other[1]]):
            workbook.remove(other)


def is_error_sheet(title: str, first_row: Sequence[Any]) -> bool:
    """Whether a sheet is a list of errors that stood in a file marked before."""
    return title.startswith(ERROR_SHEET) and tuple(first_row[: len(ERROR_HEADERS)]) == ERROR_HEADERS


def _result_column(sheet: Any, header_row: int) -> int | None:
    """Where results go: the column they had before, else the first behind everything written on the sheet."""
    filled = [cell for cell in sheet._cells.values() if cell.value is not None]
    before = (cell.column for cell in filled if cell.row == header_row and cell.value == RESULT_HEADER)
    column: int = next(before, 0) or max((cell.column for cell in filled), default=0) + 1
    if column > LAST_COLUMN:
        return None
    for cell in filled:
        if cell.column == column and not isinstance(cell, MergedCell):
            cell.value = None
    header = sheet.cell(header_row, column)
    if isinstance(header, MergedCell):
        return None
    if not header.has_style and column > 1:
        header._style = copy(sheet.cell(header_row, column - 1)._style)
    put_text(header, RESULT_HEADER)
    sheet.column_dimensions[get_column_letter(column)].width = RESULT_WIDTH
    return column


def _mark_row(sheet: Any, row: RowMarks, column: int | None) -> Sequence[Listed]:
    """Colour and comment the row's cells; returns its lines of the error sheet."""
    for letter, text in row.mended:
        _put_mended(sheet, sheet.cell(row.row, column_index_from_string(letter)), text)
    for letter, tone, words in row.cells:
        _mark_cell(sheet, row.row, column_index_from_string(letter), tone, words)
    result = sheet.cell(row.row, column) if column else None
    if result is not None and not isinstance(result, MergedCell):
        put_text(result, row.result)
        if row.tone:
            result.fill = FILLS[row.tone]
    return [(str(row.row), *line) for line in row.listed]


def _mark_cell(sheet: Any, row: int, column: int, tone: str, words: str) -> None:
    cell = sheet.cell(row, column)
    cell.fill = FILLS[tone]
    if isinstance(cell, MergedCell):  # Only the first cell of merged ones can hold a comment.
        cell = _first_of_merged(sheet, cell)
    own_words = cell.comment.text.split(DIVIDER)[0].strip() if cell.comment else ""
    cell.comment = comment_of(words, own_words)


def _put_mended(sheet: Any, cell: Any, text: str) -> None:
    """The text a cell was given in the browser; of merged cells the first has it for all."""
    cell = _first_of_merged(sheet, cell) if isinstance(cell, MergedCell) else cell
    if text:
        put_text(cell, text)
    else:
        cell.value = None


def _first_of_merged(sheet: Any, cell: Any) -> Any:
    merged = next(found for found in sheet.merged_cells.ranges if cell.coordinate in found)
    return sheet.cell(merged.min_row, merged.min_col)


def comment_of(words: str, own_words: str = "") -> Comment:
    """Our words below the divider; the clerk's own words, if any, stay above it."""
    text = f"{own_words}\n{DIVIDER}\n{words}".lstrip()
    return Comment(text, AUTHOR, height=60 + 18 * (1 + len(text) // 16), width=300)


def _write_error_sheet(workbook: Workbook, about: SheetMarks, listed: Sequence[Listed]) -> None:
    sheet: Any = workbook.create_sheet(ERROR_SHEET)
    for column, (header, width) in enumerate(zip(ERROR_HEADERS, ERROR_WIDTHS, strict=True), start=1):
        cell = sheet.cell(1, column)
        put_text(cell, header)
        cell.font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = "A2"
    for number, line in enumerate(listed, start=2):
        for column, text in enumerate(error_line(line), start=1):
            cell = sheet.cell(number, column)
            put_text(cell, text)
            cell.alignment = Alignment(vertical="top", wrap_text=column > 3)
        for column in (1, 2):
            cell = sheet.cell(number, column)
            cell.hyperlink = link_to(about.sheet, line, cell.coordinate)
            cell.font = Font(color="0563C1", underline="single")


def error_line(line: Listed) -> list[str]:
    """The texts of a line: row, cell, then the rest."""
    row, letter, *rest = line
    return [row, f"{letter}{row}" if letter else "", *rest]


def link_to(sheet: str, line: Listed, place: str) -> Hyperlink:
    """A link from a cell of the error sheet to the cell its line is about."""
    title = sheet.replace("'", "''")
    return Hyperlink(ref=place, location=f"'{title}'!{line[1] or 'A'}{line[0]}")
