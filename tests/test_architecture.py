"""The layers of planbook: every import is read, and none may point upwards or sideways.

The order and the owners of third-party libraries are decided in the two tables below, nowhere
else.  Imports inside functions, relative ones and those under TYPE_CHECKING count like any other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Lowest first.  A module imports from lower rows only; those of one row do not know each other.
LAYERS = (
    ("resources", "isolation"),
    ("problems",),
    ("values", "units", "calendar"),
    ("plan", "company", "weights"),
    ("spec",),
    ("layout",),
    ("calc",),
    ("writer", "reader"),
    ("checks",),
    ("batch",),
    ("measures",),
    ("package",),
    ("reports", "explain"),
    ("mail",),
    ("cycle",),
    ("issuing",),
    ("workflow",),
    ("analysis",),
    ("cli",),
)
# One layer in three parts: these may import each other.
ONE_LAYER = frozenset({"values", "units", "calendar"})

# Who may import what from outside.  A library that is not named here is free to all.
OWNERS = {
    "xlsxwriter": {"writer", "reports"},
    "python_calamine": {"reader"},
    "openpyxl": {"reader"},
    "msoffcrypto": {"reader"},
    "cryptography": {"reader"},
    "rapidfuzz": {"reader"},
    "ironcalc": {"calc"},
    "yaml": {"spec"},
    "smtplib": {"mail"},
    "click": {"cli"},
    "rich": {"cli"},
    "pandas": {"measures", "reports", "explain", "mail", "cycle", "analysis", "cli"},
}

# The package itself offers the public names of all layers, so it stands above them, beside
# `python -m planbook`.  Only this name of it is for everyone.
TOP = frozenset({"__init__", "__main__"})
FREE_NAMES = frozenset({"planbook.__version__"})

LEVELS = {part: level for level, parts in enumerate(LAYERS) for part in parts}


@dataclass(frozen=True)
class Import:
    """`module` names what is imported, in full; `from a import b` is `a.b`."""

    module: str
    line: int


def read_imports(source: str, module: str, *, is_package: bool = False) -> list[Import]:
    """Every import in `source`, wherever it stands, with relative ones resolved against `module`."""
    package = module if is_package else module.rpartition(".")[0]
    return [
        Import(name, node.lineno)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Call)
        for name in _imported_names(node, package)
    ]


def _imported_names(node: ast.Import | ast.ImportFrom | ast.Call, package: str) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(names=names):
            origin = _resolve(node.module or "", node.level, package)
            yield from (f"{origin}.{alias.name}" for alias in names)
        case ast.Call(
            func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            dots = len(name) - len(name.lstrip("."))
            yield _resolve(name.lstrip("."), dots, package)


def _resolve(name: str, level: int, package: str) -> str:
    if not level:
        return name
    parts = package.split(".")
    base = parts[: len(parts) - level + 1]
    return ".".join([*base, name] if name else base)


def part_of(module: str) -> str:
    """The part of planbook that a dotted name belongs to; the package itself is `__init__`."""
    names = module.split(".")
    return names[1] if len(names) > 1 and (names[1] in LEVELS or names[1] in TOP) else "__init__"


def find_violations(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """One line for every import of `source` that goes against the two tables."""
    part = part_of(module)
    if part in TOP:
        return []
    return [
        f"{module}:{found.line}: {fault}"
        for found in read_imports(source, module, is_package=is_package)
        if (fault := _judge(part, found.module))
    ]


def _judge(part: str, imported: str) -> str:
    library = imported.partition(".")[0]
    if library != "planbook":
        owners = OWNERS.get(library)
        if owners is None or part in owners:
            return ""
        return f"{library} belongs to {', '.join(sorted(owners))}, not to {part}"
    other = part_of(imported)
    if other == part or imported in FREE_NAMES or {part, other} <= ONE_LAYER:
        return ""
    if other in TOP:
        return f"{part} imports {imported}, which stands above every layer or has no row in LAYERS"
    if LEVELS[other] < LEVELS[part]:
        return ""
    return f"{part} imports {other}, which is {'beside' if LEVELS[other] == LEVELS[part] else 'above'} it"


def _walk_modules() -> Iterator[tuple[Path, str, bool]]:
    for path in sorted((ROOT / "planbook").rglob("*.py")):
        names = path.relative_to(ROOT).with_suffix("").parts
        is_package = names[-1] == "__init__"
        yield path, ".".join(names[:-1] if is_package else names), is_package


def test_imports_follow_the_layers() -> None:
    modules = 0
    inner = 0
    violations: list[str] = []
    for path, module, is_package in _walk_modules():
        source = path.read_text(encoding="utf-8")
        modules += 1
        inner += sum(
            found.module.startswith("planbook")
            for found in read_imports(source, module, is_package=is_package)
        )
        violations += find_violations(source, module, is_package=is_package)
    assert modules, "no module was examined"
    assert inner, "no import of planbook's own was examined"
    assert not violations, "\n" + "\n".join(violations)


def test_every_part_has_its_layer() -> None:
    parts = {module.split(".")[1] for _, module, _ in _walk_modules() if "." in module}
    assert parts - TOP <= LEVELS.keys(), "a new part of planbook: give it a row in LAYERS"


def test_owners_are_parts_of_planbook() -> None:
    assert set().union(*OWNERS.values()) <= LEVELS.keys()


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        ("planbook.spec.loader", "import planbook.cli", "spec imports cli, which is above it"),
        ("planbook.spec.loader", "from planbook.calc import evaluate", "spec imports calc"),
        ("planbook.spec.loader", "from planbook import layout", "spec imports layout"),
        ("planbook.values", "from planbook import read_workbook", "above every layer"),
        ("planbook.values", "import planbook", "above every layer"),
        ("planbook.values", "from planbook import *", "above every layer"),
        ("planbook.values", "import planbook.__main__", "above every layer"),
        (
            "planbook.writer.book",
            "from planbook.reader import guard",
            "writer imports reader, which is beside",
        ),
        ("planbook.checks", "from planbook.measures import facts", "checks imports measures"),
        ("planbook.resources", "from planbook.problems import Problem", "resources imports problems"),
        (
            "planbook.calc",
            "def run():\n    from planbook.reports import book\n",
            "calc:2: calc imports reports",
        ),
        (
            "planbook.calc",
            "class Engine:\n    async def run(self):\n        import rich.table\n",
            "rich belongs",
        ),
        ("planbook.calc", "from . import reports", "calc imports reports"),
        ("planbook.spec.loader", "from ..cli import main", "spec imports cli"),
        ("planbook.spec.loader", "from .. import reader as r", "spec imports reader"),
        ("planbook.spec.loader", "from .. import *", "above every layer"),
        (
            "planbook.units",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from planbook.spec import Book\n",
            "units:3: units imports spec",
        ),
        ("planbook.mail", "import importlib\nimportlib.import_module('planbook.cli')", "mail imports cli"),
        (
            "planbook.mail",
            "from importlib import import_module\nimport_module('.cli', 'planbook')",
            "mail imports cli",
        ),
        ("planbook.layout", "def frame():\n    import pandas as pd\n", "pandas belongs"),
        (
            "planbook.writer.book",
            "from openpyxl.utils import get_column_letter",
            "openpyxl belongs to reader",
        ),
        ("planbook.reader.fast", "import xlsxwriter", "xlsxwriter belongs to reports, writer"),
        (
            "planbook.cycle",
            "try:\n    import yaml\nexcept ImportError:\n    yaml = None\n",
            "yaml belongs to spec",
        ),
    ],
)
def test_planted_violation_is_found(module: str, source: str, fault: str) -> None:
    (found,) = find_violations(source, module)
    assert fault in found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("planbook.cli.main", "from planbook.spec import load_spec\nimport click, rich.table"),
        ("planbook.cli.main", "from planbook import __version__"),
        (
            "planbook.spec.loader",
            "from .models import Book\nfrom . import models\nfrom ..problems import Problem",
        ),
        ("planbook.spec.loader", "from planbook.spec import models\nimport yaml\nimport json"),
        ("planbook.values", "from planbook.units import Unit\nfrom planbook import calendar"),
        ("planbook.units", "from planbook.values import parse_number"),
        ("planbook.values", "from calendar import monthrange"),
        ("planbook.__main__", "from planbook.cli import main\nimport pandas"),
        ("planbook", "from planbook.reader import read_workbook"),
    ],
)
def test_lawful_import_passes(module: str, source: str) -> None:
    assert read_imports(source, module), "nothing was examined"
    assert find_violations(source, module) == []


def test_relative_import_of_a_package_is_its_own() -> None:
    source = "from .loader import load_spec\nfrom ..calc import evaluate\n"
    (found,) = find_violations(source, "planbook.spec", is_package=True)
    assert "planbook.spec:2: spec imports calc" in found
