"""Tasks taken together: the progress of goals and initiatives, and what a position answers for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from planbook.explain.model import Step
from planbook.explain.plans import explain_other, goal_below, name_row, reference_of_task, task_below
from planbook.explain.teller import Row, Teller, add_up, factor, is_number, mean_of, missing, plain
from planbook.measures.people import led_tasks, sort_tasks, supported_tasks
from planbook.measures.progress import DONE, LATE, is_held, number_of
from planbook.measures.scores import cap_of

# -- progress ----------------------------------------------------------------------------------


def tasks_of(teller: Teller, row: Row) -> list[Row]:
    """The tasks of a goal or an initiative."""
    return [
        task
        for task in teller.rows("tasks")
        if task["file"] == row["file"]
        and task["goal_id"] == row["goal_id"]
        and (row["node"] == "goal" or task["initiative"] == row["initiative"])
    ]


def explain_progress(teller: Teller, row: Row) -> Step:
    """The progress of a goal or an initiative, from its tasks."""
    mine = tasks_of(teller, row)
    active = [task for task in mine if not is_held(task)]
    key = str(row["weighed_by"])
    known = [task for task in active if is_number(task["percent"])]
    basis = teller.say("weighed_by", basis=teller.choice("progress", "weighed_by", key))
    weights = [(1.0 if key == "equal" else task[key], task) for task in known]
    budgets = [task["budget"] for task in active if is_number(task["budget"])]
    figures = (
        ("expected", mean_of((w, t["expected"]) for w, t in weights if is_number(t["expected"])), ""),
        ("schedule_deviation", less(row["percent"], row["expected"]), ""),
        ("low", _with_missing(active, key, 0.0), ""),
        ("high", _with_missing(active, key, 1.0), ""),
        ("done", "", _names(teller, (t for t in active if t["status"] == DONE))),
        ("late", "", _names(teller, (t for t in active if t["status"] in LATE))),
        ("budget", add_up(budgets), ""),
    )
    return Step(
        f"{teller.say('progress')}　{row['department_name']}　{row['initiative'] or row['goal']}",
        plain(row["percent"]),
        shown=teller.percent(row["percent"]) or "—",
        arithmetic=mean_of((weight, task["percent"]) for weight, task in weights),
        note=teller.join(basis, teller.say("coverage", coverage=row["coverage"])),
        steps=(
            *_figures(teller, "progress", row, figures),
            *(task_below(teller, task, _weight_note(teller, task, key)) for task in mine),
        ),
    )


def _with_missing(tasks: Sequence[Row], key: str, worst: float) -> str:
    """The progress of tasks, those without a percentage at `worst`."""
    return mean_of(
        (1.0 if key == "equal" else task[key], task["percent"] if is_number(task["percent"]) else worst)
        for task in tasks
    )


def less(one: object, other: object) -> str:
    """A difference, spelled out; ``""`` where a side lacks."""
    return f"{factor(one)} - {factor(other)}" if is_number(one) and is_number(other) else ""


def _weight_note(teller: Teller, task: Row, key: str) -> str:
    if is_held(task):
        return teller.choice("tasks", "hold", task["hold"])
    weight = None if key == "equal" else task[key]
    return teller.say("weight", weight=f"{weight:.10g}") if is_number(weight) else ""


def _names(teller: Teller, tasks: Iterable[Row]) -> str:
    return teller.listed(reference_of_task(task) for task in tasks)


def _figures(teller: Teller, frame: str, row: Row, figures: Iterable[tuple[str, str, str]]) -> Iterator[Step]:
    """The figures of a row with their arithmetic, or with the names of what they count."""
    for key, worked, names in figures:
        if not missing(row[key]):
            counted = teller.say("counts", names=names) if names else ""
            shown = teller.column(frame, row, key)
            yield Step(teller.title(frame, key), plain(row[key]), "", shown, arithmetic=worked, note=counted)


def explain_risk(teller: Teller, row: Row) -> Step:
    """A risk: the deviation of its task, and the task."""
    root = explain_other(teller, "risks", row)
    mine = [
        task
        for task in teller.rows("tasks")
        if task["file"] == row["file"] and not missing(row["task_id"]) and task["task_id"] == row["task_id"]
    ]
    title = teller.title("risks", "schedule_deviation")
    worked = less(mine[0]["percent"], mine[0]["expected"]) if mine else ""
    steps = (replace(step, arithmetic=worked) if step.what == title else step for step in root.steps)
    return replace(root, steps=(*steps, *(task_below(teller, task) for task in mine)))


# -- positions ---------------------------------------------------------------------------------


def explain_position(teller: Teller, row: Row) -> Step:
    """What a position answers for: its tasks, what of them is done and due, their goals."""
    every = teller.rows("tasks")
    led = led_tasks(every, row["department"], row["position"])
    counted = sort_tasks(led, teller.figures.as_of)
    active = counted["tasks"]
    cap = cap_of(teller.book, teller.settings)
    goals = _goals_of(teller, active)
    known = [(1.0, f"MIN({g['attainment']:.10g},{cap:.10g})") for g in goals if is_number(g["attainment"])]
    worked = " + ".join(text for _, text in known)
    figures = [(key, "", _names(teller, tasks)) for key, tasks in counted.items()]
    figures += [
        ("on_time_rate", f"{len(counted['on_time'])} / {len(counted['due'])}", ""),
        ("percent", _by_days(active, "percent"), ""),
        ("expected", _by_days(active, "expected"), ""),
        ("goals", "", teller.listed(f"{g['department']}-{g['goal_id']}" for g in goals)),
        ("attainment", f"({worked}) / {len(known)}" if known else "", ""),
        ("supports", "", _names(teller, supported_tasks(every, row["department"], row["position_name"]))),
        ("peak", "", _names(teller, _running(active, row["peak_day"]))),
    ]
    notes = {
        "percent": teller.say("by_days"),
        "expected": teller.say("by_days"),
        "attainment": teller.say("of_equals", cap=teller.percent(cap)),
        "peak": teller.say("peak_day", day=row["peak_day"]) if row["peak_day"] else "",
    }
    titles = {teller.title("appraisal", key): note for key, note in notes.items()}
    steps = [
        replace(step, note=teller.join(step.note, titles.get(step.what, "")))
        for step in _figures(teller, "appraisal", row, figures)
    ]
    below = [task_below(teller, task, _days_note(teller, task)) for task in led]
    return Step(
        name_row(teller, "appraisal", row),
        steps=(*steps, *below, *(goal_below(teller, goal) for goal in goals)),
    )


def busiest_tasks(teller: Teller, department: object, name: object) -> list[Row]:
    """The tasks that a position, called by its name, leads at its busiest."""
    rows = teller.rows("appraisal")
    row = next((r for r in rows if (r["department"], r["position_name"]) == (department, name)), None)
    if row is None:
        return []
    led = led_tasks(teller.rows("tasks"), department, row["position"])
    return _running([task for task in led if not is_held(task)], row["peak_day"])


def _goals_of(teller: Teller, tasks: Sequence[Row]) -> list[Row]:
    """The goals that tasks serve, each once."""
    places = {(goal["file"], goal["goal_id"]): goal for goal in teller.rows("goals")}
    wanted = dict.fromkeys((task["file"], task["goal_id"]) for task in tasks if task["goal_id"])
    return [places[key] for key in wanted if key in places]


def _by_days(tasks: Sequence[Row], key: str) -> str:
    return mean_of((number_of(task["days"]) or 1.0, task[key]) for task in tasks if is_number(task[key]))


def _days_note(teller: Teller, task: Row) -> str:
    """How long a task takes and until when; that it is on hold."""
    held = teller.choice("tasks", "hold", task["hold"]) if is_held(task) else ""
    span = f"{task['start']} – {task['finish']}" if task["start"] and task["finish"] else ""
    return teller.join(held, span)


def _running(tasks: Sequence[Row], day: object) -> list[Row]:
    if not isinstance(day, date):
        return []
    dated = (t for t in tasks if isinstance(t["start"], date) and isinstance(t["finish"], date))
    return [task for task in dated if task["start"] <= day <= task["finish"]]
