"""The rules of a row: each stands as a validation, as a mark on its cell and in words in the check column.

A paste wipes validations, so what is typed here is put straight into the cells, as a paste does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache

from planbook.layout import INDEX_FIRST_ROW, INDEX_OPEN_COLUMN, LABEL_MARK, PlacedColumn, SheetLayout
from planbook.spec import Check, Kind, Severity
from tests.lines import LINKED, Line, column_area, input_columns
from tests.lines.marks import begun_rows, marked, shows_missing, tone_of
from tests.support.marks import Marked, evaluate_marks
from tests.support.opened import Break, Opened, Sheet, edit, remark

TONES = {Severity.ERROR: "bad", Severity.WARNING: "warn"}
Typing = tuple[tuple[tuple[str, str], str | float | date | None], ...]


@lru_cache(maxsize=64)
def after(book: Opened, typing: Typing) -> Marked:
    """What is marked and shown once this stands in the cells."""
    return evaluate_marks(book, dict(typing))


def table(book: Opened, key: str) -> tuple[SheetLayout, Sheet]:
    """A table of the workbook by its key."""
    return next((placed, sheet) for placed, sheet in book.tables() if placed.sheet.key == key)


def address(placed: SheetLayout, key: str, row: int) -> tuple[str, str]:
    """A cell of a table by its column's key and its 0-based row."""
    at = next(at for at in placed.written if at.column.key == key)
    return placed.title, f"{at.letter}{row + 1}"


def check_columns(placed: SheetLayout) -> Mapping[Check, PlacedColumn]:
    """The columns that say what is wrong with a row."""
    return {at.column.check: at for at in placed.written if at.column.check}


# -- what stands there -------------------------------------------------------------------------


def check_summary(book: Opened) -> Iterator[str]:
    """A begun row says what is missing or wrong, in words, or that it is complete; others say nothing."""
    label = book.layout.label
    for placed, sheet in book.tables():
        columns = check_columns(placed)
        if Check.SUMMARY not in columns:
            yield f"{sheet.title} has no check column"
            continue
        if not columns[Check.SUMMARY].column.visible:
            yield f"the check column of {sheet.title} is hidden"
        begun = set(begun_rows(placed, sheet))
        for row in range(placed.first_row, placed.last_row + 1):
            errors, warnings, shown = (
                sheet.text(row, columns[c].index) for c in (Check.ERRORS, Check.WARNINGS, Check.SUMMARY)
            )
            head = label("check_error") if errors else label("check_warning")
            words = (errors + warnings).removesuffix(label("check_separator"))
            expected = (head + words if words else label("check_complete")) if row in begun else ""
            if shown != expected:
                yield f"{sheet.title} row {row + 1} says {shown!r}, not {expected!r}"


def check_missing_words(book: Opened) -> Iterator[str]:
    """Each required cell left empty in a begun row is named."""
    for placed, sheet in book.tables():
        errors = check_columns(placed)[Check.ERRORS]
        for row in begun_rows(placed, sheet):
            said = sheet.text(row, errors.index).split(book.layout.label("check_separator"))
            for at in input_columns(placed):
                title = at.column.title.to(book.layout.lang)
                words = book.layout.label("rule_missing").format(title=title)
                missing = at.column.required is True and not sheet.text(row, at.index)
                if missing and words not in said:
                    yield f"{sheet.title} row {row + 1} does not say: {words}"


def has_tones(book: Opened, at: PlacedColumn) -> bool:
    """Whether a choice that people make is coloured itself."""
    return at.column.kind is Kind.CHOICE and any(item.tone for item in book.layout.list_items(at.column.list))


def check_marked(book: Opened) -> Iterator[str]:
    """Every rule that a row breaks is in the check column's words and on the cell, in its tone."""
    found = marked(book)
    separator = book.layout.label("check_separator")
    for placed, sheet in book.tables():
        columns = check_columns(placed)
        said = {
            (row, kind): sheet.text(row, columns[kind].index).split(separator)
            for row in range(placed.first_row, placed.last_row + 1)
            for kind in (Check.ERRORS, Check.WARNINGS)
        }
        for row in range(placed.first_row, placed.last_row + 1):
            broken: dict[str, list[str]] = {}
            for rule in book.layout.rules(placed.sheet.key):
                kind = Check.ERRORS if rule.severity is Severity.ERROR else Check.WARNINGS
                if rule.message in said[row, kind]:
                    tone = "missing" if rule.missing else TONES[rule.severity]
                    broken.setdefault(rule.column, []).append(tone)
            for at in input_columns(placed):
                place = address(placed, at.column.key, row)
                marks = [m for m in found.at(*place) if m.fill]
                shown = ["missing" if shows_missing(mark) else tone_of(mark) for mark in marks]
                due = [t for t in ("missing", "bad", "warn") if t in broken.get(at.column.key, [])][:1]
                if shown != due and (due or not has_tones(book, at)):
                    yield f"{'!'.join(place)} is shown as {shown}, by its rules {due}"


