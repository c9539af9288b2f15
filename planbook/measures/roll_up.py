"""Roll the workbooks up: facts, goals and tasks of every department, scores of every node of the tree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from planbook.calendar import QUARTERS
from planbook.company import Company
from planbook.layout.cells import SettingValue
from planbook.measures import frames
from planbook.measures.coherence import Plans, find_incoherence
from planbook.measures.collect import Collection, Receipt
from planbook.measures.company_goals import CompanyView, roll_company_goals
from planbook.measures.frames import make_frame
from planbook.measures.model import RollUp
from planbook.measures.people import Directory, appraise_positions, name_inside, party_records
from planbook.measures.progress import roll_progress
from planbook.measures.rows import (
    count_quarantined,
    fact_records,
    goal_records,
    risk_records,
    task_records,
    unread_goals,
)
from planbook.measures.scores import NodeInputs, rate, score_nodes
from planbook.measures.shares import share_facts, share_nodes
from planbook.measures.source import Record, Source
from planbook.measures.trend import roll_trend
from planbook.problems import Problem, rank_problems
from planbook.spec import Book


@dataclass(frozen=True)
class _Gathered:
    """The rows of every workbook that counts, of the departments in sight."""

    facts: list[Record]
    goals: list[Record]
    tasks: list[Record]
    risks: list[Record]
    unread: list[Record]
    quarantined: Counter[str]
    review_rows: int
    kept_out: int


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
    inside = frozenset(department.code for department in company.below(scope))
    sources = [Source(r, company) for r in collection.accepted if r.submission.issue]
    days = {**settings, "as_of": as_of}
    rows = _gather(sources, company, inside, days)
    receipts = [r for r in collection.receipts if r.department in inside or (not scope and not r.department)]
    problems = _in_scope(collection, receipts, scope, sources, inside)
    view = CompanyView(book, company, days, rows.goals, rows.unread, inside, scope)
    totals = _total(view, rows, as_of)
    coherence, incoherent = find_incoherence(_plans(view, rows, totals), lang)
    if scope:
        directory = Directory.of(company)
        for task in rows.tasks:
            task["partner"] = name_inside(task.get("partner"), directory, inside)
    records = {
        "receipts": [*_receipt_records(receipts, company, lang), *_shared_receipt(collection, view, rows)],
        "coherence": coherence,
        **_records(view, rows, totals),
    }
    tables: dict[str, Any] = {name: make_frame(frames.FRAMES[name], made) for name, made in records.items()}
    return RollUp(
        book,
        company,
        year,
        start_month,
        as_of,
        settings,
        scope,
        problems=rank_problems((*problems, *totals.shared, *incoherent)),
        review_rows=rows.review_rows,
        kept_out=rows.kept_out,
        facts=totals.facts,
        **tables,
    )


@dataclass(frozen=True)
class _Totals:
    """What the rows come to: nodes, company goals, positions; `facts` know what they add to them."""

    scores: list[Record]
    company_goals: list[Record]
    shared: list[Problem]
    appraisal: list[Record]
    facts: pd.DataFrame


def _total(view: CompanyView, rows: _Gathered, as_of: date) -> _Totals:
    """Every figure above the rows; each row gets what it adds to those above it."""
    inputs = NodeInputs(rows.goals, rows.tasks, rows.unread, rows.quarantined)
    scores = score_nodes(view.book, view.company, view.scope, inputs, view.settings)
    company_goals, shared = roll_company_goals(view)
    share_nodes(view, scores)
    share_facts(view, company_goals, rows.facts)
    appraisal = appraise_positions(rows.tasks, rows.goals, as_of, view.cap)
    ratings = rate(view.book, [record["attainment"] for record in appraisal], view.settings)
    for record, rating in zip(appraisal, ratings, strict=True):
        record["rating"] = rating
    return _Totals(scores, company_goals, shared, appraisal, make_frame(frames.FACTS, _let_go(rows.facts)))


def _records(view: CompanyView, rows: _Gathered, totals: _Totals) -> dict[str, Iterable[Record]]:
    """The rows of the frames, by their names; those that others are made from are let go last."""
    return {
        "scores": totals.scores,
        "company_goals": totals.company_goals,
        "progress": roll_progress(rows.tasks, rows.goals),
        "trend": roll_trend(view, totals.company_goals, totals.facts),
        "appraisal": totals.appraisal,
        "responsibility": party_records(rows.tasks, view.company, view.inside),
        "risks": _let_go(rows.risks),
        "goals": _let_go(rows.goals),
        "tasks": _let_go(rows.tasks),
    }


def _let_go(records: list[Record]) -> Iterator[Record]:
    """The records one by one, none of which is kept: a frame holds them in a tenth of their memory."""
    records.reverse()
    while records:
        yield records.pop()


def _plans(view: CompanyView, rows: _Gathered, totals: _Totals) -> Plans:
    return Plans(
        book=view.book,
        company=view.company,
        settings=view.settings,
        inside=view.inside,
        whole=not view.scope,
        goals=rows.goals,
        tasks=rows.tasks,
        company_goals=totals.company_goals,
        appraisal=totals.appraisal,
        scores=totals.scores,
        returned=frozenset(str(row["department"]) for row in (*rows.goals, *rows.tasks)),
    )


def _gather(
    sources: Sequence[Source], company: Company, inside: frozenset[str], settings: Mapping[str, SettingValue]
) -> _Gathered:
    """Every row of the departments in sight: departments in the company's order, rows in their sheets'."""
    order = {code: number for number, code in enumerate(d.code for d in company.departments)}

    def sort(records: Iterable[Record]) -> list[Record]:
        mine = [record for record in records if record["department"] in inside]
        return sorted(mine, key=lambda record: order.get(str(record["department"]), len(order)))

    tasks = {id(source): task_records(source, settings) for source in sources}
    counts: Counter[str] = Counter()
    for source in sources:
        counts.update({c: n for c, n in count_quarantined(source).items() if c in inside})
    rows = _Gathered(
        facts=sort(record for source in sources for record in fact_records(source)),
        goals=sort(record for source in sources for record in goal_records(source)),
        tasks=sort(record for source in sources for record in tasks[id(source)]),
        risks=sort(record for source in sources for record in risk_records(source, tasks[id(source)])),
        unread=sort(record for source in sources for record in unread_goals(source)),
        quarantined=counts,
        **_count_review_rows(sources, inside),
    )
    _attach_drivers(rows.goals, rows.facts)
    return rows


def _count_review_rows(sources: Sequence[Source], inside: frozenset[str]) -> dict[str, int]:
    """Review rows in sight, and those of them kept out of the facts: the control total."""
    total = kept_out = 0
    for source in sources:
        submission = source.reviewed.submission
        for row in submission.plan.rows("review"):
            if source.owner(row)[0] in inside:
                total += 1
                barred = ("review", row.number) in submission.quarantined
                kept_out += barred or source.goal(row.get("goal")) is None
    return {"review_rows": total, "kept_out": kept_out}


def _in_scope(
    collection: Collection,
    receipts: Sequence[Receipt],
    scope: str,
    sources: Sequence[Source],
    inside: frozenset[str],
) -> Iterator[Problem]:
    """Problems a reader of this scope may see: of files that are wholly inside it."""
    if not scope:
        yield from collection.problems
        return
    submissions = [source.reviewed.submission for source in sources]
    files = {s.file for s in submissions if s.issue and set(s.issue.scope or (s.issue.department,)) <= inside}
    files |= {receipt.file for receipt in receipts if receipt.file}
    reasons = {receipt.reason for receipt in receipts if receipt.reason}
    yield from (p for p in collection.problems if p.location.file in files or p in reasons)


def _attach_drivers(goals: Sequence[Record], facts: Sequence[Record]) -> None:
    """Each goal's fact is its latest quarter counted, else its latest known; its cause the last given."""

    def rank(fact: Record) -> tuple[bool, int]:
        quarter = fact["quarter"]
        return fact["counted"] == "yes", QUARTERS.index(str(quarter)) if quarter in QUARTERS else -1

    known: dict[tuple[object, object], list[Record]] = defaultdict(list)
    for fact in sorted((f for f in facts if f["actual"] is not None), key=rank, reverse=True):
        known[fact["file"], fact["goal_id"]].append(fact)
    for goal in goals:
        own = known.get((goal["file"], goal["goal_id"]), [])
        goal["fact"] = own[0]["fact"] if own else None
        counted = [fact for fact in own if fact["counted"] == "yes"] or own
        goal["driver"] = next((fact["cause"] for fact in counted if fact["cause"]), None)


