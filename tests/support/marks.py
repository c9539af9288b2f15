"""Which conditional formats hold in which cells, worked out by the formula engine.

The file is loaded as it stands, what a person would type is put in, and every condition is
evaluated in a helper cell far right of its table, in the row of the cell it belongs to.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import ironcalc

from planbook.calendar import to_serial
from planbook.layout import column_letter
from tests.support.opened import Mark, Opened, Sheet, shift
from tests.support.taken_apart import corners

HELPERS = 400  # the first helper column: nothing of a workbook stands there
EVERY_COLUMN = 4  # of a timeline's weeks, whose conditions differ in nothing but the day
LONG = 25  # rows of a table
FIRST_ROWS = 4  # of a blank table, which stand for all of it
Typed = Mapping[tuple[str, str], str | float | date | None]  # (sheet's title, cell) -> what is put in


@dataclass(frozen=True)
class Marked:
    """The formats that hold, by (sheet's title, cell), and the values of all cells after typing."""

    marks: Mapping[tuple[str, str], tuple[Mark, ...]]
    values: Mapping[tuple[str, str], object]

    def at(self, title: str, cell: str) -> tuple[Mark, ...]:
        """The formats that hold in one cell."""
        return self.marks.get((title, cell), ())


def _sample(top: int, bottom: int) -> Iterator[int]:
    """The rows of a blank table are all alike: the first ones and the last stand for them."""
    yield from range(top, min(top + FIRST_ROWS, bottom + 1))
    if bottom >= top + FIRST_ROWS:
        yield bottom


def _conditions(sheet: Sheet, state: str, *, every_cell: bool) -> Iterator[tuple[int, int, str, Mark]]:
    """Every cell of every conditional format that has a formula: row and column from 1, its condition."""
    for mark in sheet.marks:
        box = corners(mark.area)
        if not mark.condition or box is None:
            continue
        left, top, right, bottom = box
        alike = state == "blank" and bottom - top >= LONG and not every_cell
        for row in _sample(top, bottom) if alike else range(top, bottom + 1):
            for column in range(left, right + 1, 1 if every_cell else EVERY_COLUMN):
                yield row, column, shift(mark.condition, row - top, column - left), mark


def _put(model: ironcalc.Model, sheet: int, row: int, column: int, value: str | float | date | None) -> None:  # type: ignore[name-defined]
    if value is None:
        model.clear_cell_contents(sheet, row, column)
    elif isinstance(value, date):
        model.update_cell_with_number(sheet, row, column, float(to_serial(value)))
    elif isinstance(value, str):
        model.update_cell_with_text(sheet, row, column, value)
    else:
        model.update_cell_with_number(sheet, row, column, float(value))


def evaluate_marks(book: Opened, typed: Typed | None = None, *, every_cell: bool = False) -> Marked:
    """What is marked once `typed` stands in the workbook; not `every_cell` where many are alike."""
    with tempfile.TemporaryDirectory(prefix="planbook-marks-") as folder:
        path = book.save(Path(folder) / "book.xlsx")
        model = ironcalc.load_from_xlsx(str(path), "en", "UTC")
    numbers = {title: number for number, title in enumerate(book.sheets)}
    for (title, address), value in (typed or {}).items():
        left, top, _, _ = corners(address) or (1, 1, 1, 1)
        _put(model, numbers[title], top, left, value)
    asked: list[tuple[str, str, int, int, Mark]] = []
    for title, sheet in book.sheets.items():
        used: dict[int, int] = defaultdict(lambda: HELPERS)
        for row, column, condition, mark in _conditions(sheet, book.state, every_cell=every_cell):
            used[row] += 1
            model.update_cell_with_formula(numbers[title], row, used[row], "=" + condition)
            asked.append((title, f"{column_letter(column - 1)}{row}", row, used[row], mark))
    model.evaluate()
    found: dict[tuple[str, str], tuple[Mark, ...]] = {}
    for title, address, row, helper, mark in asked:
        value = model.get_cell_value(numbers[title], row, helper)
        if value is True or (isinstance(value, float) and value != 0):
            found[title, address] = (*found.get((title, address), ()), mark)
    values = {
        (title, address): model.get_cell_value(numbers[title], box[1], box[0])
        for title, sheet in book.sheets.items()
        for address in sheet.cells
        if (box := corners(address))
    }
    return Marked(found, values)
