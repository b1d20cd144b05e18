"""预约受理: the institution's inbox of slips by working-day clock, and the record from which it answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import Response, current_app, flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from ... import clock, scoping
from ...actor import Actor
from ...database import db
from ...messages import label
from ...messages.wording import day_with_weekday
from ...models import Enterprise, Institution, Laboratory, Receipt, Slip
from ...permissions import Permission
from ...services import areas, slip_printing, slips, verification_reading
from ...slip_documents import MAX_ROWS_IN_REQUEST, qr_data_uri
from ...states import ItemStatus, SlipStatus
from ..base import ScopedModelView
from ..formatting import as_badge, state_badge
from ..keys import coerce_key
from ..lists import ChoiceFilter, ListState, Tab
from ..pagination import Order, Page
from ..records import Button, Card, Event, Fact, NextStep
from . import why
from .decisions import SlipDecisions, may_be_arranged
from .forms import wish_words
from .look_ups import (
    NO_FACTS,
    OPEN_SLIPS,
    SlipFacts,
    clock_badge,
    clock_words,
    items_of_slip,
    joined,
    of_laboratory,
    page_facts,
    slip_facts,
)
from .verifications import result_link

SLIP_NUMBER = re.compile(r"YD-\d{8}-\d{4,8}", re.IGNORECASE)
LONGEST_SCAN = 500
"""A scanner types the whole address of a slip's QR code."""
OPEN_TABS = frozenset({"awaiting", "new", "today", "late"})


def is_open() -> sa.ColumnElement[bool]:
    return Slip.status.in_(OPEN_SLIPS)


def is_new(_actor: Actor) -> sa.ColumnElement[bool]:
    """Waiting, with at least one more day to answer."""
    return sa.and_(is_open(), Slip.due_at > clock.end_of(clock.today()))


def is_due_today(_actor: Actor) -> sa.ColumnElement[bool]:
    return sa.and_(is_open(), Slip.due_at > clock.now(), Slip.due_at <= clock.end_of(clock.today()))


def is_late(_actor: Actor) -> sa.ColumnElement[bool]:
    return sa.and_(is_open(), Slip.due_at <= clock.now())


def own_laboratories(actor: Actor) -> list[tuple[int, str]]:
    rows = db.session.execute(
        scoping.visible(actor, Laboratory).with_only_columns(Laboratory.id, Laboratory.name).order_by(Laboratory.id)
    )
    return [(row.id, row.name) for row in rows]


def _facts_of(row: Slip) -> SlipFacts:
    return page_facts("slips", dict).get(row.id, NO_FACTS)


def _count_words(_view: Any, _context: Any, row: Slip, _name: str) -> str:
    facts = _facts_of(row)
    if row.status is SlipStatus.PARTLY and facts.undecided < facts.count:
        return _("%(undecided)s／%(count)s", undecided=facts.undecided, count=facts.count)
    return str(facts.count) if facts.count else "—"


