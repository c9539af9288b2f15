"""What stands in a workbook before anyone types: company goals, background, earlier rows, and from where."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import yaml

from planbook.company import BackgroundFact
from planbook.cycle import Cycle, load_cycle
from planbook.issuing import Issued, IssueOptions, issue_workbooks
from planbook.issuing.files import find_sheet, headings_of
from planbook.plan import Plan, Value
from planbook.problems import Code, CycleError, OutputError, Problem, Severity, UsageError, in_words
from planbook.reader import Submission, read_workbook
from planbook.spec import FIELDS, Source, Take, check_spec, compose_text, load_spec
from planbook.workflow import expectations, read_and_check
from tests.support.office import Engine, judge, require_office, resave_libreoffice, stamp_modified
from tests.support.validate import check_package
from tests.support.workbooks import write_filled
from tests.test_cli import run

DOCS = Path(__file__).parents[1] / "docs" / "books.md"
BOOK = Path(__file__).parent / "support" / "background_book.yaml"
TOML = 'year = 2024\nas_of = 2024-04-01\nlanguage = "zh"\n'
DEPARTMENTS = """\
code,name,parent,workbook,duties
YX,营销中心,,是,市场与销售
XS,销售部,YX,,新客户开拓
KH,客户部,YX,,
SC,市场部,YX,是,
YF,产品研发中心,,,
RD,研发部,YF,,技术攻关
ZL,质量部,YF,,
CW,财务部,,,
"""
GOALS = """\
goal,metric,unit,direction,baseline,target,target_high,aggregation,due,lead,cooperating
营收增长15%,营收总额,亿元,越高越好,1.6亿元,1.84亿元,,累计,2024-12-31,XS,SC
综合成本下降8%,综合成本,万元,越低越好,5000,4600,,累计,2024-12-31,CW,
产品按期上市,上市准时率,%,区间,80,85,95,期末,2024-11-30,YF,
"""
SHEETS = ("goals", "decomposition", "tracking", "review")
ROWS = {"goals": 8, "decomposition": 8, "tracking": 8, "review": 12}
FEW = IssueOptions(rows={**ROWS, "background": 12, "execution": 4, "lessons": 4})


def write_cycle(folder: Path, toml: str = TOML, **files: str | bytes) -> Cycle:
    """A cycle with the tests' company; `files` are more inputs, ``__`` in a name a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    inputs: dict[str, str | bytes] = {"planbook.toml": toml, "departments.csv": DEPARTMENTS}
    inputs |= {"company_goals.csv": GOALS}
    inputs |= {f"{name.replace('__', '/')}.csv": content for name, content in files.items()}
    for name, content in inputs.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_cycle(folder)


def issue(cycle: Cycle, *departments: str, options: IssueOptions = FEW) -> dict[str, Submission]:
    """The workbooks of the departments, read back as the cycle reads them, by code."""
    issued = issue_workbooks(cycle, departments, options)
    assert all(one.written for one in issued)
    return {one.department: read_workbook(one.path, expectations(cycle)) for one in issued}


def rows(submission: Submission, sheet: str) -> dict[int, dict[str, Value]]:
    """The rows of a sheet by number."""
    return {row.number: dict(row.values) for row in submission.plan.rows(sheet)}


def worth_a_word(submission: Submission) -> set[Code]:
    """The codes of the errors and warnings of a workbook that was read."""
    return {p.code for p in submission.problems if p.severity is not Severity.NOTE}


def faults(cycle: Cycle, *prefill: Path) -> list[tuple[Code, str, int, str]]:
    """Code, file, line and column of everything that keeps the workbooks from being issued."""
    outbox = set(cycle.outbox.glob("*"))
    with pytest.raises(CycleError) as caught:
        issue_workbooks(cycle, (), replace(FEW, prefill=prefill))
    assert set(cycle.outbox.glob("*")) == outbox, "nothing is written"
    for problem in caught.value.problems:
        assert problem.line("zh") and problem.line("en")
    return [where(problem) for problem in caught.value.problems]


def where(problem: Problem) -> tuple[Code, str, int, str]:
    place = problem.location
    return problem.code, place.file, place.line, place.path or place.cell


# -- company goals -------------------------------------------------------------------------


def test_a_goal_of_one_department_comes_with_its_target_and_baseline(tmp_path: Path) -> None:
    found = issue(write_cycle(tmp_path), "CW")["CW"]
    (row,) = rows(found, "goals").values()
    assert row == {
        "level": "department",
        "goal": "综合成本下降8%",
        "metric": "综合成本",
        "metric_kind": "number",
        "direction": "lower",
        "unit": "万元",
        "baseline": 5000.0,
        "target": 4600.0,
        "aggregation": "sum",
        "department": "CW",
        "due": date(2024, 12, 31),
        "company_goal": "综合成本下降8%",
    }
    assert not worth_a_word(found)


def test_a_shared_goal_leaves_the_target_to_the_department_and_names_the_companys(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path)
    found = issue(cycle, "SC", "YX")
    (own,) = rows(found["SC"], "goals").values()
    assert own["department"] == "SC" and own["company_goal"] == "营收增长15%" and own["unit"] == "亿元"
    assert "target" not in own and "baseline" not in own
    assert own["note"] == "公司目标值 1.84亿元（上年 1.6亿元），由销售部、市场部共同承接"
    (divisions,) = rows(found["YX"], "goals").values()
    assert divisions["department"] == "XS", "the workbook of a division names the department that leads"
    checked, _ = read_and_check(cycle.outbox / "2024-SC-市场部.xlsx", cycle)
    missing = [(p.code, p.location.cell) for p in checked.problems if p.severity is Severity.ERROR]
    assert missing == [(Code.REQUIRED_MISSING, "I7")], "the target is still to come"
    english = issue(cycle, "SC", options=replace(FEW, lang="en", out=tmp_path / "en"))["SC"]
    note = rows(english, "goals")[1]["note"]
    assert note == "Company target 1.84亿元 (last year 1.6亿元), shared by 销售部, 市场部"


