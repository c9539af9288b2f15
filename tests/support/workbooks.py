"""Workbooks for tests, written inline as text tables and filled in as a person would type."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

from planbook.calc import Calculator
from planbook.calendar import FiscalYear
from planbook.company import Company, CompanyGoal, Department
from planbook.cycle import cycle_items
from planbook.layout import resolve_layout
from planbook.layout.cells import SettingValue
from planbook.layout.manifest import Issue, make_issue
from planbook.plan import Plan, Value
from planbook.reader import Expectations
from planbook.spec import Kind, load_spec
from planbook.writer import write_workbook
from tests.support.plans import make_plan

YEAR = 2024
AS_OF = date(2024, 7, 1)
COMPANY = Company(
    (
        Department("YX", "营销中心", workbook=True),
        Department("XS", "销售部", "YX"),
        Department("KH", "客户部", "YX"),
        Department("SC", "市场部"),
    ),
    (
        CompanyGoal("年度营收增长15%", "营收总额", "亿元", target=1.84, rollup="sum", lead="XS"),
        CompanyGoal("新业务收入占比20%", "新业务收入占比", "%", target=20.0, aggregation="last"),
    ),
)
ROWS = {"goals": 8, "decomposition": 8, "tracking": 8, "review": 12}


def settings_at(as_of: date = AS_OF, **overrides: SettingValue) -> dict[str, SettingValue]:
    """The settings of a calendar year, with what a test overrides."""
    return {"quarter_ends": FiscalYear(YEAR).quarter_ends, "as_of": as_of, **overrides}


@lru_cache
def calculator(book: str = "annual_plan", lang: str = "zh", department: str = "YX") -> Calculator:
    """A compiled layout of few rows, shared by all tests of a process."""
    loaded = load_spec(book)
    scope = [d.code for d in COMPANY.scope(department)]
    items = cycle_items(loaded, COMPANY, scope)
    return Calculator(resolve_layout(loaded, lang=lang, items=items, rows=ROWS, many={"quarter_ends": 4}))


def issue_for(compiled: Calculator, department: str = "YX", content: str = "") -> Issue:
    """The issue of a test workbook."""
    scope = [d.code for d in COMPANY.scope(department)]
    name = COMPANY.department(department).name
    return make_issue(
        compiled.layout,
        department=department,
        department_name=name,
        year=FiscalYear(YEAR),
        scope=scope,
        content=content,
    )


def expect(**settings: SettingValue) -> Expectations:
    """What the cycle of the tests knows of its workbooks."""
    books = (load_spec("annual_plan"), load_spec("classic"))
    items = cycle_items(books[0], COMPANY)
    return Expectations(books, COMPANY, YEAR, items, settings_at(**settings))


def read_tables(book: str, tables: Mapping[str, str]) -> Plan:
    """A plan from text tables: the first line names columns by key, ``|`` separates cells.

    Numbers and ISO dates are taken as such, a cell in quotes stays text as a person typed it, an
    empty cell is blank.  Rows stand at the numbers of their lines; a line of ``---`` leaves a gap.
    """
    loaded = load_spec(book)
    filled = {}
    for sheet, text in tables.items():
        lines = [line.strip() for line in text.strip().splitlines()]
        keys = [key.strip() for key in lines[0].split("|")]
        rows = []
        for line in lines[1:]:
            cells = [cell.strip() for cell in line.split("|")]
            columns = [loaded.sheet(sheet).column(key) for key in keys]
            row = {c.key: _typed(cell, c.kind) for c, cell in zip(columns, cells, strict=True)}
            rows.append({key: value for key, value in row.items() if value is not None})
        filled[sheet] = rows
    return make_plan(filled, {"as_of": AS_OF})


def _typed(cell: str, kind: Kind) -> Value:
    if not cell:
        return None
    if cell[0] == cell[-1] == '"' and len(cell) > 1:
        return cell[1:-1]
    if kind in {Kind.QUANTITY, Kind.PERCENT, Kind.NUMBER}:
        return float(cell)
    return date.fromisoformat(cell) if kind is Kind.DATE else cell


def write_filled(
    path: Path,
    plan: Plan,
    *,
    book: str = "annual_plan",
    lang: str = "zh",
    department: str = "YX",
    **settings: SettingValue,
) -> Path:
    """The workbook of `department` filled with `plan`; returns its path."""
    compiled = calculator(book, lang, department)
    write_workbook(path, compiled, issue_for(compiled, department, path.name), plan, settings_at(**settings))
    return path
