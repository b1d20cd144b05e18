"""Sentences every part of the product uses."""

from __future__ import annotations

from .wording import N_

SENTENCES: dict[str, str] = {
    "not_found": N_("没有这条记录，或者它不属于您的单位。请从左侧菜单重新进入。"),
    "invalid_values": N_("有内容需要改正，请看标红的栏目；已填写的内容都还在。"),
    "already_decided": N_("有 %(count)s 台（件）刚刚已被处理，本次没有做任何改动。请刷新后再看。"),
    "changed_meanwhile": N_("这条记录刚刚被别人修改过。请核对最新内容后再保存。"),
    "required": N_("请填写此项。"),
    "too_long": N_("最多 %(limit)s 个字符，现在是 %(length)s 个。"),
    "not_a_choice": N_("请从列表中选择一项。"),
    "reason_required": N_("请写明原因，对方会看到这段话。"),
    "in_use_elsewhere": N_("还有 %(count)s 条记录用到它，不能删除；可以停用。"),
    "already_exists": N_("已经有这一条：%(existing)s。"),
    "dates_reversed": N_("结束日期早于开始日期，请核对。"),
    "too_often": N_("尝试次数过多，请在 %(minutes)s 分钟后再试。"),
    "too_many_selected": N_("一次最多选择 %(limit)s 条，请分几次办理。"),
    "files_too_large": N_("文件超过 %(limit)s MB，请压缩后再上传。"),
}
