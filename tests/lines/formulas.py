"""Formulas: which functions they use, what they must not say, and the values stored beside them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import date
from functools import cache

from planbook.calc import Cells
from planbook.calendar import to_serial
from planbook.layout import INDEX, column_letter
from planbook.layout.cells import LISTS
from planbook.layout.dashboard import DASHBOARD
from planbook.spec import Place
from tests.lines import Line, column_cells
from tests.support.books import compiled, plan_in
from tests.support.opened import Break, Cell, Opened, edit, restore
from tests.support.plans import YEAR, settings_for
from tests.support.taken_apart import book_of, corners, every, root_named

# What Excel 2010, WPS, LibreOffice and Gnumeric all have, and were seen to agree on.
PORTABLE = frozenset(
    [
        "ABS",
        "AND",
        "AVERAGE",
        "AVERAGEIFS",
        "CHOOSE",
        "COUNT",
        "COUNTA",
        "COUNTBLANK",
        "COUNTIF",
        "COUNTIFS",
        "DATE",
        "DAY",
        "EDATE",
        "EOMONTH",
        "EXACT",
        "FIND",
        "HYPERLINK",
        "IF",
        "IFERROR",
        "INDEX",
        "INT",
        "ISBLANK",
        "ISERROR",
        "ISNA",
        "ISNUMBER",
        "ISTEXT",
        "LARGE",
        "LEFT",
        "LEN",
        "LOOKUP",
        "LOWER",
        "MATCH",
        "MAX",
        "MEDIAN",
        "MID",
        "MIN",
        "MOD",
        "MONTH",
        "NETWORKDAYS",
        "NOT",
        "OR",
        "RANK",
        "REPT",
        "RIGHT",
        "ROUND",
        "ROUNDDOWN",
        "ROUNDUP",
        "ROW",
        "ROWS",
        "SIGN",
        "SMALL",
        "SQRT",
        "SUBSTITUTE",
        "SUM",
        "SUMIF",
        "SUMIFS",
        "SUMPRODUCT",
        "TEXT",
        "TRIM",
        "UPPER",
        "WEEKDAY",
        "YEAR",
    ]
)
# In conditions of dropdowns and formats besides: nothing is stored there that could go stale.
ALSO_IN_CONDITIONS = frozenset({"OFFSET"})
FUNCTION = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)\s*\(")
QUOTED = re.compile(r'"(?:[^"]|"")*"')
BOOLEAN = re.compile(r"\b(AND|OR|NOT|IS[A-Z]+|EXACT)\(")
CELL = r"\$?[A-Z]{1,3}\$?\d+"


def formula_cells(book: Opened) -> Iterator[tuple[str, Cell]]:
    """Every cell with a formula, and where it stands."""
    for sheet in book.sheets.values():
        for cell in sheet.cells.values():
            if cell.formula is not None:
                yield f"{sheet.title}!{cell.address}", cell


def check_functions(book: Opened) -> Iterator[str]:
    """Cells compute with what every program has, and with nothing that changes by itself."""
    count = 0
    for where, cell in formula_cells(book):
        count += 1
        for name in FUNCTION.findall(QUOTED.sub('""', cell.formula or "")):
            if name not in PORTABLE:
                yield f"{where} uses {name}"
    if not count:
        yield "there are no formulas"


def check_conditions(book: Opened) -> Iterator[str]:
    """Conditions of dropdowns and formats do the same; only a cascade's window may use OFFSET."""
    for sheet in book.sheets.values():
        places = [(f"a validation of {sheet.title}", f, True) for r in sheet.validations for f in r.formulas]
        places += [(f"a format of {sheet.title}!{m.area}", m.condition, False) for m in sheet.marks]
        for where, formula, window in places:
            for name in FUNCTION.findall(QUOTED.sub('""', formula)):
                if name not in (PORTABLE | ALSO_IN_CONDITIONS if window else PORTABLE):
                    yield f"{where} uses {name}"


def check_sayings(book: Opened) -> Iterator[str]:
    """What was seen to differ between programs is not said."""
    for where, cell in formula_cells(book):
        formula = cell.formula or ""
        yield from (f"{where} {fault}: {formula[:90]}" for fault in _sayings(formula))


