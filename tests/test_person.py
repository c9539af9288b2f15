"""A planner at the keyboard of LibreOffice: what happens to data, links, marks and words.

One workbook, sound to begin with, is opened once per story; the colours are those LibreOffice
shows, and what it saved is read back by planbook.  (UNO writes through locks: that formula cells
are locked is read from the file, in `tests/lines`.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from planbook.layout import column_letter
from planbook.reader import Submission, read_workbook
from planbook.writer.styles import MISSING, TONES
from tests.lines import column_area, column_cells, input_columns
from tests.lines.rules import address, table
from tests.support.marks import evaluate_marks
from tests.support.office import drive, read_sheets, require_office
from tests.support.opened import Opened, open_workbook, shift
from tests.support.shown import Shown, read_shown
from tests.support.workbooks import calculator, expect, read_tables, write_filled

TONE_OF = {
    MISSING.lstrip("#"): "missing",
    **{background.lstrip("#"): tone for tone, (background, _) in TONES.items()},
}
pytestmark = [pytest.mark.office, pytest.mark.slow]

SOUND = {
    "goals": """
        level      | goal       | metric   | metric_kind | direction | unit | target | aggregation | weight | department | due
        department | 营收增长   | 营收总额 | number      | higher    | 亿元 | 1.2    | sum         | 0.6    | XS         | 2024-12-31
        department | 新客户拓展 | 签约量   | number      | higher    | 家   | 50     | sum         | 0.4    | XS         | 2024-12-31
    """,
    "decomposition": """
        department | goal | initiative | task           | metric   | unit | direction | target | lead     | start      | finish
        XS         | G001 | 提价       | 调整价目表8类  | 类别数   | 个   | higher    | 8      | 客户主管 | 2024-01-03 | 2024-12-30
        XS         | G002 | 拓展华东   | 拜访客户10家   | 拜访量   | 家   | higher    | 10     | 客户主管 | 2024-01-03 | 2024-12-30
        XS         | G002 | 首单优惠   | 策划活动3场    | 场次     | 次   | higher    | 3      | 市场专员 | 2024-07-01 | 2024-12-30
    """,
    "tracking": """
        goal | initiative | task | owner | percent | updated
        G001 | 提价       | T001 | 张三  | 0.5     | 2024-06-30
        G002 | 拓展华东   | T002 | 李四  | 0.5     | 2024-06-30
    """,
    "review": """
        quarter | department | goal | target | actual
        q1      | XS         | G001 | 0.3    | 0.3
        q1      | XS         | G002 | 12     | 12
    """,
}
FIRST, SECOND, THIRD = 6, 7, 8  # 0-based rows of a table
Cell = tuple[str, str, int]  # sheet, column, row


@dataclass(frozen=True)
class Story:
    """What a person does: cells whose validation a paste takes away, and what is put into cells.

    `offers` are cells whose dropdown is looked into afterwards.
    """

    does: tuple[tuple[Cell, str | float], ...] = ()
    wipes: tuple[Cell, ...] = ()
    offers: tuple[Cell, ...] = ()


STORIES = {
    "nothing": Story(offers=(("tracking", "initiative", SECOND),)),
    "another goal": Story(
        ((("tracking", "goal", SECOND), "G001｜营收增长"),), offers=(("tracking", "initiative", SECOND),)
    ),
    "a new name": Story(((("goals", "goal", SECOND), "老客户深耕"),), offers=(("tracking", "goal", FIRST),)),
    "pasted values": Story(
        (
            (("goals", "target", SECOND), "五十左右"),
            (("review", "quarter", FIRST), "第五季"),
            (("decomposition", "start", THIRD), "七月初吧"),
            (("decomposition", "lead", FIRST), "客户主管、市场专员"),
            (("tracking", "percent", FIRST), 1.5),
        ),
        wipes=(("goals", "target", SECOND), ("review", "quarter", FIRST), ("tracking", "percent", FIRST)),
    ),
    "weights of 90 %": Story(((("goals", "weight", FIRST), 0.5),)),
    "below the threshold": Story(((("review", "actual", SECOND), 5.0),)),
    "a new row": Story(((("goals", "goal", THIRD), "拓展渠道20家"),)),
}


@dataclass(frozen=True)
class Told:
    """A story's end: what LibreOffice shows and computes, what the dropdowns offer, what it has saved."""

    book: Opened
    colours: Mapping[tuple[str, str], Shown]
    values: Mapping[tuple[str, str], Any]
    offers: tuple[tuple[str, ...], ...]
    saved: Submission

    def tone(self, sheet: str, column: str, row: int) -> str:
        """How a cell is marked: missing, bad, warn or nothing."""
        where = place(self.book, (sheet, column, row))
        fill = self.colours[where].fill
        plain = self.book.style(self.book.sheets[where[0]].cells[where[1]]).fill
        return "" if fill == plain else TONE_OF[fill]

    def says(self, sheet: str, row: int) -> str:
        """What the check column of a row says."""
        return str(self.values[place(self.book, (sheet, "check", row))])

    def marked(self) -> set[tuple[str, str]]:
        """The cells to fill in that are marked."""
        found = set()
        for placed, sheet in self.book.tables():
            for at in input_columns(placed):
                for where, cell in column_cells(placed, sheet, at):
                    shown = self.colours.get((sheet.title, where.partition("!")[2]))
                    if shown and shown.fill != self.book.style(cell).fill:
                        found.add((sheet.title, where.partition("!")[2]))
        return found


