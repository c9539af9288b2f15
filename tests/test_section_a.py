"""The planner's workbook against its acceptance, line by line, and each line against its absence.

The checks stand in `tests/lines`.  Every one must find nothing in workbooks as they are written, in
both languages, blank, half filled and full, and must find something in each workbook that breaks
its line.  Lines whose conditions are worked out cell by cell run in `test_section_a_marks`.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.lines import BOTH, LINKED, Break, Line, dashboard, dropdowns, formulas, identity, layout, pages
from tests.lines.running import broken_cases, check_broken, check_real, opened, real_cases
from tests.support.kept import losses
from tests.support.opened import edit, remark, restyle, unlock
from tests.test_section_a_marks import LINES as MARKED

LINES: tuple[Line, ...] = (
    *identity.LINES,
    *dropdowns.LINES,
    *formulas.LINES,
    *layout.LINES,
    *pages.LINES,
    *dashboard.LINES,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lines")


@pytest.mark.parametrize(("line", "book", "lang", "state"), real_cases(LINES))
def test_the_line_holds(line: Line, book: str, lang: str, state: str, folder: Path) -> None:
    check_real(line, folder, (book, lang, state))


@pytest.mark.parametrize(("line", "how"), broken_cases(LINES))
def test_a_broken_line_is_noticed(line: Line, how: str, folder: Path) -> None:
    check_broken(line, how, folder)


def test_every_line_can_be_broken() -> None:
    every = (*LINES, *MARKED)
    assert all(line.breaks for line in every)
    assert {name: count for name, count in Counter(line.name for line in every).items() if count > 1} == {}
    assert {line.books for line in every} == {BOTH, LINKED}


# What `support.kept` must notice when another program saved a workbook: (kind of loss, break).
LOSSES: dict[str, tuple[str, Break]] = {
    "a name": ("names", edit("xl/workbook.xml", r'<definedName name="list_unit">[^<]*</definedName>', "")),
    "a validation": ("validations", edit("goals", r'<dataValidation type="list".*?</dataValidation>', "")),
    "a warning": ("validations", edit("goals", r' errorStyle="warning"', "")),
    "a prompt": ("words of validations", edit("goals", r' prompt="[^"]*"', "")),
    "a mark": ("conditional formats", remark("goals", "target", None)),
    "another mark": ("conditional formats", remark("goals", "target", "TRUE")),
    "protection": ("protection", edit("goals", r"<sheetProtection[^>]*/>", "")),
    "what it allows": ("protection", edit("goals", r' autoFilter="0"', "")),
    "an input": ("unlocked cells", restyle("goals", "B9", like="A9")),
    "hidden keys": ("hidden rows and columns", edit("goals", r'(<row r="5"[^>]*) hidden="1"', r"\1")),
    "a page": ("pages", edit("goals", r'orientation="landscape"', 'orientation="portrait"')),
    "a link": ("links", edit("index", r"<hyperlink [^>]*/>", "")),
    "a sparkline": ("drawn", edit("仪表盘", r"<x14:sparkline>.*?</x14:sparkline>", "")),
    "a note": ("drawn", edit("xl/comments1.xml", r"<comment .*?</comment>", "")),
    "a sheet": ("sheets", edit("xl/workbook.xml", r'<sheet name="1_目标总表"[^>]*/>', "")),
}


@pytest.mark.parametrize("name", LOSSES)
def test_what_a_program_loses_is_noticed(name: str, folder: Path) -> None:
    book, (kind, lose) = opened(folder, "annual_plan", "zh", "full"), LOSSES[name]
    assert losses(book, book) == {}
    assert kind in losses(book, lose(book))


def test_a_break_that_changes_nothing_is_no_break(folder: Path) -> None:
    book = opened(folder, "annual_plan", "zh", "full")
    with pytest.raises(LookupError, match="holds nothing"):
        edit("goals", "没有这样的文字", "")(book)
    assert not book.style(unlock("goals", "A7")(book).sheets["1_目标总表"].cells["A7"]).locked
