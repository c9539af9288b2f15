"""The sheet 问题清单 of a return copy: each problem with a link to its cell and what to write instead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from planbook.layout import cell_place, quote_sheet
from planbook.package.archive import WORKBOOK, Archive
from planbook.package.markup import Element, Part, escape_attribute, escape_text, plain_text
from planbook.package.styling import Look, StyleBook
from planbook.problems import CATALOGUE, Code, Group, Location, Problem, Severity, in_words, list_words
from planbook.problems import escape_text as show_controls
from planbook.reader import Submission
from planbook.spec import Book
from planbook.writer.styles import BLUE, GRID, MUTED, NAVY, PALE, TONES

WIDTHS = (6, 11, 24, 18, 30, 30, 46, 52, 20)
TITLES = ("number", "severity", "place", "subject", "found", "expected", "fix", "message", "code")
HEADER_ROW, FIRST_ROW = 4, 5  # 1-based
MOST_POINTS = 300  # a row's height
LONGEST = 2000  # characters shown of what stood in a cell
_READINGS = frozenset(
    {Code.AMBIGUOUS_VALUE, Code.LINK_NEAR, Code.LINK_BY_METRIC, Code.NOT_IN_LIST_NEAR, Code.LOOKALIKE}
)
# The message of these weighs the cell against something else: a total, a date, another row, a rule.
# What they found, or would have it be, is not what stands or should stand in the cell.
_FOUND_ELSEWHERE = frozenset(
    {
        Code.WEIGHTS_TOTAL, Code.QUARTERS_DISAGREE, Code.REASON_MISSING, Code.TOO_LONG, Code.METHOD_FALLBACK,
        Code.MERGED_CELLS, Code.COLUMN_CONFLICT, Code.COLUMN_BY_NAME, Code.COLUMN_MOVED, Code.COLUMN_TWICE,
        Code.COLUMNS_HIDDEN, Code.ROWS_HIDDEN, Code.UNIT_MISMATCH,
    }
)  # fmt: skip
_EXPECTED_ELSEWHERE = frozenset(
    {
        Code.WEIGHTS_TOTAL, Code.QUARTERS_DISAGREE, Code.REASON_MISSING, Code.TOO_LONG, Code.METHOD_FALLBACK,
        Code.MERGED_CELLS, Code.COLUMN_CONFLICT, Code.RULE_BROKEN, Code.RULE_ADVICE, Code.DUPLICATE,
        Code.LINK_BROKEN, Code.LINK_STALE, Code.DATES_REVERSED, Code.SHOWN_SCALED, Code.TASK_OVERDUE,
        Code.SHOWN_CONDITIONALLY, Code.YEAR_AS_DATE, Code.TASK_STALE, Code.UNIT_MISMATCH,
        Code.FRACTION_FOR_POINTS,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the list: a problem at one place; `leader` is the line whose problem it repeats."""

    problem: Problem
    place: Location
    leader: int = 0


_AMOUNT = re.compile(r"([-−\d.,–]+) \S+")


def list_findings(groups: Sequence[Group]) -> tuple[Finding, ...]:
    """The lines of the list: every group's root, then the further places it stands at."""
    findings: list[Finding] = []
    for group in groups:
        findings.append(Finding(group.root, group.root.location))
        leader = len(findings)
        findings += [Finding(problem, problem.location, leader=leader) for problem in group.same]
    return tuple(findings)


def open_comment(book: Book, severity: Severity, lang: str) -> str:
    """How a comment of ours begins, by which it is known again."""
    return f"{book.list_title('severity', severity.value, lang)}　"


def list_openings(book: Book) -> tuple[str, ...]:
    """Every way a comment of ours may begin."""
    return tuple(open_comment(book, severity, lang) for severity in Severity for lang in book.languages)


def propose(problem: Problem, lang: str) -> str:
    """What to write instead: the value meant where one can be named, else how to mend it."""
    if problem.code in _READINGS and problem.expected:
        meant = in_words(problem.expected, lang)
        amount = _AMOUNT.fullmatch(meant)  # the unit has a column of its own
        return f"→ {amount[1] if amount else meant}"
    return problem.fix(lang)


def name_columns(submission: Submission) -> Mapping[tuple[str, int], str]:
    """The titles of the tables' columns by sheet and position, as the workbook has them."""
    assert submission.book is not None, "a submission with tables has a book"
    lang = submission.issue.lang if submission.issue else submission.book.languages[0]
    return {
        (source.title, index): submission.book.sheet(key).column(column).title.to(lang)
        for key, source in submission.sources.items()
        for column, index in source.columns.items()
        if column in submission.book.sheet(key).by_key
    }


