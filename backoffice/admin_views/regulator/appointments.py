"""预约申请 of the area, read by its regulator: items by institution, receipts, and why for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from ... import clock, scoping
from ...actor import Actor
from ...database import db
from ...messages.wording import day_with_weekday
from ...models import Appointment, AppointmentItem, Enterprise, Receipt, Slip
from ...permissions import Permission
from ...services import areas, job_runs
from ...states import AppointmentStatus, ItemStatus
from ..base import ScopedModelView
from ..formatting import as_badge, state_badge
from ..institution.look_ups import items_of_appointment, page_facts
from ..lists import ListState, Tab
from ..pagination import Page
from ..records import Event, NextStep
from .slips import receipt_event, why_url

OPEN = (AppointmentStatus.SUBMITTED, AppointmentStatus.FEEDBACK)


def is_over_two_days(_actor: Actor) -> sa.ColumnElement[bool]:
    """Past the promise, with an item nobody has answered."""
    waiting = sa.select(AppointmentItem.appointment_id).where(
        AppointmentItem.status.in_((ItemStatus.MATCHING, ItemStatus.UNMATCHED, ItemStatus.AWAITING_ACCEPTANCE))
    )
    return sa.and_(Appointment.due_at <= clock.now(), Appointment.id.in_(waiting))


class RegulatorAppointments(ScopedModelView):
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
        "count": lambda view, _context, row, _name: view.count_here(row),
        "due": lambda _view, _context, row, _name: day_with_weekday(areas.last_day(row.due_at)) if row.due_at else "—",
    }
    cell_classes = {"number": "code", "enterprise": "wide", "count": "num"}
    load_options = (sa.orm.joinedload(Appointment.enterprise),)
    search_label = _l("预约号或单位名称")
    empty_title = _l("还没有预约申请")
    empty_help = _l("器具使用地点在本辖区的预约申请会列在这里。")
    tabs = (
        Tab("all", _l("全部")),
        Tab("open", _l("办理中"), Appointment.status.in_(OPEN)),
        Tab("late", _l("已超 2 个工作日"), is_over_two_days),
        Tab("closed", _l("已办结"), Appointment.status == AppointmentStatus.CLOSED),
    )

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

    # Record

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
            events.append(Event(row.submitted_at, _("提交预约"), row.enterprise.name))
        return sorted(events, key=lambda event: event.at, reverse=True)

    def record_context(self, row: Appointment) -> dict[str, Any]:
        statement = scoping.visible(self.actor, Slip).where(Slip.appointment_id == row.id).order_by(Slip.id)
        slips = db.session.scalars(statement.options(sa.orm.joinedload(Slip.institution)))
        return {
            "items": self._items(row),
            "slips": [(slip, url_for("regulator_slips.details_view", key=slip.id)) for slip in slips],
            "why_url": why_url,
        }

    def _items(self, row: Appointment) -> list[AppointmentItem]:
        made: list[AppointmentItem] = page_facts(f"items-{row.id}", lambda: items_of_appointment(self.actor, row.id))
        return made
