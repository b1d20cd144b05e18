"""E-mails: written with what they tell about, claimed by one, tried again, given up, and without links afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from backoffice import clock
from backoffice.config import ConfigurationError, parse_mail_url
from backoffice.database import db
from backoffice.jobs.mails import message_of
from backoffice.models import OutgoingMail
from backoffice.services import mails, registrations
from backoffice.services.mails import MailState
from backoffice.services.stored_files import Upload
from tests import factories

LICENCE = Upload("执照.png", b"\x89PNG\r\n\x1a\n" + bytes(40))
APPLICATION = {
    "type": "company", "name": "淄博鲁岳机械有限公司", "division_code": "370303", "address": "柳泉路 88 号",
    "principal": "王建国", "contact": "王建国", "mobile": "13905330001", "email": "wang@example.com",
    "password": "Luyue-4471-gang",
}  # fmt: skip
LINK = "https://qjt.example.cn/link/abcdefghijklmnop"


def written(**facts: Any) -> OutgoingMail:
    values = {"name": "王建国", "username": "wang", "until": clock.now(), "link": LINK} | facts
    mail = mails.write("mail_link_invitation", recipient="wang@example.com", **values)
    assert mail is not None
    return mail


def later(monkeypatch: pytest.MonkeyPatch, **wait: int) -> None:
    moment = clock.now() + timedelta(**wait)
    monkeypatch.setattr(clock, "now", lambda: moment)


def test_the_address_must_be_one(app: Flask) -> None:
    for address in ("", "wang", "wang@", "a@b.cn, c@d.cn", "a@b.cn\nBcc: c@d.cn", "<a@b.cn>"):
        assert mails.write("mail_link_reset", recipient=address, name="", username="", until="", link="") is None


def test_values_cannot_add_headers_or_recipients(app: Flask) -> None:
    mail = mails.write(
        "mail_registration_approved",
        recipient="wang@example.com",
        enterprise="甲公司\r\nBcc: spy@example.com\r\n\r\n内容",
        uscc="91370300MA0000001X",
    )
    assert mail is not None and "\n" not in mail.subject and "\r" not in mail.subject
    server = parse_mail_url("smtp+plain://127.0.0.1:2525", sender="qjt@example.com")
    assert server is not None
    mail.subject += "\nBcc: spy@example.com"
    message = message_of(server, mails.Letter(mail.id, mail.recipient, mail.subject, mail.body))
    assert message["Bcc"] is None and message.get_all("To") == ["wang@example.com"]
    assert b"\nBcc:" not in message.as_bytes().partition(b"\n\n")[0]


def test_one_mail_is_claimed_by_one_and_comes_free_after_its_lease(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = written()
    first = mails.claim()
    assert first is not None and first.id == mail.id
    assert mails.claim() is None
    later(monkeypatch, minutes=6)
    assert mails.claim() is not None and mail.attempts == 2


def test_delays_grow_and_the_last_failure_gives_up_with_words_and_without_the_link(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail, waits = written(), []
    for _ in range(mails.MOST_ATTEMPTS):
        assert mails.claim() is not None
        mails.mark_failed(mail.id, "连不上邮件服务器。")
        if mail.next_attempt_at is not None:
            waits.append(mail.next_attempt_at - clock.now())
            later(monkeypatch, seconds=int(waits[-1].total_seconds()) + 1)
    assert waits == sorted(waits) and len(waits) == len(mails.DELAYS)
    assert mails.claim() is None and mails.state_of(mail) is MailState.GIVEN_UP
    assert mail.problem == "连不上邮件服务器。" and LINK not in mail.body


def test_a_sent_mail_keeps_its_words_but_not_its_link(app: Flask) -> None:
    mail = written()
    assert LINK in mail.body
    mails.claim()
    mails.mark_sent(mail.id)
    assert mails.state_of(mail) is MailState.SENT and "/link/" not in mail.body and "王建国" in mail.body
    assert mails.claim() is None


def test_old_news_is_not_sent_and_loses_expired_links(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = written()
    later(monkeypatch, days=4)
    assert mails.claim() is None and mails.state_of(mail) is MailState.STALE
    assert mails.drop_old_links() == 0
    later(monkeypatch, days=4)
    assert mails.drop_old_links() == 1 and LINK not in mail.body


@pytest.mark.parametrize("decision", ["approve", "refuse"])
def test_the_applicant_is_written_to_in_the_transaction_of_the_decision(app: Flask, decision: str) -> None:
    regulator = factories.actor_of(factories.UserFactory(regulator=True))
    enterprise = registrations.register({**APPLICATION, "uscc": factories.valid_uscc(7001)}, LICENCE)
    registration = enterprise.registrations[0]
    if decision == "approve":
        registrations.approve(regulator, registration.id)
    else:
        registrations.refuse(regulator, registration.id, "执照看不清")
    mail = db.session.query(OutgoingMail).one()
    assert mail.recipient == "wang@example.com" and enterprise.name in mail.subject
    assert ("执照看不清" in mail.body) == (decision == "refuse")


@pytest.mark.parametrize(
    ("url", "security", "port"),
    [
        ("smtps://qjt%40example.com:p%3Aw@mail.example.com", "tls", 465),
        ("smtp://qjt%40example.com:p%3Aw@mail.example.com:2587", "starttls", 2587),
    ],
)
def test_the_mail_server_is_read_from_its_address(url: str, security: str, port: int) -> None:
    server = parse_mail_url(url)
    assert server is not None
    assert (server.security, server.port, server.username, server.password) == (
        security, port, "qjt@example.com", "p:w",
    )  # fmt: skip
    assert server.sender == "qjt@example.com" and "p:w" not in repr(server)


@pytest.mark.parametrize(
    "url", ["mail.example.com", "http://mail", "smtp+plain://a:b@mail", "smtps://mail.example.com", "smtps://a@h:x"]
)
def test_a_mail_server_that_cannot_be_used_is_refused_at_start(url: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_mail_url(url)
