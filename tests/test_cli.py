"""The command line as CLI.md promises it: exit codes, one clear line, JSON, and no traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result
from msoffcrypto.format.ooxml import OOXMLFile

from planbook import workflow
from planbook.cli import main
from planbook.cli.texts import TEXTS
from planbook.explain.texts import TEXTS as EXPLAINED
from planbook.measures.frames import FRAMES
from planbook.problems.phrases import DETAILS, FAILURES
from tests.support.workbooks import read_tables, write_filled

GOALS = """
level      | goal       | metric | unit | target | department | due        | weight
department | 新客户拓展 | 签约量 | 家   | {}     | XS         | 2024-12-31 | 1
"""


def run(*arguments: str | Path, cwd: Path | None = None) -> Result:
    here = Path.cwd()
    os.chdir(cwd or here)
    try:
        return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)
    finally:
        os.chdir(here)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "收件"
    folder.mkdir()
    plan = read_tables("annual_plan", {"goals": GOALS.format(50)})
    write_filled(folder / "营销中心.xlsx", plan)
    return folder


@pytest.fixture
def cycle(tmp_path: Path) -> Path:
    folder = tmp_path / "2025"
    assert run("init", folder, "--year", "2025", "--lang", "zh").exit_code == 0
    return folder


def test_the_weekly_mail_reads_with_as_many_processes_as_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    collect = workflow.collect_returns

    def watch(*arguments: Any, **options: Any) -> Any:
        given.append(options["jobs"])
        return collect(*arguments, **options)

    workflow.run_demo(tmp_path / "demo")
    monkeypatch.setattr(workflow, "collect_returns", watch)
    done = run("weekly", "--dry-run", "--jobs", "1", "--cycle", tmp_path / "demo")
    assert (done.exit_code, given) == (0, [1]), done.output


def test_every_command_and_option_has_help() -> None:
    for name, command in main.commands.items():
        commands = getattr(command, "commands", {"": command})
        for sub in commands.values():
            assert sub.help, name
            for param in sub.params:
                assert param.param_type_name == "argument" or getattr(param, "help", None), (name, param.name)
    help_text = run("--help").output
    assert all(name in help_text for name in main.commands)


def test_planbooks_own_reports_among_the_returns_are_a_note(inbox: Path) -> None:
    """Bare files are consolidated where they lie; the next check of the folder meets the report."""
    first = run("check", ".", "--json", cwd=inbox)
    assert run("consolidate", ".", "--html", cwd=inbox).exit_code == 0
    document = json.loads(run("check", ".", "--json", cwd=inbox).output)
    own = {(p["code"], p["severity"], p["file"]) for p in document["problems"] if p["code"] == "own-report"}
    names = {path.name for path in inbox.glob("*consolidated*")}
    assert own == {("own-report", "note", name) for name in names} and len(own) == 2
    assert document["counts"]["error"] == json.loads(first.output)["counts"]["error"] == 0
    again = json.loads(run("consolidate", ".", "--json", cwd=inbox).output)
    assert [(r["department_name"], r["receipt"]) for r in again["receipts"]] == [("营销中心", "accepted")]


def test_texts_are_in_both_languages() -> None:
    for texts in (TEXTS.table, EXPLAINED.table, DETAILS, FAILURES):
        assert all(set(entry) == {"zh", "en"} and all(entry.values()) for entry in texts.values())


def test_a_clean_workbook_checks_with_exit_0(inbox: Path) -> None:
    result = run("check", inbox, cwd=inbox)
    assert result.exit_code == 0, result.output
    assert "0 个错误" in result.output or "没有问题" in result.output


def test_check_prints_place_message_and_fix_and_exits_1(inbox: Path) -> None:
    write_filled(inbox / "坏.xlsx", read_tables("annual_plan", {"goals": GOALS.format('"待定"')}))
    result = run("check", inbox, "--lang", "zh", cwd=inbox)
    assert result.exit_code == 1
    line = next(line for line in result.output.splitlines() if "待定" in line)
    assert line.startswith("坏.xlsx:1_目标总表!I7: “目标值”的内容“待定”不是数值。 请填写数字")
    english = run("check", inbox / "坏.xlsx", "--lang", "en", cwd=inbox)
    assert "which is no quantity. Type a number" in english.output


def test_files_of_every_wrong_kind_get_one_line_each_and_the_good_one_goes_through(inbox: Path) -> None:
    (inbox / "文本.xlsx").write_text("部门,目标", encoding="utf-8")
    with (inbox / "营销中心.xlsx").open("rb") as plain, (inbox / "加密.xlsx").open("wb") as locked:
        OOXMLFile(plain).encrypt("secret", locked)  # as Excel does with an opening password
    (inbox / "目录.xlsx").mkdir()
    openpyxl.Workbook().save(inbox / "外来.xlsx")
    result = run("check", inbox, "--json", cwd=inbox)
    assert result.exit_code == 1
    document = json.loads(result.output)
    codes = {p["file"]: p["code"] for p in document["problems"] if p["severity"] == "error"}
    assert codes == {
        "文本.xlsx": "not-a-workbook",
        "加密.xlsx": "encrypted",
        "目录.xlsx": "not-a-file",
        "外来.xlsx": "foreign-workbook",
    }
    assert {f["file"]: f["read"] for f in document["files"]}["营销中心.xlsx"] is True
    out = inbox.parent / "汇总.xlsx"
    consolidated = run("consolidate", inbox, "--out", out, cwd=inbox)
    assert consolidated.exit_code == 0, consolidated.output
    assert out.exists()


def test_read_gives_one_json_document_with_provenance(inbox: Path) -> None:
    result = run("read", inbox / "营销中心.xlsx", "--json", cwd=inbox)
    assert result.exit_code == 0
    document = json.loads(result.output)
    goal = document["tables"]["goals"][0]
    assert goal["id"] == "G001"
    assert goal["values"]["target"] == {"value": 50.0, "cell": "1_目标总表!I7"}
    assert document["issue"]["department"] == "YX"
    assert len(document["sha256"]) == 64


def test_the_roll_up_as_json_has_every_frame(inbox: Path) -> None:
    document = json.loads(
        run("consolidate", inbox, "--out", inbox.parent / "汇总.xlsx", "--json", cwd=inbox).output
    )
    assert document.keys() >= FRAMES.keys()
    for name, spec in FRAMES.items():
        assert all(tuple(row) == spec.names for row in document[name]), name
    assert document["goals"] and document["scores"]


def test_a_file_that_cannot_be_read_exits_1(inbox: Path) -> None:
    (inbox / "x.xlsx").write_text("x")
    result = run("read", inbox / "x.xlsx", cwd=inbox)
    assert result.exit_code == 1
    assert json.loads(result.output)["problems"][0]["code"] == "not-a-workbook"


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("check", "没有这个文件.xlsx"),
        ("generate",),
        ("consolidate",),
        ("weekly", "--dry-run"),
        ("weekly", "--week", "2024-W99"),
        ("weekly", "--week", "27"),
        ("consolidate", "--as-of", "昨天"),
        ("explain",),
        ("explain", "XS-G001"),
        ("spec", "check", "nothing"),
        ("nonsense",),
    ],
)
def test_wrong_usage_exits_2_with_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = run(*arguments, cwd=tmp_path)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("week", ["2024-W53", "2024-W00", "0000-W01", "2024W27", "2024-W27\u202e", "next"])
def test_a_week_that_is_none_is_refused_before_anything_is_read(cycle: Path, week: str) -> None:
    result = run("weekly", "--dry-run", "--week", week, "--lang", "en", cwd=cycle)
    assert result.exit_code == 2
    assert result.output.startswith('planbook: there is no week "')
    assert result.output.count("\n") == 1 and "\u202e" not in result.output
    assert "recipients" in run("weekly", "--dry-run", "--week", "2026-W53", "--lang", "en", cwd=cycle).output


def test_init_generate_and_what_a_newcomer_gets_wrong(cycle: Path) -> None:
    assert {p.name for p in cycle.iterdir()} >= {"planbook.toml", "departments.csv", "company_goals.csv"}
    again = run("init", cycle)
    assert again.exit_code == 3
    assert again.output.startswith("planbook: ")
    unknown = run("generate", "没有这个部门", cwd=cycle)
    assert unknown.exit_code == 2
    assert "departments.csv" in unknown.output
    (cycle / "departments.csv").write_text("代码,名称,上级\nA,甲,B\nA,乙,\n", encoding="utf-8")
    faulty = run("generate", cwd=cycle)
    assert faulty.exit_code == 3
    assert "departments.csv:2" in faulty.output and "departments.csv:3" in faulty.output


def test_generate_writes_what_it_says_and_the_same_bytes_in_parallel(cycle: Path) -> None:
    first = run("generate", "--rows", "goals=8", "--rows", "review=8", cwd=cycle)
    assert first.exit_code == 0, first.output
    files = sorted((cycle / "outbox").glob("*.xlsx"))
    assert files and all(path.name in first.output for path in files)
    other = cycle / "again"
    second = run(
        "generate", "--rows", "goals=8", "--rows", "review=8", "--jobs", "2", "--out", other, cwd=cycle
    )
    assert second.exit_code == 0, second.output
    assert [p.read_bytes() for p in files] == [p.read_bytes() for p in sorted(other.glob("*.xlsx"))]
    checked = json.loads(run("check", "outbox", "--json", cwd=cycle).output)
    errors = {(p["code"], p["cell"][:1]) for p in checked["problems"] if p["severity"] == "error"}
    assert errors == {("required-missing", "I")}  # the department's own share of a company goal


def test_spec_commands(tmp_path: Path) -> None:
    listed = run("spec", "list", "--lang", "zh")
    assert listed.output.split()[0] == "annual_plan"
    assert run("spec", "check").exit_code == 0
    assert json.loads(run("spec", "show", "classic", "--json").output)["name"] == "classic"
    assert "目标名称" in run("spec", "show", "--lang", "zh").output
    assert json.loads(run("spec", "schema").output)["title"] == "Book"
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: bad\nverson: 1\n", encoding="utf-8")
    result = run("spec", "check", bad, "--lang", "en")
    assert result.exit_code == 1
    assert "bad.yaml:2" in result.output and "version" in result.output


def test_consolidate_strict_and_nothing_accepted(inbox: Path) -> None:
    write_filled(inbox / "营销中心.xlsx", read_tables("annual_plan", {"goals": GOALS.format('"待定"')}))
    assert run("consolidate", inbox, "--out", inbox / "../a.xlsx", cwd=inbox).exit_code == 0
    assert run("consolidate", inbox, "--out", inbox / "../a.xlsx", "--strict", cwd=inbox).exit_code == 1
    (inbox / "营销中心.xlsx").write_text("x")
    assert run("consolidate", inbox, "--out", inbox / "../a.xlsx", cwd=inbox).exit_code == 2


def test_consolidate_never_overwrites_what_came_back(inbox: Path) -> None:
    victim = inbox / "营销中心.xlsx"
    before = victim.read_bytes()
    assert run("consolidate", victim, "--out", victim, cwd=inbox).exit_code == 2
    assert run("consolidate", inbox, "--out", inbox / "报告.txt", cwd=inbox).exit_code == 2
    assert victim.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_one_line(cycle: Path) -> None:
    (cycle / "outbox").rmdir()
    (cycle / "outbox").write_text("x", encoding="utf-8")
    result = run("generate", cwd=cycle)
    assert result.exit_code == 3
    assert "无法建立文件夹" in result.output
    assert "cannot be made" in run("generate", "--lang", "en", cwd=cycle).output


def test_the_demo_prints_the_roll_up_and_who_is_missing(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    result = run("demo", folder, "--lang", "zh", cwd=tmp_path)
    assert result.exit_code == 0, result.output
    assert "财务部" in result.output and "◆ 未提交" in result.output and "◆ 已隔离" in result.output
    (page,) = (folder / "reports").glob("*.html")
    assert page.name in result.output.replace("\n", "")
    assert list((folder / "reports").glob("*.xlsx")) and list((folder / "reports" / "mail").glob("*.eml"))
    assert len(list((folder / "outbox").glob("*.xlsx"))) == 11
    shutil.rmtree(folder / "outbox")
    words = result.output.split()
    assert "nan" not in words  # what is missing is left blank
    assert not [word for word in words if re.fullmatch(r"[0-9]+\.0", word)]  # counts are whole numbers
    assert run("demo", folder, cwd=tmp_path).exit_code == 0  # an earlier demo is made anew
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.doc").write_text("x")
    assert run("demo", tmp_path / "mine", cwd=tmp_path).exit_code == 2


def test_errors_show_no_traceback_unless_asked(cycle: Path) -> None:
    (cycle / "planbook.toml").write_text("year = [", encoding="utf-8")
    command = [sys.executable, "-m", "planbook"]
    quiet = subprocess.run([*command, "generate"], cwd=cycle, capture_output=True, text=True, check=False)
    assert quiet.returncode == 3
    assert "Traceback" not in quiet.stderr and "planbook.toml:1" in quiet.stderr
    loud = subprocess.run(
        [*command, "-v", "generate"], cwd=cycle, capture_output=True, text=True, check=False
    )
    assert "CycleError" in loud.stderr
