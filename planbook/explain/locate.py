"""What a reference means: an id, a name, or a cell of a consolidated workbook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from planbook.explain.cells import (
    CELL,
    MARKS,
    AskedCell,
    BridgeCell,
    HeatCell,
    ReportCell,
    find_bridge,
    find_heat,
    find_in_table,
    find_tile,
    read_cell,
    read_label,
)
from planbook.explain.derived import CONTROLS, COUNTS
from planbook.explain.listed import LISTED
from planbook.explain.model import is_close
from planbook.measures import RollUp
from planbook.measures.frames import FRAMES, Holds
from planbook.problems import UsageError, Words, find_near, list_words, say
from planbook.spec import Book
from planbook.spec.models import ReportColumn
from planbook.values import match_key

WAYS = frozenset({"link", "source"})  # columns that only lead somewhere
LEAST = 3  # columns that a report shares with the frame behind it
MOST = 0.7  # share of a report's columns from which a frame is surely the one behind it
OF_COMPANY = frozenset({"company_goals", "parts", "trend"})  # tables of what only a cycle knows
FIELDS = (
    "facts", "goals", "company_goals", "tasks", "scores", "progress", "trend", "appraisal", "risks",
    "coherence", "responsibility", "receipts",
)  # fmt: skip
# Columns of a report that help to add up, with arithmetic of their own, and the frame whose rows they
# stand beside.
BESIDE = {
    ("variance", "impact"): "goals",
    ("variance", "capped"): "goals",
    ("variance", "points"): "goals",
    ("parts", "adds_target"): "goals",
    ("parts", "adds_actual"): "goals",
    ("parts", "adds_deviation"): "goals",
    ("parts", "adds_annual"): "goals",
    ("parts", "used"): "goals",
    ("parts", "points"): "goals",
    ("scores", "points"): "scores",
    ("facts", "adds_target"): "facts",
    ("facts", "adds_actual"): "facts",
    ("facts", "company_adds_target"): "facts",
    ("facts", "company_adds_actual"): "facts",
    ("scores", "known"): "scores",
}


@dataclass(frozen=True)
class Subject:
    """The row of a frame that a reference means, and the column where it names one.

    `reported` is what the report shows in that cell, `report` the table that it stands in.
    `derived` names a figure that stands in no frame: a ``control`` total, a column of the ``bridge``
    (then in `unit`, and `others` are the columns beside it), a ``setting``, a ``measure``, a
    ``problem``, or the ``rows`` of a sheet and those of them that need ``attention``.
    """

    reference: str
    frame: str
    row: Mapping[str, Any]
    column: str = ""
    reported: object = None
    report: str = ""
    derived: str = ""
    unit: str = ""
    others: tuple[str, ...] = ()
    empty: bool = False  # a cell of a report that holds nothing
    beside: tuple[str, object, object] | None = None  # of a restated figure: the column, as signed, now

    @property
    def is_whole(self) -> bool:
        """Whether the figure is all that is explained, and not one beside others of its row."""
        return bool(self.derived) or not self.column or (self.frame == "scores" and self.column in COUNTS)


def find_subject(reference: str, figures: RollUp) -> Subject:
    """The row that a reference means.

    It is a fact's, goal's or task's id (``XS-R003``), a department or company goal by name or
    code, or ``FILE:SHEET!CELL`` of a consolidated workbook.  Raises UsageError where it is none.
    """
    if CELL.match(reference):
        return _find_cell(read_cell(reference), figures)
    wanted = match_key(reference)
    for frame, row, names in _names(figures):
        if any(match_key(str(name)) == wanted for name in names if name):
            return Subject(reference, frame, row)
    known = [str(name) for _, _, names in _names(figures) for name in names if name]
    near = find_near(reference, known)
    if near:
        raise UsageError(say("no_reference_near", name=reference, known=list_words(near)))
    raise UsageError(say("no_reference", name=reference))


def _names(figures: RollUp) -> Iterator[tuple[str, Mapping[str, Any], Sequence[object]]]:
    """Every row that has a name of its own, with the names it answers to."""
    for row in figures.rows("facts"):
        yield "facts", row, (row["fact"],)
    for row in figures.rows("facts"):  # in its division's workbook, by its own department
        yield "facts", row, (f"{row['department']}-{str(row['fact']).rpartition('-')[2]}",)
    issued = {str(row["file"]): str(row["fact"]).rpartition("-")[0] for row in figures.rows("facts")}
    for frame, key in (("goals", "goal_id"), ("tasks", "task_id")):
        for row in figures.rows(frame):
            codes = dict.fromkeys((row["department"], issued.get(str(row["file"]), "")))
            yield frame, row, [f"{code}-{row[key]}" for code in codes if code]
    for row in figures.rows("company_goals"):
        yield "company_goals", row, (row["goal"],)
    words = [figures.book.label("company", lang) for lang in figures.book.languages]
    for row in figures.rows("scores"):
        yield "scores", row, (row["code"], row["name"]) if row["code"] else ("company", *words)
    for frame in ("goals", "tasks"):  # by name last: an id goes before a name
        for row in figures.rows(frame):
            yield frame, row, (row["goal"] if frame == "goals" else row["task"],)


# -- cells of a consolidated workbook ----------------------------------------------------------


def _find_cell(cell: AskedCell, figures: RollUp) -> Subject:
    """What a cell of a report shows: a figure of a table, a key figure, or one behind a picture."""
    book = figures.book
    if any(book.report("summary").title.to(lang) == cell.sheet for lang in book.languages):
        tile, heat, bridge = find_tile(cell, book), find_heat(cell, book), find_bridge(cell, book)
        top = next(iter(figures.rows("scores")), None)
        if top is not None and read_label(book, "headline", str(cell.value)) is not None:
            return Subject(cell.reference, "scores", top)
        if heat is not None:
            return _find_heat(cell, heat, figures)
        if tile and top is not None:
            return Subject(cell.reference, "scores", top, tile, _shown(cell))
        if bridge is not None:
            return _find_bridge(cell, bridge, figures)
    found = find_in_table(cell, book)
    if found is None:
        raise UsageError(say("no_figure", name=cell.reference))
    finders = {
        "control": lambda: _find_control(cell, found, book),
        "contents": lambda: _find_listed(cell, found, book),
        "methods": lambda: _find_method(cell, found, book),
        "quality": lambda: _find_problem(cell, found, figures),
        "restated": lambda: _find_restated(cell, found, figures),
    }
    return finders.get(found.report.key, lambda: _find_row(cell, found, figures))()


def _shown(cell: AskedCell) -> object:
    return None if cell.value in ("", None) else cell.value


def _find_heat(cell: AskedCell, heat: HeatCell, figures: RollUp) -> Subject:
    """The goal that a cell of the heat map shows: the lowest of the department's under that title."""
    nodes = [row for row in figures.rows("scores") if _same_words(str(row["name"] or ""), heat.department)]
    codes = {row["code"] for row in nodes}
    if nodes and heat.kind == "score":
        return Subject(cell.reference, "scores", nodes[0], "score", _shown(cell))
    titles = {goal["number"]: goal["goal"] for goal in figures.rows("company_goals")}
    numbers = {number for number, title in titles.items() if _same_words(str(title), heat.title)}
    goals = [
        goal
        for goal in figures.rows("goals")
        if goal["department"] in codes
        and isinstance(goal["attainment"], int | float)
        and (
            heat.kind == "lowest"
            or goal["company_no"] in numbers
            or (not numbers and _same_words(str(goal["metric"] or ""), heat.title))
        )
    ]
    if not goals or _shown(cell) is None:
        raise UsageError(say("no_heat", name=cell.reference, department=heat.department))
    lowest = min(goals, key=lambda goal: float(goal["attainment"]))
    return Subject(cell.reference, "goals", lowest, "attainment", _shown(cell))


