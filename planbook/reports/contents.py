"""The first page of the consolidated workbook: what is where, control totals, and who signs for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from planbook.layout import cell_address, cell_name, quote_sheet
from planbook.measures.plain import Rows, rows_of
from planbook.measures.scores import ATTENTION
from planbook.reports.figures import report_subtitle, report_title
from planbook.reports.place import FIRST_ROW, HEADER_ROW, HEADING_ROW
from planbook.reports.sheets import (
    BORDER,
    SOURCES,
    Page,
    column_range,
    fit_text,
    lines_of,
    row_height,
    set_print,
    write_section,
    write_top,
)
from planbook.reports.signed import SignedState, inputs_hash
from planbook.spec import quote_text
from planbook.writer.cells import write_formula, write_value
from planbook.writer.styles import BLUE, INPUT, INTEGER, MONEY, MUTED, NAVY, PALE, TONES

CLOSE = 1e-6  # how near a sum and its parts are to count as equal, relative
SIGNERS = ("sign_prepared", "sign_reviewed", "sign_approved")


@dataclass(frozen=True)
class Control:
    """What must agree: a figure that a sheet shows, and what it must be by another way.

    `formula` and `wanted` let the workbook work both out itself; ``""`` where the value alone stands.
    """

    key: str
    sentence: str
    formula: str
    shown: float
    wanted: str
    expected: float
    number: str = INTEGER

    @property
    def holds(self) -> bool:
        """Whether the two agree."""
        return abs(self.shown - self.expected) <= CLOSE * max(1.0, abs(self.expected))


def write_contents(
    page: Page,
    sheet: Any,
    sheets: Sequence[tuple[str, str]],
    rows: Mapping[str, Rows],
    signed: SignedState | None,
) -> None:
    """The first page; `sheets` are the keys and titles of the others in their order."""
    report = page.book.report("contents")
    last = len(report.columns) - 1
    for index, column in enumerate(report.columns):
        sheet.set_column(index, index, column.width)
    title, subtitle = report_title(page.roll_up, page.lang), report_subtitle(page.roll_up, page.lang)
    write_top(page, sheet, title, subtitle, last, back=False)
    sheet.set_row(HEADING_ROW, 40)
    large = page.styles.get(bold=True, font_size=18, font_color="#FFFFFF", bg_color=NAVY, indent=1)
    write_value(sheet, HEADING_ROW, 0, fit_text(title), large)
    row = _write_links(page, sheet, sheets, rows)
    row = _write_controls(page, sheet, row, control_totals(page, rows))
    row = _write_signing(page, sheet, row, last, signed)
    set_print(page, sheet, pages=1)
    sheet.print_area(0, 0, row - 1, last)


def _write_header(page: Page, sheet: Any, row: int, key: str) -> None:
    sheet.set_row(row, 22)
    for index, column in enumerate(page.book.report(key).columns):
        write_value(sheet, row, index, column.title.to(page.lang), page.styles.header())


def _write_links(page: Page, sheet: Any, sheets: Sequence[tuple[str, str]], rows: Mapping[str, Rows]) -> int:
    styles = page.styles
    link = styles.get(**BORDER, indent=1, bold=True, font_color=BLUE, underline=1)
    text = styles.get(**BORDER, indent=1, text_wrap=True)
    number = styles.get(**BORDER, align="center", num_format=INTEGER)
    _write_header(page, sheet, HEADER_ROW, "contents")
    width = page.book.report("contents").columns[1].width
    watched = count_attention(rows)
    facts = dict(zip(page.place.titles, page.place.counts, strict=True))
    for offset, (key, title) in enumerate(sheets):
        row = FIRST_ROW + offset
        hint = page.book.report(key).hint.to(page.lang)
        sheet.set_row(row, max(22, row_height(lines_of(hint, width))))
        sheet.write_url(row, 0, f"internal:{quote_sheet(title)}!A1", link, title)
        write_value(sheet, row, 1, hint, text)
        write_value(sheet, row, 2, len(rows[key]) if key in rows else facts.get(title, "—"), number)
        count = watched.get(key, 0)
        bad = {"bg_color": TONES["bad"][0], "font_color": TONES["bad"][1], "bold": True} if count else {}
        look = styles.get(**{**BORDER, **bad}, align="center", num_format=INTEGER)
        write_value(sheet, row, 3, count if key in watched else "—", look)
    return FIRST_ROW + len(sheets) + 1


def count_attention(rows: Mapping[str, Rows]) -> dict[str, int]:
    """How many rows of a sheet need somebody's attention."""
    return {key: int(sum(map(weigh, rows[key]))) for key, weigh in ATTENTION.items()}


