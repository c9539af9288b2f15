"""The linked workbook: first page, tables, hidden lists, identity."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from planbook.calc import Calculator
from planbook.layout import (
    IDENTITY_CELL,
    INDEX_COUNT_COLUMN,
    INDEX_FIRST_ROW,
    INDEX_OPEN_COLUMN,
    META_SHEET,
    Layout,
    ListCell,
    quote_sheet,
)
from planbook.layout.cells import LISTS, SettingValue, input_cells
from planbook.layout.dashboard import place_dashboard
from planbook.layout.manifest import KEYWORD, Issue, meta_rows
from planbook.plan import Plan
from planbook.spec import Place
from planbook.writer.cells import (
    PROTECTION,
    Content,
    new_workbook,
    set_print,
    write_formula,
    write_formulas,
    write_value,
)
from planbook.writer.dashboard import write_dashboard
from planbook.writer.marks import add_check_tones
from planbook.writer.styles import (
    BLUE,
    DATE,
    ERROR_TONE,
    FETCHED,
    GRID,
    INPUT,
    MISSING,
    MUTED,
    NAVY,
    PALE,
    WARNING_TONE,
    Styles,
    tone_look,
)
from planbook.writer.tables import write_table


def write_workbook(
    path: Path,
    calculator: Calculator,
    issue: Issue,
    plan: Plan,
    settings: Mapping[str, SettingValue],
) -> None:
    """Write the workbook of `issue`, prefilled with `plan`, to `path`.

    Every formula carries the value `calculator` computes for it; the same input gives the same
    bytes.  Raises OutputError when the file cannot be written.
    """
    layout = calculator.layout
    inputs = {
        (cell.sheet, cell.row, cell.column): cell.value
        for cell in input_cells(layout, plan, settings, issue.department)
    }
    content = Content(layout, issue, settings, inputs, calculator.evaluate(plan, settings, issue.department))
    with new_workbook(path) as workbook:
        _write_all(workbook, content)


def _write_all(workbook: Any, content: Content) -> None:
    layout, issue = content.layout, content.issue
    styles = Styles(workbook)
    heading = layout.book.index.heading.to(layout.lang).format(year=issue.year)
    workbook.set_properties(
        {
            "title": f"{heading} — {issue.department_name}",
            "subject": f"{issue.book} {issue.version}",
            "author": "planbook",
            "keywords": KEYWORD + issue.id,
            "created": datetime(issue.year, 1, 1),
        }
    )
    index = workbook.add_worksheet(layout.index_title)
    dashboard = place_dashboard(layout)
    if dashboard:
        page = workbook.add_worksheet(dashboard.title)
    tables = [workbook.add_worksheet(placed.title) for placed in layout.sheets]
    lists = workbook.add_worksheet(layout.lists_title)
    meta = workbook.add_worksheet(META_SHEET)
    _write_index(index, styles, content, heading)
    if dashboard:
        write_dashboard(workbook, page, styles, content, dashboard)
        page.protect("", PROTECTION)
    for sheet, placed in zip(tables, layout.sheets, strict=True):
        write_table(sheet, styles, content, placed)
        sheet.protect("", PROTECTION)
    _write_lists(lists, styles, content)
    _write_meta(meta, content)
    for name in layout.names:
        if _is_written(layout, name.name):
            workbook.define_name(name.name, "=" + name.target)
    index.activate()
    index.protect("", PROTECTION)


def _is_written(layout: Layout, name: str) -> bool:
    """Whether a name points at something in the workbook: virtual columns have none."""
    return not any(
        name == f"{placed.sheet.key}_{at.column.key}" and at.column.place is Place.VIRTUAL
        for placed in layout.sheets
        for at in placed.columns
    )


def _write_index(sheet: Any, styles: Styles, content: Content, heading: str) -> None:
    layout, issue = content.layout, content.issue
    lang, book = layout.lang, layout.book
    sheet.hide_gridlines(2)
    for column, width in enumerate((2, 22, 70, 14, 18, 2)):
        sheet.set_column(column, column, width, styles.get())
    sheet.set_row(0, 40)
    for column in range(1, 5):
        sheet.write_blank(0, column, None, styles.heading())
    sheet.write_string(
        0, 1, heading, styles.get(bold=True, font_size=18, font_color="#FFFFFF", bg_color=NAVY)
    )
    subtitle = book.label("subtitle", lang).format(department=issue.department_name)
    subtitle += book.label("return_by", lang).format(due=issue.due) if issue.due else ""
    sheet.write_string(1, 1, subtitle, styles.hint())
    sheet.write_string(*IDENTITY_CELL, issue.id, styles.get(font_size=9, font_color=MUTED, align="right"))
    row = _write_contents(sheet, styles, content)
    row = _write_lines(sheet, styles, row, book.label("steps", lang), [s.to(lang) for s in book.index.steps])
    row = _write_legend(sheet, styles, content, row)
    notes = ["· " + note.to(lang) for note in book.index.notes]
    if notes:
        _write_lines(sheet, styles, row, book.label("notes", lang), notes)
    set_print(sheet, layout, issue, pages=1)


def _section(sheet: Any, styles: Styles, row: int, title: str) -> None:
    line = styles.get(bold=True, font_size=12, font_color=NAVY, bottom=2, bottom_color=BLUE)
    sheet.set_row(row, 22)
    sheet.write_string(row, 1, title, line)
    for column in (2, 3, 4):
        sheet.write_blank(row, column, None, line)


def _write_contents(sheet: Any, styles: Styles, content: Content) -> int:
    layout = content.layout
    lang, label = layout.lang, layout.book.label
    _section(sheet, styles, INDEX_FIRST_ROW - 2, label("contents", lang))
    for column, key in enumerate(("sheet", "purpose", "filled_rows", "open_issues"), 1):
        sheet.write_string(INDEX_FIRST_ROW - 1, column, label(key, lang), styles.header())
    cell = {"border": 1, "border_color": GRID, "indent": 1}
    computed = styles.get(border=1, border_color=GRID, align="center", bg_color=PALE)
    for number, placed in enumerate(layout.sheets):
        row = INDEX_FIRST_ROW + number
        sheet.set_row(row, 24)
        link = styles.get(**cell, bold=True, font_color=BLUE, underline=1)
        sheet.write_url(row, 1, f"internal:{quote_sheet(placed.title)}!A1", link, placed.title)
        sheet.write_string(row, 2, placed.sheet.purpose.to(lang), styles.get(**cell))
        for column in (INDEX_COUNT_COLUMN, INDEX_OPEN_COLUMN):
            sheet.write_blank(row, column, None, computed)
    for key, row, column, formula in layout.index_formulas():
        write_formula(sheet, row, column, formula, computed, content.values[key, row, column])
    add_check_tones(sheet, styles, layout)
    row = INDEX_FIRST_ROW + len(layout.sheets)
    if layout.book.dashboard:
        _write_dashboard_link(sheet, styles, layout, row)
        row += 1
    return row + 1


def _write_dashboard_link(sheet: Any, styles: Styles, layout: Layout, row: int) -> None:
    """The dashboard's line in the contents; there are no rows to count on it."""
    page = layout.book.dashboard
    assert page is not None, "only books with a dashboard come here"
    cell = {"border": 1, "border_color": GRID}
    title = page.title.to(layout.lang)
    sheet.set_row(row, 24)
    link = styles.get(**cell, indent=1, bold=True, font_color=BLUE, underline=1)
    sheet.write_url(row, 1, f"internal:{quote_sheet(title)}!A1", link, title)
    sheet.write_string(row, 2, page.purpose.to(layout.lang), styles.get(**cell, indent=1))
    for column in (INDEX_COUNT_COLUMN, INDEX_OPEN_COLUMN):
        sheet.write_string(row, column, "–", styles.get(**cell, align="center"))


