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
    "PlanbookError",
    "Problem",
    "Severity",
    "SpecError",
    "UsageError",
    "count_codes",
    "escape_text",
    "group_problems",
    "rank_problems",
]
