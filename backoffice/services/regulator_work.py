"""My work of a regulator: what waits for an answer, what is nobody's, and what institutions let pass.

Every number counts exactly the rows of the list it leads to: both start from `scoping` and use the clauses here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from .. import clock, scoping
from ..actor import Actor
from ..database import db
from ..models import (
    Appointment,
    AppointmentItem,
    Capability,
    Enterprise,
    Institution,
    InstrumentKind,
    MeasuringInstrument,
    Registration,
    Slip,
)
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
    late: int = 0
    """How many of them were promised an answer by now and have none."""
    due: datetime | None = None
    """The earliest answer promised and not given."""


@dataclass(frozen=True, slots=True)
class Work:
    """What the home page lists, the most urgent of each sort; its tiles count the lists themselves."""

    waiting_reviews: list[Registration]
    unmatched_by_kind: list[Group]
    late_by_institution: list[Group]


def of(actor: Actor) -> Work:
    """Everything the home page lists, in a fixed number of queries."""
    return Work(
        waiting_reviews=_waiting_reviews(actor),
        unmatched_by_kind=_unmatched_by_kind(actor),
        late_by_institution=_late_by_institution(actor),
    )


def is_new(actor: Actor) -> bool:
    """Nobody registered, booked or used an instrument in the area yet."""
    return not any(
        db.session.scalar(sa.select(scoping.visible(actor, model).exists()))
        for model in (Registration, Enterprise, AppointmentItem)
    )


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


def used_in_area(actor: Actor) -> sa.ColumnElement[bool]:
    """Items of instruments used in the actor's area: work belongs to the regulator of the place of use, not of the
    enterprise's seat, who may only read it."""
    codes = scoping.area_codes(actor.division_code or "")
    used = sa.select(MeasuringInstrument.id).where(MeasuringInstrument.division_code.in_(codes))
    return AppointmentItem.instrument_id.in_(used)


def is_unmatched(actor: Actor) -> sa.ColumnElement[bool]:
    """The rows of the queue."""
    return sa.and_(used_in_area(actor), AppointmentItem.status == ItemStatus.UNMATCHED)


def is_unanswered_late() -> sa.ColumnElement[bool]:
    """Items of which the enterprise was promised an answer by now and has none."""
    due = sa.select(Appointment.id).where(Appointment.due_at <= clock.now())
    return sa.and_(AppointmentItem.appointment_id.in_(due), AppointmentItem.office_answered_at.is_(None))


def is_late(actor: Actor) -> sa.ColumnElement[bool]:
    """Slips past their clock on which something used in the actor's area still waits."""
    waiting = sa.select(AppointmentItem.slip_id).where(
        AppointmentItem.status == ItemStatus.AWAITING_ACCEPTANCE,
        AppointmentItem.slip_id.is_not(None),
        used_in_area(actor),
    )
    return sa.and_(Slip.status.in_(OPEN_SLIPS), Slip.due_at <= clock.now(), Slip.id.in_(waiting))


def _waiting_reviews(actor: Actor, limit: int = 8) -> list[Registration]:
    statement = (
        sa.select(Registration)
        .where(scoping.criterion(actor, Registration), Registration.state == RegistrationState.PENDING)
        .options(sa.orm.joinedload(Registration.enterprise))
        .order_by(Registration.due_at, Registration.id)
        .limit(limit)
    )
    return list(db.session.scalars(statement))


def _unmatched_by_kind(actor: Actor, limit: int = 8) -> list[Group]:
    """The kinds with an answer past its day first, then those that wait longest."""
    oldest = sa.func.min(AppointmentItem.status_since)
    late = sa.func.count().filter(is_unanswered_late())
    due = sa.func.min(Appointment.due_at).filter(AppointmentItem.office_answered_at.is_(None))
    statement = (
        sa.select(InstrumentKind.code, InstrumentKind.name, sa.func.count(), oldest, late, due)
        .select_from(AppointmentItem)
        .join(Appointment, AppointmentItem.appointment_id == Appointment.id)
        .join(MeasuringInstrument, AppointmentItem.instrument_id == MeasuringInstrument.id)
        .join(InstrumentKind, MeasuringInstrument.kind_code == InstrumentKind.code)
        .where(scoping.criterion(actor, AppointmentItem), is_unmatched(actor))
        .group_by(InstrumentKind.code, InstrumentKind.name)
        .order_by((late > 0).desc(), oldest)
        .limit(limit)
    )
    return [Group(*row) for row in db.session.execute(statement).tuples()]


def _late_by_institution(actor: Actor, limit: int = 8) -> list[Group]:
    oldest = sa.func.min(Slip.due_at)
    statement = (
        sa.select(Institution.id, Institution.name, sa.func.count(), oldest)
        .select_from(Slip)
        .join(Institution, Slip.institution_id == Institution.id)
        .where(scoping.criterion(actor, Slip), is_late(actor))
        .group_by(Institution.id, Institution.name)
        .order_by(oldest)
        .limit(limit)
    )
    return [Group(key, name, count, since) for key, name, count, since in db.session.execute(statement)]
