"""The rules in force, read out of the tables for the decision function and for `rules export`."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from .. import clock, matching
from ..database import db
from ..matching import FactsError, Rules
from ..models import (
    Capability,
    Designation,
    Division,
    Institution,
    InstitutionSuspension,
    InstrumentKind,
    RuleRevision,
    RuleSnapshot,
)

_cached: tuple[uuid.UUID, Rules] | None = None
"""The last rules read by this process; good for as long as their token is the database's."""


_earlier: dict[int, Rules] = {}
"""Rules of earlier revisions read by this process; a kept snapshot never changes."""

MOST_EARLIER = 4


def revision() -> int:
    """Grows with every change of a table the rules are read from."""
    return db.session.execute(sa.select(RuleRevision.revision)).scalar_one()


def token() -> uuid.UUID:
    """New with every change of those tables; equal tokens mean equal rules, divisions and catalogue."""
    return db.session.execute(sa.select(RuleRevision.token)).scalar_one()


def current() -> Rules:
    """The rules in force, read again only when their revision grew."""
    global _cached
    number, token = _in_force()
    while _cached is None or _cached[0] != token:
        exported = export(number)
        read, (number, token) = token, _in_force()
        if read == token:  # Else somebody changed the rules between two of the tables: read again.
            _cached = token, Rules.from_json(exported)
    return _cached[1]


def _in_force() -> tuple[int, uuid.UUID]:
    row = db.session.execute(sa.select(RuleRevision.revision, RuleRevision.token)).one()
    return row.revision, row.token


def at_revision(number: int) -> Rules:
    """The rules as they stood at an earlier revision that decided something; raises `FactsError` if none is kept."""
    in_force = current()
    if in_force.version == number:
        return in_force
    if number not in _earlier:
        stored = db.session.scalar(sa.select(RuleSnapshot.rules).where(RuleSnapshot.revision == number))
        if stored is None:
            raise FactsError("rules", f"no snapshot of revision {number}")
        if len(_earlier) >= MOST_EARLIER:
            _earlier.clear()
        _earlier[number] = Rules.from_json(stored)
    return _earlier[number]


def keep_snapshot(rules: Rules) -> None:
    """Store the rules of a revision that is about to decide something, once."""
    known = sa.select(RuleSnapshot.revision).where(RuleSnapshot.revision == rules.version)
    if db.session.scalar(known) is None:
        db.session.execute(
            insert(RuleSnapshot)
            .values(revision=rules.version, rules=rules.to_json(), created_at=clock.now())
            .on_conflict_do_nothing()
        )


def export(version: int | None = None) -> dict[str, Any]:
    """The rules in the shape of docs/outside.md, everything in the order of its key."""
    return {
        "version": revision() if version is None else version,
        "divisions": [_division(row) for row in _rows(Division, Division.code)],
        "kinds": _kinds(),
        "institutions": _institutions(),
        "capabilities": [_capability(row) for row in _rows(Capability, Capability.id)],
        "designations": [_designation(row) for row in _rows(Designation, Designation.id)],
    }


def _kinds() -> list[dict[str, Any]]:
    """A kind whose item is 停用 is retired as well."""
    in_force = InstrumentKind.is_in_force.label("in_force")
    rows = db.session.execute(
        sa.select(InstrumentKind.code, InstrumentKind.item_code, in_force).order_by(InstrumentKind.code)
    )
    return [{"code": row.code, "item": row.item_code, "retired": not row.in_force} for row in rows]


def _rows(model: Any, order: Any) -> Any:
    columns = [column for column in sa.inspect(model).columns if column.key not in ("created_at", "updated_at")]
    return db.session.execute(sa.select(*columns).order_by(order))


def _division(row: Any) -> dict[str, Any]:
    return {"code": row.code, "parent": row.parent_code, "level": row.level.value, "retired": row.is_retired}


def _institutions() -> list[dict[str, Any]]:
    suspended: dict[int, list[dict[str, Any]]] = {}
    for row in _rows(InstitutionSuspension, InstitutionSuspension.id):
        suspended.setdefault(row.institution_id, []).append(_period(row.starts_on, row.ends_on))
    return [
        {
            "id": row.id,
            "level": row.level.value,
            "priority": row.priority,
            "active": row.is_active,
            "suspended": suspended.get(row.id, []),
        }
        for row in _rows(Institution, Institution.id)
    ]


def _period(start: Any, end: Any) -> dict[str, Any]:
    return {"from": start and start.isoformat(), "to": end and end.isoformat()}


def _capability(row: Any) -> dict[str, Any]:
    stated = None
    if row.range_unit is not None:
        stated = matching.Quantity(row.range_low, row.range_high, row.range_unit).to_json()
    return {
        "id": row.id,
        "institution": row.institution_id,
        "kind": row.kind_code,
        "areas": row.areas,
        **_period(row.valid_from, row.valid_until),
        "delivery": row.delivery_modes,
        "range": stated,
        "accuracy": row.accuracies or None,
        "internal_units": row.internal_units,
    }


def _designation(row: Any) -> dict[str, Any]:
    return {
        "division": row.division_code,
        "kind": row.kind_code,
        "item": row.item_code,
        "institution": row.institution_id,
        **_period(row.valid_from, row.valid_until),
    }
