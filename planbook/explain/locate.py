"""What a reference means: an id, a name, or a cell of a consolidated workbook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from planbook.measures import RollUp
from planbook.measures.frames import FRAMES, Holds
from planbook.problems import UsageError, say
from planbook.reader import Grid, read_report_sheet, read_report_tops
from planbook.spec import Book
from planbook.spec.models import ReportColumn, ReportSheet
from planbook.values import match_key

CELL = re.compile(r"^(?P<file>.+\.xlsx)[:#](?P<sheet>.+)!\$?(?P<column>[A-Za-z]{1,3})\$?(?P<row>\d{1,7})$")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MARKS = "·●▲◆○ "  # what reports put before a word
TOP = 4  # rows at the top of a sheet where its day stands
CLOSE = 1e-6  # a report's figure and the roll-up's are the same within this, relative
LEAST = 3  # columns of a report that a header must show
MOST = 0.7  # share of a report's columns from which a frame is surely the one behind it
FIELDS = (
    "facts", "goals", "company_goals", "tasks", "scores", "progress", "trend", "appraisal", "risks",
    "coherence", "responsibility", "receipts",
)  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """The row of a frame that a reference means, and the column where it names one.

    `reported` is what the report shows in that cell.
    """

    reference: str
    frame: str
    row: Mapping[str, Any]
    column: str = ""
    reported: object = None


@dataclass(frozen=True)
class ReportCell:
    """A cell of a table of a report: the values of its row by column key, and which was meant."""

    report: ReportSheet
    values: Mapping[str, object]
    column: str
    day: date | None


def find_subject(reference: str, figures: RollUp) -> Subject:
    """The row that a reference means.

    It is a fact's, goal's or task's id (``XS-R003``), a department or company goal by name or
    code, or ``FILE:SHEET!CELL`` of a consolidated workbook.  Raises UsageError where it is none.
    """
    if CELL.match(reference):
        return _find_cell(reference, figures)
    wanted = match_key(reference)
    for frame, row, names in _names(figures):
        if any(match_key(str(name)) == wanted for name in names if name):
            return Subject(reference, frame, row)
    raise UsageError(say("no_reference", name=reference))


def _rows(figures: RollUp, frame: str) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in figures.frame(frame).to_dict("records")]


def _names(figures: RollUp) -> Iterator[tuple[str, dict[str, Any], Sequence[object]]]:
    """Every row that has a name of its own, with the names it answers to."""
    for row in _rows(figures, "facts"):
        yield "facts", row, (row["fact"],)
    issued = {str(row["file"]): str(row["fact"]).rpartition("-")[0] for row in _rows(figures, "facts")}
    for frame, key in (("goals", "goal_id"), ("tasks", "task_id")):
        for row in _rows(figures, frame):
            codes = dict.fromkeys((row["department"], issued.get(str(row["file"]), "")))
            yield frame, row, [f"{code}-{row[key]}" for code in codes if code]
    for row in _rows(figures, "company_goals"):
        yield "company_goals", row, (row["goal"],)
    words = [figures.book.label("company", lang) for lang in figures.book.languages]
    for row in _rows(figures, "scores"):
        yield "scores", row, (row["code"], row["name"]) if row["code"] else ("company", *words)
    for frame in ("goals", "tasks"):  # by name last: an id goes before a name
        for row in _rows(figures, frame):
            yield frame, row, (row["goal"] if frame == "goals" else row["task"],)


# -- cells of a consolidated workbook ----------------------------------------------------------


def read_report_cell(reference: str, book: Book) -> ReportCell:
    """The cell of a consolidated workbook with the row of the table it stands in.

    The table is found by its header above the cell, so that any version of a report is understood
    whose columns the book still has.  Raises UsageError where the cell belongs to no table.
    """
    found = CELL.match(reference)
    assert found is not None, "only a reference to a cell is read"
    path, title = Path(found["file"]), found["sheet"].strip("'")
    grid = read_report_sheet(path, title)
    row, column = int(found["row"]) - 1, _column_number(found["column"])
    for above in range(min(row, len(grid)) - 1, -1, -1):
        header = _match_header(book, grid[above])
        if header is None:
            continue
        report, columns = header
        line = grid[row] if row < len(grid) else ()
        values = {key: line[index] for key, index in columns.items() if index < len(line)}
        key = next((key for key, index in columns.items() if index == column), "")
        if key and any(value not in ("", None) for value in values.values()):
            return ReportCell(report, values, key, _find_day(path, grid))
        break
    raise UsageError(say("no_figure", name=reference))


def _find_day(path: Path, grid: Grid) -> date | None:
    """The day of the figures: it stands at the top of the sheet, or of the first one that has it."""
    for top in (grid[:TOP], *read_report_tops(path, TOP)):
        for cell in (cell for line in top for cell in line):
            found = _DAY.search(str(cell))
            if found:
                return date.fromisoformat(found[0])
    return None


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def _match_header(book: Book, line: Sequence[object]) -> tuple[ReportSheet, dict[str, int]] | None:
    """The report whose column titles stand in a row, and where each stands."""
    titles: dict[str, int] = {}
    for index, cell in enumerate(line):
        if isinstance(cell, str) and cell.strip():
            titles.setdefault(match_key(cell), index)
    best: tuple[ReportSheet, dict[str, int]] | None = None
    for report in book.reports:
        columns = {c.key: at for c in report.columns if (at := _place(c, titles)) is not None}
        if (
            columns
            and len(columns) >= min(LEAST, len(report.columns))
            and (best is None or len(columns) > len(best[1]))
        ):
            best = report, columns
    return best


def _place(column: ReportColumn, titles: Mapping[str, int]) -> int | None:
    for title in column.title.every():
        if match_key(title) in titles:
            return titles[match_key(title)]
    return None


def _find_cell(reference: str, figures: RollUp) -> Subject:
    """The row of a frame that says what the report's row says: the same words, the nearest figures."""
    cell = read_report_cell(reference, figures.book)
    shown = cell.values.get(cell.column)
    best: tuple[tuple[int, int], str, dict[str, Any]] | None = None
    for frame in FIELDS:
        names = set(FRAMES[frame].names)
        shared = [c for c in cell.report.columns if c.key in names and c.key in cell.values]
        if cell.column not in names or len(shared) < LEAST:
            continue
        known = len(shared) >= MOST * len(cell.report.columns)  # then a figure may have been restated
        for row in _rows(figures, frame):
            if not known and not _same_figure(row[cell.column], shown):
                continue
            if _agrees(figures.book, frame, shared, row, cell.values):
                likeness = _likeness(shared, row, cell.values)
                if best is None or likeness > best[0]:
                    best = likeness, frame, row
    if best is None:
        raise UsageError(say("figure_gone", name=reference))
    return Subject(reference, best[1], best[2], cell.column, shown if shown not in ("", None) else None)


