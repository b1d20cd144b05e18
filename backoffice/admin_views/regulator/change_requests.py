"""变更申请: the queue by working-day clock, old and new values side by side, 同意 and 不同意."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from ... import clock, messages
from ...actor import Actor
from ...messages.wording import day_with_weekday, moment
from ...models import ChangeRequest, Enterprise
from ...permissions import Permission
from ...services import areas, change_requests, proposals
from ...states import ProposalState
from ..actions import record_action
from ..base import Card, Done, Fact, NextStep, Tab
from ..formatting import code
from ..proposal_pages import ChangeRequestPages, ReasonForm, answer_tabs

P = Permission
PENDING_TAB, ANSWERED_TAB = answer_tabs(ChangeRequest)


def is_late(_actor: Actor) -> sa.ColumnElement[bool]:
    """Not answered by the end of its second working day."""
    return sa.and_(proposals.is_pending(ChangeRequest), ChangeRequest.due_at <= clock.now())


class ChangeRequests(ChangeRequestPages):
    """Requests this regulator answers; also where earlier answers are read."""

    permissions = {"view": P.AREA_CHANGES_READ}
    default_order = ("due_at", False)
    tabs = (PENDING_TAB, Tab("late", _l("已超时"), is_late), ANSWERED_TAB)
    column_list = ("enterprise", "state", "clock", "what", "uscc", "submitted_at")
    column_labels = {
        "enterprise": _l("单位名称"),
        "state": _l("状态"),
        "clock": _l("答复期限或时间"),
        "what": _l("变更内容"),
        "uscc": _l("统一社会信用代码"),
        "submitted_at": _l("提交时间"),
    }
    column_formatters = {
        **ChangeRequestPages.column_formatters,
        "enterprise": lambda _view, _context, row, _name: row.enterprise.name,
        "uscc": lambda _view, _context, row, _name: code(row.enterprise.uscc),
    }
    search_label = _l("单位名称、代码、联系人")
    empty_title = _l("没有变更申请")
    empty_help = _l("辖区内的单位申请变更名称、区县、地址或法定代表人时，会出现在这里，请在 2 个工作日内答复。")

    def apply_search(self, query: Any, text: str) -> Any:
        for word in text.split()[:6]:
            columns = (Enterprise.name, Enterprise.uscc, Enterprise.contact)
            wanted = sa.select(Enterprise.id).where(
                sa.or_(*(each.icontains(word, autoescape=True) for each in columns))
            )
            query = query.where(ChangeRequest.enterprise_id.in_(wanted))
        return query

    def record_title(self, row: ChangeRequest) -> str:
        return row.enterprise.name

    def next_step(self, row: ChangeRequest) -> NextStep:
        if row.state is not ProposalState.PENDING:
            return NextStep(self.answer_words(row), _("原因：%(reason)s", reason=row.reason) if row.reason else "")
        last_day = day_with_weekday(areas.last_day(row.due_at))
        late = row.due_at <= clock.now()
        what = _("最迟应于 %(day)s 答复，已超时", day=last_day) if late else _("最迟 %(day)s 答复", day=last_day)
        approve, *others = self.action_buttons(row) or (None,)
        who = _("请核对新旧内容，再点“同意”或“不同意”；同意后立即生效")
        return NextStep(what, who, primary=approve, others=[each for each in others if each], warn=late)

    def cards(self, row: ChangeRequest) -> Sequence[Card]:
        request = [
            Fact(_("变更原因"), row.words, wide=True),
            Fact(_("提交时间"), moment(row.submitted_at)),
            Fact(_("申请人"), self.person(row.requested_by_id)),
        ]
        unit = [
            Fact(_("统一社会信用代码"), row.enterprise.uscc, code=True),
            Fact(_("单位类型"), messages.label(row.enterprise.type)),
            Fact(_("联系人"), row.enterprise.contact),
            Fact(_("手机号码"), row.enterprise.mobile, code=True),
            Fact(_("单位记录"), row.enterprise.name, url=self.enterprise_url(row)),
        ]
        return Card(_("申请"), request), Card(_("单位"), unit)

    def enterprise_url(self, row: ChangeRequest) -> str:
        return url_for("regulator_enterprises.details_view", key=row.enterprise_id)

    @record_action("approve", label=_l("同意"), permission=P.AREA_CHANGES_DECIDE, direct=True)
    def approve(self, actor: Actor, row: ChangeRequest, values: dict[str, Any]) -> Done:
        return approve(actor, row)

    @record_action("refuse", label=_l("不同意"), permission=P.AREA_CHANGES_DECIDE, form=ReasonForm, danger=True)
    def refuse(self, actor: Actor, row: ChangeRequest, values: dict[str, Any]) -> Done:
        return refuse(actor, row, values["reason"])


class UnassignedChangeRequests(ChangeRequests):
    """The same for the system administrator: areas in which no regulator has an account."""

    noun, title = "unassigned-change-requests", _l("无监管部门的变更申请")
    permissions = {"view": P.ALL_REGISTRATIONS_DECIDE}
    empty_help = _l("所在地及上级都没有监管部门账号的变更申请会出现在这里。")

    def enterprise_url(self, row: ChangeRequest) -> str:
        """The administrator reads no business rows."""
        return ""

    @record_action("approve", label=_l("同意"), permission=P.ALL_REGISTRATIONS_DECIDE, direct=True)
    def approve(self, actor: Actor, row: ChangeRequest, values: dict[str, Any]) -> Done:
        return approve(actor, row)

    @record_action("refuse", label=_l("不同意"), permission=P.ALL_REGISTRATIONS_DECIDE, form=ReasonForm, danger=True)
    def refuse(self, actor: Actor, row: ChangeRequest, values: dict[str, Any]) -> Done:
        return refuse(actor, row, values["reason"])


def approve(actor: Actor, row: ChangeRequest) -> Done:
    change_requests.approve(actor, row.id)
    return Done("", _("已同意，单位信息已按申请更新。"))


def refuse(actor: Actor, row: ChangeRequest, reason: str) -> Done:
    change_requests.refuse(actor, row.id, reason)
    return Done("", _("已答复不同意，申请单位会看到原因。"))
