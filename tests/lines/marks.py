"""Conditional formats, worked out: what is missing, states by symbol, word and colour, one at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from planbook.layout import PlacedColumn, SheetLayout
from planbook.spec import Kind
from tests.lines import LINKED, Line, input_columns
from tests.lines.layout import shade
from tests.support.marks import Marked, evaluate_marks
from tests.support.opened import Mark, Opened, Sheet, edit, remark
from tests.support.taken_apart import every

SYMBOLS = {"●": "good", "▲": "warn", "◆": "bad", "○": "calm"}
# Coloured words that are no traffic light: favourable or not, and the letters of a responsibility.
WORDS_ALONE = frozenset({"favour", "raci"})
READABLE = 4.5  # contrast of text and background, as WCAG asks of small text


@lru_cache(maxsize=64)
def marked(book: Opened) -> Marked:
    """The formats that hold in a workbook as it stands."""
    return evaluate_marks(book)


def shows_missing(mark: Mark) -> bool:
    """Yellow and nothing else: a cell that must be filled in and is not."""
    return shade(mark.fill) == "yellow" and next(every(mark.look, "font"), None) is None


def tone_of(mark: Mark) -> str:
    """The colour role of a format: good, warn, bad, calm, or "" for none of them."""
    if not mark.fill or shows_missing(mark):
        return ""
    red, green, blue = (int(mark.fill[n : n + 2], 16) for n in (0, 2, 4))
    if max(red, green, blue) - min(red, green, blue) <= 0x10:
        return "calm"
    if green == max(red, green, blue):
        return "good"
    if red == max(red, green, blue):
        return "bad" if red - green > 0x18 else "warn"
    return ""


def begun_rows(placed: SheetLayout, sheet: Sheet) -> Iterator[int]:
    """The rows that somebody has begun: a cell that must be typed is filled."""
    typed = [
        at.index
        for at in placed.visible
        if at.column.key == placed.sheet.filled or (at.column.required is True and at.column.default is None)
    ]
    for row in range(placed.first_row, placed.last_row + 1):
        if any(sheet.text(row, column) for column in typed):
            yield row


def check_missing(book: Opened) -> Iterator[str]:
    """Yellow where a row is begun and a required cell is empty, and nowhere else."""
    found = marked(book)
    for placed, sheet in book.tables():
        begun = set(begun_rows(placed, sheet))
        for at in input_columns(placed):
            if at.column.required is not True:
                continue
            for row in range(placed.first_row, placed.last_row + 1):
                address = f"{at.letter}{row + 1}"
                yellow = any(shows_missing(mark) for mark in found.at(sheet.title, address))
                due = row in begun and not sheet.text(row, at.index)
                if yellow is not due:
                    yield f"{sheet.title}!{address} is {'' if yellow else 'not '}marked as missing"


def check_when_due(book: Opened) -> Iterator[str]:
    """A cell that is required only at times is yellow then: an upper target for a band, a unit for a number."""
    found, lists = marked(book), book.layout.book.lists
    band = _title(book, "direction", "band")
    done = _title(book, "metric_kind", "done")
    for placed, sheet in book.tables():
        keys = placed.sheet.by_key
        begun = set(begun_rows(placed, sheet))
        for key, other, value, due_when_equal in (
            ("target_high", "direction", band, True),
            ("unit", "metric_kind", done, False),
            ("percent", "hold", "", True),
        ):
            if key not in keys or other not in keys or not isinstance(keys[key].required, str):
                continue
            for row in begun:
                equal = sheet.text(row, placed.index(other)) == value
                due = equal is due_when_equal and not sheet.text(row, placed.index(key))
                address = f"{placed.columns[placed.index(key) - 1].letter}{row + 1}"
                if any(shows_missing(mark) for mark in found.at(sheet.title, address)) is not due:
                    yield f"{sheet.title}!{address} is wrongly {'un' if due else ''}marked"
    if "direction" not in lists:
        yield "there are no directions"


def _title(book: Opened, listing: str, item: str) -> str:
    return book.layout.item_title(listing, item)


def check_reason_gate(book: Opened) -> Iterator[str]:
    """Below the threshold both a cause and an improvement are asked for."""
    placed, sheet = next((p, s) for p, s in book.tables() if p.sheet.key == "review")
    found, threshold = marked(book), book.layout.book.settings["reason_below"].value
    assert isinstance(threshold, float)
    letters = {at.column.key: at.letter for at in placed.written}
    missed = 0
    for row in range(placed.first_row, placed.last_row + 1):
        text = sheet.text(row, placed.index("attainment"))
        below = bool(text) and round(float(text), 6) < threshold
        causes = [sheet.text(row, placed.index(key)) for key in ("cause_objective", "cause_subjective")]
        missed += below
        for key, due in (
            ("improvement", below and not sheet.text(row, placed.index("improvement"))),
            ("cause_objective", below and not any(causes)),
        ):
            address = f"{letters[key]}{row + 1}"
            if any(shows_missing(mark) for mark in found.at(sheet.title, address)) is not due:
                yield f"{sheet.title}!{address} is wrongly {'un' if due else ''}marked"
    if book.state == "full" and not missed:
        yield "no quarter is below the threshold"


def states(book: Opened) -> Iterator[tuple[SheetLayout, Sheet, PlacedColumn]]:
    """The columns that show a state: a list of which every item has a tone."""
    for placed, sheet in book.tables():
        for at in placed.visible:
            if at.column.kind is Kind.CHOICE and at.column.calculated and at.column.list not in WORDS_ALONE:
                yield placed, sheet, at


def check_symbols(book: Opened) -> Iterator[str]:
    """A state is a symbol, a word and a colour that agree, never a colour alone."""
    found, seen = marked(book), set()
    for placed, sheet, at in states(book):
        for row in range(placed.first_row, placed.last_row + 1):
            text, address = sheet.text(row, at.index), f"{at.letter}{row + 1}"
            tones = [tone_of(mark) for mark in found.at(sheet.title, address)]
            if not text:
                yield from (f"{sheet.title}!{address} is empty and coloured" for _ in tones)
                continue
            match = re.fullmatch(r"([●▲◆○]) \S.*", text)
            if match is None:
                yield f"{sheet.title}!{address} shows {text!r}, not a symbol and a word"
            elif tones != [SYMBOLS[match[1]]]:
                yield f"{sheet.title}!{address} shows {text!r} in {tones}"
            else:
                seen.add(match[1])
    if book.state == "full" and "rating" in book.layout.sheet("review").sheet.by_key and seen != set(SYMBOLS):
        yield f"only the states {seen} occur"


def luminance(colour: str) -> float:
    """How bright a colour is, from 0 to 1, as WCAG reckons it."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def check_readable(book: Opened) -> Iterator[str]:
    """The text of a coloured cell can be read, by those too who do not see the colour."""
    for title, sheet in book.sheets.items():
        for mark in sheet.marks:
            fonts = [e.get("rgb", "")[-6:] for font in every(mark.look, "font") for e in every(font, "color")]
            if mark.fill and fonts and contrast(mark.fill, fonts[0]) < READABLE:
                yield f"{title}!{mark.area} writes {fonts[0]} on {mark.fill}"
    for number, style in enumerate(book.styles):
        if style.fill and style.colour and contrast(style.fill, style.colour) < READABLE:
            yield f"the format {number} writes {style.colour} on {style.fill}"


