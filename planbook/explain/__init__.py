"""Where a reported number comes from: down to department, file, sheet, cell and formula."""

from planbook.explain.locate import CELL, Subject, find_subject, read_report_cell
from planbook.explain.model import Explanation, Step, render_explanation
from planbook.explain.trace import explain

__all__ = [
    "CELL",
    "Explanation",
    "Step",
    "Subject",
    "explain",
    "find_subject",
    "read_report_cell",
    "render_explanation",
]