# -- control totals ------------------------------------------------------------------------


def _write_controls(page: Page, sheet: Any, row: int, controls: Sequence[Control]) -> int:
    """What the sheets show against what it must be, worked out by the workbook itself."""
    styles, report = page.styles, page.book.report("control")
    last = len(report.columns) - 1
    write_section(page, sheet, row, report.heading.to(page.lang), last, report.hint.to(page.lang))
    _write_header(page, sheet, row + 1, "control")
    text = styles.get(**BORDER, indent=1, text_wrap=True)
    holds, fails = page.label("control_holds"), page.label("control_fails")
    for offset, control in enumerate(controls, 2):
        at = row + offset
        number = styles.get(**BORDER, align="center", num_format=control.number, bg_color=PALE)
        sheet.set_row(at, max(20, row_height(lines_of(control.sentence, report.columns[1].width))))
        write_value(sheet, at, 0, page.title(control.key), text)
        write_value(sheet, at, 1, control.sentence, text)
        if control.formula:
            write_formula(sheet, at, 2, control.formula, number, control.shown)
        else:
            write_value(sheet, at, 2, control.shown, number)
        background, color = TONES["good" if control.holds else "bad"]
        result = styles.get(**BORDER, align="center", bold=True, bg_color=background, font_color=color)
        wanted = [control.wanted or f"{control.expected:.15g}"]
        if control.wanted:  # both sides follow the facts, so what they were at first is held beside them
            wanted.append(f"{control.shown:.15g}")
        near = [f"ABS({cell_address(at, 2)}-({w}))<={CLOSE}*MAX(1,ABS({w}))" for w in wanted]
        both = near[0] if len(near) == 1 else f"AND({','.join(near)})"
        check = f"=IF({both},{quote_text(holds)},{quote_text(fails)})"
        write_formula(sheet, at, 3, check, result, holds if control.holds else fails)
    return row + 2 + len(controls) + 1


def control_totals(page: Page, rows: Mapping[str, Rows]) -> list[Control]:
    """The controls of a workbook: rows and sums of its sheets against the roll-up and each other."""
    return [*_row_controls(page, rows), *_sum_controls(page, rows)]


def _row_controls(page: Page, rows: Mapping[str, Rows]) -> list[Control]:
    roll_up, goals, tasks = page.roll_up, rows["variance"], rows["tasks"]
    top = next(iter(rows_of(roll_up.scores)), {})
    facts = len(roll_up.facts)
    counted = int((roll_up.facts["counted"] == "yes").sum())
    quarters = int(sum(count or 0 for count in goals.column("quarters")))
    due_goals, due_tasks = int(top.get("goals") or 0), int(top.get("tasks") or 0)
    yes = quote_text(page.book.list_title("flag", "yes", page.lang))
    every = "=" + page.place.combine("COUNTA", "[fact]") if facts else ""
    flags = "=" + page.place.combine("COUNTIF", "[counted]", yes) if facts else ""

    def count(key: str) -> str:
        return f"=COUNTA({column_range(page, key, 'department_name', rows[key])})" if rows[key] else ""

    def words(key: str, **numbers: int) -> str:
        return page.label(key).format(**numbers)

    kept = {"rows": roll_up.review_rows, "facts": facts, "kept_out": roll_up.kept_out}
    due_facts = roll_up.review_rows - roll_up.kept_out
    flagged = words("control_counted", counted=counted, quarters=quarters)
    return [
        Control("facts", words("control_facts", **kept), every, facts, "", due_facts),
        Control("facts", flagged, flags, counted, "", quarters),
        Control(
            "variance", words("control_goals", shown=len(goals), goals=due_goals),
            count("variance"), len(goals), "", due_goals,
        ),
        Control(
            "tasks", words("control_tasks", shown=len(tasks), tasks=due_tasks),
            count("tasks"), len(tasks), "", due_tasks,
        ),
    ]  # fmt: skip


