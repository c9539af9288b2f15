"""How a file is refused inside the reader: at once, for one problem."""

from __future__ import annotations

from planbook.problems import Code, Location, Problem, Words

NOWHERE = Location()


class RefusedError(Exception):
    """The file is refused, for this problem; never leaves the reader."""

    def __init__(
        self, code: Code, found: str | Words = "", expected: str = "", *, place: Location = NOWHERE
    ) -> None:
        super().__init__(code)
        self.problem = Problem(code, place, found, expected, place.sheet)
