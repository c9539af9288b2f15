"""`Problem` and `Location`: a fault as data, in Excel's own coordinates."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from planbook.problems.catalogue import CATALOGUE, Code, Severity
from planbook.problems.words import Words, fill, in_words

# What a message quotes, where nothing was typed.
_NOTHING = {"zh": ("“{found}”", "空白"), "en": ('"{found}"', "blank")}


def escape_text(text: str) -> str:
    """`text` with control, format and bidirectional characters written as ``\\uXXXX``.

    File names and cell text come from strangers; on a terminal they must not move the cursor
    or turn the line around.
    """
    return "".join(
        f"\\u{ord(char):04x}" if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp", "Cs"} else char
        for char in text
    )


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """Where something stands: a cell of a workbook, or a line of a text file.

    `sheet` is the title as the file has it, `cell` an A1 reference, `row` a 1-based row for
    what concerns a whole row; `line` and `path` serve CSV, TOML and YAML files.
    """

    file: str = ""
    sheet: str = ""
    cell: str = ""
    row: int = 0
    line: int = 0
    path: str = ""

    def within(self, file: str) -> Location:
        """The same place in `file`."""
        return replace(self, file=file)

    def __str__(self) -> str:
        place = escape_text(self.file)
        if self.sheet:
            place += (":" if place else "") + escape_text(self.sheet)
            if self.cell:
                place += f"!{self.cell}"
            elif self.row:
                place += f"!{self.row}:{self.row}"
        if self.line:
            place += f":{self.line}"
        if self.path:
            place += f" [{escape_text(self.path)}]" if place else escape_text(self.path)
        return place


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: its catalogue code, where it stands, what was found, what was expected.

    Message and advice come from the catalogue, in the reader's language; `found` and
    `expected` are data (the text typed, the values allowed) or words in either language,
    `subject` names what the fault is about (a column's title, a department).
    """

    code: Code
    location: Location = Location()
    found: str | Words = ""
    expected: str | Words = ""
    subject: str | Words = ""

    @property
    def severity(self) -> Severity:
        """How much the fault matters, from the catalogue."""
        return CATALOGUE[self.code].severity

    def message(self, lang: str = "zh") -> str:
        """What was found and what was expected, as one sentence."""
        return self._fill(CATALOGUE[self.code].message, lang)

    def fix(self, lang: str = "zh") -> str:
        """How to mend it, as one sentence."""
        return self._fill(CATALOGUE[self.code].fix, lang)

    def line(self, lang: str = "zh") -> str:
        """The one line a person reads: place, message, advice."""
        place = str(self.location)
        text = f"{self.message(lang)} {self.fix(lang)}".rstrip()
        return f"{place}: {text}" if place else text

    def _fill(self, texts: dict[str, str], lang: str) -> str:
        template = texts.get(lang) or texts["en"]
        values = {
            "found": escape_text(_shorten(in_words(self.found, lang))),
            "expected": escape_text(_shorten(in_words(self.expected, lang), 200)),
            "subject": escape_text(_shorten(in_words(self.subject, lang), 200)),
        }
        if not values["found"]:
            template = template.replace(*_NOTHING.get(lang, _NOTHING["en"]))
        return fill(template, values)


def _shorten(text: str, limit: int = 80) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def rank_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems ordered for a reader: errors first, then by file, sheet and row."""
    order = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
    return tuple(
        sorted(
            dict.fromkeys(problems),
            key=lambda p: (
                order[p.severity],
                p.location.file,
                p.location.sheet,
                _cell_key(p.location),
                p.code,
            ),
        )
    )


def _cell_key(location: Location) -> tuple[int, int, str]:
    first = location.cell.partition(":")[0]  # of a region its first cell
    digits = "".join(char for char in first if char.isdigit())
    letters = first.rstrip("0123456789")
    return (int(digits) if digits else location.row or location.line, len(letters), letters)
