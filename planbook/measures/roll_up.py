"""Roll the workbooks up: facts, goals and tasks of every department, scores of every node of the tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from planbook.calc import evaluate_measures
from planbook.checks import Reviewed
from planbook.company import Company, CompanyGoal
from planbook.layout.cells import CellValue, SettingValue
from planbook.measures.collect import Collection, Receipt
from planbook.measures.model import (
    COMPANY_GOAL_COLUMNS,
    FACT_COLUMNS,
    GOAL_COLUMNS,
    RECEIPT_COLUMNS,
    SCORE_COLUMNS,
    TASK_COLUMNS,
    RollUp,
)
from planbook.plan import PlanRow, Value
from planbook.problems import Code, Location, Problem, rank_problems
from planbook.spec import Book

Record = dict[str, object]
QUARTERS = ("q1", "q2", "q3", "q4")
LATE = ("behind", "overdue")
MISSED = ("amber", "red")


def roll_up(
    collection: Collection,
    book: Book,
    *,
    year: int,
    start_month: int = 1,
    as_of: date,
    settings: Mapping[str, SettingValue],
    scope: str = "",
    lang: str = "zh",
) -> RollUp:
    """The figures of the company, or of the departments at or below `scope` and nothing else.

    `settings` are the cycle's thresholds; `lang` is the language of the reasons in `receipts`.
    """
    company = collection.company
    inside = {department.code for department in company.below(scope)}
    accepted = [r for r in collection.accepted if r.submission.issue]
    facts = [record for r in accepted for record in _facts(r, company) if record["department"] in inside]
    goals = [record for r in accepted for record in _goals(r, company) if record["department"] in inside]
    tasks = [record for r in accepted for record in _tasks(r, company) if record["department"] in inside]
    _attach_drivers(goals, facts)
    receipts = [r for r in collection.receipts if r.department in inside or (not scope and not r.department)]
    problems = list(_in_scope(collection, receipts, scope, accepted, inside))
    company_goals, shared = _company_goals(book, company, goals, settings)
    problems += shared
    scores = _scores(book, company, scope, goals, tasks, settings)
    return RollUp(
        book,
        company,
        year,
        start_month,
        as_of,
        settings,
        scope,
        _frame(facts, FACT_COLUMNS),
        _frame(goals, GOAL_COLUMNS),
        _frame(tasks, TASK_COLUMNS),
        _frame(scores, SCORE_COLUMNS),
        _frame(company_goals, COMPANY_GOAL_COLUMNS),
        _frame([_receipt_record(r, company, lang) for r in receipts], RECEIPT_COLUMNS),
        rank_problems(problems),
    )


def _frame(records: Sequence[Record], columns: Sequence[str]) -> pd.DataFrame:
    """A frame of object columns: what is missing stays None, whole numbers stay numbers."""
    return pd.DataFrame([[r.get(c) for c in columns] for r in records], columns=list(columns), dtype=object)


def _in_scope(
    collection: Collection,
    receipts: Sequence[Receipt],
    scope: str,
    accepted: Sequence[Reviewed],
    inside: set[str],
) -> Iterator[Problem]:
    """Problems a reader of this scope may see: of files that are wholly inside it."""
    if not scope:
        yield from collection.problems
        return
    files = {
        r.submission.file
        for r in accepted
        if r.submission.issue and set(r.submission.issue.scope or (r.submission.issue.department,)) <= inside
    }
    files |= {receipt.file for receipt in receipts if receipt.file}
    reasons = {receipt.reason for receipt in receipts if receipt.reason}
    yield from (p for p in collection.problems if p.location.file in files or p in reasons)


# -- rows of one workbook ------------------------------------------------------------------


@dataclass(frozen=True)
class _Source:
    """A reviewed workbook with its goals and tasks by id."""

    reviewed: Reviewed
    company: Company

    def goal(self, ident: object) -> PlanRow | None:
        book = self.reviewed.book
        return next(
            (r for r in self.reviewed.rows("goals") if book.sheet("goals").id.of(r.number) == ident), None
        )

    def task(self, ident: object) -> PlanRow | None:
        sheet = self.reviewed.book.sheet("decomposition")
        return next((r for r in self.reviewed.rows("decomposition") if sheet.id.of(r.number) == ident), None)

    def owner(self, row: PlanRow | None) -> tuple[str, str]:
        issue = self.reviewed.submission.issue
        code = str((row.get("department") if row else None) or (issue.department if issue else ""))
        found = self.company.find(code)
        return (found.code, found.name) if found else (code, code)

    def place(self, sheet: str, row: PlanRow, key: str) -> Record:
        place = self.reviewed.submission.locate(sheet, row.number, key)
        return {"file": place.file, "sheet": place.sheet, "cell": place.cell}


def _facts(reviewed: Reviewed, company: Company) -> Iterator[Record]:
    source = _Source(reviewed, company)
    issue = reviewed.submission.issue
    for row in reviewed.rows("review"):
        goal = source.goal(row.get("goal"))
        if goal is None:
            continue

        def of(key: str, row: PlanRow = row) -> Value:
            return reviewed.value("review", row, key)

        code, name = source.owner(row)
        yield {
            "fact": f"{issue.department if issue else ''}-{reviewed.book.sheet('review').id.of(row.number)}",
            "department": code,
            "department_name": name,
            "goal_id": row.get("goal"),
            "goal": goal.get("goal"),
            "metric": goal.get("metric"),
            "level": goal.get("level"),
            "company_goal": reviewed.value("goals", goal, "company_goal"),
            "unit": reviewed.value("goals", goal, "unit"),
            "metric_kind": of("metric_kind"),
            "target": of("target_value"),
            "actual": of("actual_value"),
            "counted": "yes" if of("counted") == 1 else "no",
            "cause": _causes(reviewed, row),
            "sha256": reviewed.submission.sha256,
            **{
                key: of(key)
                for key in (
                    "quarter", "direction", "aggregation", "baseline", "annual_target", "target_high", "deviation",
                    "deviation_rate", "favourable", "attainment", "method_used", "rating", "improvement",
                )
            },
            **source.place("review", row, "actual"),
        }  # fmt: skip


def _causes(reviewed: Reviewed, row: PlanRow) -> str | None:
    """The causes as one text, each under its column's own word."""
    sheet = reviewed.book.sheet("review")
    if "cause" in sheet.by_key:
        return str(row.get("cause") or "") or None
    lang = reviewed.submission.issue.lang if reviewed.submission.issue else "zh"
    parts = []
    for key in ("cause_objective", "cause_subjective"):
        text = str(row.get(key) or "")
        if text:
            word = reviewed.book.label(f"{key}_word", lang)
            parts.append(text if text.startswith(word) else word + text)
    return "；".join(part.rstrip("；;。. ") for part in parts) or None


