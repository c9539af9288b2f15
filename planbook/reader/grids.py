"""The values of a workbook, whole sheets at a time: by calamine, or by openpyxl where that is safer."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import openpyxl
from python_calamine import CalamineError, CalamineWorkbook

from planbook.reader.facts import MAX_AREA
from planbook.reader.kinds import Format
from planbook.reader.preflight import Package

Grid = Sequence[Sequence[object]]
# What XML cannot hold, a workbook holds as _x000D_; in a text that only looks so the first sign is _x005F_.
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def read_grids(package: Package) -> dict[str, Grid]:
    """Every sheet's cells by title, rows and columns counted from A1; a blank cell is ``""``.

    Raises whatever a parser raises on a file that none can read.
    """
    if package.thorough:
        return _read_thoroughly(package.data)
    try:
        return _read_fast(package.data)
    except CalamineError:
        if package.format not in {Format.XLSX, Format.XLSM}:
            raise
    return _read_thoroughly(package.data)


def _read_fast(data: bytes) -> dict[str, Grid]:
    with open_guarded(data) as workbook:
        return {
            name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in workbook.sheet_names
        }


@contextmanager
def open_guarded(data: bytes) -> Iterator[CalamineWorkbook]:
    """A workbook open in calamine; whatever fails in there, a panic too, is a CalamineError."""
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            yield workbook
    except BaseException as error:  # a panic of the Rust code is no Exception, and has no class to import
        if type(error).__name__ == "PanicException":
            raise CalamineError(str(error)) from None
        raise


def _read_thoroughly(data: bytes) -> dict[str, Grid]:
    """By openpyxl, which is slow, believes a lying dimension unless told not to, and reads all XML alike."""
    workbook = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    try:
        grids: dict[str, Grid] = {}
        for sheet in workbook.worksheets:
            sheet.reset_dimensions()
            rows: list[Sequence[object]] = []
            room = MAX_AREA
            for row in sheet.iter_rows(values_only=True):
                cells = [_plain(value) for value in row]
                rows.append(cells)
                room -= len(cells) + 1
                if room < 0:
                    raise ValueError(f"{sheet.title} is too large")
            grids[sheet.title] = rows
        return grids
    finally:
        workbook.close()


def _plain(value: object) -> object:
    """A cell's value as calamine has it: blank is ``""``, and ``_x000D_`` the character it stands for."""
    if not isinstance(value, str) or "_x" not in value:
        return "" if value is None else value
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), value)
