"""planbook.toml: the settings of one planning year, with every fault at its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from planbook.calendar import FiscalYear
from planbook.cycle.csv_file import example, find_item, read_text, suggest
from planbook.cycle.toml_file import CYCLE_FILE, Table, explain_syntax, find_lines
from planbook.layout.cells import SettingValue
from planbook.mail import MailSettings
from planbook.problems import Code, Location, Problem, SpecError, list_words, say
from planbook.spec import Book, Kind, list_books, load_spec
from planbook.spec.models import Setting
from planbook.values import Span, match_key, read_percent, read_span

DEFAULT_BOOK: Final = "annual_plan"
SECURITIES: Final = ("starttls", "tls", "none")
DETAILS: Final = ("goals", "tasks")
COMPUTED: Final = frozenset({"quarter_ends"})
"""Settings of a book that follow from the year and are not written down."""

PATHS: Final = MappingProxyType(
    {
        "departments": "departments.csv",
        "company_goals": "company_goals.csv",
        "background": "background.csv",
        "outbox": "outbox",
        "inbox": "inbox",
        "reports": "reports",
        "prefill": "prefill",
    }
)
KEYS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "": (
            *("name", "year", "fiscal_year_start", "book", "language", "as_of", "due"),
            *("sheets", "take_over_goals"),
            *("settings", "paths", "recipients", "smtp"),
        ),
        "paths": tuple(PATHS),
        "recipients": ("address", "name", "scope", "language", "detail"),
        "smtp": ("host", "port", "security", "user", "sender", "reply_to"),
    }
)
"""The keys of each table of planbook.toml; those of `settings` are the book's own."""

_YEAR_IF_UNKNOWN: Final = 2024  # dates are still judged when the year itself is at fault
_SYNTAX: Final = re.compile(r"\s*\((?:at line (?P<line>\d+), column \d+|at end of document)\)$")


@dataclass(frozen=True, slots=True)
class RecipientEntry:
    """A recipient as planbook.toml has it; `scope` is still what was typed."""

    address: str
    name: str
    scope: str
    language: str
    detail: str
    table: Table


@dataclass(frozen=True, slots=True)
class Settings:
    """What planbook.toml says, all but the departments that recipients name."""

    name: str
    year: int
    start_month: int
    book: str | Path
    loaded: Book
    language: str
    as_of: date | None
    due: date | None
    sheets: tuple[str, ...]
    take_over_goals: bool
    settings: Mapping[str, SettingValue]
    paths: Mapping[str, str]
    recipients: tuple[RecipientEntry, ...]
    smtp: MailSettings | None


def read_settings(folder: Path, faults: list[Problem]) -> Settings:
    """The settings in the folder's planbook.toml; `faults` receives everything wrong with them.

    What is at fault has its default, so that the other inputs can be judged in the same run.
    """
    text = read_text(folder / CYCLE_FILE, CYCLE_FILE, faults)
    data = _parse(text, faults) if text is not None else None
    top = Table(data or {}, (), find_lines(text or ""), faults)
    top.check_keys(KEYS[""])
    year: int | None = _YEAR_IF_UNKNOWN
    if data is not None:
        year = top.whole("year", 0, 1900, 9998)
    start_month = top.whole("fiscal_year_start", 1, 1, 12)
    fiscal = FiscalYear(year or _YEAR_IF_UNKNOWN, start_month or 1)
    book, loaded = _read_book(top, folder)
    language = top.language("language", loaded.languages, _default_language(loaded))
    return Settings(
        name=top.text("name") or folder.resolve().name,
        year=fiscal.year,
        start_month=fiscal.start_month,
        book=book,
        loaded=loaded,
        language=language,
        as_of=top.day("as_of", fiscal),
        due=top.day("due", fiscal),
        sheets=_read_sheets(top, loaded),
        take_over_goals=top.flag("take_over_goals", True),
        settings=_read_overrides(top.table("settings"), loaded, fiscal),
        paths=_read_paths(top.table("paths")),
        recipients=tuple(_read_recipient(table, loaded) for table in top.tables("recipients")),
        smtp=_read_smtp(top.table("smtp")) if "smtp" in top.values else None,
    )


