"""The formula engine behind one module: evaluate a laid-out workbook, or measures over rows.

IronCalc does the arithmetic.  It is given formulas of the specification only, never one from a
returned file, and data only through its typed setters, which parse nothing.
"""

from __future__ import annotations

import hashlib
import math
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import ironcalc

from planbook.calendar import from_serial, to_serial
from planbook.layout import (
    INDEX,
    META_SHEET,
    Layout,
    SheetLayout,
    cell_name,
    column_letter,
    quote_sheet,
    resolve_layout,
)
from planbook.layout.cells import LISTS, CellValue, SettingValue, fit_value, input_cells
from planbook.layout.dashboard import DASHBOARD, dashboard_formulas
from planbook.plan import Plan, PlanRow, Value
from planbook.problems import CalcError, say
from planbook.spec import Book, Column, Kind, quote_text, references, render

KEPT_MODELS = 8
KEPT_LOADED, MOST_SERVED = 4, 50
_COMPILED: dict[bytes, bytes] = {}  # compiled models by what went into them
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


class CellError(str):
    """An error value such as ``#DIV/0!``: a text of its own type."""

    __slots__ = ()


Cells = dict[tuple[str, int, int], CellValue]
Numbers = dict[str, tuple[int, ...]]


class Calculator:
    """A laid-out workbook compiled once and evaluated for many plans.

    Formulas of every column stand in the model, those of virtual columns too.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        page = layout.book.dashboard
        titles = {LISTS: layout.lists_title, INDEX: layout.index_title}
        titles |= {placed.sheet.key: placed.title for placed in layout.sheets}
        titles |= {DASHBOARD: page.title.to(layout.lang)} if page else {}
        self._titles = tuple(titles.values())
        self._sheets = {key: number for number, key in enumerate(titles)}
        self._formulas = (*layout.formula_cells(), *dashboard_formulas(layout))
        self._compiled = self._compile()

    def _compile(self) -> bytes:
        """The compiled bytes; layouts that differ only in lists no formula names share them."""
        formulas = "\n".join(f"{s} {r} {c} {f}" for s, r, c, f in self._formulas)
        used = frozenset(_WORD.findall(formulas))
        names = [n for n in self.layout.names if n.name in used and not n.validation]
        titles = self._titles
        key = hashlib.sha256(repr((formulas, names, titles)).encode()).digest()
        if key not in _COMPILED:
            model = ironcalc.create("planbook", "en", "UTC", "en")
            model.rename_sheet(0, titles[0])
            for title in titles[1:]:
                model.add_sheet(title)
            for name in names:
                model.new_defined_name(name.name, None, name.target)
            for sheet, row, column, formula in self._formulas:
                model.update_cell_with_formula(self._sheets[sheet], row + 1, column + 1, formula)
            while len(_COMPILED) >= KEPT_MODELS:
                _COMPILED.pop(next(iter(_COMPILED)))
            _COMPILED[key] = bytes(model.to_bytes())
        return _COMPILED[key]

    def evaluate(self, plan: Plan, settings: Mapping[str, SettingValue], department: str = "") -> Cells:
        """The value of every formula cell by (sheet key, row, column), 0-based.

        Dates come back as serial numbers, blanks as ``""``; an error value is a `CellError`.
        """
        inputs = input_cells(self.layout, plan, settings, department)
        return self._evaluate({(cell.sheet, cell.row, cell.column): cell.value for cell in inputs})

    def evaluate_stored(
        self, stored: StoredCells, settings: Mapping[str, SettingValue], department: str
    ) -> Cells:
        """The same for cells as a file has them."""
        return self._evaluate(_stored_inputs(self.layout, stored, settings, department))

    def _evaluate(self, cells: Cells) -> Cells:
        model = _evaluated(self._compiled, self._sheets, cells)
        return {
            (sheet, row, column): _take(model, self._sheets[sheet], row + 1, column + 1)
            for sheet, row, column, _ in self._formulas
        }

    def with_items(self, layout: Layout) -> Calculator:
        """The calculator of a layout that differs in nothing but the words its lists hold."""
        other = copy(self)
        other.layout = layout
        return other


@dataclass(frozen=True)
class Calculated:
    """The computed side of a plan, as typed values by sheet, row number and column key.

    `due` holds the cells required although their column is not always so, `broken` sheet, row and key
    of every rule that a row breaks, `totals` what stands above tables.
    """

    rows: Mapping[str, Mapping[int, Mapping[str, Value]]]
    due: frozenset[tuple[str, int, str]]
    broken: frozenset[tuple[str, int, str]] = frozenset()
    totals: Mapping[str, CellValue] = field(default_factory=dict)

    def get(self, sheet: str, number: int, key: str) -> Value:
        """A computed value; None where it is blank."""
        return self.rows.get(sheet, {}).get(number, {}).get(key)


def calculate_plan(
    book: Book, plan: Plan, settings: Mapping[str, SettingValue], *, lang: str = ""
) -> Calculated:
    """Every calculated column of a plan that was read, virtual ones included.

    Choices come back as keys, dates as dates, blanks as None.  An error value, which no formula
    of a sound specification gives, comes back as None too.  Texts are put together in `lang`, the
    book's first language by default.
    """
    numbers = {sheet.key: tuple(row.number for row in plan.rows(sheet.key)) for sheet in book.sheets}
    return _model_for(book, numbers, settings, lang).calculate(plan, settings)


@dataclass(frozen=True)
class StoredCells:
    """Input cells as a file has them: by sheet, row number and column key, and those above tables.

    A choice is the title in `lang`, blank is None; what is not named here holds its default.
    """

    lang: str
    rows: Mapping[str, Mapping[int, Mapping[str, CellValue]]]
    inputs: Mapping[str, CellValue]


def calculate_stored(book: Book, stored: StoredCells, settings: Mapping[str, SettingValue]) -> Calculated:
    """What the workbook's own formulas give for its cells as they are, text in a number cell included."""
    numbers = {sheet.key: tuple(stored.rows.get(sheet.key, ())) for sheet in book.sheets}
    return _model_for(book, numbers, settings, stored.lang).calculate_stored(stored, settings)


