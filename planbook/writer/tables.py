"""One table on its sheet: headers, rows, dropdowns, rules, print set-up."""

from __future__ import annotations

from datetime import date
from typing import Any

from planbook.layout import (
    BAND_ROW,
    FIRST_ROW,
    HEADER_ROW,
    HEADING_ROW,
    HINT_ROW,
    KEY_ROW,
    Layout,
    PlacedColumn,
    SheetLayout,
    column_letter,
    list_name,
    quote_sheet,
)
from planbook.spec import Column, Input, Kind, Place, Total
from planbook.writer.cells import Content, set_print, write_formula, write_value
from planbook.writer.styles import (
    BLUE,
    DATE,
    GRID,
    INPUT,
    INTEGER,
    MISSING,
    MUTED,
    PALE,
    PERCENT,
    QUANTITY,
    STEEL,
    WHOLE_PERCENT,
    Styles,
)

OPTIONAL = "#5B7697"
NAME_CHARACTERS = "*?~｜"
FIRST_DATE, LAST_DATE = date(2000, 1, 1), date(2099, 12, 31)
FROZEN_WIDTH = 62  # characters of frozen columns that still leave room on a laptop
OWN_COLUMNS = 20  # unlocked columns right of a table; more would slow the writing of every row
CENTRED = {Kind.CHOICE, Kind.DATE, Kind.PERCENT}


def write_table(sheet: Any, styles: Styles, content: Content, placed: SheetLayout) -> None:
    """Write one table of the workbook on `sheet`."""
    layout = content.layout
    sheet.hide_gridlines(2)
    _write_top(sheet, styles, content, placed)
    _write_headers(sheet, styles, layout, placed)
    for at in placed.written:
        _write_column(sheet, styles, content, placed, at)
        if not at.column.calculated:
            _add_validation(sheet, layout, placed, at)
            _add_missing_rule(sheet, styles, layout, placed, at)
        _add_tones(sheet, styles, layout, placed, at)
    _write_ids(sheet, styles, content, placed)
    # what stands right of the table is the planner's own
    own = placed.written[-1].index + 1
    sheet.set_column(own, own + OWN_COLUMNS - 1, None, styles.get(locked=False))
    _set_view(sheet, placed)
    set_print(sheet, layout, content.issue)
    sheet.repeat_rows(HEADER_ROW)
    sheet.print_area(HEADING_ROW, 0, placed.last_row, len(placed.visible))


def _write_top(sheet: Any, styles: Styles, content: Content, placed: SheetLayout) -> None:
    layout, lang = content.layout, content.layout.lang
    last = len(placed.visible)
    sheet.set_row(HEADING_ROW, 30)
    for column in range(last + 1):
        sheet.write_blank(HEADING_ROW, column, None, styles.heading())
    first = 1 if placed.sheet.id.hidden else 0
    sheet.write_string(HEADING_ROW, first, placed.sheet.heading.to(lang), styles.heading())
    sheet.write_string(HINT_ROW, first, placed.sheet.hint.to(lang), styles.hint())
    link = styles.get(font_color=BLUE, underline=1, align="right", font_size=9)
    target = f"internal:{quote_sheet(layout.index_title)}!A1"
    sheet.write_url(HINT_ROW, last, target, link, layout.book.label("back", lang))
    sheet.set_row(BAND_ROW, 22)
    for cell in placed.sheet.band:
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
        sheet.data_validation(row, column, row, column, _date_rule(content.layout, prompt))


def _write_total(sheet: Any, styles: Styles, content: Content, placed: SheetLayout, cell: Total) -> None:
    row, column = placed.band[cell.key]
    number_format = INTEGER if cell.kind is Kind.NUMBER else _number_format(cell.kind, whole=False)
    style = styles.get(bold=True, align="left", num_format=number_format)
    key = placed.sheet.key
    formula = content.layout.formula(key, cell.formula, row)
    write_formula(sheet, row, column, formula, style, content.values[key, row, column])


