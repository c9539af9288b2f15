"""Issuing: the year's workbooks, with company goals, background and earlier rows filled in beforehand."""

from planbook.issuing.issue import (
    Issued,
    IssueOptions,
    file_name,
    find_department,
    issue_workbooks,
    make_folder,
)

__all__ = ["IssueOptions", "Issued", "file_name", "find_department", "issue_workbooks", "make_folder"]
