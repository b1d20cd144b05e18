"""Words of a run of the import: why an undo leaves a row as it is, and how long the rest will take."""

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
