"""The charts of the workbook: the bridge from target to actual, and the bars of the scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from planbook.layout import column_letter, quote_sheet
from planbook.measures.plain import Row
from planbook.reports.figures import number_text, one_line, percent_text, signed_text
from planbook.reports.pictures import Bridge, bridge_alt, bridge_title
from planbook.reports.sheets import Page
from planbook.writer.cells import write_value
from planbook.writer.styles import BLUE, FONT, GRID, NAVY, STEEL, TONES

MOST_BARS = 30
MET = 1.0
TEXT_COLOR = "#333333"
CHART_FONT = {"name": FONT, "size": 9, "color": TEXT_COLOR}
FIRST_DATA_ROW = 4
_BACKGROUND, _COLOR = TONES["bad"]
ADVERSE = {
    "pattern": {"pattern": "wide_upward_diagonal", "fg_color": _COLOR, "bg_color": _BACKGROUND},
    "border": {"color": _COLOR},
}


def write_bridge(
    page: Page, sheet: Any, bridge: Bridge, at: tuple[int, int], size: tuple[int, int], column: int
) -> None:
    """The bridge at a cell; its figures stand in hidden cells from `column` on."""
    rows = _bridge_rows(page, bridge)
    sheet.set_column(column, column + 4, None, None, {"hidden": True})
    for offset, values in enumerate(rows):
        for index, value in enumerate(values):
            if value is not None:
                write_value(sheet, FIRST_DATA_ROW + offset, column + index, value, None)
    chart = page.workbook.add_chart({"type": "column", "subtype": "stacked"})
    looks: tuple[tuple[str, dict[str, Any]], ...] = (
        ("", {"fill": {"none": True}, "border": {"none": True}}),
        ("bridge_total", {"fill": {"color": STEEL}}),
        ("bridge_good", {"fill": {"color": BLUE}}),
        ("bridge_bad", ADVERSE),
    )
    area = _areas(page, column, len(rows))
    for index, (label, look) in enumerate(looks, 1):
        chart.add_series(
            {
                "name": page.label(label) if label else " ",
                "categories": area(0),
                "values": area(index),
                "gap": 45,
                **look,
            }
        )
    _style(page, chart, bridge_title(page.book, page.lang, bridge))
    chart.set_y_axis(
        {
            "min": bridge.floor,
            "num_format": "#,##0" if max(map(abs, bridge.levels)) >= 10 else "#,##0.00",
            "num_font": CHART_FONT,
            "major_gridlines": {"visible": True, "line": {"color": GRID, "width": 0.5}},
            "line": {"none": True},
        }
    )
    chart.set_x_axis({"num_font": CHART_FONT, "line": {"color": GRID}, "major_tick_mark": "none"})
    chart.set_legend({"position": "bottom", "font": CHART_FONT, "delete_series": [0]})
    _insert(sheet, chart, at, size, bridge_alt(page.book, page.lang, bridge))


def _bridge_rows(page: Page, bridge: Bridge) -> list[tuple[str | float | None, ...]]:
    """Name, invisible base, total, favourable and adverse height of every column."""
    # The figure stands under the name: a low column has no room for it.
    target, actual = (
        f"{page.label(label)}\n{number_text(value)}"
        for label, value in (("bridge_plan", bridge.target), ("bridge_actual", bridge.actual))
    )
    rows: list[tuple[str | float | None, ...]] = [(target, None, bridge.target, None, None)]
    for step, before in zip(bridge.steps, bridge.levels, strict=False):
        low, height = min(before, before + step.value), abs(step.value)
        name = f"{step.name}\n{signed_text(step.value)}"
        rows.append((name, low, None, height if step.good else None, None if step.good else height))
    return [*rows, (actual, None, bridge.actual, None, None)]


# -- scores ------------------------------------------------------------------------------------


def write_score_bars(
    page: Page,
    sheet: Any,
    key: str,
    nodes: Sequence[Row],
    at: tuple[int, int],
    size: tuple[int, int],
    column: int,
) -> None:
    """The bars of the departments' scores on the sheet `key`; below 100 % they are hatched."""
    rows = [row for row in nodes if row["node"] == "department" and row["score"] is not None]
    title = page.label("score_chart")
    if len(rows) > MOST_BARS:
        rows = sorted(rows, key=lambda row: float(row["score"]))[:MOST_BARS]
        title = page.label("score_chart_lowest").format(count=MOST_BARS)
    chart = page.workbook.add_chart({"type": "bar"})
    _add_score_series(page, sheet, chart, key, rows, column)
    _style(page, chart, title)
    highest = max(1.1, *(math.ceil(float(row["score"]) * 20) / 20 for row in rows))
    # Gridlines a whole apart: the one drawn is the 100 % line, and it needs no series of its own.
    line = {"visible": True, "line": {"color": NAVY, "width": 1.25, "dash_type": "dash"}}
    chart.set_x_axis(
        {
            "min": 0,
            "max": highest,
            "major_unit": 1,
            "major_gridlines": line,
            "num_format": "0%",
            "num_font": CHART_FONT,
            "line": {"color": GRID},
        }
    )
    chart.set_y_axis({"num_font": CHART_FONT, "line": {"color": GRID}, "major_tick_mark": "none"})
    chart.set_legend({"position": "bottom", "font": CHART_FONT})
    _insert(sheet, chart, at, (size[0], min(size[1], 90 + 30 * len(rows))), page.label("score_chart_alt"))


def _add_score_series(page: Page, sheet: Any, chart: Any, key: str, rows: Sequence[Row], column: int) -> None:
    """Two series, met and missed, from hidden cells; the first department on top."""
    sheet.set_column(column, column + 2, None, None, {"hidden": True})
    for offset, row in enumerate(reversed(rows)):
        at = FIRST_DATA_ROW + offset
        met = round(float(row["score"]), 6) >= MET
        # The figure stands with the name: beside the bar it would run into the 100 % line.
        name = f"{one_line(row['name'], 24)}  {percent_text(row['score'])}"
        write_value(sheet, at, column, name, None)
        write_value(sheet, at, column + (1 if met else 2), float(row["score"]), None)
    area = _areas(page, column, len(rows), key)
    looks = (("score_met", {"fill": {"color": BLUE}}), ("score_missed", ADVERSE))
    for index, (label, look) in enumerate(looks, 1):
        chart.add_series(
            {
                "name": page.label(label),
                "categories": area(0),
                "values": area(index),
                "overlap": 100,
                "gap": 45,
                **look,
            }
        )


# -- both --------------------------------------------------------------------------------------


def _areas(page: Page, column: int, count: int, key: str = "summary") -> Any:
    name, first, end = quote_sheet(page.title(key)), FIRST_DATA_ROW + 1, FIRST_DATA_ROW + count

    def area(index: int) -> str:
        letter = column_letter(column + index)
        return f"={name}!${letter}${first}:${letter}${end}"

    return area


def _style(page: Page, chart: Any, title: str) -> None:
    font = {**CHART_FONT, "size": 11, "bold": True, "color": NAVY}
    chart.set_title({"name": title, "name_font": font, "overlay": False})
    chart.set_chartarea({"border": {"color": GRID}})
    chart.show_hidden_data()


def _insert(sheet: Any, chart: Any, at: tuple[int, int], size: tuple[int, int], description: str) -> None:
    chart.set_size({"width": size[0], "height": size[1]})
    place = {"x_offset": 6, "y_offset": 4, "object_position": 2, "description": description}
    sheet.insert_chart(*at, chart, place)
