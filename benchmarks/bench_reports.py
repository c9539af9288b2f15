"""How fast and how large: the consolidated workbook of many facts, beside plain XlsxWriter.

The company has goals of four quarters, each with a task, its progress, risk and three parties, departments
in divisions, and company goals that add.  Compared are 100,000 facts: the bare run writes their table alone,
cell by cell, with XlsxWriter's constant_memory, in the same columns, widths and formats; the whole
consolidated workbook must take at most half of that, the best of three turns each.  Two runs must stay
within 600 MB, the roll-up itself included: a million facts of 250,000 goals and as many tasks, and more facts
than a sheet of Excel has rows, so that they take two.  Between them stands the dearest workbook to write: as
many goals as have formulas at all, over their facts.  Every run is a process of its own, so that its peak of
memory is its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xlsxwriter
from common import Verdict, peak_megabytes, seconds_of

from planbook.calendar import FiscalYear
from planbook.company import Company, CompanyGoal, Department
from planbook.measures import RollUp, frames
from planbook.measures.frames import FrameSpec, make_frame
from planbook.reports import write_consolidated
from planbook.reports.figures import decimals
from planbook.reports.place import LAST_EXCEL_ROW, MOST_FACTS, MOST_WRITTEN
from planbook.reports.sheets import BORDER, FAVOUR_COLUMNS, cell_look, number_format, row_height
from planbook.spec import load_spec
from planbook.writer.cells import OPTIONS
from planbook.writer.styles import FONT

COMPARED, LARGE, SPLIT = (100_000, 25_000), (1_000_000, 250_000), (1_060_000, 10_000)  # facts, goals
LIVE = (4 * MOST_WRITTEN, MOST_WRITTEN)
MOST_RATIO, MOST_LIVE, MOST_MEMORY, ROUNDS = 0.5, 6, 600, 3
OWN, LEADS = 50, 9  # goals of a department, and positions that lead their tasks
COMPANY_GOALS, DIVISION = 7, 25  # company goals, departments of a division
Columns = dict[str, Any]


def category(codes: Any, names: list[Any]) -> pd.Categorical:
    """A column of few values."""
    return pd.Categorical.from_codes(np.asarray(codes).astype(np.int32), categories=names)


def make_company(goals: int) -> Company:
    """Departments with `OWN` goals each, in divisions."""
    count = -(-goals // OWN)
    divisions = [Department(f"V{n:03d}", f"事业部{n:03d}") for n in range(-(-count // DIVISION))]
    leaves = [Department(f"D{n:04d}", f"部门{n:04d}", divisions[n // DIVISION].code) for n in range(count)]
    targets = tuple(
        CompanyGoal(f"公司目标{n}", metric="营收", unit="亿元", rollup="sum", weight=1 / COMPANY_GOALS)
        for n in range(COMPANY_GOALS)
    )
    return Company((*divisions, *leaves), targets)


def measured(target: Any, actual: Any) -> Columns:
    """The measures of a target and an actual, higher being better."""
    rate = (actual - target) / target
    rating = np.select([rate >= 0, rate >= -0.1], [0, 1], 2)
    return {
        "target": target,
        "actual": actual,
        "deviation": np.round(actual - target, 2),
        "deviation_rate": rate,
        "favourable": category(rate < 0, ["good", "bad"]),
        "attainment": 1 + rate,
        "method_used": category(np.zeros(len(rate)), ["linear"]),
        "rating": category(rating, ["green", "amber", "red"]),
    }


def make_roll_up(count: int, goals: int) -> RollUp:
    """A roll-up of `count` facts of `goals` goals, a task each."""
    random = np.random.default_rng(7)
    each = count // goals
    company = make_company(goals)
    leaves = [d for d in company.departments if d.parent]
    quarterly = np.round(random.uniform(100, 9000, count), 2)
    reached = np.round(quarterly * random.uniform(0.7, 1.2, count), 2)
    shared = _shared(company, leaves, np.arange(goals))
    facts = _facts(_shared(company, leaves, np.arange(count) // each), quarterly, reached)
    yearly = measured(*(np.round(part.reshape(goals, each).sum(axis=1), 2) for part in (quarterly, reached)))
    own = _goals(shared, yearly, facts["fact"].iloc[each - 1 :: each].tolist())
    tasks = _tasks(shared, random)
    return RollUp(
        book=load_spec("annual_plan"),
        company=company,
        year=2024,
        start_month=1,
        as_of=date(2024, 12, 31),
        settings={"quarter_ends": FiscalYear(2024).quarter_ends},
        scope="",
        problems=(),
        review_rows=count,
        facts=_frame(frames.FACTS, facts),
        goals=_frame(frames.GOALS, own),
        tasks=_frame(frames.TASKS, tasks),
        progress=_frame(frames.PROGRESS, _progress(company, leaves, tasks)),
        responsibility=_frame(frames.RESPONSIBILITY, _parties(company, leaves, tasks)),
        risks=_frame(frames.RISKS, tasks),
        appraisal=_frame(frames.APPRAISAL, _appraisal(leaves)),
        scores=make_frame(frames.SCORES, _scores(company, yearly["attainment"])),
        company_goals=make_frame(frames.COMPANY_GOALS, _company_goals(yearly)),
        receipts=make_frame(frames.RECEIPTS, _receipts(leaves)),
    )


def _frame(spec: FrameSpec, columns: Columns) -> pd.DataFrame:
    """A frame over the arrays themselves: making it is not what is measured."""
    size = len(next(iter(columns.values())))
    blank = pd.Categorical.from_codes(np.full(size, -1, dtype=np.int8), categories=[])
    return pd.DataFrame({name: columns.get(name, blank) for name in spec.names}, copy=False)


def _shared(company: Company, leaves: list[Department], goal: Any) -> Columns:
    """What facts, goals and tasks say of the goal they belong to."""
    place, number = goal // OWN, goal % OWN
    names = [f"目标{n:03d}" for n in range(OWN)]
    return {
        "department": category(place, [d.code for d in leaves]),
        "department_name": category(place, [d.name for d in leaves]),
        "goal_id": category(number, [f"G{n:03d}" for n in range(OWN)]),
        "goal": category(number, names),
        "metric": category(number, [f"{name}的完成数量" for name in names]),
        "level": category(np.zeros(len(goal)), ["department"]),
        "company_goal": category(goal % COMPANY_GOALS, [g.goal for g in company.goals]),
        "unit": category(np.zeros(len(goal)), ["万元"]),
        "direction": category(np.zeros(len(goal)), ["higher"]),
        "aggregation": category(np.zeros(len(goal)), ["sum"]),
        "file": category(place, [f"2024-{d.code}-{d.name}.xlsx" for d in leaves]),
        "cell": category(goal % 120, [f"H{7 + n}" for n in range(120)]),
        "goal_no": goal + 1.0,
        "company_no": goal % COMPANY_GOALS + 1.0,
    }


def _facts(shared: Columns, target: Any, actual: Any) -> Columns:
    row = np.arange(len(target))
    codes, names = shared["department"].codes, shared["department"].categories
    return {
        **shared,
        "fact": pd.Series([f"{names[d]}-R{n:06d}" for n, d in enumerate(codes)], dtype=object),
        "quarter": category(row % 4, ["q1", "q2", "q3", "q4"]),
        **measured(target, actual),
        "counted": category(np.zeros(len(row)), ["yes"]),
        "sheet": category(np.zeros(len(row)), ["4_季度复盘"]),
        "sha256": category(codes, [f"{n:064x}" for n in range(len(names))]),
        "adds_target": target,
        "adds_actual": actual,
        "company_adds_target": target / 10_000,
        "company_adds_actual": actual / 10_000,
    }


def _goals(shared: Columns, yearly: Columns, last: list[str]) -> Columns:
    size = len(last)
    return {
        **shared,
        **yearly,
        "metric_kind": category(np.zeros(size), ["number"]),
        "share": np.full(size, 1 / OWN),
        "annual_target": yearly["target"],
        "coverage": category(np.zeros(size), ["4/4"]),
        "quarters": np.full(size, 4.0),
        "year_completion": yearly["attainment"],
        "driver": category(np.arange(size) % 3, ["客观：市场需求放缓", "主观：跟进不及时", "拓展人员缺编"]),
        "fact": last,
        "company_use": category(np.zeros(size), ["counted"]),
        "sheet": category(np.zeros(size), ["1_目标总表"]),
    }


def _tasks(shared: Columns, random: np.random.Generator) -> Columns:
    size = len(shared["goal"])
    percent = np.round(random.uniform(0, 1, size), 2)
    late = percent < 0.3
    return {
        **shared,
        "task_id": category(np.arange(size) % OWN, [f"T{n:03d}" for n in range(OWN)]),
        "initiative": category(np.arange(size) % OWN, [f"举措{n:03d}" for n in range(OWN)]),
        "lead": category(np.arange(size) % LEADS, [f"岗位{n}" for n in range(LEADS)]),
        "lead_name": category(np.arange(size) % LEADS, [f"岗位{n}" for n in range(LEADS)]),
        "tracked": category(np.zeros(size), ["yes"]),
        "source": category(np.zeros(size), ["tracking"]),
        "response": category(np.arange(size) % 5, [f"约定月底前反馈 {n}" for n in range(5)]),
        "task": category(np.arange(size) % 40, [f"完成重点客户拜访与签约推进 {n}" for n in range(40)]),
        "owner": category(np.arange(size) % 9, [f"负责人{n}" for n in range(9)]),
        "finish": category(np.zeros(size), [date(2024, 12, 20)]),
        "percent": percent,
        "expected": np.full(size, 0.9),
        "schedule_deviation": np.round(percent - 0.9, 9),
        "status": category(late, ["on_track", "behind"]),
        "stale": category(np.zeros(size), ["no"]),
        "updated": category(np.zeros(size), [date(2024, 12, 24)]),
        "risk": category(np.arange(size) % 5, [f"客户决策链延迟 {n}" for n in range(5)]),
        "action": category(np.arange(size) % 5, [f"约定月底前反馈 {n}" for n in range(5)]),
        "sheet": category(np.zeros(size), ["3_任务跟踪"]),
    }


def _progress(company: Company, leaves: list[Department], tasks: Columns) -> Columns:
    """A goal with its initiative, each of one task."""
    goal = np.repeat(np.arange(len(tasks["finish"])), 2)
    size = len(goal)
    percent, expected = tasks["percent"][goal], tasks["expected"][goal]
    counts = {key: np.full(size, 1.0) for key in ("tasks", "covered")}
    counts |= {key: np.zeros(size) for key in ("done", "late", "held")}
    return {
        **_shared(company, leaves, goal),
        **counts,
        "node": category(np.arange(size) % 2, ["goal", "initiative"]),
        "initiative": tasks["initiative"][goal],
        "coverage": category(np.zeros(size), ["1/1"]),
        "weighed_by": category(np.zeros(size), ["equal"]),
        "percent": percent,
        "expected": expected,
        "schedule_deviation": np.round(percent - expected, 9),
        "low": percent,
        "high": percent,
        "finish": category(np.zeros(size), [date(2024, 12, 20)]),
        "sheet": category(np.zeros(size), ["3_任务跟踪"]),
    }


def _parties(company: Company, leaves: list[Department], tasks: Columns) -> Columns:
    """The position that leads each task, the head of its department, and another department."""
    task = np.repeat(np.arange(len(tasks["finish"])), 3)
    size = len(task)
    place, kind = task // OWN, np.arange(size) % 3
    leads, heads = [f"岗位{n}" for n in range(LEADS)], [f"{d.name}负责人" for d in leaves]
    partner = LEADS + len(leaves) + (place + 1) % len(leaves)
    party = np.select([kind == 0, kind == 1], [task % LEADS, LEADS + place], partner)
    return {
        **_shared(company, leaves, task),
        **{key: tasks[key][task] for key in ("initiative", "task_id", "task", "status")},
        "role": category(kind, ["R", "A", "C"]),
        "party_kind": category(kind, ["position", "head", "department"]),
        "party": category(party, [*leads, *heads, *(d.name for d in leaves)]),
        "party_code": category(party, [*leads, *heads, *(d.code for d in leaves)]),
        "finish": category(np.zeros(size), [date(2024, 12, 20)]),
        "sheet": category(np.zeros(size), ["2_目标分解"]),
    }


def _appraisal(leaves: list[Department]) -> Columns:
    size = len(leaves) * LEADS
    place = np.arange(size) // LEADS
    keys = (
        "tasks", "done", "due", "on_time", "late", "untracked", "percent", "expected", "goals", "goals_known",
        "attainment", "supports", "peak",
    )  # fmt: skip
    return {
        **{key: np.full(size, 1.0) for key in keys},
        "department": category(place, [d.code for d in leaves]),
        "department_name": category(place, [d.name for d in leaves]),
        "position": category(np.arange(size) % LEADS, [f"岗位{n}" for n in range(LEADS)]),
        "position_name": category(np.arange(size) % LEADS, [f"岗位{n}" for n in range(LEADS)]),
        "rating": category(np.zeros(size), ["green"]),
    }


def _scores(company: Company, attainment: Any) -> list[Columns]:
    def node(code: str, name: str | None, kind: str, depth: int, part: Any, leaves: int) -> Columns:
        score = float(np.minimum(part, 1.2).mean())
        counts = {"covered": leaves, "expected": leaves, "goals": len(part), "tasks": len(part)}
        missed, late = int((part < 1).sum()), len(part) // 3
        bounds = {"score": score, "low": score, "high": score, "rating": "amber", "own": None, "share": None}
        about = {"code": code, "name": name, "node": kind, "depth": depth, "missed": missed, "late": late}
        return {**about, **bounds, **counts}

    leaves = [d for d in company.departments if d.parent]
    records = [node("", None, "company", 0, attainment, len(leaves))]
    for number, division in enumerate(d for d in company.departments if not d.parent):
        mine = leaves[number * DIVISION : (number + 1) * DIVISION]
        first = number * DIVISION * OWN
        part = attainment[first : first + len(mine) * OWN]
        records.append(node(division.code, division.name, "division", 1, part, len(mine)))
        for place, leaf in enumerate(mine):
            own = part[place * OWN : (place + 1) * OWN]
            records.append(node(leaf.code, leaf.name, "department", 2, own, 1))
            records[-1] |= {"own": records[-1]["score"], "share": 1 / len(mine)}
    return records


def _company_goals(yearly: Columns) -> list[Columns]:
    found = []
    for number in range(COMPANY_GOALS):
        mine = slice(number, None, COMPANY_GOALS)
        pair = [np.array([yearly[key][mine].sum() / 10_000]) for key in ("target", "actual")]
        figures = {key: value[0] for key, value in measured(*pair).items()}
        more = {"goal": f"公司目标{number}", "number": number + 1, "rollup": "sum", "unit": "亿元"}
        found.append({**figures, **more, "coverage": "1/1", "direction": "higher", "aggregation": "sum"})
    return found


def _receipts(leaves: list[Department]) -> list[Columns]:
    return [
        {"department": d.code, "department_name": d.name, "receipt": "accepted", "rows": 4 * OWN,
         "errors": 0, "warnings": 0, "file": f"2024-{d.code}-{d.name}.xlsx"}
        for d in leaves
    ]  # fmt: skip


# -- the bare run ----------------------------------------------------------------------------


def write_bare(path: Path, roll_up: RollUp) -> None:
    """The same fact table by XlsxWriter alone, in constant memory: columns, widths, heights and formats."""
    book = roll_up.book
    columns = book.report("facts").columns
    lists = {c.key: {i.key: i.title.to("zh") for i in book.lists[c.list].items} for c in columns if c.list}
    tones = {c.key: {i.key: i.tone for i in book.lists[c.list].items} for c in columns if c.list}
    favours = {i.key: i.tone for i in book.lists["favour"].items}
    workbook = xlsxwriter.Workbook(str(path), {**OPTIONS, "constant_memory": True})
    sheet = workbook.add_worksheet()
    kept: dict[tuple[int, object, str], Any] = {}

    def style(index: int, value: object, tone: str) -> Any:
        column = columns[index]
        number = isinstance(value, float)
        key = (index, decimals(value) if isinstance(value, float) else None, tone)
        if key not in kept:
            look = cell_look(column, number_format(column, value) if number else "", tone)
            kept[key] = workbook.add_format({"font_name": FONT, "font_size": 10, **BORDER, **look})
        return kept[key]

    for index, column in enumerate(columns):
        sheet.set_column(index, index, column.width)
        sheet.write_string(0, index, column.title.to("zh"))
    blank = [None] * len(roll_up.facts)
    data = [roll_up.facts[c.key].tolist() if c.key in roll_up.facts else blank for c in columns]
    states = roll_up.facts["favourable"].tolist()
    height = row_height(1)
    for at, (state, *row) in enumerate(zip(states, *data, strict=True), 1):
        sheet.set_row(at, height)
        for index, value in enumerate(row):
            key = columns[index].key
            if value is None or value != value:
                sheet.write_blank(at, index, None, style(index, None, ""))
            elif isinstance(value, float):
                tone = favours[state] if key in FAVOUR_COLUMNS else ""
                sheet.write_number(at, index, value, style(index, value, tone))
            elif key in lists:
                sheet.write_string(at, index, lists[key][value], style(index, None, tones[key][value]))
            else:
                sheet.write_string(at, index, value, style(index, None, ""))
    workbook.close()


# -- measuring -------------------------------------------------------------------------------


def rows_of_part(path: Path, part: str) -> tuple[int, int]:
    """The first and the last row of a sheet's XML, which is too large to be read at once."""
    with zipfile.ZipFile(path) as package, package.open(part) as source:
        head = tail = source.read(1 << 20)
        while piece := source.read(1 << 20):
            tail = tail[-(1 << 16) :] + piece
    numbers = [int(found.split(b'"')[0]) for found in tail.split(b'<row r="')[1:]]
    return int(head.split(b'<row r="')[1].split(b'"')[0]), numbers[-1]


