"""What every command shares: options, the cycle, output, progress, and one place where errors end."""

from __future__ import annotations

import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from planbook.cli.texts import TEXTS
from planbook.cli.usage import LANGUAGES, SpokenError, asked_language, language_here
from planbook.problems import (
    PlanbookError,
    Problem,
    Severity,
    UsageError,
    escape_text,
    explain_os_error,
    in_words,
    say,
)

if TYPE_CHECKING:
    from planbook.cycle import Cycle

    _PathType = click.ParamType[Path]
    _TextType = click.ParamType[str]
else:  # a click of before has no such brackets
    _PathType = _TextType = click.ParamType

T = TypeVar("T")
EXIT_PROBLEMS, EXIT_USAGE, EXIT_FAILED = 1, 2, 3
_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_GIVEN = "planbook.given"  # the command line as it was typed


class Week(_TextType):
    """An ISO week that there is, such as 2024-W27."""

    name = "week"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The week as it was typed; UsageError where there is none of that name."""
        found = _WEEK.fullmatch(value)
        with suppress(ValueError):
            if found and date.fromisocalendar(int(found[1]), int(found[2]), 1):
                return str(value)
        raise UsageError(TEXTS.say("no_week", week=escape_text(value)))


class PathOf(_PathType):
    """A path.  What stands there must be a folder or a file where that is said, and be there at all."""

    name = "path"

    def __init__(self, *, folder: bool | None = None, exists: bool = False) -> None:
        self._folder = folder
        self._exists = exists

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path; UsageError where another thing stands there."""
        path = Path(value)
        if self._exists:
            check_paths((path,))
        if self._folder is not None and is_there(path) and path.is_dir() is not self._folder:
            raise UsageError(say("not_folder" if self._folder else "not_file", path=path))
        return path


def _as_date(_: click.Context, __: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value else None


lang_option = click.option("--lang", type=click.Choice(LANGUAGES), help="Language of output and workbooks.")
cycle_option = click.option(
    "--cycle",
    "cycle_folder",
    type=PathOf(folder=True, exists=True),
    help="The cycle's folder; by default the nearest one above with a planbook.toml.",
)
as_of_option = click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=_as_date,
    metavar="DATE",
    help="The date figures are taken at (2024-06-30).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
strict_option = click.option("--strict", is_flag=True, help="Exit 1 when any error was found.")
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Processes that read files side by side; 0 takes as many as the machine has.",
)
password_option = click.option(
    "--password",
    default="",
    envvar="PLANBOOK_PASSWORD",
    metavar="TEXT",
    help="Opens encrypted workbooks; better given as PLANBOOK_PASSWORD. Needs planbook[encrypted].",
)
paths_argument = click.argument("paths", nargs=-1, type=PathOf())


class Boundary(click.Group):
    """The group of commands; what goes wrong ends here, in one line of the language asked for."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Look the command line over; what is wrong before any command exits 2."""
        given = tuple(args)
        try:
            ctx = super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            raise _spoken(error, given) from error
        ctx.meta[_GIVEN] = given
        return ctx

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what planbook could not do exits 3, what it was asked wrongly exits 2."""
        given: tuple[str, ...] = ctx.meta[_GIVEN]
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise _spoken(error, given) from error
        except PlanbookError as error:
            if ctx.params.get("verbose"):
                traceback.print_exception(error)
            lang = asked_language(given)
            click.echo(f"planbook: {escape_text(error.message(lang))}", err=True)
            for problem in error.problems:
                click.echo(f"  {problem.line(lang)}", err=True)
            ctx.exit(EXIT_USAGE if isinstance(error, UsageError) else EXIT_FAILED)


def _spoken(error: click.UsageError, given: tuple[str, ...]) -> click.UsageError:
    """The error in the language asked for; asking for nothing at all shows the help."""
    if not given or isinstance(error, SpokenError) or type(error).__name__ == "NoArgsIsHelpError":
        return error
    return SpokenError(error, asked_language(given))


def language(lang: str | None, cycle: Cycle | None = None) -> str:
    """The language to speak: the one asked for, the cycle's, the environment's."""
    return lang or (cycle.language if cycle else language_here())


def find_cycle_folder(folder: Path | None) -> Path | None:
    """The cycle's folder: the one given, or the nearest above the working directory."""
    from planbook.cycle import find_cycle

    return folder or find_cycle(Path.cwd())


