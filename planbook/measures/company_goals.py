"""Company goals: what the departments that took them over add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from planbook.calc import evaluate_measures
from planbook.company import Company, CompanyGoal
from planbook.layout.cells import CellValue, SettingValue
from planbook.measures.contributions import convert_amount
from planbook.measures.progress import number_of
from planbook.measures.scores import Score, cap_of, combine_scores, rate
from planbook.measures.source import Record
from planbook.problems import Code, Location, Problem
from planbook.spec import Book
from planbook.weights import fill_weights

SUMMED = ("annual_target", "annual_target_high", "baseline", "target", "target_high", "actual")
TO_DATE = ("target", "target_high", "actual")  # of these a row enters with both sides or with none
MEASURES = (
    "deviation", "deviation_rate", "favourable", "baseline_target", "method_used", "attainment",
    "year_completion",
)  # fmt: skip
POINTS = 100.0  # a ratio in % is stored as points


@dataclass(frozen=True)
class CompanyView:
    """What the company's goals are rolled up from: the goals in sight, and how to compute.

    `unread` are goals that were quarantined; `inside` the codes of the departments in sight,
    all of them where `scope` is blank.
    """

    book: Book
    company: Company
    settings: Mapping[str, SettingValue]
    goals: Sequence[Record]
    unread: Sequence[Record]
    inside: frozenset[str]
    scope: str = ""
    problems: list[Problem] = field(default_factory=list)

    @property
    def cap(self) -> float:
        """The cap of an attainment in a score, and so in bounds."""
        return cap_of(self.book, self.settings)

    def convert(self, value: object, unit: object, wanted: str) -> float | None:
        """A quantity in another unit of its family; None where there is none."""
        number = number_of(value)
        return None if number is None else convert_amount(self.book, number, unit, wanted)


@dataclass(frozen=True)
class Claims:
    """The rows of one company goal: those that count, those that are shown only, those not read."""

    goal: CompanyGoal
    counted: tuple[Record, ...]
    shown: tuple[Record, ...]
    unread: tuple[Record, ...]
    lead_missing: bool

    @property
    def departments(self) -> dict[object, list[Record]]:
        """The counted rows by department."""
        groups: dict[object, list[Record]] = {}
        for row in self.counted:
            groups.setdefault(row["department"], []).append(row)
        return groups


def claim_rows(view: CompanyView, goal: CompanyGoal) -> Claims:
    """Who took a company goal over, and whose figures count.

    What a cooperating department reports is shown in its own rows and not counted again: the
    lead's figures count (DOMAIN §3, Roll-up).  Without a lead all of them count.
    """
    company = view.company
    cooperating = goal.cooperating if goal.lead else ()
    helping = {d.code for code in cooperating for d in company.below(code)}
    lead = {d.code for d in company.below(goal.lead)} if goal.lead else set()
    helping -= lead
    claimed = [row for row in view.goals if row["company_goal"] == goal.goal]
    unread = [
        row
        for row in view.unread
        if row.get("company_goal") == goal.goal and row["department"] not in helping
    ]
    counted = [row for row in claimed if row["department"] not in helping]
    present = {row["department"] for row in (*counted, *unread)}
    return Claims(
        goal,
        tuple(counted),
        tuple(row for row in claimed if row["department"] in helping),
        tuple(unread),
        bool(goal.lead) and goal.lead in view.inside and not present & lead,
    )


def roll_company_goals(view: CompanyView) -> tuple[list[Record], list[Problem]]:
    """One record per company goal, in the order of the company; those nobody took over too.

    A reader whose scope leaves out the lead sees the goals that departments in sight took over.
    """
    claims = {goal.goal: claim_rows(view, goal) for goal in view.company.goals}
    records: list[Record] = []
    for mine in claims.values():
        if view.scope and not mine.counted and mine.goal.lead not in view.inside:
            continue
        _note_shared(view, mine)
        records.append(_roll_goal(view, mine, claims))
    _measure(view, records)
    for record in records:
        _finish(view, record)
    ratings = rate(view.book, [record.get("attainment") for record in records], view.settings)
    for record, rating in zip(records, ratings, strict=True):
        record["rating"] = rating
    return records, view.problems


def _note_shared(view: CompanyView, claims: Claims) -> None:
    """Say where a goal is claimed twice; a reader whose scope leaves the lead out is not told its name."""
    goal = claims.goal
    if claims.shown and goal.lead in view.inside:
        owner = view.company.find(goal.lead)
        names = _names((*claims.counted, *claims.shown))
        view.problems.append(
            Problem(Code.SHARED_GOAL, Location(), names, owner.name if owner else "", subject=goal.goal)
        )


def _names(rows: Iterable[Record]) -> str:
    return "、".join(dict.fromkeys(str(row["department_name"]) for row in rows))


def _roll_goal(view: CompanyView, mine: Claims, claims: Mapping[str, Claims]) -> Record:
    goal = mine.goal
    lead = view.company.find(goal.lead) if goal.lead in view.inside else None
    record: Record = {
        "goal": goal.goal,
        "metric": goal.metric,
        "unit": goal.unit,
        "direction": goal.direction,
        "aggregation": goal.aggregation,
        "weight": goal.weight,
        "lead": lead.code if lead else None,
        "lead_name": lead.name if lead else None,
        "company_target": goal.target,
        "company_target_high": goal.target_high,
        "departments": _names(mine.counted) or None,
        "shown_only": _names(mine.shown) or None,
        "numerator": goal.numerator or None,
        "denominator": goal.denominator or None,
    }
    record["incomplete"] = bool(mine.lead_missing or mine.unread)
    above, below = claims.get(goal.numerator), claims.get(goal.denominator)
    if goal.rollup == "ratio" and above is not None and below is not None:
        return record | _divide(view, mine, above, below)
    if goal.rollup == "sum":
        return record | _add(view, mine)
    return record | _average(mine, view.cap)


def _weigh(
    parts: Sequence[tuple[object, float | None, bool]],
    missing: Sequence[float | None],
    attainment: float | None,
) -> Record:
    """The weight that is known of that which is expected.

    `parts` are (department, weight, known) of the rows that count, `missing` the weights of what
    is expected beside them; a weight that is None takes the mean of the others.
    """
    shares = fill_weights([weight for _, weight, _ in parts] + list(missing))
    if not sum(shares) > 0:
        shares = [1.0] * len(shares)
    known = sum(share for share, (_, _, is_known) in zip(shares, parts, strict=False) if is_known)
    return {"known_weight": known, "expected_weight": sum(shares), "attainment": attainment}


def _coverage(departments: Mapping[object, bool], missing: int) -> Record:
    covered, expected = sum(departments.values()), len(departments) + missing
    return {"covered": covered, "expected": expected, "coverage": f"{covered}/{expected}"}


def _missing_departments(claims: Claims) -> set[object]:
    """Departments that are expected and have no readable row: quarantined ones, and a lead not heard of."""
    known = set(claims.departments)
    missing = {row["department"] for row in claims.unread} - known
    return missing | ({claims.goal.lead} if claims.lead_missing else set())


# -- weighted ------------------------------------------------------------------------------


def _average(claims: Claims, cap: float) -> Record:
    """The mean attainment of the rows by their weights; a blank weight takes the mean of the others."""
    known = [row for row in claims.counted if number_of(row["attainment"]) is not None]
    parts = [(number_of(row["weight"]), Score(number_of(row["attainment"]), 0.0, 0.0)) for row in known]
    attainment = combine_scores(parts, cap).value if parts else None
    by_department = {
        code: all(number_of(row["attainment"]) is not None for row in rows)
        for code, rows in claims.departments.items()
    }
    missing = _missing_departments(claims) - set(by_department)
    rows = [
        (row["department"], number_of(row["weight"]), number_of(row["attainment"]) is not None)
        for row in claims.counted
    ]
    unread = [number_of(row.get("weight")) for row in claims.unread]
    beside = unread + ([None] if claims.lead_missing else [])
    return {
        "rollup": "weighted",
        **_weigh(rows, beside, attainment),
        **_coverage(_with_unread(by_department, claims), len(missing)),
    }


def _with_unread(by_department: Mapping[object, bool], claims: Claims) -> dict[object, bool]:
    """A department that has a row which could not be read is not fully known."""
    unread = {row["department"] for row in claims.unread}
    return {code: known and code not in unread for code, known in by_department.items()}


# -- sums ----------------------------------------------------------------------------------


def convert_row(book: Book, goal: CompanyGoal, row: Mapping[str, object]) -> dict[str, float] | None:
    """The quantities of a row in the company goal's unit; None where they do not add.

    Amounts of another unit family do not add, nor do scores and what is done or not.
    """
    if row.get("metric_kind") in ("score", "done"):
        return None
    totals: dict[str, float] = {}
    for key in SUMMED:
        number = number_of(row.get(key))
        if number is None or number != number:
            continue
        converted = convert_amount(book, number, row["unit"], goal.unit)
        if converted is None:
            return None
        totals[key] = converted
    if goal.direction == "band":  # a point among bands has both bounds in one place
        for low, high in (("target", "target_high"), ("annual_target", "annual_target_high")):
            if low in totals:
                totals.setdefault(high, totals[low])
    return totals


def _is_known(totals: Mapping[str, float]) -> bool:
    return "target" in totals and "actual" in totals


def _add(view: CompanyView, claims: Claims) -> Record:
    """Targets and actuals added in the company goal's unit; rows whose unit does not convert stay out."""
    goal = claims.goal
    converted = [(row, convert_row(view.book, goal, row)) for row in claims.counted]
    for row, totals in converted:
        if totals is None:
            place = Location(str(row["file"]), str(row["sheet"]), str(row["cell"]))
            found = str(row["unit"] or row.get("metric_kind"))
            view.problems.append(Problem(Code.UNIT_MISMATCH, place, found, goal.unit, goal.goal))
    rows = [(row, totals) for row, totals in converted if totals is not None]
    by_department: dict[object, bool] = {}
    for row, own in converted:
        known = own is not None and _is_known(own)
        by_department[row["department"]] = by_department.get(row["department"], True) and known
    missing = _missing_departments(claims) - set(by_department)
    parts = [(row["department"], _size(totals), _is_known(totals)) for row, totals in rows]
    coverage = _coverage(_with_unread(by_department, claims), len(missing))
    record: Record = {
        "rollup": "sum",
        **_total([totals for _, totals in rows]),
        **coverage,
        **_weigh(parts, _missing_sizes(view, claims, [size for _, size, _ in parts]), None),
        "quarters": min(
            (int(number_of(row["quarters"]) or 0) for row, t in rows if _is_known(t)), default=None
        ),
    }
    if record.get("baseline") is None and coverage["covered"] == coverage["expected"]:
        record["baseline"] = goal.baseline  # the company's own, where the sums are the whole company
    return record


