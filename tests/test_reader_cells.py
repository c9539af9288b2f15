"""Every kind of cell value: what it is read as, and what is said of it, by its address."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from planbook.problems import Code, Severity, Words
from planbook.reader import Submission, read_workbook
from planbook.values import NIL
from tests.support.hostile import GOALS, number, pack, parts_of, set_cell, sheet_part, text
from tests.support.office import drive, require_office
from tests.support.workbooks import expect, read_tables, write_filled

TRACKING = "3_任务跟踪"
TABLE = """
level      | goal       | metric       | unit | target | department | due        | weight
department | 营收增长   | 营收总额     | 元   | 100    | XS         | 2024-12-31 | 0.5
department | 新客户拓展 | 新客户签约量 | 家   | 50     | XS         | 2024-12-31 | 0.5
"""
COLUMNS = {"B": "level", "C": "goal", "G": "unit", "I": "target", "L": "weight", "M": "department", "N": "due",
           "P": "note"}  # fmt: skip


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    plan = read_tables("annual_plan", {"goals": TABLE})
    path = write_filled(tmp_path_factory.mktemp("cells") / "a.xlsx", plan)
    return parts_of(path.read_bytes())


def read_with(parts: dict[str, bytes], folder: Path, **cells: str) -> Submission:
    """The workbook with these cells of the goals written anew, read."""
    changed = dict(parts)
    for address, cell in cells.items():
        part = sheet_part(changed, GOALS)
        changed[part] = set_cell(changed[part], address, cell)
    return read_parts(changed, folder)


def read_parts(parts: dict[str, bytes], folder: Path) -> Submission:
    path = folder / "cells.xlsx"
    path.write_bytes(pack(parts))
    return read_workbook(path, expect())


def said(submission: Submission) -> list[tuple[str, str]]:
    """Code and address of every problem."""
    return [(p.code.value, p.location.cell or str(p.location.row or "")) for p in submission.problems]


def value(submission: Submission, address: str) -> object:
    number = int(address[1:]) - 6
    row = next((row for row in submission.plan.rows("goals") if row.number == number), None)
    return row.get(COLUMNS[address[0]]) if row else None


def style(parts: dict[str, bytes], code: str) -> tuple[dict[str, bytes], int]:
    """The parts with one more cell style of a number format: a built-in id, or a code of its own."""
    styles = parts["xl/styles.xml"].decode()
    ident = code
    if not code.isdecimal():
        ident = "399"
        quoted = code.replace("&", "&amp;").replace('"', "&quot;")
        entry = f'<numFmt numFmtId="399" formatCode="{quoted}"/></numFmts>'
        styles = styles.replace("</numFmts>", entry, 1)
    count = styles.split("<cellXfs")[1].split("</cellXfs>")[0].count("<xf ")
    styles = styles.replace("</cellXfs>", f'<xf numFmtId="{ident}" applyNumberFormat="1"/></cellXfs>', 1)
    return {**parts, "xl/styles.xml": styles.encode()}, count


# -- days that are numbers ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "code", "line"),
    [
        ("2025", "year-as-date", "“完成时限”中的数字 2025 按日期显示为 1905-07-17；想填的可能是 2025 年。"
         " 请填写完整日期，如 2025-12-31。"),
        ("2024", "year-as-date", "2024-12-31"),
        ("6.25", "not-a-date", "1900-01-06 06:00:00"),
        ("202506", "not-a-date", "2454-06-09"),
    ],
)  # fmt: skip
def test_a_number_that_a_cell_shows_as_a_day_is_named(
    parts: dict[str, bytes], tmp_path: Path, typed: str, code: str, line: str
) -> None:
    """A year alone in a cell for dates is the 2025th day since 1900."""
    changed, index = style(parts, "yyyy-mm-dd")
    submission = read_with(changed, tmp_path, N7=f'<c r="N7" s="{index}"><v>{typed}</v></c>')
    [problem] = [p for p in submission.problems if p.location.cell == "N7"]
    assert problem.code.value == code
    assert line in problem.line("zh")
    assert value(submission, "N7") is None


def test_a_year_is_named_where_days_count_from_1904(parts: dict[str, bytes], tmp_path: Path) -> None:
    changed, index = style(parts, "yyyy-mm-dd")
    book = changed["xl/workbook.xml"].decode()
    changed["xl/workbook.xml"] = book.replace("<workbookPr", '<workbookPr date1904="1"', 1).encode()
    submission = read_with(changed, tmp_path, N7=f'<c r="N7" s="{index}"><v>2025</v></c>')
    [problem] = [p for p in submission.problems if p.location.cell == "N7"]
    assert (problem.code.value, problem.found, problem.expected) == ("year-as-date", "1909-07-18", "2025")


# -- kinds of values ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "cell", "wanted", "problems"),
    [
        # texts in every form a file may have them
        ("P7", text("P7", "行内"), "行内", []),
        ("P7", '<c r="P7" t="inlineStr"><is><r><t>富</t></r><r><rPr><b/></rPr><t>文本</t></r></is></c>', "富文本", []),
        ("P7", '<c r="P7" t="inlineStr"><is><t>東京</t><rPh sb="0" eb="2"><t>トウ</t></rPh></is></c>', "東京", []),
        ("P7", '<c r="P7" t="str"><v>a&amp;b</v></c>', "a&b", []),
        ("P7", '<c r="P7" t="str"><v><![CDATA[a<b]]></v></c>', "a<b", []),
        ("P7", text("P7", "第一行_x000D_\n第二行"), "第一行\n第二行", []),
        ("P7", text("P7", "a&#9;b\u200b\ufeff"), "a b", []),
        ("P7", text("P7", "字" * 32_767), "字" * 32_767, []),
        # numbers where text is wanted: as the cell shows them
        ("P7", number("P7", "0.30000000000000004"), "0.3", []),
        ("P7", number("P7", "12"), "12", []),
        ("P7", '<c r="P7" t="b"><v>1</v></c>', "TRUE", []),
        ("P7", number("P7", "123456789012345678"), "123456789012346000", [("precision-lost", "P7")]),
        ("P7", text("P7", "123456789012345678"), "123456789012345678", []),
        ("P7", number("P7", "NaN"), None, [("not-a-quantity", "P7")]),
        # quantities
        ("I7", number("I7", "12.5"), 12.5, []),
        ("I7", number("I7", "1E3"), 1000.0, []),
        ("I7", number("I7", " 7 "), 7.0, [("read-from-text", "I7")]),
        ("I7", number("I7", "NaN"), None, [("not-a-quantity", "I7")]),
        ("I7", number("I7", "1e999"), None, [("not-a-quantity", "I7")]),
        ("I7", '<c r="I7" t="b"><v>1</v></c>', None, [("not-a-quantity", "I7")]),
        ("I7", '<c r="I7" t="d"><v>2024-06-30</v></c>', None, [("not-a-quantity", "I7")]),
        ("I7", '<c r="I7" t="e"><v>#DIV/0!</v></c>', None, [("error-cell", "I7")]),
        ("I7", '<c r="I7" t="e"><f>1/0</f><v>#DIV/0!</v></c>', None, [("error-cell", "I7")]),
        ("I7", '<c r="I7" t="e"><v>#SPILL!</v></c>', None, [("error-cell", "I7")]),
        ("I7", number("I7", "12345678901234567"), 12345678901234568.0, [("precision-lost", "I7")]),
        (
            "I7", text("I7", "12345678901234567"), 12345678901234568.0,
            [("precision-lost", "I7"), ("read-from-text", "I7")],
        ),
        (
            "I7", text("I7", "0.12345678901234567"), 0.12345678901234567,
            [("precision-lost", "I7"), ("read-from-text", "I7")],
        ),
        ("I7", text("I7", "１２．５"), 12.5, [("read-from-text", "I7")]),
        ("I7", text("I7", "٣٥"), 35.0, [("read-from-text", "I7")]),
        ("I7", text("I7", "१२"), 12.0, [("read-from-text", "I7")]),
        ("I7", text("I7", "①50"), None, [("not-a-quantity", "I7")]),
        ("I7", text("I7", "\u200b无\ufeff"), NIL, []),
        # formulas where values belong: what they show counts, and is said
        ("I7", '<c r="I7"><f>6*7</f><v>42</v></c>', 42.0, [("formula-in-input", "I7")]),
        ("I7", '<c r="I7"><f t="shared" si="0"/><v>42</v></c>', 42.0, [("formula-in-input", "I7")]),
        ("I7", '<c r="I7"><f>6*7</f></c>', None, [("formula-without-value", "I7")]),
        ("I7", '<c r="I7"><f>6*7</f><v></v></c>', None, [("formula-without-value", "I7")]),
        ("C7", '<c r="C7" t="str"><f>"营收"&amp;"增长"</f><v>营收增长</v></c>', "营收增长", [("formula-in-input", "C7")]),
        # dates
        ("N7", '<c r="N7" t="d"><v>2024-06-30</v></c>', date(2024, 6, 30), []),
        ("N7", '<c r="N7" t="d"><v>2024-06-30T08:00:00</v></c>', date(2024, 6, 30), []),
        ("N7", '<c r="N7" t="d"><v>2024-06-30T00:00:00Z</v></c>', date(2024, 6, 30), [("read-from-text", "N7")]),
        ("N7", number("N7", "45473"), date(2024, 6, 30), [("read-from-text", "N7")]),
        ("N7", text("N7", "２０２４年６月３０日"), date(2024, 6, 30), [("read-from-text", "N7")]),
        ("N7", number("N7", "99999999"), None, [("not-a-date", "N7")]),
        # choices
        ("B7", text("B7", "部門總目標"), "department", []),
        ("B7", text("B7", " 部门 总目标\u200b"), "department", []),
        ("B7", text("B7", "部门总目夲标"), None, [("not-in-list-near", "B7")]),
        ("B7", text("B7", "随便"), None, [("not-in-list", "B7")]),
        ("M7", text("M7", "销售部门"), None, [("not-in-list-near", "M7")]),
        ("L7", text("L7", "５０％"), 0.5, [("read-from-text", "L7")]),
        # values that are none, or hardly
        ("L7", number("L7", "50"), 50.0, [("above-one", "L7")]),
        ("L7", number("L7", "-0.5"), -0.5, [("out-of-range", "L7")]),
        ("C7", text("C7", "长" * 300), "长" * 300, [("too-long", "C7")]),
        ("I7", text("I7", "约50"), 50.0, [("ambiguous-value", "I7")]),
        ("I7", text("I7", "12家"), None, [("unit-mismatch", "I7")]),
        ("N7", text("N7", "6/7/2024"), date(2024, 6, 7), [("ambiguous-value", "N7")]),
    ],
)  # fmt: skip
def test_a_cell_is_read_as_it_shows(
    parts: dict[str, bytes], tmp_path: Path, address: str, cell: str, wanted: object,
    problems: list[tuple[str, str]],
) -> None:  # fmt: skip
    submission = read_with(parts, tmp_path, **{address: cell})
    assert value(submission, address) == wanted
    assert [found for found in said(submission) if found[1] == address] == problems
    # A name that is too long must be mended, but it hides no figure.
    grave = [p for p in submission.problems if p.severity is Severity.ERROR and p.code is not Code.TOO_LONG]
    assert (("goals", 1) in submission.quarantined) == bool(grave)


def test_shared_strings_may_be_rich(parts: dict[str, bytes], tmp_path: Path) -> None:
    strings = parts["xl/sharedStrings.xml"]
    count = strings.count(b"<si>")
    rich = "<si><r><t>部门</t></r><r><t>总目标</t></r><rPh sb='0' eb='1'><t>bm</t></rPh></si></sst>"
    changed = {**parts, "xl/sharedStrings.xml": strings.replace(b"</sst>", rich.encode())}
    submission = read_with(changed, tmp_path, B7=f'<c r="B7" t="s"><v>{count}</v></c>')
    assert value(submission, "B7") == "department"


# -- formats that show something else ----------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "code", "stored", "wanted", "problems"),
    [
        ("I8", "9", "0.8", None, [("unit-mismatch", "I8")]),  # shows 80% of 家
        ("P7", "9", "0.8", "80%", []),
        ("P7", "0.00%", "0.0825", "8.25%", []),
        ("L7", "9", "0.4", 0.4, []),
        ("I7", '0"万"', "5", 5.0, [("shown-scaled", "I7")]),
        ("I7", "#,##0,", "5000", 5000.0, [("shown-scaled", "I7")]),
        ("I7", '0.0,"k"', "5000", 5000.0, [("shown-scaled", "I7")]),
        ("I7", '#,##0.00"元"', "5000", 5000.0, []),
        ("N7", 'yyyy"年"m"月"d"日"', "45473", date(2024, 6, 30), []),
        ("I7", "20", "0.5", None, [("not-a-quantity", "I7")]),  # 12:00
        ("I7", "46", "1.5", None, [("not-a-quantity", "I7")]),  # 36:00:00
        ("I7", "14", "45473", None, [("not-a-quantity", "I7")]),  # a date
    ],
)
def test_a_number_is_read_as_its_format_shows_it(
    parts: dict[str, bytes], tmp_path: Path, address: str, code: str, stored: str, wanted: object,
    problems: list[tuple[str, str]],
) -> None:  # fmt: skip
    changed, index = style(parts, code)
    submission = read_with(changed, tmp_path, **{address: number(address, stored, f' s="{index}"')})
    assert value(submission, address) == wanted
    assert [found for found in said(submission) if found[1] == address] == problems


def test_eighty_percent_of_a_percent_unit_is_eighty_points(parts: dict[str, bytes], tmp_path: Path) -> None:
    changed, index = style(parts, "9")
    cells = {"G7": text("G7", "%"), "I7": number("I7", "0.8", f' s="{index}"')}
    submission = read_with(changed, tmp_path, **cells)
    assert value(submission, "I7") == 80.0
    assert ("read-from-text", "I7") in said(submission)


@pytest.mark.parametrize("flag", ["1", "true"])
def test_days_counted_from_1904(parts: dict[str, bytes], tmp_path: Path, flag: str) -> None:
    changed, index = style(parts, "14")
    changed["xl/workbook.xml"] = changed["xl/workbook.xml"].replace(
        b"<workbookPr", f'<workbookPr date1904="{flag}"'.encode(), 1
    )
    cells = {"N7": number("N7", "44011", f' s="{index}"'), "N8": number("N8", "44011")}
    submission = read_with(changed, tmp_path, **cells)
    assert value(submission, "N7") == value(submission, "N8") == date(2024, 6, 30)


# -- cells above the tables ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "wanted", "problems"),
    [
        (text("C3", "2024年7月1日"), date(2024, 7, 1), ["read-from-text"]),
        ('<c r="C3" t="e"><v>#REF!</v></c>', None, ["error-cell"]),
        ('<c r="C3" t="d"><f>TODAY()</f><v>2024-07-01</v></c>', date(2024, 7, 1), ["formula-in-input"]),
        ('<c r="C3"><f>TODAY()</f></c>', None, ["formula-without-value"]),
        (text("C3", "随便"), None, ["not-a-date"]),
        (text("C3", "2204-07-01"), None, ["not-a-date"]),
        ('<c r="C3"/>', None, []),
    ],
)
def test_the_date_above_a_table_is_read_like_any_cell(
    parts: dict[str, bytes], tmp_path: Path, cell: str, wanted: date | None, problems: list[str]
) -> None:
    part = sheet_part(parts, TRACKING)
    submission = read_parts({**parts, part: set_cell(parts[part], "C3", cell)}, tmp_path)
    assert submission.plan.inputs["as_of"] == wanted
    found = [p.code.value for p in submission.problems if str(p.location).endswith(f"{TRACKING}!C3")]
    assert found == problems


@pytest.mark.parametrize("shows", ["0", "false"])
def test_zeros_that_the_sheet_hides_are_no_silent_zeros(
    parts: dict[str, bytes], tmp_path: Path, shows: str
) -> None:
    changed = with_sheet(parts, b"<sheetView ", f'<sheetView showZeros="{shows}" '.encode())
    submission = read_with(changed, tmp_path, I7=number("I7", "0"))
    assert value(submission, "I7") == 0.0
    assert [(p.found, p.expected) for p in submission.problems if p.location.cell == "I7"] == [
        ("0", Words("（空）", "(blank)"))
    ]


@pytest.mark.parametrize("ident", ["27", "31", "57", "58"])
def test_a_day_in_a_format_that_only_chinese_programs_have(
    parts: dict[str, bytes], tmp_path: Path, ident: str
) -> None:
    """Formats 27 to 36 and 50 to 58 have no text in the file: it is the program's language that gives it."""
    changed, index = style(parts, ident)
    cells = {address: number(address, "45473", f' s="{index}"') for address in ("I7", "N7")}
    submission = read_with(changed, tmp_path, **cells)
    assert value(submission, "N7") == date(2024, 6, 30)
    assert [found for found in said(submission) if found[1] in cells] == [("not-a-quantity", "I7")]


