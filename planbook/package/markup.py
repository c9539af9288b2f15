"""Patching the text of an XML part: everything that is not asked to change keeps its bytes.

A part is scanned for tags, never parsed into a tree and written again, since that would lose
prefixes, entities, attribute order and whatever a library does not know.  The scanner is sound for
well-formed parts without a document type (`check_markup`); a part that is none raises PartError.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from planbook.problems import PartError, say

_TAG = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>"
    r"|<(?P<close>/?)(?P<name>[^\s/<>!?]+)(?P<attributes>(?:\s+[^\s=<>]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*(?P<empty>/?)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"\s+([^\s=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_DECLARED = re.compile(rb"^<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPED = re.compile("_x[0-9A-Fa-f]{4}_")  # stands for a character in a spreadsheet's text


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a part's text: where its tag, its content and its end are."""

    name: str  # with its prefix
    attributes: str
    start: int
    inner: int
    inner_end: int
    end: int

    @property
    def local(self) -> str:
        """The name without a prefix."""
        return self.name.rpartition(":")[2]

    @property
    def prefix(self) -> str:
        """The prefix with its colon, or nothing."""
        head, colon, _ = self.name.rpartition(":")
        return head + colon

    def get(self, name: str) -> str:
        """An attribute by its local name, entities resolved; nothing where it is not there."""
        for match in _ATTRIBUTE.finditer(self.attributes):
            if match[1].rpartition(":")[2] == name:
                return _resolve(match[2] if match[2] is not None else match[3])
        return ""


@dataclass(frozen=True, slots=True)
class Part:
    """A part's text, with how it was encoded."""

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""

    @classmethod
    def decode(cls, content: bytes) -> Part:
        """The text of a part's bytes, by its byte-order mark or its declaration.

        Raises PartError for bytes that are not of the encoding they claim.
        """
        mark, encoding = next((pair for pair in _BOMS if content.startswith(pair[0])), (b"", ""))
        declared = _DECLARED.match(content)
        encoding = encoding or (declared[1].decode("ascii") if declared else "utf-8")
        try:
            return cls(content[len(mark) :].decode(encoding), encoding, mark)
        except (UnicodeError, LookupError) as error:
            raise PartError(say("part_encoding", encoding=encoding.upper())) from error

    def encode(self) -> bytes:
        """The bytes again."""
        return self.mark + self.text.encode(self.encoding, "xmlcharrefreplace")

    def replace(self, start: int, end: int, new: str) -> Part:
        """The part with a piece of its text replaced."""
        return Part(self.text[:start] + new + self.text[end:], self.encoding, self.mark)

    @property
    def root(self) -> Element:
        """The outermost element; PartError where there is none that is closed."""
        found = next(scan(self.text, depth=0), None)
        if found is None:
            raise PartError(say("part_element"))
        return found

    def children(self, parent: Element | None = None) -> tuple[Element, ...]:
        """The elements directly inside `parent` (the root by default)."""
        parent = parent or self.root
        inside = scan(self.text, depth=0, start=parent.inner, end=parent.inner_end)
        return tuple(inside)

    def child(self, name: str, parent: Element | None = None) -> Element | None:
        """The first element called `name` (without prefix) directly inside `parent`."""
        return next((e for e in self.children(parent) if e.local == name), None)

    def append(self, parent: Element, new: str) -> Part:
        """The part with `new` as the last content of `parent`, which may have been empty."""
        if parent.end == parent.inner:  # <name/>
            slash = self.text.rindex("/", parent.start, parent.end)
            opened = self.text[parent.start : slash].rstrip() + ">"
            return self.replace(parent.start, parent.end, f"{opened}{new}</{parent.name}>")
        return self.replace(parent.inner_end, parent.inner_end, new)

    def insert_ordered(self, order: Sequence[str], name: str, new: str) -> Part:
        """The part with `new`, an element called `name`, at its place among the root's children."""
        root = self.root
        rank = {key: position for position, key in enumerate(order)}
        for child in self.children(root):
            if rank.get(child.local, -1) >= rank[name]:
                return self.replace(child.start, child.start, new)
        return self.append(root, new)

    def set_attribute(self, element: Element, name: str, value: str) -> Part:
        """The part with an attribute of `element` set, where it stands or as the last one."""
        for match in _ATTRIBUTE.finditer(self.text, element.start + 1 + len(element.name), element.inner):
            if match[1] == name:
                start = match.start(2) if match[2] is not None else match.start(3)
                end = match.end(2) if match[2] is not None else match.end(3)
                return self.replace(start, end, escape_attribute(value))
        at = element.start + 1 + len(element.name) + len(element.attributes)
        return self.replace(at, at, f' {name}="{escape_attribute(value)}"')

    def namespace_prefix(self, uri: str) -> str:
        """The prefix, with its colon, that the root binds to a namespace; nothing where it has none."""
        for match in _ATTRIBUTE.finditer(self.root.attributes):
            value = match[2] if match[2] is not None else match[3]
            if value == uri and match[1].startswith("xmlns:"):
                return match[1].removeprefix("xmlns:") + ":"
        return ""


def scan(text: str, *, depth: int, start: int = 0, end: int | None = None) -> Iterator[Element]:
    """The elements that lie `depth` levels deep in a stretch of text, in order."""
    level = 0
    opened: re.Match[str] | None = None
    for tag in _TAG.finditer(text, start, len(text) if end is None else end):
        if tag["name"] is None:
            continue
        if tag["close"]:
            level -= 1
            if level == depth and opened is not None:
                yield Element(
                    opened["name"], opened["attributes"], opened.start(), opened.end(), tag.start(), tag.end()
                )
            continue
        if tag["empty"]:
            if level == depth:
                yield Element(tag["name"], tag["attributes"], tag.start(), tag.end(), tag.end(), tag.end())
            continue
        if level == depth:
            opened = tag
        level += 1


def escape_text(text: str) -> str:
    """Text for an element of a spreadsheet part: what XML cannot hold is dropped."""
    kept = _ESCAPED.sub(r"_x005F\g<0>", _UNFIT.sub("", text))
    return escape(kept)


def escape_attribute(text: str) -> str:
    """Text for an attribute in double quotes."""
    quoted = quoteattr(_UNFIT.sub("", text), {'"': "&quot;"})
    return quoted[1:-1]


def _resolve(text: str) -> str:
    if "&" not in text:
        return text
    text = re.sub(r"&#x0*([0-9A-Fa-f]{1,6});", lambda m: _character(int(m[1], 16)), text)
    text = re.sub(r"&#0*([0-9]{1,7});", lambda m: _character(int(m[1])), text)
    for name, char in (("lt", "<"), ("gt", ">"), ("quot", '"'), ("apos", "'"), ("amp", "&")):
        text = text.replace(f"&{name};", char)
    return text


def _character(number: int) -> str:
    """The character of a number; a sign of replacement for one that stands for none."""
    return "\ufffd" if number > 0x10FFFF or 0xD800 <= number < 0xE000 else chr(number)


def resolve_text(text: str) -> str:
    """The characters of an element's text, entities resolved."""
    return _resolve(text)


def plain_text(part: Part, element: Element) -> str:
    """The text of an element's runs, without their formats."""
    runs = re.findall(r"<(?:[\w.-]+:)?t(?:\s[^>]*)?>([^<]*)<", part.text[element.inner : element.inner_end])
    return resolve_text("".join(runs)).strip()


def check_markup(content: bytes) -> None:
    """PartError for bytes that are no well-formed XML, or that declare a document type."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise PartError(say("xml_faulty")) from error


def _refuse_doctype(*_: object) -> None:
    raise PartError(say("any_document_type"))
