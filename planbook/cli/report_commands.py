"""`consolidate` and `weekly`: the company's figures as a workbook, and as the week's mail."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from planbook.cli.support import (
    EXIT_PROBLEMS,
    PathOf,
    Week,
    as_of_option,
    check_paths,
    count_severities,
    cycle_option,
    jobs_option,
    json_option,
    lang_option,
    language,
    open_cycle,
    optional_cycle,
    password_option,
    paths_argument,
    percent,
    print_json,
    print_table,
    problem_record,
    strict_option,
    watcher,
)
from planbook.cli.texts import TEXTS, text
from planbook.problems import MailError, Severity, UsageError

if TYPE_CHECKING:
    from planbook.cycle import Cycle
    from planbook.measures import RollUp

MOST_RESTATED = 20  # on the terminal; the sheet has them all
PASSWORD_VARIABLE = "PLANBOOK_SMTP_PASSWORD"


@click.command()
@paths_argument
@cycle_option
@click.option("--out", type=PathOf(folder=False), help="The workbook to write.")
@as_of_option
@click.option("--scope", help="Only this division or department, by code or name; needs a cycle.")
@click.option("--html", is_flag=True, help="Write the report as one HTML file beside the workbook, too.")
@click.option("--freeze", is_flag=True, help="Keep the figures as signed; later runs name what was restated.")
@lang_option
@json_option
@strict_option
@jobs_option
@password_option
@click.pass_context
def consolidate(
    ctx: click.Context,
    /,
    paths: tuple[Path, ...],
    cycle_folder: Path | None,
    out: Path | None,
    as_of: date | None,
    lang: str | None,
    as_json: bool,
    strict: bool,
    **choices: Any,
) -> None:
    """Write the consolidated workbook from what came back.

    PATHS are files or folders; by default the cycle's inbox.  Without a cycle the workbooks
    themselves say who they are from.  Exits 1 when no workbook counts, or with --strict when
    there is an error.
    """
    check_paths(paths)
    cycle = optional_cycle(cycle_folder)
    _check_target(out, paths or ((cycle.inbox,) if cycle else ()))
    speak = language(lang, cycle)
    figures = _roll_up(paths, cycle, as_of, speak, choices)
    # A department's rows may have come in its division's workbook, whose receipt is not in its scope.
    accepted = bool(figures.receipts["receipt"].isin(["accepted", "partial"]).any())
    accepted = accepted or any(len(frame) for frame in (figures.facts, figures.goals, figures.tasks))
    # An empty report would take the place of the last good one of that day.
    told = {**choices, "keys": as_json}
    written = _write_report(cycle, figures, out, speak, told) if accepted else {"restated": []}
    if as_json:
        print_json({**written, **_document(figures, speak)})
    else:
        print_roll_up(figures, speak)
        for label in ("file", "html", "signed"):
            if label in written:
                click.echo(text(f"consolidated_{label}", speak, path=written[label]))
        if written["restated"]:
            _print_restated(figures, written["restated"], speak)
    errors = count_severities(figures.problems)[Severity.ERROR]
    if not accepted:
        click.echo(text("nothing_accepted", speak), err=True)
    if not accepted or (strict and errors):
        ctx.exit(EXIT_PROBLEMS)


def _roll_up(
    paths: tuple[Path, ...], cycle: Cycle | None, as_of: date | None, lang: str, choices: Mapping[str, Any]
) -> RollUp:
    from planbook.workflow import collect_returns, find_scope, roll_up_cycle, roll_up_files

    scope = choices["scope"]
    reading = {
        "password": choices["password"],
        "jobs": choices["jobs"],
        "watch": watcher(text("reading", lang)),
    }
    if cycle:
        collection = collect_returns(cycle, paths, as_of=as_of, **reading)
        part = find_scope(cycle, scope) if scope else ""
        return roll_up_cycle(cycle, collection, as_of=as_of, scope=part, lang=lang)
    if scope:
        raise UsageError(TEXTS.say("scope_needs_cycle"))
    if not paths:
        raise UsageError(TEXTS.say("no_cycle_consolidate"))
    return roll_up_files(paths, as_of=as_of, lang=lang, **reading)


def _write_report(
    cycle: Cycle | None, figures: RollUp, out: Path | None, lang: str, choices: Mapping[str, Any]
) -> dict[str, Any]:
    """Write what was asked for; comes back with the files' names and the figures restated since signing."""
    from planbook import reports
    from planbook.workflow import report_path, signed_folder, source_folder

    name = Path(f"{figures.year}-consolidated-{figures.as_of.isoformat()}.xlsx")
    target = out or (report_path(cycle, figures.as_of, figures.scope) if cycle else name)
    folder = signed_folder(cycle, target)
    before = reports.latest_state(folder, figures.scope, figures.as_of)
    restated = reports.restated_rows(figures, before, "" if choices["keys"] else lang)
    written: dict[str, Any] = {"file": str(target), "restated": restated}
    if choices["freeze"]:
        kept = reports.state_path(folder, figures)
        reports.write_state(kept, reports.signed_state(figures))
        written["signed"] = str(kept)
    sources = source_folder(cycle, target)
    reports.write_consolidated(target, figures, lang=lang, signed=before, sources=sources)
    if choices["html"]:
        page = target.with_suffix(".html")
        reports.write_html(page, figures, lang=lang, signed=before)
        written["html"] = str(page)
    return written


