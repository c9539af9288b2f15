"""Return copies: the department's own workbook with its problems marked, and nothing else changed.

Marks are conditional formats (they need no cell of their own and leave its style alone), comments,
and a sheet that lists everything with links.  All three are known again by a word of ours, so that
annotating a copy twice, or one that went through Excel, replaces the old marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from planbook.layout import quote_sheet, reference_place
from planbook.package.archive import SPREADSHEET, WORKBOOK, Archive
from planbook.package.comments import SHEET_ORDER, add_comments, first_cell, remove_comments
from planbook.package.findings import (
    Finding,
    FindingsSheet,
    is_list,
    is_marked,
    list_findings,
    list_openings,
    name_columns,
    open_comment,
    propose,
)
from planbook.package.markup import Element, Part, escape_attribute, escape_text, resolve_text
from planbook.package.styling import StyleBook
from planbook.problems import Group, PartError, Severity, UsageError, group_problems, say
from planbook.reader import Submission
from planbook.spec import Book
from planbook.writer.styles import FONT, TONES

NAME = "planbook_findings"  # the defined name that tells our sheet from one of the planner's
MARK = "planbook-mark"  # the word in our conditional formats
SHIFT = 4  # ranks our rules take before all others
LONGEST_TITLE = 31
WORKBOOK_ORDER = (
    "fileVersion", "fileSharing", "workbookPr", "workbookProtection", "bookViews", "sheets",
    "functionGroups", "externalReferences", "definedNames", "calcPr", "oleSize", "customWorkbookViews",
    "pivotCaches", "smartTagPr", "smartTagTypes", "webPublishing", "fileRecoveryPr", "webPublishObjects",
    "extLst",
)  # fmt: skip
_RULE = re.compile(r"(<(?:[\w.-]+:)?cfRule\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*?\bpriority=[\"'])(\d{1,9})(?!\d)")


@dataclass(frozen=True, slots=True)
class Annotated:
    """A return copy that was written, and how many lines its list has."""

    path: Path
    findings: int


def annotate_workbook(path: Path, submission: Submission, target: Path) -> Annotated:
    """Write a copy of the workbook at `path` with the submission's problems marked, to `target`.

    Parts that need no change keep their bytes.  Raises UsageError for a submission that was
    refused or is no .xlsx (nothing in it can be marked), OutputError where the copy cannot be written.
    """
    book, issue = submission.book, submission.issue
    if book is None or issue is None or not Archive.is_one(path):
        raise UsageError(say("cannot_annotate", name=path.name))
    archive = Archive.open(path)
    groups = group_problems(submission.problems)
    findings = list_findings(groups)
    own = _own_sheet(archive, book, {source.title for source in submission.sources.values()})
    sheets = {title: part for title, part in archive.sheet_parts().items() if part and title != own}
    for part in sheets.values():
        _unmark(archive, part)
        remove_comments(archive, part, list_openings(book))
    styles = StyleBook(archive, FONT)
    marker = _Marker(archive, styles, sheets, issue.lang, book)
    marker.mark(groups)
    heading = book.label("findings_heading", issue.lang).format(name=issue.department_name, year=issue.year)
    columns = name_columns(submission)
    text = FindingsSheet(book, issue.lang, heading, columns).render(archive, styles, findings)
    styles.save()
    title = own or _free_title(sheets, book.label("findings_sheet", issue.lang))
    _put_sheet(archive, title, text)
    _deselect(archive, sheets.values())
    archive.save(target)
    return Annotated(target, len(findings))


# -- marks on cells ------------------------------------------------------------------------


@dataclass(frozen=True)
class _Marker:
    """Puts colours and comments on the cells that problems stand in."""

    archive: Archive
    styles: StyleBook
    sheets: Mapping[str, str]
    lang: str
    book: Book

    def mark(self, groups: Sequence[Group]) -> None:
        """Mark every place of every group, sheet by sheet."""
        findings = [f for f in list_findings(groups) if is_marked(f.problem)]
        for title, part in self.sheets.items():
            here = [f for f in findings if f.place.sheet == title and (f.place.cell or f.place.row)]
            if here:
                self._color(part, here)
                add_comments(self.archive, part, dict(self._comments(here)))

    def _color(self, part: str, findings: Sequence[Finding]) -> None:
        """Colour the cells, by rules before the sheet's own and once more after them.

        Excel goes by rank, LibreOffice by the first rule of a cell, Gnumeric by the last.
        """
        ranges: dict[str, Severity] = {}
        for finding in findings:
            area = finding.place.cell or f"A{finding.place.row}"
            if ranges.get(area) is not Severity.ERROR:
                ranges[area] = finding.problem.severity
        sheet = _shift(self.archive.part(part), SHIFT)
        front = self._rules(sheet.root.prefix, ranges, rank=1)
        back = self._rules(sheet.root.prefix, ranges, rank=1 + SHIFT // 2)
        sheet = sheet.insert_ordered(SHEET_ORDER, "conditionalFormatting", front)
        following = SHEET_ORDER[SHEET_ORDER.index("conditionalFormatting") + 1]
        self.archive.put(part, sheet.insert_ordered(SHEET_ORDER, following, back))

    def _rules(self, prefix: str, ranges: Mapping[str, Severity], rank: int) -> str:
        """The conditional formats that colour `ranges`, one a severity, ranked from `rank` on."""
        rules = ""
        for position, severity in enumerate((Severity.ERROR, Severity.WARNING)):
            areas = [area for area, found in ranges.items() if found is severity]
            if areas:
                back, color = TONES[self.book.tone("severity", severity.value)]
                format_number = self.styles.mark(color.lstrip("#"), back.lstrip("#"))
                rules += (
                    f'<{prefix}conditionalFormatting sqref="{" ".join(areas)}"><{prefix}cfRule '
                    f'type="expression" dxfId="{format_number}" priority="{rank + position}">'
                    f'<{prefix}formula>LEN("{MARK}")&gt;0</{prefix}formula></{prefix}cfRule>'
                    f"</{prefix}conditionalFormatting>"
                )
        return rules

    def _comments(self, findings: Sequence[Finding]) -> Iterator[tuple[str, str]]:
        by_cell: dict[str, list[str]] = {}
        for finding in findings:
            problem = finding.problem
            opening = open_comment(self.book, problem.severity, self.lang)
            text = f"{opening}{problem.message(self.lang)}\n{propose(problem, self.lang)}"
            by_cell.setdefault(first_cell(finding.place.cell, finding.place.row), []).append(text)
        for cell, texts in by_cell.items():
            yield cell, "\n\n".join(texts)


def _unmark(archive: Archive, name: str) -> None:
    """Take our conditional formats out of a sheet, and give the others their old rank."""
    part = archive.part(name)
    if MARK not in part.text:
        return
    for element in reversed([e for e in part.children() if e.local == "conditionalFormatting"]):
        rules = [e for e in part.children(element) if e.local == "cfRule"]
        ours = [rule for rule in rules if MARK in part.text[rule.start : rule.end]]
        if ours and len(ours) == len(rules):
            part = part.replace(element.start, element.end, "")
        else:
            for rule in reversed(ours):
                part = part.replace(rule.start, rule.end, "")
    ranks = [int(rule[2]) for rule in _RULE.finditer(part.text)]
    # A program that numbered the rules anew has taken up the room our ranks had.
    archive.put(name, _shift(part, -SHIFT) if min(ranks, default=0) > SHIFT else part)


def _shift(part: Part, by: int) -> Part:
    """Every conditional rule's rank moved: ours goes first, and two must not share one."""

    def moved(rule: re.Match[str]) -> str:
        return f"{rule[1]}{max(1, int(rule[2]) + by)}"

    return Part(_RULE.sub(moved, part.text), part.encoding, part.mark)