def test_what_is_not_known_of_a_cell_is_said_in_the_readers_language(
    parts: dict[str, bytes], tmp_path: Path
) -> None:
    submission = read_with(parts, tmp_path, I7='<c r="I7"><f t="shared" si="0"/><v>42</v></c>')
    (found,) = [p for p in submission.problems if p.location.cell == "I7"]
    assert "=…（原文未读出）" in found.message("zh")
    assert "=… (its text was not read)" in found.message("en")


# -- letters that look like others -------------------------------------------------------------


def test_letters_of_another_alphabet_in_a_choice_and_a_link(tmp_path: Path) -> None:
    tables = {
        "goals": TABLE.replace("营收增长", "CRM 上线"),
        "review": """
        quarter | department | goal          | target | actual
        "Ԛ1"    | XS         | "СRМ 上线"    | 12     | 10
        """,
    }
    submission = read_workbook(
        write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", tables)), expect()
    )
    [review] = submission.plan.rows("review")
    assert (review.get("quarter"), review.get("goal")) == ("q1", "G001")
    assert {("lookalike", "B7"), ("lookalike", "D7")} <= set(said(submission))


def test_a_row_id_in_other_digits_is_still_that_row(parts: dict[str, bytes], tmp_path: Path) -> None:
    submission = read_with(parts, tmp_path, A7=text("A7", "Ｇ００１"), A8=text("A8", "g002"))
    assert [row.number for row in submission.plan.rows("goals")] == [1, 2]
    assert said(submission) == []


