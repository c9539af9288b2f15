"""What the pictures of a report show: the bridge from plan to actual, the heat map, the bars of scores.

Excel's charts and the HTML's are both drawn from these.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from planbook.measures.contributions import convert_amount
from planbook.measures.plain import Row, Rows
from planbook.measures.scores import rate
from planbook.problems import in_words, list_words
from planbook.reports.figures import number_text, one_line, percent_text, signed_text
from planbook.spec import Book

if TYPE_CHECKING:
    from planbook.measures import RollUp

# From far below to far above: orange, white, blue; both ends differ for every eye, and a symbol says it too.
HEATS = ((0.7, "#F2A97F"), (0.9, "#F8CDB4"), (0.97, "#FCE9DF"), (1.03, "#F7FAFD"), (1.1, "#DCEBF7"))
HOTTEST = "#B5D6EF"
MOST_STEPS = 9
MOST_COLUMNS = 8
MOST_ROWS = 15
LONGEST_NAME = 24


@dataclass(frozen=True, slots=True)
class Step:
    """One department's part of the way from plan to actual; `good` says whether it is favourable."""

    name: str
    value: float
    good: bool


@dataclass(frozen=True, slots=True)
class Bridge:
    """How an additive company goal came from its target to its actual, in a readable unit."""

    goal: str
    unit: str
    target: float
    actual: float
    steps: tuple[Step, ...]

    @property
    def levels(self) -> tuple[float, ...]:
        """The level after each step, the target first."""
        found = [self.target]
        for step in self.steps:
            found.append(found[-1] + step.value)
        return tuple(found)

    @property
    def floor(self) -> float:
        """Where the axis starts: at 0, unless the changes would then not be seen."""
        low, high = min(self.levels), max(self.levels)
        spread = high - low
        if low <= 0 or spread >= 0.25 * high:
            return 0.0
        return _round_down(low - 0.6 * max(spread, high * 0.002))


def _round_down(value: float) -> float:
    """A round number at or below `value`, near enough to start an axis."""
    if value <= 0:
        return 0.0
    unit = 10.0 ** (math.floor(math.log10(value)) - 2)
    return math.floor(value / unit) * unit


def main_bridge(roll_up: RollUp, rows: Mapping[str, Rows], rest: str) -> Bridge | None:
    """The bridge of the additive company goal with the largest weight; `rest` names what is left over."""
    weights = {number: goal.weight or 0.0 for number, goal in enumerate(roll_up.company.goals, 1)}
    goals = [
        goal
        for goal in rows["company_goals"]
        if goal["rollup"] == "sum" and goal["target"] is not None and goal["actual"] is not None
    ]
    for goal in sorted(goals, key=lambda goal: -weights.get(int(goal["number"] or 0), 0.0)):
        parts: dict[str, float] = {}
        for part in rows["parts"]:
            if part["company_no"] == goal["number"] and part["adds_deviation"] is not None:
                name = one_line(part["department_name"] or "", LONGEST_NAME)
                parts[name] = parts.get(name, 0.0) + part["adds_deviation"]
        if not parts:
            continue
        bridge = _bridge(roll_up, goal, parts, rest)
        if min(bridge.levels) >= 0 and max(bridge.levels) > 0:  # columns standing on one another need a floor
            return bridge
    return None


def _bridge(roll_up: RollUp, goal: Row, parts: Mapping[str, float], rest: str) -> Bridge:
    sign = -1 if goal["direction"] == "lower" else 1
    unit = _readable_unit(roll_up, goal["unit"] or "", parts.values())
    kept = sorted(parts, key=lambda name: -abs(parts[name]))[:MOST_STEPS]
    shown = {name: value for name, value in parts.items() if name in kept}
    left = {name: value for name, value in parts.items() if name not in kept}
    if left:
        shown[rest.format(count=len(left))] = sum(left.values())

    def convert(value: float) -> float:
        converted = convert_amount(roll_up.book, value, goal["unit"], unit) if unit else value
        return value if converted is None else round(converted, 9)

    steps = tuple(Step(name, convert(value), sign * value >= 0) for name, value in shown.items())
    return Bridge(one_line(goal["goal"], 40), unit, convert(goal["target"]), convert(goal["actual"]), steps)


def _readable_unit(roll_up: RollUp, unit: str, values: object) -> str:
    """The largest unit of the family in which the smallest change is no mere fraction."""
    sizes = [abs(value) for value in values if value]  # type: ignore[attr-defined]
    table = roll_up.book.unit_table
    family = sorted(
        (u for u in roll_up.book.units if table.convert(1.0, u.name, unit) is not None),
        key=lambda u: -u.factor,
    )
    for candidate in family:
        if sizes and (table.convert(min(sizes), unit, candidate.name) or 0.0) >= 1:
            return candidate.name
    return unit


