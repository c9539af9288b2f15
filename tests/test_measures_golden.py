"""The measures of DOMAIN §3 on rows worked out by hand; the arithmetic stands beside each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from planbook.calc import CellError, evaluate_measures
from planbook.layout.cells import CellValue, SettingValue
from planbook.problems import CalcError
from planbook.spec import load_spec

BOOK = load_spec("annual_plan")
FIGURES = ("deviation", "deviation_rate", "favourable", "baseline_target", "method_used", "attainment")
ROW: dict[str, CellValue] = {
    "actual": "",
    "target": "",
    "target_high": "",
    "direction": "higher",
    "metric_kind": "number",
    "aggregation": "sum",
    "baseline": "",
    "annual_target": "",
    "annual_high": "",
    "quarters": 1.0,
    "filled": "x",
}
TASK: dict[str, CellValue] = {
    "start": "",
    "finish": "",
    "percent": "",
    "hold": "",
    "updated": "",
    "filled": "x",
}


def evaluate(
    rows: list[Mapping[str, CellValue]], measures: tuple[str, ...], **changed: SettingValue
) -> list[dict[str, CellValue]]:
    """The measures of each row, in the order of the rows."""
    columns = {key: [row[key] for row in rows] for key in rows[0]}
    figures = evaluate_measures(BOOK, measures, columns, changed)
    return [{key: values[n] for key, values in figures.items()} for n in range(len(rows))]


def goal(method: str = "linear", **row: CellValue) -> dict[str, CellValue]:
    (figures,) = evaluate([{**ROW, **row}], (*FIGURES, "rating", "year_completion"), method=method)
    return figures


def task(as_of: date | None, working_days: str = "no", **row: CellValue) -> dict[str, CellValue]:
    measures = ("expected", "schedule_deviation", "status", "stale")
    days: dict[str, SettingValue] = {"holidays": HOLIDAYS, "makeup_days": MAKEUP_DAYS}
    (figures,) = evaluate([{**TASK, **row}], measures, as_of=as_of, working_days=working_days, **days)
    return figures


def near(value: float) -> object:
    return pytest.approx(value, rel=1e-12, abs=1e-12)


# -- deviation, rate, attainment -----------------------------------------------------------

# target, actual, direction, deviation, rate, attainment, favourable, rating
LINEAR = [
    # 10 − 12 = −2; −2 / 12 = −16.7 %; 10 / 12 = 83.3 %
    (12, 10, "higher", -2, -2 / 12, 10 / 12, "bad", "red"),
    # 10 − 20 = −10; −10 / 20 = −50 %; 10 / 20 = 50 %
    (20, 10, "higher", -10, -0.5, 0.5, "bad", "red"),
    # 55 − 50 = 5; 5 / 50 = 10 %; 55 / 50 = 110 %
    (50, 55, "higher", 5, 0.1, 1.1, "good", "green"),
    # 1.2亿元 of 1.2亿元: 0; 0 %; 100 %
    (120_000_000, 120_000_000, "higher", 0, 0, 1, "even", "green"),
    # 27 − 25 = 2; 2 / 25 = 8 %; 2 − 27 / 25 = 92 %
    (25, 27, "lower", 2, 0.08, 0.92, "bad", "amber"),
    # 20 − 25 = −5; −5 / 25 = −20 %; 2 − 20 / 25 = 120 %
    (25, 20, "lower", -5, -0.2, 1.2, "good", "green"),
    # −80 − −100 = 20; 20 / |−100| = 20 %; 1 + 20 % = 120 %
    (-100, -80, "higher", 20, 0.2, 1.2, "good", "green"),
    # −120 − −100 = −20; −20 / 100 = −20 %; 1 − 20 % = 80 %
    (-100, -120, "higher", -20, -0.2, 0.8, "bad", "red"),
    # −60 − −50 = −10; −10 / 50 = −20 %; lower: 1 + 20 % = 120 %
    (-50, -60, "lower", -10, -0.2, 1.2, "good", "green"),
    # −40 − −50 = 10; 10 / 50 = 20 %; lower: 1 − 20 % = 80 %
    (-50, -40, "lower", 10, 0.2, 0.8, "bad", "red"),
    # target 0: no rate; lower, 3 > 0: 0 %; 0: 100 %; higher, −1: 0 %, 2: 100 %
    (0, 3, "lower", 3, "", 0, "bad", "red"),
    (0, 0, "lower", 0, "", 1, "even", "green"),
    (0, -1, "lower", -1, "", 1, "good", "green"),
    (0, -1, "higher", -1, "", 0, "bad", "red"),
    (0, 2, "higher", 2, "", 1, "good", "green"),
    (0, 0, "higher", 0, "", 1, "even", "green"),
    # floors: 60 for 25 at most: 2 − 60 / 25 = −40 % → 0 %; −5 of 10: −50 % → 0 %
    (25, 60, "lower", 35, 1.4, 0, "bad", "red"),
    (10, -5, "higher", -15, -1.5, 0, "bad", "red"),
    # 9 of 10 = 90 % is amber still; 89.9 % is red; 99.99999 % is amber, 99.99999999 % green
    (10, 9, "higher", -1, -0.1, 0.9, "bad", "amber"),
    (1000, 899, "higher", -101, -0.101, 0.899, "bad", "red"),
    (1e7, 9_999_990, "higher", -10, -1e-6, 0.999999, "bad", "amber"),
    (1e6, 999_999.9999, "higher", -0.0001, -1e-10, 1 - 1e-10, "bad", "green"),
    # 0.1 + 0.2 against 0.3 is on target, whatever the last bit says
    (0.3, 0.1 + 0.2, "higher", 0, 0, 1, "even", "green"),
    # no direction chosen counts as higher
    (12, 10, "", -2, -2 / 12, 10 / 12, "bad", "red"),
]


@pytest.mark.parametrize(
    ("target", "actual", "direction", "deviation", "rate", "attainment", "favourable", "rating"), LINEAR
)
def test_linear(
    target: float,
    actual: float,
    direction: str,
    deviation: float,
    rate: float | str,
    attainment: float,
    favourable: str,
    rating: str,
) -> None:
    found = goal(target=float(target), actual=float(actual), direction=direction)
    assert found["deviation"] == near(deviation)
    assert found["deviation_rate"] == (rate if rate == "" else near(float(rate)))
    assert found["attainment"] == near(attainment)
    assert (found["favourable"], found["rating"], found["method_used"]) == (favourable, rating, "linear")


# direction, low, high, actual, deviation, rate, attainment
BANDS = [
    # [90, 95], midpoint 92.5: inside, and on either bound, nothing deviates
    (90, 95, 92, 0, 0, 1),
    (90, 95, 90, 0, 0, 1),
    (90, 95, 95, 0, 0, 1),
    # 85 − 90 = −5; −5 / 92.5; 1 − 5 / 92.5 = 94.6 %
    (90, 95, 85, -5, -5 / 92.5, 1 - 5 / 92.5),
    # 100 − 95 = 5; 5 / 92.5; 94.6 %: too much is as unfavourable as too little
    (90, 95, 100, 5, 5 / 92.5, 1 - 5 / 92.5),
    # 300 − 95 = 205 > 92.5: floor 0
    (90, 95, 300, 205, 205 / 92.5, 0),
    # [−20, −10], midpoint −15: −22 − −20 = −2; −2 / 15; 1 − 2 / 15
    (-20, -10, -22, -2, -2 / 15, 1 - 2 / 15),
    # [−5, 5], midpoint 0: a deviation, but no rate and no attainment
    (-5, 5, 7, 2, "", ""),
]


@pytest.mark.parametrize("method", ["linear", "ratio", "baseline"])
@pytest.mark.parametrize(("low", "high", "actual", "deviation", "rate", "attainment"), BANDS)
def test_bands_are_linear_under_every_method(
    method: str,
    low: float,
    high: float,
    actual: float,
    deviation: float,
    rate: float | str,
    attainment: float | str,
) -> None:
    row = {"target": float(low), "target_high": float(high), "actual": float(actual)}
    found = goal(method, direction="band", baseline=10.0, annual_target=20.0, quarters=4.0, **row)
    assert found["deviation"] == near(deviation)
    assert found["deviation_rate"] == (rate if rate == "" else near(float(rate)))
    assert found["attainment"] == (attainment if attainment == "" else near(float(attainment)))
    assert found["favourable"] == ("bad" if deviation else "good")
    assert found["method_used"] == "linear"


def test_a_band_without_its_upper_bound_has_no_figures() -> None:
    found = goal(direction="band", target=90.0, actual=92.0)
    assert [found[key] for key in ("deviation", "deviation_rate", "favourable", "attainment")] == [""] * 4
    assert found["rating"] == "none"


@pytest.mark.parametrize(
    ("target", "actual"),
    [("", 10.0), (12.0, ""), ("1.2亿元", 10.0), (12.0, "约10"), ("无", "N/A"), (None, None), (12.0, True)],
)
def test_what_is_no_number_has_no_figures(target: CellValue, actual: CellValue) -> None:
    found = goal(target=target, actual=actual)
    assert [found[key] for key in ("deviation", "deviation_rate", "favourable", "attainment")] == [""] * 4
    assert found["rating"] == "none"
    assert found["method_used"] == "linear"


def test_a_row_nobody_filled_in_has_no_rating() -> None:
    assert goal(target=12.0, actual=10.0, filled="")["rating"] == ""


# -- done or not, score --------------------------------------------------------------------


@pytest.mark.parametrize(("actual", "attainment"), [(1.0, 1), (0.0, 0), (2.0, 1), (0.9999999, 1), (0.5, 0)])
@pytest.mark.parametrize("method", ["linear", "ratio", "baseline"])
def test_done_or_not(method: str, actual: float, attainment: float) -> None:
    found = goal(method, metric_kind="done", target=1.0, actual=actual, baseline=0.5, annual_target=1.0)
    assert (found["attainment"], found["method_used"]) == (attainment, "linear")
    assert found["year_completion"] == attainment, "two quarters done are not twice done"


def test_a_score_counts_like_a_number() -> None:
    # 3.5 of 4 = 87.5 %; 4.5 of 4 = 112.5 %
    assert goal(metric_kind="score", target=4.0, actual=3.5)["attainment"] == near(0.875)
    assert goal(metric_kind="score", target=4.0, actual=4.5)["attainment"] == near(1.125)


# -- the other methods ---------------------------------------------------------------------


def test_ratio() -> None:
    # lower: 25 / 27 = 92.6 %; higher: 10 / 12 = 83.3 %
    found = goal("ratio", target=25.0, actual=27.0, direction="lower")
    assert (found["attainment"], found["method_used"]) == (near(25 / 27), "ratio")
    found = goal("ratio", target=12.0, actual=10.0)
    assert (found["attainment"], found["method_used"]) == (near(10 / 12), "ratio")


@pytest.mark.parametrize(("target", "actual"), [(0, 3), (25, 0), (-100, -80), (25, -5), (-5, 5)])
def test_ratio_wants_both_above_zero_else_linear(target: float, actual: float) -> None:
    row = {"target": float(target), "actual": float(actual), "direction": "lower"}
    assert goal("ratio", **row) == goal("linear", **row)


def test_baseline() -> None:
    # from 30 to 25 days, 27 reached: (27 − 30) / (25 − 30) = 3 / 5 = 60 %
    row = {"target": 25.0, "actual": 27.0, "direction": "lower", "baseline": 30.0}
    for aggregation in ("last", "mean"):
        found = goal("baseline", **row, aggregation=aggregation, annual_target=25.0)
        assert (found["attainment"], found["method_used"]) == (near(0.6), "baseline")
    # higher: from 85 to 90, 86.5 reached: 1.5 / 5 = 30 %; fallen to 80: −1 → 0 %
    row = {"target": 90.0, "baseline": 85.0, "annual_target": 90.0, "aggregation": "mean"}
    assert goal("baseline", **row, actual=86.5)["attainment"] == near(0.3)
    assert goal("baseline", **row, actual=80.0)["attainment"] == 0
    # a loss halved: from −200 to −100, −150 reached: 50 / 100 = 50 %
    row = {"target": -100.0, "baseline": -200.0, "annual_target": -100.0, "aggregation": "last"}
    assert goal("baseline", **row, actual=-150.0)["attainment"] == near(0.5)


def test_baseline_of_a_last_value_is_held_against_the_years_target() -> None:
    # the quarter's own target is 28, the year's 25: (27 − 30) / (25 − 30) = 60 %, not 3 / 2
    row = {"target": 28.0, "actual": 27.0, "direction": "lower", "baseline": 30.0, "annual_target": 25.0}
    found = goal("baseline", **row, aggregation="last")
    assert found["baseline_target"] == 25
    assert found["attainment"] == near(0.6)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_baseline_of_a_sum_waits_for_all_four_quarters(quarters: int) -> None:
    row = {"target": 120.0, "actual": 110.0, "baseline": 100.0, "annual_target": 150.0}
    found = goal("baseline", **row, quarters=float(quarters))
    assert (found["baseline_target"], found["method_used"]) == ("", "linear")
    assert found["attainment"] == near(110 / 120)
    # all four in: (110 − 100) / (120 − 100) = 50 %
    found = goal("baseline", **row, quarters=4.0)
    assert (found["attainment"], found["method_used"]) == (near(0.5), "baseline")


@pytest.mark.parametrize("baseline", ["", "约1亿", "无", 12.0])
def test_baseline_missing_or_at_the_target_is_linear(baseline: CellValue) -> None:
    found = goal("baseline", target=12.0, actual=10.0, baseline=baseline, annual_target=12.0, quarters=4.0)
    assert (found["attainment"], found["method_used"]) == (near(10 / 12), "linear")


def test_baseline_without_an_annual_target_is_linear() -> None:
    found = goal("baseline", target=12.0, actual=10.0, baseline=5.0, annual_target="", aggregation="last")
    assert (found["attainment"], found["method_used"]) == (near(10 / 12), "linear")


# -- year completion -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("aggregation", "direction", "actual", "annual", "completion"),
    [
        ("sum", "higher", 32.0, 50.0, 0.64),  # 32 / 50
        ("sum", "lower", 40.0, 50.0, 0.8),  # costs so far: 40 / 50
        ("sum", "higher", -30.0, -100.0, 0.3),  # −30 / −100
        ("last", "lower", 27.0, 25.0, 0.92),  # 1 − 2 / 25
        ("mean", "higher", 86.5, 90.0, 86.5 / 90),
        ("mean", "higher", -200.0, -100.0, 0.0),  # 1 − 100 / 100 → floor
        ("last", "higher", 1.0, 0.0, ""),
        ("sum", "higher", 1.0, "", ""),
    ],
)
def test_year_completion(
    aggregation: str, direction: str, actual: float, annual: CellValue, completion: float | str
) -> None:
    found = goal(
        aggregation=aggregation, direction=direction, actual=actual, annual_target=annual, target=1.0
    )
    assert found["year_completion"] == (completion if completion == "" else near(float(completion)))


# aggregation, annual bounds, actual to date, completion
BAND_YEARS = [
    ("sum", 40.0, 60.0, 28.0, 0.7),  # on the way to the lower bound: 28 / 40
    ("sum", 40.0, 60.0, 40.0, 1),  # on a bound is inside
    ("sum", 40.0, 60.0, 60.0, 1),
    ("sum", 40.0, 60.0, 75.0, 1.25),  # beyond the upper one: 75 / 60
    ("sum", 0.0, 60.0, -6.0, ""),  # against a bound of 0 there is no ratio
    ("last", 90.0, 95.0, 92.0, 1),
    ("last", 90.0, 95.0, 85.0, 1 - 5 / 92.5),  # 5 short of 90, of a midpoint of 92.5
    ("mean", 90.0, 95.0, 100.0, 1 - 5 / 92.5),  # 5 above 95
    ("mean", 90.0, 95.0, 300.0, 0),  # floor
    ("last", -5.0, 5.0, 7.0, ""),  # a midpoint of 0
    ("last", 90.0, "", 92.0, ""),  # an upper bound is missing
]


@pytest.mark.parametrize(("aggregation", "low", "high", "actual", "completion"), BAND_YEARS)
def test_year_completion_of_a_band(
    aggregation: str, low: float, high: CellValue, actual: float, completion: float | str
) -> None:
    row = {"annual_target": low, "annual_high": high, "target": low, "target_high": high, "actual": actual}
    found = goal(aggregation=aggregation, direction="band", **row)
    assert found["year_completion"] == (completion if completion == "" else near(float(completion)))


# -- thresholds ----------------------------------------------------------------------------


def test_thresholds_may_be_overridden() -> None:
    row: dict[str, CellValue] = {**ROW, "attainment": 0.85}
    for green, amber, rating in ((1.0, 0.9, "red"), (1.0, 0.8, "amber"), (0.85, 0.5, "green")):
        (found,) = evaluate([row], ("rating",), green=green, amber=amber)
        assert found["rating"] == rating


@pytest.mark.parametrize(
    ("percent", "expected", "status"),
    [
        (0.7, 0.8, "on_track"),  # 0.7 − 0.8 = −0.10000000000000009
        (0.6, 0.7, "on_track"),  # 0.6 − 0.7 = −0.09999999999999998
        (0.7, 0.800001, "behind"),  # −0.100001
        (0.7, 0.8000004, "on_track"),  # −0.1000004 → −0.1 on six decimals
        (0.5, 0.9, "behind"),
        (0.9, 0.5, "on_track"),
        (0.5, "", "on_track"),
    ],
)
def test_exactly_ten_points_behind_is_not_behind(percent: float, expected: CellValue, status: str) -> None:
    row: dict[str, CellValue] = {
        **TASK,
        "percent": percent,
        "expected": expected,
        "finish": date(2024, 12, 31),
    }
    (found,) = evaluate([row], ("schedule_deviation", "status"), as_of=date(2024, 7, 1))
    assert found["status"] == status


# -- expected progress ---------------------------------------------------------------------

HOLIDAYS = (date(2024, 10, 1), date(2024, 10, 2), date(2024, 10, 3), date(2024, 10, 4), date(2024, 10, 7))
MAKEUP_DAYS = (date(2024, 9, 29), date(2024, 10, 12))
SPAN = {"start": date(2024, 1, 1), "finish": date(2024, 1, 10)}


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (date(2023, 12, 31), 0),  # before the start
        (date(2024, 1, 1), 1 / 10),  # the first day is one of ten
        (date(2024, 1, 5), 5 / 10),
        (date(2024, 1, 9), 9 / 10),
        (date(2024, 1, 10), 1),  # the last day counts
        (date(2025, 1, 1), 1),
    ],
)
def test_expected_progress_counts_both_ends(as_of: date, expected: float) -> None:
    assert task(as_of, **SPAN)["expected"] == near(expected)


@pytest.mark.parametrize(
    ("day", "expected"), [(date(2024, 4, 7), 0), (date(2024, 4, 8), 1), (date(2024, 4, 9), 1)]
)
@pytest.mark.parametrize("working_days", ["no", "yes"])
def test_a_span_of_one_day_is_done_from_its_day_on(working_days: str, day: date, expected: float) -> None:
    found = task(day, working_days, start=date(2024, 4, 8), finish=date(2024, 4, 8))
    assert found["expected"] == expected


@pytest.mark.parametrize("working_days", ["no", "yes"])
def test_dates_in_the_wrong_order_or_missing_have_no_expectation(working_days: str) -> None:
    day = date(2024, 7, 1)
    for row in (
        {"start": date(2024, 8, 1), "finish": date(2024, 7, 1)},
        {"start": "", "finish": date(2024, 7, 1)},
        {"start": date(2024, 7, 1), "finish": "年底"},
        {},
    ):
        assert task(day, working_days, percent=0.5, **row)["expected"] == ""
    assert task(None, working_days, **SPAN)["expected"] == ""


# 2024-09-26 is a Thursday.  Worked: Thu 26, Fri 27, Sun 29 (made up), Mon 30 September;
# Tue 1 – Fri 4 and Mon 7 October are holidays; then Tue 8 – Fri 11, Sat 12 (made up): 9 days.
NATIONAL_DAY = {"start": date(2024, 9, 26), "finish": date(2024, 10, 12)}


@pytest.mark.parametrize(
    ("as_of", "worked"),
    [
        (date(2024, 9, 25), 0),
        (date(2024, 9, 26), 1),
        (date(2024, 9, 28), 2),  # Saturday
        (date(2024, 9, 29), 3),  # Sunday, made up
        (date(2024, 9, 30), 4),
        (date(2024, 10, 7), 4),  # the holidays add nothing
        (date(2024, 10, 8), 5),
        (date(2024, 10, 11), 8),
        (date(2024, 10, 12), 9),
    ],
)
def test_working_days_leave_out_holidays_and_add_the_days_made_up(as_of: date, worked: int) -> None:
    assert task(as_of, "yes", **NATIONAL_DAY)["expected"] == near(worked / 9)


def test_calendar_days_do_not_care_for_holidays() -> None:
    # 26 September to 12 October is 17 days; to the 7th it is 12
    assert task(date(2024, 10, 7), **NATIONAL_DAY)["expected"] == near(12 / 17)


def test_a_number_that_is_no_date_gives_no_error() -> None:
    found = task(date(2024, 10, 7), "yes", start=1.0, finish=1e12, percent=0.5)
    assert (found["expected"], found["schedule_deviation"], found["status"]) == ("", "", "on_track")


def test_a_span_without_a_working_day_is_done_from_its_first_day_on() -> None:
    weekend = {"start": date(2024, 10, 5), "finish": date(2024, 10, 6)}
    assert task(date(2024, 10, 4), "yes", **weekend)["expected"] == 0
    assert task(date(2024, 10, 5), "yes", **weekend)["expected"] == 1


# -- status of a task ----------------------------------------------------------------------


def test_the_sources_task_is_overdue() -> None:
    """80 % on the day after its deadline: expected 100 %, 20 points short, overdue."""
    found = task(date(2024, 7, 1), start=date(2024, 1, 3), finish=date(2024, 6, 30), percent=0.8)
    assert (found["expected"], found["status"]) == (1, "overdue")
    assert found["schedule_deviation"] == near(-0.2)


LATE = {"start": date(2024, 1, 1), "finish": date(2024, 3, 31)}  # over on 2024-07-01
RUNNING = {"start": date(2024, 1, 1), "finish": date(2024, 12, 31)}  # 183 of 366 days: 50 %
COMING = {"start": date(2024, 8, 1), "finish": date(2024, 12, 31)}


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({**LATE, "percent": 1.0, "hold": "paused"}, "paused"),  # paused goes before all
        ({**LATE, "hold": "cancelled"}, "cancelled"),
        ({**LATE}, "blank"),  # blank goes before overdue
        ({**LATE, "percent": "80%"}, "blank"),
        ({**LATE, "percent": "无"}, "blank"),
        ({**LATE, "percent": 1.0}, "done"),  # done goes before overdue
        ({**LATE, "percent": 1.2}, "done"),
        ({**LATE, "percent": 0.9999999}, "done"),
        ({**LATE, "percent": 0.0}, "overdue"),
        ({**LATE, "finish": date(2024, 7, 1), "percent": 0.95}, "on_track"),  # due today is not overdue
        ({**COMING, "percent": 0.0}, "not_started"),
        ({**COMING, "percent": 0.1}, "on_track"),  # begun early
        ({**RUNNING, "percent": 0.0}, "behind"),
        ({**RUNNING, "percent": 0.39}, "behind"),  # 0.39 − 0.5 = −11 points
        ({**RUNNING, "percent": 0.4}, "on_track"),  # −10 points is the limit
        ({**RUNNING, "percent": 0.9}, "on_track"),
        ({"percent": 0.2}, "on_track"),  # no dates: nothing to be behind of
        ({**LATE, "percent": 0.2, "filled": ""}, ""),
    ],
)
def test_the_first_status_that_holds(row: dict[str, CellValue], status: str) -> None:
    assert task(date(2024, 7, 1), **row)["status"] == status


def test_half_the_year_is_over_on_the_first_of_july() -> None:
    # 31 + 29 + 31 + 30 + 31 + 30 + 1 = 183 of 366 days
    assert task(date(2024, 7, 1), **RUNNING)["expected"] == near(183 / 366)


@pytest.mark.parametrize(
    ("row", "stale"),
    [
        ({"updated": date(2024, 6, 23), "percent": 0.5}, "yes"),  # 8 days
        ({"updated": date(2024, 6, 24), "percent": 0.5}, "no"),  # 7 days
        ({"updated": date(2024, 6, 1), "percent": ""}, "yes"),
        ({"updated": date(2024, 6, 1), "percent": "无"}, "yes"),
        ({"updated": date(2024, 6, 1), "percent": 1.0}, "no"),
        ({"updated": date(2024, 6, 1), "percent": 0.5, "hold": "paused"}, "no"),
        ({"updated": "", "percent": 0.5}, "no"),
        ({"updated": date(2024, 6, 1), "percent": 0.5, "filled": ""}, ""),
    ],
)
def test_a_task_is_stale_after_seven_days(row: dict[str, CellValue], stale: str) -> None:
    assert task(date(2024, 7, 1), **row)["stale"] == stale


# -- the evaluation itself -----------------------------------------------------------------


def test_many_rows_are_evaluated_each_by_itself() -> None:
    rows = [{**ROW, "target": 10.0, "actual": float(n)} for n in range(50)]
    found = evaluate(rows, FIGURES)
    assert [row["attainment"] for row in found] == [near(n / 10) for n in range(50)]


def test_no_rows_have_no_figures() -> None:
    assert evaluate_measures(BOOK, ["deviation"], {key: [] for key in ROW}, {}) == {"deviation": []}


def test_an_argument_nobody_gave_is_an_error() -> None:
    with pytest.raises(CalcError, match="measure deviation needs actual, which was not given"):
        evaluate_measures(BOOK, ["deviation"], {"target": [1.0]}, {})


# -- properties ----------------------------------------------------------------------------

amounts = st.one_of(
    st.integers(-1000, 1000).map(float),
    st.floats(-1e9, 1e9, allow_nan=False).map(lambda value: round(value, 4)),
    st.just(0.0),
)
optional = st.one_of(amounts, st.sampled_from(["", "约10", "无"]))
goal_rows = st.fixed_dictionaries(
    {
        "actual": optional,
        "target": optional,
        "target_high": optional,
        "direction": st.sampled_from(["higher", "lower", "band", ""]),
        "metric_kind": st.sampled_from(["number", "score", "done", ""]),
        "aggregation": st.sampled_from(["sum", "last", "mean", ""]),
        "baseline": optional,
        "annual_target": optional,
        "annual_high": optional,
        "quarters": st.integers(0, 4).map(float),
        "filled": st.sampled_from(["x", ""]),
    }
)
methods = st.sampled_from(["linear", "ratio", "baseline"])


@settings(max_examples=60, deadline=None)
@given(st.lists(goal_rows, min_size=1, max_size=25), methods)
def test_attainment_is_never_negative_and_nothing_is_an_error(
    rows: list[dict[str, CellValue]], method: str
) -> None:
    for row, found in zip(
        rows, evaluate(rows, (*FIGURES, "rating", "year_completion"), method=method), strict=True
    ):
        assert not any(isinstance(value, CellError) for value in found.values()), (row, found)
        for key in ("attainment", "year_completion"):
            floor = row["aggregation"] == "sum" or row["metric_kind"] == "done"
            if isinstance(found[key], float) and (key == "attainment" or not floor):
                assert found[key] >= 0
        assert (found["attainment"] == "") >= (found["deviation"] == "" and row["metric_kind"] != "done")
        assert (found["rating"] == "") == (row["filled"] == "")
        assert found["method_used"] in {"linear", method}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(amounts, amounts, st.sampled_from(["higher", "lower"])), min_size=1, max_size=25))
@example([(0.3, 0.1 + 0.2, "higher")])
def test_linear_attainment_agrees_with_favourable(rows: list[tuple[float, float, str]]) -> None:
    table = [{**ROW, "target": t, "actual": a, "direction": d} for t, a, d in rows]
    for (target, actual, direction), found in zip(rows, evaluate(table, FIGURES), strict=True):
        sign = -1 if direction == "lower" else 1
        assert (found["deviation_rate"] == "") == (target == 0)
        gain = sign * round(actual - target, 6)
        assert found["favourable"] == ("good" if gain > 0 else "bad" if gain < 0 else "even")
        attainment = found["attainment"]
        assert isinstance(attainment, float)
        if target:
            expected = max(0, 1 + sign * (actual - target) / abs(target))
            assert attainment == pytest.approx(expected, rel=1e-9, abs=1e-6)
            if found["favourable"] == "good":
                assert attainment > 1
            elif found["favourable"] == "bad":
                assert attainment < 1
        else:
            assert attainment == (1 if sign * actual >= 0 else 0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(amounts, amounts, amounts), min_size=1, max_size=25))
def test_a_band_is_favourable_inside_and_nowhere_else(rows: list[tuple[float, float, float]]) -> None:
    bounds = [(min(a, b), max(a, b), actual) for a, b, actual in rows]
    table = [
        {**ROW, "direction": "band", "target": low, "target_high": high, "actual": actual}
        for low, high, actual in bounds
    ]
    for (low, high, actual), found in zip(bounds, evaluate(table, FIGURES), strict=True):
        outside = max(low - actual, actual - high, 0)
        assert found["favourable"] == ("good" if round(outside, 6) == 0 else "bad")
        assert found["deviation"] == pytest.approx(outside if actual > high else -outside, rel=1e-9, abs=1e-8)
        assert (found["deviation_rate"] == "") == (low + high == 0)
        if found["attainment"] != "":
            assert 0 <= float(str(found["attainment"])) <= 1


# -- every direction with every method, from the definitions of DOMAIN §3 alone --------------


def favour_of(gain: float, *, band: bool) -> str:
    if round(gain, 6) == 0:
        return "good" if band else "even"
    return "bad" if band or gain < 0 else "good"


def attained(row: Mapping[str, Any], method: str) -> tuple[str, float | None]:
    """The method that the row allows, and the attainment by it; None where it has none."""
    sign = -1 if row["direction"] == "lower" else 1
    target, actual, baseline = row["target"], row["actual"], row["baseline"]
    if row["metric_kind"] == "done":
        return "linear", 1.0 if actual >= 1 else 0.0
    if row["direction"] == "band":
        middle = abs(target + row["target_high"]) / 2
        outside = max(target - actual, actual - row["target_high"], 0.0)
        return "linear", max(0.0, 1 - outside / middle) if middle else None
    annual = row["annual_target"]
    if row["aggregation"] == "sum":
        annual = target if row["quarters"] == 4 else None
    if method == "baseline" and baseline is not None and annual is not None and baseline != annual:
        return "baseline", max(0.0, (actual - baseline) / (annual - baseline))
    if method == "ratio" and actual > 0 and target > 0:
        return "ratio", target / actual if sign < 0 else actual / target
    if target == 0:
        return "linear", 1.0 if sign * actual >= 0 else 0.0
    return "linear", max(0.0, 1 + sign * (actual - target) / abs(target))


figures = st.integers(-40, 40).map(lambda number: number / 4)  # no figure is nearly another
known_rows = st.fixed_dictionaries(
    {
        "actual": figures,
        "target": figures,
        "width": st.integers(1, 20).map(float),
        "direction": st.sampled_from([item.key for item in BOOK.lists["direction"].items]),
        "metric_kind": st.sampled_from([item.key for item in BOOK.lists["metric_kind"].items]),
        "aggregation": st.sampled_from([item.key for item in BOOK.lists["aggregation"].items]),
        "baseline": st.none() | figures,
        "annual_target": st.none() | figures,
        "quarters": st.integers(1, 4).map(float),
    }
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(known_rows, min_size=20, max_size=40),
    st.sampled_from([item.key for item in BOOK.lists["method"].items]),
)
def test_every_direction_and_method_as_defined(rows: list[dict[str, Any]], method: str) -> None:
    for row in rows:
        row["target_high"] = row["target"] + row.pop("width")
    table = [{**ROW, **{key: "" if value is None else value for key, value in row.items()}} for row in rows]
    for row, found in zip(rows, evaluate(table, (*FIGURES, "rating"), method=method), strict=True):
        band = row["direction"] == "band"
        low, high, actual = row["target"], row["target_high"], row["actual"]
        deviation = actual - low
        if band:
            deviation = deviation if actual < low else actual - high if actual > high else 0.0
        size = abs(low + high) / 2 if band else abs(low)
        sign = -1 if row["direction"] == "lower" else 1
        used, attainment = attained(row, method)
        assert found["deviation"] == near(deviation), row
        assert found["deviation_rate"] == (near(deviation / size) if size else ""), row
        assert found["favourable"] == favour_of(sign * deviation, band=band), row
        assert (found["method_used"], found["attainment"]) == (
            used,
            "" if attainment is None else near(attainment),
        ), row
        rated = "none" if attainment is None else round(attainment, 6)
        expected = rated if rated == "none" else "green" if rated >= 1 else "amber" if rated >= 0.9 else "red"
        assert found["rating"] == expected, row


days = st.dates(date(2024, 1, 1), date(2024, 12, 31))


@settings(max_examples=60, deadline=None)
@given(
    days,
    st.integers(0, 400),
    days,
    st.lists(days.filter(lambda day: day.weekday() < 5), max_size=8, unique=True),
    st.lists(days.filter(lambda day: day.weekday() >= 5), max_size=5, unique=True),
)
def test_working_days_agree_with_a_count_day_by_day(
    start: date, length: int, as_of: date, holidays: list[date], makeup: list[date]
) -> None:
    finish = start + timedelta(length)

    def worked(last: date) -> int:
        every_day = (start + timedelta(offset) for offset in range((last - start).days + 1))
        return sum(day in makeup or (day.weekday() < 5 and day not in holidays) for day in every_day)

    row: dict[str, CellValue] = {**TASK, "start": start, "finish": finish}
    (found,) = evaluate(
        [row],
        ("expected",),
        as_of=as_of,
        working_days="yes",
        holidays=tuple(holidays),
        makeup_days=tuple(makeup),
    )
    every = worked(finish)
    passed = worked(min(as_of, finish))
    if as_of < start:
        assert found["expected"] == 0
    elif as_of >= finish or every == 0:
        assert found["expected"] == 1
    else:
        assert found["expected"] == near(passed / every)


@settings(max_examples=60, deadline=None)
@given(days, st.integers(0, 400), days, st.integers(0, 30))
def test_expected_progress_never_falls(start: date, length: int, as_of: date, later: int) -> None:
    row: dict[str, CellValue] = {**TASK, "start": start, "finish": start + timedelta(length)}
    first, second = (
        evaluate([row], ("expected",), as_of=day)[0]["expected"] for day in (as_of, as_of + timedelta(later))
    )
    assert 0 <= float(str(first)) <= float(str(second)) <= 1


@lru_cache
def _ratio_rows() -> list[dict[str, CellValue]]:
    return [
        {**ROW, "target": float(t), "actual": float(a), "direction": d}
        for t in range(1, 12)
        for a in range(1, 12)
        for d in ("higher", "lower")
    ]


def test_ratio_and_linear_agree_on_target_and_on_which_side_of_it() -> None:
    rows = _ratio_rows()
    for row, linear, ratio in zip(
        rows, evaluate(rows, FIGURES, method="linear"), evaluate(rows, FIGURES, method="ratio"), strict=True
    ):
        assert ratio["method_used"] == "ratio"
        first, second = float(str(linear["attainment"])), float(str(ratio["attainment"]))
        assert (first > 1) == (second > 1), row
        assert (first == 1) == (second == 1), row
        if row["direction"] == "higher":
            assert first == near(second)
