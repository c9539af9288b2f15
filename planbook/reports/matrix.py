"""The responsibility matrix: tasks by departments, and who answers for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from planbook.measures.plain import Row, Rows
from planbook.reports.facts import Long, long_rows
from planbook.reports.figures import display_width, one_line
from planbook.reports.place import FIRST_ROW, HEADER_ROW, HEADING_ROW
from planbook.reports.sheets import (
    BORDER,
    Page,
    cell_lines,
    fit_text,
    last_row,
    row_height,
    set_print,
    write_cell,
    write_nothing,
    write_top,
)
from planbook.reports.tables import matrix_departments
from planbook.spec import Kind, Text
from planbook.spec.models import ReportColumn
from planbook.writer.cells import write_value
from planbook.writer.styles import BLUE, NAVY, STEEL, TONES

MOST_DEPARTMENTS = 24
WIDTH = 4.6
LONGEST_NAME = 16  # characters of a department's name, which stands upright
# R on the darkest ground: the letter says it, the ground only helps the eye.
LOOKS: dict[str, dict[str, Any]] = {
    "R": {"bold": True, "font_color": "#FFFFFF", "bg_color": BLUE},
    "A": {"bold": True, "font_color": NAVY, "bg_color": "#C9D8EA"},
    "C": {"bold": True, "font_color": TONES["warn"][1], "bg_color": TONES["warn"][0]},
    "I": {"font_color": TONES["calm"][1], "bg_color": TONES["calm"][0]},
}


def long_matrix(page: Page, rows: Rows) -> Long:
    """The matrix of very many tasks: its letters without their grounds, in columns of the table."""
    report = page.book.report("matrix")
    parties = {f"party_{number}": code for number, code in enumerate(_departments(page, rows))}
    letters = [
        ReportColumn(key=key, title=Text({"*": fit_text(_name(page, code))}), kind=Kind.TEXT, width=WIDTH)
        for key, code in parties.items()
    ]
    wide = report.model_copy(update={"columns": (*report.columns, *letters)})
    return long_rows(wide, rows, parties)


def _departments(page: Page, rows: Rows) -> list[str]:
    codes = [department.code for department in page.roll_up.company.departments]
    return matrix_departments(rows, codes, MOST_DEPARTMENTS)


def _name(page: Page, code: str) -> str:
    found = page.roll_up.company.find(code)
    return one_line(found.name if found else code, LONGEST_NAME)


def write_matrix(page: Page, sheet: Any, rows: Rows) -> None:
    """The sheet of the matrix: a task a row, its positions in words, a column for each department."""
    report = page.book.report("matrix")
    codes = _departments(page, rows)
    fixed = len(report.columns)
    last = fixed + max(len(codes), 1) - 1
    write_top(page, sheet, report.heading.to(page.lang), report.hint.to(page.lang), last)
    for index, column in enumerate(report.columns):
        sheet.set_column(index, index, column.width)
        write_value(sheet, HEADER_ROW, index, column.title.to(page.lang), page.styles.header())
    names = [_name(page, code) for code in codes]
    # 270 stands for letters one below the other: how Chinese reads upright.
    upright = page.styles.header(rotation=270 if page.lang == "zh" else 90)
    sheet.set_row(HEADER_ROW, max([40.0, *(display_width(name) * 7 + 8 for name in names)]))
    sheet.set_column(fixed, last, WIDTH)
    for index, name in enumerate(names):
        write_value(sheet, HEADER_ROW, fixed + index, fit_text(name), upright)
    before: object = None
    for offset, row in enumerate(rows):
        parted = offset and row["department"] != before
        before = row["department"]
        _write_row(
            page, sheet, FIRST_ROW + offset, row, codes, {"top": 1, "top_color": STEEL} if parted else {}
        )
    if rows:
        sheet.autofilter(HEADER_ROW, 0, last_row(rows), fixed - 1)
    else:
        write_nothing(page, sheet, FIRST_ROW, last)
    sheet.freeze_panes(FIRST_ROW, 1)
    set_print(page, sheet)
    sheet.repeat_rows(HEADER_ROW)
    sheet.print_area(HEADING_ROW, 0, last_row(rows), last)


def _write_row(page: Page, sheet: Any, at: int, row: Row, codes: Sequence[str], look: dict[str, Any]) -> None:
    columns = page.book.report("matrix").columns
    for index, column in enumerate(columns):
        write_cell(page, sheet, at, (index, index), column, row, **look)
    lines = max(cell_lines(page, column, row, column.width) for column in columns)
    sheet.set_row(at, row_height(lines))
    for index, code in enumerate(codes):
        letter = row["roles"].get(code)
        style = page.styles.get(**{**BORDER, **look, **LOOKS.get(str(letter), {})}, align="center")
        write_value(sheet, at, len(columns) + index, letter, style)
