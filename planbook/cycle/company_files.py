"""departments.csv and company_goals.csv: the company as its planning office writes it down."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from planbook.company import CompanyGoal, Department
from planbook.cycle.csv_file import Heading, Row, example, one_line, read_rows, suggest
from planbook.problems import Code, Problem, Words, say
from planbook.spec import Book, Item
from planbook.units import UnitTable
from planbook.values import Reading, match_key, normalise_text, read_date, read_quantity

LONGEST_NAME: Final = 60
MONEY: Final = "元"
"""The unit in which a budget ceiling is kept."""

DEPARTMENT_COLUMNS: Final = (
    Heading("code", ("代码", "编码", "部门代码", "部门编码", "Code", "Department code"), required=True),
    Heading("name", ("名称", "部门", "部门名称", "Name", "Department", "Department name"), required=True),
    Heading("parent", ("上级", "上级部门", "上级代码", "Parent", "Parent department")),
    Heading("head", ("负责人", "部门负责人", "Head", "Head of department")),
    Heading("email", ("邮箱", "电子邮箱", "电子邮件", "邮件", "E-mail", "Email", "Mail")),
    Heading("weight", ("权重", "部门权重", "Weight")),
    Heading("language", ("语言", "Language")),
    Heading("duties", ("职责", "部门职责", "Duties")),
    Heading("budget_ceiling", ("预算上限", "Budget ceiling")),
    Heading("workbook", ("工作簿", "发放工作簿", "是否发放工作簿", "Workbook")),
)

GOAL_COLUMNS: Final = (
    Heading("goal", ("公司目标", "目标", "目标名称", "Company goal", "Goal"), required=True),
    Heading("metric", ("衡量指标", "指标", "Metric")),
    Heading("unit", ("单位", "Unit")),
    Heading("direction", ("指标方向", "方向", "Direction")),
    Heading("baseline", ("基线值", "基线", "Baseline")),
    Heading("target", ("目标值", "Target"), required=True),
    Heading("target_high", ("目标上限", "Upper target", "Target high")),
    Heading("aggregation", ("汇总方式", "Aggregation")),
    Heading("rollup", ("上卷方式", "公司汇总方式", "Roll-up", "Rollup")),
    Heading("weight", ("权重", "Weight")),
    Heading("due", ("完成时限", "时限", "Due", "Due date")),
    Heading("lead", ("牵头部门", "主责部门", "责任部门", "Lead", "Lead department")),
    Heading("cooperating", ("配合部门", "协同部门", "Cooperating", "Cooperating departments")),
    Heading("numerator", ("分子", "分子目标", "Numerator")),
    Heading("denominator", ("分母", "分母目标", "Denominator")),
)

# A code goes into file names and identities: no spaces, no slashes, no dot at either end.
_CODE: Final = re.compile(r"\w(?:[\w.-]{0,18}[\w-])?")
_SEVERAL: Final = re.compile(r"[、;；,，\n]")
_LARGEST: Final = 1e15  # beyond, a float no longer tells one from the next


class Names:
    """The departments by code and by name, whatever the width, case or script they are typed in."""

    def __init__(self, departments: Sequence[Department] = ()) -> None:
        self._codes: dict[str, str] = {}
        self.spellings: list[str] = []
        for department in departments:
            self.add(department.code, department.code)
            self.add(department.name, department.code)

    def add(self, text: str, code: str) -> None:
        """Let `text` name the department `code`, unless it names another already."""
        if text:
            self._codes.setdefault(match_key(text), code)
            self.spellings.append(text)

    def find(self, text: str) -> str | None:
        """The code of the department a text names."""
        return self._codes.get(match_key(text))


# -- departments ---------------------------------------------------------------------------


def read_departments(path: Path, file: str, book: Book, faults: list[Problem]) -> tuple[Department, ...]:
    """The departments in the order of the file; `faults` receives everything wrong with them."""
    rows = read_rows(path, file, DEPARTMENT_COLUMNS, faults)
    if rows is None:
        return ()
    drafts = [(row, _read_department(row, book)) for row in rows]
    names = _index_departments(drafts)
    departments = [(row, replace(d, parent=_find_parent(row, d, names))) for row, d in drafts]
    _check_circles(departments)
    return tuple(department for _, department in departments if department.code)


def _read_department(row: Row, book: Book) -> Department:
    code = normalise_text(row.name("code", longest=20, like=("YX", "HR-2")))
    if code and len(code) <= 20 and not _CODE.fullmatch(code):
        row.note(Code.INPUT_VALUE, "code", expected=example("YX", "HR-2"))
    return Department(
        code=code,
        name=row.name("name", longest=LONGEST_NAME, like=("销售部", "Sales")),
        parent=one_line(row.text("parent")),
        head=one_line(row.text("head")),
        email=row.address("email"),
        weight=row.share("weight"),
        language=row.language("language", book.languages),
        duties=row.text("duties"),
        budget_ceiling=_read_budget(row, book.unit_table),
        workbook=row.flag("workbook"),
    )


def _read_budget(row: Row, units: UnitTable) -> float | None:
    text = row.text("budget_ceiling")
    reading = read_quantity(text, units) if text else None
    value = reading.value if reading else None
    if not text:
        return None
    if reading is None or not isinstance(value, float) or value < 0 or reading.high is not None:
        row.note(Code.INPUT_VALUE, "budget_ceiling", expected=example("800万元", "8000000"))
        return None
    amount = units.convert(value, reading.unit or MONEY, MONEY)
    if amount is None:
        row.note(Code.UNIT_MISMATCH, "budget_ceiling", found=reading.unit, expected=MONEY)
        return None
    if amount > _LARGEST:
        row.note(Code.INPUT_VALUE, "budget_ceiling", expected=say("at_most", name=f"{_LARGEST:g}"))
    row.question("budget_ceiling", reading, f"{amount:.15g} {MONEY}")
    return amount


def _index_departments(drafts: Sequence[tuple[Row, Department]]) -> Names:
    """Departments by code and name; a code or name that stands twice is noted where it stands again."""
    names = Names()
    seen: dict[str, int] = {}  # spelling: which draft has it
    for key in ("code", "name"):
        for number, (row, department) in enumerate(drafts):
            text = department.code if key == "code" else department.name
            if not text:
                continue
            if seen.setdefault(match_key(text), number) != number:
                row.note(Code.INPUT_DUPLICATE, key)
            names.add(text, department.code)
    return names


def _find_parent(row: Row, department: Department, names: Names) -> str:
    if not department.parent:
        return ""
    found = names.find(department.parent)
    if found is None:
        row.note(
            Code.INPUT_REFERENCE,
            "parent",
            expected=suggest(department.parent, names.spellings),
        )
    return found or ""


def _check_circles(departments: Sequence[tuple[Row, Department]]) -> None:
    """Note every circle of parents once, on its first line."""
    parents: dict[str, str] = {}
    for _, department in departments:
        parents.setdefault(department.code, department.parent)
    settled: set[str] = {""}
    for _, department in departments:
        walked: dict[str, None] = {}
        code = department.code
        while code not in settled and code not in walked:
            walked[code] = None
            code = parents.get(code, "")
        if code in walked:
            circle = [*list(walked)[list(walked).index(code) :], code]
            place = next(r for r, d in departments if d.code in circle)
            place.note(Code.DEPARTMENT_CYCLE, "parent", found=" → ".join(circle))
        settled.update(walked)


# -- company goals -------------------------------------------------------------------------


def read_goals(
    path: Path,
    file: str,
    book: Book,
    names: Names | None,
    *,
    year: int,
    start_month: int,
    faults: list[Problem],
) -> tuple[CompanyGoal, ...]:
    """The company's goals in the order of the file; `faults` receives everything wrong with them.

    Quantities are in the row's unit, also where they were typed in another one of its family.
    With `names` None, departments could not be read and references to them are not judged.
    """
    rows = read_rows(path, file, GOAL_COLUMNS, faults)
    seen: set[str] = set()
    goals: list[CompanyGoal] = []
    drafts: list[tuple[Row, CompanyGoal]] = []
    for row in rows or ():
        goal = row.name("goal", longest=LONGEST_NAME, like=("年度营收增长15%",))
        if goal and match_key(goal) in seen:
            row.note(Code.INPUT_DUPLICATE, "goal")
        seen.add(match_key(goal))
        amounts = _read_amounts(row, book)
        goals.append(
            CompanyGoal(
                goal=goal,
                metric=one_line(row.text("metric")),
                unit=amounts.unit,
                direction=amounts.direction,
                baseline=amounts.baseline,
                target=amounts.target,
                target_high=amounts.target_high,
                aggregation=row.choice("aggregation", _list_items(book, "aggregation"), "sum"),
                rollup=row.choice("rollup", _list_items(book, "rollup"), "weighted"),
                weight=row.share("weight"),
                due=_read_due(row, year, start_month),
                lead=_read_lead(row, names),
                cooperating=_read_cooperating(row, names),
                line=row.line,
            )
        )
        drafts.append((row, goals[-1]))
    known = {match_key(goal.goal): goal for goal in goals if goal.goal}
    return tuple(_with_parts(row, goal, known) for row, goal in drafts if goal.goal)


def _with_parts(row: Row, goal: CompanyGoal, known: Mapping[str, CompanyGoal]) -> CompanyGoal:
    """The goal with what a ratio is made of: two other goals of the file that add up.

    A ratio names both or neither; without them its departments' attainment is averaged.
    """
    found: dict[str, str] = {}
    for key in ("numerator", "denominator"):
        text = one_line(row.text(key))
        part = known.get(match_key(text)) if text else None
        if not text:
            continue
        if goal.rollup != "ratio":
            row.note(Code.INPUT_VALUE, "rollup", expected=say("ratio_alone"))
        elif part is None or part.goal == goal.goal or part.rollup != "sum":
            adding = [other.goal for other in known.values() if other.rollup == "sum"]
            row.note(
                Code.INPUT_REFERENCE,
                key,
                found=text,
                expected=suggest(text, adding) if adding else say("adding_goal"),
            )
        else:
            found[key] = part.goal
    one_given = bool(row.text("numerator")) != bool(row.text("denominator"))
    if goal.rollup == "ratio" and one_given:
        blank = "denominator" if row.text("numerator") else "numerator"
        if row.has(blank):
            row.note(Code.INPUT_VALUE, blank, expected=say("adding_goal"))
    return replace(goal, numerator=found.get("numerator", ""), denominator=found.get("denominator", ""))


def _list_items(book: Book, key: str) -> tuple[Item, ...]:
    """The items of one of the book's lists; none where the book does without it."""
    return book.lists[key].items if key in book.lists else ()


