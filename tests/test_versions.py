"""Workbooks of an older book are read by their own manifest, and moved to today's with nothing dropped in silence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from openpyxl.chart import BarChart
from openpyxl.comments import Comment

from planbook.calc import Calculator
from planbook.cli import main
from planbook.cycle import cycle_items
from planbook.layout import column_letter, resolve_layout
from planbook.package import diff, diff_submissions, migrate_workbook
from planbook.package.migrate import Migrated
from planbook.plan import Plan
from planbook.problems import Code, Severity, in_words
from planbook.reader import Expectations, Submission, read_workbook
from planbook.spec import Book, Column, Kind, Text, list_books, load_spec
from planbook.writer import write_workbook
from tests.support.workbooks import COMPANY, ROWS, issue_for, read_tables, settings_at, write_filled

SAMPLES = Path(__file__).parents[1] / "sample_data" / "returned"
GOALS = """
level      | goal       | metric       | unit | target | department | due        | weight | note
department | 新客户拓展 | 新客户签约量 | 家   | {}     | XS         | 2024-12-31 | 0.6    | 重点
department | 营收增长   | 营收总额     | 元   | 5      | XS         | 2024-12-31 | 0.4    |
"""
REVIEW = """
quarter | department | goal | target | actual | cause_objective | improvement
q1      | XS         | G001 | 12     | 10     | 暴雨            | 线上拜访
"""
ATTENTION = Column(key="attention", title=Text({"zh": "关注度", "en": "Attention"}), kind=Kind.TEXT)
STRETCH = Column(
    key="stretch",
    title=Text({"zh": "挑战值", "en": "Stretch"}),
    kind=Kind.QUANTITY,
    unit="unit",
    required=True,
)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)


def with_goals(book: Book, columns: Sequence[Column], version: str) -> Book:
    """The book with other columns of its goals, as another version of itself."""
    goals = book.sheet("goals").model_copy(update={"columns": tuple(columns)})
    goals.__dict__.pop("by_key", None)  # was cached for the old columns
    sheets = tuple(goals if sheet.key == "goals" else sheet for sheet in book.sheets)
    update = {"sheets": sheets, "version": version, "sha256": version[0] * 64}
    changed = book.model_copy(update=update)
    changed.__dict__.pop("sheets_by_key", None)
    return changed


def older_book() -> Book:
    """Today's book before it had 备注, and with a column 关注度 that it has no more."""
    today = load_spec("annual_plan")
    kept = [column for column in today.sheet("goals").columns if column.key != "note"]
    return with_goals(today, [*kept, ATTENTION], "0.9")


def newer_book() -> Book:
    """Today's book once it requires one figure more."""
    today = load_spec("annual_plan")
    return with_goals(today, [*today.sheet("goals").columns, STRETCH], "9.0")


def write_old(path: Path, plan: Plan) -> Path:
    book = older_book()
    scope = [d.code for d in COMPANY.scope("YX")]
    layout = resolve_layout(
        book, items=cycle_items(book, COMPANY, scope), rows=ROWS, many={"quarter_ends": 4}
    )
    compiled = Calculator(layout)
    write_workbook(path, compiled, issue_for(compiled), plan, settings_at())
    return path


def attention_cell() -> str:
    """Where 关注度 stands in the first row of an older workbook."""
    sheet = resolve_layout(older_book()).sheet("goals")
    return f"{column_letter(sheet.index('attention'))}7"


def old_plan(target: str = "50") -> Plan:
    plan = read_tables("annual_plan", {"goals": GOALS.format(target), "review": REVIEW})
    rows = list(plan.rows("goals"))
    values = {key: value for key, value in rows[0].values.items() if key != "note"}
    rows[0] = type(rows[0])(rows[0].number, {**values, "attention": "重点关注"})
    return Plan({**plan.tables, "goals": tuple(rows)}, plan.inputs)


def told(submission: Submission) -> list[tuple[str, str, str]]:
    return [
        (p.code.value, f"{p.location.sheet}!{p.location.cell}", p.found)
        for p in submission.problems
        if p.code is not Code.OTHER_SPEC
    ]


def moved(path: Path, target: Path) -> tuple[Migrated, Submission]:
    old = read_workbook(path)
    return migrate_workbook(path, old, target), read_workbook(target)


# -- reading an older workbook -------------------------------------------------------------


