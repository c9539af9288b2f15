"""Any figure of a consolidated workbook, explained: what the explanation tells is what the cell shows."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from planbook.calc import evaluate_text
from planbook.company import Company, CompanyGoal, Department
from planbook.explain import (
    Explanation,
    explain,
    find_report_scope,
    find_subject,
    read_cell,
    render_explanation,
)
from planbook.explain import cells as cells_module
from planbook.explain.listed import LISTED
from planbook.explain.locate import Subject
from planbook.explain.plans import brief_goal, brief_task
from planbook.explain.teller import Teller
from planbook.explain.totals import brief_node
from planbook.explain.trace import trace
from planbook.measures import Collection, RollUp
from planbook.measures.frames import FRAMES, make_frame
from planbook.problems import UsageError
from planbook.reader import Grid
from planbook.reports import write_consolidated
from planbook.reports.signed import signed_state
from planbook.resources import samples_folder
from planbook.spec import load_spec
from planbook.workflow import explain_reference
from tests.support.explained import Made, make_sample_year

BOOK = load_spec("annual_plan")
NOBODY = Collection(Company(()), (), (), ())
# Columns that number the rows for the formulas, and cells that only draw: no figures of the year.
NUMBERING = {("scores", "number"), ("scores", "parent"), ("variance", "node_no")}


@pytest.fixture(autouse=True)
def read_sheets_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sheet is read once for all its cells."""
    monkeypatch.setattr(cells_module, "read_report_sheet", _read_sheet)
    monkeypatch.setattr(cells_module, "read_report_tops", _read_tops)


_read_sheet = lru_cache(cells_module.read_report_sheet)
_tops_of = cells_module.read_report_tops


@lru_cache
def _read_tops_at(path: Path, most: int, changed: int) -> list[Grid]:
    return list(_tops_of(path, most))


def _read_tops(path: Path, most: int) -> list[Grid]:
    return _read_tops_at(path, most, path.stat().st_mtime_ns)


def sheet_of(made: Made, key: str) -> Worksheet:
    return openpyxl.load_workbook(made.report, data_only=True)[BOOK.report(key).title.to(made.lang)]


def reference(made: Made, cell: Cell) -> str:
    return f"{made.report}:{cell.parent.title}!{cell.coordinate}"


def figures_of(sheet: Worksheet) -> Iterator[Cell]:
    for row in sheet.iter_rows():
        for cell in row:
            if isinstance(cell.value, int | float) and not isinstance(cell.value, bool):
                yield cell


def worth(explanation: Explanation) -> float:
    assert explanation.asked is not None and isinstance(explanation.asked.value, int | float)
    return float(explanation.asked.value)


def below(made: Made, label: str) -> Cell:
    """The cell under the words of a key figure."""
    sheet = sheet_of(made, "summary")
    head = next(c for row in sheet.iter_rows() for c in row if c.value == BOOK.label(label, made.lang))
    cell = sheet.cell(head.row + 1, head.column)
    assert isinstance(cell, Cell)
    return cell


