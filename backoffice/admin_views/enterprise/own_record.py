"""单位信息: an enterprise's own row. Its contact it changes at once, what stands on the licence by 变更申请."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload
from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from ... import clock, messages, scoping
from ...actor import Actor
from ...database import db
from ...messages.registrations import principal_label
from ...messages.wording import day_with_weekday, moment
from ...models import ChangeRequest, Division, Enterprise
from ...permissions import Permission
from ...services import areas, change_requests
from ...services.words import LONGEST_REASON
from ...states import ProposalState
from ..actions import record_action
from ..base import Button, Card, Done, Fact, NextStep, ScopedModelView
from ..formatting import state_badge
from ..forms import REQUIRED, Lookup, PanelForm, ScopedLookupField
from ..lists import clean_text
from ..proposal_pages import ChangeRequestPages
from .instrument_form import places_of_use

P = Permission
MOST_REQUESTS = 5


def is_late(row: ChangeRequest) -> bool:
    """Whether a waiting request is past the day of its answer."""
    return row.due_at <= clock.now()


def waiting_words(row: ChangeRequest) -> tuple[str, str]:
    """That a request waits, and who answers it by when, with a telephone."""
    office = areas.regulator_office(row.reviewer_division_code)
    by = day_with_weekday(areas.last_day(row.due_at))
    what = _("变更申请已超过 2 个工作日未答复") if is_late(row) else _("变更申请待答复")
    if office is None:
        return what, _("由系统管理员最迟 %(day)s 答复", day=by)
    words = _("由%(office)s最迟 %(day)s 答复", office=office.organisation or office.name, day=by)
    return what, words + (_("，电话 %(phone)s", phone=office.phone) if office.phone else "")


class OwnRecord(ScopedModelView):
    """The page of one's own enterprise. There is one row, so the list leads on to it."""

    model, noun, title = Enterprise, "own-record", _l("单位信息")
    permissions = {"view": P.OWN_ENTERPRISE_READ, "edit": P.OWN_ENTERPRISE_EDIT}
    load_options = (joinedload(Enterprise.division),)
    column_list = ("name", "status", "uscc")
    column_labels = {
        "name": _l("单位名称"),
        "status": _l("状态"),
        "uscc": _l("统一社会信用代码"),
        "contact": _l("联系人"),
        "mobile": _l("手机号码"),
        "email": _l("电子邮箱"),
    }
    form_columns = ("contact", "mobile", "email")
    column_descriptions = {
        "contact": _l("技术机构和监管部门会找这位联系人。"),
        "mobile": _l("保存后立即生效，预约单上会印这个号码。"),
        "email": _l("填写后，找回密码等邮件会寄到这里。"),
    }

    @expose("/")
    def index_view(self) -> Any:
        return redirect(self.url_of("details_view", key=self.actor.enterprise_id))

    def record_title(self, row: Enterprise) -> str:
        return row.name

    def record_badge(self, row: Enterprise) -> Any:
        return state_badge(row.status)

    def next_step(self, row: Enterprise) -> NextStep | None:
        waiting = change_requests.pending_of(row.id)
        if waiting is None:
            return None
        what, who = waiting_words(waiting)
        primary = Button(_("查看变更申请"), request_url(waiting), primary=True)
        return NextStep(what, who, primary=primary, warn=is_late(waiting))

    def record_buttons(self, row: Enterprise) -> list[Button]:
        waits = change_requests.pending_of(row.id) is not None
        return [
            Button(_("修改联系方式"), self.url_of("edit_view", key=row.id)),
            Button(
                _("申请变更"),
                url_for("enterprise_change_requests.create_view"),
                why_not=_("已有一份待答复") if waits else "",
            ),
        ]

    def cards(self, row: Enterprise) -> Sequence[Card]:
        unit = [
            Fact(_("单位名称"), row.name),
            Fact(_("单位类型"), messages.label(row.type)),
            Fact(_("统一社会信用代码"), row.uscc, code=True),
            Fact(principal_label(row.type), row.principal),
            Fact(_("所在区县"), str(row.division)),
            Fact(_("详细地址"), row.address),
        ]
        if row.parent_uscc:
            unit.insert(3, Fact(_("所属法人企业代码"), row.parent_uscc, code=True))
        contact = [
            Fact(_("联系人"), row.contact),
            Fact(_("手机号码"), row.mobile, code=True),
            Fact(_("电子邮箱"), row.email),
        ]
        cards = [Card(_("单位（变更须审核）"), unit), Card(_("联系方式（可直接修改）"), contact)]
        return [*cards, *self._requests()]

    def _requests(self) -> list[Card]:
        newest = scoping.visible(self.actor, ChangeRequest).order_by(ChangeRequest.id.desc()).limit(MOST_REQUESTS)
        facts = [
            Fact(moment(each.submitted_at), messages.label(each.state), url=request_url(each))
            for each in db.session.scalars(newest)
        ]
        return [Card(_("变更申请"), facts)] if facts else []

    def update(self, actor: Actor, row: Enterprise, values: dict[str, Any]) -> None:
        change_requests.change_contact(actor, **values)

    def after_update(self, row: Enterprise) -> Done:
        return Done(self.record_url(row), _("联系方式已更新。"))


