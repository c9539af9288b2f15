"""The independent judges: LibreOffice and Gnumeric recalculate a workbook, and its values are compared.

Planbook computes the value that every formula cell carries. Whether it computed them right is
for two programs to say that share no code with it. Each gets the file, throws the stored values
away, computes afresh and saves; `compare_values` then puts the two files side by side. `judge`
does all of it, and every time also hands the program one poisoned copy: a judge that did not
recalculate (a plain `soffice --convert-to` does not) would find nothing wrong with it.

`out` is a folder throughout; it is made when missing.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import hashlib
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from xml.etree.ElementTree import Element

import pytest
from defusedxml import ElementTree

Engine = Literal["libreoffice", "gnumeric"]

CLIENT = Path(__file__).with_name("uno_client.py")
RELATIVE_TOLERANCE = 1e-9
# 0.1+0.2-0.3 is 5.6e-17 in Python and 0 in a spreadsheet, which snaps small remainders.
ABSOLUTE_TOLERANCE = 1e-12
VOLATILE = re.compile(r"\b(TODAY|NOW|RAND|RANDBETWEEN|OFFSET|INDIRECT|CELL|INFO|HYPERLINK)\(", re.IGNORECASE)


class OfficeError(RuntimeError):
    """An office program could not do what the test asked of it."""


class ClientDiedError(OfficeError):
    """The UNO client was ended by a signal before it had answered."""


# --- programs -------------------------------------------------------------------------------


def _find(*names: str) -> Path | None:
    found = (shutil.which(name) for name in names)
    return next((Path(path) for path in found if path), None)


def find_soffice() -> Path | None:
    return _find("soffice", "libreoffice")


def find_ssconvert() -> Path | None:
    return _find("ssconvert")


def find_pdftoppm() -> Path | None:
    return _find("pdftoppm")


@functools.cache
def find_uno_python() -> Path | None:
    """A Python that can import `uno`: the system's own as a rule, hardly ever a venv's."""
    for name in ("/usr/bin/python3", "python3", sys.executable):
        path = shutil.which(name)
        if path and subprocess.run([path, "-c", "import uno"], capture_output=True).returncode == 0:
            return Path(path)
    return None


def require_office(*programs: Literal["libreoffice", "gnumeric", "poppler"]) -> None:
    """Skip the test unless the programs are there; without arguments: both judges.

    With PLANBOOK_REQUIRE_OFFICE=1 (continuous integration) a missing program fails the test,
    so that the judges cannot go missing unnoticed.
    """
    needed = programs or ("libreoffice", "gnumeric")
    reasons = []
    if "libreoffice" in needed and find_soffice() is None:
        reasons.append("LibreOffice is not installed: there is no soffice on the path")
    elif "libreoffice" in needed and find_uno_python() is None:
        reasons.append("LibreOffice cannot be driven: no Python here imports uno (install python3-uno)")
    if "gnumeric" in needed and find_ssconvert() is None:
        reasons.append("Gnumeric is not installed: there is no ssconvert on the path")
    if "poppler" in needed and find_pdftoppm() is None:
        reasons.append("poppler-utils is not installed: there is no pdftoppm on the path")
    if reasons and os.environ.get("PLANBOOK_REQUIRE_OFFICE") == "1":
        pytest.fail("; ".join(reasons), pytrace=False)
    if reasons:
        pytest.skip("; ".join(reasons))


def _program(path: Path | None, name: str) -> str:
    if path is None:
        raise OfficeError(f"{name} is not installed")
    return str(path)


def _environment(home: Path) -> dict[str, str]:
    """A home of its own, and UTF-8: under LANG=C soffice cannot open 计划.xlsx."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "XDG_"))}
    # PYTHON* of the test run must not reach the system's Python, which has other packages.
    kept = {name: value for name, value in kept.items() if not name.startswith("PYTHON")}
    return {**kept, "HOME": str(home), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "SAL_USE_VCLPLUGIN": "svp"}


# --- LibreOffice ----------------------------------------------------------------------------