class InstitutionSlips(SlipDecisions, ScopedModelView):
    """The inbox. Its search box takes a slip's number, or the address in its QR code, and opens that slip."""

    model, noun, title = Slip, "slips", _l("预约受理")
    permissions = {"view": Permission.MATCHED_SLIPS_READ}
    in_dock, dock_label = True, _l("受理")
    list_template = "institution/slips/list.html"
    details_template = "institution/slips/details.html"
    column_list = ("number", "status", "enterprise", "places", "count", "laboratory", "delivery", "due_at")
    column_labels = {
        "number": _l("预约单"),
        "status": _l("状态"),
        "enterprise": _l("器具使用单位"),
        "places": _l("使用地点"),
        "count": _l("台（件）"),
        "laboratory": _l("检定室"),
        "delivery": _l("方式"),
        "due_at": _l("时限"),
    }
    column_sortable_list = ("number", "due_at")
    column_formatters = {
        "status": as_badge,
        "places": lambda _view, _context, row, _name: joined(_facts_of(row).places),
        "count": _count_words,
        "laboratory": lambda _view, _context, row, _name: joined(_facts_of(row).laboratories),
        "delivery": lambda _view, _context, row, _name: joined(_facts_of(row).deliveries),
        "due_at": lambda _view, _context, row, _name: clock_badge(row),
    }
    cell_classes = {"number": "code", "enterprise": "wide", "count": "num", "delivery": "hide"}
    load_options = (sa.orm.joinedload(Slip.enterprise), sa.orm.joinedload(Slip.institution))
    search_label = _l("扫预约单二维码，或输入单号、单位")
    count_unit = _l("张")
    empty_title = _l("现在没有等您受理的预约单")
    empty_help = _l(
        "使用单位提交预约后，系统按授权和指定自动匹配；匹配到本机构的预约单会出现在这里，请在 2 个工作日内受理。"
    )
    tabs = (
        Tab("awaiting", _l("待受理"), lambda _actor: is_open()),
        Tab("new", _l("新到"), is_new),
        Tab("today", _l("今日到期"), is_due_today),
        Tab("late", _l("已超期"), is_late),
        Tab("accepted", _l("已受理"), Slip.status.in_((SlipStatus.ACCEPTED, SlipStatus.COMPLETED))),
        Tab("returned", _l("已退回"), Slip.status == SlipStatus.RETURNED),
        Tab("all", _l("全部")),
    )
    filters = (ChoiceFilter("laboratory", _l("检定室"), options=own_laboratories, where=of_laboratory),)

    def menu_count(self, actor: Actor) -> int | None:
        return count_slips(actor, is_open())

    # List

    @property
    def has_search(self) -> bool:
        """The search box stands beside the heading, where the scanner's focus is."""
        return False

    def apply_filters(self, query: Select[Any], state: ListState) -> Select[Any]:
        query = super().apply_filters(query, state)
        return self.apply_search(query, state.search) if state.search else query

    def apply_search(self, query: Select[Any], text: str) -> Select[Any]:
        for word in text.split()[:6]:
            named = sa.select(Enterprise.id).where(Enterprise.name.icontains(word, autoescape=True))
            query = query.where(sa.or_(Slip.number.icontains(word, autoescape=True), Slip.enterprise_id.in_(named)))
        return query

    def order(self, state: ListState) -> Order:
        if not state.sort and state.tab and state.tab.code in OPEN_TABS:
            return Order(self._key, Slip.due_at)
        return super().order(state)

    def page_of(self, state: ListState) -> Page:
        page = super().page_of(state)
        page_facts("slips", lambda: slip_facts(self.actor, [row.id for row in page.rows]))
        return page

    def row_buttons(self, row: Slip) -> Sequence[Button]:
        if row.status not in OPEN_SLIPS:
            return ()
        return (
            Button(label=_("受理"), url=self.url_of("accept_view", key=row.id), primary=True),
            Button(label=_("退回"), url=self.url_of("return_view", key=row.id)),
        )

    @expose("/")
    def index_view(self) -> Any:
        scanned = SLIP_NUMBER.search(request.args.get("q", "")[:LONGEST_SCAN])
        if scanned:
            found = db.session.scalar(self.scope().where(Slip.number == scanned[0].upper()))
            if found is not None:
                return redirect(self.record_url(found))
            flash(_("没有找到预约单 %(number)s，请核对单号；它也可能不属于本机构。", number=scanned[0].upper()), "warn")
            return redirect(self.url_of("index_view"))
        return super().index_view()

    # Record

    def row_or_404(self, key: Any) -> Any:
        """An answer to a slip that left in the meantime is told so; its page is gone."""
        if request.method == "POST" and self.get_one(key) is None:
            slips.refuse_if_left(self.actor, coerce_key(Slip.id, key) or 0)
        return super().row_or_404(key)

    def record_badge(self, row: Slip) -> Any:
        return state_badge(row.status)

    def next_step(self, row: Slip) -> NextStep | None:
        items = self._items(row)
        waiting = sum(item.status is ItemStatus.AWAITING_ACCEPTANCE for item in items)
        if waiting:
            return _waiting_step(row, waiting)
        if row.status is SlipStatus.ACCEPTED:
            step = _accepted_step(row, sum(item.status is ItemStatus.ACCEPTED for item in items))
            entering = url_for("institution_results_to_enter.index_view", q=row.number)
            return replace(step, primary=Button(label=_("登记结果"), url=entering, primary=True))
        return NextStep(what=_OVER.get(row.status, _OVER[SlipStatus.COMPLETED]), who=_("不需要您再办理。"))

    def cards(self, row: Slip) -> Sequence[Card]:
        made = [Card(title=_("器具使用单位"), facts=_enterprise_facts(row))]
        if row.accepted_at is not None:
            made.insert(0, Card(title=_("时间地点"), facts=_arrangement_facts(row)))
        return made

    def history(self, row: Slip) -> Sequence[Event]:
        events = [_receipt_event(receipt) for receipt in self._receipts(row)]
        if row.marked_late_at is not None:
            events.append(Event(row.marked_late_at, _("超过 2 个工作日未受理，已告知监管部门")))
        events.append(Event(row.arrived_at, _("预约单到达，开始计时")))
        return sorted(events, key=lambda event: event.at, reverse=True)

    def record_context(self, row: Slip) -> dict[str, Any]:
        items = self._items(row)
        return {
            "items": items,
            "waiting": [item for item in items if item.status is ItemStatus.AWAITING_ACCEPTANCE],
            "reasons": why.sentences(items),
            "results": self._result_links(items),
            "accept_url": self.url_of("accept_view", key=row.id),
            "return_url": self.url_of("return_view", key=row.id),
            "instrument_url": lambda key: url_for("institution_instruments.details_view", key=key),
        }

    def _result_links(self, items: Sequence[Any]) -> dict[int, tuple[str, str]]:
        """For each verified or accepted item where its result is read or entered."""
        found = verification_reading.of_items(self.actor, [item.id for item in items])
        links = {key: result_link(row) for key, row in found.items()}
        if self.may(Permission.MATCHED_RESULTS_ENTER):
            for item in items:
                if item.status is ItemStatus.ACCEPTED and item.id not in links:
                    links[item.id] = _("登记结果"), url_for("institution_results_to_enter.do_enter", key=item.id)
        return links

    def record_buttons(self, row: Slip) -> list[Button]:
        printable = slips.is_printable(row)
        buttons = [
            Button(
                label=_("打印预约单"),
                url=self.url_of("print_view", key=row.id),
                why_not="" if printable else _("受理后才能打印"),
            )
        ]
        if may_be_arranged(row):
            buttons.insert(0, Button(label=_("改时间地点"), url=self.url_of("arrange_view", key=row.id)))
        return buttons

    def _items(self, row: Slip) -> list[Any]:
        """The slip's items, those that wait for an answer first."""
        made: list[Any] = page_facts(
            f"items-{row.id}", lambda: sorted(items_of_slip(self.actor, row.id), key=_is_decided)
        )
        return made

    def _receipts(self, row: Slip) -> list[Receipt]:
        statement = scoping.visible(self.actor, Receipt).where(Receipt.slip_id == row.id)
        return list(db.session.scalars(statement.options(sa.orm.joinedload(Receipt.written_by))))

    # Paper

    @expose("/<key>/print")
    def print_view(self, key: str) -> str:
        row = self.row_or_404(key)
        content = slip_printing.content(self.actor, row.id, **printing_settings())
        return self.render(
            "institution/slips/print.html",
            slip=content,
            slip_qr=qr_data_uri(content.acceptance_url),
            slip_pdf_url=None if content.total > MAX_ROWS_IN_REQUEST else self.url_of("pdf_view", key=key),
            back_url=self.record_url(row),
        )

    @expose("/<key>/slip.pdf")
    def pdf_view(self, key: str) -> Response:
        row = self.row_or_404(key)
        made = slip_printing.pdf(self.actor, row.id, **printing_settings())
        return Response(
            made,
            mimetype="application/pdf",
            headers={"Content-Disposition": f'inline; filename="{row.number}.pdf"'},
        )


