"""Are the formula cells what they should be: there, as issued, and with the value they give?

The workbook is computed afresh from its cells as they are stored, with its own date and settings,
and put beside the values it stores.  Reports never use those; a difference means that somebody
typed over a formula, or that phones and previews show something else than planbook reports.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from planbook.calc import Calculated, StoredCells, calculate_plan, calculate_stored
from planbook.calendar import to_serial
from planbook.layout import cell_place, column_letter
from planbook.layout.cells import CellValue, SettingValue
from planbook.plan import Plan, PlanRow, Value
from planbook.problems import Code, Location, Problem, Words, list_words, say
from planbook.reader.columns import Table
from planbook.reader.facts import NO_FACTS, SheetFacts
from planbook.reader.rows import match_item
from planbook.reader.submission import SheetSource
from planbook.spec import Book, Column, Item, Kind, Sheet, references
from planbook.spec.formulas import names

TOLERANCE = 1e-9  # of the larger of two numbers: programs round the last digits differently
SNAP = 1e-12  # what a spreadsheet takes for zero
FIRST_YEAR = 1900  # Excel has no day before it
Spot = tuple[str, int, str]  # sheet key, row number, column key


@dataclass(frozen=True)
class Stored:
    """A workbook's tables with what its file says of their cells."""

    book: Book
    lang: str
    items: Mapping[str, tuple[Item, ...]]
    settings: Mapping[str, SettingValue]
    inputs: Mapping[str, object]
    tables: Mapping[str, Table]
    sources: Mapping[str, SheetSource]
    facts: Mapping[str, SheetFacts]
    totals: Mapping[str, str] = field(default_factory=dict)  # where the totals above tables stand
    lost: frozenset[tuple[str, str]] = frozenset()  # the columns that were issued and not found, by sheet

    def columns(self, sheet: str, *, calculated: bool) -> Iterator[Column]:
        """The columns of a table that stand in the file; those that only repeat problems left out."""
        table = self.tables[sheet]
        for column in table.sheet.columns:
            if column.calculated is calculated and not column.check and column.key in table.columns:
                yield column

    def raw(self, spot: Spot) -> object:
        """What stands in a cell: an error's text, or the value; ``""`` for a blank."""
        sheet, number, key = spot
        table, row = self.tables[sheet], self.sources[sheet].rows[number]
        index = table.columns[key]
        error = self.facts.get(table.title, NO_FACTS).errors.get((row, index))
        if error is not None:
            return error
        cells = table.grid[row] if row < len(table.grid) else ()
        return cells[index] if index < len(cells) else ""

    def formula(self, spot: Spot) -> str | None:
        """The formula of a cell, ``""`` for a shared one, None where there is none."""
        table = self.tables[spot[0]]
        return self.facts.get(table.title, NO_FACTS).formula_at(self.address(spot))

    def address(self, spot: Spot) -> str:
        """The A1 reference of a cell."""
        return self.sources[spot[0]].address(spot[1], spot[2])

    def list_of(self, column: Column) -> tuple[Item, ...]:
        """The items of a column's list, the cycle's own included."""
        return self.items.get(column.list) or self.book.lists[column.list].items


@dataclass
class _Finding:
    """A formula cell that is not as it should be."""

    code: Code
    spot: Spot
    stored: str | Words = ""
    computed: str | Words = ""


@dataclass
class _Ledger:
    """What was found so far: cells that cannot be trusted, columns they stand in, columns that are gone."""

    findings: list[_Finding] = field(default_factory=list)
    spots: set[Spot] = field(default_factory=set)
    columns: set[tuple[str, str]] = field(default_factory=set)
    lost: frozenset[tuple[str, str]] = frozenset()

    def distrust(self, spot: Spot) -> None:
        self.spots.add(spot)
        self.columns.add((spot[0], spot[2]))


