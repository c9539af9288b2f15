"""The sample returns: real files of a real program, and what planbook makes of every one of them."""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from planbook.checks import Reviewed
from planbook.cycle import Cycle, load_cycle
from planbook.measures import Collection, RollUp
from planbook.problems import Code, Severity
from planbook.reader import read_workbook
from planbook.reports import write_consolidated
from planbook.workflow import collect_returns, roll_up_cycle
from tests.support.make_samples import SAMPLES, copy_inputs, load_content, make_returns
from tests.support.office import ErrorValue, read_sheets, require_office
from tests.support.scope import typed_in_scope

RETURNED = SAMPLES / "returned"
FILES = sorted(RETURNED.iterdir()) if RETURNED.is_dir() else []
WORKBOOKS = [path for path in FILES if zipfile.is_zipfile(path)]

MARKETING = "营销中心-2024计划.xlsx"
MARKET = "2024-SC-市场部(修改).xlsx"
INTERNATIONAL = "International Sales - plan 2024.xlsx"
RESEARCH = "研发部2024年度计划-已填.xlsx"
PRODUCT, PRODUCT_AGAIN = "产品部.xlsx", "产品部v2.xlsx"
QUALITY = "质量部 2024年计划 0702.xlsx"
PRODUCTION = "生产部年度计划（2024）.xlsx"
PURCHASING = "CG采购部_年度计划_终稿.xlsx"
LOGISTICS, NO_WORKBOOK = "物流部-2024年度计划.xlsx", "物流部（终稿）.xlsx"
PEOPLE = "人力资源部（7.3提交）.xlsx"


@pytest.fixture(scope="module")
def cycle(tmp_path_factory: pytest.TempPathFactory) -> Cycle:
    """The sample cycle."""
    return copy_inputs(tmp_path_factory.mktemp("cycle"))


@pytest.fixture(scope="module")
def collection(cycle: Cycle) -> Collection:
    """Everything in sample_data/returned, collected."""
    return collect_returns(cycle, [RETURNED])


@pytest.fixture(scope="module")
def figures(cycle: Cycle, collection: Collection) -> RollUp:
    """The roll-up of the samples."""
    return roll_up_cycle(cycle, collection)


def accepted(collection: Collection, file: str) -> Reviewed:
    """The workbook of that name that counts."""
    return next(r for r in collection.accepted if r.submission.file == file)


def row_of(frame: Any, **keys: str) -> Mapping[str, Any]:
    """The one row of a frame with these values."""
    for column, value in keys.items():
        frame = frame[frame[column] == value]
    assert len(frame) == 1, f"{len(frame)} rows for {keys}"
    found: Mapping[str, Any] = frame.iloc[0].to_dict()
    return found


def quarter(figures: RollUp, department: str, goal: str, quarter: str) -> Mapping[str, Any]:
    """One line of a quarterly review."""
    return row_of(figures.facts, department=department, goal=goal, quarter=quarter)


# -- the files -------------------------------------------------------------------------------


def test_a_whole_year_of_returns_is_there() -> None:
    assert len(WORKBOOKS) == 11
    assert [path.name for path in FILES if path not in WORKBOOKS] == [NO_WORKBOOK]


def test_the_samples_stay_small() -> None:
    assert sum(path.stat().st_size for path in FILES) < 3_000_000


@pytest.mark.parametrize("path", WORKBOOKS, ids=lambda path: path.name)
def test_libreoffice_saved_every_workbook(path: Path) -> None:
    with zipfile.ZipFile(path) as package:
        application = package.read("docProps/app.xml").decode("utf-8")
    assert re.search(r"<Application>LibreOffice/\d", application)


@pytest.mark.parametrize("path", WORKBOOKS, ids=lambda path: path.name)
def test_no_cell_of_a_filled_workbook_shows_an_error(path: Path) -> None:
    sheets = read_sheets(path)
    assert sum(len(sheet.formulas) for sheet in sheets.values()) > 1000
    wrong = [
        f"{title}!{cell} {value}"
        for title, sheet in sheets.items()
        for cell, value in sheet.values.items()
        if isinstance(value, ErrorValue)
    ]
    assert wrong == []


