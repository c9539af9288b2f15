"""The bounds of a score or of progress, worked out: what is missing at nothing, and at the most."""

from __future__ import annotations

from collections.abc import Iterable

from planbook.calc import evaluate_text
from planbook.explain.plans import tasks_of
from planbook.explain.teller import Row, Teller, is_number, mean_of
from planbook.measures.scores import cap_of
from planbook.problems import CalcError

CLOSE = 1e-6


def work_out_bound(teller: Teller, frame: str, row: Row, column: str) -> str:
    """The arithmetic of a bound; ``""`` where the rows at hand do not make it (some were kept out)."""
    pairs = _of_score(teller, row, column) if frame == "scores" else _of_progress(teller, row, column)
    worked = mean_of((weight, value) for weight, value in pairs if is_number(weight) and is_number(value))
    try:
        value = evaluate_text(worked.replace("×", "*")) if worked else None
    except CalcError:
        return ""
    near = is_number(value) and is_number(row[column]) and abs(float(str(value)) - row[column]) <= CLOSE
    return worked if near else ""


def _of_score(teller: Teller, row: Row, column: str) -> Iterable[tuple[object, object]]:
    """Of a node with parts their own bounds, of a department its goals, missing ones at 0 or the cap."""
    code, cap = str(row["code"] or ""), cap_of(teller.book, teller.settings)
    inside = {child.code for child in teller.figures.company.children(code)}
    if inside:
        return [(each["share"], each[column]) for each in teller.rows("scores") if each["code"] in inside]
    missing = cap if column == "high" else 0.0
    return [
        (goal["share"], min(goal["attainment"], cap) if is_number(goal["attainment"]) else missing)
        for goal in teller.rows("goals")
        if goal["department"] == code and goal["level"] == "department"
    ]


def _of_progress(teller: Teller, row: Row, column: str) -> Iterable[tuple[object, object]]:
    """The tasks that are not on hold, without a percentage at 0 or at all of it."""
    missing = 1.0 if column == "high" else 0.0
    return [
        (
            1.0 if row["weighed_by"] == "equal" else task[str(row["weighed_by"])],
            task["percent"] if is_number(task["percent"]) else missing,
        )
        for task in tasks_of(teller, row)
        if not task["hold"]
    ]
