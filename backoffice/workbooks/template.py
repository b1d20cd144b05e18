"""The three downloads of the import, made from live reference data.

《强制检定器具信息导入模板》 has its header in row 1, an example in row 2 that is ignored when it comes back, and rows
to fill in below; drop-downs draw on its own sheets of kinds, divisions and options.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.packaging.custom import StringProperty
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from backoffice.workbooks.column_sets import LEDGER, ColumnSet
from backoffice.workbooks.columns import (
    EXAMPLE_MARK,
    EXAMPLE_SERIAL_NUMBER,
    Column,
    Content,
)
from backoffice.workbooks.reference import DivisionFact, KindFact, Reference
from backoffice.workbooks.resolve import joined
from backoffice.workbooks.styles import (
    RED_FILL,
    RED_FONT,
    add_styles,
    append_texts,
    set_widths,
    text_cell,
)

TEMPLATE_VERSION = "1"
"""Raise it when a file made from an earlier template would be read otherwise; one more optional column is no reason."""
VERSION_PROPERTY = "模板版本"
DIGEST_PROPERTY = "目录与区划版本"
"""Custom document properties; spreadsheet programs keep them when they save the file."""

HELP_SHEET = "填写说明"
KINDS_SHEET = "强检器具目录"
DIVISIONS_SHEET = "行政区划信息"
OPTIONS_SHEET = "选项"
FIRST_FREE_ROW = 3
LAST_ROW = 50_002
"""Drop-downs and red marks reach as far as a file may."""

KIND_HEADERS = (
    "项别代码",
    "项别名称",
    "种别代码",
    "种别名称",
    "代码与名称",
    "常见名称",
    "监管方式",
    "检定方式",
    "用途",
    "适用范围",
    "检定周期（月）",
    "说明",
)
DIVISION_HEADERS = ("行政区划代码", "名称", "代码与名称", "级别", "上级代码", "说明")


def write_template(
    stream: BinaryIO,
    *,
    kinds: Iterable[KindFact],
    divisions: Iterable[DivisionFact],
    origins: Mapping[str, str],
    purposes: Mapping[str, str],
    delivery_modes: Mapping[str, str],
    rows: Iterable[Mapping[str, Any]] = (),
) -> None:
    """Write the template. `rows` are instruments of the present ledger by column code, lists as codes."""
    reference = Reference.of(
        kinds=kinds, divisions=divisions, origins=origins, purposes=purposes, delivery_modes=delivery_modes
    )
    write_records(stream, LEDGER, reference, example=_example(reference), rows=rows)


def write_records(
    stream: BinaryIO,
    columns: ColumnSet,
    reference: Reference,
    *,
    example: Mapping[str, str],
    rows: Iterable[Mapping[str, Any]] = (),
) -> None:
    """Write the template of any set of columns. `example` and `rows` are by column code."""
    workbook = _new_workbook()
    data_sheet = workbook.create_sheet(columns.sheet)
    _write_help(workbook, columns, reference)
    names = _write_reference_sheets(workbook, columns, reference)
    _prepare_data_sheet(data_sheet, columns)
    data_sheet.append([text_cell(data_sheet, example.get(each.code, ""), style="示例行") for each in columns.columns])
    _append_rows(data_sheet, columns, reference, rows)
    for name, target in names.items():
        workbook.defined_names[name] = DefinedName(name, attr_text=target)
    workbook.custom_doc_props.append(StringProperty(name=VERSION_PROPERTY, value=TEMPLATE_VERSION))
    workbook.custom_doc_props.append(StringProperty(name=DIGEST_PROPERTY, value=reference.digest))
    workbook.save(stream)


def write_divisions(stream: BinaryIO, divisions: Iterable[DivisionFact]) -> None:
    """Write 《行政区划信息》: every division in force, with which of them may be entered as a place of use."""
    reference = Reference.of(kinds=(), divisions=divisions, origins={}, purposes={}, delivery_modes={})
    workbook = _new_workbook()
    _write_table(workbook, DIVISIONS_SHEET, DIVISION_HEADERS, _division_rows(reference), (14, 28, 44, 8, 12, 34))
    workbook.save(stream)


def write_kinds(stream: BinaryIO, kinds: Iterable[KindFact], *, purposes: Mapping[str, str] | None = None) -> None:
    """Write 《强检器具目录》: every kind in force. `purposes` gives the labels of the purposes' codes."""
    reference = Reference.of(kinds=kinds, divisions=(), origins={}, purposes=purposes or {}, delivery_modes={})
    workbook = _new_workbook()
    _write_table(workbook, KINDS_SHEET, KIND_HEADERS, _kind_rows(reference), _KIND_WIDTHS)
    workbook.save(stream)


