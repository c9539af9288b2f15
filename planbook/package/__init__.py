"""Whole workbooks, part by part: return copies, moves to today's book, differences between two returns."""

from planbook.package.annotate import Annotated, annotate_workbook
from planbook.package.archive import Archive
from planbook.package.diff import Change, ChangeKind, diff_submissions, find_setbacks
from planbook.package.migrate import Migrated, migrate_workbook

__all__ = [
    "Annotated",
    "Archive",
    "Change",
    "ChangeKind",
    "Migrated",
    "annotate_workbook",
    "diff_submissions",
    "find_setbacks",
    "migrate_workbook",
]