@dataclass(frozen=True)
class FindingsSheet:
    """Renders the list as a worksheet part in the workbook's language."""

    book: Book
    lang: str
    heading: str
    columns: Mapping[tuple[str, int], str]

    def render(self, archive: Archive, styles: StyleBook, findings: Sequence[Finding]) -> str:
        """The whole part."""
        rows = [*self._top(styles, findings), *self._lines(styles, findings)]
        links = "".join(_links(findings))
        columns = "".join(
            f'<col min="{n}" max="{n}" width="{width + 0.7}" customWidth="1"/>'
            for n, width in enumerate(WIDTHS, 1)
        )
        return (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            f'<worksheet xmlns="{archive.namespace}">'
            '<sheetPr><tabColor rgb="FF9A2A12"/><pageSetUpPr fitToPage="1"/></sheetPr>'
            '<sheetViews><sheetView showGridLines="0" tabSelected="1" workbookViewId="0">'
            f'<pane ySplit="{HEADER_ROW}" topLeftCell="A{FIRST_ROW}" activePane="bottomLeft" state="frozen"/>'
            f'<selection pane="bottomLeft" activeCell="C{FIRST_ROW}" sqref="C{FIRST_ROW}"/></sheetView>'
            f'</sheetViews><sheetFormatPr defaultRowHeight="15"/><cols>{columns}</cols>'
            f"<sheetData>{''.join(rows)}</sheetData>"
            # Protected without a password like all sheets of ours: the importer knows it by that.
            '<sheetProtection sheet="1" objects="1" scenarios="1" formatColumns="0" formatRows="0"/>'
            + (f"<hyperlinks>{links}</hyperlinks>" if links else "")
            + '<pageMargins left="0.4" right="0.4" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>'
            '<pageSetup paperSize="9" orientation="landscape" fitToHeight="0"/>'
            "<headerFooter><oddFooter>&amp;C&amp;P / &amp;N</oddFooter></headerFooter></worksheet>"
        )

    def _label(self, key: str, **values: object) -> str:
        return self.book.label(f"findings_{key}", self.lang).format(**values)

    def _top(self, styles: StyleBook, findings: Sequence[Finding]) -> Iterator[str]:
        bar = styles.cell(Look(color="FFFFFF", fill=_hex(NAVY), size=14, bold=True, wrap=False))
        grey = styles.cell(Look(color=_hex(MUTED), size=9, wrap=False))
        head = styles.cell(Look(color="FFFFFF", fill=_hex(BLUE), border="FFFFFF", bold=True, center=True))
        counts = {severity: 0 for severity in Severity}
        for finding in findings:
            counts[finding.problem.severity] += 1
        if findings:
            said = self._label("counts", **{severity.value: count for severity, count in counts.items()})
        else:
            said = self._label("none")
        yield _row(1, [(bar, self.heading), *((bar, "") for _ in WIDTHS[1:])], height=30)
        yield _row(2, [(grey, said)], height=18)
        yield _row(3, [(grey, self._label("hint"))], height=18)
        titles = [(head, self._label(key)) for key in TITLES]
        yield _row(HEADER_ROW, titles, height=22)

    def _lines(self, styles: StyleBook, findings: Sequence[Finding]) -> Iterator[str]:
        grid = _hex(GRID)
        plain = styles.cell(Look(border=grid))
        number = styles.cell(Look(border=grid, center=True, color=_hex(MUTED)))
        link = styles.cell(Look(border=grid, color=_hex(BLUE), underline=True))
        code = styles.cell(Look(border=grid, color=_hex(MUTED), size=9))
        fix = styles.cell(Look(border=grid, fill=_hex(PALE), bold=True))
        tones = {
            severity: styles.cell(
                Look(border=grid, fill=_hex(back), color=_hex(text), bold=True, center=True)
            )
            for severity, (back, text) in self._tones().items()
        }
        for position, finding in enumerate(findings):
            problem = finding.problem
            texts = self._texts(finding)
            linked = bool(finding.place.sheet)
            looks = (
                number, tones[problem.severity], link if linked else plain, plain, plain, plain, fix, plain,
                code,
            )  # fmt: skip
            cells = [(number, str(position + 1)), *zip(looks[1:], texts, strict=True)]
            yield _row(FIRST_ROW + position, cells, height=_height(cells))

    def _tones(self) -> dict[Severity, tuple[str, str]]:
        return {severity: TONES[self.book.tone("severity", severity.value)] for severity in Severity}

    def _texts(self, finding: Finding) -> tuple[str, ...]:
        problem = finding.problem
        message = problem.message(self.lang)
        if finding.leader:
            message = self._label("same", number=finding.leader)
        return (
            self.book.list_title("severity", problem.severity.value, self.lang),
            _show_place(finding.place),
            self._column(finding.place),
            "" if problem.code in _FOUND_ELSEWHERE else in_words(problem.found, self.lang)[:LONGEST],
            "" if problem.code in _EXPECTED_ELSEWHERE else in_words(problem.expected, self.lang)[:LONGEST],
            propose(problem, self.lang),
            message,
            problem.code.value,
        )

    def _column(self, place: Location) -> str:
        """The titles of the columns that a place lies in."""
        if not place.cell:
            return ""
        first, _, last = place.cell.partition(":")
        span = range(cell_place(first)[1], cell_place(last or first)[1] + 1)
        titles = [self.columns[place.sheet, at] for at in span if (place.sheet, at) in self.columns]
        return in_words(list_words([*titles[:3], *(["…"] if len(titles) > 3 else [])]), self.lang)


