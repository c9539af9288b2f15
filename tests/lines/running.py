"""Running the lines: which workbook each is held against, sound and broken."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.lines import Line
from tests.support.books import compiled, written
from tests.support.opened import Opened, open_workbook

LANGUAGES, STATES = ("zh", "en"), ("blank", "half", "full")


def real_cases(lines: Iterable[Line]) -> list[Any]:
    """Each line with every workbook it is held against: book, language, state."""
    return [
        pytest.param(line, book, lang, state, id=f"{line.name}-{book}-{lang}-{state}")
        for line in lines
        for book in line.books
        for lang in LANGUAGES
        for state in STATES
    ]


def broken_cases(lines: Iterable[Line]) -> list[Any]:
    """Each line with every way of breaking it."""
    return [pytest.param(line, how, id=f"{line.name}: {how}") for line in lines for how in line.breaks]


@cache
def opened(folder: Path, book: str, lang: str, state: str) -> Opened:
    """A workbook as it is written, opened once per folder."""
    path = written(folder, (book, lang, state))
    return open_workbook(path, compiled(book, lang, whole=state == "blank").layout, state)


def check_real(line: Line, folder: Path, variant: tuple[str, str, str]) -> None:
    """The line holds in a workbook as it is written."""
    faults = list(line.check(opened(folder, *variant)))
    assert faults == [], f"{len(faults)} faults"


def check_broken(line: Line, how: str, folder: Path) -> None:
    """The line does not hold in a workbook in which it is broken."""
    sound = opened(folder, line.books[0], LANGUAGES[0], line.state)
    assert list(line.check(line.breaks[how](sound))) != []
