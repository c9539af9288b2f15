"""An explanation as data: a number, how it was computed, where it stood, and the numbers below it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planbook.explain.texts import text
from planbook.problems import Location, escape_text

CLOSE = 1e-6  # a report's figure and the one explained are the same within this, relative
LARGE = 1e6  # from here on ten digits may lose what stands behind the point


@dataclass(frozen=True, slots=True)
class Step:
    """One number on the way down.

    `formula` is the definition in the specification, `arithmetic` the same with the figures in
    place; `place` is the cell it was read from, `typed` what stands there in the person's words,
    `sha256` the file's.  `reference` is what to explain next where the figures below are left out.
    """

    what: str
    value: object = None
    unit: str = ""
    shown: str = ""  # the value as a person reads it
    formula: str = ""
    arithmetic: str = ""
    place: Location | None = None
    typed: str = ""
    sha256: str = ""
    note: str = ""
    reference: str = ""
    steps: tuple[Step, ...] = ()

    def walk(self) -> Iterator[Step]:
        """This step and every one below it."""
        yield self
        for step in self.steps:
            yield from step.walk()


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer to one reference: the row it means, and which of its figures was asked for.

    `column` is ``""`` where the whole row was; `reported` is what the report shows there.
    """

    reference: str
    root: Step
    column: str = ""
    asked: Step | None = None
    reported: object = None

    @property
    def is_other(self) -> bool:
        """Whether the figure that is explained is not the one that the report shows."""
        value, shown = self.asked.value if self.asked else None, self.reported
        if not isinstance(value, int | float) or not isinstance(shown, int | float):
            return False
        return not is_close(value, shown)

    def record(self) -> dict[str, object]:
        """The explanation as JSON data."""
        return {
            "reference": self.reference,
            "column": self.column or None,
            "reported": self.reported,
            "explanation": _record(self.root),
        }


def _record(step: Step) -> dict[str, object]:
    place = step.place
    shown = {
        "what": step.what,
        "value": step.value,
        "unit": step.unit,
        "formula": step.formula,
        "arithmetic": step.arithmetic,
        "file": place.file if place else "",
        "sheet": place.sheet if place else "",
        "cell": place.cell if place else "",
        "sha256": step.sha256,
        "typed": step.typed,
        "note": step.note,
        "reference": step.reference,
        "steps": [_record(below) for below in step.steps],
    }
    return {key: value for key, value in shown.items() if value not in ("", None, []) or key == "value"}


def render_explanation(explanation: Explanation, lang: str) -> str:
    """The explanation as indented text; the figure that was asked for carries an arrow."""
    lines = [escape_text(explanation.reference)]
    if explanation.reported is not None:
        lines[0] += f"　{text('reported', lang)} {_plain(explanation.reported)}"
    if explanation.is_other:
        lines.append(text("differs", lang))
    lines += _lines(explanation.root, explanation, (0, lang), set())
    if any(step.reference for step in explanation.root.walk()):
        lines.append(text("deeper", lang))
    return "\n".join(lines) + "\n"


def _plain(value: object) -> str:
    return digits(value, ",") if isinstance(value, float) else escape_text(str(value))


def is_close(value: float, shown: float) -> bool:
    """Whether a report's figure is the one explained."""
    return abs(value - shown) <= CLOSE * max(1.0, abs(value))


def digits(value: float, grouped: str = "") -> str:
    """A figure on ten digits, and on fifteen where its whole part may need them."""
    return f"{value:{grouped}.{15 if abs(value) >= LARGE else 10}g}"


def _lines(step: Step, explanation: Explanation, at: tuple[int, str], hashes: set[str]) -> Iterator[str]:
    """The lines of a step at (depth, language); each file's hash is shown once."""
    depth, lang = at
    indent = "  " * depth
    arrow = "→ " if step is explanation.asked else ""
    shown = f" = {step.shown}" if step.shown else ""
    if step.reference:  # on one line: the rest is told when it is asked for
        told = (step.note, str(step.place or ""), f"{text('see', lang)} {step.reference}")
        yield indent + escape_text("　".join(filter(None, (f"{step.what}{shown}", *told))))
        return
    yield f"{indent}{arrow}{escape_text(step.what)}{escape_text(shown)}"
    inner = indent + "    "
    if step.formula:
        yield f"{inner}{text('formula', lang)} {step.formula}"
    if step.arithmetic:
        yield f"{inner}{text('arithmetic', lang)} {escape_text(step.arithmetic)}"
    if step.place is not None and step.place.file:
        typed = f"　{text('typed', lang)} “{escape_text(step.typed)}”" if step.typed else ""
        yield f"{inner}{text('place', lang)} {step.place}{typed}"
    if step.sha256 and step.sha256 not in hashes:
        hashes.add(step.sha256)
        yield f"{inner}SHA-256 {step.sha256}"
    if step.note:
        yield f"{inner}{escape_text(step.note)}"
    for below in step.steps:
        yield from _lines(below, explanation, (depth + 1, lang), hashes)
