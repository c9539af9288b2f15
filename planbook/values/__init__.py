"""What people type in a planning workbook, read as typed values.

Nothing here raises on what a person typed: a reader returns None for what it cannot read, and a
`Reading` that says how it read the rest. Of the lowest layer's three modules calendar comes
first, then values, then units.
"""

from planbook.values.dates import read_date, read_span
from planbook.values.quantity import UnitNames, read_percent, read_quantity
from planbook.values.reading import BLANK, NIL, Nil, Reading, Span, is_nil_text, read_flag
from planbook.values.text import clean_text, fold_lookalikes, match_key, normalise_text

__all__ = [
    "BLANK",
    "NIL",
    "Nil",
    "Reading",
    "Span",
    "UnitNames",
    "clean_text",
    "fold_lookalikes",
    "is_nil_text",
    "match_key",
    "normalise_text",
    "read_date",
    "read_flag",
    "read_percent",
    "read_quantity",
    "read_span",
]
