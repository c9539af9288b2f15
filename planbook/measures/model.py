"""What a roll-up is: tidy frames of facts, goals, tasks, scores and returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from planbook.company import Company
from planbook.layout.cells import SettingValue
from planbook.measures import frames
from planbook.measures.frames import FrameSpec, make_frame
from planbook.measures.plain import Row, rows_of
from planbook.problems import Problem
from planbook.spec import Book


def _empty(spec: FrameSpec) -> Callable[[], pd.DataFrame]:
    return lambda: make_frame(spec, ())


@dataclass(frozen=True)
class RollUp:
    """The figures of a company, or of the part of it below `scope`, at `as_of`.

    Choices stand in the frames as keys of their lists' items (`rating` is ``green``), quantities
    as numbers in the row's `unit`, percentages as fractions, dates as `datetime.date`; what is
    missing is None or NaN.  Figures are float64, texts, choices and dates that repeat categories: a
    company of a million facts fits into memory.  `planbook.measures.frames` documents every column.

    ``facts``           one row per quarter of a goal; key `fact`
    ``goals``           one row per goal, year to date; key `department`, `goal_id`, `file`
    ``tasks``           one row per task of the breakdown, tracked or not; key `file`, `sheet`, `cell`
    ``scores``          one row per node of the tree, parents before children; key `code`
    ``company_goals``   one row per company goal, also one nobody took over; key `goal`
    ``receipts``        one row per department due, and per file set aside
    ``progress``        one row per goal and per initiative under it: the progress of its tasks
    ``trend``           one row per quarter of a company goal that adds; key `goal`, `quarter`
    ``appraisal``       one row per responsible position; key `department`, `position`
    ``responsibility``  one row per party to a task: R lead, A head, C cooperating, I informed
    ``risks``           one row per risk written down, in tracking or in the execution plan
    ``coherence``       one row per finding on how the plans fit together; each is a problem too

    Rows stand in the order of the company's departments and of the rows in their workbooks, so
    that the order of the files changes nothing.

    `review_rows` are the review rows read, `kept_out` those of them that are no fact because they
    are quarantined or their goal is; facts and kept-out rows must come to all of them.  `name` is
    what its cycle calls the company; ``""`` where nobody gave it one.
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
    name: str = ""
    progress: pd.DataFrame = field(default_factory=_empty(frames.PROGRESS))
    trend: pd.DataFrame = field(default_factory=_empty(frames.TREND))
    appraisal: pd.DataFrame = field(default_factory=_empty(frames.APPRAISAL))
    responsibility: pd.DataFrame = field(default_factory=_empty(frames.RESPONSIBILITY))
    risks: pd.DataFrame = field(default_factory=_empty(frames.RISKS))
    coherence: pd.DataFrame = field(default_factory=_empty(frames.COHERENCE))

    _rows: dict[str, list[Row]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def rows(self, name: str) -> Sequence[Row]:
        """The rows of the frame of that name with plain values, taken from it once; not to be changed."""
        if name not in self._rows:
            self._rows[name] = list(rows_of(self.frame(name)))
        return self._rows[name]

    def frame(self, name: str) -> pd.DataFrame:
        """The frame of that name; KeyError where there is none."""
        if name not in frames.FRAMES:
            raise KeyError(name)
        found: pd.DataFrame = getattr(self, name)
        return found