class _Amounts(NamedTuple):
    direction: str
    unit: str
    baseline: float | None
    target: float | None
    target_high: float | None


def _read_amounts(row: Row, book: Book) -> _Amounts:
    units = book.unit_table
    direction = row.choice("direction", _list_items(book, "direction"), "higher")
    readings = {
        key: reading
        for key in ("target", "target_high", "baseline")
        if (reading := _read_amount(row, key, units))
    }
    typed = normalise_text(row.text("unit"))
    known = units.find(typed)
    unit = known.name if known else typed
    unit = unit or next((reading.unit for reading in readings.values() if reading.unit), "")
    target = _in_unit(row, "target", readings.get("target"), unit, units)
    high = _in_unit(row, "target_high", readings.get("target_high"), unit, units)
    baseline = _in_unit(row, "baseline", readings.get("baseline"), unit, units)
    typed_high = readings["target"].high if "target" in readings else None
    if typed_high is not None and direction == "band":  # 90–95 fills both bounds
        typed_high = units.convert(typed_high, readings["target"].unit or unit, unit)
        if high is not None and high != typed_high:
            row.note(Code.INPUT_VALUE, "target_high", expected=f"{typed_high:.15g}")
        high = typed_high
    elif typed_high is not None:
        row.note(
            Code.INPUT_VALUE, "target", expected=example(f"{target:.15g}" if target is not None else "90")
        )
    if row.has("target") and not row.text("target"):
        row.note(Code.INPUT_VALUE, "target", expected=example("1.2亿元", "90"))
    _check_band(row, book, direction, target, high)
    return _Amounts(direction, unit, baseline, target, high)