# -- merged and hidden ---------------------------------------------------------------------------


def with_sheet(parts: dict[str, bytes], old: bytes, new: bytes) -> dict[str, bytes]:
    part = sheet_part(parts, GOALS)
    assert old in parts[part]
    return {**parts, part: parts[part].replace(old, new, 1)}


def test_merged_cells_belong_to_no_row(parts: dict[str, bytes], tmp_path: Path) -> None:
    merged = b'</sheetData><mergeCells count="1"><mergeCell ref="L7:L8"/></mergeCells>'
    changed = with_sheet(parts, b"</sheetData>", merged)
    submission = read_with(changed, tmp_path, L8='<c r="L8"/>')
    assert ("merged-cells", "L7") in said(submission)
    assert next(p for p in submission.problems if p.code.value == "merged-cells").found == "L7:L8"
    assert submission.quarantined == {("goals", 1), ("goals", 2)}


def test_merged_titles_above_the_table_are_nobodys_business(parts: dict[str, bytes], tmp_path: Path) -> None:
    merged = b'</sheetData><mergeCells count="1"><mergeCell ref="A1:F1"/></mergeCells>'
    assert said(read_parts(with_sheet(parts, b"</sheetData>", merged), tmp_path)) == []


def test_hidden_and_filtered_rows_are_read_and_said(parts: dict[str, bytes], tmp_path: Path) -> None:
    changed = with_sheet(parts, b'<row r="7"', b'<row r="7" hidden="1"')
    changed = with_sheet(changed, b'<row r="12"', b'<row r="12" hidden="1"')  # an empty one
    submission = read_parts(changed, tmp_path)
    assert len(submission.plan.rows("goals")) == 2
    assert said(submission) == [("rows-hidden", "7")]


