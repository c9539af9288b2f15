"""Which column of a table is which, and what was done to them.

The hidden row of keys goes first, since it travels with its columns; then titles in any language,
then titles nearly right, then the workbook's defined names, which other programs do not always keep
in step.  Where two witnesses disagree nothing is picked: it is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz import fuzz

from planbook.layout import WEEKS, column_letter, range_name, reference_place
from planbook.problems import Code, Location, Problem, Words, list_words
from planbook.reader.facts import SheetFacts
from planbook.reader.grids import Grid
from planbook.spec import Sheet
from planbook.values import match_key

NEAR = 75.0  # likeness, of 100, from which a title is taken for another
AHEAD = 10.0  # by how much the likest title must lead the next
_MARKS = re.compile(r"[（(]\s*(?:选填|optional)\s*[）)]|\*", re.IGNORECASE)
_ID_TITLES = ("编号", "No.")


@dataclass(frozen=True)
class Table:
    """A table found: its grid, the 0-based row of its header, its columns by key.

    `doubtful` are the columns that could not be told apart, which are not among `columns`.
    """

    sheet: Sheet
    title: str
    grid: Grid
    header_row: int
    columns: Mapping[str, int]
    by_titles: bool
    doubtful: frozenset[str] = frozenset()


@dataclass
class Candidate:
    """A header on a sheet, before the columns are settled."""

    sheet: Sheet
    title: str
    grid: Grid
    header_row: int
    by_titles: bool
    places: dict[str, list[int]]


def titles_of(sheet: Sheet) -> dict[str, frozenset[str]]:
    """The keys that a title may mean, by the title's matching form."""
    titles: dict[str, set[str]] = {match_key(text): {"id"} for text in _ID_TITLES}
    for column in sheet.columns:
        if column.visible:
            for text in column.title.every():
                titles.setdefault(match_key(text), set()).add(column.key)
    return {text: frozenset(keys) for text, keys in titles.items()}


def title_key(text: str) -> str:
    """A title in its matching form, the marks of required and optional columns left out."""
    return match_key(_MARKS.sub("", text))


def settle_columns(
    candidate: Candidate, names: Mapping[str, str], problems: list[Problem], lang: str
) -> Table:
    """Decide which column is which; what cannot be told stays out, and is said in `problems`."""
    header = candidate.grid[candidate.header_row] if candidate.header_row < len(candidate.grid) else ()
    titles = {
        index: cell.strip() for index, cell in enumerate(header) if isinstance(cell, str) and cell.strip()
    }
    settler = _Settler(candidate, titles, problems, lang)
    settler.drop_doubles()
    settler.drop_conflicts()
    settler.take_by_titles()
    settler.take_by_names(names)
    settler.drop_moved()
    return Table(
        candidate.sheet,
        candidate.title,
        candidate.grid,
        candidate.header_row,
        settler.columns,
        candidate.by_titles,
        frozenset(settler.doubtful),
    )


