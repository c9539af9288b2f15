"""Limits of formulas, wherever they stand: cells, dropdowns, conditional formats, names.

Part of `validate.check_package`.  What a formula may *say* is a matter of the book's own tests;
here is only what Excel refuses, or "repairs" by taking the formula out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from tests.support.taken_apart import Package, book_of, corners, every, integer, length, overlap, tag

LONGEST_FORMULA = 8192
LONGEST_QUOTED = 255
DEEPEST, MOST_ARGUMENTS = 64, 255
TOKEN = re.compile(r'"(?:[^"]|"")*"|\'(?:[^\']|\'\')*\'|[(){},]|"|\'')


def formulas_of(package: Package) -> Iterator[tuple[str, Element, str]]:
    """Every formula with where it stands; the element's tag tells its kind."""
    for name, root in package.worksheets():
        for cell in every(root, "c"):
            yield from _formulas_in(cell, ("f",), f"{name}!{cell.get('r', '?')}")
        for block in every(root, "conditionalFormatting"):
            area = block.get("sqref") or "".join(e.text or "" for e in every(block, "sqref"))
            for rule in every(block, "cfRule"):
                yield from _formulas_in(rule, ("formula", "f"), f"a conditional format of {name}!{area}")
        for rule in every(root, "dataValidation"):
            where = f"a data validation of {name}!{rule.get('sqref')}"
            yield from _formulas_in(rule, ("formula1", "formula2"), where)
    for element in every(book_of(package), "definedName"):
        yield f"the defined name {element.get('name')!r}", element, element.text or ""


def _formulas_in(element: Element, kinds: tuple[str, ...], where: str) -> Iterator[tuple[str, Element, str]]:
    for child in element:
        text = "".join(child.itertext())
        if tag(child) in kinds and text:
            yield where, child, text


def check_formulas(package: Package) -> Iterator[str]:
    for where, element, text in formulas_of(package):
        kind = tag(element)
        if text.lstrip().startswith("="):
            yield f"{where} has a formula that begins with a second ="
        # a list typed into a validation is one quoted text, which has a limit of its own
        if kind == "formula" and length(text) > LONGEST_FORMULA:
            yield f"{where} has a formula of {length(text)} characters; {LONGEST_FORMULA} are allowed"
        yield from grammar_faults(where, text, constants=kind in ("f", "definedName"))


def grammar_faults(where: str, text: str, *, constants: bool) -> Iterator[str]:
    """Quotes, brackets, nesting and arguments of one formula; `constants` lets it hold arrays."""
    depth: list[int] = []
    for token in TOKEN.findall(text):
        if token in ('"', "'"):
            yield f"{where} has a quote that does not end: {text[:80]!r}"
            return
        if token[0] == '"' and length(token[1:-1].replace('""', '"')) > LONGEST_QUOTED:
            yield f"{where} has a quoted text of more than {LONGEST_QUOTED} characters: {token[:30]!r}"
        elif token == "(":
            depth.append(1)
            if len(depth) > DEEPEST:
                yield f"{where} has functions in functions more than {DEEPEST} deep"
                return
        elif token == ")":
            if not depth:
                yield f"{where} closes a bracket that was not opened: {text[:80]!r}"
                return
            if depth.pop() > MOST_ARGUMENTS:
                yield f"{where} has a function with more than {MOST_ARGUMENTS} arguments"
        elif token == "," and depth:
            depth[-1] += 1
        elif token in ("{", "}") and not constants:
            yield f"{where} has an array constant, which Excel forbids there: {text[:80]!r}"
            return
    if depth:
        yield f"{where} leaves a bracket open: {text[:80]!r}"


def check_priorities(package: Package) -> Iterator[str]:
    """Which of two formats comes first must be said: a sheet counts its rules one by one."""
    for name, root in package.worksheets():
        counted: Counter[int | None] = Counter()
        for block in root:
            if tag(block) == "conditionalFormatting":
                counted.update(integer(rule, "priority") for rule in every(block, "cfRule"))
        for number, count in counted.items():
            if count > 1:
                yield f"{name} has {count} conditional formats of the priority {number}"


def check_shared(package: Package) -> Iterator[str]:
    """A shared formula stands written out once, in its area, and names no other sheet."""
    for name, root in package.worksheets():
        areas: dict[str, tuple[int, int, int, int]] = {}
        for cell in every(root, "c"):
            for formula in (child for child in cell if tag(child) == "f" and child.get("t") == "shared"):
                where, number = f"{name}!{cell.get('r')}", formula.get("si", "")
                place = corners(cell.get("r", ""))
                if formula.text:
                    areas[number] = corners(formula.get("ref", "")) or (0, 0, 0, 0)
                    if "!" in formula.text:
                        yield f"{where} shares a formula that names another sheet"
                area = areas.get(number)
                if area is None or place is None or not overlap(place, area):
                    yield f"{where} shares the formula {number}, which does not reach it"


RULES: tuple[Callable[[Package], Iterator[str]], ...] = (check_formulas, check_priorities, check_shared)
