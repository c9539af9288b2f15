"""Where everything of a book stands: sheets, rows, columns, names, lists and dropdowns.

Rows and columns count from 0 here, as the file libraries do; `Layout` alone knows that row 6 of
a sheet is where its table begins, and writer, reader and calculation ask it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from planbook.layout.dropdowns import Block, DropdownPlan, ListCell, plan_dropdowns
from planbook.problems import UsageError
from planbook.spec import Book, Column, Item, Kind, Place, Sheet, quote_text, render

HEADING_ROW, HINT_ROW, BAND_ROW, KEY_ROW, HEADER_ROW, FIRST_ROW = 0, 1, 2, 4, 5, 6
ROW_MARK = "\x00"
META_SHEET = "_meta"
INDEX = "index"  # the sheet key of the first page
INDEX_FIRST_ROW, INDEX_COUNT_COLUMN = 5, 3  # its table of sheets, and the column of filled rows
IDENTITY_CELL = (1, 3)  # where the first page shows the id
IDENTITY_NAME = "planbook_identity"
LABEL_MARK = "｜"


def column_letter(index: int) -> str:
    """``A`` for 0, ``AA`` for 26."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_address(row: int, column: int, *, absolute: bool = False) -> str:
    """The A1 reference of a 0-based row and column."""
    mark = "$" if absolute else ""
    return f"{mark}{column_letter(column)}{mark}{row + 1}"


def quote_sheet(title: str) -> str:
    """A sheet's title as formulas write it."""
    return "'" + title.replace("'", "''") + "'"


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

    def index(self, key: str) -> int:
        """The 0-based column of `key`; the row ids stand in column 0."""
        return 0 if key == "id" else self._index[key]

    def row(self, number: int) -> int:
        """The 0-based row of the 1-based row `number`."""
        return FIRST_ROW + number - 1

    def range(self, key: str) -> str:
        """The whole column of the table as an absolute reference with its sheet."""
        letter = column_letter(self.index(key))
        return f"{quote_sheet(self.title)}!${letter}${self.first_row + 1}:${letter}${self.last_row + 1}"


def band_column(position: int) -> int:
    """The 0-based column of the n-th cell above a table; its title stands left of it."""
    return 2 + 2 * position


def cell_name(key: str) -> str:
    """The defined name of a setting, an input or a total."""
    return f"cell_{key}"


def range_name(sheet: str, key: str) -> str:
    """The defined name of a column of a table."""
    return f"{sheet}_{key}"


def list_name(key: str) -> str:
    """The defined name of a dropdown list."""
    return f"list_{key}"


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

    def formula(self, sheet: str, formula: str, row: int) -> str:
        """The formula for a 0-based row of a sheet, as Excel text with its ``=``."""
        return "=" + self._template(sheet, formula).replace(ROW_MARK, str(row + 1))

    def column_formula(self, sheet: str, column: Column, row: int) -> str:
        """The formula of a calculated column in a 0-based row."""
        return self.formula(sheet, self.book.formula_of(column), row)

    def _template(self, sheet: str, formula: str) -> str:
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
            return self._lookup(placed, *text.split(">", 1))
        if "." in text:
            return range_name(*text.split(".", 1))
        return f"${column_letter(placed.index(text))}{ROW_MARK}"

    def _lookup(self, placed: SheetLayout, via: str, key: str) -> str:
        link = placed.sheet.column(via).link
        assert link is not None, "the spec check lets only links through"
        target = self.book.sheet(link.sheet)
        own = f"LEFT(${column_letter(placed.index(via))}{ROW_MARK},{target.id.length})"
        if key == "id":
            return own
        found = f"INDEX({range_name(link.sheet, key)},MATCH({own},{range_name(link.sheet, 'id')},0))"
        if target.column(key).kind in {Kind.TEXT, Kind.CHOICE, Kind.LINK}:
            return f'IFERROR({found}&"","")'
        return f'IFERROR(IF({found}="","",{found}),"")'

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
        parents = self._parent_key(placed, column, block)
        return (
            f"=OFFSET({block.name}_head,MATCH({parents},{block.name}_keys,0),0,"
            f"COUNTIF({block.name}_keys,{parents}),1)"
        )

    def _parent_key(self, placed: SheetLayout, column: Column, block: Block) -> str:
        parts = []
        for key in block.within:
            parent = placed.sheet.column(key)
            cell = f"${column_letter(placed.index(key))}{FIRST_ROW + 1}"
            width = self.book.sheet(parent.link.sheet).id.length if parent.link else 0
            parts.append(f"LEFT({cell},{width})" if width else cell)
        return '&"|"&'.join(parts)

    def count_formula(self, placed: SheetLayout) -> str:
        """The formula that counts the rows of a table that are filled in."""
        return f'=SUMPRODUCT(--({range_name(placed.sheet.key, placed.sheet.filled)}<>""))'

    def formula_cells(self) -> Iterator[tuple[str, int, int, str]]:
        """Every formula of the workbook: sheet key (``""`` for the lists), row, column, formula."""
        yield from self.table_formulas()
        for number, placed in enumerate(self.sheets):
            yield INDEX, INDEX_FIRST_ROW + number, INDEX_COUNT_COLUMN, self.count_formula(placed)
        for cell in self.list_cells:
            if cell.formula:
                yield "", cell.row, cell.column, cell.formula

    def table_formulas(self) -> Iterator[tuple[str, int, int, str]]:
        """The formulas of the tables alone, virtual columns included."""
        for placed in self.sheets:
            for at in placed.columns:
                if at.column.calculated:
                    for row in range(placed.first_row, placed.last_row + 1):
                        yield (
                            placed.sheet.key,
                            row,
                            at.index,
                            self.column_formula(placed.sheet.key, at.column, row),
                        )
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
) -> Layout:
    """Decide where everything of `book` stands.

    `items` fills the lists that the cycle supplies, `rows` overrides the number of rows of
    sheets, `many` gives the number of cells of settings that are rows of dates.  Raises
    UsageError for a language or sheet the book does not have.
    """
    if lang not in book.languages:
        raise UsageError(f"book {book.name} speaks {', '.join(book.languages)}, not {lang!r}")
    unknown = set(rows or {}) - set(book.sheets_by_key)
    if unknown:
        raise UsageError(f"book {book.name} has no sheet {', '.join(sorted(unknown))}")
    given = MappingProxyType({key: tuple(values) for key, values in (items or {}).items()})
    placed = tuple(
        _place_sheet(sheet, lang, (rows or {}).get(sheet.key, sheet.rows)) for sheet in book.sheets
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
