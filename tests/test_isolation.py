"""Work in processes of their own: one item can harm only itself, and their number changes nothing."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from planbook import isolation
from planbook.batch import Batch, check_files, read_files
from planbook.isolation import Fate, Limits, run_isolated
from planbook.problems import Code
from planbook.reader import Expectations, Submission
from planbook.reader import read as reading
from tests.support.workbooks import expect, read_tables, write_filled

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="a fork shares what a test has replaced")
GOALS = """
level      | goal     | metric | unit | target  | department | due
department | 营收增长 | 营收   | 万元 | "521万" | XS         | 2024-12-31
"""


def misbehave(item: int) -> int:
    if item == 3:
        os.abort()
    if item == 5:
        time.sleep(60)
    if item == 7:
        return len(bytearray(8 << 30))
    if item == 8:
        raise ValueError("nobody expected this")
    if item == 9:
        os._exit(4)
    return item * item


@LINUX
@pytest.mark.parametrize("jobs", [1, 3])
def test_an_item_harms_only_itself(jobs: int) -> None:
    start = time.monotonic()
    outcomes = list(run_isolated(misbehave, range(12), jobs=jobs, limits=Limits(1.0)))
    assert time.monotonic() - start < 15
    assert [o.result for o in outcomes if o.fate is Fate.DONE] == [0, 1, 4, 16, 36, 100, 121]
    assert {n: (o.fate, o.detail) for n, o in enumerate(outcomes) if o.fate is not Fate.DONE} == {
        3: (Fate.DIED, "SIGABRT"),
        5: (Fate.TOO_LONG, ""),
        7: (Fate.TOO_LARGE, ""),
        8: (Fate.DIED, "ValueError"),
        9: (Fate.DIED, "exit 4"),
    }


@LINUX
def test_no_process_outlives_the_work() -> None:
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    before = set(children.read_text().split())
    outcomes = run_isolated(abs, range(100), jobs=2)
    assert next(outcomes).result == 0
    assert len(set(children.read_text().split()) - before) == 2
    outcomes.close()  # somebody broke off in the middle
    assert set(children.read_text().split()) == before


def test_where_no_process_can_be_had_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> object:
        raise OSError("no more processes")

    monkeypatch.setattr(isolation._Crew, "_hire", refuse)
    assert [o.result for o in run_isolated(lambda n: (n, os.getpid()), [1, 2])] == [
        (1, os.getpid()),
        (2, os.getpid()),
    ]


# -- files -----------------------------------------------------------------------------------


def some_files(folder: Path) -> dict[Path, str]:
    plan = read_tables("annual_plan", {"goals": GOALS})
    paths = [write_filled(folder / f"{n}.xlsx", plan) for n in range(4)]
    (folder / "broken.xlsx").write_bytes(b"PK\x03\x04 broken")
    return {path: path.name for path in [*paths, folder / "broken.xlsx"]}


@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_files_read_the_same_in_any_number_of_processes(tmp_path: Path, jobs: int) -> None:
    labels = some_files(tmp_path)
    here = [reading.read_workbook(path, expect()).labelled(label) for path, label in labels.items()]
    there = [s for s, _ in read_files(Batch(expect(), jobs=jobs, review=False), labels)]
    assert there == here
    assert there[0].book is there[1].book, "the book itself does not travel"


def test_what_was_computed_comes_back_too(tmp_path: Path) -> None:
    labels = some_files(tmp_path)
    submission, reviewed = next(read_files(Batch(Expectations()), labels))
    assert reviewed is not None
    assert reviewed.submission is submission
    assert submission.plan.rows("goals")[0].get("target") == 521.0
    checked = list(check_files(Batch(Expectations()), labels))
    assert checked[0].problems == submission.problems
    assert [c.refused for c in checked] == [False] * 4 + [True]


@LINUX
@pytest.mark.parametrize(
    ("harm", "code", "words"),
    [
        (os.abort, Code.READER_DIED, "SIGABRT"),
        (lambda: time.sleep(60), Code.READ_TOO_LONG, "6"),
        (lambda: bytearray(8 << 30), Code.READ_TOO_LARGE, "768 MB"),
        (lambda: [][0], Code.READER_DIED, "IndexError"),
    ],
)
def test_a_file_that_kills_its_reader_is_that_files_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: object, code: Code, words: str
) -> None:
    labels = some_files(tmp_path)
    honest = reading.read_workbook

    def read(path: Path, known: Expectations) -> Submission:
        if path.name == "2.xlsx":
            harm()  # type: ignore[operator]
        return honest(path, known)

    monkeypatch.setattr("planbook.batch.read_workbook", read)
    checked = list(check_files(Batch(expect(), jobs=2, limits=Limits(6.0)), labels))
    assert [c.refused for c in checked] == [False, False, True, False, True]
    (problem,) = checked[2].problems
    assert (problem.code, str(problem.location)) == (code, "2.xlsx")
    assert words in problem.message("en")


def starts(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Let the system give `count` more processes and then no other."""
    left = [count]
    hire = isolation._Crew._start

    def start(crew: object, *pipes: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise BlockingIOError("no more processes")
        return hire(crew, *pipes)  # type: ignore[arg-type]

    monkeypatch.setattr(isolation._Crew, "_start", start)


class PanicError(BaseException):
    """What a library in Rust raises that gives up: no Exception."""


def raises(item: int) -> int:
    if item == 1:
        raise KeyError(item)
    if item == 2:
        raise PanicError
    return item


@LINUX
def test_without_any_process_an_item_still_harms_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    starts(monkeypatch, 0)
    outcomes = list(run_isolated(raises, range(4), jobs=2))
    assert [(o.fate, o.result, o.detail) for o in outcomes] == [
        (Fate.DONE, 0, ""),
        (Fate.DIED, None, "KeyError"),
        (Fate.DIED, None, "PanicError"),
        (Fate.DONE, 3, ""),
    ]


def stops(item: int) -> int:
    raise KeyboardInterrupt if item else SystemExit


@LINUX
@pytest.mark.parametrize(("item", "stop"), [(0, SystemExit), (1, KeyboardInterrupt)])
def test_who_stops_the_work_is_obeyed(
    monkeypatch: pytest.MonkeyPatch, item: int, stop: type[BaseException]
) -> None:
    starts(monkeypatch, 0)
    with pytest.raises(stop):
        list(run_isolated(stops, [item]))


@LINUX
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_library_that_panics_costs_its_own_item(jobs: int) -> None:
    outcomes = list(run_isolated(raises, range(4), jobs=jobs))
    assert [(o.fate, o.detail) for o in outcomes[1:]] == [
        (Fate.DIED, "KeyError"),
        (Fate.DIED, "PanicError"),
        (Fate.DONE, ""),
    ]


def dies(item: int) -> int:
    if item in {1, 3} and multiprocessing.parent_process() is not None:
        os.abort()
    return item


@LINUX
@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_work_goes_on_when_no_process_can_be_had_any_more(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    starts(monkeypatch, count)
    outcomes = list(run_isolated(dies, range(8), jobs=min(2, count)))
    assert [o.result for o in outcomes if o.fate is Fate.DONE] in ([0, 2, 3, 4, 5, 6, 7], [0, 2, 4, 5, 6, 7])
    assert outcomes[1] == isolation.Outcome(Fate.DIED, detail="SIGABRT")


# -- processes that are not forked ---------------------------------------------------------------


@pytest.fixture
def spawned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes as macOS and Windows start them: anew, with nothing of this one in them."""
    monkeypatch.setattr(isolation, "START", "spawn")


@pytest.mark.usefixtures("spawned")
def test_spawned_processes_read_the_same_as_forked_ones(tmp_path: Path) -> None:
    labels = some_files(tmp_path)
    here = [reading.read_workbook(path, expect()).labelled(label) for path, label in labels.items()]
    there = [s for s, _ in read_files(Batch(expect(), jobs=2, review=False), labels)]
    assert there == here
    assert there[0].book is there[1].book
    checked = list(check_files(Batch(expect(), jobs=1), labels))
    assert [c.refused for c in checked] == [False] * 4 + [True]


def slips(item: int) -> int:
    """Dies, sleeps, raises; works anywhere, since it needs nothing that a test has replaced."""
    if item == 1:
        os._exit(4)
    if item == 2:
        time.sleep(60)
    if item == 3:
        raise ValueError(item)
    return item


@pytest.mark.usefixtures("spawned")
def test_a_spawned_process_that_dies_costs_its_own_item() -> None:
    """Starting takes longer than an item may: that is none of the item's time."""
    outcomes = list(run_isolated(slips, range(5), jobs=1, limits=Limits(0.4)))
    assert [(o.fate, o.result, o.detail) for o in outcomes] == [
        (Fate.DONE, 0, ""),
        (Fate.DIED, None, "exit 4"),
        (Fate.TOO_LONG, None, ""),
        (Fate.DIED, None, "ValueError"),
        (Fate.DONE, 4, ""),
    ]


@pytest.mark.usefixtures("spawned")
def test_a_spawned_process_that_never_stands_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "STARTING", 0.01)
    (outcome,) = run_isolated(slips, [0], jobs=1)
    assert outcome.fate is Fate.TOO_LONG


SCRIPT = """
import sys
from pathlib import Path
import planbook
from planbook import isolation
isolation.START = "spawn"
with Path(sys.argv[1]).open("a") as log:
    print("ran", file=log)
{before}
data = planbook.read(Path(sys.argv[2]))
print(len(data.tables["goals"]) if data.tables else data.problems.to_string())
"""


@pytest.mark.parametrize("before", ["", "isolation._serve = len"], ids=["plain", "its processes end at once"])
def test_a_script_without_a_guard_is_run_once_and_ends(tmp_path: Path, before: str) -> None:
    """A spawned process runs the script anew before all else, unless it is kept from it."""
    path = next(iter(some_files(tmp_path)))
    script, log = tmp_path / "script.py", tmp_path / "log"
    script.write_text(SCRIPT.format(before=before), encoding="utf-8")
    command = [sys.executable, str(script), str(log), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["1"]), done.stderr
    assert log.read_text(encoding="utf-8").split() == ["ran"]


def not_there(item: int) -> int:
    return -item


@pytest.mark.usefixtures("spawned")
def test_where_a_process_ends_before_it_stands_the_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here it ends since it does not find the function, which stands in a script it does not run."""
    monkeypatch.setattr(not_there, "__module__", "__main__")
    monkeypatch.setattr(sys.modules["__main__"], "not_there", not_there, raising=False)
    assert [o.result for o in run_isolated(not_there, range(3), jobs=2)] == [0, -1, -2]
