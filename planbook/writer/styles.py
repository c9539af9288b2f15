"""The look of our workbooks: one palette and one cache of formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

FONT = "微软雅黑"
NAVY, BLUE, STEEL, PALE, GRID = "#1F3A5F", "#2E5E8E", "#5B6B7B", "#F0F4FA", "#C9D3E0"
INPUT, FETCHED, MUTED, MISSING = "#1F4FA8", "#1B6B3A", "#616C79", "#FFF4C2"
BAR, BAR_DONE, MILESTONE, TODAY, WEEK_LINE = "#9EC5E8", "#2E75B6", "#E69F00", "#C0392B", "#E3E8EF"
ERROR_TONE, WARNING_TONE = "bad", "warn"

# colour-blind-safe pairs of background and text, always beside a symbol and a word
TONES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "good": ("#DCEFE6", "#0B5A3C"),
        "warn": ("#FDECC3", "#7A4B00"),
        "bad": ("#F9DAD2", "#9A2A12"),
        "calm": ("#E7EBF1", "#56606E"),
    }
)

QUANTITY, INTEGER, PERCENT, WHOLE_PERCENT, DATE = "#,##0.00", "#,##0", "0.0%", "0%", "yyyy-mm-dd"
MONEY = "#,##0.00_);(#,##0.00)"
MONEY_INTEGER = "#,##0_);(#,##0)"
RATE = "0.0%_);(0.0%)"


@dataclass
class Styles:
    """Formats of one workbook, made once per distinct set of properties."""

    workbook: Any
    _cache: dict[tuple[tuple[str, Any], ...], Any] = field(default_factory=dict)

    def get(self, **properties: Any) -> Any:
        """The format with these properties on top of the house font."""
        merged = {"font_name": FONT, "font_size": 10, "font_scheme": "", "valign": "vcenter", **properties}
        key = tuple(sorted(merged.items()))
        if key not in self._cache:
            self._cache[key] = self.workbook.add_format(merged)
        return self._cache[key]

    def rule(self, **properties: Any) -> Any:
        """A format for a conditional rule: only what it changes."""
        key = (("rule", True), *sorted(properties.items()))
        if key not in self._cache:
            self._cache[key] = self.workbook.add_format(properties)
        return self._cache[key]

    def heading(self) -> Any:
        """The bar at the top of a sheet."""
        return self.get(bold=True, font_size=14, font_color="#FFFFFF", bg_color=NAVY)

    def hint(self) -> Any:
        """The grey line under it."""
        return self.get(font_size=9, font_color=MUTED)

    def header(self, color: str = BLUE, **more: Any) -> Any:
        """A column's header."""
        look = {"bold": True, "font_color": "#FFFFFF", "bg_color": color, "align": "center"}
        look |= {"text_wrap": True, "border": 1, "border_color": "#FFFFFF"}
        return self.get(**{**look, **more})

    def tone(self, tone: str) -> Any:
        """The rule format of a status tone."""
        return self.rule(**tone_look(tone))


def tone_look(tone: str) -> dict[str, Any]:
    """Background and text of a tone."""
    background, text = TONES[tone]
    return {"bg_color": background, "font_color": text, "bold": True}
