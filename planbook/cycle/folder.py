"""A cycle: one planning year in one folder, found, loaded and set up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from planbook.calendar import FiscalYear
from planbook.company import BackgroundFact, Company
from planbook.cycle.background_file import read_background
from planbook.cycle.company_files import Names, read_departments, read_goals
from planbook.cycle.csv_file import example, read_language, read_text, suggest
from planbook.cycle.settings_file import PATHS, RecipientEntry, Settings, read_settings
from planbook.cycle.toml_file import CYCLE_FILE
from planbook.layout.cells import SettingValue
from planbook.mail import MailSettings, Recipient
from planbook.problems import (
    Code,
    CycleError,
    Location,
    OutputError,
    Problem,
    Severity,
    explain_os_error,
    list_words,
    say,
)
from planbook.spec import Book, Item, Source, Text, load_spec

TEMPLATE_LANGUAGES: Final = ("zh", "en")
FOLDERS: Final = ("outbox", "inbox", "reports")
_SPOKEN: Final = re.compile(r"""^\s*language\s*=\s*["'](?P<lang>[^"'\n]*)["']""", re.MULTILINE)


@dataclass(frozen=True)
class Cycle:
    """One planning year in one folder.

    `book` is the name of a book or the path of its YAML file; `as_of` None means today, whenever
    it is asked for; `settings` are the book's settings as the cycle overrides them, holidays
    and make-up days included; `sheets` are the optional sheets that workbooks have;
    `take_over_goals` says whether company goals become rows of the departments they are assigned
    to; `files` are the names of the inputs, for problems in them; `problems` are warnings about
    the inputs, none of them an error.
    """

    folder: Path
    name: str
    year: int
    start_month: int
    book: str | Path
    language: str
    as_of: date | None
    due: date | None
    settings: Mapping[str, SettingValue]
    company: Company
    recipients: tuple[Recipient, ...]
    smtp: MailSettings | None
    outbox: Path
    inbox: Path
    reports: Path
    prefill: Path
    sheets: tuple[str, ...] = ()
    take_over_goals: bool = True
    background: tuple[BackgroundFact, ...] = ()
    files: Mapping[str, str] = field(default_factory=lambda: dict(PATHS))
    problems: tuple[Problem, ...] = ()

    @property
    def fiscal_year(self) -> FiscalYear:
        """The planning year."""
        return FiscalYear(self.year, self.start_month)

    @property
    def day(self) -> date:
        """The day figures are taken at: the cycle's `as_of`, else today."""
        return self.as_of or date.today()

    def settings_at(self, as_of: date | None = None) -> Mapping[str, SettingValue]:
        """The settings for a calculation at `as_of` (default: the cycle's day), the year's dates added."""
        return {
            **self.settings,
            "quarter_ends": self.fiscal_year.quarter_ends,
            "as_of": as_of or self.day,
        }

    def week(self, as_of: date | None = None) -> str:
        """The ISO week of `as_of` (default: the cycle's day), as 2024-W27."""
        return self.fiscal_year.week_of(as_of or self.day)

    def load_book(self) -> Book:
        """The cycle's book."""
        return load_spec(self.book)


def cycle_items(
    book: Book, company: Company, scope: Iterable[str] | None = None
) -> dict[str, tuple[Item, ...]]:
    """The items of the book's lists that the cycle fills, by list key.

    Departments have their code as key and their name as title, company goals their name as
    both. With `scope`, only those department codes are listed.
    """
    wanted = None if scope is None else frozenset(scope)
    sources = {
        "departments": tuple(
            _item(d.code, d.name) for d in company.departments if wanted is None or d.code in wanted
        ),
        "company_goals": tuple(_item(goal.goal, goal.goal) for goal in company.goals),
    }
    return {key: sources[spec.source] for key, spec in book.lists.items() if spec.source in sources}


def takes_from(book: Book, source: Source) -> bool:
    """Whether a sheet of the book takes rows over from `source`."""
    return any(take.source is source for sheet in book.sheets for take in sheet.takes)


def _item(key: str, title: str) -> Item:
    return Item(key=key, title=Text({"*": title}))


def find_cycle(start: Path) -> Path | None:
    """The nearest folder at or above `start` with a planbook.toml; None if there is none."""
    here = start.resolve()
    return next((folder for folder in (here, *here.parents) if (folder / CYCLE_FILE).is_file()), None)


def spoken_in(folder: Path) -> str:
    """The language of the cycle in `folder`, whatever else is wrong with its planbook.toml; "" for none."""
    text = read_text(folder / CYCLE_FILE, CYCLE_FILE, [])
    found = _SPOKEN.search(text) if text is not None else None
    return (read_language(found["lang"], TEMPLATE_LANGUAGES) or "") if found else ""


def load_cycle(folder: Path) -> Cycle:
    """The cycle in `folder`.

    Raises CycleError, whose `problems` are all the faults of planbook.toml, departments.csv,
    company_goals.csv and background.csv at once, each with its file and line.
    """
    if not (folder / CYCLE_FILE).exists():
        missing = Problem(Code.INPUT_MISSING, Location(file=CYCLE_FILE), expected=CYCLE_FILE)
        raise CycleError(say("not_a_cycle", path=folder, name=CYCLE_FILE), (missing,))
    faults: list[Problem] = []
    settings = read_settings(folder, faults)
    company, names = _read_company(folder, settings, faults)
    background = _read_background(folder, settings, names, faults)
    recipients = tuple(_resolve_recipient(entry, names) for entry in settings.recipients)
    _check_recipients(settings.recipients, recipients)
    problems = _in_order(faults)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        places = dict.fromkeys(problem.location.file for problem in errors)
        raise CycleError(say("input_faults", count=len(errors), files=list_words(places)), problems)
    return Cycle(
        folder=folder,
        name=settings.name,
        year=settings.year,
        start_month=settings.start_month,
        book=settings.book,
        language=settings.language,
        as_of=settings.as_of,
        due=settings.due,
        settings=settings.settings,
        company=company,
        recipients=recipients,
        smtp=settings.smtp,
        outbox=folder / settings.paths["outbox"],
        inbox=folder / settings.paths["inbox"],
        reports=folder / settings.paths["reports"],
        prefill=folder / settings.paths["prefill"],
        sheets=settings.sheets,
        take_over_goals=settings.take_over_goals,
        background=background,
        files=settings.paths,
        problems=problems,
    )


