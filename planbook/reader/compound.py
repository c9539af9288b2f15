"""The streams of an OLE2 compound file, which old .xls workbooks and encrypted ones are.

Only as much of the format as is needed to say what a file is and to look an .xls over before a
parser gets it; see [MS-CFB] for the container and [MS-XLS] for the records.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER = 512
_END_OF_CHAIN = 0xFFFFFFFA  # this and everything above it ends a chain
_ENTRY = 128
_STREAM = 2
_ROOT = 5
_SMALL = 64
_CUTOFF = 4096  # shorter streams stand in small sectors


class CompoundError(Exception):
    """The container is damaged."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream: its name, first sector and size."""

    name: str
    start: int
    size: int


class CompoundFile:
    """The directory of a compound file and the bytes of its streams."""

    def __init__(self, data: bytes) -> None:
        if len(data) < _HEADER or not data.startswith(MAGIC):
            raise CompoundError("no OLE2 header")
        self._data = data
        shift = struct.unpack_from("<H", data, 30)[0]
        if shift not in {9, 12}:
            raise CompoundError("sectors of no known size")
        self._sector = 1 << shift
        self._table = self._read_table()
        first_directory, first_small = (
            struct.unpack_from("<I", data, 48)[0],
            struct.unpack_from("<I", data, 60)[0],
        )
        entries = self._chain_bytes(first_directory)
        self.streams: dict[str, Stream] = {}
        root = Stream("", _END_OF_CHAIN, 0)
        for at in range(0, len(entries) - _ENTRY + 1, _ENTRY):
            length, kind = struct.unpack_from("<HB", entries, at + 64)
            name = entries[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            start, size = struct.unpack_from("<II", entries, at + 116)
            if kind == _STREAM:
                self.streams.setdefault(name.lower(), Stream(name, start, size))
            elif kind == _ROOT:
                root = Stream(name, start, size)
        self._small_table = _numbers(self._chain_bytes(first_small)) if first_small < _END_OF_CHAIN else ()
        self._small = self._chain_bytes(root.start)[: root.size] if root.start < _END_OF_CHAIN else b""

    def __contains__(self, name: str) -> bool:
        return name.lower() in self.streams

    def read(self, name: str) -> bytes:
        """The bytes of a stream; CompoundError where its chain is broken."""
        stream = self.streams[name.lower()]
        if stream.size >= _CUTOFF:
            return self._chain_bytes(stream.start)[: stream.size]
        parts = [
            self._small[at * _SMALL : (at + 1) * _SMALL] for at in _chain(self._small_table, stream.start)
        ]
        return b"".join(parts)[: stream.size]

    def _read_table(self) -> tuple[int, ...]:
        listed = list(struct.unpack_from("<109I", self._data, 76))
        at, count = struct.unpack_from("<II", self._data, 68)
        seen: set[int] = set()
        while at < _END_OF_CHAIN and count and at not in seen:
            seen.add(at)
            numbers = _numbers(self._sector_bytes(at))
            listed += numbers[:-1]
            at = numbers[-1] if numbers else _END_OF_CHAIN
        return tuple(n for at in listed if at < _END_OF_CHAIN for n in _numbers(self._sector_bytes(at)))

    def _sector_bytes(self, number: int) -> bytes:
        start = (number + 1) * self._sector
        return self._data[start : start + self._sector]

    def _chain_bytes(self, start: int) -> bytes:
        return b"".join(self._sector_bytes(number) for number in _chain(self._table, start))


def _chain(table: tuple[int, ...], start: int) -> Iterator[int]:
    seen: set[int] = set()
    while start < _END_OF_CHAIN:
        if start in seen or start >= len(table):
            raise CompoundError("a chain of sectors that leads nowhere")
        seen.add(start)
        yield start
        start = table[start]


def _numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


def records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    """The BIFF records of a workbook stream: position, type, body; stops where they make no sense."""
    at = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        yield at, kind, stream[at + 4 : at + 4 + size]
        at += 4 + size
