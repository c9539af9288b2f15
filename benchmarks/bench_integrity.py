"""What checking one clean, filled workbook costs, its formula cells included, against bare reading.

Runs take turns in one process, so that the ratios hold on a noisy machine; the medians are shown.
"""

from __future__ import annotations

import tempfile
import warnings
from datetime import date
from pathlib import Path

import openpyxl
from common import Verdict, median_seconds, plan_of
from python_calamine import CalamineWorkbook

import planbook.reader.read as reader
from planbook.calc import Calculator
from planbook.calendar import FiscalYear
from planbook.checks import check_submission, review_submission
from planbook.company import Company, Department
from planbook.cycle import cycle_items
from planbook.layout import resolve_layout
from planbook.layout.manifest import make_issue
from planbook.plan import Value
from planbook.spec import load_spec
from planbook.writer import write_workbook

ROUNDS, MOST = 15, 0.67
GOALS = 12


def fill() -> dict[str, list[dict[str, Value]]]:
    """A department's year: goals, a task each with its tracking, two quarters reviewed."""
    year_end, start, finish = date(2024, 12, 31), date(2024, 1, 3), date(2024, 12, 20)
    numbers = range(1, GOALS + 1)
    ids = [f"G{n:03d}" for n in numbers]
    return {
        "goals": [
            {"level": "department", "goal": f"目标{n}", "metric": f"指标{n}", "unit": "家", "target": 40.0,
             "department": "XS", "due": year_end, "weight": 1 / GOALS} for n in numbers
        ],
        "decomposition": [
            {"department": "XS", "goal": goal, "initiative": "举措", "task": f"任务{n}", "metric": "拜访量",
             "unit": "家", "target": 10.0, "lead": "客户主管", "start": start, "finish": finish}
            for n, goal in enumerate(ids, 1)
        ],
        "tracking": [
            {"goal": goal, "initiative": "举措", "task": f"T{n:03d}", "owner": "张三", "percent": 0.6,
             "updated": date(2024, 6, 30)} for n, goal in enumerate(ids, 1)
        ],
        "review": [
            {"quarter": quarter, "department": "XS", "goal": goal, "target": 10.0, "actual": 10.0}
            for goal in ids for quarter in ("q1", "q2")
        ],
    }  # fmt: skip


def write_clean(path: Path) -> None:
    """The workbook of one department, filled in without a fault."""
    book = load_spec()
    items = cycle_items(book, Company((Department("XS", "销售部", workbook=True),)), ["XS"])
    layout = resolve_layout(book, items=items, many={"quarter_ends": 4})
    issue = make_issue(layout, department="XS", department_name="销售部", year=FiscalYear(2024), scope=["XS"])
    plan = plan_of(fill(), date(2024, 7, 1))
    write_workbook(path, Calculator(layout), issue, plan, {"quarter_ends": FiscalYear(2024).quarter_ends})


def check(path: Path) -> None:
    """Read and check the workbook; it must be clean."""
    reviewed = review_submission(reader.read_workbook(path))
    assert reviewed is not None
    problems = check_submission(reviewed).problems
    assert not any("formula" in p.code or "stale" in p.code for p in problems), problems


def read_openpyxl(path: Path) -> None:
    """Every cell through openpyxl's read-only mode."""
    workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
    for sheet in workbook.worksheets:
        for _ in sheet.iter_rows(values_only=True):
            pass
    workbook.close()


def read_calamine(path: Path) -> None:
    """Every cell through python-calamine."""
    with CalamineWorkbook.from_path(str(path)) as workbook:
        for name in workbook.sheet_names:
            workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)


def main() -> None:
    """Print medians and ratios."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "销售部.xlsx"
        write_clean(path)
        check(path)  # compiles the models, which is start-up
        integrity = reader.check_formulas

        def without() -> None:
            reader.check_formulas = lambda stored, rows: []
            check(path)
            reader.check_formulas = integrity

        seconds = median_seconds(
            {
                "check": lambda: check(path),
                "check without formula integrity": without,
                "openpyxl read_only": lambda: read_openpyxl(path),
                "calamine": lambda: read_calamine(path),
            },
            ROUNDS,
        )
    for name, value in seconds.items():
        print(f"{name}: {value * 1000:.1f} ms")
    print(f"check / calamine: {seconds['check'] / seconds['calamine']:.1f}")
    verdict = Verdict()
    verdict.at_most("check / openpyxl", seconds["check"] / seconds["openpyxl read_only"], MOST)
    verdict.finish()


if __name__ == "__main__":
    main()
