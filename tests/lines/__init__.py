"""What a planner's workbook must be, line by line: a check of the file, and ways to break it.

Each module holds the lines of one part of the acceptance.  `tests/test_section_a.py` runs every
check on workbooks as they are written, which must pass, and on each broken one, which must not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from planbook.layout import FIRST_ROW, PlacedColumn, SheetLayout
from tests.support.opened import Break, Cell, Opened, Sheet

Check = Callable[[Opened], Iterable[str]]
BOTH = ("annual_plan", "classic")
LINKED = ("annual_plan",)  # the book with ids to see, cascades, scores and a reason gate


@dataclass(frozen=True)
class Line:
    """One line: `check` yields what is wrong, `breaks` are changes after which it must yield something."""

    name: str
    check: Check
    breaks: Mapping[str, Break]
    books: tuple[str, ...] = BOTH
    state: str = "full"  # what the broken workbooks hold before they are broken


def column_area(placed: SheetLayout, at: PlacedColumn) -> str:
    """The cells of a column of a table, as a validation or a conditional format names them."""
    return f"{at.letter}{FIRST_ROW + 1}:{at.letter}{placed.last_row + 1}"


def input_columns(placed: SheetLayout) -> Iterator[PlacedColumn]:
    """The columns of a table that people fill in."""
    return (at for at in placed.written if not at.column.calculated)


def column_cells(placed: SheetLayout, sheet: Sheet, at: PlacedColumn) -> Iterator[tuple[str, Cell | None]]:
    """Every cell of a column of a table with its address."""
    for row in range(placed.first_row, placed.last_row + 1):
        yield f"{sheet.title}!{at.letter}{row + 1}", sheet.cell(row, at.index)
