"""The golden set: planbook against answers worked by hand from the definitions, to 1e-9.

tests/golden/golden_set.txt holds a company of twelve departments and its answers, golden_set.xlsx
the same as a sheet with formulas of its own.  Where planbook differs, planbook is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from planbook.calc import Calculator, evaluate_measures
from planbook.calendar import FiscalYear
from planbook.company import Company, CompanyGoal, Department
from planbook.cycle import cycle_items
from planbook.layout import resolve_layout
from planbook.layout.manifest import make_issue
from planbook.measures import Collection, RollUp, collect, roll_up
from planbook.plan import Plan, Value
from planbook.problems import Code
from planbook.reader import Expectations
from planbook.spec import load_spec
from planbook.writer import write_workbook
from tests.support.arithmetic import check_arithmetic
from tests.support.make_golden import (
    TARGET,
    Answer,
    Row,
    answer,
    number,
    read_golden,
    split_band,
    write_golden,
)
from tests.support.office import read_sheets, recalculate_gnumeric, recalculate_libreoffice, require_office
from tests.support.plans import make_plan
from tests.support.workbooks import YEAR, settings_at

GOLDEN = read_golden()
BOOK = load_spec("annual_plan")
UNREADABLE = "见附件"  # what stands in a quarter of WL-2
ROWS = {"goals": 8, "decomposition": 8, "tracking": 8, "review": 32}


def near(expected: Answer) -> object:
    """What a figure must equal: a number to 1e-9, a word exactly, nothing where it must be blank."""
    return (
        pytest.approx(float(expected), rel=1e-9, abs=1e-9)
        if isinstance(expected, Fraction)
        else expected or None
    )


def plain(value: object) -> object:
    """A figure of a frame: NaN is nothing, like None."""
    return None if value is None or (isinstance(value, float) and math.isnan(value)) else value


# -- the company, its workbooks, its figures -------------------------------------------------


def amount(text: str) -> float | None:
    found = number(text)
    return found if isinstance(found, float) else None


@lru_cache
def company() -> Company:
    departments = tuple(
        Department(row["code"], row["name"], row["parent"], weight=amount(row["weight"]))
        for row in GOLDEN.rows("departments")
    )
    goals = tuple(
        CompanyGoal(
            row["goal"],
            unit=row["unit"],
            direction=row["direction"],
            baseline=amount(row["baseline"]),
            target=amount(row["target"]),
            target_high=amount(row["high"]),
            aggregation=row["aggregation"],
            rollup=row["rollup"],
            lead=row["lead"],
            cooperating=(row["cooperating"],) if row["cooperating"] else (),
            numerator=row["numerator"],
            denominator=row["denominator"],
        )
        for row in GOLDEN.rows("company goals")
    )
    return Company(departments, goals)


def goal_ids() -> dict[str, tuple[str, str]]:
    """Department and row id of every goal: the first one of a department stands in row G001."""
    found: dict[str, tuple[str, str]] = {}
    for row in GOLDEN.rows("goals"):
        code = row["id"].split("-")[0]
        found[row["id"]] = code, f"G{sum(c == code for c, _ in found.values()) + 1:03d}"
    return found


IDS = goal_ids()


def typed(**cells: Value) -> dict[str, Value]:
    return {key: value for key, value in cells.items() if value not in (None, "")}


def plan_of(code: str) -> Plan:
    """What a department fills in."""
    goals, reviews, tasks, tracking = [], [], [], []
    for row in GOLDEN.rows("goals"):
        if IDS[row["id"]][0] != code:
            continue
        low, high = map(amount, split_band(row["target"]))
        goals.append(
            typed(
                level=row["level"], goal=row["goal"], metric=row["goal"] + "指标", metric_kind=row["kind"],
                direction=row["direction"], unit=row["unit"], baseline=amount(row["baseline"]), target=low,
                target_high=high, aggregation=row["aggregation"], weight=amount(row["weight"]), department=code,
                due=date(YEAR, 12, 31), company_goal=row["company goal"],
            )
        )  # fmt: skip
        quarters = GOLDEN.of("quarters", row["id"])
        for q in (1, 2, 3, 4):
            low, high = map(amount, split_band(quarters[f"t{q}"]))
            text = quarters[f"a{q}"]
            actual: Value = text if text in ("完成", "未完成", "无", UNREADABLE) else amount(text)
            reviews.append(
                typed(
                    quarter=f"q{q}", department=code, goal=IDS[row["id"]][1], target=low, target_high=high,
                    actual=actual, cause_objective="原因", improvement="措施",
                )
            )  # fmt: skip
    for row in GOLDEN.rows("tasks"):
        if IDS[row["goal"]][0] == code:
            goal = IDS[row["goal"]][1]
            tasks.append(
                typed(
                    department=code, goal=goal, initiative=row["initiative"], task=row["task"], metric="数量",
                    target=1.0, weight=amount(row["weight"]), lead="经理", start=date.fromisoformat(row["start"]),
                    finish=date.fromisoformat(row["finish"]),
                )
            )  # fmt: skip
            tracking.append(
                typed(
                    goal=goal, initiative=row["initiative"], task=f"T{len(tasks):03d}", owner="李*",
                    percent=amount(row["percent"]), hold=row["hold"], updated=date.fromisoformat(row["updated"]),
                )
            )  # fmt: skip
    tables = {"goals": goals, "decomposition": tasks, "tracking": tracking, "review": reviews}
    return make_plan(tables, {"as_of": GOLDEN.day("half")})


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("golden")
    for department in company().issued():
        if department.code == "CG":
            continue
        items = cycle_items(BOOK, company(), [department.code])
        layout = resolve_layout(BOOK, items=items, rows=ROWS, many={"quarter_ends": 4})
        issue = make_issue(
            layout,
            department=department.code,
            department_name=department.name,
            year=FiscalYear(YEAR),
            scope=(department.code,),
        )
        path = folder / f"{department.code}.xlsx"
        write_workbook(path, Calculator(layout), issue, plan_of(department.code), settings_at())
    return folder


_ROLLED: dict[tuple[str, str], RollUp] = {}


def rolled(inbox: Path, day: str, method: str = "linear") -> RollUp:
    if (day, method) not in _ROLLED:
        as_of = GOLDEN.day(day)
        settings = settings_at(as_of, method=method)
        items = cycle_items(BOOK, company())
        expect = Expectations((BOOK,), company(), YEAR, items, settings)
        collection = collect([inbox], company(), as_of=as_of, expect=expect, settings=settings)
        _ROLLED[day, method] = roll_up(
            collection, BOOK, year=FiscalYear(YEAR), as_of=as_of, settings=settings
        )
    return _ROLLED[day, method]


@pytest.mark.parametrize(
    ("day", "method"), [("half", "linear"), ("half", "ratio"), ("whole", "linear"), ("whole", "baseline")]
)
def test_printed_arithmetic_gives_every_figure(inbox: Path, day: str, method: str) -> None:
    figures = rolled(inbox, day, method)
    collection = Collection(company(), (), (), ())  # the arithmetic needs no cells
    frames = ("scores", "company_goals", "goals", "facts", "trend", "progress", "appraisal", "coherence")
    named = check_arithmetic(figures, collection, *frames)
    assert len(named) >= len(figures.scores["score"].dropna()) > 10


def row_of(frame: Any, **keys: object) -> Mapping[str, Any]:
    rows = [row for row in frame.to_dict("records") if all(row[key] == value for key, value in keys.items())]
    assert len(rows) == 1, (keys, len(rows))
    return rows[0]


# -- the sheet -------------------------------------------------------------------------------


def test_the_sheet_is_made_from_the_text(tmp_path: Path) -> None:
    made, kept = read_sheets(write_golden(tmp_path / "golden.xlsx")), read_sheets(TARGET)
    assert {name: (sheet.values, sheet.formulas) for name, sheet in made.items()} == {
        name: (sheet.values, sheet.formulas) for name, sheet in kept.items()
    }


def items(key: str) -> set[str]:
    """The items of one of the book's lists."""
    return {item.key for item in BOOK.lists[key].items}


