"""Totals of facts: years from quarters and groups from goals, whole columns at a time.

A million facts are added up here without a Python object per row; the measures are evaluated
afterwards, on the groups alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from planbook.calc import evaluate_measures
from planbook.calendar import QUARTERS
from planbook.layout.cells import CellValue, SettingValue
from planbook.spec import Book

AMOUNTS = ("target", "target_high", "actual")
MEASURES = (
    "deviation",
    "deviation_rate",
    "favourable",
    "baseline_target",
    "method_used",
    "attainment",
    "rating",
)
Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def total_facts(
    book: Book,
    facts: pd.DataFrame,
    by: Sequence[str] = ("company_goal", "department"),
    *,
    counted: bool = True,
) -> pd.DataFrame:
    """What the facts of each group come to, one row per group and unit family.

    Quarters make the year by each goal's aggregation: summed, the last one known, or averaged;
    with ``quarter`` among `by` each stands for itself.  Amounts are converted to the base unit of
    their family (`unit`); different families never meet in one row.  Only facts with target and
    actual enter, and only those of ended quarters unless `counted` is False.

    Comes back sorted by `by` and `unit`, with `target`, `target_high`, `actual` (NaN where no fact
    has one), `facts` (rows of the group), `known` (rows that entered) and `goals`.
    """
    keys = [_codes(facts[key]) for key in by]
    units, factors, families = _units(book, facts["unit"])
    group, levels = _combine([codes for codes, _ in keys] + [families], [n for _, n in keys] + [len(units)])
    quarter = _quarter_codes(facts["quarter"])
    figures = {key: _numbers(facts[key]) for key in AMOUNTS}
    known = np.isfinite(figures["target"]) & np.isfinite(figures["actual"])
    if counted:
        known &= _is(facts["counted"], "yes")
    goal, goals = _goal_codes(facts)
    weight = (
        known.astype(np.float64) if "quarter" in by else _time_weights(facts, goal, goals, quarter, known)
    )
    size = len(levels)
    result: dict[str, Any] = {
        "facts": np.bincount(group, minlength=size),
        "known": np.bincount(group, known, minlength=size).astype(np.int64),
        "goals": _count_distinct(group, goal, size, goals),
    }
    weight *= factors
    for key in AMOUNTS:
        given = known & np.isfinite(figures[key]) if key == "target_high" else known
        if not given.any():
            result[key] = np.full(size, np.nan)
            continue
        sums = np.bincount(group, np.where(given, figures[key], 0.0) * weight, minlength=size)
        entered = result["known"] if given is known else np.bincount(group, given, minlength=size)
        result[key] = np.where(entered > 0, sums, np.nan)
    frame = pd.DataFrame({**_labels(facts, by, keys, units, levels), **result})
    order = [*by, "unit"]
    return frame.sort_values(order, kind="stable", ignore_index=True)[
        [*order, *AMOUNTS, "facts", "known", "goals"]
    ]


def measure_totals(
    book: Book, totals: pd.DataFrame, settings: Mapping[str, SettingValue], *, direction: str | Sequence[str]
) -> pd.DataFrame:
    """The totals with the spec's measures beside them, evaluated on the groups by the formula engine."""
    count = len(totals)
    directions = [direction] * count if isinstance(direction, str) else list(direction)
    columns: dict[str, Sequence[CellValue]] = {
        key: ["" if pd.isna(value) else float(value) for value in totals[key]] for key in AMOUNTS
    }
    columns |= {"direction": directions, "filled": ["x"] * count, "quarters": [0.0] * count}
    columns |= {key: [""] * count for key in ("metric_kind", "aggregation", "baseline", "annual_target")}
    computed = evaluate_measures(book, MEASURES, columns, settings) if count else {}
    shown = {
        key: [None if value == "" else value for value in computed.get(key, ())]
        for key in MEASURES
        if key != "baseline_target"
    }
    measured = totals.assign(direction=directions)
    for key, values in shown.items():
        measured[key] = pd.Series(values, dtype=object, index=measured.index)
    return measured


# -- columns as arrays ---------------------------------------------------------------------


def _codes(column: pd.Series[Any]) -> tuple[Codes, int]:
    """A column as numbers from 0; what is missing is a value of its own, the last."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        found, size = column.cat.codes.to_numpy(), len(column.cat.categories)
    else:
        found, uniques = pd.factorize(column, sort=False)
        size = len(uniques)
    codes = found.astype(np.int64)
    if codes.size and codes.min() < 0:
        codes[codes < 0] = size
    return codes, size + 1


def _units(book: Book, column: pd.Series[Any]) -> tuple[list[str], Floats, Codes]:
    """The base unit of each family met, and per row its factor to it and its family's number."""
    codes, size = _codes(column)
    names = _values(column, size)
    bases: dict[str, int] = {}
    factors, families = np.ones(size), np.zeros(size, dtype=np.int64)
    for number, name in enumerate(names):
        base = book.unit_table.base(name)
        factors[number] = book.unit_table.convert(1.0, name, base.name) if base else 1.0
        families[number] = bases.setdefault(base.name if base else name, len(bases))
    return list(bases), factors[codes], families[codes]


