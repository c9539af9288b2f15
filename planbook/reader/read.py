"""Read a returned workbook: look it over, identify it, find its tables, type every cell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from planbook.company import Company
from planbook.layout import IDENTITY_NAME, META_SHEET, cell_address, cell_name, reference_place, typed_places
from planbook.layout.cells import SettingValue
from planbook.layout.manifest import Issue, issue_from, items_from, read_meta, settings_from
from planbook.plan import Plan, Value
from planbook.problems import Code, Location, Problem, Words, list_words, rank_problems, say
from planbook.reader.columns import column_problems
from planbook.reader.facts import NO_FACTS, SheetFacts
from planbook.reader.grids import Grid, read_grids
from planbook.reader.integrity import Stored, check_formulas, explain_readings
from planbook.reader.kinds import Format
from planbook.reader.locate import Found, Places, locate_tables, lost_columns, recognise_book
from planbook.reader.numbering import locate_rows
from planbook.reader.pages import Issuance, PageCalculator, check_pages
from planbook.reader.preflight import Package, open_package
from planbook.reader.rows import RowReader, match_item
from planbook.reader.submission import SheetSource, Submission
from planbook.reader.tables import TableReader
from planbook.reader.versions import issued_tables, unplaced_cells
from planbook.spec import Book, Column, Input, Item, list_books, load_spec
from planbook.values import Nil

ISSUE_ID = re.compile(r"PB\d{4}-[0-9A-F]{10}")
# Sheets that every consolidated workbook has, and no planner's.
REPORT_SHEETS = frozenset({"contents", "summary", "variance", "receipts", "methods"})
IDENTITY_ROWS = 6  # the visible id stands near the top of the first page


@dataclass(frozen=True)
class Expectations:
    """What a cycle knows of the workbooks it expects; all of it may be missing.

    `items` are the cycle's own lists, `settings` its thresholds, which go before the workbook's;
    `password` opens workbooks that are encrypted.
    """

    books: tuple[Book, ...] = ()
    company: Company | None = None
    year: int = 0
    items: Mapping[str, tuple[Item, ...]] = field(default_factory=dict)
    settings: Mapping[str, SettingValue] = field(default_factory=dict)
    password: str = field(default="", repr=False)


def read_workbook(path: Path, expect: Expectations | None = None) -> Submission:
    """Read one file, whatever it is; what is wrong with it becomes its problems.

    Nothing a file holds raises: a file that cannot be read comes back as a refused submission.
    """
    expect = expect or Expectations()
    books = expect.books or tuple(load_spec(name) for name in list_books())
    package = open_package(path, expect.password)
    if isinstance(package, Problem):
        return Submission(path.name, problems=(package,))
    blank = Submission(path.name, package.sha256, package.modified)
    try:
        grids = read_grids(package)
    except MemoryError:  # whoever reads many files knows what to do, and how much was allowed
        raise
    except Exception as error:  # a parser's, on a hostile file: whatever it is, the other files go on
        kind = type(error).__name__
        found = say("parser", name=Words(kind, str(error) or kind))
        return _refuse(blank, Problem(Code.READ_FAILED, found=found))
    identified = _identify(package, grids, books, expect)
    if isinstance(identified, Problem):
        return _refuse(blank, identified)
    return _read_tables(blank, package, grids, identified, expect)


def _refuse(blank: Submission, problem: Problem) -> Submission:
    place = problem.location.within(blank.file)
    return replace(blank, problems=(replace(problem, location=place),))


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
    if META_SHEET not in grids and any(_is_report(book, grids) for book in books):
        return Problem(Code.OWN_REPORT)
    meta = grids.get(META_SHEET, ())
    rows = [(str(row[0]), str(row[1])) for row in meta if len(row) > 1]
    ident, manifest = read_meta(rows)
    copies = _identity_copies(package, grids, ident)
    if len(copies) > 1:
        return Problem(Code.IDENTITY_CONFLICT, found=list_words(sorted(copies)))
    issue = issue_from(manifest) if manifest else None
    if issue is None or manifest is None:
        return _recognise(grids, books, expect, next(iter(copies), ""))
    book = next((book for book in books if book.name == issue.book), None)
    if book is None:
        return Problem(Code.UNKNOWN_BOOK, found=issue.book, expected=list_words(b.name for b in books))
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


def _cell_of(target: str, grids: Mapping[str, Grid]) -> object:
    """The value of the cell a defined name points at, or None."""
    found = reference_place(target)
    if found is None:
        return None
    title, row, column = found
    grid = grids.get(title, ())
    return grid[row][column] if row < len(grid) and column < len(grid[row]) else None


def _total_places(package: Package, found: Found) -> dict[str, str]:
    """The addresses of the totals above the tables, as the workbook's names give them."""
    places: dict[str, str] = {}
    for table in found.tables.values():
        for total in table.sheet.totals:
            target = reference_place(package.names.get(cell_name(total.key), ""))
            if target and target[0] == table.title:
                places[total.key] = cell_address(*target[1:])
    return places


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