# -- the sheet and the workbook ------------------------------------------------------------


def _names(part: Part) -> tuple[Element, ...]:
    holder = part.child("definedNames")
    return part.children(holder) if holder else ()


def _own_sheet(archive: Archive, book: Book, tables: Set[str]) -> str:
    """The title of the list an earlier copy has, as our defined name points at it.

    A file may say anything: what holds a table or lacks the list's header is not taken for ours.
    """
    part = archive.part(WORKBOOK)
    for name in _names(part):
        if name.get("name") == NAME:
            target = reference_place(resolve_text(part.text[name.inner : name.inner_end]))
            title = target[0] if target else ""
            sheet = archive.sheet_parts().get(title, "")
            return title if title not in tables and sheet and is_list(archive, sheet, book) else ""
    return ""


def _free_title(taken: Iterable[str], wanted: str) -> str:
    """The list's title, numbered where the planner has a sheet of that name."""
    known = {title.casefold() for title in taken}
    title, number = wanted, 2
    while title.casefold() in known:
        end = f" ({number})"
        title, number = wanted[: LONGEST_TITLE - len(end)] + end, number + 1
    return title


def _put_sheet(archive: Archive, title: str, text: str) -> None:
    """Put the list into its part, and make the workbook show it first."""
    there = archive.sheet_parts()
    if title not in there:
        name = archive.free_name("xl/worksheets/sheet{}.xml")
        archive.put(name, text)
        archive.declare(name, SPREADSHEET + "worksheet+xml")
        _add_sheet(archive, title, archive.relate(WORKBOOK, "worksheet", name))
    else:
        archive.put(there[title], text)
    _define_name(archive, f"{quote_sheet(title)}!$A$1")
    _activate(archive, list(archive.sheet_parts()).index(title))


