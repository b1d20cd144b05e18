"""The words of what the product records: audit actions, tables, columns, values, jobs and what they counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from flask_babel import gettext

from ..states import DeliveryMode, LinkPurpose, Purpose
from .labels import LABELS, label
from .wording import N_, moment

ACTIONS: dict[str, str] = {
    "registration.submitted": N_("提交注册申请"),
    "registration.corrected": N_("更正后重新提交注册"),
    "registration.approved": N_("通过注册"),
    "registration.refused": N_("不通过注册"),
    "registration.marked_late": N_("标记注册审核超时"),
    "enterprise.created": N_("登记使用单位"),
    "enterprise.changed": N_("修改使用单位"),
    "enterprise.suspended": N_("停用使用单位"),
    "change.marked_late": N_("标记变更申请答复超时"),
    "change.requested": N_("申请变更单位信息"),
    "change.approved": N_("同意变更单位信息"),
    "change.refused": N_("不同意变更单位信息"),
    "change.withdrawn": N_("撤回变更申请"),
    "remark.written": N_("修改备注"),
    "instrument.created": N_("新增器具"),
    "instrument.changed": N_("修改器具"),
    "instrument.removed": N_("删除器具"),
    "instrument.use_changed": N_("变更使用状态"),
    "correction.proposed": N_("提出更正建议"),
    "correction.confirmed": N_("确认更正建议"),
    "correction.declined": N_("不采纳更正建议"),
    "correction.withdrawn": N_("撤回更正建议"),
    "result.entered": N_("登记检定结果"),
    "result.changed": N_("修改检定结果"),
    "result.removed": N_("删除未发布的检定结果"),
    "result.published": N_("发布检定结果"),
    "import.uploaded": N_("上传导入文件"),
    "import.file_replaced": N_("换上改好的导入文件"),
    "import.mapped": N_("对应导入文件的列名"),
    "import.mended": N_("改正导入的内容"),
    "import.row_dropped": N_("不导入某一行"),
    "import.row_restored": N_("恢复导入某一行"),
    "import.committed": N_("确认导入"),
    "import.cancelled": N_("取消导入"),
    "import.finished": N_("导入完成"),
    "import.undo_requested": N_("要求撤销导入"),
    "import.undone": N_("撤销导入"),
    "appointment.drafted": N_("新建预约"),
    "appointment.changed": N_("修改预约"),
    "appointment.removed": N_("删除预约草稿"),
    "appointment.submitted": N_("提交预约"),
    "appointment.answered": N_("答复未匹配"),
    "item.matched": N_("匹配到技术机构"),
    "item.unmatched": N_("未匹配到技术机构"),
    "item.requeued": N_("重新进入匹配"),
    "item.withdrawn": N_("撤回器具"),
    "item.accepted": N_("受理器具"),
    "item.returned": N_("退回器具"),
    "item.assigned": N_("手工指派"),
    "item.rematched": N_("要求重新匹配"),
    "item.ended": N_("终止"),
    "item.cancelled": N_("监管部门取消"),
    "item.put_aside": N_("不再预约"),
    "slip.opened": N_("生成预约单"),
    "slip.changed": N_("修改预约单"),
    "slip.marked_late": N_("标记预约单超时未受理"),
    "reference.created": N_("新增"),
    "reference.changed": N_("修改"),
    "reference.removed": N_("删除"),
    "user.created": N_("新增账号"),
    "user.changed": N_("修改账号"),
    "user.link_issued": N_("签发一次性链接"),
    "user.password_changed": N_("修改密码"),
    "user.signed_in": N_("登录"),
    "user.sign_in_failed": N_("登录失败"),
    "user.signed_out": N_("退出登录"),
    "job.started_by_hand": N_("手动运行任务"),
}
"""What was done, by `audit.AuditAction`."""

TABLES: dict[str, str] = {
    "app_user": N_("账号"),
    "appointment": N_("预约申请"),
    "appointment_item": N_("预约器具"),
    "audit_event": N_("审计"),
    "capability": N_("授权检定项目"),
    "catalogue_item": N_("项别"),
    "change_request": N_("变更申请"),
    "correction_proposal": N_("更正建议"),
    "designation": N_("指定"),
    "division": N_("行政区划"),
    "enterprise": N_("器具使用单位"),
    "enterprise_remark": N_("机构备注"),
    "import_run": N_("导入"),
    "institution": N_("技术机构"),
    "institution_suspension": N_("暂停受理"),
    "instrument_kind": N_("强检器具种别"),
    "job_run": N_("任务运行"),
    "laboratory": N_("检定室"),
    "measuring_instrument": N_("计量器具"),
    "notice": N_("消息"),
    "one_time_link": N_("一次性链接"),
    "option_value": N_("选项"),
    "outgoing_mail": N_("外发邮件"),
    "receipt": N_("回执"),
    "registration": N_("注册申请"),
    "slip": N_("预约单"),
    "stored_file": N_("文件"),
    "verification": N_("检定结果"),
    "working_day_override": N_("工作日调整"),
}

COLUMNS: dict[str, str] = {
    "accepted_at": N_("受理时间"),
    "accepted_by_id": N_("受理人"),
    "account": N_("账号"),
    "accuracies": N_("准确度等级"),
    "accuracy": N_("读出的准确度"),
    "accuracy_class": N_("准确度等级"),
    "added_by_division_code": N_("代办监管部门"),
    "added_by_institution_id": N_("代办机构"),
    "address": N_("地址"),
    "after": N_("新值"),
    "aliases": N_("别名"),
    "annotated_at": N_("标注时间"),
    "annotated_file_id": N_("带标注的文件"),
    "annotation_claimed_at": N_("开始标注时间"),
    "application_type": N_("申请类别"),
    "applied": N_("已写入行数"),
    "appointed_on": N_("约定日期"),
    "appointed_time": N_("约定时间"),
    "appointment_id": N_("预约申请"),
    "approved_at": N_("通过时间"),
    "approver": N_("批准人"),
    "areas": N_("服务区域"),
    "arrangement": N_("时间地点"),
    "arrived_at": N_("到达时间"),
    "assignment_reason": N_("指派原因"),
    "attempts": N_("尝试次数"),
    "before": N_("原值"),
    "blank_rows": N_("空行数"),
    "body": N_("正文"),
    "booked_by_division_code": N_("代办监管部门"),
    "booked_by_institution_id": N_("代办机构"),
    "certificate_number": N_("检定证书编号"),
    "checked_at": N_("检查完成时间"),
    "checker": N_("核验员"),
    "code": N_("代码"),
    "committed_at": N_("确认时间"),
    "confidence": N_("依据程度"),
    "contact": N_("联系人"),
    "count": N_("台（件）数"),
    "counts": N_("做了什么"),
    "created_at": N_("建立时间"),
    "created_by_id": N_("建立人"),
    "day": N_("日期"),
    "decided_at": N_("答复时间"),
    "decided_by_id": N_("答复人"),
    "decision": N_("答复"),
    "decision_id": N_("匹配结论"),
    "declared_certificate_number": N_("上次证书编号（自报）"),
    "declared_institution": N_("上次检定机构（自报）"),
    "declared_valid_until": N_("上次有效期至（自报）"),
    "declared_verified_on": N_("上次检定日期（自报）"),
    "default_period_months": N_("检定周期（月）"),
    "delivery_mode": N_("送检方式"),
    "delivery_modes": N_("送检方式"),
    "department": N_("科室／部门"),
    "division_code": N_("行政区划"),
    "document_number": N_("文号"),
    "document_type": N_("凭证类型"),
    "dropped": N_("不导入"),
    "due_at": N_("应答复时间"),
    "email": N_("电子邮箱"),
    "end_reason": N_("终止原因"),
    "ends_on": N_("止"),
    "entered_by_id": N_("登记人"),
    "enterprise_id": N_("使用单位"),
    "errors": N_("错误行数"),
    "expires_at": N_("失效时间"),
    "external_code": N_("外部编码"),
    "facts": N_("内容"),
    "file_id": N_("文件"),
    "filed_at": N_("备案时间"),
    "finished_at": N_("完成时间"),
    "first_decided_at": N_("首次答复时间"),
    "has_link": N_("含一次性链接"),
    "header_row": N_("表头所在行"),
    "headers": N_("文件开头几行"),
    "id": N_("编号"),
    "import_run_id": N_("导入批次"),
    "institution_id": N_("技术机构"),
    "instrument_id": N_("计量器具"),
    "internal_units": N_("仅限内部单位"),
    "is_active": N_("启用"),
    "is_retired": N_("停用"),
    "is_submitted_on_approval": N_("审核通过后自动提交"),
    "is_working": N_("工作日"),
    "issued_by_id": N_("签发人"),
    "item_code": N_("项别"),
    "item_count": N_("台（件）数"),
    "item_id": N_("预约器具"),
    "job": N_("任务"),
    "kept": N_("保留行数"),
    "kind_code": N_("种别"),
    "label": N_("名称"),
    "laboratory_id": N_("检定室"),
    "last_institution_answer": N_("上次机构的选择"),
    "ledger_number": N_("台账编号"),
    "level": N_("级别"),
    "licence_file_id": N_("营业执照"),
    "link_purpose": N_("链接用途"),
    "list_code": N_("列表"),
    "management_number": N_("管理编号"),
    "manufacturer": N_("生产厂家"),
    "letters": N_("各列的位置"),
    "mapping": N_("列名对应"),
    "mending": N_("批量修改"),
    "marked_late_at": N_("标记超时时间"),
    "match_trigger": N_("匹配起因"),
    "may_edit_reference": N_("可维护基础数据"),
    "measuring_range": N_("测量范围"),
    "media_type": N_("文件类型"),
    "mobile": N_("手机"),
    "mode": N_("导入方式"),
    "model": N_("型号规格"),
    "name": N_("名称"),
    "new": N_("新增行数"),
    "next_attempt_at": N_("下次尝试时间"),
    "note": N_("说明"),
    "number": N_("编号"),
    "office_answer": N_("监管部门答复"),
    "office_answered_at": N_("答复时间"),
    "oil_product": N_("油品"),
    "on_behalf_by": N_("代办人"),
    "organisation": N_("单位"),
    "origin": N_("器具产地"),
    "outcome": N_("结论"),
    "pace": N_("每秒行数"),
    "parent_code": N_("上级"),
    "parent_uscc": N_("总机构代码"),
    "password_changed_at": N_("密码修改时间"),
    "path": N_("所属路径"),
    "phone": N_("电话"),
    "place": N_("地点"),
    "place_of_use": N_("使用地点"),
    "position": N_("排序"),
    "preferred_institution_id": N_("指定的原机构"),
    "principal": N_("负责人"),
    "priority": N_("优先级"),
    "problem": N_("问题"),
    "problems": N_("问题"),
    "production_code": N_("生产码"),
    "proposed_at": N_("提出时间"),
    "proposed_by_id": N_("提出人"),
    "published_at": N_("发布时间"),
    "published_by_id": N_("发布人"),
    "purchased_on": N_("购置日期"),
    "purpose": N_("用途"),
    "purposes": N_("用途"),
    "put_aside_at": N_("不再预约时间"),
    "quantity": N_("器具数量"),
    "range_high": N_("范围上限"),
    "range_low": N_("范围下限"),
    "range_unit": N_("范围单位"),
    "read_at": N_("阅读时间"),
    "reason": N_("原因"),
    "reception_place": N_("收发地点"),
    "recipient": N_("收件人"),
    "registered_by_division_code": N_("代办监管部门"),
    "registered_by_institution_id": N_("代办机构"),
    "regulation": N_("检定依据"),
    "repair_code": N_("维修码"),
    "requested_by_id": N_("申请人"),
    "return_code": N_("退回原因"),
    "return_words": N_("退回说明"),
    "returned_by_id": N_("退回机构"),
    "reviewer_division_code": N_("审核辖区"),
    "revises_id": N_("被更正的结果"),
    "revision": N_("版本"),
    "revision_reason": N_("更正原因"),
    "role": N_("角色"),
    "row": N_("行"),
    "rows": N_("行数"),
    "same": N_("不变行数"),
    "scheduled_for": N_("计划时间"),
    "scope_note": N_("适用范围"),
    "seal_number": N_("封印号"),
    "season": N_("使用季节"),
    "seat_division_code": N_("所在地"),
    "sent_at": N_("发出时间"),
    "serial_key": N_("识别编号"),
    "serial_number": N_("出厂编号"),
    "sha256": N_("校验值"),
    "sheet": N_("工作表"),
    "site_contact": N_("现场联系人"),
    "site_phone": N_("现场电话"),
    "size": N_("大小"),
    "slip_id": N_("预约单"),
    "source": N_("来源"),
    "stall_number": N_("摊位号"),
    "stall_operator": N_("经营者"),
    "stall_phone": N_("经营者电话"),
    "started_at": N_("开始时间"),
    "started_by": N_("启动人"),
    "starts_on": N_("起"),
    "state": N_("状态"),
    "status": N_("状态"),
    "status_reason": N_("状态原因"),
    "status_since": N_("状态起始时间"),
    "sub_number": N_("机号／枪号／分号"),
    "subject": N_("主题"),
    "subject_id": N_("对象编号"),
    "subject_type": N_("对象"),
    "submitted": N_("提交内容"),
    "submitted_at": N_("提交时间"),
    "superseded_by_id": N_("重新预约"),
    "supervision": N_("监管方式"),
    "type": N_("类型"),
    "undo_requested_at": N_("申请撤销时间"),
    "undo_requested_by_id": N_("撤销人"),
    "undone": N_("已撤销行数"),
    "undone_at": N_("撤销完成时间"),
    "updated": N_("更新行数"),
    "uploaded_by_id": N_("上传人"),
    "uscc": N_("统一社会信用代码"),
    "use_state": N_("使用状态"),
    "use_state_on": N_("使用状态日期"),
    "use_state_reason": N_("使用状态原因"),
    "used_at": N_("使用时间"),
    "user_id": N_("账号"),
    "username": N_("登录名"),
    "valid_from": N_("有效期起"),
    "valid_until": N_("有效期至"),
    "verification_code": N_("检定码"),
    "verification_scheme": N_("检定方式"),
    "verified_by_id": N_("检定机构"),
    "verified_on": N_("检定日期"),
    "verifier": N_("检定员"),
    "voided_at": N_("注销时间"),
    "warnings": N_("警告行数"),
    "wish_against": N_("不便时段"),
    "wish_from": N_("期望日期起"),
    "wish_until": N_("期望日期止"),
    "words": N_("说明"),
    "writes": N_("写入范围"),
    "written_by_id": N_("填写人"),
}
"""Names of recorded columns, the same in every table; `TABLE_COLUMNS` has the exceptions."""

TABLE_COLUMNS: dict[str, dict[str, str]] = {
    "app_user": {"name": N_("姓名"), "division_code": N_("辖区"), "id": N_("账号编号")},
    "division": {"is_retired": N_("已撤销")},
    "measuring_instrument": {"name": N_("器具名称"), "division_code": N_("使用地点行政区划"), "id": N_("台账编号")},
    "import_run": {"subject": N_("导入内容"), "name": N_("器具名称"), "division_code": N_("使用地点行政区划")},
    "slip": {"due_at": N_("应受理时间")},
    "verification": {"document_number": N_("凭证编号")},
}

CONFIDENCE: dict[str, str] = {
    "sourced": N_("有出处"),
    "membership": N_("仅项别有出处"),
    "unconfirmed": N_("待核对"),
}
"""How well a kind's row is founded (`InstrumentKind.confidence`)."""

