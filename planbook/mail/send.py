"""Hand messages to the mail server, or write them to files.  smtplib's owner."""

from __future__ import annotations

import hashlib
import re
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Final

from planbook.mail.compose import MAIL_POLICY
from planbook.mail.model import MailSettings
from planbook.problems import (
    MailError,
    OutputError,
    Words,
    escape_text,
    explain_os_error,
    list_words,
    say,
)

SECURITIES: Final = ("starttls", "tls", "none")
TIMEOUT: Final = 30  # seconds the server may keep us waiting
PASSWORD_VARIABLE: Final = "PLANBOOK_SMTP_PASSWORD"
_UNSAFE: Final = re.compile(r"[^\w.@-]+")


@dataclass(frozen=True)
class Delivery:
    """What became of one message: taken by the server, or why not."""

    address: str
    sent: bool
    reason: str = ""


# -- files ---------------------------------------------------------------------------------


def write_eml(message: EmailMessage, folder: Path) -> Path:
    """Write `message` into `folder`, exactly as it would be sent; its file is what comes back.

    The name is made of the attachment's (year, week, scope), the recipient and the Message-ID: the
    same message always has the same file, and no two share one.  Raises OutputError where it
    cannot be written.
    """
    path = folder / _file_name(message)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(message.as_bytes(policy=MAIL_POLICY))
    except OSError as error:
        raise OutputError(say("not_written", path=path, reason=explain_os_error(error))) from error
    return path


def _file_name(message: EmailMessage) -> str:
    attached = next((part.get_filename() or "" for part in message.iter_attachments()), "")
    parts = (Path(attached).stem[:48], _address(message, "To")[:48])  # 255 bytes, of which a 汉字 takes three
    shown = "-".join(_UNSAFE.sub("_", part).strip("._-") for part in parts)
    mark = hashlib.sha256(str(message["Message-ID"]).encode("utf-8", "replace")).hexdigest()[:12]
    return f"{shown}-{mark}.eml"


def _address(message: EmailMessage, header: str) -> str:
    return parseaddr(str(message[header] or ""))[1]


# -- the server ----------------------------------------------------------------------------


def send_messages(
    messages: Sequence[EmailMessage],
    settings: MailSettings,
    password: str | None,
    *,
    context: ssl.SSLContext | None = None,
) -> tuple[Delivery, ...]:
    """Send the messages over one connection and say of each, in their order, whether it was taken.

    A message the server refuses, or that was left when the connection broke, is a Delivery with
    the reason; the others still go.  Raises MailError, with the server's answer and never the
    password, where the server cannot be reached, is not encrypted as the settings ask, or does
    not let us in.
    """
    if settings.user and not password:
        raise MailError(say("no_password", name=settings.user, variable=PASSWORD_VARIABLE))
    if not messages:
        return ()
    server = _connect(settings, context or ssl.create_default_context())
    try:
        if settings.user and password:
            _log_in(server, settings, password)
        return tuple(_deliver(server, message, password or "") for message in messages)
    finally:
        _hang_up(server)


def _connect(settings: MailSettings, context: ssl.SSLContext) -> smtplib.SMTP:
    """A greeted connection, encrypted where the settings ask for it: never a plain one instead."""
    if settings.security not in SECURITIES:
        raise MailError(say("mail_security", name=settings.security, known=list_words(SECURITIES)))
    server: smtplib.SMTP | None = None
    try:
        if settings.security == "tls":
            server = smtplib.SMTP_SSL(
                settings.host, settings.port, _own_name(), timeout=TIMEOUT, context=context
            )
        else:
            server = smtplib.SMTP(settings.host, settings.port, _own_name(), timeout=TIMEOUT)
        server.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            server.starttls(context=context)
            server.ehlo_or_helo_if_needed()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        if server is not None:
            server.close()
        reason = _explain(error, settings)
        raise MailError(say("mail_server", host=settings.host, port=settings.port, reason=reason)) from None
    return server


def _own_name() -> str | None:
    """The name to greet the server with; None lets smtplib find it, which fails on a Chinese one."""
    return None if socket.gethostname().isascii() and socket.getfqdn().isascii() else "localhost"


def _explain(error: Exception, settings: MailSettings) -> str | Words:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return say("no_starttls")
    if isinstance(error, ssl.SSLError):
        return say("tls_failed", name=settings.security, reason=_answer(error))
    if isinstance(error, socket.gaierror):
        return say("no_host")
    if isinstance(error, TimeoutError):
        return say("timed_out")
    if isinstance(error, OSError) and error.strerror and not isinstance(error, smtplib.SMTPException):
        return explain_os_error(error)
    return _answer(error)


def _log_in(server: smtplib.SMTP, settings: MailSettings, password: str) -> None:
    reason: str | Words
    try:
        server.login(settings.user, password)
    except UnicodeError:  # its text would show the character
        reason = say("ascii_only")
    except (smtplib.SMTPException, OSError) as error:
        reason = _hide(_answer(error), password, settings.user)
    else:
        return
    place = {"host": settings.host, "port": settings.port}
    raise MailError(say("mail_no_login", **place, name=settings.user, reason=reason))


def _deliver(server: smtplib.SMTP, message: EmailMessage, password: str) -> Delivery:
    address = _address(message, "To")
    try:
        server.sendmail(_address(message, "From"), [address], message.as_bytes(policy=MAIL_POLICY))
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        return Delivery(address, False, _hide(_answer(error), password))
    return Delivery(address, True)


def _hang_up(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()


def _answer(error: Exception) -> str:
    """What the server said, on one line; else what the system said."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(_reply(code, text) for code, text in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return _reply(error.smtp_code, error.smtp_error)
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return escape_text(" ".join(str(text).split()))


def _reply(code: int, text: bytes | str) -> str:
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return escape_text(" ".join(f"{code} {shown}".split()))


def _hide(text: str, password: str, user: str = "") -> str:
    """`text` without the password, plain or as it went over the wire: some servers repeat what they got."""
    sent = (f"\0{user}\0{password}", password)
    for secret in (*(b64encode(s.encode()).decode() for s in sent), password):
        text = text.replace(secret, "***") if secret else text
    return text
