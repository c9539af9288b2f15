"""The company: departments in a tree, and the goals it sets for the year."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Department:
    """One node of the tree; `code` is the identity, `parent` the code above it or ``""``.

    `weight` is its share in the score of its parent (None: equal shares); `workbook` says
    whether it is issued a workbook of its own (None: when nothing stands below it and no
    department above it is issued one for the whole division).
    """

    code: str
    name: str
    parent: str = ""
    head: str = ""
    email: str = ""
    weight: float | None = None
    language: str = ""
    duties: str = ""
    budget_ceiling: float | None = None
    workbook: bool | None = None


@dataclass(frozen=True, slots=True)
class CompanyGoal:
    """One goal of the company; `rollup` says how departments' figures make the company's.

    `sum` adds amounts of one unit family, `weighted` averages attainment by weight, `ratio` divides
    what was taken over of the company goal `numerator` by what was of `denominator`.
    """

    goal: str
    metric: str = ""
    unit: str = ""
    direction: str = "higher"
    baseline: float | None = None
    target: float | None = None
    target_high: float | None = None
    aggregation: str = "sum"
    rollup: str = "weighted"
    weight: float | None = None
    due: date | None = None
    lead: str = ""
    cooperating: tuple[str, ...] = ()
    numerator: str = ""
    denominator: str = ""
    line: int = field(default=0, compare=False)  # of the file it was written down in

    @property
    def assigned(self) -> tuple[str, ...]:
        """The codes of the departments that lead it or cooperate in it."""
        return tuple(dict.fromkeys(code for code in (self.lead, *self.cooperating) if code))


@dataclass(frozen=True, slots=True)
class BackgroundFact:
    """Something to know before planning: `kind` is an item of the book's list of kinds.

    `department` is whom it concerns, with all below it; ``""`` is the whole company.
    """

    department: str
    kind: str
    text: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Company:
    """The departments, in the order of the file, and the company goals."""

    departments: tuple[Department, ...] = ()
    goals: tuple[CompanyGoal, ...] = ()
    _by_code: dict[str, Department] = field(init=False, repr=False, compare=False)
    _children: dict[str, tuple[Department, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_code", {d.code: d for d in self.departments})
        children: dict[str, tuple[Department, ...]] = {}
        for department in self.departments:
            children[department.parent] = (*children.get(department.parent, ()), department)
        object.__setattr__(self, "_children", children)

    def find(self, text: str) -> Department | None:
        """The department with that code or name."""
        found = self._by_code.get(text)
        return found or next((d for d in self.departments if d.name == text), None)

    def department(self, code: str) -> Department:
        """The department with that code; KeyError when there is none."""
        return self._by_code[code]

    def children(self, code: str) -> tuple[Department, ...]:
        """The departments directly below `code` (``""``: the top of the tree)."""
        return self._children.get(code, ())

    def below(self, code: str) -> Iterator[Department]:
        """`code` itself and everything below it, parents before children."""
        waiting = [self.department(code)] if code else list(reversed(self.children(code)))
        while waiting:  # no recursion: a tree may be deeper than Python's stack
            department = waiting.pop()
            yield department
            waiting += reversed(self.children(department.code))

    def above(self, code: str) -> Iterator[Department]:
        """The departments above `code`, nearest first."""
        parent = self.department(code).parent
        while parent:
            node = self.department(parent)
            yield node
            parent = node.parent

    def issued(self) -> tuple[Department, ...]:
        """The departments that get a workbook, in the order of the file."""
        return tuple(d for d in self.departments if self._is_issued(d))

    def _is_issued(self, department: Department) -> bool:
        if department.workbook is not None:
            return department.workbook
        covered = any(node.workbook for node in self.above(department.code))
        return not covered and not self.children(department.code)

    def workbook_of(self, code: str) -> str:
        """The department whose workbook has a place for `code`: itself or one above; ``""`` for none."""
        issued = {department.code for department in self.issued()}
        return next((c for c in (code, *(d.code for d in self.above(code))) if c in issued), "")

    def workbooks_for(self, code: str) -> tuple[str, ...]:
        """The departments in whose workbooks `code` plans: one, or all below a division that has none."""
        own = self.workbook_of(code)
        return (own,) if own else tuple(d.code for d in self.below(code) if self._is_issued(d))

    def concerned(self, code: str) -> tuple[str, ...]:
        """The departments whose workbooks are about `code` or anything below it; ``""`` is everyone."""
        found = [d.code for d in self.below(code) if self._is_issued(d)]
        own = self.workbook_of(code) if code else ""
        return tuple(dict.fromkeys(([own] if own else []) + found))

    def scope(self, code: str) -> tuple[Department, ...]:
        """The departments that a workbook issued to `code` may name.

        That is `code` and everything below it, less the parts that are issued a workbook themselves.
        """
        own = {department.code for department in self.issued()} - {code}
        found: list[Department] = []
        waiting = [self.department(code)]
        while waiting:
            department = waiting.pop()
            found.append(department)
            waiting += (d for d in reversed(self.children(department.code)) if d.code not in own)
        return tuple(found)
