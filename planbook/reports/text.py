"""The roll-up in words: the headline, what needs attention, and the whole as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from planbook.measures import RollUp

Record = Mapping[str, Any]
TOP = 10
NOTEWORTHY = ("overdue", "behind")
DASH = "—"


def records(frame: Any) -> list[dict[str, Any]]:
    """A frame's rows with None for whatever is missing."""
    return [{k: None if v != v else v for k, v in row.items()} for row in frame.to_dict("records")]


def adverse_goals(roll_up: RollUp, limit: int = TOP) -> list[dict[str, Any]]:
    """Goals off target on the unfavourable side, worst first.

    Ordered by attainment, which takes the deviation in the metric's direction and is defined for
    a target of 0 too.
    """
    bad = [goal for goal in records(roll_up.goals) if goal["favourable"] == "bad"]
    return sorted(bad, key=lambda goal: (goal["attainment"] is None, goal["attainment"] or 0))[:limit]


def late_tasks(roll_up: RollUp, limit: int = TOP) -> list[dict[str, Any]]:
    """Tasks overdue or behind, furthest behind first."""
    late = [task for task in records(roll_up.tasks) if task["status"] in NOTEWORTHY]
    return sorted(late, key=lambda task: (task["status"] != "overdue", task["schedule_deviation"] or 0))[
        :limit
    ]


def scope_name(roll_up: RollUp, lang: str) -> str:
    """The name of the part of the company in sight."""
    found = roll_up.company.find(roll_up.scope) if roll_up.scope else None
    return found.name if found else roll_up.book.label("company", lang)


def headline(roll_up: RollUp, lang: str) -> str:
    """One sentence made of the figures: score, coverage, what is off target, the worst of it."""
    top = records(roll_up.scores)[0]
    worst = adverse_goals(roll_up, 1)
    label = roll_up.book.label
    shown = label("no_adverse", lang)
    if worst:
        goal = worst[0]
        rate = show_percent(goal["deviation_rate"])
        shown = f"{goal['department_name']} {goal['goal']}" + (f" {rate}" if rate != DASH else "")
    rated = [goal for goal in records(roll_up.goals) if goal["rating"] in {"green", "amber", "red"}]
    met = sum(goal["rating"] == "green" for goal in rated)
    values = {"covered": top["covered"], "expected": top["expected"], "missed": len(rated) - met, "met": met}
    if top["score"] is None:
        return label("headline_unscored", lang).format(worst=shown, **values)
    percents = {key: show_percent(top[key]) for key in ("score", "low", "high")}
    return label("headline", lang).format(worst=shown, **percents, **values)


def show_percent(value: object) -> str:
    """A fraction as a percentage, negatives in parentheses, a dash where it is missing."""
    if not isinstance(value, int | float) or value != value:
        return DASH
    return f"({-value:.1%})" if round(value, 3) < 0 else f"{abs(value):.1%}"


def show_amount(value: object) -> str:
    """An amount with thousands separators, negatives in parentheses, a dash where it is missing."""
    if not isinstance(value, int | float) or value != value:
        return DASH
    digits = f"{abs(value):,.0f}" if float(value).is_integer() else f"{abs(value):,.2f}"
    return f"({digits})" if value < 0 else digits


def render_text(roll_up: RollUp, lang: str) -> str:
    """The roll-up as plain text: headline, scores, adverse variances, late tasks, returns."""
    label = roll_up.book.label
    title = label("report_title", lang).format(year=roll_up.year, scope=scope_name(roll_up, lang))
    lines = [title, headline(roll_up, lang), ""]
    for key, rows in (
        ("section_score", _score_lines(roll_up, lang)),
        ("section_adverse", _adverse_lines(roll_up, lang)),
        ("section_tasks", _task_lines(roll_up, lang)),
        ("mail_status", _receipt_lines(roll_up, lang)),
    ):
        lines.append(label(key, lang))
        lines += list(rows) or [f"  {label('nothing', lang)}"]
        lines.append("")
    return "\n".join(lines)


def _score_lines(roll_up: RollUp, lang: str) -> Iterator[str]:
    for row in records(roll_up.scores):
        name = row["name"] or roll_up.book.label("company", lang)
        rating = roll_up.book.list_title("rating", row["rating"] or "none", lang)
        bounds = f"{show_percent(row['low'])}–{show_percent(row['high'])}"
        covered = f"{row['covered']}/{row['expected']}"
        yield f"  {'  ' * row['depth']}{name}: {show_percent(row['score'])} {rating} ({covered}, {bounds})"


def _adverse_lines(roll_up: RollUp, lang: str) -> Iterator[str]:
    for goal in adverse_goals(roll_up):
        figures = (
            f"{show_amount(goal['actual'])} / {show_amount(goal['target'])} {goal['unit'] or ''}".rstrip()
        )
        rate = show_percent(goal["deviation_rate"])
        rating = roll_up.book.list_title("rating", goal["rating"], lang)
        reason = f" — {goal['driver']}" if goal["driver"] else ""
        yield f"  {goal['department_name']} {goal['goal']}: {figures}, {rate} {rating}{reason}"


def _task_lines(roll_up: RollUp, lang: str) -> Iterator[str]:
    for task in late_tasks(roll_up):
        status = roll_up.book.list_title("status", task["status"], lang)
        done, due = show_percent(task["percent"]), task["finish"] or DASH
        yield f"  {task['department_name']} {task['task']}: {done}, {due} {status}"


def _receipt_lines(roll_up: RollUp, lang: str) -> Iterator[str]:
    for row in records(roll_up.receipts):
        status = roll_up.book.list_title("receipt", row["receipt"], lang)
        parts = [row["department_name"] or DASH, status, row["file"] or "", row["reason"] or ""]
        yield "  " + " ".join(part for part in parts if part)
