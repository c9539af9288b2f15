"""The consolidated workbook: contents with control totals, summary, data sheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planbook.layout import cell_address, quote_sheet
from planbook.reports.figures import (
    LATE,
    SETTLED,
    Row,
    goal_rows,
    problem_rows,
    report_subtitle,
    report_title,
    rows_of,
)
from planbook.reports.sheets import (
    BORDER,
    FIRST_ROW,
    HEADER_ROW,
    HEADING_ROW,
    Page,
    column_range,
    fit_text,
    set_print,
    write_section,
    write_sheet,
    write_top,
)
from planbook.reports.summary import write_summary
from planbook.spec import Kind
from planbook.spec.models import Setting
from planbook.writer.cells import new_workbook, write_formula, write_value
from planbook.writer.styles import BLUE, INTEGER, NAVY, PALE, STEEL, TONES, Styles

if TYPE_CHECKING:
    from planbook.measures import RollUp

DATA_SHEETS = ("company_goals", "variance", "tasks", "facts", "receipts", "quality")
TAB_COLORS = {"contents": NAVY, "summary": NAVY, "facts": STEEL, "receipts": STEEL, "quality": STEEL}
CLOSE = 1e-6  # how near a sum and its parts are to count as equal, relative


def write_consolidated(path: Path, roll_up: RollUp, *, lang: str = "zh") -> None:
    """Write the consolidated workbook of `roll_up` to `path`.

    The same figures give the same bytes.  Raises OutputError when the file cannot be written.
    """
    with new_workbook(path) as workbook:
        _write_all(workbook, roll_up, lang)


def _write_all(workbook: Any, roll_up: RollUp, lang: str) -> None:
    book = roll_up.book
    title = fit_text(report_title(roll_up, lang))
    workbook.set_properties(
        {
            "title": title,
            "subject": f"{book.name} {book.version}",
            "author": "planbook",
            "comments": report_subtitle(roll_up, lang),
            "created": datetime(roll_up.year, 1, 1),
        }
    )
    rows: dict[str, list[Row]] = {
        "company_goals": rows_of(roll_up.company_goals),
        "variance": goal_rows(roll_up),
        "tasks": rows_of(roll_up.tasks),
        "facts": rows_of(roll_up.facts),
        "receipts": rows_of(roll_up.receipts),
        "quality": problem_rows(roll_up, lang),
    }
    fact_rows = {str(row["fact"]): FIRST_ROW + n for n, row in enumerate(rows["facts"])}
    page = Page(workbook, Styles(workbook), roll_up, lang, fact_rows)
    sheets = {key: workbook.add_worksheet(page.title(key)) for key in ("contents", "summary", *DATA_SHEETS)}
    for key, sheet in sheets.items():
        if key in TAB_COLORS:
            sheet.set_tab_color(TAB_COLORS[key])
    _write_contents(page, sheets["contents"], rows)
    write_summary(page, sheets["summary"])
    groups = {"variance": "department", "tasks": "department", "facts": "department"}
    for key in DATA_SHEETS:
        table = "Facts" if key == "facts" else ""
        write_sheet(page, sheets[key], book.report(key), rows[key], group=groups.get(key, ""), table=table)
    sheets["contents"].activate()


# -- contents ------------------------------------------------------------------------------


def _write_contents(page: Page, sheet: Any, rows: Mapping[str, Sequence[Row]]) -> None:
    report = page.book.report("contents")
    last = len(report.columns) - 1
    for index, column in enumerate(report.columns):
        sheet.set_column(index, index, column.width)
    title, subtitle = report_title(page.roll_up, page.lang), report_subtitle(page.roll_up, page.lang)
    write_top(page, sheet, title, subtitle, last, back=False)
    sheet.set_row(HEADING_ROW, 40)
    large = page.styles.get(bold=True, font_size=18, font_color="#FFFFFF", bg_color=NAVY, indent=1)
    write_value(sheet, HEADING_ROW, 0, fit_text(title), large)
    row = _write_links(page, sheet, rows)
    row = _write_controls(page, sheet, row, rows)
    row = _write_definitions(page, sheet, row, last)
    set_print(page, sheet, pages=1)
    sheet.print_area(0, 0, row - 1, last)


def _write_header(page: Page, sheet: Any, row: int, key: str) -> None:
    sheet.set_row(row, 22)
    for index, column in enumerate(page.book.report(key).columns):
        write_value(sheet, row, index, column.title.to(page.lang), page.styles.header())


def _write_links(page: Page, sheet: Any, rows: Mapping[str, Sequence[Row]]) -> int:
    styles = page.styles
    link = styles.get(**BORDER, indent=1, bold=True, font_color=BLUE, underline=1)
    text = styles.get(**BORDER, indent=1, text_wrap=True)
    number = styles.get(**BORDER, align="center", num_format=INTEGER)
    _write_header(page, sheet, HEADER_ROW, "contents")
    watched = _count_attention(rows)
    for offset, key in enumerate(("summary", *DATA_SHEETS)):
        row, title = FIRST_ROW + offset, page.title(key)
        sheet.set_row(row, 24)
        sheet.write_url(row, 0, f"internal:{quote_sheet(title)}!A1", link, title)
        write_value(sheet, row, 1, page.book.report(key).hint.to(page.lang), text)
        write_value(sheet, row, 2, len(rows[key]) if key in rows else "—", number)
        count = watched.get(key, 0)
        bad = {"bg_color": TONES["bad"][0], "font_color": TONES["bad"][1], "bold": True} if count else {}
        look = styles.get(**{**BORDER, **bad}, align="center", num_format=INTEGER)
        write_value(sheet, row, 3, count if key in watched else "—", look)
    return FIRST_ROW + len(DATA_SHEETS) + 2


def _count_attention(rows: Mapping[str, Sequence[Row]]) -> dict[str, int]:
    """How many rows of a sheet need somebody's attention."""
    return {
        "company_goals": sum(row["rating"] in ("amber", "red") for row in rows["company_goals"]),
        "variance": sum(row["favourable"] == "bad" for row in rows["variance"]),
        "tasks": sum(row["status"] in LATE or row["stale"] == "yes" for row in rows["tasks"]),
        "receipts": sum(row["receipt"] not in SETTLED for row in rows["receipts"]),
        "quality": sum(row["severity"] == "error" for row in rows["quality"]),
    }


