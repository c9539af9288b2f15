"""How long a batch of workbooks takes to write, against XlsxWriter doing the same calls alone.

Every call that planbook makes of XlsxWriter is recorded once, and then made again without
planbook: the same cells, formats, validations, conditional formats, charts and names, formulas
spelled out in every row.  Runs alternate in one process, department by department.
"""

from __future__ import annotations

import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import xlsxwriter
from common import Verdict, follow, seconds_of

from planbook.cycle import create_cycle, load_cycle
from planbook.issuing import IssueOptions, issue_workbooks
from planbook.layout import fill_template
from planbook.writer import cells

DEPARTMENTS = 50
MOST_RATIO, MOST_KILOBYTES = 1.3, 300
FORCED = IssueOptions(force=True)
Call = tuple[int, str, tuple[Any, ...], dict[str, Any], int]


class Recorded:
    """Stands in front of an object of XlsxWriter and writes down what is asked of it."""

    def __init__(self, target: Any, log: list[Call], known: list[Any]) -> None:
        self.__dict__.update(_target=target, _log=log, _known=known, _number=len(known))
        known.append(self)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._target, name, value)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if not callable(value):
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            result = value(*[_bare(a) for a in args], **{k: _bare(v) for k, v in kwargs.items()})
            made = Recorded(result, self._log, self._known) if hasattr(result, "__dict__") else result
            number = made._number if isinstance(made, Recorded) else -1
            self._log.append((self._number, name, args, kwargs, number))
            return made

        return call


def _bare(value: Any) -> Any:
    if isinstance(value, Recorded):
        return value._target
    return {k: _bare(v) for k, v in value.items()} if isinstance(value, dict) else value


@contextmanager
def recording(log: list[Call]) -> Any:
    """XlsxWriter as planbook's writer sees it, every call noted in `log`."""
    real = cells.xlsxwriter.Workbook

    def make(path: str, options: dict[str, Any]) -> Recorded:
        return Recorded(real(path, options), log, [])

    with mock.patch.object(cells.xlsxwriter, "Workbook", make):
        yield


def spell_out(log: list[Call]) -> list[Call]:
    """The calls in XlsxWriter's own words: a formula a row, rows of fixed height."""
    calls: list[Call] = []
    for number, name, args, kwargs, made in log:
        if name == "write_shared":
            rows, column, template, style, values = args
            for row, value in zip(rows, values, strict=True):
                formula = "=" + fill_template(template, row)
                calls.append((number, "write_formula", (row, column, formula, style, value), {}, -1))
        elif name == "grow_row":
            calls.append((number, "set_row", args, kwargs, -1))
        else:
            calls.append((number, name, args, kwargs, made))
    return calls


def replay(path: Path, calls: list[Call], options: dict[str, Any]) -> None:
    """The same workbook by XlsxWriter alone."""
    made: dict[int, Any] = {0: xlsxwriter.Workbook(str(path), options)}

    def given(value: Any) -> Any:
        if isinstance(value, Recorded):
            return made[value._number]
        return {k: given(v) for k, v in value.items()} if isinstance(value, dict) else value

    for number, name, args, kwargs, result in calls:
        answer = getattr(made[number], name)(
            *[given(a) for a in args], **{k: given(v) for k, v in kwargs.items()}
        )
        if result >= 0:
            made[result] = answer


def main() -> None:
    """Print the seconds of both, their ratio and the size of a workbook."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else DEPARTMENTS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        create_cycle(folder / "year", year=2025, lang="zh")
        lines = [f"D{n:03d},第{n}部" for n in range(1, count + 1)]
        (folder / "year" / "departments.csv").write_text("code,name\n" + "\n".join(lines) + "\n", "utf-8")
        (folder / "year" / "company_goals.csv").write_text("goal,metric,unit,target\n", "utf-8")
        settings = folder / "year" / "planbook.toml"
        optional = 'sheets = ["monthly", "weekly", "consensus"]\n'
        settings.write_text(optional + settings.read_text("utf-8"), "utf-8")
        cycle = load_cycle(folder / "year")
        codes = [f"D{n:03d}" for n in range(1, count + 1)]
        issue_workbooks(cycle, codes[:1])  # compiles the formulas, once
        ours = bare = 0.0
        for code in follow(codes, "workbooks"):
            log: list[Call] = []
            with recording(log):
                issue_workbooks(cycle, [code], FORCED)
            calls = spell_out(log)
            ours += seconds_of(lambda code=code: issue_workbooks(cycle, [code], FORCED))
            bare += seconds_of(lambda calls=calls: replay(folder / "bare.xlsx", calls, cells.OPTIONS))
        size = max(path.stat().st_size for path in (folder / "year" / "outbox").iterdir())
    print(f"{count} workbooks with every sheet: {ours:.1f} s; the same XlsxWriter calls alone: {bare:.1f} s")
    verdict = Verdict()
    verdict.at_most("ratio", ours / bare, MOST_RATIO)
    verdict.at_most("largest workbook", size / 1000, MOST_KILOBYTES, " KB")
    verdict.finish()


if __name__ == "__main__":
    main()