def test_a_goal_of_a_division_without_a_workbook_goes_to_all_below(tmp_path: Path) -> None:
    found = issue(write_cycle(tmp_path), "RD", "ZL")
    for code, submission in found.items():
        (row,) = rows(submission, "goals").values()
        assert (row["department"], row["goal"], row["direction"]) == (code, "产品按期上市", "band")
        assert "target" not in row and "target_high" not in row, "shared by two workbooks"
        assert str(row["note"]).startswith("公司目标值 85–95%")


def test_a_band_of_one_department_has_both_bounds(tmp_path: Path) -> None:
    goals = GOALS.replace("2024-11-30,YF,", "2024-11-30,RD,")
    found = issue(write_cycle(tmp_path, company_goals=goals), "RD")["RD"]
    row = rows(found, "goals")[1]
    assert (row["target"], row["target_high"], row["baseline"]) == (85.0, 95.0, 80.0)
    assert not worth_a_word(found)


def test_the_setting_turns_company_goals_off(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path, TOML + "take_over_goals = false\n")
    assert rows(issue(cycle, "CW")["CW"], "goals") == {}
    with pytest.raises(CycleError) as caught:
        write_cycle(tmp_path / "bad", 'take_over_goals = "no"\n' + TOML)
    assert [where(p) for p in caught.value.problems] == [
        (Code.INPUT_VALUE, "planbook.toml", 1, "take_over_goals")
    ]


def test_the_classic_book_writes_targets_with_their_units(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path, TOML + 'book = "classic"\n')
    found = issue(cycle, "CW", "SC", options=IssueOptions(rows=ROWS))
    assert rows(found["CW"], "goals")[1] | {"note": ""} == {
        "level": "department",
        "goal": "综合成本下降8%",
        "metric": "综合成本",
        "metric_kind": "number",
        "direction": "higher",
        "unit": "元",
        "target": 46_000_000.0,
        "aggregation": "sum",
        "department": "CW",
        "due": date(2024, 12, 31),
        "note": "",
    }
    assert found["CW"].typed["goals", 1, "target"] == "4,600万元"
    assert rows(found["CW"], "goals")[1]["note"] == "承接公司目标“综合成本下降8%”"
    assert "公司目标值 1.84亿元，由销售部、市场部共同承接" in str(rows(found["SC"], "goals")[1]["note"])


# -- files of rows -------------------------------------------------------------------------

GOALS_CSV = """\
部门,编号,目标名称,衡量指标,单位,目标值,完成时限,权重,目标层级,指标方向
财务部,G003,费用率,费用占营收比重,%,8.5,年底,60%,部门总目标,↓
CW,,预算准确率,预算偏差率,%,９５,2024年12月,0.4,部门总目标,
CW,,年度审计,审计意见,,,2024-06-30,,部门支撑目标,
"""
TASKS_CSV = """\
department\tgoal\tinitiative\ttask\tmetric\ttarget\tunit\tlead\tstart\tfinish\tbudget
CW\tG003\t费用管控\t差旅费用压降\t差旅费\t120万\t万元\t部门经理\t1月3日\t上半年\t2万元
CW\t预算偏差率\t滚动预算\t每月滚动预算\t次数\t十二\t次\t财务分析\t2024-01-01\t2024Q4\t
CW\t年度审计｜\t审计\t配合年审\t报告\t1\t项\t部门经理\t2024-02\t2024-04\t
"""


def test_lines_land_by_id_or_in_the_first_free_row_and_read_as_a_planners_cells(tmp_path: Path) -> None:
    cycle = write_cycle(
        tmp_path,
        prefill__goals=GOALS_CSV.encode("gb18030"),
        prefill__目标分解=TASKS_CSV.replace("年度审计｜", "年度审计"),
    )
    found = issue(cycle, "CW")["CW"]
    goals = rows(found, "goals")
    assert {number: row["goal"] for number, row in goals.items()} == {
        1: "综合成本下降8%",
        2: "预算准确率",
        3: "费用率",
        4: "年度审计",
    }
    assert goals[3]["target"] == 8.5 and goals[3]["weight"] == 0.6 and goals[3]["direction"] == "lower"
    assert goals[3]["due"] == date(2024, 12, 31) and goals[2]["target"] == 95.0
    tasks = rows(found, "decomposition")
    assert [task["goal"] for task in tasks.values()] == ["G003", "G002", "G004"]
    assert tasks[1]["target"] == 120.0 and tasks[1]["unit"] == "万元" and tasks[1]["budget"] == 20_000.0
    assert (tasks[1]["start"], tasks[1]["finish"]) == (date(2024, 1, 3), date(2024, 6, 30))
    assert tasks[2]["target"] == 12.0 and tasks[3]["start"] == date(2024, 2, 1)
    assert worth_a_word(found) <= {Code.REQUIRED_MISSING}


def test_what_was_filled_in_reads_back_and_fills_in_the_same_again(tmp_path: Path) -> None:
    cycle = write_cycle(
        tmp_path, prefill__goals=GOALS_CSV, prefill__目标分解=TASKS_CSV.replace("年度审计｜", "年度审计")
    )
    (first,) = issue_workbooks(cycle, ["CW"], FEW)
    plan = read_workbook(first.path, expectations(cycle)).plan
    shutil.rmtree(tmp_path / "prefill")
    again = issue_workbooks(
        load_cycle(tmp_path), ["CW"], replace(FEW, prefill=(first.path,), out=tmp_path / "2")
    )
    assert again[0].problems == ()
    assert read_workbook(again[0].path, expectations(cycle)).plan == plan
    assert first.path.read_bytes() == again[0].path.read_bytes()


