"""What every benchmark does: runs in turn, the limit beside each figure, stages that are seen to move."""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import TypeVar

from planbook.plan import Plan, PlanRow, Value

T = TypeVar("T")


def plan_of(tables: Mapping[str, Sequence[Mapping[str, Value]]], as_of: date) -> Plan:
    """What a workbook is filled with: the rows of its tables, numbered from 1."""
    numbered = {key: tuple(PlanRow(n, row) for n, row in enumerate(rows, 1)) for key, rows in tables.items()}
    return Plan(numbered, {"as_of": as_of})


def seconds_of(action: Callable[[], object]) -> float:
    """How long an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def median_seconds(actions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each action, the actions taking turns, so that ratios hold on a noisy machine."""
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for _ in follow(range(rounds), "rounds"):
        for name, action in actions.items():
            taken[name].append(seconds_of(action))
    return {name: statistics.median(values) for name, values in taken.items()}


def peak_megabytes(who: int = resource.RUSAGE_SELF) -> float:
    """The most memory that this process, or the largest of its children, has held."""
    peak = resource.getrusage(who).ru_maxrss
    return peak / (1024 * 1024) if sys.platform == "darwin" else peak / 1024


def follow(items: Sequence[T], label: str) -> Iterator[T]:
    """The items one by one; every tenth part of them is told on standard error."""
    told = 0
    for number, item in enumerate(items, 1):
        yield item
        if number * 10 // len(items) > told:
            told = number * 10 // len(items)
            print(f"  {label}: {number} of {len(items)}", file=sys.stderr, flush=True)


class Verdict:
    """The figures that have a limit: each is printed with it, and one beyond it makes the exit code 1."""

    def __init__(self) -> None:
        self.broken = 0

    def at_most(self, what: str, found: float, limit: float, unit: str = "") -> None:
        """A figure that must not be larger."""
        self._judge(what, found, f"at most {limit:g}{unit}", found <= limit, unit)

    def at_least(self, what: str, found: float, limit: float, unit: str = "") -> None:
        """A figure that must not be smaller."""
        self._judge(what, found, f"at least {limit:g}{unit}", found >= limit, unit)

    def _judge(self, what: str, found: float, limit: str, holds: bool, unit: str) -> None:
        self.broken += not holds
        print(f"{'pass' if holds else 'FAIL'}  {what}: {found:.2f}{unit} ({limit})", flush=True)

    def finish(self) -> None:
        """End the program, with 1 where a limit was broken."""
        sys.exit(1 if self.broken else 0)
