"""Printing: the paper, what is repeated, and what stands above and below each page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from planbook.layout import HEADER_ROW, META_SHEET
from tests.lines import Line
from tests.support.opened import Opened, Sheet, edit
from tests.support.taken_apart import corners, every, text_of


def check_pages(book: Opened) -> Iterator[str]:
    """A4, landscape, one page wide and as many high as it takes."""
    for title, sheet in visible(book):
        setup, fit = sheet.first("pageSetup"), sheet.first("pageSetUpPr")
        if setup is None or setup.get("paperSize") != "9" or setup.get("orientation") != "landscape":
            yield f"{title} is not printed on A4, landscape"
        elif fit is None or fit.get("fitToPage") != "1" or setup.get("fitToWidth", "1") != "1":
            yield f"{title} is not printed one page wide"
    for _, sheet in book.tables():
        setup = sheet.first("pageSetup")
        if setup is None or setup.get("fitToHeight", "1") != "0":
            yield f"{sheet.title} is pressed onto one page"


def visible(book: Opened) -> Iterator[tuple[str, Sheet]]:
    """The sheets that people see."""
    for title in book.sheets:
        if title not in (book.layout.lists_title, META_SHEET):
            yield title, book.sheets[title]


def check_repeated(book: Opened) -> Iterator[str]:
    """The header row is printed on every page, and the whole table is printed."""
    local = {(name, number): target for name, number, target in book.local_names()}
    for number, title in enumerate(book.sheets):
        placed = next((p for p in book.layout.sheets if p.title == title), None)
        if placed is None:
            continue
        rows = local.get(("_xlnm.Print_Titles", number), "")
        if not rows.endswith(f"${HEADER_ROW + 1}:${HEADER_ROW + 1}"):
            yield f"{title} repeats {rows!r}"
        area = local.get(("_xlnm.Print_Area", number), "").rpartition("!")[2]
        box = corners(area)
        if (
            box is None
            or box[:2] != (1, 1)
            or box[3] < placed.last_row + 1
            or box[2] <= max(at.index for at in placed.visible)
        ):
            yield f"{title} prints {area!r}"


def check_footers(book: Opened) -> Iterator[str]:
    """Pages are numbered, year and department stand above; no size runs into a number."""
    count = "第 &P 页 / 共 &N 页" if book.layout.lang == "zh" else "Page &P of &N"
    for title, sheet in visible(book):
        header, footer = (
            "".join(text_of(e) for e in every(sheet.root, kind)) for kind in ("oddHeader", "oddFooter")
        )
        if count not in footer:
            yield f"the pages of {title} are numbered {footer!r}"
        if "营销中心" not in header or "2024" not in header:
            yield f"{title} is headed {header!r}"
        for text in (header, footer):
            if (
                re.search(r"&8\d", text)
                or re.search(r'&"[^"]*"&8(?=\d)', text)
                or re.search(r"&\d+(?=\d)", re.sub(r"&\d+ ", "", text))
            ):
                yield f"a font size of {title} runs into a number: {text!r}"


LINES = (
    Line(
        "A4, landscape, one page wide",
        check_pages,
        {
            "upright": edit("goals", r'orientation="landscape"', 'orientation="portrait"'),
            "letter": edit("index", r'paperSize="9"', 'paperSize="1"'),
            "two wide": edit("goals", r"<pageSetup ", '<pageSetup fitToWidth="2" '),
            "not fitted": edit("goals", r'<pageSetUpPr fitToPage="1"/>', ""),
            "one page high": edit("goals", r' fitToHeight="0"', ""),
        },
    ),
    Line(
        "the header row is repeated on every page",
        check_repeated,
        {
            "not repeated": edit("xl/workbook.xml", r'<definedName name="_xlnm.Print_Titles".*?</definedName>', ""),
            "part of it": edit("xl/workbook.xml", r'(name="_xlnm.Print_Area"[^>]*>[^<]*\$)\d+<', r"\g<1>9<"),
        },
    ),
    Line(
        "pages are numbered and say year and department",
        check_footers,
        {
            "no number": edit("goals", r"&amp;N", "N"),
            "no department": edit("goals", "营销中心", ""),
            "a size before a number": edit("goals", r"&amp;9 2024", "&amp;82024"),
            "another size before one": edit("index", r"&amp;9 2024", "&amp;92024"),
        },
    ),
)  # fmt: skip
