"""The rules of a table's rows as Excel conditions: what makes a cell wrong, and the words for it.

What a column's shape says (required, a list, a number, a link) and what the sheet's own `rules`
say come out alike, so that the check column, the marks on the cells and the import agree.  The
conditions stand once, in the two columns of errors and of warnings; the marks only look for
their message there, which keeps conditional formats short.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from planbook.layout.names import cell_template, list_name, range_name
from planbook.spec import Check, Column, Kind, Link, Severity, quote_text

if TYPE_CHECKING:
    from planbook.layout.places import Layout, SheetLayout

FORBIDDEN_LIST = "name_sign"  # the book's list of signs that no name may hold
FIRST_DATE, LAST_DATE = date(2000, 1, 1), date(2099, 12, 31)
FIRST_SERIAL, LAST_SERIAL = 36526, 73050  # the same two days as Excel counts them
NUMERIC = frozenset({Kind.QUANTITY, Kind.PERCENT, Kind.NUMBER})
EMPTY = '""'


@dataclass(frozen=True, slots=True)
class PlacedRule:
    """A rule of a table: the cell it marks, its Excel condition for a row, and its message.

    `missing` says that the cell is marked as empty, not as wrong.  The conditions of a `shape`,
    which columns bring along, take for granted that their cell is filled, and of the rules of
    one column only the first that holds is said.
    """

    column: str
    condition: str
    message: str
    severity: Severity = Severity.ERROR
    missing: bool = False
    shape: bool = False


def place_rules(layout: Layout, placed: SheetLayout) -> tuple[PlacedRule, ...]:
    """Every rule of a table, those of its columns first, columns in order."""
    found = [
        rule
        for at in placed.written
        if not at.column.calculated
        for rule in _ColumnRules(layout, placed, at.column).all()
    ]
    found += _unique_rules(layout, placed)
    for rule in placed.sheet.rules:
        condition = layout.template(placed.sheet.key, rule.when)
        found.append(PlacedRule(rule.column, condition, rule.message.to(layout.lang), rule.severity))
    return tuple(found)


def begun_condition(placed: SheetLayout) -> str:
    """Whether somebody has begun a row: its name, or any cell that must be typed, is filled."""
    keys = [placed.sheet.filled]
    keys += [
        at.column.key for at in placed.visible if at.column.required is True and at.column.default is None
    ]
    return f"OR({','.join(f'{_cell(placed, key)}<>{EMPTY}' for key in dict.fromkeys(keys))})"


def check_formula(layout: Layout, placed: SheetLayout, check: Check) -> str:
    """The formula of a check column: the messages of the rules a row breaks, or the planner's line."""
    if check is Check.SUMMARY:
        return _summary_formula(layout, placed)
    rules, separator = layout.rules(placed.sheet.key), layout.label("check_separator")
    if check is Check.ERRORS:
        columns = dict.fromkeys(rule.column for rule in rules if rule.shape)
        pieces = [_shape_piece(placed, [r for r in rules if r.shape and r.column == c], c, separator)
                  for c in columns]  # fmt: skip
        severity = Severity.ERROR
    else:
        pieces, severity = [], Severity.WARNING
    pieces += [
        f"IF({rule.condition},{quote_text(rule.message + separator)},{EMPTY})"
        for rule in rules
        if rule.severity is severity and not rule.shape
    ]
    if not pieces:
        return EMPTY
    broken = quote_text(layout.label("check_broken") + separator)
    return f"IF({begun_condition(placed)},IFERROR({'&'.join(pieces)},{broken}),{EMPTY})"


def _shape_piece(placed: SheetLayout, rules: Sequence[PlacedRule], column: str, separator: str) -> str:
    """What one column's own rules say of its cell: that it is missing, or the first thing wrong with it."""
    missing, wrong = EMPTY, EMPTY
    for rule in reversed(rules):
        message = quote_text(rule.message + separator)
        if not rule.missing:
            wrong = f"IF({rule.condition},{message},{wrong})"
        else:
            missing = f"IF({rule.condition},{message},{EMPTY})" if rule.condition else message
    return f"IF({_cell(placed, column)}={EMPTY},{missing},{wrong})"


