"""What the records of an old .xls say beside its values: errors, formulas, merges, hidden rows.

Record numbers and layouts are those of [MS-XLS], the property set's those of [MS-OLEPS].
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from planbook.layout import cell_address
from planbook.problems import Code, Location
from planbook.reader.compound import CompoundError, CompoundFile, records
from planbook.reader.facts import MAX_AREA, Area, SheetFacts
from planbook.reader.package import Looked
from planbook.reader.refusal import RefusedError
from planbook.reader.styles import (
    AUTOMATIC,
    WHITE,
    Colour,
    Styles,
    choose_telling,
    indexed_colour,
    is_unseen,
)

_EOF, _BOF, _FILEPASS, _BOUNDSHEET, _DATEMODE = 0x000A, 0x0809, 0x002F, 0x0085, 0x0022
_XF, _FORMAT, _FONT, _PALETTE = 0x00E0, 0x041E, 0x0031, 0x0092
_NUMBER, _RK, _MULRK, _LABEL, _LABELSST, _BOOLERR, _FORMULA = (
    0x0203,
    0x027E,
    0x00BD,
    0x0204,
    0x00FD,
    0x0205,
    6,
)
_ROW, _COLINFO, _MERGED, _PROTECT, _WINDOW = 0x0208, 0x007D, 0x00E5, 0x0012, 0x023E
_VALUES = frozenset({_NUMBER, _RK, _MULRK, _LABEL, _LABELSST, _BOOLERR, _FORMULA})
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_FLATTEST, _NARROWEST = 40, 77  # twentieths of a point, 256ths of a digit
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


@dataclass
class _Sheet:
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: dict[bytes, bytes] = field(default_factory=dict)
    merged: list[Area] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    formats: dict[bytes, str] = field(default_factory=dict)
    unseen: set[bytes] = field(default_factory=set)
    protected: bool = False
    zeros_hidden: bool = False
    last_row: int = 0
    last_column: int = 0


def is_encrypted_xls(file: CompoundFile) -> bool:
    """Whether a password stands before the records of a workbook."""
    if "Workbook" not in file:
        return False
    return any(kind == _FILEPASS for kind, _ in _globals(file.read("Workbook")))


def inspect_xls(file: CompoundFile) -> Looked:
    """Look into an .xls; RefusedError where a sheet is too large for a parser."""
    stream = file.read("Workbook" if "Workbook" in file else "Book")
    styles = _styles(stream)
    sheets: dict[str, SheetFacts] = {}
    for kind, body in _globals(stream):
        if kind != _BOUNDSHEET or len(body) < 8:
            continue
        start, state = struct.unpack_from("<IB", body)
        title = _short_text(body[6:])
        sheet = _read_sheet(stream, start, styles)
        if (sheet.last_row + 1) * (sheet.last_column + 1) > MAX_AREA:
            far = cell_address(sheet.last_row, sheet.last_column)
            raise RefusedError(Code.FAR_CELL, far, place=Location(sheet=title, cell=far))
        sheets[title] = SheetFacts(
            bool(state & 3),
            MappingProxyType(sheet.errors),
            MappingProxyType(sheet.formulas),
            frozenset(),
            tuple(sheet.merged),
            frozenset(sheet.hidden_rows),
            frozenset(sheet.hidden_columns),
            MappingProxyType(sheet.formats),
            sheet.protected,
            zeros_hidden=sheet.zeros_hidden,
            unseen=frozenset(sheet.unseen),
        )
    modified, keywords = _properties(file)
    date_1904 = any(kind == _DATEMODE and body[:1] == b"\x01" for kind, body in _globals(stream))
    return Looked(modified, keywords, sheets=MappingProxyType(sheets), date_1904=date_1904)


def _globals(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """The records before the first sheet's."""
    for _, kind, body in records(stream):
        if kind == _EOF:
            return
        yield kind, body


def _short_text(raw: bytes) -> str:
    """A text with its length in one byte and its flags in the next."""
    if len(raw) < 2:
        return ""
    length, wide = raw[0], raw[1] & 1
    text = raw[2 : 2 + length * (2 if wide else 1)]
    return text.decode("utf-16-le" if wide else "latin-1", "replace")


def _styles(stream: bytes) -> Styles:
    """The cell styles that show a value otherwise than it is stored, or not at all."""
    codes: dict[int, str] = {}
    looks: list[bytes] = []
    fonts: list[int] = []  # the number of each one's colour
    palette: tuple[Colour, ...] = ()
    for kind, body in _globals(stream):
        if kind == _FORMAT and len(body) >= 5:
            number, length, wide = struct.unpack_from("<HHB", body)
            raw = body[5 : 5 + length * (2 if wide & 1 else 1)]
            codes[number] = raw.decode("utf-16-le" if wide & 1 else "latin-1", "replace")
        elif kind == _XF and len(body) >= 4:
            looks.append(body)
        elif kind == _FONT and len(body) >= 6:
            fonts.append(struct.unpack_from("<H", body, 4)[0])
        elif kind == _PALETTE:
            palette = tuple(
                (red, green, blue) for red, green, blue, _ in struct.iter_unpack("4B", body[2:226])
            )
    seen = [_look(body, fonts, palette) for body in looks]
    dark = {at for at, (_, ground) in enumerate(seen) if not is_unseen(WHITE, ground)}
    formats = choose_telling([struct.unpack_from("<HH", body)[1] for body in looks], codes, dark)
    return Styles(formats, frozenset(at for at, (text, ground) in enumerate(seen) if is_unseen(text, ground)))


