"""Reading returned workbooks: what was typed, what is wrong with it, and where."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from planbook.plan import Plan, PlanRow
from planbook.problems import Code, Problem, Severity, UsageError
from planbook.reader import Submission, grids, read_workbook, report
from planbook.reader.preflight import open_package
from planbook.values import NIL
from tests.support.packages import part_of
from tests.support.workbooks import expect, read_tables, write_filled

GOALS = """
level      | goal           | metric         | unit | target | department | due        | weight
department | 营收增长       | 营收总额       | 元   | {}     | XS         | 2024-12-31 | 0.5
department | 新客户拓展     | 新客户签约量   | 家   | 50     | XS         | 2024-12-31 | 0.3
department | 客户满意度提升 | 客户满意度评分 | 分   | 90     | KH         | 2024-12-31 | 0.2
"""
TASKS = """
department | goal | initiative         | task                      | metric     | unit | target | lead     | start      | finish
XS         | G002 | 拓展华东区域市场   | 完成华东10家重点客户拜访  | 客户拜访量 | 家   | 10     | 客户主管 | 2024-01-03 | 2024-06-30
XS         | G002 | 优化客户转化流程   | 将线索-签约周期缩短至25天 | 签约周期   | 天   | 25     | 销售支持 | 2024-03-01 | 2024-09-30
"""


def read(path: Path, **settings: object) -> Submission:
    return read_workbook(path, expect(**settings))  # type: ignore[arg-type]


def filled(tmp_path: Path, target: str = '"1.2亿元"', **tables: str) -> Path:
    """A workbook with the guide's goals and tasks, and whatever else a test writes."""
    plan = read_tables("annual_plan", {"goals": GOALS.format(target), "decomposition": TASKS, **tables})
    return write_filled(tmp_path / "营销中心.xlsx", plan)


def edit(path: Path, change: Callable[[Workbook], None]) -> Path:
    """The workbook after somebody changed it in another program."""
    workbook = openpyxl.load_workbook(path)
    change(workbook)
    workbook.save(path)
    return path


def found(submission: Submission, *severities: Severity) -> list[tuple[str, str]]:
    """Code and place (sheet!cell) of the problems, worst first."""
    wanted = severities or (Severity.ERROR, Severity.WARNING)
    return [
        (p.code.value, f"{p.location.sheet}!{p.location.cell or p.location.row}")
        for p in submission.problems
        if p.severity in wanted
    ]


def value(submission: Submission, sheet: str, number: int, key: str) -> object:
    return next(r for r in submission.plan.rows(sheet) if r.number == number).get(key)


# -- as issued -----------------------------------------------------------------------------


def test_a_filled_workbook_reads_as_typed(tmp_path: Path) -> None:
    submission = read(filled(tmp_path))
    assert value(submission, "goals", 1, "target") == 120_000_000.0  # 1.2亿元 in 元
    assert submission.typed["goals", 1, "target"] == "1.2亿元"
    assert value(submission, "decomposition", 1, "goal") == "G002"
    assert value(submission, "goals", 1, "due") == date(2024, 12, 31)
    assert found(submission) == []
    assert found(submission, Severity.NOTE) == [("read-from-text", "1_目标总表!I7")]
    assert submission.locate("goals", 1, "target").cell == "I7"


@pytest.mark.parametrize(
    ("typed", "unit", "wanted"),
    [
        ('"1.2亿元"', "元", 120_000_000.0),
        ('"1200万"', "元", 12_000_000.0),
        ('"１２"', "元", 12.0),
        ('"(1,000)"', "元", -1000.0),
        ('"不适用"', "元", NIL),
        ('"十二"', "元", 12.0),
    ],
)
def test_quantities_typed_as_text(tmp_path: Path, typed: str, unit: str, wanted: object) -> None:
    assert value(read(filled(tmp_path, typed)), "goals", 1, "target") == wanted