def test_every_workbook_was_saved_at_a_time_of_its_own(collection: Collection) -> None:
    stamps = [receipt.modified for receipt in collection.receipts if receipt.modified]
    assert len(set(stamps)) == len(stamps) == len(WORKBOOKS)
    assert all(datetime(2024, 6, 1, tzinfo=UTC) < s < datetime(2024, 8, 1, tzinfo=UTC) for s in stamps)


def test_the_samples_were_issued_by_the_book_as_it_stands(collection: Collection) -> None:
    older = {p.location.file for p in collection.problems if p.code is Code.OTHER_SPEC}
    assert not older, "the book has changed since: run `make samples`"


@pytest.mark.parametrize("path", WORKBOOKS, ids=lambda path: path.name)
def test_every_row_that_was_typed_is_read(path: Path) -> None:
    content = {item.file: item for item in load_content().returns}
    item = content[path.name]
    rows = content[item.continues].tables if item.continues else item.tables
    plan = read_workbook(path).plan
    assert {sheet: len(plan.rows(sheet)) for sheet in rows} == {sheet: len(t) for sheet, t in rows.items()}


@pytest.mark.office
@pytest.mark.slow
def test_the_script_makes_the_samples_that_are_there(tmp_path: Path) -> None:
    """Of three: a renamed sheet, the English one, and one that came twice."""
    require_office("libreoffice")
    content = load_content()
    some = tuple(item for item in content.returns if item.department in {"SC", "GJ", "CP"})
    made = make_returns(tmp_path, replace(content, returns=some, others={}))
    assert {path.name for path in made} == {MARKET, INTERNATIONAL, PRODUCT, PRODUCT_AGAIN}
    for path in made:
        again, kept = read_workbook(path), read_workbook(RETURNED / path.name)
        assert again.plan == kept.plan
        assert again.modified == kept.modified
        assert [p for p in kept.problems if p.code is not Code.OTHER_SPEC] == list(again.problems)


# -- what is received ------------------------------------------------------------------------


def test_receipts(collection: Collection) -> None:
    assert [(r.department, r.receipt, r.file) for r in collection.receipts] == [
        ("YX", "accepted", MARKETING),
        ("SC", "accepted", MARKET),
        ("GJ", "accepted", INTERNATIONAL),
        ("YF1", "accepted", RESEARCH),
        ("CP", "accepted", PRODUCT_AGAIN),
        ("CP", "superseded", PRODUCT),
        ("ZL", "accepted", QUALITY),
        ("SCB", "partial", PRODUCTION),
        ("CG", "partial", PURCHASING),
        ("WL", "accepted", LOGISTICS),
        ("RL", "partial", PEOPLE),
        ("CW", "missing", ""),
        ("", "quarantined", NO_WORKBOOK),
    ]


def test_who_returned_nothing_is_named(collection: Collection) -> None:
    missing = next(receipt for receipt in collection.receipts if receipt.receipt == "missing")
    assert missing.reason is not None
    assert missing.reason.message("zh") == "部门“财务部”尚未提交。"


# Errors and warnings with their number, then the notes besides "read from text".
PROBLEMS: dict[str, tuple[dict[Code, int], set[Code]]] = {
    MARKETING: (
        {Code.RULE_ADVICE: 2, Code.LINK_BY_METRIC: 1, Code.LINK_NEAR: 1, Code.TASK_OVERDUE: 1},
        set(),
    ),
    MARKET: ({Code.TASK_STALE: 1}, {Code.SHEET_RENAMED}),
    INTERNATIONAL: (
        {Code.RULE_ADVICE: 2, Code.AMBIGUOUS_VALUE: 1, Code.TASK_OVERDUE: 1, Code.TASK_STALE: 1},
        set(),
    ),
    RESEARCH: ({Code.RULE_ADVICE: 1, Code.TASK_STALE: 1}, {Code.COLUMN_MOVED}),
    PRODUCT_AGAIN: ({Code.RULE_ADVICE: 1}, set()),
    QUALITY: ({}, {Code.WEIGHTS_EQUAL}),
    PRODUCTION: (
        {Code.NOT_A_QUANTITY: 1, Code.AMBIGUOUS_VALUE: 2, Code.TASK_OVERDUE: 2, Code.TASK_STALE: 1},
        set(),
    ),
    PURCHASING: ({Code.UNIT_MISMATCH: 1, Code.AMBIGUOUS_VALUE: 1, Code.TASK_OVERDUE: 1}, set()),
    LOGISTICS: (
        {Code.RULE_ADVICE: 1, Code.WEIGHTS_TOTAL: 1, Code.TASK_OVERDUE: 1},
        {Code.OWN_SHEETS, Code.OWN_COLUMNS},
    ),
    NO_WORKBOOK: ({Code.NOT_A_WORKBOOK: 1}, set()),
    PEOPLE: (
        {
            Code.RULE_ADVICE: 1,
            Code.REASON_MISSING: 2,
            Code.FRACTION_FOR_POINTS: 1,
            Code.TASK_OVERDUE: 1,
            Code.TASK_STALE: 1,
        },
        set(),
    ),
}


