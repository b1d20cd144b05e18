"""An institution answers: accept a slip or single items, or return items with a reason. Every answer is a receipt."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from .. import audit, clock, scoping, workflow
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, Invalid, NotFound
from ..models import AppointmentItem, Receipt, Slip
from ..permissions import Permission, require
from ..states import DeliveryMode, ItemStatus, ReturnCode
from ..workflow import ItemAction
from . import areas, arrangements, instrument_facts, notices, slip_printing, slips
from .words import inside_a_sentence

LONGEST_WORDS = 500
SHORTEST_REASON = 4
"""Characters: fewer tell the enterprise neither what is wrong nor what to do."""


def accept(
    actor: Actor,
    slip_id: int,
    *,
    item_ids: Sequence[int] | None = None,
    appointed_on: date | None = None,
    appointed_time: str = "",
    place: str = "",
    words: str = "",
) -> Receipt:
    """Accept a slip's undecided items, or the given ones. Without a day: to be agreed by telephone.

    Raises `Conflict` when one of them was decided or withdrawn in the meantime; then nothing is accepted.
    """
    require(actor, Permission.MATCHED_SLIPS_ACCEPT)
    slip, items = _undecided(actor, slip_id, item_ids)
    if appointed_on is not None and appointed_on < clock.today():
        raise Invalid.one("appointed_on", "day_is_past")
    _check_words(words)
    ids = [item.id for item in items]
    workflow.all_or_conflict(ids, workflow.move_items(actor, ItemAction.ACCEPT, ids))
    _write_arrangement(actor, slip, appointed_on, appointed_time, place, words)
    receipt = _write_receipt(actor, slip, "accepted", len(ids), words=words)
    for item in items:
        audit.record(actor, AuditAction.ITEM_ACCEPTED, item, after={"slip": slip.number})
    slips.refresh(slip.appointment)
    notices.tell_enterprise(
        slip.enterprise_id,
        "notice_items_accepted",
        slip,
        institution=slip.institution.name,
        number=slip.number,
        count=len(ids),
    )
    return receipt


def return_items(
    actor: Actor, slip_id: int, *, item_ids: Sequence[int] | None = None, code: ReturnCode, words: str
) -> Receipt:
    """Return undecided items with a reason the enterprise reads; 非强检 also goes to the regulator.

    Raises `Invalid` without words or with too few, `Conflict` when one of the items was decided or withdrawn in the
    meantime.
    """
    require(actor, Permission.MATCHED_SLIPS_RETURN)
    if not words.strip():
        raise Invalid.one("words", "reason_required")
    if len(words.strip()) < SHORTEST_REASON:
        raise Invalid.one("words", "reason_too_short", least=SHORTEST_REASON)
    _check_words(words)
    slip, items = _undecided(actor, slip_id, item_ids)
    ids = [item.id for item in items]
    moved = workflow.move_items(
        actor,
        ItemAction.RETURN,
        ids,
        return_code=code,
        return_words=words.strip(),
        returned_by_id=slip.institution_id,
        institution_id=None,
    )
    workflow.all_or_conflict(ids, moved)
    for item in items:
        item.returned_facts = instrument_facts.snapshot(item.instrument)
    if slip.first_decided_at is None:
        slip.first_decided_at = clock.now()
    elif slip.accepted_at is not None:
        slip_printing.next_version(slip)
    receipt = _write_receipt(actor, slip, "returned", len(ids), words=words.strip(), code=code)
    for item in items:
        audit.record(
            actor, AuditAction.ITEM_RETURNED, item, after={"slip": slip.number, "return_code": code, "words": words}
        )
    slips.refresh(slip.appointment)
    _tell_of_return(slip, items, code)
    return receipt


def _check_words(words: str) -> None:
    if len(words) > LONGEST_WORDS:
        raise Invalid.one("words", "too_long", limit=LONGEST_WORDS, length=len(words))


def _undecided(actor: Actor, slip_id: int, item_ids: Sequence[int] | None) -> tuple[Slip, list[AppointmentItem]]:
    """The slip under its appointment's lock, and the items to decide."""
    found = _found(actor, slip_id)
    slips.lock_appointments([found.appointment_id])
    slip = _found(actor, slip_id, lock=True)
    db.session.expire(slip, ["items"])
    if item_ids is not None and not set(item_ids) <= {item.id for item in slip.items}:
        raise NotFound
    items = [
        item
        for item in slip.items
        if (item.status is ItemStatus.AWAITING_ACCEPTANCE if item_ids is None else item.id in item_ids)
    ]
    if not items:
        raise Conflict("slip_already_decided", number=slip.number, by=_last_decider(slip))
    return slip, items


