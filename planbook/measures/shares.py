"""What each fact adds to the figures above it, so that every total can be checked by adding up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from planbook.company import Company
from planbook.spec import Book

Record = dict[str, object]


def attach_shares(book: Book, company: Company, goals: Sequence[Record], facts: Sequence[Record]) -> None:
    """Put into each counted fact what it adds to its goal's year to date and to its company goal.

    A summed goal takes a quarter whole, an average its part, a last value only the last quarter
    counted.  Source: DOMAIN §3, year to date and roll-up.
    """
    counted: dict[tuple[object, object], list[Record]] = defaultdict(list)
    for fact in facts:
        if fact["counted"] == "yes":
            counted[fact["file"], fact["goal_id"]].append(fact)
    for goal in goals:
        number = goal.get("company_no")
        to_company = None
        if isinstance(number, int) and goal.get("company_use") == "counted":
            above = company.goals[number - 1]
            to_company = above.unit if above.rollup == "sum" else None
        own = sorted(counted[goal["file"], goal["goal_id"]], key=lambda fact: str(fact["quarter"]))
        for position, fact in enumerate(own, 1):
            for name in ("target", "actual"):
                value = _part(goal["aggregation"], fact[name], position, len(own))
                fact[f"adds_{name}"] = value
                if to_company is not None and value is not None:
                    unit = str(goal["unit"] or to_company)
                    fact["company_no"] = number
                    fact[f"company_adds_{name}"] = book.unit_table.convert(value, unit, to_company)


def _part(aggregation: object, value: object, position: int, count: int) -> float | None:
    if not isinstance(value, int | float):
        return None
    if aggregation == "mean":
        return value / count
    return float(value) if aggregation != "last" or position == count else None