def _read_amount(row: Row, key: str, units: UnitTable) -> Reading | None:
    text = row.text(key)
    reading = read_quantity(text, units) if text else None
    if text and (reading is None or not isinstance(reading.value, float)):
        row.note(Code.INPUT_VALUE, key, expected=example("1.2亿元", "90", "15%"))
        return None
    if reading and reading.high is not None and key != "target":
        row.note(Code.INPUT_VALUE, key, expected=example(reading.value))
        return None
    return reading


def _in_unit(row: Row, key: str, reading: Reading | None, unit: str, units: UnitTable) -> float | None:
    """The amount in the row's unit; noted when it cannot be, or when it may mean something else."""
    if reading is None or not isinstance(reading.value, float):
        return None
    value = units.convert(reading.value, reading.unit or unit, unit)
    known = units.find(unit)
    if value is None:
        row.note(Code.UNIT_MISMATCH, key, found=reading.unit, expected=unit)
    elif abs(value) > _LARGEST:
        row.note(Code.INPUT_VALUE, key, expected=say("at_most", name=f"{_LARGEST:g}"))
    elif not reading.unit and known and known.factor != 1 and reading.scale:
        # 1200万 where the unit is 万元: twelve million times ten thousand is never meant.
        row.note(Code.INPUT_VALUE, key, expected=example(f"1200{unit}"))
    elif not reading.unit and known and known.name == "%" and 0 < abs(value) < 1:
        row.note(Code.FRACTION_FOR_POINTS, key, found=f"{value:.6g}", expected=f"{value * 100:.6g}%")
    else:
        row.question(key, reading, f"{value:.15g} {unit}".rstrip())
    return value


