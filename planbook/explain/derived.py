"""Figures of a report that stand in no frame: counts, control totals, the bridge, columns to add up with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from planbook.calc import evaluate_text
from planbook.explain.model import Step
from planbook.explain.plans import brief_goal, brief_task, goal_below, name_goal
from planbook.explain.teller import Row, Teller, add_up, is_number, missing, number_in, plain, scaled
from planbook.explain.totals import brief_node, counted_goals, explain_company_goal, name_node, own_score
from planbook.measures.contributions import ADDED, convert_amount
from planbook.measures.progress import LATE
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
        steps = [brief_goal(teller, goal) for goal in rows]
    elif key in TASKS:
        rows = [task for task in teller.rows("tasks") if task["department"] in inside and TASKS[key](task)]
        steps = [brief_task(teller, task) for task in rows]
    elif key in DEPARTMENTS:
        nodes = (row for row in teller.rows("scores") if row["code"] in inside)
        steps = [brief_node(teller, row) for row in nodes if row["node"] == "department" and row[key]]
    else:
        problems = teller.figures.problems
        steps = [
            brief_problem(teller, problem) for problem in problems if problem.severity is SEVERITIES[key]
        ]
    title = teller.book.label(LABELS[key], teller.lang) if key in LABELS else teller.title("scores", key)
    return Step(f"{title}　{name_node(teller, node)}", len(steps), shown=str(len(steps)), steps=tuple(steps))


def brief_problem(teller: Teller, problem: Problem) -> Step:
    """A problem by its message, with its place, severity and code."""
    severity = teller.book.list_title("severity", problem.severity.value, teller.lang)
    note = teller.join(severity, problem.code.value)
    return Step(problem.message(teller.lang), place=problem.location, note=note)


# -- columns to add up with ------------------------------------------------------------------


def explain_column(teller: Teller, frame: str, row: Row, column: str, report: str) -> Step | None:
    """A figure that a report has beside a row's own: share, points, what it adds; None where unknown."""
    known = teller.report_column(report, column)
    title = known.title.to(teller.lang) if known else teller.title(frame, column)
    typed = _typed(teller, frame, row, column, title)
    if typed is not None:
        return typed
    worked = _arithmetic(teller, frame, row, column, report)
    if worked:
        try:
            value = evaluate_text(worked.replace("×", "*"))
        except CalcError:
            return None
        own = frame == "facts" and column.startswith("adds_")
        unit = row.get("unit") if own else _company_unit(teller, row)
        shown = teller.amount(value, unit) if "adds_" in column else teller.percent(value)
        return Step(title, value, shown=shown, arithmetic=worked)
    if column in row and not missing(row[column]):
        note, shown = _origin(teller, frame, row, column), teller.column(frame, row, column)
        share = _blank_share(teller, row) if (frame, column) == ("goals", "share") else ""
        return Step(title, plain(row[column]), shown=shown, arithmetic=share, note=note)
    return None


def _typed(teller: Teller, frame: str, row: Row, column: str, title: str) -> Step | None:
    """A figure of a goal that a planner typed on its sheet; None where it is none."""
    weight = column == "share" and is_number(row.get("weight")) and row["weight"] == row["share"]
    if frame != "goals" or missing(row.get(column)):
        return None
    if column != "baseline" and not weight:
        return None
    at = (str(row["file"]), "goals", number_in(row["goal_id"]), "weight" if weight else column)
    step = teller.cell(title, row[column], "" if weight else row["unit"], at)
    return replace(step, shown=teller.percent(row[column])) if weight else step


def _origin(teller: Teller, frame: str, row: Row, column: str) -> str:
    """Where a figure comes from that is not worked out: which quarters, which file, which rule."""
    if frame == "goals" and column == "quarters":
        counted = (fact["quarter"] for fact in teller.facts_of(row) if fact["counted"] == "yes")
        return teller.say(
            "counts", names=teller.listed(teller.choice("facts", "quarter", q) for q in counted)
        )
    return teller.say("blank_weight") if (frame, column) == ("goals", "share") else ""


def _blank_share(teller: Teller, row: Row) -> str:
    """What a goal without a weight counts with; ``""`` where goals that were kept out weigh, too."""
    goals = [
        g for g in teller.rows("goals") if g["department"] == row["department"] and is_number(g["share"])
    ]
    given = [goal["weight"] for goal in goals if is_number(goal["weight"])]
    node = next((r for r in teller.rows("scores") if r["code"] == row["department"]), None)
    if node is None or round((node["own_weight"] or 0.0) - sum(goal["share"] for goal in goals), 9):
        return ""
    left = f"(1 - ({add_up(given)}))" if given else "1"
    return f"{left} / {len(goals) - len(given)}"


def _arithmetic(teller: Teller, frame: str, row: Row, column: str, report: str) -> str:
    """How a column of a report is worked out from its row; ``""`` where it is none of these."""
    if frame == "scores" and column in ("known", "points", "share", "own_share", "own"):
        return _node_weight(teller, row, column)
    if frame == "facts" and report == "facts" and "adds_" in column:
        return _fact_adds(teller, row, column)
    return _goal_column(teller, row, column, report) if frame == "goals" else ""


