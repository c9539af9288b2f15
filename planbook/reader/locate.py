"""Find the tables of a book in a workbook, whatever was done to its sheets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from planbook.layout import column_letter, range_name, reference_place
from planbook.problems import Code, Location, Problem, list_words
from planbook.reader.columns import Candidate, Table, settle_columns, title_key, titles_of
from planbook.reader.facts import NO_FACTS, SheetFacts
from planbook.reader.grids import Grid
from planbook.spec import Book, Sheet

SEARCH_ROWS = 200
ENOUGH = 0.6  # share of a table's visible columns that makes a row its header
OUR_SHEETS = ("lists_sheet", "findings_sheet")  # beside the book's own: the lists, and a return copy's
FEWEST = 3  # columns below which a row is no header at all


@dataclass(frozen=True)
class Places:
    """Where the workbook's own manifest says a table stands."""

    title: str = ""
    columns: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """The tables found in a workbook and what was wrong with sheets and columns."""

    tables: Mapping[str, Table]
    problems: tuple[Problem, ...]


class _Words:
    """The keys and titles of a book, ready for look-up."""

    def __init__(self, book: Book) -> None:
        self.keys = frozenset({"id"} | {column.key for sheet in book.sheets for column in sheet.columns})
        self.titles = {sheet.key: titles_of(sheet) for sheet in book.sheets}
        self.any_title = frozenset().union(*self.titles.values())
        self.shown = {sheet.key: sum(column.visible for column in sheet.columns) for sheet in book.sheets}


_WORDS: dict[str, _Words] = {}  # by the book's hash


def _words_of(book: Book) -> _Words:
    if book.sha256 not in _WORDS:
        _WORDS[book.sha256] = _Words(book)
    return _WORDS[book.sha256]


def locate_tables(
    book: Book,
    grids: Mapping[str, Grid],
    places: Mapping[str, Places],
    *,
    names: Mapping[str, str] | None = None,
    facts: Mapping[str, SheetFacts] | None = None,
    lang: str = "zh",
) -> Found:
    """The tables of `book` among `grids` (sheet title → rows).

    `places` are by sheet key, as the workbook's manifest has them; `names` its defined names,
    `facts` what its sheets say beside their values.
    """
    candidates: dict[str, list[Candidate]] = {sheet.key: [] for sheet in book.sheets}
    expected = {place.title: key for key, place in places.items() if place.title}
    for title, grid in grids.items():
        best = _best_header(book, title, grid, expected.get(title, ""))
        if best is not None:
            candidates[best.sheet.key].append(best)
    problems: list[Problem] = []
    tables: dict[str, Table] = {}
    for sheet in book.sheets:
        wanted = places.get(sheet.key, Places()).title or sheet.title.to(lang)
        found = candidates[sheet.key] or _by_names(sheet, grids, names or {}, problems, lang)
        if len(found) == 1:
            tables[sheet.key] = settle_columns(found[0], names or {}, problems, lang)
            if found[0].title not in {wanted, *sheet.title.every()}:
                place = Location(sheet=found[0].title)
                problems.append(Problem(Code.SHEET_RENAMED, place, found[0].title, wanted))
        elif found or (sheet.key in places if places else not sheet.optional):  # else never issued
            problems.append(_no_table(sheet, wanted, found, grids))
    ours = {candidate.title for found in candidates.values() for candidate in found}
    problems += _own_sheets(book, ours | {table.title for table in tables.values()}, grids, facts or {})
    return Found(tables, tuple(problems))


def _no_table(sheet: Sheet, wanted: str, found: Sequence[Candidate], grids: Mapping[str, Grid]) -> Problem:
    if found:
        names = list_words(candidate.title for candidate in found)
        return Problem(Code.SHEET_TWICE, Location(sheet=found[1].title), names, subject=wanted)
    title = next((title for title in (wanted, *sheet.title.every()) if title in grids), "")
    if title:
        return Problem(Code.HEADER_MISSING, Location(sheet=title), subject=title)
    return Problem(Code.SHEET_MISSING, Location(), expected=wanted)


def lost_columns(book: Book, found: Found, places: Mapping[str, Places]) -> frozenset[tuple[str, str]]:
    """The columns, by sheet, that were issued and not found, or that could not be told apart.

    Of a sheet that is gone the input cells above its table too.
    """
    lost: set[tuple[str, str]] = set()
    for sheet in book.sheets:
        table = found.tables.get(sheet.key)
        if table is None:
            issued = sheet.key in places if places else not sheet.optional
            if issued:
                keys = [column.key for column in sheet.columns] + [cell.key for cell in sheet.inputs]
                lost |= {(sheet.key, key) for key in keys}
            continue
        known = places.get(sheet.key, Places()).columns
        lost |= {(sheet.key, key) for key in (*table.doubtful, *known) if key not in table.columns}
    return frozenset(lost)


