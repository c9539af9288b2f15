"""The lines of the acceptance whose conditions are worked out cell by cell; see `test_section_a`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lines import Line, marks, rules
from tests.lines.running import broken_cases, check_broken, check_real, real_cases

LINES: tuple[Line, ...] = (*marks.LINES, *rules.LINES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("marks")


@pytest.mark.parametrize(("line", "book", "lang", "state"), real_cases(LINES))
def test_the_line_holds(line: Line, book: str, lang: str, state: str, folder: Path) -> None:
    check_real(line, folder, (book, lang, state))


@pytest.mark.parametrize(("line", "how"), broken_cases(LINES))
def test_a_broken_line_is_noticed(line: Line, how: str, folder: Path) -> None:
    check_broken(line, how, folder)
