"""The ledger of an enterprise: one row, one physical instrument (SPEC, Ledger).

The form goes through the rules of the import. One unique key in the database decides races; rows that an institution
holds are locked in what it holds them by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from .. import audit, clock, scoping
from ..actor import Actor, Role
from ..audit import AuditAction
from ..database import db
from ..errors import Conflict, FieldProblem, Invalid, NotFound
from ..messages.ledger import problem_code
from ..models import AppointmentItem, Division, MeasuringInstrument, Slip, Verification
from ..permissions import Permission, require
from ..states import LOCKING_ITEMS, OPEN_ITEMS, UseState
from ..workbooks.checks import checked_values
from ..workbooks.problems import Problem
from ..workbooks.reference import Reference
from . import ledger_reference, ledger_values, matching_runs, notices, on_behalf, slips
from .ledger_further import further_values
from .ledger_values import (
    DECIDING_COLUMNS,
    DECLARED_COLUMNS,
    KEY_PARTS,
    READ_COLUMNS,
    TYPED_COLUMNS,
    changed_columns,
    key_of,
    too_long_for_ledger,
    with_readings,
)
from .words import inside_a_sentence, reason_words

REASON_LENGTH = 200


def create(actor: Actor, enterprise_id: int, values: Mapping[str, Any]) -> MeasuringInstrument:
    """Enter an instrument into the enterprise's ledger; saving is the legal filing (备案).

    `values` are typed texts or codes by column code, with `quantity` and `is_standard`. Raises `Invalid` with a problem
    beside each field, also for an instrument that is there already; `Forbidden`, `NotFound`. Who acts for the
    enterprise (代办) stands on the row.
    """
    acting = on_behalf.ledger_of(actor, enterprise_id)
    enterprise, columns = acting.enterprise, accepted(values)
    instrument = MeasuringInstrument(
        enterprise_id=enterprise.id, filed_at=clock.now(), **columns, **acting.stamp("added_by")
    )
    try:
        with db.session.begin_nested():
            db.session.add(instrument)
    except IntegrityError as refused:
        raise _duplicate(enterprise.id, columns) or refused from refused
    refuse_outside_area(actor, instrument)
    audit.record(actor, AuditAction.INSTRUMENT_CREATED, instrument, after=audit.values_of(instrument))
    return instrument


def update(
    actor: Actor, instrument_id: int, values: Mapping[str, Any], version: int | None = None, *, reason: str = ""
) -> None:
    """Change a row of the ledger; what waits to be matched is matched anew.

    `version` is the one the form was opened with. A regulator says why, and the enterprise is told. Raises `Invalid`
    (also for columns an institution's slip locks), `Conflict` if somebody saved in between, `Forbidden`, `NotFound`.
    """
    on_behalf.editable_instrument(actor, instrument_id)
    words = reason_words(reason) if actor.role is Role.REGULATOR else ""
    item = _lock_open_item(instrument_id)
    instrument = on_behalf.editable_instrument(actor, instrument_id, lock=True)
    if item is None and open_item(instrument_id) is not None:  # Booked while this waited for the row.
        raise Conflict("changed_meanwhile")
    if version is not None and version != instrument.version:
        raise Conflict("changed_meanwhile")
    columns = accepted(values)
    _refuse_declared(instrument, columns)
    written = [name for name in columns if name not in READ_COLUMNS and columns[name] != getattr(instrument, name)]
    changed = changed_columns(columns, {name: _plain(getattr(instrument, name)) for name in TYPED_COLUMNS})
    _refuse_locked(item, changed)
    try:
        with db.session.begin_nested():
            for name, value in columns.items():
                setattr(instrument, name, value)
            audit.record_change(actor, AuditAction.INSTRUMENT_CHANGED, instrument, reason=words)
    except IntegrityError as refused:
        raise _duplicate(instrument.enterprise_id, columns) or refused from refused
    refuse_outside_area(actor, instrument)
    if item is not None and DECIDING_COLUMNS & set(changed):
        matching_runs.requeue_instrument(actor, instrument_id)
    if written:
        _tell_enterprise(actor, instrument, "notice_instrument_changed", columns=written, reason=words)


def remove(actor: Actor, instrument_id: int) -> None:
    """Delete a row nothing refers to; raises `Conflict` where an appointment or a result does."""
    instrument = on_behalf.editable_instrument(actor, instrument_id, lock=True)
    if not may_be_removed(instrument_id):
        raise Conflict("instrument_in_use")
    audit.record(actor, AuditAction.INSTRUMENT_REMOVED, instrument, before=audit.values_of(instrument))
    db.session.delete(instrument)
    db.session.flush()


def may_be_removed(instrument_id: int) -> bool:
    """Whether neither an appointment nor a result refers to the row."""
    references = [
        sa.select(sa.literal(1)).where(model.instrument_id == instrument_id)
        for model in (AppointmentItem, Verification)
    ]
    return db.session.execute(sa.union_all(*references).limit(1)).first() is None


def change_use(actor: Actor, instrument_ids: Sequence[int], state: UseState, reason: str) -> int:
    """停用, 启用, 报废 … of some instruments at once, all or none; returns how many changed.

    Raises `Invalid` without a reason (taking into use again needs none), `Conflict` where one is booked or all are in
    that state already, `NotFound` where one is not theirs.
    """
    reason = reason.strip()
    if not reason and state is not UseState.IN_USE:
        raise Invalid.one("reason", "reason_required")
    if len(reason) > REASON_LENGTH:
        raise Invalid.one("reason", "too_long", limit=REASON_LENGTH, length=len(reason))
    wanted = sorted(set(instrument_ids))
    rows = _locked_rows(actor, wanted)
    if len(rows) != len(wanted):
        raise NotFound
    changing = [row for row in rows if row.use_state is not state]
    if not changing:
        raise Conflict("instrument_use_same", state=state)
    _refuse_booked([row.id for row in changing])
    for row in changing:
        row.use_state, row.use_state_on, row.use_state_reason = state, clock.today(), reason
        audit.record_change(actor, AuditAction.INSTRUMENT_USE_CHANGED, row)
        _tell_enterprise(actor, row, "notice_instrument_use_changed", use_state=state, reason=reason)
    return len(changing)


def count(actor: Actor) -> int:
    """Rows of the ledger this actor may know of."""
    require(actor, Permission.OWN_LEDGER_READ)
    statement = sa.select(sa.func.count()).select_from(MeasuringInstrument)
    return db.session.scalar(statement.where(scoping.criterion(actor, MeasuringInstrument))) or 0


def divisions_in_use(actor: Actor) -> list[Division]:
    """Where this actor's instruments are used, for the list's filter."""
    require(actor, Permission.OWN_LEDGER_READ)
    used = sa.select(MeasuringInstrument.division_code).where(scoping.criterion(actor, MeasuringInstrument)).distinct()
    return list(db.session.scalars(sa.select(Division).where(Division.code.in_(used)).order_by(Division.code)))


def warnings_of(instrument: MeasuringInstrument) -> list[FieldProblem]:
    """What a saved row should be looked at for: a purpose outside the kind's, a kind 待确认."""
    typed = {name: _plain(getattr(instrument, name)) for name in TYPED_COLUMNS}
    checked = checked_values({**typed, "quantity": "1"}, ledger_reference.load())
    return [_field_problem(problem) for problem in checked.problems if not problem.is_error]


def open_item(instrument_id: int) -> AppointmentItem | None:
    """The one item in which the instrument is booked and not yet over."""
    return db.session.scalars(
        sa.select(AppointmentItem).where(
            AppointmentItem.instrument_id == instrument_id, AppointmentItem.status.in_(OPEN_ITEMS)
        )
    ).one_or_none()


def locked_columns(item: AppointmentItem | None) -> frozenset[str]:
    """The columns an open item locks."""
    if item is None or item.status not in LOCKING_ITEMS:
        return frozenset()
    return ledger_values.locked_columns(item.instrument.serial_number)


def locking_slips(instrument_ids: Sequence[int]) -> dict[int, str | None]:
    """Which of these instruments an institution holds, by the number of its slip."""
    if not instrument_ids:
        return {}
    rows = db.session.execute(
        sa.select(AppointmentItem.instrument_id, Slip.number)
        .outerjoin(Slip, Slip.id == AppointmentItem.slip_id)
        .where(AppointmentItem.instrument_id.in_(instrument_ids), AppointmentItem.status.in_(LOCKING_ITEMS))
    )
    return {row.instrument_id: row.number for row in rows}


def accepted(values: Mapping[str, Any], reference: Reference | None = None) -> dict[str, Any]:
    """The columns to store; raises `Invalid` with every problem of what was typed.

    Optional and declared columns are stored where they were typed; `reference` saves asking again for many rows.
    """
    rules = reference or ledger_reference.load()
    checked = checked_values({name: _plain(value) for name, value in values.items()}, rules)
    found = [*checked.problems, *too_long_for_ledger(checked.values or {}, row=None, letters={})]
    problems: dict[str, FieldProblem] = {}
    further = further_values(values, problems)
    if values.get("is_standard"):
        problems["is_standard"] = FieldProblem("ledger_standard")
    for problem in found:
        if problem.is_error and problem.field is not None:
            problems.setdefault(problem.field, _field_problem(problem))
    if problems or checked.values is None:
        raise Invalid(problems)
    return {**with_readings(checked.values), **further}


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value.value if isinstance(value, StrEnum) else str(value)


def _field_problem(problem: Problem) -> FieldProblem:
    facts = {**problem.facts, "found": problem.found, "suggestion": problem.suggestion}
    return FieldProblem(problem_code(problem), facts)


def _refuse_declared(instrument: MeasuringInstrument, columns: Mapping[str, Any]) -> None:
    """What the enterprise declared stands until the first recorded result and is not written afterwards."""
    if instrument.verified_on is None:
        return
    changed = [name for name in DECLARED_COLUMNS if name in columns and columns[name] != getattr(instrument, name)]
    if changed:
        raise Invalid({name: FieldProblem("declared_replaced") for name in changed})


def with_key(enterprise_id: int, columns: Mapping[str, Any]) -> MeasuringInstrument | None:
    """The row of an enterprise that has the ledger key of these columns."""
    key = zip(KEY_PARTS, key_of(columns), strict=True)
    return db.session.scalars(
        sa.select(MeasuringInstrument).where(
            MeasuringInstrument.enterprise_id == enterprise_id,
            *(getattr(MeasuringInstrument, part) == value for part, value in key),
        )
    ).one_or_none()


def _duplicate(enterprise_id: int, columns: Mapping[str, Any]) -> Invalid | None:
    """The refusal that names the row which has the key already."""
    existing = with_key(enterprise_id, columns)
    if existing is None:
        return None
    facts = {"existing": str(existing), "ledger_number": existing.ledger_number}
    return Invalid.one("serial_number", "ledger_duplicate", **facts)


def refuse_outside_area(actor: Actor, instrument: MeasuringInstrument) -> None:
    """A regulator enters and moves instruments within its area only: that of the place of use."""
    if actor.role is Role.REGULATOR and not on_behalf.may_edit_instrument(actor, instrument):
        raise Invalid.one("division_code", "outside_your_area", names=[instrument.division.name])


def _tell_enterprise(actor: Actor, instrument: MeasuringInstrument, code: str, *, reason: str, **facts: Any) -> None:
    """Its ledger is the enterprise's own: it hears what an office wrote into it, and why."""
    if actor.role is not Role.REGULATOR:
        return
    by = on_behalf.organisation_of(actor)
    said = {"by": by, "instrument": str(instrument), "reason": inside_a_sentence(reason), **facts}
    notices.tell_enterprise(instrument.enterprise_id, code, instrument, **said)


def _lock_open_item(instrument_id: int) -> AppointmentItem | None:
    """The open item, held so that it is neither matched nor accepted meanwhile; the appointment comes first."""
    item = open_item(instrument_id)
    if item is None:
        return None
    slips.lock_appointments([item.appointment_id])
    db.session.refresh(item, with_for_update=True)
    return item if item.status in OPEN_ITEMS else None


def _refuse_locked(item: AppointmentItem | None, changed: Sequence[str]) -> None:
    if item is None or not (locked := locked_columns(item) & set(changed)):
        return
    number = item.slip.number if item.slip else None
    raise Invalid({name: FieldProblem("ledger_locked", {"slip": number}) for name in changed if name in locked})


def _locked_rows(actor: Actor, ids: Sequence[int]) -> list[MeasuringInstrument]:
    """Their rows among these, in the order of ids, held for update."""
    statement = (
        on_behalf.editable_instruments(actor)
        .where(MeasuringInstrument.id.in_(ids))
        .order_by(MeasuringInstrument.id)
        .with_for_update(of=MeasuringInstrument)
        .execution_options(populate_existing=True)
    )
    return list(db.session.scalars(statement))


def _refuse_booked(instrument_ids: Sequence[int]) -> None:
    numbers = db.session.execute(
        sa.select(AppointmentItem.instrument_id, Slip.number)
        .outerjoin(Slip, Slip.id == AppointmentItem.slip_id)
        .where(AppointmentItem.instrument_id.in_(instrument_ids), AppointmentItem.status.in_(OPEN_ITEMS))
        .order_by(Slip.number)
    ).all()
    if numbers:
        named = list(dict.fromkeys(number for _id, number in numbers if number))
        raise Conflict("instrument_has_open_item", count=len(numbers), slips=named)
