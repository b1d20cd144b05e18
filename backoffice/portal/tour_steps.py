"""The five steps of 《五分钟导览》: who does each, on which screen, and what is said to do there.

Belongs here: what a step is and where it opens. Does not belong here: routes, signing in, the ribbon's page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l

from ..actor import Role
from ..database import db
from ..models import Appointment, AppointmentItem, MeasuringInstrument, Slip, User
from ..services import slips
from ..states import AppointmentStatus, ItemStatus, SlipStatus
from .demo_people import DemoPerson, accounts_file, people, published


@dataclass(frozen=True, slots=True)
class Saying:
    """What the ribbon says on pages whose path matches."""

    path: str
    words: object


@dataclass(frozen=True, slots=True)
class Step:
    """`who` and `where` look at the data as it is now, so that a step opens whatever was done before it."""

    number: int
    title: object
    what: object
    who: Callable[[], DemoPerson | None]
    where: Callable[[], str]
    sayings: Sequence[Saying]
    elsewhere: object
    as_whom: object = ""
    """Who that is, in words, where it is only known once the step before was done."""

    def words_on(self, path: str) -> object:
        """What to do on this page; on a page of no saying the way back."""
        return next((each.words for each in self.sayings if re.fullmatch(each.path, path)), self.elsewhere)

    def is_here(self, path: str) -> bool:
        return any(re.fullmatch(each.path, path) for each in self.sayings)


def _first(role: Role) -> DemoPerson | None:
    return next((each for each in people() if each.role is role), None)


def clerk() -> DemoPerson | None:
    """The enterprise of the tour: the first of the published accounts."""
    return _first(Role.ENTERPRISE)


def organisation() -> str:
    """The name of that enterprise, out of the published file: the ribbon asks also without a database."""
    return next((each.organisation for each in published(accounts_file()) if each.role is Role.ENTERPRISE), "")


def _enterprise_id() -> int:
    person = clerk()
    username = person.username if person else ""
    return db.session.scalar(sa.select(User.enterprise_id).where(User.username == username)) or 0


def counter() -> DemoPerson | None:
    """Somebody of the institution with the tour's largest waiting slip, so that there is something to accept."""
    size = sa.func.count(AppointmentItem.id)
    statement = (
        sa.select(Slip.institution_id)
        .join(AppointmentItem, AppointmentItem.slip_id == Slip.id)
        .where(Slip.enterprise_id == _enterprise_id(), Slip.status == SlipStatus.AWAITING)
        .group_by(Slip.id)
        .order_by(size.desc(), Slip.id.desc())
        .limit(1)
    )
    own = User.institution_id == statement.scalar_subquery()
    usernames = db.session.scalars(sa.select(User.username).where(own)).all()
    return next((each for each in people() if each.username in usernames), None) or _first(Role.INSTITUTION)


def regulator() -> DemoPerson | None:
    return _first(Role.REGULATOR)


PREPARED = 12
"""Instruments in the draft the demo prepares; what a visitor books by hand meanwhile is smaller."""


def draft_or_newest() -> str:
    """The prepared draft; once it is submitted, the appointment it became."""
    is_prepared = sa.func.count(AppointmentItem.id) >= PREPARED
    statement = (
        sa.select(Appointment.id)
        .join(AppointmentItem, AppointmentItem.appointment_id == Appointment.id)
        .where(Appointment.enterprise_id == _enterprise_id())
        .group_by(Appointment.id)
        .order_by(is_prepared.desc(), (Appointment.status == AppointmentStatus.DRAFT).desc(), Appointment.id.desc())
        .limit(1)
    )
    found = db.session.scalar(statement)
    return f"/enterprise/appointments/{found}" if found else "/enterprise/appointments/"


def newest_printable() -> str:
    """The slip that was accepted last, on its own page."""
    statement = (
        sa.select(Slip).where(Slip.enterprise_id == _enterprise_id()).order_by(Slip.accepted_at.desc().nulls_last())
    )
    found = next((slip for slip in db.session.scalars(statement) if slips.is_printable(slip)), None)
    return f"/enterprise/slips/{found.id}" if found else "/enterprise/slips/"


def newest_unmatched() -> str:
    """The queue, narrowed to the instrument of the tour while it waits there."""
    statement = (
        sa.select(MeasuringInstrument.serial_number)
        .join(AppointmentItem, AppointmentItem.instrument_id == MeasuringInstrument.id)
        .where(AppointmentItem.enterprise_id == _enterprise_id(), AppointmentItem.status == ItemStatus.UNMATCHED)
        .order_by(AppointmentItem.status_since.desc(), AppointmentItem.id.desc())
        .limit(1)
    )
    serial_number = db.session.scalar(statement)
    return f"/regulator/unmatched/?q={quote(serial_number)}" if serial_number else "/regulator/unmatched/"


