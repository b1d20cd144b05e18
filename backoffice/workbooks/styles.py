"""Looks of the generated workbooks, and the one way a text gets into a cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.utils import get_column_letter

TEXT_FORMAT = "@"
REQUIRED_FORMAT = '@"＊"'
"""Shows a star behind a header whose cell holds the bare words, so that other programs find the column by its name."""

FORMULA_STARTS = ("=", "+", "-", "@")

_LINE = Side(style="thin", color="BFC7D1")
_BORDER = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
RED_FILL = PatternFill(bgColor="F8C9C4")
RED_FONT = Font(color="9C0006")


def add_styles(workbook: Workbook) -> None:
    """Register the named styles. Named ones are shared by cells, which keeps 50,000 rows fast."""
    for style in (
        _style("表头必填", fill="1F4E79", font="FFFFFF", bold=True, number_format=REQUIRED_FORMAT),
        _style("表头选填", fill="5B7083", font="FFFFFF", bold=True),
        _style("表头勿填", fill="B8BEC5", font="333333", bold=True),
        _style("示例行", fill="F0F2F5", font="6B7280", italic=True),
        _style("文本", bordered=False),
    ):
        workbook.add_named_style(style)


def _style(
    name: str,
    *,
    fill: str | None = None,
    font: str = "1B1F24",
    bold: bool = False,
    italic: bool = False,
    number_format: str = TEXT_FORMAT,
    bordered: bool = True,
) -> NamedStyle:
    style = NamedStyle(name=name, number_format=number_format)
    style.font = Font(color=font, bold=bold, italic=italic)
    style.alignment = Alignment(vertical="center", wrap_text=bold)
    if fill:
        style.fill = PatternFill("solid", fgColor=fill)
    if bordered:
        style.border = _BORDER
    return style


def text_cell(sheet: Any, text: str, *, style: str = "文本") -> Cell:
    """A cell that stays text whatever it begins with: =, +, - and @ start no formula, 0101 keeps its zero."""
    cell: Cell = WriteOnlyCell(sheet)
    cell.style = style
    put_text(cell, text)
    return cell


def put_text(cell: Cell, text: str) -> None:
    """Put a text into a cell as text; characters no workbook can hold are left out."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.data_type = "s"
    cell.quotePrefix = text[:1] in FORMULA_STARTS


def append_texts(sheet: Any, rows: Iterable[Sequence[str]]) -> None:
    """Append rows of texts; an empty text leaves its cell out.

    The cells are used again for each row: making 900,000 of them takes longer than writing them.
    """
    cells: list[Cell] = []
    for row in rows:
        while len(cells) < len(row):
            cells.append(text_cell(sheet, " "))
        sheet.append([filled(sheet, cell, text) for cell, text in zip(cells, row, strict=False)])


def filled(sheet: Any, cell: Cell, text: str) -> Cell | None:
    """A text cell used again with another text; a new one where the text needs more care."""
    if not text:
        return None
    if text[0] in FORMULA_STARTS or not text.isprintable():
        return text_cell(sheet, text)
    cell._value = text  # A text cell already; the setter would look at its type again.
    return cell


def set_widths(sheet: Any, widths: Iterable[float], *, number_format: str = TEXT_FORMAT) -> None:
    """Column widths, in characters, and the format of whole columns. Before the first row: rows are streamed."""
    for index, width in enumerate(widths, start=1):
        dimension = sheet.column_dimensions[get_column_letter(index)]
        dimension.width = width
        dimension.number_format = number_format
