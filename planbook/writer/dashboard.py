"""The dashboard: figures, tables with bars, heat and small charts, and one large chart.

Nothing on it can be typed.  What is shown by colour stands there in words or figures as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from planbook.layout import HEADING_ROW, HINT_ROW, Layout, cell_address, quote_sheet
from planbook.layout.dashboard import (
    DASHBOARD,
    FIGURE_ROWS,
    FIRST_COLUMN,
    DashboardLayout,
    PlacedFigure,
    PlacedPanel,
    dashboard_formulas,
    is_formula,
)
from planbook.spec import ChartLook, Kind, Look, PanelColumn, Text
from planbook.writer.cells import Content, set_print, write_formula
from planbook.writer.styles import BLUE, DATE, FONT, GRID, INTEGER, MUTED, NAVY, PALE, STEEL, Styles

MARGIN = 1.5  # characters left and right of the page
SPACER, HEADING, HINT, SECTION, HEADER, ROW, NOTE = 7, 30, 18, 21, 18, 16.5, 14  # points
FIGURE_HEIGHTS = (18, 32, 17)
ACCENTS = {"blue": "#0072B2", "teal": "#009E73", "orange": "#D55E00", "amber": "#E69F00"}
INK, LIGHT = "#1F2937", "#E3E8EF"
COLD, NEUTRAL, WARM = "#7FB8DD", "#FFFFFF", "#F2A172"  # told apart by the colour-blind too
BAR = "#B9D3EA"
HATCH = ACCENTS["amber"]
CHART_FONT = {"name": FONT, "size": 9, "color": INK}
POINTS_TO_PIXELS = 4 / 3


@dataclass(frozen=True)
class _Page:
    """The sheet being written, and all that its parts need."""

    workbook: Any
    sheet: Any
    styles: Styles
    content: Content
    placed: DashboardLayout
    formulas: Mapping[tuple[int, int], str]

    @property
    def layout(self) -> Layout:
        return self.content.layout

    def write_cell(self, row: int, column: int, style: Any) -> None:
        """The formula of a cell with the value computed for it."""
        value = self.content.values[DASHBOARD, row, column]
        write_formula(self.sheet, row, column, self.formulas[row, column], style, value)

    def write_text(self, row: int, column: int, text: Text, style: Any) -> None:
        """A text, or the formula it is."""
        shown = text.to(self.layout.lang)
        if is_formula(shown):
            self.write_cell(row, column, style)
        else:
            self.sheet.write_string(row, column, shown, style)

    def merge(self, first_row: int, first: int, last_row: int, last: int, style: Any) -> None:
        """One cell out of several; what stands in it is written over its first."""
        if (first_row, first) != (last_row, last):
            self.sheet.merge_range(first_row, first, last_row, last, "", style)

    def row_height(self, panel: PlacedPanel) -> float:
        """The height of one row of a panel, in points."""
        heights = self.placed.dashboard.row_heights
        return heights[panel.panel.band] if panel.panel.band < len(heights) else ROW


def write_dashboard(
    workbook: Any, sheet: Any, styles: Styles, content: Content, placed: DashboardLayout
) -> None:
    """Write the whole page on `sheet`."""
    formulas = {(row, column): text for _, row, column, text in dashboard_formulas(content.layout)}
    page = _Page(workbook, sheet, styles, content, placed, formulas)
    sheet.hide_gridlines(2)
    _set_grid(page)
    _write_top(page)
    for at in placed.figures:
        _write_figure(page, at)
    for panel in placed.panels:
        _write_panel(page, panel)
        if panel.panel.chart:
            _write_chart(page, panel)
    sheet.freeze_panes(HINT_ROW + 1, 0)
    set_print(sheet, content.layout, content.issue, pages=1)
    sheet.center_horizontally()
    sheet.print_area(HEADING_ROW, 0, placed.last_row, placed.last_column + 1)


def _set_grid(page: _Page) -> None:
    sheet, placed = page.sheet, page.placed
    sheet.set_column(0, 0, MARGIN)
    for index, width in enumerate(placed.dashboard.grid, FIRST_COLUMN):
        sheet.set_column(index, index, width)
    sheet.set_column(placed.last_column + 1, placed.last_column + 1, MARGIN)
    helpers = placed.helper_columns
    if helpers:
        sheet.set_column(helpers.start, helpers.stop - 1, None, None, {"hidden": True})
    for row, height in enumerate((HEADING, HINT, SPACER, *FIGURE_HEIGHTS, SPACER)):
        sheet.set_row(row, height)
    for panel in placed.panels:
        if panel.panel.each:
            continue
        sheet.set_row(panel.title_row - 1, SPACER)
        sheet.set_row(panel.title_row, SECTION)
        if panel.header_row < 0:  # a chart takes what height the tables beside it have
            continue
        sheet.set_row(panel.header_row, HEADER)
        for row in range(panel.first_row, panel.last_row + 1):
            sheet.set_row(row, page.row_height(panel))
        if panel.note_row >= 0:
            sheet.set_row(panel.note_row, NOTE)


def _write_top(page: _Page) -> None:
    sheet, styles, placed = page.sheet, page.styles, page.placed
    layout, issue = page.layout, page.content.issue
    for column in range(placed.last_column + 2):
        sheet.write_blank(HEADING_ROW, column, None, styles.heading())
    heading = placed.dashboard.heading.to(layout.lang)
    heading = heading.replace("{year}", str(issue.year)).replace("{department}", issue.department_name)
    large = styles.get(bold=True, font_size=16, font_color="#FFFFFF", bg_color=NAVY)
    sheet.write_string(HEADING_ROW, FIRST_COLUMN, heading, large)
    page.write_text(HINT_ROW, FIRST_COLUMN, placed.dashboard.hint, styles.hint())
    link = styles.get(font_color=BLUE, underline=1, align="right", font_size=9)
    target = f"internal:{quote_sheet(layout.index_title)}!A1"
    sheet.write_url(HINT_ROW, placed.last_column, target, link, layout.book.label("back", layout.lang))


# -- figures -------------------------------------------------------------------------------


def _write_figure(page: _Page, at: PlacedFigure) -> None:
    """A card: its title under a bar of colour, the figure, and the line that explains it."""
    figure, styles = at.figure, page.styles
    card = {"bg_color": PALE, "align": "center", "left": 5, "right": 5}
    card |= {"left_color": "#FFFFFF", "right_color": "#FFFFFF"}
    accent = {"top": 5, "top_color": ACCENTS[figure.accent]}
    number = _number_format(figure.kind, figure.decimals)
    looks = (
        styles.get(**card, **accent, font_size=9, font_color=STEEL),
        styles.get(**card, font_size=20, bold=True, font_color=NAVY, num_format=number),
        styles.get(**card, font_size=9, font_color=MUTED, valign="top"),
    )
    for row, style in zip(FIGURE_ROWS, looks, strict=True):
        page.merge(row, at.first, row, at.last, style)
    title, value, note = FIGURE_ROWS
    page.write_text(title, at.first, figure.title, looks[0])
    page.write_cell(value, at.first, looks[1])
    page.write_text(note, at.first, figure.note, looks[2])


# -- panels --------------------------------------------------------------------------------


def _write_panel(page: _Page, panel: PlacedPanel) -> None:
    styles = page.styles
    if panel.panel.title:
        section = styles.get(bold=True, font_size=11, font_color=NAVY, indent=1 if panel.panel.chart else 0)
        title = panel.panel.title.to(page.layout.lang)
        page.sheet.write_string(panel.title_row, panel.left, title, section)
    for column in panel.panel.shown:
        _write_header(page, panel, column)
        _write_shown(page, panel, column)
        _add_look(page, panel, column)
    plain = styles.get()
    for column in panel.panel.helpers:
        for number in range(1, panel.rows + 1):
            page.write_cell(panel.row(number), panel.columns[column.key], plain)
    if panel.panel.note:
        style = styles.get(font_size=8, font_color=MUTED, indent=1)
        page.write_text(panel.note_row, panel.left, panel.panel.note, style)


def _write_header(page: _Page, panel: PlacedPanel, column: PanelColumn) -> None:
    first, last = panel.span(column)
    look = {"bold": True, "font_size": 9, "font_color": "#FFFFFF", "bg_color": BLUE, "text_wrap": True}
    style = page.styles.get(**look, **_align(column))
    page.merge(panel.header_row, first, panel.header_row, last, style)
    title = column.title.to(page.layout.lang) if column.title else ""
    page.sheet.write_string(panel.header_row, first, title, style)


def _write_shown(page: _Page, panel: PlacedPanel, column: PanelColumn) -> None:
    first, last = panel.span(column)
    style = _cell_style(page.styles, column)
    for number in range(1, panel.rows + 1):
        row = panel.row(number)
        page.merge(row, first, row + panel.panel.height - 1, last, style)
        if column.formula:
            page.write_cell(row, first, style)
        else:
            page.sheet.write_blank(row, first, None, style)


def _align(column: PanelColumn) -> dict[str, Any]:
    if column.kind is Kind.TEXT and column.look is Look.PLAIN:
        return {"align": "left", "indent": 1}
    return {"align": "center"}


def _number_format(kind: Kind, decimals: int) -> str:
    if kind is Kind.PERCENT:
        return f"0.{'0' * decimals}%" if decimals else "0%"
    return {Kind.DATE: DATE, Kind.NUMBER: INTEGER, Kind.QUANTITY: INTEGER}.get(kind, "General")


def _cell_style(styles: Styles, column: PanelColumn) -> Any:
    look: dict[str, Any] = {
        "font_size": 8 if column.small else 9,
        "font_color": NAVY if column.strong else INK,
        "bold": column.strong,
        "bottom": 1,
        "bottom_color": LIGHT,
        "num_format": _number_format(column.kind, column.decimals),
        **_align(column),
    }
    look["text_wrap" if column.wrap else "shrink"] = True
    return styles.get(**look)


def _add_look(page: _Page, panel: PlacedPanel, column: PanelColumn) -> None:
    sheet, layout = page.sheet, page.layout
    first, last = panel.span(column)
    area = (panel.first_row, first, panel.last_row, last)
    if column.look is Look.BAR:
        sheet.conditional_format(*area, _bar_rule(column))
    elif column.look is Look.HEAT:
        sheet.conditional_format(*area, _heat_rule(column))
    elif column.look is Look.TONE:
        for item in layout.list_items(column.list):
            if item.tone:
                text = '"' + item.title.to(layout.lang).replace('"', '""') + '"'
                rule = {
                    "type": "cell",
                    "criteria": "==",
                    "value": text,
                    "format": page.styles.tone(item.tone),
                }
                sheet.conditional_format(*area, rule)
    elif column.look is Look.TREND:
        for number in range(1, panel.rows + 1):
            _add_trend(page, panel, column, panel.row(number))


def _bar_rule(column: PanelColumn) -> dict[str, Any]:
    return {
        "type": "data_bar",
        "data_bar_2010": True,
        "bar_solid": True,
        "bar_color": BAR,
        "bar_border_color": BAR,
        "bar_no_border": True,
        "min_type": "num",
        "max_type": "num",
        "min_value": column.scale[0],
        "max_value": column.scale[-1],
    }


def _heat_rule(column: PanelColumn) -> dict[str, Any]:
    low, middle, high = column.scale
    kinds = {f"{part}_type": "num" for part in ("min", "mid", "max")}
    values = {"min_value": low, "mid_value": middle, "max_value": high}
    colors = {"min_color": WARM, "mid_color": NEUTRAL, "max_color": COLD}
    return {"type": "3_color_scale", **kinds, **values, **colors}


def _add_trend(page: _Page, panel: PlacedPanel, column: PanelColumn, row: int) -> None:
    first, last = panel.columns[column.over[0]], panel.columns[column.over[-1]]
    area = f"{quote_sheet(page.placed.title)}!{cell_address(row, first)}:{cell_address(row, last)}"
    low, high = column.scale  # one for all rows, so that their bars can be compared
    options = {"range": area, "type": "column", "series_color": BLUE, "min": low, "max": high}
    page.sheet.add_sparkline(row, panel.columns[column.key], options)


# -- the chart -----------------------------------------------------------------------------


def _write_chart(page: _Page, panel: PlacedPanel) -> None:
    spec, placed = panel.panel.chart, page.placed
    assert spec is not None, "only panels with a chart come here"
    source = placed.panel(spec.panel)
    bars = page.workbook.add_chart({"type": "column"})
    lines = page.workbook.add_chart({"type": "line"})
    for series in spec.series:
        chart = lines if series.look is ChartLook.LINE else bars
        look = _series_look(series.look, spec.labels)
        ranges = {
            "categories": "=" + source.range(placed.title, spec.categories),
            "values": "=" + source.range(placed.title, series.column),
        }
        chart.add_series({"name": series.title.to(page.layout.lang), **ranges, **look})
    if any(series.look is ChartLook.LINE for series in spec.series):
        bars.combine(lines)
    names = {**CHART_FONT, "size": 8, "rotation": 0}  # else long names are tilted, not broken
    bars.set_x_axis({"num_font": names, "line": {"color": GRID}, "major_tick_mark": "none"})
    # Every bar says its figure, so the axis need not: an empty chart is then empty.
    bars.set_y_axis({"min": 0, "visible": False, "major_gridlines": {"visible": False}})
    bars.set_legend({"position": "bottom", "font": {**CHART_FONT, "size": 8}})
    bars.set_title({"none": True})
    bars.set_chartarea({"border": {"color": LIGHT}})
    bars.show_hidden_data()
    _insert_chart(page, bars, panel)


def _series_look(look: ChartLook, labels: str) -> dict[str, Any]:
    if look is ChartLook.LINE:
        return {
            "line": {"color": ACCENTS["orange"], "width": 1.5, "dash_type": "dash"},
            "marker": {"type": "none"},
        }
    bars: dict[str, Any] = {"gap": 60, "overlap": 100}
    font = {**CHART_FONT, "size": 8, "bold": True}
    label = {"value": True, "num_format": labels, "position": "outside_end", "font": font}
    bars["data_labels"] = {**label, "fill": {"color": "#FFFFFF"}}  # else the line would run through it
    if look is ChartLook.SOLID:
        return bars | {"fill": {"color": ACCENTS["blue"]}}
    pattern = {"pattern": "wide_upward_diagonal", "fg_color": HATCH, "bg_color": "#FFFFFF"}
    return bars | {"pattern": pattern, "border": {"color": HATCH}}


def _insert_chart(page: _Page, chart: Any, panel: PlacedPanel) -> None:
    """The chart over the cells of its panel, to the pixel, so that it ends where the tables end."""
    spec = panel.panel.chart
    assert spec is not None, "only panels with a chart come here"
    widths = page.placed.dashboard.grid[panel.panel.column - 1 : panel.panel.column - 1 + spec.width]
    height = HEADER + (spec.height - 2) * page.row_height(panel) + NOTE
    chart.set_size(
        {
            "width": int(sum(7 * width + 5 for width in widths)) - 12,
            "height": int(height * POINTS_TO_PIXELS) - 4,
        }
    )
    options = {
        "x_offset": 12,
        "y_offset": 2,
        "object_position": 2,
        "description": spec.description.to(page.layout.lang),
        "decorative": False,
    }
    page.sheet.insert_chart(panel.first_row, panel.left, chart, options)
