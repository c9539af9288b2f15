"""Where everything of the dashboard stands, and what its cells compute.

The page is a grid of columns that all panels share.  Under the heading stand the figures, then
bands of panels side by side; what only helps to compute stands in hidden columns right of the
page, beside the rows it helps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from planbook.layout.names import (
    cell_name,
    cell_template,
    column_letter,
    fill_template,
    list_name,
    quote_sheet,
    range_name,
)
from planbook.layout.places import HINT_ROW, Layout
from planbook.spec import Dashboard, Figure, Panel, PanelColumn, Text, quote_text, render
from planbook.spec.dashboard import ROW_COUNT, ROW_NUMBER

DASHBOARD = "dashboard"  # the sheet key of the page
NUMBER_MARK = "\x01"  # in a template: the number of the row within its panel
FIRST_COLUMN = 1  # the page's first column; column A is its margin
FIGURE_ROWS = range(3, 6)  # title, figure, note
FIRST_BAND_ROW = 7
BETWEEN = 1  # rows between two bands
HELPER_FIRST_ROW = 1  # of a panel that stands out of sight altogether


@dataclass(frozen=True, slots=True)
class PlacedFigure:
    """A figure and the 0-based columns it takes."""

    figure: Figure
    first: int
    last: int


@dataclass(frozen=True)
class PlacedPanel:
    """A panel and the 0-based rows and columns it takes; what it has not is -1."""

    panel: Panel
    title_row: int
    header_row: int
    first_row: int
    rows: int
    note_row: int
    columns: Mapping[str, int]

    @property
    def left(self) -> int:
        """Its first column."""
        return FIRST_COLUMN + self.panel.column - 1

    @property
    def right(self) -> int:
        """Its last column."""
        return self.left + self.panel.width - 1

    @property
    def last_row(self) -> int:
        """The last row of its table."""
        return self.first_row + self.rows * self.panel.height - 1

    def row(self, number: int) -> int:
        """The row of the 1-based row `number`."""
        return self.first_row + (number - 1) * self.panel.height

    def span(self, column: PanelColumn) -> tuple[int, int]:
        """The first and the last column of the page that a column takes."""
        first = self.columns[column.key]
        return first, first if column in self.panel.helpers else first + column.span - 1

    def range(self, title: str, key: str) -> str:
        """The whole column of the panel as an absolute reference with its sheet."""
        letter = column_letter(self.columns[key])
        return f"{quote_sheet(title)}!${letter}${self.first_row + 1}:${letter}${self.last_row + 1}"


@dataclass(frozen=True)
class DashboardLayout:
    """The dashboard of a book in one language with everything in its place."""

    dashboard: Dashboard
    title: str
    figures: tuple[PlacedFigure, ...]
    panels: tuple[PlacedPanel, ...]
    last_row: int
    last_column: int
    helper_columns: range

    def panel(self, key: str) -> PlacedPanel:
        """The placed panel called `key`."""
        return next(placed for placed in self.panels if placed.panel.key == key)


def place_dashboard(layout: Layout) -> DashboardLayout | None:
    """Decide where everything of the book's dashboard stands; None where it has none."""
    dashboard = layout.book.dashboard
    if dashboard is None:
        return None
    last_column = FIRST_COLUMN + len(dashboard.grid) - 1
    helper = first_helper = last_column + 2  # the page's right margin lies between
    panels: list[PlacedPanel] = []
    top = last_row = FIRST_BAND_ROW
    for band in dashboard.bands:
        for panel in band:
            panels.append(_place_panel(panel, top, panel.rows, helper))
            helper += len(panel.helpers)
            last_row = max(last_row, _bottom(panels[-1]))
        top = last_row + 1 + BETWEEN
    for panel in dashboard.panels:
        if panel.each:
            rows = layout.sheet(panel.each).rows
            panels.append(_place_panel(panel, HELPER_FIRST_ROW, rows, helper))
            helper += len(panel.helpers)
    return DashboardLayout(
        dashboard,
        dashboard.title.to(layout.lang),
        tuple(_place_figures(dashboard)),
        tuple(panels),
        last_row,
        last_column,
        range(first_helper, helper),
    )


