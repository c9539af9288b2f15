"""A planner's workbook opened as the package it is, to be looked at and to be broken.

`Opened` holds the parts by name; sheets, cells, styles, validations and conditional formats are
read from them on demand.  `edit` makes a *break*: a function that changes one place of the
package, so that a test can see its check fail.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

from planbook.layout import Layout, SheetLayout, column_letter
from tests.support.taken_apart import (
    Package,
    book_of,
    column_number,
    corners,
    every,
    relations,
    root_named,
    tag,
    text_of,
    unescape,
)

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Cell:
    """A cell: what is stored in it, as the file has it."""

    address: str
    text: str
    formula: str | None
    style: int
    kind: str


@dataclass(frozen=True)
class Validation:
    """A data validation and the areas it holds for."""

    areas: tuple[str, ...]
    kind: str
    severity: str
    operator: str
    formulas: tuple[str, ...]
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Mark:
    """A conditional format: its area, its formula for the first cell, and what it changes."""

    area: str
    kind: str
    formulas: tuple[str, ...]
    look: Element | None
    priority: int

    @property
    def condition(self) -> str:
        """The formula that says when it applies; for `cellIs` the comparison written out."""
        if self.kind == "cellIs" and self.formulas:
            return f"{self.area.split(':')[0]}={self.formulas[0]}"
        return self.formulas[0] if self.kind == "expression" and self.formulas else ""

    @property
    def fill(self) -> str:
        """The background it gives, as RRGGBB; "" for none."""
        colours = (
            [e.get("rgb", "")[-6:] for e in every(self.look, "bgColor")] if self.look is not None else []
        )
        return colours[0] if colours else ""


class Sheet:
    """One worksheet of an opened workbook."""

    def __init__(self, book: Opened, title: str, part: str) -> None:
        self.book, self.title, self.part = book, title, part
        self.root = book.package.parts[part]

    def first(self, name: str) -> Element | None:
        """The first element of a name."""
        return next(every(self.root, name), None)

    @cached_property
    def cells(self) -> Mapping[str, Cell]:
        """Every cell that stands in the file, by address."""
        strings = self.book.strings
        found = {cell.get("r", ""): _read_cell(cell, strings) for cell in every(self.root, "c")}
        return {**found, **dict(self._shared(found))}

    def _shared(self, cells: Mapping[str, Cell]) -> Iterator[tuple[str, Cell]]:
        """The cells of shared formulas, each with the formula it has by the one that stands in the file."""
        masters: dict[str, tuple[str, Box]] = {}
        for element in every(self.root, "c"):
            formula = next((child for child in element if tag(child) == "f"), None)
            box = corners(element.get("r", ""))
            if formula is None or formula.get("t") != "shared" or box is None:
                continue
            number = formula.get("si", "")
            if formula.text:
                masters[number] = (formula.text, box)
            elif number in masters:
                text, (left, top, _, _) = masters[number]
                cell = cells[element.get("r", "")]
                yield cell.address, replace(cell, formula=shift(text, box[1] - top, box[0] - left))

    def cell(self, row: int, column: int) -> Cell | None:
        """The cell at a 0-based row and column."""
        return self.cells.get(f"{column_letter(column)}{row + 1}")

    def text(self, row: int, column: int) -> str:
        """What is stored at a 0-based row and column; "" where nothing is."""
        cell = self.cell(row, column)
        return cell.text if cell else ""

    @cached_property
    def validations(self) -> tuple[Validation, ...]:
        """Every data validation."""
        return tuple(
            Validation(
                tuple(rule.get("sqref", "").split()),
                rule.get("type", "none"),
                rule.get("errorStyle", "stop"),
                rule.get("operator", "between"),
                tuple("".join(e.itertext()) for n in ("formula1", "formula2") for e in every(rule, n)),
                {name: unescape(rule.get(name, "")) for name in VALIDATION_TEXTS},
            )
            for rule in every(self.root, "dataValidation")
        )

    def validation(self, area: str) -> Validation | None:
        """The validation of exactly this area."""
        return next((rule for rule in self.validations if area in rule.areas), None)

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """Every conditional format, one per area and rule."""
        looks = self.book.looks
        return tuple(
            Mark(
                area,
                rule.get("type", ""),
                tuple(f.text or "" for f in rule if tag(f) == "formula"),
                looks[int(rule.get("dxfId", "0"))] if rule.get("dxfId") else None,
                int(rule.get("priority", "0")),
            )
            for block in self.root
            if tag(block) == "conditionalFormatting"
            for area in block.get("sqref", "").split()
            for rule in every(block, "cfRule")
        )

    @cached_property
    def widths(self) -> Mapping[int, tuple[float, bool, int]]:
        """0-based column -> (width, hidden, style)."""
        found = {}
        for column in every(self.root, "col"):
            hidden = column.get("hidden") in ("1", "true")
            facts = (float(column.get("width", "0")), hidden, int(column.get("style", "0")))
            found.update(
                dict.fromkeys(range(int(column.get("min", "1")) - 1, int(column.get("max", "1"))), facts)
            )
        return found

    @cached_property
    def rows(self) -> Mapping[int, Element]:
        """0-based row -> its element."""
        return {int(row.get("r", "1")) - 1: row for row in every(self.root, "row")}


REFERENCE = re.compile(r'"(?:[^"]|"")*"|\'(?:[^\']|\'\')*\'!|(\$?)([A-Z]{1,3})(\$?)(\d+)(?![\w(])')


def shift(formula: str, rows: int, columns: int) -> str:
    """A formula as it reads `rows` further down and `columns` further right."""

    def move(match: re.Match[str]) -> str:
        if not match[2]:
            return match[0]
        column = match[2] if match[1] else column_letter(column_number(match[2]) - 1 + columns)
        return f"{match[1]}{column}{match[3]}{match[4] if match[3] else int(match[4]) + rows}"

    return REFERENCE.sub(move, formula)


VALIDATION_TEXTS = ("prompt", "error", "promptTitle", "errorTitle")


def _read_cell(cell: Element, strings: list[str]) -> Cell:
    value = formula = None
    for child in cell:
        if tag(child) == "v":
            value = child.text or ""
        elif tag(child) == "f":
            formula = child.text or ""
        elif tag(child) == "is":
            value = "".join(text_of(t) for t in every(child, "t"))
    kind = cell.get("t", "n")
    text = strings[int(value)] if kind == "s" and value else unescape(value or "")
    if formula is not None and value is None:
        kind = "missing"  # a formula cell without any stored value
    return Cell(cell.get("r", ""), text, formula, int(cell.get("s", "0")), kind)


@dataclass(frozen=True)
class Style:
    """What a cell's format says, as far as a line of the acceptance speaks of it."""

    locked: bool
    code: str
    font: str
    size: str
    colour: str
    fill: str
    wrapped: bool
    shrunk: bool
    border: bool


