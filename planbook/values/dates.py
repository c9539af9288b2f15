"""Dates and spans as people type them: 2024年6月30日, 6/30, Q2, 年底, 2024年1-6月, 45473.

Every form is read as a period, a first and a last day. A date column takes the edge of the
period it is about (a start the first day, a finish the last), a span column the whole.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Literal

from planbook.calendar import FiscalYear, from_serial
from planbook.values.numerals import CHINESE_DIGITS, read_digits, read_numeral
from planbook.values.periods import Period, read_period
from planbook.values.reading import BLANK, Reading, Span, read_absence
from planbook.values.text import clean_text, fold_dashes, normalise_text, simplify

Edge = Literal["start", "finish"]

LONGEST_TEXT: Final = 60
"""No date or span takes more characters than this; longer text is prose."""

_CHINESE_NUMBER: Final = re.compile(f"[{CHINESE_DIGITS}十]+(?=个?[年月日号季]|$)")
_TIME: Final = re.compile(
    r"(?:(?<=\d)[t ]|(?<=[日号]))\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:z|[+-]\d\d:?\d\d|[ap]m)?$"
)
_WEEKDAY: Final = re.compile(r"[\s(]*(?:周|星期)[一二三四五六日天]\)?$")
_BEFORE: Final = re.compile(r"^(?:截[至止][到至]?|不晚于|最迟|最晚|至|到|于|在|by |before )\s*")
_AFTER: Final = re.compile(r"\s*(?:之前|以前|前|止)$")
_VAGUE: Final = re.compile(r"^(?:大约|约|预计|大概|计划|around |about )\s*|\s*(?:左右|前后)$")
_SPACED: Final = re.compile(r"\s*([年月日号第季度])\s*")
_FROM: Final = re.compile(r"^(?:自|从|from )\s*")
_THIS_YEAR: Final = {
    "本年度": 0, "今年度": 0, "本年": 0, "今年": 0, "明年": 1, "次年": 1, "去年": -1
}  # fmt: skip
_SEPARATORS: Final = re.compile(r"\s*(?:至|到|~|--|\bto\b)\s*|\s+-\s+")
_DASH: Final = re.compile(r"\s*-\s*")


def read_date(raw: object, *, year: int, start_month: int = 1, edge: Edge = "finish") -> Reading | None:
    """The date typed in a date column of the planning year `year`.

    `start_month` is the month the planning year starts in. A month, a quarter or a span stands
    for its `edge`. A number is an Excel serial, unless it is a year of this plan or next to it:
    2024.6 and 202406 are months that Excel took for numbers. What has two readings (6/7/2024)
    is ambiguous; None if no date can be read.
    """
    if isinstance(raw, datetime):
        return Reading(raw.date())
    if isinstance(raw, date):
        return Reading(raw)
    found = _read(raw, FiscalYear(year, start_month), spans_are_vague=True)
    if not isinstance(found, _Found):
        return found
    value = found.period.start if edge == "start" else found.period.finish
    return Reading(value, text=found.text, ambiguous=found.period.ambiguous)


def read_span(raw: object, *, year: int, start_month: int = 1) -> Reading | None:
    """The span typed in a column for one: 2024年1-6月, 2024/1/3-6/30, Q1-Q2, 上半年, a date.

    None if no span can be read, or if it ends before it starts.
    """
    if isinstance(raw, date):
        day = raw.date() if isinstance(raw, datetime) else raw
        return Reading(Span(day, day))
    found = _read(raw, FiscalYear(year, start_month), spans_are_vague=False)
    if not isinstance(found, _Found):
        return found
    span = Span(found.period.start, found.period.finish)
    return Reading(span, text=found.text, ambiguous=found.period.ambiguous)


@dataclass(frozen=True, slots=True)
class _Found:
    period: Period
    text: str


def _read(raw: object, fiscal: FiscalYear, *, spans_are_vague: bool) -> _Found | Reading | None:
    if raw is None:
        return BLANK
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int | float):
        period = _read_number(raw, fiscal)
        return _Found(period, f"{raw:.15g}") if period else None
    if not isinstance(raw, str):
        return None
    absent = read_absence(raw)
    digits = read_digits(raw)
    if absent is not None or digits is None or len(raw) > LONGEST_TEXT:
        return absent
    text, vague, before = _bare(simplify(fold_dashes(normalise_text(digits))).casefold(), fiscal)
    period = _read_serial_text(text) or read_period(text, fiscal)
    if period is None:
        period = _read_between(_FROM.sub("", text), fiscal)
        vague = vague or spans_are_vague
    if period is None:
        return None
    # "before June" may mean the end of May; "before 30 June" is a deadline like any other.
    vague = vague or (before and period.start != period.finish)
    return _Found(replace(period, ambiguous=period.ambiguous or vague), clean_text(raw))


def _read_number(number: float, fiscal: FiscalYear) -> Period | None:
    if not math.isfinite(number) or number < 1:
        return None
    text = f"{number:.15g}"
    whole, _, fraction = text.partition(".")
    if len(whole) in (6, 8) and not fraction:
        period = read_period(text, fiscal)
        if period and (len(whole) == 8 or abs(period.start.year - fiscal.year) <= 1):
            return replace(period, ambiguous=len(whole) == 6)
    if abs(math.floor(number) - fiscal.year) <= 1 and len(fraction) <= 2:
        period = read_period(text, fiscal)
        return replace(period, ambiguous=True) if period else None
    return _from_serial(number)


def _read_serial_text(text: str) -> Period | None:
    return _from_serial(float(text)) if re.fullmatch(r"\d{5}(?:\.\d+)?", text) else None


def _from_serial(number: float) -> Period | None:
    try:
        day = from_serial(math.floor(number))
    except ValueError:  # out of range, or 60, the day Excel made up
        return None
    return Period(day, day)


def _bare(text: str, fiscal: FiscalYear) -> tuple[str, bool, bool]:
    """The text without times, weekdays and the words around it, with Arabic digits.

    Returns it with whether it was vague and whether it said "before".
    """
    text = _WEEKDAY.sub("", _TIME.sub("", text.rstrip("。;,、. ")))
    vague = before = False
    for word, years in _THIS_YEAR.items():
        if text.startswith(word):
            text, vague = f"{fiscal.year + years}年{text.removeprefix(word)}", True
            break
    if _VAGUE.search(text):
        text, vague = _VAGUE.sub("", text), True
    if _BEFORE.search(text):
        text = _BEFORE.sub("", text)
        before = True
    if _AFTER.search(text):
        text = _AFTER.sub("", text)
        before = True
    return _CHINESE_NUMBER.sub(_in_digits, _SPACED.sub(r"\1", text)), vague, before


def _in_digits(numeral: re.Match[str]) -> str:
    value = read_numeral(numeral[0])
    return numeral[0] if value is None else str(value)


_LEFT_YEAR: Final = re.compile(r"\d{4}(?:年度?|[-/.](?=\d)|(?=[qh第上下前]))")
_LEFT_MONTH: Final = re.compile(r"(?:\d{4}年)?\d{1,2}月|\d{4}([-/.])\d{1,2}\1(?=\d)")
_OWN_YEAR: Final = re.compile(r"\d{4}|.*\d{4}$|\d{2}年")
_RIGHT_UNIT: Final = re.compile(r"\d{1,2}(月份?|日|号|季度?)[初中底末]?$|^\d{1,2}(月)\d")
_NEXT_YEAR: Final = re.compile("次年|翌年|明年")
_ENGLISH_YEAR: Final = re.compile(r"[a-z]+\.? (\d{4})$")


def _read_between(text: str, fiscal: FiscalYear) -> Period | None:
    """A span from one period to another: the first way to split the text that makes one."""
    for separators in (_SEPARATORS, _DASH):
        for separator in separators.finditer(text, 1):
            left, right = text[: separator.start()], text[separator.end() :]
            if re.fullmatch(r"\d{4}", left) and not re.match(r"\d{4}", right):
                continue  # the year of a date that does not exist: 2024-13-01
            for first, last in _completed(left, right, fiscal):
                start, finish = read_period(first, fiscal), read_period(last, fiscal)
                if start is None or finish is None:
                    continue
                finish = _in_fiscal_year(
                    start, finish, last_has_year=bool(_OWN_YEAR.match(right)), fiscal=fiscal
                )
                if start.start > finish.finish:
                    return None
                return Period(start.start, finish.finish, start.ambiguous or finish.ambiguous)
    return None


def _completed(left: str, right: str, fiscal: FiscalYear) -> Iterator[tuple[str, str]]:
    """Both ends with what one leaves to the other: 2024年1-6月 is 2024年1月 and 2024年6月."""
    unit = _RIGHT_UNIT.search(right)
    if unit and left[-1:].isdigit() and not _OWN_YEAR.fullmatch(left):
        left += unit[1] or unit[2]
    english = _ENGLISH_YEAR.search(right)
    if english and re.fullmatch(r"[a-z]+\.?(?: \d{1,2})?|\d{1,2} [a-z]+\.?", left):
        left += f" {english[1]}"
    year, month = _LEFT_YEAR.match(left), _LEFT_MONTH.match(left)
    following = int(left[:4]) + 1 if year else fiscal.year + 1
    right = _NEXT_YEAR.sub(f"{following}年", right, count=1)
    if month and re.fullmatch(r"\d{1,2}[日号]?", right):
        yield left, month[0] + right
    if year and not _OWN_YEAR.match(right):
        yield left, year[0] + right
    else:
        yield left, right


def _in_fiscal_year(start: Period, finish: Period, *, last_has_year: bool, fiscal: FiscalYear) -> Period:
    """2024年11月-2月 of a year that starts in April ends in February 2025."""
    month = finish.finish.month
    wraps = finish.finish < start.start and month < fiscal.start_month <= start.start.month
    if last_has_year or not wraps:
        return finish
    return finish.a_year_later()
