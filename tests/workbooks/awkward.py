"""Awkward and hostile files, made on the spot: each a name and its bytes; none of them is stored."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import PatternFill

from tests.services.ledger_samples import ALL_CODES, row, workbook

File = tuple[str, bytes]
SHEET = "xl/worksheets/sheet1.xml"
MEGABYTE = 1024 * 1024
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504


def letter_of(code: str) -> str:
    return chr(ord("A") + ALL_CODES.index(code))


def saved(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def opened(*rows: Mapping[str, Any]) -> Workbook:
    return load_workbook(io.BytesIO(workbook(rows)))


def with_part(content: bytes, change: Callable[[str], str], part: str = SHEET) -> bytes:
    """The workbook with one part changed as text."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for name in source.namelist():
            found = source.read(name)
            out.writestr(name, change(found.decode()).encode() if name == part else found)
    return target.getvalue()


def with_more_parts(content: bytes, parts: Iterable[tuple[str, bytes]]) -> bytes:
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts:
            archive.writestr(name, part)
    return stream.getvalue()


def of_parts(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return stream.getvalue()


def text(*rows: Mapping[str, Any], encoding: str) -> bytes:
    """The rows as delimited text, with the template's headers."""
    stream = io.StringIO(newline="")
    headers = [cell.value for cell in opened().active[1]]
    lines = [headers, *([str(each.get(code) or "") for code in ALL_CODES] for each in rows)]
    csv.writer(stream).writerows(lines)
    return stream.getvalue().encode(encoding)


def entity_bomb() -> bytes:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    return with_part(workbook([row(1)]), lambda xml: f"<!DOCTYPE x [{levels}]>" + xml.split("?>", 1)[-1])


def outside_entity(address: str) -> bytes:
    """A part that would fetch its content from elsewhere."""
    return with_part(
        workbook([row(1)]), lambda xml: f'<!DOCTYPE x [<!ENTITY e SYSTEM "{address}">]>' + xml.split("?>", 1)[-1]
    )


def linked_to(address: str) -> bytes:
    """A workbook with a link to another one, a hyperlink, and formulas that would ask the network."""
    book = opened(row(1, name=f'=WEBSERVICE("{address}")'), row(2))
    book.active["B3"].hyperlink = address
    relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    link = f'<externalLink xmlns="{main}"><externalBook xmlns:r="{relation}" r:id="rId1"/></externalLink>'
    target = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{relation}/externalLinkPath" Target="{address}" TargetMode="External"/></Relationships>'
    )
    content = with_more_parts(
        saved(book),
        [
            ("xl/externalLinks/externalLink1.xml", link.encode()),
            ("xl/externalLinks/_rels/externalLink1.xml.rels", target.encode()),
        ],
    )
    entry = f'<Relationship Id="rId99" Type="{relation}/externalLink" Target="/xl/externalLinks/externalLink1.xml"/>'
    return with_part(
        content, lambda xml: xml.replace("</Relationships>", entry + "</Relationships>"), "xl/_rels/workbook.xml.rels"
    )


def million_formatted_rows() -> bytes:
    rows = "".join(f'<row r="{number}" s="0" customFormat="1"/>' for number in range(3, 1_000_003))
    return with_part(workbook([row(1)]), lambda xml: xml.replace("</sheetData>", rows + "</sheetData>"))


def all_columns() -> bytes:
    """Formatted cells out to the last column a sheet can have, in every row."""
    book = opened(*(row(number) for number in range(1, 6)))
    yellow = PatternFill("solid", fgColor="FFFF00")
    for number in range(1, 4):
        for column in range(len(ALL_CODES) + 1, 16_385):
            book.active.cell(number, column).fill = yellow
    return saved(book)


def merged() -> bytes:
    book = opened(row(1), row(2), row(3))
    place = letter_of("manufacturer")
    book.active.merge_cells(f"{place}2:{place}3")
    return saved(book)


def hidden() -> bytes:
    book = opened(row(1), row(2), row(3))
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["D"].hidden = True
    book.active.auto_filter.ref = "A1:D4"
    return saved(book)


def below_a_title(rows_above: int) -> bytes:
    book = opened(row(1))
    book.active.insert_rows(1, rows_above)
    book.active["A1"] = "二〇二六年度器具台账"
    return saved(book)


def with_control_character() -> bytes:
    return with_part(workbook([row(1, name="Y-X-100")]), lambda xml: xml.replace("Y-X-100", "Y_x0008_100"))


DATES = (dt.date(2024, 3, 18), "2024/3/18", "2024年3月18日", "20240318", "2024.03.18")


def dates() -> bytes:
    return workbook([row(number, purchased_on=day) for number, day in enumerate((*DATES, 45_369, "去年三月"), start=1)])


