"""The judges judged: what `support.office` must find, and must let pass."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from tests.support import office
from tests.support.office import Difference, ErrorValue, compare_values, drive, judge, read_sheets

ENGINES: tuple[office.Engine, ...] = ("libreoffice", "gnumeric")
Fill = Callable[[Any, Any], None]


def write(path: Path, fill: Fill, sheet: str = "目标", **options: Any) -> Path:
    """A workbook with one sheet, filled by `fill(book, sheet)`."""
    book = xlsxwriter.Workbook(path, options)
    book.set_properties({"title": "计划", "author": "planbook"})
    fill(book, book.add_worksheet(sheet))
    book.close()
    return path


def fill_right(book: Any, sheet: Any) -> None:
    """Every kind of value, all of them right, on three sheets of which two are hidden."""
    day, share = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "0.0%"})
    sheet.write_column("A1", [3, 4, "营收 & <利润>"])
    sheet.write_formula("B1", "=A1+A2", None, 7)
    sheet.write_formula("B2", "=A1/9", share, 1 / 3)
    sheet.write_formula("B3", '=A3&"："&A1', None, "营收 & <利润>：3")
    sheet.write_formula("B4", '=IF(A1>9,A1,"")', None, "")
    sheet.write_formula("B5", "=A1<A2", None, True)
    sheet.write_formula("B6", "=A1<A2", share, True)
    sheet.write_formula("B7", "=DATE(2024,6,30)", day, 45473)
    sheet.write_formula("B8", "=0.1+0.2-0.3", None, 0.1 + 0.2 - 0.3)
    sheet.write_formula("B9", '=A1&CHAR(10)&"项"', None, "3\n项")
    sheet.write_array_formula("C1:C2", "{=A1:A2*2}", None, 6)
    sheet.write_number("C2", 8)
    for name, hide in (("_列表", "hide"), ("_meta", "very_hidden")):
        other = book.add_worksheet(name)
        getattr(other, hide)()
        other.write_formula("A1", "=SUM('目标'!A1:A2)*10", None, 70)


def fill_wrong(book: Any, sheet: Any) -> None:
    sheet.write_column("A1", [3, 4])
    sheet.write_formula("B1", "=A1+A2", None, 7)
    sheet.write_formula("B2", "=A1*A2", None, 12.001)
    hidden = book.add_worksheet("隐藏 表")
    hidden.hide()
    hidden.write_formula("D9", "='目标'!B1&\"项\"", None, "8项")


def fill_errors(book: Any, sheet: Any) -> None:
    sheet.write_formula("A1", "=1/0", None, "#DIV/0!")
    sheet.write_formula("A2", '=IFERROR(1/0,"无")', None, "无")
    sheet.write_formula("A3", "=NA()", None, 5)
    sheet.write_formula("A4", '=""&"#N/A"', None, "")


def cells(differences: list[Difference]) -> list[str]:
    return [f"{difference.sheet}!{difference.cell}" for difference in differences]


def running(text: str) -> list[str]:
    """The command lines of the processes that name `text`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found


# --- both judges ----------------------------------------------------------------------------


@pytest.mark.office
@pytest.mark.parametrize("engine", ENGINES)
def test_a_judge_confirms_what_is_right_and_reports_what_is_not(
    engine: office.Engine, tmp_path: Path
) -> None:
    office.require_office(engine)
    right = write(tmp_path / "计划.xlsx", fill_right)
    wrong = write(tmp_path / "wrong.xlsx", fill_wrong)
    errors = write(tmp_path / "errors.xlsx", fill_errors)

    found = judge([right, wrong, errors], tmp_path / "out", engine)

    assert found[right] == []
    assert [str(difference) for difference in found[wrong]] == [
        "目标!B2: stored 12.001, recalculated 12.0",
        "隐藏 表!D9: stored '8项', recalculated '7项'",
    ]
    # An error is reported even where both agree; the text "#N/A" is missing in the file.
    assert cells(found[errors]) == ["目标!A1", "目标!A3", "目标!A4"]
    assert found[errors][0].recalculated == ErrorValue("#DIV/0!")
    assert found[errors][2].recalculated == "#N/A"
    assert not isinstance(found[errors][2].recalculated, ErrorValue)


