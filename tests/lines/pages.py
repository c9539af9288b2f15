"""The first page, notes and prompts, the cells of those who sign, and the chart of weeks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from planbook.layout import (
    HEADER_ROW,
    HEADING_ROW,
    INDEX_COUNT_COLUMN,
    INDEX_FIRST_ROW,
    SIGN_ROW,
    SheetLayout,
    column_letter,
)
from planbook.spec import Input, Kind
from planbook.writer.styles import BAR, BAR_DONE, MILESTONE
from tests.lines import LINKED, Line, column_area, input_columns
from tests.lines.layout import shade
from tests.lines.marks import SYMBOLS, marked
from tests.support.marks import EVERY_COLUMN
from tests.support.opened import Cell, Opened, Sheet, edit, restyle, revalidate
from tests.support.taken_apart import every, relations, tag, text_of

WEEK = 7


def index(book: Opened) -> Sheet:
    """The first page."""
    return book.sheets[book.layout.index_title]


def link_of(sheet: Sheet, address: str) -> str:
    """Where a cell's link leads inside the workbook."""
    links = {e.get("ref", ""): e.get("location", "") for e in every(sheet.root, "hyperlink")}
    return links.get(address, "")


def check_contents(book: Opened) -> Iterator[str]:
    """Each table is named, linked and explained on the first page, and leads back to it."""
    page = index(book)
    for number, placed in enumerate(book.layout.sheets):
        row = INDEX_FIRST_ROW + number
        title, purpose = page.text(row, 1), page.text(row, 2)
        if title != placed.title or purpose != placed.sheet.purpose.to(book.layout.lang) or not purpose:
            yield f"the first page says {title!r}, {purpose!r} of {placed.title}"
        if link_of(page, f"B{row + 1}") != f"'{placed.title}'!A1":
            yield f"the first page does not lead to {placed.title}"
    for _, sheet in book.tables():
        back = [e.get("location") for e in every(sheet.root, "hyperlink")]
        if f"'{book.layout.index_title}'!A1" not in back:
            yield f"{sheet.title} does not lead back"


def check_counts(book: Opened) -> Iterator[str]:
    """The first page counts the rows filled in, by a formula."""
    for number, placed in enumerate(book.layout.sheets):
        sheet = book.sheets[placed.title]
        rows = range(placed.first_row, placed.last_row + 1)
        filled = sum(1 for row in rows if sheet.text(row, placed.index(placed.sheet.filled)))
        cell = index(book).cell(INDEX_FIRST_ROW + number, INDEX_COUNT_COLUMN)
        if cell is None or not cell.formula or float(cell.text or -1) != filled:
            yield f"the first page counts {cell.text if cell else None} rows of {placed.title}, there are {filled}"


def check_steps(book: Opened) -> Iterator[str]:
    """The first page says how to fill the workbook in, and what to beware of."""
    shown = {cell.text for cell in index(book).cells.values()}
    lang, page = book.layout.lang, book.layout.book.index
    for step in page.steps:
        if step.to(lang) not in shown:
            yield f"the first page leaves out: {step.to(lang)}"
    for note in page.notes:
        if not any(text.endswith(note.to(lang)) for text in shown):
            yield f"the first page leaves out: {note.to(lang)}"
    if not page.steps:
        yield "there are no steps"


def check_legend(book: Opened) -> Iterator[str]:
    """The legend shows each look as it is: input, formula, missing, wrong, and the states of a goal."""
    samples = {cell.text: cell for cell in index(book).cells.values()}
    label = book.layout.label
    for key, fault in (
        ("legend_input", lambda cell: shade(book.style(cell).colour) != "blue"),
        ("legend_formula", lambda cell: shade(book.style(cell).fill) != "grey"),
        ("legend_fetched", lambda cell: shade(book.style(cell).colour) != "green"),
        ("legend_missing", lambda cell: shade(book.style(cell).fill) != "yellow"),
        ("legend_wrong", lambda cell: _tone(book, cell) != "bad"),
    ):
        cell = samples.get(label(key))
        if cell is None or fault(cell) or label(f"{key}_text") not in samples:
            yield f"the legend does not show {label(key)} as it is"
    for item in book.layout.list_items("rating"):
        title = item.title.to(book.layout.lang)
        cell = samples.get(title)
        if item.key != "none" and (cell is None or _tone(book, cell) != SYMBOLS[title[0]]):
            yield f"the legend does not show {title} as it is"


def _tone(book: Opened, cell: Cell) -> str:
    fill = book.style(cell).fill
    red, green, blue = (int(fill[n : n + 2], 16) for n in (0, 2, 4)) if fill else (0, 0, 0)
    if not fill or max(red, green, blue) - min(red, green, blue) <= 0x10:
        return "calm"
    if green == max(red, green, blue):
        return "good"
    return "bad" if red - green > 0x18 else "warn"


