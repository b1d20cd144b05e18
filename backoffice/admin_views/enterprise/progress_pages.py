"""A submitted appointment: what is, who acts next and by when, its slips, what matched nowhere, what happened."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import g
from flask_babel import gettext as _

from ... import workflow
from ...messages.wording import N_
from ...models import Appointment, AppointmentItem, Slip, Verification
from ...permissions import P
from ...services import appointment_history, appointments, job_runs, slips, verification_reading
from ...states import DOUBTED_FIELDS, ItemStatus, ReturnCode, SlipStatus
from ...workflow import ItemAction
from ..base import Button, Event, NextStep
from ..institution.forms import wish_facts
from ..item_words import (
    FIELD_WORDS,
    Office,
    WhyWords,
    arrangement,
    is_kept_by_exclusion,
    office_of,
    stored_answer,
    unmatched_sentence,
)
from ..subjects import record_path
from ..view_parts import ViewPart
from .booking_story import told
from .lateness import due_words, late_lines
from .slips import (
    UNDECIDED,
    ItemLine,
    ReceiptLine,
    changing_words,
    correction_button,
    item_lines,
    load_items,
    print_buttons,
    receipt_lines,
    receipts_of,
    slip_badge,
    waiting_words,
)
from .verifications import result_buttons

S = ItemStatus
MOST_ROWS = 100
"""Rows of one card; all of a slip stand on its own page."""
COUNTED = (
    (S.ACCEPTED, N_("%(count)s 台已受理")),
    (S.PASSED, N_("%(count)s 台检定合格")),
    (S.NOT_PASSED, N_("%(count)s 台检定不合格")),
    (S.FAILED, N_("%(count)s 台被退回")),
    (S.AWAITING_ACCEPTANCE, N_("%(count)s 台待受理")),
    (S.UNMATCHED, N_("%(count)s 台未匹配")),
    (S.MATCHING, N_("%(count)s 台匹配中")),
    (S.ENDED, N_("%(count)s 台已终止")),
    (S.WITHDRAWN, N_("%(count)s 台已撤回")),
)
"""The order in which the strip counts states."""
OPEN = (S.MATCHING, S.AWAITING_ACCEPTANCE, S.UNMATCHED)


@dataclass(frozen=True, slots=True)
class SlipCard:
    """One slip as a card of its appointment."""

    slip: Slip
    place: int
    badge: Any
    url: str
    buttons: Sequence[Button]
    receipts: Sequence[ReceiptLine]
    lines: Sequence[ItemLine]
    waiting: str = ""
    rest: int = 0


@dataclass(slots=True)
class UnmatchedCard:
    """What matched nowhere, per competent office and kind."""

    sentence: str
    office: Office
    lines: list[ItemLine] = field(default_factory=list)


class SubmittedPages(ViewPart):
    """Mixin of the appointments: the page of one that was submitted."""

    def _items(self, row: Appointment) -> list[AppointmentItem]:
        """The items of this request's appointment, loaded once."""
        key = ("items", row.id)
        if g.get("items_key") != key:
            g.items_key, g.items = key, load_items(AppointmentItem.appointment_id == row.id)
        found: list[AppointmentItem] = g.items
        return found

    def submitted_step(self, row: Appointment) -> NextStep:
        """One sentence with numbers; who acts next and by when; one button when it is this person."""
        items = self._items(row)
        failed = appointments.unresolved_failed(row)
        printable = [slip for slip in row.slips if slips.is_printable(slip)]
        return NextStep(
            what=_counted(items),
            who=self._who(row, items, failed),
            primary=self._primary(row, failed, printable, items),
            warn=bool(late_lines(items)),
        )

    def _who(self, row: Appointment, items: Sequence[AppointmentItem], failed: Sequence[AppointmentItem]) -> str:
        states = {item.status for item in items}
        waits_for_others = bool(states & set(OPEN))
        is_late = bool(late_lines(items))
        others = (
            _("其余已超过 2 个工作日，请按下面的电话联系。")
            if is_late
            else _("其余由机构或监管部门处理，不必打电话催。")
        )
        if failed:
            said = _("下一步在您：更正 %(count)s 台被退回的器具后重新预约。", count=len(failed))
            return said + (others if waits_for_others else "")
        if S.ACCEPTED in states:
            accepted = [slip for slip in row.slips if any(item.status is S.ACCEPTED for item in slip.items)]
            said = _("下一步在您：打印预约单。") + (arrangement(accepted[0]) if len(accepted) == 1 else "")
            return said + (others if waits_for_others else "")
        if is_late:
            return _("应于 %(due)s 前答复，已超过 2 个工作日，请按下面的电话联系。", due=due_words(row))
        if S.MATCHING in states:
            return _("下一步在系统：匹配技术机构，一般几秒钟；机构在 %(due)s 前受理。", due=due_words(row))
        if waits_for_others:
            return _("下一步在机构或监管部门：%(due)s 24:00 前答复，不必打电话催。", due=due_words(row))
        if S.NOT_PASSED in states:
            return _("已办结。检定不合格的请立即停用，打开它的检定结果办理修理后重新申请或报废。")
        return _("全部办完，不用再处理。")

    def _primary(
        self,
        row: Appointment,
        failed: Sequence[AppointmentItem],
        printable: Sequence[Slip],
        items: Sequence[AppointmentItem],
    ) -> Button | None:
        if failed and self.may(P.OWN_APPOINTMENTS_EDIT):
            label = _("重新预约 %(count)s 台（件）", count=len(failed))
            return Button(label, self.url_of("book_again", key=row.id), post=True, primary=True)
        if len(printable) == 1 and any(item.status is S.ACCEPTED for item in items):
            url = record_path("enterprise", "slips", printable[0].id)
            return Button(_("查看预约单"), url, primary=True)
        return None

    def submitted_context(self, row: Appointment) -> dict[str, Any]:
        items = self._items(row)
        by_slip: dict[int | None, list[AppointmentItem]] = defaultdict(list)
        for item in items:
            by_slip[item.slip_id].append(item)
        without = by_slip[None]
        return {
            "slip_cards": [self._slip_card(slip, place, by_slip[slip.id]) for place, slip in enumerate(row.slips, 1)],
            "unmatched": self._unmatched_cards(row, [item for item in without if item.status is S.UNMATCHED]),
            "unmatched_count": sum(item.status is S.UNMATCHED for item in without),
            "matching": self._with_buttons([item for item in without if item.status is S.MATCHING]),
            "withdrawn": item_lines([item for item in without if item.status is S.WITHDRAWN][:MOST_ROWS]),
            "late": late_lines(items),
            "wishes": wish_facts(row),
            "jobs_stopped_since": stopped_since(items),
            "refresh_url": self.record_url(row),
            "progress": progress_of(items),
        }

    def _slip_card(self, slip: Slip, place: int, items: Sequence[AppointmentItem]) -> SlipCard:
        printable = sum(item.status in workflow.ACCEPTED_AND_AFTER for item in items)
        # What the person must act on stands first.
        shown = sorted(items, key=lambda item: (item.status is not S.FAILED, item.id))[:MOST_ROWS]
        return SlipCard(
            slip=slip,
            place=place,
            badge=slip_badge(slip, items),
            url=record_path("enterprise", "slips", slip.id),
            buttons=print_buttons(slip, printable=printable) if slip.status is not SlipStatus.TRANSFERRED else (),
            receipts=receipt_lines(receipts_of(slip), slip),
            lines=self._with_buttons(shown),
            waiting=waiting_words(slip) if slip.status in UNDECIDED else changing_words(slip, items),
            rest=len(items) - len(shown),
        )

    def _unmatched_cards(self, row: Appointment, items: Sequence[AppointmentItem]) -> list[UnmatchedCard]:
        """One sentence per competent office and kind, and for bad data the field to correct."""
        offices: dict[str, Office] = {}
        cards: dict[tuple[str, str], UnmatchedCard] = {}
        answers = {item.id: stored_answer(item.decision) for item in items if item.decision is not None}
        words = WhyWords(answers.values())
        for line in self._with_buttons(items):
            instrument = line.item.instrument
            place = instrument.division_code
            office = offices.setdefault(place, offices.get(place) or office_of(place))
            is_bad = line.item.decision is not None and line.item.decision.outcome == "bad_data"
            excluded = words.excluded(answers[line.item.id]) if line.item.id in answers else []
            sentence = (
                line.why
                if is_bad
                else unmatched_sentence(
                    instrument.kind.name, office, row.due_at, excluded=excluded, answer=line.item.office_answer
                )
            )
            card = cards.setdefault((office.name, sentence), UnmatchedCard(sentence, office))
            card.lines.append(line)
        return list(cards.values())

    def _with_buttons(self, items: Sequence[AppointmentItem]) -> list[ItemLine]:
        results = self._results(items)
        return [
            ItemLine(
                line.item,
                line.why,
                line.why_url,
                [*self._item_buttons(line.item), *result_buttons(results.get(line.item.id))],
            )
            for line in item_lines(items)
        ]

    def _item_buttons(self, item: AppointmentItem) -> list[Button]:
        """Correct and put aside what was returned; withdraw what is not yet accepted."""
        if item.status is S.FAILED and not item.is_resolved and self.may(P.OWN_APPOINTMENTS_EDIT):
            correction = correction_button(item)
            buttons = [correction] if correction is not None else []
            confirm = _("不再预约：%(instrument)s。以后仍可以重新预约。", instrument=item.instrument)
            url = self.url_of("put_aside", key=item.appointment_id, item_id=item.id)
            return [*buttons, Button(_("不再预约"), url, post=True, confirm=confirm)]
        if workflow.may_happen(self.actor, ItemAction.WITHDRAW, item.status):
            url = self.url_of("do_withdraw", key=item.appointment_id, item=item.id)
            return [*_look_again(item), Button(_("撤回这台"), url)]
        return []

    def _results(self, items: Sequence[AppointmentItem]) -> dict[int, Verification]:
        """Published results of a request's items, asked for at once."""
        ended = [item.id for item in items if item.status in (S.PASSED, S.NOT_PASSED)]
        return verification_reading.of_items(self.actor, ended)

    def events(self, row: Appointment) -> list[Event]:
        """经过, newest first."""
        return told(appointment_history.of(self.actor, row.id), row.slips)