# What is typed as text is read, and explains why the sheet shows another figure than the report.
FROM_TEXT = {Code.READ_FROM_TEXT, Code.READINGS_DIFFER}


@pytest.mark.parametrize("file", PROBLEMS)
def test_problems_of_each_file(collection: Collection, file: str) -> None:
    found = [p for p in collection.problems if p.location.file == file and p.code is not Code.OTHER_SPEC]
    grave, notes = PROBLEMS[file]
    assert Counter(p.code for p in found if p.severity is not Severity.NOTE) == Counter(grave)
    assert {p.code for p in found if p.severity is Severity.NOTE} - FROM_TEXT == notes


def test_every_file_has_its_expected_problems() -> None:
    assert {*PROBLEMS, PRODUCT} == {path.name for path in FILES}


def test_rows_set_aside(collection: Collection) -> None:
    """A goal whose target is 待定, and a review row in pieces where its goal counts firms."""
    aside = {r.submission.file: r.submission.quarantined for r in collection.accepted}
    assert {file: rows for file, rows in aside.items() if rows} == {
        PRODUCTION: {("goals", 6)},
        PURCHASING: {("review", 6)},
    }


# -- the guide's own numbers -----------------------------------------------------------------


def test_the_guides_example_rows(collection: Collection) -> None:
    plan = accepted(collection, MARKETING).submission.plan
    goals = [[row.get(k) for k in ("goal", "metric", "target", "department")] for row in plan.rows("goals")]
    assert goals[:3] == [
        ["营收增长", "营收总额", 120_000_000, "XS"],
        ["新客户拓展", "新客户签约量", 50, "XS"],
        ["客户满意度提升", "客户满意度评分（满分100）", 90, "KH"],
    ]
    tasks = [
        [row.get(k) for k in ("task", "target", "start", "finish")] for row in plan.rows("decomposition")
    ]
    assert tasks[:3] == [
        ["完成华东10家重点客户拜访", 10, date(2024, 1, 1), date(2024, 6, 30)],
        ["将线索-签约周期从30天缩短至25天", 25, date(2024, 3, 1), date(2024, 9, 30)],
        ["活动策划与执行，吸引新客户签约", 15, date(2024, 7, 1), date(2024, 12, 31)],
    ]


def test_ten_of_twelve(figures: RollUp) -> None:
    fact = quarter(figures, "XS", "新客户拓展", "q1")
    assert (fact["target"], fact["actual"], fact["deviation"]) == (12, 10, -2)
    assert fact["deviation_rate"] == pytest.approx(-2 / 12)  # −16.7 %
    assert fact["attainment"] == pytest.approx(10 / 12)  # 83.3 %
    assert (fact["favourable"], fact["rating"]) == ("bad", "red")
    assert fact["cause"] == "客观：华东区域暴雨影响客户拜访；主观：新客户筛选标准过严"


def test_ten_of_twenty(figures: RollUp) -> None:
    fact = quarter(figures, "SC", "线索转化签约", "q1")
    assert (fact["target"], fact["actual"], fact["attainment"]) == (20, 10, 0.5)


def test_fifty_five_of_fifty(figures: RollUp) -> None:
    fact = quarter(figures, "KH", "老客户复购提升", "q2")
    assert (fact["target"], fact["actual"]) == (50, 55)
    assert fact["attainment"] == pytest.approx(1.1)


