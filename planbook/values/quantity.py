"""Amounts and percentages as people type them: 1.2亿元, 约50, ≥90分, (1,000), 八成."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Final, NamedTuple, Protocol

from planbook.values.numerals import Number, read_digits, read_numeral, scale_of, take_number
from planbook.values.reading import BLANK, Reading, read_absence
from planbook.values.text import clean_text, fold_dashes, match_key, normalise_text, simplify

LONGEST_TEXT: Final = 100
"""No amount takes more characters than this; longer text is prose."""

_LARGEST: Final = 1e300
_LONGEST_UNIT: Final = 6


class UnitNames(Protocol):
    """What reading an amount needs of a unit table: the unit a text names."""

    def find(self, text: str) -> NamedUnit | None:
        """The unit `text` names, or None."""


class NamedUnit(Protocol):
    """A unit with its canonical spelling."""

    @property
    def name(self) -> str:
        """The canonical spelling."""


class _NoUnits:
    def find(self, text: str) -> NamedUnit | None:
        return None


class _Amount(NamedTuple):
    value: Decimal
    unit: str
    doubtful: bool = False
    scale: str = ""


_CURRENCIES: Final = {
    **dict.fromkeys(["¥", "rmb", "cny", "人民币", "圆"], "元"),
    **dict.fromkeys(["$", "us$", "usd", "美金"], "美元"),
    **dict.fromkeys(["€", "eur"], "欧元"),
    **dict.fromkeys(["£", "gbp"], "英镑"),
    **dict.fromkeys(["hk$", "hkd", "港币"], "港元"),
}
_CURRENCY: Final = re.compile("(?:人民币|美金|港币|rmb|cny|usd|eur|gbp|hkd|us\\$|hk\\$|[¥$€£])\\s*", re.I)

_VAGUE_BEFORE: Final = re.compile(
    "(?:大约为?|大概|大致|约为?|将近|接近|近|[~≈]|about|around|roughly|approx(?:imately|\\.)?|circa|ca?\\.)\\s*",
    re.I,
)
_VAGUE_AFTER: Final = re.compile("\\s*(?:左右|上下|\\(约\\))$")
_BOUND_BEFORE: Final = re.compile(
    "(?:[≥≤≧≦⩾⩽><]=?|=[<>]?|不[低少小]于|不[高多大]于|不超过?|不足|[大小](?:于或?)?等于|[大小高低多少]于|超过|突破"
    "|至[少多]|最[少多低高]|达到?|已?完成|(?:提[升高]|增加?|上升|降低?|减少?|下降|缩短|控制)[至到在]"
    "|no (?:less|more|fewer) than|not (?:less|more) than|(?:more|less|fewer) than|at (?:least|most)"
    "|up to|over|under|above|below|min\\.?|max\\.?)\\s*",
    re.I,
)
_BOUND_AFTER: Final = re.compile(
    "\\s*(?:(?:及|或|\\(含\\))?以[上下内]|之内|(?<=.)内|起|整|\\+|or (?:more|less)"
    "|(?:(?<=%)|(?<=% ))已?完成)$",
    re.I,
)
_REMARK: Final = re.compile("(?<=[^\\s(])\\s*\\([^()]*\\)$")
_IN_BRACKETS: Final = re.compile(r"\((?P<inside>[^()]*\d[^()]*)\)\s*(?P<unit>[^()\d]*)")
_SIGN: Final = re.compile(r"(?:(?P<minus>-|负|minus )|\+)\s*", re.I)
_PER_HUNDRED: Final = re.compile(r"(?P<sign>负|-)?(?P<base>[百千])分之(?P<number>.+)")
_SOME_MORE: Final = re.compile("[多余]")
_SEPARATOR: Final = re.compile(r"\s*(?:[-~至到]|\bto\b)\s*")
# Letters of any script, with the signs that units are made of; no digits, in either script, and no halves.
_UNIT: Final = re.compile(r"(?![OoIl]+$)(?:[^\W\d_〇零一二两三四五六七八九十几半]|[%‰°/·$¥€£])+")
_SLANG: Final = {"w": "万", "k": "千", "m": "百万", "bn": "十亿"}
_ENGLISH: Final = {"thousand": "千", "million": "百万", "mn": "百万", "billion": "十亿", "bn": "十亿"}


def read_quantity(raw: object, units: UnitNames) -> Reading | None:
    """The amount typed in a cell that asks for one, with the unit typed beside it.

    A unit the table knows comes back in its canonical spelling and the number is left in it
    (1.2亿元 is 1.2 of 亿元); 万 and 亿 without one multiply (1.2亿 is 120000000). Bounds are
    dropped (50家以上 is 50 家), a range fills `value` and `high`, and what is vague (约50) or
    could be another number (1,2) is ambiguous. None if no amount can be read.
    """
    if raw is None:
        return BLANK
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int | float):
        return Reading(float(raw) + 0.0) if _is_sane(raw) else None
    if not isinstance(raw, str):
        return None
    absent = read_absence(raw)
    if absent is not None or len(raw) > LONGEST_TEXT:
        return absent
    digits = read_digits(raw)
    if digits is None:
        return None
    share = _read_tenths(raw)
    if share is not None:  # of what, the row's unit must say
        return Reading(round(share * 100, 9), unit="%", text=clean_text(raw), ambiguous=raw.strip() == "一半")
    reading = _read_vague(simplify(fold_dashes(normalise_text(digits))).rstrip("。;,、 "), units)
    return None if reading is None else replace(reading, text=clean_text(raw))


def read_percent(raw: object) -> Reading | None:
    """The fraction typed in a percent column: 80% and 八成 are 0.8, 已完成 is 1.

    A bare number is taken as it stands, so 80 without a sign is 80.0: above 1, which the caller
    must question. None if no percentage can be read.
    """
    if not isinstance(raw, str):
        return read_quantity(raw, _NoUnits())
    stated = (_STATED | _STATED_NONE).get(match_key(raw))
    fraction = _read_tenths(raw) if stated is None else stated
    if fraction is not None:
        return Reading(fraction, text=clean_text(raw))
    reading = read_quantity(raw, _NoUnits())
    if reading is None or not isinstance(reading.value, float):
        return reading
    divisor = {"": 1, "%": 100, "‰": 1000}.get(reading.unit)
    if divisor is None:
        return None
    high = None if reading.high is None else _divide(reading.high, divisor)
    vague = reading.ambiguous or high is not None
    return replace(reading, value=_divide(reading.value, divisor), high=high, unit="", ambiguous=vague)


_STATED: Final = dict.fromkeys(
    map(match_key, ["完成", "已完成", "全部完成", "done", "completed", "complete"]), 1.0
)
_STATED_NONE: Final = dict.fromkeys(map(match_key, ["未开始", "未启动", "尚未开始", "not started"]), 0.0)
_TENTHS: Final = re.compile(
    r"(?P<tenths>\d{1,2}(?:\.\d+)?|[一二两三四五六七八九十])成(?P<half>半|[一二三四五六七八九])?"
)


def _read_tenths(text: str) -> float | None:
    """一半 and 八成五: the shares that are said in words."""
    key = match_key(text)
    tenths = _TENTHS.fullmatch(key)
    if tenths is None:
        return 0.5 if key == "一半" else None
    whole = Decimal(tenths["tenths"]) if tenths["tenths"][0].isdigit() else read_numeral(tenths["tenths"])
    part = Decimal(5) if tenths["half"] == "半" else read_numeral(tenths["half"] or "零")
    return None if whole is None or part is None else float((whole * 10 + part) / 100)


def _divide(value: float, divisor: int) -> float:
    return float(Decimal(repr(value)) / divisor)


def _is_sane(value: float | Decimal) -> bool:
    return -_LARGEST <= value <= _LARGEST  # false for nan too


def _read_vague(text: str, units: UnitNames) -> Reading | None:
    """The amount without the words around it that bound it or make it vague."""
    vague = False
    while True:
        bare = _BOUND_AFTER.sub(
            "", _BOUND_BEFORE.sub("", text, count=1) if _BOUND_BEFORE.match(text) else text
        )
        certain = bare
        if _VAGUE_BEFORE.match(bare):
            bare = _VAGUE_BEFORE.sub("", bare, count=1)
        bare = _VAGUE_AFTER.sub("", bare)
        vague = vague or bare != certain
        if bare == text:
            break
        text = bare
    reading = _read_bare(text, units)
    if reading is None and _REMARK.search(text):
        reading, vague = _read_bare(_REMARK.sub("", text), units), True
    return replace(reading, ambiguous=reading.ambiguous or vague) if reading else None


def _read_bare(text: str, units: UnitNames) -> Reading | None:
    amount = _read_amount(text, units)
    if amount is not None:
        return _as_reading(amount)
    return _read_range(text, units)


def _as_reading(amount: _Amount, high: _Amount | None = None) -> Reading | None:
    bounds = [amount] if high is None else [amount, high]
    if not all(_is_sane(bound.value) for bound in bounds):
        return None
    return Reading(
        float(amount.value) + 0.0,
        unit=bounds[-1].unit,
        high=None if high is None else float(high.value) + 0.0,
        ambiguous=any(bound.doubtful for bound in bounds),
        scale="" if bounds[-1].unit else bounds[-1].scale,
    )


def _read_range(text: str, units: UnitNames) -> Reading | None:
    """90–95分, 3-5万: the lower end takes the unit, and the scale if it fits, of the upper."""
    for separator in _SEPARATOR.finditer(text, 1):
        low = _read_amount(text[: separator.start()], units)
        high = _read_amount(text[separator.end() :], units)
        if low is None or high is None or low.unit not in ("", high.unit):
            continue
        scaled = low.value * scale_of(high.scale)
        if not low.scale and scaled <= high.value:
            low = low._replace(value=scaled)
        elif not low.scale and len(high.scale) > 1:  # 100-1千万 may start at a million
            low = low._replace(doubtful=True)
        return _as_reading(low, high) if low.value <= high.value else None
    return None


def _read_amount(text: str, units: UnitNames) -> _Amount | None:
    """One signed amount with its unit and nothing else."""
    share = _PER_HUNDRED.fullmatch(text)
    if share:
        number = take_number(share["number"])
        if number is None or number.rest:
            return None
        value = -number.amount if share["sign"] else number.amount
        return _Amount(value, "%" if share["base"] == "百" else "‰", number.doubtful)
    rest, negative, signed = _take_sign(text)
    currency = _CURRENCY.match(rest)
    if currency:
        rest = rest[currency.end() :]
        if not signed:
            rest, negative, signed = _take_sign(rest)
    brackets = None if signed else _IN_BRACKETS.fullmatch(rest)
    if brackets:
        rest, negative = brackets["inside"].strip() + brackets["unit"], True
        if not rest[:1].isdigit():
            return None
    number = take_number(rest)
    if number is None:
        return None
    amount = _with_unit(number, units)
    if amount is None or (currency and not amount.unit):
        symbol = currency[0].strip() if currency else ""
        return amount and _signed(amount._replace(unit=_unit_name(symbol, units)), negative)
    if currency and amount.unit.lstrip("十百千万亿") != _unit_name(currency[0].strip(), units):
        return None  # 人民币5万美元
    return _signed(amount, negative)


def _take_sign(text: str) -> tuple[str, bool, bool]:
    """The text after its sign, whether the sign was a minus, and whether there was one."""
    sign = _SIGN.match(text)
    if sign is None:
        return text, False, False
    return text[sign.end() :], sign["minus"] is not None, True


def _signed(amount: _Amount, negative: bool) -> _Amount:
    return amount._replace(value=-amount.value) if negative else amount


def _with_unit(number: Number, units: UnitNames) -> _Amount | None:
    """The number with the unit in the rest of its text: a known one first, then a scale, then any."""
    doubtful = number.doubtful
    rest = number.rest.strip()
    if _SOME_MORE.match(rest):  # 50多家
        doubtful, rest = True, rest[1:].strip()
        more = number._replace(rest=rest)
        number = more if number.scale or not rest else (_rescale(more) or more)
        rest = number.rest.strip()
    if not rest:
        return _Amount(number.amount, "", doubtful, number.scale)
    known = units.find(number.scale + rest) if number.scale else None
    if known:
        return _Amount(number.digits, known.name, doubtful)
    if units.find(rest) is None:
        for words, sure in ((_ENGLISH, True), (_SLANG, False)):
            word, _, unit = rest.partition(" ")
            scale = words.get(word.casefold())
            if not scale and units.find(word[1:]):  # 1500W元
                scale, unit = words.get(word[:1].casefold()), rest[1:]
            if scale and not number.scale:
                scaled = Number(number.digits, scale, unit, doubtful or not sure)
                return _with_unit(scaled, units)
    unit = _unit_name(rest, units)
    if not unit:
        return None
    guessed = number.in_words and units.find(rest) is None and unit not in _CURRENCIES.values()
    return _Amount(number.amount, unit, doubtful or guessed, number.scale)


def _rescale(number: Number) -> Number | None:
    """100多万: the scale stands after the 多."""
    scaled = take_number("1" + number.rest)
    return number._replace(scale=scaled.scale, rest=scaled.rest) if scaled and scaled.scale else None


def _unit_name(text: str, units: UnitNames) -> str:
    """The canonical spelling of a unit; of an unknown one the text itself, if it could be one."""
    known = units.find(text) or units.find(_CURRENCIES.get(text.casefold(), text))
    if known:
        return known.name
    if text.casefold() in _CURRENCIES:
        return _CURRENCIES[text.casefold()]
    bare = text.replace(" ", "")
    if bare.endswith("元人民币"):
        return _unit_name(bare.removesuffix("人民币"), units)
    return bare if len(bare) <= _LONGEST_UNIT and _UNIT.fullmatch(bare) else ""
