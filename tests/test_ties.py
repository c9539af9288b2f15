"""One company, every report: the figures tie, and neither order nor place of the files changes a byte."""

from __future__ import annotations

import email
import email.policy
import html
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

from planbook.cli import main
from planbook.cycle import load_cycle
from planbook.measures import Collection, RollUp
from planbook.measures.frames import FRAMES
from planbook.reports import write_consolidated
from planbook.workflow import collect_returns, roll_up_cycle, run_demo
from tests.support.office import compare_values, recalculate_gnumeric, recalculate_libreoffice, require_office
from tests.support.packages import read_parts
from tests.support.roll_ups import SMALL, Builder, large_company
from tests.support.schema import check_schema, require_validator
from tests.support.scope import typed_in_scope
from tests.support.ties import (
    Document,
    cell_changes,
    changes,
    check_mail,
    check_page,
    check_records,
    check_summary,
    check_sums,
    mail_changes,
)
from tests.support.told import SECTIONS, Rows, Told, read_page, read_plain, read_rich, read_workbook
from tests.support.validate import check_package

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Year:
    """One year as every report tells it: the workbook, `--json`, the page and the messages."""

    folder: Path
    file: Path
    book: Told
    document: Document
    page: Told
    messages: tuple[EmailMessage, ...]


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    folder = tmp_path_factory.mktemp("ties") / "demo"
    run_demo(folder, lang="zh")
    done = CliRunner().invoke(main, ["consolidate", "--cycle", str(folder), "--json", "--html"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    file = Path(document["file"])
    assert check_package(file) == []
    messages = tuple(
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted((folder / "reports" / "mail").glob("*.eml"))
    )
    page = read_page(Path(document["html"]).read_text("utf-8"))
    return Year(folder, file, read_workbook(file), document, page, messages)


@pytest.fixture(scope="module")
def returned(year: Year) -> Collection:
    return collect_returns(load_cycle(year.folder))


@pytest.fixture(scope="module")
def scoped(year: Year, returned: Collection) -> dict[str, Document]:
    """The records behind each message, by its recipient."""
    cycle = load_cycle(year.folder)
    return {
        recipient.address: document_of(
            roll_up_cycle(cycle, returned, scope=recipient.scope, lang=recipient.language or "zh")
        )
        for recipient in cycle.recipients
    }


def document_of(figures: RollUp) -> Document:
    """The records of a roll-up as `--json` has them."""
    problems = [{"severity": problem.severity.value} for problem in figures.problems]
    frames = {name: json.loads(json.dumps(records_of(figures.frame(name)), default=str)) for name in FRAMES}
    return {**frames, "problems": problems}


def records_of(frame: pd.DataFrame) -> Rows:
    rows = frame.to_dict("records")
    return [{str(k): None if v != v else v for k, v in row.items()} for row in rows]


# -- the figures tie -------------------------------------------------------------------------


def test_every_sheet_ties_to_the_document(year: Year) -> None:
    assert list(check_records(year.book, year.document)) == []
    assert {len(year.book.tables[key]) > 5 for key in ("company_goals", "scores", "variance", "facts")} == {
        True
    }


def test_every_table_of_the_page_ties_to_its_sheet(year: Year) -> None:
    assert list(check_page(year.book, year.page)) == []
    assert set(SECTIONS) < set(year.page.tables)


def test_goals_and_company_goals_are_the_sums_of_their_facts(year: Year) -> None:
    assert list(check_sums(year.document)) == []


@pytest.mark.parametrize("which", ["book", "page"])
def test_the_first_page_ties_to_the_document(year: Year, which: str) -> None:
    told: Told = getattr(year, which)
    assert list(check_summary(told, year.document)) == []
    assert len(told.tiles) == 6 and len(told.heat) >= 5 and len(told.tables["adverse"]) == 10


def test_every_message_ties_to_its_workbook_and_to_the_document(
    year: Year, scoped: dict[str, Document], tmp_path: Path
) -> None:
    for message in year.messages:
        document, lang = scoped[str(message["To"])], language_of(message)
        for mailed in (read_plain(message), read_rich(message)):
            assert list(check_mail(mailed, document, lang, tasks="finance@" in str(message["To"]))) == []
        (attached,) = message.iter_attachments()
        file = tmp_path / "attached.xlsx"
        file.write_bytes(attached.get_content())
        book = read_workbook(file, lang)
        assert list(check_records(book, document)) == []
        assert list(check_summary(book, document)) == []
    assert {language_of(message) for message in year.messages} == {"zh", "en"} and len(scoped) == 3
    whole = scoped["finance@huachen.example"]
    for name, records in whole.items():  # what the mail is tied to is what `--json` prints
        assert len(records) == len(year.document[name])
        if name in FRAMES:
            assert records == year.document[name]


def language_of(message: EmailMessage) -> str:
    return "zh" if "偏差通报" in str(message["Subject"]) else "en"


def test_a_single_figure_that_is_wrong_is_seen(year: Year, scoped: dict[str, Document]) -> None:
    """The checks above can fail: each figure in its turn is changed a little, and named."""
    for told in (year.book, year.page):
        unseen = [what for what, wrong in changes(told) if not list(check_summary(wrong, year.document))]
        unseen += [
            what
            for what, wrong in cell_changes(told, tuple(SECTIONS))
            if not list(check_summary(wrong, year.document))
        ]
        assert unseen == []
    sheets = tuple(key for key in year.page.tables if key not in SECTIONS)
    assert [
        what for what, wrong in cell_changes(year.page, sheets) if not list(check_page(year.book, wrong))
    ] == []
    for message in year.messages:
        document, lang = scoped[str(message["To"])], language_of(message)
        tasks = "finance@" in str(message["To"])
        for mailed in (read_plain(message), read_rich(message)):
            wrongs = list(mail_changes(mailed, lang))
            assert len(wrongs) > 50
            assert [
                what for what, wrong in wrongs if not list(check_mail(wrong, document, lang, tasks=tasks))
            ] == []


def test_every_control_total_holds(year: Year) -> None:
    contents = openpyxl.load_workbook(year.file, data_only=True)["目录"]
    values = [cell.value for row in contents.iter_rows() for cell in row]
    assert values.count("● 一致") == 7
    assert "◆ 不一致" not in values


def test_links_to_the_sources_take_names_from_cells(year: Year) -> None:
    book = openpyxl.load_workbook(year.file)
    formulas = [c.value for row in book["差异汇总"].iter_rows() for c in row if "HYPERLINK" in str(c.value)]
    assert len(formulas) > 30
    shape = r"=HYPERLINK\(cell_source_folder&'明细数据'!R\d+&\"#'\"&SUBSTITUTE\('明细数据'!S\d+,.*'明细数据'!T\d+,\"原表 ▸\"\)"
    assert all(re.fullmatch(shape, formula) for formula in formulas)
    folder = next(c.value for row in book["目录"].iter_rows() for c in row if str(c.value).endswith("inbox/"))
    assert (year.file.parent / folder).resolve() == (year.folder / "inbox").resolve()


# -- order and place of the files ----------------------------------------------------------

WRITE_ALL = """
import sys
from pathlib import Path
from planbook import export_frames, load_cycle, write_consolidated
from planbook.cli.report_commands import _document
from planbook.cli.support import print_json
from planbook.reports import write_html
from planbook.workflow import collect_returns, roll_up_cycle

folder, out, jobs, *paths = sys.argv[1:]
cycle, out = load_cycle(Path(folder)), Path(out)
figures = roll_up_cycle(cycle, collect_returns(cycle, [Path(p) for p in paths], jobs=int(jobs)))
write_consolidated(out / "report.xlsx", figures)
write_html(out / "report.html", figures)
for form in ("csv", "parquet"):
    export_frames(figures, out, form=form)
print_json(_document(figures, "zh"))
"""
# Where the same year is consolidated: what a machine may have otherwise than the next.
MACHINES = (
    {"TZ": "Asia/Shanghai", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"},
    {"TZ": "America/Los_Angeles", "LC_ALL": "POSIX", "PYTHONHASHSEED": "4711"},
    {"TZ": "Pacific/Kiritimati", "LC_ALL": "en_US.UTF-8", "LANG": "de_DE.UTF-8", "PYTHONHASHSEED": "0"},
)


def write_all(
    folder: Path, out: Path, machine: Mapping[str, str], jobs: int, *paths: Path
) -> dict[str, bytes]:
    """Every report of the year, written by a process of its own that runs in a folder of its own."""
    out.mkdir()
    elsewhere = out.with_name(f"{out.name}-work")
    elsewhere.mkdir()
    command = [sys.executable, "-c", WRITE_ALL, folder, out, jobs, *paths]
    environment = {**os.environ, **machine}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())} | {"document": done.stdout}


def test_order_folders_stamps_workers_and_the_machine_change_no_byte(year: Year, tmp_path: Path) -> None:
    inbox = sorted((year.folder / "inbox").iterdir())
    split = [tmp_path / "some", tmp_path / "others"]
    for number, path in enumerate(reversed(inbox)):  # so that the folders list them in another order, too
        place = split[number % 2]
        place.mkdir(exist_ok=True)
        shutil.copyfile(path, place / path.name)
        os.utime(place / path.name, (1_000_000_000 + number, 1_000_000_000 + number))
    one, two, three = MACHINES
    wanted = write_all(year.folder, tmp_path / "one", one, 1)
    assert {"report.xlsx", "report.html", "facts.csv", "facts.parquet", "document"} < set(wanted)
    for name, made in (
        ("split among folders, three workers", write_all(year.folder, tmp_path / "two", two, 3, *split)),
        ("file by file, backwards", write_all(year.folder, tmp_path / "three", three, 2, *reversed(inbox))),
    ):
        assert set(made) == set(wanted)
        assert [part for part in wanted if made[part] != wanted[part]] == [], name


# -- what a reader of a part gets ----------------------------------------------------------


TYPED = (
    "goal", "metric", "task", "initiative", "owner", "owners", "risk", "response", "action", "driver", "cause",
    "improvement", "progress", "support", "file", "sha256",
)  # fmt: skip


def told_elsewhere(year: Year, inside: set[str], typed: str) -> set[str]:
    """What only departments outside the scope typed or are called: none of it may be told inside."""
    company = load_cycle(year.folder).company
    outside = [d for d in company.departments if d.code not in inside]
    words = {word for department in outside for word in (department.name, department.email) if word}
    own: set[str] = set()
    for name, rows in year.document.items():
        if isinstance(rows, list) and name not in ("problems", "company_goals", "trend"):
            for row in rows:
                mine = not row.get("department") or row["department"] in inside
                (own if mine else words).update(str(row[key]) for key in TYPED if row.get(key))
    shared = typed + " ".join(f"{goal.goal} {goal.metric}" for goal in company.goals)
    return {word for word in words - own if len(word) > 1 and word not in shared}


@pytest.mark.parametrize(("scope", "lang"), [("YX", "zh"), ("YF", "en"), ("KH", "zh"), ("WL", "en")])
def test_a_part_of_the_company_names_nobody_else(
    year: Year, returned: Collection, tmp_path: Path, scope: str, lang: str
) -> None:
    """Divisions and departments, one of them in a workbook that it shares: nothing of others in any part."""
    out = tmp_path / "part.xlsx"
    more = ("--scope", scope, "--lang", lang, "--out", str(out), "--json", "--html")
    done = CliRunner().invoke(main, ["consolidate", "--cycle", str(year.folder), *more])
    assert done.exit_code == 0, done.output
    parts = {name: html.unescape(data.decode("utf-8")) for name, data in read_parts(out).items()}
    parts |= {"page": html.unescape(out.with_suffix(".html").read_text("utf-8")), "document": done.stdout}
    company = returned.company
    inside = {d.code for d in company.below(scope)}
    # A department inside may name another in its own words, and a workbook's file be called by its own.
    typed = typed_in_scope(returned, scope, inside)
    words = told_elsewhere(year, inside, typed)
    assert len(words) > 60
    assert [(word, name) for word in words for name, text in parts.items() if word in text] == []
    # Ids begin with the department whose workbook it is.
    issued = {row["fact"].partition("-")[0] for row in year.document["facts"] if row["department"] in inside}
    outside = {d.code for d in company.departments} - inside - issued - set(re.findall(r"\w+", typed))
    codes = re.compile(rf"(?<![A-Za-z0-9])({'|'.join(sorted(outside))})(?![A-Za-z0-9])")
    assert {name: found[0] for name, text in parts.items() if (found := codes.search(text))} == {}
    own = {d.name for d in company.departments if d.code in inside}
    assert all(any(name in text for text in parts.values()) for name in own)


def test_a_department_in_its_divisions_workbook_has_a_report_of_its_own(year: Year) -> None:
    command = ["consolidate", "--cycle", str(year.folder), "--scope", "销售部", "--json", "--html"]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    book, page = read_workbook(document["file"]), read_page(Path(document["html"]).read_text("utf-8"))
    assert {goal["department"] for goal in document["goals"]} == {"XS"}
    assert [*check_records(book, document), *check_page(book, page)] == []
    assert [*check_summary(book, document), *check_summary(page, document), *check_sums(document)] == []


@pytest.mark.office
def test_other_programs_compute_what_is_stored(year: Year, tmp_path: Path) -> None:
    require_office("libreoffice", "gnumeric")
    path = year.file
    (again,) = recalculate_libreoffice([path], tmp_path / "libreoffice")
    assert compare_values(path, again) == []
    assert compare_values(path, recalculate_gnumeric(path, tmp_path / "gnumeric")) == []


@pytest.mark.office
def test_the_schema_of_the_format_forbids_nothing(year: Year, tmp_path: Path) -> None:
    require_validator()
    split, empty = tmp_path / "split.xlsx", tmp_path / "empty.xlsx"
    write_consolidated(split, large_company("en").make(), lang="en", most_facts=40)
    write_consolidated(empty, Builder(SMALL).make())
    found = check_schema([year.file, split, empty])
    assert not [fault for faults in found.values() for fault in faults]
