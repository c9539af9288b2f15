"""Formula cells: overwritten, gone, changed, stale; what follows from them; and files without results."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
import pytest

from planbook.calendar import to_serial
from planbook.layout import cell_address
from planbook.problems import Code, Problem, in_words
from planbook.reader import Submission, read_workbook
from tests.support import office
from tests.support.packages import change_part, part_of, read_parts
from tests.support.plans import rich_plan
from tests.support.workbooks import AS_OF, calculator, expect, read_tables, write_filled

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
SHEETS = {"goals": "1_目标总表", "tracking": "3_任务跟踪", "review": "4_季度复盘"}


def at(key: str, number: int = 1, sheet: str = "review") -> str:
    """The address of a cell by its column's key and its row's number."""
    placed = calculator().layout.sheet(sheet)
    return cell_address(placed.row(number), placed.index(key))


def place(key: str, number: int = 1, sheet: str = "review", to: str = "") -> str:
    return f"{SHEETS[sheet]}!{at(key, number, sheet)}" + (f":{to}" if to else "")


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
        (
            p.code.value,
            f"{p.location.sheet}!{p.location.cell}",
            in_words(p.found, "zh"),
            in_words(p.expected, "zh"),
            in_words(p.subject, "zh"),
        )
        for p in findings(path)
    ]


def change(path: Path, edit: Callable[[str], str], sheet: str = "review") -> Path:
    """The workbook with the text of one sheet's part changed."""
    return change_part(path, part_of(path, SHEETS[sheet]), edit)


def cell(address: str, new: str) -> Callable[[str], str]:
    """A change of one formula cell in a sheet's text; ``\\1`` in `new` is its style."""
    pattern = rf'<c r="{address}"( s="\d+")(?: t="\w+")?><f.*?</c>'

    def replaced(text: str) -> str:
        changed, count = re.subn(pattern, new.replace("@", address), text)
        assert count == 1, f"{address} is no formula cell"
        return changed

    return replaced


def number(address: str, new: float, before: str = r"[^<]*") -> Callable[[str], str]:
    """A change of the number that a cell stores, its formula left as it is."""
    pattern = rf'(<c r="{address}" s="\d+">(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)?<v>){before}(</v>)'

    def replaced(text: str) -> str:
        changed, count = re.subn(pattern, rf"\g<1>{new}\2", text)
        assert count == 1, f"{address} holds no number"
        return changed

    return replaced


VALUE = r'<c r="@"\1><v>{}</v></c>'
BLANK = r'<c r="@"\1/>'


# -- one cell ------------------------------------------------------------------------------


def test_a_workbook_as_issued_and_filled_is_clean(tmp_path: Path) -> None:
    assert told(written(tmp_path)) == []


def test_an_overwritten_formula_is_named_with_both_values(tmp_path: Path) -> None:
    path = change(written(tmp_path), cell(at("attainment"), VALUE.format(1)))
    assert told(path) == [("formula-overwritten", place("attainment"), "100.0%", "83.3%", "达成率")]
    submission = read(path)
    assert not submission.quarantined  # inputs are trusted, formula cells never are


def test_a_cleared_formula_is_missing(tmp_path: Path) -> None:
    path = change(written(tmp_path), cell(at("attainment"), BLANK))
    assert told(path) == [("formula-missing", place("attainment"), "（空）", "83.3%", "达成率")]


def above(key: str, sheet: str = "goals") -> str:
    """The address of a total above a table."""
    return cell_address(*calculator().layout.sheet(sheet).band[key])


def test_a_total_above_a_table_is_watched_too(tmp_path: Path) -> None:
    # One goal of weight 100 %; actual 22 of 24 to date: 22/24 = 91.7 %
    score, total = above("score"), above("weight_total")
    typed = change(written(tmp_path), cell(score, VALUE.format(1)), "goals")
    assert told(typed) == [("formula-overwritten", f"1_目标总表!{score}", "100.0%", "91.7%", "得分")]
    cleared = change(written(tmp_path), cell(total, BLANK), "goals")
    assert told(cleared) == [
        ("formula-missing", f"1_目标总表!{total}", "（空）", "100.0%", "部门总目标权重合计")
    ]
    old = change(written(tmp_path), number(score, 0.5), "goals")
    assert told(old) == [("value-stale", f"1_目标总表!{score}", "50.0%", "91.7%", "得分")]


