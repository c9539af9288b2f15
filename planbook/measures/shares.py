"""What each figure adds to those above it, so that every total can be checked by adding up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from planbook.measures.company_goals import CompanyView, claim_rows, convert_row
from planbook.measures.progress import number_of
from planbook.measures.source import Record
from planbook.weights import fill_weights


def share_facts(view: CompanyView, company_goals: Sequence[Record], facts: Sequence[Record]) -> None:
    """Put into each counted fact what it adds to its goal's year to date and to its company goal.

    A summed goal takes a quarter whole, an average its part, a last value only the last quarter
    counted.  Goals say which company goal they took over and whether they count there; a number
    leads from each fact to its goal.  Source: DOMAIN §3, year to date and roll-up.
    """
    units = _claim(view, company_goals)
    numbers: dict[tuple[object, object], int] = {}
    for number, goal in enumerate(view.goals, 1):
        goal["goal_no"] = numbers[goal["file"], goal["goal_id"]] = number
    counted: dict[tuple[object, object], list[Record]] = defaultdict(list)
    for fact in facts:
        fact["goal_no"] = numbers.get((fact["file"], fact["goal_id"]))
        if fact["counted"] == "yes":
            counted[fact["file"], fact["goal_id"]].append(fact)
    for goal in view.goals:
        unit = units.get(goal.get("company_no")) if goal.get("company_use") == "counted" else None
        own = sorted(counted[goal["file"], goal["goal_id"]], key=lambda fact: str(fact["quarter"]))
        for position, fact in enumerate(own, 1):
            for name in ("target", "actual"):
                value = _part(goal["aggregation"], fact[name], position, len(own))
                fact[f"adds_{name}"] = value
                if unit is not None and value is not None:
                    fact["company_no"] = goal["company_no"]
                    fact[f"company_adds_{name}"] = view.convert(value, goal["unit"], unit)


def _claim(view: CompanyView, company_goals: Sequence[Record]) -> dict[object, str]:
    """Number the company goals and mark the rows that took them over; the units of those that add."""
    records = {record["goal"]: record for record in company_goals}
    units: dict[object, str] = {}
    for number, goal in enumerate(view.company.goals, 1):
        record = records.get(goal.goal)
        if record is None:
            continue
        record["number"] = number
        adds = record["rollup"] == "sum"
        claims = claim_rows(view, goal)
        for row in (*claims.counted, *claims.shown):
            row["company_no"] = number
            fits = not adds or convert_row(view.book, goal, row) is not None
            row["company_use"] = "shown" if row in claims.shown else "counted" if fits else "unit"
        if adds:
            units[number] = goal.unit
    return units


def _part(aggregation: object, value: object, position: int, count: int) -> float | None:
    number = number_of(value)
    if number is None:
        return None
    if aggregation == "mean":
        return number / count
    return number if aggregation != "last" or position == count else None


def share_nodes(view: CompanyView, scores: Sequence[Record]) -> None:
    """Put into each node the weight it has in the score above it, and the score of its own goals."""
    if "weight" not in view.book.sheet("goals").by_key:
        return
    goals: dict[object, list[tuple[float, float]]] = defaultdict(list)
    for goal in view.goals:
        share, attainment = number_of(goal.get("share")), number_of(goal["attainment"])
        if share is not None and attainment is not None:
            goals[goal["department"]].append((share, min(attainment, view.cap)))
    records = {record["code"]: record for record in scores}
    for code, record in records.items():
        children = view.company.children(str(code))
        known = sum(share for share, _ in goals[code])
        filled = fill_weights([child.weight for child in children] + ([None] if known > 0 else []))
        total = sum(filled)
        for child, share in zip(children, filled, strict=False):
            if child.code in records and total > 0:
                records[child.code]["share"] = share / total
        if known > 0:
            record["own"] = sum(share * capped for share, capped in goals[code]) / known
            record["own_share"] = filled[-1] / total if children and total > 0 else None
