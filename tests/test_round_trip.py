"""What is typed into a workbook is what `read` returns: both books, both languages, every text form."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planbook.calendar import to_serial
from planbook.plan import Plan, PlanRow, Value
from planbook.problems import Code
from planbook.reader import read_workbook
from planbook.spec import load_spec
from planbook.values import NIL, Span
from tests.support.workbooks import AS_OF, expect, write_filled


@dataclass(frozen=True)
class Typed:
    """What a person typed into a cell, and the value it stands for."""

    cell: Value
    value: Value


FULL_WIDTH = str.maketrans("0123456789.,-%()", "０１２３４５６７８９．，－％（）")
SCALED = {"元": (("万元", 1e4), ("亿元", 1e8)), "万元": (("亿元", 1e4),), "亿元": (("万元", 1e-4),)}
CHINESE = {0: "零", 2: "两", 5: "五", 10: "十", 12: "十二", 20: "二十", 120: "一百二十", 15: "十五"}

plain_text = st.text(
    alphabet=st.sampled_from("客户拓展新增长营收满意度提升项目质量控制成本abcXYZ 019（），、：-"), min_size=1, max_size=12
).map(str.strip).filter(lambda text: len(text) > 1 and not text.isdigit())  # fmt: skip


def amounts(unit: str) -> st.SearchStrategy[Typed]:
    """A quantity in `unit`, typed in every way DOMAIN §4 shows."""
    whole = st.integers(min_value=-9_999_999, max_value=999_999_999)
    cents = st.integers(min_value=-999_999, max_value=9_999_999).map(lambda n: n / 100)
    return st.one_of(whole, cents, st.sampled_from(sorted(CHINESE))).flatmap(
        lambda n: st.sampled_from(forms(float(n), unit))
    )


def forms(value: float, unit: str) -> list[Typed]:
    """Every form in which `value` may be typed into a cell whose unit is `unit`."""
    digits = f"{value:,.2f}".rstrip("0").rstrip(".")
    bare = digits.replace(",", "")
    texts = [digits, bare, digits.translate(FULL_WIDTH), bare.replace("-", "−"), f"约{bare}", f" {bare} "]
    if value >= 1000:
        texts.append(digits.replace(",", " "))
    if unit and unit != "%":
        texts += [f"{bare}{unit}", f"{bare} {unit}", f"{bare}{unit}以上", f"≥{bare}{unit}"]
    if unit == "%":
        texts += [f"{bare}%", f"{bare}％"]
    if unit == "元":
        texts.append(f"¥{digits}")
    if value < 0:
        texts.append(f"({digits[1:]})")
    if value in CHINESE:
        texts.append(CHINESE[int(value)] + (unit if unit != "%" else ""))
    typed = [Typed(value, value), *(Typed(text, value) for text in texts)]
    for name, factor in SCALED.get(unit, ()):
        typed.append(Typed(f"{bare}{name}", round(value * factor, 9)))
    if unit in {"元", "家", "人"}:
        typed += [Typed(f"{bare}万", round(value * 1e4, 6)), Typed(f"{bare}亿", round(value * 1e8, 6))]
    return typed


def nils() -> st.SearchStrategy[Typed]:
    return st.sampled_from([Typed(text, NIL) for text in ("无", "不适用", "N/A", "—")])


def blanks() -> st.SearchStrategy[Typed]:
    return st.just(Typed(None, None))


def days(edge: str = "finish") -> st.SearchStrategy[Typed]:
    """A date, typed in every way DOMAIN §4 shows; a bare month is its first or its last day."""
    dates = st.dates(date(2024, 1, 1), date(2024, 12, 31))

    def typed(day: date) -> list[Typed]:
        month_end = (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        month = day.replace(day=1) if edge == "start" else month_end
        quarter = (day.month - 1) // 3 + 1
        first, last = (
            date(2024, 3 * quarter - 2, 1),
            (date(2024, 3 * quarter, 28) + timedelta(days=4)).replace(day=1),
        )
        return [
            Typed(day, day),
            Typed(float(to_serial(day)), day),
            Typed(str(to_serial(day)), day),
            Typed(f"{day.year}年{day.month}月{day.day}日", day),
            Typed(f"{day.year}/{day.month}/{day.day}", day),
            Typed(f"{day.year}.{day.month}.{day.day}", day),
            Typed(day.isoformat(), day),
            Typed(f"{day.month}月{day.day}日", day),
            Typed(f"{day.year}-{day.month:02d}", month),
            Typed(f"2024Q{quarter}", first if edge == "start" else last - timedelta(days=1)),
            Typed("上半年", date(2024, 1, 1) if edge == "start" else date(2024, 6, 30)),
            *([Typed("年底", date(2024, 12, 31))] if edge == "finish" else []),
        ]

    return dates.flatmap(lambda day: st.sampled_from(typed(day)))


def spans() -> st.SearchStrategy[Typed]:
    def typed(months: tuple[int, int]) -> list[Typed]:
        first, last = min(months), max(months)
        finish = (date(2024, last, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        span = Span(date(2024, first, 1), finish)
        return [
            Typed(span, span),
            Typed(f"2024年{first}-{last}月", span),
            Typed(f"2024年{first}月-{last}月", span),
            Typed(f"2024年{first}月至2024年{last}月", span),
            Typed(f"{span.start.isoformat()} 至 {span.finish.isoformat()}", span),
        ]

    return st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(lambda m: st.sampled_from(typed(m)))


def percents() -> st.SearchStrategy[Typed]:
    return st.integers(0, 100).flatmap(
        lambda n: st.sampled_from(
            [Typed(n / 100, n / 100), Typed(f"{n}%", n / 100), Typed(f"{n}％", n / 100)]
        )
    )


def exactly(value: Value) -> Typed:
    return Typed(value, value)


def chosen(*keys: str) -> st.SearchStrategy[Typed]:
    return st.sampled_from(keys).map(exactly)


def words() -> st.SearchStrategy[Typed]:
    return plain_text.map(exactly)


DEPARTMENTS = ("YX", "XS", "KH")


@st.composite
def annual_rows(draw: st.DrawFn) -> dict[str, list[dict[str, Typed]]]:
    """Rows of the book annual_plan, linked through all four sheets."""
    names = draw(st.lists(plain_text, min_size=1, max_size=3, unique_by=lambda t: t.replace(" ", "").lower()))
    goals = []
    for name in names:
        unit = draw(st.sampled_from(["元", "万元", "亿元", "家", "分", "%", "天"]))
        direction = draw(st.sampled_from(["higher", "lower", "band"]))
        target = draw(amounts(unit))
        banded = direction == "band" and isinstance(target.value, float)
        goals.append(
            {
                "level": draw(chosen("company", "department", "supporting")),
                "goal": exactly(name),
                "metric": draw(words()),
                "metric_kind": draw(chosen("number", "score")),
                "direction": exactly(direction if banded else draw(st.sampled_from(["higher", "lower"]))),
                "unit": exactly(unit),
                "baseline": draw(st.one_of(amounts(unit), blanks(), nils())),
                "target": target,
                "target_high": exactly(float(target.value) + 5) if banded else Typed(None, None),
                "aggregation": draw(chosen("sum", "last", "mean")),
                "weight": draw(st.one_of(percents(), blanks())),
                "department": draw(chosen(*DEPARTMENTS)),
                "due": draw(days()),
                "company_goal": draw(st.one_of(chosen("年度营收增长15%", "新业务收入占比20%"), blanks())),
                "note": draw(st.one_of(words(), blanks())),
            }
        )
    tasks, tracking = [], []
    for number, _ in enumerate(goals, 1):
        start, finish = draw(days("start")), draw(days())
        if str(finish.value) < str(start.value):
            start, finish = exactly(date(2024, 1, 3)), exactly(date(2024, 6, 30))
        tasks.append(
            {
                "department": draw(chosen(*DEPARTMENTS)),
                "goal": exactly(f"G{number:03d}"),
                "initiative": exactly(f"举措{number}"),
                "task": exactly(f"任务{number}"),
                "metric": draw(words()),
                "unit": exactly("家"),
                "direction": draw(chosen("higher", "lower")),
                "target": draw(amounts("家")),
                "weight": draw(st.one_of(percents(), blanks())),
                "lead": draw(words()),
                "support": draw(st.one_of(words(), blanks())),
                "start": start,
                "finish": finish,
                "budget": draw(st.one_of(st.sampled_from(forms(20000.0, "元")), blanks())),
            }
        )
        tracking.append(
            {
                "goal": exactly(f"G{number:03d}"),
                "initiative": exactly(f"举措{number}"),
                "task": exactly(f"T{number:03d}"),
                "owner": draw(words()),
                "percent": draw(percents()),
                "hold": draw(st.one_of(chosen("paused", "cancelled"), blanks())),
                "updated": draw(days()),
            }
        )
    review = [
        {
            "quarter": exactly(quarter),
            "department": draw(chosen(*DEPARTMENTS)),
            "goal": exactly(f"G{number:03d}"),
            "target": draw(amounts(str(goals[number - 1]["unit"].value))),
            "actual": draw(st.one_of(amounts(str(goals[number - 1]["unit"].value)), blanks(), nils())),
            "cause_objective": draw(st.one_of(words(), blanks())),
            "improvement": draw(st.one_of(words(), blanks())),
        }
        for number in range(1, len(goals) + 1)
        for quarter in draw(st.sets(st.sampled_from(["q1", "q2", "q3", "q4"]), max_size=3))
    ]
    return {"goals": goals, "decomposition": tasks, "tracking": tracking, "review": review}


@st.composite
def classic_rows(draw: st.DrawFn) -> dict[str, list[dict[str, Typed]]]:
    """Rows of the book classic: targets and spans are text, units come from the text."""
    names = draw(st.lists(plain_text, min_size=1, max_size=3, unique_by=lambda t: t.replace(" ", "").lower()))
    goals, tasks, tracking, review = [], [], [], []
    for number, name in enumerate(names, 1):
        value = float(draw(st.integers(1, 9999)))
        goals.append(
            {
                "level": draw(chosen("company", "department", "supporting")),
                "goal": exactly(name),
                "metric": draw(words()),
                "target": Typed(f"{value:g}家", value),
                "unit": Typed(None, "家"),
                "department": draw(chosen(*DEPARTMENTS)),
                "due": draw(days()),
                "note": draw(st.one_of(words(), blanks())),
            }
        )
        span = draw(spans())
        assert isinstance(span.value, Span)
        tasks.append(
            {
                "department": draw(chosen(*DEPARTMENTS)),
                "goal": exactly(f"G{number:03d}"),
                "initiative": exactly(f"举措{number}"),
                "task": exactly(f"任务{number}"),
                "metric": draw(words()),
                "target": Typed("1.2亿元", 120_000_000.0),
                "unit": Typed(None, "元"),
                "lead": draw(words()),
                "period": span,
                "start": Typed(None, span.value.start),
                "finish": Typed(None, span.value.finish),
            }
        )
        tracking.append(
            {
                "goal": exactly(f"G{number:03d}"),
                "task": exactly(f"T{number:03d}"),
                "owner": draw(words()),
                "plan_start": exactly(date(2024, 1, 3)),
                "plan_finish": draw(days()),
                "percent": draw(percents()),
                "updated": draw(days()),
            }
        )
        review.append(
            {
                "quarter": draw(chosen("q1", "q2")),
                "department": draw(chosen(*DEPARTMENTS)),
                "goal": exactly(f"G{number:03d}"),
                "target": draw(st.sampled_from(forms(12.0, "家"))),
                "actual": draw(st.one_of(st.sampled_from(forms(10.0, "家")), blanks(), nils())),
                "cause": draw(st.one_of(words(), blanks())),
            }
        )
    return {"goals": goals, "decomposition": tasks, "tracking": tracking, "review": review}


def plan_of(rows: Mapping[str, list[dict[str, Typed]]]) -> Plan:
    """The plan whose cells hold what was typed."""
    return Plan(
        {
            sheet: tuple(
                PlanRow(number, {key: typed.cell for key, typed in row.items() if typed.cell is not None})
                for number, row in enumerate(table, 1)
            )
            for sheet, table in rows.items()
        },
        {"as_of": AS_OF},
    )


def expected(book: str, rows: Mapping[str, list[dict[str, Typed]]]) -> dict[str, list[dict[str, Value]]]:
    """The values `read` must return: what was meant, and the defaults of columns left alone."""
    sheets = load_spec(book).sheets_by_key
    result = {}
    for sheet, table in rows.items():
        defaults = {
            c.key: "YX" if c.default == "{department}" else c.default
            for c in sheets[sheet].columns
            if c.default is not None
        }
        meant = [{key: t.value for key, t in row.items() if t.value is not None} for row in table]
        result[sheet] = [{**defaults, **row} for row in meant]
    return result


STRATEGIES = {"annual_plan": annual_rows(), "classic": classic_rows()}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("book", ["annual_plan", "classic"])
@settings(
    max_examples=int(os.environ.get("PLANBOOK_EXAMPLES", "15")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(data=st.data())
def test_what_goes_in_comes_out(book: str, lang: str, data: st.DataObject) -> None:
    rows = data.draw(STRATEGIES[book])
    with tempfile.TemporaryDirectory() as folder:
        path = write_filled(Path(folder) / "销售部.xlsx", plan_of(rows), book=book, lang=lang)
        submission = read_workbook(path, expect())
    assert not submission.refused
    returned = {
        sheet: [dict(row.values) for row in submission.plan.rows(sheet)] for sheet in submission.plan.tables
    }
    wanted = expected(book, rows)
    for sheet, table in wanted.items():
        assert len(returned[sheet]) == len(table), sheet
        for got, want in zip(returned[sheet], table, strict=True):
            assert_same(got, want)
    assert submission.plan.inputs["as_of"] == AS_OF
    unexpected = {
        Code.FOREIGN_WORKBOOK,
        Code.SHEET_MISSING,
        Code.COLUMN_MISSING,
        Code.COLUMN_MOVED,
        Code.ROW_ID_LOST,
    }
    assert not unexpected & {problem.code for problem in submission.problems}


def assert_same(got: Mapping[str, Value], want: Mapping[str, Value]) -> None:
    """Equal values; numbers to 1e-12 relative, since 0.1 万 is not exactly 1000 in binary."""
    assert set(got) == set(want), set(got) ^ set(want)
    for key, value in want.items():
        if isinstance(value, float) and not isinstance(got[key], bool):
            assert got[key] == pytest.approx(value, rel=1e-12, abs=1e-9), key
        else:
            assert got[key] == value, key


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("book", ["annual_plan", "classic"])
def test_writing_twice_gives_the_same_bytes(tmp_path: Path, book: str, lang: str) -> None:
    rows = {"goals": [{"goal": exactly("新客户拓展")}]}
    (tmp_path / "once").mkdir()
    (tmp_path / "twice").mkdir()
    first = write_filled(tmp_path / "once" / "销售部.xlsx", plan_of(rows), book=book, lang=lang)
    second = write_filled(tmp_path / "twice" / "销售部.xlsx", plan_of(rows), book=book, lang=lang)
    assert first.read_bytes() == second.read_bytes()