def _show_place(place: Location) -> str:
    if not place.sheet:
        return "—"
    spot = place.cell or (f"{place.row}:{place.row}" if place.row else "")
    return place.sheet + (f"!{spot}" if spot else "")


def _links(findings: Sequence[Finding]) -> Iterator[str]:
    for position, finding in enumerate(findings):
        place = finding.place
        if not place.sheet:
            continue
        spot = place.cell or (f"A{place.row}" if place.row else "A1")
        target = escape_attribute(f"{quote_sheet(place.sheet)}!{spot}")
        yield f'<hyperlink ref="C{FIRST_ROW + position}" location="{target}"/>'


def _row(number: int, cells: Sequence[tuple[int, str]], height: int = 0) -> str:
    tall = f' ht="{height}" customHeight="1"' if height else ""
    inner = "".join(_cell(number, column, style, text) for column, (style, text) in enumerate(cells))
    return f'<row r="{number}"{tall}>{inner}</row>'


def _cell(row: int, column: int, style: int, text: str) -> str:
    ref = f"{chr(65 + column)}{row}"
    if not text:
        return f'<c r="{ref}" s="{style}"/>'
    shown = escape_text(show_controls(text))
    return f'<c r="{ref}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{shown}</t></is></c>'


def _height(cells: Sequence[tuple[int, str]]) -> int:
    """Points a line needs: LibreOffice does not fit rows to wrapped text when it opens a file."""
    lines = max(
        1 + int(_width(show_controls(text)) // width) for width, (_, text) in zip(WIDTHS, cells, strict=True)
    )
    return min(MOST_POINTS, max(18, 4 + 14 * lines))


def _width(text: str) -> float:
    """Characters of the digits' width that a text takes: East Asian ones are nearly twice as wide."""
    return sum(1.9 if unicodedata.east_asian_width(char) in "WFA" else 1.05 for char in text)


def _hex(color: str) -> str:
    return color.lstrip("#")


def is_marked(problem: Problem) -> bool:
    """Whether a problem's cell is coloured and commented: notes ask for nothing."""
    return CATALOGUE[problem.code].severity is not Severity.NOTE and bool(problem.location.sheet)


def is_list(archive: Archive, name: str, book: Book) -> bool:
    """Whether the worksheet part `name` has the header of the list, in one of the book's languages.

    Another program may have saved it since, which moves texts into the workbook's shared ones.
    """
    part = archive.part(name)
    data = part.child("sheetData")
    rows = [row for row in part.children(data) if row.get("r") == str(HEADER_ROW)] if data else []
    cells = [cell for row in rows for cell in part.children(row)]
    shared = _shared_texts(archive) if any(cell.get("t") == "s" for cell in cells) else []
    header = [_cell_text(part, cell, shared) for cell in cells][: len(TITLES)]
    return any(header == [book.label(f"findings_{key}", lang) for key in TITLES] for lang in book.languages)


def _cell_text(part: Part, cell: Element, shared: Sequence[str]) -> str:
    if cell.get("t") != "s":
        return plain_text(part, cell)
    value = part.child("v", cell)
    number = part.text[value.inner : value.inner_end].strip() if value else ""
    found = number.isdecimal() and len(number) < 10 and int(number) < len(shared)
    return shared[int(number)] if found else ""


def _shared_texts(archive: Archive) -> list[str]:
    names = [r.target for r in archive.relations(WORKBOOK) if r.kind == "sharedStrings"]
    part = archive.part(names[0]) if names and archive.has(names[0]) else None
    return [plain_text(part, item) for item in part.children()] if part else []
