"""Read a returned workbook: look it over, identify it, find its tables, type every cell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import openpyxl
from python_calamine import CalamineError, CalamineWorkbook

from planbook.calendar import FiscalYear
from planbook.company import Company
from planbook.layout import IDENTITY_NAME, META_SHEET, cell_name, typed_places
from planbook.layout.cells import SettingValue
from planbook.layout.manifest import Issue, issue_from, items_from, read_meta, settings_from
from planbook.plan import Plan, Value
from planbook.problems import Code, Location, Problem, rank_problems
from planbook.reader.locate import (
    Found,
    Grid,
    column_problems,
    locate_rows,
    locate_tables,
    recognise_book,
)
from planbook.reader.preflight import Package, open_package
from planbook.reader.rows import RowReader, match_item
from planbook.reader.submission import SheetSource, Submission
from planbook.reader.tables import TableReader
from planbook.spec import Book, Input, Item, Kind, list_books, load_spec
from planbook.values import clean_text, read_date

ISSUE_ID = re.compile(r"PB\d{4}-[0-9A-F]{10}")
IDENTITY_ROWS = 6  # the visible id stands near the top of the first page


@dataclass(frozen=True)
class Expectations:
    """What a cycle knows of the workbooks it expects; all of it may be missing.

    `items` are the cycle's own lists, `settings` its thresholds, which go before the workbook's.
    """

    books: tuple[Book, ...] = ()
    company: Company | None = None
    year: int = 0
    items: Mapping[str, tuple[Item, ...]] = field(default_factory=dict)
    settings: Mapping[str, SettingValue] = field(default_factory=dict)


def read_workbook(path: Path, expect: Expectations | None = None) -> Submission:
    """Read one file, whatever it is; what is wrong with it becomes its problems.

    Nothing a file holds raises: a file that cannot be read comes back as a refused submission.
    """
    expect = expect or Expectations()
    books = expect.books or tuple(load_spec(name) for name in list_books())
    package = open_package(path)
    if isinstance(package, Problem):
        return Submission(path.name, problems=(package,))
    blank = Submission(path.name, package.sha256, package.modified)
    try:
        grids = _read_grids(path)
    except Exception as error:  # a parser's, on a hostile file: whatever it is, the other files go on
        return _refuse(blank, Problem(Code.READ_FAILED, found=str(error) or type(error).__name__))
    identified = _identify(package, grids, books, expect)
    if isinstance(identified, Problem):
        return _refuse(blank, identified)
    return _read_tables(blank, package, grids, identified, expect)


def _refuse(blank: Submission, problem: Problem) -> Submission:
    place = problem.location.within(blank.file)
    return replace(blank, problems=(replace(problem, location=place),))


def _read_grids(path: Path) -> dict[str, Grid]:
    """Every sheet's cells: by calamine, and by openpyxl where calamine stumbles over the file."""
    try:
        return _read_fast(path)
    except CalamineError:
        workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            for sheet in workbook.worksheets:
                sheet.reset_dimensions()
            return {
                sheet.title: [
                    ["" if v is None else v for v in row] for row in sheet.iter_rows(values_only=True)
                ]
                for sheet in workbook.worksheets
            }
        finally:
            workbook.close()


def _read_fast(path: Path) -> dict[str, Grid]:
    with CalamineWorkbook.from_path(str(path)) as workbook:
        return {
            name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in workbook.sheet_names
        }


@dataclass(frozen=True)
class Identity:
    """Which workbook it is, by which book, and what its own manifest says."""

    issue: Issue
    book: Book
    manifest: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()


def _identify(
    package: Package, grids: Mapping[str, Grid], books: Sequence[Book], expect: Expectations
) -> Identity | Problem:
    meta = grids.get(META_SHEET, ())
    rows = [(str(row[0]), str(row[1])) for row in meta if len(row) > 1]
    ident, manifest = read_meta(rows)
    copies = _identity_copies(package, grids, ident)
    if len(copies) > 1:
        return Problem(Code.IDENTITY_CONFLICT, found="、".join(sorted(copies)))
    issue = issue_from(manifest) if manifest else None
    if issue is None or manifest is None:
        return _recognise(grids, books, expect, next(iter(copies), ""))
    book = next((book for book in books if book.name == issue.book), None)
    if book is None:
        return Problem(Code.UNKNOWN_BOOK, found=issue.book, expected="、".join(b.name for b in books))
    problems: tuple[Problem, ...] = ()
    if book.sha256 != issue.sha256:
        problems = (Problem(Code.OTHER_SPEC, found=f"{issue.book} {issue.version}"),)
    if expect.year and issue.year != expect.year:
        return Problem(Code.OTHER_CYCLE, found=str(issue.year), expected=str(expect.year))
    if expect.company and expect.company.find(issue.department) is None:
        return Problem(Code.UNKNOWN_DEPARTMENT, found=f"{issue.department} {issue.department_name}")
    return Identity(issue, book, manifest, problems)


def _identity_copies(package: Package, grids: Mapping[str, Grid], ident: str) -> set[str]:
    """The ids found in the four places, and where a defined name points."""
    copies = {ident} if ident else set()
    copies |= set(ISSUE_ID.findall(package.keywords))  # LibreOffice writes a space for the colon
    target = _cell_of(package.names.get(IDENTITY_NAME, ""), grids)
    if isinstance(target, str) and target:
        copies.add(target)
    for title, grid in grids.items():
        if title != META_SHEET:
            cells = (cell for row in grid[:IDENTITY_ROWS] for cell in row if isinstance(cell, str))
            copies |= {cell.strip() for cell in cells if ISSUE_ID.fullmatch(cell.strip())}
    return copies


