"""What a dashboard is: figures and panels on one page, each cell a formula over the book's sheets.

A text that starts with ``=`` is a formula in its language; any other stands as it is.  Formulas
are those of sheets (`planbook.spec.formulas`), and a panel's know besides:

===================  ====================================================================
``[column]``         the panel's own column in the same row
``[panel.column]``   the whole column of a panel, as a range
``{n}``              the number of the row within its panel, from 1
``{rows}``           the number of rows of the panel
===================  ====================================================================
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from planbook.spec.base import Key, Kind, Model, Text

ROW_NUMBER, ROW_COUNT = "n", "rows"  # what `{...}` names in a panel besides the book's cells


class Look(StrEnum):
    """How the cells of a panel's column show what they hold."""

    PLAIN = "plain"
    BAR = "bar"  # a bar in the cell, from `scale[0]` to `scale[-1]`
    HEAT = "heat"  # orange below the middle of `scale`, white at it, blue above
    TREND = "trend"  # a small chart of the columns `over`
    TONE = "tone"  # the tones of the items of `list`


class PanelColumn(Model):
    """One column of a panel; `span` columns of the page wide, or out of sight."""

    key: Key
    title: Text | None = None  # only what is out of sight has none
    kind: Kind = Kind.TEXT
    formula: str = ""
    look: Look = Look.PLAIN
    list: str = ""
    over: tuple[Key, ...] = ()
    scale: tuple[float, ...] = ()
    span: int = Field(default=1, ge=1)
    decimals: int = Field(default=0, ge=0, le=3)
    strong: bool = False
    wrap: bool = False
    small: bool = False
    hidden: bool = False


class ChartLook(StrEnum):
    """How a series is drawn; hatching tells bars apart without colour."""

    SOLID = "solid"
    HATCHED = "hatched"
    LINE = "line"


class ChartSeries(Model):
    """One series of a chart: a column of its panel."""

    column: Key
    title: Text
    look: ChartLook


class Chart(Model):
    """Bars and lines over the rows of a panel; `description` is read out to those who cannot see it."""

    panel: Key
    categories: Key
    series: tuple[ChartSeries, ...]
    description: Text
    labels: str = "0%"
    width: int = Field(ge=1)
    height: int = Field(ge=1, description="rows of the page under its title")


class Panel(Model):
    """A table or a chart at a place of the page.

    Panels of one `band` stand side by side, from the page's column `column` on.  A panel `each`
    has one hidden row for every row of that sheet: a place to rank and to pick from.
    """

    key: Key
    title: Text | None = None  # only what is out of sight has none
    band: int = Field(default=0, ge=0)
    column: int = Field(default=1, ge=1)
    rows: int = Field(default=0, ge=0, le=500)
    height: int = Field(default=1, ge=1, description="rows of the page that one row of the panel takes")
    each: str = ""
    columns: tuple[PanelColumn, ...] = ()
    note: Text | None = None
    chart: Chart | None = None

    @property
    def shown(self) -> tuple[PanelColumn, ...]:
        """The columns that are seen."""
        return () if self.each else tuple(column for column in self.columns if not column.hidden)

    @property
    def helpers(self) -> tuple[PanelColumn, ...]:
        """The columns that stand out of sight."""
        return self.columns if self.each else tuple(column for column in self.columns if column.hidden)

    @property
    def width(self) -> int:
        """The columns of the page it takes."""
        return self.chart.width if self.chart else sum(column.span for column in self.shown)

    @cached_property
    def by_key(self) -> Mapping[str, PanelColumn]:
        """Columns by key."""
        return MappingProxyType({column.key: column for column in self.columns})


class Figure(Model):
    """A number to see at once: a title, the figure, and a line that explains it."""

    key: Key
    title: Text
    kind: Kind
    formula: str
    note: Text
    span: int = Field(ge=1)
    decimals: int = Field(default=0, ge=0, le=3)
    accent: Literal["blue", "teal", "orange", "amber"] = "blue"


class Dashboard(Model):
    """One page that shows how the plan stands; it holds formulas only, and nobody fills it in.

    `grid` are the widths of the page's columns in characters; figures and panels take whole ones.
    """

    title: Text
    heading: Text  # may name {year} and {department}
    hint: Text
    purpose: Text
    grid: Annotated[tuple[float, ...], Field(min_length=1)]
    figures: tuple[Figure, ...]
    panels: tuple[Panel, ...]
    row_heights: Annotated[tuple[float, ...], Field(description="points of a panel's row, by band")] = ()

    @cached_property
    def by_key(self) -> Mapping[str, Panel]:
        """Panels by key."""
        return MappingProxyType({panel.key: panel for panel in self.panels})

    @property
    def bands(self) -> Iterator[tuple[Panel, ...]]:
        """The panels that are seen, those side by side together, from top to bottom."""
        for band in sorted({panel.band for panel in self.panels if not panel.each}):
            yield tuple(panel for panel in self.panels if panel.band == band and not panel.each)
