"""The dashboard: what its cells show, how they look, that it is calm when empty, and its faults."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any

import openpyxl
import pytest
from defusedxml import ElementTree
from openpyxl.worksheet.worksheet import Worksheet

from planbook.calc import Calculator, CellError, Cells
from planbook.layout import (
    HEADING_ROW,
    HINT_ROW,
    INDEX_COUNT_COLUMN,
    INDEX_FIRST_ROW,
    cell_address,
    column_letter,
    resolve_layout,
)
from planbook.layout.cells import CellValue
from planbook.layout.dashboard import (
    DASHBOARD,
    FIGURE_ROWS,
    FIRST_COLUMN,
    DashboardLayout,
    PlacedPanel,
    dashboard_formulas,
    place_dashboard,
)
from planbook.plan import Plan
from planbook.problems import Code
from planbook.reader import read_workbook
from planbook.resources import specs_folder
from planbook.spec import Item, Text, check_spec, load_spec
from planbook.writer import write_workbook
from tests.support.office import judge, read_sheets, require_office
from tests.support.plans import (
    FILLED_ROWS,
    MANY,
    compile_book,
    issue_of,
    make_plan,
    place_rows,
    rich_plan,
    settings_for,
)
from tests.support.validate import check_package

LANGUAGES = ("zh", "en")
AS_OF = date(2024, 10, 10)
NAMESPACE = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"


@dataclass(frozen=True)
class Board:
    """A compiled book with its dashboard, and the values of one plan."""

    compiled: Calculator
    placed: DashboardLayout
    cells: Cells

    def column(self, panel: str, key: str) -> list[CellValue]:
        """A panel's column from top to bottom."""
        at = self.placed.panel(panel)
        return [self.cells[DASHBOARD, at.row(n), at.columns[key]] for n in range(1, at.rows + 1)]

    def figure(self, key: str) -> tuple[CellValue, CellValue]:
        """A figure and the line under it."""
        at = next(at for at in self.placed.figures if at.figure.key == key)
        _, figure, note = FIGURE_ROWS
        return self.cells[DASHBOARD, figure, at.first], self.cells[DASHBOARD, note, at.first]

    def note(self, panel: str) -> CellValue:
        """The line under a panel."""
        at = self.placed.panel(panel)
        return self.cells[DASHBOARD, at.note_row, at.left]

    def table(self, sheet: str, key: str) -> list[CellValue]:
        """A calculated column of a sheet, by row."""
        at = self.compiled.layout.sheet(sheet)
        return [self.cells[sheet, at.row(n), at.index(key)] for n in range(1, at.rows + 1)]

    def title(self, list_key: str, item: str) -> str:
        return self.compiled.layout.item_title(list_key, item)


def board_of(compiled: Calculator, plan: Plan) -> Board:
    placed = place_dashboard(compiled.layout)
    assert placed is not None
    return Board(compiled, placed, compiled.evaluate(plan, settings_for(), "YX"))


@cache
def compiled_in(lang: str) -> Calculator:
    return compile_book("annual_plan", lang, FILLED_ROWS)


@cache
def filled_board(lang: str) -> Board:
    return board_of(compiled_in(lang), rich_plan("annual_plan", as_of=AS_OF))


@cache
def blank_board(lang: str) -> Board:
    return board_of(compiled_in(lang), make_plan({}, {"as_of": AS_OF}))


@pytest.fixture(params=LANGUAGES)
def filled(request: pytest.FixtureRequest) -> Board:
    return filled_board(request.param)


@pytest.fixture(params=LANGUAGES)
def blank(request: pytest.FixtureRequest) -> Board:
    return blank_board(request.param)


def texts(values: Sequence[object]) -> list[str]:
    return [str(value) for value in values if value != ""]


def numbers(values: Sequence[object]) -> list[float]:
    return [value for value in values if isinstance(value, float)]


# -- what the cells show -------------------------------------------------------------------


def goals_of(plan: Plan) -> list[tuple[int, str]]:
    return [(row.number, str(row.get("goal"))) for row in plan.rows("goals") if row.get("goal")]


def test_the_first_goals_stand_without_the_gaps_of_their_sheet(filled: Board) -> None:
    goals = goals_of(rich_plan("annual_plan", as_of=AS_OF))
    assert [number for number, _ in goals[:10]] != list(range(1, 11)), "the plan has a gap"
    assert filled.column("goal_table", "goal") == [name for _, name in goals[:10]]
    rest = str(len(goals) - 10)
    assert re.search(rf"\b{rest}\b|另有 {rest} 个", str(filled.note("goal_table")))


