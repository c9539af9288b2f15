"""The figures that every report of one roll-up must tell alike, worked out from its records.

Each check yields one line for every figure that differs.  What is counted, ranked and shown is
worked out here from the records once more, by the definitions and not by the code of the reports.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.support.told import (
    BOOK,
    TABLES,
    Mailed,
    Row,
    Rows,
    Told,
    columns_of,
    differing,
    in_words,
    made_from,
    same,
    words_in,
)

FRAMES = {
    "company_goals": "company_goals", "trend": "trend", "scores": "scores", "variance": "goals",
    "tasks": "tasks", "progress": "progress", "risks": "risks", "appraisal": "appraisal",
    "coherence": "coherence", "facts": "facts", "receipts": "receipts",
}  # fmt: skip
Document = Mapping[str, Any]


# -- the truth, from the records -------------------------------------------------------------


def impact(goal: Row) -> float:
    """The deviation rate in the metric's direction; without a rate, attainment less 1."""
    rate = goal["deviation_rate"]
    if rate is None:
        return 0.0 if goal["attainment"] is None else goal["attainment"] - 1
    return {"lower": -rate, "band": -abs(rate)}.get(goal["direction"], rate)


def adverse(document: Document) -> Rows:
    """Goals with an unfavourable variance, the largest first."""
    return sorted((g for g in document["goals"] if g["favourable"] == "bad"), key=impact)


def missed(document: Document) -> Rows:
    """Goals at risk or missed, the worst first."""
    return sorted((g for g in document["goals"] if g["rating"] in ("amber", "red")), key=impact)


def attention(document: Document, *, stale: bool = True) -> Rows:
    """Tasks overdue, behind or stale, in this order, the furthest behind first."""
    order = {"overdue": 0, "behind": 1}
    found = [t for t in document["tasks"] if t["status"] in order or (stale and t["stale"] == "yes")]
    return sorted(found, key=lambda t: (order.get(t["status"], 2), t["schedule_deviation"] or 0.0))


def tiles(document: Document) -> dict[str, tuple[float | None, dict[str, float | None]]]:
    """The key figures, and the figures of the note under each."""
    top, goals, tasks = document["scores"][0], document["goals"], document["tasks"]

    def rated(*ratings: str) -> int:
        return sum(goal["rating"] in ratings for goal in goals)

    def graded(severity: str) -> int:
        return sum(problem["severity"] == severity for problem in document["problems"])

    return {
        "kpi_score": (top["score"], {"low": top["low"], "high": top["high"]}),
        "kpi_met": (rated("green"), {"count": len(goals)}),
        "kpi_missed": (rated("amber", "red"), {"count": rated("red")}),
        "kpi_late": (len(attention(document, stale=False)), {"count": len(tasks)}),
        "kpi_covered": (top["covered"], {"count": top["expected"]}),
        "kpi_errors": (graded("error"), {"count": graded("warning")}),
    }


NOTES = {
    "kpi_score": "kpi_score_note", "kpi_met": "kpi_of_goals", "kpi_missed": "kpi_missed_note",
    "kpi_late": "kpi_of_tasks", "kpi_covered": "kpi_of_departments", "kpi_errors": "kpi_errors_note",
}  # fmt: skip


def heat(document: Document) -> dict[str, Row]:
    """The lowest attainment of each department under each company goal, of all its goals, and its score."""
    titles = {goal["number"]: goal["goal"] for goal in document["company_goals"]}
    found: dict[str, Row] = {}
    for node in document["scores"]:
        own = [
            g for g in document["goals"] if g["department"] == node["code"] and g["attainment"] is not None
        ]
        if not own or node["node"] == "company":
            continue
        row = found[node["name"]] = {}
        for goal in own:
            title = titles.get(goal["company_no"])
            if title is not None:
                row[title] = min(row.get(title, goal["attainment"]), goal["attainment"])
        row["lowest"], row["score"] = min(g["attainment"] for g in own), node["score"]
    return found


# -- sheets, page, records -------------------------------------------------------------------