def is_outdated(properties: Mapping[str, str], reference: Reference) -> bool:
    """Whether a file was made from a template of other columns or other reference data. A file without stamp is not."""
    version, digest = properties.get(VERSION_PROPERTY), properties.get(DIGEST_PROPERTY)
    return version is not None and (version, digest) != (TEMPLATE_VERSION, reference.digest)


def _new_workbook() -> Workbook:
    workbook = Workbook(write_only=True)
    add_styles(workbook)
    return workbook


# --- reference sheets ----------------------------------------------------------------------------------------------

_KIND_WIDTHS = (10, 22, 10, 34, 40, 40, 20, 30, 20, 40, 14, 34)


def _write_table(
    workbook: Workbook, title: str, headers: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]
) -> None:
    sheet = workbook.create_sheet(title)
    set_widths(sheet, widths)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(headers))}{len(rows) + 1}"
    sheet.append([text_cell(sheet, header, style="表头选填") for header in headers])
    append_texts(sheet, rows)


def _kind_rows(reference: Reference) -> list[list[str]]:
    kinds = sorted((kind for kind in reference.kinds.values() if not kind.retired), key=lambda kind: kind.code)
    return [
        [
            kind.item_code,
            kind.item_name,
            kind.code,
            kind.name,
            kind.label,
            "、".join(kind.aliases),
            kind.supervision or "待确认",
            kind.verification_scheme,
            "、".join(reference.purposes.get(code, code) for code in kind.purposes),
            kind.scope_note,
            "" if kind.default_period_months is None else str(kind.default_period_months),
            _remark_of_kind(kind),
        ]
        for kind in kinds
    ]


def _remark_of_kind(kind: KindFact) -> str:
    if not kind.may_be_in_ledger:
        return "不属于强制检定，不能登记"
    return "是否属于强制检定待确认，可以登记" if kind.is_to_be_confirmed else ""


def _division_rows(reference: Reference, *, only_usable: bool = False) -> list[list[str]]:
    rows = []
    for code, division in sorted(reference.divisions.items()):
        has_children = bool(reference.active_children.get(code))
        if division.retired or (only_usable and has_children):
            continue
        label = f"{code} {reference.path_of_division(code)}"
        remark = "有下级，请填到区县" if has_children else ""
        rows.append([code, division.name, label, _level_of(code), division.parent_code or "", remark])
    return rows


def _level_of(code: str) -> str:
    if code.endswith("0000"):
        return "省级"
    return "市级" if code.endswith("00") else "县级"


def _write_reference_sheets(workbook: Workbook, columns: ColumnSet, reference: Reference) -> dict[str, str]:
    """Write the sheets the drop-downs draw on; the ranges by the names the formulas use."""
    used = {column.content for column in columns.columns}
    names = _write_lists(workbook, reference) if used & {Content.KIND, Content.DIVISION, Content.AREAS} else {}
    return names | _write_options(workbook, columns, reference)


def _write_lists(workbook: Workbook, reference: Reference) -> dict[str, str]:
    takes_any = reference.takes_any_kind
    kinds = [row for row in _kind_rows(reference) if takes_any or reference.kinds[row[2]].may_be_in_ledger]
    divisions = _division_rows(reference, only_usable=not takes_any)
    _write_table(workbook, KINDS_SHEET, KIND_HEADERS, kinds, _KIND_WIDTHS)
    _write_table(workbook, DIVISIONS_SHEET, DIVISION_HEADERS, divisions, (14, 28, 44, 8, 12, 34))
    return {
        "种别代码表": _range(KINDS_SHEET, "C", len(kinds)),
        "种别名称表": _range(KINDS_SHEET, "D", len(kinds)),
        "种别选项": _range(KINDS_SHEET, "E", len(kinds)),
        "区划代码表": _range(DIVISIONS_SHEET, "A", len(divisions)),
        "区划名称表": _range(DIVISIONS_SHEET, "B", len(divisions)),
        "区划选项": _range(DIVISIONS_SHEET, "C", len(divisions)),
    }


