"""Comments on cells: ours are added beside the planner's own, and taken away again by how they begin.

A program may drop a comment's author (LibreOffice does), and the notes a workbook was issued with
have the same one as ours.

A comment lives in two parts: its text in `comments`, its box in a drawing of the old vector format
(VML), which is not always well-formed XML and is therefore patched as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from planbook.layout import cell_place, column_letter
from planbook.package.archive import SPREADSHEET, VML_TYPE, Archive
from planbook.package.markup import Element, Part, escape_text, plain_text, resolve_text
from planbook.problems import PartError, say

AUTHOR = "planbook"
MOST = 1000  # boxes a sheet's block of shape numbers holds, with some left for others
SHEET_ORDER = (
    "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "sheetCalcPr",
    "sheetProtection", "protectedRanges", "scenarios", "autoFilter", "sortState", "dataConsolidate",
    "customSheetViews", "mergeCells", "phoneticPr", "conditionalFormatting", "dataValidations", "hyperlinks",
    "printOptions", "pageMargins", "pageSetup", "headerFooter", "rowBreaks", "colBreaks", "customProperties",
    "cellWatches", "ignoredErrors", "smartTags", "drawing", "legacyDrawing", "legacyDrawingHF", "drawingHF",
    "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst",
)  # fmt: skip
# Each looks a bounded stretch ahead: the drawing may be anything, and as large as a file can be.
_SHAPE_TAG = re.compile(r"<(/?)(?:[\w.-]{1,40}:)?shape(?=[\s/>])")
_ROW = re.compile(r"<(?:[\w.-]{1,40}:)?Row>\s{0,9}(\d{1,7})\s{0,9}<")
_COLUMN = re.compile(r"<(?:[\w.-]{1,40}:)?Column>\s{0,9}(\d{1,7})\s{0,9}<")
_SHAPE_ID = re.compile(r"_x0000_s(\d{1,9})")
_BLOCK = re.compile(r"idmap\b[^<>]{0,200}?\bdata=\"(\d{1,6})\"")
_VML_END = re.compile(r"</(?:[\w.-]{1,40}:)?xml\s{0,9}>")
_NAMESPACES = {
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
    "x": "urn:schemas-microsoft-com:office:excel",
}
_VML = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" '
    'data="{block}"/></o:shapelayout><v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" '
    'path="m,l,21600r21600,l21600,xe"><v:stroke joinstyle="miter"/><v:path gradientshapeok="t" '
    'o:connecttype="rect"/></v:shapetype></xml>'
)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as a sheet has it; its author is empty where some program dropped that."""

    cell: str
    text: str
    author: str

    def is_mark(self, openings: tuple[str, ...]) -> bool:
        """Whether it is one of ours, which begin with one of `openings`, and nobody else's by name."""
        return self.author in {AUTHOR, ""} and self.text.startswith(openings)


def remove_comments(archive: Archive, sheet: str, openings: tuple[str, ...]) -> None:
    """Take our comments off a sheet, those that begin so; the planner's own and the issued notes stay."""
    texts, boxes = _parts_of(archive, sheet)
    if not texts:
        return
    part = archive.part(texts)
    authors = _authors(part)
    removed = []
    for comment in reversed(_comments(part)):
        if _read(part, comment, authors).is_mark(openings):
            removed.append(comment.get("ref"))
            part = part.replace(comment.start, comment.end, "")
    archive.put(texts, part)
    if boxes and removed:
        places = {_place(ref) for ref in removed}
        vml = archive.loose_part(boxes)
        kept, at = [], 0
        for start, end in _shapes(vml.text):
            if _box_place(vml.text[start:end]) in places:
                kept.append(vml.text[at:start])
                at = end
        archive.put(boxes, Part("".join(kept) + vml.text[at:], vml.encoding, vml.mark))


def _shapes(text: str) -> Iterator[tuple[int, int]]:
    """Where every shape of a drawing begins and ends, the white space behind it included."""
    start = -1
    for tag in _SHAPE_TAG.finditer(text):
        if not tag[1]:
            start = tag.start()
        elif start >= 0:
            end = text.find(">", tag.end()) + 1 or len(text)
            while text[end : end + 1].isspace():
                end += 1
            yield start, end
            start = -1


def list_comments(archive: Archive, sheet: str) -> list[Comment]:
    """The comments of a sheet, ours among them."""
    texts, _ = _parts_of(archive, sheet)
    part = archive.part(texts) if texts else None
    return [_read(part, comment, _authors(part)) for comment in _comments(part)] if part else []


def add_comments(archive: Archive, sheet: str, texts: Mapping[str, str]) -> None:
    """Comment the cells `texts` names; cells that have a comment of the planner's keep it alone."""
    name, boxes = _parts_of(archive, sheet)
    name = name or _create_texts(archive, sheet)
    part = archive.part(name)
    taken = {comment.get("ref") for comment in _comments(part)}
    wanted = {ref: text for ref, text in texts.items() if ref not in taken}
    wanted = dict(list(wanted.items())[: max(0, MOST - len(taken))])
    if not wanted:
        return
    part, author = _with_author(name, part)
    holder = part.child("commentList")
    if holder is None:
        raise PartError(say("part_lacks", name=name, element="commentList"))
    prefix = part.root.prefix
    new = "".join(
        f'<{prefix}comment ref="{ref}" authorId="{author}"><{prefix}text><{prefix}r><{prefix}t '
        f'xml:space="preserve">{escape_text(text)}</{prefix}t></{prefix}r></{prefix}text></{prefix}comment>'
        for ref, text in wanted.items()
    )
    archive.put(name, part.append(holder, new))
    boxes = boxes or _create_boxes(archive, sheet)
    vml = archive.loose_part(boxes)
    numbers = [int(number) for number in _SHAPE_ID.findall(vml.text)]
    blocks = [int(block) * 1024 for block in _BLOCK.findall(vml.text)]
    first = max([1024, *blocks, *numbers]) + 1
    unbound = "".join(
        f' xmlns:{prefix}="{uri}"'
        for prefix, uri in _NAMESPACES.items()
        if f'xmlns:{prefix}="{uri}"' not in vml.text
    )
    shapes = "".join(
        _box(first + n, *_place(ref), text, unbound) for n, (ref, text) in enumerate(wanted.items())
    )
    ends = [end.start() for end in _VML_END.finditer(vml.text)]
    if not ends:
        raise PartError(say("part_open", name=boxes))
    at = ends[-1]
    archive.put(boxes, vml.replace(at, at, shapes))


