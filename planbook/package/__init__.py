"""Whole workbooks, part by part: return copies, moves to today's book, differences between two returns."""

from planbook.package.annotate import Annotated, annotate_workbook

__all__ = ["Annotated", "annotate_workbook"]
