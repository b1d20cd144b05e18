"""Sentences about the ledger and its import.

What can be wrong with a row has its sentences beside the rules, in `workbooks/messages.py`; they are offered here under
`row.<code>` (and `row.<code>.suggested` where a likely value is known), so that a form words them like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _

from ..states import UseState
from ..workbooks.column_sets import LEDGER, ColumnSet
from ..workbooks.columns import BY_CODE
from ..workbooks.messages import FILE_SENTENCES, PROBLEM_SENTENCES, SENTENCES_WITH_SUGGESTION
from ..workbooks.problems import WARNINGS, FileProblem, FileProblemCode, Problem
from .labels import label
from .records import column_words
from .wording import N_, readable

LEDGER_SENTENCES: dict[str, str] = {
    "ledger_duplicate": N_(
        "台账里已有这台器具：%(existing)s（台账编号 %(ledger_number)s），种别、生产厂家、出厂编号、分号都相同。"
    ),
    "ledger_standard": N_("作计量标准使用的器具不在强制检定台账登记，请按计量标准器具申请检定。"),
    "ledger_locked": N_("预约单 %(slip)s 正在办理，这一栏已锁定；办结或被退回后可以修改。"),
    "declared_replaced": N_("已有技术机构的检定结果，企业自报的上次检定情况不再修改。"),
    "declared_reversed": N_("上次有效期至不能早于上次检定日期 %(day)s。"),
    "day_in_future": N_("%(day)s 还没有到，请核对。"),
    "telephone_malformed": N_("“%(found)s”不像电话号码，请填手机号或带区号的座机号。"),
    "ledger_number_unknown": N_("本单位台账里没有台账编号“%(found)s”；新登记的器具请留空。"),
    "ledger_appeared": N_(
        "检查之后台账里新登记了这台器具（台账编号 %(ledger_number)s），这一行没有写入；请重新上传核对。"
    ),
    "ledger_vanished": N_("检查之后这台器具已从台账删除，这一行没有写入；请重新上传核对。"),
}
"""Problems only the ledger itself can have; on a form and in an import alike."""

RECORD_SENTENCES: dict[str, str] = {
    "import_record_vanished": N_("检查之后它已被删除，这一行没有写入；请重新上传核对。"),
    "import_record_changed": N_("检查之后它被修改过，这一行没有写入；请重新上传核对。"),
    "import_not_allowed": N_("您现在没有权限写入这一行；请由有权限的人员重新上传。"),
    "import_number_unknown": N_("没有授权编号“%(found)s”；新增的授权请留空。"),
    "import_several_alike": N_("已有 %(count)s 项相同的授权，请填写要修改的那一项的授权编号。"),
    "import_not_yours": N_("这项授权的服务区域不全在您的辖区内，不能由您修改。"),
    "import_units_of_public": N_("服务对象是“面向社会”，请清空这一栏，或把服务对象改为“仅限内部”。"),
    "import_item_fixed": N_("种别保存后不能换项别，它属于“%(item)s”。"),
    "import_not_of_items": N_("项别没有这一栏，请清空。"),
    "import_code_malformed": N_("项别代码是 2 位数字，种别代码是 4 位数字。"),
}
"""Problems only an imported record of reference data can have."""

ROW_SENTENCES = {**LEDGER_SENTENCES, **RECORD_SENTENCES}

TYPED_SENTENCES: dict[str, str] = {
    "required": N_("请填写此项。"),
    "quantity_not_one": N_("“%(found)s”不能登记：数量只能填 1，每台（件）器具登记一条，多台请用“批量新增”。"),
    "precision_lost": N_("“%(found)s”像是表格软件改写过的数字，后面的位数可能已经丢失，请按铭牌逐字输入。"),
    "leading_zero_lost": N_("“%(found)s”少了开头的 0，请补上。"),
    "leading_zero_lost.suggested": N_("“%(found)s”少了开头的 0，是否为“%(suggestion)s”？"),
    "decimal_in_number": N_("“%(found)s”像是表格软件改写过的小数，末尾的 0 可能已经丢失，请按铭牌逐字输入。"),
    "date_cell": N_("“%(found)s”像是日期，请按铭牌逐字输入。"),
}
"""What is said of a form, where there is no spreadsheet, cell or row."""

SENTENCES: dict[str, str] = {
    **{f"row.{code}": str(sentence) for code, sentence in PROBLEM_SENTENCES.items()},
    **{f"row.{code}.suggested": str(sentence) for code, sentence in SENTENCES_WITH_SUGGESTION.items()},
    **{f"file.{code}": str(sentence) for code, sentence in FILE_SENTENCES.items()},
    **{f"typed.{code}": sentence for code, sentence in TYPED_SENTENCES.items()},
    **ROW_SENTENCES,
    "batch_no_numbers": N_("请填出厂编号：列出来、填起止号，或填一个出厂编号和它的枪号（分号）。"),
    "batch_one_way": N_("三种写法只填一种，请清空另外的。"),
    "batch_no_digits": N_("“%(found)s”里没有数字，不能连号；请逐个列出。"),
    "batch_unlike": N_("“%(first)s”和“%(last)s”除了末尾的数字还有不同，不能连号；请逐个列出。"),
    "batch_zeros_unlike": N_("“%(first)s”和“%(last)s”的数字位数不同，开头的 0 请写全。"),
    "batch_reversed": N_("止号“%(last)s”比起号“%(first)s”小，请核对。"),
    "batch_too_many": N_("一共 %(count)s 台（件），一次最多 %(limit)s 台（件），请分次新增。"),
    "batch_number_twice": N_("有 %(count)s 个编号写了不止一次：%(numbers)s。"),
    "batch_number_unfit": N_("有 %(count)s 个编号不能用（太长、不是编号或含有乱码）：%(numbers)s。"),
    "batch_numberless": N_("出厂编号为“无”的器具请逐台新增，并填写管理编号。"),
    "batch_numbers_there": N_("有 %(count)s 台（件）台账里已有，括号里是台账编号：%(numbers)s。"),
    "rotation_only": N_(
        "%(instrument)s 属于“%(kind)s”：首次强制检定后限期使用（使用期限至 %(until)s），到期轮换，不需要预约周期检定。"
    ),
    "filing_too_long": N_("一次最多打印 %(limit)s 台（件）的备案表，请先筛选。"),
    "filing_not_drawn": N_("备案表里有打印字体没有的字，不能生成 PDF，请用“打印”打印网页。"),
    "instrument_in_use": N_("这台器具已有预约或检定记录，不能删除；不再使用的请办理停用或报废。"),
    "instrument_has_open_item": N_(
        "有 %(count)s 台（件）正在预约检定（预约单：%(slips)s），请先撤回预约，或等办结后再办理。"
    ),
    "instrument_use_same": N_("所选器具已经是“%(state)s”，无需再次办理。"),
    "import_file_required": N_("请选择填写好的工作簿。"),
    "import_not_ready": N_("这次导入现在是“%(state)s”，不能写入。请刷新后再看。"),
    "import_has_errors": N_("还有 %(errors)s 行有错误，不能全部导入；请改正后重新上传，或只导入正确的行。"),
    "import_not_mendable": N_("这次导入现在是“%(state)s”，不能再改。请刷新后再看。"),
    "import_rows_changed": N_("这次导入的文件已经换过，页面上的内容不是最新的；请刷新后再改。"),
    "import_over": N_("这次导入已经是“%(state)s”，不能取消。"),
    "import_not_mappable": N_("这次导入现在是“%(state)s”，不能再改列名的对应。"),
    "mapping_row_unknown": N_("请选择表头所在的行。"),
    "mapping_column_unknown": N_("请从列表中选择。"),
    "mapping_column_twice": N_("%(letters)s 列都选成了“%(column)s”，请只留一列，其余改选别的或“不导入”。"),
    "mapping_column_missing": N_("还缺“%(column)s”：请在上面选出是哪一列；文件里没有的，在这里填一次，每一行都用它。"),
    "mapping_column_needed": N_("还没有选出哪一列是“%(column)s”：每台器具各不相同，请在上面选出是哪一列。"),
    "import_mode_required": N_("请选择全部导入，还是只导入正确的行。"),
    "import_not_undoable": N_("这次导入现在是“%(state)s”，还没有写入完，不能撤销；不想要了可以取消。"),
    "import_undo_running": N_("这次导入正在撤销，不用再点；完成后会有消息。"),
    "import_undone_already": N_("这次导入已经撤销过了。"),
    "import_nothing_to_undo": N_("这次导入没有写入任何一行，没有可以撤销的。"),
}

RULE = "rule."
"""Before the code of a problem that a record's own service found, as its form would say it."""

