"""Explaining a reported number: down to file, sheet, cell and what was typed, with arithmetic that holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from planbook.calc import evaluate_text
from planbook.cli import main
from planbook.company import Company, CompanyGoal, Department
from planbook.explain import Explanation, Step, explain, find_subject, read_report_cell, render_explanation
from planbook.explain.arithmetic import arithmetic, reduce_branches, split_arguments
from planbook.measures import Collection, RollUp
from planbook.measures.company_goals import CompanyView, roll_company_goals
from planbook.measures.frames import FRAMES, make_frame
from planbook.measures.plain import rows_of
from planbook.measures.scores import NodeInputs, score_nodes
from planbook.measures.shares import share_facts, share_nodes
from planbook.problems import UsageError
from planbook.reports import write_consolidated
from planbook.resources import samples_folder
from planbook.spec import load_spec
from planbook.workflow import collect_returns, explain_reference, roll_up_cycle
from tests.support.arithmetic import check_arithmetic
from tests.support.explained import Made, make_sample_year

BOOK = load_spec("annual_plan")


@pytest.fixture(scope="module")
def made() -> Made:
    return make_sample_year()


def steps(explanation: Explanation) -> Iterator[Step]:
    return explanation.root.walk()


def named(explanation: Explanation, what: str) -> Step:
    return next(step for step in steps(explanation) if step.what == what)


def cell_under(report: Path, key: str, column: str) -> str:
    """A reference to the first figure under a column of a report's table, wherever it stands."""
    sheet = openpyxl.load_workbook(report, data_only=True)[BOOK.report(key).title.to("zh")]
    title = next(c.title.to("zh") for c in BOOK.report(key).columns if c.key == column)
    head = next(cell for row in sheet.iter_rows() for cell in row if cell.value == title)
    below = (sheet.cell(row, head.column) for row in range(head.row + 1, sheet.max_row + 1))
    found = next(cell for cell in below if isinstance(cell.value, int | float))
    return f"{report}:{sheet.title}!{found.coordinate}"


# -- arithmetic ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "reduced"),
    [
        ('IF(AND(ISNUMBER(10),1=1),10-12,"")', "10-12"),
        ("1+IF(2>1,-1,1)*3", "1+(-1)*3"),
        ("IF(1>2,1,0)", "1>2 = FALSE → 0"),  # a bare number says nothing by itself
        ("ROUND(IF(28<20,28-20,IF(28>30,28-30,0)),9)", "28>30 = FALSE → ROUND(0,9)"),
        ('IF(1>2,"a",IF(3>2,"b","c"))', '3>2 = TRUE → "b"'),
        ('MAX(0,IF("x,y)"="x,y)",1+2,3))', "MAX(0,(1+2))"),
        ("COUNTIF(1,2)+SUMIF(1,2)", "COUNTIF(1,2)+SUMIF(1,2)"),  # no IF of its own
        ("IF(nowhere>1,2,3)", "IF(nowhere>1,2,3)"),  # what cannot be decided stays
        ('"IF(1>2,1,2)"', '"IF(1>2,1,2)"'),  # a text is no formula
    ],
)
def test_only_the_branch_that_held_is_left(formula: str, reduced: str) -> None:
    assert reduce_branches(formula) == reduced


def test_arguments_are_split_outside_texts_and_brackets() -> None:
    assert split_arguments('A(1,2),"b,c",(3,4)') == ["A(1,2)", '"b,c"', "(3,4)"]


def test_days_are_written_as_days() -> None:
    values = {"start": date(2024, 1, 1), "finish": date(2024, 12, 31)}
    shown = arithmetic(BOOK, "expected", values, {"as_of": date(2024, 7, 1), "working_days": "no"})
    assert shown == "(DATE(2024,7,1)-DATE(2024,1,1)+1)/(DATE(2024,12,31)-DATE(2024,1,1)+1)"
    assert evaluate_text(shown) == pytest.approx(183 / 366)


def test_hostile_text_stays_a_text() -> None:
    values = {"filled": '"&HYPERLINK("x")&"', "attainment": 0.5}
    shown = arithmetic(BOOK, "rating", values, {})
    assert shown == 'ROUND(0.5,6)>=0.9 = FALSE → "red"'


