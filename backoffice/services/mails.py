"""E-mails: written in the transaction of what they tell about, sent afterwards by a job, or kept where none is set up.

A mail whose sending breaks off is tried again with growing delays. Once sent or given up, its one-time link is gone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from .. import clock
from ..database import db
from ..messages.mails import link_words, subject_and_body
from ..models import OutgoingMail

DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480))
"""Waits after the first, second … failure; after one more than these the mail is given up."""
MOST_ATTEMPTS = len(DELAYS) + 1
LEASE = timedelta(minutes=5)
"""A claimed mail is nobody else's for so long; a killed process's comes free then."""
WORTH_SENDING = timedelta(days=3)
RESET_WORTH_SENDING = timedelta(minutes=30)
"""Older mails are not sent any more: their news is old and a link in them has expired."""
RESET = "mail_link_reset"
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9\u0080-\uffff.-]{3,}")
LINK = re.compile(r"https?://\S+/link/\S+")


class MailState(StrEnum):
    """How far a mail is; derived from its columns, never stored."""

    WAITING = "waiting"
    SENT = "sent"
    RETRYING = "retrying"
    GIVEN_UP = "given_up"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Letter:
    """What a sender needs of a claimed mail; no row, so that sending holds no transaction."""

    id: int
    recipient: str
    subject: str
    body: str


def write(code: str, *, recipient: str, user_id: int | None = None, **facts: Any) -> OutgoingMail | None:
    """Store a mail to be sent after the commit; `None` where there is no usable address."""
    address = (recipient or "").strip()
    if not is_address(address):
        return None
    subject, body = subject_and_body(code, facts)
    mail = OutgoingMail(
        code=code,
        recipient=address,
        subject=one_line(subject)[:200],
        body=body,
        has_link=LINK.search(body) is not None,
        user_id=user_id,
        created_at=clock.now(),
    )
    db.session.add(mail)
    db.session.flush()
    return mail


def is_address(text: str) -> bool:
    """Whether a mail can be written to this."""
    return len(text.strip()) <= 100 and _ADDRESS.fullmatch(text.strip()) is not None


def one_line(text: str) -> str:
    """Words fit for a header: nothing in them can begin another header."""
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())


def claim() -> Letter | None:
    """Take the oldest mail that is due, for `LEASE`; `None` when none is. Commit before sending."""
    now = clock.now()
    mail = db.session.scalars(
        sa.select(OutgoingMail)
        .where(
            OutgoingMail.sent_at.is_(None),
            OutgoingMail.attempts < MOST_ATTEMPTS,
            sa.or_(OutgoingMail.next_attempt_at.is_(None), OutgoingMail.next_attempt_at <= now),
            is_worth_sending(),
        )
        .order_by(OutgoingMail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if mail is None:
        return None
    mail.attempts += 1
    mail.next_attempt_at = now + LEASE
    db.session.flush()
    return Letter(mail.id, mail.recipient, mail.subject, mail.body)


def mark_sent(mail_id: int) -> None:
    mail = _locked(mail_id)
    mail.sent_at, mail.next_attempt_at, mail.problem = clock.now(), None, ""
    _drop_link(mail)


def mark_failed(mail_id: int, problem: str, *, for_good: bool = False) -> None:
    """Note why, and when it is tried again; `for_good` or the last attempt gives it up."""
    mail = _locked(mail_id)
    mail.problem = problem[:300]
    if for_good or mail.attempts >= MOST_ATTEMPTS:
        mail.attempts, mail.next_attempt_at = MOST_ATTEMPTS, None
        _drop_link(mail)
    else:
        mail.next_attempt_at = clock.now() + DELAYS[mail.attempts - 1]
    db.session.flush()


def drop_old_links() -> int:
    """Take expired one-time links out of mails that were never sent; returns how many."""
    expired = clock.now() - timedelta(days=7)
    old = db.session.scalars(
        sa.select(OutgoingMail)
        .where(
            OutgoingMail.has_link,
            sa.or_(
                OutgoingMail.created_at < expired,
                sa.and_(OutgoingMail.code == RESET, OutgoingMail.created_at < clock.now() - RESET_WORTH_SENDING),
            ),
        )
        .limit(200)
        .with_for_update(skip_locked=True)
    ).all()
    for mail in old:
        _drop_link(mail)
    db.session.flush()
    return len(old)


def state_of(mail: OutgoingMail) -> MailState:
    if mail.sent_at is not None:
        return MailState.SENT
    if mail.attempts >= MOST_ATTEMPTS:
        return MailState.GIVEN_UP
    limit = RESET_WORTH_SENDING if mail.code == RESET else WORTH_SENDING
    if mail.created_at < clock.now() - limit:
        return MailState.STALE
    return MailState.RETRYING if mail.attempts else MailState.WAITING


def is_worth_sending() -> sa.ColumnElement[bool]:
    """Young enough to be sent."""
    now = clock.now()
    limit = sa.case(
        (OutgoingMail.code == RESET, sa.literal(now - RESET_WORTH_SENDING)), else_=sa.literal(now - WORTH_SENDING)
    )
    return OutgoingMail.created_at >= limit


def _locked(mail_id: int) -> OutgoingMail:
    return db.session.get_one(OutgoingMail, mail_id, with_for_update=True, populate_existing=True)


def _drop_link(mail: OutgoingMail) -> None:
    mail.body, mail.has_link = LINK.sub(link_words(), mail.body), False
    db.session.flush()
