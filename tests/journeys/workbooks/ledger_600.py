"""Make `ledger-600.xlsx`, the template with 600 instruments and 40 mistakes, and what is right instead.

The instruments are those of the tour's 示例台账. What they should be is said first; the mistakes are put over it, so
the golden file knows nothing of what the product makes of the workbook. From the root of the repository:
`python -m tests.journeys.workbooks.ledger_600`.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from backoffice.portal.example_ledger import KINDS, PLACES, WAY_THERE
from backoffice.workbooks.column_sets import LEDGER
from backoffice.workbooks.columns import BY_CODE, COLUMNS
from tests.workbooks.plain_reference import DELIVERY_MODES, write_plain_template

FOLDER = Path(__file__).resolve().parent
WORKBOOK = FOLDER / "ledger-600.xlsx"
GOLDEN = FOLDER / "ledger-600.golden.json"
FIXES = FOLDER / "ledger-600.fixes.json"

ROWS = 600
FIRST_ROW = 3
"""Row 1 is the header, row 2 the example."""
PURPOSE_WORDS = {"safety": "安全防护", "medical": "医疗卫生", "trade": "贸易结算"}
NEW_ZONE = "试验楼"
"""The place that lies in another district."""

NUMBERS_OF_ITS_OWN = {
    45: "3-18",
    61: "120000000000000013",
    78: "000871",
    97: "2604.10",
    14: "无",
    115: "无",
    200: "无",
    315: "无",
}
"""Serial numbers that spreadsheet programs spoil, and instruments that have none."""
PURCHASED = {133: "2023-02-28"}


@dataclass(frozen=True, slots=True)
class Mistake:
    """What stands in one column of these instruments instead of the right value; `number_format` as of a cell."""

    column: str
    typed: Any
    instruments: Sequence[int]
    number_format: str = ""


MISTAKES: tuple[Mistake, ...] = (
    # Equal ones, mended together.
    Mistake("kind_code", "压力标", (0, 151, 432)),
    Mistake("division_code", "淄博高新", (30, 247, 572)),
    Mistake("division_code", "370300", (36, 253, 469)),
    Mistake("origin", "国内", (20, 160, 161)),
    Mistake("quantity", "3", (26, 290, 411)),
    Mistake("delivery_mode", "上门", (27, 292, 416)),
    Mistake("purpose", "生产用", (48, 300, 451)),
    Mistake("serial_number", "/", (115, 200, 315)),
    # Each by itself.
    Mistake("name", None, (8,)),
    Mistake("place_of_use", WAY_THERE, (39,)),
    Mistake("model", "Y-100\u202e", (54,)),
    Mistake("department", True, (70,)),
    Mistake("measuring_range", "#N/A", (88,)),
    Mistake("accuracy_class", '="Ⅲ"&"级"', (93,)),
    Mistake("serial_number", dt.date(2026, 3, 18), (45,), "m-d"),
    Mistake("serial_number", 1.2e17, (61,), "General"),
    Mistake("serial_number", 871, (78,), "000000"),
    Mistake("serial_number", 2604.1, (97,), "General"),
    Mistake("serial_number", "SK270003", (104,)),
    Mistake("purchased_on", "2023-02-30", (133,)),
    Mistake("management_number", None, (14,)),
    Mistake("kind_code", "4101", (171,)),
    Mistake("division_code", "市中区", (205,)),
    Mistake("ledger_number", "示例（本行不导入）", (333,)),
)


def instruments() -> list[dict[str, str]]:
    """The 600 instruments as they should stand in the ledger, lists in words, kinds and divisions by their codes."""
    return [_filled(instrument(number)) for number in range(ROWS)]


def _filled(row: Mapping[str, str]) -> dict[str, str]:
    return {code: text for code, text in row.items() if text}


def instrument(number: int) -> dict[str, str]:
    """One instrument; the same each time, also beyond the 600."""
    kind_of_row, place = KINDS[number % len(KINDS)], PLACES[number // len(KINDS) % len(PLACES)]
    name, kind, model, measuring_range, accuracy, prefix, maker, department, purpose, mode = kind_of_row
    return {
        "name": name,
        "kind_code": kind,
        "model": model,
        "measuring_range": measuring_range,
        "accuracy_class": accuracy,
        "serial_number": NUMBERS_OF_ITS_OWN.get(number, f"{prefix}27{number + 1:04d}"),
        "manufacturer": maker,
        "origin": "国产",
        "place_of_use": f"{place} {number + 1} 号位",
        "division_code": "370390" if place == NEW_ZONE else "370303",
        "department": department,
        "quantity": "1",
        "purpose": PURPOSE_WORDS[purpose],
        "delivery_mode": DELIVERY_MODES[mode],
        "management_number": f"JL-{number + 1:04d}",
        "purchased_on": PURCHASED.get(number, ""),
    }


def golden() -> list[dict[str, str]]:
    """The golden file: the 600 rows the ledger has in the end, by column; a column that is not there is empty."""
    rows: list[dict[str, str]] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return rows


def fixes() -> list[dict[str, Any]]:
    """Row of the sheet, column by its header, and the right value, in the order of the rows."""
    right = instruments()
    found = [
        {
            "row": FIRST_ROW + number,
            "header": BY_CODE[mistake.column].header,
            "value": right[number].get(mistake.column, ""),
        }
        for mistake in MISTAKES
        for number in mistake.instruments
    ]
    return sorted(found, key=lambda fix: (fix["row"], fix["header"]))


def content() -> bytes:
    """The workbook: the template filled with the instruments, then spoilt."""
    stream = io.BytesIO()
    write_plain_template(stream, instruments())
    stream.seek(0)
    book = load_workbook(stream)
    _spoil(book[LEDGER.sheet])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _spoil(sheet: Any) -> None:
    columns = {column.code: at for at, column in enumerate(COLUMNS, start=1)}
    for mistake in MISTAKES:
        for number in mistake.instruments:
            cell = sheet.cell(FIRST_ROW + number, columns[mistake.column])
            cell.value = mistake.typed
            if mistake.number_format:
                cell.number_format = mistake.number_format


def rows_of_ledger(workbook: bytes) -> list[dict[str, str]]:
    """The instruments of a template downloaded with the ledger in it, in the shape of the golden file."""
    sheet = load_workbook(io.BytesIO(workbook))[LEDGER.sheet]
    codes = {column.header: column.code for column in COLUMNS}
    header, *rows = sheet.iter_rows(values_only=True)
    named = [codes[str(each)] for each in header]
    return [_plain(dict(zip(named, row, strict=True))) for row in rows[FIRST_ROW - 2 :]]


def _plain(row: Mapping[str, Any]) -> dict[str, str]:
    """What is filled in but for the number the product gave; of a kind or a division the code in front of its name."""
    texts = _filled({code: str(value or "") for code, value in row.items() if code != "ledger_number"})
    return texts | {code: texts[code].split(" ")[0] for code in ("kind_code", "division_code")}


def json_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """JSON with a line for each row, so that a change can be read."""
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


def main() -> None:
    WORKBOOK.write_bytes(content())
    GOLDEN.write_text(json_of(instruments()), encoding="utf-8")
    FIXES.write_text(json_of(fixes()), encoding="utf-8")


if __name__ == "__main__":
    main()
