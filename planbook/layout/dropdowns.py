"""Dropdowns that depend on what a planner has typed: labels of rows, and cascades.

A *block* is a few helper columns on the hidden sheet of lists.  Without parents it packs the
labels ``G001｜name`` of the rows filled in, so that gaps do not show.  With parents it sorts the
rows by their parents' key, so that the rows of one parent stand together wherever the planner
wrote them, and a dropdown can be cut out with OFFSET, MATCH and COUNTIF.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from planbook.layout.names import cell_template, column_letter
from planbook.spec import Book, Column, Sheet

STRIDE = 10000  # more than the rows a sheet can have: packs two row numbers into one


@dataclass(frozen=True, slots=True)
class ListCell:
    """A cell of the hidden sheet of lists: a text, or the template of a formula without its ``=``."""

    row: int
    column: int
    value: str = ""
    formula: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """The helper columns of one dropdown: the rows' labels or texts, narrowed by `within`."""

    name: str
    sheet: str
    column: str
    within: tuple[str, ...]
    labelled: bool


@dataclass(frozen=True)
class DropdownPlan:
    """All blocks, their cells and their defined names (name, target, serves validations only)."""

    blocks: Mapping[tuple[str, str], Block]
    cells: tuple[ListCell, ...]
    names: tuple[tuple[str, str, bool], ...]

    def block_of(self, sheet: str, column: str) -> Block | None:
        """The block that feeds a column's dropdown."""
        return self.blocks.get((sheet, column))


def _block_of(column: Column, named: dict[str, Block]) -> Block | None:
    """The block of a column's dropdown; columns that choose alike share one."""
    if column.link:
        source, key, within = column.link.sheet, column.link.label, column.link.within
    elif column.cascade:
        source, key, within = column.cascade.sheet, column.cascade.column, column.cascade.within
    else:
        return None
    base = name = f"pick_{source}_{key}{len(within) or ''}"
    while True:
        block = Block(name, source, key, within, labelled=column.link is not None)
        if named.setdefault(name, block) == block:
            return block
        name = f"{base}_{len(named)}"


def plan_dropdowns(book: Book, rows: Mapping[str, int], title: str, first_column: int) -> DropdownPlan:
    """Place the blocks of every dependent dropdown from `first_column` of the sheet `title` on."""
    blocks: dict[tuple[str, str], Block] = {}
    cells: list[ListCell] = []
    names: list[tuple[str, str, bool]] = []
    named: dict[str, Block] = {}
    built: set[str] = set()
    at = first_column
    for sheet in book.sheets:
        for column in sheet.columns if sheet.key in rows else ():
            block = _block_of(column, named)
            if block is None:
                continue
            blocks[sheet.key, column.key] = block
            if block.name in built:
                continue
            built.add(block.name)
            build = _sorted_block if block.within else _packed_block
            more_cells, more_names, width = build(book, block, rows[block.sheet], title, at)
            cells += more_cells
            names += more_names
            at += width
    return DropdownPlan(MappingProxyType(blocks), tuple(cells), tuple(names))


Built = tuple[list[ListCell], list[tuple[str, str, bool]], int]


N = "ROW()-1"  # the number of a helper cell's row, counted from 1 below the heading


def _packed_block(book: Book, block: Block, rows: int, title: str, at: int) -> Built:
    """Two columns: the row's number where it is filled, and the n-th label."""
    number, label = column_letter(at), column_letter(at + 1)
    numbers = f"${number}$2:${number}${rows + 1}"
    names, ids = f"{block.sheet}_{block.column}", f"{block.sheet}_id"
    nth = f"SMALL({numbers},{N})"
    text = f'INDEX({ids},{nth})&"｜"&INDEX({names},{nth})'
    cells = [
        ListCell(0, at, value=block.name),
        ListCell(0, at + 1, value="label"),
        *_column(rows, at, f'IF(INDEX({names},{N})="","",{N})'),
        *_column(rows, at + 1, f'IF({N}>COUNT({numbers}),"",{text})'),
    ]
    # OFFSET, since Gnumeric loses a name with a range operator in it
    target = f"OFFSET({title}!${label}$2,0,0,MAX(1,COUNT({title}!{numbers})),1)"
    return cells, [(block.name, target, True)], 2


def _column(rows: int, at: int, template: str) -> list[ListCell]:
    """The cells of one helper column below its heading."""
    return [ListCell(row, at, formula=template) for row in range(1, rows + 1)]


def _sorted_block(book: Book, block: Block, rows: int, title: str, at: int) -> Built:
    """Five columns: parents' key, whole key, sort number, and the sorted keys and texts."""
    sheet = book.sheet(block.sheet)
    column = [f"${letter}$2:${letter}${rows + 1}" for letter in map(column_letter, range(at, at + 5))]
    parent, whole = cell_template(at), cell_template(at + 1)
    source = f"{block.sheet}_{block.column}"
    parts = [_parent_part(book, sheet, part) for part in block.within]
    blank = ",".join([f'INDEX({source},{N})=""', *(f'{part}=""' for part in parts)])
    joined = '&"|"&'.join(parts)
    first = f"IFERROR(MATCH({whole},{column[1]},0),{N})={N}"
    group = f"IFERROR(MATCH({parent},{column[0]},0),{N})*{STRIDE}+{N}"
    wanted = group if block.labelled else f'IF({first},{group},"")'
    nth = f"MOD(SMALL({column[2]},{N}),{STRIDE})"
    beyond = f"{N}>COUNT({column[2]})"
    shown = f"INDEX({source},{nth})"
    if block.labelled:
        shown = f'INDEX({block.sheet}_id,{nth})&"｜"&{shown}'
    templates = (
        f'IF(OR({blank}),"",{joined})',
        f'IF({parent}="","",{parent}&"|"&INDEX({source},{N}))',
        f'IF({parent}="","",{wanted})',
        f'IF({beyond},"",INDEX({column[0]},{nth}))',
        f'IF({beyond},"",{shown})',
    )
    headings = [f"{block.name} {part}" for part in ("parent", "whole", "order", "key")]
    cells = [ListCell(0, at + n, value=heading) for n, heading in enumerate(headings)]
    cells += [cell for n, template in enumerate(templates) for cell in _column(rows, at + n, template)]
    names = [
        (f"{block.name}_head", f"{title}!${column_letter(at + 4)}$1", False),
        (f"{block.name}_keys", f"{title}!{column[3]}", False),
        (f"{block.name}_whole", f"{title}!{column[1]}", False),
    ]
    return cells, names, 5


def _parent_part(book: Book, sheet: Sheet, key: str) -> str:
    column = sheet.column(key)
    cell = f"INDEX({sheet.key}_{key},{N})"
    return f"LEFT({cell},{book.sheet(column.link.sheet).id.length})" if column.link else f"{cell}"
