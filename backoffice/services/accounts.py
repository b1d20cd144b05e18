"""Signing in and out, sessions the server can end, and people's own accounts.

Failed attempts are counted in the database, exact across workers and restarts: the password is verified first and
without a lock, then a short lock per account and per address orders the answers, so that no burst of guesses gets
more than the allowed number of answers.
"""

from __future__ import annotations

import hashlib
import math
import re
import secrets
import unicodedata
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from .. import audit, clock
from ..actor import SYSTEM, Actor, Role
from ..audit import AuditAction
from ..database import db, execute_counted
from ..errors import NotFound
from ..models import Division, Enterprise, Institution, SignInAttempt, User, UserSession
from ..permissions import Permission, require
from ..states import EnterpriseStatus
from . import passwords, users
from .reference_checks import Problems

WINDOW = timedelta(minutes=15)
FAILURES_PER_ACCOUNT = 5
FAILURES_PER_ADDRESS = 20
IDLE = timedelta(minutes=30)
LONGEST_SESSION = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
KEEP_ATTEMPTS = timedelta(days=1)
_ACCOUNT_LOCK, _ADDRESS_LOCK = 0x5349_0001, 0x5349_0002
_CODE = re.compile(r"[0-9A-Za-z]{18}([0-9]{2})?")


@dataclass(frozen=True, slots=True)
class SignIn:
    """The answer to an attempt. A refusal is an answer, not an error: its count must be committed.

    `token` goes into the cookie and is stored nowhere; `wait_minutes` says how long a locked account or address waits.
    """

    user: User | None = None
    token: str = ""
    wait_minutes: int = 0

    @property
    def is_locked(self) -> bool:
        return self.wait_minutes > 0


def fold_username(text: str | None) -> str:
    """As stored: half-width, without spaces; a code (18 or 20 characters) in upper case, any other name in lower."""
    folded = "".join(
        mark for mark in unicodedata.normalize("NFKC", text or "") if not mark.isspace() and mark.isprintable()
    )
    return folded.upper() if _CODE.fullmatch(folded) else folded.lower()


def sign_in(username: str, password: str, address: str) -> SignIn:
    """Check a person's password and open a session; equal text, time and counting for known and unknown accounts."""
    account = fold_username(username)
    if wait := _wait_minutes(account, address):
        return SignIn(wait_minutes=wait)
    user = db.session.scalars(sa.select(User).where(User.username == account)).one_or_none()
    is_right = _verify(user, password)
    _lock(account, address)
    if wait := _wait_minutes(account, address):
        return SignIn(wait_minutes=wait)
    if user is None or not is_right or not user.is_active:
        _record_failure(user, account, address)
        return SignIn()
    execute_counted(sa.delete(SignInAttempt).where(SignInAttempt.account == _digest(account)))
    if passwords.needs_rehash(user.password_hash):
        user.password_hash = passwords.hashed(password)
    token = start_session(user, address)
    audit.record(person(user, address), AuditAction.SIGNED_IN, user)
    return SignIn(user=user, token=token)


def _verify(user: User | None, password: str) -> bool:
    typed = password[: passwords.LONGEST]
    if user is None:
        passwords.waste_time(typed)
        return False
    return passwords.matches(user.password_hash, typed)


def _lock(account: str, address: str) -> None:
    """Answers for one account or address come one after the other until commit; always in this order."""
    for kind, text in ((_ACCOUNT_LOCK, account), (_ADDRESS_LOCK, address)):
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(kind, sa.func.hashtext(text))))


def _wait_minutes(account: str, address: str) -> int:
    """Minutes until another attempt is answered; 0 when it is answered now."""
    waits = (
        wait_for(SignInAttempt.account == _digest(account), FAILURES_PER_ACCOUNT),
        wait_for(SignInAttempt.address == address[:64], FAILURES_PER_ADDRESS),
    )
    longest = max(waits)
    return math.ceil(longest / timedelta(minutes=1)) if longest > timedelta() else 0


def wait_for(whose: sa.ColumnElement[bool], allowed: int) -> timedelta:
    """How long until fewer than `allowed` attempts lie in the window: the `allowed`-th newest must leave it."""
    at: datetime | None = db.session.scalar(
        sa.select(SignInAttempt.at)
        .where(whose, SignInAttempt.at > clock.now() - WINDOW)
        .order_by(SignInAttempt.at.desc())
        .offset(allowed - 1)
        .limit(1)
    )
    return at + WINDOW - clock.now() if at else timedelta()