def check_page(book: Told, page: Told) -> Iterator[str]:
    """Every cell of every table of the page against the cell of the sheet."""
    for key in TABLES:
        rows, lines = book.tables.get(key, []), page.tables.get(key, [])
        if len(rows) != len(lines):
            yield f"{key}: {len(lines)} rows on the page, {len(rows)} on the sheet"
        for number, (row, line) in enumerate(zip(rows, lines, strict=False)):
            yield from differing(f"{key} {number}", line, {k: row[k] for k in line if k in row})


def check_records(book: Told, document: Document) -> Iterator[str]:
    """Every column that a sheet shares with its records; rows in any order."""
    for key, frame in FRAMES.items():
        columns = [c for c in columns_of(key) if c.key in (document[frame] or [{}])[0]]
        wanted = [_as_shown(columns, record, book.lang, frame) for record in document[frame]]
        shown = [{c.key: row[c.key] for c in columns} for row in book.tables.get(key, [])]
        if len(wanted) != len(shown):
            yield f"{key}: {len(shown)} rows on the sheet, {len(wanted)} records"
        for number, (row, record) in enumerate(
            zip(sorted(shown, key=_order), sorted(wanted, key=_order), strict=False)
        ):
            yield from differing(f"{key} {number}", row, record)
    if len(book.tables["quality"]) != len(document["problems"]):
        yield "quality: not as many rows as problems"


def _as_shown(columns: Sequence[Any], record: Row, lang: str, frame: str = "") -> Row:
    row = {column.key: in_words(column, record[column.key], lang) for column in columns}
    if frame == "scores" and row["name"] is None:
        row["name"] = BOOK.label("company", lang)
    return row


def _order(row: Row) -> list[str]:
    texts = [str(value or "") for value in row.values() if not isinstance(value, float | int)]
    return [*texts, *(f"{value:.6g}" for value in row.values() if isinstance(value, float | int))]


def check_sums(document: Document) -> Iterator[str]:
    """Every goal to date from the facts below it, every additive company goal from its facts."""
    facts = document["facts"]
    for goal in document["goals"]:
        own = [f for f in facts if (f["file"], f["goal_id"]) == (goal["file"], goal["goal_id"])]
        for key in ("target", "actual"):
            added = [f[f"adds_{key}"] for f in own if f[f"adds_{key}"] is not None]
            yield from differing(
                f"{goal['goal']} of its facts", {key: sum(added) if added else None}, {key: goal[key]}
            )
    for goal in document["company_goals"]:
        own = [f for f in facts if f["company_no"] == goal["number"]]
        for key in ("target", "actual") if goal["rollup"] == "sum" else ():
            added = [f[f"company_adds_{key}"] for f in own if f[f"company_adds_{key}"] is not None]
            yield from differing(
                f"{goal['goal']} of all facts", {key: sum(added) if added else None}, {key: goal[key]}
            )


# -- the first page --------------------------------------------------------------------------


def check_summary(told: Told, document: Document) -> Iterator[str]:
    """Headline, key figures, heat map and tables of the summary, of a sheet or of a page."""
    yield from check_headline(told.headline, document, told.lang)
    for key, (value, notes) in tiles(document).items():
        shown, note = told.tiles[key]
        yield from differing(
            key, {"value": shown} | words_in(NOTES[key], note, told.lang), {"value": value} | notes
        )
    yield from _check_heat(told, document)
    for key, rows in (
        ("summary_goals", document["company_goals"]),
        ("summary_coherence", document["coherence"][:3]),
        ("adverse", adverse(document)[:10]),
        ("attention", attention(document)[:10]),
    ):
        lines = told.tables.get(key, [])
        if len(lines) != len(rows):
            yield f"{key}: {len(lines)} rows, not {len(rows)}"
        columns = [c for c in columns_of(key) if rows and c.key in rows[0]]
        for number, (line, row) in enumerate(zip(lines, rows, strict=False)):
            yield from differing(f"{key} {number}", line, _as_shown(columns, row, told.lang))


