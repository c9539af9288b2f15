"""The report as one HTML file: the workbook's content, offline, to be read, sorted, filtered, printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from planbook.measures.plain import Row, Rows, rows_of
from planbook.measures.progress import LATE
from planbook.measures.scores import MISSED
from planbook.problems import OutputError, explain_os_error, say
from planbook.reports.figures import (
    TOP,
    adverse_rows,
    attention_rows,
    clean_text,
    headline,
    number_text,
    percent_text,
    report_subtitle,
    report_title,
    row_places,
)
from planbook.reports.pictures import (
    bridge_alt,
    bridge_title,
    heat_map,
    main_bridge,
)
from planbook.reports.signed import SignedState, inputs_hash, restated_rows
from planbook.reports.svg import draw_bridge, draw_scores
from planbook.reports.tables import matrix_departments, positions_of, report_rows
from planbook.reports.words import method_texts, rule_texts, setting_texts
from planbook.spec import Book, Kind
from planbook.spec.models import ReportColumn
from planbook.values import Nil
from planbook.writer.styles import BLUE, FONT, GRID, MUTED, NAVY, PALE, STEEL, TONES

if TYPE_CHECKING:
    from planbook.measures import RollUp

MOST_FACTS = 5_000  # rows of the facts in the file; the workbook has them all
MOST_BARS = 30
MOST_FINDINGS = 3  # on how the plans fit together; their table has them all
MOST_DEPARTMENTS = 30  # columns of the matrix
WIDTH = 0.42  # em on the page that a character of a column's width in the workbook takes
FIGURES = frozenset({Kind.QUANTITY, Kind.PERCENT, Kind.NUMBER})
FAVOURED = frozenset({"deviation", "deviation_rate", "favourable"})
LINKS = frozenset({"link", "source"})
# The tables in their order; what has no rows is left out, but for those that must be seen to be empty.
TABLES = (
    "company_goals", "parts", "trend", "scores", "variance", "tasks", "progress", "risks", "matrix",
    "appraisal", "coherence", "facts", "receipts", "quality", "restated",
)  # fmt: skip
ALWAYS = frozenset({"company_goals", "scores", "variance", "tasks", "matrix", "facts", "receipts", "quality"})
# What the summary calls its tables.
SECTIONS = {
    "summary_goals": "section_company_goals",
    "summary_coherence": "section_coherence",
    "adverse": "section_adverse",
    "attention": "section_tasks",
}
GROUPED = frozenset({"scores"})  # the order of its rows is a tree's, and must not be sorted away


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell: its text, what it sorts by, the tone of its colour, where it leads."""

    text: str
    sort: str = ""
    tone: str = ""
    figure: bool = False
    link: str = ""
    indent: int = 0
    look: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: its title, the class of its cells, the least width of its text in em."""

    title: str
    look: str = ""
    width: float = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the report with its words; `anchors` are the ids of its rows."""

    key: str
    heading: str
    hint: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    anchors: tuple[str, ...] = ()
    note: str = ""
    sortable: bool = True
    rest: str = ""  # says how many rows stand only in the table that `rest_key` names
    rest_key: str = ""

    @property
    def has_audit(self) -> bool:
        """Whether some columns are only for checking."""
        return any("audit" in head.look for head in self.heads)


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure: its words and its value."""

    label: str
    value: str
    note: str


@cache
def _environment() -> Environment:
    loader = PackageLoader("planbook.reports", "page")
    return Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def write_html(path: Path, roll_up: RollUp, *, lang: str = "zh", signed: SignedState | None = None) -> None:
    """Write the report of `roll_up` as one HTML file that fetches nothing.

    The same figures give the same bytes.  Raises OutputError when the file cannot be written.
    """
    try:
        path.write_bytes(render_html(roll_up, lang=lang, signed=signed).encode("utf-8"))
    except OSError as error:
        raise OutputError(say("not_written", path=path, reason=explain_os_error(error))) from error


def render_html(roll_up: RollUp, *, lang: str = "zh", signed: SignedState | None = None) -> str:
    """The report of `roll_up` as the text of one HTML file."""
    book = roll_up.book
    rows = {**report_rows(roll_up, lang), "restated": Rows.of(restated_rows(roll_up, signed, lang))}
    writer = _Writer(roll_up, lang, positions_of(roll_up))
    tables = [writer.table(key, rows) for key in TABLES if key in ALWAYS or rows[key]]
    lists = [
        writer.first("summary_coherence", rows["coherence"], "coherence", MOST_FINDINGS),
        writer.first("adverse", adverse_rows(roll_up), "variance", TOP),
        writer.first("attention", attention_rows(roll_up), "tasks", TOP),
    ]
    heat = heat_map(roll_up, rows)
    return _environment().get_template("report.html.j2").render(
        lang="zh-CN" if lang == "zh" else lang,
        title=clean_text(report_title(roll_up, lang)),
        subtitle=report_subtitle(roll_up, lang),
        headline=clean_text(headline(roll_up, lang)),
        label=writer.label,
        figures=writer.key_figures(rows),
        charts=writer.charts(rows),
        heat=heat,
        scores=book.report("scores").heading.to(lang),
        goals=writer.plain("summary_goals", rows["company_goals"]),
        lists=lists,
        tables=tables,
        methods=(*setting_texts(book, roll_up.settings, lang), *method_texts(book, lang)),
        rules=rule_texts(book, lang),
        marks=_marks(roll_up, lang, signed),
        signers=[book.label(f"sign_{key}", lang) for key in ("prepared", "reviewed", "approved")],
        colors={"navy": NAVY, "blue": BLUE, "steel": STEEL, "pale": PALE, "grid": GRID, "muted": MUTED},
        tones=TONES,
        font=FONT,
    )  # fmt: skip


def _marks(roll_up: RollUp, lang: str, signed: SignedState | None) -> list[tuple[str, str]]:
    book = roll_up.book
    marks = [
        (book.label("sign_inputs", lang), inputs_hash(roll_up)),
        (book.label("sign_book", lang), f"{book.name} {book.version} {book.sha256}"),
    ]
    if signed is not None:
        words = book.label("sign_state_text", lang)
        text = words.format(as_of=signed.as_of.isoformat(), inputs=signed.inputs)
        marks.append((book.label("sign_state", lang), text))
    return marks


# -- tables ------------------------------------------------------------------------------------


def _look(column: ReportColumn) -> str:
    """The class of a column's cells: what is only for checking is not printed, short words do not break."""
    looks = ["audit"] if column.audit else []
    if column.key == "sha256":
        looks.append("code")
    elif column.kind in (Kind.CHOICE, Kind.DATE):
        looks.append("short")
    return " ".join(looks)


