"""Load a book from YAML: compose, merge what it includes, freeze, and report every fault at once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from pydantic import ValidationError
from yaml.constructor import SafeConstructor

from planbook.problems import (
    Code,
    Location,
    Problem,
    SpecError,
    Words,
    explain_os_error,
    list_words,
    say,
)
from planbook.resources import specs_folder
from planbook.spec.dashboard_faults import find_dashboard_faults
from planbook.spec.faults import Fault, find_faults
from planbook.spec.models import Book

PathKey = tuple[str | int, ...]
MERGED = ("settings", "lists", "measures", "labels")  # keyed sections: what is included comes first
JOINED = ("units", "reports")  # listed sections: what is included comes first
WORDING = frozenset({"labels", "reports", "index", "title", "dashboard"})  # no part of what a workbook holds
ROUNDS = 8  # of validating and cutting out: a fault may show only when the one around it is gone
# Put where the book itself lacks them, so that its parts are checked all the same.
STAND_INS: Mapping[str, Any] = MappingProxyType(
    {
        "name": "unnamed",
        "version": "0",
        "title": "unnamed",
        "index": {"title": "index", "heading": "index", "steps": []},
    }
)


@dataclass
class Source:
    """Plain data of a specification with the file and line of every path in it."""

    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[PathKey, tuple[str, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    whole: bool = True  # whether every file could be read

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
        raise SpecError(say("unknown_book", name=book, known=list_words(list_books())))
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
        raise SpecError(say("book_faults", name=path.name, count=len(problems)), problems)
    return book


def _load(path: Path | Traversable) -> tuple[Book | None, tuple[Problem, ...]]:
    source = _read_source(path, set())
    problems = list(source.problems)
    book = None
    if source.whole:
        trial = _Trial(source)
        book = trial.validate()
        problems += trial.problems
        if book is not None:
            problems += trial.judge((*find_faults(book), *find_dashboard_faults(book)))
    unique = tuple(dict.fromkeys(problems))
    if book is not None and not unique:
        meaning = {key: part for key, part in source.data.items() if key not in WORDING}
        # What a sheet takes over is written like any typed row: no part of what a workbook is.
        meaning["sheets"] = [
            {key: part for key, part in sheet.items() if key != "takes"} for sheet in source.data["sheets"]
        ]
        text = json.dumps(meaning, ensure_ascii=False, sort_keys=True, default=str)
        book = book.model_copy(update={"sha256": hashlib.sha256(text.encode()).hexdigest()})
    return book, tuple(sorted(unique, key=lambda p: (p.location.file, p.location.line, p.location.path)))


def _read_source(path: Path | Traversable, loaded: set[str]) -> Source:
    """The file and what it includes; every file is taken once, whoever includes it."""
    loaded.add(path.name)
    source = Source()
    node = _compose(path, source)
    own = _plain(node, (), path.name, source) if node is not None else None
    if not isinstance(own, dict):
        if source.whole:
            place = Location(file=path.name, line=1)
            source.problems.append(Problem(Code.SPEC_SYNTAX, place, found=say("no_mapping")))
        return Source({}, source.lines, source.problems, whole=False)
    included = own.pop("include", [])
    merged = Source(own, dict(source.lines))
    for index, name in enumerate(included if isinstance(included, list) else [included]):
        other_path = _beside(path, str(name))
        if other_path.name in loaded:
            continue
        if not other_path.is_file():
            place = source.locate(("include", index))
            expected = ", ".join(_spec_files(path))
            source.problems.append(Problem(Code.SPEC_UNKNOWN_NAME, place, str(name), expected))
            merged.whole = False
            continue
        other = _read_source(other_path, loaded)
        source.problems += other.problems
        merged = _merge(other, merged)
    return Source(merged.data, merged.lines, source.problems, source.whole and merged.whole)


def _compose(path: Path | Traversable, source: Source) -> yaml.Node | None:
    """The file's YAML; what keeps it from being read is added to the source's problems."""
    here = Location(file=path.name)
    try:
        node: yaml.Node | None = yaml.compose(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except FileNotFoundError:
        problem = Problem(Code.INPUT_MISSING, here, expected=path.name)
    except OSError as error:
        problem = Problem(Code.SPEC_SYNTAX, here, found=explain_os_error(error))
    except UnicodeDecodeError:
        problem = Problem(Code.SPEC_SYNTAX, here, found=say("no_utf8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        text = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        place = Location(file=path.name, line=mark.line + 1 if mark else 0)
        problem = Problem(Code.SPEC_SYNTAX, place, found=Words(say("no_yaml").zh, text))
    else:
        return node
    source.problems.append(problem)
    source.whole = False
    return None


def _beside(path: Path | Traversable, name: str) -> Path | Traversable:
    if isinstance(path, Path):
        own = path.parent / name
        return own if own.exists() else specs_folder() / name
    return specs_folder() / name


def _spec_files(path: Path | Traversable) -> list[str]:
    """The files that `path` may include: those beside it and those that ship."""
    folders = [specs_folder(), *([path.parent] if isinstance(path, Path) else [])]
    found = {entry.name for folder in folders for entry in folder.iterdir() if entry.name.endswith(".yaml")}
    return sorted(found - {path.name})


def _merge(base: Source, own: Source) -> Source:
    data = {**base.data, **own.data}
    lines = {**base.lines, **own.lines}
    for section in MERGED:
        former, latter = base.data.get(section), own.data.get(section)
        if isinstance(former, dict) and isinstance(latter, dict):
            data[section] = {**former, **latter}
    for section in JOINED:
        first, second = base.data.get(section), own.data.get(section)
        if not isinstance(first, list) or not isinstance(second, list):
            continue
        data[section] = [*first, *second]
        for path, place in own.lines.items():
            if path[:1] == (section,) and len(path) > 1 and isinstance(path[1], int):
                lines[(section, path[1] + len(first), *path[2:])] = place
        for path, place in base.lines.items():
            if path[:1] == (section,):
                lines[path] = place
    return Source(data, lines, whole=base.whole and own.whole)


def _plain(node: yaml.Node, path: PathKey, file: str, source: Source) -> Any:
    line = node.start_mark.line + 1
    source.lines.setdefault(path, (file, line))
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            inner = (*path, key)
            if key in result:
                place = Location(file, line=key_node.start_mark.line + 1, path=".".join(map(str, inner)))
                source.problems.append(Problem(Code.SPEC_DUPLICATE_KEY, place, found=key))
            source.lines[inner] = (file, key_node.start_mark.line + 1)
            result[key] = _plain(value_node, inner, file, source)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*path, i), file, source) for i, child in enumerate(node.value)]
    try:
        return SafeConstructor().construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError) as error:
        found = getattr(error, "problem", None) or str(error)
        said = Words(say("no_yaml").zh, found)
        source.problems.append(Problem(Code.SPEC_SYNTAX, Location(file=file, line=line), found=said))
        return ""


def _wanted(kind: str, context: Mapping[str, Any], message: str) -> Words:
    """What a value should be: the models' own words in English, the sort of value in Chinese."""
    if "expected" in context:
        return Words(say("one_of", names=str(context["expected"]).replace(" or ", "、")).zh, message)
    bounds = {"gt": "model_above", "ge": "model_from", "lt": "model_below", "le": "model_to"}
    for key, phrase in bounds.items():
        if key in context:
            return Words(say(phrase, name=context[key]).zh, message)
    sorts = ("string", "int", "float", "bool", "list", "tuple", "dict", "mapping", "model")
    sort = next((sort for sort in sorts if kind.startswith(sort)), "other")
    return Words(say(f"model_{sort}").zh, message)


