"""One period of the planning year, a day up to a year long, in the ways it is written.

`read_period` takes text that is already folded: ordinary width, lower case, simplified
characters, Arabic digits.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from planbook.calendar import FiscalYear


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `start` to `finish`; `ambiguous` if the text could mean others."""

    start: date
    finish: date
    ambiguous: bool = False

    def a_year_later(self) -> Period:
        """The same period of the following year; the end of February stays its end."""
        return Period(_year_after(self.start), _year_after(self.finish), self.ambiguous)


def _year_after(day: date) -> date:
    leaps = day.month == 2 and day == _month(day.year, 2).finish
    return _month(day.year + 1, 2).finish if leaps else day.replace(year=day.year + 1)


def read_period(text: str, fiscal: FiscalYear) -> Period | None:
    """The period a text names, in the planning year `fiscal` unless it says another.

    None for a text that names none, or a day that does not exist.
    """
    edge = _EDGE.fullmatch(text)
    if edge:
        return _edge_of(edge["period"], edge["edge"], fiscal)
    try:
        for pattern, build in _FORMS:
            found = pattern.fullmatch(text)
            if found:
                return build(found, fiscal)
    except ValueError:  # no such day: 2024-02-30
        return None
    return None


_EDGE: Final = re.compile(r"(?P<period>.+?)(?P<edge>[初中底末]|[上下中]旬)")


