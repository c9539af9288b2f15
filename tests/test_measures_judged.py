"""Every measure on a grid of edges, and on rows drawn at random, judged by LibreOffice and Gnumeric.

The formulas stand in plain sheets as the specification has them, with the values the formula engine gave.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import product
from pathlib import Path

import pytest
import xlsxwriter

from planbook.calc import CellError, evaluate_measures
from planbook.calendar import to_serial
from planbook.layout.cells import CellValue, SettingValue
from planbook.spec import load_spec, quote_text, render
from tests.support.office import Engine, judge, require_office

pytestmark = [pytest.mark.office, pytest.mark.slow]

BOOK = load_spec("annual_plan")
FIGURES = (
    "deviation", "deviation_rate", "favourable", "baseline_target", "method_used", "attainment", "rating",
    "year_completion",
)  # fmt: skip
PROGRESS = ("expected", "schedule_deviation", "status", "stale")
HOLIDAYS, MAKEUP = (date(2024, 6, 10), date(2024, 10, 1)), (date(2024, 6, 16), date(2024, 9, 29))
Row = Mapping[str, CellValue]


def figure_rows() -> list[Row]:
    """Directions by kinds by aggregations, on zero, negative, missing and unreadable figures."""
    targets: list[CellValue] = [-100.0, 0.0, 0.3, 12.0, "约50", ""]
    actuals: list[CellValue] = [-80.0, 0.0, 0.1 + 0.2, 15.0, "无", ""]
    rows: list[Row] = [
        {
            "direction": direction, "metric_kind": kind, "aggregation": aggregation, "target": target,
            "actual": actual, "target_high": target + 5.0 if isinstance(target, float) else "",
            "annual_target": target, "annual_high": target + 7.0 if isinstance(target, float) else "",
            "baseline": 10.0, "quarters": 4.0, "filled": "x",
        }
        for direction, kind, aggregation, target, actual in product(
            ("higher", "lower", "band"), ("number", "score", "done"), ("sum", "last"), targets, actuals
        )
    ]  # fmt: skip
    draw = random.Random(20240701)

    def amount() -> CellValue:
        return draw.choice([round(draw.uniform(-200, 200), draw.randint(0, 3)), 0.0, "", "N/A"])

    rows += [
        {
            "direction": draw.choice(["higher", "lower", "band", ""]), "metric_kind": draw.choice(["number", ""]),
            "aggregation": draw.choice(["sum", "last", "mean", ""]), "target": amount(), "actual": amount(),
            "target_high": amount(), "annual_target": amount(), "annual_high": amount(), "baseline": amount(),
            "quarters": float(draw.randint(0, 4)), "filled": draw.choice(["x", ""]),
        }
        for _ in range(400)
    ]  # fmt: skip
    return rows


def progress_rows() -> list[Row]:
    """Spans around the day, of one day, over holidays, the wrong way round; every percentage and state."""
    days = [date(2024, 6, 1), date(2024, 6, 10), date(2024, 6, 16), date(2024, 7, 1), date(2024, 12, 31), ""]
    states = [(0.0, ""), (0.45, ""), (1.0, ""), ("", ""), ("一半", ""), (0.2, "paused"), (0.2, "cancelled")]
    return [
        {
            "start": start,
            "finish": finish,
            "percent": percent,
            "hold": hold,
            "updated": updated,
            "filled": "x",
        }
        for start, finish, (percent, hold), updated in product(days, days, states, (date(2024, 6, 20), ""))
    ]


def write_judged(
    path: Path, rows: Sequence[Row], measures: Sequence[str], settings: Mapping[str, SettingValue]
) -> Path:
    """The measures of every row as formulas, each with the value the engine gave it."""
    columns = {key: [row[key] for row in rows] for key in rows[0]}
    values = evaluate_measures(BOOK, measures, columns, settings)
    order = {key: index for index, key in enumerate((*columns, *measures))}
    with xlsxwriter.Workbook(str(path)) as book:
        sheet, names = book.add_worksheet("rows"), book.add_worksheet("settings")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        _define_settings(book, names, settings)
        for key, column in columns.items():
            for row, value in enumerate(column):
                if isinstance(value, date):
                    sheet.write_number(row, order[key], to_serial(value), day)
                elif value != "":
                    sheet.write(row, order[key], value)
        for measure in measures:
            for row, value in enumerate(values[measure]):
                assert not isinstance(value, CellError)
                formula = render(
                    BOOK.measures[measure].formula,
                    reference=lambda key, row=row: xlsxwriter.utility.xl_rowcol_to_cell(row, order[key]),
                    name=lambda name: quote_text(name.split(".", 1)[1]) if "." in name else f"cell_{name}",
                )
                sheet.write_formula(row, order[measure], "".join(formula.split("\n")), None, value)
    return path


def _define_settings(book: xlsxwriter.Workbook, sheet: object, settings: Mapping[str, SettingValue]) -> None:
    known = {key: setting.value for key, setting in BOOK.settings.items()}
    for column, (key, value) in enumerate({**known, **settings}.items()):
        many = value if isinstance(value, tuple) else (value,)
        for row, item in enumerate(many):
            shown = to_serial(item) if isinstance(item, date) else item
            if shown is not None:
                sheet.write(row, column, shown)  # type: ignore[attr-defined]
        letter = xlsxwriter.utility.xl_col_to_name(column)
        last = f":${letter}${len(many)}" if isinstance(value, tuple) else ""
        book.define_name(f"cell_{key}", f"=settings!${letter}$1{last}")


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("judged")
    common: dict[str, SettingValue] = {"holidays": HOLIDAYS, "makeup_days": MAKEUP, "as_of": date(2024, 7, 1)}
    paths = [
        write_judged(folder / f"{method}.xlsx", figure_rows(), FIGURES, {**common, "method": method})
        for method in ("linear", "ratio", "baseline")
    ]
    paths += [
        write_judged(
            folder / f"days-{flag}.xlsx", progress_rows(), PROGRESS, {**common, "working_days": flag}
        )
        for flag in ("no", "yes")
    ]
    return paths


@pytest.mark.parametrize("engine", ["libreoffice", "gnumeric"])
def test_no_measure_differs_in_any_program(books: list[Path], tmp_path: Path, engine: Engine) -> None:
    require_office("libreoffice" if engine == "libreoffice" else "gnumeric")
    found = judge(books, tmp_path, engine)
    assert sum(len(differences) for differences in found.values()) == 0, [
        str(difference) for differences in found.values() for difference in differences[:5]
    ]
