"""Rows of the departments' plans, explained: quarters, goals and tasks, whole or on one line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from planbook.explain.model import Step
from planbook.explain.teller import (
    MEASURES,
    Row,
    Teller,
    add_up,
    is_number,
    missing,
    number_in,
    plain,
)
from planbook.measures.frames import FRAMES, Holds

TASK_MEASURES = ("expected", "schedule_deviation", "status", "stale")


def explain_fact(teller: Teller, row: Row) -> Step:
    """One quarter of a goal: its two figures with their cells, and its measures."""
    quarter = teller.choice("facts", "quarter", row["quarter"])
    return Step(
        f"{row['fact']}　{row['department_name']}　{row['goal']}　{quarter}",
        place=teller.place(row),
        sha256=str(row["sha256"] or ""),
        note="" if row["counted"] == "yes" else teller.say("not_counted"),
        steps=(*_typed_figures(teller, row), *teller.measured("facts", row, quarters=1.0)),
    )


def _typed_figures(teller: Teller, row: Row) -> Iterator[Step]:
    number = number_in(row["fact"])
    for key in ("target", "target_high", "actual"):
        if key != "target_high" or not missing(row[key]):
            at = (str(row["file"]), "review", number, key)
            yield teller.cell(teller.say(key), row[key], row["unit"], at)


def quarter_below(teller: Teller, row: Row, note: str = "") -> Step:
    """A quarter below what is explained: on one line, or with all its steps; `note` says more of it."""
    if teller.deep:
        step = explain_fact(teller, row)
        return replace(step, note=teller.join(step.note, note))
    quarter = teller.choice("facts", "quarter", row["quarter"])
    counted = "" if row["counted"] == "yes" else teller.say("not_counted")
    return Step(
        f"{row['department_name']}　{row['goal']}　{quarter}",
        plain(row["actual"]),
        shown=against(teller, row),
        note=teller.join(counted, note),
        reference=str(row["fact"]),
    )


def against(teller: Teller, row: Row) -> str:
    """What is there and what was wanted, in a few words."""
    target, high = (teller.amount(row[key], row["unit"]) for key in ("target", "target_high"))
    wanted = teller.say("against", target="–".join(filter(None, (target, high)))) if target else ""
    return "　".join((teller.amount(row["actual"], row["unit"]) or "—", *filter(None, (wanted,))))


def _brief_fact(teller: Teller, row: Row) -> Step:
    quarter = teller.choice("facts", "quarter", row["quarter"])
    note = "" if row["counted"] == "yes" else teller.say("not_counted")
    return Step(f"{quarter}　{row['fact']}", note=note, steps=tuple(_typed_figures(teller, row)))


def explain_goal(teller: Teller, row: Row, note: str = "") -> Step:
    """One goal: how its quarters make the figures to date, and its measures; `note` says more of it."""
    facts = teller.facts_of(row)
    counted = [fact for fact in facts if fact["counted"] == "yes"]
    aggregation = str(row["aggregation"] or "sum")
    steps = [
        teller.cell(
            teller.say(label),
            row[key],
            row["unit"],
            (str(row["file"]), "goals", number_in(row["goal_id"]), typed),
        )
        for label, key, typed in (
            ("annual", "annual_target", "target"),
            ("annual_high", "annual_target_high", "target_high"),
        )
        if not missing(row[key])
    ]
    steps += [
        Step(
            teller.say(label),
            plain(row[key]),
            str(row["unit"] or ""),
            teller.amount(row[key], row["unit"]) or "—",
            arithmetic=_over_time(teller, counted, key, aggregation),
        )
        for label, key in (
            ("to_date_target", "target"),
            ("to_date_high", "target_high"),
            ("to_date_actual", "actual"),
        )
        if key != "target_high" or not missing(row[key])
    ]
    steps += teller.measured("goals", row, (*MEASURES, "year_completion"))
    steps += [_brief_fact(teller, fact) for fact in facts]
    return Step(
        name_goal(row),
        plain(row["attainment"]),
        shown=teller.percent(row["attainment"]),
        place=teller.place(row),
        note=teller.join(teller.say("coverage", coverage=row["coverage"]), note),
        steps=tuple(steps),
    )


def brief_goal(teller: Teller, row: Row, note: str = "") -> Step:
    """A goal on one line, with what to explain next."""
    rated = (teller.percent(row["attainment"]), teller.choice("goals", "rating", row["rating"]))
    return Step(
        name_goal(row),
        plain(row["attainment"]),
        shown="　".join((*filter(None, rated), against(teller, row))),
        place=teller.place(row),
        note=note,
        reference=f"{row['department']}-{row['goal_id']}",
    )


def goal_below(teller: Teller, row: Row, note: str = "") -> Step:
    """A goal below what is explained: on one line, or with all its steps; `note` says more of it."""
    return explain_goal(teller, row, note) if teller.deep else brief_goal(teller, row, note)


def name_goal(row: Row) -> str:
    """A goal by its department, id and name."""
    return f"{row['department_name']}　{row['goal_id']}｜{row['goal']}"


def _over_time(teller: Teller, facts: Sequence[Row], key: str, aggregation: str) -> str:
    """How the counted quarters make the figure to date."""
    figures = [(str(fact["quarter"]), fact[key]) for fact in facts if is_number(fact[key])]
    if not figures:
        return ""
    if aggregation == "last":
        quarter, value = max(figures, key=lambda pair: pair[0])
        return f"{teller.choice('facts', 'quarter', quarter)}: {value:.10g}"
    total = add_up(value for _, value in sorted(figures, key=lambda pair: pair[0]))
    return f"({total}) / {len(figures)}" if aggregation == "mean" else total


# -- tasks ---------------------------------------------------------------------------------


def explain_task(teller: Teller, row: Row) -> Step:
    """One task: its percentage with its cell, its measures."""
    submission = teller.submissions.get(str(row["file"]))
    source = submission.sources.get("tracking") if submission else None
    tracked = row["tracked"] == "yes" and source is not None
    found = re.search(r"(\d+)$", str(row["cell"] or ""))
    at = int(found[1]) - 1 if found else -1
    number = next((n for n, place in source.rows.items() if place == at), 0) if source else 0
    key = (str(row["file"]), "tracking", number, "percent")
    steps = [teller.cell(teller.say("percent"), row["percent"], "", key)] if tracked else []
    return Step(
        name_task(row),
        plain(row["percent"]),
        shown=teller.percent(row["percent"]),
        place=teller.place(row),
        sha256=submission.sha256 if submission else "",
        steps=(*steps, *teller.measured("tasks", row, TASK_MEASURES)),
    )


def brief_task(teller: Teller, row: Row, note: str = "") -> Step:
    """A task on one line, with what to explain next."""
    shown = (teller.percent(row["percent"]), teller.choice("tasks", "status", row["status"]))
    return Step(
        name_task(row),
        plain(row["percent"]),
        shown="　".join(filter(None, shown)) or "—",
        place=teller.place(row),
        note=note,
        reference=reference_of_task(row),
    )


def reference_of_task(row: Row) -> str:
    """What a task is explained by: its id, or its name where it stands in no breakdown."""
    return f"{row['department']}-{row['task_id']}" if not missing(row["task_id"]) else str(row["task"] or "")


def task_below(teller: Teller, row: Row, note: str = "") -> Step:
    """A task below what is explained: on one line, or with all its steps; `note` says more of it."""
    if not teller.deep:
        return brief_task(teller, row, note)
    step = explain_task(teller, row)
    return replace(step, note=teller.join(step.note, note))


def name_task(row: Row) -> str:
    """A task by its department, id and name."""
    return f"{row['department_name']}　{row['task_id']}｜{row['task']}"


# -- the rest ------------------------------------------------------------------------------


def explain_other(teller: Teller, frame: str, row: Row) -> Step:
    """A row that is no figure of its own: its columns, and the cell it was read from."""
    figures = (Holds.QUANTITY, Holds.FRACTION, Holds.NUMBER)
    steps = [
        Step(title, plain(row[column.key]), shown=teller.column(frame, row, column.key))
        for column in FRAMES[frame].columns
        if column.holds in figures and not missing(row[column.key])
        if (title := teller.title(frame, column.key))
    ]
    return Step(name_row(teller, frame, row), place=teller.place(row), steps=tuple(steps))


def name_row(teller: Teller, frame: str, row: Row) -> str:
    """A row by what tells it apart, in words: names for codes, titles for choices."""
    choices = {column.key for column in FRAMES[frame].columns if column.holds is Holds.CHOICE}
    words = []
    for key in FRAMES[frame].keys:
        named = row.get(f"{key}_name")
        value = (
            named
            if not missing(named)
            else teller.choice(frame, key, row[key])
            if key in choices
            else row[key]
        )
        if not missing(value):
            words.append(str(value))
    return "　".join(dict.fromkeys(words))