def _edge_of(text: str, edge: str, fiscal: FiscalYear) -> Period | None:
    """年底, 6月初, 二季度末, 6月中旬: the beginning, the middle, the end of a period."""
    if text.endswith("年") or text in ("年", "年度"):
        period = read_period(text if text[:1].isdigit() else "全年", fiscal)
        # The year's end is December to most, though the planning year may end in March.
        vague = fiscal.start_month > 1
    else:
        period = read_period(text, fiscal)
        vague = False
    if period is None or period.start == period.finish:
        return None
    if edge.endswith("旬") and period.start.month != period.finish.month:
        return None
    vague = vague or period.ambiguous
    first, last = period.start, period.finish
    if edge == "上旬":
        return Period(first, first + timedelta(days=9), True)
    if edge == "下旬":
        return Period(first + timedelta(days=20), last, True)
    if edge in ("中", "中旬"):
        middle = first + timedelta(days=(last - first).days // 2)
        if (last - first).days > 300:
            middle = FiscalYear(first.year, first.month).quarter_ends[1]
        elif first.month == last.month:
            middle = first.replace(day=15)
        return Period(middle, middle, True)
    day = first if edge == "初" else last
    return Period(day, day, vague)


def _year(digits: str | None, fiscal: FiscalYear) -> int | None:
    """The year written, two digits being of this century; None if none is."""
    if not digits:
        return None
    return int(digits) + 2000 if len(digits) == 2 else int(digits)


def _month(year: int, month: int) -> Period:
    first = date(year, month, 1)
    return Period(first, first.replace(day=calendar.monthrange(year, month)[1]))


def _day(year: int, month: int, day: int, *, ambiguous: bool = False) -> Period:
    value = date(year, month, day)
    return Period(value, value, ambiguous)


def _whole_date(found: re.Match[str], fiscal: FiscalYear) -> Period:
    """2024年6月30日, 24年6月, 6月30日, 6月."""
    month = int(found["month"])
    year = _year(found["year"], fiscal)
    if year is None:
        year = fiscal.year_of_month(month)
    return _day(year, month, int(found["day"])) if found["day"] else _month(year, month)


def _digits_only(found: re.Match[str], fiscal: FiscalYear) -> Period:
    """20240630 and 202406."""
    text = found[0]
    year, month = int(text[:4]), int(text[4:6])
    return _day(year, month, int(text[6:])) if len(text) == 8 else _month(year, month)


def _year_month(found: re.Match[str], fiscal: FiscalYear) -> Period:
    return _month(int(found["year"]), int(found["month"]))


def _month_and_day(found: re.Match[str], fiscal: FiscalYear) -> Period:
    """6/30 and 30/6: month first if it can be; never sure, for it could be a month and year."""
    month, day = int(found["first"]), int(found["second"])
    if month > 12:
        month, day = day, month
    return _day(fiscal.year_of_month(month), month, day, ambiguous=True)


def _year_last(found: re.Match[str], fiscal: FiscalYear) -> Period:
    """6/7/2024 is read month first; 30/6/2024 can be only the one."""
    first, second, year = int(found["first"]), int(found["second"]), int(found["year"])
    if first > 12:
        return _day(year, second, first)
    return _day(year, first, second, ambiguous=second <= 12 and first != second)


def _short_year(found: re.Match[str], fiscal: FiscalYear) -> Period:
    """24/6/30 or 6/30/24: the reading whose year is nearest to the plan's."""
    one, two, three = (int(found[name]) for name in ("first", "second", "third"))
    candidates: list[Period] = []
    for year, month, day in ((one, two, three), (three, one, two), (three, two, one)):
        try:
            candidates.append(_day(2000 + year, month, day, ambiguous=True))
        except ValueError:
            continue
    if not candidates:
        raise ValueError(found[0])
    return min(candidates, key=lambda period: abs(period.start.year - fiscal.year))


def _quarter(found: re.Match[str], fiscal: FiscalYear) -> Period:
    plan = _plan_year(found, fiscal)
    quarter = int(found["quarter"] or found["q"]) - 1
    return Period(plan.quarter_starts[quarter], plan.quarter_ends[quarter])


def _first_quarters(found: re.Match[str], fiscal: FiscalYear) -> Period:
    plan = _plan_year(found, fiscal)
    return Period(plan.start, plan.quarter_ends[int(found["quarters"]) - 1])


def _half(found: re.Match[str], fiscal: FiscalYear) -> Period:
    plan = _plan_year(found, fiscal)
    if found["half"] in ("上半年", "h1"):
        return Period(plan.start, plan.quarter_ends[1])
    return Period(plan.quarter_starts[2], plan.end)


def _full_year(found: re.Match[str], fiscal: FiscalYear) -> Period:
    plan = _plan_year(found, fiscal)
    return Period(plan.start, plan.end, ambiguous=found[0].isdigit())


def _plan_year(found: re.Match[str], fiscal: FiscalYear) -> FiscalYear:
    groups = found.groupdict()
    year = _year(groups.get("year") or groups.get("after") or groups.get("short"), fiscal)
    return fiscal if year is None else FiscalYear(year, fiscal.start_month)


_MONTH_NAMES: Final = "janfebmaraprmayjunjulaugsepoctnovdec"


def _english(found: re.Match[str], fiscal: FiscalYear) -> Period:
    """30 June 2024, Jun 30, 2024, 30-Jun-24, June 2024, June."""
    month = _MONTH_NAMES.index(found["name"][:3]) // 3 + 1
    groups = found.groupdict()
    year = _year(groups.get("year"), fiscal) or fiscal.year_of_month(month)
    day = groups.get("day")
    return _day(year, month, int(day)) if day else _month(year, month)


_YEAR: Final = r"(?P<year>(?:19|20|21)\d\d)"
_MARKED_YEAR: Final = r"(?:(?P<year>(?:(?:19|20|21)\d\d|(?<!\d)\d\d(?=年)))(?:年度?)?[\s-]*)?"
_NAME: Final = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DAY: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_ANY_YEAR: Final = r"(?P<year>(?:19|20|21)\d\d|\d\d)"

_FORMS: Final[list[tuple[re.Pattern[str], Callable[[re.Match[str], FiscalYear], Period]]]] = [
    (re.compile(pattern), build)
    for pattern, build in (
        (
            r"(?:(?P<year>(?:19|20|21)\d\d|\d\d)年\s*)?(?P<month>\d{1,2})月(?:份|\s*(?P<day>\d{1,2})[日号]?)?",
            _whole_date,
        ),
        (_YEAR + r"\s*([-/.])\s*(?P<month>\d{1,2})\s*\2\s*(?P<day>\d{1,2})日?", _whole_date),
        (_YEAR + r"\s*[-/.]\s*(?P<month>\d{1,2})", _year_month),
        (r"(?:19|20|21)\d{6}|(?:19|20|21)\d{4}", _digits_only),
        (r"(?P<first>\d{1,2})([-/.])(?P<second>\d{1,2})\2" + _YEAR, _year_last),
        (r"(?P<first>\d\d?)([-/.])(?P<second>\d{1,2})\2(?P<third>\d\d?)", _short_year),
        (r"(?P<first>\d{1,2})[-/.](?P<second>\d{1,2})", _month_and_day),
        (_MARKED_YEAR + r"(?:第?(?P<quarter>[1-4])季度?|q\s*(?P<q>[1-4]))", _quarter),
        (r"(?:第?(?P<quarter>[1-4])q|q(?P<q>[1-4]))[\s/,-]*(?P<after>(?:19|20|21)\d\d|\d\d)?", _quarter),
        (_MARKED_YEAR + r"前(?P<quarters>[1-4])个?季度?", _first_quarters),
        (_MARKED_YEAR + r"(?P<half>上半年|下半年|h[12])", _half),
        (r"(?P<half>h[12])[\s/-]*(?P<after>(?:19|20|21)\d\d|\d\d)", _half),
        (
            r"全年度?|整年|年度|(?:fy\s*)?" + _YEAR + r"(?:年度?|财年)?(?:全年)?"
            r"|fy\s*(?P<after>\d\d)|(?P<short>\d\d)年",
            _full_year,
        ),
        (_DAY + r"[\s-]*" + _NAME + r"(?:[\s,-]*" + _ANY_YEAR + r")?", _english),
        (_NAME + r"[\s-]*" + _DAY + r"(?:(?:\s*,\s*|[\s-]+)" + _ANY_YEAR + r")?", _english),
        (_NAME + r"(?:[\s,-]*" + _YEAR + r")?", _english),
    )
]
