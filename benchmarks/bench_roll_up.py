"""How long a million facts take to roll up, against the bare groupby of pandas over categoricals.

The two take turns in one process, so that the ratio holds on a noisy machine.  The measures are
then evaluated on the groups and timed beside it; the peak of memory is of the whole process.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from planbook.calendar import FiscalYear
from planbook.measures import measure_totals, total_facts
from planbook.spec import load_spec

FACTS, DEPARTMENTS, COMPANY_GOALS, ROUNDS = 1_000_000, 500, 20, 7
KEYS = ["company_goal", "department"]  # 10,000 groups
QUARTERS = ("q1", "q2", "q3", "q4")
OWN = FACTS // 4 // DEPARTMENTS  # goals of a department
UNITS = ("元", "万元", "亿元")


def make_facts(count: int) -> pd.DataFrame:
    """Facts as the roll-up has them: four quarters a goal, three units of money, some figures missing."""
    random = np.random.default_rng(20240701)
    goals = count // 4
    goal = np.repeat(np.arange(goals), 4)
    department = goal // (goals // DEPARTMENTS)
    company_goal = np.repeat(random.integers(0, COMPANY_GOALS, goals), 4)
    aggregation = np.repeat(random.integers(0, 3, goals), 4)
    target = random.uniform(1.0, 1000.0, count)
    actual = target * random.uniform(0.5, 1.4, count)
    actual[random.random(count) < 0.05] = np.nan

    def words(codes: np.ndarray, names: list[str]) -> pd.Categorical:
        return pd.Categorical.from_codes(codes, names)

    return pd.DataFrame(
        {
            "department": words(department, [f"D{n:04d}" for n in range(DEPARTMENTS)]),
            "file": words(department, [f"部门{n:04d}.xlsx" for n in range(DEPARTMENTS)]),
            "goal_id": words(goal % OWN, [f"G{n:03d}" for n in range(OWN)]),
            "company_goal": words(company_goal, [f"公司目标{n}" for n in range(COMPANY_GOALS)]),
            "quarter": words(np.tile(np.arange(4), goals), list(QUARTERS)),
            "unit": words(np.repeat(random.integers(0, 3, goals), 4), list(UNITS)),
            "aggregation": words(aggregation, ["sum", "last", "mean"]),
            "counted": words((np.tile(np.arange(4), goals) < 3).astype(int), ["no", "yes"]),
            "target": target,
            "target_high": np.full(count, np.nan),
            "actual": actual,
        }
    )


def take_turns(*actions: Callable[[], object]) -> list[float]:
    """Median seconds of each action."""
    taken: list[list[float]] = [[] for _ in actions]
    for _ in range(ROUNDS):
        for seconds, action in zip(taken, actions, strict=True):
            start = time.perf_counter()
            action()
            seconds.append(time.perf_counter() - start)
    return [statistics.median(seconds) for seconds in taken]


def peak_megabytes() -> float:
    """The most memory this process has held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024) if sys.platform == "darwin" else peak / 1024


def main() -> None:
    """Print seconds, the ratio and the peak of memory."""
    book = load_spec("annual_plan")
    facts = make_facts(FACTS)

    def bare() -> object:
        return facts.groupby(KEYS, observed=True)[["target", "actual"]].sum()

    theirs, ours = take_turns(bare, lambda: total_facts(book, facts, KEYS))
    print(f"{FACTS:,} facts, {len(total_facts(book, facts, KEYS)):,} groups")
    print(f"pandas groupby, bare: {theirs:.3f} s")
    print(f"total_facts: {ours:.3f} s = {ours / theirs:.2f} × (limit 3; units, aggregation, coverage)")
    totals = total_facts(book, facts, KEYS)
    settings = {"quarter_ends": FiscalYear(2024).quarter_ends}
    start = time.perf_counter()
    measure_totals(book, totals, settings, direction="higher")
    print(f"measures of {len(totals):,} groups: {time.perf_counter() - start:.3f} s")
    print(f"peak memory: {peak_megabytes():.0f} MB (limit 600)")


if __name__ == "__main__":
    main()
