"""A cycle's tables as people save them: any common encoding, comma or tab, titles in either language."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from planbook.layout import column_letter
from planbook.problems import Code, Location, Problem, Words, explain_os_error, find_near, list_words, say
from planbook.spec import Item
from planbook.values import (
    Reading,
    clean_text,
    is_nil_text,
    match_key,
    normalise_text,
    read_flag,
    read_percent,
)

MOST_TITLES: Final = 5  # columns proposed to somebody who misspelt one
LARGEST_FILE: Final = 10_000_000
"""Bytes; no table of departments or goals comes near."""

ADDRESS_EXAMPLE: Final = "name@example.com"
# What every mail server takes: an ASCII local part, one @, a domain with a dot.
_ADDRESS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_KINDS: Final = (
    (b"PK\x03\x04", "excel"),
    (b"\xd0\xcf\x11\xe0", "old_excel"),
    (b"%PDF", "pdf"),
)
_LANGUAGES: Final = {
    **dict.fromkeys(["zh", "中文", "汉语", "简体中文", "chinese", "zh-cn"], "zh"),
    **dict.fromkeys(["en", "英文", "英语", "english", "en-us", "en-gb"], "en"),
}


class UnreadableError(Exception):
    """A file's bytes are no text; `line` is the first line that is not, 0 if there is none."""

    def __init__(self, reason: Words, line: int = 0) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.line = line