def test_a_goal_shows_the_figures_of_its_own_row(filled: Board) -> None:
    rows = [number for number, _ in goals_of(rich_plan("annual_plan", as_of=AS_OF))[:10]]
    for shown, key in (
        ("attainment", "ytd_attainment"),
        ("completion", "year_completion"),
        ("rating", "rating"),
        ("coverage", "coverage"),
    ):
        values = filled.table("goals", key)
        assert filled.column("goal_table", shown) == [values[number - 1] for number in rows], key
    assert filled.column("goal_table", "weight")[:3] == [0.3, 0.2, 0.1]
    assert filled.column("goal_table", "weight")[5] == "", "a blank weight is no zero"
    directions = [filled.title("direction", key) for key in ("higher", "higher", "lower")]
    assert filled.column("goal_table", "direction")[:3] == directions


def test_quarters_are_those_of_the_review(filled: Board) -> None:
    plan = rich_plan("annual_plan", as_of=AS_OF)
    attainment = filled.table("review", "attainment")
    rows = [number for number, _ in goals_of(plan)[:10]]
    seen = 0
    for quarter in ("q1", "q2", "q3", "q4"):
        for number, shown in zip(rows, filled.column("goal_table", quarter), strict=True):
            of_goal = [
                attainment[row.number - 1]
                for row in plan.rows("review")
                if row.get("goal") == f"G{number:03d}" and row.get("quarter") == quarter
            ]
            expected = numbers(of_goal)
            assert shown == (pytest.approx(mean(expected)) if expected else ""), (number, quarter)
            seen += bool(expected)
    assert seen > 15


def test_bars_are_met_or_missed_and_the_line_is_drawn_for_all(filled: Board) -> None:
    met, missed = filled.column("goal_table", "met"), filled.column("goal_table", "missed")
    for attained, good, bad in zip(filled.column("goal_table", "attainment"), met, missed, strict=True):
        if attained == "":
            assert (good, bad) == ("", "")
        else:
            assert (good, bad) == ((attained, "") if round(float(str(attained)), 6) >= 1 else ("", attained))
    assert numbers(met)
    assert numbers(missed)
    assert filled.column("goal_table", "line") == [1] * 10


def test_departments_show_the_mean_of_their_quarters(filled: Board) -> None:
    plan = rich_plan("annual_plan", as_of=AS_OF)
    assert filled.column("heat_map", "department") == ["营销中心", "销售部", "客户部", *[""] * 5]
    attainment = filled.table("review", "attainment")
    first = [
        attainment[row.number - 1]
        for row in plan.rows("review")
        if row.get("department") == "XS" and row.get("quarter") == "q1"
    ]
    assert filled.column("heat_map", "q1")[:3] == ["", pytest.approx(mean(numbers(first))), ""]
    to_date = filled.table("goals", "ytd_attainment")
    sales = [
        to_date[row.number - 1]
        for row in plan.rows("goals")
        if row.get("department") == "XS" and row.get("goal")
    ]
    assert filled.column("heat_map", "attainment")[1] == pytest.approx(mean(numbers(sales)))
    assert sum(numbers(filled.column("heat_map", "goals"))) == len(goals_of(plan))


def late_tasks(board: Board) -> list[tuple[float, int]]:
    """Schedule deviation and row of every task behind or overdue, worst first."""
    late = {board.title("status", key) for key in ("behind", "overdue")}
    deviation = board.table("tracking", "schedule_deviation")
    rows = [n for n, status in enumerate(board.table("tracking", "status")) if status in late]
    return sorted((round(float(str(deviation[n])), 6), n) for n in rows if deviation[n] != "")


def test_the_worst_tasks_come_first(filled: Board) -> None:
    late = late_tasks(filled)
    assert len(late) > 5
    assert filled.column("worst", "deviation") == pytest.approx([deviation for deviation, _ in late[:5]])
    status = filled.table("tracking", "status")
    assert filled.column("worst", "status") == [status[n] for _, n in late[:5]]
    tasks = {
        row.number: str(row.get("task")) for row in rich_plan("annual_plan", as_of=AS_OF).rows("tracking")
    }
    for shown, (_, n) in zip(filled.column("worst", "task"), late, strict=False):
        assert str(shown).startswith(tasks[n + 1])
    assert str(len(late) - 5) in str(filled.note("worst"))


def test_an_overdue_task_without_a_start_is_late_by_what_is_not_done() -> None:
    tasks = {
        1: {"task": "甲", "owner": "李", "percent": 0.9, "finish_override": date(2024, 3, 1)},
        2: {"task": "乙", "owner": "李", "percent": 0.4, "finish_override": date(2024, 3, 1)},
    }
    board = board_of(compiled_in("zh"), Plan({"tracking": place_rows(tasks)}, {"as_of": AS_OF}))
    assert board.table("tracking", "schedule_deviation")[:2] == ["", ""]
    assert board.column("worst", "task") == ["乙", "甲", "", "", ""]
    assert board.column("worst", "deviation")[:2] == pytest.approx([-0.6, -0.1])


