"""`check` and `read`: what stands in returned workbooks, and what is wrong with it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from planbook.cli.support import (
    EXIT_PROBLEMS,
    PathOf,
    as_of_option,
    check_paths,
    cycle_option,
    jobs_option,
    json_option,
    lang_option,
    language,
    optional_cycle,
    password_option,
    paths_argument,
    print_json,
    problem_record,
    watcher,
)
from planbook.cli.texts import TEXTS, text
from planbook.problems import Severity, UsageError, group_problems

if TYPE_CHECKING:
    from planbook.checks import Reviewed
    from planbook.reader import Submission


@click.command()
@paths_argument
@cycle_option
@as_of_option
@lang_option
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Every problem as a line of CSV, for a spreadsheet.")
@click.option(
    "--against",
    multiple=True,
    metavar="OLD",
    type=PathOf(),
    help="The copy returned before, or a folder of them: names what went backwards.",
)
@jobs_option
@password_option
@click.pass_context
def check(
    ctx: click.Context,
    paths: tuple[Path, ...],
    cycle_folder: Path | None,
    as_of: date | None,
    lang: str | None,
    as_json: bool,
    as_csv: bool,
    against: tuple[Path, ...],
    jobs: int,
    password: str,
) -> None:
    """List every problem of filled workbooks, with sheet and cell.

    PATHS are files or folders (their files, one level).  Root causes come first, with what
    follows from them.  Exits 1 when there is an error.
    """
    from planbook.cli.check_output import print_csv, print_document, print_groups, print_summary
    from planbook.measures import workbook_paths
    from planbook.workflow import check_workbooks

    if not paths:
        raise UsageError(TEXTS.say("give_workbooks"))
    if as_json and as_csv:
        raise UsageError(TEXTS.say("one_form"))
    check_paths((*paths, *against))
    files = workbook_paths(paths)
    if not files:
        raise UsageError(TEXTS.say("no_files", folder=paths[0]))
    cycle = optional_cycle(cycle_folder)
    lang = language(lang, cycle)
    checked = check_workbooks(
        files,
        cycle,
        as_of=as_of,
        password=password,
        jobs=jobs,
        watch=watcher(text("reading", lang)),
        earlier=workbook_paths(against),
    )
    groups = group_problems(problem for one in checked for problem in one.problems)
    if as_json:
        print_document(checked, groups, lang)
    elif as_csv:
        print_csv(groups, lang)
    else:
        print_groups(groups, lang)
        print_summary(len(checked), groups, lang)
    if any(group.severity is Severity.ERROR for group in groups):
        ctx.exit(EXIT_PROBLEMS)


@click.command()
@click.argument("file", type=PathOf())
@cycle_option
@as_of_option
@lang_option
@json_option
@password_option
@click.pass_context
def read(
    ctx: click.Context,
    file: Path,
    cycle_folder: Path | None,
    as_of: date | None,
    lang: str | None,
    as_json: bool,
    password: str,
) -> None:
    """Show what was read from one workbook: tables, typed values, provenance, problems.

    The output is a JSON document with or without --json.  Exits 1 when nothing could be read.
    """
    from planbook.workflow import read_and_check

    check_paths((file,))
    cycle = optional_cycle(cycle_folder)
    lang = language(lang, cycle)
    submission, reviewed = read_and_check(file, cycle, as_of=as_of, password=password)
    print_json(_document(submission, reviewed, lang))
    if submission.refused:
        ctx.exit(EXIT_PROBLEMS)


def _document(submission: Submission, reviewed: Reviewed | None, lang: str) -> dict[str, object]:
    issue = submission.issue
    return {
        "file": submission.file,
        "sha256": submission.sha256,
        "modified": submission.modified,
        "issue": {
            "id": issue.id,
            "book": issue.book,
            "department": issue.department,
            "name": issue.department_name,
            "year": issue.year,
            "language": issue.lang,
        }
        if issue
        else None,
        "as_of": reviewed.as_of if reviewed else None,
        "tables": {
            sheet: [_row(submission, reviewed, sheet, row.number) for row in rows]
            for sheet, rows in submission.plan.tables.items()
        },
        "problems": [problem_record(problem, lang) for problem in submission.problems],
    }


def _row(submission: Submission, reviewed: Reviewed | None, sheet: str, number: int) -> dict[str, object]:
    from planbook.workflow import plain_value

    assert submission.book is not None, "a submission with rows has a book"
    row = next(r for r in submission.plan.rows(sheet) if r.number == number)
    computed = reviewed.calculated.rows.get(sheet, {}).get(number, {}) if reviewed else {}
    return {
        "id": submission.book.sheet(sheet).id.of(number),
        "quarantined": (sheet, number) in submission.quarantined,
        "values": {
            key: {
                "value": plain_value(value),
                "cell": str(submission.locate(sheet, number, key)).partition(":")[2],
                **({"typed": typed} if (typed := submission.typed.get((sheet, number, key))) else {}),
            }
            for key, value in row.values.items()
        },
        "computed": {key: plain_value(value) for key, value in computed.items() if value is not None},
    }
