"""One-time links: whoever holds one sets a password once. Only the token's hash is kept, and no log has the token.

They serve people who forgot their password, new accounts, and owners of accounts made by 代办.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from .. import audit, clock, scoping
from ..actor import Actor, Role
from ..audit import AuditAction
from ..database import db, execute_counted
from ..errors import Conflict, Forbidden, Invalid
from ..models import AuditEvent, Enterprise, OneTimeLink, User
from ..permissions import Permission, may
from ..states import EnterpriseStatus, LinkPurpose
from . import accounts, mails, passwords, walk_ins
from .reference_checks import outside_area

LIFETIMES = {
    LinkPurpose.RESET: timedelta(minutes=30),
    LinkPurpose.INVITATION: timedelta(days=7),
    LinkPurpose.CLAIM: timedelta(days=7),
}
PASSWORD_WAS_OWN = (AuditAction.USER_PASSWORD_CHANGED.value, AuditAction.SIGNED_IN.value)


@dataclass(frozen=True, slots=True)
class Found:
    """What a token stands for: the link, if there is one, and whether it may still be used."""

    link: OneTimeLink | None
    is_usable: bool


def issue(actor: Actor, user: User, purpose: LinkPurpose, *, public_url: str = "") -> str:
    """Make a link for a person and return its token; earlier ones of the person end. Raises `Forbidden`, `Conflict`.

    The system may, the administrator for everybody, a regulator for enterprises registered in its area. With
    `public_url` the link is also mailed, where the person has an e-mail address.
    """
    if not may_issue(actor, user):
        raise Forbidden
    if not user.is_active:
        raise Conflict("user_is_stopped")
    # Two at the same moment: the later one waits here and ends the earlier one's.
    db.session.execute(sa.select(User.id).where(User.id == user.id).with_for_update())
    now = clock.now()
    _end_links(user.id)
    token = secrets.token_urlsafe(32)
    link = OneTimeLink(
        user_id=user.id,
        purpose=purpose,
        token_hash=_hash(token),
        issued_by_id=actor.user_id,
        created_at=now,
        expires_at=now + LIFETIMES[purpose],
    )
    db.session.add(link)
    db.session.flush()
    after = {"link_purpose": purpose, "expires_at": link.expires_at}
    audit.record(actor, AuditAction.USER_LINK_ISSUED, user, after=after)
    if public_url:
        mails.write(
            f"mail_link_{purpose.value}",
            recipient=user.email,
            user_id=user.id,
            name=user.name,
            username=user.username,
            until=link.expires_at,
            link=url_of(token, public_url=public_url),
        )
    return token


def url_of(token: str, *, public_url: str) -> str:
    """The address people open."""
    return f"{public_url}/link/{token}"


def may_issue(actor: Actor, user: User) -> bool:
    """Whether this actor may hand out a link for this person's account."""
    if actor.role is Role.SYSTEM or may(actor, Permission.ALL_USERS_EDIT):
        return True
    if user.role is not Role.ENTERPRISE or user.enterprise is None:
        return False
    return may_issue_for(actor, user.enterprise)


def may_issue_for(actor: Actor, enterprise: Enterprise) -> bool:
    """Whether a regulator may: the enterprise is registered in its area and past its review."""
    return (
        may(actor, Permission.AREA_ACCOUNTS_LINK)
        and enterprise.status is EnterpriseStatus.APPROVED
        and not outside_area(actor, [enterprise.division_code])
    )


def issue_for_enterprise(actor: Actor, enterprise_id: int, *, public_url: str = "") -> str:
    """A link for an enterprise's first account, which is made where there is none; raises `Forbidden`, `Conflict`."""
    enterprise: Enterprise = scoping.find(actor, Enterprise, enterprise_id, lock=True)
    if not may_issue_for(actor, enterprise):
        raise Forbidden
    user = first_account(enterprise)
    if user is not None:
        return issue(actor, user, purpose_for(user), public_url=public_url)
    user = accounts.add_user(
        actor,
        username=enterprise.uscc,
        password_hash=unusable_password_hash(),
        name=enterprise.contact,
        role=Role.ENTERPRISE,
        phone=enterprise.mobile,
        email=enterprise.email,
        enterprise_id=enterprise.id,
    )
    return issue(actor, user, LinkPurpose.CLAIM, public_url=public_url)


def first_account(enterprise: Enterprise) -> User | None:
    """The account whose name is the enterprise's code."""
    return db.session.scalars(sa.select(User).where(User.username == enterprise.uscc)).one_or_none()


def purpose_for(user: User) -> LinkPurpose:
    """CLAIM while the enterprise's owner has not taken over; RESET for who had a password of their own; else as before.

    "As before": an invitation that ran out is followed by another invitation.
    """
    if user.enterprise is not None and walk_ins.is_unclaimed(user.enterprise):
        return LinkPurpose.CLAIM
    had_own_password = sa.select(AuditEvent.id).where(
        AuditEvent.subject_type == User.__tablename__,
        AuditEvent.subject_id == str(user.id),
        AuditEvent.action.in_(PASSWORD_WAS_OWN),
    )
    if db.session.scalar(had_own_password.limit(1)) is not None:
        return LinkPurpose.RESET
    latest = sa.select(OneTimeLink.purpose).where(OneTimeLink.user_id == user.id).order_by(OneTimeLink.id.desc())
    return db.session.scalar(latest.limit(1)) or LinkPurpose.RESET


def unusable_password_hash() -> str:
    """A real hash of what nobody knows, so that signing in takes as long as for every other account."""
    return passwords.hashed(secrets.token_urlsafe(32))


def find(token: str) -> Found:
    """Look a token up; changes nothing."""
    link = db.session.scalars(sa.select(OneTimeLink).where(OneTimeLink.token_hash == _hash(token))).one_or_none()
    return Found(link, link is not None and _is_open(link) and link.user.is_active)


def use(token: str, password: str, *, address: str | None = None) -> User:
    """Set the password of the link's person, sign them out everywhere and end the link; exactly once.

    Raises `Conflict` for a used, expired or unknown one, `Invalid` beside `password`, which leaves the link usable.
    """
    link = db.session.scalars(
        sa.select(OneTimeLink).where(OneTimeLink.token_hash == _hash(token)).with_for_update()
    ).one_or_none()
    if link is None or not _is_open(link):
        raise Conflict("link_gone")
    user = link.user
    if not user.is_active:
        raise Conflict("link_account_stopped")
    earlier = [user.password_hash, *user.previous_password_hashes]
    if (found := passwords.problem(password, account=user.username, previous=earlier)) is not None:
        raise Invalid({"password": found})
    user.previous_password_hashes = earlier[: passwords.DENGBAO.history]
    user.password_hash = passwords.hashed(password)
    user.password_changed_at = clock.now()
    _end_links(user.id)
    accounts.end_all_sessions(user)
    db.session.flush()
    person = accounts.person(user, address)
    audit.record(person, AuditAction.USER_PASSWORD_CHANGED, user, after={"link_purpose": link.purpose})
    if link.purpose is LinkPurpose.CLAIM:
        walk_ins.claimed(user)
    return user


def _is_open(link: OneTimeLink) -> bool:
    return link.used_at is None and link.expires_at > clock.now()


def _end_links(user_id: int) -> None:
    execute_counted(
        sa.update(OneTimeLink)
        .where(OneTimeLink.user_id == user_id, OneTimeLink.used_at.is_(None))
        .values(used_at=clock.now())
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