def test_rows_that_a_filter_hides_are_read_and_said(parts: dict[str, bytes], tmp_path: Path) -> None:
    part = sheet_part(parts, GOALS)
    chosen = b'<filterColumn colId="1"><filters><filter val="x"/></filters></filterColumn></autoFilter>'
    filtered, count = re.subn(rb"(<autoFilter [^>]*)/>", rb"\1>" + chosen, parts[part])
    assert count == 1
    changed = {**parts, part: filtered.replace(b'<row r="8"', b'<row r="8" hidden="1"', 1)}
    submission = read_parts(changed, tmp_path)
    assert len(submission.plan.rows("goals")) == 2
    assert said(submission) == [("rows-hidden", "8")]


@pytest.mark.office
def test_other_formats_say_the_same_of_the_same_cells(parts: dict[str, bytes], tmp_path: Path) -> None:
    """Merged, hidden and filtered, an error, a formula, a format: as .xlsx, .ods and .xls by LibreOffice."""
    require_office("libreoffice")
    changed, index = style(parts, '0"万"')
    merged = b'</sheetData><mergeCells count="1"><mergeCell ref="L7:L8"/></mergeCells>'
    changed = with_sheet(changed, b"</sheetData>", merged)
    changed = with_sheet(changed, b'<row r="8"', b'<row r="8" hidden="1"')
    cells = {"L8": '<c r="L8"/>', "I7": number("I7", "5", f' s="{index}"'), "H7": '<c r="H7"><f>6*7</f><v>42</v></c>',
             "I8": '<c r="I8" t="e"><v>#DIV/0!</v></c>', "P8": text("P8", "字" * 32_767)}  # fmt: skip
    path = tmp_path / "a.xlsx"
    part = sheet_part(changed, GOALS)
    for address, cell in cells.items():
        changed[part] = set_cell(changed[part], address, cell)
    path.write_bytes(pack(changed))
    wanted = {("merged-cells", "L7"), ("rows-hidden", "8"), ("error-cell", "I8"), ("shown-scaled", "I7"),
              ("formula-in-input", "H7")}  # fmt: skip
    saved = [tmp_path / f"saved{suffix}" for suffix in (".xlsx", ".ods", ".xls")]
    drive([{"input": path, "actions": [{"do": "store", "to": str(target)} for target in saved]}])
    for target in (path, *saved):
        submission = read_workbook(target, expect())
        found = {found for found in said(submission) if found[1] and found[0] != "value-stale"}
        assert found == wanted, target.suffix  # nobody calculated anew what these cells changed
        assert submission.plan.rows("goals")[1].get("note") == "字" * 32_767
        assert submission.quarantined == {("goals", 1), ("goals", 2)}