_TARGET = re.compile(r"^=?'?(.+?)'?!\$?([A-Z]{1,3})\$?(\d+)$")


def _cell_of(target: str, grids: Mapping[str, Grid]) -> object:
    """The value of the cell a defined name points at, or None."""
    found = _TARGET.match(target)
    if not found:
        return None
    column = 0
    for letter in found[2]:
        column = column * 26 + ord(letter) - 64
    grid = grids.get(found[1].replace("''", "'"), ())
    row = int(found[3]) - 1
    return grid[row][column - 1] if row < len(grid) and column <= len(grid[row]) else None


def _recognise(
    grids: Mapping[str, Grid], books: Sequence[Book], expect: Expectations, ident: str
) -> Identity | Problem:
    """A workbook that lost its manifest: its tables still tell the book and the department."""
    book = recognise_book(books, grids)
    if book is None or expect.company is None or not expect.year:
        return Problem(Code.FOREIGN_WORKBOOK)
    found = locate_tables(book, grids, {})
    items = expect.items.get("department", ())
    counts: dict[str, int] = {}
    for table in found.tables.values():
        index = table.columns.get("department")
        for row in table.grid[table.header_row + 1 :] if index is not None else ():
            item = match_item(items, str(row[index])) if index is not None and index < len(row) else None
            if item:
                counts[item.key] = counts.get(item.key, 0) + 1
    if not counts:
        return Problem(Code.FOREIGN_WORKBOOK)
    code = max(counts, key=lambda key: counts[key])
    owner = next((d for d in expect.company.issued() if code in _codes(expect.company, d.code)), None)
    department = owner or expect.company.department(code)
    lang = next((lang for lang in book.languages if _speaks(book, found, lang)), book.languages[0])
    issue = Issue(
        ident,
        book.name,
        book.version,
        book.sha256,
        department.code,
        department.name,
        expect.year,
        1,
        lang,
        tuple(_codes(expect.company, department.code)),
    )
    return Identity(issue, book, {}, (Problem(Code.IDENTITY_MISSING, found=department.name),))


def _codes(company: Company, code: str) -> list[str]:
    return [department.code for department in company.scope(code)]


def _speaks(book: Book, found: Found, lang: str) -> bool:
    return any(table.title == table.sheet.title.to(lang) for table in found.tables.values())


def _read_tables(
    blank: Submission, package: Package, grids: Mapping[str, Grid], identity: Identity, expect: Expectations
) -> Submission:
    issue, book, manifest = identity.issue, identity.book, identity.manifest
    year = FiscalYear(issue.year, issue.start_month)
    items = {**items_from(manifest), **expect.items}
    settings: dict[str, SettingValue] = {
        "quarter_ends": year.quarter_ends,
        **settings_from(manifest, book),
        **expect.settings,
    }
    places = _places(manifest)
    found = locate_tables(book, grids, {key: place[0] for key, place in places.items()})
    row_reader = RowReader(book, issue.lang, year, items, problems=[*identity.problems, *found.problems])
    reader = TableReader(row_reader, issue.department, issue.scope, package.errors)
    sources: dict[str, SheetSource] = {}
    for sheet in book.sheets:
        table = found.tables.get(sheet.key)
        if table is None:
            continue
        row_reader.problems += column_problems(table, places.get(sheet.key, ("", {}))[1], issue.lang)
        used = reader.used_rows(table)
        sources[sheet.key], problems = locate_rows(table, used)
        row_reader.problems += problems
        reader.read_table(table, sources[sheet.key], used)
    inputs = _read_inputs(row_reader, package, grids, found)
    problems = [replace(p, location=p.location.within(blank.file)) for p in row_reader.problems]
    return replace(
        blank,
        book=book,
        issue=issue,
        plan=Plan(MappingProxyType(reader.read), MappingProxyType(inputs)),
        settings=MappingProxyType(settings),
        items=MappingProxyType(items),
        sources=MappingProxyType(sources),
        typed=MappingProxyType(reader.typed),
        quarantined=frozenset(reader.quarantined),
        problems=rank_problems(problems),
    )


def _places(manifest: Mapping[str, Any]) -> dict[str, tuple[str, dict[str, int]]]:
    """Sheet titles and column places by key, as far as the manifest has them in good form."""
    places = {}
    for entry in manifest.get("sheets", ()) if isinstance(manifest.get("sheets"), list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("columns"), dict):
            columns = {str(k): v for k, v in entry["columns"].items() if isinstance(v, int)}
            places[str(entry.get("key"))] = (str(entry.get("title", "")), columns)
    return places


def _read_inputs(
    rows: RowReader, package: Package, grids: Mapping[str, Grid], found: Found
) -> dict[str, Value]:
    inputs: dict[str, Value] = {}
    for table in found.tables.values():
        for cell, row, column in typed_places(table.sheet):
            raw = _cell_of(package.names.get(cell_name(cell.key), ""), grids)
            if raw is None and row < len(table.grid):
                cells = table.grid[row]
                raw = cells[column] if column < len(cells) else None
            inputs[cell.key] = _read_input(rows, cell, raw, table.title)
    return inputs


def _read_input(rows: RowReader, cell: Input, raw: object, title: str) -> Value:
    if cell.kind is Kind.TEXT:
        return clean_text(str(raw)) or None if raw is not None else None
    reading = read_date(raw, year=rows.year.year, start_month=rows.year.start_month)
    if isinstance(getattr(reading, "value", None), date):
        return reading.value  # type: ignore[union-attr]  # just checked
    if reading is None:
        place = Location(sheet=title)
        subject = cell.title.to(rows.lang)
        rows.problems.append(Problem(Code.NOT_A_DATE, place, str(raw), subject=subject))
    return None
