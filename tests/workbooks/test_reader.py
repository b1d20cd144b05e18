"""Reading uploads: what is found, what is refused, and that nothing a stranger sends reaches this process."""

from __future__ import annotations

import datetime as dt
import json
import re
import resource
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter

from backoffice.workbooks.cells import CellKind
from backoffice.workbooks.checks import RawRow, check_row
from backoffice.workbooks.intake import Limits
from backoffice.workbooks.problems import FileProblemCode, FileProblemError
from backoffice.workbooks.reader import Upload, open_upload
from backoffice.workbooks.reading_processes import ROOT, bare_environment
from backoffice.workbooks.reference import Reference
from backoffice.workbooks.template import is_outdated
from tests.golden.restamp import restamped
from tests.workbooks.conftest import HEADERS, row_of

F = FileProblemCode
GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "ledger-300.xlsx"
Make = Callable[..., Path]


def read(path: Path, limits: Limits | None = None) -> tuple[Upload, list[RawRow]]:
    with open_upload(path, limits) as upload:
        return upload, list(upload.rows())


def refusal(path: Path, limits: Limits | None = None) -> FileProblemCode:
    with pytest.raises(FileProblemError) as refused:
        read(path, limits)
    assert refused.value.problem.message
    return refused.value.problem.code


def test_the_template_as_libreoffice_saved_it_gives_300_good_rows(reference: Reference, tmp_path: Path) -> None:
    path = tmp_path / "golden.xlsx"
    path.write_bytes(restamped(GOLDEN, digest=reference.digest))
    upload, rows = read(path)
    assert (len(rows), upload.row_count, upload.example_rows) == (300, 300, 1)
    assert upload.warnings == []
    assert not is_outdated(upload.properties, reference)
    assert [p.message for row in rows for p in check_row(row, reference, letters=upload.letters).problems] == []


def test_another_stamp_makes_a_workbook_outdated(reference: Reference, tmp_path: Path) -> None:
    path = tmp_path / "old.xlsx"
    path.write_bytes(restamped(GOLDEN, digest="0" * 12))
    with open_upload(path) as upload:
        assert is_outdated(upload.properties, reference)
    assert not is_outdated({}, reference)


def test_the_header_is_found_in_any_order_below_a_title(workbook_of: Make) -> None:
    path = workbook_of(["2026 年度"], reversed(HEADERS), reversed(row_of()), headers=["某某公司器具台账"])
    upload, rows = read(path)
    assert upload.header_row == 3
    assert [row.number for row in rows] == [4]
    assert rows[0].cells["name"].value == "压力表"
    assert rows[0].cells["name"].letter == upload.headers["name"].letter == get_column_letter(len(HEADERS) - 1)


def test_the_sheet_of_instruments_is_picked_and_others_like_it_are_named(tmp_path: Path) -> None:
    workbook = Workbook()
    workbook.active.append(["说明"])
    for title in ("一分厂", "二分厂"):
        for row in (HEADERS, row_of()):
            if title not in workbook.sheetnames:
                workbook.create_sheet(title)
            workbook[title].append(row)
    workbook.save(tmp_path / "two.xlsx")
    upload, rows = read(tmp_path / "two.xlsx")
    assert (upload.sheet, len(rows)) == ("一分厂", 1)
    assert [warning.code for warning in upload.warnings] == [F.SHEET_NOT_READ]
    assert "二分厂" in upload.warnings[0].message


def test_blank_rows_are_dropped_and_counted_and_numbers_stay_the_sheet_s(workbook_of: Make) -> None:
    upload, rows = read(workbook_of([], [" ", None], row_of(), [], row_of(serial_number="2")))
    assert [row.number for row in rows] == [4, 6]
    assert upload.blank_rows == 3


def test_cells_keep_their_kinds(workbook_of: Make) -> None:
    path = workbook_of(row_of(quantity=True, serial_number=12, accuracy_class=1.6, name="=1+1", model="#N/A"))
    workbook = load_workbook(path)
    workbook.active.cell(2, 7).number_format = "0000"
    workbook.active.cell(2, 8).value = dt.date(2026, 1, 2)
    workbook.save(path)
    _upload, (row,) = read(path)
    kinds = {code: row.cells[code].kind for code in ("quantity", "serial_number", "accuracy_class", "name", "model")}
    assert kinds == {
        "quantity": CellKind.BOOLEAN,
        "serial_number": CellKind.INTEGER,
        "accuracy_class": CellKind.DECIMAL,
        "name": CellKind.FORMULA,
        "model": CellKind.ERROR,
    }
    assert row.cells["serial_number"].shown == "0012"
    assert (row.cells["sub_number"].kind, row.cells["sub_number"].value) == (CellKind.DATE, "2026-01-02")


