"""Root causes come first and swallow what follows from them; like problems stand in one line."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from planbook.cli import main
from planbook.cli.check_output import print_csv
from planbook.problems import Code, Location, Problem, Severity, count_codes, group_problems
from tests.support.workbooks import calculator, read_tables, write_filled

GOALS = """
level      | goal       | metric       | unit | target | department | due        | weight
department | 新客户拓展 | 新客户签约量 | 家   | {}     | XS         | 2024-12-31 | 1
"""
TASKS = """
department | goal | initiative       | task     | metric   | unit | target   | lead     | start      | finish
XS         | G001 | 拓展华东区域市场 | 拜访客户 | 拜访量   | 家   | 10       | 客户主管 | 2024-01-03 | 2024-06-30
XS         | G001 | 拓展华东区域市场 | 签约     | 签约量   | 家   | 10       | 客户主管 | 2024-01-03 | 2024-06-30
XS         | G001 | 拓展华东区域市场 | 回访     | 回访量   | 家   | 10       | 客户主管 | 2024-01-03 | 2024-06-30
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)


def at(code: Code, sheet: str, cell: str, found: str = "", expected: str = "", subject: str = "") -> Problem:
    return Problem(code, Location("a.xlsx", sheet, cell), found, expected, subject)


# -- grouping ------------------------------------------------------------------------------


def test_one_missing_goal_is_one_problem_however_many_cells_name_it() -> None:
    broken = [at(Code.LINK_BROKEN, "2", f"C{n}", "G003｜x", "1_目标总表", "目标名称") for n in range(7, 37)]
    broken += [at(Code.LINK_BROKEN, "4", f"D{n}", "G003｜x", "1_目标总表", "目标") for n in range(7, 17)]
    (group,) = group_problems(broken)
    assert group.root.location.cell == "C7"
    assert len(group.same) == 39
    line = group.line("zh")
    assert line.startswith("a.xlsx:2!C7: “目标名称”指向的“G003｜x”在“1_目标总表”中不存在。")
    assert line.endswith("（共 40 处，另见 C8、C9、C10、C11、C12、C13、C14、C15、C16、C17、C18、C19 …）")


def test_structure_comes_before_cells_and_errors_before_all() -> None:
    cell = at(Code.NOT_A_DATE, "1", "A1", "x", subject="日期")
    structure = Problem(Code.COLUMN_MISSING, Location("a.xlsx", "9", row=6), expected="权重")
    warning = Problem(Code.IDENTITY_MISSING, Location("a.xlsx"))
    assert [g.root for g in group_problems([warning, cell, structure])] == [structure, cell, warning]


@given(
    st.lists(
        st.builds(
            Problem,
            st.sampled_from(Code),
            st.builds(
                Location, st.sampled_from("ab"), st.sampled_from(["", "1"]), st.sampled_from(["", "A1"])
            ),
            st.sampled_from("xy"),
            st.sampled_from("xy"),
            st.sampled_from("xy"),
        )
    )
)
def test_no_problem_is_lost_and_none_counted_twice(problems: list[Problem]) -> None:
    groups = group_problems(problems)
    everything = [problem for group in groups for problem in group.problems]
    assert sorted(map(repr, everything)) == sorted(map(repr, set(problems)))
    assert sum(count for _, count in count_codes(everything)) == len(set(problems))
    ranks = [list(Severity).index(group.severity) for group in groups]
    assert ranks == sorted(ranks)


# -- on workbooks --------------------------------------------------------------------------


@pytest.fixture
def returned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    plan = read_tables("annual_plan", {"goals": GOALS.format(50), "decomposition": TASKS})
    return write_filled(tmp_path / "营销中心.xlsx", plan)


