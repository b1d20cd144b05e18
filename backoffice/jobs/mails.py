"""The job that hands mails over to the mail server: claimed in one transaction, marked in another, sent between."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from flask import current_app

from .. import clock, messages
from ..config import PRODUCT_NAME, MailServer, Settings
from ..services import mails
from ..services.mails import Letter
from ..unit_of_work import unit_of_work

log = logging.getLogger("backoffice.mails")
TIMEOUT_SECONDS = 20


def send_mails() -> dict[str, int]:
    """Send one mail that is due; returns counts, nothing when none was or no server is set up."""
    settings: Settings = current_app.config["SETTINGS"]
    with unit_of_work():
        mails.drop_old_links()
        letter = mails.claim() if settings.mail else None
    if letter is None or settings.mail is None:
        return {}
    try:
        deliver(settings.mail, letter)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return _failed(letter, error)
    with unit_of_work():
        mails.mark_sent(letter.id)
    return {"mails": 1}


def message_of(server: MailServer, letter: Letter) -> EmailMessage:
    """The letter as MIME. Values cannot add headers: they are one line each, and the address is parsed as one."""
    message = EmailMessage()
    local, _at, domain = letter.recipient.rpartition("@")
    message["To"] = Address(username=local, domain=domain)
    message["From"] = Address(PRODUCT_NAME, addr_spec=server.sender)
    message["Subject"] = mails.one_line(letter.subject)
    message["Date"] = format_datetime(clock.now())
    # The same for every attempt: a mail whose sending broke off after the server had it is known as one by receivers.
    content = hashlib.sha256(f"{letter.subject}\n{letter.body}".encode()).hexdigest()[:16]
    message["Message-ID"] = f"<{letter.id}.{content}@{server.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body)
    return message


def deliver(server: MailServer, letter: Letter) -> None:
    """Hand one letter over; raises `smtplib.SMTPException` or `OSError`."""
    message = message_of(server, letter)
    connection = _connection(server)
    try:
        if server.security == "starttls":
            connection.starttls(context=ssl.create_default_context())
        if server.username:
            connection.login(server.username, server.password)
        connection.send_message(message)
    finally:
        # The server has the mail, or said why not; how it says good-bye changes nothing.
        with contextlib.suppress(smtplib.SMTPException, OSError):
            connection.quit()
        connection.close()


def _connection(server: MailServer) -> smtplib.SMTP:
    if server.security == "tls":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
    return smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)


def _failed(letter: Letter, error: Exception) -> dict[str, int]:
    code, is_for_good = problem_of(error)
    if isinstance(error, smtplib.SMTPNotSupportedError) and not letter.recipient.isascii():
        code, is_for_good = "mail_address_refused", True  # This server cannot write to such an address at all.
    # The server's own words may repeat address and text of the mail, so only the kind of failure is logged.
    log.warning("mail %s was not sent: %s", letter.id, type(error).__name__)
    with unit_of_work():
        mails.mark_failed(letter.id, messages.sentence(code), for_good=is_for_good)
    return {"mails_failed": 1}


def problem_of(error: Exception) -> tuple[str, bool]:
    """The sentence of a failure, and whether trying again is of no use."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _words in error.recipients.values()]
        return "mail_address_refused", bool(codes) and all(500 <= code < 600 for code in codes)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "mail_server_sign_in_failed", False
    if isinstance(error, smtplib.SMTPNotSupportedError | ssl.SSLError):
        return "mail_not_encrypted", False
    if isinstance(error, smtplib.SMTPConnectError | smtplib.SMTPServerDisconnected):
        return "mail_server_unreachable", False
    if isinstance(error, smtplib.SMTPException):
        return "mail_refused", isinstance(error, smtplib.SMTPDataError) and 500 <= error.smtp_code < 600
    if isinstance(error, OSError):
        return "mail_server_unreachable", False
    return "mail_address_refused", True
