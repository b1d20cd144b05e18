"""我的工作: numbers that open their lists, what waits for this person, and for a new account where to begin."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from ... import clock, messages, scoping
from ...actor import Actor
from ...database import db
from ...messages.wording import day_with_weekday
from ...models import Appointment, AppointmentItem, MeasuringInstrument, Slip, Verification
from ...permissions import P
from ...services import appointment_drafts, instrument_facts, job_runs, slips, verification_reading
from ...services.ledger_status import valid_until
from ...states import AppointmentStatus, ItemStatus, VerificationStatus
from ..base import Button, PanelView, ScopedModelView, Tab
from ..formatting import state_badge
from ..item_words import arrangement
from ..subjects import record_path
from ..tiles import TileOf, tiles
from ..verification_pages import document_words
from .appointments import item_counts
from .choosing import due_to_book, returned_clause
from .lateness import due_words, late_appointments
from .progress_pages import counted_words
from .slips import PRINTABLE, correction_button, why_url
from .verifications import ways_on

MOST_ROWS = 10
"""Rows of one sort on the home page; the tile opens all of them."""
TILES = (
    TileOf("instruments", "overdue", _l("已超期，检定合格前不得使用"), "bad"),
    TileOf("instruments", "failed", _l("检定不合格，停用待修"), "bad"),
    TileOf("instruments", "due_soon", _l("30 天内到期"), "warn"),
    TileOf("instruments", "never", _l("在用，还没有检定过"), "warn"),
    TileOf("returned-items", "all", _l("退回待更正")),
    TileOf("corrections", "pending", _l("更正建议待确认"), "warn"),
    TileOf("slips", "printable", _l("可打印")),
    TileOf("appointments", "draft", _l("草稿")),
)


@dataclass(frozen=True, slots=True)
class Task:
    """A row of 需要您处理 with its one button, and for what failed the other way on."""

    what: str
    code: str
    badge: Any
    why: str
    due: str
    button: Button
    others: Sequence[Button] = ()


class EnterpriseHome(PanelView):
    """Home of the enterprise's panel."""

    noun, title, permission, in_dock = "", _l("我的工作"), P.OWN_LEDGER_READ, True

    @expose("/")
    def index(self) -> str:
        booking = Button(_("新增预约"), "/enterprise/appointments/new", post=True)
        if self._is_new():
            return self.render("enterprise/home.html", is_new=True, title=self.title, new_appointment=booking)
        tasks = self._tasks()
        return self.render(
            "enterprise/home.html",
            is_new=False,
            title=self.title,
            tiles=tiles(self, TILES),
            tasks=tasks,
            open_appointments=self._open_appointments(),
            jobs_stopped_since=job_runs.not_running_since(),
            new_appointment=replace(booking, primary=True),
            import_ledger=Button(_("导入台账"), record_path("enterprise", "imports", "new")),
        )

    def _is_new(self) -> bool:
        """Nothing in the ledger and nothing booked yet."""
        return not any(
            db.session.scalar(sa.select(scoping.visible(self.actor, model).exists()))
            for model in (MeasuringInstrument, Appointment)
        )

    def _tasks(self) -> list[Task]:
        actor = self.actor
        return [
            *returned_tasks(actor),
            *failed_tasks(actor),
            *printable_tasks(actor),
            *draft_tasks(actor),
            *due_tasks(actor, VerificationStatus.OVERDUE),
            *due_tasks(actor, VerificationStatus.DUE_SOON),
            *due_tasks(actor, VerificationStatus.NEVER),
        ]

    def _open_appointments(self) -> list[dict[str, Any]]:
        """The newest submitted ones that are not over: whose turn, and by when."""
        rows = db.session.scalars(
            scoping.visible(self.actor, Appointment)
            .where(Appointment.status.in_((AppointmentStatus.SUBMITTED, AppointmentStatus.FEEDBACK)))
            .order_by(Appointment.id.desc())
            .limit(MOST_ROWS)
        ).all()
        ids = [row.id for row in rows]
        counts, late = state_counts(ids), late_appointments(ids)
        return [
            {
                "states": "，".join(counted_words(counts.get(row.id, Counter()))),
                "number": row.number,
                "url": record_path("enterprise", "appointments", row.id),
                "badge": state_badge(row.status),
                "count": counts.get(row.id, Counter()).total(),
                "submitted": messages.readable(row.submitted_at),
                "due": due_words(row, is_late=row.id in late),
            }
            for row in rows
        ]


