"""What stands on the sheets that list and define: counts of rows, thresholds, measures, problems, returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from planbook.explain.arithmetic import definition
from planbook.explain.derived import brief_problem
from planbook.explain.model import Step
from planbook.explain.plans import explain_other, name_row, name_task
from planbook.explain.teller import Row, Teller, add_up, is_number
from planbook.measures.scores import ATTENTION
from planbook.problems import Problem, Severity
from planbook.spec import Kind

# The sheets whose rows are those of a frame, and the frame.
LISTED: Mapping[str, str] = {
    "company_goals": "company_goals", "trend": "trend", "scores": "scores", "variance": "goals",
    "tasks": "tasks", "progress": "progress", "risks": "risks", "appraisal": "appraisal",
    "coherence": "coherence", "receipts": "receipts", "facts": "facts", "quality": "",
}  # fmt: skip


def explain_rows(teller: Teller, report: str, column: str) -> Step:
    """How many rows a sheet has, or how much of them needs attention, with the rows that count."""
    steps: list[Step] = []
    count = 0.0
    if report == "quality":
        problems = [p for p in teller.figures.problems if column == "rows" or p.severity is Severity.ERROR]
        steps, count = [brief_problem(teller, problem) for problem in problems], len(problems)
    else:
        frame = LISTED[report]
        for row in teller.rows(frame):
            weight = 1.0 if column == "rows" else float(ATTENTION[report](row))
            count += weight
            if weight:
                shown = f"{weight:.0f}" if weight > 1 else ""
                steps.append(Step(name_row(teller, frame, row), shown=shown, place=teller.place(row)))
    known = teller.report_column("contents", column)
    title = known.title.to(teller.lang) if known else ""
    sheet = teller.book.report(report).title.to(teller.lang)
    return Step(f"{sheet}　{title}", int(count), shown=f"{count:.0f}", steps=tuple(steps))


def explain_setting(teller: Teller, key: str) -> Step:
    """A threshold: its value, and whether the cycle or the book set it."""
    setting = teller.book.settings[key]
    value = teller.settings.get(key, setting.value)
    shown = str(value)
    if setting.kind is Kind.CHOICE:
        shown = teller.book.list_title(setting.list, shown, teller.lang)
    elif isinstance(value, int | float):
        shown = f"{value * 100:.10g}%" if setting.kind is Kind.PERCENT else f"{value:.10g}"
    note = teller.say("set_by_book" if value == setting.value else "set_by_cycle")
    return Step(setting.title.to(teller.lang), value, shown=shown, note=note)


def explain_measure(teller: Teller, key: str) -> Step:
    """A measure: its definition, in words and as a formula."""
    words = f"method_{key}"
    note = teller.book.label(words, teller.lang) if words in teller.book.labels else ""
    return Step(
        teller.book.measures[key].title.to(teller.lang), formula=definition(teller.book, key), note=note
    )


def explain_problem(teller: Teller, problem: Problem) -> Step:
    """A problem of the data: what, where, and how to mend it."""
    step = brief_problem(teller, problem)
    return replace(step, note=teller.join(step.note, problem.fix(teller.lang)))


def explain_finding(teller: Teller, row: Row) -> Step:
    """A finding on how the plans fit together; budgets above the ceiling with the tasks that have one."""
    root = explain_other(teller, "coherence", row)
    if row["kind"] != "over_budget":
        return root
    inside = {department.code for department in teller.figures.company.below(str(row["department"] or ""))}
    tasks = [t for t in teller.rows("tasks") if t["department"] in inside and is_number(t["budget"])]
    below = [
        Step(name_task(t), t["budget"], shown=teller.amount(t["budget"], row["unit"]), place=teller.place(t))
        for t in tasks
    ]
    found, worked = teller.title("coherence", "found"), add_up(t["budget"] for t in tasks)
    steps = [replace(step, arithmetic=worked) if step.what == found else step for step in root.steps]
    return replace(root, steps=(*steps, *below))


def explain_receipt(teller: Teller, row: Row) -> Step:
    """What became of a workbook, with the problems that were found in it."""
    root = explain_other(teller, "receipts", row)
    problems = (p for p in teller.figures.problems if row["file"] and p.location.file == row["file"])
    return replace(root, steps=(*root.steps, *(brief_problem(teller, problem) for problem in problems)))
