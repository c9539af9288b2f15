"""Totals explained: company goals and their quarters from the departments' goals, scores from the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from planbook.explain.model import Step
from planbook.explain.plans import explain_fact, explain_goal
from planbook.explain.teller import MEASURES, Row, Teller, add_up, is_number, mean_of, missing, plain
from planbook.measures.progress import number_of
from planbook.measures.scores import cap_of
from planbook.weights import fill_weights


def explain_company_goal(teller: Teller, row: Row) -> Step:
    """One company goal: what each department brings, converted and added or weighed."""
    names = {str(row["goal"])} | {
        str(row[key]) for key in ("numerator", "denominator") if not missing(row[key])
    }
    below = [goal for goal in teller.rows("goals") if goal["company_goal"] in names]
    counted = counted_goals(row, below)
    claimed = counted if row["rollup"] == "ratio" else [g for g in below if g["company_use"] == "counted"]
    steps = [
        Step(
            teller.say(label),
            plain(row[key]),
            str(row["unit"]),
            teller.amount(row[key], row["unit"]),
            arithmetic=_over_space(teller, row, goals, key),
        )
        for key, label, goals in (
            ("annual_target", "annual", claimed),
            ("target", "to_date_target", counted),
            ("actual", "to_date_actual", counted),
        )
        if not missing(row[key])
    ]
    if row["rollup"] == "weighted":
        steps.append(_weighted(teller, row, counted))
    else:
        # A ratio is no sum over quarters, and is measured as a last value.
        time = "last" if row["rollup"] == "ratio" else row["aggregation"]
        keys = (*MEASURES, "year_completion")
        steps += teller.measured("company_goals", row, keys, metric_kind="", aggregation=time)
    teller.defined = False  # of what stands below, the arithmetic is enough
    notes = [
        teller.say("coverage", coverage=row["coverage"]),
        teller.say("bounds", low=teller.percent(row["low"]), high=teller.percent(row["high"])),
        "" if below else teller.say("taken_by_nobody"),
        "" if missing(row["shown_only"]) else teller.say("shown_only", names=row["shown_only"]),
    ]
    return Step(
        str(row["goal"]),
        plain(row["attainment"]),
        shown=teller.percent(row["attainment"]) or "—",
        note=teller.join(*notes),
        steps=(*steps, *(explain_goal(teller, goal, _use(teller, row, goal)) for goal in below)),
    )


def _use(teller: Teller, row: Row, goal: Row) -> str:
    """Why a goal that took over a company goal does not enter its figures; ``""`` where it does."""
    if goal["company_use"] == "shown":
        return teller.say("only_shown")
    if row["rollup"] == "sum" and goal["company_use"] == "counted" and not is_paired(goal):
        return teller.say("one_side")
    return teller.choice("parts", "company_use", "unit") if goal["company_use"] == "unit" else ""


def is_paired(goal: Row) -> bool:
    """Whether a goal has target and actual, and so enters a sum with both."""
    return is_number(goal["target"]) and is_number(goal["actual"])


def counted_goals(row: Row, below: Sequence[Row]) -> list[Row]:
    """The goals whose figures enter a company goal's: of a ratio those of paired departments."""
    if row["rollup"] != "ratio":
        counted = [goal for goal in below if goal["company_use"] == "counted"]
        return counted if row["rollup"] == "weighted" else [goal for goal in counted if is_paired(goal)]
    paired = set(str(row["paired"] or "").split("、"))
    return [
        goal
        for goal in below
        if goal["company_goal"] in (row["numerator"], row["denominator"])
        and goal["company_use"] != "shown"
        and str(goal["department"]) in paired
    ]


def _over_space(teller: Teller, row: Row, goals: Sequence[Row], key: str) -> str:
    """How the departments' figures make the company's."""
    if row["rollup"] != "ratio":
        return _sum(teller, goals, key, str(row["unit"] or ""))
    units = {goal.goal: goal.unit for goal in teller.figures.company.goals}
    sides = [
        _sum(teller, [goal for goal in goals if goal["company_goal"] == name], key, units.get(str(name), ""))
        for name in (row["numerator"], row["denominator"])
    ]
    if not all(sides) or not is_number(row["scale"]):
        return ""
    factor = "" if row["scale"] == 1 else f" × {row['scale']:.15g}"
    return f"({sides[0]}) / ({sides[1]}){factor}"


def _sum(teller: Teller, goals: Sequence[Row], key: str, unit: str) -> str:
    """Amounts added in one unit; what does not convert is not added."""
    convert = teller.book.unit_table.convert
    found = (
        convert(float(goal[key]), str(goal["unit"] or unit), unit) for goal in goals if is_number(goal[key])
    )
    return add_up(value for value in found if value is not None)


