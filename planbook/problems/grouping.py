"""Problems as a reader should meet them: root causes first, like with like.

What follows from a lost sheet or column is not raised at all, where the reader and the checks know
it.  A deleted goal breaks every link that points at it: each cell is rightly noted, and a person
wants one line.  `group_problems` keeps every problem (none is lost, all are counted) and decides
only which of them stand in front.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from planbook.problems.catalogue import CATALOGUE, Code, Severity
from planbook.problems.model import Location, Problem, rank_problems
from planbook.problems.words import in_words, list_words

SHOWN_PLACES = 12  # of a group's further places named in its line
_RANKS = {severity: rank for rank, severity in enumerate(Severity)}
_STRUCTURE_LAST = Code.MERGED_CELLS  # codes up to here are about the file, its identity, its structure


@dataclass(frozen=True, slots=True)
class Group:
    """One thing to mend: `root` stands in front, `same` is it again elsewhere."""

    root: Problem
    same: tuple[Problem, ...] = ()

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
        return (self.root, *self.same)

    def line(self, lang: str = "zh") -> str:
        """The one line a person reads: the root's, with its further places."""
        line = self.root.line(lang)
        again = _AGAIN.get(lang, _AGAIN["en"])
        return f"{line} {again(len(self.same) + 1, self._further(lang))}" if self.same else line

    def _further(self, lang: str) -> str:
        home = self.root.location.sheet
        names = [
            place.cell or f"{place.row}:{place.row}"
            if place.sheet == home
            else str(Location(sheet=place.sheet, cell=place.cell, row=place.row))
            for place in self.places[1 : SHOWN_PLACES + 1]
        ]
        return in_words(list_words(names), lang) + (" …" if len(self.same) > SHOWN_PLACES else "")


_AGAIN: Mapping[str, Callable[[int, str], str]] = MappingProxyType(
    {
        "zh": lambda count, places: f"（共 {count} 处，另见 {places}）",
        "en": lambda count, places: f"({count} places; also {places})",
    }
)
# What the same mistake is told by, beyond its code and file: a missing row is one, whoever names it.
_ANYWHERE = frozenset({Code.LINK_BROKEN, Code.BAD_CHARACTER})
# What was read or left behind is in --json cell by cell; in lines a column of it is one.
_BY_COLUMN = frozenset({Code.READ_FROM_TEXT, Code.NO_PLACE})
# A problem of these is said for its own cell only: its figures are that cell's.
_SINGLE = frozenset({Code.READINGS_DIFFER, Code.DUPLICATE, Code.ROW_ID_LOST})


def group_problems(problems: Iterable[Problem]) -> tuple[Group, ...]:
    """The problems grouped and ranked: errors first, root causes before the rest, then by place."""
    likes: dict[tuple[object, ...], list[Problem]] = {}
    for problem in rank_problems(problems):
        likes.setdefault(_likeness(problem), []).append(problem)
    return tuple(sorted((Group(like[0], tuple(like[1:])) for like in likes.values()), key=_order))


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
    return (_RANKS[group.severity], group.root.location.file, not structure)


_POSITIONS = {code: position for position, code in enumerate(CATALOGUE)}


def count_codes(problems: Iterable[Problem]) -> tuple[tuple[Code, int], ...]:
    """How often each code occurs: the worst and most frequent first."""
    counts: dict[Code, int] = {}
    for problem in problems:
        counts[problem.code] = counts.get(problem.code, 0) + 1
    return tuple(
        sorted(counts.items(), key=lambda item: (_RANKS[CATALOGUE[item[0]].severity], -item[1], item[0]))
    )