def test_tasks_that_are_equally_late_all_show() -> None:
    task = {
        "owner": "李",
        "percent": 0.5,
        "start_override": date(2024, 1, 1),
        "finish_override": date(2024, 3, 1),
    }
    tasks = {number: {**task, "task": f"任务{number}"} for number in range(1, 8)}
    board = board_of(compiled_in("zh"), Plan({"tracking": place_rows(tasks)}, {"as_of": AS_OF}))
    assert board.column("worst", "task") == [f"任务{number}" for number in range(1, 6)]
    assert board.note("worst") == "另有 2 项滞后或逾期，见任务跟踪表。"


def test_every_status_is_counted(filled: Board) -> None:
    items = filled.compiled.layout.list_items("status")
    lang = filled.compiled.layout.lang
    assert filled.column("statuses", "status") == [item.title.to(lang) for item in items]
    counts = Counter(filled.table("tracking", "status"))
    assert filled.column("statuses", "count") == [counts[item.title.to(lang)] for item in items]
    assert sum(numbers(filled.column("statuses", "share"))) == pytest.approx(1)


def test_the_four_figures(filled: Board) -> None:
    layout = filled.compiled.layout
    row, column = layout.sheet("goals").band["score"]
    assert filled.figure("score")[0] == filled.cells["goals", row, column] != ""
    ratings = Counter(filled.table("goals", "rating"))
    with_figures = len(numbers(filled.table("goals", "ytd_attainment")))
    assert filled.figure("goals_met")[0] == f"{ratings[filled.title('rating', 'green')]} / {with_figures}"
    statuses = Counter(filled.table("tracking", "status"))
    late = statuses[filled.title("status", "behind")] + statuses[filled.title("status", "overdue")]
    tasks = len(rich_plan("annual_plan", as_of=AS_OF).rows("tracking"))
    assert filled.figure("tasks_late")[0] == f"{late} / {tasks}"
    row, column = layout.sheet("tracking").band["percent_mean"]
    assert filled.figure("completion")[0] == filled.cells["tracking", row, column] != ""
    assert "120%" in str(filled.figure("score")[1])


def test_the_hint_says_as_of_when(filled: Board) -> None:
    assert "2024-10-10" in str(filled.cells[DASHBOARD, HINT_ROW, FIRST_COLUMN])
    without = board_of(filled.compiled, make_plan({}, {}))
    assert "2024" not in str(without.cells[DASHBOARD, HINT_ROW, FIRST_COLUMN])


def test_no_cell_holds_an_error(filled: Board, blank: Board) -> None:
    for board in (filled, blank, board_of(filled.compiled, rich_plan("annual_plan", as_of=None))):
        cells = {place: value for place, value in board.cells.items() if place[0] == DASHBOARD}
        assert len(cells) > 350
        assert not [place for place, value in cells.items() if isinstance(value, CellError)]


# -- empty ---------------------------------------------------------------------------------


def test_an_empty_dashboard_is_calm(blank: Board) -> None:
    """No zero, no percent, no line: only names, and words that say what is to come."""
    for panel in blank.placed.panels:
        for column in panel.panel.shown:
            if column.key not in {"department", "status", "trend"}:
                assert set(blank.column(panel.panel.key, column.key)) == {""}, (panel.panel.key, column.key)
    assert blank.column("goal_table", "line") == [-1] * 10, "below an axis that starts at 0"
    assert texts(blank.column("goal_table", "met") + blank.column("goal_table", "missed")) == []
    for at in blank.placed.figures:
        figure, note = blank.figure(at.figure.key)
        assert figure == "–"
        assert note
        assert not re.search(r"\d", str(note))
    assert (blank.note("goal_table"), blank.note("worst")) == ("", "")
    assert blank.column("heat_map", "department")[:3] == ["营销中心", "销售部", "客户部"]


def test_nothing_late_is_said() -> None:
    tasks = {1: {"task": "甲", "owner": "李", "percent": 1.0, "finish_override": date(2024, 3, 1)}}
    board = board_of(compiled_in("zh"), Plan({"tracking": place_rows(tasks)}, {"as_of": AS_OF}))
    assert board.note("worst") == "没有滞后或逾期的任务。"
    assert board.figure("tasks_late")[0] == "0 / 1"


# -- places --------------------------------------------------------------------------------


def spots(panel: PlacedPanel) -> list[tuple[int, int]]:
    """Every cell that a panel takes."""
    cells = []
    for column in panel.panel.columns:
        first, last = panel.span(column)
        height = panel.panel.height if column in panel.panel.shown else 1
        for number in range(1, panel.rows + 1):
            rows = range(panel.row(number), panel.row(number) + height)
            cells += [(row, at) for row in rows for at in range(first, last + 1)]
    if panel.panel.chart:
        rows = range(panel.first_row, panel.first_row + panel.panel.chart.height)
        cells += [(row, at) for row in rows for at in range(panel.left, panel.right + 1)]
    return cells