def test_every_arithmetic_gives_the_value_beside_it(made: Made) -> None:
    checked = 0
    references = [*made.figures.facts["fact"], *made.figures.company_goals["goal"]]
    for reference in references:
        for step in steps(made.about(reference)):
            if not step.formula or not step.arithmetic:
                continue
            text = step.arithmetic.rpartition("→ ")[2]
            value = evaluate_text(text)
            checked += 1
            if isinstance(step.value, float | int):
                assert value == pytest.approx(step.value, rel=1e-9, abs=1e-9), (reference, step)
            else:
                told = step.shown if value else None  # a choice by its title, not its key
                assert (value or None) == told, (reference, step)
                assert bool(value) == (step.value is not None)
    assert checked > 300


def test_scores_and_company_goals_of_the_sample_add_up_as_printed(made: Made) -> None:
    named = check_arithmetic(made.figures, made.collection, "scores", "company_goals", "progress")
    assert len(named) >= 8


def small_figures(
    goals: Sequence[CompanyGoal], rows: Sequence[dict[str, Any]], unread: Sequence[dict[str, Any]] = ()
) -> RollUp:
    """Figures rolled up from short goals: a division with a goal of its own above two departments.

    `unread` are goals that were kept out.
    """
    tree = (
        Department("YX", "营销中心"),
        Department("XS", "销售部", "YX", weight=0.6),
        Department("KH", "客户部", "YX", weight=0.2),
    )
    company = Company(tree, tuple(goals))
    shared = {"direction": "higher", "aggregation": "sum", "metric_kind": "number", "level": "department",
              "quarters": 2, "coverage": "2/2", "rating": "green", "sheet": "1_目标总表", "cell": "D7"}  # fmt: skip
    names = {department.code: department.name for department in tree}
    records = [
        {**shared, "department_name": names[row["department"]], "file": f"{row['department']}.xlsx",
         "goal": f"目标{number}", "goal_id": f"G{number:03d}", "weight": None,
         "attainment": row["actual"] / row["target"], "method_used": "linear",
         "deviation": row["actual"] - row["target"], "deviation_rate": row["actual"] / row["target"] - 1,
         "annual_target": 2 * row["target"], **row}
        for number, row in enumerate(rows, 1)
    ]  # fmt: skip
    scores = score_nodes(BOOK, company, "", NodeInputs(records, (), unread), {})
    view = CompanyView(BOOK, company, {}, records, unread, frozenset(names))
    company_goals, _ = roll_company_goals(view)
    share_nodes(view, scores)
    share_facts(view, company_goals, [])
    made = {
        "goals": make_frame(FRAMES["goals"], records),
        "scores": make_frame(FRAMES["scores"], scores),
        "company_goals": make_frame(FRAMES["company_goals"], company_goals),
    }
    empty = {name: make_frame(FRAMES[name], ()) for name in ("facts", "tasks", "receipts")}
    return RollUp(BOOK, company, 2024, 1, date(2024, 7, 1), {}, "", problems=(), **empty, **made)


def test_a_division_with_goals_of_its_own_is_explained_with_them() -> None:
    rows = [
        {"department": "YX", "target": 10.0, "actual": 5.0, "weight": 0.75},
        {"department": "YX", "target": 10.0, "actual": 20.0, "weight": 0.25},
        {"department": "XS", "target": 10.0, "actual": 9.0},
        {"department": "KH", "target": 10.0, "actual": 8.0},
    ]
    figures, nobody = small_figures((), rows), Collection(Company(()), (), (), ())
    assert len(check_arithmetic(figures, nobody, "scores")) == 4
    division = explain(find_subject("YX", figures), figures, nobody).root
    own = next(step for step in division.steps if step.what.startswith("自身目标得分"))
    # 0.75 · 0.5 + 0.25 · the cap; beside parts of 0.6 and 0.2 it has their mean weight
    assert own.value == pytest.approx(0.675)
    assert division.value == pytest.approx((0.6 * 0.9 + 0.2 * 0.8 + 0.4 * 0.675) / 1.2)