def _node_weight(teller: Teller, row: Row, column: str) -> str:
    """The weight of a node in the score above it, or of its own goals beside its parts."""
    if column == "own":
        return own_score(teller, row)
    if column in ("known", "points"):
        return f"{row['share']:.15g}" + (f" × {row['score']:.15g}" if column == "points" else "")
    company, code = teller.figures.company, str(row["code"] or "")
    found = company.find(code)
    whole = column == "own_share"
    above = code if whole else found.parent if found else ""
    scored = next((r for r in teller.rows("scores") if str(r["code"] or "") == above), None)
    if scored is None or not is_number(row[column]):
        return ""
    given = [child.weight for child in company.children(above)]
    filled = fill_weights([*given, *([None] if is_number(scored["own"]) else [])])
    codes = [child.code for child in company.children(above)]
    mine = filled[-1] if whole else filled[codes.index(code)]
    return f"{mine:.10g} / ({add_up(filled)})"


def _goal_column(teller: Teller, row: Row, column: str, report: str) -> str:
    """How a column beside a goal's own is worked out."""
    attainment, limit = row["attainment"], f"{cap_of(teller.book, teller.settings):.10g}"
    if column == "impact":
        rate, value = row["deviation_rate"], impact(row)
        if value is None:
            return ""
        if rate is None:
            return f"{attainment:.15g} - 1"
        return f"{rate:.15g}" if value == rate else f"0 - ({rate:.15g})"
    if report == "parts":
        return _added(teller, row, column)
    if column in ("capped", "points") and is_number(attainment):
        capped = f"MIN({attainment:.15g},{limit})"
        return capped if column == "capped" else f"{row['share']:.15g} × {capped}"
    return ""


def _fact_adds(teller: Teller, fact: Row, column: str) -> str:
    """What a quarter adds: to its goal all of it, or its part of a mean; to the company goal in its unit."""
    if not is_number(fact[column]):
        return ""
    counted = sum(other["counted"] == "yes" for other in teller.facts_of(fact))
    value, shared = fact[column.rpartition("_")[2]], f" / {counted}" if fact["aggregation"] == "mean" else ""
    unit = "" if column.startswith("adds_") else _company_unit(teller, fact)
    ratio = convert_amount(teller.book, 1.0, fact["unit"], unit) if unit else 1.0
    return scaled(value, 1.0 if ratio is None else ratio) + shared


def _company_unit(teller: Teller, goal: Row) -> str:
    if "company_no" not in goal:
        return ""
    rows = teller.rows("company_goals")
    above = next((row for row in rows if row["number"] == goal["company_no"]), None)
    return str(above["unit"] or "") if above else ""


def _added(teller: Teller, goal: Row, column: str) -> str:
    """What a goal adds to its company goal: in that one's unit, or with the weight that it has there."""
    part = teller.parts.get((goal["file"], goal["goal_id"]), {})
    if not is_number(part.get(column)):
        return ""
    if column in ("used", "points"):
        return f"{part['used']:.15g}" + (f" × {goal['attainment']:.15g}" if column == "points" else "")
    ratio = convert_amount(teller.book, 1.0, goal["unit"], part["company_unit"] or "")
    sides = {
        name: scaled(goal[key], 1.0 if ratio is None else ratio)
        for name, key in ADDED.items()
        if is_number(goal[key])
    }
    if column == "adds_deviation":
        return f"ROUND({sides['actual']} - {sides['target']},9)"
    return sides.get(column.removeprefix("adds_"), "")


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
    whole = explain_company_goal(teller, row)
    ratio = convert_amount(teller.book, 1.0, row["unit"], unit) if unit else 1.0
    if name in words:
        asked = next(step for step in whole.steps if step.what == teller.title("company_goals", words[name]))
        worked = scaled(row[words[name]], ratio or 1.0)
        value = evaluate_text(worked.replace("×", "*"))
        shown = teller.amount(value, unit)
        steps = (asked, *whole.steps)
        return Step(f"{row['goal']}　{name}", value, unit, shown, arithmetic=worked, steps=steps)
    goals = [goal for goal in teller.rows("goals") if goal["company_no"] == row["number"]]
    counted = counted_goals(row, goals)
    mine = [goal for goal in counted if _named(goal, name)]
    if not mine:
        mine = [goal for goal in counted if not any(_named(goal, other) for other in others)]
    ratios = [convert_amount(teller.book, 1.0, goal["unit"], unit) or 1.0 if unit else 1.0 for goal in mine]
    worked = " + ".join(
        f"{scaled(goal['actual'], each)} - {scaled(goal['target'], each)}"
        for goal, each in zip(mine, ratios, strict=True)
    )
    value = evaluate_text(f"ROUND({worked.replace('×', '*')},9)") if worked else 0.0
    steps = tuple(goal_below(teller, goal) for goal in mine)
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
