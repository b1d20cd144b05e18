"""In-app notices: one row per recipient organisation, written in the transaction of what they tell about."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from .. import clock, scoping
from ..actor import Actor, Role
from ..database import Model, db, execute_counted, key_of
from ..models import Notice
from . import notice_rules


def tell_enterprise(enterprise_id: int, code: str, subject: Model, **facts: Any) -> None:
    _add(Notice(enterprise_id=enterprise_id), Role.ENTERPRISE, code, subject, facts)


def tell_institution(institution_id: int, code: str, subject: Model, **facts: Any) -> None:
    _add(Notice(institution_id=institution_id), Role.INSTITUTION, code, subject, facts)


def tell_regulator(division_code: str, code: str, subject: Model, **facts: Any) -> None:
    """Tell the regulators of exactly this division; find it with `areas.competent_division`."""
    _add(Notice(division_code=division_code), Role.REGULATOR, code, subject, facts)


def _add(notice: Notice, told: Role, code: str, subject: Model, facts: dict[str, Any]) -> None:
    notice_rules.require(code, told)
    db.session.flush()  # The subject needs its key before a notice can point at it.
    notice.code = code
    notice.facts = {key: _plain(value) for key, value in facts.items()}
    notice.subject_type = type(subject).__tablename__
    notice.subject_id = str(key_of(subject))
    notice.created_at = clock.now()
    db.session.add(notice)


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    return value.isoformat() if isinstance(value, datetime | date) else value


def unread_count(actor: Actor) -> int:
    statement = sa.select(sa.func.count()).select_from(Notice)
    return db.session.scalar(statement.where(scoping.criterion(actor, Notice), Notice.read_at.is_(None))) or 0


def open_notice(actor: Actor, notice_id: int) -> Notice:
    """Mark a notice read and return it; its subject says which record to show."""
    notice: Notice = scoping.find(actor, Notice, notice_id)
    if notice.read_at is None:
        notice.read_at = clock.now()
        db.session.flush()
    return notice


def mark_all_read(actor: Actor) -> int:
    """Mark every unread notice of the actor's organisation read; returns how many."""
    return execute_counted(
        sa.update(Notice).where(scoping.criterion(actor, Notice), Notice.read_at.is_(None)).values(read_at=clock.now())
    )