def _goals(reviewed: Reviewed, company: Company) -> Iterator[Record]:
    source = _Source(reviewed, company)
    for row in reviewed.rows("goals"):

        def of(key: str, row: PlanRow = row) -> Value:
            return reviewed.value("goals", row, key)

        code, name = source.owner(row)
        quarters = of("ytd_quarters")
        counted = int(quarters) if isinstance(quarters, int | float) else 0
        yield {
            "department": code,
            "department_name": name,
            "goal_id": reviewed.book.sheet("goals").id.of(row.number),
            "annual_target": of("annual_value"),
            "coverage": f"{counted}/{_ended(reviewed)}",
            "quarters": counted,
            "target": of("ytd_target"),
            "target_high": of("ytd_target_high"),
            "actual": of("ytd_actual"),
            "deviation": of("ytd_deviation"),
            "deviation_rate": of("ytd_deviation_rate"),
            "favourable": of("ytd_favourable"),
            "attainment": of("ytd_attainment"),
            "method_used": of("ytd_method"),
            **{
                key: of(key)
                for key in (
                    "goal", "metric", "metric_kind", "level", "company_goal", "unit", "direction", "aggregation",
                    "weight", "rating", "year_completion",
                )
            },
            **source.place("goals", row, "goal"),
        }  # fmt: skip


def _ended(reviewed: Reviewed) -> int:
    ends = reviewed.settings.get("quarter_ends")
    return sum(end <= reviewed.as_of for end in ends) if isinstance(ends, tuple) else 0


