"""Sentences about results: what is wrong with a field, and why one is not entered, changed or published."""

from __future__ import annotations

from .wording import N_

SENTENCES: dict[str, str] = {
    "result_day_missing": N_("请填写检定日期。"),
    "result_day_too_early": N_("检定日期不能早于 %(day)s，请核对年份。"),
    "result_older_than_last": N_("这台器具已有 %(day)s 的检定结果，检定日期不能比它早。"),
    "result_outcome_missing": N_("请选择合格或不合格。"),
    "result_document_missing": N_("请选择凭证类型。"),
    "result_document_of_pass": N_("合格的不出具%(document)s，请选择检定证书、检定合格证或检定合格印，或核对结论。"),
    "result_document_of_fail": N_("不合格的不出具%(document)s，请选择检定结果通知书，或核对结论。"),
    "result_number_missing": N_("%(document)s必须有编号。"),
    "result_number_taken": N_(
        "编号 %(number)s 已用于“%(instrument)s”。只有同一使用单位同一天检定、凭证类型相同的几台器具可以共用一份凭证。"
    ),
    "result_verifier_missing": N_("请填写检定员姓名。"),
    "result_validity_missing": N_("请填写有效期至。这个种别没有可推算的周期时，按检定规程填写。"),
    "result_validity_reversed": N_("有效期至不能早于检定日期 %(day)s。"),
    "result_validity_too_late": N_("有效期至不能晚于 %(day)s，请核对年份。"),
    "result_item_not_waiting": N_(
        "“%(instrument)s”现在是“%(state)s”，不在本机构待检定，不能登记、修改或发布结果。请刷新后再看。"
    ),
    "result_entered_already": N_("“%(instrument)s”已有一份未发布的结果，请在“待核验发布”里修改它。"),
    "result_published_already": N_("“%(instrument)s”的结果已由 %(by)s 发布，本次没有改动。请刷新后再看。"),
    "result_published_stands": N_("“%(instrument)s”的结果已经发布，不能再修改或删除。"),
    "result_not_failed": N_("“%(instrument)s”最近的检定结果不是不合格，请按周期预约检定。"),
    "result_changed_since_seen": N_(
        "“%(instrument)s”的结果在您打开页面之后被修改过。请核对最新内容后再发布，本次没有发布任何结果。"
    ),
    "result_own_entry": N_("“%(instrument)s”的结果是您登记的，须由本机构另一人核验发布。本次没有发布任何结果。"),
    "result_own_verification": N_("“%(instrument)s”的检定员是 %(verifier)s，核验员须是另一人。本次没有发布任何结果。"),
}