FILES: dict[str, Callable[[], File]] = {
    "empty": lambda: ("台账.xlsx", b""),
    "pdf named xlsx": lambda: ("台账.xlsx", b"%PDF-1.7 x"),
    "web page named xls": lambda: ("台账.xls", b"<html><table><tr><td>1</td></tr></table></html>"),
    "old xls": lambda: ("台账.xls", OLE + "Workbook".encode("utf-16-le") + b"\0\0"),
    "encrypted": lambda: ("台账.xlsx", OLE + "EncryptedPackage".encode("utf-16-le")),
    "macros": lambda: ("台账.xlsm", with_more_parts(workbook([row(1)]), [("xl/vbaProject.bin", b"x")])),
    "binary workbook": lambda: ("台账.xlsb", of_parts("[Content_Types].xml", "xl/workbook.bin")),
    "open document": lambda: ("台账.ods", of_parts("mimetype", "content.xml")),
    "word document": lambda: ("台账.xlsx", of_parts("[Content_Types].xml", "word/document.xml")),
    "cut off": lambda: ("台账.xlsx", workbook([row(1)])[:-300]),
    "part of it garbled": lambda: ("台账.xlsx", with_part(workbook([row(1)]), lambda xml: xml[: len(xml) // 2])),
    "too large": lambda: ("台账.xlsx", b"PK\x03\x04" + b"\0" * (15 * MEGABYTE)),
    "zip bomb": lambda: (
        "台账.xlsx",
        with_more_parts(workbook([row(1)]), [("xl/worksheets/sheet2.xml", b" " * (97 * MEGABYTE))]),
    ),
    "thousands of parts": lambda: (
        "台账.xlsx",
        with_more_parts(workbook([row(1)]), ((f"xl/media/{number}.png", b"") for number in range(3_000))),
    ),
    "entity bomb": lambda: ("台账.xlsx", entity_bomb()),
    "forged row number": lambda: (
        "台账.xlsx",
        with_part(workbook([row(1)]), lambda xml: xml.replace('<row r="2"', '<row r="99999999999"')),
    ),
    "utf-16 text": lambda: ("台账.csv", text(row(1), encoding="utf-16")),
    "text in no encoding": lambda: ("台账.csv", text(row(1), encoding="utf-8") + b"\xff\xff\xff"),
    "no rows": lambda: ("台账.xlsx", workbook([])),
    "header too far down": lambda: ("台账.xlsx", below_a_title(10)),
    "column missing": lambda: ("台账.xlsx", workbook([row(1)], codes=[c for c in ALL_CODES if c != "purpose"])),
    "column twice": lambda: ("台账.xlsx", workbook([row(1)], codes=[*ALL_CODES, "serial_number"])),
    "gbk text": lambda: ("台账.csv", text(row(1), row(2), encoding="gbk")),
    "utf-8 text with its mark": lambda: ("台账.csv", text(row(1), row(2), encoding="utf-8-sig")),
    "text named xlsx": lambda: ("台账.xlsx", text(row(1), encoding="utf-8")),
    "workbook named csv": lambda: ("台账.csv", workbook([row(1)])),
    "header below a title": lambda: ("台账.xlsx", below_a_title(3)),
    "wrong size tag": lambda: (
        "台账.xlsx",
        with_part(
            workbook([row(1), row(2)]), lambda xml: re.sub(r'<dimension ref="[^"]*"', '<dimension ref="A1"', xml)
        ),
    ),
    "no size tag": lambda: (
        "台账.xlsx",
        with_part(workbook([row(1), row(2)]), lambda xml: re.sub(r'<dimension ref="[^"]*" ?/>', "", xml)),
    ),
    "merged cells": lambda: ("台账.xlsx", merged()),
    "hidden rows": lambda: ("台账.xlsx", hidden()),
    "full-width digits": lambda: (
        "台账.xlsx",
        workbook([row(1, kind_code="１４０１", division_code="３７０３０３", serial_number="Ａ１２", quantity="１")]),
    ),
    "codes as numbers": lambda: (
        "台账.xlsx",
        workbook([row(1, kind_code=1401.0, division_code=370303.0), row(2, serial_number=3.1), row(3, kind_code=201)]),
    ),
    "numbers gone wrong": lambda: (
        "台账.xlsx",
        workbook([row(1, serial_number=123456789012345678), row(2, serial_number="1.2E+17"), row(3, quantity=True)]),
    ),
    "dates": lambda: ("台账.xlsx", dates()),
    "formulas and error values": lambda: (
        "台账.xlsx",
        workbook([row(1, name="=A1&B1"), row(2, model="#N/A"), row(3, sub_number=dt.date(2026, 1, 2))]),
    ),
    "control characters": lambda: ("台账.xlsx", with_control_character()),
    "direction marks": lambda: ("台账.xlsx", workbook([row(1, manufacturer="青岛\u202e仪表")])),
    "rare characters": lambda: (
        "台账.xlsx",
        workbook([row(1, manufacturer="𠮷野仪表有限公司", place_of_use="𪚥山村")]),
    ),
    "million formatted rows": lambda: ("台账.xlsx", million_formatted_rows()),
    "last column in use": lambda: ("台账.xlsx", all_columns()),
    "the same number twice": lambda: ("台账.xlsx", workbook([row(1), row(2), row(1)])),
    "certificate numbers": lambda: ("台账.xlsx", workbook([row(1, certificate_number="ZB-2026-1")])),
}
