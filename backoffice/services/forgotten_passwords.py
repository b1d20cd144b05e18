"""忘记密码: who names an account and a way to reach its person gets a link; the answer never says who exists."""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from .. import clock
from ..actor import SYSTEM
from ..database import db
from ..errors import TooOften
from ..models import SignInAttempt, User
from ..states import LinkPurpose
from . import accounts, one_time_links

_LOCK = 0x464F_5247
_KIND = "forgot:"
"""Requests are counted beside failed sign-ins and do not lock anybody out of signing in."""


def ask(username: str, contact: str, *, address: str, public_url: str) -> None:
    """Count the request, and mail a link when account and contact belong together; tells the caller nothing.

    `contact` is the account's e-mail address or telephone. Raises `TooOften` beyond what signing in allows: 5 for an
    account, 20 from an address, in 15 minutes, whether the account exists or not.
    """
    account = accounts.fold_username(username)
    _count(account, address)
    user = db.session.scalars(sa.select(User).where(User.username == account)).one_or_none()
    if user is not None and is_contact_of(user, contact) and one_time_links.may_reset(user):
        one_time_links.issue(replace(SYSTEM, address=address[:64]), user, LinkPurpose.RESET, public_url=public_url)


def is_contact_of(user: User, contact: str) -> bool:
    """Whether this is the account's e-mail address or telephone, however it is spelled."""
    typed = unicodedata.normalize("NFKC", contact).strip()
    if "@" in typed:
        return typed.casefold() == user.email.strip().casefold()
    digits = _digits(typed)
    return len(digits) >= 7 and digits == _digits(user.phone)


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", text).removeprefix("+86"))


def _count(account: str, address: str) -> None:
    whose = hashlib.sha256(f"{_KIND}{account}".encode()).hexdigest()
    place = f"{_KIND}{address}"[:64]
    for text in (whose, place):  # In this order for everybody, so that a burst cannot get more than the limit.
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK, sa.func.hashtext(text))))
    wait = max(
        accounts.wait_for(SignInAttempt.account == whose, accounts.FAILURES_PER_ACCOUNT),
        accounts.wait_for(SignInAttempt.address == place, accounts.FAILURES_PER_ADDRESS),
    )
    if wait > timedelta():
        raise TooOften("forgot_too_often", minutes=math.ceil(wait / timedelta(minutes=1)))
    db.session.add(SignInAttempt(account=whose, address=place, at=clock.now()))
    db.session.flush()
