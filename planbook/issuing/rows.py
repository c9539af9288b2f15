"""Rows on their way into a workbook: which are the same row, where each lands, and what it comes to.

Sources are taken in their order.  A row that names an id lands there; one that says the same in
the columns that are unique on its sheet is that row; every other goes into the first free row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from planbook.plan import PlanRow
from planbook.problems import Code, Location, Problem
from planbook.reader import GivenCell, GivenReader, GivenRow
from planbook.spec import Book, Kind, Sheet, Source


class Standing(Enum):
    """What a row may do to one that is there already."""

    OFFERED = "offered"  # by the cycle itself: a row that takes it over becomes one with it
    GIVEN = "given"  # its cells replace those of an earlier row
    CARRIED = "carried"  # from last year: it only fills what is blank


@dataclass(frozen=True, slots=True)
class RowRef:
    """A link to a row by the number it had in the workbook it comes from."""

    sheet: str
    number: int


@dataclass(frozen=True, slots=True)
class Given:
    """A row for a sheet: its cells by column key, where it was given and by which source.

    `number` is the row it asks for, `own` its number in the workbook that it comes from.
    """

    sheet: str
    cells: GivenRow
    place: Location
    source: str
    standing: Standing = Standing.GIVEN
    number: int | None = None
    own: int | None = None


@dataclass
class _Draft:
    cells: dict[str, GivenCell]
    place: Location
    standing: Standing
    number: int | None
    sources: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Filled:
    """What came of the rows given for one workbook."""

    tables: Mapping[str, tuple[PlanRow, ...]]
    problems: tuple[Problem, ...]


def fill_rows(
    book: Book, reader: GivenReader, given: Iterable[Given], room: Mapping[str, int], lang: str
) -> Filled:
    """The typed rows of one workbook by sheet key.

    `room` is the number of rows of each sheet the workbook has, `lang` the language of titles in
    problems.  Rows of one source never become one: the second is a fault.
    """
    waiting: dict[str, list[Given]] = {}
    for row in given:
        waiting.setdefault(row.sheet, []).append(row)
    numbers: dict[tuple[str, str, int], int] = {}  # source, sheet, own number → number here
    tables: dict[str, tuple[PlanRow, ...]] = {}
    problems: list[Problem] = []
    for sheet in book.sheets:
        rows = waiting.get(sheet.key, [])
        if not rows:
            continue
        if sheet.key not in room:
            title = sheet.title.to(lang)
            left_out = Problem(Code.PREFILL_LEFT_OUT, rows[0].place, expected=sheet.key, subject=title)
            problems.append(left_out)
            continue
        merging = _Merging(book, sheet, reader, lang)
        followed = [_follow(book, sheet, row, numbers) for row in rows]
        landed = [(row, merging.add(row, followed)) for row in followed]
        problems += merging.problems
        problems += merging.settle(room[sheet.key])
        for row, draft in landed:
            if row.own is not None and draft is not None and draft.number is not None:
                numbers[row.source, sheet.key, row.own] = draft.number
        numbered = {draft.number: draft.cells for draft in merging.drafts if draft.number is not None}
        tables[sheet.key], faults = reader.read(sheet, numbered)
        problems += faults
    return Filled(tables, tuple(problems))


def _follow(book: Book, sheet: Sheet, row: Given, numbers: Mapping[tuple[str, str, int], int]) -> Given:
    """The row with its links as the ids that the rows they name have here.

    A row of a sheet that mirrors another goes where the row it is about went.
    """
    cells = dict(row.cells)
    for key, cell in row.cells.items():
        if isinstance(cell.value, RowRef):
            ref = cell.value
            named = numbers.get((row.source, ref.sheet, ref.number), ref.number)
            cells[key] = replace(cell, value=book.sheet(ref.sheet).id.of(named))
    number = row.number
    if sheet.mirrors and row.own is not None:
        number = numbers.get((row.source, sheet.mirrors, row.own), number)
    return replace(row, cells=cells, number=number)


class _Merging:
    """The rows of one sheet, in the order of their sources, each once."""

    def __init__(self, book: Book, sheet: Sheet, reader: GivenReader, lang: str) -> None:
        self.sheet = sheet
        self.drafts: list[_Draft] = []
        self.problems: list[Problem] = []
        self._reader = reader
        self._lang = lang
        singles = tuple((column.key,) for column in sheet.columns if column.unique)
        groups: tuple[tuple[str, ...], ...] = (*singles, *sheet.unique)
        self._unique = [keys for keys in groups if not any(sheet.column(key).calculated for key in keys)]
        self._claims = _claim_columns(book, sheet)
        self._metrics = _metric_columns(book, sheet)
        self._known: dict[tuple[object, ...], list[_Draft]] = {}  # by unique columns and what they say

    def add(self, row: Given, all_rows: Sequence[Given]) -> _Draft | None:
        """Make `row` one with the row it is, or a new one; None where it is a fault."""
        draft, key = self._find(row, all_rows)
        if draft is None:
            draft = _Draft(dict(row.cells), row.place, row.standing, row.number, {row.source})
            self.drafts.append(draft)
            self._remember(draft)
            return draft
        if row.source in draft.sources:
            found = str(row.cells[key].value) if key in row.cells else self.sheet.id.of(row.number or 0)
            place = row.cells[key].place if key in row.cells else row.place
            subject = self.sheet.column(key).title.to(self._lang) if key in self.sheet.by_key else key
            self.problems.append(Problem(Code.INPUT_DUPLICATE, place, found, subject=subject))
            return None
        self._forget(draft)
        for name, cell in row.cells.items():
            if row.standing is not Standing.CARRIED or name not in draft.cells:
                draft.cells[name] = cell
        draft.sources.add(row.source)
        draft.number = row.number or draft.number
        self._remember(draft)
        return draft

    def _remember(self, draft: _Draft) -> None:
        for keys in self._unique:
            self._known.setdefault((*keys, *self._identity(draft.cells, keys)), []).append(draft)

    def _forget(self, draft: _Draft) -> None:
        for keys in self._unique:
            self._known[(*keys, *self._identity(draft.cells, keys))].remove(draft)

    def settle(self, room: int) -> Iterator[Problem]:
        """Give every row its number; a row too many is a fault."""
        taken = {draft.number for draft in self.drafts}
        free = (n for n in range(1, len(self.drafts) + len(taken) + 1) if n not in taken)
        title = self.sheet.title.to(self._lang)
        for draft in self.drafts:
            if draft.number is None and self.sheet.mirrors:
                yield Problem(
                    Code.PREFILL_ID_NEEDED, draft.place, expected=self.sheet.id.of(1), subject=title
                )
                continue
            if draft.number is None:
                draft.number = next(free)
            if draft.number > room:
                advice = f"{self.sheet.mirrors or self.sheet.key}={self._last}"
                yield Problem(Code.PREFILL_FULL, draft.place, str(room), advice, title)

    @property
    def _last(self) -> int:
        return max(draft.number or 0 for draft in self.drafts)

    # -- which row is it -------------------------------------------------------------------

    def _find(self, row: Given, all_rows: Sequence[Given]) -> tuple[_Draft | None, str]:
        """The draft that `row` is, and the column that told; (None, "") for a row of its own."""
        if row.number is not None:
            for draft in self.drafts:
                if draft.number == row.number:
                    return draft, "id"
        for keys in self._unique:
            wanted = self._identity(row.cells, keys)
            for draft in self._known.get((*keys, *wanted), ()) if wanted else ():
                if None in (row.number, draft.number):  # of two ids the reader says that they clash
                    return draft, keys[-1]
        if row.standing is Standing.OFFERED:
            return None, ""
        return self._find_offered(row) or self._find_by_metric(row, all_rows), ""

    def _find_offered(self, row: Given) -> _Draft | None:
        """The row the cycle offers that this one takes over: the same company goal, or word for word."""
        offered = [d for d in self.drafts if d.standing is Standing.OFFERED and len(d.sources) == 1]
        for key in self._claims:
            wanted = self._identity(row.cells, (key,))
            for draft in offered if wanted else ():
                if self._identity(draft.cells, (key,)) == wanted:
                    return draft
        if not self._unique:
            for draft in offered:
                keys = tuple(draft.cells)
                if self._identity(draft.cells, keys) == self._identity(row.cells, keys):
                    return draft
        return None

    def _find_by_metric(self, row: Given, all_rows: Sequence[Given]) -> _Draft | None:
        """For a row of last year the only one with its metric, where it is the only one itself."""
        if row.standing is not Standing.CARRIED:
            return None
        for key in self._metrics:
            wanted = self._identity(row.cells, (key,))
            same = [d for d in self.drafts if wanted and self._identity(d.cells, (key,)) == wanted]
            rivals = [
                r
                for r in all_rows
                if r.source == row.source and wanted and self._identity(r.cells, (key,)) == wanted
            ]
            if len(same) == 1 and len(rivals) == 1 and row.source not in same[0].sources:
                return same[0]
        return None

    def _identity(self, cells: GivenRow, keys: Sequence[str]) -> tuple[str, ...]:
        """What the cells under `keys` mean; () where one of them is blank."""
        if not all(key in cells for key in keys):
            return ()
        parts = tuple(self._reader.identify(self.sheet.column(key), cells[key]) for key in keys)
        return parts if all(parts) else ()


def _claim_columns(book: Book, sheet: Sheet) -> list[str]:
    """The columns in which a row says which company goal it takes over."""
    keys = [
        key
        for take in sheet.takes
        for key, name in take.columns.items()
        if take.source is Source.ASSIGNED_GOALS and name == "goal"
    ]
    choices = [sheet.column(key) for key in keys if sheet.column(key).kind is Kind.CHOICE]
    return [column.key for column in choices if book.lists[column.list].source]


def _metric_columns(book: Book, sheet: Sheet) -> list[str]:
    """The columns through which typed text may name a row of the sheet."""
    links = (column.link for other in book.sheets for column in other.columns if column.link)
    return list(dict.fromkeys(link.metric for link in links if link.sheet == sheet.key and link.metric))