def check_formulas(
    stored: Stored, rows: Mapping[str, Sequence[PlanRow]], *, values: bool = True
) -> list[Problem]:
    """One problem for every region of formula cells that are overwritten, gone, changed or stale.

    `rows` are the rows that hold anything; `values` says whether the values that the file stores are
    worth comparing.  What follows from another cell's fault is not said again.
    """
    ledger = _Ledger(lost=stored.lost)
    _check_presence(stored, ledger)
    numbers = {sheet: {row.number for row in rows.get(sheet, ())} for sheet in stored.tables}
    for finding in ledger.findings:
        numbers[finding.spot[0]].add(finding.spot[1])
    computed = calculate_stored(stored.book, stored_cells(stored, numbers), stored.settings)
    for finding in ledger.findings:
        finding.stored = _show(stored, finding.spot, _typed(stored, finding.spot))
        finding.computed = _show(stored, finding.spot, computed.get(*finding.spot))
    used = [(sheet, row.number) for sheet in stored.tables for row in rows.get(sheet, ())]
    if not values:
        return [*_regions(stored, ledger.findings), *_check_totals(stored, computed, trusted=False)]
    if _none_stored(stored, used, computed):
        return [*_regions(stored, ledger.findings), Problem(Code.VALUES_NOT_STORED)]
    _distrust_errors(stored, ledger, used)
    _check_values(stored, ledger, used, computed)
    trusted = not ledger.spots and not ledger.lost
    totals = list(_check_totals(stored, computed, trusted=trusted))
    if any(
        problem.code is Code.VALUE_STALE for problem in totals
    ):  # a row with nothing but a blank counts too
        every = stored_cells(stored, {sheet: source.rows for sheet, source in stored.sources.items()})
        computed = calculate_stored(stored.book, every, stored.settings)
        totals = list(_check_totals(stored, computed, trusted=trusted))
    return [*_regions(stored, ledger.findings), *totals]


def explain_readings(stored: Stored, plan: Plan, quarantined: frozenset[tuple[str, int]]) -> list[Problem]:
    """One problem where the workbook's figures differ from the reports' because cells hold text.

    `plan` is what was read, with the workbook's own date.
    """
    numbers = {sheet: {row.number for row in plan.rows(sheet)} for sheet in stored.tables}
    shown = calculate_stored(stored.book, stored_cells(stored, numbers), stored.settings)
    read = calculate_plan(stored.book, plan, stored.settings, lang=stored.lang)
    for sheet, table in stored.tables.items():
        for number in sorted(numbers[sheet]):
            for column in stored.columns(sheet, calculated=True):
                spot = (sheet, number, column.key)
                if (sheet, number) in quarantined or not column.visible or stored.formula(spot) is None:
                    continue
                if not same_value(shown.get(*spot), read.get(*spot)):
                    return [
                        Problem(
                            Code.READINGS_DIFFER,
                            Location(sheet=table.title, cell=stored.address(spot)),
                            _show(stored, spot, shown.get(*spot)),
                            _show(stored, spot, read.get(*spot)),
                            column.title.to(stored.lang),
                        )
                    ]
    return []


# -- formulas that are there, or not ---------------------------------------------------------


def _check_presence(stored: Stored, ledger: _Ledger) -> None:
    for sheet, source in stored.sources.items():
        formulas = stored.facts.get(source.title, NO_FACTS).formulas
        for column in stored.columns(sheet, calculated=True):
            letters = column_letter(source.columns[column.key]).encode()
            for number, row in source.rows.items():
                if b"%s%d" % (letters, row + 1) not in formulas:
                    spot = (sheet, number, column.key)
                    blank = stored.raw(spot) in ("", None)
                    code = Code.FORMULA_MISSING if blank else Code.FORMULA_OVERWRITTEN
                    ledger.findings.append(_Finding(code, spot))
                    ledger.distrust(spot)


def _distrust_errors(stored: Stored, ledger: _Ledger, used: Iterable[tuple[str, int]]) -> None:
    """Inputs that hold an error are said elsewhere, and so is what they do to formulas."""
    for sheet, number in used:
        table = stored.tables[sheet]
        errors = stored.facts.get(table.title, NO_FACTS).errors
        row = stored.sources[sheet].rows[number]
        for column in stored.columns(sheet, calculated=False) if errors else ():
            if (row, table.columns[column.key]) in errors:
                ledger.distrust((sheet, number, column.key))


