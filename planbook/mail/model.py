"""Who reads the week's mail, and through which server it goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Recipient:
    """One reader: where to, in which language, and which part of the company they may see."""

    address: str
    scope: str = ""
    language: str = ""
    name: str = ""
    detail: str = "goals"


@dataclass(frozen=True, slots=True)
class Posting:
    """What the messages of one week have in common: of which cycle, from whom, when."""

    cycle: str
    week: str
    sender: str
    sent: datetime
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class MailSettings:
    """The mail server; the password is never part of it."""

    host: str
    port: int = 587
    security: str = "starttls"
    user: str = ""
    sender: str = ""
    reply_to: str = ""
