"""What is looked at before any parser: is this a workbook, and is it safe to open?"""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from planbook.problems import Code, Location, Problem

MAX_FILE = 50 * 2**20
MAX_ENTRIES = 3000
MAX_INFLATED = 400 * 2**20
MAX_RATIO = 300
RATIO_FROM = 20 * 2**20  # small parts may compress as well as they like
MAX_CELLS = 20_000_000  # area of a sheet up to its last cell

# named as file formats, which need no translation
KINDS = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"{\\rtf", "RTF"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CELL = re.compile(rb'<c\b[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"([^>]*)>(?:<v>([^<]*)</v>)?')
_ANY_CELL = re.compile(rb"<(?:[\w.-]+:)?c(?=[\s/>])")
_PLACE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_ERROR = re.compile(rb'\bt="e"')
_NS = {
    "m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "cp": "http://schemas.openxmlformats.org/package/2006/metadata/core-properties",
    "dcterms": "http://purl.org/dc/terms/",
}


class RefusedError(Exception):
    """Inside this module only: the file is refused, for this problem."""

    def __init__(self, code: Code, found: str = "", expected: str = "") -> None:
        super().__init__(code)
        self.problem = Problem(code, Location(), found, expected)


@dataclass(frozen=True)
class Package:
    """A workbook that passed: its bytes' hash, and what its parts say without a parser for cells.

    `errors` maps a sheet's title to its error cells by 0-based (row, column).
    """

    path: Path
    sha256: str
    modified: datetime | None = None
    keywords: str = ""
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    errors: Mapping[str, Mapping[tuple[int, int], str]] = field(default_factory=lambda: MappingProxyType({}))


def open_package(path: Path) -> Package | Problem:
    """Look a file over; the Problem says why it is refused."""
    try:
        _check_regular(path)
        data = path.read_bytes()
        _check_magic(data)
        with zipfile.ZipFile(path) as archive:
            parts = _read_parts(archive)
        return _look_inside(path, data, parts)
    except RefusedError as refused:
        return Problem(
            refused.problem.code, Location(file=path.name), refused.problem.found, refused.problem.expected
        )
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ParseError) as error:
        return Problem(
            Code.BROKEN_PACKAGE, Location(file=path.name), found=str(error) or type(error).__name__
        )
    except DefusedXmlException as error:
        return Problem(Code.UNSAFE_PACKAGE, Location(file=path.name), found=type(error).__name__)
    except OSError as error:
        return Problem(Code.READ_FAILED, Location(file=path.name), found=error.strerror or str(error))


def _check_regular(path: Path) -> None:
    if path.name.startswith("~$"):
        raise RefusedError(Code.OWNER_FILE)
    mode = path.stat()
    if stat.S_ISDIR(mode.st_mode):
        raise RefusedError(Code.NOT_A_FILE, "目录 (folder)")
    if not stat.S_ISREG(mode.st_mode):
        raise RefusedError(Code.NOT_A_FILE, "管道或设备 (pipe or device)")
    if mode.st_size > MAX_FILE:
        raise RefusedError(Code.FILE_TOO_LARGE, f"{mode.st_size / 2**20:.0f} MB", f"{MAX_FILE // 2**20} MB")


def _check_magic(data: bytes) -> None:
    if data.startswith(b"PK\x03\x04"):
        return
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise RefusedError(Code.ENCRYPTED)
        raise RefusedError(Code.NOT_A_WORKBOOK, "XLS / OLE2")
    raise RefusedError(Code.NOT_A_WORKBOOK, _kind_of(data))


def _kind_of(data: bytes) -> str:
    if not data.strip(b"\x00 \r\n\t"):
        return "0 B"
    for magic, kind in KINDS:
        if data.startswith(magic):
            return kind
    start = data[:2048].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "HTML"
    if start.startswith(b"<"):
        return "XML"
    for encoding in ("utf-8", "gb18030"):
        try:
            text = data[:4096].decode(encoding, errors="strict" if len(data) <= 4096 else "ignore")
        except UnicodeDecodeError:
            continue
        if sum(char.isprintable() or char.isspace() for char in text) > 0.95 * len(text):
            return "TXT / CSV"
    return "?"


