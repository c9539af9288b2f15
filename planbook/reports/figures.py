"""Which rows a report shows, in which order, and how a figure reads as text.

Workbook, text and mail take their rows and words from here, so that they cannot tell different
stories.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING, Any

from planbook.measures.plain import Row, Rows, rows_of
from planbook.measures.progress import LATE
from planbook.measures.scores import SETTLED, impact
from planbook.problems import rank_problems
from planbook.spec import Book, Kind
from planbook.spec.models import ReportColumn
from planbook.values import Nil

if TYPE_CHECKING:
    from planbook.measures import RollUp

TOP = 10  # rows of a list that shows only the worst
BELOW_SIGHT = 1e-9  # a quantity is rounded to nine decimals; what is smaller is nothing
SMALL = 0.1  # a quantity below it would lose its figures on two decimals
COMPARED = frozenset({"target", "actual", "deviation"})  # what a reader subtracts in the head
LONGEST_IN_TEXT = 160  # characters of a person's words in a mail or a plain text
RETURNED = ("accepted", "partial")
_WIDE = Context(prec=400)  # digits enough for any float
_WIDTHLESS = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
# Controls but tab and line feed, turners of the line, halves of pairs, and what is no character at all.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


# -- values --------------------------------------------------------------------------------


def clean_text(text: str) -> str:
    """`text` as any cell can hold it: line breaks stay, what would break a file or turn a line is shown."""
    if not _UNSAFE.search(text):
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\v", "\n").replace("\f", "\n")
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def one_line(text: str, longest: int = 0) -> str:
    """`text` on one line, nothing in it that a terminal obeys, cut at `longest` characters (0: whole)."""
    line = " ".join(clean_text(text).translate(_WIDTHLESS).split())
    return line if not longest or len(line) <= longest else line[: longest - 1] + "…"


def signed_text(value: float, places: int | None = None) -> str:
    """A change with its sign; on as many decimals as it needs where `places` does not say."""
    text = round_text(value, decimals(value) if places is None else places)
    return text.replace("-", "−") if text.startswith("-") else f"+{text}"


def decimals(value: float) -> int:
    """How many decimals a quantity needs: none when whole, four when two would swallow it."""
    if abs(value - round(value)) < BELOW_SIGHT:
        return 0
    return 4 if abs(value) < SMALL else 2


def row_places(row: Row, key: str) -> int:
    """Four where a variance would be lost on two decimals: then target and actual are shown so, too."""
    value = row.get("deviation") if key in COMPARED else None
    return 4 if isinstance(value, float) and decimals(value) == 4 else 0


def number_text(value: float, places: int = 0) -> str:
    """A quantity with thousands separated, on `places` decimals or more; a negative one in parentheses."""
    text = round_text(abs(value), max(places, decimals(value)))
    return f"({text})" if value < 0 and text.strip("0.,") else text


def percent_text(value: float) -> str:
    """A fraction as a percentage with one decimal; a negative one in parentheses."""
    text = share_text(abs(value))
    return f"({text})" if value < 0 and text != "0.0%" else text


def share_text(value: float) -> str:
    """A fraction as a percentage with one decimal, its sign before it."""
    return f"{round_text(value * 100, 1)}%"


def round_text(value: float, places: int) -> str:
    """A figure on `places` decimals as spreadsheets show it: fifteen digits count, a half goes up.

    Binary rounding would show 0.8485 as 84.8 % where the workbook beside it shows 84.9 %.
    """
    exact = Decimal(f"{value:.15g}")
    return f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _WIDE):,f}"


def value_text(book: Book, column: ReportColumn, value: object, lang: str) -> str:
    """A value as a person reads it, on one line; ``""`` where nothing is."""
    if value is None:
        return ""
    if isinstance(value, Nil):
        return book.label("nil", lang)
    if column.kind is Kind.CHOICE:
        return one_line(book.list_title(column.list, str(value), lang))
    if isinstance(value, float):
        if column.kind is Kind.PERCENT:
            return percent_text(value)
        return f"{value:,.0f}" if column.kind is Kind.NUMBER else number_text(value)
    return value.isoformat() if isinstance(value, date) else one_line(str(value), LONGEST_IN_TEXT)


# -- rows ----------------------------------------------------------------------------------


def node_rows(roll_up: RollUp, lang: str) -> list[Row]:
    """The scores, parents before children; the company's own row carries its word for a name."""
    company = roll_up.book.label("company", lang)
    return [{**row, "name": row["name"] or company} for row in rows_of(roll_up.scores)]


