"""A workbook taken apart: the parts of the package, parsed, and small helpers to ask them.

Shared by everything that reads the file itself instead of what a library makes of it.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
XML_PART = (".xml", ".rels", ".vml")


@dataclass
class Package:
    """A workbook taken apart: the parsed parts by name, and which part is which sheet."""

    entries: list[str]
    parts: dict[str, Element] = field(default_factory=dict)
    sheets: dict[str, str] = field(default_factory=dict)  # name -> part, in the workbook's order
    faults: list[str] = field(default_factory=list)

    def worksheets(self) -> Iterator[tuple[str, Element]]:
        for name, part in self.sheets.items():
            if part in self.parts and tag(self.parts[part]) == "worksheet":
                yield name, self.parts[part]


def tag(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def every(root: Element | None, name: str) -> Iterator[Element]:
    return (element for element in (root.iter() if root is not None else ()) if tag(element) == name)


def text_of(element: Element) -> str:
    """The text Excel counts: with `_x000a_` turned back into the character it stands for."""
    return unescape(element.text or "")


def unescape(text: str) -> str:
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)


def length(text: str) -> int:
    """Excel counts UTF-16 units: a Chinese character is one, an emoji two."""
    return len(text.encode("utf-16-le")) // 2


def integer(element: Element, attribute: str) -> int | None:
    value = element.get(attribute, "")
    return int(value) if re.fullmatch(r"\d+", value) else None


def corners(area: str) -> tuple[int, int, int, int] | None:
    """(left, top, right, bottom) of `B2:D9` or `B2`; None when it is not an area of a sheet."""
    match = re.fullmatch(r"\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?", area)
    if not match:
        return None
    left, top = column_number(match[1]), int(match[2])
    right, bottom = column_number(match[3] or match[1]), int(match[4] or match[2])
    inside = 1 <= left <= right <= LAST_COLUMN and 1 <= top <= bottom <= LAST_ROW
    return (left, top, right, bottom) if inside else None


def overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    """Whether two areas (left, top, right, bottom) share a cell."""
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


# --- taking the package apart ---------------------------------------------------------------


def relations(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """What a part refers to inside the package: id -> (type's last word, part)."""
    folder, name = posixpath.split(part)
    root = package.parts.get(posixpath.join(folder, "_rels", name + ".rels"))
    found = {}
    for relation in every(root, "Relationship"):
        if relation.get("TargetMode") != "External":
            target = relation.get("Target", "")
            whole = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found[relation.get("Id", "")] = (relation.get("Type", "").rpartition("/")[2], whole)
    return found


def open_package(path: Path) -> Package:
    with zipfile.ZipFile(path) as archive:
        package = Package(archive.namelist())
        for name in dict.fromkeys(package.entries):
            if name.endswith(XML_PART):
                try:
                    package.parts[name] = ElementTree.fromstring(archive.read(name))
                except (ParseError, DefusedXmlException) as error:
                    package.faults.append(f"{name} is not well-formed XML: {error}")
    for key, part in relations(package, "").values():
        if key == "officeDocument":
            linked = relations(package, part)
            for sheet in every(package.parts.get(part), "sheet"):
                reference = next((v for k, v in sheet.attrib.items() if k.endswith("}id")), "")
                package.sheets[sheet.get("name", "")] = linked.get(reference, ("", ""))[1]
    return package


def book_of(package: Package) -> Element | None:
    return next((root for root in package.parts.values() if tag(root) == "workbook"), None)


def root_named(package: Package, name: str) -> Element | None:
    return next((root for root in package.parts.values() if tag(root) == name), None)
