"""Progress from the tasks upwards: task → initiative → goal, by task weight, else by planned days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from planbook.measures.source import Record

LATE = ("overdue", "behind")  # the worse one first
DONE = "done"


def is_held(task: Mapping[str, object]) -> bool:
    """Whether a task is paused or cancelled, and so left out of roll-ups."""
    return bool(task.get("hold"))


def number_of(value: object) -> float | None:
    """A number, or None where the value is none (nil and text are none, and so are flags)."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def roll_progress(tasks: Sequence[Record], goals: Sequence[Record]) -> Iterator[Record]:
    """One record per goal that has tasks, each followed by its initiatives.

    The tasks of a goal are weighed by their weights where all of them have one, else by their
    planned days, else equally, so that two measures are never mixed under one goal.
    Source: DOMAIN §3, Roll-up.
    """
    places = {(goal["file"], goal["goal_id"]): goal for goal in goals}
    for (file, ident), mine in _group(tasks, "file", "goal_id").items():
        if ident is None:
            continue
        goal = places.get((file, ident), {})
        basis, weights = weigh_tasks(mine)
        shared = {key: mine[0].get(key) for key in ("department", "department_name", "goal")}
        shared |= {key: goal[key] for key in shared if goal.get(key) is not None}
        shared |= {"file": file, "goal_id": ident, "weighed_by": basis}
        goal_place = {key: goal.get(key, mine[0].get(key)) for key in ("sheet", "cell")}
        yield {**shared, **goal_place, "node": "goal", **_progress(mine, weights)}
        for (initiative,), part in _group(mine, "initiative").items():
            place = {key: part[0].get(key) for key in ("sheet", "cell")}
            values = {"node": "initiative", "initiative": initiative, **_progress(part, weights)}
            yield {**shared, **place, **values}


def _group(rows: Iterable[Record], *keys: str) -> dict[tuple[object, ...], list[Record]]:
    groups: dict[tuple[object, ...], list[Record]] = {}
    for row in rows:
        groups.setdefault(tuple(row.get(key) for key in keys), []).append(row)
    return groups


def weigh_tasks(tasks: Sequence[Record]) -> tuple[str, dict[int, float]]:
    """What the tasks are weighed by, and each one's weight by its identity; those on hold have none."""
    active = [task for task in tasks if not is_held(task)]
    for basis, key in (("weight", "weight"), ("days", "days")):
        given = {id(task): number_of(task.get(key)) for task in active}
        known = {ident: value for ident, value in given.items() if value is not None}
        if len(known) == len(active) and sum(known.values()) > 0:
            return basis, known
    return "equal", {id(task): 1.0 for task in active}


def _progress(tasks: Sequence[Record], weights: Mapping[int, float]) -> Record:
    """The weighted progress of tasks with its bounds; what is on hold is only counted."""
    active = [task for task in tasks if not is_held(task)]
    known = [task for task in active if number_of(task.get("percent")) is not None]
    total = sum(weights[id(task)] for task in active)
    percent = _mean(known, "percent", weights)
    share = sum(weights[id(task)] for task in known) / total if total else 0.0
    expected = _mean(known, "expected", weights)
    starts = [day for task in active if isinstance(day := task.get("start"), date)]
    finishes = [day for task in active if isinstance(day := task.get("finish"), date)]
    budgets = [amount for task in active if (amount := number_of(task.get("budget"))) is not None]
    return {
        "tasks": len(active),
        "covered": len(known),
        "coverage": f"{len(known)}/{len(active)}",
        "percent": percent,
        "expected": expected,
        "schedule_deviation": None if percent is None or expected is None else round(percent - expected, 9),
        "low": None if not total else (percent or 0.0) * share,
        "high": None if not total else (percent or 0.0) * share + 1.0 - share,
        "done": sum(task.get("status") == DONE for task in active),
        "late": sum(task.get("status") in LATE for task in active),
        "held": len(tasks) - len(active),
        "start": min(starts, default=None),
        "finish": max(finishes, default=None),
        "budget": sum(budgets) if budgets else None,
    }


def _mean(tasks: Sequence[Record], key: str, weights: Mapping[int, float]) -> float | None:
    """The weighted mean of a figure over the tasks that have it."""
    pairs = [(weights[id(t)], value) for t in tasks if (value := number_of(t.get(key))) is not None]
    total = sum(weight for weight, _ in pairs)
    return sum(weight * value for weight, value in pairs) / total if total else None
