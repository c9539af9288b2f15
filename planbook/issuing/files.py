"""Prefill files: a CSV of rows for one sheet, or a workbook that came back, this year's or last year's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from planbook.company import Company
from planbook.cycle import Cycle
from planbook.cycle.company_files import Names
from planbook.cycle.csv_file import Heading, Row, read_rows, suggest
from planbook.cycle.settings_file import PATHS
from planbook.issuing.returned import find_newer, open_returned, returned_rows
from planbook.issuing.rows import Given
from planbook.problems import Code, Location, Problem, list_words, say
from planbook.reader import GivenCell
from planbook.spec import Book, Column, Kind, Place, Sheet
from planbook.values import match_key

DEPARTMENT, ID = "department", "id"
TEXT_FILES: Final = frozenset({".csv", ".tsv", ".txt"})
WORKBOOKS: Final = frozenset({".xlsx", ".xlsm"})
_PASSED_OVER: Final = frozenset({"thumbs.db", "desktop.ini"})
_REMARK: Final = re.compile(r"[（(][^（()）]*[)）]$")
_NUMBERED: Final = re.compile(r"^\d+[\s_.、-]*")
_DEPARTMENT_TITLES: Final = ("部门", "部门代码", "部门名称", "Department", "Department code")
_ID_TITLES: Final = ("编号", "No.", "Row")


@dataclass(frozen=True)
class Prefill:
    """Rows and remarks by the code of the department whose workbook they go into, and the files' faults."""

    rows: Mapping[str, tuple[Given, ...]]
    remarks: Mapping[str, tuple[Problem, ...]]
    problems: tuple[Problem, ...]


def read_prefill(cycle: Cycle, book: Book, files: Sequence[Path], password: str = "") -> Prefill:
    """The rows of the cycle's prefill folder, file by file in the order of their names, then of `files`.

    A folder among `files` stands for the files in it.  Of two workbooks that one department returned,
    the one saved later counts.  `password` opens encrypted ones.
    """
    rows: dict[str, list[Given]] = {}
    remarks: dict[str, list[Problem]] = {}
    problems: list[Problem] = []
    if not cycle.prefill.exists() and cycle.files["prefill"] != PATHS["prefill"]:
        label = cycle.files["prefill"]
        problems.append(Problem(Code.INPUT_MISSING, Location(file=label), expected=label))
    listed = list(_list_files(cycle, files))
    returned = {
        label: open_returned(path, label, cycle, book, password)
        for path, label in listed
        if _is_workbook(path)
    }
    newer = find_newer(returned)
    for path, label in listed:
        if label in returned:
            given: Iterable[tuple[str, Given | Problem]] = returned_rows(
                returned[label], newer.get(label, ""), cycle, book, problems
            )
        else:
            given = _read_file(path, label, cycle, book, problems)
        for department, found in given:
            if isinstance(found, Given):
                rows.setdefault(department, []).append(found)
            else:
                remarks.setdefault(department, []).append(found)
    return Prefill(
        {code: tuple(filled) for code, filled in rows.items()},
        {code: tuple(said) for code, said in remarks.items()},
        tuple(problems),
    )


def _read_file(
    path: Path, label: str, cycle: Cycle, book: Book, faults: list[Problem]
) -> Iterable[tuple[str, Given | Problem]]:
    """What one file gives, by department; `faults` receives everything wrong with it."""
    ending = path.suffix.lower()
    if not path.is_dir() and ending in TEXT_FILES:
        return _read_lines(path, label, cycle, book, faults)
    found = say("folder") if path.is_dir() else ending
    expected = list_words(sorted(TEXT_FILES | WORKBOOKS))
    faults.append(Problem(Code.PREFILL_FILE, Location(file=label), found, expected))
    return ()


def _is_workbook(path: Path) -> bool:
    return path.suffix.lower() in WORKBOOKS and not path.is_dir()


