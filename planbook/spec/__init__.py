"""The specification of books: YAML in, frozen models out.  Sole owner of YAML."""

from planbook.spec.formulas import quote_text, references, render
from planbook.spec.loader import check_spec, list_books, load_spec
from planbook.spec.models import (
    Book,
    Column,
    Input,
    Item,
    Kind,
    ListSpec,
    Measure,
    Place,
    ReportColumn,
    ReportSheet,
    Setting,
    Sheet,
    Text,
    Total,
)

__all__ = [
    "Book",
    "Column",
    "Input",
    "Item",
    "Kind",
    "ListSpec",
    "Measure",
    "Place",
    "ReportColumn",
    "ReportSheet",
    "Setting",
    "Sheet",
    "Text",
    "Total",
    "check_spec",
    "list_books",
    "load_spec",
    "quote_text",
    "references",
    "render",
]
