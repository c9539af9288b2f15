"""Issue the year's workbooks: one a department, linked, with all that is known beforehand filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from planbook.calc import Calculator
from planbook.company import Company, Department
from planbook.cycle import Cycle, cycle_items
from planbook.issuing.files import Prefill, read_prefill
from planbook.issuing.outbox import is_untouched
from planbook.issuing.rows import Filled, fill_rows
from planbook.issuing.takes import offered_rows
from planbook.layout import Layout, resolve_layout
from planbook.layout.manifest import make_issue
from planbook.plan import Plan, PlanRow, Value
from planbook.problems import (
    Code,
    CycleError,
    Location,
    OutputError,
    Problem,
    Severity,
    UsageError,
    explain_os_error,
    find_near,
    list_words,
    say,
)
from planbook.reader import GivenReader
from planbook.spec import Book
from planbook.writer import write_workbook

Watch = Callable[[Sequence[Any]], Iterable[Any]]
Tables = Mapping[str, Sequence[tuple[int, Mapping[str, Value]]]]
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f]')


@dataclass(frozen=True)
class IssueOptions:
    """How workbooks are issued.

    `out` is the folder (the cycle's outbox by default), `lang` overrides the departments' own
    languages and `rows` the number of rows of sheets; `prefill` are files of rows to fill in besides
    those of the cycle's own folder, `password` opens encrypted ones; `force` overwrites what somebody
    filled in; `jobs` work in parallel.
    """

    out: Path | None = None
    lang: str | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    prefill: tuple[Path, ...] = ()
    force: bool = False
    jobs: int = 1
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Issued:
    """The workbook of a department: written, with the id of its issue, or kept as somebody filled it in.

    `problems` are warnings about what was filled in, or why the file was kept.
    """

    department: str
    name: str
    path: Path
    issue: str
    problems: tuple[Problem, ...] = ()

    @property
    def written(self) -> bool:
        """Whether the workbook was written."""
        return bool(self.issue)


@dataclass(frozen=True)
class _Job:
    """All that a worker process needs for one workbook, as plain data."""

    cycle: Cycle
    department: Department
    options: IssueOptions
    folder: Path
    tables: Tables
    problems: tuple[Problem, ...]


def issue_workbooks(
    cycle: Cycle,
    departments: Sequence[str] = (),
    options: IssueOptions | None = None,
    *,
    watch: Watch = lambda items: items,
) -> tuple[Issued, ...]:
    """Write one pre-linked workbook per department, prefilled with what the cycle knows.

    `departments` are codes or names, all that are issued one where it is empty.  Raises CycleError
    with every fault of the rows to fill in, before anything is written; UsageError for a department
    or a file that there is no use for.
    """
    options = options or IssueOptions()
    company = cycle.company
    wanted = [find_department(company, text) for text in departments] or list(company.issued())
    if not wanted:
        raise UsageError(say("nobody_issued"))
    book = cycle.load_book()
    prefill = read_prefill(cycle, book, options.prefill, options.password)
    filled = [_fill_in(cycle, book, department, options, prefill) for department in wanted]
    _refuse_faults((*prefill.problems, *(p for each in filled for p in each.problems)))
    _check_used(options.prefill, prefill, wanted)
    folder = options.out or cycle.outbox
    make_folder(folder)
    jobs = [
        _Job(cycle, department, options, folder, _plain(each), each.problems)
        for department, each in zip(wanted, filled, strict=True)
    ]
    if options.jobs <= 1 or len(jobs) == 1:
        return tuple(_issue_one(job) for job in watch(jobs))
    with ProcessPoolExecutor(options.jobs) as pool:
        tasks = [pool.submit(_issue_one, job) for job in jobs]
        return tuple(task.result() for _, task in zip(watch(jobs), tasks, strict=True))


def find_department(company: Company, text: str) -> Department:
    """The department of that code or name; UsageError, naming what is near, where there is none."""
    found = company.find(text)
    if found is None:
        every = [f"{d.code} {d.name}" for d in company.departments]
        known = list_words(find_near(text, every) or every)
        raise UsageError(say("no_department", name=text, known=known))
    return found


# -- what is filled in ---------------------------------------------------------------------


def _fill_in(
    cycle: Cycle, book: Book, department: Department, options: IssueOptions, prefill: Prefill
) -> Filled:
    """The rows of one workbook: what the cycle offers, then the files in their order."""
    layout = _layout_for(cycle, book, department, options)
    reader = GivenReader(
        book,
        lang=layout.lang,
        year=cycle.fiscal_year,
        items=layout.items,
        department=department.code,
        scope=_scope(cycle, department),
    )
    room = {placed.sheet.key: placed.rows for placed in layout.sheets}
    offered = (row for row in offered_rows(cycle, book, department, layout.lang) if row.sheet in room)
    given = prefill.rows.get(department.code, ())
    filled = fill_rows(book, reader, (*offered, *given), room, cycle.language)
    return Filled(filled.tables, (*prefill.remarks.get(department.code, ()), *filled.problems))


def _refuse_faults(problems: Sequence[Problem]) -> None:
    """CycleError where one of the problems is an error."""
    found = tuple(dict.fromkeys(problems))
    errors = [problem for problem in found if problem.severity is Severity.ERROR]
    if errors:
        raise CycleError(say("prefill_faults", count=len(errors)), found)


def _check_used(files: Sequence[Path], prefill: Prefill, wanted: Sequence[Department]) -> None:
    """UsageError for a file that has nothing for any of the departments."""
    codes = [department.code for department in wanted]
    used = {row.source for code in codes for row in prefill.rows.get(code, ())}
    used |= {problem.location.file for code in codes for problem in prefill.remarks.get(code, ())}
    for path in files:
        if not path.is_dir() and str(path) not in used:
            names = list_words(department.name for department in wanted)
            raise UsageError(say("prefill_unused", path=path, names=names))


def _plain(filled: Filled) -> Tables:
    return {key: [(row.number, dict(row.values)) for row in rows] for key, rows in filled.tables.items()}


# -- one workbook --------------------------------------------------------------------------


def _scope(cycle: Cycle, department: Department) -> tuple[str, ...]:
    return tuple(d.code for d in cycle.company.scope(department.code))


def _layout_for(cycle: Cycle, book: Book, department: Department, options: IssueOptions) -> Layout:
    many = {key: len(value) for key, value in cycle.settings_at().items() if isinstance(value, tuple)}
    return resolve_layout(
        book,
        lang=options.lang or department.language or cycle.language,
        items=cycle_items(book, cycle.company, _scope(cycle, department)),
        rows=options.rows,
        many=many,
        sheets=cycle.sheets,
    )


def _issue_one(job: _Job) -> Issued:
    cycle, department = job.cycle, job.department
    name = f"{cycle.year}-{file_name(department.code)}-{file_name(department.name)}.xlsx"
    path = job.folder / name
    # The year in its properties is the day it was made, as planbook has it.
    if not job.options.force and path.exists() and not is_untouched(path, datetime(cycle.year, 1, 1)):
        kept = Problem(Code.OUTBOX_FILLED, Location(file=str(path)), subject=department.name)
        return Issued(department.code, department.name, path, "", (kept,))
    layout = _layout_for(cycle, cycle.load_book(), department, job.options)
    settings = cycle.settings_at()
    rows = {
        key: tuple(PlanRow(number, MappingProxyType(dict(values))) for number, values in table)
        for key, table in job.tables.items()
    }
    plan = Plan(MappingProxyType(rows), MappingProxyType({"as_of": cycle.day}))
    issue = make_issue(
        layout,
        department=department.code,
        department_name=department.name,
        year=cycle.fiscal_year,
        scope=_scope(cycle, department),
        content=repr((sorted(settings.items()), sorted(layout.items.items()), cycle.day, job.tables)),
        due=cycle.due,
    )
    write_workbook(path, Calculator(layout), issue, plan, settings)
    return Issued(department.code, department.name, path, issue.id, job.problems)


def file_name(text: str) -> str:
    """The text as part of a file's name on any system."""
    return _UNSAFE.sub("_", text).strip(". ") or "_"


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; OutputError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(say("folder_not_made", path=folder, reason=explain_os_error(error))) from error