def test_clearing_a_goal_gives_one_line_for_its_three_tasks(returned: Path) -> None:
    workbook = openpyxl.load_workbook(returned)
    for cell in workbook["1_目标总表"][7][1:]:
        cell.value = None
    workbook.save(returned)
    result = run("check", returned, "--lang", "zh")
    lines = [line for line in result.output.splitlines() if "[error link-broken]" in line]
    assert lines == [
        "营销中心.xlsx:2_目标分解!C7: “目标名称”指向的“G001｜新客户拓展”在“1_目标总表”中不存在。"
        " 请补上被指向的那一行，或从下拉列表中重新选择。 （共 3 处，另见 C8、C9） [error link-broken]"
    ]
    assert result.exit_code == 1
    assert "link-broken 3" in result.output


REVIEW = """
quarter | department | goal | target | actual
q1      | XS         | G001 | 12     | 6
q2      | XS         | G001 | 12     | 6
"""


def test_a_deleted_column_is_said_once_and_not_in_every_row(tmp_path: Path) -> None:
    plan = read_tables("annual_plan", {"goals": GOALS.format(50), "review": REVIEW})
    path = write_filled(tmp_path / "营销中心.xlsx", plan)
    workbook = openpyxl.load_workbook(path)
    column = calculator().layout.sheet("review").index("improvement") + 1
    for row in (5, 6):
        workbook["4_季度复盘"].cell(row, column).value = None
    workbook.save(path)
    document = json.loads(run("check", path, "--json", "--lang", "zh").output)
    found = [(p["code"], p["message"]) for p in document["problems"] if "改进措施" in p["message"]]
    assert found == [("column-missing", "找不到列“改进措施”。")]


def test_what_a_deleted_sheet_would_have_said_is_not_judged(returned: Path) -> None:
    """Without the breakdown every goal would be one without tasks."""
    whole = json.loads(run("check", returned, "--json").output)
    assert "rule-advice" not in whole["codes"]
    workbook = openpyxl.load_workbook(returned)
    del workbook["2_目标分解"]
    workbook.save(returned)
    document = json.loads(run("check", returned, "--json").output)
    assert document["codes"]["sheet-missing"] == 1
    assert "rule-advice" not in document["codes"]


def test_deleting_the_goals_is_said_once(returned: Path) -> None:
    workbook = openpyxl.load_workbook(returned)
    del workbook["1_目标总表"]
    workbook.save(returned)
    document = json.loads(run("check", returned, "--json").output)
    errors = [(p["code"], p["role"]) for p in document["problems"] if p["severity"] == "error"]
    assert errors == [("sheet-missing", "root")]


@pytest.mark.parametrize("start", ["=", " =", "\u3000+", "＝", "＠", "－", "\n="])
def test_csv_has_no_formula_however_it_begins(start: str, capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem(Code.NOT_A_QUANTITY, Location("a.xlsx", "s", "I7"), f"{start}HYPERLINK(1)")
    print_csv(group_problems([problem]), "en")
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out.removeprefix("\ufeff")))
    assert row["found"] == f"'{start}HYPERLINK(1)"


def test_csv_has_a_line_a_problem_and_no_formula(tmp_path: Path) -> None:
    path = write_filled(
        tmp_path / "坏.xlsx", read_tables("annual_plan", {"goals": GOALS.format('"=HYPERLINK(1)"')})
    )
    text = run("check", path, "--csv", "--lang", "en").output
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    bad = next(row for row in rows if row["code"] == "not-a-quantity")
    assert (bad["file"], bad["sheet"], bad["cell"], bad["severity"]) == (
        "坏.xlsx",
        "1_目标总表",
        "I7",
        "error",
    )
    assert bad["found"] == "'=HYPERLINK(1)"
    assert bad["message"] == '"目标值" has "=HYPERLINK(1)", which is no quantity.'
    assert run("check", path, "--csv", "--json").exit_code == 2


def test_colour_is_for_terminals(returned: Path) -> None:
    assert "\x1b" not in run("check", returned).output
    assert os.environ.get("NO_COLOR") is None or "\x1b" not in run("problems", "encrypted").output
