"""Workbooks of another version of their book: they are read by what their own manifest issued.

What today's book has and the workbook never had is not missing; what the workbook has and today's
book does not is said cell by cell, since it has no place in anything that is made from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from planbook.layout import cell_address
from planbook.problems import Code, Location, Problem
from planbook.reader.columns import Table
from planbook.reader.facts import NO_FACTS, SheetFacts
from planbook.reader.grids import Grid
from planbook.spec import Book


@dataclass(frozen=True, slots=True)
class Issued:
    """One table as the workbook was issued: its title, 0-based first row, columns by key, number of rows."""

    title: str
    first_row: int
    columns: Mapping[str, int]
    rows: int = 0


def issued_tables(manifest: Mapping[str, Any]) -> dict[str, Issued]:
    """The tables by sheet key, as far as the manifest has them in good form."""
    entries = manifest.get("sheets")
    tables = {}
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("columns"), dict):
            columns = {str(k): v for k, v in entry["columns"].items() if type(v) is int and 0 <= v < 16384}
            first = entry.get("first_row")
            row = first if type(first) is int and 0 < first < 1000 else 1
            count = entry.get("rows")
            tables[str(entry.get("key"))] = Issued(
                str(entry.get("title", "")), row, columns, count if type(count) is int else 0
            )
    return tables


def unplaced_cells(
    book: Book,
    issued: Mapping[str, Issued],
    tables: Mapping[str, Table],
    grids: Mapping[str, Grid],
    facts: Mapping[str, SheetFacts],
) -> Iterator[Problem]:
    """Every filled input cell that today's book has no column for."""
    for key, table in issued.items():
        located = tables.get(key)
        known = book.sheets_by_key[key].by_key if key in book.sheets_by_key else {}
        title = located.title if located else table.title
        grid = grids.get(title, ())
        first = located.header_row + 1 if located else table.first_row
        for column, place in table.columns.items():
            if column not in known and column != "id":
                index = _place_of(grid, first, column, place)
                yield from _filled(title, grid, first, index, facts.get(title, NO_FACTS))


def _place_of(grid: Grid, first: int, key: str, issued: int) -> int:
    """Where a column stands now: by its hidden key, two rows above the first, or where it was issued."""
    keys = grid[first - 2] if 2 <= first <= len(grid) + 1 else ()
    return next((index for index, cell in enumerate(keys) if cell == key), issued)


def _filled(title: str, grid: Grid, first: int, index: int, facts: SheetFacts) -> Iterator[Problem]:
    header = grid[first - 1] if 0 < first <= len(grid) else ()
    name = str(header[index]).strip() if index < len(header) else ""
    for row in range(first, len(grid)):
        cells = grid[row]
        raw = cells[index] if index < len(cells) else ""
        address = cell_address(row, index)
        if raw not in ("", None) and facts.formula_at(address) is None:
            yield Problem(Code.NO_PLACE, Location(sheet=title, cell=address), str(raw), subject=name)
