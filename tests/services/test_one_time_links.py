"""One-time links: who may issue, how long they work, and that one password is set by each."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask

from backoffice import clock
from backoffice.actor import SYSTEM
from backoffice.database import db
from backoffice.errors import Conflict, Forbidden, Invalid, TooOften
from backoffice.models import AuditEvent, OneTimeLink, OutgoingMail, User
from backoffice.services import (
    accounts,
    change_requests,
    forgotten_passwords,
    one_time_links,
    passwords,
    user_records,
    users,
)
from backoffice.states import LinkPurpose
from backoffice.unit_of_work import unit_of_work
from tests import factories

NEW = "Luyue-4471-gang"
SITE = "https://qjt.example.cn"


def test_a_link_sets_the_password_signs_out_everywhere_and_works_once(app: Flask) -> None:
    user = factories.UserFactory(of_enterprise=True)
    accounts.start_session(user, "10.0.0.1")
    token = one_time_links.issue(SYSTEM, user, LinkPurpose.RESET)
    assert one_time_links.use(token, NEW) is user
    assert passwords.matches(user.password_hash, NEW)
    assert accounts.end_all_sessions(user) == 0
    with pytest.raises(Conflict) as refused:
        one_time_links.use(token, NEW)
    assert refused.value.code == "link_gone"


def test_only_the_hash_is_kept_and_the_audit_has_no_token(app: Flask) -> None:
    user = factories.UserFactory(of_enterprise=True, email="wang@example.com")
    token = one_time_links.issue(SYSTEM, user, LinkPurpose.RESET)
    one_time_links.use(token, NEW)
    assert db.session.query(OneTimeLink).one().token_hash != token
    told = " ".join(str((row.before, row.after)) for row in db.session.query(AuditEvent))
    assert token not in told and NEW not in told and "link_purpose" in told
    assert db.session.query(OutgoingMail).count() == 0


@pytest.mark.parametrize(("purpose", "lifetime"), list(one_time_links.LIFETIMES.items()))
def test_a_link_expires(app: Flask, monkeypatch: pytest.MonkeyPatch, purpose: LinkPurpose, lifetime: timedelta) -> None:
    user = factories.UserFactory(of_enterprise=True)
    token = one_time_links.issue(SYSTEM, user, purpose)
    assert one_time_links.find(token).is_usable
    over = clock.now() + lifetime
    monkeypatch.setattr(clock, "now", lambda: over)
    assert not one_time_links.find(token).is_usable
    with pytest.raises(Conflict):
        one_time_links.use(token, NEW)


def test_a_newer_link_ends_the_older(app: Flask) -> None:
    user = factories.UserFactory(of_enterprise=True)
    older = one_time_links.issue(SYSTEM, user, LinkPurpose.INVITATION)
    newer = one_time_links.issue(SYSTEM, user, LinkPurpose.RESET)
    assert not one_time_links.find(older).is_usable and one_time_links.find(newer).is_usable


def test_a_bad_password_leaves_the_link_usable(app: Flask) -> None:
    user = factories.UserFactory(of_enterprise=True)
    token = one_time_links.issue(SYSTEM, user, LinkPurpose.RESET)
    for bad in ("kurz", factories.PASSWORD):
        with pytest.raises(Invalid) as refused:
            one_time_links.use(token, bad)
        assert set(refused.value.problems) == {"password"}
    one_time_links.use(token, NEW)


def test_a_stopped_account_gets_no_link_and_its_link_stops(app: Flask) -> None:
    user = factories.UserFactory(of_enterprise=True)
    token = one_time_links.issue(SYSTEM, user, LinkPurpose.RESET)
    user.is_active = False
    db.session.flush()
    with pytest.raises(Conflict):
        one_time_links.use(token, NEW)
    with pytest.raises(Conflict):
        one_time_links.issue(SYSTEM, user, LinkPurpose.RESET)


def test_a_regulator_issues_for_enterprises_of_its_area_alone(app: Flask) -> None:
    user = factories.UserFactory(of_enterprise=True)
    here = factories.actor_of(factories.UserFactory(regulator=True))
    elsewhere = factories.actor_of(factories.UserFactory(regulator=True, division_code="370305"))
    assert one_time_links.issue(here, user, LinkPurpose.RESET)
    for actor in (elsewhere, factories.actor_of(factories.UserFactory(of_institution=True)), factories.actor_of(user)):
        with pytest.raises(Forbidden):
            one_time_links.issue(actor, user, LinkPurpose.RESET)
    with pytest.raises(Forbidden):
        one_time_links.issue(here, factories.UserFactory(of_institution=True), LinkPurpose.RESET)


def test_an_enterprise_entered_on_behalf_claims_its_account(app: Flask) -> None:
    regulator = factories.actor_of(factories.UserFactory(regulator=True))
    enterprise = factories.EnterpriseFactory(registered_by_division_code="370303", email="wang@example.com")
    token = one_time_links.issue_for_enterprise(regulator, enterprise.id, public_url=SITE)
    mail = db.session.query(OutgoingMail).one()
    assert mail.code == "mail_link_claim" and f"{SITE}/link/{token}" in mail.body
    user = one_time_links.use(token, NEW)
    assert user.username == enterprise.uscc and enterprise.registered_by_division_code is None
    assert one_time_links.purpose_for(user) is LinkPurpose.RESET


def test_of_many_at_the_same_moment_one_sets_the_password(app: Flask) -> None:
    with unit_of_work():
        user = factories.UserFactory(of_enterprise=True)
        token = one_time_links.issue(SYSTEM, user, LinkPurpose.RESET)
    answers: list[str] = []

    def attempt(number: int) -> None:
        with app.app_context():
            try:
                with unit_of_work():
                    one_time_links.use(token, f"{NEW}{number}")
                answers.append("set")
            except Conflict:
                answers.append("gone")
            finally:
                db.session.remove()

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["gone", "gone", "gone", "set"]


@pytest.mark.parametrize("contact", ["Wang@Example.com", "139 0533 0001", "+8613905330001", "１３９０５３３０００１"])
def test_who_names_account_and_contact_gets_a_link_by_mail(app: Flask, contact: str) -> None:
    user = factories.UserFactory(of_enterprise=True, username="wang", email="wang@example.com")
    forgotten_passwords.ask(" WANG ", contact, address="10.0.0.1", public_url=SITE)
    assert db.session.query(OutgoingMail).one().recipient == "wang@example.com"
    assert db.session.query(OneTimeLink).one().user_id == user.id


@pytest.mark.parametrize(
    ("username", "contact"), [("wang", "li@example.com"), ("li", "wang@example.com"), ("wang", "1")]
)
def test_anything_else_sends_nothing(app: Flask, username: str, contact: str) -> None:
    factories.UserFactory(of_enterprise=True, username="wang", email="wang@example.com")
    forgotten_passwords.ask(username, contact, address="10.0.0.1", public_url=SITE)
    assert db.session.query(OneTimeLink).count() == 0


def test_requests_are_limited_per_account_and_address_without_locking_sign_in(app: Flask) -> None:
    user = factories.UserFactory(of_enterprise=True, username="wang")
    for number in range(accounts.FAILURES_PER_ACCOUNT):
        forgotten_passwords.ask("wang", "x", address=f"10.0.0.{number}", public_url=SITE)
    with pytest.raises(TooOften):
        forgotten_passwords.ask("wang", "x", address="10.0.1.1", public_url=SITE)
    for number in range(accounts.FAILURES_PER_ADDRESS):
        forgotten_passwords.ask(f"nobody{number}", "x", address="10.0.2.2", public_url=SITE)
    with pytest.raises(TooOften):
        forgotten_passwords.ask("somebody", "x", address="10.0.2.2", public_url=SITE)
    assert accounts.sign_in("wang", factories.PASSWORD, "10.0.2.2").user is user


def test_an_invitation_that_ran_out_is_followed_by_another(app: Flask) -> None:
    admin = factories.actor_of(factories.UserFactory(admin=True))
    user = user_records.create(admin, username="shen-ji2", name="孙正", role="auditor")
    user_records.welcome(admin, user, public_url=SITE)
    assert one_time_links.purpose_for(user) is LinkPurpose.INVITATION
    one_time_links.use(user_records.invite(admin, user.id, public_url=SITE), NEW)
    assert one_time_links.purpose_for(db.session.get_one(User, user.id)) is LinkPurpose.RESET


def asked(user: User) -> int:
    """How many mails lie there after somebody named the account and its address."""
    forgotten_passwords.ask(user.username, "wang@example.com", address="10.0.0.9", public_url=SITE)
    return db.session.query(OutgoingMail).count()


def test_whoever_typed_a_walk_ins_address_at_the_counter_does_not_get_its_account(app: Flask) -> None:
    user = factories.UserFactory(of_enterprise=True, email="wang@example.com")
    institution = factories.InstitutionFactory()
    user.username = user.enterprise.uscc
    user.enterprise.registered_by_institution_id = institution.id
    assert asked(user) == 0
    regulator = factories.actor_of(factories.UserFactory(regulator=True, division_code=user.enterprise.division_code))
    token = one_time_links.issue_for_enterprise(regulator, user.enterprise_id, public_url=SITE)
    assert db.session.query(OutgoingMail).count() == 0, "the link goes into the trader's hand"
    one_time_links.use(token, NEW)
    assert (user.email, user.enterprise.email) == ("", "")
    assert asked(user) == 0


def test_strangers_do_not_end_a_link_that_was_handed_over(app: Flask) -> None:
    user = factories.UserFactory(of_enterprise=True, email="wang@example.com")
    token = one_time_links.issue(SYSTEM, user, LinkPurpose.INVITATION)
    assert asked(user) == 0
    assert one_time_links.find(token).is_usable
    without = factories.UserFactory(of_enterprise=True, email="", phone="13905331234")
    handed = one_time_links.issue(SYSTEM, without, LinkPurpose.RESET)
    forgotten_passwords.ask(without.username, "13905331234", address="10.0.0.9", public_url=SITE)
    assert one_time_links.find(handed).is_usable, "no mail can be written, so nothing is ended for one"


def test_a_new_password_a_stop_and_another_address_end_open_links(app: Flask) -> None:
    user = factories.UserFactory(of_enterprise=True, email="wang@example.com")
    user.username, user.enterprise.email = user.enterprise.uscc, user.email
    person = factories.actor_of(user)
    for change in (
        lambda: accounts.change_password(person, current=factories.PASSWORD, new=NEW),
        lambda: change_requests.change_contact(person, contact="李敏", mobile="13905330001", email="li@example.com"),
        lambda: users.deactivate(factories.actor_of(factories.UserFactory(admin=True)), user.id, reason="离职"),
    ):
        token = one_time_links.issue(SYSTEM, user, LinkPurpose.RESET)
        change()
        assert not one_time_links.find(token).is_usable
    told = db.session.query(OutgoingMail).filter_by(code="mail_contact_changed").one()
    assert told.recipient == "wang@example.com", "whoever read the mails so far hears of it"


def test_the_audit_says_from_where_a_link_was_asked_for(app: Flask) -> None:
    assert asked(factories.UserFactory(of_enterprise=True, email="wang@example.com")) == 1
    issued = db.session.query(AuditEvent).filter_by(action="user.link_issued").one()
    assert issued.address == "10.0.0.9"