def _print_restated(figures: RollUp, rows: Sequence[Mapping[str, Any]], lang: str) -> None:
    """The first figures that are others than were signed: where each stands, what it was and is."""
    from planbook.reports.figures import value_text

    report = figures.book.report("restated")
    columns = [column for column in report.columns if column.key not in ("link", "sheet")]
    lines = [[value_text(figures.book, c, row[c.key], lang) for c in columns] for row in rows[:MOST_RESTATED]]
    print_table(report.heading.to(lang), [c.title.to(lang) for c in columns], lines)
    click.echo(text("restated", lang, count=len(rows)))


def _check_target(out: Path | None, inputs: Sequence[Path]) -> None:
    """UsageError where the output would be no .xlsx, or overwrite a workbook that came back."""
    from planbook.measures import workbook_paths

    if out is None:
        return
    if out.suffix.lower() != ".xlsx":
        raise UsageError(TEXTS.say("no_xlsx", path=out))
    if out.resolve() in {path.resolve() for path in workbook_paths(p for p in inputs if p.exists())}:
        raise UsageError(TEXTS.say("out_is_source", path=out))


def print_roll_up(figures: RollUp, lang: str) -> None:
    """The roll-up on the terminal: scores, company goals, returns."""
    book = figures.book
    columns = {column.key: column.title.to(lang) for column in book.report("scores").columns}
    keys = ("name", "score", "rating", "low", "high", "covered", "expected", "missed", "late")
    rows = [
        (
            "  " * int(r["depth"]) + (r["name"] or book.label("company", lang)),
            percent(r["score"]),
            book.list_title("rating", r["rating"], lang) if r["rating"] else "",
            percent(r["low"]),
            percent(r["high"]),
            _count(r["covered"]),
            _count(r["expected"]),
            _count(r["missed"]),
            _count(r["late"]),
        )
        for r in figures.rows("scores")
    ]
    print_table(text("scores", lang, as_of=figures.as_of), [columns[key] for key in keys], rows)
    _print_company_goals(figures, lang)
    titles = {column.key: column.title.to(lang) for column in book.report("receipts").columns}
    shown = [
        (
            r["department_name"] or "—",
            book.list_title("receipt", r["receipt"], lang),
            r["file"] or "",
            _count(r["errors"]),
            _count(r["warnings"]),
            r["reason"] or "",
        )
        for r in figures.rows("receipts")
    ]
    wanted = ("department_name", "receipt", "file", "errors", "warnings", "reason")
    print_table(text("receipts", lang), [titles[key] for key in wanted], shown)


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def _print_company_goals(figures: RollUp, lang: str) -> None:
    book = figures.book
    columns = {column.key: column.title.to(lang) for column in book.report("company_goals").columns}
    keys = ("goal", "unit", "target", "actual", "deviation_rate", "attainment", "rating", "coverage")
    rows = [
        (
            r["goal"],
            r["unit"] or "",
            _amount(r["target"]),
            _amount(r["actual"]),
            percent(r["deviation_rate"]),
            percent(r["attainment"]),
            book.list_title("rating", r["rating"], lang) if r["rating"] else "",
            r["coverage"],
        )
        for r in figures.rows("company_goals")
    ]
    if rows:
        print_table(text("company_goals", lang), [columns[key] for key in keys], rows)


