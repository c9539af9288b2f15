"""Collecting returns and rolling them up: which file counts, what the figures are, what a scope sees."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from planbook.company import Company, CompanyGoal, Department
from planbook.layout.cells import SettingValue
from planbook.measures import Collection, RollUp, collect, combine_scores, roll_up
from planbook.measures.frames import FRAMES
from planbook.measures.scores import Score
from planbook.problems import Code
from planbook.spec import load_spec
from planbook.weights import share_weights
from tests.support.office import stamp_modified
from tests.support.workbooks import AS_OF, COMPANY, YEAR, expect, read_tables, settings_at, write_filled

GUIDE = {
    "goals": """
    level      | goal           | metric         | unit | direction | aggregation | baseline | target     | weight | department | due        | company_goal
    department | 营收增长       | 营收总额       | 元   | higher    | sum         |          | "1.2亿元"  | 0.5    | XS         | 2024-12-31 | 年度营收增长15%
    department | 新客户拓展     | 新客户签约量   | 家   | higher    | sum         |          | 50         | 0.3    | XS         | 2024-12-31 |
    department | 转化周期       | 线索-签约周期  | 天   | lower     | last        | 30       | 25         | 0.2    | XS         | 2024-12-31 |
    department | 客户满意度提升 | 满意度评分     | 分   | higher    | mean        | 85       | 90         |        | KH         | 2024-12-31 |
    """,
    "decomposition": """
    department | goal | initiative       | task                     | metric     | unit | target | lead     | start      | finish
    XS         | G002 | 拓展华东区域市场 | 完成华东10家重点客户拜访 | 客户拜访量 | 家   | 10     | 客户主管 | 2024-01-03 | 2024-06-30
    """,
    "tracking": """
    goal | initiative       | task | owner | percent | updated    | risk
    G002 | 拓展华东区域市场 | T001 | 李*   | 0.8     | 2024-07-01 | 决策链延迟
    """,
    "review": """
    quarter | department | goal | target     | actual     | cause_objective | cause_subjective | improvement
    q1      | XS         | G001 | 30000000   | 30000000   |                 |                  |
    q2      | XS         | G001 | "3000万元" | "3300万元" |                 |                  |
    q1      | XS         | G002 | 12         | 10         | 华东暴雨        | 标准过严         | 线上拜访
    q3      | XS         | G002 | 13         | 12         | 客户推迟        |                  | 催办
    q1      | XS         | G003 | 28         | 28         |                 |                  |
    q2      | XS         | G003 | 25         | 27         | 审批慢          |                  | 精简
    q1      | KH         | G004 | 88         | 86         | 人手不足        |                  | 补充
    q2      | KH         | G004 | 90         | 92         |                 |                  |
    """,
}
MARKET = {
    "goals": """
    level      | goal     | metric   | unit | aggregation | target | department | due        | company_goal
    department | 线上营收 | 营收总额 | 万元 | sum         | 2000   | SC         | 2024-12-31 | 年度营收增长15%
    """,
    "review": """
    quarter | department | goal | target | actual
    q1      | SC         | G001 | 400    | 300
    q2      | SC         | G001 | 500    | 400
    """,
}


def returned(
    folder: Path, name: str, tables: Mapping[str, str], department: str = "YX", day: int = 1
) -> Path:
    path = write_filled(folder / name, read_tables("annual_plan", tables), department=department)
    stamp_modified(path, f"2024-07-{day:02d}T09:00:00Z")
    return path


def gather(folder: Path, company: Company = COMPANY, **settings: SettingValue) -> Collection:
    known = replace(expect(**settings), company=company)
    return collect([folder], company, as_of=AS_OF, expect=known, settings=settings_at(**settings))


def figures(folder: Path, *, scope: str = "", company: Company = COMPANY, **settings: SettingValue) -> RollUp:
    collection = gather(folder, company, **settings)
    book = load_spec("annual_plan")
    return roll_up(collection, book, year=YEAR, as_of=AS_OF, settings=settings_at(**settings), scope=scope)


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inbox")
    returned(folder, "营销中心.xlsx", GUIDE)
    returned(folder, "市场部.xlsx", MARKET, "SC")
    return folder


def of(frame: object, **keys: str) -> Mapping[str, object]:
    records = frame.to_dict("records")  # type: ignore[attr-defined]
    rows = [{key: None if value != value else value for key, value in row.items()} for row in records]
    found = [row for row in rows if all(row[key] == value for key, value in keys.items())]
    assert len(found) == 1, (keys, len(found))
    return found[0]


# -- which file counts ---------------------------------------------------------------------


def receipts(folder: Path) -> list[tuple[str, str, str]]:
    return [(r.department, r.receipt, r.file) for r in gather(folder).receipts]


def test_of_two_returns_the_one_modified_later_counts(tmp_path: Path) -> None:
    returned(tmp_path, "a.xlsx", GUIDE, day=1)
    returned(tmp_path, "b.xlsx", {"goals": GUIDE["goals"]}, day=2)
    assert receipts(tmp_path) == [
        ("YX", "accepted", "b.xlsx"),
        ("YX", "superseded", "a.xlsx"),
        ("SC", "missing", ""),
    ]


def test_equal_stamps_with_different_content_quarantine_both(tmp_path: Path) -> None:
    returned(tmp_path, "a.xlsx", GUIDE)
    returned(tmp_path, "b.xlsx", {"goals": GUIDE["goals"]})
    assert [receipt for _, receipt, _ in receipts(tmp_path)] == ["quarantined", "quarantined", "missing"]
    assert {p.code for p in gather(tmp_path).problems} >= {Code.SAME_STAMP}


def test_a_missing_stamp_with_different_content_quarantines_both(tmp_path: Path) -> None:
    returned(tmp_path, "a.xlsx", GUIDE)
    path = returned(tmp_path, "b.xlsx", {"goals": GUIDE["goals"]})
    from tests.support.office import rewrite_parts

    bare = b'<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>'
    rewrite_parts(path, path, {"docProps/core.xml": bare})
    assert [receipt for _, receipt, _ in receipts(tmp_path)] == ["quarantined", "quarantined", "missing"]


def test_the_same_file_twice_counts_once(tmp_path: Path) -> None:
    path = returned(tmp_path, "a.xlsx", GUIDE)
    shutil.copy(path, tmp_path / "a (1).xlsx")
    assert sorted(receipt for _, receipt, _ in receipts(tmp_path)) == ["accepted", "missing", "superseded"]


def test_what_is_no_workbook_is_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    returned(tmp_path, "a.xlsx", GUIDE)
    (tmp_path / "物流部.xlsx").write_text("不是工作簿", encoding="utf-8")
    (tmp_path / "~$a.xlsx").write_bytes(b"lock")
    assert receipts(tmp_path) == [
        ("YX", "accepted", "a.xlsx"),
        ("SC", "missing", ""),
        ("", "quarantined", "物流部.xlsx"),
    ]


def test_files_of_one_name_in_two_folders_keep_their_own_figures(tmp_path: Path) -> None:
    for folder, tables, department in (("a", GUIDE, "YX"), ("b", MARKET, "SC")):
        (tmp_path / folder).mkdir()
        returned(tmp_path / folder, "年度计划.xlsx", tables, department)
    folders = [tmp_path / "a", tmp_path / "b"]
    collection = collect(folders, COMPANY, as_of=AS_OF, expect=expect(), settings=settings_at())
    assert [(r.department, r.file) for r in collection.receipts] == [
        ("YX", "a/年度计划.xlsx"),
        ("SC", "b/年度计划.xlsx"),
    ]
    rolled = roll_up(collection, load_spec("annual_plan"), year=YEAR, as_of=AS_OF, settings=settings_at())
    assert of(rolled.goals, goal="线上营收")["department"] == "SC"
    assert len(rolled.goals) == 5


def test_a_quarantined_goal_widens_the_bounds(tmp_path: Path) -> None:
    goals = """
    level      | goal | metric | unit | target | department | due        | weight
    department | 甲   | 数量   | 家   | 50     | XS         | 2024-12-31 | 0.4
    department | 乙   | 数量   | 家   | "很多" | XS         | 2024-12-31 | 0.6
    """
    review = """
    quarter | department | goal | target | actual
    q1      | XS         | G001 | 10     | 10
    """
    returned(tmp_path, "a.xlsx", {"goals": goals, "review": review})
    sales = of(figures(tmp_path).scores, code="XS")
    assert sales["score"] == pytest.approx(1.0)
    assert sales["low"] == pytest.approx(0.4)  # 0.4 · 100 % + 0.6 · 0
    assert sales["high"] == pytest.approx(0.4 + 0.6 * 1.2)  # the missing goal at the cap


def test_a_department_without_a_figure_is_not_covered(tmp_path: Path) -> None:
    # 市场部 returned its goals and not one quarter: three are expected, two have figures.
    returned(tmp_path, "营销中心.xlsx", GUIDE)
    returned(tmp_path, "市场部.xlsx", {"goals": MARKET["goals"]}, "SC")
    company = of(figures(tmp_path).scores, node="company")
    assert (company["covered"], company["expected"]) == (2, 3)


def test_a_tree_of_a_thousand_levels(tmp_path: Path) -> None:
    chain = [Department("D0", "甲0")] + [Department(f"D{n}", f"甲{n}", f"D{n - 1}") for n in range(1, 1200)]
    collection = Collection(Company(tuple(chain)), (), (), ())
    rolled = roll_up(collection, load_spec("annual_plan"), year=YEAR, as_of=AS_OF, settings=settings_at())
    assert len(rolled.scores) == 1201


# -- the figures ---------------------------------------------------------------------------


def test_row_measures_of_the_guide(inbox: Path) -> None:
    facts = figures(inbox).facts
    row = of(facts, goal="新客户拓展", quarter="q1")
    assert row["deviation"] == -2.0  # 10 − 12
    assert row["deviation_rate"] == pytest.approx(-2 / 12)
    assert row["attainment"] == pytest.approx(10 / 12)
    assert (row["favourable"], row["rating"], row["counted"]) == ("bad", "red", "yes")
    assert row["cause"] == "客观：华东暴雨；主观：标准过严"
    assert (row["file"], row["sheet"], row["cell"]) == ("营销中心.xlsx", "4_季度复盘", "H9")
    assert of(facts, goal="新客户拓展", quarter="q3")["counted"] == "no"  # ends after 2024-07-01
    assert of(facts, goal="营收增长", quarter="q2")["actual"] == 33_000_000.0  # 3300万元 in 元


def test_year_to_date_by_aggregation(inbox: Path) -> None:
    goals = figures(inbox).goals
    revenue = of(goals, goal="营收增长")
    assert (revenue["target"], revenue["actual"]) == (60_000_000.0, 63_000_000.0)  # 3000+3000, 3000+3300 万
    assert revenue["attainment"] == pytest.approx(1.05)
    assert revenue["year_completion"] == pytest.approx(63 / 120)
    assert revenue["coverage"] == "2/2"
    new = of(goals, goal="新客户拓展")
    assert (new["target"], new["actual"], new["coverage"]) == (
        12.0,
        10.0,
        "1/2",
    )  # the running quarter is left out
    cycle = of(goals, goal="转化周期")  # last value: the second quarter's 25 and 27
    assert (cycle["target"], cycle["actual"]) == (25.0, 27.0)
    assert cycle["attainment"] == pytest.approx(2 - 27 / 25)  # 92 %
    score = of(goals, goal="客户满意度提升")  # mean of 88 and 90, of 86 and 92
    assert (score["target"], score["actual"]) == (89.0, 89.0)
    assert new["driver"] == "客观：华东暴雨；主观：标准过严"  # of the last quarter that counts


def test_an_actual_without_a_target_is_named_and_not_compared(tmp_path: Path) -> None:
    """Like with like: 30 of 30 million in the first quarter; the 33 million of the second have no target."""
    lines = GUIDE["review"].replace('"3000万元" | "3300万元"', '           | "3300万元"')
    returned(tmp_path, "营销中心.xlsx", {**GUIDE, "review": lines})
    made = figures(tmp_path)
    revenue = of(made.goals, goal="营收增长")
    assert (revenue["target"], revenue["actual"], revenue["coverage"]) == (30_000_000.0, 30_000_000.0, "1/2")
    assert revenue["attainment"] == 1.0  # not 63 of 30
    fact = of(made.facts, goal="营收增长", quarter="q2")
    assert (fact["actual"], fact["counted"], fact["adds_actual"]) == (33_000_000.0, "no", None)
    (said,) = [
        problem
        for problem in made.problems
        if problem.code is Code.REQUIRED_MISSING and problem.location.sheet == fact["sheet"]
    ]
    assert said.location.cell == "F8" and said.severity.value == "error"  # the target's cell, by its name
    company = of(made.company_goals, goal="年度营收增长15%")
    assert (company["target"], company["actual"], company["unit"]) == (0.3, 0.3, "亿元")


def test_the_baseline_method_takes_the_annual_target(inbox: Path) -> None:
    goals = figures(inbox, method="baseline").goals
    cycle = of(goals, goal="转化周期")
    assert cycle["method_used"] == "baseline"
    assert cycle["attainment"] == pytest.approx((27 - 30) / (25 - 30))  # 60 %
    assert of(goals, goal="营收增长")["method_used"] == "linear"  # a sum with two of four quarters


def test_the_task_that_is_late(inbox: Path) -> None:
    task = of(figures(inbox).tasks, task="完成华东10家重点客户拜访")
    assert (task["expected"], task["schedule_deviation"], task["status"]) == (1.0, -0.2, "overdue")
    assert task["department"] == "XS"


def test_scores_with_coverage_and_bounds(inbox: Path) -> None:
    scores = figures(inbox).scores
    sales = of(scores, code="XS")
    expected = 0.5 * 1.05 + 0.3 * (10 / 12) + 0.2 * 0.92  # weights total 100 %
    assert sales["score"] == pytest.approx(expected)
    assert of(scores, code="KH")["score"] == pytest.approx(1.0)  # one goal, no weight: equal
    division = of(scores, code="YX")
    assert division["score"] == pytest.approx((expected + 1.0) / 2)
    company = of(scores, code="")
    market = 700 / 900  # 300 + 400 of 400 + 500
    assert company["score"] == pytest.approx(((expected + 1.0) / 2 + market) / 2)
    assert (company["covered"], company["expected"], company["missed"]) == (3, 3, 3)
    assert [row["depth"] for row in scores.to_dict("records")] == [0, 1, 2, 2, 1]


def test_seven_of_nine_departments_at_82_percent() -> None:
    cap = 1.2
    known = [(None, Score(0.82, 0.82, 0.82))] * 7
    missing = [(None, Score(None, 0.0, cap))] * 2
    score = combine_scores([*known, *missing], cap)
    assert score.value == pytest.approx(0.82)
    assert score.low == pytest.approx(7 * 0.82 / 9)  # 64 %
    assert score.high == pytest.approx((7 * 0.82 + 2 * 1.2) / 9)  # 90 %


@pytest.mark.parametrize(
    ("weights", "shares"),
    [
        ([], []),
        ([None, None], [0.5, 0.5]),  # all blank: equal
        ([0.5, 0.3, None], [0.5, 0.3, 0.2]),  # what the others leave of 100 %
        ([0.4, None, None], [0.4, 0.3, 0.3]),  # divided by those that have none
        ([0.5, 0.5, None], [0.5, 0.5, 0.0]),  # the others leave nothing
        ([0.7, 0.6, None], [0.7, 0.6, 0.0]),  # nor do they above 100 %
        ([0.0, None], [0.0, 1.0]),  # zero is a weight
    ],
)
def test_a_blank_weight_takes_what_the_others_leave(weights: list[float | None], shares: list[float]) -> None:
    assert share_weights(weights) == pytest.approx(shares)


def test_the_workbook_scores_as_the_roll_up_does(tmp_path: Path) -> None:
    goals = """
    level      | goal | metric | unit | target | department | due        | weight
    department | 甲   | 数量   | 家   | 50     | XS         | 2024-12-31 | 0.5
    department | 乙   | 数量   | 家   | 50     | XS         | 2024-12-31 |
    department | 丙   | 数量   | 家   | 50     | XS         | 2024-12-31 |
    """
    review = """
    quarter | department | goal | target | actual | cause_objective | improvement
    q1      | XS         | G001 | 10     | 10     |                 |
    q1      | XS         | G002 | 10     | 5      | 原因            | 措施
    """
    path = returned(tmp_path, "a.xlsx", {"goals": goals, "review": review})
    expected = (0.5 * 1.0 + 0.25 * 0.5) / 0.75  # the two blank ones divide the half that is left
    assert of(figures(tmp_path).scores, code="XS")["score"] == pytest.approx(expected)
    sheet = openpyxl.load_workbook(path, data_only=True)["1_目标总表"]
    stored = [
        cell.value for row in sheet.iter_rows(max_row=5) for cell in row if isinstance(cell.value, float)
    ]
    assert any(value == pytest.approx(expected) for value in stored)


def test_company_goals_add_in_one_unit(inbox: Path) -> None:
    goal = of(figures(inbox).company_goals, goal="年度营收增长15%")
    assert goal["unit"] == "亿元"
    assert goal["target"] == pytest.approx(0.6 + 0.09)  # 6000万 + 900万
    assert goal["actual"] == pytest.approx(0.63 + 0.07)
    assert goal["attainment"] == pytest.approx(0.70 / 0.69)
    assert goal["coverage"] == "2/2"


def test_a_cooperating_department_is_shown_and_not_counted_again(inbox: Path) -> None:
    shared = CompanyGoal(
        "年度营收增长15%", "营收总额", "亿元", target=1.84, rollup="sum", lead="XS", cooperating=("SC",)
    )
    company = Company(COMPANY.departments, (shared, COMPANY.goals[1]))
    result = figures(inbox, company=company)
    goal = of(result.company_goals, goal="年度营收增长15%")
    assert goal["actual"] == pytest.approx(0.63)
    assert of(result.goals, goal="线上营收")["actual"] == 700.0
    assert Code.SHARED_GOAL in {problem.code for problem in result.problems}


def test_a_scope_without_the_lead_is_not_told_who_leads(inbox: Path) -> None:
    shared = CompanyGoal("年度营收增长15%", "营收总额", "亿元", rollup="sum", lead="XS", cooperating=("SC",))
    company = Company(COMPANY.departments, (shared,))
    market = figures(inbox, scope="SC", company=company)
    told = [f"{p.found}{p.expected}{p.subject}" for p in market.problems]
    assert not any("销售部" in text for text in told)
    assert market.company_goals.empty  # what cooperates is shown in its own rows, not counted


def test_without_a_lead_every_department_counts(inbox: Path) -> None:
    goal = CompanyGoal("年度营收增长15%", "营收总额", "亿元", rollup="sum", cooperating=("SC",))
    company = Company(COMPANY.departments, (goal,))
    rolled = of(figures(inbox, company=company).company_goals, goal="年度营收增长15%")
    assert rolled["actual"] == pytest.approx(0.63 + 0.07)


def test_weighted_company_goals_average_attainment(inbox: Path) -> None:
    weighted = CompanyGoal("年度营收增长15%", "营收总额", "亿元", target=1.84, rollup="weighted")
    company = Company(COMPANY.departments, (weighted,))
    goal = of(figures(inbox, company=company).company_goals, goal="年度营收增长15%")
    # weights 50 % and blank; the blank one takes the mean of those given
    assert goal["attainment"] == pytest.approx((0.5 * 1.05 + 0.5 * 700 / 900) / 1.0)


# -- scope ---------------------------------------------------------------------------------


def test_a_scope_sees_itself_and_nothing_else(inbox: Path) -> None:
    market = figures(inbox, scope="SC")
    assert set(market.goals["department"]) == set(market.facts["department"]) == {"SC"}
    assert market.tasks.empty
    assert list(market.scores["code"]) == ["SC"]
    assert set(market.receipts["department"]) == {"SC"}
    assert {problem.location.file for problem in market.problems} <= {"市场部.xlsx"}
    division = figures(inbox, scope="YX")
    assert set(division.goals["department"]) == {"XS", "KH"}
    assert of(division.company_goals, goal="年度营收增长15%")["actual"] == pytest.approx(0.63)


def test_a_department_inside_a_division_workbook_sees_its_own_rows(inbox: Path) -> None:
    service = figures(inbox, scope="KH")
    assert set(service.goals["department"]) == {"KH"}
    # Of its division's workbook, without what others have there.
    (receipt,) = service.receipts.to_dict("records")
    assert (receipt["department"], receipt["receipt"], receipt["file"]) == ("KH", "accepted", "营销中心.xlsx")
    assert service.receipts[["rows", "errors", "warnings", "reason"]].isna().all(axis=None)
    assert service.problems == ()  # the division's file names rows of other departments too


def test_a_tree_of_any_depth(inbox: Path) -> None:
    company = Company(
        (
            Department("G", "集团"),
            Department("YX", "营销中心", "G", workbook=True),
            Department("XS", "销售部", "YX", weight=3.0),
            Department("KH", "客户部", "YX", weight=1.0),
            Department("SC", "市场部", "G"),
        ),
        COMPANY.goals,
    )
    scores = figures(inbox, company=company).scores
    sales = of(scores, code="XS")["score"]
    assert of(scores, code="YX")["score"] == pytest.approx((3 * float(str(sales)) + 1.0) / 4)
    assert [row["depth"] for row in scores.to_dict("records")] == [0, 1, 2, 3, 3, 2]


def test_the_order_and_the_folders_of_the_files_change_nothing(inbox: Path, tmp_path: Path) -> None:
    book, forward = load_spec("annual_plan"), figures(inbox)
    files = sorted(inbox.iterdir(), reverse=True)
    split = [tmp_path / str(number) for number in range(len(files))]
    for folder, file in zip(split, files, strict=True):
        folder.mkdir()
        shutil.copy2(file, folder)
    for paths in (files, split, list(reversed(split))):
        collection = collect(paths, COMPANY, as_of=AS_OF, expect=expect(), settings=settings_at())
        again = roll_up(collection, book, year=YEAR, as_of=AS_OF, settings=settings_at())
        assert all(forward.frame(name).equals(again.frame(name)) for name in FRAMES)
        assert forward.problems == again.problems


def test_nothing_returned_gives_empty_figures_and_names_who_is_missing(tmp_path: Path) -> None:
    result = figures(tmp_path)
    assert result.facts.empty and result.goals.empty
    company = of(result.scores, code="")
    assert company["score"] is None and (company["low"], company["high"]) == (0.0, 1.2)
    assert list(result.receipts["receipt"]) == ["missing", "missing"]
    assert not list(tmp_path.iterdir())


def test_as_of_decides_which_quarters_count(inbox: Path) -> None:
    collection = collect([inbox], COMPANY, as_of=date(2024, 3, 31), expect=expect(), settings={})
    settings = settings_at(date(2024, 3, 31))
    early = roll_up(
        collection, load_spec("annual_plan"), year=YEAR, as_of=date(2024, 3, 31), settings=settings
    )
    assert of(early.goals, goal="营收增长")["target"] == 30_000_000.0
    assert of(early.goals, goal="营收增长")["coverage"] == "1/1"