def _read_company(folder: Path, settings: Settings, faults: list[Problem]) -> tuple[Company, Names | None]:
    """The company, and its departments by name; None for them when there were none to read."""
    file = settings.paths["departments"]
    before = len(faults)
    departments = read_departments(folder / file, file, settings.loaded, faults)
    names = Names(departments) if departments else None
    if not departments and len(faults) == before:
        faults.append(
            Problem(
                Code.INPUT_VALUE,
                Location(file=file, line=2),
                expected=example("YX", "营销中心"),
                subject="code",
            )
        )
    file = settings.paths["company_goals"]
    goals = read_goals(
        folder / file,
        file,
        settings.loaded,
        names,
        year=settings.year,
        start_month=settings.start_month,
        faults=faults,
    )
    return Company(departments, goals), names


def _read_background(
    folder: Path, settings: Settings, names: Names | None, faults: list[Problem]
) -> tuple[BackgroundFact, ...]:
    """The background, where there is a file of it; noted where no sheet of the book takes it."""
    file = settings.paths["background"]
    if file == PATHS["background"] and not (folder / file).exists():
        return ()  # who names another file means that it is there
    facts = read_background(folder / file, file, settings.loaded, names, faults)
    if facts and not takes_from(settings.loaded, Source.BACKGROUND):
        place, count = Location(file=file), str(len(facts))
        faults.append(Problem(Code.BACKGROUND_UNUSED, place, count, subject=settings.loaded.name))
    return facts


def _resolve_recipient(entry: RecipientEntry, names: Names | None) -> Recipient:
    scope = names.find(entry.scope) if names and entry.scope else ""
    if scope is None and names:
        expected = suggest(entry.scope, names.spellings)
        entry.table.note(Code.INPUT_REFERENCE, "scope", found=entry.scope, expected=expected)
    return Recipient(
        address=entry.address,
        scope=scope or "",
        language=entry.language,
        name=entry.name,
        detail=entry.detail,
    )


def _check_recipients(entries: Iterable[RecipientEntry], recipients: Iterable[Recipient]) -> None:
    """Note a recipient who would get the same message twice."""
    seen: set[tuple[str, str]] = set()
    for entry, recipient in zip(entries, recipients, strict=True):
        same = (recipient.address.casefold(), recipient.scope)
        if recipient.address and same in seen:
            entry.table.note(Code.INPUT_DUPLICATE, "address", found=recipient.address, expected="")
        seen.add(same)


def _in_order(faults: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each fault once, file by file in the order read, by line."""
    unique = list(dict.fromkeys(faults))
    order = {
        file: n for n, file in enumerate(dict.fromkeys([CYCLE_FILE, *(p.location.file for p in unique)]))
    }
    return tuple(sorted(unique, key=lambda problem: (order[problem.location.file], problem.location.line)))


def create_cycle(folder: Path, *, year: int, book: str = "annual_plan", lang: str = "zh") -> Cycle:
    """A new cycle in `folder`: planbook.toml with every key explained, starter tables, folders.

    Nothing that is there is overwritten. Raises CycleError when one of the files is there
    already or the book does not speak `lang`, SpecError for an unknown or faulty book,
    OutputError when the folder cannot be written.
    """
    loaded = load_spec(book)
    if lang not in loaded.languages:
        known = list_words(loaded.languages)
        raise CycleError(say("book_languages", name=loaded.name, known=known, lang=lang))
    if not 1900 <= year <= 9998:
        raise CycleError(say("year_range", year=year))
    spelt = Path(book).resolve().as_posix() if book.endswith((".yaml", ".yml")) else book
    names = (CYCLE_FILE, PATHS["departments"], PATHS["company_goals"])
    for name in names:
        if (folder / name).exists():
            raise CycleError(say("already_there", path=folder / name))
    values = {"year": str(year), "book": _quote(spelt), "language": _quote(lang)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in FOLDERS:
            (folder / PATHS[name]).mkdir(exist_ok=True)
        for name in (*names[1:], names[0]):  # planbook.toml last: with it the cycle is there
            _write_new(folder / name, starter_text(name, lang, values))
    except OSError as error:
        raise OutputError(say("not_written", path=folder, reason=explain_os_error(error))) from error
    return load_cycle(folder)


def starter_text(name: str, lang: str, values: Mapping[str, str]) -> str:
    """The starter file `name` in `lang` (English for a language without one), with its values set."""
    stem, _, ending = name.rpartition(".")
    template = f"{stem}.{lang if lang in TEMPLATE_LANGUAGES else 'en'}.{ending}"
    text = files("planbook.cycle").joinpath(template).read_text(encoding="utf-8")
    return Template(text).substitute(values)


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a TOML string too


def _write_new(path: Path, text: str) -> None:
    # Excel takes a table without a byte order mark for the local code page.
    encoding = "utf-8-sig" if path.suffix == ".csv" else "utf-8"
    with path.open("x", encoding=encoding, newline="\n") as stream:
        stream.write(text)
