"""Layout: rows to spare, protection, columns, pages, fonts and colours of the tables."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from planbook.layout import FIRST_ROW, HEADER_ROW, META_SHEET, column_letter
from planbook.spec import Kind, Place
from tests.lines import Line, column_cells, input_columns
from tests.support.opened import Opened, edit, restyle
from tests.support.taken_apart import corners, every, integer, root_named, tag

FONT, SIZE = "微软雅黑", "10"
# sheetProtection says what is forbidden: "0" allows.  Sorting stays forbidden, see the README.
ALLOWED = ("formatColumns", "formatRows", "insertHyperlinks", "autoFilter")
PASSWORD = ("password", "hashValue", "saltValue", "algorithmName", "spinCount")


# -- rows and protection -----------------------------------------------------------------------


def check_ranges(book: Opened) -> Iterator[str]:
    """Plain ranges with rows to spare, every input cell formatted and framed; no tables."""
    for placed, sheet in book.tables():
        source = book.layout.book.sheet(placed.sheet.mirrors) if placed.sheet.mirrors else placed.sheet
        expected = source.rows if book.state == "blank" else placed.rows
        if placed.rows != expected or placed.rows < 1:
            yield f"{sheet.title} has {placed.rows} rows, not {expected}"
        for at in input_columns(placed):
            for where, cell in column_cells(placed, sheet, at):
                if cell is None or not book.style(cell).border:
                    yield f"{where} is not preformatted"
        if sheet.first("tableParts") is not None:
            yield f"{sheet.title} has a table, which does not grow under protection"


def check_protection(book: Opened) -> Iterator[str]:
    """Every sheet is protected, by no password; what a planner needs is allowed, sorting is not."""
    for title, sheet in book.sheets.items():
        protection = sheet.first("sheetProtection")
        if protection is None or protection.get("sheet") != "1":
            yield f"{title} is not protected"
            continue
        if any(protection.get(name) for name in PASSWORD):
            yield f"{title} is protected by a password"
        for name in ALLOWED:
            if protection.get(name, "1") != "0":
                yield f"{title} does not allow {name}"
        if protection.get("objects", "0") != "0":
            yield f"{title} does not allow notes"
        for name in ("sort", "formatCells", "insertRows", "deleteRows", "insertColumns", "deleteColumns"):
            if protection.get(name, "1") == "0":
                yield f"{title} allows {name}"


def check_locks(book: Opened) -> Iterator[str]:
    """Inputs are unlocked, every other cell in the file is locked."""
    for placed, sheet in book.tables():
        inputs = {at.index for at in input_columns(placed)}
        above = {placed.band[key] for key in placed.band if key not in {t.key for t in placed.sheet.totals}}
        for cell in sheet.cells.values():
            left, top, _, _ = corners(cell.address) or (0, 0, 0, 0)
            row, column = top - 1, left - 1
            in_table = placed.first_row <= row <= placed.last_row
            free = (in_table and column in inputs) or (row, column) in above
            if book.style(cell).locked is free:
                yield f"{sheet.title}!{cell.address} is {'locked' if free else 'open'}"
    for title in (book.layout.index_title, book.layout.lists_title, META_SHEET):
        for cell in book.sheets[title].cells.values():
            if not book.style(cell).locked:
                yield f"{title}!{cell.address} is open"


def check_own_columns(book: Opened) -> Iterator[str]:
    """What stands right of a table is the planner's: empty, in sight, unlocked."""
    for placed, sheet in book.tables():
        last = last_column(book, placed.sheet.key)
        width, hidden, style = sheet.widths.get(last + 1, (0.0, False, 0))
        if hidden or book.styles[style].locked or not width:
            yield f"the column {column_letter(last + 1)} of {sheet.title} is not the planner's own"
        for cell in sheet.cells.values():
            box = corners(cell.address)
            if box and box[0] - 1 > last:
                yield f"{sheet.title}!{cell.address} stands among the planner's own columns"


def last_column(book: Opened, key: str) -> int:
    """The last 0-based column that is planbook's."""
    placed = book.layout.sheet(key)
    return int(getattr(placed, "last_column", placed.written[-1].index))


def check_hidden_columns(book: Opened) -> Iterator[str]:
    """Helper columns are hidden, all others are seen."""
    for placed, sheet in book.tables():
        for at in placed.written:
            hidden = sheet.widths.get(at.index, (0.0, False, 0))[1]
            if hidden is not (at.column.place is Place.HIDDEN):
                yield f"the column {at.column.key} of {sheet.title} is {'hidden' if hidden else 'seen'}"


# -- headers and columns -----------------------------------------------------------------------


