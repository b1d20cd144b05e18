"""Sheets read from their characters: cell by cell what openpyxl's own reader gives, and broken where that is."""

from __future__ import annotations

import gc
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.reader.strings import read_string_table
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import WorkSheetParser

from backoffice import collector
from backoffice.workbooks import sheet_rows, sheets
from backoffice.workbooks.shared_strings import Texts
from backoffice.workbooks.sheet_cells import MOST_COLUMNS, cell_of
from backoffice.workbooks.sheets import Row, open_workbook
from tests.workbooks.awkward import FILES

TESTS = Path(__file__).resolve().parents[1]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRINGS = "xl/sharedStrings.xml"
MOST_ROWS = 3_000
FORMATS = ("General", "0000", "yyyy-mm-dd", "[h]:mm", "@", "0.00")

Read = tuple[list[tuple[int, list[Any]]], bool]


def as_far_as_possible(rows: Iterable[Row]) -> Read:
    """Rows of one width, and whether there was an end to them."""
    found: list[tuple[int, list[Any]]] = []
    try:
        for number, cells in islice(rows, MOST_ROWS):
            found.append((number, [*map(_told, cells), *[None] * (MOST_COLUMNS - len(cells))]))
    except Exception:
        return found, False
    return found, True


def _told(cell: Any) -> Any:
    """A cell; of a formula that openpyxl makes an object of, without the place of that object."""
    return cell and (cell[0], re.sub(" at 0x[0-9a-f]+", "", cell[1]) if cell[0] == "formula" else cell[1], cell[2])


def rows_of_openpyxl(sheet: ReadOnlyWorksheet) -> Iterator[Row]:
    """The rows as openpyxl tells them, without what is tested here."""
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), start=1):
        yield number, [cell_of(cell) for cell in row]


@pytest.fixture(scope="module", autouse=True)
def _workbooks_left_open() -> Iterator[None]:
    """openpyxl leaves the file of a workbook it refuses open until it is collected: here, and not in a later test."""
    with collector.held_back():
        yield
        with warnings.catch_warnings(action="ignore", category=ResourceWarning):
            gc.collect()


@cache
def styled_sheet() -> ReadOnlyWorksheet:
    """A sheet of a workbook that has a style of each number format; what stands in it is told by each test."""
    workbook = Workbook()
    for number, number_format in enumerate(FORMATS, start=1):
        workbook.active.cell(number, 1, 1).number_format = number_format
    with TemporaryDirectory() as folder:
        workbook.save(path := Path(folder) / "styles.xlsx")
        return open_workbook(path).sheets[0].rows.args[0]  # type: ignore[attr-defined]


def both(sheet: str | bytes, texts: str | bytes) -> tuple[Read, Read]:
    """A sheet and its table of texts as they are read here and by openpyxl."""
    content, table = (part if isinstance(part, bytes) else part.encode() for part in (sheet, texts))
    read = styled_sheet()
    read._get_source = lambda: io.BytesIO(content)
    read._shared_strings = Texts(io.BytesIO(table))
    ours = as_far_as_possible(sheets._rows_of(read))
    try:
        read._shared_strings = read_string_table(io.BytesIO(table))
    except Exception:
        read._shared_strings = []
    return ours, as_far_as_possible(rows_of_openpyxl(read))


def document(rows: str, head: str = "", tail: str = "", declared: str = 'encoding="UTF-8"') -> str:
    namespaces = f'xmlns="{MAIN}" xmlns:x="urn:x" xmlns:m="{MAIN}"'
    body = f"{head}<sheetData>{rows}</sheetData>{tail}"
    return f'<?xml version="1.0" {declared}?>\n<worksheet {namespaces}>{body}</worksheet>'