def recognise_book(books: Iterable[Book], grids: Mapping[str, Grid]) -> Book | None:
    """The book most of whose tables stand in the workbook; None when none does."""
    best, most = None, 0.0
    for book in books:
        most_of: dict[str, int] = {}  # columns found of each sheet, which other tables may resemble
        for title, grid in grids.items():
            header = _best_header(book, title, grid, "")
            if header:
                most_of[header.sheet.key] = max(most_of.get(header.sheet.key, 0), len(header.places))
        share = sum(most_of.values()) / sum(len(sheet.columns) for sheet in book.sheets)
        if share > most:
            best, most = book, share
    return best


# -- headers -----------------------------------------------------------------------------------


def _best_header(book: Book, title: str, grid: Grid, expected: str) -> Candidate | None:
    """The row that is most like the header of a table; `expected` is the table the title promises."""
    words = _words_of(book)
    best: Candidate | None = None
    score = 0.0
    for row, cells in enumerate(grid[:SEARCH_ROWS]):
        texts = [cell if isinstance(cell, str) else "" for cell in cells]
        for by_titles in (False, True):
            spotted = _spot(words, texts, by_titles=by_titles)
            if len(spotted) < FEWEST:
                continue
            for sheet in book.sheets:
                places = _match(sheet, words, spotted, by_titles=by_titles)
                share = len(places) / words.shown[sheet.key] - 0.01 * by_titles
                wanted = 0.0 if sheet.key == expected else ENOUGH
                if len(places) >= FEWEST and share >= wanted and share > score:
                    header = row if by_titles else row + 1
                    best, score = Candidate(sheet, title, grid, header, by_titles, places), share
        if best is not None and not best.by_titles and row > best.header_row:
            break  # below a row of keys stands the table
    return best


def _spot(words: _Words, texts: Sequence[str], *, by_titles: bool) -> list[tuple[int, str]]:
    """The cells of a row that are a key, or a title, of any table."""
    if not by_titles:
        return [(index, text.strip()) for index, text in enumerate(texts) if text.strip() in words.keys]
    folded = ((index, title_key(text)) for index, text in enumerate(texts) if 0 < len(text) < 80)
    return [(index, text) for index, text in folded if text in words.any_title]


def _match(
    sheet: Sheet, words: _Words, spotted: Sequence[tuple[int, str]], *, by_titles: bool
) -> dict[str, list[int]]:
    """Where each of the sheet's columns stands, as often as it does."""
    places: dict[str, list[int]] = {}
    titles = words.titles[sheet.key]
    for index, text in spotted:
        keys = titles.get(text, frozenset()) if by_titles else {text}
        for key in keys:
            if key == "id" or key in sheet.by_key:
                places.setdefault(key, []).append(index)
    return places


def _by_names(
    sheet: Sheet, grids: Mapping[str, Grid], names: Mapping[str, str], problems: list[Problem], lang: str
) -> list[Candidate]:
    """A table whose header is gone altogether: the defined names still say where its columns are."""
    targets = {
        key: target
        for key in ("id", *(column.key for column in sheet.columns))
        if (target := reference_place(names.get(range_name(sheet.key, key), "")))
    }
    homes = Counter((title, row) for title, row, _ in targets.values() if title in grids)
    if not homes:
        return []
    (title, row), _ = homes.most_common(1)[0]
    places = {key: [column] for key, (home, at, column) in targets.items() if (home, at) == (title, row)}
    visible = [column for column in sheet.columns if column.visible and column.key in places]
    if not 1 <= row < len(grids[title]) or len(visible) < max(
        FEWEST, ENOUGH * sum(c.visible for c in sheet.columns)
    ):
        return []
    titles = [column.title.to(lang) for column in visible]
    place = Location(sheet=title, row=row)
    named = list_words([*titles[:3], *(["…"] if len(titles) > 3 else [])])
    letters = f"{column_letter(min(places.values())[0])}–{column_letter(max(places.values())[0])}"
    problems.append(Problem(Code.COLUMN_BY_NAME, place, letters, subject=named))
    return [Candidate(sheet, title, grids[title], row - 1, False, places)]


def _own_sheets(
    book: Book, tables: Collection[str], grids: Mapping[str, Grid], facts: Mapping[str, SheetFacts]
) -> list[Problem]:
    """Sheets of the planner's own: no table, not one of ours, which are protected or have our titles."""
    ours = {*tables, *book.index.title.every(), *(book.dashboard.title.every() if book.dashboard else ())}
    ours |= {book.label(key, lang) for key in OUR_SHEETS for lang in book.languages}
    ours |= {title for sheet in book.sheets for title in sheet.title.every()}
    own = []
    for title, grid in grids.items():
        known = facts.get(title, NO_FACTS)
        if title in ours or title.startswith("_") or known.protected:
            continue
        if known.formulas or any(cell not in ("", None) for row in grid for cell in row):
            own.append(title)
    return [Problem(Code.OWN_SHEETS, Location(), list_words(own))] if own else []