def check_one_at_a_time(book: Opened) -> Iterator[str]:
    """No two formats of a cell hold at once: LibreOffice applies only the first."""
    found = marked(book)
    for (title, address), marks in found.marks.items():
        if len(marks) > 1:
            yield f"{title}!{address} has {[mark.condition for mark in marks]}"
    if book.state != "blank" and not found.marks:
        yield "nothing is marked"


def check_calm(book: Opened) -> Iterator[str]:
    """Before anybody types no cell to fill in is marked, and no state is claimed."""
    if book.state != "blank":
        return
    found = marked(book)
    for placed, sheet in book.tables():
        calm = {
            at.letter for at in (*input_columns(placed), *(at for _, s, at in states(book) if s is sheet))
        }
        for (title, address), marks in found.marks.items():
            below = int(re.sub(r"\D", "", address)) > placed.first_row
            if title == sheet.title and below and re.sub(r"\d", "", address) in calm:
                yield f"{title}!{address} is marked before anybody typed: {marks[0].condition[:60]}"


LINES = (
    Line(
        "required and empty is yellow, and only that",
        check_missing,
        {
            "never": remark("goals", "level", "FALSE"),
            "always": remark("decomposition", "initiative", "TRUE"),
            "one column short": remark("review", "goal", None),
            "another colour": edit("xl/styles.xml", r'<bgColor rgb="FFFFF4C2"/>', '<bgColor rgb="FFFFFFFF"/>'),
        },
    ),
    Line(
        "what is required at times is yellow then",
        check_when_due,
        {
            "an upper target for all": remark("goals", "target_high", '$J7=""'),
            "a percentage on hold": remark("tracking", "percent", '$M7="暂停"'),
        },
    ),
    Line(
        "below the threshold cause and improvement are required",
        check_reason_gate,
        {
            "another gate": remark("review", "improvement", "FALSE"),
            "no gate": remark("review", "cause_objective", None),
        },
        books=LINKED,
    ),
    Line(
        "a state is a symbol, a word and a colour",
        check_symbols,
        {
            "no colour": edit("goals", r'<cfRule [^>]*><formula>[^<]*● 达成[^<]*</formula></cfRule>', ""),
            "another colour": edit("xl/styles.xml", r'<bgColor rgb="FFF9DAD2"/>', '<bgColor rgb="FFDCEFE6"/>'),
            "no symbol": edit("goals", r"<v>▲ 预警<", "<v>预警<"),
            "no word": edit("goals", r"<v>▲ 预警<", "<v>▲<"),
        },
        books=LINKED,
    ),
    Line(
        "text on colours can be read by everybody",
        check_readable,
        {
            "pale on pale": edit("xl/styles.xml", r'<color rgb="FF9A2A12"/>', '<color rgb="FFF2A37A"/>', 0),
            "a pale header": edit("xl/styles.xml", r'<fgColor rgb="FF2E5E8E"/>', '<fgColor rgb="FFD0E0F0"/>'),
        },
    ),
    Line(
        "formats of a cell exclude each other",
        check_one_at_a_time,
        {
            "two that hold": edit("goals", r"(<cfRule [^>]*><formula>)[^<]*ROUND[^<]*", r"\1TRUE", 0),
            "a second one": edit("goals", r"(<cfRule type=\"expression\" dxfId=\"\d+\" priority=\")(\d+)(\"[^>]*>)(<formula>[^<]*</formula></cfRule>)", r"\g<1>\2\3\4\g<1>900\3\4", 0),
        },
    ),
    Line(
        "a workbook nobody has begun is calm",
        check_calm,
        {"yellow from the start": edit("goals", r'(sqref="B7:[^>]*><cfRule [^>]*><formula>)[^<]*', r"\1$B7=&quot;&quot;")},
        state="blank",
    ),
)  # fmt: skip
