"""Sentences about registrations, and the words that follow an applicant's type."""

from __future__ import annotations

from flask_babel import gettext

from ..states import EnterpriseType
from .wording import N_

SENTENCES: dict[str, str] = {
    "uscc_length": N_("统一社会信用代码应为 18 位，现在是 %(length)s 位。请对照营业执照核对。"),
    "uscc_character": N_("第 %(place)s 位“%(found)s”不会出现在统一社会信用代码中，请对照营业执照核对。"),
    "uscc_lookalike": N_("第 %(place)s 位“%(found)s”不会出现在统一社会信用代码中，是否应为“%(meant)s”？"),
    "uscc_check": N_("代码有误：末位校验码“%(last)s”与前 17 位不符，一般是其中一位输错了。请对照营业执照逐位核对。"),
    "uscc_taken": N_(
        "代码 %(uscc)s 已经注册过：一个代码只能注册一个账号。如审核未通过，请用该代码登录后更正重新提交，不必重新注册。"
        "不是本单位的人注册的，请按“找谁”页面上的电话联系当地市场监督管理局核实。"
    ),
    "uscc_taken_ask": N_(
        "代码 %(uscc)s 已经注册过：一个代码只能注册一个账号。如审核未通过，请用该代码登录后更正重新提交，不必重新注册。"
        "不是本单位的人注册的，请联系%(office)s核实，电话 %(phone)s。"
    ),
    "branch_codes_used_up": N_(
        "%(parent)s 名下的 100 个分支代码已全部用完，不能再注册非法人企业。请联系当地市场监督管理局。"
    ),
    "branch_name_same": N_("非法人企业的名称不能与所属法人企业（%(parent)s）相同，请填写本分厂（分店）自己的名称。"),
    "branch_address_same": N_("非法人企业的地址不能与所属法人企业（%(parent)s）相同，请填写本分厂（分店）自己的地址。"),
    "type_and_code_fixed": N_("代码已经确定，不能在“非法人企业”和其他类型之间更改。"),
    "division_unknown": N_("没有这个行政区划，请输入所在区县的名称（如“张店区”）或 6 位代码。"),
    "division_too_wide": N_("“%(name)s”下面还有区县，请具体到区县。"),
    "division_ambiguous": N_("有 %(count)s 个同名或相近的区划，请在下面选择一个。"),
    "mobile_wrong": N_("请填写 11 位手机号码，如 13905331234。"),
    "email_wrong": N_("电子邮箱的格式不对，如 wang@example.com；没有可以不填。"),
    "licence_required": N_("请上传营业执照（或登记证书）的照片、扫描件或 PDF。"),
    "licence_type": N_("“%(name)s”不是可以识别的图片或 PDF。请上传 JPG、PNG、WebP 图片或 PDF 文件。"),
    "file_empty": N_("这个文件是空的，请重新选择。"),
    "registration_decided_by": N_("这份注册申请已由 %(by)s 处理（%(state)s），本次没有改动。请刷新后再看。"),
    "registration_already_decided": N_("这份注册申请刚刚已被处理，本次没有改动。请刷新后再看。"),
    "registration_not_refused": N_("这份注册申请现在不能更正：只有审核未通过时才能更正后重新提交。"),
}

LEGAL_REPRESENTATIVE, HEAD, OPERATOR = N_("法定代表人"), N_("负责人"), N_("经营者")

PRINCIPALS: dict[EnterpriseType, str] = {
    EnterpriseType.SOLE_TRADER: OPERATOR,
    EnterpriseType.GOVERNMENT: HEAD,
    EnterpriseType.RESIDENTS_COMMITTEE: HEAD,
    EnterpriseType.MARKET_ORGANISER: HEAD,
    EnterpriseType.OTHER: HEAD,
    EnterpriseType.BRANCH: HEAD,
}


def principal_label(type_: EnterpriseType | None) -> str:
    """What the person who answers for the applicant is called on its licence."""
    if type_ is None:
        return gettext("法定代表人 / 负责人 / 经营者")
    return gettext(PRINCIPALS.get(type_, LEGAL_REPRESENTATIVE))
