"""The consolidated workbook and the roll-up as text: what they say, where links go, what hostile text does."""

from __future__ import annotations

import math
import re
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from defusedxml import ElementTree
from openpyxl.worksheet.worksheet import Worksheet

from planbook.company import Department
from planbook.measures import RollUp
from planbook.measures.scores import impact
from planbook.problems import Code, Location, OutputError, Problem
from planbook.reports import headline, render_html, render_text, write_consolidated
from planbook.reports.figures import adverse_rows, clean_text, number_text, one_line, percent_text
from planbook.reports.pictures import Bridge, Step, bridge_title, heat_map, main_bridge
from planbook.reports.place import FIRST_ROW, HEADER_ROW
from planbook.reports.sheets import fit_columns, lines_of, row_height
from planbook.reports.tables import report_rows
from planbook.spec import load_spec
from planbook.values import NIL
from planbook.writer.styles import MONEY, MONEY_INTEGER, TONES
from tests.support.office import (
    compare_values,
    recalculate_gnumeric,
    recalculate_libreoffice,
    render_pages,
    render_pdf,
    require_office,
)
from tests.support.roll_ups import SMALL, Builder, large_company, measure, small_company
from tests.support.validate import check_package

KEYS = (
    "contents", "summary", "company_goals", "parts", "scores", "variance", "tasks", "matrix", "facts",
    "receipts", "quality", "methods",
)  # fmt: skip
TITLES = {
    "zh": [
        "目录",
        "管理摘要",
        "公司目标",
        "承接明细",
        "部门得分",
        "差异汇总",
        "任务与风险",
        "责任矩阵",
        "明细数据",
        "提交状态",
        "数据质量",
        "方法说明",
    ],
    "en": [
        "Contents",
        "Summary",
        "Company goals",
        "Contributions",
        "Scores",
        "Variance",
        "Tasks",
        "Responsibility",
        "Facts",
        "Returns",
        "Data quality",
        "Methods",
    ],
}
HOSTILE = (
    '=HYPERLINK("http://evil.example","点我")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "http://evil.example/",
    "mailto:a@b.example",
    "internal:'目录'!A1",
    "{=1+1}",
    "<b>&amp;</b>]]>",
    "上\x0b下\x0c左\x00右\x1f",
    "\ud800孤\udfff",
    "_x0041__x000B_",
    "\ufffe\uffff",
    "xslx.\u202egpj",
    "字" * 40000,
    "第一行\r\n第二行",
)


def write(folder: Path, roll_up: RollUp, lang: str = "zh") -> Path:
    path = folder / f"report-{lang}.xlsx"
    write_consolidated(path, roll_up, lang=lang)
    assert check_package(path) == []
    return path


def table(sheet: Worksheet) -> list[dict[str, Any]]:
    """The rows of a data sheet, by column title."""
    titles = [cell.value for cell in sheet[HEADER_ROW + 1]]
    rows = sheet.iter_rows(min_row=FIRST_ROW + 1, values_only=True)
    return [dict(zip(titles, row, strict=True)) for row in rows]


def texts(sheet: Worksheet) -> list[str]:
    return [cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]


def find(sheet: Worksheet, text: str, *, nth: int = 0) -> Any:
    return [cell for row in sheet.iter_rows() for cell in row if cell.value == text][nth]


@pytest.fixture(scope="module")
def small() -> RollUp:
    return small_company().make()


@pytest.fixture(scope="module")
def path(small: RollUp, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("report"), small)


@pytest.fixture(scope="module")
def book(path: Path) -> openpyxl.Workbook:
    """What the workbook shows; formulas by their stored values."""
    return openpyxl.load_workbook(path, data_only=True)


# -- sheets --------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_sheets_and_columns_are_those_of_the_spec(tmp_path: Path, small: RollUp, lang: str) -> None:
    written = openpyxl.load_workbook(write(tmp_path, small, lang))
    assert written.sheetnames == TITLES[lang]
    for key in ("company_goals", "parts", "scores", "variance", "tasks", "facts", "receipts", "quality"):
        report = small.book.report(key)
        sheet = written[report.title.to(lang)]
        shown = [c.value for c in sheet[HEADER_ROW + 1]][: len(report.columns)]
        assert shown == [c.title.to(lang) for c in report.columns]
        for number, column in enumerate(report.columns, 1):
            width = next(d.width for d in sheet.column_dimensions.values() if d.min <= number <= d.max)
            assert width >= column.width, (key, column.key)