def _amount(value: object) -> str:
    return f"{value:,.6g}" if isinstance(value, int | float) and value == value else "—"


def _json_figure(value: Any, *, whole: bool) -> object:
    """A value of a frame; nothing for NaN, and a count without a decimal point."""
    if value != value:
        return None
    return int(value) if whole and isinstance(value, float) and value.is_integer() else value


def _document(figures: RollUp, lang: str) -> dict[str, object]:
    from planbook.measures.frames import FRAMES, Holds

    def records(name: str) -> list[dict[str, object]]:
        counts = {column.key for column in FRAMES[name].columns if column.holds is Holds.NUMBER}
        rows = figures.frame(name).to_dict("records")
        return [{str(k): _json_figure(v, whole=k in counts) for k, v in row.items()} for row in rows]

    return {
        "as_of": figures.as_of,
        "scope": figures.scope or None,
        **{name: records(name) for name in FRAMES},
        "problems": [problem_record(problem, lang) for problem in figures.problems],
    }


@click.command()
@cycle_option
@click.option(
    "--week", type=Week(), help="The ISO week the mail names (2024-W27); by default that of the date."
)
@click.option("--dry-run", is_flag=True, help="Write .eml files into reports/mail instead of sending.")
@as_of_option
@lang_option
@strict_option
@jobs_option
@password_option
@click.pass_context
def weekly(
    ctx: click.Context,
    cycle_folder: Path | None,
    week: str | None,
    dry_run: bool,
    as_of: date | None,
    lang: str | None,
    strict: bool,
    jobs: int,
    password: str,
) -> None:
    """Mail each recipient the week's variance, with the workbook of their scope attached.

    The mail server's password is read from the environment variable PLANBOOK_SMTP_PASSWORD.
    """
    from planbook.mail import send_messages, write_eml
    from planbook.workflow import collect_returns, compose_week

    cycle = open_cycle(cycle_folder)
    speak = language(lang, cycle)
    if not cycle.recipients:
        raise UsageError(TEXTS.say("no_recipients"))
    if not dry_run and cycle.smtp is None:
        raise UsageError(TEXTS.say("no_smtp"))
    collection = collect_returns(
        cycle, as_of=as_of, password=password, jobs=jobs, watch=watcher(text("reading", speak))
    )
    messages = compose_week(cycle, collection, as_of=as_of, week=week, watch=watcher(text("writing", speak)))
    if dry_run or cycle.smtp is None:
        folder = cycle.reports / "mail"
        for message in messages:
            click.echo(f"  {write_eml(message, folder)}")
        click.echo(text("eml", speak, count=len(messages), folder=folder))
    else:
        failed = 0
        for result in send_messages(messages, cycle.smtp, os.environ.get(PASSWORD_VARIABLE)):
            key = "sent" if result.sent else "not_sent"
            click.echo(text(key, speak, address=result.address, reason=result.reason))
            failed += not result.sent
        if failed:
            raise MailError(TEXTS.say("mail_failed", failed=failed, count=len(messages)))
    if strict and count_severities(collection.problems)[Severity.ERROR]:
        ctx.exit(EXIT_PROBLEMS)
