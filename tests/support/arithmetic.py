"""Printed arithmetic worked out again: what an explanation says must give the figure beside it."""

from __future__ import annotations

import pytest

from planbook.calc import evaluate_text
from planbook.explain.locate import Subject
from planbook.explain.teller import Teller
from planbook.explain.trace import trace
from planbook.measures import Collection, RollUp


def check_arithmetic(figures: RollUp, collection: Collection, *frames: str) -> list[str]:
    """Work out every step below every row of the frames; comes back with the names of the rows' own figures.

    A row that has a figure has arithmetic for it.
    """
    named = []
    for frame in frames:
        for row in Teller(figures, collection, "zh").rows(frame):
            root = trace(Teller(figures, collection, "zh", deep=True), Subject("", frame, row))
            for step in root.walk():
                if isinstance(step.value, int | float):
                    told = step.arithmetic or step.place or step.note or step.reference or step.steps
                    assert told or not step.value or figures.facts.empty, (root.what, step)
                if isinstance(step.value, int | float) and step.arithmetic:
                    text = step.arithmetic.rpartition("→ ")[2].rpartition(": ")[2].replace("×", "*")
                    worked = evaluate_text(text)
                    assert worked == pytest.approx(step.value, rel=1e-6, abs=1e-6), (root.what, step)
            if frame == "scores" and root.value is not None:
                assert root.arithmetic, root.what
                named.append(root.what)
            elif frame == "company_goals":
                mine = (step for step in root.steps if isinstance(step.value, int | float))
                own = [step for step in mine if step.place is None and not step.steps]
                given = [step for step in own if step.note == "见 company_goals.csv"]
                assert all(step.arithmetic for step in own if step not in given), own
                named += [root.what] if own != given else []
    return named
