"""Scores: weighted attainment of every node of the tree, with coverage and bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from planbook.calc import evaluate_measures
from planbook.company import Company
from planbook.layout.cells import CellValue, SettingValue
from planbook.measures.progress import LATE, number_of
from planbook.measures.source import Record
from planbook.problems import SpecError, say
from planbook.spec import Book
from planbook.weights import fill_weights, share_weights

SETTLED = ("accepted", "superseded")  # receipts that nobody has to follow up
MISSED = ("amber", "red")  # ratings that somebody has to look at: at risk, or missed

# How much of a row of each table of the report needs somebody's attention.
ATTENTION: Mapping[str, Callable[[Mapping[str, Any]], float]] = {
    "company_goals": lambda row: row["rating"] in MISSED,
    "scores": lambda row: row["rating"] in MISSED,
    "variance": lambda row: row["favourable"] == "bad",
    "tasks": lambda row: row["status"] in LATE or row["stale"] == "yes",
    "trend": lambda row: row["rating"] in MISSED,
    "progress": lambda row: (row["late"] or 0) if row["node"] == "goal" else 0,
    "risks": lambda row: row["status"] in LATE,
    "appraisal": lambda row: row["rating"] in MISSED,
    "coherence": lambda row: 1,
    "receipts": lambda row: row["receipt"] not in SETTLED,
    "quality": lambda row: row["severity"] == "error",
    "restated": lambda row: 1,
}


@dataclass(frozen=True, slots=True)
class Score:
    """A score with its bounds: `low` takes what is missing as 0, `high` as the cap.

    Source: DOMAIN §3, Σ w · min(attainment, cap) / Σ w over what is defined.
    """

    value: float | None
    low: float
    high: float


def cap_of(book: Book, settings: Mapping[str, SettingValue]) -> float:
    """The cap of an attainment in a score, and so in bounds: the one set, else the book's own."""
    own = book.settings["cap"].value
    found = number_of(settings.get("cap", own)) or number_of(own)
    if found is None:
        raise SpecError(say("setting_no_number", name="cap"))
    return found


def impact(row: Mapping[str, Any]) -> float | None:
    """The deviation rate of a goal taken in its metric's direction: below nothing is adverse.

    Without a rate (a target of 0) the linear attainment less 1 is the same figure.
    """
    rate = row["deviation_rate"]
    if rate is None:
        return None if row["attainment"] is None else float(row["attainment"]) - 1.0
    if row["direction"] == "band":
        return -abs(float(rate))
    return -float(rate) if row["direction"] == "lower" else float(rate)


def combine_scores(parts: Sequence[tuple[float | None, Score]], cap: float) -> Score:
    """The weighted mean of scores; weights that are all blank mean equal shares.

    A blank weight among given ones takes their mean, so that nobody drops out unseen.
    """
    shares = list(zip(fill_weights([weight for weight, _ in parts]), (s for _, s in parts), strict=True))
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
    """The score of one department's goals of level department; None where it has none.

    Each goal that counts gets its `share`.
    """
    counted = [goal for goal in goals if goal["level"] == "department"]
    parts: list[tuple[float | None, Score]] = []
    for goal, share in zip(
        counted, share_weights([number_of(goal["weight"]) for goal in counted]), strict=True
    ):
        goal["share"] = share
        attainment = number_of(goal["attainment"])
        capped = None if attainment is None else min(attainment, cap)
        parts.append((share, Score(None, 0.0, cap) if capped is None else Score(capped, capped, capped)))
    return combine_scores(parts, cap) if parts else None


@dataclass(frozen=True)
class NodeInputs:
    """What the nodes of the tree are scored from.

    `unread` are goals that were quarantined: no figure, but a weight that the bounds must cover;
    `quarantined` counts the rows kept out, by department.
    """

    goals: Sequence[Record]
    tasks: Sequence[Record]
    unread: Sequence[Record] = ()
    quarantined: Mapping[str, int] = field(default_factory=dict)