# -- every figure --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "step", "least"),
    [
        ("summary", 5, 26), ("company_goals", 3, 17), ("parts", 5, 15), ("trend", 4, 9), ("scores", 9, 15),
        ("variance", 23, 18), ("progress", 37, 15), ("appraisal", 37, 10), ("coherence", 1, 4), ("tasks", 17, 8),
    ],
)  # fmt: skip
def test_what_is_explained_is_what_the_cell_shows(key: str, step: int, least: int) -> None:
    made = make_sample_year()
    numbered = {
        column.title.to("zh") for column in BOOK.report(key).columns if (key, column.key) in NUMBERING
    }
    sheet = sheet_of(made, key)
    last = len(BOOK.report(key).columns) or 65  # right of them stand the figures that charts are drawn from
    shown = 0
    for cell in [c for c in figures_of(sheet) if c.column <= last][::step]:
        if sheet.cell(4, cell.column).value in numbered:
            continue
        assert worth(made.about(reference(made, cell))) == pytest.approx(cell.value, rel=1e-6), (
            cell.coordinate
        )
        shown += 1
    assert shown >= least


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    "label", ["kpi_score", "kpi_met", "kpi_missed", "kpi_late", "kpi_covered", "kpi_errors"]
)
def test_a_key_figure_lists_what_it_counts(label: str, lang: str) -> None:
    made = make_sample_year(lang=lang)
    cell = below(made, label)
    explanation = made.about(reference(made, cell))
    assert worth(explanation) == pytest.approx(cell.value)
    steps = explanation.root.steps
    if label == "kpi_score":
        text = explanation.root.arithmetic.replace("×", "*")
        assert evaluate_text(text) == pytest.approx(cell.value, rel=1e-8)
    else:
        assert len(steps) == cell.value
    if label in ("kpi_met", "kpi_missed"):
        symbols = {step.shown.split("　")[1][0] for step in steps}
        assert symbols == ({"●"} if label == "kpi_met" else {"▲", "◆"})
        assert all(step.place is not None and step.place.file for step in steps)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_cells_of_the_heat_map_lead_to_the_goal(lang: str) -> None:
    made = make_sample_year(lang=lang)
    sheet = sheet_of(made, "summary")
    words = [
        c
        for row in sheet.iter_rows(max_row=12)
        for c in row
        if c.value == BOOK.label("heat_department", lang)
    ]
    (head,) = words
    kinds = set()
    for cell in figures_of(sheet):
        if head.row < cell.row < head.row + 4 and head.column < cell.column < 65:
            explanation = made.about(reference(made, cell))
            assert worth(explanation) == pytest.approx(cell.value)
            kinds.add(explanation.column)
            assert str(sheet.cell(cell.row, head.column).value) in explanation.root.what
    assert kinds == {"attainment", "score"}


def test_the_bridge_is_what_each_department_adds() -> None:
    made = make_sample_year()
    sheet = sheet_of(made, "summary")
    names = [c for c in (sheet.cell(row, 69) for row in range(5, 20)) if "\n" in str(c.value)]
    values = []
    for name in names:
        explanation = made.about(reference(made, name))
        said = float(str(name.value).partition("\n")[2].replace(",", "").replace("−", "-"))
        assert worth(explanation) == pytest.approx(said)
        values.append(worth(explanation))
    assert values[0] + sum(values[1:-1]) == pytest.approx(values[-1])
    assert len(values) == 4


def test_control_totals_show_both_sides() -> None:
    made = make_sample_year()
    sheet = sheet_of(made, "contents")
    cells = [c for c in figures_of(sheet) if str(sheet.cell(c.row, 4).value) == "● 一致"]
    assert len(cells) == 7
    for cell in cells:
        root = made.about(reference(made, cell)).root
        assert root.value == pytest.approx(cell.value)
        assert evaluate_text(root.arithmetic) == pytest.approx(cell.value)
        for step in root.steps:
            if step.arithmetic:
                assert evaluate_text(step.arithmetic) == pytest.approx(step.value)


def test_the_headline_is_explained_by_the_score() -> None:
    made = make_sample_year()
    cell = sheet_of(made, "summary")["A3"]
    assert made.about(reference(made, cell)).root.value == made.figures.scores["score"].iloc[0]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_key_of_a_frame_is_told(lang: str) -> None:
    made = make_sample_year(lang=lang)
    keys = {column.key for spec in FRAMES.values() for column in spec.columns} - {"A", "C", "R", "I"}
    kinds = {item.key for item in BOOK.lists["coherence"].items}
    for frame in ("appraisal", "coherence", "risks", "receipts", "responsibility"):
        for row in made.figures.frame(frame).to_dict("records")[:20]:
            subject = Subject("", frame, {str(key): value for key, value in row.items()})
            root = trace(Teller(made.figures, made.collection, lang), subject)
            told = {step.what for step in root.steps}
            assert not told & keys, (frame, told & keys)
            assert not set(root.what.split("　")) & kinds
            if lang == "zh":
                assert not [what for what in told if what.isascii()]


# -- reports of a part of the company --------------------------------------------------------


