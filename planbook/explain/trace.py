"""Follow a row of the roll-up down to the cells it was made from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from planbook.calc import evaluate_text
from planbook.explain.arithmetic import arithmetic, definition, substitute
from planbook.explain.locate import Subject
from planbook.explain.model import Explanation, Step
from planbook.explain.texts import text
from planbook.layout.cells import SettingValue
from planbook.measures import Collection, RollUp
from planbook.measures.frames import FRAMES, Holds
from planbook.measures.progress import number_of
from planbook.measures.scores import cap_of
from planbook.problems import CalcError, Location
from planbook.reader import Submission
from planbook.values import Nil
from planbook.weights import fill_weights

Row = Mapping[str, Any]
MEASURES = ("deviation", "deviation_rate", "favourable", "method_used", "attainment", "rating")
TASK_MEASURES = ("expected", "schedule_deviation", "status", "stale")
_DIGITS = re.compile(r"(\d+)$")


def explain(subject: Subject, figures: RollUp, collection: Collection, *, lang: str = "zh") -> Explanation:
    """The row that `subject` means, its arithmetic, and everything below it down to the cells."""
    tracer = Tracer(figures, collection, lang)
    root = tracer.trace(subject)
    asked = next((s for s in root.walk() if s.what == tracer.title(subject.frame, subject.column)), None)
    return Explanation(subject.reference, root, subject.column, asked or root, subject.reported)


class Tracer:
    """Makes the steps of one explanation."""

    def __init__(self, figures: RollUp, collection: Collection, lang: str) -> None:
        self.figures, self.book, self.lang = figures, figures.book, lang
        self.settings: Mapping[str, SettingValue] = {**figures.settings, "as_of": figures.as_of}
        self.submissions = {r.submission.file: r.submission for r in collection.accepted}
        self.defined = True
        self._records: dict[str, list[dict[str, Any]]] = {}
        self._facts: dict[tuple[object, object], list[dict[str, Any]]] = {}
        for fact in self._rows("facts"):
            self._facts.setdefault((fact["file"], fact["goal_id"]), []).append(fact)

    def trace(self, subject: Subject) -> Step:
        """The steps of a row, by the frame it stands in."""
        steps = {
            "facts": self.fact,
            "goals": self.goal,
            "company_goals": self.company_goal,
            "trend": self.quarter,
            "scores": self.node,
            "tasks": self.task,
            "progress": self.progress,
        }
        found = steps.get(subject.frame)
        return found(subject.row) if found else self.other(subject.frame, subject.row)

    # -- words and values ------------------------------------------------------------------

    def title(self, frame: str, key: str) -> str:
        """What a column of a frame is called in a step."""
        named = {
            ("goals", "target"): "to_date_target",
            ("goals", "target_high"): "to_date_high",
            ("goals", "actual"): "to_date_actual",
            ("goals", "annual_target"): "annual",
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
        if (frame, key) in named:
            return text(named[frame, key], self.lang)
        measure = self.book.measures.get(key)
        return measure.title.to(self.lang) if measure else key

    def amount(self, value: object, unit: object = "") -> str:
        """A quantity with its unit, as people read it."""
        if isinstance(value, Nil):
            return self.book.label("nil", self.lang)
        if not _is_number(value):
            return "" if _missing(value) else str(value)
        return f"{value:,.10g}{unit or ''}"

    def percent(self, value: object) -> str:
        """A fraction as a percentage."""
        return f"{value:.2%}" if _is_number(value) else ""

    def shown(self, key: str, value: object, unit: object) -> str:
        """A measure's value as people read it."""
        measure = self.book.measures[key]
        if _missing(value):
            return "—"
        if measure.list:
            return self.book.list_title(measure.list, str(value), self.lang)
        return self.percent(value) if measure.kind.value == "percent" else self.amount(value, unit)

    def cell(self, label: str, value: object, unit: object, at: tuple[str, str, int, str]) -> Step:
        """A figure that a person typed: (file, sheet key, row number, column key)."""
        file, sheet, number, key = at
        submission = self.submissions.get(file)
        typed, place, sha256 = "", Location(file=file), ""
        if submission is not None:
            typed = submission.typed.get((sheet, number, key), "")
            place, sha256 = submission.locate(sheet, number, key), submission.sha256
        note = f"{text('read', self.lang)}: {self.amount(value, unit)}" if typed else ""
        return Step(
            label,
            _plain(value),
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

    def measured(
        self, frame: str, row: Row, keys: Sequence[str] = MEASURES, **more: object
    ) -> Iterator[Step]:
        """The measures of a row with their arithmetic; of the row asked for also their definitions."""
        values = self.arguments(row, **more)
        for key in keys:
            if key not in row:
                continue
            yield Step(
                self.title(frame, key),
                _plain(row[key]),
                str(row.get("unit") or "") if key == "deviation" else "",
                self.shown(key, row[key], row.get("unit")),
                definition(self.book, key) if self.defined else "",
                arithmetic(self.book, key, values, self.settings),
            )

    def arguments(self, row: Row, **more: object) -> dict[str, object]:
        """What the measures of a row are given."""
        keys = (
            "actual",
            "target",
            "target_high",
            "direction",
            "metric_kind",
            "aggregation",
            "baseline",
            "annual_target",
            "quarters",
            "deviation",
            "deviation_rate",
            "method_used",
            "attainment",
            "start",
            "finish",
            "percent",
            "hold",
            "updated",
            "expected",
            "schedule_deviation",
        )
        values = {key: _plain(row.get(key)) for key in keys} | {"filled": "x"}
        values["annual_high"] = _plain(row.get("annual_target_high"))
        values |= more
        try:
            found = evaluate_text(substitute(self.book, "baseline_target", values, self.settings))
        except CalcError:
            found = ""
        return {**values, "baseline_target": None if found == "" else found}

    # -- facts and goals -------------------------------------------------------------------

    def fact(self, row: Row) -> Step:
        """One quarter of a goal: its two figures with their cells, and its measures."""
        quarter = self.book.list_title("quarter", str(row["quarter"]), self.lang)
        steps = [*self._typed_figures(row), *self.measured("facts", row, quarters=1.0)]
        note = "" if row["counted"] == "yes" else text("not_counted", self.lang)
        return Step(
            f"{row['fact']}　{row['department_name']}　{row['goal']}　{quarter}",
            place=Location(str(row["file"]), str(row["sheet"]), str(row["cell"])),
            sha256=str(row["sha256"] or ""),
            note=note,
            steps=tuple(steps),
        )

    def _typed_figures(self, row: Row) -> Iterator[Step]:
        number = _number_of(row["fact"])
        for key in ("target", "target_high", "actual"):
            if key != "target_high" or not _missing(row[key]):
                at = (str(row["file"]), "review", number, key)
                yield self.cell(text(key, self.lang), row[key], row["unit"], at)

    def _brief_fact(self, row: Row) -> Step:
        quarter = self.book.list_title("quarter", str(row["quarter"]), self.lang)
        note = "" if row["counted"] == "yes" else text("not_counted", self.lang)
        return Step(f"{quarter}　{row['fact']}", note=note, steps=tuple(self._typed_figures(row)))

    def goal(self, row: Row) -> Step:
        """One goal: how its quarters make the figures to date, and its measures."""
        facts = self._facts.get((row["file"], row["goal_id"]), [])
        counted = [fact for fact in facts if fact["counted"] == "yes"]
        number = _number_of(row["goal_id"])
        steps = [
            self.cell(
                text(label, self.lang), row[key], row["unit"], (str(row["file"]), "goals", number, typed)
            )
            for label, key, typed in (
                ("annual", "annual_target", "target"),
                ("annual_high", "annual_target_high", "target_high"),
            )
            if not _missing(row[key])
        ]
        steps += [
            Step(
                text(label, self.lang),
                _plain(row[key]),
                str(row["unit"] or ""),
                self.amount(row[key], row["unit"]) or "—",
                arithmetic=self._over_time(counted, key, str(row["aggregation"] or "sum")),
            )
            for label, key in (
                ("to_date_target", "target"),
                ("to_date_high", "target_high"),
                ("to_date_actual", "actual"),
            )
            if key != "target_high" or not _missing(row[key])
        ]
        steps += self.measured("goals", row, (*MEASURES, "year_completion"))
        steps += [self._brief_fact(fact) for fact in facts]
        return Step(
            f"{row['department_name']}　{row['goal_id']}｜{row['goal']}",
            _plain(row["attainment"]),
            shown=self.percent(row["attainment"]),
            place=Location(str(row["file"]), str(row["sheet"]), str(row["cell"])),
            note=text("coverage", self.lang, coverage=row["coverage"]),
            steps=tuple(steps),
        )

    def _over_time(self, facts: Sequence[Row], key: str, aggregation: str) -> str:
        """How the counted quarters make the figure to date."""
        figures = [(fact["quarter"], fact[key]) for fact in facts if _is_number(fact[key])]
        if not figures:
            return ""
        if aggregation == "last":
            quarter, value = max(figures, key=lambda pair: str(pair[0]))
            return f"{self.book.list_title('quarter', str(quarter), self.lang)}: {value:.10g}"
        total = " + ".join(_factor(value) for _, value in sorted(figures, key=lambda pair: str(pair[0])))
        return f"({total}) / {len(figures)}" if aggregation == "mean" else total

    # -- the company -----------------------------------------------------------------------

    def company_goal(self, row: Row) -> Step:
        """One company goal: what each department brings, converted and added or weighed."""
        names = {str(row["goal"])} | {
            str(row[key]) for key in ("numerator", "denominator") if not _missing(row[key])
        }
        below = [goal for goal in self._rows("goals") if goal["company_goal"] in names]
        counted = self._counted(row, below)
        steps: list[Step] = []
        for key, label in (("target", "to_date_target"), ("actual", "to_date_actual")):
            if not _missing(row[key]):
                steps.append(
                    Step(
                        text(label, self.lang),
                        _plain(row[key]),
                        str(row["unit"]),
                        self.amount(row[key], row["unit"]),
                        arithmetic=self._over_space(row, counted, key),
                    )
                )
        if row["rollup"] == "weighted":
            steps.append(self._weighted(row, counted))
        else:
            # A ratio is no sum over quarters, and is measured as a last value.
            time = "last" if row["rollup"] == "ratio" else row["aggregation"]
            keys = (*MEASURES, "year_completion")
            steps += self.measured("company_goals", row, keys, metric_kind="", aggregation=time)
        self.defined = False  # of what stands below, the arithmetic is enough
        note = [text("coverage", self.lang, coverage=row["coverage"])]
        note.append(text("bounds", self.lang, low=self.percent(row["low"]), high=self.percent(row["high"])))
        if not below:
            note.append(text("taken_by_nobody", self.lang))
        if not _missing(row["shown_only"]):
            note.append(text("shown_only", self.lang, names=row["shown_only"]))
        return Step(
            str(row["goal"]),
            _plain(row["attainment"]),
            shown=self.percent(row["attainment"]) or "—",
            note="；".join(note),
            steps=(*steps, *(self.goal(goal) for goal in below)),
        )

    def _counted(self, row: Row, below: Sequence[Row]) -> list[Row]:
        """The goals whose figures enter a company goal's: of a ratio those of paired departments."""
        if row["rollup"] != "ratio":
            return [goal for goal in below if goal["company_use"] == "counted"]
        paired = set(str(row["paired"] or "").split("、"))
        return [
            goal
            for goal in below
            if goal["company_goal"] in (row["numerator"], row["denominator"])
            and goal["company_use"] != "shown"
            and str(goal["department"]) in paired
        ]

    def _over_space(self, row: Row, goals: Sequence[Row], key: str) -> str:
        """How the departments' figures make the company's."""
        if row["rollup"] != "ratio":
            return self._sum(goals, key, str(row["unit"] or ""))
        units = {goal.goal: goal.unit for goal in self.figures.company.goals}
        above, below = (units.get(str(row[part]), "") for part in ("numerator", "denominator"))
        table = self.book.unit_table
        top = below if table.same_family(above, below) else above
        sides = [
            self._sum([goal for goal in goals if goal["company_goal"] == row[part]], key, unit)
            for part, unit in (("numerator", top), ("denominator", below))
        ]
        if not all(sides):
            return ""
        known = table.find(str(row["unit"] or ""))
        points = " × 100" if known is not None and known.name == "%" else ""
        return f"({sides[0]}) / ({sides[1]}){points}"

    def _sum(self, goals: Sequence[Row], key: str, unit: str) -> str:
        """Amounts added in one unit; what does not convert is not added."""
        convert = self.book.unit_table.convert
        found = (
            convert(float(goal[key]), str(goal["unit"] or unit), unit)
            for goal in goals
            if _is_number(goal[key])
        )
        return " + ".join(_factor(value) for value in found if value is not None)

    def _weighted(self, row: Row, goals: Sequence[Row]) -> Step:
        known = [goal for goal in goals if _is_number(goal["attainment"])]
        weights = fill_weights([number_of(_plain(goal["weight"])) for goal in known])
        pairs = list(zip(weights, (float(goal["attainment"]) for goal in known), strict=True))
        return Step(
            self.title("company_goals", "attainment"),
            _plain(row["attainment"]),
            shown=self.percent(row["attainment"]),
            arithmetic=_mean(pairs),
        )

    def quarter(self, row: Row) -> Step:
        """One quarter of a company goal, with the departments' facts."""
        facts = [
            f
            for f in self._rows("facts")
            if f["company_goal"] == row["goal"] and f["quarter"] == row["quarter"]
        ]
        quarter = self.book.list_title("quarter", str(row["quarter"]), self.lang)
        steps = (*self.measured("trend", row, quarters=0.0), *(self.fact(fact) for fact in facts))
        return Step(f"{row['goal']}　{quarter}", _plain(row["attainment"]), steps=steps)

    def node(self, row: Row) -> Step:
        """A score: of a department from its goals, of a division from what stands below it and its own."""
        self.defined = False
        company, code = self.figures.company, str(row["code"] or "")
        by_code = {str(r["code"]): r for r in self._rows("scores")}
        children = [by_code[child.code] for child in company.children(code) if child.code in by_code]
        goals = [g for g in self._rows("goals") if g["department"] == code and g["level"] == "department"]
        limit = cap_of(self.book, self.settings)
        note = text("bounds", self.lang, low=self.percent(row["low"]), high=self.percent(row["high"]))
        own = self._own_goals(row, goals, limit)
        pairs = own
        below = [self.goal(goal) for goal in goals]
        if own:
            note += "；" + text("cap", self.lang, cap=self.percent(limit))
        if children:
            parts = [(child["share"], child["score"]) for child in children]
            if own:
                parts.append((row["own_share"], row["own"]))
                below = [self._own_step(row, own, below)]
            pairs = [(w, value) for w, value in parts if _is_number(w) and _is_number(value)]
        name = row["name"] or text("company", self.lang)
        return Step(
            f"{text('score', self.lang)}　{name}",
            _plain(row["score"]),
            shown=self.percent(row["score"]) or text("no_score", self.lang),
            arithmetic=_mean(pairs),
            note=note,
            steps=(*(self.node(child) for child in children), *below),
        )

    def _own_goals(self, row: Row, goals: Sequence[Row], limit: float) -> list[tuple[float, float]]:
        """The weight and capped attainment of each own goal that has one; nothing where none has weight."""
        if not _is_number(row["own"]):
            return []
        known = [goal for goal in goals if _is_number(goal["attainment"]) and _is_number(goal["share"])]
        return [(float(goal["share"]), min(float(goal["attainment"]), limit)) for goal in known]

    def _own_step(self, row: Row, own: Sequence[tuple[float, float]], goals: Sequence[Step]) -> Step:
        """The score that a division has from goals of its own, beside those of its parts."""
        return Step(
            f"{text('own_score', self.lang)}　{row['name'] or ''}",
            _plain(row["own"]),
            shown=self.percent(row["own"]),
            arithmetic=_mean(own),
            steps=tuple(goals),
        )

    # -- tasks -----------------------------------------------------------------------------

    def task(self, row: Row) -> Step:
        """One task: its percentage with its cell, its measures."""
        submission = self.submissions.get(str(row["file"]))
        source = submission.sources.get("tracking") if submission else None
        tracked = row["tracked"] == "yes" and source is not None
        at = int(_DIGITS.findall(str(row["cell"]))[0]) - 1 if row["cell"] else -1
        number = next((n for n, place in source.rows.items() if place == at), 0) if source else 0
        key = (str(row["file"]), "tracking" if tracked else "decomposition", number, "percent")
        percent = self.cell(text("percent", self.lang), row["percent"], "", key) if tracked else None
        steps = [percent] if percent else []
        return Step(
            f"{row['department_name']}　{row['task_id']}｜{row['task']}",
            _plain(row["percent"]),
            shown=self.percent(row["percent"]),
            place=Location(str(row["file"]), str(row["sheet"]), str(row["cell"])),
            sha256=submission.sha256 if submission else "",
            steps=(*steps, *self.measured("tasks", row, TASK_MEASURES)),
        )

    def progress(self, row: Row) -> Step:
        """The progress of a goal or an initiative, from its tasks."""
        mine = [
            task
            for task in self._rows("tasks")
            if task["file"] == row["file"]
            and task["goal_id"] == row["goal_id"]
            and (row["node"] == "goal" or task["initiative"] == row["initiative"])
        ]
        key = str(row["weighed_by"])
        known = [t for t in mine if _is_number(t["percent"]) and not t["hold"]]
        pairs = [(1.0 if key == "equal" else t[key], t["percent"]) for t in known]
        basis = self.book.list_title("weighed_by", key, self.lang)
        covered = text("coverage", self.lang, coverage=row["coverage"])
        note = f"{text('weighed_by', self.lang, basis=basis)}；{covered}"
        name = row["initiative"] or row["goal"]
        return Step(
            f"{text('progress', self.lang)}　{row['department_name']}　{name}",
            _plain(row["percent"]),
            shown=self.percent(row["percent"]) or "—",
            arithmetic=_mean(pairs),
            note=note,
            steps=tuple(self.task(task) for task in mine),
        )

    def other(self, frame: str, row: Row) -> Step:
        """A row that is no figure of its own: its columns, the cell it was read from, the tasks behind it."""
        steps = [
            Step(
                column.key,
                _plain(row[column.key]),
                shown=self._column(column.holds, row[column.key], row.get("unit")),
            )
            for column in FRAMES[frame].columns
            if not _missing(row[column.key])
            and column.holds in (Holds.QUANTITY, Holds.FRACTION, Holds.NUMBER)
        ]
        if frame == "appraisal":
            tasks = (t for t in self._rows("tasks") if t["department"] == row["department"])
            steps += [self.task(task) for task in tasks if task["lead"] == row["position"]]
        place = Location(str(row["file"]), str(row["sheet"]), str(row["cell"])) if row.get("cell") else None
        name = "　".join(str(row[key]) for key in FRAMES[frame].keys if not _missing(row[key]))
        return Step(name, place=place, steps=tuple(steps))

    def _column(self, holds: Holds, value: object, unit: object) -> str:
        return self.percent(value) if holds is Holds.FRACTION else self.amount(value, unit)

    def _rows(self, frame: str) -> list[dict[str, Any]]:
        """The rows of a frame, taken from it once."""
        if frame not in self._records:
            self._records[frame] = records_of(self.figures.frame(frame))
        return self._records[frame]


def records_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame."""
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _missing(value: object) -> bool:
    return value is None or value == "" or value != value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value


def _plain(value: object) -> object:
    if _missing(value):
        return None
    return value.value if isinstance(value, Nil) else value


def _number_of(ident: object) -> int:
    found = _DIGITS.search(str(ident))
    return int(found[1]) if found else 0


def _factor(value: object) -> str:
    shown = f"{value:.10g}" if _is_number(value) else str(value)
    return f"({shown})" if shown.startswith("-") else shown


def _mean(pairs: Iterable[tuple[object, object]]) -> str:
    """A weighted mean, spelled out; equal weights as a plain mean."""
    known = [(float(str(weight)), float(str(value))) for weight, value in pairs]
    if not sum(weight for weight, _ in known) > 0:
        return ""
    if len({round(weight, 12) for weight, _ in known}) == 1:
        return f"({' + '.join(_factor(value) for _, value in known)}) / {len(known)}"
    above = " + ".join(f"{weight:.10g} × {_factor(value)}" for weight, value in known)
    below = " + ".join(f"{weight:.10g}" for weight, _ in known)
    return f"({above}) / ({below})"
