"""What `check` says: groups of problems as lines, every problem as JSON or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from planbook.cli.support import count_severities, paint_severity, print_json, problem_record
from planbook.cli.texts import text
from planbook.problems import Group, Problem, Severity, count_codes
from planbook.values.text import neutralise

if TYPE_CHECKING:
    from planbook.batch import Checked

_PLACE_COLUMNS = ("file", "sheet", "cell", "row")
CSV_COLUMNS = ("group", "role", "severity", "code", *_PLACE_COLUMNS, "found", "expected", "message", "fix")


def print_checked(checked: Sequence[Checked], groups: Sequence[Group], lang: str, *, form: str) -> None:
    """What `check` found, in the form asked for: lines, json or csv."""
    if form == "json":
        print_document(checked, groups, lang)
    elif form == "csv":
        print_csv(groups, lang)
    else:
        print_groups(groups, lang)
        print_summary(len(checked), groups, lang)


def print_groups(groups: Sequence[Group], lang: str) -> None:
    """One line a group: place, message, remedy, severity and code."""
    for group in groups:
        word = paint_severity(group.severity, f"[{group.severity.value} {group.root.code.value}]")
        click.echo(f"{group.line(lang)} {word}")


def print_summary(count: int, groups: Sequence[Group], lang: str) -> None:
    """How many files and problems, and which codes they are."""
    if not groups:
        click.echo(text("clean", lang, count=count))
        return
    everything = [problem for group in groups for problem in group.problems]
    counts = count_severities(everything)
    click.echo(
        text(
            "found",
            lang,
            files=count,
            errors=counts[Severity.ERROR],
            warnings=counts[Severity.WARNING],
            notes=counts[Severity.NOTE],
        )
    )
    codes = " · ".join(f"{code.value} {number}" for code, number in count_codes(everything))
    click.echo(text("codes", lang, codes=codes))


def print_document(checked: Sequence[Checked], groups: Sequence[Group], lang: str) -> None:
    """Everything as one JSON document: files, counts, groups, and each problem with its group."""
    everything = [problem for group in groups for problem in group.problems]
    counts = count_severities(everything)
    print_json(
        {
            "files": [
                {
                    "file": one.file,
                    "department": one.department,
                    "read": not one.refused,
                    "rows": one.row_count,
                    "quarantined": one.quarantined,
                }
                for one in checked
            ],
            "counts": {severity.value: count for severity, count in counts.items()},
            "codes": {code.value: number for code, number in count_codes(everything)},
            "problems": [
                {**problem_record(problem, lang), "group": number, "role": role}
                for number, role, problem in _numbered(groups)
            ],
        }
    )


def print_csv(groups: Sequence[Group], lang: str) -> None:
    """Every problem as a line of CSV, for a spreadsheet: with a byte-order mark, and no formulas.

    What a stranger typed may begin with ``=``; an apostrophe in front keeps it text.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for number, role, problem in _numbered(groups):
        record = problem_record(problem, lang)
        record |= {"group": number, "role": role}
        writer.writerow([_plain(record[column]) for column in CSV_COLUMNS])
    click.echo("\ufeff" + stream.getvalue(), nl=False)


def _numbered(groups: Sequence[Group]) -> list[tuple[int, str, Problem]]:
    """Every problem with its group's number and its part in it: root or same."""
    numbered = []
    for number, group in enumerate(groups, 1):
        numbered.append((number, "root", group.root))
        numbered += [(number, "same", problem) for problem in group.same]
    return numbered


def _plain(value: object) -> object:
    if isinstance(value, str):
        return neutralise(value)
    return "" if value is None else value