def test_one_point_two_yi_typed_as_text(figures: RollUp) -> None:
    fact = quarter(figures, "XS", "在手订单稳定", "q2")
    assert (fact["target"], fact["actual"], fact["unit"]) == (120_000_000, 120_000_000, "元")
    assert (fact["attainment"], fact["favourable"]) == (1.0, "even")


def test_twenty_seven_days_against_twenty_five(figures: RollUp) -> None:
    """Lower is better, linear: 2 − 27/25."""
    fact = quarter(figures, "XS", "签约周期缩短", "q2")
    assert (fact["target"], fact["actual"], fact["baseline"]) == (25, 27, 30)
    assert fact["method_used"] == "linear"
    assert fact["attainment"] == pytest.approx(0.92)


def test_twenty_seven_days_by_the_baseline_method(tmp_path: Path) -> None:
    """From 30 towards 25 days, 27 is three fifths of the way."""
    copy_inputs(tmp_path)
    settings = (tmp_path / "planbook.toml").read_text("utf-8")
    changed = settings.replace("[settings]\n", '[settings]\nmethod = "baseline"\n', 1)
    assert changed != settings
    (tmp_path / "planbook.toml").write_text(changed, "utf-8")
    cycle = load_cycle(tmp_path)
    figures = roll_up_cycle(cycle, collect_returns(cycle, [RETURNED / MARKETING]))
    fact = quarter(figures, "XS", "签约周期缩短", "q2")
    assert fact["method_used"] == "baseline"
    assert fact["attainment"] == pytest.approx((27 - 30) / (25 - 30))  # 60 %


def test_the_eighty_per_cent_task_is_overdue_the_day_after(figures: RollUp) -> None:
    task = row_of(figures.tasks, task="完成华东10家重点客户拜访")
    assert (task["start"], task["finish"]) == (date(2024, 1, 3), date(2024, 6, 30))
    assert (task["percent"], task["expected"], task["status"]) == (0.8, 1.0, "overdue")
    assert task["schedule_deviation"] == pytest.approx(-0.2)
    assert task["stale"] == "no"


# -- what people do to a workbook ------------------------------------------------------------


def test_a_goal_named_by_its_metric_and_a_task_named_nearly(collection: Collection) -> None:
    problems = {p.code: p for p in accepted(collection, MARKETING).submission.problems}
    by_metric, near = problems[Code.LINK_BY_METRIC], problems[Code.LINK_NEAR]
    assert (by_metric.found, by_metric.expected) == ("新客户签约量", "新客户拓展")
    assert (near.found, near.expected) == ("华东重点客户拜访", "完成华东10家重点客户拜访")


def test_a_renamed_sheet_in_another_order(collection: Collection) -> None:
    submission = accepted(collection, MARKET).submission
    assert submission.sources["tracking"].title == "任务跟踪（周例会用）"
    assert len(submission.plan.rows("tracking")) == 6
    with zipfile.ZipFile(RETURNED / MARKET) as package:
        titles = re.findall(r'<sheet name="([^"]+)"', package.read("xl/workbook.xml").decode("utf-8"))
    assert titles.index("4_季度复盘") < titles.index("1_目标总表")


def test_a_moved_column(collection: Collection) -> None:
    submission = accepted(collection, RESEARCH).submission
    columns = submission.sources["decomposition"].columns
    assert columns["lead"] < columns["metric"]
    first = submission.plan.rows("decomposition")[0]
    assert (first.get("lead"), first.get("metric")) == ("项目经理", "转产评审通过")


def test_a_planners_own_column_and_sheet_are_left_alone(collection: Collection) -> None:
    grids = read_sheets(RETURNED / LOGISTICS)
    assert "顺达、中远" in grids["3_任务跟踪"].values.values()
    assert "沪A·D1021" in grids["车辆台账"].values.values()
    row = accepted(collection, LOGISTICS).submission.plan.rows("tracking")[1]
    assert (row.get("risk"), row.get("updated")) == ("两家承运商报价偏高", date(2024, 6, 28))
    assert "顺达、中远" not in row.values.values()


