"""Quarters of the company goals that add: the departments' facts of each, measured."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet

import pandas as pd

from planbook.calendar import QUARTERS
from planbook.measures.company_goals import Claims, CompanyView, claim_rows, convert_row
from planbook.measures.progress import number_of
from planbook.measures.source import Record
from planbook.measures.totals import measure_totals, total_facts


def roll_trend(view: CompanyView, records: Sequence[Record], facts: pd.DataFrame) -> list[Record]:
    """One record per quarter of every company goal that adds, in the company goal's unit.

    A quarter counts the departments that have both figures for it; the running quarter is shown
    and not counted.
    """
    summed = {str(r["goal"]): r for r in records if r["rollup"] == "sum"}
    claims = {goal.goal: claim_rows(view, goal) for goal in view.company.goals if goal.goal in summed}
    entering = {_key(row) for mine in claims.values() for row in mine.counted if _adds(view, mine, row)}
    keys = zip(facts["file"].astype(str), facts["goal_id"].astype(str), strict=True)
    rows = facts[[key in entering for key in keys]]
    if rows.empty:
        return []
    banded = rows["direction"] != "band"
    rows = rows.assign(
        target_high=rows["target_high"].where(~(banded & rows["target_high"].isna()), rows["target"])
    )
    totals = total_facts(view.book, rows, ("company_goal", "quarter"), counted=False)
    by_key = {(t["company_goal"], t["quarter"], t["unit"]): t for t in totals.to_dict("records")}
    known = _known_quarters(rows)
    ended = set(rows.loc[rows["counted"] == "yes", "quarter"])
    found = [
        _quarter_record(
            view, goal, quarter, by_key, _count_covered(view, claims[name], known, quarter), ended
        )
        for name, goal in summed.items()
        for quarter in QUARTERS
    ]
    trend = [record for record in found if record is not None]
    if not trend:
        return []
    measured = measure_totals(
        view.book, pd.DataFrame(trend), view.settings, direction=[str(r["direction"]) for r in trend]
    )
    plain = measured.astype(object).where(measured.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]


Key = tuple[str, str]  # a goal's file and its id there


def _key(row: Record) -> Key:
    return str(row["file"]), str(row["goal_id"])


def _adds(view: CompanyView, claims: Claims, row: Record) -> bool:
    return convert_row(view.book, claims.goal, row) is not None


def _known_quarters(rows: pd.DataFrame) -> set[tuple[Key, str]]:
    """The quarters for which a goal has both figures."""
    both = rows[rows["target"].notna() & rows["actual"].notna()]
    columns = (both[name].astype(str) for name in ("file", "goal_id", "quarter"))
    return {((file, ident), quarter) for file, ident, quarter in zip(*columns, strict=True)}


def _count_covered(
    view: CompanyView, claims: Claims, known: AbstractSet[tuple[Key, str]], quarter: str
) -> int:
    """Departments that are wholly in a quarter's sum, by the rule of the goal's own coverage.

    One with a row that does not add, that lacks a figure or that could not be read is not.
    """
    unread = {row["department"] for row in claims.unread}
    return sum(
        code not in unread and all(_adds(view, claims, row) and (_key(row), quarter) in known for row in rows)
        for code, rows in claims.departments.items()
    )


def _quarter_record(
    view: CompanyView,
    goal: Record,
    quarter: str,
    totals: Mapping[tuple[object, object, object], Mapping[Hashable, object]],
    covered: int,
    ended: set[str],
) -> Record | None:
    unit = str(goal["unit"] or "")
    base = view.book.unit_table.base(unit)
    found = totals.get((goal["goal"], quarter, base.name if base else unit or None))
    if found is None or not number_of(found["known"]):
        return None
    figures = {
        key: None if found[key] != found[key] else view.convert(found[key], base.name if base else unit, unit)
        for key in ("target", "target_high", "actual")
    }
    if goal["direction"] != "band":
        figures["target_high"] = None
    return {
        "goal": goal["goal"],
        "quarter": quarter,
        "unit": unit,
        "direction": goal["direction"],
        **{key: None if value is None else round(value, 9) for key, value in figures.items()},
        "covered": covered,
        "expected": goal["expected"],
        "counted": "yes" if quarter in ended else "no",
    }