@pytest.mark.parametrize("scope", ["YX", "XS"])
def test_a_report_of_a_part_is_explained_from_that_part_alone(scope: str, tmp_path: Path) -> None:
    """Found by its bare name in the cycle's reports; nobody outside is named, and the figure is the cell's."""
    made, whole = make_sample_year(scope), make_sample_year()
    cycle = replace(whole.cycle, reports=tmp_path)
    shutil.copyfile(made.report, cycle.reports / "part.xlsx")
    inside = {department.code for department in cycle.company.below(scope)}
    outside = [d.name for d in cycle.company.departments if d.code not in inside]
    sheet = sheet_of(made, "company_goals")
    titles = {cell.value: cell.column for cell in sheet[4]}
    cells = [below(made, "kpi_score" if scope == "YX" else "kpi_missed"), sheet.cell(5, titles["累计实际"])]
    for cell in cells:
        named = f"part.xlsx:{cell.parent.title}!{cell.coordinate}"
        found = explain_reference(named, cycle, [samples_folder() / "returned"])
        assert worth(found) == pytest.approx(cell.value)
        told = render_explanation(found, "zh")
        for step in found.root.walk():
            for own in (step.typed, step.place.file if step.place else ""):  # people's words, files' names
                told = told.replace(own, "") if own else told
        assert not [name for name in outside if name in told], cell.coordinate
    assert below(whole, "kpi_score").value != pytest.approx(cells[0].value)  # the company's own is another


def test_a_report_of_a_part_that_is_not_in_the_cycle_is_refused() -> None:
    made = make_sample_year("XS")
    cell = read_cell(f"{made.report}:管理摘要!A6")
    assert find_report_scope(cell, BOOK, made.cycle.company) == "XS"
    whole = make_sample_year()
    top = read_cell(f"{whole.report}:管理摘要!A6")
    assert find_report_scope(top, BOOK, made.cycle.company, made.cycle.company_name) == ""
    with pytest.raises(UsageError, match="no department here"):
        find_report_scope(top, BOOK, made.cycle.company, "Another company")
    strangers = Company((Department("XX", "别的部门"),))
    with pytest.raises(UsageError, match="no department here"):
        find_report_scope(cell, BOOK, strangers, "Another company")
    name = made.cycle.company_name
    twice = Company((Department("XX", name),))  # called as the whole is: whose figures are these?
    with pytest.raises(UsageError, match="no department here"):
        find_report_scope(top, BOOK, twice, name)


def test_a_report_that_does_not_say_whose_it_is_is_refused(tmp_path: Path) -> None:
    """A title reworded by hand leaves the others to tell; without any the company's figures stay untold."""
    made = make_sample_year("YX")
    report = tmp_path / "reworded.xlsx"
    workbook = openpyxl.load_workbook(made.report)
    titled = [
        cell for sheet in workbook for cell in sheet[1] if cell.value and "部门计划执行" in str(cell.value)
    ]
    assert len(titled) > 1
    titled[0].value = "营销中心半年报告"
    workbook.save(report)
    asked = f"{report}:管理摘要!A6"
    assert find_report_scope(read_cell(asked), BOOK, made.cycle.company, made.cycle.company_name) == "YX"
    titled[0].value = str(titled[-1].value).replace("营销中心", "研发部")
    workbook.save(report)
    with pytest.raises(UsageError, match="no title says whose report"):  # two titles, two scopes
        find_report_scope(read_cell(asked), BOOK, made.cycle.company, made.cycle.company_name)
    for cell in titled:
        cell.value = "半年报告"
    workbook.save(report)
    with pytest.raises(UsageError, match="no title says whose report"):
        find_report_scope(read_cell(asked), BOOK, made.cycle.company, made.cycle.company_name)


def test_without_a_cycle_a_part_is_what_its_workbook_was_issued_to(tmp_path: Path) -> None:
    """Nobody else is told, though 市场部 and 国际业务部 stand below the division in the company's own tree."""
    made = make_sample_year("YX")
    report = tmp_path / "part.xlsx"
    shutil.copyfile(made.report, report)
    cell = below(made, "kpi_covered")
    returned = [samples_folder() / "returned"]
    found = explain_reference(f"{report}:{cell.parent.title}!{cell.coordinate}", None, returned)
    assert [step.what for step in found.root.steps] == ["销售部", "客户部"]
    assert (found.reported, worth(found)) == (4, 2)  # both are said