def test_the_english_workbook(collection: Collection, figures: RollUp) -> None:
    submission = accepted(collection, INTERNATIONAL).submission
    assert submission.issue is not None
    assert (submission.issue.lang, submission.sources["review"].title) == ("en", "4_Review")
    fact = quarter(figures, "GJ", "Export revenue", "q2")
    assert (fact["actual"], fact["unit"]) == (1680, "万元")  # 16.8 million yuan
    assert fact["attainment"] == pytest.approx(1.05)  # 1680 of 1600
    assert quarter(figures, "GJ", "CE renewal", "q2")["attainment"] == 0  # "Not done"


def test_the_later_of_two_returns_counts(figures: RollUp) -> None:
    fact = quarter(figures, "CP", "新业务收入占比", "q2")
    assert (fact["file"], fact["actual"]) == (PRODUCT_AGAIN, 16.4)  # the first return says 16


@pytest.mark.parametrize(
    ("file", "sheet", "number", "key", "typed", "read"),
    [
        (PURCHASING, "goals", 2, "target", "１２００万", 12_000_000),
        (PURCHASING, "goals", 3, "target", "约50", 50),
        (PURCHASING, "goals", 4, "target", "≥95%", 95),
        (PURCHASING, "decomposition", 2, "target", "十五", 15),
        (PURCHASING, "decomposition", 3, "start", "2024-03", date(2024, 3, 1)),
        (PURCHASING, "decomposition", 3, "finish", "下半年", date(2024, 12, 31)),
        (PURCHASING, "tracking", 2, "percent", "六成", 0.6),
        (PURCHASING, "review", 2, "actual", "4,880,000元", 488),  # the goal is in 万元
        (PURCHASING, "review", 4, "actual", "¥3,120,000", 3_120_000),
        (PURCHASING, "review", 10, "actual", "(1,000)", -1000),
        (QUALITY, "goals", 2, "due", "年底", date(2024, 12, 31)),
        (QUALITY, "tracking", 3, "percent", "80%", 0.8),
        (QUALITY, "review", 4, "actual", "98.6％", 98.6),
        (PRODUCTION, "decomposition", 1, "start", "2024年1-6月", date(2024, 1, 1)),
        (PRODUCTION, "decomposition", 1, "finish", "2024年1-6月", date(2024, 6, 30)),
        (RESEARCH, "goals", 4, "target", "8–10", 8),
        (RESEARCH, "goals", 4, "target_high", "", 10),
        (INTERNATIONAL, "goals", 5, "due", "30 June 2024", date(2024, 6, 30)),
        (INTERNATIONAL, "tracking", 3, "updated", "6/7/2024", date(2024, 6, 7)),
    ],
)
def test_text_that_was_typed(
    collection: Collection, file: str, sheet: str, number: int, key: str, typed: str, read: object
) -> None:
    submission = accepted(collection, file).submission
    row = next(row for row in submission.plan.rows(sheet) if row.number == number)
    assert row.get(key) == read
    assert submission.typed.get((sheet, number, key), "") == typed


# -- the kinds of goals ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("department", "goal", "which", "attainment"),
    [
        ("YF1", "研发投入强度", "q1", 1 - 0.6 / 9),  # 7.4 % is 0.6 below a band about 9
        ("YF1", "研发投入强度", "q2", 1.0),  # 8.9 % stands inside 8–10
        ("YF1", "低功耗无线模组攻关", "q2", 0.0),  # 未完成
        ("SC", "官网改版上线", "q2", 1.0),  # 已完成
        ("CP", "产品体验改善", "q2", 4.1 / 4),  # a score of 1–5
        ("ZL", "重大质量事故为零", "q1", 1.0),  # none, and none was the target
        ("ZL", "重大质量事故为零", "q2", 0.0),  # one
        ("CG", "采购价差控制", "q2", 1.0),  # −1,000 against 0, lower is better
    ],
)
def test_attainment_of_every_kind(
    figures: RollUp, department: str, goal: str, which: str, attainment: float
) -> None:
    assert quarter(figures, department, goal, which)["attainment"] == pytest.approx(attainment)