def test_variance_groups_departments_and_says_how_much_is_covered(book: openpyxl.Workbook) -> None:
    rows = table(book["差异汇总"])
    assert [row["部门"] for row in rows] == ["销售部", "销售部", "客户部", "客户部", "客户部"]
    first = rows[0]
    assert (first["目标"], first["单位"], first["方向"], first["已计季度"]) == (
        "营收增长",
        "万元",
        "越高越好",
        "2/2",
    )
    assert (first["累计目标"], first["累计实际"], first["偏差"]) == (6000, 5725.5, -274.5)
    assert first["有利/不利"] == "不利"
    assert first["主要原因（部门说明）"] == "客观：华东暴雨；主观：跟进慢"
    blank = rows[-1]
    assert blank["目标"] == "复购率"
    assert blank["已计季度"] == "0/2"
    assert [blank[title] for title in ("累计目标", "累计实际", "偏差", "偏差率", "达成率", "明细")] == [
        None
    ] * 6


def test_links_lead_to_the_fact_they_name(book: openpyxl.Workbook, small: RollUp) -> None:
    facts = book["明细数据"]
    wanted = {row["goal"]: row["fact"] for row in small.goals.to_dict("records")}
    for sheet in (book["差异汇总"], book["管理摘要"]):
        links = [cell for row in sheet.iter_rows() for cell in row if cell.value == "查看 ▸"]
        assert len(links) == (4 if sheet.title == "差异汇总" else 2)
        for cell in links:
            goal = next(c.value for c in sheet[cell.row] if c.value in wanted)
            target = re.fullmatch(r"'明细数据'!(A\d+)", cell.hyperlink.location)
            assert target is not None
            assert facts[target[1]].value == wanted[goal]


def test_colour_follows_favourability_not_the_sign(book: openpyxl.Workbook) -> None:
    sheet = book["差异汇总"]
    titles = [cell.value for cell in sheet[HEADER_ROW + 1]]
    expected = {"营收增长": "bad", "投诉下降": "bad", "差旅费用": "good", "满意度": "good"}
    signs = set()
    for row in sheet.iter_rows(min_row=FIRST_ROW + 1):
        tone = expected.get(row[titles.index("目标")].value)
        if tone is None:
            continue
        for title in ("偏差", "偏差率", "有利/不利"):
            assert row[titles.index(title)].font.color.rgb == "FF" + TONES[tone][1][1:], title
        signs.add((tone, row[titles.index("偏差")].value > 0))
    assert signs == {("bad", False), ("bad", True), ("good", False), ("good", True)}


def test_each_figure_has_the_format_it_needs(book: openpyxl.Workbook) -> None:
    sheet = book["差异汇总"]
    assert find(sheet, 6000).number_format == MONEY_INTEGER
    assert find(sheet, 5725.5).number_format == MONEY
    assert find(sheet, -274.5).number_format == MONEY
    assert find(book["任务与风险"], 0.8).number_format.startswith("0.0%")


def test_a_threshold_shows_all_its_decimals(book: openpyxl.Workbook, small: RollUp) -> None:
    """The tolerance of weights is 0.05 %, which no cell may show as 0.1 %."""
    shown = {row[0].value: row[1] for row in book["方法说明"].iter_rows(min_row=FIRST_ROW + 1, max_row=30)}
    assert (shown["权重合计容差"].value, shown["权重合计容差"].number_format) == (0.0005, "0.00%")
    assert shown[small.book.settings["green"].title.to("zh")].number_format == "0%"


def test_the_contents_give_every_sentence_its_lines(tmp_path: Path, small: RollUp) -> None:
    sheet = openpyxl.load_workbook(write(tmp_path, small, "en"))["Contents"]
    said = small.book.report("variance").hint.to("en")
    row = next(cell.row for line in sheet.iter_rows() for cell in line if cell.value == said)
    assert lines_of(said, 96) == 2
    assert sheet.row_dimensions[row].height > row_height(2) - 1  # written in steps of three quarters


def test_facts_are_a_table_with_their_source(book: openpyxl.Workbook, small: RollUp) -> None:
    sheet = book["明细数据"]
    (found,) = sheet.tables.values()
    assert found.ref == f"A{HEADER_ROW + 1}:AA{FIRST_ROW + len(small.facts)}"
    assert [column.name for column in found.tableColumns] == [c.value for c in sheet[HEADER_ROW + 1]]
    rows = table(sheet)
    assert len(rows) == len(small.facts)
    assert rows[0]["编号"] == "XS-R001"
    assert (rows[0]["来源文件"], rows[0]["工作表"], rows[0]["单元格"]) == ("XS.xlsx", "4_季度复盘", "H7")
    assert rows[0]["文件指纹"] == small.facts["sha256"][0]