def _parse(text: str, faults: list[Problem]) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _SYNTAX.search(str(error))
        line = int(place["line"] or 0) if place else 0
        reason = explain_syntax(_SYNTAX.sub("", str(error)))
    except RecursionError:
        line, reason = 0, say("nested")
    # The line itself is not shown: it may hold a password.
    location = Location(file=CYCLE_FILE, line=line or text.count("\n") + 1)
    faults.append(Problem(Code.INPUT_SYNTAX, location, found=reason))
    return None


def _default_language(book: Book) -> str:
    return "zh" if "zh" in book.languages else book.languages[0]


def _read_book(top: Table, folder: Path) -> tuple[str | Path, Book]:
    """The book as the file names it, and loaded; planbook's own where it cannot be."""
    name = str(top.values["book"]) if top.text("book") else DEFAULT_BOOK
    book: str | Path = folder / name if name.endswith((".yaml", ".yml")) else name
    if name not in list_books() and not (isinstance(book, Path) and _is_file(book)):
        top.note(Code.INPUT_REFERENCE, "book", found=name, expected=suggest(name, list_books()))
        return DEFAULT_BOOK, load_spec(DEFAULT_BOOK)
    try:
        return book, load_spec(book)
    except SpecError as error:
        top.faults.extend(error.problems or [Problem(Code.INPUT_VALUE, top.place("book"), found=str(error))])
        return DEFAULT_BOOK, load_spec(DEFAULT_BOOK)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long, a folder nobody may look into
        return False


def _read_sheets(top: Table, book: Book) -> tuple[str, ...]:
    """The optional sheets that the year's workbooks have, in the book's order, by key or title."""
    optional = {sheet.key: sheet for sheet in book.sheets if sheet.optional}
    names = {match_key(word): key for key, s in optional.items() for word in (key, *s.title.every())}
    value = top.values.get("sheets", [])
    if not isinstance(value, list):
        top.note(Code.INPUT_VALUE, "sheets", found=value, expected=f"[{', '.join(optional) or '…'}]")
        return ()
    found = set()
    for entry in value:
        key = names.get(match_key(entry)) if isinstance(entry, str) else None
        if key is None:
            words = [word for k, s in optional.items() for word in (k, *s.title.every())]
            expected = suggest(str(entry), words) if words else say("none_optional", name=book.name)
            top.note(Code.INPUT_REFERENCE, "sheets", found=entry, expected=expected)
        else:
            found.add(key)
    return tuple(key for key in optional if key in found)


# -- settings of the book ------------------------------------------------------------------


def setting_keys(book: Book) -> tuple[str, ...]:
    """The settings of a book that a cycle may override."""
    return tuple(key for key in book.settings if key not in COMPUTED)


def _read_overrides(table: Table, book: Book, fiscal: FiscalYear) -> Mapping[str, SettingValue]:
    known = setting_keys(book)
    table.check_keys(known)
    settings: dict[str, SettingValue] = {key: () for key in known if book.settings[key].many}
    for key in table.values:
        if key not in known:
            continue
        setting = book.settings[key]
        read = (
            _read_days(table, key, fiscal)
            if setting.many
            else _read_setting(table, key, setting, book, fiscal)
        )
        if read is not None:
            settings[key] = read
    _check_order(table, book, settings)
    _check_makeup_days(table, settings)
    return settings


def _read_setting(table: Table, key: str, setting: Setting, book: Book, fiscal: FiscalYear) -> SettingValue:
    value = table.values[key]
    if setting.kind is Kind.CHOICE:
        items = book.lists[setting.list].items
        typed = ("yes" if value else "no") if isinstance(value, bool) else value
        chosen = find_item(typed, items) if isinstance(typed, str) else None
        if chosen is None:
            words = [item.key for item in items]
            expected = suggest(typed, words) if isinstance(typed, str) else list_words(words)
            expected = say("one_of", names=expected)
            table.note(Code.INPUT_VALUE, key, found=value, expected=expected)
        return chosen
    if setting.kind is Kind.TEXT:
        return table.text(key)
    if setting.kind is Kind.PERCENT:
        reading = None if isinstance(value, bool) else read_percent(value)
        number = reading.value if reading and not reading.ambiguous and reading.high is None else None
        # 90 for 90 % is the slip to catch; nobody means nine thousand percent.
        if isinstance(number, float) and 0 <= number <= 10:
            return number
        table.note(Code.INPUT_VALUE, key, found=value, expected=example("0.9", '"90%"'))
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1e9:
        return float(value)
    table.note(Code.INPUT_VALUE, key, found=value, expected=example(f"{setting.value or 7:g}"))
    return None


