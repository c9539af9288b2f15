"""The facts, one a row, streamed into the package: a million of them fit where cell objects would not.

XlsxWriter makes the sheet with everything but its rows, and a cell of every look; the rows are then
written as XML into the finished package.  They are what XlsxWriter itself would write.  Other tables
of very many rows go the same way.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from planbook.layout import column_letter
from planbook.measures.plain import Rows, floats
from planbook.problems import OutputError, explain_os_error, say
from planbook.reports.figures import BELOW_SIGHT, SMALL, number_text
from planbook.reports.place import FIRST_ROW, HEADER_ROW, HEADING_ROW, MOST_FACTS, FactSheets
from planbook.reports.sheets import (
    FAVOUR_COLUMNS,
    LINK_COLUMNS,
    MONEY_SMALL,
    ONE_LINE,
    Page,
    add_bars,
    cell_value,
    frozen_columns,
    header_style,
    lines_of,
    number_format,
    printed_columns,
    row_height,
    set_print,
    write_nothing,
    write_top,
)
from planbook.spec import Kind
from planbook.spec.models import ReportColumn, ReportSheet
from planbook.writer.cells import write_value
from planbook.writer.styles import MONEY, MONEY_INTEGER

MOST_PLAIN = 400_000  # rows whose XML is certainly below 2 GB
CHUNK = 2_000  # rows turned into text at a time
MOST_KEPT = 2_000  # cells of a column kept as text, because values repeat
ROW_HEIGHT = row_height(1)
LEVEL = 4  # of compression: two thirds of the time of the usual 6, for a file a seventh larger
_ESCAPED = re.compile("(_x[0-9A-Fa-f]{4}_)")
_CELL = re.compile(rb'<c r="([A-Z]+)(\d+)" s="(\d+)"')
_FIRST = f'<row r="{FIRST_ROW + 1}"'.encode()
_END = b"</sheetData>"
_DIMENSION = re.compile(rb'(<dimension ref="A1:[A-Z]+)\d+')
_DAY_ZERO = date(1899, 12, 30)
_TONES = ("good", "even", "bad", None)

Look = tuple[int, str, str]  # column, number format, tone


@dataclass(frozen=True)
class Long:
    """The rows of one sheet that are streamed.

    `parties` are the columns that show the letter of a department among a row's `roles`: its code by key.
    """

    report: ReportSheet
    rows: Rows
    parties: Mapping[str, str] = field(default_factory=dict)


def long_facts(place: FactSheets, number: int, facts: Rows) -> Long:
    """The facts of fact sheet `number`."""
    start = sum(place.counts[:number])
    return Long(place.report, facts[start : start + place.counts[number]])


def long_rows(report: ReportSheet, rows: Rows, parties: Mapping[str, str] | None = None) -> Long:
    """The rows of another table, where they are too many to be written cell by cell.

    Raises OutputError where a sheet of Excel has no room for them.
    """
    if len(rows) > MOST_FACTS:
        raise OutputError(say("rows_do_not_fit", count=f"{len(rows):,}", name=report.key))
    return Long(report, rows, parties or {})


# -- the sheet without its rows --------------------------------------------------------------


def write_facts(page: Page, sheet: Any, place: FactSheets, number: int, facts: Rows) -> None:
    """Everything of fact sheet `number` but its rows, and one cell of every look they may have."""
    report, count = place.report, place.counts[number]
    widths = [_width(column, facts) for column in report.columns]
    titles = _write_head(page, sheet, report, widths)
    if count:
        _write_samples(page, sheet, report)
        columns = [
            {"header": title, "header_format": header_style(page, column)}
            for title, column in zip(titles, report.columns, strict=True)
        ]
        name = "Facts" if not number else f"Facts_{number + 1}"
        # XlsxWriter notes every cell of a table: it gets the first row, and `stretch_table` the rest.
        table = {"name": name, "style": None, "columns": columns}
        sheet.add_table(HEADER_ROW, 0, FIRST_ROW, len(report.columns) - 1, table)
    else:
        write_nothing(page, sheet, FIRST_ROW, printed_columns(report) - 1)
    sheet.freeze_panes(FIRST_ROW, 2)
    _set_pages(page, sheet, report, count)


def write_long(page: Page, sheet: Any, long: Long) -> None:
    """Everything of a long table but its rows, which have one height and lead nowhere."""
    report, count = long.report, len(long.rows)
    widths = []
    for column in report.columns:
        widths.append(_width(column, long.rows))
    _write_head(page, sheet, report, widths)
    _write_samples(page, sheet, report)
    for index, column in enumerate(report.columns):
        if column.key in LINK_COLUMNS and not column.list:
            sheet.set_column(index, index, None, None, {"hidden": True})
    sheet.autofilter(HEADER_ROW, 0, FIRST_ROW + count - 1, len(report.columns) - 1)
    add_bars(sheet, report, count)
    sheet.freeze_panes(FIRST_ROW, frozen_columns(report))
    _set_pages(page, sheet, report, count)


def _write_head(page: Page, sheet: Any, report: ReportSheet, widths: Sequence[float]) -> list[str]:
    """The bar, the titles and the widths; comes back with the titles."""
    titles = [column.title.to(page.lang) for column in report.columns]
    printed = printed_columns(report) - 1
    write_top(page, sheet, report.heading.to(page.lang), report.hint.to(page.lang), printed)
    sheet.set_row(HEADER_ROW, row_height(max(2, *map(lines_of, titles, widths))))
    for index, (column, width) in enumerate(zip(report.columns, widths, strict=True)):
        sheet.set_column(index, index, width)
        write_value(sheet, HEADER_ROW, index, titles[index], header_style(page, column))
    return titles


def _write_samples(page: Page, sheet: Any, report: ReportSheet) -> None:
    for row, column, style in _samples(page, report):
        sheet.write_blank(row, column, None, style)


def _set_pages(page: Page, sheet: Any, report: ReportSheet, count: int) -> None:
    set_print(page, sheet)
    sheet.repeat_rows(HEADER_ROW)
    sheet.print_area(HEADING_ROW, 0, FIRST_ROW + max(count, 1) - 1, printed_columns(report) - 1)


def _width(column: ReportColumn, rows: Rows) -> float:
    """The width of a column; one of quantities is as wide as its lowest and its highest figure."""
    figures = rows.numbers(column.key) if column.kind is Kind.QUANTITY else floats(())
    known = figures[~np.isnan(figures)]
    ends = [float(known.min()), float(known.max())] if len(known) else []
    longest = max((len(number_text(value + 0.01)) for value in ends), default=0)
    return max(column.width, longest * 1.1 + 2)


def _looks(page: Page, report: ReportSheet) -> Iterator[tuple[Look, Any]]:
    """Every look that a cell of each column may have."""
    for index, column in enumerate(report.columns):
        if column.kind is Kind.CHOICE:
            tones = [
                "",
                *(page.choice(column.list, item.key)[1] for item in page.book.lists[column.list].items),
            ]
        elif column.key in FAVOUR_COLUMNS:
            tones = [page.choice("favour", str(item))[1] for item in _TONES]
        else:
            tones = [""]
        numbers = [number_format(column, 1.0)]
        if column.kind is Kind.QUANTITY:
            numbers = ["", MONEY_INTEGER, MONEY, MONEY_SMALL]
        for tone in dict.fromkeys(tones):
            for number in numbers:
                yield (index, number, tone), page.cell_style(column, number, tone, ONE_LINE)


def _samples(page: Page, report: ReportSheet) -> Iterator[tuple[int, int, Any]]:
    taken: dict[int, int] = {}
    for (index, _, _), style in _looks(page, report):
        yield FIRST_ROW + taken.get(index, 0), index, style
        taken[index] = taken.get(index, 0) + 1


def _read_styles(page: Page, report: ReportSheet, part: bytes) -> dict[Look, str]:
    """The number of each look's format, read from the sample cells of the sheet's XML."""
    found = {(match[1].decode(), int(match[2])): match[3].decode() for match in _CELL.finditer(part)}
    taken: dict[int, int] = {}
    styles = {}
    for look, _ in _looks(page, report):
        row = FIRST_ROW + taken.get(look[0], 0) + 1
        taken[look[0]] = taken.get(look[0], 0) + 1
        styles[look] = found[column_letter(look[0]), row]
    return styles


# -- the rows --------------------------------------------------------------------------------


class _Kept(dict[Any, str]):
    """Cells as text by value, kept because values repeat; emptied when they do not."""

    def __init__(self, make: Callable[[Any], str]) -> None:
        self.make = make

    def __missing__(self, value: Any) -> str:
        if len(self) > MOST_KEPT:
            self.clear()
        text = self[value] = self.make(value)
        return text


def stream_rows(page: Page, long: Long, part: bytes) -> Iterator[bytes]:
    """The rows of a long table as XML; `part` is its XML with the sample cells."""
    report = long.report
    styles = _read_styles(page, report, part)
    writers = [_column_writer(page, styles, report, index) for index in range(len(report.columns))]
    row = FIRST_ROW + 1
    head = '<row r="'
    opening = f'" ht="{ROW_HEIGHT:g}" customHeight="1"><c r="A'
    for begin in range(0, len(long.rows), CHUNK):
        rows = long.rows[begin : begin + CHUNK]
        favours = rows.column("favourable")
        tails = [
            write(_values(rows, column.key, long.parties), favours)
            for write, column in zip(writers, report.columns, strict=True)
        ]
        lines = []
        for pieces in zip(*tails, strict=True):
            # The row's number stands in every cell: joining by it writes it everywhere at once.
            lines.append(str(row).join((head, opening, *pieces)))
            row += 1
        yield "".join(lines).encode()


def _values(rows: Rows, key: str, parties: Mapping[str, str]) -> list[Any]:
    if key in parties:
        return [roles.get(parties[key]) for roles in rows.column("roles")]
    return rows.column(key)


Writer = Callable[[list[Any], list[Any]], list[str]]  # values and favourabilities to cells as text


def _column_writer(page: Page, styles: Mapping[Look, str], report: ReportSheet, index: int) -> Writer:
    """What makes the cells of a column, each up to where the next cell's row number stands."""
    column = report.columns[index]
    last = index == len(report.columns) - 1
    following = "</row>" if last else f'<c r="{column_letter(index + 1)}'
    if column.kind in (Kind.QUANTITY, Kind.PERCENT):
        return _figure_writer(page, styles, column, index, following)

    def make(value: Any) -> str:
        value = float(value) if isinstance(value, int) and not isinstance(value, bool) else value
        choice = column.kind is Kind.CHOICE and value is not None
        tone = page.choice(column.list, str(value))[1] if choice else ""
        style = styles[index, number_format(column, value), tone]
        return f'" s="{style}"{_content(cell_value(page, column, value))}{following}'

    kept = _Kept(make)
    return lambda values, _: list(map(kept.__getitem__, values))


