"""What a state means for the enterprise: who acts next, what to do, the guide's own sentence; why an institution.

Keys are `progress.<item state>.<part>`, `why.<what decided>`, `filter.<code>`, `history.<audit action>`.
"""

from __future__ import annotations

from .wording import N_

PENDING_GUIDE = N_("待预约：技术机构还未受理。")

STATE_SENTENCES: dict[str, str] = {
    "progress.draft.who": N_("由您提交"),
    "progress.draft.do": N_("核对每台器具将去哪家机构，然后点“提交预约”。"),
    "progress.draft.guide": N_("选择需要预约检定的器具后，提交预约申请。"),
    "progress.matching.who": N_("由系统匹配技术机构，一般几秒钟"),
    "progress.matching.do": N_("不用操作，页面会自己更新。"),
    "progress.matching.guide": PENDING_GUIDE,
    "progress.awaiting_acceptance.who": N_("由 %(institution)s 在 %(due)s 24:00 前受理"),
    "progress.awaiting_acceptance.late": N_("%(institution)s 应在 %(due)s 前受理，已超过 2 个工作日"),
    "progress.awaiting_acceptance.do": N_("不必打电话催；受理后打印预约单送检或办理外检。"),
    "progress.awaiting_acceptance.guide": PENDING_GUIDE,
    "progress.unmatched.who": N_("由 %(office)s 在 %(due)s 前答复"),
    "progress.unmatched.late": N_("%(office)s 应在 %(due)s 前答复，已超过 2 个工作日"),
    "progress.unmatched.answered": N_("%(office)s已答复：%(answer)s"),
    "progress.unmatched.do": N_("您无需重复提交；有机构可检时系统会自动分配。"),
    "progress.unmatched.guide": N_(
        "填报的强检项别技术机构均无执行强制检定能力时匹配不成功；匹配不成功的预约申请技术机构看不到，"
        "请咨询相关计量行政管理部门。"
    ),
    "progress.accepted.who": N_("由您送检，或备好现场等机构上门"),
    "progress.accepted.do": N_("请打印预约单，按约定的时间和地点办理。"),
    "progress.accepted.guide": N_("待检定：技术机构已经受理，请打印预约单按技术机构的业务受理流程送检或办理外检。"),
    "progress.failed.who": N_("由您处理"),
    "progress.failed.do": N_("查看回执的原因，更正台账后重新预约；不需要检定的点“不再预约”。"),
    "progress.failed.resolved": N_("已重新预约或不再预约，无需处理"),
    "progress.failed.guide": N_(
        "预约失败：查看回执信息或联系技术机构，查明预约失败的原因，修改台账后，重新新增预约单申报预约。"
    ),
    "progress.passed.who": N_("已办完"),
    "progress.passed.do": N_("有效期和证书编号已记入台账。"),
    "progress.passed.guide": N_("检定证书编号由检定技术机构填写。"),
    "progress.not_passed.who": N_("由您处理"),
    "progress.not_passed.do": N_("检定不合格，请立即停用；修理后可申请“修理后检定”。"),
    "progress.not_passed.guide": N_("检定合格前不得使用（计量法第九条）。"),
    "progress.ended.who": N_("已终止"),
    "progress.ended.do": N_("这台器具已解锁，需要检定时请重新预约。"),
    "progress.ended.guide": N_("终止后可以修改台账，重新新增预约。"),
    "progress.withdrawn.who": N_("已由您撤回"),
    "progress.withdrawn.do": N_("需要检定时请重新预约。"),
    "progress.withdrawn.guide": N_("撤回后可以修改台账，重新新增预约。"),
}

WHY_SENTENCES: dict[str, str] = {
    "why.preferred": N_("按您的选择，仍分配至上次机构"),
    "why.designation": N_("%(division)s指定（%(document)s）"),
    "why.designation_ended": N_("由监管部门指定"),
    "why.area_only": N_("%(area)s授权，唯一可检"),
    "why.area": N_("%(area)s授权，服务区域最近"),
    "why.level": N_("%(area)s授权，%(level)s机构优先"),
    "why.priority": N_("%(area)s授权，按监管部门设定的先后"),
    "why.lowest_id": N_("%(area)s授权，条件相同时按登记先后"),
    "why.by_hand": N_("监管部门指派：%(reason)s"),
    "why.not_decided": N_("正在匹配技术机构"),
    "why.but_for": N_("除%(institutions)s（曾以“超出能力”退回这台器具，台账更正后会再次询问）外，"),
    "why.nobody": N_("本县、本市、本省均无可检定“%(kind)s”的指定或授权机构"),
    "why.nobody_handed_on": N_(
        "本县、本市、本省均无可检定“%(kind)s”的指定或授权机构。已转%(office)s，您无需重复提交，预计 %(due)s 前答复。"
    ),
    "why.nobody_late": N_(
        "本县、本市、本省均无可检定“%(kind)s”的指定或授权机构。已转%(office)s，您无需重复提交；"
        "应于 %(due)s 前答复，已超过 2 个工作日。"
    ),
    "why.nobody_answered": N_("本县、本市、本省均无可检定“%(kind)s”的指定或授权机构。%(office)s已答复：%(answer)s"),
    "why.bad_kind": N_("种别“%(kind)s”已停用或不在目录中，请在台账更正种别。"),
    "why.bad_division": N_("使用地点的行政区划已撤销，或没有具体到区县，请在台账更正。"),
    "why.nearest": N_("最接近的是 %(institution)s：%(reasons)s"),
}