_LOCALE_SETTING = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse">
<value>{locale}</value></prop></item>
</oor:items>
"""


def _profile_url(home: Path) -> str:
    return (home / "profile").as_uri()


def _soffice_command(home: Path) -> list[str]:
    """The real program, not the script in front of it: our own child is one we can end."""
    script = Path(_program(find_soffice(), "LibreOffice")).resolve()
    binary = script.with_name("soffice.bin")
    return [
        str(binary if binary.is_file() else script),
        "--headless",
        "--norestore",
        "--nologo",
        "--nodefault",
        f"-env:UserInstallation={_profile_url(home)}",
    ]


def _guarded(command: list[str]) -> list[str]:
    """The command in a form that dies with the test run, should that be killed outright.

    `setpriv` (util-linux) turns into the program it starts, so the process stays our child.
    """
    guard = shutil.which("setpriv")
    return [guard, "--pdeathsig", "KILL", "--", *command] if guard else command


def _start(command: list[str], home: Path, log: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        _guarded(command),
        env=_environment(home),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[bytes], home: Path, pipe: str, patience: float) -> None:
    """Wait for the office to go, then make it; it always has gone afterwards."""
    for number, seconds in ((None, patience), (signal.SIGTERM, 5.0), (signal.SIGKILL, 10.0)):
        if number is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            break
    # An office that was made to go leaves its two sockets; one is named after the profile.
    digest = hashlib.md5(_profile_url(home).encode("utf-16-le"), usedforsecurity=False).digest()
    single = "SingleOfficeIPC_" + "".join(f"{byte:x}" for byte in digest)
    for name in (pipe, single):
        Path(f"/tmp/OSL_PIPE_{os.getuid()}_{name}").unlink(missing_ok=True)


@contextlib.contextmanager
def _libreoffice(home: Path, pipe: str, locale: str) -> Iterator[None]:
    """One soffice that listens on `pipe`, with a profile of its own under `home`."""
    user = home / "profile" / "user"
    user.mkdir(parents=True)
    (user / "registrymodifications.xcu").write_text(_LOCALE_SETTING.format(locale=locale), "utf-8")
    command = _soffice_command(home)
    with (home / "soffice.log").open("wb") as log:
        # The first start with a new profile sets that up and asks, by exit code 81, to be
        # started again. This gets it over with in a tenth of a second.
        first = _start([*command, "--terminate_after_init"], home, log)
        try:
            first.wait(60)
        finally:
            _end(first, home, pipe, 0)
        patience = 0.0
        process = _start([*command, f"--accept=pipe,name={pipe};urp;"], home, log)
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                if process.wait(0.3) == 81:
                    process = _start([*command, f"--accept=pipe,name={pipe};urp;"], home, log)
            yield
            patience = 15.0  # the client has asked it to terminate
        finally:
            _end(process, home, pipe, patience)


def _ask(home: Path, pipe: str, jobs: Sequence[Mapping[str, Any]], seconds: float) -> list[dict[str, Any]]:
    order = json.dumps({"pipe": pipe, "seconds": 60, "jobs": list(jobs)}, ensure_ascii=False, default=str)
    python = _program(find_uno_python(), "a Python with the uno module")
    try:
        done = subprocess.run(
            _guarded([python, "-I", str(CLIENT)]),
            input=order.encode("utf-8"),
            capture_output=True,
            timeout=seconds,
            env=_environment(home),
        )
    except subprocess.TimeoutExpired as error:
        raise OfficeError(f"LibreOffice did not finish {len(jobs)} jobs in {seconds:.0f} s") from error
    answer = _answer(done.stdout)
    # A client that has answered and dies afterwards, in the bridge's own thread, has done its work.
    if answer is None or done.returncode > 0:
        log = (home / "soffice.log").read_text("utf-8", "replace")
        told = done.stderr.decode("utf-8", "replace")
        fault = ClientDiedError if done.returncode < 0 else OfficeError
        raise fault(f"the UNO client failed (exit {done.returncode}): {told}\n{log}")
    return answer


def _answer(stdout: bytes) -> list[dict[str, Any]] | None:
    """The client's reports, one per job; None when it ended before it had told them all."""
    try:
        reports: list[dict[str, Any]] = json.loads(stdout.decode("utf-8"))
    except ValueError:
        return None
    return reports


def _private(jobs: Sequence[Mapping[str, Any]], home: Path) -> list[dict[str, Any]]:
    """The jobs with copies of their inputs: LibreOffice puts a lock file beside what it opens
    and refuses a file that another process (or one that was killed) has locked."""
    copies = []
    for number, job in enumerate(jobs):
        source = Path(job["input"])
        copy = home / "input" / str(number) / source.name
        copy.parent.mkdir(parents=True)
        if source.is_file():
            shutil.copyfile(source, copy)
        output = Path(job["output"]).resolve() if job.get("output") else None
        copies.append({**job, "input": copy, "output": output})
    return copies