JOBS: dict[str, str] = {
    "matching": N_("匹配技术机构"),
    "matching_for_today": N_("按当天日期重新匹配"),
    "import_check": N_("检查导入文件"),
    "import_mend": N_("批量修改导入的内容"),
    "import_annotate": N_("标注导入文件"),
    "import_apply": N_("写入导入"),
    "import_undo": N_("撤销导入"),
    "late_reviews": N_("检查注册和变更审核时限"),
    "late_slips": N_("检查受理时限"),
    "mails": N_("发送邮件"),
    "tidying": N_("清理过期的临时文件"),
}
"""Names of jobs; one without a name is shown as 后台任务."""

COUNTS: dict[str, str] = {
    "form_keys": N_("表单记录 %(n)s 条"),
    "attempts": N_("登录记录 %(n)s 条"),
    "decided": N_("判定 %(n)s 台（件）"),
    "batches": N_("分 %(n)s 批"),
    "files": N_("文件 %(n)s 份"),
    "late_changes": N_("超时变更申请 %(n)s 件"),
    "late_reviews": N_("超时注册 %(n)s 件"),
    "late_slips": N_("超时预约单 %(n)s 份"),
    "mails": N_("发出邮件 %(n)s 封"),
    "mails_failed": N_("邮件未发出 %(n)s 封"),
    "matched": N_("匹配成功 %(n)s 台（件）"),
    "requeued": N_("重新匹配 %(n)s 台（件）"),
    "rows": N_("%(n)s 行"),
    "slips": N_("预约单 %(n)s 份"),
    "unmatched": N_("未匹配 %(n)s 台（件）"),
}
"""What a run did, by the keys of `JobRun.counts`."""