def _agrees(
    book: Book,
    frame: str,
    columns: Sequence[ReportColumn],
    row: Mapping[str, Any],
    shown: Mapping[str, object],
) -> bool:
    """Whether the words of a report's row are those of a frame's row."""
    holds = {column.key: column.holds for column in FRAMES[frame].columns}
    named = False
    for column in columns:
        value, text = row[column.key], str(shown[column.key] or "").strip()
        if holds[column.key] not in (Holds.TEXT, Holds.CHOICE):
            continue
        if frame == "scores" and column.key == "name" and not row["code"]:
            titles = [book.label("company", lang) for lang in book.languages]
        elif column.list:
            titles = [book.list_title(column.list, str(value or ""), lang) for lang in book.languages]
        else:
            titles = [str(value or "")]
        if not any(_same_words(title, text) for title in titles):
            return False
        named = named or bool(text)
    return named


def _same_words(value: str, shown: str) -> bool:
    """Whether a report shows a text: whole, indented, with a symbol before it, or cut short."""
    one, other = match_key(value).lstrip(_MARKS), match_key(shown).lstrip(_MARKS)
    if one == other:
        return True
    return bool(one) and bool(other) and (other.endswith(one) or one.startswith(other.rstrip("…")))


def _same_figure(value: object, shown: object) -> bool:
    """Whether a report shows a figure as the frame has it; what is no figure cannot differ."""
    if isinstance(value, int | float) and isinstance(shown, int | float):
        return abs(value - shown) <= CLOSE * max(1.0, abs(value))
    return True


def _likeness(
    columns: Sequence[ReportColumn], row: Mapping[str, Any], shown: Mapping[str, object]
) -> tuple[int, int]:
    """How few of the figures differ, then how many columns agree: what tells rows of the same words apart."""
    agree = differ = 0
    for column in columns:
        value, figure = row[column.key], shown[column.key]
        if isinstance(value, int | float) and isinstance(figure, int | float):
            close = _same_figure(value, figure)
            agree, differ = agree + close, differ + (not close)
        else:
            agree += isinstance(value, str) and bool(value)
    return -differ, agree