def check_top(book: Opened) -> Iterator[str]:
    """Each table is headed, and says in a line what it is about."""
    for placed, sheet in book.tables():
        shown = {sheet.text(row, column) for row in (HEADING_ROW, HEADING_ROW + 1) for column in (0, 1)}
        for text in (placed.sheet.heading, placed.sheet.hint):
            if text.to(book.layout.lang) not in shown:
                yield f"{sheet.title} does not say: {text.to(book.layout.lang)}"


# -- notes and prompts -------------------------------------------------------------------------


def notes_of(book: Opened, sheet: Sheet) -> dict[str, str]:
    """The notes of a sheet by their cell."""
    found = {}
    for _, part in relations(book.package, sheet.part).values():
        root = book.package.parts.get(part)
        if root is not None and tag(root) == "comments":
            for note in every(root, "comment"):
                found[note.get("ref", "")] = "".join(text_of(text) for text in every(note, "t"))
    return found


def check_notes(book: Opened) -> Iterator[str]:
    """A header's note says how to fill its column in, or how the figure is worked out."""
    count = 0
    for placed, sheet in book.tables():
        notes = notes_of(book, sheet)
        for at in placed.visible:
            measure = book.layout.book.measures.get(at.column.measure)
            text = at.column.prompt or (getattr(measure, "note", None) if measure else None)
            wanted = text.to(book.layout.lang) if text else ""
            address = f"{at.letter}{HEADER_ROW + 1}"
            count += bool(wanted)
            if wanted and wanted not in notes.get(address, ""):
                yield f"the note of {sheet.title}!{address} says {notes.get(address)!r}"
        for address in notes:
            if not address.endswith(str(HEADER_ROW + 1)):
                yield f"{sheet.title}!{address} has a note of ours, where planners write theirs"
    if not count:
        yield "there are no notes"


def check_prompts(book: Opened) -> Iterator[str]:
    """Who enters a cell that needs explaining is told what to write."""
    count = 0
    for placed, sheet in book.tables():
        for at in input_columns(placed):
            rule = sheet.validation(column_area(placed, at))
            wanted = at.column.prompt.to(book.layout.lang) if at.column.prompt else ""
            count += bool(wanted)
            if wanted and (rule is None or rule.texts["prompt"] != wanted[:255]):
                yield f"{sheet.title}!{at.letter} does not say {wanted!r}"
    if not count:
        yield "nobody is told anything"


# -- those who sign ----------------------------------------------------------------------------


def check_signatures(book: Opened) -> Iterator[str]:
    """Who prepared, reviewed and approved, and when, is typed above the goals and above the review."""
    for key in ("goals", "review"):
        placed = book.layout.sheet(key)
        sheet, cells = book.sheets[placed.title], placed.sheet.signoff
        if len(cells) != 4 or sum(cell.kind is Kind.DATE for cell in cells) != 1:
            yield f"{sheet.title} is signed by {[cell.key for cell in cells]}"
        for cell in cells:
            yield from _signature_faults(book, placed, sheet, cell)


def _signature_faults(book: Opened, placed: SheetLayout, sheet: Sheet, cell: Input) -> Iterator[str]:
    row, column = placed.band[cell.key]
    found = sheet.cell(row, column)
    if row != SIGN_ROW or found is None or found.formula is not None or book.style(found).locked:
        yield f"{sheet.title} has no cell to sign in for {cell.key}"
    if sheet.text(row, column - 1) != cell.title.to(book.layout.lang):
        yield f"{sheet.title} does not say who signs for {cell.key}"
    rule = sheet.validation(f"{column_letter(column)}{row + 1}")
    if cell.kind is Kind.DATE and (rule is None or rule.kind != "date"):
        yield f"{sheet.title} takes what is no date for {cell.key}"


# -- the chart of weeks ------------------------------------------------------------------------


def check_weeks(book: Opened) -> Iterator[str]:
    """Each task's weeks are drawn: planned, done, its milestone, and today's line."""
    if book.state == "blank":
        return
    placed, sheet = next((p, s) for p, s in book.tables() if p.sheet.key == "execution")
    found, timeline = marked(book), placed.sheet.timeline
    assert timeline is not None
    as_of = float(book.named_texts("cell_as_of")[0])
    drawn, weeks = set(), placed.timeline_columns
    days = {column: float(sheet.text(SIGN_ROW, column) or 0) for column in weeks}
    if len(days) < 52 or any(days[c + 1] - days[c] != WEEK for c in weeks[:-1]):
        yield "the weeks do not follow each other"
    for row in range(placed.first_row, placed.last_row + 1):
        start, finish, milestone, done = (
            _number(sheet.text(row, placed.index(key)))
            for key in (timeline.start, timeline.finish, timeline.milestone, timeline.done)
        )
        for column in weeks[::EVERY_COLUMN]:
            day = days[column]
            wanted = _week_fill(day, start, finish, milestone, done)
            marks = found.at(sheet.title, f"{column_letter(column)}{row + 1}")
            fills = [mark.fill for mark in marks if mark.fill]
            drawn |= set(fills)
            if fills != wanted:
                yield f"{sheet.title} row {row + 1}, week of {day:.0f}, is drawn {fills}, not {wanted}"
            lines = sum(1 for mark in marks if any(e.get("style") for e in every(mark.look, "left")))
            if lines != (day <= as_of < day + WEEK):
                yield f"{sheet.title} row {row + 1}, week of {day:.0f}, has {lines} lines of today"
    if book.state == "full" and not drawn >= {BAR[1:], BAR_DONE[1:]}:
        yield f"only {drawn} is drawn"


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None


