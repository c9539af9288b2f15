"""Where the tables of a report workbook stand: rows of a sheet, and sheets of the facts."""

from __future__ import annotations

from dataclasses import dataclass

from planbook.layout import column_letter, quote_sheet
from planbook.problems import OutputError, say
from planbook.spec.models import ReportSheet

HEADING_ROW, HINT_ROW, HEADER_ROW, FIRST_ROW = 0, 1, 3, 4
LAST_EXCEL_ROW = 1_048_576
MOST_WRITTEN = 5_000  # rows of a table that are written cell by cell; more are streamed
MOST_FACTS = LAST_EXCEL_ROW - FIRST_ROW  # on one sheet


@dataclass(frozen=True)
class FactSheets:
    """Where the facts stand: on one sheet, or on several when Excel's last row is met."""

    report: ReportSheet
    titles: tuple[str, ...]
    counts: tuple[int, ...]  # facts on each

    def ranges(self, key: str) -> list[str]:
        """The cells of a column, one range a sheet, as formulas name them."""
        letter = column_letter([column.key for column in self.report.columns].index(key))
        return [
            f"{quote_sheet(title)}!${letter}${FIRST_ROW + 1}:${letter}${FIRST_ROW + max(count, 1)}"
            for title, count in zip(self.titles, self.counts, strict=True)
        ]

    def combine(self, function: str, *arguments: str) -> str:
        """A function over columns of the facts, once a sheet and added up; ``[key]`` is a column."""
        ranges = {arg: self.ranges(arg[1:-1]) for arg in arguments if arg.startswith("[")}
        calls = [
            f"{function}({','.join(ranges[arg][n] if arg in ranges else arg for arg in arguments)})"
            for n in range(len(self.titles))
        ]
        return "+".join(calls)

    def cell(self, position: int, key: str) -> tuple[str, str]:
        """The sheet and the cell of the fact at `position`."""
        for title, count in zip(self.titles, self.counts, strict=True):
            if position < count:
                letter = column_letter([column.key for column in self.report.columns].index(key))
                return title, f"{letter}{FIRST_ROW + 1 + position}"
            position -= count
        raise OutputError(say("fact_not_placed"))


def place_facts(report: ReportSheet, lang: str, count: int, most: int = 0) -> FactSheets:
    """How many sheets `count` facts take, and what they are called; at most `most` on each."""
    most = most or MOST_FACTS
    sizes = [min(most, count - start) for start in range(0, count, most)] or [0]
    title = report.title.to(lang)
    titles = tuple(title if n == 1 else f"{title} {n}" for n in range(1, len(sizes) + 1))
    return FactSheets(report, titles, tuple(sizes))
