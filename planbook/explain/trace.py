"""Follow a row of the roll-up down to the cells it was made from."""

from __future__ import annotations

from dataclasses import replace

from planbook.explain.derived import COUNTS, explain_bridge, explain_column, explain_control, explain_count
from planbook.explain.listed import (
    explain_finding,
    explain_measure,
    explain_problem,
    explain_receipt,
    explain_restated,
    explain_rows,
    explain_setting,
)
from planbook.explain.locate import BESIDE, Subject
from planbook.explain.model import Explanation, Step
from planbook.explain.plans import explain_fact, explain_goal, explain_other, explain_task
from planbook.explain.tasks import explain_position, explain_progress, explain_risk
from planbook.explain.teller import Teller
from planbook.explain.totals import explain_company_goal, explain_node, explain_quarter
from planbook.measures import Collection, RollUp

TRACES = {
    "facts": explain_fact,
    "goals": explain_goal,
    "company_goals": explain_company_goal,
    "trend": explain_quarter,
    "scores": explain_node,
    "tasks": explain_task,
    "progress": explain_progress,
    "appraisal": explain_position,
    "risks": explain_risk,
    "coherence": explain_finding,
    "receipts": explain_receipt,
}
ROOTS = frozenset({("scores", "score"), ("progress", "percent")})  # what the first line itself tells


def explain(
    subject: Subject, figures: RollUp, collection: Collection, *, lang: str = "zh", deep: bool = False
) -> Explanation:
    """The row that `subject` means and its arithmetic; what it is made of on a line each.

    Goals, quarters and tasks themselves go down to the cells; `deep` does so for everything.
    """
    teller = Teller(figures, collection, lang, asked=subject.column, deep=deep)
    root = trace(teller, subject)
    asked = root if subject.is_whole or (subject.frame, subject.column) in ROOTS else None
    if asked is None and (subject.report, subject.column) not in BESIDE:
        title = teller.title(subject.frame, subject.column)
        asked = next((step for step in root.steps if step.what == title), None)
    if subject.beside:
        asked = explain_restated(teller, *subject.beside)
        root = replace(root, steps=(asked, *root.steps))
    elif subject.empty and (asked is None or asked.value is not None):
        asked = _explain_empty(teller, subject)
        root = replace(root, steps=(asked, *root.steps))
    if asked is None:  # a figure beside those that the row's own explanation shows
        asked = explain_column(teller, subject.frame, subject.row, subject.column, subject.report)
        root = replace(root, steps=(asked, *root.steps)) if asked else root
    return Explanation(subject.reference, root, subject.column, asked or root, subject.reported)


def _explain_empty(teller: Teller, subject: Subject) -> Step:
    """A cell that holds nothing: what would stand there, and why the row does not enter it."""
    known = teller.report_column(subject.report, subject.column)
    title = known.title.to(teller.lang) if known else teller.title(subject.frame, subject.column)
    use = subject.row.get("company_use") if subject.report == "parts" else None
    why = teller.choice("parts", "company_use", use) if use not in (None, "counted") else ""
    return Step(title, shown="—", note=teller.join(teller.say("empty_cell"), why))


def trace(teller: Teller, subject: Subject) -> Step:
    """The steps of a row, by the frame it stands in; of what stands in no frame, by its kind."""
    row = subject.row
    if subject.derived == "control":
        return explain_control(teller, subject.column)
    if subject.derived in ("rows", "attention"):
        return explain_rows(teller, subject.column, subject.derived)
    if subject.derived == "setting":
        return explain_setting(teller, subject.column)
    if subject.derived == "measure":
        return explain_measure(teller, subject.column)
    if subject.derived == "problem":
        return explain_problem(teller, row["problem"])
    if subject.derived == "bridge":
        return explain_bridge(teller, row, subject.column, subject.unit, subject.others)
    if subject.frame == "scores" and subject.column in COUNTS:
        return explain_count(teller, row, subject.column)
    known = TRACES.get(subject.frame)
    return known(teller, row) if known else explain_other(teller, subject.frame, row)