def test_a_wrong_dimension_tag_hides_nothing(workbook_of: Make, tmp_path: Path) -> None:
    path = _with_part(workbook_of(row_of(), row_of(serial_number="2")), tmp_path, _dimension)
    assert len(read(path)[1]) == 2


def _dimension(xml: str) -> str:
    changed, count = re.subn(r'<dimension ref="[^"]*" ?/>', '<dimension ref="A1"/>', xml)
    assert count == 1
    return changed


def _with_part(path: Path, folder: Path, change: Callable[[str], str], part: str = "xl/worksheets/sheet1.xml") -> Path:
    target = folder / "changed.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for name in source.namelist():
            content = source.read(name)
            out.writestr(name, change(content.decode()).encode() if name == part else content)
    return target


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimited_text_is_read(tmp_path: Path, encoding: str, delimiter: str, reference: Reference) -> None:
    path = tmp_path / "台账.csv"
    lines = [HEADERS, [str(value or "") for value in row_of(name="'-压力表")]]
    path.write_bytes("\r\n".join(delimiter.join(line) for line in lines).encode(encoding))
    upload, (row,) = read(path)
    assert row.cells["name"].value == "-压力表"
    assert check_row(row, reference, letters=upload.letters).is_good


def test_a_column_missing_is_named(workbook_of: Make) -> None:
    kept = HEADERS.index("器具用途")
    path = workbook_of(row_of()[:kept], headers=HEADERS[:kept])
    with pytest.raises(FileProblemError) as refused:
        open_upload(path)
    assert refused.value.problem.code is F.COLUMN_MISSING
    assert refused.value.problem.is_about_structure
    assert "器具用途、送检方式" in refused.value.problem.message


def test_a_column_twice_is_refused(workbook_of: Make) -> None:
    assert refusal(workbook_of([*row_of(), "9"], headers=[*HEADERS, "出厂编号"])) is F.COLUMN_TWICE


def test_an_unknown_column_is_a_warning(workbook_of: Make) -> None:
    upload, rows = read(workbook_of([*row_of(), "x"], headers=[*HEADERS, "备注"]))
    assert len(rows) == 1
    assert "备注" in upload.warnings[0].message


def test_a_table_without_rows_or_header_is_refused(workbook_of: Make) -> None:
    assert refusal(workbook_of()) is F.NO_ROWS
    assert refusal(workbook_of(headers=[])) is F.NO_ROWS
    assert refusal(workbook_of(["a", "b"], headers=["甲", "乙"])) is F.HEADER_NOT_FOUND


def test_more_rows_than_allowed_are_refused(workbook_of: Make) -> None:
    path = workbook_of(*[row_of(serial_number=str(number)) for number in range(6)])
    assert refusal(path, Limits(rows=5)) is F.TOO_MANY_ROWS
    assert len(read(path, Limits(rows=6))[1]) == 6


# The beginning of a file that is no workbook, and what is said of it.
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", F.EMPTY_FILE),
        (bytes(range(256)) * 16, F.NOT_A_WORKBOOK),
        (b"%PDF-1.7 ...", F.NOT_A_WORKBOOK),
        (b"<html><table></table></html>", F.NOT_A_WORKBOOK),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "EncryptedPackage".encode("utf-16-le"), F.ENCRYPTED),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504 + "Workbook".encode("utf-16-le") + b"\0\0", F.OLD_XLS),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504, F.NOT_A_WORKBOOK),
        (b"PK\x03\x04" + b"\x01" * 4000, F.BROKEN),
        ("出厂编号,器具名称\n".encode() + b"\xff\xff\xff", F.TEXT_ENCODING),
    ],
)
def test_a_file_that_is_no_workbook_is_refused_in_plain_words(tmp_path: Path, content: bytes, code: F) -> None:
    (tmp_path / "x").write_bytes(content)
    assert refusal(tmp_path / "x") is code


def test_a_truncated_workbook_is_broken(workbook_of: Make) -> None:
    path = workbook_of(row_of())
    path.write_bytes(path.read_bytes()[:-400])
    assert refusal(path) is F.BROKEN


def test_macros_are_refused(workbook_of: Make) -> None:
    path = workbook_of(row_of())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    assert refusal(path) is F.MACROS


