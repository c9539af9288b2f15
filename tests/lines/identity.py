"""Links and identity: ids and labels, keys of columns, and the places that say which workbook it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from planbook.layout import (
    FIRST_ROW,
    HEADER_ROW,
    IDENTITY_CELL,
    IDENTITY_NAME,
    KEY_ROW,
    LABEL_MARK,
    META_SHEET,
)
from planbook.layout.manifest import KEYWORD, issue_from, read_meta
from tests.lines import Line, input_columns
from tests.support.opened import Opened, edit, restyle
from tests.support.taken_apart import every, root_named

KEY_CHARACTERS = "*?~｜"


def check_ids(book: Opened) -> Iterator[str]:
    """Every row has its id in the first column, for good; none stands below the last row."""
    for placed, sheet in book.tables():
        for number in range(1, placed.rows + 1):
            cell, expected = sheet.cell(placed.row(number), 0), placed.sheet.id.of(number)
            if cell is None or cell.text != expected or cell.formula is not None:
                yield f"{sheet.title} row {placed.row(number) + 1} is not called {expected}"
            if not book.style(cell).locked:
                yield f"the id {expected} of {sheet.title} can be typed over"
        if sheet.text(placed.last_row + 1, 0):
            yield f"{sheet.title} has an id below its last row"
        hidden = sheet.widths[0][1]
        if hidden is not placed.sheet.id.hidden:
            yield f"the ids of {sheet.title} are {'hidden' if hidden else 'seen'}"


def check_labels(book: Opened) -> Iterator[str]:
    """What a dropdown of rows offers, and what stands in a linked cell, begins with the row's id."""
    lists = book.sheets[book.layout.lists_title]
    for sheet_key, column_key in book.layout.dropdowns.blocks:
        column = book.layout.book.sheet(sheet_key).column(column_key)
        if not column.link:
            continue
        block = book.layout.dropdowns.blocks[sheet_key, column_key]
        ident = book.layout.book.sheet(column.link.sheet).id
        shape = re.compile(rf"{ident.prefix}\d{{{ident.width}}}{LABEL_MARK}.+", re.DOTALL)
        made = [
            c
            for c in lists.cells.values()
            if c.formula and LABEL_MARK in c.formula and block.sheet + "_id" in c.formula
        ]
        if not made:
            yield f"nothing makes the labels of {block.name}"
        for cell in made:
            if cell.text and not shape.fullmatch(cell.text):
                yield f"the dropdown {block.name} offers {cell.text!r}, which has no id"


def check_links_by_id(book: Opened) -> Iterator[str]:
    """Formulas find a linked row by its id, never by its name: renaming a goal keeps every link."""
    for placed, sheet in book.tables():
        for at in placed.written:
            if at.column.calculated and ">" in book.layout.book.formula_of(at.column):
                cell = sheet.cell(FIRST_ROW, at.index)
                formula = cell.formula or "" if cell else ""
                found = re.findall(r"MATCH\((\w*)", formula)
                if ("LEFT" not in formula and found) or any(start != "LEFT" for start in found):
                    yield f"{sheet.title}!{at.letter} looks its row up by more than the id: {formula[:60]}"
        for link in (at for at in input_columns(placed) if at.column.link):
            target = book.layout.book.sheet(link.column.link.sheet)  # type: ignore[union-attr]
            named = f"MATCH(${link.letter}{FIRST_ROW + 1},{target.key}_{link.column.link.label}"  # type: ignore[union-attr]
            for cell in sheet.cells.values():
                if cell.formula and named in cell.formula:
                    yield f"{sheet.title}!{cell.address} looks a row up by its name"


def check_keys(book: Opened) -> Iterator[str]:
    """A text that names a row has no wildcard, no mark of labels, and is not too long."""
    for placed, sheet in book.tables():
        for at in input_columns(placed):
            if not at.column.name:
                continue
            cell = f"${at.letter}{FIRST_ROW + 1}"
            rules = [
                r
                for r in sheet.validations
                if any(a.startswith(f"{at.letter}{FIRST_ROW + 1}:") for a in r.areas)
            ]
            formula = rules[0].formulas[0] if rules and rules[0].kind == "custom" else ""
            for character in KEY_CHARACTERS:
                if f'FIND("{character}",{cell})' not in formula:
                    yield f"{sheet.title}!{at.letter} lets {character} into a name"
            if at.column.longest and not re.search(
                rf"LEN\({re.escape(cell)}\)<={at.column.longest}\b", formula
            ):
                yield f"{sheet.title}!{at.letter} lets a name grow longer than {at.column.longest}"
            if at.column.unique and not re.search(r"(SUMPRODUCT|COUNTIF)\(.*<=1", formula):
                yield f"{sheet.title}!{at.letter} lets a name stand twice"


