"""How places are written: addresses, sheet titles and defined names as Excel's formulas have them."""

from __future__ import annotations

import re
from functools import lru_cache

_ADDRESS = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_REFERENCE = re.compile(r"=?\$?(?:'((?:[^']|'')+)'|([^'!]+))!(\$?[A-Z]{1,3}\$?[0-9]{1,7})(?::.*)?")
ROW_MARK = "\x00"  # in a template: the row as Excel counts it


@lru_cache(maxsize=1024)
def column_letter(index: int) -> str:
    """``A`` for 0, ``AA`` for 26."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_address(row: int, column: int, *, absolute: bool = False) -> str:
    """The A1 reference of a 0-based row and column."""
    mark = "$" if absolute else ""
    return f"{mark}{column_letter(column)}{mark}{row + 1}"


def cell_place(address: str) -> tuple[int, int]:
    """The 0-based row and column of an A1 reference, with or without its ``$``."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise ValueError(f"{address!r} is no address of a cell")
    return int(found[2]) - 1, column_number(found[1])


def column_number(letters: str) -> int:
    """0 for ``A``, 26 for ``AA``: the other way round from `column_letter`."""
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column - 1


def reference_place(reference: str) -> tuple[str, int, int] | None:
    """The sheet's title and the 0-based row and column of the first cell that a defined name points at."""
    found = _REFERENCE.fullmatch(reference.strip())
    if found is None:
        return None
    return (found[1] or found[2]).replace("''", "'"), *cell_place(found[3])


def fill_template(template: str, row: int) -> str:
    """A template for a 0-based row of a sheet."""
    return template.replace(ROW_MARK, str(row + 1))


def cell_template(column: int) -> str:
    """The cell of a 0-based column in the row that a template is filled with."""
    return f"${column_letter(column)}{ROW_MARK}"


def quote_sheet(title: str) -> str:
    """A sheet's title as formulas write it."""
    return "'" + title.replace("'", "''") + "'"


def cell_name(key: str) -> str:
    """The defined name of a setting, an input or a total."""
    return f"cell_{key}"


def range_name(sheet: str, key: str) -> str:
    """The defined name of a column of a table."""
    return f"{sheet}_{key}"


def list_name(key: str) -> str:
    """The defined name of a dropdown list."""
    return f"list_{key}"