# What a full workbook of the tests does not hold anyhow: (sheet, row's number, what is typed into it).
# A text that names a list's item by `list.item` is shown in the workbook's language.
TRIALS: tuple[tuple[str, int, Mapping[str, str | float | date | None]], ...] = (
    ("goals", 1, {"goal": "提升客户满意度", "target": None}),
    ("goals", 2, {"weight": None}),
    ("goals", 16, {"target": 0.5}),
    ("decomposition", 1, {"metric": "签约量"}),
    ("decomposition", 2, {"task": "加强沟通", "target": None}),
    ("decomposition", 5, {"direction": "direction.band", "target": 10.0, "target_high": 5.0}),
    ("decomposition", 6, {"finish": date(2025, 2, 1)}),
)


def tried(book: Opened) -> Marked:
    """What is marked and shown once the trials are typed."""
    typed: list[tuple[tuple[str, str], str | float | date | None]] = []
    for key, number, cells in TRIALS:
        placed, _ = table(book, key)
        for column, value in cells.items():
            listing, _, item = value.partition(".") if isinstance(value, str) else ("", "", "")
            shown = book.layout.item_title(listing, item) if item else value
            typed.append((address(placed, column, placed.row(number)), shown))
    return after(book, tuple(typed))


def check_rules_occur(book: Opened) -> Iterator[str]:
    """Each rule of the book is broken by some row, and then marked and named: none of them is asleep."""
    if book.state != "full":
        return
    found = tried(book)
    for placed, sheet in book.tables():
        rows = range(placed.first_row, placed.last_row + 1)
        for rule in placed.sheet.rules:
            kind = "check_errors" if rule.severity is Severity.ERROR else "check_warnings"
            message = rule.message.to(book.layout.lang)
            broken = [r for r in rows if message in str(found.values.get(address(placed, kind, r), ""))]
            marks = [mark for r in broken for mark in found.at(*address(placed, rule.column, r)) if mark.fill]
            if not broken:
                yield f"no row of {sheet.title} breaks the rule {rule.key}"
            elif len(marks) < len(broken):
                yield f"the rule {rule.key} of {sheet.title} is broken {len(broken)} times and marked {len(marks)} times"


def check_open_issues(book: Opened) -> Iterator[str]:
    """The first page counts the rows that break a rule, and says so by symbol and colour."""
    page, found, label = book.sheets[book.layout.index_title], marked(book), book.layout.label
    for number, placed in enumerate(book.layout.sheets):
        sheet, columns = book.sheets[placed.title], check_columns(placed)
        rows = range(placed.first_row, placed.last_row + 1)
        errors, warnings = (
            sum(1 for row in rows if sheet.text(row, columns[kind].index))
            for kind in (Check.ERRORS, Check.WARNINGS)
        )
        shown = page.text(INDEX_FIRST_ROW + number, INDEX_OPEN_COLUMN)
        parts = [label("check_error") + str(errors)] if errors else []
        parts += [label("check_warning") + str(warnings)] if warnings else []
        if shown != ("  ".join(parts) or label("open_none")):
            yield f"the first page says {shown!r} of {placed.title}, which has {errors} and {warnings}"
        cell = page.cell(INDEX_FIRST_ROW + number, INDEX_OPEN_COLUMN)
        tones = [tone_of(m) for m in found.at(page.title, cell.address)] if cell else []
        if tones != ["bad" if errors else "warn" if warnings else "good"]:
            yield f"the first page shows {shown!r} in {tones}"


# -- what a person does ------------------------------------------------------------------------


