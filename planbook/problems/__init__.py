"""What is wrong, where, and how to mend it.

Content that a person typed is never an exception: it becomes a `Problem`, collected beside the
data.  What the program could not do is a `PlanbookError`, shown once, in one line.
"""

from planbook.problems.catalogue import CATALOGUE, Code, Entry, Severity
from planbook.problems.errors import (
    CalcError,
    CycleError,
    MailError,
    OutputError,
    PartError,
    PlanbookError,
    SpecError,
    UsageError,
)
from planbook.problems.grouping import Group, count_codes, group_problems
from planbook.problems.model import Location, Problem, escape_text, rank_problems
from planbook.problems.phrases import explain_os_error, say
from planbook.problems.words import Phrases, Words, find_near, in_words, list_words

__all__ = [
    "CATALOGUE",
    "CalcError",
    "Code",
    "CycleError",
    "Entry",
    "Group",
    "Location",
    "MailError",
    "OutputError",
    "PartError",
    "Phrases",
    "PlanbookError",
    "Problem",
    "Severity",
    "SpecError",
    "UsageError",
    "Words",
    "count_codes",
    "escape_text",
    "explain_os_error",
    "find_near",
    "group_problems",
    "in_words",
    "list_words",
    "rank_problems",
    "say",
]
