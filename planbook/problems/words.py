"""Words for people, in Chinese and in English: one shape for every table of them.

What is said within a message (why a package is refused, what a file really is) is worded like the
message itself, in the reader's language; so is what an error says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

# All at once: text that somebody typed may look like a placeholder itself.
_PLACEHOLDER = re.compile(r"\{(\w+)(?::([^|{}]*)\|([^|{}]*))?\}")


@dataclass(frozen=True, slots=True)
class Words:
    """A phrase in both languages; English for a reader of any other."""

    zh: str
    en: str

    def to(self, lang: str) -> str:
        """The phrase in `lang`."""
        return self.zh if lang == "zh" else self.en

    def __str__(self) -> str:
        return self.en


def in_words(value: object, lang: str) -> str:
    """A text as it is, a phrase in `lang`."""
    return value.to(lang) if isinstance(value, Words) else str(value)


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with its placeholders filled: ``{count} {count:file|files}`` tells one from many."""

    def put(match: re.Match[str]) -> str:
        value = values[match[1]]
        return value if match[2] is None else match[2] if value == "1" else match[3]

    return _PLACEHOLDER.sub(put, template)


class Phrases:
    """A table of phrases by key, each with its text in Chinese (zh) and in English (en)."""

    def __init__(self, table: Mapping[str, Mapping[str, str]]) -> None:
        self.table = table

    def text(self, key: str, lang: str, /, **values: object) -> str:
        """A phrase in `lang`, its placeholders filled."""
        return fill(
            in_words(Words(**self.table[key]), lang),
            {name: in_words(value, lang) for name, value in values.items()},
        )

    def say(self, key: str, /, **values: object) -> Words:
        """A phrase in both languages, its placeholders filled."""
        return Words(self.text(key, "zh", **values), self.text(key, "en", **values))


def list_words(parts: Iterable[str | Words]) -> str | Words:
    """Several things in a row, set apart as each language does; one alone as it is."""
    listed = list(parts)
    if len(listed) == 1:
        return listed[0]
    return Words(
        "、".join(in_words(part, "zh") for part in listed), ", ".join(in_words(part, "en") for part in listed)
    )


def find_near(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known words that `word` may mean: those it begins or stands in, else those most like it."""
    options = list(dict.fromkeys(known))
    within = [option for option in options if word and word.casefold() in option.casefold()]
    within.sort(key=lambda option: not option.casefold().startswith(word.casefold()))
    return (within or get_close_matches(word, options, n=most))[:most]
