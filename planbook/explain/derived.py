"""Figures of a report that stand in no frame: counts, control totals, the bridge, columns to add up with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from planbook.calc import evaluate_text
from planbook.explain.bounds import work_out_bound
from planbook.explain.model import Step
from planbook.explain.plans import explain_goal, name_goal, name_task
from planbook.explain.teller import Row, Teller, add_up, is_number, missing, plain
from planbook.explain.totals import counted_goals, explain_company_goal, name_node
from planbook.measures.progress import LATE, number_of
from planbook.measures.scores import MISSED, cap_of, impact
from planbook.problems import CalcError, Problem, Severity
from planbook.weights import fill_weights

# -- counts --------------------------------------------------------------------------------

GOALS: Mapping[str, Callable[[Row], bool]] = {
    "goals": lambda goal: True,
    "met": lambda goal: goal["rating"] == "green",
    "missed": lambda goal: goal["rating"] in MISSED,
}
TASKS: Mapping[str, Callable[[Row], bool]] = {
    "tasks": lambda task: True,
    "late": lambda task: task["status"] in LATE,
}
DEPARTMENTS = ("covered", "expected")
SEVERITIES = {"errors": Severity.ERROR, "warnings": Severity.WARNING}
COUNTS = frozenset({*GOALS, *TASKS, *DEPARTMENTS, *SEVERITIES})
LABELS = {"met": "kpi_met", "errors": "kpi_errors"}  # key figures that are no column of the scores


def explain_count(teller: Teller, node: Row, key: str) -> Step:
    """How many of something a node has, with everything that counts."""
    code = str(node["code"] or "")
    inside = {department.code for department in teller.figures.company.below(code)}
    if key in GOALS:
        rows = [goal for goal in teller.rows("goals") if goal["department"] in inside and GOALS[key](goal)]
        steps = [_brief_goal(teller, goal) for goal in rows]
    elif key in TASKS:
        rows = [task for task in teller.rows("tasks") if task["department"] in inside and TASKS[key](task)]
        steps = [_brief_task(teller, task) for task in rows]
    elif key in DEPARTMENTS:
        nodes = (row for row in teller.rows("scores") if row["code"] in inside)
        steps = [_brief_node(teller, row) for row in nodes if row["node"] == "department" and row[key]]
    else:
        problems = teller.figures.problems
        steps = [
            brief_problem(teller, problem) for problem in problems if problem.severity is SEVERITIES[key]
        ]
    title = teller.book.label(LABELS[key], teller.lang) if key in LABELS else teller.title("scores", key)
    return Step(f"{title}　{name_node(teller, node)}", len(steps), shown=str(len(steps)), steps=tuple(steps))


def _brief_goal(teller: Teller, goal: Row) -> Step:
    shown = (teller.percent(goal["attainment"]), teller.choice("goals", "rating", goal["rating"]))
    return Step(
        name_goal(goal),
        plain(goal["attainment"]),
        shown="　".join(filter(None, shown)),
        place=teller.place(goal),
    )


def _brief_task(teller: Teller, task: Row) -> Step:
    shown = (teller.percent(task["percent"]), teller.choice("tasks", "status", task["status"]))
    return Step(
        name_task(task),
        plain(task["percent"]),
        shown="　".join(filter(None, shown)),
        place=teller.place(task),
    )


def _brief_node(teller: Teller, row: Row) -> Step:
    return Step(name_node(teller, row), plain(row["score"]), shown=teller.percent(row["score"]) or "—")


def brief_problem(teller: Teller, problem: Problem) -> Step:
    """A problem by its message, with its place and code."""
    return Step(problem.message(teller.lang), place=problem.location, note=problem.code.value)


# -- columns to add up with ------------------------------------------------------------------


def explain_column(teller: Teller, frame: str, row: Row, column: str, report: str) -> Step | None:
    """A figure that a report has beside a row's own: share, points, what it adds; None where unknown."""
    known = teller.report_column(report, column)
    title = known.title.to(teller.lang) if known else teller.title(frame, column)
    worked = _arithmetic(teller, frame, row, column, report)
    if worked:
        try:
            value = evaluate_text(worked.replace("×", "*"))
        except CalcError:
            return None
        unit = (
            row.get("unit") if frame == "facts" and column.startswith("adds_") else _company_unit(teller, row)
        )
        shown = teller.amount(value, unit) if "adds_" in column else teller.percent(value)
        return Step(title, value, shown=shown, arithmetic=worked)
    if column in row and not missing(row[column]):
        return Step(title, plain(row[column]), shown=teller.column(frame, row, column))
    return None


