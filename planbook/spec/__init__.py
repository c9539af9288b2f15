"""The specification of books: YAML in, frozen models out.  Sole owner of YAML."""

from planbook.spec.base import Kind, Place, Text
from planbook.spec.dashboard import (
    Chart,
    ChartLook,
    ChartSeries,
    Dashboard,
    Figure,
    Look,
    Panel,
    PanelColumn,
)
from planbook.spec.formulas import quote_text, references, render
from planbook.spec.loader import check_spec, list_books, load_spec
from planbook.spec.models import (
    Book,
    Column,
    Input,
    Item,
    ListSpec,
    Measure,
    ReportColumn,
    ReportSheet,
    Setting,
    Sheet,
    Total,
)

__all__ = [
    "Book",
    "Chart",
    "ChartLook",
    "ChartSeries",
    "Column",
    "Dashboard",
    "Figure",
    "Input",
    "Item",
    "Kind",
    "ListSpec",
    "Look",
    "Measure",
    "Panel",
    "PanelColumn",
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