def bridge_title(book: Book, lang: str, bridge: Bridge) -> str:
    """What the bridge shows: whose gap is the largest, and where the axis starts."""
    adverse = [step for step in bridge.steps if not step.good]
    title = book.label("bridge_none", lang)
    if adverse:
        worst = max(adverse, key=lambda step: abs(step.value))
        words = {"name": worst.name, "value": signed_text(worst.value), "unit": bridge.unit}
        title = book.label("bridge_worst", lang).format(**words)
    floor = bridge.floor
    return title + (book.label("bridge_floor", lang).format(floor=number_text(floor)) if floor else "")


def bridge_alt(book: Book, lang: str, bridge: Bridge) -> str:
    """The bridge in words."""
    return book.label("bridge_alt", lang).format(
        goal=bridge.goal,
        unit=bridge.unit,
        target=number_text(bridge.target),
        actual=number_text(bridge.actual),
        steps=in_words(list_words(f"{step.name} {signed_text(step.value)}" for step in bridge.steps), lang),
    )


# -- heat map ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heat:
    """Attainment by department (rows) and company goal or metric (columns); None where nothing is."""

    columns: tuple[str, ...]
    rows: tuple[HeatRow, ...]
    left_out: int  # departments


@dataclass(frozen=True, slots=True)
class HeatCell:
    """One attainment with the symbol of its rating and the colour of its ground; None where nothing is."""

    value: float | None
    symbol: str = ""
    color: str = "#FFFFFF"

    @property
    def text(self) -> str:
        """The symbol and the percentage, as a person reads them."""
        return "" if self.value is None else f"{self.symbol} {percent_text(self.value)}"

    @property
    def number(self) -> str:
        """The number format that shows the same in a cell of a workbook."""
        return "" if self.value is None else f'"{self.symbol} "0.0%'


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One department: the lowest attainment under each column, its lowest of all, and its score."""

    name: str
    cells: tuple[HeatCell, ...]
    lowest: HeatCell
    score: HeatCell


def heat_map(roll_up: RollUp, rows: Mapping[str, Rows]) -> Heat:
    """Departments by company goals; by the commonest metrics where no goal was taken over."""
    goals = rows["variance"]
    taken = Counter(goal["company_no"] for goal in goals if goal["company_no"] is not None)
    if taken:
        key = "company_no"
        wanted: list[object] = sorted(number for number, _ in taken.most_common(MOST_COLUMNS))
        titles = [roll_up.company.goals[int(str(number).split(".")[0]) - 1].goal for number in wanted]
    else:
        key = "metric"
        common = Counter(goal["metric"] for goal in goals if goal["metric"])
        wanted = [metric for metric, count in common.most_common(MOST_COLUMNS) if count > 1]
        titles = [str(metric) for metric in wanted]
    own: dict[object, list[tuple[object, float]]] = {}
    for goal in goals:
        if goal["attainment"] is not None:
            own.setdefault(goal["department"], []).append((goal[key], float(goal["attainment"])))
    nodes = [node for node in rows["scores"] if node["goals"] and node["node"] != "company"]
    found = [(node, _lowest(own.get(node["code"], ()), wanted)) for node in nodes]
    found = [(node, values) for node, values in found if values[-1] is not None]
    low = sorted(found, key=lambda row: row[1][-1] or 0.0)[:MOST_ROWS]
    shown = [row for row in found if row in low]
    cells = iter(heat_cells(roll_up, [v for node, values in shown for v in (*values, node["score"])]))
    lines = tuple(
        HeatRow(
            one_line(node["name"] or "", LONGEST_NAME),
            tuple(next(cells) for _ in wanted),
            lowest=next(cells),
            score=next(cells),
        )
        for node, _ in shown
    )
    return Heat(tuple(one_line(title, 40) for title in titles), lines, len(found) - len(shown))


def _lowest(known: Sequence[tuple[object, float]], wanted: Sequence[object]) -> list[float | None]:
    """The lowest attainment under each column, then the lowest of all."""
    columns = [[value for column, value in known if column == each] for each in wanted]
    return [min(values, default=None) for values in (*columns, [value for _, value in known])]


def heat_cells(roll_up: RollUp, values: Sequence[float | None]) -> list[HeatCell]:
    """Attainments as every report shows them: the symbol by the book's own rating, the colour by size."""
    book = roll_up.book
    ratings = rate(book, values, roll_up.settings)
    titles = [book.list_title("rating", str(rating), book.languages[0]) for rating in ratings]
    return [
        HeatCell(None) if value is None else HeatCell(value, title.split()[0], _heat_color(value))
        for value, title in zip(values, titles, strict=True)
    ]


def _heat_color(value: float) -> str:
    """The colour of an attainment, from orange over white to blue."""
    return next((color for limit, color in HEATS if round(value, 6) < limit), HOTTEST)
