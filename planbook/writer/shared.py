"""Two things that XlsxWriter's worksheets cannot do: shared formulas, and rows that keep growing.

A table has the same formula in every row of a column.  Spelled out they make up most of the
file; shared, the first row carries the text and the others only point at it, as Excel itself
saves them.  A row given a height is fixed to it, so that text typed later is cut off; a growing
row has its height to begin with and is left to the program that opens it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlsxwriter.worksheet import Worksheet

from planbook.layout import cell_address, fill_template

MARK = "\x00"  # no formula starts so; followed by the number of the shared formula


class TableWorksheet(Worksheet):  # type: ignore[misc]  # XlsxWriter is untyped
    """A worksheet that can also write shared formulas and rows that grow."""

    def __init__(self) -> None:
        super().__init__()
        self._shared: list[tuple[str, str]] = []  # area and text of the first row
        self._growing: set[str] = set()  # rows as the file numbers them

    def grow_row(self, row: int, height: float) -> None:
        """Give a 0-based row a height in points that is not fixed."""
        self.set_row(row, height)
        self._growing.add(str(row + 1))

    def _xml_start_tag_unencoded(self, tag: str, attributes: Any = ()) -> None:
        """Write a start tag; XlsxWriter calls this for each row, among others."""
        if tag == "row" and str(dict(attributes)["r"]) in self._growing:
            attributes = [(key, value) for key, value in attributes if key != "customHeight"]
        super()._xml_start_tag_unencoded(tag, attributes)

    def write_shared(
        self, rows: range, column: int, template: str, style: Any, values: Sequence[Any]
    ) -> None:
        """Write the formula of `template` into the 0-based `rows` of a column, with its stored values."""
        number = len(self._shared)
        area = f"{cell_address(rows[0], column)}:{cell_address(rows[-1], column)}"
        self._shared.append((area, fill_template(template, rows[0])))
        for row, value in zip(rows, values, strict=True):
            self.write_formula(row, column, f"={MARK}{number}{MARK if row == rows[0] else ''}", style, value)

    def _xml_formula_element(self, formula: str, result: Any, attributes: Any = ()) -> None:
        """Write a formula's cell; XlsxWriter calls this for each.  One that is marked is shared."""
        if not formula.startswith(MARK):
            super()._xml_formula_element(formula, result, attributes)
            return
        number = int(formula.strip(MARK))
        element = f'<f t="shared" si="{number}"/>'
        if formula.endswith(MARK):
            area, text = self._shared[number]
            element = f'<f t="shared" ref="{area}" si="{number}">{self._escape_data(text)}</f>'
        shown = "".join(f' {key}="{self._escape_attributes(value)}"' for key, value in attributes)
        self.fh.write(f"<c{shown}>{element}<v>{self._escape_data(result)}</v></c>")
