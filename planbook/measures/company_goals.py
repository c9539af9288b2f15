"""Company goals: what the departments that took them over add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from planbook.calc import evaluate_measures
from planbook.company import Company, CompanyGoal
from planbook.layout.cells import CellValue, SettingValue
from planbook.measures.scores import Score, combine_scores, rate
from planbook.problems import Code, Location, Problem
from planbook.spec import Book

Record = dict[str, object]


def roll_company_goals(
    book: Book,
    company: Company,
    goals: Sequence[Record],
    settings: Mapping[str, SettingValue],
    inside: Set[str],
) -> tuple[list[Record], list[Problem]]:
    """One record per company goal that a department in sight has taken over.

    What a cooperating department reports is shown in its own rows and not counted again: the
    lead's figures count (DOMAIN §3, Roll-up).

    `inside` are the codes of the departments in sight.
    """
    records: list[Record] = []
    problems: list[Problem] = []
    for number, goal in enumerate(company.goals, 1):
        claimed = [g for g in goals if g["company_goal"] == goal.goal]
        cooperating = goal.cooperating if goal.lead else ()  # without a lead all of them count
        helping = {d.code for code in cooperating for d in company.below(code)}
        lead = {d.code for d in company.below(goal.lead)} if goal.lead else set()
        counted = [g for g in claimed if g["department"] not in helping - lead]
        # a reader whose scope leaves the lead out is not told its name
        if len(counted) < len(claimed) and goal.lead in inside:
            names = "、".join(dict.fromkeys(str(g["department_name"]) for g in claimed))
            owner = company.find(goal.lead)
            problems.append(
                Problem(Code.SHARED_GOAL, Location(), names, owner.name if owner else "", subject=goal.goal)
            )
        for row in claimed:
            row["company_no"] = number
            row["company_use"] = "counted" if row in counted else "shown"
        if counted:
            records.append({**_roll_goal(book, goal, counted, problems), "number": number})
    _measure(book, records, settings)
    return records, problems


def _roll_goal(book: Book, goal: CompanyGoal, rows: Sequence[Record], problems: list[Problem]) -> Record:
    record: Record = {
        "goal": goal.goal,
        "metric": goal.metric,
        "rollup": "sum" if goal.rollup == "sum" else "weighted",
        "unit": goal.unit,
        "direction": goal.direction,
        "company_target": goal.target,
        "departments": "、".join(dict.fromkeys(str(row["department_name"]) for row in rows)),
    }
    known = [row for row in rows if isinstance(row["attainment"], int | float)]
    if goal.rollup == "sum":
        sums, left_out = _sum_rows(book, goal, rows)
        record |= sums
        known = [row for row in known if row not in left_out]
        for row in left_out:
            row["company_use"] = "unit"
            place = Location(str(row["file"]), str(row["sheet"]), str(row["cell"]))
            problems.append(Problem(Code.UNIT_MISMATCH, place, str(row["unit"]), goal.unit, goal.goal))
    elif known:
        weights = [row["weight"] if isinstance(row["weight"], int | float) else None for row in known]
        parts = [
            (weight, Score(float(str(row["attainment"])), 0.0, 0.0))
            for weight, row in zip(weights, known, strict=True)
        ]
        record["attainment"] = combine_scores(parts, 1.2).value
    record["coverage"] = f"{len(known)}/{len(rows)}"
    return record


def _sum_rows(book: Book, goal: CompanyGoal, rows: Sequence[Record]) -> tuple[Record, list[Record]]:
    """Targets and actuals added in the company goal's unit, and the rows whose unit does not convert."""
    totals: dict[str, float] = {}
    left_out: list[Record] = []
    for row in rows:
        unit = str(row["unit"] or goal.unit)
        for key in ("annual_target", "target", "actual"):
            value = row[key]
            if not isinstance(value, int | float):
                continue
            converted = book.unit_table.convert(float(value), unit, goal.unit)
            if converted is None:
                left_out += [] if row in left_out else [row]
            else:
                totals[key] = totals.get(key, 0.0) + converted
    return {key: round(value, 9) for key, value in totals.items()}, left_out


def _measure(book: Book, records: Sequence[Record], settings: Mapping[str, SettingValue]) -> None:
    """Evaluate the spec's measures on the totals; weighted goals keep the attainment they have."""
    sums = [record for record in records if record["rollup"] == "sum"]
    names = ("actual", "target", "direction", "annual_target")
    columns: dict[str, list[CellValue]] = {name: [_cell(r.get(name)) for r in sums] for name in names}
    columns |= {name: [""] * len(sums) for name in ("target_high", "baseline", "metric_kind", "aggregation")}
    columns |= {"quarters": [0.0] * len(sums), "filled": ["x"] * len(sums)}
    measures = ["deviation", "deviation_rate", "favourable", "baseline_target", "method_used", "attainment"]
    if sums:
        computed = evaluate_measures(book, measures, columns, settings)
        for number, record in enumerate(sums):
            for name in ("deviation", "deviation_rate", "favourable", "attainment"):
                value = computed[name][number]
                record[name] = None if value == "" else value
    for record, rating in zip(
        records, rate(book, [r.get("attainment") for r in records], settings), strict=True
    ):
        record["rating"] = rating


def _cell(value: object) -> CellValue:
    return value if isinstance(value, str | int | float) else None