def test_an_older_workbook_is_read_by_what_was_issued(tmp_path: Path) -> None:
    submission = read_workbook(write_old(tmp_path / "旧.xlsx", old_plan()))
    assert told(submission) == [("no-place", f"1_目标总表!{attention_cell()}", "重点关注")]
    assert [row.get("goal") for row in submission.plan.rows("goals")] == ["新客户拓展", "营收增长"]
    assert not submission.quarantined
    assert [p.found for p in submission.problems if p.code is Code.OTHER_SPEC] == ["annual_plan 0.9"]


def test_a_figure_that_todays_book_added_does_not_bar_older_rows(tmp_path: Path) -> None:
    path = write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", {"goals": GOALS.format(50)}))
    submission = read_workbook(path, Expectations((newer_book(),)))
    assert told(submission) == []
    assert len(submission.plan.rows("goals")) == 2 and not submission.quarantined


def test_a_column_that_was_issued_and_is_gone_is_still_missing(tmp_path: Path) -> None:
    path = write_old(tmp_path / "旧.xlsx", old_plan())
    workbook = openpyxl.load_workbook(path)
    for row in range(5, 15):
        workbook["1_目标总表"].cell(row, 4).value = None  # 衡量指标
    workbook.save(path)
    codes = [(code, found) for code, _, found in told(read_workbook(path)) if code == "column-missing"]
    assert codes == [("column-missing", "")]


# -- moving it -----------------------------------------------------------------------------


def test_a_migrated_workbook_holds_the_same_data_in_todays_layout(tmp_path: Path) -> None:
    path = write_old(tmp_path / "旧.xlsx", old_plan())
    migrated, new = moved(path, tmp_path / "新.xlsx")
    assert (migrated.before, migrated.after) == ("annual_plan 0.9", "annual_plan 1.0")
    assert new.issue is not None and new.book is not None
    assert new.issue.sha256 == load_spec("annual_plan").sha256
    assert [p.code for p in new.problems if p.severity is not Severity.NOTE] == []
    assert diff_submissions(read_workbook(path), new) == ()
    assert [(p.code, p.location.cell, p.found, p.subject) for p in migrated.losses] == [
        (Code.NO_PLACE, attention_cell(), "重点关注", "关注度")
    ]


def test_text_that_no_value_was_read_from_stays_in_its_cell(tmp_path: Path) -> None:
    goals = GOALS.format('"待定"').replace("5      |", '"约5" |').replace("2024-12-31 | 0.6", '"尽快" | 0.6')
    path = write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", {"goals": goals}))
    migrated, new = moved(path, tmp_path / "新.xlsx")
    sheet = openpyxl.load_workbook(migrated.path)["1_目标总表"]
    assert [sheet[cell].value for cell in ("I7", "N7", "I8")] == ["待定", "尽快", "约5"]
    assert migrated.losses == ()
    before = [p for p in told(read_workbook(path)) if p[0] != "readings-differ"]
    assert [p for p in told(new) if p[0] != "readings-differ"] == before


def test_own_sheets_columns_comments_and_errors_are_reported_as_left_behind(tmp_path: Path) -> None:
    path = write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", {"goals": GOALS.format(50)}))
    workbook = openpyxl.load_workbook(path)
    workbook.create_sheet("测算")["A1"] = 1
    sheet = workbook["1_目标总表"]
    sheet["C8"].comment = Comment("去年 1.0 亿", "王经理")
    sheet["I8"].value = "#REF!"
    sheet["I8"].data_type = "e"
    own = sheet.max_column + 2
    sheet.cell(6, own).value, sheet.cell(7, own).value = "我的备注", "看一下"
    workbook.save(path)
    migrated, new = moved(path, tmp_path / "新.xlsx")
    lost = {(p.code.value, *(in_words(text, "zh") for text in (p.subject, p.found))) for p in migrated.losses}
    assert ("no-place", "批注", "去年 1.0 亿") in lost
    assert ("no-place", "自建的工作表", "测算") in lost
    assert any(subject == "自加的列" and "我的备注" in found for _, subject, found in lost)
    assert ("value-unread", "目标值", "#REF!") in lost
    assert len(lost) == 4
    assert [row.get("goal") for row in new.plan.rows("goals")] == ["新客户拓展", "营收增长"]


