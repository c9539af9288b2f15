"""The workbook as issued, read from the file itself: both books, both languages.

What it looks like line by line stands in `tests/lines`; here is what goes into it, and what may not.
"""

from __future__ import annotations

import gc
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from defusedxml import ElementTree
from openpyxl.worksheet.worksheet import Worksheet

from planbook.calc import Calculator
from planbook.layout import (
    FIRST_ROW,
    META_SHEET,
    Layout,
    SheetLayout,
    column_letter,
    resolve_layout,
)
from planbook.layout.cells import LISTS
from planbook.layout.manifest import issue_from, read_meta
from planbook.plan import Plan
from planbook.problems import OutputError
from planbook.spec import Item, Text, load_spec
from planbook.writer import write_workbook
from tests.support.office import read_sheets
from tests.support.plans import (
    FILLED_ROWS,
    HOLIDAYS,
    ITEMS,
    compile_book,
    issue_of,
    make_plan,
    place_rows,
    rich_plan,
    settings_for,
)
from tests.support.validate import check_package

AS_OF = date(2024, 10, 10)
VARIANTS = [("annual_plan", "zh"), ("annual_plan", "en"), ("classic", "zh"), ("classic", "en")]


@cache
def compiled(book: str, lang: str) -> Calculator:
    return compile_book(book, lang, FILLED_ROWS)


def write(path: Path, book: str, lang: str, plan: Plan, **settings: Any) -> Path:
    calculator = compiled(book, lang)
    write_workbook(path, calculator, issue_of(calculator), plan, settings_for(**settings))
    return path


@dataclass(frozen=True)
class Written:
    """A written workbook, its layout, and the file read by openpyxl."""

    path: Path
    book: str
    layout: Layout
    file: openpyxl.Workbook

    def tables(self) -> Iterator[tuple[SheetLayout, Worksheet]]:
        for placed in self.layout.sheets:
            yield placed, self.file[placed.title]

    def part(self, name: str) -> str:
        with zipfile.ZipFile(self.path) as package:
            return package.read(name).decode("utf-8")


