"""Data validations: dropdowns, and what may be typed into a cell.

Texts keep to what Excel shows: titles of 32 characters, prompts of 255, errors of 224.
"""

from __future__ import annotations

from typing import Any

from planbook.layout import (
    FIRST_DATE,
    FIRST_ROW,
    FORBIDDEN_LIST,
    LAST_DATE,
    Layout,
    PlacedColumn,
    SheetLayout,
    column_letter,
    has_unit_cell,
    list_name,
)
from planbook.spec import Column, Kind


def add_validation(sheet: Any, layout: Layout, placed: SheetLayout, at: PlacedColumn) -> None:
    """Add the dropdown or the rule that Excel holds typing into a column against."""
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
        return date_rule(
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
    if column.kind is Kind.PERCENT or (column.kind is Kind.QUANTITY and has_unit_cell(placed, column)):
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


def _after_cell(placed: SheetLayout, column: Column) -> str:
    return f"${column_letter(placed.index(column.after))}{FIRST_ROW + 1}" if column.after else ""


def date_rule(layout: Layout, prompt: str, *, finish_of: str = "", cell: str = "") -> dict[str, Any]:
    """The rule of a date: between two centuries, and not before the start in `finish_of`."""
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
    signs = (item.title.to(layout.lang) for item in layout.list_items(FORBIDDEN_LIST))
    conditions = [f'ISERROR(FIND("{sign}",{cell}))' for sign in signs]
    if at.column.longest:
        conditions.append(f"LEN({cell})<={at.column.longest}")
    if at.column.unique:
        letter = at.letter
        column = f"${letter}${placed.first_row + 1}:${letter}${placed.last_row + 1}"
        conditions.append(f"SUMPRODUCT(--({column}={cell}))<=1")
    message = layout.book.label("error_name", layout.lang)
    return {"validate": "custom", "value": f"=AND({','.join(conditions)})", "error_message": message}