def check_headline(text: str, document: Document, lang: str) -> Iterator[str]:
    """Every figure of the one sentence."""
    top, worst = document["scores"][0], adverse(document)
    said = words_in("headline", text, lang)
    yield from differing(
        "headline", said, {k: top[k] for k in ("score", "low", "high", "covered", "expected", "missed")}
    )
    if worst:
        told = words_in("worst_item", said["worst"], lang)
        goal = worst[0]
        wanted = {"department": goal["department_name"], "goal": goal["goal"], "rate": goal["deviation_rate"]}
        yield from differing("headline, worst", told, wanted)


def _check_heat(told: Told, document: Document) -> Iterator[str]:
    wanted = heat(document)
    words = {BOOK.label(f"heat_{key}", told.lang): key for key in ("lowest", "score")}
    if len(told.heat) != min(15, len(wanted)):
        yield f"heat: {len(told.heat)} departments, not {len(wanted)}"
    for name, row in told.heat.items():
        own = next((row for known, row in wanted.items() if same(name, known)), {})
        for title, value in row.items():
            key = words.get(title) or next((known for known in own if same(title, known)), "")
            yield from differing(f"heat {name}", {title: value}, {title: own.get(key)})
            if isinstance(value, str) and own.get(key) is not None:  # a page also says the rating
                rounded = round(own[key], 6)
                symbol = "●" if rounded >= 1 else "▲" if rounded >= 0.9 else "◆"
                if not value.startswith(symbol):
                    yield f"heat {name}: {title} is {value}, not {symbol}"


# -- the mail --------------------------------------------------------------------------------


def check_mail(mailed: Mailed, document: Document, lang: str, *, tasks: bool) -> Iterator[str]:
    """Every figure of a message: key figures, headline, each cell of its tables, the returns counted."""
    top, goals = document["scores"][0], document["goals"]
    met = sum(goal["rating"] == "green" for goal in goals)
    title = {key: BOOK.label(f"mail_kpi_{key}", lang) for key in ("score", "goals", "late", "departments")}
    yield from differing("key figures", mailed.figures, {title["score"]: top["score"]})
    counts = {
        title["goals"]: f"{met}/{len(goals)}",
        title["late"]: f"{top['late']:.0f}/{top['tasks']:.0f}" if top["tasks"] else "—",
        title["departments"]: f"{top['covered']:.0f}/{top['expected']:.0f}",
    }
    yield from differing("key figures", mailed.figures, counts)
    found = next(line for line in mailed.text.splitlines() if made_from("headline", line.strip(), lang))
    yield from check_headline(found.strip(), document, lang)
    receipts = document["receipts"]
    tables = [("mail_section_goals", "variance", missed(document), 10)]
    if tasks:
        tables.append(("mail_section_tasks", "tasks", attention(document, stale=False), 30))
    late = [r for r in receipts if r["receipt"] not in ("accepted", "superseded")]
    tables.append(("mail_section_returns", "receipts", late, 30))
    for label, key, rows, most in tables:
        yield from _check_table(mailed, BOOK.label(label, lang), key, rows[:most], lang)
        if (
            len(rows) > most
            and BOOK.label("mail_more", lang).format(count=len(rows) - most) not in mailed.text
        ):
            yield f"{label}: {len(rows) - most} rows left out and not said"
    due = {r["department"] for r in receipts if r["department"]}
    returned = {
        r["department"] for r in receipts if r["department"] and r["receipt"] in ("accepted", "partial")
    }
    if BOOK.label("mail_returned", lang).format(returned=len(returned), due=len(due)) not in mailed.text:
        yield f"returns: not {len(returned)} of {len(due)}"


