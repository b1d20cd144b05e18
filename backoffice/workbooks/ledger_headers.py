"""How enterprises name the columns of the lists they keep themselves, as far as one can tell what is meant."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from backoffice.workbooks.cells import CellKind, RawCell, Unreadable, date_of
from backoffice.workbooks.columns import COLUMNS
from backoffice.workbooks.header_guesses import Vocabulary
from backoffice.workbooks.reference import Reference, folded_name
from backoffice.workbooks.resolve import resolve_choice, resolve_division, resolve_kind

MORE_NAMES: Mapping[str, Sequence[str]] = {
    "name": (
        "仪器名称",
        "设备名称",
        "仪器设备名称",
        "设备仪器名称",
        "量具名称",
        "仪表名称",
        "衡器名称",
        "品名",
        "器具名",
        "计量设备名称",
        "测量设备名称",
        "计量器具",
        "强制检定计量器具名称",
    ),
    "kind_code": (
        "类别",
        "器具类别",
        "器具种类",
        "种类",
        "目录代码",
        "强检目录代码",
        "强检种别",
        "器具种别",
        "类别代码",
    ),
    "model": ("规格", "规格/型号", "型号及规格", "规格及型号", "型号与规格", "器具型号", "设备型号", "仪器型号"),
    "measuring_range": ("测量量程", "计量范围", "量限", "称量范围", "最大秤量", "量程范围"),
    "accuracy_class": ("精度", "准确度级别", "精确度", "精度级别", "等级精度", "准确等级", "级别"),
    "serial_number": (
        "出厂号",
        "出厂序号",
        "机身编号",
        "机身号",
        "产品编号",
        "产品序列号",
        "序列号",
        "表号",
        "制造编号",
        "生产编号",
        "出厂编码",
        "s/n",
        "sn",
    ),
    "sub_number": ("枪编号", "油枪号", "枪位号"),
    "manufacturer": (
        "制造商",
        "生产商",
        "生产厂",
        "制造厂家",
        "制造企业",
        "生产企业",
        "厂名",
        "厂商",
        "制造厂名",
        "生产厂名",
        "制造厂名称",
        "生产厂家名称",
        "生产单位名称",
        "品牌厂家",
    ),
    "origin": ("国别", "国产/进口", "进口/国产", "国产或进口", "产地(国产/进口)"),
    "place_of_use": (
        "安装位置",
        "使用位置",
        "存放地点",
        "放置地点",
        "安装地址",
        "使用场所",
        "所在位置",
        "使用安装地点",
        "放置位置",
        "存放位置",
    ),
    "division_code": (
        "所在区县",
        "所在区",
        "区县",
        "所属区县",
        "单位所在区",
        "单位所在区县",
        "使用地区县",
        "所在行政区划",
        "所属行政区划",
        "行政区域",
        "行政区",
        "县区",
        "所在县区",
    ),
    "department": ("使用车间", "车间", "所在部门", "所在科室", "所属部门", "所属科室", "班组", "使用部门/科室"),
    "quantity": ("台数", "件数", "台件", "台(件)数", "台/件", "总台件"),
    "purpose": ("使用用途", "用途类别", "强检用途类别", "使用目的"),
    "delivery_mode": ("送检/现场", "检定形式", "送检类型"),
    "management_number": (
        "管理号",
        "设备管理编号",
        "统一编号",
        "单位内部编号",
        "资产编号",
        "固定资产编号",
        "企业编号",
        "本单位编号",
        "内部管理编号",
        "公司编号",
        "计量编号",
        "自编编号",
        "设备编码",
    ),
    "certificate_number": ("检定证书号码", "证书号"),
    "purchased_on": ("购入日期", "购置时间", "购买时间", "采购日期", "购入时间"),
    "oil_product": ("加油品种", "油品号", "油品种类"),
    "stall_number": ("摊位编码", "铺位号", "摊号"),
    "stall_operator": ("经营户", "经营户姓名", "摊主姓名", "业户姓名", "商户姓名"),
    "stall_phone": ("经营户电话", "摊主手机", "摊主联系电话", "商户电话"),
    "declared_verified_on": (
        "最近检定日期",
        "检定日期",
        "检定时间",
        "最近一次检定日期",
        "上次检定",
        "最后检定日期",
        "上次检定日",
        "本次检定日期",
    ),
    "declared_valid_until": (
        "有效期至",
        "证书有效期至",
        "检定有效期至",
        "有效期",
        "检定有效期",
        "有效日期",
        "到期日期",
    ),
    "declared_certificate_number": ("最近证书编号", "上次证书号"),
    "declared_institution": ("检定机构", "检定单位", "检定部门", "检定机构名称"),
}
VAGUE = frozenset({"编号", "名称", "等级", "电话", "机号", "分号", "封印", "器具编号", "部门", "产地"})

_DECLARED = frozenset(
    {"declared_verified_on", "declared_valid_until", "declared_certificate_number", "declared_institution"}
)
_NOBODY: frozenset[str] = frozenset()
_MARKET = frozenset({"stall_number", "stall_operator", "stall_phone"})
RESERVED: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("下次", "计划", "应检", "原", "旧", "曾", "备注", "说明", "状态", "价", "金额", "发票"), _NOBODY),
    **dict.fromkeys(("注册", "户籍", "法定", "负责", "责任", "保管", "联系", "备用", "周期", "校准", "预约"), _NOBODY),
    **dict.fromkeys(("供应", "供货", "经销", "销售", "维修单位", "税", "合格证", "许可证", "制造许可"), _NOBODY),
    "证书": frozenset({"certificate_number", "declared_certificate_number", "declared_valid_until"}),
    "检定": _DECLARED | {"certificate_number", "verification_code", "delivery_mode"},
    **dict.fromkeys(
        ("日期", "时间", "年月"), frozenset({"purchased_on", "declared_verified_on", "declared_valid_until"})
    ),
    **dict.fromkeys(("电话", "手机"), frozenset({"stall_phone"})),
    "单位": frozenset({"manufacturer", "declared_institution", "division_code", "management_number"}),
    **dict.fromkeys(("摊", "经营", "商户"), _MARKET),
    **dict.fromkeys(("人", "姓名"), frozenset({"stall_operator"})),
    "封": frozenset({"seal_number"}),
}
"""Words that make a header mean something else than the column it resembles."""

_ONE = re.compile(r"1(\.0+)?[台件个只支]?")
_RANGE = re.compile(r".*\d.*")
_CLASS = re.compile(r"(?=.*[\dⅠⅡⅢⅣIVX一二三四]).{1,20}")
TELLING: Mapping[str, Sequence[str]] = {
    "division_code": ("区", "县", "地"),
    "kind_code": ("种", "类", "代码", "目录"),
    "origin": (),
    "purpose": (),
    "delivery_mode": (),
}


def ledger_vocabulary(reference: Reference) -> Vocabulary:
    """What is known of the ledger's columns; `reference` tells what can stand in those with a list of their own."""
    fits: dict[str, Callable[[str], bool]] = {
        "kind_code": lambda text: is_kind(text, reference),
        "division_code": lambda text: _is_division(text, reference),
        "quantity": lambda text: _ONE.fullmatch(text) is not None,
        "measuring_range": lambda text: _RANGE.fullmatch(text) is not None,
        "accuracy_class": lambda text: _CLASS.fullmatch(text) is not None,
        **dict.fromkeys(("purchased_on", "declared_verified_on", "declared_valid_until"), _is_day),
    }
    for code in ("origin", "purpose", "delivery_mode"):
        fits[code] = partial(_is_option, code, reference)
    return Vocabulary(COLUMNS, MORE_NAMES, VAGUE, RESERVED, fits, TELLING)


def is_kind(text: str, reference: Reference) -> bool:
    """Whether a value names one kind of the catalogue, by code or by a name it is known by."""
    return resolve_kind(text, reference).code is not None


def _is_division(text: str, reference: Reference) -> bool:
    spelled = reference.division_codes_of_spelling.get(folded_name(text), ())
    return resolve_division(text, reference).code is not None or len(spelled) == 1


def _is_option(code: str, reference: Reference, text: str) -> bool:
    """Whether a value is an option in words; a bare number or letter may mean anything."""
    return not text.isascii() and resolve_choice(text, code, reference).finding is None


def _is_day(text: str) -> bool:
    try:
        day = date_of(RawCell(text, CellKind.TEXT))
    except Unreadable:
        return False
    return day is not None and dt.date(1950, 1, 1) < day < dt.date(2100, 1, 1)
