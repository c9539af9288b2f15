"""Type the cells of a row: what was typed becomes a value of its column's kind, or a problem."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from rapidfuzz import fuzz

from planbook.calendar import FiscalYear, from_serial, to_serial
from planbook.plan import Value
from planbook.problems import Code, Location, Problem, Words, list_words, say
from planbook.reader.facts import SheetFacts
from planbook.reader.shown import agree, is_near, read_scaled, show_any
from planbook.spec import Book, Column, Item, Kind, Place
from planbook.values import (
    Nil,
    Reading,
    Span,
    clean_text,
    fold_lookalikes,
    is_nil_text,
    match_key,
    read_date,
    read_flag,
    read_percent,
    read_quantity,
    read_span,
)

FORBIDDEN_IN_NAMES = re.compile(r"[*?~｜]")
MOST_EXACT, EXACT_DIGITS = 1e15, 15  # beyond this a number in a cell no longer has all its digits
FIRST_YEAR = 1900  # of the days that a workbook counts
DAYS_TO_1904 = 1462
_SERIALS = (30_000, 60_000)  # numbers that are days, and no 20240630
NEAR, AHEAD = 60.0, 10.0  # likeness, of 100, from which an item is proposed, and its lead over the next
YEARS_AROUND = 20  # a date further than this from the planning year is a misreading
_ID_LABEL = re.compile(r"^\s*([A-Z]{1,2}\d{2,5})\s*[｜|]")


@dataclass
class RowReader:
    """Reads the cells of one table's rows, with what it needs to know around them."""

    book: Book
    lang: str
    year: FiscalYear
    items: Mapping[str, tuple[Item, ...]]
    date_1904: bool = False  # the workbook counts its days from 1904
    problems: list[Problem] = field(default_factory=list)

    def note(
        self, code: Code, place: Location, column: Column, found: object = "", expected: object = ""
    ) -> None:
        """Record a problem of a cell."""
        subject = column.title.to(self.lang)
        self.problems.append(Problem(code, place, _said(found), _said(expected), subject))

    def list_items(self, key: str) -> tuple[Item, ...]:
        """The items of a dropdown list, the cycle's own included."""
        return self.items.get(key) or self.book.lists[key].items

    def take_cell(
        self, column: Column, raw: object, place: Location, facts: SheetFacts, error: str
    ) -> object:
        """What stands in an input cell; what else its sheet says of it, an `error` or a formula, is noted."""
        if error:
            self.note(Code.ERROR_CELL, place, column, error)
            return None
        if isinstance(raw, int | float) and facts.shows_day(place.cell):
            raw = self.day_of(raw)
        formula = facts.formula_at(place.cell)
        if formula is not None:
            unstored = facts.is_unstored(place.cell) or raw is None or raw == ""
            code = Code.FORMULA_WITHOUT_VALUE if unstored else Code.FORMULA_IN_INPUT
            text = f"={formula}" if formula else say("formula_untold")
            self.note(code, place, column, text, "" if unstored else raw)
        if (facts.unseen or facts.conditional) and not _is_blank(raw):
            self._note_unseen(column, raw, place, facts)
        return raw

    def _note_unseen(self, column: Column, raw: object, place: Location, facts: SheetFacts) -> None:
        """Say where nobody sees what a cell holds, or a condition may make it show something else."""
        held = _as_text(raw)
        if facts.is_unseen(place.cell):
            self.note(Code.TEXT_UNSEEN, place, column, held)
        elif isinstance(raw, int | float | str | date) and not isinstance(raw, bool):
            for code in facts.conditions_at(place.cell):
                shown = show_any(code, raw) if code else ""
                if shown is not None and shown.strip() != held and not _is_plain(column, shown, raw):
                    self.note(Code.SHOWN_CONDITIONALLY, place, column, held, shown.strip() or say("blank"))
                    return

    def read_cell(
        self, column: Column, raw: object, place: Location, shown: str | None = None
    ) -> tuple[Value, Reading | None]:
        """The typed value of a cell, and the reading where the kind has one.

        `shown` is what the cell shows, where that may be something else than `raw`.
        """
        if _is_blank(raw):
            return None, None
        if isinstance(raw, float) and not math.isfinite(raw):
            self.note(Code.NOT_A_QUANTITY, place, column, raw)
            return None, None
        if column.kind in {Kind.TEXT, Kind.CHOICE, Kind.LINK}:
            return self._read_words(column, raw, place, shown), None
        reading = self._reading(column, self._as_shown(column, raw, shown))
        cut = reading is not None and reading.high is not None and not column.high  # no place for its end
        if reading is None or cut or not self._plausible(reading):
            self._note_unreadable(column, raw, place, shown)
            return None, None
        if column.kind is not Kind.QUANTITY:  # what an amount is read as shows in the row's unit alone
            self.note_reading(column, reading, place)
            self.check_shown(column, raw, place, shown)
        if column.kind is Kind.PERCENT:
            self._check_percent(column, reading.value, place)
        return reading.value, reading

    def _note_unreadable(self, column: Column, raw: object, place: Location, shown: str | None) -> None:
        """Say what was found; a year alone is a day of 1905 where a cell shows days."""
        found = _shown_text(raw, shown)
        year = self._year_in(raw) if isinstance(raw, date) else 0
        if year and column.kind in {Kind.DATE, Kind.SPAN}:
            self.note(Code.YEAR_AS_DATE, place, column, found, year)
        else:
            self.note(_UNREADABLE[column.kind], place, column, found)

    def _read_words(self, column: Column, raw: object, place: Location, shown: str | None) -> str | None:
        if isinstance(raw, float) and abs(raw) >= MOST_EXACT:
            self.note(Code.PRECISION_LOST, place, column, f"{raw:.15g}", _shown_text(raw, shown))
        if isinstance(raw, str) or shown is None or not shown.strip():
            self.check_shown(column, raw, place, shown)
        text = clean_text(_shown_text(raw, shown))
        if column.kind is Kind.TEXT:
            return self._read_text(column, text, place)
        return self._read_choice(column, text, place) if column.kind is Kind.CHOICE else text

    def _as_shown(self, column: Column, raw: object, shown: str | None) -> object:
        """A number as the cell shows it: 80 % where that is its format and the column's unit may be %."""
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            return raw
        if column.kind is Kind.DATE and self.date_1904 and _SERIALS[0] <= raw <= _SERIALS[1]:
            return raw + DAYS_TO_1904
        return _percent_text(raw, shown) or raw if column.kind is Kind.QUANTITY else raw

    def day_of(self, number: float) -> object:
        """The day that a cell shows for a number; the number where there is no such day."""
        try:
            return from_serial(number + DAYS_TO_1904 * self.date_1904)
        except ValueError:
            return number

    def _year_in(self, day: date) -> int:
        """The year that was typed where a cell for days shows this one; 0 for any other number."""
        number = to_serial(day) - DAYS_TO_1904 * self.date_1904 if day.year >= FIRST_YEAR else 0
        return number if abs(number - self.year.year) <= YEARS_AROUND else 0

    def check_shown(
        self, column: Column, raw: object, place: Location, shown: str | None, unit: str = ""
    ) -> None:
        """Say where a cell shows something else than what it holds; `unit` is that of an amount's row."""
        if shown is None or isinstance(raw, bool) or not isinstance(raw, int | float | str | date):
            return
        if isinstance(raw, date):
            same = False  # a day is looked at only where less than it is shown
        elif isinstance(raw, str):
            same = shown.strip() == raw.strip()
        else:
            same = self._is_said(column, float(raw), shown, unit)
        if not same:
            held = describe(float(raw) if isinstance(raw, int | float) else raw)
            self.note(Code.SHOWN_SCALED, place, column, held, shown.strip() or say("blank"))

    def _is_said(self, column: Column, raw: float, shown: str, unit: str) -> bool:
        """Whether a cell shows the number it holds, or that amount in another unit: 1.2万 for 12345 元."""
        spoken = agree(shown, raw)
        if spoken and spoken.percent and column.kind not in {Kind.QUANTITY, Kind.PERCENT}:
            return False
        if spoken and not spoken.words:
            return True
        units = self.book.unit_table
        read = read_scaled(shown, units) if unit else None
        if read is None:
            return False
        reading, amount, rounding = read
        base = units.base(unit) if set(reading.scale) & set("万亿") else None
        given = reading.unit or (base.name if base else "")
        said, moved = units.convert(amount, given, unit), units.convert(rounding, given, unit)
        return bool(given) and said is not None and moved is not None and is_near(raw, said, moved)

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

    def note_reading(self, column: Column, reading: Reading, place: Location) -> None:
        """Say what a text was read as; `reading` of an amount is in the unit of its row."""
        value = reading.value
        if isinstance(value, float) and (abs(value) >= MOST_EXACT or _digits(reading.text) > EXACT_DIGITS):
            self.note(Code.PRECISION_LOST, place, column, reading.text or f"{value:.15g}", f"{value:,.15g}")
        if not reading.from_text or isinstance(reading.value, Nil):
            return
        bounds = [reading.value] if reading.high is None else [reading.value, reading.high]
        share = column.kind is Kind.PERCENT
        shown = "–".join(
            f"{bound * 100:.10g}%" if share and isinstance(bound, float) else describe(bound)
            for bound in bounds
        )
        shown += f" {reading.unit}" if column.kind is Kind.QUANTITY and reading.unit else ""
        code = Code.AMBIGUOUS_VALUE if reading.ambiguous else Code.READ_FROM_TEXT
        self.note(code, place, column, reading.text, shown)

    def _check_percent(self, column: Column, value: object, place: Location) -> None:
        if isinstance(value, float | int):
            if column.minimum is not None and value < column.minimum:
                limits = f"{column.minimum:.0%}–{column.maximum or 1:.0%}"
                self.note(Code.OUT_OF_RANGE, place, column, f"{value:.0%}", limits)
            elif round(value, 6) > 1:
                self.note(Code.ABOVE_ONE, place, column, f"{value:.0%}")

    def _read_text(self, column: Column, text: str, place: Location) -> str | None:
        if column.name and FORBIDDEN_IN_NAMES.search(text):
            self.note(Code.BAD_CHARACTER, place, column, text)
        if column.longest and len(text) > column.longest:
            self.note(Code.TOO_LONG, place, column, len(text), column.longest)
        return text or None

    def _read_choice(self, column: Column, text: str, place: Location) -> str | None:
        items = self.list_items(column.list)
        found = match_item(items, text)
        if found is not None:
            return found.key
        alike = _alike_item(items, text)
        if alike is not None:
            self.note(Code.LOOKALIKE, place, column, text, alike.title.to(self.lang))
            return alike.key
        if self.book.lists[column.list].open:
            if self.book.lists[column.list].source and items and not is_nil_text(text):
                near = _near_item(items, text)
                titles = list_words(item.title.to(self.lang) for item in items)
                self.note(Code.NOT_LISTED, place, column, text, near.title.to(self.lang) if near else titles)
            return text
        if column.place is Place.SHOWN and is_nil_text(text) and column.required is not True:
            return None
        near = _near_item(items, text)
        if near is not None:
            self.note(Code.NOT_IN_LIST_NEAR, place, column, text, near.title.to(self.lang))
            return None
        self.note(
            Code.NOT_IN_LIST, place, column, text, list_words(item.title.to(self.lang) for item in items)
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


def _alike_item(items: tuple[Item, ...], text: str) -> Item | None:
    """The one item that looks the same, in letters of another alphabet."""
    wanted = match_key(fold_lookalikes(text))
    alike = [
        item
        for item in items
        if any(match_key(fold_lookalikes(title)) == wanted for title in (*item.matches(), item.key))
    ]
    return alike[0] if len(alike) == 1 else None


def _near_item(items: tuple[Item, ...], text: str) -> Item | None:
    """The item that was perhaps meant: much more like the text than any other."""
    wanted = match_key(text)
    likeness = sorted(
        (
            (max(fuzz.ratio(wanted, match_key(title)) for title in item.matches()), at)
            for at, item in enumerate(items)
        ),
        reverse=True,
    )
    if not wanted or not likeness or likeness[0][0] < NEAR:
        return None
    clear = len(likeness) == 1 or likeness[0][0] - likeness[1][0] >= AHEAD
    return items[likeness[0][1]] if clear else None


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


def _is_plain(column: Column, shown: str, raw: object) -> bool:
    """Whether a cell that shows this shows the number it holds, and nothing more."""
    spoken = agree(shown, float(raw)) if isinstance(raw, int | float) else None
    return bool(spoken and not spoken.words and (column.kind is Kind.PERCENT or not spoken.percent))


def _said(value: object) -> str | Words:
    return value if isinstance(value, Words) else _as_text(value)


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, timedelta):  # as [h]:mm:ss shows it
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    if isinstance(value, float):
        return _number_text(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") if value.time() != time() else value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _number_text(value: float) -> str:
    """A number as a cell of no format shows it: fifteen digits, which is what Excel keeps."""
    text = f"{value:.15g}"
    return str(int(Decimal(text))) if "e+" in text and abs(value) < 1e21 else text


def _shown_text(value: object, shown: str | None) -> str:
    """A cell's value as its number format shows it, a percentage with all its digits."""
    if not isinstance(value, int | float) or isinstance(value, bool) or shown is None or not shown.strip():
        return _as_text(value)
    return _percent_text(value, shown) or shown


def _percent_text(value: float, shown: str | None) -> str:
    """A number that a cell shows as a percentage, as that; ``""`` for any other."""
    spoken = agree(shown, value) if shown and "%" in shown else None
    return f"{value * 100:.15g}%" if spoken and spoken.percent and not spoken.words else ""


def _digits(text: str) -> int:
    """How many digits stand in a text, leading zeros and those at the end not counted."""
    return len("".join(char for char in text if char.isdecimal()).strip("0"))


def describe(value: Value) -> str:
    """A value as a message shows it."""
    if isinstance(value, Span):
        return f"{value.start.isoformat()} – {value.finish.isoformat()}"
    if isinstance(value, float):
        return f"{value:,.10g}"
    return _as_text(value)
