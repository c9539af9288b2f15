"""Faults of a book that its shape alone does not show: dangling names, cycles, missing texts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from pydantic import BaseModel

from planbook.problems import Code, Words, say
from planbook.spec.base import Kind, Place, Text
from planbook.spec.formulas import (
    PORTABLE_FUNCTIONS,
    foreign_functions,
    names,
    references,
    syntax_faults,
)
from planbook.spec.models import Book, Check, Column, Input, Sheet, Source, Take, Total
from planbook.spec.takes import FIELDS, placeholders

PathKey = tuple[str | int, ...]
TIMELINE_COLUMNS = ("start", "finish", "milestone", "done")
LONGEST_TITLE, FORBIDDEN_IN_TITLES = 31, frozenset("[]:*?/\\")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault and the path of the specification it stands at."""

    code: Code
    path: PathKey
    found: str | Words = ""
    expected: str | Words = ""


def find_faults(book: Book) -> tuple[Fault, ...]:
    """Every fault of `book`, in no particular order."""
    return tuple(fault for check in CHECKS for fault in check(book))


def _suggest(word: str, known: Iterable[str]) -> str:
    options = sorted(known)
    return ", ".join(get_close_matches(word, options, n=3) or options)


# -- texts ---------------------------------------------------------------------------------


def _check_texts(book: Book) -> Iterator[Fault]:
    for path, text in _texts(book, ()):
        given = text.languages()
        if "*" not in given:
            for lang in book.languages:
                if not text.root.get(lang):
                    yield Fault(Code.SPEC_TRANSLATION, path, expected=lang)


def _texts(value: object, path: PathKey) -> Iterator[tuple[PathKey, Text]]:
    if isinstance(value, Text):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name), (*path, name))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
    elif hasattr(value, "items"):
        for key, item in value.items():
            yield from _texts(item, (*path, key))


# -- keys and lists ------------------------------------------------------------------------


def _duplicates(keys: Iterable[str], path: PathKey) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, key in enumerate(keys):
        if key in seen:
            yield Fault(Code.SPEC_DUPLICATE_KEY, (*path, index), found=key)
        seen.add(key)


def _check_keys(book: Book) -> Iterator[Fault]:
    yield from _duplicates((sheet.key for sheet in book.sheets), ("sheets",))
    yield from _check_cell_keys(book)
    yield from _duplicates((report.key for report in book.reports), ("reports",))
    yield from _duplicates((unit.name for unit in book.units), ("units",))
    for s, sheet in enumerate(book.sheets):
        path: PathKey = ("sheets", s, "columns")
        yield from _duplicates((column.key for column in sheet.columns), path)
        for c, column in enumerate(sheet.columns):
            if column.key == "id":  # the row's own id
                yield Fault(Code.SPEC_DUPLICATE_KEY, (*path, c), found="id")
    for r, report in enumerate(book.reports):
        yield from _duplicates((column.key for column in report.columns), ("reports", r, "columns"))
    for key, listing in book.lists.items():
        yield from _duplicates((item.key for item in listing.items), ("lists", key, "items"))
        for lang in book.languages:
            titles = [item.title.to(lang) for item in listing.items]
            yield from _duplicates(titles, ("lists", key, "items"))


def _check_cell_keys(book: Book) -> Iterator[Fault]:
    """Settings, inputs and totals share the names that formulas write in braces."""
    taken = set(book.settings)
    for s, sheet in enumerate(book.sheets):
        groups: tuple[tuple[str, tuple[Input | Total, ...]], ...] = (
            ("inputs", sheet.inputs),
            ("totals", sheet.totals),
            ("signoff", sheet.signoff),
        )
        for part, cells in groups:
            for index, cell in enumerate(cells):
                if cell.key in taken:
                    yield Fault(Code.SPEC_DUPLICATE_KEY, ("sheets", s, part, index), found=cell.key)
                taken.add(cell.key)