def state_counts(appointment_ids: Sequence[int]) -> dict[int, Counter[ItemStatus]]:
    """How many items of each appointment are in which state."""
    statement = (
        sa.select(AppointmentItem.appointment_id, AppointmentItem.status, sa.func.count())
        .where(AppointmentItem.appointment_id.in_(appointment_ids))
        .group_by(AppointmentItem.appointment_id, AppointmentItem.status)
    )
    found: dict[int, Counter[ItemStatus]] = defaultdict(Counter)
    for appointment_id, status, count in db.session.execute(statement):
        found[appointment_id][status] = count
    return found


def returned_tasks(actor: Actor) -> list[Task]:
    """Returned instruments: the reason, and the field to correct."""
    items = db.session.scalars(
        scoping.visible(actor, AppointmentItem)
        .where(returned_clause())
        .options(
            joinedload(AppointmentItem.instrument).joinedload(MeasuringInstrument.kind),
            joinedload(AppointmentItem.instrument).joinedload(MeasuringInstrument.division),
            joinedload(AppointmentItem.returned_by),
        )
        .order_by(AppointmentItem.id.desc())
        .limit(MOST_ROWS)
    ).unique()
    return [_returned(item) for item in items]


def _returned(item: AppointmentItem) -> Task:
    institution = item.returned_by.name if item.returned_by else ""
    reason = item.return_words or (messages.label(item.return_code) if item.return_code else "")
    booked = instrument_facts.booked(item)
    return Task(
        what=booked.title,
        code=booked.serial,
        badge=state_badge(item.status),
        why=_("%(institution)s退回：%(reason)s", institution=institution, reason=reason),
        due="—",
        button=correct_button(item),
    )


def failed_tasks(actor: Actor) -> list[Task]:
    """Instruments that failed: to be repaired and booked again, or scrapped; one in a draft leads back to it."""
    fails = verification_reading.fails_to_repair(actor, limit=MOST_ROWS)
    drafts = appointment_drafts.drafts_with([row.instrument_id for row in fails])
    return [_failed(row, drafts.get(row.instrument_id)) for row in fails]


def _failed(row: Verification, draft_id: int | None) -> Task:
    first, *others = ways_on(row)
    if draft_id is not None:
        first = Button(_("回到预约草稿"), record_path("enterprise", "appointments", draft_id))
    words = {"institution": row.institution.name, "day": row.verified_on, "document": document_words(row)}
    return Task(
        what=row.instrument.name,
        code=row.instrument.full_serial,
        badge=state_badge(VerificationStatus.FAILED),
        why=_("%(institution)s %(day)s 检定不合格（%(document)s）。修理并检定合格前不得使用（计量法第九条）", **words),
        due=_("立即停用"),
        button=replace(first, primary=False),
        others=others,
    )


def correct_button(item: AppointmentItem) -> Button:
    """To the ledger field the institution named, else to the appointment, where the choices stand."""
    seen = Button(_("查看退回原因"), record_path("enterprise", "appointments", item.appointment_id))
    return correction_button(item) or seen


def printable_tasks(actor: Actor) -> list[Task]:
    rows = db.session.scalars(
        scoping.visible(actor, Slip)
        .where(PRINTABLE)
        .options(joinedload(Slip.institution), selectinload(Slip.items).joinedload(AppointmentItem.instrument))
        .order_by(Slip.appointed_on.nulls_last(), Slip.id)
        .limit(MOST_ROWS)
    )
    return [
        Task(
            what=_("预约单"),
            code=slip.number,
            badge=state_badge(slip.status),
            why=_(
                "%(institution)s已受理 %(count)s 台（件）。%(arrangement)s",
                institution=slip.institution.name,
                count=len(slips.printable_items(slip)),
                arrangement=arrangement(slip),
            ),
            due=day_with_weekday(slip.appointed_on) if slip.appointed_on else "—",
            button=Button(_("打印预约单"), record_path("enterprise", "slips", slip.id, page="print")),
        )
        for slip in rows
    ]