@pytest.mark.office
@pytest.mark.parametrize("engine", ENGINES)
def test_a_judge_that_does_not_recalculate_is_found_out(
    engine: office.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.require_office(engine)
    # What LibreOffice does of itself on opening and saving is no recalculation.
    monkeypatch.setattr(office, "recalculate_libreoffice", office.resave_libreoffice)
    monkeypatch.setattr(office, "_recalculate_all_gnumeric", lambda paths, out: list(paths))
    book = write(tmp_path / "right.xlsx", fill_right)

    with pytest.raises(
        AssertionError, match="did not recalculate: it left the false value stored in 目标!B1"
    ):
        judge([book], tmp_path / "out", engine)


def test_a_judge_needs_something_to_judge(tmp_path: Path) -> None:
    book = write(tmp_path / "plain.xlsx", lambda book, sheet: sheet.write("A1", 5))

    with pytest.raises(AssertionError, match="none of the workbooks has a formula"):
        judge([book], tmp_path / "out", "libreoffice")


@pytest.mark.office
def test_gnumeric_recalculates_one_file(tmp_path: Path) -> None:
    office.require_office("gnumeric")
    wrong = write(tmp_path / "wrong.xlsx", fill_wrong)

    copy = office.recalculate_gnumeric(wrong, tmp_path / "out")

    assert cells(compare_values(wrong, copy)) == ["目标!B2", "隐藏 表!D9"]


@pytest.mark.office
def test_files_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    office.require_office("libreoffice")
    for folder in ("销售部", "财务部"):
        (tmp_path / folder).mkdir()
    first = write(tmp_path / "销售部" / "计划.xlsx", fill_right)
    second = write(tmp_path / "财务部" / "计划.xlsx", fill_wrong)

    copies = office.recalculate_libreoffice([first, second], tmp_path / "out")

    assert [copy.name for copy in copies] == ["计划.xlsx", "计划-2.xlsx"]
    assert list(read_sheets(copies[1])) == ["目标", "隐藏 表"]


@pytest.mark.parametrize(("required", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_a_missing_program_skips_or_fails(
    required: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANBOOK_REQUIRE_OFFICE", required)
    monkeypatch.setattr(office, "find_soffice", lambda: None)

    with pytest.raises(outcome, match="LibreOffice is not installed"):
        office.require_office("libreoffice")


# --- reading and comparing ------------------------------------------------------------------


def pair(tmp_path: Path, stored: object, recalculated: object) -> tuple[Path, Path]:
    def fill(value: object) -> Fill:
        return lambda book, sheet: sheet.write_formula("A1", "=B1", None, value)

    return write(tmp_path / "a.xlsx", fill(stored)), write(tmp_path / "b.xlsx", fill(recalculated))


@pytest.mark.parametrize(
    ("stored", "recalculated", "same"),
    [
        (1.0, 1.0 + 1e-12, True),
        (1.0, 1.0 + 1e-8, False),
        (1e12, 1e12 + 1, True),
        (0, 1e-17, True),
        ("", "", True),
        ("", 0, False),
        ("5", 5, False),
        ("项", "项 ", False),
        (True, True, True),
        (True, 1, False),
        (1, True, False),
        ("#N/A", "#N/A", False),
        (45473, 45473.0, True),
    ],
)
def test_comparing_two_values(stored: object, recalculated: object, same: bool, tmp_path: Path) -> None:
    assert (compare_values(*pair(tmp_path, stored, recalculated)) == []) is same


def test_a_boolean_may_come_back_as_a_number_when_allowed(tmp_path: Path) -> None:
    assert compare_values(*pair(tmp_path, True, 1), booleans_as_numbers=True) == []
    assert compare_values(*pair(tmp_path, True, 0), booleans_as_numbers=True) != []
    assert compare_values(*pair(tmp_path, 1, True), booleans_as_numbers=True) != []


def test_what_is_missing_afterwards_counts_as_blank(tmp_path: Path) -> None:
    stored = write(tmp_path / "a.xlsx", fill_wrong)
    emptied = write(tmp_path / "b.xlsx", lambda book, sheet: None)

    assert compare_values(stored, emptied) == [
        Difference("目标", "B1", 7.0, None),
        Difference("目标", "B2", 12.001, None),
        Difference("隐藏 表", "D9", "8项", None),
    ]


def test_the_reader_knows_every_way_to_store_a_value(tmp_path: Path) -> None:
    def fill(book: Any, sheet: Any) -> None:
        sheet.write_row("A1", ["文字", 1.5, True, "a\x01b\nc"])
        sheet.write_rich_string("A2", "粗", book.add_format({"bold": True}), "体")
        sheet.write_array_formula("A3:B4", "{=1}", None, 1)

    shared = read_sheets(write(tmp_path / "shared.xlsx", fill))["目标"]
    inline = read_sheets(write(tmp_path / "inline.xlsx", fill, constant_memory=True))["目标"]

    assert shared.values["A1"] == inline.values["A1"] == "文字"
    assert shared.values["B1"] == 1.5
    assert shared.values["C1"] is True
    assert shared.values["D1"] == inline.values["D1"] == "a\x01b\nc"
    assert shared.values["A2"] == inline.values["A2"] == "粗体"
    assert list(shared.formulas) == ["A3", "B3", "A4", "B4"]


def test_poison_changes_one_value_and_nothing_else(tmp_path: Path) -> None:
    book = write(tmp_path / "right.xlsx", fill_right)

    copy, (sheet, cell) = office.poison(book, tmp_path / "out")

    assert (sheet, cell) == ("目标", "B1")
    assert compare_values(copy, book) == [Difference("目标", "B1", 7 * 2 + 1234.5, 7.0)]
    with zipfile.ZipFile(book) as before, zipfile.ZipFile(copy) as after:
        assert before.namelist() == after.namelist()
        changed = [name for name in before.namelist() if before.read(name) != after.read(name)]
    assert changed == ["xl/worksheets/sheet1.xml"]


@pytest.mark.parametrize(("value", "poisoned"), [("甲 & 乙", "甲 & 乙poison"), ("", "poison")])
def test_poison_takes_text_where_there_is_no_number(value: str, poisoned: str, tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", lambda book, sheet: sheet.write_formula("A1", '="x"', None, value))

    copy, (sheet, cell) = office.poison(book, tmp_path / "out")

    assert read_sheets(copy)[sheet].values[cell] == poisoned


def test_the_stamp_changes_one_date_only(tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", fill_right)
    with zipfile.ZipFile(book) as package:
        before = {name: package.read(name) for name in package.namelist()}

    office.stamp_modified(book, "2024-07-01T09:00:00")

    with zipfile.ZipFile(book) as package:
        after = {name: package.read(name) for name in package.namelist()}
    assert [name for name in before if before[name] != after[name]] == ["docProps/core.xml"]
    assert list(before) == list(after)
    assert openpyxl.load_workbook(book).properties.modified == datetime.datetime(2024, 7, 1, 9)


# --- LibreOffice as a person drives it ------------------------------------------------------


def fill_form(book: Any, sheet: Any) -> None:
    """A protected sheet of five columns with one row to fill in, and a second sheet."""
    day = book.add_format({"num_format": "yyyy-mm-dd", "locked": False})
    amount = book.add_format({"num_format": "#,##0.00", "locked": False})
    text, free = book.add_format({"num_format": "@", "locked": False}), book.add_format({"locked": False})
    sheet.write_row("A1", ["编号", "名称", "目标值", "期限", "合计"])
    sheet.write_row("A2", ["G001", "营收"])
    for place, style in {"B3": free, "B4": text, "C2": amount, "C3": amount, "D2": day, "D3": day}.items():
        sheet.write_blank(place, None, style)
    sheet.write_number("C4", 9, amount)
    sheet.write_formula("E2", "=SUM(C2:C4)", None, 9)
    sheet.set_column("C:C", 31)
    sheet.data_validation(
        "C2:C4", {"validate": "decimal", "criteria": ">=", "value": 0, "error_type": "warning"}
    )
    book.define_name("G_Target", "='目标'!$C$2:$C$4")
    sheet.protect()
    book.add_worksheet("复盘").write_formula("A1", "=SUM(G_Target)", None, 9)


@pytest.mark.office
def test_what_is_typed_arrives_as_a_person_types_it(tmp_path: Path) -> None:
    office.require_office("libreoffice")
    form, filled = write(tmp_path / "表.xlsx", fill_form), tmp_path / "filled" / "表.xlsx"

    def type_in(cell: str, text: object) -> dict[str, object]:
        return {"do": "set", "sheet": "目标", "cell": cell, "text": text}

    typed = [
        type_in("C2", "1.2亿元"),
        {"do": "type", "sheet": "目标", "cell": "C3", "value": 1200.5},
        type_in("D2", "2024-06-30"),
        {"do": "set_text", "sheet": "目标", "cell": "D3", "text": "2024-06-30"},
        type_in("B3", "=C3*2&\"'复盘'!A1\""),
        type_in("B4", "=不是公式"),
        type_in("E2", "5"),
        {"do": "clear", "sheet": "目标", "cell": "C4"},
        {"do": "recalculate"},
        {"do": "read", "sheet": "目标", "cells": ["C2", "C4", "D2", "E2"]},
        {"do": "validation", "sheet": "目标", "cell": "C3"},
    ]
    job = {"input": form, "output": filled, "actions": typed, "modified": "2024-07-01T09:00:00"}
    report = drive([job])[0]

    read, rule = report["results"][-2:]
    assert (read["C2"]["kind"], read["C4"]["kind"]) == ("text", "empty")
    assert (read["D2"]["value"], read["D2"]["shown"]) == (45473, "2024-06-30")
    assert (read["E2"]["kind"], read["E2"]["value"]) == ("formula", 1200.5)
    assert (rule["type"], rule["formula1"], rule["error_style"]) == ("DECIMAL", "0", "WARNING")
    assert len(report["refused"]) == 1
    assert "目标!E2 is locked" in report["refused"][0]
    book = openpyxl.load_workbook(filled)
    sheet = book["目标"]
    assert [sheet["C2"].value, sheet["C3"].value, sheet["C4"].value] == ["1.2亿元", 1200.5, None]
    assert sheet["C3"].number_format == "#,##0.00"
    assert sheet["D2"].value == datetime.datetime(2024, 6, 30)
    assert sheet["D3"].value == "2024-06-30"
    assert sheet["B3"].value == "=C3*2&\"'复盘'!A1\""
    assert (sheet["B4"].value, sheet["B4"].data_type) == ("=不是公式", "s")
    assert sheet["E2"].value == "=SUM(C2:C4)"
    assert book.properties.title == "计划"
    assert book.properties.creator == "planbook"
    assert book.properties.modified == datetime.datetime(2024, 7, 1, 9)


@pytest.mark.office
def test_a_chinese_date_is_one_where_the_office_is_chinese(tmp_path: Path) -> None:
    office.require_office("libreoffice")
    form = write(tmp_path / "form.xlsx", fill_form)
    job = {
        "input": form,
        "actions": [
            {"do": "set", "sheet": "目标", "cell": "D2", "text": "2024年6月30日"},
            {"do": "set", "sheet": "目标", "cell": "C2", "text": "￥1,200"},
            {"do": "read", "sheet": "目标", "cells": ["D2", "C2"]},
        ],
    }

    chinese = drive([job], locale="zh-CN")[0]["results"][-1]
    american = drive([job], locale="en-US")[0]["results"][-1]

    assert (chinese["D2"]["value"], chinese["C2"]["value"]) == (45473, 1200)
    assert (american["D2"]["value"], american["C2"]["value"]) == ("2024年6月30日", "￥1,200")


@pytest.mark.office
def test_columns_and_sheets_are_moved_about(tmp_path: Path) -> None:
    office.require_office("libreoffice")
    form, moved = write(tmp_path / "form.xlsx", fill_form), tmp_path / "moved.xlsx"
    actions = [
        {"do": "move_column", "sheet": "目标", "from": "C", "to": "A"},
        {"do": "move_column", "sheet": "目标", "from": "B", "to": "D"},
        {"do": "insert_own_column", "sheet": "目标", "at": "Z", "title": "我的备注", "row": 1},
        {"do": "rename_sheet", "sheet": "目标", "to": "我的 目标"},
        {"do": "reorder_sheet", "sheet": "我的 目标", "position": 1},
        {"do": "sheets"},
    ]

    report = drive([{"input": form, "output": moved, "actions": actions}])[0]

    assert [sheet["name"] for sheet in report["results"][-1]] == ["复盘", "我的 目标"]
    assert [sheet["protected"] for sheet in report["results"][-1]] == [False, True]
    book = openpyxl.load_workbook(moved)
    sheet = book["我的 目标"]
    assert [cell.value for cell in sheet[1]][:5] == ["目标值", "名称", "期限", "编号", "合计"]
    assert sheet["Z1"].value == "我的备注"
    assert sheet["E2"].value == "=SUM(A2:A4)"
    assert book.defined_names["G_Target"].attr_text == "'我的 目标'!$A$2:$A$4"
    assert sheet.column_dimensions["A"].width == pytest.approx(31.7, abs=0.5)
    assert [str(rule.sqref) for rule in sheet.data_validations.dataValidation] == ["A2:A4"]
    assert sheet.protection.sheet


@pytest.mark.office
def test_a_faulty_job_is_reported_and_the_next_one_done(tmp_path: Path) -> None:
    office.require_office("libreoffice")
    form = write(tmp_path / "form.xlsx", fill_form)
    jobs = [
        {"input": tmp_path / "缺.xlsx", "actions": []},
        {"input": form, "actions": [{"do": "fly"}, {"do": "rename_sheet", "sheet": "没有", "to": "x"}]},
        {"input": form, "output": tmp_path / "copy.xlsx", "actions": [{"do": "sheets"}]},
    ]

    missing, faulty, good = drive(jobs, check=False)

    assert str(tmp_path / "缺.xlsx") in missing["errors"][0]
    assert "there is no action 'fly'" in faulty["errors"][0]
    assert "there is no sheet '没有'" in faulty["errors"][1]
    assert good["errors"] == []
    assert (tmp_path / "copy.xlsx").is_file()
    with pytest.raises(office.OfficeError, match="there is no action 'fly'"):
        drive(jobs[1:2])


DYING = """
import os, pathlib, runpy, signal, sys
once = pathlib.Path({once!r})
if {answers} or once.exists():
    os._exit = lambda status: None
    runpy.run_path({client!r}, run_name="__main__")
once.touch()
os.kill(os.getpid(), signal.SIGSEGV)
"""


@pytest.mark.office
@pytest.mark.parametrize("answers", [True, False])
def test_a_bridge_that_crashes_does_not_take_the_answer_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: bool
) -> None:
    office.require_office("libreoffice")
    path = write(tmp_path / "a.xlsx", lambda book, sheet: sheet.write_number("A1", 5))
    client = tmp_path / "client.py"
    client.write_text(
        DYING.format(once=str(tmp_path / "once"), answers=answers, client=str(office.CLIENT)), "utf-8"
    )
    monkeypatch.setattr(office, "CLIENT", client)
    job = {"input": path, "actions": [{"do": "read", "sheet": "目标", "cells": ["A1"]}]}
    [report] = drive([job])
    assert report["results"][0]["A1"]["value"] == 5
    assert (tmp_path / "once").exists()


@pytest.mark.office
def test_a_client_that_only_dies_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office.require_office("libreoffice")
    client = tmp_path / "client.py"
    client.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n", "utf-8")
    monkeypatch.setattr(office, "CLIENT", client)
    with pytest.raises(office.OfficeError, match=r"failed \(exit -11\)"):
        drive([{"input": write(tmp_path / "a.xlsx", lambda book, sheet: None)}])


@pytest.mark.office
def test_offices_run_side_by_side_and_none_stays_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.require_office("libreoffice")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    form = write(tmp_path / "form.xlsx", fill_form)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda number: office.resave_libreoffice([form], tmp_path / number), "12"))
    assert all(compare_values(form, copies[0]) == [] for copies in both)

    many = [{"input": form, "output": tmp_path / f"{number}.xlsx"} for number in range(200)]
    with pytest.raises(office.OfficeError, match="did not finish 200 jobs in 2 s"):
        drive(many, seconds=2)

    assert running(str(tmp_path)) == []
    assert not list(tmp_path.glob("planbook-office-*"))


@pytest.mark.office
def test_pages_to_look_at(tmp_path: Path) -> None:
    office.require_office("libreoffice", "poppler")
    book = write(tmp_path / "计划.xlsx", fill_form)

    pdf = office.render_pdf(book, tmp_path / "pdf")
    pages = office.render_pages(pdf, tmp_path / "png", dpi=40)

    assert pdf.read_bytes().startswith(b"%PDF")
    assert [page.name for page in pages] == ["计划-page-1.png", "计划-page-2.png"]
    assert all(page.stat().st_size > 200 for page in pages)
