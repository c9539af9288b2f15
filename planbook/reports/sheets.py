"""Report tables on a sheet: cells by kind, colour by tone, links, page set-up."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from planbook.layout import cell_name, column_letter, quote_sheet
from planbook.measures.plain import Row
from planbook.problems import OutputError, say
from planbook.reports.figures import clean_text, decimals, display_width, number_text, row_places, scope_name
from planbook.reports.place import FIRST_ROW, HEADER_ROW, HEADING_ROW, HINT_ROW, FactSheets
from planbook.spec import Book, Kind, quote_text
from planbook.spec.models import ReportColumn, ReportSheet
from planbook.values import Nil
from planbook.writer.cells import write_formula, write_value
from planbook.writer.styles import (
    BLUE,
    DATE,
    FONT,
    GRID,
    INTEGER,
    MONEY,
    MONEY_INTEGER,
    MUTED,
    NAVY,
    PALE,
    RATE,
    STEEL,
    TONES,
    Styles,
)

if TYPE_CHECKING:
    from planbook.measures import RollUp

LIVE = "live"  # in a row: formulas by column key, for cells that count themselves
MONEY_SMALL = "#,##0.0000_);(#,##0.0000)"
LONGEST_TEXT = 32767  # UTF-16 units that Excel takes in one cell
LONGEST_HEADER_PART = 80
MOST_LINKS = 65_000  # Excel takes 65,530 links on one sheet
LINE_HEIGHT = 16  # points, of 10 pt 微软雅黑
MOST_LINES = 24  # Excel's rows end at 409 points
TOLERABLE = 0.92  # of the wanted width still shows what stands there
NARROW = 11  # a text column up to this width holds a code or a word: centred
FROZEN_WIDTH = 40  # characters of frozen columns that still leave room on a laptop
FAVOUR_COLUMNS = frozenset({"deviation", "deviation_rate", "favourable"})
LINK_COLUMNS = frozenset({"link", "source"})
SOURCES = "source_folder"  # the cell with the folder of the source files
CODE_COLUMNS = frozenset({"sha256"})  # cut at the edge of the cell, never wrapped
DEEPEST = 5  # levels of the tree that are indented further
BAR_GOOD, BAR_BAD = (
    "#9CC3E6",
    "#F2A97F",
)  # light enough for the figure on top; blue and orange for every eye
ONE_LINE = {"text_wrap": False}  # the look of rows that cannot grow: a second line would be cut through
BORDER = {"border": 1, "border_color": GRID}
WRAPPED = frozenset({Kind.TEXT, Kind.CHOICE})
CENTRED = frozenset({Kind.CHOICE, Kind.DATE, Kind.NUMBER})


@dataclass
class Page:
    """What all sheets of one report share.

    `place` says where the facts stand, `positions` which of them a linked one is; `sources` is the
    folder of the source files as links name it, ``""`` where there shall be none.
    """

    workbook: Any
    styles: Styles
    roll_up: RollUp
    lang: str
    place: FactSheets
    positions: Mapping[str, int]
    sources: str = ""
    links: dict[str, int] = field(default_factory=dict)
    _choices: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    _looks: dict[tuple[object, ...], Any] = field(default_factory=dict)

    @property
    def book(self) -> Book:
        """The book of the report."""
        return self.roll_up.book

    def label(self, key: str) -> str:
        """A label in the report's language."""
        return self.book.label(key, self.lang)

    def title(self, key: str) -> str:
        """A report sheet's title in the report's language."""
        return self.book.report(key).title.to(self.lang)

    def choice(self, list_key: str, item: str) -> tuple[str, str]:
        """What a list shows for an item, and the item's tone."""
        key = (list_key, item)
        if key not in self._choices:
            text = fit_text(self.book.list_title(list_key, item, self.lang))
            self._choices[key] = text, self.book.tone(list_key, item)
        return self._choices[key]

    def cell_style(self, column: ReportColumn, number: str, tone: str, look: Mapping[str, Any]) -> Any:
        """The format of a cell of `column`, kept: a report has many cells and few looks."""
        key = (id(column), number, tone, *look.items())
        if key not in self._looks:
            own = cell_look(column, number, tone)
            if "indent" in look and "indent" in own:
                own["indent"] = look["indent"]
            if look == ONE_LINE and own.pop("text_wrap", False) and column.kind is Kind.CHOICE:
                own["shrink"] = True  # a word of a list; other texts end at the edge of their cell
            rest = {name: value for name, value in look.items() if name != "indent"}
            self._looks[key] = self.styles.get(**{**BORDER, **rest, **own})
        return self._looks[key]


