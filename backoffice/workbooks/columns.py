"""The import columns of the ledger, declared once, in the order of the national guide; what we add stands behind.

The template, the reader, the checks and the form for a single instrument all take names, lengths and help from here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from functools import cache


class Content(Enum):
    """How the cells of a column are to be read."""

    FREE_TEXT = "free_text"
    """Words of the enterprise: trimmed, otherwise left as they are (m³ and ℃ stay)."""
    CODE_TEXT = "code_text"
    """Numbers and marks on the instrument: full-width digits and letters are folded; a lost zero is an error."""
    KIND = "kind"
    DIVISION = "division"
    CHOICE = "choice"
    """One of an option list, by label or by code."""
    CHOICES = "choices"
    """Several of an option list, separated by 、"""
    AREAS = "areas"
    """Divisions of any level, in force or not, separated by 、"""
    NAME = "name"
    """One of the records of a list by its name."""
    DAY = "day"
    """A date cell, or a date typed as text."""
    QUANTITY = "quantity"
    """Exactly one."""
    WHOLE_NUMBER = "whole_number"
    INSTITUTION_ONLY = "institution_only"
    """Filled in by technical institutions; whatever an enterprise writes here is ignored with a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: `code` is the field of the instrument, `header` its first row, `label` its name in a sentence.

    `max_length` counts characters; `width` is the width on the sheet, in characters of the standard font.
    """

    code: str
    header: str
    help: str
    content: Content
    required: bool = False
    max_length: int = 100
    width: int = 14
    label: str = ""
    aliases: tuple[str, ...] = ()
    offers_list: bool = False
    """Whether a drop-down offers what there is to enter, although other words are read as well."""

    @property
    def name(self) -> str:
        """The word used for this column in sentences."""
        return self.label or self.header


COLUMNS: tuple[Column, ...] = (
    Column(
        code="ledger_number",
        header="台账编号",
        content=Content.CODE_TEXT,
        max_length=40,
        width=16,
        help="新登记的器具留空。要更新已有的器具，照器具台账“导出”的表填写它的台账编号：系统凭它更新原有器具，而不是新增一台。",
        aliases=("台帐编号", "系统编号"),
    ),
    Column(
        code="name",
        header="器具名称",
        content=Content.FREE_TEXT,
        required=True,
        max_length=100,
        width=20,
        help="如以前有证书，建议按证书上的器具名称填写。",
        aliases=("计量器具名称", "名称", "强检器具名称"),
    ),
    Column(
        code="kind_code",
        header="强检器具种别代码",
        label="种别代码",
        content=Content.KIND,
        required=True,
        max_length=100,
        width=26,
        help="参照《强检器具目录》填写代码，可从下拉列表中选择。代码是文本，开头的 0 不能丢。",
        aliases=("种别代码", "种别", "强检器具种别", "器具种别代码", "种别编码"),
    ),
    Column(
        code="model",
        header="型号规格",
        content=Content.FREE_TEXT,
        required=True,
        max_length=100,
        help="按铭牌填写；铭牌上没有的填“无”。",
        aliases=("规格型号", "型号", "型号/规格", "型号、规格"),
    ),
    Column(
        code="measuring_range",
        header="测量范围",
        content=Content.FREE_TEXT,
        max_length=100,
        width=16,
        help="连同单位填写，如 (0～1.6) MPa、≤150 kg、(5～50) L/min。",
        aliases=("量程", "测量范围（量程）"),
    ),
    Column(
        code="accuracy_class",
        header="准确度等级",
        content=Content.FREE_TEXT,
        max_length=50,
        width=12,
        help="按铭牌或证书填写，如 1.6级、Ⅲ级；没有的留空。",
        aliases=("精度等级", "准确度", "准确度等级/不确定度", "等级"),
    ),
    Column(
        code="serial_number",
        header="出厂编号",
        content=Content.CODE_TEXT,
        required=True,
        max_length=64,
        width=18,
        help="按铭牌逐字填写，开头的 0 不能丢。确实没有的填“无”，并填写管理编号。",
        aliases=("器具编号", "编号", "出厂编号（器号）", "器号"),
    ),
    Column(
        code="sub_number",
        header="机号／枪号／分号",
        content=Content.CODE_TEXT,
        max_length=32,
        width=16,
        help="同一出厂编号下有多个计量部件时填写，如加油机一枪一行，填枪号；没有的留空。",
        aliases=("机号", "枪号", "分号", "机号枪号分号", "机号、枪号、分号"),
    ),
    Column(
        code="manufacturer",
        header="生产厂家",
        content=Content.FREE_TEXT,
        required=True,
        max_length=100,
        width=26,
        help="按铭牌填写全称；铭牌上没有的填“不详”。",
        aliases=("制造厂", "制造单位", "生产单位", "制造厂商", "生产厂商", "厂家"),
    ),
    Column(
        code="origin",
        header="器具产地",
        content=Content.CHOICE,
        required=True,
        max_length=40,
        width=12,
        help="选择项：先选中单元格，再从下拉列表中选择。",
        aliases=("产地",),
    ),
    Column(
        code="place_of_use",
        header="使用地点",
        content=Content.FREE_TEXT,
        required=True,
        max_length=200,
        width=28,
        help="器具实际使用的详细地点，如门店、车间的地址。",
        aliases=("安装地点", "使用地址", "安装使用地点"),
    ),
    Column(
        code="division_code",
        header="使用地点行政区划代码",
        label="行政区划代码",
        content=Content.DIVISION,
        required=True,
        max_length=100,
        width=30,
        help="参照《行政区划信息》填写器具使用地的代码，要具体到所属区县，如 370303；可从下拉列表中选择。",
        aliases=("行政区划代码", "使用地点行政区划", "行政区划", "区划代码", "使用地行政区划代码"),
    ),
    Column(
        code="department",
        header="科室／部门",
        content=Content.FREE_TEXT,
        max_length=64,
        help="器具所在的科室或部门；没有的留空。",
        aliases=("科室", "部门", "使用部门", "使用科室", "科室、部门"),
    ),
    Column(
        code="quantity",
        header="器具数量",
        content=Content.QUANTITY,
        required=True,
        max_length=20,
        width=10,
        help="填“1”。每台（件）器具一行，多台请分行填写。",
        aliases=("数量", "数量（台/件）", "器具数量（台件）"),
    ),
    Column(
        code="purpose",
        header="器具用途",
        content=Content.CHOICE,
        required=True,
        max_length=40,
        help="选择项：先选中单元格，再从下拉列表中选择。",
        aliases=("用途", "强检用途"),
    ),
    Column(
        code="delivery_mode",
        header="送检方式",
        content=Content.CHOICE,
        required=True,
        max_length=40,
        width=18,
        help="选择项：先选中单元格，再从下拉列表中选择。",
        aliases=("检定方式", "送检形式"),
    ),
    Column(
        code="management_number",
        header="管理编号",
        content=Content.CODE_TEXT,
        max_length=64,
        width=16,
        help="本单位自编的器具编号。出厂编号为“无”时必填。",
        aliases=("单位管理编号", "内部编号", "设备编号", "自编号"),
    ),
    Column(
        code="certificate_number",
        header="检定证书编号（技术机构填写，企业不填）",
        label="检定证书编号",
        content=Content.INSTITUTION_ONLY,
        max_length=100,
        width=22,
        help="由检定技术机构填写，企业不填；填了也不会导入。",
        aliases=("检定证书编号", "证书编号", "检定证书号"),
    ),
    Column(
        code="purchased_on",
        header="购置日期",
        content=Content.DAY,
        max_length=20,
        help="发票或验收单上的日期，如 2026-05-10；没有的留空。",
        aliases=("购买日期", "购进日期"),
    ),
    Column(
        code="oil_product",
        header="油品",
        content=Content.FREE_TEXT,
        max_length=32,
        help="加油机填这把枪加的油品，如 92 号汽油、0 号柴油；其他器具留空。",
        aliases=("油品名称", "加注油品"),
    ),
    Column(
        code="stall_number",
        header="摊位号",
        content=Content.CODE_TEXT,
        max_length=32,
        help="集贸市场填摊位号，方便检定人员上门时找到；其他单位留空。",
        aliases=("摊位", "摊位编号"),
    ),
    Column(
        code="stall_operator",
        header="经营者",
        content=Content.FREE_TEXT,
        max_length=50,
        help="集贸市场填这个摊位的经营者姓名；其他单位留空。",
        aliases=("摊主", "经营者姓名"),
    ),
    Column(
        code="stall_phone",
        header="经营者电话",
        content=Content.CODE_TEXT,
        max_length=20,
        help="填经营者的手机号，或带区号的座机号；其他单位留空。",
        aliases=("摊主电话", "摊位电话", "电话"),
    ),
    Column(
        code="season",
        header="使用季节",
        content=Content.FREE_TEXT,
        max_length=32,
        help="只在一段时间使用的填写，如“6 月至 9 月收粮”，以便在使用之前安排检定。",
    ),
    Column(
        code="production_code",
        header="生产码",
        content=Content.CODE_TEXT,
        max_length=64,
        width=18,
        help="电子计价秤填铭牌上的生产码；没有的留空。",
    ),
    Column(
        code="repair_code",
        header="维修码",
        content=Content.CODE_TEXT,
        max_length=64,
        width=18,
        help="电子计价秤修理过的，填修理单位给的维修码；没有的留空。",
    ),
    Column(
        code="verification_code",
        header="检定码",
        content=Content.CODE_TEXT,
        max_length=64,
        width=18,
        help="电子计价秤填检定标志上的检定码；没有的留空。",
    ),
    Column(
        code="seal_number",
        header="封印（铅封）号",
        content=Content.CODE_TEXT,
        max_length=64,
        width=16,
        help="填封印（铅封）上的编号；没有的留空。",
        aliases=("封印号", "铅封号", "封印（铅封）", "封印", "铅封"),
    ),
    Column(
        code="declared_verified_on",
        header="上次检定日期",
        content=Content.DAY,
        max_length=20,
        help="企业自报，未核实：按上一张检定证书填写，如 2026-05-10；没有检定过的留空。",
        aliases=("上次检定时间",),
    ),
    Column(
        code="declared_valid_until",
        header="上次有效期至",
        content=Content.DAY,
        max_length=20,
        help="企业自报，未核实：按上一张检定证书填写，到期提醒按它计算；没有的留空。",
        aliases=("上次检定有效期至", "上次有效期"),
    ),
    Column(
        code="declared_certificate_number",
        header="上次证书编号",
        content=Content.CODE_TEXT,
        max_length=64,
        width=20,
        help="企业自报，未核实：按上一张检定证书逐字填写；今后的检定证书编号由检定技术机构填写。",
        aliases=("上次检定证书编号",),
    ),
    Column(
        code="declared_institution",
        header="上次检定机构",
        content=Content.FREE_TEXT,
        max_length=100,
        width=24,
        help="企业自报，未核实：出具上一张检定证书的技术机构全称；没有的留空。",
        aliases=("上次检定单位",),
    ),
)

BY_CODE: dict[str, Column] = {column.code: column for column in COLUMNS}
REQUIRED: tuple[Column, ...] = tuple(column for column in COLUMNS if column.required)

NO_SERIAL_NUMBER = "无"
EXAMPLE_MARK = "示例"
EXAMPLE_SERIAL_NUMBER = "示例-0001"
"""The example row of the template is known by this serial number; a row with any other is the enterprise's own."""

_MARKS = re.compile(r"[\s*＊★:：]+|[（(](?:必填|选填|必填项)[）)]")
_FOLDED = {"帐": "账", "／": "/", "、": "/", "\\": "/"}


def folded_header(text: str) -> str:
    """A header without spaces, required marks and width differences, so that spellings can be compared."""
    folded = _MARKS.sub("", unicodedata.normalize("NFKC", text))
    return "".join(_FOLDED.get(character, character) for character in folded).lower()


@cache
def _spellings(columns: tuple[Column, ...]) -> dict[str, Column]:
    return {
        folded_header(spelling): column
        for column in columns
        for spelling in (column.header, column.code, *column.aliases)
    }


def column_of_header(text: str, columns: tuple[Column, ...] = COLUMNS) -> Column | None:
    """The column a header names, in any accepted spelling; None if it names none."""
    return _spellings(columns).get(folded_header(text))
