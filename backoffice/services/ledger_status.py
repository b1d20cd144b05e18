"""检定状态 as conditions of a query: the same answers as `MeasuringInstrument.verification_status`, row by row."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import ColumnElement

from ..models import InstrumentKind, MeasuringInstrument
from ..models.instrument import FIRST_ONLY_SCHEME, ROTATION_SCHEME
from ..states import Outcome, VerificationStatus

Criterion = ColumnElement[bool]
S = VerificationStatus


def valid_until() -> ColumnElement[Any]:
    """The day to count by: a recorded result's, else the one the enterprise declared."""
    row = MeasuringInstrument
    return sa.case((row.verified_on.is_not(None), row.valid_until), else_=row.declared_valid_until)


def has_status(status: VerificationStatus, *, today: date, soon_days: int) -> Criterion:
    """Rows with this status on a day."""
    row, until, soon = MeasuringInstrument, valid_until(), today + timedelta(days=soon_days)
    failed = row.outcome.is_not_distinct_from(Outcome.NOT_PASSED)
    if status is S.FAILED:
        return failed
    first_only = sa.and_(row.verified_on.is_not(None), _of_scheme(FIRST_ONLY_SCHEME))
    if status is S.FIRST_ONLY:
        return sa.and_(~failed, first_only)
    by_day: dict[VerificationStatus, Criterion] = {
        S.NEVER: until.is_(None),
        S.OVERDUE: sa.and_(until < today, ~_of_scheme(ROTATION_SCHEME)),
        S.TO_ROTATE: sa.and_(until < today, _of_scheme(ROTATION_SCHEME)),
        S.DUE_SOON: sa.and_(until >= today, until <= soon),
        S.VALID: until > soon,
    }
    return sa.and_(~failed, ~first_only, by_day[status])


def _of_scheme(scheme: str) -> Criterion:
    kinds = sa.select(InstrumentKind.code).where(InstrumentKind.verification_scheme == scheme)
    return MeasuringInstrument.kind_code.in_(kinds)