@pytest.mark.parametrize(
    "row",
    [
        b'<row hidden="1" r="7"',
        b"<row r='7' hidden='1'",
        b"<row r=\"7\" hidden='1'",
        b'<row r="7" hidden = "1"',
        b'<row r="7"\nhidden="1"',
        b'<!-- a remark --><row r="7" hidden="1"',
    ],
)
def test_a_hidden_row_is_known_however_its_xml_is_written(
    parts: dict[str, bytes], tmp_path: Path, row: bytes
) -> None:
    submission = read_parts(with_sheet(parts, b'<row r="7"', row), tmp_path)
    assert said(submission) == [("rows-hidden", "7")]


@pytest.mark.parametrize(
    "cell",
    [
        "<c r=\"I7\" t='e'><v>#DIV/0!</v></c>",
        '<c r="I7" t = "e"><v>#DIV/0!</v></c>',
        '<c r="I7" t="e"><!-- a remark --><v>#DIV/0!</v></c>',
    ],
)
def test_an_error_is_known_however_its_xml_is_written(
    parts: dict[str, bytes], tmp_path: Path, cell: str
) -> None:
    part = sheet_part(parts, GOALS)
    submission = read_parts({**parts, part: set_cell(parts[part], "I7", cell)}, tmp_path)
    assert ("error-cell", "#DIV/0!") in [(p.code.value, p.found) for p in submission.problems]


