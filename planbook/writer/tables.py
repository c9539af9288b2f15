"""One table on its sheet: headers, rows, dropdowns, rules, print set-up."""

from __future__ import annotations

from typing import Any

from planbook.layout import (
    BAND_ROW,
    FIRST_ROW,
    HEADER_ROW,
    HEADING_ROW,
    HINT_ROW,
    KEY_ROW,
    SIGN_ROW,
    Layout,
    PlacedColumn,
    SheetLayout,
    quote_sheet,
)
from planbook.spec import Column, Input, Kind, Place, Total
from planbook.writer.cells import Content, count_lines, set_print, write_formula, write_formulas, write_value
from planbook.writer.marks import add_marks, write_timeline
from planbook.writer.styles import (
    BLUE,
    DATE,
    FETCHED,
    FONT,
    GRID,
    INPUT,
    INTEGER,
    MUTED,
    PALE,
    PERCENT,
    QUANTITY,
    STEEL,
    WHOLE_PERCENT,
    Styles,
)
from planbook.writer.validations import add_validation, date_rule

OPTIONAL = "#5B7697"
FROZEN_WIDTH = 62  # characters of frozen columns that still leave room on a laptop
OWN_COLUMNS = 20  # unlocked columns right of a table; more would slow the writing of every row
HEADER_HEIGHT = 34  # points: two lines
ROW_HEIGHT, LINE_HEIGHT = 20, 14  # points: one line of text with some air, and each further one
HIGHEST_ROW = 409  # points; Excel has no higher row
WRAPPED = {Kind.TEXT, Kind.LINK, Kind.CHOICE, Kind.SPAN}
CENTRED = {Kind.CHOICE, Kind.DATE, Kind.PERCENT}


def write_table(sheet: Any, styles: Styles, content: Content, placed: SheetLayout) -> None:
    """Write one table of the workbook on `sheet`."""
    layout = content.layout
    sheet.hide_gridlines(2)
    _write_top(sheet, styles, content, placed)
    _write_headers(sheet, styles, content, placed)
    for at in placed.written:
        _write_column(sheet, styles, content, placed, at)
        if not at.column.calculated:
            add_validation(sheet, layout, placed, at)
        add_marks(sheet, styles, layout, placed, at)
    _write_ids(sheet, styles, content, placed)
    _set_heights(sheet, content, placed)
    write_timeline(sheet, styles, layout, placed, content.issue)
    # what stands right of the table is the planner's own
    own = placed.last_column + 1
    sheet.set_column(own, own + OWN_COLUMNS - 1, None, styles.get(locked=False))
    _set_view(sheet, placed)
    set_print(sheet, layout, content.issue)
    sheet.repeat_rows(HEADER_ROW)
    sheet.print_area(HEADING_ROW, 0, placed.last_row, placed.last_printed_column)


def _write_top(sheet: Any, styles: Styles, content: Content, placed: SheetLayout) -> None:
    layout, lang = content.layout, content.layout.lang
    last = len(placed.visible)
    sheet.set_row(HEADING_ROW, 30)
    for column in range(placed.last_printed_column + 1):
        sheet.write_blank(HEADING_ROW, column, None, styles.heading())
    first = 1 if placed.sheet.id.hidden else 0
    sheet.write_string(HEADING_ROW, first, placed.sheet.heading.to(lang), styles.heading())
    sheet.write_string(HINT_ROW, first, placed.sheet.hint.to(lang), styles.hint())
    link = styles.get(font_color=BLUE, underline=1, align="right", font_size=9)
    target = f"internal:{quote_sheet(layout.index_title)}!A1"
    sheet.write_url(HINT_ROW, last, target, link, layout.book.label("back", lang))
    sheet.set_row(BAND_ROW, 22)
    if placed.sheet.signoff:
        sheet.set_row(SIGN_ROW, 22)
    for cell in (*placed.sheet.band, *placed.sheet.signoff):
        row, column = placed.band[cell.key]
        title = styles.get(font_size=9, font_color=MUTED, align="right")
        sheet.write_string(row, column - 1, cell.title.to(lang), title)
        if isinstance(cell, Input):
            _write_input(sheet, styles, content, placed, cell)
        else:
            _write_total(sheet, styles, content, placed, cell)


def _write_input(sheet: Any, styles: Styles, content: Content, placed: SheetLayout, cell: Input) -> None:
    row, column = placed.band[cell.key]
    look = {"border": 1, "border_color": BLUE, "bold": True, "font_color": INPUT, "align": "center"}
    style = styles.get(**look, num_format=_number_format(cell.kind, whole=True), locked=False)
    write_value(sheet, row, column, content.inputs.get((placed.sheet.key, row, column)), style)
    if cell.kind is Kind.DATE:
        prompt = cell.prompt.to(content.layout.lang) if cell.prompt else ""
        sheet.data_validation(row, column, row, column, date_rule(content.layout, prompt))


def _write_total(sheet: Any, styles: Styles, content: Content, placed: SheetLayout, cell: Total) -> None:
    row, column = placed.band[cell.key]
    number_format = INTEGER if cell.kind is Kind.NUMBER else _number_format(cell.kind, whole=False)
    style = styles.get(bold=True, align="left", num_format=number_format)
    key = placed.sheet.key
    formula = content.layout.formula(key, cell.formula, row)
    write_formula(sheet, row, column, formula, style, content.values[key, row, column])