def _found(actor: Actor, slip_id: int, *, lock: bool = False) -> Slip:
    """The slip if it is this institution's; raises `Conflict` for one that was, until everything on it left."""
    try:
        slip: Slip = scoping.find(actor, Slip, slip_id, lock=lock)
    except NotFound:
        slips.refuse_if_left(actor, slip_id)
        raise
    return slip


def _last_decider(slip: Slip) -> str:
    receipt = next((row for row in slip.appointment.receipts if row.slip_id == slip.id), None)
    return receipt.written_by.name if receipt and receipt.written_by else slip.enterprise.name


def _write_arrangement(
    actor: Actor, slip: Slip, appointed_on: date | None, appointed_time: str, place: str, words: str
) -> None:
    is_first = slip.accepted_at is None
    if is_first:
        slip.accepted_at = clock.now()
        slip.accepted_by_id = actor.user_id
    if slip.first_decided_at is None:
        slip.first_decided_at = clock.now()
    slip.appointed_on = appointed_on
    slip.appointed_time = appointed_time.strip()
    slip.place = place.strip() or arrangements.usual_place(slip)
    slip.words = words.strip()
    if is_first:
        slip_printing.keep(slip)
    else:
        slip_printing.next_version(slip)


def change_arrangement(
    actor: Actor, slip_id: int, *, appointed_on: date | None, appointed_time: str, place: str, words: str
) -> Slip:
    """Change date, time, place or words of an accepted slip: a receipt of its own, and the printed version grows."""
    require(actor, Permission.MATCHED_SLIPS_ACCEPT)
    slip: Slip = scoping.find(actor, Slip, slip_id, lock=True)
    if not slips.is_printable(slip):
        raise Conflict("slip_not_accepted", number=slip.number)
    if appointed_on is not None and appointed_on < clock.today():
        raise Invalid.one("appointed_on", "day_is_past")
    _check_words(words)
    slip.appointed_on, slip.appointed_time = appointed_on, appointed_time.strip()
    slip.place, slip.words = place.strip(), words.strip()
    before, after = audit.changes(slip)
    if after:
        slip_printing.next_version(slip)
        audit.record(actor, AuditAction.SLIP_CHANGED, slip, before=before, after=after)
        _write_receipt(actor, slip, "changed", len(slips.printable_items(slip)), words=slip.words)
        notices.tell_enterprise(
            slip.enterprise_id,
            "notice_slip_changed",
            slip,
            institution=slip.institution.name,
            number=slip.number,
            said=inside_a_sentence(slip.words),
        )
    return slip


def _write_receipt(
    actor: Actor, slip: Slip, decision: str, count: int, *, words: str, code: ReturnCode | None = None
) -> Receipt:
    db.session.flush()
    db.session.expire(slip, ["items"])
    receipt = Receipt(
        appointment_id=slip.appointment_id,
        slip_id=slip.id,
        institution_id=slip.institution_id,
        decision=decision,
        item_count=count,
        words=words.strip(),
        return_code=code,
        arrangement=None if decision == "returned" else arrangements.of(slip),
        written_by_id=actor.user_id,
        created_at=clock.now(),
    )
    db.session.add(receipt)
    db.session.flush()
    return receipt


def _tell_of_return(slip: Slip, items: Sequence[AppointmentItem], code: ReturnCode) -> None:
    notices.tell_enterprise(
        slip.enterprise_id,
        "notice_items_returned",
        slip.appointment,
        institution=slip.institution.name,
        number=slip.number,
        count=len(items),
        return_code=code,
    )
    if code is ReturnCode.NOT_MANDATORY:
        for item in items:
            if (office := areas.competent_division(item.instrument.division_code)) is not None:
                notices.tell_regulator(
                    office,
                    "notice_not_mandatory",
                    item.instrument,
                    institution=slip.institution.name,
                    instrument=str(item.instrument),
                )


def needs_site_visit(slip: Slip) -> bool:
    """Whether some of the slip's instruments are verified where they stand."""
    return any(item.instrument.delivery_mode is DeliveryMode.ON_SITE for item in slip.items)