def _size(totals: Mapping[str, float]) -> float | None:
    return abs(totals["annual_target"]) if "annual_target" in totals else None


def _missing_sizes(view: CompanyView, claims: Claims, sizes: Sequence[float | None]) -> list[float | None]:
    """How large what is missing is: its annual target; for the lead what others leave of the company's."""
    goal = claims.goal
    found = [view.convert(row.get("annual_target"), row.get("unit"), goal.unit) for row in claims.unread]
    missing: list[float | None] = [None if size is None else abs(size) for size in found]
    if claims.lead_missing:
        taken = sum(size for size in (*sizes, *missing) if size is not None)
        left = abs(goal.target) - taken if goal.target is not None else 0.0
        missing.append(left if left > 0 else None)
    return missing


def _total(rows: Sequence[Mapping[str, float]]) -> Record:
    """The sums of each quantity, so that like is held against like.

    Figures to date are those of the rows that have both target and actual; annual targets are of
    every row, for they say what was taken over; a baseline is only summed where every row has one
    and both figures, so that it is of the same rows.
    """
    known = [row for row in rows if _is_known(row)]
    totals: Record = {}
    for key in SUMMED:
        values = [row[key] for row in (known if key in TO_DATE else rows) if key in row]
        if values and (key != "baseline" or len(values) == len(rows) == len(known)):
            totals[key] = round(sum(values), 9)
    return totals