class _Settler:
    """The columns of one table, decided step by step."""

    def __init__(
        self, candidate: Candidate, titles: Mapping[int, str], problems: list[Problem], lang: str
    ) -> None:
        self.candidate = candidate
        self.sheet = candidate.sheet
        self.titles = titles
        self.problems = problems
        self.lang = lang
        self.known = titles_of(candidate.sheet)
        self.columns = {key: indexes[0] for key, indexes in candidate.places.items()}
        self.doubtful: set[str] = set()

    def drop_doubles(self) -> None:
        """A column that stands twice is none: nobody can say which one counts."""
        for key, indexes in self.candidate.places.items():
            if len(indexes) > 1 and key != "id":
                found = list_words(column_letter(index) for index in indexes)
                self._say(Code.COLUMN_TWICE, indexes[1], found, self._title(key))
                del self.columns[key]
                self.doubtful.add(key)

    def drop_conflicts(self) -> None:
        """A column whose hidden key says one thing and whose title another."""
        if self.candidate.by_titles:
            return
        for key, index in list(self.columns.items()):
            column = self.sheet.by_key.get(key)
            text = self.titles.get(index)
            if column is None or not column.visible or text is None:
                continue
            meant = self.known.get(title_key(text))
            if meant and key not in meant:
                other = self.sheet.by_key.get(min(meant))
                self._say(
                    Code.COLUMN_CONFLICT, index, column_letter(index),
                    other.title.to(self.lang) if other else text, self._title(key),
                )  # fmt: skip
                del self.columns[key]
                self.doubtful.add(key)
            elif meant is None and not column.calculated:
                self._say(Code.COLUMN_RENAMED, index, _MARKS.sub("", text), self._title(key))

    def take_by_titles(self) -> None:
        """Columns without a key: by their title, exactly or nearly."""
        free = {index: text for index, text in self.titles.items() if index not in self.columns.values()}
        for key in self._missing():
            titles = {title_key(text) for text in self.sheet.column(key).title.every()}
            exact = [index for index, text in free.items() if title_key(text) in titles]
            if len(exact) == 1:
                self.columns[key] = exact[0]
                free.pop(exact[0])
        likeness = {
            (key, index): max(
                fuzz.ratio(title_key(text), title_key(title))
                for title in self.sheet.column(key).title.every()
            )
            for key in self._missing()
            for index, text in free.items()
        }
        for (key, index), likely in sorted(likeness.items(), key=lambda item: -item[1]):
            rivals = [v for (k, i), v in likeness.items() if (k == key) != (i == index)]
            if likely < NEAR or key in self.columns or index in self.columns.values():
                continue
            if likely - max(rivals, default=0.0) >= AHEAD:
                self.columns[key] = index
                self._say(Code.COLUMN_NEAR, index, _MARKS.sub("", free[index]), self._title(key))

    def take_by_names(self, names: Mapping[str, str]) -> None:
        """Columns that lost key and title: by the defined name that points at them."""
        for key in self._missing():
            target = reference_place(names.get(range_name(self.sheet.key, key), ""))
            if target is None or target[0] != self.candidate.title or target[2] in self.columns.values():
                continue
            text = self.titles.get(target[2], "")
            if not text and self._has_content(target[2]):
                self.columns[key] = target[2]
                self._say(Code.COLUMN_BY_NAME, target[2], column_letter(target[2]), "", self._title(key))

    def drop_moved(self) -> None:
        """A column whose title stands over content beside the table too: pasted, its key left behind."""
        keyed = {index for indexes in self.candidate.places.values() for index in indexes}
        for index, text in self.titles.items():
            if index in keyed or index in self.columns.values() or not self._has_content(index):
                continue
            for key in sorted(self.known.get(title_key(text), frozenset()) & self.columns.keys() - {"id"}):
                if self.sheet.column(key).calculated:
                    continue
                found = list_words(column_letter(place) for place in sorted((self.columns[key], index)))
                self._say(Code.COLUMN_TWICE, index, found, self._title(key))
                del self.columns[key]
                self.doubtful.add(key)

    def _has_content(self, index: int) -> bool:
        rows = self.candidate.grid[self.candidate.header_row + 1 :]
        return any(index < len(row) and row[index] not in ("", None) for row in rows)

    def _missing(self) -> list[str]:
        return [
            column.key
            for column in self.sheet.columns
            if column.visible and column.key not in self.columns and column.key not in self.doubtful
        ]

    def _title(self, key: str) -> str:
        column = self.sheet.by_key.get(key)
        return column.title.to(self.lang) if column else key

    def _say(self, code: Code, index: int, found: str | Words, expected: str, subject: str = "") -> None:
        row = self.candidate.header_row
        place = Location(sheet=self.candidate.title, cell=f"{column_letter(index)}{row + 1}")
        self.problems.append(Problem(code, place, found, expected, subject))