def _sayings(formula: str) -> Iterator[str]:
    if "SUMPRODUCT(MAX(" in formula:
        yield "takes the largest inside a SUMPRODUCT"
    if re.search(r'COUNTIFS?\([^()]*,"(\?\*|<>)"', formula):
        yield "counts by a wildcard, or by what is not blank"
    for code in re.findall(r'TEXT\((?:[^()"]|"[^"]*"|\([^()]*\))*,"((?:[^"]|"")*)"\)', formula):
        if re.search(r"[^\x00-\x7f]", re.sub(r'""(?:[^"])*""', "", code)):
            yield f"formats by a bare sign in {code!r}"
    for inner in re.findall(rf"\b(?:MONTH|YEAR|DAY|WEEKDAY)\(({CELL}|\w+)\)", formula):
        if f"ISNUMBER({inner})" not in formula:
            yield f"takes a part of {inner}, which may be blank"
    for start, finish in re.findall(rf"NETWORKDAYS\(({CELL}|\w+),({CELL}|\w+)", formula):
        if not any(f"{finish}{less}{start}" in formula for less in ("<", "<=")) and not any(
            f"{start}{less}{finish}" in formula or f"{finish}{more}{start}" in formula
            for less, more in (("<=", ">="), ("<", ">"))
        ):
            yield f"counts working days from {start} to {finish}, whichever comes first"
    for match in BOOLEAN.finditer(QUOTED.sub(lambda q: "x" * len(q[0]), formula)):
        end = _close(formula, match.end())
        if formula[end : end + 1] == "&" or formula[match.start() - 1 : match.start()] == "&":
            yield "joins a yes or no to a text"


def _close(formula: str, position: int) -> int:
    """The place behind the bracket that closes the one before `position`."""
    depth = 1
    while depth and position < len(formula):
        depth += {"(": 1, ")": -1}.get(formula[position], 0)
        position += 1
    return position


def check_as_of(book: Opened) -> Iterator[str]:
    """The day everything is counted at is typed into an unlocked cell, as a date."""
    match = re.fullmatch(r"'([^']+)'!\$([A-Z]+)\$(\d+)", book.names.get("cell_as_of", ""))
    sheet = book.sheets.get(match[1]) if match else None
    cell = sheet.cells.get(f"{match[2]}{match[3]}") if sheet and match else None
    if match is None or sheet is None or cell is None:
        yield "there is no cell of the as-of date"
        return
    if cell.formula is not None or book.style(cell).locked:
        yield "the as-of date cannot be typed"
    rule = sheet.validation(cell.address)
    if rule is None or rule.kind != "date":
        yield "the as-of date takes what is no date"


def check_rows_alike(book: Opened) -> Iterator[str]:
    """A calculated column has its formula in every row, spare ones included."""
    for placed, sheet in book.tables():
        for at in placed.written:
            if not at.column.calculated:
                continue
            for row, (where, cell) in enumerate(column_cells(placed, sheet, at), placed.first_row):
                expected = book.layout.column_formula(placed.sheet.key, at.column, row).removeprefix("=")
                if cell is None or cell.formula != expected:
                    yield f"{where} has not the formula of its column"


def _expected(book: Opened) -> Cells:
    return _evaluated(book.layout.book.name, book.layout.lang, book.state)


@cache
def _evaluated(name: str, lang: str, state: str) -> Cells:
    calculator = compiled(name, lang, whole=state == "blank")
    return calculator.evaluate(plan_in(state, name), settings_for(), "YX")