def _find_bridge(cell: AskedCell, bridge: BridgeCell, figures: RollUp) -> Subject:
    rows = (row for row in figures.rows("company_goals") if _same_words(str(row["goal"]), bridge.goal))
    row = next(rows, None)
    if row is None:
        raise UsageError(say("goal_gone", name=cell.reference, goal=bridge.goal))
    others = tuple(name for name in bridge.names if name != bridge.name)
    return Subject(
        cell.reference, "company_goals", row, bridge.name, _shown(cell), "", "bridge", bridge.unit, others
    )


def _find_control(cell: AskedCell, found: ReportCell, book: Book) -> Subject:
    """The control total of a row of the first sheet."""
    sentence = str(found.values.get("control") or "")
    key = next((key for key in CONTROLS if read_label(book, key, sentence) is not None), "")
    if not key:
        raise UsageError(say("control_gone", name=cell.reference))
    shown = found.values.get("shown")
    return Subject(cell.reference, "", {}, key, shown, found.report.key, "control")


def _not_explained(cell: AskedCell, found: ReportCell) -> UsageError:
    title = next(column.title for column in found.report.columns if column.key == found.column)
    column = Words(title.to("zh"), title.to("en"))
    return UsageError(say("not_explained", name=cell.reference, column=column))


def _find_listed(cell: AskedCell, found: ReportCell, book: Book) -> Subject:
    """A count of the first sheet: of which sheet's rows."""
    title = str(found.values.get("sheet") or "")
    key = next((key for key in LISTED if title in book.report(key).title.every()), "")
    counted = isinstance(found.values.get(found.column), int | float)
    if not key or not counted or found.column not in ("rows", "attention"):
        raise _not_explained(cell, found)
    return Subject(cell.reference, "", {}, key, _shown(cell), "contents", found.column)


