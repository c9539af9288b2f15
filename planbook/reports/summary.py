"""The management summary: one page with headline, scores, chart, company goals, variances and tasks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from planbook.layout import column_letter, quote_sheet
from planbook.reports.figures import (
    TOP,
    Row,
    adverse_rows,
    attention_rows,
    display_width,
    headline,
    node_rows,
    one_line,
    percent_text,
    report_subtitle,
    report_title,
    rows_of,
)
from planbook.reports.sheets import (
    HEADER_ROW,
    Page,
    fit_text,
    set_print,
    shade,
    write_cell,
    write_nothing,
    write_section,
    write_spanned,
    write_top,
)
from planbook.spec import Kind
from planbook.spec.models import ReportSheet
from planbook.writer.cells import write_value
from planbook.writer.styles import BLUE, FONT, GRID, MUTED, NAVY, PALE, TONES

BESIDE = (7.0,) * 12  # the columns beside the scores, under the chart
HEADLINE_ROW = 2
FIRST_SECTION = HEADER_ROW + 1
NODE_HEIGHT = 21  # points
MOST_BARS = 30
DEEPEST = 5  # levels of the tree that are indented further
WIDEST_NAME = 44.0
LONGEST_IN_PAGE = 66  # characters of a person's words; the whole text stands on its own sheet
MET = 1.0
CHART_FONT = {"name": FONT, "size": 9, "color": "#333333"}


def write_summary(page: Page, sheet: Any) -> None:
    """Write the management summary on `sheet`."""
    report = page.book.report("summary")
    nodes = node_rows(page.roll_up, page.lang)
    widths = [
        max(column.width, _name_width(nodes)) if column.key == "name" else column.width
        for column in report.columns
    ]
    grid = [*widths, *BESIDE]
    last = len(grid) - 1
    for index, width in enumerate(grid):
        sheet.set_column(index, index, width)
    write_top(
        page, sheet, report_title(page.roll_up, page.lang), report_subtitle(page.roll_up, page.lang), last
    )
    _write_headline(page, sheet, grid)
    row = _write_scores(page, sheet, report, nodes, last)
    row = _write_table(
        page, sheet, row, "section_company_goals", "company_goals", rows_of(page.roll_up.company_goals), grid
    )
    adverse, attention = adverse_rows(page.roll_up), attention_rows(page.roll_up)
    row = _write_table(page, sheet, row, "section_adverse", "adverse", adverse, grid, "variance")
    row = _write_table(page, sheet, row, "section_tasks", "attention", attention, grid, "tasks")
    sheet.freeze_panes(HEADLINE_ROW, 0)
    set_print(page, sheet)
    sheet.print_area(0, 0, row - 2, last)


def _write_headline(page: Page, sheet: Any, grid: Sequence[float]) -> None:
    text = fit_text(headline(page.roll_up, page.lang))
    style = page.styles.get(
        bold=True,
        font_size=12,
        font_color=NAVY,
        bg_color=PALE,
        text_wrap=True,
        indent=1,
        bottom=1,
        bottom_color=GRID,
    )
    sheet.merge_range(HEADLINE_ROW, 0, HEADLINE_ROW, len(grid) - 1, "", style)
    write_value(sheet, HEADLINE_ROW, 0, text, style)
    lines = math.ceil(display_width(text) * 1.25 / (sum(grid) - 4))
    sheet.set_row(HEADLINE_ROW, 12 + 18 * lines)


# -- scores --------------------------------------------------------------------------------


def _indent(row: Row) -> int:
    return 1 + 2 * min(int(row["depth"] or 0), DEEPEST)


def _name_width(rows: Sequence[Row]) -> float:
    """The column that shows every name of the tree on one line, within reason."""
    widths = (display_width(one_line(row["name"])) + 1.5 * _indent(row) + 1 for row in rows)
    return min(max(widths, default=0.0), WIDEST_NAME)


def _write_scores(page: Page, sheet: Any, report: ReportSheet, rows: Sequence[Row], last: int) -> int:
    """The tree with its scores, the chart beside it; returns the row after both."""
    write_section(page, sheet, FIRST_SECTION, page.label("section_score"), last, report.hint.to(page.lang))
    header = FIRST_SECTION + 1
    sheet.set_row(header, 32)
    for index, column in enumerate(report.columns):
        write_value(sheet, header, index, column.title.to(page.lang), page.styles.header())
    for offset, row in enumerate(rows, 1):
        sheet.set_row(header + offset, NODE_HEIGHT)
        for index, column in enumerate(report.columns):
            look = shade(page, row)
            if column.key == "name":
                look["indent"] = _indent(row)
                row = {**row, "name": one_line(row["name"], int(WIDEST_NAME))}
            write_cell(page, sheet, header + offset, (index, index), column, row, **look)
    if not rows:
        write_nothing(page, sheet, header + 1, len(report.columns) - 1)
    below = header + max(len(rows), 1) + 2
    scored = [row for row in rows if row["node"] == "department" and row["score"] is not None]
    if not scored:
        return below
    return max(below, _write_chart(page, sheet, scored, header, len(report.columns), last))


def _write_chart(page: Page, sheet: Any, rows: Sequence[Row], top: int, left: int, last: int) -> int:
    """The bars of the departments' scores beside the table; returns the row after the chart."""
    title = page.label("score_chart")
    if len(rows) > MOST_BARS:
        rows = sorted(rows, key=lambda row: float(row["score"]))[:MOST_BARS]
        title = page.label("score_chart_lowest").format(count=MOST_BARS)
    chart = page.workbook.add_chart({"type": "bar"})
    _add_series(page, sheet, chart, rows, last + 2)
    chart.set_title({"name": title, "name_font": {**CHART_FONT, "size": 11, "bold": True, "color": NAVY}})
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
    chart.set_chartarea({"border": {"color": GRID}})
    chart.show_hidden_data()
    height = max(32 + NODE_HEIGHT * len(page.roll_up.scores), 120 + 22 * len(rows)) * 4 // 3
    chart.set_size({"width": int(sum(7 * width + 5 for width in BESIDE)) - 14, "height": height})
    options = {
        "x_offset": 10,
        "y_offset": 2,
        "object_position": 2,
        "description": page.label("score_chart_alt"),
    }
    sheet.insert_chart(top, left, chart, options)
    return top + 2 + math.ceil((height * 3 / 4 - 32) / NODE_HEIGHT)