def score_nodes(
    book: Book, company: Company, scope: str, inputs: NodeInputs, settings: Mapping[str, SettingValue]
) -> list[Record]:
    """One record per node, the company (or the scope) first, then its tree, parents before children."""
    cap = cap_of(book, settings)
    weighted = "weight" in book.sheet("goals").by_key
    goals, unread = _by_department(inputs.goals), _by_department(inputs.unread)
    scores: dict[str, Score] = {}
    for code in (*reversed([d.code for d in company.below("")]), ""):  # children before parents
        own = _own_score([*goals.get(code, ()), *unread.get(code, ())], cap) if weighted else None
        parts = [(child.weight, scores[child.code]) for child in company.children(code)]
        if parts and own is not None:
            parts.append((None, own))
        empty = Score(None, 0.0, cap)
        scores[code] = combine_scores(parts, cap) if parts else own or empty

    nodes = [("", 0)] if not scope else []
    nodes += _depths(company, scope)
    counts = _count_nodes(company, inputs)
    records = [_score_record(company, code, depth, scores[code], counts[code]) for code, depth in nodes]
    ratings = rate(book, [record["score"] for record in records], settings)
    for record, rating in zip(records, ratings, strict=True):
        record["rating"] = rating
        counted = [*goals.get(record["code"], ()), *unread.get(record["code"], ())]
        record["own_weight"] = _sum_known(counted, "share") if weighted else None
        if not weighted:
            record["low"] = record["high"] = None
    return records


def _depths(company: Company, scope: str) -> Iterator[tuple[str, int]]:
    """The nodes at or below the scope with their levels below the top of the report."""
    depths: dict[str, int] = {}
    for department in company.below(scope):
        above = depths.get(department.parent)
        depths[department.code] = (0 if scope else 1) if above is None else above + 1
        yield department.code, depths[department.code]


def _by_department(rows: Sequence[Record]) -> dict[object, list[Record]]:
    groups: dict[object, list[Record]] = {}
    for row in rows:
        groups.setdefault(row["department"], []).append(row)
    return groups


COUNTED = ("covered", "expected", "goals", "missed", "tasks", "late", "quarantined")


def _count_nodes(company: Company, inputs: NodeInputs) -> dict[str, Record]:
    """The counts of every node: its own rows and those of everything below it."""
    goals, tasks = _by_department(inputs.goals), _by_department(inputs.tasks)
    counts: dict[str, Record] = {}
    for code in (*reversed([d.code for d in company.below("")]), ""):
        own, mine = goals.get(code, []), tasks.get(code, [])
        children = company.children(code)
        budgets = [amount for task in mine if (amount := number_of(task.get("budget"))) is not None]
        record: Record = {
            "covered": int(not children and any(number_of(goal["attainment"]) is not None for goal in own)),
            "expected": int(not children and bool(code)),
            "goals": len(own),
            "missed": sum(goal["rating"] in MISSED for goal in own),
            "tasks": len(mine),
            "late": sum(task["status"] in LATE for task in mine),
            "quarantined": inputs.quarantined.get(code, 0),
            "budget": sum(budgets) if budgets else None,
            "budget_ceiling": company.department(code).budget_ceiling if code else None,
        }
        below = [counts[child.code] for child in children]
        for key in COUNTED:
            record[key] = sum(int(str(part[key])) for part in (record, *below))
        record["budget"] = _sum_known([record, *below], "budget")
        if record["budget_ceiling"] is None:
            record["budget_ceiling"] = _sum_known(below, "budget_ceiling")
        counts[code] = record
    return counts


def _sum_known(records: Sequence[Record], key: str) -> float | None:
    values = [value for record in records if (value := number_of(record.get(key))) is not None]
    return sum(values) if values else None


def _score_record(company: Company, code: str, depth: int, score: Score, counts: Record) -> Record:
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
        **counts,
    }


def rate(book: Book, scores: Sequence[object], settings: Mapping[str, SettingValue]) -> list[CellValue]:
    """The ratings of scores and attainments, by the book's one formula and the thresholds in force.

    It compares on six decimals; what is no number is rated `none`.
    """
    columns: dict[str, Sequence[CellValue]] = {
        "attainment": [float(s) if isinstance(s, int | float) else "" for s in scores],
        "filled": ["x"] * len(scores),
    }
    return evaluate_measures(book, ["rating"], columns, settings)["rating"]
