"""The rows of one workbook as records: facts, goals, tasks, risks and parties to tasks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from planbook.calc import evaluate_measures
from planbook.layout.cells import CellValue, SettingValue
from planbook.measures.source import Record, Source
from planbook.plan import PlanRow
from planbook.spec import Book
from planbook.values import Nil

FACT_KEYS = (
    "quarter", "direction", "aggregation", "baseline", "annual_target", "target_high", "deviation",
    "deviation_rate", "favourable", "attainment", "method_used", "rating", "improvement",
)  # fmt: skip
GOAL_KEYS = (
    "goal", "metric", "metric_kind", "level", "company_goal", "unit", "direction", "aggregation", "weight",
    "baseline", "rating", "year_completion",
)  # fmt: skip
TRACKED_KEYS = (
    "owner", "percent", "hold", "expected", "schedule_deviation", "status", "stale", "updated", "progress",
    "risk", "action",
)  # fmt: skip
UNTRACKED = ("expected", "schedule_deviation", "status", "stale")  # measures of a task nobody tracks


def fact_records(source: Source) -> Iterator[Record]:
    """One record per review row whose goal is known."""
    reviewed = source.reviewed
    for row in source.rows("review"):
        goal = source.goal(row.get("goal"))
        if goal is None:
            continue
        yield {
            "fact": f"{source.department}-{source.ident('review', row)}",
            **source.owned(row),
            "goal_id": row.get("goal"),
            **source.values("goals", goal, "goal", "metric", "level", "company_goal", "unit"),
            "metric_kind": source.value("review", row, "metric_kind"),
            "target": source.value("review", row, "target_value"),
            "actual": source.value("review", row, "actual_value"),
            "counted": "yes" if source.value("review", row, "counted") == 1 else "no",
            "cause": _causes(source, row),
            "nil": "、".join(key for key in ("target", "actual") if isinstance(row.get(key), Nil)) or None,
            "sha256": reviewed.submission.sha256,
            **source.values("review", row, *FACT_KEYS),
            **source.place("review", row, "actual"),
        }


def _causes(source: Source, row: PlanRow) -> str | None:
    """The causes as one text, each under its column's own word."""
    book = source.reviewed.book
    if "cause" in book.sheet("review").by_key:
        return str(row.get("cause") or "") or None
    parts = []
    for key in ("cause_objective", "cause_subjective"):
        text = str(row.get(key) or "")
        if text:
            word = book.label(f"{key}_word", source.lang)
            parts.append(text if text.startswith(word) else word + text)
    between = book.label("clause_separator", source.lang)
    return between.join(part.rstrip("；;。. ") for part in parts) or None


def goal_records(source: Source) -> Iterator[Record]:
    """One record per goal, year to date."""
    ended = _ended(source)
    for row in source.rows("goals"):
        quarters = source.value("goals", row, "ytd_quarters")
        counted = int(quarters) if isinstance(quarters, int | float) else 0
        to_date = (
            "target", "target_high", "actual", "deviation", "deviation_rate", "favourable", "attainment",
        )  # fmt: skip
        yield {
            **source.owned(row),
            "goal_id": source.ident("goals", row),
            "annual_target": source.value("goals", row, "annual_value"),
            "annual_target_high": row.get("target_high"),
            "coverage": f"{counted}/{ended}",
            "quarters": counted,
            **{key: source.value("goals", row, f"ytd_{key}") for key in to_date},
            "method_used": source.value("goals", row, "ytd_method"),
            **source.values("goals", row, *GOAL_KEYS),
            **source.place("goals", row, "goal"),
        }


def _ended(source: Source) -> int:
    ends = source.reviewed.settings.get("quarter_ends")
    return sum(end <= source.reviewed.as_of for end in ends) if isinstance(ends, tuple) else 0


def unread_goals(source: Source) -> Iterator[Record]:
    """Quarantined goals of the workbook's own departments: no figure, but a place in coverage and bounds."""
    submission = source.reviewed.submission
    for row in submission.plan.rows("goals"):
        owned = source.owned(row)
        scope = submission.issue.scope if submission.issue else ()
        if ("goals", row.number) in submission.quarantined and owned["department"] in scope:
            keys = ("level", "weight", "company_goal", "target", "unit", "goal")
            values = source.values("goals", row, *keys)
            yield {**owned, "attainment": None, "annual_target": values.pop("target"), **values}


def count_quarantined(source: Source) -> Counter[str]:
    """Rows kept out of the figures, by the department they belong to."""
    submission = source.reviewed.submission
    counts: Counter[str] = Counter()
    for sheet, number in submission.quarantined:
        rows = submission.plan.rows(sheet)
        found = next((row for row in rows if row.number == number), None)
        if sheet == "tracking" and found is not None:
            found = source.task(found.get("task")) or found
        counts[source.owner(found)[0]] += 1
    return counts


