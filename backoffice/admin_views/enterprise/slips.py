"""预约单: one per institution; read, print and download once it was accepted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from flask import current_app, g, make_response, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload
from werkzeug.wrappers import Response

from ... import messages
from ...actor import Actor
from ...config import Settings
from ...database import db
from ...messages.records import column_words
from ...messages.wording import day_with_weekday
from ...models import AppointmentItem, Institution, MeasuringInstrument, Receipt, Slip
from ...permissions import P
from ...services import appointment_history, areas, instrument_facts, slip_printing, slips, verification_reading
from ...slip_documents import MAX_ROWS_IN_REQUEST, qr_data_uri
from ...states import ItemStatus, SlipStatus
from ..base import Button, Card, Event, Fact, NextStep, ScopedModelView, Tab
from ..formatting import badge, badge_class, plain
from ..item_words import WhyWords, arrangement, correction_of, receipt_sentence, slip_label, stored_answer, why_of
from ..subjects import record_path
from .booking_story import told
from .lateness import late_slip
from .verifications import result_buttons

PRINTABLE = sa.and_(Slip.status.in_((SlipStatus.ACCEPTED, SlipStatus.PARTLY)), Slip.accepted_at.is_not(None))
"""Accepted and not yet over: worth printing (`slips.is_printable` also lets a completed one be printed again)."""
UNDECIDED = (SlipStatus.AWAITING, SlipStatus.PARTLY)


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One instrument of a slip or appointment as a row: what it is, its state, why it is here, what can be done."""

    item: AppointmentItem
    why: str
    why_url: str
    buttons: Sequence[Button] = ()

    @property
    def booked(self) -> instrument_facts.Booked:
        return instrument_facts.booked(self.item)

    @property
    def corrections(self) -> str:
        """What was corrected in the ledger since it was returned, in words."""
        table = MeasuringInstrument.__tablename__
        shown = ((column_words(table, name), now) for name, now in self.booked.changes)
        return "，".join(f"{name} {now or '—'}" for name, now in shown)


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """A receipt in words with who wrote it, when, and whom to call."""

    words: str
    signature: str


def why_url(item: AppointmentItem) -> str:
    return record_path("enterprise", "appointments", item.appointment_id, page=f"items/{item.id}/why")


def correction_button(item: AppointmentItem) -> Button | None:
    """To the field of the ledger an institution named when it returned the item, where there is one."""
    correction = correction_of(item)
    if correction is None:
        return None
    field, words = correction
    return Button(words, record_path("enterprise", "instruments", item.instrument_id, page="edit", anchor=field))


def item_lines(items: Sequence[AppointmentItem]) -> list[ItemLine]:
    """Rows for items, each with why it is where it is."""
    words = WhyWords(stored_answer(item.decision) for item in items if item.decision is not None)
    return [ItemLine(item, _short_why(item, words), why_url(item)) for item in items]


def _short_why(item: AppointmentItem, words: WhyWords) -> str:
    """Why an item is where it is; unmatched, who came nearest (that nobody can stands above the rows)."""
    if item.status is ItemStatus.UNMATCHED and item.decision is not None and item.decision.outcome != "bad_data":
        return words.nearest_sentence(stored_answer(item.decision))
    return why_of(item, words)


def load_items(*clauses: Any) -> list[AppointmentItem]:
    """Items with everything their rows show, in a fixed number of queries."""
    statement = (
        sa.select(AppointmentItem)
        .where(*clauses)
        .options(
            joinedload(AppointmentItem.instrument).joinedload(MeasuringInstrument.kind),
            joinedload(AppointmentItem.instrument).joinedload(MeasuringInstrument.division),
            joinedload(AppointmentItem.institution),
            joinedload(AppointmentItem.returned_by),
            joinedload(AppointmentItem.decision),
            joinedload(AppointmentItem.slip).joinedload(Slip.institution),
        )
        .order_by(AppointmentItem.id)
    )
    return list(db.session.scalars(statement).unique())


def receipt_lines(receipts: Sequence[Receipt], slip: Slip) -> list[ReceiptLine]:
    return [
        ReceiptLine(
            words=receipt_sentence(receipt, slip),
            signature=" · ".join(
                each
                for each in (
                    receipt.written_by.name if receipt.written_by else "",
                    messages.readable(receipt.created_at),
                    slip.institution.phone,
                )
                if each
            ),
        )
        for receipt in receipts
    ]


def receipts_of(slip: Slip) -> list[Receipt]:
    statement = sa.select(Receipt).where(Receipt.slip_id == slip.id).options(joinedload(Receipt.written_by))
    return list(db.session.scalars(statement.order_by(Receipt.id.desc())))


def slip_badge(slip: Slip, items: Sequence[AppointmentItem]) -> Any:
    return badge(slip_label(slip, items), badge_class(slip.status), slip.status.value)