def _write_headers(sheet: Any, styles: Styles, content: Content, placed: SheetLayout) -> None:
    layout = content.layout
    sheet.set_row(KEY_ROW, None, None, {"hidden": True})
    lines = max(_header_lines(layout, at.column) for at in placed.visible)
    sheet.set_row(HEADER_ROW, HEADER_HEIGHT + max(0, lines - 2) * LINE_HEIGHT)
    sheet.write_string(KEY_ROW, 0, "id")
    sheet.write_string(HEADER_ROW, 0, layout.label("row_id"), styles.header(STEEL))
    for at in placed.written:
        column = at.column
        sheet.write_string(KEY_ROW, at.index, column.key)
        color = STEEL if column.calculated else OPTIONAL if column.optional else BLUE
        _write_title(sheet, styles.header(color), content, placed, at)
        if column.visible and (note := _note(layout, column)):
            options = {"author": "planbook", "font_name": FONT, "font_size": 9, "x_scale": 1.5}
            sheet.write_comment(HEADER_ROW, at.index, note, options)


def _write_title(sheet: Any, style: Any, content: Content, placed: SheetLayout, at: PlacedColumn) -> None:
    """A column's title, or the formula that makes one."""
    layout, column = content.layout, at.column
    if column.header:
        formula = layout.formula(placed.sheet.key, column.header, HEADER_ROW)
        value = content.values[placed.sheet.key, HEADER_ROW, at.index]
        write_formula(sheet, HEADER_ROW, at.index, formula, style, value)
        return
    sheet.write_string(HEADER_ROW, at.index, _header(layout, column), style)


def _header(layout: Layout, column: Column) -> str:
    """A column's title, with a star where it is required and a word where it may be left alone."""
    title = column.title.to(layout.lang)
    if column.required is True:
        title += " *"
    return title + layout.label("optional") if column.optional else title


def _header_lines(layout: Layout, column: Column) -> int:
    """The lines a header takes; one that a formula makes has room for three."""
    return 3 if column.header else count_lines(_header(layout, column), column.width + 1)


def _note(layout: Layout, column: Column) -> str:
    """What the header's note says: how to fill the column in, or what is calculated in it."""
    measure = layout.book.measures.get(column.measure)
    text = column.prompt or (measure.note if measure else None)
    return text.to(layout.lang) if text else ""


def _write_ids(sheet: Any, styles: Styles, content: Content, placed: SheetLayout) -> None:
    style = styles.get(font_color=MUTED, align="center", border=1, border_color=GRID, bg_color=PALE)
    for number in range(1, placed.rows + 1):
        sheet.write_string(placed.row(number), 0, placed.sheet.id.of(number), style)
    hidden = {"hidden": True} if placed.sheet.id.hidden else {}
    sheet.set_column(0, 0, placed.sheet.id.length + 2, None, hidden)


def _set_heights(sheet: Any, content: Content, placed: SheetLayout) -> None:
    """Rows as high as their longest text needs; they grow with what is typed later."""
    key = placed.sheet.key
    texts = [at for at in placed.visible if at.column.kind in WRAPPED]
    # What mirrors another sheet shows text that no program makes room for: it has two lines from the start.
    least = 2 if placed.sheet.mirrors else 1
    for row in range(placed.first_row, placed.last_row + 1):
        lines = least
        for at in texts:
            value = content.inputs.get((key, row, at.index)) or content.values.get((key, row, at.index))
            if isinstance(value, str):
                lines = max(lines, count_lines(value, at.column.width))
        sheet.grow_row(row, min(HIGHEST_ROW, ROW_HEIGHT + (lines - 1) * LINE_HEIGHT))


def _number_format(kind: Kind, *, whole: bool) -> str:
    """The number format of a kind; `whole` for what is typed, not computed."""
    if kind in {Kind.QUANTITY, Kind.NUMBER}:
        return QUANTITY
    if kind is Kind.PERCENT:
        return WHOLE_PERCENT if whole else PERCENT
    if kind is Kind.DATE:
        return DATE
    return "@" if whole and kind in {Kind.TEXT, Kind.SPAN} else "General"


def _cell_style(styles: Styles, column: Column, *, fetched: bool) -> Any:
    look: dict[str, Any] = {"border": 1, "border_color": GRID}
    # A number that is too wide would show as ###; it shrinks, and only text wraps.
    look["shrink" if column.kind in {Kind.QUANTITY, Kind.NUMBER} else "text_wrap"] = True
    look["num_format"] = _number_format(column.kind, whole=not column.calculated)
    if column.kind in CENTRED or column.centred:
        look["align"] = "center"
    else:
        look |= {"indent": 1, "align": "right" if column.kind in {Kind.QUANTITY, Kind.NUMBER} else "left"}
    if column.calculated:
        look["bg_color"] = PALE
        if fetched:
            look["font_color"] = FETCHED
    else:
        look |= {"font_color": INPUT, "locked": False}
    return styles.get(**look)


def _write_column(
    sheet: Any, styles: Styles, content: Content, placed: SheetLayout, at: PlacedColumn
) -> None:
    layout, key, column = content.layout, placed.sheet.key, at.column
    style = _cell_style(styles, column, fetched=layout.is_fetched(key, column))
    hidden = {"hidden": True} if column.place is Place.HIDDEN else {}
    sheet.set_column(at.index, at.index, column.width, None, hidden)
    rows = range(placed.first_row, placed.last_row + 1)
    if column.calculated:
        values = [content.values[key, row, at.index] for row in rows]
        write_formulas(sheet, rows, at.index, layout.column_template(key, column), style, values)
        return
    for row in rows:
        write_value(sheet, row, at.index, content.inputs.get((key, row, at.index)), style)


def _set_view(sheet: Any, placed: SheetLayout) -> None:
    keep, width = 1, 0.0
    for at in placed.visible:
        width += at.column.width
        if width > FROZEN_WIDTH:
            break
        if at.column.key == placed.sheet.filled:
            keep = at.index + 1
    sheet.freeze_panes(FIRST_ROW, keep)
    sheet.autofilter(HEADER_ROW, 0, placed.last_row, len(placed.visible))