def _summary_formula(layout: Layout, placed: SheetLayout) -> str:
    errors, warnings = (_cell(placed, column.key) for column in _text_columns(placed))
    complete, error, warning = (
        quote_text(layout.label(key)) for key in ("check_complete", "check_error", "check_warning")
    )
    both, cut = f"{errors}&{warnings}", len(layout.label("check_separator"))
    words = f"IF({errors}<>{EMPTY},{error},{warning})&LEFT({both},LEN({both})-{cut})"
    return f"IF({begun_condition(placed)},IF({both}={EMPTY},{complete},{words}),{EMPTY})"


def mark_condition(layout: Layout, placed: SheetLayout, rules: Iterable[PlacedRule]) -> str:
    """Whether one of `rules` is broken in a row: its message stands in the check columns.

    A table without them tries the conditions themselves.
    """
    columns = _text_columns(placed)
    if columns:
        found = [_said(layout, placed, columns, rule) for rule in rules]
    else:
        found = [f"AND({begun_condition(placed)},{_whole_condition(placed, rule)})" for rule in rules]
    return found[0] if len(found) == 1 else f"OR({','.join(found)})"


def _said(layout: Layout, placed: SheetLayout, columns: Sequence[Column], rule: PlacedRule) -> str:
    separator = layout.label("check_separator")
    cell = _cell(placed, columns[0 if rule.severity is Severity.ERROR else 1].key)
    message = quote_text(separator + rule.message + separator)
    return f"ISNUMBER(FIND({message},{quote_text(separator)}&{cell}))"


def _whole_condition(placed: SheetLayout, rule: PlacedRule) -> str:
    """A rule's condition that takes nothing for granted."""
    if not rule.shape:
        return rule.condition
    cell = _cell(placed, rule.column)
    if rule.missing:
        return f"IF({cell}={EMPTY},{rule.condition or 'TRUE'},FALSE)"
    return f"IF({cell}={EMPTY},FALSE,{rule.condition})"


def has_unit_cell(placed: SheetLayout, column: Column) -> bool:
    """Whether the unit stands elsewhere: where it does not, a quantity may carry it as text."""
    return column.unit not in placed.sheet.by_key or placed.has_cell(column.unit)


def _text_columns(placed: SheetLayout) -> list[Column]:
    """The columns of errors and of warnings, in this order."""
    return [
        column
        for check in (Check.ERRORS, Check.WARNINGS)
        for column in placed.sheet.columns
        if column.check is check
    ]


def _cell(placed: SheetLayout, key: str) -> str:
    return cell_template(placed.index(key))


