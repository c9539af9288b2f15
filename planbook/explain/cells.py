"""A cell of a consolidated workbook and what stands around it: which figure of the report it is.

Tables are found by their header, key figures and pictures by the words beside them, so that any
version of a report is understood whose words the book still has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from planbook.company import Company
from planbook.layout import column_number
from planbook.problems import UsageError, say
from planbook.reader import Grid, read_report_sheet, read_report_tops
from planbook.spec import Book
from planbook.spec.models import ReportColumn, ReportSheet
from planbook.values import match_key

CELL = re.compile(r"^(?P<file>.+\.xlsx)[:#](?P<sheet>.+)!\$?(?P<column>[A-Za-z]{1,3})\$?(?P<row>\d{1,7})$")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
TOP = 5  # rows at the top of a sheet: title, day, header and first row
MARKS = "·●▲◆○ "  # what reports put before a word
LEAST = 3  # columns of a report that a header must show
BRIDGE = 5  # columns of the bridge's figures: a name, and what is drawn above it
TILES = {
    "kpi_score": "score", "kpi_met": "met", "kpi_missed": "missed", "kpi_late": "late",
    "kpi_covered": "covered", "kpi_errors": "errors",
}  # fmt: skip
HEAT = ("heat_lowest", "heat_score")


@dataclass(frozen=True)
class AskedCell:
    """A cell of a report (0-based row and column), with the whole sheet it stands on."""

    reference: str
    path: Path
    sheet: str
    grid: Grid
    row: int
    column: int

    def at(self, row: int, column: int) -> object:
        """What stands in a cell of the sheet; ``""`` where nothing does."""
        line = self.grid[row] if 0 <= row < len(self.grid) else ()
        return line[column] if 0 <= column < len(line) else ""

    @property
    def value(self) -> object:
        """What stands in the cell itself."""
        return self.at(self.row, self.column)

    @cached_property
    def tops(self) -> list[Grid]:
        """The first rows of every sheet of the report."""
        return list(read_report_tops(self.path, TOP))

    @property
    def day(self) -> date | None:
        """The day of the figures: it stands at the top of the sheet, or of the first one that has it."""
        for top in (self.grid[:TOP], *self.tops):
            for cell in (cell for line in top for cell in line):
                found = _DAY.search(str(cell))
                if found:
                    return date.fromisoformat(found[0])
        return None


def read_cell(reference: str) -> AskedCell:
    """The cell that ``FILE:SHEET!CELL`` names; UsageError where there is no such file or sheet."""
    found = CELL.match(reference)
    assert found is not None, "only a reference to a cell is read"
    path, title = Path(found["file"]), found["sheet"].strip("'")
    grid = read_report_sheet(path, title)
    return AskedCell(
        reference, path, title, grid, int(found["row"]) - 1, column_number(found["column"].upper())
    )


def look_in(reference: str, folder: Path) -> str:
    """The reference with the file's path in `folder`, where the file is there and not where it was named."""
    found = CELL.match(reference)
    if found is None or Path(found["file"]).exists() or not (folder / found["file"]).exists():
        return reference
    return f"{folder / found['file']}{reference[found.end('file') :]}"


def find_report_scope(cell: AskedCell, book: Book, company: Company, called: str | None = None) -> str:
    """The code of the part of the company that a report is of; ``""`` for all of it.

    The title at the top of a sheet names it, the whole company by what its cycle calls it
    (`called`) or by the word for it; without a cycle, which alone knows that name, a report whose
    scores begin with the company is of all of it.  Raises UsageError where no title is read, where
    titles differ, or where it is no part of this company: then its figures cannot be told without
    telling those of others.
    """
    texts = (str(value) for top in cell.tops for line in top for value in line if isinstance(value, str))
    scopes = {title["scope"] for text in texts if (title := read_label(book, "report_title", text))}
    if len(scopes) != 1:
        raise UsageError(say("no_report_title", name=cell.path.name))
    (scope,) = scopes
    name = match_key(scope)
    words = (called, *(book.label("company", lang) for lang in book.languages))
    found = [""] * (name in {match_key(word) for word in words if word})
    found += [department.code for department in company.departments if match_key(department.name) == name]
    if not found and called is None and _is_whole(cell, book):
        return ""
    if len(found) != 1:
        known = "other_company" if called is not None else "no_file_of"
        raise UsageError(say(known, name=cell.path.name, department=scope))
    return found[0]


def _is_whole(cell: AskedCell, book: Book) -> bool:
    """Whether the first of the scores in a report is the whole company's."""
    report = book.report("scores")
    words = {match_key(book.list_title("node", "company", lang)) for lang in book.languages}
    for top in cell.tops:
        for above, below in pairwise(top):
            header = _match_header(book, above)
            if header is not None and header[0] == report and "node" in header[1]:
                at = header[1]["node"]
                return at < len(below) and match_key(str(below[at])).lstrip(MARKS) in words
    return False