def test_a_formula_with_an_old_value_is_stale(tmp_path: Path) -> None:
    path = written(tmp_path)
    change(path, number(at("deviation"), -1))
    assert told(path) == [("value-stale", place("deviation"), "-1", "-2", "偏差")]


def test_another_formula_than_its_column_has_is_changed(tmp_path: Path) -> None:
    path = change(written(tmp_path), cell(at("attainment", 2), r'<c r="@"\1><f>1.2</f><v>1.2</v></c>'))
    assert told(path) == [("formula-changed", place("attainment", 2), "120.0%", "100.0%", "达成率")]


def test_an_error_stored_in_a_formula_cell_is_shown_as_such(tmp_path: Path) -> None:
    error = r'<c r="@"\1 t="e"><f>#REF!</f><v>#REF!</v></c>'
    path = change(written(tmp_path), cell(at("attainment", 2), error))
    assert told(path) == [("formula-changed", place("attainment", 2), "#REF!", "100.0%", "达成率")]


def test_a_blank_row_may_lose_its_formulas_too(tmp_path: Path) -> None:
    path = change(written(tmp_path), cell(at("attainment", 6), VALUE.format(1)))
    assert told(path) == [("formula-overwritten", place("attainment", 6), "100.0%", "（空）", "达成率")]
    (found,) = findings(path)
    assert "(blank)" in found.message("en") and "空" not in found.message("en")


# -- regions and consequences --------------------------------------------------------------


def test_a_pasted_block_is_one_problem(tmp_path: Path) -> None:
    path = written(tmp_path)
    for row in (1, 2, 3):
        for key in ("deviation", "deviation_rate", "attainment"):
            change(path, cell(at(key, row), VALUE.format(0)))
    block = place("deviation", to=at("attainment", 3))
    assert told(path) == [("formula-overwritten", block, "0", "-2", "偏差、偏差率、达成率")]


def test_two_blocks_apart_are_two_problems(tmp_path: Path) -> None:
    path = written(tmp_path)
    for row in (1, 2, 4):
        change(path, cell(at("attainment", row), VALUE.format(1)))
    blocks = [place("attainment", to=at("attainment", 2)), place("attainment", 4)]
    assert [where for _, where, *_ in told(path)] == blocks


def test_what_a_recalculation_made_of_an_overwritten_cell_is_not_said_again(tmp_path: Path) -> None:
    """Attainment was typed over; rating and the reason gate, which read it, were recalculated."""
    path = change(written(tmp_path), cell(at("attainment"), VALUE.format(1)))
    rating = r'<c r="@"\1 t="str"><f>IF(1,1)</f><v>● 达成</v></c>'
    change(path, cell(at("rating"), rating))
    assert [code for code, *_ in told(path)] == ["formula-overwritten"]


def test_a_stale_input_of_other_sheets_is_told_at_its_root(tmp_path: Path) -> None:
    """A changed actual without recalculation: the first formulas that read it, not all behind them."""
    path = written(tmp_path)
    change(path, number(at("actual"), 6))
    assert told(path) == [("value-stale", place("actual_value"), "10", "6", "实际（计算）")]


def test_the_workbooks_own_date_is_used_not_the_cycles(tmp_path: Path) -> None:
    path = written(tmp_path)
    later = read_workbook(path, expect(as_of=date(2024, 12, 31)))
    assert [p for p in later.problems if p.code in INTEGRITY] == []
    as_of = calculator().layout.sheet("tracking").band["as_of"]
    change(path, number(cell_address(*as_of), to_serial(date(2024, 3, 1))), "tracking")
    found = [(code, where) for code, where, *_ in told(path)]
    assert ("value-stale", place("expected", sheet="tracking")) in found
    assert ("value-stale", place("counted", to=at("counted", 2))) in found
    assert {code for code, _ in found} == {"value-stale"}