def column(section: str, key: str) -> set[str]:
    return {row[key] for row in GOLDEN.rows(section)}


def test_every_item_of_the_books_lists_has_a_row() -> None:
    goals = GOLDEN.rows("goals")
    tree = company()
    assert sum(not tree.children(each.code) for each in tree.departments) == 12
    cases = {(row["direction"], row["aggregation"]) for row in goals if row["kind"] == "number"}
    assert cases == set(product(items("direction"), items("aggregation")))
    assert column("goals", "kind") == items("metric_kind")
    assert column("goals", "level") <= items("level")
    assert column("company goals", "rollup") == items("rollup")
    assert column("company goals", "direction") == items("direction")
    assert column("tasks", "hold") - {""} <= items("hold")
    assert column("task answers", "stale") == items("flag")
    for section in ("answers whole", "answers half"):
        assert items("method") <= set(GOLDEN.rows(section)[0])  # an answer by each, and which of them held
        assert column(section, "method") == {"linear", "baseline"}
        assert column(section, "rating") >= {"green", "amber", "red"}
    assert column("answers whole", "rating") == items("rating")
    assert column("answers whole", "favourable") >= items("favour")
    # every method holds for higher and for lower, with an answer of its own
    by_id = {row["id"]: row for row in goals}
    for direction in ("higher", "lower"):
        rows = [row for row in GOLDEN.rows("answers whole") if by_id[row["id"]]["direction"] == direction]
        assert any(row["method"] == "baseline" and row["baseline"] != row["linear"] for row in rows)
        assert any(row["ratio"] != row["linear"] for row in rows) == (direction == "lower")


