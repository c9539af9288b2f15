"""Find the tables of a book in a workbook: by the hidden keys first, then by the titles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from planbook.layout import cell_address, column_letter
from planbook.problems import Code, Location, Problem
from planbook.reader.submission import SheetSource
from planbook.spec import Book, Sheet
from planbook.values import match_key

Grid = Sequence[Sequence[object]]
SEARCH_ROWS = 40
ENOUGH = 0.6  # share of a table's keys or titles that make a row its header
_MARKS = re.compile(r"[（(]\s*(?:选填|optional)\s*[）)]|\*", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """A table found: its grid, the row of its header, its columns by key."""

    sheet: Sheet
    title: str
    grid: Grid
    header_row: int
    columns: Mapping[str, int]
    by_titles: bool


@dataclass(frozen=True)
class Found:
    """The tables found in a workbook, sheets that belong to nobody, and what was wrong."""

    tables: Mapping[str, Table]
    own_sheets: tuple[str, ...]
    problems: tuple[Problem, ...]


def locate_tables(book: Book, grids: Mapping[str, Grid], expected: Mapping[str, str]) -> Found:
    """The tables of `book` among `grids` (sheet title → rows).

    `expected` are the titles by sheet key as the workbook's manifest has them, empty without one.
    """
    candidates: dict[str, list[Table]] = {sheet.key: [] for sheet in book.sheets}
    owned: set[str] = set()
    for title, grid in grids.items():
        best = _best_table(book, title, grid)
        if best is not None:
            candidates[best.sheet.key].append(best)
            owned.add(title)
    problems: list[Problem] = []
    tables: dict[str, Table] = {}
    for sheet in book.sheets:
        wanted = expected.get(sheet.key) or sheet.title.to(book.languages[0])
        found = candidates[sheet.key]
        if not found and (sheet.key not in expected if expected else sheet.optional):
            continue  # by its own manifest it was never issued
        if not found:
            problems.append(Problem(Code.SHEET_MISSING, Location(), expected=wanted))
        elif len(found) > 1:
            names = "、".join(table.title for table in found)
            place = Location(sheet=found[1].title)
            problems.append(Problem(Code.SHEET_TWICE, place, names, subject=wanted))
        else:
            tables[sheet.key] = found[0]
            if found[0].title not in {wanted, *sheet.title.every()}:
                place = Location(sheet=found[0].title)
                problems.append(Problem(Code.SHEET_RENAMED, place, found[0].title, wanted))
    return Found(tables, tuple(t for t in grids if t not in owned and not t.startswith("_")), tuple(problems))


def recognise_book(books: Iterable[Book], grids: Mapping[str, Grid]) -> Book | None:
    """The book most of whose tables stand in the workbook; None when none does."""
    best, most = None, 0.0
    for book in books:
        most_of: dict[str, int] = {}  # columns found of each sheet, which other tables may resemble
        for title, grid in grids.items():
            table = _best_table(book, title, grid)
            if table:
                most_of[table.sheet.key] = max(most_of.get(table.sheet.key, 0), len(table.columns))
        share = sum(most_of.values()) / sum(len(sheet.columns) for sheet in book.sheets)
        if share > most:
            best, most = book, share
    return best


def _best_table(book: Book, title: str, grid: Grid) -> Table | None:
    best: Table | None = None
    score = 0.0
    for row, cells in enumerate(grid[:SEARCH_ROWS]):
        texts = [cell if isinstance(cell, str) else "" for cell in cells]
        if sum(1 for text in texts if text) < 3:
            continue
        for sheet in book.sheets:
            for by_titles in (False, True):
                columns = _match_titles(sheet, texts) if by_titles else _match_keys(sheet, texts)
                share = len(columns) / _shown(sheet) - 0.01 * by_titles
                if share >= ENOUGH and share > score:
                    header = row if by_titles else row + 1
                    best, score = Table(sheet, title, grid, header, columns, by_titles), share
    return best


def _shown(sheet: Sheet) -> int:
    return sum(1 for column in sheet.columns if column.visible)


def _match_keys(sheet: Sheet, texts: Sequence[str]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for index, text in enumerate(texts):
        key = text.strip()
        if (key == "id" or key in sheet.by_key) and key not in columns:
            columns[key] = index
    return columns


def _match_titles(sheet: Sheet, texts: Sequence[str]) -> dict[str, int]:
    wanted = {
        match_key(text): column.key
        for column in sheet.columns
        if column.visible
        for text in column.title.every()
    }
    wanted |= {match_key(text): "id" for text in ("编号", "No.")}
    columns: dict[str, int] = {}
    for index, text in enumerate(texts):
        key = wanted.get(match_key(_MARKS.sub("", text)))
        if key and key not in columns:
            columns[key] = index
    return columns


def column_problems(table: Table, expected: Mapping[str, int], lang: str) -> list[Problem]:
    """Columns that are twice there, missing or moved, against the places the manifest gives."""
    problems = []
    row = table.grid[table.header_row - (0 if table.by_titles else 1)]
    for key, first in table.columns.items():
        again = [
            index
            for index, cell in enumerate(row)
            if index != first and isinstance(cell, str) and _is_key(table, cell, key)
        ]
        column = table.sheet.by_key.get(key)
        title = column.title.to(lang) if column else key
        if again:
            found = "、".join(column_letter(index) for index in (first, *again))
            place = Location(sheet=table.title, cell=cell_address(table.header_row, again[0]))
            problems.append(Problem(Code.COLUMN_TWICE, place, found, title))
        elif expected.get(key, first) != first and column is not None and column.visible:
            place = Location(sheet=table.title, cell=cell_address(table.header_row, first))
            problems.append(Problem(Code.COLUMN_MOVED, place, column_letter(first), subject=title))
    for column in table.sheet.columns:
        if column.visible and not column.calculated and column.key not in table.columns:
            place = Location(sheet=table.title, row=table.header_row + 1)
            problems.append(Problem(Code.COLUMN_MISSING, place, expected=column.title.to(lang)))
    return _without_shifts(problems, table, expected)


def _is_key(table: Table, cell: str, key: str) -> bool:
    if not table.by_titles:
        return cell.strip() == key
    return key in _match_titles(table.sheet, [cell])


def _without_shifts(problems: list[Problem], table: Table, expected: Mapping[str, int]) -> list[Problem]:
    """Say only which columns changed their order: those an insertion pushed aside are not worth a line."""
    order = [key for key, _ in sorted(table.columns.items(), key=lambda item: item[1]) if key in expected]
    kept = _longest_rising([expected[key] for key in order])
    stayed = {order[position] for position in kept}
    titles = {table.sheet.by_key[k].title.every() for k in stayed if k in table.sheet.by_key}
    settled = {text for texts in titles for text in texts}
    return [p for p in problems if p.code is not Code.COLUMN_MOVED or p.subject not in settled]


def _longest_rising(numbers: Sequence[int]) -> list[int]:
    """Positions of a longest rising subsequence."""
    best: list[list[int]] = []
    for position, number in enumerate(numbers):
        before = [chain for chain in best if numbers[chain[-1]] < number]
        best.append([*max(before, key=len, default=[]), position])
    return max(best, key=len, default=[])


def locate_rows(table: Table, used: set[int]) -> tuple[SheetSource, list[Problem]]:
    """Rows by number: by their printed ids, or by their place where an id is lost.

    `used` are the 0-based rows that hold anything a person typed.
    """
    pattern = re.compile(rf"^{table.sheet.id.prefix}(\d{{{table.sheet.id.width}}})$")
    id_column = table.columns.get("id", 0)
    problems: list[Problem] = []
    rows: dict[int, int] = {}
    start = table.header_row + 1
    for row in range(start, len(table.grid)):
        cells = table.grid[row]
        ident = str(cells[id_column]).strip() if id_column < len(cells) else ""
        found = pattern.match(ident)
        place = Location(sheet=table.title, cell=cell_address(row, id_column))
        if found:
            number = int(found[1])
            if number not in rows:
                rows[number] = row
            elif row in used:
                problems.append(Problem(Code.ROW_ID_TWICE, place, ident))
        elif row in used:
            number = row - start + 1
            if number in rows or number > table.sheet.rows * 4 or _beyond(table, row, pattern, id_column):
                problems.append(
                    Problem(Code.TEXT_BELOW, replace(place, cell="", row=row + 1), _sample(cells))
                )
            else:
                rows[number] = row
                expected = table.sheet.id.of(number)
                problems.append(Problem(Code.ROW_ID_LOST, place, ident, expected))
    return SheetSource(table.title, table.columns, rows), problems


def _beyond(table: Table, row: int, pattern: re.Pattern[str], id_column: int) -> bool:
    """Whether no numbered row follows: the table has ended above."""
    later = (cells[id_column] for cells in table.grid[row:] if id_column < len(cells))
    has_ids = any(
        pattern.match(str(cells[id_column]).strip()) for cells in table.grid if id_column < len(cells)
    )
    return has_ids and not any(pattern.match(str(cell).strip()) for cell in later)


def _sample(cells: Sequence[object]) -> str:
    return "、".join(str(cell) for cell in cells if str(cell).strip())