def test_bounds_take_what_was_kept_out_at_nothing_and_at_the_cap() -> None:
    """Goals of a department, parts of a division with goals of its own, rows of a company goal."""
    revenue = CompanyGoal("营收", unit="万元", rollup="sum", lead="XS")
    satisfied = CompanyGoal("满意", unit="分", rollup="weighted")
    rows = [
        {"department": "YX", "target": 10.0, "actual": 9.0, "weight": 0.8, "company_goal": None},
        {"department": "XS", "target": 30.0, "actual": 27.0, "company_goal": "营收", "unit": "万元"},
        {"department": "KH", "target": 10.0, "actual": 8.0, "weight": 0.7, "company_goal": "满意"},
    ]
    kept_out = [
        {"department": "YX", "level": "department", "attainment": None, "weight": 0.2, "company_goal": None},
        {"department": "KH", "level": "department", "attainment": None, "weight": 0.3, "company_goal": "满意",
         "unit": "分", "annual_target": None},
        {"department": "KH", "level": "support", "attainment": None, "weight": None, "company_goal": "营收",
         "unit": "元", "annual_target": 400_000.0},
    ]  # fmt: skip
    figures, nobody = small_figures((revenue, satisfied), rows, kept_out), Collection(Company(()), (), (), ())
    assert len(check_arithmetic(figures, nobody, "scores", "company_goals")) == 6
    found = {row["code"]: row for row in figures.rows("scores")}
    assert (found["KH"]["low"], found["KH"]["high"]) == pytest.approx((0.56, 0.56 + 0.3 * 1.2))
    # parts of 0.6 and 0.2, and own goals with their mean weight of 0.4: 0.8 · 0.9, the rest missing
    assert found["YX"]["low"] == pytest.approx((0.6 * 0.9 + 0.2 * 0.56 + 0.4 * 0.72) / 1.2)
    division = {s.what: s for s in explain(find_subject("YX", figures), figures, nobody).root.steps}
    assert evaluate_text(division["下限"].arithmetic.replace("×", "*")) == pytest.approx(found["YX"]["low"])
    assert "被隔离" in division["下限"].note
    summed = {s.what: s for s in explain(find_subject("营收", figures), figures, nobody).root.steps}
    assert summed["达成率下限"].arithmetic == "0.9 × 60 / 100"  # 60 taken over with figures, 40 without
    mean = {s.what: s for s in explain(find_subject("满意", figures), figures, nobody).root.steps}
    assert mean["达成率上限"].arithmetic == "0.8 × 0.7 / 1 + 1.2 × (1 - 0.7) / 1"


def test_only_what_counts_stands_in_a_company_goals_arithmetic() -> None:
    revenue = CompanyGoal("营收", unit="万元", rollup="sum")
    new = CompanyGoal("新业务", unit="元", rollup="sum")
    share = CompanyGoal("占比", unit="%", rollup="ratio", numerator="新业务", denominator="营收")
    rows = [
        {"department": "XS", "company_goal": "营收", "unit": "万元", "target": 300.0, "actual": 330.0},
        {"department": "XS", "company_goal": "新业务", "unit": "万元", "target": 60.0, "actual": 33.0},
        {"department": "KH", "company_goal": "营收", "unit": "元", "target": 2e6, "actual": 1e6},
        {
            "department": "YX",
            "company_goal": "营收",
            "unit": "家",
            "target": 5.0,
            "actual": 4.0,
        },  # other unit
    ]
    figures, nobody = small_figures((revenue, new, share), rows), Collection(Company(()), (), (), ())
    assert check_arithmetic(figures, nobody, "company_goals") == ["营收", "新业务", "占比"]
    found = {row["goal"]: row for row in figures.company_goals.to_dict("records")}
    assert found["营收"]["actual"] == 430.0
    assert found["占比"]["actual"] == pytest.approx(100 * 33 / 430)
    assert found["占比"]["paired"] == "XS、KH"  # not 营销中心, whose unit does not convert


