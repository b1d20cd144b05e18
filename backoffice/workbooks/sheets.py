"""The sheets of a file as rows of plain cells, whether it is a workbook or delimited text.

Runs in the reading process only: `intake` has let the file pass, `child` has set the limits.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from openpyxl import load_workbook
from openpyxl.reader import excel
from openpyxl.worksheet import _reader
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.xml.constants import SHARED_STRINGS
from openpyxl.xml.functions import iterparse

from backoffice.workbooks.cells import CellKind
from backoffice.workbooks.problems import FileProblemCode, FileProblemError
from backoffice.workbooks.shared_strings import Texts
from backoffice.workbooks.sheet_cells import MOST_CHARACTERS, MOST_COLUMNS, Cell, text_cell
from backoffice.workbooks.sheet_parser import SheetParser, events_of

LAST_ROW = 1_048_576
"""The last row a spreadsheet can have; a larger number is a forged one."""
MOST_SHEETS = 50
MOST_WIDTH = 255.0
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
    finish: Callable[[], None] = lambda: None
    """Reads what no row has asked for, to raise where it is broken."""


def open_workbook(path: Path) -> OpenedFile:
    """Open an .xlsx file. Formulas are never evaluated, links to other files never followed."""
    refuse_document_types(path)
    ReadOnlyWorksheet._get_size = _no_size
    _reader.iterparse = events_of
    excel.ExcelReader.read_strings = _open_texts
    workbook = load_workbook(path, read_only=True, data_only=False, keep_links=False)
    sheets = [sheet for sheet in workbook.worksheets if isinstance(sheet, ReadOnlyWorksheet)][:MOST_SHEETS]
    properties = {prop.name: str(prop.value) for prop in workbook.custom_doc_props.props if prop.name}
    found = [Sheet(sheet.title, partial(_rows_of, sheet), partial(_widths_of, sheet)) for sheet in sheets]
    texts = next((sheet._shared_strings for sheet in sheets), None)
    return OpenedFile(found, properties, texts.finish if isinstance(texts, Texts) else lambda: None)


def _open_texts(reader: excel.ExcelReader) -> None:
    """Open the table of texts without reading it: the first rows of a file ask for a few of 200,000."""
    found = reader.package.find(SHARED_STRINGS)
    if found is not None:
        reader.shared_strings = Texts(reader.archive.open(found.PartName[1:]))


def _no_size(_sheet: ReadOnlyWorksheet) -> None:
    """Leave the size of a sheet unknown. openpyxl would read a whole sheet at opening to find a missing size tag."""


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
    """Rows by their numbers from 1, those that are missing too; one whose number has gone by is left out."""
    # What a sheet says of its size is not asked: some office suites write a wrong one.
    following = 1
    with sheet._get_source() as stream:
        parser = SheetParser(sheet, stream)
        for number, row in parser.parse():
            # A forged row number must not cost a look at each of the rows it leaves out.
            for missing in range(following, min(number, LAST_ROW + 1)):
                yield missing, ()
            if number > LAST_ROW:
                raise FileProblemError(FileProblemCode.BROKEN)
            if number >= following:
                yield number, parser.cells_of(row)
                following = number + 1


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
    return text_cell(value)