def test_no_cell_is_taken_twice_and_the_page_holds_all(filled: Board) -> None:
    placed = filled.placed
    taken = [cell for panel in placed.panels for cell in spots(panel)]
    taken += [(row, at) for f in placed.figures for row in FIGURE_ROWS for at in range(f.first, f.last + 1)]
    assert len(taken) == len(set(taken)) > 500
    for panel in placed.panels:
        hidden = {panel.columns[column.key] for column in panel.panel.helpers}
        assert hidden <= set(placed.helper_columns)
        if not panel.panel.each:
            assert FIRST_COLUMN <= panel.left <= panel.right <= placed.last_column
            assert HINT_ROW < panel.title_row < panel.first_row <= placed.last_row
    assert placed.helper_columns.start > placed.last_column
    formulas = [(row, column) for _, row, column, _ in dashboard_formulas(filled.compiled.layout)]
    assert len(formulas) == len(set(formulas))


def test_more_rows_of_a_sheet_are_ranked_as_well() -> None:
    layout = compile_book("annual_plan", "zh", {"tracking": 150, "goals": 12}).layout
    placed = place_dashboard(layout)
    assert placed is not None
    assert (placed.panel("late_rows").rows, placed.panel("goal_rows").rows) == (150, 12)
    rank = placed.panel("late_rows").range(placed.title, "rank")
    assert rank.endswith(f"${placed.panel('late_rows').first_row + 150}")
    assert any(rank in formula for *_, formula in dashboard_formulas(layout))


def test_a_book_without_a_dashboard_has_none() -> None:
    layout = resolve_layout(load_spec("classic"))
    assert place_dashboard(layout) is None
    assert list(dashboard_formulas(layout)) == []


# -- the file ------------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    """A workbook on disk and the dashboard in it."""

    path: Path
    board: Board
    sheet: Worksheet
    parts: dict[str, str]

    @property
    def xml(self) -> str:
        """The dashboard's own part: the second sheet."""
        return self.parts["xl/worksheets/sheet2.xml"]


def _written(folder: Path, lang: str, name: str) -> File:
    board = filled_board(lang) if name == "filled" else blank_board(lang)
    plan = rich_plan("annual_plan", as_of=AS_OF) if name == "filled" else make_plan({}, {"as_of": AS_OF})
    path = folder / f"{lang}-{name}.xlsx"
    write_workbook(path, board.compiled, issue_of(board.compiled), plan, settings_for())
    with zipfile.ZipFile(path) as package:
        parts = {
            entry: package.read(entry).decode("utf-8")
            for entry in package.namelist()
            if entry.endswith(".xml")
        }
    return File(path, board, openpyxl.load_workbook(path)[board.placed.title], parts)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], File]:
    folder = tmp_path_factory.mktemp("dashboards")
    return {(lang, name): _written(folder, lang, name) for lang in LANGUAGES for name in ("filled", "blank")}


@pytest.fixture(params=LANGUAGES)
def file(request: pytest.FixtureRequest, files: dict[tuple[str, str], File]) -> File:
    return files[request.param, "filled"]


def test_the_file_keeps_to_excels_limits(files: dict[tuple[str, str], File]) -> None:
    for written in files.values():
        assert check_package(written.path) == []


def test_every_formula_is_locked_and_carries_its_value(file: File) -> None:
    values = openpyxl.load_workbook(file.path, data_only=True)[file.sheet.title]
    formulas = {
        (row, column): text for _, row, column, text in dashboard_formulas(file.board.compiled.layout)
    }
    for (row, column), formula in formulas.items():
        cell = file.sheet.cell(row + 1, column + 1)
        assert cell.value == formula
        stored, computed = values.cell(row + 1, column + 1).value, file.board.cells[DASHBOARD, row, column]
        if isinstance(stored, date):
            continue  # a date's serial, shown as a date
        assert ("" if stored is None else stored) == (
            pytest.approx(computed) if isinstance(computed, float) else computed
        ), cell.coordinate
    found = [cell for row in file.sheet.iter_rows() for cell in row]
    assert all(cell.protection.locked for cell in found)
    assert {(c.row - 1, c.column - 1) for c in found if c.data_type == "f"} == set(formulas)


def test_the_page_is_protected_prints_on_one_page_and_leads_back(file: File) -> None:
    sheet, placed = file.sheet, file.board.placed
    assert sheet.protection.sheet
    assert sheet.protection.password is None
    setup = sheet.page_setup
    assert (setup.orientation, int(setup.paperSize)) == ("landscape", 9)
    assert (int(setup.fitToWidth or 1), int(setup.fitToHeight or 1)) == (1, 1)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    last = f"${column_letter(placed.last_column + 1)}${placed.last_row + 1}"
    assert str(sheet.print_area).endswith(f"$A$1:{last}")
    assert sheet.freeze_panes == f"A{HINT_ROW + 2}"
    assert not sheet.sheet_view.showGridLines
    back = sheet.cell(HINT_ROW + 1, placed.last_column + 1)
    assert file.board.compiled.layout.index_title in back.hyperlink.location
    heading = str(sheet.cell(HEADING_ROW + 1, FIRST_COLUMN + 1).value)
    assert "2024" in heading
    assert "营销中心" in heading


