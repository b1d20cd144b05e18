"""预约单 of the area: read, a late one sent round again, what waits assigned to another institution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from ... import clock, scoping
from ...actor import Actor
from ...database import db
from ...messages import label
from ...messages.wording import day_with_weekday
from ...models import AppointmentItem, Enterprise, Institution, Receipt, Slip
from ...permissions import Permission
from ...services import areas, assignments, job_runs, regulator_bookings, regulator_work
from ...states import ItemStatus, SlipStatus
from ..actions import record_action
from ..base import Done, ScopedModelView
from ..formatting import as_badge, state_badge
from ..forms import REQUIRED, PanelForm
from ..institution.look_ups import (
    NO_FACTS,
    OPEN_SLIPS,
    clock_badge,
    clock_words,
    items_of_slip,
    joined,
    page_facts,
    slip_facts,
)
from ..lists import ChoiceFilter, ListState, Tab
from ..on_behalf_words import on_behalf_facts
from ..pagination import Order, Page
from ..records import Button, Card, Event, Fact, NextStep
from .item_choice import ItemsField


class RematchForm(PanelForm):
    """Why a late slip goes to others: the institution and the audit read it."""

    reason = TextAreaField(_l("原因"), [InputRequired(REQUIRED), Length(max=500)])


class ReassignForm(PanelForm):
    """What goes where, and why: both institutions, the enterprise and the audit read it."""

    items = ItemsField(_l("要改派的器具"), [InputRequired(_l("请先勾选器具。"))])
    institution_id = SelectField(_l("改派给"), [InputRequired(REQUIRED)], coerce=str)
    reason = TextAreaField(
        _l("原因"),
        [InputRequired(REQUIRED), Length(max=500)],
        description=_l("如“原机构设备检修，就近安排”。两家机构和使用单位都会看到。"),
    )


def holding_institutions(actor: Actor) -> list[tuple[int, str]]:
    """Institutions with slips of this area."""
    holds = scoping.visible(actor, Slip).with_only_columns(Slip.institution_id)
    statement = sa.select(Institution.id, Institution.name).where(Institution.id.in_(holds)).order_by(Institution.name)
    return list(db.session.execute(statement).tuples())


def _facts(row: Slip) -> Any:
    return page_facts("slips", dict).get(row.id, NO_FACTS)


class RegulatorSlips(ScopedModelView):
    """Which institution has what, and which let its two working days pass."""

    model, noun, title = Slip, "slips", _l("预约单")
    permissions = {"view": Permission.AREA_APPOINTMENTS_READ}
    menu_group = _l("业务")
    menu_waits = False
    details_template = "regulator/slips/details.html"
    list_template = "regulator/unmatched/list.html"
    column_list = ("number", "status", "institution", "enterprise", "places", "count", "clock", "arrived_at")
    column_labels = {
        "number": _l("预约单"),
        "status": _l("状态"),
        "institution": _l("技术机构"),
        "enterprise": _l("器具使用单位"),
        "places": _l("使用地点"),
        "count": _l("台（件）"),
        "clock": _l("时限"),
        "arrived_at": _l("到达时间"),
    }
    column_sortable_list = ("number", "arrived_at")
    column_formatters = {
        "status": as_badge,
        "places": lambda _view, _context, row, _name: joined(_facts(row).places),
        "count": lambda _view, _context, row, _name: _facts(row).count or "—",
        "clock": lambda _view, _context, row, _name: clock_badge(row),
    }
    cell_classes = {"number": "code", "institution": "wide", "enterprise": "wide", "count": "num", "arrived_at": "hide"}
    load_options = (sa.orm.joinedload(Slip.enterprise), sa.orm.joinedload(Slip.institution))
    search_label = _l("单号、单位或机构")
    count_unit = _l("张")
    empty_title = _l("还没有预约单")
    empty_help = _l("本辖区使用的器具匹配到技术机构后，预约单会列在这里。")
    tabs = (
        Tab("all", _l("全部")),
        Tab("late", _l("超期未受理"), regulator_work.is_late),
        Tab("open", _l("待受理"), Slip.status.in_(OPEN_SLIPS)),
        Tab("accepted", _l("已受理"), Slip.status.in_((SlipStatus.ACCEPTED, SlipStatus.COMPLETED))),
        Tab("returned", _l("已退回"), Slip.status == SlipStatus.RETURNED),
    )
    filters = (ChoiceFilter("institution", _l("技术机构"), options=holding_institutions, column=Slip.institution_id),)

    def menu_count(self, actor: Actor) -> int | None:
        """Late ones: somebody else must act, so the count informs."""
        statement = sa.select(sa.func.count()).select_from(Slip)
        return db.session.scalar(statement.where(scoping.criterion(actor, Slip), regulator_work.is_late(actor)))

    def apply_search(self, query: Select[Any], text: str) -> Select[Any]:
        for word in text.split()[:6]:
            units = sa.select(Enterprise.id).where(Enterprise.name.icontains(word, autoescape=True))
            bodies = sa.select(Institution.id).where(Institution.name.icontains(word, autoescape=True))
            query = query.where(
                sa.or_(
                    Slip.number.icontains(word, autoescape=True),
                    Slip.enterprise_id.in_(units),
                    Slip.institution_id.in_(bodies),
                )
            )
        return query

    def order(self, state: ListState) -> Order:
        if not state.sort and state.tab and state.tab.code in ("late", "open"):
            return Order(self._key, Slip.due_at)
        return super().order(state)

    def page_of(self, state: ListState) -> Page:
        page = super().page_of(state)
        page_facts("slips", lambda: slip_facts(self.actor, [row.id for row in page.rows]))
        return page

    def render(self, template: str, **kwargs: Any) -> str:
        kwargs.setdefault("late_since", job_runs.not_running_since())
        return super().render(template, **kwargs)

    # Record

    def record_badge(self, row: Slip) -> Any:
        return state_badge(row.status)

    def next_step(self, row: Slip) -> NextStep | None:
        if row.status not in OPEN_SLIPS:
            return None
        words, tone = clock_words(row)
        waiting = sum(item.status is ItemStatus.AWAITING_ACCEPTANCE for item in self._items(row))
        institution = row.institution
        reassign = Button(_("重新指派"), self.url_of("do_reassign", key=row.id))
        rematch = Button(_("重新匹配"), self.url_of("do_rematch", key=row.id), primary=True)
        return NextStep(
            what=_("%(count)s 台（件）等%(name)s受理 · %(clock)s", count=waiting, name=institution.name, clock=words),
            who=_(
                "应在 %(day)s 24:00 前受理 · %(contact)s %(phone)s",
                day=day_with_weekday(areas.last_day(row.due_at)),
                contact=institution.contact,
                phone=institution.phone,
            ),
            primary=rematch if self.is_offered("rematch", row) else None,
            others=(reassign,) if self.is_offered("reassign", row) else (),
            warn=tone == "bad",
        )

    def record_buttons(self, row: Slip) -> list[Button]:
        """重新匹配 and 重新指派 stand in the strip; cancelling is about the appointment."""
        return []

    def cards(self, row: Slip) -> Sequence[Card]:
        facts = [
            Fact(_("器具使用单位"), row.enterprise.name),
            Fact(_("技术机构"), row.institution.name),
            Fact(_("机构电话"), row.institution.phone),
            Fact(
                _("预约申请"),
                row.appointment.number,
                code=True,
                url=url_for("regulator_appointments.details_view", key=row.appointment_id),
            ),
            *on_behalf_facts(row.appointment),
            Fact(_("约定日期"), row.appointed_on and day_with_weekday(row.appointed_on)),
            Fact(_("约定时段"), row.appointed_time),
            Fact(_("地点"), row.place),
        ]
        return (Card(_("基本信息"), facts),)

    def history(self, row: Slip) -> Sequence[Event]:
        events = [receipt_event(receipt) for receipt in self._receipts(row)]
        if row.marked_late_at is not None:
            events.append(Event(row.marked_late_at, _("超过 2 个工作日未受理，已提醒")))
        events.append(Event(row.arrived_at, _("预约单到达，开始计时"), row.institution.name))
        return sorted(events, key=lambda event: event.at, reverse=True)

    def record_context(self, row: Slip) -> dict[str, Any]:
        return {"items": self._items(row), "why_url": why_url}

    def is_offered(self, code: str, row: Slip) -> bool:
        if code == "reassign":
            return row.status in OPEN_SLIPS and bool(self._movable(row))
        is_late = row.status in OPEN_SLIPS and row.due_at <= clock.now()
        return is_late and assignments.may_rematch(self.actor, row)

    @record_action(
        "rematch",
        label=_l("重新匹配"),
        permission=Permission.AREA_UNMATCHED_ASSIGN,
        form=RematchForm,
        confirm=lambda view, row: _(
            "%(name)s 超期未受理的器具将转出，按现行规则重新匹配；规则不变时可能仍匹配到同一家。",
            name=row.institution.name,
        ),
    )
    def rematch(self, actor: Actor, row: Slip, values: dict[str, Any]) -> Done:
        count = assignments.rematch_slip(actor, row.id, reason=values["reason"] or "")
        return Done("", _("%(count)s 台（件）已转出重新匹配。", count=count))

    def action_form(self, code: str, subject: Slip) -> Any:
        form = super().action_form(code, subject)
        if code == "reassign":
            movable = self._movable(subject)
            form.items.offer(movable, ticked=request.method == "GET")
            others = regulator_bookings.takers(movable, but=subject.institution_id)
            form.institution_id.choices = [
                ("", _("请选择")),
                *((str(found.id), f"{found.name}（{label(found.level)}）") for found in others),
            ]
        return form

    @record_action(
        "reassign",
        label=_l("重新指派"),
        permission=Permission.AREA_UNMATCHED_ASSIGN,
        form=ReassignForm,
        template="regulator/slips/reassign.html",
        confirm=lambda view, row: _(
            "%(name)s 还没有受理的器具可以改派给另一家机构。只列出除服务区域外条件全部符合的机构；"
            "改派后新的预约单立即到达，重新按 2 个工作日计时。",
            name=row.institution.name,
        ),
    )
    def reassign(self, actor: Actor, row: Slip, values: dict[str, Any]) -> Done:
        target = regulator_bookings.reassign(
            actor,
            row.id,
            item_ids=values["items"],
            institution_id=int(values["institution_id"]),
            reason=values["reason"] or "",
        )
        said = _("已改派给%(name)s，预约单 %(number)s。", name=target.institution.name, number=target.number)
        return Done(self.record_url(target), said)

    def _movable(self, row: Slip) -> list[AppointmentItem]:
        made: list[AppointmentItem] = page_facts(
            f"movable-{row.id}", lambda: regulator_bookings.movable(self.actor, row)
        )
        return made

    def _items(self, row: Slip) -> list[Any]:
        made: list[Any] = page_facts(f"items-{row.id}", lambda: items_of_slip(self.actor, row.id))
        return made

    def _receipts(self, row: Slip) -> list[Receipt]:
        statement = scoping.visible(self.actor, Receipt).where(Receipt.slip_id == row.id)
        return list(db.session.scalars(statement.options(sa.orm.joinedload(Receipt.institution))))


def why_url(item: Any) -> str:
    """Where 为什么 leads, for an item of the area that was decided about."""
    return url_for("regulator_unmatched.details_view", key=item.id) if item.decision_id is not None else ""


def receipt_event(receipt: Receipt) -> Event:
    """An institution's answer as a line of the history."""
    said = f"：{receipt.words}" if receipt.words else ""
    if receipt.return_code is not None:
        text = _("退回 %(count)s 台（件）：%(reason)s", count=receipt.item_count, reason=label(receipt.return_code))
    elif receipt.decision == "changed":
        text = _("更改时间地点")
    else:
        text = _("受理 %(count)s 台（件）", count=receipt.item_count)
    return Event(receipt.created_at, text + said, receipt.institution.name)
