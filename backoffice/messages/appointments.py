"""Sentences about appointments, slips and their answers."""

from __future__ import annotations

from .wording import N_

SENTENCES: dict[str, str] = {
    "appointment_already_submitted": N_("预约 %(number)s 已经提交，不能再改。需要改动请先撤回，或新建一个预约。"),
    "too_many_items": N_("一个预约最多 %(limit)s 台（件），请分成几个预约。"),
    "nothing_chosen": N_("还没有选择器具。请先点“选择器具”。"),
    "already_booked": N_("%(instrument)s 已在预约 %(number)s 中，办结或撤回后才能再次预约。"),
    "not_in_use": N_("%(instrument)s 的使用状态是“%(state)s”，请先在台账中启用再预约。"),
    "kind_not_in_force": N_("%(instrument)s 的种别“%(kind)s”已停用，请在台账中改选现行种别再预约。"),
    "first_verification_only": N_("%(instrument)s 属于“%(kind)s”：只做首次强制检定，失准报废，不需要预约周期检定。"),
    "booked_meanwhile": N_("其中有器具刚刚被另一个预约选走，本次没有提交。请返回选择器具后再提交。"),
    "question_open": N_("请先回答：仍分配至%(institution)s，还是重新匹配技术机构？"),
    "nothing_to_withdraw": N_("没有可以撤回的器具：已受理的请联系技术机构取消。"),
    "nothing_failed": N_("这里没有待处理的退回器具。"),
    "slip_already_decided": N_("预约单 %(number)s 已由 %(by)s 处理，没有待受理的器具了。请刷新后再看。"),
    "slip_left": N_("预约单 %(number)s 的器具已由使用单位撤回，或已转给其他机构，不再由本机构办理。"),
    "slip_not_accepted": N_("预约单 %(number)s 还没有受理，受理后才能打印。"),
    "slip_not_late": N_("预约单 %(number)s 还在受理期限内，或已经处理，不能重新匹配。"),
    "day_is_past": N_("这一天已经过去，请选今天或以后的日期。"),
    "day_outside_wish": N_("使用单位期望 %(wish)s，这一天不在其中。"),
    "day_named_inconvenient": N_("使用单位写明“%(against)s”，这一天是%(weekday)s。"),
    "day_not_working": N_("这一天不是工作日。"),
    "day_far_away": N_("这一天在 60 天以后。"),
    "reason_too_short": N_("请写清楚原因和怎样改，至少 %(least)s 个字：对方只看到这段话。"),
    "cannot_take_it": N_("该机构不能检定这台器具（除服务区域外还有条件不符），请另选一家。"),
}
