"""Type the cells of a row: what was typed becomes a value of its column's kind, or a problem."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from planbook.calendar import FiscalYear
from planbook.plan import Value
from planbook.problems import Code, Location, Problem
from planbook.spec import Book, Column, Item, Kind, Place
from planbook.values import (
    NIL,
    Nil,
    Reading,
    Span,
    clean_text,
    is_nil_text,
    match_key,
    read_date,
    read_flag,
    read_percent,
    read_quantity,
    read_span,
)

FORBIDDEN_IN_NAMES = re.compile(r"[*?~｜]")
YEARS_AROUND = 20  # a date further than this from the planning year is a misreading
_ID_LABEL = re.compile(r"^\s*([A-Z]{1,2}\d{2,5})\s*[｜|]")


@dataclass
class RowReader:
    """Reads the cells of one table's rows, with what it needs to know around them."""

    book: Book
    lang: str
    year: FiscalYear
    items: Mapping[str, tuple[Item, ...]]
    problems: list[Problem] = field(default_factory=list)

    def note(
        self, code: Code, place: Location, column: Column, found: object = "", expected: object = ""
    ) -> None:
        """Record a problem of a cell."""
        subject = column.title.to(self.lang)
        self.problems.append(Problem(code, place, _as_text(found), _as_text(expected), subject))

    def list_items(self, key: str) -> tuple[Item, ...]:
        """The items of a dropdown list, the cycle's own included."""
        return self.items.get(key) or self.book.lists[key].items

    def read_cell(self, column: Column, raw: object, place: Location) -> tuple[Value, Reading | None]:
        """The typed value of a cell, and the reading where the kind has one."""
        if _is_blank(raw):
            return None, None
        if column.kind is Kind.TEXT:
            return self._read_text(column, raw, place), None
        if column.kind is Kind.CHOICE:
            return self._read_choice(column, raw, place), None
        if column.kind is Kind.LINK:
            return clean_text(_as_text(raw)), None
        reading = self._reading(column, raw)
        if reading is None or not self._plausible(reading):
            self.note(_UNREADABLE[column.kind], place, column, raw)
            return None, None
        self._note_reading(column, reading, place)
        if column.kind is Kind.PERCENT:
            self._check_percent(column, reading.value, place)
        return reading.value, reading

    def _reading(self, column: Column, raw: object) -> Reading | None:
        if column.kind is Kind.PERCENT:
            return read_percent(raw)
        if column.kind is Kind.DATE:
            year, month = self.year.year, self.year.start_month
            return read_date(raw, year=year, start_month=month, edge=column.edge)
        if column.kind is Kind.SPAN:
            if isinstance(raw, date):
                day = raw.date() if isinstance(raw, datetime) else raw
                return Reading(Span(day, day))
            return read_span(raw, year=self.year.year, start_month=self.year.start_month)
        return read_quantity(raw, self.book.unit_table)

    def _plausible(self, reading: Reading) -> bool:
        value = reading.value
        days = (value.start, value.finish) if isinstance(value, Span) else (value,)
        return all(abs(d.year - self.year.year) <= YEARS_AROUND for d in days if isinstance(d, date))

    def _note_reading(self, column: Column, reading: Reading, place: Location) -> None:
        if not reading.from_text or isinstance(reading.value, Nil):
            return
        bounds = [reading.value] if reading.high is None else [reading.value, reading.high]
        shown = "–".join(describe(bound) for bound in bounds)
        shown += reading.unit if column.kind is Kind.QUANTITY else ""
        code = Code.AMBIGUOUS_VALUE if reading.ambiguous else Code.READ_FROM_TEXT
        self.note(code, place, column, reading.text, shown)

    def _check_percent(self, column: Column, value: object, place: Location) -> None:
        if isinstance(value, float | int):
            if column.minimum is not None and value < column.minimum:
                limits = f"{column.minimum:.0%}–{column.maximum or 1:.0%}"
                self.note(Code.OUT_OF_RANGE, place, column, f"{value:.0%}", limits)
            elif round(value, 6) > 1:
                self.note(Code.ABOVE_ONE, place, column, f"{value:.0%}")

    def _read_text(self, column: Column, raw: object, place: Location) -> str | None:
        text = clean_text(_as_text(raw))
        if column.name and FORBIDDEN_IN_NAMES.search(text):
            self.note(Code.BAD_CHARACTER, place, column, text)
        if column.longest and len(text) > column.longest:
            self.note(Code.TOO_LONG, place, column, len(text), column.longest)
        return text or None

    def _read_choice(self, column: Column, raw: object, place: Location) -> str | None:
        text = clean_text(_as_text(raw))
        items = self.list_items(column.list)
        found = match_item(items, text)
        if found is not None:
            return found.key
        if self.book.lists[column.list].open:
            return text
        if column.place is Place.SHOWN and is_nil_text(text) and column.required is not True:
            return None
        self.note(
            Code.NOT_IN_LIST, place, column, text, "、".join(item.title.to(self.lang) for item in items)
        )
        return None


_UNREADABLE = {
    Kind.QUANTITY: Code.NOT_A_QUANTITY,
    Kind.NUMBER: Code.NOT_A_QUANTITY,
    Kind.PERCENT: Code.NOT_A_PERCENT,
    Kind.DATE: Code.NOT_A_DATE,
    Kind.SPAN: Code.NOT_A_DATE,
}


def match_item(items: tuple[Item, ...], text: str) -> Item | None:
    """The item a text means: by title in any language, alias or key."""
    wanted = match_key(text)
    for item in items:
        if any(match_key(title) == wanted for title in item.matches()) or match_key(item.key) == wanted:
            return item
    return None


def label_id(text: str) -> str:
    """The id of a picked label ``G001｜name``, or ``""``."""
    found = _ID_LABEL.match(text)
    return found[1] if found else ""


def read_done(raw: object) -> float | None:
    """A goal that is done or not: 1, 0, or None where the text says neither."""
    flag = read_flag(raw)
    return None if flag is None else float(flag)


def is_blank(raw: object) -> bool:
    """Whether nothing stands in a cell."""
    return _is_blank(raw)


def _is_blank(raw: object) -> bool:
    return raw is None or (isinstance(raw, str) and not clean_text(raw))


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") if value.time() != time() else value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value)


def describe(value: Value) -> str:
    """A value as a message shows it."""
    if value is NIL:
        return "无 nil"
    if isinstance(value, Span):
        return f"{value.start.isoformat()} – {value.finish.isoformat()}"
    if isinstance(value, float):
        return f"{value:,.10g}"
    return _as_text(value)