@pytest.mark.parametrize("change", ["copied", "deleted", "moved", "swapped"])
def test_what_follows_from_a_lost_sheet_or_column_is_not_said_to_be_stale(
    tmp_path: Path, change: str
) -> None:
    """The stored values are right, and recalculating would mend nothing."""
    path = change_sheet(written(tmp_path), change)
    codes = [problem.code.value for problem in read(path).problems]
    assert codes[0] == {
        "copied": "sheet-twice", "deleted": "sheet-missing", "moved": "column-twice",
        "swapped": "column-conflict",
    }[change]  # fmt: skip
    assert "value-stale" not in codes
    assert "values-not-stored" not in codes


def change_sheet(path: Path, how: str) -> Path:
    """The workbook after somebody changed a sheet, its formulas' values left as they were stored."""
    stored = openpyxl.load_workbook(path, data_only=True)
    workbook = openpyxl.load_workbook(path)
    tasks, review = "2_目标分解", workbook[SHEETS["review"]]
    if how == "copied":
        workbook.copy_worksheet(workbook[SHEETS["goals"]]).title = "备份"
    elif how == "deleted":
        workbook.remove(workbook[tasks])
    elif how == "moved":
        for row in range(6, 19):
            review.cell(row, 42).value, review.cell(row, 8).value = review.cell(row, 8).value, None
    else:
        for row in range(6, 19):
            first, second = review.cell(row, 6), review.cell(row, 8)
            first.value, second.value = second.value, first.value
    workbook.save(path)
    for title in (*SHEETS.values(), tasks):
        if title in workbook.sheetnames:
            change_part(path, part_of(path, title), lambda text, s=stored[title]: with_values(text, s))
    return path


def with_values(text: str, stored: Any) -> str:
    """A sheet's text with the values that another program left out of its formula cells."""

    def filled(found: re.Match[str]) -> str:
        value = stored[found[1]].value
        if isinstance(value, datetime):
            value = to_serial(value.date())
        if value is None or isinstance(value, str):
            shown = escape(value or "")
            return f'<c r="{found[1]}"{found[2]} t="str">{found[3]}<v>{shown}</v></c>'
        return f'<c r="{found[1]}"{found[2]}>{found[3]}<v>{value + 0}</v></c>'

    return re.sub(
        r'<c r="([A-Z]+[0-9]+)"( s="[0-9]+")?[^>]*>(<f[^>]*/>|<f.*?</f>)<v ?/?>(?:</v>)?</c>', filled, text
    )


def test_a_cleared_formula_is_not_said_to_show_another_figure(tmp_path: Path) -> None:
    path = written(tmp_path, actual='"10家"')
    (shown,) = [p.location for p in findings(path) if p.code is Code.READINGS_DIFFER]
    sheet = next(key for key, title in SHEETS.items() if title == shown.sheet)
    change(path, cell(shown.cell, BLANK), sheet)
    assert [p.code for p in findings(path) if p.location == shown] == [Code.FORMULA_MISSING]


def test_values_are_not_judged_by_a_date_that_went_with_its_sheet(tmp_path: Path) -> None:
    title = SHEETS["tracking"]
    path = change_part(
        written(tmp_path), "xl/workbook.xml", lambda text: re.sub(rf'<sheet name="{title}"[^>]*/>', "", text)
    )
    codes = [p.code for p in read(path).problems]
    assert Code.SHEET_MISSING in codes
    assert Code.VALUE_STALE not in codes


# -- files of other programs ---------------------------------------------------------------


def test_a_file_without_results_is_read_all_the_same_and_says_so_once(tmp_path: Path) -> None:
    path = written(tmp_path)
    openpyxl.load_workbook(path).save(path)
    assert told(path) == [("values-not-stored", "!", "", "", "")]
    assert read(path).plan.rows("review")[0].get("actual") == 10


