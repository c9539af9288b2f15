"""Faults of a dashboard that its shape alone does not show: dangling names, no room, circles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

from planbook.problems import Code, list_words, say
from planbook.spec.base import Place, Text
from planbook.spec.dashboard import ROW_COUNT, ROW_NUMBER, Dashboard, Look, Panel, PanelColumn
from planbook.spec.faults import (
    Fault,
    PathKey,
    _check_form,
    _check_name,
    _duplicates,
    _suggest,
    known_names,
    title_fault,
)
from planbook.spec.formulas import names, references
from planbook.spec.models import Book

HEADING_NAMES = ("year", "department")
SCALES = {Look.BAR: 2, Look.HEAT: 3, Look.TREND: 2}  # how many numbers a look's scale has


def find_dashboard_faults(book: Book) -> tuple[Fault, ...]:
    """Every fault of the book's dashboard; none where it has none."""
    if book.dashboard is None:
        return ()
    checks = (_check_page, _check_keys, _check_room, _check_panels, _check_columns, _check_formulas)
    return tuple(fault for check in checks for fault in check(book, book.dashboard))


def _panels(dashboard: Dashboard) -> Iterator[tuple[PathKey, Panel]]:
    for p, panel in enumerate(dashboard.panels):
        yield ("dashboard", "panels", p), panel


def _check_page(book: Book, dashboard: Dashboard) -> Iterator[Fault]:
    for lang in book.languages:
        title = dashboard.title.to(lang)
        others = (book.index.title.to(lang), *(sheet.title.to(lang) for sheet in book.sheets))
        wanted = title_fault(title, {other.casefold() for other in others})
        if wanted:
            yield Fault(Code.SPEC_BAD_VALUE, ("dashboard", "title"), title, wanted)
        for name in re.findall(r"\{(.*?)\}", dashboard.heading.to(lang)):
            if name not in HEADING_NAMES:
                expected = ", ".join(HEADING_NAMES)
                yield Fault(Code.SPEC_UNKNOWN_NAME, ("dashboard", "heading"), name, expected)


def _check_keys(book: Book, dashboard: Dashboard) -> Iterator[Fault]:
    yield from _duplicates((figure.key for figure in dashboard.figures), ("dashboard", "figures"))
    # [sheet.column] and [panel.column] are written alike, so a panel has no sheet's key
    taken = [*book.sheets_by_key, *(panel.key for panel in dashboard.panels)]
    for fault in _duplicates(taken, ("dashboard", "panels")):
        yield Fault(fault.code, (*fault.path[:2], int(fault.path[2]) - len(book.sheets)), fault.found)
    for path, panel in _panels(dashboard):
        yield from _duplicates((column.key for column in panel.columns), (*path, "columns"))


def _check_room(book: Book, dashboard: Dashboard) -> Iterator[Fault]:
    """Figures and panels within the grid, and none over another."""
    room = len(dashboard.grid)
    wanted = sum(figure.span for figure in dashboard.figures)
    if wanted > room:
        yield Fault(
            Code.SPEC_BAD_VALUE, ("dashboard", "figures"), str(wanted), say("most_columns", count=room)
        )
    taken: dict[tuple[int, int], str] = {}
    for path, panel in _panels(dashboard):
        columns = () if panel.each else range(panel.column, panel.column + panel.width)
        if columns and columns[-1] > room:
            yield Fault(
                Code.SPEC_BAD_VALUE,
                path,
                say("column_number", count=columns[-1]),
                say("most_columns", count=room),
            )
        over = {taken[panel.band, at] for at in columns if (panel.band, at) in taken}
        if over:
            expected = say("room_beside", names=list_words(sorted(over)))
            yield Fault(Code.SPEC_BAD_VALUE, path, panel.key, expected)
        taken.update({(panel.band, at): panel.key for at in columns})


def _check_panels(book: Book, dashboard: Dashboard) -> Iterator[Fault]:
    for path, panel in _panels(dashboard):
        if panel.each:
            if panel.each not in book.sheets_by_key:
                expected = _suggest(panel.each, book.sheets_by_key)
                yield Fault(Code.SPEC_UNKNOWN_NAME, (*path, "each"), panel.each, expected)
            elif book.sheet(panel.each).optional:
                found = f"{panel.each} (optional)"
                yield Fault(Code.SPEC_UNKNOWN_NAME, (*path, "each"), found, say("lasting_sheet"))
            continue
        if panel.title is None:
            yield Fault(Code.SPEC_MISSING_KEY, path, expected="title")
        if panel.chart:
            yield from _check_chart(dashboard, path, panel)
        elif not panel.rows or not panel.shown:
            yield Fault(Code.SPEC_MISSING_KEY, path, expected=say("panel_content"))


def _check_chart(dashboard: Dashboard, path: PathKey, panel: Panel) -> Iterator[Fault]:
    chart = panel.chart
    assert chart is not None, "only panels with a chart come here"
    source = dashboard.by_key.get(chart.panel)
    if source is None:
        expected = _suggest(chart.panel, dashboard.by_key)
        yield Fault(Code.SPEC_UNKNOWN_NAME, (*path, "chart", "panel"), chart.panel, expected)
        return
    wanted: list[tuple[PathKey, str]] = [(("categories",), chart.categories)]
    wanted += [(("series", s, "column"), series.column) for s, series in enumerate(chart.series)]
    for part, key in wanted:
        if key not in source.by_key:
            yield _unknown((*path, "chart", *part), key, source.by_key)


