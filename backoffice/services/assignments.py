"""The regulator's hand in matching: why nothing matched, assigning by hand, sending a late slip round again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from .. import audit, clock, matching, scoping, workflow
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, Invalid, NotFound
from ..matching import Item, Rules
from ..matching.explain import Row
from ..models import AppointmentItem, Institution, MatchingAttempt, MatchingDecision, Slip
from ..permissions import Permission, require
from ..states import ItemStatus, MatchTrigger, SlipStatus
from ..workflow import ItemAction
from . import matching_runs, notices, rules, slips
from .words import free_words, inside_a_sentence

PLACE = "PLACE"


@dataclass(frozen=True, slots=True)
class Why:
    """A stored decision with the why-matrix made again from its own facts and rules."""

    decision: MatchingDecision
    rows: tuple[Row, ...]
    institutions: dict[int, Institution]


def explain(decision: MatchingDecision) -> Why:
    """Every candidate, every filter, both values compared, as they were when it was decided."""
    then = rules.at_revision(decision.rule_revision)
    item = Item.from_json({"id": 0, **decision.facts})
    answer = matching.decide(then, item)
    rows = matching.trace(then, item, answer)
    ids = {row.institution for row in rows}
    found = db.session.scalars(sa.select(Institution).where(Institution.id.in_(ids)))
    ordered = sorted(rows, key=lambda row: (not row.won, _failures(row), row.institution))
    return Why(decision=decision, rows=tuple(ordered), institutions={row.id: row for row in found})


def _failures(row: Row) -> int:
    return sum(cell.result == "failed" for cell in row.cells)


def assignable(item: AppointmentItem) -> list[Institution]:
    """Institutions to which an unmatched item may be assigned: every filter but PLACE passes today."""
    current = rules.current()
    facts = matching_runs.facts_of([item])[item.id]
    with_the_kind = {row.institution for row in current.capabilities if row.kind == facts.kind}
    ids = [key for key in sorted(with_the_kind) if _capability_but_for_place(current, facts, key) is not None]
    statement = sa.select(Institution).where(Institution.id.in_(ids)).order_by(Institution.level, Institution.id)
    return list(db.session.scalars(statement))


def _capability_but_for_place(current: Rules, facts: Item, institution_id: int) -> int | None:
    """The institution's capability that fails nothing but PLACE; also institutions beyond the province are tried."""
    asked = matching.Item(
        id=facts.id,
        enterprise=facts.enterprise,
        kind=facts.kind,
        division=facts.division,
        delivery=facts.delivery,
        range=facts.range,
        accuracy=facts.accuracy,
        preferred=institution_id,
        excluded=facts.excluded,
        day=facts.day,
    )
    own = [row for row in matching.decide(current, asked).candidates if row.institution == institution_id]
    passing = [row.capability for row in own if row.capability is not None and set(row.failed) <= {PLACE}]
    return min(passing) if passing else None


def assign(actor: Actor, item_id: int, *, institution_id: int, reason: str) -> Slip:
    """Send an unmatched item to an institution by hand, with a reason; overrides PLACE only (SPEC, Matching).

    Raises `Invalid` without a reason or for an institution that fails another filter, `Conflict` when the item is no
    longer unmatched.
    """
    require(actor, Permission.AREA_UNMATCHED_ASSIGN)
    if not reason.strip():
        raise Invalid.one("reason", "reason_required")
    found: AppointmentItem = scoping.find(actor, AppointmentItem, item_id)
    appointment = slips.lock_appointments([found.appointment_id])[0]
    item = next(row for row in appointment.items if row.id == item_id)
    if not _used_in_area(actor, [item]):
        raise NotFound
    current = rules.current()
    facts = matching_runs.facts_of([item])[item.id]
    if _capability_but_for_place(current, facts, institution_id) is None:
        raise Invalid.one("institution_id", "cannot_take_it")
    moved = workflow.move_items(
        actor, ItemAction.ASSIGN, [item_id], institution_id=institution_id, assignment_reason=reason.strip()
    )
    workflow.all_or_conflict([item_id], moved)
    db.session.add(
        MatchingAttempt(
            item_id=item_id,
            decision_id=item.decision_id,
            trigger=MatchTrigger.BY_HAND,
            attempted_at=clock.now(),
        )
    )
    slip = slips.send(actor, appointment, institution_id, [item_id])
    audit.record(
        actor,
        AuditAction.ITEM_ASSIGNED,
        item,
        after={"institution_id": institution_id, "slip": slip.number, "reason": reason.strip()},
    )
    slips.refresh(appointment)
    return slip


