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

from pydantic import ConfigDict, Field

from planbook.spec.base import FROZEN, THAWED, Key, Kind, Model, Place, Text
from planbook.spec.dashboard import Dashboard
from planbook.units import Unit, UnitTable


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


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
    """A measure: one Excel formula over arguments in `[brackets]`, with the source of its definition.

    `note` is the definition in a planner's words, shown on the header of its columns.
    """

    title: Text
    kind: Kind
    formula: str
    source: str = ""
    list: str = ""
    note: Text | None = None


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


class Check(StrEnum):
    """What a column says of the rules its row breaks: the errors, the warnings, or a line for the planner."""

    ERRORS = "errors"
    WARNINGS = "warnings"
    SUMMARY = "summary"


class Severity(StrEnum):
    """How bad a broken rule is: an error must be mended, a warning deserves a look."""

    ERROR = "error"
    WARNING = "warning"


class Rule(Model):
    """A rule across the cells of a row, which the shape of its columns does not say.

    `when` is true where the row breaks it; `column` is the cell that is marked.  The workbook's
    check column and the import say its `message`; with a `code`, the check that reports by this
    code says it on import, with its figures.
    """

    key: Key
    column: Key
    when: str
    message: Text
    severity: Severity = Severity.WARNING
    code: str = ""


class Column(Model):
    """One column of a sheet.

    `required` is true, false, or a formula that says when.  A column with a `formula` or a
    `measure` is calculated, and so is a `check`; `arguments` (`with` in YAML) names the columns a
    measure takes where they are not called as its arguments are.  `header` is a formula for the
    header's cell, where each workbook has another title.
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
    check: Check | None = None
    header: str = ""
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
    centred: bool = False
    edge: Literal["start", "finish"] = (
        "finish"  # how a bare month is read: its first day (start) or its last (finish)
    )
    width: float = 12
    prompt: Text | None = None

    @property
    def calculated(self) -> bool:
        """Whether planbook computes the cells."""
        return bool(self.formula or self.measure or self.check)

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


class Source(StrEnum):
    """Where rows come from that planbook fills in beforehand."""

    ASSIGNED_GOALS = "assigned_goals"  # company goals a department of the workbook leads or cooperates in
    COMPANY_GOALS = "company_goals"  # every company goal
    DUTIES = "duties"  # what the list of departments says they are there for
    BACKGROUND = "background"  # the lines of background.csv
    LAST_YEAR = "last_year"  # the rows of this sheet in a returned workbook of the year before


class Take(Model):
    """Rows that a sheet takes over from the cycle before anyone types.

    `columns` says which column takes which field of the source; of last year's workbook these are
    columns of the sheet, calculated ones included.  `fixed` fills a column of every row, `texts`
    are composed from {fields}, where what stands in [brackets] goes when one of its fields is
    blank.  `only` keeps the rows whose column holds one of the items, `linked` those alone that a
    row taken over elsewhere names; `complete` is the number that another column of the row must
    have for a column to be taken over.
    """

    source: Source = Field(alias="from")
    columns: Annotated[Mapping[str, str], FROZEN, THAWED] = Field(default_factory=_nothing)
    fixed: Annotated[Mapping[str, str], FROZEN, THAWED] = Field(default_factory=_nothing)
    texts: Annotated[Mapping[str, Text], FROZEN, THAWED] = Field(default_factory=_nothing)
    only: Annotated[Mapping[str, tuple[str, ...]], FROZEN, THAWED] = Field(default_factory=_nothing)
    linked: bool = False
    complete: Annotated[Mapping[str, Annotated[Mapping[str, float], FROZEN, THAWED]], FROZEN, THAWED] = Field(
        default_factory=_nothing
    )


class Timeline(Model):
    """A chart of bars drawn right of a table: one narrow column a week of the year.

    `start`, `finish` and `milestone` are date columns of the row, `done` its share done.
    """

    start: Key
    finish: Key
    milestone: Key
    done: Key


class Sheet(Model):
    """One table: a sheet of the workbook with a fixed number of numbered rows.

    A sheet that `mirrors` another has as many rows, and its n-th row is about the other's n-th.
    `signoff` are the cells of those who sign, an `optional` sheet is issued only where it is
    asked for.
    """

    key: Key
    title: Text
    heading: Text
    hint: Text
    purpose: Text
    id: RowId
    rows: int = Field(default=100, gt=0, le=9999)
    columns: tuple[Column, ...]
    unique: tuple[tuple[Key, ...], ...] = ()
    inputs: tuple[Input, ...] = ()
    totals: tuple[Total, ...] = ()
    takes: tuple[Take, ...] = ()
    signoff: tuple[Input, ...] = ()
    rules: tuple[Rule, ...] = ()
    timeline: Timeline | None = None
    mirrors: str = ""
    optional: bool = False
    filled: Key

    @property
    def band(self) -> tuple[Input | Total, ...]:
        """The cells above the table, in order."""
        return (*self.inputs, *self.totals)

    @property
    def typed_cells(self) -> tuple[Input, ...]:
        """The cells above the table that somebody types."""
        return (*self.inputs, *self.signoff)

    @cached_property
    def check_column(self) -> Column | None:
        """The column whose text names the errors of a row."""
        return next((column for column in self.columns if column.check is Check.ERRORS), None)

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
    dashboard: Dashboard | None = None
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
