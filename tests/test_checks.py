"""Rules across the rows of a workbook: each is broken once, and named by its code and its cell."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from planbook.layout import cell_address
from planbook.problems import Code, Severity
from planbook.reader import Submission
from planbook.workflow import read_and_check
from tests.support.workbooks import calculator, issue_for, read_tables, write_filled

GOALS = """
level      | goal       | metric       | metric_kind | direction | unit | target | target_high | department | due        | weight
department | 新客户拓展 | 新客户签约量 |             |           | 家   | 48     |             | XS         | 2024-12-31 | 0.6
department | 复购率     | 复购率       |             |           | %    | 60     |             | XS         | 2024-12-31 | 0.4
"""
TASKS = """
department | goal | initiative       | task     | metric | unit | target | lead     | start      | finish
XS         | G001 | 拓展华东区域市场 | 拜访客户 | 拜访量 | 家   | 10     | 客户主管 | 2024-01-03 | 2024-06-30
XS         | G002 | 老客户回访       | 回访客户 | 回访量 | 家   | 30     | 客户主管 | 2024-01-03 | 2024-09-30
"""
TRACKING = """
goal | initiative       | task | owner | percent | updated
G001 | 拓展华东区域市场 | T001 | 张三  | 1       | 2024-06-30
G002 | 老客户回访       | T002 | 李四  | 0.7     | 2024-06-30
"""
REVIEW = """
quarter | department | goal | target | actual | cause_objective | improvement
q1      | XS         | G001 | 12     | 12     |                 |
q2      | XS         | G001 | 12     | 10     | 暴雨            | 线上拜访
q3      | XS         | G001 | 12     |        |                 |
q4      | XS         | G001 | 12     |        |                 |
"""
CLEAN = {"goals": GOALS, "decomposition": TASKS, "tracking": TRACKING, "review": REVIEW}
TITLES = {
    "goals": "1_目标总表",
    "decomposition": "2_目标分解",
    "tracking": "3_任务跟踪",
    "review": "4_季度复盘",
}


def problems(tmp_path: Path, **changed: str) -> set[tuple[str, str]]:
    """Code and place of what is wrong with a workbook, notes left out."""
    path = write_filled(tmp_path / "营销中心.xlsx", read_tables("annual_plan", {**CLEAN, **changed}))
    submission, _ = read_and_check(path)
    return {
        (p.code.value, f"{p.location.sheet}!{p.location.cell}")
        for p in submission.problems
        if p.severity.value != "note"
    }


def place(sheet: str, key: str, number: int = 1) -> str:
    placed = calculator().layout.sheet(sheet)
    return f"{TITLES[sheet]}!{cell_address(placed.row(number), placed.index(key))}"


def test_a_name_too_long_is_an_error_here_as_in_the_workbook(tmp_path: Path) -> None:
    goals = GOALS.replace("department | 新客户拓展 ", f"department | {'长' * 41} ")
    path = write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", {**CLEAN, "goals": goals}))
    [told] = [p for p in read_and_check(path)[0].problems if p.code is Code.TOO_LONG]
    assert (told.severity, str(told.location)) == (Severity.ERROR, "a.xlsx:1_目标总表!C7")
    assert told.line("zh").endswith("“目标名称”有 41 个字，超过 40 个。 请缩短到 40 个字以内。")


@pytest.mark.parametrize("department", ["XX", ""])
def test_a_goal_of_no_known_department_is_in_no_total_of_weights(tmp_path: Path, department: str) -> None:
    goals = (
        GOALS.rstrip() + f"\ndepartment | 回款 | 回款率 | | | % | 90 | | {department} | 2024-12-31 | 0.4\n"
    )
    path = write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", {**CLEAN, "goals": goals}))
    problems = read_and_check(path)[0].problems
    assert not any("None" in p.line(lang) for p in problems for lang in ("zh", "en"))
    unknown = {p.location.cell for p in problems if p.code is Code.NOT_IN_LIST}
    assert unknown == ({place("goals", "department", 3).partition("!")[2]} if department else set())


def test_a_company_goal_beside_the_list_is_kept_and_said(tmp_path: Path) -> None:
    goals = GOALS.replace("| weight", "| weight | company_goal").replace("| 0.6", '| 0.6 | "营收增长15%"')
    goals = goals.replace("| 0.4", '| 0.4 | "年度营收增长15%"')
    path = write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", {**CLEAN, "goals": goals}))
    submission, _ = read_and_check(path)
    [told] = [p for p in submission.problems if p.code is Code.NOT_LISTED]
    assert (told.severity, told.location.cell) == (
        Severity.WARNING,
        place("goals", "company_goal").split("!")[1],
    )
    assert (told.found, told.expected) == ("营收增长15%", "年度营收增长15%")
    kept = [row.get("company_goal") for row in submission.plan.rows("goals")]
    assert kept == ["营收增长15%", "年度营收增长15%"]


def test_a_sound_workbook_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path) == set()


def test_a_review_may_stand_for_the_division_of_its_goal(tmp_path: Path) -> None:
    """The workbook is the marketing centre's, the goal its sales department's."""
    own = REVIEW.replace("q2      | XS ", "q2      | YX ")
    assert problems(tmp_path, review=own) == set()
    turned = GOALS.replace("|             | XS  ", "|             | YX  ", 1)
    assert (Code.OTHER_OWNER.value, place("review", "department")) in problems(tmp_path, goals=turned)


def test_a_division_below_the_workbooks_own_is_known_by_the_company(tmp_path: Path) -> None:
    submission = Submission(
        "a.xlsx",
        issue=issue_for(calculator()),
        below={"XS": frozenset({"XS", "XS1"}), "KH": frozenset({"KH"})},
    )
    assert submission.is_within("KH", "YX")
    assert submission.is_within("XS1", "XS")
    assert not submission.is_within("XS1", "KH")
    assert not submission.is_within("SC", "YX")


# What is changed (sheet, old text, new text), the code, and the cell (column, row) it is told at.
BROKEN = [
    ("required", "goals", "| 新客户签约量 |", "|              |", Code.REQUIRED_MISSING, "metric", 1),
    ("unique", "goals", "department | 复购率 ", "department | 新客户拓展 ", Code.DUPLICATE, "goal", 2),
    ("list", "goals", "\ndepartment | 新", '\n"战略" | 新', Code.NOT_IN_LIST, "level", 1),
    ("near a list", "goals", "\ndepartment | 新", '\n"部门总目" | 新', Code.NOT_IN_LIST_NEAR, "level", 1),
    ("range", "goals", "2024-12-31 | 0.6", "2024-12-31 | -0.6", Code.OUT_OF_RANGE, "weight", 1),
    ("weights", "goals", "2024-12-31 | 0.4", "2024-12-31 | 0.3", Code.WEIGHTS_TOTAL, "weight", 1),
    ("date", "goals", "2024-12-31 | 0.6", '"尽快" | 0.6', Code.NOT_A_DATE, "due", 1),
    ("dates", "decomposition", "2024-01-03 | 2024-06-30", "2024-07-03 | 2024-06-30", Code.DATES_REVERSED, "finish", 1),
    ("link", "decomposition", "| G002 |", '| "G009" |', Code.LINK_BROKEN, "goal", 2),
    ("quarters", "review", "q4      | XS         | G001 | 12", "q4      | XS         | G001 | 22", Code.QUARTERS_DISAGREE, "target", 1),
    ("one lead", "decomposition", "| 10     | 客户主管 |", '| 10 | "张三、李四" |', Code.RULE_BROKEN, "lead", 1),
    ("reason", "review", "| 暴雨            | 线上拜访", "| 暴雨 |", Code.REASON_MISSING, "improvement", 2),
    ("vague", "goals", "| 新客户拓展 | 新客户签约量 |             |           | 家   | 48 ", "| 加强客户沟通 | 沟通 | done |  |  |  ", Code.RULE_ADVICE, "goal", 1),
    ("late task", "decomposition", "2024-01-03 | 2024-09-30", "2024-01-03 | 2025-02-28", Code.RULE_ADVICE, "finish", 2),
    ("overdue", "tracking", "| 1       | 2024-06-30", "| 0.8     | 2024-06-30", Code.TASK_OVERDUE, "percent", 1),
    ("stale", "tracking", "| 0.7     | 2024-06-30", "| 0.7     | 2024-05-30", Code.TASK_STALE, "updated", 2),
    ("name too long", "goals", "department | 新客户拓展 ", f"department | {'长' * 41} ", Code.TOO_LONG, "goal", 1),
    ("metric too long", "goals", "| 复购率       |", f"| {'长' * 61} |", Code.TOO_LONG, "metric", 2),
    ("character", "goals", "department | 新客户拓展 ", "department | 新客户*拓展 ", Code.BAD_CHARACTER, "goal", 1),
    ("above 100 %", "tracking", "| 0.7     | 2024-06-30", "| 1.2     | 2024-06-30", Code.ABOVE_ONE, "percent", 2),
    ("one blank weight", "goals", "2024-12-31 | 0.4", "2024-12-31 |    ", Code.WEIGHT_BLANK, "weight", 2),
    ("no quantity", "goals", "| 48     |", '| "待定" |', Code.NOT_A_QUANTITY, "target", 1),
    ("no percentage", "tracking", "| 0.7     | 2024-06-30", '| "大半" | 2024-06-30', Code.NOT_A_PERCENT, "percent", 2),
    ("other unit", "review", "| 12     | 10     |", '| 12 | "10天" |', Code.UNIT_MISMATCH, "actual", 2),
    ("band the wrong way round", "goals", "|           | 家   | 48     |             |", '| "区间" | 家 | 48 | 40 |', Code.OUT_OF_RANGE, "target_high", 1),
    ("percent left blank", "tracking", "| 李四  | 0.7     |", "| 李四 | |", Code.REQUIRED_MISSING, "percent", 2),
    ("one owner", "tracking", "| 张三  | 1 ", '| "张三、李四" | 1 ', Code.RULE_BROKEN, "owner", 1),
    ("goal without a task", "decomposition", "| G002 | 老客户回访       |", "| G001 | 老客户回访 |", Code.RULE_ADVICE, "goal", 2),
    ("task of another goal", "tracking", "G002 | 老客户回访       | T002", "G001 | 拓展华东区域市场 | T002", Code.LINK_STALE, "task", 2),
    ("other department", "review", "q2      | XS ", "q2      | KH ", Code.OTHER_OWNER, "department", 2),
    ("cause", "review", "| 暴雨            | 线上拜访", "|  | 线上拜访", Code.REASON_MISSING, "cause_objective", 2),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sheet", "old", "new", "code", "key", "number"), [c[1:] for c in BROKEN], ids=[c[0] for c in BROKEN]
)
def test_a_broken_rule_is_told_at_its_cell(
    tmp_path: Path, sheet: str, old: str, new: str, code: Code, key: str, number: int
) -> None:
    assert old in CLEAN[sheet], "the change would change nothing"
    found = problems(tmp_path, **{sheet: CLEAN[sheet].replace(old, new, 1)})
    elsewhere = {Code.QUARTERS_DISAGREE: "goals"}  # the quarters, at the year's target
    if sheet == "decomposition" and key == "goal" and code is Code.RULE_ADVICE:
        elsewhere[code] = "goals"  # the task that went, at the goal it leaves without one
    where = elsewhere.get(code, sheet)
    assert (code.value, place(where, key, number)) in found


MET = """
quarter | department | goal | target | actual | cause_objective | improvement
q1      | XS         | G002 | 12     | 10     |                 |
q2      | XS         | G002 | 12     | {actual} |               |
"""


@pytest.mark.parametrize(
    ("old", "new", "code", "key"),
    [
        ("签约周期 |", "复购率 |", Code.DUPLICATE, "goal"),
        ("签约周期 |", "|", Code.REQUIRED_MISSING, "goal"),
        ("| XS         | 2024-12-31 | 0.6", '| "质量部" | 2024-12-31 | 0.6', Code.NOT_IN_LIST, "department"),
        ('"越低越好"', '"越低越号"', Code.NOT_IN_LIST_NEAR, "direction"),
        ('"定量"', '"定良"', Code.NOT_IN_LIST, "metric_kind"),
    ],
)
def test_a_fault_of_a_goal_asks_no_reason_of_quarters_that_met_it(
    tmp_path: Path, old: str, new: str, code: Code, key: str
) -> None:
    """A goal kept out of the figures still says that lower is better; where that is unread, nothing is asked."""
    goals = """
    level      | goal     | metric | metric_kind | direction  | unit | target | department | due        | weight
    department | 复购率   | 复购率 |             |            | %    | 60     | XS         | 2024-12-31 | 0.4
    department | 签约周期 | 周期   | "定量"      | "越低越好" | 天   | 12     | XS         | 2024-12-31 | 0.6
    """
    assert old in goals
    faulty = goals.replace(old, new, 1)
    met = problems(tmp_path, goals=faulty, review=MET.format(actual="11"))
    assert (code.value, place("goals", key, 2)) in met
    assert not [at for _, at in met if at.startswith(TITLES["review"])]
    missed = problems(tmp_path, goals=faulty, review=MET.format(actual="13"))
    due = {(Code.REASON_MISSING.value, place("review", key, 2)) for key in ("cause_objective", "improvement")}
    assert missed & due == (set() if key in {"direction", "metric_kind"} else due)


def test_a_reason_is_asked_below_the_cycles_own_threshold(tmp_path: Path) -> None:
    """Five sixths of the target: below nine tenths, not below eight."""
    review = REVIEW.replace("| 暴雨            | 线上拜访", "| 暴雨            |         ")
    plan = read_tables("annual_plan", {**CLEAN, "review": review})
    told = {}
    for limit in (0.9, 0.8):
        path = write_filled(tmp_path / "a.xlsx", plan, reason_below=limit)
        problems = read_and_check(path)[0].problems
        told[limit] = [(p.found, p.expected) for p in problems if p.code is Code.REASON_MISSING]
    assert told == {0.9: [("83.3%", "90.0%")], 0.8: []}


@pytest.mark.parametrize(
    ("sheet", "key"),
    [
        ("goals", "target"),
        ("goals", "direction"),
        ("decomposition", "goal"),
        ("decomposition", "task"),
        ("decomposition", "start"),
        ("review", "actual"),
        ("review", "target"),
    ],
)
def test_what_a_lost_column_would_break_is_not_said_beside_it(tmp_path: Path, sheet: str, key: str) -> None:
    path = write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", CLEAN))
    workbook = openpyxl.load_workbook(path)
    workbook[TITLES[sheet]].delete_cols(calculator().layout.sheet(sheet).index(key) + 1)
    workbook.save(path)
    told = [p for p in read_and_check(path)[0].problems if p.severity is not Severity.NOTE]
    lost = [p for p in told if p.code is Code.COLUMN_MISSING]
    assert [p.location.sheet for p in lost] == [TITLES[sheet]]
    formulas = {Code.FORMULA_MISSING, Code.FORMULA_OVERWRITTEN}  # the program moved cells and not formulas
    assert [p for p in told if p not in lost and p.code not in formulas] == []


@pytest.mark.parametrize(
    ("old", "new", "code", "key"),
    [
        ("2024-01-03 | 2024-09-30", '"择日" | 2024-09-30', Code.NOT_A_DATE, "start"),
        ("2024-01-03 | 2024-09-30", "2024-01-03 |", Code.REQUIRED_MISSING, "finish"),
    ],
)
def test_what_an_unread_cell_does_to_rows_that_name_its_row_is_not_said(
    tmp_path: Path, old: str, new: str, code: Code, key: str
) -> None:
    """A task without its dates is one error in the breakdown, and no second thing in the tracking."""
    assert old in TASKS
    found = problems(tmp_path, decomposition=TASKS.replace(old, new))
    assert found == {(code.value, place("decomposition", key, 2))}