CODES: dict[str, type[StrEnum]] = {
    "delivery_modes": DeliveryMode,
    "link_purpose": LinkPurpose,
    "purposes": Purpose,
}
"""Lists of codes, and facts that are no column; single codes are known from their column's type."""


def action_words(action: str) -> str:
    """What was done, in words."""
    return gettext(ACTIONS[action]) if action in ACTIONS else gettext("其他操作")


def name_table(table: str, title: Any, labels: Mapping[str, Any]) -> None:
    """Take the words of a reference table from its view's declaration, where it has none here."""
    TABLES.setdefault(table, title)
    for column, word in labels.items():
        TABLE_COLUMNS.setdefault(table, {}).setdefault(column, word)


def table_words(table: str) -> str:
    """What kind of record it is."""
    return gettext(str(TABLES[table])) if table in TABLES else gettext("其他记录")


def column_words(table: str, column: str) -> str:
    """The Chinese name of a recorded column; facts that are no column (counts, reasons) have names here as well."""
    words = TABLE_COLUMNS.get(table, {}).get(column) or COLUMNS.get(column)
    return gettext(str(words)) if words else gettext("其他内容")


def job_words(job: str) -> str:
    return gettext(JOBS[job]) if job in JOBS else gettext("后台任务")


def confidence_words(confidence: str) -> str:
    return gettext(CONFIDENCE[confidence]) if confidence in CONFIDENCE else gettext("待核对")


