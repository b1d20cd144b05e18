"""The words of 《使用指南》 and of the look-up: sections, the meaning of every state, the reasons of a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import gettext

from ..states import (
    AppointmentStatus,
    EnterpriseStatus,
    ItemStatus,
    SlipStatus,
    VerificationStatus,
)
from .labels import badge_class, label
from .progress import STATE_SENTENCES
from .wording import N_

SECTIONS: tuple[tuple[str, str], ...] = (
    ("start", N_("开始之前")),
    ("register", N_("一、注册")),
    ("ledger", N_("二、建台账")),
    ("booking", N_("三、预约")),
    ("status", N_("四、查看状态与打印")),
    ("states", N_("状态一览")),
    ("institution", N_("技术机构怎么用")),
    ("regulator", N_("监管部门怎么用")),
    ("faq", N_("常见问题")),
)
"""Anchor and heading of each main section, in the order of the page."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """A state explained: what it means, who acts next, what the reader of the guide does."""

    is_what: str
    who: str
    do: str


NOBODY, YOU, INSTITUTION, OFFICE, SYSTEM = (
    N_("不用办理"),
    N_("您"),
    N_("技术机构"),
    N_("监管部门"),
    N_("系统"),
)

APPOINTMENTS = {
    AppointmentStatus.DRAFT: Meaning(
        N_("还没有提交，只有您看得到。"), YOU, N_("核对每台器具将去哪家机构，然后提交预约。")
    ),
    AppointmentStatus.SUBMITTED: Meaning(
        N_("已经提交，还没有机构答复。"), INSTITUTION, N_("打开预约，看每台器具的流程状态。")
    ),
    AppointmentStatus.FEEDBACK: Meaning(
        N_("至少有一家机构答复了。"), YOU, N_("打开预约看回执：已受理的去打印，被退回的去更正。")
    ),
    AppointmentStatus.CLOSED: Meaning(N_("里面的器具都办完了。"), NOBODY, N_("需要时可以查看经过和回执。")),
    AppointmentStatus.WITHDRAWN: Meaning(N_("受理之前由您撤回。"), NOBODY, N_("需要检定时重新预约。")),
}

ITEM_ACTORS = {
    ItemStatus.DRAFT: (N_("已选进草稿，还没有提交。"), YOU),
    ItemStatus.MATCHING: (N_("系统正在找能检定它的机构，一般几秒钟。"), SYSTEM),
    ItemStatus.AWAITING_ACCEPTANCE: (N_("已分配给一家机构，等它受理，最迟 2 个工作日。"), INSTITUTION),
    ItemStatus.UNMATCHED: (N_("现在没有机构能检定它，原因写在预约里，监管部门已经收到。"), OFFICE),
    ItemStatus.ACCEPTED: (N_("机构已经受理，可以打印预约单。"), YOU),
    ItemStatus.FAILED: (N_("机构退回了，回执里写着原因。"), YOU),
    ItemStatus.PASSED: (N_("检定合格，结果已经发布。"), NOBODY),
    ItemStatus.NOT_PASSED: (N_("检定不合格，结果已经发布；从当天起没有有效期。"), YOU),
    ItemStatus.ENDED: (N_("没有检定就结束了，原因写在预约里。"), YOU),
    ItemStatus.WITHDRAWN: (N_("受理之前由您撤回。"), NOBODY),
}
"""What to do in each of these is the sentence the appointment itself shows (`progress.<state>.do`)."""

SLIPS = {
    SlipStatus.AWAITING: Meaning(
        N_("机构收到了，还没有受理。"), INSTITUTION, N_("不必打电话催；超过 2 个工作日，预约里会写出该找谁。")
    ),
    SlipStatus.PARTLY: Meaning(
        N_("一部分已受理，其余还没有决定。"), INSTITUTION, N_("已受理的部分可以打印；其余等机构决定。")
    ),
    SlipStatus.ACCEPTED: Meaning(
        N_("机构对每台器具都作了决定，至少受理了一台（件）。"),
        YOU,
        N_("打印预约单，按约定的时间和地点送检，或备好现场。"),
    ),
    SlipStatus.RETURNED: Meaning(N_("机构全部退回了。"), YOU, N_("看回执的原因，更正台账后重新预约。")),
    SlipStatus.TRANSFERRED: Meaning(
        N_("器具已转给别的机构，或由监管部门重新分配。"), NOBODY, N_("到预约里看新的预约单。")
    ),
    SlipStatus.WITHDRAWN: Meaning(N_("受理之前由您撤回。"), NOBODY, N_("需要检定时重新预约。")),
    SlipStatus.COMPLETED: Meaning(N_("单上的器具都办完了。"), NOBODY, N_("证书编号和有效期在台账里。")),
}

VERIFICATIONS = {
    VerificationStatus.NEVER: Meaning(N_("台账里还没有检定结果。"), YOU, N_("预约首次检定。")),
    VerificationStatus.VALID: Meaning(N_("在有效期内。"), NOBODY, N_("到期前系统会提醒。")),
    VerificationStatus.DUE_SOON: Meaning(N_("快到有效期了。"), YOU, N_("现在就预约，免得到期停用。")),
    VerificationStatus.OVERDUE: Meaning(N_("已过有效期。"), YOU, N_("检定合格前不得使用；马上预约，或在台账里停用。")),
    VerificationStatus.FAILED: Meaning(N_("最近一次检定不合格。"), YOU, N_("停用，修理后重新预约，或报废。")),
    VerificationStatus.FIRST_ONLY: Meaning(
        N_("只做首次检定的器具，已经合格。"), NOBODY, N_("不用再预约；失准时报废。")
    ),
    VerificationStatus.TO_ROTATE: Meaning(
        N_("限期使用的器具已到使用期限。"), YOU, N_("换新的，并把旧的在台账里报废。")
    ),
}

ENTERPRISES = {
    EnterpriseStatus.PENDING: Meaning(N_("注册已提交，等人审核。"), OFFICE, N_("不用操作，2 个工作日内答复。")),
    EnterpriseStatus.REFUSED: Meaning(
        N_("审核没有通过，原因登录后可见。"), YOU, N_("按原因更正，用同一代码重新提交。")
    ),
    EnterpriseStatus.APPROVED: Meaning(N_("审核已通过。"), YOU, N_("可以建台账、预约。")),
    EnterpriseStatus.SUSPENDED: Meaning(
        N_("账号被监管部门停用，原因登录后可见。"), OFFICE, N_("与当地市场监督管理局联系。")
    ),
    EnterpriseStatus.CLOSED: Meaning(N_("单位已注销。"), NOBODY, N_("代码仍保留，需要时与监管部门联系。")),
}

VERDICTS: dict[str, tuple[str, str]] = {
    "mandatory": ("ok", N_("需要强制检定")),
    "other_purpose": ("end", N_("这个用途不需要")),
    "not_mandatory": ("end", N_("不需要强制检定")),
    "unconfirmed": ("warn", N_("待确认")),
}
"""The look and the words of an answer, by the look-up's verdict."""

