"""Frames for analysts: typed columns that carry their own description, as CSV or Parquet files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from planbook.measures.frames import FRAMES, FrameSpec, Holds
from planbook.measures.model import RollUp
from planbook.problems import (
    OutputError,
    Problem,
    UsageError,
    explain_os_error,
    in_words,
    list_words,
    say,
)
from planbook.values.text import neutralise

FORMATS = ("csv", "parquet")


def tidy_frame(roll_up: RollUp, name: str) -> pd.DataFrame:
    """A frame of a roll-up with typed columns; `attrs` say what each holds and which are the key.

    Text and list keys are categories, quantities, fractions and counts float64 (NaN where
    nothing is), dates datetime64.  UsageError where there is no such frame.
    """
    _check_names([name])
    spec, frame = FRAMES[name], roll_up.frame(name)
    typed = pd.DataFrame({c.key: _typed(frame[c.key], c.holds) for c in spec.columns}, index=frame.index)
    typed.attrs.update(describe(spec), as_of=roll_up.as_of.isoformat(), scope=roll_up.scope)
    return typed


def _typed(column: pd.Series[Any], holds: Holds) -> pd.Series[Any]:
    if holds in (Holds.QUANTITY, Holds.FRACTION, Holds.NUMBER):
        return pd.to_numeric(column, errors="coerce").astype("float64")
    if holds is Holds.DATE:
        return pd.to_datetime(column, errors="coerce").astype("datetime64[ns]")  # in every pandas
    words = [value if isinstance(value, str) and value else None for value in column]
    return pd.Series(pd.Categorical(words), index=column.index)


def describe(spec: FrameSpec) -> dict[str, Any]:
    """What a frame holds, as plain data: its row, its key, and each column with its meaning."""
    return {
        "frame": spec.name,
        "row": spec.row,
        "keys": list(spec.keys),
        "columns": {c.key: {"holds": c.holds.value, "doc": c.doc} for c in spec.columns},
    }


def describe_frames() -> str:
    """Every frame with its columns, as a page of Markdown."""
    lines = [
        "# The frames of a roll-up",
        "",
        "Quantities are in the row's `unit`, fractions are such (0.8 is 80 %), choices are the keys of the",
        "book's lists. `planbook.tidy_frame` types them, `planbook.export_frames` writes them to files.",
    ]
    for spec in FRAMES.values():
        keys = ", ".join(f"`{key}`" for key in spec.keys)
        lines += ["", f"## {spec.name}", "", f"One row: {spec.row}. Key: {keys}.", ""]
        lines += ["| column | holds | |", "|---|---|---|"]
        lines += [f"| `{c.key}` | {c.holds.value} | {c.doc} |" for c in spec.columns]
    return "\n".join(lines) + "\n"


def problem_frame(problems: Iterable[Problem], lang: str = "zh") -> pd.DataFrame:
    """One row per problem: severity, code, file, sheet, cell, what was found and how to mend it."""
    columns = ["severity", "code", "file", "sheet", "cell", "found", "expected", "message", "fix"]
    rows = [
        (
            p.severity.value, p.code.value, p.location.file, p.location.sheet, p.location.cell,
            in_words(p.found, lang), in_words(p.expected, lang), p.message(lang), p.fix(lang),
        )
        for p in problems
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns, dtype=object)


# -- files ---------------------------------------------------------------------------------


def export_frames(
    roll_up: RollUp, folder: Path, *, form: str = "csv", names: Sequence[str] = ()
) -> tuple[Path, ...]:
    """Write frames to `folder`, one file each; every frame where `names` is empty.

    `form` is csv (UTF-8 with a mark, so that Excel reads it; text that a program would take for a
    formula gets an apostrophe before it) or parquet (typed, with the columns' descriptions; wants
    pyarrow, ``pip install planbook[parquet]``).  Raises UsageError for another form or an unknown
    frame, OutputError where a file cannot be written.
    """
    if form not in FORMATS:
        raise UsageError(say("no_form", name=form, known=list_words(FORMATS)))
    _check_names(names)
    if form == "parquet" and find_spec("pyarrow") is None:
        raise UsageError(say("needs_pyarrow"))
    write = _write_csv if form == "csv" else _write_parquet
    written = []
    for name in names or FRAMES:
        path = folder / f"{name}.{form}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write(path, tidy_frame(roll_up, name))
        except OSError as error:
            raise OutputError(say("not_written", path=path, reason=explain_os_error(error))) from error
        written.append(path)
    return tuple(written)


def _check_names(names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in FRAMES]
    if unknown:
        raise UsageError(say("no_frame", name=list_words(unknown), known=list_words(FRAMES)))


def _write_parquet(path: Path, frame: pd.DataFrame) -> None:
    try:
        frame.to_parquet(path, engine="pyarrow", index=False)
    except ImportError as error:  # one that pandas finds too old
        raise UsageError(say("needs_pyarrow")) from error


def _write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Numbers with every digit, dates as ISO, text that can be no formula; the same frame, the same bytes."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(frame.columns)
        for row in frame.itertuples(index=False, name=None):
            writer.writerow([_csv_cell(value) for value in row])


def _csv_cell(value: object) -> str:
    if value is None or value != value or value is pd.NaT:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, pd.Timestamp | date):
        return value.isoformat()[:10]
    return neutralise(str(value))