def open_cycle(folder: Path | None) -> Cycle:
    """The cycle, which this command needs; UsageError where there is none."""
    found = optional_cycle(folder)
    if found is None:
        raise UsageError(TEXTS.say("no_cycle"))
    return found


def optional_cycle(folder: Path | None) -> Cycle | None:
    """The cycle, or None where this command can do without."""
    from planbook.cycle import load_cycle

    found = find_cycle_folder(folder)
    return load_cycle(found) if found else None


def check_paths(paths: Sequence[Path]) -> None:
    """UsageError for a path that is not there."""
    for path in paths:
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError, ValueError) as error:  # also one with a NUL in it
            raise UsageError(say("not_there", path=path)) from error
        except OSError as error:
            raise UsageError(say("not_reached", path=path, reason=explain_os_error(error))) from error


def is_there(path: Path) -> bool:
    """Whether anything stands at a path, whatever was typed for one."""
    try:
        return path.exists()
    except (OSError, ValueError):  # too long for the system, or with a NUL in it
        return False


def watcher(label: str) -> Callable[[Sequence[T]], Iterable[T]]:
    """A progress bar around work on a terminal; nothing elsewhere."""

    def watch(items: Sequence[T]) -> Iterator[T]:
        if len(items) < 2 or not sys.stderr.isatty():
            yield from items
            return
        from rich.console import Console
        from rich.progress import track

        yield from track(items, description=label, console=Console(stderr=True), transient=True)

    return watch


def print_json(document: object) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=_json_value))


def _json_value(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def print_table(title: str, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table on the terminal; user text is escaped and never taken for markup."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        table.add_column(Text(header), overflow="fold")
    for row in rows:
        table.add_row(*(Text(escape_text(str(cell))) for cell in row))
    console = Console()
    if not console.is_terminal:  # a pipe or a file: let no line be cut or folded to 80 columns
        console = Console(width=200)
    console.print(table)


_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "bright_black"}


def paint_severity(severity: Severity, word: str) -> str:
    """A word in the colour of a severity, where a terminal is to have colours."""
    return word if os.environ.get("NO_COLOR") else click.style(word, fg=_STYLES[severity])


def print_problems(problems: Iterable[Problem], lang: str) -> None:
    """One line a problem: place, message, remedy, severity and code."""
    for problem in problems:
        word = paint_severity(problem.severity, f"[{problem.severity.value} {problem.code.value}]")
        click.echo(f"{problem.line(lang)} {word}")


def problem_record(problem: Problem, lang: str) -> dict[str, object]:
    """A problem as JSON data."""
    place = problem.location
    return {
        "code": problem.code.value,
        "severity": problem.severity.value,
        "file": place.file,
        "sheet": place.sheet,
        "cell": place.cell,
        "row": place.row or None,
        "found": in_words(problem.found, lang),
        "expected": in_words(problem.expected, lang),
        "message": problem.message(lang),
        "fix": problem.fix(lang),
    }


def count_severities(problems: Iterable[Problem]) -> dict[Severity, int]:
    """How many problems of each severity."""
    counts = dict.fromkeys(Severity, 0)
    for problem in problems:
        counts[problem.severity] += 1
    return counts


def percent(value: object) -> str:
    """A fraction as a percentage, or a dash."""
    with suppress(TypeError, ValueError):
        if value is not None and value == value:
            return f"{float(str(value)):.1%}"
    return "—"
