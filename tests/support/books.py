"""The planner's workbooks that every judge gets: both books, both languages, in three states."""

from __future__ import annotations

from datetime import date
from functools import cache
from itertools import product
from pathlib import Path

from planbook.calc import Calculator
from planbook.plan import Plan
from planbook.writer import write_workbook
from tests.support.plans import (
    FILLED_ROWS,
    compile_book,
    half_plan,
    issue_of,
    make_plan,
    rich_plan,
    settings_for,
)

AS_OF = date(2024, 10, 10)
VARIANTS = tuple(product(("annual_plan", "classic"), ("zh", "en")))
STATES = ("blank", "half", "full")
Variant = tuple[str, str, str]  # book, language, state
ALL: tuple[Variant, ...] = tuple((book, lang, state) for book, lang in VARIANTS for state in STATES)


@cache
def compiled(book: str, lang: str, *, whole: bool = False) -> Calculator:
    """A book laid out with few rows, or with all of those it has by itself."""
    return compile_book(book, lang, None if whole else FILLED_ROWS)


def plan_in(state: str, book: str) -> Plan:
    """What a workbook of `book` holds in a state."""
    if state == "blank":
        return make_plan({}, {"as_of": AS_OF})
    return (half_plan if state == "half" else rich_plan)(book, as_of=AS_OF)


@cache
def written(folder: Path, variant: Variant) -> Path:
    """The workbook of a variant, written once per folder; a blank one has all its rows."""
    book, lang, state = variant
    calculator = compiled(book, lang, whole=state == "blank")
    path = folder / f"{'-'.join(variant)}.xlsx"
    write_workbook(path, calculator, issue_of(calculator), plan_in(state, book), settings_for())
    return path