def goal_rows(roll_up: RollUp) -> Rows:
    """The goals, those of one department together, departments in the order of the company."""
    order: dict[Any, int] = {department.code: n for n, department in enumerate(roll_up.company.departments)}
    return rows_of(roll_up.goals).ordered(lambda row: order.setdefault(row["department"], len(order)))


def adverse_rows(roll_up: RollUp) -> Rows:
    """The goals with an unfavourable variance, the largest first."""
    found = goal_rows(roll_up).where(lambda row: row["favourable"] == "bad")
    return found.ordered(lambda row: _or_zero(impact(row)))


def attention_rows(roll_up: RollUp) -> Rows:
    """The tasks that are overdue, behind or stale: in this order, the furthest behind first."""

    def rank(row: Row) -> tuple[int, float]:
        status = LATE.index(row["status"]) if row["status"] in LATE else len(LATE)
        return status, _or_zero(row["schedule_deviation"])

    tasks = rows_of(roll_up.tasks)
    return tasks.where(lambda row: row["status"] in LATE or row["stale"] == "yes").ordered(rank)


def _or_zero(value: float | None) -> float:
    return 0.0 if value is None else value


def open_returns(roll_up: RollUp) -> list[Row]:
    """The receipts that somebody has to follow up: missing, quarantined, accepted in part."""
    return [row for row in rows_of(roll_up.receipts) if row["receipt"] not in SETTLED]


def problem_rows(roll_up: RollUp, lang: str) -> list[Row]:
    """The problems, worst first, in the reader's language."""
    rows: list[Row] = []
    for problem in rank_problems(roll_up.problems):
        place = problem.location
        line = f"{place.row}:{place.row}" if place.row else str(place.line) if place.line else None
        rows.append(
            {
                "severity": problem.severity.value,
                "code": problem.code.value,
                "file": place.file or None,
                "sheet": place.sheet or place.path or None,
                "cell": place.cell or line,
                "message": problem.message(lang),
                "fix": problem.fix(lang) or None,
            }
        )
    return rows


def count_returns(roll_up: RollUp) -> tuple[int, int]:
    """How many departments due have returned a workbook that counts, and how many are due."""
    rows = [row for row in rows_of(roll_up.receipts) if row["department"]]
    returned = {row["department"] for row in rows if row["receipt"] in RETURNED}
    return len(returned), len({row["department"] for row in rows})


# -- sentences -----------------------------------------------------------------------------


def scope_name(roll_up: RollUp, lang: str) -> str:
    """The company's name or word, or the name of the part of it the figures are of."""
    found = roll_up.company.find(roll_up.scope) if roll_up.scope else None
    name = found.name if found else roll_up.scope or roll_up.name
    return one_line(name) or roll_up.book.label("company", lang)


def report_title(roll_up: RollUp, lang: str) -> str:
    """The title of every report: the year and the scope."""
    label = roll_up.book.label("report_title", lang)
    return label.format(year=roll_up.year, scope=scope_name(roll_up, lang))


def report_subtitle(roll_up: RollUp, lang: str) -> str:
    """The day of the figures and how to read them."""
    method = str(roll_up.settings.get("method", roll_up.book.settings["method"].value))
    name = roll_up.book.list_title("method", method, lang)
    return roll_up.book.label("report_subtitle", lang).format(as_of=roll_up.as_of.isoformat(), method=name)