# -- ratios --------------------------------------------------------------------------------


def _divide(view: CompanyView, mine: Claims, above: Claims, below: Claims) -> Record:
    """The sums above the line over the sums below it.

    A department counts with both sides or with none: where one of its rows has no figures, or
    its rows do not cover the same quarters, all of them are left out, so that no side is short.
    """
    goal = mine.goal
    scale = _scale(view, goal, above.goal, below.goal)
    sides = [(claims, _side(view, claims)) for claims in (above, below)]
    departments = list(dict.fromkeys(code for _, side in sides for code in side))
    known = {code: _is_paired([side.get(code, []) for _, side in sides]) for code in departments}
    missing = {code for claims, _ in sides for code in _missing_departments(claims)} - set(known)
    for claims, _ in sides:
        known = _with_unread(known, claims)
    record: Record = {"rollup": "ratio", "scale": scale, **_coverage(known, len(missing))}
    for key in ("actual", "target", "annual_target", "baseline"):
        numerator, denominator = (_side_sum(side, known, key) for _, side in sides)
        if scale is not None and numerator is not None and denominator:
            record[key] = numerator * scale / denominator
    if record.get("baseline") is None and record["covered"] == record["expected"]:
        record["baseline"] = goal.baseline
    rows = [row for _, side in sides for code in side if known[code] for row, _ in side[code]]
    names = [row for _, side in sides for code in side for row, _ in side[code]]
    weights: list[tuple[object, float | None, bool]] = [(code, 1.0, known[code]) for code in departments]
    return {
        **record,
        **_weigh(weights, [1.0] * len(missing), None),
        "quarters": min((int(number_of(row["quarters"]) or 0) for row in rows), default=None),
        "paired": "、".join(str(code) for code in departments if known[code]) or None,
        "departments": _names(names) or None,
        "shown_only": _names((*mine.counted, *mine.shown, *above.shown, *below.shown)) or None,
    }


