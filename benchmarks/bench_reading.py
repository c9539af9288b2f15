"""How fast returned workbooks are read and checked, how that grows with processes, and what memory it takes.

One file: read and checked in this process, against openpyxl's read-only mode and bare calamine over all
its sheets, the three taking turns; and where the time goes.  Many files: one process against two, beside
what the same machine gains for work that is nothing but arithmetic.  Memory: the largest process of a run
over few files and over many.

    python benchmarks/bench_reading.py [--files 1000] [--many 5000]
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
from python_calamine import CalamineWorkbook

from planbook.batch import Batch, check_files, read_and_review
from planbook.calc import Calculator
from planbook.calendar import FiscalYear
from planbook.checks import check_submission, review_submission
from planbook.isolation import run_isolated
from planbook.layout import resolve_layout
from planbook.layout.manifest import make_issue
from planbook.plan import make_plan
from planbook.reader import Expectations, read_workbook
from planbook.reader.grids import read_grids
from planbook.reader.preflight import Package, open_package
from planbook.spec import list_books, load_spec
from planbook.writer import write_workbook

ROUNDS = 15


def median_seconds(actions: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds of each action, the actions taking turns."""
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(ROUNDS):
        for name, action in actions.items():
            start = time.perf_counter()
            action()
            taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in taken.items()}


def write_sample(path: Path) -> Path:
    """A clean workbook: five goals, twenty quarters of them, in the rows a department gets."""
    layout = resolve_layout(load_spec("annual_plan"), many={"quarter_ends": 4})
    goals = [
        {"level": "department", "goal": f"目标 {n}", "metric": f"指标 {n}", "unit": "家", "target": 40.0,
         "weight": 0.2, "department": "XS", "due": date(2024, 12, 31)}
        for n in range(1, 6)
    ]  # fmt: skip
    review = [
        {"quarter": f"q{q}", "department": "XS", "goal": f"G{n:03}", "target": 10.0, "actual": 11.0}
        for n in range(1, 6)
        for q in range(1, 5)
    ]
    plan = make_plan({"goals": goals, "review": review}, {"as_of": date(2024, 12, 31)})
    issue = make_issue(layout, department="XS", department_name="销售部", year=2024, scope=["XS"])
    settings = {"quarter_ends": FiscalYear(2024).quarter_ends}
    write_workbook(path, Calculator(layout), issue, plan, settings)
    return path


def read_with_openpyxl(path: Path) -> None:
    """Every cell of every sheet in read-only mode."""
    workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
    for sheet in workbook.worksheets:
        for _ in sheet.iter_rows(values_only=True):
            pass
    workbook.close()


def read_with_calamine(path: Path) -> None:
    """Every cell of every sheet."""
    with CalamineWorkbook.from_path(str(path)) as workbook:
        for name in workbook.sheet_names:
            workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)


def bench_one(path: Path) -> None:
    """Print what checking one workbook costs, in seconds and in other libraries' seconds."""
    expect = Expectations(tuple(load_spec(name) for name in list_books()))
    submission, _ = read_and_review(path, expect)
    print(f"workbook: {path.stat().st_size / 1024:.0f} KB, {submission.row_count} rows filled in")
    package = open_package(path)
    assert isinstance(package, Package)
    reviewed = review_submission(submission)
    assert reviewed is not None
    seconds = median_seconds(
        {
            "check": lambda: read_and_review(path, expect),
            "openpyxl read_only": lambda: read_with_openpyxl(path),
            "calamine": lambda: read_with_calamine(path),
            "  pre-flight": lambda: open_package(path),
            "  values": lambda: read_grids(package),
            "  everything read": lambda: read_workbook(path, expect),
            "  measures": lambda: review_submission(submission),
            "  checks": lambda: check_submission(reviewed),
        }
    )
    for name, value in seconds.items():
        print(f"{name}: {value * 1000:.1f} ms")
    print(f"check / openpyxl read_only: {seconds['check'] / seconds['openpyxl read_only']:.2f}")
    print(f"check / calamine: {seconds['check'] / seconds['calamine']:.1f}")


def burn(rounds: int) -> int:
    """Arithmetic and nothing else."""
    total = 0
    for n in range(rounds):
        total = (total * 31 + n) % 1_000_003
    return total


def gains(actions: dict[str, Callable[[int], object]], rounds: int = 3) -> dict[str, tuple[float, float]]:
    """The best seconds of each action with one process and with two, all of them taking turns."""
    taken: dict[tuple[str, int], list[float]] = {}
    for _ in range(rounds):
        for jobs in (1, 2):
            for name, action in actions.items():
                start = time.perf_counter()
                action(jobs)
                taken.setdefault((name, jobs), []).append(time.perf_counter() - start)
    return {name: (min(taken[name, 1]), min(taken[name, 2])) for name in actions}


def link_copies(path: Path, folder: Path, count: int) -> list[Path]:
    """Many names of one file."""
    names = [folder / f"{number:05}.xlsx" for number in range(count)]
    for name in names:
        os.link(path, name)
    return names


def bench_batch(path: Path, count: int) -> None:
    """Print how a batch gains by a second process, beside a bare pool."""
    expect = Expectations(tuple(load_spec(name) for name in list_books()))
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        labels = {name: name.name for name in link_copies(path, Path(folder), count)}

        def check(jobs: int) -> None:
            for found in check_files(Batch(expect, jobs=jobs), labels):
                assert not found.refused

        def compute(jobs: int) -> None:
            for _ in run_isolated(burn, [200_000] * count, jobs=jobs):
                pass

        seconds = gains({"check": check, "arithmetic": compute})
    one, two = seconds["check"]
    ours, bare = one / two, seconds["arithmetic"][0] / seconds["arithmetic"][1]
    print(f"{count} workbooks: {one:.1f} s with one process, {two:.1f} s with two")
    print(f"gain: {ours:.2f}; of bare arithmetic: {bare:.2f}; share: {ours / bare:.2f}")


def measure_memory(path: Path, count: int) -> None:
    """In a process of its own: check `count` files and print the largest process and the seconds a file."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        labels = {name: name.name for name in link_copies(path, Path(folder), count)}
        start = time.perf_counter()
        found = sum(len(checked.problems) for checked in check_files(Batch(Expectations(), jobs=2), labels))
        seconds = time.perf_counter() - start
    here, there = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(count, f"{here:.0f}", f"{there:.0f}", f"{seconds / count:.5f}", found)


def bench_memory(path: Path, many: int) -> None:
    """Print peak memory and seconds a file for few files and for many."""
    rows = []
    for count in (100, many):
        command = [sys.executable, __file__, "--measure", str(path), str(count)]
        text = subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout
        rows.append([float(word) for word in text.split()])
        _, here, there, each, _ = rows[-1]
        memory = f"{here:.0f} MiB here, {there:.0f} MiB in a worker"
        print(f"{count} files: {memory}, {each * 1000:.1f} ms a file")
    few, most = rows
    print(f"memory of many / few: {most[1] / few[1]:.2f} here, {most[2] / few[2]:.2f} in a worker")
    print(f"time a file of many / few: {most[3] / few[3]:.2f}")


def main() -> None:
    """Run the three, or one measurement in a process of its own."""
    parser = argparse.ArgumentParser(description="how fast workbooks are read")
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--many", type=int, default=1000)
    parser.add_argument("--measure", nargs=2, metavar=("FILE", "COUNT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure_memory(Path(options.measure[0]), int(options.measure[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = write_sample(Path(folder) / "sample.xlsx")
        bench_one(path)
        bench_batch(path, options.files)
        bench_memory(path, options.many)


if __name__ == "__main__":
    main()