def _write_lines(sheet: Any, styles: Styles, row: int, title: str, lines: list[str]) -> int:
    _section(sheet, styles, row, title)
    for offset, line in enumerate(lines, 1):
        sheet.set_row(row + offset, 20)
        sheet.write_string(row + offset, 1, line, styles.get(indent=1))
    return row + len(lines) + 2


def _write_legend(sheet: Any, styles: Styles, content: Content, row: int) -> int:
    layout = content.layout
    lang, book = layout.lang, layout.book
    _section(sheet, styles, row, book.label("legend", lang))
    cell = {"border": 1, "border_color": GRID, "align": "center"}
    green, amber = (f"{_setting(content, key):.0%}" for key in ("green", "amber"))
    entries: list[tuple[str, str, dict[str, Any]]] = [
        (book.label("legend_input", lang), book.label("legend_input_text", lang), {"font_color": INPUT}),
        (book.label("legend_formula", lang), book.label("legend_formula_text", lang), {"bg_color": PALE}),
        (
            book.label("legend_fetched", lang),
            book.label("legend_fetched_text", lang),
            {"bg_color": PALE, "font_color": FETCHED},
        ),
        (book.label("legend_missing", lang), book.label("legend_missing_text", lang), {"bg_color": MISSING}),
        (book.label("legend_wrong", lang), book.label("legend_wrong_text", lang), tone_look(ERROR_TONE)),
        (
            book.label("legend_advice", lang),
            book.label("legend_advice_text", lang),
            tone_look(WARNING_TONE) | {"bold": False},
        ),
    ]
    rating = book.measures["attainment"].title.to(lang)
    texts = (f"{rating} ≥ {green}", f"{amber} ≤ {rating} < {green}", f"{rating} < {amber}")
    for item, text in zip(layout.list_items("rating"), texts, strict=False):
        entries.append((item.title.to(lang), text, tone_look(item.tone)))
    for offset, (sample, text, look) in enumerate(entries, 1):
        sheet.set_row(row + offset, 20)
        sheet.write_string(row + offset, 1, sample, styles.get(**cell, **look))
        sheet.write_string(row + offset, 2, text, styles.get(indent=1))
    return row + len(entries) + 2


def _setting(content: Content, key: str) -> float:
    row, column, _ = content.layout.setting_cells[key]
    value = content.inputs.get((LISTS, row, column))
    return float(value) if isinstance(value, int | float) else math.nan


def _write_lists(sheet: Any, styles: Styles, content: Content) -> None:
    sheet.hide()
    plain, day = styles.get(), styles.get(num_format=DATE)
    for (key, row, column), value in content.inputs.items():
        if key == LISTS:
            write_value(sheet, row, column, value, day if isinstance(value, date) else plain)
    columns: dict[int, list[ListCell]] = {}
    for cell in content.layout.list_cells:
        if cell.formula:
            columns.setdefault(cell.column, []).append(cell)
    for column, cells in columns.items():  # a helper column has one formula, from its first row to its last
        rows = range(cells[0].row, cells[-1].row + 1)
        values = [content.values[LISTS, row, column] for row in rows]
        write_formulas(sheet, rows, column, cells[0].formula, plain, values)
    sheet.protect("", PROTECTION)


def _write_meta(sheet: Any, content: Content) -> None:
    sheet.very_hidden()
    for row, (key, value) in enumerate(meta_rows(content.layout, content.issue, content.settings)):
        sheet.write_string(row, 0, key)
        sheet.write_string(row, 1, value)
    sheet.protect("", PROTECTION)
