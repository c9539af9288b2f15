"""What is looked at before any parser: is this a workbook, of which kind, and is it safe to open?

The bytes are read once, from a file that is known to be a regular one, and every later step takes
them from here: nobody can exchange the file in between.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException

from planbook.problems import Code, Location, Problem, Words, explain_os_error, say
from planbook.reader.compound import MAGIC as OLE
from planbook.reader.compound import CompoundError, CompoundFile
from planbook.reader.decrypt import decrypt
from planbook.reader.decrypt_ods import decrypt_ods, read_locks
from planbook.reader.facts import SheetFacts
from planbook.reader.kinds import (
    SPREADSHEET_MIME,
    ZIP,
    Format,
    describe_kind,
    is_own_page,
    name_compound,
    name_kind,
    name_zip,
)
from planbook.reader.legacy import inspect_xls, is_encrypted_xls
from planbook.reader.opendocument import inspect_ods
from planbook.reader.package import Looked, inspect_xlsx
from planbook.reader.parts import Parts, check_entries
from planbook.reader.refusal import RefusedError

MAX_FILE = 50 * 2**20


@dataclass(frozen=True)
class Package:
    """A workbook that passed: its bytes as a parser may have them, and what they say without one.

    `sha256` is the file's as it came, encrypted or not; `thorough` says that calamine would read
    this file wrongly; `notes` are remarks on the kind of file.
    """

    data: bytes
    format: Format
    sha256: str
    modified: datetime | None = None
    keywords: str = ""
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    sheets: Mapping[str, SheetFacts] = field(default_factory=lambda: MappingProxyType({}))
    thorough: bool = False
    date_1904: bool = False
    notes: tuple[Problem, ...] = ()


def open_package(path: Path, password: str = "") -> Package | Problem:
    """Look a file over; the Problem says why it is refused."""
    place = Location(file=path.name)
    try:
        return _look_over(path, password)
    except RefusedError as refused:
        return replace(refused.problem, location=refused.problem.location.within(path.name))
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        ParseError,
        CompoundError,
    ) as error:
        return Problem(Code.BROKEN_PACKAGE, place, found=_damage(error))
    except DefusedXmlException:
        return Problem(Code.UNSAFE_PACKAGE, place, found=say("any_document_type"))
    except OSError as error:
        return Problem(Code.READ_FAILED, place, found=explain_os_error(error))
    except (ValueError, LookupError, RecursionError, OverflowError):  # hostile parts in bad form
        return Problem(Code.BROKEN_PACKAGE, place, found=say("malformed"))


def _damage(error: Exception) -> Words:
    """What is damaged, by what a library could not do with it."""
    if isinstance(error, zipfile.BadZipFile):
        return say("zip_damaged")
    if isinstance(error, zlib.error | EOFError):
        return say("cut_short")
    return say("xml_faulty" if isinstance(error, ParseError) else "malformed")


def _look_over(path: Path, password: str) -> Package:
    data = _read_regular(path)
    digest = hashlib.sha256(data).hexdigest()
    notes: tuple[Problem, ...] = ()
    if data.startswith(OLE):
        kind, compound = name_compound(data)
        if kind == "encrypted" or (compound is not None and is_encrypted_xls(compound)):
            data = decrypt(data, password)
            notes = (Problem(Code.DECRYPTED),) if password else ()
        elif kind != Format.XLS:
            raise RefusedError(Code.NOT_A_WORKBOOK, describe_kind(kind))
    if data.startswith(OLE):  # an .xls, decrypted where need be
        notes = (*notes, Problem(Code.OTHER_FORMAT, found=Format.XLS))
        return _packed(data, Format.XLS, digest, inspect_xls(CompoundFile(data)), notes)
    if is_own_page(data):
        raise RefusedError(Code.OWN_REPORT)
    if not data.startswith(ZIP):
        raise RefusedError(Code.NOT_A_WORKBOOK, describe_kind(name_kind(data)))
    opened, looked, form = _look_into(data, password)
    notes = (*notes, Problem(Code.DECRYPTED)) if opened is not data else notes
    notes = (*notes, Problem(Code.OTHER_FORMAT, found=Format.ODS)) if form is Format.ODS else notes
    if looked.macros:
        form, notes = Format.XLSM, (*notes, Problem(Code.MACROS_IGNORED))
    return _packed(opened, form, digest, looked, notes)


def _look_into(data: bytes, password: str) -> tuple[bytes, Looked, Format]:
    """What the parts of a package say; its bytes, those of an .ods with a password as they are without it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = check_entries(archive)
        locks = read_locks(archive) if "mimetype" in names else []
        if locks:
            return _look_into(decrypt_ods(archive, locks, password), "")
        parts = Parts(archive)
        if "mimetype" in names and parts.read("mimetype").strip().startswith(SPREADSHEET_MIME):
            return data, inspect_ods(parts), Format.ODS
        _check_workbook(names)
        return data, inspect_xlsx(parts), Format.XLSX


def _packed(data: bytes, form: Format, digest: str, looked: Looked, notes: tuple[Problem, ...]) -> Package:
    return Package(
        data,
        form,
        digest,
        looked.modified,
        looked.keywords,
        looked.names,
        looked.sheets,
        looked.thorough,
        looked.date_1904,
        notes,
    )


def _read_regular(path: Path) -> bytes:
    """The bytes of a regular file of bearable size; a pipe is never waited for."""
    if path.name.startswith("~$"):
        raise RefusedError(Code.OWNER_FILE)
    if path.is_dir():
        raise RefusedError(Code.NOT_A_FILE, say("folder"))
    if not stat.S_ISREG(path.stat().st_mode):
        raise RefusedError(Code.NOT_A_FILE, say("device"))
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise RefusedError(Code.NOT_A_FILE, say("device"))
        data = stream.read(MAX_FILE + 1) if status.st_size <= MAX_FILE else b""
    if status.st_size > MAX_FILE or len(data) > MAX_FILE:
        size = max(status.st_size, len(data))
        raise RefusedError(Code.FILE_TOO_LARGE, f"{size / 2**20:.0f} MB", f"{MAX_FILE // 2**20} MB")
    return data


def _check_workbook(names: frozenset[str]) -> None:
    has_workbook = any(name.startswith("xl/") and not name.endswith(".bin") for name in names)
    if "xl/workbook.bin" in names or not has_workbook:
        raise RefusedError(Code.NOT_A_WORKBOOK, describe_kind(name_zip(names)))
    for part in ("[content_types].xml", "xl/workbook.xml"):
        if part not in names:
            raise RefusedError(Code.BROKEN_PACKAGE, say("part_missing", name=part))