def test_data_quality_puts_the_worst_first(book: openpyxl.Workbook) -> None:
    rows = table(book["数据质量"])
    order = ["◆ 错误", "▲ 警告", "○ 提示"]
    assert [order.index(row["级别"]) for row in rows] == sorted(order.index(row["级别"]) for row in rows)
    assert {row["代码"] for row in rows} == {"not-returned", "not-a-quantity", "read-from-text"}
    found = next(row for row in rows if row["代码"] == "not-a-quantity")
    assert (found["文件"], found["工作表"], found["单元格"]) == ("XS.xlsx", "4_季度复盘", "H12")
    assert "约定" in found["发现"]
    assert found["如何改正"]


def test_returns_name_who_is_missing(book: openpyxl.Workbook) -> None:
    rows = {row["部门"]: row for row in table(book["提交状态"])}
    assert rows["财务部"]["状态"] == "◆ 未提交"
    assert rows["财务部"]["数据行"] is None
    assert (rows["销售部"]["错误"], rows["销售部"]["警告"]) == (1, 2)


def test_tasks_show_status_and_staleness(book: openpyxl.Workbook) -> None:
    rows = {row["任务"]: row for row in table(book["任务与风险"])}
    assert rows["完成华东10家重点客户拜访"]["状态"] == "◆ 逾期"
    assert rows["完成华东10家重点客户拜访"]["计划完成"].date() == date(2024, 6, 30)
    assert rows["上线工单系统"]["超期未更新"] == "是"


def test_summary_tells_the_story(book: openpyxl.Workbook, small: RollUp) -> None:
    sheet = book["管理摘要"]
    said = texts(sheet)
    assert headline(small, "zh") in said
    assert sheet["A3"].value == headline(small, "zh")
    tree = book["部门得分"]
    names = [find(tree, name) for name in ("公司", "营销中心", "销售部", "财务部")]
    assert [cell.alignment.indent for cell in names] == [1, 3, 5, 3]
    assert [cell.row for cell in names] == sorted(cell.row for cell in names)
    worst = find(sheet, "投诉下降")
    assert worst.row < find(sheet, "营收增长").row
    late = [find(sheet, text).row for text in ("完成华东10家重点客户拜访", "上线工单系统")]
    assert late == sorted(late)
    assert "培训客服" not in said
    assert "年度营收增长15%" in said


def charts_of(path: Path) -> dict[str, str]:
    """The charts' XML by the first words of their descriptions."""
    with zipfile.ZipFile(path) as package:
        found = {}
        for number in (1, 2):
            drawing = package.read(f"xl/drawings/drawing{number}.xml").decode()
            words = re.search(r'descr="([^"]*)"', drawing)
            assert words is not None
            found[words[1]] = package.read(f"xl/charts/chart{number}.xml").decode()
        assert len([name for name in package.namelist() if name.startswith("xl/charts/chart")]) == 2
    return found


def test_bars_of_the_scores_hatch_who_is_below(tmp_path: Path, small: RollUp) -> None:
    path = write(tmp_path, small)
    chart = next(xml for words, xml in charts_of(path).items() if "低于 100%" in words)
    met, missed = re.findall(r"<c:ser>.*?</c:ser>", chart)
    assert "a:pattFill" in missed
    assert "a:pattFill" not in met
    assert "plotVisOnly" not in chart  # hidden cells are drawn, too
    sheet = openpyxl.load_workbook(path)["部门得分"]
    for series, expected in ((met, {"销售部"}), (missed, {"客户部"})):
        labels, values = re.findall(r"<c:f>[^<]*\$([A-Z]+)\$(\d+):\$[A-Z]+\$(\d+)</c:f>", series)
        rows = range(int(labels[1]), int(labels[2]) + 1)
        bars = {sheet[f"{labels[0]}{r}"].value.split()[0] for r in rows if sheet[f"{values[0]}{r}"].value}
        assert bars == expected


def test_bridge_leads_from_target_to_actual(tmp_path: Path, small: RollUp) -> None:
    path = write(tmp_path, small)
    words, chart = next((w, xml) for w, xml in charts_of(path).items() if "瀑布图" in w)
    assert "年度营收增长15%" in words
    assert "销售部 −274.50" in words  # 万元, the unit in which the change can be read
    series = re.findall(r"<c:ser>.*?</c:ser>", chart, re.DOTALL)
    assert "a:noFill" in series[0]
    assert ["a:pattFill" in each for each in series] == [False, False, False, True]
    sheet = openpyxl.load_workbook(path)["管理摘要"]
    areas = [re.findall(r"<c:f>[^<]*\$([A-Z]+)\$(\d+):", each)[1] for each in series]
    steps = [[sheet[f"{letter}{int(row) + n}"].value for letter, row in areas] for n in range(3)]
    assert steps == [[None, 6000, None, None], [5725.5, None, None, 274.5], [None, 5725.5, None, None]]


