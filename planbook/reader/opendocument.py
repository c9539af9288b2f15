"""What the content of an .ods says beside its values: errors, formulas, merges, hidden rows."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

from planbook.layout import cell_address
from planbook.problems import Code, Location, say
from planbook.reader.facts import MAX_AREA, MAX_COLUMN, MAX_FILLED, MAX_LISTED, Area, SheetFacts
from planbook.reader.package import SMALL_PART, Looked, read_stamp
from planbook.reader.parts import Parts
from planbook.reader.refusal import RefusedError
from planbook.reader.styles import AUTOMATIC, WHITE, Colour, is_unseen, to_colour

_HIDDEN = frozenset({"collapse", "filter"})
_VALUE_OF = MappingProxyType(  # where a cell's value stands that it may show otherwise, by its kind
    dict.fromkeys(("float", "percentage", "currency"), "value")
    | {"string": "string-value", "time": "time-value"}
)
_NO_ZEROS = re.compile(rb'config:name="ShowZeroValues"[^>]*>\s*false')
_LESS_THAN_A_DAY = re.compile(r"\D*|\d{4}\D?")  # a weekday, a year
_COLOURS = MappingProxyType({"text-properties": "color", "table-cell-properties": "background-color"})
_REPEATED = "number-columns-repeated"
MAX_REPEATED = 1000  # cells and rows written once that are looked at one by one: no table has more


@dataclass
class _Table:
    """A sheet on its way through the parser; `row` and `column` are where it stands."""

    title: str
    hidden: bool
    protected: bool
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: dict[bytes, bytes] = field(default_factory=dict)
    unstored: set[bytes] = field(default_factory=set)
    merged: list[Area] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    shown: dict[bytes, str] = field(default_factory=dict)
    unseen: set[bytes] = field(default_factory=set)
    in_row: list[int] = field(default_factory=list)  # the columns of the row at hand that hold anything
    row: int = 0
    column: int = 0
    last_row: int = 0
    last_column: int = 0
    filled: int = 0

    def facts(self, *, zeros_hidden: bool) -> SheetFacts:
        """What was found, frozen."""
        return SheetFacts(
            self.hidden,
            MappingProxyType(self.errors),
            MappingProxyType(self.formulas),
            frozenset(self.unstored),
            tuple(self.merged),
            frozenset(self.hidden_rows),
            frozenset(self.hidden_columns),
            protected=self.protected,
            shown=MappingProxyType(self.shown),
            zeros_hidden=zeros_hidden,
            unseen=frozenset(self.unseen),
        )

    def repeat_row(self, times: int) -> None:
        """What was found in the row at hand, again in the rows below it that the file does not write out."""
        for row in range(self.row + 1, self.row + min(times, MAX_REPEATED)):
            for column in self.in_row:
                old, new = (cell_address(at, column).encode() for at in (self.row, row))
                if (self.row, column) in self.errors:
                    self.errors[row, column] = self.errors[self.row, column]
                if old in self.formulas:
                    self.formulas[new] = self.formulas[old]
                if old in self.unstored:
                    self.unstored.add(new)
                if old in self.unseen:
                    self.unseen.add(new)
                if old in self.shown:
                    self.shown[new] = self.shown[old]


def inspect_ods(parts: Parts) -> Looked:
    """Look into an .ods; RefusedError where it is damaged or too large for a parser."""
    if "content.xml" not in parts:
        raise RefusedError(Code.BROKEN_PACKAGE, say("part_missing", name="content.xml"))
    keywords, modified = _meta(parts)
    settings = parts.read("settings.xml", SMALL_PART) if "settings.xml" in parts else b""
    no_zeros = bool(_NO_ZEROS.search(settings))
    tables = _tables(bytes(parts.read("content.xml")))
    sheets = {table.title: table.facts(zeros_hidden=no_zeros) for table in tables}
    return Looked(modified, keywords, sheets=MappingProxyType(sheets))


def _meta(parts: Parts) -> tuple[str, datetime | None]:
    if "meta.xml" not in parts:
        return "", None
    root = ElementTree.fromstring(bytes(parts.read("meta.xml", SMALL_PART)), forbid_dtd=True)
    words = [element.text or "" for element in root.iter() if _local(element.tag) == "keyword"]
    stamp = next((element.text or "" for element in root.iter() if element.tag.endswith("}date")), "")
    return " ".join(words), read_stamp(stamp[:26])


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _attributes(element: Element) -> dict[str, str]:
    """The attributes by local name; LibreOffice's own value type goes before the standard's."""
    return {
        _local(key): value for key, value in sorted(element.items(), key=lambda item: "calcext" in item[0])
    }


def _tables(content: bytes) -> list[_Table]:
    hidden_styles: set[str] = set()
    looks: dict[str, tuple[Colour, Colour]] = {}  # of cell styles: text and ground
    tables: list[_Table] = []
    style = ""
    depth = 0
    for event, element in ElementTree.iterparse(
        io.BytesIO(content), events=("start", "end"), forbid_dtd=True
    ):
        name = _local(element.tag)
        if event == "start":
            if name == "style":
                style = _attributes(element).get("name", "")
            elif name == "table-properties" and _attributes(element).get("display") == "false":
                hidden_styles.add(style)
            elif name in _COLOURS:
                looks[style] = _look(name, _attributes(element), looks.get(style, (AUTOMATIC, WHITE)))
            elif name == "table":
                depth += 1
                if depth == 1:
                    given = _attributes(element)
                    hidden = given.get("style-name", "-") in hidden_styles
                    tables.append(_Table(given.get("name", ""), hidden, given.get("protected") == "true"))
            elif name == "table-row" and depth == 1:
                tables[-1].column = 0
        elif depth == 1 and tables:
            _finish(tables[-1], name, element, looks)
        if event == "end":
            depth -= name == "table"
            if name in {"table-cell", "covered-table-cell", "table-row", "table"}:
                element.clear()
    return tables


def _look(name: str, given: Mapping[str, str], before: tuple[Colour, Colour]) -> tuple[Colour, Colour]:
    """The colours of a cell style's text and ground, once one of its properties was met."""
    colour = to_colour(given.get(_COLOURS[name], "").removeprefix("#"))
    if not isinstance(colour, tuple):  # none, or transparent
        return before
    return (colour, before[1]) if name == "text-properties" else (before[0], colour)