def _weighted(teller: Teller, row: Row, goals: Sequence[Row]) -> Step:
    known = [goal for goal in goals if is_number(goal["attainment"])]
    weights = fill_weights([number_of(plain(goal["weight"])) for goal in known])
    return Step(
        teller.title("company_goals", "attainment"),
        plain(row["attainment"]),
        shown=teller.percent(row["attainment"]),
        arithmetic=mean_of(zip(weights, (float(goal["attainment"]) for goal in known), strict=True)),
    )


def explain_quarter(teller: Teller, row: Row) -> Step:
    """One quarter of a company goal, with the departments' facts."""
    goals = {(goal["file"], goal["goal_id"]): goal for goal in teller.rows("goals")}
    counted: list[Row] = []
    steps = []
    for fact in teller.rows("facts"):
        if (fact["company_goal"], fact["quarter"]) != (row["goal"], row["quarter"]):
            continue
        use = goals.get((fact["file"], fact["goal_id"]), {}).get("company_use")
        step = explain_fact(teller, fact)
        if use == "shown":
            step = replace(step, note=teller.join(step.note, teller.say("only_shown")))
        elif use == "unit":
            step = replace(step, note=teller.join(step.note, teller.choice("parts", "company_use", "unit")))
        elif is_paired(fact):
            counted.append(fact)
        steps.append(step)
    sums = [
        Step(
            teller.title("trend", key),
            plain(row[key]),
            str(row["unit"] or ""),
            teller.amount(row[key], row["unit"]),
            arithmetic=_sum(teller, counted, key, str(row["unit"] or "")),
        )
        for key in ("target", "actual")
    ]
    return Step(
        f"{row['goal']}　{teller.choice('trend', 'quarter', row['quarter'])}",
        plain(row["attainment"]),
        shown=teller.percent(row["attainment"]) or "—",
        note=teller.say("coverage", coverage=f"{row['covered']}/{row['expected']}"),
        steps=(*sums, *teller.measured("trend", row, quarters=0.0), *steps),
    )


# -- scores --------------------------------------------------------------------------------


def explain_node(teller: Teller, row: Row) -> Step:
    """A score: of a department from its goals, of a division from what stands below it and its own."""
    teller.defined = False
    company, code = teller.figures.company, str(row["code"] or "")
    by_code = {str(r["code"]): r for r in teller.rows("scores")}
    children = [by_code[child.code] for child in company.children(code) if child.code in by_code]
    goals = [g for g in teller.rows("goals") if g["department"] == code and g["level"] == "department"]
    limit = cap_of(teller.book, teller.settings)
    note = teller.say("bounds", low=teller.percent(row["low"]), high=teller.percent(row["high"]))
    own = _own_goals(row, goals, limit)
    pairs: Sequence[tuple[object, object]] = own
    below = [explain_goal(teller, goal) for goal in goals]
    if own:
        note = teller.join(note, teller.say("cap", cap=teller.percent(limit)))
    if children:
        parts = [(child["share"], child["score"]) for child in children]
        if own:
            parts.append((row["own_share"], row["own"]))
            below = [_own_step(teller, row, own, below)]
        pairs = [(w, value) for w, value in parts if is_number(w) and is_number(value)]
    return Step(
        f"{teller.say('score')}　{name_node(teller, row)}",
        plain(row["score"]),
        shown=teller.percent(row["score"]) or teller.say("no_score"),
        arithmetic=mean_of(pairs),
        note=note,
        steps=(*(explain_node(teller, child) for child in children), *below),
    )


def name_node(teller: Teller, row: Row) -> str:
    """A node of the tree by its name; the company by its word."""
    return str(row["name"] or teller.say("company"))


def _own_goals(row: Row, goals: Sequence[Row], limit: float) -> list[tuple[object, object]]:
    """The weight and capped attainment of each own goal that has one; nothing where none has weight."""
    if not is_number(row["own"]):
        return []
    known = [goal for goal in goals if is_number(goal["attainment"]) and is_number(goal["share"])]
    return [(float(goal["share"]), min(float(goal["attainment"]), limit)) for goal in known]


def _own_step(teller: Teller, row: Row, own: Sequence[tuple[object, object]], goals: Sequence[Step]) -> Step:
    """The score that a division has from goals of its own, beside those of its parts."""
    return Step(
        f"{teller.say('own_score')}　{row['name'] or ''}",
        plain(row["own"]),
        shown=teller.percent(row["own"]),
        arithmetic=mean_of(own),
        steps=tuple(goals),
    )
