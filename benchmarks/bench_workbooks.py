"""How long one workbook takes to write, against the bare library; bench_reading.py times the way back.

Runs alternate in one process, so that the ratios hold on a noisy machine; the medians are shown.
It shows where the time goes; the limit stands in bench_writing.py.
"""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import xlsxwriter
from common import median_seconds, seconds_of

from planbook.calc import Calculator
from planbook.calendar import FiscalYear
from planbook.layout import resolve_layout
from planbook.layout.manifest import make_issue
from planbook.plan import make_plan
from planbook.spec import load_spec
from planbook.writer import write_workbook

ROUNDS = 7


def write_bare(path: Path, calculator: Calculator, values: dict[tuple[str, int, int], object]) -> None:
    """The same formula cells through xlsxwriter alone."""
    workbook = xlsxwriter.Workbook(str(path))
    sheets: dict[str, object] = {}
    for sheet, row, column, formula in calculator.layout.formula_cells():
        if sheet not in sheets:
            sheets[sheet] = workbook.add_worksheet()
        sheets[sheet].write_formula(row, column, formula, None, values[sheet, row, column])  # type: ignore[attr-defined]
    workbook.close()


def main() -> None:
    """Print medians and ratios."""
    settings = {"quarter_ends": FiscalYear(2024).quarter_ends}
    layout = resolve_layout(load_spec("annual_plan"), many={"quarter_ends": 4})
    print(f"compile the layout, once: {seconds_of(lambda: Calculator(layout)):.3f} s")
    calculator = Calculator(layout)
    plan = make_plan({}, {"as_of": date(2024, 7, 1)})
    issue = make_issue(layout, department="XS", department_name="销售部", year=2024)
    values = calculator.evaluate(plan, settings)
    with tempfile.TemporaryDirectory() as folder:
        ours, bare = Path(folder) / "ours.xlsx", Path(folder) / "bare.xlsx"
        seconds = median_seconds(
            {
                "write": lambda: write_workbook(ours, calculator, issue, plan, settings),
                "xlsxwriter alone, formula cells": lambda: write_bare(bare, calculator, values),  # type: ignore[arg-type]
                "evaluate": lambda: calculator.evaluate(plan, settings),
            },
            ROUNDS,
        )
        print(f"workbook: {ours.stat().st_size / 1024:.0f} KB")
    for name, value in seconds.items():
        print(f"{name}: {value:.3f} s")
    print(f"write / xlsxwriter: {seconds['write'] / seconds['xlsxwriter alone, formula cells']:.2f}")


if __name__ == "__main__":
    main()
