"""预约申请: the list, a draft's wizard, and the record of what became of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, g, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from ... import messages, workflow
from ...actor import Actor
from ...database import db
from ...errors import Invalid
from ...models import Appointment, AppointmentItem, Institution, MeasuringInstrument, Slip
from ...permissions import P
from ...services import appointment_drafts, appointments
from ...states import AppointmentStatus, ItemStatus, VerificationStatus
from ...web.form_keys import Done, once
from ...workflow import ItemAction
from ..actions import record_action
from ..base import Button, Event, NextStep, ScopedModelView, Tab, needs
from ..formatting import as_badge, plain, state_badge
from ..institution.why import sentence as whole_reason
from ..item_words import WhyWords, explain_state, stored_answer, unmatched_sentence, why_of
from ..item_words import office_of as office_for
from ..keys import coerce_key
from ..on_behalf_words import badge_with_on_behalf, with_on_behalf
from .choosing import ChoosingPages, ids_to_book, returned_clause
from .drafts import DraftPages
from .lateness import due_words, late, late_appointments
from .progress_pages import SubmittedPages
from .slips import load_items

S = AppointmentStatus
WITHDRAWABLE = workflow.transition(ItemAction.WITHDRAW).sources


class Appointments(DraftPages, ChoosingPages, SubmittedPages, ScopedModelView):
    """The enterprise's appointments; a draft's record is the page on which it is submitted."""

    model, noun, title = Appointment, "appointments", _l("预约申请")
    permissions = {"view": P.OWN_APPOINTMENTS_READ}
    in_dock, dock_label = True, _l("预约")
    column_list = ("number", "status", "items", "submitted_at", "institutions", "due_at")
    column_labels = {
        "number": _l("预约号"),
        "status": _l("状态"),
        "items": _l("台（件）"),
        "submitted_at": _l("提交时间"),
        "institutions": _l("技术机构"),
        "due_at": _l("最迟答复"),
    }
    column_formatters = {
        "status": as_badge,
        "items": lambda view, _context, row, _name: view.counts().get(row.id, 0),
        "institutions": lambda view, _context, row, _name: "、".join(view.institutions().get(row.id, [])) or "—",
        "submitted_at": lambda _view, _context, row, _name: with_on_behalf(plain(row.submitted_at), row),
        "due_at": lambda _view, _context, row, _name: due_words(row, is_late=row.id in g.get("late_appointments", ())),
    }
    column_sortable_list = ("number", "submitted_at")
    cell_classes = {"number": "code", "items": "num", "institutions": "wide"}
    search_label = _l("预约号、器具、出厂编号、机构")
    tabs = (
        Tab("all", _l("全部")),
        Tab("draft", _l("草稿"), Appointment.status == S.DRAFT),
        Tab("submitted", _l("已提交"), Appointment.status == S.SUBMITTED),
        Tab("feedback", _l("已反馈"), Appointment.status == S.FEEDBACK),
        Tab("closed", _l("已办结"), Appointment.status == S.CLOSED),
        Tab("withdrawn", _l("已撤回"), Appointment.status == S.WITHDRAWN),
    )
    count_unit = _l("个预约")
    empty_title = _l("还没有预约")
    empty_help = _l("点“新增”，从台账选择器具后提交；分配到哪家机构、为什么、最迟何时答复，都会显示在这里。")
    details_template = "enterprise/appointments/record.html"

    # The list

    def apply_search(self, query: Any, text: str) -> Any:
        """By number, by an instrument in it, by an institution it went to."""
        for word in text.split()[:6]:
            items = (
                sa.select(AppointmentItem.appointment_id)
                .join(AppointmentItem.instrument)
                .where(
                    MeasuringInstrument.enterprise_id == self.actor.enterprise_id,
                    MeasuringInstrument.search_text.contains(word.lower(), autoescape=True),
                )
            )
            institutions = (
                sa.select(Slip.appointment_id)
                .join(Slip.institution)
                .where(Institution.name.icontains(word, autoescape=True))
            )
            query = query.where(
                sa.or_(
                    Appointment.number.icontains(word, autoescape=True),
                    Appointment.id.in_(items),
                    Appointment.id.in_(institutions),
                )
            )
        return query

    def page_of(self, state: Any) -> Any:
        """One query each for the counts, institutions and lateness of the whole page."""
        page = super().page_of(state)
        ids = [row.id for row in page.rows]
        g.appointment_counts, g.late_appointments = item_counts(ids), late_appointments(ids)
        names: dict[int, list[str]] = {}
        g.appointment_institutions = names
        named = sa.select(Slip.appointment_id, Institution.name).join(Slip.institution).distinct()
        for appointment_id, name in db.session.execute(named.where(Slip.appointment_id.in_(ids))):
            names.setdefault(appointment_id, []).append(name)
        return page

    def counts(self) -> dict[int, int]:
        found: dict[int, int] = g.get("appointment_counts", {})
        return found

    def institutions(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = g.get("appointment_institutions", {})
        return found

    def menu_count(self, actor: Actor) -> int | None:
        """Appointments with something to correct."""
        waiting = sa.select(AppointmentItem.appointment_id).where(
            AppointmentItem.enterprise_id == actor.enterprise_id, returned_clause()
        )
        return db.session.scalar(sa.select(sa.func.count(sa.distinct(waiting.subquery().c.appointment_id))))

    def create_button(self) -> Button | None:
        if not self.may(P.OWN_APPOINTMENTS_EDIT):
            return None
        return Button(label=_("新增"), url=self.url_of("begin"), post=True, primary=True)

    def row_buttons(self, row: Appointment) -> Sequence[Button]:
        return [Button(_("继续"), self.record_url(row))] if row.status is S.DRAFT else ()

    @expose("/new", methods=("POST",))
    @needs(P.OWN_APPOINTMENTS_EDIT)
    def begin(self) -> Response:
        """A new draft. `?with=overdue|due_soon|never` or `?instrument=<id>` puts instruments in at once."""
        wanted = request.args.get("with", "")
        instrument = request.args.get("instrument", "")

        def work() -> Done:
            draft = appointment_drafts.create_draft(self.actor)
            if instrument:
                appointment_drafts.choose(self.actor, draft.id, [key_or_404(instrument)])
            elif wanted in (VerificationStatus.OVERDUE, VerificationStatus.DUE_SOON, VerificationStatus.NEVER):
                status = VerificationStatus(wanted)
                appointment_drafts.choose(
                    self.actor, draft.id, ids_to_book(self.actor, status, limit=appointment_drafts.MOST_ITEMS)
                )
            else:
                return Done(self.url_of("choose_view", key=draft.id))
            return Done(self.record_url(draft), _("已建立草稿并放入器具，请核对后提交。"))

        return self._once_or_say(work, back=self.url_of("index_view"))

    # The record

    def record_title(self, row: Appointment) -> str:
        return _("预约 %(number)s", number=row.number)

    def record_badge(self, row: Appointment) -> Any:
        return badge_with_on_behalf(state_badge(row.status), row)

    def record_context(self, row: Appointment) -> dict[str, Any]:
        if row.status is S.DRAFT:
            return {"draft": self.draft_context(row), "submitted": None}
        return {"draft": None, "submitted": self.submitted_context(row)}

    def next_step(self, row: Appointment) -> NextStep | None:
        return None if row.status is S.DRAFT else self.submitted_step(row)

    def history(self, row: Appointment) -> Sequence[Event] | None:
        return None if row.status is S.DRAFT else self.events(row)

    # What may be asked for

    def is_offered(self, code: str, row: Appointment) -> bool:
        if code == "remove":
            return row.status is S.DRAFT
        return any(item.status in WITHDRAWABLE for item in row.items)

    @record_action(
        "withdraw",
        label=_l("撤回"),
        permission=P.OWN_APPOINTMENTS_WITHDRAW,
        confirm=lambda view, row: view.withdrawal_sentence(row),
        danger=True,
        template="enterprise/appointments/withdraw.html",
    )
    def withdraw(self, actor: Actor, row: Appointment, values: dict[str, Any]) -> Done:
        """Everything not yet accepted, or the items named in the form."""
        ids = self.asked_items()
        count = appointments.withdraw(actor, row.id, ids or None)
        return Done("", _("已撤回 %(count)s 台（件）。", count=count))

    @record_action(
        "remove",
        label=_l("删除草稿"),
        permission=P.OWN_APPOINTMENTS_EDIT,
        confirm=lambda view, row: _("删除草稿不影响台账里的 %(count)s 台（件）器具。", count=len(row.items)),
        danger=True,
    )
    def remove_draft(self, actor: Actor, row: Appointment, values: dict[str, Any]) -> Done:
        appointment_drafts.remove_draft(actor, row.id)
        return Done(self.url_of("index_view"), _("已删除草稿。"))

    def asked_items(self) -> list[int]:
        """Item ids named in the form, or in the link to it; anything malformed does not exist."""
        source = request.form if request.method == "POST" else request.args
        return [key_or_404(raw) for raw in source.getlist("item")]

    def to_withdraw(self, row: Appointment) -> list[AppointmentItem]:
        """The items the confirmation is about; asking for others than this appointment's is a 404."""
        asked = self.asked_items()
        if not set(asked) <= {item.id for item in row.items}:
            abort(404)
        return [item for item in row.items if item.status in WITHDRAWABLE and (not asked or item.id in asked)]

    def withdrawal_sentence(self, row: Appointment) -> str:
        count = len(self.to_withdraw(row))
        kept = sum(item.status in workflow.ACCEPTED_AND_AFTER for item in row.items)
        said = _("撤回 %(count)s 台（件）：撤回后解锁，可以修改台账后重新预约。", count=count)
        if kept:
            said += _("已受理的 %(count)s 台（件）不受影响。", count=kept)
        return said

    @expose("/<key>/book-again", methods=("POST",))
    @needs(P.OWN_APPOINTMENTS_EDIT)
    def book_again(self, key: str) -> Response:
        """A new draft with exactly what was returned."""
        row = self.row_or_404(key)

        def work() -> Done:
            draft = appointments.book_failed_again(self.actor, row.id)
            return Done(self.record_url(draft), _("已把被退回的器具放入新的草稿，请核对后提交。"))

        return self._once_or_say(work, back=self.record_url(row))

    def _once_or_say(self, work: Callable[[], Done], *, back: str) -> Response:
        """A button without a page of its own: a refusal is said on the page it stands on."""
        try:
            return once(work)
        except Invalid as refused:
            for problem in refused.problems.values():
                flash(messages.sentence(problem.code, problem.facts), "error")
            return redirect(back, 303)

    @expose("/<key>/items/<item_id>/put-aside", methods=("POST",))
    @needs(P.OWN_APPOINTMENTS_EDIT)
    def put_aside(self, key: str, item_id: str) -> Response:
        """不再预约: let a returned instrument rest."""
        row = self.row_or_404(key)
        item = self._item(row, item_id)

        def work() -> Done:
            appointments.put_aside(self.actor, item.id)
            return Done(self.record_url(row), _("已设为不再预约：%(instrument)s。", instrument=item.instrument))

        return once(work)

    @expose("/<key>/items/<item_id>/why")
    def why_view(self, key: str, item_id: str) -> str:
        """为什么: one sentence, what the state means, and for an unmatched item the nearest institutions."""
        row = self.row_or_404(key)
        item = self._item(row, item_id)
        answer = stored_answer(item.decision) if item.decision is not None else None
        words = WhyWords([answer] if answer else [])
        office = office_for(item.instrument.division_code)
        sentence = why_of(item, words)
        if item.status is ItemStatus.UNMATCHED and answer is not None and answer.outcome != "bad_data":
            sentence = unmatched_sentence(
                words.kind_name(answer), office, row.due_at, excluded=words.excluded(answer), answer=item.office_answer
            )
        return self.render(
            "enterprise/appointments/why.html",
            row=row,
            item=item,
            sentence=sentence,
            whole=whole_reason(item),
            state=explain_state(item, office=office),
            late=late(item, office=office),
            nearest=words.nearest(answer) if answer and item.status is ItemStatus.UNMATCHED else [],
            back_url=self.record_url(row),
        )

    def _item(self, row: Appointment, item_id: str) -> AppointmentItem:
        found = load_items(AppointmentItem.appointment_id == row.id, AppointmentItem.id == key_or_404(item_id))
        if not found:
            abort(404)
        return found[0]


def item_counts(appointment_ids: Sequence[int]) -> dict[int, int]:
    """How many items each appointment has; those without any are left out."""
    counted = (
        sa.select(AppointmentItem.appointment_id, sa.func.count())
        .where(AppointmentItem.appointment_id.in_(appointment_ids))
        .group_by(AppointmentItem.appointment_id)
    )
    return dict(db.session.execute(counted).tuples().all())


def key_or_404(raw: str) -> int:
    key = coerce_key(AppointmentItem.id, raw)
    if key is None:
        abort(404)
    return int(key)