def read_label(book: Book, key: str, text: str) -> dict[str, str] | None:
    """What stands in the places of a label that a text was made from; None where it was not."""
    for lang in book.languages:
        pattern = re.escape(book.label(key, lang)).replace(r"\{", "{").replace(r"\}", "}")
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>.+?)", pattern), text.strip())
        if found is not None:
            return found.groupdict()
    return None


def is_label(book: Book, key: str, value: object) -> bool:
    """Whether a cell holds a label of the book, in any language."""
    return isinstance(value, str) and value in {book.label(key, lang) for lang in book.languages}


# -- tables ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ReportCell:
    """A cell of a table of a report: the values of its row by column key, and which was meant."""

    report: ReportSheet
    values: Mapping[str, object]
    column: str
    day: date | None


def read_report_cell(reference: str, book: Book) -> ReportCell:
    """The cell of a consolidated workbook with the row of the table it stands in.

    Raises UsageError where the cell belongs to no table.
    """
    found = find_in_table(read_cell(reference), book)
    if found is None:
        raise UsageError(say("no_figure", name=reference))
    return found


def find_in_table(cell: AskedCell, book: Book) -> ReportCell | None:
    """The row of the table that a cell stands in, by the nearest header above; None where it is in none."""
    line = cell.grid[cell.row] if cell.row < len(cell.grid) else ()
    if _match_header(book, line) is not None:
        return None
    for above in range(min(cell.row, len(cell.grid)) - 1, -1, -1):
        header = _match_header(book, cell.grid[above])
        if header is None:
            continue
        report, columns = header
        values = {key: line[index] for key, index in columns.items() if index < len(line)}
        key = next((key for key, index in columns.items() if index == cell.column), "")
        shown = sum(value not in ("", None) for value in values.values())
        if key and shown >= min(2, len(columns)):  # a lone text is a heading between tables
            return ReportCell(report, values, key, cell.day)
        break
    return None


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


# -- the first page ----------------------------------------------------------------------------


def find_tile(cell: AskedCell, book: Book) -> str:
    """Which key figure a cell holds: its words stand above it, its note below; ``""`` where it is none."""
    for above in (1, 2):
        words = cell.at(cell.row - above, cell.column)
        for label, figure in TILES.items():
            if is_label(book, label, words):
                return figure
    return ""


@dataclass(frozen=True)
class HeatCell:
    """A cell of the heat map: whose, and under which title; `lowest` or `score` where it is one of these."""

    department: str
    title: str
    kind: str = ""


def find_heat(cell: AskedCell, book: Book) -> HeatCell | None:
    """The cell of the heat map that was asked for; None where it is none."""
    for above in range(min(cell.row, len(cell.grid)) - 1, -1, -1):
        line = cell.grid[above]
        first = next((n for n, value in enumerate(line) if is_label(book, "heat_department", value)), None)
        if first is None or _match_header(book, line) is not None:
            if _match_header(book, line) is not None:
                return None
            continue
        name, title = str(cell.at(cell.row, first) or ""), str(cell.at(above, cell.column) or "")
        if cell.column <= first or not name or not title:
            return None
        kind = next((key.removeprefix("heat_") for key in HEAT if is_label(book, key, title)), "")
        return HeatCell(name, title, kind)
    return None


@dataclass(frozen=True)
class BridgeCell:
    """A figure of the bridge: the company goal as its heading names it, the unit, which column of the chart.

    `names` are the columns of all departments; the first and the last column are the totals.
    """

    goal: str
    unit: str
    name: str
    names: tuple[str, ...]


def find_bridge(cell: AskedCell, book: Book) -> BridgeCell | None:
    """The figure of the bridge's chart that a cell holds; None where it holds none."""
    heads = (read_label(book, "section_bridge", str(value)) for line in cell.grid for value in line[:1])
    head = next((found for found in heads if found), None)
    first = next(
        (at for at in range(cell.column, cell.column - BRIDGE, -1) if _is_name(cell.at(cell.row, at))), None
    )
    if head is None or first is None or cell.column == first + 1:  # that one only holds the column up
        return None
    names = tuple(_names_of(cell, first))
    name = str(cell.at(cell.row, first)).partition("\n")[0]
    return BridgeCell(head["goal"], head["unit"], name, names)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and "\n" in value


def _names_of(cell: AskedCell, column: int) -> Iterator[str]:
    for row in range(len(cell.grid)):
        if _is_name(cell.at(row, column)):
            yield str(cell.at(row, column)).partition("\n")[0]
