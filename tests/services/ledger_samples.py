"""Workbooks and typed values for the tests of the ledger and its import."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from openpyxl import Workbook

from backoffice.workbooks.columns import BY_CODE, COLUMNS

ALL_CODES = tuple(column.code for column in COLUMNS)


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
