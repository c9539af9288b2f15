"""What management reads: the consolidated workbook, the same as HTML, and the roll-up as text."""

from planbook.reports.figures import headline, render_text
from planbook.reports.html import render_html, write_html
from planbook.reports.signed import (
    SignedState,
    inputs_hash,
    latest_state,
    read_state,
    restated_rows,
    signed_state,
    state_path,
    write_state,
)
from planbook.reports.workbook import write_consolidated

__all__ = [
    "SignedState",
    "headline",
    "inputs_hash",
    "latest_state",
    "read_state",
    "render_html",
    "render_text",
    "restated_rows",
    "signed_state",
    "state_path",
    "write_consolidated",
    "write_html",
    "write_state",
]