def _look_again(item: AppointmentItem) -> list[Button]:
    """To the ledger, where the only institution that could returned it as 超出能力: a correction asks it again."""
    if not is_kept_by_exclusion(item):
        return []
    field_name = DOUBTED_FIELDS[ReturnCode.OUT_OF_CAPACITY]
    url = record_path("enterprise", "instruments", item.instrument_id, page="edit", anchor=field_name)
    return [Button(_("更正%(field)s", field=_(FIELD_WORDS[field_name])), url)]


def _counted(items: Sequence[AppointmentItem]) -> str:
    """12 台（件）：8 台已受理，2 台被退回，1 台待受理，1 台未匹配."""
    done_with = sum(item.status is S.FAILED and item.is_resolved for item in items)
    states = Counter(item.status for item in items)
    states[S.FAILED] -= done_with
    parts = counted_words(states)
    if done_with:
        parts.append(_("%(count)s 台退回后已重新预约或不再预约", count=done_with))
    return _("%(count)s 台（件）：%(parts)s", count=len(items), parts="，".join(parts))


def counted_words(states: Counter[ItemStatus]) -> list[str]:
    """States with their numbers, in the order in which they are told."""
    return [_(words, count=states[state]) for state, words in COUNTED if states[state]]


def progress_of(items: Sequence[AppointmentItem]) -> str:
    """A mark that differs as soon as one of the items moved: the open page compares it with its own."""
    moved = ",".join(f"{item.id}:{item.status.value}:{item.status_since.timestamp()}" for item in items)
    return hashlib.sha256(moved.encode()).hexdigest()[:16]


def stopped_since(items: Sequence[AppointmentItem]) -> datetime | None:
    """Since when automatic matching has not run, where that keeps some of these waiting."""
    return job_runs.not_running_since() if any(item.status is S.MATCHING for item in items) else None