def _list_files(cycle: Cycle, files: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Every file with the name its problems carry."""
    folder = cycle.files["prefill"]
    if cycle.prefill.is_dir():
        yield from ((path, f"{folder}/{path.name}") for path in _entries(cycle.prefill))
    elif cycle.prefill.exists():
        yield cycle.prefill, folder
    for path in files:
        if path.is_dir():
            yield from ((entry, f"{path}/{entry.name}") for entry in _entries(path))
        else:
            yield path, str(path)


def _entries(folder: Path) -> list[Path]:
    kept = (path for path in folder.iterdir() if not path.name.startswith((".", "~$")))
    return sorted((p for p in kept if p.name.lower() not in _PASSED_OVER), key=lambda p: p.name)


# -- lines of a CSV file -------------------------------------------------------------------


def find_sheet(book: Book, name: str) -> Sheet | None:
    """The sheet that a file's name begins with: its key, or its title in any language, number or not."""
    wanted = match_key(name)
    best, longest = None, 0
    for sheet in book.sheets:
        titles = sheet.title.every()
        for word in (sheet.key, *titles, *(_NUMBERED.sub("", title) for title in titles)):
            key = match_key(word)
            rest = wanted[len(key) :]
            if wanted.startswith(key) and not rest[:1].isalnum() and len(key) > longest:
                best, longest = sheet, len(key)
    return best


def _read_lines(
    path: Path, label: str, cycle: Cycle, book: Book, faults: list[Problem]
) -> Iterator[tuple[str, Given | Problem]]:
    sheet = find_sheet(book, path.stem)
    if sheet is None:
        names = [word for s in book.sheets for word in (s.key, s.title.to(cycle.language))]
        known = suggest(path.stem, names)
        faults.append(Problem(Code.PREFILL_SHEET, Location(file=label), path.stem, known))
        return
    rows = read_rows(path, label, headings_of(book, sheet), faults)
    names_of = Names(cycle.company.departments)
    told: set[str] = set()
    for row in rows or ():
        department = _find_workbook(row, cycle.company, names_of)
        number = _find_number(row, sheet)
        cells = _cells_of(row, sheet, told)
        if not department:
            continue
        if not any(text for key, text in row.cells.items() if key not in {DEPARTMENT, ID}):
            empty = Problem(Code.PREFILL_EMPTY, row.place(DEPARTMENT), subject=row.titles[DEPARTMENT])
            yield department[0], empty
        elif cells and number is not None:
            place = row.place(next(iter(cells)))
            for column in sheet.columns:
                if _names_department(book, column) and column.place is not Place.VIRTUAL:
                    cells[column.key] = GivenCell(department[1], row.place(DEPARTMENT))
            yield department[0], Given(sheet.key, cells, place, label, number=number or None)


def headings_of(book: Book, sheet: Sheet) -> tuple[Heading, ...]:
    """The columns of a prefill file: department and id, and the sheet's own as its header has them."""
    own = [column for column in sheet.columns if column.place is not Place.VIRTUAL]
    named = {column.key: _titles(book, column) for column in own if not _names_department(book, column)}
    aliases = [title for c in own if _names_department(book, c) for title in (c.key, *_titles(book, c))]
    taken = {match_key(title) for key, titles in named.items() for title in (key, *titles)}
    for column in own:  # 备注 for 备注（如关联公司战略）, where that is no other column
        short = {_REMARK.sub("", title) for title in column.title.every()}
        rivals = {_REMARK.sub("", t) for c in own if c is not column for t in c.title.every()}
        if column.key in named:
            named[column.key] += tuple(sorted(t for t in short - rivals if match_key(t) not in taken))
    extra = [title for title in (*_DEPARTMENT_TITLES, *aliases) if match_key(title) not in taken]
    ids = [title for title in (*_ID_TITLES, *book.labels["row_id"].every()) if match_key(title) not in taken]
    return (
        Heading(DEPARTMENT, tuple(extra), required=True),
        Heading(ID, tuple(ids)),
        *(Heading(key, titles, offered=not sheet.column(key).calculated) for key, titles in named.items()),
    )


def _names_department(book: Book, column: Column) -> bool:
    return column.kind is Kind.CHOICE and book.lists[column.list].source == "departments"


def _titles(book: Book, column: Column) -> tuple[str, ...]:
    """The titles of a column, with and without the marks that its header carries in the workbook."""
    marks = ("", *book.labels["optional"].every())
    return tuple(
        title + star + mark for title in column.title.every() for star in ("", " *") for mark in marks
    )


def _find_workbook(row: Row, company: Company, names: Names) -> tuple[str, str] | None:
    """The departments of the workbook and of the row; None, noted, where there is none."""
    text = row.text(DEPARTMENT)
    if not text:
        if row.has(DEPARTMENT):
            row.note(Code.INPUT_VALUE, DEPARTMENT, expected=suggest("", names.spellings[:2]))
        return None
    code = names.find(text)
    if code is None:
        row.note(Code.INPUT_REFERENCE, DEPARTMENT, expected=suggest(text, names.spellings))
        return None
    workbook = company.workbook_of(code)
    if not workbook:
        below = [d.name for d in company.below(code) if d in company.issued()]
        row.note(Code.PREFILL_NO_WORKBOOK, DEPARTMENT, expected=list_words(below))
        return None
    return workbook, code


def _find_number(row: Row, sheet: Sheet) -> int | None:
    """The number of the row that the line asks for, 0 for none; None, noted, where there is no such id."""
    text = row.text(ID)
    if not text:
        return 0
    found = re.match(rf"{sheet.id.prefix}(\d+)\b", text.upper())
    if found and int(found[1]) > 0 and len(found[1]) <= max(sheet.id.width, 4):
        return int(found[1])
    row.note(Code.PREFILL_ID, ID, expected=sheet.id.of(1))
    return None


def _cells_of(row: Row, sheet: Sheet, told: set[str]) -> dict[str, GivenCell]:
    """The cells that the line fills; `told` are the calculated columns that were noted already."""
    cells: dict[str, GivenCell] = {}
    for key, text in row.cells.items():
        if not text or key in {DEPARTMENT, ID}:
            continue
        column = sheet.column(key)
        if column.calculated:
            if key not in told:
                row.note(Code.PREFILL_CALCULATED, key, expected=list_words(_typed_titles(sheet, row)))
            told.add(key)
            continue
        unit = row.cells.get(column.unit, "") if column.unit in sheet.by_key else ""
        cells[key] = GivenCell(text, row.place(key), unit)
    return cells


def _typed_titles(sheet: Sheet, row: Row) -> Iterable[str]:
    shown = (c for c in sheet.columns if not c.calculated and c.visible)
    return (row.titles.get(column.key, column.title.every()[0]) for column in shown)
