"""What a workbook loses when another program saves it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tests.support.opened import Opened, Sheet
from tests.support.taken_apart import every, relations, tag

GLOBAL_FORMS = ("true", "1")
PAGE = ("paperSize", "orientation", "fitToHeight")


def skeleton(formula: str) -> str:
    """A formula without what programs write differently: blanks, quotes of titles, `--` and `-(-x)`, 1 and 1.0."""
    bare = re.sub(r"[\s']", "", formula).replace("(", "").replace(")", "").replace("-", "")
    return re.sub(r"(?<=\d)\.0\b", "", bare)


def _validations(sheet: Sheet) -> set[tuple[str, ...]]:
    # LibreOffice gives every validation a second formula: "0" where there was none.
    return {
        (
            area,
            rule.kind,
            rule.severity,
            *map(skeleton, rule.formulas[: 2 if rule.kind in ("decimal", "date", "whole") else 1]),
        )
        for rule in sheet.validations
        for area in rule.areas
        if rule.kind != "none"
    }


def _words(sheet: Sheet) -> set[tuple[str, ...]]:
    return {(area, *rule.texts.values()) for rule in sheet.validations for area in rule.areas}


def _marks(sheet: Sheet) -> set[tuple[str, str, str]]:
    # LibreOffice writes yes and no as 1 and 0; scales and bars have no condition and are counted as drawn.
    words = (("FALSE", "0"), ("TRUE", "1"))
    found = set()
    for mark in sheet.marks:
        condition = skeleton(mark.condition)
        for word, digit in words:
            condition = condition.replace(word, digit)
        if condition:
            found.add((mark.area, condition, mark.fill))
    return found


def _protection(sheet: Sheet) -> set[tuple[str, bool]]:
    found = sheet.first("sheetProtection")
    kinds = ("sheet", "formatColumns", "formatRows", "insertHyperlinks", "autoFilter", "sort", "objects")
    defaults = {"sheet": False, "objects": False}
    return {
        (kind, found.get(kind, "").lower() in GLOBAL_FORMS if found.get(kind) else defaults.get(kind, True))
        for kind in kinds
        if found is not None
    }


def _locks(book: Opened, sheet: Sheet) -> set[str]:
    return {cell.address for cell in sheet.cells.values() if not book.style(cell).locked}


def _hidden(sheet: Sheet) -> set[str]:
    columns = {f"column {n}" for n, (_, hidden, _) in sheet.widths.items() if hidden}
    return columns | {
        f"row {n}" for n, row in sheet.rows.items() if row.get("hidden", "").lower() in GLOBAL_FORMS
    }


def _page(sheet: Sheet) -> set[tuple[str, str]]:
    setup = sheet.first("pageSetup")
    fit = sheet.first("pageSetUpPr")
    wide = fit is not None and fit.get("fitToPage", "").lower() in GLOBAL_FORMS
    return {(name, setup.get(name, "1")) for name in PAGE if setup is not None} | {("fit", str(wide))}


def _links(sheet: Sheet) -> set[tuple[str, str]]:
    return {
        (link.get("ref", ""), skeleton(link.get("location", "")).lstrip("#"))
        for link in every(sheet.root, "hyperlink")
    }


def _drawn(book: Opened, sheet: Sheet) -> set[str]:
    """What stands upon the cells, counted: charts, notes, sparklines, data bars and scales."""
    parts = [
        target for _, target in relations(book.package, sheet.part).values() if target in book.package.parts
    ]
    roots = [book.package.parts[part] for part in parts]
    charts = sum(1 for root in roots if tag(root) == "wsDr" for _ in every(root, "graphicFrame"))
    notes = sum(1 for root in roots if tag(root) == "comments" for _ in every(root, "comment"))
    lines = sum(1 for _ in every(sheet.root, "sparkline"))
    scales = sum(
        1
        for kind in ("colorScale", "dataBar", "iconSet")
        for e in every(sheet.root, kind)
        if "2009/9" not in e.tag
    )
    return {
        f"{count} {kind}"
        for kind, count in (("charts", charts), ("notes", notes), ("sparklines", lines), ("scales", scales))
    }


def losses(before: Opened, after: Opened) -> Mapping[str, tuple[str, ...]]:
    """What `before` had and `after` has not, by kind; empty when everything was kept."""
    found: dict[str, list[str]] = {}
    for kind, thing in _all_losses(before, after):
        found.setdefault(kind, []).append(thing)
    return {kind: tuple(sorted(things)) for kind, things in found.items()}


def _all_losses(before: Opened, after: Opened) -> Iterator[tuple[str, str]]:
    if list(before.sheets) != list(after.sheets):
        yield "sheets", str(list(after.sheets))
    for name, target in before.names.items():
        if skeleton(after.names.get(name, "")) != skeleton(target):
            yield "names", name
    for title, sheet in before.sheets.items():
        other = after.sheets.get(title)
        if other is None:
            continue
        pairs = (
            ("validations", _validations(sheet), _validations(other)),
            ("words of validations", _words(sheet), _words(other)),
            ("conditional formats", _marks(sheet), _marks(other)),
            ("protection", _protection(sheet), _protection(other)),
            ("unlocked cells", _locks(before, sheet), _locks(after, other)),
            ("hidden rows and columns", _hidden(sheet), _hidden(other)),
            ("pages", _page(sheet), _page(other)),
            ("links", _links(sheet), _links(other)),
            ("drawn", _drawn(before, sheet), _drawn(after, other)),
        )
        for kind, had, has in pairs:
            yield from ((kind, f"{title}: {thing}") for thing in map(str, sorted(had - has, key=str)))
