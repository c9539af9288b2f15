"""The catalogue for people: what each problem means, an example of it, and how to mend it.

The texts stand in `guide.toml`; the page `docs/problems.md` is made from them and from the
catalogue, so that neither can say what the program does not.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from planbook.problems.catalogue import CATALOGUE, Code, Severity
from planbook.problems.model import Problem

LANGUAGES = ("zh", "en")
Pair = tuple[str, str]

# The page's parts, each from its first code on; the order is the catalogue's.
SECTIONS: Mapping[Code, Pair] = MappingProxyType(
    {
        Code.NOT_A_FILE: ("文件本身", "The file itself"),
        Code.MACROS_IGNORED: ("文件种类与读取过程", "The kind of file, and how reading it went"),
        Code.IDENTITY_CONFLICT: ("工作簿的身份", "Identity"),
        Code.SHEET_MISSING: ("工作表、列与编号", "Structure"),
        Code.HEADER_MISSING: ("对表、列、行做的改动", "What people did to sheets, columns and rows"),
        Code.FORMULA_IN_INPUT: ("单元格里值以外的东西", "What a cell holds beside its value"),
        Code.ERROR_CELL: ("单元格", "Cells"),
        Code.DUPLICATE: ("行、引用与规则", "Rows, links and rules"),
        Code.FORMULA_OVERWRITTEN: ("公式单元格", "Formula cells"),
        Code.PROGRESS_BACKWARDS: ("与旧版本比较、迁移", "Against an earlier copy; migration"),
        Code.RESUBMITTED: ("交回情况", "The returned set"),
        Code.INPUT_MISSING: ("年度文件夹的输入", "The cycle's own inputs"),
        Code.BACKGROUND_UNUSED: ("预填内容与发件箱", "What is filled in beforehand, and the outbox"),
        Code.SPEC_SYNTAX: ("模板定义", "The book's specification"),
    }
)
SEVERITIES: Mapping[Severity, Pair] = MappingProxyType(
    {
        Severity.ERROR: ("错误", "error"),
        Severity.WARNING: ("警告", "warning"),
        Severity.NOTE: ("提示", "note"),
    }
)


@dataclass(frozen=True, slots=True)
class Page:
    """What the guide says of one code, each text in Chinese and in English."""

    code: Code
    meaning: Pair
    at: Pair
    found: Pair
    expected: Pair
    subject: Pair

    @property
    def severity(self) -> Severity:
        """How much the problem matters."""
        return CATALOGUE[self.code].severity

    def explain(self, lang: str) -> str:
        """What it means, in one or two sentences."""
        return self.meaning[LANGUAGES.index(lang)]

    def example(self, lang: str) -> str:
        """The line that `check` prints for the example."""
        place, text = self.at[LANGUAGES.index(lang)], self._problem(lang).message(lang)
        return f"{place}: {text}" if place else text

    def mend(self, lang: str) -> str:
        """How to mend the example."""
        return self._problem(lang).fix(lang)

    def _problem(self, lang: str) -> Problem:
        index = LANGUAGES.index(lang)
        return Problem(
            self.code,
            found=self.found[index],
            expected=self.expected[index],
            subject=self.subject[index],
        )


@lru_cache
def load_guide() -> Mapping[Code, Page]:
    """The page of every code, in the catalogue's order."""
    text = files("planbook.problems").joinpath("guide.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return MappingProxyType({code: _page(code, data[code.value]) for code in CATALOGUE if code.value in data})


def _page(code: Code, entry: Mapping[str, str | list[str]]) -> Page:
    def pair(key: str) -> Pair:
        value = entry.get(key, "")
        return (value, value) if isinstance(value, str) else (value[0], value[1])

    return Page(code, pair("meaning"), pair("at"), pair("found"), pair("expected"), pair("subject"))


def render_markdown() -> str:
    """The whole catalogue as a Markdown page, both languages side by side."""
    lines = [
        "# 问题目录 · The catalogue of problems",
        "",
        "<!-- Made by make docs: change guide.toml or catalogue.py instead. -->",
        "",
        "`planbook check` names every problem with file, sheet and cell. Codes are stable: scripts may",
        "rely on them. An **error** keeps a row or a file out of the figures, or must be mended before the",
        "workbook is accepted; a **warning** counts and should be looked at; a **note** needs nothing.",
        "`planbook problems CODE` shows one of them.",
    ]
    for code, page in load_guide().items():
        if code in SECTIONS:
            lines += ["", "## {} · {}".format(*SECTIONS[code])]
        lines += ["", *_render_page(page)]
    return "\n".join(lines) + "\n"


def _render_page(page: Page) -> list[str]:
    lines = [f"### `{page.code.value}`", "", "{} · {}".format(*SEVERITIES[page.severity])]
    labels = {"zh": ("例", "处理"), "en": ("Example", "Mend")}
    for lang in LANGUAGES:
        example, mend = labels[lang]
        lines += [
            "",
            page.explain(lang),
            "",
            f"- {example}: `{_code(page.example(lang))}`",
            f"- {mend}: {_prose(page.mend(lang))}",
        ]
    return lines


def _code(text: str) -> str:
    return text.replace("`", "'")


def _prose(text: str) -> str:
    return text.replace("*", "\\*").replace("<", "&lt;")
