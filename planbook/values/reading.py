"""What a typed cell was read as, and the three ways a cell can hold no value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Final

from planbook.values.text import match_key


class Nil(Enum):
    """The one value that says "there is none here", as typed by 无 or N/A."""

    NIL = "nil"


NIL: Final = Nil.NIL
"""Said to be none: neither missing (None) nor zero (0.0)."""


@dataclass(frozen=True, slots=True)
class Span:
    """The days from `start` to `finish`, both counted."""

    start: date
    finish: date


@dataclass(frozen=True, slots=True)
class Reading:
    """The value read from one cell, with what is needed to tell the planner how it was read.

    `value` is None for a blank cell and `NIL` for one that says there is none. `unit` is the
    unit found beside the number, in the spelling of the unit table. `high` is the upper bound
    when a range (90–95) was typed. `text` is what was typed, empty when the cell already held a
    value of the right kind. `ambiguous` says that another reading was possible or that the
    text itself was vague (约50): the planner should confirm. `scale` are the words 千, 万 or 亿
    that stood without a unit (521万, 十五万): with 万 or 亿 the number counts 元 and not 万元.
    """

    value: float | date | str | bool | Nil | Span | None
    unit: str = ""
    high: float | None = None
    text: str = ""
    ambiguous: bool = False
    scale: str = field(default="", compare=False)  # how it was read, not what

    @property
    def from_text(self) -> bool:
        """Whether the value was read from text and not typed as a value."""
        return bool(self.text)


BLANK: Final = Reading(None)
"""The reading of a cell in which nothing was typed."""

_NIL_WORDS: Final = frozenset(
    map(match_key, ["无", "不适用", "N/A", "NA", "N.A.", "/", "none", "nil", "not applicable"])
)
_NIL_DASHES: Final = re.compile("-+")  # a dash in Chinese is typed —— as often as —


def is_nil_text(text: str) -> bool:
    """Whether the text says there is no value: 无, 不适用, N/A, a lone dash or slash."""
    key = match_key(text)
    return key in _NIL_WORDS or _NIL_DASHES.fullmatch(key) is not None


def read_absence(text: str) -> Reading | None:
    """The reading of text that holds no value, blank or nil; None if something was typed."""
    key = match_key(text)
    if not key:
        return BLANK
    return Reading(NIL, text=text.strip()) if is_nil_text(key) else None


_YES: Final = frozenset(
    map(
        match_key,
        [
            "是",
            "对",
            "完成",
            "已完成",
            "已达成",
            "达成",
            "yes",
            "y",
            "done",
            "true",
            "1",
            "√",
            "✓",
            "✔",
            "☑",
            "✅",
        ],
    )
)
_NO: Final = frozenset(
    map(
        match_key,
        [
            "否",
            "不是",
            "未完成",
            "没完成",
            "未达成",
            "no",
            "n",
            "not done",
            "false",
            "0",
            "×",
            "x",
            "✗",
            "✘",
            "☒",
            "❌",
        ],
    )
)


def read_flag(raw: object) -> bool | None:
    """Yes or no, as 是/否, 已完成/未完成, √/×, yes/no or 1/0 say it; None for anything else.

    A blank cell is None too: nothing said is not a no.
    """
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, int | float):
        return bool(raw) if raw in (0, 1) else None
    if not isinstance(raw, str):
        return None
    key = match_key(raw)
    if key in _YES:
        return True
    return False if key in _NO else None
