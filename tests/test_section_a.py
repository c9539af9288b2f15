"""The planner's workbook against its acceptance, line by line, and each line against its absence.

The checks stand in `tests/lines`.  Every one must find nothing in workbooks as they are written, in
both languages, blank and full, and must find something in each workbook that breaks its line.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.lines import BOTH, Line, dropdowns, formulas, identity, layout, marks, pages, rules
from tests.support.books import compiled, written
from tests.support.opened import Opened, open_workbook

LINES: tuple[Line, ...] = (
    *identity.LINES,
    *dropdowns.LINES,
    *formulas.LINES,
    *layout.LINES,
    *marks.LINES,
    *pages.LINES,
    *rules.LINES,
)
REAL = [
    pytest.param(line, book, lang, state, id=f"{line.name}-{book}-{lang}-{state}")
    for line in LINES
    for book in line.books
    for lang in ("zh", "en")
    for state in ("blank", "half", "full")
]
BROKEN = [pytest.param(line, how, id=f"{line.name}: {how}") for line in LINES for how in line.breaks]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lines")


@cache
def opened(folder: Path, book: str, lang: str, state: str) -> Opened:
    path = written(folder, (book, lang, state))
    return open_workbook(path, compiled(book, lang, whole=state == "blank").layout, state)


@pytest.mark.parametrize(("line", "book", "lang", "state"), REAL)
def test_the_line_holds(line: Line, book: str, lang: str, state: str, folder: Path) -> None:
    faults = list(line.check(opened(folder, book, lang, state)))
    assert faults == [], f"{len(faults)} faults"


@pytest.mark.parametrize(("line", "how"), BROKEN)
def test_a_broken_line_is_noticed(line: Line, how: str, folder: Path) -> None:
    sound = opened(folder, line.books[0], "zh", line.state)
    broken = line.breaks[how](sound)
    assert list(line.check(broken)) != []


def test_every_line_can_be_broken() -> None:
    assert all(line.breaks for line in LINES)
    assert {name: count for name, count in Counter(line.name for line in LINES).items() if count > 1} == {}
    assert {book for line in LINES for book in line.books} == set(BOTH)
