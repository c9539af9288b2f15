"""Who does what: parties to tasks across departments, and the appraisal of each responsible position."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from planbook.company import Company
from planbook.measures.progress import DONE, LATE, is_held, number_of
from planbook.measures.source import Record
from planbook.values import match_key

Row = Mapping[str, Any]  # a record, or a row of its frame
_SEVERAL = re.compile(r"[、;；,，/／\n]")  # what people put between several names


@dataclass(frozen=True)
class Directory:
    """The departments as people name them, whatever the width, case or script."""

    company: Company
    _codes: Mapping[str, str]

    @classmethod
    def of(cls, company: Company) -> Directory:
        """The directory of a company: codes go before names."""
        codes: dict[str, str] = {}
        for key in ("code", "name"):
            for department in company.departments:
                codes.setdefault(match_key(getattr(department, key)), department.code)
        return cls(company, codes)

    def find(self, text: str) -> str:
        """The code of the department a text names, or ``""``."""
        return self._codes.get(match_key(text), "")

    def split(self, text: object) -> tuple[str, ...]:
        """The departments a cell names, as codes; what names none stays as typed."""
        whole = self.find(str(text or ""))
        found = (whole,) if whole else (self.find(name) or name for name in split_names(text))
        return tuple(dict.fromkeys(found))


def split_names(text: object) -> tuple[str, ...]:
    """The names in a cell that may hold several."""
    parts = (part.strip() for part in _SEVERAL.split(str(text or "")))
    return tuple(dict.fromkeys(part for part in parts if part))


def is_outside(company: Company, code: str, inside: frozenset[str]) -> bool:
    """Whether a code is that of a department that the reader is not to be told of."""
    return code not in inside and company.find(code) is not None


def name_inside(text: object, directory: Directory, inside: frozenset[str]) -> str | None:
    """The names in a cell less those of departments outside `inside`."""
    company = directory.company
    codes = [code for code in directory.split(text) if not is_outside(company, code, inside)]
    names = (found.name if (found := company.find(code)) else code for code in codes)
    return "、".join(names) or None


# -- parties -------------------------------------------------------------------------------


def party_records(tasks: Sequence[Record], company: Company, inside: frozenset[str]) -> Iterator[Record]:
    """Every party to every task: the lead R, the head A, who cooperates C, who must know I.

    The head is that of departments.csv.  Cooperating positions and departments are those the
    task names; the department that leads the company goal behind the task must know, unless it
    takes part anyway.  No department outside `inside` is named.
    """
    directory = Directory.of(company)
    leads = {goal.goal: goal.lead for goal in company.goals}
    for task in tasks:
        if not task.get("task_id"):
            continue
        keys = ("department", "department_name", "goal_id", "goal", "initiative", "task_id", "task", "finish",
                "status", "file", "sheet", "cell")  # fmt: skip
        shared = {key: task.get(key) for key in keys}
        taken: set[object] = {task["department"]}
        for party in _parties(task, directory):
            taken.add(party["party_code"])
            if party["party_kind"] == "department" and is_outside(company, str(party["party_code"]), inside):
                continue
            yield {**shared, **party}
        informed = leads.get(str(task.get("company_goal")), "")
        found = company.find(informed) if informed in inside else None
        if found is not None and informed not in taken:
            yield {**shared, **_party("I", found.name, "department", found.code)}


def _parties(task: Record, directory: Directory) -> Iterator[Record]:
    company = directory.company
    owner = company.find(str(task["department"]))
    if task.get("lead"):
        yield _party("R", task.get("lead_name"), "position", task["lead"])
    if owner is not None:
        yield _party("A", owner.head or owner.name, "head", owner.code)
    for name in split_names(task.get("support")):
        if match_key(name) != match_key(str(task.get("lead_name") or "")):
            yield _party("C", name, "position", name)
    for code in directory.split(task.get("partner")):
        partner = company.find(code)
        if code != task["department"]:
            yield _party("C", partner.name if partner else code, "department", code)


def _party(role: str, party: object, kind: str, code: object) -> Record:
    return {"role": role, "party": party, "party_kind": kind, "party_code": code}


# -- appraisal -----------------------------------------------------------------------------


def appraise_positions(
    tasks: Sequence[Record], goals: Sequence[Record], as_of: date, cap: float
) -> list[Record]:
    """One record per responsible position of a department: its tasks, what is on time, its goals.

    A task counts as on time when it is done and was due by `as_of`; its goals' attainment is a
    mean of equals, each capped as in the scores.
    """
    attainment = {(g["file"], g["goal_id"]): number_of(g.get("attainment")) for g in goals}
    groups: dict[tuple[object, object], list[Record]] = {}
    for task in tasks:
        if task.get("lead"):
            groups.setdefault((task["department"], match_key(str(task["lead"]))), []).append(task)
    records = []
    for (department, _), mine in groups.items():
        position = mine[0]
        shared = {key: position.get(key) for key in ("department", "department_name", "lead_name")}
        records.append(
            {
                **shared,
                "position": position["lead"],
                "position_name": shared["lead_name"],
                "supports": len(supported_tasks(tasks, department, shared["lead_name"])),
                **_count_tasks(sort_tasks(mine, as_of)),
                **_mean_attainment(mine, attainment, cap),
            }
        )
    return records


def led_tasks(tasks: Iterable[Row], department: object, position: object) -> list[Row]:
    """The tasks of a department that a position leads, those on hold too."""
    wanted = match_key(str(position))
    return [
        task
        for task in tasks
        if task["department"] == department and task["lead"] and match_key(str(task["lead"])) == wanted
    ]


def supported_tasks(tasks: Iterable[Row], department: object, name: object) -> list[Row]:
    """The tasks of a department that name a position as one that helps."""
    wanted = match_key(str(name))
    return [
        task
        for task in tasks
        if task["department"] == department
        and not is_held(task)
        and wanted in {match_key(each) for each in split_names(task.get("support"))}
    ]


def sort_tasks(tasks: Sequence[Row], as_of: date) -> dict[str, list[Row]]:
    """A position's tasks by the column of the appraisal that counts them; what is on hold is in none."""
    active = [task for task in tasks if not is_held(task)]
    due = [task for task in active if isinstance(day := task.get("finish"), date) and day <= as_of]
    return {
        "tasks": active,
        "done": [task for task in active if task.get("status") == DONE],
        "due": due,
        "on_time": [task for task in due if task.get("status") == DONE],
        "late": [task for task in active if task.get("status") in LATE],
        "untracked": [task for task in active if number_of(task.get("percent")) is None],
    }