# -- cells ---------------------------------------------------------------------------------


def number_format(column: ReportColumn, value: object, places: int = 0) -> str:
    """The number format of one cell; a quantity is shown whole when it is, or on `places` decimals."""
    if column.kind is Kind.PERCENT:
        return RATE
    if column.kind is Kind.DATE:
        return DATE
    if column.kind is Kind.NUMBER:
        return INTEGER
    if column.kind is Kind.QUANTITY and isinstance(value, float):
        return {0: MONEY_INTEGER, 2: MONEY, 4: MONEY_SMALL}[max(places, decimals(value))]
    return ""


def cell_tone(page: Page, column: ReportColumn, row: Row, value: object) -> str:
    """The colour role of a cell: of its choice, or of the favourability of its row's variance."""
    if column.key in FAVOUR_COLUMNS:
        return page.choice("favour", str(row.get("favourable")))[1]
    return page.choice(column.list, str(value))[1] if column.kind is Kind.CHOICE and value is not None else ""


def cell_look(column: ReportColumn, number: str, tone: str) -> dict[str, Any]:
    """What a cell adds to its row's look: number format, alignment by kind, colour by tone."""
    look: dict[str, Any] = {"num_format": number} if number else {}
    if column.kind in CENTRED or (column.kind is Kind.TEXT and column.width <= NARROW):
        look |= {"align": "center"} | ({"text_wrap": True} if column.kind in WRAPPED else {})
    elif column.kind is Kind.TEXT:
        look |= {"align": "fill"} if column.key in CODE_COLUMNS else {"text_wrap": True, "indent": 1}
    else:
        look["align"] = "right"
    if tone in TONES:
        background, color = TONES[tone]
        look["font_color"] = color
        if column.key == "favourable" or column.key not in FAVOUR_COLUMNS:
            look["bold"] = True
        if column.key not in FAVOUR_COLUMNS:
            look["bg_color"] = background
    return look


def cell_value(page: Page, column: ReportColumn, value: object) -> str | float | bool | date | None:
    """What stands in the cell: a list's text for a choice, text fit for a cell, numbers and dates as such."""
    if isinstance(value, Nil):
        return page.label("nil")
    if column.kind is Kind.CHOICE and value is not None:
        return page.choice(column.list, str(value))[0]
    if isinstance(value, str):
        return fit_text(value)
    return value if isinstance(value, int | float | date) else None