def test_bridge_that_does_not_start_at_nothing_says_so() -> None:
    steps = (Step("甲", 30.0, True), Step("乙", -10.0, False))
    bridge = Bridge("营收", "万元", 8600.0, 8620.0, steps)
    assert bridge.levels == (8600.0, 8630.0, 8620.0)
    assert 8500 < bridge.floor < 8600
    title = bridge_title(load_spec("annual_plan"), "zh", bridge)
    assert "乙的缺口最大（−10万元）" in title
    assert "纵轴自" in title
    assert replace(bridge, steps=(Step("甲", -5000.0, False),)).floor == 0


def test_a_way_below_nothing_is_not_bridged() -> None:
    build = Builder(SMALL)
    build.goal("XS", "利润", [(-10.0, -20.0)], company_goal="年度利润")
    build.company_goals.append({"goal": "年度利润", "rollup": "sum", "unit": "万元", **measure(-10.0, -20.0)})
    roll_up = build.make()
    assert main_bridge(roll_up, report_rows(roll_up, "zh"), "{count}") is None


def test_heat_map_shows_the_lowest_of_each_department(small: RollUp) -> None:
    heat = heat_map(small, report_rows(small, "zh"))
    assert heat.columns == ("年度营收增长15%",)
    rows = {row.name: row for row in heat.rows}
    assert [cell.value for cell in rows["销售部"].cells] == [pytest.approx(5725.5 / 6000)]
    assert [cell.value for cell in rows["客户部"].cells] == [None]
    assert rows["客户部"].lowest.value == pytest.approx(1 - 5 / 22)
    assert "财务部" not in rows


@pytest.mark.parametrize(
    ("attainment", "shown"),
    [
        (0.8999999999, "▲ 90.0%"),  # on six decimals it is the threshold
        (0.8999, "◆ 90.0%"),
        (0.9999999, "● 100.0%"),
        (0.99999, "▲ 100.0%"),
        (0.8485, "◆ 84.9%"),  # a half in a decimal, less than one in binary
        (1.0025, "● 100.3%"),
    ],
)
def test_an_attainment_on_the_edge_looks_the_same_everywhere(
    tmp_path: Path, attainment: float, shown: str
) -> None:
    build = small_company()
    build.goals[0]["attainment"] = attainment
    roll_up = build.make()
    (row,) = [r for r in heat_map(roll_up, report_rows(roll_up, "zh")).rows if r.name == "销售部"]
    assert (row.cells[0].text, row.cells[0].color) == (shown, row.lowest.color)
    page = render_html(roll_up)
    assert f'<td style="background:{row.cells[0].color}">{shown}</td>' in page
    sheet = openpyxl.load_workbook(write(tmp_path, roll_up))["管理摘要"]
    cell = next(c for line in sheet.iter_rows() for c in line if c.value == attainment)
    assert cell.number_format == f'"{shown[0]} "0.0%'
    assert cell.fill.fgColor.rgb == "FF" + row.cells[0].color[1:]


def test_thresholds_of_the_cycle_rate_the_heat_map() -> None:
    roll_up = small_company().make(settings={"green": 0.95, "amber": 0.7})
    rows = {row.name: row for row in heat_map(roll_up, report_rows(roll_up, "zh")).rows}
    assert (rows["销售部"].cells[0].symbol, rows["客户部"].lowest.symbol) == ("●", "▲")


# -- formulas ------------------------------------------------------------------------------


def live(sheet: Worksheet, row: int) -> dict[str, Any]:
    """The cells of a row of a table by title, formulas as formulas."""
    titles = [cell.value for cell in sheet[HEADER_ROW + 1]]
    return dict(zip(titles, (cell.value for cell in sheet[row]), strict=True))


def test_variance_is_worked_out_from_the_facts(path: Path, small: RollUp) -> None:
    sheet = openpyxl.load_workbook(path)["差异汇总"]
    formulas = live(sheet, FIRST_ROW + 1)
    assert formulas["累计目标"] == "=ROUND(SUMIFS('明细数据'!$V$5:$V$11,'明细数据'!$AA$5:$AA$11,$W5),9)"
    measured = ("偏差", "偏差率", "有利/不利", "达成率", "红黄绿", "年度完成度", "达成率算法")
    assert all(str(formulas[title]).startswith("=IF(") for title in measured)
    definition = small.book.measures["deviation_rate"].formula.replace("\n", "").replace(" ", "")
    for name, cell in (("deviation", "I5"), ("direction", "E5"), ("target", "G5"), ("target_high", "X5")):
        definition = definition.replace(f"[{name}]", cell)
    assert formulas["偏差率"] == definition.replace("{direction.band}", '"区间"')
    unknown = live(sheet, FIRST_ROW + 5)
    assert [unknown[title] for title in ("累计目标", *measured[:4])] == [None] * 5