def test_the_first_page_lists_it_with_its_purpose(file: File) -> None:
    layout = file.board.compiled.layout
    index = openpyxl.load_workbook(file.path)[layout.index_title]
    row = INDEX_FIRST_ROW + len(layout.sheets) + 1
    assert index.cell(row, 2).value == file.board.placed.title
    assert file.board.placed.title in index.cell(row, 2).hyperlink.location
    assert index.cell(row, 3).value == file.board.placed.dashboard.purpose.to(layout.lang)
    assert index.cell(row, INDEX_COUNT_COLUMN + 1).value == "–"


def test_what_helps_to_compute_is_hidden_and_nothing_else(file: File) -> None:
    hidden: set[int] = set()
    for dimension in file.sheet.column_dimensions.values():
        if dimension.hidden:
            hidden |= set(range(dimension.min - 1, dimension.max))
    assert hidden == set(file.board.placed.helper_columns)


def test_merged_cells_keep_apart(file: File) -> None:
    cells = [cell for area in file.sheet.merged_cells.ranges for cell in area.cells]
    assert len(cells) == len(set(cells)) > 50
    assert not {column - 1 for _, column in cells} & set(file.board.placed.helper_columns)


def test_bars_heat_and_tones_are_conditional_formats(file: File) -> None:
    rules = {str(area.sqref): list(area.rules) for area in file.sheet.conditional_formatting}
    placed = file.board.placed

    def of(panel: str, key: str) -> list[Any]:
        at = placed.panel(panel)
        first, last = at.span(at.panel.by_key[key])
        return rules[f"{cell_address(at.first_row, first)}:{cell_address(at.last_row, last)}"]

    for panel in ("goal_table", "heat_map"):
        for quarter in ("q1", "q2", "q3", "q4"):
            (rule,) = of(panel, quarter)
            assert rule.type == "colorScale"
            assert [float(point.val) for point in rule.colorScale.cfvo] == [0.8, 1, 1.2]
            colors = [color.rgb for color in rule.colorScale.color]
            assert colors[1] == "FFFFFFFF"
            assert len(set(colors)) == 3
    for panel, key in (("goal_table", "completion"), ("statuses", "share")):
        (rule,) = of(panel, key)
        assert rule.type == "dataBar"
    tones = {rule.formula[0].strip('"'): rule for rule in of("goal_table", "rating")}
    lang = file.board.compiled.layout.lang
    items = file.board.compiled.layout.list_items("rating")
    assert set(tones) == {item.title.to(lang) for item in items}
    assert len({rule.dxf.fill.bgColor.rgb for rule in tones.values()}) == 4


def test_each_goal_has_a_small_chart_of_its_quarters(file: File) -> None:
    panel = file.board.placed.panel("goal_table")
    found = re.findall(r"<xm:f>([^<]*)</xm:f><xm:sqref>([^<]*)</xm:sqref>", file.xml)
    assert len(found) == panel.rows == 10
    for number, (area, place) in enumerate(reversed(found), 1):
        row = panel.row(number)
        assert place == cell_address(row, panel.columns["trend"])
        ends = (cell_address(row, panel.columns["q1"]), cell_address(row, panel.columns["q4"]))
        assert area == f"'{file.board.placed.title}'!{':'.join(ends)}"
    assert file.xml.count('minAxisType="custom"') == file.xml.count('manualMin="0.0"') == 10


def chart_of(file: File) -> Any:
    return ElementTree.fromstring(file.parts["xl/charts/chart1.xml"])


def test_the_chart_shows_met_missed_and_the_line(file: File) -> None:
    chart = chart_of(file)
    panel = file.board.placed.panel("goal_table")
    series = list(chart.iter(f"{NAMESPACE}ser"))
    sources = [element.text for one in series for element in one.iter(f"{NAMESPACE}f")]
    title = file.board.placed.title
    expected = [part for key in ("met", "missed", "line") for part in ("label", key)]
    assert sources == [panel.range(title, key) for key in expected]
    text = file.parts["xl/charts/chart1.xml"]
    assert text.count("<a:pattFill") == 1
    assert 'prst="wdUpDiag"' in text
    assert '<a:prstDash val="dash"/>' in text
    assert '<c:min val="0"/>' in text
    assert '<c:plotVisOnly val="1"/>' not in text, "the helper columns are hidden"
    assert "<c:autoTitleDeleted" in text
    fonts = set(re.findall(r'typeface="([^"]*)"', text))
    assert fonts == {"微软雅黑"}
    assert not re.search(r'typeface="\+', text)


