"""A TOML file whose tables know where they stand: every fault at its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from planbook.calendar import FiscalYear
from planbook.cycle.csv_file import ADDRESS_EXAMPLE, example, one_line, read_address, read_language
from planbook.problems import Code, Location, Problem, Words, find_near, list_words, say
from planbook.values import read_date

CYCLE_FILE: Final = "planbook.toml"
PASSWORD_VARIABLE: Final = "PLANBOOK_SMTP_PASSWORD"

_SECRETS: Final = frozenset(
    {"password", "passwd", "pass", "pwd", "secret", "token", "密码", "口令", "授权码"}
)
_BARE: Final = r"(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')"
_PATH: Final = rf"{_BARE}(?:\s*\.\s*{_BARE})*"
_HEADER: Final = re.compile(rf"\s*(?P<open>\[\[?)\s*(?P<path>{_PATH})\s*\]\]?\s*(?:#.*)?$")
_ENTRY: Final = re.compile(rf"\s*(?P<path>{_PATH})\s*=(?P<value>.*)$")

# How a message of the parser begins, and which words say the same.
_SYNTAX_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Cannot overwrite a value": "twice",
        "Duplicate inline table key": "twice",
        "Cannot declare": "table_twice",
        "Cannot mutate": "table_twice",
        "Cannot redefine": "table_twice",
        "Invalid value": "value",
        "Expected '=' after a key": "equals",
        "Invalid statement": "statement",
        "Invalid initial character for a key part": "statement",
        "Expected newline or end of document": "rest",
        "Unterminated string": "open_text",
        "Illegal character": "character",
        "Found invalid character": "character",
        "Unescaped": "backslash",
        "Invalid hex value": "backslash",
        "Unclosed array": "open_list",
        "Unclosed inline table": "open_list",
        "Invalid date or datetime": "date",
        "Expected ']": "bracket",
        "Expected": "open_text",
    }
)

TomlPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Table:
    """One table of the file: its values, where it stands, and where faults in it are noted."""

    values: Mapping[str, Any]
    path: TomlPath
    lines: Mapping[TomlPath, int]
    faults: list[Problem] = field(repr=False)

    def place(self, *keys: str | int) -> Location:
        """Where a key stands: its own line, or that of the nearest table above it."""
        path: TomlPath = (*self.path, *keys)
        shown = ".".join(str(part + 1) if isinstance(part, int) else part for part in path)
        while path and path not in self.lines:
            path = path[:-1]
        return Location(file=CYCLE_FILE, line=self.lines.get(path, 0), path=shown)

    def note(self, code: Code, key: str, *, expected: str | Words, found: object = None) -> None:
        """Note a fault of the value under `key`, unless that is missing because it was misspelt."""
        if key not in self.values and self._is_misspelt(key):
            return
        place = self.place(key)
        self.faults.append(Problem(code, place, found=_show(found), expected=expected, subject=place.path))

    def _is_misspelt(self, key: str) -> bool:
        """Whether an unknown key that was noted already resembles `key`."""
        noted = {fault.location for fault in self.faults if fault.code is Code.INPUT_KEY}
        return any(self.place(other) in noted and find_near(other, [key]) for other in self.values)

    def check_keys(self, known: Sequence[str]) -> None:
        """Note every key that is not `known`; a password has no place in the file at all."""
        for key in self.values:
            if key in known:
                continue
            place = self.place(key)
            expected = list_words(find_near(key, known) or known)
            if key.casefold() in _SECRETS:
                expected = say("environment", name=PASSWORD_VARIABLE)
            self.faults.append(Problem(Code.INPUT_KEY, place, found=place.path, expected=expected))

    def text(self, key: str, default: str = "") -> str:
        """A text on one line, stripped."""
        value = self.values.get(key, default)
        if isinstance(value, str):
            return one_line(value)
        self.note(Code.INPUT_VALUE, key, found=value, expected=say("quoted"))
        return default

    def whole(self, key: str, default: int, low: int, high: int) -> int | None:
        """A whole number from `low` to `high`; None, noted, for anything else."""
        value = self.values.get(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        found = value if key in self.values else None
        self.note(Code.INPUT_VALUE, key, found=found, expected=f"{low}–{high}")
        return None

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.values.get(key, default)
        if isinstance(value, bool):
            return value
        self.note(
            Code.INPUT_VALUE, key, found=value, expected=say("one_of", names=list_words(("true", "false")))
        )
        return default

    def one_of(self, key: str, known: Sequence[str], default: str) -> str:
        """One of the words in `known`."""
        value = self.values.get(key, default)
        if isinstance(value, str) and value.strip().casefold() in known:
            return value.strip().casefold()
        self.note(Code.INPUT_VALUE, key, found=value, expected=say("one_of", names=list_words(known)))
        return default

    def language(self, key: str, languages: Sequence[str], default: str) -> str:
        """A language of the book."""
        value = self.values.get(key, default)
        found = read_language(value, languages) if isinstance(value, str) and value else None
        if found is None and value != default:
            self.note(Code.INPUT_VALUE, key, found=value, expected=say("one_of", names=list_words(languages)))
        return found or default

    def address(self, key: str, *, required: bool = False) -> str:
        """An e-mail address."""
        value = self.values.get(key, "")
        found = read_address(value) if isinstance(value, str) else None
        if found is None and (value != "" or required):
            self.note(Code.INPUT_VALUE, key, found=value, expected=example(ADDRESS_EXAMPLE))
        return found or ""

    def day(self, key: str, fiscal: FiscalYear) -> date | None:
        """A date, written as TOML's own or as text."""
        if key not in self.values:
            return None
        value = self.values[key]
        found = _read_day(value, fiscal)
        if found is None:
            self.note(Code.INPUT_VALUE, key, found=value, expected=example(f"{fiscal.year}-07-01"))
        return found

    def table(self, key: str) -> Table:
        """The table under `key`, empty where there is none."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            # Not shown: where a table belongs, an address with a password in it may stand.
            self.note(Code.INPUT_VALUE, key, found=type(value).__name__, expected=f"[{key}]")
            value = {}
        return Table(value, (*self.path, key), self.lines, self.faults)

    def tables(self, key: str) -> Iterator[Table]:
        """The tables of the array under `key`."""
        value = self.values.get(key, [])
        entries = value if isinstance(value, list) else [value]
        for number, entry in enumerate(entries):
            if isinstance(entry, dict) and isinstance(value, list):
                yield Table(entry, (*self.path, key, number), self.lines, self.faults)
            else:
                self.note(Code.INPUT_VALUE, key, found=entry, expected=f"[[{key}]]")


def explain_syntax(reason: str) -> Words:
    """What is wrong with a line, in words: `reason` is the parser's own, in English."""
    found = next((key for start, key in _SYNTAX_WORDS.items() if reason.startswith(start)), "")
    return say(f"toml_{found}") if found else Words(say("toml_other").zh, reason)


