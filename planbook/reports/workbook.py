"""The consolidated workbook: every sheet in its order, and the facts streamed into it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planbook.measures.plain import Row, Rows, rows_of
from planbook.reports.charts import write_score_bars
from planbook.reports.contents import write_contents
from planbook.reports.facts import (
    Filling,
    Long,
    fill_package,
    long_facts,
    long_rows,
    stream_rows,
    stretch_table,
    write_facts,
    write_long,
)
from planbook.reports.figures import report_subtitle, report_title
from planbook.reports.live import live_company_goals, live_goals, live_parts, live_scores
from planbook.reports.matrix import long_matrix, write_matrix
from planbook.reports.methods import write_methods
from planbook.reports.place import MOST_FACTS, MOST_WRITTEN, FactSheets, place_facts
from planbook.reports.sheets import Page, fit_text, last_row, shade, write_sheet
from planbook.reports.signed import SignedState, restated_rows
from planbook.reports.summary import write_summary
from planbook.reports.tables import positions_of, report_rows
from planbook.writer.cells import new_workbook
from planbook.writer.styles import NAVY, PALE, STEEL, Styles

if TYPE_CHECKING:
    from planbook.measures import RollUp

# The sheets in their order; the facts may take several, and what has nothing to say is left out.
SHEETS = (
    "summary", "company_goals", "parts", "trend", "scores", "variance", "tasks", "progress", "risks",
    "matrix", "appraisal", "coherence", "facts", "receipts", "quality", "restated", "methods",
)  # fmt: skip
TREE = "scores"  # written cell by cell, however many its rows: they lead to one another
OPTIONAL = frozenset(
    {"parts", "trend", "progress", "risks", "appraisal", "coherence", "restated"}
)  # left out when empty
GROUPS = {"variance": "department", "tasks": "department", "parts": "company_no", "trend": "goal"} | {
    key: "department" for key in ("progress", "appraisal")
}
TAB_COLORS = {key: STEEL for key in ("facts", "receipts", "quality", "restated", "methods")} | {
    key: NAVY for key in ("contents", "summary")
}
BARS = (760, 420)  # pixels of the bars of the scores
ONE_PAGE = 26  # nodes of a tree that fit on a page with their bars


def write_consolidated(
    path: Path,
    roll_up: RollUp,
    *,
    lang: str = "zh",
    signed: SignedState | None = None,
    sources: str = "",
    most_facts: int = MOST_FACTS,
) -> None:
    """Write the consolidated workbook of `roll_up` to `path`.

    With `signed`, a state signed before, a sheet names the figures restated since.  `sources` is the
    folder of the source files as links from the workbook find it (``"../inbox/"``).  A sheet takes at
    most `most_facts` facts.  The same figures give the same bytes.  Raises OutputError when the file
    cannot be written.
    """
    place = place_facts(roll_up.book.report("facts"), lang, len(roll_up.facts), most_facts)
    with new_workbook(path) as workbook:
        page = Page(workbook, Styles(workbook), roll_up, lang, place, positions_of(roll_up), sources)
        streams = _write_all(page, signed)
        sheets = [sheet.get_name() for sheet in workbook.worksheets()]
    parts = {
        f"xl/worksheets/sheet{sheets.index(title) + 1}.xml": Filling(
            partial(stream_rows, page, long), len(long.rows)
        )
        for title, long in streams.items()
    }
    tables = {}
    if len(roll_up.facts):  # only the sheets of the facts have tables
        for number in range(len(place.titles)):
            tables[f"xl/tables/table{number + 1}.xml"] = partial(stretch_table, place, number)
    if parts:
        fill_package(path, parts, tables)


def _long_tables(page: Page, rows: Mapping[str, Rows]) -> dict[str, Long]:
    """The sheets whose rows are streamed, by title: those of the facts, and tables of very many rows."""
    place, facts = page.place, rows_of(page.roll_up.facts)
    found = {}
    if len(facts):
        found = {title: long_facts(place, number, facts) for number, title in enumerate(place.titles)}
    many = [key for key in SHEETS if key in rows and key != TREE and len(rows[key]) > MOST_WRITTEN]
    return found | {
        page.title(key): long_matrix(page, rows[key])
        if key == "matrix"
        else long_rows(page.book.report(key), rows[key])
        for key in many
    }


def _write_all(page: Page, signed: SignedState | None) -> dict[str, Long]:
    """Write every sheet; comes back with what is to be streamed into them."""
    roll_up, lang = page.roll_up, page.lang
    page.workbook.set_properties(
        {
            "title": fit_text(report_title(roll_up, lang)),
            "subject": f"{roll_up.book.name} {roll_up.book.version}",
            "author": "planbook",
            "comments": report_subtitle(roll_up, lang),
            "created": datetime(roll_up.year, 1, 1),
        }
    )
    rows = _live(
        page, {**report_rows(roll_up, lang), "restated": Rows.of(restated_rows(roll_up, signed, lang))}
    )
    planned = _planned(page.place, page, rows)
    streams = _long_tables(page, rows)
    contents = page.workbook.add_worksheet(page.title("contents"))
    sheets = {title: page.workbook.add_worksheet(title) for _, title in planned}
    contents.set_tab_color(TAB_COLORS["contents"])
    for key, title in planned:
        if key in TAB_COLORS:
            sheets[title].set_tab_color(TAB_COLORS[key])
        if key != "facts" and title in streams:
            write_long(page, sheets[title], streams[title])
        else:
            _write_one(page, sheets[title], key, title, rows)
    write_contents(page, contents, planned, rows, signed)
    contents.activate()
    return streams


def _live(page: Page, rows: Mapping[str, Rows]) -> dict[str, Rows]:
    """The rows with the formulas of the cells that count themselves."""
    goals = live_goals(page, rows["variance"])
    return {
        **rows,
        "company_goals": live_company_goals(page, rows["company_goals"], rows["parts"]),
        "parts": live_parts(page, rows["parts"], goals),
        "variance": goals,
        "scores": live_scores(page, rows["scores"], rows["variance"]),
    }


def _planned(place: FactSheets, page: Page, rows: Mapping[str, Rows]) -> list[tuple[str, str]]:
    """The sheets after the first in their order: key and title."""
    planned = []
    for key in SHEETS:
        if key == "facts":
            planned += [(key, title) for title in place.titles]
        elif key not in OPTIONAL or rows[key]:
            planned.append((key, page.title(key)))
    return planned


def _write_one(page: Page, sheet: Any, key: str, title: str, rows: Mapping[str, Rows]) -> None:
    if key == "summary":
        write_summary(page, sheet, rows)
    elif key == "methods":
        write_methods(page, sheet)
    elif key == "facts":
        write_facts(page, sheet, page.place, page.place.titles.index(title), rows_of(page.roll_up.facts))
    elif key == "matrix":
        write_matrix(page, sheet, rows[key])
    elif key == "scores":
        _write_scores(page, sheet, rows[key])
    else:
        shading = _shade_goal if key == "progress" else _plain
        write_sheet(page, sheet, page.book.report(key), rows[key], group=GROUPS.get(key, ""), shading=shading)


def _plain(row: Row) -> dict[str, Any]:
    return {}


def _shade_goal(row: Row) -> dict[str, Any]:
    """A goal stands out from its initiatives."""
    return {"bold": True, "bg_color": PALE} if row["node"] == "goal" else {}


def _write_scores(page: Page, sheet: Any, rows: Rows) -> None:
    """The tree, and under it the bars of its departments."""
    report = page.book.report("scores")
    write_sheet(page, sheet, report, rows, shading=shade)
    if any(row["node"] == "department" and row["score"] is not None for row in rows):
        at = last_row(rows) + 2, 0
        write_score_bars(page, sheet, "scores", rows, at, BARS, len(report.columns) + 1)
        sheet.print_area(0, 0, at[0] + BARS[1] // 20 + 2, sum(not c.audit for c in report.columns) - 1)
        if len(rows) <= ONE_PAGE:
            sheet.fit_to_pages(1, 1)
