"""Rows of frames: plain values in any order, read from the columns only when somebody asks."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from planbook.measures import frames
from planbook.measures.frames import make_frame
from planbook.measures.plain import CHUNK, Rows, floats, rows_of
from planbook.values import Nil

GIVEN = {
    "name": ["甲", "", None, "丁"],
    "kind": pd.Categorical(["b", None, "a", "b"]),
    "size": [1.5, math.nan, math.inf, -2.0],
    "mixed": pd.Series([3, Nil.NIL, True, np.float64(0.5)], dtype=object),
    "day": pd.Series([date(2024, 1, 2), None, datetime(2024, 3, 4, 5), pd.NaT], dtype=object),
}
PLAIN: dict[str, list[Any]] = {
    "name": ["甲", None, None, "丁"],
    "kind": ["b", None, "a", "b"],
    "size": [1.5, None, None, -2.0],
    "mixed": [3.0, Nil.NIL, True, 0.5],
    "day": [date(2024, 1, 2), None, date(2024, 3, 4), None],
}


def given() -> Rows:
    """Four rows with every kind of value."""
    return rows_of(pd.DataFrame(GIVEN))


def test_values_are_plain_by_column_and_by_row() -> None:
    rows = given()
    assert {key: rows.column(key) for key in rows.keys} == PLAIN
    assert [dict(row) for row in rows] == [
        {key: values[at] for key, values in PLAIN.items()} for at in range(4)
    ]
    assert [type(value) for value in rows.column("mixed")] == [float, Nil, bool, float]
    assert rows.column("none") == [None] * 4
    assert rows[-1]["name"] == "丁"
    assert rows[0].get("none", "-") == "-"
    with pytest.raises(KeyError):
        rows[0]["none"]
    with pytest.raises(IndexError):
        rows[4]


@pytest.mark.parametrize("places", [[3, 0], [], [1, 1, 2]])
def test_rows_are_taken_with_all_their_columns(places: list[int]) -> None:
    rows = given().having(more=["a", "b", "c", "d"], number=floats([1.0, None, 3.0, 4.0])).take(places)
    assert len(rows) == len(places)
    assert rows.column("more") == ["abcd"[at] for at in places]
    assert rows.column("number") == [[1.0, None, 3.0, 4.0][at] for at in places]
    for key, values in PLAIN.items():
        assert rows.column(key) == [values[at] for at in places]
        assert rows[:1].column(key) == [values[at] for at in places[:1]]


def test_rows_are_chosen_and_ordered() -> None:
    rows = given().having(name=["x", "y", "y", "x"])  # instead of their own
    assert [*rows.keys] == [*PLAIN]
    assert rows.where(lambda row: row["size"] is not None).column("size") == [1.5, -2.0]
    ordered = rows.ordered(lambda row: row["name"])
    assert ordered.column("kind") == ["b", "b", None, "a"]  # equal ranks stay as they stood
    np.testing.assert_array_equal(ordered.numbers("size"), [1.5, -2.0, math.nan, math.nan])
    np.testing.assert_array_equal(ordered[1:].numbers("mixed"), [0.5, math.nan, math.nan])


def test_records_are_rows_too() -> None:
    rows = Rows.of([{"a": 1.0, "b": ("x", "y")}, {"a": None, "b": ()}])
    assert [dict(row) for row in rows] == [{"a": 1.0, "b": ("x", "y")}, {"a": None, "b": ()}]
    assert not Rows.of([])


def test_frames_are_compact_and_lose_nothing() -> None:
    records: list[dict[str, object]] = [
        {"fact": f"XS-R{n:03d}", "unit": "万元", "target": n, "actual": None, "baseline": 1.0}
        for n in range(6)
    ]
    records[4] |= {"baseline": Nil.NIL, "unit": None, "target": 0.5}
    frame = make_frame(frames.FACTS, iter(records))
    assert tuple(frame.columns) == frames.FACTS.names
    kinds = {key: frame[key].dtype for key in ("fact", "unit", "target", "actual", "baseline")}
    assert [str(kind) for kind in kinds.values()] == ["object", "category", "float64", "float64", "object"]
    rows = rows_of(frame)
    for key in kinds:
        wanted = [record[key] for record in records]
        assert rows.column(key) == [float(v) if isinstance(v, int) else v for v in wanted]
    assert len(make_frame(frames.FACTS, ())) == 0


def test_only_the_columns_asked_for_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[str, int, int]] = []
    column = Rows.column

    def count(rows: Rows, key: str, begin: int = 0, end: int | None = None) -> list[Any]:
        read.append((key, begin, len(rows) if end is None else end))
        return column(rows, key, begin, end)

    monkeypatch.setattr(Rows, "column", count)
    frame = pd.DataFrame({"a": np.arange(CHUNK + 5.0), "b": "x", "c": "y"})
    assert sum(row["a"] for row in rows_of(frame) if row["b"]) == frame["a"].sum()
    assert sorted(read) == [(key, *ends) for key in "ab" for ends in ((0, CHUNK), (CHUNK, CHUNK + 5))]
