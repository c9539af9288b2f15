"""Company goals from the departments' rows: sums, ratios, coverage and bounds, worked by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from planbook.company import Company, CompanyGoal, Department
from planbook.measures.company_goals import CompanyView, roll_company_goals
from planbook.measures.frames import FRAMES, make_frame
from planbook.measures.trend import roll_trend
from planbook.problems import Code, Problem
from planbook.spec import load_spec

BOOK = load_spec("annual_plan")
DEPARTMENTS = tuple(
    Department(code, name) for code, name in (("XS", "销售部"), ("KH", "客户部"), ("SC", "市场部"))
)
REVENUE = CompanyGoal("营收", unit="万元", target=1000.0, rollup="sum", lead="XS")
NEW = CompanyGoal("新业务", unit="元", target=2000000.0, rollup="sum")
SHARE = CompanyGoal("占比", unit="%", target=20.0, rollup="ratio", numerator="新业务", denominator="营收")


def row(
    department: str, goal: str, target: float | None, actual: float | None, **more: Any
) -> dict[str, Any]:
    """A goal of a department, year to date; its annual target is twice the one to date."""
    name = next(d.name for d in DEPARTMENTS if d.code == department)
    known = target is not None and actual is not None
    values = {
        "department": department, "department_name": name, "company_goal": goal, "goal": f"{name}{goal}",
        "unit": "万元", "direction": "higher", "metric_kind": "number", "weight": None, "quarters": 2,
        "target": target, "actual": actual, "annual_target": None if target is None else 2 * target,
        "attainment": actual / target if known and target else None, "file": f"{department}.xlsx",
        "sheet": "1_目标总表", "cell": "C7",
    }  # fmt: skip
    return {**values, **more}


def rolled(
    goals: Sequence[CompanyGoal], rows: Sequence[Mapping[str, Any]], unread: Sequence[Mapping[str, Any]] = ()
) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    """The company goals by name, and what was said about them."""
    company = Company(DEPARTMENTS, tuple(goals))
    inside = frozenset(d.code for d in DEPARTMENTS)
    view = CompanyView(BOOK, company, {}, [dict(r) for r in rows], [dict(r) for r in unread], inside)
    records, problems = roll_company_goals(view)
    return {str(record["goal"]): record for record in records}, problems


def codes(problems: Sequence[Problem]) -> list[Code]:
    return [problem.code for problem in problems]


# -- sums ----------------------------------------------------------------------------------


def test_amounts_add_in_the_company_goals_unit() -> None:
    found, _ = rolled([REVENUE], [row("XS", "营收", 300.0, 330.0), row("KH", "营收", 2e6, 1e6, unit="元")])
    goal = found["营收"]
    assert (goal["target"], goal["actual"], goal["deviation"]) == (500.0, 430.0, -70.0)
    assert goal["attainment"] == pytest.approx(0.86)
    assert (goal["coverage"], goal["low"], goal["high"]) == ("2/2", goal["attainment"], goal["attainment"])
    assert goal["year_completion"] == pytest.approx(0.43)  # 430 of 2 · 500


def test_the_unit_that_reads_best() -> None:
    found, _ = rolled(
        [CompanyGoal("营收", unit="元", target=1.2e8, rollup="sum")], [row("XS", "营收", 3000.0, 3300.0)]
    )
    goal = found["营收"]
    assert (goal["unit"], goal["readable_unit"]) == ("元", "亿元")
    assert goal["company_target"] * goal["readable_factor"] == pytest.approx(1.2)
    empty, _ = rolled([CompanyGoal("满意", rollup="sum")], [])
    assert (empty["满意"]["readable_unit"], empty["满意"]["readable_factor"]) == (None, 1.0)


@pytest.mark.parametrize(
    "more", [{"unit": "家"}, {"metric_kind": "score", "unit": "分"}, {"metric_kind": "done", "unit": None}]
)
def test_what_does_not_add_stays_out_and_is_said(more: dict[str, Any]) -> None:
    found, problems = rolled(
        [REVENUE], [row("XS", "营收", 300.0, 330.0), row("KH", "营收", 5.0, 4.0, **more)]
    )
    assert (found["营收"]["actual"], found["营收"]["coverage"]) == (330.0, "1/2")
    assert codes(problems) == [Code.UNIT_MISMATCH]


def test_what_is_missing_is_weighed_by_its_annual_target() -> None:
    # 销售部 300 of 600 to date is known; 客户部's 200 of the year is not: three quarters are known
    missing = row("KH", "营收", None, None, annual_target=200.0)
    goal = rolled([REVENUE], [row("XS", "营收", 300.0, 270.0), missing])[0]["营收"]
    assert goal["coverage"] == "1/2"
    assert goal["low"] == pytest.approx(0.9 * 0.75)
    assert goal["high"] == pytest.approx(0.9 * 0.75 + 1.2 * 0.25)
    assert goal["annual_target"] == 800.0


def test_a_lead_that_has_not_returned_counts_as_what_the_others_leave() -> None:
    # of the company's 1000 客户部 took 400; the lead is expected to bring the other 600
    goal = rolled([REVENUE], [row("KH", "营收", 200.0, 200.0)])[0]["营收"]
    assert (goal["coverage"], goal["lead_name"]) == ("1/2", "销售部")
    assert goal["low"] == pytest.approx(0.4)
    assert goal["high"] == pytest.approx(0.4 + 0.6 * 1.2)


def test_a_quarantined_goal_is_expected_and_not_known() -> None:
    unread = row("KH", "营收", None, None, annual_target=600.0)
    goal = rolled([REVENUE], [row("XS", "营收", 300.0, 300.0)], [unread])[0]["营收"]
    assert goal["coverage"] == "1/2"
    assert goal["low"] == pytest.approx(0.5)
    own = rolled([REVENUE], [row("XS", "营收", 300.0, 300.0)], [row("XS", "营收", None, None)])[0]["营收"]
    assert own["coverage"] == "0/1"  # a department with an unreadable row is not fully known


def test_bands_add_on_both_sides_and_a_point_is_a_band_of_no_width() -> None:
    staff = CompanyGoal(
        "编制", unit="人", direction="band", target=100.0, target_high=110.0, rollup="sum", aggregation="last"
    )
    band = row(
        "XS",
        "编制",
        60.0,
        70.0,
        unit="人",
        direction="band",
        target_high=64.0,
        annual_target=60.0,
        annual_target_high=64.0,
    )
    point = row("KH", "编制", 40.0, 39.0, unit="人", annual_target=40.0)
    goal = rolled([staff], [band, point])[0]["编制"]
    assert (goal["target"], goal["target_high"], goal["actual"], goal["deviation"]) == (
        100.0,
        104.0,
        109.0,
        5.0,
    )
    assert goal["attainment"] == pytest.approx(1 - 5 / 102)
    assert goal["favourable"] == "bad"


def test_a_baseline_is_the_departments_own_else_the_companys_where_all_are_in() -> None:
    own = CompanyGoal("营收", unit="万元", baseline=150.0, rollup="sum")
    rows = [row("XS", "营收", 300.0, 330.0, baseline=100.0), row("KH", "营收", 200.0, 100.0, baseline=90.0)]
    assert rolled([own], rows)[0]["营收"]["baseline"] == 190.0
    one = [rows[0], {**rows[1], "baseline": None}]
    assert rolled([own], one)[0]["营收"]["baseline"] == 150.0
    part = [rows[0], row("KH", "营收", None, None)]
    assert rolled([own], part)[0]["营收"].get("baseline") is None  # the company's own would not fit the sum


def test_like_is_compared_with_like() -> None:
    """What has an actual and no target, or a target and no actual, is on neither side of the division."""
    rows = [
        row("XS", "营收", 300.0, 330.0),
        row("KH", "营收", None, 500.0, annual_target=400.0),
        row("SC", "营收", 200.0, None, annual_target=400.0),
    ]
    goal = rolled([CompanyGoal("营收", unit="万元", rollup="sum")], rows)[0]["营收"]
    # 330 of 300; not 830 of 300, nor 330 of 500
    assert (goal["target"], goal["actual"], goal["deviation"]) == (300.0, 330.0, 30.0)
    assert goal["attainment"] == pytest.approx(1.1)
    assert goal["coverage"] == "1/3"
    assert goal["annual_target"] == 1400.0  # taken over, whether or not anything is known of it
    assert goal["low"] == pytest.approx(1.1 * 600 / 1400)


def test_a_baseline_of_departments_without_figures_is_no_baseline() -> None:
    rows = [
        row("XS", "营收", 300.0, 330.0, baseline=100.0, quarters=4),
        row("KH", "营收", None, None, baseline=90.0),
    ]
    company = Company(DEPARTMENTS, (CompanyGoal("营收", unit="万元", rollup="sum", aggregation="sum"),))
    view = CompanyView(BOOK, company, {"method": "baseline"}, rows, (), frozenset(("XS", "KH", "SC")))
    (goal,), _ = roll_company_goals(view)
    # (330 − 190) / (300 − 190) would hold one department against two: linear, and said so
    assert (goal.get("baseline"), goal["method_used"]) == (None, "linear")
    assert goal["attainment"] == pytest.approx(1.1)


# -- ratios --------------------------------------------------------------------------------


def test_a_ratio_divides_sums_and_not_percentages() -> None:
    rows = [
        row("XS", "营收", 400.0, 500.0),
        row("KH", "营收", 100.0, 100.0),
        row("XS", "新业务", 80.0, 60.0),
        row("KH", "新业务", 200000.0, 500000.0, unit="元"),
    ]
    goal = rolled([REVENUE, NEW, SHARE], rows)[0]["占比"]
    # reached 60万 + 50万 of 600万; planned 80万 + 20万 of 500万.  The mean of 12 % and 50 % it is not.
    assert goal["actual"] == pytest.approx(110 / 600 * 100)
    assert goal["target"] == pytest.approx(100 / 500 * 100)
    assert goal["attainment"] == pytest.approx((110 / 600) / (100 / 500))
    assert (goal["rollup"], goal["coverage"], goal["departments"]) == ("ratio", "2/2", "销售部、客户部")


@pytest.mark.parametrize(
    "broken",
    [
        row("KH", "新业务", None, None),  # one side of 客户部 is missing
        row("KH", "新业务", 20.0, 50.0, quarters=1),  # its sides cover other quarters
        row("KH", "新业务", 5.0, 5.0, unit="家"),  # or another unit
    ],
)
def test_a_department_counts_with_both_sides_or_with_none(broken: dict[str, Any]) -> None:
    rows = [
        row("XS", "营收", 400.0, 500.0),
        row("KH", "营收", 100.0, 100.0),
        row("XS", "新业务", 80.0, 60.0),
        broken,
    ]
    goal = rolled([REVENUE, NEW, SHARE], rows)[0]["占比"]
    assert goal["actual"] == pytest.approx(60 / 500 * 100)
    assert goal["coverage"] == "1/2"
    assert goal["low"] < goal["attainment"] < goal["high"] or goal["low"] == pytest.approx(
        goal["attainment"] / 2
    )


def test_a_department_may_stand_on_one_side_alone() -> None:
    rows = [row("XS", "营收", 400.0, 500.0), row("SC", "新业务", 80.0, 100.0)]
    goal = rolled([REVENUE, NEW, SHARE], rows)[0]["占比"]
    assert goal["actual"] == pytest.approx(20.0)


def test_a_ratio_over_nothing_has_no_figure() -> None:
    rows = [row("XS", "营收", 400.0, 0.0), row("XS", "新业务", 80.0, 60.0)]
    goal = rolled([REVENUE, NEW, SHARE], rows)[0]["占比"]
    assert goal.get("actual") is None
    assert (goal["attainment"], goal["rating"]) == (None, "none")


def test_a_ratio_of_two_kinds_is_in_its_own_unit() -> None:
    heads = CompanyGoal("人数", unit="人", rollup="sum")
    each = CompanyGoal("人均", unit="万元/人", rollup="ratio", numerator="营收", denominator="人数")
    rows = [row("XS", "营收", 400.0, 500.0), row("XS", "人数", 10.0, 20.0, unit="人")]
    assert rolled([REVENUE, heads, each], rows)[0]["人均"]["actual"] == pytest.approx(25.0)
    percent = CompanyGoal("人均", unit="%", rollup="ratio", numerator="营收", denominator="人数")
    found, problems = rolled([REVENUE, heads, percent], rows)
    assert found["人均"].get("actual") is None
    assert codes(problems) == [Code.UNIT_MISMATCH]


def test_without_its_parts_a_ratio_is_weighed() -> None:
    bare = CompanyGoal("占比", unit="%", rollup="ratio")
    rows = [row("XS", "占比", 20.0, 22.0, weight=0.3), row("KH", "占比", 20.0, 18.0, weight=0.1)]
    goal = rolled([bare], rows)[0]["占比"]
    assert (goal["rollup"], goal["attainment"]) == ("weighted", pytest.approx((0.3 * 1.1 + 0.1 * 0.9) / 0.4))


# -- weighted ------------------------------------------------------------------------------


def test_an_unknown_attainment_widens_the_bounds_by_its_weight() -> None:
    goal = CompanyGoal("满意", unit="分", target=90.0)
    rows = [row("XS", "满意", 90.0, 81.0, weight=0.6), row("KH", "满意", None, None, weight=0.2)]
    found = rolled([goal], rows)[0]["满意"]
    assert found["attainment"] == pytest.approx(0.9)
    assert (found["low"], found["high"]) == (
        pytest.approx(0.9 * 0.75),
        pytest.approx(0.9 * 0.75 + 0.25 * 1.2),
    )


def test_every_company_goal_is_listed_in_its_order() -> None:
    found, _ = rolled([REVENUE, NEW, SHARE], [])
    assert list(found) == ["营收", "新业务", "占比"]
    assert [goal["coverage"] for goal in found.values()] == ["0/1", "0/0", "0/1"]
    assert all((goal["low"], goal["high"], goal["rating"]) == (0.0, 1.2, "none") for goal in found.values())


# -- quarters ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "coverage"),
    [
        ([{"unit": "元"}], "2/2"),
        ([{"unit": "家"}], "1/2"),  # another family is in no sum
        ([{"metric_kind": "score", "unit": "分"}], "1/2"),
        ([{"unit": "元"}, {"unit": "家"}], "1/2"),  # nor is a department whole with half its rows
        ([{"unit": "元"}, {"target": None, "actual": None}], "1/2"),
    ],
)
def test_a_quarter_covers_the_departments_that_its_goal_covers(
    other: Sequence[Mapping[str, Any]], coverage: str
) -> None:
    rows = [row("XS", "营收", 300.0, 330.0)]
    rows += [row("KH", "营收", 5.0, 4.0) | dict(more) for more in other]
    for number, each in enumerate(rows, 1):
        each |= {"goal_id": f"G{number:03d}", "aggregation": "sum", "quarter": "q1", "counted": "yes"}
    company, inside = Company(DEPARTMENTS, (REVENUE,)), frozenset(d.code for d in DEPARTMENTS)
    view = CompanyView(BOOK, company, {}, rows, (), inside)
    goals, _ = roll_company_goals(view)
    (quarter,) = roll_trend(view, goals, make_frame(FRAMES["facts"], rows))
    assert goals[0]["coverage"] == coverage
    assert f"{quarter['covered']:.0f}/{quarter['expected']:.0f}" == coverage
    assert quarter["actual"] == pytest.approx(goals[0]["actual"])