def test_a_goal_that_is_not_the_sum_of_its_facts_keeps_its_figures(tmp_path: Path) -> None:
    build = small_company()
    build.goals[0] |= measure(7000.0, 5725.5)
    formulas = live(openpyxl.load_workbook(write(tmp_path, build.make()))["差异汇总"], FIRST_ROW + 1)
    assert formulas["累计目标"] == 7000
    assert str(formulas["偏差"]).startswith("=IF(")


def test_very_many_goals_keep_the_figures_they_have(
    tmp_path: Path, small: RollUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planbook.reports.live.MOST_PAIRS", 5)
    formulas = live(openpyxl.load_workbook(write(tmp_path, small))["差异汇总"], FIRST_ROW + 1)
    assert (formulas["累计目标"], formulas["偏差"]) == (6000, -274.5)
    assert isinstance(formulas["计分达成率"], float)


def ratio_company() -> Builder:
    """New business as a share of revenue: two departments count, one has no figure above the line."""
    build = Builder(SMALL)
    for code, above, below in (("XS", (20.0, 18.0), (100.0, 95.0)), ("KH", (1e5, 1.5e5), (60.0, 61.0))):
        build.goal(code, "新业务收入", [above], company_goal="新业务", unit="元" if code == "KH" else "万元")
        build.goal(code, "营收", [below], company_goal="营收")
    build.goal("CW", "其他营收", [(50.0, 50.0)], company_goal="营收")
    target, actual = 30 / 160 * 100, 33 / 156 * 100
    for name, pair in (("新业务", (30.0, 33.0)), ("营收", (210.0, 206.0))):
        build.company_goals.append(
            {"goal": name, "rollup": "sum", "unit": "万元", "direction": "higher", **measure(*pair)}
        )
    more = {
        "numerator": "新业务",
        "denominator": "营收",
        "paired": "XS、KH",
        "scale": 100.0,
        "coverage": "2/3",
    }
    ratio = {"goal": "新业务占比", "rollup": "ratio", "unit": "%", "direction": "higher", **more}
    build.company_goals.append({**ratio, **measure(target, actual)})
    return build


def test_a_ratio_is_worked_out_from_its_contributions(tmp_path: Path) -> None:
    path = write(tmp_path, ratio_company().make())
    book = openpyxl.load_workbook(path)
    formulas = live(book["公司目标"], FIRST_ROW + 3)
    assert re.fullmatch(r"=SUMIFS\(.*,\$A7,.*,1\)\*Z7/SUMIFS\(.*,\$A7,.*,2\)", formulas["累计实际"])
    rows = [row for row in table(book["承接明细"]) if row["公司目标"] == "新业务占比"]
    shown = [(row["部门"], row["分子 1／分母 2"], row["公司单位"]) for row in rows]
    assert shown == [
        ("销售部", 1, "万元"),
        ("客户部", 1, "万元"),
        ("销售部", 2, "万元"),
        ("客户部", 2, "万元"),
    ]
    assert [result for _, _, result in controls(path)] == ["● 一致"] * 7


# -- control totals ------------------------------------------------------------------------


def controls(path: Path) -> list[tuple[str, int, str]]:
    sheet = openpyxl.load_workbook(path, data_only=True).worksheets[0]
    results = ("● 一致", "◆ 不一致")
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    return [(row[1], row[2], row[3]) for row in rows if row[3] in results]


def test_control_totals_tie_the_sheets_to_the_roll_up(tmp_path: Path, small: RollUp) -> None:
    found = controls(write(tmp_path, small))
    assert [(shown, result) for _, shown, result in found] == [
        (7, "● 一致"),
        (7, "● 一致"),
        (5, "● 一致"),
        (3, "● 一致"),
        (6000 + 22 + 100 + 90, "● 一致"),
        (5725.5 + 27 + 80 + 93, "● 一致"),
        (0.57255, "● 一致"),
    ]
    assert found[0][0] == "复盘 7 行 ＝ 明细 7 行 ＋ 隔离 0 行"


def test_control_totals_fail_when_facts_are_lost(tmp_path: Path, small: RollUp) -> None:
    lost = replace(small, facts=small.facts.drop(index=1).reset_index(drop=True))
    found = controls(write(tmp_path, lost))
    wrong = [n for n, (_, _, result) in enumerate(found) if result == "◆ 不一致"]
    assert wrong == [0, 1, 4, 5]


def test_contents_links_to_every_sheet_and_fits_one_page(book: openpyxl.Workbook) -> None:
    sheet = book["目录"]
    targets = [c.hyperlink.location for r in sheet.iter_rows() for c in r if c.hyperlink]
    assert targets == [f"'{title}'!A1" for title in TITLES["zh"][1:]]
    assert sheet.page_setup.fitToHeight in (None, 1)  # 1 is what is meant by nothing
    assert find(sheet, "差异汇总").offset(column=2).value == 5
    assert find(sheet, "差异汇总").offset(column=3).value == 2


def test_every_sheet_prints_well(book: openpyxl.Workbook) -> None:
    for sheet in book.worksheets:
        assert sheet.page_setup.orientation == "landscape"
        assert str(sheet.page_setup.paperSize) == "9"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToWidth in (None, 1)
        assert sheet.title in ("目录", "部门得分") or sheet.page_setup.fitToHeight == 0
        assert "&P" in sheet.oddFooter.center.text
        if sheet.title not in ("目录", "管理摘要", "方法说明"):
            assert sheet.print_title_rows == f"${HEADER_ROW + 1}:${HEADER_ROW + 1}"
            assert sheet.freeze_panes
            assert sheet.auto_filter.ref or sheet.tables or sheet.title == "责任矩阵"
        fonts = {cell.font.name for row in sheet.iter_rows() for cell in row if cell.value is not None}
        hidden = {"Calibri"} if sheet.title in ("管理摘要", "部门得分") else set()
        assert fonts - hidden == {"微软雅黑"}


# -- hostile and empty input -----------------------------------------------------------------


def hostile_company() -> Builder:
    build = Builder(
        (Department("A", "=1+1"), Department("B", "&G&8 100\x0b部"), Department("C", "=2+2", "A"))
    )
    for n, text in enumerate(HOSTILE):
        build.goal(
            "B",
            text,
            [(10.0, 9.0 - n)],
            driver=text,
            metric=text,
            unit=text[:20],
            company_goal=text,
            file=text[:99],
        )
        build.task("C", text, 0.1, 0.9, owner=text, risk=text, action=text, status="overdue")
        build.company_goals.append({"goal": text, "unit": text[:9], "rollup": "sum", **measure(1.0, 2.0)})
        build.receipt("B", "quarantined", file=text[:99], reason=text)
        build.problems.append(
            Problem(Code.NOT_A_QUANTITY, Location(text[:99], text[:31], "A1"), text, text, text)
        )
    return build


def all_cells(path: Path) -> Iterator[tuple[str, Any]]:
    for sheet in openpyxl.load_workbook(path).worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                yield sheet.title, cell


@pytest.mark.filterwarnings("error", "ignore:.*xtension is not supported:UserWarning")
def test_hostile_text_stays_text(tmp_path: Path) -> None:
    path = write(tmp_path, hostile_company().make(scope="B"))
    seen = set()
    for _, cell in all_cells(path):
        if cell.data_type == "f":
            assert not [text for text in HOSTILE if len(text) > 3 and text in str(cell.value)]
            assert re.match(
                r"=(COUNTA|COUNTIF|IF|SUM|SUMIFS|MIN|ROUND|'[^']+'!\$|\(?SUMIFS|[A-Z]+\d+)", str(cell.value)
            )
        if cell.hyperlink:
            assert cell.hyperlink.target is None
            assert cell.value in ("查看 ▸", "← 返回目录", *TITLES["zh"])
        seen.add(cell.value)
    assert {text for text in HOSTILE[:9] if text not in seen} == set()
    assert {"上\n下\n左\\u0000右\\u001f", "\\ud800孤\\udfff", "xslx.\\u202egpj", "第一行\n第二行"} <= seen
    long = max((text for text in seen if isinstance(text, str)), key=len)
    assert 16000 < len(long) <= 32767
    with zipfile.ZipFile(path) as package:
        for name in package.namelist():
            if name.endswith((".xml", ".rels")):
                ElementTree.fromstring(package.read(name))
        assert b"_x005F_x0041_" in package.read("xl/sharedStrings.xml")
        assert not any(
            b'TargetMode="External"' in package.read(n) for n in package.namelist() if ".rels" in n
        )


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("departments", [SMALL, ()])
def test_a_company_with_nothing_returned(
    tmp_path: Path, departments: tuple[Department, ...], lang: str
) -> None:
    roll_up = Builder(departments).make()
    path = write(tmp_path, roll_up, lang)
    with zipfile.ZipFile(path) as package:
        assert not [name for name in package.namelist() if "chart" in name or "tables" in name]
    written = openpyxl.load_workbook(path)
    nothing = roll_up.book.label("nothing", lang)
    apart = {roll_up.book.report(key).title.to(lang) for key in ("scores", "methods")}
    for sheet in (each for each in written.worksheets[2:] if each.title not in apart):
        assert sheet.max_row == FIRST_ROW + 1
        assert sheet.cell(FIRST_ROW + 1, 1).value == nothing
        assert sheet.auto_filter.ref is None
    assert texts(written.worksheets[1]).count(nothing) == 6  # bridge, heat map and four tables
    assert headline(roll_up, lang) in texts(written.worksheets[1])
    assert roll_up.book.label("no_adverse", lang) in headline(roll_up, lang)
    assert nothing in render_text(roll_up, lang)


def test_without_a_row_of_scores(tmp_path: Path, small: RollUp) -> None:
    bare = replace(small, scores=small.scores.iloc[:0])
    written = openpyxl.load_workbook(write(tmp_path, bare))
    assert "（无）" in texts(written["管理摘要"])
    assert "0/0" in headline(bare, "zh")


def test_missing_values_of_every_make_are_blank(tmp_path: Path) -> None:
    build = small_company()
    build.goals[0] |= {"actual": float("nan"), "deviation": math.inf, "driver": NIL, "unit": ""}
    build.tasks[0] |= {"finish": None, "updated": float("nan"), "risk": NIL}
    rows = table(openpyxl.load_workbook(write(tmp_path, build.make()), data_only=True)["差异汇总"])
    row = next(row for row in rows if row["目标"] == "营收增长")
    assert (row["累计实际"], row["偏差"], row["单位"]) == (None, None, None)
    assert row["主要原因（部门说明）"] == "无"


def test_a_book_without_scores_has_the_other_headline(tmp_path: Path) -> None:
    build = small_company()
    blank = [{**row, "score": None, "low": None, "high": None, "rating": "none"} for row in build.scores()]
    roll_up = build.make(book="classic")
    for column in ("score", "low", "high"):
        roll_up.scores[column] = [row[column] for row in blank]
    assert headline(roll_up, "zh").startswith("达成 2 项，预警或未达 2 项（已覆盖 2/3 个部门）")
    path = write(tmp_path, roll_up)
    with zipfile.ZipFile(path) as package:
        drawn = [package.read(name).decode() for name in package.namelist() if "drawings/drawing" in name]
    assert not [xml for xml in drawn if "各部门得分条形图" in xml]


def test_many_departments_show_the_lowest_scores(tmp_path: Path) -> None:
    build = Builder(tuple(Department(f"D{n:02d}", f"部门{n:02d}") for n in range(45)))
    for n, department in enumerate(build.departments):
        build.goal(department.code, "目标", [(100.0, 60.0 + n)])
        build.task(department.code, "任务", 0.1, 0.9)
    path = write(tmp_path, build.make())
    with zipfile.ZipFile(path) as package:
        assert "得分最低的 30 个部门" in package.read("xl/charts/chart1.xml").decode()
    said = texts(openpyxl.load_workbook(path)["管理摘要"])
    assert "另有 30 行，见工作表“差异汇总”。" in said
    assert "另有 35 行，见工作表“任务与风险”。" in said


# -- the file ------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_same_figures_give_the_same_bytes(tmp_path: Path, lang: str) -> None:
    paths = [tmp_path / name for name in ("one.xlsx", "two.xlsx")]
    for path in paths:
        write_consolidated(path, large_company().make(), lang=lang)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_a_place_that_cannot_be_written(tmp_path: Path, small: RollUp) -> None:
    with pytest.raises(OutputError, match="could not be written"):
        write_consolidated(tmp_path / "missing" / "report.xlsx", small)


def test_english_holds_no_chinese_but_what_people_typed(tmp_path: Path) -> None:
    build = Builder((Department("A", "Sales"), Department("B", "Finance")))
    build.goal("A", "Revenue", [(10.0, 9.0)], metric="Turnover", unit="k", driver="Rain")
    build.task("A", "Visit customers", 0.2, 0.9, goal="Revenue", owner="Li", status="behind")
    build.facts[0]["sheet"] = "4_Review"
    build.receipt("A")
    roll_up = build.make()
    foreign = [
        cell.value
        for _, cell in all_cells(write(tmp_path, roll_up, "en"))
        if isinstance(cell.value, str) and re.search("[\u4e00-\u9fff]", cell.value)
    ]
    assert foreign == []
    assert not re.search("[\u4e00-\u9fff]", render_text(roll_up, "en"))


# -- words and order -----------------------------------------------------------------------


def test_headline_is_made_from_the_figures(small: RollUp) -> None:
    assert headline(small, "zh") == (
        "综合得分 99.0%（已覆盖 2/3 个部门，区间 66.0%–106.0%）；2 项预警或未达；最大不利偏差：客户部“投诉下降”（+22.7%）。"
    )
    assert headline(small, "en").startswith("Score 99.0% (2 of 3 departments")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"deviation_rate": -0.2, "direction": "higher", "attainment": 0.8}, -0.2),
        ({"deviation_rate": 0.2, "direction": "lower", "attainment": 0.8}, -0.2),
        ({"deviation_rate": 0.1, "direction": "band", "attainment": 0.9}, -0.1),
        ({"deviation_rate": None, "direction": "lower", "attainment": 0.0}, -1.0),
        ({"deviation_rate": None, "direction": "lower", "attainment": None}, None),
    ],
)
def test_impact_takes_the_direction(row: dict[str, Any], expected: float | None) -> None:
    assert impact(row) == expected