FILTER_SENTENCES: dict[str, str] = {
    "filter.ACTIVE": N_("暂停受理或已停用"),
    "filter.AUTH": N_("没有“%(kind)s”的授权"),
    "filter.VALID": N_("授权不在有效期内"),
    "filter.SCOPE": N_("仅限内部单位，不面向社会"),
    "filter.PLACE": N_("服务区域不包括%(division)s"),
    "filter.RANGE": N_("测量范围不能覆盖"),
    "filter.ACCURACY": N_("准确度等级不在授权之内"),
    "filter.DELIVERY": N_("不提供“%(delivery)s”"),
    "filter.EXCLUDED": N_("曾以“超出能力”退回这台器具"),
}

HISTORY_SENTENCES: dict[str, str] = {
    "history.appointment.drafted": N_("%(by)s 建立草稿"),
    "history.appointment.changed": N_("%(by)s 增加 %(count)s 台（件）"),
    "history.appointment.removed_items": N_("%(by)s 移出 %(count)s 台（件）"),
    "history.appointment.submitted": N_("%(by)s 提交 %(count)s 台（件）"),
    "history.appointment.answered": N_("监管部门答复未匹配的 %(count)s 台（件）：%(reason)s"),
    "history.item.matched": N_("自动匹配：%(count)s 台（件）分配至 %(institution)s"),
    "history.item.unmatched": N_("自动匹配：%(count)s 台（件）未匹配到技术机构"),
    "history.item.requeued": N_("台账修改后，%(count)s 台（件）重新匹配"),
    "history.item.withdrawn": N_("%(by)s 撤回 %(count)s 台（件）"),
    "history.item.accepted": N_("%(institution)s 受理 %(count)s 台（件）"),
    "history.item.returned": N_("%(institution)s 退回 %(count)s 台（件）：%(return_code)s"),
    "history.item.assigned": N_("监管部门将 %(count)s 台（件）指派至 %(institution)s：%(reason)s"),
    "history.item.rematched": N_("监管部门将 %(count)s 台（件）从 %(institution)s 转出，重新匹配：%(reason)s"),
    "history.item.ended": N_("%(count)s 台（件）终止办理"),
    "history.item.put_aside": N_("%(by)s 将 %(count)s 台（件）设为不再预约"),
    "history.result.published": N_("%(institution)s 发布 %(count)s 台（件）的检定结果"),
    "history.slip.changed": N_("%(institution)s 更改了时间或地点，请重新打印预约单"),
    "history.slip.marked_late": N_("%(institution)s 超过 2 个工作日未受理，已通知机构和监管部门"),
}

SLIP_SENTENCES: dict[str, str] = {
    "slip.print_later": N_("受理后才能打印"),
    "slip.print_never": N_("没有受理的器具，不能打印"),
    "slip.too_long": N_("超过 %(limit)s 台（件），请用“打印预约单”打印网页"),
    "slip_without_glyph": N_(
        "预约单 %(number)s 里有字库中没有的字“%(characters)s”，不能生成 PDF。请用“打印预约单”打印网页，"
        "或在台账、单位信息中改用常用字后请机构更新预约单。"
    ),
    "slip_not_drawn": N_("预约单 %(number)s 暂时不能生成 PDF，请用“打印预约单”打印网页。"),
    "slip_too_long": N_("预约单 %(number)s 超过 %(limit)s 台（件），请用“打印预约单”打印网页。"),
    "receipt.accepted": N_("已受理 %(count)s 台（件）。%(arrangement)s强制检定不收取检定费。"),
    "receipt.changed": N_("时间地点已更改，以这份回执为准：%(arrangement)s请重新打印预约单。"),
    "receipt.returned": N_("退回 %(count)s 台（件）：%(return_code)s。"),
    "arrangement.dated": N_("请于 %(day)s%(time)s携带预约单和器具到%(place)s。"),
    "arrangement.on_site": N_("机构将于 %(day)s%(time)s上门，请备好现场条件。"),
    "arrangement.mixed": N_(
        "请于 %(day)s%(time)s携带预约单和要送检的器具到%(place)s；现场检定的 %(on_site)s 台（件）由机构上门，"
        "请备好现场条件。"
    ),
    "arrangement.by_phone": N_("时间由机构电话约定。"),
}

SENTENCES: dict[str, str] = {
    **STATE_SENTENCES,
    **WHY_SENTENCES,
    **FILTER_SENTENCES,
    **HISTORY_SENTENCES,
    **SLIP_SENTENCES,
}