def test_other_office_files_are_refused(tmp_path: Path) -> None:
    for names, code in [
        (("[Content_Types].xml", "word/document.xml"), F.NOT_A_WORKBOOK),
        (("mimetype", "content.xml"), F.OTHER_WORKBOOK_FORMAT),
        (("[Content_Types].xml", "xl/workbook.bin"), F.OTHER_WORKBOOK_FORMAT),
    ]:
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            for name in names:
                archive.writestr(name, "x")
        assert refusal(tmp_path / "x.zip") is code


def test_sizes_are_limited(workbook_of: Make) -> None:
    path = workbook_of(row_of())
    assert refusal(path, Limits(file_bytes=1000)) is F.TOO_LARGE
    assert refusal(path, Limits(unpacked_bytes=1000)) is F.UNPACKED_TOO_LARGE
    assert refusal(path, Limits(part_bytes=1000)) is F.UNPACKED_TOO_LARGE
    assert refusal(path, Limits(parts=3)) is F.UNPACKED_TOO_LARGE


def test_a_zip_bomb_is_refused_before_it_is_unpacked(workbook_of: Make) -> None:
    path = workbook_of(row_of())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet2.xml", b" " * 20_000_000)
    assert path.stat().st_size < 100_000
    assert refusal(path, replace(Limits(), part_bytes=10_000_000)) is F.UNPACKED_TOO_LARGE


def test_entities_are_never_expanded(workbook_of: Make, tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    for part in ("xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"):
        path = _with_part(
            workbook_of(row_of()), tmp_path, lambda xml: f"<!DOCTYPE x [{levels}]>" + xml.split("?>", 1)[-1], part
        )
        assert refusal(path) is F.BROKEN


def test_a_forged_row_number_is_refused(workbook_of: Make, tmp_path: Path) -> None:
    path = _with_part(workbook_of(row_of()), tmp_path, lambda xml: xml.replace('<row r="2"', '<row r="99999999999"'))
    assert refusal(path) is F.BROKEN


def test_memory_of_the_reading_process_is_limited(workbook_of: Make, tmp_path: Path) -> None:
    text = '<row><c t="inlineStr"><is><t>' + "x" * 60_000_000 + "</t></is></c></row>"
    huge = _with_part(workbook_of(row_of()), tmp_path, lambda xml: xml.replace("</sheetData>", text + "</sheetData>"))
    assert huge.stat().st_size < 1_000_000
    assert refusal(huge, Limits(memory_bytes=140_000_000)) is F.TOO_COMPLEX


def test_time_of_the_reading_process_is_limited(workbook_of: Make, tmp_path: Path) -> None:
    rows = "<row><c/></row>" * 300_000
    slow = _with_part(workbook_of(row_of()), tmp_path, lambda xml: xml.replace("</sheetData>", rows + "</sheetData>"))
    assert refusal(slow, Limits(cpu_seconds=1)) is F.TOO_COMPLEX
    assert refusal(slow, Limits(wait_seconds=0)) is F.TOO_COMPLEX


def test_leaving_early_ends_the_reading_process(workbook_of: Make) -> None:
    path = workbook_of(*[row_of(serial_number=str(number)) for number in range(500)])
    with open_upload(path) as upload:
        assert next(upload.rows()).number == 2
    assert upload._lines._process.returncode is not None


def test_the_parent_s_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet()
    sheet.append(HEADERS)
    for number in range(4_000):
        sheet.append(row_of(serial_number=str(number), place_of_use="很长的地点" * 30))
    workbook.save(tmp_path / "long.xlsx")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open_upload(tmp_path / "long.xlsx") as upload:
        assert sum(1 for _row in upload.rows()) == 4_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000  # kilobytes


_LOADED = """
import sys
from backoffice.workbooks import reading_process
reading_process.main()
print(*[name for name, module in sys.modules.items() if module is not None], file=sys.stderr)
"""


def test_the_reading_process_loads_nothing_to_draw_with(workbook_of: Make) -> None:
    arguments = [str(workbook_of(row_of())), json.dumps(asdict(Limits())), "ledger"]
    said = subprocess.run(
        [sys.executable, "-c", _LOADED],
        input=json.dumps(arguments),
        capture_output=True,
        check=True,
        text=True,
        cwd=ROOT,
        env=bare_environment(),
    )
    loaded = {name.split(".")[0] for name in said.stderr.split()}
    assert '"end"' in said.stdout
    assert "openpyxl" in loaded and loaded.isdisjoint({"PIL", "lxml", "numpy", "defusedxml"})


def test_a_path_with_spaces_and_chinese_is_read(workbook_of: Make, tmp_path: Path) -> None:
    folder = tmp_path / "我的 文件"
    folder.mkdir()
    assert len(read(Path(shutil.copy(workbook_of(row_of()), folder / "台账 1.xlsx")))[1]) == 1