def _figure_writer(
    page: Page, styles: Mapping[Look, str], column: ReportColumn, index: int, following: str
) -> Writer:
    """The same for figures, which seldom repeat: the look is chosen by size and favourability."""
    percent = column.kind is Kind.PERCENT
    numbers = [number_format(column, 1.0)] * 3 if percent else [MONEY_INTEGER, MONEY, MONEY_SMALL]
    favoured = column.key in FAVOUR_COLUMNS
    starts: dict[Any, tuple[str, ...]] = {}
    for favour in _TONES if favoured else (None,):
        tone = page.choice("favour", str(favour))[1] if favoured else ""
        starts[favour] = tuple(f'" s="{styles[index, number, tone]}"><v>' for number in numbers)
    named = f'" s="{styles[index, numbers[0] if percent else "", ""]}"'
    blank = f"{named}/>{following}"
    end = f"</v></c>{following}"

    def make(value: Any, favour: Any) -> str:
        if not isinstance(value, int | float):
            return (
                blank if value is None else f"{named}{_content(cell_value(page, column, value))}{following}"
            )
        look = starts[favour if favoured else None]
        start = look[0 if abs(value - round(value)) < BELOW_SIGHT else 2 if abs(value) < SMALL else 1]
        return f"{start}{value:.16G}{end}"

    return lambda values, favours: list(map(make, values, favours))


