"""Small workbooks made on the spot; nothing here needs a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from backoffice.workbooks.columns import COLUMNS
from backoffice.workbooks.reference import Reference
from tests.workbooks.plain_reference import reference as plain_reference

VALUES: dict[str, Any] = {
    "name": "压力表",
    "kind_code": "1401",
    "model": "Y-100",
    "measuring_range": "(0～1.6) MPa",
    "accuracy_class": "1.6级",
    "serial_number": "23871",
    "manufacturer": "红旗仪表有限公司",
    "origin": "国产",
    "place_of_use": "淄川区般阳路 1 号",
    "division_code": "370302",
    "quantity": "1",
    "purpose": "安全防护",
    "delivery_mode": "送检",
}
HEADERS = [column.header for column in COLUMNS]


def row_of(**changes: Any) -> list[Any]:
    """A valid row in the order of the columns, with changes."""
    values = VALUES | changes
    return [values.get(column.code) for column in COLUMNS]


@pytest.fixture(scope="session")
def reference() -> Reference:
    return plain_reference()


@pytest.fixture
def workbook_of(tmp_path: Path) -> Callable[..., Path]:
    def make(*rows: Sequence[Any], headers: Sequence[Any] = HEADERS, name: str = "台账.xlsx") -> Path:
        workbook = Workbook()
        for row in (headers, *rows):
            workbook.active.append(list(row))
        workbook.save(tmp_path / name)
        return tmp_path / name

    return make
