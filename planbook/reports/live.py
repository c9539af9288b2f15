"""Formulas of the consolidated workbook: what finance audits counts itself, from the facts up.

A total is a SUMIFS over the facts; a measure of it is the specification's own formula, which reads
its thresholds from the sheet of methods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from planbook.layout import cell_address, cell_name, column_letter, quote_sheet
from planbook.reports.figures import Row
from planbook.reports.place import FIRST_ROW
from planbook.reports.sheets import LIVE, Page, column_range
from planbook.spec import quote_text, render

EMPTY = '""'
GIVEN = (
    "actual", "target", "target_high", "direction", "annual_target", "baseline", "aggregation", "quarters",
)  # fmt: skip
TOTALS = {"target": "company_adds_target", "actual": "company_adds_actual"}


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


def live_company_goals(page: Page, rows: Sequence[Row], parts: Sequence[Row]) -> list[Row]:
    """The company goals with their formulas: totals over the facts, measures over the totals."""
    return [_live_goal(page, row, FIRST_ROW + n, parts) for n, row in enumerate(rows)]


def _live_goal(page: Page, row: Row, at: int, parts: Sequence[Row]) -> Row:
    cells = _addresses(page, "company_goals", at)
    number = "$" + cells["number"]
    live: dict[str, str] = {}
    own = [part for part in parts if part["company_no"] == row["number"] and part["company_use"] == "counted"]
    if row["rollup"] != "weighted" and row["target"] is not None and row["actual"] is not None:
        if row["rollup"] == "sum" and own:
            live |= _summed(page, row, number, parts)
        given = {k: cells[k] for k in (*GIVEN, "deviation", "deviation_rate", "method_used")}
        if row["rollup"] == "ratio":  # no sum over quarters: its baseline is held against the annual target
            given["aggregation"] = quote_text(page.choice("aggregation", "last")[0])
        given["baseline_target"] = f"({measure_formula(page, 'baseline_target', given)[1:]})"
        for key in ("deviation", "deviation_rate", "favourable", "method_used", "attainment"):
            live[key] = measure_formula(page, key, given)
    elif row["rollup"] == "weighted" and any(part["used"] for part in own):
        points, used, numbers = (
            column_range(page, "parts", key, parts) for key in ("points", "used", "company_no")
        )
        live["attainment"] = f"=SUMIFS({points},{numbers},{number})/SUMIFS({used},{numbers},{number})"
    if "attainment" in live:
        live["rating"] = measure_formula(page, "rating", {"attainment": cells["attainment"], "filled": "1"})
    return {**row, LIVE: live}


def _summed(page: Page, row: Row, number: str, parts: Sequence[Row]) -> dict[str, str]:
    """The totals of an additive goal: over the facts, and of the annual targets over the contributions."""
    live = {
        key: "=" + page.place.combine("SUMIFS", f"[{column}]", "[company_no]", number)
        for key, column in TOTALS.items()
    }
    if row["annual_target"] is not None:
        annual, numbers = (column_range(page, "parts", key, parts) for key in ("adds_annual", "company_no"))
        live["annual_target"] = f"=SUMIFS({annual},{numbers},{number})"
    return live


def live_parts(page: Page, rows: Sequence[Row]) -> list[Row]:
    """The contributions with their formulas: the weighted attainment of each."""
    found = []
    for n, row in enumerate(rows):
        cells = _addresses(page, "parts", FIRST_ROW + n)
        live = {}
        if row["points"] is not None:
            live["points"] = f"={cells['used']}*{cells['attainment']}"
        if row["adds_deviation"] is not None:
            live["adds_deviation"] = f"=ROUND({cells['adds_actual']}-{cells['adds_target']},9)"
        found.append({**row, LIVE: live})
    return found


# -- scores ------------------------------------------------------------------------------------


def live_goals(page: Page, rows: Sequence[Row]) -> list[Row]:
    """The goals with what they add to their department's score."""
    found = []
    for n, row in enumerate(rows):
        cells = _addresses(page, "variance", FIRST_ROW + n)
        live = {}
        if row["capped"] is not None:
            live["capped"] = f"=MIN({cells['attainment']},{cell_name('cap')})"
            live["points"] = f"={cells['share']}*{cells['capped']}"
        found.append({**row, LIVE: live})
    return found


def live_scores(page: Page, rows: Sequence[Row], goals: Sequence[Row]) -> list[Row]:
    """The tree with its formulas: a node's score from its own goals and from the nodes below it."""
    found = []
    for n, row in enumerate(rows):
        at = FIRST_ROW + n
        cells = _addresses(page, "scores", at)
        live: dict[str, str] = {}
        if row["own"] is not None:
            live["own"] = _own_score(page, cells["number"], goals)
        below = next(
            (k for k, r in enumerate(rows[n + 1 :]) if r["depth"] <= row["depth"]), len(rows) - n - 1
        )
        if row["score"] is not None:
            live["score"] = (
                _node_score(page, row, cells, (at + 1, at + below)) if below else f"={cells['own']}"
            )
            live["rating"] = measure_formula(page, "rating", {"attainment": cells["score"], "filled": "1"})
            if row["points"] is not None:
                live["points"] = f"={cells['share']}*{cells['score']}"
        found.append({**row, LIVE: live})
    return found


def _own_score(page: Page, number: str, goals: Sequence[Row]) -> str:
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