STRINGS_TABLE = (
    f'<?xml version="1.0" encoding="UTF-8"?><sst xmlns="{MAIN}"><si><t>一</t></si>'
    '<si><t xml:space="preserve"> 0012 </t></si>'
    "<si><t/></si><si><r><rPr><b/></rPr><t>甲</t></r><r><t>B&amp;</t></r></si><si><t>_x000D_</t></si></sst>"
)
CELLS = (
    '<c r="A1" t="s"><v>0</v></c>',
    '<c r="B1" s="1" t="s"><v>1</v></c>',
    '<c r="C1" t="s" s="2"><v>3</v></c>',
    '<c r="D1" s="1" t="s"><v>2</v></c>',
    '<c r="E1" s="3"/>',
    '<c r="F1"></c>',
    '<c r="G1" s="1"><v>12</v></c>',
    '<c r="H1" s="2"><v>45369</v></c>',
    '<c r="H1" s="2"><v>45369.5</v></c>',
    '<c r="H1" s="2"><v>99999999</v></c>',
    '<c r="H1" s="3"><v>1.25</v></c>',
    '<c r="I1" t="n"><v>1.6</v></c>',
    '<c r="I1"><v>1E+17</v></c>',
    '<c r="I1"><v> 7 </v></c>',
    '<c r="I1"><v>1_000</v></c>',
    '<c r="J1" t="b"><v>1</v></c>',
    '<c r="K1" t="e"><v>#N/A</v></c>',
    '<c r="L1" t="str"><v>甲 &lt; 乙</v></c>',
    '<c r="L1" t="str"><f>A1&amp;B1</f><v>x</v></c>',
    '<c r="M1"><f>A1+1</f><v>2</v></c>',
    '<c r="M1"><f>A1+1</f></c>',
    '<c r="M1"><f t="shared" ref="M1:M9" si="0">A1+1</f><v>2</v></c>',
    '<c r="M2"><f t="shared" si="0"/><v>2</v></c>',
    '<c r="M1"><f t="array" ref="M1:M2">SUM(A1:A2)</f><v>2</v></c>',
    '<c r="M1"><f t="dataTable" ref="M1:M2" dt2D="0" dtr="0" r1="A1"/><v>2</v></c>',
    '<c r="N1" t="inlineStr"><is><t>直接写的</t></is></c>',
    '<c r="N1" t="inlineStr"><is><t xml:space="preserve"> _x0008_ </t></is></c>',
    '<c r="N1" t="inlineStr"><is><r><t>甲</t></r><r><rPr><b/></rPr><t>乙</t></r></is></c>',
    '<c r="N1" t="inlineStr"><is><t>一</t><rPh sb="0" eb="1"><t>yi</t></rPh></is></c>',
    '<c r="O1" t="d"><v>2026-01-02</v></c>',
    '<c r="O1" t="d"><v>2026-01-02T03:04:05</v></c>',
    "<c><v>5</v></c>",
    '<c t="s"><v>0</v></c>',
    '<c t="s" r="P1"><v>0</v></c>',
    '<c r="Q1" t="s"><v>-1</v></c>',
    '<c r="Q1" t="s"><v>99</v></c>',
    '<c r="Q1" t="s"><v></v></c>',
    '<c r="Q1" t="s"/>',
    '<c r="Q1" t="s"><v>0</v><v>1</v></c>',
    '<c r="Q1" t="s"><v>0<!-- 1 --></v></c>',
    '<c r="Q1" t="s"><v><![CDATA[1]]></v></c>',
    '<c r="Q1" t="s"><v>&#49;</v></c>',
    '<c r="Q1" s="99"><v>1</v></c>',
    '<c r="Q1" s="99" t="s"><v>1</v></c>',
    '<c r="Q1" r="R1" t="s"><v>1</v></c>',
    '<c r="Q1" s="1" s="1"><v>1</v></c>',
    '<c r="Q1" x:y="1" t="s"><v>1</v></c>',
    '<c r="Q1" q:y="1"><v>1</v></c>',
    '<m:c r="S1" t="s"><m:v>1</m:v></m:c>',
    '<c r="S1" xmlns="urn:x" t="s"><v>1</v></c>',
    '<x:c r="S1" t="s"><v>1</v></x:c>',
    "<c r='T1' t='s'><v>1</v></c>",
    '<c r="a1" t="s"><v>1</v></c>',
    '<c r="$U$1" t="s"><v>1</v></c>',
    '<c r="U01"><v>1</v></c>',
    '<c r="U0"><v>1</v></c>',
    '<c r="U"><v>1</v></c>',
    '<c r="1"><v>1</v></c>',
    '<c r="CV1" t="s"><v>1</v></c>',
    '<c r="CW1" t="s"><v>1</v></c>',
    '<c r="CW1" s="99"><v>1</v></c>',
    '<c r="XFD1" s="1"/>',
    '<c r="ZZZ1" t="s"><v>99</v></c>',
    '<c r="V1" t="s" ><v>1</v></c>',
    '<c r="V1" t="s"> <v>1</v> </c>',
    '<c  r="V1" t="s"><v>1</v></c>',
    '<c r="W1" t="strange"><v>1</v></c>',
    '<c r="W1"><v>abc</v></c>',
    '<c r="W1"><v>1 > 0</v></c>',
    '<c r="W1" t="str"><v>]]></v></c>',
    '<c r="W1" t="str"><v>一\r\n二\t三</v></c>',
    '<c r="W1" t="str"><v>\x01</v></c>',
    '<c r="W1" t="str"><v>\uffff</v></c>',
    '<c r="W1" t="str"><v>&nothing;</v></c>',
    '<c r="W1" t="s"><v>1</v></c></c>',
    '<c r="W1" t="s"><v>1</c>',
    "文字",
    " ",
    "\n  ",
    "\x0c",
    "<!-- 一 -->",
    "<?pi 一?>",
    "</row>",
    "<row>",
)
TAGS = (
    '<row r="{}">',
    '<row r="{}" spans="1:3" ht="15.5" customHeight="1">',
    '<row r="{}" x:dyDescent="0.25">',
    '<row r="{}" q:dyDescent="0.25">',
    '<row r="{}" a="1" a="1">',
    '<row r="{}" r="7">',
    '<row r="{}" xmlns="urn:x">',
    "<row>",
    '<row spans="1:3" r="{}">',
    "<row r='{}'>",
    '<row r="{}.0">',
    '<row r="x{}">',
    '<m:row r="{}">',
    '<row r="{}" ht="a>b">',
    '<row r="{}" ht="a&lt;b">',
    '<row  r="{}" >',
)
BETWEEN = (
    "",
    "",
    "",
    "\n",
    "  ",
    "<!-- </row> -->",
    "<!-- <row r='1'>",
    "文",
    '<row r="9" s="0" customFormat="1"/>',
    "<row/>",
    "\x01",
)
HEADS = (
    "",
    '<sheetPr codeName="甲"/><cols><col min="1" max="3" width="9"/></cols>',
    "<!-- <sheetData> -->",
    "<?x y?>",
    "<sheetData/>",
)
TAILS = (
    "",
    '<pageMargins left="1" right="1" top="1" bottom="1" header="1" footer="1"/>',
    '<pageMargins left="x"/>',
    "<x:y>",
)


