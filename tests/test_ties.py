"""One company, every report: the figures tie, and neither order nor place of the files changes a byte."""

from __future__ import annotations

import email
import email.policy
import html
import inspect
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from planbook.cli import main
from planbook.cycle import load_cycle
from planbook.measures import Collection, RollUp
from planbook.reports import write_consolidated, write_html
from planbook.reports.figures import number_text, percent_text
from planbook.reports.place import FIRST_ROW, HEADER_ROW
from planbook.workflow import collect_returns, roll_up_cycle, run_demo
from tests.support.office import compare_values, recalculate_gnumeric, recalculate_libreoffice, require_office
from tests.support.packages import read_parts
from tests.support.roll_ups import SMALL, Builder, large_company
from tests.support.schema import check_schema, require_validator
from tests.support.scope import typed_in_scope
from tests.support.validate import check_package

pytestmark = pytest.mark.slow
CLOSE = 1e-9
Row = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """The same figures as each report tells them."""

    folder: Path
    workbook: openpyxl.Workbook
    document: Row
    page: str
    message: EmailMessage

    def table(self, title: str) -> list[Row]:
        """The rows of a sheet of one table, by column title."""
        sheet = self.workbook[title]
        titles = [cell.value for cell in sheet[HEADER_ROW + 1]]
        rows = sheet.iter_rows(min_row=FIRST_ROW + 1, values_only=True)
        return [dict(zip(titles, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("ties") / "demo"
    run_demo(folder, lang="zh")
    done = CliRunner().invoke(main, ["consolidate", "--cycle", str(folder), "--json", "--html"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert check_package(Path(document["file"])) == []
    messages = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted((folder / "reports" / "mail").glob("*.eml"))
    ]
    whole = next(m for m in messages if "finance@" in str(m["To"]))
    book = openpyxl.load_workbook(document["file"], data_only=True)
    return Told(folder, book, document, Path(document["html"]).read_text("utf-8"), whole)


@pytest.fixture(scope="module")
def returned(told: Told) -> Collection:
    return collect_returns(load_cycle(told.folder))


def section(page: str, key: str) -> list[list[str]]:
    """The texts of a table of the page, row by row."""
    found = re.search(rf'<table id="table-{key}".*?<tbody>(.*?)</tbody>', page, re.DOTALL)
    assert found is not None, key
    rows = re.findall(r"<tr.*?</tr>", found[1], re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[html.unescape(re.sub("<[^>]+>", "", cell)) for cell in row] for row in cells]


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("html",))
    assert body is not None
    return html.unescape(re.sub(r"<[^>]+>", "\n", body.get_content()))


def test_company_goals_tie_from_the_facts_up(told: Told) -> None:
    facts, goals = told.table("明细数据"), told.table("公司目标")
    shown = {row[0]: row for row in section(told.page, "summary-summary_goals")}
    summary = told.workbook["管理摘要"]
    lines = {row[0].value: [c.value for c in row if c.value is not None] for row in summary.iter_rows()}
    assert len(goals) == len(told.document["company_goals"]) == 7
    summed = 0
    for goal, record in zip(goals, told.document["company_goals"], strict=True):
        assert goal["公司目标"] == record["goal"]
        mine = [fact for fact in facts if fact["公司目标序号"] == goal["序号"]]
        for title, key, adds in (
            ("累计目标", "target", "计入公司目标"),
            ("累计实际", "actual", "计入公司实际"),
        ):
            if record["rollup"] != "sum":
                assert goal[title] is None and record[key] is None
                continue
            total = sum(fact[adds] for fact in mine if fact[adds] is not None)
            assert goal[title] == pytest.approx(total, rel=CLOSE)
            assert record[key] == pytest.approx(total, rel=CLOSE)
            assert pytest.approx(total, rel=CLOSE) in [
                v for v in lines[goal["公司目标"]] if isinstance(v, float | int)
            ]
            summed += 1
        assert goal["达成率"] == pytest.approx(record["attainment"], rel=CLOSE)
        assert percent_text(record["attainment"]) in shown[record["goal"]]
    assert summed == 6


def test_scores_tie_in_all_five(told: Told) -> None:
    top = told.document["scores"][0]
    assert told.table("部门得分")[0]["得分"] == pytest.approx(top["score"], rel=CLOSE)
    said = percent_text(top["score"])
    values = [c.value for row in told.workbook["管理摘要"].iter_rows() for c in row]
    assert pytest.approx(top["score"], rel=CLOSE) in [v for v in values if isinstance(v, float)]
    assert f'<dd class="value">{said}</dd>' in told.page
    assert said in text_of(told.message)
    plain = told.message.get_body(("plain",))
    assert plain is not None and said in plain.get_content()
    page = {row[0]: row for row in section(told.page, "scores")}
    for row, record in zip(told.table("部门得分"), told.document["scores"], strict=True):
        assert (row["得分"] or None) == (
            pytest.approx(record["score"], rel=CLOSE) if record["score"] else None
        )
        if record["score"] is not None:
            assert page[row["组织"]][4] == percent_text(record["score"])


def test_goals_tie_in_workbook_page_document_and_mail(told: Told) -> None:
    goals, page, mail = told.table("差异汇总"), section(told.page, "variance"), text_of(told.message)
    assert len(goals) == len(page) == len(told.document["goals"])
    records = {(r["department_name"], r["goal"], r["metric"]): r for r in told.document["goals"]}
    for row, line in zip(goals, page, strict=True):
        record = records[row["部门"], row["目标"], row["指标"]]
        for title, key in (
            ("累计目标", "target"),
            ("累计实际", "actual"),
            ("偏差", "deviation"),
            ("达成率", "attainment"),
        ):
            value = record[key] if isinstance(record[key], int | float) else None
            assert row[title] == (None if value is None else pytest.approx(value, rel=CLOSE))
        if record["attainment"] is not None:
            assert percent_text(record["attainment"]) in line
    worst = section(told.page, "summary-adverse")
    assert len(worst) == 10
    listed = [row for row in worst if row[9] in ("▲ 预警", "◆ 未达")]
    assert listed
    for row in listed:  # the mail lists what is at risk or missed, worst first as well
        assert row[1] in mail
        assert row[6].replace(",", "") in mail.replace(",", "")


def test_facts_tie_to_the_document(told: Told) -> None:
    facts, records = told.table("明细数据"), told.document["facts"]
    assert [row["编号"] for row in facts] == [record["fact"] for record in records]
    assert len(section(told.page, "facts")) == len(facts)
    for row, record, line in zip(facts, records, section(told.page, "facts"), strict=True):
        assert (row["来源文件"], row["单元格"], row["文件指纹"]) == (
            record["file"],
            record["cell"],
            record["sha256"],
        )
        if isinstance(record["actual"], float | int):
            assert row["实际完成"] == pytest.approx(record["actual"], rel=CLOSE)
            assert line[0] == record["fact"]
            assert number_text(record["actual"]) in line or f"{record['actual']:,.4f}" in line


def test_every_control_total_holds(told: Told) -> None:
    values = [cell.value for row in told.workbook["目录"].iter_rows() for cell in row]
    assert values.count("● 一致") == 7
    assert "◆ 不一致" not in values


def test_links_to_the_sources_take_names_from_cells(told: Told) -> None:
    book = openpyxl.load_workbook(told.document["file"])
    formulas = [c.value for row in book["差异汇总"].iter_rows() for c in row if "HYPERLINK" in str(c.value)]
    assert len(formulas) > 30
    shape = r"=HYPERLINK\(cell_source_folder&'明细数据'!R\d+&\"#'\"&SUBSTITUTE\('明细数据'!S\d+,.*'明细数据'!T\d+,\"原表 ▸\"\)"
    assert all(re.fullmatch(shape, formula) for formula in formulas)
    folder = next(c.value for row in book["目录"].iter_rows() for c in row if str(c.value).endswith("inbox/"))
    assert (Path(told.document["file"]).parent / folder).resolve() == (told.folder / "inbox").resolve()


# -- order and place of the files ----------------------------------------------------------


def figures(folder: Path, *places: Path, **more: Any) -> RollUp:
    cycle = load_cycle(folder)
    return roll_up_cycle(cycle, collect_returns(cycle, places, **more))


def bytes_of(tmp_path: Path, roll_up: RollUp) -> Iterator[bytes]:
    for name, write in (("report.xlsx", write_consolidated), ("report.html", write_html)):
        path = tmp_path / name
        write(path, roll_up)  # type: ignore[operator]
        yield path.read_bytes()


def test_order_stamps_and_folders_of_the_files_change_no_byte(told: Told, tmp_path: Path) -> None:
    inbox = sorted((told.folder / "inbox").iterdir())
    wanted = list(bytes_of(tmp_path, figures(told.folder)))
    split = [tmp_path / "some", tmp_path / "others"]
    for number, path in enumerate(reversed(inbox)):
        place = split[number % 2]
        place.mkdir(exist_ok=True)
        shutil.copyfile(path, place / path.name)
        os.utime(place / path.name, (1_000_000_000 + number, 1_000_000_000 + number))
    assert list(bytes_of(tmp_path, figures(told.folder, *split))) == wanted
    assert list(bytes_of(tmp_path, figures(told.folder, *reversed(inbox)))) == wanted
    if "jobs" in inspect.signature(collect_returns).parameters:  # where several processes may read
        for jobs in (1, 3):
            assert list(bytes_of(tmp_path, figures(told.folder, jobs=jobs))) == wanted


# -- what a reader of a part gets ----------------------------------------------------------


TYPED = (
    "goal", "metric", "task", "initiative", "owner", "owners", "risk", "response", "action", "driver", "cause",
    "improvement", "progress", "support", "file", "sha256",
)  # fmt: skip


def told_elsewhere(told: Told, inside: set[str], typed: str) -> set[str]:
    """What only departments outside the scope typed or are called: none of it may be told inside."""
    company = load_cycle(told.folder).company
    outside = [d for d in company.departments if d.code not in inside]
    words = {word for department in outside for word in (department.name, department.email) if word}
    own: set[str] = set()
    for name, rows in told.document.items():
        if isinstance(rows, list) and name not in ("problems", "company_goals", "trend"):
            for row in rows:
                mine = not row.get("department") or row["department"] in inside
                (own if mine else words).update(str(row[key]) for key in TYPED if row.get(key))
    shared = typed + " ".join(f"{goal.goal} {goal.metric}" for goal in company.goals)
    return {word for word in words - own if len(word) > 1 and word not in shared}


@pytest.mark.parametrize(("scope", "lang"), [("YX", "zh"), ("YF", "en"), ("KH", "zh"), ("WL", "en")])
def test_a_part_of_the_company_names_nobody_else(
    told: Told, returned: Collection, tmp_path: Path, scope: str, lang: str
) -> None:
    """Divisions and departments, one of them in a workbook that it shares: nothing of others in any part."""
    out = tmp_path / "part.xlsx"
    more = ("--scope", scope, "--lang", lang, "--out", str(out), "--json", "--html")
    done = CliRunner().invoke(main, ["consolidate", "--cycle", str(told.folder), *more])
    assert done.exit_code == 0, done.output
    parts = {name: html.unescape(data.decode("utf-8")) for name, data in read_parts(out).items()}
    parts |= {"page": html.unescape(out.with_suffix(".html").read_text("utf-8")), "document": done.stdout}
    company = returned.company
    inside = {d.code for d in company.below(scope)}
    # A department inside may name another in its own words, and a workbook's file be called by its own.
    typed = typed_in_scope(returned, scope, inside)
    words = told_elsewhere(told, inside, typed)
    assert len(words) > 60
    assert [(word, name) for word in words for name, text in parts.items() if word in text] == []
    # Ids begin with the department whose workbook it is.
    issued = {row["fact"].partition("-")[0] for row in told.document["facts"] if row["department"] in inside}
    outside = {d.code for d in company.departments} - inside - issued - set(re.findall(r"\w+", typed))
    codes = re.compile(rf"(?<![A-Za-z0-9])({'|'.join(sorted(outside))})(?![A-Za-z0-9])")
    assert {name: found[0] for name, text in parts.items() if (found := codes.search(text))} == {}
    own = {d.name for d in company.departments if d.code in inside}
    assert all(any(name in text for text in parts.values()) for name in own)


@pytest.mark.office
def test_other_programs_compute_what_is_stored(told: Told, tmp_path: Path) -> None:
    require_office("libreoffice", "gnumeric")
    path = Path(told.document["file"])
    (again,) = recalculate_libreoffice([path], tmp_path / "libreoffice")
    assert compare_values(path, again) == []
    assert compare_values(path, recalculate_gnumeric(path, tmp_path / "gnumeric")) == []


@pytest.mark.office
def test_the_schema_of_the_format_forbids_nothing(told: Told, tmp_path: Path) -> None:
    require_validator()
    split, empty = tmp_path / "split.xlsx", tmp_path / "empty.xlsx"
    write_consolidated(split, large_company("en").make(), lang="en", most_facts=40)
    write_consolidated(empty, Builder(SMALL).make())
    found = check_schema([Path(told.document["file"]), split, empty])
    assert not [fault for faults in found.values() for fault in faults]
