"""The rows of a frame with plain values, as reports and explanations read them."""

from __future__ import annotations

import math
from datetime import date, datetime
from numbers import Real
from typing import Any

import pandas as pd

from planbook.values import Nil

Row = dict[str, Any]


def rows_of(frame: pd.DataFrame) -> list[Row]:
    """The rows of a frame with plain values: text, int, float, bool, date, Nil, or None where nothing is."""
    keys = [str(key) for key in frame.columns]
    columns = [_plain_column(frame[key]) for key in frame.columns]
    return [dict(zip(keys, values, strict=True)) for values in zip(*columns, strict=True)]


def _plain_column(column: pd.Series[Any]) -> list[Any]:
    if hasattr(column, "cat"):  # few values, many rows
        kept = [*map(_plain, column.cat.categories), None]  # the code of what is missing is −1
        return [kept[code] for code in column.cat.codes.tolist()]
    if column.dtype == float:
        return [value if math.isfinite(value) else None for value in column.tolist()]
    return [_plain(value) for value in column.tolist()]


def _plain(value: object) -> str | float | bool | date | Nil | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value or None
    if isinstance(value, float):  # most values are: asking for any real number takes longer
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Nil | bool):
        return value
    if isinstance(value, Real):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.date() if value == value else None  # NaT is a datetime unlike itself
    return value if isinstance(value, date) else None
