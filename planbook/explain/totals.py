"""Totals explained: company goals and their quarters from the departments' goals, scores from the tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planbook.explain.bounds import bounds_of_company_goal, bounds_of_node
from planbook.explain.model import Step
from planbook.explain.plans import goal_below, quarter_below
from planbook.explain.teller import MEASURES, Row, Teller, is_number, mean_of, missing, plain, scaled
from planbook.measures.contributions import convert_amount
from planbook.measures.scores import cap_of


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
    steps += _given(teller, row, counted)
    if row["rollup"] == "weighted":
        steps.append(_weighted(teller, row, counted))
    else:
        # A ratio is no sum over quarters, and is measured as a last value.
        time = "last" if row["rollup"] == "ratio" else row["aggregation"]
        keys = (*MEASURES, "year_completion")
        steps += teller.measured("company_goals", row, keys, metric_kind="", aggregation=time)
    steps += bounds_of_company_goal(teller, row)
    teller.defined = False  # of what stands below, the arithmetic is enough
    notes = [
        teller.say("coverage", coverage=row["coverage"]),
        "" if below else teller.say("taken_by_nobody"),
        "" if missing(row["shown_only"]) else teller.say("shown_only", names=row["shown_only"]),
    ]
    return Step(
        str(row["goal"]),
        plain(row["attainment"]),
        shown=teller.percent(row["attainment"]) or "—",
        note=teller.join(*notes),
        steps=(*steps, *(goal_below(teller, goal, _use(teller, row, goal)) for goal in below)),
    )


def brief_company_goal(teller: Teller, row: Row) -> Step:
    """A company goal on one line, with what to explain next."""
    rated = (
        teller.percent(row["attainment"]) or "—",
        teller.choice("company_goals", "rating", row["rating"]),
    )
    return Step(
        str(row["goal"]),
        plain(row["attainment"]),
        shown="　".join(filter(None, rated)),
        reference=str(row["goal"]),
    )


def _given(teller: Teller, row: Row, counted: Sequence[Row]) -> Iterator[Step]:
    """What the company set itself, last year's figure (the departments' where all have one), the quarters."""
    goal = next((goal for goal in teller.figures.company.goals if goal.goal == row["goal"]), None)
    source = teller.say("from_csv", file="company_goals.csv")
    for key in ("company_target", "company_target_high", "baseline"):
        if missing(row[key]):
            continue
        own = key != "baseline" or (goal is not None and goal.baseline == row[key])
        yield Step(
            teller.title("company_goals", key),
            plain(row[key]),
            str(row["unit"] or ""),
            teller.amount(row[key], row["unit"]),
            arithmetic="" if own else _over_space(teller, row, counted, key),
            note=source if own else "",
        )
    if is_number(row["quarters"]):
        least = ", ".join(f"{goal['quarters']:.0f}" for goal in counted if is_number(goal["quarters"]))
        title, shown = teller.title("company_goals", "quarters"), f"{row['quarters']:.0f}"
        yield Step(title, plain(row["quarters"]), shown=shown, arithmetic=f"MIN({least})" if least else "")


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
    found = (
        (goal[key], convert_amount(teller.book, 1.0, goal["unit"], unit))
        for goal in goals
        if is_number(goal[key])
    )
    return " + ".join(scaled(value, ratio) for value, ratio in found if ratio is not None)


def _weighted(teller: Teller, row: Row, goals: Sequence[Row]) -> Step:
    used = (teller.parts[goal["file"], goal["goal_id"]]["used"] for goal in goals)
    pairs = zip(used, (goal["attainment"] for goal in goals), strict=True)
    return Step(
        teller.title("company_goals", "attainment"),
        plain(row["attainment"]),
        shown=teller.percent(row["attainment"]),
        arithmetic=mean_of((weight, value) for weight, value in pairs if weight is not None),
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
        note = ""
        if use == "shown":
            note = teller.say("only_shown")
        elif use == "unit":
            note = teller.choice("parts", "company_use", "unit")
        elif is_paired(fact):
            counted.append(fact)
        else:
            note = teller.say("one_side")
        steps.append(quarter_below(teller, fact, note))
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
        note=teller.say("coverage", coverage=f"{row['covered']:.0f}/{row['expected']:.0f}"),
        steps=(
            *sums,
            *teller.measured("trend", row, quarters=0.0),
            *_departments(teller, row, counted),
            *steps,
        ),
    )


def _departments(teller: Teller, row: Row, counted: Sequence[Row]) -> Iterator[Step]:
    """The departments that have figures for a quarter, and those that took the goal over or lead it."""
    above = next((r for r in teller.rows("company_goals") if r["goal"] == row["goal"]), None)
    number, lead = (above["number"], above["lead_name"]) if above else (None, None)
    expected = [
        goal["department_name"]
        for goal in teller.rows("goals")
        if goal["company_no"] == number and goal["company_use"] != "shown"
    ]
    names = {
        "covered": teller.listed(fact["department_name"] for fact in counted),
        "expected": teller.listed([*expected, lead]),
    }
    for key, label in (("covered", "counts"), ("expected", "took_over")):
        note = teller.say(label, names=names[key]) if names[key] else ""
        shown = teller.column("trend", row, key)
        yield Step(teller.title("trend", key), plain(row[key]), shown=shown, note=note)


# -- scores --------------------------------------------------------------------------------


def explain_node(teller: Teller, row: Row) -> Step:
    """A score: of a department from its goals, of a division from what stands below it and its own."""
    teller.defined = False
    code = str(row["code"] or "")
    children = _children(teller, code)
    goals = [g for g in teller.rows("goals") if g["department"] == code and g["level"] == "department"]
    limit = cap_of(teller.book, teller.settings)
    own = _own_goals(row, goals, limit)
    pairs: Sequence[tuple[object, object]] = own
    below = [goal_below(teller, goal, _weight_note(teller, goal["share"])) for goal in goals]
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
        note=teller.say("cap", cap=teller.percent(limit)) if own else "",
        steps=(
            *bounds_of_node(teller, row),
            *(_node_below(teller, child) for child in children),
            *below,
        ),
    )


def _children(teller: Teller, code: str) -> list[Row]:
    """The nodes right below one, those in sight."""
    by_code = {str(row["code"]): row for row in teller.rows("scores")}
    return [by_code[child.code] for child in teller.figures.company.children(code) if child.code in by_code]


def _node_below(teller: Teller, row: Row) -> Step:
    """A node below the one explained: on one line, or with all its steps."""
    if teller.deep:
        return explain_node(teller, row)
    return brief_node(teller, row, _weight_note(teller, row["share"]))


def brief_node(teller: Teller, row: Row, note: str = "") -> Step:
    """A node on one line, with what to explain next."""
    rated = (teller.percent(row["score"]) or "—", teller.choice("scores", "rating", row["rating"]))
    return Step(
        name_node(teller, row),
        plain(row["score"]),
        shown="　".join(filter(None, rated)),
        note=note,
        reference=str(row["code"] or "company"),
    )


def _weight_note(teller: Teller, share: object) -> str:
    return (
        teller.say("weight", weight=f"{share:.4%}".rstrip("%").rstrip("0").rstrip(".") + "%")
        if is_number(share)
        else ""
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


def own_score(teller: Teller, row: Row) -> str:
    """How a node's own goals make a score."""
    goals = [g for g in teller.rows("goals") if g["department"] == row["code"] and g["level"] == "department"]
    return mean_of(_own_goals(row, goals, cap_of(teller.book, teller.settings)))


def _own_step(teller: Teller, row: Row, own: Sequence[tuple[object, object]], goals: Sequence[Step]) -> Step:
    """The score that a division has from goals of its own, beside those of its parts."""
    return Step(
        f"{teller.say('own_score')}　{row['name'] or ''}",
        plain(row["own"]),
        shown=teller.percent(row["own"]),
        arithmetic=mean_of(own),
        steps=tuple(goals),
    )