def _read_parts(archive: zipfile.ZipFile) -> dict[str, bytes]:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise RefusedError(Code.UNSAFE_PACKAGE, f"{len(entries)} parts")
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        if name.lower() in seen:
            raise RefusedError(Code.UNSAFE_PACKAGE, f"duplicate part {name}")
        seen.add(name.lower())
        if name.startswith(("/", "\\")) or ".." in name.split("/") or "\\" in name or ":" in name:
            raise RefusedError(Code.UNSAFE_PACKAGE, f"part name {name}")
        if entry.flag_bits & 1:
            raise RefusedError(Code.ENCRYPTED)
    if "[content_types].xml" not in seen or "xl/workbook.xml" not in seen:
        raise RefusedError(Code.NOT_A_WORKBOOK, _zip_kind(seen))
    parts: dict[str, bytes] = {}
    total = 0
    for entry in entries:
        keep = entry.filename.endswith((".xml", ".rels"))
        content, size = _inflate(archive, entry, MAX_INFLATED - total, keep=keep)
        total += size
        if keep:
            _check_declarations(entry.filename, content)
            parts[entry.filename] = content
    return parts


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, room: int, *, keep: bool) -> tuple[bytes, int]:
    """The part's bytes (when kept) and its real size, whatever the directory claims."""
    chunks, size = [], 0
    with archive.open(entry) as stream:
        while chunk := stream.read(1 << 20):
            size += len(chunk)
            ratio = size / max(1, entry.compress_size)
            if size > room or (size > RATIO_FROM and ratio > MAX_RATIO):
                raise RefusedError(Code.UNSAFE_PACKAGE, f"{entry.filename} inflates beyond all measure")
            if keep:
                chunks.append(chunk)
    return b"".join(chunks), size


def _check_declarations(name: str, content: bytes) -> None:
    for encoding in ("ascii", "utf-16-le", "utf-16-be"):
        for word in ("<!DOCTYPE", "<!ENTITY"):
            if word.encode(encoding) in content:
                raise RefusedError(Code.UNSAFE_PACKAGE, f"document type declaration in {name}")


def _zip_kind(names: set[str]) -> str:
    if any(name.startswith("word/") for name in names):
        return "DOCX"
    if any(name.startswith("ppt/") for name in names):
        return "PPTX"
    if "content.xml" in names:
        return "ODS / OpenDocument"
    if "xl/workbook.bin" in names:
        return "XLSB"
    return "ZIP"


def _look_inside(path: Path, data: bytes, parts: Mapping[str, bytes]) -> Package:
    workbook = ElementTree.fromstring(parts["xl/workbook.xml"])
    names = {
        element.get("name", ""): element.text or ""
        for element in workbook.iterfind("m:definedNames/m:definedName", _NS)
    }
    targets = _sheet_parts(parts)
    errors: dict[str, Mapping[tuple[int, int], str]] = {}
    for element in workbook.iterfind("m:sheets/m:sheet", _NS):
        part = targets.get(element.get(f"{{{_NS['r']}}}id", ""), "")
        if part in parts:
            errors[element.get("name", "")] = _scan_cells(part, parts[part])
    keywords, modified = _core_properties(parts)
    digest = hashlib.sha256(data).hexdigest()
    return Package(path, digest, modified, keywords, MappingProxyType(names), MappingProxyType(errors))


def _sheet_parts(parts: Mapping[str, bytes]) -> dict[str, str]:
    rels = parts.get("xl/_rels/workbook.xml.rels", b"<Relationships/>")
    targets = {}
    for element in ElementTree.fromstring(rels):
        target = element.get("Target", "")
        targets[element.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return targets


def _scan_cells(part: str, content: bytes) -> Mapping[tuple[int, int], str]:
    """Error cells of a sheet; a cell so far out that a parser would drown is refused."""
    cells = [(m[1], m[2], bool(_ERROR.search(m[3])), m[4] or b"") for m in _CELL.finditer(content)]
    if len(cells) != len(_ANY_CELL.findall(content)) or b"\x00" in content:
        cells = _parse_cells(content)  # written in another form: prefixes, other quotes, other encodings
    errors: dict[tuple[int, int], str] = {}
    last_row = last_column = 0
    for letters, digits, is_error, text in cells:
        row, column = int(digits), _column_number(letters)
        last_row, last_column = max(last_row, row), max(last_column, column)
        if is_error:
            errors[row - 1, column - 1] = (text or b"#N/A").decode("utf-8", "replace")
    if last_row * last_column > MAX_CELLS:
        raise RefusedError(Code.UNSAFE_PACKAGE, f"{part} claims {last_row} rows and {last_column} columns")
    return MappingProxyType(errors)


def _parse_cells(content: bytes) -> list[tuple[bytes, bytes, bool, bytes]]:
    """Cells as `_CELL` finds them, by a parser: slower, and right whatever the XML looks like."""
    cells = []
    for element in ElementTree.fromstring(content).iter():
        place = _PLACE.fullmatch(element.get("r", "")) if element.tag.rpartition("}")[2] == "c" else None
        if place:
            value = next((child.text for child in element if child.tag.endswith("v")), "") or ""
            is_error = element.get("t") == "e"
            cells.append((place[1].upper().encode(), place[2].encode(), is_error, value.encode()))
    return cells


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _core_properties(parts: Mapping[str, bytes]) -> tuple[str, datetime | None]:
    content = parts.get("docProps/core.xml")
    if content is None:
        return "", None
    root: Element = ElementTree.fromstring(content)
    keywords = root.findtext("cp:keywords", "", _NS)
    stamp = root.findtext("dcterms:modified", "", _NS)
    try:
        return keywords, datetime.fromisoformat(stamp.replace("Z", "+00:00")) if stamp else None
    except ValueError:
        return keywords, None
