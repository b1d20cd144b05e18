"""Sentences about reference data and the accounts of people."""

from __future__ import annotations

from .wording import N_

SENTENCES: dict[str, str] = {
    "reason_needed": N_("请写明原因，它会留在历史记录里。"),
    "outside_your_area": N_("%(names)s 不在您的辖区内，请选择本辖区的行政区划。"),
    "divisions_retired": N_("%(names)s 已撤销，请改选现行的行政区划。"),
    "division_not_lowest": N_("请选到最下一级：%(division)s 下面还有区县。"),
    "priority_out_of_bounds": N_("优先级请填 −%(limit)s 到 %(limit)s 之间的整数。"),
    "suspension_overlaps": N_("与已有的暂停受理（%(first)s 至 %(last)s）重叠，请修改那一条。"),
    "suspension_over": N_("这次暂停受理已于 %(day)s 结束。"),
    "laboratory_in_use": N_("还有 %(count)s 条授权写着这个检定室，请先改掉它们。"),
    "laboratory_of_another": N_("这个检定室不属于“%(institution)s”，请重新选择。"),
    "kind_retired": N_("种别“%(kind)s”已停用，请选择现行种别。"),
    "item_stopped": N_("项别“%(item)s”已停用，请选择现行项别。"),
    "kind_of_stopped_item": N_("项别“%(item)s”已停用，请先启用项别。"),
    "range_unreadable": N_("读不懂“%(found)s”。请写成“(0～1.6) MPa”“≤150 kg”这样的形式，或留空表示不限。"),
    "accuracy_unreadable": N_("读不懂“%(found)s”。请写成“1.6级”“Ⅲ级”“±1%%”这样的形式，或留空表示不限。"),
    "units_unlikely": N_("%(codes)s 不像统一社会信用代码（18 位，分支机构 20 位），请核对。"),
    "units_missing": N_("仅限内部时请写出这些单位的统一社会信用代码，每行一个。"),
    "ended_already": N_("它已于 %(day)s 结束。"),
    "kind_or_item": N_("种别和项别请选且只选一个。"),
    "designation_has_begun": N_("这条指定已经生效过，不能删除；可以结束指定。"),
    "item_code_malformed": N_("项别代码是 2 位数字，例如 14。"),
    "option_code_malformed": N_("代码用小写字母开头，只含小写字母、数字和下划线。"),
    "kind_code_malformed": N_("种别代码是 4 位数字，例如 1401。"),
    "period_out_of_bounds": N_("检定周期请填 1 到 %(limit)s 个月，不确定就留空。"),
    "too_many_entries": N_("最多 %(limit)s 个。"),
    "division_code_malformed": N_("行政区划代码是 6 位数字，不以 0 开头，例如 370303。"),
    "division_too_low": N_("“%(parent)s”已经是最下一级，不能再在它下面新增。"),
    "level_not_below": N_("级别要低于上级“%(parent)s”。"),
    "division_has_children": N_("下面还有 %(count)s 个现行的行政区划，请先撤销它们。"),
    "parent_retired": N_("上级“%(parent)s”已撤销，请先恢复上级。"),
    "own_account": N_("不能停用自己的账号，请由另一位系统管理员操作。"),
    "last_administrator": N_("这是最后一个能登录的系统管理员，不能停用。"),
    "enterprise_not_in_force": N_("该单位现在是“%(status)s”，不能这样操作。"),
    "branch_type_fixed": N_("分支机构有自己的代码，类型不能改为或改自“非法人企业”；请由其本人注册。"),
    "job_asked_already": N_("这个任务已经有人启动，还没有结束。请在任务运行中查看结果。"),
    "uscc_in_use": N_("这个代码已经登记，单位是“%(name)s”。一个代码只有一个账号。"),
}