def test_without_a_cycle_the_companys_report_is_explained_from_the_files(tmp_path: Path) -> None:
    """Headed by a name that only the cycle knows; its weights and goals stand in the cycle alone."""
    made, returned = make_sample_year(), [samples_folder() / "returned"]
    report = tmp_path / "report.xlsx"
    shutil.copyfile(made.report, report)
    cell = cells_under(made, "variance", "达成率")[7]
    found = explain_reference(f"{report}:{cell.parent.title}!{cell.coordinate}", None, returned)
    assert worth(found) == pytest.approx(cell.value)
    assert "与报表显示的不同" not in render_explanation(found, "zh")
    score = below(made, "kpi_score")  # the cycle's weights make it another
    found = explain_reference(f"{report}:{score.parent.title}!{score.coordinate}", None, returned)
    assert worth(found) != pytest.approx(score.value)
    assert "与报表显示的不同" in render_explanation(found, "zh").splitlines()[1]
    assert "not what the report shows" in render_explanation(found, "en").splitlines()[1]
    goal = cells_under(made, "company_goals", "累计实际")[0]
    with pytest.raises(UsageError, match=r"company_goals\.csv.*--cycle"):
        explain_reference(f"{report}:{goal.parent.title}!{goal.coordinate}", None, returned)


def test_without_a_cycle_a_part_none_of_whose_files_is_given_is_refused(tmp_path: Path) -> None:
    part = make_sample_year("YX")
    cell = below(part, "kpi_covered")
    other = [file for file in (samples_folder() / "returned").iterdir() if file.name.startswith("质量部")]
    with pytest.raises(UsageError, match="none of the files given is its workbook"):
        explain_reference(f"{part.report}:{cell.parent.title}!{cell.coordinate}", None, other)


@pytest.mark.parametrize(
    "column", ["adds_target", "adds_actual", "company_adds_target", "company_adds_actual"]
)
def test_what_a_fact_adds_is_worked_out(column: str) -> None:
    """A sum takes a quarter whole, a mean its part; the company goal takes it in its own unit."""
    made = make_sample_year()
    keys = [each.key for each in BOOK.report("facts").columns]
    sheet = sheet_of(made, "facts")
    cells = [c for c in figures_of(sheet) if c.column == keys.index(column) + 1 and c.row > 4][::4]
    worked = set()
    for cell in cells:
        found = made.about(reference(made, cell))
        assert found.asked is not None
        assert worth(found) == pytest.approx(cell.value)
        assert evaluate_text(found.asked.arithmetic.replace("×", "*")) == pytest.approx(cell.value)
        worked.add("/" in found.asked.arithmetic)  # a mean, or another unit
    assert worked == {True, False}, len(cells)


def test_causes_are_set_apart_as_their_language_does() -> None:
    causes = [str(cause) for cause in make_sample_year().figures.facts["cause"].dropna()]
    both = [cause for cause in causes if "Objective: " in cause and "Subjective: " in cause]
    assert both
    assert all("; Subjective: " in cause and "；" not in cause for cause in both)
    assert any("；主观：" in cause for cause in causes)


# -- sheets that list and define -----------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_counts_of_the_contents_are_their_rows(lang: str) -> None:
    made = make_sample_year(lang=lang)
    sheet, shown = sheet_of(made, "contents"), 0
    titles = {BOOK.report(key).title.to(lang): key for key in LISTED}
    for row in sheet.iter_rows(min_row=5, max_row=20):
        for cell in row[2:4]:
            if row[0].value in titles and isinstance(cell.value, int | float):
                explanation = made.about(reference(made, cell))
                assert worth(explanation) == cell.value, cell.coordinate
                if titles[str(row[0].value)] != "progress":
                    assert len(explanation.root.steps) == cell.value
                shown += 1
    assert shown > 15


def test_thresholds_problems_and_returns_are_told() -> None:
    made = make_sample_year()
    methods, quality, receipts = (sheet_of(made, key) for key in ("methods", "quality", "receipts"))
    title = BOOK.settings["amber"].title.to("zh")
    named = next(c for c in methods["A"] if c.value == title)
    amber = made.about(reference(made, named.offset(0, 1)))
    assert (amber.root.value, amber.root.shown) == (0.9, "90%")
    problem = made.about(reference(made, quality["A5"])).root
    assert problem.what == quality["F5"].value
    assert problem.place is not None and problem.place.file == quality["C5"].value
    warned = next(row for row in receipts.iter_rows(min_row=5) if row[6].value)
    explanation = made.about(reference(made, warned[6]))
    assert worth(explanation) == warned[6].value
    places = [step.place for step in explanation.root.steps if step.note]
    assert len(places) >= warned[6].value
    assert {place.file for place in places if place} == {warned[2].value}
    with pytest.raises(UsageError, match="not worked out from other figures"):
        made.about(reference(made, sheet_of(made, "contents")["B6"]))


