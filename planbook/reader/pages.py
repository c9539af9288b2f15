"""The formulas that the reading of tables leaves aside: of the index, the dashboard, the lists, the checks.

Where they belong is what the book's layout says for the rows and sheets that the workbook's manifest
was issued with.  What they give is computed with as few rows as hold anything, and with all of them
only where a formula is gone or stores another value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from planbook.calc import Calculator, CellError, Cells, rows_to_compute
from planbook.layout import INDEX, Layout, cell_address, resolve_layout
from planbook.layout.cells import LISTS, CellValue
from planbook.layout.dashboard import DASHBOARD, dashboard_formulas
from planbook.problems import Code, Location, Problem, Words, say
from planbook.reader.facts import NO_FACTS
from planbook.reader.grids import Grid
from planbook.reader.integrity import Stored, plain_value, same_value, stored_cells
from planbook.reader.rows import describe
from planbook.spec import Book, Item

MOST_ROWS = 20_000  # of all tables together: more was never issued
MOST_REGIONS = 4  # of one page that are named one by one
KEPT = 16
Place = tuple[str, int, int]  # sheet key, 0-based row and column, as they were issued
Spot = tuple[Place, int, int]  # the same, and the row and column where it stands in the file


@dataclass(frozen=True)
class Issuance:
    """What a workbook was issued with, which decides where its formulas stand."""

    book: Book
    lang: str
    rows: tuple[tuple[str, int], ...]  # of each sheet that it has

    @property
    def key(self) -> tuple[object, ...]:
        """What two workbooks share whose pages have their formulas in the same cells."""
        return self.book.sha256, self.lang, self.rows

    @property
    def sound(self) -> bool:
        """Whether it can have been issued by planbook."""
        counts = [count for _, count in self.rows]
        return bool(counts) and min(counts) > 0 and sum(counts) <= MOST_ROWS


@dataclass(frozen=True)
class PageCalculator:
    """Computes every formula of a workbook as it was issued, for its input cells as they are stored."""

    stored: Stored
    issuance: Issuance
    items: Mapping[str, tuple[Item, ...]]  # what the cycle put into its lists
    used: Mapping[str, tuple[int, ...]]  # the rows of each sheet that hold anything
    department: str

    def compute(self, *, whole: bool) -> Cells:
        """What the formulas give, with no more rows than hold anything unless the `whole` is asked for."""
        numbers: Mapping[str, Iterable[int]] = self.used
        if whole:
            numbers = {key: tuple(source.rows) for key, source in self.stored.sources.items()}
        calculator = self._calculator(dict(self.issuance.rows) if whole else self._few_rows())
        placed = {sheet.sheet.key: sheet for sheet in calculator.layout.sheets}
        within = {
            key: [number for number in found if number <= placed[key].rows]
            for key, found in numbers.items()
            if key in placed
        }
        cells = stored_cells(self.stored, within, as_typed=True)
        return calculator.evaluate_stored(cells, self.stored.settings, self.department)

    def _few_rows(self) -> dict[str, int]:
        book, issued = self.issuance.book, dict(self.issuance.rows)
        few = rows_to_compute(book, self.used)
        return {key: min(rows, few[book.sheet(key).mirrors or key]) for key, rows in issued.items()}

    def _calculator(self, rows: Mapping[str, int]) -> Calculator:
        """The calculator for so many rows; compiled once for lists of the same lengths."""
        settings = self.stored.settings
        many = {key: max(1, len(value)) for key, value in settings.items() if isinstance(value, tuple)}
        book, lang = self.issuance.book, self.issuance.lang
        layout = resolve_layout(book, lang=lang, items=self.items, rows=rows, many=many, sheets=rows)
        lengths = tuple((key, len(items)) for key, items in self.items.items())
        key = (book.sha256, lang, tuple(rows.items()), tuple(many.items()), lengths)
        if key not in _CALCULATORS:
            _make_room(_CALCULATORS)
            _CALCULATORS[key] = Calculator(layout)
        return _CALCULATORS[key].with_items(layout)


@dataclass(frozen=True)
class _Region:
    """Formula cells of one sheet by their addresses, and what to call them; not all values are compared."""

    title: str
    grid: Grid = field(repr=False)
    cells: Mapping[bytes, Spot]
    subject: str
    moves: bool = False  # with the number of rows
    late: frozenset[Place] = frozenset()

    def stored(self, spot: Spot) -> object:
        """What stands in a cell."""
        _, row, column = spot
        return self.grid[row][column] if row < len(self.grid) and column < len(self.grid[row]) else ""


@dataclass(frozen=True)
class _Issued:
    """Where the formulas of the pages were issued, by the titles a page may have.

    `late` are the counts of sheets that mirror others: LibreOffice brings them up to date only when it
    calculates everything anew, so that an old one is nobody's fault, and says nothing of the plan.
    """

    layout: Layout
    pages: tuple[tuple[tuple[str, ...], Mapping[bytes, Spot]], ...]
    late: frozenset[Place]


_CALCULATORS: dict[tuple[object, ...], Calculator] = {}
_ISSUED: dict[tuple[object, ...], _Issued] = {}  # by what workbooks with the same pages share


def _make_room(kept: dict[tuple[object, ...], Calculator] | dict[tuple[object, ...], _Issued]) -> None:
    while len(kept) >= KEPT:
        kept.pop(next(iter(kept)))


def _issued_as(issuance: Issuance) -> _Issued:
    if issuance.key not in _ISSUED:
        book, rows = issuance.book, dict(issuance.rows)
        layout = resolve_layout(book, lang=issuance.lang, items={}, rows=rows, many={}, sheets=rows)
        places: dict[str, list[Place]] = {LISTS: [], INDEX: [], DASHBOARD: []}
        places[LISTS] = [(LISTS, cell.row, cell.column) for cell in layout.list_cells if cell.formula]
        counts = {layout.count_formula(placed) for placed in layout.sheets if placed.sheet.mirrors}
        late = set()
        for key, row, column, formula in (*layout.index_formulas(), *dashboard_formulas(layout)):
            places[key].append((key, row, column))
            late |= {(key, row, column)} if formula in counts else set()
        titles = {
            LISTS: tuple(book.label("lists_sheet", lang) for lang in book.languages),
            INDEX: tuple(book.index.title.every()),
            DASHBOARD: tuple(book.dashboard.title.every()) if book.dashboard else (),
        }
        pages = tuple(
            (titles[key], {cell_address(*place[1:]).encode(): (place, *place[1:]) for place in found})
            for key, found in places.items()
        )
        _make_room(_ISSUED)
        _ISSUED[issuance.key] = _Issued(layout, pages, frozenset(late))
    return _ISSUED[issuance.key]


def check_pages(
    stored: Stored,
    issuance: Issuance,
    grids: Mapping[str, Grid],
    calculator: PageCalculator,
    *,
    trusted: bool,
) -> Iterator[Problem]:
    """One problem for every region of formulas that are overwritten, gone or stale on a page.

    The check columns of tables are looked at likewise.  `trusted` says that what the formulas read is
    as it should be, and that the values which the file stores are worth comparing.
    """
    if not issuance.sound:
        return
    issued = _issued_as(issuance)
    regions = [*_pages_in(issued, grids), *_check_columns(issued, stored)]
    lost = [(region, _lost_in(region, stored)) for region in regions]
    if any(found for _, found in lost):
        cells = calculator.compute(whole=True)
        for region, found in lost:
            yield from _lost_problems(region, found, cells)
    elif trusted:
        cells = calculator.compute(whole=False)
        if any(_stale_in(region, stored, cells) for region in regions):
            cells = calculator.compute(whole=True)  # a row that holds nothing but a blank may count too
            for region in regions:
                yield from _problems_of(region, Code.VALUE_STALE, _stale_in(region, stored, cells), cells)


def _pages_in(issued: _Issued, grids: Mapping[str, Grid]) -> Iterator[_Region]:
    for titles, spots in issued.pages:
        title = next((title for title in titles if title in grids), "")
        if title:
            moves = any(place[0] == LISTS for place, _, _ in spots.values())
            yield _Region(title, grids[title], spots, title, moves, issued.late)


def _check_columns(issued: _Issued, stored: Stored) -> Iterator[_Region]:
    """The columns of tables that say in words what is wrong with a row."""
    for placed in issued.layout.sheets:
        key = placed.sheet.key
        table, source = stored.tables.get(key), stored.sources.get(key)
        for at in placed.columns if table and source else ():
            index = table.columns.get(at.column.key) if table else None
            if source is None or table is None or index is None or not at.column.check:
                continue
            spots = {
                cell_address(row, index).encode(): ((key, placed.row(number), at.index), row, index)
                for number, row in source.rows.items()
            }
            yield _Region(table.title, table.grid, spots, at.column.title.to(stored.lang))


def _lost_in(region: _Region, stored: Stored) -> list[Spot]:
    """The cells of a region that have no formula any more."""
    formulas = stored.facts.get(region.title, NO_FACTS).formulas
    return [region.cells[address] for address in region.cells.keys() - formulas.keys()]


def _stale_in(region: _Region, stored: Stored, computed: Cells) -> list[Spot]:
    """The cells of a region that store another value than their formulas give."""
    errors = stored.facts.get(region.title, NO_FACTS).errors
    return [
        spot
        for spot in (region.cells.values() if not region.moves else ())
        if spot[0] in computed
        and spot[0] not in region.late
        and not isinstance(computed[spot[0]], CellError)
        and spot[1:] not in errors
        and not same_value(_trimmed(plain_value(region.stored(spot))), _trimmed(computed[spot[0]]))
    ]


def _trimmed(value: CellValue) -> CellValue:
    """A text without the spaces at its ends, which calamine leaves out."""
    return value.strip() if isinstance(value, str) else value


def _lost_problems(region: _Region, lost: Iterable[Spot], cells: Cells) -> Iterator[Problem]:
    found: dict[Code, list[Spot]] = {Code.FORMULA_OVERWRITTEN: [], Code.FORMULA_MISSING: []}
    for spot in lost:
        blank = region.stored(spot) in ("", None)
        found[Code.FORMULA_MISSING if blank else Code.FORMULA_OVERWRITTEN].append(spot)
    for code, spots in found.items():
        yield from _problems_of(region, code, spots, cells)


def _problems_of(region: _Region, code: Code, spots: Iterable[Spot], cells: Cells) -> Iterator[Problem]:
    for area in _areas(sorted(spots, key=lambda spot: (spot[2], spot[1]))):
        is_, should = (_show(value) for value in (region.stored(area[0]), cells.get(area[0][0])))
        yield Problem(code, Location(sheet=region.title, cell=_address(area)), is_, should, region.subject)


def _areas(places: list[Spot]) -> list[list[Spot]]:
    """Neighbours in a column together; all of them together where there are many."""
    areas: list[list[Spot]] = []
    for spot in places:
        last = areas[-1][-1] if areas else None
        if last is not None and (spot[1], spot[2]) == (last[1] + 1, last[2]):
            areas[-1].append(spot)
        else:
            areas.append([spot])
    return areas if len(areas) <= MOST_REGIONS else [places]


def _address(area: list[Spot]) -> str:
    rows, columns = [spot[1] for spot in area], [spot[2] for spot in area]
    first, last = cell_address(min(rows), min(columns)), cell_address(max(rows), max(columns))
    return first if first == last else f"{first}:{last}"


def _show(value: object) -> str | Words:
    return say("blank") if value in ("", None) else describe(value)  # type: ignore[arg-type]