def place(book: Opened, cell: Cell) -> tuple[str, str]:
    """(sheet's title, address) of a cell by its keys."""
    sheet, column, row = cell
    return address(table(book, sheet)[0], column, row)


MOST_OFFERED = 3


def look(book: Opened, cell: Cell, number: int) -> list[dict[str, Any]]:
    """Look into a dropdown: its source worked out in cells of the planner's own, in the same row."""
    sheet, column, row = cell
    placed = table(book, sheet)[0]
    at = next(at for at in placed.written if at.column.key == column)
    rule = book.sheets[placed.title].validation(column_area(placed, at))
    assert rule is not None
    source = shift(rule.formulas[0], row - placed.first_row, 0)
    own = [
        f"{column_letter(placed.last_column + 1 + n + number * MOST_OFFERED)}{row + 1}"
        for n in range(MOST_OFFERED)
    ]
    typed = [
        {
            "do": "set",
            "sheet": placed.title,
            "cell": where,
            "text": f'=IF(ROWS({source})<{n},"",INDEX({source},{n}))',
        }
        for n, where in enumerate(own, 1)
    ]
    return [*typed, {"do": "recalculate"}, {"do": "read", "sheet": placed.title, "cells": own}]


def job(book: Opened, path: Path, name: str, story: Story) -> dict[str, Any]:
    """The story as LibreOffice is told it; it ends with a page to look at and the workbook saved."""
    actions: list[dict[str, Any]] = []
    for cell in story.wipes:
        title, where = place(book, cell)
        actions.append({"do": "wipe_validation", "sheet": title, "cell": where})
        actions.append({"do": "validation", "sheet": title, "cell": where})
    for cell, value in story.does:
        title, where = place(book, cell)
        key = "text" if isinstance(value, str) else "value"
        actions.append({"do": "set", "sheet": title, "cell": where, key: value})
    actions.append({"do": "recalculate"})
    actions.append({"do": "store", "to": str(path.with_name(f"{name}.html"))})
    return {"input": path, "output": path.with_name(f"{name}.xlsx"), "actions": actions}


def end(book: Opened, path: Path, name: str, report: Mapping[str, Any], peeked: Mapping[str, Any]) -> Told:
    """What came of a story."""
    assert report["refused"] == []
    rules = [result for result in report["results"] if result]
    assert [rule["type"] for rule in rules] == ["ANY"] * len(STORIES[name].wipes)
    saved = path.with_name(f"{name}.xlsx")
    values = {
        (title, cell): value
        for title, sheet in read_sheets(saved).items()
        for cell, value in sheet.values.items()
    }
    offers = tuple(
        tuple(str(c["value"]) for c in result.values() if c["value"])
        for result in peeked["results"]
        if isinstance(result, dict)
    )
    colours = read_shown(path.with_name(f"{name}.html"), book)
    return Told(book, colours, values, offers, read_workbook(saved, expect()))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Told]:
    require_office("libreoffice")
    path = tmp_path_factory.mktemp("person") / "计划.xlsx"
    write_filled(path, read_tables("annual_plan", SOUND))
    book = open_workbook(path, calculator().layout, "full")
    jobs = [job(book, path, name, story) for name, story in STORIES.items()]
    peeks = [
        {
            "input": path.with_name(f"{name}.xlsx"),
            "actions": [action for n, cell in enumerate(story.offers) for action in look(book, cell, n)],
        }
        for name, story in STORIES.items()
    ]
    reports = drive(jobs)
    peeked = drive(peeks)
    return {
        name: end(book, path, name, report, peek)
        for name, report, peek in zip(STORIES, reports, peeked, strict=True)
    }


def test_a_sound_workbook_is_marked_nowhere(told: Mapping[str, Told]) -> None:
    story = told["nothing"]
    assert story.marked() == set()
    for sheet, rows in (("goals", 2), ("decomposition", 3), ("tracking", 2), ("review", 2)):
        assert [story.says(sheet, FIRST + n) for n in range(rows)] == ["● 完整"] * rows
    assert story.offers == (("拓展华东", "首单优惠"),)


