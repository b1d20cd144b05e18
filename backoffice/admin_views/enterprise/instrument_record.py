"""The record of an instrument: what is due, what is known of it, everything that happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import current_app, g
from flask_babel import gettext as _

from ... import clock, messages
from ...messages.ledger import column_name, history_words
from ...models import MeasuringInstrument, Verification
from ...models.instrument import FIRST_ONLY_SCHEME
from ...services import appointment_drafts, ledger, ledger_history, ledger_reference, verification_reading
from ...services.ledger_filing import FilingWords
from ...services.ledger_history import DECISIONS, Step
from ...services.ledger_schemes import why_never_booked
from ...services.ledger_values import DECLARED_COLUMNS, OPTIONAL_COLUMNS
from ...states import Outcome, ReturnCode, UseState, VerificationStatus
from ..base import Button, Card, Event, Fact, NextStep
from ..formatting import day, moment, plain, state_badge
from ..item_words import receipt_sentence
from ..on_behalf_words import on_behalf_facts
from ..subjects import record_path
from ..verification_pages import result_words
from ..view_parts import ViewPart
from .corrections import waiting_step
from .instrument_form import LABELS, range_words
from .verifications import failed_step

Instrument = MeasuringInstrument
S = VerificationStatus


def soon_days() -> int:
    return int(current_app.config["SETTINGS"].due_soon_days)


def status_badge(row: Instrument) -> Any:
    """检定状态, or the use state of what is not in use: nothing is due there."""
    if row.use_state is not UseState.IN_USE:
        return state_badge(row.use_state)
    return state_badge(row.verification_status(today=clock.today(), soon_days=soon_days()))


def filing_words() -> FilingWords:
    """Offices and agents, asked for once a request."""
    if "filing_words" not in g:
        g.filing_words = FilingWords()
    found: FilingWords = g.filing_words
    return found


class InstrumentRecord(ViewPart):
    """Mixin of the ledger: its record pages."""

    def record_badge(self, row: Instrument) -> Any:
        return status_badge(row)

    def record_context(self, row: Instrument) -> dict[str, Any]:
        """What the row should be looked at for stays on its page until it is put right."""
        return {"warnings": [messages.sentence(each.code, each.facts) for each in ledger.warnings_of(row)]}

    def next_step(self, row: Instrument) -> NextStep | None:
        if (proposed := waiting_step(row.id)) is not None:
            return proposed
        item = ledger.open_item(row.id)
        if item is not None:
            url = record_path("enterprise", "appointments", item.appointment_id)
            what = _("正在预约检定：%(state)s", state=messages.label(item.status))
            who = _("预约申请 %(number)s", number=item.appointment.number)
            return NextStep(what, who, primary=Button(_("查看预约"), url, primary=True))
        if row.use_state is not UseState.IN_USE:
            return None
        status = row.verification_status(today=clock.today(), soon_days=soon_days())
        results = self._results(row) if status is S.FAILED else []
        if results and (failed := failed_step(row, results[0])) is not None:
            return failed
        if why_never_booked(row) is not None and status is not S.FAILED:
            return _once_only(row, status)
        return _due(row, status)

    def _results(self, row: Instrument) -> list[Verification]:
        """Published results, newest first; asked for once a request."""
        kept: dict[int, list[Verification]] = g.setdefault("results_of_instrument", {})
        if row.id not in kept:
            kept[row.id] = verification_reading.of_instrument(self.actor, row.id)
        return kept[row.id]

    def cards(self, row: Instrument) -> tuple[Card, ...]:
        found = (_identity(row), _use(row), _filing(row), self._verified(row), _declared(row), _more(row))
        return tuple(card for card in found if card is not None)

    def _verified(self, row: Instrument) -> Card:
        """What institutions found; a fail has no certificate but a 检定结果通知书."""
        facts = [
            Fact(_("检定证书编号"), row.certificate_number, code=True),
            Fact(_("检定日期"), day(row.verified_on)),
            Fact(_("有效期至"), day(row.valid_until)),
            Fact(_("检定机构"), row.verified_by.name if row.verified_by else None),
        ]
        results = self._results(row) if row.outcome is Outcome.NOT_PASSED else []
        if results:
            last = results[0]
            url = record_path("enterprise", "verifications", last.id)
            facts[0] = Fact(_("检定结果通知书编号"), last.document_number, code=True, url=url)
            facts[2] = Fact(_("有效期至"), _("不合格，没有有效期"))
        return Card(_("检定（由技术机构填写）"), facts)

    def history(self, row: Instrument) -> Sequence[Event]:
        past = ledger_history.of(self.actor, row.id)
        events = [_verified_event(result) for result in self._results(row)]
        events += [event for step in past.steps if (event := _stepped(step)) is not None]
        events += [_booked(item) for item in past.bookings if item.appointment.submitted_at is not None]
        events += [
            Event(each.at, history_words(each.action, each.before, each.after, value_words), who=each.actor_name)
            for each in past.changes
            if not ledger_history.is_told_by_result(each)
        ]
        # What follows from a step stands above it where both happened at the same moment.
        return sorted(events, key=lambda event: event.at, reverse=True)


def _due(row: Instrument, status: S) -> NextStep | None:
    until = day(row.effective_valid_until())
    declared = _("（企业自报，未核实）") if row.is_declared_only else ""
    sentences = {
        S.NEVER: _("还没有检定记录，请预约检定"),
        S.DUE_SOON: _("检定有效期至 %(day)s%(declared)s，请预约检定", day=until, declared=declared),
        S.OVERDUE: _("检定已于 %(day)s 到期%(declared)s，请停止使用并预约检定", day=until, declared=declared),
        S.FAILED: _("检定不合格，请立即停用；修理后可申请“修理后检定”"),
    }
    if status not in sentences:
        return None
    return NextStep(sentences[status], primary=_booking(row), warn=status in (S.OVERDUE, S.FAILED))


def _booking(row: Instrument) -> Button:
    """A new draft with this instrument in it, or the draft it stands in already."""
    draft = appointment_drafts.draft_with(row.id)
    if draft is not None:
        return Button(_("回到预约草稿"), record_path("enterprise", "appointments", draft.id), primary=True)
    return Button(_("预约检定"), f"/enterprise/appointments/new?instrument={row.id}", post=True, primary=True)


def _once_only(row: Instrument, status: S) -> NextStep:
    """What is due of an instrument that is never booked again."""
    if row.kind.verification_scheme == FIRST_ONLY_SCHEME:
        return NextStep(_("首次强制检定，失准报废：不需要再预约检定，读数不准时请报废"))
    until = day(row.effective_valid_until())
    if status is S.TO_ROTATE:
        return NextStep(_("使用期限已于 %(day)s 到期，请更换（轮换）；不需要预约检定", day=until), warn=True)
    return NextStep(_("限期使用，使用期限至 %(day)s，到期请更换（轮换）；不需要预约检定", day=until))


def _identity(row: Instrument) -> Card:
    to_be_confirmed = _("（是否属于强制检定待确认）") if row.kind.is_to_be_confirmed else ""
    facts = (
        Fact(_("器具名称"), row.name),
        Fact(_("种别"), f"{row.kind}{to_be_confirmed}"),
        Fact(_("项别"), str(row.kind.item)),
        Fact(_("型号规格"), row.model),
        Fact(_("测量范围"), row.measuring_range),
        Fact(_("测量范围读作"), range_words(row.measuring_range) if row.measuring_range else None),
        Fact(_("准确度等级"), row.accuracy_class),
        Fact(_("准确度等级读作"), row.accuracy),
        Fact(_("出厂编号"), row.serial_number, code=True),
        Fact(_("机号／枪号／分号"), row.sub_number, code=True),
        Fact(_("管理编号"), row.management_number, code=True),
        Fact(_("生产厂家"), row.manufacturer),
        Fact(_("器具产地"), ledger_reference.origins().get(row.origin, row.origin)),
    )
    return Card(_("器具"), facts)


def is_failed_in_use(row: Instrument) -> bool:
    """On the books as in use although its last verification failed: the two are said together."""
    return row.outcome is Outcome.NOT_PASSED and row.use_state is UseState.IN_USE


def _use(row: Instrument) -> Card:
    since = f"（{day(row.use_state_on)} {row.use_state_reason}）" if row.use_state_on else ""
    failed = _("（检定不合格，修理并检定合格前不得使用）") if is_failed_in_use(row) else ""
    facts = (
        Fact(_("使用状态"), f"{messages.label(row.use_state)}{since}{failed}"),
        Fact(_("使用地点"), row.place_of_use),
        Fact(_("使用地点行政区划"), str(row.division)),
        Fact(_("科室／部门"), row.department),
        Fact(_("用途"), messages.label(row.purpose)),
        Fact(_("送检方式"), messages.label(row.delivery_mode)),
    )
    return Card(_("使用"), facts)


def _filing(row: Instrument) -> Card:
    words = filing_words()
    facts = [
        Fact(_("台账编号"), row.ledger_number, code=True),
        Fact(_("备案时间"), moment(row.filed_at)),
        *on_behalf_facts(row),
        Fact(_("备案机关"), words.office(row.division_code)),
    ]
    if agent := words.on_behalf(row):
        facts.append(Fact(_("登记"), agent))
    return Card(_("备案"), facts)


def _declared(row: Instrument) -> Card | None:
    """What the enterprise says of an earlier certificate, as long as no result was recorded."""
    if row.verified_on is not None or not any(getattr(row, name) for name in DECLARED_COLUMNS):
        return None
    facts = [Fact(str(LABELS[name]), plain(getattr(row, name))) for name in DECLARED_COLUMNS]
    return Card(_("上次检定（企业自报，未核实）"), facts)


def _more(row: Instrument) -> Card | None:
    facts = [
        Fact(str(LABELS.get(name) or column_name(name)), plain(getattr(row, name)))
        for name in OPTIONAL_COLUMNS
        if getattr(row, name)
    ]
    return Card(_("更多"), facts) if facts else None


def value_words(name: str, value: Any) -> str:
    """A stored value of the ledger as people read it: codes by their names."""
    reference = ledger_reference.load()
    if name == "kind_code" and value in reference.kinds:
        return reference.kinds[value].label
    if name == "division_code" and value in reference.divisions:
        return f"{value} {reference.divisions[value].name}"
    if name in ("origin", "purpose", "delivery_mode"):
        return reference.choices(name).get(value, messages.readable(value))
    return messages.readable(value)


def _verified_event(row: Verification) -> Event:
    url = record_path("enterprise", "verifications", row.id)
    return Event(row.published_at or row.created_at, result_words(row), url=url)


def _booked(item: Any) -> Event:
    words = _("提交预约 %(number)s", number=item.appointment.number)
    return Event(
        item.appointment.submitted_at,
        f"{words}（{messages.label(item.application_type)}）",
        url=record_path("enterprise", "appointments", item.appointment_id),
    )


def _stepped(step: Step) -> Event | None:
    """A step of a booking in words; with its receipt where an institution wrote one."""
    event, slip = step.event, step.slip
    url = record_path("enterprise", "slips", slip.id) if slip is not None else ""
    if step.receipt is not None and slip is not None and event.action in DECISIONS:
        said = receipt_sentence(step.receipt, slip)
        return Event(event.at, _("%(who)s 回执：%(words)s", who=slip.institution.name, words=said), url=url)
    code = f"history.{event.action}"
    if code not in messages.SENTENCES:
        return None
    facts = {**(event.before or {}), **(event.after or {})}
    return_code = facts.get("return_code")
    known = {
        "by": event.actor_name,
        "count": 1,
        "institution": slip.institution.name if slip else "",
        "reason": facts.get("reason", ""),
        "return_code": ReturnCode(return_code) if return_code else "",
    }
    return Event(event.at, messages.sentence(code, known), url=url)
