"""What a cell holds and nobody sees, or sees as something else while a condition holds: said by its address.

White letters, letters in the colour of their fill or too small to read, number formats and font colours
of conditional formats, rows and columns of no height or width.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from planbook.problems import Code
from planbook.problems.words import in_words
from planbook.reader import Submission, read_workbook
from tests.support.hostile import GOALS, number, pack, parts_of, set_cell, sheet_part, text
from tests.support.office import drive, require_office
from tests.support.workbooks import expect, read_tables, write_filled

TABLE = """
level      | goal       | metric       | unit | target | department | due        | weight
department | 营收增长   | 营收总额     | 元   | 100    | XS         | 2024-12-31 | 0.5
department | 新客户拓展 | 新客户签约量 | 家   | 50     | XS         | 2024-12-31 | 0.5
"""
WHITE_FONT = '<font><sz val="10"/><color rgb="FFFFFFFF"/><name val="Arial"/></font>'
X14 = "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"
MAIN = "http://schemas.microsoft.com/office/excel/2006/main"
SOLID = '<fill><patternFill patternType="solid"><fgColor {}/><bgColor indexed="64"/></patternFill></fill>'
Parts = dict[str, bytes]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    plan = read_tables("annual_plan", {"goals": TABLE})
    path = write_filled(tmp_path_factory.mktemp("unseen") / "a.xlsx", plan)
    return parts_of(path.read_bytes())


def grow(parts: Parts, group: str, entry: str) -> int:
    """One more entry at the end of a group of the styles; its place in it."""
    styles = parts["xl/styles.xml"].decode()
    inner = re.search(f"<{group}[ >].*?</{group}>", styles, re.DOTALL)
    assert inner is not None
    tag = {"cellXfs": "xf", "dxfs": "dxf"}.get(group, group[:-1])
    parts["xl/styles.xml"] = styles.replace(f"</{group}>", f"{entry}</{group}>", 1).encode()
    return len(re.findall(rf"<{tag}[\s>/]", inner[0]))


def styled(parts: Parts, font: str = "", fill: str = "", code: str = "") -> int:
    """A cell style of a font, a fill and a number format."""
    fonts = grow(parts, "fonts", font) if font else 0
    fills = grow(parts, "fills", fill) if fill else 0
    if code:
        grow(parts, "numFmts", f'<numFmt numFmtId="398" formatCode="{code}"/>')
    entry = (
        f'<xf numFmtId="{398 if code else 0}" fontId="{fonts}" fillId="{fills}" borderId="0" xfId="0" '
        'applyFont="1" applyFill="1" applyNumberFormat="1"/>'
    )
    return grow(parts, "cellXfs", entry)


def coloured(colour: str, size: str = "10") -> str:
    return f'<font><sz val="{size}"/><color {colour}/><name val="Arial"/></font>'


def put(parts: Parts, address: str, cell: str) -> None:
    part = sheet_part(parts, GOALS)
    parts[part] = set_cell(parts[part], address, cell)


def change(parts: Parts, old: str, new: str) -> None:
    part = sheet_part(parts, GOALS)
    changed = re.sub(old, new.replace("\\", "\\\\"), parts[part].decode(), count=1)
    assert changed != parts[part].decode()
    parts[part] = changed.encode()


def read(parts: Parts, folder: Path) -> Submission:
    path = folder / "unseen.xlsx"
    path.write_bytes(pack(parts))
    return read_workbook(path, expect())


def told(submission: Submission, code: Code) -> list[str]:
    """The addresses, or rows, or what was found, of the problems of a code."""
    assert not submission.refused, submission.problems
    return [p.location.cell or str(p.found) for p in submission.problems if p.code is code]


# -- letters that nobody sees ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("font", "fill", "unseen"),
    [
        ('rgb="FFFFFFFF"', "", True), ('rgb="FFFAFAFA"', "", True), ('rgb="FF999999"', "", False),
        ('indexed="9"', "", True), ('indexed="1"', "", True), ('indexed="65"', "", True), ('indexed="64"', "", False),
        ('theme="0"', "", True), ('theme="0" tint="-0.0499"', "", True), ('theme="0" tint="-0.5"', "", False),
        ('theme="1"', "", False), ('theme="1" tint="1"', "", True), ('auto="1"', "", False),
        ('rgb="FFFFFFFF"', 'rgb="FF1F3A5F"', False), ('rgb="FF1F3A5F"', 'rgb="FF1F3A5F"', True),
        ('theme="4"', 'theme="4"', True), ('theme="4"', 'theme="5"', False), ('rgb="FF000000"', 'indexed="8"', True),
        ('rgb="FFFFFF00"', 'indexed="13"', True), ('indexed="22"', 'indexed="22"', True),
    ],
)  # fmt: skip
def test_letters_in_the_colour_of_their_ground_are_said(
    parts: Parts, tmp_path: Path, font: str, fill: str, unseen: bool
) -> None:
    changed = dict(parts)
    style = styled(changed, coloured(font), SOLID.format(fill) if fill else "")
    put(changed, "I7", f'<c r="I7" s="{style}"><v>120</v></c>')
    put(changed, "P7", f'<c r="P7" s="{style}" t="inlineStr"><is><t>说明</t></is></c>')
    put(changed, "P8", f'<c r="P8" s="{style}"/>')
    submission = read(changed, tmp_path)
    assert told(submission, Code.TEXT_UNSEEN) == (["I7", "P7"] if unseen else [])
    assert submission.plan.rows("goals")[0].get("target") == 120


def test_what_stands_unseen_is_shown_in_the_message(parts: Parts, tmp_path: Path) -> None:
    changed = dict(parts)
    put(changed, "I8", f'<c r="I8" s="{styled(changed, WHITE_FONT)}"><v>1200.5</v></c>')
    problem = next(p for p in read(changed, tmp_path).problems if p.code is Code.TEXT_UNSEEN)
    assert "1200.5" in problem.message("zh")
    assert "目标值" in problem.message("zh")


def test_a_ground_of_a_pattern_is_not_judged(parts: Parts, tmp_path: Path) -> None:
    changed = dict(parts)
    fill = '<fill><patternFill patternType="gray125"/></fill>'
    put(changed, "I7", f'<c r="I7" s="{styled(changed, WHITE_FONT, fill)}"><v>120</v></c>')
    assert told(read(changed, tmp_path), Code.TEXT_UNSEEN) == []


def test_letters_too_small_to_read_are_said(parts: Parts, tmp_path: Path) -> None:
    changed = dict(parts)
    style = styled(changed, coloured('theme="1"', size="1"))
    put(changed, "I7", f'<c r="I7" s="{style}"><v>120</v></c>')
    assert told(read(changed, tmp_path), Code.TEXT_UNSEEN) == ["I7"]


def test_unseen_letters_are_found_in_a_sheet_written_otherwise(parts: Parts, tmp_path: Path) -> None:
    changed = dict(parts)
    style = styled(changed, WHITE_FONT)
    put(changed, "I7", f"<c r='I7' s='{style}'><v>120</v></c>")
    change(changed, "<sheetData>", "<!-- another program's --><sheetData>")
    assert told(read(changed, tmp_path), Code.TEXT_UNSEEN) == ["I7"]


@pytest.mark.parametrize("word", ["White", "白色", "Color2"])
def test_white_of_a_number_format_hides_a_number(parts: Parts, tmp_path: Path, word: str) -> None:
    changed = dict(parts)
    style = styled(changed, code=f"[{word}]General")
    put(changed, "I7", f'<c r="I7" s="{style}"><v>120</v></c>')
    assert told(read(changed, tmp_path), Code.SHOWN_SCALED) == ["I7"]


def test_white_of_a_number_format_is_seen_on_a_dark_ground(parts: Parts, tmp_path: Path) -> None:
    changed = dict(parts)
    style = styled(changed, fill=SOLID.format('rgb="FF1F3A5F"'), code="[White]0")
    put(changed, "I7", f'<c r="I7" s="{style}"><v>120</v></c>')
    assert told(read(changed, tmp_path), Code.SHOWN_SCALED) == []


def test_white_of_a_format_hides_a_day(parts: Parts, tmp_path: Path) -> None:
    changed = dict(parts)
    style = styled(changed, code="[White]yyyy-mm-dd")
    put(changed, "N7", f'<c r="N7" s="{style}"><v>45473</v></c>')
    assert told(read(changed, tmp_path), Code.SHOWN_SCALED) == ["N7"]


# -- conditional formats -----------------------------------------------------------------------


def conditional(parts: Parts, style: str, area: str = "I7:I8") -> None:
    """A conditional format that always holds, in a style of its own."""
    place = grow(parts, "dxfs", f"<dxf>{style}</dxf>")
    rule = (
        f'<conditionalFormatting sqref="{area}"><cfRule type="expression" dxfId="{place}" priority="99">'
        "<formula>TRUE</formula></cfRule></conditionalFormatting>"
    )
    change(parts, "<conditionalFormatting", f"{rule}<conditionalFormatting")


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        ('<numFmt numFmtId="500" formatCode="0.0,&quot;千&quot;"/>', "0.1千"),
        ('<numFmt numFmtId="500" formatCode=";;;"/>', "（空）"),
        ('<numFmt numFmtId="500" formatCode="0%"/>', "10000%"),
        ('<numFmt numFmtId="500" formatCode="#,##0.00"/>', ""),
        ('<numFmt numFmtId="500" formatCode="[object Object]"/>', ""),  # as ExcelJS writes it
        ('<numFmt numFmtId="500" formatCode="[Red][&gt;=10]0.0,&quot;千&quot;;[DBNum1]0"/>', "0.1千"),
        ('<font><color rgb="FFFFFFFF"/></font>', "（空）"),
        ('<font><color theme="0"/></font>', "（空）"),
        ('<font><color rgb="FFFFFFFF"/></font><fill><patternFill><bgColor rgb="FFC0392B"/></patternFill></fill>', ""),
        ('<font><color rgb="FFC0392B"/></font><fill><patternFill><bgColor rgb="FFC0392B"/></patternFill></fill>', "（空）"),
    ],
)  # fmt: skip
def test_what_a_conditional_format_may_show_is_said(
    parts: Parts, tmp_path: Path, style: str, shown: str
) -> None:
    changed = dict(parts)
    conditional(changed, style, "I7")
    found = [p for p in read(changed, tmp_path).problems if p.code is Code.SHOWN_CONDITIONALLY]
    assert [(p.location.cell, in_words(p.expected, "zh")) for p in found] == (
        [("I7", shown)] if shown else []
    )


def test_a_conditional_format_of_the_extensions_is_read_too(parts: Parts, tmp_path: Path) -> None:
    """Excel 2010 keeps a rule that looks at another sheet, with its style, behind everything else."""
    changed = dict(parts)
    rule = (
        f'<ext xmlns:x14="{X14}" uri="{{78C0D931-6437-407d-A8EE-F0AAD7539E65}}"><x14:conditionalFormattings>'
        f'<x14:conditionalFormatting xmlns:xm="{MAIN}"><x14:cfRule type="expression" priority="99" id="{{0}}">'
        '<xm:f>TRUE</xm:f><x14:dxf><numFmt numFmtId="500" formatCode=";;;"/></x14:dxf></x14:cfRule>'
        "<xm:sqref>N7 I7:I8</xm:sqref></x14:conditionalFormatting></x14:conditionalFormattings></ext>"
    )
    change(changed, "</worksheet>", f"<extLst>{rule}</extLst></worksheet>")
    assert told(read(changed, tmp_path), Code.SHOWN_CONDITIONALLY) == ["I7", "N7", "I8"]


def test_a_clean_workbook_says_none_of_it(parts: Parts, tmp_path: Path) -> None:
    submission = read(dict(parts), tmp_path)
    assert not [p for p in submission.problems if p.code in {Code.TEXT_UNSEEN, Code.SHOWN_CONDITIONALLY}]


# -- rows and columns --------------------------------------------------------------------------


@pytest.mark.parametrize("height", ["0", "0.75", "1.5"])
def test_a_row_of_no_height_counts_as_hidden(parts: Parts, tmp_path: Path, height: str) -> None:
    changed = dict(parts)
    change(changed, '<row r="8"[^>]*>', f'<row r="8" ht="{height}" customHeight="1">')
    assert told(read(changed, tmp_path), Code.ROWS_HIDDEN) == ["8"]


def test_a_column_of_no_width_counts_as_hidden(parts: Parts, tmp_path: Path) -> None:
    changed = dict(parts)
    part = sheet_part(changed, GOALS)
    columns = re.search("<cols>.*</cols>", changed[part].decode())
    assert columns is not None
    narrow = re.sub(r'(<col min="8" max="9") width="[^"]*"', r'\1 width="0"', columns[0])
    changed[part] = changed[part].decode().replace(columns[0], narrow).encode()
    assert told(read(changed, tmp_path), Code.COLUMNS_HIDDEN) == ["H, I"]


# -- as LibreOffice saves it -------------------------------------------------------------------


@pytest.mark.office
@pytest.mark.slow
def test_what_nobody_sees_is_said_in_every_format_libreoffice_saves(parts: Parts, tmp_path: Path) -> None:
    require_office("libreoffice")
    changed = dict(parts)
    put(changed, "I7", f'<c r="I7" s="{styled(changed, WHITE_FONT)}"><v>120</v></c>')
    fill = styled(changed, coloured('rgb="FF1F3A5F"'), SOLID.format('rgb="FF1F3A5F"'))
    put(changed, "P7", text("P7", "说明").replace('r="P7"', f'r="P7" s="{fill}"'))
    put(changed, "H8", number("H8", "40"))
    conditional(changed, '<numFmt numFmtId="500" formatCode="0.0,&quot;千&quot;"/>', "H8")
    made = tmp_path / "made.xlsx"
    made.write_bytes(pack(changed))
    saved = [tmp_path / f"saved{suffix}" for suffix in (".xlsx", ".ods", ".xls")]
    drive([{"input": made, "actions": [{"do": "store", "to": str(path)} for path in saved]}])
    for path in (made, *saved):
        submission = read_workbook(path, expect())
        assert sorted(told(submission, Code.TEXT_UNSEEN)) == ["I7", "P7"], path.suffix
        if path.suffix == ".xlsx":  # the others name their conditional styles in ways of their own
            assert told(submission, Code.SHOWN_CONDITIONALLY) == ["H8"]
