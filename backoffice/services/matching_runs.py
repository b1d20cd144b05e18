"""Matching what waits: facts out of the ledger, one decision per distinct facts, slips, notices, and a full record.

The work is rows: items in state 待预约 · 匹配中, and unmatched ones whose decision was made under older rules. A run
claims whole appointments with SKIP LOCKED in the transaction that does them, so that any number of job processes share
the work and a killed one leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import contains_eager, joinedload

from .. import audit, clock, matching, workflow
from ..actor import SYSTEM, Actor
from ..audit import AuditAction
from ..database import db
from ..matching import Decision, Item, Rules
from ..models import (
    Appointment,
    AppointmentItem,
    Capability,
    Designation,
    InstitutionSuspension,
    MatchingAttempt,
    MatchingDecision,
    MeasuringInstrument,
)
from ..states import ItemStatus, MatchTrigger, ReturnCode
from ..workflow import ItemAction
from . import areas, instrument_facts, notices, rules, slips

APPOINTMENTS_A_BATCH = 10
"""Few: the counter of slips stays locked for as long as a batch takes, and other job processes wait for it."""


@dataclass(slots=True)
class Counts:
    """What one run did, in items and slips."""

    decided: int = 0
    matched: int = 0
    unmatched: int = 0
    slips: int = 0

    def add(self, other: Counts) -> None:
        self.decided += other.decided
        self.matched += other.matched
        self.unmatched += other.unmatched
        self.slips += other.slips

    def as_dict(self) -> dict[str, int]:
        return {
            "decided": self.decided,
            "matched": self.matched,
            "unmatched": self.unmatched,
            "slips": self.slips,
        }


@dataclass(slots=True)
class _Answers:
    """The decided items of one appointment, by where they go."""

    by_institution: dict[int, list[AppointmentItem]] = field(default_factory=lambda: defaultdict(list))
    newly_unmatched: list[AppointmentItem] = field(default_factory=list)


def match_batch(*, day_before: date | None = None) -> Counts:
    """Decide what waits in a few appointments nobody else has claimed; all zero when nothing waits.

    `day_before`: also decide anew what was last decided before this day (a date that begins or ends today).
    """
    current = rules.current()
    counts = Counts()
    claimed = _claim(current, day_before)
    items = _items_to_decide(claimed, current, day_before)
    # All decisions before the first slip: a run that holds the counter of slips never waits for another's decision.
    facts = facts_of([item for found in items.values() for item in found])
    decisions = _decide_and_keep(current, facts)
    for appointment in claimed:
        found = items[appointment.id]
        counts.add(_match_appointment(current, appointment, {item: decisions[facts[item.id]] for item in found}))
    return counts


def prepare() -> None:
    """Keep the rules in force before a batch needs them: in a transaction of its own nobody waits for it long."""
    current = rules.current()
    waiting = sa.select(sa.exists(sa.select(AppointmentItem.id).where(_waiting(current, None))))
    if db.session.scalar(waiting):
        rules.keep_snapshot(current)


def _waiting(current: Rules, day_before: date | None) -> sa.ColumnElement[bool]:
    """Items to decide: new ones, and unmatched ones the rules or the day may have changed for."""
    stale = MatchingDecision.rule_revision < current.version
    if day_before is not None:
        stale = sa.or_(stale, MatchingDecision.facts["day"].astext < day_before.isoformat())
    decided_earlier = sa.select(MatchingDecision.id).where(MatchingDecision.id == AppointmentItem.decision_id, stale)
    return sa.or_(
        AppointmentItem.status == ItemStatus.MATCHING,
        sa.and_(AppointmentItem.status == ItemStatus.UNMATCHED, decided_earlier.exists()),
    )


def _claim(current: Rules, day_before: date | None) -> Sequence[Appointment]:
    waiting = sa.select(AppointmentItem.appointment_id).where(_waiting(current, day_before))
    is_new = sa.exists().where(
        AppointmentItem.appointment_id == Appointment.id, AppointmentItem.status == ItemStatus.MATCHING
    )
    return db.session.scalars(
        sa.select(Appointment)
        .where(Appointment.id.in_(waiting))
        # Whoever just submitted does not stand behind what a change of the rules sends round again.
        .order_by(is_new.desc(), Appointment.id)
        .limit(APPOINTMENTS_A_BATCH)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()


def _match_appointment(
    current: Rules, appointment: Appointment, decisions: dict[AppointmentItem, MatchingDecision]
) -> Counts:
    answers = _Answers()
    for item, decision in decisions.items():
        _note_attempt(item, decision, _trigger(item, decision, current))
        if decision.institution_id is not None:
            answers.by_institution[decision.institution_id].append(item)
        elif item.status is ItemStatus.MATCHING:
            answers.newly_unmatched.append(item)
    db.session.flush()
    opened = _send_matched(appointment, answers)
    _mark_unmatched(appointment, answers.newly_unmatched)
    slips.refresh(appointment)
    return Counts(
        decided=len(decisions),
        matched=sum(len(found) for found in answers.by_institution.values()),
        unmatched=len(answers.newly_unmatched),
        slips=opened,
    )


def _items_to_decide(
    appointments: Sequence[Appointment], current: Rules, day_before: date | None
) -> dict[int, list[AppointmentItem]]:
    """What waits in each of these appointments, by the appointment's id."""
    statement = (
        sa.select(AppointmentItem)
        .join(AppointmentItem.instrument)
        .options(contains_eager(AppointmentItem.instrument))
        .where(AppointmentItem.appointment_id.in_([row.id for row in appointments]), _waiting(current, day_before))
        .order_by(AppointmentItem.id)
    )
    found: dict[int, list[AppointmentItem]] = {row.id: [] for row in appointments}
    for item in db.session.scalars(statement.execution_options(populate_existing=True)):
        found[item.appointment_id].append(item)
    return found


