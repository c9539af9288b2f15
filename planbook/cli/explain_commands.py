"""`explain`: where a reported number comes from."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from planbook.cli.support import (
    as_of_option,
    check_paths,
    cycle_option,
    json_option,
    lang_option,
    language,
    optional_cycle,
    password_option,
    paths_argument,
    print_json,
)
from planbook.cli.texts import TEXTS
from planbook.problems import UsageError

if TYPE_CHECKING:
    from planbook.cycle import Cycle


@click.command()
@click.argument("reference", metavar="REF")
@paths_argument
@cycle_option
@as_of_option
@lang_option
@json_option
@password_option
@click.option("--deep", is_flag=True, help="Go down to the cells of everything below, not one level.")
def explain(
    reference: str,
    paths: tuple[Path, ...],
    cycle_folder: Path | None,
    as_of: date | None,
    lang: str | None,
    as_json: bool,
    password: str,
    deep: bool,
) -> None:
    """Say where a reported number comes from, down to file, sheet, cell and formula.

    REF is a cell of a consolidated workbook (2024.xlsx:SHEET!F7; without a folder it is looked for
    in the cycle's reports, too), or the id of a fact (XS-R003), goal (XS-G001) or task (XS-T001),
    or the name of a department or company goal.
    The figures are made anew from the cycle's inbox, or from PATHS; without PATHS a report that lies
    in a cycle's folder needs no --cycle.
    """
    from planbook.explain import render_explanation
    from planbook.workflow import explain_reference

    check_paths(paths)
    cycle = optional_cycle(cycle_folder)
    if cycle is None and not paths:
        cycle = _cycle_of_report(reference)
    if cycle is None and not paths:
        raise UsageError(TEXTS.say("no_cycle_explain"))
    speak = language(lang, cycle)
    explanation = explain_reference(
        reference, cycle, paths, as_of=as_of, lang=speak, password=password, deep=deep
    )
    if as_json:
        print_json(explanation.record())
    else:
        click.echo(render_explanation(explanation, speak), nl=False)


def _cycle_of_report(reference: str) -> Cycle | None:
    """The cycle whose folder a report lies in; None where it lies in none."""
    from planbook.cycle import find_cycle, load_cycle
    from planbook.explain import CELL

    found = CELL.match(reference)
    folder = find_cycle(Path(found["file"]).parent) if found else None
    return load_cycle(folder) if folder else None
