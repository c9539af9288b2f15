"""The same workbook filled in and saved by five programs reads as the same plan.

What each of them loses on the way is written down here, so that we learn when one begins to lose more.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from planbook.calc import Calculator
from planbook.plan import Plan
from planbook.problems import Code, Severity
from planbook.reader import Submission, read_workbook
from planbook.values import NIL
from tests.support.office import drive, recalculate_gnumeric, require_office
from tests.support.plans import make_plan
from tests.support.workbooks import AS_OF, calculator, expect, write_filled

pytestmark = [pytest.mark.office, pytest.mark.slow]
CLIENTS = Path(__file__).parent / "support" / "clients"


@dataclass(frozen=True)
class Typed:
    """One cell as a person fills it in."""

    sheet: str
    row: int
    key: str
    value: str | float | date


# What a department types: labels that were picked, text with units, plain numbers, dates.
CONTENT = tuple(
    Typed(sheet, row, key, value)
    for sheet, rows in {
        "goals": [
            {"level": "部门总目标", "goal": "营收增长", "metric": "营收总额", "unit": "元", "target": "1.2亿元",
             "weight": 0.6, "department": "销售部", "due": date(2024, 12, 31), "note": "第一行\n第二行 <&>\"'"},
            {"level": "部门总目标", "goal": "新客户拓展", "metric": "新客户签约量", "unit": "家", "target": 50,
             "weight": 0.4, "department": "销售部", "due": date(2024, 12, 31), "note": "😀 𠮷野家"},
        ],
        "decomposition": [
            {"department": "销售部", "goal": "G002｜新客户拓展", "initiative": "拓展华东", "task": "拜访10家",
             "metric": "拜访量", "unit": "家", "target": "１０家", "lead": "主管", "start": date(2024, 1, 3),
             "finish": date(2024, 6, 30)},
        ],
        "review": [
            {"quarter": "Q1", "department": "销售部", "goal": "G002｜新客户拓展", "target": 12, "actual": 10.5},
            {"quarter": "Q2", "department": "销售部", "goal": "G002｜新客户拓展", "target": 12, "actual": 0},
            {"quarter": "Q3", "department": "销售部", "goal": "G002｜新客户拓展", "target": 12, "actual": "无"},
        ],
    }.items()
    for row, values in enumerate(rows, 1)
    for key, value in values.items()
)  # fmt: skip
WANTED: Mapping[str, list[Mapping[str, object]]] = {
    "goals": [
        {"goal": "营收增长", "target": 120_000_000.0, "weight": 0.6, "department": "XS", "due": date(2024, 12, 31),
         "note": "第一行\n第二行 <&>\"'"},
        {"goal": "新客户拓展", "target": 50.0, "weight": 0.4, "note": "😀 𠮷野家"},
    ],
    "decomposition": [
        {"goal": "G002", "task": "拜访10家", "target": 10.0, "start": date(2024, 1, 3), "finish": date(2024, 6, 30)},
    ],
    "review": [
        {"quarter": "q1", "goal": "G002", "target": 12.0, "actual": 10.5},
        {"quarter": "q2", "goal": "G002", "target": 12.0, "actual": 0.0},
        {"quarter": "q3", "goal": "G002", "target": 12.0, "actual": NIL},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook as it was issued, with nothing typed."""
    return write_filled(tmp_path_factory.mktemp("issued") / "营销中心.xlsx", make_plan({}, {"as_of": AS_OF}))


def address(compiled: Calculator, cell: Typed) -> tuple[str, str]:
    """The sheet's title and the address of a cell."""
    placed = next(sheet for sheet in compiled.layout.sheets if sheet.sheet.key == cell.sheet)
    letter = next(at.letter for at in placed.columns if at.column.key == cell.key)
    return placed.title, f"{letter}{placed.row(cell.row) + 1}"


# -- the programs ------------------------------------------------------------------------------


def fill_openpyxl(source: Path, target: Path) -> None:
    workbook = openpyxl.load_workbook(source)
    for cell in CONTENT:
        sheet, place = address(calculator(), cell)
        workbook[sheet][place] = cell.value
    workbook.save(target)


def fill_libreoffice(source: Path, target: Path) -> None:
    require_office("libreoffice")
    actions = []
    for cell in CONTENT:
        sheet, place = address(calculator(), cell)
        shown = cell.value.isoformat() if isinstance(cell.value, date) else cell.value
        kind = "set_text" if isinstance(shown, str) and not isinstance(cell.value, date) else "set"
        actions.append(
            {"do": kind, "sheet": sheet, "cell": place, "text" if kind == "set_text" else "value": shown}
        )
    drive([{"input": source, "output": target, "actions": actions}])


def fill_gnumeric(source: Path, target: Path) -> None:
    """Gnumeric has no voice of its own here: it opens what openpyxl filled in, and saves it."""
    require_office("gnumeric")
    between = target.with_name("between.xlsx")
    fill_openpyxl(source, between)
    recalculate_gnumeric(between, target.parent / "out").replace(target)


