"""What stands in the input cells of a laid-out workbook, from typed data."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from planbook.layout.places import LABEL_MARK, Layout, SheetLayout
from planbook.plan import Plan, PlanRow, Value
from planbook.spec import Column, Kind, Place
from planbook.values import Nil, Span

CellValue = str | float | bool | date | None
SettingValue = str | float | bool | date | tuple[date, ...] | None
LISTS = ""  # the sheet key of the hidden sheet of lists

FIRST_DAY = date(1900, 1, 1)  # Excel has no serial for a day before it
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # what XML cannot hold


@dataclass(frozen=True, slots=True)
class InputCell:
    """An input cell: sheet key, 0-based row and column, and what stands in it."""

    sheet: str
    row: int
    column: int
    value: CellValue


def input_cells(
    layout: Layout, plan: Plan, settings: Mapping[str, SettingValue], department: str = ""
) -> Iterator[InputCell]:
    """Every input cell that holds something: rows, cells above tables, settings, lists.

    `department` is the code that fills defaults of ``{department}``.  Values are as a workbook
    can hold them, so that what is stored and what is computed from it agree.
    """
    for cell in _all_cells(layout, plan, settings, department):
        value = fit_value(cell.value)
        if value is not None:
            yield cell if value is cell.value else replace(cell, value=value)


def fit_value(value: CellValue) -> CellValue:
    """The value as a cell can hold it.

    Text loses what XML cannot hold, a day before 1900 becomes text, and what is no finite number
    nothing at all.
    """
    if isinstance(value, str):
        return UNFIT.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, date) and value < FIRST_DAY:
        return value.isoformat()
    return value


def _all_cells(
    layout: Layout, plan: Plan, settings: Mapping[str, SettingValue], department: str
) -> Iterator[InputCell]:
    for cell in layout.list_cells:
        if not cell.formula:
            yield InputCell(LISTS, cell.row, cell.column, cell.value)
    yield from _setting_cells(layout, settings)
    labels = {sheet.sheet.key: row_labels(layout, sheet, plan) for sheet in layout.sheets}
    for placed in layout.sheets:
        key = placed.sheet.key
        for above in placed.sheet.typed_cells:
            row, column = placed.band[above.key]
            yield InputCell(key, row, column, _plain(plan.inputs.get(above.key), layout))
        rows = {row.number: row for row in plan.rows(key)}
        for number in range(1, placed.rows + 1):
            at = placed.row(number)
            yield InputCell(key, at, 0, placed.sheet.id.of(number))
            yield from _row_cells(layout, placed, rows.get(number), at, labels, department)


def _setting_cells(layout: Layout, settings: Mapping[str, SettingValue]) -> Iterator[InputCell]:
    for key, (row, column, count) in layout.setting_cells.items():
        setting = layout.book.settings[key]
        value = settings.get(key, setting.value)
        if isinstance(value, tuple):
            for offset, day in enumerate(value[:count]):
                yield InputCell(LISTS, row + offset, column, day)
        elif setting.list and isinstance(value, str):
            yield InputCell(LISTS, row, column, layout.item_title(setting.list, value))
        elif value is not None:
            yield InputCell(LISTS, row, column, value)


def _row_cells(
    layout: Layout,
    placed: SheetLayout,
    row: PlanRow | None,
    at: int,
    labels: Mapping[str, Mapping[str, str]],
    department: str,
) -> Iterator[InputCell]:
    for place in placed.columns:
        column = place.column
        if column.calculated:
            continue
        value = row.get(column.key) if row else None
        if value is None and (row is not None or column.place is not Place.VIRTUAL):
            value = default_value(column, department)
        shown = show_value(layout, column, value, labels)
        if shown is not None:
            yield InputCell(placed.sheet.key, at, place.index, shown)


def default_value(column: Column, department: str) -> Value:
    """What a column holds before anyone types: an item's key, or the workbook's department."""
    return department or None if column.default == "{department}" else column.default


def row_labels(layout: Layout, placed: SheetLayout, plan: Plan) -> Mapping[str, str]:
    """The labels ``G001｜name`` of a sheet's rows by id, for every column links may name."""
    wanted = {
        column.link.label
        for sheet in layout.book.sheets
        for column in sheet.columns
        if column.link and column.link.sheet == placed.sheet.key
    }
    labels = {}
    for row in plan.rows(placed.sheet.key):
        ident = placed.sheet.id.of(row.number)
        for key in wanted:
            labels[ident] = f"{ident}{LABEL_MARK}{row.get(key) or ''}"
    return labels


def show_value(
    layout: Layout, column: Column, value: Value, labels: Mapping[str, Mapping[str, str]]
) -> CellValue:
    """What a cell of `column` shows for `value` in the layout's language."""
    if column.kind is Kind.CHOICE and isinstance(value, str):
        return layout.item_title(column.list, value)
    if column.link and isinstance(value, str):
        return labels.get(column.link.sheet, {}).get(value, value)
    return _plain(value, layout)


def _plain(value: Value, layout: Layout) -> CellValue:
    if isinstance(value, Nil):
        return layout.label("nil_value")
    if isinstance(value, Span):
        return show_span(value, layout.lang)
    if isinstance(value, bool):  # to LibreOffice a number, to Excel none: text is the same to all
        return "TRUE" if value else "FALSE"
    return value


def show_span(span: Span, lang: str) -> str:
    """A span as planners write it: whole months of one year in short, else both dates."""
    whole = span.start.day == 1 and (span.finish + timedelta(days=1)).day == 1
    if lang == "zh" and whole and span.start.year == span.finish.year:
        return f"{span.start.year}年{span.start.month}-{span.finish.month}月"
    between = " 至 " if lang == "zh" else " ~ "
    return f"{span.start.isoformat()}{between}{span.finish.isoformat()}"
