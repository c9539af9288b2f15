"""The columns of every frame of a roll-up: what each holds, in which unit, and which are the key.

One row per column, so that frames, exports, documentation and tests take them from one place.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd


class Holds(StrEnum):
    """What a column holds."""

    TEXT = "text"
    CHOICE = "choice"  # the key of a list's item
    QUANTITY = "quantity"  # a number in the unit of the row
    FRACTION = "fraction"  # 0.8 is 80 %
    NUMBER = "number"  # a plain number or a count
    DATE = "date"


@dataclass(frozen=True, slots=True)
class FrameColumn:
    """One column: its key, what it holds, and what that means."""

    key: str
    holds: Holds
    doc: str


@dataclass(frozen=True)
class FrameSpec:
    """One frame: what a row is, the columns that tell rows apart, and all of them in order."""

    name: str
    row: str
    keys: tuple[str, ...]
    columns: tuple[FrameColumn, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The column keys in order."""
        return tuple(column.key for column in self.columns)


_T, _C, _Q, _F, _N, _D = Holds.TEXT, Holds.CHOICE, Holds.QUANTITY, Holds.FRACTION, Holds.NUMBER, Holds.DATE


def _columns(*lines: tuple[str, Holds, str]) -> tuple[FrameColumn, ...]:
    return tuple(FrameColumn(*line) for line in lines)


_DEPARTMENT = _columns(
    ("department", _T, "code of the department that owns the row"),
    ("department_name", _T, "its name"),
)
_PLACE = _columns(
    ("file", _T, "name of the file the row was read from"),
    ("sheet", _T, "title of the sheet in that file"),
    ("cell", _T, "A1 reference of the row's figure"),
)
_MEASURED = _columns(
    ("deviation", _Q, "actual less target; for a band the distance from the nearest bound"),
    ("deviation_rate", _F, "deviation over the size of the target; blank where the target is 0"),
    ("favourable", _C, "good, bad or even, by the metric's direction"),
    ("attainment", _F, "attainment by the method used"),
    ("method_used", _C, "linear, ratio or baseline: what the row's figures allowed"),
    ("rating", _C, "green, amber, red, or none without an attainment"),
)

FACTS = FrameSpec(
    "facts",
    "one quarter of one goal",
    ("fact",),
    _columns(("fact", _T, "id: the issued workbook's department and the row's id, XS-R001"))
    + _DEPARTMENT
    + _columns(
        ("goal_id", _T, "id of the goal in its workbook, G001"),
        ("goal", _T, "name of the goal"),
        ("metric", _T, "its metric, free text"),
        ("level", _C, "level of the goal: company, department or supporting"),
        ("company_goal", _T, "the company goal it serves"),
        ("quarter", _C, "q1 to q4 of the planning year"),
        ("unit", _T, "unit of the row's quantities"),
        ("direction", _C, "higher, lower or band"),
        ("aggregation", _C, "how quarters make the year: sum, last or mean"),
        ("metric_kind", _C, "number, score or done"),
        ("baseline", _Q, "last year's actual"),
        ("annual_target", _Q, "target of the year"),
        ("target", _Q, "target of the quarter; for a band its lower bound"),
        ("target_high", _Q, "upper bound of a band"),
        ("actual", _Q, "actual of the quarter"),
    )
    + _MEASURED
    + _columns(
        ("counted", _C, "yes where the quarter has ended and both figures are in"),
        ("cause", _T, "the department's reasons"),
        ("improvement", _T, "what it will do"),
        ("nil", _T, "the figures that somebody marked as not applicable: target, actual or both"),
    )
    + _PLACE
    + _columns(
        ("sha256", _T, "SHA-256 of the file"),
        ("adds_target", _Q, "what it adds to the goal's target to date"),
        ("adds_actual", _Q, "what it adds to the goal's actual to date"),
        ("company_no", _N, "number of the company goal whose sum it enters"),
        ("company_adds_target", _Q, "what it adds to that one's target, in its unit"),
        ("company_adds_actual", _Q, "what it adds to that one's actual, in its unit"),
        ("goal_no", _N, "number of the goal whose quarter it is"),
    ),
)

