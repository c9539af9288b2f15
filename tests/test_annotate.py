"""Return copies: the department's own file with its problems marked, and nothing else changed."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from planbook.cli import main
from planbook.package.annotate import MARK, NAME, _unmark, annotate_workbook
from planbook.package.archive import Archive
from planbook.package.comments import list_comments, remove_comments
from planbook.package.findings import list_openings
from planbook.package.markup import Part
from planbook.problems import Code, Severity, UsageError, in_words
from planbook.reader import Submission
from planbook.spec import load_spec
from planbook.workflow import migrate_returns, read_and_check
from tests.support import office
from tests.support.packages import change_part, part_of, read_parts, with_prefix, write_parts
from tests.support.validate import check_package
from tests.support.workbooks import read_tables, write_filled

GOALS = """
level      | goal       | metric       | unit | target | department | due        | weight
department | 新客户拓展 | 新客户签约量 | 家   | {}     | XS         | 2024-12-31 | 0.6
department | 营收总额   | 营收总额     | 元   | "约50" | XS         | 2024-12-31 | 0.4
"""
TASKS = """
department | goal   | initiative       | task     | metric   | unit | target | lead     | start      | finish
XS         | "G009" | 拓展华东区域市场 | 拜访客户 | 拜访量   | 家   | 10     | 客户主管 | 2024-01-03 | 2024-06-30
XS         | "G009" | 拓展华东区域市场 | 签约     | 签约量   | 家   | 10     | 客户主管 | 2024-01-03 | 2024-06-30
XS         | G002   | 收款             | 对账     | 对账次数 | 次   | 10     | 客户主管 | 2024-01-03 | 2024-06-30
"""
LIST = "问题清单"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)


def annotate(path: Path, folder: str = "out") -> Path:
    out = path.parent / folder
    result = run("annotate", path, "--out", out, "--lang", "zh")
    assert result.exit_code == 0, result.output
    return out / path.name


def found(submission: Submission) -> list[tuple[Code, str, str]]:
    return [(p.code, p.location.sheet, p.location.cell) for p in submission.problems]


def problems_of(path: Path) -> list[tuple[Code, str, str]]:
    return found(read_and_check(path)[0])


def listed(path: Path, sheet: str = LIST) -> list[tuple[str, str, str, str]]:
    """Severity, place, found and code of every line of the list."""
    rows = openpyxl.load_workbook(path)[sheet].iter_rows(min_row=5, values_only=True)
    return [(str(r[1]), str(r[2]), str(r[4]), str(r[8])) for r in rows if r[0]]


def marked(path: Path, sheet: str) -> dict[str, set[str]]:
    """The areas our colours stand on, by their colour."""
    workbook = openpyxl.load_workbook(path)
    areas: dict[str, set[str]] = {}
    for area in workbook[sheet].conditional_formatting:
        for rule in area.rules:
            if rule.formula and MARK in rule.formula[0]:
                areas.setdefault(rule.dxf.fill.bgColor.rgb, set()).update(str(area.sqref).split())
    return areas


@pytest.fixture
def returned(tmp_path: Path) -> Path:
    plan = read_tables("annual_plan", {"goals": GOALS.format('"待定"'), "decomposition": TASKS})
    return write_filled(tmp_path / "营销中心.xlsx", plan)


# -- what a copy shows ---------------------------------------------------------------------


def test_the_list_names_place_finding_and_code_and_links_to_the_cell(returned: Path) -> None:
    copy = annotate(returned)
    assert listed(copy)[:5] == [
        ("◆ 错误", "1_目标总表!I7", "待定", "not-a-quantity"),
        ("◆ 错误", "2_目标分解!C7", "G009", "link-broken"),
        ("◆ 错误", "2_目标分解!C8", "G009", "link-broken"),
        ("▲ 警告", "1_目标总表!C7", "新客户拓展", "rule-advice"),  # its task names another goal
        ("▲ 警告", "1_目标总表!I8", "约50", "ambiguous-value"),
    ]
    sheet = openpyxl.load_workbook(copy)[LIST]
    assert sheet["C5"].hyperlink.location == "'1_目标总表'!I7"
    assert sheet["F9"].value == "50 元" and sheet["G9"].value == "→ 50"
    assert sheet["H7"].value == "同第 2 条"
    assert sheet["A1"].value == "问题清单　营销中心　2024 年度"
    assert sheet["A2"].value.startswith("3 个错误须改正，2 个警告请核对")


def test_each_column_of_the_list_holds_what_its_header_says(tmp_path: Path) -> None:
    """The column's title, what stands in the cell, what should: not a task's name, a date, a sheet, a rule."""
    goals = GOALS.format(50).replace("| 新客户拓展 ", f"| {'长' * 41} ")
    tracking = "goal | task | owner | percent | updated\nG002 | T003 | 张三 | 0.5 | 2024-06-01\n"
    tables = {
        "goals": goals,
        "decomposition": TASKS.replace("10     | 客户主管", '10 | "张三、李四"', 1),
        "tracking": tracking,
    }
    path = write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", tables))
    rows = openpyxl.load_workbook(annotate(path))[LIST].iter_rows(min_row=5, values_only=True)
    shown = {(r[8], r[2]): tuple(r[3:6]) for r in rows if r[0]}
    assert shown["too-long", "1_目标总表!C7"] == ("目标名称", None, None)
    assert shown["task-overdue", "3_任务跟踪!L7"] == ("完成百分比", "50.0%", None)
    assert shown["task-stale", "3_任务跟踪!S7"] == ("更新日期", "2024-06-01", None)
    assert shown["rule-broken", "2_目标分解!M7"] == ("责任岗位", "张三、李四", None)
    assert shown["link-broken", "2_目标分解!C7"] == ("目标名称", "G009", None)
    assert shown["ambiguous-value", "1_目标总表!I8"] == ("目标值", "约50", "50 元")


def test_cells_are_coloured_and_commented_and_notes_are_not(returned: Path) -> None:
    copy = annotate(returned)
    assert marked(copy, "1_目标总表") == {"FFF9DAD2": {"I7"}, "FFFDECC3": {"C7", "I8"}}
    assert marked(copy, "2_目标分解") == {"FFF9DAD2": {"C7", "C8"}}
    assert marked(copy, "3_任务跟踪") == {}
    workbook = openpyxl.load_workbook(copy)
    comment = workbook["1_目标总表"]["I7"].comment
    assert comment.author == "planbook"
    assert comment.text.startswith("◆ 错误　“目标值”的内容“待定”不是数值。")
    assert workbook["1_目标总表"]["D7"].comment is None


def test_the_copy_opens_at_the_list_with_no_second_sheet_selected(returned: Path) -> None:
    workbook = openpyxl.load_workbook(annotate(returned))
    assert workbook.active.title == LIST
    assert [s.title for s in workbook if s.sheet_view.tabSelected] == [LIST]


def test_a_proposal_names_the_item_that_was_meant(tmp_path: Path) -> None:
    plan = read_tables("annual_plan", {"goals": GOALS.format(50).replace("\ndepartment |", '\n"部门总目" |')})
    copy = annotate(write_filled(tmp_path / "a.xlsx", plan))
    sheet = openpyxl.load_workbook(copy)[LIST]
    assert (sheet["I5"].value, sheet["G5"].value) == ("not-in-list-near", "→ 部门总目标")


# -- what a copy leaves alone --------------------------------------------------------------


def test_only_the_parts_that_must_change_do_and_the_rest_keep_their_bytes(returned: Path) -> None:
    before, after = read_parts(returned), read_parts(annotate(returned))
    changed = {name for name in before if before[name] != after[name]}
    touched = [part_of(returned, title) for title in ("使用说明", "1_目标总表", "2_目标分解")]
    boxes = {name for name in before if "comments" in name or name.endswith(".vml")}
    links = {f"xl/worksheets/_rels/{Path(name).name}.rels" for name in touched}
    assert changed - boxes - links == {
        "[Content_Types].xml",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/styles.xml",
        *touched,  # the first was the selected one
    }
    assert list(before) == [name for name in after if name in before]
    sheet, was = after[touched[1]].decode(), before[touched[1]].decode()
    data = re.compile(r"<sheetData>.*</sheetData>", re.DOTALL)
    assert data.search(sheet)[0] == data.search(was)[0]  # type: ignore[index]
    for name in re.findall(r"<definedName .*?</definedName>", before["xl/workbook.xml"].decode()):
        assert name in after["xl/workbook.xml"].decode()


def test_a_copy_is_a_sound_package_and_reads_as_the_original(returned: Path) -> None:
    copy = annotate(returned)
    assert set(check_package(copy)) <= set(check_package(returned))
    assert problems_of(copy) == problems_of(returned)


def test_marks_stand_before_the_sheets_own_rules_and_no_two_share_a_rank(returned: Path) -> None:
    text = read_parts(annotate(returned))[part_of(returned, "1_目标总表")].decode()
    ranks = [int(n) for n in re.findall(r'<cfRule [^>]*priority="(\d+)"', text)]
    assert len(ranks) == len(set(ranks))
    ours = [int(n) for n in re.findall(r'priority="(\d+)"><formula>LEN\("planbook-mark', text)]
    assert sorted(ours) == [1, 2, 3, 4]


def test_the_planners_own_sheet_and_comments_stay(returned: Path) -> None:
    workbook = openpyxl.load_workbook(returned)
    workbook.create_sheet(LIST)["A1"] = "我自己的清单"
    workbook["1_目标总表"]["I7"].comment = Comment("等财务确认", "王经理")
    workbook["1_目标总表"]["C8"].comment = Comment("去年 1.0 亿", "王经理")
    workbook.save(returned)
    copy = annotate(annotate(returned), "again")
    workbook = openpyxl.load_workbook(copy)
    assert workbook[LIST]["A1"].value == "我自己的清单"
    assert workbook[f"{LIST} (2)"]["A1"].value.startswith("问题清单　")
    sheet = workbook["1_目标总表"]
    assert (sheet["I7"].comment.author, sheet["I7"].comment.text) == ("王经理", "等财务确认")
    assert sheet["C8"].comment.text == "去年 1.0 亿"
    assert sheet["I8"].comment.author == "planbook"
    assert [s.title for s in workbook][-2:] == [LIST, f"{LIST} (2)"]


@pytest.mark.parametrize("target", ["'2_目标分解'!$A$1", "我的草稿!$A$1", "#REF!", "$A$1"])
def test_a_file_that_calls_another_sheet_our_list_keeps_that_sheet(returned: Path, target: str) -> None:
    workbook = openpyxl.load_workbook(returned)
    workbook.create_sheet("我的草稿")["A1"] = "草稿"
    workbook.defined_names[NAME] = DefinedName(NAME, attr_text=target)
    workbook.save(returned)
    before = openpyxl.load_workbook(returned)
    after = openpyxl.load_workbook(annotate(returned))
    for sheet in before:
        assert list(after[sheet.title].values) == list(sheet.values), sheet.title
    assert after[LIST]["A1"].value.startswith("问题清单")


def test_our_list_is_known_again_when_its_texts_are_shared(returned: Path) -> None:
    copy = annotate(returned)
    openpyxl.load_workbook(copy).save(copy)  # writes every text into the shared ones
    assert [s for s in openpyxl.load_workbook(annotate(copy, "again")).sheetnames if LIST in s] == [LIST]


def test_the_notes_a_workbook_was_issued_with_stay(returned: Path) -> None:
    """They name the same author as our marks."""
    before, after = Archive.open(returned), Archive.open(annotate(returned))
    for title, part in before.sheet_parts().items():
        notes = set(list_comments(before, part))
        assert notes <= set(list_comments(after, after.sheet_parts()[title])), title
        assert notes or title not in {"1_目标总表", "4_季度复盘"}


# -- twice, and mended ---------------------------------------------------------------------


def test_annotating_a_copy_again_changes_nothing(returned: Path) -> None:
    once = annotate(returned)
    assert read_parts(annotate(once, "again")) == read_parts(once)


def mend(path: Path) -> Path:
    """The copy with its three faults mended in the cells alone, as a person would."""

    def goals(text: str) -> str:
        text = re.sub(r'<c r="I7"( s="\d+") t="s"><v>\d+</v></c>', r'<c r="I7"\1><v>50</v></c>', text)
        return re.sub(r'<c r="I8"( s="\d+") t="s"><v>\d+</v></c>', r'<c r="I8"\1><v>5</v></c>', text)

    def tasks(text: str) -> str:
        inline = r'<c r="\1"\2 t="inlineStr"><is><t>G001｜新客户拓展</t></is></c>'
        return re.sub(r'<c r="(C[78])"( s="\d+") t="s"><v>\d+</v></c>', inline, text)

    change_part(path, part_of(path, "1_目标总表"), goals)
    return change_part(path, part_of(path, "2_目标分解"), tasks)


def test_a_mended_copy_imports_clean_and_its_marks_go(returned: Path) -> None:
    copy = mend(annotate(returned))
    submission = read_and_check(copy)[0]
    assert submission.count(Severity.ERROR) == 0, found(submission)
    assert not submission.quarantined
    clean = annotate(copy, "again")
    assert not any(code in {"not-a-quantity", "link-broken"} for *_, code in listed(clean))
    left = [area for title in ("1_目标总表", "2_目标分解") for area in marked(clean, title).values()]
    assert not set().union(*left) & {"I7", "I8", "C7", "C8"}
    cells = [cell for row in openpyxl.load_workbook(clean)["2_目标分解"]["C7:C9"] for cell in row]
    assert not [cell.coordinate for cell in cells if cell.comment]


def test_taking_the_marks_off_leaves_the_sheet_as_it_was(returned: Path) -> None:
    copy = Archive.open(annotate(returned))
    name = part_of(returned, "2_目标分解")
    assert MARK in copy.part(name).text
    assert any(comment.cell == "C7" for comment in list_comments(copy, name))
    _unmark(copy, name)
    remove_comments(copy, name, list_openings(load_spec("annual_plan")))
    was = Archive.open(returned)
    assert copy.part(name).text == was.part(name).text
    assert list_comments(copy, name) == list_comments(was, name) != []  # the notes it was issued with


# -- files of other programs ---------------------------------------------------------------


def test_a_package_with_prefixes_is_patched_in_its_own_words(returned: Path) -> None:
    parts = read_parts(returned)
    sheets = [name for name in parts if name.startswith("xl/worksheets/sheet")]
    for name in ("xl/workbook.xml", "xl/styles.xml", *sheets):
        parts[name] = with_prefix(parts[name].decode()).encode()
    write_parts(returned, parts)
    copy = annotate(returned)
    assert listed(copy)[0] == ("◆ 错误", "1_目标总表!I7", "待定", "not-a-quantity")
    assert marked(copy, "1_目标总表") == {"FFF9DAD2": {"I7"}, "FFFDECC3": {"C7", "I8"}}
    text = read_parts(copy)[part_of(copy, "1_目标总表")].decode()
    assert "<x:conditionalFormatting" in text and "<conditionalFormatting" not in text
    assert read_parts(annotate(copy, "again")) == read_parts(copy)


def test_a_part_in_utf_16_keeps_its_encoding(returned: Path) -> None:
    parts = read_parts(returned)
    text = parts["xl/worksheets/sheet2.xml"].decode().replace('encoding="UTF-8"', 'encoding="UTF-16"')
    parts["xl/worksheets/sheet2.xml"] = b"\xff\xfe" + text.encode("utf-16-le")
    part = Part.decode(parts["xl/worksheets/sheet2.xml"])
    assert part.encode() == parts["xl/worksheets/sheet2.xml"]
    assert part.root.local == "worksheet"


def test_a_workbook_saved_by_openpyxl_is_annotated(returned: Path) -> None:
    openpyxl.load_workbook(returned).save(returned)
    copy = annotate(returned)
    assert set(check_package(copy)) <= set(check_package(returned))
    assert listed(copy)[0][1] == "1_目标总表!I7"
    assert marked(copy, "2_目标分解") == {"FFF9DAD2": {"C7", "C8"}}


@pytest.mark.office
def test_copies_pass_through_libreoffice_and_gnumeric_and_can_be_marked_anew(
    returned: Path, tmp_path: Path
) -> None:
    office.require_office()
    (saved,) = office.resave_libreoffice([returned], tmp_path / "lo")
    copies = [annotate(returned), annotate(saved)]
    assert set(check_package(copies[1])) <= set(check_package(saved))
    again = [
        *office.resave_libreoffice(copies, tmp_path / "lo2"),
        office.recalculate_gnumeric(copies[0], tmp_path / "gnumeric"),
    ]
    for path in again:
        assert listed(path)[0] == ("◆ 错误", "1_目标总表!I7", "待定", "not-a-quantity")
        assert set.union(*marked(path, "1_目标总表").values()) == {"C7", "I7", "I8"}, path
        third = annotate(path, f"{path.parent.name}-marked")
        workbook = openpyxl.load_workbook(third)
        assert [s.title for s in workbook].count(LIST) == 1
        assert workbook["1_目标总表"]["I7"].comment.text.count("不是数值") == 1
        assert NAME in workbook.defined_names


@pytest.mark.office
def test_a_copy_mended_in_libreoffice_loses_its_old_marks(returned: Path, tmp_path: Path) -> None:
    """LibreOffice saves a comment without its author and numbers the rules anew."""
    office.require_office("libreoffice")
    workbook = openpyxl.load_workbook(returned)
    workbook["1_目标总表"]["H7"].comment = Comment("◆ 这里等财务确认", "")
    workbook.save(returned)
    mends = [("1_目标总表", "I7", 50), ("1_目标总表", "I8", 5), ("2_目标分解", "C8", "G001｜新客户拓展")]
    actions = [{"do": "set", "sheet": s, "cell": c, "value": value} for s, c, value in mends]
    job = {"input": annotate(returned), "output": tmp_path / "lo" / returned.name, "actions": actions}
    office.drive([job])
    saved = job["output"]
    notes = {note.cell: note for note in list_comments(Archive.open(saved), part_of(saved, "1_目标总表"))}
    assert notes["I7"].author == "" and "不是数值" in notes["I7"].text  # else this proves nothing
    again = annotate(saved, "again")
    workbook = openpyxl.load_workbook(again)
    goals, tasks = workbook["1_目标总表"], workbook["2_目标分解"]
    assert [cell for cell in ("I7", "I8") if goals[cell].comment] == [] and tasks["C8"].comment is None
    assert goals["H7"].comment.text == "◆ 这里等财务确认"
    assert tasks["C7"].comment.text.count("G009") == 1
    assert marked(again, "2_目标分解")["FFF9DAD2"] == {"C7"}
    assert "FFF9DAD2" not in marked(again, "1_目标总表")
    for title in ("1_目标总表", "2_目标分解"):
        archive = Archive.open(again)
        notes_left = list_comments(archive, part_of(again, title))
        boxes = next(r.target for r in archive.relations(part_of(again, title)) if r.kind == "vmlDrawing")
        assert len(notes_left) == archive.loose_part(boxes).text.count("</v:shape>"), title
        ranks = re.findall(r'<cfRule [^>]*priority="(\d+)"', archive.part(part_of(again, title)).text)
        assert len(ranks) == len(set(ranks)), title
    assert {code for *_, code in listed(again)} & {"not-a-quantity", "link-broken"} == {"link-broken"}
    assert [s.title for s in workbook if s.title.startswith(LIST)] == [LIST]
    ((_, new),) = migrate_returns([saved], tmp_path / "moved")
    assert new is not None and {in_words(p.found, "zh") for p in new.losses if p.code is Code.NO_PLACE} == {
        "◆ 这里等财务确认"
    }


# -- the command ---------------------------------------------------------------------------


def test_what_cannot_be_read_is_said_and_the_others_are_written(returned: Path, tmp_path: Path) -> None:
    (tmp_path / "坏.xlsx").write_text("x")
    result = run("annotate", tmp_path, "--out", tmp_path / "out", "--lang", "zh")
    assert result.exit_code == 0, result.output
    assert (
        "坏.xlsx: 这不是 .xlsx 工作簿，而是文本文件（TXT 或 CSV）。" in result.output
        and "[error not-a-workbook]" in result.output
    )
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["营销中心.xlsx"]
    assert run("annotate", returned, "--out", tmp_path / "out", "--strict").exit_code == 1
    assert run("annotate", tmp_path / "坏.xlsx", "--out", tmp_path / "out").exit_code == 1


@pytest.mark.office
def test_a_file_of_another_format_is_read_and_said_to_have_no_copy(returned: Path, tmp_path: Path) -> None:
    office.require_office("libreoffice")
    office.drive([{"input": returned, "output": tmp_path / "营销中心.ods", "actions": []}])
    result = run("annotate", tmp_path / "营销中心.ods", "--out", tmp_path / "out", "--lang", "zh")
    assert result.exit_code == 1
    assert "营销中心.ods：不是（无密码的）.xlsx，没有批注副本" in result.output
    assert "[error not-a-quantity]" in result.output


def test_what_is_no_package_is_refused_and_nothing_is_written(returned: Path, tmp_path: Path) -> None:
    submission, _ = read_and_check(returned)
    other = tmp_path / "营销中心.xls"
    other.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    with pytest.raises(UsageError, match=r"营销中心\.xls"):
        annotate_workbook(other, submission, tmp_path / "out.xlsx")
    assert not (tmp_path / "out.xlsx").exists()


def test_the_file_that_came_back_is_never_overwritten(returned: Path) -> None:
    before = returned.read_bytes()
    assert run("annotate", returned, "--out", returned.parent).exit_code == 2
    assert run("annotate", "--out", returned.parent).exit_code == 2
    assert returned.read_bytes() == before


def test_two_files_of_one_name_get_two_copies(returned: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / returned.name
    other.parent.mkdir()
    other.write_bytes(returned.read_bytes())
    assert run("annotate", returned, other, "--out", tmp_path / "out").exit_code == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["营销中心 (2).xlsx", "营销中心.xlsx"]


def test_text_that_looks_like_a_formula_stays_text_in_list_and_comment(tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://x","</t>&amp;")'
    goals = GOALS.format(f'"{evil}"')
    copy = annotate(write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", {"goals": goals})))
    with zipfile.ZipFile(copy) as package:
        sheet = package.read(list(package.namelist())[-1]).decode()
    assert "<f>" not in sheet
    assert listed(copy)[0][2] == evil