def read_text(path: Path, file: str, faults: list[Problem]) -> str | None:
    """The text of an input file; None, with the fault noted, when there is none to read.

    `file` is the name the fault carries.
    """
    try:
        if not path.exists():
            faults.append(Problem(Code.INPUT_MISSING, Location(file=file), expected=file))
            return None
        if not path.is_file():
            raise UnreadableError(say("not_regular"))
        if path.stat().st_size > LARGEST_FILE:
            raise UnreadableError(say("too_large", count=LARGEST_FILE // 1_000_000))
        return decode_text(path.read_bytes())
    except UnreadableError as error:
        place = Location(file=file, line=error.line)
        faults.append(Problem(Code.INPUT_UNREADABLE, place, found=error.reason))
    except OSError as error:
        faults.append(Problem(Code.INPUT_UNREADABLE, Location(file=file), found=explain_os_error(error)))
    return None


def decode_text(data: bytes) -> str:
    """Text in UTF-8, GB18030 or, where a byte order mark says so, UTF-16 ("Unicode text" of Excel).

    Raises UnreadableError for other bytes and for text with control characters.
    """
    for magic, kind in _KINDS:
        if data.startswith(magic):
            raise UnreadableError(say(kind))
    marked = data.startswith(b"\xef\xbb\xbf")
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    encodings = ["utf-16"] if wide else ["utf-8-sig"] if marked else ["utf-8", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            failed = error
            continue
        control = _CONTROL.search(text)
        if control:
            line = text.count("\n", 0, control.start()) + 1
            raise UnreadableError(say("control", name=f"U+{ord(control[0]):04X}"), line)
        return text
    line = failed.object.count(b"\n", 0, failed.start) + 1  # the object is without its mark
    byte = f"0x{failed.object[failed.start]:02X}"
    raise UnreadableError(say("not_encoded", name=byte, encoding=failed.encoding.upper()), line)


def one_line(text: str) -> str:
    """Cleaned text on one line, its width and punctuation as typed."""
    return " ".join(clean_text(text).split())


def suggest(word: str, known: Iterable[str]) -> str | Words:
    """The known words nearest to `word`, or all of them when none is near."""
    options = list(dict.fromkeys(known))
    return list_words(find_near(word, options) or options)


def example(*words: object) -> Words:
    """What may be written instead, by example."""
    return say("example", name=list_words(map(str, words)))


def read_language(text: str, languages: Sequence[str]) -> str | None:
    """The key of the language a text names, if it is one of `languages`."""
    key = match_key(text)
    found = _LANGUAGES.get(key, key)
    return found if found in languages else None


def read_address(text: str) -> str | None:
    """An e-mail address in its usual width; None if the text is no single plain address."""
    address = normalise_text(text)
    return address if len(address) <= 254 and _ADDRESS.fullmatch(address) else None


@dataclass(frozen=True, slots=True)
class Heading:
    """A column a table may have: its key and the titles, in any language, people give it.

    One that is not `offered` is known, and not proposed to somebody who misspelt another.
    """

    key: str
    titles: tuple[str, ...]
    required: bool = False
    offered: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: its cells by column key, and where faults in them are noted."""

    file: str
    line: int
    titles: Mapping[str, str]  # column key: title as the file writes it
    cells: Mapping[str, str]
    faults: list[Problem]

    def has(self, key: str) -> bool:
        """Whether the file has the column."""
        return key in self.titles

    def text(self, key: str) -> str:
        """What was typed, cleaned; ``""`` where nothing was, or that there is none (无)."""
        text = self.cells.get(key, "")
        return "" if is_nil_text(text) else text

    def place(self, key: str) -> Location:
        """The line, with the title of the column."""
        return Location(file=self.file, line=self.line, path=self.titles.get(key, key))

    def note(self, code: Code, key: str, *, expected: str | Words = "", found: str | None = None) -> None:
        """Note a fault of the cell under `key`."""
        shown = self.cells.get(key, "") if found is None else found
        self.faults.append(
            Problem(code, self.place(key), found=shown, expected=expected, subject=self.titles.get(key, key))
        )

    def name(self, key: str, *, longest: int, like: Sequence[str]) -> str:
        """A required name on one line; ``""``, noted, when it is missing or too long."""
        text = one_line(self.cells.get(key, ""))
        if not text:
            if self.has(key):
                self.note(Code.INPUT_VALUE, key, expected=example(*like))
            return ""
        if any(char in "*?~｜" for char in text):
            self.note(Code.BAD_CHARACTER, key)
        if len(text) > longest:
            self.note(Code.INPUT_VALUE, key, expected=say("characters", count=longest))
        return text

    def share(self, key: str) -> float | None:
        """A fraction from 0 to 1 typed as a percentage; None where nothing stands."""
        text = self.text(key)
        if not text:
            return None
        reading = read_percent(text)
        value = reading.value if reading else None
        if reading is None or not isinstance(value, float) or not 0 <= value <= 1 or reading.high is not None:
            self.note(Code.INPUT_VALUE, key, expected="0%–100%")
            return None
        self.question(key, reading, f"{value:.6g}")
        return value

    def question(self, key: str, reading: Reading, shown: str) -> None:
        """Note, as a warning, that a cell could be read in several ways."""
        if reading.ambiguous:
            self.note(Code.AMBIGUOUS_VALUE, key, expected=shown)

    def flag(self, key: str) -> bool | None:
        """Yes or no; None where nothing stands."""
        text = self.text(key)
        answer = read_flag(text) if text else None
        if text and answer is None:
            self.note(Code.INPUT_VALUE, key, expected=say("yes_no"))
        return answer

    def choice(self, key: str, items: Sequence[Item], default: str) -> str:
        """The key of the item a cell names by key, title or alias; `default` where nothing stands."""
        text = self.text(key)
        if not text:
            return default
        found = find_item(text, items)
        if found is None:
            known = (word for item in items for word in (item.key, *item.title.every()))
            self.note(Code.INPUT_VALUE, key, expected=suggest(text, known))
        return found or default

    def address(self, key: str) -> str:
        """An e-mail address; ``""`` where nothing stands."""
        text = self.text(key)
        address = read_address(text) if text else ""
        if address is None:
            self.note(Code.INPUT_VALUE, key, expected=example(ADDRESS_EXAMPLE))
        return address or ""

    def language(self, key: str, languages: Sequence[str]) -> str:
        """The key of a language; ``""`` where nothing stands."""
        text = self.text(key)
        language = read_language(text, languages) if text else ""
        if language is None:
            self.note(Code.INPUT_VALUE, key, expected=say("one_of", names=list_words(languages)))
        return language or ""


def find_item(text: str, items: Sequence[Item]) -> str | None:
    """The key of the item that `text` names by key, title in any language or alias."""
    key = match_key(text)
    spellings = ((item, (item.key, *item.matches())) for item in items)
    return next((item.key for item, words in spellings if key in map(match_key, words)), None)


def read_rows(
    path: Path, file: str, headings: Sequence[Heading], faults: list[Problem]
) -> tuple[Row, ...] | None:
    """The rows of a table, blank ones left out; None when it cannot be read at all.

    `faults` receives what is wrong with the file and its header line.
    """
    text = read_text(path, file, faults)
    if text is None:
        return None
    records = _read_records(text, file, headings, faults)
    line, header = next(records, (1, []))
    titles = _read_header(header, Location(file=file, line=line), headings, faults)
    keys = {index: key for index, (key, _) in titles.items()}
    written = {key: title for key, title in titles.values() if key}
    rows = []
    for line, record in records:
        cells = {keys[n]: cell for n, cell in enumerate(record) if keys.get(n)}
        for index, cell in enumerate(record):
            if cell and index not in keys:
                # Most often a comma inside a text without quotes has pushed the rest aside.
                place = Location(file=file, line=line, path=column_letter(index))
                known = list_words(written.values())
                faults.append(Problem(Code.INPUT_COLUMN, place, found=column_letter(index), expected=known))
        rows.append(Row(file, line, written, cells, faults))
    return tuple(rows)


def _read_records(
    text: str, file: str, headings: Sequence[Heading], faults: list[Problem]
) -> Iterator[tuple[int, list[str]]]:
    """Line number and cleaned cells of every record that holds anything."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_find_delimiter(text, headings), strict=True)
    line = 1
    try:
        for record in reader:
            cells = [clean_text(cell) for cell in record]
            if any(cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error:
        faults.append(Problem(Code.INPUT_UNREADABLE, Location(file=file, line=line), found=say("quotes")))


def _find_delimiter(text: str, headings: Sequence[Heading]) -> str:
    """Comma or tab: whichever splits the header line into more titles we know."""
    spellings = _spellings(headings)
    header = next((line for line in text.splitlines() if line.strip(" \t,")), "")

    def count(delimiter: str) -> int:
        titles = (match_key(title.strip().strip('"')) for title in header.split(delimiter))
        return sum(title in spellings for title in titles)

    return "\t" if count("\t") > count(",") else ","


def _spellings(headings: Sequence[Heading]) -> dict[str, str]:
    return {match_key(word): heading.key for heading in headings for word in (heading.key, *heading.titles)}


def _read_header(
    header: Sequence[str], place: Location, headings: Sequence[Heading], faults: list[Problem]
) -> dict[int, tuple[str, str]]:
    """Key and title by position; the key is ``""`` for a column nobody knows, which is noted."""
    spellings = _spellings(headings)
    titles: dict[int, tuple[str, str]] = {}
    for index, title in enumerate(header):
        if not title:
            continue
        here = Location(file=place.file, line=place.line, path=title)
        key = spellings.get(match_key(title), "")
        if not key:
            faults.append(
                Problem(Code.INPUT_COLUMN, here, found=title, expected=_near_titles(title, headings))
            )
        elif any(key == other for other, _ in titles.values()):
            faults.append(Problem(Code.INPUT_DUPLICATE, here, found=title, subject=key))
            key = ""
        titles[index] = (key, title)
    present = {key for key, _ in titles.values()}
    for heading in headings:
        if heading.required and heading.key not in present:
            expected = f"{heading.key} ({heading.titles[0]})"
            faults.append(Problem(Code.INPUT_COLUMN_MISSING, place, expected=expected))
    return titles


def _near_titles(title: str, headings: Sequence[Heading]) -> str | Words:
    """The columns that `title` may mean, each by one of its titles; every key where none is near."""
    offered = [heading for heading in headings if heading.offered]
    words = {word: heading.key for heading in offered for word in (*heading.titles, heading.key)}
    near: dict[str, str] = {}
    for word in find_near(title, words, most=len(words)):
        near.setdefault(words[word], word)
    every = [Words((*heading.titles, heading.key)[0], heading.key) for heading in offered]
    return list_words(list(near.values())[:MOST_TITLES] or every)
