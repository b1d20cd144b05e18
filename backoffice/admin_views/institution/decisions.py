"""Accept, return and re-arrange: confirmation pages of a slip, and the POST that decides once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _

from ...database import db
from ...errors import Conflict, Invalid
from ...models import AppointmentItem, Receipt, Slip
from ...permissions import Permission
from ...services import acceptance, slips
from ...states import ItemStatus, ReturnCode, SlipStatus
from ...web.form_keys import Done, once
from ..forms import PanelForm, place_problems
from ..guards import needs
from ..view_parts import ViewPart
from .forms import ArrangementForm, ReturnForm, arrangement_of, wish_facts
from .look_ups import items_of_slip

CHOICE = "item"
"""Name of the check boxes of a slip's items."""
DECIDED = "confirmed"
"""Sent by the confirmation page; without it a POST only opens that page with what was ticked."""


class SlipDecisions(ViewPart):
    """Mixin of the institution's slips: `/<id>/accept`, `/<id>/return`, `/<id>/arrange`."""

    @expose("/<key>/accept", methods=("GET", "POST"))
    @needs(Permission.MATCHED_SLIPS_ACCEPT)
    def accept_view(self, key: str) -> Any:
        slip: Slip = self.row_or_404(key)
        form = ArrangementForm(_sent(), data=arrangement_of(slip))

        def work(ids: list[int]) -> Done:
            acceptance.accept(self.actor, slip.id, item_ids=ids, **form.arrangement())
            said = _("已受理 %(count)s 台（件），回执已发给%(name)s。", count=len(ids), name=slip.enterprise.name)
            return Done(self.record_url(slip), said)

        return self._decide(slip, form, work, verb=_("受理"), template="institution/slips/accept.html")

    @expose("/<key>/return", methods=("GET", "POST"))
    @needs(Permission.MATCHED_SLIPS_RETURN)
    def return_view(self, key: str) -> Any:
        slip: Slip = self.row_or_404(key)
        form = ReturnForm(_sent())

        def work(ids: list[int]) -> Done:
            acceptance.return_items(
                self.actor, slip.id, item_ids=ids, code=ReturnCode(form.code.data), words=form.words.data or ""
            )
            said = _("已退回 %(count)s 台（件），回执已发给%(name)s。", count=len(ids), name=slip.enterprise.name)
            return Done(self.record_url(slip), said)

        return self._decide(slip, form, work, verb=_("退回"), template="institution/slips/return.html")

    @expose("/<key>/arrange", methods=("GET", "POST"))
    @needs(Permission.MATCHED_SLIPS_ACCEPT)
    def arrange_view(self, key: str) -> Any:
        slip: Slip = self.row_or_404(key)
        if request.method == "GET" and not may_be_arranged(slip):
            abort(404)
        form = ArrangementForm(request.form or None, data=arrangement_of(slip))
        heading = _("改时间地点 · %(number)s", number=slip.number)

        def work() -> Done:
            changed = acceptance.change_arrangement(self.actor, slip.id, **form.arrangement())
            said = _("已保存新的时间地点，预约单现为第 %(version)s 版。", version=changed.version)
            return Done(self.record_url(slip), said)

        return self._serve(
            form, work, "institution/slips/arrange.html", slip=slip, heading=heading, verb=_("保存时间地点")
        )

    def _decide(
        self, slip: Slip, form: PanelForm, work: Callable[[list[int]], Done], *, verb: str, template: str
    ) -> Any:
        chosen = request.form.getlist(CHOICE) if request.method == "POST" else None
        items = items_of_slip(self.actor, slip.id)
        if request.method == "POST" and DECIDED in request.form:
            return self._decide_now(slip, form, work, items, _numbers(chosen or []), verb=verb, template=template)
        waiting = [item for item in items if item.status is ItemStatus.AWAITING_ACCEPTANCE]
        if chosen is not None:
            waiting = [item for item in waiting if str(item.id) in set(chosen)]
        if not waiting:
            flash(_("请先勾选待受理的器具。") if slip.status in OPEN else _("这张预约单没有待受理的器具了。"), "warn")
            return redirect(self.record_url(slip), 303)
        return self._page(form, template, slip=slip, items=waiting, verb=verb)

    def _decide_now(
        self,
        slip: Slip,
        form: PanelForm,
        work: Callable[[list[int]], Done],
        items: Sequence[AppointmentItem],
        ids: list[int],
        *,
        verb: str,
        template: str,
    ) -> Any:
        if not ids:
            flash(_("请先勾选待受理的器具。"), "warn")
            return redirect(self.record_url(slip), 303)
        number, slip_id = slip.number, slip.id
        shown = [item for item in items if item.id in ids]

        def decide() -> Done:
            try:
                return work(ids)
            except Conflict as late:
                raise _told(late, number, slip_id, len(ids)) from late

        return self._serve(form, decide, template, slip=slip, items=shown, verb=verb)

    def _serve(self, form: PanelForm, work: Callable[[], Done], template: str, **facts: Any) -> Any:
        if request.method == "GET":
            return self._page(form, template, **facts)
        if not form.validate() or not _is_settled(form, facts["slip"]):
            return self._page(form, template, **facts), 422
        try:
            return once(work)
        except Invalid as refused:
            return self._page(form, template, problems=place_problems(form, refused), **facts), 422

    def _page(self, form: PanelForm, template: str, *, problems: Sequence[str] = (), **facts: Any) -> str:
        slip: Slip = facts["slip"]
        wishes = wish_facts(slip.appointment)
        return self.render(
            template, form=form, problems=problems, back_url=self.record_url(slip), wishes=wishes, **facts
        )


OPEN = (SlipStatus.AWAITING, SlipStatus.PARTLY)


def may_be_arranged(slip: Slip) -> bool:
    """Whether date and place may still change: accepted, and not all of it over."""
    return slips.is_printable(slip) and slip.status is not SlipStatus.COMPLETED


def _is_settled(form: PanelForm, slip: Slip) -> bool:
    """An arrangement whose day is doubtful is confirmed first."""
    return not isinstance(form, ArrangementForm) or form.is_day_settled(slip.appointment)


def _sent() -> Any:
    """Form values only of the confirmation page itself."""
    return request.form if request.method == "POST" and DECIDED in request.form else None


def _numbers(texts: Sequence[str]) -> list[int]:
    """Keys as numbers; anything else looks like a row that does not exist."""
    if not all(text.isascii() and text.isdigit() and len(text) < 19 for text in texts):
        abort(404)
    return sorted({int(text) for text in texts})


def _told(late: Conflict, number: str, slip_id: int, count: int) -> Conflict:
    """The refusal of the second of two people, naming the first."""
    if late.code != "already_decided":
        return late
    last = db.session.scalars(
        sa.select(Receipt).where(Receipt.slip_id == slip_id).order_by(Receipt.id.desc()).limit(1)
    ).first()
    by = last.written_by.name if last and last.written_by else db.session.get_one(Slip, slip_id).enterprise.name
    return Conflict("items_decided_meanwhile", number=number, count=late.facts["count"], by=by)
