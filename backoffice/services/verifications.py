"""检定结果: one person of an institution enters it, another publishes it, and only then the ledger changes.

Entered results may be changed and discarded by anybody of the institution; whoever typed last is who entered it, so
what is published has always been seen by two. Whole slips, files and corrections go through `enter` and `publish_all`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from .. import audit, clock, scoping, workflow
from ..actor import Actor
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, Invalid, NotFound
from ..models import AppointmentItem, Institution, MeasuringInstrument, User, Verification
from ..permissions import Permission, require
from ..states import ItemStatus, Outcome
from ..workflow import ItemAction
from . import slips, verification_notices
from .verification_fields import checked

STEPS = {Outcome.PASSED: ItemAction.RECORD_PASS, Outcome.NOT_PASSED: ItemAction.RECORD_FAIL}


def is_unpublished() -> sa.ColumnElement[bool]:
    """Entered and still to be published."""
    return sa.and_(Verification.published_at.is_(None), Verification.voided_at.is_(None))


def is_to_be_entered() -> sa.ColumnElement[bool]:
    """Accepted items without a result; for a query that is scoped to an institution."""
    entered = sa.exists().where(Verification.item_id == AppointmentItem.id, is_unpublished())
    return sa.and_(AppointmentItem.status == ItemStatus.ACCEPTED, ~entered)


def enter(actor: Actor, item_id: int, **values: Any) -> Verification:
    """Enter the result of an item this institution accepted; nothing but this row changes.

    `values` are those of `verification_fields.FIELDS`; what is left out is empty. Raises `Invalid` with a problem
    beside each field, `Conflict` when the item is not waiting or has a result already, `Forbidden`, `NotFound`.
    """
    require(actor, Permission.MATCHED_RESULTS_ENTER)
    item: AppointmentItem = scoping.find(actor, AppointmentItem, item_id)
    slips.lock_appointments([item.appointment_id])
    db.session.refresh(item)
    _refuse_unless_waiting(actor, item)
    columns = checked(item.instrument, values)
    _refuse_taken_number(actor, item, columns)
    row = Verification(
        instrument_id=item.instrument_id,
        enterprise_id=item.enterprise_id,
        institution_id=item.institution_id,
        item_id=item.id,
        entered_by_id=actor.user_id,
        **columns,
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError as refused:
        raise Conflict("result_entered_already", instrument=str(item.instrument)) from refused
    audit.record(actor, AuditAction.RESULT_ENTERED, row, after=audit.values_of(row))
    return row


def change(actor: Actor, verification_id: int, **values: Any) -> Verification:
    """Change an entered result before it is published; whoever changes it is who entered it from now on."""
    require(actor, Permission.MATCHED_RESULTS_ENTER)
    row, item = _held(actor, verification_id)
    _refuse_unless_waiting(actor, item)
    columns = checked(row.instrument, values)
    _refuse_taken_number(actor, item, columns, but=row.id)
    for name, value in {**columns, "entered_by_id": actor.user_id}.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
    audit.record_change(actor, AuditAction.RESULT_CHANGED, row)
    return row


def discard(actor: Actor, verification_id: int) -> None:
    """Take an entered result away before it is published; its item waits for a result again."""
    require(actor, Permission.MATCHED_RESULTS_ENTER)
    row, _item = _held(actor, verification_id)
    audit.record(actor, AuditAction.RESULT_REMOVED, row, before=audit.values_of(row))
    db.session.delete(row)
    db.session.flush()


def publish(actor: Actor, verification_id: int, *, seen_at: datetime | None = None) -> Verification:
    """Publish one result; see `publish_all`."""
    return publish_all(actor, [verification_id], seen_at=seen_at)[0]


def publish_all(
    actor: Actor, verification_ids: Sequence[int], *, seen_at: datetime | None = None
) -> list[Verification]:
    """Publish entered results, all or none: items end, the ledger says so, the enterprises are told.

    `seen_at` is when the actor was shown them: what was changed since then is not what was read, and is refused.

    Raises `Conflict` where one was published in between, was entered by the actor (核验员 is another person than who
    typed it and than 检定员), or its item is not waiting any more; `NotFound` where one is not this institution's.
    """
    require(actor, Permission.MATCHED_RESULTS_PUBLISH)
    wanted = sorted(set(verification_ids))
    rows = _lock(actor, wanted)
    for row in rows:
        _refuse_unless_publishable(actor, row)
        if seen_at is not None and row.updated_at > seen_at:
            raise Conflict("result_changed_since_seen", instrument=str(row.instrument))
    instruments = _lock_instruments([row.instrument_id for row in rows])
    _end_items(actor, rows)
    for row in rows:
        row.published_at, row.published_by_id, row.checker = clock.now(), actor.user_id, actor.name
        _write_ledger(actor, instruments[row.instrument_id], row)
    db.session.flush()
    for row in rows:
        audit.record(actor, AuditAction.RESULT_PUBLISHED, row, after=_published_facts(row))
    for appointment in slips.lock_appointments(_item_of(row).appointment_id for row in rows):
        slips.refresh(appointment)
    verification_notices.tell(rows)
    return rows


def why_not_published_by(actor: Actor, row: Verification) -> Conflict | None:
    """Why this person may not publish this result: the refusal that would come, for the page to say beforehand."""
    if row.entered_by_id is None or row.entered_by_id == actor.user_id:
        return Conflict("result_own_entry", instrument=str(row.instrument))
    if row.verifier == actor.name:
        return Conflict("result_own_verification", instrument=str(row.instrument), verifier=row.verifier)
    return None


def is_publishable_by(actor: Actor) -> sa.ColumnElement[bool]:
    """`why_not_published_by` says nothing against it, as a condition on results."""
    return sa.and_(
        Verification.entered_by_id.is_not(None),
        Verification.entered_by_id != actor.user_id,
        Verification.verifier != actor.name,
    )


def _refuse_unless_waiting(actor: Actor, item: AppointmentItem) -> None:
    """Results are entered for what this institution accepted and has not ended."""
    if item.status is not ItemStatus.ACCEPTED or item.institution_id != actor.institution_id:
        raise Conflict("result_item_not_waiting", instrument=str(item.instrument), state=item.status)


def _refuse_unless_publishable(actor: Actor, row: Verification) -> None:
    if row.published_at is not None:
        publisher = db.session.get(User, row.published_by_id) if row.published_by_id else None
        raise Conflict(
            "result_published_already", instrument=str(row.instrument), by=publisher.name if publisher else None
        )
    if (refusal := why_not_published_by(actor, row)) is not None:
        raise refusal
    _refuse_unless_waiting(actor, _item_of(row))


def _refuse_taken_number(actor: Actor, item: AppointmentItem, columns: dict[str, Any], but: int | None = None) -> None:
    """A number is one document: several instruments may share it when they are one enterprise's, of one day and type.

    The institution's row is held meanwhile, so that two people cannot give the same number at once.
    """
    number = columns["document_number"]
    if number is None:
        return
    held = sa.select(Institution.id).where(Institution.id == actor.institution_id)
    db.session.execute(held.with_for_update(key_share=True))
    others = db.session.scalars(
        sa.select(Verification).where(
            Verification.institution_id == actor.institution_id,
            Verification.document_number == number,
            Verification.voided_at.is_(None),
            Verification.id != (but or 0),
        )
    )
    for other in others:
        is_shared = (
            other.enterprise_id == item.enterprise_id
            and other.instrument_id != item.instrument_id
            and other.verified_on == columns["verified_on"]
            and other.document_type is columns["document_type"]
        )
        if not is_shared:
            raise Invalid.one("document_number", "result_number_taken", number=number, instrument=str(other.instrument))


def _held(actor: Actor, verification_id: int) -> tuple[Verification, AppointmentItem]:
    """An entered result under its appointment's lock, with its item; raises `Conflict` once it is published."""
    (row,) = _lock(actor, [verification_id])
    if row.published_at is not None:
        raise Conflict("result_published_stands", instrument=str(row.instrument))
    return row, _item_of(row)