def _find_method(cell: AskedCell, found: ReportCell, book: Book) -> Subject:
    """A threshold, or a measure that the sheet of methods defines."""
    name = str(found.values.get("name") or "")
    for kind, titled in (("setting", book.settings), ("measure", book.measures)):
        key = next((key for key, each in titled.items() if name in each.title.every()), "")
        if key:
            shown = _shown(cell) if kind == "setting" else None
            return Subject(cell.reference, "", {}, key, shown, "methods", kind)
    raise _not_explained(cell, found)


def _find_problem(cell: AskedCell, found: ReportCell, figures: RollUp) -> Subject:
    """The problem that a row of the data's quality tells."""
    said = {key: str(found.values.get(key) or "") for key in ("code", "file", "message")}
    for problem in figures.problems:
        if problem.code.value == said["code"] and (problem.location.file or "") == said["file"]:
            messages = (problem.message(lang) for lang in figures.book.languages)
            if any(_same_words(message, said["message"]) for message in messages):
                return Subject(cell.reference, "", {"problem": problem}, "", None, "quality", "problem")
    raise UsageError(say("figure_gone", name=cell.reference))


def _find_restated(cell: AskedCell, found: ReportCell, figures: RollUp) -> Subject:
    """The figure of today that a restated one is, by the row's kind, department, goal and quarter."""
    book, values = figures.book, found.values

    def key_of(name: str, shown: object) -> str:
        items = (item.key for item in book.lists[name].items)
        return next((k for k in items if _titled(book, name, k, str(shown or ""))), "")

    frame, field = key_of("figure_kind", values.get("figure_kind")), key_of("figure", values.get("field"))
    words = {key: str(values.get(key) or "") for key in ("department_name", "goal")}
    quarter = key_of("quarter", values.get("quarter")) if values.get("quarter") else ""
    company = [book.label("company", lang) for lang in book.languages]
    for row in figures.rows(frame) if frame else ():
        owner = str(row.get("name" if frame == "scores" else "department_name") or "")
        mine = _same_words(owner, words["department_name"]) or (
            frame == "scores" and not row["code"] and words["department_name"] in company
        )
        same = frame == "scores" or _same_words(str(row["goal"] or ""), words["goal"])
        if mine and same and str(row.get("quarter") or "") == quarter:
            return _restated(cell, found, Subject(cell.reference, frame, row, field, report="restated"))
    raise UsageError(say("figure_left", name=cell.reference))


