"""预约申请 of the area: items by institution, receipts, why for each; booked on behalf, re-assigned, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from ... import clock, messages, scoping
from ...actor import Actor
from ...audit import AuditAction
from ...database import db
from ...messages.wording import day_with_weekday
from ...models import Appointment, AppointmentItem, Enterprise, Receipt, Slip
from ...permissions import Permission
from ...services import appointment_history, areas, job_runs, regulator_bookings
from ...states import AppointmentStatus, EnterpriseStatus, ItemStatus
from ..actions import record_action
from ..base import Button, Card, Done, ScopedModelView, needs
from ..formatting import as_badge, state_badge
from ..forms import REQUIRED, PanelForm
from ..institution.look_ups import OPEN_SLIPS, items_of_appointment, page_facts
from ..keys import coerce_key
from ..lists import ListState, Tab, clean_text
from ..on_behalf_pages import BookingOnBehalf
from ..on_behalf_words import on_behalf_facts, on_behalf_words, with_on_behalf
from ..pagination import Page
from ..records import Event, NextStep
from .item_choice import ItemsField
from .slips import receipt_event, why_url

MOST_ENTERPRISES = 30
OPEN = (AppointmentStatus.SUBMITTED, AppointmentStatus.FEEDBACK)


def is_over_two_days(_actor: Actor) -> sa.ColumnElement[bool]:
    """Past the promise, with an item nobody has answered."""
    waiting = sa.select(AppointmentItem.appointment_id).where(
        AppointmentItem.status.in_((ItemStatus.MATCHING, ItemStatus.UNMATCHED, ItemStatus.AWAITING_ACCEPTANCE))
    )
    return sa.and_(Appointment.due_at <= clock.now(), Appointment.id.in_(waiting))


class CancelForm(PanelForm):
    """What is cancelled, and why: the enterprise, the institution and the audit read it."""

    items = ItemsField(_l("要取消的器具"), [InputRequired(_l("请先勾选器具。"))])
    reason = TextAreaField(
        _l("原因"),
        [InputRequired(REQUIRED), Length(max=500)],
        description=_l("如“单位已停业”。使用单位和已分配的机构都会看到。"),
    )


class RegulatorAppointments(BookingOnBehalf, ScopedModelView):
    """Submitted appointments with items used in the area; drafts are nobody's business yet."""

    model, noun, title = Appointment, "appointments", _l("预约申请")
    permissions = {"view": Permission.AREA_APPOINTMENTS_READ}
    menu_group = _l("业务")
    list_template = "regulator/unmatched/list.html"
    details_template = "regulator/appointments/details.html"
    column_list = ("number", "status", "enterprise", "count", "submitted_at", "due")
    column_details_list = (*column_list, "site_contact", "site_phone")
    column_labels = {
        "number": _l("预约号"),
        "status": _l("状态"),
        "enterprise": _l("器具使用单位"),
        "count": _l("台（件）"),
        "submitted_at": _l("提交时间"),
        "due": _l("应答复"),
        "site_contact": _l("现场联系人"),
        "site_phone": _l("现场联系电话"),
    }
    column_sortable_list = ("number", "submitted_at")
    column_formatters = {
        "status": as_badge,
        "enterprise": lambda _view, _context, row, _name: with_on_behalf(row.enterprise.name, row),
        "count": lambda view, _context, row, _name: view.count_here(row),
        "due": lambda _view, _context, row, _name: day_with_weekday(areas.last_day(row.due_at)) if row.due_at else "—",
    }
    cell_classes = {"number": "code", "enterprise": "wide", "count": "num"}
    load_options = (sa.orm.joinedload(Appointment.enterprise),)
    search_label = _l("预约号或单位名称")
    empty_title = _l("还没有预约申请")
    empty_help = _l("器具使用地点在本辖区的预约申请会列在这里；也可以替单位代办预约。")
    tabs = (
        Tab("all", _l("全部")),
        Tab("open", _l("办理中"), Appointment.status.in_(OPEN)),
        Tab("late", _l("已超 2 个工作日"), is_over_two_days),
        Tab("closed", _l("已办结"), Appointment.status == AppointmentStatus.CLOSED),
    )

    booking_hint = _l("提交后按规则匹配技术机构，使用单位会收到通知；上次被退回的器具不限定机构，重新匹配。")

    def scope(self) -> Select[Any]:
        return super().scope().where(Appointment.status != AppointmentStatus.DRAFT)

    def apply_search(self, query: Select[Any], text: str) -> Select[Any]:
        for word in text.split()[:6]:
            named = sa.select(Enterprise.id).where(Enterprise.name.icontains(word, autoescape=True))
            query = query.where(
                sa.or_(Appointment.number.icontains(word, autoescape=True), Appointment.enterprise_id.in_(named))
            )
        return query

    def page_of(self, state: ListState) -> Page:
        page = super().page_of(state)
        page_facts("counts", lambda: self._counts([row.id for row in page.rows]))
        return page

    def count_here(self, row: Appointment) -> int:
        known = page_facts("counts", dict)
        return int(known[row.id] if row.id in known else self._counts([row.id]).get(row.id, 0))

    def _counts(self, ids: Sequence[int]) -> dict[int, int]:
        statement = (
            sa.select(AppointmentItem.appointment_id, sa.func.count())
            .where(AppointmentItem.appointment_id.in_(ids), scoping.criterion(self.actor, AppointmentItem))
            .group_by(AppointmentItem.appointment_id)
        )
        return dict(db.session.execute(statement).tuples().all())

    def render(self, template: str, **kwargs: Any) -> str:
        kwargs.setdefault("late_since", job_runs.not_running_since())
        return super().render(template, **kwargs)

    # 代办

    def list_buttons(self) -> list[Button]:
        if not self.may(Permission.AREA_APPOINTMENTS_EDIT):
            return []
        return [Button(_("代办预约"), self.url_of("choose_enterprise"), primary=True)]

    @expose("/book")
    @needs(Permission.AREA_APPOINTMENTS_EDIT)
    def choose_enterprise(self) -> str:
        """For whom: enterprises registered in the area and in force, found by code or name."""
        words = clean_text(request.args.get("q", ""))[:100]
        found = list(db.session.scalars(self._bookable_enterprises(words).limit(MOST_ENTERPRISES)))
        rows = [(row, self.url_of("book", enterprise=row.id)) for row in found]
        back = self.url_of("index_view")
        return str(self.render("regulator/appointments/book_for.html", rows=rows, search=words, back_url=back))

    @expose("/book/<enterprise>", methods=("GET", "POST"))
    @needs(Permission.AREA_APPOINTMENTS_EDIT)
    def book(self, enterprise: str) -> Any:
        """Tick the enterprise's instruments and book them at once."""
        key = coerce_key(Enterprise.id, enterprise)
        row = db.session.scalars(self._bookable_enterprises("").where(Enterprise.id == key)).one_or_none()
        if row is None:
            abort(404)
        return self.serve_booking(row, instruments=self.instruments_of(row), back_url=self.url_of("choose_enterprise"))

    def booked_url(self, appointment: Appointment) -> str:
        return str(self.record_url(appointment))

    def _bookable_enterprises(self, words: str) -> Select[Any]:
        codes = scoping.area_codes(self.actor.division_code or "")
        query = scoping.visible(self.actor, Enterprise).where(
            Enterprise.division_code.in_(codes), Enterprise.status == EnterpriseStatus.APPROVED
        )
        for word in words.split()[:6]:
            columns = (Enterprise.name, Enterprise.uscc)
            query = query.where(sa.or_(*(column.icontains(word, autoescape=True) for column in columns)))
        return query.order_by(Enterprise.name, Enterprise.id)

    def is_offered(self, code: str, row: Appointment) -> bool:
        return bool(self._cancellable(row))

    def action_form(self, code: str, subject: Appointment) -> Any:
        form = super().action_form(code, subject)
        form.items.offer(self._cancellable(subject), ticked=request.method == "GET")
        return form

    @record_action(
        "cancel",
        label=_l("取消预约"),
        permission=Permission.AREA_APPOINTMENTS_CANCEL,
        form=CancelForm,
        confirm=_l("勾选的器具终止办理并解锁，使用单位可以重新预约；已受理的，机构会收到通知。"),
        danger=True,
    )
    def cancel(self, actor: Actor, row: Appointment, values: dict[str, Any]) -> Done:
        count = regulator_bookings.cancel(actor, row.id, item_ids=values["items"] or (), reason=values["reason"] or "")
        return Done("", _("已取消 %(count)s 台（件），使用单位和机构已收到通知。", count=count))

    def _cancellable(self, row: Appointment) -> list[AppointmentItem]:
        made: list[AppointmentItem] = page_facts(
            f"cancellable-{row.id}", lambda: regulator_bookings.cancellable(self.actor, row.id)
        )
        return made

    # Record

    def cards(self, row: Appointment) -> Sequence[Card]:
        first, *others = super().cards(row)
        return (Card(first.title, (*first.facts, *on_behalf_facts(row))), *others)

    def record_badge(self, row: Appointment) -> Any:
        return state_badge(row.status)

    def next_step(self, row: Appointment) -> NextStep | None:
        """Whose turn it is, in numbers."""
        if row.status not in OPEN:
            return None
        items = self._items(row)
        counts = [
            (_("未匹配 %(count)s 台（件）"), ItemStatus.UNMATCHED),
            (_("匹配中 %(count)s 台（件）"), ItemStatus.MATCHING),
            (_("待受理 %(count)s 台（件）"), ItemStatus.AWAITING_ACCEPTANCE),
            (_("待检定 %(count)s 台（件）"), ItemStatus.ACCEPTED),
            (_("退回 %(count)s 台（件）"), ItemStatus.FAILED),
        ]
        found = [(words, sum(item.status is status for item in items)) for words, status in counts]
        said = [words % {"count": count} for words, count in found if count]
        is_late = row.due_at is not None and row.due_at <= clock.now() and any(count for _w, count in found[:3])
        due = day_with_weekday(areas.last_day(row.due_at)) if row.due_at else "—"
        return NextStep(
            what="，".join(said) or _("全部办结"),
            who=_("应在 %(due)s 24:00 前答复%(late)s", due=due, late=_("，已超过 2 个工作日") if is_late else ""),
            warn=is_late,
        )

    def history(self, row: Appointment) -> Sequence[Event]:
        statement = scoping.visible(self.actor, Receipt).where(Receipt.appointment_id == row.id)
        receipts = db.session.scalars(statement.options(sa.orm.joinedload(Receipt.institution)))
        events = [receipt_event(receipt) for receipt in receipts]
        if row.submitted_at is not None:
            who = on_behalf_words(row) or row.enterprise.name
            events.append(Event(row.submitted_at, _("提交预约"), who))
        events += self._cancellations(row)
        return sorted(events, key=lambda event: event.at, reverse=True)

    def _cancellations(self, row: Appointment) -> list[Event]:
        """One line for each act of cancelling, from the record of what happened."""
        return [
            Event(line.at, messages.sentence("history.item.cancelled", {"count": line.count, **line.facts}), line.by)
            for line in appointment_history.of(self.actor, row.id)
            if line.action == AuditAction.ITEM_CANCELLED
        ]

    def record_context(self, row: Appointment) -> dict[str, Any]:
        statement = scoping.visible(self.actor, Slip).where(Slip.appointment_id == row.id).order_by(Slip.id)
        slips = db.session.scalars(statement.options(sa.orm.joinedload(Slip.institution)))
        return {
            "items": self._items(row),
            "slips": [
                (slip, url_for("regulator_slips.details_view", key=slip.id), self._reassign_url(slip)) for slip in slips
            ],
            "why_url": why_url,
        }

    def _reassign_url(self, slip: Slip) -> str:
        """重新指派 of what still waits at the institution; empty where nothing does."""
        is_offered = self.may(Permission.AREA_UNMATCHED_ASSIGN) and slip.status in OPEN_SLIPS
        if not is_offered or not regulator_bookings.movable(self.actor, slip):
            return ""
        return url_for("regulator_slips.do_reassign", key=slip.id)

    def _items(self, row: Appointment) -> list[AppointmentItem]:
        made: list[AppointmentItem] = page_facts(f"items-{row.id}", lambda: items_of_appointment(self.actor, row.id))
        return made