def _week_fill(
    day: float, start: float | None, finish: float | None, milestone: float | None, done: float | None
) -> list[str]:
    if milestone is not None and day <= milestone < day + WEEK:
        return [MILESTONE[1:]]
    if start is None or finish is None or not start < day + WEEK:
        return []
    if day < start + (finish - start + 1) * (done or 0):
        return [BAR_DONE[1:]]
    return [BAR[1:]] if finish >= day else []


STRINGS, NOTES = "xl/sharedStrings.xml", "xl/comments1.xml"

LINES = (
    Line(
        "the first page names, links and explains every table, and each leads back",
        check_contents,
        {
            "a link elsewhere": edit("index", r"location=\"'1_目标总表'!A1", "location=\"'2_目标分解'!A1"),
            "no link": edit("index", r"<hyperlink [^>]*/>", ""),
            "no purpose": edit("index", r'<c r="C7"[^>]*>.*?</c>', ""),
            "no way back": edit("review", r"<hyperlinks>.*?</hyperlinks>", ""),
        },
    ),
    Line(
        "the first page counts the rows filled in",
        check_counts,
        {
            "another count": edit("index", r'(<c r="D6"[^>]*><f>[^<]*</f><v>)', r"\g<1>9"),
            "a count that stands still": edit("index", r'(<c r="D6"[^>]*>)<f>[^<]*</f>', r"\1"),
        },
    ),
    Line(
        "the first page says what to do, step by step",
        check_steps,
        {
            "a step less": edit(STRINGS, r"⑤ [^<]*", "⑤"),
            "no warning": edit(STRINGS, r"· 粘贴时[^<]*", "·"),
        },
    ),
    Line(
        "the legend shows every look as it is",
        check_legend,
        {
            "another colour": edit("xl/styles.xml", r'<fgColor rgb="FFFFF4C2"/>', '<fgColor rgb="FFDCEFE6"/>'),
            "no word": edit(STRINGS, r">黄底：必填但未填<", "><"),
            "a state less": edit(STRINGS, r">◆ 未达<", ">未达<"),
        },
    ),
    Line(
        "each table is headed and explained",
        check_top,
        {"no hint": edit(STRINGS, r">目标 → 关键举措 → 具体任务；[^<]*", ">")},
    ),
    Line(
        "notes on headers explain their columns",
        check_notes,
        {
            "one gone": edit(NOTES, r"<comment .*?</comment>", ""),
            "another text": edit(NOTES, r"(<t[^>]*>)[^<]*", r"\1别的", 0),
            "on a cell to fill in": edit(NOTES, r'ref="([A-Z]+)6"', r'ref="\g<1>9"'),
        },
        books=LINKED,
    ),
    Line(
        "prompts say what a cell takes",
        check_prompts,
        {
            "none": revalidate("goals", "weight", r' prompt="[^"]*"', ""),
            "another": revalidate("goals", "target", r' prompt="[^"]*"', ' prompt="请填写"'),
        },
        books=LINKED,
    ),
    Line(
        "those who prepared, reviewed and approved sign goals and review",
        check_signatures,
        {
            "no cell": restyle("goals", f"{column_letter(2)}{SIGN_ROW + 1}", like="A6"),
            "no title": edit(STRINGS, r">批准<", "><"),
            "any date": edit("review", r'type="date"([^>]* sqref="[A-Z]+4")', r'type="whole"\1'),
        },
        books=LINKED,
    ),
    Line(
        "the weeks of each task are drawn, and today's line",
        check_weeks,
        {
            "no bars": edit("execution", r"<conditionalFormatting sqref=\"[A-Z]+7:[A-Z]+\d+\">(?:(?!</cond).)*AND\(IF\(.*?</conditionalFormatting>", ""),
            "a week left out": edit("execution", r'(<c r="AB4"[^>]*><v>)(\d+)', r"\g<1>1"),
        },
        books=LINKED,
    ),
)  # fmt: skip
