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
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from functools import partial
from itertools import cycle
from pathlib import Path

import openpyxl
from common import Verdict, follow, median_seconds, peak_megabytes, plan_of, seconds_of
from python_calamine import CalamineWorkbook

from planbook.batch import Batch, check_files, read_and_review
from planbook.calc import Calculator
from planbook.calendar import FiscalYear
from planbook.checks import check_submission, review_submission
from planbook.isolation import run_isolated
from planbook.layout import resolve_layout
from planbook.layout.manifest import make_issue
from planbook.reader import Expectations, read_workbook
from planbook.reader.grids import read_grids
from planbook.reader.preflight import Package, open_package
from planbook.spec import Item, Text, list_books, load_spec
from planbook.writer import write_workbook

ROUNDS = 15
MOST_RATIO, LEAST_SHARE, MOST_GROWTH, MOST_SLOWER = 0.67, 0.85, 1.1, 1.25


def write_sample(path: Path, actual: float = 11.0) -> Path:
    """A clean workbook: five goals, a task and four quarters of each, in the rows a department gets."""
    items = {"department": (Item(key="XS", title=Text({"*": "销售部"})),)}
    layout = resolve_layout(load_spec("annual_plan"), items=items, many={"quarter_ends": 4})
    goals = [
        {"level": "department", "goal": f"目标 {n}", "metric": f"指标 {n}", "unit": "家", "target": 40.0,
         "weight": 0.2, "department": "XS", "due": date(2024, 12, 31)}
        for n in range(1, 6)
    ]  # fmt: skip
    tasks = [
        {"department": "XS", "goal": f"G{n:03}", "initiative": f"举措 {n}", "task": f"任务 {n}",
         "metric": "拜访量", "unit": "家", "target": 10.0, "lead": "主管", "start": date(2024, 1, 3),
         "finish": date(2024, 9, 30)}
        for n in range(1, 6)
    ]  # fmt: skip
    review = [
        {"quarter": f"q{q}", "department": "XS", "goal": f"G{n:03}", "target": 10.0, "actual": actual}
        for n in range(1, 6)
        for q in range(1, 5)
    ]
    plan = plan_of({"goals": goals, "decomposition": tasks, "review": review}, date(2024, 12, 31))
    issue = make_issue(layout, department="XS", department_name="销售部", year=FiscalYear(2024), scope=["XS"])
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


def bench_one(path: Path, other: Path, verdict: Verdict) -> None:
    """Print what checking one workbook costs, in seconds and in other libraries' seconds.

    Two workbooks take turns, so that nothing kept of one serves the next.
    """
    turns = cycle((path, other))
    expect = Expectations(tuple(load_spec(name) for name in list_books()))
    submission, _ = read_and_review(path, expect)
    assert not submission.problems, "a clean workbook has none"
    print(f"workbook: {path.stat().st_size / 1024:.0f} KB, {submission.row_count} rows filled in")
    package = open_package(path)
    assert isinstance(package, Package)
    reviewed = review_submission(submission)
    assert reviewed is not None
    seconds = median_seconds(
        {
            "check": lambda: read_and_review(next(turns), expect),
            "openpyxl read_only": lambda: read_with_openpyxl(path),
            "calamine": lambda: read_with_calamine(path),
            "  pre-flight": lambda: open_package(path),
            "  values": lambda: read_grids(package),
            "  everything read": lambda: read_workbook(next(turns), expect),
            "  measures": lambda: review_submission(submission),
            "  checks": lambda: check_submission(reviewed),
        },
        ROUNDS,
    )
    for name, value in seconds.items():
        print(f"{name}: {value * 1000:.1f} ms")
    print(f"check / calamine: {seconds['check'] / seconds['calamine']:.1f}")
    verdict.at_most("check / openpyxl", seconds["check"] / seconds["openpyxl read_only"], MOST_RATIO)


