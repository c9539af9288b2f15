"""What changed between two returns of a workbook: row by row by their ids, never by position."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from planbook.plan import PlanRow, Value
from planbook.problems import Code, Location, Problem, UsageError, list_words, say
from planbook.reader import Submission, show_value
from planbook.spec import Sheet
from planbook.values import match_key

TINY = 1e-9  # a percentage that differs by less has not moved


class ChangeKind(StrEnum):
    """What happened to a row or a cell."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: a whole row that came or went, or one cell of a row that is in both.

    `row` is the row's id, `name` what it is about; `before` and `after` are as the workbook shows
    them, ``""`` for a blank; `place` is the cell in the newer file, or the older one's for a row
    that went; `spot` is the same by keys: sheet, row number, column.
    """

    kind: ChangeKind
    spot: tuple[str, int, str]
    sheet: str
    row: str
    name: str
    place: Location
    column: str = ""
    before: str = ""
    after: str = ""


def diff_submissions(old: Submission, new: Submission) -> tuple[Change, ...]:
    """Every difference between what was read from two workbooks, in the order of the book.

    Raises UsageError where one of them was refused, or they are of different books or departments.
    """
    check_comparable(old, new)
    return tuple(_changes(old, new))


def check_comparable(old: Submission, new: Submission) -> None:
    """UsageError where two submissions have nothing to compare."""
    for submission in (old, new):
        if submission.refused:
            raise UsageError(say("not_read", name=submission.file), submission.problems)
    assert old.issue is not None
    assert new.issue is not None
    first, second = (old.issue.book, old.issue.department), (new.issue.book, new.issue.department)
    if first != second:
        shown = list_words(" ".join(parts) for parts in (first, second))
        raise UsageError(say("cannot_compare", names=shown))


def _changes(old: Submission, new: Submission) -> Iterator[Change]:
    assert new.book is not None
    for sheet in new.book.sheets:
        yield from _input_changes(old, new, sheet)
        before = {row.number: row for row in old.plan.rows(sheet.key)}
        after = {row.number: row for row in new.plan.rows(sheet.key)}
        for number in sorted({*before, *after}):
            first, second = before.get(number), after.get(number)
            if first is None and second is not None:
                yield _row_change(ChangeKind.ADDED, new, sheet, second)
            elif second is None and first is not None:
                yield _row_change(ChangeKind.REMOVED, old, sheet, first)
            elif first is not None and second is not None:
                yield from _cell_changes(old, new, sheet, first, second)


def _input_changes(old: Submission, new: Submission, sheet: Sheet) -> Iterator[Change]:
    for above in sheet.inputs:
        before, after = (s.plan.inputs.get(above.key) for s in (old, new))
        if before != after:
            title = _title(new, sheet)
            yield Change(
                ChangeKind.CHANGED,
                (sheet.key, 0, above.key),
                title,
                "",
                "",
                Location(file=new.file, sheet=title),
                above.title.to(_lang(new)),
                "" if before is None else str(before),
                "" if after is None else str(after),
            )


def _row_change(kind: ChangeKind, of: Submission, sheet: Sheet, row: PlanRow) -> Change:
    return Change(
        kind,
        (sheet.key, row.number, sheet.filled),
        _title(of, sheet),
        sheet.id.of(row.number),
        row_name(of, sheet, row),
        of.locate(sheet.key, row.number, sheet.filled),
    )


def _cell_changes(
    old: Submission, new: Submission, sheet: Sheet, before: PlanRow, after: PlanRow
) -> Iterator[Change]:
    for column in sheet.columns:
        if column.calculated or _equal(before.get(column.key), after.get(column.key)):
            continue
        yield Change(
            ChangeKind.CHANGED,
            (sheet.key, after.number, column.key),
            _title(new, sheet),
            sheet.id.of(after.number),
            row_name(new, sheet, after),
            new.locate(sheet.key, after.number, column.key),
            column.title.to(_lang(new)),
            show_value(old, column, before.get(column.key)),
            show_value(new, column, after.get(column.key)),
        )


def _equal(first: Value, second: Value) -> bool:
    numbers = (first, second)
    if all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers):
        one, other = float(str(first)), float(str(second))
        return abs(one - other) <= TINY * max(1.0, abs(one), abs(other))
    return first == second


# -- names and values for a reader ---------------------------------------------------------


def _lang(submission: Submission) -> str:
    return submission.issue.lang if submission.issue else "zh"


def _title(submission: Submission, sheet: Sheet) -> str:
    source = submission.sources.get(sheet.key)
    return source.title if source else sheet.title.to(_lang(submission))


def row_name(submission: Submission, sheet: Sheet, row: PlanRow) -> str:
    """What a row is about: its own name, or that of the row it links to."""
    column = sheet.column(sheet.filled)
    return show_value(submission, column, row.get(column.key))


# -- what an earlier copy says of a later one ----------------------------------------------


def find_setbacks(old: Submission, new: Submission) -> tuple[Problem, ...]:
    """Progress that went backwards, and rows that have another name under the same id."""
    check_comparable(old, new)
    assert new.book is not None
    problems: list[Problem] = []
    for sheet in new.book.sheets:
        before = {row.number: row for row in old.plan.rows(sheet.key)}
        for row in new.plan.rows(sheet.key):
            if row.number in before:
                problems += _setbacks(old, new, sheet, before[row.number], row)
    return tuple(problems)


def _setbacks(
    old: Submission, new: Submission, sheet: Sheet, before: PlanRow, after: PlanRow
) -> Iterator[Problem]:
    linked = any(column.link and before.get(column.key) != after.get(column.key) for column in sheet.columns)
    progress = _progress(sheet)
    for column in sheet.columns:
        first, second = before.get(column.key), after.get(column.key)
        if first is None or second is None:
            continue
        shown = (show_value(new, column, second), show_value(old, column, first), column.title.to(_lang(new)))
        place = new.locate(sheet.key, after.number, column.key)
        if column.unique and match_key(str(first)) != match_key(str(second)):
            yield Problem(Code.ROW_RENAMED, place, *shown)
        elif column.key == progress and not linked and _fell(first, second):
            yield Problem(Code.PROGRESS_BACKWARDS, place, *shown)


def _progress(sheet: Sheet) -> str:
    """The column that says how far a row is: what its deviation from plan is measured on; "" for none."""
    measured = (column for column in sheet.columns if column.measure == "schedule_deviation")
    return next((column.arguments.get("percent", "percent") for column in measured), "")


def _fell(first: Value, second: Value) -> bool:
    if isinstance(first, int | float) and isinstance(second, int | float):
        return second < first - TINY
    return False
