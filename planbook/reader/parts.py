"""The parts of a zip package: checked as a list, inflated one at a time, measured to the last byte."""

from __future__ import annotations

import re
import zipfile
from itertools import pairwise

from planbook.problems import Code, say
from planbook.reader.refusal import RefusedError

MAX_ENTRIES = 3000
MAX_INFLATED = 400 * 2**20
MAX_RATIO = 300
RATIO_FROM = 20 * 2**20  # small parts may compress as well as they like
KEPT_PART, KEPT_TOTAL = 4 * 2**20, 48 * 2**20

_MARKUP = (".xml", ".rels", ".vml")
_STARTS = (b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00<", b"\n", b"\r", b" ", b"\t")
_ENCODING = re.compile(rb"[^<]{0,4}<\?xml[^>]*?\bencoding\s*=\s*[\"']([^\"']+)")
_ENCODINGS = frozenset({b"utf-8", b"utf8", b"utf-16", b"us-ascii", b"ascii"})


def check_entries(archive: zipfile.ZipFile) -> frozenset[str]:
    """The names of a package's parts in small letters, once all of them are as they should be."""
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise RefusedError(Code.UNSAFE_PACKAGE, say("many_parts", count=len(entries)))
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        if name.lower() in seen:
            raise RefusedError(Code.UNSAFE_PACKAGE, say("part_twice", name=name))
        seen.add(name.lower())
        unsafe = name.startswith(("/", "\\")) or ".." in name.split("/") or "\\" in name or ":" in name
        if unsafe or not name.isprintable():
            raise RefusedError(Code.UNSAFE_PACKAGE, say("part_name", name=name))
        if entry.flag_bits & 1:
            raise RefusedError(Code.ENCRYPTED)
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise RefusedError(Code.BROKEN_PACKAGE, say("compression", name=name))
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    for entry, following in pairwise(ordered):
        if entry.header_offset + 30 + entry.compress_size > following.header_offset:
            raise RefusedError(
                Code.UNSAFE_PACKAGE, say("overlap", name=entry.filename, other=following.filename)
            )
    return frozenset(seen)


class Parts:
    """The parts of a package.

    Every part is inflated and measured at once; small ones are kept, a large one is inflated
    again when it is asked for, so that memory holds one of them at a time.  RefusedError for a
    part that inflates beyond all measure, lies about its size or declares a document type.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._entries = {entry.filename.lower(): entry for entry in archive.infolist()}
        self._kept: dict[str, bytearray] = {}
        self.sizes: dict[str, int] = {}
        left, room = MAX_INFLATED, KEPT_TOTAL
        for name, entry in self._entries.items():
            content, size = self._inflate(entry, left)
            left -= size
            if name.endswith(_MARKUP):
                _check_markup(entry.filename, content)
            if size <= KEPT_PART and room >= size:
                self._kept[name] = content
                room -= size
            self.sizes[name] = size

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._entries

    def read(self, name: str, limit: int = MAX_INFLATED) -> bytearray:
        """The bytes of a part that is there, XML or the type of the package."""
        key = name.lower()
        if self.sizes[key] > limit:
            raise RefusedError(
                Code.UNSAFE_PACKAGE, say("large_part", name=name, count=f"{self.sizes[key]:,}")
            )
        kept = self._kept.get(key)
        return self._inflate(self._entries[key], MAX_INFLATED)[0] if kept is None else kept

    def _inflate(self, entry: zipfile.ZipInfo, room: int) -> tuple[bytearray, int]:
        """The part's bytes, where they are of use, and its real size whatever the directory claims."""
        content = bytearray()
        keep = entry.filename.lower().endswith((*_MARKUP, "mimetype"))
        size = 0
        with self._archive.open(entry) as stream:
            while chunk := stream.read(1 << 20):
                size += len(chunk)
                check_growth(entry.filename, size, entry.compress_size, room)
                if keep:
                    content += chunk
        if size != entry.file_size:
            claim = say("false_size", name=entry.filename, count=f"{size:,}", claim=f"{entry.file_size:,}")
            raise RefusedError(Code.UNSAFE_PACKAGE, claim)
        return content, size


def check_growth(name: str, size: int, packed: int, room: int) -> None:
    """Refuse a part that has inflated from `packed` bytes beyond all measure, or beyond the room left."""
    if size > room or (size > RATIO_FROM and size / max(1, packed) > MAX_RATIO):
        raise RefusedError(Code.UNSAFE_PACKAGE, say("inflates", name=name))


def _check_markup(name: str, content: bytearray) -> None:
    """No document type, and no encoding in which one could hide."""
    if not content.startswith(_STARTS):
        raise RefusedError(Code.BROKEN_PACKAGE, say("no_xml", name=name))
    declared = _ENCODING.match(bytes(content[:200]).replace(b"\x00", b""))
    if declared and declared[1].lower() not in _ENCODINGS:
        encoding = declared[1].decode("ascii", "replace")
        raise RefusedError(Code.UNSAFE_PACKAGE, say("encoding", name=name, encoding=encoding))
    if b"<!" not in content and not (b"\x00" in content and b"<\x00!" in content):
        return
    for encoding in ("ascii", "utf-16-le", "utf-16-be"):
        for word in ("<!DOCTYPE", "<!ENTITY"):
            if word.encode(encoding) in content:
                raise RefusedError(Code.UNSAFE_PACKAGE, say("document_type", name=name))
