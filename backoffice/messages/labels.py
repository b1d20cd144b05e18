"""The words for closed sets of codes. A code without a word fails a test."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from flask_babel import gettext

from ..actor import Role
from ..states import (
    ApplicationType,
    AppointmentStatus,
    DeliveryMode,
    DocumentType,
    EndReason,
    EnterpriseStatus,
    EnterpriseType,
    ImportMode,
    ImportState,
    ImportSubject,
    ImportWrites,
    InstitutionType,
    ItemStatus,
    LastInstitution,
    Level,
    LinkPurpose,
    MatchTrigger,
    Outcome,
    ProposalState,
    Purpose,
    RegistrationState,
    ReturnCode,
    RowOutcome,
    RunOutcome,
    SlipStatus,
    UseState,
    VerificationStatus,
)


def N_(msgid: str) -> str:
    return msgid


LABELS: dict[type[StrEnum], dict[Any, str]] = {
    Role: {
        Role.ENTERPRISE: N_("企业"),
        Role.INSTITUTION: N_("技术机构"),
        Role.REGULATOR: N_("监管部门"),
        Role.AUDITOR: N_("审计管理员"),
        Role.ADMIN: N_("系统管理员"),
        Role.SYSTEM: N_("系统"),
    },
    EnterpriseStatus: {
        EnterpriseStatus.PENDING: N_("待审核"),
        EnterpriseStatus.REFUSED: N_("未通过"),
        EnterpriseStatus.APPROVED: N_("正常"),
        EnterpriseStatus.SUSPENDED: N_("已停用"),
        EnterpriseStatus.CLOSED: N_("已注销"),
    },
    ProposalState: {
        ProposalState.PENDING: N_("待答复"),
        ProposalState.APPROVED: N_("已同意"),
        ProposalState.REFUSED: N_("未同意"),
        ProposalState.WITHDRAWN: N_("已撤回"),
    },
    LinkPurpose: {
        LinkPurpose.RESET: N_("重设密码"),
        LinkPurpose.INVITATION: N_("新账号设置密码"),
        LinkPurpose.CLAIM: N_("认领代办账号"),
    },
    EnterpriseType: {
        EnterpriseType.COMPANY: N_("企业法人"),
        EnterpriseType.GOVERNMENT: N_("机关"),
        EnterpriseType.PUBLIC_INSTITUTION: N_("事业单位"),
        EnterpriseType.SOCIAL_ORGANISATION: N_("社会团体"),
        EnterpriseType.PRIVATE_NON_ENTERPRISE: N_("民办非企业单位"),
        EnterpriseType.SOLE_TRADER: N_("个体工商户"),
        EnterpriseType.FARMERS_COOPERATIVE: N_("农民专业合作社"),
        EnterpriseType.RESIDENTS_COMMITTEE: N_("村（居）民委员会"),
        EnterpriseType.MARKET_ORGANISER: N_("集市主办者"),
        EnterpriseType.OTHER: N_("其他组织"),
        EnterpriseType.BRANCH: N_("非法人企业"),
    },
    RegistrationState: {
        RegistrationState.PENDING: N_("待审核"),
        RegistrationState.APPROVED: N_("已通过"),
        RegistrationState.REFUSED: N_("未通过"),
    },
    UseState: {
        UseState.IN_USE: N_("在用"),
        UseState.STOPPED: N_("停用"),
        UseState.SEALED: N_("封存"),
        UseState.SCRAPPED: N_("报废"),
        UseState.LOST: N_("遗失"),
        UseState.TRANSFERRED: N_("已转出"),
    },
    Purpose: {
        Purpose.SAFETY: N_("安全防护"),
        Purpose.MEDICAL: N_("医疗卫生"),
        Purpose.ENVIRONMENT: N_("环境监测"),
        Purpose.TRADE: N_("贸易结算"),
    },
    DeliveryMode: {DeliveryMode.SEND_IN: N_("送检"), DeliveryMode.ON_SITE: N_("现场检定（外检）")},
    VerificationStatus: {
        VerificationStatus.NEVER: N_("未检定"),
        VerificationStatus.VALID: N_("有效"),
        VerificationStatus.DUE_SOON: N_("即将到期"),
        VerificationStatus.OVERDUE: N_("超期"),
        VerificationStatus.FAILED: N_("不合格（停用待修）"),
        VerificationStatus.FIRST_ONLY: N_("首检合格（不设周期）"),
        VerificationStatus.TO_ROTATE: N_("轮换到期"),
    },
    Level: {
        Level.COUNTY: N_("县级"),
        Level.CITY: N_("市级"),
        Level.PROVINCE: N_("省级"),
        Level.NATIONAL: N_("国家专业计量站"),
    },
    InstitutionType: {
        InstitutionType.STATUTORY: N_("依法设置"),
        InstitutionType.AUTHORISED: N_("授权法定"),
        InstitutionType.SPECIAL: N_("专项授权"),
    },
    AppointmentStatus: {
        AppointmentStatus.DRAFT: N_("草稿"),
        AppointmentStatus.SUBMITTED: N_("已提交"),
        AppointmentStatus.FEEDBACK: N_("已反馈"),
        AppointmentStatus.CLOSED: N_("已办结"),
        AppointmentStatus.WITHDRAWN: N_("已撤回"),
    },
    ItemStatus: {
        ItemStatus.DRAFT: N_("未提交"),
        ItemStatus.MATCHING: N_("待预约 · 匹配中"),
        ItemStatus.AWAITING_ACCEPTANCE: N_("待预约 · 待受理"),
        ItemStatus.UNMATCHED: N_("待预约 · 未匹配"),
        ItemStatus.ACCEPTED: N_("待检定"),
        ItemStatus.FAILED: N_("预约失败"),
        ItemStatus.PASSED: N_("已检定 · 合格"),
        ItemStatus.NOT_PASSED: N_("已检定 · 不合格"),
        ItemStatus.ENDED: N_("已终止"),
        ItemStatus.WITHDRAWN: N_("已撤回"),
    },
    MatchTrigger: {
        MatchTrigger.SUBMITTED: N_("提交后自动匹配"),
        MatchTrigger.EDITED: N_("台账修改后重新匹配"),
        MatchTrigger.RULES_CHANGED: N_("授权或指定变动后重新匹配"),
        MatchTrigger.DAY_CHANGED: N_("授权起止日到期后重新匹配"),
        MatchTrigger.REMATCHED: N_("监管部门要求重新匹配"),
        MatchTrigger.BY_HAND: N_("手工指派"),
    },
    SlipStatus: {
        SlipStatus.AWAITING: N_("待受理"),
        SlipStatus.PARTLY: N_("部分受理"),
        SlipStatus.ACCEPTED: N_("已受理"),
        SlipStatus.RETURNED: N_("已退回"),
        SlipStatus.TRANSFERRED: N_("已转出"),
        SlipStatus.WITHDRAWN: N_("已撤回"),
        SlipStatus.COMPLETED: N_("已完成"),
    },
    ApplicationType: {
        ApplicationType.FIRST: N_("首次"),
        ApplicationType.PERIODIC: N_("周期"),
        ApplicationType.AFTER_REPAIR: N_("修理后"),
        ApplicationType.RECHECK: N_("不合格复检"),
        ApplicationType.OTHER: N_("其他"),
    },
    ReturnCode: {
        ReturnCode.WRONG_KIND: N_("信息有误：种别"),
        ReturnCode.WRONG_ITEM: N_("信息有误：项别"),
        ReturnCode.WRONG_DIVISION: N_("信息有误：行政区划"),
        ReturnCode.WRONG_SERIAL: N_("信息有误：出厂编号"),
        ReturnCode.WRONG_INFORMATION: N_("信息有误：其他栏目"),
        ReturnCode.OUT_OF_CAPACITY: N_("超出能力"),
        ReturnCode.NOT_OUR_AREA: N_("非本辖区"),
        ReturnCode.NOT_MANDATORY: N_("非强检"),
        ReturnCode.BOOKED_TWICE: N_("重复预约"),
        ReturnCode.OUT_OF_USE: N_("器具已停用或报废"),
        ReturnCode.NO_TYPE_APPROVAL: N_("无型式批准标志或铭牌"),
        ReturnCode.FIRST_BY_MAKER: N_("首检应由制造或供应单位申请"),
        ReturnCode.STANDARD_AWAY: N_("标准器送检中"),
        ReturnCode.OTHER: N_("其他"),
    },
    EndReason: {
        EndReason.NOT_DELIVERED: N_("逾期未送检"),
        EndReason.CANCELLED: N_("使用单位取消"),
        EndReason.BY_REGULATOR: N_("监管部门取消"),
        EndReason.OUT_OF_USE: N_("器具停用或报废"),
        EndReason.NOT_FOUND_ON_SITE: N_("现场未见器具"),
        EndReason.SITE_NOT_READY: N_("现场条件不具备"),
        EndReason.CANNOT_VERIFY: N_("机构暂不能检定"),
    },
    LastInstitution: {
        LastInstitution.KEEP: N_("仍分配至原机构"),
        LastInstitution.MATCH_AGAIN: N_("重新匹配技术机构"),
    },
    Outcome: {Outcome.PASSED: N_("合格"), Outcome.NOT_PASSED: N_("不合格")},
    DocumentType: {
        DocumentType.CERTIFICATE: N_("检定证书"),
        DocumentType.REJECTION_NOTICE: N_("检定结果通知书"),
        DocumentType.QUALIFIED_SLIP: N_("检定合格证"),
        DocumentType.QUALIFIED_MARK: N_("检定合格印"),
    },
    ImportSubject: {
        ImportSubject.LEDGER: N_("台账"),
        ImportSubject.CATALOGUE: N_("强检器具目录"),
        ImportSubject.CAPABILITIES: N_("授权检定项目"),
    },
    ImportState: {
        ImportState.CHECKING: N_("检查中"),
        ImportState.MAPPING: N_("待对应列"),
        ImportState.READY: N_("待确认"),
        ImportState.APPLYING: N_("写入中"),
        ImportState.DONE: N_("已完成"),
        ImportState.CANCELLED: N_("已取消"),
        ImportState.UNDONE: N_("已撤销"),
        ImportState.REFUSED: N_("未能导入"),
    },
    ImportMode: {ImportMode.ALL: N_("全部导入"), ImportMode.GOOD: N_("只导入正确的行")},
    ImportWrites: {
        ImportWrites.BOTH: N_("新增和更新"),
        ImportWrites.CREATE: N_("只新增"),
        ImportWrites.UPDATE: N_("只更新"),
    },
    RowOutcome: {
        RowOutcome.NEW: N_("新增"),
        RowOutcome.UPDATED: N_("更新"),
        RowOutcome.SAME: N_("不变"),
        RowOutcome.ERROR: N_("错误"),
        RowOutcome.DROPPED: N_("不导入"),
    },
    RunOutcome: {
        RunOutcome.REQUESTED: N_("等待开始"),
        RunOutcome.RUNNING: N_("运行中"),
        RunOutcome.DONE: N_("完成"),
        RunOutcome.FAILED: N_("失败"),
    },
}


BADGES: dict[type[StrEnum], dict[Any, str]] = {
    EnterpriseStatus: {"pending": "now", "refused": "bad", "approved": "ok", "suspended": "end", "closed": "end"},
    RegistrationState: {"pending": "now", "approved": "ok", "refused": "bad"},
    ProposalState: {"pending": "now", "approved": "ok", "refused": "bad", "withdrawn": "end"},
    UseState: {"in_use": "ok"},
    VerificationStatus: {
        "valid": "ok",
        "first_only": "ok",
        "due_soon": "warn",
        "overdue": "bad",
        "failed": "bad",
        "to_rotate": "bad",
    },
    AppointmentStatus: {"submitted": "now", "feedback": "now", "closed": "end", "withdrawn": "end"},
    ItemStatus: {
        "matching": "now",
        "awaiting_acceptance": "now",
        "unmatched": "warn",
        "accepted": "ok",
        "failed": "bad",
        "passed": "ok",
        "not_passed": "bad",
        "ended": "end",
        "withdrawn": "end",
    },
    SlipStatus: {
        "awaiting": "now",
        "partly": "now",
        "accepted": "ok",
        "returned": "bad",
        "transferred": "end",
        "withdrawn": "end",
        "completed": "end",
    },
    ImportState: {
        "checking": "now",
        "applying": "now",
        "ready": "now",
        "done": "ok",
        "refused": "bad",
        "cancelled": "end",
    },
    RowOutcome: {"new": "ok", "updated": "now", "error": "bad", "dropped": "end"},
    Outcome: {"passed": "ok", "not_passed": "bad"},
    RunOutcome: {"requested": "now", "running": "now", "done": "ok", "failed": "bad"},
}
"""The look of a state: a glyph's class of the stylesheet; none means \"not begun\"."""


def label(code: StrEnum) -> str:
    """The word for a code."""
    return gettext(LABELS[type(code)][code])


def badge_class(code: StrEnum) -> str:
    return BADGES.get(type(code), {}).get(code, "")
