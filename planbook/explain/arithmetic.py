"""A definition with its figures in place, cut down to the branch that was taken."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

from planbook.calc import evaluate_text
from planbook.layout.cells import SettingValue
from planbook.problems import CalcError
from planbook.spec import Book, quote_text, references, render

_IF = re.compile(r"(?<![A-Z.])IF\(")
_BARE = re.compile(r'"[^"]*"|[\d.]+|ROUND\([\d.]+,9\)')  # what says nothing of where it comes from
_BRACKETED = re.compile(r"[+\-*/<>=&]")


def definition(book: Book, measure: str, lang: str, title: Callable[[str], str]) -> str:
    """The formula of a measure in the reader's words: `title` names its arguments, choices have theirs."""

    def name(text: str) -> str:
        listed, _, item = text.partition(".")
        if item:
            return quote_text(book.list_title(listed, item, lang))
        given = {each.key: each.title for sheet in book.sheets for each in sheet.inputs}
        given |= {key: setting.title for key, setting in book.settings.items()}
        return "{" + (given[text].to(lang) if text in given else text) + "}"

    formula = "".join(book.measures[measure].formula.split("\n"))
    return "=" + render(formula, reference=lambda key: f"[{title(key)}]", name=name)


def arithmetic(
    book: Book, measure: str, values: Mapping[str, object], settings: Mapping[str, SettingValue]
) -> str:
    """The formula of a measure with `values` in place of its arguments, only the branch that held.

    ``IF(AND(ISNUMBER(10),…),ROUND(10-12,9),"")`` is ``ROUND(10-12,9)``.  A branch that cannot be
    decided without a whole list (holidays) is left as it stands.
    """
    whole = substitute(book, measure, values, settings)
    return reduce_branches(whole) if whole else ""


def substitute(
    book: Book, measure: str, values: Mapping[str, object], settings: Mapping[str, SettingValue]
) -> str:
    """The whole formula of a measure with `values` in place of its arguments; ``""`` where one lacks."""
    formula = "".join(book.measures[measure].formula.split("\n"))
    if any(name not in values for name in references(formula)):
        return ""
    whole = render(
        formula,
        reference=lambda name: literal(values[name]),
        name=lambda name: _name(book, name, settings),
    )
    return whole.removeprefix("=")


def _name(book: Book, name: str, settings: Mapping[str, SettingValue]) -> str:
    if "." in name:
        return quote_text(name.split(".", 1)[1])
    default = book.settings[name].value if name in book.settings else None
    value = settings.get(name, default)
    return name if isinstance(value, tuple) else literal(value)


def literal(value: object) -> str:
    """A value as a formula writes it; a negative number stands in brackets."""
    if value is None or value == "":
        return '""'
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, date):
        return f"DATE({value.year},{value.month},{value.day})"
    if isinstance(value, int | float):
        shown = f"{value:.15g}"
        return f"({shown})" if value < 0 else shown
    return quote_text(str(value))


def reduce_branches(formula: str) -> str:
    """The formula with every ``IF`` replaced by the branch whose condition holds.

    Where that leaves a bare text or number, the condition that chose it stands before it.
    """
    at, last = 0, ""
    while True:
        found = _find_if(formula, at)
        if found is None:
            return f"{last} → {formula}" if last and _BARE.fullmatch(formula) else formula
        start, end, parts = found
        held = _decide(parts[0])
        if held is None or len(parts) < 2:
            at = start + 1
            continue
        chosen = parts[1] if held else parts[2] if len(parts) > 2 else "FALSE"
        last = f"{reduce_branches(parts[0])} = {str(held).upper()}"
        alone = start == 0 and end == len(formula)
        chosen = chosen.strip()
        if not alone and _BRACKETED.search(chosen) and not _is_whole(chosen):
            chosen = f"({chosen})"
        formula = formula[:start] + chosen + formula[end:]


def _is_whole(part: str) -> bool:
    """Whether a part needs no brackets: a text, a number, one call or one bracket."""
    if re.fullmatch(r'"[^"]*"|[\d.eE]+', part):
        return True
    match = re.match(r"[A-Z]*\(", part)
    return match is not None and _closing(part, match.end() - 1) == len(part) - 1


def _find_if(formula: str, at: int) -> tuple[int, int, list[str]] | None:
    """The next ``IF`` outside texts: where it starts and ends, and its arguments."""
    for found in _IF.finditer(formula, at):
        if formula.count('"', 0, found.start()) % 2:
            continue
        close = _closing(formula, found.end() - 1)
        return found.start(), close + 1, split_arguments(formula[found.end() : close])
    return None


def _closing(formula: str, opening: int) -> int:
    depth, quoted = 0, False
    for index in range(opening, len(formula)):
        char = formula[index]
        if char == '"':
            quoted = not quoted
        elif not quoted:
            depth += (char == "(") - (char == ")")
            if depth == 0:
                return index
    return len(formula) - 1


def split_arguments(inside: str) -> list[str]:
    """The arguments between the brackets of a call."""
    parts, start, depth, quoted = [], 0, 0, False
    for index, char in enumerate(inside):
        if char == '"':
            quoted = not quoted
        elif not quoted:
            depth += (char == "(") - (char == ")")
            if char == "," and depth == 0:
                parts.append(inside[start:index])
                start = index + 1
    return [*parts, inside[start:]]


def _decide(condition: str) -> bool | None:
    """Whether a condition holds; None where it cannot be said."""
    try:
        value = evaluate_text(condition)
    except CalcError:
        return None
    return value if isinstance(value, bool) else None