# -- control totals ------------------------------------------------------------------------


def _write_controls(page: Page, sheet: Any, row: int, rows: Mapping[str, Sequence[Row]]) -> int:
    """What the sheets show against what the roll-up says, counted by the workbook itself."""
    styles, report = page.styles, page.book.report("control")
    write_section(
        page, sheet, row, report.heading.to(page.lang), len(report.columns) - 1, report.hint.to(page.lang)
    )
    _write_header(page, sheet, row + 1, "control")
    text = styles.get(**BORDER, indent=1, text_wrap=True)
    number = styles.get(**BORDER, align="center", num_format=INTEGER, bg_color=PALE)
    holds, fails = page.label("control_holds"), page.label("control_fails")
    for offset, (key, sentence, formula, shown, expected) in enumerate(_controls(page, rows), 2):
        at = row + offset
        sheet.set_row(at, 22)
        write_value(sheet, at, 0, page.title(key), text)
        write_value(sheet, at, 1, sentence, text)
        if formula:
            write_formula(sheet, at, 2, formula, number, shown)
        else:
            write_value(sheet, at, 2, shown, number)
        background, color = TONES["good" if shown == expected else "bad"]
        result = styles.get(**BORDER, align="center", bold=True, bg_color=background, font_color=color)
        check = f'=IF({cell_address(at, 2)}={expected},"{holds}","{fails}")'
        write_formula(sheet, at, 3, check, result, holds if shown == expected else fails)
    return row + 2 + len(_controls(page, rows)) + 1


