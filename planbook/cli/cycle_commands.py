"""`init`, `generate` and `demo`: set a year up, issue its workbooks, or see it all at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from planbook.cli.report_commands import print_roll_up
from planbook.cli.support import (
    EXIT_PROBLEMS,
    PathOf,
    cycle_option,
    lang_option,
    language,
    open_cycle,
    password_option,
    print_problems,
    print_table,
    watcher,
)
from planbook.cli.texts import TEXTS, text
from planbook.cli.usage import locale_language
from planbook.problems import UsageError


@click.command()
@click.argument("folder", metavar="DIR", type=PathOf(folder=True))
@click.option("--year", type=click.IntRange(1990, 2099), help="The planning year; by default the next one.")
@click.option("--book", default="annual_plan", show_default=True, help="The book to plan with.")
@lang_option
def init(folder: Path, year: int | None, book: str, lang: str | None) -> None:
    """Create a new cycle in DIR: planbook.toml, departments.csv, company_goals.csv and folders."""
    from datetime import date

    from planbook.cycle import create_cycle

    lang = lang or locale_language()
    cycle = create_cycle(folder, year=year or date.today().year + 1, book=book, lang=lang)
    click.echo(text("created", lang, year=cycle.year, folder=folder))
    click.echo(text("next_init", lang))


def _row_counts(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    rows = {}
    for value in values:
        sheet, mark, count = value.partition("=")
        if not mark or not count.isdigit() or not 1 <= int(count) <= 9999:
            raise UsageError(TEXTS.say("rows_form", value=value))
        rows[sheet] = int(count)
    return rows


@click.command()
@click.argument("departments", metavar="[DEPT]...", nargs=-1)
@cycle_option
@click.option("--out", type=PathOf(folder=True), help="Folder; by default the outbox.")
@click.option("--rows", multiple=True, callback=_row_counts, metavar="SHEET=ROWS", help="Rows of a sheet.")
@click.option(
    "--prefill",
    multiple=True,
    type=PathOf(exists=True),
    metavar="FILE",
    help="Rows to fill in: CSV, or a returned workbook; repeat for several.",
)
@password_option
@click.option("--force", is_flag=True, help="Overwrite workbooks that somebody filled in.")
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Work in parallel.")
@lang_option
@click.pass_context
def generate(
    ctx: click.Context,
    /,
    departments: tuple[str, ...],
    cycle_folder: Path | None,
    lang: str | None,
    **chosen: Any,
) -> None:
    """Write one pre-linked workbook per department (all of them, or those named).

    Company goals, background and the rows of the prefill folder are filled in.  A workbook in the
    outbox that somebody filled in is left alone.  Exits 1 when no workbook was written.
    """
    from planbook.issuing import IssueOptions, issue_workbooks

    cycle = open_cycle(cycle_folder)
    speak = language(lang, cycle)
    watch = watcher(text("writing", speak))
    options = IssueOptions(lang=lang, **chosen)
    results = issue_workbooks(cycle, departments, options, watch=watch)
    issued = [result for result in results if result.written]
    print_problems((*cycle.problems, *(p for result in results for p in result.problems)), speak)
    if issued:
        headers = [text(key, speak) for key in ("department", "file", "issue")]
        print_table("", headers, [(f"{i.department} {i.name}", i.path.name, i.issue) for i in issued])
    click.echo(text("issued", speak, count=len(issued), folder=options.out or cycle.outbox))
    if not issued:
        ctx.exit(EXIT_PROBLEMS)


@click.command()
@click.argument("folder", metavar="[DIR]", default="planbook-demo", type=PathOf(folder=True))
@lang_option
def demo(folder: Path, lang: str | None) -> None:
    """Play a whole year in DIR: issue, return, consolidate, mail; then say what to open."""
    from planbook.workflow import run_demo

    speak = language(lang)
    made = run_demo(folder, lang=speak, watch=watcher(text("writing", speak)))
    print_roll_up(made.roll_up, speak)
    click.echo(text("demo_done", speak))
    for key, path in (
        ("demo_report", made.report),
        ("demo_outbox", made.cycle.outbox),
        ("demo_inbox", made.cycle.inbox),
        ("demo_mail", made.cycle.reports / "mail"),
    ):
        click.echo(f"  {path}  — {text(key, speak)}")