def _check_totals(stored: Stored, computed: Calculated, *, trusted: bool) -> Iterator[Problem]:
    """Totals above tables: overwritten, gone, or, where all they read can be `trusted`, stale."""
    for table in stored.tables.values():
        facts = stored.facts.get(table.title, NO_FACTS)
        for total in table.sheet.totals:
            address = stored.totals.get(total.key, "")
            if not address:
                continue
            found, wanted = plain_value(_cell_at(table, address)), computed.totals.get(total.key)
            if facts.formula_at(address) is None:
                code = Code.FORMULA_MISSING if found in ("", None) else Code.FORMULA_OVERWRITTEN
            elif trusted and not same_value(found, wanted):
                code = Code.VALUE_STALE
            else:
                continue
            is_, should = (_show_as(total.kind, value) for value in (found, wanted))
            place = Location(sheet=table.title, cell=address)
            yield Problem(code, place, is_, should, total.title.to(stored.lang))


def _cell_at(table: Table, address: str) -> object:
    row, column = cell_place(address)
    cells = table.grid[row] if row < len(table.grid) else ()
    return cells[column] if column < len(cells) else ""


# -- values ----------------------------------------------------------------------------------


def stored_cells(
    stored: Stored, numbers: Mapping[str, Iterable[int]], *, as_typed: bool = False
) -> StoredCells:
    """The input cells of some rows by sheet, and those above the tables, as the engine takes them.

    `as_typed`: for an engine that has the cycle's own lists too.
    """
    rows = {
        sheet: {
            number: {
                column.key: _as_cell(stored, column, stored.raw((sheet, number, column.key)), as_typed)
                for column in stored.columns(sheet, calculated=False)
            }
            for number in sorted(found)
        }
        for sheet, found in numbers.items()
    }
    return StoredCells(stored.lang, rows, {key: plain_value(raw) for key, raw in stored.inputs.items()})


def _as_cell(stored: Stored, column: Column, raw: object, as_typed: bool) -> CellValue:
    """A cell as the engine is to have it: most often it knows the cycle's own lists by their keys alone."""
    if column.list and isinstance(raw, str) and not as_typed:
        for item in stored.list_of(column):
            if item.title.to(stored.lang) == raw:
                return stored.book.list_title(column.list, item.key, stored.lang)
    return plain_value(raw)


def plain_value(raw: object) -> CellValue:
    """A cell's value as the engine takes it; a time of day is a part of a day, as in Excel."""
    if isinstance(raw, datetime):
        if raw.year < FIRST_YEAR:
            return raw.isoformat()
        return raw.date() if raw.time() == time() else to_serial(raw) + _part_of_day(raw.time())
    if isinstance(raw, time):
        return _part_of_day(raw)
    if isinstance(raw, timedelta):
        return raw / timedelta(days=1)
    if raw is None or isinstance(raw, str | bool | float | date):
        return raw
    return float(raw) if isinstance(raw, int) else str(raw)


def _part_of_day(at: time) -> float:
    return (at.hour * 3600 + at.minute * 60 + at.second) / 86400


def _none_stored(stored: Stored, used: Iterable[tuple[str, int]], computed: Calculated) -> bool:
    """Whether the program that saved the file left every result out."""
    if any(
        address not in facts.unstored
        for source in stored.sources.values()
        for facts in [stored.facts.get(source.title, NO_FACTS)]
        for address in facts.formulas
    ):
        return False
    return any(
        computed.get(sheet, number, column.key) is not None
        for sheet, number in used
        for column in stored.columns(sheet, calculated=True)
    ) or any(computed.totals.get(key) is not None for key in stored.totals)