@st.composite
def rows(draw: st.DrawFn) -> str:
    written = []
    plain, any_cell = st.sampled_from(CELLS[:8]), st.sampled_from(CELLS)
    number = draw(st.sampled_from([1, 1, 1, 0, 5]))
    for _ in range(draw(st.integers(0, 6))):
        tag = draw(st.one_of(st.sampled_from(TAGS[:3]), st.sampled_from(TAGS))).format(number)
        cells = "".join(draw(st.lists(st.one_of(plain, plain, plain, any_cell), max_size=6)))
        end = "</m:row>" if tag.startswith("<m:") else "</row>"
        written.append(f"{tag}{cells}{end}{draw(st.sampled_from(BETWEEN))}")
        number += draw(st.sampled_from([1, 1, 1, 0, -1, 3, 300]))
    return "".join(written)


SETTINGS = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
AT_ONCE_OR_IN_BITS = pytest.mark.usefixtures("_bytes_at_once")


@pytest.fixture(params=[65_536, 41])
def _bytes_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet_rows, "_READ_BYTES", request.param)


@AT_ONCE_OR_IN_BITS
@SETTINGS
@given(written=rows(), head=st.sampled_from(HEADS), tail=st.sampled_from(TAILS))
def test_any_sheet_is_read_as_openpyxl_reads_it(written: str, head: str, tail: str) -> None:
    ours, theirs = both(document(written, head, tail), STRINGS_TABLE)
    assert ours == theirs