def facts_of(items: Iterable[AppointmentItem]) -> dict[int, Item]:
    """What the decision function is told about each item, by the item's id."""
    items = list(items)
    excluded = excluded_institutions([item.instrument_id for item in items])
    return {
        item.id: facts_of_instrument(
            item.instrument,
            preferred=item.preferred_institution_id,
            excluded=excluded.get(item.instrument_id, frozenset()),
        )
        for item in items
    }


def facts_of_instrument(
    instrument: MeasuringInstrument, *, preferred: int | None = None, excluded: frozenset[int] = frozenset()
) -> Item:
    """The facts of a ledger row, today."""
    return Item(
        id=instrument.id,
        enterprise=instrument.enterprise.uscc,
        kind=instrument.kind_code,
        division=instrument.division_code,
        delivery=instrument.delivery_mode.value,
        range=instrument_facts.stated_range(instrument),
        accuracy=instrument.accuracy,
        preferred=preferred,
        excluded=excluded,
        day=clock.today(),
    )


def excluded_institutions(instrument_ids: Sequence[int]) -> dict[int, frozenset[int]]:
    """Institutions that returned an instrument as 超出能力, by instrument, while it is what they returned."""
    found: dict[int, set[int]] = defaultdict(set)
    statement = (
        sa.select(AppointmentItem)
        .where(
            AppointmentItem.instrument_id.in_(instrument_ids),
            AppointmentItem.return_code == ReturnCode.OUT_OF_CAPACITY,
            AppointmentItem.returned_by_id.is_not(None),
        )
        .options(joinedload(AppointmentItem.instrument), joinedload(AppointmentItem.decision))
    )
    for item in db.session.scalars(statement):
        if item.returned_by_id is not None and instrument_facts.still_hold(item):
            found[item.instrument_id].add(item.returned_by_id)
    return {instrument_id: frozenset(ids) for instrument_id, ids in found.items()}


def _decide_and_keep(current: Rules, facts: dict[int, Item]) -> dict[Item, MatchingDecision]:
    """Decide once per distinct facts and store each distinct decision once."""
    distinct = set(facts.values())
    digests = {item: _digest(current, item) for item in distinct}
    if distinct:
        rules.keep_snapshot(current)
    known = _stored_decisions(digests.values())
    missing = [item for item in distinct if digests[item] not in known]
    if missing:
        # In one order, so that two runs with the same facts wait for each other instead of deadlocking.
        missing.sort(key=lambda item: digests[item])
        rows = [_decision_row(current, item, digests[item]) for item in missing]
        db.session.execute(insert(MatchingDecision).on_conflict_do_nothing(index_elements=["digest"]), rows)
        known = _stored_decisions(digests.values())
    return {item: known[digest] for item, digest in digests.items()}


def _stored_decisions(digests: Iterable[str]) -> dict[str, MatchingDecision]:
    statement = sa.select(MatchingDecision).where(MatchingDecision.digest.in_(list(digests)))
    return {decision.digest: decision for decision in db.session.scalars(statement)}


def _plain_facts(item: Item) -> dict[str, Any]:
    return {key: value for key, value in item.to_json().items() if key != "id"}


