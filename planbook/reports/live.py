"""Formulas of the consolidated workbook: what finance audits counts itself, from the facts up.

A total is a SUMIFS over the facts; a measure of it is the specification's own formula, which reads
its thresholds from the sheet of methods.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from planbook.layout import cell_address, cell_name, column_letter, quote_sheet
from planbook.measures.contributions import convert_amount
from planbook.measures.plain import Row, Rows
from planbook.reports.place import FIRST_ROW, MOST_WRITTEN
from planbook.reports.sheets import LIVE, Page, column_range
from planbook.spec import quote_text, render

if TYPE_CHECKING:
    import pandas as pd

EMPTY = '""'
GIVEN = (
    "actual", "target", "target_high", "direction", "annual_target", "baseline", "aggregation", "quarters",
)  # fmt: skip
TOTALS = {"target": "company_adds_target", "actual": "company_adds_actual"}
SUMS = {"target": "adds_target", "actual": "adds_actual"}  # of a goal, over its facts
MEASURES = (
    "deviation",
    "deviation_rate",
    "favourable",
    "method_used",
    "attainment",
    "rating",
    "year_completion",
)
SHOWN = ("target", "actual", "deviation", "deviation_rate", "favourable", "attainment", "rating")
CLOSE = 1e-9  # relative: what is nearer is the same figure
MOST_PAIRS = 100_000_000  # goals times facts: beyond, SUMIFS over the facts would keep a program busy
Live = dict[str, str]  # formulas of one row by column
ROW = "\0"  # stands for the row's number in a formula that is made once for all rows


def measure_formula(page: Page, measure: str, cells: Mapping[str, str]) -> str:
    """The specification's formula of a measure over the cells given; what is not given is empty."""

    def name(text: str) -> str:
        if "." not in text:
            return cell_name(text)
        list_key, item = text.split(".", 1)
        return quote_text(page.book.list_title(list_key, item, page.lang))

    formula = page.book.measures[measure].formula
    return "=" + render(formula, reference=lambda text: cells.get(text, EMPTY), name=name)


def _addresses(page: Page, key: str, row: int) -> dict[str, str]:
    columns = page.book.report(key).columns
    return {column.key: cell_address(row, index) for index, column in enumerate(columns)}


# -- company goals -----------------------------------------------------------------------------


def live_company_goals(page: Page, rows: Rows, parts: Rows) -> Rows:
    """The company goals with their formulas: totals over the facts, measures over the totals."""
    counted: dict[object, bool] = {}  # company goals that count parts, and whether a weight is among these
    for number, use, used in zip(*map(parts.column, ("company_no", "company_use", "used")), strict=True):
        if use == "counted":
            counted[number] = counted.get(number, False) or bool(used)
    return _with_live(
        rows, (_live_goal(page, row, FIRST_ROW + n, parts, counted) for n, row in enumerate(rows))
    )


def _with_live(rows: Rows, formulas: Iterable[Live]) -> Rows:
    return rows.having(**{LIVE: list(formulas)})


def _live_goal(page: Page, row: Row, at: int, parts: Rows, counted: Mapping[object, bool]) -> Live:
    cells = _addresses(page, "company_goals", at)
    number = "$" + cells["number"]
    live: Live = {}
    if row["rollup"] != "weighted" and row["target"] is not None and row["actual"] is not None:
        if row["rollup"] == "sum" and row["number"] in counted:
            live |= _summed(page, row, number, parts)
        elif row["rollup"] == "ratio" and row["scale"] is not None:
            live |= _divided(page, row, cells, parts)
        given = {k: cells[k] for k in (*GIVEN, "deviation", "deviation_rate", "method_used")}
        if row["rollup"] == "ratio":  # no sum over quarters: its baseline is held against the annual target
            given["aggregation"] = quote_text(page.choice("aggregation", "last")[0])
        given["baseline_target"] = f"({measure_formula(page, 'baseline_target', given)[1:]})"
        for key in ("deviation", "deviation_rate", "favourable", "method_used", "attainment"):
            live[key] = measure_formula(page, key, given)
    elif row["rollup"] == "weighted" and counted.get(row["number"]):
        points, used, numbers = (
            column_range(page, "parts", key, parts) for key in ("points", "used", "company_no")
        )
        live["attainment"] = f"=SUMIFS({points},{numbers},{number})/SUMIFS({used},{numbers},{number})"
    if "attainment" in live:
        live["rating"] = measure_formula(page, "rating", {"attainment": cells["attainment"], "filled": "1"})
    return live


