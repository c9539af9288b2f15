"""Where everything of a book stands: sheets, rows, columns, names, lists and dropdowns.

Rows and columns count from 0 here, as the file libraries do; `Layout` alone knows that row 6 of
a sheet is where its table begins, and writer, reader and calculation ask it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from planbook.layout.dropdowns import Block, DropdownPlan, ListCell, plan_dropdowns
from planbook.layout.names import (
    cell_address,
    cell_name,
    cell_template,
    column_letter,
    fill_template,
    list_name,
    quote_sheet,
    range_name,
)
from planbook.layout.rules import PlacedRule, check_formula, place_rules
from planbook.problems import UsageError, Words, list_words, say
from planbook.spec import Book, Check, Column, Input, Item, Kind, Place, Sheet, quote_text, references, render

HEADING_ROW, HINT_ROW, BAND_ROW, SIGN_ROW, KEY_ROW, HEADER_ROW, FIRST_ROW = 0, 1, 2, 3, 4, 5, 6
META_SHEET = "_meta"
INDEX = "index"  # the sheet key of the first page
INDEX_FIRST_ROW = 5  # its table of sheets
INDEX_COUNT_COLUMN, INDEX_OPEN_COLUMN = 3, 4  # rows filled in, rows that break a rule
IDENTITY_CELL = (1, 4)  # where the first page shows the id
IDENTITY_NAME = "planbook_identity"
LABEL_MARK = "｜"
LISTED = 12  # items of a list from the cycle that are looked for in a text
WEEKS = 53  # columns of a timeline: every year fits, whatever weekday it starts on


@dataclass(frozen=True, slots=True)
class PlacedColumn:
    """A column and its 0-based place on the sheet."""

    column: Column
    index: int

    @property
    def letter(self) -> str:
        """The column's letter."""
        return column_letter(self.index)


@dataclass(frozen=True, slots=True)
class DefinedName:
    """A workbook-global name; `validation` ones hide a range operator and serve only dropdowns."""

    name: str
    target: str
    validation: bool = False


@dataclass(frozen=True)
class SheetLayout:
    """One table placed on its sheet."""

    sheet: Sheet
    title: str
    rows: int
    columns: tuple[PlacedColumn, ...]
    band: Mapping[str, tuple[int, int]]

    @cached_property
    def _index(self) -> Mapping[str, int]:
        return {placed.column.key: placed.index for placed in self.columns}

    @property
    def first_row(self) -> int:
        """The 0-based row of the table's first row."""
        return FIRST_ROW

    @property
    def last_row(self) -> int:
        """The 0-based row of the table's last row."""
        return FIRST_ROW + self.rows - 1

    @property
    def written(self) -> tuple[PlacedColumn, ...]:
        """The columns that stand in the workbook."""
        return tuple(p for p in self.columns if p.column.place is not Place.VIRTUAL)

    @property
    def visible(self) -> tuple[PlacedColumn, ...]:
        """The columns a planner sees."""
        return tuple(p for p in self.columns if p.column.visible)

    @property
    def timeline_columns(self) -> range:
        """The 0-based columns of the table's timeline, right of its own; empty where it has none."""
        first = self.written[-1].index + 1
        return range(first, first + (WEEKS if self.sheet.timeline else 0))

    @property
    def last_column(self) -> int:
        """The last 0-based column that is planbook's; what stands right of it is the planner's own."""
        return max(self.written[-1].index, self.timeline_columns.stop - 1)

    @property
    def last_printed_column(self) -> int:
        """The last 0-based column that is printed: the last one seen, or of the timeline."""
        return self.last_column if self.sheet.timeline else len(self.visible)

    def index(self, key: str) -> int:
        """The 0-based column of `key`; the row ids stand in column 0."""
        return 0 if key == "id" else self._index[key]

    def has_cell(self, key: str) -> bool:
        """Whether the column `key` stands in the workbook; what is no column's key does not."""
        column = self.sheet.by_key.get(key)
        return column is not None and column.place is not Place.VIRTUAL

    def row(self, number: int) -> int:
        """The 0-based row of the 1-based row `number`."""
        return FIRST_ROW + number - 1

    def range(self, key: str) -> str:
        """The whole column of the table as an absolute reference with its sheet."""
        letter = column_letter(self.index(key))
        return f"{quote_sheet(self.title)}!${letter}${self.first_row + 1}:${letter}${self.last_row + 1}"


