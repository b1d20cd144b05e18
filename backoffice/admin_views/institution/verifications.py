"""检定结果 of an institution: what is to be entered, what waits for another person, what is published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from ... import messages
from ...actor import Actor
from ...database import db
from ...models import AppointmentItem, Enterprise, MeasuringInstrument, Slip, Verification
from ...permissions import Permission
from ...services import verification_reading, verifications
from ...states import ItemStatus
from ..actions import Action, batch_action, record_action
from ..base import Done, ScopedModelView
from ..formatting import plain
from ..lists import ListState, Tab
from ..pagination import Order
from ..records import Button, NextStep
from ..verification_pages import VerificationPages
from .verification_forms import PublishForm, VerificationForm, first_values, form_heading, result_of, stored_values

P = Permission
NEVER = datetime.min.replace(tzinfo=UTC)


def is_to_be_published() -> sa.ColumnElement[bool]:
    """Entered, and its item still waits: what another person may publish."""
    waiting = sa.select(AppointmentItem.id).where(AppointmentItem.status == ItemStatus.ACCEPTED)
    return sa.and_(verifications.is_unpublished(), Verification.item_id.in_(waiting))


class ResultsToEnter(ScopedModelView):
    """Accepted items without a result. Their page is the slip's; here stands the form."""

    model, noun, title = AppointmentItem, "results-to-enter", _l("待登记结果")
    permissions = {"view": P.MATCHED_RESULTS_READ}
    can_view_details, shows_history = False, False
    column_list = ("instrument", "serial", "kind", "range", "enterprise", "slip", "appointed_on")
    column_labels = {
        "instrument": _l("计量器具"),
        "serial": _l("出厂编号"),
        "kind": _l("种别"),
        "range": _l("测量范围"),
        "enterprise": _l("器具使用单位"),
        "slip": _l("预约单"),
        "appointed_on": _l("约定日期"),
    }
    column_formatters = {
        "instrument": lambda _view, _context, row, _name: row.instrument.name,
        "serial": lambda _view, _context, row, _name: row.instrument.full_serial,
        "kind": lambda _view, _context, row, _name: row.instrument.kind.name,
        "range": lambda _view, _context, row, _name: plain(row.instrument.measuring_range),
        "enterprise": lambda _view, _context, row, _name: row.enterprise.name,
        "slip": lambda _view, _context, row, _name: row.slip.number if row.slip else "—",
        "appointed_on": lambda _view, _context, row, _name: plain(row.slip.appointed_on if row.slip else None),
    }
    cell_classes = {"serial": "code", "enterprise": "wide", "slip": "code", "range": "hide"}
    load_options = (
        joinedload(AppointmentItem.instrument).joinedload(MeasuringInstrument.kind),
        joinedload(AppointmentItem.enterprise),
        joinedload(AppointmentItem.slip),
    )
    tabs = (Tab("waiting", _l("待登记"), lambda _actor: verifications.is_to_be_entered()),)
    search_label = _l("器具、预约单或单位")
    count_unit = _l("台（件）")
    empty_title = _l("没有等着登记结果的器具")
    empty_help = _l("受理并检定之后，在这里逐台登记结果；由本机构另一人核验发布后，台账的证书编号和有效期才更新。")

    def menu_count(self, actor: Actor) -> int | None:
        query = self.scope().where(verifications.is_to_be_entered()).with_only_columns(sa.func.count())
        return db.session.scalar(query) or 0

    def order(self, state: ListState) -> Order:
        return Order(self._key, AppointmentItem.slip_id)

    def tab_links(self, state: ListState) -> list[dict[str, Any]]:
        return verification_tabs(self, super().tab_links(state))

    def apply_search(self, query: Select[Any], text: str) -> Select[Any]:
        for word in text.split()[:6]:
            found = MeasuringInstrument.search_text.contains(word.lower(), autoescape=True)
            named = sa.select(Enterprise.id).where(Enterprise.name.icontains(word, autoescape=True))
            numbered = sa.select(Slip.id).where(Slip.number.icontains(word, autoescape=True))
            query = query.where(
                sa.or_(
                    AppointmentItem.instrument_id.in_(sa.select(MeasuringInstrument.id).where(found)),
                    AppointmentItem.enterprise_id.in_(named),
                    AppointmentItem.slip_id.in_(numbered),
                )
            )
        return query

    def row_buttons(self, row: AppointmentItem) -> Sequence[Button]:
        if not self.may(P.MATCHED_RESULTS_ENTER):
            return ()
        return (Button(_("登记结果"), self.url_of("do_enter", key=row.id), primary=True),)

    def record_url(self, row: AppointmentItem) -> str:
        return url_for("institution_slips.details_view", key=row.slip_id) if row.slip_id else self.list_url()

    def record_title(self, row: AppointmentItem) -> str:
        return str(row.instrument)

    def is_offered(self, code: str, row: AppointmentItem) -> bool:
        is_entered = row.id in verification_reading.of_items(self.actor, [row.id])
        return row.status is ItemStatus.ACCEPTED and not is_entered

    def action_form(self, code: str, subject: AppointmentItem) -> VerificationForm:
        is_sent = request.method == "POST"
        form = VerificationForm(request.form) if is_sent else VerificationForm(data=first_values(self.actor, subject))
        form.about(subject.instrument)
        return form

    @record_action(
        "enter",
        label=_l("登记结果"),
        permission=P.MATCHED_RESULTS_ENTER,
        form=VerificationForm,
        confirm=lambda _view, row: form_heading(row.instrument),
    )
    def enter(self, actor: Actor, row: AppointmentItem, values: dict[str, Any]) -> Done:
        made = verifications.enter(actor, row.id, **result_of(values))
        url = url_for("institution_verifications.details_view", key=made.id)
        return Done(url, _("结果已登记，等本机构另一人核验发布。"))


