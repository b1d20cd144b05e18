"""Which regulator is competent for a place, and the working days everybody counts by."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa

from .. import working_days
from ..actor import Role
from ..database import db
from ..models import Division, User, WorkingDayOverride


def ancestors(division_code: str) -> list[str]:
    """The division itself and every ancestor, from the place upward; empty for an unknown code."""
    path = db.session.scalar(sa.select(Division.path).where(Division.code == division_code))
    return list(reversed(path.strip("/").split("/"))) if path else []


def competent_division(division_code: str) -> str | None:
    """The nearest division, from the place upward, in which a regulator has an active account (SPEC, Registration)."""
    codes = ancestors(division_code)
    staffed = set(
        db.session.scalars(
            sa.select(User.division_code).where(
                User.role == Role.REGULATOR, User.is_active.is_(True), User.division_code.in_(codes)
            )
        )
    )
    return next((code for code in codes if code in staffed), None)


def regulator_office(division_code: str | None) -> User | None:
    """A regulator's account of exactly this division, for its office's name and telephone."""
    if division_code is None:
        return None
    return db.session.scalars(
        sa.select(User)
        .where(User.role == Role.REGULATOR, User.is_active.is_(True), User.division_code == division_code)
        .order_by(User.id)
        .limit(1)
    ).first()


def overrides() -> dict[date, bool]:
    rows = db.session.execute(sa.select(WorkingDayOverride.day, WorkingDayOverride.is_working))
    return {row.day: row.is_working for row in rows}


def deadline(since: datetime, days: int) -> datetime:
    """The end of the `days`-th working day after `since`, by the overrides in force."""
    return working_days.deadline(since, days, overrides())


def last_day(due_at: datetime) -> date:
    """The working day by whose end something is due."""
    return working_days.last_day(due_at)