# -- tasks ---------------------------------------------------------------------------------


def task_records(source: Source, settings: Mapping[str, SettingValue]) -> list[Record]:
    """One record per task of the breakdown in its order, then what is tracked without one."""
    tracked: dict[object, PlanRow] = {}
    loose: list[PlanRow] = []
    for row in source.rows("tracking"):
        if source.task(row.get("task")) is None or row.get("task") in tracked:
            loose.append(row)
        else:
            tracked[row.get("task")] = row
    planned = _planned_by_task(source, "execution")
    records = []
    for task in source.rows("decomposition"):
        ident = source.ident("decomposition", task)
        execution = planned.get(ident)
        record = _task_record(source, task, tracked.get(ident))
        record["priority"] = source.value("execution", execution, "priority") if execution else None
        records.append(record)
    records += [_task_record(source, source.task(row.get("task")), row) for row in loose]
    _measure_untracked(source.reviewed.book, [r for r in records if r["tracked"] == "no"], settings)
    return records


def _planned_by_task(source: Source, sheet: str) -> dict[object, PlanRow]:
    """The rows of a sheet that has one row a task, by the task they name."""
    rows = source.rows(sheet) if source.has(sheet) else ()
    return {row.get("task"): row for row in rows}


def _task_record(source: Source, task: PlanRow | None, row: PlanRow | None) -> Record:
    """A task of the breakdown and its tracking row; one of them may be missing."""
    goal = source.goal(row.get("goal") if row else task.get("goal") if task else None)
    record: Record = {
        **source.owned(task),
        "goal_id": source.ident("goals", goal) if goal else None,
        "goal": goal.get("goal") if goal else None,
        "company_goal": source.value("goals", goal, "company_goal") if goal else None,
        "initiative": row.get("initiative") if row else None,
        "tracked": "yes" if row else "no",
    }
    if task is not None:
        keys = ("initiative", "task", "lead", "support", "partner", "weight", "budget")
        record |= {
            "task_id": source.ident("decomposition", task),
            **source.values("decomposition", task, *keys),
        }
        record["lead_name"] = source.title("role", record["lead"])
        record |= source.values("decomposition", task, "start", "finish")
        record |= source.place("decomposition", task, "task")
        planned = source.place("decomposition", task, "partner")
        record |= {"plan_sheet": planned["sheet"], "plan_cell": planned["cell"]}
    if row is not None:
        record |= source.values("tracking", row, *TRACKED_KEYS)
        record |= {
            "start": source.value("tracking", row, "plan_start"),
            "finish": source.value("tracking", row, "plan_finish"),
            **source.place("tracking", row, "percent"),
        }
    start, finish = record.get("start"), record.get("finish")
    if isinstance(start, date) and isinstance(finish, date) and finish >= start:
        record["days"] = (finish - start).days + 1
    return record


def _measure_untracked(book: Book, records: Sequence[Record], settings: Mapping[str, SettingValue]) -> None:
    """What is expected of tasks nobody tracks, by the same definitions."""
    if not records:
        return
    columns: dict[str, Sequence[CellValue]] = {
        key: [value if isinstance(value := record.get(key), date) else "" for record in records]
        for key in ("start", "finish")
    }
    columns |= {key: [""] * len(records) for key in ("percent", "hold", "updated")}
    columns["filled"] = ["x"] * len(records)
    computed = evaluate_measures(book, UNTRACKED, columns, settings)
    for number, record in enumerate(records):
        for key in UNTRACKED:
            value = computed[key][number]
            record[key] = None if value == "" else value


# -- risks and parties -----------------------------------------------------------------------


def risk_records(source: Source, tasks: Sequence[Record]) -> Iterator[Record]:
    """Every risk written down: those of the tracking sheet, then those foreseen in the execution plan."""
    keys = (
        "department", "department_name", "goal_id", "goal", "task_id", "task", "lead_name", "owner",
        "priority", "status", "percent", "schedule_deviation", "finish", "updated",
    )  # fmt: skip
    for task in tasks:
        if task.get("risk"):
            place = {key: task.get(key) for key in ("file", "sheet", "cell")}
            shared = {key: task.get(key) for key in keys}
            yield {
                **shared,
                "source": "tracking",
                "risk": task["risk"],
                "response": task.get("action"),
                **place,
            }
    by_id = {task.get("task_id"): task for task in tasks}
    for ident, row in _planned_by_task(source, "execution").items():
        risk = source.value("execution", row, "risk")
        if risk:
            shared = {key: by_id.get(ident, {}).get(key) for key in keys}
            owned = source.owned(source.task(ident))
            response = source.value("execution", row, "contingency")
            place = source.place("execution", row, "risk")
            yield {**shared, **owned, "source": "execution", "risk": risk, "response": response, **place}
