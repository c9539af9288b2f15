"""Every word a person meets is in the language that was asked for: details, errors, usage, plurals."""

from __future__ import annotations

import ast
import errno
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from planbook.cycle import load_cycle
from planbook.measures.tidy import problem_frame
from planbook.problems import (
    Code,
    CycleError,
    Location,
    Phrases,
    PlanbookError,
    Problem,
    Words,
    explain_os_error,
    find_near,
    list_words,
    say,
)
from planbook.problems.phrases import DETAILS, FAILURES
from planbook.reader import read_workbook
from planbook.workflow import read_and_check
from tests.support.hostile import pack, parts_of
from tests.support.workbooks import read_tables, write_filled
from tests.test_cli import GOALS, run
from tests.test_cycle import write_cycle

ROOT = Path(__file__).resolve().parent.parent
HAN = re.compile(r"[\u4e00-\u9fff]")
PHRASE_OF_ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}")


# -- the tables ----------------------------------------------------------------------------


@pytest.mark.parametrize("key", [*DETAILS, *FAILURES])
def test_both_texts_of_a_phrase_take_the_same_values(key: str) -> None:
    entry = (DETAILS | FAILURES)[key]
    names = [set(re.findall(r"\{(\w+)", text)) for text in entry.values()]
    assert names[0] == names[1]
    assert HAN.search(entry["zh"]) or key == "with_problem"
    assert not HAN.search(entry["en"])


def test_no_error_speaks_one_language_only() -> None:
    """What an error says is a phrase, or a fault that is worded already: never a text in the code."""
    kinds = {kind.__name__ for kind in _kinds_of(PlanbookError)}
    literal = (ast.Constant, ast.JoinedStr, ast.BinOp)
    found = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in sorted(ROOT.rglob("planbook/**/*.py"))
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and _last_name(call.func) in kinds
        if call.args and isinstance(call.args[0], literal)
    ]
    assert found == []
    assert {"UsageError", "OutputError", "MailError"} <= kinds


