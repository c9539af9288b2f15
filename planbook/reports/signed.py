"""What finance signed: the hash of the inputs, the signed state, and what has been restated since."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planbook.calendar import QUARTERS, FiscalYear
from planbook.measures.plain import Row, rows_of
from planbook.problems import OutputError, UsageError, explain_os_error, say
from planbook.reports.figures import RETURNED

if TYPE_CHECKING:
    from planbook.measures import RollUp

FORMAT = 1  # of the file of a signed state
CLOSE = 1e-9  # relative: what is nearer is the same figure
FACT_FIGURES = ("target", "target_high", "actual")
GOAL_FIGURES = ("annual_target", "weight")
DAY_FIGURES = ("target", "actual", "attainment")  # of goals: they move with the day, so only at the same one
MEANINGS = ("direction", "aggregation")  # of figures: another one makes the same numbers mean something else
FRACTIONS = ("attainment", "weight", "score")  # shown in points of a hundred, as everything in % is
PLACE = ("file", "sheet", "cell")  # where a figure stands that a department typed
FACTS, GOALS, SCORES, COMPANY = "facts", "goals", "scores", "company_goals"


@dataclass(frozen=True, slots=True)
class Figure:
    """One signed figure: which it is, whose, and what it was.

    `kind` is the frame it stands in, `key` its row there; `field` the column.
    """

    kind: str
    key: str
    field: str
    department: str
    goal: str
    quarter: str
    unit: str
    value: float | str | None


@dataclass(frozen=True, slots=True)
class SignedState:
    """The figures of one day as they were signed, and the hash of what they were made from."""

    as_of: date
    scope: str
    inputs: str
    figures: tuple[Figure, ...]


def inputs_hash(roll_up: RollUp) -> str:
    """SHA-256 over all that the figures depend on, whatever the files are called and in which order."""
    receipts = rows_of(roll_up.receipts)
    counted = sorted(
        (str(row["department"]), str(row["sha256"])) for row in receipts if row["receipt"] in RETURNED
    )
    company = roll_up.company
    content = {
        "files": counted,
        "book": roll_up.book.sha256,
        "settings": sorted((key, repr(value)) for key, value in roll_up.settings.items()),
        "as_of": roll_up.as_of.isoformat(),
        "year": [roll_up.year, roll_up.start_month],
        "scope": roll_up.scope,
        "company": [repr(part) for part in (*company.departments, *company.goals)],
    }
    return hashlib.sha256(json.dumps(content, ensure_ascii=True, sort_keys=True).encode()).hexdigest()


# -- the state ---------------------------------------------------------------------------------


def signed_state(roll_up: RollUp) -> SignedState:
    """The state of the figures as they are now, to be kept."""
    return SignedState(roll_up.as_of, roll_up.scope, inputs_hash(roll_up), tuple(_figures(roll_up)))


def _figures(roll_up: RollUp) -> Iterator[Figure]:
    goals = rows_of(roll_up.goals)
    for fact in rows_of(roll_up.facts):
        key = f"{fact['department']}/{fact['goal_id']}/{fact['quarter']}/{fact['fact']}"
        fields = (*FACT_FIGURES, *MEANINGS)
        yield from _of_row(FACTS, key, fact, fields, str(fact["quarter"] or ""))
    for goal in goals:
        key = f"{goal['department']}/{goal['goal_id']}"
        yield from _of_row(GOALS, key, goal, (*GOAL_FIGURES, *DAY_FIGURES, *MEANINGS))
    for row in rows_of(roll_up.company_goals):
        yield from _of_row(COMPANY, str(row["goal"]), row, ("company_target", *DAY_FIGURES, *MEANINGS))
    for node in rows_of(roll_up.scores):
        row = {"department_name": node["name"], "goal": None, "unit": "%", "score": node["score"]}
        yield from _of_row(SCORES, str(node["code"] or ""), row, ("score",))


def _of_row(kind: str, key: str, row: Row, fields: Sequence[str], quarter: str = "") -> Iterator[Figure]:
    name, goal, unit = (str(row.get(k) or "") for k in ("department_name", "goal", "unit"))
    for field in fields:
        value = row.get(field)
        known = value if isinstance(value, float | str) else None
        yield Figure(kind, key, field, name, goal, quarter, unit, known)


# -- the file ----------------------------------------------------------------------------------


def write_state(path: Path, state: SignedState) -> None:
    """Keep a signed state; one that is there already is not replaced unless it is the same.

    Raises UsageError where other figures were signed for that day, OutputError where it cannot be written.
    """
    if path.exists():
        if read_state(path) == state:
            return
        raise UsageError(say("signed_otherwise", path=path))
    document = {
        "planbook": FORMAT,
        "as_of": state.as_of.isoformat(),
        "scope": state.scope,
        "inputs": state.inputs,
        "figures": [asdict(figure) for figure in state.figures],
    }
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
    document_hash = hashlib.sha256(text.encode()).hexdigest()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, f"{document_hash}\n{text}\n")
    except OSError as error:
        raise OutputError(say("not_written", path=path, reason=explain_os_error(error))) from error


def _replace(path: Path, text: str) -> None:
    """Write a file beside its place and move it there whole, so that no half of one is ever read."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def read_state(path: Path) -> SignedState:
    """A signed state from its file; UsageError where it was changed since or is none."""
    try:
        given, text = path.read_text(encoding="utf-8").rstrip("\n").split("\n", 1)
        if hashlib.sha256(text.encode()).hexdigest() != given:
            raise UsageError(say("signed_changed", path=path))
        document: dict[str, Any] = json.loads(text)
        if document["planbook"] != FORMAT:
            raise UsageError(say("signed_version", path=path))
        figures = tuple(Figure(**figure) for figure in document["figures"])
        day = date.fromisoformat(document["as_of"])
        return SignedState(day, document["scope"], document["inputs"], figures)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(say("signed_none", path=path)) from error


