"""Sentences about what one side proposes and the other answers: changes of an enterprise, corrections of the ledger."""

from __future__ import annotations

from .wording import N_

SENTENCES: dict[str, str] = {
    "proposal_settled_by": N_("它已由 %(by)s 处理（%(state)s），本次没有改动。请刷新后再看。"),
    "change_waits_already": N_("已有一份变更申请待答复，请等答复，或先撤回它再重新申请。"),
    "change_nothing": N_("填写的内容与现在的单位信息完全相同，没有需要变更的。"),
    "correction_not_held": N_("这台器具现在不在本机构待受理或待检定，不能提出更正建议。"),
    "correction_waits_already": N_("这台器具已有一份更正建议等使用单位答复，请等答复，或先撤回它。"),
    "correction_nothing": N_("填写的内容与台账完全相同，没有需要更正的。"),
    "correction_stale": N_(
        "机构提出建议之后，“%(instrument)s”的台账又改过，与建议里的原内容对不上，没有更新。请核对后回复不采纳并说明原因。"
    ),
    "correction_duplicate": N_(
        "按建议更正后会与台账里已有的“%(existing)s”（台账编号 %(ledger_number)s）重复，没有更新。"
        "请核对是哪一台，再回复不采纳并说明原因。"
    ),
}