def test_ten_thousands_without_a_unit_count_the_base_unit(tmp_path: Path) -> None:
    goals = """
    level      | goal | metric | unit | target  | department | due
    department | 成本 | 总成本 | 万元 | "521万" | XS         | 2024-12-31
    department | 产量 | 件数   | 件   | "3万"   | XS         | 2024-12-31
    """
    submission = read(write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", {"goals": goals})))
    assert value(submission, "goals", 1, "target") == 521.0  # 521万元, not 521万 times 万元
    assert value(submission, "goals", 2, "target") == 30_000.0


@pytest.mark.parametrize(
    ("unit", "factor"), [("元", 1), ("万元", 1e4), ("亿元", 1e8), ("家", 1), ("%", 1), ("周", 1)]
)
def test_all_spellings_of_an_amount_are_read_alike(tmp_path: Path, unit: str, factor: float) -> None:
    """万 and 亿 count 元 in words, in digits and in parts; none is taken for so many 万元."""
    spellings = ["1.2亿", "1亿2000万", "一亿二千万", "一点二亿", "壹亿贰仟万", "12000万", "约一点二亿"]
    rows = "".join(f'department | {t} | 指标{t} | {unit} | "{t}" | XS | 2024-12-31\n' for t in spellings)
    goals = f"level | goal | metric | unit | target | department | due\n{rows}"
    submission = read(write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", {"goals": goals})))
    for number in range(1, len(spellings) + 1):
        assert value(submission, "goals", number, "target") == pytest.approx(1.2e8 / factor)
    assert found(submission) == [("ambiguous-value", "1_目标总表!I13")]


@pytest.mark.parametrize(("unit", "codes"), [("万元", ["ambiguous-value"]), ("家", [])])
def test_thousands_are_the_rows_own_and_doubtful_where_it_counts_ten_thousands(
    tmp_path: Path, unit: str, codes: list[str]
) -> None:
    goals = f"""
    level      | goal | metric | unit   | target | department | due
    department | 甲   | 指标甲 | {unit} | "3千"  | XS         | 2024-12-31
    department | 乙   | 指标乙 | {unit} | "三千" | XS         | 2024-12-31
    """
    submission = read(write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", {"goals": goals})))
    assert [value(submission, "goals", number, "target") for number in (1, 2)] == [3000.0, 3000.0]
    assert found(submission) == [(code, f"1_目标总表!{cell}") for cell in ("I7", "I8") for code in codes]


def test_what_cannot_be_read_is_said_with_its_cell_and_quarantined(tmp_path: Path) -> None:
    submission = read(filled(tmp_path, '"待定"'))
    assert ("not-a-quantity", "1_目标总表!I7") in found(submission)
    assert ("goals", 1) in submission.quarantined
    assert ("goals", 2) not in submission.quarantined


def test_a_unit_that_does_not_convert_is_an_error(tmp_path: Path) -> None:
    submission = read(filled(tmp_path, '"12家"'))
    assert ("unit-mismatch", "1_目标总表!I7") in found(submission)


def test_missing_nil_and_zero_are_three_things(tmp_path: Path) -> None:
    review = """
    quarter | department | goal | target | actual
    q1      | XS         | G001 | 12     | 0
    q2      | XS         | G001 | 12     | "无"
    q3      | XS         | G001 | 12     |
    """
    submission = read(filled(tmp_path, review=review))
    assert [value(submission, "review", n, "actual") for n in (1, 2, 3)] == [0.0, NIL, None]


def test_points_and_fractions_of_a_percent_unit(tmp_path: Path) -> None:
    goals = """
    level      | goal     | metric | unit | target | department | due
    department | 市场份额 | 份额   | %    | "80%"  | XS         | 2024-12-31
    department | 复购率   | 复购率 | %    | 0.8    | XS         | 2024-12-31
    """
    plan = read_tables("annual_plan", {"goals": goals})
    submission = read(write_filled(tmp_path / "a.xlsx", plan))
    assert value(submission, "goals", 1, "target") == 80.0
    assert value(submission, "goals", 2, "target") == 0.8
    assert found(submission) == [("fraction-for-points", "1_目标总表!I8")]
    (told,) = [p for p in submission.problems if p.code is Code.FRACTION_FOR_POINTS]
    assert told.fix("zh") == "本意若是 80%，请填 80%。"


def test_a_typed_range_fills_both_bounds_of_a_band(tmp_path: Path) -> None:
    goals = """
    level      | goal   | metric | direction | unit | target   | department | due
    department | 库存   | 天数   | band      | 天   | "90–95"  | XS         | 2024-12-31
    """
    submission = read(write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", {"goals": goals})))
    row = submission.plan.rows("goals")[0]
    assert (row.get("target"), row.get("target_high")) == (90.0, 95.0)


@pytest.mark.parametrize("typed", ["9~11", "13-15家", "2-3万", "约9到11"])
def test_a_range_is_an_error_where_one_number_is_asked_for(tmp_path: Path, typed: str) -> None:
    goals = f"""
    level      | goal | metric | unit | baseline  | target | department | due
    department | 拓客 | 家数   | 家   | "{typed}" | 20     | XS         | 2024-12-31
    """
    review = f"""
    quarter | department | goal | target | actual
    q1      | XS         | G001 | 12     | "{typed}"
    """
    plan = read_tables("annual_plan", {"goals": goals, "review": review})
    submission = read(write_filled(tmp_path / "a.xlsx", plan))
    errors = found(submission, Severity.ERROR)
    assert errors == [("not-a-quantity", "1_目标总表!H7"), ("not-a-quantity", "4_季度复盘!H7")]
    assert [p.found for p in submission.problems if p.severity is Severity.ERROR] == [typed, typed]
    assert value(submission, "goals", 1, "baseline") is None
    assert value(submission, "review", 1, "actual") is None
    assert {("goals", 1), ("review", 1)} <= submission.quarantined


@pytest.mark.parametrize(("direction", "high"), [("higher", ""), ("lower", ""), ("band", "96")])
def test_a_target_that_is_cut_to_its_lower_end_is_one_line_that_names_it(
    tmp_path: Path, direction: str, high: str
) -> None:
    goals = f"""
    level      | goal | metric | direction   | unit | target  | target_high | department | due
    department | 库存 | 天数   | {direction} | 天   | "90–95" | {high}      | XS         | 2024-12-31
    """
    submission = read(write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", {"goals": goals})))
    said = [(p.code.value, p.location.cell, p.expected) for p in submission.problems if p.found == "90–95"]
    assert said == [("ambiguous-value", "I7", "90 天")]
    assert value(submission, "goals", 1, "target") == 90.0
    assert value(submission, "goals", 1, "target_high") == (float(high) if high else None)


# -- links ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "wanted", "code"),
    [
        ('"G002｜新客户拓展"', "G002", None),
        ('"G002｜旧的名称"', "G002", None),  # the id names the row, whatever the label says
        ('"新客户拓展"', "G002", None),
        ('"新客户签约量"', "G002", "link-by-metric"),
        ('"新客户拓展工作"', "G002", "link-near"),
        ('"降低能耗"', None, "link-broken"),
    ],
)
def test_goals_typed_instead_of_picked(tmp_path: Path, typed: str, wanted: str, code: str | None) -> None:
    review = f"""
    quarter | department | goal    | target | actual
    q1      | XS         | {typed} | 12     | 10
    """
    submission = read(filled(tmp_path, review=review))
    assert value(submission, "review", 1, "goal") == wanted
    assert [c for c, place in found(submission) if place == "4_季度复盘!D7"] == ([code] if code else [])


def test_the_guides_own_task_name_links_by_its_nearest(tmp_path: Path) -> None:
    tracking = """
    goal | initiative       | task                 | owner | percent | updated
    G002 | 拓展华东区域市场 | "华东重点客户拜访"   | 李*   | 0.8     | 2024-07-01
    """
    submission = read(filled(tmp_path, tracking=tracking))
    assert value(submission, "tracking", 1, "task") == "T001"
    assert ("link-near", "3_任务跟踪!D7") in found(submission)


def test_a_task_of_another_initiative_is_marked_stale(tmp_path: Path) -> None:
    tracking = """
    goal | initiative       | task | owner | percent | updated
    G002 | 拓展华东区域市场 | T002 | 李*   | 0.8     | 2024-07-01
    """
    assert ("link-stale", "3_任务跟踪!D7") in found(read(filled(tmp_path, tracking=tracking)))


# -- rules of rows -------------------------------------------------------------------------


def test_rules_of_rows(tmp_path: Path) -> None:
    goals = """
    level      | goal       | metric | unit | target | department | due
    department | 新客户拓展 | 签约量 | 家   | 50     | XS         | 2024-12-31
    department | 新客户拓展 | 签约量 | 家   | 40     | XS         | 2024-12-31
    department | 提升*业绩  | 业绩   | 家   | 40     | SC         | 2024-12-31
    "目标"     | 拜访       |        | 家   | 40     | XS         | "某天"
    """
    tasks = """
    department | goal | initiative | task | metric | unit | target | lead | start      | finish
    XS         | G001 | 拓展       | 拜访 | 拜访量 | 家   | 10     | 主管 | 2024-06-30 | 2024-01-03
    """
    plan = read_tables("annual_plan", {"goals": goals, "decomposition": tasks})
    submission = read(write_filled(tmp_path / "a.xlsx", plan))
    assert found(submission) == [
        ("duplicate", "1_目标总表!C8"),
        ("bad-character", "1_目标总表!C9"),
        ("out-of-scope", "1_目标总表!M9"),
        ("not-in-list", "1_目标总表!B10"),
        ("required-missing", "1_目标总表!D10"),
        ("not-a-date", "1_目标总表!N10"),
        ("dates-reversed", "2_目标分解!Q7"),
    ]
    assert submission.quarantined == {("goals", 2), ("goals", 3), ("goals", 4), ("decomposition", 1)}


def test_one_goal_has_one_row_a_quarter(tmp_path: Path) -> None:
    review = """
    quarter | department | goal | target | actual
    q1      | XS         | G002 | 12     | 10
    q1      | XS         | G002 | 13     | 11
    """
    submission = read(filled(tmp_path, review=review))
    assert ("duplicate", "4_季度复盘!D8") in found(submission)
    assert submission.quarantined == {("review", 2)}


# -- what people do to a workbook ----------------------------------------------------------


def test_columns_moved_and_sheets_renamed(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        sheet = workbook["1_目标总表"]
        sheet.title = "目标（定稿）"
        sheet.move_range("C5:C14", cols=40)  # the goal's name, far to the right
        workbook.move_sheet("目标（定稿）", 3)

    submission = read(edit(filled(tmp_path), change))
    assert value(submission, "goals", 2, "goal") == "新客户拓展"
    assert submission.locate("goals", 2, "goal").cell == "AQ8"
    notes = dict(found(submission, Severity.NOTE))
    assert notes["sheet-renamed"] == "目标（定稿）!0"
    assert notes["column-moved"] == "目标（定稿）!AQ6"
    assert found(submission) == []


def test_a_column_inserted_pushes_nothing_out_of_place(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook["1_目标总表"].insert_cols(4)

    submission = read(edit(filled(tmp_path), change))
    assert value(submission, "goals", 2, "target") == 50.0
    assert "column-moved" not in dict(found(submission, Severity.NOTE))


def test_titles_serve_where_the_key_row_is_gone(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook["1_目标总表"].delete_rows(5)

    submission = read(edit(filled(tmp_path), change))
    assert value(submission, "goals", 2, "goal") == "新客户拓展"
    assert found(submission) == []


def test_deleted_and_doubled_things_are_never_guessed(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        del workbook["3_任务跟踪"]
        workbook.copy_worksheet(workbook["4_季度复盘"])
        workbook["1_目标总表"].delete_cols(9)  # 目标值

    codes = dict(found(read(edit(filled(tmp_path), change))))
    assert {"sheet-missing", "sheet-twice", "column-missing"} <= set(codes)


def test_text_below_the_table_is_said(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook["1_目标总表"]["C40"] = "还有一个目标"

    assert ("text-below", "1_目标总表!40") in found(read(edit(filled(tmp_path), change)))


def test_the_planners_own_columns_and_sheets_are_left_alone(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook.create_sheet("我的草稿")["A1"] = "=1/0"
        workbook["1_目标总表"]["AZ7"] = "私人备注"

    submission = read(edit(filled(tmp_path), change))
    assert found(submission) == []
    assert len(submission.plan.rows("goals")) == 3


# -- identity ------------------------------------------------------------------------------


def test_copies_of_the_identity_that_disagree_refuse_the_file(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook["_meta"]["B1"] = "PB2024-0000000000"

    submission = read(edit(filled(tmp_path), change))
    assert submission.refused
    assert [p.code for p in submission.problems] == [Code.IDENTITY_CONFLICT]


def test_a_lost_identity_is_recognised_by_headers(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        del workbook["_meta"]
        del workbook.defined_names["planbook_identity"]
        workbook.properties.keywords = ""
        workbook["使用说明"]["E2"] = None

    submission = read(edit(filled(tmp_path), change))
    assert submission.issue is not None
    assert submission.issue.department == "YX"
    assert ("identity-missing", "!0") in found(submission)


def test_workbooks_of_another_year_and_of_strangers(tmp_path: Path) -> None:
    path = filled(tmp_path)
    other = expect()
    assert (
        read_workbook(path, type(other)(other.books, other.company, 2025)).problems[0].code
        is Code.OTHER_CYCLE
    )
    foreign = tmp_path / "foreign.xlsx"
    workbook = Workbook()
    workbook.active["A1"] = "sales"  # type: ignore[index]
    workbook.save(foreign)
    assert read(foreign).problems[0].code is Code.FOREIGN_WORKBOOK


# -- pre-flight ----------------------------------------------------------------------------


def zipped(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def test_a_lone_cell_at_the_far_corner_is_refused_before_a_parser_sees_it(tmp_path: Path) -> None:
    path = filled(tmp_path)
    edit(path, lambda workbook: workbook["1_目标总表"].__setitem__("XFD1048576", 1))
    problem = open_package(path)
    assert isinstance(problem, Problem)
    assert (problem.code, str(problem.location)) == (Code.FAR_CELL, f"{path.name}:1_目标总表!XFD1048576")


@pytest.mark.parametrize(
    "cell",
    [
        b"<c r='XFD1048576'><v>1</v></c>",
        b'<c  r = "XFD1048576"><v>1</v></c>',
        b'<c r="xfd1048576"><v>1</v></c>',
        b'<c r="&#88;FD1048576"><v>1</v></c>',
    ],
)
def test_a_far_cell_written_in_another_form_is_refused_too(tmp_path: Path, cell: bytes) -> None:
    path = filled(tmp_path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = part_of(path, "1_目标总表")
    sheet = parts[name]
    row = b'<row r="1048576">' + cell + b"</row></sheetData>"
    parts[name] = sheet.replace(b"</sheetData>", row)
    assert found(read(zipped(path, parts))) == [("far-cell", "1_目标总表!XFD1048576")]


@pytest.mark.parametrize("part", ["xl/worksheets/sheet2.xml", "xl/styles.xml", "xl/sharedStrings.xml"])
def test_a_part_cut_short_is_one_problem_and_no_exception(tmp_path: Path, part: str) -> None:
    path = filled(tmp_path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = parts[part][: len(parts[part]) // 2]
    submission = read(zipped(path, parts))
    assert submission.refused
    assert submission.problems[0].code in {Code.READ_FAILED, Code.BROKEN_PACKAGE}


def test_error_cells_are_named(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook["1_目标总表"]["I8"] = "#DIV/0!"
        workbook["1_目标总表"]["I8"].data_type = "e"

    submission = read(edit(filled(tmp_path), change))
    assert ("error-cell", "1_目标总表!I8") in found(submission)
    assert ("goals", 2) in submission.quarantined


def test_a_number_that_is_no_day_is_said_and_stops_nothing(tmp_path: Path) -> None:
    tables = {
        "decomposition": "task | goal\n拜访客户 | G001",
        "goals": "goal\n营收增长",
        "tracking": "goal | task | finish_override\nG001 | T001 | 2024-06-30",
    }
    plan = read_tables("annual_plan", tables)
    (row,) = plan.rows("tracking")
    changed = PlanRow(row.number, {**row.values, "finish_override": 1e12})
    path = write_filled(tmp_path / "day.xlsx", Plan({**plan.tables, "tracking": (changed,)}, plan.inputs))
    codes = [problem.code for problem in read_workbook(path, expect()).problems]
    assert Code.NOT_A_DATE in codes


# -- reports ---------------------------------------------------------------------------------------


def test_a_report_is_parsed_from_the_bytes_that_were_looked_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.xlsx"
    workbook = openpyxl.Workbook()
    workbook.active["A1"] = "2024-06-30"
    workbook.save(path)

    def look_and_exchange(path: Path) -> object:
        package = open_package(path)
        path.write_bytes(b"something else")
        return package

    monkeypatch.setattr(report, "open_package", look_and_exchange)
    assert report.read_report_sheet(path, "Sheet") == [["2024-06-30"]]


def test_a_panic_over_a_report_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.xlsx"
    openpyxl.Workbook().save(path)
    panic = type("PanicException", (BaseException,), {})

    class Panicking:
        @staticmethod
        def from_filelike(_: object) -> object:
            raise panic("index out of bounds")

    monkeypatch.setattr(grids, "CalamineWorkbook", Panicking)
    with pytest.raises(UsageError, match=r"report\.xlsx: the parser gave up \(index out of bounds\)"):
        report.read_report_sheet(path, "Sheet")
