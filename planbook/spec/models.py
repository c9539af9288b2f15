"""What a book is: frozen, typed models of a specification.

A *book* is one family of workbooks: its sheets, columns, dropdown lists, units, settings,
measures and report sheets, in every language it speaks.  Nothing here knows where a thing
stands on a sheet (that is `planbook.layout`) or what a cell holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    WrapSerializer,
)

from planbook.units import Unit, UnitTable

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Kind(StrEnum):
    """What a cell of a column holds."""

    TEXT = "text"
    CHOICE = "choice"
    LINK = "link"
    QUANTITY = "quantity"
    PERCENT = "percent"
    NUMBER = "number"
    DATE = "date"
    SPAN = "span"


class Place(StrEnum):
    """Where a column stands: seen, in the workbook but hidden, or only in the calculation."""

    SHOWN = "shown"
    HIDDEN = "hidden"
    VIRTUAL = "virtual"


class Model(BaseModel):
    """Base of all models: frozen, and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


def _freeze(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(value))


def _thaw(value: Mapping[str, Any], handler: SerializerFunctionWrapHandler) -> Any:
    return handler(dict(value))


FROZEN, THAWED = AfterValidator(_freeze), WrapSerializer(_thaw)


def _text_from(value: Any) -> Any:
    return (
        {"*": str(value)} if isinstance(value, str | int | float) and not isinstance(value, bool) else value
    )


_TEXT_SCHEMA = {
    "anyOf": [
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "string"},
        {"type": "number"},
    ]
}
_Texts = Annotated[
    Mapping[str, str],
    BeforeValidator(_text_from),
    FROZEN,
    THAWED,
    WithJsonSchema(_TEXT_SCHEMA, mode="validation"),
]


class Text(RootModel[_Texts]):
    """A text in every language of the book; a plain string in YAML serves all of them."""

    model_config = ConfigDict(frozen=True)

    def to(self, lang: str) -> str:
        """The text in `lang`."""
        return self.root.get(lang) or self.root.get("*") or next(iter(self.root.values()), "")

    def languages(self) -> frozenset[str]:
        """The languages it is given in; `*` stands for all."""
        return frozenset(self.root)

    def every(self) -> tuple[str, ...]:
        """The texts of all languages, each once."""
        return tuple(dict.fromkeys(self.root.values()))


class Item(Model):
    """One value of a dropdown list: `key` is stable, `title` is what the cell shows."""

    key: str = Field(min_length=1)
    title: Text
    aliases: tuple[str, ...] = ()
    tone: str = ""  # colour role of a status: good, warn, bad, calm

    def matches(self) -> tuple[str, ...]:
        """Every text that means this item."""
        return (*self.title.every(), *self.aliases)


class ListSpec(Model):
    """A dropdown list; `open` lets other text stand, `source` is filled from the cycle."""

    items: tuple[Item, ...] = ()
    open: bool = False
    source: str = ""


class UnitSpec(Model):
    """A unit of measure: one of a family, `factor` times the family's base unit."""

    name: str
    family: str
    factor: float = Field(gt=0)
    aliases: tuple[str, ...] = ()


class Setting(Model):
    """A number, choice or row of dates that formulas name with `{key}`; the cycle may override it."""

    title: Text
    kind: Kind
    value: float | str | bool | None = None
    list: str = ""
    many: bool = False


class Measure(Model):
    """A measure: one Excel formula over arguments in `[brackets]`, with the source of its definition."""

    title: Text
    kind: Kind
    formula: str
    source: str = ""
    list: str = ""


class Link(Model):
    """A column whose cells name a row of another sheet, by id and label (`G001｜…`).

    `label` is the column that names the row; `within` are columns of both sheets that narrow
    the dropdown (a cascade); `metric` is a column through which typed text may also link.
    """

    sheet: Key
    label: Key
    within: tuple[Key, ...] = ()
    metric: str = ""


class Cascade(Model):
    """The dropdown of a text column: the distinct values of a column elsewhere, narrowed by `within`."""

    sheet: Key
    column: Key
    within: tuple[Key, ...] = ()


class Column(Model):
    """One column of a sheet.

    `required` is true, false, or a formula that says when.  A column with a `formula` or a
    `measure` is calculated; `arguments` (`with` in YAML) names the columns a measure takes
    where they are not called as its arguments are.
    """

    key: Key
    title: Text
    kind: Kind
    place: Place = Place.SHOWN
    list: str = ""  # a choice's items; for a quantity the words that may stand for a number (done, not done)
    link: Link | None = None
    cascade: Cascade | None = None
    formula: str = ""
    measure: str = ""
    arguments: Annotated[Mapping[str, str], FROZEN, THAWED] = Field(
        default_factory=lambda: MappingProxyType({}), alias="with"
    )
    required: bool | str = False
    unique: bool = False
    name: bool = False  # the text names its row: no * ? ~ ｜, and at most `longest` characters
    longest: int = 0
    minimum: float | None = None
    maximum: float | None = None
    default: str | float | None = None
    optional: bool = False  # a planner may leave it alone: quieter header
    unit: str = ""  # for a quantity: the column that holds its unit, or a fixed unit
    high: str = ""  # the column that takes the upper bound of a typed range
    into: tuple[Key, ...] = ()  # for a span: the columns that take its start and finish
    after: str = ""  # a date that may not come before this column
    edge: Literal["start", "finish"] = (
        "finish"  # how a bare month is read: its first day (start) or its last (finish)
    )
    width: float = 12
    prompt: Text | None = None

    @property
    def calculated(self) -> bool:
        """Whether planbook computes the cells."""
        return bool(self.formula or self.measure)

    @property
    def visible(self) -> bool:
        """Whether a planner sees it."""
        return self.place is Place.SHOWN


