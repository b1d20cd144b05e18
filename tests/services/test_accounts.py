"""Signing in: the lock is exact, answers do not tell accounts apart, sessions end when they must."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
import sqlalchemy as sa
from flask import Flask

from backoffice import clock
from backoffice.actor import SYSTEM, Role
from backoffice.database import db
from backoffice.errors import Forbidden, Invalid
from backoffice.models import AuditEvent, SignInAttempt, User, UserSession
from backoffice.services import accounts, passwords
from backoffice.states import EnterpriseStatus
from backoffice.unit_of_work import unit_of_work
from tests.factories import PASSWORD, EnterpriseFactory, UserFactory, actor_of

HOME = "10.0.0.7"
WRONG = "Wrong-word-77"
pytestmark = pytest.mark.usefixtures("app", "quick_hashes")


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about counting, not about how long a hash takes."""
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr(passwords, "_DUMMY", passwords.hashed("nobody's"))


def committed_user(**values: object) -> User:
    with unit_of_work():
        return UserFactory(**values)


def try_in(username: str, password: str, address: str = HOME) -> accounts.SignIn:
    with unit_of_work():
        return accounts.sign_in(username, password, address)


def test_the_right_password_opens_a_session_whose_token_is_not_stored() -> None:
    user = committed_user(regulator=True)
    done = try_in(user.username, PASSWORD)
    assert done.user is user
    session = db.session.scalars(sa.select(UserSession)).one()
    assert done.token not in (session.token_hash, "")
    actor = accounts.actor_for_token(done.token, address=HOME)
    assert actor is not None
    assert (actor.user_id, actor.role, actor.division_code, actor.address) == (user.id, user.role, "370303", HOME)


def test_every_sign_in_gets_a_session_of_its_own() -> None:
    user = committed_user(regulator=True)
    assert try_in(user.username, PASSWORD).token != try_in(user.username, PASSWORD).token


def test_a_code_is_found_whatever_its_case_width_and_spaces() -> None:
    enterprise = EnterpriseFactory()
    committed_user(username=enterprise.uscc, enterprise=enterprise)
    wide = "".join(chr(ord(mark) + 0xFEE0) for mark in enterprise.uscc.lower())
    assert try_in(f" {wide[:9]} {wide[9:]}", PASSWORD).user is not None


def test_wrong_password_unknown_account_and_stopped_account_get_the_same_answer() -> None:
    user = committed_user(regulator=True)
    stopped = committed_user(regulator=True, is_active=False)
    answers = [
        try_in(user.username, WRONG),
        try_in("nobody", PASSWORD),
        try_in(stopped.username, PASSWORD),
        try_in("", ""),
        try_in("x" * 5000, "y" * 5000),
    ]
    assert answers == [accounts.SignIn()] * 5


def test_an_unknown_account_is_verified_against_something_too(monkeypatch: pytest.MonkeyPatch) -> None:
    wasted: list[str] = []
    monkeypatch.setattr(passwords, "waste_time", wasted.append)
    try_in("nobody", PASSWORD)
    assert wasted == [PASSWORD]


@pytest.mark.parametrize("account", ["known", "unknown"])
def test_after_five_failures_an_account_waits_even_with_the_right_password(account: str) -> None:
    username = committed_user(regulator=True).username if account == "known" else "nobody"
    for number in range(5):
        assert not try_in(username, WRONG, f"10.0.1.{number}").is_locked
    locked = try_in(username, PASSWORD, "10.0.2.1")
    assert locked.is_locked
    assert locked.user is None
    assert 14 <= locked.wait_minutes <= 15


def test_four_failures_do_not_lock_and_success_forgets_them() -> None:
    user = committed_user(regulator=True)
    for _ in range(2):
        for _ in range(4):
            try_in(user.username, WRONG)
        assert try_in(user.username, PASSWORD).user is not None