def _add_sheet(archive: Archive, title: str, relation: str) -> None:
    part = archive.part(WORKBOOK)
    holder = part.child("sheets")
    sheets = part.children(holder) if holder else ()
    if holder is None or not sheets:
        raise PartError(say("part_lacks", name=WORKBOOK, element="sheets"))
    taken = [s.get("sheetId") for s in sheets]
    number = max((int(n) for n in taken if n.isdecimal() and len(n) < 6), default=0) + 1
    key = re.search(r"([\w.-]+:id)\s*=", sheets[0].attributes)
    new = (
        f'<{part.root.prefix}sheet name="{escape_attribute(title)}" sheetId="{number}" '
        f'{key[1] if key else "r:id"}="{relation}"/>'
    )
    archive.put(WORKBOOK, part.append(holder, new))


def _define_name(archive: Archive, target: str) -> None:
    part = archive.part(WORKBOOK)
    prefix = part.root.prefix
    for name in _names(part):
        if name.get("name") == NAME:
            archive.put(WORKBOOK, part.replace(name.inner, name.inner_end, escape_text(target)))
            return
    new = f'<{prefix}definedName name="{NAME}">{escape_text(target)}</{prefix}definedName>'
    holder = part.child("definedNames")
    if holder is None:
        whole = f"<{prefix}definedNames>{new}</{prefix}definedNames>"
        archive.put(WORKBOOK, part.insert_ordered(WORKBOOK_ORDER, "definedNames", whole))
    else:
        archive.put(WORKBOOK, part.append(holder, new))


def _activate(archive: Archive, position: int) -> None:
    part = archive.part(WORKBOOK)
    views = part.child("bookViews")
    view = next(iter(part.children(views)), None) if views else None
    if view is not None:
        archive.put(WORKBOOK, part.set_attribute(view, "activeTab", str(position)))


def _deselect(archive: Archive, sheets: Iterable[str]) -> None:
    """No other sheet stays selected: what is typed into one of two selected sheets goes into both."""
    for name in sheets:
        part = archive.part(name)
        views = part.child("sheetViews")
        for view in part.children(views) if views else ():
            if view.get("tabSelected") in {"1", "true"}:
                archive.put(name, part.set_attribute(view, "tabSelected", "0"))