_OVER = {
    SlipStatus.RETURNED: _l("已全部退回使用单位。"),
    SlipStatus.TRANSFERRED: _l("器具已转出，由其他机构检定。"),
    SlipStatus.WITHDRAWN: _l("使用单位已撤回这张预约单。"),
    SlipStatus.COMPLETED: _l("全部器具已办结。"),
}


def _is_decided(item: Any) -> bool:
    return item.status is not ItemStatus.AWAITING_ACCEPTANCE


def count_slips(actor: Actor, clause: sa.ColumnElement[bool]) -> int:
    """How many of the institution's slips fulfil the clause: the number of the tab with the same one."""
    return (
        db.session.scalar(sa.select(sa.func.count()).select_from(Slip).where(scoping.criterion(actor, Slip), clause))
        or 0
    )


def printing_settings() -> dict[str, str]:
    """What a slip's QR code is made with."""
    settings = current_app.config["SETTINGS"]
    return {"public_url": settings.public_url, "secret": settings.secret_key}


def _waiting_step(row: Slip, waiting: int) -> NextStep:
    words, tone = clock_words(row)
    return NextStep(
        what=_("%(count)s 台（件）等您受理 · %(clock)s", count=waiting, clock=words),
        who=_(
            "%(name)s · 请在 %(day)s 24:00 前受理或退回；在下面勾选后办理，不勾的留待以后。",
            name=row.enterprise.name,
            day=day_with_weekday(areas.last_day(row.due_at)),
        ),
        warn=tone == "bad",
    )