CONFIDENCE = {
    "sourced": N_("监管方式和适用范围已与公布的目录逐字核对。"),
    "membership": N_("已核对它在公布的目录中；范围等细节请以目录原文为准。"),
}


@dataclass(frozen=True, slots=True)
class StateRow:
    """One line of a table of states."""

    label: str
    tone: str
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class StateTable:
    """A table of states; `anchor` is where it stands on the page."""

    anchor: str
    title: str
    note: str
    rows: list[StateRow]


def confidence_sentence(confidence: str) -> str:
    """How well the catalogue's line is founded."""
    return gettext(CONFIDENCE.get(confidence, N_("这一行还没有与公布的目录核对，请向当地技术机构或监管部门确认。")))


def items() -> dict[Any, Meaning]:
    """流程状态 with what the appointment itself says is to be done."""
    return {
        status: Meaning(is_what, who, STATE_SENTENCES[f"progress.{status.value}.do"])
        for status, (is_what, who) in ITEM_ACTORS.items()
    }


def state_tables() -> list[StateTable]:
    """Every state of every level: names and looks are those of the screens, so the tables cannot differ from them."""
    made: tuple[tuple[str, str, str, type[StrEnum], dict[Any, Meaning]], ...] = (
        ("states-appointment", N_("预约"), N_("一次预约里所有器具合起来的状态。"), AppointmentStatus, APPOINTMENTS),
        ("states-item", N_("流程状态"), N_("每台器具自己的状态，最要紧的是它。"), ItemStatus, items()),
        ("states-slip", N_("预约单"), N_("发给一家机构的那一张单。"), SlipStatus, SLIPS),
        (
            "states-verification",
            N_("检定状态"),
            N_("台账里每台器具是否在有效期内。"),
            VerificationStatus,
            VERIFICATIONS,
        ),
        ("states-registration", N_("单位账号"), N_("注册和账号的状态。"), EnterpriseStatus, ENTERPRISES),
    )
    return [
        StateTable(anchor, gettext(title), gettext(note), [_row(code, meanings[code]) for code in states])
        for anchor, title, note, states, meanings in made
    ]


def _row(code: StrEnum, meaning: Meaning) -> StateRow:
    told = Meaning(gettext(meaning.is_what), gettext(meaning.who), gettext(meaning.do))
    return StateRow(label(code), badge_class(code), told)