class Opened:
    """A workbook's package with the layout it was written by."""

    def __init__(self, parts: Mapping[str, bytes], layout: Layout, state: str) -> None:
        self.raw, self.layout, self.state = parts, layout, state

    @cached_property
    def package(self) -> Package:
        """The parsed parts."""
        package = Package(list(self.raw))
        for name, data in self.raw.items():
            if name.endswith((".xml", ".rels", ".vml")):
                package.parts[name] = _parse(data)
        linked = relations(package, "xl/workbook.xml")
        for sheet in every(package.parts["xl/workbook.xml"], "sheet"):
            reference = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), "")
            package.sheets[sheet.get("name", "")] = linked[reference][1]
        return package

    @cached_property
    def sheets(self) -> Mapping[str, Sheet]:
        """Every worksheet by title, in the workbook's order."""
        return {title: Sheet(self, title, part) for title, part in self.package.sheets.items()}

    def part_of(self, key: str) -> str:
        """The part of a sheet of the book, by the sheet's key or title."""
        titles = {placed.sheet.key: placed.title for placed in self.layout.sheets}
        titles |= {"index": self.layout.index_title, "lists": self.layout.lists_title}
        return self.package.sheets[titles.get(key, key)]

    def tables(self) -> Iterator[tuple[SheetLayout, Sheet]]:
        """Every table with its sheet, where there is one."""
        for placed in self.layout.sheets:
            if placed.title in self.sheets:
                yield placed, self.sheets[placed.title]

    @cached_property
    def strings(self) -> list[str]:
        """The shared strings."""
        items = every(root_named(self.package, "sst"), "si")
        return ["".join(text_of(text) for text in every(item, "t")) for item in items]

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The workbook's own defined names; those of single sheets are left out."""
        return {
            e.get("name", ""): e.text or ""
            for e in every(book_of(self.package), "definedName")
            if e.get("localSheetId") is None
        }

    def local_names(self) -> Iterator[tuple[str, int, str]]:
        """Names that belong to one sheet: name, number of the sheet, target."""
        for element in every(book_of(self.package), "definedName"):
            if element.get("localSheetId") is not None:
                yield element.get("name", ""), int(element.get("localSheetId", "0")), element.text or ""

    def named_texts(self, name: str) -> list[str]:
        """What stands in the cells of a name that points at a plain range."""
        match = re.fullmatch(r"'?((?:[^']|'')+?)'?!(\$[A-Z$0-9:]+)", self.names.get(name, ""))
        box = corners(match[2]) if match else None
        if not match or not box or match[1].replace("''", "'") not in self.sheets:
            return []
        sheet = self.sheets[match[1].replace("''", "'")]
        left, top, right, bottom = box
        return [
            sheet.text(row - 1, column - 1)
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
        ]

    @cached_property
    def looks(self) -> list[Element]:
        """The formats of conditional rules."""
        return list(every(root_named(self.package, "styleSheet"), "dxf"))

    @cached_property
    def styles(self) -> list[Style]:
        """The formats of cells, by their number."""
        return list(_read_styles(root_named(self.package, "styleSheet")))

    def style(self, cell: Cell | None) -> Style:
        """The format of a cell."""
        return self.styles[cell.style if cell else 0]

    def text_of_part(self, part: str) -> str:
        """A part as text."""
        return self.raw[part].decode("utf-8")

    def changed(self, part: str, text: str) -> Opened:
        """The workbook with one part replaced."""
        return Opened({**self.raw, part: text.encode("utf-8")}, self.layout, self.state)

    def save(self, path: Path) -> Path:
        """Write the package."""
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
            for name, data in self.raw.items():
                package.writestr(name, data)
        return path