def _digest(current: Rules, item: Item) -> str:
    content = json.dumps([current.version, _plain_facts(item)], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _decision_row(current: Rules, item: Item, digest: str) -> dict[str, Any]:
    decision = matching.decide(current, item)
    return {
        "digest": digest,
        "rule_revision": current.version,
        "facts": _plain_facts(item),
        "outcome": decision.outcome,
        "institution_id": decision.institution,
        "capability_id": decision.capability,
        "decided_by": decision.decided_by,
        "field": decision.field,
        "candidates": [candidate.to_json() for candidate in decision.candidates],
        "created_at": clock.now(),
    }


def _trigger(item: AppointmentItem, decision: MatchingDecision, current: Rules) -> MatchTrigger:
    if item.status is ItemStatus.MATCHING:
        return item.match_trigger
    earlier = item.decision
    if earlier is not None and earlier.rule_revision < current.version:
        return MatchTrigger.RULES_CHANGED
    return MatchTrigger.DAY_CHANGED


def _note_attempt(item: AppointmentItem, decision: MatchingDecision, trigger: MatchTrigger) -> None:
    item.decision_id = decision.id
    db.session.add(MatchingAttempt(item_id=item.id, decision_id=decision.id, trigger=trigger, attempted_at=clock.now()))


def _send_matched(appointment: Appointment, answers: _Answers) -> int:
    """Move matched items to their institutions' slips; returns how many slips took some."""
    for institution_id, items in sorted(answers.by_institution.items()):
        ids = [item.id for item in items]
        waiting_long = [item.id for item in items if item.status is ItemStatus.UNMATCHED]
        workflow.move_items(SYSTEM, ItemAction.REQUEUE, waiting_long)
        moved = workflow.move_items(SYSTEM, ItemAction.MATCH, ids, institution_id=institution_id)
        workflow.all_or_conflict(ids, moved)
        slip = slips.send(SYSTEM, appointment, institution_id, moved)
        for item in items:
            audit.record(
                SYSTEM,
                AuditAction.ITEM_MATCHED,
                item,
                after={"institution_id": institution_id, "slip": slip.number, "decision_id": item.decision_id},
            )
    return len(answers.by_institution)


def _mark_unmatched(appointment: Appointment, items: Sequence[AppointmentItem]) -> None:
    if not items:
        return
    ids = [item.id for item in items]
    workflow.all_or_conflict(ids, workflow.move_items(SYSTEM, ItemAction.FIND_NOBODY, ids))
    for item in items:
        audit.record(SYSTEM, AuditAction.ITEM_UNMATCHED, item, after={"decision_id": item.decision_id})
    _tell_of_unmatched(appointment, items)


def _tell_of_unmatched(appointment: Appointment, items: Sequence[AppointmentItem]) -> None:
    """The enterprise learns why; the regulator of the place of use gets them in its queue."""
    notices.tell_enterprise(
        appointment.enterprise_id,
        "notice_items_unmatched",
        appointment,
        number=appointment.number,
        count=len(items),
    )
    by_place: dict[str, int] = defaultdict(int)
    for item in items:
        by_place[item.instrument.division_code] += 1
    by_office: dict[str, int] = defaultdict(int)
    for place, count in by_place.items():
        if (office := areas.competent_division(place)) is not None:
            by_office[office] += count
    for office, count in by_office.items():
        notices.tell_regulator(
            office,
            "notice_unmatched_arrived",
            appointment,
            enterprise=appointment.enterprise.name,
            number=appointment.number,
            count=count,
        )


def is_affected_by_day(day: date) -> bool:
    """Whether an authorisation, a designation or a suspension began or ended since what is unmatched was decided.

    Counted from the earliest of those decisions, so that a day on which no job process ran is made up for.
    """
    decided_on = sa.func.min(MatchingDecision.facts["day"].astext)
    first = db.session.scalar(
        sa.select(decided_on)
        .join(AppointmentItem, AppointmentItem.decision_id == MatchingDecision.id)
        .where(AppointmentItem.status == ItemStatus.UNMATCHED)
    )
    if first is None:
        return False
    since = date.fromisoformat(first)
    touched = [
        sa.exists().where(sa.or_(sa.and_(start > since, start <= day), sa.and_(end >= since, end < day)))
        for start, end in (
            (Capability.valid_from, Capability.valid_until),
            (Designation.valid_from, Designation.valid_until),
            (InstitutionSuspension.starts_on, InstitutionSuspension.ends_on),
        )
    ]
    return bool(db.session.scalar(sa.select(sa.or_(*touched))))


def requeue_instrument(actor: Actor, instrument_id: int, *, trigger: MatchTrigger = MatchTrigger.EDITED) -> bool:
    """Send the waiting item of an instrument to be matched anew, because its ledger row changed."""
    item = db.session.scalars(
        sa.select(AppointmentItem).where(
            AppointmentItem.instrument_id == instrument_id,
            AppointmentItem.status.in_((ItemStatus.UNMATCHED, ItemStatus.MATCHING)),
        )
    ).one_or_none()
    if item is None:
        return False
    slips.lock_appointments([item.appointment_id])
    moved = workflow.move_items(SYSTEM, ItemAction.REQUEUE, [item.id], match_trigger=trigger)
    if moved:
        audit.record(actor, AuditAction.ITEM_REQUEUED, item, after={"match_trigger": trigger})
    return bool(moved)


def expected(
    instruments: Sequence[MeasuringInstrument], *, preferred: dict[int, int] | None = None
) -> dict[int, Decision]:
    """Where each instrument would go if it were booked now, by instrument: the pre-submit hint."""
    current = rules.current()
    excluded = excluded_institutions([instrument.id for instrument in instruments])
    decided: dict[Item, Decision] = {}
    answers: dict[int, Decision] = {}
    for instrument in instruments:
        facts = facts_of_instrument(
            instrument,
            preferred=(preferred or {}).get(instrument.id),
            excluded=excluded.get(instrument.id, frozenset()),
        )
        if facts not in decided:
            decided[facts] = matching.decide(current, facts)
        answers[instrument.id] = decided[facts]
    return answers