def _controls(page: Page, rows: Mapping[str, Sequence[Row]]) -> list[tuple[str, str, str, int, int]]:
    """Each control: the sheet, the sentence, the formula that counts, what it gives, what it must give."""
    roll_up, facts, goals, tasks = page.roll_up, rows["facts"], rows["variance"], rows["tasks"]
    top = next(iter(rows_of(roll_up.scores)), {})
    counted = sum(row["counted"] == "yes" for row in facts)
    quarters = int(sum(row["quarters"] or 0 for row in goals))
    due_goals, due_tasks = int(top.get("goals") or 0), int(top.get("tasks") or 0)
    agree, summed = _count_sums(goals, facts)
    kept = {"rows": roll_up.review_rows, "facts": len(facts), "kept_out": roll_up.kept_out}
    yes = page.book.list_title("flag", "yes", page.lang)

    def count(key: str, column: str) -> str:
        return f"=COUNTA({column_range(page, key, column, rows[key])})" if rows[key] else ""

    flags = f'=COUNTIF({column_range(page, "facts", "counted", facts)},"{yes}")' if facts else ""
    return [
        (
            "facts",
            page.label("control_facts").format(**kept),
            count("facts", "fact"),
            len(facts),
            roll_up.review_rows - roll_up.kept_out,
        ),
        (
            "facts",
            page.label("control_counted").format(counted=counted, quarters=quarters),
            flags,
            counted,
            quarters,
        ),
        (
            "variance",
            page.label("control_goals").format(shown=len(goals), goals=due_goals),
            count("variance", "department_name"),
            len(goals),
            due_goals,
        ),
        ("variance", page.label("control_sums").format(agree=agree, goals=summed), "", agree, summed),
        (
            "tasks",
            page.label("control_tasks").format(shown=len(tasks), tasks=due_tasks),
            count("tasks", "department_name"),
            len(tasks),
            due_tasks,
        ),
    ]


def _count_sums(goals: Sequence[Row], facts: Sequence[Row]) -> tuple[int, int]:
    """Of the goals that add up over the quarters: how many equal their counted facts, and how many all."""
    sums: dict[tuple[object, object], float] = {}
    for fact in facts:
        if fact["counted"] == "yes" and fact["actual"] is not None:
            key = (fact["file"], fact["goal_id"])
            sums[key] = sums.get(key, 0.0) + fact["actual"]
    summed = [goal for goal in goals if goal["aggregation"] == "sum" and goal["actual"] is not None]
    agree = 0
    for goal in summed:
        total = sums.get((goal["file"], goal["goal_id"]), 0.0)
        agree += abs(total - goal["actual"]) <= CLOSE * max(1.0, abs(total))
    return agree, len(summed)


# -- definitions ---------------------------------------------------------------------------


def _write_definitions(page: Page, sheet: Any, row: int, last: int) -> int:
    """The thresholds and choices behind the figures, as the cycle has set them."""
    write_section(page, sheet, row, page.label("definitions"), last)
    name = page.styles.get(indent=1, text_wrap=True)
    value = page.styles.get(align="center", font_color=NAVY, bold=True)
    settings = [(key, s) for key, s in page.book.settings.items() if not s.many and s.kind is not Kind.DATE]
    for offset, (key, setting) in enumerate(settings, 1):
        sheet.set_row(row + offset, 18)
        given = page.roll_up.settings.get(key, setting.value)
        write_value(sheet, row + offset, 0, _setting_text(page, setting, given), value)
        write_value(sheet, row + offset, 1, setting.title.to(page.lang), name)
    return row + len(settings) + 1


def _setting_text(page: Page, setting: Setting, value: object) -> str:
    if setting.kind is Kind.CHOICE:
        return page.book.list_title(setting.list, str(value), page.lang)
    if isinstance(value, int | float):
        return f"{value:.0%}" if setting.kind is Kind.PERCENT else f"{value:g}"
    return "" if value is None else str(value)
