"""Read what comes back.  python-calamine's owner."""

from planbook.reader.given import GivenCell, GivenReader, GivenRow
from planbook.reader.read import Expectations, read_workbook
from planbook.reader.submission import SheetSource, Submission

__all__ = [
    "Expectations",
    "GivenCell",
    "GivenReader",
    "GivenRow",
    "SheetSource",
    "Submission",
    "read_workbook",
]
