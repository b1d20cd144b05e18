"""Workbooks and typed values for the tests of the ledger and its import."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from openpyxl import Workbook

from backoffice.workbooks.columns import BY_CODE, COLUMNS

ALL_CODES = tuple(column.code for column in COLUMNS)
OWN_HEADERS = ("序号", "仪器名称", "规格型号", "出厂号", "制造商", "安装位置", "备注")
"""Of a list that a clerk keeps himself, below a title."""


def typed(**changes: Any) -> dict[str, Any]:
    """What a clerk types for a pressure gauge."""
    values = {
        "name": "压力表",
        "kind_code": "1401",
        "model": "Y-100",
        "measuring_range": "(0～1.6) MPa",
        "accuracy_class": "1.6级",
        "serial_number": "23871",
        "sub_number": "",
        "manufacturer": "青岛华青仪表有限公司",
        "origin": "domestic",
        "place_of_use": "一车间空压机房",
        "division_code": "370303",
        "department": "设备科",
        "quantity": "1",
        "purpose": "safety",
        "delivery_mode": "send_in",
        "management_number": "",
    }
    return {**values, **changes}


def row(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A row of a workbook in the words a spreadsheet user picks from the lists."""
    words = {
        "serial_number": f"S{number:05d}",
        "origin": "国产",
        "purpose": "安全防护",
        "delivery_mode": "送检",
        "quantity": 1,
    }
    return typed(**{**words, **changes})


def workbook(rows: Iterable[Mapping[str, Any]], *, codes: Sequence[str] = ALL_CODES) -> bytes:
    """A workbook with the template's headers in row 1 and these rows from row 2 on."""
    book = Workbook()
    sheet = book.active
    sheet.append([BY_CODE[code].header for code in codes])
    for each in rows:
        sheet.append([each.get(code) for code in codes])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def line(number: int, name: str = "压力表") -> tuple[Any, ...]:
    """A row of such a list."""
    return (number, name, "Y-100", f"S{number:05d}", "青岛华青仪表有限公司", "一车间", "")


def own_list(
    *lines: Sequence[Any], headers: Sequence[Any] = OWN_HEADERS, title: str = "器具台账", sheet: str = "Sheet"
) -> bytes:
    """A workbook with such a list."""
    book = Workbook()
    book.active.title = sheet
    for each in ([title], headers, *lines):
        book.active.append(list(each))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