def test_an_empty_cell_is_not_told_as_counted() -> None:
    """A cooperating department's goal is shown; what it would add stands nowhere."""
    made = make_sample_year()
    sheet = sheet_of(made, "parts")
    titles = {cell.value: cell.column for cell in sheet[4]}
    cells = [sheet.cell(row, titles["计入实际"]) for row in range(5, sheet.max_row + 1)]
    empty = [c for c in cells if c.value is None and "仅展示" in str(sheet.cell(c.row, titles["用法"]).value)]
    assert empty
    for cell in empty:
        asked = made.about(reference(made, cell)).asked
        assert asked is not None
        assert (asked.value, asked.what) == (None, "计入实际")
        assert "此格为空" in asked.note and "仅展示" in asked.note


def test_a_restated_figure_leads_to_that_of_today(tmp_path: Path) -> None:
    made = make_sample_year()
    facts = made.figures.facts.copy()
    ended = facts.index[facts["counted"] == "yes"][3]
    facts.loc[ended, "actual"] = 1.0
    signed = signed_state(replace(made.figures, facts=facts))
    report = tmp_path / "restated.xlsx"
    write_consolidated(report, made.figures, signed=signed)
    sheet = openpyxl.load_workbook(report, data_only=True)[BOOK.report("restated").title.to("zh")]
    titles = {cell.value: cell.column_letter for cell in sheet[4]}

    def told(title: str, row: int = 5) -> Explanation:
        asked = f"{report}:{sheet.title}!{titles[title]}{row}"
        return explain(find_subject(asked, made.figures), made.figures, made.collection)

    signed, now, change = (sheet[f"{titles[title]}5"].value for title in ("签批值", "现值", "变动"))
    assert worth(told("现值")) == now == made.figures.facts.loc[ended, "actual"]
    assert str(made.figures.facts.loc[ended, "fact"]) in told("现值").root.what
    assert (worth(told("签批值")), worth(told("变动"))) == (signed, change) == (1.0, now - 1.0)
    assert evaluate_text(told("变动").asked.arithmetic) == pytest.approx(change)  # type: ignore[union-attr]
    assert "签批" in told("签批值").asked.note  # type: ignore[union-attr]


def test_a_restated_rate_stands_in_points(tmp_path: Path) -> None:
    made = make_sample_year()
    scores = made.figures.scores.copy()
    scores.loc[3, "score"] = 0.5
    report = tmp_path / "restated.xlsx"
    write_consolidated(report, made.figures, signed=signed_state(replace(made.figures, scores=scores)))
    sheet = openpyxl.load_workbook(report, data_only=True)[BOOK.report("restated").title.to("zh")]
    cell = sheet["H5"]
    found = explain(find_subject(f"{report}:{sheet.title}!H5", made.figures), made.figures, made.collection)
    assert worth(found) == pytest.approx(cell.value / 100)
    assert not found.is_other


def check_worked(made: Made, cell: Cell) -> str:
    """The arithmetic of a cell, which gives what it shows."""
    asked = made.about(reference(made, cell)).asked
    assert asked is not None, cell.coordinate
    worked = asked.arithmetic.rpartition("→ ")[2].rpartition(": ")[2].replace("×", "*")
    assert evaluate_text(worked) == pytest.approx(cell.value, rel=1e-6, abs=1e-6), (cell.coordinate, worked)
    return worked


def cells_under(made: Made, key: str, *titles: str) -> list[Cell]:
    """The figures under these columns of a sheet."""
    sheet = sheet_of(made, key)
    columns = [cell.column for cell in sheet[4] if cell.value in titles]
    assert len(columns) == len(titles)
    return [cell for cell in figures_of(sheet) if cell.column in columns and cell.row > 4]


