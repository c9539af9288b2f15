"""How the figures are made: the thresholds in force, every measure in words, the rules of the roll-up."""

from __future__ import annotations

from typing import Any

from planbook.layout import cell_address, cell_name, quote_sheet
from planbook.reports.place import FIRST_ROW, HEADER_ROW, HEADING_ROW
from planbook.reports.sheets import (
    BORDER,
    Page,
    fit_text,
    lines_of,
    row_height,
    set_print,
    write_section,
    write_top,
)
from planbook.reports.words import method_texts, rule_texts
from planbook.spec import Kind
from planbook.spec.models import Setting
from planbook.writer.cells import write_value
from planbook.writer.styles import NAVY, PALE, WHOLE_PERCENT


def write_methods(page: Page, sheet: Any) -> None:
    """The sheet of methods; each threshold's cell has a name, and the formulas read it there."""
    report = page.book.report("methods")
    last = len(report.columns) - 1
    write_top(page, sheet, report.heading.to(page.lang), report.hint.to(page.lang), last)
    sheet.set_row(HEADER_ROW, row_height(1))
    for index, column in enumerate(report.columns):
        sheet.set_column(index, index, column.width)
        write_value(sheet, HEADER_ROW, index, column.title.to(page.lang), page.styles.header())
    row = _write_settings(page, sheet)
    row = _write_texts(
        page,
        sheet,
        row,
        "methods_measures",
        [(each.name, each.text) for each in method_texts(page.book, page.lang)],
    )
    rules = [("", text) for text in rule_texts(page.book, page.lang)]
    row = _write_texts(page, sheet, row, "methods_rules", rules)
    sheet.freeze_panes(FIRST_ROW, 0)
    set_print(page, sheet)
    sheet.print_area(HEADING_ROW, 0, row - 1, last)


def _write_settings(page: Page, sheet: Any) -> int:
    text = page.styles.get(**BORDER, indent=1, text_wrap=True)
    row = FIRST_ROW
    for key, setting in page.book.settings.items():
        if setting.many or setting.kind is Kind.DATE:
            continue
        value, number = _setting_value(page, key, setting)
        style = page.styles.get(
            **BORDER, align="center", bold=True, font_color=NAVY, bg_color=PALE, num_format=number
        )
        write_value(sheet, row, 0, setting.title.to(page.lang), text)
        write_value(sheet, row, 1, value, style)
        write_value(sheet, row, 2, page.label("methods_setting").format(name=cell_name(key)), text)
        sheet.set_row(row, row_height(1))
        target = f"{quote_sheet(page.title('methods'))}!{cell_address(row, 1, absolute=True)}"
        page.workbook.define_name(cell_name(key), f"={target}")
        row += 1
    return row + 1


def _setting_value(page: Page, key: str, setting: Setting) -> tuple[str | float, str]:
    value = page.roll_up.settings.get(key, setting.value)
    if setting.kind is Kind.CHOICE:
        return page.book.list_title(setting.list, str(value), page.lang), "General"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value), _percent_format(float(value)) if setting.kind is Kind.PERCENT else "General"
    return str(value or ""), "General"


def _percent_format(value: float) -> str:
    """As many decimals as the percentage needs, so that no threshold shows as another."""
    digits = f"{value * 100:.6f}".rstrip("0").partition(".")[2]
    return f"0.{'0' * len(digits)}%" if digits else WHOLE_PERCENT


def _write_texts(page: Page, sheet: Any, row: int, label: str, texts: list[tuple[str, str]]) -> int:
    report = page.book.report("methods")
    write_section(page, sheet, row, page.label(label), len(report.columns) - 1)
    bold = page.styles.get(**BORDER, indent=1, bold=True, text_wrap=True)
    plain = page.styles.get(**BORDER, indent=1, text_wrap=True)
    width = sum(column.width for column in report.columns[1:])
    for offset, (name, text) in enumerate(texts, 1):
        at = row + offset
        first = 1 if name else 0
        if name:
            write_value(sheet, at, 0, name, bold)
        sheet.merge_range(at, first, at, len(report.columns) - 1, "", plain)
        write_value(sheet, at, first, fit_text(text), plain)
        sheet.set_row(at, row_height(lines_of(text, width)))
    return row + len(texts) + 2