def test_another_goal_empties_nothing_and_marks_the_stale_children(told: Mapping[str, Told]) -> None:
    before, story = told["nothing"], told["another goal"]
    for column in ("initiative", "task"):
        where = place(story.book, ("tracking", column, SECOND))
        assert story.values[where] is not None
        assert story.values[where] == before.values[where]
        assert story.tone("tracking", column, SECOND) == "bad"
    assert story.marked() == {
        place(story.book, ("tracking", column, SECOND)) for column in ("initiative", "task")
    }
    assert story.says("tracking", SECOND) == "◆ 关键举措与所属目标不符；任务名称与所属目标不符"
    assert story.offers == (("提价",),), "the dropdown offers what belongs to the new goal"
    assert story.saved.plan is not None
    assert story.saved.plan.rows("tracking")[1].values["task"] == "T002"


def test_a_new_name_keeps_every_link(told: Mapping[str, Told]) -> None:
    before, story = told["nothing"], told["a new name"]
    linked = place(story.book, ("tracking", "goal", SECOND))
    assert story.values[linked] == "G002｜新客户拓展", "what was chosen stands as it was chosen"
    assert story.offers == (("G001｜营收增长", "G002｜老客户深耕"),)
    assert story.marked() == set()
    for placed, sheet in story.book.tables():
        if not placed.sheet.mirrors and placed.sheet.key != "goals":
            now, then = (
                {
                    where: value
                    for where, value in told_.values.items()
                    if where[0] == sheet.title and value is not None
                }
                for told_ in (story, before)
            )
            assert now == then != {}
    assert story.saved.plan is not None
    assert [row.values["goal"] for row in story.saved.plan.rows("review")] == ["G001", "G002"]


@pytest.mark.parametrize(
    ("sheet", "column", "row", "words"),
    [
        ("goals", "target", SECOND, "目标值应为数字"),
        ("review", "quarter", FIRST, "季度不在列表中"),
        ("decomposition", "start", THIRD, "开始时间应为日期"),
        ("decomposition", "lead", FIRST, "责任岗位只能有一个"),
        ("tracking", "percent", FIRST, "完成百分比应在 0%–100% 之内"),
    ],
)
def test_a_pasted_value_that_is_wrong_is_marked(
    told: Mapping[str, Told], sheet: str, column: str, row: int, words: str
) -> None:
    story = told["pasted values"]
    assert story.tone(sheet, column, row) == "bad"
    assert story.says(sheet, row).startswith("◆ ")
    assert words in story.says(sheet, row)
    assert told["nothing"].tone(sheet, column, row) == ""


def test_weights_that_do_not_total_100_percent_show(told: Mapping[str, Told]) -> None:
    story = told["weights of 90 %"]
    for row in (FIRST, SECOND):
        assert story.tone("goals", "weight", row) == "warn"
        assert "权重合计不是 100%" in story.says("goals", row)


def test_below_the_threshold_a_reason_is_asked_for(told: Mapping[str, Told]) -> None:
    story = told["below the threshold"]
    asked = {column: story.tone("review", column, SECOND) for column in ("cause_objective", "improvement")}
    assert asked == {"cause_objective": "missing", "improvement": "missing"}
    assert story.tone("review", "improvement", FIRST) == ""
    assert "缺改进措施" in story.says("review", SECOND)


def test_a_row_that_is_begun_asks_for_what_it_needs(told: Mapping[str, Told]) -> None:
    story = told["a new row"]
    placed = table(story.book, "goals")[0]
    required = {at.column.key for at in input_columns(placed) if at.column.required is True}
    blank = {key for key in required if not story.book.sheets[placed.title].text(THIRD, placed.index(key))}
    asked = {key for key in required if story.tone("goals", key, THIRD) == "missing"}
    assert asked == blank - {"goal"} != set()
    assert all("缺" + placed.sheet.column(key).title.to("zh") in story.says("goals", THIRD) for key in asked)


def test_what_is_shown_is_what_the_formula_engine_says(told: Mapping[str, Told]) -> None:
    """The lines of `tests/lines` rest on conditions worked out by the engine: LibreOffice shows the same."""
    story = STORIES["pasted values"]
    book = told["pasted values"].book
    found = evaluate_marks(book, {place(book, cell): value for cell, value in story.does}, every_cell=True)
    shown = told["pasted values"].colours
    differing = {}
    for where, cell in shown.items():
        fills = [mark.fill for mark in found.at(*where) if mark.fill]
        plain = book.style(book.sheets[where[0]].cells.get(where[1])).fill
        if cell.fill != (fills[0] if fills else plain):
            differing[where] = (cell.fill, fills)
    assert len(shown) > 500
    assert differing == {}