def _is_report(book: Book, grids: Mapping[str, Grid]) -> bool:
    """Whether the sheets are those of a consolidated workbook, in one of the book's languages."""
    reports = [report for report in book.reports if report.key in REPORT_SHEETS]
    return any({report.title.to(lang) for report in reports} <= set(grids) for lang in book.languages)


def _divisions(issue: Issue, company: Company | None) -> dict[str, frozenset[str]]:
    """The departments below each one of the workbook's scope."""
    known = [code for code in issue.scope if company and company.find(code)]
    return {code: frozenset(_codes(company, code)) for code in known} if company else {}


def _codes(company: Company, code: str) -> list[str]:
    return [department.code for department in company.scope(code)]


def _speaks(book: Book, found: Found, lang: str) -> bool:
    return any(table.title == table.sheet.title.to(lang) for table in found.tables.values())


def _read_tables(
    blank: Submission, package: Package, grids: Mapping[str, Grid], identity: Identity, expect: Expectations
) -> Submission:
    issue, book, manifest = identity.issue, identity.book, identity.manifest
    year = issue.fiscal_year
    items = {**items_from(manifest), **expect.items}
    own: dict[str, SettingValue] = {"quarter_ends": year.quarter_ends, **settings_from(manifest, book)}
    issued = issued_tables(manifest)
    places = {key: Places(table.title, table.columns) for key, table in issued.items()}
    found = locate_tables(book, grids, places, names=package.names, facts=package.sheets, lang=issue.lang)
    first = [*package.notes, *identity.problems, *found.problems]
    rows = RowReader(book, issue.lang, year, items, package.date_1904, first)
    located = frozenset(found.tables)
    reader = TableReader(rows, issue.department, issue.scope, package.sheets, located, places)
    sources = _read_each(reader, found)
    typed = _typed_cells(package, grids, found)
    inputs = {t.cell.key: _read_input(rows, t, package.sheets.get(t.title, NO_FACTS)) for t in typed}
    plan = Plan(MappingProxyType(reader.read), MappingProxyType(inputs))
    if issue.sha256 != book.sha256:  # other definitions: its formulas are not today's
        rows.problems += unplaced_cells(book, issued, found.tables, grids, package.sheets)
    else:
        tables = {key: found.tables[key] for key in sources}
        raw, totals = {t.cell.key: t.raw for t in typed}, _total_places(package, found)
        lost = lost_columns(book, found, places)
        stored = Stored(book, issue.lang, items, own, raw, tables, sources, package.sheets, totals, lost)
        rows.problems += list(_check_integrity(stored, plan, reader, package, grids, identity))
    problems = [replace(p, location=p.location.within(blank.file)) for p in rows.problems]
    return replace(
        blank,
        book=book,
        issue=issue,
        plan=plan,
        settings=MappingProxyType({**own, **expect.settings}),
        items=MappingProxyType(items),
        below=MappingProxyType(_divisions(issue, expect.company)),
        sources=MappingProxyType(sources),
        typed=MappingProxyType(reader.typed),
        quarantined=frozenset(reader.quarantined),
        problems=rank_problems(problems),
    )