def _do(jobs: Sequence[Mapping[str, Any]], locale: str, seconds: float) -> list[dict[str, Any]]:
    """The reports of one LibreOffice, started for these jobs and gone afterwards."""
    pipe = "planbook" + uuid.uuid4().hex
    with tempfile.TemporaryDirectory(prefix="planbook-office-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        with _libreoffice(home, pipe, locale):
            return _ask(home, pipe, jobs, seconds)


def drive(
    jobs: Sequence[Mapping[str, Any]],
    *,
    locale: str = "en-US",
    seconds: float | None = None,
    check: bool = True,
) -> list[dict[str, Any]]:
    """Have LibreOffice do the jobs (see `uno_client`), all in one start; one report per job.

    `locale` decides how typed dates and amounts are recognised (`en-US`, `zh-CN`). A job's
    `modified` ("2024-07-01T09:00:00") becomes the file's date of modification, which
    LibreOffice itself always takes from the clock. Errors raise `OfficeError` unless `check`
    is false; what a person would have been refused stands in the report's `refused`.
    """
    for job in jobs:
        if job.get("output"):
            Path(job["output"]).parent.mkdir(parents=True, exist_ok=True)
    limit = seconds if seconds is not None else 120 + 30 * len(jobs)
    with tempfile.TemporaryDirectory(prefix="planbook-office-", ignore_cleanup_errors=True) as folder:
        copies = _private(jobs, Path(folder))
        try:
            reports = _do(copies, locale, limit)
        except ClientDiedError:  # the bridge's crash, and rare: the copies are untouched, so once more
            reports = _do(copies, locale, limit)
    for job, copy, report in zip(jobs, copies, reports, strict=True):
        report.update(input=str(job["input"]), output=str(job["output"]) if job.get("output") else None)
        report["errors"] = [e.replace(str(copy["input"]), str(job["input"])) for e in report["errors"]]
    faults = [fault for report in reports for fault in report["errors"]]
    if check and faults:
        raise OfficeError("LibreOffice could not carry out: " + "; ".join(faults))
    for job in jobs:
        if job.get("modified") and job.get("output") and Path(job["output"]).is_file():
            stamp_modified(Path(job["output"]), job["modified"])
    return reports


def _targets(paths: Sequence[Path], out: Path, suffix: str = ".xlsx") -> list[Path]:
    """One file in `out` per path, told apart by a number where two share a name."""
    out.mkdir(parents=True, exist_ok=True)
    targets: list[Path] = []
    for path in paths:
        target, number = out / f"{path.stem}{suffix}", 2
        while target in targets:
            target, number = out / f"{path.stem}-{number}{suffix}", number + 1
        targets.append(target)
    return targets


def _convert(paths: Sequence[Path], targets: Sequence[Path], *actions: dict[str, Any]) -> None:
    pairs = zip(paths, targets, strict=True)
    drive([{"input": path, "output": target, "actions": actions} for path, target in pairs])


def recalculate_libreoffice(paths: Sequence[Path], out: Path) -> list[Path]:
    """Copies in which LibreOffice has computed every formula cell afresh."""
    targets = _targets(paths, out)
    _convert(paths, targets, {"do": "recalculate"})
    return targets


def resave_libreoffice(paths: Sequence[Path], out: Path) -> list[Path]:
    """Copies as a person gets them who opens and saves: nothing is asked to recalculate."""
    targets = _targets(paths, out)
    _convert(paths, targets)
    return targets


def render_pdf(path: Path, out: Path) -> Path:
    """What LibreOffice would print, sheet after sheet; hidden sheets are left out."""
    targets = _targets([path], out, ".pdf")
    _convert([path], targets)
    return targets[0]


def render_pages(pdf: Path, out: Path, dpi: int = 80) -> list[Path]:
    """One PNG per page, in page order."""
    out.mkdir(parents=True, exist_ok=True)
    program = _program(find_pdftoppm(), "pdftoppm")
    with tempfile.TemporaryDirectory(dir=out) as folder:
        command = [program, "-r", str(dpi), "-png", str(pdf), f"{folder}/page"]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        # pdftoppm pads the numbers to one width, so the names sort as the pages do.
        pages = sorted(Path(folder).glob("page-*.png"))
        return [page.replace(out / f"{pdf.stem}-{page.name}") for page in pages]


# --- Gnumeric -------------------------------------------------------------------------------


def _ssconvert(path: Path, target: Path) -> None:
    program = _program(find_ssconvert(), "Gnumeric")
    with tempfile.TemporaryDirectory(prefix="planbook-gnumeric-") as home:
        command = [program, "--recalc", "--export-type=Gnumeric_Excel:xlsx2", str(path), str(target)]
        done = subprocess.run(command, capture_output=True, timeout=300, env=_environment(Path(home)))
    if done.returncode != 0 or not target.is_file():
        raise OfficeError(f"ssconvert failed on {path.name}: {done.stderr.decode('utf-8', 'replace')}")


def recalculate_gnumeric(path: Path, out: Path) -> Path:
    """A copy in which Gnumeric has computed every formula cell afresh."""
    target = _targets([path], out)[0]
    _ssconvert(path, target)
    return target


def _recalculate_all_gnumeric(paths: Sequence[Path], out: Path) -> list[Path]:
    targets = _targets(paths, out)
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(_ssconvert, paths, targets))
    return targets