def check_headers(book: Opened) -> Iterator[str]:
    """Each column is headed by its title in the workbook's language, a star where it must be filled."""
    for placed, sheet in book.tables():
        for at in placed.written:
            shown, title = sheet.text(HEADER_ROW, at.index), at.column.title.to(book.layout.lang)
            if at.column.header:  # a title that the workbook works out by itself
                cell = sheet.cell(HEADER_ROW, at.index)
                if cell is None or not cell.formula:
                    yield f"the header of {at.column.key} of {sheet.title} is no formula"
                continue
            if not shown.startswith(title):
                yield f"the header of {at.column.key} of {sheet.title} is {shown!r}"
            if shown.endswith(" *") is not (at.column.required is True):
                yield f"the header {shown!r} of {sheet.title} is starred wrongly"


def display_width(text: str) -> int:
    """Columns of a terminal, and nearly of Excel: an East Asian sign is twice as wide as a letter."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def check_widths(book: Opened) -> Iterator[str]:
    """A column is as wide as its header in at most three lines, none of its words cut.

    Widths count digits; a word of letters, bold ones too, is a little narrower.
    """
    for placed, sheet in book.tables():
        for at in placed.visible:
            width = sheet.widths.get(at.index, (0.0, False, 0))[0]
            title = at.column.title.to(book.layout.lang)
            words = [title] if not title.isascii() else title.split()
            longest = 0 if words == [title] and not title.isascii() else max(map(display_width, words))
            if width < max(display_width(title) / 3, longest - 0.5):
                yield f"the column {title!r} of {sheet.title} is {width} wide"


def check_heights(book: Opened) -> Iterator[str]:
    """Rows of a table grow with what is typed: no fixed height; text wraps, and a wide number shrinks."""
    for placed, sheet in book.tables():
        for row in range(placed.first_row, placed.last_row + 1):
            element = sheet.rows.get(row)
            if element is not None and element.get("customHeight") == "1":
                yield f"the row {row + 1} of {sheet.title} does not grow"
        for at in input_columns(placed):
            cell = sheet.cell(placed.first_row, at.index)
            style, number = book.style(cell), at.column.kind in (Kind.QUANTITY, Kind.NUMBER)
            if not (style.shrunk if number else style.wrapped):
                yield f"the column {at.column.key} of {sheet.title} does not {'shrink' if number else 'wrap'}"


def check_merges(book: Opened) -> Iterator[str]:
    """No cells are merged where data stand."""
    for placed, sheet in book.tables():
        yield from (f"{placed.title} merges {m.get('ref')}" for m in every(sheet.root, "mergeCell"))


def check_panes(book: Opened) -> Iterator[str]:
    """Header and names stay in sight, and leave room beside them."""
    for placed, sheet in book.tables():
        pane = sheet.first("pane")
        if pane is None or pane.get("state") != "frozen" or integer(pane, "ySplit") != FIRST_ROW:
            yield f"the header of {sheet.title} does not stay in sight"
            continue
        kept = integer(pane, "xSplit") or 0
        wide = sum(sheet.widths[n][0] for n in range(kept) if not sheet.widths.get(n, (0, True, 0))[1])
        if not 1 <= kept <= placed.index(placed.sheet.filled) + 1 or wide > 100:
            yield f"{sheet.title} keeps {kept} columns in sight, {wide:.0f} wide"


def check_filters(book: Opened) -> Iterator[str]:
    """The header row filters the whole table."""
    for placed, sheet in book.tables():
        found = sheet.first("autoFilter")
        area = corners(found.get("ref", "")) if found is not None else None
        if area is None or area[1] != HEADER_ROW + 1 or area[3] != placed.last_row + 1 or area[0] != 1:
            yield f"{sheet.title} is filtered at {found.get('ref') if found is not None else None}"
        elif area[2] < max(at.index for at in placed.visible) + 1:
            yield f"the filter of {sheet.title} leaves out columns"


# -- looks -------------------------------------------------------------------------------------


def check_fonts(book: Opened) -> Iterator[str]:
    """The house font everywhere, 10 points in cells to fill in, none that a theme may exchange."""
    styles = root_named(book.package, "styleSheet")
    if any(True for _ in every(styles, "scheme")):
        yield "a font follows the theme"
    names = {style.font for style in book.styles}
    for root in book.package.parts.values():
        if tag(root) == "comments":
            names |= {e.get("val", "") for e in every(root, "rFont")}
    if names != {FONT}:
        yield f"the fonts are {sorted(names)}"
    for placed, sheet in book.tables():
        for at in placed.written:
            style = book.style(sheet.cell(placed.first_row, at.index))
            if style.size != SIZE:
                yield f"the column {at.column.key} of {sheet.title} is written in {style.size} points"


def shade(colour: str) -> str:
    """The name of a colour, as coarse as the acceptance speaks of it."""
    if not re.fullmatch(r"[0-9A-F]{6}", colour):
        return "none"
    red, green, blue = (int(colour[n : n + 2], 16) for n in (0, 2, 4))
    if min(red, green, blue) >= 0xE0 and max(red, green, blue) - min(red, green, blue) <= 0x14:
        return "grey" if max(red, green, blue) < 0xFF else "white"
    if red > 0xE0 and green > 0xD0 and blue < min(red, green) - 0x20:
        return "yellow"
    if blue > red + 0x20 and blue > green:
        return "blue"
    if green > red + 0x20 and green > blue:
        return "green"
    if max(red, green, blue) < 0x40:
        return "black"
    return "other"


def check_colours(book: Opened) -> Iterator[str]:
    """Blue is typed, black on grey is computed, green comes from another sheet."""
    for placed, sheet in book.tables():
        for at in (at for at in placed.written if at.column.visible):
            style = book.style(sheet.cell(placed.first_row, at.index))
            where = f"the column {at.column.key} of {sheet.title}"
            if not at.column.calculated:
                if shade(style.colour) != "blue" or style.fill:
                    yield f"{where} does not look like an input: {style.colour} on {style.fill}"
            else:
                formula = book.layout.book.formula_of(at.column)
                others = {p.sheet.key for p, _ in book.tables()} - {placed.sheet.key}
                fetched = bool(re.search(r"\[\w+>\w+\]", formula)) or any(
                    re.search(rf"\[{key}[.#]", formula) for key in others
                )
                if at.column.measure:  # a measure names none of its own
                    fetched = False
                wanted = ("green",) if fetched else ("none", "black")
                if shade(style.fill) != "grey" or shade(style.colour) not in wanted:
                    yield f"{where} does not look computed: {style.colour} on {style.fill}"


def check_codes(book: Opened) -> Iterator[str]:
    """Dates, percentages and numbers are shown as such; none with a dangling point."""
    styles = root_named(book.package, "styleSheet")
    for code in (e.get("formatCode", "") for e in every(styles, "numFmt")):
        if re.search(r"0\.#", code):
            yield f"the number format {code} leaves a point behind whole numbers"
    wanted = {"date": r"yyyy-mm-dd", "percent": r"0(\.0)?%", "quantity": r"#,##0\.00"}
    for placed, sheet in book.tables():
        for at in placed.written:
            code = book.style(sheet.cell(placed.first_row, at.index)).code
            if not re.fullmatch(wanted.get(at.column.kind.value, ".*"), code):
                yield f"the column {at.column.key} of {sheet.title} is shown as {code!r}"


def check_order(book: Opened) -> Iterator[str]:
    """First the page that explains, then the tables in their order, then what is hidden."""
    titles = list(book.sheets)
    tables = [placed.title for placed in book.layout.sheets]
    if titles[0] != book.layout.index_title:
        yield f"the first sheet is {titles[0]}"
    if [title for title in titles if title in tables] != tables:
        yield f"the sheets stand as {titles}"
    if titles[-2:] != [book.layout.lists_title, META_SHEET]:
        yield f"the last sheets are {titles[-2:]}"
    views = [
        tab
        for s in book.sheets.values()
        for tab in every(s.root, "sheetView")
        if tab.get("tabSelected") == "1"
    ]
    first = book.sheets[titles[0]].first("sheetView")
    if views != [first]:
        yield "another sheet than the first is in front"


LINES = (
    Line(
        "preformatted plain ranges with rows to spare",
        check_ranges,
        {
            "a cell without a format": edit("goals", r'<c r="B20"[^>]*(/>|>.*?</c>)', ""),
            "a table": edit("goals", r"</worksheet>", '<tableParts count="0"/></worksheet>'),
        },
    ),
    Line(
        "sheets are protected without a password, and sorting stays forbidden",
        check_protection,
        {
            "open": edit("goals", r"<sheetProtection[^>]*/>", ""),
            "a password": edit("review", r"<sheetProtection ", '<sheetProtection password="83AF" '),
            "sorting": edit("goals", r"<sheetProtection ", '<sheetProtection sort="0" '),
            "no filter": edit("goals", r' autoFilter="0"', ""),
            "no widths": edit("tracking", r' formatColumns="0"', ""),
            "no notes": edit("goals", r"<sheetProtection ", '<sheetProtection objects="1" '),
            "the lists": edit("lists", r"<sheetProtection[^>]*/>", ""),
        },
    ),
    Line(
        "formulas are locked, inputs are not",
        check_locks,
        {
            "an input that is locked": restyle("goals", "B9", like="A9"),
            "a formula to type over": restyle("goals", "Q9", like="B9"),
            "a header to type over": restyle("goals", "B6", like="B9"),
            "a total to type over": restyle("goals", "C3", like="B9"),
        },
    ),
    Line(
        "what stands right of a table is the planner's own",
        check_own_columns,
        {
            "locked": edit("goals", r'(<col min="\d+" max="\d+" width="[\d.]+") style="\d+"/></cols>', r"\1/></cols>"),
            "something there": edit("goals", r"(<row r=\"9\".*?)</row>", r'\1<c r="CZ9"><v>1</v></c></row>'),
        },
    ),
    Line(
        "helper columns are hidden, the others seen",
        check_hidden_columns,
        {
            "helpers in sight": edit("goals", r' hidden="1" customWidth', " customWidth"),
            "a column out of sight": edit("goals", r'(<col min="2" max="2"[^>]*) customWidth', r'\1 hidden="1" customWidth'),
        },
    ),
    Line(
        "columns are headed in the workbook's language, starred where they must be filled",
        check_headers,
        {
            "another title": edit("xl/sharedStrings.xml", r">目标层级 \*<", ">层级 *<"),
            "no star": edit("xl/sharedStrings.xml", r">目标层级 \*<", ">目标层级<"),
            "English": edit("xl/sharedStrings.xml", r">衡量指标 \*<", ">Metric *<"),
        },
    ),
    Line(
        "columns are as wide as East Asian headers need",
        check_widths,
        {"a narrow one": edit("goals", r'(<col min="2" max="2" width=")[\d.]+', r"\g<1>2")},
    ),
    Line(
        "rows grow with their text",
        check_heights,
        {
            "a fixed row": edit("review", r'(<row r="9")', r'\1 customHeight="1"'),
            "no shrinking": edit("xl/styles.xml", r' shrinkToFit="1"', "", 0),
            "no wrapping": edit("xl/styles.xml", r' wrapText="1"', "", 0),
        },
    ),
    Line(
        "no merged cells on sheets of data",
        check_merges,
        {"two cells": edit("goals", r"</sheetData>.*?(?=<)", lambda m: m[0] + '<mergeCells count="1"><mergeCell ref="B9:C9"/></mergeCells>')},
    ),
    Line(
        "header and names stay in sight",
        check_panes,
        {
            "no pane": edit("goals", r"<pane [^>]*/>", ""),
            "a row too few": edit("goals", r'ySplit="6"', 'ySplit="5"'),
            "too many columns": edit("goals", r'xSplit="\d+"', 'xSplit="12"'),
        },
    ),
    Line(
        "the header filters the table",
        check_filters,
        {
            "no filter": edit("goals", r"<autoFilter [^>]*/>", ""),
            "rows left out": edit("goals", r'(<autoFilter ref="A6:[A-Z]+)\d+', r"\g<1>20"),
        },
    ),
    Line(
        "微软雅黑, 10 points, no font scheme",
        check_fonts,
        {
            "a scheme": edit("xl/styles.xml", r'<family val="2"/></font>', '<family val="2"/><scheme val="minor"/></font>'),
            "another font": edit("xl/styles.xml", "微软雅黑", "Calibri"),
            "another size": edit("xl/styles.xml", r'<sz val="10"/>', '<sz val="11"/>', 0),
        },
    ),
    Line(
        "blue is typed, black on grey is computed, green comes from another sheet",
        check_colours,
        {
            "inputs in black": edit("xl/styles.xml", r'<color rgb="FF1F4FA8"/>', '<color rgb="FF000000"/>', 0),
            "black from another sheet": edit("xl/styles.xml", r'<color rgb="FF1B6B3A"/>', '<color rgb="FF000000"/>', 0),
            "formulas on white": edit("xl/styles.xml", r'<fgColor rgb="FFF0F4FA"/>', '<fgColor rgb="FFFFFFFF"/>', 0),
            "an input on grey": restyle("goals", "B7", like="Q7"),
        },
    ),
    Line(
        "numbers, percentages and dates are shown as such, no point left behind",
        check_codes,
        {
            "0.##": edit("xl/styles.xml", r'formatCode="#,##0.00"', 'formatCode="#,##0.##"'),
            "a date as a number": edit("xl/styles.xml", r"yyyy-mm-dd", "0"),
            "points for percent": edit("xl/styles.xml", r'formatCode="0%"', 'formatCode="0"'),
        },
    ),
    Line(
        "sheets stand in their order, the first one in front",
        check_order,
        {
            "another first": edit("xl/workbook.xml", r"(<sheets>)(<sheet [^>]*/>)(<sheet [^>]*/>)", r"\1\3\2"),
            "tables exchanged": edit("xl/workbook.xml", r"(<sheet [^>]*/>)(<sheet [^>]*/>)(<sheet [^>]*/><sheet [^>]*/></sheets>)", r"\2\1\3"),
            "another in front": edit("goals", r"<sheetView ", '<sheetView tabSelected="1" '),
        },
    ),
)  # fmt: skip