@lru_cache(maxsize=256)
def _parse(data: bytes) -> Element:
    """A part; parts that a break leaves alone are not parsed again.  Nobody changes the tree."""
    root: Element = ElementTree.fromstring(data)
    return root


def _read_styles(root: Element | None) -> Iterator[Style]:
    def children(name: str) -> list[Element]:
        found = next(every(root, name), None)
        return list(found) if found is not None else []

    codes = {e.get("numFmtId", ""): e.get("formatCode", "") for e in children("numFmts")}
    fonts, fills, borders = children("fonts"), children("fills"), children("borders")

    def inner(element: Element, name: str, attribute: str) -> str:
        return next((e.get(attribute, "") for e in every(element, name)), "")

    for style in children("cellXfs"):
        font = fonts[int(style.get("fontId", "0"))]
        fill = fills[int(style.get("fillId", "0"))]
        border = borders[int(style.get("borderId", "0"))]
        yield Style(
            inner(style, "protection", "locked").lower() not in ("0", "false"),
            codes.get(style.get("numFmtId", "0"), ""),
            inner(font, "name", "val"),
            inner(font, "sz", "val"),
            inner(font, "color", "rgb")[-6:],
            inner(fill, "fgColor", "rgb")[-6:],
            inner(style, "alignment", "wrapText").lower() in ("1", "true"),
            inner(style, "alignment", "shrinkToFit").lower() in ("1", "true"),
            any(side.get("style") for side in border),
        )