def _check_titles(book: Book) -> Iterator[Fault]:
    """Sheets' titles as Excel takes them, and no two alike in one language."""
    for lang in book.languages:
        seen: set[str] = set()
        for s, sheet in enumerate(book.sheets):
            title = sheet.title.to(lang)
            expected = title_fault(title, seen)
            if expected:
                yield Fault(Code.SPEC_BAD_VALUE, ("sheets", s, "title"), found=title, expected=expected)
            seen.add(title.casefold())


def title_fault(title: str, taken: Collection[str]) -> Words | None:
    """What a sheet's title should be, where Excel or the other sheets (`taken`) do not bear it."""
    if not 0 < len(title) <= LONGEST_TITLE or set(title) & FORBIDDEN_IN_TITLES:
        forbidden = " ".join(sorted(FORBIDDEN_IN_TITLES))
        return say("sheet_title", count=LONGEST_TITLE, names=forbidden)
    return say("other_title") if title.casefold() in taken else None


def _check_defaults(book: Book) -> Iterator[Fault]:
    """What a closed list is filled with must be one of its items."""

    def known(name: str, value: object, path: PathKey) -> Iterator[Fault]:
        listing = book.lists.get(name)
        if listing is None or listing.open or listing.source or not isinstance(value, str):
            return
        keys = [item.key for item in listing.items]
        if value not in keys:
            yield Fault(Code.SPEC_UNKNOWN_NAME, path, found=value, expected=_suggest(value, keys))

    for key, setting in book.settings.items():
        yield from known(setting.list, setting.value, ("settings", key, "value"))
    for s, sheet in enumerate(book.sheets):
        for c, column in enumerate(sheet.columns):
            yield from known(column.list, column.default, ("sheets", s, "columns", c, "default"))


def _check_lists(book: Book) -> Iterator[Fault]:
    def known(name: str, path: PathKey, needed: bool) -> Iterator[Fault]:
        if (name or needed) and name not in book.lists:
            yield Fault(Code.SPEC_LIST, path, found=name, expected=_suggest(name, book.lists))

    for s, sheet in enumerate(book.sheets):
        for c, column in enumerate(sheet.columns):
            needed = column.kind is Kind.CHOICE
            yield from known(column.list, ("sheets", s, "columns", c, "list"), needed)
    for key, setting in book.settings.items():
        yield from known(setting.list, ("settings", key, "list"), setting.kind is Kind.CHOICE)
    for key, measure in book.measures.items():
        yield from known(measure.list, ("measures", key, "list"), measure.kind is Kind.CHOICE)
    for r, report in enumerate(book.reports):
        for c, figure in enumerate(report.columns):
            yield from known(figure.list, ("reports", r, "columns", c, "list"), False)


# -- references between columns ------------------------------------------------------------


def _check_columns(book: Book) -> Iterator[Fault]:
    for s, sheet in enumerate(book.sheets):
        for path, key in _column_references(sheet):
            if key not in sheet.by_key:
                yield _unknown(("sheets", s, *path), key, sheet)
        if sheet.mirrors and sheet.mirrors not in book.sheets_by_key:
            expected = _suggest(sheet.mirrors, book.sheets_by_key)
            yield Fault(Code.SPEC_UNKNOWN_NAME, ("sheets", s, "mirrors"), sheet.mirrors, expected)
        for c, column in enumerate(sheet.columns):
            for part, target, key in _other_references(column):
                where: PathKey = ("sheets", s, "columns", c, part)
                other = book.sheets_by_key.get(target)
                if other is None:
                    expected = _suggest(target, book.sheets_by_key)
                    yield Fault(Code.SPEC_UNKNOWN_NAME, where, found=target, expected=expected)
                elif key not in other.by_key:
                    yield _unknown(where, key, other)
            if column.measure and column.measure not in book.measures:
                expected = _suggest(column.measure, book.measures)
                place = ("sheets", s, "columns", c, "measure")
                yield Fault(Code.SPEC_UNKNOWN_NAME, place, found=column.measure, expected=expected)