def test_a_blank_workbook_without_results_says_so_once(tmp_path: Path) -> None:
    path = write_filled(tmp_path / "空白.xlsx", read_tables("annual_plan", {}))
    openpyxl.load_workbook(path).save(path)
    assert told(path) == [("values-not-stored", "!", "", "", "")]


def test_an_overwritten_cell_is_found_in_a_file_without_results(tmp_path: Path) -> None:
    path = written(tmp_path)
    workbook = openpyxl.load_workbook(path)
    workbook["4_季度复盘"][at("attainment")] = 1
    workbook.save(path)
    assert [code for code, *_ in told(path)] == ["formula-overwritten", "values-not-stored"]


def test_addresses_follow_moved_columns_and_rows(tmp_path: Path) -> None:
    path = change(written(tmp_path), cell(at("attainment"), VALUE.format(1)))

    first, second = (at(key).rstrip("0123456789") for key in ("attainment", "rating"))

    def move(text: str) -> str:
        """Attainment and rating change places, keys, titles and all."""
        rows = re.compile(rf'<c r="{first}(\d+)"(.*?(?:</c>|/>))<c r="{second}\d+"(.*?(?:</c>|/>))')
        return rows.sub(rf'<c r="{first}\1"\3<c r="{second}\1"\2', text)

    change(path, move)
    assert ("formula-overwritten", place("rating")) in [(code, where) for code, where, *_ in told(path)]


# -- pages without a table -------------------------------------------------------------------

INDEX_PAGE, DASHBOARD_PAGE, LISTS_PAGE = "使用说明", "仪表盘", "_列表"


def on_page(path: Path, title: str, edit: Callable[[str], str]) -> Path:
    """The workbook with the text of a page's part changed."""
    return change_part(path, part_of(path, title), edit)


def formulas_of(path: Path, title: str) -> list[str]:
    """The addresses of a page's formula cells that hold a number, as the file has them."""
    text = read_parts(path)[part_of(path, title)].decode()
    return re.findall(r'<c r="([A-Z]+[0-9]+)" s="\d+"><f[^/]', text)


def test_a_count_of_the_index_that_was_typed_over(tmp_path: Path) -> None:
    path = on_page(written(tmp_path), INDEX_PAGE, cell("D6", VALUE.format(9)))
    assert told(path) == [("formula-overwritten", f"{INDEX_PAGE}!D6", "9", "1", INDEX_PAGE)]


def test_a_figure_of_the_dashboard_that_was_cleared(tmp_path: Path) -> None:
    """One goal of weight 100 %, 22 of 24 to date: the score is 91.7 %."""
    path = on_page(written(tmp_path), DASHBOARD_PAGE, cell("B5", BLANK))
    assert told(path) == [
        ("formula-missing", f"{DASHBOARD_PAGE}!B5", "（空）", "0.9166666667", DASHBOARD_PAGE)
    ]


def test_a_dashboard_pasted_as_values_is_one_problem(tmp_path: Path) -> None:
    path = written(tmp_path)
    every = formulas_of(path, DASHBOARD_PAGE)
    assert len(every) > 20
    paste = re.compile(r"<f[^>]*>[^<]*</f>")
    on_page(path, DASHBOARD_PAGE, lambda text: paste.sub("", text))
    found = [(code, where.partition(":")[0]) for code, where, *_ in told(path)]
    assert ("formula-overwritten", f"{DASHBOARD_PAGE}!B2") in found
    assert len([code for code, _ in found if code == "formula-overwritten"]) == 1
    assert {where.partition("!")[0] for _, where in found} == {DASHBOARD_PAGE}


@pytest.mark.parametrize(
    ("title", "address", "true"), [(DASHBOARD_PAGE, "B5", "0.9166666667"), (INDEX_PAGE, "D6", "1")]
)
def test_a_figure_of_a_page_that_is_merely_stale(tmp_path: Path, title: str, address: str, true: str) -> None:
    path = on_page(written(tmp_path), title, number(address, 0.5))
    assert told(path) == [("value-stale", f"{title}!{address}", "0.5", true, title)]


