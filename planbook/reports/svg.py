"""Charts as inline SVG: drawn from the same pictures as the workbook's, hatched where missed."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from planbook.measures.plain import Row
from planbook.reports.figures import number_text, one_line, percent_text, signed_text
from planbook.reports.pictures import Bridge
from planbook.writer.styles import BLUE, GRID, MUTED, NAVY, STEEL, TONES

BACKGROUND, ADVERSE = TONES["bad"]
WIDTH = 720
TOP, BOTTOM = 34, 54  # around the bridge: its title, and the names under the columns
BRIDGE_HEIGHT = 320
BAR, BAR_GAP = 20, 8
NAMES = 190  # pixels left of the bars
FIGURES = 64  # and right of them
HATCH = (
    '<defs><pattern id="{id}" width="7" height="7" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="7" height="7" fill="{back}"/>'
    '<rect width="3" height="7" fill="{color}"/></pattern></defs>'
)


def _open(width: float, height: float, title: str, hatch: str) -> list[str]:
    return [
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{_quote(title)}" '
        'xmlns="http://www.w3.org/2000/svg">',
        f"<title>{escape(title)}</title>",
        HATCH.format(id=hatch, back=BACKGROUND, color=ADVERSE),
    ]


def _quote(text: str) -> str:
    return escape(text, {'"': "&quot;"})


def _text(
    x: float, y: float, text: str, *, anchor: str = "middle", bold: bool = False, color: str = "#333"
) -> str:
    look = f'text-anchor="{anchor}" fill="{color}"' + (' font-weight="700"' if bold else "")
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(text)}</text>'


def _rect(x: float, y: float, width: float, height: float, fill: str, edge: str = "") -> str:
    stroke = f' stroke="{edge}"' if edge else ""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{max(height, 1):.1f}" '
        f'fill="{fill}"{stroke}/>'
    )


def draw_bridge(bridge: Bridge, title: str, alt: str, ends: tuple[str, str]) -> str:
    """The bridge from target to actual; `ends` are the words for the two."""
    lines = _open(WIDTH, BRIDGE_HEIGHT, alt, "hatch-bridge")
    lines.append(_text(WIDTH / 2, 20, title, bold=True, color=NAVY))
    floor, top = bridge.floor, max(bridge.levels)
    spread = (top - floor) or 1.0
    room = BRIDGE_HEIGHT - TOP - BOTTOM

    def level(value: float) -> float:
        return TOP + 14 + (room - 14) * (1 - (value - floor) / spread)

    count = len(bridge.steps) + 2
    slot = WIDTH / count
    base = level(floor)
    lines.append(f'<line x1="0" x2="{WIDTH}" y1="{base:.1f}" y2="{base:.1f}" stroke="{GRID}"/>')
    for number, (name, value) in enumerate(((ends[0], bridge.target), (ends[1], bridge.actual))):
        at = 0 if not number else count - 1
        low, high = sorted((level(value), base))
        lines.append(_rect(slot * at + slot * 0.18, low, slot * 0.64, high - low, STEEL))
        lines += _label(slot * (at + 0.5), low, name, number_text(value))
    for number, (step, before) in enumerate(zip(bridge.steps, bridge.levels, strict=False), 1):
        low, high = sorted((level(before), level(before + step.value)))
        fill, edge = (BLUE, "") if step.good else ("url(#hatch-bridge)", ADVERSE)
        lines.append(_rect(slot * number + slot * 0.18, low, slot * 0.64, high - low, fill, edge))
        lines += _label(slot * (number + 0.5), low, one_line(step.name, 10), signed_text(step.value))
    return "".join([*lines, "</svg>"])


def _label(x: float, y: float, name: str, figure: str) -> list[str]:
    return [
        _text(x, y - 5, figure, bold=True),
        _text(x, BRIDGE_HEIGHT - BOTTOM + 20, name, color=MUTED),
    ]


def draw_scores(rows: Sequence[Row], title: str, alt: str) -> str:
    """The bars of the departments' scores with the 100 % line; below it they are hatched."""
    height = TOP + len(rows) * (BAR + BAR_GAP) + 16
    lines = _open(WIDTH, height, alt, "hatch-scores")
    lines.append(_text(WIDTH / 2, 20, title, bold=True, color=NAVY))
    room = WIDTH - NAMES - FIGURES
    highest = max(1.1, *(float(row["score"]) for row in rows))
    for number, row in enumerate(rows):
        y, score = TOP + number * (BAR + BAR_GAP), float(row["score"])
        fill, edge = (BLUE, "") if round(score, 6) >= 1 else ("url(#hatch-scores)", ADVERSE)
        lines.append(_text(NAMES - 8, y + 15, one_line(row["name"], 22), anchor="end"))
        lines.append(_rect(NAMES, y, room * score / highest, BAR, fill, edge))
        lines.append(_text(WIDTH - 2, y + 15, percent_text(score), anchor="end", bold=True))
    x = NAMES + room / highest
    dash = f'stroke="{NAVY}" stroke-dasharray="5 4" stroke-width="1.5"'
    lines.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{height - 14}" {dash}/>')
    lines.append(_text(x, height - 2, "100%", color=MUTED))
    return "".join([*lines, "</svg>"])
