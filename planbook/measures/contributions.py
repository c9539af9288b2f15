"""What each department's goal adds to the company goal it took over: its part of a sum, mean or ratio.

Workbook, page and explanation take them from here, so that no two of them can tell different
stories.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from planbook.measures.plain import Row, Rows, rows_of
from planbook.weights import fill_weights

if TYPE_CHECKING:
    from planbook.measures.model import RollUp
    from planbook.spec import Book

Added = dict[str, Any]  # what a contribution has beside the columns of its goal
ADDED = {"target": "target", "actual": "actual", "annual": "annual_target"}  # `adds_…`, and of which figure
# The figures of a contribution, and its words.
AMOUNTS = ("adds_target", "adds_actual", "adds_deviation", "adds_annual", "used", "points", "side")
WORDS = ("company_goal", "company_no", "company_use", "company_unit")


def convert_amount(book: Book, value: float, unit: object, wanted: str) -> float | None:
    """A quantity in another unit of its family, a blank unit meaning that one; None across families."""
    return book.unit_table.convert(value, str(unit or wanted), wanted)


def contribution_rows(roll_up: RollUp, goals: Rows) -> Rows:
    """The `goals` that took over a company goal, by company goal; what counts adds up to its figures.

    Each is the goal's row with what it adds in the `company_unit` (of a ratio on `side` 1, above
    the line, or 2), or with the weight `used` in a mean.
    """
    places = array("q")
    words: dict[str, list[Any]] = {key: [] for key in WORDS}
    amounts = {key: array("d") for key in AMOUNTS}
    for above in rows_of(roll_up.company_goals):
        for place, added in _contributions(roll_up, above, goals):
            places.append(place)
            added |= {"company_goal": above["goal"], "company_no": above["number"]}
            for key in WORDS:
                words[key].append(added.get(key))
            for key in AMOUNTS:
                value = added.get(key)
                amounts[key].append(math.nan if value is None else value)
    return goals.take(places).having(
        **words, **{key: np.frombuffer(values) for key, values in amounts.items()}
    )


def _contributions(roll_up: RollUp, above: Row, goals: Rows) -> Iterator[tuple[int, Added]]:
    """The places of the goals under a company goal, and what each adds; what counts comes first."""
    places = np.flatnonzero(goals.numbers("company_no") == above["number"])
    shown = np.array([use != "counted" for use in goals.take(places).column("company_use")], dtype=bool)
    places = places[np.argsort(shown, kind="stable")]
    own = goals.take(places)
    if above["rollup"] == "ratio":
        yield from _divided(roll_up, above, goals)
        yield from ((place, {"company_use": "shown"}) for place in places.tolist())
    else:
        added = _summed(roll_up.book, above, own) if above["rollup"] == "sum" else _weighted(own)
        yield from zip(places.tolist(), added, strict=True)


def _summed(book: Book, above: Row, goals: Rows) -> Iterator[Added]:
    for goal in goals:
        part: Added = {"company_unit": above["unit"], "company_use": goal["company_use"]}
        if goal["company_use"] == "counted":
            part |= _added(book, goal, above["unit"])
            if part["adds_target"] is not None and part["adds_actual"] is not None:
                part["adds_deviation"] = round(part["adds_actual"] - part["adds_target"], 9)
        yield part


def _added(book: Book, goal: Row, unit: str | None) -> Added:
    """What a goal adds, in the unit of what it is added to."""
    return {
        f"adds_{name}": value
        if value is None or unit is None
        else convert_amount(book, value, goal["unit"], unit)
        for name, key in ADDED.items()
        for value in [goal[key]]
    }


def _divided(roll_up: RollUp, above: Row, goals: Rows) -> Iterator[tuple[int, Added]]:
    """What stands above and below the line of a ratio: the goals of the departments that count in it."""
    paired = set(str(above["paired"] or "").split("、"))
    units = {goal.goal: goal.unit for goal in roll_up.company.goals}
    for side, name in enumerate((above["numerator"], above["denominator"]), 1):
        unit = units.get(str(name))
        for place, goal in enumerate(goals):
            if goal["company_goal"] != name or goal["department"] not in paired:
                continue
            if goal["company_use"] == "counted":
                more = {"side": float(side), "company_unit": unit, "company_use": "counted"}
                yield place, {**_added(roll_up.book, goal, unit), **more}


def _weighted(goals: Rows) -> Iterator[Added]:
    counted = goals.where(lambda goal: goal["company_use"] == "counted" and goal["attainment"] is not None)
    used = iter(fill_weights(counted.column("weight")))
    for goal in goals:
        part: Added = {"company_use": goal["company_use"]}
        if goal["company_use"] == "counted" and goal["attainment"] is not None:
            share = next(used)
            part |= {"used": share, "points": share * goal["attainment"]}
        yield part
