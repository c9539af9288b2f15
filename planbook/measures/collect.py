"""Collect what came back: which file counts for each department, and what happened to the others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from planbook.batch import Batch, read_files
from planbook.checks import Reviewed
from planbook.company import Company
from planbook.layout.cells import SettingValue
from planbook.problems import (
    Code,
    Location,
    Problem,
    Severity,
    UsageError,
    explain_os_error,
    list_words,
    rank_problems,
    say,
)
from planbook.reader import Expectations, Submission


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one file, or of a department that returned none.

    `receipt` is accepted, partial (rows were quarantined or have errors), quarantined,
    superseded or missing; `department` is ``""`` where the file does not say.
    """

    department: str
    receipt: str
    file: str = ""
    modified: datetime | None = None
    rows: int = 0
    errors: int = 0
    warnings: int = 0
    reason: Problem | None = None
    sha256: str = ""


@dataclass(frozen=True)
class Collection:
    """The workbooks that count, one a department, and a receipt for every file and department."""

    company: Company
    accepted: tuple[Reviewed, ...]
    receipts: tuple[Receipt, ...]
    problems: tuple[Problem, ...]


def workbook_paths(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The files to read: a folder stands for its files, one level, lock files and hidden ones left out."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir() and path.suffix.lower() != ".xlsx":
            try:
                entries = list(path.iterdir())
            except OSError as error:
                raise UsageError(say("folder_unread", path=path, reason=explain_os_error(error))) from error
            inside = sorted(entry for entry in entries if not entry.name.startswith((".", "~$")))
            found += [entry for entry in inside if entry.is_file() or entry.suffix.lower() == ".xlsx"]
        else:
            found.append(path)
    return tuple(dict.fromkeys(found))


def collect(
    paths: Iterable[Path],
    company: Company,
    *,
    as_of: date,
    expect: Expectations | None = None,
    settings: Mapping[str, SettingValue] | None = None,
    watch: Callable[[Sequence[Path]], Iterable[Path]] = lambda files: files,
    jobs: int = 0,
) -> Collection:
    """Read every file, each in a process of its own, and decide which counts.

    Of two returns of one department the one modified later counts; with equal or missing stamps
    and different content neither does.  `watch` may wrap the files to show progress; `jobs` is
    the number of processes, as many as the machine has where 0.
    """
    batch = Batch(expect or Expectations(), as_of, settings, jobs)
    return choose_returns(company, read_files(batch, label_files(paths), watch))


# Files that lie among the returned ones and are nobody's return.
PASSED_OVER = frozenset({Code.OWNER_FILE, Code.OWN_REPORT})


def choose_returns(company: Company, read: Iterable[tuple[Submission, Reviewed | None]]) -> Collection:
    """Decide which of the files that were read count."""
    reviewed: dict[str, Reviewed | None] = {}
    submissions: list[Submission] = []
    for submission, review in read:
        submissions.append(submission)
        if review is not None:
            reviewed[submission.file] = review
    receipts: list[Receipt] = []
    accepted: list[Reviewed] = []
    by_department: dict[str, list[Submission]] = defaultdict(list)
    for submission in submissions:
        if submission.issue is None:
            if any(p.code not in PASSED_OVER for p in submission.problems):
                receipts.append(_receipt(submission, "quarantined", submission.problems[0]))
        else:
            by_department[submission.issue.department].append(submission)
    for department, returned in by_department.items():
        best, more = _choose(company, department, returned)
        receipts += more
        review = reviewed.get(best.file) if best else None
        if review is not None:
            accepted.append(review)
    receipts += _missing(company, by_department)
    reasons = [r.reason for r in receipts if r.reason is not None]
    set_aside = {receipt.file for receipt in receipts if receipt.receipt == "superseded"}
    problems = (p for s in submissions if s.file not in set_aside for p in s.problems)
    order = {department.code: n for n, department in enumerate(company.departments)}
    ranked = sorted(receipts, key=lambda r: (order.get(r.department, len(order)), _RANK[r.receipt], r.file))
    accepted.sort(key=lambda r: order.get(r.submission.issue.department if r.submission.issue else "", 0))
    return Collection(company, tuple(accepted), tuple(ranked), rank_problems((*problems, *reasons)))


def label_files(paths: Iterable[Path]) -> dict[Path, str]:
    """The files of `paths` in the order of their names, and what each is called.

    That is its name, with its folder or its whole path where two share one.

    Figures, receipts and problems are joined by it, so no two files may have the same.
    """
    files = sorted(workbook_paths(paths), key=lambda p: (p.name, str(p)))
    labels = {path: path.name for path in files}
    for longer in (lambda path: f"{path.parent.name}/{path.name}", str):
        counts = Counter(labels.values())
        labels = {path: longer(path) if counts[label] > 1 else label for path, label in labels.items()}
    return labels


_RANK = {"accepted": 0, "partial": 0, "quarantined": 1, "superseded": 2, "missing": 3}


def _receipt(submission: Submission, receipt: str, reason: Problem | None = None) -> Receipt:
    return Receipt(
        submission.issue.department if submission.issue else "",
        receipt,
        submission.file,
        submission.modified,
        submission.row_count,
        submission.count(Severity.ERROR),
        submission.count(Severity.WARNING),
        reason,
        submission.sha256,
    )


def _choose(
    company: Company, department: str, returned: Sequence[Submission]
) -> tuple[Submission | None, list[Receipt]]:
    """The submission that counts, and the receipts of all of them."""
    receipts: list[Receipt] = []
    first: dict[str, Submission] = {}
    for submission in returned:
        same = first.setdefault(submission.sha256, submission)
        if same is not submission:
            reason = Problem(Code.IDENTICAL_COPY, Location(file=submission.file), expected=same.file)
            receipts.append(_receipt(submission, "superseded", reason))
    different = list(first.values())
    found = company.find(department)
    name = found.name if found else department
    if len(different) > 1:
        stamps = [_stamp(submission) for submission in different]
        latest = max((stamp for stamp in stamps if stamp), default=None)
        if None in stamps or stamps.count(latest) > 1:
            files = list_words(submission.file for submission in different)
            for submission in different:
                place = Location(file=submission.file)
                reason = Problem(Code.SAME_STAMP, place, files, subject=name)
                receipts.append(_receipt(submission, "quarantined", reason))
            return None, receipts
        best = different[stamps.index(latest)]
        for submission in different:
            if submission is not best:
                place = Location(file=submission.file)
                reason = Problem(Code.RESUBMITTED, place, expected=best.file, subject=name)
                receipts.append(_receipt(submission, "superseded", reason))
    else:
        best = different[0]
    partial = bool(best.quarantined) or best.count(Severity.ERROR) > 0
    receipts.append(_receipt(best, "partial" if partial else "accepted"))
    return best, receipts


def _stamp(submission: Submission) -> datetime | None:
    stamp = submission.modified
    return stamp.replace(tzinfo=UTC) if stamp and stamp.tzinfo is None else stamp


def _missing(company: Company, returned: Mapping[str, Sequence[Submission]]) -> list[Receipt]:
    return [
        Receipt(d.code, "missing", reason=Problem(Code.NOT_RETURNED, subject=d.name))
        for d in company.issued()
        if d.code not in returned
    ]