def fit_text(text: str) -> str:
    """The text as a cell holds it: clean, and cut where Excel would refuse it."""
    text = clean_text(text)
    if 2 * len(text) > LONGEST_TEXT and len(text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
        text = text[: LONGEST_TEXT // 2] + "…"
    return text


def write_cell(
    page: Page, sheet: Any, row_index: int, span: tuple[int, int], column: ReportColumn, row: Row, **look: Any
) -> None:
    """Write one figure of `row` over a first and last sheet column, merged when they differ.

    `look` is the row's; what the cell itself shows (a tone) goes before it.
    """
    first, last = span
    raw = row.get(column.key)
    tone = cell_tone(page, column, row, raw)
    style = page.cell_style(column, number_format(column, raw, row_places(row, column.key)), tone, look)
    if first != last:
        sheet.merge_range(row_index, first, row_index, last, "", style)
    formula = row.get(LIVE, {}).get(column.key)
    position = page.positions.get(str(row.get("fact"))) if column.key in LINK_COLUMNS else None
    if formula:
        write_formula(sheet, row_index, first, formula, style, _stored(cell_value(page, column, raw)))
    elif position is None or not _take_link(page, sheet):
        write_value(sheet, row_index, first, cell_value(page, column, raw), style)
    else:
        link = {"align": "center", "font_color": BLUE, "underline": 1}
        style = page.styles.get(**{**BORDER, **look, **link})
        _write_link(page, sheet, (row_index, first), column.key, position, style)


def _stored(value: str | float | bool | date | None) -> str | float | bool | date:
    return "" if value is None else value


def _write_link(page: Page, sheet: Any, at: tuple[int, int], key: str, position: int, style: Any) -> None:
    """The way to a fact, or from there on to the cell of the file it was read from."""
    title, cell = page.place.cell(position, "fact")
    if key == "link":
        url = f"internal:{quote_sheet(title)}!{cell}"
        sheet.write_url(*at, url, style, page.label("open_fact"), page.label("link_tip"))
    elif page.sources:
        # The names stand in cells of their own: nothing that a person typed gets into the formula.
        file, tab, place = (
            f"{quote_sheet(title)}!{page.place.cell(position, name)[1]}" for name in ("file", "sheet", "cell")
        )
        target = f'{cell_name(SOURCES)}&{file}&"#\'"&SUBSTITUTE({tab},"\'","\'\'")&"\'!"&{place}'
        text = page.label("open_source")
        write_formula(sheet, *at, f"=HYPERLINK({target},{quote_text(text)})", style, text)
    else:
        write_value(sheet, *at, None, style)


def _take_link(page: Page, sheet: Any) -> bool:
    taken = page.links[sheet.name] = page.links.get(sheet.name, 0) + 1
    return taken <= MOST_LINKS


# -- tables --------------------------------------------------------------------------------


def write_top(page: Page, sheet: Any, heading: str, hint: str, last: int, *, back: bool = True) -> None:
    """The bar with the heading, the grey line under it and, with `back`, the way to the contents."""
    styles = page.styles
    sheet.hide_gridlines(2)
    sheet.set_row(HEADING_ROW, 30)
    for column in range(1, last + 1):
        sheet.write_blank(HEADING_ROW, column, None, styles.heading())
    bar = styles.get(bold=True, font_size=14, font_color="#FFFFFF", bg_color=NAVY, indent=1)
    write_value(sheet, HEADING_ROW, 0, heading, bar)
    write_value(sheet, HINT_ROW, 0, hint, styles.get(font_size=9, font_color=MUTED, indent=1))
    if back:
        link = styles.get(font_color=BLUE, underline=1, align="right", font_size=9)
        url = f"internal:{quote_sheet(page.title('contents'))}!A1"
        sheet.write_url(HINT_ROW, last, url, link, page.label("back"))


def write_sheet(
    page: Page,
    sheet: Any,
    report: ReportSheet,
    rows: Sequence[Row],
    *,
    group: str = "",
    shading: Callable[[Row], dict[str, Any]] = lambda row: {},
) -> None:
    """A whole sheet of one table.

    A rule parts the rows wherever the value of `group` changes; `shading` gives the look of a row.
    """
    last = printed_columns(report) - 1
    write_top(page, sheet, report.heading.to(page.lang), report.hint.to(page.lang), last)
    widths = column_widths(report.columns, rows)
    titles = [column.title.to(page.lang) for column in report.columns]
    lines = max(lines_of(title, width) for title, width in zip(titles, widths, strict=True))
    sheet.set_row(HEADER_ROW, row_height(max(lines, 2)))
    for index, width in enumerate(widths):
        hidden = {"hidden": True} if _is_idle(page, report.columns[index]) else {}
        sheet.set_column(index, index, width, None, hidden)
        write_value(sheet, HEADER_ROW, index, titles[index], header_style(page, report.columns[index]))
    before: object = None
    for offset, row in enumerate(rows):
        parted = group and offset and row[group] != before
        look = shading(row) | ({"top": 1, "top_color": STEEL} if parted else {})
        before = row[group] if group else None
        lines = 1
        for index, column in enumerate(report.columns):
            write_cell(page, sheet, FIRST_ROW + offset, (index, index), column, row, **look)
            lines = max(lines, cell_lines(page, column, row, widths[index]))
        sheet.set_row(FIRST_ROW + offset, row_height(lines))
    _add_filter(page, sheet, report, rows)
    add_bars(sheet, report, len(rows))
    sheet.freeze_panes(FIRST_ROW, frozen_columns(report))
    set_print(page, sheet)
    sheet.repeat_rows(HEADER_ROW)
    sheet.print_area(HEADING_ROW, 0, last_row(rows), printed_columns(report) - 1)


def header_style(page: Page, column: ReportColumn) -> Any:
    """The header of a column; grey over what is only for checking."""
    return page.styles.header(STEEL) if column.audit else page.styles.header()


def printed_columns(report: ReportSheet) -> int:
    """How many columns are printed; those for checking stand right of them."""
    return sum(not column.audit for column in report.columns)


def _is_idle(page: Page, column: ReportColumn) -> bool:
    """Whether a column has nothing to show: links to sources where nobody is to follow them."""
    return column.key == "source" and not page.sources and not column.list


def column_widths(columns: Sequence[ReportColumn], rows: Sequence[Row]) -> list[float]:
    """The spec's widths; a column of quantities is as wide as its longest, or it would show ###."""
    widths = []
    for column in columns:
        width = column.width
        if column.kind is Kind.QUANTITY:
            values = (row.get(column.key) for row in rows)
            texts = (number_text(value) for value in values if isinstance(value, float))
            width = max([width, *(len(text) * 1.1 + 2 for text in texts)])
        widths.append(width)
    return widths


def cell_lines(page: Page, column: ReportColumn, row: Row, width: float) -> int:
    """How many lines a cell's text takes: rows get their height from us, not every program fits them."""
    if column.kind not in WRAPPED or column.key in CODE_COLUMNS:
        return 1
    value = cell_value(page, column, row.get(column.key))
    return min(sum(lines_of(line, width) for line in str(value).split("\n")), MOST_LINES) if value else 1


def lines_of(text: str, width: float) -> int:
    """How many lines a text takes at a width in characters, which are digits: letters run narrower."""
    if 2 * len(text) <= width - 1.5:  # even if every character is a wide one
        return 1
    needed = display_width(text) - 0.08 * sum(char.isascii() for char in text)
    return max(1, math.ceil(needed / max(width - 1.5, 1)))


def row_height(lines: int) -> float:
    """The height in points of a row of that many lines."""
    return 5 + LINE_HEIGHT * lines


def _add_filter(page: Page, sheet: Any, report: ReportSheet, rows: Sequence[Row]) -> None:
    if rows:
        sheet.autofilter(HEADER_ROW, 0, last_row(rows), len(report.columns) - 1)
    else:
        write_nothing(page, sheet, FIRST_ROW, printed_columns(report) - 1)


def add_bars(sheet: Any, report: ReportSheet, count: int) -> None:
    """Bars from the middle of the impact column: favourable to the right, adverse to the left."""
    for index, column in enumerate(report.columns):
        if column.key == "impact" and count:
            look = {"bar_color": BAR_GOOD, "bar_negative_color": BAR_BAD, "bar_axis_color": STEEL}
            limits = {"min_type": "num", "min_value": -0.5, "max_type": "num", "max_value": 0.5}
            kind = {
                "type": "data_bar",
                "data_bar_2010": True,
                "bar_solid": True,
                "bar_axis_position": "middle",
            }
            last = FIRST_ROW + count - 1
            sheet.conditional_format(FIRST_ROW, index, last, index, {**kind, **look, **limits})


def last_row(rows: Sequence[Row]) -> int:
    """The last row of a whole-sheet table; an empty one has a row that says so."""
    return FIRST_ROW + max(len(rows), 1) - 1


def column_range(page: Page, key: str, column: str, rows: Sequence[Row]) -> str:
    """The cells of one column of a sheet, as formulas name them."""
    report = page.book.report(key)
    letter = column_letter([each.key for each in report.columns].index(column))
    first, last = FIRST_ROW + 1, last_row(rows) + 1
    return f"{quote_sheet(report.title.to(page.lang))}!${letter}${first}:${letter}${last}"


def write_nothing(page: Page, sheet: Any, row: int, last: int, *, first: int = 0) -> None:
    """The row that says there is none."""
    style = page.styles.get(font_color=MUTED, indent=1, bottom=1, bottom_color=GRID)
    for column in range(first, last + 1):
        sheet.write_blank(row, column, None, style)
    write_value(sheet, row, first, page.label("nothing"), style)


def frozen_columns(report: ReportSheet) -> int:
    """How many of the first columns stay in sight: none where the table is narrow anyway."""
    frozen, width = 0, 0.0
    for column in report.columns[:2]:
        width += column.width
        frozen += width <= FROZEN_WIDTH
    return frozen if sum(column.width for column in report.columns) > 2 * FROZEN_WIDTH else 0


# -- tables inside a page ------------------------------------------------------------------


def fit_columns(
    wanted: Sequence[float], grid: Sequence[float], firm: Sequence[bool] = ()
) -> list[tuple[int, int]]:
    """First and last grid column of each table column, so that widths come nearest to what is wanted.

    The table fills the grid; `firm` columns do not wrap and get their width before all others.
    Raises OutputError when the table has more columns than the grid.
    """
    if len(wanted) > len(grid):
        raise OutputError(say("table_too_wide", count=len(wanted), most=len(grid)))
    scale = sum(grid) / sum(wanted)
    best: list[list[tuple[float, int]]] = [[(0.0, 0)] + [(float("inf"), 0)] * len(grid)]
    for number, width in enumerate(wanted):
        strict = 20_000 if firm and firm[number] else 20
        row = [(float("inf"), 0)] * (len(grid) + 1)
        for end in range(1, len(grid) + 1):
            for start in range(end):
                got = sum(grid[start:end])
                short = max(0.0, TOLERABLE * width - got) / width
                cost = best[-1][start][0] + (got / (width * scale) - 1) ** 2 + strict * short**2
                row[end] = min(row[end], (cost, start))
        best.append(row)
    spans, end = [], len(grid)
    for number in range(len(wanted), 0, -1):
        start = best[number][end][1]
        spans.append((start, end - 1))
        end = start
    return spans[::-1]


def write_spanned(
    page: Page, sheet: Any, first_row: int, report: ReportSheet, rows: Sequence[Row], grid: Sequence[float]
) -> int:
    """A table over the columns of a page, cells merged where they span several; returns the next row."""
    shown = [column for column in report.columns if not column.audit and not _is_idle(page, column)]
    firm = [column.kind not in WRAPPED or column.width <= NARROW for column in shown]
    spans = fit_columns(column_widths(shown, rows), grid, firm)
    placed = [
        (column, span, sum(grid[span[0] : span[1] + 1])) for column, span in zip(shown, spans, strict=True)
    ]
    sheet.set_row(first_row, row_height(2))
    for column, (first, last), _ in placed:
        if first != last:
            sheet.merge_range(first_row, first, first_row, last, "", page.styles.header())
        write_value(sheet, first_row, first, column.title.to(page.lang), page.styles.header())
    for offset, row in enumerate(rows, 1):
        for column, span, _ in placed:
            write_cell(page, sheet, first_row + offset, span, column, row)
        lines = max(cell_lines(page, column, row, width) for column, _, width in placed)
        sheet.set_row(first_row + offset, row_height(lines))
    if not rows:
        write_nothing(page, sheet, first_row + 1, len(grid) - 1)
    return first_row + max(len(rows), 1) + 1


def write_section(
    page: Page, sheet: Any, row: int, title: str, last: int, hint: str = "", *, first: int = 0
) -> None:
    """A heading within a page, underlined from the `first` column to `last`."""
    line = page.styles.get(bold=True, font_size=12, font_color=NAVY, bottom=2, bottom_color=BLUE)
    note = page.styles.get(font_size=9, font_color=MUTED, align="right", bottom=2, bottom_color=BLUE)
    sheet.set_row(row, 24)
    for column in range(first + 1, last + 1):
        sheet.write_blank(row, column, None, note)
    write_value(sheet, row, first, title, line)
    if hint:
        write_value(sheet, row, last, hint, note)


def shade(row: Row) -> dict[str, Any]:
    """The look of a row of the tree: indented by its depth, and what has parts set off from its parts."""
    indent = {"indent": 1 + 2 * min(int(row["depth"] or 0), DEEPEST)}
    return indent if row["node"] == "department" else indent | {"bold": True, "bg_color": PALE}


# -- page set-up ---------------------------------------------------------------------------


def set_print(page: Page, sheet: Any, pages: int = 0) -> None:
    """A4 landscape, one page wide and `pages` high (0: any); year and scope above, page numbers below."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, pages)
    sheet.center_horizontally()
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    left = page.label("header_left").format(year=page.roll_up.year)
    name = scope_name(page.roll_up, page.lang)[:LONGEST_HEADER_PART]
    # xlsxwriter takes the G of "R&&G" for a picture's place and drops the whole header
    name = name.replace("&G", "＆G").replace("&[", "＆[").replace("&", "&&")
    sheet.set_header(f'&L&"{FONT}"&9 {left}&R&"{FONT}"&9 {name}')
    page_of, internal = page.label("page"), page.label("internal")
    sheet.set_footer(f'&L&"{FONT}"&9 &A&C&"{FONT}"&9 {page_of}&R&"{FONT}"&9 {internal}')
