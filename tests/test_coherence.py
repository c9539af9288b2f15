"""How plans fit together across departments: each finding as a row of the frame and as a problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from planbook.company import Company, CompanyGoal, Department
from planbook.measures import RollUp, collect, roll_up
from planbook.measures.people import Directory, busiest_day, split_names
from planbook.measures.plain import rows_of
from planbook.problems import CATALOGUE, Code
from planbook.spec import load_spec
from tests.support.workbooks import AS_OF, YEAR, expect, read_tables, settings_at, write_filled

DEPARTMENTS = (
    Department("YX", "营销中心", workbook=True),
    Department("XS", "销售部", "YX", head="王*", budget_ceiling=100000.0),
    Department("KH", "客户部", "YX", budget_ceiling=80000.0),
    Department("SC", "市场部", budget_ceiling=50000.0),
    Department("CW", "财务部"),
)
REVENUE = CompanyGoal("年度营收增长15%", unit="万元", target=1000.0, rollup="sum", lead="XS")
SHARE = CompanyGoal("新业务收入占比20%", unit="%", target=20.0, lead="CW")
SALES = {
    "goals": """
    level      | goal     | metric   | unit | direction | aggregation | target | weight | department | due        | company_goal
    department | 营收增长 | 营收总额 | 万元 | higher    | sum         | 600    | 1.0    | XS         | 2024-12-31 | 年度营收增长15%
    department | 满意度   | 评分     | 分   | higher    | mean        | 90     | 1.0    | KH         | 2024-12-31 |
    """,
    "decomposition": """
    department | goal | initiative | task     | metric | target | lead     | support  | partner        | start      | finish     | budget
    XS         | G001 | 拓展华东   | 拜访客户 | 拜访量 | 10     | 客户主管 | 销售支持 | 市场部         | 2024-01-01 | 2024-06-30 | 60000
    XS         | G001 | 拓展华东   | 签约     | 签约量 | 5      | 客户主管 |          | 市场部、财务部 | 2024-03-01 | 2024-09-30 | 50000
    KH         | G002 | 改进服务   | 回访     | 回访量 | 20     | 客服     |          | XS             | 2024-01-01 | 2024-12-31 | 10000
    """,
    "tracking": """
    goal | initiative | task | owner | percent | updated    | risk   | action
    G001 | 拓展华东   | T001 | 李*   | 1       | 2024-06-28 |        |
    G001 | 拓展华东   | T002 | 王*   | 0.3     | 2024-06-30 | 决策慢 | 催办
    """,
    "review": """
    quarter | department | goal | target | actual
    q1      | XS         | G001 | 150    | 150
    """,
}
MARKET = {
    "goals": """
    level      | goal     | metric   | unit | aggregation | target | department | due        | company_goal
    department | 线上营收 | 营收总额 | 万元 | sum         | 300    | SC         | 2024-12-31 |
    """,
    "decomposition": """
    department | goal | initiative | task | metric | target | lead     | partner | start      | finish
    SC         | G001 | 投放       | 投放 | 次数   | 3      | 市场专员 |         | 2024-01-01 | 2024-06-30
    """,
}


def rolled(folder: Path, *goals: CompanyGoal, scope: str = "", **more: Any) -> RollUp:
    company = Company(DEPARTMENTS, goals or (REVENUE, SHARE))
    settings = settings_at(**more)
    known = replace(expect(**more), company=company)
    collection = collect([folder], company, as_of=AS_OF, expect=known, settings=settings)
    book = load_spec("annual_plan")
    return roll_up(collection, book, year=YEAR, as_of=AS_OF, settings=settings, scope=scope)


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("coherence")
    write_filled(folder / "营销中心.xlsx", read_tables("annual_plan", SALES))
    write_filled(folder / "市场部.xlsx", read_tables("annual_plan", MARKET), department="SC")
    return folder


def findings(figures: RollUp, kind: str) -> list[Mapping[str, Any]]:
    return [row for row in figures.coherence.to_dict("records") if row["kind"] == kind]


def codes(figures: RollUp) -> set[Code]:
    return {problem.code for problem in figures.problems}


def test_every_finding_is_a_problem_too(inbox: Path) -> None:
    figures = rolled(inbox)
    kinds = {item.key for item in figures.book.lists["coherence"].items}
    assert set(figures.coherence["kind"]) <= kinds
    told = {p.code for p in figures.problems if "coherence" not in p.code} & {
        Code.GOAL_NOT_TAKEN_OVER, Code.TARGETS_DIFFER, Code.SUPPORT_ONE_SIDED, Code.BUDGET_EXCEEDED,
    }  # fmt: skip
    assert len(told) == len(set(figures.coherence["kind"])) == 4
    for row in figures.coherence.to_dict("records"):
        assert row["severity"] == "warning"
    assert all(CATALOGUE[code].message["en"] and CATALOGUE[code].fix["zh"] for code in told)


def test_a_goal_nobody_took_over_is_listed_with_its_coverage(inbox: Path) -> None:
    figures = rolled(inbox)
    (found,) = findings(figures, "not_taken_over")
    assert (found["subject"], found["department"], found["expected"]) == ("新业务收入占比20%", "CW", 20.0)
    (goal,) = [row for row in rows_of(figures.company_goals) if row["goal"] == "新业务收入占比20%"]
    assert (goal["coverage"], goal["low"], goal["high"], goal["departments"]) == ("0/1", 0.0, 1.2, None)
    assert goal["rating"] == "none"


def test_what_was_taken_over_is_held_against_the_company(inbox: Path) -> None:
    (found,) = findings(rolled(inbox), "target_gap")
    assert (found["subject"], found["expected"], found["found"], found["gap"]) == (
        "年度营收增长15%", 1000.0, 600.0, -400.0,
    )  # fmt: skip
    assert found["gap_rate"] == pytest.approx(-0.4)
    assert not findings(rolled(inbox, replace(REVENUE, target=602.0)), "target_gap")  # within half a percent
    assert not findings(rolled(inbox, scope="YX"), "target_gap")  # a part says nothing of the whole
    absent = replace(REVENUE, lead="CW")  # the lead may bring the rest yet
    assert not findings(rolled(inbox, absent), "target_gap")


def test_a_direction_that_differs(inbox: Path) -> None:
    assert not findings(rolled(inbox), "direction_differs")
    (found,) = findings(rolled(inbox, replace(REVENUE, direction="lower")), "direction_differs")
    assert (found["department"], found["partner_name"], found["cell"]) == ("XS", "营收增长", "C7")
    assert (found["found"], found["expected"]) == ("higher", "lower")


def test_support_named_on_one_side_only(inbox: Path) -> None:
    found = [(row["subject"], row["partner"], row["cell"]) for row in findings(rolled(inbox), "one_sided")]
    # 财务部 has not returned and is not held against anyone; 客户部 counts on 销售部, which is silent.
    # 销售部 counts on 市场部 in two tasks: one line that names both.
    assert found == [("拜访客户、签约", "SC", "O7"), ("回访", "XS", "O9")]
    (first,) = [
        p for p in rolled(inbox).problems if p.code is Code.SUPPORT_ONE_SIDED and p.location.cell == "O7"
    ]
    assert "市场部" in first.message("zh") and "销售部" in first.message("en")


def test_support_is_answered_by_a_task_or_by_the_same_company_goal(tmp_path: Path) -> None:
    answered = {
        **MARKET,
        "decomposition": MARKET["decomposition"].replace("市场专员 |         |", "市场专员 | 销售部 |"),
    }
    write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", SALES))
    write_filled(tmp_path / "b.xlsx", read_tables("annual_plan", answered), department="SC")
    assert [r["partner"] for r in findings(rolled(tmp_path), "one_sided")] == ["XS"]
    shared = {**MARKET, "goals": MARKET["goals"].replace("2024-12-31 |\n", "2024-12-31 | 年度营收增长15%\n")}
    write_filled(tmp_path / "b.xlsx", read_tables("annual_plan", shared), department="SC")
    assert [r["partner"] for r in findings(rolled(tmp_path), "one_sided")] == ["XS"]


def test_an_overloaded_position(inbox: Path) -> None:
    assert not findings(rolled(inbox), "overloaded")
    (found,) = findings(rolled(inbox, most_tasks=1.0), "overloaded")
    assert (found["subject"], found["department"], found["found"], found["expected"]) == (
        "客户主管",
        "XS",
        2.0,
        1.0,
    )
    (row,) = [r for r in rolled(inbox).appraisal.to_dict("records") if r["position_name"] == "客户主管"]
    assert (row["peak"], row["peak_day"]) == (2, date(2024, 3, 1))


def test_budgets_against_the_ceiling(inbox: Path) -> None:
    figures = rolled(inbox)
    (found,) = findings(figures, "over_budget")
    assert (found["department"], found["found"], found["expected"]) == ("XS", 110000.0, 100000.0)
    (problem,) = [p for p in figures.problems if p.code is Code.BUDGET_EXCEEDED]
    assert "11万元" in problem.message("zh") and "10万元" in problem.message("zh")
    scores = {row["code"]: row for row in figures.scores.to_dict("records")}
    assert (scores["YX"]["budget"], scores["YX"]["budget_ceiling"]) == (120000.0, 180000.0)  # of those below
    assert (scores[""]["budget"], scores[""]["budget_ceiling"]) == (120000.0, 230000.0)


def test_the_appraisal_of_a_position(inbox: Path) -> None:
    rows = {row["position_name"]: row for row in rows_of(rolled(inbox).appraisal)}
    lead = rows["客户主管"]
    assert (lead["tasks"], lead["done"], lead["due"], lead["on_time"], lead["on_time_rate"]) == (
        2,
        1,
        1,
        1,
        1.0,
    )
    assert (lead["late"], lead["owners"], lead["goals"], lead["attainment"]) == (1, "李*、王*", 1, 1.0)
    # 182 days done, 214 days at 30 %
    assert lead["percent"] == pytest.approx((182 + 214 * 0.3) / 396)
    assert (rows["客服"]["untracked"], rows["客服"]["percent"], rows["客服"]["attainment"]) == (1, None, None)


def test_parties_across_departments(inbox: Path) -> None:
    rows = rolled(inbox).responsibility.to_dict("records")
    first = [
        (r["role"], r["party"], r["party_kind"])
        for r in rows
        if r["task_id"] == "T001" and r["file"] == "营销中心.xlsx"
    ]
    assert first == [
        ("R", "客户主管", "position"),
        ("A", "王*", "head"),
        ("C", "销售支持", "position"),
        ("C", "市场部", "department"),
    ]
    informed = rolled(inbox, replace(REVENUE, lead="SC")).responsibility.to_dict("records")
    market = [r["role"] for r in informed if r["party"] == "市场部" and r["task"] == "拜访客户"]
    assert market == ["C"]  # who takes part need not be informed
    leads = rolled(inbox, replace(REVENUE, lead="CW")).responsibility.to_dict("records")
    assert [r["task"] for r in leads if r["role"] == "I"] == ["拜访客户"]  # 签约 has it as partner


def test_the_risk_register(inbox: Path) -> None:
    (risk,) = rolled(inbox).risks.to_dict("records")
    assert (risk["task"], risk["risk"], risk["response"], risk["source"]) == (
        "签约",
        "决策慢",
        "催办",
        "tracking",
    )
    assert (risk["lead_name"], risk["owner"], risk["department"]) == ("客户主管", "王*", "XS")


def test_a_task_nobody_tracks_is_a_row(inbox: Path) -> None:
    rows = {r["task"]: r for r in rolled(inbox).tasks.to_dict("records")}
    assert (rows["回访"]["tracked"], rows["回访"]["status"], rows["回访"]["cell"]) == ("no", "blank", "F9")
    assert rows["回访"]["expected"] == pytest.approx(183 / 366)


def test_a_scope_is_told_no_partner_outside_it(inbox: Path) -> None:
    sales = rolled(inbox, scope="XS")
    assert {row["party_kind"] for row in sales.responsibility.to_dict("records")} == {"position", "head"}
    assert sales.tasks["partner"].isna().all()
    division = {row["task"]: row["partner"] for row in rows_of(rolled(inbox, scope="YX").tasks)}
    assert division == {"拜访客户": None, "签约": None, "回访": "销售部"}
    whole = {row["task"]: row["partner"] for row in rolled(inbox).tasks.to_dict("records")}
    assert whole["签约"] == "市场部、财务部"


def test_a_scope_is_told_nothing_of_others(inbox: Path) -> None:
    figures = rolled(inbox, scope="SC")
    assert figures.coherence.empty
    assert set(figures.responsibility["department"]) == set(figures.appraisal["department"]) == {"SC"}
    text = "".join(
        str(frame) for frame in (figures.progress, figures.trend, figures.risks, figures.company_goals)
    )
    assert "销售部" not in text and "客户部" not in text


@pytest.mark.parametrize(
    ("spans", "peak", "day"),
    [
        ([], 0, None),
        ([("01-01", "01-10")], 1, "01-01"),
        ([("01-01", "01-10"), ("01-10", "01-20")], 2, "01-10"),  # both ends count
        ([("01-01", "01-10"), ("01-11", "01-20")], 1, "01-01"),
        ([("03-01", "03-05"), ("01-01", "12-31"), ("03-05", "03-05")], 3, "03-05"),
        ([("03-05", "03-01")], 0, None),  # dates the wrong way round
    ],
)
def test_the_busiest_day(spans: list[tuple[str, str]], peak: int, day: str | None) -> None:
    tasks = [
        {"start": date.fromisoformat(f"2024-{s}"), "finish": date.fromisoformat(f"2024-{f}")}
        for s, f in spans
    ]
    assert busiest_day(tasks) == (peak, date.fromisoformat(f"2024-{day}") if day else None)


def test_names_as_people_write_them() -> None:
    directory = Directory.of(Company((*DEPARTMENTS, Department("YC", "运营、采购部"))))
    assert split_names("客户主管、销售支持; 市场专员\n客户主管") == ("客户主管", "销售支持", "市场专员")
    assert directory.split("市場部／ xs，外协厂") == ("SC", "XS", "外协厂")
    assert directory.split("运营、采购部") == ("YC",)  # a name may hold what else divides names
    assert directory.split(None) == ()


def test_every_table_that_names_a_cell_names_its_file_and_sheet() -> None:
    tables = [{column.key for column in report.columns} for report in load_spec("annual_plan").reports]
    named = [keys for keys in tables if "cell" in keys]
    assert len(named) == 4 and all({"file", "sheet"} <= keys for keys in named)
