"""The streamed fact sheets: what XlsxWriter itself would write, split where Excel's rows end."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import xlsxwriter

from planbook.measures import RollUp, frames
from planbook.measures.frames import make_frame
from planbook.measures.plain import Rows
from planbook.problems import OutputError
from planbook.reports import write_consolidated
from planbook.reports.facts import fill_package, long_rows
from planbook.reports.place import FIRST_ROW, MOST_FACTS, place_facts
from planbook.reports.sheets import number_format, row_height
from planbook.spec import Kind, load_spec
from tests.support.office import compare_values, recalculate_gnumeric, recalculate_libreoffice, require_office
from tests.support.packages import part_of, read_parts
from tests.support.roll_ups import SMALL, Builder, large_company, small_company
from tests.support.validate import check_package

TEXTS = ("  前后空格 ", "a<b>&\"c'", "_x0041_", "第一行\n第二行", "=1+1", "制表\t符", "😀", "")
ROW = re.compile(rb"<row r.*?</row>", re.DOTALL)


def sheet_part(path: Path, title: str) -> bytes:
    """The XML of a sheet, found by its title."""
    return read_parts(path)[part_of(path, title)]


def odd_company() -> RollUp:
    """Facts with every kind of value: odd texts, large and small figures, both favourabilities, none."""
    build = Builder(SMALL)
    for number, text in enumerate(TEXTS):
        figures = [(10.0, 9.0 - number), (0.05, 0.04), (-1e12, 1234567.891), (3.0, 3.0)]
        build.goal("XS", text or "空", figures, metric=text, unit=text[:3])
    build.facts[3] |= {
        "target": None,
        "actual": None,
        "favourable": None,
        "rating": "none",
        "deviation": None,
    }
    build.facts[4] |= {"attainment": float("nan"), "deviation_rate": None}
    return build.make()


def write_by_xlsxwriter(path: Path, roll_up: RollUp, styles: dict[str, str]) -> None:
    """The same rows by XlsxWriter in constant memory; a format for each number of `styles`."""
    report = roll_up.book.report("facts")
    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False}) as workbook:
        sheet = workbook.add_worksheet()
        style = workbook.add_format({"bold": True})
        for offset, fact in enumerate(roll_up.facts.to_dict("records")):
            row = FIRST_ROW + offset
            sheet.set_row(row, row_height(1))
            for index, column in enumerate(report.columns):
                value = fact.get(column.key)
                if value is None or value != value or value == "":
                    sheet.write_blank(row, index, None, style)
                elif column.kind is Kind.CHOICE:
                    sheet.write_string(row, index, roll_up.book.list_title(column.list, value, "zh"), style)
                elif isinstance(value, int | float):
                    sheet.write_number(row, index, value, style)
                else:
                    sheet.write_string(row, index, value, style)


def test_rows_are_those_xlsxwriter_writes(tmp_path: Path) -> None:
    roll_up = odd_company()
    ours, theirs = tmp_path / "ours.xlsx", tmp_path / "theirs.xlsx"
    write_consolidated(ours, roll_up)
    write_by_xlsxwriter(theirs, roll_up, {})
    found = ROW.findall(sheet_part(ours, "明细数据"))[-len(roll_up.facts) :]
    wanted = ROW.findall(sheet_part(theirs, "Sheet1"))
    unstyled = [re.sub(rb' s="\d+"', b"", row) for row in found]
    assert unstyled == [re.sub(rb' s="\d+"', b"", row) for row in wanted]
    assert len(found) == len(TEXTS) * 4


def test_cells_have_the_look_of_their_value(tmp_path: Path) -> None:
    roll_up = odd_company()
    path = tmp_path / "report.xlsx"
    write_consolidated(path, roll_up)
    sheet = openpyxl.load_workbook(path)["明细数据"]
    report = roll_up.book.report("facts")
    column = {each.key: number for number, each in enumerate(report.columns, 1)}
    target = next(each for each in report.columns if each.key == "target")
    for offset, fact in enumerate(roll_up.facts.to_dict("records"), FIRST_ROW + 1):
        cell = sheet.cell(offset, column["target"])
        if fact["target"] is not None:
            assert cell.number_format == number_format(target, fact["target"])
        tones = {"bad": "FF9A2A12", "good": "FF0B5A3C", "even": "FF56606E"}
        if fact["deviation"] is not None:
            assert sheet.cell(offset, column["deviation"]).font.color.rgb == tones[fact["favourable"]]
        assert sheet.cell(offset, column["fact"]).font.name == "微软雅黑"
        # Rows have one height: what does not fit is cut at the edge or made smaller, never through a line.
        assert not any(sheet.cell(offset, number).alignment.wrap_text for number in column.values())
        assert sheet.cell(offset, column["direction"]).alignment.shrink_to_fit


def test_categories_and_objects_give_the_same_bytes(tmp_path: Path) -> None:
    roll_up = large_company().make()
    words = [name for name in roll_up.facts if roll_up.facts[name].map(type).eq(str).any()]
    figures = ["target", "actual", "deviation", "attainment", "adds_target", "adds_actual"]
    compact = roll_up.facts.astype(dict.fromkeys(words, "category") | dict.fromkeys(figures, float))
    assert isinstance(compact["file"].dtype, pd.CategoricalDtype)
    paths = [tmp_path / "objects.xlsx", tmp_path / "compact.xlsx"]
    write_consolidated(paths[0], roll_up)
    write_consolidated(paths[1], replace(roll_up, facts=compact))
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_facts_split_over_sheets_where_the_rows_end(tmp_path: Path) -> None:
    roll_up = large_company().make()
    path = tmp_path / "split.xlsx"
    write_consolidated(path, roll_up, most_facts=40)
    assert check_package(path) == []
    book = openpyxl.load_workbook(path)
    titles = [title for title in book.sheetnames if title.startswith("明细数据")]
    assert titles == ["明细数据", "明细数据 2", "明细数据 3"]
    shown = [
        book[title].cell(row, 1).value
        for title in titles
        for row in range(FIRST_ROW + 1, book[title].max_row + 1)
    ]
    assert shown == roll_up.facts["fact"].tolist()
    tables = [table for title in titles for table in book[title].tables.values()]
    assert [table.name for table in tables] == ["Facts", "Facts_2", "Facts_3"]
    assert [table.ref.split(":A")[1][1:] for table in tables] == [
        "44",
        "44",
        str(FIRST_ROW + len(shown) - 80),
    ]
    links = {
        cell.hyperlink.location for row in book["差异汇总"].iter_rows() for cell in row if cell.hyperlink
    }
    assert any(link.startswith("'明细数据 2'!A") for link in links)


def test_facts_that_fit_stay_on_one_sheet() -> None:
    report = load_spec("annual_plan").report("facts")
    assert place_facts(report, "zh", 1_048_572).titles == ("明细数据",)
    assert place_facts(report, "zh", 1_048_573).counts == (1_048_572, 1)
    assert place_facts(report, "en", 0).counts == (0,)
    formula = place_facts(report, "en", 5, most=3).combine("SUMIFS", "[target]", "[company_no]", "7")
    assert (
        formula
        == "SUMIFS('Facts'!$J$5:$J$7,'Facts'!$X$5:$X$7,7)+SUMIFS('Facts 2'!$J$5:$J$6,'Facts 2'!$X$5:$X$6,7)"
    )


def test_a_package_that_cannot_be_filled_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "report.xlsx"
    path.write_bytes(b"")
    with pytest.raises(OutputError, match="could not be written"):
        fill_package(tmp_path / "gone" / "report.xlsx", {}, {})
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.xlsx"]


@pytest.mark.office
def test_other_programs_add_up_split_facts_alike(tmp_path: Path) -> None:
    require_office("libreoffice", "gnumeric")
    path = tmp_path / "split.xlsx"
    write_consolidated(path, small_company().make(), most_facts=3, sources="../inbox/")
    (again,) = recalculate_libreoffice([path], tmp_path / "libreoffice")
    assert compare_values(path, again) == []
    assert compare_values(path, recalculate_gnumeric(path, tmp_path / "gnumeric")) == []
    total = openpyxl.load_workbook(path)["公司目标"]["G5"].value
    assert total.count("SUMIFS(") == 3


# -- other tables of very many rows ------------------------------------------------------------


def test_a_table_of_very_many_rows_shows_the_same_streamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    roll_up = large_company().make()
    paths = [tmp_path / "written.xlsx", tmp_path / "streamed.xlsx"]
    write_consolidated(paths[0], roll_up)
    for module in ("workbook", "live"):
        monkeypatch.setattr(f"planbook.reports.{module}.MOST_WRITTEN", 3)
    write_consolidated(paths[1], roll_up)
    assert check_package(paths[1]) == []
    written, streamed = (openpyxl.load_workbook(path, data_only=True) for path in paths)
    assert streamed.sheetnames == written.sheetnames
    for title in ("差异汇总", "任务与风险", "提交状态", "数据质量"):
        theirs, ours = written[title], streamed[title]
        assert (ours.max_row, ours.auto_filter.ref) == (theirs.max_row, theirs.auto_filter.ref)
        for row, wanted in zip(ours.iter_rows(), theirs.iter_rows(), strict=True):
            for cell, other in zip(row, wanted, strict=True):
                if other.value not in ("查看 ▸", "原表 ▸"):
                    value = other.value or None
                    wanted_value = pytest.approx(value) if isinstance(value, float) else value
                    assert (cell.value or None) == wanted_value, (title, cell.coordinate)
                    assert not cell.value or cell.font.color == other.font.color, (title, cell.coordinate)


def parties_of(task: str, department: str, *parties: tuple[str, str, str]) -> list[dict[str, str]]:
    """The parties to a task: role, kind and name, which is a department's code, too."""
    keys = ("role", "party_kind", "party", "party_code")
    shared = {"file": f"{department}.xlsx", "department": department, "task_id": task, "task": f"任务{task}"}
    return [{**shared, **dict(zip(keys, (*party, party[2]), strict=True))} for party in parties]