def open_workbook(path: Path, layout: Layout, state: str) -> Opened:
    """Read a written workbook's parts."""
    with zipfile.ZipFile(path) as package:
        return Opened({name: package.read(name) for name in package.namelist()}, layout, state)


# --- breaking it ------------------------------------------------------------------------------

Break = Callable[[Opened], Opened]


def edit(part: str, pattern: str, replacement: str | Callable[[re.Match[str]], str], count: int = 1) -> Break:
    """Break a workbook by a substitution in one part; `count` 0 is every occurrence.

    `part` is a part's name, or the key of a sheet of the book.  What is not found cannot be broken.
    """

    def change(book: Opened) -> Opened:
        name = part if part in book.raw else book.part_of(part)
        text = book.text_of_part(name)
        broken, found = re.subn(pattern, replacement, text, count=count, flags=re.DOTALL)
        if not found or broken == text:
            raise LookupError(f"{name} holds nothing that {pattern!r} would change")
        return book.changed(name, broken)

    return change


def restyle(part: str, address: str, *, like: str) -> Break:
    """Break a workbook by giving a cell the format of another one of its sheet."""

    def change(book: Opened) -> Opened:
        sheet = next(s for s in book.sheets.values() if s.part == book.part_of(part))
        old, new = sheet.cells[address].style, sheet.cells[like].style
        return edit(part, rf'<c r="{address}" s="{old}"', f'<c r="{address}" s="{new}"')(book)

    return change


def unlock(part: str, address: str) -> Break:
    """Break a workbook by leaving one cell open."""

    def change(book: Opened) -> Opened:
        style = next(number for number, style in enumerate(book.styles) if not style.locked)
        return edit(part, rf'(<c r="{address}" s=")\d+', rf"\g<1>{style}")(book)

    return change


def remark(sheet: str, column: str, formula: str | None) -> Break:
    """Break a workbook by giving every conditional format of a column another condition, or none of them."""

    def change(book: Opened) -> Opened:
        at = next(at for at in book.layout.sheet(sheet).written if at.column.key == column)
        head = rf'<conditionalFormatting sqref="{at.letter}\d+:{at.letter}\d+">'
        if formula is None:
            return edit(sheet, head + r".*?</conditionalFormatting>", "")(book)

        def replace(match: re.Match[str]) -> str:
            return re.sub(r"<formula>[^<]*", lambda _: "<formula>" + formula, match[0])

        return edit(sheet, head + r".*?</conditionalFormatting>", replace)(book)

    return change


def revalidate(sheet: str, column: str, pattern: str, replacement: str) -> Break:
    """Break a workbook by a substitution in the validation of one column alone."""

    def change(book: Opened) -> Opened:
        at = next(at for at in book.layout.sheet(sheet).written if at.column.key == column)

        def replace_in(match: re.Match[str]) -> str:
            return re.sub(pattern, replacement, match[0], flags=re.DOTALL)

        one = rf'<dataValidation (?:(?!</dataValidation>).)*? sqref="{at.letter}\d+:{at.letter}\d+"(?:(?!<dataValidation ).)*?</dataValidation>'
        return edit(sheet, one, replace_in)(book)

    return change


def restore(name: str, number: int, text: str) -> Break:
    """Break a workbook by another stored value in the n-th cell of a defined name (from 0)."""

    def change(book: Opened) -> Opened:
        match = re.search(r"'([^']+)'!\$([A-Z]+)\$(\d+)", book.names[name])
        assert match, book.names[name]
        cell = f"{match[2]}{int(match[3]) + number}"
        return edit(match[1], rf'(<c r="{cell}"[^>]*>(?:<f[^>]*/>|<f.*?</f>)<v>)[^<]*', rf"\g<1>{text}")(book)

    return change
