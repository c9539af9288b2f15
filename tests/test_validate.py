"""The file itself: what `support.validate` and the schema must find, and must let pass."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from tests.support import office
from tests.support.books import ALL, written
from tests.support.schema import check_schema, require_validator
from tests.support.validate import check_package

Fill = Callable[[Any, Any], None]


def write(path: Path, fill: Fill) -> Path:
    """A workbook with one sheet, filled by `fill(book, sheet)`."""
    book = xlsxwriter.Workbook(path)
    book.set_properties({"title": "计划", "author": "planbook"})
    fill(book, book.add_worksheet("目标"))
    book.close()
    return path


def fill_everything(book: Any, sheet: Any) -> None:
    """One of each thing that `check_package` looks at."""
    sheet.write_row("A1", ["甲", 1, 2])
    sheet.write_formula("D1", "=B1+C1", book.add_format({"bold": True}), 3)
    sheet.merge_range("A3:B4", "合并")
    sheet.merge_range("C3:C4", "合并")
    sheet.data_validation("B1", {"validate": "list", "source": "=L_Unit", "input_message": "提示"})
    sheet.conditional_format(
        "B1:C1", {"type": "formula", "criteria": "=B1>1", "format": book.add_format({"bold": True})}
    )
    sheet.set_column("F:F", None, None, {"hidden": True})
    sheet.set_column("A:A", 12)
    sheet.set_header('&L&"微软雅黑"&8 2024年度&R&A')
    sheet.set_footer("&C第 &P 页 / 共 &N 页")
    book.define_name("L_Unit", "='目标'!$B$1:$C$1")
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "='目标'!$B$1:$C$1"})
    sheet.insert_chart("E5", chart, {"description": "甲的柱形图"})
    sheet.write_comment("A1", "批注", {"author": "planbook"})
    sheet.write_url("A6", "internal:'目标'!A1", None, "目录", "回到目录")
    sheet.write_url("A7", "https://example.com/", None, "网页")
    sheet.add_sparkline("C6", {"range": "目标!B1:C1"})
    sheet.conditional_format("B8:B9", {"type": "data_bar", "data_bar_2010": True})
    sheet.write_number("B8", 1, book.add_format({"num_format": '#,##0"家"'}))
    sheet.add_table("A30:B32", {"name": "Facts", "columns": [{"header": "部门"}, {"header": "实际"}]})


def test_a_sound_package_has_no_faults(tmp_path: Path) -> None:
    assert check_package(write(tmp_path / "a.xlsx", fill_everything)) == []


SHEET, BOOK = "xl/worksheets/sheet1.xml", "xl/workbook.xml"
TYPES, SHEET_RELATIONS = "[Content_Types].xml", "xl/worksheets/_rels/sheet1.xml.rels"
DRAWING, TABLE = "xl/drawings/drawing1.xml", "xl/tables/table1.xml"
BOXES, NOTES = "xl/drawings/vmlDrawing1.vml", "xl/comments1.xml"
SPARKLINE = "<x14:sparkline><xm:f>目标!B1:C1</xm:f><xm:sqref>C6</xm:sqref></x14:sparkline>"


FAULTS = [  # (part, text, its replacement, what is said)
    (SHEET, "</sheetData>", "</sheetDate>", "xl/worksheets/sheet1.xml is not well-formed XML"),
    (SHEET, 'prompt="提示"', f'prompt="{"提" * 256}"', "256 characters in its prompt"),
    (SHEET, 'prompt="提示"', f'error="{"错" * 225}"', "225 characters in its error"),
    (SHEET, 'prompt="提示"', f'promptTitle="{"题" * 33}"', "33 characters in its promptTitle"),
    (SHEET, ">L_Unit<", f">{'L_Unit+' * 40}1<", "a formula1 of 281 characters"),
    (SHEET, ">L_Unit<", "><", "of the type list and has no formula1"),
    (BOOK, 'name="L_Unit"', 'name="L Unit"', "'L Unit' is not a valid defined name"),
    (BOOK, 'name="L_Unit"', 'name="Q12024"', "'Q12024' is not a valid defined name"),
    (BOOK, "<definedNames>", '<definedNames><definedName name="l_unit">1</definedName>', "2 times"),
    (BOOK, ">'目标'!$B", ">'旧 表'!$B", "points at the sheet '旧 表', which does not exist"),
    (BOOK, ">'目标'!$B$1:$C$1", ">#REF!", "refers to nothing"),
    (BOOK, 'sheet name="目标"', f'sheet name="{"目" * 32}"', "has 32 characters"),
    (BOOK, 'sheet name="目标"', 'sheet name="目/标"', "has a character that Excel forbids"),
    (BOOK, 'sheet name="目标"', 'sheet state="hidden" name="目标"', "no sheet is visible"),
    (SHEET, 'ref="C3:C4"', 'ref="B4:C4"', "the merged ranges A3:B4 and B4:C4 overlap"),
    (SHEET, "&amp;8 2024", "&amp;82024", "runs into the digits after it: '&82024'"),
    (SHEET, "&amp;8 2024", "&amp;80年", "&8 directly before a digit"),
    (SHEET, "第 &amp;P", "第 &amp;Q", "an unknown code at '&Q 页 /"),
    (SHEET, "页 / 共", "页" * 255, "characters; 255 are allowed"),
    (SHEET, "<v>0</v>", "<v>99</v>", "has the shared string '99'; there are 6"),
    (SHEET, 'r="D1" s="1"', 'r="D1" s="77"', "目标!D1 has the style 77"),
    (SHEET, ">B1+C1<", f">{'B1+' * 2731}C1<", "a formula of 8195 characters"),
    (SHEET, "<v>3</v>", "<v>nan</v>", "is a number and holds 'nan'"),
    (SHEET, 'width="12.7109375"', 'width="0"', "have the width 0"),
    (SHEET, "<formula>B1&gt;1</formula>", "<formula></formula>", "has an empty formula"),
    (SHEET, "<formula>B1&gt;1</formula>", "", "of the type expression and has no formula"),
    (SHEET, 'dxfId="0"', 'dxfId="4"', "has the format 4; there are 1"),
    ("xl/drawings/drawing1.xml", ' descr="甲的柱形图"', "", "has no alternative text"),
    ("docProps/core.xml", "<dc:title>计划</dc:title>", "", "the core properties have no title"),
    (SHEET, "<f>B1+C1", "<f>=B1+C1", "目标!D1 has a formula that begins with a second ="),
    (SHEET, "<f>B1+C1", "<f>SUM(B1+C1", "目标!D1 leaves a bracket open"),
    (SHEET, "<f>B1+C1", "<f>B1)+(C1", "目标!D1 closes a bracket that was not opened"),
    (SHEET, "<f>B1+C1", '<f>B1&amp;"甲', "目标!D1 has a quote that does not end"),
    (SHEET, "<f>B1+C1", f'<f>"{"长" * 256}"', "a quoted text of more than 255 characters"),
    (SHEET, "<f>B1+C1", f"<f>{'ABS(' * 65}B1{')' * 65}", "functions in functions more than 64 deep"),
    (SHEET, "<f>B1+C1", f"<f>SUM({'B1,' * 255}B1)", "a function with more than 255 arguments"),
    (SHEET, "<f>B1+C1", '<f t="shared" ref="D1:D2" si="0">目标!B1', "a formula that names another sheet"),
    (SHEET, "<f>B1+C1", '<f t="shared" ref="E1:E2" si="0">B1', "the formula 0, which does not reach it"),
    (SHEET, "<f>B1+C1</f>", '<f t="shared" si="0"/>', "the formula 0, which does not reach it"),
    (SHEET, "<formula>B1&gt;1", "<formula>OR(B1={1,2})", "has an array constant, which Excel forbids"),
    (SHEET, "<formula>B1&gt;1", f"<formula>{'B1+' * 2731}1", "has a formula of 8194 characters"),
    (SHEET, 'priority="2"', 'priority="1"', "has 2 conditional formats of the priority 1"),
    (SHEET, '<row r="3"', '<row r="1"', "the row 1 of 目标 comes after the row 1"),
    (SHEET, '<c r="C1"', '<c r="B1"', "目标!B1 is out of its place in the row 1"),
    (SHEET, '<row r="3"', '<row r="3" ht="500"', "is 500.0 points high; 409.5 are allowed"),
    (SHEET, 'sqref="B1">', 'sqref="B1 A1:C1">', "the data validations of 目标!B1 and 目标!A1:C1 overlap"),
    (SHEET, 'dataValidations count="1"', 'dataValidations count="2"', "says it has 2 data validations"),
    ("xl/styles.xml", '&quot;家&quot;"', '&quot;家"', "has a quote that does not end"),
    ("xl/styles.xml", '&quot;家&quot;"', ';0;0;0;0"', "has more than four sections"),
    ("xl/styles.xml", '&quot;家&quot;"', f'{"0" * 255}"', "has 260 characters; 255 are allowed"),
    (TYPES, 'PartName="/xl/styles.xml"', 'PartName="/xl/style.xml"', "xl/style.xml, which is not in"),
    (TYPES, 'Extension="vml"', 'Extension="vm"', "vmlDrawing1.vml has no content type"),
    (TYPES, 'PartName="/xl/styles.xml"', 'PartName="/xl/workbook.xml"', "xl/workbook.xml is given 2 times"),
    (DRAWING, "<xdr:col>4</xdr:col>", "<xdr:col>40000</xdr:col>", "stands outside of the sheet"),
    (DRAWING, "<xdr:col>4</xdr:col>", "<xdr:col>50</xdr:col>", "ends before it begins"),
    (DRAWING, "</xdr:wsDr>", '<xdr:sp><xdr:cNvPr id="2" name="x"/></xdr:sp></xdr:wsDr>', "have the id 2"),
    (BOXES, "<x:Anchor>1, 15", "<x:Anchor>9, 15", "a note's box of 目标 has the corners '9, 15"),
    (BOXES, "<x:Row>0<", "<x:Row>5<", "the note of 目标!A1 has no box"),
    (NOTES, 'ref="A1"', 'ref="A1:B2"', "stands at 'A1:B2', which is no cell"),
    (NOTES, 'authorId="0"', 'authorId="7"', "has an author that is not listed"),
    (NOTES, ">批注<", f">{'批' * 32768}<", "the note of 目标!A1 has 32768 characters"),
    (NOTES, "</commentList>", '<comment ref="A1" authorId="0"/></commentList>', "目标!A1 has 2 notes"),
    (SHEET, "location=\"'目标'!", "location=\"'目 标'!", "goes to the sheet '目 标', which does not exist"),
    (SHEET, 'tooltip="回到目录"', f'tooltip="{"长" * 256}"', "has a tip of more than 255 characters"),
    (SHEET_RELATIONS, "https://example.com/", f"https://{'长' * 2080}", "has a target of 2088 characters"),
    (SHEET_RELATIONS, 'Target="https://example.com/"', 'Target=""', "a target that is not in the package"),
    (SHEET, '<hyperlink ref="A6"', '<hyperlink ref="?"', "the link of 目标!? stands in no cell"),
    (SHEET, "<xm:sqref>C6</xm:sqref>", "<xm:sqref>C6:C9</xm:sqref>", "at 'C6:C9', which is no cell"),
    (SHEET, "</x14:sparklines>", SPARKLINE + "</x14:sparklines>", "目标!C6 has 2 sparklines"),
    (SHEET, "<x14:id>{DA7ABA51-", "<x14:id>{DA7ABA52-", "stands 1 times and is drawn 0 times"),
    (TABLE, 'name="实际"', 'name="部门"', "the table 'Facts' has 2 columns called '部门'"),
    (TABLE, 'name="实际"', 'name="计划"', "calls '计划' what the cell calls '实际'"),
    (TABLE, 'ref="A30:B32"', 'ref="A30:B30"', "the table 'Facts' has no row below its headers"),
    (TABLE, 'ref="A30:B32"', 'ref="A30:C32"', "the table 'Facts' has 2 headers for 3 columns"),
    ("xl/_rels/workbook.xml.rels", "styles.xml", "style.xml", "which is not in the package"),
]  # fmt: skip


@pytest.mark.parametrize(("part", "old", "new", "fault"), FAULTS)
def test_a_fault_in_the_package_is_named(part: str, old: str, new: str, fault: str, tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", fill_everything)
    with zipfile.ZipFile(book) as package:
        text = package.read(part).decode("utf-8")
    assert text.count(old) >= 1, f"{part} does not hold {old!r}: {text}"
    broken = tmp_path / "broken.xlsx"
    office.rewrite_parts(book, broken, {part: text.replace(old, new, 1).encode("utf-8")})

    faults = check_package(broken)

    assert any(fault in sentence for sentence in faults), faults


def test_a_part_held_twice_is_named(tmp_path: Path) -> None:
    book = write(tmp_path / "a.xlsx", fill_everything)
    with zipfile.ZipFile(book, "a") as package, pytest.warns(UserWarning, match="Duplicate name"):
        package.writestr(SHEET, package.read(SHEET))

    assert check_package(book) == [f"the zip holds {SHEET} 2 times"]


def test_what_is_no_workbook_is_named(tmp_path: Path) -> None:
    plain = tmp_path / "a.xlsx"
    plain.write_text("<html>", "utf-8")

    assert check_package(plain) == ["a.xlsx is not a zip file"]
    assert re.search("expansion|entit", " ".join(check_package(bomb(tmp_path))), re.IGNORECASE)


def bomb(tmp_path: Path) -> Path:
    """A workbook whose properties declare an entity, as no honest program writes."""
    book, target = write(tmp_path / "b.xlsx", fill_everything), tmp_path / "bomb.xlsx"
    office.rewrite_parts(book, target, {"docProps/core.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'})
    return target


# --- the schema -----------------------------------------------------------------------------

STYLES = "xl/styles.xml"
# One of each kind of thing a schema says: (part, pattern, replacement, what the judge answers).
BREACHES = {
    "an element too early": (SHEET, r"(<sheetData>.*</sheetData>)(<mergeCells.*</mergeCells>)", r"\2\1", "unexpected child"),
    "an unknown element": (SHEET, r"<sheetData>", r"<sheetFoo/><sheetData>", "invalid child element"),
    "a required attribute": (SHEET, r'(<cfRule[^>]*) priority="1"', r"\1", "required attribute 'priority'"),
    "an unknown attribute": (SHEET, r"<dataValidation ", '<dataValidation colour="1" ', "'colour' attribute is not"),
    "a word of a list": (SHEET, r'type="list"', 'type="menu"', "invalid value 'menu'"),
    "a number": (SHEET, r'<col min="1"', '<col min="x"', "invalid value 'x'"),
    "an id that must be there": (BOOK, r'r:id="rId1"', 'r:id="rId99"', "rId99"),
    "an id given once": (BOOK, r"</sheets>", '<sheet name="b" sheetId="1" r:id="rId1"/></sheets>', "unique"),
    "the order of a style": (STYLES, r"(<fonts.*</fonts>)(<fills.*</fills>)", r"\2\1", "unexpected child"),
    "a colour": (SHEET, r'rgb="FF638EC6"', 'rgb="blue"', "invalid value 'blue'"),
    "a chart": ("xl/charts/chart1.xml", r'barDir val="col"', 'barDir val="up"', "invalid value 'up'"),
    "a drawing": (DRAWING, r"<xdr:from>.*?</xdr:from>", "", "unexpected child"),
    "a sparkline": (SHEET, r"<x14:sparklines>", "<x14:no/><x14:sparklines>", "invalid child element"),
    "a table": (TABLE, r' displayName="Facts"', "", "required attribute 'displayName'"),
    "a note": (NOTES, r' ref="A1"', "", "required attribute 'ref'"),
    "well-formed XML": (SHEET, r"</sheetData>", "", "sheetData"),
    "a content type": (TYPES, r"spreadsheetml\.styles\+xml", "spreadsheetml.style+xml", "content type"),
}  # fmt: skip


def breach(book: Path, folder: Path, name: str) -> Path:
    part, pattern, replacement, _ = BREACHES[name]
    with zipfile.ZipFile(book) as package:
        text = package.read(part).decode("utf-8")
    changed, count = re.subn(pattern, replacement, text, count=1, flags=re.DOTALL)
    assert count == 1 and changed != text, f"{part} does not hold {pattern!r}"
    target = folder / f"{name}.xlsx"
    office.rewrite_parts(book, target, {part: changed.encode("utf-8")})
    return target


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[str]]:
    """What the schema's judge says of a sound package and of each breach of it, in one batch."""
    require_validator()
    folder = tmp_path_factory.mktemp("schema")
    sound = write(folder / "sound.xlsx", fill_everything)
    every = {"sound": sound, **{name: breach(sound, folder, name) for name in BREACHES}}
    found = check_schema(list(every.values()))
    return {name: found[path] for name, path in every.items()}