def _kinds_of(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for lower in kind.__subclasses__():
        yield from _kinds_of(lower)


def _last_name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_one_is_told_from_many() -> None:
    table = Phrases({"n": {"zh": "{n} 份", "en": "{n} {n:file was|files were} read"}})
    assert [table.text("n", "en", n=n) for n in (0, 1, 2)] == [
        "0 files were read",
        "1 file was read",
        "2 files were read",
    ]
    assert table.say("n", n=1) == Words("1 份", "1 file was read")
    assert run("problems", "prefill-full", "--lang", "en").exit_code == 0


def test_what_was_typed_is_no_placeholder() -> None:
    table = Phrases({"n": {"zh": "{a}、{b}", "en": "{a}, {b}"}})
    assert table.text("n", "en", a="{b}", b="{a:x|y}") == "{b}, {a:x|y}"


def test_phrases_stand_within_phrases_and_lists() -> None:
    inner = list_words([say("folder"), "x"])
    assert say("example", name=inner) == Words("文件夹、x 之类", "something like a folder, x")
    problem = Problem(Code.NOT_A_FILE, Location("a.xlsx"), found=say("folder"))
    assert problem.message("zh") == "不是普通文件（文件夹）。"
    assert problem.message("en") == problem.message("fr") == "This is not a regular file (a folder)."


def test_nothing_typed_is_called_blank() -> None:
    blank = Problem(Code.RULE_BROKEN, expected=Words("须填写", "it is needed"), subject="甲")
    assert (blank.message("zh"), blank.message("en")) == (
        "“甲”为空白：须填写。",
        '"甲" is blank: it is needed.',
    )


def test_a_word_begun_is_found_before_one_that_is_alike() -> None:
    assert find_near("rule", [code.value for code in Code]) == ["rule-broken", "rule-advice"]
    assert find_near("linkbroken", [code.value for code in Code])[0] == "link-broken"
    assert find_near("qqq", ["a", "b"]) == find_near("", ["a"]) == []


@pytest.mark.parametrize(
    ("number", "zh", "en"),
    [
        (errno.EACCES, "没有权限", "permission denied"),
        (errno.ENOSPC, "磁盘已满", "the disk is full"),
        (errno.EROFS, "磁盘是只读的", "the disk is read-only"),
    ],
)
def test_why_the_system_refuses(number: int, zh: str, en: str) -> None:
    assert explain_os_error(OSError(number, os.strerror(number))) == Words(zh, en)


# -- what a file is, and what is wrong with it -----------------------------------------------


@pytest.mark.parametrize(
    ("data", "zh", "en"),
    [
        (b"", "空文件（0 字节）", "an empty file (0 bytes)"),
        (b"\x00" * 99, "只含零字节的文件，多半没有下载完，请重新下载", "nothing but zero bytes, most often a download cut short: fetch it again"),
        (b"\x01\x02\xff\xfe\x80" * 9, "无法识别的内容", "something of no known kind"),
        (b"\x89PNG\r\n\x1a\n", "图片（PNG）", "a picture (PNG)"),
        (b"%PDF-1.7", "文档（PDF）", "a document (PDF)"),
        (b"Rar!\x1a\x07", "压缩包（RAR）", "an archive (RAR)"),
        (b"<html><body>1", "网页（HTML）", "a web page (HTML)"),
        ("部门,目标\n".encode("gb18030"), "文本文件（TXT 或 CSV）", "a text file (TXT or CSV)"),
        (b"MZ\x90", "程序（EXE）", "a program (EXE)"),
    ],
)  # fmt: skip
def test_a_file_is_called_what_it_is(tmp_path: Path, data: bytes, zh: str, en: str) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    [problem] = read_workbook(path).problems
    assert problem.message("zh") == f"这不是 .xlsx 工作簿，而是{zh}。"
    assert problem.message("en") == f"This is no .xlsx workbook but {en}."


def test_frames_and_json_hold_texts_in_the_language_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"%PDF-1.7")
    problems = read_workbook(path).problems
    assert list(problem_frame(problems, "zh")["found"]) == ["文档（PDF）"]
    assert list(problem_frame(problems, "en")["found"]) == ["a document (PDF)"]
    told = json.loads(run("check", path, "--json", "--lang", "zh").output)["problems"]
    assert [problem["found"] for problem in told] == ["文档（PDF）"]


def test_why_a_package_is_damaged_or_unsafe(tmp_path: Path) -> None:
    plan = read_tables("annual_plan", {"goals": GOALS.format(50)})
    path = write_filled(tmp_path / "a.xlsx", plan)
    parts, whole = parts_of(path.read_bytes()), path.read_bytes()

    def told(data: bytes) -> tuple[str, str, str]:
        path.write_bytes(data)
        [problem] = read_workbook(path).problems
        return problem.code.value, problem.message("zh"), problem.message("en")

    assert told(whole[:3000]) == (
        "broken-package",
        "文件已损坏：压缩包的目录或内容已损坏。",
        "The file is damaged: its zip directory or content is damaged.",
    )
    missing = {name: part for name, part in parts.items() if name != "xl/_rels/workbook.xml.rels"}
    assert told(pack(missing))[1] == "文件已损坏：缺少 xl/_rels/workbook.xml.rels。"
    declared = b"<!DOCTYPE x>" + parts["xl/workbook.xml"]
    assert told(pack({**parts, "xl/workbook.xml": declared})) == (
        "unsafe-package",
        "文件内部结构不安全：xl/workbook.xml 中有文档类型声明（DTD），已拒绝。",
        "The package is unsafe and was refused: xl/workbook.xml declares a document type (DTD).",
    )


