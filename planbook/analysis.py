"""For analysts: read a workbook, collect what came back, roll it up, as frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from planbook.checks import Reviewed
from planbook.cycle import Cycle
from planbook.measures import Collection, RollUp, problem_frame
from planbook.plan import PlanRow
from planbook.reader import Submission
from planbook.values import Nil, Span
from planbook.workflow import collect_files, collect_returns, plain_value, read_and_check, roll_up_cycle

if TYPE_CHECKING:
    import pandas as pd

Source = Cycle | Path | Sequence[Path]
"""A cycle, whose inbox is read, or files and folders of workbooks that say who they are from."""


@dataclass(frozen=True)
class WorkbookData:
    """One workbook as it was read: its tables, its problems, and the submission behind them.

    ``tables`` holds a frame per sheet of the book, one row per row that holds anything: `id` (the
    row's id), `row` (its row in the file), `quarantined`, then every column by its key, typed and
    computed.  Choices are keys, quantities numbers in the row's unit, percentages fractions.
    """

    submission: Submission
    tables: Mapping[str, pd.DataFrame]
    problems: pd.DataFrame

    def __repr__(self) -> str:
        """Which file it is, and how many rows its sheets and its problems have."""
        sizes = ", ".join(f"{name} {len(frame)}" for name, frame in self.tables.items() if len(frame))
        return f"<WorkbookData {self.submission.file!r}: {sizes or 'nothing'}; problems {len(self.problems)}>"


def read(
    path: Path,
    cycle: Cycle | None = None,
    *,
    as_of: date | None = None,
    lang: str = "zh",
    password: str = "",
) -> WorkbookData:
    """Read one workbook and check it, by the lists and thresholds of `cycle` where one is given.

    `password` opens an encrypted one.  A file that cannot be read has no tables and says why in its problems.
    """
    submission, reviewed = read_and_check(path, cycle, as_of=as_of, password=password)
    tables = dict(_tables(reviewed)) if reviewed else {}
    return WorkbookData(submission, tables, problem_frame(submission.problems, lang))


def _tables(reviewed: Reviewed) -> Iterator[tuple[str, pd.DataFrame]]:
    import pandas as pd

    submission = reviewed.submission
    for sheet in reviewed.book.sheets:
        keys = [column.key for column in sheet.columns]
        source = submission.sources.get(sheet.key)
        rows = [
            [
                sheet.id.of(row.number),
                source.rows.get(row.number, -1) + 1 if source else 0,
                (sheet.key, row.number) in submission.quarantined,
                *(_cell(reviewed, sheet.key, row, key) for key in keys),
            ]
            for row in submission.plan.rows(sheet.key)
        ]
        yield sheet.key, pd.DataFrame(rows, columns=["id", "row", "quarantined", *keys], dtype=object)


def _cell(reviewed: Reviewed, sheet: str, row: PlanRow, key: str) -> object:
    value = reviewed.value(sheet, row, key)
    return plain_value(value) if isinstance(value, Nil | Span) else value


def collect(source: Source, *, as_of: date | None = None, password: str = "") -> Collection:
    """Collect what came back: which file counts for each department, and every problem.

    `password` opens encrypted files.
    """
    if isinstance(source, Cycle):
        return collect_returns(source, as_of=as_of, password=password)
    return collect_files(_paths(source), as_of=as_of, password=password)[0]


def roll_up(
    source: Source,
    *,
    as_of: date | None = None,
    scope: str = "",
    lang: str = "zh",
    password: str = "",
) -> RollUp:
    """The figures of a cycle's inbox, or of bare workbooks, as of a day.

    With a cycle, `scope` limits them to a department and what stands below it.  `password` opens
    encrypted files.
    """
    if isinstance(source, Cycle):
        collection = collect_returns(source, as_of=as_of, password=password)
        return roll_up_cycle(source, collection, as_of=as_of, scope=scope, lang=lang)
    return collect_files(_paths(source), as_of=as_of, lang=lang, password=password)[1]


def _paths(source: Path | Sequence[Path]) -> Sequence[Path]:
    return [source] if isinstance(source, Path) else source
