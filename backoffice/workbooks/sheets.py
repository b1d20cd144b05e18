"""The sheets of a file as rows of plain cells, whether it is a workbook or delimited text.

Runs in the reading process only: `intake` has let the file pass, `child` has set the limits.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any, cast
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.cell.read_only import EMPTY_CELL
from openpyxl.reader import excel
from openpyxl.utils import get_column_letter
from openpyxl.worksheet import _read_only, _reader
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.xml.constants import SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from backoffice.workbooks.cells import CellKind
from backoffice.workbooks.problems import FileProblemCode, FileProblemError
from backoffice.workbooks.shared_strings import read_words

MOST_COLUMNS = 100
"""Columns read of a sheet. The ledger has 18; a row of 16,384 cells would cost a thousand times as much."""
MOST_CHARACTERS = 32_767
"""What a spreadsheet cell can hold."""
LAST_ROW = 1_048_576
"""The last row a spreadsheet can have; a larger number is a forged one."""
MOST_SHEETS = 50
MOST_WIDTH = 255.0
_ROWS, _ROW, _VALUE = (f"{{{SHEET_MAIN_NS}}}{name}" for name in ("sheetData", "row", "v"))
_COLUMN_OF_LETTERS = {get_column_letter(number): number for number in range(1, MOST_COLUMNS + 1)}

Cell = tuple[str, str | int | float | bool, str | None]
"""Kind (a `CellKind` value), value, and what a number format shows instead of the number."""
Row = tuple[int, Sequence[Cell | None]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A named table; `rows()` reads it from its beginning each time."""

    title: str
    rows: Callable[[], Iterator[Row]]
    widths: Callable[[], dict[int, float]] = dict
    """Widths of its columns in characters, by number from 1, where the file says them."""


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """The sheets of a file in order, and the custom properties of the document."""

    sheets: list[Sheet]
    properties: dict[str, str] = field(default_factory=dict)


def open_workbook(path: Path) -> OpenedFile:
    """Open an .xlsx file. Formulas are never evaluated, links to other files never followed."""
    refuse_document_types(path)
    ReadOnlyWorksheet._get_size = _no_size
    _reader.iterparse = _forgetting_rows
    _read_only.WorkSheetParser = _ParserWithoutLooks
    excel.read_string_table = read_words
    workbook = load_workbook(path, read_only=True, data_only=False, keep_links=False)
    sheets = [sheet for sheet in workbook.worksheets if isinstance(sheet, ReadOnlyWorksheet)][:MOST_SHEETS]
    properties = {prop.name: str(prop.value) for prop in workbook.custom_doc_props.props if prop.name}
    found = [Sheet(sheet.title, partial(_rows_of, sheet), partial(_widths_of, sheet)) for sheet in sheets]
    return OpenedFile(found, properties)


def _no_size(_sheet: ReadOnlyWorksheet) -> None:
    """Leave the size of a sheet unknown. openpyxl would read a whole sheet at opening to find a missing size tag."""