# -- the cycle's inputs ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("toml", "zh", "en"),
    [
        ("year = 2024\nyear = 2025", "同一个键写了两次", "a key stands twice"),
        ("year 2024", "键后面缺少等号", "an equals sign is missing after the key"),
        ("year = 2024 x", "值的后面还有多余的内容", "something is left over after the value"),
        ("year = ", "等号后的值不成立", "what follows the equals sign is no value"),
        ('name = "x', "文字的引号没有闭合", "the quotation mark of a text is not closed"),
        ('name = "C:\\x"', "文字中的反斜杠要写两个", "a backslash within a text must be written twice"),
        ("sheets = [1", "方括号或花括号没有闭合", "a bracket or brace is not closed"),
        ("[paths\nx = 1", "[表] 的方括号没有闭合", "the bracket of a [table] is not closed"),
        ("due = 2024-02-30", "日期不存在", "there is no such date"),
        ("[paths]\n[paths]", "同一个 [表] 写了两次", "a [table] stands twice"),
    ],
)
def test_a_line_that_is_no_toml_is_explained(tmp_path: Path, toml: str, zh: str, en: str) -> None:
    with pytest.raises(CycleError) as caught:
        load_cycle(write_cycle(tmp_path, toml))
    [problem] = [p for p in caught.value.problems if p.code is Code.INPUT_SYNTAX]
    assert problem.message("zh") == f"TOML 语法错误：{zh}。"
    assert problem.message("en") == f"The TOML does not parse: {en}."


def test_faults_of_the_inputs_hold_no_english_phrase_in_chinese(tmp_path: Path) -> None:
    toml = (
        "yeer = 2025\nlanguage = 'xx'\nas_of = 'soon'\nbook = 'x'\ntake_over_goals = 3\n"
        "[settings]\ngreen = 90\namber = 2.0\nstale_days = -1\nholidays = 3\nmakeup_days = [2024-07-03]\n"
        "[smtp]\nhost = ''\nport = 0\nsender = 'x'\npassword = 'p'\n[[recipients]]\nname = 'x'\n"
    )
    departments = "code,name,weight,workbook\nA B,,200%,maybe\nXS," + "长" * 61 + ",1,是\n"
    goals = "goal,target,unit,direction,target_high\n,,,,\n甲,soon,家,区间,\n乙,90,分,区间,80\n"
    with pytest.raises(CycleError) as caught:
        load_cycle(write_cycle(tmp_path, toml, departments, goals))
    lines = {problem.line("zh") for problem in caught.value.problems}
    assert len(lines) > 15
    assert [line for line in lines if PHRASE_OF_ENGLISH.search(line)] == []
    english = [problem.message("en") + problem.fix("en") for problem in caught.value.problems]
    typed = "长甲乙亿元万至销售部年度营收增长"  # what somebody typed, or an example of it
    assert [text for text in english if HAN.search(re.sub(f"[{typed}]", "", text))] == []
    assert "departments.csv:2 [weight]: “weight”不能是“200%”，应写：0%–100%。 请更正。" in lines


# -- the command line --------------------------------------------------------------------------


