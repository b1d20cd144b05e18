"""A regulator's hand on what is booked: cancel with a reason, assign to another institution what waits at one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from .. import audit, clock, scoping, workflow
from ..actor import SYSTEM, Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, Invalid, NotFound
from ..matching import Item
from ..models import Appointment, AppointmentItem, Institution, MatchingAttempt, Slip
from ..permissions import Permission, require
from ..states import EndReason, ItemStatus, MatchTrigger
from ..workflow import ItemAction
from . import assignments, matching_runs, notices, slip_printing, slips
from .on_behalf import organisation_of
from .regulator_work import used_in_area
from .words import inside_a_sentence, reason_words

CANCELLABLE = workflow.transition(ItemAction.CANCEL).sources


def in_area(actor: Actor, appointment_id: int, *states: ItemStatus) -> list[AppointmentItem]:
    """Items in these states that are used in the regulator's area: the office of the place of use decides."""
    statement = (
        sa.select(AppointmentItem)
        .join(AppointmentItem.instrument)
        .where(
            AppointmentItem.appointment_id == appointment_id,
            AppointmentItem.status.in_(states),
            scoping.criterion(actor, AppointmentItem),
            used_in_area(actor),
        )
        .options(sa.orm.contains_eager(AppointmentItem.instrument), sa.orm.joinedload(AppointmentItem.slip))
        .order_by(AppointmentItem.id)
        .execution_options(populate_existing=True)
    )
    return list(db.session.scalars(statement))


def cancellable(actor: Actor, appointment_id: int) -> list[AppointmentItem]:
    """What of an appointment this regulator may cancel now."""
    return in_area(actor, appointment_id, *(ItemStatus(each) for each in CANCELLABLE))


def movable(actor: Actor, slip: Slip) -> list[AppointmentItem]:
    """What of a slip waits for acceptance and may be assigned to another institution."""
    waiting = in_area(actor, slip.appointment_id, ItemStatus.AWAITING_ACCEPTANCE)
    return [item for item in waiting if item.slip_id == slip.id]


def cancel(actor: Actor, appointment_id: int, *, item_ids: Sequence[int], reason: str) -> int:
    """End items with a reason; their instruments are free again. Returns how many.

    The enterprise and every institution that held some are told. Raises `Invalid` without a reason or items,
    `Conflict` when one of them was decided meanwhile, `NotFound` for items outside the area.
    """
    require(actor, Permission.AREA_APPOINTMENTS_CANCEL)
    words = reason_words(reason)
    scoping.find(actor, Appointment, appointment_id)
    appointment = slips.lock_appointments([appointment_id])[0]
    items = _chosen(cancellable(actor, appointment_id), item_ids, appointment)
    before = {item.id: item.status for item in items}
    accepted = [key for key, status in before.items() if status is ItemStatus.ACCEPTED]
    _end(actor, accepted)
    # What nobody had accepted leaves its institution as if it was withdrawn; its slip waits for the rest.
    _end(actor, [key for key in before if key not in accepted], institution_id=None)
    for item in items:
        after = {"status": ItemStatus.ENDED, "reason": words, "slip": item.slip.number if item.slip else None}
        audit.record(actor, AuditAction.ITEM_CANCELLED, item, before={"status": before[item.id]}, after=after)
    _print_anew(items, before)
    slips.refresh(appointment)
    _tell_of_cancelling(actor, appointment, items, words)
    return len(items)


def _end(actor: Actor, ids: Sequence[int], **values: object) -> None:
    moved = workflow.move_items(actor, ItemAction.CANCEL, ids, end_reason=EndReason.BY_REGULATOR, **values)
    workflow.all_or_conflict(ids, moved)


def _print_anew(items: Iterable[AppointmentItem], before: dict[int, ItemStatus]) -> None:
    """A printed slip that lost an accepted item is another version."""
    printed = {item.slip for item in items if item.slip is not None and before[item.id] is ItemStatus.ACCEPTED}
    for slip in sorted(printed, key=lambda each: each.id):
        db.session.refresh(slip, with_for_update=True)  # The institution may be changing its date at this moment.
        slip_printing.next_version(slip)


def _tell_of_cancelling(actor: Actor, appointment: Appointment, items: Sequence[AppointmentItem], words: str) -> None:
    facts = {"by": organisation_of(actor), "reason": inside_a_sentence(words)}
    notices.tell_enterprise(
        appointment.enterprise_id,
        "notice_items_cancelled",
        appointment,
        number=appointment.number,
        count=len(items),
        **facts,
    )
    for slip, held in _by_slip(items).items():
        notices.tell_institution(
            slip.institution_id,
            "notice_slip_items_cancelled",
            slip,
            enterprise=appointment.enterprise.name,
            number=slip.number,
            count=held,
            **facts,
        )


