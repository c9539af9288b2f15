"""`annotate`: workbooks that came back, marked for their departments."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from planbook.cli.support import (
    EXIT_PROBLEMS,
    as_of_option,
    check_paths,
    cycle_option,
    lang_option,
    language,
    optional_cycle,
    print_problems,
    strict_option,
    watcher,
)
from planbook.cli.texts import text
from planbook.problems import Severity, UsageError, escape_text

files_argument = click.argument("files", nargs=-1, type=click.Path(path_type=Path))
out_option = click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for the copies."
)


@click.command()
@files_argument
@out_option
@cycle_option
@as_of_option
@lang_option
@strict_option
@click.pass_context
def annotate(
    ctx: click.Context,
    files: tuple[Path, ...],
    out: Path,
    cycle_folder: Path | None,
    as_of: date | None,
    lang: str | None,
    strict: bool,
) -> None:
    """Write return copies: each department's own workbook with its problems marked.

    A copy has a sheet that lists every problem with a link to its cell, colours and comments on
    the cells, and is otherwise the file that came back.  FILES may be folders.  Exits 1 when no
    copy could be made, or with --strict when there is an error.
    """
    from planbook.workflow import annotate_returns

    cycle = optional_cycle(cycle_folder)
    lang = language(lang, cycle)
    made = annotate_returns(
        workbooks_in(files, lang), out, cycle, as_of=as_of, watch=watcher(text("reading", lang))
    )
    for submission, copy in made:
        if copy is None:
            print_problems(submission.problems, lang)
            if not submission.refused:
                click.echo(text("not_annotated", lang, file=escape_text(submission.file)))
        else:
            name = escape_text(str(copy.path))
            click.echo("  " + text("annotated", lang, path=name, count=copy.findings))
    written = sum(copy is not None for _, copy in made)
    click.echo(text("copies", lang, count=written, folder=out))
    if not written or (strict and any(submission.count(Severity.ERROR) for submission, _ in made)):
        ctx.exit(EXIT_PROBLEMS)


def workbooks_in(files: tuple[Path, ...], lang: str) -> tuple[Path, ...]:
    """The files given, folders standing for theirs; UsageError where there is none."""
    from planbook.measures import workbook_paths

    if not files:
        raise UsageError("give the workbooks, or a folder of them")
    check_paths(files)
    found = workbook_paths(files)
    if not found:
        raise UsageError(text("no_files", lang, folder=files[0]))
    return found
