"""A workbook's package as parts that can be read, replaced and added, the others left as they are."""

from __future__ import annotations

import os
import posixpath
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from planbook.package.markup import Element, Part, check_markup, escape_attribute
from planbook.problems import OutputError, PartError, explain_os_error, say

WORKBOOK = "xl/workbook.xml"
CONTENT_TYPES = "[Content_Types].xml"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
STRICT_RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml."
VML_TYPE = "application/vnd.openxmlformats-officedocument.vmlDrawing"
_FIRST_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Relation:
    """One relationship of a part: its id, the last word of its type, the part it names."""

    id: str
    kind: str
    target: str


@dataclass
class Archive:
    """The parts of one package; `changed` holds what was replaced or added, `_sound` what was checked."""

    path: Path
    original: Mapping[str, bytes]
    changed: dict[str, bytes] = field(default_factory=dict)
    _sound: set[str] = field(default_factory=set)

    @classmethod
    def open(cls, path: Path) -> Archive:
        """The package at `path`, which the reader has looked over before."""
        try:
            with zipfile.ZipFile(path) as source:
                return cls(path, {entry.filename: source.read(entry) for entry in source.infolist()})
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:  # exchanged since then
            why = explain_os_error(error) if isinstance(error, OSError) else say("zip_damaged")
            raise PartError(say("with_problem", path=path.name, problem=why)) from error

    @staticmethod
    def is_one(path: Path) -> bool:
        """Whether `path` is a package whose parts can be patched: not an .xls, .ods or encrypted file."""
        try:
            with zipfile.ZipFile(path) as source:
                return WORKBOOK in source.namelist()
        except (OSError, zipfile.BadZipFile):
            return False

    def has(self, name: str) -> bool:
        """Whether there is such a part."""
        return name in self.changed or name in self.original

    def names(self, ending: str) -> list[str]:
        """The parts whose names end so."""
        return sorted(name for name in {*self.original, *self.changed} if name.lower().endswith(ending))

    def part(self, name: str) -> Part:
        """The text of a part; PartError where it is no well-formed XML."""
        if name not in self.changed and name not in self._sound:
            try:
                check_markup(self.original.get(name, b""))
            except PartError as error:
                raise PartError(say("with_problem", path=name, problem=error.words)) from error
            self._sound.add(name)
        return self.loose_part(name)

    def loose_part(self, name: str) -> Part:
        """The text of a part that need not be well-formed; PartError where its bytes are no text."""
        try:
            return Part.decode(self.changed.get(name, self.original.get(name, b"")))
        except PartError as error:
            raise PartError(say("with_problem", path=name, problem=error.words)) from error

    def put(self, name: str, part: Part | str) -> None:
        """Replace or add a part; one that comes out as it was stays untouched."""
        content = part.encode() if isinstance(part, Part) else part.encode("utf-8")
        if self.original.get(name) == content:
            self.changed.pop(name, None)
        else:
            self.changed[name] = content

    def free_name(self, pattern: str) -> str:
        """The first part name of a pattern such as ``xl/worksheets/sheet{}.xml`` that is not taken."""
        taken = {name.lower() for name in (*self.original, *self.changed)}
        number = 1
        while pattern.format(number).lower() in taken:
            number += 1
        return pattern.format(number)

    # -- relationships and content types -----------------------------------------------------

    def relations(self, owner: str) -> tuple[Relation, ...]:
        """The relationships of a part, their targets as part names."""
        found = []
        for element in self._relation_elements(owner):
            if element.get("TargetMode") == "External":
                continue
            target = element.get("Target")
            base = "/" if target.startswith("/") else posixpath.dirname(owner) + "/"
            whole = posixpath.normpath(posixpath.join("/" + base.strip("/"), target)).lstrip("/")
            found.append(Relation(element.get("Id"), element.get("Type").rpartition("/")[2], whole))
        return tuple(found)

    def relate(self, owner: str, kind: str, target: str) -> str:
        """Add a relationship from `owner` to the part `target`; its id, or that of the one there is."""
        there = self.relations(owner)
        for relation in there:
            if (relation.kind, relation.target) == (kind, target):
                return relation.id
        taken = {element.get("Id") for element in self._relation_elements(owner)}
        number = 1
        while f"rId{number}" in taken:
            number += 1
        ident = f"rId{number}"
        name = relations_name(owner)
        if not self.has(name):
            self.put(name, f'{_DECLARATION}<Relationships xmlns="{PACKAGE_RELATIONS}"></Relationships>')
        part = self.part(name)
        relative = posixpath.relpath(target, posixpath.dirname(owner) or ".")
        new = (
            f'<{part.root.prefix}Relationship Id="{ident}" Type="{self.relation_base}/{kind}" '
            f'Target="{escape_attribute(relative)}"/>'
        )
        self.put(name, part.append(part.root, new))
        return ident

    def _relation_elements(self, owner: str) -> tuple[Element, ...]:
        name = relations_name(owner)
        return self.part(name).children() if self.has(name) else ()

    @property
    def relation_base(self) -> str:
        """What relationship types begin with: another address in files saved as strict Open XML."""
        strict = STRICT_RELATIONS in self.part(relations_name(WORKBOOK)).text
        return STRICT_RELATIONS if strict else RELATIONS

    @property
    def namespace(self) -> str:
        """The main namespace of the workbook's parts."""
        strict = self.relation_base == STRICT_RELATIONS
        return STRICT_MAIN if strict else MAIN

    def declare(self, name: str, content_type: str) -> None:
        """Give a part its content type."""
        part = self.part(CONTENT_TYPES)
        wanted = "/" + name
        if any(e.local == "Override" and e.get("PartName") == wanted for e in part.children()):
            return
        tag = f"{part.root.prefix}Override"
        new = f'<{tag} PartName="{escape_attribute(wanted)}" ContentType="{content_type}"/>'
        self.put(CONTENT_TYPES, part.append(part.root, new))

    def declare_extension(self, extension: str, content_type: str) -> None:
        """Give all parts of an extension their content type."""
        part = self.part(CONTENT_TYPES)
        children = part.children()
        if any(e.local == "Default" and e.get("Extension").lower() == extension for e in children):
            return
        new = f'<{part.root.prefix}Default Extension="{extension}" ContentType="{content_type}"/>'
        at = children[0].start if children else part.root.inner
        self.put(CONTENT_TYPES, part.replace(at, at, new))

    def sheet_parts(self) -> dict[str, str]:
        """The part of every worksheet by its title, in the order of the tabs."""
        targets = {relation.id: relation.target for relation in self.relations(WORKBOOK)}
        workbook = self.part(WORKBOOK)
        sheets = workbook.child("sheets")
        elements = workbook.children(sheets) if sheets else ()
        return {e.get("name"): targets.get(e.get("id"), "") for e in elements if e.local == "sheet"}

    # -- writing -----------------------------------------------------------------------------

    def save(self, target: Path) -> None:
        """Write the package: parts in their order, untouched ones with the bytes they had.

        The file appears whole or not at all.  Raises OutputError where it cannot be written.
        """
        scratch = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            with zipfile.ZipFile(self.path) as source, zipfile.ZipFile(scratch, "w") as copy:
                for entry in source.infolist():
                    content = self.changed.get(entry.filename, self.original[entry.filename])
                    copy.writestr(entry, content, compress_type=entry.compress_type)
                for name in self.changed:
                    if name not in self.original:
                        entry = zipfile.ZipInfo(name, _FIRST_DATE)
                        copy.writestr(entry, self.changed[name], compress_type=zipfile.ZIP_DEFLATED)
            scratch.replace(target)
        except OSError as error:
            raise OutputError(say("not_written", path=target, reason=explain_os_error(error))) from error
        finally:
            scratch.unlink(missing_ok=True)


_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def relations_name(owner: str) -> str:
    """The part that holds a part's relationships."""
    folder, name = posixpath.split(owner)
    return posixpath.join(folder, "_rels", f"{name}.rels")
