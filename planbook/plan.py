"""A plan: what one workbook holds, as typed data without any place on a sheet.

A choice is the key of its list's item (or free text where the list is open), a link the id of
the row it names, a quantity a number in the unit of its row, a percentage a fraction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from planbook.values import Nil, Span

Value = str | float | bool | date | Span | Nil | None


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One row of a table: its 1-based `number` on the sheet and its values by column key."""

    number: int
    values: Mapping[str, Value]

    def get(self, key: str) -> Value:
        """The value of a column; None where nothing stands."""
        return self.values.get(key)


@dataclass(frozen=True)
class Plan:
    """Tables by sheet key, rows in order, and the input cells above them."""

    tables: Mapping[str, tuple[PlanRow, ...]] = field(default_factory=lambda: MappingProxyType({}))
    inputs: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))

    def rows(self, sheet: str) -> tuple[PlanRow, ...]:
        """The rows of a sheet that hold anything."""
        return self.tables.get(sheet, ())
