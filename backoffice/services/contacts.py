"""找谁: institutions and offices of metrology with their telephone, by division. For everybody.

Only what an office shows on its door: no person's name, and of regulators one telephone an office.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa

from .. import clock
from ..actor import Role
from ..database import db
from ..models import Division, Institution, User
from . import areas
from .institutions import suspension_on


@dataclass(frozen=True, slots=True)
class Office:
    """A regulator's office."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Counter:
    """An institution; `is_suspended`: it takes nothing today."""

    institution: Institution
    is_suspended: bool


@dataclass(slots=True)
class Contacts:
    """Who sits in one division."""

    division: Division
    offices: list[Office] = field(default_factory=list)
    counters: list[Counter] = field(default_factory=list)


def directory() -> list[Contacts]:
    """Every division with an office or an institution, from the province downward."""
    return _grouped(_offices(), _institutions())


def around(division_code: str) -> list[Contacts]:
    """Whoever sits in a division or above it, the nearest first: county, then city, then province."""
    codes = areas.ancestors(division_code)
    found = _grouped(
        (user for user in _offices() if user.division_code in codes),
        (row for row in _institutions() if row.seat_division_code in codes),
    )
    return sorted(found, key=lambda contacts: codes.index(contacts.division.code))


def competent_office(division_code: str) -> Office | None:
    """The office that answers for a place of use: the nearest, from the place upward, with an active account."""
    user = areas.regulator_office(areas.competent_division(division_code))
    return Office(user.organisation, user.phone) if user else None


def _offices() -> list[User]:
    """One active account of every office, the earliest that states a telephone."""
    accounts = db.session.scalars(
        sa.select(User)
        .where(User.role == Role.REGULATOR, User.is_active.is_(True), User.division_code.is_not(None))
        .order_by(User.phone == "", User.id)
    )
    found: dict[tuple[str | None, str], User] = {}
    for user in accounts:
        found.setdefault((user.division_code, user.organisation), user)
    return list(found.values())


def _institutions() -> list[Institution]:
    active = sa.select(Institution).where(Institution.is_active.is_(True)).order_by(Institution.id)
    return list(db.session.scalars(active.options(sa.orm.selectinload(Institution.suspensions))))


def _grouped(offices: Iterable[User], institutions: Iterable[Institution]) -> list[Contacts]:
    offices, institutions = list(offices), list(institutions)
    codes = {user.division_code for user in offices} | {row.seat_division_code for row in institutions}
    divisions = db.session.scalars(
        sa.select(Division).where(Division.code.in_([code for code in codes if code])).order_by(Division.path)
    )
    found = {division.code: Contacts(division) for division in divisions}
    today = clock.today()
    for user in offices:
        found[user.division_code or ""].offices.append(Office(user.organisation, user.phone))
    for row in institutions:
        found[row.seat_division_code].counters.append(Counter(row, suspension_on(row, today) is not None))
    return list(found.values())
