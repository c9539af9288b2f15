"""Limits of what stands upon the cells: charts, notes, links, sparklines, bars, tables.

Part of `validate.check_package`, with the list of content types that holds the parts together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from tests.support.taken_apart import (
    LAST_COLUMN,
    LAST_ROW,
    Package,
    corners,
    every,
    integer,
    length,
    overlap,
    relations,
    tag,
    text_of,
    unescape,
)

MOST_LINKS = 65_530
LONGEST_TARGET, LONGEST_TIP = 2_079, 255
LONGEST_NOTE = 32_767
LONGEST_TABLE_TITLE = 255
BOX_SIDES = 8  # of a note: column, offset, row, offset of two corners


def parts_of(package: Package, sheet: str, kind: str) -> Iterator[Element]:
    """The parsed parts that a sheet refers to as `kind`."""
    for found, target in relations(package, package.sheets[sheet]).values():
        if found == kind and target in package.parts:
            yield package.parts[target]


def check_content_types(package: Package) -> Iterator[str]:
    root = package.parts.get("[Content_Types].xml")
    if root is None:
        yield "the package has no [Content_Types].xml"
        return
    suffixes = {(each.get("Extension") or "").casefold() for each in every(root, "Default")}
    named = [(each.get("PartName") or "").lstrip("/") for each in every(root, "Override")]
    for name, count in Counter(named).items():
        if count > 1:
            yield f"the content type of {name} is given {count} times"
        if name not in package.entries:
            yield f"a content type is given for {name}, which is not in the package"
    for entry in package.entries:
        suffix = entry.rpartition(".")[2].casefold()
        if entry != "[Content_Types].xml" and entry not in named and suffix not in suffixes:
            yield f"{entry} has no content type"


def check_anchors(package: Package) -> Iterator[str]:
    for part, root in package.parts.items():
        if tag(root) != "wsDr":
            continue
        for anchor in (*every(root, "twoCellAnchor"), *every(root, "oneCellAnchor")):
            corner = {tag(child): _place(child) for child in anchor if tag(child) in ("from", "to")}
            begin, end = corner.get("from"), corner.get("to")
            if not all(corner.values()):
                yield f"an anchor in {part} stands outside of the sheet"
            elif begin and end and not (begin[0] < end[0] and begin[1] < end[1]):
                yield f"an anchor in {part} ends before it begins"
        ids = Counter(each.get("id") for each in every(root, "cNvPr"))
        for number, count in ids.items():
            if count > 1:
                yield f"{count} things in {part} have the id {number}"


def _place(corner: Element) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """((row, offset), (column, offset)) of a corner, or None when it is off the sheet."""
    found = {tag(child): int(child.text or "-1") for child in corner}
    row, column = found.get("row", -1), found.get("col", -1)
    if not (0 <= row < LAST_ROW and 0 <= column < LAST_COLUMN):
        return None
    return (row, found.get("rowOff", 0)), (column, found.get("colOff", 0))


def check_notes(package: Package) -> Iterator[str]:
    for name, _ in package.worksheets():
        boxes = [box for root in parts_of(package, name, "vmlDrawing") for box in every(root, "ClientData")]
        for box in boxes:
            if box.get("ObjectType") == "Note":
                yield from _box_faults(name, box)
        shown = {_box_cell(box) for box in boxes}
        for root in parts_of(package, name, "comments"):
            authors = sum(1 for _ in every(root, "author"))
            seen: Counter[str] = Counter()
            for note in every(root, "comment"):
                cell = note.get("ref", "")
                seen[cell] += 1
                box = corners(cell)
                count = length("".join(text_of(text) for text in every(note, "t")))
                if box is None or box[:2] != box[2:]:
                    yield f"a note of {name} stands at {cell!r}, which is no cell"
                elif (box[1] - 1, box[0] - 1) not in shown:
                    yield f"the note of {name}!{cell} has no box"
                if count > LONGEST_NOTE:
                    yield f"the note of {name}!{cell} has {count} characters; {LONGEST_NOTE} are allowed"
                if not 0 <= (integer(note, "authorId") or 0) < authors:
                    yield f"the note of {name}!{cell} has an author that is not listed"
            yield from (f"{name}!{cell} has {count} notes" for cell, count in seen.items() if count > 1)


def _box_cell(box: Element) -> tuple[int, int]:
    found = {tag(child): (child.text or "").strip() for child in box}
    return int(found.get("Row") or -1), int(found.get("Column") or -1)


def _box_faults(name: str, box: Element) -> Iterator[str]:
    anchor = next((child.text or "" for child in box if tag(child) == "Anchor"), "")
    sides = [int(each) for each in re.findall(r"-?\d+", anchor)]
    if len(sides) != BOX_SIDES or min(sides) < 0:
        yield f"a note's box of {name} has the corners {anchor!r}"
        return
    left, left_off, top, top_off, right, right_off, bottom, bottom_off = sides
    wide, high = (left, left_off) < (right, right_off), (top, top_off) < (bottom, bottom_off)
    if not (wide and high and right < LAST_COLUMN and bottom < LAST_ROW):
        yield f"a note's box of {name} has the corners {anchor!r}"


def check_links(package: Package) -> Iterator[str]:
    known = {sheet.casefold() for sheet in package.sheets}
    for name, root in package.worksheets():
        links = list(every(root, "hyperlink"))
        if len(links) > MOST_LINKS:
            yield f"{name} has {len(links)} links; {MOST_LINKS} are allowed"
        held = relations_of_any(package, package.sheets[name])
        for link in links:
            where = f"the link of {name}!{link.get('ref', '')}"
            if corners(link.get("ref", "")) is None:
                yield f"{where} stands in no cell"
            reference = next((value for key, value in link.attrib.items() if key.endswith("}id")), "")
            target = held.get(reference, "") if reference else ""
            if reference and not target:
                yield f"{where} has a target that is not in the package"
            if length(target) > LONGEST_TARGET:
                yield f"{where} has a target of {length(target)} characters; {LONGEST_TARGET} are allowed"
            if length(unescape(link.get("tooltip", ""))) > LONGEST_TIP:
                yield f"{where} has a tip of more than {LONGEST_TIP} characters"
            sheet = re.match(r"'((?:[^']|'')+)'!|([^'!]+)!", link.get("location", ""))
            if sheet and not reference and (sheet[1] or sheet[2]).replace("''", "'").casefold() not in known:
                yield f"{where} goes to the sheet {sheet[1] or sheet[2]!r}, which does not exist"


def relations_of_any(package: Package, part: str) -> dict[str, str]:
    """Id -> target of every relation of a part, those to the outside too."""
    folder, _, name = part.rpartition("/")
    root = package.parts.get(f"{folder}/_rels/{name}.rels")
    return {each.get("Id", ""): each.get("Target", "") for each in every(root, "Relationship")}


def check_extensions(package: Package) -> Iterator[str]:
    """Sparklines stand in cells of their own; the two halves of a data bar name each other."""
    for name, root in package.worksheets():
        places: Counter[str] = Counter()
        for line in every(root, "sparkline"):
            target = "".join(text_of(cell) for cell in every(line, "sqref"))
            places[target] += 1
            box = corners(target)
            if box is None or box[:2] != box[2:]:
                yield f"a sparkline of {name} stands at {target!r}, which is no cell"
        yield from (f"{name}!{cell} has {count} sparklines" for cell, count in places.items() if count > 1)
        asked = Counter(text_of(each) for each in every(root, "id") if "2009/9/main" in each.tag)
        given = Counter(each.get("id") for each in every(root, "cfRule") if "2009/9/main" in each.tag)
        for mark, count in asked.items():
            if count > 1 or given[mark] != 1:
                yield f"the data bar {mark} of {name} stands {count} times and is drawn {given[mark]} times"


def check_tables(package: Package) -> Iterator[str]:
    names: Counter[str] = Counter()
    shared = next((root for root in package.parts.values() if tag(root) == "sst"), None)
    texts = ["".join(text_of(t) for t in every(item, "t")) for item in every(shared, "si")]
    for name, root in package.worksheets():
        earlier: list[tuple[int, int, int, int]] = []
        for table in parts_of(package, name, "table"):
            title = table.get("displayName", "")
            names[title.casefold()] += 1
            box = corners(table.get("ref", ""))
            if box is None or box[1] == box[3]:
                yield f"the table {title!r} has no row below its headers: {table.get('ref')!r}"
                continue
            yield from (f"the table {title!r} lies on another" for other in earlier if overlap(box, other))
            earlier.append(box)
            yield from _title_faults(title, table, box, _row_texts(root, box[1], texts))
    yield from (f"{count} tables are called {name!r}" for name, count in names.items() if count > 1)


def _row_texts(root: Element, number: int, texts: list[str]) -> dict[int, str]:
    """The texts of a row by column: what a table's headers must repeat."""
    found = {}
    for cell in every(root, "c"):
        box = corners(cell.get("r", ""))
        value = next((child.text or "" for child in cell if tag(child) == "v"), "")
        if box and box[1] == number:
            found[box[0]] = texts[int(value)] if cell.get("t") == "s" and value else value
    return found


def _title_faults(
    title: str, table: Element, box: tuple[int, int, int, int], cells: dict[int, str]
) -> Iterator[str]:
    headers = [unescape(column.get("name", "")) for column in every(table, "tableColumn")]
    if len(headers) != box[2] - box[0] + 1:
        yield f"the table {title!r} has {len(headers)} headers for {box[2] - box[0] + 1} columns"
    for header, count in Counter(header.casefold() for header in headers).items():
        if count > 1:
            yield f"the table {title!r} has {count} columns called {header!r}"
    for column, header in enumerate(headers, box[0]):
        if not 1 <= length(header) <= LONGEST_TABLE_TITLE:
            yield f"the table {title!r} has a header of {length(header)} characters"
        if cells.get(column, "") != header:
            yield f"the table {title!r} calls {header!r} what the cell calls {cells.get(column)!r}"


RULES: tuple[Callable[[Package], Iterator[str]], ...] = (
    check_content_types,
    check_anchors,
    check_notes,
    check_links,
    check_extensions,
    check_tables,
)
