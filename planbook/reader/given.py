"""Read rows that come from elsewhere than a workbook as if a planner had typed them.

A line of a CSV file, a goal of the company: each becomes a row of the sheet it is meant for, and
its cells are read, linked and judged by the same code as those of a returned workbook.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType

from planbook.calendar import FiscalYear
from planbook.layout import cell_address
from planbook.plan import PlanRow, Value
from planbook.problems import Code, Location, Problem, Severity
from planbook.reader.columns import Table
from planbook.reader.links import LinkTargets
from planbook.reader.rows import RowReader, is_blank, match_item
from planbook.reader.submission import SheetSource
from planbook.reader.tables import TableReader
from planbook.spec import Book, Column, Item, Kind, Place, Sheet
from planbook.spec.models import Link
from planbook.values import clean_text, match_key, read_quantity


@dataclass(frozen=True, slots=True)
class GivenCell:
    """What stands in a cell before it is typed, and where it was given.

    `unit` is the unit its row was given in, for a quantity that does not name one itself.
    """

    value: object
    place: Location
    unit: str = ""


GivenRow = Mapping[str, GivenCell]
"""A row by column key."""


class GivenReader:
    """Reads the tables of one workbook in the book's order; links look up tables already read."""

    def __init__(
        self,
        book: Book,
        *,
        lang: str,
        year: FiscalYear,
        items: Mapping[str, tuple[Item, ...]],
        department: str,
        scope: tuple[str, ...],
    ) -> None:
        self.book = book
        self._rows = RowReader(book, lang, year, items)
        self._tables = TableReader(
            self._rows, department, scope, {}, frozenset(sheet.key for sheet in book.sheets), {}
        )
        self._targets: dict[tuple[str, str, str], LinkTargets] = {}

    def identify(self, column: Column, cell: GivenCell) -> str:
        """A text that is the same for two cells of `column` that mean the same; ``""`` for a blank one."""
        text = str(cell.value)
        if is_blank(cell.value):
            return ""
        if column.kind is Kind.CHOICE:
            item = match_item(self._rows.list_items(column.list), clean_text(text))
            return item.key if item else match_key(text)
        if column.link:
            return self._targets_of(column, column.link).resolve(text, {}).id or match_key(text)
        return match_key(text)

    def _targets_of(self, column: Column, link: Link) -> LinkTargets:
        known = (link.sheet, link.label, link.metric)
        if known not in self._targets:
            rows = self._tables.read.get(link.sheet, ())
            self._targets[known] = LinkTargets(column, self.book.sheet(link.sheet), rows)
        return self._targets[known]

    def read(self, sheet: Sheet, rows: Mapping[int, GivenRow]) -> tuple[tuple[PlanRow, ...], list[Problem]]:
        """The typed rows of a sheet by number, and everything wrong with their cells where it was given.

        What is left blank is the planner's to fill in, so that no cell is missing here; that a value
        was read from text is no news either.
        """
        typed = [c for c in sheet.columns if not c.calculated]
        columns = {column.key: index for index, column in enumerate(typed, 1)}
        last = max(rows, default=0)
        grid: list[list[object]] = [[None] * (len(typed) + 1) for _ in range(last + 1)]
        places: dict[str, Location] = {}
        for number, row in rows.items():
            for key, cell in row.items():
                grid[number][columns[key]] = self._with_unit(sheet, row, key, cell)
                places[cell_address(number, columns[key])] = cell.place
        table = Table(sheet, sheet.key, grid, 0, columns, False)
        source = SheetSource(sheet.key, columns, {number: number for number in rows})
        self._rows.problems.clear()
        self._tables.read_table(table, source, set(rows))
        problems = [_where_given(p, places) for p in self._rows.problems if _is_news(p)]
        self._targets = {known: found for known, found in self._targets.items() if known[0] != sheet.key}
        read = self._tables.read[sheet.key]
        return tuple(self._as_written(sheet, row, rows[row.number]) for row in read), problems

    def _with_unit(self, sheet: Sheet, row: GivenRow, key: str, cell: GivenCell) -> object:
        """The cell's value with its unit beside it, where the row it came to has another."""
        column = sheet.column(key)
        if column.kind is not Kind.QUANTITY or not cell.unit or is_blank(cell.value):
            return cell.value
        own = row.get(column.unit)
        if own is not None and match_key(str(own.value)) == match_key(cell.unit):
            return cell.value
        reading = read_quantity(cell.value, self.book.unit_table)
        if reading is None or not isinstance(reading.value, float) or reading.unit or reading.scale:
            return cell.value
        return (cell.value.strip() if isinstance(cell.value, str) else _plainly(reading.value)) + cell.unit

    def _as_written(self, sheet: Sheet, row: PlanRow, given: GivenRow) -> PlanRow:
        """The row as its sheet can hold it.

        Where units have no column of their own, an amount keeps the text that names its unit.
        """
        values: dict[str, Value] = {}
        for key, value in row.values.items():
            column = sheet.column(key)
            if column.place is Place.VIRTUAL:
                continue
            unit = sheet.by_key.get(column.unit)
            raw = given[key].value if key in given else None
            if unit is not None and unit.place is Place.VIRTUAL and isinstance(raw, str):
                value = clean_text(raw)
            values[key] = value
        return PlanRow(row.number, MappingProxyType(values))


def _plainly(number: float) -> str:
    """A number in digits, whatever its size, to its last one."""
    return format(Decimal(repr(number)), "f")


def _is_news(problem: Problem) -> bool:
    return problem.severity is not Severity.NOTE and problem.code is not Code.REQUIRED_MISSING


def _where_given(problem: Problem, places: Mapping[str, Location]) -> Problem:
    place = places.get(problem.location.cell, Location())
    first = places.get(str(problem.expected)) if problem.code is Code.DUPLICATE else None
    return replace(problem, location=place, expected=str(first) if first else problem.expected)