HISTORY: dict[str, str] = {
    "instrument.created": N_("登记入台账"),
    "instrument.changed": N_("修改：%(changes)s"),
    "instrument.use_changed": N_("办理使用状态：%(changes)s"),
    "instrument.removed": N_("从台账删除"),
}
"""What a row of the audit says in an instrument's history."""


SHOWN = frozenset(BY_CODE) | {"verified_on", "valid_until"}
"""Columns whose changes a history tells; what is only read out of others is left out."""


def history_words(
    action: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    value_words: Callable[[str, Any], str] = lambda _name, value: readable(value),
) -> str:
    """One line of an instrument's history: what was done, with old and new values of what people typed.

    `value_words(column, value)` words a stored value; codes stay codes without it.
    """
    if action == "instrument.use_changed" and after and "use_state" in after:
        reason = after.get("use_state_reason") or ""
        return f"{label(UseState(after['use_state']))}{'：' if reason else ''}{reason}"
    old, new = before or {}, after or {}
    changes = [
        f"{column_name(name)} {value_words(name, old.get(name))} → {value_words(name, value)}"
        for name, value in new.items()
        if name in SHOWN and name in old
    ]
    sentence = _(HISTORY.get(action, action)) % {"changes": "；".join(changes) or "—"}
    return sentence + (_("（导入第 %(row)s 行）", row=new["row"]) if "row" in new else "")


