"""The colours LibreOffice shows: its HTML holds each cell as it is drawn, conditional formats applied.

Nothing else tells what a program really does with a conditional format; the file has only the rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from planbook.layout import column_letter
from tests.support.opened import Opened, Sheet
from tests.support.taken_apart import corners


@dataclass(frozen=True)
class Shown:
    """A cell as it is drawn: its background as RRGGBB ("" for none) and its text."""

    fill: str
    text: str


@dataclass
class _Tables(HTMLParser):
    """The tables of a page, each under the title of its sheet."""

    tables: dict[str, list[list[Shown]]] = field(default_factory=dict)
    title: str = ""
    fill: str = ""
    text: list[str] | None = None
    in_title: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "em":
            self.in_title, self.title = True, ""
        elif tag == "tr" and self.title:
            self.tables.setdefault(self.title, []).append([])
        elif tag == "td" and self.title:
            self.fill = (dict(attrs).get("bgcolor") or "").lstrip("#").upper()
            self.text = []

    def handle_data(self, data: str) -> None:
        if self.in_title:
            self.title += data
        elif self.text is not None:
            self.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "em":
            self.in_title = False
        elif tag == "td" and self.text is not None:
            self.tables[self.title][-1].append(Shown(self.fill, "".join(self.text).strip()))
            self.text = None


def _seen(sheet: Sheet, rows: int, columns: int) -> tuple[list[int], list[int]]:
    """The 0-based rows and columns that are drawn, so many of each: from the first used one, none hidden."""
    used = [box for cell in sheet.cells if (box := corners(cell))]
    top, left = min(box[1] for box in used) - 1, min(box[0] for box in used) - 1
    hidden = {n for n, row in sheet.rows.items() if row.get("hidden") in ("1", "true")}
    gone = {n for n, (_, out, _) in sheet.widths.items() if out}
    return (
        [n for n in range(top, top + rows + len(hidden)) if n not in hidden][:rows],
        [n for n in range(left, left + columns + len(gone)) if n not in gone][:columns],
    )


def read_shown(page: Path, book: Opened) -> Mapping[tuple[str, str], Shown]:
    """Every cell that is drawn, by (sheet's title, address); `book` tells what is hidden.

    Sheets with merged cells are left out.
    """
    parser = _Tables()
    parser.feed(page.read_text("utf-8"))
    return dict(_placed(parser.tables, book))


def _placed(tables: Mapping[str, list[list[Shown]]], book: Opened) -> Iterator[tuple[tuple[str, str], Shown]]:
    for title, rows in tables.items():
        if book.sheets[title].first("mergeCell") is not None:
            continue  # where cells are merged, a row of the page is not a row of the sheet
        numbers, columns = _seen(book.sheets[title], len(rows), max(map(len, rows), default=0))
        for number, cells in zip(numbers, rows, strict=True):
            for column, cell in zip(columns, cells, strict=False):
                yield (title, f"{column_letter(column)}{number + 1}"), cell
