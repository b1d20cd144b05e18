"""Passwords: the policy as data, argon2, and what is wrong with a proposed one."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from .. import clock
from ..errors import FieldProblem

LONGEST = 256
"""Hashing costs time by length; nobody types more."""

_hasher = PasswordHasher(time_cost=4, memory_cost=47_104, parallelism=1)
"""46 MiB, some 200 ms on two ordinary cores (SECURITY: 100–400 ms)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a password must be. `maximum_age_days` and `history` follow 等保 (GB/T 22239) practice."""

    minimum_length: int = 8
    minimum_classes: int = 3
    history: int = 5
    maximum_age_days: int = 90


DENGBAO = Policy()

_WORDS = """
password passwd pass passw pwd admin administrator root test tester testing guest user login welcome letmein iloveyou
woaini qwer qwert qwerty qwertyuiop asdf asdfg asdfgh asdfghjkl zxcv zxcvb zxcvbn zxcvbnm qaz wsx qazwsx qwe asd zxc
qweasd qweasdzxc abc abcd abcde abcdef abcabc aaa aaaa mima zhanghao denglu system manager master company enterprise
qiye monkey dragon sunshine superman football baseball hello secret change changeme default demo temp qiangjian
qiangjiantong qjt jiliang jianding ecqs aqsiq
"""
COMMON_WORDS = frozenset(_WORDS.split())
"""Words that most guessing lists begin with, and this product's own; digits and signs around them do not help."""

SEQUENCES = ("0123456789", "9876543210", "147258369", "1472580", "741852963", "5201314")
_LEET = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_CLASSES = (re.compile(r"[a-z]"), re.compile(r"[A-Z]"), re.compile(r"[0-9]"), re.compile(r"[^A-Za-z0-9]"))


def hashed(password: str) -> str:
    return _hasher.hash(password)


def unusable() -> str:
    """A real hash of what nobody knows, so that signing in takes as long as for every other account."""
    return hashed(secrets.token_urlsafe(32))


def matches(stored: str, password: str) -> bool:
    """Whether the password belongs to the stored hash; takes as long as hashing did."""
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


_DUMMY = "$argon2id$v=19$m=47104,t=4,p=1$c29tZXNhbHRvZm5vYm9keQ$" + "A" * 43


def waste_time(password: str) -> None:
    """Take as long as checking a real account's password, so that nobody learns which accounts exist."""
    matches(_DUMMY, password)


def needs_rehash(stored: str) -> bool:
    """Whether a hash was made with other measures than today's."""
    return _hasher.check_needs_rehash(stored)


def problem(
    password: str, *, account: str, previous: Sequence[str] = (), policy: Policy = DENGBAO
) -> FieldProblem | None:
    """What is wrong with a proposed password, `None` for a good one.

    `account` must not stand in it (of a code, not its last six characters either); `previous` are hashes it must not
    repeat, newest first.
    """
    if not password:
        return FieldProblem("required")
    if len(password) < policy.minimum_length:
        return FieldProblem("password_short", {"minimum": policy.minimum_length, "length": len(password)})
    if len(password) > LONGEST:
        return FieldProblem("too_long", {"limit": LONGEST, "length": len(password)})
    if sum(bool(kind.search(password)) for kind in _CLASSES) < policy.minimum_classes:
        return FieldProblem("password_classes", {"classes": policy.minimum_classes})
    if _contains_account(password, account):
        return FieldProblem("password_account")
    if _is_common(password):
        return FieldProblem("password_common")
    if any(matches(stored, password) for stored in list(previous)[: policy.history]):
        return FieldProblem("password_repeated", {"count": policy.history})
    return None


def _contains_account(password: str, account: str) -> bool:
    typed, name = password.lower(), account.lower()
    return bool(name) and (name in typed or (len(name) >= 18 and name[12:18] in typed))


def _is_common(password: str) -> bool:
    """A common word with digits or signs around it (P@ssw0rd2026), or hardly more than a run of digits (Aa123456!)."""
    plain = password.lower()
    if len(set(plain)) <= 3:
        return True
    letters = re.sub(r"[^a-z]", "", plain)
    if letters in COMMON_WORDS or re.sub(r"[^a-z]", "", _trimmed(plain).translate(_LEET)) in COMMON_WORDS:
        return True
    digits = re.sub(r"[^0-9]", "", plain)
    is_run = len(digits) >= 5 and (len(set(digits)) <= 2 or any(digits in run for run in SEQUENCES))
    return len(letters) <= 3 and is_run


def _trimmed(plain: str) -> str:
    """Without digits and signs at the end, which would read as letters: p@ssw0rd2026! → p@ssw0rd."""
    return re.sub(r"[^a-z]+$", "", plain)


def is_expired(changed_at: datetime, *, policy: Policy = DENGBAO) -> bool:
    return clock.now() - changed_at > timedelta(days=policy.maximum_age_days)