def check_column_keys(book: Opened) -> Iterator[str]:
    """A hidden row above the header holds the key of every column."""
    for placed, sheet in book.tables():
        row = sheet.rows.get(KEY_ROW)
        if row is None or row.get("hidden") not in ("1", "true"):
            yield f"the keys of {sheet.title} are seen"
        if KEY_ROW >= HEADER_ROW:
            yield "the keys do not stand above the header"
        expected = {0: "id", **{at.index: at.column.key for at in placed.written}}
        for column, key in expected.items():
            if sheet.text(KEY_ROW, column) != key:
                yield f"the key {key} of {sheet.title} is {sheet.text(KEY_ROW, column)!r}"


def meta(book: Opened) -> dict[str, str]:
    """The rows of the hidden sheet that says what the workbook is."""
    sheet = book.sheets.get(META_SHEET)
    return {sheet.text(row, 0): sheet.text(row, 1) for row in sheet.rows} if sheet else {}


def identity(book: Opened) -> str:
    """The id as the layout's own issue has it: what the other places must repeat."""
    _, data = read_meta(meta(book).items())
    issue = issue_from(data) if data else None
    return issue.id if issue else ""


def check_identity_cell(book: Opened) -> Iterator[str]:
    if not identity(book) or meta(book).get("issue") != identity(book):
        yield f"the id cell of {META_SHEET} says {meta(book).get('issue')!r}"


def check_identity_name(book: Opened) -> Iterator[str]:
    if not identity(book) or book.named_texts(IDENTITY_NAME) != [identity(book)]:
        yield f"the name {IDENTITY_NAME} points at {book.names.get(IDENTITY_NAME)!r}"


def check_identity_properties(book: Opened) -> Iterator[str]:
    core = root_named(book.package, "coreProperties")
    keywords = [e.text for e in every(core, "keywords")]
    if keywords != [KEYWORD + identity(book)]:
        yield f"the keywords of the file are {keywords}"
    title = "".join(e.text or "" for e in every(core, "title"))
    _, data = read_meta(meta(book).items())
    issue = issue_from(data) if data else None
    if issue is None or issue.department_name not in title or str(issue.year) not in title:
        yield f"the title of the file is {title!r}"


def check_identity_in_sight(book: Opened) -> Iterator[str]:
    sheet = book.sheets[book.layout.index_title]
    row, column = IDENTITY_CELL
    cell = sheet.cell(row, column)
    if cell is None or cell.text != identity(book) or not cell.text:
        yield f"the first page shows {cell.text if cell else None!r} for the id"
    if not book.style(cell).locked or sheet.widths.get(column, (1.0, False, 0))[1]:
        yield "the id on the first page is hidden, or can be typed over"


def check_manifest(book: Opened) -> Iterator[str]:
    """The manifest: spec name, version, SHA-256, department, cycle, language, issue id, layout."""
    layout, rows = book.layout, meta(book)
    ident, data = read_meta(rows.items())
    issue = issue_from(data) if data else None
    if data is None or issue is None:
        yield "there is no manifest"
        return
    spec = layout.book
    if (issue.book, issue.version, issue.sha256) != (spec.name, spec.version, spec.sha256):
        yield f"the manifest speaks of the book {issue.book} {issue.version}"
    if rows.get("sha256") != spec.sha256 or rows.get("book") != f"{spec.name} {spec.version}":
        yield "the readable lines speak of another book than the manifest"
    if (issue.id, issue.lang, bool(issue.department), issue.year > 1900) != (ident, layout.lang, True, True):
        yield "the manifest leaves open for whom, when or in which language"
    stated = {sheet.get("key"): (sheet.get("rows"), sheet.get("columns")) for sheet in data.get("sheets", [])}
    for placed in layout.sheets:
        columns = {at.column.key: at.index for at in placed.written}
        if stated.get(placed.sheet.key) != (placed.rows, columns):
            yield f"the manifest has another layout of {placed.title}"


def check_names(book: Opened) -> Iterator[str]:
    """Names are the workbook's own and point at ranges; no constants, tables or custom properties."""
    for name, number, _ in book.local_names():
        if not name.startswith("_xlnm."):
            yield f"the name {name} belongs to the sheet number {number} alone"
    for name, target in book.names.items():
        if not re.match(r"(OFFSET\()?'?[^'!]+'?!\$[A-Z]+\$\d+", target):
            yield f"the name {name} points at no range: {target}"
    for part in book.raw:
        if re.match(r"customXml/|docProps/custom|xl/tables/", part):
            yield f"the package has {part}, which other programs drop"
    for sheet in book.sheets.values():
        code = sheet.first("sheetPr")
        if code is not None and code.get("codeName"):
            yield f"{sheet.title} has a code name"


def check_hidden_sheets(book: Opened) -> Iterator[str]:
    states = {
        sheet.get("name", ""): sheet.get("state", "visible")
        for sheet in every(book.package.parts["xl/workbook.xml"], "sheet")
    }
    wanted = {book.layout.lists_title: "hidden", META_SHEET: "veryHidden"}
    for title, state in states.items():
        if state != wanted.get(title, "visible"):
            yield f"the sheet {title} is {state}"
    missing = set(wanted) - set(states)
    yield from (f"there is no sheet {title}" for title in missing)