@pytest.mark.parametrize(
    ("department", "goal", "target", "actual"),
    [
        ("XS", "新客户拓展", 12 + 13, 10 + 14),  # summed; the quarters to come are not counted
        ("XS", "在手订单稳定", 120_000_000, 120_000_000),  # the last value
        ("XS", "签约周期缩短", (28 + 25) / 2, (29 + 27) / 2),  # averaged
        ("CG", "供应商准入", 12, 13),  # the second quarter was set aside
    ],
)
def test_year_to_date(figures: RollUp, department: str, goal: str, target: float, actual: float) -> None:
    row = row_of(figures.goals, department=department, goal=goal)
    assert (row["target"], row["actual"]) == (target, actual)


@pytest.mark.parametrize(
    ("task", "status"),
    [
        ("上线老客户积分与复购方案", "done"),
        ("每季度完成全部重点客户回访", "on_track"),
        ("完成20家存量客户年度框架续签", "behind"),
        ("三条产线工序平衡", "overdue"),
        ("安全标准化二级评审", "not_started"),
        ("与20名核心工程师签订培养协议", "paused"),
        ("海外用户访谈专项", "cancelled"),
    ],
)
def test_tasks_of_every_status(figures: RollUp, task: str, status: str) -> None:
    assert row_of(figures.tasks, task=task)["status"] == status


# -- the company -----------------------------------------------------------------------------


def test_score_of_the_sales_department(figures: RollUp) -> None:
    attained = {
        0.4: (24_800_000 + 31_500_000) / (26_000_000 + 30_000_000),
        0.3: (10 + 14) / (12 + 13),
        0.2: 1.0,
        0.1: 2 - 28 / 26.5,
    }
    score = sum(weight * attainment for weight, attainment in attained.items())
    assert row_of(figures.scores, code="XS")["score"] == pytest.approx(score)


def test_a_missing_department_widens_the_bounds(figures: RollUp) -> None:
    company = row_of(figures.scores, code="")
    assert (company["covered"], company["expected"]) == (11, 12)
    assert company["low"] < company["score"] < company["high"]
    centre = row_of(figures.scores, code="YX")  # every goal of the division has a figure
    assert centre["low"] == centre["high"] == centre["score"]


def test_company_revenue_adds_up_across_units(figures: RollUp) -> None:
    """销售部 in 元, 国际业务部 in 万元, the company in 亿元."""
    revenue = row_of(figures.company_goals, goal="年度营收增长15%")
    assert revenue["annual_target"] == pytest.approx(1.2 + 0.64) == pytest.approx(revenue["company_target"])
    assert revenue["actual"] == pytest.approx(0.248 + 0.315 + 0.1325 + 0.168)
    assert revenue["target"] == pytest.approx(0.26 + 0.30 + 0.14 + 0.16)


def test_company_costs_add_up(figures: RollUp) -> None:
    """生产部, 采购部, 物流部, in 万元; lower is better."""
    costs = row_of(figures.company_goals, goal="综合成本下降8%")
    target, actual = 540 + 535 + 500 + 495 + 122 + 118, 548 + 521 + 512.5 + 488 + 125.6 + 116.2
    assert (costs["target"], costs["actual"]) == (target, pytest.approx(actual))
    assert costs["attainment"] == pytest.approx(2 - actual / target)


@pytest.mark.parametrize("scope", ["YX", "YF", "YY", "KH", "SC", "GJ", "CW"])
def test_a_readers_workbook_names_nobody_outside_the_scope(
    cycle: Cycle, collection: Collection, tmp_path: Path, scope: str
) -> None:
    """Every part of the file is searched: sheets, strings, names, properties."""
    inside = {department.code for department in cycle.company.below(scope)}
    outside = {d.name for d in cycle.company.departments if d.code not in inside}
    path = tmp_path / "variance.xlsx"
    write_consolidated(path, roll_up_cycle(cycle, collection, scope=scope))
    with zipfile.ZipFile(path) as archive:
        text = "".join(archive.read(name).decode("utf-8") for name in archive.namelist())
    # What departments in scope wrote themselves may name their partners, and files their division.
    typed = typed_in_scope(collection, scope, inside)
    assert {name for name in outside if name in text} <= {name for name in outside if name in typed}