class _Trial:
    """Plain data on its way to a book: what the models refuse is cut out, so that the rest is checked too.

    Cutting moves what stands behind in a list; `cuts` leads back to the paths of the files.
    `gone` are the keys of what was cut out: that others name them is no fault of theirs.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.data: dict[str, Any] = json.loads(json.dumps(source.data, default=str))
        self.problems: list[Problem] = []
        self.cuts: list[PathKey] = []
        self.removed: set[PathKey] = set()
        self.gone: set[str] = set()

    def validate(self) -> Book | None:
        """The frozen book, without its faulty parts; None when nothing sound is left."""
        for _ in range(ROUNDS):
            try:
                return Book.model_validate(self.data)
            except ValidationError as error:
                faults = error.errors(include_url=False)
            paths = [self._heal(fault) for fault in faults]
            if () in paths:
                return None
            for path in sorted({p for p in paths if p is not None}, key=_cut_order, reverse=True):
                self._cut(path)
        return None

    def judge(self, faults: Iterable[Fault]) -> Iterator[Problem]:
        """The faults as problems with their places in the files."""
        follow_up = {Code.SPEC_UNKNOWN_COLUMN, Code.SPEC_UNKNOWN_NAME, Code.SPEC_LIST}
        for fault in faults:
            if fault.code in follow_up and self.gone & set(re.split(r"[.>]", str(fault.found))):
                continue
            yield Problem(
                fault.code, self.source.locate(self._original(fault.path)), fault.found, fault.expected
            )

    def _heal(self, fault: Any) -> PathKey | None:
        """Report a fault; the path to cut out, or None where a stand-in was put in its place."""
        path = _data_path(self.data, fault["loc"])
        last = str(fault["loc"][-1])
        missing = fault["type"] == "missing"
        if not (missing and (*self._original(path), last) in self.removed):
            self.problems.append(self._problem(fault, path, last))
        if missing and not path and last in STAND_INS:
            self.data[last] = STAND_INS[last]
            return None
        return path

    def _problem(self, fault: Any, path: PathKey, last: str) -> Problem:
        place = self.source.locate(self._original(path))
        if fault["type"] == "extra_forbidden":
            known = _known_keys(fault["loc"])
            close = get_close_matches(last, known, n=1)
            expected = list_words(close or known) if known else say("no_such_key")
            return Problem(Code.SPEC_UNKNOWN_KEY, place, found=last, expected=expected)
        if fault["type"] == "missing":
            return Problem(Code.SPEC_MISSING_KEY, place, expected=last)
        expected = _wanted(fault["type"], fault.get("ctx", {}), fault["msg"])
        return Problem(Code.SPEC_BAD_VALUE, place, found=str(fault.get("input", "")), expected=expected)

    def _cut(self, path: PathKey) -> None:
        parent: Any = self.data
        for part in path[:-1]:
            parent = parent[part]
        item = parent[path[-1]]
        if isinstance(item, dict):
            self.gone |= {str(item[name]) for name in ("key", "name") if name in item} | {str(path[-1])}
        del parent[path[-1]]
        self.removed.add(self._original(path))
        self.cuts.append(path)

    def _original(self, path: PathKey) -> PathKey:
        """The path as the files have it, before anything was cut out of a list."""
        for *parent, index in reversed(self.cuts):
            depth = len(parent)
            if isinstance(index, int) and list(path[:depth]) == parent and len(path) > depth:
                here = path[depth]
                if isinstance(here, int) and here >= index:
                    path = (*path[:depth], here + 1, *path[depth + 1 :])
        return path


def _cut_order(path: PathKey) -> tuple[list[str], int]:
    return [str(part).zfill(6) for part in path], len(path)


def _data_path(data: Any, loc: Iterable[str | int]) -> PathKey:
    """The part of a pydantic location that is a path of the data (it adds names of types)."""
    path: list[str | int] = []
    for part in loc:
        in_list = isinstance(data, list) and isinstance(part, int) and part < len(data)
        if not in_list and not (isinstance(data, Mapping) and part in data):
            continue
        data = data[part]
        path.append(part)
    return tuple(path)


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
