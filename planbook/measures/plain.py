"""The rows of a frame with plain values, as reports and explanations read them.

They stay columns: a row is a view that reads a value when somebody asks for it.  Hundreds of thousands
of goals and tasks would take ten times the memory of their frames as objects of their own.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from numbers import Real
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

from planbook.values import Nil

Row = Mapping[str, Any]
Places = range | npt.NDArray[np.int64]  # which rows of a frame, and in which order
Column = Sequence[Any] | npt.NDArray[np.float64]  # in an array NaN stands for what is missing
CHUNK = 2_000  # rows whose values are plain at a time


class Rows(Sequence[Row]):
    """Rows with plain values: text, float, bool, date, Nil, or None where nothing is.

    They are those of a frame at `places`, with the columns of `more`, whose values are plain already,
    beside or instead of its own.
    """

    def __init__(
        self, frame: pd.DataFrame, places: Places | None = None, more: Mapping[str, Column] | None = None
    ) -> None:
        self._frame = frame
        self._places: Places = range(len(frame)) if places is None else places
        self._more = dict(more or {})
        self._words: dict[str, list[Any]] = {}
        self.keys = dict.fromkeys((*map(str, frame.columns), *self._more))

    @classmethod
    def of(cls, records: Sequence[Row]) -> Rows:
        """The rows of records, all with the keys of the first."""
        more = {key: [record[key] for record in records] for key in (records[0] if records else ())}
        return cls(pd.DataFrame(), range(len(records)), more)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Rows: ...
    def __getitem__(self, index: int | slice) -> Row | Rows:
        if isinstance(index, slice):
            more = {key: values[index] for key, values in self._more.items()}
            return self._derive(self._places[index], more)
        at = range(len(self))[index]
        return _Line(_Chunk(self, at, at + 1), 0)

    def __iter__(self) -> Iterator[Row]:
        for begin in range(0, len(self), CHUNK):
            end = min(begin + CHUNK, len(self))
            chunk = _Chunk(self, begin, end)
            for at in range(end - begin):
                yield _Line(chunk, at)

    def column(self, key: str, begin: int = 0, end: int | None = None) -> list[Any]:
        """The plain values of a column; None for each row where there is no such column."""
        end = len(self) if end is None else min(end, len(self))
        if key in self._more:
            given = self._more[key][begin:end]
            return _known(given) if isinstance(given, np.ndarray) else list(given)
        if key not in self._frame:
            return [None] * (end - begin)
        return self._plain_series(key, self._frame[key].iloc[_index(self._places[begin:end])])

    def numbers(self, key: str) -> npt.NDArray[np.float64]:
        """The numbers of a column; NaN for what is none."""
        given = self._more.get(key)
        if given is None and key in self._frame and self._frame[key].dtype == float:
            values = self._frame[key].to_numpy()
            given = values[_index(self._places)]
        if isinstance(given, np.ndarray):
            return np.where(np.isfinite(given), given, math.nan)
        return floats(value if isinstance(value, float) else None for value in self.column(key))

    def take(self, places: Sequence[int] | npt.NDArray[np.int64]) -> Rows:
        """These rows in this order."""
        chosen = np.asarray(places, dtype=np.int64)
        more = {key: _take(values, chosen) for key, values in self._more.items()}
        return self._derive(np.asarray(self._places, dtype=np.int64)[chosen], more)

    def where(self, holds: Callable[[Row], object]) -> Rows:
        """The rows of which something holds."""
        return self.take(array("q", (at for at, row in enumerate(self) if holds(row))))

    def ordered(self, rank: Callable[[Row], Any]) -> Rows:
        """The rows by their rank; those of one rank stay in their order."""
        ranks = [rank(row) for row in self]
        return self.take(sorted(range(len(self)), key=ranks.__getitem__))

    def having(self, **more: Column) -> Rows:
        """The rows with columns beside or instead of their own."""
        return self._derive(self._places, {**self._more, **more})

    def _derive(self, places: Places, more: Mapping[str, Column]) -> Rows:
        made = Rows(self._frame, places, more)
        made._words = self._words
        return made

    def _plain_series(self, key: str, column: pd.Series[Any]) -> list[Any]:
        if hasattr(column, "cat"):  # few values, many rows
            if key not in self._words:
                self._words[key] = [*map(_plain, column.cat.categories), None]  # the code of missing is −1
            words = self._words[key]
            return [words[code] for code in column.cat.codes.tolist()]
        if column.dtype == float:
            return _known(column.to_numpy())
        return [_plain(value) for value in column.tolist()]


def rows_of(frame: pd.DataFrame) -> Rows:
    """The rows of a frame with plain values."""
    return Rows(frame)


def floats(values: Iterable[float | None]) -> npt.NDArray[np.float64]:
    """Numbers as a column; NaN for None."""
    return np.fromiter((math.nan if value is None else value for value in values), np.float64)


class _Chunk(dict[str, list[Any]]):
    """The columns of some rows, each read when it is asked for first."""

    __slots__ = ("begin", "end", "rows")

    def __init__(self, rows: Rows, begin: int, end: int) -> None:
        self.rows, self.begin, self.end = rows, begin, end

    def __missing__(self, key: str) -> list[Any]:
        if key not in self.rows.keys:
            raise KeyError(key)
        values = self[key] = self.rows.column(key, self.begin, self.end)
        return values


class _Line(Mapping[str, Any]):
    """One row: the columns of its chunk, and where it stands among them."""

    __slots__ = ("_at", "_chunk")

    def __init__(self, chunk: _Chunk, at: int) -> None:
        self._chunk, self._at = chunk, at

    def __getitem__(self, key: str) -> Any:
        return self._chunk[key][self._at]

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a column, or `default` where there is no such column."""
        chunk = self._chunk
        return chunk[key][self._at] if key in chunk or key in chunk.rows.keys else default

    def __iter__(self) -> Iterator[str]:
        return iter(self._chunk.rows.keys)

    def __len__(self) -> int:
        return len(self._chunk.rows.keys)


def _index(places: Places) -> slice | npt.NDArray[np.int64]:
    """What takes these rows of a frame, without a copy where they follow one another."""
    return slice(places.start, places.stop) if isinstance(places, range) else places


def _take(values: Column, places: npt.NDArray[np.int64]) -> Column:
    return values[places] if isinstance(values, np.ndarray) else [values[at] for at in places.tolist()]


def _known(numbers: npt.NDArray[np.float64]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in numbers.tolist()]


def _plain(value: object) -> object:
    if value is None:
        return None
    if isinstance(value, str):
        return value or None
    if isinstance(value, float):  # most values are: asking for any real number takes longer
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Nil | bool):
        return value
    if isinstance(value, Real):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.date() if value == value else None  # NaT is a datetime unlike itself
    return value if isinstance(value, date) else None