# --- the package ----------------------------------------------------------------------------


def rewrite_parts(path: Path, target: Path, parts: Mapping[str, bytes]) -> None:
    """Copy a package with these parts replaced; the others stay byte for byte, in order."""
    scratch = target.with_name(target.name + ".part")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(scratch, "w") as copy:
        missing = set(parts) - set(source.namelist())
        if missing:
            raise ValueError(f"{path.name} has no part {sorted(missing)}")
        for entry in source.infolist():
            copy.writestr(entry, parts.get(entry.filename, source.read(entry)))
    scratch.replace(target)


def stamp_modified(path: Path, iso: str) -> None:
    """Set the file's own date of modification (UTC unless `iso` says otherwise), and nothing else."""
    part = "docProps/core.xml"
    stamp = iso if re.search(r"(Z|[+-]\d\d:\d\d)$", iso) else iso + "Z"
    with zipfile.ZipFile(path) as package:
        text = package.read(part).decode("utf-8")
    pattern = r"(<dcterms:modified\b[^>]*>)[^<]*(</dcterms:modified>)"
    patched, count = re.subn(pattern, rf"\g<1>{stamp}\g<2>", text)
    if count != 1:
        raise ValueError(f"{path.name} has {count} dates of modification in {part}")
    rewrite_parts(path, path, {part: patched.encode("utf-8")})


# --- values ---------------------------------------------------------------------------------


class ErrorValue(str):
    """An error a cell shows, such as #N/A; the text "#N/A" is an ordinary str."""

    __slots__ = ()


CellValue = float | str | bool | None


@dataclass(frozen=True)
class SheetValues:
    """One worksheet: the value of each cell, and the formula of those that have one.

    A cell of a shared formula or inside an array formula's range has the formula "".
    """

    part: str
    values: dict[str, CellValue]
    formulas: dict[str, str]


@dataclass(frozen=True)
class Difference:
    """A formula cell whose stored value the judge does not confirm, or that is an error."""

    sheet: str
    cell: str
    stored: CellValue
    recalculated: CellValue

    def __str__(self) -> str:
        return f"{self.sheet}!{self.cell}: stored {self.stored!r}, recalculated {self.recalculated!r}"


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(element: Element | None, name: str) -> Iterator[Element]:
    return (child for child in (element if element is not None else ()) if _name(child) == name)


def _child(element: Element, name: str) -> Element | None:
    return next(_children(element, name), None)


def _unescape(text: str) -> str:
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)


def _string(item: Element | None) -> str:
    """The text of a shared or inline string: its runs, without the phonetic guides."""
    texts = list(_children(item, "t"))
    texts += [text for run in _children(item, "r") for text in _children(run, "t")]
    return _unescape("".join(text.text or "" for text in texts))


def _serial(iso: str) -> float:
    moment = datetime.datetime.fromisoformat(iso.replace("Z", "+00:00")).replace(tzinfo=None)
    return (moment - datetime.datetime(1899, 12, 30)) / datetime.timedelta(days=1)


