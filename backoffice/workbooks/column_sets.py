"""The columns of a workbook by what it holds: how its header, its example row and its template are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from backoffice.workbooks import capability_columns, catalogue_columns
from backoffice.workbooks.columns import COLUMNS, EXAMPLE_SERIAL_NUMBER, Column


@dataclass(frozen=True, kw_only=True)
class ColumnSet:
    """`example` is the column and the text by which the template's example row is known."""

    code: str
    columns: tuple[Column, ...]
    title: str
    """Of the template."""
    sheet: str
    """Where the table stands in it."""
    notes: tuple[str, ...]
    """What its help says first."""
    example: tuple[str, str]
    shown: tuple[str, ...]
    """Columns a preview always shows; the first two say which record it is."""

    @cached_property
    def by_code(self) -> Mapping[str, Column]:
        return {column.code: column for column in self.columns}

    @cached_property
    def required(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.required)

    @cached_property
    def empty(self) -> Mapping[str, str]:
        """The values of a row that says nothing."""
        return dict.fromkeys(self.by_code, "")

    @cached_property
    def place_of(self) -> Mapping[str, int]:
        """Where a column stands among the others."""
        return {code: place for place, code in enumerate(self.by_code)}

    def is_example(self, cells: Mapping[str, Sequence[Any] | None]) -> bool:
        """Whether these cells of the file (kind, value, …) are the example row."""
        code, text = self.example
        cell = cells.get(code)
        return cell is not None and str(cell[1]).strip() == text


LEDGER = ColumnSet(
    code="ledger",
    columns=COLUMNS,
    title="强制检定器具信息导入模板",
    sheet="强制检定器具信息",
    notes=(
        "在工作表“强制检定器具信息”中填写，每台（件）器具一行；请勿改动表头。",
        "带“＊”的列必填。第 2 行是示例，导入时忽略。",
        "代码列为文本格式，请勿改为数字；从别处复制时用“选择性粘贴—数值”。标红的单元格导入时会被指出。",
        "作计量标准使用的器具和不属于强制检定的器具，请勿填入。",
    ),
    example=("serial_number", EXAMPLE_SERIAL_NUMBER),
    shown=("name", "serial_number", "kind_code", "manufacturer", "division_code", "place_of_use"),
)

CATALOGUE = ColumnSet(
    code="catalogue",
    columns=catalogue_columns.COLUMNS,
    title="强检器具目录导入模板",
    sheet="强检器具目录",
    notes=(
        "在工作表“强检器具目录”中填写，每个项别或种别一行：代码 2 位的是项别，4 位的是种别；请勿改动表头。",
        "带“＊”的列必填。第 2 行是示例，导入时忽略。没有列出的项别和种别不变，导入不会删除任何一个。",
        "代码列为文本格式，开头的 0 不能丢；别名和用途有几个时用“、”隔开。标红的单元格导入时会被指出。",
        "不再使用的，状态填“停用”并写明原因；新项别要写在它的种别前面。",
    ),
    example=("code", catalogue_columns.EXAMPLE_CODE),
    shown=("name", "code"),
)

CAPABILITIES = ColumnSet(
    code="capabilities",
    columns=capability_columns.COLUMNS,
    title="授权检定项目导入模板",
    sheet="授权检定项目",
    notes=(
        "在工作表“授权检定项目”中填写，每项授权一行；请勿改动表头。",
        "带“＊”的列必填。第 2 行是示例，导入时忽略。没有列出的授权不变，导入不会删除任何一项。",
        "服务区域、送检方式、准确度等级有几个时用“、”隔开；服务区域只能填本辖区内的。标红的单元格导入时会被指出。",
        "修改已有的授权，请下载含现有授权的表，照它填好的授权编号上传。",
    ),
    example=("number", capability_columns.EXAMPLE_NUMBER),
    shown=("kind_code", "institution_id", "areas"),
)

SETS: Mapping[str, ColumnSet] = {each.code: each for each in (LEDGER, CATALOGUE, CAPABILITIES)}
"""By code: what the reading process is told."""