def fact_parts(path: Path) -> list[str]:
    """The parts of the sheets with facts: the only ones with tables."""
    with zipfile.ZipFile(path) as package:
        links = [name for name in package.namelist() if "worksheets/_rels" in name]
        tabled = [name for name in links if b"/table" in package.read(name)]
    parts = (name.replace("_rels/", "").removesuffix(".rels") for name in tabled)
    return sorted(parts, key=lambda part: (len(part), part))


def run(what: str, count: int, goals: int) -> None:
    """One measurement, printed as JSON."""
    roll_up = make_roll_up(count, goals)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.xlsx"
        write = write_bare if what == "bare" else write_consolidated
        seconds = seconds_of(lambda: write(path, roll_up))
        found = {"seconds": seconds, "megabytes": peak_megabytes(), "size": path.stat().st_size / 1e6}
        if what == "split":
            found["rows"] = [rows_of_part(path, part)[1] for part in fact_parts(path)]
    print(json.dumps(found))


def measure(what: str, size: tuple[int, int]) -> dict[str, Any]:
    """A measurement in a process of its own."""
    count, goals = size
    command = [sys.executable, __file__, what, str(count), str(goals)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    print(
        f"{what:>13} {count:>9,} facts, {goals:,} goals: {found['seconds']:6.1f} s, "
        f"peak {found['megabytes']:4.0f} MB, file {found['size']:5.1f} MB",
        flush=True,
    )
    return found


def main() -> None:
    """The comparison, then the large runs; exits 1 where a limit is broken."""
    turns = [(measure("bare", COMPARED), measure("consolidated", COMPARED)) for _ in range(ROUNDS)]
    bare, ours = (min(found["seconds"] for found in side) for side in zip(*turns, strict=True))
    plain, live = measure("bare", LIVE), measure("consolidated", LIVE)
    large, split = measure("large", LARGE), measure("split", SPLIT)
    verdict = Verdict()
    verdict.at_most("consolidated / bare fact table", ours / bare, MOST_RATIO)
    verdict.at_most("every goal live / bare fact table", live["seconds"] / plain["seconds"], MOST_LIVE)
    verdict.at_most("peak memory, a million facts", large["megabytes"], MOST_MEMORY, " MB")
    verdict.at_most("peak memory, facts on two sheets", split["megabytes"], MOST_MEMORY, " MB")
    expected = [LAST_EXCEL_ROW, SPLIT[0] - MOST_FACTS + LAST_EXCEL_ROW - MOST_FACTS]
    verdict.at_least("sheets of facts that end where they should", split["rows"] == expected, 1)
    verdict.finish()


if __name__ == "__main__":
    if len(sys.argv) == 4:
        run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
