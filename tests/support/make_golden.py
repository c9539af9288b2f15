"""The golden set as a sheet: hand-worked answers beside formulas that owe nothing to any book's specification.

``python -m tests.support.make_golden`` writes tests/golden/golden_set.xlsx from golden_set.txt.
The formulas here are written from the definitions of the domain; the answers come from the text.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

FOLDER = Path(__file__).resolve().parent.parent / "golden"
SOURCE, TARGET = FOLDER / "golden_set.txt", FOLDER / "golden_set.xlsx"
CLOSE = "1E-9"
Answer = Fraction | str | None  # a number, a word or "blank" (""); None: nothing is claimed
Row = Mapping[str, str]


# -- the text ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Golden:
    """The sections of the text: tables of rows by their titles, and the settings."""

    tables: Mapping[str, tuple[Row, ...]]
    settings: Mapping[str, str]

    def rows(self, section: str) -> tuple[Row, ...]:
        """The rows of a section; a section that is not there fails."""
        return self.tables[section]

    def of(self, section: str, key: str) -> Row:
        """The row of a section whose first cell is `key`."""
        return next(row for row in self.rows(section) if next(iter(row.values())) == key)

    def day(self, key: str) -> date:
        """A date of the settings."""
        return date.fromisoformat(self.settings[key])


def read_golden(path: Path = SOURCE) -> Golden:
    """The golden set as its text says it."""
    tables: dict[str, list[Row]] = {}
    settings: dict[str, str] = {}
    section, keys = "", []
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if text.startswith("["):
            section, keys = text.strip("[]"), []
        elif section == "settings":
            key, _, value = text.partition("=")
            settings[key.strip()] = value.strip()
        else:
            cells = [cell.strip() for cell in line.split("|")]
            if not keys:
                keys = cells
                tables[section] = []
            else:
                tables[section].append(dict(zip(keys, cells, strict=True)))
    return Golden({key: tuple(rows) for key, rows in tables.items()}, settings)


_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip


def exact(text: str) -> Fraction:
    """The number an answer spells out: ``5/10*425/400+3/10``."""

    def value(node: ast.expr) -> Fraction:
        match node:
            case ast.Constant(value=int() | float()):
                return Fraction(str(node.value))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -value(operand)
            case ast.BinOp(left=left, op=op, right=right):
                found: Fraction = _OPERATORS[type(op)](value(left), value(right))
                return found
        raise ValueError(f"{text!r} is no answer")

    return value(ast.parse(text, mode="eval").body)


def answer(text: str) -> Answer:
    """An answer: a number, a word, ``""`` for what must be blank, None where nothing is claimed."""
    if text == "-":
        return None
    if text == "blank":
        return ""
    return exact(text) if re.fullmatch(r"[-\d(][-+*/().\d ]*", text) else text


def split_band(text: str) -> tuple[str, str]:
    """Both bounds of ``90~95``; a plain figure has only the first."""
    low, _, high = text.partition("~")
    return low, high


def number(text: str) -> float | str | None:
    """A cell of the sheet: a number, a word, or nothing; done and not done are 1 and 0."""
    if not text:
        return None
    if text in ("完成", "未完成"):
        return float(text == "完成")
    try:
        return float(text)
    except ValueError:
        return text


# -- formulas, from the definitions ----------------------------------------------------------

QUARTERS = (1, 2, 3, 4)
INPUTS = (
    "id", "level", "goal", "kind", "direction", "unit", "aggregation", "weight", "company goal", "baseline",
    "annual", "annual high", *(f"{part}{q}" for q in QUARTERS for part in ("t", "h", "a")),
)  # fmt: skip
HELPERS = tuple(f"k{q}" for q in QUARTERS)
MEASURES = (
    "quarters", "target", "high", "actual", "deviation", "rate", "favourable", "linear", "ratio", "baseline",
    "method", "rating", "completion",
)  # fmt: skip
COLUMNS = (*INPUTS, *HELPERS, *(f"={m}" for m in MEASURES), *MEASURES, "ok")
FIRST = 3  # the first row of a table, 0-based; the ended quarters stand in B2


def column_of(name: str) -> str:
    """The letter of a column of the goals' sheets; a measure's formula column is ``=measure``."""
    return f"${xl_col_to_name(COLUMNS.index(name))}"


def _aggregate(part: str) -> str:
    last = f"[{part}1]"
    for q in QUARTERS[1:]:
        last = f"IF([k{q}]=1,[{part}{q}],{last})"
    total = "+".join(f"IF([k{q}]=1,[{part}{q}],0)" for q in QUARTERS)
    return f'IF([=quarters]=0,"",IF([aggregation]="sum",{total},IF([aggregation]="last",{last},({total})/[=quarters])))'


SIGN = 'IF([direction]="lower",-1,1)'
NUMBERS = "AND(ISNUMBER([=target]),ISNUMBER([=actual]))"
PLAIN = 'AND([kind]="number",[direction]<>"band")'
BASE_TARGET = 'IF([aggregation]="sum",[=target],[annual])'
COMPLETE = 'OR([aggregation]<>"sum",[=quarters]=4)'
FORMULAS: Mapping[str, str] = {
    **{
        f"k{q}": f'IF(AND({q}<=$B$2,OR([kind]="done",ISNUMBER([t{q}])),ISNUMBER([a{q}])),1,0)' for q in QUARTERS
    },
    "=quarters": "[k1]+[k2]+[k3]+[k4]",
    "=target": f'IF([kind]="done","",{_aggregate("t")})',
    "=high": f'IF([direction]="band",{_aggregate("h")},"")',
    "=actual": _aggregate("a"),
    "=deviation": f'IF({NUMBERS},IF([direction]="band",IF([=actual]<[=target],[=actual]-[=target],'
    'IF([=actual]>[=high],[=actual]-[=high],0)),[=actual]-[=target]),"")',
    "=rate": 'IF(ISNUMBER([=deviation]),IF([direction]="band",[=deviation]/ABS(([=target]+[=high])/2),'
    'IF([=target]=0,"",[=deviation]/ABS([=target]))),"")',
    "=favourable": 'IF(ISNUMBER([=deviation]),IF([direction]="band",IF([=deviation]=0,"good","bad"),'
    f'IF([=deviation]=0,"even",IF({SIGN}*[=deviation]>0,"good","bad"))),"")',
    "=linear": 'IF([kind]="done",IF(ISNUMBER([=actual]),IF([=actual]=1,1,0),""),'
    'IF(ISNUMBER([=deviation]),IF([kind]="score",[=actual]/[=target],'
    'IF([direction]="band",MAX(0,1-ABS([=rate])),'
    f'IF([=target]=0,IF({SIGN}*[=actual]>=0,1,0),MAX(0,1+{SIGN}*[=rate])))),""))',
    "=ratio": f'IF(AND({PLAIN},{NUMBERS}),IF(AND([=target]>0,[=actual]>0),'
    'IF([direction]="lower",[=target]/[=actual],[=actual]/[=target]),[=linear]),[=linear])',
    "=method": f'IF(AND({PLAIN},{NUMBERS},ISNUMBER([baseline])),'
    f'IF(AND({COMPLETE},[baseline]<>{BASE_TARGET}),"baseline","linear"),"linear")',
    "=baseline": f'IF([=method]="baseline",MAX(0,([=actual]-[baseline])/({BASE_TARGET}-[baseline])),[=linear])',
    "=rating": 'IF(ISNUMBER([=linear]),IF(ROUND([=linear],6)>=1,"green",IF(ROUND([=linear],6)>=0.9,"amber","red")),'
    '"none")',
    "=completion": 'IF(AND(ISNUMBER([=actual]),ISNUMBER([annual])),IF([annual]=0,"",'
    'IF(AND([direction]="band",[=actual]>[annual]),IF([=actual]<=[annual high],1,[=actual]/[annual high]),'
    '[=actual]/[annual])),"")',
}  # fmt: skip


def render(formula: str, row: int) -> str:
    """A formula of one row: ``[column]`` becomes the cell of that column."""
    return "=" + re.sub(r"\[([^\]]+)\]", lambda found: f"{column_of(found[1])}{row + 1}", formula)


def check_formula(pairs: Sequence[tuple[str, Answer, str]]) -> str:
    """Whether every formula cell holds its answer; `pairs` are (formula cell, answer, answer cell)."""
    parts = []
    for cell, expected, place in pairs:
        if expected is None:
            continue
        if isinstance(expected, Fraction):
            parts.append(f"IF(ISNUMBER({cell}),ABS({cell}-{place})<={CLOSE}*MAX(1,ABS({place})),FALSE)")
        else:
            parts.append(f'{cell}="{expected}"')
    return f"=AND({','.join(parts)})" if parts else "=TRUE"


# -- the sheets ------------------------------------------------------------------------------


class Writer:
    """Writes the golden sheets; every check cell is remembered for the first page."""

    def __init__(self, golden: Golden, path: Path) -> None:
        self.golden = golden
        self.book = xlsxwriter.Workbook(str(path))
        self.book.set_properties({"title": "golden set", "created": datetime(2024, 1, 1)})
        self.head = self.book.add_format({"bold": True, "bg_color": "#DCE6F1", "text_wrap": True})
        self.title = self.book.add_format({"bold": True, "font_size": 14})
        self.given = self.book.add_format({"font_color": "#0000FF"})
        self.day = self.book.add_format({"font_color": "#0000FF", "num_format": "yyyy-mm-dd"})
        self.claimed = self.book.add_format({"bg_color": "#E2EFDA"})
        self.where: dict[str, int] = {}  # rows of the goals' sheet by id
        self.scores: dict[str, str] = {}  # score cells by code
        self.checks: list[tuple[str, str]] = []  # sheet and range of its check cells

    def write(self) -> None:
        """Write every sheet."""
        index = self.book.add_worksheet("说明")
        self.write_goals("目标 全年", "answers whole", 4)
        self.write_goals("目标 半年", "answers half", 2)
        self.write_scores()
        self.write_company()
        self.write_tasks()
        self.write_days()
        self.write_index(index)
        self.book.define_name("cap", f"={self.golden.settings['cap']}")
        self.book.close()

    def write_index(self, sheet: Any) -> None:
        lines = (
            "黄金数据集：按指标定义手工推算的答案，与本表自带的公式逐项核对。",
            "Golden set: answers worked by hand from the definitions, checked against this sheet's own formulas.",
            "蓝字为输入，绿底为手工答案，“ok”列为核对结果。Blue: given. Green: the answer. ok: they agree.",
            "由 golden_set.txt 生成，请勿直接修改。Made from golden_set.txt; change that, not this.",
        )
        sheet.set_column(0, 0, 24)
        for row, line in enumerate(lines):
            sheet.write(row, 0, line, self.title if row == 0 else None)
        for row, (name, area) in enumerate(self.checks, len(lines) + 1):
            sheet.write(row, 0, name)
            sheet.write_formula(row, 1, f"=COUNTIF('{name}'!{area},FALSE)=0", None, True)

    def add(self, name: str, columns: Sequence[str]) -> Any:
        sheet = self.book.add_worksheet(name)
        sheet.write(0, 0, name, self.title)
        for index, column in enumerate(columns):
            sheet.write_string(FIRST - 1, index, column.replace("=", "ƒ "), self.head)
        sheet.freeze_panes(FIRST, 1)
        return sheet

    def put(self, sheet: Any, row: int, column: int, expected: Answer) -> None:
        if isinstance(expected, Fraction):
            sheet.write_number(row, column, float(expected), self.claimed)
        elif expected is not None:
            sheet.write_string(row, column, expected or "(blank)", self.claimed)

    def write_goals(self, name: str, section: str, ended: int) -> None:
        sheet = self.add(name, COLUMNS)
        sheet.write(1, 0, "ended quarters", self.head)
        sheet.write(1, 1, ended, self.given)
        for offset, goal in enumerate(self.golden.rows("goals")):
            row = FIRST + offset
            self.where.setdefault(goal["id"], row)
            for index, value in enumerate(self._inputs(goal)):
                if value is not None:
                    sheet.write(row, index, value, self.given)
            found = next((a for a in self.golden.rows(section) if a["id"] == goal["id"]), {})
            answers = {measure: answer(found.get(measure, "-")) for measure in MEASURES}
            for key, formula in FORMULAS.items():
                known = answers.get(key.removeprefix("=")) if key.startswith("=") else 0
                stored = float(known) if isinstance(known, Fraction) else known or ""
                sheet.write_formula(row, COLUMNS.index(key), render(formula, row), None, stored)
            pairs = []
            for measure, expected in answers.items():
                index = len(INPUTS) + len(HELPERS) + len(MEASURES) + MEASURES.index(measure)
                self.put(sheet, row, index, expected)
                cell = xl_rowcol_to_cell(row, COLUMNS.index(f"={measure}"))
                pairs.append((cell, expected, xl_rowcol_to_cell(row, index)))
            sheet.write_formula(row, len(COLUMNS) - 1, check_formula(pairs), None, True)
        self.remember(name, len(COLUMNS) - 1, len(self.golden.rows("goals")))

    def _inputs(self, goal: Row) -> Iterator[float | str | None]:
        quarters = self.golden.of("quarters", goal["id"])
        low, high = split_band(goal["target"])
        for key in INPUTS[:10]:
            value = goal[key]
            yield number(value) if key in ("weight", "baseline") else value or None
        yield number(low)
        yield number(high)
        for q in QUARTERS:
            yield from map(number, split_band(quarters[f"t{q}"]))
            yield number(quarters[f"a{q}"])

    def remember(self, name: str, column: int, rows: int) -> None:
        letter = xl_col_to_name(column)
        self.checks.append((name, f"${letter}${FIRST + 1}:${letter}${FIRST + rows}"))

    def resolve(self, formula: str) -> str:
        """``{XS-1.linear}`` is a cell of the whole year's goals, ``{XS.score}`` one of the scores."""

        def cell(found: re.Match[str]) -> str:
            name, _, key = found[1].rpartition(".")
            if key == "score":
                return f"'得分'!{self.scores[name]}"
            letter = column_of(f"={key}" if f"={key}" in COLUMNS else key)
            return f"'目标 全年'!{letter}${self.where[name] + 1}"

        return re.sub(r"\{([^}]+)\}", cell, formula)

    def write_scores(self) -> None:
        sheet = self.add("得分", ("code", "name", "=score", "score", "low", "high", "ok"))
        names = {row["code"]: row["name"] for row in self.golden.rows("departments")}
        for offset, found in enumerate(self.golden.rows("scores")):
            row = FIRST + offset
            sheet.write(row, 0, found["code"], self.given)
            sheet.write(row, 1, names[found["code"]], self.given)
            expected = answer(found["score"])
            stored = float(expected) if isinstance(expected, Fraction) else ""
            sheet.write_formula(row, 2, self.resolve(found["formula"]), None, stored)
            for index, key in enumerate(("score", "low", "high"), 3):
                self.put(sheet, row, index, answer(found[key]))
            self.scores[found["code"]] = f"$C${row + 1}"
            pair = (xl_rowcol_to_cell(row, 2), expected, xl_rowcol_to_cell(row, 3))
            sheet.write_formula(row, 6, check_formula([pair]), None, True)
        self.remember("得分", 6, len(self.golden.rows("scores")))

    def write_company(self) -> None:
        claimed = ("target", "high", "actual", "deviation", "rate", "linear", "rating", "covered", "expected",
                   "low", "high bound", "baseline method")  # fmt: skip
        sheet = self.add("公司目标", ("goal", "=linear", *claimed, "ok"))
        rows = self.golden.rows("company answers")
        for offset, found in enumerate(rows):
            row = FIRST + offset
            sheet.write(row, 0, found["goal"], self.given)
            expected = answer(found["linear"])
            stored = float(expected) if isinstance(expected, Fraction) else ""
            sheet.write_formula(row, 1, self.resolve(found["formula"]), None, stored)
            for index, key in enumerate(claimed, 2):
                self.put(sheet, row, index, answer(found[key]))
            place = xl_rowcol_to_cell(row, 2 + claimed.index("linear"))
            pair = (xl_rowcol_to_cell(row, 1), expected, place)
            sheet.write_formula(row, 2 + len(claimed), check_formula([pair]), None, True)
        self.remember("公司目标", 2 + len(claimed), len(rows))

    def write_tasks(self) -> None:
        columns = ("id", "goal", "task", "start", "finish", "percent", "hold", "updated", "=expected",
                   "=deviation", "expected", "deviation", "status", "stale", "ok")  # fmt: skip
        sheet = self.add("任务", columns)
        sheet.write(1, 0, "as of", self.head)
        sheet.write(1, 1, self.golden.day("half"), self.day)
        for offset, task in enumerate(self.golden.rows("tasks")):
            row, at = FIRST + offset, FIRST + offset + 1
            for index, key in enumerate(columns[:8]):
                text = task[key]
                if key in ("start", "finish", "updated"):
                    sheet.write(row, index, date.fromisoformat(text), self.day)
                elif text:
                    sheet.write(row, index, number(text) if key == "percent" else text, self.given)
            found = self.golden.of("task answers", task["id"])
            answers = {key: answer(found[key]) for key in ("expected", "deviation", "status", "stale")}
            formulas = (
                f"=IF($B$2<D{at},0,IF(D{at}=E{at},1,MIN(1,($B$2-D{at}+1)/(E{at}-D{at}+1))))",
                f'=IF(ISNUMBER(F{at}),F{at}-I{at},"")',
            )
            for index, (formula, key) in enumerate(zip(formulas, ("expected", "deviation"), strict=True), 8):
                known = answers[key]
                sheet.write_formula(
                    row, index, formula, None, float(known) if isinstance(known, Fraction) else ""
                )
            for index, expected in enumerate(answers.values(), 10):
                self.put(sheet, row, index, expected)
            pairs = [(f"I{at}", answers["expected"], f"K{at}"), (f"J{at}", answers["deviation"], f"L{at}")]
            sheet.write_formula(row, 14, check_formula(pairs), None, True)
        self.remember("任务", 14, len(self.golden.rows("tasks")))

    def write_days(self) -> None:
        sheet = self.add("工作日", ("start", "finish", "as of", "=expected", "expected", "ok"))
        sheet.write(1, 0, "holiday, make-up day", self.head)
        sheet.write(1, 1, date(2024, 6, 10), self.day)
        sheet.write(1, 2, date(2024, 6, 16), self.day)
        for offset, found in enumerate(self.golden.rows("working days")):
            row, at = FIRST + offset, FIRST + offset + 1
            for index, key in enumerate(("start", "finish", "as_of")):
                sheet.write(row, index, date.fromisoformat(found[key]), self.day)
            worked = "(NETWORKDAYS(A{0},{1},$B$2)+IF(AND($C$2>=A{0},$C$2<={1}),1,0))"
            done, whole = worked.format(at, f"MIN(B{at},C{at})"), worked.format(at, f"B{at}")
            expected = answer(found["answer"])
            assert isinstance(expected, Fraction)
            sheet.write_formula(row, 3, f"=IF(C{at}<A{at},0,{done}/{whole})", None, float(expected))
            self.put(sheet, row, 4, expected)
            pair = (f"D{at}", expected, f"E{at}")
            sheet.write_formula(row, 5, check_formula([pair]), None, True)
        self.remember("工作日", 5, len(self.golden.rows("working days")))


def write_golden(path: Path = TARGET) -> Path:
    """Write the golden set to `path`."""
    Writer(read_golden(), path).write()
    return path


if __name__ == "__main__":
    print(write_golden())
