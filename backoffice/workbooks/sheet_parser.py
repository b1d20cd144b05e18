"""openpyxl's parser of a sheet, spared the rows whose cells all have one of the forms nearly every cell has.

What a cell of those forms holds is told by openpyxl too, once for each different one; only the texts of the workbook's
table of texts, which are most of all cells, are taken from the table directly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import IO, Any
from xml.etree.ElementTree import ParseError, fromstring

from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from backoffice.workbooks.sheet_cells import MOST_COLUMNS, TEXT, Cell, cell_of, readable
from backoffice.workbooks.sheet_rows import Event, PlainRow, SheetSource

_POSITIONS = {get_column_letter(number): number - 1 for number in range(1, MOST_COLUMNS + 1)}
_STYLE = ' s="[0-9]{1,9}"'
_PLAIN_CELL = re.compile(
    r'<c r="([A-Z]{1,3})[1-9][0-9]{0,9}"'
    rf'(?:(?:{_STYLE} t="s"| t="s"(?:{_STYLE})?)><v>([0-9]{{1,9}})</v></c>'
    rf"|(?:{_STYLE})?/>"
    r"|([^<>]*>(?:<f>[^<>]*</f>)?(?:<v>[^<>]*</v>|<is><t[^<>]*>[^<>]*</t></is>)?</c>))"
)
"""Letters, then the number of a text in the table, or all that follows the place; neither for an empty cell."""
_GROUPS = _PLAIN_CELL.groups + 1
_BLANKS = " \t\r\n"
_MOST_KNOWN = 20_000
_LONGEST_KNOWN = 200


def events_of(source: Any) -> Iterator[Event]:
    """What openpyxl asks for a document's elements, in the place of its `iterparse`."""
    return source.events() if isinstance(source, SheetSource) else iterparse(source)


class SheetParser(WorkSheetParser):
    """Gives rows of plain cells; keeps nothing of what they look like, which nobody asks for here."""

    def __init__(self, sheet: ReadOnlyWorksheet, stream: IO[bytes]) -> None:
        book = sheet.parent
        super().__init__(
            SheetSource(stream, self._plain_cells),
            sheet._shared_strings,
            data_only=book.data_only,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        self.row_dimensions = _Forgetful()
        self._sheet = sheet
        self._texts: list[str] = []
        self._known: dict[str, Cell | None] = {}

    def parse_row(self, row: Any) -> tuple[int, Any]:
        """A row's number and its cells, which `cells_of` makes plain."""
        if isinstance(row, PlainRow):
            self.row_counter = row.number
            return row.number, row
        number, cells = super().parse_row(row)
        return number, cells

    def cells_of(self, row: Any) -> Sequence[Cell | None]:
        """The plain cells of a row that is wanted; what is wrong with one that is not is nobody's concern."""
        if isinstance(row, PlainRow):
            return row.cells
        found: list[Cell | None] = [None] * MOST_COLUMNS
        for cell in {cell["column"]: cell for cell in row}.values():
            if cell["column"] <= MOST_COLUMNS:
                found[cell["column"] - 1] = cell_of(ReadOnlyCell(self._sheet, **cell))
        return found

    def _plain_cells(self, content: str) -> list[Cell | None] | None:
        """The cells of a row; None where one of them has another form, or is one openpyxl finds fault with."""
        parts = _PLAIN_CELL.split(content)
        if "".join(parts[::_GROUPS]).strip(_BLANKS):
            return None
        found: list[Cell | None] = [None] * MOST_COLUMNS
        texts = self._texts
        try:
            for letters, index, other in zip(parts[1::_GROUPS], parts[2::_GROUPS], parts[3::_GROUPS], strict=True):
                if index:
                    at = int(index)
                    text = texts[at] if at < len(texts) else self._text(at)
                    found[_POSITIONS[letters]] = (TEXT, text, None) if text else None
                elif other or letters in _POSITIONS:
                    found[_POSITIONS[letters]] = self._other(other) if other else None
        except (LookupError, ValueError):
            return None
        return found

    def _text(self, index: int) -> str:
        """A text nobody has asked for yet; those before it are taken along."""
        known = len(self._texts)
        self._texts.extend(map(readable, self.shared_strings[known : max(index + 1, known + 100)]))
        return self._texts[index]

    def _other(self, content: str) -> Cell | None:
        """Any other cell, by what follows its place: what openpyxl says of it does not depend on where it stands."""
        if content in self._known:
            return self._known[content]
        element = _element(content)
        cell = cell_of(ReadOnlyCell(self._sheet, **self.parse_cell(element)))
        if len(content) <= _LONGEST_KNOWN:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[content] = cell
        return cell


def _element(content: str) -> Any:
    try:
        return fromstring(f'<c xmlns="{SHEET_MAIN_NS}" r="A1"{content}')  # noqa: S314 - it can declare no entity
    except ParseError:  # It may be a prefix that is declared above; the whole document's parser knows.
        raise ValueError from None


class _Forgetful(dict[str, Any]):
    def __setitem__(self, _key: str, _value: Any) -> None:
        """Hold nothing."""
