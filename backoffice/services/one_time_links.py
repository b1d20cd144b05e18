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
from ..database import db
from ..errors import Conflict, Forbidden, Invalid
from ..models import AuditEvent, Enterprise, OneTimeLink, User
from ..permissions import Permission, may
from ..states import EnterpriseStatus, LinkPurpose
from . import accounts, mails, passwords, registrations, users, walk_ins
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
    `public_url` the link is also mailed, where that reaches the person (`goes_by_mail`).
    """
    if not may_issue(actor, user):
        raise Forbidden
    if not user.is_active:
        raise Conflict("user_is_stopped")
    # Two at the same moment: the later one waits here and ends the earlier one's.
    db.session.execute(sa.select(User.id).where(User.id == user.id).with_for_update())
    now = clock.now()
    users.end_links(user.id)
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
    if public_url and goes_by_mail(user, purpose):
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


def goes_by_mail(user: User, purpose: LinkPurpose) -> bool:
    """Whether a link may be mailed. A walk-in's address was typed at a counter and need not be the trader's."""
    was_typed_at_a_counter = user.enterprise is not None and user.enterprise.registered_by_institution_id is not None
    return mails.is_address(user.email) and not (purpose is LinkPurpose.CLAIM and was_typed_at_a_counter)


def may_reset(user: User) -> bool:
    """Whether somebody who knows the account and how to reach its person gets a link without being asked who it is.

    Not where no mail would arrive, nor for an account whose owner has not taken it over, nor while a link handed over
    in person waits: it would be ended by strangers.
    """
    if not user.is_active or not goes_by_mail(user, LinkPurpose.RESET):
        return False
    if user.enterprise is not None and walk_ins.is_unclaimed(user.enterprise):
        return False
    handed_over = sa.select(OneTimeLink.id).where(
        OneTimeLink.user_id == user.id,
        OneTimeLink.purpose != LinkPurpose.RESET,
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > clock.now(),
    )
    return db.session.scalar(handed_over.limit(1)) is None


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
    user = accounts.first_of(enterprise)
    if user is not None:
        return issue(actor, user, purpose_for(user), public_url=public_url)
    user = registrations.open_account(actor, enterprise)
    return issue(actor, user, LinkPurpose.CLAIM, public_url=public_url)


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


def find(token: str) -> Found:
    """Look a token up; changes nothing."""
    link = db.session.scalars(sa.select(OneTimeLink).where(OneTimeLink.token_hash == _hash(token))).one_or_none()
    return Found(link, link is not None and _is_open(link) and link.user.is_active)


def use(token: str, password: str, *, address: str | None = None) -> User:
    """Set the password of the link's person, sign them out everywhere and end the link; exactly once.

    Raises `Conflict` for a used, expired or unknown one, `Invalid` beside `password`, which leaves the link usable.
    """
    link = _held(token)
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
    users.end_links(user.id)
    accounts.end_all_sessions(user)
    db.session.flush()
    person = accounts.person(user, address)
    audit.record(person, AuditAction.USER_PASSWORD_CHANGED, user, after={"link_purpose": link.purpose})
    if link.purpose is LinkPurpose.CLAIM:
        walk_ins.claimed(user)
    return user


def _held(token: str) -> OneTimeLink | None:
    """The link under its person's lock and, first of all, the enterprise's: in the order in which links are issued."""
    found = find(token).link
    if found is None:
        return None
    if (enterprise_id := found.user.enterprise_id) is not None:
        db.session.execute(sa.select(Enterprise.id).where(Enterprise.id == enterprise_id).with_for_update())
    db.session.refresh(found.user, with_for_update=True)
    db.session.refresh(found, with_for_update=True)
    return found


def _is_open(link: OneTimeLink) -> bool:
    return link.used_at is None and link.expires_at > clock.now()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