def latest_state(folder: Path, scope: str, as_of: date) -> SignedState | None:
    """The last state signed on or before `as_of`, of the same scope; None where nothing was."""
    states = [read_state(path) for path in sorted(folder.glob("*.signed.json"))] if folder.is_dir() else []
    fitting = [state for state in states if state.scope == scope and state.as_of <= as_of]
    return max(fitting, key=lambda state: state.as_of, default=None)


def state_path(folder: Path, roll_up: RollUp) -> Path:
    """Where the signed state of a day is kept."""
    scope = f"-{hashlib.sha256(roll_up.scope.encode()).hexdigest()[:8]}" if roll_up.scope else ""
    return folder / f"{roll_up.year}-{roll_up.as_of.isoformat()}{scope}.signed.json"


# -- what changed ------------------------------------------------------------------------------


def restated_rows(roll_up: RollUp, signed: SignedState | None, lang: str = "") -> list[Row]:
    """The signed figures that are others now, gone, or new: what has to be said when signing again.

    A later day adds quarters, so figures to date are compared only at the day that was signed, and
    a quarter that was still running then may be filled in.  Choices are named in `lang`, by their
    keys where none is given.
    """
    if signed is None:
        return []
    ended = QUARTERS[: FiscalYear(roll_up.year, roll_up.start_month).quarters_ended(signed.as_of)]
    now = {_place(figure): figure for figure in _figures(roll_up)}
    same_day = roll_up.as_of == signed.as_of
    compared = [f for f in signed.figures if same_day or not _moves(f)]
    found = [
        *_changed_units(compared, now),
        *_changed(compared, now, ended),
        *_added(signed, [f for f in now.values() if same_day or not _moves(f)], ended),
    ]
    order = {place: number for number, place in enumerate(now)}
    found.sort(key=lambda pair: order.get(_place(pair[0]), len(order)))
    ids = {_fact(before) for before, _ in found if before.kind == FACTS}
    facts = roll_up.facts[roll_up.facts["fact"].isin(ids)]
    places = {fact["fact"]: {key: fact[key] for key in PLACE} for fact in rows_of(facts)}
    return [
        {**_restated(roll_up, before, present, lang), **places.get(_fact(before), dict.fromkeys(PLACE))}
        for before, present in found
    ]