def _second_manifest(match: re.Match[str]) -> str:
    data = json.loads(match[0])
    data["issue"]["lang"] = "fr"
    return json.dumps(data, ensure_ascii=False)


WORKBOOK, STRINGS, CORE = "xl/workbook.xml", "xl/sharedStrings.xml", "docProps/core.xml"

LINES = (
    Line(
        "each row has a fixed id in its first column, locked, as wide as the spec says",
        check_ids,
        {
            "another id": edit(STRINGS, ">G003<", ">G03<"),
            "an id to type over": restyle("goals", "A8", like="B8"),
            "a row without one": edit("review", r'<c r="A9"[^>]*><v>\d+</v></c>', ""),
            "ids out of sight": edit("tracking", r'<col min="1" max="1"', '<col min="1" max="1" hidden="1"'),
        },
    ),
    Line(
        "labels in dropdowns carry the id",
        check_labels,
        {"a label without it": edit("lists", r">G002｜[^<]*<", ">新客户拓展<")},
    ),
    Line(
        "formulas key on the id",
        check_links_by_id,
        {
            "a match by the whole label": edit("decomposition", r"MATCH\(LEFT\((\$C7),4\)", r"MATCH(\1", 0),
            "a match by the name": edit(
                "review", r"MATCH\(LEFT\(\$D7,4\),goals_id", "MATCH($D7,goals_goal", 0
            ),
        },
    ),
    Line(
        "keys reject wildcards, the mark of labels and over-long text",
        check_keys,
        {
            "a question mark": edit("goals", r'ISERROR\(FIND\("\?",\$C7\)\),', ""),
            "the mark of labels": edit("decomposition", r',ISERROR\(FIND\("｜",\$F7\)\)', ""),
            "a longer name": edit("goals", r"LEN\(\$C7\)&lt;=40", "LEN($C7)&lt;=400"),
            "a name twice": edit("goals", r",SUMPRODUCT\([^<]*&lt;=1", ""),
        },
    ),
    Line(
        "a hidden row above the header holds the columns' keys",
        check_column_keys,
        {
            "in sight": edit("goals", r'(<row r="5"[^>]*) hidden="1"', r"\1"),
            "a key gone": edit("review", r'<c r="D5"[^>]*><v>\d+</v></c>', ""),
            "another key": edit(STRINGS, ">metric_kind<", ">kind<"),
        },
    ),
    Line(
        "an id cell in the hidden sheet says which workbook it is",
        check_identity_cell,
        {"another id": edit(META_SHEET, r'(<c r="B1"[^>]*><v>)\d+', r"\g<1>0")},
    ),
    Line(
        "a workbook-global name points at the id",
        check_identity_name,
        {
            "elsewhere": edit(WORKBOOK, r"(planbook_identity\">[^<]*)\$B\$1<", r"\1$B$2<"),
            "no name": edit(WORKBOOK, r'<definedName name="planbook_identity">[^<]*</definedName>', ""),
        },
    ),
    Line(
        "the core properties say which workbook it is",
        check_identity_properties,
        {
            "other keywords": edit(CORE, r"planbook:PB", "planbook:PX"),
            "another title": edit(CORE, "营销中心", "销售部"),
        },
    ),
    Line(
        "a locked cell in sight says which workbook it is",
        check_identity_in_sight,
        {
            "another text": edit(
                "index", r'(<c r="[A-Z]2" s="\d+" t="s"><v>)\d+(</v></c></row>)', r"\g<1>0\2"
            ),
        },
    ),
    Line(
        "the hidden sheet holds the manifest",
        check_manifest,
        {
            "another SHA-256": edit(
                STRINGS, r"(&quot;|\")sha256(&quot;|\"): (&quot;|\")[0-9a-f]", r"\1sha256\2: \3x"
            ),
            "another language": edit(STRINGS, r'\{"format".*?\}(?=</t>)', _second_manifest),
            "another layout": edit(STRINGS, r'"goal": 2', '"goal": 3'),
            "no manifest": edit(STRINGS, r'\{"format"', '["format"'),
        },
    ),
    Line(
        "names are global and point at ranges; nothing that other programs drop",
        check_names,
        {
            "a name of one sheet": edit(
                WORKBOOK, '<definedName name="list_unit"', '<definedName name="list_unit" localSheetId="1"'
            ),
            "a constant": edit(WORKBOOK, r'(name="cell_amber">)[^<]*', r"\g<1>0.9"),
            "custom properties": lambda book: Opened(
                {**book.raw, "docProps/custom.xml": b"<a/>"}, book.layout, book.state
            ),
            "a code name": edit("goals", "<sheetPr>", '<sheetPr codeName="Goals">'),
        },
    ),
    Line(
        "lists are hidden, the manifest very hidden, all else is seen",
        check_hidden_sheets,
        {
            "lists in sight": edit(WORKBOOK, r' state="hidden"', ""),
            "the manifest less hidden": edit(WORKBOOK, r'"veryHidden"', '"hidden"'),
            "a table hidden": edit(WORKBOOK, r'sheetId="3"', 'sheetId="3" state="hidden"'),
        },
    ),
)