def _read_each(reader: TableReader, found: Found) -> dict[str, SheetSource]:
    """Read every table that was found, in the book's order; where each of them stood."""
    sources: dict[str, SheetSource] = {}
    for sheet in reader.rows.book.sheets:
        table = found.tables.get(sheet.key)
        if table is None:
            continue
        expected = reader.issued.get(sheet.key, Places()).columns
        facts = reader.facts.get(table.title, NO_FACTS)
        reader.rows.problems += column_problems(table, expected, facts, reader.rows.lang)
        used = reader.used_rows(table)
        sources[sheet.key], problems = locate_rows(table, used)
        reader.rows.problems += problems
        reader.read_table(table, sources[sheet.key], used)
    return sources


def _check_integrity(
    stored: Stored,
    plan: Plan,
    reader: TableReader,
    package: Package,
    grids: Mapping[str, Grid],
    identity: Identity,
) -> Iterator[Problem]:
    """What is wrong with the formula cells of the tables, and with those beside them.

    The values of an .xls prove nothing: LibreOffice writes a zero into it for the first blank result of
    formulas that neighbours share.
    """
    values = package.format is not Format.XLS
    problems = check_formulas(stored, plan.tables, values=values)
    yield from problems
    guessed = {Code.LINK_NEAR, Code.LINK_BY_METRIC, Code.LOOKALIKE}
    if reader.typed or any(problem.code in guessed for problem in reader.rows.problems):
        yield from explain_readings(stored, plan, frozenset(reader.quarantined))
    rows = tuple(
        (key, table.rows)
        for key, table in issued_tables(identity.manifest).items()
        if key in stored.book.sheets_by_key
    )
    issuance = Issuance(stored.book, identity.issue.lang, rows)
    used = {key: tuple(row.number for row in rows) for key, rows in plan.tables.items()}
    items = items_from(identity.manifest)
    calculator = PageCalculator(stored, issuance, items, used, identity.issue.department)
    errors = any(stored.facts.get(table.title, NO_FACTS).errors for table in stored.tables.values())
    trusted = values and not problems and not errors and not stored.lost and len(used) == len(rows)
    yield from check_pages(stored, issuance, grids, calculator, trusted=trusted)


@dataclass(frozen=True, slots=True)
class _Typed:
    """An input cell above a table: where it stands, 0-based, and what stands in it."""

    cell: Input
    title: str
    row: int
    column: int
    raw: object


def _typed_cells(package: Package, grids: Mapping[str, Grid], found: Found) -> list[_Typed]:
    """The input cells above the tables, by their names or by their places."""
    typed = []
    for table in found.tables.values():
        for cell, row, column in typed_places(table.sheet):
            target = package.names.get(cell_name(cell.key), "")
            raw = _cell_of(target, grids)
            title, row, column = (reference_place(target) if raw is not None else None) or (
                table.title,
                row,
                column,
            )
            cells = grids[title][row] if row < len(grids[title]) else ()
            typed.append(_Typed(cell, title, row, column, cells[column] if column < len(cells) else None))
    return typed


def _read_input(rows: RowReader, typed: _Typed, facts: SheetFacts) -> Value:
    """What was typed into a cell above a table; a day or a text."""
    column = Column(key=typed.cell.key, title=typed.cell.title, kind=typed.cell.kind)
    place = Location(sheet=typed.title, cell=cell_address(typed.row, typed.column))
    error = facts.errors.get((typed.row, typed.column), "")
    raw = rows.take_cell(column, typed.raw, place, facts, error)
    value, _ = rows.read_cell(column, raw, place, facts.shown_at(place.cell, raw))
    return None if isinstance(value, Nil) else value