Side = dict[object, list[tuple[Record, dict[str, float] | None]]]


def _side(view: CompanyView, claims: Claims) -> Side:
    return {
        code: [(row, convert_row(view.book, claims.goal, row)) for row in rows]
        for code, rows in claims.departments.items()
    }


def _is_paired(sides: Sequence[Sequence[tuple[Record, Mapping[str, float] | None]]]) -> bool:
    rows = [pair for side in sides for pair in side]
    quarters = {row["quarters"] for row, _ in rows}
    return len(quarters) == 1 and all(totals is not None and _is_known(totals) for _, totals in rows)


def _side_sum(side: Side, known: Mapping[object, bool], key: str) -> float | None:
    rows = [totals for code, pairs in side.items() if known[code] for _, totals in pairs if totals]
    values = [totals[key] for totals in rows if key in totals]
    return sum(values) if values and len(values) == len(rows) else None


def _scale(view: CompanyView, goal: CompanyGoal, above: CompanyGoal, below: CompanyGoal) -> float | None:
    """What the quotient is multiplied with: units of one family cancel, % is stored as points."""
    factor = view.book.unit_table.convert(1.0, above.unit, below.unit)
    known = view.book.unit_table.find(goal.unit)
    if known is None or known.name != "%":
        return 1.0 if factor is None else factor
    if factor is None:
        place = Location()
        view.problems.append(Problem(Code.UNIT_MISMATCH, place, above.unit, below.unit, goal.goal))
        return None
    return factor * POINTS


# -- measures ------------------------------------------------------------------------------


def _measure(view: CompanyView, records: Sequence[Record]) -> None:
    """Evaluate the spec's measures on the totals; weighted goals keep the attainment they have."""
    totals = [record for record in records if record["rollup"] != "weighted"]
    if not totals:
        return
    names = (
        "actual",
        "target",
        "target_high",
        "direction",
        "annual_target",
        "baseline",
        "aggregation",
        "quarters",
    )
    columns: dict[str, list[CellValue]] = {
        name: [_cell(record.get(name)) for record in totals] for name in names
    }
    # A ratio is no sum over quarters: its baseline is held against the annual target.
    columns["aggregation"] = ["last" if r["rollup"] == "ratio" else _cell(r["aggregation"]) for r in totals]
    columns["annual_high"] = [_cell(record.get("annual_target_high")) for record in totals]
    columns |= {"metric_kind": [""] * len(totals), "filled": ["x"] * len(totals)}
    computed = evaluate_measures(view.book, MEASURES, columns, view.settings)
    for number, record in enumerate(totals):
        for name in MEASURES:
            if name != "baseline_target":
                value = computed[name][number]
                record[name] = None if value == "" else value


def _finish(view: CompanyView, record: Record) -> None:
    """Bounds, and the unit that reads best."""
    weights = number_of(record["known_weight"]) or 0.0, number_of(record["expected_weight"]) or 0.0
    known = weights[0] / weights[1] if weights[1] else 0.0
    attainment = number_of(record.get("attainment"))
    record["low"] = (attainment or 0.0) * known
    record["high"] = (attainment or 0.0) * known + view.cap * (1.0 - known)
    amounts = [number_of(record.get(key)) for key in ("company_target", "annual_target", "target", "actual")]
    largest = max((abs(amount) for amount in amounts if amount is not None), default=0.0)
    unit = str(record["unit"] or "")
    readable, found = view.book.unit_table.readable(largest, unit)
    record["readable_unit"] = found.name if unit else None
    record["readable_factor"] = readable / largest if largest else 1.0


def _cell(value: object) -> CellValue:
    return value if isinstance(value, str | int | float) else ""
