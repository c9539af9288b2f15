"""What a file really is, whatever its name ends with."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum

from planbook.problems import Words, say
from planbook.reader.compound import MAGIC as OLE
from planbook.reader.compound import CompoundError, CompoundFile

ZIP = b"PK\x03\x04"
OWN_MARK = b'<meta name="generator" content="planbook">'
SPREADSHEET_MIME = b"application/vnd.oasis.opendocument.spreadsheet"


class Format(StrEnum):
    """The kinds of workbook that are read, by the names they have everywhere."""

    XLSX = "XLSX"
    XLSM = "XLSM"
    XLS = "XLS"
    ODS = "ODS"


_MAIL = re.compile(r"(?:from |[a-z][a-z-]{1,40}:)[^\n]*\n")
_MAIL_FIELD = re.compile(
    r"^(?:received|return-path|from|subject|message-id):.*\n(?:.*\n)*?content-type:", re.MULTILINE
)
EMPTY, ZEROS, UNKNOWN, BLANK, TEXT = "empty", "zeros", "unknown", "blank", "text"
_MAGIC = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"MZ", "EXE"),
    (b"\x7fELF", "ELF"),
    (b"{\\rtf", "RTF"),
    (b"SQLite format 3", "SQLite"),
    (b"\x78\x9f\x3e\x22", "winmail.dat"),  # what Outlook packs attachments into
    (b"L\x00\x00\x00\x01\x14\x02\x00", "LNK"),
    (b"PK\x05\x06", "ZIP"),
    (b"PK\x07\x08", "ZIP"),
)
_SORTS = {
    **dict.fromkeys((EMPTY, ZEROS, UNKNOWN, BLANK, TEXT)),  # have words of their own
    **dict.fromkeys(("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "HEIC", "VSD", "VSDX"), "picture"),
    **dict.fromkeys(("ZIP", "RAR", "7z", "gzip", "bzip2", "xz"), "archive"),
    **dict.fromkeys(("EXE", "ELF"), "program"),
    **dict.fromkeys(("HTML", "MHTML"), "page"),
    **dict.fromkeys(("PDF", "DOC", "DOCX", "RTF", "OpenDocument"), "document"),
    **dict.fromkeys(("PPT", "PPTX"), "slides"),
    **dict.fromkeys(("MSG", "EML", "winmail.dat"), "mail"),
    **dict.fromkeys(("LNK", "URL"), "shortcut"),
    **dict.fromkeys(("JSON", "XML", "SQLite"), "data"),
    **dict.fromkeys(("XLSB", "Numbers", "FODS", "XML Spreadsheet 2003", "XLS (Excel 2–4)"), "sheet"),
}
_OLE_STREAMS = (
    ("worddocument", "DOC"),
    ("powerpoint document", "PPT"),
    ("__properties_version1.0", "MSG"),
    ("visiodocument", "VSD"),
)
_BIFF_STARTS = (b"\x09\x08", b"\x09\x04", b"\x09\x02", b"\x09\x00")  # an .xls from before OLE2


def describe_kind(name: str) -> Words:
    """The kind of a file in words, by the name that `name_kind` and its like give it."""
    sort = _SORTS.get(name.partition(":")[0], "other")
    return say(f"kind_{sort or name}", name=name)


def is_own_page(data: bytes) -> bool:
    """Whether a file is the HTML page of a consolidated workbook, as planbook writes it."""
    return data.lstrip()[:9].lower() == b"<!doctype" and OWN_MARK in data[:4096]


def name_kind(data: bytes) -> str:
    """The kind of a file that is neither a zip nor an OLE2 container."""
    if not data:
        return EMPTY
    if not data[:65536].strip(b"\x00"):
        return ZEROS
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:12] in {b"ftypheic", b"ftypheix", b"ftypmif1"}:
        return "HEIC"
    if data.startswith(_BIFF_STARTS):
        return "XLS (Excel 2–4)"
    return _name_text(data)


def _name_text(data: bytes) -> str:
    start = _decode(data[:4096])
    if start is None:
        return UNKNOWN
    text = start.lstrip("\ufeff \r\n\t").lower()
    if not text:
        return BLANK
    if text.startswith("mime-version") or "content-type: multipart/related" in text[:600]:
        return "MHTML"
    if text.startswith("<"):
        return _name_markup(text)
    if text.startswith(("[internetshortcut]", "[{000214a0-0000-0000-c000-000000000046}]")):
        return "URL"
    if _MAIL.match(text) and _MAIL_FIELD.search(text):
        return "EML"
    if text.startswith(("{", "[")):
        return "JSON"
    return TEXT


def _name_markup(text: str) -> str:
    if "urn:schemas-microsoft-com:office:spreadsheet" in text or 'progid="excel.sheet"' in text:
        return "XML Spreadsheet 2003"
    if "opendocument" in text:
        return "FODS"
    # what portals call .xls is as often an HTML table
    return "HTML" if any(tag in text for tag in ("<html", "<table", "<!doctype html", "<body")) else "XML"


def _decode(data: bytes) -> str | None:
    """The text of a file's start, or None where it is no text."""
    wide = _wide_encoding(data)
    if wide:
        text = data[: len(data) // 2 * 2].decode(wide, "replace")
        return text if _is_readable(text) else None
    for encoding in ("utf-8", "gb18030"):
        for end in range(4):  # a character may be cut at the end
            try:
                text = data[: len(data) - end].decode(encoding).lstrip("\ufeff")
            except UnicodeDecodeError:
                continue
            if _is_readable(text):
                return text
    # What a program that knows no Chinese makes of it: nearly all ASCII, with a dash or so of its own.
    western = data.decode("cp1252", "replace")
    plain = sum(byte < 128 for byte in data) > 0.8 * len(data)
    return western if plain and _is_readable(western) else None


def _wide_encoding(data: bytes) -> str:
    """The two-byte encoding of a text, by its mark or, where it has none, by its commas and line ends."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    zeros = data[1::2].count(0), data[::2].count(0)  # of ASCII, the high byte of every character
    if max(zeros) * 20 > len(data) and min(zeros) * 2 <= max(zeros):
        return "utf-16-le" if zeros[0] > zeros[1] else "utf-16-be"
    return ""


def _is_readable(text: str) -> bool:
    return sum(char.isprintable() or char.isspace() for char in text) > 0.95 * len(text)


def name_zip(names: Collection[str]) -> str:
    """The kind of a zip that is no .xlsx, by its parts' names in small letters."""
    for start, kind in (("word/", "DOCX"), ("ppt/", "PPTX"), ("visio/", "VSDX"), ("xl/macrosheets", "XLSB")):
        if any(name.startswith(start) for name in names):
            return kind
    if "xl/workbook.bin" in names:
        return "XLSB"
    if "index/document.iwa" in names or any(name.endswith(".iwa") for name in names):
        return "Numbers"
    if "content.xml" in names:
        return "OpenDocument"
    inside = [name for name in names if name.endswith((".xlsx", ".xls", ".et", ".ods"))]
    return f"ZIP: {inside[0]} …" if inside else "ZIP"


def name_compound(data: bytes) -> tuple[str, CompoundFile | None]:
    """The kind of an OLE2 container: XLS, `encrypted`, or the name of what else it is."""
    if not data.startswith(OLE):
        raise ValueError("no OLE2 container")
    try:
        file = CompoundFile(data)
    except CompoundError:
        # The directory is damaged; Excel's own mark of encryption still tells.
        encrypted = "EncryptedPackage".encode("utf-16-le") in data
        return ("encrypted" if encrypted else "OLE2"), None
    if "EncryptedPackage" in file:
        return "encrypted", file
    if "Workbook" in file or "Book" in file:
        return Format.XLS, file
    return next((kind for stream, kind in _OLE_STREAMS if stream in file), "OLE2"), file