def headline(roll_up: RollUp, lang: str) -> str:
    """One sentence made from the figures: score, coverage, misses, the largest adverse variance."""
    label, top = roll_up.book.label, next(iter(rows_of(roll_up.scores)), {})
    worst = next(iter(adverse_rows(roll_up)), None)
    figures: dict[str, Any] = {
        "covered": f"{_or_zero(top.get('covered')):.0f}",
        "expected": f"{_or_zero(top.get('expected')):.0f}",
        "missed": f"{_or_zero(top.get('missed')):.0f}",
        "met": int((roll_up.goals["rating"] == "green").sum()),
        "worst": _worst_item(roll_up, worst, lang) if worst else label("no_adverse", lang),
    }
    if any(top.get(key) is None for key in ("score", "low", "high")):
        return label("headline_unscored", lang).format(**figures)
    figures |= {key: share_text(top[key]) for key in ("score", "low", "high")}
    return label("headline", lang).format(**figures)


def _worst_item(roll_up: RollUp, row: Row, lang: str) -> str:
    rate, actual = row["deviation_rate"], row["deviation"]
    size = signed_text(rate * 100, 1) + "%" if rate is not None else signed_text(_or_zero(actual))
    return roll_up.book.label("worst_item", lang).format(
        department=one_line(row["department_name"] or ""),
        goal=one_line(row["goal"] or row["metric"] or "", 60),
        rate=size,
    )


# -- text ----------------------------------------------------------------------------------


def display_width(text: str) -> int:
    """Columns the text takes in a fixed-width font: a Chinese character takes two."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def text_table(book: Book, columns: Sequence[ReportColumn], rows: Sequence[Row], lang: str) -> list[str]:
    """The rows as lines of aligned text under their titles; numbers to the right, the last column open."""
    cells = [[column.title.to(lang) for column in columns]]
    cells += [[value_text(book, column, row[column.key], lang) for column in columns] for row in rows]
    widths = [max(display_width(row[n]) for row in cells) for n in range(len(columns))]
    figures = {Kind.QUANTITY, Kind.PERCENT, Kind.NUMBER}

    def line(row: Sequence[str]) -> str:
        padded = []
        for column, width, text in zip(columns, widths, row, strict=True):
            gap = " " * (width - display_width(text))
            padded.append(gap + text if column.kind in figures else text + gap)
        return "  ".join(padded).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return [line(cells[0]), rule, *map(line, cells[1:])]


def render_text(roll_up: RollUp, lang: str) -> str:
    """The roll-up as plain text: headline, scores, company goals, adverse variances, tasks, returns."""
    book = roll_up.book
    nodes = [{**row, "name": _indented(row)} for row in node_rows(roll_up, lang)]
    lines = [report_title(roll_up, lang), report_subtitle(roll_up, lang), "", headline(roll_up, lang)]
    for key, rows, sheet in (
        ("text_scores", nodes, ""),
        ("text_company_goals", rows_of(roll_up.company_goals), ""),
        ("text_goals", adverse_rows(roll_up), "variance"),
        ("text_tasks", attention_rows(roll_up), "tasks"),
        ("text_returns", open_returns(roll_up), ""),
    ):
        report = book.report(key)
        shown = rows[:TOP] if sheet else rows
        lines += ["", f"【{report.heading.to(lang)}】" if lang == "zh" else report.heading.to(lang).upper()]
        lines += text_table(book, report.columns, shown, lang) if rows else [book.label("nothing", lang)]
        if len(shown) < len(rows):
            title, count = book.report(sheet).title.to(lang), len(rows) - len(shown)
            lines.append(book.label("more_rows", lang).format(count=count, sheet=title))
    return "\n".join(lines) + "\n"


def _indented(row: Row) -> str:
    # Dots, because white space at the start of a line is folded away.
    return "· " * int(_or_zero(row.get("depth"))) + one_line(row["name"])