GOALS = FrameSpec(
    "goals",
    "one goal of a department, year to date",
    ("department", "goal_id", "file"),
    _DEPARTMENT
    + _columns(
        ("goal_id", _T, "id of the goal in its workbook"),
        ("goal", _T, "name of the goal"),
        ("metric", _T, "its metric, free text"),
        ("metric_kind", _C, "number, score or done"),
        ("level", _C, "level of the goal"),
        ("company_goal", _T, "the company goal it serves"),
        ("unit", _T, "unit of the row's quantities"),
        ("direction", _C, "higher, lower or band"),
        ("aggregation", _C, "sum, last or mean"),
        ("weight", _F, "weight typed; blank where none was"),
        ("share", _F, "weight used in the score: a blank one takes what the others leave of 100 %"),
        ("baseline", _Q, "last year's actual"),
        ("annual_target", _Q, "target of the year"),
        ("annual_target_high", _Q, "upper bound of the year's band"),
        ("coverage", _T, "quarters counted of those ended, 1/2"),
        ("quarters", _N, "quarters counted"),
        ("target", _Q, "target to date"),
        ("target_high", _Q, "upper bound to date"),
        ("actual", _Q, "actual to date"),
    )
    + _MEASURED
    + _columns(
        ("year_completion", _F, "actual to date against the annual target"),
        ("driver", _T, "the reasons of the last counted quarter that has any"),
        ("fact", _T, "the fact to look at first"),
        ("company_no", _N, "number of the company goal it took over"),
        ("company_use", _C, "counted there, shown beside the lead's, or unit: it does not add"),
        ("goal_no", _N, "its number among the goals, from 1; its facts carry it"),
    )
    + _PLACE,
)

TASKS = FrameSpec(
    "tasks",
    "one task of the breakdown, tracked or not",
    ("file", "sheet", "cell"),
    _DEPARTMENT
    + _columns(
        ("goal_id", _T, "id of the goal it serves"),
        ("goal", _T, "name of that goal"),
        ("company_goal", _T, "the company goal behind it"),
        ("initiative", _T, "the initiative it belongs to"),
        ("task_id", _T, "id of the task in its workbook, T001"),
        ("task", _T, "name of the task"),
        ("lead", _C, "the one responsible position: key of the list, or free text"),
        ("lead_name", _T, "that position in words"),
        ("support", _T, "cooperating positions"),
        ("partner", _T, "cooperating departments, as typed"),
        ("owner", _T, "the person in the tracking sheet"),
        ("weight", _F, "weight of the task"),
        ("budget", _Q, "budget in 元"),
        ("priority", _C, "priority in the execution plan"),
        ("start", _D, "planned start, the adjusted one where given"),
        ("finish", _D, "planned finish, the adjusted one where given"),
        ("days", _N, "planned days, both ends counted"),
        ("tracked", _C, "yes where the tracking sheet has a row for it"),
        ("percent", _F, "done so far"),
        ("hold", _C, "paused or cancelled"),
        ("expected", _F, "expected progress at the day of the figures"),
        ("schedule_deviation", _F, "percent less expected, in percentage points"),
        ("status", _C, "status of the task; blank where nobody gave a percentage"),
        ("stale", _C, "yes where nobody updated it in time"),
        ("updated", _D, "day of the last update"),
        ("progress", _T, "progress in words"),
        ("risk", _T, "risk in words"),
        ("action", _T, "action in words"),
    )
    + _PLACE,
)

