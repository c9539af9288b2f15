"""Units: finding them in any spelling, converting without loss, showing them readably."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planbook.units import Unit, UnitTable

TABLE = UnitTable(
    [
        Unit("元", "money", 1, ("RMB", "圆")),
        Unit("万元", "money", 1e4),
        Unit("亿元", "money", 1e8),
        Unit("天", "time", 1, ("日", "days")),
        Unit("周", "time", 7),
        Unit("家", "companies"),
        Unit("人", "people"),
        Unit("%", "percent"),
        Unit("千克", "mass", 1000.0, ("kg",)),
    ]
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("元", "元"),
        ("rmb", "元"),
        ("ＲＭＢ", "元"),
        (" 萬元 ", "万元"),
        ("億元", "亿元"),
        ("Days", "天"),
        ("％", "%"),
        ("㎏", "千克"),
        ("場", None),
        ("", None),
    ],
)
def test_a_unit_is_found_in_any_width_case_and_script(text: str, name: str | None) -> None:
    unit = TABLE.find(text)
    assert (unit.name if unit else None) == name


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (1.2, "亿元", "元", 120000000.0),
        (1.1, "亿元", "元", 110000000.0),
        (0.07, "亿元", "万元", 700.0),
        (12345678, "元", "亿元", 0.12345678),
        (-3.3, "万元", "元", -33000.0),
        (2, "周", "天", 14.0),
        (21, "日", "周", 3.0),
        (5, "元", "圆", 5.0),
        (5, "元", "家", None),
        (5, "家", "人", None),
        (5, "场", "场", 5.0),
        (5, "場", "场", 5.0),
        (5, "", "", 5.0),
        (5, "场", "家", None),
        (5, "", "家", None),
    ],
)
def test_converting_is_exact_and_stays_in_the_family(
    value: float, source: str, target: str, expected: float | None
) -> None:
    assert TABLE.convert(value, source, target) == expected


def test_what_is_not_finite_converts_to_itself() -> None:
    assert TABLE.convert(float("inf"), "元", "亿元") == float("inf")


def test_same_family() -> None:
    assert TABLE.same_family("元", "亿元")
    assert TABLE.same_family("场", " 场 ")
    assert not TABLE.same_family("元", "天")
    assert not TABLE.same_family("元", "场")


def test_base_is_the_unit_of_factor_one() -> None:
    base = TABLE.base("亿元")
    assert base is not None
    assert base.name == "元"
    assert TABLE.base("千克") is None
    assert TABLE.base("场") is None


@pytest.mark.parametrize(
    ("value", "unit", "shown", "name"),
    [
        (120000000, "元", 1.2, "亿元"),
        (100000000, "元", 1.0, "亿元"),
        (99999999, "元", 9999.9999, "万元"),
        (-35000, "元", -3.5, "万元"),
        (0.5, "亿元", 5000.0, "万元"),
        (0.5, "元", 0.5, "元"),
        (0.00001, "亿元", 1000.0, "元"),
        (0, "亿元", 0, "亿元"),
        (12, "家", 12, "家"),
        (12, "场", 12, "场"),
    ],
)
def test_an_amount_is_shown_in_the_largest_unit_it_fills(
    value: float, unit: str, shown: float, name: str
) -> None:
    amount, chosen = TABLE.readable(value, unit)
    assert (amount, chosen.name) == (shown, name)


def test_an_amount_without_a_unit_stays_readable() -> None:
    assert TABLE.readable(5.0, "")[0] == 5.0


def test_one_spelling_names_one_unit() -> None:
    with pytest.raises(ValueError, match=r"'日'.*天.*号"):
        UnitTable([Unit("天", "time", 1, ("日",)), Unit("号", "number", 1, ("日",))])


def test_an_alias_that_repeats_the_name_is_harmless() -> None:
    assert len(UnitTable([Unit("PCS", "pieces", 1, ("pcs",))])) == 1


@pytest.mark.parametrize("factor", [0, -1, float("nan"), float("inf")])
def test_a_factor_is_a_positive_number(factor: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        Unit("元", "money", factor)


def test_a_unit_needs_a_name() -> None:
    with pytest.raises(ValueError, match="name"):
        Unit(" ", "money")


def test_a_table_travels_to_worker_processes() -> None:
    copy = pickle.loads(pickle.dumps(TABLE))
    assert [unit.name for unit in copy] == [unit.name for unit in TABLE]
    assert copy.convert(1.2, "亿元", "元") == 120000000.0


@given(st.decimals(-(10**9), 10**9, places=4).map(float))
def test_there_and_back_is_the_same_amount(value: float) -> None:
    there = TABLE.convert(value, "万元", "元")
    assert there is not None
    assert TABLE.convert(there, "元", "万元") == pytest.approx(value, rel=1e-15, abs=1e-300)
