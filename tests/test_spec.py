"""Books: the two that ship, what a faulty one is told, and that a new column needs no Python."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import openpyxl
import pytest
import yaml
from pydantic import BaseModel, ValidationError

from planbook.plan import Plan
from planbook.problems import Code, Problem, SpecError
from planbook.resources import specs_folder
from planbook.spec import Book, check_spec, list_books, load_spec
from planbook.writer import write_workbook
from tests.support.plans import compile_book, issue_of, place_rows, settings_for

BOOKS = ("annual_plan", "classic")

# DOMAIN §2, in order: key and Chinese title.  `start` and `finish` are the source's 起止时间, the
# two causes its 主要原因分析（客观／主观）, each in two columns.
ANNUAL_PLAN = {
    "goals": """
        level 目标层级 | goal 目标名称 | metric 衡量指标 | metric_kind 指标类型 | direction 指标方向
        unit 单位 | baseline 基线值 | target 目标值 | target_high 目标上限 | aggregation 汇总方式
        weight 权重 | department 责任部门 | due 完成时限 | company_goal 承接公司目标
        note 备注（如关联公司战略）
    """,
    "decomposition": """
        department 部门名称 | goal 目标名称 | goal_statement 关联总目标 | initiative 关键举措
        task 具体任务 | metric 衡量指标 | unit 单位 | direction 指标方向 | target 目标值
        target_high 目标上限 | weight 任务权重 | lead 责任岗位 | support 协同岗位 | partner 配合部门
        start 开始时间 | finish 完成时间 | resources 资源支持 | budget 预算
    """,
    "tracking": """
        goal 所属目标 | initiative 关键举措 | task 任务名称 | description 任务描述 | owner 责任人
        plan_start 计划开始时间 | plan_finish 计划完成时间 | start_override 调整后开始
        finish_override 调整后完成 | progress 实际进度 | percent 完成百分比 | hold 暂停／取消
        expected 计划进度 | schedule_deviation 进度偏差 | status 状态 | risk 风险描述
        action 解决措施 | updated 更新日期
    """,
    "review": """
        quarter 季度 | department 部门 | goal 目标名称 | unit 单位 | target 季度目标值
        target_high 季度目标上限 | actual 实际完成值 | deviation 偏差 | deviation_rate 偏差率
        attainment 达成率 | rating 红黄绿 | cause_objective 主要原因分析（客观）
        cause_subjective 主要原因分析（主观） | improvement 改进措施 | adjustment 下季度调整方向
    """,
}
CLASSIC = {
    "goals": """
        level 目标层级 | goal 目标名称 | metric 衡量指标 | target 目标值 | department 责任部门
        due 完成时限 | note 备注（如关联公司战略）
    """,
    "decomposition": """
        department 部门名称 | goal 目标名称 | goal_statement 关联总目标 | initiative 关键举措
        task 具体任务 | metric 衡量指标 | target 目标值 | lead 责任岗位 | period 起止时间
        resources 资源支持
    """,
    "tracking": """
        goal 所属目标 | task 任务名称 | description 任务描述 | owner 责任人
        plan_start 计划开始时间 | plan_finish 计划完成时间 | progress 实际进度 | percent 完成百分比
        risk 风险描述 | action 解决措施 | updated 更新日期
    """,
    "review": """
        quarter 季度 | department 部门 | goal 目标名称 | target 季度目标值 | actual 实际完成值
        deviation_rate 偏差率 | cause 主要原因分析（客观／主观） | improvement 改进措施
        adjustment 下季度调整方向
    """,
}
LISTS = {
    "level": "公司战略目标 部门总目标 部门支撑目标",
    "metric_kind": "定量 评分 完成与否",
    "direction": "越高越好 越低越好 区间",
    "aggregation": "累计 期末 平均",
    "quarter": "Q1 Q2 Q3 Q4",
    "hold": "暂停 取消",
}


def columns_of(table: str) -> list[tuple[str, str]]:
    return [tuple(part.split()) for part in re.split(r"[|\n]", table) if part.strip()]  # type: ignore[misc]


def visible(book: str, sheet: str) -> list[tuple[str, str]]:
    columns = load_spec(book).sheet(sheet).columns
    return [(column.key, column.title.to("zh")) for column in columns if column.visible]


# -- the books that ship -------------------------------------------------------------------


def test_two_books_ship() -> None:
    assert list_books() == BOOKS


@pytest.mark.parametrize("book", BOOKS)
def test_a_shipped_book_is_sound(book: str) -> None:
    assert check_spec(specs_folder() / f"{book}.yaml") == ()
    loaded = load_spec(book)
    assert loaded.name == book
    assert loaded.languages == ("zh", "en")
    assert re.fullmatch(r"[0-9a-f]{64}", loaded.sha256)
    assert load_spec(book) is loaded


@pytest.mark.parametrize("sheet", CLASSIC)
def test_classic_shows_the_source_template_and_nothing_else(sheet: str) -> None:
    assert visible("classic", sheet) == columns_of(CLASSIC[sheet])
    assert load_spec("classic").sheet(sheet).id.hidden


@pytest.mark.parametrize("sheet", ANNUAL_PLAN)
def test_annual_plan_has_every_column_of_the_domain_in_order(sheet: str) -> None:
    wanted = columns_of(ANNUAL_PLAN[sheet])
    kept = [column for column in visible("annual_plan", sheet) if column in wanted]
    assert kept == wanted


def test_annual_plan_adds_only_calculated_columns_to_the_domain() -> None:
    for sheet, table in ANNUAL_PLAN.items():
        known = {key for key, _ in columns_of(table)}
        more = [c for c in load_spec().sheet(sheet).columns if c.visible and c.key not in known]
        assert all(column.calculated for column in more), sheet


def test_the_sheets_of_both_books() -> None:
    for book in BOOKS:
        four = ["1_目标总表", "2_目标分解", "3_任务跟踪", "4_季度复盘"]
        more = ["战略背景", "执行计划", "责任矩阵", "年度复盘", "经验库", "月度复盘", "周例会", "目标共识"]
        titles = [sheet.title.to("zh") for sheet in load_spec(book).sheets]
        assert titles == (four + more if book == "annual_plan" else four)


@pytest.mark.parametrize("key", LISTS)
def test_the_lists_of_the_domain(key: str) -> None:
    assert [item.title.to("zh") for item in load_spec().lists[key].items] == LISTS[key].split()


def test_what_a_planner_may_leave_alone_has_its_default() -> None:
    goals = load_spec().sheet("goals")
    defaults = {key: goals.column(key).default for key in ("metric_kind", "direction", "aggregation")}
    assert defaults == {"metric_kind": "number", "direction": "higher", "aggregation": "sum"}
    assert all(goals.column(key).optional for key in defaults)


@pytest.mark.parametrize("book", BOOKS)
def test_thresholds_are_the_domain_s(book: str) -> None:
    settings = {key: setting.value for key, setting in load_spec(book).settings.items() if not setting.many}
    assert settings == {
        "green": 1.0,
        "amber": 0.9,
        "reason_below": 1.0,
        "weight_slack": 0.0005,
        "target_slack": 0.005,
        "cap": 1.2,
        "behind": 0.1,
        "stale_days": 7,
        "most_tasks": 5,
        "method": "linear",
        "working_days": "no",
    }


def parts(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Everything a book holds, models and their fields alike."""
    yield path, value
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from parts(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from parts(item, f"{path}[{key}]")
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from parts(item, f"{path}[{index}]")


@pytest.mark.parametrize("book", BOOKS)
def test_nothing_in_a_book_can_be_changed(book: str) -> None:
    loaded = load_spec(book)
    models = 0
    for path, value in parts(loaded, book):
        assert isinstance(value, BaseModel | MappingProxyType | tuple | str | float | int | None), path
        if isinstance(value, BaseModel):
            models += 1
            for name in type(value).model_fields:
                with pytest.raises(ValidationError):
                    setattr(value, name, None)
    assert models > 500
    for mapping in (loaded.sheets_by_key, loaded.sheets[0].by_key, loaded.settings):
        with pytest.raises(TypeError):
            mapping["x"] = None  # type: ignore[index]


def test_a_text_serves_every_language_or_its_own() -> None:
    book = load_spec()
    assert book.lists["quarter"].items[0].title.to("en") == "Q1"
    assert book.list_title("direction", "lower", "zh") == "越低越好"
    assert book.list_title("unit", "箱", "zh") == "箱"
    assert book.tone("rating", "red") == "bad"
    assert book.tone("rating", "none of them") == ""
    assert book.sheet("goals").id.of(7) == "G007"


# -- the JSON Schema for editors -----------------------------------------------------------


def schema_faults(root: Mapping[str, Any], node: Any, value: Any, path: str = "") -> Iterator[str]:
    """What a JSON Schema of the kind pydantic writes has against a value."""
    if "$ref" in node:
        node = root["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    if "anyOf" in node:
        if all(list(schema_faults(root, option, value, path)) for option in node["anyOf"]):
            yield f"{path}: none of the options fits {value!r}"
        return
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    kind = node.get("type")
    if kind in {"number", "integer"}:
        number = isinstance(value, int if kind == "integer" else int | float) and not isinstance(value, bool)
        if not number or value <= node.get("exclusiveMinimum", float("-inf")):
            yield f"{path}: {value!r} is no {kind} as it should be"
    elif kind and not isinstance(value, kinds[kind]):
        yield f"{path}: {value!r} is no {kind}"
    if "enum" in node and value not in node["enum"]:
        yield f"{path}: {value!r} is none of {node['enum']}"
    if "pattern" in node and not re.search(node["pattern"], str(value)):
        yield f"{path}: {value!r} does not match {node['pattern']}"
    if isinstance(value, dict):
        yield from _object_faults(root, node, value, path)
    for index, item in enumerate(value if isinstance(value, list) else ()):
        yield from schema_faults(root, node.get("items", {}), item, f"{path}[{index}]")


def _object_faults(root: Mapping[str, Any], node: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    needed = set(node.get("required", ()))
    for key, more in node.get("dependentRequired", {}).items():
        needed |= set(more) if key in value else set()
    yield from (f"{path}: {key} is missing" for key in sorted(needed - set(value)))
    known = node.get("properties", {})
    for key, item in value.items():
        other = node.get("additionalProperties", {})
        if key in known:
            yield from schema_faults(root, known[key], item, f"{path}.{key}")
        elif other is False:
            yield f"{path}: unknown key {key}"
        elif isinstance(other, dict):
            yield from schema_faults(root, other, item, f"{path}.{key}")


@pytest.mark.parametrize("file", ["annual_plan", "classic", "common", "reports"])
def test_the_schema_takes_every_shipped_file(file: str) -> None:
    schema = Book.model_json_schema()
    data = yaml.safe_load((specs_folder() / f"{file}.yaml").read_text("utf-8"))
    assert list(schema_faults(schema, schema, data)) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"shets": []}, "unknown key shets"),
        ({"rows": 0}, ".sheets[0].rows: 0 is no integer"),
        ({"kind": "colour"}, "'colour' is none of ['text', 'choice'"),
        ({"key": "Goal Name"}, "'Goal Name' does not match"),
        ({"name": None}, ".name: None is no string"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(change: dict[str, Any], fault: str) -> None:
    schema = Book.model_json_schema()
    data = yaml.safe_load((specs_folder() / "classic.yaml").read_text("utf-8"))
    sheet = data["sheets"][0]
    for key, value in change.items():
        target = sheet if key == "rows" else sheet["columns"][0] if key in {"kind", "key"} else data
        target[key] = value
    assert any(fault in found for found in schema_faults(schema, schema, data))


@pytest.mark.parametrize("book", BOOKS)
def test_a_book_goes_through_json_and_back(book: str) -> None:
    loaded = load_spec(book)
    assert Book.model_validate(loaded.model_dump(mode="json", by_alias=True)) == loaded


# -- faulty books --------------------------------------------------------------------------

MINI = """\
include: [common.yaml]
name: mini
version: "1.0"
title: {zh: 迷你, en: Mini}
languages: [zh, en]
index:
  title: {zh: 说明, en: Start}
  heading: {zh: 迷你, en: Mini}
  steps: [{zh: 填写, en: Fill in}]
reports: []
lists:
  color:
    items:
      - {key: red, title: {zh: 红, en: Red}}
      - {key: blue, title: {zh: 蓝, en: Blue}}
sheets:
  - key: goals
    title: {zh: 目标, en: Goals}
    heading: {zh: 目标表, en: All goals}
    hint: {zh: 一行一个, en: One a row}
    purpose: {zh: 记录目标, en: Keeps goals}
    id: {prefix: G}
    rows: 5
    filled: goal
    columns:
      - {key: goal, title: {zh: 名称, en: Name}, kind: text, required: true}
      - {key: color, title: {zh: 颜色, en: Color}, kind: choice, list: color}
      - {key: target, title: {zh: 目标值, en: Target}, kind: quantity}
      - {key: actual, title: {zh: 实际值, en: Actual}, kind: quantity}
      - {key: gap, title: {zh: 差额, en: Gap}, kind: quantity, formula: '=[actual]-[target]'}
      - {key: twice, title: {zh: 两倍, en: Twice}, kind: quantity, formula: '=[gap]*2'}
      - {key: late, title: {zh: 迟, en: Late}, kind: text, formula: '=IF([gap]<0,"x","")'}
      - {key: tone, title: {zh: 色调, en: Tone}, kind: text, formula: '=IF([color]={color.red},"!","")'}
      - {key: owner, title: {zh: 责任人, en: Owner}, kind: text}
      - {key: share, title: {zh: 占比, en: Share}, kind: percent, formula: '=IF({all}=0,"",[target]/{all})'}
    totals:
      - {key: all, title: {zh: 合计, en: All}, kind: quantity, formula: '=SUM([goals.target])'}
"""

# name: text of MINI, what is written there instead, code, path, found, expected
Fault = tuple[str, str, Code, str, str, str]
FAULTS: dict[str, Fault] = {
    "unknown key": (
        "{zh: 目标值, en: Target}, kind: quantity}",
        "{zh: 目标值, en: Target}, kind: quantity, widht: 12}",
        Code.SPEC_UNKNOWN_KEY, "sheets.0.columns.2.widht", "widht", "width",
    ),
    "unknown column": (
        "'=[actual]-[target]'",
        "'=[actual]-[targt]'",
        Code.SPEC_UNKNOWN_COLUMN, "sheets.0.columns.4.formula", "targt", "target",
    ),
    "foreign function": (
        "'=IF([gap]<0,\"x\",\"\")'",
        "'=IFS([gap]<0,\"x\")'",
        Code.SPEC_FUNCTION, "sheets.0.columns.6.formula", "IFS", "IF",
    ),
    "dangling list": (
        "kind: choice, list: color}",
        "kind: choice, list: colour}",
        Code.SPEC_LIST, "sheets.0.columns.1.list", "colour", "color",
    ),
    "circle": (
        "formula: '=[gap]*2'",
        "formula: '=[twice]*2'",
        Code.SPEC_CYCLE, "sheets.0.columns.5.formula", "goals.twice → goals.twice", "",
    ),
    "key twice": (
        "{key: owner, title",
        "{key: actual, title",
        Code.SPEC_DUPLICATE_KEY, "sheets.0.columns.8", "actual", "",
    ),
    "missing translation": (
        "{zh: 一行一个, en: One a row}",
        "{zh: 一行一个}",
        Code.SPEC_TRANSLATION, "sheets.0.hint", "", "en",
    ),
    "YAML key twice": (
        "  heading: {zh: 迷你, en: Mini}",
        "  heading: {zh: 迷你, en: Mini, zh: 微型}",
        Code.SPEC_DUPLICATE_KEY, "index.heading.zh", "zh", "",
    ),
}  # fmt: skip
OTHER_FAULTS: dict[str, Fault] = {
    "unknown item": (
        "{color.red}",
        "{color.rde}",
        Code.SPEC_UNKNOWN_NAME, "sheets.0.columns.7.formula", "color.rde", "color.red",
    ),
    "unknown list in a formula": (
        "{color.red}",
        "{colr.red}",
        Code.SPEC_LIST, "sheets.0.columns.7.formula", "colr", "color",
    ),
    "unknown setting": (
        "{all}=0",
        "{al}=0",
        Code.SPEC_UNKNOWN_NAME, "sheets.0.columns.9.formula", "al", "all",
    ),
    "formula without form": (
        "'=SUM([goals.target])'",
        "'=SUM([goals.target]'",
        Code.SPEC_FORMULA, "sheets.0.totals.0.formula", "parentheses do not match", "",
    ),
    "address in a formula": (
        "'=SUM([goals.target])'",
        "'=SUM(C7:C9)'",
        Code.SPEC_FORMULA, "sheets.0.totals.0.formula",
        "'C7:C9' is no placeholder; write [column] or {setting}", "",
    ),
    "unknown sheet": (
        "'=SUM([goals.target])'",
        "'=SUM([golas.target])'",
        Code.SPEC_UNKNOWN_COLUMN, "sheets.0.totals.0.formula", "golas.target", "goals.target",
    ),
    "total named as a setting": (
        "{key: all, title",
        "{key: cap, title",
        Code.SPEC_DUPLICATE_KEY, "sheets.0.totals.0", "cap", "",
    ),
    "column named id": (
        "{key: owner, title",
        "{key: id, title",
        Code.SPEC_DUPLICATE_KEY, "sheets.0.columns.8", "id", "",
    ),
    "item twice": (
        "{key: blue, title",
        "{key: red, title",
        Code.SPEC_DUPLICATE_KEY, "lists.color.items.1", "red", "",
    ),
    "title twice in one language": (
        "title: {zh: 蓝, en: Blue}",
        "title: {zh: 蓝, en: Red}",
        Code.SPEC_DUPLICATE_KEY, "lists.color.items.1", "Red", "",
    ),
    "default outside the list": (
        "kind: choice, list: color}",
        "kind: choice, list: color, default: bleu}",
        Code.SPEC_UNKNOWN_NAME, "sheets.0.columns.1.default", "bleu", "blue",
    ),
    "row that must exist": (
        "    filled: goal\n",
        "    filled: gaol\n",
        Code.SPEC_UNKNOWN_COLUMN, "sheets.0.filled", "gaol", "goal",
    ),
    "missing key": (
        "{zh: 责任人, en: Owner}, kind: text}",
        "{zh: 责任人, en: Owner}}",
        Code.SPEC_MISSING_KEY, "sheets.0.columns.8", "", "kind",
    ),
    "bad value": (
        "    rows: 5\n",
        "    rows: many\n",
        Code.SPEC_BAD_VALUE, "sheets.0.rows", "many", "Input should be a valid integer",
    ),
    "title Excel refuses": (
        "  - key: goals\n    title: {zh: 目标, en: Goals}",
        "  - key: goals\n    title: {zh: 目标, en: Goals/Targets}",
        Code.SPEC_BAD_VALUE, "sheets.0.title", "Goals/Targets", "1 to 31 characters",
    ),
    "unknown key of the book": (
        "reports: []",
        "reprots: []",
        Code.SPEC_UNKNOWN_KEY, "reprots", "reprots", "reports",
    ),
    "unknown measure": (
        "{zh: 责任人, en: Owner}, kind: text}",
        "{zh: 责任人, en: Owner}, kind: text, measure: ratng}",
        Code.SPEC_UNKNOWN_NAME, "sheets.0.columns.8.measure", "ratng", "rating",
    ),
    "measure without its argument": (
        "{zh: 责任人, en: Owner}, kind: text}",
        "{zh: 责任人, en: Owner}, kind: percent, measure: schedule_deviation}",
        Code.SPEC_UNKNOWN_COLUMN, "sheets.0.columns.8.measure", "percent", "",
    ),
    "link to no sheet": (
        "{zh: 责任人, en: Owner}, kind: text}",
        "{zh: 责任人, en: Owner}, kind: link, link: {sheet: goal, label: goal}}",
        Code.SPEC_UNKNOWN_NAME, "sheets.0.columns.8.link", "goal", "goals",
    ),
    "broken scalar": (
        "    rows: 5\n",
        "    rows: !!int five\n",
        Code.SPEC_SYNTAX, "", "invalid literal", "",
    ),
    "unknown tag": (
        "    rows: 5\n",
        "    rows: !secret 5\n",
        Code.SPEC_SYNTAX, "", "could not determine a constructor for the tag '!secret'", "",
    ),
}  # fmt: skip


SEVERAL = {  # what follows from the fault is reported beside it
    "unknown key of the book",
    "measure without its argument",
    "total named as a setting",
    "broken scalar",
    "unknown tag",
}


def mini(folder: Path, *faults: Fault, name: str = "mini.yaml") -> Path:
    """The small book with faults put in."""
    text = MINI
    for old, new, *_ in faults:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def line_of(path: Path, fault: Fault) -> int:
    """The line at which the fault was put in: that of the first character that differs."""
    old, new, *_ = fault
    same = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
    text = path.read_text("utf-8")
    at = text.rindex(new) + min(same, len(new.rstrip("\n")) - 1)
    return text.count("\n", 0, at) + 1


def assert_reported(path: Path, fault: Fault, problems: tuple[Problem, ...]) -> Problem:
    _, _, code, place, found, expected = fault
    line = line_of(path, fault)
    for problem in problems:
        right = problem.code is code and found in str(problem.found) and problem.location.line == line
        if right and problem.location.path == (place or problem.location.path):
            assert problem.location.file == path.name
            assert str(problem.expected).startswith(expected)
            for lang in ("zh", "en"):
                assert problem.line(lang).startswith(f"{path.name}:{line}")
            assert expected.split(" ")[0] in problem.line("en")
            return problem
    raise AssertionError(f"{code} at line {line} is not among {[p.line('en') for p in problems]}")


def test_the_small_book_is_sound_in_a_foreign_folder(tmp_path: Path) -> None:
    path = mini(tmp_path)
    assert check_spec(path) == ()
    book = load_spec(path)
    assert (book.name, book.sheet("goals").rows) == ("mini", 5)
    assert book.lists["quarter"].items, "what it includes comes with it"
    assert load_spec(str(path)).sha256 == book.sha256


def test_every_fault_is_reported_at_once(tmp_path: Path) -> None:
    path = mini(tmp_path, *FAULTS.values())
    with pytest.raises(SpecError, match=r"mini\.yaml: 8 faults in the specification") as raised:
        load_spec(path)
    problems = raised.value.problems
    assert problems == check_spec(path)
    reported = [assert_reported(path, fault, problems) for fault in FAULTS.values()]
    assert set(reported) == set(problems), "and nothing besides"
    lines = [problem.location.line for problem in problems]
    assert lines == sorted(lines)


@pytest.mark.parametrize("name", [*FAULTS, *OTHER_FAULTS])
def test_each_fault_alone(name: str, tmp_path: Path) -> None:
    fault = (FAULTS | OTHER_FAULTS)[name]
    path = mini(tmp_path, fault)
    problems = check_spec(path)
    assert_reported(path, fault, problems)
    if name not in SEVERAL:
        assert len(problems) == 1, [problem.line("en") for problem in problems]


def test_a_circle_may_go_through_a_total(tmp_path: Path) -> None:
    path = mini(tmp_path)
    path.write_text(path.read_text("utf-8").replace("SUM([goals.target])", "SUM([goals.share])"), "utf-8")
    (problem,) = check_spec(path)
    assert problem.code is Code.SPEC_CYCLE
    assert {"{all}", "goals.share"} == set(str(problem.found).split(" → "))


def test_a_long_circle_is_shown_whole(tmp_path: Path) -> None:
    path = mini(tmp_path)
    path.write_text(path.read_text("utf-8").replace("'=[actual]-[target]'", "'=[twice]-[target]'"), "utf-8")
    (problem,) = check_spec(path)
    assert problem.found in {
        "goals.gap → goals.twice → goals.gap",
        "goals.twice → goals.gap → goals.twice",
    }


def test_an_argument_bound_to_nothing_is_a_fault(tmp_path: Path) -> None:
    path = mini(tmp_path)
    old, new = (
        "{zh: 责任人, en: Owner}, kind: text}",
        "{zh: 责任人, en: Owner}, kind: text, measure: rating, with: {filled: goal, attainment: ''}}",
    )
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    (problem,) = check_spec(path)
    assert (problem.code, problem.location.path) == (Code.SPEC_BAD_VALUE, "sheets.0.columns.8.with")


def test_a_column_that_is_left_out_does_not_move_the_faults_behind_it(tmp_path: Path) -> None:
    """The models refuse `color` as a whole; formulas that name it are not at fault, later ones are."""
    broken: Fault = (
        "kind: choice, list: color}", "list: color}", Code.SPEC_MISSING_KEY, "sheets.0.columns.1", "", "kind",
    )  # fmt: skip
    faults = [broken, FAULTS["unknown column"], FAULTS["foreign function"], FAULTS["unknown key"]]
    path = mini(tmp_path, *faults)
    problems = check_spec(path)
    reported = [assert_reported(path, fault, problems) for fault in faults]
    assert set(reported) == set(problems)


def test_a_book_without_its_name_is_checked_all_the_same(tmp_path: Path) -> None:
    path = mini(tmp_path, FAULTS["foreign function"])
    path.write_text(path.read_text("utf-8").replace('version: "1.0"\n', ""), "utf-8")
    problems = check_spec(path)
    assert [problem.code for problem in problems] == [Code.SPEC_MISSING_KEY, Code.SPEC_FUNCTION]
    assert problems[0].expected == "version"


@pytest.mark.parametrize("section", ["lists", "settings", "units", "labels", "measures"])
@pytest.mark.parametrize("value", ["", "5", "[1, 2]", "text"])
def test_a_section_of_another_shape_is_a_fault_and_no_crash(section: str, value: str, tmp_path: Path) -> None:
    path = mini(tmp_path)
    text = path.read_text("utf-8")
    path.write_text(text.replace("lists:\n  color:", "spare:\n  color:") + f"{section}: {value}\n", "utf-8")
    assert Code.SPEC_BAD_VALUE in {problem.code for problem in check_spec(path)}


@pytest.mark.parametrize(
    ("text", "line", "found"),
    [
        ("name: mini\n  version: 1\n", 2, "mapping values are not allowed"),
        ("name: mini\n\tversion: 1\n", 2, "character"),
        ("name: [mini\n", 2, "expected"),
        ("name: mini\n---\nname: other\n", 2, "document"),
        ("- a\n- b\n", 1, "the file is no mapping"),
        ("just text", 1, "the file is no mapping"),
        ("", 1, "the file is no mapping"),
        ("name: *nothing\n", 1, "undefined alias"),
    ],
)
def test_yaml_that_does_not_parse(text: str, line: int, found: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text, encoding="utf-8")
    (problem,) = check_spec(path)
    assert problem.code is Code.SPEC_SYNTAX
    assert problem.location.line == line
    assert found in str(problem.found)
    with pytest.raises(SpecError):
        load_spec(path)


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "book.yaml"
    path.write_bytes("name: 计划".encode("gb18030"))
    (problem,) = check_spec(path)
    assert (problem.code, str(problem.found)) == (Code.SPEC_SYNTAX, "the text is not UTF-8")


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as raised:
        load_spec(tmp_path / "none.yaml")
    (problem,) = raised.value.problems
    assert (problem.code, problem.expected) == (Code.INPUT_MISSING, "none.yaml")
    with pytest.raises(SpecError, match='unknown book "anual_plan"; known are annual_plan, classic'):
        load_spec("anual_plan")


# -- what a book includes ------------------------------------------------------------------


def test_an_include_that_is_missing_is_one_fault(tmp_path: Path) -> None:
    path = mini(tmp_path)
    path.write_text(path.read_text("utf-8").replace("[common.yaml]", "[\n  comon.yaml]"), "utf-8")
    (problem,) = check_spec(path)
    assert (problem.code, problem.found) == (Code.SPEC_UNKNOWN_NAME, "comon.yaml")
    assert (problem.location.line, problem.location.path) == (2, "include.0")
    assert "common.yaml" in str(problem.expected)


def test_an_include_may_be_one_name_and_may_come_twice(tmp_path: Path) -> None:
    path = mini(tmp_path)
    text = path.read_text("utf-8")
    path.write_text(text.replace("[common.yaml]", "common.yaml"), "utf-8")
    assert check_spec(path) == ()
    (tmp_path / "more.yaml").write_text("include: [common.yaml, mini.yaml, more.yaml]\n", "utf-8")
    path.write_text(text.replace("[common.yaml]", "[common.yaml, more.yaml, mini.yaml]"), "utf-8")
    assert check_spec(path) == ()
    assert len(load_spec(path).units) == len(load_spec().units)


def test_a_file_beside_the_book_goes_before_the_one_that_ships(tmp_path: Path) -> None:
    path = mini(tmp_path)
    shared = (specs_folder() / "common.yaml").read_text("utf-8")
    (tmp_path / "common.yaml").write_text(shared.replace("value: 1.2}", "value: 1.5}"), "utf-8")
    assert load_spec(path).settings["cap"].value == 1.5


def test_what_a_book_says_itself_comes_on_top(tmp_path: Path) -> None:
    path = mini(tmp_path)
    more = """
settings:
  cap: {title: {zh: 上限, en: Cap}, kind: percent, value: 2.0}
units:
  - {name: 箱, family: boxes, factor: 1}
"""
    path.write_text(path.read_text("utf-8") + more, "utf-8")
    book = load_spec(path)
    assert book.settings["cap"].value == 2.0
    assert book.settings["green"].value == 1.0
    assert book.unit_table.find("箱") is not None
    assert book.unit_table.find("万元") is not None


def test_a_fault_in_an_included_file_is_told_of_that_file(tmp_path: Path) -> None:
    path = mini(tmp_path)
    path.write_text(path.read_text("utf-8").replace("[common.yaml]", "[common.yaml, more.yaml]"), "utf-8")
    (tmp_path / "more.yaml").write_text(
        "units:\n  - {name: 箱, family: boxes, factor: 1}\n  - {name: 桶, family: boxes, factor: -1}\n",
        "utf-8",
    )
    (problem,) = check_spec(path)
    assert (problem.code, problem.location.file, problem.location.line) == (
        Code.SPEC_BAD_VALUE,
        "more.yaml",
        3,
    )


# -- a new column is YAML only -------------------------------------------------------------

NEW_COLUMNS = """
      - {key: priority, title: {zh: 优先级, en: Priority}, kind: choice, list: priority, default: normal, width: 9}
      - {key: urgency, title: {zh: 紧迫度, en: Urgency}, kind: number, width: 9, formula: '=IF([task]="","",IF([priority]={priority.high},2,1)*{rush})'}
"""
NEW_SECTIONS = """
settings:
  rush: {title: {zh: 加急系数, en: Rush}, kind: number, value: 10}
lists:
  priority:
    items:
      - {key: high, title: {zh: 高, en: High}, tone: bad}
      - {key: normal, title: {zh: 中, en: Normal}}
"""


@pytest.mark.parametrize(("lang", "high", "normal"), [("zh", "高", "中"), ("en", "High", "Normal")])
def test_a_new_column_and_its_dropdown_need_no_python(
    lang: str, high: str, normal: str, tmp_path: Path
) -> None:
    copy = tmp_path / "mine.yaml"
    shutil.copyfile(Path(str(specs_folder() / "annual_plan.yaml")), copy)
    text = copy.read_text("utf-8")
    anchor = "      - {key: lead, title: {zh: 责任岗位"
    assert anchor in text
    text = text.replace(anchor, NEW_COLUMNS.strip("\n") + "\n" + anchor, 1).replace(
        "name: annual_plan", "name: mine"
    )
    copy.write_text(text + NEW_SECTIONS, "utf-8")
    book = load_spec(copy)
    compiled = compile_book(book, lang, {"decomposition": 6})
    rows = place_rows({1: {"task": "甲"}, 2: {"task": "乙", "priority": "high"}})
    target = tmp_path / "计划.xlsx"
    write_workbook(target, compiled, issue_of(compiled), Plan({"decomposition": rows}), settings_for())

    placed = compiled.layout.sheet("decomposition")
    formulas = openpyxl.load_workbook(target)[placed.title]
    values = openpyxl.load_workbook(target, data_only=True)[placed.title]
    priority, urgency = (placed.index(key) + 1 for key in ("priority", "urgency"))
    assert formulas.cell(5, priority).value == "priority"
    assert formulas.cell(6, priority).value == book.sheet("decomposition").column("priority").title.to(lang)
    assert [formulas.cell(row, priority).value for row in (7, 8, 9)] == [normal, high, normal]
    assert [values.cell(row, urgency).value for row in (7, 8, 9)] == [10, 20, None]
    assert f'"{high}"' in formulas.cell(7, urgency).value
    sources = {rule.formula1: str(rule.sqref) for rule in formulas.data_validations.dataValidation}
    letter = placed.columns[priority - 2].letter
    assert sources["list_priority"] == f"{letter}7:{letter}12"
    assert openpyxl.load_workbook(target).defined_names["list_priority"].attr_text.endswith("$3")


def test_a_new_column_changes_the_books_hash(tmp_path: Path) -> None:
    path = mini(tmp_path)
    before = load_spec(path).sha256
    path.write_text("# a remark\n" + path.read_text("utf-8"), "utf-8")
    assert load_spec(path).sha256 == before
    path.write_text(path.read_text("utf-8").replace("rows: 5", "rows: 6"), "utf-8")
    assert load_spec(path).sha256 != before