def print_buttons(slip: Slip, *, printable: int) -> list[Button]:
    """打印预约单 and 下载 PDF; before acceptance both are there, disabled, and say why."""
    if not slips.is_printable(slip):
        code = "slip.print_later" if slip.status in UNDECIDED else "slip.print_never"
        return [
            Button(label=_("打印预约单"), why_not=messages.sentence(code)),
            Button(label=_("下载 PDF"), why_not=messages.sentence(code)),
        ]
    too_long = messages.sentence("slip.too_long", {"limit": MAX_ROWS_IN_REQUEST})
    return [
        Button(label=_("打印预约单"), url=record_path("enterprise", "slips", slip.id, page="print")),
        Button(
            label=_("下载 PDF"),
            url=record_path("enterprise", "slips", slip.id, page="slip.pdf"),
            why_not=too_long if printable > MAX_ROWS_IN_REQUEST else "",
        ),
    ]


def waiting_words(slip: Slip) -> str:
    """Until when the institution answers, or that the promise is past, why, and whom to call."""
    if (past := late_slip(slip)) is not None:
        return _("已超过 2 个工作日：%(words)s受理后才能打印。", words=past.words)
    facts = {
        "institution": slip.institution.name,
        "due": day_with_weekday(areas.last_day(slip.due_at)),
    }
    said = messages.sentence("progress.awaiting_acceptance.who", facts)
    return _("%(said)s；受理后才能打印。电话 %(phone)s", said=said, phone=slip.institution.phone)


def changing_words(slip: Slip, items: Sequence[AppointmentItem]) -> str:
    """What to do about an accepted visit that does not suit: nobody but the institution can move or cancel it."""
    if not any(item.status is ItemStatus.ACCEPTED for item in items):
        return ""
    facts = {"institution": slip.institution.name, "phone": slip.institution.phone}
    return _("受理后不能自行撤回。要改期或取消，请打电话给%(institution)s，电话 %(phone)s。", **facts)


