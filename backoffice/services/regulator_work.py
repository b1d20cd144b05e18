"""My work of a regulator: what waits for an answer, what is nobody's, and what institutions let pass.

Every number counts exactly the rows of the list it leads to, so all of them start from `scoping`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from .. import clock, scoping
from ..actor import Actor
from ..database import db
from ..models import AppointmentItem, Capability, Institution, InstrumentKind, MeasuringInstrument, Registration, Slip
from ..states import ItemStatus, RegistrationState, SlipStatus

OPEN_SLIPS = (SlipStatus.AWAITING, SlipStatus.PARTLY)
LAPSING_DAYS = 60


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one kind of work that belong together: how many, since when, and of what."""

    key: str | int
    name: str
    count: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Work:
    """The numbers of the home page; counts of instruments are in 台（件）."""

    registrations: int
    registrations_late: int
    unmatched: int
    late_slips: int
    lapsing: int
    waiting_reviews: list[Registration]
    unmatched_by_kind: list[Group]
    late_by_institution: list[Group]

    @property
    def is_empty(self) -> bool:
        return not (self.waiting_reviews or self.unmatched_by_kind or self.late_by_institution)


def of(actor: Actor) -> Work:
    """Everything the home page shows, in a fixed number of queries."""
    return Work(
        registrations=pending_registrations(actor),
        registrations_late=_count(Registration, *_pending(actor), Registration.due_at <= clock.now()),
        unmatched=unmatched(actor),
        late_slips=_count(Slip, *_late(actor)),
        lapsing=_count(Capability, scoping.criterion(actor, Capability), lapses_soon(actor)),
        waiting_reviews=_waiting_reviews(actor),
        unmatched_by_kind=_unmatched_by_kind(actor),
        late_by_institution=_late_by_institution(actor),
    )


def pending_registrations(actor: Actor) -> int:
    return _count(Registration, *_pending(actor))


def unmatched(actor: Actor) -> int:
    """Booked instruments no institution was found for."""
    return _count(AppointmentItem, *_unmatched(actor))


def in_area(column: sa.orm.InstrumentedAttribute[list[str]], actor: Actor) -> sa.ColumnElement[bool]:
    """Whether one of a row's service areas lies in the actor's area."""
    return _overlaps(column, scoping.area_codes(actor.division_code or ""))


def covers_area(column: sa.orm.InstrumentedAttribute[list[str]], actor: Actor) -> sa.ColumnElement[bool]:
    """Whether one of a row's service areas is the actor's area or contains it."""
    return _overlaps(column, scoping.area_and_above(actor.division_code or ""))


def _overlaps(column: sa.orm.InstrumentedAttribute[list[str]], codes: sa.Select[tuple[str]]) -> sa.ColumnElement[bool]:
    listed = sa.cast(sa.func.array(codes.scalar_subquery()), ARRAY(sa.Text))
    return column.bool_op("&&")(listed)


def lapses_soon(actor: Actor, *, days: int = LAPSING_DAYS) -> sa.ColumnElement[bool]:
    """Capabilities with a service area in the actor's area whose last day is near."""
    today = clock.today()
    return sa.and_(
        Capability.valid_until.between(today, today + timedelta(days=days)), in_area(Capability.areas, actor)
    )


def is_over(until: date | None) -> bool:
    return until is not None and until < clock.today()


def _pending(actor: Actor) -> tuple[sa.ColumnElement[bool], ...]:
    return scoping.criterion(actor, Registration), Registration.state == RegistrationState.PENDING


def _unmatched(actor: Actor) -> tuple[sa.ColumnElement[bool], ...]:
    """By the division of use only: the queue belongs to the regulator of the place."""
    used = sa.select(MeasuringInstrument.id).where(
        MeasuringInstrument.division_code.in_(scoping.area_codes(actor.division_code or ""))
    )
    return (
        scoping.criterion(actor, AppointmentItem),
        AppointmentItem.status == ItemStatus.UNMATCHED,
        AppointmentItem.instrument_id.in_(used),
    )


def _late(actor: Actor) -> tuple[sa.ColumnElement[bool], ...]:
    return scoping.criterion(actor, Slip), Slip.status.in_(OPEN_SLIPS), Slip.due_at <= clock.now()


def _count(model: type, *criteria: sa.ColumnElement[bool]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*criteria)) or 0


def _waiting_reviews(actor: Actor, limit: int = 8) -> list[Registration]:
    statement = (
        sa.select(Registration)
        .where(*_pending(actor))
        .options(sa.orm.joinedload(Registration.enterprise))
        .order_by(Registration.due_at, Registration.id)
        .limit(limit)
    )
    return list(db.session.scalars(statement))


def _unmatched_by_kind(actor: Actor, limit: int = 8) -> list[Group]:
    oldest = sa.func.min(AppointmentItem.status_since)
    statement = (
        sa.select(InstrumentKind.code, InstrumentKind.name, sa.func.count(), oldest)
        .select_from(AppointmentItem)
        .join(MeasuringInstrument, AppointmentItem.instrument_id == MeasuringInstrument.id)
        .join(InstrumentKind, MeasuringInstrument.kind_code == InstrumentKind.code)
        .where(*_unmatched(actor))
        .group_by(InstrumentKind.code, InstrumentKind.name)
        .order_by(oldest)
        .limit(limit)
    )
    return [Group(code, name, count, since) for code, name, count, since in db.session.execute(statement)]


def _late_by_institution(actor: Actor, limit: int = 8) -> list[Group]:
    oldest = sa.func.min(Slip.due_at)
    statement = (
        sa.select(Institution.id, Institution.name, sa.func.count(), oldest)
        .select_from(Slip)
        .join(Institution, Slip.institution_id == Institution.id)
        .where(*_late(actor))
        .group_by(Institution.id, Institution.name)
        .order_by(oldest)
        .limit(limit)
    )
    return [Group(key, name, count, since) for key, name, count, since in db.session.execute(statement)]
