"""Dropdowns: what they are made of, the cascade, their words, and how hard they insist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from planbook.layout import FIRST_ROW, PlacedColumn, SheetLayout
from planbook.layout.dropdowns import Block
from planbook.spec import Kind
from tests.lines import LINKED, Line, column_area, input_columns
from tests.support.opened import Opened, Sheet, Validation, edit, restore, revalidate
from tests.support.taken_apart import length

# As Excel shows them: a longer error is stored but cut off.
LONGEST = {"prompt": 255, "error": 224, "promptTitle": 32, "errorTitle": 32}
NAME = r"[A-Za-z_][A-Za-z0-9_]*"
CELL = r"\$[A-Z]+\d+"
KEY = rf"(?:LEFT\({CELL},\d+\)|{CELL})"
STATIC = re.compile(NAME)
CASCADE = re.compile(
    rf'OFFSET\({NAME},MATCH\((?P<key>{KEY}(?:&"\|"&{KEY})*),(?P<keys>{NAME}),0\),0,COUNTIF\((?P=keys),(?P=key)\),1\)'
)
# A list that grows ends where its rows end; that is worked out inside a name, not in the dropdown itself.
DYNAMIC = re.compile(
    r"OFFSET\('[^']+'!\$[A-Z]+\$\d+,0,0,MAX\(1,COUNT\('[^']+'!\$[A-Z]+\$\d+:\$[A-Z]+\$\d+\)\),1\)"
)


def lists_of(book: Opened) -> Iterator[tuple[SheetLayout, Sheet, PlacedColumn, Validation | None]]:
    """Every column that has a dropdown by the book, with the validation that stands there."""
    for placed, sheet in book.tables():
        for at in input_columns(placed):
            if book.layout.dropdown(placed.sheet.key, at.column):
                yield placed, sheet, at, sheet.validation(column_area(placed, at))


def check_sources(book: Opened) -> Iterator[str]:
    """A dropdown is a name, or a cascade cut out of names; nothing else survives every program."""
    seen = 0
    for sheet in book.sheets.values():
        for rule in sheet.validations:
            if rule.kind != "list":
                continue
            seen += 1
            source = rule.formulas[0] if rule.formulas else ""
            if not STATIC.fullmatch(source) and not CASCADE.fullmatch(source):
                yield f"the dropdown of {sheet.title}!{rule.areas} is {source!r}"
            for name in re.findall(rf"(?<![\w$\"]){NAME}(?![\w(])", re.sub(CELL, "", source)):
                if name not in book.names:
                    yield f"the dropdown of {sheet.title}!{rule.areas} names {name}, which is not defined"
    for name in (b.name for b in book.layout.dropdowns.blocks.values() if not b.within):
        if not DYNAMIC.fullmatch(book.names.get(name, "")):
            yield f"the name {name} does not end where its list ends: {book.names.get(name)!r}"
    if not seen:
        yield "there are no dropdowns"


def check_everywhere(book: Opened) -> Iterator[str]:
    """Each column with a list has its dropdown in every row; what is calculated has none."""
    for placed, sheet, at, rule in lists_of(book):
        expected = book.layout.dropdown(placed.sheet.key, at.column).removeprefix("=")
        if rule is None or rule.kind != "list" or rule.formulas != (expected,):
            yield f"{sheet.title}!{column_area(placed, at)} has not the dropdown {expected}"
    for placed, sheet in book.tables():
        calculated = {column_area(placed, at) for at in placed.written if at.column.calculated}
        for rule in sheet.validations:
            yield from (
                f"{sheet.title}!{area} is calculated and validated"
                for area in rule.areas
                if area in calculated
            )


def check_closed_lists(book: Opened) -> Iterator[str]:
    """A list's name covers its items in the workbook's language, no more and no less."""
    for key in book.layout.book.lists:
        items = [item.title.to(book.layout.lang) for item in book.layout.list_items(key)]
        shown = book.named_texts(f"list_{key}")
        if shown != items:
            yield f"the list {key} offers {shown}"


def blocks_within(book: Opened) -> Iterator[Block]:
    found = {b.name: b for b in book.layout.dropdowns.blocks.values() if b.within}
    yield from found.values()


def check_levels(book: Opened) -> Iterator[str]:
    """Goal, then initiative within the goal, then task within both."""
    placed, sheet = next((p, s) for p, s in book.tables() if p.sheet.key == "tracking")
    depth = {}
    for key in ("goal", "initiative", "task"):
        at = next(at for at in placed.written if at.column.key == key)
        rule = sheet.validation(column_area(placed, at))
        source = rule.formulas[0] if rule and rule.kind == "list" else ""
        match = CASCADE.fullmatch(source)
        depth[key] = 1 + match["key"].count('&"|"&') if match else 0
        if match and str(FIRST_ROW + 1) not in match["key"]:
            yield f"the dropdown of {key} does not look at its own row: {source}"
    if depth != {"goal": 0, "initiative": 1, "task": 2}:
        yield f"the cascade has the levels {depth}"


def check_windows(book: Opened) -> Iterator[str]:
    """For every parent the window cut out holds its children, all of them, wherever their rows stand."""
    for block in blocks_within(book):
        keys = book.named_texts(f"{block.name}_keys")
        head = book.names[f"{block.name}_head"]
        shown = _column_below(book, head, len(keys))
        groups = [key for n, key in enumerate(keys) if key and (n == 0 or keys[n - 1] != key)]
        if len(groups) != len(set(groups)):
            yield f"the rows of one parent stand apart in {block.name}"
        offered: dict[str, list[str]] = {}
        for key, text in zip(keys, shown, strict=True):
            if key:
                offered.setdefault(key, []).append(text)
        wanted = _children(book, block)
        for key in sorted({*wanted, *offered}):
            if sorted(offered.get(key, [])) != sorted(wanted.get(key, [])):
                yield f"under {key} {block.name} offers {offered.get(key)}, not {wanted.get(key)}"
        if book.state != "blank" and not wanted:
            yield f"nothing stands in {block.name}"


def _column_below(book: Opened, head: str, count: int) -> list[str]:
    match = re.fullmatch(r"'([^']+)'!\$([A-Z]+)\$(\d+)", head)
    assert match, head
    cells = book.sheets[match[1]].cells
    return [c.text if (c := cells.get(f"{match[2]}{int(match[3]) + n}")) else "" for n in range(1, count + 1)]


def _children(book: Opened, block: Block) -> dict[str, list[str]]:
    """Straight from the table: the parents of each row, and what the dropdown should offer for it."""
    placed, sheet = next((p, s) for p, s in book.tables() if p.sheet.key == block.sheet)
    found: dict[str, list[str]] = {}
    for number in range(1, placed.rows + 1):
        row = placed.row(number)
        text = sheet.text(row, placed.index(block.column))
        parents = []
        for key in block.within:
            column, value = placed.sheet.column(key), sheet.text(row, placed.index(key))
            width = book.layout.book.sheet(column.link.sheet).id.length if column.link else len(value)
            parents.append(value[:width])
        if text and all(parents):
            label = f"{placed.sheet.id.of(number)}｜{text}" if block.labelled else text
            children = found.setdefault("|".join(parents), [])
            if block.labelled or label not in children:
                children.append(label)
    return found


def check_words(book: Opened) -> Iterator[str]:
    """Prompts and errors are as short as Excel shows them, and an error says what to do."""
    for sheet in book.sheets.values():
        for rule in sheet.validations:
            where = f"the validation of {sheet.title}!{' '.join(rule.areas)}"
            for name, limit in LONGEST.items():
                if length(rule.texts[name]) > limit:
                    yield f"{where} has {length(rule.texts[name])} characters in its {name}"
            if rule.kind != "none" and not (rule.texts["error"] and rule.texts["errorTitle"]):
                yield f"{where} refuses without a word"


def check_severity(book: Opened) -> Iterator[str]:
    """Stop for keys, closed lists, numbers and dates; a warning for units, roles and free text."""
    for placed, sheet in book.tables():
        for at in input_columns(placed):
            rule = sheet.validation(column_area(placed, at))
            if rule is None or rule.kind == "none":
                continue
            column = at.column
            is_open = bool(column.cascade) or (
                column.kind is Kind.CHOICE and book.layout.book.lists[column.list].open
            )
            wanted = "warning" if is_open else "stop"
            if rule.severity != wanted:
                yield f"{sheet.title}!{at.letter} ({column.key}) has a {rule.severity}, not a {wanted}"


def check_kinds(book: Opened) -> Iterator[str]:
    """Numbers, percentages and dates are validated as such, a finish against its start."""
    for placed, sheet in book.tables():
        for at in input_columns(placed):
            rule, column = sheet.validation(column_area(placed, at)), at.column
            kind = rule.kind if rule else "none"
            if column.kind is Kind.PERCENT:
                bounds = [float(f) for f in rule.formulas] if rule and kind == "decimal" else []
                if bounds != [column.minimum, column.maximum]:
                    yield f"{sheet.title}!{at.letter} takes percentages within {bounds}"
            if column.kind is Kind.DATE and kind not in ("date", "custom"):
                yield f"{sheet.title}!{at.letter} takes what is no date"
            if column.after:
                start = f"${placed.columns[placed.index(column.after) - 1].letter}{FIRST_ROW + 1}"
                if kind != "custom" or f">={start}" not in (rule.formulas[0] if rule else ""):
                    yield f"{sheet.title}!{at.letter} takes a finish before its start"
            if column.kind is Kind.QUANTITY and kind not in ("decimal", "custom"):
                yield f"{sheet.title}!{at.letter} takes what is no number"


LINES = (
    Line(
        "a dropdown is a name or a cascade of names, nothing inline, direct or volatile",
        check_sources,
        {
            "an inline list": edit("goals", r">list_level<", '>"甲,乙"<'),
            "another sheet directly": edit("goals", r">list_level<", ">'_列表'!$A$2:$A$4<"),
            "INDIRECT": edit("goals", r">list_level<", '>INDIRECT("list_level")<'),
            "a structured reference": edit("goals", r">list_level<", ">Goals[level]<"),
            "a bare range of two INDEX": edit(
                "goals", r">list_level<", ">INDEX(list_level,1):INDEX(list_level,2)<"
            ),
            "a name that is not there": edit("goals", r">list_level<", ">list_levels<"),
            "a list of blanks": edit(
                "xl/workbook.xml", r'(name="pick_goals_goal">OFFSET\([^,]*,0,0),.*?\)\),1', r"\1,30,1"
            ),
        },
    ),
    Line(
        "every column with a list has its dropdown in every row",
        check_everywhere,
        {
            "one row short": edit("goals", r'sqref="B7:B30"(><formula1>)', r'sqref="B7:B29"\1'),
            "no dropdown": edit(
                "review", r"<dataValidation [^>]*>\s*<formula1>list_quarter</formula1></dataValidation>", ""
            ),
            "another list": edit("review", r">list_quarter<", ">list_unit<"),
        },
    ),
    Line(
        "a list's name covers its items exactly",
        check_closed_lists,
        {
            "one short": edit("xl/workbook.xml", r'(name="list_quarter">[^<]*)\$5<', r"\1$4<"),
            "another word": edit("xl/sharedStrings.xml", ">越高越好<", ">高<"),
        },
    ),
    Line(
        "the cascade has three levels",
        check_levels,
        {
            "initiatives of every goal": edit(
                "tracking", r"<formula1>OFFSET\([^<]*<", "<formula1>list_unit<"
            ),
            "tasks of the goal alone": edit("tracking", r'&amp;"\|"&amp;\$C7', "", 0),
        },
        books=LINKED,
    ),
    Line(
        "a cascade's rows need not stand together",
        check_windows,
        {
            "a child astray": edit("lists", r"(<v>)拓展华东(</v>)", r"\1拓展华北\2", 0),
            "keys out of order": restore("pick_decomposition_initiative1_keys", 1, "G009"),
        },
    ),
    Line(
        "prompts and errors are no longer than Excel shows",
        check_words,
        {
            "a long prompt": edit("goals", r' prompt="[^"]*"', f' prompt="{"长" * 256}"'),
            "a long error": edit("goals", r' error="[^"]*"', f' error="{"长" * 225}"'),
            "a long title": edit("goals", r' promptTitle="[^"]*"', f' promptTitle="{"长" * 33}"'),
            "a title of an error": edit("goals", r' errorTitle="[^"]*"', f' errorTitle="{"长" * 33}"'),
            "no error": edit("goals", r' error="[^"]*"', ""),
        },
    ),
    Line(
        "stop for keys, numbers and dates, a warning for unit, role and free text",
        check_severity,
        {
            "a unit that stops": revalidate("goals", "unit", r' errorStyle="warning"', ""),
            "a date that warns": revalidate(
                "goals", "due", r'type="date"', 'type="date" errorStyle="warning"'
            ),
            "a key that informs": revalidate(
                "goals", "goal", r'type="custom"', 'type="custom" errorStyle="information"'
            ),
        },
    ),
    Line(
        "numbers, percentages and dates are validated",
        check_kinds,
        {
            "a percentage of anything": edit(
                "goals", r"<formula1>0.0</formula1><formula2>1.0<", "<formula1>0.0</formula1><formula2>9.0<"
            ),
            "a date of anything": revalidate("goals", "due", r"^.*$", ""),
            "a finish before its start": revalidate("decomposition", "finish", r"&gt;=\$", "&lt;=$"),
            "a number of anything": revalidate("goals", "target", r"^.*$", ""),
        },
        books=LINKED,
    ),
)
