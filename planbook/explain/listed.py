"""What stands on the sheets that list and define: counts of rows, thresholds, measures, problems, returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from planbook.explain.derived import brief_problem
from planbook.explain.model import Step
from planbook.explain.plans import TASK_MEASURES, brief_task, explain_other, name_row
from planbook.explain.tasks import busiest_tasks, less
from planbook.explain.teller import Row, Teller, add_up, factor, is_number, plain
from planbook.explain.totals import brief_company_goal
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
    formula = teller.define("tasks" if key in TASK_MEASURES else "goals", key)
    return Step(teller.book.measures[key].title.to(teller.lang), formula=formula, note=note)


def explain_problem(teller: Teller, problem: Problem) -> Step:
    """A problem of the data: what, where, and how to mend it."""
    step = brief_problem(teller, problem)
    return replace(step, note=teller.join(step.note, problem.fix(teller.lang)))


def explain_finding(teller: Teller, row: Row) -> Step:
    """A finding on how the plans fit together: what was expected, what is there, and what makes it."""
    root, kind = explain_other(teller, "coherence", row), row["kind"]
    expected, found = row["expected"], row["found"]
    worked = {"gap": less(found, expected)}
    if worked["gap"] and expected:
        worked["gap_rate"] = f"({worked['gap']}) / ABS({factor(expected)})"
    below: list[Step] = []
    if kind == "over_budget":
        inside = {each.code for each in teller.figures.company.below(str(row["department"] or ""))}
        tasks = [t for t in teller.rows("tasks") if t["department"] in inside and is_number(t["budget"])]
        worked["found"] = add_up(task["budget"] for task in tasks)
        below = [brief_task(teller, t, teller.amount(t["budget"], row["unit"])) for t in tasks]
    elif kind == "overloaded":
        below = [
            brief_task(teller, task) for task in busiest_tasks(teller, row["department"], row["subject"])
        ]
    elif kind in ("target_gap", "not_taken_over"):
        goals = (goal for goal in teller.rows("company_goals") if goal["goal"] == row["subject"])
        below = [brief_company_goal(teller, goal) for goal in goals]
    notes = {teller.title("coherence", "expected"): _expected_from(teller, str(kind))}
    if kind == "overloaded":
        names = teller.listed(step.reference for step in below)
        notes[teller.title("coherence", "found")] = teller.say("counts", names=names)
    if kind == "target_gap":
        notes[teller.title("coherence", "found")] = teller.title("company_goals", "annual_target")
    titles = {teller.title("coherence", key): text for key, text in worked.items()}
    steps = [
        replace(step, arithmetic=titles.get(step.what, ""), note=notes.get(step.what, ""))
        for step in root.steps
    ]
    return replace(root, steps=(*steps, *below))


def _expected_from(teller: Teller, kind: str) -> str:
    """Where stands what a finding holds the plans against."""
    if kind == "overloaded":
        return teller.book.settings["most_tasks"].title.to(teller.lang)
    file = "departments.csv" if kind == "over_budget" else "company_goals.csv"
    return teller.say("from_csv", file=file)


def explain_receipt(teller: Teller, row: Row) -> Step:
    """What became of a workbook, with the problems that were found in it."""
    root = explain_other(teller, "receipts", row)
    problems = (p for p in teller.figures.problems if row["file"] and p.location.file == row["file"])
    submission = teller.submissions.get(str(row["file"]))
    steps = list(root.steps)
    if submission is not None and submission.book is not None:
        rows = {key: len(found) for key, found in submission.plan.tables.items() if found}
        titles = teller.listed(submission.book.sheet(key).title.to(teller.lang) for key in rows)
        counted, title = teller.say("counts", names=titles), teller.title("receipts", "rows")
        worked = add_up(rows.values())
        steps = [replace(s, arithmetic=worked, note=counted) if s.what == title else s for s in steps]
    return replace(root, steps=(*steps, *(brief_problem(teller, problem) for problem in problems)))


def explain_restated(teller: Teller, column: str, signed: object, now: object) -> Step:
    """A figure as it was signed, or how far today's is from it."""
    known = teller.report_column("restated", column)
    title = known.title.to(teller.lang) if known else column
    if column == "signed_value":
        return Step(title, plain(signed), shown=teller.amount(signed), note=teller.say("as_signed"))
    worked = less(now, signed)
    value = round(float(str(now)) - float(str(signed)), 9) if worked else None
    return Step(title, value, shown=teller.amount(value), arithmetic=worked)