def _model_for(
    book: Book, numbers: Mapping[str, Sequence[int]], settings: Mapping[str, SettingValue], lang: str
) -> _RowModel:
    many = {key: max(1, len(value)) for key, value in settings.items() if isinstance(value, tuple)}
    shape = tuple(rows_to_compute(book, numbers).items()), tuple(sorted(many.items()))
    lang = lang or book.languages[0]
    return _row_model(book.name, book.sha256, lang, *shape, _Hidden(book))


@dataclass(frozen=True)
class _Condition:
    """A formula that is true for some rows of a table: of a cell that is required then, or of a rule."""

    placed: SheetLayout
    key: str
    formula: str
    index: int
    is_rule: bool

    @property
    def sheet(self) -> str:
        return self.placed.sheet.key


def _conditions(placed: SheetLayout) -> Iterator[tuple[str, str, bool]]:
    """Key and formula of every condition of a table, and whether it is a rule's."""
    for column in placed.sheet.columns:
        if isinstance(column.required, str):
            yield column.key, column.required, False
    for rule in placed.sheet.rules:
        yield rule.key, rule.when, True


class _Loaded(threading.local):
    """The loaded models of one thread, with the cells put into each and how often it served."""

    def __init__(self) -> None:
        self.models: dict[bytes, tuple[Any, list[tuple[int, int, int]], int]] = {}


_LOADED = _Loaded()


def _evaluated(compiled: bytes, sheets: Mapping[str, int], cells: Cells) -> Any:
    """The model with these input cells, evaluated; what stood in others is cleared.

    Loading costs more than evaluating, so a model serves several plans; not too many, since it keeps every
    text it was given.
    """
    model, old, served = _LOADED.models.pop(compiled, (None, [], 0))
    if model is None or served >= MOST_SERVED:
        model, old, served = ironcalc.load_from_bytes(compiled, "en"), [], 0
    places = {
        (sheets[sheet], row + 1, column + 1): value
        for (sheet, row, column), value in cells.items()
        if not (value is None or (isinstance(value, float) and not math.isfinite(value)))
    }
    for place in old:
        if place not in places:
            model.clear_cell_contents(*place)
    for place, value in places.items():
        _put(model, *place, value)
    model.evaluate()
    while len(_LOADED.models) >= KEPT_LOADED:
        _LOADED.models.pop(next(iter(_LOADED.models)))
    _LOADED.models[compiled] = model, list(places), served + 1
    return model