PROGRESS = FrameSpec(
    "progress",
    "one initiative, and one goal: the progress of the tasks under it",
    ("file", "goal_id", "node", "initiative"),
    _columns(("node", _C, "goal or initiative; a goal stands before its initiatives"))
    + _DEPARTMENT
    + _columns(
        ("goal_id", _T, "id of the goal"),
        ("goal", _T, "name of the goal"),
        ("initiative", _T, "the initiative; blank on the row of a goal"),
        ("tasks", _N, "tasks under it that are not on hold"),
        ("covered", _N, "those of them with a percentage"),
        ("coverage", _T, "covered of tasks, 3/4"),
        ("weighed_by", _C, "weight, days or equal: what the tasks were weighed by"),
        ("percent", _F, "progress of the tasks that have one"),
        ("expected", _F, "expected progress of the same tasks"),
        ("schedule_deviation", _F, "percent less expected"),
        ("low", _F, "progress with the missing at 0"),
        ("high", _F, "progress with the missing at 100 %"),
        ("done", _N, "tasks done"),
        ("late", _N, "tasks overdue or behind"),
        ("held", _N, "tasks on hold, left out of all other columns"),
        ("start", _D, "first start of its tasks"),
        ("finish", _D, "last finish of its tasks"),
        ("budget", _Q, "budget of its tasks in 元"),
    )
    + _PLACE,
)

SCORES = FrameSpec(
    "scores",
    "one node of the tree, parents before children; the company's own code is blank",
    ("code",),
    _columns(
        ("code", _T, "code of the node"),
        ("name", _T, "its name; blank for the company"),
        ("node", _C, "company, division or department"),
        ("depth", _N, "levels below the top of the report"),
        ("weight", _F, "weight in its parent's score, as given"),
        ("score", _F, "weighted attainment, each goal capped"),
        ("rating", _C, "rating of the score"),
        ("low", _F, "score with what is missing at 0"),
        ("high", _F, "score with what is missing at the cap"),
        ("covered", _N, "departments with a goal read"),
        ("expected", _N, "departments due"),
        ("goals", _N, "goals read"),
        ("missed", _N, "goals rated amber or red"),
        ("tasks", _N, "tasks"),
        ("late", _N, "tasks overdue or behind"),
        ("quarantined", _N, "rows of goals, tasks and reviews kept out of the figures"),
        ("budget", _Q, "budgets of its tasks in 元"),
        ("budget_ceiling", _Q, "ceiling in 元: its own, else the sum of those below"),
        ("share", _F, "weight used in its parent's score: a blank one takes the mean of the others"),
        ("own", _F, "score of its own goals"),
        ("own_share", _F, "weight of that score beside its parts"),
        ("own_weight", _F, "what its own goals weigh together, those kept out of the figures included"),
    ),
)

COMPANY_GOALS = FrameSpec(
    "company_goals",
    "one company goal, taken over or not",
    ("goal",),
    _columns(
        ("goal", _T, "name of the company goal"),
        ("metric", _T, "its metric"),
        ("rollup", _C, "sum, weighted or ratio: how the departments' figures make the company's"),
        ("unit", _T, "unit of the row's quantities"),
        ("readable_unit", _T, "unit of the same family that reads best"),
        ("readable_factor", _N, "what a quantity of the row is multiplied with to be in that unit"),
        ("direction", _C, "higher, lower or band"),
        ("aggregation", _C, "sum, last or mean"),
        ("weight", _F, "weight among the company goals"),
        ("lead", _T, "code of the lead department"),
        ("lead_name", _T, "its name"),
        ("company_target", _Q, "the company's target of the year"),
        ("company_target_high", _Q, "upper bound of the company's band"),
        ("annual_target", _Q, "annual targets the departments took over, rolled up"),
        ("annual_target_high", _Q, "upper bounds taken over, rolled up"),
        ("baseline", _Q, "last year's actual: the departments' rolled up, else the company's"),
        ("target", _Q, "target to date, rolled up"),
        ("target_high", _Q, "upper bound to date, rolled up"),
        ("actual", _Q, "actual to date, rolled up"),
    )
    + _MEASURED
    + _columns(
        ("year_completion", _F, "actual to date against the annual targets taken over"),
        ("low", _F, "attainment with what is missing at 0"),
        ("high", _F, "attainment with what is missing at the cap"),
        ("coverage", _T, "departments with figures of those expected, 1/2"),
        ("covered", _N, "departments with figures"),
        ("expected", _N, "departments that took it over, and the lead"),
        ("quarters", _N, "quarters that all counted departments have"),
        ("departments", _T, "names of the departments whose figures count"),
        ("shown_only", _T, "names of the departments that are shown and not counted"),
        ("numerator", _T, "of a ratio: the company goal above the line"),
        ("denominator", _T, "of a ratio: the company goal below the line"),
        ("number", _N, "its place among the company's goals, from 1"),
        ("paired", _T, "of a ratio: codes of the departments whose figures count"),
        ("scale", _N, "of a ratio: what the quotient of the two sums is multiplied with"),
        ("known_weight", _N, "weight, in its bounds, of the rows that have figures"),
        ("expected_weight", _N, "the same of all that is expected: annual target, weight or department"),
    ),
)

