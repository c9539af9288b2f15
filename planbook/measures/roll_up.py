"""Roll the workbooks up: facts, goals and tasks of every department, scores of every node of the tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from planbook.checks import Reviewed
from planbook.company import Company
from planbook.layout.cells import SettingValue
from planbook.measures.collect import Collection, Receipt
from planbook.measures.company_goals import roll_company_goals
from planbook.measures.model import (
    COMPANY_GOAL_COLUMNS,
    FACT_COLUMNS,
    GOAL_COLUMNS,
    RECEIPT_COLUMNS,
    SCORE_COLUMNS,
    TASK_COLUMNS,
    RollUp,
)
from planbook.measures.scores import score_nodes
from planbook.measures.shares import attach_shares
from planbook.plan import PlanRow, Value
from planbook.problems import Problem, rank_problems
from planbook.spec import Book

Record = dict[str, object]
QUARTERS = ("q1", "q2", "q3", "q4")


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
    company_goals, shared = roll_company_goals(book, company, goals, settings, inside)
    problems += shared
    attach_shares(book, company, goals, facts)
    unread = [goal for r in accepted for goal in _unread_goals(r, company) if goal["department"] in inside]
    scores = score_nodes(book, company, scope, goals, tasks, settings, unread)
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
        *_count_review_rows(accepted, company, inside),
    )


def _count_review_rows(accepted: Sequence[Reviewed], company: Company, inside: set[str]) -> tuple[int, int]:
    """Review rows in sight, and those of them kept out of the facts: the control total."""
    total = kept_out = 0
    for reviewed in accepted:
        source = _Source(reviewed, company)
        for row in reviewed.submission.plan.rows("review"):
            if source.owner(row)[0] in inside:
                total += 1
                barred = ("review", row.number) in reviewed.submission.quarantined
                kept_out += barred or source.goal(row.get("goal")) is None
    return total, kept_out


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
                    "quarter", "direction", "aggregation", "baseline", "annual_target", "target_high",
                    "deviation", "deviation_rate", "favourable", "attainment", "method_used", "rating",
                    "improvement",
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
                    "goal", "metric", "metric_kind", "level", "company_goal", "unit", "direction",
                    "aggregation", "weight", "rating", "year_completion",
                )
            },
            **source.place("goals", row, "goal"),
        }  # fmt: skip


def _unread_goals(reviewed: Reviewed, company: Company) -> Iterator[Record]:
    """Quarantined goals of the workbook's own departments: they count as missing in the scores' bounds."""
    issue = reviewed.submission.issue
    source = _Source(reviewed, company)
    for row in reviewed.submission.plan.rows("goals"):
        code, _ = source.owner(row)
        if ("goals", row.number) in reviewed.submission.quarantined and issue and code in issue.scope:
            values = {key: reviewed.value("goals", row, key) for key in ("level", "weight")}
            yield {"department": code, "attainment": None, **values}


def _ended(reviewed: Reviewed) -> int:
    ends = reviewed.settings.get("quarter_ends")
    return sum(end <= reviewed.as_of for end in ends) if isinstance(ends, tuple) else 0


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
                    "owner", "percent", "hold", "expected", "schedule_deviation", "status", "stale",
                    "updated", "progress", "risk", "action",
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
        "sha256": receipt.sha256 or None,
    }
