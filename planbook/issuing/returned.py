"""A workbook that came back, as rows to fill in: all of it in its own year, what goes on from last year's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from planbook.checks import Reviewed, review_submission
from planbook.cycle import Cycle, cycle_items
from planbook.issuing.rows import Given, RowRef, Standing
from planbook.layout.cells import show_span
from planbook.plan import PlanRow, Value
from planbook.problems import Code, Location, Problem, Severity, list_words
from planbook.reader import Expectations, GivenCell, Submission, read_workbook
from planbook.reader.tables import BARRING
from planbook.spec import Book, Column, Kind, Place, Sheet, Source, Take, list_books, load_spec
from planbook.values import Nil, Span

Chosen = dict[tuple[str, int], None]  # sheet key and row number, in order

NIL_WORD: Final = "无"  # as the reader knows it, whatever the workbook's language
# What kept a value, a row or a table from being read: carried over, it would be gone without a
# word.  What only bars a row from the figures is said where the row is filled in again.
LOST: Final = (BARRING - {Code.OUT_OF_RANGE, Code.DUPLICATE, Code.OUT_OF_SCOPE, Code.DATES_REVERSED}) | {
    Code.ROW_ID_TWICE,
    Code.COLUMN_CONFLICT,
    Code.COLUMN_MISSING,
    Code.COLUMN_TWICE,
    Code.SHEET_TWICE,
    Code.TEXT_BELOW,
}
COLUMNS: Final = frozenset({Code.COLUMN_CONFLICT, Code.COLUMN_TWICE})  # named at the title, lost in every row


def open_returned(path: Path, label: str, cycle: Cycle, book: Book, password: str = "") -> Submission:
    """A returned workbook as it was read, of whichever year and book; `label` names it in problems."""
    others = (load_spec(name) for name in list_books())
    books = (book, *(other for other in others if other.name != book.name))
    expect = Expectations(books, cycle.company, items=cycle_items(book, cycle.company), password=password)
    return read_workbook(path, expect).labelled(label)


def find_newer(submissions: Mapping[str, Submission]) -> dict[str, str]:
    """For each workbook that its department returned again later, the file that counts instead."""
    groups: dict[tuple[str, int], list[Submission]] = {}
    for submission in submissions.values():
        if submission.issue is not None:
            groups.setdefault((submission.issue.department, submission.issue.year), []).append(submission)
    newer: dict[str, str] = {}
    for group in groups.values():
        # The last one given, where the files do not say when they were saved.
        latest = max(enumerate(group), key=lambda each: (_saved(each[1]), each[0]))[1]
        newer |= {other.file: latest.file for other in group if other is not latest}
    return newer


def _saved(submission: Submission) -> float:
    return submission.modified.timestamp() if submission.modified else 0.0


def returned_rows(
    submission: Submission, newer: str, cycle: Cycle, book: Book, faults: list[Problem]
) -> Iterator[tuple[str, Given | Problem]]:
    """The rows of a returned workbook, each with the department whose workbook it goes into.

    `newer` is the file that counts instead, ``""`` for none.  What stands outside its tables is
    remarked on: it goes nowhere.
    """
    label, issue = submission.file, submission.issue
    reviewed = None
    if issue is not None and submission.book is not None:
        end = issue.fiscal_year.end
        reviewed = review_submission(submission, as_of=cycle.day if issue.year == cycle.year else end)
    if issue is None or reviewed is None:
        faults += submission.problems
        return
    owner = cycle.company.workbook_of(issue.department)
    chosen: Chosen = {}
    if not owner:
        found = f"{issue.department} {issue.department_name}"
        faults.append(Problem(Code.UNKNOWN_DEPARTMENT, Location(file=label), found=found))
    elif newer:
        place, name = Location(file=label), issue.department_name
        yield owner, Problem(Code.RESUBMITTED, place, expected=newer, subject=name)
    elif issue.year == cycle.year and issue.book == book.name:
        chosen = {
            (sheet.key, row.number): None for sheet in book.sheets for row in submission.plan.rows(sheet.key)
        }
        for key, number in chosen:
            row = _whole_row(reviewed, book.sheet(key), number, label)
            # Of two departments that now share a workbook, only its own keeps the places of its rows.
            yield owner, row if issue.department == owner else replace(row, number=None)
    elif issue.year == cycle.year - 1:
        chosen = _choose(reviewed, book)
        for key, number in chosen:
            yield owner, _carried_row(reviewed, book.sheet(key), number, label)
        for remark in _incomplete(reviewed, book, chosen, cycle.language):
            yield owner, remark
    else:
        found, expected = (
            f"{issue.year} {issue.book}",
            list_words((f"{cycle.year} {book.name}", str(cycle.year - 1))),
        )
        faults.append(Problem(Code.PREFILL_OTHER_YEAR, Location(file=label), found, expected))
    for problem in _lost(submission, chosen) if chosen else ():
        if problem.severity is Severity.ERROR:
            faults.append(problem)
        else:
            yield owner, problem


def _lost(submission: Submission, chosen: Chosen) -> list[Problem]:
    """The problems that cost a carried row a value, or keep rows from being carried at all."""
    rows = {
        (source.title, source.rows[number] + 1)
        for key, number in chosen
        if (source := submission.sources.get(key)) is not None
    }
    return [
        problem
        for problem in submission.problems
        if problem.code in LOST
        and (
            not problem.location.cell
            or problem.code in COLUMNS
            or (problem.location.sheet, _row_of(problem.location)) in rows
        )
    ]


def _row_of(place: Location) -> int:
    return int("".join(char for char in place.cell if char.isdigit()) or 0)


# -- the same year: everything typed -------------------------------------------------------


def _whole_row(reviewed: Reviewed, sheet: Sheet, number: int, label: str) -> Given:
    row = _row(reviewed, sheet.key, number)
    cells = {
        column.key: _cell(reviewed, sheet, row, column, column)
        for column in sheet.columns
        if not column.calculated and column.place is not Place.VIRTUAL and row.get(column.key) is not None
    }
    place = reviewed.submission.locate(sheet.key, number, sheet.filled)
    return Given(sheet.key, cells, place, label, number=number, own=number)


def _row(reviewed: Reviewed, sheet: str, number: int) -> PlanRow:
    return next(row for row in reviewed.submission.plan.rows(sheet) if row.number == number)


def _cell(reviewed: Reviewed, sheet: Sheet, row: PlanRow, source: Column, target: Column) -> GivenCell:
    """The value of the workbook's column `source` as `target` takes it, and where it stood."""
    value = reviewed.value(sheet.key, row, source.key)
    place = reviewed.submission.locate(sheet.key, row.number, source.key)
    unit = sheet.by_key.get(source.unit)
    if target.kind is not Kind.QUANTITY or unit is None or not isinstance(value, float | int):
        return GivenCell(_untyped(value, source), place)
    if unit.place is Place.VIRTUAL:  # the amount names its unit itself, as it was typed
        typed = reviewed.submission.typed.get((sheet.key, row.number, source.key))
        return GivenCell(typed or value, place)
    named = reviewed.value(sheet.key, row, unit.key)
    return GivenCell(value, place, str(named or ""))


