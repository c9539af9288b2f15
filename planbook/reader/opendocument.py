"""What the content of an .ods says beside its values: errors, formulas, merges, hidden rows."""

from __future__ import annotations

import io
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

_HIDDEN = frozenset({"collapse", "filter"})


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
    formats: dict[bytes, str] = field(default_factory=dict)
    row: int = 0
    column: int = 0
    last_row: int = 0
    last_column: int = 0
    filled: int = 0

    def facts(self) -> SheetFacts:
        """What was found, frozen."""
        return SheetFacts(
            self.hidden,
            MappingProxyType(self.errors),
            MappingProxyType(self.formulas),
            frozenset(self.unstored),
            tuple(self.merged),
            frozenset(self.hidden_rows),
            frozenset(self.hidden_columns),
            MappingProxyType(self.formats),
            self.protected,
        )


def inspect_ods(parts: Parts) -> Looked:
    """Look into an .ods; RefusedError where it is encrypted, damaged or too large for a parser."""
    manifest = "META-INF/manifest.xml"
    if manifest in parts and b"encryption-data" in parts.read(manifest, SMALL_PART):
        raise RefusedError(Code.ENCRYPTED)
    if "content.xml" not in parts:
        raise RefusedError(Code.BROKEN_PACKAGE, say("part_missing", name="content.xml"))
    keywords, modified = _meta(parts)
    sheets = {table.title: table.facts() for table in _tables(bytes(parts.read("content.xml")))}
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
            elif name == "table":
                depth += 1
                if depth == 1:
                    given = _attributes(element)
                    hidden = given.get("style-name", "-") in hidden_styles
                    tables.append(_Table(given.get("name", ""), hidden, given.get("protected") == "true"))
            elif name == "table-row" and depth == 1:
                tables[-1].column = 0
        elif depth == 1 and tables:
            _finish(tables[-1], name, element)
        if event == "end":
            depth -= name == "table"
            if name in {"table-cell", "covered-table-cell", "table-row", "table"}:
                element.clear()
    return tables


def _finish(table: _Table, name: str, element: Element) -> None:
    """Take in a cell, row or column whose end was met."""
    if name in {"table-cell", "covered-table-cell"}:
        _take_cell(table, element, _attributes(element))
    elif name == "table-row":
        given = _attributes(element)
        repeated = _count(given.get("number-rows-repeated"))
        if given.get("visibility") in _HIDDEN:
            table.hidden_rows.update(range(table.row, table.row + min(repeated, MAX_LISTED)))
        if repeated > 1 and table.last_row == table.row and table.filled:  # the row that repeats has content
            table.last_row = table.row + repeated - 1
        table.row += repeated
        _check_size(table)
    elif name == "table-column":
        given = _attributes(element)
        repeated = min(_count(given.get("number-columns-repeated")), MAX_COLUMN)
        if given.get("visibility") in _HIDDEN:
            table.hidden_columns.update(range(table.column, table.column + repeated))
        table.column += repeated


def _take_cell(table: _Table, element: Element, given: Mapping[str, str]) -> None:
    repeated = min(_count(given.get("number-columns-repeated")), MAX_COLUMN)
    kind = given.get("value-type", "")
    address = cell_address(table.row, table.column).encode()
    if kind or given.get("formula"):
        table.filled += repeated
        table.last_row, table.last_column = table.row, max(table.last_column, table.column + repeated - 1)
    if given.get("formula"):
        formula = given["formula"].partition(":")[2].lstrip("=") or given["formula"]
        table.formulas[address] = formula.replace("&", "&amp;").encode()
        if not kind:
            table.unstored.add(address)
    if kind == "error":
        text = "".join(element.itertext()).strip()
        table.errors[table.row, table.column] = text or "#N/A"
    elif kind == "percentage":
        table.formats[address] = "0%"
    rows, columns = _count(given.get("number-rows-spanned")), _count(given.get("number-columns-spanned"))
    if (rows > 1 or columns > 1) and len(table.merged) < MAX_LISTED:
        area = (table.row, table.column, table.row + rows - 1, table.column + columns - 1)
        table.merged.append(area)
    table.column += repeated
    _check_size(table)


def _check_size(table: _Table) -> None:
    if table.filled > MAX_FILLED or (table.last_row + 1) * (table.last_column + 1) > MAX_AREA:
        far = cell_address(table.last_row, table.last_column)
        raise RefusedError(Code.FAR_CELL, far, place=Location(sheet=table.title, cell=far))


def _count(text: str | None) -> int:
    return max(1, int(text)) if text and text.isdecimal() and len(text) < 9 else 1