def count_words(counts: dict[str, Any]) -> str:
    """What a run did: 匹配成功 37 台（件），预约单 3 份; counts of nothing are left out."""
    told = []
    for key, number in counts.items():
        if not number or not isinstance(number, int):
            continue
        words = gettext(COUNTS[key]) if key in COUNTS else gettext("处理 %(n)s 项")
        told.append(words % {"n": number})
    return "，".join(told)


def value_words(column: str, value: Any, codes: type[StrEnum] | None) -> str:
    """A recorded value as people read it; `codes` is the column's closed set where it has one."""
    if value is None or value == "" or value == []:
        return "—"
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if isinstance(value, list):
        return "、".join(value_words(column, each, codes or CODES.get(column)) for each in value)
    if isinstance(value, dict):
        return "；".join(f"{column_words('', name)}：{value_words(name, each, None)}" for name, each in value.items())
    codes = codes or CODES.get(column)
    if codes is not None and value in {code.value for code in codes} and codes in LABELS:
        return label(codes(value))
    if column == "confidence":
        return confidence_words(str(value))
    return _time_words(str(value))


def _time_words(text: str) -> str:
    """Recorded moments are UTC in ISO form; days and all other texts stay as they are."""
    if len(text) < 19 or text[10:11] != "T":
        return text
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment(found) if found.tzinfo else found.isoformat(" ", "minutes")
