"""The sentences of file and row problems. One for each code; facts fill them when somebody reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from backoffice.workbooks.column_sets import LEDGER

if TYPE_CHECKING:
    from backoffice.workbooks.problems import FileProblem, Problem

PROBLEM_SENTENCES: Mapping[str, Any] = {
    "required": _l("必填，不能为空。"),
    "too_long": _l("共 %(length)s 个字符，最多 %(max)s 个。"),
    "illegal_character": _l("含有表情符号、看不见的控制字符或乱码，请删除后重新输入。"),
    "boolean_cell": _l("单元格的内容是逻辑值 %(found)s，请改为文字。"),
    "error_cell": _l("单元格的内容是错误值“%(found)s”，请改正。"),
    "formula_cell": _l("单元格里是公式；系统不计算公式，请复制后用“选择性粘贴—数值”替换。"),
    "date_cell": _l("表格软件把内容存成了日期“%(found)s”；请先把单元格设为文本格式，再按铭牌重新输入。"),
    "date_unreadable": _l("“%(found)s”不是能识别的日期，请写成 2026-11-23 的样子。"),
    "precision_lost": _l(
        "表格软件把内容存成了数字“%(found)s”，后面的位数已经丢失；请先把单元格设为文本格式，再重新输入。"
    ),
    "leading_zero_lost": _l("“%(found)s”丢失了开头的 0；请把单元格设为文本格式，再重新输入。"),
    "decimal_in_number": _l("“%(found)s”是小数，末尾的 0 可能已经丢失；请先把单元格设为文本格式，再重新输入。"),
    "serial_number_placeholder": _l("“%(found)s”不是出厂编号；确实没有的请填“无”，并填写管理编号。"),
    "management_number_required": _l("出厂编号为“无”时，必须填写管理编号。"),
    "quantity_not_one": _l("“%(found)s”不能导入：每台（件）器具一行，器具数量只能填 1。"),
    "kind_unknown": _l("“%(found)s”不在目录中，请参照《强检器具目录》填写。"),
    "kind_ambiguous": _l("“%(found)s”可以指多个种别：%(candidates)s；请填写其中一个代码。"),
    "kind_retired": _l("种别“%(kind)s”已停用，请参照最新的《强检器具目录》填写。"),
    "kind_not_mandatory": _l("种别“%(kind)s”的监管方式为“%(supervision)s”，不属于强制检定，不能登记。"),
    "division_unknown": _l("“%(found)s”不在行政区划信息中，请参照《行政区划信息》填写。"),
    "division_ambiguous": _l("“%(found)s”不止一处：%(candidates)s；请填写代码。"),
    "division_retired": _l("行政区划“%(division)s”已停用，请参照最新的《行政区划信息》填写。"),
    "division_has_children": _l("“%(division)s”有下级，请填到区县，如 %(candidates)s。"),
    "not_in_list": _l("“%(found)s”不在选项中，只能填：%(allowed)s。"),
    "name_unknown": _l("没有叫“%(found)s”的，请照名单填写全称。"),
    "not_a_whole_number": _l("“%(found)s”不是整数。"),
    "example_overwritten": _l("本行的台账编号还写着“示例”；如是要登记的器具，请清空该单元格。"),
    "duplicate_in_file": _l(
        "与第 %(earlier_row)s 行是同一台器具（种别、生产厂家、出厂编号、分号都相同），请删除或改正其中一行。"
    ),
    "ledger_number_twice": _l("台账编号“%(found)s”在第 %(earlier_row)s 行已经出现，请删除或改正其中一行。"),
    "record_twice": _l("与第 %(earlier_row)s 行是同一条，请删除或改正其中一行。"),
    "name_twice": _l("第 %(earlier_row)s 行已经用了名称“%(found)s”，请改正其中一行。"),
    "overlaps_row": _l("与第 %(earlier_row)s 行的机构、种别相同，服务区域、有效期和能力范围有重叠，请核对。"),
    "overlaps_record": _l("与授权编号 %(number)s 的机构、种别相同，服务区域、有效期和能力范围有重叠，请核对。"),
    "kind_by_alias": _l("“%(found)s”按种别“%(kind)s”读取，请核对。"),
    "kind_to_be_confirmed": _l("种别“%(kind)s”是否属于强制检定待确认；可以登记，由市场监管部门核对。"),
    "purpose_outside_kind": _l("“%(kind)s”仅在用于%(purposes)s所列情形时属强制检定；您选择“%(purpose)s”，请核对。"),
    "certificate_number_ignored": _l("检定证书编号只由技术机构填写，“%(found)s”不会导入。"),
}

SENTENCES_WITH_SUGGESTION: Mapping[str, Any] = {
    "kind_unknown": _l("“%(found)s”不在目录中，是否为“%(suggestion)s”？"),
    "division_unknown": _l("“%(found)s”不在行政区划信息中，是否为“%(suggestion)s”？"),
    "division_has_children": _l("“%(division)s”有下级，请填到区县，是否为“%(suggestion)s”？"),
    "leading_zero_lost": _l("“%(found)s”丢失了开头的 0，是否为“%(suggestion)s”？请把单元格设为文本格式，再重新输入。"),
    "name_unknown": _l("没有叫“%(found)s”的，是否为“%(suggestion)s”？"),
    "not_in_list": _l("“%(found)s”不在选项中，是否为“%(suggestion)s”？只能填：%(allowed)s。"),
}

FILE_SENTENCES: Mapping[str, Any] = {
    "empty_file": _l("文件是空的，请重新选择填写好的工作簿。"),
    "too_large": _l("文件为 %(size_mb)s MB，超过上限 %(max_mb)s MB；请分成几个文件上传。"),
    "not_a_workbook": _l("这不是工作簿文件。请上传 .xlsx 工作簿，或另存为 UTF-8 或 GBK 编码的 .csv 文件。"),
    "other_workbook_format": _l("不支持这种工作簿格式。请用表格软件打开，另存为“工作簿（.xlsx）”后上传。"),
    "old_xls": _l("这是旧格式的工作簿（.xls）。请用表格软件打开，另存为“工作簿（.xlsx）”后上传。"),
    "encrypted": _l("工作簿设有打开密码，无法读取。请在表格软件里取消密码，保存后上传。"),
    "macros": _l("工作簿含有宏，不能上传。请另存为“工作簿（.xlsx）”（不含宏）后上传。"),
    "broken": _l("文件已损坏，无法读取。请用表格软件打开检查，另存为“工作簿（.xlsx）”后上传。"),
    "unpacked_too_large": _l("工作簿解压后过大，不能读取。请只保留要导入的工作表，另存后上传。"),
    "too_complex": _l("工作簿内容过于复杂，在规定的时间和内存内读不完。请把数据粘贴到新下载的模板里上传。"),
    "text_encoding": _l("文本文件的编码无法识别。请另存为 UTF-8 或 GBK 编码的 .csv 文件，或 .xlsx 工作簿。"),
    "no_rows": _l("表中没有内容：表头以下没有填写任何一行。"),
    "too_many_rows": _l("表中超过 %(max)s 行，请分成几个文件上传。"),
    "header_not_found": _l("前 10 行里没有找到表头。请使用最新的《%(template)s》，不要改动表头。"),
    "column_missing": _l("缺少必需的列：%(headers)s。请使用最新的《%(template)s》。"),
    "column_twice": _l("列重复出现：%(headers)s。请只保留一列。"),
    "unknown_column": _l("不认识的列：%(headers)s；这些列不会导入。"),
    "sheet_not_read": _l("只读取了工作表“%(sheet)s”；这些工作表也有同样的表头，但没有读取：%(others)s。"),
}


def listed(names: Any) -> str:
    """Names in a row, as Chinese lists them."""
    return "、".join(names)


def _filled(sentence: Any, facts: Mapping[str, Any]) -> str:
    plain = {name: listed(value) if isinstance(value, (list, tuple)) else value for name, value in facts.items()}
    return str(sentence) % plain


def problem_sentence(problem: Problem) -> str:
    """The finding in words, without its place."""
    code = problem.code.value
    facts = {**problem.facts, "found": problem.found, "suggestion": problem.suggestion}
    if problem.suggestion and code in SENTENCES_WITH_SUGGESTION:
        return _filled(SENTENCES_WITH_SUGGESTION[code], facts)
    return _filled(PROBLEM_SENTENCES[code], facts)


def problem_message(problem: Problem) -> str:
    """The finding in words, with row and column where there are any."""
    sentence = problem_sentence(problem)
    if problem.row is None:
        return sentence
    if problem.column_letter is None:
        if problem.header is None:
            return _("第 %(row)s 行：%(sentence)s", row=problem.row, sentence=sentence)
        return _("第 %(row)s 行 %(header)s：%(sentence)s", row=problem.row, header=problem.header, sentence=sentence)
    return _(
        "第 %(row)s 行 %(column)s 列 %(header)s：%(sentence)s",
        row=problem.row,
        column=problem.column_letter,
        header=problem.header,
        sentence=sentence,
    )


def file_sentence(problem: FileProblem) -> str:
    """The finding about the file in words."""
    return _filled(FILE_SENTENCES[problem.code.value], {"template": LEDGER.title, **problem.facts})
