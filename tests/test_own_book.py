"""A book of one's own, from the YAML of the docs alone: generate, fill in, read, consolidate."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from planbook.cycle import create_cycle, load_cycle
from planbook.problems import Code
from planbook.reports import write_consolidated
from planbook.resources import specs_folder
from planbook.spec import check_spec, load_spec
from planbook.workflow import collect_returns, issue_workbooks, read_and_check, roll_up_cycle

DOCS = Path(__file__).parent.parent / "docs" / "books.md"
BLOCK = re.compile(r"^ *```yaml (\w+)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def load_yaml(text: str) -> Any:
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def blocks_of_the_docs() -> Mapping[str, Any]:
    return {name: load_yaml(_dedent(text)) for name, text in BLOCK.findall(DOCS.read_text("utf-8"))}


def _dedent(text: str) -> str:
    depth = min(len(line) - len(line.lstrip()) for line in text.splitlines() if line.strip())
    return "\n".join(line[depth:] for line in text.splitlines())


def book_of_the_docs(path: Path) -> Path:
    """The copy of annual_plan with the additions of the docs, written as YAML."""
    data = load_yaml((specs_folder() / "annual_plan.yaml").read_text("utf-8"))
    blocks = blocks_of_the_docs()
    data["name"] = "my_plan"
    data |= blocks["add"]
    review = next(sheet for sheet in data["sheets"] if sheet["key"] == "review")
    after = next(n for n, column in enumerate(review["columns"]) if column["key"] == "actual")
    review["columns"][after + 1 : after + 1] = blocks["columns"]
    review["rules"] += blocks["rules"]
    path.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    return path


def start_cycle(folder: Path, lang: str = "zh") -> Path:
    """A cycle with one department that uses the book."""
    create_cycle(folder, year=2024, lang=lang)
    book = book_of_the_docs(folder / "my_plan.yaml")
    assert check_spec(book) == ()
    text = (folder / "planbook.toml").read_text("utf-8")
    text = re.sub(r"(?m)^book = .*$", 'book = "my_plan.yaml"', text)
    text = re.sub(r"(?m)^#?as_of = .*$", "as_of = 2024-07-01", text, count=1)
    (folder / "planbook.toml").write_text(text, "utf-8")
    (folder / "departments.csv").write_text(f"code,name,language\nXS,销售部,{lang}\n", "utf-8")
    (folder / "company_goals.csv").write_text("goal,metric,unit,target\n", "utf-8")
    return folder


def type_in(path: Path, rows: Mapping[str, Mapping[str, Any]], target: Path) -> Path:
    """Type values into the columns of a sheet's first row, by the hidden keys, and save."""
    workbook = openpyxl.load_workbook(path)
    for title, values in rows.items():
        sheet = workbook[title]
        keys = {cell.value: cell.column for cell in sheet[5]}
        for key, value in values.items():
            sheet.cell(7, keys[key], value)
    workbook.save(target)
    return target


@pytest.mark.parametrize(
    ("lang", "titles", "unsure"),
    [("zh", ("1_目标总表", "4_季度复盘"), "有风险"), ("en", ("1_Goals", "4_Review"), "Unsure")],
)
def test_a_column_with_a_dropdown_and_a_formula_is_yaml_only(
    tmp_path: Path, lang: str, titles: tuple[str, str], unsure: str
) -> None:
    cycle = load_cycle(start_cycle(tmp_path / "year", lang))
    [issued] = issue_workbooks(cycle)
    level = "部门总目标" if lang == "zh" else "Department goal"
    goal = {"level": level, "goal": "新客户拓展", "metric": "新客户签约量", "unit": "家", "target": 50}
    goal |= {"weight": 1, "due": date(2024, 12, 31)}
    review = {"quarter": "Q1", "goal": "G001｜新客户拓展", "target": 12, "actual": 10, "confidence": unsure}
    inbox = tmp_path / "year" / "inbox"
    path = type_in(issued.path, dict(zip(titles, (goal, review), strict=True)), inbox / "回.xlsx")

    submission, reviewed = read_and_check(path, cycle)
    [row] = submission.plan.rows("review")
    assert row.get("confidence") == "low"
    assert reviewed is not None
    # 10 of 12 attains 5/6; less the tenth that an unsure figure is cut by: 0.75
    assert reviewed.value("review", row, "outlook") == pytest.approx(5 / 6 * 0.9, abs=1e-12)
    [broken] = [p for p in submission.problems if p.subject in {"把握程度", "Confidence"}]
    assert broken.code is Code.RULE_ADVICE
    placed_column = {cell.value: cell.coordinate for cell in openpyxl.load_workbook(path)[titles[1]][5]}
    assert broken.location.cell == placed_column["confidence"].replace("5", "7")

    figures = roll_up_cycle(cycle, collect_returns(cycle), lang=lang)
    assert list(figures.facts["actual"]) == [10.0]
    report = tmp_path / "汇总.xlsx"
    write_consolidated(report, figures, lang=lang)
    assert openpyxl.load_workbook(report).sheetnames


def test_a_third_language_is_yaml_only(tmp_path: Path) -> None:
    """Every text gets a French one: the book is sound, is issued in French and reads back."""

    def translate(node: Any) -> Any:
        if isinstance(node, dict):
            if set(node) == {"zh", "en"}:
                return node | {
                    "fr": f"fr {node['en']}"[:31] if len(str(node["en"])) < 29 else f"{node['en']}"
                }
            return {key: translate(value) for key, value in node.items()}
        return [translate(item) for item in node] if isinstance(node, list) else node

    folder = start_cycle(tmp_path / "year")
    for name in ("common.yaml", "reports.yaml", "dashboard.yaml", "my_plan.yaml"):
        source = folder / name if name == "my_plan.yaml" else Path(str(specs_folder() / name))
        if source.exists():
            data = translate(load_yaml(source.read_text("utf-8")))
            if name == "my_plan.yaml":
                data["languages"] = ["zh", "en", "fr"]
            (folder / name).write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    assert check_spec(folder / "my_plan.yaml") == ()
    book = load_spec(folder / "my_plan.yaml")
    assert "fr" in book.languages
    (folder / "departments.csv").write_text("code,name,language\nXS,Ventes,fr\n", "utf-8")
    cycle = load_cycle(folder)
    [issued] = issue_workbooks(cycle)
    workbook = openpyxl.load_workbook(issued.path)
    assert workbook.sheetnames[1].startswith("fr ") or workbook.sheetnames[2].startswith("fr ")
    shutil.copy(issued.path, folder / "inbox" / "retour.xlsx")
    submission, _ = read_and_check(folder / "inbox" / "retour.xlsx", cycle)
    assert not submission.refused
    assert submission.issue is not None
    assert submission.issue.lang == "fr"
