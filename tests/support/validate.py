"""Check a written .xlsx against the limits at which Excel offers to "repair" it, or refuses it.

LibreOffice, Gnumeric and openpyxl open files that Excel does not; none of them can say so.
These are the rules we know of, each read from the package itself. `check_package` is for files
that planbook wrote: files saved by other programs break a few of them and open all the same.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from tests.support import validate_drawn, validate_formulas
from tests.support.taken_apart import (
    LAST_COLUMN,
    Package,
    book_of,
    corners,
    every,
    integer,
    length,
    open_package,
    overlap,
    relations,
    root_named,
    tag,
    text_of,
    unescape,
)
from tests.support.validate_formulas import LONGEST_FORMULA

LONGEST_SHEET_NAME = 31
LONGEST_CELL_TEXT = 32767
LONGEST_HEADER = 255
LONGEST_NUMBER_FORMAT = 255
WIDEST_COLUMN, HIGHEST_ROW = 255, 409.5
MOST_VALIDATIONS = 65_534
# Attribute of a data validation -> characters. Excel stores an error text of 255 characters but
# shows 224 of them; planbook keeps to what is shown.
VALIDATION_TEXTS = {"prompt": 255, "error": 224, "promptTitle": 32, "errorTitle": 32}
LONGEST_VALIDATION_FORMULA = 255

DEFINED_NAME = re.compile(r"[^\W\d][\w.\\?]*|\\[\w.\\?]*")
LOOKS_LIKE_R1C1 = re.compile(r"R\d*|C\d*|R\d*C\d*", re.IGNORECASE)
SHEET_REFERENCE = re.compile(r"'((?:[^']|'')+)'!|([\w.]+(?::[\w.]+)?)!")
QUOTED_TEXT = re.compile(r'"(?:[^"]|"")*"')
HEADER_CODE = re.compile(r'&(?:[LCRPNDTZFAGBIUESXYOH&]|"[^"]+"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d{3}|\d+)')


# --- the rules ------------------------------------------------------------------------------


def check_entries(package: Package) -> Iterator[str]:
    for name, count in Counter(package.entries).items():
        if count > 1:
            yield f"the zip holds {name} {count} times"
    held = set(package.entries)
    for part in package.parts:
        if not part.endswith(".rels"):
            for kind, target in relations(package, part).values():
                if target not in held:
                    yield f"{part} refers to {target} ({kind}), which is not in the package"


def check_sheets(package: Package) -> Iterator[str]:
    listed = list(every(book_of(package), "sheet"))
    if not any(sheet.get("state", "visible") == "visible" for sheet in listed):
        yield "no sheet is visible"
    for name, count in Counter(sheet.get("name", "").casefold() for sheet in listed).items():
        if count > 1:
            yield f"{count} sheets are called {name!r}; Excel does not tell capitals apart"
    for name in (sheet.get("name", "") for sheet in listed):
        count, allowed = length(name), LONGEST_SHEET_NAME
        if not 1 <= count <= allowed:
            yield f"the sheet name {name!r} has {count} characters; 1 to {allowed} are allowed"
        if re.search(r"[\[\]:*?/\\]", name) or name.startswith("'") or name.endswith("'"):
            yield f"the sheet name {name!r} has a character that Excel forbids"
        if package.parts.get(package.sheets.get(name, "")) is None:
            yield f"the sheet {name!r} has no part"


def check_names(package: Package) -> Iterator[str]:
    known = {name.casefold() for name in package.sheets}
    seen: Counter[tuple[str, str]] = Counter()
    for element in every(book_of(package), "definedName"):
        name, text = element.get("name", ""), element.text or ""
        local = element.get("localSheetId")
        seen[(name.casefold(), local or "")] += 1
        plain = name.removeprefix("_xlnm.")
        like_a_cell = LOOKS_LIKE_R1C1.fullmatch(plain) or corners(plain.upper())
        if like_a_cell or not DEFINED_NAME.fullmatch(plain) or length(name) > 255:
            yield f"{name!r} is not a valid defined name"
        if local is not None and not (local.isdigit() and int(local) < len(package.sheets)):
            yield f"the defined name {name!r} belongs to sheet number {local}, which does not exist"
        if not text.strip() or "#REF!" in text:
            yield f"the defined name {name!r} refers to nothing: {text!r}"
        for match in SHEET_REFERENCE.finditer(QUOTED_TEXT.sub('""', text.replace("#REF!", ""))):
            for sheet in (match[1] or match[2]).replace("''", "'").split(":"):
                if sheet.casefold() not in known:
                    yield f"the defined name {name!r} points at the sheet {sheet!r}, which does not exist"
    for (name, local), count in seen.items():
        if count > 1:
            scope = "one sheet" if local else "the workbook"
            yield f"the defined name {name!r} stands {count} times in {scope}"


def check_validations(package: Package) -> Iterator[str]:
    for name, root in package.worksheets():
        for rule in every(root, "dataValidation"):
            area = rule.get("sqref") or "".join(text_of(element) for element in every(rule, "sqref"))
            where = f"the data validation of {name}!{area}"
            if not area.strip() or not all(corners(each) for each in area.split()):
                yield f"{where} has no valid range"
            for attribute, limit in VALIDATION_TEXTS.items():
                count = length(unescape(rule.get(attribute, "")))
                if count > limit:
                    yield f"{where} has {count} characters in its {attribute}; {limit} are allowed"
            for formula in (*every(rule, "formula1"), *every(rule, "formula2")):
                text = "".join(formula.itertext())
                count = length(text.strip('"'))
                if count > LONGEST_VALIDATION_FORMULA:
                    allowed = LONGEST_VALIDATION_FORMULA
                    yield f"{where} has a {tag(formula)} of {count} characters; {allowed} are allowed"
            kind = rule.get("type", "none")
            if kind != "none" and not any("".join(f.itertext()) for f in every(rule, "formula1")):
                yield f"{where} is of the type {kind} and has no formula1"


def check_merges(package: Package) -> Iterator[str]:
    for name, root in package.worksheets():
        earlier: list[tuple[str, tuple[int, int, int, int]]] = []
        for merge in every(root, "mergeCell"):
            area = merge.get("ref", "")
            box = corners(area)
            if box is None:
                yield f"{name} merges {area!r}, which is not a range"
                continue
            if box[:2] == box[2:]:
                yield f"{name} merges the single cell {area}"
            for other, taken in earlier:
                if overlap(box, taken):
                    yield f"in {name} the merged ranges {other} and {area} overlap"
            earlier.append((area, box))


def check_headers(package: Package) -> Iterator[str]:
    kinds = [half + place for half in ("odd", "even", "first") for place in ("Header", "Footer")]
    for name, root in package.worksheets():
        for kind in kinds:
            for element in every(root, kind):
                yield from header_faults(f"the {kind} of {name}", text_of(element))


def header_faults(where: str, text: str) -> Iterator[str]:
    if length(text) > LONGEST_HEADER:
        yield f"{where} has {length(text)} characters; {LONGEST_HEADER} are allowed"
    position, sections = 0, []
    while (position := text.find("&", position)) != -1:
        code = HEADER_CODE.match(text, position)
        if code is None:
            yield f"{where} has an unknown code at {text[position : position + 6]!r}"
            position += 1
            continue
        position = code.end()
        size = code[0][1:]
        if size.isdigit() and len(size) > 2:
            yield f"{where} has a font size that runs into the digits after it: {code[0]!r}"
        elif re.fullmatch(r"8\d+", size):
            yield f"{where} has &8 directly before a digit, which makes the font size {size}"
        if size in ("L", "C", "R"):
            sections.append(size)
    for section, count in Counter(sections).items():
        if count > 1:
            yield f"{where} has {count} sections &{section}"


def check_cells(package: Package) -> Iterator[str]:
    shared = root_named(package, "sst")
    strings = sum(1 for _ in every(shared, "si"))
    styles = style_count(package, "cellXfs", "xf")
    for name, root in package.worksheets():
        for cell in every(root, "c"):
            yield from cell_faults(f"{name}!{cell.get('r', '?')}", cell, strings, styles)
        for element in (*every(root, "row"), *every(root, "col")):
            style = integer(element, "s" if tag(element) == "row" else "style")
            if style is not None and style >= styles:
                yield f"a {tag(element)} of {name} has the style {style}; there are {styles}"
    for number, item in enumerate(every(shared, "si")):
        count = length("".join(text_of(text) for text in every(item, "t")))
        if count > LONGEST_CELL_TEXT:
            yield f"the shared string {number} has {count} characters; {LONGEST_CELL_TEXT} are allowed"


def cell_faults(where: str, cell: Element, strings: int, styles: int) -> Iterator[str]:
    if corners(cell.get("r", "")) is None:
        yield f"{where} is not an address in a sheet"
    style = integer(cell, "s")
    if style is not None and style >= styles:
        yield f"{where} has the style {style}; there are {styles}"
    for child in cell:
        text = child.text or ""
        if tag(child) == "v" and cell.get("t") == "s" and not (text.isdigit() and int(text) < strings):
            yield f"{where} has the shared string {text!r}; there are {strings}"
        if tag(child) == "v" and cell.get("t", "n") == "n" and text and not is_number(text):
            yield f"{where} is a number and holds {text!r}"
        if tag(child) == "f" and length(text) > LONGEST_FORMULA:
            yield f"{where} has a formula of {length(text)} characters; {LONGEST_FORMULA} are allowed"


def is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", text) is not None


def style_count(package: Package, group: str, item: str) -> int:
    groups = every(root_named(package, "styleSheet"), group)
    return sum(1 for each in groups for child in each if tag(child) == item)


def check_order(package: Package) -> Iterator[str]:
    """Rows and cells stand in their order, each once; Excel calls anything else damaged."""
    for name, root in package.worksheets():
        above = 0
        for row in every(root, "row"):
            number, height = integer(row, "r") or 0, float(row.get("ht") or 0)
            if number <= above:
                yield f"the row {number} of {name} comes after the row {above}"
            above = number
            if not 0 <= height <= HIGHEST_ROW:
                yield f"the row {number} of {name} is {height} points high; {HIGHEST_ROW} are allowed"
            left = 0
            for cell in row:
                box = corners(cell.get("r", "")) or (0, 0, 0, 0)
                if box[1] != number or box[0] <= left:
                    yield f"{name}!{cell.get('r')} is out of its place in the row {number}"
                left = box[0]


def check_number_formats(package: Package) -> Iterator[str]:
    for style in every(root_named(package, "styleSheet"), "numFmt"):
        code = unescape(style.get("formatCode", ""))
        if not 1 <= length(code) <= LONGEST_NUMBER_FORMAT:
            yield f"a number format has {length(code)} characters; {LONGEST_NUMBER_FORMAT} are allowed"
        if code.replace('\\"', "").count('"') % 2:
            yield f"the number format {code!r} has a quote that does not end"
        if len(re.findall(r";", QUOTED_TEXT.sub("", code))) > 3:
            yield f"the number format {code!r} has more than four sections"


def check_overlaps(package: Package) -> Iterator[str]:
    """A cell has one data validation."""
    for name, root in package.worksheets():
        earlier: list[tuple[str, tuple[int, int, int, int]]] = []
        rules = list(every(root, "dataValidation"))
        for block in every(root, "dataValidations"):
            stated = integer(block, "count")
            if stated is not None and stated != len(list(every(block, "dataValidation"))):
                yield f"{name} says it has {stated} data validations"
        if len(rules) > MOST_VALIDATIONS:
            yield f"{name} has {len(rules)} data validations; {MOST_VALIDATIONS} are allowed"
        for area in (area for rule in rules for area in rule.get("sqref", "").split()):
            box = corners(area)
            for other, taken in earlier if box else ():
                if overlap(box, taken):
                    yield f"the data validations of {name}!{other} and {name}!{area} overlap"
            if box:
                earlier.append((area, box))


def check_columns(package: Package) -> Iterator[str]:
    for name, root in package.worksheets():
        last = 0
        for column in every(root, "col"):
            low, high = integer(column, "min") or 0, integer(column, "max") or 0
            where = f"in {name} the columns {low} to {high}"
            if not last < low <= high <= LAST_COLUMN:
                yield f"{where} are out of order or overlap"
            last = high
            width, hidden = column.get("width"), column.get("hidden") in ("1", "true")
            if width is not None and not (0 < float(width) <= WIDEST_COLUMN) and not hidden:
                yield f"{where} have the width {width}; more than 0 and at most {WIDEST_COLUMN} is allowed"


def check_conditional_formats(package: Package) -> Iterator[str]:
    formats = style_count(package, "dxfs", "dxf")
    for name, root in package.worksheets():
        for block in every(root, "conditionalFormatting"):
            where = f"a conditional format of {name}!{block.get('sqref', '')}"
            for rule in every(block, "cfRule"):
                formulas = [f for f in rule if tag(f) in ("formula", "f")]
                kind = rule.get("type", "")
                if kind in ("expression", "cellIs") and not formulas:
                    yield f"{where} is of the type {kind} and has no formula"
                if any(not (formula.text or "").strip() for formula in formulas):
                    yield f"{where} has an empty formula"
                style = integer(rule, "dxfId")
                if style is not None and style >= formats:
                    yield f"{where} has the format {style}; there are {formats}"


def check_alternative_texts(package: Package) -> Iterator[str]:
    for part, root in package.parts.items():
        if tag(root) != "wsDr":
            continue
        for kind in ("graphicFrame", "pic"):
            for frame in every(root, kind):
                for properties in every(frame, "cNvPr"):
                    if not properties.get("descr", "").strip():
                        what = "chart" if kind == "graphicFrame" else "picture"
                        yield f"the {what} {properties.get('name', '?')!r} in {part} has no alternative text"


def check_title(package: Package) -> Iterator[str]:
    core = root_named(package, "coreProperties")
    if not any((title.text or "").strip() for title in every(core, "title")):
        yield "the core properties have no title"


RULES: tuple[Callable[[Package], Iterator[str]], ...] = (
    check_entries,
    check_sheets,
    check_names,
    check_validations,
    check_merges,
    check_headers,
    check_cells,
    check_order,
    check_number_formats,
    check_overlaps,
    check_columns,
    check_conditional_formats,
    check_alternative_texts,
    check_title,
    *validate_formulas.RULES,
    *validate_drawn.RULES,
)


def check_package(path: Path) -> list[str]:
    """What Excel would stumble over in this workbook, a sentence each; empty when it is fine."""
    if not zipfile.is_zipfile(path):
        return [f"{path.name} is not a zip file"]
    package = open_package(path)
    if book_of(package) is None:
        return [*package.faults, f"{path.name} holds no workbook"]
    return [*package.faults, *(fault for rule in RULES for fault in rule(package))]
