"""The stored values against two programs that share no code with planbook.

Every workbook here goes through LibreOffice once and through Gnumeric once; whatever either
computes otherwise than planbook stored, and every error value, is a failure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path

import openpyxl
import pytest

from planbook.calc import Calculator
from planbook.layout import IDENTITY_CELL, META_SHEET
from planbook.layout.manifest import issue_from, read_meta
from planbook.reader import read_workbook
from planbook.writer import write_workbook
from tests.support.books import compiled, plan_in
from tests.support.kept import losses
from tests.support.office import Difference, Engine, judge, read_sheets, require_office
from tests.support.opened import open_workbook
from tests.support.plans import issue_of, rich_plan, settings_for

pytestmark = [pytest.mark.office, pytest.mark.slow]

BOOKS = list(product(("annual_plan", "classic"), ("zh", "en")))
ENGINES: tuple[Engine, ...] = ("libreoffice", "gnumeric")
# Each way of counting at another day: early, within a quarter, on a quarter's end, at the year's end.
CASES: list[tuple[str, str, date | None]] = [
    ("linear", "no", date(2024, 10, 10)),
    ("linear", "yes", date(2024, 2, 14)),
    ("ratio", "no", date(2024, 4, 28)),
    ("ratio", "yes", date(2024, 12, 31)),
    ("baseline", "no", date(2024, 12, 31)),
    ("baseline", "yes", date(2024, 9, 30)),
    ("linear", "yes", None),
]
BLANK, HALF = "blank", "half"
Key = tuple[str, str, str]


def name_of(case: tuple[str, str, date | None]) -> str:
    return "-".join(str(part) for part in case)


@dataclass(frozen=True)
class Judged:
    """The workbooks, the layouts they were written with, and what the programs made of them."""

    paths: Mapping[Key, Path]
    compiled: Mapping[tuple[str, str], Calculator]
    resaved: Mapping[tuple[str, str, str, str], Path]  # by program, book, language, case
    found: Mapping[Engine, Mapping[Path, list[Difference]]]


def write_all(folder: Path) -> tuple[dict[Key, Path], dict[tuple[str, str], Calculator]]:
    paths: dict[Key, Path] = {}
    for book, lang in BOOKS:
        for state in (BLANK, HALF):
            calculator = compiled(book, lang, whole=state == BLANK)
            path = paths[book, lang, state] = folder / f"{book}-{lang}-{state}.xlsx"
            write_workbook(path, calculator, issue_of(calculator), plan_in(state, book), settings_for())
        few = compiled(book, lang)
        for case in CASES:
            method, working_days, as_of = case
            path = paths[book, lang, name_of(case)] = folder / f"{book}-{lang}-{name_of(case)}.xlsx"
            settings = settings_for(method=method, working_days=working_days)
            write_workbook(path, few, issue_of(few), rich_plan(book, as_of=as_of), settings)
    return paths, {(book, lang): compiled(book, lang) for book, lang in BOOKS}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    require_office()
    folder = tmp_path_factory.mktemp("judged")
    paths, layouts = write_all(folder)
    every = list(paths.values())
    with ThreadPoolExecutor(len(ENGINES)) as pool:
        results = pool.map(lambda engine: judge(every, folder / f"by-{engine}", engine), ENGINES)
        found = dict(zip(ENGINES, results, strict=True))
    saved = {
        (engine, *key): folder / f"by-{engine}" / engine / path.name
        for engine in ENGINES
        for key, path in paths.items()
    }
    return Judged(paths, layouts, saved, found)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", [BLANK, HALF, *map(name_of, CASES)])
@pytest.mark.parametrize(("book", "lang"), BOOKS)
def test_no_formula_cell_differs(judged: Judged, book: str, lang: str, case: str, engine: Engine) -> None:
    path = judged.paths[book, lang, case]
    differences = judged.found[engine][path]
    sheets = read_sheets(path)
    shown = [f"{d}   ={sheets[d.sheet].formulas[d.cell][:200]}" for d in differences[:20]]
    assert not differences, "\n".join(shown)


def test_there_was_something_to_judge(judged: Judged) -> None:
    for (book, lang, case), path in judged.paths.items():
        formulas = sum(len(sheet.formulas) for sheet in read_sheets(path).values())
        assert formulas > (100 if book == "classic" else 1500), (book, case)
        if book == "annual_plan":
            title = "仪表盘" if lang == "zh" else "Dashboard"
            assert len(read_sheets(path)[title].formulas) > 350, case
    linear = read_sheets(judged.paths["annual_plan", "zh", name_of(CASES[0])])
    kinds = {type(v) for s in linear.values() for c, v in s.values.items() if c in s.formulas}
    assert {float, str} <= kinds


def test_the_cases_differ_in_what_they_compute(judged: Judged) -> None:
    seen = set()
    for case in CASES:
        sheet = read_sheets(judged.paths["annual_plan", "zh", name_of(case)])
        seen.add(
            tuple(str(v) for title in ("1_目标总表", "3_任务跟踪") for v in sheet[title].values.values())
        )
    assert len(seen) == len(CASES)


@pytest.mark.parametrize("case", [HALF, name_of(CASES[0])])
@pytest.mark.parametrize(("book", "lang"), BOOKS)
def test_libreoffice_keeps_everything(judged: Judged, book: str, lang: str, case: str) -> None:
    layout = judged.compiled[book, lang].layout
    before = open_workbook(judged.paths[book, lang, case], layout, case)
    after = open_workbook(judged.resaved["libreoffice", book, lang, case], layout, case)
    assert losses(before, after) == {}


@pytest.mark.parametrize(("book", "lang"), BOOKS)
def test_gnumeric_loses_sparklines_and_scales_and_nothing_else(judged: Judged, book: str, lang: str) -> None:
    layout, case = judged.compiled[book, lang].layout, name_of(CASES[0])
    before = open_workbook(judged.paths[book, lang, case], layout, case)
    after = open_workbook(judged.resaved["gnumeric", book, lang, case], layout, case)
    page = layout.book.dashboard
    drawn = [f"{page.title.to(lang)}: 10 {kind}" for kind in ("scales", "sparklines")] if page else []
    assert losses(before, after) == ({"drawn": tuple(drawn)} if drawn else {})


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", [HALF, name_of(CASES[0])])
@pytest.mark.parametrize(("book", "lang"), BOOKS)
def test_what_another_program_saved_reads_back_equal(
    judged: Judged, book: str, lang: str, case: str, engine: Engine
) -> None:
    before = read_workbook(judged.paths[book, lang, case])
    after = read_workbook(judged.resaved[engine, book, lang, case])
    assert before.plan is not None and before.plan.rows("goals")
    assert after.plan == before.plan
    assert [p.code for p in after.problems] == [p.code for p in before.problems]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", [BLANK, name_of(CASES[0])])
@pytest.mark.parametrize(("book", "lang"), BOOKS)
def test_a_workbook_saved_by_another_program_keeps_its_identity(
    judged: Judged, book: str, lang: str, case: str, engine: Engine
) -> None:
    calculator = judged.compiled[book, lang]
    before = openpyxl.load_workbook(judged.paths[book, lang, case])
    ident = before[META_SHEET]["B1"].value
    after = openpyxl.load_workbook(judged.resaved[engine, book, lang, case])
    row, column = IDENTITY_CELL
    rows = [(str(a.value), str(b.value)) for a, b in after[META_SHEET].iter_rows(max_col=2)]
    found, data = read_meta(rows)
    assert found == ident
    assert re.fullmatch(f"planbook[: ]{ident}", after.properties.keywords)  # it writes a space for the colon
    assert after[calculator.layout.index_title].cell(row + 1, column + 1).value == ident
    assert after.defined_names["planbook_identity"].attr_text.replace("'", "") == "_meta!$B$1"
    assert data is not None
    issue = issue_from(data)
    assert issue is not None
    assert (issue.id, issue.department_name) == (ident, "营销中心")
    assert case != name_of(CASES[0]) or issue == issue_of(calculator)
