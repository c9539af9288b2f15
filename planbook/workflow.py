"""The steps of a planning year, each one call: issue, collect, consolidate, write the week's mail.

The command line is a thin face on these; a script may call them with the same words.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from planbook.batch import Batch, Checked, check_files, make_checked, read_files, review_and_check
from planbook.calendar import FiscalYear
from planbook.checks import Reviewed
from planbook.company import Company, Department
from planbook.cycle import Cycle, cycle_items, load_cycle
from planbook.explain import CELL, Explanation, explain, find_report_scope, find_subject, look_in, read_cell
from planbook.issuing import Issued, file_name, find_department, issue_workbooks, make_folder
from planbook.mail import Posting, Recipient, compose_message, write_eml
from planbook.measures import Collection, RollUp, choose_returns, collect, label_files, roll_up
from planbook.package import Annotated, Archive, Migrated, annotate_workbook, find_setbacks, migrate_workbook
from planbook.plan import Value
from planbook.problems import Code, Location, PartError, Problem, UsageError, list_words, say
from planbook.reader import Expectations, Submission
from planbook.reports import write_consolidated, write_html
from planbook.resources import samples_folder
from planbook.values import Nil, Span

T = TypeVar("T")
Watch = Callable[[Sequence[T]], Iterable[T]]
DEMO_MARK = ".planbook-demo"  # says that a folder may be made anew
DEFAULT_SENDER = "planbook@localhost.localdomain"  # for messages written to files without an [smtp] section


def expectations(cycle: Cycle, as_of: date | None = None, password: str = "") -> Expectations:
    """What the cycle knows of the workbooks that come back; `password` opens encrypted ones."""
    book = cycle.load_book()
    settings = cycle.settings_at(as_of)
    items = cycle_items(book, cycle.company)
    return Expectations((book,), cycle.company, cycle.year, items, settings, password)


def collect_returns(
    cycle: Cycle,
    paths: Sequence[Path] = (),
    *,
    as_of: date | None = None,
    password: str = "",
    jobs: int = 0,
    watch: Watch[Path] = lambda items: items,
) -> Collection:
    """Read what came back: the given files and folders, or the cycle's inbox.

    `jobs` processes read them, as many as the machine has where 0; `password` opens encrypted ones.
    """
    day = as_of or cycle.day
    expect = expectations(cycle, day, password)
    given = paths or (cycle.inbox,)
    return collect(
        given, cycle.company, as_of=day, expect=expect, settings=expect.settings, watch=watch, jobs=jobs
    )


def roll_up_cycle(
    cycle: Cycle,
    collection: Collection,
    *,
    as_of: date | None = None,
    scope: str = "",
    lang: str | None = None,
) -> RollUp:
    """The figures of a cycle, or of the part of the company below `scope`."""
    day = as_of or cycle.day
    figures = roll_up(
        collection,
        cycle.load_book(),
        year=cycle.fiscal_year,
        as_of=day,
        settings=cycle.settings_at(day),
        scope=scope,
        lang=lang or cycle.language,
    )
    return replace(figures, name=cycle.company_name)


def roll_up_files(
    paths: Sequence[Path],
    *,
    as_of: date | None = None,
    lang: str = "zh",
    password: str = "",
    jobs: int = 0,
    watch: Watch[Path] = lambda items: items,
) -> RollUp:
    """The figures of bare files without a cycle: see `collect_files`."""
    return collect_files(paths, as_of=as_of, lang=lang, password=password, jobs=jobs, watch=watch)[1]


def collect_files(
    paths: Sequence[Path],
    *,
    as_of: date | None = None,
    lang: str = "zh",
    password: str = "",
    jobs: int = 0,
    watch: Watch[Path] = lambda items: items,
) -> tuple[Collection, RollUp]:
    """Bare files collected and rolled up: the workbooks themselves say who they are from.

    The tree is as deep as their scopes show: a workbook issued to a division has its departments
    below it.  Raises UsageError where no file can be read, or they are of different years or books.
    """
    batch = Batch(Expectations(password=password), jobs=jobs, review=False)
    submissions = [submission for submission, _ in read_files(batch, label_files(paths), watch)]
    sound = [s for s in submissions if s.issue is not None and s.book is not None]
    if not sound:
        problems = tuple(p for s in submissions for p in s.problems)
        raise UsageError(say("no_workbook"), problems)
    kinds = {(s.issue.year, s.issue.start_month, s.issue.book) for s in sound if s.issue}
    if len(kinds) > 1:
        shown = list_words(f"{year} {book}" for year, _, book in sorted(kinds))
        raise UsageError(say("years_mixed", names=shown))
    _check_same_settings(sound)
    first = sound[0]
    assert first.issue is not None
    assert first.book is not None
    company = _company_of(sound)
    day = as_of or _latest_day(sound, first.issue.fiscal_year)
    collection = choose_returns(company, (review_and_check(s, as_of=day, settings={}) for s in submissions))
    return collection, roll_up(
        collection,
        first.book,
        year=first.issue.fiscal_year,
        as_of=day,
        settings=first.settings,
        lang=lang,
    )


def _check_same_settings(submissions: Sequence[Submission]) -> None:
    """UsageError where workbooks were issued with different thresholds: their totals would mix them."""
    first = submissions[0]
    for other in submissions[1:]:
        keys = sorted(
            key
            for key in {*first.settings, *other.settings}
            if first.settings.get(key) != other.settings.get(key)
        )
        if keys:
            names = list_words((first.file, other.file))
            raise UsageError(say("settings_mixed", names=names, keys=list_words(keys)))


def _company_of(submissions: Sequence[Submission]) -> Company:
    """The tree that the workbooks' scopes show, whatever the order and whichever of them came back.

    A department stands below the smallest of the larger scopes that it is in.
    """
    issues = [(s.issue, s.items.get("department", ())) for s in submissions if s.issue is not None]
    names = {item.key: item.title.to(issue.lang) for issue, items in issues for item in items}
    names |= {issue.department: issue.department_name for issue, _ in issues}
    scopes = {issue.department: issue.scope for issue, _ in issues}
    parents: dict[str, str] = {}
    for head, scope in sorted(scopes.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        smaller = (code for code in scope if code != head and len(scopes.get(code, ())) < len(scope))
        parents.update((code, head) for code in smaller)
    codes = dict.fromkeys(code for head, scope in scopes.items() for code in (head, *scope))
    departments = {
        code: Department(code, names.get(code, code), parents.get(code, ""), workbook=code in scopes or None)
        for code in codes
    }
    return Company(tuple(departments.values()))


def _latest_day(submissions: Sequence[Submission], year: FiscalYear) -> date:
    days = [s.plan.inputs.get("as_of") for s in submissions]
    return max((d for d in days if isinstance(d, date)), default=year.end)


def read_and_check(
    path: Path, cycle: Cycle | None = None, *, as_of: date | None = None, password: str = ""
) -> tuple[Submission, Reviewed | None]:
    """One file read and checked: its submission with every problem, and its computed columns.

    Without a cycle the workbook's own lists, settings and date are used.  The file is read in a
    process of its own, which it cannot leave.
    """
    return next(read_files(_batch_for(cycle, as_of, password, 1), {path: path.name}))


def check_workbooks(
    paths: Sequence[Path],
    cycle: Cycle | None = None,
    *,
    as_of: date | None = None,
    password: str = "",
    jobs: int = 0,
    watch: Watch[Path] = lambda items: items,
    earlier: Sequence[Path] = (),
) -> tuple[Checked, ...]:
    """What is wrong with each of many files, in the order of their names.

    `jobs` processes read them, as many as the machine has where 0; `password` opens encrypted ones;
    `earlier` are the copies returned before, against which progress may have gone backwards.
    """
    batch = _batch_for(cycle, as_of, password, jobs)
    if earlier:
        return tuple(_with_setbacks(batch, paths, earlier, watch))
    return tuple(check_files(batch, label_files(paths), watch))


def _batch_for(cycle: Cycle | None, as_of: date | None, password: str, jobs: int) -> Batch:
    expect = expectations(cycle, as_of, password) if cycle else Expectations(password=password)
    day = as_of or (cycle.as_of if cycle else None)
    return Batch(expect, day, expect.settings, jobs)


def annotate_returns(
    paths: Sequence[Path],
    out: Path,
    cycle: Cycle | None = None,
    *,
    as_of: date | None = None,
    password: str = "",
    watch: Watch[Path] = lambda items: items,
) -> tuple[tuple[Submission, Annotated | None], ...]:
    """A return copy of each file in the folder `out`; None beside one that has none.

    That is one that could not be read, is no .xlsx, or has a damaged part (then its problems say so).

    Raises UsageError where a copy would overwrite one of the files.
    """
    targets = copy_targets(paths, out)
    made: list[tuple[Submission, Annotated | None]] = []
    for path in watch(paths):
        submission, _ = read_and_check(path, cycle, as_of=as_of, password=password)
        copy = None
        if not submission.refused and Archive.is_one(path):
            try:
                copy = annotate_workbook(path, submission, targets[path])
            except PartError as error:  # costs this file its copy, and no other
                damage = Problem(Code.PART_DAMAGED, Location(submission.file), error.words)
                submission = replace(submission, problems=(*submission.problems, damage))
        made.append((submission, copy))
    return tuple(made)


def migrate_returns(
    paths: Sequence[Path],
    out: Path,
    cycle: Cycle | None = None,
    *,
    password: str = "",
    watch: Watch[Path] = lambda items: items,
) -> tuple[tuple[Submission, Migrated | None], ...]:
    """Each file's data in a workbook of today's layout, in the folder `out`; None where it was refused.

    With a cycle the new workbooks have its lists and settings.  Raises UsageError where a copy
    would overwrite one of the files.
    """
    targets = copy_targets(paths, out, suffix=".xlsx")
    made: list[tuple[Submission, Migrated | None]] = []
    for path in watch(paths):
        submission, _ = read_and_check(path, cycle, password=password)
        new = None
        if submission.issue is not None and submission.book is not None:
            items = None
            if cycle is not None:
                items = cycle_items(submission.book, cycle.company, list(submission.issue.scope))
            new = migrate_workbook(path, submission, targets[path], items=items)
        made.append((submission, new))
    return tuple(made)


def _with_setbacks(
    batch: Batch, paths: Sequence[Path], earlier: Sequence[Path], watch: Watch[Path]
) -> Iterator[Checked]:
    """What is wrong with each file, the copy its department returned before at hand.

    Raises UsageError where two of the earlier files are of one department.
    """
    copies: dict[str, Submission] = {}
    for submission, _ in read_files(batch, label_files(earlier)):
        if submission.issue is not None:
            other = copies.setdefault(submission.issue.department, submission)
            if other is not submission:
                names = list_words((other.file, submission.file))
                raise UsageError(say("copies_of_one", names=names))
    for submission, _ in read_files(batch, label_files(paths), watch):
        copy = copies.get(submission.issue.department) if submission.issue else None
        same_book = copy is not None and copy.book == submission.book
        setbacks = find_setbacks(copy, submission) if copy is not None and same_book else ()
        yield make_checked(replace(submission, problems=(*submission.problems, *setbacks)))


def copy_targets(paths: Sequence[Path], out: Path, suffix: str = "") -> dict[Path, Path]:
    """A file of the folder `out` for each of `paths`, told apart by a number where two share a name.

    `suffix` is what the new names end with, where that is not what the old ones do.
    """
    make_folder(out)
    given = {path.resolve() for path in paths}
    targets: dict[Path, Path] = {}
    taken: set[str] = set()
    for path in paths:
        end = suffix or path.suffix
        name, number = path.stem + end, 2
        while name.casefold() in taken:
            name, number = f"{path.stem} ({number}){end}", number + 1
        taken.add(name.casefold())
        targets[path] = out / name
        if targets[path].resolve() in given:
            raise UsageError(say("out_is_input", path=targets[path]))
    return targets


def explain_reference(
    reference: str,
    cycle: Cycle | None,
    paths: Sequence[Path] = (),
    *,
    as_of: date | None = None,
    lang: str | None = None,
    password: str = "",
    deep: bool = False,
) -> Explanation:
    """Where a reported number comes from: an id, a name, or a cell of a consolidated workbook.

    The figures are those of the cycle's inbox, or of `paths`.  A report without a folder is looked for
    in the cycle's, too; its own day goes before the cycle's, and one of a division or department is
    explained from the figures of that part alone.  `password` opens encrypted files; `deep` goes
    down to the cells of everything below.  Raises UsageError where the reference means nothing.
    """
    if cycle:
        reference = look_in(reference, cycle.reports)
    cell = read_cell(reference) if CELL.match(reference) else None
    day = as_of or (cell.day if cell else None)
    speak = lang or (cycle.language if cycle else "zh")
    if cycle:
        scope = find_report_scope(cell, cycle.load_book(), cycle.company, cycle.company_name) if cell else ""
        collection = collect_returns(cycle, paths, as_of=day, password=password)
        figures = roll_up_cycle(cycle, collection, as_of=day, scope=scope, lang=speak)
    else:
        collection, figures = collect_files(paths, as_of=day, lang=speak, password=password)
        scope = find_report_scope(cell, figures.book, figures.company) if cell else ""
        if scope:
            figures = roll_up(
                collection,
                figures.book,
                year=FiscalYear(figures.year, figures.start_month),
                as_of=figures.as_of,
                settings=figures.settings,
                scope=scope,
                lang=speak,
            )
    return explain(find_subject(reference, figures), figures, collection, lang=speak, deep=deep)


def plain_value(value: Value) -> object:
    """A typed value as JSON knows it: nil is the text ``nil``, a span its two dates."""
    if isinstance(value, Nil):
        return value.value
    if isinstance(value, Span):
        return [value.start.isoformat(), value.finish.isoformat()]
    return value.isoformat() if isinstance(value, date) else value


def compose_week(
    cycle: Cycle,
    collection: Collection,
    *,
    as_of: date | None = None,
    week: str | None = None,
    watch: Watch[Recipient] = lambda items: items,
) -> tuple[EmailMessage, ...]:
    """The week's messages, one a recipient, each with the variance workbook of its scope and no more."""
    day = as_of or cycle.day
    label = week or cycle.week(day)
    smtp = cycle.smtp
    posting = Posting(
        cycle.name,
        label,
        (smtp.sender if smtp else "") or DEFAULT_SENDER,
        datetime(day.year, day.month, day.day, 8, tzinfo=UTC),
        smtp.reply_to if smtp else "",
    )
    messages = []
    for recipient in watch(cycle.recipients):
        lang = recipient.language or cycle.language
        figures = roll_up_cycle(cycle, collection, as_of=day, scope=recipient.scope, lang=lang)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "variance.xlsx"
            write_consolidated(path, figures, lang=lang)
            attachment = path.read_bytes()
        scope = cycle.company.department(recipient.scope).name if recipient.scope else ""
        name = "-".join(part for part in (label, file_name(scope) if scope else "") if part)
        messages.append(
            compose_message(
                figures,
                recipient,
                posting,
                lang=lang,
                attachment=attachment,
                attachment_name=f"{name}.xlsx",
            )
        )
    return tuple(messages)


