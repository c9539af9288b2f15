"""Which row of a table is which: by the printed ids, or by place where an id is lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from planbook.layout import cell_address
from planbook.problems import Code, Location, Problem
from planbook.reader.columns import Table
from planbook.reader.submission import SheetSource
from planbook.values import fold_lookalikes, normalise_text


def locate_rows(table: Table, used: set[int]) -> tuple[SheetSource, list[Problem]]:
    """Rows by number: by their printed ids, or by their place where an id is lost.

    `used` are the 0-based rows that hold anything a person typed.
    """
    pattern = re.compile(rf"^{table.sheet.id.prefix}(\d{{{table.sheet.id.width}}})$")
    id_column = table.columns.get("id", 0)
    problems: list[Problem] = []
    rows: dict[int, int] = {}
    start = table.header_row + 1
    for row in range(start, len(table.grid)):
        cells = table.grid[row]
        ident = str(cells[id_column]).strip() if id_column < len(cells) else ""
        found = pattern.match(ident) or pattern.match(fold_lookalikes(normalise_text(ident)).upper())
        place = Location(sheet=table.title, cell=cell_address(row, id_column))
        if found:
            number = int(found[1])
            if number not in rows:
                rows[number] = row
            elif row in used:
                problems.append(Problem(Code.ROW_ID_TWICE, place, ident))
        elif row in used:
            number = row - start + 1
            if number in rows or number > table.sheet.rows * 4 or _beyond(table, row, pattern, id_column):
                problems.append(
                    Problem(Code.TEXT_BELOW, replace(place, cell="", row=row + 1), _sample(cells))
                )
            else:
                rows[number] = row
                expected = table.sheet.id.of(number)
                problems.append(Problem(Code.ROW_ID_LOST, place, ident, expected))
    return SheetSource(table.title, table.columns, rows), problems


def _beyond(table: Table, row: int, pattern: re.Pattern[str], id_column: int) -> bool:
    """Whether no numbered row follows: the table has ended above."""
    later = (cells[id_column] for cells in table.grid[row:] if id_column < len(cells))
    has_ids = any(
        pattern.match(str(cells[id_column]).strip()) for cells in table.grid if id_column < len(cells)
    )
    return has_ids and not any(pattern.match(str(cell).strip()) for cell in later)


def _sample(cells: Sequence[object]) -> str:
    return "、".join(str(cell) for cell in cells if str(cell).strip())
