"""The rows of every table of a report, with what they add to the figures above them.

Workbook and HTML take them from here, so that no two of them can tell different stories.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from planbook.measures.contributions import contribution_rows
from planbook.measures.plain import Row, rows_of
from planbook.measures.progress import LATE
from planbook.measures.scores import cap_of, impact
from planbook.reports.figures import goal_rows, node_rows, problem_rows

if TYPE_CHECKING:
    from planbook.measures import RollUp


def report_rows(roll_up: RollUp, lang: str) -> dict[str, list[Row]]:
    """The rows of every sheet but the facts, by the sheet's key."""
    nodes = _scored_nodes(node_rows(roll_up, lang))
    goals = _scored_goals(roll_up, goal_rows(roll_up), nodes)
    return {
        "company_goals": rows_of(roll_up.company_goals),
        "parts": contribution_rows(roll_up, goals),
        "scores": nodes,
        "variance": goals,
        "trend": rows_of(roll_up.trend),
        "tasks": rows_of(roll_up.tasks),
        "progress": rows_of(roll_up.progress),
        "risks": sorted(rows_of(roll_up.risks), key=_urgency),
        "matrix": matrix_rows(roll_up),
        "appraisal": rows_of(roll_up.appraisal),
        "coherence": rows_of(roll_up.coherence),
        "receipts": rows_of(roll_up.receipts),
        "quality": problem_rows(roll_up, lang),
    }


def _urgency(row: Row) -> tuple[int, float]:
    place = LATE.index(row["status"]) if row["status"] in LATE else len(LATE)
    return place, row["schedule_deviation"] or 0.0


# -- responsibility ----------------------------------------------------------------------------


def matrix_rows(roll_up: RollUp) -> list[Row]:
    """One row per task: its positions in words, and under `roles` the letters by department's code."""
    found: dict[tuple[object, ...], Row] = {}
    for party in rows_of(roll_up.responsibility):
        key = (party["file"], party["department"], party["task_id"])
        row = found.setdefault(
            key, {**party, "lead": None, "head": None, "support": None, "roles": {party["department"]: "R"}}
        )
        name, role = party["party"], str(party["role"])
        if party["party_kind"] == "department":
            row["roles"].setdefault(str(party["party_code"] or name), role)
        elif role == "R":
            row["lead"] = name
        elif role == "A":
            row["head"] = name
        else:
            row["support"] = "、".join(filter(None, (row["support"], name)))
    return list(found.values())


def matrix_departments(rows: Sequence[Row], order: Sequence[str], most: int) -> list[str]:
    """The departments that take part, in the company's order; with too many those that do so most often."""
    taken = Counter(code for row in rows for code in row["roles"])
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


def _scored_goals(roll_up: RollUp, rows: Sequence[Row], nodes: Sequence[Row]) -> list[Row]:
    numbers = {row["code"]: row["number"] for row in nodes}
    cap = cap_of(roll_up.book, roll_up.settings)
    found = []
    for row in rows:
        scored = row["share"] is not None and row["attainment"] is not None
        capped = min(row["attainment"], cap) if scored else None
        points = row["share"] * capped if scored else None
        more = {"node_no": numbers.get(row["department"]), "impact": impact(row)}
        found.append({**row, **more, "capped": capped, "points": points})
    return found


# -- places --------------------------------------------------------------------------------------


def positions_of(roll_up: RollUp) -> dict[str, int]:
    """Where the facts stand that goals lead to, by their id."""
    ids = roll_up.facts["fact"]
    places = ids.isin(set(roll_up.goals["fact"].dropna())).to_numpy().nonzero()[0].tolist()
    return dict(zip(map(str, ids.iloc[places].tolist()), places, strict=True))
