"""Five hundred hostile files in one run: each is named, none stops the others, the sound ones are read."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planbook.batch import Batch, Checked, check_files
from planbook.problems import Code, Severity
from planbook.reader import read_workbook
from planbook.reader.facts import MAX_AREA
from planbook.workflow import annotate_returns, migrate_returns
from tests.support.hostile import (
    CORPUS,
    DAMAGED,
    GOALS,
    Kind,
    goals_cell,
    pack,
    parts_of,
    set_cell,
    sheet_part,
)
from tests.support.hostile import text as text_cell
from tests.support.workbooks import expect, read_tables, write_filled

TABLE = """
level      | goal       | metric       | unit | target   | department | due        | weight
department | 营收增长   | 营收总额     | 元   | {target} | XS         | 2024-12-31 | 0.5
department | 新客户拓展 | 新客户签约量 | 家   | 50       | XS         | 2024-12-31 | 0.5
"""


ADVICE = {("note", code.value) for code in Code} | {("warning", Code.RULE_ADVICE.value)}


def sound(folder: Path, target: int = 100) -> bytes:
    plan = read_tables("annual_plan", {"goals": TABLE.format(target=target)})
    return write_filled(folder / "sound.xlsx", plan).read_bytes()


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return sound(tmp_path_factory.mktemp("sound"))


@pytest.fixture(scope="module")
def checked(workbook: bytes, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Checked]:
    """What is found in one file of every kind, all read in one batch."""
    folder = tmp_path_factory.mktemp("corpus")
    labels = {}
    for kind in CORPUS:
        path = folder / f"{kind.name}{kind.suffix}"
        path.write_bytes(kind.make(workbook))
        labels[path] = kind.name
    return {found.file: found for found in check_files(Batch(expect(), jobs=2), labels)}


ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}")  # a phrase, which no Chinese line should hold


def test_the_corpus_is_large() -> None:
    assert len({kind.name for kind in CORPUS}) == len(CORPUS) >= 60


@pytest.mark.parametrize("kind", CORPUS, ids=lambda kind: kind.name)
def test_every_kind_is_called_by_its_name(kind: Kind, checked: dict[str, Checked]) -> None:
    found = checked[kind.name]
    assert [line for p in found.problems if ENGLISH.search(line := p.line("zh"))] == []
    grave = {p.code for p in found.problems if p.severity is not Severity.NOTE} - {Code.RULE_ADVICE}
    if kind.accepted:
        assert not grave
        assert not found.refused
        assert (found.row_count, found.quarantined) == (2, 0)
    else:
        assert grave & kind.codes
        assert found.refused or found.quarantined or grave <= kind.codes


# -- what is made of them ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def batch(workbook: bytes, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A file of every kind with a damaged part, a problem on its goals, and a sound one at both ends."""
    folder = tmp_path_factory.mktemp("damaged")
    bad = goals_cell(workbook, "I7", text_cell("I7", "待定"))
    contents = {"a": bad, **{name: make(bad) for name, make in DAMAGED.items()}, "z": bad}
    for name, content in contents.items():
        (folder / f"{name}.xlsx").write_bytes(content)
    return [folder / f"{name}.xlsx" for name in contents]


def test_a_damaged_part_costs_its_own_file_the_return_copy(batch: list[Path], tmp_path: Path) -> None:
    made = annotate_returns(batch, tmp_path)
    assert [path.name for path in batch if (tmp_path / path.name).exists()] == ["a.xlsx", "z.xlsx"]
    for path, (submission, copy) in zip(batch, made, strict=True):
        said = [problem for problem in submission.problems if problem.code is Code.PART_DAMAGED]
        assert (copy is None) == (path.stem in DAMAGED) == (len(said) == 1), path.name
        assert {problem.location.file for problem in said} <= {path.name}
        assert not any(ENGLISH.search(problem.line("zh")) for problem in said)


@pytest.mark.parametrize("name", ["comments-sound", "boxes-end-with-a-space"])
def test_sound_comments_are_annotated(workbook: bytes, tmp_path: Path, name: str) -> None:
    make = next(kind.make for kind in CORPUS if kind.name == name)
    path = tmp_path / "a.xlsx"
    path.write_bytes(make(goals_cell(workbook, "I7", text_cell("I7", "待定"))))
    ((_, copy),) = annotate_returns([path], tmp_path / "out")
    assert copy is not None
    texts = parts_of(copy.path.read_bytes())["xl/comments77.xml"].decode()
    assert "待定" in texts and "old" not in texts


def test_a_damaged_part_keeps_no_data_from_moving(batch: list[Path], tmp_path: Path) -> None:
    """Only what cannot be searched for comments says so; boxes hold nothing that is asked for."""
    for path, (_, new) in zip(batch, migrate_returns(batch, tmp_path), strict=True):
        assert new is not None and new.rows == 2
        lost = sum(problem.code is Code.PART_DAMAGED for problem in new.losses)
        unsearchable = {name for name in DAMAGED if name.startswith(("comments", "links"))}
        unsearchable -= {"comments-no-authors", "comments-no-list"}
        assert lost == (path.stem in unsearchable), path.name