def test_the_chart_is_read_out_to_those_who_cannot_see_it(file: File) -> None:
    drawing = file.parts["xl/drawings/drawing1.xml"]
    lang = file.board.compiled.layout.lang
    chart = file.board.placed.panel("bars").panel.chart
    assert chart is not None
    assert f'descr="{chart.description.to(lang)}"' in drawing
    assert "decorative" not in drawing


def test_an_empty_chart_draws_nothing(files: dict[tuple[str, str], File]) -> None:
    for lang in LANGUAGES:
        chart = chart_of(files[lang, "blank"])
        met, missed, line = (
            [point.findtext(f"{NAMESPACE}v") for point in one.iter(f"{NAMESPACE}pt")][-10:]
            for one in (series.find(f"{NAMESPACE}val") for series in chart.iter(f"{NAMESPACE}ser"))
        )
        assert {float(value or 0) for value in line} == {-1}
        assert not [value for value in (*met, *missed) if value not in {"", "0"}]
        delete = next(chart.iter(f"{NAMESPACE}valAx")).find(f"{NAMESPACE}delete")
        assert delete is not None
        assert delete.get("val") == "1"


# -- the reader ----------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_workbook_reads_back_as_if_it_had_no_dashboard(
    lang: str, files: dict[tuple[str, str], File], tmp_path: Path
) -> None:
    without = compile_book(load_spec("annual_plan").model_copy(update={"dashboard": None}), lang, FILLED_ROWS)
    for name, plan in (
        ("filled", rich_plan("annual_plan", as_of=AS_OF)),
        ("blank", make_plan({}, {"as_of": AS_OF})),
    ):
        written = files[lang, name]
        assert written.board.placed.title in openpyxl.load_workbook(written.path).sheetnames
        bare = tmp_path / written.path.name
        write_workbook(bare, without, issue_of(without), plan, settings_for())
        assert len(openpyxl.load_workbook(bare).sheetnames) + 1 == len(
            openpyxl.load_workbook(written.path).sheetnames
        )
        read, expected = read_workbook(written.path), read_workbook(bare)
        assert not read.refused
        assert read.plan == expected.plan
        assert read.problems == expected.problems
        assert {source.title for source in read.sources.values()} == {
            placed.title for placed in without.layout.sheets
        }


# -- spec data -----------------------------------------------------------------------------