def request_url(row: ChangeRequest) -> str:
    return url_for("enterprise_change_requests.details_view", key=row.id)


class ChangeForm(PanelForm):
    """What stands on the licence, as it is now; what is typed over is asked for."""

    name = StringField(
        _l("单位名称"), [InputRequired(REQUIRED), Length(max=100)], description=_l("与新的营业执照一致；不变的不用改。")
    )
    division_code = ScopedLookupField(
        label=_l("所在区县"),
        validators=[InputRequired(REQUIRED)],
        description=_l("登记所在的区县，可输入代码或名称。迁到别的区县，仍由现在登记地的监管部门答复。"),
        target=Division,
        allow_blank=True,
        narrow=places_of_use,
        lookup=Lookup(by="code", search=("code", "name")),
    )
    address = StringField(
        _l("详细地址"), [InputRequired(REQUIRED), Length(max=200)], description=_l("登记的地址，不是器具使用地点。")
    )
    principal = StringField(_l("法定代表人／负责人／经营者"), [InputRequired(REQUIRED), Length(max=50)])
    words = TextAreaField(
        _l("变更原因"),
        [InputRequired(REQUIRED), Length(max=LONGEST_REASON)],
        description=_l("例如“2026 年 11 月换发营业执照，名称变更”。"),
        filters=[lambda text: clean_text(text, limit=None) if isinstance(text, str) else text],
    )


class ChangeRequests(ChangeRequestPages):
    """One's own requests, with 撤回 while they wait."""

    in_menu = False
    permissions = {"view": P.OWN_ENTERPRISE_READ, "create": P.OWN_ENTERPRISE_EDIT}
    create_label, create_template = _l("申请变更"), "proposals/request.html"
    column_list = ("submitted_at", "state", "what", "clock")
    column_labels = {
        "submitted_at": _l("提交时间"),
        "state": _l("状态"),
        "what": _l("变更内容"),
        "clock": _l("答复期限或时间"),
    }
    empty_title = _l("没有变更申请")
    empty_help = _l("单位名称、所在区县、地址或法定代表人有变化时，在这里申请，由监管部门在 2 个工作日内答复。")
    form_columns = ("name", "division_code", "address", "principal", "words")
    form_lookups = {"division_code": ChangeForm.division_code.kwargs["lookup"]}

    def create_button(self) -> Button | None:
        return super().create_button() if change_requests.pending_count(self.actor) == 0 else None

    def get_form(self) -> type[ChangeForm]:
        return ChangeForm

    def create_form(self, obj: Any = None) -> Any:
        """Filled with what is registered now, so that only what changes is typed."""
        own: Enterprise = scoping.find(self.actor, Enterprise, self.actor.enterprise_id)
        form = ChangeForm(request.form if request.method == "POST" else None, obj=own)
        form.principal.label.text = principal_label(own.type)
        return form

    def create(self, actor: Actor, values: dict[str, Any]) -> ChangeRequest:
        words = values.pop("words")
        return change_requests.submit(actor, values, words=words)

    def after_create(self, row: ChangeRequest) -> Done:
        by = day_with_weekday(areas.last_day(row.due_at))
        return Done(self.record_url(row), _("变更申请已提交，监管部门最迟 %(day)s 答复。", day=by))

    def record_title(self, row: ChangeRequest) -> str:
        return _("变更申请 · %(what)s", what=self.summary(row))

    def next_step(self, row: ChangeRequest) -> NextStep:
        if row.state is ProposalState.PENDING:
            what, who = waiting_words(row)
            return NextStep(what, who, others=self.action_buttons(row), warn=is_late(row))
        reason = _("原因：%(reason)s", reason=row.reason) if row.reason else ""
        return NextStep(self.answer_words(row), reason, warn=row.state is ProposalState.REFUSED)

    def cards(self, row: ChangeRequest) -> Sequence[Card]:
        facts = [
            Fact(_("变更原因"), row.words, wide=True),
            Fact(_("提交时间"), moment(row.submitted_at)),
            Fact(_("单位信息"), row.enterprise.name, url=url_for("enterprise_own_record.index_view")),
        ]
        return (Card(_("申请"), facts),)

    @record_action(
        "withdraw",
        label=_l("撤回申请"),
        permission=P.OWN_ENTERPRISE_EDIT,
        direct=True,
        danger=True,
        confirm=lambda _view, _row: _("撤回后单位信息不变，可以重新申请。确定撤回吗？"),
    )
    def withdraw(self, actor: Actor, row: ChangeRequest, values: dict[str, Any]) -> Done:
        change_requests.withdraw(actor, row.id)
        return Done("", _("变更申请已撤回。"))


__all__ = ["ChangeRequests", "OwnRecord"]
