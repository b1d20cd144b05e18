"""The rules of a row, each refused and accepted on the same valid row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from backoffice.workbooks import messages
from backoffice.workbooks.cells import CellKind, RawCell
from backoffice.workbooks.checks import CheckedRow, RawRow, check_row, check_values, checked_values
from backoffice.workbooks.columns import COLUMNS, REQUIRED
from backoffice.workbooks.duplicates import KeyIndex, duplicate_problem, key_of, ledger_number_problem
from backoffice.workbooks.problems import FileProblemCode, Problem, ProblemCode, Severity
from backoffice.workbooks.reference import Reference
from tests.workbooks.conftest import VALUES

P = ProblemCode


def check(reference: Reference, **changes: Any) -> CheckedRow:
    return checked_values(VALUES | changes, reference)


def only_problem(reference: Reference, **changes: Any) -> Problem:
    (problem,) = check(reference, **changes).problems
    return problem


def test_a_valid_row_gives_codes_and_no_problem(reference: Reference) -> None:
    checked = check(reference)
    assert checked.problems == []
    assert checked.values is not None
    assert checked.values["origin"] == "domestic"
    assert checked.values["quantity"] == 1
    assert checked.values["management_number"] == ""
    assert "certificate_number" not in checked.values


def test_every_code_has_exactly_one_sentence() -> None:
    assert set(messages.PROBLEM_SENTENCES) == {code.value for code in ProblemCode}
    assert set(messages.FILE_SENTENCES) == {code.value for code in FileProblemCode}


@pytest.mark.parametrize("column", REQUIRED, ids=lambda column: column.code)
def test_a_required_field_may_not_be_empty(reference: Reference, column: Any) -> None:
    problem = only_problem(reference, **{column.code: "  "})
    assert (problem.code, problem.field) == (P.REQUIRED, column.code)


# What is typed, the problem it gives.
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": "2"}, P.QUANTITY_NOT_ONE),
        ({"quantity": "0"}, P.QUANTITY_NOT_ONE),
        ({"quantity": "1.5"}, P.QUANTITY_NOT_ONE),
        ({"kind_code": "1-2"}, P.KIND_UNKNOWN),
        ({"kind_code": "1402"}, P.KIND_NOT_MANDATORY),
        ({"kind_code": "201"}, P.LEADING_ZERO_LOST),
        ({"division_code": "999999"}, P.DIVISION_UNKNOWN),
        ({"division_code": "370300"}, P.DIVISION_HAS_CHILDREN),
        ({"division_code": "淄博市"}, P.DIVISION_HAS_CHILDREN),
        ({"division_code": "鼓楼区"}, P.DIVISION_AMBIGUOUS),
        ({"origin": "月球"}, P.NOT_IN_LIST),
        ({"purpose": "自用"}, P.NOT_IN_LIST),
        ({"delivery_mode": "快递"}, P.NOT_IN_LIST),
        ({"serial_number": "无"}, P.MANAGEMENT_NUMBER_REQUIRED),
        ({"serial_number": "/"}, P.SERIAL_NUMBER_PLACEHOLDER),
        ({"serial_number": "1.2E+17"}, P.PRECISION_LOST),
        ({"serial_number": "7" * 65}, P.TOO_LONG),
        ({"name": "压\u202e力表"}, P.ILLEGAL_CHARACTER),
        ({"name": "压\x00力表"}, P.ILLEGAL_CHARACTER),
        ({"name": "秤😀"}, P.ILLEGAL_CHARACTER),
        ({"ledger_number": "示例（本行不导入）"}, P.EXAMPLE_OVERWRITTEN),
    ],
)
def test_a_bad_value_is_an_error_beside_its_field(reference: Reference, changes: dict[str, str], code: P) -> None:
    checked = check(reference, **changes)
    assert [problem.code for problem in checked.problems] == [code]
    assert checked.values is None
    assert checked.problems[0].message


# What is typed, the code it is read as.
@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"kind_code": "１４０１"}, "kind_code", "1401"),
        ({"kind_code": "1401 指示类压力表、显示类压力表"}, "kind_code", "1401"),
        ({"kind_code": "指示类压力表、显示类压力表"}, "kind_code", "1401"),
        ({"division_code": "淄川区"}, "division_code", "370302"),
        ({"division_code": "山东省淄博市淄川区"}, "division_code", "370302"),
        ({"division_code": "370302 山东省淄博市淄川区"}, "division_code", "370302"),
        ({"division_code": "441900"}, "division_code", "441900"),
        ({"delivery_mode": "外检"}, "delivery_mode", "on_site"),
        ({"delivery_mode": "现场检定(外检)"}, "delivery_mode", "on_site"),
        ({"delivery_mode": "on_site"}, "delivery_mode", "on_site"),
        ({"quantity": " １ "}, "quantity", 1),
        ({"serial_number": "\u200bＡ１２\u3000"}, "serial_number", "A12"),
        ({"measuring_range": "(0～5) m³/h，20 ℃"}, "measuring_range", "(0～5) m³/h，20 ℃"),
        ({"name": " 压力表\n（真空） "}, "name", "压力表 （真空）"),
    ],
)
def test_a_kindly_meant_spelling_is_read(reference: Reference, changes: dict[str, str], field: str, value: Any) -> None:
    checked = check(reference, **changes)
    assert checked.problems == []
    assert checked.values is not None
    assert checked.values[field] == value


# What is typed, the warning; the row is good all the same.
@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"kind_code": "精密压力表"}, P.KIND_BY_ALIAS, "1401 指示类压力表"),
        ({"kind_code": "2801", "purpose": "环境监测"}, P.KIND_TO_BE_CONFIRMED, "待确认"),
        ({"purpose": "贸易结算"}, P.PURPOSE_OUTSIDE_KIND, "仅在用于安全防护所列情形时属强制检定；您选择“贸易结算”"),
        ({"certificate_number": "ZB-1"}, P.CERTIFICATE_NUMBER_IGNORED, "“ZB-1”不会导入"),
    ],
)
def test_a_warning_lets_the_row_in(reference: Reference, changes: dict[str, str], code: P, words: str) -> None:
    checked = check(reference, **changes)
    assert [problem.code for problem in checked.problems] == [code]
    assert code.severity is Severity.WARNING
    assert checked.is_good
    assert words in checked.problems[0].message


def test_an_ambiguous_kind_name_lists_the_kinds(reference: Reference) -> None:
    kinds = dict(reference.kinds)
    kinds["0202"] = replace(kinds["0202"], aliases=("电子秤",))
    problem = only_problem(replace(reference, kinds=kinds), kind_code="电子秤")
    assert problem.code is P.KIND_AMBIGUOUS
    assert "0201" in problem.message
    assert "0202" in problem.message


def test_a_retired_kind_and_a_retired_division_are_refused(reference: Reference) -> None:
    kinds = dict(reference.kinds) | {"1401": replace(reference.kinds["1401"], retired=True)}
    divisions = dict(reference.divisions) | {"370302": replace(reference.divisions["370302"], retired=True)}
    found = check(replace(reference, kinds=kinds, divisions=divisions)).problems
    assert [problem.code for problem in found] == [P.KIND_RETIRED, P.DIVISION_RETIRED]


def test_an_unknown_kind_is_suggested_by_the_instrument_s_name(reference: Reference) -> None:
    row = RawRow(
        37,
        {code: RawCell(text, CellKind.TEXT) for code, text in VALUES.items()}
        | {"kind_code": RawCell("1-2", CellKind.TEXT, "D")},
    )
    (problem,) = check_row(row, reference).problems
    label = "1401 指示类压力表、显示类压力表"
    assert problem.suggestion == label
    assert problem.message == f"第 37 行 D 列 种别代码：“1-2”不在目录中，是否为“{label}”？"
    assert check(reference, kind_code=problem.suggestion).problems == []


def test_a_division_with_children_is_suggested_by_the_place(reference: Reference) -> None:
    assert only_problem(reference, division_code="370300").suggestion == "370302 淄川区"
    elsewhere = only_problem(reference, division_code="370300", place_of_use="厂内")
    assert elsewhere.suggestion is None
    assert "如 370302 淄川区" in elsewhere.message


def test_a_township_code_suggests_its_county(reference: Reference) -> None:
    assert only_problem(reference, division_code="370303001").suggestion == "370303 张店区"


def test_serial_number_none_with_a_management_number_is_accepted(reference: Reference) -> None:
    assert check(reference, serial_number="无", management_number="G1").is_good


def test_every_problem_of_a_row_is_found(reference: Reference) -> None:
    found = check(reference, kind_code="x", division_code="370300", quantity="3", origin="", purpose="?").problems
    assert [problem.field for problem in found] == ["kind_code", "origin", "division_code", "quantity", "purpose"]


# A cell as the file has it, in a column; the problem it gives.
@pytest.mark.parametrize(
    ("field", "cell", "code"),
    [
        ("quantity", RawCell(True, CellKind.BOOLEAN), P.BOOLEAN_CELL),
        ("quantity", RawCell(2, CellKind.INTEGER), P.QUANTITY_NOT_ONE),
        ("kind_code", RawCell(201, CellKind.INTEGER), P.LEADING_ZERO_LOST),
        ("serial_number", RawCell(12, CellKind.INTEGER, None, "000012"), P.LEADING_ZERO_LOST),
        ("serial_number", RawCell(1.2e17, CellKind.DECIMAL), P.PRECISION_LOST),
        ("serial_number", RawCell(123456789012345678, CellKind.INTEGER), P.PRECISION_LOST),
        ("serial_number", RawCell(3.1, CellKind.DECIMAL), P.DECIMAL_IN_NUMBER),
        ("sub_number", RawCell("2026-01-02", CellKind.DATE), P.DATE_CELL),
        ("name", RawCell("#N/A", CellKind.ERROR), P.ERROR_CELL),
        ("name", RawCell("=A1", CellKind.FORMULA), P.FORMULA_CELL),
    ],
)
def test_what_a_spreadsheet_damaged_is_an_error(reference: Reference, field: str, cell: RawCell, code: P) -> None:
    cells = {name: RawCell(text, CellKind.TEXT) for name, text in VALUES.items()} | {field: cell}
    found = check_row(RawRow(3, cells), reference).problems
    assert [problem.code for problem in found] == [code]


def test_whole_numbers_are_read_where_nothing_is_lost(reference: Reference) -> None:
    numbers = {"kind_code": 1401, "serial_number": 23871, "division_code": 370302, "quantity": 1, "purpose": 1}
    cells = {name: RawCell(text, CellKind.TEXT) for name, text in VALUES.items()}
    cells |= {name: RawCell(number, CellKind.INTEGER) for name, number in numbers.items()}
    values = check_row(RawRow(3, cells), reference).values
    assert values is not None
    assert (values["serial_number"], values["kind_code"], values["purpose"]) == ("23871", "1401", "1")


def test_a_missing_cell_is_named_by_the_column_of_the_sheet(reference: Reference) -> None:
    cells = {code: RawCell(text, CellKind.TEXT) for code, text in VALUES.items() if code != "origin"}
    (problem,) = check_row(RawRow(5, cells), reference, letters={"origin": "J"}).problems
    assert problem.message == "第 5 行 J 列 器具产地：必填，不能为空。"


def test_a_stored_problem_comes_back_with_the_same_sentence(reference: Reference) -> None:
    for problem in check_values(VALUES | {"division_code": "370300", "kind_code": "1-2"}, reference):
        assert Problem.restored(problem.stored()) == problem
        assert Problem.restored(problem.stored()).message == problem.message


def test_a_duplicate_in_the_file_names_both_rows(reference: Reference) -> None:
    values = check(reference).values
    assert values is not None
    index = KeyIndex()
    assert index.add(14, key_of(values)) is None
    assert index.add(91, key_of(values)) == 14
    assert index.add(92, key_of(values | {"sub_number": "2"})) is None
    assert index.add(93, key_of(values | {"serial_number": "无", "management_number": "23871"})) is None
    assert "第 91 行" in duplicate_problem(row=91, earlier_row=14, serial_number="23871").message
    assert "第 14 行" in duplicate_problem(row=91, earlier_row=14, serial_number="23871").message
    assert "第 3 行" in ledger_number_problem(row=9, earlier_row=3, ledger_number="7").message


def test_headers_and_codes_are_distinct() -> None:
    assert len({column.code for column in COLUMNS}) == len({column.header for column in COLUMNS}) == 32
