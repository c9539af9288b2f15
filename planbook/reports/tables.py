"""The rows of every table of a report, with what they add to the figures above them.

Workbook and HTML take them from here, so that no two of them can tell different stories.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from planbook.measures.contributions import contribution_rows
from planbook.measures.plain import Row, Rows, floats, rows_of
from planbook.measures.progress import LATE
from planbook.measures.scores import cap_of, impact
from planbook.reports.figures import goal_rows, node_rows, problem_rows

if TYPE_CHECKING:
    from planbook.measures import RollUp

POSITIONS = ("lead", "head", "support")


def report_rows(roll_up: RollUp, lang: str) -> dict[str, Rows]:
    """The rows of every sheet but the facts, by the sheet's key."""
    nodes = Rows.of(_scored_nodes(node_rows(roll_up, lang)))
    goals = _scored_goals(roll_up, goal_rows(roll_up), nodes)
    return {
        "company_goals": rows_of(roll_up.company_goals),
        "parts": contribution_rows(roll_up, goals),
        "scores": nodes,
        "variance": goals,
        "trend": rows_of(roll_up.trend),
        "tasks": rows_of(roll_up.tasks),
        "progress": rows_of(roll_up.progress),
        "risks": rows_of(roll_up.risks).ordered(_urgency),
        "matrix": matrix_rows(roll_up),
        "appraisal": rows_of(roll_up.appraisal),
        "coherence": rows_of(roll_up.coherence),
        "receipts": rows_of(roll_up.receipts),
        "quality": Rows.of(problem_rows(roll_up, lang)),
    }


def _urgency(row: Row) -> tuple[int, float]:
    place = LATE.index(row["status"]) if row["status"] in LATE else len(LATE)
    return place, row["schedule_deviation"] or 0.0


# -- responsibility ----------------------------------------------------------------------------


def matrix_rows(roll_up: RollUp) -> Rows:
    """One row per task: its positions in words, and under `roles` the letters by department's code.

    The parties to a task stand together.
    """
    parties = rows_of(roll_up.responsibility)
    places = array("q")
    columns: dict[str, list[Any]] = {key: [] for key in POSITIONS}
    kept: dict[object, dict[str, str]] = {}
    letters = []
    for _, group in groupby(enumerate(parties), key=_task_of):
        mine = list(group)
        places.append(mine[0][0])
        found, roles = _positions([party for _, party in mine])
        for key, values in columns.items():
            values.append(found[key])
        letters.append(kept.setdefault(tuple(roles.items()), roles))  # most tasks have the same
    return parties.take(places).having(**columns, roles=letters)


def _task_of(placed: tuple[int, Row]) -> tuple[object, ...]:
    return tuple(placed[1][key] for key in ("file", "department", "task_id"))


def _positions(parties: Sequence[Row]) -> tuple[dict[str, Any], dict[str, str]]:
    """Who has which part in one task: positions in words, and departments with their letters."""
    roles: dict[str, str] = {parties[0]["department"]: "R"}
    named: dict[str, Any] = dict.fromkeys(POSITIONS)
    for party in parties:
        name, role = party["party"], str(party["role"])
        if party["party_kind"] == "department":
            roles.setdefault(str(party["party_code"] or name), role)
        elif role in ("R", "A"):
            named["lead" if role == "R" else "head"] = name
        else:
            named["support"] = "、".join(filter(None, (named["support"], name)))
    return named, roles


def matrix_departments(rows: Rows, order: Sequence[str], most: int) -> list[str]:
    """The departments that take part, in the company's order; with too many those that do so most often."""
    taken = Counter(code for roles in rows.column("roles") for code in roles)
    kept = {code for code, _ in sorted(taken.items(), key=lambda item: (-item[1], item[0]))[:most]}
    known = [code for code in order if code in kept]
    return known + sorted(kept - set(known))


# -- scores ------------------------------------------------------------------------------------


def _scored_nodes(rows: Sequence[Row]) -> list[Row]:
    """The tree with numbers for identity: a name may repeat, and may look like a condition."""
    found: list[Row] = []
    path: list[int] = []
    for number, row in enumerate(rows, 1):
        depth = int(row["depth"] or 0)
        path = [*path[:depth], number]
        parent = path[-2] if len(path) > 1 else None
        known = row["share"] if row["score"] is not None else None
        points = known * row["score"] if known is not None else None
        found.append({**row, "number": float(number), "parent": parent, "known": known, "points": points})
    return found


def _scored_goals(roll_up: RollUp, goals: Rows, nodes: Rows) -> Rows:
    numbers = dict(zip(nodes.column("code"), nodes.column("number"), strict=True))
    share = goals.numbers("share")
    capped = np.where(
        np.isnan(share),
        math.nan,
        np.minimum(goals.numbers("attainment"), cap_of(roll_up.book, roll_up.settings)),
    )
    return goals.having(
        node_no=floats(map(numbers.get, goals.column("department"))),
        impact=floats(map(impact, goals)),
        capped=capped,
        points=share * capped,
    )


# -- places --------------------------------------------------------------------------------------


def positions_of(roll_up: RollUp) -> dict[str, int]:
    """Where the facts stand that goals lead to, by their id."""
    ids = roll_up.facts["fact"]
    places = ids.isin(set(roll_up.goals["fact"].dropna())).to_numpy().nonzero()[0].tolist()
    return dict(zip(map(str, ids.iloc[places].tolist()), places, strict=True))
