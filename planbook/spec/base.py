"""What every model of a specification is made of: keys, kinds, texts in several languages, frozen models."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    WrapSerializer,
)

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Kind(StrEnum):
    """What a cell of a column holds."""

    TEXT = "text"
    CHOICE = "choice"
    LINK = "link"
    QUANTITY = "quantity"
    PERCENT = "percent"
    NUMBER = "number"
    DATE = "date"
    SPAN = "span"


class Place(StrEnum):
    """Where a column stands: seen, in the workbook but hidden, or only in the calculation."""

    SHOWN = "shown"
    HIDDEN = "hidden"
    VIRTUAL = "virtual"


class Model(BaseModel):
    """Base of all models: frozen, and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


def _freeze(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(value))


def _thaw(value: Mapping[str, Any], handler: SerializerFunctionWrapHandler) -> Any:
    return handler(dict(value))


FROZEN, THAWED = AfterValidator(_freeze), WrapSerializer(_thaw)


def _text_from(value: Any) -> Any:
    return (
        {"*": str(value)} if isinstance(value, str | int | float) and not isinstance(value, bool) else value
    )


_TEXT_SCHEMA = {
    "anyOf": [
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "string"},
        {"type": "number"},
    ]
}
_Texts = Annotated[
    Mapping[str, str],
    BeforeValidator(_text_from),
    FROZEN,
    THAWED,
    WithJsonSchema(_TEXT_SCHEMA, mode="validation"),
]


class Text(RootModel[_Texts]):
    """A text in every language of the book; a plain string in YAML serves all of them."""

    model_config = ConfigDict(frozen=True)

    def to(self, lang: str) -> str:
        """The text in `lang`."""
        return self.root.get(lang) or self.root.get("*") or next(iter(self.root.values()), "")

    def languages(self) -> frozenset[str]:
        """The languages it is given in; `*` stands for all."""
        return frozenset(self.root)

    def every(self) -> tuple[str, ...]:
        """The texts of all languages, each once."""
        return tuple(dict.fromkeys(self.root.values()))
