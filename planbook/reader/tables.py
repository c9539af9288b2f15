"""Read the rows of one table: which hold anything, their values, links, units and quarantine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from planbook.layout import cell_address, column_letter
from planbook.plan import PlanRow, Value
from planbook.problems import Code, Location, Problem, Words, list_words
from planbook.reader.columns import Table
from planbook.reader.facts import NO_FACTS, SheetFacts, position
from planbook.reader.links import LinkTargets
from planbook.reader.locate import Places
from planbook.reader.rows import RowReader, describe, is_blank, match_item, read_done
from planbook.reader.submission import SheetSource
from planbook.spec import Column, Kind, references
from planbook.values import Reading, Span, match_key

# errors that leave a row without a figure or without an owner: such a row is kept out of roll-ups
BARRING = frozenset(
    {
        Code.ERROR_CELL,
        Code.FORMULA_WITHOUT_VALUE,
        Code.NOT_IN_LIST,
        Code.NOT_IN_LIST_NEAR,
        Code.NOT_A_QUANTITY,
        Code.NOT_A_PERCENT,
        Code.NOT_A_DATE,
        Code.YEAR_AS_DATE,
        Code.UNIT_MISMATCH,
        Code.OUT_OF_RANGE,
        Code.LINK_BROKEN,
        Code.DUPLICATE,
        Code.OUT_OF_SCOPE,
        Code.DATES_REVERSED,
    }
)
FIGURES = frozenset({Kind.LINK, Kind.QUANTITY, Kind.CHOICE})


@dataclass
class TableReader:
    """Reads one table after the other; links look up tables already read."""

    rows: RowReader
    department: str
    scope: tuple[str, ...]
    facts: Mapping[str, SheetFacts]
    located: frozenset[str]  # the tables that were found
    issued: Mapping[str, Places]  # as the workbook's manifest has them
    read: dict[str, tuple[PlanRow, ...]] = field(default_factory=dict)
    typed: dict[tuple[str, int, str], str] = field(default_factory=dict)
    quarantined: set[tuple[str, int]] = field(default_factory=set)
    orphaned: bool = False  # the row at hand names one of a table that was not found

    def used_rows(self, table: Table) -> set[int]:
        """The 0-based rows in which somebody typed something that is not a default."""
        inputs = [(column, table.columns[column.key]) for column in _inputs(table)]
        facts = self._facts(table)
        places = {index for _, index in inputs}
        letters = {column_letter(index).encode() for index in places}
        unstored = (a.decode() for a in facts.unstored if a.rstrip(b"0123456789") in letters)
        wrong = {*facts.errors, *(position(address) for address in unstored)}
        used = {row for row, index in wrong if index in places and row > table.header_row}
        for row in range(table.header_row + 1, len(table.grid)):
            cells = table.grid[row]
            width = len(cells)
            for column, index in inputs:
                raw = cells[index] if index < width else None
                if raw is not None and raw != "" and not is_blank(raw) and not self._is_default(column, raw):
                    used.add(row)
                    break
        return used

    def _facts(self, table: Table) -> SheetFacts:
        return self.facts.get(table.title, NO_FACTS)

    def _is_default(self, column: Column, raw: object) -> bool:
        default = self.department if column.default == "{department}" else column.default
        if default is None or not isinstance(raw, str):
            return False
        item = match_item(self.rows.list_items(column.list), raw) if column.list else None
        return (item.key if item else raw) == default

    def read_table(self, table: Table, source: SheetSource, used: set[int]) -> None:
        """Read every used row of a table into `read`, problems into the row reader."""
        plan_rows = []
        seen: dict[tuple[str, ...], str] = {}
        merged = self._merged_rows(table)
        self._note_hidden(table, source, used)
        for number, row in sorted(source.rows.items()):
            if row not in used:
                continue
            before = len(self.rows.problems)
            self.orphaned = False
            values = self._read_row(table, number, row)
            barred = self._check_required(table, values, row)
            self._check_unique(table, values, row, seen)
            raised = {problem.code for problem in self.rows.problems[before:]}
            if barred or self.orphaned or row in merged or raised & BARRING:
                self.quarantined.add((table.sheet.key, number))
            plan_rows.append(PlanRow(number, MappingProxyType(values)))
        self.read[table.sheet.key] = tuple(plan_rows)

    def _merged_rows(self, table: Table) -> set[int]:
        """The rows that share a merged input cell: whose content it is cannot be told."""
        places = {table.columns[column.key] for column in _inputs(table)}
        shared: set[int] = set()
        for first_row, first, last_row, last in self._facts(table).merged:
            inside = places & set(range(first, last + 1)) if last - first < 512 else places
            if not inside or last_row <= table.header_row or first_row >= len(table.grid):
                continue
            rows = range(first_row, min(last_row, len(table.grid) - 1) + 1)
            corner = table.grid[first_row][first] if first < len(table.grid[first_row]) else ""
            if is_blank(corner):
                continue
            address = cell_address(first_row, first)
            area = f"{address}:{cell_address(last_row, last)}"
            place = Location(sheet=table.title, cell=address)
            self.rows.problems.append(Problem(Code.MERGED_CELLS, place, area, address))
            if len(rows) > 1:
                shared.update(rows)
        return shared

    def _note_hidden(self, table: Table, source: SheetSource, used: set[int]) -> None:
        hidden = self._facts(table).hidden_rows & used & set(source.rows.values())
        if hidden:
            place = Location(sheet=table.title, row=min(hidden) + 1)
            self.rows.problems.append(Problem(Code.ROWS_HIDDEN, place, _ranges(hidden)))

    def _read_row(self, table: Table, number: int, row: int) -> dict[str, Value]:
        values: dict[str, Value] = {}
        amounts: list[tuple[Column, object, Reading | None, Location]] = []
        for column in table.sheet.columns:
            if column.calculated or column.key in values:  # a span before it may have filled it
                continue
            raw, place = self._cell(table, column, row)
            if column.kind is Kind.QUANTITY:
                amounts.append((column, raw, self._read_amount(table, column, raw, place, values), place))
                continue
            value, reading = self.rows.read_cell(column, raw, place, self._shown(table, place, raw))
            if reading and reading.from_text:
                self.typed[table.sheet.key, number, column.key] = reading.text
            if column.link and isinstance(value, str):
                value = self._resolve(column, value, values, place)
            if value is None and column.default is not None and is_blank(raw):
                value = self.department if column.default == "{department}" else column.default
            self._store(table, column, value, values, place)
        for column, raw, reading, place in sorted(amounts, key=lambda amount: bool(amount[0].high)):
            if reading is not None:
                if reading.from_text:
                    self.typed[table.sheet.key, number, column.key] = reading.text
                self._store_amount(table, column, reading, values, place)
                unit = self._unit_of(table, column, values)
                self.rows.check_shown(column, raw, place, self._shown(table, place, raw), unit)
        return {key: value for key, value in values.items() if value is not None}

    def _cell(self, table: Table, column: Column, row: int) -> tuple[object, Location]:
        index = table.columns.get(column.key)
        if index is None:
            return None, Location(sheet=table.title, row=row + 1)
        place = Location(sheet=table.title, cell=cell_address(row, index))
        facts = self._facts(table)
        cells = table.grid[row] if row < len(table.grid) else ()
        raw = cells[index] if index < len(cells) else None
        return self.rows.take_cell(column, raw, place, facts, facts.errors.get((row, index), "")), place

    def _shown(self, table: Table, place: Location, raw: object) -> str | None:
        """What the cell shows, where that may be something else than the value it holds."""
        return self._facts(table).shown_at(place.cell, raw)

    def _store(
        self, table: Table, column: Column, value: Value, values: dict[str, Value], place: Location
    ) -> None:
        values[column.key] = value
        if isinstance(value, Span):
            for key, day in zip(column.into, (value.start, value.finish), strict=False):
                values[key] = day
        if column.list == "department" and value is not None and self.scope and value not in self.scope:
            names = {item.key: item.title.to(self.rows.lang) for item in self.rows.list_items("department")}
            allowed = list_words(names.get(code, code) for code in self.scope)
            self.rows.note(Code.OUT_OF_SCOPE, place, column, names.get(str(value), value), allowed)
        start = values.get(column.after) if column.after else None
        if start is not None and value is not None and str(value) < str(start):
            self.rows.note(Code.DATES_REVERSED, place, column, value, start)

    # -- links -----------------------------------------------------------------------------

    def _resolve(self, column: Column, text: str, values: dict[str, Value], place: Location) -> str | None:
        assert column.link is not None
        target = self.rows.book.sheet(column.link.sheet)
        if target.key not in self.located:  # said of the sheet, once
            self.orphaned = True
            return None
        targets = LinkTargets(column, target, self.read.get(target.key, ()))
        parents = {key: values.get(key) for key in column.link.within}
        resolved = targets.resolve(text, parents)
        if resolved.code is Code.LINK_BROKEN:
            self.rows.note(Code.LINK_BROKEN, place, column, text, target.title.to(self.rows.lang))
            return None
        if resolved.code is not None:
            self.rows.note(resolved.code, place, column, text, resolved.name)
        if not targets.parents_agree(resolved.id, parents):
            chosen = list_words(str(value) for value in parents.values() if value)
            self.rows.note(Code.LINK_STALE, place, column, text, chosen)
        return resolved.id

    def looked_up(self, table: Table, values: Mapping[str, Value], key: str) -> Value:
        """The value of a column in this row: typed, or what a formula ``=[link>column]`` fetches."""
        column = table.sheet.by_key.get(key)
        if column is None or not column.calculated:
            return values.get(key) if column else None
        names = list(references(self.rows.book.formula_of(column)))
        if len(names) == 1 and ">" in names[0]:
            via, wanted = names[0].split(">", 1)
            link = table.sheet.column(via).link
            ident = values.get(via)
            for row in self.read.get(link.sheet, ()) if link else ():
                if link and self.rows.book.sheet(link.sheet).id.of(row.number) == ident:
                    return row.get(wanted)
        return None

    # -- amounts and units -----------------------------------------------------------------

    def _read_amount(
        self, table: Table, column: Column, raw: object, place: Location, values: Mapping[str, Value]
    ) -> Reading | None:
        kind = self.looked_up(table, values, "metric_kind") or _default_of(table, "metric_kind")
        if kind == "done" and isinstance(raw, str) and read_done(raw) is not None:
            return Reading(read_done(raw), text=raw)
        _, reading = self.rows.read_cell(column, raw, place, self._shown(table, place, raw))
        return reading

    def _store_amount(
        self, table: Table, column: Column, reading: Reading, values: dict[str, Value], place: Location
    ) -> None:
        value, high = reading.value, reading.high
        if isinstance(value, float | int) and not isinstance(value, bool):
            unit = self._unit_of(table, column, values)
            if reading.unit and not unit and self._may_set_unit(table, column):
                base = self.rows.book.unit_table.base(reading.unit)
                unit = base.name if base else reading.unit
                values[column.unit] = unit
            given = reading.unit or self._counted_unit(reading, unit)
            if not given and (set(reading.scale) & set("千万亿")) and unit[:1] in "十百千万亿":
                reading = replace(reading, ambiguous=True)  # 3千 of 万元 may be so many 元
            value = self._converted(column, float(value), given, unit, place)
            high = self._converted(column, high, given, unit, place) if high is not None else None
            if high is not None and not self._takes_range(table, column, values, high):
                reading, high = replace(reading, ambiguous=True), None  # its lower end alone is used
            self._check_amount(column, value, reading, unit, place)
            if value is not None and not _is_done_word(column, reading):
                self.rows.note_reading(column, replace(reading, value=value, high=high, unit=unit), place)
        values[column.key] = value
        if high is not None:
            values[column.high] = high

    def _takes_range(self, table: Table, column: Column, values: Mapping[str, Value], high: float) -> bool:
        """Whether the upper end of a range has its place: a band's, where none other was typed."""
        band = self.looked_up(table, values, "direction") == "band"
        return band and values.get(column.high) in (None, high)

    def _counted_unit(self, reading: Reading, unit: str) -> str:
        """The unit of 521万 in a row whose unit is 万元: 元, not ten thousand times 万元."""
        base = self.rows.book.unit_table.base(unit) if set(reading.scale) & set("万亿") else None
        counted = base is not None and set(unit.removesuffix(base.name)) <= set("十百千万亿")  # no 周 of 天
        return base.name if base and counted else ""

    def _unit_of(self, table: Table, column: Column, values: Mapping[str, Value]) -> str:
        if column.unit in table.sheet.by_key:
            return str(self.looked_up(table, values, column.unit) or "")
        return column.unit

    @staticmethod
    def _may_set_unit(table: Table, column: Column) -> bool:
        unit = table.sheet.by_key.get(column.unit)
        return unit is not None and not unit.calculated

    def _converted(
        self, column: Column, value: float, given: str, wanted: str, place: Location
    ) -> float | None:
        if not given or not wanted:
            return value
        converted = self.rows.book.unit_table.convert(value, given, wanted)
        if converted is None:
            self.rows.note(Code.UNIT_MISMATCH, place, column, given, wanted)
        return converted

    def _check_amount(
        self, column: Column, value: float | None, reading: Reading, unit: str, place: Location
    ) -> None:
        if value is None:
            return
        if column.minimum is not None and value < column.minimum:
            self.rows.note(Code.OUT_OF_RANGE, place, column, describe(value), f"≥ {describe(column.minimum)}")
        if unit == "%" and not reading.unit and 0 < abs(value) <= 1:
            self.rows.note(Code.FRACTION_FOR_POINTS, place, column, describe(value), f"{value * 100:.10g}%")

    # -- rules of a row --------------------------------------------------------------------

    def _was_issued(self, table: Table, column: Column) -> bool:
        """Whether the workbook had the column: one of an older version of its book may not."""
        columns = self.issued.get(table.sheet.key, Places()).columns
        return not columns or column.key in columns

    def _check_required(self, table: Table, values: Mapping[str, Value], row: int) -> bool:
        barred = False
        for column in table.sheet.columns:
            if not column.required or values.get(column.key) is not None or column.calculated:
                continue
            figure = column.kind in FIGURES or column.key == table.sheet.filled
            if column.key not in table.columns:  # one problem of the column, not one of every row
                barred = barred or (figure and self._was_issued(table, column))
                continue
            if column.required is not True:  # a formula says when, and the checks compute it
                continue
            raw, place = self._raw(table, column, row)
            if is_blank(raw):
                self.rows.note(Code.REQUIRED_MISSING, place, column)
                barred = barred or figure
        return barred

    @staticmethod
    def _raw(table: Table, column: Column, row: int) -> tuple[object, Location]:
        index = table.columns.get(column.key)
        if index is None:
            return None, Location(sheet=table.title, row=row + 1)
        cells = table.grid[row] if row < len(table.grid) else ()
        raw = cells[index] if index < len(cells) else None
        return raw, Location(sheet=table.title, cell=cell_address(row, index))

    def _check_unique(
        self, table: Table, values: Mapping[str, Value], row: int, seen: dict[tuple[str, ...], str]
    ) -> None:
        singles = tuple((column.key,) for column in table.sheet.columns if column.unique)
        for keys in (*singles, *table.sheet.unique):
            parts = [values.get(key) for key in keys]
            if any(part is None for part in parts):
                continue
            column = table.sheet.column(keys[-1])
            _, place = self._raw(table, column, row)
            key = ("/".join(keys), *(match_key(str(part)) for part in parts))
            if key in seen:
                self.rows.note(Code.DUPLICATE, place, column, " ".join(map(str, parts)), seen[key])
            else:
                seen[key] = place.cell


def _inputs(table: Table) -> list[Column]:
    return [c for c in table.sheet.columns if not c.calculated and c.key in table.columns]


def _ranges(rows: Iterable[int]) -> str | Words:
    """0-based rows as a person names them: 7–9、12."""
    spans: list[list[int]] = []
    for row in sorted(rows):
        if spans and spans[-1][1] == row:
            spans[-1][1] = row + 1
        else:
            spans.append([row + 1, row + 1])
    return list_words(str(first) if first == last else f"{first}–{last}" for first, last in spans)


def _is_done_word(column: Column, reading: Reading) -> bool:
    """Whether an amount was given by the word for done or not done."""
    return bool(column.list) and read_done(reading.text) is not None


def _default_of(table: Table, key: str) -> Value:
    column = table.sheet.by_key.get(key)
    return column.default if column else None