def bad_value(book: Opened, placed: SheetLayout, at: PlacedColumn) -> str | float | None:
    """What the column's validation would stop, or None where it takes anything."""
    column = at.column
    if column.link:
        return "没有这一行"
    if column.kind is Kind.CHOICE:
        return None if book.layout.book.lists[column.list].open else "不在列表中"
    if column.kind is Kind.DATE:
        return "明天"
    if column.kind is Kind.PERCENT:
        return 1.5 if column.maximum == 1 else None
    if column.kind is Kind.QUANTITY:
        rule = book.sheets[placed.title].validation(column_area(placed, at))
        return "五十左右" if rule is not None and rule.kind in ("decimal", "custom") else None
    return "甲*乙" if column.name else None


def check_twice(book: Opened) -> Iterator[str]:
    """What a validation stops is marked and named when a paste goes past the validation."""
    typed: dict[tuple[str, str], str | float | None] = {}
    expected: list[tuple[SheetLayout, PlacedColumn, int]] = []
    for placed, _ in book.tables():
        row = placed.first_row + 1
        for at in input_columns(placed):
            value = bad_value(book, placed, at)
            if value is not None:
                typed[address(placed, at.column.key, row)] = value
                expected.append((placed, at, row))
        if (
            placed.sheet.filled in placed.sheet.by_key
            and not placed.sheet.column(placed.sheet.filled).calculated
        ):
            typed.setdefault(address(placed, placed.sheet.filled, row), "已开始")
    found = after(book, tuple(typed.items()))
    for placed, at, row in expected:
        place = address(placed, at.column.key, row)
        tones = [tone_of(mark) for mark in found.at(*place) if mark.fill]
        if tones != ["bad"]:
            yield f"{'!'.join(place)} holds {typed[place]!r} and is shown as {tones}"
        said = str(found.values.get(address(placed, "check_errors", row), ""))
        if at.column.title.to(book.layout.lang) not in said:
            yield f"{'!'.join(place)} holds {typed[place]!r}, and nothing is said of it: {said[:60]!r}"
    if not expected:
        yield "no column validates anything"


def check_stale(book: Opened) -> Iterator[str]:
    """Another goal empties nothing, but marks the initiative and the task that belong to the old one."""
    if book.state != "full":
        return
    placed, sheet = table(book, "tracking")
    row = placed.row(6)
    goals, _ = table(book, "goals")
    other = f"{goals.sheet.id.of(3)}{LABEL_MARK}签约提速"
    before, found = marked(book), after(book, ((address(placed, "goal", row), other),))
    for key in ("initiative", "task"):
        place = address(placed, key, row)
        if [tone_of(m) for m in before.at(*place) if m.fill]:
            yield f"{'!'.join(place)} is marked before the goal changes"
        if [tone_of(m) for m in found.at(*place) if m.fill] != ["bad"]:
            yield f"{'!'.join(place)} is not marked as belonging to another goal"
        if found.values[place] != sheet.text(row, placed.index(key)):
            yield f"{'!'.join(place)} was changed"
        words = book.layout.label("rule_stale").format(
            title=placed.sheet.column(key).title.to(book.layout.lang),
            parent=placed.sheet.column("goal").title.to(book.layout.lang),
        )
        if words not in str(found.values[address(placed, "check", row)]):
            yield f"nothing says: {words}"


def check_renamed(book: Opened) -> Iterator[str]:
    """A goal's new name reaches the dropdown; what was linked stays linked, and nothing is marked."""
    if book.state != "full":
        return
    goals, _ = table(book, "goals")
    place = address(goals, "goal", goals.row(2))
    before, found = marked(book), after(book, ((place, "老客户深耕"),))
    lists = book.layout.lists_title
    shown = {str(value) for (title, _), value in found.values.items() if title == lists}
    if f"{goals.sheet.id.of(2)}{LABEL_MARK}老客户深耕" not in shown:
        yield "no dropdown offers the new name"
    for placed, sheet in book.tables():
        if placed.sheet.mirrors or placed is goals:
            continue
        for (title, cell), value in found.values.items():
            if title == sheet.title and value != before.values[title, cell]:
                yield f"{title}!{cell} was {before.values[title, cell]!r} and is {value!r}"