@dataclass(frozen=True)
class Demo:
    """What the demo made: the cycle, its roll-up, and the files to open."""

    cycle: Cycle
    issued: tuple[Issued, ...]
    roll_up: RollUp
    report: Path
    page: Path
    messages: tuple[Path, ...]


def run_demo(folder: Path, *, lang: str | None = None, watch: Watch[Any] = lambda items: items) -> Demo:
    """A whole year in `folder`: the sample cycle, issued, returned, consolidated, mailed to files.

    `folder` may hold an earlier demo, which is made anew.  Raises UsageError where it holds
    anything else.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / DEMO_MARK).exists():
        raise UsageError(say("demo_folder", path=folder))
    for name in ("outbox", "inbox", "reports"):
        shutil.rmtree(folder / name, ignore_errors=True)
        make_folder(folder / name)
    (folder / DEMO_MARK).write_text("planbook demo\n", encoding="utf-8")
    samples = samples_folder()
    for name in ("planbook.toml", "departments.csv", "company_goals.csv", "background.csv"):
        (folder / name).write_bytes((samples / name).read_bytes())
    for entry in (samples / "returned").iterdir():
        (folder / "inbox" / entry.name).write_bytes(entry.read_bytes())
    cycle = load_cycle(folder)
    issued = issue_workbooks(cycle, watch=watch)
    collection = collect_returns(cycle, watch=watch)
    figures = roll_up_cycle(cycle, collection, lang=lang)
    report = report_path(cycle, cycle.day)
    speak = lang or cycle.language
    write_consolidated(report, figures, lang=speak, sources=source_folder(cycle, report))
    page = report.with_suffix(".html")
    write_html(page, figures, lang=speak)
    messages = compose_week(cycle, collection)
    written = tuple(write_eml(message, cycle.reports / "mail") for message in messages)
    return Demo(cycle, issued, figures, report, page, written)


def report_path(cycle: Cycle, as_of: date, scope: str = "") -> Path:
    """Where the consolidated workbook of a day, or of a part of the company, goes."""
    make_folder(cycle.reports)
    part = f"-{file_name(scope)}" if scope else ""
    return cycle.reports / f"{cycle.year}-consolidated-{as_of.isoformat()}{part}.xlsx"


def source_folder(cycle: Cycle | None, report: Path) -> str:
    """The folder of the source files as a link from the report finds it.

    Without a cycle it is the report's own; the report says in which cell a reader may change it.
    """
    if cycle is None:
        return "./"
    try:
        found = os.path.relpath(cycle.inbox.resolve(), report.resolve().parent)
    except ValueError:  # on Windows, another drive
        found = str(cycle.inbox.resolve())
    return found.replace(os.sep, "/") + "/"


def signed_folder(cycle: Cycle | None, report: Path) -> Path:
    """Where signed states are kept: in the cycle's reports, or beside the report."""
    return (cycle.reports if cycle else report.parent) / "signed"


def find_scope(cycle: Cycle, text: str) -> str:
    """The code of the department or division that a text names; UsageError where there is none."""
    return find_department(cycle.company, text).code
