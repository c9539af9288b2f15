"""Writing single cells and page set-up: what every sheet of a workbook shares."""

from __future__ import annotations

import math
import re
import unicodedata
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from planbook.calc import Cells
from planbook.layout import Layout
from planbook.layout.cells import CellValue, SettingValue
from planbook.layout.manifest import Issue
from planbook.problems import OutputError, explain_os_error, say
from planbook.writer.shared import TableWorksheet
from planbook.writer.styles import FONT

LONGEST_TEXT = 32767
ESCAPED = re.compile("_x[0-9A-Fa-f]{4}_")  # stands for a character in the file, so it is escaped itself
LONGEST_NAME = 80  # characters of a department's name in a page header, which holds 255 in all

WIDE = 0.9  # how much wider than a digit an East Asian character is, in the house font
OPTIONS: Mapping[str, Any] = MappingProxyType(
    {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": {"font_name": FONT, "font_size": 10, "font_scheme": ""},
    }
)
PROTECTION = {
    "format_columns": True,
    "format_rows": True,
    "autofilter": True,
    "objects": True,
    "insert_hyperlinks": True,
}


@dataclass(frozen=True)
class Content:
    """What goes into one workbook: the issue, its layout, inputs and computed values by cell."""

    layout: Layout
    issue: Issue
    settings: Mapping[str, SettingValue]
    inputs: Mapping[tuple[str, int, int], CellValue]
    values: Cells


@contextmanager
def new_workbook(path: Path) -> Iterator[Any]:
    """An xlsxwriter workbook in the house font, written to `path` when the block ends.

    Raises OutputError when it cannot be written, or when xlsxwriter would leave something out:
    it only warns of that.
    """
    workbook = xlsxwriter.Workbook(str(path), dict(OPTIONS))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", module="xlsxwriter")
            workbook.worksheet_class = TableWorksheet
            yield workbook
            workbook.close()
    except (OSError, XlsxWriterException, UserWarning) as error:
        causes = (cause for cause in (error, *error.args) if isinstance(cause, OSError))
        reason = next(map(explain_os_error, causes), str(error))
        raise OutputError(say("not_written", path=path, reason=reason)) from error


def write_value(sheet: Any, row: int, column: int, value: CellValue, style: Any) -> None:
    """Write a typed value; text is always text, whatever it starts with."""
    if value is None:
        sheet.write_blank(row, column, None, style)
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value, style)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, style)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, style)
    else:
        _write_text(sheet, row, column, value, style)


def _write_text(sheet: Any, row: int, column: int, text: str, style: Any) -> None:
    if len(text.encode("utf-16-le")) // 2 > LONGEST_TEXT:  # as Excel counts: an emoji is two
        raise OutputError(say("text_too_long", count=len(text)))
    if text.startswith("<r>") and text.endswith("</r>"):  # xlsxwriter would take it for its own markup
        sheet.write_rich_string(row, column, style, text[:1], style, text[1:], style)
    else:
        sheet.write_string(row, column, text, style)


def write_formula(sheet: Any, row: int, column: int, formula: str, style: Any, value: CellValue) -> None:
    """Write a formula with the value computed for it."""
    sheet.write_formula(row, column, formula, style, _stored(value))


def write_formulas(
    sheet: TableWorksheet, rows: range, column: int, template: str, style: Any, values: Sequence[CellValue]
) -> None:
    """Write one formula into 0-based `rows` of a column, each with the value computed for it."""
    sheet.write_shared(rows, column, template, style, [_stored(value) for value in values])


def _stored(value: CellValue) -> CellValue:
    return ESCAPED.sub(r"_x005F\g<0>", value) if isinstance(value, str) else value


def count_lines(text: str, width: float) -> int:
    """The lines a wrapped text takes in a column of `width` characters; a wide one counts as two."""
    return sum(max(1, math.ceil(text_width(line) / max(1.0, width - 2))) for line in text.split("\n"))


def text_width(text: str) -> float:
    """The width of a line in characters: Chinese ones are nearly twice as wide as digits."""
    wide = sum(unicodedata.east_asian_width(sign) in "WFA" for sign in text)
    return len(text) + WIDE * wide


def set_print(sheet: Any, layout: Layout, issue: Issue, *, pages: int = 0) -> None:
    """A4 landscape, one page wide and `pages` high (0: any); year and department above, pages below."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, pages)
    sheet.center_horizontally()
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    left = layout.book.label("header_left", layout.lang).format(year=issue.year)
    # A doubled & would print one, but xlsxwriter still takes &&G for a picture.
    name = issue.department_name.replace("&", "＆")[:LONGEST_NAME]
    sheet.set_header(f'&L&"{FONT}"&9 {left}&R&"{FONT}"&9 {name}')
    sheet.set_footer(f'&L&9 &A&C&"{FONT}"&9 {layout.book.label("page", layout.lang)}')