def test_a_sheet_is_one_wherever_its_part_stands(parts: dict[str, bytes], tmp_path: Path) -> None:
    part = sheet_part(parts, GOALS)
    moved = {name: content for name, content in parts.items() if name != part}
    moved["xl/sheets/s3.xml"] = set_cell(parts[part], "I7", '<c r="I7" t="e"><v>#DIV/0!</v></c>')
    links = "xl/_rels/workbook.xml.rels"
    name = part.rpartition("/")[2].encode()
    moved[links] = re.sub(rb'Target="[^"]*' + name + b'"', b'Target="sheets/s3.xml"', parts[links])
    moved["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"/" + part.encode(), b"/xl/sheets/s3.xml"
    )
    submission = read_parts(moved, tmp_path)
    at_home = read_parts({**parts, part: moved["xl/sheets/s3.xml"]}, tmp_path)
    assert said(submission) == said(at_home)
    assert "error-cell" in [problem.code.value for problem in submission.problems]


# -- what costs nothing --------------------------------------------------------------------------


@pytest.mark.slow
def test_a_million_empty_formatted_rows_cost_little(parts: dict[str, bytes], tmp_path: Path) -> None:
    rows = b"".join(
        b'<row r="%d" s="1" customFormat="1"><c r="A%d" s="1"/></row>' % (n, n) for n in range(100, 1_000_000)
    )
    submission = read_parts(with_sheet(parts, b"</sheetData>", rows + b"</sheetData>"), tmp_path)
    assert said(submission) == []
    assert len(submission.plan.rows("goals")) == 2


def test_a_workbook_without_stored_values_is_read(parts: dict[str, bytes], tmp_path: Path) -> None:
    """A library that does not calculate saves formulas alone; inputs are values all the same."""
    import openpyxl

    path = tmp_path / "a.xlsx"
    path.write_bytes(pack(parts))
    workbook = openpyxl.load_workbook(path)
    workbook.save(path)
    submission = read_workbook(path, expect())
    assert len(submission.plan.rows("goals")) == 2
    assert [p for p in submission.problems if p.severity is Severity.ERROR] == []
