"""Where a reported number comes from: down to department, file, sheet, cell and formula."""

from planbook.explain.cells import CELL, find_report_scope, look_in, read_cell, read_report_cell
from planbook.explain.locate import Subject, find_subject
from planbook.explain.model import Explanation, Step, render_explanation
from planbook.explain.trace import explain

__all__ = [
    "CELL",
    "Explanation",
    "Step",
    "Subject",
    "explain",
    "find_report_scope",
    "find_subject",
    "look_in",
    "read_cell",
    "read_report_cell",
    "render_explanation",
]
