"""Sentences of in-app notices, by the code stored on the row."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from flask_babel import gettext

from ..states import Outcome, ReturnCode, UseState
from .records import column_words
from .wording import N_

CODED_FACTS: dict[str, type[StrEnum]] = {"return_code": ReturnCode, "use_state": UseState, "outcome": Outcome}
"""Facts that are stored as codes and read as words."""


def decoded(facts: dict[str, Any]) -> dict[str, Any]:
    """A stored notice's facts with their codes made codes again, ready to be worded; columns by their names."""
    ready = {key: CODED_FACTS[key](value) if key in CODED_FACTS else value for key, value in facts.items()}
    ready["said"] = ready.get("said") or gettext("见预约单")  # Words an institution may add, and earlier did not.
    if "columns" in ready:
        ready["columns"] = "、".join(column_words("measuring_instrument", name) for name in ready["columns"])
    return ready


SENTENCES: dict[str, str] = {
    "notice_registration_arrived": N_("%(enterprise)s 提交了注册申请，请在 %(due)s 前审核。"),
    "notice_registration_late": N_("%(enterprise)s 的注册申请已超过 2 个工作日未审核（最迟应于 %(due)s 答复）。"),
    "notice_registration_approved": N_("您单位的注册已通过审核，现在可以建立台账、预约检定。"),
    "notice_registration_refused": N_("您单位的注册未通过审核：%(reason)s。请更正后重新提交。"),
    "notice_walk_in_approved": N_("您机构代办的 %(enterprise)s 已通过审核，代办的预约已自动提交。"),
    "notice_walk_in_refused": N_("您机构代办的 %(enterprise)s 未通过审核：%(reason)s。请更正后重新提交。"),
    "notice_instrument_changed": N_("%(by)s 修改了您台账中的 %(instrument)s（%(columns)s）：%(reason)s。"),
    "notice_instrument_use_changed": N_("%(by)s 将您台账中的 %(instrument)s 办理为“%(use_state)s”：%(reason)s。"),
    "notice_booked_on_behalf": N_("%(by)s 为您单位代办了预约 %(number)s，共 %(count)s 台（件）。"),
    "notice_items_cancelled": N_("%(by)s 取消了预约 %(number)s 的 %(count)s 台（件）：%(reason)s。器具可以重新预约。"),
    "notice_slip_items_cancelled": N_(
        "%(by)s 取消了 %(enterprise)s 预约单 %(number)s 的 %(count)s 台（件）：%(reason)s。不用再受理和检定。"
    ),
    "notice_items_moved_away": N_(
        "%(by)s 已把预约单 %(number)s 的 %(count)s 台（件）改派给%(institution)s：%(reason)s。"
    ),
    "notice_items_reassigned": N_(
        "%(by)s 已把您的 %(count)s 台（件）改派给%(institution)s，预约单 %(number)s：%(reason)s。"
    ),
    "notice_branch_registered": N_("您单位的分支机构 %(enterprise)s 已提交注册（代码 %(uscc)s）。"),
    "notice_change_arrived": N_("%(enterprise)s 申请变更单位信息，最迟 %(due)s 答复。"),
    "notice_change_late": N_("%(enterprise)s 的变更申请已超过 2 个工作日未答复（最迟应于 %(due)s 答复）。"),
    "notice_change_approved": N_("您单位的变更申请已同意，单位信息已按申请更新。"),
    "notice_change_refused": N_("您单位的变更申请未同意：%(reason)s。"),
    "notice_correction_proposed": N_("%(institution)s 核对 %(instrument)s 后建议更正台账，请确认（一次点击即可）。"),
    "notice_correction_confirmed": N_("%(enterprise)s 已确认 %(instrument)s 的更正建议，台账已更新。"),
    "notice_correction_declined": N_("%(enterprise)s 未采纳 %(instrument)s 的更正建议：%(reason)s。"),
    "notice_slip_arrived": N_(
        "%(enterprise)s 的预约单 %(number)s 已到达，共 %(count)s 台（件），请在 %(due)s 前受理。"
    ),
    "notice_slip_grew": N_("预约单 %(number)s 新增 %(count)s 台（件），请一并受理。"),
    "notice_slip_late": N_("预约单 %(number)s 已超过 2 个工作日未受理（应于 %(due)s 前受理）。"),
    "notice_items_unmatched": N_(
        "预约 %(number)s 有 %(count)s 台（件）未匹配到技术机构。监管部门已收到，您无需重复提交。"
    ),
    "notice_unmatched_answered": N_("监管部门答复了预约 %(number)s 未匹配的 %(count)s 台（件）：%(reason)s。"),
    "notice_unmatched_arrived": N_("%(enterprise)s 的预约 %(number)s 有 %(count)s 台（件）未匹配到技术机构，请处理。"),
    "notice_items_accepted": N_("%(institution)s 已受理预约单 %(number)s 的 %(count)s 台（件），可以打印预约单。"),
    "notice_items_returned": N_("%(institution)s 退回了预约单 %(number)s 的 %(count)s 台（件）：%(return_code)s。"),
    "notice_slip_changed": N_(
        "%(institution)s 更改了预约单 %(number)s 的时间或地点，请重新查看并打印。说明：%(said)s。"
    ),
    "notice_items_rematched": N_(
        "预约单 %(number)s 的 %(count)s 台（件）超过 2 个工作日未受理，监管部门已转出重新匹配。"
    ),
    "notice_items_withdrawn": N_("%(enterprise)s 撤回了预约单 %(number)s 的 %(count)s 台（件）。"),
    "notice_result_published": N_("%(institution)s 发布了 %(instrument)s 的检定结果：%(outcome)s。"),
    "notice_results_published": N_(
        "%(institution)s 发布了预约单 %(number)s 中 %(count)s 台（件）的检定结果，其中不合格 %(failed)s 台（件）。"
    ),
    "notice_not_mandatory": N_("%(institution)s 认为 %(instrument)s 不属于强制检定，请核实。"),
    "notice_import_finished": N_("导入 %(file)s 已完成：写入 %(applied)s 行。"),
    "notice_import_undone": N_("导入 %(file)s 已撤销：撤销 %(undone)s 行，保留 %(kept)s 行。"),
    "notice_import_checked": N_("导入 %(file)s 已检查完：%(errors)s 行有错误，请查看后确认。"),
    "notice_job_failed": N_("后台任务“%(job)s”运行失败，请查看任务运行记录。"),
}
