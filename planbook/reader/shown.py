"""What a cell shows where its number format says something else than the value it holds.

A person fills in what is seen: 5万 where 5 is stored, nothing where ``;;;`` hides it.  Formats are
those of ECMA-376 part 1, 18.8.31; only as much of them is drawn as tells which number a person
reads.  How many decimals are shown, and whether as a fraction or with an exponent, is no other number;
red in place of a minus is drawn as one, since Excel offers it so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from planbook.calendar import to_serial
from planbook.values import Reading, UnitNames, normalise_text, read_quantity
from planbook.values.numerals import read_numeral
from planbook.values.text import fold_dashes

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?'
    r"|[\\!](?P<escaped>.)"
    r"|[_*].?"  # a gap as wide as the next character, or cells filled with it
    r"|\[\$(?P<currency>[^\]-]*)[^\]]*\]"
    r"|\[(?P<bracket>[^\]]*)\]?"
    r"|(?P<general>General|G/通用格式|Standard)"
    r"|(?P<exponent>E[+-])"
    r"|(?P<date>AM/PM|A/P|上午/下午|[ymdhsebg]|a{3,4})"
    r"|(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<text>@)|(?P<slash>/)|(?P<plain>.)",
    re.DOTALL | re.IGNORECASE,
)
_WHITE = re.compile(r"\[(?:white|白色?|(?:color|颜色) ?2)\]", re.IGNORECASE)
_COLOUR = re.compile(
    r"black|blue|cyan|green|magenta|red|white|yellow|[黑蓝青绿洋红白黄]+色?|(?:color|颜色) ?\d+",
    re.IGNORECASE,
)
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_DIGITS_OF = re.compile(r"(?:dbnum|natnum)\d+.*", re.IGNORECASE)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)")
_SPLIT = re.compile(r'(?:"[^"]*"?|[\\!_*].?|\[[^\]]*\]?|[^;])*', re.DOTALL)
_CLOCK_LETTERS = frozenset("ymdhs")
PROBES = (0.0, 7.0, -7.0, 1_234_567.0)  # values that tell a format which shows something else
MOST_DECIMALS = 20
LONGEST = 255  # characters of a format, says Excel; a number that takes more is none a person reads
_MOST_SHOWN = 32_767  # characters of a cell
_MOST_SCALES = 100  # signs that scale; more of them would leave the range of numbers
_HUGE = 308  # the largest power of ten

Part = tuple[str, str]  # the kind of a piece of a format, and its text


@dataclass(frozen=True, slots=True)
class _Section:
    """One of the up to four sections of a format: for positive and negative numbers, zero, and text."""

    parts: tuple[Part, ...]
    condition: tuple[str, float] | None = None
    date: str = ""  # the letters of days and times it has
    red: bool = False  # without any sign of its own
    white: bool = False  # it is there, and nobody sees it

    def has(self, kind: str) -> bool:
        """Whether a piece of that kind stands in it."""
        return any(found == kind for found, _ in self.parts)


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_Section, ...]:
    texts: list[str] = []
    at = 0
    code = code[:LONGEST]
    while at <= len(code) and len(texts) < 8:
        found = _SPLIT.match(code, at)
        assert found is not None, "the pattern matches the empty text"
        texts.append(found[0])
        at = found.end() + 1
    return tuple(_section(text) for text in texts)


def _section(text: str) -> _Section:
    parts: list[Part] = []
    condition: tuple[str, float] | None = None
    date, red, white = "", False, bool(_WHITE.search(text))
    for token in _TOKEN.finditer(text):
        kind, piece = token.lastgroup or "", token[token.lastgroup] if token.lastgroup else ""
        if kind == "bracket":
            bounds = _CONDITION.fullmatch(piece)
            condition = (bounds[1], float(bounds[2])) if bounds else condition
            date += piece if _ELAPSED.fullmatch(piece) else ""
            red |= piece.lower() == "red"
        elif kind == "date":
            date += piece.lower()
        elif kind in {"quoted", "escaped", "currency", "plain"}:
            parts.append(("literal", piece))
        elif kind:
            parts.append((kind, piece))
    red &= not any(sign in piece for kind, piece in parts if kind == "literal" for sign in "-(")
    return _Section(() if white else tuple(_whole_number(parts)), condition, date, red, white)


def _whole_number(parts: list[Part]) -> Iterator[Part]:
    """The pieces; those of a fraction or a number with an exponent as the one number they show."""
    digits = [at for at, (kind, _) in enumerate(parts) if kind == "digit"]
    signs = [at for at, (kind, _) in enumerate(parts) if kind == "exponent" or _is_fraction(parts, at)]
    last = max(digits + signs, default=-1)
    while signs and last + 1 < len(parts) and parts[last][0] == "slash" and parts[last + 1][1].isdecimal():
        last += 1  # ?/8: a denominator that is given
    for at, (kind, piece) in enumerate(parts):
        if not (signs and digits and digits[0] <= at <= last):
            yield ("literal", piece) if kind == "slash" else (kind, piece)
        elif at == last:
            yield ("general", "")


def _is_fraction(parts: Sequence[Part], at: int) -> bool:
    """Whether a slash makes a fraction: a place for a digit before it, another or a number behind it."""
    if parts[at][0] != "slash" or not 0 < at < len(parts) - 1:
        return False
    kind, piece = parts[at + 1]
    return parts[at - 1][0] == "digit" and (kind == "digit" or (kind == "literal" and piece.isdecimal()))


def is_damaged(code: str) -> bool:
    """Whether a format is none that a program applies: ExcelJS writes ``[object Object]`` for another."""
    brackets = (token["bracket"] for token in _TOKEN.finditer(code) if token["bracket"])
    known = (_COLOUR, _ELAPSED, _CONDITION, _DIGITS_OF)
    return any(not any(form.fullmatch(text) for form in known) for text in brackets)


def is_day_format(code: str) -> bool:
    """Whether a number format shows a number as a day or a time."""
    return bool(_sections(code)[0].date)


def is_odd_day_format(code: str) -> bool:
    """Whether it does so without any of the letters by which parsers know days: weekdays, years of an era."""
    letters = _sections(code)[0].date
    return bool(letters) and not set(letters) & _CLOCK_LETTERS


def hides_day(code: str) -> bool:
    """Whether it shows less of a day than its month: a weekday, a year, a time, nothing in white."""
    letters = set(_sections(code)[0].date)
    minutes = bool(letters & set("hs")) and not letters & set("yd")
    return bool(letters) and ("m" not in letters or minutes or _sections(code)[0].white)


def show_any(code: str, value: float | str | date) -> str | None:
    """What a cell with this number format shows; None for a day that can be told, and in a day's format.

    Of a day that cannot, it is the format itself: what a weekday is called depends on who looks.
    """
    if not is_day_format(code):
        return show(code, to_serial(value) if isinstance(value, date) else value)
    if not isinstance(value, date) or not hides_day(code):
        return None
    return "" if _sections(code)[0].white else code


def without_white(code: str) -> str:
    """A format for a ground on which its white text is seen."""
    return _WHITE.sub("", code)


@lru_cache(maxsize=1024)
def is_telling(code: str) -> bool:
    """Whether a number format may show something else than the value, as in digits it would be written."""
    sections = _sections(code)
    if sections[0].date or len(code) > LONGEST:
        return not sections[0].date
    if any(section.condition for section in sections) or show(code, "a") != "a":
        return True
    return any(_is_other(show(code, probe), probe) for probe in PROBES)


def _is_other(shown: str, value: float) -> bool:
    spoken = agree(shown, value)
    padded = len(shown) > 1 and shown[0] == "0" and shown[1].isdigit()
    return spoken is None or spoken.percent or bool(spoken.words) or padded


# -- drawing ---------------------------------------------------------------------------------


def show(code: str, value: float | str) -> str:
    """What a cell with this number format shows, days and times left aside."""
    if len(code) > LONGEST:
        return "…"
    sections = _sections(code)
    text = sections[3] if len(sections) > 3 else next((s for s in sections if s.has("text")), None)
    if isinstance(value, str):
        if text is None:
            return value
        return "".join(value if kind == "text" else piece for kind, piece in text.parts)[:_MOST_SHOWN]
    numbers = [section for section in sections[:3] if section is not text]
    if not numbers:
        return _draw(sections[0], abs(value), minus=value < 0)
    section, minus = _choose(numbers, value)
    return _draw(section, abs(value), minus=minus)


def _choose(sections: Sequence[_Section], value: float) -> tuple[_Section, bool]:
    """The section that a number is drawn by, and whether a minus stands before it."""
    if any(section.condition for section in sections):
        for section in sections:
            if section.condition is None or _holds(section.condition, value):
                sign, bound = section.condition or ("", 0.0)
                signed = sign not in {"<", "<="} or bound > 0 or section.red
                return section, value < 0 and signed
        return sections[-1], value < 0
    if len(sections) == 1:
        return sections[0], value < 0
    if value < 0:
        return sections[1], sections[1].red
    return (sections[2] if value == 0 and len(sections) > 2 else sections[0]), False


def _holds(condition: tuple[str, float], value: float) -> bool:
    sign, bound = condition
    return {
        "<": value < bound,
        ">": value > bound,
        "<=": value <= bound,
        ">=": value >= bound,
        "=": value == bound,
        "<>": value != bound,
    }[sign]


def _draw(section: _Section, number: float, *, minus: bool) -> str:
    parts = section.parts
    number *= 100.0 ** min(_MOST_SCALES, sum(kind == "percent" for kind, _ in parts))
    point = next((at for at, (kind, _) in enumerate(parts) if kind == "point"), len(parts))
    whole = [at for at, (kind, _) in enumerate(parts) if kind == "digit" and at < point]
    decimals = [at for at, (kind, _) in enumerate(parts) if kind == "digit" and at > point]
    commas = [at for at, (kind, _) in enumerate(parts) if kind == "comma"]
    last = whole[-1] if whole else -1
    number /= 1000.0 ** min(_MOST_SCALES, sum(at > last for at in commas))
    digits, _, rest = f"{number:.{min(len(decimals), MOST_DECIMALS)}f}".partition(".")
    drawn = {at: "" for at in commas}
    drawn |= _draw_whole(parts, whole, digits, grouped=any(at < last for at in commas))
    drawn |= _draw_decimals(parts, decimals, rest)
    for at, (kind, _) in enumerate(parts):
        if kind in {"general", "text"}:
            drawn[at] = f"{number:.15g}"
    shown = "".join(drawn.get(at, piece) for at, (_, piece) in enumerate(parts))
    return "-" + shown if minus and shown else shown


def _draw_whole(
    parts: Sequence[Part], places: Sequence[int], digits: str, *, grouped: bool
) -> dict[int, str]:
    """The digits before the point in their places, the first of which takes all that are left."""
    if digits == "0" and not any(parts[at][1] == "0" for at in places):
        digits = ""
    if not places:
        return {}
    if grouped:
        least = sum(parts[at][1] == "0" for at in places)
        padded = digits.rjust(least, "0")
        first = len(padded) % 3 or 3
        groups = [padded[:first], *(padded[at : at + 3] for at in range(first, len(padded), 3))]
        return dict.fromkeys(places, "") | {places[0]: ",".join(groups)}
    drawn = {}
    for at in reversed(places):
        taken = digits if at == places[0] else digits[-1:]
        digits = digits[: len(digits) - len(taken)]
        drawn[at] = taken or ("0" if parts[at][1] == "0" else "")
    return drawn


def _draw_decimals(parts: Sequence[Part], places: Sequence[int], digits: str) -> dict[int, str]:
    drawn = dict(zip(places, digits.ljust(len(places), "0"), strict=False))
    for at in reversed(places):
        if parts[at][1] == "0" or drawn[at] != "0":
            break
        drawn[at] = ""
    return drawn


# -- what is seen, and what is stored ----------------------------------------------------------

_NUMBER = re.compile(r"(?:\d(?:[\d.,' ]*\d)?|[.,]\d+)(?:[eE][+-]?\d+)?")
_FRACTION = re.compile(r"(?<!\d)(?:(\d+) +)?(\d+) ?/ ?(\d+)")
_LONE_POINT = re.compile(r"(?<=\d)[.,](?![\d.,])")  # 0.### shows 7 as 7.
_DECIMAL_COMMA = re.compile(r"[\d. ']*,(?:\d{1,2}|\d{4,})")
_SIGNS = re.compile(r"[-+() ']")


@dataclass(frozen=True, slots=True)
class Spoken:
    """The words beside a number that a cell shows; `percent`: a sign that multiplies by a hundred."""

    words: str = ""
    percent: bool = False


def agree(shown: str, value: float) -> Spoken | None:
    """What stands beside the number in a text, where that is `value`, rounded; None where it is another."""
    if len(shown) > LONGEST:
        return None
    text = _plain(shown)
    fraction = _FRACTION.search(text)
    found = [fraction] if fraction else list(_NUMBER.finditer(text))
    if not found:
        numeral = read_numeral(text.strip("-")) if text else None
        return Spoken() if numeral is not None and float(numeral) == abs(value) else None
    if len(found) > 1:
        return None
    before, after = text[: found[0].start()], text[found[0].end() :]
    if after.strip() == "-" or "-" in before or ("(" in before and ")" in after):
        value = -value
    words = _SIGNS.sub("", before + after)
    numbers = [_of_fraction(fraction)] if fraction else list(_numbers(found[0][0]))
    if "%" in words and any(is_near(value * 100, *number) for number in numbers):
        return Spoken(words.replace("%", ""), percent=True)
    return Spoken(words) if any(is_near(value, *number) for number in numbers) else None


def _plain(shown: str) -> str:
    return _LONE_POINT.sub("", fold_dashes(normalise_text(shown)))


def read_scaled(shown: str, units: UnitNames) -> tuple[Reading, float, float] | None:
    """What a text says with its unit, its amount, and how far rounding may have moved that."""
    text = _plain(shown) if len(shown) <= LONGEST else ""
    reading, found = read_quantity(text, units), _NUMBER.search(text)
    if reading is None or reading.ambiguous or not isinstance(reading.value, float) or not found:
        return None
    for number, rounding in _numbers(found[0]):
        if number:
            return reading, reading.value, rounding * abs(reading.value / number)
    return None


def _of_fraction(found: re.Match[str]) -> tuple[float, float]:
    below = int(found[3]) or 1
    return int(found[1] or 0) + int(found[2]) / below, 0.5 / below


def _numbers(text: str) -> Iterator[tuple[float, float]]:
    """The numbers that a text may be, each with how far rounding may have moved it."""
    bare = text.replace(" ", "").replace("'", "")
    readings = [] if text.startswith(",") else [bare.replace(",", "")]
    if _DECIMAL_COMMA.fullmatch(text):
        readings.append(bare.replace(".", "").replace(",", "."))
    for reading in readings:
        digits, _, power = reading.lower().partition("e")
        if digits.count(".") < 2 and abs(int(power or 0)) <= _HUGE:
            decimals = len(digits.partition(".")[2])
            yield float(reading), 0.5 * 10.0 ** (int(power or 0) - decimals)


def is_near(value: float, number: float, rounding: float) -> bool:
    """Whether a number may be shown as another, which was rounded by so much."""
    return abs(value - number) <= rounding * (1 + 1e-9) + 1e-12 * abs(value)