def _summed(page: Page, row: Row, number: str, parts: Rows) -> Live:
    """The totals of an additive goal: over the facts, and of the annual targets over the contributions."""
    live = {
        key: "=" + page.place.combine("SUMIFS", f"[{column}]", "[company_no]", number)
        for key, column in TOTALS.items()
    }
    if row["annual_target"] is not None:
        annual, numbers = (column_range(page, "parts", key, parts) for key in ("adds_annual", "company_no"))
        live["annual_target"] = f"=SUMIFS({annual},{numbers},{number})"
    return live


def _divided(page: Page, row: Row, cells: Mapping[str, str], parts: Rows) -> Live:
    """The figures of a ratio: what is added above the line over what is added below it."""
    number, scale = "$" + cells["number"], cells["scale"]
    sides, numbers = (column_range(page, "parts", key, parts) for key in ("side", "company_no"))
    live = {}
    for key, column in (
        ("target", "adds_target"),
        ("actual", "adds_actual"),
        ("annual_target", "adds_annual"),
    ):
        if row[key] is not None:
            amounts = column_range(page, "parts", column, parts)
            above, below = (f"SUMIFS({amounts},{numbers},{number},{sides},{side})" for side in (1, 2))
            live[key] = f"={above}*{scale}/{below}"
    return live


def live_parts(page: Page, rows: Rows, goals: Rows) -> Rows:
    """The contributions with their formulas: the goal's own figures, and what they add."""
    if len(rows) > MOST_WRITTEN:
        return rows
    places = _live_places(goals)
    found = []
    for n, row in enumerate(rows):
        cells = _addresses(page, "parts", FIRST_ROW + n)
        live: Live = {}
        at = places.get(row["goal_no"]) if row["goal_no"] is not None else None
        if at is not None:
            kept = ("target", "actual", "attainment", "rating")
            live |= {key: f"={sheet_cell(page, 'variance', at, key)}" for key in kept}
            for key in ("target", "actual"):
                factor = _factor(page, row)
                if row[f"adds_{key}"] is not None and factor is not None:
                    live[f"adds_{key}"] = f"={cells[key]}" + ("" if factor == 1 else f"*{factor:.15g}")
        if row["points"] is not None:
            live["points"] = f"={cells['used']}*{cells['attainment']}"
        if row["adds_deviation"] is not None:
            live["adds_deviation"] = f"=ROUND({cells['adds_actual']}-{cells['adds_target']},9)"
        found.append(live)
    return _with_live(rows, found)


def _live_places(goals: Rows) -> dict[object, int]:
    """The sheet's row of each goal that has formulas, by its number."""
    if LIVE not in goals.keys:
        return {}
    return {goal["goal_no"]: FIRST_ROW + n for n, goal in enumerate(goals) if goal[LIVE]}


def _factor(page: Page, row: Row) -> float | None:
    """What a part's quantities are multiplied with to be in the unit of its company goal."""
    unit = row["company_unit"]
    return convert_amount(page.book, 1.0, row["unit"], str(unit)) if unit else 1.0


# -- scores ------------------------------------------------------------------------------------


def live_goals(page: Page, rows: Rows) -> Rows:
    """The goals with their formulas: sums over their facts, measures of these, what they add to the score.

    The figures of very many goals over very many facts stay as they were computed.
    """
    facts = page.roll_up.facts
    if len(rows) > MOST_WRITTEN or len(rows) * len(facts) > MOST_PAIRS:
        return rows
    made, summed = _goal_formulas(page), _summed_goals(facts)
    found = []
    for n, row in enumerate(rows):
        at = FIRST_ROW + n
        live: Live = {}
        if row["target"] is not None and row["actual"] is not None:
            sums = SUMS if _is_sum(row, summed) else ()
            keys = [key for key in made if key not in SUMS or key in sums]
            live = {key: made[key].replace(ROW, str(at + 1)) for key in keys}
        if row["capped"] is not None:
            cells = _addresses(page, "variance", at)
            live["capped"] = f"=MIN({cells['attainment']},{cell_name('cap')})"
            live["points"] = f"={cells['share']}*{cells['capped']}"
        found.append(live)
    return _with_live(rows, found)


def _goal_formulas(page: Page) -> dict[str, str]:
    """The formulas of a goal's row by column, the row's number left open."""
    columns = page.book.report("variance").columns
    cells = {column.key: f"{column_letter(index)}{ROW}" for index, column in enumerate(columns)}
    given = {**cells, "annual_high": cells["annual_target_high"], "filled": "1"}
    given["baseline_target"] = f"({measure_formula(page, 'baseline_target', given)[1:]})"
    sums = {
        key: f"=ROUND({page.place.combine('SUMIFS', f'[{column}]', '[goal_no]', '$' + cells['goal_no'])},9)"
        for key, column in SUMS.items()
    }
    return sums | {key: measure_formula(page, key, given) for key in MEASURES}


