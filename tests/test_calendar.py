"""The planning year and Excel's serials."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbook.calendar import LAST_SERIAL, FiscalYear, from_serial, to_serial

DAYS = st.dates(date(1900, 1, 1), date(9998, 12, 31))


def test_a_calendar_year_has_the_quarters_everyone_knows() -> None:
    year = FiscalYear(2024)
    assert (year.start, year.end) == (date(2024, 1, 1), date(2024, 12, 31))
    assert year.quarter_starts == (date(2024, 1, 1), date(2024, 4, 1), date(2024, 7, 1), date(2024, 10, 1))
    assert year.quarter_ends == (date(2024, 3, 31), date(2024, 6, 30), date(2024, 9, 30), date(2024, 12, 31))


def test_a_year_from_april_ends_in_march_of_the_next() -> None:
    year = FiscalYear(2023, start_month=4)
    assert (year.start, year.end) == (date(2023, 4, 1), date(2024, 3, 31))
    assert year.quarter_ends == (date(2023, 6, 30), date(2023, 9, 30), date(2023, 12, 31), date(2024, 3, 31))
    assert year.year_of_month(4) == 2023
    assert year.year_of_month(3) == 2024


def test_a_year_from_december_spends_eleven_months_in_the_next() -> None:
    year = FiscalYear(2023, start_month=12)
    assert year.quarter_ends == (date(2024, 2, 29), date(2024, 5, 31), date(2024, 8, 31), date(2024, 11, 30))


@pytest.mark.parametrize(
    ("as_of", "ended"),
    [
        (date(2024, 3, 30), 0),
        (date(2024, 3, 31), 1),
        (date(2024, 7, 1), 2),
        (date(2024, 12, 30), 3),
        (date(2024, 12, 31), 4),
        (date(2026, 1, 1), 4),
    ],
)
def test_a_quarter_is_over_on_its_last_day(as_of: date, ended: int) -> None:
    assert FiscalYear(2024).quarters_ended(as_of) == ended


def test_weeks_are_iso_weeks_and_may_belong_to_the_next_year() -> None:
    year = FiscalYear(2024)
    assert year.week_of(date(2024, 7, 1)) == "2024-W27"
    assert year.week_of(date(2024, 1, 7)) == "2024-W01"
    assert year.week_of(date(2024, 12, 30)) == "2025-W01"


@pytest.mark.parametrize(("year", "month"), [(2024, 0), (2024, 13), (1899, 1), (9999, 1)])
def test_no_planning_year_outside_what_excel_holds(year: int, month: int) -> None:
    with pytest.raises(ValueError, match=r"year"):
        FiscalYear(year, month)


@given(st.integers(1900, 9998), st.integers(1, 12))
def test_quarters_cover_the_year_without_gap_or_overlap(year: int, month: int) -> None:
    plan = FiscalYear(year, month)
    assert plan.quarter_starts[0] == plan.start
    assert plan.quarter_ends[3] == plan.end
    for end, start in zip(plan.quarter_ends, plan.quarter_starts[1:], strict=False):
        assert start - end == timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "serial"),
    [
        (date(1900, 1, 1), 1),
        (date(1900, 2, 28), 59),
        (date(1900, 3, 1), 61),
        (date(2024, 6, 30), 45473),
        (datetime(2024, 6, 30, 18, 0), 45473),
        (date(9999, 12, 31), LAST_SERIAL),
    ],
)
def test_serials_of_known_days(day: date, serial: int) -> None:
    assert to_serial(day) == serial
    assert from_serial(serial) == (day.date() if isinstance(day, datetime) else day)


def test_a_serial_with_a_time_is_a_datetime_of_the_same_day() -> None:
    assert from_serial(45473.75) == datetime(2024, 6, 30, 18, 0)
    assert from_serial(45473.999999999) == datetime(2024, 6, 30, 23, 59, 59)
    assert not isinstance(from_serial(45473.0), datetime)
    assert from_serial(1.5) == datetime(1900, 1, 1, 12, 0)


@pytest.mark.parametrize("serial", [0, 0.99, -1, 60, 60.5, LAST_SERIAL + 1, float("nan"), float("inf")])
def test_what_is_no_serial(serial: float) -> None:
    with pytest.raises(ValueError, match=r"serial"):
        from_serial(serial)


def test_excel_has_no_day_before_1900() -> None:
    with pytest.raises(ValueError, match="1899-12-31"):
        to_serial(date(1899, 12, 31))


@given(DAYS)
def test_serials_read_back(day: date) -> None:
    assert from_serial(to_serial(day)) == day
