"""What management reads: the consolidated workbook, and the roll-up as text."""

from planbook.reports.figures import headline, render_text
from planbook.reports.workbook import write_consolidated

__all__ = ["headline", "render_text", "write_consolidated"]