def test_sources_merge_in_order_and_the_later_one_counts(tmp_path: Path) -> None:
    cycle = write_cycle(
        tmp_path,
        prefill__goals="部门,目标名称,单位,基线值,权重\nCW,综合成本下降8%,元,5.2千万,30%\n",
        more__goals="部门,目标名称,备注,权重\nCW,综合成本下降 8%,见附件,50%\n",
    )
    (issued,) = issue_workbooks(cycle, ["CW"], replace(FEW, prefill=(tmp_path / "more" / "goals.csv",)))
    (row,) = rows(read_workbook(issued.path, expectations(cycle)), "goals").values()
    assert (row["weight"], row["note"], row["metric"]) == (0.5, "见附件", "综合成本")
    assert row["unit"] == "元" and row["target"] == 46_000_000.0, "the company's 4600 万元, in the later unit"


def test_a_row_that_names_the_company_goal_takes_its_place(tmp_path: Path) -> None:
    text = "部门,目标名称,承接公司目标,目标值,单位\nCW,综合成本压降,综合成本下降8%,4500,万元\n"
    (row,) = rows(issue(write_cycle(tmp_path, prefill__goals=text), "CW")["CW"], "goals").values()
    assert (row["goal"], row["target"], row["due"]) == ("综合成本压降", 4500.0, date(2024, 12, 31))
    two = text + "CW,综合成本管控,综合成本下降8%,100,万元\n"
    found = rows(issue(write_cycle(tmp_path / "two", prefill__goals=two), "CW")["CW"], "goals")
    assert [r["goal"] for r in found.values()] == ["综合成本压降", "综合成本管控"]


def test_every_fault_is_named_with_file_line_and_column_and_nothing_is_written(tmp_path: Path) -> None:
    cycle = write_cycle(
        tmp_path,
        prefill__goals="""\
部门,编号,目标名称,目标值,完成时限,累计实际,指标方向
财务,,甲,待定,2024-12-31,,
CW,T001,乙,5,某天,,
CW,G002,丙,5,,12,上升
CW,,丁,5,,,
CW,,丁,6,,,
YF,,戊,5,,,
,,己,5,,,
RD,,庚,5,,,
""",
        prefill__review="部门,季度,目标名称,本季实际\nCW,Q1,没有这个目标,5\n",
        prefill__杂项="部门,内容\nCW,某事\n",
    )
    (tmp_path / "prefill" / "说明.docx").write_text("x")
    (tmp_path / "prefill" / "销售部").mkdir()
    (tmp_path / "prefill" / ".git").mkdir()
    (tmp_path / "prefill" / "~$goals.xlsx").write_text("x")
    more = tmp_path / "tracking.csv"
    more.write_text("部门,所属目标,任务名称\nCW,没有这个目标,x\nCW,丙,无此任务\n", encoding="utf-8")
    assert sorted(faults(cycle, more)) == sorted(
        [
            (Code.INPUT_REFERENCE, "prefill/goals.csv", 2, "部门"),
            (Code.PREFILL_ID, "prefill/goals.csv", 3, "编号"),
            (Code.PREFILL_CALCULATED, "prefill/goals.csv", 4, "累计实际"),
            (Code.NOT_IN_LIST, "prefill/goals.csv", 4, "指标方向"),
            (Code.INPUT_DUPLICATE, "prefill/goals.csv", 6, "目标名称"),
            (Code.PREFILL_NO_WORKBOOK, "prefill/goals.csv", 7, "部门"),
            (Code.INPUT_VALUE, "prefill/goals.csv", 8, "部门"),
            (Code.INPUT_COLUMN, "prefill/review.csv", 1, "本季实际"),
            (Code.LINK_BROKEN, "prefill/review.csv", 2, "目标名称"),
            (Code.PREFILL_SHEET, "prefill/杂项.csv", 0, ""),
            (Code.PREFILL_FILE, "prefill/说明.docx", 0, ""),
            (Code.PREFILL_FILE, "prefill/销售部", 0, ""),
            (Code.LINK_BROKEN, str(more), 2, "所属目标"),
            (Code.LINK_BROKEN, str(more), 2, "任务名称"),
            (Code.LINK_BROKEN, str(more), 3, "任务名称"),
        ]
    )


@pytest.mark.parametrize(
    ("column", "typed", "code"),
    [
        ("目标值", "待定", Code.NOT_A_QUANTITY),
        ("目标值", "5家", Code.UNIT_MISMATCH),
        ("完成时限", "某天", Code.NOT_A_DATE),
        ("权重", "很高", Code.NOT_A_PERCENT),
        ("权重", "-10%", Code.OUT_OF_RANGE),
        ("目标层级", "集团目标", Code.NOT_IN_LIST),
        ("目标名称", "降本*增效", Code.BAD_CHARACTER),
    ],
)
def test_a_cell_that_does_not_read_is_a_fault_at_its_column(
    tmp_path: Path, column: str, typed: str, code: Code
) -> None:
    text = f"部门,单位,{column}\nRD,万元,5\nCW,万元,{typed}\n".replace("RD,万元,5\n", "")
    assert faults(write_cycle(tmp_path, prefill__goals=text)) == [(code, "prefill/goals.csv", 2, column)]


def test_doubtful_readings_are_warned_of_and_go_on(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path, prefill__goals="部门,目标名称,单位,目标值\nCW,甲,家,约50\nCW,,,\n")
    (issued,) = issue_workbooks(cycle, ["CW"], FEW)
    assert [where(p) for p in issued.problems] == [
        (Code.PREFILL_EMPTY, "prefill/goals.csv", 3, "部门"),
        (Code.AMBIGUOUS_VALUE, "prefill/goals.csv", 2, "目标值"),
    ]
    result = run("generate", "CW", "--rows", "goals=8", cwd=tmp_path)
    assert result.exit_code == 0 and "prefill/goals.csv:2 [目标值]" in result.output