@pytest.fixture
def chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Chinese cycle, in an English environment."""
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert run("init", tmp_path / "2025", "--year", "2025", "--lang", "zh").exit_code == 0
    return tmp_path / "2025"


USAGE = [
    (("check", "--foo"), "没有选项 --foo", "there is no option --foo"),
    (("check", "--lan"), "没有选项 --lan；想用的可能是 --lang", "there is no option --lan; did you mean --lang?"),
    (("chek",), "没有命令 chek；想用的可能是 check", "there is no command chek; did you mean check?"),
    (("diff", "a"), "缺少 NEW", "Missing argument 'NEW'"),
    (("annotate", "."), "缺少 --out", "Missing option '--out'"),
    (("generate", "--jobs", "0"), "--jobs 不能是“0”，应为 1 至 64 之间的整数", "0 is not in the range 1<=x<=64"),
    (("check", "--jobs", "x"), "--jobs 不能是“x”，应为 不小于 0 的整数", "'x' is not a valid integer range"),
    (("check", "--as-of", "6/7/2024"), "--as-of 不能是“6/7/2024”，应为 2024-06-30 这样的日期", "'6/7/2024' does not"),
    (("check", "nowhere"), "nowhere 不存在", "nowhere does not exist"),
    (("check", "--cycle", "nowhere"), "nowhere 不存在", "nowhere does not exist"),
    (("check", "--cycle", "planbook.toml"), "planbook.toml 是文件，这里要的是文件夹", "planbook.toml is a file"),
    (("check",), "请给出工作簿，或它们所在的文件夹", "give the workbooks, or a folder of them"),
    (("check", "inbox"), "没有可读的文件：inbox", "there is no file to read in inbox"),
    (("check", "--json", "--csv", "x"), "--json 与 --csv 只能选一个", "choose --json or --csv, not both"),
    (("generate", "火星部"), "departments.csv 中没有部门“火星部”；可写 YX 营销中心、XS 销售部、", 'no department "火星部"'),
    (("generate", "--rows", "foo=3"), "模板 annual_plan 没有工作表 foo；有 goals（1_目标总表）、", "no sheet foo; there are goals ("),
    (("generate", "--rows", "foo"), "--rows 不能是“foo”，应写作 表=行数", "--rows cannot be \"foo\": write SHEET=ROWS"),
    (("generate", "--prefill", "../2024/inbox"), "../2024/inbox 不存在", "../2024/inbox does not exist"),
    (("problems", "rule"), "没有编码为“rule”的问题；想用的可能是 rule-broken、rule-advice", 'no problem has the code "rule"; did you mean'),
    (("problems", "zzz"), "没有编码为“zzz”的问题；planbook problems 列出全部编码", "planbook problems lists them all"),
    (("consolidate", "--out", "x.csv"), "x.csv 不以 .xlsx 结尾", "x.csv does not end in .xlsx"),
    (("spec", "check", "x.yaml"), "x.yaml 既不是模板也不是文件；模板有 annual_plan、classic", "x.yaml is neither a book nor a file"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "zh", "en"), USAGE, ids=[" ".join(case[0]) for case in USAGE])
def test_wrong_usage_is_said_in_the_cycles_language_or_the_one_asked_for(
    chinese: Path, arguments: tuple[str, ...], zh: str, en: str
) -> None:
    result = run(*arguments, cwd=chinese)
    assert result.exit_code == 2
    line = result.output.splitlines()[-1]
    assert line.startswith(f"planbook: {zh}")
    assert not PHRASE_OF_ENGLISH.search(line)
    if arguments[0] in {"chek", "spec"}:
        return
    english = run(*arguments, "--lang", "en", cwd=chinese)
    assert english.exit_code == 2
    assert en in english.output.splitlines()[-1]


def test_a_broken_cycle_still_speaks_its_language(chinese: Path) -> None:
    toml = chinese / "planbook.toml"
    toml.write_text('yeer = 2025\nlanguage = "zh"\n', encoding="utf-8")
    result = run("check", toml, cwd=chinese)
    assert result.exit_code == 3
    assert result.output.splitlines() == [
        "planbook: planbook.toml 中有 1 处错误",
        "  planbook.toml:1 [yeer]: 未知的设置“yeer”，可用：year。 请更正或删除该设置。",
    ]
    away = run("check", toml, "--cycle", chinese, cwd=chinese.parent)
    assert away.output == result.output
    assert "1 fault in planbook.toml" in run("check", toml, "--lang", "en", cwd=chinese).output


def test_without_a_cycle_the_environment_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert "no planbook.toml here or above" in run("generate", cwd=tmp_path).output
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "这里和上级文件夹都没有 planbook.toml" in run("generate", cwd=tmp_path).output


def test_a_folder_that_may_not_be_read_is_one_line(chinese: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", denied)
    result = run("check", "inbox", cwd=chinese)
    assert (result.exit_code, result.output) == (2, "planbook: 文件夹 inbox 无法读取：没有权限\n")


def test_rules_are_said_in_the_readers_language(tmp_path: Path) -> None:
    goals = GOALS.format(50)
    path = write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", {"goals": goals}))
    [advice] = [p for p in read_and_check(path)[0].problems if p.code is Code.RULE_ADVICE]
    assert str(advice.location) == "a.xlsx:1_目标总表!C7"
    assert advice.message("zh") == "“目标名称”为“新客户拓展”：尚未分解任务。"
    assert advice.message("en") == '"目标名称" is "新客户拓展": no task yet.'