def _unknown(path: PathKey, key: str, known: Iterable[str]) -> Fault:
    return Fault(Code.SPEC_UNKNOWN_COLUMN, path, key, _suggest(key, known))


def _check_columns(book: Book, dashboard: Dashboard) -> Iterator[Fault]:
    for path, panel in _panels(dashboard):
        for c, column in enumerate(panel.columns):
            yield from _check_column(book, panel, column, (*path, "columns", c))


def _check_column(book: Book, panel: Panel, column: PanelColumn, path: PathKey) -> Iterator[Fault]:
    if column in panel.shown and column.title is None:
        yield Fault(Code.SPEC_MISSING_KEY, path, expected="title")
    if not column.formula and column.look is not Look.TREND:
        yield Fault(Code.SPEC_MISSING_KEY, path, expected="formula")
    if column.look is Look.TREND and not column.over:
        yield Fault(Code.SPEC_MISSING_KEY, path, expected="over")
    shown = tuple(other.key for other in panel.shown)
    beside = any(shown[at : at + len(column.over)] == column.over for at in range(len(shown)))
    if column.over and not beside and all(key in panel.by_key for key in column.over):
        expected = say("side_by_side", names=list_words(shown))
        yield Fault(Code.SPEC_BAD_VALUE, (*path, "over"), ", ".join(column.over), expected)
    for key in column.over:
        if key not in panel.by_key:
            yield _unknown((*path, "over"), key, panel.by_key)
    count = SCALES.get(column.look, 0)
    if count and (len(column.scale) != count or list(column.scale) != sorted(set(column.scale))):
        found = ", ".join(f"{number:g}" for number in column.scale)
        expected = say("rising_numbers", count=count)
        yield Fault(Code.SPEC_BAD_VALUE, (*path, "scale"), found, expected)
    if (column.list or column.look is Look.TONE) and column.list not in book.lists:
        yield Fault(Code.SPEC_LIST, (*path, "list"), column.list, _suggest(column.list, book.lists))


# -- formulas ------------------------------------------------------------------------------


def _formulas(dashboard: Dashboard) -> Iterator[tuple[PathKey, Panel | None, str]]:
    """Every formula of the page with its path and its panel."""
    yield from _text_formulas(("dashboard", "hint"), None, dashboard.hint)
    for f, figure in enumerate(dashboard.figures):
        path: PathKey = ("dashboard", "figures", f)
        yield (*path, "formula"), None, figure.formula
        yield from _text_formulas((*path, "title"), None, figure.title)
        yield from _text_formulas((*path, "note"), None, figure.note)
    for path, panel in _panels(dashboard):
        yield from _text_formulas((*path, "note"), panel, panel.note)
        for c, column in enumerate(panel.columns):
            if column.formula:
                yield (*path, "columns", c, "formula"), panel, column.formula


def _text_formulas(
    path: PathKey, panel: Panel | None, text: Text | None
) -> Iterator[tuple[PathKey, Panel | None, str]]:
    for shown in text.every() if text else ():
        if shown.startswith("="):
            yield path, panel, shown


def _check_formulas(book: Book, dashboard: Dashboard) -> Iterator[Fault]:
    known = known_names(book)
    for path, panel, formula in _formulas(dashboard):
        yield from _check_form(path, formula)
        for name in names(formula):
            if panel is None or name not in {ROW_NUMBER, ROW_COUNT}:
                yield from _check_name(book, known, path, name)
        own = panel if path[-1] == "formula" else None  # a note stands in no row
        for text in references(formula):
            yield from _check_reference(book, dashboard, own, path, text)
    yield from _check_circles(dashboard)


def _check_reference(
    book: Book, dashboard: Dashboard, panel: Panel | None, path: PathKey, text: str
) -> Iterator[Fault]:
    head, _, key = text.partition(".")
    if not key:
        if panel is None or head not in panel.by_key:
            yield _unknown(path, text, panel.by_key if panel else ())
    elif head in dashboard.by_key:
        if key not in dashboard.by_key[head].by_key:
            yield _unknown(path, text, {f"{head}.{other}" for other in dashboard.by_key[head].by_key})
    elif head not in book.sheets_by_key:
        heads = {*book.sheets_by_key, *dashboard.by_key}
        yield Fault(Code.SPEC_UNKNOWN_COLUMN, path, text, _suggest(head, heads))
    elif book.sheet(head).optional:
        expected = say("lasting_column")
        yield Fault(Code.SPEC_UNKNOWN_COLUMN, path, f"{text} (optional)", expected)
    elif key != "id":
        column = book.sheet(head).by_key.get(key)
        if column is None:
            yield _unknown(path, text, {f"{head}.{other}" for other in book.sheet(head).by_key})
        elif column.place is Place.VIRTUAL:
            expected = say("standing_column")
            yield Fault(Code.SPEC_UNKNOWN_COLUMN, path, f"{text} (virtual)", expected)


def _check_circles(dashboard: Dashboard) -> Iterator[Fault]:
    """No cell of a panel may depend on itself."""
    graph: dict[str, set[str]] = {}
    places: dict[str, PathKey] = {}
    for path, panel in _panels(dashboard):
        for c, column in enumerate(panel.columns):
            node = f"{panel.key}.{column.key}"
            places[node] = (*path, "columns", c, "formula")
            graph[node] = {t if "." in t else f"{panel.key}.{t}" for t in references(column.formula)}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        yield Fault(Code.SPEC_CYCLE, places[circle[0]], found=" → ".join(circle))