def _arithmetic(teller: Teller, frame: str, row: Row, column: str, report: str) -> str:
    """How a column of a report is worked out from its row; ``""`` where it is none of these."""
    attainment, limit = row.get("attainment"), f"{cap_of(teller.book, teller.settings):.10g}"
    if frame in ("scores", "progress") and column in ("low", "high"):
        return work_out_bound(teller, frame, row, column)
    if frame == "scores" and report == "scores" and column in ("known", "points"):
        known = f"{row['share']:.15g}"
        return known if column == "known" else f"{known} × {row['score']:.15g}"
    if frame == "facts" and report == "facts" and "adds_" in column:
        return _fact_adds(teller, row, column)
    if frame != "goals":
        return ""
    if column == "impact":
        rate, value = row["deviation_rate"], impact(row)
        if value is None:
            return ""
        if rate is None:
            return f"{attainment:.15g} - 1"
        return f"{rate:.15g}" if value == rate else f"0 - ({rate:.15g})"
    if column.startswith("adds_"):
        return _added(teller, row, column)
    if column in ("used", "points") and report == "parts":
        used = _weight_used(teller, row)
        return (
            "" if used is None else f"{used:.15g}" + (f" × {attainment:.15g}" if column == "points" else "")
        )
    if column in ("capped", "points") and is_number(attainment):
        capped = f"MIN({attainment:.15g},{limit})"
        return capped if column == "capped" else f"{row['share']:.15g} × {capped}"
    return ""


def _fact_adds(teller: Teller, fact: Row, column: str) -> str:
    """What a quarter adds: to its goal all of it, or its part of a mean; to the company goal in its unit."""
    if not is_number(fact[column]):
        return ""
    counted = sum(other["counted"] == "yes" for other in teller.facts_of(fact))
    shown = f"{fact[column.rpartition('_')[2]]:.15g}"
    shown += f" / {counted}" if fact["aggregation"] == "mean" else ""
    if column.startswith("adds_"):
        return shown
    unit, own = _company_unit(teller, fact), str(fact["unit"] or "")
    ratio = teller.book.unit_table.convert(1.0, own or unit, unit)
    return shown if ratio in (None, 1.0) else f"{shown} × {ratio:.15g}"


def _company_row(teller: Teller, goal: Row) -> Row | None:
    rows = teller.rows("company_goals")
    return next((row for row in rows if row["number"] == goal["company_no"]), None)


def _company_unit(teller: Teller, goal: Row) -> str:
    above = _company_row(teller, goal) if "company_no" in goal else None
    return str(above["unit"] or "") if above else ""


def _added(teller: Teller, goal: Row, column: str) -> str:
    """What a goal adds to its company goal, in that one's unit."""
    unit, own = _company_unit(teller, goal), str(goal["unit"] or "")

    def convert(key: str) -> str:
        value = (
            teller.book.unit_table.convert(float(goal[key]), own or unit, unit)
            if is_number(goal[key])
            else None
        )
        return "" if value is None else f"{value:.15g}"

    if column == "adds_deviation":
        sides = convert("actual"), convert("target")
        return f"ROUND({sides[0]}-({sides[1]}),9)" if all(sides) else ""
    return convert({"adds_annual": "annual_target"}.get(column, column.removeprefix("adds_")))


def _weight_used(teller: Teller, goal: Row) -> float | None:
    """The weight of a goal among those that a weighted company goal averages."""
    counted = [
        row
        for row in teller.rows("goals")
        if row["company_no"] == goal["company_no"]
        and row["company_use"] == "counted"
        and is_number(row["attainment"])
    ]
    weights = fill_weights([number_of(plain(row["weight"])) for row in counted])
    key = goal["file"], goal["goal_id"]
    return next(
        (w for w, row in zip(weights, counted, strict=True) if (row["file"], row["goal_id"]) == key), None
    )


# -- the bridge ------------------------------------------------------------------------------


