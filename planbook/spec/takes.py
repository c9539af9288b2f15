"""What a sheet may take over before anyone types: the fields of each source, and texts composed of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from planbook.spec.base import Text
from planbook.spec.models import Source

_GOAL: Final = (
    *("goal", "metric", "unit", "direction", "aggregation", "due", "lead", "cooperating"),
    *("baseline_text", "target_text"),
)
FIELDS: Final[Mapping[Source, tuple[str, ...]]] = MappingProxyType(
    {
        # A goal of several departments has no department's target: `shared_target` names the
        # company's instead, and `departments` who has a share in it.
        Source.ASSIGNED_GOALS: (
            *_GOAL,
            *("department", "departments", "baseline", "target", "target_high"),
            *("own_target_text", "shared_target", "shared_baseline"),
        ),
        Source.COMPANY_GOALS: _GOAL,
        Source.DUTIES: ("department", "duties"),
        Source.BACKGROUND: ("department", "kind", "text"),
    }
)
"""The fields of each source; those of last year's workbook are the columns of the sheet itself."""

_FIELD: Final = re.compile(r"\{(\w+)\}")
_PART: Final = re.compile(r"\[([^\[\]]*)\]")


def placeholders(text: Text) -> tuple[str, ...]:
    """The fields that a text names in any language, each once."""
    return tuple(dict.fromkeys(name for template in text.every() for name in _FIELD.findall(template)))


def compose_text(template: str, fields: Mapping[str, str]) -> str:
    """The template with its {fields} filled in; a part in [brackets] goes when one of its fields is blank.

    What the fields hold is text and never looked through for fields or brackets of its own.
    """
    pieces = []
    at = 0
    for part in _PART.finditer(template):
        pieces.append(_fill(template[at : part.start()], fields))
        if all(fields.get(name) for name in _FIELD.findall(part[1])):
            pieces.append(_fill(part[1], fields))
        at = part.end()
    return "".join((*pieces, _fill(template[at:], fields))).strip()


def _fill(template: str, fields: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda found: fields.get(found[1], ""), template)