EDGES: dict[str, Callable[[Row, Row, Row], bool]] = {  # of a goal, its quarters and its answer
    "target of zero": lambda goal, quarters, told: amount(goal["target"]) == 0,
    "negative target": lambda goal, quarters, told: (amount(goal["target"]) or 0) < 0,
    "negative actual": lambda goal, quarters, told: (amount(quarters["a4"]) or 0) < 0,
    "missing": lambda goal, quarters, told: quarters["a2"] == "" and quarters["a3"] != "",
    "nil": lambda goal, quarters, told: quarters["a4"] == "无",
    "undefined": lambda goal, quarters, told: told["linear"] == "blank",
    "rate undefined": lambda goal, quarters, told: told["rate"] == "blank" and told["linear"] != "blank",
    "above the cap": lambda goal, quarters, told: (answer(told["linear"]) or 0) > Fraction(12, 10),
    "at the floor": lambda goal, quarters, told: told["linear"] == "0" and goal["kind"] == "number",
    "baseline at the target": lambda goal, quarters, told: (
        goal["baseline"] != "" and goal["baseline"] == goal["target"]
    ),
    "baseline missing": lambda goal, quarters, told: goal["baseline"] == "" and goal["kind"] == "number",
    "inside a band": lambda goal, quarters, told: goal["direction"] == "band" and told["rate"] == "0",
    "below a band": lambda goal, quarters, told: goal["direction"] == "band" and told["rate"].startswith("-"),
    "weight missing": lambda goal, quarters, told: goal["weight"] == "" and goal["level"] == "department",
    "quarantined": lambda goal, quarters, told: quarters["a1"] == UNREADABLE,
    "within six decimals": lambda goal, quarters, told: goal["id"] == "CW-4" and told["rating"] == "green",
}


@pytest.mark.parametrize("edge", EDGES)
def test_every_edge_has_a_goal(edge: str) -> None:
    answers = {row["id"]: row for row in GOLDEN.rows("answers whole")}
    rows = [row for row in GOLDEN.rows("goals") if row["id"] in answers]
    assert [r["id"] for r in rows if EDGES[edge](r, GOLDEN.of("quarters", r["id"]), answers[r["id"]])]


