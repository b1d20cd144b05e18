"""The password policy: what is refused and why, what is accepted, and that checking takes its time."""

from __future__ import annotations

import time

import pytest

from backoffice.services import passwords
from tests.factories import valid_uscc

ACCOUNT = valid_uscc(88)
GOOD = "Luyue-4471-gang"


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("", "required"),
        ("Ab1-xyz", "password_short"),
        ("abcdefgh1234", "password_classes"),
        ("LUYUEGANG", "password_classes"),
        ("鲁岳机械有限公司淄博", "password_classes"),
        (f"Ab-{ACCOUNT}", "password_account"),
        (f"Xy-{ACCOUNT[12:]}", "password_account"),
        ("P@ssw0rd2026", "password_common"),
        ("Admin@2026", "password_common"),
        ("Qwerty!2345", "password_common"),
        ("Qiangjiantong-1", "password_common"),
        ("Aa123456!", "password_common"),
        ("Aa888888!", "password_common"),
        ("Aa1" + "a" * 254, "too_long"),
    ],
)
def test_weak_passwords_are_refused_with_the_reason(password: str, expected: str) -> None:
    found = passwords.problem(password, account=ACCOUNT)
    assert found is not None
    assert found.code == expected


@pytest.mark.parametrize(
    "password", [GOOD, "Zibo-2026-qj", "correct Horse battery 9", "柳泉路88号-Kf", "aB3$" + "k7Rm" * 20]
)
def test_strong_passwords_are_accepted_long_ones_too(password: str) -> None:
    assert passwords.problem(password, account=ACCOUNT) is None


def test_one_of_the_last_five_passwords_is_refused_and_the_sixth_is_not() -> None:
    earlier = [passwords.hashed(f"Luyue-{number}-gang") for number in range(1, 7)]
    found = passwords.problem("Luyue-5-gang", account=ACCOUNT, previous=earlier)
    assert found is not None
    assert found.code == "password_repeated"
    assert passwords.problem("Luyue-6-gang", account=ACCOUNT, previous=earlier) is None


def test_a_hash_is_salted_argon2id_and_matches_only_its_password() -> None:
    stored = passwords.hashed(GOOD)
    assert stored.startswith("$argon2id$")
    assert stored != passwords.hashed(GOOD)
    assert passwords.matches(stored, GOOD)
    assert not passwords.matches(stored, GOOD + " ")
    assert not passwords.matches("not a hash", GOOD)
    assert not passwords.needs_rehash(stored)


def test_an_unknown_account_costs_as_much_as_a_known_one() -> None:
    stored = passwords.hashed(GOOD)
    started = time.process_time()
    passwords.matches(stored, "wrong")
    known = time.process_time() - started
    started = time.process_time()
    passwords.waste_time("wrong")
    unknown = time.process_time() - started
    assert known > 0.02
    assert 0.4 < unknown / known < 2.5