def _restated(cell: AskedCell, found: ReportCell, subject: Subject) -> Subject:
    """A restated figure: of today, or as it was signed, or the change; fractions stand there in points."""
    shown, signed, now = _shown(cell), found.values.get("signed_value"), found.values.get("value")
    if found.column in ("signed_value", "change"):
        return replace(subject, reported=shown, beside=(found.column, signed, now))
    holds = {column.key: column.holds for column in FRAMES[subject.frame].columns}
    if holds.get(subject.column) is Holds.FRACTION and isinstance(shown, int | float):
        shown = round(shown / 100, 12)
    return replace(subject, reported=shown)


def _titled(book: Book, name: str, key: str, shown: str) -> bool:
    return any(_same_words(book.list_title(name, key, lang), shown) for lang in book.languages)


def _find_row(cell: AskedCell, found: ReportCell, figures: RollUp) -> Subject:
    """The row of a frame that says what the report's row says: the same words, the nearest figures."""
    shown, report = found.values.get(found.column), found.report
    if found.column in WAYS:
        raise _not_explained(cell, found)
    beside = BESIDE.get((report.key, found.column))
    best: tuple[tuple[int, int], str, Mapping[str, Any]] | None = None
    tried = False  # whether any frame has that column
    for frame in (beside,) if beside else FIELDS:
        names = set(FRAMES[frame].names)
        shared = [c for c in report.columns if c.key in names and c.key in found.values]
        if (found.column not in names and not beside) or len(shared) < LEAST:
            continue
        tried = True
        known = len(shared) >= MOST * len(report.columns)  # then a figure may have been restated
        for row in figures.rows(frame):
            if not known and not beside and not _same_figure(row[found.column], shown):
                continue
            if _agrees(figures.book, frame, shared, row, found.values):
                likeness = _likeness(shared, row, found.values)
                if best is None or likeness > best[0]:
                    best = likeness, frame, row
    if best is None and not tried:
        raise _not_explained(cell, found)
    if best is None:
        without = report.key in OF_COMPANY and not figures.company.goals
        raise UsageError(say("goals_of_cycle" if without else "figure_gone", name=cell.reference))
    _, frame, likest = best
    reported = _shown(cell)
    return Subject(cell.reference, frame, likest, found.column, reported, report.key, empty=reported is None)


def _agrees(
    book: Book,
    frame: str,
    columns: Sequence[ReportColumn],
    row: Mapping[str, Any],
    shown: Mapping[str, object],
) -> bool:
    """Whether the words of a report's row are those of a frame's row."""
    holds = {column.key: column.holds for column in FRAMES[frame].columns}
    named = False
    for column in columns:
        value, text = row[column.key], str(shown[column.key] or "").strip()
        if holds[column.key] not in (Holds.TEXT, Holds.CHOICE):
            continue
        if frame == "scores" and column.key == "name" and not row["code"]:
            titles = [book.label("company", lang) for lang in book.languages]
        elif column.list:
            titles = [book.list_title(column.list, str(value or ""), lang) for lang in book.languages]
        else:
            titles = [str(value or "")]
        if not any(_same_words(title, text) for title in titles):
            return False
        named = named or bool(text)
    return named


def _same_words(value: str, shown: str) -> bool:
    """Whether a report shows a text: whole, indented, with a symbol before it, or cut short."""
    one, other = match_key(value).lstrip(MARKS), match_key(shown).lstrip(MARKS)
    if one == other:
        return True
    return bool(one) and bool(other) and (other.endswith(one) or one.startswith(other.rstrip("….").rstrip()))


def _same_figure(value: object, shown: object) -> bool:
    """Whether a report shows a figure as the frame has it; what is no figure cannot differ."""
    if isinstance(value, int | float) and isinstance(shown, int | float):
        return is_close(value, shown)
    return True


def _likeness(
    columns: Sequence[ReportColumn], row: Mapping[str, Any], shown: Mapping[str, object]
) -> tuple[int, int]:
    """How few of the figures differ, then how many columns agree: what tells rows of the same words apart."""
    agree = differ = 0
    for column in columns:
        value, figure = row[column.key], shown[column.key]
        if isinstance(value, int | float) and isinstance(figure, int | float):
            close = _same_figure(value, figure)
            agree, differ = agree + close, differ + (not close)
        else:
            agree += isinstance(value, str) and bool(value)
    return -differ, agree
