"""What the cycle itself has to say to a department: company goals, duties, and the year's background."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from planbook.company import Company, CompanyGoal, Department
from planbook.cycle import Cycle
from planbook.issuing.rows import Given, Standing
from planbook.problems import Location, in_words, list_words
from planbook.reader import GivenCell
from planbook.spec import Book, Source, compose_text

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Entry:
    """One row a source offers: its fields, and where they were written down."""

    fields: Fields
    place: Location


def offered_rows(cycle: Cycle, book: Book, department: Department, lang: str) -> Iterator[Given]:
    """The rows that the sheets of a workbook take over from the cycle, in the order of the sources.

    A field that a company goal or a department leaves blank leaves its cell blank.
    """
    for source, offer in _OFFERS.items():
        if source is Source.ASSIGNED_GOALS and not cycle.take_over_goals:
            continue
        for sheet in book.sheets:
            for take in sheet.takes:
                if take.source is not source:
                    continue
                for entry in offer(cycle, department, lang):
                    cells = _cells(take.columns, entry)
                    cells |= {key: GivenCell(value, entry.place) for key, value in take.fixed.items()}
                    shown = {name: _show(value) for name, value in entry.fields.items()}
                    for key, text in take.texts.items():
                        cells[key] = GivenCell(compose_text(text.to(lang), shown), entry.place)
                    cells = {key: cell for key, cell in cells.items() if cell.value not in (None, "")}
                    yield Given(sheet.key, cells, entry.place, entry.place.file, Standing.OFFERED)


def _cells(columns: Mapping[str, str], entry: _Entry) -> dict[str, GivenCell]:
    unit = str(entry.fields.get("unit", ""))
    return {
        key: GivenCell(
            value := entry.fields.get(name), entry.place, unit if isinstance(value, float | int) else ""
        )
        for key, name in columns.items()
    }


def _show(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else "" if value is None else str(value)


# -- company goals -------------------------------------------------------------------------


def _assigned_goals(cycle: Cycle, department: Department, lang: str) -> Iterator[_Entry]:
    """The company goals that departments of this workbook lead or cooperate in, each once."""
    company = cycle.company
    scope = {d.code for d in company.scope(department.code)}
    for goal in company.goals:
        concerned = [code for code in goal.assigned if department.code in company.workbooks_for(code)]
        if not concerned:
            continue
        own = concerned[0] if concerned[0] in scope else department.code
        books = {book for code in goal.assigned for book in company.workbooks_for(code)}
        shared = len(goal.assigned) > 1 or len(books) > 1
        yield _Entry(
            {
                **_goal_fields(company, goal, lang),
                "department": own,
                "departments": _named(company, goal.assigned, lang) if shared else "",
                "baseline": None if shared else goal.baseline,
                "target": None if shared else goal.target,
                "target_high": None if shared else goal.target_high,
                "own_target_text": "" if shared else _target(goal),
                "shared_target": _target(goal) if shared else "",
                "shared_baseline": _amount(goal.baseline, goal.unit) if shared else "",
            },
            Location(file=cycle.files["company_goals"], line=goal.line),
        )


def _company_goals(cycle: Cycle, _: Department, lang: str) -> Iterator[_Entry]:
    for goal in cycle.company.goals:
        place = Location(file=cycle.files["company_goals"], line=goal.line)
        yield _Entry(_goal_fields(cycle.company, goal, lang), place)


def _goal_fields(company: Company, goal: CompanyGoal, lang: str) -> Fields:
    return {
        "goal": goal.goal,
        "metric": goal.metric,
        "unit": goal.unit,
        "direction": goal.direction,
        "aggregation": goal.aggregation,
        "due": goal.due,
        "lead": _named(company, (goal.lead,), lang),
        "cooperating": _named(company, goal.cooperating, lang),
        "baseline_text": _amount(goal.baseline, goal.unit),
        "target_text": _target(goal),
    }


def _named(company: Company, codes: tuple[str, ...], lang: str) -> str:
    return in_words(list_words(company.department(code).name for code in codes if code), lang)


def _target(goal: CompanyGoal) -> str:
    if goal.target is not None and goal.target_high is not None:
        return f"{_amount(goal.target, '')}–{_amount(goal.target_high, goal.unit)}"
    return _amount(goal.target, goal.unit)


def _amount(value: float | None, unit: str) -> str:
    return "" if value is None else f"{value:,.15g}{unit}"


# -- duties and background -----------------------------------------------------------------


def _duties(cycle: Cycle, department: Department, _: str) -> Iterator[_Entry]:
    for member in cycle.company.scope(department.code):
        if member.duties:
            place = Location(file=cycle.files["departments"], path=member.code)
            yield _Entry({"department": member.code, "duties": member.duties}, place)


def _background(cycle: Cycle, department: Department, _: str) -> Iterator[_Entry]:
    scope = {d.code for d in cycle.company.scope(department.code)}
    for fact in cycle.background:
        if department.code in cycle.company.concerned(fact.department):
            own = fact.department if fact.department in scope else None
            place = Location(file=cycle.files["background"], line=fact.line)
            yield _Entry({"department": own, "kind": fact.kind, "text": fact.text}, place)


_OFFERS: Mapping[Source, Callable[[Cycle, Department, str], Iterator[_Entry]]] = {
    Source.ASSIGNED_GOALS: _assigned_goals,
    Source.COMPANY_GOALS: _company_goals,
    Source.DUTIES: _duties,
    Source.BACKGROUND: _background,
}