def _check_values(
    stored: Stored, ledger: _Ledger, used: Sequence[tuple[str, int]], computed: Calculated
) -> None:
    precedents = _precedents(stored.book)
    ranks = _ranks(precedents)
    numbers: dict[str, list[int]] = {sheet: [] for sheet in stored.tables}
    for sheet, number in used:
        numbers[sheet].append(number)
    columns = [(s, c) for s in stored.tables for c in stored.columns(s, calculated=True)]
    patterns: dict[tuple[str, str], str] = {}
    for sheet, column in sorted(columns, key=lambda item: ranks[item[0], item[1].key]):
        for number in numbers[sheet]:
            spot = (sheet, number, column.key)
            if spot in ledger.spots:
                continue
            found, wanted = _typed(stored, spot), computed.get(*spot)
            if same_value(found, wanted):
                continue
            if not _follows(spot, precedents[sheet, column.key], ledger):
                code = Code.FORMULA_CHANGED if _is_changed(stored, spot, patterns) else Code.VALUE_STALE
                ledger.findings.append(
                    _Finding(code, spot, _show(stored, spot, found), _show(stored, spot, wanted))
                )
            ledger.distrust(spot)


def _precedents(book: Book) -> Mapping[tuple[str, str], frozenset[tuple[str, str, bool]]]:
    """What each calculated column reads: sheet, column or input, and whether it is of the same row."""
    found: dict[tuple[str, str], frozenset[tuple[str, str, bool]]] = {}
    inputs = {cell.key: (sheet.key, cell.key, False) for sheet in book.sheets for cell in sheet.inputs}
    for sheet in book.sheets:
        for column in sheet.columns:
            if not column.calculated:
                continue
            formula = book.formula_of(column)
            reads = {inputs[name] for name in names(formula) if name in inputs}
            for name in references(formula):
                reads |= _reads(sheet, name)
            found[sheet.key, column.key] = frozenset(reads)
    return found


def _reads(sheet: Sheet, name: str) -> set[tuple[str, str, bool]]:
    """What a formula's reference names: ``[column]`` and its like, ``[link>column]``, ``[sheet.column]``,
    ``[sheet#column]`` (the same row of a sheet that is mirrored), ``[column~list]``."""
    via, linked, key = name.partition(">")
    if linked:
        link = sheet.column(via).link
        return {(sheet.key, via, True), *([(link.sheet, key, False)] if link else [])}
    other, mirrored, key = name.partition("#")
    if mirrored:
        return {(other, key, True)}
    name = name.partition("~")[0]
    other, whole, key = name.partition(".")
    return {(other, key, False)} if whole else {(sheet.key, name, True)}


def _ranks(
    precedents: Mapping[tuple[str, str], frozenset[tuple[str, str, bool]]],
) -> Mapping[tuple[str, str], int]:
    """How far each column stands behind the inputs: what it reads has a lower rank."""
    ranks: dict[tuple[str, str], int] = {}

    def rank(place: tuple[str, str]) -> int:
        if place not in ranks:
            reads = precedents.get(place, frozenset())
            ranks[place] = 1 + max((rank((sheet, key)) for sheet, key, _ in reads), default=-1)
        return ranks[place]

    for place in precedents:
        rank(place)
    return ranks


def _follows(spot: Spot, reads: Iterable[tuple[str, str, bool]], ledger: _Ledger) -> bool:
    """Whether a cell reads one that cannot be trusted, or a column that was not found."""
    return any(
        (sheet, key) in ledger.lost
        or ((sheet, spot[1], key) in ledger.spots if same_row else (sheet, key) in ledger.columns)
        for sheet, key, same_row in reads
    )


def _is_changed(stored: Stored, spot: Spot, patterns: dict[tuple[str, str], str]) -> bool:
    """Whether a cell's formula is another one than the rest of its column has."""
    own = stored.formula(spot)
    if not own:  # it shares its neighbour's
        return False
    sheet, number, key = spot
    if (sheet, key) not in patterns:
        patterns[sheet, key] = _usual_pattern(stored, sheet, key)
    return _pattern(own, stored.sources[sheet].rows[number]) != patterns[sheet, key]


def _usual_pattern(stored: Stored, sheet: str, key: str) -> str:
    """What most cells of a column have; those that share a formula share the topmost one's."""
    counts: Counter[str] = Counter()
    shared = 0
    first = ""
    for number, row in sorted(stored.sources[sheet].rows.items(), key=lambda item: item[1]):
        text = stored.formula((sheet, number, key))
        if text:
            first = first or _pattern(text, row)
            counts[_pattern(text, row)] += 1
        elif text is not None:
            shared += 1
    counts[first] += shared
    return counts.most_common(1)[0][0]


