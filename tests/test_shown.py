"""No value differs silently from what its cell shows.

LibreOffice says what every cell shows.  Of each file, the workbook as some program wrote it and as
LibreOffice saves it in three formats, planbook's reading is either that, rounded as the cell rounds it,
or a problem names the cell.
"""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from planbook.calc import Calculator
from planbook.cycle import cycle_items
from planbook.layout import resolve_layout
from planbook.plan import Value
from planbook.problems import Code
from planbook.reader import Submission, read_workbook
from planbook.reader.kinds import SPREADSHEET_MIME
from planbook.reader.opendocument import inspect_ods
from planbook.reader.parts import Parts
from planbook.reader.shown import Spoken, agree, is_telling, show
from planbook.spec import load_spec
from planbook.values import NIL
from planbook.writer import write_workbook
from tests.support.hostile import GOALS, pack, parts_of, set_cell, sheet_part
from tests.support.office import drive, require_office
from tests.support.plans import make_plan
from tests.support.workbooks import AS_OF, COMPANY, expect, issue_for, settings_at

FIRST = 7  # the row of the first goal


@dataclass(frozen=True)
class Case:
    """A cell that somebody filled in: its column, its XML with @ for the address and its style, its format."""

    column: str
    cell: str
    code: str = "General"
    said: bool | str | None = None  # whether its format must be remarked on; None where the value decides

    def xml(self, row: int, style: int) -> str:
        """The cell's XML in a row."""
        address = f"{self.column}{row}"
        return self.cell.replace("@", f'r="{address}" s="{style}"', 1)


def amount(code: str, value: str = "5", *, column: str = "I", said: bool | str | None = None) -> Case:
    return Case(column, f"<c @><v>{value}</v></c>", code, said)


def typed(content: str, column: str = "I", code: str = "General") -> Case:
    return Case(column, f'<c @ t="inlineStr"><is><t xml:space="preserve">{content}</t></is></c>', code)