def _record_failure(user: User | None, account: str, address: str) -> None:
    attempt = SignInAttempt(account=_digest(account), address=address[:64], at=clock.now())
    db.session.add(attempt)
    db.session.flush()
    visitor = replace(SYSTEM, address=address[:64])
    audit.record(visitor, AuditAction.SIGN_IN_FAILED, user or attempt)


def _digest(text: str) -> str:
    """People type passwords into the wrong field, so names of attempts are kept only as digests."""
    return hashlib.sha256(text.encode()).hexdigest()


def start_session(user: User, address: str) -> str:
    """Open a session and return its token, of which only the hash is stored."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    db.session.add(
        UserSession(user_id=user.id, token_hash=_digest(token), created_at=now, last_seen_at=now, address=address[:64])
    )
    db.session.flush()
    return token


def session_of(token: str) -> UserSession | None:
    """The live session of a token: not ended, not idle for 30 minutes, not older than 12 hours."""
    now = clock.now()
    return db.session.scalars(
        sa.select(UserSession).where(
            UserSession.token_hash == _digest(token),
            UserSession.ended_at.is_(None),
            UserSession.created_at > now - LONGEST_SESSION,
            UserSession.last_seen_at > now - IDLE,
        )
    ).one_or_none()


def user_of(session: UserSession) -> User | None:
    """The active person of a session, with the enterprise whose state decides what the person may see."""
    return db.session.scalars(
        sa.select(User)
        .where(User.id == session.user_id, User.is_active.is_(True))
        .options(sa.orm.joinedload(User.enterprise))
    ).one_or_none()


def is_due_to_be_seen(session: UserSession) -> bool:
    """Whether `mark_seen` is worth a write: at most one a minute."""
    return clock.now() - session.last_seen_at >= SEEN_EVERY


def mark_seen(session_id: int) -> None:
    now = clock.now()
    execute_counted(
        sa.update(UserSession)
        .where(UserSession.id == session_id, UserSession.last_seen_at <= now - SEEN_EVERY)
        .values(last_seen_at=now)
    )


def actor_for_token(token: str, *, address: str | None = None) -> Actor | None:
    """The actor a session's token stands for, `None` when it is ended, idle too long, or its person may not sign in."""
    session = session_of(token)
    user = user_of(session) if session else None
    return person(user, address) if user else None


def person(user: User, address: str | None = None) -> Actor:
    """A person's row as the actor services take."""
    enterprise = user.enterprise
    return Actor(
        role=user.role,
        name=user.name,
        user_id=user.id,
        enterprise_id=user.enterprise_id,
        institution_id=user.institution_id,
        division_code=user.division_code,
        may_edit_reference=user.may_edit_reference,
        is_approved=enterprise is None or enterprise.status is EnterpriseStatus.APPROVED,
        address=address,
    )


def sign_out(actor: Actor, token: str) -> None:
    """End one session: every copy of its cookie stops working. An unknown or ended token changes nothing."""
    session = session_of(token)
    if session is None or session.user_id != actor.user_id:
        return
    session.ended_at = clock.now()
    db.session.flush()
    audit.record(actor, AuditAction.SIGNED_OUT, _own_row(actor))


def end_all_sessions(user: User) -> int:
    """Sign a person out everywhere; returns how many sessions ended."""
    return users.end_sessions([user.id])


