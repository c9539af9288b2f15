"""The week's mail: composed, written to files, or handed to the mail server."""

from planbook.mail.compose import compose_message
from planbook.mail.model import MailSettings, Posting, Recipient
from planbook.mail.send import Delivery, send_messages, write_eml

__all__ = [
    "Delivery",
    "MailSettings",
    "Posting",
    "Recipient",
    "compose_message",
    "send_messages",
    "write_eml",
]
