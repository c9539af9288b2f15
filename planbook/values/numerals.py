"""Numbers as they are written: digits in every grouping, 万 and 亿, and Chinese numerals."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import Final, NamedTuple

CHINESE_DIGITS: Final = "〇零一二三四五六七八九"
_FORMAL: Final = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟", "一二三四五六七八九十百千")
_DIGIT: Final = {"〇": 0, "零": 0, "两": 2} | {char: at for at, char in enumerate("一二三四五六七八九", 1)}
_SMALL: Final = {"十": 10, "百": 100, "千": 1000}
_LARGE: Final = {"万": 10**4, "亿": 10**8}
_POSITIONAL: Final = re.compile(f"[{CHINESE_DIGITS}]+")

_PLAIN: Final = r"(?:\d+(?:\.\d+)?|\.\d+)"
_GROUPED: Final = r"[1-9]\d{0,2}(?P<separator>[, '’])\d{3}(?:(?P=separator)\d{3})*(?:\.\d+)?"
_EUROPEAN: Final = r"[1-9]\d{0,2}(?:\.\d{3})+,\d+"
_DECIMAL_COMMA: Final = r"\d+,\d{1,2}|0,\d+"
# 5百分点 is five points, not 500 of anything.
_SCALE: Final = "[十百千]?[万亿]{1,2}|[十千]|百(?!分点)"
# What follows a number must not carry it on: 1,2345 is neither 1.23 nor 1 of anything.
_END: Final = r"(?![\d.,]*\d)"

_DIGITS: Final = re.compile(
    rf"(?:(?P<grouped>{_GROUPED})|(?P<european>{_EUROPEAN})|(?P<comma>{_DECIMAL_COMMA})"
    rf"|(?P<plain>{_PLAIN})(?P<exponent>[eE][+-]?\d{{1,3}})?){_END}"
)
_SCALED_PARTS: Final = re.compile(rf"(?:{_PLAIN}(?:{_SCALE})){{2,}}{_END}")
_SCALED_PART: Final = re.compile(rf"({_PLAIN})({_SCALE})")
_SCALE_AT: Final = re.compile(rf"\s*(?P<scale>{_SCALE})")
_NUMERAL: Final = re.compile(
    rf"(?:[〇零一二两三四五六七八九十千万亿]|百(?!分点))+(?:点[〇零一二三四五六七八九]+(?:{_SCALE})?)?"
)
_SCALES: Final = "亿万千"  # from the largest: those that say in what an amount is counted


def read_digits(text: str) -> str | None:
    """The text with the digits of every script as 0-9; None if it holds a digit that is no digit.

    ５ and ٥ are digits. A ①, a ⑴ or a ² counts, lists or raises to a power, and folding it would
    make 150 of ①50; only after a letter (m²) is it left for the unit.
    """
    digits: list[str] = []
    for char in text:
        category = unicodedata.category(char)
        if category == "No" and not (digits and digits[-1].isalpha()):
            return None
        digits.append(str(unicodedata.digit(char)) if category == "Nd" else char)
    return "".join(digits)


def scale_of(text: str) -> int:
    """What a scale word multiplies by: 万 is 10000, 百万 a million, 万亿 10^12."""
    factor = 1
    for char in text:
        factor *= (_SMALL | _LARGE)[char]
    return factor


class Number(NamedTuple):
    """An unsigned number found at the start of a text: `digits` times what `scale` says."""

    digits: Decimal
    scale: str
    """The scale words that follow the digits, "万", or the largest one in a numeral; empty if none."""
    rest: str
    """The text after the number and its scale."""
    doubtful: bool = False
    """Whether the number could mean another: 1,2 is 1.2 or a slip of the thousands comma."""
    in_words: bool = False
    """Whether it was written in Chinese numerals."""

    @property
    def amount(self) -> Decimal:
        """The number with its scale."""
        return self.digits * scale_of(self.scale)


def take_number(text: str) -> Number | None:
    """The number `text` starts with; None if it starts with none."""
    parts = _SCALED_PARTS.match(text)
    if parts:
        return _add_parts(text, parts)
    found = _DIGITS.match(text)
    if found is None:
        return _take_numeral(text)
    if found["grouped"]:
        digits = found["grouped"].replace(found["separator"], "")
    elif found["european"]:
        digits = found["european"].replace(".", "").replace(",", ".")
    elif found["comma"]:
        digits = found["comma"].replace(",", ".")
    else:
        digits = found["plain"] + (found["exponent"] or "")
    doubtful = bool(found["european"] or found["comma"])
    scale = _SCALE_AT.match(text, found.end())
    if scale is None:
        return Number(Decimal(digits), "", text[found.end() :], doubtful)
    return Number(Decimal(digits), scale["scale"], text[scale.end() :], doubtful)


def _add_parts(text: str, parts: re.Match[str]) -> Number | None:
    """1亿2000万: every part smaller than the scale of the one before it."""
    total = Decimal(0)
    limit: int | None = None
    for number, scale in _SCALED_PART.findall(parts[0]):
        factor = scale_of(scale)
        amount = Decimal(number) * factor
        if limit is not None and amount >= limit:
            return None
        total += amount
        limit = factor
    return _in_its_scale(total, parts[0], text[parts.end() :])


def _in_its_scale(value: Decimal, written: str, rest: str, *, in_words: bool = False) -> Number:
    """An amount counted in the largest scale it was written with: 十五万 is 15 of 万, as 15万 is."""
    scale = next((char for char in _SCALES if char in written), "")
    return Number(value / scale_of(scale), scale, rest, in_words=in_words)


def _take_numeral(text: str) -> Number | None:
    found = _NUMERAL.match(text.translate(_FORMAL))
    value = read_numeral(found[0]) if found else None
    if found is None or value is None:
        return None
    return _in_its_scale(value, found[0], text[found.end() :], in_words=True)


def read_numeral(text: str) -> Decimal | None:
    """A number in Chinese numerals: 一百二十, 两千, 三万五 (35000), 二〇二四, 三点五, 一点二亿, 壹佰.

    None for what is no numeral, and for 两三 or 七八, which mean "two or three".
    """
    whole, point, decimals = text.translate(_FORMAL).partition("点")
    value = _read_positional(whole) if _POSITIONAL.fullmatch(whole) else _read_whole(whole)
    if value is None or not point:
        return None if value is None else Decimal(value)
    fraction = decimals.rstrip("十百千万亿")
    if not _POSITIONAL.fullmatch(fraction):
        return None
    digits = Decimal(f"{value}." + "".join(str(_DIGIT[char]) for char in fraction))
    return digits * scale_of(decimals[len(fraction) :])


def _read_positional(text: str) -> int | None:
    if len(text) == 2 and not set(text) & {"〇", "零"}:
        return None
    return int("".join(str(_DIGIT[char]) for char in text))


def _read_whole(text: str) -> int | None:
    """Sections below 万 and 亿, from the largest down: 三亿 五千万 二百."""
    for char, factor in (("亿", 10**8), ("万", 10**4)):
        head, found, tail = text.rpartition(char)
        if not found:
            continue
        if head in {"零", "〇"} and not tail:  # 零万, as in 零万元
            return 0
        upper = _read_whole(head)
        if upper is None or (char == "万" and upper >= factor):
            return None
        lower = _read_tail(tail, factor)
        return None if lower is None else upper * factor + lower
    return _read_section(text)


def _read_tail(text: str, factor: int) -> int | None:
    if not text:
        return 0
    if len(text) == 1 and text in _DIGIT:  # 三万五 is 35000, but 三万零五 is 30005
        return _DIGIT[text] * factor // 10
    lower = _read_whole(text)
    return lower if lower is not None and lower < factor else None


def _read_section(text: str) -> int | None:
    """A number below 10000: 一千零五十, 一百二 (120), 十二."""
    total, digit, last, zero = 0, None, 10_000, False
    for char in text:
        if char in "〇零":
            if digit is not None:
                return None
            zero = True
        elif char in _DIGIT:
            if digit is not None:
                return None
            digit = _DIGIT[char]
        elif char in _SMALL and _SMALL[char] < last:
            if digit is None and char != "十":
                return None
            total += (1 if digit is None else digit) * _SMALL[char]
            digit, last, zero = None, _SMALL[char], False
        else:
            return None
    if digit is not None:
        total += digit if zero or last in (10, 10_000) else digit * last // 10
    elif zero or not text:
        return None
    return total