def test_adverse_is_what_is_unfavourable_worst_first() -> None:
    build = Builder(SMALL)
    build.goal("XS", "小", [(100.0, 95.0)])
    build.goal("XS", "好", [(100.0, 195.0)])
    build.goal("KH", "零", [(0.0, 3.0)], direction="lower")
    build.goal("KH", "大", [(-100.0, -250.0)])
    assert [row["goal"] for row in adverse_rows(build.make())] == ["大", "零", "小"]


def test_text_carries_the_same_rows(small: RollUp) -> None:
    lines = render_text(small, "zh").splitlines()
    assert lines[3] == headline(small, "zh")
    for words in (("投诉下降", "22.7%", "◆ 未达"), ("营收增长", "(4.6%)", "▲ 预警"), ("财务部", "◆ 未提交")):
        assert any(all(word in line for word in words) for line in lines), words
    tasks = lines[lines.index("【需要关注的任务】") :]
    assert [n for n, line in enumerate(tasks) if "◆ 逾期" in line] < [
        n for n, line in enumerate(tasks) if "▲ 滞后" in line
    ]


def test_text_of_hostile_names_stays_on_its_line() -> None:
    text = render_text(hostile_company().make(), "zh")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\ud800-\udfff]", text)
    assert max(len(line) for line in text.splitlines()) < 1500


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.0, "0"), (1200.0, "1,200"), (-1234.5, "(1,234.50)"), (0.004, "0.0040"), (1e-12, "0")],
)
def test_quantities_as_text(value: float, text: str) -> None:
    assert number_text(value) == text