def _by_slip(items: Iterable[AppointmentItem]) -> dict[Slip, int]:
    found: dict[Slip, int] = {}
    for item in items:
        if item.slip is not None:
            found[item.slip] = found.get(item.slip, 0) + 1
    return found


def alternatives(items: Sequence[AppointmentItem], *, but: int | None) -> list[Institution]:
    """Institutions that can take every one of these items (only PLACE may fail), without the one that holds them."""
    able = _able(items, but)
    return [row for row in able[0] if all(row in others for others in able[1:])] if able else []


def takers(items: Sequence[AppointmentItem], *, but: int | None) -> list[Institution]:
    """Institutions that can take at least one of these items: what a form offers before it is known which."""
    return list(dict.fromkeys(row for rows in _able(items, but) for row in rows))


def _able(items: Sequence[AppointmentItem], but: int | None) -> list[list[Institution]]:
    """For every distinct set of facts among the items, who can take it."""
    distinct: dict[Item, AppointmentItem] = {}
    facts = matching_runs.facts_of(items)
    for item in items:
        distinct.setdefault(facts[item.id], item)
    return [[row for row in assignments.assignable(item) if row.id != but] for item in distinct.values()]


def reassign(actor: Actor, slip_id: int, *, item_ids: Sequence[int], institution_id: int, reason: str) -> Slip:
    """Send items that wait at one institution to another by hand, with a reason; overrides PLACE only.

    Both institutions and the enterprise are told. Raises `Invalid` without a reason, items, or for an institution that
    cannot take one of them; `Conflict` when one was decided meanwhile; `NotFound` outside the area.
    """
    require(actor, Permission.AREA_UNMATCHED_ASSIGN)
    words = reason_words(reason)
    found: Slip = scoping.find(actor, Slip, slip_id)
    appointment = slips.lock_appointments([found.appointment_id])[0]
    slip: Slip = scoping.find(actor, Slip, slip_id, lock=True)
    items = _chosen(movable(actor, slip), item_ids, appointment)
    if institution_id not in {row.id for row in alternatives(items, but=slip.institution_id)}:
        raise Invalid.one("institution_id", "cannot_take_all")
    ids = [item.id for item in items]
    _move_by_hand(actor, ids, institution_id, words)
    target = slips.send(actor, appointment, institution_id, ids)
    for item in items:
        db.session.add(
            MatchingAttempt(
                item_id=item.id,
                decision_id=item.decision_id,
                trigger=MatchTrigger.BY_HAND,
                attempted_at=clock.now(),
            )
        )
        before = {"slip": slip.number, "institution_id": slip.institution_id}
        after = {"slip": target.number, "institution_id": institution_id, "reason": words}
        audit.record(actor, AuditAction.ITEM_ASSIGNED, item, before=before, after=after)
    slips.refresh(appointment)
    _tell_of_reassigning(actor, slip, target, len(ids), words)
    return target


def _move_by_hand(actor: Actor, ids: Sequence[int], institution_id: int, words: str) -> None:
    """Back to matching, to nobody, to the chosen one: the steps the table knows, inside one transaction."""
    steps: tuple[tuple[Actor, ItemAction, dict[str, object]], ...] = (
        (actor, ItemAction.REMATCH, {"institution_id": None, "slip_id": None, "preferred_institution_id": None}),
        (SYSTEM, ItemAction.FIND_NOBODY, {"match_trigger": MatchTrigger.BY_HAND}),
        (actor, ItemAction.ASSIGN, {"institution_id": institution_id, "assignment_reason": words}),
    )
    for who, action, values in steps:
        workflow.all_or_conflict(ids, workflow.move_items(who, action, ids, **values))


def _tell_of_reassigning(actor: Actor, slip: Slip, target: Slip, count: int, words: str) -> None:
    facts = {
        "by": organisation_of(actor),
        "institution": target.institution.name,
        "count": count,
        "reason": inside_a_sentence(words),
    }
    notices.tell_institution(slip.institution_id, "notice_items_moved_away", slip, number=slip.number, **facts)
    notices.tell_enterprise(slip.enterprise_id, "notice_items_reassigned", target, number=target.number, **facts)


def _chosen(
    offered: Sequence[AppointmentItem], item_ids: Sequence[int], appointment: Appointment
) -> list[AppointmentItem]:
    """The wanted ones among what may be moved; `Conflict` for one of the appointment that may not be any more."""
    wanted = set(item_ids)
    if not wanted:
        raise Invalid.one("items", "no_items_chosen")
    if not wanted <= {item.id for item in appointment.items}:
        raise NotFound
    chosen = [item for item in offered if item.id in wanted]
    if len(chosen) != len(wanted):
        raise Conflict("already_decided", count=len(wanted) - len(chosen))
    return chosen