def _count_tasks(sorted_tasks: Mapping[str, Sequence[Row]]) -> Record:
    tasks, due = sorted_tasks["tasks"], sorted_tasks["due"]
    peak, peak_day = busiest_day(tasks)
    figures: Record = {key: _mean_by_days(tasks, key) for key in ("percent", "expected")}
    return {
        "owners": "、".join(dict.fromkeys(str(t["owner"]) for t in tasks if t.get("owner"))) or None,
        **{key: len(mine) for key, mine in sorted_tasks.items()},
        "on_time_rate": len(sorted_tasks["on_time"]) / len(due) if due else None,
        "peak": peak,
        "peak_day": peak_day,
        **figures,
    }


def _mean_by_days(tasks: Sequence[Row], key: str) -> float | None:
    """The mean of a share over the tasks that have one, each by its planned days; None where none has."""
    known = [
        (number_of(task.get("days")) or 1.0, value)
        for task in tasks
        if (value := number_of(task.get(key))) is not None
    ]
    total = sum(days for days, _ in known)
    return sum(days * value for days, value in known) / total if total else None


def _mean_attainment(
    tasks: Sequence[Record], attainment: Mapping[tuple[object, object], float | None], cap: float
) -> Record:
    goals = dict.fromkeys((t["file"], t["goal_id"]) for t in tasks if t.get("goal_id") and not is_held(t))
    known = [min(value, cap) for goal in goals if (value := attainment.get(goal)) is not None]
    return {
        "goals": len(goals),
        "goals_known": len(known),
        "attainment": sum(known) / len(known) if known else None,
    }


def busiest_day(tasks: Iterable[Row]) -> tuple[int, date | None]:
    """How many tasks run at the same time at most, and the first day of that."""
    steps: dict[date, int] = {}
    for task in tasks:
        start, finish = task.get("start"), task.get("finish")
        if isinstance(start, date) and isinstance(finish, date) and start <= finish:
            steps[start] = steps.get(start, 0) + 1
            after = finish + timedelta(days=1)  # both ends count
            steps[after] = steps.get(after, 0) - 1
    running, peak, peak_day = 0, 0, None
    for day in sorted(steps):
        running += steps[day]
        if running > peak:
            peak, peak_day = running, day
    return peak, peak_day