def _write_options(workbook: Workbook, columns: ColumnSet, reference: Reference) -> dict[str, str]:
    sheet = workbook.create_sheet(OPTIONS_SHEET)
    sheet.sheet_state = "hidden"
    lists = [(column, list(reference.choices(column.code).values())) for column in columns.columns if _has_list(column)]
    sheet.append([column.header for column, _labels in lists])
    longest = max(len(labels) for _column, labels in lists)
    append_texts(sheet, ([labels[at] if at < len(labels) else "" for _c, labels in lists] for at in range(longest)))
    return {
        f"{column.header}选项": _range(OPTIONS_SHEET, get_column_letter(at), len(labels))
        for at, (column, labels) in enumerate(lists, start=1)
    }


def _has_list(column: Column) -> bool:
    return column.content in (Content.CHOICE, Content.CHOICES, Content.NAME) or column.offers_list


def _range(sheet: str, letter: str, count: int) -> str:
    return f"'{sheet}'!${letter}$2:${letter}${max(count, 1) + 1}"


# --- the sheet to fill in ------------------------------------------------------------------------------------------


def _prepare_data_sheet(sheet: Any, columns: ColumnSet) -> None:
    set_widths(sheet, (column.width for column in columns.columns))
    sheet.freeze_panes = "C2"
    for at, column in enumerate(columns.columns, start=1):
        letter = get_column_letter(at)
        if column.content in (Content.QUANTITY, Content.WHOLE_NUMBER):
            sheet.column_dimensions[letter].number_format = "0"
        cells = f"{letter}{FIRST_FREE_ROW}:{letter}{LAST_ROW}"
        validation = _validation(column)
        validation.add(cells)
        sheet.data_validations.append(validation)
        sheet.conditional_formatting.add(cells, _red_where(_wrong(column, f"{letter}{FIRST_FREE_ROW}")))
    sheet.append([_header_cell(sheet, column) for column in columns.columns])


def _header_cell(sheet: Any, column: Column) -> Any:
    if column.content is Content.INSTITUTION_ONLY:
        style, mark = "表头勿填", "请勿填写"
    else:
        style, mark = ("表头必填", "必填") if column.required else ("表头选填", "选填")
    cell = text_cell(sheet, column.header, style=style)
    cell.comment = Comment(f"{mark}。{column.help}", "强检通", height=110, width=260)
    return cell


def _validation(column: Column) -> DataValidation:
    """The drop-down and the input message. Lists of codes do not stop other words: a bare code or name is welcome."""
    rules: dict[Content, dict[str, Any]] = {
        Content.KIND: {"type": "list", "formula1": "种别选项", "showErrorMessage": False},
        Content.DIVISION: {"type": "list", "formula1": "区划选项", "showErrorMessage": False},
        Content.CHOICE: {"type": "list", "formula1": f"{column.header}选项", "error": "请从下拉列表中选择。"},
        Content.CHOICES: {"type": "list", "formula1": f"{column.header}选项", "showErrorMessage": False},
        Content.NAME: {"type": "list", "formula1": f"{column.header}选项", "showErrorMessage": False},
        Content.AREAS: {"type": "list", "formula1": "区划选项", "showErrorMessage": False},
        Content.WHOLE_NUMBER: {"type": "whole", "operator": "greaterThan", "formula1": "0", "error": "只能填整数。"},
        Content.QUANTITY: {
            "type": "whole",
            "operator": "equal",
            "formula1": "1",
            "error": "每台（件）器具一行，器具数量只能填 1。",
        },
        Content.INSTITUTION_ONLY: {"type": "textLength", "operator": "equal", "formula1": "0", "error": column.help},
    }
    if column.offers_list:
        rules[column.content] = {"type": "list", "formula1": f"{column.header}选项", "showErrorMessage": False}
    length_rule = {
        "type": "textLength",
        "operator": "lessThanOrEqual",
        "formula1": str(column.max_length),
        "error": f"最多 {column.max_length} 个字符。",
    }
    return DataValidation(
        allow_blank=True,
        showInputMessage=True,
        promptTitle=column.name[:32],
        prompt=column.help[:250],
        errorTitle=column.name[:32],
        **{"showErrorMessage": True, **rules.get(column.content, length_rule)},
    )