@cache
def _written(folder: Path, book: str, lang: str, name: str) -> Written:
    plan = rich_plan(book, as_of=AS_OF) if name == "filled" else make_plan({}, {"as_of": AS_OF})
    path = write(folder / f"{book}-{lang}-{name}.xlsx", book, lang, plan)
    return Written(path, book, compiled(book, lang).layout, openpyxl.load_workbook(path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("written")


@pytest.fixture(params=VARIANTS, ids=lambda pair: "-".join(pair))
def blank(request: pytest.FixtureRequest, folder: Path) -> Written:
    """As issued: nothing but the day and what is prefilled."""
    return _written(folder, *request.param, "blank")


@pytest.fixture(params=VARIANTS, ids=lambda pair: "-".join(pair))
def filled(request: pytest.FixtureRequest, folder: Path) -> Written:
    """With everything in it."""
    return _written(folder, *request.param, "filled")


# -- the package ---------------------------------------------------------------------------


def test_writing_twice_gives_the_same_bytes(filled: Written, tmp_path: Path) -> None:
    lang = filled.layout.lang
    again = write(tmp_path / filled.path.name, filled.book, lang, rich_plan(filled.book, as_of=AS_OF))
    assert again.read_bytes() == filled.path.read_bytes()
    fresh = compile_book(filled.book, lang, FILLED_ROWS)
    other = tmp_path / "other.xlsx"
    write_workbook(other, fresh, issue_of(fresh), rich_plan(filled.book, as_of=AS_OF), settings_for())
    assert other.read_bytes() == filled.path.read_bytes()


def test_the_sheets_in_order_and_what_is_hidden(blank: Written) -> None:
    layout = blank.layout
    page = layout.book.dashboard
    dashboard = [page.title.to(layout.lang)] if page else []
    shown = [layout.index_title, *dashboard, *(placed.title for placed in layout.sheets)]
    assert blank.file.sheetnames == [*shown, layout.lists_title, META_SHEET]
    assert [blank.file[name].sheet_state for name in shown] == ["visible"] * len(shown)
    assert blank.file[layout.lists_title].sheet_state == "hidden"
    assert blank.file[META_SHEET].sheet_state == "veryHidden"
    assert blank.file.active.title == layout.index_title
    if layout.lang == "zh":
        first = ["使用说明", "仪表盘"] if blank.book == "annual_plan" else ["使用说明"]
        four = [*first, "1_目标总表", "2_目标分解", "3_任务跟踪", "4_季度复盘"]
        assert shown[: len(four)] == four
        assert layout.lists_title == "_列表"


def test_the_manifest_can_be_read_from_the_file(blank: Written) -> None:
    rows = [(str(a.value), str(b.value)) for a, b in blank.file[META_SHEET].iter_rows(max_col=2)]
    ident, data = read_meta(rows)
    assert data is not None
    assert issue_from(data) == issue_of(compiled(blank.book, blank.layout.lang))
    assert data["settings"]["holidays"] == [day.isoformat() for day in HOLIDAYS]
    assert data["issue"]["id"] == ident


# -- what is prefilled ---------------------------------------------------------------------


def test_defaults_and_the_department_are_filled_in(blank: Written) -> None:
    layout = blank.layout
    for placed, sheet in blank.tables():
        for at in placed.written:
            if at.column.calculated:
                continue
            value = sheet.cell(FIRST_ROW + 1, at.index + 1).value
            if at.column.default == "{department}":
                assert value == "营销中心"
            elif at.column.default is not None:
                assert value == layout.item_title(at.column.list, str(at.column.default))
            else:
                assert value is None
        filled = placed.sheet.column(placed.sheet.filled)
        assert filled.calculated or sheet.cell(FIRST_ROW + 1, placed.index(filled.key) + 1).value is None
    row, column = layout.sheet("tracking").band["as_of"]
    assert blank.file[layout.sheet("tracking").title].cell(row + 1, column + 1).value.date() == AS_OF


def named_values(written: Written, name: str) -> list[Any]:
    title, area = written.file.defined_names[name].attr_text.rsplit("!", 1)
    cells = written.file[title.strip("'")][area.replace("$", "")]
    rows = cells if isinstance(cells, tuple) else ((cells,),)
    return [cell.value for row in rows for cell in row]


def test_the_lists_hold_departments_goals_and_settings(blank: Written) -> None:
    lang = blank.layout.lang
    assert named_values(blank, "list_department") == ["营销中心", "销售部", "客户部"]
    assert named_values(blank, "list_company_goal") == ["年度营收增长15%", "新业务收入占比20%"]
    assert named_values(blank, "list_quarter") == ["Q1", "Q2", "Q3", "Q4"]
    assert named_values(blank, "cell_method") == ["线性法" if lang == "zh" else "Linear"]
    assert named_values(blank, "cell_amber") == [0.9]
    assert [day.date() for day in named_values(blank, "cell_holidays")] == list(HOLIDAYS)
    assert len(named_values(blank, "cell_quarter_ends")) == 4


def test_every_name_in_the_file_points_at_something(blank: Written) -> None:
    assert len(blank.file.defined_names) > 50
    for name, defined in blank.file.defined_names.items():
        assert "#REF!" not in defined.attr_text, name
        for title in re.findall(r"'((?:[^']|'')+)'!", defined.attr_text):
            assert title in blank.file.sheetnames, name


def test_virtual_columns_are_nowhere_in_the_file(filled: Written) -> None:
    for placed, sheet in filled.tables():
        assert sheet.max_column == placed.last_column + 1
        virtual = {at.column.key for at in placed.columns} - {at.column.key for at in placed.written}
        assert bool(virtual) is (filled.book == "classic")
        assert not {f"{placed.sheet.key}_{key}" for key in virtual} & set(filled.file.defined_names)


# -- stored values -------------------------------------------------------------------------


def test_links_show_the_label_of_their_row(filled: Written) -> None:
    placed = filled.layout.sheet("review")
    sheet = filled.file[placed.title]
    column = placed.index("goal") + 1
    assert sheet.cell(7, column).value == "G002｜新客户拓展"
    labels = [cell.value for cell in sheet[column_letter(column - 1)][6:] if cell.value]
    assert "没有这个目标" in labels


# -- hostile and odd content ---------------------------------------------------------------

ODD = {
    "formula": "=HYPERLINK(\"http://x\",\"y\")",
    "plus": "+1+1",
    "minus": "-目标",
    "at": "@SUM(1)",
    "url": "https://example.com/目标",
    "mail": "mailto:a@example.com",
    "number": "0012",
    "markup": "<r><t>不是标记</t></r>",
    "entity": "R&D <b> \"引号\" 'x' ]]>",
    "escape": "_x0041_",
    "emoji": "目标😀",
    "space": "  两端  ",
    "lines": "第一行\n第二行",
    "error": "#N/A",
    "boolean": "TRUE",
}  # fmt: skip


@pytest.mark.parametrize(("book", "lang"), VARIANTS)
def test_text_is_text_whatever_it_looks_like(book: str, lang: str, tmp_path: Path) -> None:
    rows = {n: {"goal": text, "metric": text, "note": text} for n, text in enumerate(ODD.values(), 1)}
    path = write(tmp_path / "odd.xlsx", book, lang, Plan({"goals": place_rows(rows)}))
    assert check_package(path) == []
    placed = compiled(book, lang).layout.sheet("goals")
    sheet = openpyxl.load_workbook(path)[placed.title]
    values = read_sheets(path)
    for number, text in enumerate(ODD.values(), 1):
        for key in ("goal", "metric", "note"):
            cell = sheet.cell(FIRST_ROW + number, placed.index(key) + 1)
            shown = values[placed.title].values[cell.coordinate]
            assert (shown, cell.hyperlink) == (text, None)
            assert cell.coordinate not in values[placed.title].formulas
    labels = values[compiled(book, lang).layout.lists_title].values.values()
    assert {f"G{n:03d}｜{text}" for n, text in enumerate(ODD.values(), 1)} <= set(labels)


@pytest.mark.parametrize(("book", "lang"), VARIANTS)
def test_control_characters_do_not_break_the_file(book: str, lang: str, tmp_path: Path) -> None:
    evil = "".join(map(chr, range(32))) + "目标\ud800\ufffe\uffff\x7f"
    rows = {1: {"goal": evil, "metric": evil, "note": evil, "department": "XS"}}
    path = write(tmp_path / "evil.xlsx", book, lang, Plan({"goals": place_rows(rows)}))
    assert check_package(path) == []
    sheets = read_sheets(path)
    placed = compiled(book, lang).layout.sheet("goals")
    assert sheets[placed.title].values["C7"] == "\t\n\n目标\x7f"
    assert "G001｜\t\n\n目标\x7f" in sheets[compiled(book, lang).layout.lists_title].values.values()
    openpyxl.load_workbook(path)


def test_what_no_cell_can_hold_is_left_out(tmp_path: Path) -> None:
    rows = {1: {"goal": "甲", "target": float("inf"), "baseline": float("nan"), "due": date(1800, 1, 1)}}
    path = write(tmp_path / "odd.xlsx", "annual_plan", "zh", Plan({"goals": place_rows(rows)}))
    placed = compiled("annual_plan", "zh").layout.sheet("goals")
    sheet = openpyxl.load_workbook(path)[placed.title]
    shown = [sheet.cell(7, placed.index(key) + 1).value for key in ("target", "baseline", "due")]
    assert shown == [None, None, "1800-01-01"]


@pytest.mark.parametrize(
    ("text", "fits"), [("长" * 32767, True), ("长" * 32768, False), ("😀" * 16384, False)]
)
def test_a_text_too_long_for_a_cell_is_an_error(text: str, fits: bool, tmp_path: Path) -> None:
    path = tmp_path / "long.xlsx"
    plan = Plan({"goals": place_rows({1: {"note": text}})})
    if fits:
        write(path, "annual_plan", "zh", plan)
        assert check_package(path) == []
        return
    with pytest.raises(OutputError, match="too long for a cell"):
        write(path, "annual_plan", "zh", plan)
    gc.collect()
    assert not path.exists(), "no half of a workbook is left behind"


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="could not be written"):
        write(tmp_path / "none" / "a.xlsx", "classic", "zh", make_plan({}))


@pytest.mark.parametrize(
    "name", ["R&D中心 & 合作", "&G&P", "1&2部", '"引号"<部>', "长" * 400, "&[Picture]", "部&"]
)
def test_a_departments_name_does_not_break_the_header(name: str, tmp_path: Path) -> None:
    calculator = compiled("classic", "zh")
    path = tmp_path / "header.xlsx"
    write_workbook(path, calculator, issue_of(calculator, name), make_plan({}), settings_for())
    assert check_package(path) == []
    file = openpyxl.load_workbook(path)
    with zipfile.ZipFile(path) as package:
        root = ElementTree.fromstring(package.read("xl/worksheets/sheet2.xml"))
    (header,) = [element.text for element in root.iter() if element.tag.endswith("}oddHeader")]
    assert header.endswith('&R&"微软雅黑"&9 ' + name.replace("&", "＆")[:80])
    assert name in file.properties.title


def test_a_list_from_the_cycle_may_hold_anything(tmp_path: Path) -> None:
    names = ["=1+1", "<r>甲</r>", "a\x07b", "&<>\"'"]
    items = {**ITEMS, "company_goal": tuple(Item(key=n, title=Text({"*": n})) for n in names)}
    calculator = Calculator(resolve_layout(load_spec(), items=items, rows=FILLED_ROWS))
    path = tmp_path / "lists.xlsx"
    plan = Plan({"goals": place_rows({1: {"goal": "甲", "company_goal": "=1+1"}})})
    write_workbook(path, calculator, issue_of(calculator), plan, {})
    assert check_package(path) == []
    cells = {c: v for c, v in read_sheets(path)[calculator.layout.lists_title].values.items() if v in names}
    assert len(cells) == 3
    assert not set(cells) & set(read_sheets(path)[calculator.layout.lists_title].formulas)


@pytest.mark.parametrize(
    "refuse",
    [
        lambda sheet: sheet.data_validation(0, 0, 0, 0, {"validate": "any", "input_message": "提" * 256}),
        lambda sheet: sheet.set_footer("&C" + "页" * 300),
    ],
)
def test_what_the_file_library_would_leave_out_with_a_warning_is_an_error(
    refuse: Callable[[Any], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planbook.writer.workbook.write_table", lambda sheet, *_: refuse(sheet))
    with pytest.raises(OutputError, match="could not be written"):
        write(tmp_path / "a.xlsx", "classic", "zh", make_plan({}))


def test_the_sheet_of_lists_is_the_one_without_a_key() -> None:
    assert LISTS == ""
    cells = compiled("classic", "zh").layout.list_cells
    assert {cell.row for cell in cells} >= {0, 1}
