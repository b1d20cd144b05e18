"""Words of a run of the import: what a list lacks, why an undo leaves a row, how long the rest will take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from .wording import N_, readable

KEPT: dict[str, str] = {
    "removed": N_("之后已从台账删除，没有可以撤销的。"),
    "booked": N_("之后已加入预约 %(number)s。"),
    "verified": N_("之后已有检定结果。"),
    "proposed": N_("之后技术机构提出过更正建议。"),
    "changed": N_("之后修改过（%(at)s）。"),
    "locked": N_("正在预约检定，导入改过的内容已锁定。"),
    "key_taken": N_("恢复后会与台账编号 %(ledger_number)s 的器具重复。"),
    "reference_gone": N_("原来的种别或行政区划已不存在。"),
    "altered": N_("之后修改过。"),
    "in_use": N_("之后已被 %(count)s 条记录用到，不能删除。"),
    "refused": N_("不能恢复成原来的样子：%(why)s"),
}
"""By the code of `ledger_import_kept`."""

KEPT_SHORT: dict[str, str] = {
    "removed": N_("之后已删除"),
    "booked": N_("之后已预约"),
    "verified": N_("之后已检定"),
    "proposed": N_("之后有更正建议"),
    "changed": N_("之后修改过"),
    "locked": N_("正在预约检定"),
    "key_taken": N_("恢复后重复"),
    "reference_gone": N_("原代码已不存在"),
    "altered": N_("之后修改过"),
    "in_use": N_("之后已被用到"),
    "refused": N_("不能恢复"),
}

FOR_ALL_ROWS: dict[str, str] = {
    "name": N_("所有器具都是同一种的填一次，如“电子计价秤”。"),
    "kind_code": N_("名称写得清楚的，系统逐行按名称认，认不出的行检查时会指出；全部是同一种的，直接选那一种。"),
    "model": N_("所有器具型号相同的填一次；铭牌上没有的填“无”。"),
    "manufacturer": N_("所有器具都是同一厂家的填一次；铭牌上没有的填“不详”。"),
    "origin": N_("所有器具都是国产或都是进口的，在这里选。"),
    "place_of_use": N_("器具实际使用的详细地点，如门店、车间的地址；都在一处的填一次。"),
    "division_code": N_("使用地点所在的区县，写代码或名称，如 370303 张店区。"),
    "quantity": N_("一行就是一台（件），填“1”。"),
    "purpose": N_("这些器具主要用在哪一方面。"),
    "delivery_mode": N_("送到技术机构去，还是请技术机构上门。"),
}
"""What to fill in for a column that a file does not have, by column code."""


def for_all_rows(code: str) -> str:
    """The help beside a value that every row gets."""
    return _(FOR_ALL_ROWS[code])


def kept_words(code: str, facts: Mapping[str, Any]) -> str:
    """Why a row stays, in a sentence."""
    if code == "refused":
        from . import sentence  # All sentences; those of services among them.

        return _(KEPT[code]) % {"why": sentence(facts["code"], facts["facts"])}
    told = {name: readable(datetime.fromisoformat(value) if name == "at" else value) for name, value in facts.items()}
    return _(KEPT[code]) % told


def kept_counts(counts: Mapping[Any, int]) -> str:
    """之后已预约 3 行，之后修改过 1 行."""
    told = [_("%(reason)s %(count)s 行", reason=_(KEPT_SHORT[code]), count=count) for code, count in counts.items()]
    return "，".join(told)


def time_left(seconds: int) -> str:
    """How long it will take still, as people say it."""
    if seconds < 60:
        return _("还要约 %(count)s 秒", count=max(seconds, 1))
    return _("还要约 %(count)s 分钟", count=round(seconds / 60))