def _finish(table: _Table, name: str, element: Element, looks: Mapping[str, tuple[Colour, Colour]]) -> None:
    """Take in a cell, row or column whose end was met."""
    if name in {"table-cell", "covered-table-cell"}:
        given = _attributes(element)
        if is_unseen(*looks.get(given.get("style-name", ""), (AUTOMATIC, WHITE))):
            cells = range(table.column, table.column + min(_count(given.get(_REPEATED)), MAX_REPEATED))
            table.unseen.update(cell_address(table.row, column).encode() for column in cells)
        _take_cell(table, element, given)
    elif name == "table-row":
        given = _attributes(element)
        repeated = _count(given.get("number-rows-repeated"))
        if given.get("visibility") in _HIDDEN:
            table.hidden_rows.update(range(table.row, table.row + min(repeated, MAX_LISTED)))
        if repeated > 1 and table.in_row:  # the row that repeats has content
            table.repeat_row(repeated)
            table.last_row = table.row + repeated - 1
        table.row += repeated
        table.in_row.clear()
        _check_size(table)
    elif name == "table-column":
        given = _attributes(element)
        repeated = min(_count(given.get(_REPEATED)), MAX_COLUMN)
        if given.get("visibility") in _HIDDEN:
            table.hidden_columns.update(range(table.column, table.column + repeated))
        table.column += repeated


def _take_cell(table: _Table, element: Element, given: Mapping[str, str]) -> None:
    repeated = min(_count(given.get(_REPEATED)), MAX_COLUMN)
    kind = given.get("value-type", "")
    if kind or given.get("formula"):
        table.filled += repeated
        table.last_row, table.last_column = table.row, max(table.last_column, table.column + repeated - 1)
        for column in range(table.column, table.column + min(repeated, MAX_REPEATED)):
            table.in_row.append(column)
            _take_content(table, column, element, given)
    rows, columns = _count(given.get("number-rows-spanned")), _count(given.get("number-columns-spanned"))
    if (rows > 1 or columns > 1) and len(table.merged) < MAX_LISTED:
        area = (table.row, table.column, table.row + rows - 1, table.column + columns - 1)
        table.merged.append(area)
    table.column += repeated
    _check_size(table)


def _take_content(table: _Table, column: int, element: Element, given: Mapping[str, str]) -> None:
    kind = given.get("value-type", "")
    address = cell_address(table.row, column).encode()
    if given.get("formula"):
        formula = given["formula"].partition(":")[2].lstrip("=") or given["formula"]
        table.formulas[address] = formula.replace("&", "&amp;").encode()
        if not kind:
            table.unstored.add(address)
    if kind == "error":
        table.errors[table.row, column] = _shown_text(element).strip() or "#N/A"
    elif kind in _VALUE_OF:
        shown, value = _shown_text(element), given.get(_VALUE_OF[kind])
        if value is not None and "".join(shown.split()) != "".join(value.split()):
            table.shown[address] = shown
    elif kind == "date" and _LESS_THAN_A_DAY.fullmatch(_shown_text(element).strip()):
        table.shown[address] = _shown_text(element)


def _shown_text(element: Element) -> str:
    """What a cell shows: its paragraphs; a note on it has paragraphs of its own."""
    return "\n".join("".join(child.itertext()) for child in element if _local(child.tag) == "p")


def _check_size(table: _Table) -> None:
    if table.filled > MAX_FILLED or (table.last_row + 1) * (table.last_column + 1) > MAX_AREA:
        far = cell_address(table.last_row, table.last_column)
        raise RefusedError(Code.FAR_CELL, far, place=Location(sheet=table.title, cell=far))


def _count(text: str | None) -> int:
    return max(1, int(text)) if text and text.isdecimal() and len(text) < 9 else 1