def _wrong(column: Column, cell: str) -> str:
    """A formula that is true where the cell would be refused. MATCH, unlike COUNTIF, does not take 101 for 0101."""
    if column.content in (Content.KIND, Content.DIVISION):
        word = "种别" if column.content is Content.KIND else "区划"
        lists = (f"{word}代码表", f"{word}名称表", f"{word}选项")
        return f"AND(LEN({cell})>0,{','.join(f'ISNA(MATCH({cell},{name},0))' for name in lists)})"
    if column.content in (Content.CHOICE, Content.NAME):
        return f"AND(LEN({cell})>0,ISNA(MATCH({cell},{column.header}选项,0)))"
    if column.content is Content.QUANTITY:
        return f'AND(LEN({cell})>0,{cell}<>1,{cell}<>"1")'
    if column.content is Content.WHOLE_NUMBER:
        return f"AND(LEN({cell})>0,NOT(ISNUMBER(VALUE({cell}))))"
    if column.content is Content.INSTITUTION_ONLY:
        return f"LEN({cell})>0"
    return f"LEN({cell})>{column.max_length}"


def _red_where(formula: str) -> Any:
    return FormulaRule(formula=[formula], fill=RED_FILL, font=RED_FONT)


def _example(reference: Reference) -> dict[str, str]:
    """One believable row, of the reference data in force, marked so that nobody takes it for an instrument."""
    kind = _example_kind(reference)
    division = next((row[2] for row in _division_rows(reference, only_usable=True)), "")
    purpose = kind.purposes[0] if kind and kind.purposes else next(iter(reference.purposes), "")
    return {
        "ledger_number": f"{EXAMPLE_MARK}（本行不导入）",
        "name": kind.name if kind else "燃油加油机",
        "kind_code": kind.label if kind else "",
        "model": "CS30",
        "measuring_range": "(5～50) L/min",
        "accuracy_class": "0.3级",
        "serial_number": EXAMPLE_SERIAL_NUMBER,
        "sub_number": "1号枪",
        "manufacturer": "××能源装备有限公司",
        "origin": next(iter(reference.origins.values()), ""),
        "place_of_use": "××路 1 号加油站",
        "division_code": division,
        "department": "站务部",
        "quantity": "1",
        "purpose": reference.purposes.get(purpose, ""),
        "delivery_mode": next(reversed(list(reference.delivery_modes.values())), ""),
        "management_number": "JY-01",
        "purchased_on": "2024-03-18",
        "oil_product": "92 号汽油",
        "declared_verified_on": "2025-06-10",
        "declared_valid_until": "2026-06-09",
    }


def _example_kind(reference: Reference) -> KindFact | None:
    """The fuel dispenser the rest of the example describes, else any kind that is certainly mandatory."""
    usable = [kind for kind in reference.kinds.values() if kind.may_be_in_ledger and not kind.is_to_be_confirmed]
    return next((kind for kind in usable if "加油机" in kind.name), usable[0] if usable else None)


def _append_rows(sheet: Any, columns: ColumnSet, reference: Reference, rows: Iterable[Mapping[str, Any]]) -> None:
    for row in rows:
        texts = [text_for(column, row.get(column.code), reference) for column in columns.columns]
        append_texts(sheet, [texts])


def text_for(column: Column, value: Any, reference: Reference) -> str:
    """A value as a cell shows it: labels for codes, several separated by 、"""
    if isinstance(value, (list, tuple)):
        return joined([text_for(column, each, reference) for each in value])
    text = "" if value is None else str(value)
    if _has_list(column):
        return reference.choices(column.code).get(text, text)
    if column.content is Content.AREAS and text in reference.divisions:
        return reference.label_of_division(text)
    if column.content is Content.KIND and text in reference.kinds:
        return reference.kinds[text].label
    if column.content is Content.DIVISION and text in reference.divisions:
        return f"{text} {reference.path_of_division(text)}"
    return text


# --- help ----------------------------------------------------------------------------------------------------------


def _write_help(workbook: Workbook, columns: ColumnSet, reference: Reference) -> None:
    sheet = workbook.create_sheet(HELP_SHEET)
    set_widths(sheet, (34, 10, 10, 90))
    append_texts(
        sheet,
        [
            [columns.title],
            [f"模板版本 {TEMPLATE_VERSION}，目录与区划版本 {reference.digest}"],
            *([note] for note in columns.notes),
            [],
        ],
    )
    sheet.append([text_cell(sheet, text, style="表头选填") for text in ("填写项", "要求", "字数", "说明")])
    append_texts(
        sheet, ([column.header, _mark(column), str(column.max_length), column.help] for column in columns.columns)
    )


def _mark(column: Column) -> str:
    if column.content is Content.INSTITUTION_ONLY:
        return "勿填"
    return "必填" if column.required else "选填"
