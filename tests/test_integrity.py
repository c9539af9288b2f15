"""Formula cells: overwritten, gone, changed, stale; what follows from them; and files without results."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from planbook.calendar import to_serial
from planbook.problems import Code, Problem
from planbook.reader import Submission, read_workbook
from tests.support import office
from tests.support.packages import change_part
from tests.support.plans import rich_plan
from tests.support.workbooks import AS_OF, expect, read_tables, write_filled

INTEGRITY = {
    Code.FORMULA_OVERWRITTEN,
    Code.FORMULA_MISSING,
    Code.FORMULA_CHANGED,
    Code.VALUE_STALE,
    Code.VALUES_NOT_STORED,
    Code.READINGS_DIFFER,
}
GOALS = """
level      | goal       | metric       | unit | target | department | due        | weight
department | 新客户拓展 | 新客户签约量 | 家   | 50     | XS         | 2024-12-31 | 1
"""
TASKS = """
department | goal | initiative       | task     | metric | unit | target | lead     | start      | finish
XS         | G001 | 拓展华东区域市场 | 拜访客户 | 拜访量 | 家   | 10     | 客户主管 | 2024-01-03 | 2024-06-30
"""
TRACKING = """
goal | initiative       | task | owner | percent | updated
G001 | 拓展华东区域市场 | T001 | 张三  | 0.8     | 2024-07-01
"""
REVIEW = """
quarter | department | goal | target | actual | cause_objective | improvement
q1      | XS         | G001 | 12     | {}     | 暴雨            | 线上拜访
q2      | XS         | G001 | 12     | 12     |                 |
q3      | XS         | G001 | 12     |        |                 |
"""
GOAL_SHEET, TRACKING_SHEET, REVIEW_SHEET = (f"xl/worksheets/sheet{n}.xml" for n in (2, 4, 5))


def written(tmp_path: Path, actual: str = "10", **more: str) -> Path:
    tables = {"goals": GOALS, "decomposition": TASKS, "tracking": TRACKING, "review": REVIEW.format(actual)}
    return write_filled(tmp_path / "营销中心.xlsx", read_tables("annual_plan", tables), **more)


def findings(path: Path) -> list[Problem]:
    return [p for p in read(path).problems if p.code in INTEGRITY]


def read(path: Path) -> Submission:
    return read_workbook(path, expect())


def told(path: Path) -> list[tuple[str, str, str, str, str]]:
    """Code, place, stored and computed value, subject of each finding."""
    return [
        (p.code.value, f"{p.location.sheet}!{p.location.cell}", p.found, p.expected, p.subject)
        for p in findings(path)
    ]


def cell(address: str, new: str) -> Callable[[str], str]:
    """A change of one formula cell in a sheet's text; ``\\1`` in `new` is its style."""
    pattern = rf'<c r="{address}"( s="\d+")(?: t="\w+")?><f>.*?</c>'

    def change(text: str) -> str:
        changed, count = re.subn(pattern, new.replace("@", address), text)
        assert count == 1, f"{address} is no formula cell"
        return changed

    return change


VALUE = r'<c r="@"\1><v>{}</v></c>'
BLANK = r'<c r="@"\1/>'


# -- one cell ------------------------------------------------------------------------------


def test_a_workbook_as_issued_and_filled_is_clean(tmp_path: Path) -> None:
    assert told(written(tmp_path)) == []


def test_an_overwritten_formula_is_named_with_both_values(tmp_path: Path) -> None:
    path = change_part(written(tmp_path), REVIEW_SHEET, cell("K7", VALUE.format(1)))
    assert told(path) == [("formula-overwritten", "4_季度复盘!K7", "100.0%", "83.3%", "达成率")]
    submission = read(path)
    assert not submission.quarantined  # inputs are trusted, formula cells never are


def test_a_cleared_formula_is_missing(tmp_path: Path) -> None:
    path = change_part(written(tmp_path), REVIEW_SHEET, cell("K7", BLANK))
    assert told(path) == [("formula-missing", "4_季度复盘!K7", "（空）", "83.3%", "达成率")]


def test_a_formula_with_an_old_value_is_stale(tmp_path: Path) -> None:
    path = written(tmp_path)
    change_part(
        path,
        REVIEW_SHEET,
        lambda text: re.sub(r'(<c r="I7"[^>]*><f>.*?</f><v>)-2[.0]*(</v>)', r"\g<1>-1\2", text),
    )
    assert told(path) == [("value-stale", "4_季度复盘!I7", "-1", "-2", "偏差")]


def test_another_formula_than_its_column_has_is_changed(tmp_path: Path) -> None:
    path = change_part(written(tmp_path), REVIEW_SHEET, cell("K7", r'<c r="@"\1><f>1.2</f><v>1.2</v></c>'))
    assert told(path) == [("formula-changed", "4_季度复盘!K7", "120.0%", "83.3%", "达成率")]


def test_an_error_stored_in_a_formula_cell_is_shown_as_such(tmp_path: Path) -> None:
    error = r'<c r="@"\1 t="e"><f>#REF!</f><v>#REF!</v></c>'
    path = change_part(written(tmp_path), REVIEW_SHEET, cell("K7", error))
    assert told(path) == [("formula-changed", "4_季度复盘!K7", "#REF!", "83.3%", "达成率")]


def test_a_blank_row_may_lose_its_formulas_too(tmp_path: Path) -> None:
    path = change_part(written(tmp_path), REVIEW_SHEET, cell("K12", VALUE.format(1)))
    assert told(path) == [("formula-overwritten", "4_季度复盘!K12", "100.0%", "（空）", "达成率")]


