"""What the styles of a workbook say of the values in them: formats that tell another number, unseen text.

Text is unseen where its colour is that of the ground, or its letters are too small for anybody.  Only
what is certain counts: a ground of one colour, colours that are written out or stand in the theme.
"""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

from planbook.reader.shown import hides_day, is_damaged, is_odd_day_format, is_telling, without_white

Colour = tuple[int, int, int] | str  # red, green, blue; or what a colour nobody looked up is called

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
_ALIKE = 16  # of 255: colours that differ by no more look the same
_SMALLEST = 2.0  # points: smaller letters nobody reads
_PALETTE: Sequence[Colour] = 2 * (
    BLACK, WHITE, (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (255, 0, 255), (0, 255, 255),
)  # fmt: skip
AUTOMATIC = "automatic"  # black in Excel, what can be seen on its ground in LibreOffice
_SYSTEM: Mapping[int, Colour] = MappingProxyType(
    {64: AUTOMATIC, 65: WHITE, 0x7FFF: AUTOMATIC}
)  # of text, of its ground
_THEME = re.compile(rb'<a:(dk1|lt1|dk2|lt2|accent[1-6])>\s*<a:\w+ (?:[^>]*lastClr|val)="([0-9A-Fa-f]{6})"')
_ORDER = ("lt1", "dk1", "lt2", "dk2", *(f"accent{n}" for n in range(1, 7)))  # as cells count them
_UNTOLD = MappingProxyType({"lt1": "FFFFFF", "dk1": "000000"})  # by a file without a theme

_DAY = 'yyyy"年"m"月"d"日"'
_ACCOUNT = '_-* {0}_-;-* {0}_-;_-* "-"_-;_-@_-'
# Formats that have a number instead of a text, where they show something else than the value: East Asian
# days, which parsers take for numbers, and accounting, which shows a zero as a dash.
BUILT_IN: Mapping[int, str] = MappingProxyType(
    {9: "0%", 10: "0.00%"}
    | dict.fromkeys((*range(27, 37), *range(50, 59)), _DAY)
    | dict.fromkeys((41, 42), _ACCOUNT.format("#,##0"))
    | dict.fromkeys((43, 44), _ACCOUNT.format("#,##0.00"))
)


@dataclass(frozen=True)
class Styles:
    """What a workbook's styles say: by the number of a cell style, and by that of a conditional one.

    `formats` are the number formats that may show a value otherwise than it is stored, `unseen` the
    styles whose text nobody sees; `conditional` has both kinds of conditional styles, ``""`` for unseen.
    """

    formats: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    unseen: frozenset[int] = frozenset()
    conditional: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    colours: _Colours | None = None

    def told_by(self, written: bytes) -> str | None:
        """What a conditional style says that stands where it is used, as XML without its namespaces."""
        bare = re.sub(rb"(</?)[\w.-]{1,40}:", rb"\1", written)
        try:
            style = ElementTree.fromstring(bare, forbid_dtd=True)
        except ElementTree.ParseError:
            return None
        return next(_conditional(style, self.colours or _Colours(style)), None)


def read_styles(styles: Element, theme: bytes | bytearray = b"") -> Styles:
    """The telling styles of an .xlsx, from its styles and its theme."""
    codes = {_number(e.get("numFmtId"), -1): e.get("formatCode", "") for e in _children(styles, "numFmts")}
    colours = _Colours(styles, theme)
    fonts = [_font(font, colours) for font in _children(styles, "fonts")]
    fills = [_ground(fill, colours) for fill in _children(styles, "fills")]
    numbers: list[int] = []
    unseen, dark = set(), set()
    for at, style in enumerate(_children(styles, "cellXfs")):
        numbers.append(_number(style.get("numFmtId")))
        font, fill = _number(style.get("fontId")), _number(style.get("fillId"))
        text = fonts[font] if font < len(fonts) else AUTOMATIC
        ground = fills[fill] if fill < len(fills) else WHITE
        if text is None or is_unseen(text, ground):
            unseen.add(at)
        if not is_unseen(WHITE, ground):
            dark.add(at)
    formats = choose_telling(numbers, codes, dark)
    conditional = enumerate(_children(styles, "dxfs"))
    told = {at: code for at, style in conditional for code in _conditional(style, colours)}
    return Styles(formats, frozenset(unseen), MappingProxyType(told), colours)


def choose_telling(
    numbers: Iterable[int], codes: Mapping[int, str], dark: Iterable[int] = ()
) -> Mapping[int, str]:
    """The telling formats by the place of a cell style in `numbers`, which has the number of its format.

    `dark` are the styles on whose ground the white text of a format is seen.
    """
    told: dict[int, str] = {}
    on_dark = frozenset(dark)
    for index, number in enumerate(numbers):
        code = codes.get(number) or BUILT_IN.get(number, "")
        code = without_white(code) if code and index in on_dark else code
        if code and (is_told(code) or BUILT_IN.get(number) == _DAY):
            told[index] = code
    return MappingProxyType(told)


def is_told(code: str) -> bool:
    """Whether a number format may show a value otherwise than it is stored."""
    return is_telling(code) or is_odd_day_format(code) or hides_day(code)


def _conditional(style: Element, colours: _Colours) -> Iterator[str]:
    """The format that a conditional style shows values in, where that tells; ``""`` where it hides them."""
    for element in _all(style, "numFmt"):
        code = element.get("formatCode", "")
        if is_told(code) and not is_damaged(code):
            yield code
    font, fill = (next(_all(style, name), None) for name in ("font", "fill"))
    if font is not None and next(_all(font, "color"), None) is not None:
        text = _font(font, colours)
        ground = WHITE if fill is None else _ground(fill, colours, conditional=True)
        if text is not None and is_unseen(text, ground):
            yield ""


def is_unseen(text: Colour, ground: Colour | None) -> bool:
    """Whether text of that colour cannot be told from its ground."""
    if isinstance(text, str) or isinstance(ground, str) or ground is None:
        return text == ground
    return all(abs(one - other) <= _ALIKE for one, other in zip(text, ground, strict=True))


# -- colours ---------------------------------------------------------------------------------


class _Colours:
    """Looks colours up in the palette and the theme of a workbook."""

    def __init__(self, styles: Element, theme: bytes | bytearray = b"") -> None:
        own = [element.get("rgb", "") for group in _all(styles, "indexedColors") for element in group]
        self._palette = [to_colour(text) for text in own] or _PALETTE
        named = dict(_UNTOLD) | {name.decode(): code.decode() for name, code in _THEME.findall(theme)}
        self._theme = [to_colour(named.get(name, "")) for name in _ORDER]

    def of(self, element: Element) -> Colour:
        """The colour that an element of the styles names."""
        if element.get("rgb"):
            return self._tinted(to_colour(element.get("rgb", "")), element)
        for kind, known in (("indexed", self._palette), ("theme", self._theme)):
            number = _number(element.get(kind), -1)
            if kind == "indexed" and number in _SYSTEM:
                return _SYSTEM[number]
            if number >= 0:
                colour = known[number] if number < len(known) else ""
                return self._tinted(colour or f"{kind} {number}", element)
        return AUTOMATIC

    @staticmethod
    def _tinted(colour: Colour, element: Element) -> Colour:
        """A lighter or darker shade, as ECMA-376 part 1, 18.8.19 has it."""
        try:
            tint = float(element.get("tint", "0"))
        except ValueError:
            tint = 0.0
        if not tint or not -1 <= tint <= 1:
            return colour
        if isinstance(colour, str):
            return f"{colour} {tint:g}"
        hue, light, strength = colorsys.rgb_to_hls(*(part / 255 for part in colour))
        light = light * (1 + tint) if tint < 0 else light * (1 - tint) + tint
        red, green, blue = (round(part * 255) for part in colorsys.hls_to_rgb(hue, light, strength))
        return red, green, blue


def indexed_colour(number: int, palette: Sequence[Colour] = ()) -> Colour:
    """The colour that an old workbook gives by its number; `palette` has its own ones from 8 on."""
    if number in _SYSTEM:
        return _SYSTEM[number]
    known = (*_PALETTE[:8], *palette) if palette else _PALETTE
    return known[number] if number < len(known) else f"indexed {number}"


def to_colour(text: str) -> Colour:
    """The colour of FFRRGGBB or RRGGBB; the text itself where it is neither."""
    digits = text[-6:]
    if len(text) in {6, 8} and re.fullmatch("[0-9A-Fa-f]{6}", digits):
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    return text


def _font(font: Element, colours: _Colours) -> Colour | None:
    """The colour of a font's letters; None where they are too small to be seen."""
    size = next((element.get("val", "") for element in _all(font, "sz")), "")
    try:
        if size and float(size) <= _SMALLEST:
            return None
    except ValueError:
        pass
    return next((colours.of(element) for element in _all(font, "color")), AUTOMATIC)


def _ground(fill: Element, colours: _Colours, *, conditional: bool = False) -> Colour | None:
    """The one colour of a fill; None where it has several.

    A conditional style may leave the kind out, which means a solid one, of its background's colour.
    """
    pattern = next(_all(fill, "patternFill"), None)
    if pattern is None:
        return None
    kind = pattern.get("patternType", "solid" if conditional else "none")
    if kind == "none":
        return WHITE
    if kind != "solid":
        return None
    return next((colours.of(c) for c in _all(pattern, "bgColor" if conditional else "fgColor")), None)


def _number(text: str | None, without: int = 0) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else without


def _children(styles: Element, name: str) -> Iterator[Element]:
    for group in styles:
        if group.tag.rpartition("}")[2] == name:
            yield from group


def _all(parent: Element, name: str) -> Iterator[Element]:
    return (element for element in parent.iter() if element.tag.rpartition("}")[2] == name)