@pytest.mark.parametrize(
    ("key", "titles", "step"),
    [
        ("scores", ("下限", "上限", "权重", "自有目标得分"), 2),
        ("progress", ("下限", "上限", "计划进度", "进度偏差", "预算（元）"), 11),
        ("company_goals", ("达成率下限", "达成率上限", "部门承接目标", "累计实际", "已计季度"), 1),
        ("appraisal", ("按时率", "任务进度", "计划进度", "目标达成率"), 3),
        ("parts", ("计入目标", "计入实际", "计入偏差", "计入年度目标", "计入权重", "权重×达成率"), 3),
        ("variance", ("计分达成率", "加权得分", "影响度", "偏差", "达成率"), 17),
        ("coherence", ("差额", "差额率"), 1),
    ],
)  # fmt: skip
def test_every_worked_column_has_its_arithmetic(key: str, titles: tuple[str, ...], step: int) -> None:
    made = make_sample_year()
    cells = cells_under(made, key, *titles)[::step]
    assert cells
    for cell in cells:
        check_worked(made, cell)


def test_bounds_of_what_is_missing_differ_from_the_figure() -> None:
    """A department whose goal was kept out weighs as much as the others on average."""
    made = make_sample_year()
    costs = made.about("综合成本下降8%").root
    low, high = (next(s for s in costs.steps if s.what == what) for what in ("达成率下限", "达成率上限"))
    assert low.value < costs.value < high.value  # type: ignore[operator]
    assert (
        "4600" in low.note and "6133.333333" in low.note
    )  # three of four annual targets, the mean for the other
    assert low.arithmetic == "0.9994372294 × 4600 / 6133.333333"


def test_counts_of_the_appraisal_name_what_they_count() -> None:
    made = make_sample_year()
    titles = (
        "主责任务",
        "已完成",
        "已到期",
        "到期完成",
        "滞后或逾期",
        "未填进度",
        "所属目标",
        "协同任务",
        "同时最多",
    )
    counted = 0
    for cell in cells_under(made, "appraisal", *titles)[::5]:
        asked = made.about(reference(made, cell)).asked
        assert asked is not None and asked.value == cell.value
        names = asked.note.partition("计入：")[2].partition("；")[0]
        assert len(names.split("、") if names else []) == cell.value, (cell.coordinate, asked.note)
        counted += bool(cell.value)
    assert counted > 30


# -- one level at a time ---------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_score_is_told_on_one_screen(lang: str) -> None:
    made = make_sample_year(lang=lang)
    for asked in ("company", "YX", "XS", "综合成本下降8%"):
        lines = render_explanation(made.about(asked), lang).splitlines()
        assert len(lines) < 50
        below = [step for step in made.about(asked).root.steps if step.reference]
        assert below
        for step in below:  # each on one line that ends with what to type
            (line,) = [line for line in lines if line.strip().startswith(f"{step.what} =")]
            assert line.endswith(step.reference)
            assert made.about(step.reference).root.value == step.value
        deep = render_explanation(made.about(asked, deep=True), lang)
        assert len(deep.splitlines()) > len(lines)
        assert "SHA-256" in deep and not [s for s in made.about(asked, deep=True).root.walk() if s.reference]


def test_what_to_explain_next_is_that_row() -> None:
    made = make_sample_year()
    teller = Teller(made.figures, made.collection, "zh")
    for frame, brief in (("goals", brief_goal), ("tasks", brief_task), ("scores", brief_node)):
        for row in made.figures.rows(frame):
            step = brief(teller, row)
            assert find_subject(step.reference, made.figures).row == row, step


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_definitions_name_columns_as_the_reader_knows_them(lang: str) -> None:
    made = make_sample_year(lang=lang)
    for asked in ("XS-R005", "XS-G001", "XS-T001", "年度营收增长15%"):
        formulas = [step.formula for step in made.about(asked).root.walk() if step.formula]
        assert len(formulas) >= 4
        for formula in formulas:
            named = re.findall(r"[\[{](.*?)[\]}]", formula)
            assert named
            assert not [name for name in named if re.fullmatch(r"[a-z_.]+", name)]
            assert lang == "en" or not [name for name in named if name.isascii()], formula