def _unknown(path: PathKey, key: str, sheet: Sheet) -> Fault:
    return Fault(Code.SPEC_UNKNOWN_COLUMN, path, found=key, expected=_suggest(key, sheet.by_key))


def _column_references(sheet: Sheet) -> Iterator[tuple[PathKey, str]]:
    yield ("filled",), sheet.filled
    for r, rule in enumerate(sheet.rules):
        yield ("rules", r, "column"), rule.column
    for part in TIMELINE_COLUMNS if sheet.timeline else ():
        yield ("timeline", part), getattr(sheet.timeline, part)
    for index, keys in enumerate(sheet.unique):
        for key in keys:
            yield ("unique", index), key
    for c, column in enumerate(sheet.columns):
        for part in ("high", "after"):
            if getattr(column, part):
                yield ("columns", c, part), getattr(column, part)
        for key in column.into:
            yield ("columns", c, "into"), key
        parents = column.link.within if column.link else column.cascade.within if column.cascade else ()
        for key in parents:
            yield ("columns", c, "link" if column.link else "cascade"), key


def _other_references(column: Column) -> Iterator[tuple[str, str, str]]:
    if column.link:
        keys = (column.link.label, column.link.metric, *column.link.within)
        yield from (("link", column.link.sheet, key) for key in keys if key)
    if column.cascade:
        yield from (
            ("cascade", column.cascade.sheet, key) for key in (column.cascade.column, *column.cascade.within)
        )


# -- formulas ------------------------------------------------------------------------------


def _formulas(book: Book) -> Iterator[tuple[PathKey, Sheet | None, Column | None, str]]:
    """Every formula of the book with its path, its sheet and its column."""
    for key, measure in book.measures.items():
        yield ("measures", key, "formula"), None, None, measure.formula
    for s, sheet in enumerate(book.sheets):
        for c, column in enumerate(sheet.columns):
            path: PathKey = ("sheets", s, "columns", c)
            if column.formula:
                yield (*path, "formula"), sheet, column, column.formula
            elif column.measure in book.measures:
                yield (*path, "measure"), sheet, column, book.formula_of(column)
            if isinstance(column.required, str):
                yield (*path, "required"), sheet, column, column.required
            if column.header:
                yield (*path, "header"), sheet, None, column.header
        for r, rule in enumerate(sheet.rules):
            yield ("sheets", s, "rules", r, "when"), sheet, None, rule.when
        for t, total in enumerate(sheet.totals):
            yield ("sheets", s, "totals", t, "formula"), sheet, None, total.formula


def known_names(book: Book) -> frozenset[str]:
    """What `{...}` may name: settings, inputs, totals."""
    cells = {cell.key for sheet in book.sheets for cell in (*sheet.band, *sheet.signoff)}
    return frozenset(book.settings) | cells


def _check_formulas(book: Book) -> Iterator[Fault]:
    settings = known_names(book)
    used = {column.measure for sheet in book.sheets for column in sheet.columns}
    for path, sheet, column, formula in _formulas(book):
        shared = path[0] == "measures"
        if path[-1] != "measure":  # a measure's own text is checked where it is written
            yield from _check_form(path, formula)
            # What is included may hold measures that want an input which this book does not have.
            for name in names(formula) if not shared or path[1] in used else ():
                yield from _check_name(book, settings, path, name)
        elif column is not None and not all(column.arguments.values()):
            yield Fault(Code.SPEC_BAD_VALUE, (*path[:-1], "with"), expected=say("every_argument"))
        if sheet is not None:
            for text in references(formula):
                yield from _check_reference(book, sheet, column, path, text)


def _check_form(path: PathKey, formula: str) -> Iterator[Fault]:
    for text in syntax_faults(formula):
        yield Fault(Code.SPEC_FORMULA, path, found=text)
    for function in foreign_functions(formula):
        yield Fault(Code.SPEC_FUNCTION, path, found=function, expected=_suggest(function, PORTABLE_FUNCTIONS))