def _parts_of(archive: Archive, sheet: str) -> tuple[str, str]:
    """The parts of a sheet's comments and of its old drawing; nothing where it has none."""
    relations = archive.relations(sheet)
    texts = next((r.target for r in relations if r.kind == "comments" and archive.has(r.target)), "")
    legacy = archive.part(sheet).child("legacyDrawing")
    wanted = legacy.get("id") if legacy else ""
    boxes = next((r.target for r in relations if r.id == wanted and archive.has(r.target)), "")
    return texts, boxes


def _comments(part: Part) -> tuple[Element, ...]:
    holder = part.child("commentList")
    return part.children(holder) if holder else ()


def _read(part: Part, comment: Element, authors: Mapping[str, str]) -> Comment:
    author = authors.get(comment.get("authorId"), "")
    return Comment(comment.get("ref"), plain_text(part, comment), author)


def _authors(part: Part) -> dict[str, str]:
    """The authors a sheet's comments name, by the number they name them with."""
    holder = part.child("authors")
    return {
        str(number): resolve_text(part.text[author.inner : author.inner_end]).strip()
        for number, author in enumerate(part.children(holder) if holder else ())
    }


def _with_author(name: str, part: Part) -> tuple[Part, str]:
    for number, author in _authors(part).items():
        if author == AUTHOR:
            return part, number
    holder = part.child("authors")
    if holder is None:
        raise PartError(say("part_lacks", name=name, element="authors"))
    number = str(len(part.children(holder)))
    return part.append(holder, f"<{part.root.prefix}author>{AUTHOR}</{part.root.prefix}author>"), number


def _create_texts(archive: Archive, sheet: str) -> str:
    name = archive.free_name("xl/comments{}.xml")
    archive.put(
        name,
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<comments xmlns="{archive.namespace}"><authors></authors><commentList></commentList></comments>',
    )
    archive.relate(sheet, "comments", name)
    archive.declare(name, SPREADSHEET + "comments+xml")
    return name


def _create_boxes(archive: Archive, sheet: str) -> str:
    name = archive.free_name("xl/drawings/vmlDrawing{}.vml")
    used = [0]  # boxes of different sheets have numbers of different blocks
    for other in archive.names(".vml"):
        text = archive.loose_part(other).text
        used += [int(number) // 1024 for number in _SHAPE_ID.findall(text)]
        used += [int(block) for block in _BLOCK.findall(text)]
    archive.put(name, _VML.format(block=max(used) + 1))
    archive.declare_extension("vml", VML_TYPE)
    ident = archive.relate(sheet, "vmlDrawing", name)
    part = archive.part(sheet)
    bound = part.namespace_prefix(archive.relation_base)
    declared = "" if bound else f' xmlns:r="{archive.relation_base}"'
    new = f'<{part.root.prefix}legacyDrawing{declared} {bound or "r:"}id="{ident}"/>'
    archive.put(sheet, part.insert_ordered(SHEET_ORDER, "legacyDrawing", new))
    return name


def _place(ref: str) -> tuple[int, int]:
    """The 0-based row and column of a reference."""
    try:
        return cell_place(ref)
    except ValueError:
        return -1, -1


def _box_place(shape: str) -> tuple[int, int]:
    row, column = _ROW.search(shape), _COLUMN.search(shape)
    return (int(row[1]), int(column[1])) if row and column else (-2, -2)


def _box(number: int, row: int, column: int, text: str, namespaces: str) -> str:
    """The box of a comment: hidden until somebody points at the cell, as high as its text needs.

    `namespaces` declares the prefixes that its drawing does not.
    """
    lines = sum(1 + len(line) // 22 for line in text.splitlines())
    height = min(16, max(4, lines + 1))
    top = max(0, row - 1)
    anchor = f"{column + 1}, 15, {top}, 10, {column + 4}, 60, {top + height}, 4"
    return (
        f'<v:shape{namespaces} id="_x0000_s{number}" type="#_x0000_t202" '
        f'style="position:absolute;width:220pt;height:{height * 15}pt;z-index:1;visibility:hidden" '
        'fillcolor="#fff4c2" o:insetmode="auto">'
        '<v:fill color2="#fff4c2"/><v:shadow color="black" obscured="t"/><v:path o:connecttype="none"/>'
        '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
        '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
        f"<x:Anchor>{anchor}</x:Anchor><x:AutoFill>False</x:AutoFill><x:Row>{row}</x:Row>"
        f"<x:Column>{column}</x:Column></x:ClientData></v:shape>"
    )


def first_cell(place: str, row: int) -> str:
    """The cell a comment goes to: the first of a region, or the row's first."""
    return place.partition(":")[0] if place else f"{column_letter(0)}{row}"