def test_a_row_too_many_names_the_rows_to_ask_for(tmp_path: Path) -> None:
    lines = "".join(f"CW,目标{n}\n" for n in range(1, 9))
    cycle = write_cycle(tmp_path, prefill__goals="部门,目标名称\n" + lines)
    with pytest.raises(CycleError) as caught:
        issue_workbooks(cycle, ["CW"], FEW)
    (problem,) = caught.value.problems
    assert where(problem) == (Code.PREFILL_FULL, "prefill/goals.csv", 9, "目标名称")
    assert "--rows goals=9" in problem.line("zh") and "--rows goals=9" in problem.line("en")
    issue_workbooks(cycle, ["CW"], IssueOptions(rows={**ROWS, "goals": 9}))


def test_the_folder_may_be_a_file_and_must_be_there_when_it_is_named(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path, TOML + '[paths]\nprefill = "goals.csv"\n')
    assert faults(cycle) == [(Code.INPUT_MISSING, "goals.csv", 0, "")]
    (tmp_path / "goals.csv").write_text("部门,目标名称\nCW,甲\n", encoding="utf-8")
    assert rows(issue(cycle, "CW")["CW"], "goals")[2]["goal"] == "甲"


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    text = '部门,目标名称,备注\nCW,=1+1,"=HYPERLINK(""http://x"",""y"")"\n'
    found = issue(write_cycle(tmp_path, prefill__goals=text), "CW")["CW"]
    assert rows(found, "goals")[2]["note"] == '=HYPERLINK("http://x","y")'
    (path,) = (tmp_path / "outbox").glob("*.xlsx")
    cell = openpyxl.load_workbook(path)["1_目标总表"]["C8"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_headers_copied_from_the_workbook_are_known() -> None:
    book = load_spec()
    goals = book.sheet("goals")
    titles = {title for heading in headings_of(book, goals) for title in heading.titles}
    assert {"目标层级 *", "单位\n（选填）", "Baseline\n(optional)", "责任部门 *", "No."} <= titles
    named = {
        "goals": "goals",
        "1_目标总表": "goals",
        "目标总表（财务部）": "goals",
        "Review-2024Q1": "review",
    }
    for name, key in named.items():
        sheet = find_sheet(book, name)
        assert sheet is not None and sheet.key == key
    assert find_sheet(book, "目标") is None and find_sheet(book, "goalsetting") is None


def test_a_file_for_nobody_is_said(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path, more__goals="部门,目标名称\nRD,甲\n")
    with pytest.raises(UsageError, match=r"goals\.csv has no row for 财务部"):
        issue_workbooks(cycle, ["CW"], replace(FEW, prefill=(tmp_path / "more" / "goals.csv",)))
    assert rows(issue(cycle, "CW", "RD", options=replace(FEW, prefill=(tmp_path / "more",)))["RD"], "goals")


# -- workbooks that came back --------------------------------------------------------------


def filled_plan(year: int = 2024) -> Plan:
    """What the division YX reported: two goals, three tasks, one of them done, and a quarter each."""
    due, start = date(year, 12, 31), date(year, 1, 1)
    goal: Mapping[str, Value] = {"level": "department", "department": "XS", "due": due, "aggregation": "sum"}
    task: Mapping[str, Value] = {"department": "XS", "metric": "完成", "target": 1.0, "lead": "客户主管"}
    task = {**task, "unit": "项", "initiative": "拓展", "start": start, "finish": due}
    tables: dict[str, dict[int, dict[str, Value]]] = {
        "goals": {
            2: {**goal, "goal": "营业收入", "metric": "营收总额", "unit": "万元", "target": 16_000.0},
            5: {**goal, "goal": "新客户拓展", "metric": "签约量", "unit": "家", "target": 50.0},
        },
        "decomposition": {
            1: {**task, "goal": "G002", "task": "提价"},
            4: {**task, "goal": "G005", "task": "拜访客户"},
            5: {**task, "goal": "G005", "task": "首单优惠"},
        },
        "tracking": {
            1: {"goal": "G002", "initiative": "拓展", "task": "T001", "owner": "甲", "percent": 1.0},
            2: {"goal": "G005", "initiative": "拓展", "task": "T004", "owner": "乙", "percent": 0.4},
        },
        "review": {
            n: {"quarter": f"q{n}", "department": "XS", "goal": "G002", "target": 4000.0, "actual": 4100.0}
            for n in range(1, 5)
        },
    }
    for row in tables["tracking"].values():
        row["updated"] = date(year, 3, 28)
    from planbook.plan import PlanRow

    return Plan(
        {key: tuple(PlanRow(n, row) for n, row in table.items()) for key, table in tables.items()},
        {"as_of": date(year, 12, 31)},
    )


def test_this_years_workbook_is_filled_in_again_as_it_was(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path, TOML + "take_over_goals = false\n")
    returned = write_filled(tmp_path / "营销中心一季度.xlsx", filled_plan())
    found = issue(cycle, "YX", options=replace(FEW, prefill=(returned,)))["YX"]
    before = read_workbook(returned, expectations(cycle))
    for sheet in SHEETS:
        assert rows(found, sheet) == rows(before, sheet), sheet
    both = issue(
        load_cycle(write_cycle(tmp_path / "on").folder), "YX", options=replace(FEW, prefill=(returned,))
    )["YX"]
    names = [row["goal"] for row in rows(both, "goals").values()]
    assert names == ["营收增长15%", "营业收入", "新客户拓展"], (
        "ids of the returned rows stay, others give way"
    )


def test_last_years_workbook_gives_open_tasks_and_baselines(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path, TOML.replace("2024", "2025"))
    returned = write_filled(tmp_path / "去年.xlsx", filled_plan())
    found = issue(cycle, "YX", options=replace(FEW, prefill=(returned,)))["YX"]
    goals = rows(found, "goals")
    assert [row["goal"] for row in goals.values()] == ["营收增长15%", "新客户拓展"]
    assert goals[1]["baseline"] == pytest.approx(1.64), "by its metric, 16,400 万元 in the goal's 亿元"
    assert goals[1]["company_goal"] == "营收增长15%" and "target" not in goals[1]
    assert "target" not in goals[2] and "baseline" not in goals[2], "nothing was reported for it"
    tasks = rows(found, "decomposition")
    assert [(row["task"], row["goal"]) for row in tasks.values()] == [("拜访客户", "G002")]
    assert "start" not in tasks[1] and tasks[1]["lead"] == "客户主管"
    (tracked,) = rows(found, "tracking").values()
    assert (tracked["goal"], tracked["task"], tracked["percent"]) == ("G002", "T001", 0.4)
    assert rows(found, "review") == {}
    assert worth_a_word(found) <= {Code.REQUIRED_MISSING}


def test_of_two_returns_of_one_department_the_later_counts(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path, TOML + "take_over_goals = false\n")
    (tmp_path / "prefill").mkdir()
    old, new = filled_plan(), filled_plan()
    row = new.rows("goals")[0]
    later = replace(row, values={**row.values, "goal": "营业收入（修订）"})
    new = Plan({**new.tables, "goals": (later, *new.rows("goals")[1:])}, new.inputs)
    # The one saved later comes first by name.
    stamp_modified(write_filled(tmp_path / "prefill" / "a修订.xlsx", new), "2024-05-02T08:00:00Z")
    stamp_modified(write_filled(tmp_path / "prefill" / "b初稿.xlsx", old), "2024-04-02T08:00:00Z")
    (issued,) = issue_workbooks(cycle, ["YX"], FEW)
    found = rows(read_workbook(issued.path, expectations(cycle)), "goals")
    assert [row["goal"] for row in found.values()] == ["营业收入（修订）", "新客户拓展"]
    assert [(p.code, p.location.file, p.expected) for p in issued.problems] == [
        (Code.RESUBMITTED, "prefill/b初稿.xlsx", "prefill/a修订.xlsx")
    ]


def test_a_part_of_a_year_is_no_baseline(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path, TOML.replace("2024", "2025"))
    plan = filled_plan()
    half = Plan({**plan.tables, "review": plan.rows("review")[:2]}, plan.inputs)
    path = write_filled(tmp_path / "半年.xlsx", half)
    (issued,) = issue_workbooks(cycle, ["YX"], replace(FEW, prefill=(path,)))
    assert "baseline" not in rows(read_workbook(issued.path, expectations(cycle)), "goals")[1]
    (remark,) = issued.problems
    assert (remark.code, str(remark.location)) == (Code.PREFILL_INCOMPLETE, f"{path}:1_目标总表")
    assert (remark.subject, remark.found, in_words(remark.expected, "zh")) == (
        "基线值",
        "1",
        "计入季度数 = 4",
    )


@pytest.mark.office
def test_a_workbook_saved_by_libreoffice_serves_as_well(tmp_path: Path) -> None:
    require_office("libreoffice")
    cycle = write_cycle(tmp_path, TOML + "take_over_goals = false\n")
    (saved,) = resave_libreoffice([write_filled(tmp_path / "一季度.xlsx", filled_plan())], tmp_path / "lo")
    options = replace(FEW, prefill=(saved,))
    (issued,) = issue_workbooks(cycle, ["YX"], options)
    found = read_workbook(issued.path, expectations(cycle))
    before = read_workbook(saved, expectations(cycle)).plan.tables
    assert {key: found.plan.rows(key) for key in SHEETS} == {key: before[key] for key in SHEETS}
    assert issued.problems == () and not [p for p in found.problems if p.severity is Severity.ERROR]
    # and saved in the outbox it is no longer planbook's to overwrite
    (touched,) = resave_libreoffice([issued.path], tmp_path / "touched")
    shutil.copyfile(touched, issued.path)
    (kept,) = issue_workbooks(cycle, ["YX"], options)
    assert not kept.written


def test_a_workbook_with_what_cannot_be_read_is_refused_at_its_cell(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path)
    plan = filled_plan()
    broken = {**plan.rows("goals")[0].values, "target": "待定", "direction": "上升"}
    rows_ = (replace(plan.rows("goals")[0], values=broken), *plan.rows("goals")[1:])
    path = write_filled(tmp_path / "坏.xlsx", Plan({**plan.tables, "goals": rows_}, plan.inputs))
    assert sorted(faults(cycle, path)) == [
        (Code.NOT_A_QUANTITY, str(path), 0, "I8"),
        (Code.NOT_IN_LIST, str(path), 0, "F8"),
    ]
    (tmp_path / "x.xlsx").write_text("kein Excel")
    assert faults(cycle, tmp_path / "x.xlsx") == [(Code.NOT_A_WORKBOOK, str(tmp_path / "x.xlsx"), 0, "")]
    older = write_cycle(tmp_path / "2027", TOML.replace("2024", "2027"))
    good = write_filled(tmp_path / "2024.xlsx", plan)
    assert faults(older, good) == [(Code.PREFILL_OTHER_YEAR, str(good), 0, "")]


# -- background ----------------------------------------------------------------------------

BACKGROUND = """\
部门,类型,内容
,市场信息,行业增速放缓至 6%
营销中心,去年结果,营收完成 98%
销售部,cause,新客户名单质量不高
RD,market,核心器件涨价
"""


def background_cycle(folder: Path, background: str = BACKGROUND) -> Cycle:
    folder.mkdir(exist_ok=True)
    shutil.copyfile(BOOK, folder / BOOK.name)
    return write_cycle(folder, TOML + f'book = "{BOOK.name}"\n', background=background)


def test_the_annual_plan_has_a_sheet_for_it(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path, background=BACKGROUND.replace("市场信息", "市场"))
    assert cycle.problems == ()
    found = rows(issue(cycle, "RD")["RD"], "background")
    assert [row["kind"] for row in found.values()] == [*["company_goal"] * 3, "duties", *["market"] * 2]
    assert found[2]["text"] == (
        "综合成本下降8%：综合成本 4,600万元（上年 5,000万元），2024-12-31 前，牵头：财务部"
    )
    assert found[6] == {"kind": "market", "department": "RD", "text": "核心器件涨价"}


def test_the_book_of_the_tests_is_sound() -> None:
    assert check_spec(BOOK) == ()


def test_background_goes_to_whom_it_concerns(tmp_path: Path) -> None:
    cycle = background_cycle(tmp_path)
    assert cycle.background[1] == BackgroundFact("YX", "result", "营收完成 98%")
    found = issue(cycle, "YX", "SC", "RD", options=IssueOptions())
    lines = {
        code: [(row["kind"], row.get("department"), row["text"]) for row in rows(s, "background").values()]
        for code, s in found.items()
    }
    goals = [
        ("company_goal", None, "营收增长15%：营收总额 1.84亿元（上年 1.6亿元），牵头销售部，配合市场部"),
        ("company_goal", None, "综合成本下降8%：综合成本 4,600万元（上年 5,000万元），牵头财务部"),
        ("company_goal", None, "产品按期上市：上市准时率 85–95%（上年 80%），牵头产品研发中心"),
    ]
    market = ("market", None, "行业增速放缓至 6%")
    assert lines["YX"] == [
        *goals,
        ("duties", "YX", "市场与销售"),
        ("duties", "XS", "新客户开拓"),
        market,
        ("result", "YX", "营收完成 98%"),
        ("cause", "XS", "新客户名单质量不高"),
    ]
    assert lines["SC"] == [*goals, market, ("result", None, "营收完成 98%")]
    assert lines["RD"] == [*goals, ("duties", "RD", "技术攻关"), market, ("market", "RD", "核心器件涨价")]
    assert not any(worth_a_word(submission) for submission in found.values())


def test_background_is_there_once_when_the_workbook_is_filled_in_again(tmp_path: Path) -> None:
    cycle = background_cycle(tmp_path)
    (first,) = issue_workbooks(cycle, ["RD"])
    workbook = openpyxl.load_workbook(first.path)
    sheet = workbook["0_战略背景"]
    column = next(cell.column for cell in sheet[5] if cell.value == "implication")
    sheet.cell(row=9, column=column, value="器件替代")
    workbook.save(tmp_path / "returned.xlsx")
    options = IssueOptions(prefill=(tmp_path / "returned.xlsx",))
    again = issue(cycle, "RD", options=options)["RD"]
    table = rows(again, "background")
    assert len(table) == 6 and table[3]["implication"] == "器件替代"


def test_faults_of_background_are_told_at_once(tmp_path: Path) -> None:
    bad = "部门,类型,内容,备注\n没有,市场信息,甲,\nCW,行情,乙,\nCW,,丙,\nCW,cause,无,x\n"
    with pytest.raises(CycleError) as caught:
        background_cycle(tmp_path, bad)
    assert [where(p) for p in caught.value.problems] == [
        (Code.INPUT_COLUMN, "background.csv", 1, "备注"),
        (Code.INPUT_REFERENCE, "background.csv", 2, "部门"),
        (Code.INPUT_VALUE, "background.csv", 3, "类型"),
        (Code.INPUT_VALUE, "background.csv", 4, "类型"),
        (Code.INPUT_VALUE, "background.csv", 5, "内容"),
    ]


def test_background_that_no_sheet_takes_is_warned_of(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path, TOML + 'book = "classic"\n', background=BACKGROUND)
    assert [where(p)[:2] for p in cycle.problems] == [(Code.BACKGROUND_UNUSED, "background.csv")]
    assert "background.csv" in run("generate", "CW", "--rows", "goals=8", cwd=tmp_path).output
    with pytest.raises(CycleError) as caught:
        write_cycle(tmp_path / "2", TOML + '[paths]\nbackground = "背景.csv"\n')
    assert [p.code for p in caught.value.problems] == [Code.INPUT_MISSING]


# -- sheets that not every workbook has, or that follow another -----------------------------


def test_optional_sheets_come_when_they_are_asked_for(tmp_path: Path) -> None:
    def titles(name: str, line: str) -> tuple[set[str], Submission]:
        cycle = write_cycle(tmp_path / name, TOML + line)
        (one,) = issue_workbooks(cycle, ["CW"], FEW)
        read = read_workbook(one.path, expectations(cycle))
        return {sheet.title for sheet in openpyxl.load_workbook(one.path).worksheets}, read

    plain, read = titles("a", "")
    assert not plain & {"月度复盘", "周例会", "目标共识"}
    assert Code.SHEET_MISSING not in {p.code for p in read.problems}, "what was not issued is not missing"
    some, read = titles("b", 'sheets = ["周例会", "monthly"]\n')
    assert some - plain == {"月度复盘", "周例会"}
    assert not {p.code for p in read.problems} & {Code.SHEET_MISSING, Code.SHEET_RENAMED}


@pytest.mark.parametrize(
    ("line", "code", "expected"),
    [
        ('sheets = ["montly"]', Code.INPUT_REFERENCE, "monthly"),
        ('sheets = ["goals"]', Code.INPUT_REFERENCE, "monthly, 月度复盘"),
        ("sheets = [1]", Code.INPUT_REFERENCE, "monthly, 月度复盘"),
        ('sheets = "monthly"', Code.INPUT_VALUE, "[monthly, weekly, consensus]"),
        (
            'sheets = ["weekly"]\nbook = "classic"',
            Code.INPUT_REFERENCE,
            "none (book classic has no optional sheet)",
        ),
    ],
)
def test_a_sheet_that_cannot_be_asked_for_is_named(
    tmp_path: Path, line: str, code: Code, expected: str
) -> None:
    with pytest.raises(CycleError) as caught:
        write_cycle(tmp_path, TOML + line + "\n")
    (problem,) = caught.value.problems
    assert where(problem) == (code, "planbook.toml", 4, "sheets")
    assert str(problem.expected).startswith(expected)


def test_rows_for_a_sheet_that_is_left_out_say_how_to_add_it(tmp_path: Path) -> None:
    text = "部门,例会日期,问题\nCW,2024-03-04,系统上线延期\nCW,2024-03-11,人手不足\n"
    cycle = write_cycle(tmp_path, prefill__weekly=text)
    with pytest.raises(CycleError) as caught:
        issue_workbooks(cycle, ["CW"], FEW)
    (problem,) = caught.value.problems
    assert where(problem) == (Code.PREFILL_LEFT_OUT, "prefill/weekly.csv", 2, "例会日期")
    assert "weekly" in problem.fix("zh")
    cycle = write_cycle(tmp_path, TOML + 'sheets = ["weekly"]\n')
    found = rows(issue(cycle, "CW")["CW"], "weekly")
    assert [row["problem"] for row in found.values()] == ["系统上线延期", "人手不足"]


def test_a_row_that_follows_another_wants_its_id(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path, prefill__year_review="部门,编号,经验与教训\nCW,Y001,早谈价\nCW,,晚了\n")
    assert faults(cycle) == [(Code.PREFILL_ID_NEEDED, "prefill/year_review.csv", 3, "经验与教训")]
    cycle = write_cycle(tmp_path, prefill__year_review="部门,编号,经验与教训\nCW,Y001,早谈价\n")
    assert rows(issue(cycle, "CW")["CW"], "year_review") == {1: {"lesson": "早谈价"}}


# -- the outbox ----------------------------------------------------------------------------


def test_a_workbook_that_somebody_filled_in_is_left_alone(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path)
    first = {one.department: one for one in issue_workbooks(cycle, ["CW", "RD"], FEW)}
    path = first["CW"].path
    workbook = openpyxl.load_workbook(path)
    workbook["1_目标总表"]["C8"] = "费用率"
    workbook.save(path)
    filled = path.read_bytes()
    second = {one.department: one for one in issue_workbooks(cycle, ["CW", "RD"], FEW)}
    assert path.read_bytes() == filled and not second["CW"].written and second["RD"].written
    assert [p.code for p in second["CW"].problems] == [Code.OUTBOX_FILLED]
    result = run("generate", "CW", "--rows", "goals=8", cwd=tmp_path)
    assert result.exit_code == 1 and "--force" in result.output and path.read_bytes() == filled
    both = run("generate", "CW", "RD", "--rows", "goals=8", "--lang", "en", cwd=tmp_path)
    assert both.exit_code == 0 and "was filled in or saved" in both.output
    forced = run("generate", "CW", "--force", "--rows", "goals=8", cwd=tmp_path)
    assert forced.exit_code == 0 and path.read_bytes() != filled


def test_whatever_else_stands_in_the_outbox_is_left_alone_too(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path)
    (one,) = issue_workbooks(cycle, ["CW"], FEW)
    one.path.write_text("notes", encoding="utf-8")
    assert not issue_workbooks(cycle, ["CW"], FEW)[0].written
    assert one.path.read_text(encoding="utf-8") == "notes"


def test_workers_write_the_same_bytes(tmp_path: Path) -> None:
    cycle = write_cycle(
        tmp_path, prefill__goals=GOALS_CSV, prefill__目标分解=TASKS_CSV.replace("年度审计｜", "年度审计")
    )
    one = issue_workbooks(cycle, ["CW", "RD"], replace(FEW, out=tmp_path / "a"))
    two = issue_workbooks(cycle, ["CW", "RD"], replace(FEW, out=tmp_path / "b", jobs=2))
    assert [i.issue for i in one] == [i.issue for i in two]
    assert [i.path.read_bytes() for i in one] == [i.path.read_bytes() for i in two]


def test_the_issue_tells_what_was_filled_in(tmp_path: Path) -> None:
    def issued(name: str, **files: str) -> Issued:
        return issue_workbooks(write_cycle(tmp_path / name, **files), ["CW"], FEW)[0]

    plain, again = issued("a"), issued("b")
    filled = issued("c", prefill__goals=GOALS_CSV)
    assert plain.issue == again.issue != filled.issue
    assert plain.path.read_bytes() == again.path.read_bytes()


@pytest.mark.parametrize(
    ("lang", "shown"), [("zh", "请于 2024-05-31 前交回"), ("en", "return it by 2024-05-31")]
)
def test_the_first_page_says_by_when_to_return_it(tmp_path: Path, lang: str, shown: str) -> None:
    cycle = write_cycle(tmp_path, TOML + "due = 2024-05-31\n")
    (one,) = issue_workbooks(cycle, ["CW"], replace(FEW, lang=lang))
    first = openpyxl.load_workbook(one.path).worksheets[0]
    assert shown in str(first["B2"].value)
    read = read_workbook(one.path, expectations(cycle))
    assert read.issue is not None and read.issue.due == "2024-05-31"
    (none,) = issue_workbooks(write_cycle(tmp_path / "2"), ["CW"], replace(FEW, lang=lang))
    assert "return" not in str(openpyxl.load_workbook(none.path).worksheets[0]["B2"].value)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError):
        issue_workbooks(cycle, ["CW"], replace(FEW, out=tmp_path / "file" / "out"))


