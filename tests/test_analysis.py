"""The API for analysts: read, collect and roll up into frames, and write them to CSV and Parquet."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import planbook
from planbook.cycle import Cycle, load_cycle
from planbook.measures import RollUp
from planbook.measures.frames import FRAMES, Holds
from planbook.measures.tidy import describe_frames
from planbook.problems import UsageError
from planbook.resources import samples_folder
from planbook.values.text import neutralise
from tests.support.roll_ups import small_company

ROOT = Path(__file__).resolve().parent.parent
RETURNED = samples_folder() / "returned"


@pytest.fixture(scope="module")
def cycle(tmp_path_factory: pytest.TempPathFactory) -> Cycle:
    """The sample year with three of its workbooks in the inbox."""
    folder = tmp_path_factory.mktemp("cycle")
    for name in ("planbook.toml", "departments.csv", "company_goals.csv"):
        (folder / name).write_bytes((samples_folder() / name).read_bytes())
    (folder / "inbox").mkdir()
    for name in ("营销中心-2024计划.xlsx", "生产部年度计划（2024）.xlsx", "质量部 2024年计划 0702.xlsx"):
        (folder / "inbox" / name).write_bytes((RETURNED / name).read_bytes())
    return load_cycle(folder)


@pytest.fixture(scope="module")
def figures(cycle: Cycle) -> RollUp:
    return planbook.roll_up(cycle)


# -- read, collect, roll up ----------------------------------------------------------------


def test_read_gives_a_frame_per_sheet(cycle: Cycle) -> None:
    data = planbook.read(cycle.inbox / "营销中心-2024计划.xlsx", cycle)
    assert {"goals", "decomposition", "tracking", "review"} <= set(data.tables)
    goals = data.tables["goals"].set_index("id")
    assert goals.loc["G001", "target"] == 120_000_000.0
    assert goals.loc["G001", "direction"] == "higher"
    assert isinstance(goals.loc["G001", "due"], date)
    assert goals.loc["G001", "ytd_actual"] == 56_300_000.0  # computed, not what the file stored
    assert goals.loc["G001", "row"] == 7
    assert set(data.problems["severity"]) <= {"error", "warning", "note"}
    assert data.problems["message"].str.len().min() > 0


def test_read_of_what_is_no_workbook_says_why(tmp_path: Path) -> None:
    path = tmp_path / "计划.xlsx"
    path.write_text("不是工作簿", encoding="utf-8")
    data = planbook.read(path)
    assert data.tables == {}
    assert list(data.problems["severity"]) == ["error"]


def test_collect_and_roll_up_of_a_cycle(cycle: Cycle, figures: RollUp) -> None:
    collection = planbook.collect(cycle)
    returned = {r.department for r in collection.receipts if r.receipt in ("accepted", "partial")}
    assert returned == {"YX", "SCB", "ZL"}
    assert set(figures.goals["department"]) >= {"XS", "KH", "SCB", "ZL"}
    marketing = planbook.roll_up(cycle, scope="YX")
    assert set(marketing.goals["department"]) <= {"XS", "KH", "YX"}


def test_bare_files_without_a_cycle() -> None:
    path = RETURNED / "营销中心-2024计划.xlsx"
    assert [r.department for r in planbook.collect(path).receipts] == ["YX"]
    assert set(planbook.roll_up([path]).goals["department"]) == {"XS", "KH"}


def test_what_an_analyst_sees_is_a_line(cycle: Cycle, figures: RollUp) -> None:
    shown = repr(figures)
    assert shown.startswith(f"<RollUp 2024 as of 2024-07-01: facts {len(figures.facts)}, goals ")
    assert all(f"{name} {len(figures.frame(name))}" in shown for name in FRAMES)
    data = planbook.read(cycle.inbox / "质量部 2024年计划 0702.xlsx", cycle)
    assert repr(data).startswith(
        "<WorkbookData '质量部 2024年计划 0702.xlsx': goals 5, decomposition 5, tracking 5"
    )
    assert repr(data).endswith(f"; problems {len(data.problems)}>")


def test_public_names_are_there_and_documented() -> None:
    for name in planbook.__all__:
        assert getattr(planbook, name).__doc__, name


# -- tidy frames ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", FRAMES)
def test_every_frame_has_its_columns_and_its_key(figures: RollUp, name: str) -> None:
    spec, frame = FRAMES[name], planbook.tidy_frame(figures, name)
    assert list(frame.columns) == list(spec.names)
    assert frame.attrs["keys"] == list(spec.keys)
    assert not frame.duplicated(list(spec.keys)).any()
    numbers = {Holds.QUANTITY, Holds.FRACTION, Holds.NUMBER}
    for column in spec.columns:
        assert column.doc
        kind = frame[column.key].dtype
        if column.holds in numbers:
            assert kind == np.float64
        elif column.holds is Holds.DATE:
            assert np.issubdtype(kind, np.datetime64)
        else:
            assert isinstance(kind, pd.CategoricalDtype)


@pytest.mark.parametrize("name", FRAMES)
def test_typing_loses_nothing(figures: RollUp, name: str) -> None:
    plain, typed = figures.frame(name), planbook.tidy_frame(figures, name)
    for column in FRAMES[name].columns:
        before = plain[column.key].map(lambda value: value not in (None, "") and value == value)
        assert list(before) == list(typed[column.key].notna()), column.key


def test_missing_nil_and_zero_are_three_things(tmp_path: Path) -> None:
    from tests.support.workbooks import read_tables, write_filled
    from tests.test_coherence import SALES, rolled

    review = """
    quarter | department | goal | target | actual
    q1      | XS         | G001 | 150    | 0
    q2      | XS         | G001 | 150    | "无"
    q3      | XS         | G001 | 150    |
    """
    write_filled(tmp_path / "a.xlsx", read_tables("annual_plan", {**SALES, "review": review}))
    facts = planbook.tidy_frame(rolled(tmp_path), "facts")
    assert facts["actual"].fillna(-1).tolist() == [0.0, -1.0, -1.0]
    assert facts["nil"].astype(object).where(facts["nil"].notna(), None).tolist() == [None, "actual", None]


def test_the_page_of_frames_is_current() -> None:
    assert (ROOT / "docs" / "frames.md").read_text(encoding="utf-8") == describe_frames()


# -- files ---------------------------------------------------------------------------------


def test_csv_holds_every_figure(figures: RollUp, tmp_path: Path) -> None:
    paths = planbook.export_frames(figures, tmp_path / "out")
    assert [path.stem for path in paths] == list(FRAMES)
    back = pd.read_csv(tmp_path / "out" / "facts.csv", encoding="utf-8-sig", dtype=str, keep_default_na=False)
    typed = planbook.tidy_frame(figures, "facts")
    assert list(back.columns) == list(typed.columns)
    for key in ("target", "actual", "attainment"):
        written = [float(text) if text else np.nan for text in back[key]]
        assert np.array_equal(written, typed[key].to_numpy(), equal_nan=True)
    assert back["department_name"].tolist() == typed["department_name"].astype(object).tolist()
    assert (tmp_path / "out" / "facts.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_parquet_keeps_types_and_descriptions(figures: RollUp, tmp_path: Path) -> None:
    paths = planbook.export_frames(figures, tmp_path, form="parquet", names=["goals", "tasks"])
    assert [path.name for path in paths] == ["goals.parquet", "tasks.parquet"]
    for name in ("goals", "tasks"):
        back, typed = pd.read_parquet(tmp_path / f"{name}.parquet"), planbook.tidy_frame(figures, name)
        pd.testing.assert_frame_equal(back, typed, check_categorical=False, check_dtype=False)
        assert back.attrs["columns"]["department"]["doc"] == typed.attrs["columns"]["department"]["doc"]


def test_parquet_without_pyarrow_says_what_to_install(
    figures: RollUp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is left alone, unless it shows in the writing only that the engine will not do."""

    def missing(*_: object, **__: object) -> None:
        raise ImportError("Unable to find a usable engine")

    folder = tmp_path / "frames"
    monkeypatch.setattr("planbook.measures.tidy.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"planbook\[parquet\]"):
        planbook.export_frames(figures, folder, form="parquet", names=["goals"])
    assert not folder.exists()
    monkeypatch.setattr("planbook.measures.tidy.find_spec", lambda name: object())
    monkeypatch.setattr(pd.DataFrame, "to_parquet", missing)
    with pytest.raises(UsageError, match=r"planbook\[parquet\]"):
        planbook.export_frames(figures, folder, form="parquet", names=["goals"])


@pytest.mark.parametrize(("form", "names"), [("xml", ()), ("csv", ("people",))])
def test_unknown_forms_and_frames_are_refused(
    figures: RollUp, tmp_path: Path, form: str, names: tuple[str, ...]
) -> None:
    with pytest.raises(UsageError) as caught:
        planbook.export_frames(figures, tmp_path, form=form, names=names)
    assert caught.value.message("zh") in {
        "没有导出格式“xml”；有 csv、parquet",
        f"没有数据表“people”；有 {'、'.join(FRAMES)}",
    }


def test_an_unknown_frame_is_refused_with_the_names_there_are(figures: RollUp) -> None:
    with pytest.raises(UsageError, match=r'no frame "company"; there are .*company_goals'):
        planbook.tidy_frame(figures, "company")


HOSTILE = [
    "=1+1",
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "  =1",
    "\u3000=1",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_never_holds_a_formula(tmp_path: Path, text: str) -> None:
    build = small_company()
    build.goal("XS", text, [(1.0, 1.0)], driver=f"{text}\"|calc,'")
    planbook.export_frames(build.make(), tmp_path, names=["facts", "goals"])
    for name in ("facts", "goals"):
        with (tmp_path / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert rows[-1]["goal"] == f"'{text}"
        texts = [value for row in rows for key, value in row.items() if key not in NUMBERS[name]]
        assert not any(value.lstrip(" \u3000\t\r\n").startswith(tuple("=+-@＝＋－＠")) for value in texts)


NUMBERS = {
    name: {c.key for c in FRAMES[name].columns if c.holds in (Holds.QUANTITY, Holds.FRACTION, Holds.NUMBER)}
    for name in FRAMES
}


@given(st.text(max_size=20))
def test_neutral_text_is_its_own_or_has_an_apostrophe(text: str) -> None:
    found = neutralise(text)
    assert found in (text, f"'{text}")
    assert not found.lstrip(" \u3000\u00a0").startswith(
        ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
    )


def test_the_same_figures_give_the_same_files(figures: RollUp, tmp_path: Path) -> None:
    first = planbook.export_frames(figures, tmp_path / "a")
    again = planbook.export_frames(replace(figures), tmp_path / "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in again]