def _place_figures(dashboard: Dashboard) -> Iterator[PlacedFigure]:
    at = FIRST_COLUMN
    for figure in dashboard.figures:
        yield PlacedFigure(figure, at, at + figure.span - 1)
        at += figure.span


def _place_panel(panel: Panel, top: int, rows: int, helper: int) -> PlacedPanel:
    places: dict[str, int] = {}
    at = FIRST_COLUMN + panel.column - 1
    for column in panel.shown:
        places[column.key] = at
        at += column.span
    for offset, column in enumerate(panel.helpers):
        places[column.key] = helper + offset
    if panel.each:
        return PlacedPanel(panel, -1, -1, top, rows, -1, MappingProxyType(places))
    header = -1 if panel.chart else top + 1
    first = top + 1 if panel.chart else top + 2
    after = first + (panel.chart.height if panel.chart else rows * panel.height)
    note = after if panel.note else -1
    return PlacedPanel(panel, top, header, first, rows, note, MappingProxyType(places))


def _bottom(placed: PlacedPanel) -> int:
    if placed.note_row >= 0:
        return placed.note_row
    return placed.first_row + placed.panel.chart.height - 1 if placed.panel.chart else placed.last_row


# -- what the cells compute ----------------------------------------------------------------


def dashboard_formulas(layout: Layout) -> Iterator[tuple[str, int, int, str]]:
    """Every formula of the dashboard: its sheet key, 0-based row and column, Excel text."""
    placed = place_dashboard(layout)
    if placed is None:
        return
    yield from _text_formula(layout, placed, placed.dashboard.hint, HINT_ROW, FIRST_COLUMN)
    for at in placed.figures:
        title, figure, note = FIGURE_ROWS
        yield from _text_formula(layout, placed, at.figure.title, title, at.first)
        yield DASHBOARD, figure, at.first, "=" + _template(layout, placed, None, at.figure.formula)
        yield from _text_formula(layout, placed, at.figure.note, note, at.first)
    for panel in placed.panels:
        if panel.panel.note:
            yield from _text_formula(layout, placed, panel.panel.note, panel.note_row, panel.left, panel)
        for column in panel.panel.columns:
            if column.formula:
                template = "=" + _template(layout, placed, panel, column.formula)
                for number in range(1, panel.rows + 1):
                    row = panel.row(number)
                    formula = fill_template(template, row).replace(NUMBER_MARK, str(number))
                    yield DASHBOARD, row, panel.columns[column.key], formula


def is_formula(text: str) -> bool:
    """Whether a text of the dashboard is computed."""
    return text.startswith("=")


def _text_formula(
    layout: Layout,
    placed: DashboardLayout,
    text: Text,
    row: int,
    column: int,
    panel: PlacedPanel | None = None,
) -> Iterator[tuple[str, int, int, str]]:
    shown = text.to(layout.lang)
    if is_formula(shown):
        yield DASHBOARD, row, column, "=" + _template(layout, placed, panel, shown)


def _template(layout: Layout, placed: DashboardLayout, panel: PlacedPanel | None, formula: str) -> str:
    """The formula with its places filled in, row and number left open."""

    def reference(text: str) -> str:
        head, _, key = text.partition(".")
        if not key:
            assert panel is not None, "the spec check lets no cell outside a panel name a column of one"
            return cell_template(panel.columns[head])
        if head in placed.dashboard.by_key:
            return placed.panel(head).range(placed.title, key)
        return range_name(head, key)

    def name(text: str) -> str:
        if panel is not None and text in {ROW_NUMBER, ROW_COUNT}:
            return NUMBER_MARK if text == ROW_NUMBER else str(panel.rows)
        head, _, item = text.partition(".")
        if not item:
            return cell_name(head)
        return list_name(head) if item == "*" else quote_text(layout.item_title(head, item))

    return render(formula, reference=reference, name=name)
