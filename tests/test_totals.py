"""Totals over whole columns against the same sums made row by row in plain Python."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planbook.calendar import FiscalYear
from planbook.measures import measure_totals, total_facts
from planbook.spec import load_spec

BOOK = load_spec("annual_plan")
QUARTERS = ("q1", "q2", "q3", "q4")
FACTOR = {"元": 1.0, "万元": 10_000.0, "亿元": 1e8, "家": 1.0, "匹": 1.0, "": 1.0}
BASE = {"元": "元", "万元": "元", "亿元": "元", "家": "家", "匹": "匹", "": None}
amounts = st.one_of(st.none(), st.integers(-1000, 1000).map(float))
goals = st.fixed_dictionaries(
    {
        "file": st.sampled_from(["a.xlsx", "b.xlsx"]),
        "goal_id": st.sampled_from(["G001", "G002", "G003"]),
        "department": st.sampled_from(["XS", "KH"]),
        "company_goal": st.sampled_from(["甲", "乙", None]),
        "unit": st.sampled_from(list(FACTOR)),
        "aggregation": st.sampled_from(["sum", "last", "mean", None]),
        "quarters": st.lists(
            st.tuples(st.sampled_from(QUARTERS), amounts, amounts, amounts, st.sampled_from(["yes", "no"])),
            max_size=4,
            unique_by=lambda quarter: quarter[0],
        ),
    }
)


def facts_of(drawn: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The facts of the goals, a goal of one id once a file."""
    rows, seen = [], set()
    for goal in drawn:
        key = (goal["file"], goal["goal_id"])
        if key in seen:
            continue
        seen.add(key)
        for quarter, target, high, actual, counted in goal["quarters"]:
            shared = {k: v for k, v in goal.items() if k != "quarters"}
            figures = {"target": target, "target_high": high, "actual": actual, "counted": counted}
            rows.append({**shared, "quarter": quarter, **figures})
    return rows


COLUMNS = ("file", "goal_id", "department", "company_goal", "unit", "aggregation", "quarter", "target",
           "target_high", "actual", "counted")  # fmt: skip


def frame_of(rows: list[dict[str, Any]], typed: bool) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    if typed:
        for key in COLUMNS:
            numeric = key in ("target", "target_high", "actual")
            frame[key] = (
                pd.to_numeric(frame[key]).astype("float64") if numeric else frame[key].astype("category")
            )
    return frame


def slowly(rows: list[dict[str, Any]], by: list[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The same totals, a row at a time."""
    entering: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["target"] is not None and row["actual"] is not None and row["counted"] == "yes":
            entering[row["file"], row["goal_id"]].append(row)
    groups: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = (*(row[k] for k in by), BASE[row["unit"]])
        group = groups.setdefault(
            key, {"facts": 0, "known": 0, "goals": set(), "sums": defaultdict(float), "has": set()}
        )
        group["facts"] += 1
        group["goals"].add((row["file"], row["goal_id"]))
        mine = entering[row["file"], row["goal_id"]]
        if row not in mine:
            continue
        group["known"] += 1
        weight = 1.0
        if "quarter" not in by and row["aggregation"] == "mean":
            weight = 1.0 / len(mine)
        if "quarter" not in by and row["aggregation"] == "last":
            weight = float(row["quarter"] == max(other["quarter"] for other in mine))
        for figure in ("target", "target_high", "actual"):
            if row[figure] is not None:
                group["sums"][figure] += row[figure] * FACTOR[row["unit"]] * weight
                group["has"].add(figure)
    return groups


@settings(max_examples=150, deadline=None)
@given(
    st.lists(goals, min_size=1, max_size=12),
    st.booleans(),
    st.sampled_from([["company_goal", "department"], ["company_goal", "quarter"], ["department"]]),
)
def test_totals_are_those_made_row_by_row(drawn: list[dict[str, Any]], typed: bool, by: list[str]) -> None:
    rows = facts_of(drawn)
    if not rows:
        return
    totals = total_facts(BOOK, frame_of(rows, typed), by)
    expected = slowly(rows, by)
    assert len(totals) == len(expected)
    for total in totals.astype(object).where(totals.notna(), None).to_dict("records"):
        group = expected[(*(total[k] for k in by), total["unit"])]
        assert (total["facts"], total["known"], total["goals"]) == (
            group["facts"],
            group["known"],
            len(group["goals"]),
        )
        for figure in ("target", "actual"):
            found = total[figure]
            assert (found is None) == (figure not in group["has"])
            if found is not None:
                assert found == pytest.approx(group["sums"][figure], rel=1e-12, abs=1e-6)
        if total["target_high"] is not None:
            assert total["target_high"] == pytest.approx(group["sums"]["target_high"], rel=1e-12, abs=1e-6)


def test_no_facts_have_no_totals() -> None:
    for typed in (False, True):
        assert total_facts(BOOK, frame_of([], typed), ["company_goal", "department"]).empty


def test_the_measures_of_a_group_are_those_of_the_specification() -> None:
    rows = facts_of(
        [
            {
                "file": "a.xlsx", "goal_id": "G001", "department": "XS", "company_goal": "甲", "unit": "万元",
                "aggregation": "sum", "quarters": [("q1", 10.0, None, 9.0, "yes"), ("q2", 10.0, None, 12.0, "yes")],
            },
            {
                "file": "a.xlsx", "goal_id": "G002", "department": "KH", "company_goal": "乙", "unit": "家",
                "aggregation": "last", "quarters": [("q1", 5.0, None, 4.0, "yes"), ("q2", 4.0, None, 5.0, "yes")],
            },
        ]
    )  # fmt: skip
    totals = total_facts(BOOK, frame_of(rows, True), ["company_goal"])
    year = {"quarter_ends": FiscalYear(2024).quarter_ends}
    measured = measure_totals(BOOK, totals, year, direction=["lower", "higher"])
    assert list(measured["company_goal"]) == ["乙", "甲"]
    assert measured.loc[1, ["target", "actual", "unit"]].tolist() == [200_000.0, 210_000.0, "元"]
    assert measured["attainment"].tolist() == [pytest.approx(0.75), pytest.approx(1.05)]  # 2 − 5/4; 21/20
    assert measured["rating"].tolist() == ["red", "green"]


def test_a_million_facts_need_no_object_each() -> None:
    count = 40_000
    random = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            **{key: pd.Categorical(["x"] * count) for key in ("file", "department", "company_goal")},
            "goal_id": pd.Categorical.from_codes(np.arange(count) // 4, [f"G{n}" for n in range(count // 4)]),
            "quarter": pd.Categorical.from_codes(np.arange(count) % 4, list(QUARTERS)),
            "unit": pd.Categorical(["万元"] * count),
            "aggregation": pd.Categorical(["sum"] * count),
            "counted": pd.Categorical(["yes"] * count),
            "target": random.uniform(1, 2, count),
            "target_high": np.full(count, np.nan),
            "actual": random.uniform(1, 2, count),
        }
    )
    (total,) = total_facts(BOOK, frame, ["company_goal"]).to_dict("records")
    assert total["target"] == pytest.approx(frame["target"].sum() * 10_000)
    assert math.isnan(total["target_high"])
    assert total["goals"] == count // 4