def answer(actor: Actor, item_id: int, *, words: str) -> int:
    """Tell the enterprise what becomes of an unmatched item; it goes on waiting. Returns how many items it is about.

    Those of the same appointment and kind are answered with it, as the enterprise reads them together. Raises
    `Invalid` without words, `Conflict` when the item is no longer unmatched.
    """
    require(actor, Permission.AREA_UNMATCHED_ASSIGN)
    said = free_words(words)
    if not said:
        raise Invalid.one("words", "reason_required")
    found: AppointmentItem = scoping.find(actor, AppointmentItem, item_id)
    appointment = slips.lock_appointments([found.appointment_id])[0]
    mine = _used_in_area(actor, appointment.items)
    asked = next((row for row in mine if row.id == item_id), None)
    if asked is None:
        raise NotFound
    if asked.status is not ItemStatus.UNMATCHED:
        raise Conflict("already_decided", count=1)
    kind = asked.instrument.kind_code
    answered = [row for row in mine if row.status is ItemStatus.UNMATCHED and row.instrument.kind_code == kind]
    for row in answered:
        row.office_answer, row.office_answered_at = said, clock.now()
    facts = {"count": len(answered), "reason": inside_a_sentence(said)}
    audit.record(actor, AuditAction.APPOINTMENT_ANSWERED, appointment, after=facts)
    notices.tell_enterprise(
        appointment.enterprise_id, "notice_unmatched_answered", appointment, number=appointment.number, **facts
    )
    db.session.flush()
    return len(answered)


def _used_in_area(actor: Actor, items: Sequence[AppointmentItem]) -> list[AppointmentItem]:
    """The regulator of the place of use decides; the one of the seat may only read."""
    codes = set(db.session.scalars(scoping.area_codes(actor.division_code or "")))
    return [item for item in items if item.instrument.division_code in codes]


def may_rematch(actor: Actor, slip: Slip) -> bool:
    """Whether some of the slip's instruments are used in this regulator's area."""
    return bool(_used_in_area(actor, slip.items))


def rematch_slip(actor: Actor, slip_id: int, *, reason: str) -> int:
    """Send a late slip's undecided items to be matched again; returns how many. Raises `Conflict` if not late."""
    require(actor, Permission.AREA_UNMATCHED_ASSIGN)
    if not reason.strip():
        raise Invalid.one("reason", "reason_required")
    found: Slip = scoping.find(actor, Slip, slip_id)
    appointment = slips.lock_appointments([found.appointment_id])[0]
    slip: Slip = scoping.find(actor, Slip, slip_id, lock=True)
    if slip.status not in (SlipStatus.AWAITING, SlipStatus.PARTLY) or slip.due_at > clock.now():
        raise Conflict("slip_not_late", number=slip.number)
    sources = workflow.transition(ItemAction.REMATCH).sources
    ids = [item.id for item in _used_in_area(actor, slip.items) if item.status in sources]
    if not ids:
        raise NotFound
    moved = workflow.move_items(
        actor,
        ItemAction.REMATCH,
        ids,
        institution_id=None,
        slip_id=None,
        preferred_institution_id=None,
        match_trigger=MatchTrigger.REMATCHED,
    )
    workflow.all_or_conflict(ids, moved)
    db.session.expire(slip, ["items"])
    for item in appointment.items:
        if item.id in moved:
            audit.record(
                actor, AuditAction.ITEM_REMATCHED, item, before={"slip": slip.number}, after={"reason": reason}
            )
    notices.tell_institution(slip.institution_id, "notice_items_rematched", slip, number=slip.number, count=len(moved))
    slips.refresh(appointment)
    return len(moved)


def decision_of(actor: Actor, item_id: int) -> MatchingDecision:
    """The latest decision about an item the actor may see."""
    item: AppointmentItem = scoping.find(actor, AppointmentItem, item_id)
    if item.decision is None:
        raise NotFound
    return item.decision