def _write_headers(sheet: Any, styles: Styles, layout: Layout, placed: SheetLayout) -> None:
    lang = layout.lang
    sheet.set_row(KEY_ROW, None, None, {"hidden": True})
    sheet.set_row(HEADER_ROW, 34)
    sheet.write_string(KEY_ROW, 0, "id")
    sheet.write_string(HEADER_ROW, 0, layout.book.label("row_id", lang), styles.header(STEEL))
    for at in placed.written:
        column = at.column
        sheet.write_string(KEY_ROW, at.index, column.key)
        color = STEEL if column.calculated else OPTIONAL if column.optional else BLUE
        title = column.title.to(lang)
        if column.required is True:
            title += " *"
        if column.optional:
            title += layout.book.label("optional", lang)
        sheet.write_string(HEADER_ROW, at.index, title, styles.header(color))


def _write_ids(sheet: Any, styles: Styles, content: Content, placed: SheetLayout) -> None:
    style = styles.get(font_color=MUTED, align="center", border=1, border_color=GRID, bg_color=PALE)
    for number in range(1, placed.rows + 1):
        sheet.write_string(placed.row(number), 0, placed.sheet.id.of(number), style)
    hidden = {"hidden": True} if placed.sheet.id.hidden else {}
    sheet.set_column(0, 0, placed.sheet.id.length + 2, None, hidden)


def _number_format(kind: Kind, *, whole: bool) -> str:
    """The number format of a kind; `whole` for what is typed, not computed."""
    if kind in {Kind.QUANTITY, Kind.NUMBER}:
        return QUANTITY
    if kind is Kind.PERCENT:
        return WHOLE_PERCENT if whole else PERCENT
    if kind is Kind.DATE:
        return DATE
    return "@" if whole and kind in {Kind.TEXT, Kind.SPAN} else "General"


def _cell_style(styles: Styles, column: Column) -> Any:
    look: dict[str, Any] = {"border": 1, "border_color": GRID, "text_wrap": True}
    look["num_format"] = _number_format(column.kind, whole=not column.calculated)
    if column.kind in CENTRED:
        look["align"] = "center"
    if column.calculated:
        look["bg_color"] = PALE
    else:
        look |= {"font_color": INPUT, "locked": False}
    return styles.get(**look)


def _write_column(
    sheet: Any, styles: Styles, content: Content, placed: SheetLayout, at: PlacedColumn
) -> None:
    layout, key, column = content.layout, placed.sheet.key, at.column
    style = _cell_style(styles, column)
    hidden = {"hidden": True} if column.place is Place.HIDDEN else {}
    sheet.set_column(at.index, at.index, column.width, None, hidden)
    for row in range(placed.first_row, placed.last_row + 1):
        if column.calculated:
            formula = layout.column_formula(key, column, row)
            write_formula(sheet, row, at.index, formula, style, content.values[key, row, at.index])
        else:
            write_value(sheet, row, at.index, content.inputs.get((key, row, at.index)), style)
    if column.kind is Kind.QUANTITY:
        cell = f"{at.letter}{FIRST_ROW + 1}"
        rule = {
            "type": "formula",
            "criteria": f"=AND(ISNUMBER(${cell}),${cell}=ROUND(${cell},0))",
            "format": styles.rule(num_format=INTEGER),
        }
        sheet.conditional_format(FIRST_ROW, at.index, placed.last_row, at.index, rule)


def _add_tones(sheet: Any, styles: Styles, layout: Layout, placed: SheetLayout, at: PlacedColumn) -> None:
    if at.column.kind is not Kind.CHOICE or not at.column.visible:
        return
    for item in layout.list_items(at.column.list):
        if item.tone:
            rule = {
                "type": "cell",
                "criteria": "==",
                "value": '"' + item.title.to(layout.lang) + '"',
                "format": styles.tone(item.tone),
            }
            sheet.conditional_format(FIRST_ROW, at.index, placed.last_row, at.index, rule)


def _add_missing_rule(
    sheet: Any, styles: Styles, layout: Layout, placed: SheetLayout, at: PlacedColumn
) -> None:
    """Yellow for a required cell left empty in a row that somebody has begun."""
    column = at.column
    if not column.required:
        return
    begun = [
        f'${other.letter}{FIRST_ROW + 1}<>""'
        for other in placed.visible
        if other.column.required is True and other.column.default is None
    ]
    conditions = [f"OR({','.join(begun)})", f'${at.letter}{FIRST_ROW + 1}=""']
    if isinstance(column.required, str):
        conditions.append(layout.formula(placed.sheet.key, column.required, FIRST_ROW)[1:])
    rule = {
        "type": "formula",
        "criteria": f"=AND({','.join(conditions)})",
        "format": styles.rule(bg_color=MISSING),
    }
    sheet.conditional_format(FIRST_ROW, at.index, placed.last_row, at.index, rule)