def test_a_prefilled_workbook_checks_without_a_problem(tmp_path: Path) -> None:
    cycle = write_cycle(tmp_path)
    (one,) = issue_workbooks(cycle, ["CW"], FEW)
    submission, _ = read_and_check(one.path, cycle)
    worth_a_look = {
        in_words(p.expected, "zh") for p in submission.problems if p.severity is not Severity.NOTE
    }
    assert worth_a_look == {"尚未分解任务"}, "which is the planner's to do"


@pytest.mark.office
@pytest.mark.parametrize("engine", ["libreoffice", "gnumeric"])
def test_the_stored_values_of_a_prefilled_workbook_are_right(tmp_path: Path, engine: Engine) -> None:
    require_office(engine)
    cycle = write_cycle(
        tmp_path,
        prefill__goals=GOALS_CSV,
        prefill__目标分解=TASKS_CSV.replace("年度审计｜", "年度审计"),
        prefill__tracking="部门,所属目标,关键举措,任务名称,责任人,完成百分比,更新日期\n"
        "CW,费用率,费用管控,差旅费用压降,甲,40%,2024-03-30\n",
        prefill__review="部门,季度,目标名称,季度目标值,实际完成值\nCW,Q1,费用率,8.5,9.1\n",
    )
    (one,) = issue_workbooks(cycle, ["CW"], FEW)  # a department alone, which makes lists of one item
    out = tmp_path / engine
    out.mkdir()
    assert judge([one.path], out, engine) == {one.path: []}
    assert check_package(one.path) == []


