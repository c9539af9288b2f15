"""Compose the week's message: one recipient, one part of the company, text and HTML from the same rows."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from planbook.mail.model import Posting, Recipient
from planbook.measures import RollUp
from planbook.measures.plain import Row, rows_of
from planbook.measures.progress import LATE
from planbook.measures.scores import MISSED, impact
from planbook.problems import MailError, escape_text, say
from planbook.reports import headline
from planbook.reports.figures import (
    attention_rows,
    count_returns,
    goal_rows,
    one_line,
    open_returns,
    scope_name,
    value_text,
)
from planbook.spec import Kind
from planbook.spec.models import ReportColumn
from planbook.writer.styles import BLUE, FONT, GRID, MUTED, NAVY, PALE, TONES

LARGEST: Final = 10 * 1024 * 1024  # bytes; many mail servers take no more
WORST: Final = 10  # goals in the mail; the attachment has them all
MOST: Final = 30  # rows of the other tables
DASH: Final = "—"
FIGURES: Final = (Kind.QUANTITY, Kind.PERCENT, Kind.NUMBER, Kind.DATE)  # shown on one line
# What a table shows: columns of a report sheet, whose titles, kinds and lists they take.
GOALS: Final = (
    "department_name", "goal", "target", "actual", "deviation", "deviation_rate", "rating", "driver",
)  # fmt: skip
TASKS: Final = (
    "department_name", "task", "owner", "finish", "percent", "schedule_deviation", "status", "risk",
)  # fmt: skip
RETURNS: Final = ("department_name", "receipt", "file", "reason")
_ADDRESS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")


class _MailPolicy(EmailPolicy):
    """SMTP's own line ends, and subjects that come back as they were.

    Python's folding of structured headers drops a space where it breaks encoded text; the older
    `Header` does not.
    """

    def fold(self, name: str, value: Any) -> str:
        if name.lower() == "subject" and not (value.isascii() and len(value) < 60):
            words = Header(str(value), "utf-8", header_name=name).encode(linesep=self.linesep)
            return f"{name}: {words}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii", "surrogateescape")


MAIL_POLICY: Final = _MailPolicy(linesep="\r\n")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as a person reads it; `tone` is the colour role of a status."""

    text: str
    tone: str = ""
    figure: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the mail: text and HTML both show exactly these cells."""

    title: str
    headers: tuple[Cell, ...]
    widths: tuple[int, ...]  # percent of the page
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""  # below the rows, or instead of them


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a message says, as plain text."""

    subject: str
    greeting: str
    lead: str
    headline: str
    figures: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    closing: tuple[str, ...]


def compose_message(
    roll_up: RollUp,
    recipient: Recipient,
    posting: Posting,
    *,
    lang: str,
    attachment: bytes,
    attachment_name: str,
) -> EmailMessage:
    """The week's message to `recipient`: multipart/mixed of text, the same as HTML, and the workbook.

    The same arguments give the same bytes, Message-ID and boundaries included.  Raises MailError
    for what is no single address, for a roll-up of another scope than the recipient's, and for
    a message of more than 10 MB.
    """
    if recipient.scope != roll_up.scope:
        address, scope = recipient.address, recipient.scope
        raise MailError(say("mail_scope", address=address, scope=scope, other=roll_up.scope))
    name = one_line(attachment_name).replace("/", "_").replace("\\", "_")
    content = compose_content(roll_up, recipient, lang=lang, week=posting.week, attachment_name=name)
    bodies = render_plain(content), render_html(content, lang)
    message = EmailMessage(policy=MAIL_POLICY)
    message["Subject"] = content.subject
    message["From"] = _check_address(posting.sender, "sender")
    message["To"] = _check_address(recipient.address, "recipient")
    if posting.reply_to:
        message["Reply-To"] = _check_address(posting.reply_to, "reply_to")
    message["Date"] = posting.sent
    whose = (posting.cycle, posting.week, recipient.address, recipient.scope, lang)
    identity = (*whose, content.subject, *bodies, name)
    digest = hashlib.sha256(json.dumps(identity).encode() + hashlib.sha256(attachment).digest()).hexdigest()
    message["Message-ID"] = f"<{digest}@{posting.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    _fill(message, bodies, attachment, name, digest)
    size = len(message.as_bytes())
    if size > LARGEST:
        shown, most = f"{size / 1048576:.1f}", LARGEST // 1048576
        raise MailError(say("mail_large", address=recipient.address, size=shown, most=most))
    return message


def _check_address(text: str, role: str) -> str:
    if len(text) > 254 or not _ADDRESS.fullmatch(text):
        raise MailError(say("no_address", role=say(role), text=escape_text(one_line(text, 80))))
    return text


def _fill(message: EmailMessage, bodies: tuple[str, str], attachment: bytes, name: str, digest: str) -> None:
    plain, html = bodies
    message.set_content(plain, charset="utf-8", cte="base64")
    message.add_alternative(html, subtype="html", charset="utf-8", cte="base64")
    message.add_attachment(
        attachment,
        maintype="application",
        subtype="vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        filename=name,
    )
    # Python would draw them by lot; "=_" cannot occur in base64.
    message.set_boundary(f"=_mixed_{digest[:32]}")
    next(message.iter_parts()).set_boundary(f"=_text_{digest[:32]}")


# -- content -------------------------------------------------------------------------------