def _values(column: pd.Series[Any], size: int) -> list[str]:
    """The values behind the codes of a column, in the order of the codes; missing is ``""``."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        found = list(column.cat.categories)
    else:
        found = list(pd.factorize(column, sort=False)[1])
    return [str(value) for value in found] + [""] * (size - len(found))


def _numbers(column: pd.Series[Any]) -> Floats:
    """A column as floats; nil, text and what is missing are NaN."""
    if column.dtype == np.float64:
        return column.to_numpy()
    return cast(Floats, pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan))


def _is(column: pd.Series[Any], value: str) -> npt.NDArray[np.bool_]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        known = list(column.cat.categories)
        wanted = known.index(value) if value in known else -2
        return np.asarray(column.cat.codes.to_numpy() == wanted, dtype=np.bool_)
    return np.asarray((column == value).to_numpy(dtype=bool), dtype=np.bool_)


def _quarter_codes(column: pd.Series[Any]) -> Codes:
    """0 to 3, and −1 where the quarter is unknown."""
    codes, size = _codes(column)
    places = [QUARTERS.index(name) if name in QUARTERS else -1 for name in _values(column, size)]
    return np.array(places, dtype=np.int64)[codes]


def _goal_codes(facts: pd.DataFrame) -> tuple[Codes, int]:
    """Which goal each fact is of: file and id tell goals apart."""
    parts = [_codes(facts[key]) for key in ("file", "goal_id")]
    codes, levels = _combine([codes for codes, _ in parts], [size for _, size in parts])
    return codes, len(levels)


def _combine(parts: Sequence[Codes], sizes: Sequence[int]) -> tuple[Codes, Codes]:
    """Several code columns as one, numbered without gaps; `levels` are the combinations met.

    A combination is the number with the codes for digits.  After each column the combinations
    that do not occur are dropped, so that counting them stays possible.
    """
    combined, levels = parts[0], np.arange(sizes[0], dtype=np.int64)
    for codes, size in zip(parts[1:], sizes[1:], strict=True):
        combined, met = _number(combined * size + codes, len(levels) * size)
        levels = levels[met // size] * size + met % size
    if len(parts) == 1:
        combined, levels = _number(combined, sizes[0])
    return combined, levels


def _number(codes: Codes, room: int) -> tuple[Codes, Codes]:
    """The codes below `room` numbered without gaps, and those that occur in order."""
    if room > max(4 * len(codes), 1 << 16):
        met, numbers = np.unique(codes, return_inverse=True)
        return numbers.astype(np.int64), met
    occurs = np.bincount(codes, minlength=room) > 0
    return (np.cumsum(occurs) - 1)[codes], np.flatnonzero(occurs)


def _time_weights(
    facts: pd.DataFrame, goal: Codes, goals: int, quarter: Codes, known: npt.NDArray[np.bool_]
) -> Floats:
    """What each fact counts in its goal's year: 1, its share of a mean, or only the last."""
    weight = known.astype(np.float64)
    is_mean, is_last = _is(facts["aggregation"], "mean"), _is(facts["aggregation"], "last")
    if is_mean.any():
        counts = np.bincount(goal, known, minlength=goals)
        weight = np.where(is_mean & known, 1.0 / np.maximum(counts, 1.0)[goal], weight)
    if is_last.any():
        last = np.full(goals, -1, dtype=np.int64)
        for number in range(len(QUARTERS)):
            last[goal[known & (quarter == number)]] = number
        weight = np.where(is_last & (quarter != last[goal]), 0.0, weight)
    return weight


def _count_distinct(group: Codes, goal: Codes, groups: int, goals: int) -> Codes:
    """How many goals each group has."""
    first = np.full(goals, -1, dtype=np.int64)
    first[goal] = group
    if (first[goal] == group).all():  # no goal stands in two groups: count each once
        return np.bincount(first[first >= 0], minlength=groups)
    pairs = np.unique(group * goals + goal)
    return np.bincount(pairs // goals, minlength=groups)


def _labels(
    facts: pd.DataFrame,
    by: Sequence[str],
    keys: Sequence[tuple[Codes, int]],
    units: Sequence[str],
    levels: Codes,
) -> dict[str, Any]:
    """The values of the keys of each group, decoded from its combination."""
    rest, found = levels, {}
    found["unit"] = [units[code] or None for code in rest % len(units)]
    rest = rest // len(units)
    for key, (_, size) in zip(reversed(by), reversed(keys), strict=True):
        values = _values(facts[key], size)
        found[key] = [values[code] or None for code in rest % size]
        rest = rest // size
    return found