def test_a_frame_is_read_once(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []

    def count(frame: Any) -> Any:
        read.append(id(frame))
        return rows_of(frame)

    monkeypatch.setattr("planbook.measures.model.rows_of", count)
    figures = replace(made.figures)  # none of its frames has been read
    explain(find_subject("营销中心", figures), figures, made.collection)
    assert len(read) == len(set(read)) > 2


# -- references ----------------------------------------------------------------------------


def test_a_fact_down_to_what_was_typed(made: Made) -> None:
    explanation = made.about("YX-R006")
    assert explanation.root == made.about("XS-R006").root  # 销售部's row in its division's workbook
    actual = named(explanation, "实际完成")
    assert actual.place is not None
    assert (actual.place.file, actual.place.sheet, actual.place.cell) == (
        "营销中心-2024计划.xlsx", "4_季度复盘", "H12",
    )  # fmt: skip
    assert (actual.typed, actual.value, actual.unit) == ("3150万元", 31_500_000.0, "元")
    assert actual.note == "由文字读取: 31,500,000元"
    assert actual.sha256 == made.figures.facts.set_index("fact").loc["YX-R006", "sha256"]
    deviation = named(explanation, "偏差")
    assert deviation.formula.startswith("=IF(AND(ISNUMBER([实际完成]),ISNUMBER([季度目标])")
    assert deviation.arithmetic == "ROUND(31500000-30000000,9)"


def test_the_cell_named_holds_what_was_typed(made: Made) -> None:
    """Every typed figure of every goal is looked up in the returned file itself."""
    opened: dict[str, openpyxl.Workbook] = {}
    looked = 0
    for code in ("XS-G001", "CP-G001", "SC-G001"):
        for step in steps(made.about(code)):
            if step.place is None or not step.typed:
                continue
            file = samples_folder() / "returned" / step.place.file
            book = opened.setdefault(step.place.file, openpyxl.load_workbook(file, data_only=True))
            found = book[step.place.sheet][step.place.cell].value
            looked += 1
            if isinstance(found, str):
                assert found.strip() == step.typed
            else:
                assert f"{found:,.10g}" == step.typed
    assert looked >= 15


def test_a_goal_shows_how_quarters_make_the_year(made: Made) -> None:
    explanation = made.about("XS-G001")
    assert named(explanation, "累计实际").arithmetic == "24800000 + 31500000"
    assert named(explanation, "累计实际").value == 56_300_000.0
    assert made.about("xs-g001").root == explanation.root  # whatever the case
    assert made.about("营收增长").root == explanation.root  # by its name


def test_a_company_goal_shows_what_each_department_brings(made: Made) -> None:
    explanation = made.about("年度营收增长15%", deep=True)
    total = named(explanation, "累计实际")
    assert total.arithmetic == "56300000 / 100000000 + 3005 / 10000"  # 元 and 万元, in 亿元
    assert evaluate_text(total.arithmetic) == pytest.approx(total.value)
    files = {step.place.file for step in steps(explanation) if step.place and step.typed}
    assert len(files) >= 2


def test_a_score_is_the_mean_its_arithmetic_says(made: Made) -> None:
    for reference in ("company", "YX", "销售部"):
        step = made.about(reference).root
        shown = step.arithmetic.replace("×", "*")
        assert evaluate_text(shown) == pytest.approx(step.value, rel=1e-8)
    whole = {s.what.rpartition("　")[2] for s in steps(made.about("company", deep=True))}
    assert {"营销中心", "销售部"} <= whole


def test_a_task_with_its_expected_progress(made: Made) -> None:
    task = made.figures.tasks.iloc[0]
    explanation = made.about(task["task"])
    assert explanation.root.value == task["percent"]
    assert (
        "DATE(2024,7,1)" in named(explanation, "进度偏差").arithmetic
        or named(explanation, "计划进度").arithmetic
    )


def test_what_is_no_reference_is_refused(made: Made) -> None:
    with pytest.raises(UsageError, match="is no fact"):
        made.about("什么也不像")


@pytest.mark.parametrize(
    ("typed", "near"), [("销售", "销售部"), ("XS-R999", "XS-R009"), ("xs-r00", "XS-R001")]
)
def test_what_is_nearly_a_reference_is_answered_with_those_it_may_mean(
    made: Made, typed: str, near: str
) -> None:
    with pytest.raises(UsageError, match="near it are") as caught:
        made.about(typed)
    assert near in caught.value.message("zh").partition("；相近的有 ")[2].split("、")


# -- cells of the consolidated workbook --------------------------------------------------------


def test_every_figure_of_the_tables_leads_to_its_row(made: Made) -> None:
    book = openpyxl.load_workbook(made.report, data_only=True)
    frames = {"variance": "goals", "facts": "facts", "company_goals": "company_goals", "tasks": "tasks"}
    led = 0
    for key, frame in frames.items():
        report = BOOK.report(key)
        sheet = book[report.title.to("zh")]
        titles = {column.title.to("zh"): column.key for column in report.columns}
        head = next(row for row in sheet.iter_rows() if sum(cell.value in titles for cell in row) > 5)
        figures = [c for c in head if titles.get(c.value) in ("target", "actual", "attainment", "percent")]
        for row in range(head[0].row + 1, sheet.max_row + 1, 4):
            for column in (cell.column for cell in figures):
                cell = sheet.cell(row, column)
                if not isinstance(cell.value, int | float):
                    continue
                subject = find_subject(f"{made.report}:{sheet.title}!{cell.coordinate}", made.figures)
                assert subject.frame == frame
                assert subject.row[subject.column] == pytest.approx(cell.value, rel=1e-9)
                led += 1
    assert led > 60


def test_a_cell_carries_the_day_of_its_report(made: Made, tmp_path: Path) -> None:
    cell = read_report_cell(cell_under(made.report, "variance", "deviation"), BOOK)
    assert (cell.report.key, cell.day) == ("variance", made.figures.as_of)
    earlier = roll_up_cycle(
        made.cycle, collect_returns(made.cycle, [samples_folder() / "returned"], as_of=date(2024, 3, 31)),
        as_of=date(2024, 3, 31),
    )  # fmt: skip
    report = tmp_path / "march.xlsx"
    write_consolidated(report, earlier)
    paths = [samples_folder() / "returned"]
    explanation = explain_reference(cell_under(report, "variance", "actual"), made.cycle, paths)
    assert explanation.asked is not None
    assert explanation.asked.value == explanation.reported  # the first quarter alone, as the report has it


def heading_under_a_table(made: Made) -> str:
    """The heading of the summary's ten largest adverse variances, below the table of coherence."""
    sheet = openpyxl.load_workbook(made.report, data_only=True)["管理摘要"]
    cell = next(cell for cell in sheet["A"] if "前十大不利偏差" in str(cell.value))
    return f"{sheet.title}!{cell.coordinate}"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("{report}:管理摘要!A1", "no figure of a table"),
        ("{report}:差异汇总!H4", "no figure of a table"),  # a title
        ("{report}:{heading}", "no figure of a table"),  # between two tables of the summary
        ("{report}:没有!A1", "has no sheet"),
        ("missing.xlsx:管理摘要!A1", "missing.xlsx"),
    ],
)
def test_a_cell_that_is_no_figure_is_refused(made: Made, reference: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        find_subject(reference.format(report=made.report, heading=heading_under_a_table(made)), made.figures)


# -- output --------------------------------------------------------------------------------


def test_the_text_marks_what_was_asked_and_escapes_what_was_typed(made: Made) -> None:
    reference = cell_under(made.report, "variance", "deviation")
    explanation = explain(find_subject(reference, made.figures), made.figures, made.collection)
    text = render_explanation(explanation, "zh")
    assert text.count("→ 偏差 = ") == 1
    hostile = Explanation("x", Step("a\x1b[31m", 1.0, shown="1", typed="\u202e=1"))
    assert "\x1b" not in render_explanation(hostile, "zh")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_command(made: Made, lang: str) -> None:
    folder = str(samples_folder() / "returned")
    args = ["explain", "YX-R006", folder, "--cycle", str(samples_folder()), "--lang", lang]
    done = CliRunner().invoke(main, args)
    assert done.exit_code == 0, done.output
    assert "营销中心-2024计划.xlsx:4_季度复盘!H12" in done.output and "3150万元" in done.output
    document = json.loads(CliRunner().invoke(main, [*args, "--json"]).output)
    assert document["explanation"]["steps"][1]["cell"] == "H12"
    assert CliRunner().invoke(main, ["explain", "XS-R999", *args[2:]]).exit_code == 2