def check_stored(book: Opened) -> Iterator[str]:
    """Every formula cell carries a value, and it is the one that planbook computed."""
    yield from (f"{where} stores no value" for where, cell in formula_cells(book) if cell.kind == "missing")
    known: set[tuple[str, str]] = set()
    titles = {placed.sheet.key: placed.title for placed in book.layout.sheets}
    titles |= {LISTS: book.layout.lists_title, INDEX: book.layout.index_title}
    page = book.layout.book.dashboard
    titles |= {DASHBOARD: page.title.to(book.layout.lang)} if page else {}
    virtual = {
        (placed.sheet.key, at.index)
        for placed in book.layout.sheets
        for at in placed.columns
        if at.column.place is Place.VIRTUAL
    }
    for (key, row, column), value in _expected(book).items():
        if (key, column) in virtual:
            continue
        title, address = titles.get(key, key), f"{column_letter(column)}{row + 1}"
        known.add((title, address))
        cell = book.sheets[title].cells.get(address) if title in book.sheets else None
        if cell is None or cell.formula is None:
            yield f"{title}!{address} should have a formula"
        elif not _same(cell, value):
            yield f"{title}!{address} stores {cell.text!r}, computed was {value!r}"
    for sheet in book.sheets.values():
        for cell in sheet.cells.values():
            if cell.formula is not None and (sheet.title, cell.address) not in known:
                yield f"{sheet.title}!{cell.address} has a formula that was not computed"


def _same(cell: Cell, value: object) -> bool:
    if isinstance(value, bool):
        return cell.kind == "b" and cell.text == str(int(value))
    if isinstance(value, date):
        value = float(to_serial(value))
    if isinstance(value, int | float):
        return cell.kind == "n" and cell.text != "" and math.isclose(float(cell.text), value, rel_tol=1e-12)
    return cell.kind in ("str", "n") and cell.text == (value or "")


def check_errors(book: Opened) -> Iterator[str]:
    """No formula gives an error, whatever stands in the cells it looks at."""
    for where, cell in formula_cells(book):
        if cell.kind == "e" or re.fullmatch(r"#(N/A|VALUE!|REF!|DIV/0!|NUM!|NAME\?|NULL!)", cell.text):
            yield f"{where} shows {cell.text}"


def check_recalculation(book: Opened) -> Iterator[str]:
    properties = next(every(book_of(book.package), "calcPr"), None)
    if properties is None or properties.get("fullCalcOnLoad") != "1":
        yield "what is stored is not computed anew on loading"


def check_created(book: Opened) -> Iterator[str]:
    """The stamps are the year's, not the clock's: the same input gives the same bytes."""
    core = root_named(book.package, "coreProperties")
    for name in ("created", "modified"):
        stamps = [e.text for e in every(core, name)]
        if stamps != [f"{YEAR}-01-01T00:00:00Z"]:
            yield f"the file is {name} {stamps}"


def check_totals_above(book: Opened) -> Iterator[str]:
    """Totals stand above the header, where a table's end does not move them."""
    for placed, sheet in book.tables():
        for total in placed.sheet.totals:
            row, column = placed.band[total.key]
            cell = sheet.cell(row, column)
            if cell is None or cell.formula is None or row >= placed.first_row - 1:
                yield f"the total {total.key} of {sheet.title} does not stand above the table"
        below = [
            c for c in sheet.cells.values() if (box := corners(c.address)) and box[1] > placed.last_row + 1
        ]
        yield from (f"{sheet.title}!{cell.address} stands below the table" for cell in below)


def in_goals(formula: str, part: str = "goals") -> Break:
    """A break that puts another formula into the first total of a sheet."""
    return edit(part, r"(<row r=\"3\".*?<f>)[^<]*(</f>)", lambda match: match[1] + formula + match[2])