def _cell_value(cell: Element, shared: Sequence[str]) -> CellValue:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _string(_child(cell, "is")) or None
    holder = _child(cell, "v")
    text = (holder.text or "") if holder is not None else ""
    if text == "":
        return None
    if kind == "s":
        return shared[int(text)] or None
    if kind == "str":
        return _unescape(text)
    if kind == "b":
        return text.strip() in ("1", "true")
    if kind == "e":
        return ErrorValue(text)
    return _serial(text) if kind == "d" else float(text)


def _cells_of(area: str) -> list[str]:
    from openpyxl.utils import get_column_letter, range_boundaries

    left, top, right, bottom = range_boundaries(area)
    if left is None or top is None or right is None or bottom is None:
        return []
    columns = [get_column_letter(number) for number in range(left, right + 1)]
    return [f"{column}{row}" for row in range(top, bottom + 1) for column in columns]


def _read_sheet(root: Element, part: str, shared: Sequence[str]) -> SheetValues:
    values: dict[str, CellValue] = {}
    formulas: dict[str, str] = {}
    for row in _children(_child(root, "sheetData"), "row"):
        for cell in _children(row, "c"):
            address = cell.attrib["r"]
            values[address] = _cell_value(cell, shared)
            formula = _child(cell, "f")
            if formula is None:
                continue
            if formula.get("t") == "array":
                formulas.update(dict.fromkeys(_cells_of(formula.get("ref", address)), ""))
            formulas[address] = formula.text or ""
    return SheetValues(part, values, formulas)