def test_budgets_above_the_ceiling_lead_to_the_tasks() -> None:
    made = make_sample_year()
    sheet = sheet_of(made, "coherence")
    titles = {cell.value: cell.column for cell in sheet[4]}
    said = BOOK.list_title("coherence", "over_budget", "zh")
    row = next(row for row in sheet.iter_rows(min_row=5) if any(said in str(c.value) for c in row))
    found = made.about(reference(made, row[titles["实为"] - 1]))
    assert found.asked is not None
    assert evaluate_text(found.asked.arithmetic) == pytest.approx(row[titles["实为"] - 1].value)
    assert [step for step in found.root.steps if step.place is not None and "｜" in step.what]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_choices_in_arithmetic_are_in_the_readers_language(lang: str) -> None:
    made = make_sample_year(lang=lang)
    texts = [
        step.arithmetic for step in made.about("company", deep=True).root.walk() if '"' in step.arithmetic
    ]
    keys = {
        item.key for name in ("rating", "favour", "direction", "method") for item in BOOK.lists[name].items
    }
    assert texts
    assert not {text for text in texts if keys & set(re.findall('"(.*?)"', text))}


# -- what does not count is said ---------------------------------------------------------------


def test_a_quarter_says_who_is_only_shown_and_who_lacks_a_figure() -> None:
    company = Company(
        (Department("XS", "销售部"), Department("SC", "市场部"), Department("KH", "客户部")),
        (CompanyGoal("营收", unit="万元", rollup="sum", lead="XS", cooperating=("SC",)),),
    )
    shared = {
        "company_goal": "营收",
        "quarter": "q1",
        "unit": "万元",
        "direction": "higher",
        "counted": "yes",
    }
    facts = [
        {**shared, "fact": "XS-R001", "file": "XS.xlsx", "goal_id": "G001", "target": 10.0, "actual": 9.0},
        {**shared, "fact": "SC-R001", "file": "SC.xlsx", "goal_id": "G001", "target": 5.0, "actual": 5.0},
        {**shared, "fact": "KH-R001", "file": "KH.xlsx", "goal_id": "G001", "actual": 7.0, "counted": "no"},
    ]
    goals = [
        {"file": f"{code}.xlsx", "goal_id": "G001", "company_goal": "营收", "company_use": use, "company_no": 1,
         "unit": "万元", "target": target, "actual": actual, "goal": f"{code}营收", "department": code}
        for code, use, target, actual in (
            ("XS", "counted", 10.0, 9.0), ("SC", "shown", 5.0, 5.0), ("KH", "counted", None, 7.0),
        )
    ]  # fmt: skip
    trend = [{"goal": "营收", "quarter": "q1", "unit": "万元", "direction": "higher", "target": 10.0,
              "actual": 9.0, "covered": 1, "expected": 2}]  # fmt: skip
    totals = [{"goal": "营收", "rollup": "sum", "unit": "万元", "target": 10.0, "actual": 9.0, "number": 1,
               "direction": "higher", "aggregation": "sum", "coverage": "1/2"}]  # fmt: skip
    made = {"facts": facts, "goals": goals, "trend": trend, "company_goals": totals}
    frames = {
        name: make_frame(FRAMES[name], made.get(name, ()))
        for name in ("facts", "goals", "tasks", "scores", "company_goals", "receipts", "trend")
    }
    figures = RollUp(BOOK, company, 2024, 1, date(2024, 7, 1), {}, "", problems=(), **frames)
    quarter = trace(
        Teller(figures, NOBODY, "zh"), Subject("", "trend", Teller(figures, NOBODY, "zh").rows("trend")[0])
    )
    notes = {step.reference[:2]: step.note for step in quarter.steps if step.reference}
    assert (notes["XS"], notes["SC"]) == ("", "仅列示，不计入")
    assert "缺一" in notes["KH"]
    assert {step.what: step.arithmetic for step in quarter.steps[:2]} == {
        "季度目标": "10",
        "实际完成": "9",
    }
    goal = explain(find_subject("营收", figures), figures, NOBODY).root
    actual = next(step for step in goal.steps if step.what == "累计实际")
    assert (actual.value, actual.arithmetic) == (9.0, "9")  # neither what is shown, nor what has no target
    notes = {step.what.rpartition("｜")[2]: step.note for step in goal.steps if "｜" in step.what}
    assert "不计入" in notes["SC营收"] and "缺一" in notes["KH营收"] and "不计入" not in notes["XS营收"]
