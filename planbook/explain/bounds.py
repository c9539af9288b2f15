"""The bounds of a figure, worked out: what is missing at nothing, and at the most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planbook.explain.model import Step, digits
from planbook.explain.teller import Row, Teller, factor, is_number, mean_of, missing, plain
from planbook.measures.scores import cap_of

Pairs = list[tuple[float, float]]  # a weight and what it weighs


def _bounds(teller: Teller, frame: str, row: Row, worked: Sequence[str], note: str = "") -> Iterator[Step]:
    for key, text in zip(("low", "high"), worked, strict=True):
        if not missing(row[key]):
            shown = teller.percent(row[key])
            yield Step(teller.title(frame, key), plain(row[key]), shown=shown, arithmetic=text, note=note)


def bounds_of_company_goal(teller: Teller, row: Row) -> Iterator[Step]:
    """What is known of the weight at the attainment, what is missing at 0 and at the cap."""
    known, expected = row["known_weight"], row["expected_weight"]
    if not is_number(known) or not is_number(expected):
        return
    limit, attainment = cap_of(teller.book, teller.settings), row["attainment"] or 0.0
    low, high = "0", f"{limit:.10g}"
    if expected:
        low = f"{factor(attainment)} × {digits(known)} / {digits(expected)}"
        high = f"{low} + {limit:.10g} × ({digits(expected)} - {digits(known)}) / {digits(expected)}"
    unit = row["unit"] or ""
    words = {"known": digits(known), "expected": digits(expected), "unit": unit}
    note = teller.say(f"weight_basis_{row['rollup']}", **words)
    yield from _bounds(teller, "company_goals", row, (low, high), note)


def bounds_of_node(teller: Teller, row: Row) -> Iterator[Step]:
    """Of a node with parts their own bounds, of a department its goals, missing ones at 0 or the cap."""
    cap, missed = cap_of(teller.book, teller.settings), _kept_out(teller, row)
    note = teller.say("kept_out", weight=teller.percent(missed)) if missed else ""
    worked = [
        mean_of(_of_score(teller, row, key, worst)) or factor(worst)
        for key, worst in (("low", 0.0), ("high", cap))
    ]
    yield from _bounds(teller, "scores", row, worked, note)


def _of_score(teller: Teller, row: Row, key: str, worst: float) -> Pairs:
    own = _of_goals(teller, row, worst)
    inside = {child.code for child in teller.figures.company.children(str(row["code"] or ""))}
    children = [each for each in teller.rows("scores") if each["code"] in inside]
    if not children:
        return own
    pairs: Pairs = [(each["share"], each[key]) for each in children if is_number(each["share"])]
    if own:  # beside its parts it weighs what they weigh on average
        weight = sum(share for share, _ in pairs) / len(pairs) if pairs else 1.0
        total = sum(share for share, _ in own)
        pairs.append((weight, sum(share * value for share, value in own) / total if total else worst))
    return pairs


def _of_goals(teller: Teller, row: Row, worst: float) -> Pairs:
    """The goals of a department, those without a figure and those kept out at the worst or the best."""
    cap = cap_of(teller.book, teller.settings)
    pairs: Pairs = [
        (goal["share"], min(goal["attainment"], cap) if is_number(goal["attainment"]) else worst)
        for goal in teller.rows("goals")
        if goal["department"] == row["code"] and goal["level"] == "department" and is_number(goal["share"])
    ]
    missed = _kept_out(teller, row)
    return [*pairs, (missed, worst)] if missed else pairs


def _kept_out(teller: Teller, row: Row) -> float:
    """What goals weigh that were kept out of the figures."""
    shares = (
        float(goal["share"])
        for goal in teller.rows("goals")
        if goal["department"] == row["code"] and goal["level"] == "department" and is_number(goal["share"])
    )
    return round((row["own_weight"] or 0.0) - sum(shares), 9)