# -- one run over five hundred of them ---------------------------------------------------------

RUN = """
import resource, sys
from planbook.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    code = end.code
usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print("peak", max(usage.ru_maxrss for usage in usages) // 1024, file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows counts no memory of processes that have ended")
def test_five_hundred_hostile_files_in_one_run(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    originals = [sound(tmp_path, target) for target in range(1, 7)]
    accepted = set()
    for number in range(500):
        kind = CORPUS[number % len(CORPUS)]
        path = inbox / f"{number:03} {kind.name}{kind.suffix}"
        path.write_bytes(kind.make(originals[number // len(CORPUS)]))
        if kind.accepted:
            accepted.add(path.name)
    (inbox / "folder.xlsx").mkdir()
    os.mkfifo(inbox / "pipe.xlsx")
    (inbox / "device.xlsx").symlink_to("/dev/zero")
    (inbox / "nowhere.xlsx").symlink_to(tmp_path / "gone")
    command = [sys.executable, "-X", "utf8", "-c", RUN, "check", str(inbox), "--json", "--jobs", "2"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr + done.stdout
    assert int(done.stderr.split("peak")[1]) < 1024  # MiB, of the largest process
    document = json.loads(done.stdout)
    named = {
        problem["file"]
        for problem in document["problems"]
        if (problem["severity"], problem["code"]) not in ADVICE
    }
    files = {entry["file"]: entry for entry in document["files"]}
    assert len(files) == 504
    for name, entry in files.items():
        assert (name in accepted) == (name not in named), name
        assert entry["read"] or name in named
    assert {entry["rows"] for name, entry in files.items() if name in accepted} == {2}


# -- whatever bytes there are --------------------------------------------------------------------

BYTES = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


@BYTES
@given(st.data())
def test_a_package_with_any_part_changed_is_read_or_refused(
    workbook: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    """Nothing a file holds raises, and what is refused has a reason."""
    parts = parts_of(workbook)
    name = data.draw(st.sampled_from(sorted(parts)))
    content = parts[name]
    start = data.draw(st.integers(0, len(content)))
    length = data.draw(st.integers(0, 40))
    parts[name] = content[:start] + data.draw(st.binary(max_size=20)) + content[start + length :]
    path = tmp_path / "mutated.xlsx"
    path.write_bytes(pack(parts))
    submission = read_workbook(path, expect())
    assert submission.problems or not submission.refused


@BYTES
@given(st.data())
def test_a_file_with_any_bytes_changed_is_read_or_refused(
    workbook: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    changed = bytearray(workbook)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "mutated.xlsx"
    path.write_bytes(bytes(changed[: data.draw(st.integers(len(changed) // 2, len(changed)))]))
    submission = read_workbook(path, expect())
    assert submission.problems or not submission.refused


TYPES = st.sampled_from(["n", "s", "str", "b", "e", "d", "inlineStr", "zz", ""])
VALUES = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True).map(str),
    st.integers(-(10**20), 10**20).map(str),
    st.text(st.characters(exclude_characters="<&\x00", exclude_categories=("Cs", "Cc")), max_size=20),
    st.sampled_from(["#REF!", "TRUE", "2024-06-30", "1.2亿元", "约50", "=1+1", "٣٫٥", "1e999"]),
)


@BYTES
@given(address=st.sampled_from(["B7", "C7", "I7", "L7", "M7", "N7"]), kind=TYPES, value=VALUES)
def test_any_cell_becomes_a_value_or_a_problem(
    workbook: bytes, tmp_path: Path, address: str, kind: str, value: str
) -> None:
    """A cell that holds something is never just gone: it has a value, or its problem names its address."""
    inner = f"<is><t>{value}</t></is>" if kind == "inlineStr" else f"<v>{value}</v>"
    cell = f'<c r="{address}" t="{kind}">{inner}</c>' if kind else f'<c r="{address}">{inner}</c>'
    parts = parts_of(workbook)
    part = sheet_part(parts, GOALS)
    parts[part] = set_cell(parts[part], address, cell)
    path = tmp_path / "cell.xlsx"
    path.write_bytes(pack(parts))
    submission = read_workbook(path, expect())
    if submission.refused or not value.strip():
        assert submission.problems or not value.strip()
        return
    key = next(k for k, index in submission.sources["goals"].columns.items() if index == ord(address[0]) - 65)
    row = next((row for row in submission.plan.rows("goals") if row.number == 1), None)
    said = any(problem.location.cell == address for problem in submission.problems)
    assert said or (row is not None and row.get(key) is not None)


def test_the_largest_sheet_that_is_read_fits_into_memory() -> None:
    assert MAX_AREA * (24 + 8 + 24) < 768 * 2**20  # calamine's cell, Python's pointer and number
