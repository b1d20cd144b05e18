"""The audit rows of one record, for its history tab: whoever may see the record may read what happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from .. import scoping
from ..actor import Actor, Role
from ..audit import AuditAction
from ..database import Base, Model, db, key_of
from ..models import AuditEvent, Enterprise, Registration, User

MOST = 100
PROPOSED_FOR = {
    "change_request": "enterprise",
    "correction_proposal": "measuring_instrument",
    "registration": "enterprise",
}
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

    One look into `ix_audit_event_subject` for each record it is about, however long the history is.
    """
    scoping.find(actor, type(row), key_of(row))
    own = [AuditEvent.subject_type == type(row).__tablename__, AuditEvent.subject_id == str(key_of(row))]
    newest = [_newest(each, before, limit) for each in (own, *_told_with(actor, row))]
    keys = sa.union_all(*newest) if len(newest) > 1 else newest[0]
    statement = sa.select(AuditEvent).where(AuditEvent.id.in_(keys)).order_by(AuditEvent.id.desc()).limit(limit + 1)
    found = list(db.session.scalars(statement))
    return HistoryPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


def _newest(conditions: Sequence[sa.ColumnElement[bool]], before: int | None, limit: int) -> sa.Select[tuple[int]]:
    statement = sa.select(AuditEvent.id).where(*conditions)
    if before is not None:
        statement = statement.where(AuditEvent.id < before)
    newest = statement.order_by(AuditEvent.id.desc()).limit(limit + 1).subquery()
    return sa.select(newest.c.id)


def _told_with(actor: Actor, row: Model) -> list[list[sa.ColumnElement[bool]]]:
    """Audit rows of other records that belong to an enterprise's story: its registrations, links to its accounts.

    Not for institutions: how an enterprise was registered and who may sign in is not their business.
    """
    if not isinstance(row, Enterprise) or actor.role is Role.INSTITUTION:
        return []
    visible = scoping.visible(actor, Registration).where(Registration.enterprise_id == row.id)
    registrations = db.session.scalars(visible.with_only_columns(Registration.id).order_by(None))
    users = db.session.scalars(sa.select(User.id).where(User.enterprise_id == row.id))
    is_link = AuditEvent.action == AuditAction.USER_LINK_ISSUED.value
    return [
        *([AuditEvent.subject_type == "registration", AuditEvent.subject_id == str(key)] for key in registrations),
        *([AuditEvent.subject_type == "app_user", AuditEvent.subject_id == str(key), is_link] for key in users),
    ]


def _column(table: str, column: str) -> sa.Column[Any] | None:
    """The column a recorded value stands for, also where the table tells of another's."""
    for name in (table, PROPOSED_FOR.get(table, "")):
        found = Base.metadata.tables.get(name)
        if found is not None and column in found.columns:
            return found.columns[column]
    return None


def target_of(table: str, column: str) -> type[Any] | None:
    """The model a recorded column points at, `None` when it is no foreign key."""
    found = _column(table, column)
    for foreign in found.foreign_keys if found is not None else ():
        for mapper in Base.registry.mappers:
            if mapper.local_table is foreign.column.table:
                made: type[Any] = mapper.class_
                return made
    return None


def codes_of(table: str, column: str) -> type[StrEnum] | None:
    """The closed set of codes a recorded column holds, `None` for every other column."""
    found = _column(table, column)
    kind = found.type if found is not None else None
    codes = kind.enum_class if isinstance(kind, sa.Enum) else None
    return codes if codes is not None and issubclass(codes, StrEnum) else None


def name_of(table: str, column: str, key: Any) -> str | None:
    """The name of the row a recorded foreign key points at; `None` when it is no key or the row is gone."""
    target = target_of(table, column)
    if target is None or key is None:
        return None
    row = db.session.get(target, key)
    return None if row is None or type(row).__str__ is object.__str__ else str(row)
