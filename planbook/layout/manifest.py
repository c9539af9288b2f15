"""What a workbook says of itself: which book, department, year and issue, and where its columns stand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from planbook.layout.cells import SettingValue
from planbook.layout.places import FIRST_ROW, KEY_ROW, Layout
from planbook.spec import Book, Item, Text

FORMAT = 1
KEYWORD = "planbook:"  # before the issue's id in the core properties
CHUNK = 30000  # characters of manifest in one cell, below Excel's 32,767


@dataclass(frozen=True, slots=True)
class Issue:
    """One workbook as issued: for whom, for which year, in which language.

    `scope` are the codes of the departments its rows may name.
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


def make_issue(
    layout: Layout,
    *,
    department: str,
    department_name: str,
    year: int,
    start_month: int = 1,
    scope: Iterable[str] = (),
    content: str = "",
) -> Issue:
    """The issue for a department; its id is a hash of what it is and of `content`, never random."""
    book = layout.book
    rows = [(placed.sheet.key, placed.rows) for placed in layout.sheets]
    parts = (book.name, book.sha256, department, year, start_month, layout.lang, list(scope), rows, content)
    digest = hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:10].upper()
    return Issue(
        f"PB{year}-{digest}",
        book.name,
        book.version,
        book.sha256,
        department,
        department_name,
        year,
        start_month,
        layout.lang,
        tuple(scope),
    )


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
            key: [day.isoformat() for day in value] if isinstance(value, tuple) else value
            for key, value in settings.items()
            if key in layout.book.settings
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
    except ValueError:
        return cells.get("issue", ""), None
    return cells.get("issue", ""), data if isinstance(data, dict) else None


def issue_from(data: Mapping[str, Any]) -> Issue | None:
    """The issue a manifest describes, or None where a field is missing or of another type."""
    fields = data.get("issue")
    if not isinstance(fields, dict):
        return None
    try:
        issue = Issue(**{**fields, "scope": tuple(fields.get("scope", ()))})
    except TypeError:
        return None
    texts = (issue.id, issue.book, issue.version, issue.sha256, issue.department, issue.lang)
    numbers = (issue.year, issue.start_month)
    sound = all(isinstance(t, str) for t in texts) and all(isinstance(n, int) for n in numbers)
    return issue if sound and 1 <= issue.start_month <= 12 and 1900 < issue.year < 9999 else None


def settings_from(data: Mapping[str, Any], book: Book) -> dict[str, SettingValue]:
    """The settings a manifest carries, dates as dates; what has another type is left out."""
    given = data.get("settings")
    settings: dict[str, SettingValue] = {}
    for key, value in given.items() if isinstance(given, dict) else ():
        setting = book.settings.get(key)
        if setting is None:
            continue
        if setting.many and isinstance(value, list):
            try:
                settings[key] = tuple(date.fromisoformat(str(day)) for day in value)
            except ValueError:
                continue
        elif isinstance(value, str | int | float):
            settings[key] = value
    return settings


def items_from(data: Mapping[str, Any]) -> dict[str, tuple[Item, ...]]:
    """The items of the lists that the cycle supplied, as the manifest carries them."""
    given = data.get("lists")
    items: dict[str, tuple[Item, ...]] = {}
    for key, pairs in given.items() if isinstance(given, dict) else ():
        sound = [
            (str(pair[0]), str(pair[1]))
            for pair in (pairs if isinstance(pairs, list) else ())
            if isinstance(pair, list) and len(pair) == 2 and pair[0]
        ]
        items[str(key)] = tuple(Item(key=code, title=Text({"*": title})) for code, title in sound)
    return items