def draft_tasks(actor: Actor) -> list[Task]:
    rows = db.session.scalars(
        scoping.visible(actor, Appointment)
        .where(Appointment.status == AppointmentStatus.DRAFT)
        .order_by(Appointment.id.desc())
        .limit(MOST_ROWS)
    ).all()
    counts = item_counts([row.id for row in rows])
    return [
        Task(
            what=_("草稿 · %(count)s 台（件）", count=counts.get(row.id, 0)),
            code=row.number,
            badge=state_badge(row.status),
            why=_("已选器具，尚未提交") if row.id in counts else _("还没有选择器具"),
            due="—",
            button=Button(_("继续"), record_path("enterprise", "appointments", row.id)),
        )
        for row in rows
    ]


def due_tasks(actor: Actor, status: VerificationStatus) -> list[Task]:
    """One row for all instruments that are overdue (or soon due) and not booked yet."""
    query = due_to_book(actor, status).with_only_columns(sa.func.count(), sa.func.min(valid_until()))
    count, earliest = db.session.execute(query).one()
    if not count:
        return []
    days = (clock.today() - earliest).days if earliest is not None else 0
    if earliest is None:
        why = _("在用，还没有检定记录，也没有填报以前的证书。未按规定申请检定的不得使用（计量法第九条）")
    elif days > 0:
        why = _(
            "最早的有效期至 %(day)s，已超期 %(days)s 天。检定合格前不得使用（计量法第九条）", day=earliest, days=days
        )
    else:
        why = _("最早的有效期至 %(day)s，请提前预约", day=earliest)
    return [
        Task(
            what=_("%(count)s 台（件）未预约", count=count),
            code="",
            badge=state_badge(status),
            why=why,
            due=_("已过") if days > 0 else earliest.isoformat() if earliest is not None else "—",
            button=Button(_("预约检定"), f"/enterprise/appointments/new?with={status.value}", post=True),
        )
    ]


class ReturnedItems(ScopedModelView):
    """退回待更正: instruments an institution returned that are neither booked again nor put aside."""

    model, noun, title, in_menu = AppointmentItem, "returned-items", _l("退回待更正"), False
    permissions = {"view": P.OWN_APPOINTMENTS_READ}
    can_view_details = False
    column_list = ("instrument.name", "status", "serial", "returned_by.name", "return_code", "return_words", "number")
    column_labels = {
        "instrument.name": _l("器具"),
        "status": _l("流程状态"),
        "serial": _l("出厂编号"),
        "returned_by.name": _l("技术机构"),
        "return_code": _l("退回原因"),
        "return_words": _l("说明"),
        "number": _l("预约号"),
    }
    column_formatters = {
        "status": lambda _view, _context, row, _name: state_badge(row.status),
        "serial": lambda _view, _context, row, _name: row.instrument.full_serial,
        "number": lambda _view, _context, row, _name: row.appointment.number,
    }
    cell_classes = {"serial": "code", "number": "code hide", "return_words": "wide"}
    load_options = (
        joinedload(AppointmentItem.instrument),
        joinedload(AppointmentItem.returned_by),
        joinedload(AppointmentItem.appointment),
    )
    tabs = (Tab("all", _l("全部")),)
    count_unit = _l("台（件）")
    empty_title = _l("没有退回的器具")
    empty_help = _l("技术机构退回的器具会列在这里，可以更正后重新预约。")

    def scope(self) -> Any:
        return super().scope().where(returned_clause())

    def record_url(self, row: AppointmentItem) -> str:
        return why_url(row)

    def row_buttons(self, row: AppointmentItem) -> Sequence[Button]:
        return [correct_button(row)]