# -- what the book says --------------------------------------------------------------------


def test_texts_are_composed_and_never_read_twice() -> None:
    template = "{goal}[（{metric}）][ {target}]"
    assert compose_text(template, {"goal": "甲[{metric}]", "metric": "", "target": "5"}) == "甲[{metric}] 5"
    assert compose_text(template, {"goal": "甲", "metric": "{goal}", "target": ""}) == "甲（{goal}）"
    assert compose_text("[{a}][，{b}]", {"b": "乙"}) == "，乙"


def test_every_field_of_a_source_is_offered(tmp_path: Path) -> None:
    from planbook.issuing.takes import _OFFERS

    cycle = background_cycle(tmp_path)
    goals = GOALS + "新品收入占比,占比,%,区间,80,85,95,期末,2024-11-30,RD,\n"
    cycle = write_cycle(tmp_path, (tmp_path / "planbook.toml").read_text("utf-8"), company_goals=goals)
    offered: dict[Source, set[str]] = {source: set() for source in FIELDS}
    for department in cycle.company.issued():
        for source, offer in _OFFERS.items():
            for entry in offer(cycle, department, "zh"):
                assert set(entry.fields) == set(FIELDS[source])
                offered[source] |= {key for key, value in entry.fields.items() if value not in (None, "")}
    assert offered == {source: set(fields) for source, fields in FIELDS.items()}
    assert set(Source) - set(FIELDS) == {Source.LAST_YEAR}


