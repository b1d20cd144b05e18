"""Sentences about accounts, passwords and signing in."""

from __future__ import annotations

from .wording import N_

SENTENCES: dict[str, str] = {
    "sign_in_refused": N_("账号或密码不对，请核对后重试。企业的账号是统一社会信用代码；连续 5 次不对将锁定 15 分钟。"),
    "readings_too_often": N_("您所在的网络查询次数过多，请在 %(minutes)s 分钟后再试；登录后查询不受限制。"),
    "uploads_too_often": N_("上传文件次数过多，请在 %(minutes)s 分钟后再试；返回上一页，填写的内容还在。"),
    "sign_in_locked": N_("尝试次数过多，为保护账号已暂停登录，请在 %(minutes)s 分钟后再试。"),
    "username_taken": N_("这个账号已经有人使用，请换一个。"),
    "owner_of_other_role": N_("这个身份不需要填写此项。"),
    "password_short": N_("密码至少 %(minimum)s 位，现在是 %(length)s 位。"),
    "password_classes": N_("密码须包含大写字母、小写字母、数字、符号中的至少 %(classes)s 种。"),
    "password_account": N_("密码里不能包含账号（信用代码）或它的一部分。"),
    "password_common": N_("这个密码太常见，容易被猜到。请换成几个不相干的词，中间加数字和符号。"),
    "password_repeated": N_("不能与最近 %(count)s 次用过的密码相同。"),
    "password_current_wrong": N_("现在的密码不对。"),
    "passwords_differ": N_("两次输入的密码不一样，请重新输入。"),
}