@pytest.mark.office
def test_the_schema_lets_a_sound_package_pass(judged: Mapping[str, list[str]]) -> None:
    assert judged["sound"] == []


@pytest.mark.office
@pytest.mark.parametrize("name", BREACHES)
def test_the_schema_forbids(name: str, judged: Mapping[str, list[str]]) -> None:
    assert any(BREACHES[name][-1] in sentence for sentence in judged[name]), judged[name]


@pytest.mark.office
def test_a_judge_that_breaks_down_is_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "validator"
    broken.write_text("#!/bin/sh\necho nothing\n", "utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr("tests.support.schema.VALIDATOR", broken)

    with pytest.raises(RuntimeError, match=r"failed on a\.xlsx"):
        check_schema([tmp_path / "a.xlsx"])


# --- the planner's workbooks ----------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("books")


@pytest.mark.parametrize("variant", ALL, ids="-".join)
def test_a_workbook_keeps_to_excels_limits(variant: tuple[str, str, str], folder: Path) -> None:
    assert check_package(written(folder, variant)) == []


@pytest.mark.office
def test_every_workbook_is_valid_by_the_schema(folder: Path) -> None:
    require_validator()
    found = check_schema([written(folder, variant) for variant in ALL])
    assert len(found) == len(ALL)
    assert {path.name: faults for path, faults in found.items() if faults} == {}
