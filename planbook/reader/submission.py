"""What comes of reading one file: its plan, its problems, and where everything stood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType

from planbook.layout import cell_address
from planbook.layout.cells import SettingValue, show_span
from planbook.layout.manifest import Issue
from planbook.plan import Plan, Value
from planbook.problems import Location, Problem, Severity
from planbook.spec import Book, Column, Item, Kind
from planbook.values import Nil, Span


@dataclass(frozen=True)
class SheetSource:
    """Where a table stood in the file: the sheet's title, columns by key, rows by number (0-based)."""

    title: str
    columns: Mapping[str, int]
    rows: Mapping[int, int]

    def address(self, number: int, key: str) -> str:
        """The A1 reference of a cell; of the row's first cell where the column was not there."""
        row = self.rows.get(number, 0)
        return cell_address(row, self.columns.get(key, 0))


@dataclass(frozen=True)
class Submission:
    """One returned file.

    `book`, `issue` and `plan` are None or empty where the file was refused; `below` has the departments
    of each division in its scope, where the company is known; `quarantined` are the rows (sheet key,
    number) whose figures are kept out of every roll-up; `typed` holds what was typed where a value was
    read from text.
    """

    file: str
    sha256: str = ""
    modified: datetime | None = None
    book: Book | None = None
    issue: Issue | None = None
    plan: Plan = field(default_factory=Plan)
    settings: Mapping[str, SettingValue] = field(default_factory=lambda: MappingProxyType({}))
    items: Mapping[str, tuple[Item, ...]] = field(default_factory=lambda: MappingProxyType({}))
    below: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    sources: Mapping[str, SheetSource] = field(default_factory=lambda: MappingProxyType({}))
    typed: Mapping[tuple[str, int, str], str] = field(default_factory=lambda: MappingProxyType({}))
    quarantined: frozenset[tuple[str, int]] = frozenset()
    problems: tuple[Problem, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether nothing could be read."""
        return self.book is None or self.issue is None

    def labelled(self, label: str) -> Submission:
        """The same submission under another name of its file."""
        if label == self.file:
            return self
        problems = tuple(replace(p, location=p.location.within(label)) for p in self.problems)
        return replace(self, file=label, problems=problems)

    @property
    def row_count(self) -> int:
        """Rows read, quarantined ones included."""
        return sum(len(rows) for rows in self.plan.tables.values())

    def count(self, severity: Severity) -> int:
        """Problems of a severity."""
        return sum(problem.severity is severity for problem in self.problems)

    def is_within(self, department: str, division: str) -> bool:
        """Whether a department stands somewhere below another one, as far as is known."""
        if self.issue and division == self.issue.department:
            return department in self.issue.scope
        return department in self.below.get(division, frozenset())

    def locate(self, sheet: str, number: int, key: str) -> Location:
        """Where a cell stood, in Excel's coordinates."""
        source = self.sources.get(sheet)
        if source is None:
            return Location(file=self.file)
        return Location(file=self.file, sheet=source.title, cell=source.address(number, key))


def show_value(submission: Submission, column: Column, value: Value) -> str:
    """A value as its workbook shows it."""
    assert submission.book is not None, "a submission with rows has a book"
    lang = submission.issue.lang if submission.issue else "zh"
    if value is None:
        return ""
    if isinstance(value, Nil):
        return submission.book.label("nil_value", lang)
    if isinstance(value, Span):
        return show_span(value, lang)
    if isinstance(value, date):
        return value.isoformat()
    if column.link and isinstance(value, str):
        target = submission.book.sheet(column.link.sheet)
        label = column.link.label
        rows = submission.plan.rows(target.key)
        return next((str(r.get(label) or value) for r in rows if target.id.of(r.number) == value), value)
    if column.list and isinstance(value, str):
        items = submission.items.get(column.list) or submission.book.lists[column.list].items
        return next((item.title.to(lang) for item in items if item.key == value), value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value * 100:.10g}%" if column.kind is Kind.PERCENT else f"{value:,.10g}"
    return str(value)
