"""The cells of a report that planbook wrote itself, for whoever asks where a figure comes from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from planbook.problems import Problem, UsageError, Words, list_words, say
from planbook.reader.grids import Grid, open_guarded
from planbook.reader.preflight import open_package


def read_report_sheet(path: Path, title: str) -> Grid:
    """Every cell of one sheet; UsageError where the file or the sheet cannot be read."""
    with _open(path) as workbook:
        if title not in workbook.sheet_names:
            known = list_words(workbook.sheet_names)
            raise UsageError(say("report_no_sheet", name=path.name, title=title, known=known))
        return workbook.get_sheet_by_name(title).to_python(skip_empty_area=False)


def read_report_tops(path: Path, rows: int) -> Iterator[Grid]:
    """The first rows of every sheet, one sheet after the other."""
    with _open(path) as workbook:
        for title in workbook.sheet_names:
            yield workbook.get_sheet_by_name(title).to_python(skip_empty_area=False, nrows=rows)


@contextmanager
def _open(path: Path) -> Iterator[CalamineWorkbook]:
    package = open_package(path)
    if isinstance(package, Problem):
        said = Words(package.message("zh"), package.message("en"))
        raise UsageError(say("with_problem", path=path, problem=said))
    try:
        with open_guarded(package.data) as workbook:  # the bytes that were looked over
            yield workbook
    except CalamineError as error:
        said = say("parser", name=str(error))
        raise UsageError(say("with_problem", path=path, problem=said)) from error