def _attach_drivers(goals: Sequence[Record], facts: Sequence[Record]) -> None:
    """The latest quarter counted, else the latest with an actual, gives each goal its cause and its fact."""

    def rank(fact: Record) -> tuple[bool, int]:
        quarter = fact["quarter"]
        return fact["counted"] == "yes", QUARTERS.index(str(quarter)) if quarter in QUARTERS else -1

    latest: dict[tuple[object, object], Record] = {}
    for fact in sorted((f for f in facts if f["actual"] is not None), key=rank):
        latest[fact["file"], fact["goal_id"]] = fact
    for goal in goals:
        fact = latest.get((goal["file"], goal["goal_id"]), {})
        goal["driver"], goal["fact"] = fact.get("cause"), fact.get("fact")


def _tasks(reviewed: Reviewed, company: Company) -> Iterator[Record]:
    source = _Source(reviewed, company)
    for row in reviewed.rows("tracking"):
        task = source.task(row.get("task"))
        goal = source.goal(row.get("goal"))

        def of(key: str, row: PlanRow = row) -> Value:
            return reviewed.value("tracking", row, key)

        code, name = source.owner(task)
        yield {
            "department": code,
            "department_name": name,
            "goal": goal.get("goal") if goal else None,
            "initiative": task.get("initiative") if task else row.get("initiative"),
            "task": task.get("task") if task else None,
            "lead": task.get("lead") if task else None,
            "start": of("plan_start"),
            "finish": of("plan_finish"),
            **{
                key: of(key)
                for key in (
                    "owner", "percent", "hold", "expected", "schedule_deviation", "status", "stale", "updated",
                    "progress", "risk", "action",
                )
            },
            **source.place("tracking", row, "percent"),
        }  # fmt: skip


def _receipt_record(receipt: Receipt, company: Company, lang: str) -> Record:
    found = company.find(receipt.department)
    return {
        "department": receipt.department,
        "department_name": found.name if found else receipt.department or None,
        "receipt": receipt.receipt,
        "file": receipt.file or None,
        "modified": receipt.modified.strftime("%Y-%m-%d %H:%M") if receipt.modified else None,
        "rows": receipt.rows,
        "errors": receipt.errors,
        "warnings": receipt.warnings,
        "reason": receipt.reason.message(lang) if receipt.reason else None,
    }


# -- scores --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Score:
    """A score with its bounds: `low` takes what is missing as 0, `high` as the cap.

    Source: DOMAIN §3, Σ w · min(attainment, cap) / Σ w over what is defined.
    """

    value: float | None
    low: float
    high: float


def combine_scores(parts: Sequence[tuple[float | None, Score]], cap: float) -> Score:
    """The weighted mean of scores; weights that are all blank mean equal shares.

    A blank weight among given ones takes their mean, so that nobody drops out unseen.
    """
    given = [weight for weight, _ in parts if weight is not None]
    spare = sum(given) / len(given) if given else 1.0
    shares = [(spare if weight is None else weight, score) for weight, score in parts]
    total = sum(share for share, _ in shares)
    if total <= 0:
        return Score(None, 0.0, cap)
    known = sum(share for share, score in shares if score.value is not None)
    value = sum(share * score.value for share, score in shares if score.value is not None)
    return Score(
        value / known if known > 0 else None,
        sum(share * score.low for share, score in shares) / total,
        sum(share * score.high for share, score in shares) / total,
    )


def _own_score(goals: Sequence[Record], cap: float) -> Score | None:
    """The score of one department's goals of level department; None where it has none."""
    parts = []
    weights = [g["weight"] for g in goals if g["level"] == "department"]
    blank = not any(isinstance(w, int | float) for w in weights)
    for goal in goals:
        if goal["level"] != "department":
            continue
        weight = goal["weight"]
        share = 1.0 if blank else float(weight) if isinstance(weight, int | float) else 0.0
        attainment = goal["attainment"]
        if isinstance(attainment, int | float):
            capped = min(float(attainment), cap)
            parts.append((share, Score(capped, capped, capped)))
        else:
            parts.append((share, Score(None, 0.0, cap)))
    return combine_scores(parts, cap) if parts else None


