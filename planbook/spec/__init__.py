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
    Source,
    Take,
    Text,
    Total,
)
from planbook.spec.takes import FIELDS, compose_text

__all__ = [
    "FIELDS",
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
    "Source",
    "Take",
    "Text",
    "Total",
    "check_spec",
    "compose_text",
    "list_books",
    "load_spec",
    "quote_text",
    "references",
    "render",
]