def test_a_matrix_of_very_many_tasks_has_the_same_letters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, head = ("R", "position", "销售经理"), ("A", "head", "王五")
    parties = [
        *parties_of("T001", "XS", lead, head, ("C", "department", "KH"), ("C", "position", "财务经理")),
        *parties_of("T002", "XS", lead, head, ("I", "department", "=1+1")),
        *parties_of("T001", "KH", head),
    ]
    roll_up = replace(small_company().make(), responsibility=make_frame(frames.RESPONSIBILITY, parties))
    paths = [tmp_path / "written.xlsx", tmp_path / "streamed.xlsx"]
    write_consolidated(paths[0], roll_up)
    monkeypatch.setattr("planbook.reports.workbook.MOST_WRITTEN", 2)
    write_consolidated(paths[1], roll_up)
    assert check_package(paths[1]) == []
    written, streamed = (
        [[cell.value for cell in row] for row in openpyxl.load_workbook(path)["责任矩阵"].iter_rows(3)]
        for path in paths
    )
    assert streamed == written
    assert [row[-3:] for row in streamed[2:]] == [["R", "C", None], ["R", None, "I"], [None, "R", None]]


def test_more_rows_than_a_sheet_has_are_refused() -> None:
    report = load_spec("annual_plan").report("variance")
    with pytest.raises(OutputError, match="do not fit a sheet"):
        long_rows(report, Rows(pd.DataFrame(), range(MOST_FACTS + 1)))