@dataclass(frozen=True)
class _ColumnRules:
    """What one column's own properties demand of its cells."""

    layout: Layout
    placed: SheetLayout
    column: Column

    def all(self) -> Iterator[PlacedRule]:
        yield from self._missing()
        yield from self._kind()
        yield from self._name()
        yield from self._link()

    @property
    def cell(self) -> str:
        return _cell(self.placed, self.column.key)

    def _rule(self, label: str, condition: str, *, missing: bool = False, **words: str) -> PlacedRule:
        title = self.column.title.to(self.layout.lang)
        message = self.layout.label(label).format(title=title, **words)
        return PlacedRule(self.column.key, condition, message, missing=missing, shape=True)

    def _missing(self) -> Iterator[PlacedRule]:
        when = self.column.required
        if when:
            more = self.layout.template(self.placed.sheet.key, when) if isinstance(when, str) else ""
            yield self._rule("rule_missing", more, missing=True)

    def _kind(self) -> Iterator[PlacedRule]:
        column, cell = self.column, self.cell
        if column.kind is Kind.CHOICE and not self.layout.book.lists[column.list].open:
            yield self._rule("rule_list", f"SUMPRODUCT(--({list_name(column.list)}={cell}))=0")
        if column.kind in NUMERIC and has_unit_cell(self.placed, column):
            yield self._rule("rule_number", self._no_number())
            yield from self._range()
        if column.kind is Kind.DATE:
            outside = f"MEDIAN({cell},{FIRST_SERIAL},{LAST_SERIAL})<>{cell}"  # of a text too
            yield self._rule("rule_date", f"AND({outside},{self._not_nil()})")
        if column.after:
            start = _cell(self.placed, column.after)
            yield self._rule("rule_finish", f"IF(COUNT({cell},{start})=2,{cell}<{start},FALSE)")

    def _not_nil(self) -> str:
        return f"{self.cell}<>{quote_text(self.layout.label('nil_value'))}"

    def _no_number(self) -> str:
        words = self.column.list
        known = f",SUMPRODUCT(--({list_name(words)}={self.cell}))=0" if words else ""
        return f"IF(ISNUMBER({self.cell}),FALSE,AND({self._not_nil()}{known}))"

    def _range(self) -> Iterator[PlacedRule]:
        low, high = self.column.minimum, self.column.maximum
        bounds = [f"{self.cell}<{low:g}"] if low is not None else []
        bounds += [f"{self.cell}>{high:g}"] if high is not None else []
        if bounds:
            shape = "{:.0%}" if self.column.kind is Kind.PERCENT else "{:g}"
            limits = "–".join(shape.format(bound) for bound in (low, high) if bound is not None)
            condition = f"IF(ISNUMBER({self.cell}),OR({','.join(bounds)}),FALSE)"
            yield self._rule("rule_range", condition, limits=limits if high is not None else f"≥ {limits}")

    def _name(self) -> Iterator[PlacedRule]:
        column, cell = self.column, self.cell
        if column.name:
            found = self.layout.holds_any(cell, FORBIDDEN_LIST)
            items = self.layout.list_items(FORBIDDEN_LIST)
            signs = " ".join(item.title.to(self.layout.lang) for item in items)
            yield self._rule("rule_characters", found, characters=signs)
        if column.longest:
            yield self._rule("rule_long", f"LEN({cell})>{column.longest}", longest=str(column.longest))
        if column.unique:
            whole = range_name(self.placed.sheet.key, column.key)
            yield self._rule("rule_unique", f"SUMPRODUCT(--({whole}={cell}))>1")

    def _link(self) -> Iterator[PlacedRule]:
        column = self.column
        if column.link:
            width = self.layout.book.sheet(column.link.sheet).id.length
            ids, names = range_name(column.link.sheet, "id"), range_name(column.link.sheet, column.link.label)
            named = f"IFERROR(INDEX({names},MATCH(LEFT({self.cell},{width}),{ids},0))={EMPTY},TRUE)"
            yield self._rule("rule_link", named)
            for key in column.link.within:
                yield self._stale(key, self._parent_differs(column.link, key))
        elif column.cascade:
            block = self.layout.dropdowns.block_of(self.placed.sheet.key, column.key)
            assert block is not None, "every cascade has a block"
            whole = self.layout.parent_key(self.placed, block)
            known = f'MATCH({whole}&"|"&{self.cell},{block.name}_whole,0)'
            parents = ",".join(f"{_cell(self.placed, key)}={EMPTY}" for key in column.cascade.within)
            stale = f"IF(OR({parents}),FALSE,ISERROR({known}))"
            yield self._stale(column.cascade.within[-1], stale)

    def _parent_differs(self, link: Link, key: str) -> str:
        """Whether the linked row belongs to another parent than the one chosen in this row."""
        parent = self.placed.sheet.column(key)
        own, theirs = _cell(self.placed, key), self.layout.lookup(self.placed, self.column.key, key)
        if parent.link:
            width = self.layout.book.sheet(parent.link.sheet).id.length
            differ = f"LEFT({theirs},{width})<>LEFT({own},{width})"
        else:
            differ = f"{theirs}<>{own}"
        return f"IF({own}={EMPTY},FALSE,{differ})"

    def _stale(self, key: str, condition: str) -> PlacedRule:
        parent = self.placed.sheet.column(key).title.to(self.layout.lang)
        return self._rule("rule_stale", condition, parent=parent)


def _unique_rules(layout: Layout, placed: SheetLayout) -> Iterator[PlacedRule]:
    """Columns that together name a row once; the last of them is marked."""
    for keys in placed.sheet.unique:
        columns = [_id_column(placed, key) for key in keys]
        blank = ",".join(f"{_cell(placed, key)}={EMPTY}" for key in columns)
        same = ",".join(f"--({range_name(placed.sheet.key, key)}={_cell(placed, key)})" for key in columns)
        titles = " + ".join(placed.sheet.column(key).title.to(layout.lang) for key in keys)
        condition = f"IF(OR({blank}),FALSE,SUMPRODUCT({same})>1)"
        yield PlacedRule(keys[-1], condition, layout.label("rule_unique").format(title=titles))


def _id_column(placed: SheetLayout, key: str) -> str:
    """For a link the column that holds the id alone, where there is one: its label may change."""
    formula = f"=[{key}>id]"
    return next((at.column.key for at in placed.written if at.column.formula == formula), key)