def _check_order(table: Table, book: Book, settings: Mapping[str, SettingValue]) -> None:
    """Note thresholds that contradict each other: amber above green, a cap below green."""
    for low, high in (("amber", "green"), ("green", "cap")):
        values = []
        for key in (low, high):
            default = book.settings[key].value if key in book.settings else None
            values.append(settings.get(key, default))
        first, second = values
        if isinstance(first, float) and isinstance(second, float) and first > second:
            blamed = low if low in table.values else high
            expected = say("order", low=low, high=high, first=f"{first:g}", second=f"{second:g}")
            table.note(Code.INPUT_VALUE, blamed, found=settings.get(blamed), expected=expected)


def _read_days(table: Table, key: str, fiscal: FiscalYear) -> tuple[date, ...] | None:
    """The days of an array of dates and of texts for a date or a span, each once and in order."""
    value = table.values[key]
    if not isinstance(value, list):
        table.note(Code.INPUT_VALUE, key, found=value, expected=example(f"[{fiscal.year}-10-01]"))
        return None
    days: set[date] = set()
    for entry in value:
        span = _read_some_days(entry, fiscal)
        if span is None or (span.finish - span.start).days > 366:
            expected = example(f"{fiscal.year}-10-01", f'"{fiscal.year}-10-01 至 {fiscal.year}-10-07"')
            table.note(Code.INPUT_VALUE, key, found=entry, expected=expected)
        else:
            days.update(span.start + timedelta(days=n) for n in range((span.finish - span.start).days + 1))
    return tuple(sorted(days))


def _read_some_days(entry: object, fiscal: FiscalYear) -> Span | None:
    if not isinstance(entry, str | date):
        return None
    reading = read_span(entry, year=fiscal.year, start_month=fiscal.start_month)
    return reading.value if reading and isinstance(reading.value, Span) and not reading.ambiguous else None


def _check_makeup_days(table: Table, settings: Mapping[str, SettingValue]) -> None:
    """Note make-up days that are worked anyway: the workbook's formula would count them twice."""
    holidays, makeup = settings.get("holidays", ()), settings.get("makeup_days", ())
    if not isinstance(makeup, tuple) or not isinstance(holidays, tuple):
        return
    for day in makeup:
        if day.weekday() < 5 and day not in holidays:
            table.note(Code.INPUT_VALUE, "makeup_days", found=day, expected=say("free_day"))


# -- paths, recipients, smtp ---------------------------------------------------------------


def _read_paths(table: Table) -> Mapping[str, str]:
    table.check_keys(KEYS["paths"])
    paths: dict[str, str] = {}
    for key, default in PATHS.items():
        value = table.values.get(key, default)
        if not isinstance(value, str) or not value.strip() or "\x00" in value:
            table.note(Code.INPUT_VALUE, key, found=value, expected=example(default))
            value = default
        same = next((other for other, path in paths.items() if Path(path) == Path(value)), "")
        if same:
            table.note(Code.INPUT_DUPLICATE, key if key in table.values else same, found=value, expected="")
        paths[key] = value
    return paths


def _read_recipient(table: Table, book: Book) -> RecipientEntry:
    table.check_keys(KEYS["recipients"])
    return RecipientEntry(
        address=table.address("address", required=True),
        name=table.text("name"),
        scope=table.text("scope"),
        language=table.language("language", book.languages, ""),
        detail=table.one_of("detail", DETAILS, DETAILS[0]),
        table=table,
    )


def _read_smtp(table: Table) -> MailSettings:
    table.check_keys(KEYS["smtp"])
    host = table.text("host")
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9.:_-]*[A-Za-z0-9])?", host):
        # Not shown: a host written as user:password@host is a secret.
        table.note(Code.INPUT_VALUE, "host", found="…" if host else "", expected=example("smtp.example.com"))
    return MailSettings(
        host=host,
        port=table.whole("port", 587, 1, 65535) or 587,
        security=table.one_of("security", SECURITIES, SECURITIES[0]),
        user=table.text("user"),
        sender=table.address("sender", required=True),
        reply_to=table.address("reply_to"),
    )