def find_lines(text: str) -> dict[TomlPath, int]:
    """The line of every table header and key of a TOML text, which tomllib does not tell.

    Tables of an array are numbered from 0.  Keys inside inline tables are not looked for.
    """
    lines: dict[TomlPath, int] = {}
    counts: dict[TomlPath, int] = {}
    table: TomlPath = ()
    closing = ""  # the quotes that end the multi-line string we are in
    for number, line in enumerate(text.split("\n"), 1):
        if closing:
            if line.count(closing) % 2:
                closing = ""
            continue
        header, entry = _HEADER.match(line), _ENTRY.match(line)
        if header:
            table = _split_path(header["path"])
            if header["open"] == "[[":
                counts[table] = counts.get(table, -1) + 1
                lines.setdefault(table, number)
                table = (*table, counts[table])
            lines.setdefault(table, number)
        elif entry:
            path = (*table, *_split_path(entry["path"]))
            for length in range(len(table) + 1, len(path) + 1):
                lines.setdefault(path[:length], number)
            closing = next((mark for mark in ('"""', "'''") if entry["value"].count(mark) % 2), "")
    return lines


def _split_path(text: str) -> TomlPath:
    return tuple(part.strip("\"'") for part in re.findall(_BARE, text))


def _show(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "{…}" if isinstance(value, dict) else "[…]"
    return str(value)


def _read_day(value: object, fiscal: FiscalYear) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        return None
    reading = read_date(value, year=fiscal.year, start_month=fiscal.start_month)
    if reading is None or reading.ambiguous or not isinstance(reading.value, date):
        return None
    return reading.value
