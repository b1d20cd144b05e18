"""People's accounts as the system administrator sees them: who may sign in, and who may not any more."""

from __future__ import annotations

import sqlalchemy as sa

from .. import audit, clock, scoping
from ..actor import Actor, Role
from ..audit import AuditAction
from ..database import db, execute_counted
from ..errors import Conflict
from ..models import OneTimeLink, User, UserSession
from ..permissions import Permission, require
from .reference_checks import Problems

DEACTIVATION_LOCK = 0x4144_4D49


def deactivate(actor: Actor, user_id: int, *, reason: str) -> User:
    """停用: the person cannot sign in, and every signed-in browser is signed out, every open link ends.

    Raises `Invalid` without a reason, `Conflict` for the actor's own account and for the last administrator.
    """
    # One after the other: two administrators must not remove each other at the same moment.
    db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(DEACTIVATION_LOCK)))
    user = _editable(actor, user_id)
    if user.id == actor.user_id:
        raise Conflict("own_account")
    if user.role is Role.ADMIN and _other_administrators(user) == 0:
        raise Conflict("last_administrator")
    _switch(actor, user, is_active=False, reason=reason)
    end_sessions([user.id])
    end_links(user.id)
    return user


def reactivate(actor: Actor, user_id: int, *, reason: str) -> User:
    """启用: the person may sign in again with the same password."""
    user = _editable(actor, user_id)
    _switch(actor, user, is_active=True, reason=reason)
    return user


def end_sessions(user_ids: list[int]) -> int:
    """Sign these people out everywhere; returns how many sessions ended."""
    return execute_counted(
        sa.update(UserSession)
        .where(UserSession.user_id.in_(user_ids), UserSession.ended_at.is_(None))
        .values(ended_at=clock.now())
    )


def end_links(user_id: int) -> int:
    """End the person's open one-time links; returns how many."""
    return execute_counted(
        sa.update(OneTimeLink)
        .where(OneTimeLink.user_id == user_id, OneTimeLink.used_at.is_(None))
        .values(used_at=clock.now())
    )


def open_sessions(user_id: int) -> int:
    """In how many browsers a person is signed in."""
    statement = sa.select(sa.func.count()).where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))
    return db.session.scalar(statement) or 0


def _editable(actor: Actor, user_id: int) -> User:
    require(actor, Permission.ALL_USERS_EDIT)
    user: User = scoping.find(actor, User, user_id, lock=True)
    return user


def _other_administrators(user: User) -> int:
    statement = sa.select(sa.func.count()).where(User.role == Role.ADMIN, User.is_active.is_(True), User.id != user.id)
    return db.session.scalar(statement) or 0


def _switch(actor: Actor, user: User, *, is_active: bool, reason: str) -> None:
    problems = Problems()
    words = problems.reason(reason)
    problems.refuse()
    if user.is_active == is_active:
        raise Conflict("changed_meanwhile")
    user.is_active = is_active
    db.session.flush()
    audit.record(
        actor,
        AuditAction.USER_CHANGED,
        user,
        before={"is_active": not is_active},
        after={"is_active": is_active, "reason": words},
    )