def test_company_goals_convert_units_and_divide_amounts() -> None:
    summed = {row["goal"] for row in GOLDEN.rows("company goals") if row["rollup"] == "sum"}
    units = {goal: {r["unit"] for r in GOLDEN.rows("goals") if r["company goal"] == goal} for goal in summed}
    assert max(len(found) for found in units.values()) >= 3  # 元, 万元 and 亿元 in one sum
    ratios = [row for row in GOLDEN.rows("company goals") if row["rollup"] == "ratio"]
    assert ratios and all({row["numerator"], row["denominator"]} <= summed for row in ratios)


def test_a_row_without_a_readable_figure_is_kept_out_and_counted(inbox: Path) -> None:
    figures = rolled(inbox, "whole")
    assert figures.kept_out == 1 and len(figures.facts) == figures.review_rows - 1
    counts = {row["code"]: row["quarantined"] for row in figures.scores.to_dict("records")}
    assert (counts["WL"], counts["Z"], counts[""], counts["XS"]) == (1, 1, 1, 0)
    (said,) = [problem for problem in figures.problems if problem.found == UNREADABLE]
    assert (said.location.file, said.severity.value) == ("WL.xlsx", "error")


@pytest.mark.office
@pytest.mark.slow
@pytest.mark.parametrize("engine", ["libreoffice", "gnumeric"])
def test_the_office_programs_confirm_every_answer(tmp_path: Path, engine: str) -> None:
    require_office("libreoffice" if engine == "libreoffice" else "gnumeric")
    poisoned = tmp_path / "poisoned.xlsx"
    poison(poisoned)
    paths, out = [TARGET, poisoned], tmp_path / "out"
    if engine == "libreoffice":
        sound, spoilt = recalculate_libreoffice(paths, out)
    else:
        sound, spoilt = (recalculate_gnumeric(path, out) for path in paths)
    for path, holds in ((sound, True), (spoilt, False)):
        index = read_sheets(path)["说明"]
        checks = [value for cell, value in index.values.items() if cell.startswith("B")]
        assert len(checks) == 6
        assert all(value in (True, 1.0) for value in checks) is holds


def poison(path: Path) -> None:
    """The golden set with one answer that is wrong."""
    import openpyxl

    book = openpyxl.load_workbook(TARGET)
    sheet = book["目标 全年"]
    headers = {cell.value: cell.column for cell in sheet[3]}
    cell = sheet.cell(4, headers["completion"])
    assert cell.value == 425 / 400
    cell.value = 1.0626
    book.save(path)


# -- the goals -------------------------------------------------------------------------------


def claims(section: str) -> list[tuple[str, Row]]:
    return [(row["id"], row) for row in GOLDEN.rows(section)]


@pytest.mark.parametrize("day", ["whole", "half"])
def test_goals_year_to_date(inbox: Path, day: str) -> None:
    names = {
        "target": "target", "high": "target_high", "actual": "actual", "quarters": "quarters",
        "deviation": "deviation", "rate": "deviation_rate", "favourable": "favourable", "linear": "attainment",
        "rating": "rating", "completion": "year_completion",
    }  # fmt: skip
    goals, wrong, claimed = rolled(inbox, day).goals, [], 0
    for ident, row in claims(f"answers {day}"):
        code, goal_id = IDS[ident]
        found = row_of(goals, department=code, goal_id=goal_id)
        for key, column in names.items():
            expected = answer(row[key])
            if expected is None:
                continue
            claimed += 1
            if plain(found[column]) != near(expected):
                wrong.append((ident, column, found[column], row[key]))
    assert claimed > 100
    assert not wrong


@pytest.mark.parametrize("day", ["whole", "half"])
@pytest.mark.parametrize("method", ["ratio", "baseline"])
def test_the_other_methods(inbox: Path, day: str, method: str) -> None:
    goals, wrong = rolled(inbox, day, method).goals, []
    for ident, row in claims(f"answers {day}"):
        code, goal_id = IDS[ident]
        found = row_of(goals, department=code, goal_id=goal_id)
        if plain(found["attainment"]) != near(answer(row[method])):
            wrong.append((ident, found["attainment"], row[method]))
        if method == "baseline" and found["method_used"] != row["method"]:
            wrong.append((ident, found["method_used"], row["method"]))
    assert not wrong