def test_the_lock_ends_when_the_oldest_failure_is_fifteen_minutes_old() -> None:
    user = committed_user(regulator=True)
    start = clock.now()
    for minute in range(5):
        with clock.at(start + timedelta(minutes=minute)):
            try_in(user.username, WRONG)
    with clock.at(start + timedelta(minutes=14)):
        assert try_in(user.username, PASSWORD).wait_minutes == 1
    with clock.at(start + timedelta(minutes=15, seconds=1)):
        assert try_in(user.username, PASSWORD).user is not None


def test_after_twenty_failures_from_one_address_everybody_there_waits_and_others_do_not() -> None:
    user = committed_user(regulator=True)
    for number in range(20):
        assert not try_in(f"nobody{number}", WRONG).is_locked
    assert try_in(user.username, PASSWORD).is_locked
    assert try_in(user.username, PASSWORD, "10.9.9.9").user is not None


def test_a_burst_of_guesses_gets_exactly_five_answers(application: Flask) -> None:
    user = committed_user(regulator=True)
    username, guesses = user.username, 12
    start, answers = Barrier(guesses), []

    def guess(number: int) -> None:
        with application.app_context():
            start.wait()
            answers.append(try_in(username, WRONG, f"10.1.0.{number}"))
            db.session.remove()

    threads = [Thread(target=guess, args=(number,)) for number in range(guesses)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.is_locked for answer in answers].count(False) == 5
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignInAttempt)) == 5


def test_attempts_and_their_audit_hold_neither_password_nor_what_was_typed_as_account() -> None:
    committed_user(regulator=True)
    try_in("my-secret-typed-here", WRONG)
    stored = db.session.scalars(sa.select(SignInAttempt)).one()
    event = db.session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "user.sign_in_failed")).one()
    assert "secret" not in stored.account
    assert "secret" not in f"{event.before}{event.after}{event.subject_label}{event.subject_id}"
    assert event.address == HOME


def test_signing_in_and_out_are_audited() -> None:
    user = committed_user(regulator=True)
    token = try_in(user.username, PASSWORD).token
    with unit_of_work():
        accounts.sign_out(actor_of(user), token)
    actions = db.session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert actions == ["user.signed_in", "user.signed_out"]
    assert accounts.actor_for_token(token) is None


def test_nobody_ends_the_session_of_somebody_else() -> None:
    user, other = committed_user(regulator=True), committed_user(regulator=True)
    token = try_in(user.username, PASSWORD).token
    with unit_of_work():
        accounts.sign_out(actor_of(other), token)
    assert accounts.actor_for_token(token) is not None


def test_a_session_ends_after_thirty_idle_minutes_and_is_kept_by_use() -> None:
    user = committed_user(regulator=True)
    token, start = try_in(user.username, PASSWORD).token, clock.now()
    with clock.at(start + timedelta(minutes=29)):
        session = accounts.session_of(token)
        assert session is not None
        with unit_of_work():
            accounts.mark_seen(session.id)
    with clock.at(start + timedelta(minutes=58)):
        assert accounts.actor_for_token(token) is not None
    with clock.at(start + timedelta(minutes=60)):
        assert accounts.actor_for_token(token) is None


def test_a_session_ends_after_twelve_hours_however_busy() -> None:
    user = committed_user(regulator=True)
    token, start = try_in(user.username, PASSWORD).token, clock.now()
    db.session.execute(sa.update(UserSession).values(last_seen_at=start + timedelta(hours=12)))
    with clock.at(start + timedelta(hours=11, minutes=59)):
        assert accounts.actor_for_token(token) is not None
    with clock.at(start + timedelta(hours=12, seconds=1)):
        assert accounts.actor_for_token(token) is None


def test_being_seen_is_written_at_most_once_a_minute() -> None:
    user = committed_user(regulator=True)
    token, start = try_in(user.username, PASSWORD).token, clock.now()
    session = accounts.session_of(token)
    assert session is not None
    with clock.at(start + timedelta(seconds=59)):
        assert not accounts.is_due_to_be_seen(session)
    with clock.at(start + timedelta(seconds=61)):
        assert accounts.is_due_to_be_seen(session)


