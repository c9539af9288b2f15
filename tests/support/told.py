"""What each report tells, read back from what a person opens, so that one can be held against the others.

Nothing here asks the code that writes reports: sheets are read by openpyxl, the page and the mail as
text.  Titles and the words of lists come from the book, where they are decided.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from email.message import EmailMessage
from typing import Any

import openpyxl

from planbook.reports.place import FIRST_ROW, HEADER_ROW
from planbook.spec import load_spec
from planbook.spec.models import ReportColumn

BOOK = load_spec("annual_plan")
Row = dict[str, Any]
Rows = list[Row]
SECTIONS = {
    "summary_goals": "section_company_goals",
    "summary_coherence": "section_coherence",
    "adverse": "section_adverse",
    "attention": "section_tasks",
}  # the tables of the summary and their headings
TILES = ("kpi_score", "kpi_met", "kpi_missed", "kpi_late", "kpi_covered", "kpi_errors")
TABLES = (
    "company_goals", "parts", "trend", "scores", "variance", "tasks", "progress", "risks", "appraisal",
    "coherence", "facts", "receipts", "quality",
)  # fmt: skip
FIGURES = {
    text for key, label in BOOK.labels.items() if key.startswith("mail_kpi_") for text in label.every()
}
_NUMBER = re.compile(r"[(+−-]?[\d,]*\.?\d+%?\)?")
_SYMBOLS = "●▲◆○ "


@dataclass
class Told:
    """One report: the tables by key, its headline, key figures (value and note), heat map by department."""

    lang: str
    tables: dict[str, Rows]
    headline: str = ""
    tiles: dict[str, tuple[Any, str]] = field(default_factory=dict)
    heat: dict[str, Row] = field(default_factory=dict)


# -- reading ---------------------------------------------------------------------------------


def columns_of(key: str, *, page: bool = False) -> list[ReportColumn]:
    """The columns of a table as a sheet has them, or as a page does, which has no links to sources."""
    columns = [c for c in BOOK.report(key).columns if not page or c.key != "source"]
    return [c for c in columns if not c.audit] if key in SECTIONS else columns


def read_workbook(path: Any, lang: str = "zh") -> Told:
    """What a consolidated workbook has stored in its cells."""
    workbook = openpyxl.load_workbook(path, data_only=True)
    tables: dict[str, Rows] = {}
    for key in TABLES:
        title = BOOK.report(key).title.to(lang)
        if title in workbook.sheetnames:
            keys = [column.key for column in columns_of(key)]
            lines = workbook[title].iter_rows(min_row=FIRST_ROW + 1, values_only=True)
            below = BOOK.label("nothing", lang)
            tables[key] = [
                dict(zip(keys, line, strict=False))
                for line in lines
                if any(value is not None for value in line[: len(keys)]) and line[0] != below
            ]
            titles = [cell.value for cell in workbook[title][HEADER_ROW + 1]][: len(keys)]
            assert titles == [column.title.to(lang) for column in columns_of(key)], key
    sheet = workbook[BOOK.report("summary").title.to(lang)]
    grid = [list(line) for line in sheet.iter_rows(values_only=True)]
    told = Told(lang, tables, str(grid[2][0]))
    for number, line in enumerate(grid):
        for label in TILES:
            if BOOK.label(label, lang) in line:
                at = line.index(BOOK.label(label, lang))
                told.tiles.setdefault(label, (grid[number + 1][at], str(grid[number + 2][at])))
        for key, label in SECTIONS.items():
            if line[0] == BOOK.label(label, lang):
                told.tables[key] = _read_spanned(grid[number + 1 :], key, lang)
        if BOOK.label("section_heat", lang) in line:
            told.heat = _read_heat(grid[number + 1 :], lang)
    return told


def _read_spanned(grid: Sequence[Sequence[Any]], key: str, lang: str) -> Rows:
    """A table within the page: under each title, until a row with a single text or none."""
    titles = {column.title.to(lang): column.key for column in columns_of(key)}
    places = {titles[title]: at for at, title in enumerate(grid[0]) if title in titles}
    rows: Rows = []
    for line in grid[1:]:
        if sum(value is not None for value in line) < 2:
            break
        rows.append({name: line[at] for name, at in places.items()})
    return rows


def _read_heat(grid: Sequence[Sequence[Any]], lang: str) -> dict[str, Row]:
    first = list(grid[0]).index(BOOK.label("heat_department", lang))
    titles = {at: title for at, title in enumerate(grid[0]) if title is not None and at > first}
    found: dict[str, Row] = {}
    for line in grid[1:]:
        if line[first] is None or str(line[first]) == BOOK.label("heat_note", lang):
            break
        found[str(line[first])] = {title: line[at] for at, title in titles.items()}
    return found


def read_page(page: str, lang: str = "zh") -> Told:
    """What an HTML report shows."""
    tables = {}
    for key in (*TABLES, *SECTIONS):
        name = f"summary-{key}" if key in SECTIONS else key
        if f'<table id="table-{name}"' in page:
            keys = [column.key for column in columns_of(key, page=True)]
            tables[key] = [dict(zip(keys, line, strict=True)) for line in section(page, name)]
    headline = re.search(r'<p class="headline">(.*?)</p>', page, re.DOTALL)
    assert headline is not None
    told = Told(lang, tables, _text(headline[1]))
    shape = r'<dt>(.*?)</dt><dd class="value">(.*?)</dd><dd class="note">(.*?)</dd>'
    words = {BOOK.label(label, lang): label for label in TILES}
    for title, value, note in re.findall(shape, page):
        told.tiles[words[_text(title)]] = _text(value), _text(note)
    heat = re.search(r'id="table-heat">.*?<tr>(.*?)</tr>', page, re.DOTALL)
    if heat is not None:
        titles = [_text(title) for title in re.findall(r"<th[^>]*>(.*?)</th>", heat[1])]
        rows = section(page, "heat")
        told.heat = {line[0]: dict(zip(titles[1:], line[1:], strict=True)) for line in rows}
    return told


def section(page: str, key: str) -> list[list[str]]:
    """The texts of a table of the page, row by row."""
    found = re.search(rf'id="table-{key}".*?<tbody>(.*?)</tbody>', page, re.DOTALL)
    assert found is not None, key
    rows = re.findall(r"<tr.*?</tr>", found[1], re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[_text(cell) for cell in row] for row in cells]


def _text(markup: str) -> str:
    return html.unescape(re.sub("<[^>]+>", "", markup))


@dataclass
class Mailed:
    """What a message says: key figures by title, tables by title as lines of cells, the rest as text."""

    figures: dict[str, str]
    tables: dict[str, list[list[str]]]
    text: str


def read_plain(message: EmailMessage) -> Mailed:
    """What the message says as plain text."""
    body = message.get_body(("plain",))
    assert body is not None
    figures: dict[str, str] = {}
    tables: dict[str, list[list[str]]] = {}
    title = ""
    lines = body.get_content().splitlines()
    for line in lines:
        if line.startswith("[") and line.endswith("]"):
            title = line[1:-1]
            tables[title] = []
        elif title and " | " in line:
            tables[title].append(line.split(" | "))
        elif line.partition(": ")[0] in FIGURES:
            name, _, value = line.partition(": ")
            figures[name] = value
    return Mailed(figures, tables, "\n".join(lines))


def read_rich(message: EmailMessage) -> Mailed:
    """What the message says as HTML."""
    body = message.get_body(("html",))
    assert body is not None
    markup = body.get_content()
    shape = r'<td width="\d+%" align="center"[^>]*>([^<]*)<br><span[^>]*>([^<]*)</span></td>'
    figures = {_text(title): _text(value) for title, value in re.findall(shape, markup)}
    tables: dict[str, list[list[str]]] = {}
    parts = re.split(r"<tr><td style=\"[^\"]*padding:20px 24px 8px 24px[^\"]*\">([^<]*)</td></tr>", markup)
    for title, part in zip(parts[1::2], parts[2::2], strict=True):
        lines = re.findall(r"<tr>\s*((?:<t[hd][^>]*>[^<]*</t[hd]>\s*)+)</tr>", part)
        cells = [[_text(c) for c in re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", line)] for line in lines]
        tables[_text(title)] = [line for line in cells if len(line) > 1]
    return Mailed(figures, tables, _text(markup.replace("<br>", "\n")))


# -- comparing -------------------------------------------------------------------------------


def read_number(shown: str) -> tuple[float, float] | None:
    """A figure as shown and how far rounding may have moved it; None where the text is no figure."""
    text = shown.strip(_SYMBOLS).replace("−", "-")
    if not _NUMBER.fullmatch(text):
        return None
    digits = text.strip("()+-%").replace(",", "")
    scale = 100.0 if "%" in text else 1.0
    sign = -1.0 if text.startswith(("(", "-")) else 1.0
    places = len(digits.partition(".")[2])
    return sign * float(digits) / scale, (0.5 * 10.0**-places) / scale


def same(shown: object, value: object) -> bool:
    """Whether what a report shows, as a cell's value or as text, is `value`."""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(shown, datetime):
        shown = shown.date()
    if value is None or value == "" or value != value:
        return shown is None or shown in ("", "—")
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(shown, int | float):
            return abs(shown - value) <= 1e-9 * max(1.0, abs(value))
        found = read_number(str(shown))
        # a tie may be rounded either way, and 1e-9 of the value is what binary figures differ by
        return found is not None and abs(found[0] - value) <= found[1] + 1e-9 * max(1.0, abs(value))
    if isinstance(value, date):
        return str(shown) == value.isoformat()
    one, other = (" ".join(str(text).split()) for text in (shown, value))
    return one == other or (one.endswith("…") and other.startswith(one[:-1]))


def in_words(column: ReportColumn, value: object, lang: str) -> object:
    """A value of a frame as a sheet has it: a choice by its title, a day as one, nil by its word."""
    if value is None or value != value:
        return None
    if value == "nil":
        return BOOK.label("nil", lang)
    if column.list:
        return BOOK.list_title(column.list, str(value), lang)
    if column.kind.value == "date":
        return date.fromisoformat(str(value)[:10])
    return value


def made_from(label: str, text: str, lang: str) -> dict[str, str] | None:
    """What stands in the places of a label that the text was made from; None where it was not."""
    pattern = re.escape(BOOK.label(label, lang)).replace(r"\{", "{").replace(r"\}", "}")
    found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>.+?)", pattern), text)
    return found.groupdict() if found else None


def words_in(label: str, text: str, lang: str) -> dict[str, str]:
    """The same of a text that must be made from the label."""
    found = made_from(label, text, lang)
    assert found is not None, f"{text!r} is no {label}"
    return found


def differing(name: str, shown: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """One line for every figure of `wanted` that `shown` has not, or not so."""
    return [
        f"{name}: {key} is {shown.get(key)!r}, not {value!r}"
        for key, value in wanted.items()
        if key not in shown or not same(shown[key], value)
    ]
