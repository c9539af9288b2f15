"""The dashboard: four figures, goals with sparklines, bars, heat map, states, the worst tasks; calm when empty."""

from __future__ import annotations

import re
from collections.abc import Iterator

from planbook.layout import column_letter
from planbook.layout.dashboard import FIGURE_ROWS, DashboardLayout, PlacedPanel, place_dashboard
from tests.lines import LINKED, Line
from tests.lines.rules import table
from tests.support.opened import Opened, Sheet, edit, unlock
from tests.support.taken_apart import every, tag, text_of

FIGURES, WORST = 4, 5
QUARTERS = ("q1", "q2", "q3", "q4")
CHART, DRAWING = "xl/charts/chart1.xml", "xl/drawings/drawing1.xml"


def board(book: Opened) -> tuple[DashboardLayout, Sheet]:
    """The dashboard's layout and its sheet."""
    placed = place_dashboard(book.layout)
    assert placed is not None, "the book has a dashboard"
    return placed, book.sheets[placed.title]


def cells_of(panel: PlacedPanel, key: str) -> list[tuple[int, int]]:
    """The 0-based cells of a panel's column, its first one where it takes several."""
    return [(panel.row(number), panel.columns[key]) for number in range(1, panel.rows + 1)]


def texts_of(sheet: Sheet, panel: PlacedPanel, key: str) -> list[str]:
    """What a panel's column shows."""
    return [sheet.text(*cell) for cell in cells_of(panel, key)]


def kinds_over(sheet: Sheet, panel: PlacedPanel, key: str) -> list[str]:
    """The kinds of the conditional formats over a panel's column."""
    first, last = cells_of(panel, key)[0], cells_of(panel, key)[-1]
    found = []
    for mark in sheet.marks:
        begin, _, end = mark.area.partition(":")
        rows = [int(re.sub(r"\D", "", cell)) - 1 for cell in (begin, end or begin)]
        inside = begin.rstrip("0123456789") == column_letter(first[1])
        if inside and rows[0] <= first[0] and rows[1] >= last[0]:
            found.append(mark.kind)
    return found


def check_figures(book: Opened) -> Iterator[str]:
    """Four figures, each with its title above and a sentence below, all computed."""
    placed, sheet = board(book)
    if len(placed.figures) != FIGURES:
        yield f"there are {len(placed.figures)} figures"
    for figure in placed.figures:
        title, value, note = (sheet.cell(row, figure.first) for row in FIGURE_ROWS)
        if title is None or title.text != figure.figure.title.to(book.layout.lang):
            yield f"the figure {figure.figure.key} is called {title.text if title else None!r}"
        if value is None or not value.formula or not value.text:
            yield f"the figure {figure.figure.key} shows nothing"
        if note is None or not note.formula or not note.text:
            yield f"nothing explains the figure {figure.figure.key}"


def check_sparklines(book: Opened) -> Iterator[str]:
    """Each goal of the table has a small chart of its own quarters."""
    placed, sheet = board(book)
    panel = placed.panel("goal_table")
    drawn = {}
    for line in every(sheet.root, "sparkline"):
        area, cell = ("".join(text_of(e) for e in every(line, name)) for name in ("f", "sqref"))
        drawn[cell] = area
    for row, column in cells_of(panel, "trend"):
        cell = f"{column_letter(column)}{row + 1}"
        ends = ":".join(
            f"{column_letter(panel.columns[key])}{row + 1}" for key in (QUARTERS[0], QUARTERS[-1])
        )
        if drawn.get(cell, "").replace("'", "") != f"{placed.title}!{ends}":
            yield f"the small chart in {cell} shows {drawn.get(cell)!r}, not {ends}"
    if len(drawn) != panel.rows:
        yield f"there are {len(drawn)} small charts for {panel.rows} goals"


def check_bars(book: Opened) -> Iterator[str]:
    """Bars of attainment: missed ones hatched, the 100 % line dashed, each over its own column."""
    placed, _ = board(book)
    root, panel = book.package.parts.get(CHART), placed.panel("goal_table")
    looks = {}
    for series in every(root, "ser"):
        area = [text_of(e) for part in series if tag(part) == "val" for e in every(part, "f")]
        shape = next((part for part in series if tag(part) == "spPr"), None)
        looks[area[0] if area else ""] = {tag(e) for e in every_of(shape)}
    for key, wanted in (("met", "solidFill"), ("missed", "pattFill"), ("line", "prstDash")):
        if wanted not in looks.get(panel.range(placed.title, key), set()):
            yield f"the chart does not draw {key} by {wanted}"
    if len(looks) != 3:
        yield f"the chart draws {sorted(looks)}"