def _check_name(book: Book, settings: frozenset[str], path: PathKey, name: str) -> Iterator[Fault]:
    head, _, item = name.partition(".")
    if not item:
        if head not in settings:
            yield Fault(Code.SPEC_UNKNOWN_NAME, path, found=name, expected=_suggest(name, settings))
    elif head not in book.lists:
        yield Fault(Code.SPEC_LIST, path, found=head, expected=_suggest(head, book.lists))
    elif item != "*" and item not in {entry.key for entry in book.lists[head].items}:
        known = [f"{head}.{entry.key}" for entry in book.lists[head].items]
        yield Fault(Code.SPEC_UNKNOWN_NAME, path, found=name, expected=_suggest(name, known))


def _check_reference(
    book: Book, sheet: Sheet, column: Column | None, path: PathKey, text: str
) -> Iterator[Fault]:
    target = resolve_reference(book, sheet, text)
    words = text.partition("~")[2]
    if words and words not in book.lists:
        yield Fault(Code.SPEC_LIST, path, found=words, expected=_suggest(words, book.lists))
    if target is None:
        keys = {f"{other.key}.{key}" for other in book.sheets for key in other.by_key}
        yield Fault(Code.SPEC_UNKNOWN_COLUMN, path, text, _suggest(text, {*sheet.by_key, *keys}))
    elif book.sheet(target[0]).optional and target[0] != sheet.key:
        yield Fault(Code.SPEC_UNKNOWN_COLUMN, path, f"{text} (optional)", say("lasting_column"))
    elif column is None or column.place is not Place.VIRTUAL:
        other, key = target
        named = book.sheet(other).by_key.get(key)
        if named is not None and named.place is Place.VIRTUAL:
            expected = say("standing_column")
            yield Fault(Code.SPEC_UNKNOWN_COLUMN, path, f"{text} (virtual)", expected)


def resolve_reference(book: Book, sheet: Sheet, text: str) -> tuple[str, str] | None:
    """The sheet and column a ``[...]`` placeholder reads, or None where it names nothing."""
    if ">" in text:
        via, key = text.split(">", 1)
        column = sheet.by_key.get(via)
        target = column.link.sheet if column and column.link else ""
    elif "#" in text:  # the row of the same number: only a sheet that mirrors the other surely has it
        target, key = text.split("#", 1)
        target = target if target in {sheet.key, sheet.mirrors} else ""
    elif "." in text:
        target, key = text.split(".", 1)
    else:
        target, key = sheet.key, text.removesuffix("^").partition("~")[0]
    other = book.sheets_by_key.get(target)
    return (target, key) if other is not None and (key == "id" or key in other.by_key) else None


def _dependencies(book: Book) -> tuple[dict[str, set[str]], dict[str, PathKey]]:
    """What each calculated column and total reads, and where its formula stands."""
    graph: dict[str, set[str]] = {}
    places: dict[str, PathKey] = {}
    totals = {total.key for sheet in book.sheets for total in sheet.totals}
    for path, sheet, column, formula in _formulas(book):
        if sheet is None or path[-1] in {"required", "header", "when"}:
            continue  # nothing reads what these make
        if column is not None:
            node = f"{sheet.key}.{column.key}"
        else:
            node = "{" + sheet.totals[int(path[3])].key + "}"
        places[node] = path
        cells = (text for text in references(formula) if not text.endswith("^"))  # a header is no row
        targets = (resolve_reference(book, sheet, text) for text in cells)
        graph[node] = {".".join(target) for target in targets if target and target[1] != "id"}
        graph[node] |= {"{" + name + "}" for name in names(formula) if name in totals}
    return graph, places