Change = tuple[str, str]
PANEL = "    - key: statuses\n"
FAULTS: dict[str, tuple[Change, Code, str, str]] = {
    # the change · the code · what is said to stand there · where
    "unknown column of the panel": (
        ('formula: \'=IF(ISNUMBER([count])', 'formula: \'=IF(ISNUMBER([cuont])'),
        Code.SPEC_UNKNOWN_COLUMN, "cuont", "panels.6.columns.2.formula",
    ),
    "unknown column of another panel": (
        ("SMALL([goal_rows.filled],{n}))", "SMALL([goal_rows.fulled],{n}))"),
        Code.SPEC_UNKNOWN_COLUMN, "goal_rows.fulled", "panels.2.columns.13.formula",
    ),
    "unknown column of a sheet": (
        ("INDEX([goals.coverage],[row])", "INDEX([goals.cover],[row])"),
        Code.SPEC_UNKNOWN_COLUMN, "goals.cover", "panels.2.columns.9.formula",
    ),
    "unknown sheet": (
        ("INDEX([tracking.owner],[row])", "INDEX([trakcing.owner],[row])"),
        Code.SPEC_UNKNOWN_COLUMN, "trakcing.owner", "panels.5.columns.2.formula",
    ),
    "column of a sheet that may be missing": (
        ("INDEX([tracking.owner],[row])", "INDEX([weekly.owner],[row])"),
        Code.SPEC_UNKNOWN_COLUMN, "weekly.owner", "panels.5.columns.2.formula",
    ),
    "rows of a sheet that may be missing": (
        ("      each: tracking\n", "      each: weekly\n"),
        Code.SPEC_UNKNOWN_NAME, "weekly", "panels.1.each",
    ),
    "unknown name": (
        ("'=IF(ISNUMBER({score}),{score},\"–\")'", "'=IF(ISNUMBER({socre}),1,\"–\")'"),
        Code.SPEC_UNKNOWN_NAME, "socre", "figures.0.formula",
    ),
    "unknown name in one language": (
        ("{goals_count}&\" goals: \"", "{goal_count}&\" goals: \""),
        Code.SPEC_UNKNOWN_NAME, "goal_count", "figures.1.note",
    ),
    "a row's number outside a panel": (
        ("=IF(ISNUMBER({percent_mean}),{percent_mean},\"–\")", "={n}"),
        Code.SPEC_UNKNOWN_NAME, "n", "figures.3.formula",
    ),
    "function that is not everywhere": (
        ("MATCH(SMALL([late_rows.rank],{n}),[late_rows.rank],0)", "XLOOKUP({n},[late_rows.rank],[late_rows.rank])"),
        Code.SPEC_FUNCTION, "XLOOKUP", "formula",
    ),
    "parentheses": (
        ("'=IF(LEN([goal])>20,LEFT([goal],19)&\"…\",[goal])'", "'=IF(LEN([goal])>20,[goal]'"),
        Code.SPEC_FORMULA, "parentheses", "columns.15.formula",
    ),
    "circle": (
        ("'=IF([row]=\"\",\"\",INDEX([goals.id],[row]))'", "'=IF([row]=\"\",\"\",[label])&[q1]'"),
        Code.SPEC_CYCLE, "goal_table", "formula",
    ),
    "panel with a sheet's key": (
        (PANEL, "    - key: review\n"), Code.SPEC_DUPLICATE_KEY, "review", "panels.6",
    ),
    "two panels of one key": (
        (PANEL, "    - key: worst\n"), Code.SPEC_DUPLICATE_KEY, "worst", "panels.6",
    ),
    "over another panel": (
        ("      column: 12\n", "      column: 9\n"), Code.SPEC_BAD_VALUE, "statuses", "panels.6",
    ),
    "beyond the grid": (
        ("      column: 12\n", "      column: 13\n"), Code.SPEC_BAD_VALUE, "column 15", "panels.6",
    ),
    "figures beyond the grid": (
        ("      span: 2\n", "      span: 3\n"), Code.SPEC_BAD_VALUE, "15", "figures",
    ),
    "rows of no sheet": (
        ("      each: tracking\n", "      each: trackign\n"),
        Code.SPEC_UNKNOWN_NAME, "trackign", "panels.1.each",
    ),
    "chart of no panel": (
        ("        panel: goal_table\n", "        panel: goals_table\n"),
        Code.SPEC_UNKNOWN_NAME, "goals_table", "chart.panel",
    ),
    "series of no column": (
        ("          - {column: missed,", "          - {column: mist,"),
        Code.SPEC_UNKNOWN_COLUMN, "mist", "chart.series.1.column",
    ),
    "tone of no list": (
        ("list: rating, look: tone", "list: ratings, look: tone"), Code.SPEC_LIST, "ratings", "columns.12.list",
    ),
    "heat without its middle": (
        ("scale: &heat [0.8, 1, 1.2]", "scale: &heat [0.8, 1.2]"),
        Code.SPEC_BAD_VALUE, "0.8, 1.2", "columns.3.scale",
    ),
    "small chart of columns apart": (
        ("over: [q1, q2, q3, q4]", "over: [q1, q3]"), Code.SPEC_BAD_VALUE, "q1, q3", "columns.7.over",
    ),
    "column without its formula": (
        ("{key: ident, kind: text, hidden: true, formula: '=IF([row]=\"\",\"\",INDEX([goals.id],[row]))'}",
         "{key: ident, kind: text, hidden: true}"),
        Code.SPEC_MISSING_KEY, "", "columns.14",
    ),
    "title of a sheet": (
        ("title: {zh: 仪表盘, en: Dashboard}", "title: {zh: 1_目标总表, en: Dashboard}"),
        Code.SPEC_BAD_VALUE, "1_目标总表", "title",
    ),
    "title too long": (
        ("title: {zh: 仪表盘, en: Dashboard}", f"title: {{zh: 仪表盘, en: {'D' * 32}}}"),
        Code.SPEC_BAD_VALUE, "D" * 32, "title",
    ),
    "heading with a name of nothing": (
        ("heading: {zh: \"{year} 年度", "heading: {zh: \"{yaer} 年度"), Code.SPEC_UNKNOWN_NAME, "yaer", "heading",
    ),
    "unknown key": (("      height: 2\n", "      hieght: 2\n"), Code.SPEC_UNKNOWN_KEY, "hieght", "panels.5"),
    "missing language": (
        ("{zh: 任务平均完成, en: Mean task completion}", "{zh: 任务平均完成}"),
        Code.SPEC_TRANSLATION, "", "figures.3.title",
    ),
}  # fmt: skip


def copy_book(folder: Path, *changes: Change) -> Path:
    """The shipped book in a folder of its own, with its dashboard changed."""
    for name in ("annual_plan.yaml", "dashboard.yaml"):
        shutil.copyfile(Path(str(specs_folder() / name)), folder / name)
    path = folder / "dashboard.yaml"
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")
    return folder / "annual_plan.yaml"


