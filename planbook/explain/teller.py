"""Words and figures of an explanation: titles, amounts, cells as typed, measures with their arithmetic."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from planbook.calc import evaluate_text
from planbook.explain.arithmetic import arithmetic, definition, substitute
from planbook.explain.model import Step, digits
from planbook.explain.texts import text
from planbook.layout.cells import SettingValue
from planbook.measures import Collection, RollUp
from planbook.measures.contributions import contribution_rows
from planbook.measures.frames import FRAMES, Holds
from planbook.measures.plain import rows_of
from planbook.problems import CalcError, Location
from planbook.reader import Submission
from planbook.spec import quote_text
from planbook.spec.models import ReportColumn
from planbook.values import Nil

Row = Mapping[str, Any]
_CHOICE = re.compile(r"\{(\w+)\.\w+\}")  # {rating.amber} in a formula
_QUOTED = re.compile(r'"([^"]*)"')
MEASURES = ("deviation", "deviation_rate", "favourable", "method_used", "attainment", "rating")
ARGUMENTS = (
    "actual", "target", "target_high", "direction", "metric_kind", "aggregation", "baseline", "annual_target",
    "quarters", "deviation", "deviation_rate", "method_used", "attainment", "start", "finish", "percent",
    "hold", "updated", "expected", "schedule_deviation",
)  # fmt: skip
# What a step calls a column, where that is not its measure's or its report's title.
NAMES = {
    ("goals", "target"): "to_date_target",
    ("goals", "target_high"): "to_date_high",
    ("goals", "actual"): "to_date_actual",
    ("goals", "annual_target"): "annual",
    ("goals", "annual_target_high"): "annual_high",
    ("company_goals", "annual_target_high"): "annual_high",
    ("company_goals", "company_target"): "company_target",
    ("company_goals", "company_target_high"): "company_high",
    ("company_goals", "target"): "to_date_target",
    ("company_goals", "actual"): "to_date_actual",
    ("company_goals", "target_high"): "to_date_high",
    ("company_goals", "annual_target"): "annual",
    ("facts", "target"): "target",
    ("facts", "target_high"): "target_high",
    ("facts", "actual"): "actual",
    ("tasks", "percent"): "percent",
    ("progress", "percent"): "progress",
    ("trend", "target"): "target",
    ("trend", "actual"): "actual",
    ("scores", "score"): "score",
}
ALIASES = {"annual_high": "annual_target_high"}  # arguments of measures that are columns of another key
REPORTS = {"goals": "variance", "responsibility": "matrix"}  # frames that a report shows under another key


class Teller:
    """Finds the rows of one roll-up and says what their figures are, in one language.

    `defined` says whether measures come with their definitions, not only with their arithmetic, and
    `asked` which one's alone where only one figure is asked for.  `deep` goes down to the cells;
    without it a row below the one that is explained takes one line.
    """

    def __init__(
        self, figures: RollUp, collection: Collection, lang: str, *, asked: str = "", deep: bool = False
    ) -> None:
        self.asked, self.deep = asked, deep
        self.figures, self.book, self.lang = figures, figures.book, lang
        self.settings: Mapping[str, SettingValue] = {**figures.settings, "as_of": figures.as_of}
        self.submissions = {r.submission.file: r.submission for r in collection.accepted}
        self.defined = True
        self._facts: dict[tuple[object, object], list[Row]] = {}
        for fact in self.rows("facts"):
            self._facts.setdefault((fact["file"], fact["goal_id"]), []).append(fact)

    def rows(self, frame: str) -> Sequence[Row]:
        """The rows of a frame."""
        return self.figures.rows(frame)

    def facts_of(self, goal: Row) -> list[Row]:
        """The quarters of a goal."""
        return self._facts.get((goal["file"], goal["goal_id"]), [])

    @cached_property
    def parts(self) -> Mapping[tuple[object, object], Row]:
        """What each goal adds to the company goal it took over, by file and id."""
        found: dict[tuple[object, object], Row] = {}
        for part in contribution_rows(self.figures, rows_of(self.figures.goals)):
            if part["side"] is None or (part["file"], part["goal_id"]) not in found:
                found[part["file"], part["goal_id"]] = part
        return found

    # -- words -----------------------------------------------------------------------------

    def say(self, key: str, **values: object) -> str:
        """A word of the explanation."""
        return text(key, self.lang, **values)

    def title(self, frame: str, key: str) -> str:
        """What a column of a frame is called in a step: as its report calls it, else its measure."""
        if (frame, key) in NAMES:
            return self.say(NAMES[frame, key])
        column = self.report_column(REPORTS.get(frame, frame), key)
        if column is not None:
            return column.title.to(self.lang)
        return self.book.measures[key].title.to(self.lang) if key in self.book.measures else ""

    def named(self, frame: str, key: str) -> str:
        """What a definition calls its argument."""
        if key == "filled":
            return self.say("filled")
        key = ALIASES.get(key, key)
        sheets = (sheet.by_key for sheet in self.book.sheets)
        found = next((columns[key].title.to(self.lang) for columns in sheets if key in columns), key)
        return self.title(frame, key) or found

    def define(self, frame: str, key: str) -> str:
        """The definition of a measure in words."""
        return definition(self.book, key, self.lang, lambda name: self.named(frame, name))

    def report_column(self, report: str, key: str) -> ReportColumn | None:
        """The column of a table of the report; None where it has none."""
        found = (c for r in self.book.reports if r.key == report for c in r.columns if c.key == key)
        return next(found, None)

    def join(self, *notes: str) -> str:
        """Several remarks as one."""
        return self.book.label("clause_separator", self.lang).join(filter(None, notes))

    def listed(self, names: Iterable[object]) -> str:
        """Names one after another, each once."""
        return self.say("between").join(dict.fromkeys(str(name) for name in names if not missing(name)))

    def choice(self, frame: str, key: str, value: object) -> str:
        """A choice by the title of its list's item; free text and names as they are."""
        if missing(value):
            return ""
        column = self.report_column(REPORTS.get(frame, frame), key)
        listed = column.list if column is not None and column.list else key
        return (
            self.book.list_title(listed, str(value), self.lang) if listed in self.book.lists else str(value)
        )

    def amount(self, value: object, unit: object = "") -> str:
        """A quantity with its unit, as people read it."""
        if isinstance(value, Nil):
            return self.book.label("nil", self.lang)
        if not is_number(value):
            return "" if missing(value) else str(value)
        return f"{digits(float(str(value)), ',')}{unit or ''}"

    def percent(self, value: object) -> str:
        """A fraction as a percentage."""
        return f"{value:.2%}" if is_number(value) else ""

    def column(self, frame: str, row: Row, key: str) -> str:
        """A value of a frame as people read it."""
        holds = next(column.holds for column in FRAMES[frame].columns if column.key == key)
        value = row[key]
        if holds is Holds.CHOICE:
            return self.choice(frame, key, value)
        unit = row.get("unit") if holds is Holds.QUANTITY else ""
        return self.percent(value) if holds is Holds.FRACTION else self.amount(value, unit)

    def shown(self, key: str, value: object, unit: object) -> str:
        """A measure's value as people read it."""
        measure = self.book.measures[key]
        if missing(value):
            return "—"
        if measure.list:
            return self.book.list_title(measure.list, str(value), self.lang)
        return self.percent(value) if measure.kind.value == "percent" else self.amount(value, unit)

    def place(self, row: Row) -> Location | None:
        """Where a row was read from."""
        if missing(row.get("cell")):
            return None
        return Location(str(row["file"]), str(row["sheet"] or ""), str(row["cell"]))

    # -- cells -----------------------------------------------------------------------------

    def cell(self, label: str, value: object, unit: object, at: tuple[str, str, int, str]) -> Step:
        """A figure that a person typed: (file, sheet key, row number, column key)."""
        file, sheet, number, key = at
        submission = self.submissions.get(file)
        typed, place, sha256 = "", Location(file=file), ""
        if submission is not None:
            typed = submission.typed.get((sheet, number, key), "")
            place, sha256 = submission.locate(sheet, number, key), submission.sha256
        note = f"{self.say('read')}: {self.amount(value, unit)}" if typed else ""
        return Step(
            label,
            plain(value),
            str(unit or ""),
            self.amount(value, unit) or "—",
            place=place,
            typed=typed or self._raw(submission, sheet, number, key),
            sha256=sha256,
            note=note,
        )

    def _raw(self, submission: Submission | None, sheet: str, number: int, key: str) -> str:
        """What a cell held where nothing had to be read from text: the number itself."""
        rows = submission.plan.rows(sheet) if submission else ()
        row = next((r for r in rows if r.number == number), None)
        value = row.get(key) if row else None
        return "" if value is None or isinstance(value, Nil) else self.amount(value)

    # -- measures --------------------------------------------------------------------------

    def measured(
        self, frame: str, row: Row, keys: Sequence[str] = MEASURES, **more: object
    ) -> Iterator[Step]:
        """The measures of a row with their arithmetic; of the row asked for also their definitions."""
        values = self._arguments(row, **more)
        for key in keys:
            if key not in row:
                continue
            yield Step(
                self.title(frame, key),
                plain(row[key]),
                str(row.get("unit") or "") if key == "deviation" else "",
                self.shown(key, row[key], row.get("unit")),
                self.define(frame, key) if self.defined and self.asked in ("", key) else "",
                self.worded(key, arithmetic(self.book, key, values, self.settings)),
            )

    def worded(self, key: str, worked: str) -> str:
        """The arithmetic of a measure with the titles of choices in place of their keys."""
        lists = set(_CHOICE.findall(self.book.measures[key].formula)) & self.book.lists.keys()
        titles = {
            item.key: self.book.list_title(name, item.key, self.lang)
            for name in lists
            for item in self.book.lists[name].items
        }
        return _QUOTED.sub(lambda found: quote_text(titles.get(found[1], found[1])), worked)

    def _arguments(self, row: Row, **more: object) -> dict[str, object]:
        """What the measures of a row are given."""
        values = {key: plain(row.get(key)) for key in ARGUMENTS} | {"filled": "x"}
        values["annual_high"] = plain(row.get("annual_target_high"))
        values |= more
        try:
            found = evaluate_text(substitute(self.book, "baseline_target", values, self.settings))
        except CalcError:
            found = ""
        return {**values, "baseline_target": None if found == "" else found}


