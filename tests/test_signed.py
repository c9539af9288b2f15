"""The signed state: what its hash covers, that it cannot be changed unseen, and what is named as restated."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from planbook.cli import main
from planbook.measures import RollUp
from planbook.problems import OutputError, UsageError
from planbook.reports import (
    inputs_hash,
    latest_state,
    read_state,
    restated_rows,
    signed_state,
    state_path,
    write_consolidated,
    write_state,
)
from planbook.reports.html import render_html
from planbook.reports.place import HEADER_ROW
from planbook.workflow import run_demo
from tests.support.roll_ups import Builder, small_company


def company(**changes: Any) -> Builder:
    """The small company with files that have hashes; `changes` go into the first fact."""
    build = small_company()
    for number, receipt in enumerate(build.receipts):
        receipt["sha256"] = f"{number:064x}" if receipt["receipt"] != "missing" else None
    build.facts[0] |= changes
    return build


@pytest.fixture
def signed(tmp_path: Path) -> tuple[Path, RollUp]:
    roll_up = company().make()
    path = state_path(tmp_path / "signed", roll_up)
    write_state(path, signed_state(roll_up))
    return path, roll_up


# -- the hash of the inputs ----------------------------------------------------------------


def test_hash_does_not_know_names_or_order_of_files() -> None:
    one, other = company(), company()
    other.receipts.reverse()
    for receipt in other.receipts:
        receipt["file"] = "改了名.xlsx"
    assert inputs_hash(one.make()) == inputs_hash(other.make())


@pytest.mark.parametrize("change", ["file", "day", "threshold", "company", "scope"])
def test_hash_changes_with_everything_figures_depend_on(change: str) -> None:
    build = company()
    before = build.make()
    after = {
        "file": lambda: replace(before, receipts=before.receipts.assign(sha256="f" * 64)),
        "day": lambda: replace(before, as_of=before.as_of + timedelta(1)),
        "threshold": lambda: replace(before, settings={**before.settings, "green": 0.95}),
        "company": lambda: replace(before, company=replace(before.company, goals=())),
        "scope": lambda: replace(before, scope="YX"),
    }[change]()
    assert inputs_hash(after) != inputs_hash(before)


# -- the state -----------------------------------------------------------------------------


def test_a_state_reads_back_and_is_not_replaced_by_another(signed: tuple[Path, RollUp]) -> None:
    path, roll_up = signed
    state = signed_state(roll_up)
    assert read_state(path) == state
    kept = path.read_bytes()
    write_state(path, state)  # the same figures again: nothing to do
    assert path.read_bytes() == kept
    with pytest.raises(UsageError, match="other figures"):
        write_state(path, signed_state(company(actual=1.0).make()))
    assert path.read_bytes() == kept


def test_a_state_changed_by_hand_is_refused(signed: tuple[Path, RollUp]) -> None:
    path, _ = signed
    path.write_text(path.read_text("utf-8").replace("2800.0", "2900.0"), "utf-8")
    with pytest.raises(UsageError, match="changed after it was signed"):
        read_state(path)


@pytest.mark.parametrize("text", ["", "abc", "[]\n{}", '{"planbook": 1}'])
def test_what_is_no_state_is_said_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.signed.json"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=r"no signed state|changed after") as caught:
        latest_state(tmp_path, "", date(2024, 12, 31))
    assert "\n" not in str(caught.value)


def test_the_latest_state_of_the_scope_up_to_the_day_counts(tmp_path: Path) -> None:
    build = company()
    for day, scope in ((date(2024, 4, 1), ""), (date(2024, 7, 1), ""), (date(2024, 7, 2), "YX")):
        roll_up = build.make(as_of=day, scope=scope)
        write_state(state_path(tmp_path, roll_up), signed_state(roll_up))
    found = latest_state(tmp_path, "", date(2024, 9, 30))
    assert found is not None and found.as_of == date(2024, 7, 1)
    earlier = latest_state(tmp_path, "", date(2024, 6, 30))
    assert earlier is not None and earlier.as_of == date(2024, 4, 1)
    assert latest_state(tmp_path, "", date(2024, 3, 31)) is None
    assert latest_state(tmp_path / "nowhere", "", date(2024, 9, 30)) is None


# -- what was restated ---------------------------------------------------------------------


def test_nothing_is_restated_while_the_figures_are_the_same() -> None:
    roll_up = company().make()
    assert restated_rows(roll_up, signed_state(roll_up)) == []
    assert restated_rows(roll_up, None) == []


def test_changed_and_vanished_facts_are_named() -> None:
    before = signed_state(company().make())
    build = company(actual=2750.0)
    gone = build.facts.pop()
    rows = restated_rows(build.make(as_of=date(2024, 10, 1)), before)
    changed = [row for row in rows if row["restatement"] == "changed"]
    assert [(row["goal"], row["quarter"], row["field"]) for row in changed] == [("营收增长", "q1", "actual")]
    assert (changed[0]["signed_value"], changed[0]["value"], changed[0]["change"]) == (2800.0, 2750.0, -50.0)
    vanished = [row for row in rows if row["restatement"] == "gone"]
    assert {row["fact"] for row in vanished} == {gone["fact"]}
    assert {row["field"] for row in vanished} == {"target", "actual"}


def test_figures_to_date_are_compared_only_on_the_day_that_was_signed() -> None:
    before = signed_state(company().make())
    build = company()
    build.goals[0]["actual"] = 5000.0
    same = restated_rows(build.make(), before)
    assert [(row["figure_kind"], row["field"], row["value"]) for row in same] == [("goals", "actual", 5000.0)]
    assert restated_rows(build.make(as_of=date(2024, 10, 1)), before) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"unit": "亿元"}, ("unit", "万元", "亿元")),
        ({"direction": "lower"}, ("direction", "higher", "lower")),
        ({"aggregation": "last"}, ("aggregation", "sum", "last")),
    ],
)
@pytest.mark.parametrize("frame", ["facts", "goals", "company_goals"])
def test_the_same_numbers_in_another_unit_or_meaning_are_restated(
    frame: str, change: dict[str, str], named: tuple[str, str, str]
) -> None:
    def build(**more: str) -> RollUp:
        made = company()
        made.company_goals[0] |= {"unit": "万元", "direction": "higher", "aggregation": "sum"}
        getattr(made, frame)[0].update(more)
        return made.make()

    rows = restated_rows(build(**change), signed_state(build()))
    assert [(r["figure_kind"], r["field"], r["signed_value"], r["value"]) for r in rows] == [(frame, *named)]
    assert (rows[0]["restatement"], rows[0]["change"]) == ("changed", None)


def test_a_restated_figure_says_where_it_stands_and_fractions_are_points() -> None:
    before = signed_state(company().make())
    build = company(actual=2750.0)
    build.goals[0]["attainment"] = 0.9
    rows = restated_rows(build.make(), before, "zh")
    fact = next(row for row in rows if row["figure_kind"] == "facts")
    assert (fact["file"], fact["sheet"], fact["cell"]) == ("XS.xlsx", "4_季度复盘", "H7")
    goal = next(row for row in rows if row["field"] == "attainment")
    assert (goal["unit"], goal["signed_value"], goal["value"], goal["file"]) == ("%", 95.425, 90.0, None)
    scores = [row for row in rows if row["figure_kind"] == "scores"]
    assert {row["department_name"] for row in scores} >= {"公司", "销售部"}


def test_a_changed_number_in_another_unit_has_no_difference() -> None:
    rows = restated_rows(company(unit="元", actual=28000000.0).make(), signed_state(company().make()))
    assert {row["field"]: row["change"] for row in rows} == {"unit": None, "actual": None}


def test_what_was_added_after_signing_is_named() -> None:
    before = signed_state(company().make())
    build = company()
    build.goal("KH", "新业务", [(10.0, 8.0), (10.0, 9.0), (10.0, 7.0)], weight=0.2)  # q3 ran at signing
    build.company_goals.append({**build.company_goals[0], "goal": "降本"})
    rows = restated_rows(build.make(as_of=date(2024, 10, 1)), before)
    assert {row["restatement"] for row in rows} == {"added"}
    facts = [(row["goal"], row["quarter"], row["value"]) for row in rows if row["field"] == "actual"]
    assert facts == [("新业务", "q1", 8.0), ("新业务", "q2", 9.0)]
    assert {(row["figure_kind"], row["goal"], row["field"]) for row in rows} >= {
        ("goals", "新业务", "weight"),
        ("company_goals", "降本", "company_target"),
    }
    same_day = restated_rows(build.make(), before)
    assert ("goals", "attainment") in {(row["figure_kind"], row["field"]) for row in same_day}


def test_a_running_quarter_may_be_filled_in_later_and_an_ended_one_may_not() -> None:
    def build(actual: float | None, quarter: str) -> Builder:
        made = company()
        made.facts.append({**made.facts[-1], "fact": "XS-R099", "quarter": quarter, "actual": actual})
        return made

    for quarter, named in (("q3", []), ("q2", [("q2", "actual", "added")])):
        before = signed_state(build(None, quarter).make())
        rows = restated_rows(build(1.0, quarter).make(as_of=date(2024, 10, 1)), before)
        assert [(row["quarter"], row["field"], row["restatement"]) for row in rows] == named


def test_added_and_reworded_figures_stand_in_workbook_and_page(tmp_path: Path) -> None:
    before = signed_state(company().make())
    build = company(direction="lower")
    build.company_goals.append({**build.company_goals[0], "goal": "降本"})
    now = build.make()
    write_consolidated(tmp_path / "r.xlsx", now, signed=before)
    sheet = openpyxl.load_workbook(tmp_path / "r.xlsx")["重述"]
    cells = [[cell.value for cell in line] for line in sheet.iter_rows()]
    assert any({"指标方向", "越高越好", "越低越好", "▲ 已更改"} <= set(line) for line in cells)
    assert any({"降本", "● 已新增"} <= set(line) for line in cells)
    page = render_html(now, lang="en", signed=before)
    assert "● Added" in page and "Lower is better" in page


def test_a_state_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roll_up = company().make()
    path = state_path(tmp_path, roll_up)

    def fail(*_: object) -> None:
        raise OSError(28, "the disk is full on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match="the disk is full"):
        write_state(path, signed_state(roll_up))
    assert list(tmp_path.iterdir()) == []


def test_the_workbook_names_what_was_restated_and_against_which_state(tmp_path: Path) -> None:
    before = signed_state(company().make())
    path = tmp_path / "report.xlsx"
    write_consolidated(path, company(actual=2750.0).make(as_of=date(2024, 10, 1)), signed=before)
    book = openpyxl.load_workbook(path)
    titles = [cell.value for cell in book["重述"][HEADER_ROW + 1]]
    row = dict(zip(titles, (cell.value for cell in book["重述"][HEADER_ROW + 2]), strict=True))
    assert (row["部门"], row["目标"], row["数字"]) == ("销售部", "营收增长", "实际值")
    assert (row["签批值"], row["现值"], row["说明"]) == (2800, 2750, "▲ 已更改")
    said = [cell.value for line in book["目录"].iter_rows() for cell in line if isinstance(cell.value, str)]
    assert any("2024-07-01" in text and before.inputs in text for text in said)
    assert {"编制", "复核", "批准"} <= set(said)


# -- the command ---------------------------------------------------------------------------


@pytest.mark.slow
def test_freeze_then_a_changed_return_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    run_demo(folder, lang="zh")
    run = CliRunner().invoke

    def consolidate(*more: str) -> dict[str, Any]:
        result = run(main, ["consolidate", "--cycle", str(folder), "--json", *more])
        assert result.exit_code == 0, result.output
        document: dict[str, Any] = json.loads(result.stdout)
        return document

    first = consolidate("--freeze", "--html")
    assert Path(first["signed"]).parent == folder / "reports" / "signed"
    assert Path(first["html"]).suffix == ".html"
    assert first["restated"] == []
    (folder / "inbox" / "产品部v2.xlsx").unlink()
    told = run(main, ["consolidate", "--cycle", str(folder), "--lang", "zh"]).output
    assert "签批值" in told and "产品部" in told and "见工作表“重述”" in told
    second = consolidate()
    assert {row["department_name"] for row in second["restated"]} >= {"产品部"}
    refused = run(main, ["consolidate", "--cycle", str(folder), "--freeze"])
    assert refused.exit_code == 2
    assert "当天签批的另一组数字" in refused.output