@AT_ONCE_OR_IN_BITS
@SETTINGS
@given(written=rows(), data=st.data())
def test_a_damaged_sheet_is_read_as_openpyxl_reads_it(written: str, data: st.DataObject) -> None:
    sheet = document(written)
    at = data.draw(st.integers(0, len(sheet) - 1))
    instead = data.draw(st.sampled_from(["", "<", ">", '"', "/", "&", " ", "0", "\0", "]]>", "<!--", sheet[:at]]))
    ours, theirs = both(sheet[:at] + instead + sheet[at + 1 :], STRINGS_TABLE)
    assert ours == theirs


@AT_ONCE_OR_IN_BITS
@SETTINGS
@given(written=rows(), data=st.data())
def test_a_sheet_cut_off_is_read_as_openpyxl_reads_it(written: str, data: st.DataObject) -> None:
    sheet = document(written).encode()
    ours, theirs = both(sheet[: data.draw(st.integers(0, len(sheet)))], STRINGS_TABLE)
    assert ours == theirs


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030", "latin-1", "ascii"])
@pytest.mark.parametrize(
    "declared", ["", 'encoding="UTF-8"', "encoding='us-ascii'", 'encoding="UTF-16"', 'encoding="gbk"']
)
@pytest.mark.parametrize("name", ["仪", "x"])
def test_a_sheet_in_any_encoding_is_read_as_openpyxl_reads_it(encoding: str, declared: str, name: str) -> None:
    row = f'<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="str"><v>{name}</v></c></row>'
    sheet = document(row * 2, declared=declared).encode(encoding, "replace")
    ours, theirs = both(sheet, STRINGS_TABLE)
    assert ours == theirs


def test_a_plain_row_is_read_without_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = "".join(
        f'<row r="{number}" spans="1:9" x:dyDescent="0.25"><c r="A{number}" s="1" t="s"><v>0</v></c>'
        f'<c r="B{number}" s="1"/><c r="C{number}" s="2"><v>45369</v></c>'
        f'<c r="D{number}" t="inlineStr"><is><t>甲{number}</t></is></c></row>'
        for number in range(1, 51)
    )
    told: list[Any] = []
    parse_row = WorkSheetParser.parse_row
    monkeypatch.setattr(WorkSheetParser, "parse_row", lambda self, row: told.append(row) or parse_row(self, row))
    ours, theirs = both(document(plain), STRINGS_TABLE)
    assert len(ours[0]) == 50 and ours == theirs
    assert len(told) == 1 + 50  # The first of a look is told to the parser; openpyxl's own reader is told them all.


@pytest.mark.parametrize("name", sorted(FILES))
def test_awkward_files_are_read_as_openpyxl_reads_them(name: str, tmp_path: Path) -> None:
    _file_name, content = FILES[name]()
    if content.startswith(b"PK"):
        (tmp_path / "upload.xlsx").write_bytes(content)
        assert_same(tmp_path / "upload.xlsx")


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.xlsx")), ids=lambda path: path.name)
def test_workbooks_of_spreadsheet_programs_are_read_as_openpyxl_reads_them(path: Path) -> None:
    assert_same(path)


def assert_same(path: Path) -> None:
    """Each sheet of a workbook that opens, in both ways."""
    try:
        opened = open_workbook(path).sheets
        with zipfile.ZipFile(path) as parts:
            texts = read_string_table(io.BytesIO(parts.read(STRINGS)))
    except Exception:
        return
    for sheet in opened:
        ours = as_far_as_possible(sheet.rows())
        read: ReadOnlyWorksheet = sheet.rows.args[0]  # type: ignore[attr-defined]
        read._shared_strings = texts
        assert ours == as_far_as_possible(rows_of_openpyxl(read))
