"""注册审核: the queue by working-day clock, everything that was submitted with its licence, 通过 and 不通过."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy.orm import joinedload
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from ... import clock, scoping, working_days
from ...actor import Actor
from ...database import db
from ...messages.labels import label
from ...messages.registrations import principal_label
from ...messages.wording import day_with_weekday, moment
from ...models import Division, Enterprise, Registration, StoredFile, User
from ...permissions import Permission
from ...services import areas, registrations
from ...services.words import LONGEST_REASON
from ...states import EnterpriseType, RegistrationState
from ...web.files import inline
from ..actions import record_action
from ..base import Button, Card, Done, Event, Fact, NextStep, ScopedModelView, Tab
from ..formatting import badge, code, state_badge
from ..forms import PanelForm
from ..institution.look_ups import working_day_overrides
from ..on_behalf_words import on_behalf_facts

P = Permission
PENDING = Registration.state == RegistrationState.PENDING


def is_late(_actor: Actor) -> sa.ColumnElement[bool]:
    """Past its second working day and still not answered."""
    return sa.and_(PENDING, Registration.due_at <= clock.now())


class RefusalForm(PanelForm):
    reason = TextAreaField(
        _l("不通过的原因"),
        [InputRequired(_l("请写明原因，对方会看到这段话。")), Length(max=LONGEST_REASON)],
        description=_l("申请人登录后会看到这段话，请写清要更正哪一项、怎么改。"),
    )


class Registrations(ScopedModelView):
    """Registrations this reviewer answers; also where earlier answers are read."""

    model, noun, title = Registration, "registrations", _l("注册审核")
    permissions = {"view": P.AREA_REGISTRATIONS_READ}
    in_dock, dock_label = True, _l("审核")
    count_unit = _l("份")
    empty_title = _l("没有注册申请")
    empty_help = _l("辖区内的单位在门户提交注册后，会出现在这里，请在 2 个工作日内答复。")
    details_template = "regulator/registrations/details.html"

    load_options = (joinedload(Registration.enterprise).joinedload(Enterprise.division),)
    column_list = ("enterprise", "state", "clock", "uscc", "type", "division", "submitted_at")
    column_labels = {
        "enterprise": _l("单位名称"),
        "state": _l("状态"),
        "clock": _l("答复期限"),
        "uscc": _l("统一社会信用代码"),
        "type": _l("类型"),
        "division": _l("所在区县"),
        "submitted_at": _l("提交时间"),
    }
    column_formatters = {
        "enterprise": lambda _view, _context, row, _name: row.submitted.get("name", row.enterprise.name),
        "state": lambda _view, _context, row, _name: state_badge(row.state),
        "clock": lambda view, _context, row, _name: view.clock_words(row),
        "uscc": lambda _view, _context, row, _name: code(row.enterprise.uscc),
        "type": lambda _view, _context, row, _name: label(row.enterprise.type),
        "division": lambda _view, _context, row, _name: row.enterprise.division.name,
        "submitted_at": lambda _view, _context, row, _name: moment(row.submitted_at),
    }
    cell_classes = {"uscc": "wide", "type": "hide"}
    column_sortable_list = ("submitted_at",)
    default_order = ("due_at", False)
    search_label = _l("单位名称、代码、联系人")
    tabs = (
        Tab("pending", _l("待审核"), PENDING),
        Tab("late", _l("已超时"), is_late),
        Tab("done", _l("已处理"), Registration.state != RegistrationState.PENDING),
    )

    def apply_search(self, query: Any, text: str) -> Any:
        for word in text.split()[:6]:
            columns = (Enterprise.name, Enterprise.uscc, Enterprise.contact)
            wanted = sa.select(Enterprise.id).where(
                sa.or_(*(each.icontains(word, autoescape=True) for each in columns))
            )
            query = query.where(Registration.enterprise_id.in_(wanted))
        return query

    def menu_count(self, actor: Actor) -> int | None:
        statement = sa.select(sa.func.count()).select_from(Registration)
        return db.session.scalar(statement.where(scoping.criterion(actor, Registration), PENDING))

    def clock_words(self, row: Registration) -> Markup | str:
        """The working day by which it is answered, or by how much that is past; for answered ones when it was."""
        if row.decided_at is not None:
            return _("%(moment)s 答复", moment=moment(row.decided_at))
        if row.due_at > clock.now():
            return day_with_weekday(areas.last_day(row.due_at))
        past = working_days.working_days_past(row.due_at, clock.now(), working_day_overrides())
        return badge(_("超时 %(days)s 个工作日", days=max(past, 1)), "bad")

    def record_title(self, row: Registration) -> str:
        return str(row.submitted.get("name", row.enterprise.name))

    def record_badge(self, row: Registration) -> Any:
        return state_badge(row.state)

    def next_step(self, row: Registration) -> NextStep | None:
        if row.state is not RegistrationState.PENDING:
            words = _("%(state)s，%(moment)s", state=label(row.state), moment=moment(row.decided_at))  # type: ignore[arg-type]
            reason = _("原因：%(reason)s", reason=row.reason) if row.reason else ""
            return NextStep(what=words, who=reason, primary=self._sent_again(row))
        last_day = day_with_weekday(areas.last_day(row.due_at))
        late = row.due_at <= clock.now()
        what = _("最迟应于 %(day)s 答复，已超时", day=last_day) if late else _("最迟 %(day)s 答复", day=last_day)
        approve_, *others = self.action_buttons(row) or (None,)
        who = _("请核对执照与填写的内容是否一致，再点“通过”或“不通过”")
        return NextStep(what=what, who=who, primary=approve_, others=others, warn=late)

    def _sent_again(self, row: Registration) -> Button | None:
        """The way from an answered registration to the newest one of the same enterprise."""
        newest = row.enterprise.registrations[0]
        url = self._url_if_visible(newest) if newest.id != row.id else ""
        sent = _("看 %(at)s 重新提交的申请", at=moment(newest.submitted_at))
        return Button(sent, url, primary=True) if url else None

    def record_buttons(self, row: Registration) -> list[Button]:
        """The two answers stand in the strip, where a phone shows them without a menu."""
        return []

    def cards(self, row: Registration) -> Sequence[Card]:
        """What was typed, as it was sent: later corrections are registrations of their own."""
        sent = row.submitted
        type_ = EnterpriseType(sent["type"])
        division = db.session.get(Division, sent["division_code"])
        unit = [
            Fact(_("单位名称"), sent["name"]),
            Fact(_("单位类型"), label(type_)),
            Fact(_("统一社会信用代码"), sent["uscc"], code=True),
            Fact(principal_label(type_), sent["principal"]),
            Fact(_("所在区县"), str(division) if division else sent["division_code"]),
            Fact(_("详细地址"), sent["address"]),
        ]
        if sent.get("parent_uscc"):
            unit.insert(3, Fact(_("所属法人企业代码"), sent["parent_uscc"], code=True))
        contact = [
            Fact(_("联系人"), sent["contact"]),
            Fact(_("手机号码"), sent["mobile"], code=True),
            Fact(_("电子邮箱"), sent["email"]),
            Fact(_("提交时间"), moment(row.submitted_at)),
            *on_behalf_facts(row.enterprise),
        ]
        return Card(_("单位信息"), unit), Card(_("联系人"), contact)

    def history(self, row: Registration) -> Sequence[Event]:
        """All submissions of this enterprise and their answers, newest first."""
        events = []
        for each in row.enterprise.registrations:
            url = "" if each.id == row.id else self._url_if_visible(each)
            if each.decided_at is not None:
                reviewer = db.session.get(User, each.decided_by_id) if each.decided_by_id else None
                words = label(each.state) + (f"：{each.reason}" if each.reason else "")
                events.append(Event(each.decided_at, words, who=reviewer.name if reviewer else "", url=url))
            if each.marked_late_at is not None:
                events.append(Event(each.marked_late_at, _("超过 2 个工作日未答复，已提醒")))
            is_first = each.id == row.enterprise.registrations[-1].id
            sent = _("提交注册") if is_first else _("更正后重新提交")
            sent += _("（本页）") if each.id == row.id and len(row.enterprise.registrations) > 1 else ""
            events.append(Event(each.submitted_at, sent, who=each.submitted.get("submitted_by", ""), url=url))
        return events

    def _url_if_visible(self, row: Registration) -> str:
        return self.record_url(row) if self.get_one(row.id) is not None else ""

    def record_context(self, row: Registration) -> dict[str, Any]:
        file = self._licence(row)
        return {
            "licence": file,
            "licence_url": url_for(f"{self.endpoint}.licence", key=row.id) if file else "",
            "is_picture": bool(file and file.media_type.startswith("image/")),
        }

    @expose("/<key>/licence")
    def licence(self, key: str) -> Any:
        """The licence as it was sent with this registration."""
        file = self._licence(self.row_or_404(key))
        if file is None:
            abort(404)
        return inline(file)

    def _licence(self, row: Registration) -> StoredFile | None:
        """The registration is in scope; so is the file that came with it, and no other."""
        file_id = row.submitted.get("licence_file_id")
        return db.session.scalars(
            sa.select(StoredFile).where(StoredFile.id == file_id, StoredFile.enterprise_id == row.enterprise_id)
        ).one_or_none()

    def is_offered(self, code: str, row: Registration) -> bool:
        return row.state is RegistrationState.PENDING

    @record_action(
        "approve",
        label=_l("通过"),
        permission=P.AREA_REGISTRATIONS_DECIDE,
        direct=True,
    )
    def approve(self, actor: Actor, row: Registration, values: dict[str, Any]) -> Done:
        return approve(actor, row)

    @record_action("refuse", label=_l("不通过"), permission=P.AREA_REGISTRATIONS_DECIDE, form=RefusalForm, danger=True)
    def refuse(self, actor: Actor, row: Registration, values: dict[str, Any]) -> Done:
        return refuse(actor, row, values["reason"])


class UnassignedRegistrations(Registrations):
    """The same for the system administrator: areas in which no regulator has an account."""

    noun, title = "unassigned-registrations", _l("无监管部门的注册申请")
    permissions = {"view": P.ALL_REGISTRATIONS_DECIDE}
    empty_help = _l("所在地及上级都没有监管部门账号的注册申请会出现在这里。")

    @record_action("approve", label=_l("通过"), permission=P.ALL_REGISTRATIONS_DECIDE, direct=True)
    def approve(self, actor: Actor, row: Registration, values: dict[str, Any]) -> Done:
        return approve(actor, row)

    @record_action("refuse", label=_l("不通过"), permission=P.ALL_REGISTRATIONS_DECIDE, form=RefusalForm, danger=True)
    def refuse(self, actor: Actor, row: Registration, values: dict[str, Any]) -> Done:
        return refuse(actor, row, values["reason"])


def approve(actor: Actor, row: Registration) -> Done:
    registrations.approve(actor, row.id)
    return Done("", _("已通过，申请人登录后即可办理。"))


def refuse(actor: Actor, row: Registration, reason: str) -> Done:
    registrations.refuse(actor, row.id, reason)
    return Done("", _("已答复不通过，申请人登录后可以看到原因并更正。"))