def test_the_shipped_dashboard_is_sound(tmp_path: Path) -> None:
    assert check_spec(copy_book(tmp_path)) == ()


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_told_with_its_place(name: str, tmp_path: Path) -> None:
    change, code, found, place = FAULTS[name]
    problems = check_spec(copy_book(tmp_path, change))
    hits = [p for p in problems if p.code is code and found in str(p.found) and place in p.location.path]
    assert hits, [problem.line("en") for problem in problems]
    assert all(problem.location.file == "dashboard.yaml" for problem in problems)
    text = (tmp_path / "dashboard.yaml").read_text("utf-8").splitlines()
    assert 0 < hits[0].location.line <= len(text)
    if (
        found
        and code not in {Code.SPEC_CYCLE, Code.SPEC_FORMULA}
        and not place.startswith(("panels.6", "figures"))
    ):
        assert found.split(".")[-1].split(",")[0] in text[hits[0].location.line - 1]


def test_a_panel_and_its_columns_are_yaml_only(tmp_path: Path) -> None:
    panel = """    - key: budget
      title: {zh: 六、预算, en: 6  Budget}
      band: 3
      rows: 3
      columns:
        - {key: task, title: {zh: 任务, en: Task}, kind: text, span: 3, formula: '=INDEX([decomposition.task],{n})&""'}
        - {key: budget, title: {zh: 预算, en: Budget}, kind: quantity, formula: '=IF([task]="","",INDEX([decomposition.budget],{n}))'}
"""
    book = load_spec(copy_book(tmp_path, (PANEL, panel + PANEL)))
    compiled = compile_book(book, "zh", {"decomposition": 6})
    tasks = place_rows({1: {"task": "甲", "budget": 100.0}, 3: {"task": "乙", "budget": 5.0}})
    plan = Plan({"decomposition": tasks}, {"as_of": AS_OF})
    board = board_of(compiled, plan)
    assert board.column("budget", "task") == ["甲", "", "乙"]
    assert board.column("budget", "budget") == [100, "", 5]
    path = tmp_path / "计划.xlsx"
    write_workbook(path, compiled, issue_of(compiled), plan, settings_for())
    at = board.placed.panel("budget")
    sheet = openpyxl.load_workbook(path, data_only=True)["仪表盘"]
    assert sheet.cell(at.title_row + 1, at.left + 1).value == "六、预算"
    assert sheet.cell(at.header_row + 1, at.columns["budget"] + 1).value == "预算"
    assert sheet.cell(at.row(3) + 1, at.columns["budget"] + 1).value == 5
    assert check_package(path) == []


def test_the_dashboard_is_no_part_of_what_a_workbook_holds(tmp_path: Path) -> None:
    """Another look of the page does not make the workbooks that are out belong to another spec."""
    changed = copy_book(tmp_path, ("一、目标达成情况", "一、目标"))
    assert load_spec(changed).sha256 == load_spec("annual_plan").sha256


# -- the judges ----------------------------------------------------------------------------


@pytest.mark.office
@pytest.mark.slow
def test_the_judges_agree_where_departments_and_goals_are_many(tmp_path: Path) -> None:
    """More departments and goals than the page shows, names that look like conditions, no day."""
    require_office()
    names = ["=销售", ">5", "<>", "市场*部", "A&B", "1", "研发 “一” 部", *(f"部门{n}" for n in range(8, 13))]
    items = {"department": tuple(Item(key=f"D{n}", title=Text({"*": name})) for n, name in enumerate(names))}
    book = load_spec("annual_plan")
    layout = resolve_layout(book, lang="zh", items=items, rows=FILLED_ROWS, many=MANY)
    compiled = Calculator(layout)
    goals = {n: {"goal": f"目标{n}", "department": f"D{n % 12}"} for n in range(2, 24)}
    review = {
        n: {
            "quarter": "q1",
            "department": f"D{n % 12}",
            "goal": f"G{n:03d}",
            "target": 10.0,
            "actual": 7.0 + n,
        }
        for n in range(2, 24)
    }
    plan = Plan({"goals": place_rows(goals), "review": place_rows(review)}, {"as_of": AS_OF})
    paths = [tmp_path / "many.xlsx", tmp_path / "undated.xlsx"]
    for path, day in zip(paths, (AS_OF, None), strict=True):
        given = Plan(plan.tables, {"as_of": day})
        write_workbook(path, compiled, issue_of(compiled), given, settings_for())
    board = board_of(compiled, plan)
    assert board.column("heat_map", "department") == names[:8]
    assert "另有 4 个部门" in str(board.note("heat_map"))
    assert numbers(board.column("heat_map", "q1"))
    for engine in ("libreoffice", "gnumeric"):
        found = judge(paths, tmp_path / engine, engine)
        assert {path.name: [str(d) for d in differences] for path, differences in found.items()} == {
            "many.xlsx": [],
            "undated.xlsx": [],
        }
    assert len(read_sheets(paths[0])["仪表盘"].formulas) > 350