def typed_places(sheet: Sheet) -> Iterator[tuple[Input, int, int]]:
    """The cells above a table that somebody types, each with its 0-based row and column."""
    for row, cells in ((BAND_ROW, sheet.band), (SIGN_ROW, sheet.signoff)):
        for position, cell in enumerate(cells):
            if isinstance(cell, Input):
                yield cell, row, band_column(position)


def band_column(position: int) -> int:
    """The 0-based column of the n-th cell above a table.

    Its title stands left of it and may run on over the empty cell before that.
    """
    return 2 + 3 * position


@dataclass(frozen=True)
class Layout:
    """A book in one language with everything in its place."""

    book: Book
    lang: str
    items: Mapping[str, tuple[Item, ...]]
    sheets: tuple[SheetLayout, ...]
    list_cells: tuple[ListCell, ...]
    setting_cells: Mapping[str, tuple[int, int, int]]  # row, column, number of cells
    names: tuple[DefinedName, ...]
    dropdowns: DropdownPlan
    _templates: dict[tuple[str, str], str] = field(default_factory=dict, repr=False, compare=False)
    _rules: dict[str, tuple[PlacedRule, ...]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def index_title(self) -> str:
        """The title of the first page."""
        return self.book.index.title.to(self.lang)

    @property
    def lists_title(self) -> str:
        """The title of the hidden sheet of lists."""
        return self.book.label("lists_sheet", self.lang)

    @cached_property
    def _by_key(self) -> Mapping[str, SheetLayout]:
        return {placed.sheet.key: placed for placed in self.sheets}

    def sheet(self, key: str) -> SheetLayout:
        """The placed sheet called `key`."""
        return self._by_key[key]

    def list_items(self, key: str) -> tuple[Item, ...]:
        """The items of a dropdown list, those from the cycle included."""
        return self.items.get(key) or self.book.lists[key].items

    def label(self, key: str) -> str:
        """A label of the book in this layout's language."""
        return self.book.label(key, self.lang)

    def formula(self, sheet: str, formula: str, row: int) -> str:
        """The formula for a 0-based row of a sheet, as Excel text with its ``=``."""
        return "=" + fill_template(self.template(sheet, formula), row)

    def column_formula(self, sheet: str, column: Column, row: int) -> str:
        """The formula of a calculated column in a 0-based row."""
        return "=" + fill_template(self.column_template(sheet, column), row)

    def column_template(self, sheet: str, column: Column) -> str:
        """The formula of a calculated column without its ``=``, the row left open."""
        if column.check:
            return self._check_template(sheet, column.check)
        return self.template(sheet, self.book.formula_of(column))

    def is_fetched(self, sheet: str, column: Column) -> bool:
        """Whether a calculated column takes its value from other sheets."""
        for text in references(self.book.formula_of(column)):
            head, mark, _ = text.replace("#", ".").partition(".")
            if ">" in text or (mark and head != sheet):
                return True
        return False

    def rules(self, sheet: str) -> tuple[PlacedRule, ...]:
        """The rules of a table's rows, with their conditions and messages."""
        if sheet not in self._rules:
            self._rules[sheet] = place_rules(self, self._by_key[sheet])
        return self._rules[sheet]

    def _check_template(self, sheet: str, check: Check) -> str:
        key = (sheet, f"check {check}")
        if key not in self._templates:
            self._templates[key] = check_formula(self, self._by_key[sheet], check)
        return self._templates[key]

    def template(self, sheet: str, formula: str) -> str:
        """The formula with its places filled in, the row left open."""
        key = (sheet, formula)
        if key not in self._templates:
            placed = self._by_key[sheet]
            self._templates[key] = render(
                formula,
                reference=lambda text: self._reference(placed, text),
                name=self._name,
            )
        return self._templates[key]

    def _reference(self, placed: SheetLayout, text: str) -> str:
        if ">" in text:
            return self.lookup(placed, *text.split(">", 1))
        if "~" in text:
            key, words = text.split("~", 1)
            return self.holds_any(cell_template(placed.index(key)), words)
        if "#" in text:
            sheet, key = text.split("#", 1)
            return self._value_or_blank(sheet, key, f"INDEX({range_name(sheet, key)},ROW()-{FIRST_ROW})")
        if "." in text:
            return range_name(*text.split(".", 1))
        if text.endswith("^"):
            return f"${column_letter(placed.index(text[:-1]))}${HEADER_ROW + 1}"
        return cell_template(placed.index(text))

    def holds_any(self, cell: str, list_key: str) -> str:
        """Whether a cell's text holds one of a list's texts; spelled out, since not all FIND in arrays."""
        if self.book.lists[list_key].source:  # by place, so that workbooks with other items share formulas
            texts = [f"INDEX({list_name(list_key)},{n})" for n in range(1, LISTED + 1)]
            found = [f'IFERROR(IF({text}="",FALSE,ISNUMBER(FIND({text},{cell}))),FALSE)' for text in texts]
        else:
            items = (item.title.to(self.lang).lower() for item in self.list_items(list_key))
            found = [f"ISNUMBER(FIND({quote_text(text)},LOWER({cell})))" for text in items]
        return f"OR({','.join(found)})"

    def lookup(self, placed: SheetLayout, via: str, key: str) -> str:
        """The value of `key` in the row that the link `via` names, ``""`` where there is none."""
        link = placed.sheet.column(via).link
        assert link is not None, "the spec check lets only links through"
        target = self.book.sheet(link.sheet)
        own = f"LEFT({cell_template(placed.index(via))},{target.id.length})"
        if key == "id":
            return own
        found = f"INDEX({range_name(link.sheet, key)},MATCH({own},{range_name(link.sheet, 'id')},0))"
        return f'IFERROR({self._value_or_blank(link.sheet, key, found)},"")'

    def _value_or_blank(self, sheet: str, key: str, found: str) -> str:
        """`found` without the 0 that Excel makes of a blank cell."""
        if key == "id" or self.book.sheet(sheet).column(key).kind in {Kind.TEXT, Kind.CHOICE, Kind.LINK}:
            return f'{found}&""'
        return f'IF({found}="","",{found})'

    def _name(self, text: str) -> str:
        head, _, item = text.partition(".")
        if not item:
            return cell_name(head)
        if item == "*":
            return list_name(head)
        return quote_text(self.item_title(head, item))

    def item_title(self, list_key: str, item_key: str) -> str:
        """What the list shows for an item in this layout's language."""
        for item in self.list_items(list_key):
            if item.key == item_key:
                return item.title.to(self.lang)
        return item_key

    def dropdown(self, sheet: str, column: Column) -> str:
        """The formula of the column's dropdown for its first row, or ``""`` where it has none."""
        placed = self._by_key[sheet]
        if column.kind is Kind.CHOICE:
            return f"={list_name(column.list)}"
        block = self.dropdowns.block_of(sheet, column.key)
        if block is None:
            return ""
        if not block.within:
            return f"={block.name}"
        parents = fill_template(self.parent_key(placed, block), FIRST_ROW)
        return (
            f"=OFFSET({block.name}_head,MATCH({parents},{block.name}_keys,0),0,"
            f"COUNTIF({block.name}_keys,{parents}),1)"
        )

    def parent_key(self, placed: SheetLayout, block: Block) -> str:
        """The key of a row's parents as the sorted dropdown of `block` has it, the row left open."""
        parts = []
        for key in block.within:
            parent = placed.sheet.column(key)
            cell = cell_template(placed.index(key))
            width = self.book.sheet(parent.link.sheet).id.length if parent.link else 0
            parts.append(f"LEFT({cell},{width})" if width else cell)
        return '&"|"&'.join(parts)

    def count_formula(self, placed: SheetLayout) -> str:
        """The formula that counts the rows of a table that are filled in."""
        return f'=SUMPRODUCT(--({range_name(placed.sheet.key, placed.sheet.filled)}<>""))'

    def open_formula(self, placed: SheetLayout) -> str:
        """The formula that says how many rows of a table break a rule, in the index's words."""
        counts = {
            column.check: f'SUMPRODUCT(--({range_name(placed.sheet.key, column.key)}<>""))'
            for column in placed.sheet.columns
            if column.check in {Check.ERRORS, Check.WARNINGS}
        }
        error, warning, none = (
            quote_text(self.label(key)) for key in ("check_error", "check_warning", "open_none")
        )
        errors, warnings = counts[Check.ERRORS], counts[Check.WARNINGS]
        shown = f'IF({errors}>0,{error}&{errors},"")&IF({errors}*{warnings}>0,"  ","")'
        shown += f'&IF({warnings}>0,{warning}&{warnings},"")'
        return f"=IF({errors}+{warnings}=0,{none},{shown})"

    def index_formulas(self) -> Iterator[tuple[str, int, int, str]]:
        """The formulas of the first page's table of sheets."""
        for number, placed in enumerate(self.sheets):
            row = INDEX_FIRST_ROW + number
            yield INDEX, row, INDEX_COUNT_COLUMN, self.count_formula(placed)
            if placed.sheet.check_column:
                yield INDEX, row, INDEX_OPEN_COLUMN, self.open_formula(placed)

    def formula_cells(self) -> Iterator[tuple[str, int, int, str]]:
        """Every formula of the workbook: sheet key (``""`` for the lists), row, column, formula."""
        yield from self.table_formulas(checks=True)
        yield from self.index_formulas()
        for cell in self.list_cells:
            if cell.formula:
                yield "", cell.row, cell.column, "=" + fill_template(cell.formula, cell.row)

    def table_formulas(self, *, checks: bool) -> Iterator[tuple[str, int, int, str]]:
        """The formulas of the tables alone, virtual columns included; `checks`: the check columns too."""
        for placed in self.sheets:
            for at in placed.columns:
                if at.column.header:
                    formula = self.formula(placed.sheet.key, at.column.header, HEADER_ROW)
                    yield placed.sheet.key, HEADER_ROW, at.index, formula
                if at.column.calculated and (checks or not at.column.check):
                    for row in range(placed.first_row, placed.last_row + 1):
                        formula = self.column_formula(placed.sheet.key, at.column, row)
                        yield placed.sheet.key, row, at.index, formula
            for total in placed.sheet.totals:
                row, column = placed.band[total.key]
                yield placed.sheet.key, row, column, self.formula(placed.sheet.key, total.formula, row)


def resolve_layout(
    book: Book,
    *,
    lang: str = "zh",
    items: Mapping[str, Sequence[Item]] | None = None,
    rows: Mapping[str, int] | None = None,
    many: Mapping[str, int] | None = None,
    sheets: Collection[str] | None = None,
) -> Layout:
    """Decide where everything of `book` stands.

    `items` fills the lists that the cycle supplies, `rows` overrides the number of rows of
    sheets, `many` gives the number of cells of settings that are rows of dates; `sheets` are the
    optional sheets to include (None: all of them).  Raises UsageError for a language or sheet the
    book does not have.
    """
    if lang not in book.languages:
        known = list_words(book.languages)
        raise UsageError(say("book_languages", name=book.name, known=known, lang=lang))
    unknown = {*(rows or {}), *(sheets or ())} - set(book.sheets_by_key)
    if unknown:
        titles = ((sheet.key, sheet.title.to(lang)) for sheet in book.sheets)
        known = list_words(Words(f"{key}（{title}）", f"{key} ({title})") for key, title in titles)
        raise UsageError(say("no_sheet", name=book.name, keys=list_words(sorted(unknown)), known=known))
    given = MappingProxyType({key: tuple(values) for key, values in (items or {}).items()})
    placed = tuple(
        _place_sheet(sheet, lang, _count_rows(book, sheet, rows or {}))
        for sheet in book.sheets
        if not sheet.optional or sheets is None or sheet.key in sheets
    )
    title = quote_sheet(book.label("lists_sheet", lang))
    cells, names, settings, column = _place_lists(book, lang, given, title, many or {})
    dropdowns = plan_dropdowns(book, {p.sheet.key: p.rows for p in placed}, title, column)
    names += [
        DefinedName(range_name(p.sheet.key, key), p.range(key)) for p in placed for key in _range_keys(p)
    ]
    names += [
        DefinedName(cell_name(key), f"{quote_sheet(p.title)}!{cell_address(*at, absolute=True)}")
        for p in placed
        for key, at in p.band.items()
    ]
    names += [DefinedName(name, target, validation) for name, target, validation in dropdowns.names]
    names.append(DefinedName(IDENTITY_NAME, f"{quote_sheet(META_SHEET)}!$B$1"))
    return Layout(book, lang, given, placed, (*cells, *dropdowns.cells), settings, tuple(names), dropdowns)


def _count_rows(book: Book, sheet: Sheet, rows: Mapping[str, int]) -> int:
    """The rows of a sheet; one that mirrors another has as many as that."""
    source = book.sheet(sheet.mirrors) if sheet.mirrors else sheet
    return rows.get(source.key, source.rows)


def _range_keys(placed: SheetLayout) -> Iterator[str]:
    yield "id"
    yield from (at.column.key for at in placed.columns)


def _place_sheet(sheet: Sheet, lang: str, rows: int) -> SheetLayout:
    order = {Place.SHOWN: 0, Place.HIDDEN: 1, Place.VIRTUAL: 2}
    columns = sorted(sheet.columns, key=lambda column: order[column.place])
    placed = tuple(PlacedColumn(column, index) for index, column in enumerate(columns, 1))
    band: dict[str, tuple[int, int]] = {}
    for position, cell in enumerate(sheet.band):
        band[cell.key] = (BAND_ROW, band_column(position))
    for position, cell in enumerate(sheet.signoff):
        band[cell.key] = (SIGN_ROW, band_column(position))
    return SheetLayout(sheet, sheet.title.to(lang), rows, placed, MappingProxyType(band))


def _place_lists(
    book: Book,
    lang: str,
    items: Mapping[str, tuple[Item, ...]],
    title: str,
    many: Mapping[str, int],
) -> tuple[list[ListCell], list[DefinedName], Mapping[str, tuple[int, int, int]], int]:
    cells: list[ListCell] = []
    names: list[DefinedName] = []
    column = 0
    for key, listing in book.lists.items():
        entries = items.get(key) or listing.items
        cells.append(ListCell(0, column, value=f"list {key}"))  # no column's key: not a header
        cells += [ListCell(n, column, value=item.title.to(lang)) for n, item in enumerate(entries, 1)]
        letter = column_letter(column)
        names.append(DefinedName(list_name(key), f"{title}!${letter}$2:${letter}${max(1, len(entries)) + 1}"))
        column += 1
    settings: dict[str, tuple[int, int, int]] = {}
    for key, setting in book.settings.items():
        count = max(1, many.get(key, 1)) if setting.many else 1
        cells.append(ListCell(0, column, value=setting.title.to(lang)))
        settings[key] = (1, column, count)
        letter = column_letter(column)
        last = f":${letter}${count + 1}" if setting.many else ""
        names.append(DefinedName(cell_name(key), f"{title}!${letter}$2{last}"))
        column += 1
    return cells, names, MappingProxyType(settings), column
