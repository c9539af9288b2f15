"""Read what comes back.  python-calamine's owner."""

from planbook.reader.given import GivenCell, GivenReader, GivenRow
from planbook.reader.grids import Grid
from planbook.reader.read import Expectations, read_workbook
from planbook.reader.report import read_report_sheet, read_report_tops
from planbook.reader.submission import SheetSource, Submission, show_value

__all__ = [
    "Expectations",
    "GivenCell",
    "GivenReader",
    "GivenRow",
    "Grid",
    "SheetSource",
    "Submission",
    "read_report_sheet",
    "read_report_tops",
    "read_workbook",
    "show_value",
]
