"""Problems as a reader should meet them: root causes first, each with what follows from it, like with like.

A deleted goal breaks every link that points at it and a deleted column empties every row; each cell
is rightly noted, and a person wants one line.  `group_problems` keeps every problem (none is lost,
all are counted) and decides only which of them stand in front.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from planbook.problems.catalogue import CATALOGUE, Code, Severity
from planbook.problems.model import Location, Problem, rank_problems

SHOWN_PLACES = 12  # of a group's further places named in its line
_RANKS = {severity: rank for rank, severity in enumerate(Severity)}
_STRUCTURE_LAST = Code.MERGED_CELLS  # codes up to here are about the file, its identity, its structure


@dataclass(frozen=True, slots=True)
class Group:
    """One thing to mend: `root` stands in front, `same` is it again elsewhere, `follows` what it causes."""

    root: Problem
    same: tuple[Problem, ...] = ()
    follows: tuple[Problem, ...] = ()

    @property
    def severity(self) -> Severity:
        """How much the root matters."""
        return self.root.severity

    @property
    def places(self) -> tuple[Location, ...]:
        """Where the root stands, and where it stands again."""
        return tuple(problem.location for problem in (self.root, *self.same))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem of the group, the root first."""
        return (self.root, *self.same, *self.follows)

    def line(self, lang: str = "zh") -> str:
        """The one line a person reads: the root's, with its further places and how much follows."""
        parts = [self.root.line(lang)]
        if self.same:
            parts.append(_AGAIN[lang](len(self.same) + 1, self._further(lang)))
        if self.follows:
            parts.append(_FOLLOWS[lang](len(self.follows)))
        return " ".join(parts)

    def _further(self, lang: str) -> str:
        home = self.root.location.sheet
        names = [
            place.cell or f"{place.row}:{place.row}"
            if place.sheet == home
            else str(Location(sheet=place.sheet, cell=place.cell, row=place.row))
            for place in self.places[1 : SHOWN_PLACES + 1]
        ]
        separator = "、" if lang == "zh" else ", "
        return separator.join(names) + (" …" if len(self.same) > SHOWN_PLACES else "")


_AGAIN: Mapping[str, Callable[[int, str], str]] = MappingProxyType(
    {
        "zh": lambda count, places: f"（共 {count} 处，另见 {places}）",
        "en": lambda count, places: f"({count} places; also {places})",
    }
)
_FOLLOWS: Mapping[str, Callable[[int], str]] = MappingProxyType(
    {
        "zh": lambda count: f"（由此引起的 {count} 处问题不再列出）",
        "en": lambda count: f"({count} more problems follow from this one and are not listed)",
    }
)


# -- what follows from what ------------------------------------------------------------------

Cause = Callable[[Problem, Problem], bool]


def _column_empties_cells(root: Problem, problem: Problem) -> bool:
    """A column that is missing leaves every row of it empty, required or not."""
    return (
        root.code is Code.COLUMN_MISSING
        and problem.code in {Code.REQUIRED_MISSING, Code.REASON_MISSING}
        and root.location.sheet == problem.location.sheet
        and root.expected == problem.subject
    )


CAUSES: tuple[Cause, ...] = (_column_empties_cells,)

# What the same mistake is told by, beyond its code and file: a missing row is one, whoever names it.
_ANYWHERE = frozenset({Code.LINK_BROKEN, Code.BAD_CHARACTER})
# What was read or left behind is in --json cell by cell; in lines a column of it is one.
_BY_COLUMN = frozenset({Code.READ_FROM_TEXT, Code.NO_PLACE})
# A problem of these is said for its own cell only: its figures are that cell's.
_SINGLE = frozenset({Code.READINGS_DIFFER, Code.DUPLICATE, Code.ROW_ID_LOST})


def group_problems(problems: Iterable[Problem]) -> tuple[Group, ...]:
    """The problems grouped and ranked: errors first, root causes before the rest, then by place."""
    ranked = rank_problems(problems)
    roots = [problem for problem in ranked if problem.code is Code.COLUMN_MISSING]
    follows: dict[Problem, list[Problem]] = {}
    likes: dict[tuple[object, ...], list[Problem]] = {}
    for problem in ranked:
        root = next((r for r in roots if r is not problem and _causes(r, problem)), None)
        if root is not None:
            follows.setdefault(root, []).append(problem)
        else:
            likes.setdefault(_likeness(problem), []).append(problem)
    groups = [Group(like[0], tuple(like[1:]), tuple(follows.get(like[0], ()))) for like in likes.values()]
    return tuple(sorted(groups, key=_order))


def _causes(root: Problem, problem: Problem) -> bool:
    same_file = root.location.file == problem.location.file
    return same_file and any(cause(root, problem) for cause in CAUSES)


def _likeness(problem: Problem) -> tuple[object, ...]:
    place = problem.location
    if problem.code in _SINGLE or not (place.cell or place.row):
        return (problem,)
    if problem.code in _ANYWHERE:
        return (problem.code, place.file, problem.found, problem.expected)
    if problem.code in _BY_COLUMN:
        return (problem.code, place.file, place.sheet, problem.subject)
    return (problem.code, place.file, place.sheet, problem.subject, problem.found, problem.expected)


def _order(group: Group) -> tuple[object, ...]:
    """Errors first; in a file its structure before its cells.  Python's sort keeps places in order."""
    structure = _POSITIONS[group.root.code] <= _POSITIONS[_STRUCTURE_LAST]
    return (_RANKS[group.severity], group.root.location.file, not structure, not group.follows)


_POSITIONS = {code: position for position, code in enumerate(CATALOGUE)}


def count_codes(problems: Iterable[Problem]) -> tuple[tuple[Code, int], ...]:
    """How often each code occurs: the worst and most frequent first."""
    counts: dict[Code, int] = {}
    for problem in problems:
        counts[problem.code] = counts.get(problem.code, 0) + 1
    return tuple(
        sorted(counts.items(), key=lambda item: (_RANKS[CATALOGUE[item[0]].severity], -item[1], item[0]))
    )