def test_the_docs_name_every_source_and_field() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for source, fields in FIELDS.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"| `{source}` |")]
        assert set(re.findall(r"\w+", line.split("|")[3])) >= set(fields)
        named = set(re.findall(r"\w+", line.split("|")[3]))
        assert named - set(fields) <= {
            "where",
            "one",
            "department",
            "alone",
            "is",
            "assigned",
            "several",
            "are",
        }
    block = re.search(r"```yaml\n(takes:.*?)```", text, re.DOTALL)
    assert block is not None
    takes = [Take.model_validate(take) for take in yaml.safe_load(block[1])["takes"]]
    assert [take.source for take in takes] == [Source.ASSIGNED_GOALS, Source.LAST_YEAR]


@pytest.mark.parametrize(
    ("old", "new", "code", "found"),
    [
        ("columns: {kind: kind,", "columns: {sort: kind,", Code.SPEC_UNKNOWN_COLUMN, "sort"),
        ("columns: {kind: kind,", "columns: {kind: type,", Code.SPEC_UNKNOWN_NAME, "type"),
        ("fixed: {kind: duties}", "fixed: {kind: duty}", Code.SPEC_UNKNOWN_NAME, "duty"),
        ("[：{metric}]", "[：{measure}]", Code.SPEC_UNKNOWN_NAME, "measure"),
        ("from: duties", "from: duty", Code.SPEC_BAD_VALUE, "duty"),
        ("from: duties", "from: duties\n        linked: true", Code.SPEC_BAD_VALUE, "duties"),
        ("from: duties", "from: duties\n        wen: x", Code.SPEC_UNKNOWN_KEY, "wen"),
        (
            "from: duties",
            "from: last_year\n        complete: {text: {qs: 4}}",
            Code.SPEC_UNKNOWN_COLUMN,
            "qs",
        ),
    ],
)
def test_a_faulty_take_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, code: Code, found: str
) -> None:
    text = BOOK.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "book.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    problems = [p for p in check_spec(path) if p.code is code]
    assert [(p.found, p.location.file) for p in problems] == [(found, "book.yaml")]
    line = next(n for n, row in enumerate(text.splitlines(), 1) if old in row)
    assert abs(problems[0].location.line - line) <= 1


def test_what_is_taken_over_is_no_part_of_what_a_workbook_is(tmp_path: Path) -> None:
    text = BOOK.read_text(encoding="utf-8")
    changed = tmp_path / "book.yaml"
    changed.write_text(text.replace("fixed: {kind: duties}", "fixed: {kind: cause}"), encoding="utf-8")
    assert load_spec(changed).sha256 == load_spec(BOOK).sha256
