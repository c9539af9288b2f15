"""What a roll-up is: tidy frames of facts, goals, tasks, scores and returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from planbook.company import Company
from planbook.layout.cells import SettingValue
from planbook.problems import Problem
from planbook.spec import Book

FACT_COLUMNS = (
    "fact", "department", "department_name", "goal_id", "goal", "metric", "level", "company_goal", "quarter",
    "unit", "direction", "aggregation", "metric_kind", "baseline", "annual_target", "target", "target_high",
    "actual", "deviation", "deviation_rate", "favourable", "attainment", "method_used", "rating", "counted",
    "cause", "improvement", "file", "sheet", "cell", "sha256", "adds_target", "adds_actual", "company_no",
    "company_adds_target", "company_adds_actual",
)  # fmt: skip
GOAL_COLUMNS = (
    "department", "department_name", "goal_id", "goal", "metric", "metric_kind", "level", "company_goal",
    "unit", "direction", "aggregation", "weight", "annual_target", "coverage", "quarters", "target",
    "target_high", "actual", "deviation", "deviation_rate", "favourable", "attainment", "method_used",
    "rating", "year_completion", "driver", "fact", "file", "sheet", "cell",
    "share", "company_no", "company_use",
)  # fmt: skip
TASK_COLUMNS = (
    "department", "department_name", "goal", "initiative", "task", "lead", "owner", "start", "finish",
    "percent", "hold", "expected", "schedule_deviation", "status", "stale", "updated", "progress", "risk",
    "action", "file", "sheet", "cell",
)  # fmt: skip
SCORE_COLUMNS = (
    "code", "name", "node", "depth", "weight", "score", "rating", "low", "high", "covered", "expected",
    "goals", "missed", "tasks", "late", "share", "own", "own_share",
)  # fmt: skip
COMPANY_GOAL_COLUMNS = (
    "goal", "metric", "rollup", "unit", "direction", "company_target", "annual_target", "target", "actual",
    "deviation", "deviation_rate", "favourable", "attainment", "rating", "coverage", "departments", "number",
)  # fmt: skip
RECEIPT_COLUMNS = (
    "department", "department_name", "receipt", "file", "modified", "rows", "errors", "warnings", "reason",
    "sha256",
)  # fmt: skip


@dataclass(frozen=True)
class RollUp:
    """The figures of a company, or of the part of it below `scope`, at `as_of`.

    Choices stand in the frames as keys of their lists' items (`rating` is ``green``), quantities
    as numbers in the row's `unit`, percentages as fractions, dates as `datetime.date`; what is
    missing is None or NaN.

    ``facts``          one row per quarter of a goal; key `fact`
    ``goals``          one row per goal, year to date; key `department`, `goal_id`, `file`
    ``tasks``          one row per tracked task; key `file`, `cell`
    ``scores``         one row per node of the tree, parents before children; key `code`
    ``company_goals``  one row per company goal; key `goal`
    ``receipts``       one row per department due, and per file set aside

    What a figure adds to those above it stands beside it, so that a total can be checked: a fact's
    `adds_target` and `adds_actual` to the year to date of its goal, in the goal's unit, and
    `company_adds_target`, `company_adds_actual` to the company goal with the number `company_no`,
    in that one's unit; a goal's `share` in its department's score and its `company_use` (counted,
    shown beside the lead's, or unit: it does not convert); a node's `share` in the score above it,
    and the score `own` of its own goals with the weight `own_share` beside its parts.

    `review_rows` are the review rows read, `kept_out` those of them that are no fact because they
    are quarantined or their goal is; facts and kept-out rows must come to all of them.
    """

    book: Book
    company: Company
    year: int
    start_month: int
    as_of: date
    settings: Mapping[str, SettingValue]
    scope: str
    facts: pd.DataFrame
    goals: pd.DataFrame
    tasks: pd.DataFrame
    scores: pd.DataFrame
    company_goals: pd.DataFrame
    receipts: pd.DataFrame
    problems: tuple[Problem, ...]
    review_rows: int = 0
    kept_out: int = 0
