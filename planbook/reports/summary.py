"""The management summary: headline, key figures, bridge and heat map, company goals, what needs action."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from planbook.measures.plain import Row, Rows
from planbook.measures.progress import LATE
from planbook.measures.scores import MISSED
from planbook.reports.charts import write_bridge, write_score_bars
from planbook.reports.figures import (
    TOP,
    adverse_rows,
    attention_rows,
    display_width,
    headline,
    one_line,
    percent_text,
    report_subtitle,
    report_title,
)
from planbook.reports.live import TOTALS, count_choices, live_adverse, sheet_cell
from planbook.reports.pictures import Heat, HeatRow, heat_map, main_bridge
from planbook.reports.place import FIRST_ROW
from planbook.reports.sheets import (
    BORDER,
    LIVE,
    Page,
    fit_columns,
    fit_text,
    lines_of,
    row_height,
    set_print,
    write_nothing,
    write_section,
    write_spanned,
    write_top,
)
from planbook.spec import Kind
from planbook.spec.models import ReportSheet
from planbook.writer.cells import write_formula, write_value
from planbook.writer.styles import GRID, INTEGER, MUTED, NAVY, PALE

LEFT = (3.5,) * 22  # under the bridge
GAP = (2.0,)
NAME, CELL = (3.6,) * 4, (2.0,) * 40  # under the heat map: its names and its cells
GRID_WIDTHS = (*LEFT, *GAP, *NAME, *CELL)
LAST = len(GRID_WIDTHS) - 1
RIGHT = len(LEFT) + len(GAP)  # where the heat map starts
HEADLINE_ROW = 2
TILE_ROW = 4  # label, figure, note
PICTURE_ROW = 8
HEAT_HEIGHT, LEAST_HEIGHT = 21, 300  # points of a row, pixels of the bridge
MOST_FINDINGS = 3  # on how the plans fit together
LONGEST_IN_PAGE = 66  # characters of a person's words; the whole text stands on its own sheet


@dataclass(frozen=True)
class Tile:
    """One key figure: its words, the formula that counts it, and the value that gives."""

    label: str
    formula: str
    value: float | None
    number: str
    note: str


def write_summary(page: Page, sheet: Any, rows: Mapping[str, Rows]) -> None:
    """Write the management summary on `sheet`."""
    for index, width in enumerate(GRID_WIDTHS):
        sheet.set_column(index, index, width)
    title, subtitle = report_title(page.roll_up, page.lang), report_subtitle(page.roll_up, page.lang)
    write_top(page, sheet, fit_text(title), subtitle, LAST)
    _write_headline(page, sheet)
    _write_tiles(page, sheet, _tiles(page, rows))
    row = _write_pictures(page, sheet, rows)
    goals = rows["company_goals"]
    live = [_live_goal(page, goal, FIRST_ROW + n) for n, goal in enumerate(goals)]
    goals = goals.having(**{LIVE: live})
    row = _write_table(page, sheet, row, Section("section_company_goals", "summary_goals"), goals)
    fit = Section("section_coherence", "summary_coherence", "coherence", MOST_FINDINGS)
    row = _write_table(page, sheet, row, fit, rows["coherence"])
    sheet.set_h_pagebreaks([row])
    adverse = live_adverse(page, adverse_rows(page.roll_up), rows["variance"])
    for section, found in (
        (Section("section_adverse", "adverse", "variance"), adverse),
        (Section("section_tasks", "attention", "tasks"), attention_rows(page.roll_up)),
    ):
        row = _write_table(page, sheet, row, section, found)
    sheet.freeze_panes(HEADLINE_ROW, 0)
    set_print(page, sheet)
    sheet.print_area(0, 0, row - 2, LAST)


def _write_headline(page: Page, sheet: Any) -> None:
    text = fit_text(headline(page.roll_up, page.lang))
    look = {"bold": True, "font_size": 12, "font_color": NAVY, "bg_color": PALE, "text_wrap": True}
    style = page.styles.get(**look, indent=1, bottom=1, bottom_color=GRID)
    sheet.merge_range(HEADLINE_ROW, 0, HEADLINE_ROW, LAST, "", style)
    write_value(sheet, HEADLINE_ROW, 0, text, style)
    lines = math.ceil(display_width(text) * 1.25 / (sum(GRID_WIDTHS) - 4))
    sheet.set_row(HEADLINE_ROW, 12 + 18 * lines)


# -- key figures -------------------------------------------------------------------------------


def _tiles(page: Page, rows: Mapping[str, Rows]) -> list[Tile]:
    goals, tasks, quality = rows["variance"], rows["tasks"], rows["quality"]
    top = next(iter(rows["scores"]), None)

    def count(key: str, column: str, *items: str) -> tuple[str, float]:
        found = sum(value in items for value in rows[key].column(column))
        return count_choices(page, key, column, rows[key], items), float(found)

    def at_top(column: str) -> tuple[str, float | None]:
        value = top[column] if top else None
        return (f"={sheet_cell(page, 'scores', FIRST_ROW, column)}" if value is not None else ""), value

    def label(key: str, **words: object) -> str:
        return page.label(key).format(**words)

    bounds = {k: percent_text(top[k]) if top and top[k] is not None else "—" for k in ("low", "high")}
    red, warnings = count("variance", "rating", "red")[1], count("quality", "severity", "warning")[1]
    expected = f"{(top or {}).get('expected') or 0:.0f}"
    return [
        Tile(label("kpi_score"), *at_top("score"), "0.0%", label("kpi_score_note", **bounds)),
        Tile(label("kpi_met"), *count("variance", "rating", "green"), INTEGER,
             label("kpi_of_goals", count=len(goals))),
        Tile(label("kpi_missed"), *count("variance", "rating", *MISSED), INTEGER,
             label("kpi_missed_note", count=f"{red:.0f}")),
        Tile(label("kpi_late"), *count("tasks", "status", *LATE), INTEGER,
             label("kpi_of_tasks", count=len(tasks))),
        Tile(label("kpi_covered"), *at_top("covered"), INTEGER, label("kpi_of_departments", count=expected)),
        Tile(label("kpi_errors"), *count("quality", "severity", "error"), INTEGER,
             label("kpi_errors_note", count=f"{warnings:.0f}" if quality else 0)),
    ]  # fmt: skip


def _write_tiles(page: Page, sheet: Any, tiles: Sequence[Tile]) -> None:
    sheet.set_row(TILE_ROW - 1, 6)
    sheet.set_row(TILE_ROW, 18)
    sheet.set_row(TILE_ROW + 1, 34)
    sheet.set_row(TILE_ROW + 2, 17)
    sheet.set_row(TILE_ROW + 3, 8)
    side = {"left": 5, "left_color": NAVY, "bg_color": PALE, "indent": 1, "align": "left"}
    looks = (
        page.styles.get(**side, font_size=9, font_color=MUTED),
        side | {"font_size": 22, "bold": True, "font_color": NAVY},
        page.styles.get(**side, font_size=9, font_color=MUTED),
    )
    for tile, (first, last) in zip(tiles, fit_columns([1] * len(tiles), GRID_WIDTHS), strict=True):
        last -= last < LAST  # a white line between two tiles
        figure = page.styles.get(**looks[1], num_format=tile.number)
        for offset, (style, value) in enumerate(
            zip((looks[0], figure, looks[2]), (tile.label, tile.value, tile.note), strict=True)
        ):
            sheet.merge_range(TILE_ROW + offset, first, TILE_ROW + offset, last, "", style)
            if offset == 1 and tile.formula and value is not None:
                write_formula(sheet, TILE_ROW + offset, first, tile.formula, style, value)
            else:
                write_value(sheet, TILE_ROW + offset, first, "—" if value is None else value, style)


# -- pictures ----------------------------------------------------------------------------------


def _write_pictures(page: Page, sheet: Any, rows: Mapping[str, Rows]) -> int:
    """The bridge on the left, the heat map on the right; returns the row after both."""
    heat = heat_map(page.roll_up, rows)
    after = _write_heat(page, sheet, heat)
    height = sum(_heat_heights(heat)) * 4 // 3 - 6
    size = int(sum(7 * width + 5 for width in LEFT)) - 12, max(LEAST_HEIGHT, int(height))
    bridge = main_bridge(page.roll_up, rows, page.label("bridge_rest"))
    at, column = (PICTURE_ROW + 1, 0), LAST + 2
    if bridge is not None:
        title = page.label("section_bridge").format(goal=bridge.goal, unit=bridge.unit)
        write_section(page, sheet, PICTURE_ROW, title, len(LEFT) - 1)
        write_bridge(page, sheet, bridge, at, size, column)
    else:
        write_section(page, sheet, PICTURE_ROW, page.label("section_no_bridge"), len(LEFT) - 1)
        scored = any(row["node"] == "department" and row["score"] is not None for row in rows["scores"])
        if not scored:
            write_nothing(page, sheet, PICTURE_ROW + 1, len(LEFT) - 1)
            return after
        write_score_bars(page, sheet, "summary", rows["scores"], at, size, column)
    needed = PICTURE_ROW + 1 + _rows_for(heat, size[1] * 3 / 4 + 14)
    return max(after, needed)


def _heat_heights(heat: Heat) -> list[float]:
    return [_header_height(heat), *([HEAT_HEIGHT] * len(heat.rows)), 15]


def _header_height(heat: Heat) -> float:
    width = sum(CELL) / (len(heat.columns) + 2)
    return row_height(max(2, *(lines_of(title, width) for title in heat.columns or ("",))))


def _rows_for(heat: Heat, points: float) -> int:
    heights, count = _heat_heights(heat), 0
    while points > 0:
        points -= heights[count] if count < len(heights) else 15
        count += 1
    return count


def _write_heat(page: Page, sheet: Any, heat: Heat) -> int:
    write_section(page, sheet, PICTURE_ROW, page.label("section_heat"), LAST, first=RIGHT)
    first = RIGHT + len(NAME)
    titles = [*heat.columns, page.label("heat_lowest"), page.label("heat_score")]
    spans = fit_columns([1] * len(titles), CELL)
    header, top = page.styles.header(), PICTURE_ROW + 1
    sheet.set_row(top, _header_height(heat))
    _merge(sheet, top, (RIGHT, first - 1), page.label("heat_department"), header)
    for title, (start, end) in zip(titles, spans, strict=True):
        _merge(sheet, top, (first + start, first + end), title, header)
    for offset, row in enumerate(heat.rows, 1):
        sheet.set_row(top + offset, HEAT_HEIGHT)
        _write_heat_row(page, sheet, top + offset, row, [(first + a, first + b) for a, b in spans])
    after = top + 1 + len(heat.rows)
    if not heat.rows:
        write_nothing(page, sheet, after, RIGHT + len(NAME) - 1, first=RIGHT)
        return after + 2
    note = page.label("heat_note")
    if heat.left_out:
        note = page.label("heat_more").format(count=heat.left_out, sheet=page.title("scores"))
    style = page.styles.get(font_size=8, font_color=MUTED, text_wrap=False)
    write_value(sheet, after, RIGHT, note, style)
    return after + 2


def _write_heat_row(page: Page, sheet: Any, at: int, row: HeatRow, spans: Sequence[tuple[int, int]]) -> None:
    plain = {**BORDER, "align": "center"}
    name = page.styles.get(**BORDER, indent=1)
    _merge(sheet, at, (RIGHT, RIGHT + len(NAME) - 1), row.name, name)
    for cell, span in zip((*row.cells, row.lowest, row.score), spans, strict=True):
        look = plain if cell.value is None else {**plain, "num_format": cell.number, "bg_color": cell.color}
        _merge(sheet, at, span, cell.value, page.styles.get(**look, bold=span[0] >= spans[-2][0]))


def _merge(sheet: Any, row: int, span: tuple[int, int], value: str | float | None, style: Any) -> None:
    if span[0] != span[1]:
        sheet.merge_range(row, span[0], row, span[1], "", style)
    write_value(sheet, row, span[0], fit_text(value) if isinstance(value, str) else value, style)


# -- tables ------------------------------------------------------------------------------------


def _live_goal(page: Page, row: Row, at: int) -> dict[str, str]:
    """A company goal on the summary: totals of what adds over the facts, the rest from its own sheet."""
    own = row.get(LIVE, {})
    live = {key: f"={sheet_cell(page, 'company_goals', at, key)}" for key in own}
    number = sheet_cell(page, "company_goals", at, "number")
    for key, column in TOTALS.items():
        if key in own and row["rollup"] == "sum":
            live[key] = "=" + page.place.combine("SUMIFS", f"[{column}]", "[company_no]", number)
    return live


@dataclass(frozen=True)
class Section:
    """A table of the page: its heading, its columns, the sheet that holds all rows, how many stand here."""

    label: str
    key: str
    rest: str = ""
    most: int = TOP


def _write_table(page: Page, sheet: Any, row: int, section: Section, rows: Rows) -> int:
    """A section with the first rows of its table; returns the row after it."""
    report = page.book.report(section.key)
    write_section(page, sheet, row, page.label(section.label), LAST, report.hint.to(page.lang))
    shown = [_shortened(report, each) for each in (rows[: section.most] if section.rest else rows)]
    after = write_spanned(page, sheet, row + 1, report, shown, GRID_WIDTHS)
    if len(shown) < len(rows):
        count = len(rows) - len(shown)
        text = page.label("more_rows").format(count=count, sheet=page.title(section.rest))
        write_value(sheet, after, 0, text, page.styles.get(font_size=9, font_color=MUTED, indent=1))
        after += 1
    return after + 1


def _shortened(report: ReportSheet, row: Row) -> Row:
    texts = {column.key for column in report.columns if column.kind is Kind.TEXT}
    return {
        key: one_line(value, LONGEST_IN_PAGE) if key in texts and isinstance(value, str) else value
        for key, value in row.items()
    }