def test_a_check_column_that_is_stale_or_typed_over(tmp_path: Path) -> None:
    path = written(tmp_path)
    words = re.compile(rf'(<c r="{at("check")}"[^>]*>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>))<v>[^<]*</v>|(?!)')
    stale = change(path, lambda text: words.sub(r"\1<v>缺季度</v>", text))
    assert told(stale) == [("value-stale", place("check"), "缺季度", "● 完整", "校验")]
    typed = change(path, cell(at("check"), r'<c r="@"\1 t="inlineStr"><is><t>好</t></is></c>'))
    assert told(typed) == [("formula-overwritten", place("check"), "好", "● 完整", "校验")]


def test_a_stale_page_is_not_said_where_its_tables_are_at_fault(tmp_path: Path) -> None:
    path = on_page(written(tmp_path), DASHBOARD_PAGE, number("B5", 0.5))
    change(path, cell(at("attainment"), VALUE.format(1)))
    assert {code for code, *_ in told(path)} == {"formula-overwritten"}


@pytest.mark.office
def test_a_row_of_nothing_but_a_blank_makes_no_page_stale(tmp_path: Path) -> None:
    """Nobody filled it in, and yet its cell may count in a formula."""
    office.require_office("libreoffice")
    path, saved = written(tmp_path), tmp_path / "saved.xlsx"
    blanks = [
        {"do": "set", "sheet": SHEETS["goals"], "cell": at(key, 5, "goals"), "value": " "}
        for key in ("goal", "metric", "note")
    ]
    office.drive([{"input": path, "output": saved, "actions": blanks}])
    assert told(saved) == []


def test_a_helper_of_the_hidden_lists_that_was_cleared(tmp_path: Path) -> None:
    path = written(tmp_path)
    address = formulas_of(path, LISTS_PAGE)[0]
    on_page(path, LISTS_PAGE, cell(address, BLANK))
    assert [found[:2] for found in told(path)] == [("formula-missing", f"{LISTS_PAGE}!{address}")]


@pytest.mark.office
@pytest.mark.parametrize("suffix", [".ods", ".xls"])
def test_formula_cells_of_other_formats_are_watched_too(tmp_path: Path, suffix: str) -> None:
    office.require_office("libreoffice")
    path = written(tmp_path)
    attainment, rating = at("attainment"), at("rating", 2)
    unlock = [{"do": "unprotect", "sheet": sheet} for sheet in (SHEETS["review"], DASHBOARD_PAGE)]
    actions = [
        *unlock,
        {"do": "set", "sheet": SHEETS["review"], "cell": attainment, "value": 1},
        {"do": "clear", "sheet": SHEETS["review"], "cell": rating},
        {"do": "set", "sheet": DASHBOARD_PAGE, "cell": "B5", "value": 2},
    ]
    saved = tmp_path / f"营销中心{suffix}"
    office.drive([{"input": path, "output": saved, "actions": actions}])
    assert told(saved) == [
        ("formula-overwritten", place("attainment"), "100.0%", "83.3%", "达成率"),
        ("formula-missing", place("rating", 2), "（空）", "● 达成", "红黄绿"),
        ("formula-overwritten", f"{DASHBOARD_PAGE}!B5", "2", "0.9166666667", DASHBOARD_PAGE),
    ]
    clean = tmp_path / f"clean{suffix}"
    office.drive([{"input": path, "output": clean, "actions": []}])
    assert told(clean) == []


# -- figures typed as text -----------------------------------------------------------------


def test_one_problem_explains_why_the_sheet_shows_another_figure(tmp_path: Path) -> None:
    path = written(tmp_path, actual='"10家"')
    assert told(path) == [("readings-differ", place("coverage", sheet="goals"), "1/2", "2/2", "已计季度")]


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