def _scores(
    book: Book,
    company: Company,
    scope: str,
    goals: Sequence[Record],
    tasks: Sequence[Record],
    settings: Mapping[str, SettingValue],
) -> list[Record]:
    """One record per node, the company (or the scope) first, then its tree, parents before children."""
    given = settings.get("cap", book.settings["cap"].value)
    cap = float(given) if isinstance(given, int | float) else 1.2
    weighted = "weight" in book.sheet("goals").by_key
    by_node = {d.code: [g for g in goals if g["department"] == d.code] for d in company.departments}
    scores: dict[str, Score] = {}

    def score_of(code: str) -> Score:
        if code not in scores:
            own = _own_score(by_node.get(code, []), cap) if weighted else None
            children = company.children(code)
            parts = [(child.weight, score_of(child.code)) for child in children]
            if children and own is not None:
                parts.append((None, own))
            empty = Score(None, 0.0, cap)
            scores[code] = combine_scores(parts, cap) if children else own or empty
        return scores[code]

    nodes = [("", 0)] if not scope else []
    top = list(company.above(scope)) if scope else []
    nodes += [
        (d.code, len(list(company.above(d.code))) - len(top) + (0 if scope else 1))
        for d in company.below(scope)
    ]
    records = [
        _score_record(book, company, code, depth, score_of(code), by_node, tasks) for code, depth in nodes
    ]
    ratings = _rate(book, [record["score"] for record in records], settings)
    for record, rating in zip(records, ratings, strict=True):
        record["rating"] = rating
        if not weighted:
            record["low"] = record["high"] = None
    return records


def _score_record(
    book: Book,
    company: Company,
    code: str,
    depth: int,
    score: Score,
    by_node: Mapping[str, Sequence[Record]],
    tasks: Sequence[Record],
) -> Record:
    inside = {d.code for d in company.below(code)}
    goals = [g for node in inside for g in by_node[node]]
    mine = [t for t in tasks if t["department"] in inside]
    leaves = company.leaves(code)
    found = company.find(code) if code else None
    kind = "company" if not code else "division" if company.children(code) else "department"
    return {
        "code": code,
        "name": found.name if found else None,
        "node": kind,
        "depth": depth,
        "weight": found.weight if found else None,
        "score": score.value,
        "low": score.low,
        "high": score.high,
        "covered": sum(bool(by_node[leaf.code]) for leaf in leaves),
        "expected": len(leaves),
        "goals": len(goals),
        "missed": sum(g["rating"] in MISSED for g in goals),
        "tasks": len(mine),
        "late": sum(t["status"] in LATE for t in mine),
    }


def _rate(book: Book, scores: Sequence[object], settings: Mapping[str, SettingValue]) -> list[CellValue]:
    columns: dict[str, Sequence[CellValue]] = {
        "attainment": [float(s) if isinstance(s, int | float) else "" for s in scores],
        "filled": ["x"] * len(scores),
    }
    return evaluate_measures(book, ["rating"], columns, settings)["rating"]


# -- company goals -------------------------------------------------------------------------


def _company_goals(
    book: Book, company: Company, goals: Sequence[Record], settings: Mapping[str, SettingValue]
) -> tuple[list[Record], list[Problem]]:
    """One record per company goal that a department in sight has taken over.

    What a cooperating department reports is shown in its own rows and not counted again: the
    lead's figures count (DOMAIN §3, Roll-up).
    """
    records: list[Record] = []
    problems: list[Problem] = []
    for goal in company.goals:
        claimed = [g for g in goals if g["company_goal"] == goal.goal]
        helping = {d.code for code in goal.cooperating for d in company.below(code)}
        lead = {d.code for d in company.below(goal.lead)} if goal.lead else set()
        counted = [g for g in claimed if g["department"] not in helping - lead]
        if len(counted) < len(claimed):
            names = "、".join(dict.fromkeys(str(g["department_name"]) for g in claimed))
            owner = company.find(goal.lead)
            problems.append(
                Problem(Code.SHARED_GOAL, Location(), names, owner.name if owner else "", subject=goal.goal)
            )
        if counted:
            records.append(_roll_goal(book, goal, counted, problems))
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
        records, _rate(book, [r.get("attainment") for r in records], settings), strict=True
    ):
        record["rating"] = rating


def _cell(value: object) -> CellValue:
    return value if isinstance(value, str | int | float) else None