class Slips(ScopedModelView):
    """The enterprise's slips."""

    model, noun, title = Slip, "slips", _l("预约单")
    permissions = {"view": P.OWN_SLIPS_READ}
    column_list = ("number", "status", "institution.name", "items", "appointed_on", "place", "arrived_at")
    column_labels = {
        "number": _l("预约单号"),
        "status": _l("状态"),
        "institution.name": _l("技术机构"),
        "items": _l("台（件）"),
        "appointed_on": _l("预约时间"),
        "place": _l("地点"),
        "arrived_at": _l("到达机构"),
    }
    column_formatters = {
        "status": lambda _view, _context, row, _name: slip_badge(row, row.items),
        "items": lambda _view, _context, row, _name: len(row.items),
        "appointed_on": lambda _view, _context, row, _name: plain(appointed(row)),
        "place": lambda _view, _context, row, _name: plain(row.place),
    }
    column_sortable_list = ("number", "appointed_on")
    cell_classes = {"number": "code", "items": "num", "arrived_at": "hide", "place": "wide"}
    load_options = (
        joinedload(Slip.institution),
        joinedload(Slip.appointment),
        selectinload(Slip.items).load_only(AppointmentItem.status),
    )
    search_label = _l("预约单号、预约号、机构")
    tabs = (
        Tab("all", _l("全部")),
        Tab("awaiting", _l("待受理"), Slip.status.in_(UNDECIDED)),
        Tab("printable", _l("可打印"), PRINTABLE),
        Tab("returned", _l("已退回"), Slip.status == SlipStatus.RETURNED),
        Tab("completed", _l("已完成"), Slip.status == SlipStatus.COMPLETED),
    )
    count_unit = _l("张")
    empty_title = _l("还没有预约单")
    empty_help = _l("提交预约后，系统按技术机构分成预约单；受理后在这里打印。")
    details_template = "enterprise/slips/record.html"
    shows_history = False

    def apply_search(self, query: Any, text: str) -> Any:
        for word in text.split()[:6]:
            query = query.where(
                sa.or_(
                    Slip.number.icontains(word, autoescape=True),
                    Slip.appointment.has(number=word),
                    Slip.institution.has(Institution.name.icontains(word, autoescape=True)),
                )
            )
        return query

    def menu_count(self, actor: Actor) -> int | None:
        statement = sa.select(sa.func.count()).select_from(Slip)
        return db.session.scalar(statement.where(Slip.enterprise_id == actor.enterprise_id, PRINTABLE))

    menu_waits = False

    def row_buttons(self, row: Slip) -> Sequence[Button]:
        return print_buttons(row, printable=0)[:1] if slips.is_printable(row) else ()

    def record_title(self, row: Slip) -> str:
        return _("预约单 %(number)s", number=row.number)

    def record_badge(self, row: Slip) -> Any:
        return slip_badge(row, row.items)

    def record_buttons(self, row: Slip) -> list[Button]:
        return []

    def next_step(self, row: Slip) -> NextStep | None:
        """What is, and the print buttons with the reason when they are disabled."""
        self.items_of(row)
        buttons = print_buttons(row, printable=len(slips.printable_items(row)))
        if slips.is_printable(row):
            count = sum(item.status is ItemStatus.ACCEPTED for item in row.items)
            what = _("已受理 %(count)s 台（件）", count=len(slips.printable_items(row)))
            who = arrangement(row) + changing_words(row, row.items) if count else ""
            return NextStep(what=what, who=who, primary=buttons[0], others=buttons[1:])
        if row.status in UNDECIDED:
            what = _("%(count)s 台（件）等待受理", count=len(row.items))
            return NextStep(what=what, who=waiting_words(row), others=buttons, warn=late_slip(row) is not None)
        return NextStep(what=slip_label(row, row.items), others=buttons)

    def cards(self, row: Slip) -> list[Card]:
        institution = row.institution
        url = record_path("enterprise", "appointments", row.appointment_id)
        return [
            Card(
                _("预约单"),
                [
                    Fact(_("预约申请"), row.appointment.number, code=True, url=url),
                    Fact(_("技术机构"), institution.name),
                    Fact(_("机构电话"), institution.phone),
                    Fact(_("机构地址"), institution.address),
                    Fact(_("预约时间"), appointed(row)),
                    Fact(_("地点"), row.place),
                    Fact(_("到达机构"), plain(row.arrived_at)),
                    Fact(_("最迟受理"), day_with_weekday(areas.last_day(row.due_at))),
                ],
            )
        ]

    def history(self, row: Slip) -> Sequence[Event]:
        """经过: matched, accepted, moved, verified. What the audit holds of a slip itself is told in it."""
        return told(appointment_history.of_slip(self.actor, row.id), [row])

    def items_of(self, row: Slip) -> list[AppointmentItem]:
        """The slip's items with their instruments, loaded once a request."""
        if g.get("slip_of_items") != row.id:
            g.slip_of_items, g.slip_items = row.id, load_items(AppointmentItem.slip_id == row.id)
        found: list[AppointmentItem] = g.slip_items
        return found

    def record_context(self, row: Slip) -> dict[str, Any]:
        return {
            "lines": self._lines(row),
            "receipts": receipt_lines(receipts_of(row), row),
        }

    def _lines(self, row: Slip) -> list[ItemLine]:
        """The rows, each with its result once there is one."""
        items = self.items_of(row)
        results = verification_reading.of_items(self.actor, [item.id for item in items])
        return [replace(line, buttons=result_buttons(results.get(line.item.id))) for line in item_lines(items)]

    @expose("/<key>/print")
    def print_view(self, key: str) -> str:
        """The slip's web page, made to be printed by the browser."""
        row = self.row_or_404(key)
        content = self._content(row)
        is_long = content.total > MAX_ROWS_IN_REQUEST
        return self.render(
            "enterprise/slips/print.html",
            row=row,
            slip=content,
            slip_qr=qr_data_uri(content.acceptance_url),
            slip_pdf_url="" if is_long else self.url_of("pdf_view", key=row.id),
            back_url=self.record_url(row),
        )

    @expose("/<key>/slip.pdf")
    def pdf_view(self, key: str) -> Response:
        """The slip as PDF; an unchanged one is answered 304 without being drawn again."""
        row = self.row_or_404(key)
        content = self._content(row)
        etag = hashlib.sha256(repr(content).encode()).hexdigest()[:32]
        answer = make_response()
        if etag not in request.if_none_match:
            settings: Settings = current_app.config["SETTINGS"]
            answer.data = slip_printing.pdf(
                self.actor, row.id, public_url=settings.public_url, secret=settings.secret_key
            )
            answer.content_type = "application/pdf"
            answer.headers["Content-Disposition"] = attachment(f"{row.number}-预约单.pdf", plain=f"{row.number}.pdf")
        else:
            answer.status_code = 304
        answer.set_etag(etag)
        answer.headers["Cache-Control"] = "private, no-store"
        return answer

    def _content(self, row: Slip) -> Any:
        settings: Settings = current_app.config["SETTINGS"]
        return slip_printing.content(self.actor, row.id, public_url=settings.public_url, secret=settings.secret_key)


def attachment(name: str, *, plain: str) -> str:
    """The header of a download with a Chinese name; `plain` is for programs that read only ASCII."""
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"


def appointed(slip: Slip) -> str:
    """The day and time people are expected, or how it is arranged."""
    if slip.accepted_at is None:
        return ""
    if slip.appointed_on is None:
        return _("待电话约定")
    return f"{day_with_weekday(slip.appointed_on)} {slip.appointed_time}".strip()