def every_of(root: object) -> Iterator[object]:
    """An element and all below it; nothing for none."""
    return iter(root.iter()) if root is not None else iter(())  # type: ignore[attr-defined]


def check_described(book: Opened) -> Iterator[str]:
    """The chart is described to those who do not see it."""
    drawing = book.package.parts.get(DRAWING)
    described = [
        e.get("descr", "") for frame in every(drawing, "graphicFrame") for e in every(frame, "cNvPr")
    ]
    placed, _ = board(book)
    wanted = [p.panel.chart.description.to(book.layout.lang) for p in placed.panels if p.panel.chart]
    if described != wanted or not all(described):
        yield f"the charts are described as {described}"


def check_heat(book: Opened) -> Iterator[str]:
    """Departments by quarters, from below the target over white to above it."""
    placed, sheet = board(book)
    for key in QUARTERS:
        if kinds_over(sheet, placed.panel("heat_map"), key) != ["colorScale"]:
            yield f"the heat map does not colour {key}"
    for scale in every(sheet.root, "colorScale"):
        colours = [e.get("rgb", "")[-6:] for e in every(scale, "color")]
        if len(colours) != 3 or colours[1] != "FFFFFF" or len(set(colours)) != 3:
            yield f"a scale goes over {colours}"


def check_statuses(book: Opened) -> Iterator[str]:
    """Each status of a task is counted and drawn as a bar."""
    placed, sheet = board(book)
    panel = placed.panel("statuses")
    if kinds_over(sheet, panel, "share") != ["dataBar"]:
        yield "the shares of the statuses are no bars"
    titles = [item.title.to(book.layout.lang) for item in book.layout.list_items("status")]
    if texts_of(sheet, panel, "status") != titles:
        yield f"the statuses are {texts_of(sheet, panel, 'status')}"
    tracking, tasks = table(book, "tracking")
    rows = range(tracking.first_row, tracking.last_row + 1)
    states = [tasks.text(row, tracking.index("status")) for row in rows]
    for title, count in zip(titles, texts_of(sheet, panel, "count"), strict=True):
        if book.state == "full" and float(count or 0) != states.count(title):
            yield f"{title} is counted {count} times, there are {states.count(title)}"


def check_worst(book: Opened) -> Iterator[str]:
    """The five tasks furthest behind, the worst first."""
    placed, sheet = board(book)
    panel = placed.panel("worst")
    if panel.rows != WORST:
        yield f"there is room for {panel.rows} tasks"
    tracking, tasks = table(book, "tracking")
    late = {book.layout.item_title("status", key) for key in ("behind", "overdue")}
    found = []
    for row in range(tracking.first_row, tracking.last_row + 1):
        if tasks.text(row, tracking.index("status")) in late:
            stated = tasks.text(row, tracking.index("schedule_deviation"))
            deviation = float(stated) if stated else float(tasks.text(row, tracking.index("percent"))) - 1
            found.append((round(deviation, 6), row, tasks.text(row, tracking.index("task"))))
    wanted = [task for _, _, task in sorted(found)[:WORST]]
    shown = [text for text in texts_of(sheet, panel, "task") if text]
    if shown != wanted:
        yield f"the worst tasks are {wanted}, shown are {shown}"
    if book.state == "full" and len(wanted) != WORST:
        yield "too few tasks are late to tell"


def check_calm(book: Opened) -> Iterator[str]:
    """Empty, the page shows no zero, no 100 % line, no error: only that there is nothing yet."""
    if book.state != "blank":
        return
    placed, sheet = board(book)
    for figure in placed.figures:
        if sheet.text(FIGURE_ROWS[1], figure.first) != "–":
            yield f"the figure {figure.figure.key} shows {sheet.text(FIGURE_ROWS[1], figure.first)!r}"
    for panel in placed.panels:
        for column in panel.panel.shown:
            if column.key in ("department", "status"):
                continue
            for row, place in cells_of(panel, column.key) if panel.panel.columns else ():
                if sheet.text(row, place):
                    yield f"{column_letter(place)}{row + 1} shows {sheet.text(row, place)!r}"
    goals = placed.panel("goal_table")
    line = set(texts_of(sheet, goals, "line"))
    if not line or any(float(value) > 0 for value in line):
        yield f"the 100 % line is drawn at {line}"