def test_planbooks_own_notes_and_charts_are_not_left_behind(tmp_path: Path) -> None:
    """Another program saves our notes under no name of ours; today's workbook brings them itself."""
    migrated, _ = moved(SAMPLES / "质量部 2024年计划 0702.xlsx", tmp_path / "新.xlsx")
    assert migrated.losses == ()
    migrated, _ = moved(SAMPLES / "物流部-2024年度计划.xlsx", tmp_path / "新.xlsx")
    assert [(in_words(p.subject, "zh"), p.location.sheet, p.found) for p in migrated.losses] == [
        ("自建的工作表", "", "车辆台账"),
        ("自加的列", "3_任务跟踪", "Q 承运商"),
    ]


@pytest.mark.parametrize("change", ["column", "sheet"])
def test_what_cannot_be_told_apart_is_said_to_be_lost(tmp_path: Path, change: str) -> None:
    path = write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", {"goals": GOALS.format(50)}))
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["1_目标总表"]
    if change == "sheet":
        workbook.copy_worksheet(sheet).title = "备份"
    else:  # title and data of 目标值 cut and pasted, its key left behind
        for row in range(6, 12):
            sheet.cell(row, 60).value, sheet.cell(row, 9).value = sheet.cell(row, 9).value, None
    workbook.save(path)
    migrated, _ = moved(path, tmp_path / "新.xlsx")
    wanted = (Code.SHEET_TWICE, "备份", "") if change == "sheet" else (Code.COLUMN_TWICE, "1_目标总表", "BH6")
    assert wanted in [(p.code, p.location.sheet, p.location.cell) for p in migrated.losses]


def test_a_chart_of_the_planners_own_is_left_behind_and_said(tmp_path: Path) -> None:
    path = write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", {"goals": GOALS.format(50)}))
    workbook = openpyxl.load_workbook(path)
    workbook["1_目标总表"].add_chart(BarChart(), "C20")
    workbook.save(path)
    migrated, _ = moved(path, tmp_path / "新.xlsx")
    assert [(p.code, p.location.sheet, in_words(p.subject, "zh")) for p in migrated.losses] == [
        (Code.NO_PLACE, "1_目标总表", "图片或图表")
    ]


def test_more_rows_than_today_are_kept(tmp_path: Path) -> None:
    plan = read_tables("annual_plan", {"goals": GOALS.format(50)})
    book = load_spec("annual_plan")
    many = book.sheet("goals").rows + 7
    layout = resolve_layout(book, rows={**ROWS, "goals": many}, many={"quarter_ends": 4})
    last = type(plan.rows("goals")[0])(many, plan.rows("goals")[0].values)
    compiled = Calculator(layout)
    path = tmp_path / "a.xlsx"
    write_workbook(path, compiled, issue_for(compiled), Plan({"goals": (last,)}, plan.inputs), settings_at())
    migrated, new = moved(path, tmp_path / "新.xlsx")
    assert [row.number for row in new.plan.rows("goals")] == [many]
    assert migrated.losses == ()


def test_the_command_writes_reports_and_exits_as_promised(tmp_path: Path) -> None:
    path = write_old(tmp_path / "旧.xlsx", old_plan())
    (tmp_path / "坏.xlsx").write_text("x")
    out = tmp_path / "out"
    result = run("migrate", tmp_path, "--out", out, "--lang", "zh")
    assert result.exit_code == 0, result.output
    assert "annual_plan 0.9 → annual_plan 1.0，3 行，1 处未带入" in result.output
    assert (
        f"旧.xlsx:1_目标总表!{attention_cell()}: “关注度”的内容“重点关注”在新版工作簿中没有位置，未带入。"
        in result.output
    )
    assert "坏.xlsx: 这不是 .xlsx 工作簿，而是文本文件（TXT 或 CSV）。" in result.output
    assert run("migrate", path, "--out", out, "--strict").exit_code == 1
    assert run("migrate", tmp_path / "坏.xlsx", "--out", out).exit_code == 1
    assert run("migrate", path, "--out", tmp_path).exit_code == 2
    document = json.loads(run("migrate", path, "--out", out, "--json").output)
    assert [(p["code"], p["cell"]) for p in document["losses"]] == [("no-place", attention_cell())]


# -- differences ---------------------------------------------------------------------------