def _accepted_step(row: Slip, count: int) -> NextStep:
    when = day_with_weekday(row.appointed_on) if row.appointed_on else row.appointed_time or _("待电话约定")
    return NextStep(
        what=_("已受理 %(count)s 台（件），等待检定", count=count),
        who=_("%(when)s · %(place)s · 使用单位已收到回执。", when=when, place=row.place),
    )


def _enterprise_facts(row: Slip) -> list[Fact]:
    enterprise, appointment = row.enterprise, row.appointment
    return [
        Fact(_("名称"), enterprise.name),
        Fact(_("统一社会信用代码"), enterprise.uscc, code=True),
        Fact(_("联系人"), appointment.site_contact or enterprise.contact),
        Fact(_("联系电话"), appointment.site_phone or enterprise.mobile),
        Fact(_("地址"), enterprise.address, wide=True),
        Fact(_("预约申请"), appointment.number, code=True),
        Fact(_("期望日期"), wish_words(appointment)),
        Fact(_("不便时段"), appointment.wish_against),
    ]


def _arrangement_facts(row: Slip) -> list[Fact]:
    day = day_with_weekday(row.appointed_on) if row.appointed_on else ""
    return [
        Fact(_("时间"), f"{day} {row.appointed_time}".strip() or _("待电话约定")),
        Fact(_("地点"), row.place),
        Fact(_("受理人"), row.accepted_by.name if row.accepted_by else ""),
        Fact(_("预约单版本"), _("第 %(version)s 版", version=row.version)),
        Fact(_("给使用单位的话"), row.words, wide=True),
    ]


def _receipt_event(receipt: Receipt) -> Event:
    said = f"：{receipt.words}" if receipt.words else ""
    if receipt.return_code is not None:
        text = _("退回 %(count)s 台（件）：%(reason)s", count=receipt.item_count, reason=label(receipt.return_code))
    elif receipt.decision == "changed":
        text = _("更改时间地点")
    else:
        text = _("受理 %(count)s 台（件）", count=receipt.item_count)
    return Event(receipt.created_at, text + said, receipt.written_by.name if receipt.written_by else "")


def organisation(actor: Actor) -> str:
    """The institution's name for the top bar."""
    return db.session.scalar(sa.select(Institution.name).where(Institution.id == actor.institution_id)) or ""
