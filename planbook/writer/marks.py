"""Conditional formats of a table: what is missing or wrong, states by colour, and the timeline.

No two formats of a cell hold at once, because LibreOffice applies only the first that does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from planbook.layout import (
    FIRST_ROW,
    HEADER_ROW,
    HINT_ROW,
    INDEX_FIRST_ROW,
    INDEX_OPEN_COLUMN,
    KEY_ROW,
    SIGN_ROW,
    Layout,
    PlacedColumn,
    SheetLayout,
    cell_address,
    cell_name,
    column_letter,
    fill_template,
    mark_condition,
)
from planbook.layout.manifest import Issue, weeks_of
from planbook.spec import Check, Kind, Severity
from planbook.writer.cells import write_value
from planbook.writer.styles import (
    BAR,
    BAR_DONE,
    ERROR_TONE,
    INTEGER,
    MILESTONE,
    MISSING,
    MUTED,
    PALE,
    TODAY,
    WARNING_TONE,
    WEEK_LINE,
    Styles,
)

WEEK_WIDTH = 1.7
CHECK_TONES = (("check_complete", "good"), ("check_error", "bad"), ("check_warning", "warn"))
Mark = tuple[str, Any]


def add_marks(sheet: Any, styles: Styles, layout: Layout, placed: SheetLayout, at: PlacedColumn) -> None:
    """The conditional formats of one column."""
    broken = list(_broken(styles, layout, placed, at))
    marks = _excluding(broken) + [
        _apart(mark, broken) for mark in (*_states(styles, layout, at), *_whole_numbers(styles, at))
    ]
    for condition, look in marks:
        rule = {"type": "formula", "criteria": f"={condition}", "format": look}
        sheet.conditional_format(FIRST_ROW, at.index, placed.last_row, at.index, rule)
    if at.column.header:  # a column whose header is empty is not in use
        unused = {
            "type": "formula",
            "criteria": f'=${at.letter}${HEADER_ROW + 1}=""',
            "format": styles.rule(bg_color=PALE),
        }
        sheet.conditional_format(HEADER_ROW, at.index, HEADER_ROW, at.index, unused)


def _excluding(marks: Sequence[Mark]) -> list[Mark]:
    """The marks, each only where none before it holds."""
    return [_apart(mark, marks[:position]) for position, mark in enumerate(marks)]


def _apart(mark: Mark, former: Sequence[Mark]) -> Mark:
    condition, look = mark
    others = ",".join(f"NOT({other})" for other, _ in former)
    return (f"AND({condition},{others})" if others else condition), look


def _broken(styles: Styles, layout: Layout, placed: SheetLayout, at: PlacedColumn) -> Iterator[Mark]:
    """Yellow where a required cell is empty, red where an error stands, amber where a warning does."""
    rules = [rule for rule in layout.rules(placed.sheet.key) if rule.column == at.column.key]
    errors = [rule for rule in rules if rule.severity is Severity.ERROR]
    groups = (
        ([rule for rule in errors if rule.missing], styles.rule(bg_color=MISSING)),
        ([rule for rule in errors if not rule.missing], styles.tone(ERROR_TONE)),
        ([rule for rule in rules if rule.severity is Severity.WARNING], styles.tone(WARNING_TONE)),
    )
    for group, look in groups:
        if group:
            yield fill_template(mark_condition(layout, placed, group), FIRST_ROW), look


def _states(styles: Styles, layout: Layout, at: PlacedColumn) -> Iterator[Mark]:
    """The tone of a choice's items; of the planner's check line, that of its symbol."""
    cell = f"${at.letter}{FIRST_ROW + 1}"
    if at.column.check is Check.SUMMARY:
        for label, tone in CHECK_TONES:
            yield f'LEFT({cell},1)="{layout.label(label)[:1]}"', styles.tone(tone)
    elif at.column.kind is Kind.CHOICE and at.column.visible:
        for item in layout.list_items(at.column.list):
            if item.tone:
                title = item.title.to(layout.lang).replace('"', '""')
                yield f'{cell}="{title}"', styles.tone(item.tone)


def add_check_tones(sheet: Any, styles: Styles, layout: Layout) -> None:
    """On the first page: the colours of the numbers of rows that break a rule."""
    last = INDEX_FIRST_ROW + len(layout.sheets) - 1
    for label, tone in (("open_none", "good"), *CHECK_TONES[1:]):
        cell = cell_address(INDEX_FIRST_ROW, INDEX_OPEN_COLUMN)
        symbol = layout.label(label)[:1]
        rule = {"type": "formula", "criteria": f'=LEFT(${cell},1)="{symbol}"', "format": styles.tone(tone)}
        sheet.conditional_format(INDEX_FIRST_ROW, INDEX_OPEN_COLUMN, last, INDEX_OPEN_COLUMN, rule)


def _whole_numbers(styles: Styles, at: PlacedColumn) -> Iterator[Mark]:
    """Whole quantities without decimals: a number format cannot choose by itself."""
    if at.column.kind is Kind.QUANTITY:
        cell = f"${at.letter}{FIRST_ROW + 1}"
        yield f"IF(ISNUMBER({cell}),{cell}=ROUND({cell},0),FALSE)", styles.rule(num_format=INTEGER)


def write_timeline(sheet: Any, styles: Styles, layout: Layout, placed: SheetLayout, issue: Issue) -> None:
    """The weeks of the year right of a table, with its bars, milestones and today's line."""
    columns = placed.timeline_columns
    if not columns:
        return
    sheet.set_column(columns[0], columns[-1], WEEK_WIDTH, styles.get(left=4, left_color=WEEK_LINE))
    for row in range(HINT_ROW, KEY_ROW):
        for column in columns:
            sheet.write_blank(row, column, None, styles.get())
    month = 0
    for column, first in zip(columns, weeks_of(issue.year, issue.start_month, len(columns)), strict=True):
        small = styles.get(font_size=6, font_color=MUTED, num_format="d", align="center")
        write_value(sheet, SIGN_ROW, column, first, small)
        title = layout.label("month").format(month=first.month) if first.month != month else ""
        month = first.month
        # no wrap: a month's name runs on over the weeks behind it
        look = styles.header(align="left", text_wrap=False, border=0, font_size=9)
        sheet.write(HEADER_ROW, column, title or None, look)
    for condition, look in _excluding(list(_timeline_marks(styles, placed))):
        rule = {"type": "formula", "criteria": f"={condition}", "format": look}
        sheet.conditional_format(FIRST_ROW, columns[0], placed.last_row, columns[-1], rule)
    day = f"{column_letter(columns[0])}${SIGN_ROW + 1}"
    today = {
        "type": "formula",
        "criteria": f"={_is_today(day)}",
        "format": styles.rule(bg_color=TODAY, font_color="#FFFFFF"),
    }
    sheet.conditional_format(SIGN_ROW, columns[0], SIGN_ROW, columns[-1], today)