def _fact(figure: Figure) -> str | None:
    """The id of the fact whose figure it is."""
    return figure.key.rsplit("/", 1)[-1] if figure.kind == FACTS else None


Pair = tuple[Figure, Figure | None]  # a figure as it was signed, and as it is now


def _place(figure: Figure) -> tuple[str, str, str]:
    return figure.kind, figure.key, figure.field


def _moves(figure: Figure) -> bool:
    """Whether a figure moves with the day, so that another one on another day is no restatement."""
    return figure.kind == SCORES or (figure.kind != FACTS and figure.field in DAY_FIGURES)


def _changed(
    signed: Sequence[Figure], now: Mapping[tuple[str, str, str], Figure], ended: Sequence[str]
) -> Iterator[Pair]:
    for figure in signed:
        present = now.get(_place(figure))
        if figure.value is None and (present is None or (figure.quarter and figure.quarter not in ended)):
            continue
        if present is None and figure.field in MEANINGS:
            continue  # its figures are named as gone
        if present is None or not _same(figure.value, present.value):
            yield figure, present


def _changed_units(signed: Sequence[Figure], now: Mapping[tuple[str, str, str], Figure]) -> Iterator[Pair]:
    """The rows whose unit is another: one line each, which no equal number may hide."""
    rows = {(figure.kind, figure.key): figure for figure in reversed(signed) if figure.kind != SCORES}
    for figure in rows.values():
        present = now.get(_place(figure))
        if present is not None and present.unit != figure.unit:
            unit = replace(figure, field="unit", value=figure.unit or None)
            yield unit, replace(present, field="unit", value=present.unit or None)


def _added(signed: SignedState, now: Sequence[Figure], ended: Sequence[str]) -> Iterator[Pair]:
    """Figures of rows that were not signed; facts only of quarters that had ended by then."""
    known = {(figure.kind, figure.key) for figure in signed.figures}
    for figure in now:
        new = (figure.kind, figure.key) not in known and isinstance(figure.value, float)
        if new and (figure.kind != FACTS or figure.quarter in ended):
            yield replace(figure, value=None), figure


def _restated(roll_up: RollUp, figure: Figure, present: Figure | None, lang: str) -> Row:
    before, now = figure.value, present.value if present else None
    change: float | None = None
    if isinstance(before, float) and isinstance(now, float) and present and present.unit == figure.unit:
        change = round(now - before, 9)
    if lang and figure.field in MEANINGS:
        before, now = (roll_up.book.list_title(figure.field, str(v), lang) if v else v for v in (before, now))
    unit = (present if before is None and present else figure).unit or None
    if figure.field in FRACTIONS:
        unit = "%"
        before, now = (round(v * 100, 9) if isinstance(v, float) else v for v in (before, now))
        change = None if change is None else round(change * 100, 9)
    whole = bool(lang) and figure.kind == SCORES and not figure.key
    company = roll_up.book.label("company", lang) if whole else None
    return {
        "figure_kind": figure.kind,
        "department_name": figure.department or company,
        "goal": figure.goal or (figure.key if figure.kind == COMPANY else None),
        "quarter": figure.quarter or None,
        "field": figure.field,
        "unit": unit,
        "signed_value": before,
        "value": now,
        "change": change,
        "restatement": _what_happened(figure, present),
        "fact": _fact(figure),
    }


def _what_happened(figure: Figure, present: Figure | None) -> str:
    if present is None:
        return "gone"
    return "added" if figure.value is None else "changed"


def _same(before: float | str | None, after: float | str | None) -> bool:
    if isinstance(before, float) and isinstance(after, float):
        return abs(before - after) <= CLOSE * max(1.0, abs(before), abs(after))
    return before == after
