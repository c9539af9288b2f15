"""Load a book from YAML: compose, merge what it includes, freeze, and report every fault at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from yaml.constructor import SafeConstructor

from planbook.problems import Code, Location, Problem, SpecError
from planbook.resources import specs_folder
from planbook.spec.faults import find_faults
from planbook.spec.models import Book

PathKey = tuple[str | int, ...]
MERGED = ("settings", "lists", "measures", "labels")  # keyed sections: what is included comes first
JOINED = ("units", "reports")  # listed sections: what is included comes first


@dataclass
class Source:
    """Plain data of a specification with the file and line of every path in it."""

    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[PathKey, tuple[str, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def locate(self, path: PathKey) -> Location:
        """Where a path stands: its own line, or that of the nearest path above it."""
        shown = ".".join(str(part) for part in path)
        while path and path not in self.lines:
            path = path[:-1]
        file, line = self.lines.get(path, ("", 0))
        return Location(file=file, line=line, path=shown)


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where PyYAML was built with it


def list_books(folder: Traversable | None = None) -> tuple[str, ...]:
    """Names of the books in `folder` (planbook's own by default): files that have `sheets`."""
    folder = folder or specs_folder()
    names = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".yaml") and "\nsheets:" in entry.read_text(encoding="utf-8"):
            names.append(entry.name.removesuffix(".yaml"))
    return tuple(names)


def load_spec(book: str | Path = "annual_plan") -> Book:
    """The frozen book called `book`, or in the YAML file `book`.

    Raises SpecError, whose `problems` are all the faults of the specification, each with file,
    line and path.
    """
    if isinstance(book, Path) or book.endswith((".yaml", ".yml")):
        return _load_file(Path(book))
    if book not in list_books():
        known = ", ".join(list_books())
        raise SpecError(f"unknown book {book!r}; known are {known}")
    return _load_shipped(book)


@lru_cache(maxsize=8)
def _load_shipped(name: str) -> Book:
    return _load_file(specs_folder() / f"{name}.yaml")


def check_spec(path: Path | Traversable) -> tuple[Problem, ...]:
    """Every fault of the book at `path`; empty when it is sound."""
    return _load(path)[1]


def _load_file(path: Path | Traversable) -> Book:
    book, problems = _load(path)
    if problems or book is None:
        raise SpecError(f"{path.name}: {len(problems)} fault(s) in the specification", problems)
    return book


def _load(path: Path | Traversable) -> tuple[Book | None, tuple[Problem, ...]]:
    source = _read_source(path, ())
    problems = list(source.problems)
    data = source.data
    if not problems or data:
        book, faults = _validate(source, data)
        problems += faults
        if book is not None:
            problems += [
                Problem(f.code, source.locate(f.path), f.found, f.expected) for f in find_faults(book)
            ]
    else:
        book = None
    unique = tuple(dict.fromkeys(problems))
    if book is not None and not unique:
        digest = hashlib.sha256(json.dumps(data, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
        book = book.model_copy(update={"sha256": digest})
    return book, tuple(sorted(unique, key=lambda p: (p.location.file, p.location.line, p.location.path)))


def _read_source(path: Path | Traversable, seen: tuple[str, ...]) -> Source:
    source = Source()
    here = Location(file=path.name)
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except (OSError, UnicodeDecodeError) as error:
        source.problems.append(Problem(Code.INPUT_UNREADABLE, here, found=str(error)))
        return source
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        text = getattr(error, "problem", None) or str(error)
        source.problems.append(Problem(Code.SPEC_SYNTAX, Location(file=path.name, line=line), found=text))
        return source
    own = _plain(node, (), path.name, source) if node is not None else {}
    if not isinstance(own, dict):
        source.problems.append(Problem(Code.SPEC_SYNTAX, here, found="the file is no mapping"))
        return source
    own_source = Source(own, dict(source.lines), [])
    for included in own.pop("include", ()):
        if included in seen:
            continue
        other = _read_source(_beside(path, str(included)), (*seen, path.name))
        source.problems += other.problems
        own_source = _merge(other, own_source)
    return Source(own_source.data, own_source.lines, source.problems)


def _beside(path: Path | Traversable, name: str) -> Path | Traversable:
    if isinstance(path, Path):
        own = path.parent / name
        return own if own.exists() else specs_folder() / name
    return specs_folder() / name


def _merge(base: Source, own: Source) -> Source:
    data = {**base.data, **own.data}
    lines = {**base.lines, **own.lines}
    for section in MERGED:
        data[section] = {**base.data.get(section, {}), **own.data.get(section, {})}
    for section in JOINED:
        first, second = base.data.get(section, []), own.data.get(section, [])
        data[section] = [*first, *second]
        for path, place in own.lines.items():
            if path[:1] == (section,) and len(path) > 1 and isinstance(path[1], int):
                lines[(section, path[1] + len(first), *path[2:])] = place
        for path, place in base.lines.items():
            if path[:1] == (section,):
                lines[path] = place
    return Source(data, lines, [])


def _plain(node: yaml.Node, path: PathKey, file: str, source: Source) -> Any:
    line = node.start_mark.line + 1
    source.lines.setdefault(path, (file, line))
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in result:
                place = Location(file=file, line=key_node.start_mark.line + 1, path=".".join(map(str, path)))
                source.problems.append(Problem(Code.SPEC_DUPLICATE_KEY, place, found=key))
            source.lines[(*path, key)] = (file, key_node.start_mark.line + 1)
            result[key] = _plain(value_node, (*path, key), file, source)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*path, i), file, source) for i, child in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    return SafeConstructor().construct_object(node, deep=True)