def fill_by_node(library: str) -> Callable[[Path, Path], None]:
    def fill(source: Path, target: Path) -> None:
        node = shutil.which("node")
        if node is None or not (CLIENTS / "node_modules" / library).is_dir():
            reason = f"{library} is not installed: run `make clients` (needs npm)"
            if os.environ.get("PLANBOOK_REQUIRE_OFFICE") == "1":
                pytest.fail(reason)
            pytest.skip(reason)
        cells = []
        for cell in CONTENT:
            sheet, place = address(calculator(), cell)
            value = (
                {"date": cell.value.isoformat()} if isinstance(cell.value, date) else {"value": cell.value}
            )
            cells.append({"sheet": sheet, "cell": place, **value})
        order = {"library": library, "input": str(source), "output": str(target), "cells": cells}
        done = subprocess.run(
            [node, str(CLIENTS / "fill.js")], input=json.dumps(order).encode(), capture_output=True, timeout=120,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()

    return fill


PROGRAMS: Mapping[str, Callable[[Path, Path], None]] = {
    "openpyxl": fill_openpyxl,
    "libreoffice": fill_libreoffice,
    "libreoffice as .ods": fill_libreoffice,
    "libreoffice as .xls": fill_libreoffice,
    "gnumeric": fill_gnumeric,
    "exceljs": fill_by_node("exceljs"),
    "sheetjs": fill_by_node("xlsx"),
}


# These compute nothing and keep the values stored before anything was typed, which is said.
STALE = {"exceljs": {Code.VALUE_STALE}, "sheetjs": {Code.VALUE_STALE}}


@pytest.fixture(scope="module", params=PROGRAMS)
def saved(
    request: pytest.FixtureRequest, issued: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    """The name of a program, and the workbook that it filled in and saved."""
    suffix = request.param.partition(" as ")[2] or ".xlsx"
    target = tmp_path_factory.mktemp("saved") / f"营销中心{suffix}"
    PROGRAMS[request.param](issued, target)
    return request.param, target


# -- what is read --------------------------------------------------------------------------------


def plan_of(submission: Submission) -> Plan:
    assert not submission.refused, submission.problems
    return submission.plan


def test_the_same_data_comes_back(saved: tuple[str, Path]) -> None:
    submission = read_workbook(saved[1], expect())
    plan = plan_of(submission)
    for sheet, rows in WANTED.items():
        read = [
            {key: row.get(key) for key in wanted} for row, wanted in zip(plan.rows(sheet), rows, strict=True)
        ]
        assert read == rows
    assert submission.issue is not None
    assert submission.issue.department == "YX"
    assert plan.inputs["as_of"] == AS_OF
    grave = [p for p in submission.problems if p.severity is not Severity.NOTE]
    assert {p.code for p in grave} - {Code.RULE_ADVICE} == STALE.get(saved[0], set())
    form = saved[1].suffix[1:].upper()
    formats = [p.found for p in submission.problems if p.code is Code.OTHER_FORMAT]
    assert formats == ([form] if form != "XLSX" else [])
    texts = {p.location.cell for p in submission.problems if p.code is Code.READ_FROM_TEXT}
    assert texts == {"I7", "J7"}, "what was text has stayed text, what was no text has not become one"


# -- what is lost --------------------------------------------------------------------------------


def features(path: Path) -> set[str]:
    """What of the workbook as issued is still in the package."""
    with zipfile.ZipFile(path) as package:
        parts = {
            name: package.read(name).decode("utf-8", "replace")
            for name in package.namelist()
            if name.endswith("l")
        }
    workbook = parts["xl/workbook.xml"]
    sheets = [content for name, content in parts.items() if name.startswith("xl/worksheets/sheet")]
    everything = "".join(sheets)
    tests = {
        "identity in the properties": "planbook" in parts.get("docProps/core.xml", ""),
        "identity as a name": "planbook_identity" in workbook,
        "names of columns": "goals_target" in workbook,
        "very hidden sheet": "veryHidden" in workbook,
        "hidden sheet": "idden" in workbook,
        "dropdowns": "<dataValidation " in everything or "<x14:dataValidation " in everything,
        "conditional formats": "<cfRule " in everything,
        "protection": "<sheetProtection " in everything,
        "hidden key row": bool(re.search(r"<row [^>]*\bhidden=\"(1|true)\"", everything)),
        "formulas": everything.count("<f") > 300,
        "stored values of formulas": bool(re.search(r"</f>\s*<v>[^<]", everything)),
        "frozen panes": "<pane " in everything,
        "print set-up": 'orientation="landscape"' in everything,
        "autofilter": "<autoFilter " in everything,
        "links": "<hyperlink " in everything,
    }
    return {name for name, there in tests.items() if there}


LOST: Mapping[str, set[str]] = {
    "openpyxl": {"stored values of formulas"},  # it calculates nothing
    # Hidden is all it knows; without a window on a screen there are no panes either.
    "libreoffice": {"very hidden sheet", "frozen panes"},
    "gnumeric": {"very hidden sheet", "hidden sheet"},
    "exceljs": {"links"},
    "sheetjs": {"conditional formats", "dropdowns", "frozen panes", "print set-up", "protection"},
}


def test_what_each_program_loses_is_known(saved: tuple[str, Path], issued: Path) -> None:
    program, path = saved
    if program not in LOST:
        return  # another format altogether: what is in it, is in it in another way
    before = features(issued)
    assert len(before) == 15, "not every feature stands in the workbook as issued"
    assert before - features(path) == LOST[program]
