"""更正建议: what an institution read off an instrument it holds; the enterprise confirms with one click.

Nothing is returned for it and no lock stands in its way: who holds the instrument asked for the change. What the
ledger says now must still be what the institution saw.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from .. import audit, clock, scoping
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, FieldProblem, Invalid
from ..messages.ledger import problem_code
from ..models import AppointmentItem, CorrectionProposal, MeasuringInstrument, Slip
from ..permissions import Permission, require
from ..states import LOCKING_ITEMS, ItemStatus, ProposalState
from ..workbooks.checks import checked_values
from . import ledger, ledger_reference, matching_runs, notices, proposals, slip_printing, slips
from .ledger_values import TYPED_COLUMNS, too_long_for_ledger, with_readings
from .words import clean_text, free_words, inside_a_sentence, reason_words

CORRECTABLE = ("model", "measuring_range", "accuracy_class", "serial_number", "manufacturer")
"""What is read off the instrument itself."""
_Held = tuple[AppointmentItem | None, MeasuringInstrument]


def propose(actor: Actor, instrument_id: int, values: Mapping[str, Any], *, words: str = "") -> CorrectionProposal:
    """Propose other values of `CORRECTABLE` columns of an instrument with an undecided or accepted item here.

    Raises `Invalid` (also when nothing differs), `Conflict` when the instrument is not here or a proposal waits.
    """
    require(actor, Permission.MATCHED_CORRECTIONS_PROPOSE)
    instrument: MeasuringInstrument = scoping.find(actor, MeasuringInstrument, instrument_id)
    if not is_held(actor, instrument.id):
        raise Conflict("correction_not_held")
    _withdraw_what_nobody_holds(actor, instrument.id)
    if pending_of(instrument.id) is not None:
        raise Conflict("correction_waits_already")
    after = _checked(instrument, values)
    if not after:
        raise Invalid.one("", "correction_nothing")
    proposal = CorrectionProposal(
        instrument=instrument,
        enterprise_id=instrument.enterprise_id,
        institution_id=actor.institution_id,
        before={name: getattr(instrument, name) for name in after},
        after=after,
        words=free_words(words),
        proposed_by_id=actor.user_id,
        proposed_at=clock.now(),
    )
    try:
        with db.session.begin_nested():
            db.session.add(proposal)
    except IntegrityError as refused:
        raise Conflict("correction_waits_already") from refused
    audit.record(actor, AuditAction.CORRECTION_PROPOSED, proposal, before=proposal.before, after=proposal.after)
    notices.tell_enterprise(
        proposal.enterprise_id,
        "notice_correction_proposed",
        proposal,
        institution=proposal.institution.name,
        instrument=str(instrument),
    )
    return proposal


def confirm(actor: Actor, proposal_id: int) -> CorrectionProposal:
    """The enterprise says yes: the ledger says what the institution read. Locked columns change too.

    Raises `Conflict` when it was answered in between, when the ledger says something else since, or when the row would
    become a second one of an instrument that is there already.
    """
    require(actor, Permission.OWN_CORRECTIONS_DECIDE)
    proposal: CorrectionProposal = scoping.find(actor, CorrectionProposal, proposal_id)
    item, instrument = _hold(actor, proposal.instrument_id)
    if item is not None and item.status in LOCKING_ITEMS and item.institution_id != proposal.institution_id:
        raise Conflict("correction_not_held")
    proposals.settle(actor, proposal, ProposalState.APPROVED)
    if {name: getattr(instrument, name) for name in proposal.before} != proposal.before:
        raise Conflict("correction_stale", instrument=str(instrument))
    _apply(actor, instrument, proposal.after)
    if item is not None:
        _follow(actor, item, proposal)
    _record_answer(actor, AuditAction.CORRECTION_CONFIRMED, proposal)
    notices.tell_institution(
        proposal.institution_id,
        "notice_correction_confirmed",
        proposal,
        enterprise=proposal.enterprise.name,
        instrument=str(instrument),
    )
    return proposal


def decline(actor: Actor, proposal_id: int, reason: str) -> CorrectionProposal:
    """The enterprise says no, with a reason the institution reads. Raises `Invalid`, `Conflict`."""
    require(actor, Permission.OWN_CORRECTIONS_DECIDE)
    words = reason_words(reason)
    proposal: CorrectionProposal = scoping.find(actor, CorrectionProposal, proposal_id)
    proposals.settle(actor, proposal, ProposalState.REFUSED, reason=words)
    _record_answer(actor, AuditAction.CORRECTION_DECLINED, proposal)
    notices.tell_institution(
        proposal.institution_id,
        "notice_correction_declined",
        proposal,
        enterprise=proposal.enterprise.name,
        instrument=str(proposal.instrument),
        reason=inside_a_sentence(words),
    )
    return proposal


def withdraw(actor: Actor, proposal_id: int) -> CorrectionProposal:
    """The institution takes its proposal back; raises `Conflict` when it was answered in between."""
    require(actor, Permission.MATCHED_CORRECTIONS_PROPOSE)
    proposal: CorrectionProposal = scoping.find(actor, CorrectionProposal, proposal_id)
    proposals.settle(actor, proposal, ProposalState.WITHDRAWN)
    _record_answer(actor, AuditAction.CORRECTION_WITHDRAWN, proposal)
    return proposal


def _withdraw_what_nobody_holds(actor: Actor, instrument_id: int) -> None:
    """A proposal of an institution the instrument has left must not keep the next one from proposing."""
    left = pending_of(instrument_id)
    if left is None or left.institution_id == actor.institution_id:
        return
    proposals.settle(actor, left, ProposalState.WITHDRAWN)
    _record_answer(actor, AuditAction.CORRECTION_WITHDRAWN, left)


def is_held(actor: Actor, instrument_id: int) -> bool:
    """Whether the actor's institution has the instrument in an item that is undecided or accepted."""
    statement = scoping.visible(actor, AppointmentItem).where(
        AppointmentItem.instrument_id == instrument_id, AppointmentItem.status.in_(LOCKING_ITEMS)
    )
    return db.session.scalars(statement.limit(1)).first() is not None


