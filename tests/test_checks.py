"""Rules across the rows of a workbook: each is broken once, and named by its code and its cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from planbook.layout import cell_address
from planbook.problems import Code
from planbook.workflow import read_and_check
from tests.support.workbooks import calculator, read_tables, write_filled

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


def test_a_sound_workbook_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path) == set()


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
]  # fmt: skip


@pytest.mark.parametrize(
    ("sheet", "old", "new", "code", "key", "number"), [c[1:] for c in BROKEN], ids=[c[0] for c in BROKEN]
)
def test_a_broken_rule_is_told_at_its_cell(
    tmp_path: Path, sheet: str, old: str, new: str, code: Code, key: str, number: int
) -> None:
    assert old in CLEAN[sheet], "the change would change nothing"
    found = problems(tmp_path, **{sheet: CLEAN[sheet].replace(old, new, 1)})
    where = "review" if code is Code.REASON_MISSING else "goals" if code is Code.QUARTERS_DISAGREE else sheet
    assert (code.value, place(where, key, number)) in found