STEPS: tuple[Step, ...] = (
    Step(
        1,
        _l("提交预约"),
        _l(
            "一份选好 12 台器具的草稿：每台预计去哪家机构、为什么。提交后页面自己更新，"
            "几秒内分成三张预约单，一台未匹配并说明原因。"
        ),
        clerk,
        draft_or_newest,
        (
            Saying(
                r"/enterprise/appointments/\d+(/.*)?",
                _l(
                    "先看每台预计去哪家机构、为什么，再点“提交预约”（已经提交过就没有这个按钮）。"
                    "几秒内本页自己更新：分成几张预约单，没有匹配到的写明原因。然后点“下一步”。"
                ),
            ),
        ),
        _l("这一步在预约申请的草稿上，点“回到这一步”。"),
    ),
    Step(
        2,
        _l("导入台账"),
        _l("下载示例台账（600 行，其中 40 行有错），原样上传：每一处错误都指到单元格，并说明大概想填什么。"),
        clerk,
        lambda: "/enterprise/imports/new",
        (
            Saying(
                r"/enterprise/imports/new",
                _l("先点“下载示例台账”，再在本页选择这个文件，点“上传并检查”。"),
            ),
            Saying(
                r"/enterprise/imports/\d+(/.*)?",
                _l(
                    "几秒内检查完 600 行，40 处错误逐格说明。可以在网页上改，也可以改好再上传，"
                    "或点“只导入正确的 … 行”；写完后台账里就有了。然后点“下一步”。"
                ),
            ),
        ),
        _l("这一步在导入台账，点“回到这一步”。"),
    ),
    Step(
        3,
        _l("机构受理"),
        _l("技术机构的工作台：新到、今日到期、已超期。受理时日期和地点已经填好。"),
        counter,
        lambda: "/institution/",
        (
            Saying(
                r"/institution/",
                _l("看三个数字：新到、今日到期、已超期。在“需要您处理”里找到%(enterprise)s刚提交的预约单，点“受理”。"),
            ),
            Saying(r"/institution/slips/\d+/accept", _l("日期和地点已经填好，直接点最下面的“受理 … 台（件）”。")),
            Saying(
                r"/institution/slips/(\d+(/.*)?)?", _l("受理后企业马上收到消息，“消息”旁的数字加一。点“下一步”去看。")
            ),
        ),
        _l("这一步在技术机构的工作台，点“回到这一步”。"),
        as_whom=_l("收到您预约单的技术机构"),
    ),
    Step(
        4,
        _l("企业打印"),
        _l("回到企业：消息数增加了，预约单可以预览、打印、下载 PDF。"),
        clerk,
        newest_printable,
        (
            Saying(
                r"/enterprise/slips/\d+",
                _l("机构的答复写在本页的回执里，也在上方“消息”的最前面。点“打印预约单”看预览。"),
            ),
            Saying(
                r"/enterprise/slips/\d+/print",
                _l("这就是打印的内容，纸上另有签字栏；“下载 PDF”在“打印”旁边。看完点“下一步”。"),
            ),
        ),
        _l("这一步在预约单，点“回到这一步”。"),
    ),
    Step(
        5,
        _l("监管补授权"),
        _l("未匹配的器具为什么没有机构：每家候选差在哪一关。补上授权，几秒内自动匹配，企业不用重新提交。"),
        regulator,
        newest_unmatched,
        (
            Saying(
                r"/regulator/unmatched/",
                _l(
                    "市局看得到全市的未匹配。点开%(enterprise)s那一台，看“为什么”；"
                    "列表里没有它，就是已经匹配了：点“看匹配结果”。"
                ),
            ),
            Saying(
                r"/regulator/unmatched/\d+(/.*)?",
                _l(
                    "“为什么”里列出每家候选和没有通过的条件。点提示条里的“新增授权”（或“修改该授权”）；"
                    "页面说“正在重新匹配”，就等几秒。"
                    "变成“待受理”，导览就走完了，点“完成导览”。"
                ),
            ),
            Saying(
                r"/regulator/capabilities/new",
                _l("机构、种别、服务区域和送检方式都按这台器具填好了：往下看一遍，点最下面的“新增”。"),
            ),
            Saying(
                r"/regulator/capabilities/\d+/edit",
                _l("改好没有通过的那一项（如送检方式），点最下面的“保存修改”。"),
            ),
            Saying(
                r"/regulator/capabilities/(\d+(/.*)?)?",
                _l("授权已保存，几秒内自动匹配。点“看匹配结果”。"),
            ),
        ),
        _l("这一步在未匹配，点“回到这一步”。"),
    ),
)


def step_of(number: int) -> Step | None:
    return next((each for each in STEPS if each.number == number), None)


def newest_decided_later() -> str:
    """The tour's item that matched nowhere at first: its page says what became of it."""
    statement = (
        sa.select(AppointmentItem.id)
        .where(
            AppointmentItem.enterprise_id == _enterprise_id(),
            AppointmentItem.status.in_((ItemStatus.UNMATCHED, ItemStatus.AWAITING_ACCEPTANCE)),
        )
        .order_by(AppointmentItem.status_since.desc())
        .limit(1)
    )
    found = db.session.scalar(statement)
    return f"/regulator/unmatched/{found}" if found else "/regulator/unmatched/"