class _RowModel:
    """The tables alone, without pages and dropdowns, and the conditions of required cells."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        keys = (LISTS, *(placed.sheet.key for placed in layout.sheets))
        self._sheets = {key: number for number, key in enumerate(keys)}
        self._conditions = [
            _Condition(placed, key, formula, placed.columns[-1].index + 1 + position, is_rule)
            for placed in layout.sheets
            for position, (key, formula, is_rule) in enumerate(_conditions(placed))
        ]
        model = ironcalc.create("planbook", "en", "UTC", "en")
        model.rename_sheet(0, layout.lists_title)
        for placed in layout.sheets:
            model.add_sheet(placed.title)
        for name in layout.names:
            if not name.validation and META_SHEET not in name.target:
                model.new_defined_name(name.name, None, name.target)
        for sheet, row, column, formula in layout.table_formulas(checks=False):
            model.update_cell_with_formula(self._sheets[sheet], row + 1, column + 1, formula)
        for condition in self._conditions:
            placed = condition.placed
            for row in range(placed.first_row, placed.last_row + 1):
                formula = layout.formula(placed.sheet.key, condition.formula, row)
                sheet_number = self._sheets[placed.sheet.key]
                model.update_cell_with_formula(sheet_number, row + 1, condition.index + 1, formula)
        self._compiled = bytes(model.to_bytes())
        self._last: tuple[Cells, Numbers, Calculated] | None = None

    def calculate(self, plan: Plan, settings: Mapping[str, SettingValue]) -> Calculated:
        """What the formulas give for typed data."""
        cells = {
            (cell.sheet, cell.row, cell.column): cell.value
            for cell in input_cells(self.layout, plan, settings)
        }
        numbers = {p.sheet.key: tuple(r.number for r in plan.rows(p.sheet.key)) for p in self.layout.sheets}
        return self._evaluate(cells, numbers)

    def calculate_stored(self, stored: StoredCells, settings: Mapping[str, SettingValue]) -> Calculated:
        """What the formulas give for cells as they stand."""
        numbers = {p.sheet.key: tuple(stored.rows.get(p.sheet.key, ())) for p in self.layout.sheets}
        return self._evaluate(_stored_inputs(self.layout, stored, settings), numbers)

    def _evaluate(self, cells: Cells, numbers: Numbers) -> Calculated:
        """The values for these input cells; the last ones are kept, since a clean workbook asks twice."""
        cells = {place: _number_of_day(value) for place, value in cells.items()}
        if self._last is not None and self._last[:2] == (cells, numbers):
            return self._last[2]
        model = _evaluated(self._compiled, self._sheets, cells)
        rows = {
            placed.sheet.key: {
                number: self._row(model, placed, number) for number in numbers[placed.sheet.key]
            }
            for placed in self.layout.sheets
        }
        due, broken = (
            frozenset(
                (condition.sheet, number, condition.key)
                for condition in self._conditions
                for number in numbers[condition.sheet]
                if condition.is_rule is is_rule and self._holds(model, condition, number)
            )
            for is_rule in (False, True)
        )
        totals = {
            total.key: _take(
                model, self._sheets[placed.sheet.key], *(at + 1 for at in placed.band[total.key])
            )
            for placed in self.layout.sheets
            for total in placed.sheet.totals
        }
        self._last = (cells, numbers, Calculated(rows, due, broken, totals))
        return self._last[2]

    def _holds(self, model: Any, condition: _Condition, number: int) -> bool:
        row = condition.placed.row(number) + 1
        return _take(model, self._sheets[condition.sheet], row, condition.index + 1) is True

    def _row(self, model: Any, placed: SheetLayout, number: int) -> Mapping[str, Value]:
        sheet, row = self._sheets[placed.sheet.key], placed.row(number) + 1
        return {
            at.column.key: self._typed(at.column, _take(model, sheet, row, at.index + 1))
            for at in placed.columns
            if at.column.calculated and not at.column.check
        }

    def _typed(self, column: Column, value: CellValue) -> Value:
        if value == "" or isinstance(value, CellError):
            return None
        if column.kind is Kind.DATE and isinstance(value, float):
            return _day_or_number(value)
        if column.list and isinstance(value, str):
            titles = {
                item.title.to(self.layout.lang): item.key for item in self.layout.list_items(column.list)
            }
            return titles.get(value, value)
        return value


def _stored_inputs(
    layout: Layout, stored: StoredCells, settings: Mapping[str, SettingValue], department: str = ""
) -> Cells:
    """The input cells of a workbook that a file fills in: as issued where the file says nothing of them."""
    blank = {sheet: tuple(PlanRow(number, {}) for number in rows) for sheet, rows in stored.rows.items()}
    cells = {
        (cell.sheet, cell.row, cell.column): cell.value
        for cell in input_cells(layout, Plan(blank), settings, department)
    }
    for placed in layout.sheets:
        key = placed.sheet.key
        given = {
            (key, placed.row(number), placed.index(column)): value
            for number, row in stored.rows.get(key, {}).items()
            for column, value in row.items()
        }
        given |= {(key, *placed.band[cell.key]): stored.inputs.get(cell.key) for cell in placed.sheet.inputs}
        for place, value in given.items():
            fitting = fit_value(value)
            if fitting is None or fitting == "":
                cells.pop(place, None)
            else:
                cells[place] = fitting
    return cells


def rows_to_compute(book: Book, numbers: Mapping[str, Iterable[int]]) -> dict[str, int]:
    """How many rows of each sheet to compute for these, so that few models serve all workbooks."""
    sizes: dict[str, int] = {}
    for sheet in book.sheets:  # a sheet that mirrors another has as many rows as that
        source = sheet.mirrors or sheet.key
        sizes[source] = max(sizes.get(source, 0), _bucket(max(numbers.get(sheet.key, ()), default=1)))
    return sizes


def _day_or_number(serial: float) -> date | float:
    """The day of a serial; what people typed into a date may be any number, and stays one."""
    try:
        day = from_serial(serial)
    except ValueError:
        return serial
    return day.date() if isinstance(day, datetime) else day


@dataclass(frozen=True)
class _Hidden:
    """A book that takes no part in a cache's key: its name and hash do."""

    book: Book

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hidden)


