"""The mail job against a mail server of this process: sent once, marked, tried again when the server is away."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from backoffice.config import parse_mail_url
from backoffice.database import db
from backoffice.jobs import mails as job
from backoffice.models import OutgoingMail
from backoffice.services import mails
from backoffice.unit_of_work import unit_of_work


class MailBox(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as a relay needs; `refuse` is its answer to every recipient instead of yes."""

    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.received: list[str] = []
        self.refuse = ""


class Conversation(socketserver.StreamRequestHandler):
    server: MailBox

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "DATA":
                self._say("354 go on")
                self._take()
            elif verb == "RCPT" and self.server.refuse:
                self._say(self.server.refuse)
            elif verb == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 yes")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline().decode()) != ".\r\n":
            lines.append(line)
        self.server.received.append("".join(lines))
        self._say("250 taken")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@pytest.fixture
def mail_box() -> Iterator[MailBox]:
    with MailBox() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def set_up(app: Flask, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    server = parse_mail_url(f"smtp+plain://127.0.0.1:{port}", sender="qjt@example.com")
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], mail=server))


def letter() -> int:
    with unit_of_work():
        mail = mails.write(
            "mail_link_reset",
            recipient="wang@example.com",
            name="王建国",
            username="wang",
            until="",
            link="https://qjt.example.cn/link/secret-token",
        )
        assert mail is not None
        return mail.id


def stored(mail_id: int) -> OutgoingMail:
    return db.session.get_one(OutgoingMail, mail_id, populate_existing=True)


def test_a_mail_is_sent_once_and_its_link_is_gone(
    app: Flask, monkeypatch: pytest.MonkeyPatch, mail_box: MailBox
) -> None:
    set_up(app, monkeypatch, mail_box.server_address[1])
    mail_id = letter()
    assert job.send_mails() == {"mails": 1}
    assert job.send_mails() == {}
    assert len(mail_box.received) == 1 and "To: wang@example.com" in mail_box.received[0]
    assert stored(mail_id).sent_at is not None and "secret-token" not in stored(mail_id).body


def test_without_a_mail_server_mails_stay_stored(app: Flask) -> None:
    mail_id = letter()
    assert job.send_mails() == {}
    assert stored(mail_id).attempts == 0 and "secret-token" in stored(mail_id).body


def test_a_server_that_is_away_means_later(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    set_up(app, monkeypatch, port)
    mail_id = letter()
    assert job.send_mails() == {"mails_failed": 1}
    mail = stored(mail_id)
    assert mail.problem == "连不上邮件服务器。" and mail.next_attempt_at is not None and mail.sent_at is None
    assert job.send_mails() == {}, "not before its time"


@pytest.mark.parametrize(("answer", "attempts"), [("550 unknown", mails.MOST_ATTEMPTS), ("451 later", 1)])
def test_an_address_that_does_not_exist_is_given_up_at_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch, mail_box: MailBox, answer: str, attempts: int
) -> None:
    mail_box.refuse = answer
    set_up(app, monkeypatch, mail_box.server_address[1])
    mail_id = letter()
    job.send_mails()
    assert stored(mail_id).attempts == attempts and stored(mail_id).problem
