"""Workbooks as full as a file may be: the template with up to 50,000 instruments, saved by LibreOffice Calc.

Where LibreOffice is not installed its layout is imitated: texts in a table of their own, its `dimension`, its rows.
Such a workbook has 5 MB, so it is made when it is needed. `python -m tests.journeys.workbooks.full_ledger 50000 FILE`.
"""

from __future__ import annotations

import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from tests.golden import office

BY_LIBREOFFICE, BY_IMITATION = "LibreOffice", "LibreOffice's layout, imitated"
PREFIX = "WL"
"""Of every serial number and 管理编号."""
WRONG_QUANTITY = "3"
FIRST_NUMBER = 1_000
"""Of the instruments: those of `ledger_600` come before."""

_CELL = re.compile(rb'(<c r="[A-Z]+\d+" s="\d+") t="inlineStr"><is><t(?: [^>]*)?>([^<]*)</t></is></c>')
_ROW = re.compile(rb'<row r="(\d+)">')
_LOOKS_OF_ROW = (
    rb'<row r="\1" customFormat="false" ht="15" hidden="false" customHeight="false" outlineLevel="0" collapsed="false">'
)
_RUN = re.compile(rb"(?:&#\d{4,};)+|(?:(?!&#\d{4,};).)+")
_TEXT = b'<t xml:space="preserve">%s</t>'
_LOOKS_OF_RUN = (
    b'<sz val="11"/><color rgb="FF1B1F24"/><rFont val="Noto Sans CJK SC"/><family val="2"/><charset val="1"/>'
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_STRINGS_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
_STRINGS_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"


def write(target: Path, rows: int, *, wrong_every: int = 0, may_ask_office: bool = True) -> str:
    """Write the workbook, every so many rows wrong; returns who laid it out."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made.xlsx"
        _write_template(made, instruments(rows, wrong_every=wrong_every))
        if may_ask_office and office.is_installed():
            office.run_with_uno(__spec__.name, made, target)
            return BY_LIBREOFFICE
        imitate(made, target)
        return BY_IMITATION


def instruments(rows: int, *, wrong_every: int) -> Iterator[dict[str, str]]:
    """Instruments with most of the columns filled, as in a careful enterprise."""
    from tests.journeys.workbooks import ledger_600

    for number in range(1, rows + 1):
        row = ledger_600.instrument(FIRST_NUMBER + number)
        yield row | {
            "serial_number": f"{PREFIX}{number:06d}",
            "place_of_use": f"{row['place_of_use']}东侧第 {number} 台",
            "quantity": WRONG_QUANTITY if wrong_every and number % wrong_every == 0 else "1",
            "management_number": f"{PREFIX}-{number:06d}",
            "purchased_on": "2024-03-18",
            "declared_verified_on": "2026-06-10",
            "declared_valid_until": "2027-06-09",
            "declared_certificate_number": f"ZB2026-{number:06d}",
            "declared_institution": "淄博市齐盛计量技术研究院",
        }


def _write_template(path: Path, rows: Iterator[dict[str, str]]) -> None:
    from tests.workbooks.plain_reference import write_plain_template

    with path.open("wb") as stream:
        write_plain_template(stream, rows)


def imitate(source: Path, target: Path) -> None:
    """The workbook as LibreOffice lays it out, as far as a reader can tell: its first sheet's texts stand elsewhere."""
    strings: dict[bytes, int] = {}
    uses = 0

    def referred(found: re.Match[bytes]) -> bytes:
        nonlocal uses
        uses += 1
        return b'%s t="s"><v>%d</v></c>' % (found[1], strings.setdefault(found[2], len(strings)))

    with zipfile.ZipFile(source) as parts, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as laid_out:
        for name in parts.namelist():
            content = parts.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = _ROW.sub(_LOOKS_OF_ROW, _CELL.sub(referred, content))
            elif name == "[Content_Types].xml":
                part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_STRINGS_TYPE}"/></Types>'
                content = content.replace(b"</Types>", part.encode())
            elif name == "xl/_rels/workbook.xml.rels":
                relation = f'<Relationship Type="{_STRINGS_RELATION}" Target="sharedStrings.xml" Id="rIdStrings"/>'
                content = content.replace(b"</Relationships>", relation.encode() + b"</Relationships>")
            laid_out.writestr(name, content)
        table = b"".join(b"<si>%s</si>" % _laid_out(text) for text in strings)
        head = f'<sst xmlns="{_MAIN}" count="{uses}" uniqueCount="{len(strings)}">'
        laid_out.writestr("xl/sharedStrings.xml", head.encode() + table + b"</sst>")


def _laid_out(text: bytes) -> bytes:
    """A text of Chinese and Latin letters comes as runs, each with the font of its letters."""
    runs = [run for run in _RUN.findall(text) if run]
    if len(runs) == 1:
        return _TEXT % text
    return b"".join(b"<r><rPr>%s</rPr>%s</r>" % (_LOOKS_OF_RUN, _TEXT % run) for run in runs)


def save_again(source: Path, target: Path) -> None:
    """Open and save in LibreOffice. Runs where `uno` is."""
    with office.desktop() as desktop, office.document(desktop, source) as document:
        office.save(document, target)


if __name__ == "__main__":
    if sys.argv[1].isdigit():
        print(write(Path(sys.argv[2]), int(sys.argv[1])))  # noqa: T201
    else:
        save_again(*map(Path, sys.argv[1:3]))