def burn(rounds: int) -> int:
    """Arithmetic and nothing else."""
    total = 0
    for n in range(rounds):
        total = (total * 31 + n) % 1_000_003
    return total


def gains(actions: dict[str, Callable[[int], object]], rounds: int = 3) -> dict[str, tuple[float, float]]:
    """The best seconds of each action with one process and with two, all of them taking turns."""
    taken: dict[tuple[str, int], list[float]] = {}
    for number in range(1, rounds + 1):
        for jobs in (1, 2):
            for name, action in actions.items():
                print(f"round {number} of {rounds}: {name}, processes: {jobs}", file=sys.stderr, flush=True)
                taken.setdefault((name, jobs), []).append(seconds_of(partial(action, jobs)))
    return {name: (min(taken[name, 1]), min(taken[name, 2])) for name in actions}


def link_copies(path: Path, folder: Path, count: int) -> list[Path]:
    """Many names of one file."""
    names = [folder / f"{number:05}.xlsx" for number in range(count)]
    for name in names:
        os.link(path, name)
    return names


def bench_batch(path: Path, count: int, verdict: Verdict) -> None:
    """Print how a batch gains by a second process, beside a bare pool."""
    expect = Expectations(tuple(load_spec(name) for name in list_books()))
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        labels = {name: name.name for name in link_copies(path, Path(folder), count)}

        def check(jobs: int) -> None:
            watch = partial(follow, label="files")
            for found in check_files(Batch(expect, jobs=jobs), labels, watch):
                assert not found.refused

        def compute(jobs: int) -> None:
            for _ in run_isolated(burn, [200_000] * count, jobs=jobs):
                pass

        seconds = gains({"check": check, "arithmetic": compute})
    one, two = seconds["check"]
    ours, bare = one / two, seconds["arithmetic"][0] / seconds["arithmetic"][1]
    print(f"{count} workbooks: {one:.1f} s with one process, {two:.1f} s with two")
    print(f"gain: {ours:.2f}; of bare arithmetic: {bare:.2f}")
    verdict.at_least("share of the gain that bare arithmetic has", ours / bare, LEAST_SHARE)


def measure_memory(path: Path, count: int) -> None:
    """In a process of its own: check `count` files and print the largest process and the seconds a file."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        labels = {name: name.name for name in link_copies(path, Path(folder), count)}
        batch = Batch(Expectations(), jobs=2)

        def check() -> None:
            for _ in check_files(batch, labels, watch=partial(follow, label="files")):
                pass

        seconds = seconds_of(check)
    here, there = peak_megabytes(), peak_megabytes(resource.RUSAGE_CHILDREN)
    print(f"{here:.0f} {there:.0f} {seconds / count:.5f}")


def bench_memory(path: Path, many: int, verdict: Verdict) -> None:
    """Print peak memory and seconds a file for few files and for many."""
    rows = []
    for count in (100, many):
        command = [sys.executable, __file__, "--measure", str(path), str(count)]
        text = subprocess.run(command, stdout=subprocess.PIPE, check=True, encoding="utf-8").stdout
        rows.append([float(word) for word in text.split()])
        here, there, each = rows[-1]
        memory = f"{here:.0f} MB here, {there:.0f} MB in a worker"
        print(f"{count} files: {memory}, {each * 1000:.1f} ms a file", flush=True)
    few, most = rows
    for what, at, limit in (
        ("memory here", 0, MOST_GROWTH),
        ("memory in a worker", 1, MOST_GROWTH),
        ("time a file", 2, MOST_SLOWER),
    ):
        verdict.at_most(f"{what}, of many files / of few", most[at] / few[at], limit)


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
        verdict = Verdict()
        bench_one(path, write_sample(Path(folder) / "other.xlsx", actual=12.0), verdict)
        bench_batch(path, options.files, verdict)
        bench_memory(path, options.many, verdict)
    verdict.finish()


if __name__ == "__main__":
    main()