def _least_width(column: ReportColumn) -> float:
    """The em that a column of words keeps; figures and choices keep the width of what they say."""
    words = column.kind is Kind.TEXT and column.key not in LINKS and column.key != "sha256"
    return column.width * WIDTH if words else 0


@dataclass(frozen=True)
class _Writer:
    """Turns rows into tables of text in one language; `positions` are those of the facts linked to."""

    roll_up: RollUp
    lang: str
    positions: Mapping[str, int]

    @property
    def book(self) -> Book:
        return self.roll_up.book

    def label(self, key: str, **words: object) -> str:
        text = self.book.label(key, self.lang)
        return text.format(**words) if words else text

    def table(self, key: str, rows: Mapping[str, Rows]) -> Table:
        """A sheet's table; the facts in their order, each with an id that links lead to."""
        report = self.book.report(key)
        note = ""
        anchors: tuple[str, ...] = ()
        if key == "matrix":
            return self._matrix(rows[key])
        if key == "facts":
            facts = self.roll_up.facts
            mine = rows_of(facts.iloc[:MOST_FACTS])
            anchors = tuple(f"fact-{number}" for number in range(len(mine)))
            if len(facts) > len(mine):
                note = self.label("html_cut", shown=len(mine), count=len(facts))
        else:
            mine = rows[key]
        columns = [c for c in report.columns if c.key != "source"]
        return Table(
            key,
            report.heading.to(self.lang),
            report.hint.to(self.lang),
            self._heads(columns),
            tuple(tuple(self.cell(column, row) for column in columns) for row in mine),
            anchors,
            note,
            key not in GROUPED,
        )

    def plain(self, key: str, rows: Sequence[Row]) -> Table:
        """A table of the summary: short, and not to be sorted."""
        report = self.book.report(key)
        columns = [column for column in report.columns if column.key != "source" and not column.audit]
        return Table(
            f"summary-{key}",
            self.label(SECTIONS[key]),
            report.hint.to(self.lang),
            self._heads(columns),
            tuple(tuple(self.cell(column, row) for column in columns) for row in rows),
            sortable=False,
        )

    def first(self, key: str, rows: Sequence[Row], whole: str, most: int) -> Table:
        """The first rows of the table `whole` on the summary, and how many more it has."""
        table = self.plain(key, rows[:most])
        if len(rows) <= most:
            return table
        heading = self.book.report(whole).heading.to(self.lang)
        rest = self.label("html_more", count=len(rows) - most, table=heading)
        return replace(table, rest=rest, rest_key=whole)

    def _heads(self, columns: Sequence[ReportColumn]) -> tuple[Head, ...]:
        return tuple(Head(c.title.to(self.lang), _look(c), _least_width(c)) for c in columns)

    def _matrix(self, rows: Rows) -> Table:
        report, company = self.book.report("matrix"), self.roll_up.company
        codes = matrix_departments(rows, [d.code for d in company.departments], MOST_DEPARTMENTS)
        names = tuple(clean_text(found.name if (found := company.find(code)) else code) for code in codes)
        tones = {"R": "lead", "A": "lead", "C": "warn", "I": "calm"}
        body = []
        for row in rows:
            letters = [str(row["roles"].get(code) or "") for code in codes]
            marks = (Cell(letter, letter, tones.get(letter, "")) for letter in letters)
            body.append((*(self.cell(column, row) for column in report.columns), *marks))
        heads = self._heads(report.columns) + tuple(map(Head, names))
        heading, hint = report.heading.to(self.lang), report.hint.to(self.lang)
        return Table("matrix", heading, hint, heads, tuple(body))

    def cell(self, column: ReportColumn, row: Row) -> Cell:
        """A value as a person reads it, and what it sorts by."""
        value = row.get(column.key)
        if column.key in LINKS:
            position = self.positions.get(str(row.get("fact")))
            if position is None or position >= MOST_FACTS:
                return Cell("")
            return Cell(self.label("open_fact"), link=f"fact-{position}")
        tone = ""
        if column.key in FAVOURED and value is not None and row.get("favourable"):
            tone = self.book.tone("favour", str(row["favourable"]))
        elif column.kind is Kind.CHOICE and value is not None:
            tone = self.book.tone(column.list, str(value))
        number = isinstance(value, float)
        sort = f"{value:.15g}" if number else ""
        indent = int(row["depth"] or 0) if column.key == "name" and "depth" in row else 0
        text = self._text(column, value, row_places(row, column.key))
        return Cell(text, sort, tone, column.kind in FIGURES and number, indent=indent, look=_look(column))

    def _text(self, column: ReportColumn, value: object, places: int) -> str:
        if value is None:
            return ""
        if isinstance(value, Nil):
            return self.label("nil")
        if column.kind is Kind.CHOICE:
            return clean_text(self.book.list_title(column.list, str(value), self.lang))
        if isinstance(value, float):
            if column.kind is Kind.PERCENT:
                return percent_text(value)
            return f"{value:,.0f}" if column.kind is Kind.NUMBER else number_text(value, places)
        return value.isoformat() if isinstance(value, date) else clean_text(str(value))

    # -- the first page ------------------------------------------------------------------------

    def key_figures(self, rows: Mapping[str, Rows]) -> list[Figure]:
        """The key figures, as the workbook's summary has them."""
        top: Row = next(iter(rows["scores"]), {})
        goals, tasks, quality = rows["variance"], rows["tasks"], rows["quality"]

        def percent(key: str) -> str:
            return percent_text(top[key]) if top.get(key) is not None else "—"

        def count(listed: Sequence[Row], key: str, *items: str) -> int:
            return sum(row[key] in items for row in listed)

        late, red = count(tasks, "status", *LATE), count(goals, "rating", "red")
        missed = count(goals, "rating", *MISSED)
        covered, expected = (f"{top.get(key) or 0:.0f}" for key in ("covered", "expected"))
        bounds = self.label("kpi_score_note", low=percent("low"), high=percent("high"))
        errors, warnings = count(quality, "severity", "error"), count(quality, "severity", "warning")
        return [
            Figure(self.label("kpi_score"), percent("score"), bounds),
            Figure(
                self.label("kpi_met"), str(count(goals, "rating", "green")),
                self.label("kpi_of_goals", count=len(goals)),
            ),
            Figure(self.label("kpi_missed"), str(missed), self.label("kpi_missed_note", count=red)),
            Figure(self.label("kpi_late"), str(late), self.label("kpi_of_tasks", count=len(tasks))),
            Figure(self.label("kpi_covered"), covered, self.label("kpi_of_departments", count=expected)),
            Figure(self.label("kpi_errors"), str(errors), self.label("kpi_errors_note", count=warnings)),
        ]  # fmt: skip

    def charts(self, rows: Mapping[str, Rows]) -> list[str]:
        """The bridge and the bars of the scores, where there is something to draw."""
        found = []
        bridge = main_bridge(self.roll_up, rows, self.label("bridge_rest"))
        if bridge is not None:
            ends = self.label("bridge_plan"), self.label("bridge_actual")
            heading = self.label("section_bridge", goal=bridge.goal, unit=bridge.unit)
            title = f"{heading}　{bridge_title(self.book, self.lang, bridge)}"
            found.append(draw_bridge(bridge, title, bridge_alt(self.book, self.lang, bridge), ends))
        scored: list[Any] = [
            row for row in rows["scores"] if row["node"] == "department" and row["score"] is not None
        ]
        if scored:
            title = self.label("score_chart")
            if len(scored) > MOST_BARS:
                scored = sorted(scored, key=lambda row: float(row["score"]))[:MOST_BARS]
                title = self.label("score_chart_lowest", count=MOST_BARS)
            found.append(draw_scores(scored, title, self.label("score_chart_alt")))
        return found