LINES = (
    Line(
        "cells use only functions that every program has, none that changes by itself",
        check_functions,
        {
            name: in_goals(f"{name}(goals_goal)")
            for name in (
                "TODAY", "NOW", "OFFSET", "INDIRECT", "LET", "_xlfn.XLOOKUP", "FILTER", "TEXTJOIN", "N",
                "FLOOR", "SUBTOTAL", "VALUE", "DATEVALUE", "AGGREGATE", "RAND",
            )
        },
    ),
    Line(
        "conditions use them too, and OFFSET for a cascade alone",
        check_conditions,
        {
            "in a format": edit("goals", r"<formula>[^<]*", "<formula>TODAY()&gt;$B7"),
            "OFFSET in a format": edit("goals", r"<formula>[^<]*", "<formula>OFFSET($B7,0,0)=1"),
            "INDIRECT in a validation": edit("goals", r"<formula1>[^<]*", '<formula1>INDIRECT("list_level")'),
        },
    ),
    Line(
        "formulas say nothing that programs understand differently",
        check_sayings,
        {
            "SUMPRODUCT of MAX": in_goals("SUMPRODUCT(MAX(goals_weight))"),
            "a wildcard": in_goals('COUNTIF(goals_goal,"?*")'),
            "not blank": in_goals('COUNTIF(goals_goal,"&lt;&gt;")'),
            "a bare 年": in_goals('TEXT($C7,"yyyy年m月")'),
            "a bare dash": in_goals('TEXT($C7,"0.0%;—")'),
            "the month of a blank": in_goals("MONTH($N7)"),
            "days the wrong way round": in_goals("NETWORKDAYS($M7,$N7)"),
            "a boolean as text": in_goals('AND($C7=1,$D7=2)&amp;""'),
        },
    ),
    Line(
        "the as-of date is an input cell",
        check_as_of,
        {
            "no name": edit("xl/workbook.xml", r'<definedName name="cell_as_of">[^<]*</definedName>', ""),
            "a formula": edit("tracking", r'(<row r="3".*?<c r="C3"[^>]*>)<v>', r"\1<f>45000</f><v>"),
            "anything": edit("tracking", r'(<dataValidation type=")date("[^>]* sqref="C3")', r"\1whole\2"),
        },
    ),
    Line(
        "a formula stands in every row of its column",
        check_rows_alike,
        {
            "one typed over": edit("review", r'(<c r="[A-Z]+70"[^>]*)><f [^>]*/>', r"\1>"),
            "one of another row": edit("review", r'(<row r="20".*?)<f [^>]*/>', r"\1<f>LEFT($D8,4)</f>"),
        },
    ),
    Line(
        "every formula cell carries the value computed for it",
        check_stored,
        {
            "no value": edit("goals", r"(</f>)<v>[^<]*</v>", r"\1"),
            "another number": edit("goals", r"(<row r=\"3\".*?</f><v>)[^<]*", r"\g<1>77"),
            "another text": edit("goals", r'(t="str"><f [^>]*/><v>)[^<]*', r"\1别的"),
            "a number as text": edit("goals", r"(<row r=\"3\".*?<c [^>]*)(><f>)", r'\1 t="str"\2'),
            "a label of a dropdown": restore("pick_goals_goal", 1, "G002｜别的"),
        },
    ),
    Line(
        "no formula gives an error, not even where a number is text",
        check_errors,
        {
            "an error": edit("goals", r'<c r="C3"( s="\d+")><f>([^<]*)</f><v>[^<]*', r'<c r="C3"\1 t="e"><f>\2</f><v>#VALUE!'),
            "its text": edit("goals", r'<c r="C3"( s="\d+")><f>([^<]*)</f><v>[^<]*', r'<c r="C3"\1 t="str"><f>\2</f><v>#N/A'),
        },
    ),
    Line(
        "everything is computed anew on loading",
        check_recalculation,
        {
            "not set": edit("xl/workbook.xml", r' fullCalcOnLoad="1"', ""),
            "unset": edit("xl/workbook.xml", r'fullCalcOnLoad="1"', 'fullCalcOnLoad="0"'),
        },
    ),
    Line(
        "the stamps of the file are pinned to the year",
        check_created,
        {
            "the clock": edit("docProps/core.xml", r"2024-01-01T00:00:00Z(</dcterms:created>)", r"2024-03-05T09:10:11Z\1"),
            "the clock, changed": edit("docProps/core.xml", r"2024-01-01T00:00:00Z(</dcterms:modified>)", r"2024-03-05T09:10:11Z\1"),
        },
    ),
    Line(
        "totals stand above the header, nothing below the table",
        check_totals_above,
        {
            "no total": edit("review", r'<c r="C3"[^>]*><f>.*?</c>', ""),
            "a row below": edit("goals", r"</sheetData>", '<row r="99"><c r="B99"><v>1</v></c></row></sheetData>'),
        },
    ),
)  # fmt: skip