def test_a_stopped_person_is_out_at_the_next_request() -> None:
    user = committed_user(regulator=True)
    token = try_in(user.username, PASSWORD).token
    with unit_of_work():
        user.is_active = False
    assert accounts.actor_for_token(token) is None


@pytest.mark.parametrize("status", [each for each in EnterpriseStatus if each is not EnterpriseStatus.APPROVED])
def test_people_of_an_enterprise_not_in_force_are_not_approved(status: EnterpriseStatus) -> None:
    user = committed_user(enterprise=EnterpriseFactory(status=status))
    actor = accounts.actor_for_token(try_in(user.username, PASSWORD).token)
    assert actor is not None
    assert not actor.is_approved


def test_a_new_password_ends_every_session_and_opens_one_for_this_browser() -> None:
    user = committed_user(regulator=True)
    first, second = try_in(user.username, PASSWORD).token, try_in(user.username, PASSWORD).token
    with unit_of_work():
        fresh = accounts.change_password(actor_of(user), current=PASSWORD, new="Other-Word-31", address=HOME)
    assert accounts.actor_for_token(first) is None
    assert accounts.actor_for_token(second) is None
    assert accounts.actor_for_token(fresh) is not None
    assert try_in(user.username, PASSWORD).user is None
    assert try_in(user.username, "Other-Word-31").user is not None


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [(WRONG, "Other-Word-31", "current"), (PASSWORD, PASSWORD, "new"), (PASSWORD, "x", "new")],
)
def test_a_password_is_not_changed_without_the_old_one_nor_to_a_used_or_weak_one(
    current: str, new: str, field: str
) -> None:
    user = committed_user(regulator=True)
    with pytest.raises(Invalid) as refused:
        accounts.change_password(actor_of(user), current=current, new=new)
    assert list(refused.value.problems) == [field]


def test_the_system_creates_people_who_can_sign_in_and_a_clerk_cannot_create_any() -> None:
    with unit_of_work():
        user = accounts.create_user(
            SYSTEM,
            username=" ZD-Jgy ",
            name="赵慧",
            role=Role.REGULATOR,
            password=PASSWORD,
            division_code="370303",
            phone="0533-2180001",
        )
    assert user.username == "zd-jgy"
    assert try_in("ZD-JGY", PASSWORD).user is user
    clerk = committed_user(of_enterprise=True)
    with pytest.raises(Forbidden):
        accounts.create_user(actor_of(clerk), username="x", name="x", role=Role.ADMIN, password=PASSWORD)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"role": Role.REGULATOR}, "division_code"),
        ({"role": Role.REGULATOR, "division_code": "999999"}, "division_code"),
        ({"role": Role.ENTERPRISE}, "enterprise_id"),
        ({"role": Role.ADMIN, "division_code": "370303"}, "division_code"),
        ({"role": Role.SYSTEM}, "role"),
        ({"role": Role.AUDITOR, "password": "short"}, "password"),
        ({"role": Role.AUDITOR, "username": "taken"}, "username"),
        ({"role": Role.AUDITOR, "name": ""}, "name"),
    ],
)
def test_an_account_needs_exactly_the_owner_of_its_role(values: dict[str, object], field: str) -> None:
    committed_user(auditor=True, username="taken")
    facts = {"username": "somebody", "name": "孙正", "password": PASSWORD, "phone": "0533-2180001", **values}
    with pytest.raises(Invalid) as refused:
        accounts.create_user(SYSTEM, **facts)
    assert list(refused.value.problems) == [field]


def test_old_attempts_and_dead_sessions_are_forgotten() -> None:
    user = committed_user(regulator=True)
    try_in(user.username, WRONG)
    token = try_in("nobody", WRONG) and try_in(user.username, PASSWORD).token
    with clock.at(clock.now() + timedelta(days=2)), unit_of_work():
        assert accounts.forget_old_attempts() == 2
    assert accounts.actor_for_token(token) is None
