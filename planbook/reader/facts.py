"""What a sheet's XML says beside its values: errors, formulas, merges, hidden rows, telling formats.

calamine gives values alone, and an error cell as a blank.  A sheet is searched as bytes, which
costs a few milliseconds; one written in another form than every application writes is parsed.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

from planbook.layout import cell_address, cell_place, column_number
from planbook.problems import Code, Location, say
from planbook.reader.refusal import RefusedError
from planbook.reader.shown import is_day_format, show_any
from planbook.reader.styles import Styles

MAX_AREA = 4_000_000  # cells of a sheet up to its last one with content
MAX_FILLED = 1_500_000  # cells with content
MAX_ROW, MAX_COLUMN = 1_048_576, 16_384
MAX_LISTED = 20_000  # merges, hidden rows: more than that is nothing a person did

_ODD_CELL = re.compile(rb'<c(?=[\s/>])(?! r="[A-Z]{1,3}[0-9]{1,7}"[ />])')
_ODD_ROW = re.compile(rb'<row(?=[\s/>])(?! r="[0-9]{1,7}"[ />])(?=[^<>]*\bhidden\b)')
_ODD_ATTRIBUTE = re.compile(rb"<(?:c|row|col|mergeCell|sheetProtection)\s[^<>]*(?:='|\s=|=\s)")
_SPACES = (b" ", b"\n", b"\r", b"\t")
_PREFIXED = re.compile(rb":c[\s/>]")
_FILLED = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"[^>]*(?<!/)>')
_PLACE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_FORMULA = re.compile(
    rb'<c r="([A-Z]{1,3}[0-9]{1,7})"([^>]*)>\s*<f(?:[^>]*/>|[^>]*>([^<]*)</f>)\s*(?:<v[^/>]*>([^<]*))?'
)
_ERROR = re.compile(
    rb'<c r="([A-Z]{1,3}[0-9]{1,7})"[^>]*\bt="e"[^>]*>(?:\s*<f(?:[^>]*/>|[^>]*>[^<]*</f>))?(?:\s*<v>([^<]*))?'
)
_BAD_STRING = re.compile(rb't="s"[^>]*>\s*<v>(?!\s*[0-9]+\s*</v>)')
_HIDDEN_ROW = re.compile(rb'<row r="([0-9]{1,7})"[^>]*\bhidden="(?:1|true)"')
_FLAT_ROW = re.compile(rb'<row r="([0-9]{1,7})"[^>]*\sht="[01](?:\.[0-9]*)?"')
_FLAT = re.compile(rb' ht="[01](?:\.[0-9]*)?"')
_COLUMN = re.compile(rb"<col\b([^>]*)>")
_ATTRIBUTE = re.compile(rb'\b(min|max|width|hidden)="([a-z0-9.]{1,20})"')
_NARROWEST = 0.3  # digits of a column's width that still show one
_FLATTEST = 2.0  # points of a row's height
_NO_ZEROS = re.compile(rb'<sheetView\b[^>]*\bshowZeros="(?:0|false)"')
_CONDITIONS = re.compile(  # of Excel 2007, and of the extensions that Excel 2010 has for newer ones
    rb"<(?:[\w.-]{1,40}:)?conditionalFormatting\b[^>]*>.*?</(?:[\w.-]{1,40}:)?conditionalFormatting>",
    re.DOTALL,
)
_APPLIES_TO = re.compile(rb"""\bsqref\s*=\s*["']([^"']*)|:sqref>([^<]*)""")
_STYLE_ID = re.compile(rb"""\bdxfId\s*=\s*["']([0-9]{1,6})["']""")
_OWN_STYLE = re.compile(rb"<(?:[\w.-]{1,40}:)?dxf>.*?</(?:[\w.-]{1,40}:)?dxf>", re.DOTALL)
_MOST_CONDITIONS = 500  # areas that are kept apart
_MERGED = re.compile(rb'<mergeCell ref="([^"]{2,30})"')
_ENTITY = {b"&lt;": b"<", b"&gt;": b">", b"&quot;": b'"', b"&apos;": b"'", b"&amp;": b"&"}
_ENTITIES = re.compile(b"|".join(_ENTITY))

Area = tuple[int, int, int, int]  # first row, first column, last row, last column, from 0


@dataclass(frozen=True)
class SheetFacts:
    """One sheet's facts; rows and columns count from 0, addresses are as Excel writes them.

    `formulas` maps an address to the formula as the XML has it (nothing where it shares another
    cell's); `unstored` are formula cells without a value; `formats` the number formats, by address,
    that may show a value otherwise than it is stored, `shown` what cells show where the file has that
    instead.  `unseen` are the cells whose text has the colour of its ground, `conditional` the areas
    whose conditional formats may show another number, or ``""`` nothing.  Addresses and formulas are
    bytes: most of the thousands in a workbook are never looked at.
    """

    hidden: bool = False
    errors: Mapping[tuple[int, int], str] = field(default_factory=lambda: MappingProxyType({}))
    formulas: Mapping[bytes, bytes] = field(default_factory=lambda: MappingProxyType({}))
    unstored: frozenset[bytes] = frozenset()
    merged: tuple[Area, ...] = ()
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    formats: Mapping[bytes, str] = field(default_factory=lambda: MappingProxyType({}))
    protected: bool = False
    shown: Mapping[bytes, str] = field(default_factory=lambda: MappingProxyType({}))
    zeros_hidden: bool = False
    unseen: frozenset[bytes] = frozenset()
    conditional: tuple[tuple[Area, str], ...] = ()

    def formula_at(self, address: str) -> str | None:
        """The formula of a cell without its ``=``, ``""`` where it shares another's; None for no formula."""
        formula = self.formulas.get(address.encode())
        return None if formula is None else _text(formula)

    def is_unstored(self, address: str) -> bool:
        """Whether the cell has a formula and no value."""
        return address.encode() in self.unstored

    def shown_at(self, address: str, value: object) -> str | None:
        """What a cell shows of `value` where that may be something else; None where it shows it plainly."""
        if isinstance(value, bool) or not isinstance(value, int | float | str | date):
            return None
        if self.zeros_hidden and value == 0:
            return ""
        place = address.encode()
        if place in self.shown:
            return self.shown[place]
        code = self.formats.get(place)
        return None if code is None else show_any(code, value)

    def is_unseen(self, address: str) -> bool:
        """Whether what stands in the cell has the colour of its ground."""
        return address.encode() in self.unseen

    def conditions_at(self, address: str) -> Iterator[str]:
        """The number formats that conditions may give a cell; ``""`` for text that nobody sees."""
        if self.conditional:
            row, column = cell_place(address)
            for (first_row, first, last_row, last), code in self.conditional:
                if first_row <= row <= last_row and first <= column <= last:
                    yield code

    def shows_day(self, address: str) -> bool:
        """Whether the cell shows a number as a day although parsers give the number."""
        return is_day_format(self.formats.get(address.encode(), ""))


NO_FACTS = SheetFacts()


def scan_sheet(
    title: str, part: str, content: bytes | bytearray, styles: Styles, *, hidden: bool = False
) -> tuple[SheetFacts, bool]:
    """The facts of a sheet's XML, and whether only a full parser reads its values right.

    Raises RefusedError for a sheet that no application writes, or that no parser could hold.
    """
    if content.count(b"</c>") > MAX_FILLED:
        raise RefusedError(Code.UNSAFE_PACKAGE, say("many_cells", name=part, count=f"{MAX_FILLED:,}"))
    unusual = b"\x00" in content or b"<![CDATA[" in content
    if unusual or _is_odd(content):
        return _parse_sheet(title, part, bytes(content), styles, hidden=hidden), unusual
    _check_extent(title, part, _FILLED.findall(content))
    if _BAD_STRING.search(content) or b"</v><v" in content:
        raise RefusedError(Code.BROKEN_PACKAGE, say("value_no_value", name=part))
    formulas = _FORMULA.findall(content)
    start, end = max(0, content.find(b"<sheetData")), max(0, content.rfind(b"</row>"))
    head, tail = content[:start], content[end:]
    facts = SheetFacts(
        hidden,
        _errors(content),
        MappingProxyType({address: formula for address, _, formula, _ in formulas}),
        frozenset(address for address, how, _, value in formulas if not value and b't="str"' not in how),
        _areas(match.decode("ascii", "replace") for match in _MERGED.findall(tail)),
        _hidden_rows(content),
        _hidden_columns(_COLUMN.findall(head)),
        MappingProxyType({cell: styles.formats[style] for cell, style in _styled(content, styles.formats)}),
        b"<sheetProtection " in tail,
        zeros_hidden=bool(_NO_ZEROS.search(head)),
        unseen=frozenset(cell for cell, _ in _styled(content, styles.unseen)),
        conditional=_conditions(tail, styles),
    )
    return facts, False


def _is_odd(content: bytes | bytearray) -> bool:
    """Whether the XML has another form than the search expects, though it may mean the same."""
    if b"<worksheet" not in content[:4096] or b"<!--" in content:
        return True
    forms = [_ODD_CELL, _PREFIXED]
    if b"hidden=" in content:
        forms.append(_ODD_ROW)
    if b"='" in content or any(  # most often in a formula, where it means nothing
        space + b"=" in content or b"=" + space in content
        for space in _SPACES
        if content.find(space, 200) >= 0  # behind the declaration
    ):
        forms.append(_ODD_ATTRIBUTE)
    return any(form.search(content) for form in forms)


def _check_extent(title: str, part: str, cells: list[tuple[bytes, bytes]]) -> None:
    """Refuse cells so far out that a parser would drown, and two contents of one cell."""
    if not cells:
        return
    columns = {letters: column_number(letters.decode()) + 1 for letters in {cell[0] for cell in cells}}
    rows = {int(digits) for digits in {cell[1] for cell in cells}}
    last_row, last_column = max(rows), max(columns.values())
    if min(rows) < 1 or last_row > MAX_ROW or last_column > MAX_COLUMN:
        raise RefusedError(Code.UNSAFE_PACKAGE, say("cell_outside", name=part))
    if last_row * last_column > MAX_AREA:
        far = max(cells, key=lambda cell: int(cell[1]) * columns[cell[0]])
        address = f"{far[0].decode()}{far[1].decode()}"
        raise RefusedError(Code.FAR_CELL, address, place=Location(sheet=title, cell=address))
    if len(set(cells)) != len(cells):
        twice, _ = Counter(cells).most_common(1)[0]
        address = f"{twice[0].decode()}{twice[1].decode()}"
        place = Location(sheet=title, cell=address)
        raise RefusedError(Code.BROKEN_PACKAGE, say("cell_twice", name=address), place=place)


def _errors(content: bytes | bytearray) -> Mapping[tuple[int, int], str]:
    if b't="e"' not in content:
        return NO_FACTS.errors
    return MappingProxyType({position(m[0].decode()): _text(m[1]) or "#N/A" for m in _ERROR.findall(content)})


def _hidden_rows(content: bytes | bytearray) -> frozenset[int]:
    rows = _HIDDEN_ROW.findall(content) if b'hidden="' in content else []
    if _FLAT.search(content):
        rows += _FLAT_ROW.findall(content)
    return frozenset(int(row) - 1 for row in rows[:MAX_LISTED])


def _hidden_columns(attributes: Iterable[bytes]) -> frozenset[int]:
    hidden: set[int] = set()
    for text in attributes:
        given = {name.decode(): value.decode() for name, value in _ATTRIBUTE.findall(text)}
        hidden.update(_columns_without_width(given))
    return frozenset(hidden)


def _columns_without_width(given: Mapping[str, str]) -> range:
    """The columns that a ``col`` element hides, or leaves no width to show anything in."""
    if not _is_true(given.get("hidden")) and not is_below(given.get("width"), _NARROWEST):
        return range(0)
    return range(int(given.get("min", "1")) - 1, min(int(given.get("max", "0")), MAX_COLUMN))


def is_below(size: str | None, least: float) -> bool:
    """Whether a size was given, and is too small for anything to be seen."""
    try:
        return size is not None and float(size) < least
    except ValueError:
        return False


def _conditions(content: bytes | bytearray, styles: Styles) -> tuple[tuple[Area, str], ...]:
    """Where conditional formats may show another number than is stored, or nothing."""
    own = b"dxf>" in content
    if not styles.conditional and not own:
        return ()
    found: list[tuple[Area, str]] = []
    for condition in _CONDITIONS.findall(content, 0, content.rfind(b"conditionalFormatting>") + 22):
        codes = [styles.conditional.get(int(style)) for style in _STYLE_ID.findall(condition)]
        codes += [styles.told_by(style) for style in _OWN_STYLE.findall(condition)] if own else []
        told = sorted({code for code in codes if code is not None})
        references = b" ".join(one or other for one, other in _APPLIES_TO.findall(condition)) if told else b""
        areas = _areas(references.decode("ascii", "replace").split())
        if areas and len(found) + len(areas) * len(told) > _MOST_CONDITIONS:
            rows, columns = [sorted(a[at::2] for a in areas) for at in (0, 1)]
            areas = ((rows[0][0], columns[0][0], max(r[1] for r in rows), max(c[1] for c in columns)),)
        found += [(area, code) for code in told for area in areas]
    return tuple(found[: 2 * _MOST_CONDITIONS])


def _areas(references: Iterable[str]) -> tuple[Area, ...]:
    """Merged ranges as areas; what is no range is left out."""
    areas = []
    for reference in references:
        first, _, last = reference.partition(":")
        if _PLACE.fullmatch(first) and _PLACE.fullmatch(last or first):
            areas.append((*position(first), *position(last or first)))
        if len(areas) >= MAX_LISTED:
            break
    return tuple(areas)


def _styled(content: bytes | bytearray, styles: Iterable[int]) -> Iterator[tuple[bytes, int]]:
    """The filled cells that have one of some styles, each with its own."""
    wanted = b"|".join(str(style).encode() for style in styles)
    if wanted:
        styled = re.compile(
            rb'<c r="([A-Z]{1,3}[0-9]{1,7})"(?: t="[a-zA-Z]+")? s="(' + wanted + rb')"(?:[^>]*[^/])?>'
        )
        yield from ((address, int(style)) for address, style in styled.findall(content))


def position(address: str) -> tuple[int, int]:
    """The 0-based row and column of an address."""
    return cell_place(address.upper())


def _text(raw: bytes) -> str:
    return _ENTITIES.sub(lambda found: _ENTITY[found[0]], raw).decode("utf-8", "replace")


# -- sheets written in another form: prefixes, other quotes, cells without an address --------


@dataclass
class _Parsed:
    """What a parser collects on its way through a sheet."""

    cells: list[tuple[bytes, bytes]] = field(default_factory=list)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: dict[bytes, bytes] = field(default_factory=dict)
    unstored: set[bytes] = field(default_factory=set)
    formats: dict[bytes, str] = field(default_factory=dict)
    unseen: set[bytes] = field(default_factory=set)
    merged: list[str] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    zeros_hidden: bool = False
    row: int = -1
    column: int = -1


def _parse_sheet(title: str, part: str, content: bytes, styles: Styles, *, hidden: bool) -> SheetFacts:
    parsed = _Parsed()
    for event, element in ElementTree.iterparse(io.BytesIO(content), events=("start", "end")):
        name = element.tag.rpartition("}")[2]
        if event == "start" and name == "row":
            _start_row(parsed, element)
        elif event == "start" and name == "sheetView":
            parsed.zeros_hidden |= element.get("showZeros") in {"0", "false"}
        elif event == "end" and name in {"c", "row", "col", "mergeCell"}:
            if name == "c":
                _take_cell(parsed, element, styles)
            elif name == "col":
                parsed.hidden_columns.update(_columns_without_width(dict(element.items())))
            elif name == "mergeCell":
                parsed.merged.append(element.get("ref", ""))
            element.clear()
    _check_extent(title, part, parsed.cells)
    return SheetFacts(
        hidden,
        MappingProxyType(parsed.errors),
        MappingProxyType(parsed.formulas),
        frozenset(parsed.unstored),
        _areas(parsed.merged),
        frozenset(parsed.hidden_rows),
        frozenset(parsed.hidden_columns),
        MappingProxyType(parsed.formats),
        b"sheetProtection" in content,
        zeros_hidden=parsed.zeros_hidden,
        unseen=frozenset(parsed.unseen),
        conditional=_conditions(content, styles),
    )


def _start_row(parsed: _Parsed, element: Element) -> None:
    number = element.get("r", "")
    parsed.row = int(number) - 1 if number.isdecimal() else parsed.row + 1
    parsed.column = -1
    unseen = _is_true(element.get("hidden")) or is_below(element.get("ht"), _FLATTEST)
    if unseen and len(parsed.hidden_rows) < MAX_LISTED:
        parsed.hidden_rows.add(parsed.row)


def _take_cell(parsed: _Parsed, element: Element, styles: Styles) -> None:
    place = element.get("r", "")
    if _PLACE.fullmatch(place):
        row, parsed.column = position(place)
    else:
        row, parsed.column = parsed.row, parsed.column + 1
    address = cell_address(row, parsed.column)
    children = {child.tag.rpartition("}")[2]: child for child in element}
    value = children["v"].text if "v" in children else None
    style = element.get("s", "")
    if "f" in children:
        formula = (children["f"].text or "").replace("&", "&amp;").replace("<", "&lt;")
        parsed.formulas[address.encode()] = formula.encode()
        if not value and element.get("t") != "str":
            parsed.unstored.add(address.encode())
    if value or "is" in children:
        letters = address.rstrip("0123456789")
        parsed.cells.append((letters.encode(), address[len(letters) :].encode()))
        number = int(style) if style.isdecimal() else -1
        if number in styles.formats:
            parsed.formats[address.encode()] = styles.formats[number]
        if number in styles.unseen:
            parsed.unseen.add(address.encode())
    if element.get("t") == "e":
        parsed.errors[row, parsed.column] = value or "#N/A"


def _is_true(text: str | None) -> bool:
    return text in {"1", "true"}
