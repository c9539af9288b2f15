"""Write workbooks to fill in.  xlsxwriter's owner, with `planbook.reports`."""

from planbook.writer.workbook import write_workbook

__all__ = ["write_workbook"]
