"""Packages as other programs write them: the same workbook, in other words."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def read_parts(path: Path) -> dict[str, bytes]:
    """Every part of a package by name."""
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


def write_parts(path: Path, parts: Mapping[str, bytes]) -> Path:
    """A package of these parts; returns its path."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return path


def change_part(path: Path, name: str, change: Callable[[str], str]) -> Path:
    """The package with the text of one part changed, in place."""
    parts = read_parts(path)
    parts[name] = change(parts[name].decode("utf-8")).encode("utf-8")
    return write_parts(path, parts)


def with_prefix(text: str, prefix: str = "x") -> str:
    """A part with every element of the main namespace prefixed, as some programs write it."""
    named = re.sub(r"<(/?)([A-Za-z]\w*)(?=[\s/>])", rf"<\1{prefix}:\2", text)
    return named.replace(f'xmlns="{MAIN}"', f'xmlns:{prefix}="{MAIN}"', 1)


def find_sheet(parts: Mapping[str, bytes], title: str) -> str | None:
    """The part of the sheet called `title`, whoever wrote the package."""
    workbook, links = (
        parts[f"xl/{name}"].decode("utf-8") for name in ("workbook.xml", "_rels/workbook.xml.rels")
    )
    found = re.search(rf'<(?:\w+:)?sheet name="{re.escape(title)}"[^>]*?r:id="(\w+)"', workbook)
    if found is None:
        return None
    link = next(tag for tag in re.findall(r"<Relationship [^>]*>", links) if f'Id="{found[1]}"' in tag)
    target = re.search(r'Target="/?(?:xl/)?([^"]+)"', link)
    assert target
    return f"xl/{target[1]}"


def part_of(path: Path, title: str) -> str:
    """The part of the sheet called `title` in a file that must have one."""
    found = find_sheet(read_parts(path), title)
    assert found, f"there is no sheet {title}"
    return found