def _check_table(mailed: Mailed, title: str, key: str, rows: Rows, lang: str) -> Iterator[str]:
    lines = mailed.tables.get(title, [])
    if len(lines) != len(rows) + bool(rows):
        yield f"{title}: {len(lines) - 1} rows, not {len(rows)}"
    columns = {column.title.to(lang): column for column in BOOK.report(key).columns}
    for number, (line, row) in enumerate(zip(lines[1:], rows, strict=False)):
        for header, shown in zip(lines[0], line, strict=True):
            column = columns[header]
            value = in_words(column, row[column.key], lang)
            told: dict[str, Any] = {header: shown}
            if column.key == "goal" and key == "variance" and row["unit"]:
                told = words_in("mail_goal_unit", shown, lang)
                yield from differing(f"{title} {number}", told, {"goal": row["goal"], "unit": row["unit"]})
            elif column.key == "target" and row.get("target_high") is not None:
                low, _, high = shown.partition(BOOK.label("range_to", lang))
                wanted = {"low": row["target"], "high": row["target_high"]}
                yield from differing(f"{title} {number}", {"low": low, "high": high}, wanted)
            else:
                yield from differing(f"{title} {number}", told, {header: value})


# -- changing one figure ---------------------------------------------------------------------


def changes(told: Told) -> Iterator[tuple[str, Told]]:
    """The same report over and over, one figure of its first page wrong each time."""
    for at in _digits(told.headline):
        yield f"headline {at}", _with(told, headline=_turn(told.headline, at))
    for key, (value, note) in told.tiles.items():
        yield key, _with(told, tiles={**told.tiles, key: (_wrong(value), note)})
        for at in _digits(note):
            yield f"{key} note", _with(told, tiles={**told.tiles, key: (value, _turn(note, at))})
    for name, row in told.heat.items():
        for title, value in row.items():
            if value not in (None, ""):
                yield (
                    f"heat {name} {title}",
                    _with(told, heat={**told.heat, name: {**row, title: _wrong(value)}}),
                )


def cell_changes(told: Told, keys: Sequence[str]) -> Iterator[tuple[str, Told]]:
    """The same report over and over, one figure of one of its tables wrong each time: one in each column."""
    for key in keys:
        rows = told.tables.get(key, [])
        for name in rows[0] if rows else ():
            at = next((n for n, row in enumerate(rows) if _is_figure(row[name])), None)
            if at is not None:
                changed = [*rows[:at], {**rows[at], name: _wrong(rows[at][name])}, *rows[at + 1 :]]
                yield f"{key} {name}", _with(told, tables={**told.tables, key: changed})


def mail_changes(mailed: Mailed, lang: str) -> Iterator[tuple[str, Mailed]]:
    """The same message over and over, one figure of it wrong each time."""
    for label in ("headline", "mail_returned"):
        line = next(line for line in mailed.text.splitlines() if made_from(label, line.strip(), lang))
        for at in _digits(line):
            wrong = mailed.text.replace(line, _turn(line, at))
            yield label, Mailed(mailed.figures, mailed.tables, wrong)
    for title, figure in mailed.figures.items():
        for at in _digits(figure):
            yield title, Mailed({**mailed.figures, title: _turn(figure, at)}, mailed.tables, mailed.text)
    for title, lines in mailed.tables.items():
        for row, line in enumerate(lines[1:], 1):
            for column, text in enumerate(line):
                for at in _digits(text):
                    changed = copy.deepcopy(mailed.tables)
                    changed[title][row][column] = _turn(text, at)
                    yield f"{title} {row} {column}", Mailed(mailed.figures, changed, mailed.text)


def _with(told: Told, **more: Any) -> Told:
    return Told(
        **{
            "lang": told.lang,
            "tables": told.tables,
            "headline": told.headline,
            "tiles": told.tiles,
            "heat": told.heat,
            **more,
        }
    )


def _is_figure(value: object) -> bool:
    return (isinstance(value, int | float) and not isinstance(value, bool)) or (
        isinstance(value, str) and re.fullmatch(r"[(]?[\d,.]+%?[)]?", value) is not None
    )


def _wrong(value: Any) -> Any:
    """A figure that is a little off: by more than rounding."""
    if isinstance(value, str):
        return _turn(value, _digits(value)[0])
    return value + 0.01 + abs(value) * 0.001


def _digits(text: str) -> list[int]:
    """Where the digits of a text stand."""
    return [at for at, char in enumerate(text) if char.isdigit() and char.isascii()]


def _turn(text: str, at: int) -> str:
    """The text with another digit there."""
    return text[:at] + str((int(text[at]) + 5) % 10) + text[at + 1 :]