def column_name(name: str) -> str:
    """The word for a column of the ledger."""
    return BY_CODE[name].name if name in BY_CODE else column_words("measuring_instrument", name)


def stored_sentence(stored: Mapping[str, Any]) -> str:
    """The words of a problem as it stands on an import row or run, without its place."""
    code = stored["code"]
    if code.startswith(RULE):
        from . import sentence  # All sentences, those of this file among them.

        return sentence(code.removeprefix(RULE), stored["facts"])
    if code in ROW_SENTENCES:
        facts = {"found": stored["found"], **stored["facts"]}
        return _(ROW_SENTENCES[code]) % {key: readable(value) for key, value in facts.items()}
    if stored["row"] is None and stored["field"] is None:
        return FileProblem(FileProblemCode(code), stored["facts"]).message
    return Problem.restored(stored).sentence


def stored_message(stored: Mapping[str, Any]) -> str:
    """The same with its place, as 第 37 行 D 列 种别代码：…"""
    code = stored["code"]
    if stored["row"] is None:
        return stored_sentence(stored)
    if code not in ROW_SENTENCES and not code.startswith(RULE):
        return Problem.restored(stored).message
    place = {"row": stored["row"], "column": stored["column"], "header": stored["header"]}
    sentence = stored_sentence(stored)
    if stored["column"] is None:
        return _("第 %(row)s 行：%(sentence)s", row=stored["row"], sentence=sentence)
    return _("第 %(row)s 行 %(column)s 列 %(header)s：%(sentence)s", sentence=sentence, **place)


def allowed_words(stored: Mapping[str, Any], columns: ColumnSet = LEDGER) -> str:
    """What may stand in the cell a stored problem is about: the values there are, else the column's own help."""
    facts = stored["facts"]
    for name in ("allowed", "candidates"):
        if facts.get(name):
            return readable(facts[name])
    column = columns.by_code.get(stored["field"] or "")
    return column.help if column else ""


def problem_code(problem: Problem) -> str:
    """The code of a row's problem among `SENTENCES`."""
    suggested = problem.suggestion and problem.code.value in SENTENCES_WITH_SUGGESTION
    code = problem.code.value + (".suggested" if suggested else "")
    return f"typed.{code}" if problem.row is None and code in TYPED_SENTENCES else f"row.{code}"


_WARNINGS = frozenset(code.value for code in WARNINGS)


def is_warning(stored: Mapping[str, Any]) -> bool:
    """Whether a stored problem lets its row in."""
    return stored["code"] in _WARNINGS