class InstitutionVerifications(VerificationPages):
    """Entered and published results of this institution."""

    panel_name = "institution"
    permissions = {"view": P.MATCHED_RESULTS_READ}
    column_list = (
        "instrument",
        "outcome",
        "state",
        "document_number",
        "verified_on",
        "valid_until",
        "verifier",
        "enterprise",
        "slip",
    )
    tabs = (
        Tab("waiting", _l("待核验发布"), lambda _actor: is_to_be_published()),
        Tab("published", _l("已发布"), Verification.published_at.is_not(None)),
        Tab("all", _l("全部")),
    )
    empty_title = _l("没有等着核验发布的结果")
    empty_help = _l("在“待登记”里登记结果后，由本机构另一人在这里核验发布；发布之后使用单位才看得到，台账才更新。")

    def menu_count(self, actor: Actor) -> int | None:
        query = self.scope().where(is_to_be_published()).with_only_columns(sa.func.count())
        return db.session.scalar(query) or 0

    def tab_links(self, state: ListState) -> list[dict[str, Any]]:
        return verification_tabs(self, super().tab_links(state))

    def batch_buttons(self, *, query: str) -> list[Button]:
        """Only what waits can be ticked."""
        tab = self.list_state().tab
        return super().batch_buttons(query=query) if tab is not None and tab.code == "waiting" else []

    # Record

    def next_step(self, row: Verification) -> NextStep:
        if row.published_at is not None:
            by = self.person(row.published_by_id)
            return NextStep(_("已由 %(by)s 核验发布，台账已更新", by=by), _("使用单位已收到消息。"))
        if not self._is_waiting(row):
            left = _("不能再发布，请删除这份结果。")
            return NextStep(_("这台器具已不在本机构待检定"), left, others=self.action_buttons(row), warn=True)
        buttons = self.action_buttons(row)
        publish = next((each for each in buttons if each.url == self.url_of("do_publish", key=row.id)), None)
        others = [each for each in buttons if each is not publish]
        who = "" if self.why_not("publish", row) else _("请核对下面每一项与凭证一致，再发布。")
        return NextStep(_("等本机构另一人核验发布"), who, primary=publish, others=others)

    def record_buttons(self, row: Verification) -> list[Button]:
        """All of them stand in the strip."""
        return []

    def _is_waiting(self, row: Verification) -> bool:
        return row.item is not None and row.item.status is ItemStatus.ACCEPTED

    def is_offered(self, code: str, row: Verification) -> bool:
        return row.published_at is None and (code == "discard" or self._is_waiting(row))

    def why_not(self, code: str, row: Verification) -> str:
        if code != "publish" or (refusal := verifications.why_not_published_by(self.actor, row)) is None:
            return ""
        return (
            _("由您登记，须由本机构另一人发布") if refusal.code == "result_own_entry" else _("检定员与核验员须是两人")
        )

    def page_refusal(self, action: Action, subject: Any) -> str:
        """A selection is published whole or not at all: the first that may not be is named."""
        if not action.batch:
            return super().page_refusal(action, subject)
        named = ((row.instrument, self.why_not(action.code, row)) for row in subject)
        first = next(((instrument, reason) for instrument, reason in named if reason), None)
        if first is None:
            return ""
        return _("“%(instrument)s”%(reason)s。请返回，不选它再发布。", instrument=first[0], reason=first[1])

    def action_form(self, code: str, subject: Any) -> Any:
        if code != "change":
            return super().action_form(code, subject)
        is_sent = request.method == "POST"
        form = VerificationForm(request.form) if is_sent else VerificationForm(data=stored_values(subject))
        form.about(subject.instrument)
        return form

    @record_action(
        "publish",
        label=_l("核验发布"),
        permission=P.MATCHED_RESULTS_PUBLISH,
        form=PublishForm,
        template="institution/verifications/publish.html",
        confirm=_l("发布后台账的证书编号和有效期立即更新，使用单位收到消息；您署名为核验员，发布后不能再修改。"),
    )
    def publish(self, actor: Actor, row: Verification, values: dict[str, Any]) -> Done:
        verifications.publish(actor, row.id, seen_at=seen_at(values))
        return Done("", _("已发布，台账已更新，使用单位会收到消息。"))

    @record_action(
        "change",
        label=_l("修改"),
        permission=P.MATCHED_RESULTS_ENTER,
        form=VerificationForm,
        confirm=lambda _view, row: form_heading(row.instrument),
    )
    def change(self, actor: Actor, row: Verification, values: dict[str, Any]) -> Done:
        verifications.change(actor, row.id, **result_of(values))
        return Done("", _("已保存。现在由您登记，须由本机构另一人核验发布。"))

    @record_action(
        "discard",
        label=_l("删除"),
        permission=P.MATCHED_RESULTS_ENTER,
        confirm=_l("删除这份还没有发布的结果；器具回到“待登记”。"),
        danger=True,
    )
    def discard(self, actor: Actor, row: Verification, values: dict[str, Any]) -> Done:
        verifications.discard(actor, row.id)
        return Done(url_for("institution_results_to_enter.index_view"), _("已删除，器具回到“待登记”。"))

    @batch_action(
        "publish",
        label=_l("核验发布"),
        permission=P.MATCHED_RESULTS_PUBLISH,
        form=PublishForm,
        template="institution/verifications/publish.html",
        confirm=_l("全部发布或全部不发布。发布后台账立即更新，使用单位收到消息；您署名为核验员，发布后不能再修改。"),
    )
    def publish_selected(self, actor: Actor, rows: Sequence[Verification], values: dict[str, Any]) -> Done:
        made = verifications.publish_all(actor, [row.id for row in rows], seen_at=seen_at(values))
        return Done("", _("已发布 %(count)s 台（件）的结果，台账已更新。", count=len(made)))


def seen_at(values: dict[str, Any]) -> datetime | None:
    """When the page with the results was made; nonsense counts as never, so that nothing is published unread."""
    try:
        read = datetime.fromisoformat(values.get("seen_at") or "")
    except ValueError:
        return NEVER
    return read if read.tzinfo is not None else NEVER


def verification_tabs(view: ScopedModelView, own: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row of tabs over both lists: 待登记 is about items, the others about results."""
    lists = {each.noun: each for each in view.admin._views if isinstance(each, ScopedModelView)}
    entering, results = lists[ResultsToEnter.noun], lists[InstitutionVerifications.noun]
    if view is entering:
        others = [
            {"label": tab.label, "count": None, "url": results.url_of("index_view", tab=tab.code), "active": False}
            for tab in results.tabs
        ]
        return [*own, *others]
    link = {"label": _("待登记"), "count": entering.menu_count(view.actor), "url": entering.url_of("index_view")}
    return [{**link, "active": False}, *own]


def result_link(row: Verification) -> tuple[str, str]:
    """The words and address under which an item's own page leads to its result."""
    words = messages.label(row.outcome) if row.published_at else _("待核验发布")
    return words, url_for("institution_verifications.details_view", key=row.id)
