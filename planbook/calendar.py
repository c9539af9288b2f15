"""The planning year, and Excel's way of counting days.

Dates in this module are plain `datetime.date`; a day is counted from its first to its last
minute, so both ends of every span count.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

LAST_SERIAL: Final = 2_958_465
"""Excel's serial for 9999-12-31, the last day it knows."""

QUARTERS: Final = ("q1", "q2", "q3", "q4")
"""The quarters of a planning year in their order: the keys of every book's list of quarters."""

_LOTUS_LEAP_DAY: Final = 60  # Excel counts a 1900-02-29 that never was, as Lotus 1-2-3 did
_EPOCH: Final = date(1899, 12, 30)
_EPOCH_BEFORE_LEAP_DAY: Final = date(1899, 12, 31)
_SECONDS_A_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class FiscalYear:
    """A planning year: twelve months from `start_month` of calendar year `year`.

    The year is named after the calendar year it starts in. Raises ValueError for a month
    outside 1-12 or a year Excel cannot hold.
    """

    year: int
    start_month: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.start_month <= 12:
            raise ValueError(f"a year starts in month 1 to 12, not {self.start_month}")
        if not 1900 <= self.year <= 9998:
            raise ValueError(f"a planning year lies between 1900 and 9998, not {self.year}")

    @property
    def start(self) -> date:
        """The first day of the planning year."""
        return date(self.year, self.start_month, 1)

    @property
    def end(self) -> date:
        """The last day of the planning year."""
        return date(self.year + 1, self.start_month, 1) - timedelta(days=1)

    @property
    def quarter_starts(self) -> tuple[date, date, date, date]:
        """The first day of Q1, Q2, Q3 and Q4."""
        return (self._month_start(0), self._month_start(3), self._month_start(6), self._month_start(9))

    @property
    def quarter_ends(self) -> tuple[date, date, date, date]:
        """The last day of Q1, Q2, Q3 and Q4."""
        day = timedelta(days=1)
        _, second, third, fourth = self.quarter_starts
        return (second - day, third - day, fourth - day, self.end)

    def quarters_ended(self, as_of: date) -> int:
        """How many quarters, 0 to 4, were over on `as_of`; a quarter is over on its last day."""
        return sum(end <= as_of for end in self.quarter_ends)

    def year_of_month(self, month: int) -> int:
        """The calendar year in which this planning year has `month` (1-12)."""
        return self.year if month >= self.start_month else self.year + 1

    def week_of(self, day: date) -> str:
        """The ISO week of `day` as a label, "2024-W27"; the label sorts in time order."""
        iso_year, week, _ = day.isocalendar()
        return f"{iso_year:04d}-W{week:02d}"

    def _month_start(self, months: int) -> date:
        years, month = divmod(self.start_month - 1 + months, 12)
        return date(self.year + years, month + 1, 1)


def to_serial(day: date) -> int:
    """The day number Excel shows for `day` in the 1900 date system.

    Raises ValueError before 1900-01-01, which Excel cannot hold.
    """
    if isinstance(day, datetime):
        day = day.date()
    serial = (day - _EPOCH).days
    if serial <= _LOTUS_LEAP_DAY:
        serial = (day - _EPOCH_BEFORE_LEAP_DAY).days
    if serial < 1:
        raise ValueError(f"Excel has no serial for {day.isoformat()}; its days start at 1900-01-01")
    return serial


def from_serial(serial: float) -> date | datetime:
    """The date of an Excel serial in the 1900 system; a datetime when it carries a time.

    The time is rounded to the second and never runs over into the next day. Raises ValueError
    outside 1-2958465 and for 60, Excel's 1900-02-29, a day that never was.
    """
    if not math.isfinite(serial) or not 1 <= serial < LAST_SERIAL + 1:
        raise ValueError(f"not the serial of a day: {serial!r}")
    days = math.floor(serial)
    if days == _LOTUS_LEAP_DAY:
        raise ValueError("serial 60 is 1900-02-29 in Excel, a day that never was")
    epoch = _EPOCH if days > _LOTUS_LEAP_DAY else _EPOCH_BEFORE_LEAP_DAY
    day = epoch + timedelta(days=days)
    fraction = serial - days
    if fraction == 0:
        return day
    seconds = min(round(fraction * _SECONDS_A_DAY), _SECONDS_A_DAY - 1)
    return datetime.combine(day, time()) + timedelta(seconds=seconds)