# -- the tree, the company, the tasks --------------------------------------------------------


def test_scores_with_bounds(inbox: Path) -> None:
    scores, wrong = rolled(inbox, "whole").scores, []
    for row in GOLDEN.rows("scores"):
        found = row_of(scores, code=row["code"])
        wrong += [
            (row["code"], key, found[key], row[key])
            for key in ("score", "low", "high")
            if plain(found[key]) != near(answer(row[key]))
        ]
    assert not wrong
    top = row_of(scores, code="")
    group = row_of(scores, code="G")
    assert [top[key] for key in ("score", "low", "high")] == [group[key] for key in ("score", "low", "high")]
    # WL returned goals without a figure and CG nothing: ten of twelve are covered.
    assert (top["covered"], top["expected"]) == (10, 12)


def test_company_goals(inbox: Path) -> None:
    names = {"high": "target_high", "rate": "deviation_rate", "linear": "attainment", "high bound": "high"}
    wrong = []
    for row in GOLDEN.rows("company answers"):
        for key in row:
            if key in ("goal", "formula"):
                continue
            method = "baseline" if key == "baseline method" else "linear"
            column = "attainment" if key == "baseline method" else names.get(key, key)
            found = row_of(rolled(inbox, "whole", method).company_goals, goal=row["goal"])
            expected = answer(row[key])
            if expected is not None and plain(found[column]) != near(expected):
                wrong.append((row["goal"], key, found[column], row[key]))
    assert not wrong


def test_tasks(inbox: Path) -> None:
    tasks, wrong = rolled(inbox, "half").tasks, []
    for row in GOLDEN.rows("task answers"):
        task = GOLDEN.of("tasks", row["id"])
        found = row_of(tasks, task=task["task"])
        columns = {
            "expected": "expected",
            "deviation": "schedule_deviation",
            "status": "status",
            "stale": "stale",
        }
        for key, column in columns.items():
            expected = task["hold"] if row[key] == "held" else answer(row[key]) if row[key] != "blank" else ""
            if key == "status" and row[key] == "blank":
                expected = "blank"
            if plain(found[column]) != near(expected):
                wrong.append((row["id"], key, found[column], row[key]))
    assert not wrong


def test_progress_of_initiatives_and_goals(inbox: Path) -> None:
    progress, wrong = rolled(inbox, "half").progress, []
    for row in GOLDEN.rows("progress answers"):
        code, goal_id = IDS[row["goal"]]
        node = "initiative" if row["initiative"] else "goal"
        keys = {"department": code, "goal_id": goal_id, "node": node}
        found = row_of(progress, **keys, **({"initiative": row["initiative"]} if row["initiative"] else {}))
        wrong += [
            (row["goal"], row["initiative"], key, found[key], row[key])
            for key in ("percent", "low", "high")
            if plain(found[key]) != near(answer(row[key]))
        ]
    assert not wrong


def test_working_days() -> None:
    for row in GOLDEN.rows("working days"):
        columns: dict[str, list[Any]] = {key: [date.fromisoformat(row[key])] for key in ("start", "finish")}
        settings = {
            "as_of": date.fromisoformat(row["as_of"]),
            "working_days": "yes",
            "holidays": (date(2024, 6, 10),),
            "makeup_days": (date(2024, 6, 16),),
        }
        (found,) = evaluate_measures(BOOK, ["expected"], columns, settings)["expected"]
        assert found == near(answer(row["answer"]))


def test_a_blank_weight_beside_given_ones_is_said(inbox: Path) -> None:
    figures = rolled(inbox, "whole")
    told = [problem for problem in figures.problems if problem.code is Code.WEIGHT_BLANK]
    assert [(p.location.file, p.expected) for p in told] == [("SC.xlsx", "20.0%")]
    assert row_of(figures.goals, goal="线上营收")["share"] == near(Fraction(1, 5))