def _check_rules(book: Book) -> Iterator[Fault]:
    """Rules name problems of the catalogue; a sheet has the columns of errors and warnings both or none."""
    codes = {code.value for code in Code}
    for s, sheet in enumerate(book.sheets):
        for r, rule in enumerate(sheet.rules):
            if rule.code and rule.code not in codes:
                expected = _suggest(rule.code, codes)
                yield Fault(Code.SPEC_UNKNOWN_NAME, ("sheets", s, "rules", r, "code"), rule.code, expected)
        checks = [column.check for column in sheet.columns if column.check]
        needed = [Check.ERRORS, Check.WARNINGS] if checks or sheet.rules else []
        if [check for check in checks if check is not Check.SUMMARY] != needed or len(checks) > 3:
            yield Fault(Code.SPEC_BAD_VALUE, ("sheets", s, "columns"), "check", say("check_columns"))
        yield from _duplicates((rule.key for rule in sheet.rules), ("sheets", s, "rules"))


def _check_cycles(book: Book) -> Iterator[Fault]:
    graph, places = _dependencies(book)
    while True:
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            circle: list[str] = error.args[1]
            yield Fault(Code.SPEC_CYCLE, places[circle[0]], found=" → ".join(circle))
            graph[circle[1]].discard(circle[0])
            graph[circle[0]].discard(circle[1])
        else:
            return


# -- what is filled in beforehand ----------------------------------------------------------


def _check_takes(book: Book) -> Iterator[Fault]:
    """Columns a person could fill in, fields the source has, items the lists have."""
    for s, sheet in enumerate(book.sheets):
        for t, take in enumerate(sheet.takes):
            path: PathKey = ("sheets", s, "takes", t)
            yield from _check_taken_fields(sheet, take, path)
            for part, wanted in (("fixed", {k: (v,) for k, v in take.fixed.items()}), ("only", take.only)):
                for key, items in wanted.items():
                    yield from _check_taken_items(book, sheet.by_key.get(key), (*path, part, key), items)
            for key, needed in take.complete.items():
                for name in (*needed, *(() if key in take.columns else (key,))):
                    if name not in sheet.by_key or name == key:
                        yield _unknown((*path, "complete", key), name, sheet)
            if take.source is not Source.LAST_YEAR and (take.only or take.linked or take.complete):
                expected = say("last_year_only", name=Source.LAST_YEAR.value)
                yield Fault(Code.SPEC_BAD_VALUE, path, found=take.source, expected=expected)


def _check_taken_fields(sheet: Sheet, take: Take, path: PathKey) -> Iterator[Fault]:
    typed = [c.key for c in sheet.columns if not c.calculated and c.place is not Place.VIRTUAL]
    fields = FIELDS.get(take.source, tuple(sheet.by_key))
    named: dict[tuple[str, str], tuple[str, ...]] = {}
    named |= {("columns", key): (name,) for key, name in take.columns.items()}
    named |= {("texts", key): placeholders(text) for key, text in take.texts.items()}
    for part, key in (*named, *(("fixed", key) for key in take.fixed)):
        if key not in typed:
            yield Fault(Code.SPEC_UNKNOWN_COLUMN, (*path, part, key), key, _suggest(key, typed))
        for name in named.get((part, key), ()):
            if name not in fields:
                yield Fault(Code.SPEC_UNKNOWN_NAME, (*path, part, key), name, _suggest(name, fields))


def _check_taken_items(
    book: Book, column: Column | None, path: PathKey, items: Iterable[str]
) -> Iterator[Fault]:
    if column is None:
        if path[-2] == "only":
            yield Fault(Code.SPEC_UNKNOWN_COLUMN, path, found=str(path[-1]))
        return
    listing = book.lists.get(column.list)
    if listing is None or listing.open or listing.source:
        return
    known = [item.key for item in listing.items]
    for item in items:
        if item not in known:
            yield Fault(Code.SPEC_UNKNOWN_NAME, path, found=item, expected=_suggest(item, known))


CHECKS = (
    _check_texts,
    _check_keys,
    _check_titles,
    _check_lists,
    _check_defaults,
    _check_columns,
    _check_formulas,
    _check_rules,
    _check_cycles,
    _check_takes,
)
