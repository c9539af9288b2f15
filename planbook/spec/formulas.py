"""The formula language of a book: Excel formulas with placeholders.

==================  =====================================================================
``[column]``        the cell of that column in the same row; ``[id]`` is the row's id
``[sheet.column]``  the whole column of a sheet, as a range; ``[sheet.id]`` its ids
``[link>column]``   the value of `column` in the row that `link` names, ``""`` where none
``[link>id]``       the id alone
``[column^]``       the cell of that column's header
``[column~list]``   whether the cell's text holds one of the list's texts, whatever their case
``[sheet#column]``  the value of `column` in the row of that number on another sheet
``{setting}``       a setting, input or total of the book
``{list.item}``     the text of a list's item, as a string literal
``{list.*}``        the whole list, as a range
==================  =====================================================================

Only functions that Excel 2010, WPS, LibreOffice, Gnumeric and IronCalc share are allowed, and
no direct cell addresses: those are layout's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from planbook.problems import Words, say

PORTABLE_FUNCTIONS = frozenset(
    {
        "ABS", "AND", "AVERAGE", "AVERAGEIFS", "CHOOSE", "COUNT", "COUNTA", "COUNTBLANK", "COUNTIF",
        "COUNTIFS", "DATE", "DAY", "EDATE", "EOMONTH", "EXACT", "FIND", "HYPERLINK", "IF", "IFERROR",
        "INDEX", "INT", "ISBLANK", "ISERROR", "ISNA", "ISNUMBER", "ISTEXT", "LARGE", "LEFT", "LEN",
        "LOOKUP", "LOWER", "MATCH", "MAX", "MEDIAN", "MID", "MIN", "MOD", "MONTH", "NETWORKDAYS", "NOT",
        "OR", "RANK", "REPT", "RIGHT", "ROUND", "ROUNDDOWN", "ROUNDUP", "ROW", "ROWS", "SIGN", "SMALL",
        "SQRT", "SUBSTITUTE", "SUM", "SUMIF", "SUMIFS", "SUMPRODUCT", "TEXT", "TRIM", "UPPER", "VALUE",
        "WEEKDAY", "YEAR",
    }
)  # fmt: skip


class TokenKind(Enum):
    """What a piece of a formula is."""

    STRING = auto()
    REFERENCE = auto()  # [...]
    NAME = auto()  # {...}
    FUNCTION = auto()
    NUMBER = auto()
    WORD = auto()
    OPERATOR = auto()
    SPACE = auto()
    BAD = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a formula; `text` without the brackets for references and names."""

    kind: TokenKind
    text: str


_PATTERN = re.compile(
    r"""
    (?P<STRING>"(?:[^"]|"")*")
  | \[(?P<REFERENCE>[a-z0-9_.>#^~]+)\]
  | \{(?P<NAME>[a-z0-9_.*]+)\}
  | (?P<FUNCTION>[A-Z][A-Z0-9.]*)(?=\()
  | (?P<NUMBER>\d+(?:\.\d+)?(?:E[+-]?\d+)?)
  | (?P<WORD>\$?[A-Za-z_][A-Za-z0-9_.$!:]*)
  | (?P<OPERATOR><>|<=|>=|[-+*/^&=<>%(),;:])
  | (?P<SPACE>\s+)
  | (?P<BAD>.)
    """,
    re.VERBOSE,
)


@lru_cache(maxsize=4096)
def tokenize(formula: str) -> tuple[Token, ...]:
    """The formula's pieces, its leading ``=`` left out."""
    body = formula.strip()
    body = body[1:] if body.startswith("=") else body
    return tuple(
        Token(TokenKind[match.lastgroup or "BAD"], match.group(match.lastgroup or "BAD"))
        for match in _PATTERN.finditer(body)
    )


def references(formula: str) -> Iterator[str]:
    """The text of every ``[...]`` placeholder."""
    return (token.text for token in tokenize(formula) if token.kind is TokenKind.REFERENCE)


def names(formula: str) -> Iterator[str]:
    """The text of every ``{...}`` placeholder."""
    return (token.text for token in tokenize(formula) if token.kind is TokenKind.NAME)


def bind_arguments(formula: str, arguments: Mapping[str, str]) -> str:
    """`formula` with its arguments bound: ``{"actual": "actual_value", "baseline": "{zero}"}``.

    A bare key stands for a column of the row; a ``{setting}`` or a number is put as it is.
    """
    return _bind(formula, tuple(arguments.items()))


@lru_cache(maxsize=1024)
def _bind(formula: str, arguments: tuple[tuple[str, str], ...]) -> str:
    values = dict(arguments)

    def bound(text: str) -> str:
        value = values.get(text, text)
        return value if value[:1] in tuple("{-0123456789") else f"[{value}]"

    return "=" + render(formula, reference=bound, name=lambda text: "{" + text + "}")


def render(formula: str, *, reference: Callable[[str], str], name: Callable[[str], str]) -> str:
    """The formula as Excel text without ``=``, its placeholders replaced by the two functions."""
    pieces = []
    for token in tokenize(formula):
        if token.kind is TokenKind.REFERENCE:
            pieces.append(reference(token.text))
        elif token.kind is TokenKind.NAME:
            pieces.append(name(token.text))
        elif token.kind is not TokenKind.SPACE:
            pieces.append(token.text)
    return "".join(pieces)


def syntax_faults(formula: str) -> list[Words]:
    """What is wrong with a formula's form, in short words; functions are checked apart."""
    faults: list[Words] = []
    if not formula.strip().startswith("="):
        faults.append(say("formula_start", name=repr(formula[:40])))
    depth = 0
    for token in tokenize(formula):
        if token.kind is TokenKind.BAD:
            faults.append(say("formula_token", name=repr(token.text)))
        elif token.kind is TokenKind.WORD and token.text not in {"TRUE", "FALSE"}:
            faults.append(say("formula_word", name=repr(token.text), form="[column]", other="{setting}"))
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind is TokenKind.OPERATOR else 0
        if depth < 0:
            break
    if depth:
        faults.append(say("formula_brackets"))
    return faults


def foreign_functions(formula: str) -> list[str]:
    """Functions outside the portable set, in order."""
    return [
        token.text
        for token in tokenize(formula)
        if token.kind is TokenKind.FUNCTION and token.text not in PORTABLE_FUNCTIONS
    ]


def quote_text(text: str) -> str:
    """`text` as a string literal of a formula."""
    return '"' + text.replace('"', '""') + '"'
