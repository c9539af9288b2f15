"""What a workbook says of itself: which book, department, year and issue, and where its columns stand."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from planbook.calendar import FiscalYear
from planbook.layout.cells import SettingValue
from planbook.layout.places import FIRST_ROW, KEY_ROW, Layout
from planbook.spec import Book, Item, Kind, Setting, Text

FORMAT = 1
KEYWORD = "planbook:"  # before the issue's id in the core properties
CHUNK = 15000  # characters of manifest in one cell: Excel holds 32,767, and counts an emoji as two
FIRST_YEAR = 1900  # Excel has no day before it


@dataclass(frozen=True, slots=True)
class Issue:
    """One workbook as issued: for whom, for which year, in which language.

    `scope` are the codes of the departments its rows may name, `due` the day by which it is to
    be returned as ISO text, ``""`` for none.
    """

    id: str
    book: str
    version: str
    sha256: str
    department: str
    department_name: str
    year: int
    start_month: int
    lang: str
    scope: tuple[str, ...] = ()
    due: str = ""

    @property
    def fiscal_year(self) -> FiscalYear:
        """The planning year the workbook is for."""
        return FiscalYear(self.year, self.start_month)


def make_issue(
    layout: Layout,
    *,
    department: str,
    department_name: str,
    year: FiscalYear,
    scope: Iterable[str] = (),
    content: str = "",
    due: date | None = None,
) -> Issue:
    """The issue for a department; its id is a hash of what it is and of `content`, never random."""
    book = layout.book
    rows = [(placed.sheet.key, placed.rows) for placed in layout.sheets]
    day = due.isoformat() if due else ""
    place = (department, year.year, year.start_month, layout.lang, list(scope))
    parts = (book.name, book.sha256, *place, rows, content, day)
    digest = hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:10].upper()
    return Issue(
        f"PB{year.year}-{digest}",
        book.name,
        book.version,
        book.sha256,
        department,
        department_name,
        year.year,
        year.start_month,
        layout.lang,
        tuple(scope),
        day,
    )


def weeks_of(year: int, start_month: int, count: int) -> tuple[date, ...]:
    """The first days of `count` weeks of a planning year, from its first day on."""
    first = date(year, start_month, 1)
    return tuple(first + timedelta(weeks=week) for week in range(count))


def manifest_of(layout: Layout, issue: Issue, settings: Mapping[str, SettingValue]) -> dict[str, Any]:
    """The manifest as plain JSON data, stable from run to run.

    The cycle's lists and settings are in it, so that a workbook can be checked by itself.
    """
    return {
        "format": FORMAT,
        "issue": asdict(issue),
        "lists": {
            key: [[item.key, item.title.to(layout.lang)] for item in items]
            for key, items in layout.items.items()
        },
        "settings": {
            key: _plain_setting(value) for key, value in settings.items() if key in layout.book.settings
        },
        "sheets": [
            {
                "key": placed.sheet.key,
                "title": placed.title,
                "key_row": KEY_ROW,
                "first_row": FIRST_ROW,
                "rows": placed.rows,
                "columns": {at.column.key: at.index for at in placed.written},
            }
            for placed in layout.sheets
        ],
    }


def _plain_setting(value: SettingValue) -> Any:
    if isinstance(value, tuple):
        return [day.isoformat() for day in value]
    return value.isoformat() if isinstance(value, date) else value


def meta_rows(layout: Layout, issue: Issue, settings: Mapping[str, SettingValue]) -> list[tuple[str, str]]:
    """The rows of the hidden `_meta` sheet: the id first, then readable facts, then the manifest."""
    text = json.dumps(manifest_of(layout, issue, settings), ensure_ascii=False, sort_keys=True)
    chunks = [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]
    return [
        ("issue", issue.id),
        ("book", f"{issue.book} {issue.version}"),
        ("sha256", issue.sha256),
        ("department", f"{issue.department} {issue.department_name}"),
        ("year", str(issue.year)),
        ("language", issue.lang),
        *((f"manifest {n}", chunk) for n, chunk in enumerate(chunks, 1)),
    ]


def read_meta(rows: Iterable[tuple[str, str]]) -> tuple[str, dict[str, Any] | None]:
    """The issue's id and the manifest of a `_meta` sheet; None where it does not parse."""
    cells = dict(rows)
    text = "".join(value for key, value in cells.items() if key.startswith("manifest"))
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):  # nested too deep to parse
        return cells.get("issue", ""), None
    return cells.get("issue", ""), data if isinstance(data, dict) else None


def issue_from(data: Mapping[str, Any]) -> Issue | None:
    """The issue a manifest describes, or None where a field is missing or of another type."""
    fields = data.get("issue")
    scope = fields.get("scope", []) if isinstance(fields, dict) else None
    if not isinstance(fields, dict) or not isinstance(scope, list):
        return None
    try:
        issue = Issue(**{**fields, "scope": tuple(scope)})
    except TypeError:
        return None
    texts = (issue.id, issue.book, issue.version, issue.sha256, issue.department, issue.department_name)
    if not all(isinstance(text, str) for text in (*texts, issue.lang, *issue.scope, issue.due)):
        return None
    if type(issue.year) is not int or type(issue.start_month) is not int:  # True is an int as well
        return None
    return issue if 1 <= issue.start_month <= 12 and 1900 < issue.year < 9999 else None


def settings_from(data: Mapping[str, Any], book: Book) -> dict[str, SettingValue]:
    """The settings a manifest carries, dates as dates; what has another type is left out."""
    given = data.get("settings")
    settings: dict[str, SettingValue] = {}
    for key, value in given.items() if isinstance(given, dict) else ():
        setting = book.settings.get(key)
        read = _typed_setting(setting, value) if setting else None
        if read is not None:
            settings[key] = read
    return settings


def _typed_setting(setting: Setting, value: object) -> SettingValue:
    """The value as its setting has it; None where it is of another kind."""
    if setting.many:
        days = [_day(text) for text in value] if isinstance(value, list) else [None]
        return tuple(day for day in days if day) if all(days) else None
    if setting.kind is Kind.DATE:
        return _day(value)
    if setting.kind in {Kind.CHOICE, Kind.TEXT}:
        return value if isinstance(value, str) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:
        return None


def _day(text: object) -> date | None:
    """A day that a spreadsheet can hold."""
    try:
        day = date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return day if day and day.year >= FIRST_YEAR else None


def items_from(data: Mapping[str, Any]) -> dict[str, tuple[Item, ...]]:
    """The items of the lists that the cycle supplied, as the manifest carries them."""
    given = data.get("lists")
    items: dict[str, tuple[Item, ...]] = {}
    for key, pairs in given.items() if isinstance(given, dict) else ():
        sound = [
            (pair[0], pair[1])
            for pair in (pairs if isinstance(pairs, list) else ())
            if isinstance(pair, list) and len(pair) == 2 and pair[0] and all(isinstance(t, str) for t in pair)
        ]
        items[key] = tuple(Item(key=code, title=Text({"*": title})) for code, title in sound)
    return items