def _content(value: object) -> str:
    if value is None:
        return "/>"
    if isinstance(value, bool):
        return f' t="b"><v>{int(value)}</v></c>'
    if isinstance(value, float):
        return f"><v>{value:.16G}</v></c>"
    if isinstance(value, date):
        return f"><v>{(value - _DAY_ZERO).days}</v></c>"
    text = escape(_ESCAPED.sub(r"_x005F\1", str(value)))
    space = ' xml:space="preserve"' if text != text.strip() else ""
    return f' t="inlineStr"><is><t{space}>{text}</t></is></c>'


def stretch_table(place: FactSheets, number: int, part: bytes) -> bytes:
    """The XML of the table of fact sheet `number`, over all its rows instead of the first."""
    letter = column_letter(len(place.report.columns) - 1)
    first, last = FIRST_ROW + 1, FIRST_ROW + place.counts[number]
    start = f"A{HEADER_ROW + 1}:{letter}"
    return part.replace(f'"{start}{first}"'.encode(), f'"{start}{last}"'.encode())


# -- the package -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Filling:
    """The rows of a part: made from its XML with the sample cells, and how many there will be."""

    make: Callable[[bytes], Iterator[bytes]]
    count: int


Change = Callable[[bytes], bytes]


def fill_package(path: Path, rows: Mapping[str, Filling], changes: Mapping[str, Change]) -> None:
    """Put the rows of the parts named into the finished package, in place of their sample cells.

    `changes` are other parts that are not to stay as they are.

    Raises OutputError when the file cannot be written; it is then as it was.
    """
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=".planbook-", suffix=".xlsx", delete=False) as made:
            target = Path(made.name)
        try:
            with (
                zipfile.ZipFile(path) as source,
                zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package,
            ):
                for entry in source.infolist():
                    _copy_part(source, package, entry, rows.get(entry.filename), changes.get(entry.filename))
            os.chmod(target, path.stat().st_mode)  # noqa: PTH101
            target.replace(path)
        finally:
            target.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(say("not_written", path=path, reason=explain_os_error(error))) from error


def _copy_part(
    source: zipfile.ZipFile,
    package: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    rows: Filling | None,
    change: Change | None,
) -> None:
    data = source.read(entry)
    info = zipfile.ZipInfo(entry.filename, entry.date_time)
    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, entry.external_attr
    if rows is None:
        package.writestr(info, change(data) if change else data)
        return
    info._compresslevel = LEVEL  # type: ignore[attr-defined]  # public from Python 3.13 on
    begin, end = data.index(_FIRST), data.index(_END)
    # Past 2 GB a package needs 64-bit sizes, which some versions of Excel complain about in small ones.
    with package.open(info, "w", force_zip64=rows.count > MOST_PLAIN) as part:
        # XlsxWriter keeps an object for each row of a sheet: it is not told how many there are.
        part.write(_DIMENSION.sub(rb"\g<1>%d" % (FIRST_ROW + rows.count), data[:begin]))
        for lines in rows.make(data):
            part.write(lines)
        part.write(data[end:])
