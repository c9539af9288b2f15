"""Move a filled workbook to today's layout, and say of everything that had no place where it stood.

The new workbook is made afresh from what was read, then read back and compared: what differs is
reported, whatever the reason.  What could not be read as a value stays in its cell as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from planbook.calc import Calculator
from planbook.layout import resolve_layout
from planbook.layout.manifest import make_issue
from planbook.package.archive import Archive
from planbook.package.comments import AUTHOR, list_comments
from planbook.package.diff import ChangeKind, diff_submissions
from planbook.package.findings import list_openings
from planbook.plan import Plan, PlanRow, Value
from planbook.problems import Code, Location, PartError, Problem, UsageError, Words, rank_problems, say
from planbook.reader import Expectations, Submission, read_workbook
from planbook.spec import Item
from planbook.writer import write_workbook

# What these say stood in a cell is text that no value was read from.
_UNREAD = frozenset(
    {
        Code.NOT_A_QUANTITY,
        Code.NOT_A_PERCENT,
        Code.NOT_A_DATE,
        Code.YEAR_AS_DATE,
        Code.NOT_IN_LIST,
        Code.NOT_IN_LIST_NEAR,
        Code.LINK_BROKEN,
    }
)
# Of these the text that was typed says more than what was made of it.
_KEPT = frozenset({Code.UNIT_MISMATCH, Code.AMBIGUOUS_VALUE})
# What these say was left where it was, and no new workbook can hold it: what to call it.
_LEFT: Mapping[Code, Words] = MappingProxyType(
    {
        Code.OWN_SHEETS: say("own_sheets"),
        Code.OWN_COLUMNS: say("own_columns"),
        Code.TEXT_BELOW: say("beside_table"),
        Code.ROW_ID_TWICE: say("row_twice"),
    }
)
# What these say was not read at all, since nobody can tell which of two it is: said as it stands.
_UNTOLD = frozenset({Code.COLUMN_TWICE, Code.COLUMN_CONFLICT, Code.SHEET_TWICE, Code.HEADER_MISSING})

_ANCHOR = re.compile(r"<(?:[\w.-]{1,40}:)?(?:oneCell|twoCell|absolute)Anchor[\s/>]")


@dataclass(frozen=True, slots=True)
class Migrated:
    """A workbook moved to today's layout: where it is, from and to which version, and what was lost."""

    path: Path
    before: str
    after: str
    rows: int
    losses: tuple[Problem, ...]


def migrate_workbook(
    path: Path,
    submission: Submission,
    target: Path,
    *,
    items: Mapping[str, tuple[Item, ...]] | None = None,
) -> Migrated:
    """Write the data of a submission, read from `path`, into a workbook of today's book at `target`.

    `items` are the lists of today's cycle where there is one, else the workbook's own stay.  Raises
    UsageError for a submission that was refused, OutputError where the file cannot be written.
    """
    book, issue = submission.book, submission.issue
    if book is None or issue is None:
        raise UsageError(say("not_read", name=path.name), submission.problems)
    settings = dict(submission.settings)
    many = {key: len(value) for key, value in settings.items() if isinstance(value, tuple)}
    plan = _with_texts(submission)
    rows = {
        sheet.key: max([sheet.rows, *(row.number for row in plan.rows(sheet.key))]) for sheet in book.sheets
    }
    lists = {**submission.items, **(items or {})}
    lang = issue.lang if issue.lang in book.languages else book.languages[0]
    layout = resolve_layout(book, lang=lang, items=lists, rows=rows, many=many)
    new = make_issue(
        layout,
        department=issue.department,
        department_name=issue.department_name,
        year=issue.fiscal_year,
        scope=issue.scope,
        content=f"{issue.id} {submission.sha256}",
    )
    write_workbook(target, Calculator(layout), new, plan, settings)
    again = read_workbook(target, Expectations((book,)))
    losses = [*_left_behind(path, submission, again, target), *_differences(submission, again)]
    return Migrated(
        target,
        f"{issue.book} {issue.version}",
        f"{new.book} {new.version}",
        again.row_count,
        rank_problems(losses),
    )


