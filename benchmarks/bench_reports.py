"""How fast and how large: the consolidated workbook of many facts, beside plain XlsxWriter.

The bare run writes the same fact table, cell by cell, with XlsxWriter's constant_memory, in the same
formats; the consolidated workbook must take at most half of that.  A million facts must stay within
600 MB, on two sheets.  Every run is a process of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from planbook.company import Company, Department
from planbook.measures import RollUp, frames
from planbook.measures.frames import make_frame
from planbook.reports import write_consolidated
from planbook.spec import load_spec

COMPARED, LARGE = 100_000, 1_000_000
MOST_RATIO, MOST_MEMORY = 0.5, 600
DEPARTMENTS, GOALS = 40, 250


def make_roll_up(count: int) -> RollUp:
    """A roll-up of `count` facts as categoricals and floats; 10,000 goals, 40 departments."""
    random = np.random.default_rng(7)
    departments = tuple(Department(f"D{n:02d}", f"部门{n:02d}") for n in range(DEPARTMENTS))
    row = np.arange(count)
    place = row % DEPARTMENTS

    def category(codes: np.ndarray[Any, Any], names: list[str]) -> pd.Categorical:
        return pd.Categorical.from_codes(codes.astype(np.int32), categories=names)

    def every(name: str) -> pd.Categorical:
        return category(np.zeros(count), [name])

    target = np.round(random.uniform(100, 9000, count), 2)
    actual = np.round(target * random.uniform(0.7, 1.2, count), 2)
    rate = (actual - target) / target
    names = [f"目标{n:03d}" for n in range(GOALS)]
    goal = (row // DEPARTMENTS) % GOALS
    columns: dict[str, Any] = {
        "fact": [f"D{d:02d}-R{n:06d}" for d, n in zip(place.tolist(), row.tolist(), strict=True)],
        "department": category(place, [d.code for d in departments]),
        "department_name": category(place, [d.name for d in departments]),
        "goal_id": category(goal, [f"G{n:03d}" for n in range(GOALS)]),
        "goal": category(goal, names),
        "metric": category(goal, [f"{name}的完成数量" for name in names]),
        "level": every("department"),
        "company_goal": category(row % 7, [f"公司目标{n}" for n in range(7)]),
        "quarter": category(row % 4, ["q1", "q2", "q3", "q4"]),
        "unit": every("万元"),
        "direction": every("higher"),
        "aggregation": every("sum"),
        "target": target,
        "actual": actual,
        "deviation": np.round(actual - target, 2),
        "deviation_rate": rate,
        "favourable": category((rate < 0).astype(int), ["good", "bad"]),
        "attainment": 1 + rate,
        "rating": category(np.select([rate >= 0, rate >= -0.1], [0, 1], 2), ["green", "amber", "red"]),
        "counted": every("yes"),
        "file": category(place, [f"2024-{d.code}-{d.name}.xlsx" for d in departments]),
        "sheet": every("4_季度复盘"),
        "cell": category(row % 120, [f"H{7 + n}" for n in range(120)]),
        "sha256": category(place, [f"{n:064x}" for n in range(DEPARTMENTS)]),
        "adds_target": target,
        "adds_actual": actual,
    }
    empty = {spec.name: make_frame(spec, ()) for spec in frames.FRAMES.values()}
    return RollUp(
        book=load_spec("annual_plan"),
        company=Company(departments),
        year=2024,
        start_month=1,
        as_of=date(2024, 12, 31),
        settings={},
        scope="",
        problems=(),
        review_rows=count,
        **{**empty, "facts": pd.DataFrame(columns)},
    )


def write_bare(path: Path, roll_up: RollUp) -> None:
    """The same fact table by XlsxWriter alone, in constant memory and the same formats."""
    import xlsxwriter

    columns = roll_up.book.report("facts").columns
    lists = {
        c.key: {i.key: i.title.to("zh") for i in roll_up.book.lists[c.list].items} for c in columns if c.list
    }
    workbook = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = workbook.add_worksheet()
    text = workbook.add_format({"border": 1, "font_name": "微软雅黑"})
    number = workbook.add_format({"border": 1, "font_name": "微软雅黑", "num_format": "#,##0.00"})
    for index, column in enumerate(columns):
        sheet.write_string(0, index, column.title.to("zh"), text)
    blank = [None] * len(roll_up.facts)
    data = [roll_up.facts[c.key].tolist() if c.key in roll_up.facts else blank for c in columns]
    for at, row in enumerate(zip(*data, strict=True), 1):
        for index, value in enumerate(row):
            if value is None:
                sheet.write_blank(at, index, None, text)
            elif isinstance(value, float):
                sheet.write_number(at, index, value, number)
            else:
                words = lists.get(columns[index].key)
                sheet.write_string(at, index, words.get(value, value) if words else value, text)
    workbook.close()


def run(what: str, count: int) -> None:
    """One measurement, printed as JSON."""
    roll_up = make_roll_up(count)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xlsx"
        started = time.perf_counter()
        if what == "bare":
            write_bare(path, roll_up)
        else:
            write_consolidated(path, roll_up)
        seconds = time.perf_counter() - started
        size = path.stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": peak, "size": size / 1e6}))


def measure(what: str, count: int) -> dict[str, float]:
    """A measurement in a process of its own."""
    command = [sys.executable, __file__, what, str(count)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    print(
        f"{what:>13} {count:>9,} facts: {found['seconds']:6.1f} s, "
        f"peak {found['megabytes']:4.0f} MB, file {found['size']:5.1f} MB"
    )
    return found


def main() -> None:
    """The comparison, then the large run; exits 1 where a limit is broken."""
    bare, ours = measure("bare", COMPARED), measure("consolidated", COMPARED)
    ratio = ours["seconds"] / bare["seconds"]
    peak = measure("consolidated", LARGE)["megabytes"]
    print(f"ratio {ratio:.2f} (at most {MOST_RATIO}), peak {peak:.0f} MB (at most {MOST_MEMORY})")
    if ratio > MOST_RATIO or peak > MOST_MEMORY:
        sys.exit(1)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        run(sys.argv[1], int(sys.argv[2]))
    else:
        main()