class _ParserWithoutLooks(_reader.WorkSheetParser):
    """Keeps nothing of what rows look like, which nobody asks for here."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.row_dimensions = _Forgetful()

    def parse_cell(self, element: Any) -> dict[str, Any]:
        """A cell as openpyxl gives it; the usual one, a text that stands in the table of texts, without its detours."""
        coordinate = element.get("r", "")
        letters = coordinate.rstrip("0123456789")
        column = _COLUMN_OF_LETTERS.get(letters)
        if column is None or letters == coordinate or element.get("t") != "s" or len(element) != 1:
            return cast(dict[str, Any], super().parse_cell(element))
        if element[0].tag != _VALUE or not (index := element[0].text):
            return cast(dict[str, Any], super().parse_cell(element))
        self.col_counter = column
        return {
            "row": self.row_counter,
            "column": column,
            "value": self.shared_strings[int(index)],
            "data_type": "s",
            "style_id": int(element.get("s", 0) or 0),
        }


class _Forgetful(dict[str, Any]):
    def __setitem__(self, _key: str, _value: Any) -> None:
        """Hold nothing."""


def _forgetting_rows(source: Any) -> Iterator[tuple[str, Any]]:
    """The parser openpyxl uses, without keeping the rows it has read: a million empty ones took half a gigabyte."""
    rows: Any = None
    for event, element in iterparse(source, events=("start", "end")):
        if event == "end":
            yield event, element
            if rows is not None and element.tag == _ROW:
                del rows[:]
        elif element.tag == _ROWS:
            rows = element


def refuse_document_types(path: Path) -> None:
    """Refuse a part with a DOCTYPE: no workbook has one, and entities can only be declared there (billion laughs).

    This is what defusedxml would refuse, asked once for each part; its own parser makes reading three times as slow.
    """
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            with archive.open(name) as part:
                if _has_document_type(part):
                    raise FileProblemError(FileProblemCode.BROKEN)


def _has_document_type(part: IO[bytes]) -> bool:
    """Whether a DOCTYPE stands before the first element. A part that is no XML has none; no parser would accept it."""
    seen = {"doctype": False, "element": False}
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda *_declared: seen.update(doctype=True)
    parser.StartElementHandler = lambda *_element: seen.update(element=True)
    with contextlib.suppress(expat.ExpatError):
        while not any(seen.values()) and (content := part.read(4096)):
            parser.Parse(content, False)
    return seen["doctype"]


def _rows_of(sheet: ReadOnlyWorksheet) -> Iterator[Row]:
    # A wrong dimension tag, as some office suites write it, would make openpyxl read a single cell without a word.
    sheet.reset_dimensions()
    # openpyxl fills a gap with one and the same tuple: a forged row number must not cost a look at each of its cells.
    known_blank: Sequence[Any] | None = None
    for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), start=1):
        if number > LAST_ROW:
            raise FileProblemError(FileProblemCode.BROKEN)
        if row is known_blank:
            yield number, ()
            continue
        cells = [None if cell is EMPTY_CELL else _cell(cell) for cell in row]
        if all(cell is None for cell in cells):
            known_blank = row
        yield number, cells


def _widths_of(sheet: ReadOnlyWorksheet) -> dict[int, float]:
    """What stands before the rows about the columns; a sheet that says it strangely has no widths."""
    widths: dict[int, float] = {}
    with sheet._get_source() as source, contextlib.suppress(ParseError, TypeError, ValueError):
        for _event, element in iterparse(source, events=("start",)):
            name = element.tag.rpartition("}")[2]
            if name == "sheetData":
                break
            if name == "col":
                last = min(int(element.get("max", 0)), MOST_COLUMNS)
                width = min(float(element.get("width", 14)), MOST_WIDTH)
                widths.update(dict.fromkeys(range(int(element.get("min", 1)), last + 1), width))
    return widths


def _cell(cell: Any) -> Cell | None:
    value = cell.value
    if value is None:
        return None
    data_type = cell.data_type
    if data_type == "s":
        return _text(value)
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
    return _text(str(value))


# A character that XML cannot hold is written by its number, a carriage return as _x000D_.
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NO_CHARACTER = "\ufffd"
_TEXT = CellKind.TEXT.value


def _text(value: str) -> Cell | None:
    text = _ESCAPED.sub(_unescaped, value) if "_x" in value else value
    text = text.replace("\0", _NO_CHARACTER)  # The database cannot hold it; the check refuses its stand-in.
    return (_TEXT, text[:MOST_CHARACTERS], None) if text.strip() else None


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


def open_text(path: Path) -> OpenedFile:
    """Open comma-, semicolon- or tab-separated text in UTF-8 (with or without BOM) or GB 18030."""
    text = _decoded(path.read_bytes())
    first_line = text[: text.find("\n") if "\n" in text else None]
    delimiter = max(",;\t，", key=first_line.count)
    return OpenedFile([Sheet("", lambda: _rows_of_text(text, delimiter))])


def _decoded(content: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return content.removeprefix(codecs.BOM_UTF8).decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileProblemError(FileProblemCode.TEXT_ENCODING)


def _rows_of_text(text: str, delimiter: str) -> Iterator[Row]:
    for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), start=1):
        yield number, [_cell_of_text(value) for value in row[:MOST_COLUMNS]]


def _cell_of_text(value: str) -> Cell | None:
    # Exports put ' before a text that a spreadsheet would take for a formula; coming back, it is not part of it.
    if value.startswith("'") and value[1:2] in ("=", "+", "-", "@"):
        value = value[1:]
    elif value.startswith("="):
        return CellKind.FORMULA.value, value[:MOST_CHARACTERS], None
    return _text(value)
