"""The audit rows of one record, for its history tab: whoever may see the record may read what happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from .. import scoping
from ..actor import Actor
from ..database import Base, Model, db, key_of
from ..models import AuditEvent

MOST = 100
PROPOSED_FOR = {"change_request": "enterprise", "correction_proposal": "measuring_instrument"}
"""Tables whose audit rows tell of columns of another: what is proposed for it."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A page of a record's history, newest first; `older` is where the next page begins, `None` on the last."""

    events: list[AuditEvent]
    older: int | None = None


def of(actor: Actor, row: Model, *, limit: int = MOST) -> list[AuditEvent]:
    """What happened to a record, newest first; raises `NotFound` when the record is not this actor's to see."""
    return page(actor, row, limit=limit).events


def page(actor: Actor, row: Model, *, before: int | None = None, limit: int = MOST) -> HistoryPage:
    """At most `limit` events older than event `before`; raises `NotFound` when the record is not this actor's to see.

    One look into `ix_audit_event_subject`, however long the history is.
    """
    scoping.find(actor, type(row), key_of(row))
    statement = (
        sa.select(AuditEvent)
        .where(AuditEvent.subject_type == type(row).__tablename__, AuditEvent.subject_id == str(key_of(row)))
        .order_by(AuditEvent.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        statement = statement.where(AuditEvent.id < before)
    found = list(db.session.scalars(statement))
    return HistoryPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def target_of(table: str, column: str) -> type[Any] | None:
    """The model a recorded column points at, `None` when it is no foreign key."""
    found = Base.metadata.tables.get(table)
    if found is not None and column not in found.columns:
        found = Base.metadata.tables.get(PROPOSED_FOR.get(table, ""))
    if found is None or column not in found.columns:
        return None
    for foreign in found.columns[column].foreign_keys:
        for mapper in Base.registry.mappers:
            if mapper.local_table is foreign.column.table:
                made: type[Any] = mapper.class_
                return made
    return None


def codes_of(table: str, column: str) -> type[StrEnum] | None:
    """The closed set of codes a recorded column holds, `None` for every other column."""
    found = Base.metadata.tables.get(table)
    kind = found.columns[column].type if found is not None and column in found.columns else None
    codes = kind.enum_class if isinstance(kind, sa.Enum) else None
    return codes if codes is not None and issubclass(codes, StrEnum) else None


def name_of(table: str, column: str, key: Any) -> str | None:
    """The name of the row a recorded foreign key points at; `None` when it is no key or the row is gone."""
    target = target_of(table, column)
    if target is None or key is None:
        return None
    row = db.session.get(target, key)
    return None if row is None or type(row).__str__ is object.__str__ else str(row)