def _is_today(day: str) -> str:
    as_of = cell_name("as_of")
    return f"AND(ISNUMBER({as_of}),{as_of}>={day},{as_of}<{day}+7)"


def _timeline_marks(styles: Styles, placed: SheetLayout) -> Iterator[Mark]:
    """Milestone, done and planned weeks of a row, each with and without today's line, and the line alone."""
    timeline = placed.sheet.timeline
    assert timeline is not None, "called for a sheet with a timeline"
    row = FIRST_ROW + 1
    start, finish, milestone, done = (
        f"${column_letter(placed.index(key))}{row}"
        for key in (timeline.start, timeline.finish, timeline.milestone, timeline.done)
    )
    day = f"{column_letter(placed.timeline_columns[0])}${SIGN_ROW + 1}"
    dated = f"AND(ISNUMBER({start}),ISNUMBER({finish}))"
    reached = f"{start}+({finish}-{start}+1)*IF(ISNUMBER({done}),{done},0)"
    states = (
        (f"IF(ISNUMBER({milestone}),AND({milestone}>={day},{milestone}<{day}+7),FALSE)", MILESTONE),
        (f"IF({dated},AND({start}<{day}+7,{day}<{reached}),FALSE)", BAR_DONE),
        (f"IF({dated},AND({start}<{day}+7,{finish}>={day}),FALSE)", BAR),
    )
    line = {"left": 1, "left_color": TODAY}  # a conditional format takes thin lines only
    for condition, color in states:
        yield f"AND({condition},{_is_today(day)})", styles.rule(bg_color=color, **line)
        yield condition, styles.rule(bg_color=color)
    yield _is_today(day), styles.rule(**line)