def _check_band(row: Row, book: Book, direction: str, target: float | None, high: float | None) -> None:
    if direction == "band":
        if target is None:
            return
        if high is None:
            if not row.text("target_high") or not row.has("target_high"):
                row.note(Code.INPUT_VALUE, "target_high", expected=say("above", name=f"{target:.15g}"))
        elif high <= target:
            row.note(Code.INPUT_VALUE, "target_high", expected=say("above", name=f"{target:.15g}"))
        elif target + high == 0:
            row.note(Code.INPUT_VALUE, "target_high", expected=say("middle"))
    elif high is not None:
        band = next((item for item in _list_items(book, "direction") if item.key == "band"), None)
        titles = Words(band.title.to("zh"), band.title.to("en")) if band else "band"
        row.note(Code.INPUT_VALUE, "direction", expected=titles)


def _read_due(row: Row, year: int, start_month: int) -> date | None:
    text = row.text("due")
    reading = read_date(text, year=year, start_month=start_month) if text else None
    value = reading.value if reading else None
    if text and not isinstance(value, date):
        row.note(Code.INPUT_VALUE, "due", expected=example(f"{year}-12-31"))
    if reading is None or not isinstance(value, date):
        return None
    row.question("due", reading, value.isoformat())
    return value


def _read_lead(row: Row, names: Names | None) -> str:
    text = row.text("lead")
    return _find_department(row, "lead", text, names) if text else ""


def _read_cooperating(row: Row, names: Names | None) -> tuple[str, ...]:
    text = row.text("cooperating")
    whole = names.find(text) if names and text else None
    if whole:
        return (whole,)
    found = (
        _find_department(row, "cooperating", part, names) for part in _SEVERAL.split(text) if part.strip()
    )
    return tuple(dict.fromkeys(code for code in found if code))


def _find_department(row: Row, key: str, text: str, names: Names | None) -> str:
    code = names.find(text) if names else ""
    if code is None and names is not None:
        row.note(
            Code.INPUT_REFERENCE, key, found=text.strip(), expected=suggest(text.strip(), names.spellings)
        )
    return code or ""