TREND = FrameSpec(
    "trend",
    "one quarter of one company goal that adds",
    ("goal", "quarter"),
    _columns(
        ("goal", _T, "name of the company goal"),
        ("quarter", _C, "q1 to q4"),
        ("unit", _T, "unit of the row's quantities"),
        ("direction", _C, "higher, lower or band"),
        ("target", _Q, "targets of the departments that have both figures"),
        ("target_high", _Q, "upper bounds of a band"),
        ("actual", _Q, "their actuals"),
    )
    + _MEASURED
    + _columns(
        ("covered", _N, "departments with both figures of every row of theirs"),
        ("expected", _N, "departments that took the goal over, and the lead"),
        ("counted", _C, "yes where the quarter has ended"),
    ),
)

APPRAISAL = FrameSpec(
    "appraisal",
    "one responsible position of a department",
    ("department", "position"),
    _DEPARTMENT
    + _columns(
        ("position", _C, "the position: key of the list, or free text"),
        ("position_name", _T, "the position in words"),
        ("owners", _T, "the persons named in the tracking sheet"),
        ("tasks", _N, "tasks it leads that are not on hold"),
        ("done", _N, "tasks done"),
        ("due", _N, "tasks due by the day of the figures"),
        ("on_time", _N, "those of them that are done"),
        ("on_time_rate", _F, "on_time over due; blank where nothing is due"),
        ("late", _N, "tasks overdue or behind"),
        ("untracked", _N, "tasks without a percentage"),
        ("percent", _F, "progress of its tasks, weighed by planned days"),
        ("expected", _F, "expected progress of the same tasks"),
        ("goals", _N, "goals its tasks serve"),
        ("goals_known", _N, "those of them with an attainment"),
        ("attainment", _F, "their mean attainment, each capped"),
        ("rating", _C, "rating of that attainment"),
        ("supports", _N, "tasks of the department it supports"),
        ("peak", _N, "tasks it leads at the same time, at most"),
        ("peak_day", _D, "the first day of that"),
    ),
)

RESPONSIBILITY = FrameSpec(
    "responsibility",
    "one party to one task",
    ("file", "task_id", "role", "party"),
    _DEPARTMENT
    + _columns(
        ("goal_id", _T, "id of the goal"),
        ("goal", _T, "name of the goal"),
        ("initiative", _T, "the initiative"),
        ("task_id", _T, "id of the task in its workbook"),
        ("task", _T, "name of the task"),
        ("role", _C, "R the lead, A the department's head, C who cooperates, I who must know"),
        ("party", _T, "the position or department in words"),
        ("party_kind", _C, "position, department or head"),
        ("party_code", _T, "code of the department, or key of the position"),
        ("finish", _D, "planned finish of the task"),
        ("status", _C, "status of the task"),
    )
    + _PLACE,
)

RISKS = FrameSpec(
    "risks",
    "one risk somebody wrote down",
    ("file", "sheet", "cell"),
    _DEPARTMENT
    + _columns(
        ("goal_id", _T, "id of the goal"),
        ("goal", _T, "name of the goal"),
        ("task_id", _T, "id of the task"),
        ("task", _T, "name of the task"),
        ("lead_name", _T, "the responsible position"),
        ("owner", _T, "the person in the tracking sheet"),
        ("source", _C, "tracking: it is there; execution: it was foreseen"),
        ("risk", _T, "the risk in words"),
        ("response", _T, "action or contingency in words"),
        ("priority", _C, "priority in the execution plan"),
        ("status", _C, "status of the task"),
        ("percent", _F, "done so far"),
        ("schedule_deviation", _F, "percent less expected"),
        ("finish", _D, "planned finish of the task"),
        ("updated", _D, "day of the last update"),
    )
    + _PLACE,
)

