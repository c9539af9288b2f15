"""Scores: weighted attainment of every node of the tree, with coverage and bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from planbook.calc import evaluate_measures
from planbook.company import Company
from planbook.layout.cells import CellValue, SettingValue
from planbook.spec import Book

Record = dict[str, object]
LATE = ("behind", "overdue")
MISSED = ("amber", "red")


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


def fill_weights(weights: Sequence[float | None]) -> list[float]:
    """The weights with blank ones at the mean of those given; all blank: equal shares of 1."""
    given = [weight for weight in weights if weight is not None]
    spare = sum(given) / len(given) if given else 1.0
    return [spare if weight is None else weight for weight in weights]


def _own_score(goals: Sequence[Record], cap: float) -> Score | None:
    """The score of one department's goals of level department; None where it has none.

    Leaves in each of them its `share`, the weight it was taken with.
    """
    parts = []
    weights = [g["weight"] for g in goals if g["level"] == "department"]
    blank = not any(isinstance(w, int | float) for w in weights)
    for goal in goals:
        if goal["level"] != "department":
            continue
        weight = goal["weight"]
        share = 1.0 if blank else float(weight) if isinstance(weight, int | float) else 0.0
        goal["share"] = share
        attainment = goal["attainment"]
        if isinstance(attainment, int | float):
            capped = min(float(attainment), cap)
            parts.append((share, Score(capped, capped, capped)))
        else:
            parts.append((share, Score(None, 0.0, cap)))
    return combine_scores(parts, cap) if parts else None


def score_nodes(
    book: Book,
    company: Company,
    scope: str,
    goals: Sequence[Record],
    tasks: Sequence[Record],
    settings: Mapping[str, SettingValue],
    unread: Sequence[Record] = (),
) -> list[Record]:
    """One record per node, the company (or the scope) first, then its tree, parents before children.

    `unread` are goals that were quarantined: no figure, but a weight that the bounds must cover.
    """
    given = settings.get("cap", book.settings["cap"].value)
    cap = float(given) if isinstance(given, int | float) else 1.2
    weighted = "weight" in book.sheet("goals").by_key
    by_node = {d.code: [g for g in goals if g["department"] == d.code] for d in company.departments}
    scores: dict[str, Score] = {}
    owns: dict[str, tuple[float | None, float | None]] = {}
    shares: dict[str, float] = {}
    for code in (*reversed([d.code for d in company.below("")]), ""):  # children before parents
        missing = [g for g in unread if g["department"] == code]
        own = _own_score([*by_node.get(code, []), *missing], cap) if weighted else None
        parts = [(child.weight, scores[child.code]) for child in company.children(code)]
        children = [child.code for child in company.children(code)]
        filled = fill_weights([weight for weight, _ in parts] + ([None] if own else []))
        shares |= dict(zip(children, filled, strict=False))
        if own is not None:
            owns[code] = own.value, filled[-1] if parts else None
            parts += [(None, own)] if parts else []
        empty = Score(None, 0.0, cap)
        scores[code] = combine_scores(parts, cap) if parts else own or empty

    nodes = [("", 0)] if not scope else []
    top = list(company.above(scope)) if scope else []
    nodes += [
        (d.code, len(list(company.above(d.code))) - len(top) + (0 if scope else 1))
        for d in company.below(scope)
    ]
    records = [
        _score_record(book, company, code, depth, scores[code], by_node, tasks) for code, depth in nodes
    ]
    for record in records:
        record["share"] = shares.get(str(record["code"]))
        record["own"], record["own_share"] = owns.get(str(record["code"]), (None, None))
    ratings = rate(book, [record["score"] for record in records], settings)
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


def rate(book: Book, scores: Sequence[object], settings: Mapping[str, SettingValue]) -> list[CellValue]:
    """The ratings of scores by the book's own thresholds."""
    columns: dict[str, Sequence[CellValue]] = {
        "attainment": [float(s) if isinstance(s, int | float) else "" for s in scores],
        "filled": ["x"] * len(scores),
    }
    return evaluate_measures(book, ["rating"], columns, settings)["rating"]