def explain_bridge(teller: Teller, row: Row, name: str, unit: str, others: Sequence[str]) -> Step:
    """A column of the bridge: a total of the company goal, or what a department (or the rest) adds to it.

    `others` are the departments that have columns of their own.
    """
    words = {
        teller.book.label(label, lang): key
        for label, key in (("bridge_plan", "target"), ("bridge_actual", "actual"))
        for lang in teller.book.languages
    }
    convert = teller.book.unit_table.convert
    whole = explain_company_goal(teller, row)
    if name in words:
        value = convert(float(row[words[name]]), str(row["unit"] or unit), unit) if unit else row[words[name]]
        asked = next(step for step in whole.steps if step.what == teller.title("company_goals", words[name]))
        return Step(
            f"{row['goal']}　{name}", value, unit, teller.amount(value, unit), steps=(asked, *whole.steps)
        )
    goals = [goal for goal in teller.rows("goals") if goal["company_no"] == row["number"]]
    counted = counted_goals(row, goals)
    mine = [goal for goal in counted if _named(goal, name)]
    if not mine:
        mine = [goal for goal in counted if not any(_named(goal, other) for other in others)]
    amounts = [
        tuple(
            convert(float(goal[key]), str(goal["unit"] or unit), unit or str(goal["unit"] or "")) or 0.0
            for key in ("actual", "target")
        )
        for goal in mine
    ]
    worked = " + ".join(f"{actual:.10g} - {add_up([target])}" for actual, target in amounts)
    value = round(sum(actual - target for actual, target in amounts), 9)
    steps = tuple(explain_goal(teller, goal) for goal in mine)
    return Step(
        f"{row['goal']}　{name}", value, unit, teller.amount(value, unit), arithmetic=worked, steps=steps
    )


def _named(goal: Row, name: str) -> bool:
    full = " ".join(str(goal["department_name"] or "").split())
    return full == name or (name.endswith("…") and full.startswith(name[:-1]))


# -- control totals --------------------------------------------------------------------------

CONTROLS = (
    "control_facts", "control_counted", "control_goals", "control_tasks", "control_sum_target",
    "control_sum_actual", "control_parts",
)  # fmt: skip


def explain_control(teller: Teller, key: str) -> Step:
    """What must agree: the figure that a sheet shows, and the same by the other way."""
    figures, facts, goals = teller.figures, teller.rows("facts"), teller.rows("goals")
    if key == "control_facts":
        rows, kept_out = figures.review_rows, figures.kept_out
        return _counted(teller, "facts", len(facts), f"{rows} - {kept_out}", ())
    if key == "control_counted":
        steps = [Step(name_goal(g), g["quarters"], shown=str(g["coverage"])) for g in goals if g["quarters"]]
        counted = sum(fact["counted"] == "yes" for fact in facts)
        return _counted(teller, "facts", counted, add_up(step.value for step in steps), steps)
    if key in ("control_goals", "control_tasks"):
        frame = key.removeprefix("control_")
        own = Counter(str(row["department_name"]) for row in teller.rows(frame))
        steps = [Step(name, count, shown=str(count)) for name, count in own.items()]
        return _counted(teller, frame, sum(own.values()), add_up(own.values()), steps)
    if key == "control_parts":
        summed = [
            row for row in teller.rows("company_goals") if row["rollup"] == "sum" and is_number(row["actual"])
        ]
        steps = [
            next(
                s
                for s in explain_company_goal(teller, row).steps
                if s.what == teller.title("company_goals", "actual")
            )
            for row in summed
        ]
        steps = [replace(step, what=str(row["goal"])) for step, row in zip(steps, summed, strict=True)]
        total = sum(float(row["actual"]) for row in summed)
        return _counted(teller, "company_goals", total, add_up(row["actual"] for row in summed), steps)
    return _hash_total(teller, key.removeprefix("control_sum_"))


def _hash_total(teller: Teller, name: str) -> Step:
    """A sum whatever the unit: of the goals, and department by department of what their facts add."""
    totals: dict[str, float] = {}
    for goal in teller.rows("goals"):
        if is_number(goal[name]):
            owner = str(goal["department_name"])
            totals[owner] = totals.get(owner, 0.0) + float(goal[name])
    steps = []
    for owner, total in totals.items():
        facts = (fact for fact in teller.rows("facts") if fact["department_name"] == owner)
        added = [fact[f"adds_{name}"] for fact in facts if is_number(fact[f"adds_{name}"])]
        steps.append(Step(owner, total, shown=teller.amount(total), arithmetic=add_up(added)))
    return _counted(teller, "goals", sum(totals.values()), add_up(totals.values()), steps)


def _counted(teller: Teller, frame: str, value: float, worked: str, steps: Sequence[Step]) -> Step:
    report = {"goals": "variance"}.get(frame, frame)
    title = teller.book.report(report).title.to(teller.lang)
    return Step(title, value, shown=teller.amount(value), arithmetic=worked, steps=tuple(steps))