def pending_of(instrument_id: int) -> CorrectionProposal | None:
    """The proposal about this instrument that waits for an answer; there is never a second."""
    return db.session.scalars(
        sa.select(CorrectionProposal).where(
            CorrectionProposal.instrument_id == instrument_id, proposals.is_pending(CorrectionProposal)
        )
    ).one_or_none()


def pending_count(actor: Actor) -> int:
    """Proposals that wait: for the enterprise to answer, or of the institution's own."""
    return proposals.pending_count(actor, CorrectionProposal)


def changed_since(proposal: CorrectionProposal) -> dict[str, Any]:
    """Columns of a waiting proposal that the ledger has otherwise by now, with the values it has."""
    if proposal.state is not ProposalState.PENDING:
        return {}
    now = {name: getattr(proposal.instrument, name) for name in proposal.before}
    return {name: value for name, value in now.items() if value != proposal.before[name]}


def _checked(instrument: MeasuringInstrument, values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that differ, by the rules of the ledger; raises `Invalid` with the problems of those columns."""
    typed = {name: clean_text(values[name]) for name in CORRECTABLE if name in values}
    wanted = {name: text for name, text in typed.items() if text != getattr(instrument, name)}
    checked = checked_values({**_typed_columns(instrument), **wanted, "quantity": "1"}, ledger_reference.load())
    problems: dict[str, FieldProblem] = {}
    for problem in (*checked.problems, *too_long_for_ledger(wanted, row=None, letters={})):
        if problem.is_error and problem.field in wanted:
            facts = {**problem.facts, "found": problem.found, "suggestion": problem.suggestion}
            problems.setdefault(problem.field, FieldProblem(problem_code(problem), facts))
    if problems:
        raise Invalid(problems)
    clean = checked.values or wanted
    return {name: clean[name] for name in wanted if clean[name] != getattr(instrument, name)}


def _typed_columns(instrument: MeasuringInstrument) -> dict[str, str]:
    values = {name: getattr(instrument, name) for name in TYPED_COLUMNS}
    return {name: value.value if isinstance(value, StrEnum) else str(value) for name, value in values.items()}


def _hold(actor: Actor, instrument_id: int) -> _Held:
    """The instrument under its open item's appointment: the appointment comes first, as everywhere."""
    item = ledger.open_item(instrument_id)
    if item is not None:
        slips.lock_appointments([item.appointment_id])
        db.session.refresh(item, with_for_update=True)
    instrument: MeasuringInstrument = scoping.find(actor, MeasuringInstrument, instrument_id, lock=True)
    if item is None and ledger.open_item(instrument_id) is not None:  # Booked while this waited for the row.
        raise Conflict("changed_meanwhile")
    return item, instrument


def _apply(actor: Actor, instrument: MeasuringInstrument, after: Mapping[str, Any]) -> None:
    columns = with_readings({**{name: getattr(instrument, name) for name in TYPED_COLUMNS}, **after})
    try:
        with db.session.begin_nested():
            for name, value in columns.items():
                if getattr(instrument, name) != value:
                    setattr(instrument, name, value)
            audit.record_change(actor, AuditAction.INSTRUMENT_CHANGED, instrument)
    except IntegrityError as refused:
        raise _duplicate(instrument.enterprise_id, columns) or refused from refused


def _duplicate(enterprise_id: int, columns: Mapping[str, Any]) -> Conflict | None:
    """The refusal that names the row which has the key already."""
    existing = ledger.with_key(enterprise_id, columns)
    if existing is None:
        return None
    return Conflict("correction_duplicate", existing=str(existing), ledger_number=existing.ledger_number)


def _follow(actor: Actor, item: AppointmentItem, proposal: CorrectionProposal) -> None:
    """What is printed has a new version; what waits to be matched is matched by what the ledger says now."""
    if item.status in (ItemStatus.MATCHING, ItemStatus.UNMATCHED):
        matching_runs.requeue_instrument(actor, item.instrument_id)
    if item.status is not ItemStatus.ACCEPTED or item.slip_id is None:
        return
    slip = db.session.get(Slip, item.slip_id, populate_existing=True, with_for_update=True)
    if slip is not None and slips.is_printable(slip):
        slip_printing.next_version(slip, changed=[item.id])
        audit.record(actor, AuditAction.SLIP_CHANGED, slip, before=proposal.before, after=proposal.after)


def _record_answer(actor: Actor, action: AuditAction, proposal: CorrectionProposal) -> None:
    after = {"state": proposal.state, **({"reason": proposal.reason} if proposal.reason else {})}
    audit.record(actor, action, proposal, before={"state": ProposalState.PENDING}, after=after)