def _shared_receipt(collection: Collection, view: CompanyView, rows: _Gathered) -> Iterator[Record]:
    """What became of a workbook in which a part of the company is planned without owning it.

    It holds other departments' rows too: what is counted and said of the whole file is not told.
    """
    issued_to = view.company.workbook_of(view.scope) if view.scope else ""
    for receipt in collection.receipts if issued_to and issued_to not in view.inside else ():
        if receipt.department == issued_to and receipt.receipt in ("accepted", "partial", "missing"):
            found = receipt.receipt
            if found != "missing":
                found = "partial" if sum(rows.quarantined.values()) else "accepted"
            told = replace(receipt, department=view.scope, receipt=found, reason=None)
            for record in _receipt_records([told], view.company, ""):
                yield {**record, "rows": None, "errors": None, "warnings": None}


def _receipt_records(receipts: Iterable[Receipt], company: Company, lang: str) -> Iterator[Record]:
    for receipt in receipts:
        found = company.find(receipt.department)
        yield {
            "department": receipt.department,
            "department_name": found.name if found else receipt.department or None,
            "receipt": receipt.receipt,
            "file": receipt.file or None,
            "modified": receipt.modified.strftime("%Y-%m-%d %H:%M") if receipt.modified else None,
            "rows": receipt.rows,
            "errors": receipt.errors,
            "warnings": receipt.warnings,
            "reason": receipt.reason.message(lang) if receipt.reason else None,
            "sha256": receipt.sha256 or None,
        }
