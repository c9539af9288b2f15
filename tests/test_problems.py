"""The catalogue of problems, and the one line a person reads of each."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from planbook.problems import (
    CATALOGUE,
    CalcError,
    Code,
    CycleError,
    Location,
    MailError,
    OutputError,
    PartError,
    PlanbookError,
    Problem,
    Severity,
    SpecError,
    UsageError,
    escape_text,
    rank_problems,
)

LANGUAGES = {"zh", "en"}
PLACEHOLDERS = {"found", "expected", "subject"}
ANY_BRACES = re.compile(r"\{([^{}]*)\}")


def placeholders(code: Code, lang: str) -> set[str]:
    entry = CATALOGUE[code]
    return {name.partition(":")[0] for name in ANY_BRACES.findall(entry.message[lang] + entry.fix[lang])}


# -- the catalogue -------------------------------------------------------------------------


def test_every_code_has_an_entry_and_every_entry_a_code() -> None:
    assert set(CATALOGUE) == set(Code)


@pytest.mark.parametrize("code", Code)
def test_an_entry_says_what_and_how_in_both_languages(code: Code) -> None:
    entry = CATALOGUE[code]
    assert isinstance(entry.severity, Severity)
    assert set(entry.message) == set(entry.fix) == LANGUAGES
    for text in (*entry.message.values(), *entry.fix.values()):
        assert text.strip() == text != ""
        assert text.endswith(("。", "."))
    assert not re.search(r"[\u4e00-\u9fff]", entry.message["en"] + entry.fix["en"])
    assert re.search(r"[\u4e00-\u9fff]", entry.message["zh"] + entry.fix["zh"])


@pytest.mark.parametrize("code", Code)
def test_both_languages_have_the_same_placeholders(code: Code) -> None:
    assert placeholders(code, "zh") == placeholders(code, "en") <= PLACEHOLDERS


@pytest.mark.parametrize("code", Code)
def test_no_brace_is_left_in_a_line(code: Code) -> None:
    problem = Problem(code, Location("计划.xlsx", "1_目标总表", "C7"), "甲", "乙", "丙")
    for lang in LANGUAGES:
        line = problem.line(lang)
        assert line.startswith("计划.xlsx:1_目标总表!C7: ")
        assert not set("{}") & set(line)


def test_codes_are_kebab_case_and_unique() -> None:
    values = [code.value for code in Code]
    assert len(values) == len(Code.__members__) == len(set(values))
    for name, code in Code.__members__.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code.value)
        assert name == code.value.replace("-", "_").upper()


# -- texts from strangers ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("目标总表 第1行", "目标总表 第1行"),
        ("a\nb\tc\r", "a\\u000ab\\u0009c\\u000d"),
        ("\x1b[31m红", "\\u001b[31m红"),
        ("\x00\x7f\x9b", "\\u0000\\u007f\\u009b"),
        ("左\u202e右\u2066\u2069\u200f\u061c", "左\\u202e右\\u2066\\u2069\\u200f\\u061c"),
        ("零\u200b宽\ufeff", "零\\u200b宽\\ufeff"),
        ("段\u2028行\u2029", "段\\u2028行\\u2029"),
        ("\ud800", "\\ud800"),
        ("😀（１２）｜", "😀（１２）｜"),
    ],
)
def test_escape_text(typed: str, shown: str) -> None:
    assert escape_text(typed) == shown


@given(st.text())
@example("\u202e" * 3)
def test_escaped_text_moves_no_cursor(text: str) -> None:
    shown = escape_text(text)
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    shown.encode("utf-8")


def test_nothing_typed_reaches_a_line_raw() -> None:
    evil = "\x1b]0;x\x07\u202e"
    place = Location(evil, evil, "A1", path=evil, line=3)
    problem = Problem(Code.INPUT_VALUE, place, evil, evil, evil)
    for lang in LANGUAGES:
        assert problem.line(lang) == escape_text(problem.line(lang))


def test_a_typed_placeholder_stays_what_was_typed() -> None:
    problem = Problem(Code.NOT_IN_LIST, found="{expected}", expected="{subject}", subject="{found}")
    assert "“{found}”的内容“{expected}”不在下拉列表中，可选：{subject}。" in problem.message("zh")


def test_a_long_value_is_cut_in_the_message() -> None:
    problem = Problem(Code.NOT_A_QUANTITY, found="长" * 500, subject="列" * 5000)
    assert "长" * 79 + "…" in problem.message()
    assert "长" * 80 not in problem.message()
    assert problem.found == "长" * 500
    assert len(problem.line()) < 400


def test_an_unknown_language_falls_back_to_english() -> None:
    assert Problem(Code.ENCRYPTED).message("fr") == Problem(Code.ENCRYPTED).message("en")


# -- places and order ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (Location(), ""),
        (Location("计划.xlsx"), "计划.xlsx"),
        (Location("计划.xlsx", "1_目标总表"), "计划.xlsx:1_目标总表"),
        (Location("计划.xlsx", "1_目标总表", "B12"), "计划.xlsx:1_目标总表!B12"),
        (Location("计划.xlsx", "1_目标总表", row=7), "计划.xlsx:1_目标总表!7:7"),
        (Location("计划.xlsx", "1_目标总表", "B12", row=12), "计划.xlsx:1_目标总表!B12"),
        (Location(sheet="1_目标总表", cell="A1"), "1_目标总表!A1"),
        (Location("departments.csv", line=4), "departments.csv:4"),
        (Location("book.yaml", line=9, path="sheets.0.key"), "book.yaml:9 [sheets.0.key]"),
        (Location(path="sheets.0.key"), "sheets.0.key"),
        (Location("a\nb.xlsx", "x\u202ey", "A1"), "a\\u000ab.xlsx:x\\u202ey!A1"),
    ],
)
def test_a_place_is_written_as_excel_does(place: Location, shown: str) -> None:
    assert str(place) == shown


def test_a_place_in_another_file() -> None:
    assert Location("a.xlsx", "表", "C3").within("b.xlsx") == Location("b.xlsx", "表", "C3")


def test_a_problem_without_a_place_is_its_message_alone() -> None:
    problem = Problem(Code.NOT_RETURNED, subject="市场部")
    assert problem.line("zh") == "部门“市场部”尚未提交。 请催收。"
    assert problem.severity is Severity.WARNING


def test_problems_are_ranked_errors_first_then_by_place() -> None:
    def at(code: Code, *place: str) -> Problem:
        return Problem(code, Location(*place))

    error, warning, note = Code.REQUIRED_MISSING, Code.LINK_NEAR, Code.READ_FROM_TEXT
    ordered = [
        at(error, "a.xlsx", "1", "B2"),
        at(error, "a.xlsx", "1", "Z2"),
        at(error, "a.xlsx", "1", "AA2"),
        at(error, "a.xlsx", "1", "A10"),
        at(error, "a.xlsx", "2", "A1"),
        at(error, "b.xlsx", "1", "A1"),
        at(warning, "a.xlsx", "1", "A1"),
        at(note, "a.xlsx", "1", "A1"),
    ]
    assert rank_problems(reversed(ordered)) == tuple(ordered)
    assert rank_problems([*ordered, *ordered]) == tuple(ordered)


@given(st.lists(st.builds(Problem, st.sampled_from(Code), st.builds(Location, st.text(max_size=2)))))
def test_ranking_is_stable_and_loses_nothing(problems: list[Problem]) -> None:
    ranked = rank_problems(problems)
    assert set(ranked) == set(problems)
    assert len(ranked) == len(set(problems))
    assert rank_problems(ranked) == ranked
    assert rank_problems(problems[::-1]) == ranked


# -- exceptions ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [UsageError, SpecError, CycleError, CalcError, OutputError, PartError, MailError]
)
def test_every_exception_is_one_line_and_may_carry_problems(kind: type[PlanbookError]) -> None:
    problem = Problem(Code.SPEC_SYNTAX)
    error = kind("one line", [problem])
    assert isinstance(error, PlanbookError)
    assert (str(error), error.problems) == ("one line", (problem,))
    assert kind("x").problems == ()
