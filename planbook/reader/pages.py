"""The formulas of the pages that no table stands on: the index, the dashboard, the hidden lists.

Where they belong is what the book's layout says for the rows and sheets that the workbook's manifest
was issued with.  What they give is computed only where one is gone: it takes the whole workbook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from planbook.calc import Calculator, Cells, StoredCells
from planbook.layout import INDEX, Layout, cell_address, resolve_layout
from planbook.layout.cells import LISTS, SettingValue
from planbook.layout.dashboard import DASHBOARD, dashboard_formulas
from planbook.plan import Plan, PlanRow
from planbook.problems import Code, Location, Problem, Words, say
from planbook.reader.facts import NO_FACTS, SheetFacts
from planbook.reader.grids import Grid
from planbook.reader.rows import describe
from planbook.spec import Book, Item

MOST_ROWS = 20_000  # of all tables together: more was never issued
MOST_REGIONS = 4  # of one page that are named one by one
KEPT = 16
Place = tuple[str, int, int]  # sheet key, 0-based row and column


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

    def layout(self, items: Mapping[str, tuple[Item, ...]], many: Mapping[str, int]) -> Layout:
        """The workbook's layout, with what the cycle put into its lists."""
        rows = dict(self.rows)
        return resolve_layout(self.book, lang=self.lang, items=items, rows=rows, many=many, sheets=rows)

    @property
    def sound(self) -> bool:
        """Whether it can have been issued by planbook."""
        counts = [count for _, count in self.rows]
        return bool(counts) and min(counts) > 0 and sum(counts) <= MOST_ROWS


@dataclass(frozen=True)
class _Page:
    titles: tuple[str, ...]
    cells: Mapping[bytes, Place]


_PAGES: dict[tuple[object, ...], tuple[_Page, ...]] = {}  # by what workbooks with the same pages share


def _pages_of(issuance: Issuance) -> tuple[_Page, ...]:
    if issuance.key not in _PAGES:
        book = issuance.book
        layout = issuance.layout({}, {})
        places: dict[str, list[Place]] = {LISTS: [], INDEX: [], DASHBOARD: []}
        places[LISTS] = [(LISTS, cell.row, cell.column) for cell in layout.list_cells if cell.formula]
        for key, row, column, _ in (*layout.index_formulas(), *dashboard_formulas(layout)):
            places[key].append((key, row, column))
        titles = {
            LISTS: tuple(book.label("lists_sheet", lang) for lang in book.languages),
            INDEX: tuple(book.index.title.every()),
            DASHBOARD: tuple(book.dashboard.title.every()) if book.dashboard else (),
        }
        while len(_PAGES) >= KEPT:
            _PAGES.pop(next(iter(_PAGES)))
        _PAGES[issuance.key] = tuple(
            _Page(
                titles[key],
                {cell_address(row, column).encode(): (key, row, column) for key, row, column in found},
            )
            for key, found in places.items()
        )
    return _PAGES[issuance.key]


def check_pages(
    issuance: Issuance,
    grids: Mapping[str, Grid],
    facts: Mapping[str, SheetFacts],
    compute: Callable[[], Cells],
) -> Iterator[Problem]:
    """One problem for every region of a page whose formulas are overwritten or gone.

    `compute` gives what the formulas of the whole workbook give; it is asked at most once.
    """
    if not issuance.sound:
        return
    cells: Cells | None = None
    for page in _pages_of(issuance):
        title = next((title for title in page.titles if title in grids), "")
        lost = page.cells.keys() - facts.get(title, NO_FACTS).formulas.keys() if title else ()
        if lost:
            cells = compute() if cells is None else cells
            yield from _problems_of(page, title, lost, grids[title], cells)


def _problems_of(
    page: _Page, title: str, lost: Iterable[bytes], grid: Grid, cells: Cells
) -> Iterator[Problem]:
    found: dict[Code, list[Place]] = {Code.FORMULA_OVERWRITTEN: [], Code.FORMULA_MISSING: []}
    for address in lost:
        place = page.cells[address]
        blank = _cell(grid, place) in ("", None)
        found[Code.FORMULA_MISSING if blank else Code.FORMULA_OVERWRITTEN].append(place)
    for code, places in found.items():
        for region in _regions(sorted(places, key=lambda place: (place[2], place[1]))):
            is_, should = (_show(value) for value in (_cell(grid, region[0]), cells.get(region[0])))
            yield Problem(code, Location(sheet=title, cell=_area(region)), is_, should, title)


def _cell(grid: Grid, place: Place) -> object:
    _, row, column = place
    return grid[row][column] if row < len(grid) and column < len(grid[row]) else ""


def _regions(places: list[Place]) -> list[list[Place]]:
    """Neighbours in a column together; all of them together where there are many."""
    regions: list[list[Place]] = []
    for place in places:
        last = regions[-1][-1] if regions else None
        if last is not None and (place[1], place[2]) == (last[1] + 1, last[2]):
            regions[-1].append(place)
        else:
            regions.append([place])
    return regions if len(regions) <= MOST_REGIONS else [places]


def _area(region: list[Place]) -> str:
    rows, columns = [place[1] for place in region], [place[2] for place in region]
    first, last = cell_address(min(rows), min(columns)), cell_address(max(rows), max(columns))
    return first if first == last else f"{first}:{last}"


def _show(value: object) -> str | Words:
    return say("blank") if value in ("", None) else describe(value)  # type: ignore[arg-type]


def compute_workbook(
    layout: Layout, stored: StoredCells, settings: Mapping[str, SettingValue], department: str
) -> Cells:
    """What every formula of the workbook gives for its input cells as they are stored."""
    tables = {
        sheet: tuple(PlanRow(number, values) for number, values in sorted(rows.items()))
        for sheet, rows in stored.rows.items()
    }
    return Calculator(layout).evaluate(Plan(tables, stored.inputs), settings, department)