def _pattern(formula: str, row: int) -> str:
    """The formula with its own row's number taken out."""
    return re.sub(rf"(?<=[A-Z$]){row + 1}(?![0-9])", "#", formula.replace(" ", ""))


# -- comparing and showing -------------------------------------------------------------------


def _typed(stored: Stored, spot: Spot) -> Value:
    """The value stored in a formula cell, as the engine types its own."""
    column = stored.book.sheet(spot[0]).column(spot[2])
    raw = stored.raw(spot)
    if raw is None or raw == "":
        return None
    if column.kind is Kind.DATE and isinstance(raw, date):
        return raw.date() if isinstance(raw, datetime) else raw
    if column.list and isinstance(raw, str):
        item = match_item(stored.list_of(column), raw)
        return item.key if item else raw
    return plain_value(raw)


def same_value(first: Value, second: Value) -> bool:
    one, other = _number(first), _number(second)
    if one is not None and other is not None:
        return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=SNAP)
    return (first in ("", None) and second in ("", None)) or first == second


def _number(value: Value) -> float | None:
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, date):
        return float(to_serial(value)) if value.year >= FIRST_YEAR else None
    return float(value) if isinstance(value, int | float) else None


def _show(stored: Stored, spot: Spot, value: Value) -> str | Words:
    """A value as the workbook shows it."""
    column = stored.book.sheet(spot[0]).column(spot[2])
    if column.list and isinstance(value, str):
        return next((i.title.to(stored.lang) for i in stored.list_of(column) if i.key == value), value)
    return _show_as(column.kind, value)


def _show_as(kind: Kind, value: Value) -> str | Words:
    if value is None or value == "":
        return say("blank")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return f"{value:.1%}" if kind is Kind.PERCENT else f"{value:,.10g}"
    return str(value)


# -- regions ---------------------------------------------------------------------------------


def _regions(stored: Stored, findings: Iterable[_Finding]) -> list[Problem]:
    """The findings as problems: neighbours of one kind in a column, then columns of the same rows."""
    runs: list[list[_Finding]] = []
    by_place = sorted(findings, key=lambda f: (f.spot[0], f.code, *_place(stored, f.spot)[::-1]))
    for finding in by_place:
        last = runs[-1][-1] if runs else None
        if last is not None and _is_next(stored, last, finding, down=1, right=0):
            runs[-1].append(finding)
        else:
            runs.append([finding])
    blocks: list[list[list[_Finding]]] = []
    for run in runs:
        before = blocks[-1][-1] if blocks else None
        if (
            before is not None
            and len(before) == len(run)
            and _is_next(stored, before[0], run[0], down=0, right=1)
        ):
            blocks[-1].append(run)
        else:
            blocks.append([run])
    return [_problem(stored, block) for block in blocks]


def _place(stored: Stored, spot: Spot) -> tuple[int, int]:
    source = stored.sources[spot[0]]
    return source.rows[spot[1]], source.columns[spot[2]]


def _is_next(stored: Stored, first: _Finding, second: _Finding, *, down: int, right: int) -> bool:
    (row, column), (other_row, other_column) = _place(stored, first.spot), _place(stored, second.spot)
    same_kind = first.code is second.code and first.spot[0] == second.spot[0]
    return same_kind and (other_row - row, other_column - column) == (down, right)


def _problem(stored: Stored, block: Sequence[Sequence[_Finding]]) -> Problem:
    first, last = block[0][0], block[-1][-1]
    sheet = stored.book.sheet(first.spot[0])
    titles = [sheet.column(run[0].spot[2]).title.to(stored.lang) for run in block]
    start, end = stored.address(first.spot), stored.address(last.spot)
    cell = start if start == end else f"{start}:{end}"
    place = Location(sheet=stored.tables[first.spot[0]].title, cell=cell)
    subject = list_words([*titles[:3], *(["…"] if len(titles) > 3 else [])])
    return Problem(first.code, place, first.stored, first.computed, subject)