def _relations(package: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """What a part refers to: id -> (last word of the type, name of the part)."""
    folder, _, name = part.rpartition("/")
    source = f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"
    found = {}
    for relation in ElementTree.fromstring(package.read(source)):
        target = relation.attrib["Target"]
        whole = target.lstrip("/") if target.startswith("/") else f"{folder}/{target}".lstrip("/")
        found[relation.attrib["Id"]] = (relation.attrib["Type"].rpartition("/")[2], os.path.normpath(whole))
    return found


def read_sheets(path: Path) -> dict[str, SheetValues]:
    """Every worksheet of a package by name, hidden ones included, in the workbook's order."""
    with zipfile.ZipFile(path) as package:
        roots = _relations(package, "").values()
        book = next(part for kind, part in roots if kind == "officeDocument")
        relations = _relations(package, book)
        shared: list[str] = []
        for kind, part in relations.values():
            if kind == "sharedStrings":
                shared = [_string(item) for item in ElementTree.fromstring(package.read(part))]
        sheets = {}
        listed = _child(ElementTree.fromstring(package.read(book)), "sheets")
        for sheet in _children(listed, "sheet"):
            key = next(value for name, value in sheet.attrib.items() if name.endswith("}id"))
            kind, part = relations[key]
            if kind == "worksheet":
                root = ElementTree.fromstring(package.read(part))
                sheets[sheet.attrib["name"]] = _read_sheet(root, part, shared)
    return sheets


def _same(stored: CellValue, recalculated: CellValue, booleans_as_numbers: bool) -> bool:
    if isinstance(stored, ErrorValue) or isinstance(recalculated, ErrorValue):
        return False
    if isinstance(stored, bool) and booleans_as_numbers and isinstance(recalculated, float):
        return float(stored) == recalculated
    if isinstance(stored, float) and isinstance(recalculated, float):
        return math.isclose(stored, recalculated, rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE)
    return type(stored) is type(recalculated) and stored == recalculated


def compare_values(
    stored: Path, recalculated: Path, *, booleans_as_numbers: bool = False
) -> list[Difference]:
    """Every formula cell of `stored` whose value is another in `recalculated`, or an error in either.

    An empty text and no value are the same; a formula cell, sheet or row missing in
    `recalculated` counts as blank. `booleans_as_numbers` lets a stored TRUE meet a 1:
    LibreOffice writes booleans so wherever the cell has a number format.
    """
    others = read_sheets(recalculated)
    differences = []
    for name, sheet in read_sheets(stored).items():
        values = others[name].values if name in others else {}
        for cell in sheet.formulas:
            before, after = sheet.values.get(cell), values.get(cell)
            if not _same(before, after, booleans_as_numbers):
                differences.append(Difference(name, cell, before, after))
    return differences


# --- the proof ------------------------------------------------------------------------------


def _victim(path: Path) -> tuple[str, str, str, CellValue] | None:
    """The formula cell to poison: (sheet, part, cell, value); a number before text before blank.

    Not a boolean and not a volatile formula: LibreOffice recalculates those on loading anyway,
    so a poisoned one would prove nothing.
    """
    rank: dict[type, int] = {float: 0, str: 1, type(None): 2}
    best: tuple[int, str, str, str, CellValue] | None = None
    for name, sheet in read_sheets(path).items():
        for cell, formula in sheet.formulas.items():
            value = sheet.values.get(cell)
            place = rank.get(type(value))
            if place is None or formula == "" or VOLATILE.search(formula):
                continue
            if best is None or place < best[0]:
                best = (place, name, sheet.part, cell, value)
    return best[1:] if best else None


def _poisoned_cell(match: re.Match[str], value: CellValue) -> str:
    """The cell's XML with another stored value: a number for a number, text for all else."""
    head, body, prefix = match["head"], match["body"], match["prefix"] or ""
    if isinstance(value, float):
        poison = repr(value * 2 + 1234.5)
    else:
        poison = f"{value or ''}poison"
        kind = ' t="str"'
        head = re.sub(r'\s+t="[^"]*"', kind, head) if re.search(r'\st="', head) else head + kind
    body = re.sub(rf"<{prefix}v\b[^>]*/>|<{prefix}v\b[^>]*>.*?</{prefix}v>", "", body, flags=re.DOTALL)
    text = poison.replace("&", "&amp;").replace("<", "&lt;")
    return f"{head}>{body}<{prefix}v>{text}</{prefix}v></{prefix}c>"


def poison(path: Path, out: Path) -> tuple[Path, tuple[str, str]]:
    """A copy with one stored formula value falsified, and where: (sheet, cell)."""
    victim = _victim(path)
    if victim is None:
        raise ValueError(f"{path.name} has no formula cell that can be poisoned")
    name, part, cell, value = victim
    with zipfile.ZipFile(path) as package:
        text = package.read(part).decode("utf-8")
    pattern = rf'(?P<head><(?P<prefix>\w+:)?c\b(?=[^>]*\sr="{cell}")[^>]*)>(?P<body>.*?)</(?:\w+:)?c>'
    patched, count = re.subn(pattern, lambda found: _poisoned_cell(found, value), text, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"{path.name}: {name}!{cell} stands {count} times in {part}")
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{path.stem}-poisoned.xlsx"
    rewrite_parts(path, target, {part: patched.encode("utf-8")})
    return target, (name, cell)


def _places(differences: Iterable[Difference]) -> set[tuple[str, str]]:
    return {(difference.sheet, difference.cell) for difference in differences}


def _assert_recalculated(
    engine: Engine, spot: tuple[str, str], honest: list[Difference], poisoned: list[Difference]
) -> None:
    """The poisoned copy must differ from its original's result in the one cell, or the judge slept."""
    expected = _places(honest) | {spot}
    found = _places(poisoned)
    where = "!".join(spot)
    if spot not in found:
        raise AssertionError(f"{engine} did not recalculate: it left the false value stored in {where}")
    if found != expected:
        names = ["!".join(place) for place in sorted(found ^ expected)]
        raise AssertionError(f"{engine} does not repeat itself: apart from {where} also {names} changed")


def judge(paths: Sequence[Path], tmp: Path, engine: Engine) -> dict[Path, list[Difference]]:
    """What one program finds wrong in the stored values of each workbook; empty lists are good.

    Raises AssertionError when the program does not find the false value in a poisoned copy of
    the first workbook that has a formula, and when none has one: nothing would be judged.
    """
    victim = next((path for path in paths if _victim(path)), None)
    if victim is None:
        raise AssertionError("none of the workbooks has a formula: there is nothing to judge")
    poisoned, spot = poison(victim, tmp / "poisoned")
    recalculate = recalculate_libreoffice if engine == "libreoffice" else _recalculate_all_gnumeric
    every = [*paths, poisoned]
    results = recalculate(every, tmp / engine)
    found = {
        path: compare_values(path, result, booleans_as_numbers=engine == "libreoffice")
        for path, result in zip(every, results, strict=True)
    }
    _assert_recalculated(engine, spot, found[victim], found.pop(poisoned))
    return found