# -- regions and consequences --------------------------------------------------------------


def test_a_pasted_block_is_one_problem(tmp_path: Path) -> None:
    path = written(tmp_path)
    for row in (7, 8, 9):
        for column in "IJK":
            change_part(path, REVIEW_SHEET, cell(f"{column}{row}", VALUE.format(0)))
    assert told(path) == [("formula-overwritten", "4_季度复盘!I7:K9", "0", "-2", "偏差、偏差率、达成率")]


def test_two_blocks_apart_are_two_problems(tmp_path: Path) -> None:
    path = written(tmp_path)
    for address in ("K7", "K8", "K10"):
        change_part(path, REVIEW_SHEET, cell(address, VALUE.format(1)))
    assert [place for _, place, *_ in told(path)] == ["4_季度复盘!K7:K8", "4_季度复盘!K10"]


def test_what_a_recalculation_made_of_an_overwritten_cell_is_not_said_again(tmp_path: Path) -> None:
    """Attainment was typed over; rating and the reason gate, which read it, were recalculated."""
    path = change_part(written(tmp_path), REVIEW_SHEET, cell("K7", VALUE.format(1)))
    rating = r'<c r="@"\1 t="str"><f>IF(1,1)</f><v>● 达成</v></c>'
    change_part(path, REVIEW_SHEET, cell("L7", rating))
    assert [code for code, *_ in told(path)] == ["formula-overwritten"]


def test_a_stale_input_of_other_sheets_is_told_at_its_root(tmp_path: Path) -> None:
    """A changed actual without recalculation: the first formulas that read it, not all behind them."""
    path = written(tmp_path)
    change_part(
        path, REVIEW_SHEET, lambda text: re.sub(r'(<c r="H7" s="\d+")><v>10</v>', r"\1><v>6</v>", text)
    )
    assert told(path) == [("value-stale", "4_季度复盘!AA7", "10", "6", "实际（计算）")]


def test_the_workbooks_own_date_is_used_not_the_cycles(tmp_path: Path) -> None:
    path = written(tmp_path)
    later = read_workbook(path, expect(as_of=date(2024, 12, 31)))
    assert [p for p in later.problems if p.code in INTEGRITY] == []
    serial = str(to_serial(date(2024, 3, 1)))
    change_part(
        path,
        TRACKING_SHEET,
        lambda text: re.sub(r'(<c r="C3" s="\d+")><v>\d+</v>', rf"\1><v>{serial}</v>", text),
    )
    assert [(code, place) for code, place, *_ in told(path)] == [
        ("value-stale", "3_任务跟踪!N7"),
        ("value-stale", "4_季度复盘!S7:S8"),
    ]


# -- files of other programs ---------------------------------------------------------------


def test_a_file_without_results_is_read_all_the_same_and_says_so_once(tmp_path: Path) -> None:
    path = written(tmp_path)
    openpyxl.load_workbook(path).save(path)
    assert told(path) == [("values-not-stored", "!", "", "", "")]
    assert read(path).plan.rows("review")[0].get("actual") == 10


def test_an_overwritten_cell_is_found_in_a_file_without_results(tmp_path: Path) -> None:
    path = written(tmp_path)
    workbook = openpyxl.load_workbook(path)
    workbook["4_季度复盘"]["K7"] = 1
    workbook.save(path)
    assert [code for code, *_ in told(path)] == ["formula-overwritten", "values-not-stored"]


def test_addresses_follow_moved_columns_and_rows(tmp_path: Path) -> None:
    path = change_part(written(tmp_path), REVIEW_SHEET, cell("K7", VALUE.format(1)))

    def move(text: str) -> str:
        """Attainment (K) and rating (L) change places, keys, titles and all."""
        rows = re.compile(r'<c r="K(\d+)"(.*?(?:</c>|/>))<c r="L\d+"(.*?(?:</c>|/>))')
        return rows.sub(r'<c r="K\1"\3<c r="L\1"\2', text)

    change_part(path, REVIEW_SHEET, move)
    assert ("formula-overwritten", "4_季度复盘!L7") in [(code, place) for code, place, *_ in told(path)]


# -- figures typed as text -----------------------------------------------------------------


def test_one_problem_explains_why_the_sheet_shows_another_figure(tmp_path: Path) -> None:
    path = written(tmp_path, actual='"10家"')
    assert told(path) == [("readings-differ", "1_目标总表!Q7", "1/2", "2/2", "已计季度")]


def test_a_workbook_that_holds_everything_at_once_is_clean_but_for_its_readings(tmp_path: Path) -> None:
    for book in ("annual_plan", "classic"):
        for lang in ("zh", "en"):
            path = tmp_path / f"{book}-{lang}.xlsx"
            plan = rich_plan(book, as_of=AS_OF if book == "annual_plan" else None)
            write_filled(path, plan, book=book, lang=lang)
            assert {code for code, *_ in told(path)} <= {"readings-differ"}, (book, lang)


@pytest.mark.office
def test_libreoffice_and_gnumeric_store_what_planbook_computes(tmp_path: Path) -> None:
    office.require_office()
    path = written(tmp_path)
    (saved,) = office.recalculate_libreoffice([path], tmp_path / "lo")
    assert told(saved) == []
    assert told(office.recalculate_gnumeric(path, tmp_path / "gnumeric")) == []
