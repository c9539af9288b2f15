"""How the departments' plans fit together: what only the company can see, as findings and problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from planbook.company import Company
from planbook.layout.cells import SettingValue
from planbook.measures.people import Directory
from planbook.measures.progress import is_held, number_of
from planbook.measures.source import Record
from planbook.problems import Code, Location, Problem
from planbook.spec import Book

MONEY = "元"
CODES = {
    "not_taken_over": Code.GOAL_NOT_TAKEN_OVER,
    "target_gap": Code.TARGETS_DIFFER,
    "direction_differs": Code.DIRECTION_DIFFERS,
    "one_sided": Code.SUPPORT_ONE_SIDED,
    "overloaded": Code.POSITION_OVERLOADED,
    "over_budget": Code.BUDGET_EXCEEDED,
}


@dataclass(frozen=True)
class Plans:
    """The plans of the departments in sight, as records."""

    book: Book
    company: Company
    settings: Mapping[str, SettingValue]
    inside: frozenset[str]
    whole: bool
    goals: Sequence[Record]
    tasks: Sequence[Record]
    company_goals: Sequence[Record]
    appraisal: Sequence[Record]
    scores: Sequence[Record]
    returned: frozenset[str]

    def limit(self, key: str) -> float:
        """A threshold of the spec, as the cycle has it."""
        given = self.settings.get(key, self.book.settings[key].value)
        return number_of(given) or 0.0

    def name(self, code: str) -> str:
        """The name of a department."""
        found = self.company.find(code)
        return found.name if found else code


def find_incoherence(plans: Plans, lang: str) -> tuple[list[Record], list[Problem]]:
    """Every finding as a record and as a problem, in the order of the checks."""
    records = [record for check in CHECKS for record in check(plans)]
    problems = [_problem(plans, record, lang) for record in records]
    for record, problem in zip(records, problems, strict=True):
        record["severity"] = problem.severity.value
    return records, problems


def _problem(plans: Plans, record: Record, lang: str) -> Problem:
    file, sheet, cell = (str(record.get(key) or "") for key in ("file", "sheet", "cell"))
    place = Location(file, sheet, cell)
    kind = str(record["kind"])
    found, expected = _side(plans, record, "found", lang), _side(plans, record, "expected", lang)
    if kind == "one_sided":
        found, expected = str(record["department_name"]), str(record["partner_name"])
    return Problem(CODES[kind], place, found, expected, str(record["subject"]))


def _side(plans: Plans, record: Record, key: str, lang: str) -> str:
    value = record.get(key)
    number = number_of(value)
    if number is None:
        if record["kind"] == "direction_differs" and value:
            return plans.book.list_title("direction", str(value), lang)
        return (
            str(record.get("department_name") or "")
            if key == "found"
            else str(record.get("partner_name") or "")
        )
    amount, unit = plans.book.unit_table.readable(number, str(record.get("unit") or ""))
    return f"{amount:,.10g}{unit.name if record.get('unit') else ''}"


def _finding(kind: str, subject: object, **more: object) -> Record:
    found, expected = number_of(more.get("found")), number_of(more.get("expected"))
    record: Record = {"kind": kind, "subject": subject, **more}
    if found is not None and expected is not None:
        record["gap"] = round(found - expected, 9)
        record["gap_rate"] = (found - expected) / abs(expected) if expected else None
    return record


def check_taken_over(plans: Plans) -> Iterator[Record]:
    """Company goals that no department has taken over, as far as the returns say."""
    for goal in plans.company_goals:
        if not goal["departments"] and not goal["shown_only"]:
            lead = str(goal.get("lead") or "")
            yield _finding(
                "not_taken_over", goal["goal"], department=lead or None,
                department_name=plans.name(lead) if lead else None, unit=goal["unit"],
                expected=goal["company_target"],
            )  # fmt: skip


def check_targets(plans: Plans) -> Iterator[Record]:
    """What the departments took over of a goal, against what the company wants, once all are in."""
    if not plans.whole:
        return
    slack = plans.limit("target_slack")
    for goal in plans.company_goals:
        for bound, wanted in (
            ("annual_target", "company_target"),
            ("annual_target_high", "company_target_high"),
        ):
            found, expected = number_of(goal.get(bound)), number_of(goal.get(wanted))
            if goal["rollup"] == "weighted" or goal["incomplete"] or found is None or expected is None:
                continue
            if abs(found - expected) > slack * max(abs(expected), 1e-9):
                yield _finding(
                    "target_gap", goal["goal"], department=goal.get("lead"),
                    department_name=goal.get("lead_name"), unit=goal["unit"], expected=expected, found=found,
                )  # fmt: skip
                break


def check_directions(plans: Plans) -> Iterator[Record]:
    """Goals that want the opposite of the company goal they serve."""
    wanted = {goal["goal"]: goal for goal in plans.company_goals}
    for row in plans.goals:
        goal = wanted.get(row["company_goal"])
        if goal is not None and row["direction"] and row["direction"] != goal["direction"]:
            if goal["rollup"] == "ratio":
                continue  # what stands above or below the line has its own direction
            yield _finding(
                "direction_differs", goal["goal"], found=row["direction"], expected=goal["direction"],
                **_owner(row), partner_name=row["goal"], **_place(row),
            )  # fmt: skip


def check_support(plans: Plans) -> Iterator[Record]:
    """Departments that count on another whose own plan knows nothing of it: a line a pair, all tasks named.

    The other side is known where the department has a task that names this one as partner, or a
    task of the same company goal.  A department that has not returned is not held against anyone.
    """
    directory = Directory.of(plans.company)
    partners: dict[str, set[str]] = {}
    serves: dict[str, set[object]] = {}
    for task in plans.tasks:
        code = str(task["department"])
        partners.setdefault(code, set()).update(directory.split(task.get("partner")))
        if task.get("company_goal"):
            serves.setdefault(code, set()).add(task["company_goal"])
    for goal in plans.goals:
        if goal.get("company_goal"):
            serves.setdefault(str(goal["department"]), set()).add(goal["company_goal"])
    unknown: dict[tuple[str, str], list[Record]] = {}
    for task in plans.tasks:
        owner, common = str(task["department"]), task.get("company_goal")
        for code in directory.split(task.get("partner")):
            below = {d.code for d in plans.company.below(code)} if plans.company.find(code) else set()
            below &= plans.returned
            if code == owner or owner in below or not below or is_held(task):
                continue
            known = any(_names(plans, partners.get(other, set()), owner) for other in below)
            if not known and not (common and any(common in serves.get(other, set()) for other in below)):
                unknown.setdefault((owner, code), []).append(task)
    for (_, code), tasks in unknown.items():
        first, names = tasks[0], dict.fromkeys(str(task.get("task") or "") for task in tasks)
        yield _finding(
            "one_sided", "、".join(names), **_owner(first), partner=code, file=first["file"],
            partner_name=plans.name(code), sheet=first["plan_sheet"], cell=first["plan_cell"],
        )  # fmt: skip


def _names(plans: Plans, partners: set[str], owner: str) -> bool:
    """Whether the owner, or a division above it, is among the partners."""
    above = {owner}
    if plans.company.find(owner) is not None:
        above |= {node.code for node in plans.company.above(owner)}
    return bool(partners & above)


def check_positions(plans: Plans) -> Iterator[Record]:
    """Positions that lead more tasks at the same time than one can."""
    most = plans.limit("most_tasks")
    for row in plans.appraisal:
        peak = number_of(row["peak"]) or 0.0
        if most and peak > most:
            yield _finding("overloaded", row["position_name"], **_owner(row), expected=most, found=peak)


def check_budgets(plans: Plans) -> Iterator[Record]:
    """Departments and divisions whose tasks cost more than their ceiling."""
    for node in plans.scores:
        found, expected = number_of(node["budget"]), number_of(node["budget_ceiling"])
        if node["code"] and found is not None and expected is not None and round(found - expected, 6) > 0:
            yield _finding(
                "over_budget", node["name"], department=node["code"], department_name=node["name"],
                unit=MONEY, expected=expected, found=found,
            )  # fmt: skip


def _owner(row: Record) -> Record:
    return {key: row.get(key) for key in ("department", "department_name")}


def _place(row: Record) -> Record:
    return {key: row.get(key) for key in ("file", "sheet", "cell")}


CHECKS = (  # what a summary shows first comes first
    check_taken_over,
    check_targets,
    check_directions,
    check_budgets,
    check_positions,
    check_support,
)
