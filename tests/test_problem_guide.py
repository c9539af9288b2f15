"""The catalogue for people: every code explained, its page current, and the command that shows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from planbook.cli import main
from planbook.problems import CATALOGUE, Code
from planbook.problems.guide import SECTIONS, load_guide, render_markdown

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def test_every_code_is_explained_in_both_languages() -> None:
    missing = [code.value for code in Code if code not in load_guide()]
    assert not missing, f"give these an entry in planbook/problems/guide.toml: {missing}"
    for page in load_guide().values():
        assert all(page.meaning) and page.meaning[0] != page.meaning[1], page.code


def test_no_entry_explains_a_code_that_is_gone() -> None:
    import tomllib

    entries = tomllib.loads((ROOT / "planbook/problems/guide.toml").read_text(encoding="utf-8"))
    assert set(entries) == {code.value for code in Code}
    assert all(set(entry) <= {"meaning", "at", "found", "expected", "subject"} for entry in entries.values())


@pytest.mark.parametrize("code", Code)
def test_an_example_fills_every_placeholder_of_its_message(code: Code) -> None:
    page, entry = load_guide()[code], CATALOGUE[code]
    for index, lang in enumerate(("zh", "en")):
        texts = entry.message[lang] + entry.fix[lang]
        for name in ("found", "expected", "subject"):
            value = getattr(page, name)[index]
            assert bool(value) == (f"{{{name}}}" in texts), f"{code.value} {lang} {name}: {value!r}"


def test_the_page_is_current() -> None:
    page = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")
    assert page == render_markdown(), "docs/problems.md is out of date: run make docs"
    assert page.count("\n### `") == len(Code)
    assert page.count("\n## ") == len(SECTIONS)


def test_problems_lists_the_catalogue_and_explains_one() -> None:
    listed = run("problems", "--lang", "en")
    assert listed.exit_code == 0
    assert all(code.value in listed.output for code in Code)
    one = run("problems", "LINK_BROKEN", "--lang", "zh")
    assert one.output.splitlines() == [
        "link-broken  错误",
        "引用的行不存在：多半是被删除或清空。许多单元格指向同一行时合并为一条。",
        "例　  销售部.xlsx:2_目标分解!C7: “目标名称”指向的“G003｜新客户拓展”在“1_目标总表”中不存在。",
        "处理  请补上被指向的那一行，或从下拉列表中重新选择。",
    ]


def test_problems_speaks_json_and_markdown() -> None:
    everything = json.loads(run("problems", "--json", "--lang", "en").output)
    assert [entry["code"] for entry in everything] == [code.value for code in CATALOGUE]
    one = json.loads(run("problems", "not-a-date", "--json", "--lang", "en").output)
    assert one["severity"] == "error"
    assert one["example"] == 'sales.xlsx:1_Goals!N7: "Due" has "soon", which is no date.'
    assert run("problems", "--markdown").output == render_markdown()


def test_a_code_nobody_knows_is_wrong_usage_with_a_proposal() -> None:
    result = run("problems", "linkbroken")
    assert result.exit_code == 2
    assert "link-broken" in result.output
    assert run("problems", "link-broken", "--markdown").exit_code == 2
