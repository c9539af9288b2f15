"""What each department's goal adds to the company goal it took over: its part of a sum, mean or ratio.

Workbook, page and explanation take them from here, so that no two of them can tell different
stories.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from planbook.measures.plain import Row
from planbook.weights import fill_weights

if TYPE_CHECKING:
    from planbook.measures.model import RollUp
    from planbook.spec import Book

ADDED = {"target": "target", "actual": "actual", "annual": "annual_target"}  # `adds_…`, and of which figure
_BLANK: Row = dict.fromkeys(
    (*(f"adds_{name}" for name in ADDED), "adds_deviation", "used", "points", "side", "company_unit")
)


def convert_amount(book: Book, value: float, unit: object, wanted: str) -> float | None:
    """A quantity in another unit of its family, a blank unit meaning that one; None across families."""
    return book.unit_table.convert(value, str(unit or wanted), wanted)


def contribution_rows(roll_up: RollUp, goals: Sequence[Row]) -> list[Row]:
    """The `goals` that took over a company goal, by company goal; what counts adds up to its figures.

    Each is the goal's row with what it adds in the `company_unit` (of a ratio on `side` 1, above
    the line, or 2), or with the weight `used` in a mean.
    """
    found: list[Row] = []
    for above in roll_up.rows("company_goals"):
        own = [goal for goal in goals if goal["company_no"] == above["number"]]
        own.sort(key=lambda goal: goal["company_use"] != "counted")
        if above["rollup"] == "ratio":
            found += _divided(roll_up, above, goals)
            found += [{**_part(above, goal), "company_use": "shown"} for goal in own]
        else:
            found += _summed(roll_up.book, above, own) if above["rollup"] == "sum" else _weighted(above, own)
    return found


def _part(above: Row, goal: Row) -> Row:
    return {**goal, **_BLANK, "company_goal": above["goal"], "company_no": above["number"]}


def _summed(book: Book, above: Row, goals: Sequence[Row]) -> list[Row]:
    found = []
    for goal in goals:
        part = _part(above, goal)
        part["company_unit"] = above["unit"]
        if goal["company_use"] == "counted":
            part |= _added(book, goal, above["unit"])
            if part["adds_target"] is not None and part["adds_actual"] is not None:
                part["adds_deviation"] = round(part["adds_actual"] - part["adds_target"], 9)
        found.append(part)
    return found


def _added(book: Book, goal: Row, unit: str | None) -> dict[str, Any]:
    """What a goal adds, in the unit of what it is added to."""
    return {
        f"adds_{name}": value
        if value is None or unit is None
        else convert_amount(book, value, goal["unit"], unit)
        for name, key in ADDED.items()
        for value in [goal[key]]
    }


def _divided(roll_up: RollUp, above: Row, goals: Sequence[Row]) -> list[Row]:
    """What stands above and below the line of a ratio: the goals of the departments that count in it."""
    paired = set(str(above["paired"] or "").split("、"))
    units = {goal.goal: goal.unit for goal in roll_up.company.goals}
    found = []
    for side, name in enumerate((above["numerator"], above["denominator"]), 1):
        unit = units.get(str(name))
        for goal in goals:
            if goal["company_goal"] != name or goal["department"] not in paired:
                continue
            if goal["company_use"] == "counted":
                more = {"side": float(side), "company_unit": unit}
                found.append({**_part(above, goal), **_added(roll_up.book, goal, unit), **more})
    return found


def _weighted(above: Row, goals: Sequence[Row]) -> list[Row]:
    counted = [goal for goal in goals if goal["company_use"] == "counted" and goal["attainment"] is not None]
    used = iter(fill_weights([goal["weight"] for goal in counted]))
    found = []
    for goal in goals:
        part = _part(above, goal)
        if goal["company_use"] == "counted" and goal["attainment"] is not None:
            part["used"] = next(used)
            part["points"] = part["used"] * goal["attainment"]
        found.append(part)
    return found