def check_first(book: Opened) -> Iterator[str]:
    """The dashboard stands right behind the first page, locked as a whole, and is linked from it."""
    placed, sheet = board(book)
    if list(book.sheets)[1] != placed.title:
        yield f"the second sheet is {list(book.sheets)[1]}"
    for cell in sheet.cells.values():
        if not book.style(cell).locked:
            yield f"{placed.title}!{cell.address} can be typed over"
    first = book.sheets[book.layout.index_title]
    if f"'{placed.title}'!A1" not in [e.get("location") for e in every(first.root, "hyperlink")]:
        yield "the first page does not lead to the dashboard"


PAGE = "仪表盘"

LINES = (
    Line(
        "the dashboard shows four figures",
        check_figures,
        {
            "one gone": edit(PAGE, r'(<c r="B5"[^>]*>)<f>.*?</v>', r"\1"),
            "one without a title": edit("xl/sharedStrings.xml", r">加权累计得分<", "><"),
            "one without a word": edit(PAGE, r'(<c r="B6"[^>]*><f>[^<]*</f><v>)[^<]*', r"\1"),
        },
        books=LINKED,
    ),
    Line(
        "each goal of the dashboard has a sparkline of its quarters",
        check_sparklines,
        {
            "one gone": edit(PAGE, r"<x14:sparklineGroup .*?</x14:sparklineGroup>", ""),
            "another row": edit(PAGE, r"(<xm:f>[^<]*![A-Z]+)\d+:", r"\g<1>99:"),
        },
        books=LINKED,
    ),
    Line(
        "bars of attainment with a dashed line at 100 %, missed ones hatched",
        check_bars,
        {
            "nothing hatched": edit(CHART, r"<a:pattFill.*?</a:pattFill>", '<a:solidFill><a:srgbClr val="E69F00"/></a:solidFill>'),
            "no dashes": edit(CHART, r'<a:prstDash val="dash"/>', ""),
            "no line": edit(CHART, r"<c:lineChart>.*?</c:lineChart>", ""),
            "another column": edit(CHART, r"(<c:val><c:numRef><c:f>[^<]*)\$T\$", r"\1$Q$"),
        },
        books=LINKED,
    ),
    Line(
        "charts have alternative text",
        check_described,
        {"none": edit(DRAWING, r' descr="[^"]*"', ""), "another": edit(DRAWING, r' descr="[^"]*"', ' descr="图"')},
        books=LINKED,
    ),
    Line(
        "departments by quarters are a heat map",
        check_heat,
        {
            "a quarter less": edit(PAGE, r'<conditionalFormatting sqref="[A-Z]+2\d:[A-Z]+\d+"><cfRule type="colorScale".*?</conditionalFormatting>', ""),
            "no middle": edit(PAGE, r'<color rgb="FFFFFFFF"/>', '<color rgb="FF7FB8DC"/>'),
        },
        books=LINKED,
    ),
    Line(
        "statuses of tasks are counted and drawn as bars",
        check_statuses,
        {
            "no bars": edit(PAGE, r'<cfRule type="dataBar"', '<cfRule type="aboveAverage"', 0),
            "another count": edit(PAGE, r"(COUNTIFS\(tracking_status[^<]*</f><v>)\d", r"\g<1>77", 0),
        },
        books=LINKED,
    ),
    Line(
        "the five worst tasks are named, the worst first",
        check_worst,
        {"another first": edit(PAGE, r"(<v>T\d{3}｜[^<]*)(</v>)", r"\1?\2")},
        books=LINKED,
    ),
    Line(
        "an empty dashboard is calm",
        check_calm,
        {
            "a zero": edit(PAGE, r"<v>–</v>", "<v>0</v>"),
            "the line of an empty chart": edit(PAGE, r"<v>-1(\.0)?</v>", "<v>1</v>"),
        },
        books=LINKED,
        state="blank",
    ),
    Line(
        "the dashboard stands behind the first page, locked, and is linked from it",
        check_first,
        {
            "elsewhere": edit("xl/workbook.xml", r"(<sheet [^>]*/>)(<sheet [^>]*/>)(<sheet [^>]*/>)", r"\1\3\2"),
            "no link": edit("index", r"<hyperlink [^>]*'仪表盘'!A1[^>]*/>", ""),
            "a figure to type over": unlock(PAGE, "B5"),
        },
        books=LINKED,
    ),
)  # fmt: skip