COHERENCE = FrameSpec(
    "coherence",
    "one finding on how the departments' plans fit together",
    ("kind", "subject", "department", "partner"),
    _columns(
        ("kind", _C, "not_taken_over, target_gap, direction_differs, one_sided, overloaded or over_budget"),
        ("severity", _C, "severity of the problem of the same name"),
        ("subject", _T, "the company goal, tasks or position it is about"),
        ("department", _T, "code of the department"),
        ("department_name", _T, "its name"),
        ("partner", _T, "code of the other department"),
        ("partner_name", _T, "its name"),
        ("unit", _T, "unit of the two figures"),
        ("expected", _Q, "what the company's side says"),
        ("found", _Q, "what the plans say"),
        ("gap", _Q, "found less expected"),
        ("gap_rate", _F, "gap over the size of expected"),
    )
    + _PLACE,
)

RECEIPTS = FrameSpec(
    "receipts",
    "one department due, and one file set aside",
    ("department", "file"),
    _DEPARTMENT
    + _columns(
        ("receipt", _C, "accepted, partial, quarantined, superseded or missing"),
        ("file", _T, "name of the file"),
        ("modified", _T, "when it was last saved"),
        ("rows", _N, "rows read"),
        ("errors", _N, "errors found"),
        ("warnings", _N, "warnings found"),
        ("reason", _T, "why, in words"),
        ("sha256", _T, "SHA-256 of the file"),
    ),
)

FRAMES: Mapping[str, FrameSpec] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            FACTS, GOALS, TASKS, PROGRESS, SCORES, COMPANY_GOALS, TREND, APPRAISAL, RESPONSIBILITY, RISKS,
            COHERENCE, RECEIPTS,
        )
    }
)  # fmt: skip


FIGURES = (Holds.QUANTITY, Holds.FRACTION, Holds.NUMBER)


class _Figures:
    """A column of numbers; of objects once a value is none, as what somebody marked as not applicable."""

    def __init__(self) -> None:
        self.values: array[float] | list[object] = array("d")

    def append(self, value: object) -> None:
        if isinstance(self.values, array):
            if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
                self.values.append(math.nan if value is None else value)
                return
            self.values = [None if known != known else known for known in self.values]
        self.values.append(value)

    def column(self) -> pd.Series[Any]:
        if isinstance(self.values, array):
            return pd.Series(np.frombuffer(self.values), dtype=np.float64, copy=False)
        return pd.Series(self.values, dtype=object)


class _Words:
    """A column of texts, choices or days, of which a frame has many rows and few values."""

    def __init__(self) -> None:
        self.codes = array("i")
        self.known: dict[object, int] = {}

    def append(self, value: object) -> None:
        self.codes.append(-1 if value is None else self.known.setdefault(value, len(self.known)))

    def column(self) -> pd.Series[Any]:
        codes = np.frombuffer(self.codes, dtype=np.int32)
        values = pd.Index(list(self.known), dtype=object)
        if len(values) > len(codes) // 2:  # as good as every row has its own
            return pd.Series([None if code < 0 else values[code] for code in codes.tolist()], dtype=object)
        return pd.Series(pd.Categorical.from_codes(codes, categories=values), copy=False)


def make_frame(spec: FrameSpec, records: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """A frame of compact columns, one row a record, of which none is kept.

    Figures are float64 with NaN for what is missing; texts, choices and days are categories, or objects
    where hardly any value repeats.
    """
    columns = {c.key: _Figures() if c.holds in FIGURES else _Words() for c in spec.columns}
    for record in records:
        for key, column in columns.items():
            column.append(record.get(key))
    return pd.DataFrame({key: column.column() for key, column in columns.items()}, copy=False)
