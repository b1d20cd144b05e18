"""Instruments that are verified once and never booked again: 失准报废, and 到期轮换 (SPEC, Ledger, Schemes)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.sql import ColumnElement

from ..errors import FieldProblem
from ..models import InstrumentKind, MeasuringInstrument
from ..models.instrument import FIRST_ONLY_SCHEME, ROTATION_SCHEME

ONCE = (FIRST_ONLY_SCHEME, ROTATION_SCHEME)


def has_validity(kind: InstrumentKind) -> bool:
    """Whether a pass of this kind ends on a day. 限期使用 does (使用期限至); 失准报废 sets no cycle at all."""
    return kind.verification_scheme != FIRST_ONLY_SCHEME


def why_never_booked(row: MeasuringInstrument) -> FieldProblem | None:
    """Why this instrument needs no appointment any more; the first verification is always booked."""
    if row.kind.verification_scheme not in ONCE or not _is_verified(row):
        return None
    if row.kind.verification_scheme == FIRST_ONLY_SCHEME:
        return FieldProblem("first_verification_only", {"kind": row.kind.name})
    return FieldProblem(
        "rotation_only", {"instrument": str(row), "kind": row.kind.name, "until": row.effective_valid_until()}
    )


def never_booked() -> ColumnElement[bool]:
    """The same as a condition of a query."""
    row = MeasuringInstrument
    kinds = sa.select(InstrumentKind.code).where(InstrumentKind.verification_scheme.in_(ONCE))
    verified = sa.or_(
        row.verified_on.is_not(None), row.declared_verified_on.is_not(None), row.declared_valid_until.is_not(None)
    )
    return sa.and_(verified, row.kind_code.in_(kinds))


def _is_verified(row: MeasuringInstrument) -> bool:
    days = (row.verified_on, row.declared_verified_on, row.declared_valid_until)
    return any(day is not None for day in days)
