"""Read and check many files, each in a process of its own that it can kill at most itself.

What comes back is the same however many processes there are, and for one file as for a thousand.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from planbook.checks import Reviewed, check_submission, review_submission
from planbook.isolation import Fate, Limits, Outcome, run_isolated
from planbook.layout.cells import SettingValue
from planbook.problems import Code, Location, Problem
from planbook.reader import Expectations, Submission, read_workbook
from planbook.spec import Book, list_books, load_spec

Watch = Callable[[Sequence[Path]], Iterable[Path]]
LIMITS = Limits()


@dataclass(frozen=True)
class Checked:
    """What `check` says of one file; the rows themselves are not kept, so that many files cost little."""

    file: str
    department: str | None
    refused: bool
    row_count: int
    quarantined: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Batch:
    """How files are read.

    What is expected of them, the date and settings of their measures, in how many processes (as
    many as the machine has where 0), at what cost each, and whether measures and checks are wanted.
    """

    expect: Expectations
    as_of: date | None = None
    settings: Mapping[str, SettingValue] | None = None
    jobs: int = 0
    limits: Limits = LIMITS
    review: bool = True


def read_and_review(
    path: Path,
    expect: Expectations,
    *,
    as_of: date | None = None,
    settings: Mapping[str, SettingValue] | None = None,
    label: str = "",
) -> tuple[Submission, Reviewed | None]:
    """One file read and checked in this process: its submission with every problem, and its computed columns.

    `label` is what the file is called, by default its name.
    """
    submission = read_workbook(path, expect).labelled(label or path.name)
    return review_and_check(submission, as_of=as_of, settings=settings)


def review_and_check(
    submission: Submission, *, as_of: date | None = None, settings: Mapping[str, SettingValue] | None = None
) -> tuple[Submission, Reviewed | None]:
    """A submission with the problems of every check, and its computed columns; None where it was refused."""
    reviewed = review_submission(submission, as_of=as_of, settings=settings)
    if reviewed is None:
        return submission, None
    submission = check_submission(reviewed)
    return submission, replace(reviewed, submission=submission)


def read_files(
    batch: Batch, labels: Mapping[Path, str], watch: Watch = lambda paths: paths
) -> Iterator[tuple[Submission, Reviewed | None]]:
    """Every file of `labels` (path → what it is called) read and checked, in their order."""
    batch = _with_books(batch)
    books = {book.sha256: book for book in batch.expect.books}
    for label, outcome in _run(partial(_packed, batch), batch, labels, watch):
        if outcome.result is not None:
            yield _unpack(outcome.result, books)
        else:
            yield Submission(label, problems=(_problem_of(outcome, label, batch.limits),)), None


def check_files(
    batch: Batch, labels: Mapping[Path, str], watch: Watch = lambda paths: paths
) -> Iterator[Checked]:
    """What is wrong with every file of `labels`, in their order."""
    batch = _with_books(batch)
    for label, outcome in _run(partial(_checked, batch), batch, labels, watch):
        if outcome.result is not None:
            yield outcome.result
        else:
            yield Checked(label, None, True, 0, 0, (_problem_of(outcome, label, batch.limits),))


def _with_books(batch: Batch) -> Batch:
    """The batch with its books loaded, before the processes part from this one."""
    if batch.expect.books:
        return batch
    books = tuple(load_spec(name) for name in list_books())
    return replace(batch, expect=replace(batch.expect, books=books))


def _run(
    function: Callable[[tuple[Path, str]], Any], batch: Batch, labels: Mapping[Path, str], watch: Watch
) -> Iterator[tuple[str, Outcome[Any]]]:
    paths = list(labels)
    items = [(path, labels[path]) for path in paths]
    outcomes = run_isolated(function, items, jobs=batch.jobs, limits=batch.limits)
    for path, outcome in zip(watch(paths), outcomes, strict=True):
        yield labels[path], outcome


def _review(batch: Batch, item: tuple[Path, str]) -> tuple[Submission, Reviewed | None]:
    path, label = item
    if not batch.review:
        return read_workbook(path, batch.expect).labelled(label), None
    return read_and_review(path, batch.expect, as_of=batch.as_of, settings=batch.settings, label=label)


def _packed(batch: Batch, item: tuple[Path, str]) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(_review(batch, item))
    return buffer.getvalue()


def _checked(batch: Batch, item: tuple[Path, str]) -> Checked:
    submission, _ = _review(batch, item)
    return make_checked(submission)


def make_checked(submission: Submission) -> Checked:
    """What `check` says of a submission."""
    return Checked(
        submission.file,
        submission.issue.department if submission.issue else None,
        submission.refused,
        submission.row_count,
        len(submission.quarantined),
        submission.problems,
    )


class _Pickler(pickle.Pickler):
    """Sends a book as its hash: both sides have it."""

    def persistent_id(self, obj: object) -> str | None:
        """The hash of a book, None for anything else."""
        return obj.sha256 if isinstance(obj, Book) else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, books: Mapping[str, Book]) -> None:
        super().__init__(io.BytesIO(data))
        self._books = books

    def persistent_load(self, pid: str) -> Book:
        """The book of a hash."""
        return self._books[pid]


def _unpack(data: bytes, books: Mapping[str, Book]) -> tuple[Submission, Reviewed | None]:
    found: tuple[Submission, Reviewed | None] = _Unpickler(data, books).load()
    return found


def _problem_of(outcome: Outcome[Any], label: str, limits: Limits) -> Problem:
    """Why a file came to nothing, as its problem."""
    place = Location(file=label)
    if outcome.fate is Fate.TOO_LONG:
        return Problem(Code.READ_TOO_LONG, place, expected=f"{limits.seconds:g}")
    if outcome.fate is Fate.TOO_LARGE:
        return Problem(Code.READ_TOO_LARGE, place, expected=f"{limits.memory // 2**20} MB")
    return Problem(Code.READER_DIED, place, outcome.detail)
