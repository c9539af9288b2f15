"""How long a million facts take to roll up, against the bare groupby of pandas over categoricals.

The two take turns in one process, so that the ratio holds on a noisy machine.  The measures are
then evaluated on the groups and timed beside it; the peak of memory is of the whole process.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from common import Verdict, median_seconds, peak_megabytes, seconds_of

from planbook.calendar import FiscalYear
from planbook.measures import measure_totals, total_facts
from planbook.spec import load_spec

FACTS, DEPARTMENTS, COMPANY_GOALS, ROUNDS = 1_000_000, 500, 20, 7
KEYS = ["company_goal", "department"]
GROUPS = 10_000  # of them, each with its measures
MOST_RATIO, MOST_MEMORY = 3, 600
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


def main() -> None:
    """Print seconds, the ratio and the peak of memory."""
    book = load_spec("annual_plan")
    facts = make_facts(FACTS)

    def bare() -> object:
        return facts.groupby(KEYS, observed=True)[["target", "actual"]].sum()

    seconds = median_seconds({"pandas": bare, "planbook": lambda: total_facts(book, facts, KEYS)}, ROUNDS)
    theirs, ours = seconds["pandas"], seconds["planbook"]
    totals = total_facts(book, facts, KEYS)
    settings = {"quarter_ends": FiscalYear(2024).quarter_ends}
    measured: list[pd.DataFrame] = []
    taken = seconds_of(lambda: measured.append(measure_totals(book, totals, settings, direction="higher")))
    print(f"{FACTS:,} facts; pandas groupby, bare: {theirs:.3f} s; total_facts: {ours:.3f} s")
    print(f"measures of {len(totals):,} groups: {taken:.3f} s")
    verdict = Verdict()
    verdict.at_most("total_facts / groupby (units, aggregation, coverage as well)", ours / theirs, MOST_RATIO)
    verdict.at_least("groups with an attainment", measured[0]["attainment"].notna().sum(), GROUPS)
    verdict.at_most("peak memory", peak_megabytes(), MOST_MEMORY, " MB")
    verdict.finish()


if __name__ == "__main__":
    main()
