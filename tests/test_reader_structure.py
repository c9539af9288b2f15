"""What people do to sheets and columns: what is found all the same, and what is said instead of guessed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from planbook.problems import Code, Severity, in_words
from planbook.reader import Submission, read_workbook
from tests.support.hostile import pack, parts_of
from tests.support.workbooks import expect, read_tables, write_filled

GOALS = """
level      | goal           | metric         | unit | target | department | due        | weight
department | 营收增长       | 营收总额       | 元   | 100    | XS         | 2024-12-31 | 0.5
department | 新客户拓展     | 新客户签约量   | 家   | 50     | XS         | 2024-12-31 | 0.3
department | 客户满意度提升 | 客户满意度评分 | 分   | 90     | KH         | 2024-12-31 | 0.2
"""
REVIEW = """
quarter | department | goal | target | actual
q1      | XS         | G001 | 25     | 26
q1      | XS         | G002 | 12     | 10
q2      | XS         | G002 | 12     | 11
"""
SHEET, OTHER = "1_目标总表", "4_季度复盘"
Change = Callable[[Workbook], None]


def filled(folder: Path) -> Path:
    plan = read_tables("annual_plan", {"goals": GOALS, "review": REVIEW})
    return write_filled(folder / "营销中心.xlsx", plan)


def read_changed(folder: Path, change: Change) -> Submission:
    """The workbook after somebody changed it, read."""
    path = filled(folder)
    workbook = openpyxl.load_workbook(path)
    change(workbook)
    workbook.save(path)
    return read_workbook(path, expect())


def said(submission: Submission, *severities: Severity) -> list[tuple[str, str]]:
    """Code and place of the problems, worst first.

    The changes are made by a library that calculates nothing, which is said each time: left out.
    """
    return [
        (p.code.value, str(p.location).partition(":")[2])
        for p in submission.problems
        if p.severity in (severities or tuple(Severity)) and p.code is not Code.VALUES_NOT_STORED
    ]


def goals(submission: Submission) -> list[object]:
    return [row.get("goal") for row in submission.plan.rows("goals")]


NAMES = ["营收增长", "新客户拓展", "客户满意度提升"]


# -- sheets ------------------------------------------------------------------------------------


def test_sheets_in_another_order_under_another_name_and_hidden(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook.move_sheet(SHEET, 4)
        workbook[SHEET].title = "定稿 'v2'"
        workbook["定稿 'v2'"].sheet_state = "veryHidden"

    submission = read_changed(tmp_path, change)
    assert goals(submission) == NAMES
    assert said(submission) == [("sheet-hidden", "定稿 'v2'"), ("sheet-renamed", "定稿 'v2'")]


def test_a_copied_sheet_is_never_picked(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook.copy_worksheet(workbook[SHEET]).title = "备份"

    submission = read_changed(tmp_path, change)
    assert "goals" not in submission.plan.tables
    # and what the missing goals leave behind in the review is not said again for every row
    assert said(submission) == [("sheet-twice", "备份")]
    assert {("review", n) for n in (1, 2, 3)} == submission.quarantined


def test_a_deleted_sheet_is_one_problem(tmp_path: Path) -> None:
    submission = read_changed(tmp_path, lambda workbook: workbook.remove(workbook[SHEET]))
    assert [code for code, _ in said(submission)] == ["sheet-missing"]
    assert submission.problems[0].expected == SHEET


def test_a_sheet_without_any_header_is_called_so(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook[SHEET].delete_rows(1, 40)

    assert said(read_changed(tmp_path, change)) == [("header-missing", SHEET)]


def test_the_planners_own_sheets_and_columns_are_listed(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook.create_sheet("草稿")["B2"] = "=1/0"
        workbook.create_sheet("空白")
        workbook[SHEET]["BJ6"] = "我的备注"
        workbook[SHEET]["BJ8"] = "问过了"
        workbook[SHEET]["BK9"] = "?"

    submission = read_changed(tmp_path, change)
    assert said(submission) == [("own-sheets", ""), ("own-columns", SHEET)]
    own = [p for p in submission.problems if p.code in {Code.OWN_SHEETS, Code.OWN_COLUMNS}]
    assert [in_words(p.found, "zh") for p in own] == [
        "草稿",
        "BJ 我的备注、BK",
    ]


def test_our_own_sheets_are_no_planners_own_without_their_protection(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook.create_sheet("问题清单")["A1"] = "问题"
        assert "仪表盘" in workbook.sheetnames
        for sheet in workbook.worksheets:
            sheet.protection.sheet = False

    submission = read_changed(tmp_path, change)
    assert Code.OWN_SHEETS not in {p.code for p in submission.problems}


# -- headers -----------------------------------------------------------------------------------


def test_rows_inserted_above_the_table(tmp_path: Path) -> None:
    submission = read_changed(tmp_path, lambda workbook: workbook[SHEET].insert_rows(1, 60))
    assert goals(submission) == NAMES
    assert submission.locate("goals", 1, "goal").cell == "C67"
    assert said(submission, Severity.ERROR) == []


def test_titles_serve_where_the_keys_are_gone_in_any_language(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        sheet = workbook[SHEET]
        sheet.delete_rows(5)
        sheet["C5"], sheet["I5"] = "Goal", "目標值 *"

    submission = read_changed(tmp_path, change)
    assert goals(submission) == NAMES
    assert said(submission) == []


def test_a_title_nearly_right_is_taken_with_a_warning(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        sheet = workbook[SHEET]
        sheet.delete_rows(5)
        sheet["C5"] = "目标的名称"

    submission = read_changed(tmp_path, change)
    assert goals(submission) == NAMES
    assert said(submission) == [("column-near", f"{SHEET}!C5")]
    assert (submission.problems[0].found, submission.problems[0].expected) == ("目标的名称", "目标名称")


def test_a_title_between_two_is_taken_for_neither(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        sheet = workbook[SHEET]
        sheet.delete_rows(5)
        sheet["H5"], sheet["I5"] = "值", "值"  # 基线值 or 目标值

    submission = read_changed(tmp_path, change)
    assert ("column-missing", f"{SHEET}!5:5") in said(submission)
    assert all(row.get("target") is None for row in submission.plan.rows("goals"))


@pytest.mark.parametrize("title", ["达成率", "红黄绿", "校验"])
def test_a_calculated_column_that_was_deleted_is_said_once(tmp_path: Path, title: str) -> None:
    def change(workbook: Workbook) -> None:
        sheet = workbook["4_季度复盘"]
        (index,) = [cell.column for cell in sheet[6] if cell.value == title]
        sheet.delete_cols(index)

    submission = read_changed(tmp_path, change)
    lost = [p for p in submission.problems if p.code is Code.FORMULA_COLUMN_MISSING]
    assert [(p.location.sheet, p.location.row, p.expected) for p in lost] == [("4_季度复盘", 6, title)]
    assert all(p.severity is not Severity.ERROR for p in submission.problems)


def test_a_title_as_near_to_one_as_to_another_is_taken_for_neither(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        sheet = workbook[SHEET]
        sheet.delete_rows(5)
        sheet["E5"], sheet["F5"] = "指标类型方向", None  # 指标类型 and 指标方向 alike

    submission = read_changed(tmp_path, change)
    missing = [p.expected for p in submission.problems if p.code is Code.COLUMN_MISSING]
    assert missing == ["指标类型"]  # the other is found by the name that points at it
    assert not [p for p in submission.problems if p.code is Code.COLUMN_NEAR]


def test_a_title_of_ones_own_over_a_known_column_is_noted(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook[SHEET]["C6"] = "我们要做什么"

    submission = read_changed(tmp_path, change)
    assert goals(submission) == NAMES
    assert said(submission) == [("column-renamed", f"{SHEET}!C6")]


def test_names_find_a_column_that_lost_key_and_title(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook[SHEET]["C5"] = workbook[SHEET]["C6"] = None

    submission = read_changed(tmp_path, change)
    assert goals(submission) == NAMES
    assert said(submission) == [("column-by-name", f"{SHEET}!C6")]


def test_names_find_a_table_that_lost_its_whole_header(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        for row in workbook[SHEET]["A5:AZ6"]:
            for cell in row:
                cell.value = None

    submission = read_changed(tmp_path, change)
    assert goals(submission) == NAMES
    assert said(submission) == [("column-by-name", f"{SHEET}!6:6")]


# -- columns -----------------------------------------------------------------------------------


def test_a_column_moved_is_noted_and_one_pushed_aside_is_not(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook[SHEET].insert_cols(20)
        workbook[SHEET].move_range("D5:D20", cols=60)

    submission = read_changed(tmp_path, change)
    assert goals(submission) == NAMES
    moved = [place for code, place in said(submission) if code == "column-moved"]
    assert moved == [f"{SHEET}!BL6"]
    assert said(submission, Severity.ERROR, Severity.WARNING) == []


def test_a_deleted_column_is_one_problem_and_not_one_a_row(tmp_path: Path) -> None:
    submission = read_changed(tmp_path, lambda workbook: workbook[SHEET].delete_cols(9))
    assert said(submission) == [("column-missing", f"{SHEET}!6:6")]
    assert submission.problems[0].expected == "目标值"
    assert {("goals", n) for n in (1, 2, 3)} <= submission.quarantined, "no row has its figure"


def test_a_column_twice_is_never_picked(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        sheet = workbook[SHEET]
        for row in range(5, 12):
            sheet.cell(row, 40).value = sheet.cell(row, 9).value
        sheet["AN8"] = 51

    submission = read_changed(tmp_path, change)
    assert said(submission) == [("column-twice", f"{SHEET}!AN6")]
    assert in_words(submission.problems[0].found, "zh") == "I、AN"
    assert all(row.get("target") is None for row in submission.plan.rows("goals"))
    assert {("goals", n) for n in (1, 2, 3)} <= submission.quarantined


@pytest.mark.parametrize("titled", [False, True])
def test_a_column_pasted_past_the_edge_is_an_error_and_never_lost(tmp_path: Path, titled: bool) -> None:
    """Title and data were cut and pasted; the hidden key stays where the column was."""

    def change(workbook: Workbook) -> None:
        sheet = workbook[OTHER]
        assert (sheet["H5"].value, sheet["H6"].value) == ("actual", "实际完成值")
        for row in range(6, 19):
            sheet.cell(row, 42).value = sheet.cell(row, 8).value
            if row > 6 or not titled:
                sheet.cell(row, 8).value = None

    submission = read_changed(tmp_path, change)
    assert said(submission, Severity.ERROR) == [("column-twice", f"{OTHER}!AP6")]
    problem = next(p for p in submission.problems if p.code is Code.COLUMN_TWICE)
    assert (in_words(problem.found, "zh"), problem.expected) == ("H、AP", "实际完成值")
    assert all(row.get("actual") is None for row in submission.plan.rows("review"))
    assert Code.OWN_COLUMNS not in {p.code for p in submission.problems}


def test_a_title_alone_beside_the_table_costs_no_column(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook[OTHER]["AP6"] = "实际完成值"

    submission = read_changed(tmp_path, change)
    assert [row.get("actual") for row in submission.plan.rows("review")] == [26, 10, 11]
    assert said(submission, Severity.ERROR) == []


def test_a_copy_of_a_calculated_column_is_the_planners_own(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        sheet = workbook[OTHER]
        titles = {str(cell.value).strip(" *"): cell.column_letter for cell in sheet[6] if cell.value}
        assert "达成率" in titles
        sheet["AP6"], sheet["AP7"] = "达成率", 1.04

    submission = read_changed(tmp_path, change)
    own = [in_words(p.found, "zh") for p in submission.problems if p.code is Code.OWN_COLUMNS]
    assert own == ["AP 达成率"]
    assert said(submission, Severity.ERROR) == []


def test_a_key_and_a_title_that_disagree_are_a_problem(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook[SHEET]["I6"] = "基线值"  # over the target's column: pasted, with what belongs to it?

    submission = read_changed(tmp_path, change)
    assert said(submission) == [("column-conflict", f"{SHEET}!I6")]
    assert (submission.problems[0].subject, submission.problems[0].expected) == ("目标值", "基线值")


def test_hidden_columns_are_read_and_said(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook[SHEET].column_dimensions["I"].hidden = True

    submission = read_changed(tmp_path, change)
    assert [row.get("target") for row in submission.plan.rows("goals")] == [100, 50, 90]
    assert said(submission) == [("columns-hidden", SHEET)]
    assert [p.found for p in submission.problems if p.code is Code.COLUMNS_HIDDEN] == ["I"]


# -- identity ----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["meta", "keywords", "page", "name"])
def test_any_copy_of_the_identity_that_disagrees_refuses_the_file(tmp_path: Path, place: str) -> None:
    other = "PB2024-0123456789"

    def change(workbook: Workbook) -> None:
        if place == "meta":
            workbook["_meta"]["B1"] = other
        elif place == "keywords":
            workbook.properties.keywords = f"planbook:{other}"
        elif place == "page":
            workbook["使用说明"]["D2"] = other
        else:
            workbook[SHEET]["AZ1"] = other
            del workbook.defined_names["planbook_identity"]
            name = openpyxl.workbook.defined_name.DefinedName(
                "planbook_identity", attr_text=f"'{SHEET}'!$AZ$1"
            )
            workbook.defined_names.add(name)

    submission = read_changed(tmp_path, change)
    assert submission.refused
    assert said(submission) == [("identity-conflict", "")]
    assert other in str(submission.problems[0].found)


@pytest.mark.parametrize("kept", ["meta", "keywords", "page"])
def test_any_single_copy_of_the_identity_is_enough(tmp_path: Path, kept: str) -> None:
    def change(workbook: Workbook) -> None:
        del workbook.defined_names["planbook_identity"]
        if kept != "meta":
            workbook["_meta"]["B1"] = None
        if kept != "keywords":
            workbook.properties.keywords = ""
        if kept != "page":
            workbook["使用说明"]["D2"] = None

    submission = read_changed(tmp_path, change)
    assert goals(submission) == NAMES
    assert said(submission, Severity.ERROR) == []


def change_manifest(old: str, new: str) -> Change:
    """A change of a word in the manifest that the hidden sheet carries."""

    def change(workbook: Workbook) -> None:
        changed = 0
        for (cell,) in workbook["_meta"]["B1:B20"]:
            if isinstance(cell.value, str) and old in cell.value:
                cell.value, changed = cell.value.replace(old, new), changed + 1
        assert changed

    return change


@pytest.mark.parametrize(
    ("old", "new", "code", "found"),
    [
        ('"book": "annual_plan"', '"book": "other_plan"', "unknown-book", "other_plan"),
        ('"department": "YX"', '"department": "ZZ"', "unknown-department", "ZZ 营销中心"),
        ('"year": 2024', '"year": 2023', "other-cycle", "2023"),
    ],
)
def test_a_workbook_of_another_plan_is_refused(
    tmp_path: Path, old: str, new: str, code: str, found: str
) -> None:
    submission = read_changed(tmp_path, change_manifest(old, new))
    assert submission.refused
    assert [(p.code.value, str(p.location), p.found) for p in submission.problems] == [
        (code, "营销中心.xlsx", found)
    ]


# -- ids of rows -------------------------------------------------------------------------------


def test_an_id_that_stands_twice_names_the_second_row(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook[SHEET]["A8"] = "G001"

    submission = read_changed(tmp_path, change)
    assert ("row-id-twice", f"{SHEET}!A8") in said(submission)
    assert goals(submission) == [NAMES[0], NAMES[2]], "the second of the two is not read, and that is said"


def test_an_id_that_is_lost_is_taken_from_its_place(tmp_path: Path) -> None:
    def change(workbook: Workbook) -> None:
        workbook[SHEET]["A8"] = None

    submission = read_changed(tmp_path, change)
    assert goals(submission) == NAMES
    assert said(submission) == [("row-id-lost", f"{SHEET}!A8")]
    assert submission.problems[0].expected == "G002"


# -- other kinds of workbook -------------------------------------------------------------------


def test_macros_are_not_run_and_that_is_said(tmp_path: Path) -> None:
    parts = parts_of(filled(tmp_path).read_bytes())
    path = tmp_path / "宏.xlsm"
    path.write_bytes(pack({**parts, "xl/vbaProject.bin": b"\x00"}))
    submission = read_workbook(path, expect())
    assert goals(submission) == NAMES
    assert said(submission) == [("macros-ignored", "")]


def test_strict_open_xml_is_read(tmp_path: Path) -> None:
    """Excel's own "Strict Open XML Spreadsheet": every namespace has another name."""
    parts = parts_of(filled(tmp_path).read_bytes())
    path = tmp_path / "strict.xlsx"
    swap = (
        (b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", b"http://purl.oclc.org/ooxml/spreadsheetml/main"),
        (
            b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        ),
    )  # fmt: skip
    for old, new in swap:
        parts = {name: content.replace(old, new) for name, content in parts.items()}
    path.write_bytes(pack(parts))
    submission = read_workbook(path, expect())
    assert goals(submission) == NAMES
    assert said(submission) == []