def _add_series(page: Page, sheet: Any, chart: Any, rows: Sequence[Row], column: int) -> None:
    """Two series, met and missed, from hidden cells right of the page; the first department on top."""
    sheet.set_column(column, column + 2, None, None, {"hidden": True})
    for offset, row in enumerate(reversed(rows)):
        at = HEADER_ROW + 1 + offset
        met = round(float(row["score"]), 6) >= MET
        # The figure stands with the name: beside the bar it would run into the 100 % line.
        name = f"{one_line(row['name'], 24)}  {percent_text(row['score'])}"
        write_value(sheet, at, column, name, None)
        write_value(sheet, at, column + (1 if met else 2), float(row["score"]), None)
    first, end = HEADER_ROW + 2, HEADER_ROW + 1 + len(rows)
    name = quote_sheet(page.title("summary"))

    def cells(index: int) -> str:
        letter = column_letter(index)
        return f"={name}!${letter}${first}:${letter}${end}"

    background, color = TONES["bad"]
    hatched = {"pattern": "wide_upward_diagonal", "fg_color": color, "bg_color": background}
    looks = (
        ("score_met", {"fill": {"color": BLUE}}),
        ("score_missed", {"pattern": hatched, "border": {"color": color}}),
    )
    for index, (key, look) in enumerate(looks, 1):
        chart.add_series(
            {
                "name": page.label(key),
                "categories": cells(column),
                "values": cells(column + index),
                "overlap": 100,
                "gap": 45,
                **look,
            }
        )


# -- the other tables ----------------------------------------------------------------------


def _write_table(
    page: Page,
    sheet: Any,
    row: int,
    label: str,
    key: str,
    rows: Sequence[Row],
    grid: Sequence[float],
    rest: str = "",
) -> int:
    """A section with the first rows of a table; `rest` is the sheet that holds them all."""
    report = page.book.report(key)
    write_section(page, sheet, row, page.label(label), len(grid) - 1, report.hint.to(page.lang))
    shown = [_shortened(report, each) for each in (rows[:TOP] if rest else rows)]
    after = write_spanned(page, sheet, row + 1, report, shown, grid)
    if len(shown) < len(rows):
        count = len(rows) - len(shown)
        text = page.label("more_rows").format(count=count, sheet=page.title(rest))
        write_value(sheet, after, 0, text, page.styles.get(font_size=9, font_color=MUTED, indent=1))
        after += 1
    return after + 1


def _shortened(report: ReportSheet, row: Row) -> Row:
    texts = {column.key for column in report.columns if column.kind is Kind.TEXT}
    return {
        key: one_line(value, LONGEST_IN_PAGE) if key in texts and isinstance(value, str) else value
        for key, value in row.items()
    }
