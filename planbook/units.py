"""Units of measure: which belong together, and how one turns into another."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from planbook.values import match_key


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of a family, worth `factor` of the family's base unit (万元 is 10000 元).

    `aliases` are other spellings people type. Raises ValueError for a blank name or a factor
    that is not a positive number.
    """

    name: str
    family: str
    factor: float = 1.0
    aliases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not match_key(self.name):
            raise ValueError("a unit needs a name")
        if not (math.isfinite(self.factor) and self.factor > 0):
            raise ValueError(f"the factor of {self.name} must be a positive number, not {self.factor!r}")


class UnitTable:
    """The units a book knows, found by any of their spellings.

    Raises ValueError when one spelling would name two units.
    """

    __slots__ = ("_by_key", "_units")

    def __init__(self, units: Iterable[Unit] = ()) -> None:
        self._units = tuple(units)
        self._by_key: dict[str, Unit] = {}
        for unit in self._units:
            for spelling in (unit.name, *unit.aliases):
                known = self._by_key.setdefault(match_key(spelling), unit)
                if known is not unit:
                    raise ValueError(f"{spelling!r} names both the unit {known.name} and {unit.name}")

    def __iter__(self) -> Iterator[Unit]:
        return iter(self._units)

    def __len__(self) -> int:
        return len(self._units)

    def find(self, text: str) -> Unit | None:
        """The unit `text` names, whatever its width, case or script; None if unknown."""
        return self._by_key.get(match_key(text))

    def same_family(self, first: str, second: str) -> bool:
        """Whether values in the two units can be added; an unknown unit goes only with itself."""
        if match_key(first) == match_key(second):
            return True
        one, other = self.find(first), self.find(second)
        return one is not None and other is not None and one.family == other.family

    def base(self, name: str) -> Unit | None:
        """The unit of factor 1 in the family of the unit `name`; None if there is none."""
        unit = self.find(name)
        if unit is None:
            return None
        family = (other for other in self._units if other.family == unit.family)
        return next((other for other in family if other.factor == 1), None)

    def convert(self, value: float, source: str, target: str) -> float | None:
        """`value` in `source` units expressed in `target` units; None across families.

        A unit converts to itself even if the table does not know it. The arithmetic is decimal,
        so 1.2 亿元 is 120000000 元 exactly.
        """
        if not self.same_family(source, target):
            return None
        one, other = self.find(source), self.find(target)
        if one is None or other is None or one.factor == other.factor or not math.isfinite(value):
            return value
        return float(_exactly(value) * _exactly(one.factor) / _exactly(other.factor))

    def readable(self, value: float, unit: str) -> tuple[float, Unit]:
        """The same amount in the largest unit of its family in which it is at least 1.

        120000000 元 is 1.2 亿元. What is below 1 in every unit goes into the smallest; zero, and
        a value in an unknown unit, stay as they are.
        """
        known = self.find(unit)
        if known is None:
            return value, Unit(unit or "-", unit)
        if value == 0 or not math.isfinite(value):
            return value, known
        family = sorted((other for other in self if other.family == known.family), key=_factor, reverse=True)
        amount = abs(_exactly(value) * _exactly(known.factor))
        chosen = next((other for other in family if amount >= _exactly(other.factor)), family[-1])
        if chosen.factor == known.factor:
            return value, known
        return float(_exactly(value) * _exactly(known.factor) / _exactly(chosen.factor)), chosen


def _exactly(number: float) -> Decimal:
    # repr is the shortest text that means the float: 1.2 stays 1.2, not 1.1999999999999999556.
    return Decimal(repr(float(number)))


def _factor(unit: Unit) -> float:
    return unit.factor