def _lock(actor: Actor, ids: Sequence[int]) -> list[Verification]:
    """These results of the institution in the order of ids; their appointments are held first, as everywhere."""
    scoped = scoping.visible(actor, Verification).where(Verification.id.in_(ids)).order_by(Verification.id)
    found = db.session.scalars(scoped.options(joinedload(Verification.item))).all()
    if not ids or len(found) != len(ids):
        raise NotFound
    slips.lock_appointments(_item_of(row).appointment_id for row in found)
    locked = scoped.with_for_update(of=Verification).execution_options(populate_existing=True)
    rows = list(db.session.scalars(locked))
    if len(rows) != len(ids):  # Discarded while this waited.
        raise NotFound
    items = [row.item_id for row in rows]
    db.session.scalars(
        sa.select(AppointmentItem).where(AppointmentItem.id.in_(items)), execution_options={"populate_existing": True}
    ).all()
    return rows


def _item_of(row: Verification) -> AppointmentItem:
    """The item a result was entered for; every result has one until results without a booking come."""
    if row.item is None:
        raise NotFound
    return row.item


def _lock_instruments(ids: Sequence[int]) -> dict[int, MeasuringInstrument]:
    statement = (
        sa.select(MeasuringInstrument)
        .where(MeasuringInstrument.id.in_(ids))
        .order_by(MeasuringInstrument.id)
        .with_for_update(of=MeasuringInstrument)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in db.session.scalars(statement)}


def _end_items(actor: Actor, rows: Sequence[Verification]) -> None:
    for outcome, step in STEPS.items():
        ids = [_item_of(row).id for row in rows if row.outcome is outcome]
        workflow.all_or_conflict(ids, workflow.move_items(actor, step, ids))


def _write_ledger(actor: Actor, instrument: MeasuringInstrument, row: Verification) -> None:
    """What the ledger says from now on. A fail leaves neither certificate nor validity; nothing declared remains."""
    has_passed = row.outcome is Outcome.PASSED
    instrument.certificate_number = row.document_number if has_passed else None
    instrument.valid_until = row.valid_until if has_passed else None
    instrument.verified_on, instrument.outcome = row.verified_on, row.outcome
    instrument.verified_by_id = row.institution_id
    instrument.declared_verified_on = instrument.declared_valid_until = None
    instrument.declared_certificate_number = instrument.declared_institution = ""
    audit.record_change(actor, AuditAction.INSTRUMENT_CHANGED, instrument)


def _published_facts(row: Verification) -> dict[str, Any]:
    names = ("outcome", "document_number", "verified_on", "valid_until", "checker", "published_by_id", "item_id")
    slip = _item_of(row).slip
    return {**{name: getattr(row, name) for name in names}, "slip": slip.number if slip else None}