def _look(body: bytes, fonts: Sequence[int], palette: Sequence[Colour]) -> tuple[Colour, Colour | None]:
    """The colours of a cell style's text and ground; no ground where it has a pattern."""
    font = struct.unpack_from("<H", body)[0]
    font -= font > 4  # there is no fifth font
    text = indexed_colour(fonts[font], palette) if font < len(fonts) else AUTOMATIC
    if len(body) < 20:
        return text, WHITE
    pattern, ground = (
        struct.unpack_from("<I", body, 14)[0] >> 26,
        struct.unpack_from("<H", body, 18)[0] & 0x7F,
    )
    if pattern > 1:
        return text, None
    return text, indexed_colour(ground, palette) if pattern else WHITE


def _read_sheet(stream: bytes, start: int, styles: Styles) -> _Sheet:
    sheet = _Sheet()
    depth = 0
    for _, kind, body in records(stream[start:]):
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                break
        elif depth == 1 and kind in _VALUES and len(body) >= 6:
            _take_value(sheet, kind, body, styles)
        elif depth == 1:
            _take_shape(sheet, kind, body)
    return sheet


def _take_value(sheet: _Sheet, kind: int, body: bytes, styles: Styles) -> None:
    row, column, style = struct.unpack_from("<HHH", body)
    used = [style]
    if kind == _MULRK:  # neighbours in one record, six bytes each
        used = [struct.unpack_from("<H", body, at)[0] for at in range(4, len(body) - 6, 6)]
    last = min(column + len(used) - 1, 255)
    sheet.last_row, sheet.last_column = max(sheet.last_row, row), max(sheet.last_column, last)
    for at, style in enumerate(used, column):
        if style in styles.formats:
            sheet.formats[cell_address(row, at).encode()] = styles.formats[style]
        if style in styles.unseen:
            sheet.unseen.add(cell_address(row, at).encode())
    if kind == _BOOLERR and len(body) >= 8 and body[7]:
        sheet.errors[row, column] = _ERRORS.get(body[6], "#N/A")
    elif kind == _FORMULA and len(body) >= 14:
        sheet.formulas[cell_address(row, column).encode()] = b""
        if body[12:14] == b"\xff\xff" and body[6] == 2:
            sheet.errors[row, column] = _ERRORS.get(body[8], "#N/A")


def _take_shape(sheet: _Sheet, kind: int, body: bytes) -> None:
    if kind == _ROW and len(body) >= 16:
        row, flags = struct.unpack_from("<H", body)[0], struct.unpack_from("<I", body, 12)[0]
        if flags & 0x20 or struct.unpack_from("<H", body, 6)[0] & 0x7FFF < _FLATTEST:
            sheet.hidden_rows.add(row)
    elif kind == _COLINFO and len(body) >= 10:
        first, last, width, _, flags = struct.unpack_from("<5H", body)
        if flags & 1 or width < _NARROWEST:
            sheet.hidden_columns.update(range(first, min(last, 255) + 1))
    elif kind == _PROTECT:
        sheet.protected = body[:2] == b"\x01\x00"
    elif kind == _WINDOW and len(body) >= 2:
        sheet.zeros_hidden = not struct.unpack_from("<H", body)[0] & 0x10
    elif kind == _MERGED and len(body) >= 2:
        count = min(struct.unpack_from("<H", body)[0], (len(body) - 2) // 8)
        for at in range(count):
            first_row, last_row, first, last = struct.unpack_from("<4H", body, 2 + at * 8)
            sheet.merged.append((first_row, first, last_row, last))


def _properties(file: CompoundFile) -> tuple[datetime | None, str]:
    """When the workbook was last saved, and its keywords, from its summary."""
    name = "\x05SummaryInformation"
    try:
        raw = file.read(name) if name in file else b""
        section = struct.unpack_from("<I", raw, 44)[0]
        count = struct.unpack_from("<I", raw, section + 4)[0]
        places = dict(struct.iter_unpack("<II", raw[section + 8 : section + 8 + min(count, 64) * 8]))
        stamp, words = None, ""
        if 13 in places:
            ticks = struct.unpack_from("<Q", raw, section + places[13] + 4)[0]
            stamp = _EPOCH + timedelta(microseconds=ticks // 10)
        if 5 in places:
            length = struct.unpack_from("<I", raw, section + places[5] + 4)[0]
            at = section + places[5] + 8
            words = raw[at : at + min(length, 4096)].rstrip(b"\x00").decode("utf-8", "replace")
    except (struct.error, OverflowError, CompoundError):
        return None, ""
    return stamp, words
