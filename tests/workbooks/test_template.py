"""The three downloads: what they offer, and that what they hold is text."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter

from backoffice.workbooks.checks import check_row
from backoffice.workbooks.columns import COLUMNS
from backoffice.workbooks.problems import FileProblemCode, FileProblemError
from backoffice.workbooks.reader import open_upload
from backoffice.workbooks.reference import Reference
from backoffice.workbooks.template import write_divisions, write_kinds, write_template
from tests.workbooks.conftest import VALUES
from tests.workbooks.plain_reference import DELIVERY_MODES, ORIGINS, PURPOSES, divisions, kinds

LISTS: dict[str, Any] = {"origins": ORIGINS, "purposes": PURPOSES, "delivery_modes": DELIVERY_MODES}


def written(path: Path, **arguments: Any) -> Path:
    with path.open("wb") as stream:
        write_template(stream, **{"kinds": kinds(), "divisions": divisions()[:200], **LISTS, **arguments})
    return path


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return load_workbook(written(tmp_path_factory.mktemp("template") / "t.xlsx", divisions=divisions()))


def test_headers_stand_in_the_guide_s_order_with_bare_words(template: Workbook) -> None:
    sheet = template.worksheets[0]
    assert [cell.value for cell in sheet[1]] == [column.header for column in COLUMNS]
    assert sheet.freeze_panes == "C2"
    assert all(cell.comment and cell.comment.text for cell in sheet[1])


def test_whole_columns_are_text_but_for_the_quantity(template: Workbook) -> None:
    dimensions = template.worksheets[0].column_dimensions
    formats = {column.code: dimensions[get_column_letter(at)].number_format for at, column in enumerate(COLUMNS, 1)}
    assert formats.pop("quantity") == "0"
    assert set(formats.values()) == {"@"}


def test_every_column_is_validated_and_marked_red(template: Workbook) -> None:
    sheet = template.worksheets[0]
    assert len(sheet.data_validations.dataValidation) == len(sheet.conditional_formatting) == len(COLUMNS)
    names = {v.formula1 for v in sheet.data_validations.dataValidation if v.type == "list"}
    assert names <= set(template.defined_names)


def test_drop_downs_offer_only_what_may_be_entered(template: Workbook) -> None:
    kind_codes = {row[2] for row in template["强检器具目录"].iter_rows(min_row=2, values_only=True)}
    division_codes = {row[0] for row in template["行政区划信息"].iter_rows(min_row=2, values_only=True)}
    assert "0101" in kind_codes
    assert "1402" not in kind_codes
    assert {"370303", "370390", "441900"} <= division_codes
    assert "370300" not in division_codes


def test_the_empty_template_has_no_rows_when_it_comes_back(tmp_path: Path) -> None:
    with pytest.raises(FileProblemError) as refused:
        open_upload(written(tmp_path / "t.xlsx"))
    assert refused.value.problem.code is FileProblemCode.NO_ROWS


def test_the_present_ledger_goes_round(tmp_path: Path, reference: Reference) -> None:
    row = VALUES | {"ledger_number": "17", "origin": "domestic", "purpose": "1", "quantity": 1}
    row["delivery_mode"] = "on_site"
    dangerous = row | {"name": '=HYPERLINK("x")', "serial_number": "0012", "ledger_number": "18"}
    path = written(tmp_path / "t.xlsx", divisions=divisions(), rows=[row, dangerous])
    with open_upload(path) as upload:
        checked = [check_row(raw, reference, letters=upload.letters) for raw in upload.rows()]
    assert [one.problems for one in checked] == [[], []]
    assert checked[0].values is not None
    assert checked[1].values is not None
    assert {code: checked[0].values[code] for code in row} == row
    assert checked[1].values["serial_number"] == "0012"
    assert checked[1].values["name"] == '=HYPERLINK("x")'
    cell = load_workbook(path).worksheets[0]["B4"]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)


def test_the_stamp_follows_the_reference_data_and_not_their_order(reference: Reference) -> None:
    turned = replace(reference, kinds=dict(reversed(reference.kinds.items())))
    assert turned.digest == reference.digest
    fewer = replace(reference, kinds={"1401": reference.kinds["1401"]})
    assert fewer.digest != reference.digest


def test_divisions_and_kinds_are_lists_of_text_codes() -> None:
    stream = io.BytesIO()
    write_divisions(stream, divisions())
    rows = list(load_workbook(stream, read_only=True).active.iter_rows(min_row=2, values_only=True))
    assert len(rows) == 3_354
    assert all(isinstance(row[0], str) for row in rows)
    stream = io.BytesIO()
    write_kinds(stream, kinds(), purposes=PURPOSES)
    rows = list(load_workbook(stream, read_only=True).active.iter_rows(min_row=2, values_only=True))
    assert (len(rows), rows[0][2]) == (64, "0101")
    assert "不能登记" in next(row[11] for row in rows if row[2] == "1402")