QUIET, LOUD, RED = False, True, "red"  # red for a minus is said where the file has the text alone
CASES = (
    # ordinary formats: nothing is said
    amount("General", "12345.678", said=QUIET), amount("0", "12.34", said=QUIET),
    amount("0.0", "12.34", said=QUIET), amount("#,##0.00", "1234567.891", said=QUIET),
    amount("#,##0;-#,##0", "-5", said=QUIET), amount("#,##0_);(#,##0)", "-5", said=QUIET),
    amount("0.00E+00", "12345", said=QUIET), amount("# ?/?", "2.5", said=QUIET),
    amount("0.00_ ;[Red]-0.00 ", "-1.5", said=QUIET), amount("@", "12", said=QUIET),
    amount('0"元"', said=QUIET), amount('#,##0.00" 元"', "-1234.5", said=QUIET), amount("0000", "7", said=QUIET),
    amount('"¥"#,##0', "5000", said=QUIET), amount("[$¥-804]#,##0.00", "5000", said=QUIET),
    amount("0.###", "7", said=QUIET), amount("#,##0.##", "1234", said=QUIET), amount("#.##", "0.5", said=QUIET),
    amount('#,##0.##" 元"', "1234", said=QUIET), amount("#,##0.##;[Red]-#,##0.##", "-1234", said=QUIET),
    amount("[<>0]0.0;0", "-5", said=QUIET), amount("# ?/8", "2.5", said=QUIET),
    # scaled, and said to be
    amount('0\\.0,"万"', "12345", said=QUIET),
    amount('[>=10000]0\\.0,"万";0', "12345", said=QUIET),
    # scaled
    amount('0!.0,"万"', "12", said=LOUD),
    amount("0,", "5000", said=LOUD), amount('0.0,"k"', "5400", said=LOUD), amount("#,##0,,", "5000000", said=LOUD),
    amount('0"万"', said=LOUD), amount("0\\.0", "12345", said=LOUD),
    amount('[>=10000]0\\.0,"万";0', "123", said=QUIET), amount('0"‰"', said=LOUD), amount('0"%"', said=LOUD),
    amount('0"万元"', said=LOUD), amount('0"$"', said=LOUD), amount('0" 家"', said=LOUD),
    # hidden, or shown as something else
    amount(";;;", said=LOUD), amount("0;;", "-5", said=LOUD), amount("0;-0;;@", "0", said=LOUD),
    amount("#,###", "0", said=LOUD), amount("#,###", "1234", said=QUIET), amount('"无"', said=LOUD),
    amount('0;-0;"无"', "0", said=LOUD), amount('_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-', "0", said=LOUD),
    amount('_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-', "1234", said=QUIET),
    amount('[>100]"高";0', "500", said=LOUD), amount("0;0", "-5", said=LOUD), amount("0;[Red]0", "-5", said=RED),
    amount("-0", "5", said=LOUD),
    # literal digits and words
    amount('"约"0', said=LOUD), amount('"1"0', said=LOUD), amount('0"00"', said=LOUD), amount('"第"0"批"', said=LOUD),
    amount('0"5"', "12", said=LOUD),
    # percent: of money it is no amount; dates and times are none either
    amount("0%", "0.8"), amount("0.00%", "0.8"), amount("yyyy-mm-dd", "45473"), amount("h:mm", "0.5"),
    amount("[h]:mm:ss", "1.5"), amount("yyyy", "45473"), amount("m/d", "45473"), amount("aaaa", "45473"),
    # weights and dates
    amount("0%", "0.8", column="L", said=QUIET), amount("0.0", "0.8", column="L", said=QUIET),
    amount('0"%"', "80", column="L"), amount("0,", "0.8", column="L", said=LOUD),
    amount("General", "45473", column="N"), amount("0.00", "45473", column="N"), amount("@", "45473", column="N"),
    amount("yyyy-mm-dd", "45473", column="N", said=QUIET), amount("0,", "45473", column="N", said=LOUD),
    amount('yyyy"年"m"月"d"日"', "45473", column="N", said=QUIET),
    amount("dddd", "45473", column="N", said=LOUD), amount("yyyy", "45473", column="N", said=LOUD),
    amount('yyyy"年"', "45473", column="N", said=LOUD), amount("yyyy/m/d h:mm", "45473", column="N", said=QUIET),
    # numbers where words belong
    amount("General", "12", column="P"), amount("000", "7", column="P", said=QUIET), amount('"A-"000', "7", column="P"),
    amount("0%", "0.8", column="P"), amount(";;;", "7", column="P", said=LOUD), amount("0.0", "12.34", column="P"),
    amount("General", "123456789012345678", column="P"), amount("yyyy-mm-dd", "45473", column="P"),
    amount("[h]:mm:ss", "1.5", column="P"), amount("h:mm:ss", "0.5", column="P"), amount("0.0", "-0.04", column="P"),
    # texts under formats
    typed("5", code="@"), typed("5", code='@"万"'), typed("说明", "P", ";;;"), typed("说明", "P", '"甲："@'),
    typed("说明", "P", "0.00"), typed("约5"), typed("１２"), typed("1.2亿元"), typed("无"), typed("-"), typed("012"),
    typed("123456789012345678", "P"), typed("NaN"), typed("1e999"), typed("a_x005F_x000D_b", "P"),
    typed("第一行_x000D_\n第二行", "P"), typed(" 两 端 ", "P"), typed("2024年6月30日", "N"),
    typed("45473", "N", "@"),
    # other kinds of cells
    Case("I", '<c @ t="b"><v>1</v></c>'), Case("P", '<c @ t="b"><v>0</v></c>'),
    Case("I", '<c @ t="e"><v>#DIV/0!</v></c>'), Case("P", '<c @ t="e"><v>#N/A</v></c>'),
    Case("N", '<c @ t="d"><v>2024-06-30</v></c>', "yyyy-mm-dd"), Case("I", "<c @><f>6*7</f><v>42</v></c>"),
    Case("I", "<c @><f>6*7</f><v>42</v></c>", '0"万"', LOUD), Case("I", "<c @><f>1/0</f></c>"),
    Case("P", '<c @ t="str"><f>"a"&amp;"b"</f><v>ab</v></c>'), Case("I", '<c @ t="str"><f>""</f><v></v></c>'),
    Case("P", '<c @ t="str"><f>""</f><v></v></c>'),
    Case("P", '<c @ t="inlineStr"><is><r><t>富</t></r><r><rPr><b/></rPr><t>文本</t></r></is></c>'),
    Case("P", '<c @ t="inlineStr"><is><t>東京</t><rPh sb="0" eb="2"><t>トウ</t></rPh></is></c>'),
    Case("I", "<c @><v>0.30000000000000004</v></c>"), Case("I", "<c @><v>12345678901234567</v></c>"),
    Case("I", "<c @/>"), Case("I", "<c @><v>0</v></c>"),
)  # fmt: skip
READING = frozenset(Code) - {  # what is said of a row as a whole is not said of what its cell shows
    Code.REQUIRED_MISSING, Code.DUPLICATE, Code.RULE_ADVICE, Code.RULE_BROKEN, Code.FRACTION_FOR_POINTS,
}  # fmt: skip