@lru_cache(maxsize=32)
def _row_model(
    name: str,
    sha256: str,
    lang: str,
    sizes: tuple[tuple[str, int], ...],
    many: tuple[tuple[str, int], ...],
    book: _Hidden,
) -> _RowModel:
    layout = resolve_layout(book.book, lang=lang, rows=dict(sizes), many=dict(many))
    return _RowModel(layout)


def _bucket(rows: int) -> int:
    """The number of rows to compile for, so that a few models serve all plans."""
    return 1 << max(3, (rows - 1).bit_length())


def evaluate_measures(
    book: Book,
    measures: Sequence[str],
    columns: Mapping[str, Sequence[CellValue]],
    settings: Mapping[str, SettingValue],
) -> dict[str, list[CellValue]]:
    """Measures of `book` over rows given as columns by argument name, all of one length.

    A measure may take another of the list as its argument.  Choices go in and come out as the
    keys of their items.  Raises CalcError when an argument is neither given nor computed.
    """
    length = max((len(values) for values in columns.values()), default=0)
    order = {name: index + 1 for index, name in enumerate((*columns, *measures))}
    for measure in measures:
        for name in references(book.measures[measure].formula):
            if name not in order:
                raise CalcError(say("measure_lacks", name=measure, argument=name))
    model = ironcalc.create("measures", "en", "UTC", "en")
    _define_settings(model, book, settings)
    for name, values in columns.items():
        for row, value in enumerate(values, 1):
            _put(model, 0, row, order[name], value)
    for measure in measures:
        template = render(
            book.measures[measure].formula,
            reference=lambda text: f"${column_letter(order[text] - 1)}\x00",
            name=lambda text: quote_text(text.split(".", 1)[1]) if "." in text else cell_name(text),
        )
        for row in range(1, length + 1):
            model.update_cell_with_formula(0, row, order[measure], "=" + template.replace("\x00", str(row)))
    model.evaluate()
    return {m: [_take(model, 0, row, order[m]) for row in range(1, length + 1)] for m in measures}


def evaluate_text(formula: str) -> CellValue:
    """The value of one formula of the specification whose figures stand in place of its references.

    Raises CalcError where it has none: an error value, or a name that is not a function.
    """
    model = ironcalc.create("text", "en", "UTC", "en")
    model.update_cell_with_formula(0, 1, 1, f"={formula}")
    model.evaluate()
    value = _take(model, 0, 1, 1)
    if isinstance(value, CellError):
        raise CalcError(say("formula_gives", formula=formula, value=value))
    return value


def _define_settings(model: Any, book: Book, settings: Mapping[str, SettingValue]) -> None:
    model.add_sheet("settings")
    inputs = [cell.key for sheet in book.sheets for cell in sheet.typed_cells]
    for column, key in enumerate((*book.settings, *inputs), 1):
        default = book.settings[key].value if key in book.settings else None
        value = settings.get(key, default)
        many = value if isinstance(value, tuple) else (value,)
        for row, item in enumerate(many, 1):
            _put(model, 1, row, column, item)
        letter = column_letter(column - 1)
        # ISNUMBER and the like want a single cell where the setting is one.
        last = f":${letter}${max(1, len(many))}" if isinstance(value, tuple) else ""
        target = f"{quote_sheet('settings')}!${letter}$1{last}"
        model.new_defined_name(cell_name(key), None, target)


def _number_of_day(value: CellValue) -> CellValue:
    """A day as the number a cell stores, so that equal cells compare equal."""
    return float(to_serial(value)) if isinstance(value, date) else value


def _put(model: Any, sheet: int, row: int, column: int, value: CellValue) -> None:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return
    if isinstance(value, bool):
        model.update_cell_with_bool(sheet, row, column, value)
    elif isinstance(value, date):
        model.update_cell_with_number(sheet, row, column, float(to_serial(value)))
    elif isinstance(value, int | float):
        model.update_cell_with_number(sheet, row, column, float(value))
    else:
        model.update_cell_with_text(sheet, row, column, str(value))


def _take(model: Any, sheet: int, row: int, column: int) -> CellValue:
    value = model.get_cell_value(sheet, row, column)
    if model.get_cell_type(sheet, row, column) == ironcalc.CellType.ErrorValue:
        return CellError(value)
    return "" if value is None else value
