"""Look at the generated workbooks in LibreOffice Calc: what a clerk sees there, not what was written into the file.

`python -m tests.journeys.workbooks.check_in_libreoffice`, from the root of the repository, where LibreOffice is
installed. It is no part of `make test`. Looked at: the template, and the marked workbook of the 600 rows.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.golden import office

ROW = 2
"""The first row to fill in, from 0."""
RED = (0xF8, 0xC9, 0xC4)
"""Of a cell that would be refused; the same as in `backoffice.workbooks.styles`."""
VALID = {"强检器具种别代码": "1401", "使用地点行政区划代码": "370303", "器具产地": "国产", "器具用途": "安全防护"}
WRONG = {
    "强检器具种别代码": "压力标",
    "使用地点行政区划代码": "淄博高新",
    "器具产地": "国内",
    "器具用途": "生产用",
    "送检方式": "上门",
    "器具数量": "3",
    "器具名称": "压" * 101,
}
STAYS_TEXT = {
    "出厂编号": "000871",
    "强检器具种别代码": "0202",
    "管理编号": "3-18",
    "型号规格": "1E5",
    "使用地点行政区划代码": "370303",
}
LISTS = {
    "强检器具种别代码": "种别选项",
    "使用地点行政区划代码": "区划选项",
    "器具产地": "器具产地选项",
    "器具用途": "器具用途选项",
    "送检方式": "送检方式选项",
}


@dataclass
class Findings:
    """What was looked at, and what was not as it should be."""

    lines: list[tuple[bool, str]] = field(default_factory=list)

    def say(self, good: bool, what: str) -> None:
        self.lines.append((good, what))


# --- in LibreOffice ------------------------------------------------------------------------------------------------


def look(template: Path, marked: Path, folder: Path) -> list[tuple[bool, str]]:
    found = Findings()
    with office.desktop() as desktop:
        with office.document(desktop, template) as document:
            _lists(document, found)
            _picture(document, VALID, folder / "valid.pdf")
            _picture(document, WRONG, folder / "wrong.pdf")
            _clear_and_type(document, STAYS_TEXT)
            office.save(document, folder / "template.xlsx")
        with office.document(desktop, folder / "template.xlsx") as document:
            _texts(document, found)
            _lists(document, found, again=True)
        with office.document(desktop, marked) as document:
            _marks(document, found)
            _lists(document, found)
            office.save(document, folder / "marked.xlsx")
        with office.document(desktop, folder / "marked.xlsx") as document:
            _marks(document, found, again=True)
    return found.lines


def _lists(document: Any, found: Findings, *, again: bool = False) -> None:
    """Every drop-down is there, shown as a list, and leads to a range that is filled from end to end."""
    sheet, after = document.Sheets.getByIndex(0), "，保存后" if again else ""
    columns = office.columns_of(sheet)
    for header, name in LISTS.items():
        cell = sheet.getCellByPosition(columns[header], ROW)
        rule = cell.Validation
        is_list = rule.Type.value == "LIST" and rule.ShowList > 0 and rule.getFormula1().lstrip("=") == name
        entries = _entries(document, name)
        found.say(is_list and len(entries) > 1 and all(entries), f"{header} 下拉列表 {len(entries)} 项{after}")


def _entries(document: Any, name: str) -> Sequence[str]:
    ranges = document.NamedRanges
    if not ranges.hasByName(name):
        return []
    return [str(row[0]) for row in ranges.getByName(name).getReferredCells().getDataArray()]


def _clear_and_type(document: Any, texts: dict[str, str]) -> Any:
    sheet = document.Sheets.getByIndex(0)
    columns = office.columns_of(sheet)
    for header, at in columns.items():
        if header:
            sheet.getCellByPosition(at, ROW).FormulaLocal = texts.get(header, "")
    return sheet


def _picture(document: Any, texts: dict[str, str], target: Path) -> None:
    """The first row to fill in, typed and printed; the colours on paper are those on the screen."""
    from com.sun.star.table import CellRangeAddress  # type: ignore[import-not-found, unused-ignore]

    sheet = _clear_and_type(document, texts)
    sheet.setPrintAreas((CellRangeAddress(0, 0, ROW, max(office.columns_of(sheet).values()), ROW),))
    for each in list(document.Sheets.ElementNames)[1:]:
        document.Sheets.getByName(each).setPrintAreas((CellRangeAddress(1, 99, 99, 99, 99),))
    office.save(document, target, form=office.AS_PDF)


def _texts(document: Any, found: Findings) -> None:
    sheet = document.Sheets.getByIndex(0)
    columns = office.columns_of(sheet)
    for header, text in STAYS_TEXT.items():
        cell = sheet.getCellByPosition(columns[header], ROW)
        found.say(cell.Type.value == "TEXT" and cell.String == text, f"{header} “{text}” 保存后仍是文本")


def _marks(document: Any, found: Findings, *, again: bool = False) -> None:
    """Bad cells are red and have a comment; the list of errors leads to them."""
    sheet, after = document.Sheets.getByIndex(0), "，保存后" if again else ""
    commented = [each.Position for each in (sheet.Annotations.getByIndex(at) for at in range(sheet.Annotations.Count))]
    bad = [sheet.getCellByPosition(each.Column, each.Row) for each in commented if each.Row >= ROW]
    red = [cell for cell in bad if cell.CellBackColor == 0xF9C7C3]
    found.say(len(bad) == len(red) == 40, f"标注：{len(red)} 个红色单元格，{len(bad)} 条批注{after}")
    listed = document.Sheets.getByName("错误清单")
    links = [listed.getCellByPosition(1, row) for row in range(1, 41)]
    good = [cell for cell in links if cell.TextFields.Count and cell.TextFields.getByIndex(0).URL.startswith("#")]
    found.say(len(good) == len(links), f"错误清单：{len(good)} 个链接{after}")


# --- outside -------------------------------------------------------------------------------------------------------


def red_share(pdf: Path) -> float:
    """How much of the printed page has the red of a cell that would be refused."""
    import pypdfium2

    pages = [page.render(scale=1).to_pil().convert("RGB") for page in pypdfium2.PdfDocument(pdf)]
    colours = [found for page in pages for found in page.getcolors(page.width * page.height)]
    near = sum(
        count
        for count, colour in colours
        if all(abs(one - wanted) < 6 for one, wanted in zip(colour, RED, strict=True))
    )
    return near / sum(count for count, _colour in colours)


def main() -> int:
    from tests.workbooks.plain_reference import write_plain_template

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        template = folder / "new.xlsx"
        with template.open("wb") as stream:
            write_plain_template(stream)
        marked = Path(__file__).with_name("ledger-600.marked.xlsx")
        lines = json.loads(office.run_with_uno(__spec__.name, template, marked, folder))
        if len(sys.argv) == 2:
            Path(sys.argv[1]).write_bytes((folder / "wrong.pdf").read_bytes())
        valid, wrong = red_share(folder / "valid.pdf"), red_share(folder / "wrong.pdf")
    lines.append((valid == 0 and wrong > 0, f"填错的单元格变红：有效 {valid:.2%}，填错 {wrong:.2%}"))
    for good, what in lines:
        print("✓" if good else "✗", what)  # noqa: T201
    return 0 if all(good for good, _what in lines) else 1


if __name__ == "__main__":
    if len(sys.argv) == 4:
        print(json.dumps(look(*map(Path, sys.argv[1:4]))))  # noqa: T201
    else:
        sys.exit(main())