def _add_validation(sheet: Any, layout: Layout, placed: SheetLayout, at: PlacedColumn) -> None:
    rule = _validation(layout, placed, at)
    if rule is None:
        return
    label = layout.book.labels
    rule.setdefault("error_title", label["error_title"].to(layout.lang))
    if at.column.prompt and "input_message" not in rule:
        rule["input_title"] = at.column.title.to(layout.lang)[:32]
        rule["input_message"] = at.column.prompt.to(layout.lang)[:255]
    sheet.data_validation(FIRST_ROW, at.index, placed.last_row, at.index, rule)


def _validation(layout: Layout, placed: SheetLayout, at: PlacedColumn) -> dict[str, Any] | None:
    column, label = at.column, layout.book.labels
    source = layout.dropdown(placed.sheet.key, column)
    if source:
        is_open = bool(column.list) and layout.book.lists[column.list].open
        severity = "warning" if is_open or column.cascade else "stop"
        message = label["error_list"].to(layout.lang)
        return {"validate": "list", "source": source, "error_type": severity, "error_message": message}
    if column.name:
        return _name_rule(layout, placed, at)
    if column.kind is Kind.DATE:
        return _date_rule(
            layout, "", finish_of=_after_cell(placed, column), cell=f"${at.letter}{FIRST_ROW + 1}"
        )
    if column.kind is Kind.QUANTITY and column.list:
        cell = f"${at.letter}{FIRST_ROW + 1}"
        words = f"=OR(ISNUMBER({cell}),COUNTIF({list_name(column.list)},{cell})>0)"
        return {
            "validate": "custom",
            "value": words,
            "error_message": label["error_quantity"].to(layout.lang),
        }
    if column.kind is Kind.PERCENT or (column.kind is Kind.QUANTITY and _has_unit_cell(placed, column)):
        key = "error_percent" if column.kind is Kind.PERCENT else "error_quantity"
        low = -1e15 if column.minimum is None else column.minimum
        high = 1e15 if column.maximum is None else column.maximum
        return {
            "validate": "decimal",
            "criteria": "between",
            "minimum": low,
            "maximum": high,
            "error_message": label[key].to(layout.lang),
        }
    if column.prompt:
        return {"validate": "any"}
    return None


def _has_unit_cell(placed: SheetLayout, column: Column) -> bool:
    """Whether the unit stands elsewhere: where it does not, a quantity may carry it as text."""
    unit = placed.sheet.by_key.get(column.unit)
    return unit is None or unit.place is not Place.VIRTUAL


def _after_cell(placed: SheetLayout, column: Column) -> str:
    return f"${column_letter(placed.index(column.after))}{FIRST_ROW + 1}" if column.after else ""


def _date_rule(layout: Layout, prompt: str, *, finish_of: str = "", cell: str = "") -> dict[str, Any]:
    label = layout.book.labels
    rule: dict[str, Any] = {
        "validate": "date",
        "criteria": "between",
        "minimum": FIRST_DATE,
        "maximum": LAST_DATE,
        "error_title": label["error_title"].to(layout.lang),
        "error_message": label["error_date"].to(layout.lang),
    }
    if finish_of:
        message = label["error_finish"].to(layout.lang)
        formula = f'=AND(ISNUMBER({cell}),OR({finish_of}="",{cell}>={finish_of}))'
        rule = {"validate": "custom", "value": formula, "error_message": message}
    if prompt:
        rule["input_message"] = prompt
    return rule


def _name_rule(layout: Layout, placed: SheetLayout, at: PlacedColumn) -> dict[str, Any]:
    cell = f"${at.letter}{FIRST_ROW + 1}"
    conditions = [f'ISERROR(FIND("{char}",{cell}))' for char in NAME_CHARACTERS]
    if at.column.longest:
        conditions.append(f"LEN({cell})<={at.column.longest}")
    if at.column.unique:
        letter = at.letter
        column = f"${letter}${placed.first_row + 1}:${letter}${placed.last_row + 1}"
        conditions.append(f"SUMPRODUCT(--({column}={cell}))<=1")
    message = layout.book.label("error_name", layout.lang)
    return {"validate": "custom", "value": f"=AND({','.join(conditions)})", "error_message": message}


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
