"""How the figures are made, in words: thresholds in force, measures, the rules of the roll-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from planbook.layout.cells import SettingValue
from planbook.spec import Book, Kind

RULES = 9  # labels method_rule_1 … in the specification


@dataclass(frozen=True, slots=True)
class MethodText:
    """A threshold or a measure: its name and what it is."""

    name: str
    text: str


def method_texts(book: Book, lang: str) -> list[MethodText]:
    """Every measure that the specification explains in words."""
    return [
        MethodText(measure.title.to(lang), book.label(f"method_{key}", lang))
        for key, measure in book.measures.items()
        if f"method_{key}" in book.labels
    ]


def rule_texts(book: Book, lang: str) -> list[str]:
    """The rules of the roll-up."""
    return [book.label(f"method_rule_{number}", lang) for number in range(1, RULES + 1)]


def setting_texts(book: Book, given: Mapping[str, SettingValue], lang: str) -> list[MethodText]:
    """The thresholds and choices in force."""
    found = []
    for key, setting in book.settings.items():
        if setting.many or setting.kind is Kind.DATE:
            continue
        value = given.get(key, setting.value)
        if setting.kind is Kind.CHOICE:
            text = book.list_title(setting.list, str(value), lang)
        elif isinstance(value, int | float):
            text = f"{value * 100:.6g}%" if setting.kind is Kind.PERCENT else f"{value:.6g}"
        else:
            text = str(value or "")
        found.append(MethodText(setting.title.to(lang), text))
    return found