TASKS = """
department | goal | initiative | task     | metric | unit | target | lead     | start      | finish
XS         | G001 | 拓展市场   | 拜访客户 | 拜访量 | 家   | 10     | 客户主管 | 2024-01-03 | 2024-06-30
"""
TRACKING = """
goal | initiative | task | owner | percent | updated
G001 | 拓展市场   | T001 | 张三  | {}      | 2024-07-01
"""


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two returns: a target changed, a goal renamed, one gone, a task added, progress fallen."""
    first = {"goals": GOALS.format(50), "decomposition": TASKS, "tracking": TRACKING.format(0.8)}
    goals = GOALS.format(60).replace("新客户拓展", "大客户拓展")
    goals = "\n".join(line for line in goals.splitlines() if "营收增长" not in line)
    tasks = TASKS + "XS | G001 | 拓展市场 | 签约 | 签约量 | 家 | 3 | 客户主管 | 2024-01-03 | 2024-06-30\n"
    second = {"goals": goals, "decomposition": tasks, "tracking": TRACKING.format(0.6)}
    return (
        write_filled(tmp_path / "旧.xlsx", read_tables("annual_plan", first)),
        write_filled(tmp_path / "新.xlsx", read_tables("annual_plan", second)),
    )


def test_diff_tells_rows_and_cells_by_their_ids(pair: tuple[Path, Path]) -> None:
    document = json.loads(run("diff", *pair, "--json", "--lang", "zh").output)
    shown = [
        (c["kind"], c["sheet"], c["row"], c["column"], c["before"], c["after"], c["cell"])
        for c in document["changes"]
    ]
    assert shown == [
        ("changed", "1_目标总表", "G001", "目标名称", "新客户拓展", "大客户拓展", "C7"),
        ("changed", "1_目标总表", "G001", "目标值", "50", "60", "I7"),
        ("removed", "1_目标总表", "G002", "", "", "", "C8"),
        ("added", "2_目标分解", "T002", "", "", "", "F8"),
        ("changed", "3_任务跟踪", "K001", "完成百分比", "80%", "60%", "L7"),
    ]
    assert [(p["code"], p["cell"], p["expected"], p["found"]) for p in document["problems"]] == [
        ("row-renamed", "C7", "新客户拓展", "大客户拓展"),
        ("progress-backwards", "L7", "80%", "60%"),
    ]
    text = run("diff", *pair, "--lang", "zh").output
    assert "新增 1 行，删除 1 行，修改 3 个单元格。" in text


@pytest.mark.parametrize("book", list_books())
def test_each_book_says_which_column_holds_progress(book: str) -> None:
    found = {sheet.key: diff._progress(sheet) for sheet in load_spec(book).sheets}
    assert {key for key, column in found.items() if column} == {"tracking"}
    assert found["tracking"] == "percent"


def test_a_workbook_against_itself_has_no_change(pair: tuple[Path, Path]) -> None:
    result = run("diff", pair[0], pair[0], "--lang", "en")
    assert (result.exit_code, result.output) == (0, "Nothing was changed.\n")


def test_workbooks_of_two_departments_are_not_compared(pair: tuple[Path, Path], tmp_path: Path) -> None:
    plan = read_tables("annual_plan", {"goals": GOALS.format(50).replace("XS", "SC")})
    other = write_filled(tmp_path / "市场部.xlsx", plan, department="SC")
    result = run("diff", pair[0], other, "--lang", "zh")
    assert result.exit_code == 2
    assert result.output == "planbook: 两份工作簿属于不同的模板或部门：annual_plan YX、annual_plan SC\n"
    assert "different books or departments" in run("diff", pair[0], other, "--lang", "en").output
    (tmp_path / "坏.xlsx").write_text("x")
    assert run("diff", pair[0], tmp_path / "坏.xlsx").exit_code == 2


def test_check_against_an_earlier_copy_says_what_went_backwards(pair: tuple[Path, Path]) -> None:
    old, new = pair
    plain = json.loads(run("check", new, "--json").output)
    assert not {p["code"] for p in plain["problems"]} & {"row-renamed", "progress-backwards"}
    document = json.loads(run("check", new, "--against", old, "--json").output)
    found = {(p["code"], p["file"], p["cell"]) for p in document["problems"]}
    assert ("progress-backwards", "新.xlsx", "L7") in found
    assert ("row-renamed", "新.xlsx", "C7") in found
    assert run("check", new, "--against", old, "--against", new).exit_code == 2
