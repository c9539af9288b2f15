"""What the parts of an .xlsx say: its sheets and their facts, its names, its properties."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

from planbook.problems import Code, say
from planbook.reader.facts import SheetFacts, scan_sheet
from planbook.reader.parts import Parts
from planbook.reader.refusal import RefusedError
from planbook.reader.styles import Styles, read_styles

SMALL_PART = 32 * 2**20  # parts that a parser takes whole
MAX_SHEETS = 500
_WORKBOOK = "xl/workbook.xml"
_WORKSHEET = re.compile(rb"<(?:[\w.-]{1,40}:)?worksheet[\s/>]")
_THEME = "xl/theme/theme1.xml"
_CORE = "docProps/core.xml"


@dataclass(frozen=True)
class Looked:
    """What a look into a workbook brought, of whatever format.

    `names` are the workbook-global defined names; `thorough` says that calamine would read values
    wrongly.
    """

    modified: datetime | None = None
    keywords: str = ""
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    sheets: Mapping[str, SheetFacts] = field(default_factory=lambda: MappingProxyType({}))
    thorough: bool = False
    macros: bool = False
    date_1904: bool = False


def inspect_xlsx(parts: Parts) -> Looked:
    """Look into an .xlsx; RefusedError where a part is missing or dangerous."""
    workbook = _parse(parts, _WORKBOOK)
    styles = _styles(parts)
    targets, kinds = _sheet_parts(parts)
    sheets: dict[str, SheetFacts] = {}
    thorough = False
    listed = [element for element in workbook.iter() if _local(element) == "sheet"]
    if len(listed) > MAX_SHEETS:
        raise RefusedError(Code.UNSAFE_PACKAGE, say("many_sheets", count=len(listed)))
    for element in listed:
        title = element.get("name", "")
        part = targets.get(_relation(element), "")
        if title in sheets:
            raise RefusedError(Code.BROKEN_PACKAGE, say("same_title", name=title))
        if part not in parts:
            missing = say("part_missing", name=part) if part else say("sheet_part_missing", name=title)
            raise RefusedError(Code.BROKEN_PACKAGE, missing)
        hidden = element.get("state", "visible") != "visible"
        content = parts.read(part)
        if kinds.get(part) != "worksheet" and not _WORKSHEET.search(content[:4096].replace(b"\x00", b"")):
            sheets[title] = SheetFacts(hidden)  # a chart sheet or a dialogue has no cells
            continue
        sheets[title], unusual = scan_sheet(title, part, content, styles, hidden=hidden)
        thorough = thorough or unusual
    keywords, modified = _core_properties(parts)
    names = {
        element.get("name", ""): element.text or ""
        for element in workbook.iter()
        if _local(element) == "definedName" and element.get("localSheetId") is None
    }
    date_1904 = any(
        _local(element) == "workbookPr" and element.get("date1904") in {"1", "true"}
        for element in workbook.iter()
    )
    macros = "xl/vbaProject.bin" in parts or any(
        element.get("PartName", "").lower() == f"/{_WORKBOOK}"
        and "macroEnabled" in element.get("ContentType", "")
        for element in _parse(parts, "[Content_Types].xml")
    )
    return Looked(
        modified, keywords, MappingProxyType(names), MappingProxyType(sheets), thorough, macros, date_1904
    )


def _styles(parts: Parts) -> Styles:
    if "xl/styles.xml" not in parts:
        return Styles()
    theme = parts.read(_THEME, SMALL_PART) if _THEME in parts else b""
    return read_styles(_parse(parts, "xl/styles.xml"), theme)


def _parse(parts: Parts, name: str) -> Element:
    root: Element = ElementTree.fromstring(bytes(parts.read(name, SMALL_PART)), forbid_dtd=True)
    return root


def _local(element: Element) -> str:
    """The element's name without its namespace: strict and transitional files differ in it."""
    return element.tag.rpartition("}")[2]


def _relation(element: Element) -> str:
    return next((value for key, value in element.items() if key.endswith("}id")), "")


def _sheet_parts(parts: Parts) -> tuple[dict[str, str], dict[str, str]]:
    """The parts by relation, and what each is by the relation's type; one outside the package is none."""
    rels = "xl/_rels/workbook.xml.rels"
    if rels not in parts:
        raise RefusedError(Code.BROKEN_PACKAGE, say("part_missing", name=rels))
    targets: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for element in _parse(parts, rels):
        target = element.get("Target", "")
        if element.get("TargetMode") != "External":
            joined = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
            part = targets[element.get("Id", "")] = posixpath.normpath(joined)
            kinds[part] = element.get("Type", "").rpartition("/")[2]
    return targets, kinds


def _core_properties(parts: Parts) -> tuple[str, datetime | None]:
    if _CORE not in parts:
        return "", None
    texts = {_local(element): element.text or "" for element in _parse(parts, _CORE)}
    return texts.get("keywords", ""), read_stamp(texts.get("modified", ""))


def read_stamp(text: str) -> datetime | None:
    """A stamp as file properties write it, or None."""
    try:
        return datetime.fromisoformat(text.strip().replace("Z", "+00:00")) if text.strip() else None
    except ValueError:
        return None