def _validate(source: Source, data: dict[str, Any]) -> tuple[Book | None, list[Problem]]:
    """Freeze `data`; what pydantic refuses is reported and cut out, so that the rest is checked too."""
    problems: list[Problem] = []
    trial = json.loads(json.dumps(data, default=str))
    for _ in range(6):
        try:
            return Book.model_validate(trial), problems
        except ValidationError as error:
            faults = error.errors(include_url=False)
            problems += [_problem_of(source, trial, fault) for fault in faults]
            if not _cut_out(trial, [_data_path(trial, fault["loc"]) for fault in faults]):
                return None, problems
    return None, problems


def _data_path(data: Any, loc: Iterable[str | int]) -> PathKey:
    """The part of a pydantic location that is a path of the data (it adds names of types)."""
    path: list[str | int] = []
    for part in loc:
        if isinstance(data, Mapping) and part in data:
            data = data[part]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            continue
        path.append(part)
    return tuple(path)


def _problem_of(source: Source, data: Any, fault: Any) -> Problem:
    path = _data_path(data, fault["loc"])
    place = source.locate(path)
    last = str(fault["loc"][-1])
    if fault["type"] == "extra_forbidden":
        known = _known_keys(fault["loc"])
        close = get_close_matches(last, known, n=1)
        return Problem(
            Code.SPEC_UNKNOWN_KEY, place, found=last, expected=", ".join(close or known) or "no such key here"
        )
    if fault["type"] == "missing":
        return Problem(Code.SPEC_MISSING_KEY, place, expected=last)
    return Problem(Code.SPEC_BAD_VALUE, place, found=str(fault.get("input", "")), expected=fault["msg"])


def _known_keys(loc: tuple[str | int, ...]) -> list[str]:
    """The keys that the model at `loc` knows, from the JSON Schema."""
    schema = Book.model_json_schema()
    node: Any = schema
    for part in loc[:-1]:
        node = _resolve(schema, node)
        if isinstance(part, int):
            node = node.get("items", {})
        else:
            node = node.get("properties", {}).get(part) or node.get("additionalProperties") or {}
    return sorted(_resolve(schema, node).get("properties", {}))


def _resolve(schema: Any, node: Any) -> Any:
    options = [node, *node.get("anyOf", ())] if isinstance(node, dict) else []
    for option in options:
        if "$ref" in option:
            return schema["$defs"][option["$ref"].rsplit("/", 1)[-1]]
    return node if isinstance(node, dict) else {}


def _cut_out(data: Any, paths: Iterable[PathKey]) -> bool:
    """Delete the faulty paths (deepest and last first); False when one of them is the whole book."""
    for path in sorted(set(paths), key=lambda p: ([str(part).zfill(6) for part in p], len(p)), reverse=True):
        if not path:
            return False
        parent = data
        for part in path[:-1]:
            parent = parent[part]
        del parent[path[-1]]
    return True