def create_user(
    actor: Actor,
    *,
    username: str,
    name: str,
    role: Role,
    password: str,
    phone: str = "",
    email: str = "",
    enterprise_id: int | None = None,
    institution_id: int | None = None,
    division_code: str | None = None,
    organisation: str = "",
    may_edit_reference: bool = False,
) -> User:
    """Add a person's account; administrators and the system itself may. Raises `Invalid`, `Forbidden`.

    Exactly the owner the role asks for must be given: an enterprise, an institution, or a regulator's division.
    """
    if actor.role is not Role.SYSTEM:
        require(actor, Permission.ALL_USERS_EDIT)
    problems = Problems()
    account = problems.text("username", fold_username(username), limit=64, required=True)
    name = problems.text("name", name, limit=50, required=True)
    # Whoever waits too long is told the telephone of the office that must act.
    phone = problems.text("phone", phone, limit=20, required=role is Role.REGULATOR)
    email = problems.text("email", email, limit=100)
    organisation = problems.text("organisation", organisation, limit=100)
    _check_owner(problems, role, enterprise_id, institution_id, division_code)
    if account and is_taken(account):
        problems.add("username", "username_taken")
    if (found := passwords.problem(password, account=account)) is not None:
        problems.add("password", found.code, **found.facts)
    problems.refuse()
    return add_user(
        actor,
        username=account,
        name=name,
        role=role,
        password_hash=passwords.hashed(password),
        phone=phone,
        email=email,
        enterprise_id=enterprise_id,
        institution_id=institution_id,
        division_code=division_code,
        organisation=organisation,
        may_edit_reference=may_edit_reference,
    )


def add_user(actor: Actor, *, username: str, password_hash: str, **values: object) -> User:
    """Insert an account whose values were checked, with its audit row."""
    user = User(
        username=username,
        password_hash=password_hash,
        previous_password_hashes=[],
        password_changed_at=clock.now(),
        **values,
    )
    db.session.add(user)
    db.session.flush()
    # A person who registers makes the account that then acts; before it there is nobody to name.
    author = actor if actor.user_id or actor.role is Role.SYSTEM else replace(actor, user_id=user.id)
    audit.record(author, AuditAction.USER_CREATED, user, after=audit.values_of(user))
    return user


def _check_owner(
    problems: Problems, role: Role, enterprise_id: int | None, institution_id: int | None, division_code: str | None
) -> None:
    given = {"enterprise_id": enterprise_id, "institution_id": institution_id, "division_code": division_code}
    wanted = {Role.ENTERPRISE: "enterprise_id", Role.INSTITUTION: "institution_id", Role.REGULATOR: "division_code"}
    models = {"enterprise_id": Enterprise, "institution_id": Institution, "division_code": Division}
    field = wanted.get(role)
    if role is Role.SYSTEM:
        problems.add("role", "not_a_choice")
    for name, value in given.items():
        if name == field:
            if value is None:
                problems.add(name, "required")
            elif db.session.get(models[name], value) is None:
                problems.add(name, "not_a_choice")
        elif value is not None:
            problems.add(name, "owner_of_other_role")


def first_of(enterprise: Enterprise) -> User | None:
    """The account whose name is the enterprise's code."""
    return db.session.scalars(sa.select(User).where(User.username == enterprise.uscc)).one_or_none()


def is_taken(username: str) -> bool:
    """Whether an account with this folded name exists."""
    return db.session.scalar(sa.select(sa.exists().where(User.username == username))) or False


def change_password(actor: Actor, *, current: str, new: str, address: str = "") -> str:
    """Set one's own new password, sign out everywhere, and return a new session's token for this browser.

    Raises `Invalid` beside `current` or `new`.
    """
    user = _own_row(actor)
    problems = Problems()
    if not passwords.matches(user.password_hash, current[: passwords.LONGEST]):
        problems.add("current", "password_current_wrong")
    earlier = [user.password_hash, *user.previous_password_hashes]
    if (found := passwords.problem(new, account=user.username, previous=earlier)) is not None:
        problems.add("new", found.code, **found.facts)
    problems.refuse()
    user.previous_password_hashes = earlier[: passwords.DENGBAO.history]
    user.password_hash = passwords.hashed(new)
    user.password_changed_at = clock.now()
    end_all_sessions(user)
    users.end_links(user.id)
    audit.record(actor, AuditAction.USER_PASSWORD_CHANGED, user)
    return start_session(user, address)


def _own_row(actor: Actor) -> User:
    user = db.session.get(User, actor.user_id) if actor.user_id else None
    if user is None:
        raise NotFound
    return user


def forget_old_attempts() -> int:
    """Remove failed attempts that no longer count, and sessions long over; returns how many rows went."""
    before = clock.now() - KEEP_ATTEMPTS
    attempts = execute_counted(sa.delete(SignInAttempt).where(SignInAttempt.at < before))
    sessions = execute_counted(sa.delete(UserSession).where(UserSession.created_at < before - LONGEST_SESSION))
    return attempts + sessions