class Input(Model):
    """An input cell above a table, named in formulas with `{key}`."""

    key: Key
    title: Text
    kind: Kind
    prompt: Text | None = None


class Total(Model):
    """A calculated cell above a table."""

    key: Key
    title: Text
    kind: Kind
    formula: str


class RowId(Model):
    """How rows are numbered: `G` and width 3 make `G001`."""

    prefix: str = Field(pattern=r"^[A-Z]{1,2}$")
    width: int = Field(default=3, ge=2, le=5)
    hidden: bool = False

    def of(self, number: int) -> str:
        """The id of the 1-based `number`."""
        return f"{self.prefix}{number:0{self.width}d}"

    @property
    def length(self) -> int:
        """Characters in an id."""
        return len(self.prefix) + self.width


class Sheet(Model):
    """One table: a sheet of the workbook with a fixed number of numbered rows."""

    key: Key
    title: Text
    heading: Text
    hint: Text
    purpose: Text
    id: RowId
    rows: int = Field(gt=0, le=9999)
    columns: tuple[Column, ...]
    unique: tuple[tuple[Key, ...], ...] = ()
    inputs: tuple[Input, ...] = ()
    totals: tuple[Total, ...] = ()
    filled: Key

    @property
    def band(self) -> tuple[Input | Total, ...]:
        """The cells above the table, in order."""
        return (*self.inputs, *self.totals)

    @cached_property
    def by_key(self) -> Mapping[str, Column]:
        """Columns by key."""
        return MappingProxyType({column.key: column for column in self.columns})

    def column(self, key: str) -> Column:
        """The column called `key`."""
        return self.by_key[key]


class ReportColumn(Model):
    """One column of a report sheet: which figure it shows and how."""

    key: Key
    title: Text
    kind: Kind
    width: float = 12
    list: str = ""
    unit: str = ""  # the column whose unit the figure carries
    audit: bool = False  # only for checking the formulas: right of what is printed


class ReportSheet(Model):
    """One sheet of the consolidated workbook."""

    key: Key
    title: Text
    heading: Text
    hint: Text
    columns: tuple[ReportColumn, ...] = ()


class Index(Model):
    """The first page of a workbook."""

    title: Text
    heading: Text
    steps: tuple[Text, ...]
    notes: tuple[Text, ...] = ()


def _schema_of_files(schema: dict[str, Any]) -> None:
    """What an editor needs besides: files include others, and only together are they a book."""
    schema["properties"]["include"] = {"type": "array", "items": {"type": "string"}}
    schema["dependentRequired"] = {"sheets": ["name", "version", "title", "languages", "index"]}
    del schema["required"], schema["properties"]["sha256"]


class Book(Model):
    """A whole book."""

    model_config = ConfigDict(json_schema_extra=_schema_of_files)

    name: Key
    version: str
    title: Text
    languages: tuple[str, ...] = Field(min_length=1)
    settings: Annotated[Mapping[str, Setting], FROZEN, THAWED]
    units: tuple[UnitSpec, ...]
    lists: Annotated[Mapping[str, ListSpec], FROZEN, THAWED]
    measures: Annotated[Mapping[str, Measure], FROZEN, THAWED]
    labels: Annotated[Mapping[str, Text], FROZEN, THAWED]
    index: Index
    sheets: tuple[Sheet, ...]
    reports: tuple[ReportSheet, ...]
    sha256: str = ""

    @cached_property
    def sheets_by_key(self) -> Mapping[str, Sheet]:
        """Sheets by key."""
        return MappingProxyType({sheet.key: sheet for sheet in self.sheets})

    @cached_property
    def unit_table(self) -> UnitTable:
        """The book's units, for reading and converting."""
        return UnitTable(Unit(u.name, u.family, u.factor, u.aliases) for u in self.units)

    def sheet(self, key: str) -> Sheet:
        """The sheet called `key`."""
        return self.sheets_by_key[key]

    def report(self, key: str) -> ReportSheet:
        """The report sheet called `key`."""
        return next(report for report in self.reports if report.key == key)

    def label(self, key: str, lang: str) -> str:
        """A label of the book in `lang`."""
        return self.labels[key].to(lang)

    def list_title(self, list_key: str, item_key: str, lang: str) -> str:
        """What a list shows for an item, or the text itself where the list is open."""
        for item in self.lists[list_key].items:
            if item.key == item_key:
                return item.title.to(lang)
        return item_key

    def tone(self, list_key: str, item_key: str) -> str:
        """The colour role of an item."""
        return next((i.tone for i in self.lists[list_key].items if i.key == item_key), "")

    def formula_of(self, column: Column) -> str:
        """The column's formula; a measure's, with its arguments replaced by the sheet's columns."""
        if not column.measure:
            return column.formula
        from planbook.spec.formulas import bind_arguments

        return bind_arguments(self.measures[column.measure].formula, column.arguments)