def _with_texts(submission: Submission) -> Plan:
    """The plan, with the text of every cell that no value was read from."""
    texts: dict[tuple[str, int], dict[str, Value]] = {}
    places = {
        (source.title, source.address(number, key)): (sheet, number, key)
        for sheet, source in submission.sources.items()
        for number in source.rows
        for key in source.columns
    }
    for problem in submission.problems:
        place = places.get((problem.location.sheet, problem.location.cell))
        if problem.code in _UNREAD and place is not None:
            sheet, number, key = place
            texts.setdefault((sheet, number), {})[key] = submission.typed.get(place, str(problem.found))
        elif problem.code in _KEPT and place is not None and place in submission.typed:
            texts.setdefault((place[0], place[1]), {})[place[2]] = submission.typed[place]
    tables = {
        sheet: tuple(
            PlanRow(row.number, MappingProxyType({**row.values, **texts.get((sheet, row.number), {})}))
            for row in rows
        )
        for sheet, rows in submission.plan.tables.items()
    }
    return Plan(MappingProxyType(tables), submission.plan.inputs)


def _left_behind(path: Path, submission: Submission, new: Submission, target: Path) -> Iterator[Problem]:
    """What the older workbook holds beside its tables: own sheets and columns, comments, pictures.

    `new` was read from the workbook at `target`, which has its own notes and charts.
    """
    for problem in submission.problems:
        if problem.code is Code.NO_PLACE or problem.code in _UNTOLD:
            yield problem
        elif problem.code in _LEFT:
            left = _LEFT[problem.code]
            yield Problem(Code.NO_PLACE, problem.location, problem.found, subject=left)
        elif problem.code is Code.ERROR_CELL:
            yield Problem(Code.VALUE_UNREAD, problem.location, problem.found, subject=problem.subject)
    if not Archive.is_one(path):
        return
    try:
        yield from _beside_tables(Archive.open(path), submission, Archive.open(target), new)
    except PartError as error:  # the data is moved all the same, and this is one more thing to look after
        yield Problem(Code.PART_DAMAGED, Location(submission.file), error.words)


def _beside_tables(
    archive: Archive, submission: Submission, today: Archive, new: Submission
) -> Iterator[Problem]:
    """The comments and pictures on the tables' sheets that today's workbook does not bring itself."""
    parts, parts_today = archive.sheet_parts(), today.sheet_parts()
    openings = list_openings(submission.book) if submission.book else ()
    for key, source in submission.sources.items():
        part = parts.get(source.title, "")
        other = parts_today.get(new.sources[key].title, "") if key in new.sources else ""
        if not part:
            continue
        issued = {"".join(note.text.split()) for note in (list_comments(today, other) if other else ())}
        for note in list_comments(archive, part):
            ours = note.author == AUTHOR or note.is_mark(openings)
            if not ours and "".join(note.text.split()) not in issued:  # some programs drop the author
                place = Location(submission.file, source.title, note.cell)
                yield Problem(Code.NO_PLACE, place, note.text, subject=say("comment"))
        if _count_drawn(archive, part) > (_count_drawn(today, other) if other else 0):
            place = Location(submission.file, source.title)
            yield Problem(Code.NO_PLACE, place, source.title, subject=say("drawing"))


def _count_drawn(archive: Archive, part: str) -> int:
    """How many pictures and charts stand on a sheet; a drawing may be there and hold none."""
    drawings = [relation.target for relation in archive.relations(part) if relation.kind == "drawing"]
    return sum(len(_ANCHOR.findall(archive.loose_part(name).text)) for name in drawings)


def _differences(old: Submission, new: Submission) -> Iterator[Problem]:
    """What reads otherwise in the new workbook: said cell by cell, at the place in the old one."""
    for change in diff_submissions(old, new):
        if change.kind is not ChangeKind.ADDED and (change.before or not change.column):
            found = change.before or change.name
            yield Problem(
                Code.VALUE_UNREAD, old.locate(*change.spot), found, subject=change.column or change.row
            )
