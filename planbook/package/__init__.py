"""Whole workbooks, part by part: return copies, moves to today's book, differences between two returns."""

from planbook.package.annotate import Annotated, annotate_workbook
from planbook.package.archive import Archive

__all__ = ["Annotated", "Archive", "annotate_workbook"]