def check_weights(book: Opened) -> Iterator[str]:
    """Weights of a department's goals that do not total 100 % are marked, and not when they do."""
    if book.state != "full":
        return
    goals, sheet = table(book, "goals")
    department = book.layout.item_title("department", "XS")
    level = book.layout.item_title("level", "department")
    rows = [
        row
        for row in begun_rows(goals, sheet)
        if (sheet.text(row, goals.index("department")), sheet.text(row, goals.index("level")))
        == (department, level)
    ]
    for weights, tone in (([0.5, 0.5], []), ([0.5, 0.4], ["warn"])):
        typed = tuple(
            (address(goals, "weight", row), weight)
            for row, weight in zip(rows, [*weights, *([0.0] * len(rows))], strict=False)
        )
        found = after(book, typed)
        for row in rows[:2]:
            place = address(goals, "weight", row)
            tones = [tone_of(m) for m in found.at(*place) if m.fill]
            if tones != tone:
                yield f"{'!'.join(place)} is shown as {tones} when the weights are {weights}"


NO_WORDS = 'IF(TRUE,"","")'


def silent(sheet: str, check: str) -> Break:
    """A break: the hidden column of a check says nothing any more."""

    def change(book: Opened) -> Opened:
        placed = book.layout.sheet(sheet)
        at = next(at for at in placed.written if at.column.key == check)
        pattern = rf'(<c r="{at.letter}{placed.first_row + 1}"[^>]*><f [^>]*>)[^<]*'
        return edit(sheet, pattern, lambda match: match[1] + NO_WORDS)(book)

    return change


LINES = (
    Line(
        "a check column says per row what is missing, in words",
        check_summary,
        {
            "complete, though it is not": edit("goals", r"<v>◆ 缺[^<]*", "<v>● 完整"),
            "an error without its words": edit("goals", r"<v>◆ 缺[^<]*", "<v>◆ 有误"),
            "nothing": edit("review", r"<v>● 完整<", "<v><"),
        },
        books=LINKED,
    ),
    Line(
        "each required cell left empty is named",
        check_missing_words,
        {"one left out": edit("goals", r"(<v>)缺[^；<]*；", r"\1", 0)},
    ),
    Line(
        "every rule broken is marked on its cell",
        check_marked,
        {
            "one never marked": remark("decomposition", "lead", None),
            "one always marked": remark("review", "improvement", "TRUE"),
            "a warning as an error": edit("xl/styles.xml", r'(<dxf>.*?)<bgColor rgb="FFFDECC3"/>', r'\1<bgColor rgb="FFF9DAD2"/>', 0),
        },
    ),
    Line(
        "no rule of the book is asleep",
        check_rules_occur,
        {
            "a column that warns of nothing": silent("goals", "check_warnings"),
            "a rule without a mark": remark("decomposition", "partner", None),
        },
        books=LINKED,
    ),
    Line(
        "the first page counts the rows to mend",
        check_open_issues,
        {
            "another count": edit("index", r"<v>◆ (\d+)", r"<v>◆ 9\1"),
            "none": edit("index", r"<v>◆ [^<]*", "<v>● 无"),
            "no colour": edit("index", r"<conditionalFormatting .*</conditionalFormatting>", ""),
        },
    ),
    Line(
        "every rule stands twice, as a validation and as a mark",
        check_twice,
        {
            "a number not marked": remark("goals", "target", None),
            "a date not marked": remark("decomposition", "start", "FALSE"),
            "a list not marked": remark("review", "quarter", None),
            "nothing said": silent("goals", "check_errors"),
        },
    ),
    Line(
        "a child left stale by its parent's change is marked",
        check_stale,
        {
            "the initiative": remark("tracking", "initiative", None),
            "the task": remark("tracking", "task", "FALSE"),
            "no words": silent("tracking", "check_errors"),
        },
        books=LINKED,
    ),
    Line(
        "renaming a goal keeps every link",
        check_renamed,
        {
            "linked by the whole label": edit("review", r"LEFT\(\$D7,4\),goals_id", "MID($D7,6,40),goals_goal", 0),
            "no new label": edit("lists", r"(<f [^>]*>)[^<]*goals_id[^<]*", r'\1IF(TRUE,"G002｜新客户拓展","")', 0),
        },
    ),
    Line(
        "weights must total 100 %",
        check_weights,
        {
            "never said": remark("goals", "weight", "FALSE"),
            "always said": remark("goals", "weight", "TRUE"),
        },
        books=LINKED,
    ),
)  # fmt: skip
