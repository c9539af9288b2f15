"""Text as people type it: cleaned for keeping, normalised for showing, keyed for matching."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from planbook.values.traditional import SIMPLIFIED

_LINE_BREAK: Final = re.compile("\r\n|[\r\n\v\f\x85\u2028\u2029]")

_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs"})
# Invisible, though Unicode calls them letters, marks or symbols.
_INVISIBLE: Final = frozenset(
    map(chr, [0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, *range(0x180B, 0x1810)])
) | frozenset(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))

_DASHES: Final = "‐‑‒–—―−⁃﹘─━"
_QUOTES: Final = '“”„‟"‘’‚‛`′「」『』«»〝〞'
_PUNCTUATION: Final = str.maketrans(
    {
        **dict.fromkeys(_QUOTES, "'"),
        **dict.fromkeys("•‧∙⋅・", "·"),
        **dict.fromkeys("⁄∕", "/"),
        **dict.fromkeys("【〔〖", "["),
        **dict.fromkeys("】〕〗", "]"),
        **{"〈": "<", "〉": ">", "《": "<", "》": ">", "。": ".", "、": ",", "∶": ":"},
    }
)
# Letters and characters that look like others and are typed, or pasted, in their place.
_LOOKALIKES: Final = str.maketrans(
    dict(zip("АВЕКМНОРСТХУІЅЈԚԜ", "ABEKMHOPCTXYISJQW", strict=True))
    | dict(zip("асеорхуіѕјԛԝһ", "aceopxyisjqwh", strict=True))
    | dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True))
    | dict(zip("οιν", "oiv", strict=True))
    | dict(zip("エカニハロトタ夲囗", "工力二八口卜夕本口", strict=True))
)
_DASH_TABLE: Final = str.maketrans(dict.fromkeys(_DASHES, "-") | dict.fromkeys("〜∼", "~"))

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutralise(text: str) -> str:
    """`text` as a CSV cell that no program takes for a formula: an apostrophe stands before it.

    Programs look past leading spaces, and take full-width signs for the ordinary ones.
    """
    return f"'{text}" if text.lstrip(" \u3000\u00a0").startswith(_FORMULA_STARTS) else text


def clean_text(text: str) -> str:
    """Free text fit to keep: what cannot be seen is gone, what the planner wrote stays.

    Line ends become "\\n", tabs a space; control, zero-width and format characters are removed and
    the ends stripped. Width and punctuation are left alone.
    """
    lines = _LINE_BREAK.sub("\n", text).replace("\t", " ")
    if lines.isprintable():
        return lines.strip()
    return "".join(char for char in lines if char == "\n" or not _is_hidden(char)).strip()


def normalise_text(text: str) -> str:
    """Text on one line in its usual width, for showing and for storing what is compared.

    Full-width forms fold to ordinary ones (NFKC), every run of white space, line ends included,
    becomes one space, and characters that cannot be seen are removed.
    """
    folded = unicodedata.normalize("NFKC", clean_text(text))
    seen = "".join(char for char in folded if char not in _INVISIBLE)
    return unicodedata.normalize("NFKC", " ".join(seen.split()))


@lru_cache(maxsize=8192)  # the titles and list values of a book recur on every row
def match_key(text: str) -> str:
    """The key under which two spellings of one title or list value are the same.

    達成率 and 达成率, （满分100） and (满分100), “Q1 – Q2” and "q1-q2" have one key each: width,
    case, white space, traditional characters, dashes, quotes and brackets are folded. A required
    mark `*` and what stands in brackets are kept. The key of a key is itself.
    """
    key = text
    while True:
        folded = fold_dashes(simplify(normalise_text(key))).casefold().translate(_PUNCTUATION)
        folded = "".join(folded.split())
        if folded == key:
            return key
        key = folded


def simplify(text: str) -> str:
    """The text with the traditional characters planners use written in simplified form."""
    return text.translate(SIMPLIFIED)


def fold_lookalikes(text: str) -> str:
    """The text with letters of another alphabet as the Latin or Chinese ones they look like.

    Only for asking whether two texts look the same: a name may rightly be written in Cyrillic.
    """
    return text.translate(_LOOKALIKES)


def fold_dashes(text: str) -> str:
    """The text with every dash and minus sign as "-" and every wave as "~"."""
    return text.translate(_DASH_TABLE)


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in _HIDDEN_CATEGORIES
