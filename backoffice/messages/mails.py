"""Subjects and texts of e-mails, by code. Unlike notices they are stored as they are sent: a letter is not reworded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from .wording import N_, readable

MAILS: dict[str, tuple[str, str]] = {
    "mail_registration_approved": (
        N_("%(enterprise)s：注册已通过"),
        N_(
            "%(enterprise)s：\n\n贵单位的注册已审核通过。请用账号 %(uscc)s 和注册时设置的密码登录，"
            "登记器具台账后即可预约强制检定。\n\n强制检定不收取检定费。"
        ),
    ),
    "mail_registration_refused": (
        N_("%(enterprise)s：注册未通过，请更正"),
        N_(
            "%(enterprise)s：\n\n贵单位的注册未通过审核，原因是：\n\n%(reason)s\n\n"
            "请用账号 %(uscc)s 登录，更正后重新提交，不必重新注册。"
        ),
    ),
    "mail_contact_changed": (
        N_("%(enterprise)s：登记的联系方式已修改"),
        N_(
            "%(enterprise)s：\n\n账号 %(uscc)s 的联系人、手机或电子邮箱刚刚在网上修改，今后的邮件发往新的邮箱。\n\n"
            "如果不是贵单位修改的，请立即联系当地市场监督管理局，请其签发一次性链接，重新设置密码。"
        ),
    ),
    "mail_link_reset": (
        N_("重设密码"),
        N_(
            "%(name)s：\n\n有人为账号 %(username)s 申请了重设密码。请在 %(until)s 前打开下面的链接，设置新密码：\n\n"
            "%(link)s\n\n链接只能用一次。如果不是您本人申请，不必理会，密码不会改变。"
        ),
    ),
    "mail_link_invitation": (
        N_("您的账号已开通，请设置密码"),
        N_(
            "%(name)s：\n\n已为您开通账号 %(username)s。请在 %(until)s 前打开下面的链接，设置密码后登录：\n\n"
            "%(link)s\n\n链接只能用一次，请不要转发。"
        ),
    ),
    "mail_link_claim": (
        N_("请认领贵单位的账号"),
        N_(
            "%(name)s：\n\n贵单位的台账已由他人代办登记，账号是 %(username)s。"
            "请在 %(until)s 前打开下面的链接，设置密码后由贵单位自己管理：\n\n"
            "%(link)s\n\n链接只能用一次，请不要转发。"
        ),
    ),
}

SENTENCES: dict[str, str] = {
    "mail_server_unreachable": N_("连不上邮件服务器。"),
    "mail_server_sign_in_failed": N_("邮件服务器不接受发件账号或密码，请检查邮件设置。"),
    "mail_not_encrypted": N_("邮件服务器不支持加密连接，没有发出。"),
    "mail_address_refused": N_("邮件服务器说没有这个收件地址。"),
    "mail_refused": N_("邮件服务器没有收下这封邮件。"),
    "link_gone": N_("这个链接已经用过或已过期，请重新申请一个。"),
    "link_account_stopped": N_("这个账号已停用，不能设置密码。请联系系统管理员。"),
    "user_is_stopped": N_("这个账号已停用，请先启用。"),
    "forgot_too_often": N_("申请次数过多，请在 %(minutes)s 分钟后再试。"),
    "phone_required": N_("监管部门的账号必须有电话，企业和机构会按它联系。"),
    "reference_only_regulator": N_("只有监管部门的账号可以维护基础数据。"),
    "username_malformed": N_("登录名用 3 到 64 位字母、数字、点、横线或下划线。"),
}

LINK_WORDS = N_("（一次性链接已不再保留）")


def subject_and_body(code: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    """The letter of a code, filled with facts; raises `KeyError` for an unknown code."""
    words = {key: readable(value) for key, value in facts.items()}
    subject, body = MAILS[code]
    return gettext(subject) % words, gettext(body) % words


def link_words() -> str:
    """What stands in a stored mail in place of its one-time link."""
    return gettext(LINK_WORDS)