def _sum_controls(page: Page, rows: Mapping[str, Rows]) -> list[Control]:
    """Hash totals: sums whatever the unit, which no row can leave or enter unseen."""
    facts, found = page.roll_up.facts, []
    for name in ("target", "actual"):
        shown = sum(value for value in rows["variance"].column(name) if isinstance(value, float))
        expected = _total(facts, f"adds_{name}")
        area = column_range(page, "variance", name, rows["variance"])
        formula = f"=SUM({area})" if rows["variance"] else ""
        wanted = page.place.combine("SUM", f"[adds_{name}]") if len(facts) else ""
        sentence = page.label(f"control_sum_{name}")
        found.append(Control("variance", sentence, formula, shown, wanted, expected, MONEY))
    summed = [row for row in rows["company_goals"] if row["rollup"] == "sum"]
    if summed:
        shown = sum(row["actual"] or 0.0 for row in summed)
        parts = sum(row["adds_actual"] or 0.0 for row in rows["parts"] if row["side"] is None)
        figures, kinds = (
            column_range(page, "company_goals", key, rows["company_goals"]) for key in ("actual", "rollup")
        )
        formula = f"=SUMIFS({figures},{kinds},{quote_text(page.choice('rollup', 'sum')[0])})"
        wanted = _summed_parts(page, rows["parts"])
        sentence = page.label("control_parts")
        found.append(Control("company_goals", sentence, formula, shown, wanted, parts, MONEY))
    return found


def _summed_parts(page: Page, parts: Rows) -> str:
    """What the contributions to additive goals come to; those of ratios stand beside them."""
    if not parts:
        return ""
    amounts, sides = (column_range(page, "parts", key, parts) for key in ("adds_actual", "side"))
    ratios = (
        f'-SUMIFS({amounts},{sides},">0")' if any(side is not None for side in parts.column("side")) else ""
    )
    return f"SUM({amounts}){ratios}"


def _total(facts: Any, key: str) -> float:
    return float(facts[key].dropna().astype(float).sum()) if key in facts else 0.0


# -- who signs -----------------------------------------------------------------------------


def _write_signing(page: Page, sheet: Any, row: int, last: int, signed: SignedState | None) -> int:
    """Who prepared, reviewed and approved it, and by which inputs it can be told again."""
    styles = page.styles
    write_section(page, sheet, row, page.label("sign_section"), last, page.label("sign_hint"))
    role = styles.get(**BORDER, indent=1, bold=True)
    line = styles.get(**BORDER, indent=1, font_color=INPUT, locked=False)
    small = styles.get(font_size=9, font_color=MUTED, indent=1)
    for offset, key in enumerate(SIGNERS, 1):
        at = row + offset
        sheet.set_row(at, 30)
        write_value(sheet, at, 0, page.label(key), role)
        write_value(sheet, at, 1, page.label("sign_name"), styles.get(**BORDER, indent=1, font_color=MUTED))
        sheet.merge_range(at, 2, at, last, "", line)
        write_value(sheet, at, 2, page.label("sign_date"), styles.get(**BORDER, indent=1, font_color=MUTED))
    at = row + len(SIGNERS) + 1
    for label, value in _marks(page, signed):
        write_value(sheet, at, 0, page.label(label), small)
        style = styles.get(font_size=9, indent=1, text_wrap=True)
        write_value(sheet, at, 1, value, style)
        sheet.set_row(at, row_height(lines_of(value, page.book.report("contents").columns[1].width)))
        if label == "sign_sources":
            target = f"{quote_sheet(page.title('contents'))}!{cell_address(at, 1, absolute=True)}"
            page.workbook.define_name(cell_name(SOURCES), f"={target}")
        at += 1
    return at


def _marks(page: Page, signed: SignedState | None) -> list[tuple[str, str]]:
    book = page.book
    marks = [
        ("sign_inputs", inputs_hash(page.roll_up)),
        ("sign_book", f"{book.name} {book.version}　{book.sha256}"),
    ]
    if signed is not None:
        words = page.label("sign_state_text")
        marks.append(("sign_state", words.format(as_of=signed.as_of.isoformat(), inputs=signed.inputs)))
    if page.sources:
        marks.append(("sign_sources", page.sources))
    return marks