def missing(value: object) -> bool:
    """Whether there is nothing."""
    return value is None or value == "" or value != value


def is_number(value: object) -> bool:
    """Whether a value is a figure."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def plain(value: object) -> object:
    """A value as JSON knows it; None where there is nothing."""
    if missing(value):
        return None
    return value.value if isinstance(value, Nil) else value


def number_in(ident: object) -> int:
    """The number of an id: 3 of XS-R003."""
    found = re.search(r"(\d+)$", str(ident))
    return int(found[1]) if found else 0


# -- arithmetic ----------------------------------------------------------------------------


def factor(value: object) -> str:
    """A value as it stands in a sum; a negative one in brackets."""
    shown = digits(float(str(value))) if is_number(value) else str(value)
    return f"({shown})" if shown.startswith("-") else shown


def scaled(value: object, ratio: float) -> str:
    """A value in another unit, as it stands in a sum: 56300000 / 100000000."""
    if ratio == 1:
        return factor(value)
    return f"{factor(value)} × {ratio:.15g}" if ratio > 1 else f"{factor(value)} / {1 / ratio:.15g}"


def add_up(values: Iterable[object]) -> str:
    """A sum, spelled out."""
    return " + ".join(factor(value) for value in values)


def mean_of(pairs: Iterable[tuple[object, object]]) -> str:
    """A weighted mean, spelled out; equal weights as a plain mean."""
    known = [(float(str(weight)), float(str(value))) for weight, value in pairs]
    if not sum(weight for weight, _ in known) > 0:
        return ""
    if len({round(weight, 12) for weight, _ in known}) == 1:
        return f"({add_up(value for _, value in known)}) / {len(known)}"
    above = " + ".join(f"{weight:.10g} × {factor(value)}" for weight, value in known)
    below = " + ".join(f"{weight:.10g}" for weight, _ in known)
    return f"({above}) / ({below})"