def _summed_goals(facts: pd.DataFrame) -> Mapping[object, tuple[float, float]]:
    """What the facts of each goal add up to."""
    columns = ["goal_no", *SUMS.values()]
    if facts.empty or not set(columns) <= set(facts.columns):
        return {}
    sums = facts[columns].astype(float).groupby("goal_no").sum()
    return dict(zip(sums.index.tolist(), sums.itertuples(index=False, name=None), strict=True))


def _is_sum(row: Row, summed: Mapping[object, tuple[float, float]]) -> bool:
    """Whether a goal's figures are what the facts in sight add up to, as they are but where scopes cut."""
    sums = summed.get(row["goal_no"])
    return sums is not None and all(
        abs(row[key] - total) <= CLOSE * max(1.0, abs(total)) for key, total in zip(SUMS, sums, strict=True)
    )


def live_adverse(page: Page, rows: Rows, goals: Rows) -> Rows:
    """Rows of the summary that show goals, each figure taken from the goal's own row."""
    places = _live_places(goals)
    found = []
    for number in rows.column("goal_no"):
        at = places.get(number) if number is not None else None
        found.append({} if at is None else {k: f"={sheet_cell(page, 'variance', at, k)}" for k in SHOWN})
    return _with_live(rows, found)


def live_scores(page: Page, rows: Rows, goals: Rows) -> Rows:
    """The tree with its formulas: a node's score from its own goals and from the nodes below it."""
    found, depths = [], rows.column("depth")
    for n, row in enumerate(rows):
        at = FIRST_ROW + n
        cells = _addresses(page, "scores", at)
        live: Live = {}
        if row["own"] is not None:
            live["own"] = _own_score(page, cells["number"], goals)
        below = next((k for k, depth in enumerate(depths[n + 1 :]) if depth <= depths[n]), len(rows) - n - 1)
        if row["score"] is not None:
            live["score"] = (
                _node_score(page, row, cells, (at + 1, at + below)) if below else f"={cells['own']}"
            )
            live["rating"] = measure_formula(page, "rating", {"attainment": cells["score"], "filled": "1"})
            if row["points"] is not None:
                live["points"] = f"={cells['share']}*{cells['score']}"
        found.append(live)
    return _with_live(rows, found)


def _own_score(page: Page, number: str, goals: Rows) -> str:
    points, share, numbers, capped = (
        column_range(page, "variance", key, goals) for key in ("points", "share", "node_no", "capped")
    )
    return f'=SUMIFS({points},{numbers},{number})/SUMIFS({share},{numbers},{number},{capped},">=0")'


def _node_score(page: Page, row: Row, cells: Mapping[str, str], below: tuple[int, int]) -> str:
    # Only rows below the node's own: a range with the node itself would be a circle.
    columns = [column.key for column in page.book.report("scores").columns]

    def part(key: str) -> str:
        letter = column_letter(columns.index(key))
        return f"${letter}${below[0] + 1}:${letter}${below[1] + 1}"

    points = f"SUMIFS({part('points')},{part('parent')},{cells['number']})"
    known = f"SUMIFS({part('known')},{part('parent')},{cells['number']})"
    if row["own"] is None:
        return f"={points}/{known}"
    own, share = cells["own"], cells["own_share"]
    return f"=({points}+{share}*{own})/({known}+{share})"


# -- counts ------------------------------------------------------------------------------------


def count_choices(page: Page, key: str, column: str, rows: Sequence[Row], items: Sequence[str]) -> str:
    """How many rows of a sheet show one of these items of a list."""
    if not rows:
        return ""
    report = page.book.report(key)
    listed = next(each for each in report.columns if each.key == column)
    area = column_range(page, key, column, rows)
    texts = (quote_text(page.choice(listed.list, item)[0]) for item in items)
    return "=" + "+".join(f"COUNTIF({area},{text})" for text in texts)


def sheet_cell(page: Page, key: str, row: int, column: str) -> str:
    """A cell of a whole-sheet table, as formulas of other sheets name it."""
    columns = [each.key for each in page.book.report(key).columns]
    return f"{quote_sheet(page.title(key))}!{cell_address(row, columns.index(column), absolute=True)}"
