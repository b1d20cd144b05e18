"""Results as pages ask for them: of an instrument, of the items of a booking, the one typed before."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from .. import scoping
from ..actor import Actor
from ..database import db
from ..models import AppointmentItem, MeasuringInstrument, Verification
from ..states import OPEN_ITEMS, Outcome, UseState
from . import ledger
from .ledger_schemes import why_never_booked

MOST_RESULTS = 50


def of_items(actor: Actor, item_ids: Collection[int]) -> dict[int, Verification]:
    """The results this actor may know of, by the item they were entered for."""
    if not item_ids:
        return {}
    statement = scoping.visible(actor, Verification).where(
        Verification.item_id.in_(item_ids), Verification.voided_at.is_(None)
    )
    return {row.item_id: row for row in db.session.scalars(statement.order_by(Verification.id)) if row.item_id}


def of_instrument(actor: Actor, instrument_id: int) -> list[Verification]:
    """The published results of an instrument that this actor may know of, newest first."""
    statement = (
        scoping.visible(actor, Verification)
        .where(Verification.instrument_id == instrument_id, Verification.published_at.is_not(None))
        .options(joinedload(Verification.institution))
        .order_by(Verification.published_at.desc(), Verification.id.desc())
        .limit(MOST_RESULTS)
    )
    return list(db.session.scalars(statement))


def typed_before(actor: Actor, item: AppointmentItem) -> Verification | None:
    """The result entered last for this slip: the next instrument of it mostly has the same day, people and rules."""
    statement = (
        scoping.visible(actor, Verification)
        .join(AppointmentItem, AppointmentItem.id == Verification.item_id)
        .where(AppointmentItem.slip_id == item.slip_id)
        .order_by(Verification.id.desc())
        .limit(1)
    )
    return db.session.scalars(statement).first()


def awaits_repair(row: MeasuringInstrument) -> bool:
    """Whether it failed and nothing was done about it: repaired and booked again, or scrapped."""
    return row.outcome is Outcome.NOT_PASSED and row.use_state is UseState.IN_USE and ledger.open_item(row.id) is None


def is_awaiting_repair() -> sa.ColumnElement[bool]:
    """`awaits_repair` as a condition on instruments."""
    booked = sa.select(AppointmentItem.instrument_id).where(AppointmentItem.status.in_(OPEN_ITEMS))
    return sa.and_(
        MeasuringInstrument.outcome == Outcome.NOT_PASSED,
        MeasuringInstrument.use_state == UseState.IN_USE,
        MeasuringInstrument.id.not_in(booked),
    )


def fails_to_repair(actor: Actor, *, limit: int) -> list[Verification]:
    """The last result of each instrument that awaits repair, the newest first."""
    newest = (
        scoping.visible(actor, Verification)
        .join(Verification.instrument)
        .where(Verification.published_at.is_not(None), Verification.voided_at.is_(None), is_awaiting_repair())
        .with_only_columns(sa.func.max(Verification.id))
        .group_by(Verification.instrument_id)
    )
    statement = (
        sa.select(Verification)
        .where(Verification.id.in_(newest))
        .options(
            joinedload(Verification.instrument).joinedload(MeasuringInstrument.kind),
            joinedload(Verification.institution),
        )
        .order_by(Verification.published_at.desc(), Verification.id.desc())
        .limit(limit)
    )
    return list(db.session.scalars(statement))


def may_be_repaired(row: MeasuringInstrument) -> bool:
    """失准报废 leaves only scrapping: such an instrument is never booked again."""
    return awaits_repair(row) and why_never_booked(row) is None
