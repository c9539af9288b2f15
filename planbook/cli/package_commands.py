"""`annotate`, `migrate`, `diff`: what is made of workbooks that came back, file by file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from planbook.cli.support import (
    EXIT_PROBLEMS,
    PathOf,
    as_of_option,
    check_paths,
    cycle_option,
    json_option,
    lang_option,
    language,
    optional_cycle,
    password_option,
    print_json,
    print_problems,
    print_table,
    problem_record,
    strict_option,
    watcher,
)
from planbook.cli.texts import TEXTS, text
from planbook.problems import Severity, UsageError, escape_text

files_argument = click.argument("files", nargs=-1, type=PathOf())
out_option = click.option("--out", required=True, type=PathOf(folder=True), help="Folder for the copies.")


@click.command()
@files_argument
@out_option
@cycle_option
@as_of_option
@lang_option
@strict_option
@password_option
@click.pass_context
def annotate(
    ctx: click.Context,
    files: tuple[Path, ...],
    out: Path,
    cycle_folder: Path | None,
    as_of: date | None,
    lang: str | None,
    strict: bool,
    password: str,
) -> None:
    """Write return copies: each department's own workbook with its problems marked.

    A copy has a sheet that lists every problem with a link to its cell, colours and comments on
    the cells, and is otherwise the file that came back.  FILES may be folders.  Exits 1 when no
    copy could be made, or with --strict when there is an error.
    """
    from planbook.package import Archive
    from planbook.workflow import annotate_returns

    cycle = optional_cycle(cycle_folder)
    lang = language(lang, cycle)
    paths = workbooks_in(files)
    made = annotate_returns(
        paths, out, cycle, as_of=as_of, password=password, watch=watcher(text("reading", lang))
    )
    for path, (submission, copy) in zip(paths, made, strict=True):
        if copy is None:
            print_problems(submission.problems, lang)
            if not submission.refused and not Archive.is_one(path):
                click.echo(text("not_annotated", lang, file=escape_text(submission.file)))
        else:
            name = escape_text(str(copy.path))
            click.echo("  " + text("annotated", lang, path=name, count=copy.findings))
    written = sum(copy is not None for _, copy in made)
    click.echo(text("copies", lang, count=written, folder=out))
    if not written or (strict and any(submission.count(Severity.ERROR) for submission, _ in made)):
        ctx.exit(EXIT_PROBLEMS)


@click.command()
@files_argument
@out_option
@cycle_option
@lang_option
@json_option
@strict_option
@password_option
@click.pass_context
def migrate(
    ctx: click.Context,
    files: tuple[Path, ...],
    out: Path,
    cycle_folder: Path | None,
    lang: str | None,
    as_json: bool,
    strict: bool,
    password: str,
) -> None:
    """Move filled workbooks of an older book to today's layout, and say what had no place.

    The data goes into a new workbook; what could not be read stays in its cell as text.  FILES may
    be folders.  Exits 1 when no workbook could be made, or with --strict when anything was lost.
    """
    from planbook.workflow import migrate_returns

    cycle = optional_cycle(cycle_folder)
    lang = language(lang, cycle)
    paths, watch = workbooks_in(files), watcher(text("reading", lang))
    made = migrate_returns(paths, out, cycle, password=password, watch=watch)
    losses = [problem for _, new in made if new is not None for problem in new.losses]
    refused = [problem for submission, new in made if new is None for problem in submission.problems]
    written = [new for _, new in made if new is not None]
    if as_json:
        print_json(
            {
                "files": [
                    {
                        "file": submission.file,
                        "written": new.path if new else None,
                        "before": new.before if new else None,
                        "after": new.after if new else None,
                        "rows": new.rows if new else 0,
                    }
                    for submission, new in made
                ],
                "losses": [problem_record(problem, lang) for problem in losses],
                "problems": [problem_record(problem, lang) for problem in refused],
            }
        )
    else:
        print_problems(refused, lang)
        for new in written:
            name = escape_text(str(new.path))
            values = {"before": new.before, "after": new.after, "rows": new.rows, "lost": len(new.losses)}
            click.echo("  " + text("migrated", lang, path=name, **values))
        print_problems(losses, lang)
        click.echo(text("moved", lang, count=len(written), folder=out, lost=len(losses)))
    if not written or (strict and losses):
        ctx.exit(EXIT_PROBLEMS)


@click.command()
@click.argument("old", type=PathOf())
@click.argument("new", type=PathOf())
@cycle_option
@lang_option
@json_option
@password_option
def diff(
    old: Path, new: Path, cycle_folder: Path | None, lang: str | None, as_json: bool, password: str
) -> None:
    """Show what a resubmission changed, row by row.

    Rows are told apart by their ids, whatever their order.  Progress that went backwards and rows
    with another name are pointed out.
    """
    from dataclasses import asdict

    from planbook.package import diff_submissions, find_setbacks
    from planbook.workflow import read_and_check

    check_paths((old, new))
    cycle = optional_cycle(cycle_folder)
    lang = language(lang, cycle)
    before, after = (read_and_check(path, cycle, password=password)[0] for path in (old, new))
    changes, setbacks = diff_submissions(before, after), find_setbacks(before, after)
    if as_json:
        keys = ("kind", "sheet", "row", "name", "column", "before", "after")
        records = [
            {**{key: asdict(change)[key] for key in keys}, "cell": change.place.cell} for change in changes
        ]
        print_json({"changes": records, "problems": [problem_record(p, lang) for p in setbacks]})
        return
    headers = [text(key, lang) for key in ("change", "place", "row", "subject", "column", "before", "after")]
    rows = [
        (text(c.kind.value, lang), str(c.place.within("")), c.row, c.name, c.column, c.before, c.after)
        for c in changes
    ]
    if rows:
        print_table("", headers, rows)
    print_problems(setbacks, lang)
    counts = {kind: sum(c.kind == kind for c in changes) for kind in ("added", "removed", "changed")}
    click.echo(text("changes" if changes else "unchanged", lang, **counts))


def workbooks_in(files: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files given, folders standing for theirs; UsageError where there is none."""
    from planbook.measures import workbook_paths

    if not files:
        raise UsageError(TEXTS.say("give_workbooks"))
    check_paths(files)
    found = workbook_paths(files)
    if not found:
        raise UsageError(TEXTS.say("no_files", folder=files[0]))
    return found