def _untyped(value: Value, column: Column) -> object:
    """The value as it may be typed again."""
    if isinstance(value, Nil):
        return NIL_WORD
    if isinstance(value, Span):
        return show_span(value, "zh")
    if column.link and isinstance(value, str):
        digits = "".join(char for char in value if char.isdigit())
        return RowRef(column.link.sheet, int(digits)) if digits else value
    return value


# -- last year: what the book carries over -------------------------------------------------


def _take(sheet: Sheet) -> Take | None:
    """What the sheet takes over from the year before."""
    return next((take for take in sheet.takes if take.source is Source.LAST_YEAR), None)


def _choose(reviewed: Reviewed, book: Book) -> Chosen:
    """The rows that go on: those each sheet takes, and those that one of them names."""
    chosen: set[tuple[str, int]] = set()
    named: set[tuple[str, int]] = set()
    plan = reviewed.submission.plan
    for sheet in reversed(book.sheets):
        take = _take(sheet)
        if take is None or sheet.key not in reviewed.book.sheets_by_key:
            continue
        for row in plan.rows(sheet.key):
            # Of a row kept out of the figures nothing was computed: it goes on, and what is wrong is said.
            wanted = (sheet.key, row.number) in reviewed.submission.quarantined or all(
                reviewed.value(sheet.key, row, key) in items for key, items in take.only.items()
            )
            if (sheet.key, row.number) in named or (wanted and not take.linked):
                chosen.add((sheet.key, row.number))
                named.update(_names(reviewed, sheet, row, take))
    rows = ((sheet.key, row.number) for sheet in book.sheets for row in plan.rows(sheet.key))
    return dict.fromkeys(row for row in rows if row in chosen)


def _names(reviewed: Reviewed, sheet: Sheet, row: PlanRow, take: Take) -> Iterator[tuple[str, int]]:
    """The rows that the columns taken over link to."""
    own = reviewed.book.sheet(sheet.key)
    for name in take.columns.values():
        column = own.by_key.get(name)
        value = _untyped(row.get(name), column) if column else None
        if isinstance(value, RowRef):
            yield value.sheet, value.number


def _carried_row(reviewed: Reviewed, sheet: Sheet, number: int, label: str) -> Given:
    take = _take(sheet)
    assert take is not None, "only rows of a sheet that takes over are chosen"
    row = _row(reviewed, sheet.key, number)
    own = reviewed.book.sheet(sheet.key)
    place = reviewed.submission.locate(sheet.key, number, own.filled)
    cells = {key: GivenCell(value, place) for key, value in take.fixed.items()}
    for key, name in take.columns.items():
        column = own.by_key.get(name)
        if column is None or reviewed.value(sheet.key, row, name) is None:
            continue
        if not _falls_short(reviewed, sheet.key, row, take, key):
            cells[key] = _cell(reviewed, own, row, column, sheet.column(key))
    return Given(sheet.key, cells, place, label, Standing.CARRIED, own=number)


def _falls_short(reviewed: Reviewed, sheet: str, row: PlanRow, take: Take, key: str) -> bool:
    """Whether the row has a value for the column `key` that is not that of a whole year."""
    needed = take.complete.get(key, {})
    has_value = reviewed.value(sheet, row, take.columns[key]) is not None
    return has_value and any(reviewed.value(sheet, row, other) != n for other, n in needed.items())


def _incomplete(reviewed: Reviewed, book: Book, chosen: Chosen, lang: str) -> Iterator[Problem]:
    """A remark on every column that rows could not be given, with how many they are."""
    for sheet in book.sheets:
        take = _take(sheet)
        for key, needed in take.complete.items() if take else ():
            rows = [_row(reviewed, name, number) for name, number in chosen if name == sheet.key]
            short = [row for row in rows if take and _falls_short(reviewed, sheet.key, row, take, key)]
            if short:
                place = replace(reviewed.submission.locate(sheet.key, short[0].number, key), cell="")
                wanted = [f"{sheet.column(other).title.to(lang)} = {n:g}" for other, n in needed.items()]
                title = sheet.column(key).title.to(lang)
                yield Problem(Code.PREFILL_INCOMPLETE, place, str(len(short)), list_words(wanted), title)