def compose_content(
    roll_up: RollUp, recipient: Recipient, *, lang: str, week: str, attachment_name: str
) -> Content:
    """What the message to `recipient` says, each text on one line and free of control characters."""
    label = roll_up.book.label

    def say(key: str, **values: object) -> str:
        return one_line(label(key, lang).format(**values))

    name = one_line(recipient.name)
    tables = [_goal_table(roll_up, lang)]
    if recipient.detail == "tasks":
        late = [row for row in attention_rows(roll_up) if row["status"] in LATE]
        tables.append(_table(roll_up, lang, ("mail_section_tasks", "tasks"), TASKS, late, MOST))
    tables.append(
        _table(roll_up, lang, ("mail_section_returns", "receipts"), RETURNS, open_returns(roll_up), MOST)
    )
    returned, due = count_returns(roll_up)
    return Content(
        subject=say("mail_subject", year=roll_up.year, week=week, scope=scope_name(roll_up, lang)),
        greeting=say("mail_greeting_name", name=name) if name else say("mail_greeting"),
        lead=say("mail_lead", as_of=roll_up.as_of.isoformat()),
        headline=one_line(headline(roll_up, lang)),
        figures=_key_figures(roll_up, lang),
        tables=tuple(tables),
        closing=(
            say("mail_returned", returned=returned, due=due),
            say("mail_attached", file=attachment_name),
            say("mail_footer"),
        ),
    )


def _key_figures(roll_up: RollUp, lang: str) -> tuple[tuple[str, str], ...]:
    """The four figures at the top, those of the scope as a whole."""
    top = next(iter(rows_of(roll_up.scores)), {})
    goals = rows_of(roll_up.goals)
    met = sum(goal["rating"] == "green" for goal in goals)
    score = top.get("score")
    shown = {
        "mail_kpi_score": DASH if score is None else f"{score:.1%}",
        "mail_kpi_goals": _share(met, len(goals)),
        "mail_kpi_late": _share(top.get("late"), top.get("tasks")),
        "mail_kpi_departments": _share(top.get("covered"), top.get("expected")),
    }
    return tuple((roll_up.book.label(key, lang), text) for key, text in shown.items())


def _share(part: float | None, whole: float | None) -> str:
    return f"{part or 0:,.0f}/{whole:,.0f}" if whole else DASH


def _goal_table(roll_up: RollUp, lang: str) -> Table:
    """The goals at risk or missed, the worst first; ten at most."""

    def rank(row: Row) -> float:
        effect = impact(row)
        return 0.0 if effect is None else effect

    book = roll_up.book
    found = sorted((row for row in goal_rows(roll_up) if row["rating"] in MISSED), key=rank)

    def special(column: ReportColumn, row: Row) -> str | None:
        if column.key == "goal" and row["unit"]:
            label = book.label("mail_goal_unit", lang)
            return label.format(goal=one_line(row["goal"] or DASH), unit=one_line(row["unit"]))
        if column.key == "target" and row["target_high"] is not None and row["target"] is not None:
            bounds = (value_text(book, column, row[key], lang) for key in ("target", "target_high"))
            return book.label("range_to", lang).join(bounds)
        return None

    return _table(roll_up, lang, ("mail_section_goals", "variance"), GOALS, found, WORST, special)


def _table(
    roll_up: RollUp,
    lang: str,
    names: tuple[str, str],
    keys: Sequence[str],
    rows: Sequence[Row],
    most: int,
    special: Callable[[ReportColumn, Row], str | None] = lambda column, row: None,
) -> Table:
    """`rows` under the columns `keys` of a report sheet; `names` are the title's label and the sheet."""
    book = roll_up.book
    title, sheet = names
    by_key = {column.key: column for column in book.report(sheet).columns}
    columns = [by_key[key] for key in keys]

    def cell(column: ReportColumn, row: Row) -> Cell:
        value = row[column.key]
        text = special(column, row) or value_text(book, column, value, lang) or DASH
        tone = book.tone(column.list, str(value)) if column.kind is Kind.CHOICE else ""
        return Cell(text, tone, column.kind in FIGURES)

    total = sum(column.width for column in columns)
    left_out = len(rows) - most
    note = book.label("mail_more", lang).format(count=left_out) if left_out > 0 else ""
    return Table(
        book.label(title, lang),
        tuple(Cell(column.title.to(lang), "", column.kind in FIGURES) for column in columns),
        tuple(round(100 * column.width / total) for column in columns),
        tuple(tuple(cell(column, row) for column in columns) for row in rows[:most]),
        note if rows else book.label("nothing", lang),
    )


# -- rendering -----------------------------------------------------------------------------


def render_plain(content: Content) -> str:
    """The message for readers without HTML: a line a row, cells between bars."""
    lines = [content.greeting, "", content.lead, content.headline, ""]
    lines += [f"{title}: {figure}" for title, figure in content.figures]
    for table in content.tables:
        lines += ["", f"[{table.title}]"]
        if table.rows:
            lines += [" | ".join(cell.text for cell in row) for row in (table.headers, *table.rows)]
        lines += [table.note] if table.note else []
    return "\n".join([*lines, "", *content.closing]) + "\n"


def render_html(content: Content, lang: str) -> str:
    """The message as HTML that Outlook shows too: nested tables, styles inline, nothing from outside."""
    palette = {"navy": NAVY, "blue": BLUE, "pale": PALE, "grid": GRID, "muted": MUTED, "font": FONT}
    return _template().render(content=content, lang=lang, tones=TONES, **palette)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("planbook.mail", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("weekly.html.j2")
