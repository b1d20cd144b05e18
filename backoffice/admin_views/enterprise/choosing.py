"""选择器具: the ledger as pages of check boxes; what was ticked stays chosen from page to page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import abort, current_app, redirect, request
from flask_admin import expose
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from ... import clock, messages, scoping
from ...actor import Actor
from ...database import db
from ...errors import Invalid
from ...models import Appointment, AppointmentItem, InstrumentKind, MeasuringInstrument
from ...permissions import P
from ...services import appointment_drafts
from ...services.ledger_schemes import never_booked
from ...services.ledger_status import has_status, valid_until
from ...states import OPEN_ITEMS, AppointmentStatus, ItemStatus, UseState, VerificationStatus
from ...web.form_keys import Done, once
from ..base import needs
from ..formatting import plain, state_badge
from ..keys import coerce_key
from ..lists import ChoiceFilter, ListState, read_state
from ..pagination import Count, Order, Page, count_rows, keyset_page
from ..view_parts import ViewPart

PAGE_SIZE = 50
MOST_SHOWN_IDS = 200

DUE_OPTIONS = (
    (VerificationStatus.DUE_SOON.value, _l("30 天内到期")),
    (VerificationStatus.OVERDUE.value, _l("超期")),
    (VerificationStatus.NEVER.value, _l("未检定")),
)
TO_BOOK = (VerificationStatus.DUE_SOON, VerificationStatus.OVERDUE)
"""What 选择全部到期的 takes."""


def soon_days() -> int:
    return int(current_app.config["SETTINGS"].due_soon_days)


def due_clause(status: VerificationStatus) -> Any:
    """Rows with this 检定状态."""
    return has_status(status, today=clock.today(), soon_days=soon_days())


def bookable_clause() -> sa.ColumnElement[bool]:
    """Rows that may be booked now and stand in no draft yet (`appointment_drafts.why_not_bookable` is the rule)."""
    taken = sa.select(AppointmentItem.instrument_id).where(
        AppointmentItem.status.in_((*OPEN_ITEMS,))
        | AppointmentItem.appointment_id.in_(
            sa.select(Appointment.id).where(Appointment.status == AppointmentStatus.DRAFT)
        )
    )
    return sa.and_(
        MeasuringInstrument.use_state == UseState.IN_USE,
        MeasuringInstrument.kind_code.in_(sa.select(InstrumentKind.code).where(InstrumentKind.is_in_force)),
        ~never_booked(),
        MeasuringInstrument.id.not_in(taken),
    )


def returned_clause() -> sa.ColumnElement[bool]:
    """Items that were returned and wait for the enterprise (`AppointmentItem.is_resolved`)."""
    return sa.and_(
        AppointmentItem.status == ItemStatus.FAILED,
        AppointmentItem.superseded_by_id.is_(None),
        AppointmentItem.put_aside_at.is_(None),
    )


def due_to_book(actor: Actor, *statuses: VerificationStatus) -> Any:
    """Instruments of the actor with one of these 检定状态 that can be booked and are in no draft.

    What was never verified and came back from an institution is to be corrected first, and counted there.
    """
    clause = sa.or_(*(due_clause(status) for status in statuses))
    found = scoping.visible(actor, MeasuringInstrument).where(clause, bookable_clause())
    if VerificationStatus.NEVER in statuses:
        returned = sa.select(AppointmentItem.instrument_id).where(returned_clause())
        found = found.where(MeasuringInstrument.id.not_in(returned))
    return found


def ids_to_book(actor: Actor, *statuses: VerificationStatus, limit: int) -> list[int]:
    """Their ids, those that run out first in front, at most `limit`."""
    query = due_to_book(actor, *statuses).order_by(valid_until(), MeasuringInstrument.id)
    return list(db.session.scalars(query.with_only_columns(MeasuringInstrument.id).limit(limit)))


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """A row of the choice: `why_not` says why it cannot be booked."""

    instrument: MeasuringInstrument
    status: Any
    until: Any
    is_chosen: bool
    why_not: str = ""


def choice_filters() -> tuple[ChoiceFilter, ...]:
    return (
        ChoiceFilter(
            "due", _l("检定状态"), options=DUE_OPTIONS, where=lambda value: due_clause(VerificationStatus(value))
        ),
        ChoiceFilter("kind", _l("种别"), options=_own_kinds, column=MeasuringInstrument.kind_code),
    )


def _own_kinds(actor: Actor) -> list[tuple[str, str]]:
    """Kinds that stand in this ledger."""
    used = scoping.visible(actor, MeasuringInstrument).with_only_columns(MeasuringInstrument.kind_code)
    kinds = db.session.execute(
        sa.select(InstrumentKind.code, InstrumentKind.name)
        .where(InstrumentKind.code.in_(used))
        .order_by(InstrumentKind.name)
    )
    return [(code, name) for code, name in kinds]


class ChoosingPages(ViewPart):
    """Mixin of the appointments: `/<key>/choose`."""

    @expose("/<key>/choose", methods=("GET", "POST"))
    @needs(P.OWN_APPOINTMENTS_EDIT)
    def choose_view(self, key: str) -> Any:
        row = self.row_or_404(key)
        if request.method == "POST":
            return self._take_choice(row)
        if row.status is not AppointmentStatus.DRAFT:
            return redirect(self.record_url(row))
        return self._choice_page(row)

    def _take_choice(self, row: Appointment) -> Any:
        """Add what is ticked, take out what was unticked on this page, and go where the button says."""
        ticked, shown = _ids("ids"), _ids("shown")
        target = self._next_place(row)
        try:
            return once(lambda: self._choose(row, ticked, shown, target))
        except Invalid as refused:
            problems = [messages.sentence(each.code, each.facts) for each in refused.problems.values()]
            db.session.expire_all()
            return self._choice_page(self.row_or_404(row.id), ticked=set(ticked), problems=problems), 422

    def _choose(self, row: Appointment, ticked: Sequence[int], shown: Sequence[int], target: str) -> Done:
        appointment = appointment_drafts.find_draft(self.actor, row.id)
        unticked = [
            item.id
            for item in appointment.items
            if item.instrument_id in shown and item.instrument_id not in set(ticked)
        ]
        for item_id in unticked:
            appointment_drafts.drop_item(self.actor, row.id, item_id)
        appointment_drafts.choose(self.actor, row.id, ticked)
        if request.form.get("go") == "all":
            room = max(appointment_drafts.MOST_ITEMS - len(appointment.items), 0)
            appointment_drafts.choose(self.actor, row.id, ids_to_book(self.actor, *TO_BOOK, limit=room))
        return Done(target)

    def _next_place(self, row: Appointment) -> str:
        """Where a button of the page leads: another page, a filtered one, or the draft."""
        here = self.url_of("choose_view", key=row.id)
        go = request.form.get("go", "")
        names = ("q", "due", "kind")
        filters = {name: value for name in names if (value := request.form.get(name, "").strip()[:100])}
        if go == "filter":
            return f"{here}?{urlencode(filters)}" if filters else here
        direction, _, cursor = go.partition(":")
        if direction in ("after", "before"):
            kept = {name: value for name in names if (value := request.args.get(name, ""))}
            return f"{here}?{urlencode({**kept, direction: cursor})}"
        return str(self.record_url(row))

    def _choice_page(self, row: Appointment, *, ticked: set[int] | None = None, problems: Sequence[str] = ()) -> str:
        filters = choice_filters()
        state = read_state(request.args, actor=self.actor, tabs=(), filters=filters, sortable=())
        page, count = self._choice_rows(state)
        chosen = {item.instrument_id for item in row.items}
        shown = {instrument.id for instrument in page.rows}
        rows = _rows(page.rows, chosen if ticked is None else (chosen - shown) | ticked, chosen)
        due_left = Count(len(ids_to_book(self.actor, *TO_BOOK, limit=appointment_drafts.MOST_ITEMS)))
        return self.render(
            "enterprise/appointments/choose.html",
            row=row,
            rows=rows,
            state=state,
            page=page,
            count=count,
            chosen={each.filter.code: each for each in state.chosen},
            filters=[(each, each.offered(self.actor)) for each in filters],
            chosen_here=sum(each.is_chosen for each in rows),
            chosen_elsewhere=len(chosen - shown),
            due_left=due_left,
            problems=problems,
            back_url=self.record_url(row),
        )

    def _choice_rows(self, state: ListState) -> tuple[Page, Count]:
        query = scoping.visible(self.actor, MeasuringInstrument)
        for word in state.search.split()[:6]:
            query = query.where(MeasuringInstrument.search_text.contains(word.lower(), autoescape=True))
        for each in state.chosen:
            query = query.where(each.filter.clause(each.value))
        page = keyset_page(
            db.session,
            query.options(joinedload(MeasuringInstrument.kind), joinedload(MeasuringInstrument.division)),
            order=Order(MeasuringInstrument.id, None, True),
            size=PAGE_SIZE,
            after=state.after,
            before=state.before,
        )
        return page, count_rows(db.session, query, cap=10_000)


def _rows(instruments: Sequence[MeasuringInstrument], ticked: set[int], chosen: set[int]) -> list[ChoiceRow]:
    refusals = appointment_drafts.why_not_bookable(instruments)
    today, soon = clock.today(), soon_days()
    return [
        ChoiceRow(
            instrument=row,
            status=state_badge(row.verification_status(today=today, soon_days=soon)),
            until=plain(row.effective_valid_until()),
            is_chosen=row.id in ticked and (row.id not in refusals or row.id in chosen),
            why_not=messages.sentence(refusals[row.id].code, {"instrument": str(row), **refusals[row.id].facts})
            if row.id in refusals
            else "",
        )
        for row in instruments
    ]


def _ids(name: str) -> list[int]:
    """Instrument ids of the form; anything that is none is a page that does not exist."""
    keys = [coerce_key(MeasuringInstrument.id, raw) for raw in request.form.getlist(name)[:MOST_SHOWN_IDS]]
    if None in keys:
        abort(404)
    return [int(key) for key in keys if key is not None]