# -- what was done to columns and sheets -------------------------------------------------------


def column_problems(table: Table, expected: Mapping[str, int], facts: SheetFacts, lang: str) -> list[Problem]:
    """Columns that are missing, moved, hidden or the planner's own; `expected` is the manifest's places."""
    problems = []
    for column in table.sheet.columns:
        known = column.key in table.columns or column.key in table.doubtful
        known = known or bool(expected and column.key not in expected)  # of a newer version of the book
        if column.visible and not known and (expected or not column.calculated):
            code = Code.FORMULA_COLUMN_MISSING if column.calculated else Code.COLUMN_MISSING
            place = Location(sheet=table.title, row=table.header_row + 1)
            problems.append(Problem(code, place, expected=column.title.to(lang)))
    for key in _moved(table, expected):
        column = table.sheet.column(key)
        if column.visible:
            index = table.columns[key]
            place = Location(sheet=table.title, cell=f"{column_letter(index)}{table.header_row + 1}")
            title = column.title.to(lang)
            problems.append(Problem(Code.COLUMN_MOVED, place, column_letter(index), subject=title))
    hidden = [
        table.columns[column.key]
        for column in table.sheet.columns
        if column.visible and table.columns.get(column.key, -1) in facts.hidden_columns
    ]
    if hidden:
        letters = list_words(column_letter(index) for index in sorted(hidden))
        problems.append(Problem(Code.COLUMNS_HIDDEN, Location(sheet=table.title), letters))
    own = _own_columns(table, facts, expected)
    if own:
        problems.append(Problem(Code.OWN_COLUMNS, Location(sheet=table.title), list_words(own)))
    if facts.hidden:
        problems.append(Problem(Code.SHEET_HIDDEN, Location(sheet=table.title), subject=table.title))
    return problems


def _moved(table: Table, expected: Mapping[str, int]) -> list[str]:
    """The columns that changed their order; those an insertion pushed aside are not worth a line."""
    ordered = sorted(table.columns.items(), key=lambda item: item[1])
    order = [key for key, _ in ordered if key in expected and key in table.sheet.by_key]
    stayed = {order[at] for at in _longest_rising([expected[key] for key in order])}
    return [key for key in order if key not in stayed and expected[key] != table.columns[key]]


def _longest_rising(numbers: Sequence[int]) -> list[int]:
    """Positions of a longest rising subsequence."""
    if all(first < second for first, second in pairwise(numbers)):
        return list(range(len(numbers)))
    best: list[list[int]] = []
    for at, number in enumerate(numbers):
        before = [chain for chain in best if numbers[chain[-1]] < number]
        best.append([*max(before, key=len, default=[]), at])
    return max(best, key=len, default=[])


def _own_columns(table: Table, facts: SheetFacts, expected: Mapping[str, int]) -> list[str]:
    """Columns with content beside the table's own: their letters and titles."""
    rows = table.grid[table.header_row :]
    width = max((len(row) for row in rows), default=0)
    claimed = {*table.columns.values(), *facts.hidden_columns}
    keys = table.grid[table.header_row - 1] if table.header_row else ()
    claimed |= {index for index, cell in enumerate(keys) if cell in expected}  # of an older version
    if table.sheet.timeline and table.columns:
        first = max(table.columns.values()) + 1
        claimed |= set(range(first, first + WEEKS))
    if len(claimed) >= width:
        return []
    twice = {title_key(t) for key in table.doubtful for t in table.sheet.column(key).title.every()}
    own = []
    for index in (index for index in range(width) if index not in claimed):
        title = rows[0][index] if index < len(rows[0]) else ""
        if isinstance(title, str) and title_key(title) in twice:
            continue  # a column that stands twice is the table's, not the planner's
        if any(index < len(row) and row[index] not in ("", None) for row in rows):
            own.append(f"{column_letter(index)} {title}".strip())
    return own