def test_percentages_as_text() -> None:
    assert [percent_text(v) for v in (0.8333, -0.167, -0.0001)] == ["83.3%", "(16.7%)", "0.0%"]


def test_text_is_cleaned_for_cells_and_lines() -> None:
    assert clean_text("a\r\nb\vc\x00\u202e") == "a\nb\nc\\u0000\\u202e"
    assert one_line(" a\n b\u200b\tc ") == "a b c"
    assert one_line("一二三四五", 3) == "一二…"


def test_columns_fill_the_grid_and_firm_ones_get_their_width() -> None:
    grid = [22, 10, 10, 11, 9, 9, 10, 10, 8, 11, 8, 11, *[7] * 12]
    wanted = [18, 20, 20, 8, 9, 24, 24, 24, 10, 11, 48, 9]
    firm = [False, False, False, False, False, True, True, True, True, False, False, True]
    spans = fit_columns(wanted, grid, firm)
    assert spans[0][0] == 0
    assert spans[-1][1] == len(grid) - 1
    assert all(after[0] == before[1] + 1 for before, after in pairwise(spans))
    for width, span, strict in zip(wanted, spans, firm, strict=True):
        assert not strict or sum(grid[span[0] : span[1] + 1]) >= width * 0.9
    with pytest.raises(OutputError, match="does not fit"):
        fit_columns([1] * 3, [1] * 2)


# -- other programs ------------------------------------------------------------------------


@pytest.mark.office
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_other_programs_compute_the_same_control_totals(tmp_path: Path, lang: str) -> None:
    require_office("libreoffice", "gnumeric")
    path = write(tmp_path, large_company(lang).make(), lang)
    ratio = tmp_path / "ratio.xlsx"
    write_consolidated(ratio, ratio_company().make(), lang=lang)
    for one, again in zip(
        (path, ratio), recalculate_libreoffice([path, ratio], tmp_path / "lo"), strict=True
    ):
        assert compare_values(one, again) == []
        assert compare_values(one, recalculate_gnumeric(one, tmp_path / "gnumeric")) == []


@pytest.mark.office
def test_libreoffice_prints_no_clipped_number(tmp_path: Path) -> None:
    require_office("libreoffice", "poppler")
    build = large_company()
    build.goals[0] |= measure(-9_876_543_210_987.25, -1_234_567_890_123.75)
    pdf = render_pdf(write(tmp_path, build.make()), tmp_path)
    text = subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True, encoding="utf-8"
    ).stdout
    assert "###" not in text
    assert "(9,876,543,210,987.25)" in text
    assert len(render_pages(pdf, tmp_path / "pages", 30)) > 7
