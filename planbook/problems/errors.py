"""The exceptions of planbook, one tree: what the program could not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planbook.problems.words import Words, in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planbook.problems.model import Problem


class PlanbookError(Exception):
    """Planbook could not do what was asked; the text is one line for a person, in either language.

    `words` is that line; `problems` holds the faults that led here, each with its own location, where
    there are any.
    """

    def __init__(self, message: str | Words, problems: Sequence[Problem] = ()) -> None:
        super().__init__(str(message))
        self.words = message
        self.problems = tuple(problems)

    def message(self, lang: str = "en") -> str:
        """The one line, in `lang` where it has words for it."""
        return in_words(self.words, lang)


class UsageError(PlanbookError):
    """The command was given something it cannot mean."""


class SpecError(PlanbookError):
    """A book's specification is faulty; `problems` lists every fault found in it."""


class CycleError(PlanbookError):
    """The folder of a planning year is missing, or its inputs are faulty."""


class CalcError(PlanbookError):
    """The formula engine refused a formula of the specification."""


class OutputError(PlanbookError):
    """A file could not be written."""


class PartError(PlanbookError):
    """A part of a workbook's package is not what it should be and cannot be searched or patched."""


class MailError(PlanbookError):
    """A message could not be composed or handed to the mail server."""