def add_styles(parts: dict[str, bytes], codes: list[str]) -> dict[str, int]:
    """Cell styles for these number formats, added to the package; the place of each."""
    styles = parts["xl/styles.xml"].decode()
    first = styles.split("<cellXfs")[1].split("</cellXfs>")[0].count("<xf ")
    entries = "".join(
        f'<numFmt numFmtId="{400 + n}" formatCode="{_escape(code)}"/>' for n, code in enumerate(codes)
    )
    formats = "".join(
        f'<xf numFmtId="{400 + n}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        for n in range(len(codes))
    )
    styles = styles.replace("</numFmts>", entries + "</numFmts>", 1)
    parts["xl/styles.xml"] = styles.replace("</cellXfs>", formats + "</cellXfs>", 1).encode()
    return {code: first + n for n, code in enumerate(codes)}


def _escape(code: str) -> str:
    return code.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with one goal for every case."""
    book = load_spec("annual_plan")
    items = cycle_items(book, COMPANY, ["YX", "XS", "KH"])
    rows = {"goals": len(CASES) + 4, "decomposition": 8, "tracking": 8, "review": 12}
    compiled = Calculator(resolve_layout(book, lang="zh", items=items, rows=rows, many={"quarter_ends": 4}))
    goals: list[dict[str, Value]] = [
        {"level": "support", "goal": f"目标 {n}", "metric": "收入", "unit": "元", "target": 1.0, "department": "XS",
         "due": date(2024, 12, 31), "note": "x"}
        for n in range(len(CASES))
    ]  # fmt: skip
    path = tmp_path_factory.mktemp("shown") / "显示.xlsx"
    plan = make_plan({"goals": goals}, {"as_of": AS_OF})
    write_workbook(path, compiled, issue_for(compiled), plan, settings_at())
    parts = parts_of(path.read_bytes())
    styles = add_styles(parts, list(dict.fromkeys(case.code for case in CASES)))
    part = sheet_part(parts, GOALS)
    for row, case in enumerate(CASES, FIRST):
        parts[part] = set_cell(parts[part], f"{case.column}{row}", case.xml(row, styles[case.code]))
    path.write_bytes(pack(parts))
    return path


@dataclass(frozen=True)
class Seen:
    """What LibreOffice shows of the cases in one file, and what planbook reads of it."""

    path: Path
    shown: list[dict[str, Any]]
    submission: Submission


@pytest.fixture(scope="module")
def seen(made: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Seen]:
    """The workbook as made, and as LibreOffice saves it."""
    require_office("libreoffice")
    folder = tmp_path_factory.mktemp("saved")
    saved = [folder / f"显示{suffix}" for suffix in (".xlsx", ".ods", ".xls")]
    addresses = [f"{case.column}{row}" for row, case in enumerate(CASES, FIRST)]
    read = {"do": "read", "sheet": GOALS, "cells": addresses}
    stores = [{"do": "store", "to": str(path)} for path in saved]
    drive([{"input": made, "actions": stores}])
    files = [made, *saved]
    reports = drive([{"input": path, "actions": [read]} for path in files])
    return [
        Seen(path, [report["results"][0][address] for address in addresses], read_workbook(path, expect()))
        for path, report in zip(files, reports, strict=True)
    ]


COLUMNS = {"I": "target", "L": "weight", "N": "due", "P": "note"}


def differences(found: Seen) -> Iterator[str]:
    """The cases that planbook reads as something else than the file shows, without a word."""
    assert not found.submission.refused, found.submission.problems
    rows = {row.number: row for row in found.submission.plan.rows("goals")}
    said = {p.location.cell for p in found.submission.problems if p.code in READING}
    for number_, (case, cell) in enumerate(zip(CASES, found.shown, strict=True), 1):
        address = f"{case.column}{number_ + FIRST - 1}"
        value = rows[number_].get(COLUMNS[case.column])
        if address not in said and case.said != RED and not is_same(cell["shown"], value):
            yield f"{found.path.suffix} {address} {case.code} {case.cell}: shows {cell['shown']!r}, read {value!r}"


def is_same(shown: str, value: Value) -> bool:
    """Whether a person who sees this would say that the value is it, rounded as it is shown."""
    if value is None:
        return shown.strip() == ""
    if value is NIL:
        return shown.strip() in {"无", "-"}
    if isinstance(value, str):
        one, other = _number(shown), _number(value)
        return _plain(shown) == _plain(value) or bool(one and other and abs(one[0] - other[0]) <= one[1])
    if isinstance(value, date):
        digits = [int(text) for text in re.findall(r"\d+", shown)]
        return digits[:3] == [value.year, value.month, value.day]
    if not isinstance(value, float):
        return False
    read = _number(shown)
    return read is not None and abs(read[0] - value) <= read[1]


def _plain(text: str) -> str:
    return " ".join(text.split())


def _number(shown: str) -> tuple[float, float] | None:
    """The one number in a text and what rounding may have taken from it; the unit of the rows is 元."""
    text = shown.strip().replace("元", "").replace("¥", "").replace("￥", "").strip()
    minus = text.startswith(("-", "("))
    text = text.strip("-()+ ")
    mixed = re.fullmatch(r"(\d+) (\d+)/(\d+)", text)
    if mixed:
        return int(mixed[1]) + int(mixed[2]) / int(mixed[3]), 0.5 / int(mixed[3])
    plain = re.fullmatch(r"(\d{1,3}(?:,\d{3})+|\d*)(\.\d*)?(?:E([+-]\d+))?([%万]?)", text)
    if not plain or not text:
        return None
    scale = {"%": 0.01, "万": 1e4}.get(plain[4], 1.0) * 10.0 ** int(plain[3] or 0)
    size = float(plain[1].replace(",", "") + (plain[2] or "")) * scale
    return -size if minus else size, 0.500001 * scale * 10.0 ** -max(0, len(plain[2] or "") - 1)


@pytest.mark.office
@pytest.mark.slow
def test_no_value_differs_silently_from_what_its_cell_shows(seen: list[Seen]) -> None:
    assert [found.path.suffix for found in seen] == [".xlsx", ".xlsx", ".ods", ".xls"]
    silent = [line for found in seen for line in differences(found)]
    assert not silent, "\n".join(silent)


def expected(case: Case, path: Path) -> bool:
    """Whether something is to be said of a case in a file."""
    return path.suffix == ".ods" if case.said == RED else bool(case.said)


@pytest.mark.office
@pytest.mark.slow
def test_ordinary_formats_are_not_remarked_on_and_others_are(seen: list[Seen]) -> None:
    for found in seen:
        said = {p.location.cell for p in found.submission.problems if p.code is Code.SHOWN_SCALED}
        wrong = [
            f"{found.path.suffix} {case.column}{row} {case.code}"
            for row, case in enumerate(CASES, FIRST)
            if case.said is not None and (f"{case.column}{row}" in said) is not expected(case, found.path)
        ]
        assert not wrong, "\n".join(wrong)


@pytest.mark.office
@pytest.mark.slow
def test_formats_are_drawn_as_libreoffice_draws_them(seen: list[Seen]) -> None:
    """Numbers and texts alike; days are drawn by no one here, and what has too many decimals is rounded."""
    compared = 0
    for case, cell in zip(CASES, seen[0].shown, strict=True):
        stored = re.fullmatch(r"<c @><v>([-\d.]+)</v></c>", case.cell)
        if stored is None or case.code == "General" or cell["shown"].count("-") > 1 or "!" in case.code:
            continue
        shown = show(case.code, float(stored[1]))
        if is_telling(case.code):
            compared += 1
            drawn, seen_there = (re.sub(r"\.(?!\d)", "", text).strip() for text in (shown, cell["shown"]))
            assert drawn == seen_there, case
    assert compared > 30


@pytest.mark.parametrize(
    ("shown", "value", "words"),
    [
        ("1,234.50", 1234.5, ""),
        ("1.234,50", 1234.5, ""),
        ("12", 12.34, ""),
        ("(5)", -5.0, ""),
        ("5-", -5.0, ""),
        ("5", -5.0, None),
        ("", 0.0, None),
        ("-", 0.0, None),
        ("五千", 5000.0, ""),
        ("1.2万", 12345.0, None),
        ("约5", 5.0, "约"),
        ("80%", 80.0, "%"),
        ("2 1/2", 2.5, ""),
        ("1.2E+04", 12345.0, ""),
        ("5 6", 5.0, None),
        ("7.", 7.0, ""),
        ("7,", 7.0, ""),
        (".5", 0.5, ""),
        (",5", 0.5, ""),
        (",5", 5.0, None),
        ("1,234. 元", 1234.0, "元"),
        ("'500", 500.0, ""),
        ("80.%", 80.0, "%"),
        ("1E400", 5.0, None),
        ("1E-400", 0.0, None),
        ("9" * 20_000, 5.0, None),
        ("1/" + "9" * 20_000, 5.0, None),
        ("九亿" * 127, 5.0, None),
    ],
)
def test_what_stands_beside_a_number(shown: str, value: float, words: str | None) -> None:
    spoken = agree(shown, value)
    assert (spoken.words if spoken else None) == words


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ('0.0,"k"/"月"', 5000.0, "5.0k/月"),  # as Excel has it; LibreOffice takes no bare slash
        ('0!.0,"万"', 12345.0, "1.2万"),  # ! as WPS and Chinese Excel write \\
        ('0.00"元"/"件"', 5.0, "5.00元/件"),
        ("# ?/?", 2.5, "2.5"),
        ('0/"8月"', 5.0, "5/8月"),
        ("# ?/8", 2.5, "2.5"),
        ('# ??/100" 元"', 2.5, "2.5 元"),
        ("[<>0]0", -5.0, "-5"),
        ("[<0]0;0", -5.0, "5"),
        ("0;[Red]0", -5.0, "-5"),
        ("[<0][RED]0.0;0", -5.0, "-5.0"),
        ("0;[Red](0)", -5.0, "(5)"),
        ("0;[Blue]0", -5.0, "5"),
        ("%" * 200 + "0", 5.0, None),
        ("0" + "," * 200, 5.0, None),
        ("0" * 40_000, 5.0, "…"),
    ],
)
def test_what_a_format_shows(code: str, value: float, shown: str | None) -> None:
    assert shown in {show(code, value), None}


@pytest.mark.parametrize(
    "code", ["0.###", "#,##0.##", "#.##", "0;[Red]0", "#,##0.00_);[Red](#,##0.00)", "[<>0]0;0"]
)
def test_ordinary_formats_are_not_even_looked_at(code: str) -> None:
    assert not is_telling(code) or agree(show(code, 7.0), 7.0) == Spoken()
    assert not is_telling(code) or agree(show(code, -7.0), -7.0) == Spoken()


def test_no_format_and_no_text_takes_long() -> None:
    """Each of these stands for thousands of cells."""
    start = time.process_time()
    for n in range(40):
        code = "0" * 40_000 + "_" * n
        assert is_telling(code)
        assert agree(show(code, 5.0), 5.0) is None
        for text in (
            "9" * (20_000 + n),
            "9 " * (10_000 + n),
            "1" * n + "/" * 20_000,
            "." * 20_000,
            "2 " * 120,
        ):
            assert agree(text, 5.0) is None
    assert time.process_time() - start < 1.0


def test_a_percent_sign_multiplies_or_is_a_word() -> None:
    spoken = agree("80%", 0.8)
    assert spoken is not None and spoken.percent and spoken.words == ""
    assert agree("8%", 0.8) is None


def test_what_an_ods_writes_once_for_many_cells_is_known_of_each() -> None:
    """Equal neighbours and equal rows stand once in the file, with a count."""
    spaces = " ".join(
        f'xmlns:{name}="urn:{place}:1.0"'
        for name, place in {
            "office": "oasis:names:tc:opendocument:xmlns:office",
            "table": "oasis:names:tc:opendocument:xmlns:table",
            "text": "oasis:names:tc:opendocument:xmlns:text",
            "calcext": "org:documentfoundation:names:experimental:calc:xmlns:calcext",
        }.items()
    )
    error = (
        '<table:table-cell table:number-columns-repeated="2" office:value-type="string" '
        'calcext:value-type="error" table:formula="of:=1/0"><text:p>#DIV/0!</text:p></table:table-cell>'
    )
    scaled = (
        '<table:table-cell office:value-type="float" office:value="5"><text:p>5万</text:p></table:table-cell>'
    )
    row = f'<table:table-row table:number-rows-repeated="3"><table:table-cell/>{error}{scaled}</table:table-row>'
    content = (
        f'<office:document-content {spaces}><table:table table:name="S">{row}</table:table>'
        "</office:document-content>"
    )
    package = pack({"mimetype": SPREADSHEET_MIME, "content.xml": content.encode()})
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        facts = inspect_ods(Parts(archive)).sheets["S"]
    assert set(facts.errors) == {(row, column) for row in range(3) for column in (1, 2)}
    assert [facts.shown_at(f"D{row}", 5.0) for row in (1, 2, 3, 4)] == ["5万", "5万", "5万", None]
    assert [facts.formula_at(cell) for cell in ("B1", "C3", "D3")] == ["1/0", "1/0", None]
