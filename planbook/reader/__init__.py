"""Read what comes back.  python-calamine's owner."""

from planbook.reader.read import Expectations, read_workbook
from planbook.reader.submission import SheetSource, Submission

__all__ = ["Expectations", "SheetSource", "Submission", "read_workbook"]
