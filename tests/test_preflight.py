"""What is refused before any parser: one problem with its code, its file, and what was found there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from planbook.problems import Code, in_words
from planbook.reader import read_workbook
from planbook.reader.preflight import MAX_FILE
from tests.support import hostile
from tests.support.hostile import GOALS, Make, ole, pack, with_part, without
from tests.support.workbooks import expect, read_tables, write_filled

TABLE = """
level      | goal     | metric   | unit | target | department | due
department | 营收增长 | 营收总额 | 元   | 100    | XS         | 2024-12-31
"""
NAME = "退回.xlsx"
Said = tuple[str, str, str]  # code, place, what was found


@pytest.fixture(scope="module")
def workbook(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sound") / "a.xlsx"
    return write_filled(path, read_tables("annual_plan", {"goals": TABLE})).read_bytes()


def refused(path: Path) -> Said:
    """The one problem of a file that is refused."""
    submission = read_workbook(path, expect())
    assert submission.refused
    assert not submission.plan.tables
    (problem,) = submission.problems
    return problem.code.value, str(problem.location), in_words(problem.found, "en")


def refused_bytes(folder: Path, content: bytes) -> Said:
    path = folder / NAME
    path.write_bytes(content)
    return refused(path)


# -- no regular file of bearable size --------------------------------------------------------------


def test_a_directory(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    assert refused(tmp_path / NAME) == ("not-a-file", NAME, "a folder")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / NAME)
    assert refused(tmp_path / NAME) == ("not-a-file", NAME, "a pipe or device")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
def test_a_device_is_not_read(tmp_path: Path) -> None:
    (tmp_path / NAME).symlink_to("/dev/zero")
    assert refused(tmp_path / NAME) == ("not-a-file", NAME, "a pipe or device")


def test_the_lock_file_of_an_open_workbook(tmp_path: Path) -> None:
    lock = tmp_path / f"~${NAME}"
    lock.write_bytes(b"\x05Zhang")
    assert refused(lock) == ("owner-file", lock.name, "")


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    assert refused(tmp_path / NAME) == ("read-failed", NAME, "it does not exist")


def test_a_file_above_all_measure_is_not_read_at_all(tmp_path: Path) -> None:
    with (tmp_path / NAME).open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(MAX_FILE + 2**20)
    assert refused(tmp_path / NAME) == ("file-too-large", NAME, "51 MB")


# -- something else, which is named ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "an empty file (0 bytes)"),
        (bytes(4096), "nothing but zero bytes, most often a download cut short: fetch it again"),
        (b"\xef\xbb\xbf\r\n", "a blank text file"),
        ("部门,目标\n销售部,增长\n".encode(), "a text file (TXT or CSV)"),
        ("部门,目标\n销售部,增长\n".encode("gb18030"), "a text file (TXT or CSV)"),
        ("部门\t目标\n".encode("utf-16"), "a text file (TXT or CSV)"),
        ("部门,目标,一月\n".encode("utf-16-le") * 600, "a text file (TXT or CSV)"),
        ("部门,目标,一月\n".encode("utf-16-be"), "a text file (TXT or CSV)"),
        ("1–2,50 %,×3\n????,2024\n".encode("cp1252"), "a text file (TXT or CSV)"),
        (b"\xff\xfe" + bytes(range(128, 256)) * 40, "something of no known kind"),
        (b"<html><body><table><tr><td>1</td></tr></table></body></html>", "a web page (HTML)"),
        (b"\r\n <TABLE><tr><td>1</td></tr></TABLE>", "a web page (HTML)"),
        (b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n", "a web page (MHTML)"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "a spreadsheet of another kind (XML Spreadsheet 2003)"),
        (b"<?xml version='1.0'?><office:document xmlns:office='urn:oasis:opendocument'/>", "a spreadsheet of another kind (FODS)"),
        (b"<?xml version='1.0'?><plan/>", "a data file (XML)"),
        (b'{"goals": []}', "a data file (JSON)"),
        (b"%PDF-1.7\n", "a document (PDF)"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "a picture (PNG)"),
        (b"\xff\xd8\xff\xe0" + bytes(64), "a picture (JPEG)"),
        (b"GIF89a" + bytes(64), "a picture (GIF)"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a picture (WEBP)"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(64), "a picture (HEIC)"),
        (b"Rar!\x1a\x07\x00", "an archive (RAR)"),
        (b"7z\xbc\xaf\x27\x1c", "an archive (7z)"),
        (b"\x1f\x8b\x08\x00", "an archive (gzip)"),
        (b"MZ\x90\x00", "a program (EXE)"),
        (b"SQLite format 3\x00", "a data file (SQLite)"),
        (bytes.fromhex("789f3e22") + bytes(64), "a mail message (winmail.dat)"),
        (b"Received: from x\r\nFrom: a@b.c\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed\r\n\r\n", "a mail message (EML)"),
        ("Subject: 计划\nFrom: a@b.c\nContent-Type: text/plain\n\n见附件\n".encode(), "a mail message (EML)"),
        ("from: 销售部\n目标,指标\n".encode(), "a text file (TXT or CSV)"),
        (b"[InternetShortcut]\r\nURL=https://example.com/\r\n", "a shortcut to a file (URL)"),
        (b"L\x00\x00\x00\x01\x14\x02\x00" + bytes(64), "a shortcut to a file (LNK)"),
        (b"{\\rtf1", "a document (RTF)"),
        (b"\x09\x04\x06\x00\x00\x00\x10\x00", "a spreadsheet of another kind (XLS (Excel 2–4))"),
        (b"PK\x05\x06" + bytes(18), "an archive (ZIP)"),
        (bytes(range(128, 256)) * 8, "something of no known kind"),
        (ole("WordDocument"), "a document (DOC)"),
        (ole("PowerPoint Document"), "a presentation (PPT)"),
        (ole("__properties_version1.0"), "a mail message (MSG)"),
        (ole("Something"), "a file of the kind OLE2"),
        (pack({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}), "a document (DOCX)"),
        (pack({"[Content_Types].xml": b"<Types/>", "ppt/presentation.xml": b"<p/>"}), "a presentation (PPTX)"),
        (pack({"[Content_Types].xml": b"<Types/>", "xl/workbook.bin": b"\x83\x01"}), "a spreadsheet of another kind (XLSB)"),
        (pack({"Index/Document.iwa": b"x"}), "a spreadsheet of another kind (Numbers)"),
        (pack({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<a/>"}), "a document (OpenDocument)"),
        (pack({"营销中心.xlsx": b"PK"}), "an archive (ZIP: 营销中心.xlsx …)"),
        (pack({"a.txt": b"x"}), "an archive (ZIP)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_the_real_kind_of_a_file_is_named(tmp_path: Path, content: bytes, kind: str) -> None:
    assert refused_bytes(tmp_path, content) == ("not-a-workbook", NAME, kind)


def test_an_encrypted_container(tmp_path: Path) -> None:
    content = ole("EncryptionInfo", "EncryptedPackage")
    assert refused_bytes(tmp_path, content)[:2] == ("encrypted", NAME)


# -- packages that are unsafe or damaged -------------------------------------------------------------

DTD = b'<?xml version="1.0"?><!DOCTYPE x><x/>'


def replaced(name: str, content: bytes) -> Make:
    return lambda data: with_part(data, name, content)


def removed(name: str) -> Make:
    return lambda data: without(data, name)


@pytest.mark.parametrize(
    ("make", "code", "found"),
    [
        (hostile.many_parts, Code.UNSAFE_PACKAGE, " parts"),
        (hostile.doubled, Code.UNSAFE_PACKAGE, "part xl/Worksheets/sheet3.xml stands twice"),
        (replaced("../../etc/cron.d/x", b"x"), Code.UNSAFE_PACKAGE, "part name ../../etc/cron.d/x"),
        (replaced("/etc/passwd", b"x"), Code.UNSAFE_PACKAGE, "part name /etc/passwd"),
        (replaced("C:/boot.ini", b"x"), Code.UNSAFE_PACKAGE, "part name C:/boot.ini"),
        (replaced("xl\\a.xml", b"<a/>"), Code.UNSAFE_PACKAGE, "part name xl\\a.xml"),
        (replaced("xl/a\x1b[2J.xml", b"<a/>"), Code.UNSAFE_PACKAGE, "part name xl/a\x1b[2J.xml"),
        (hostile.bomb, Code.UNSAFE_PACKAGE, "xl/media/image1.png inflates beyond all measure"),
        (hostile.sheet_bomb, Code.UNSAFE_PACKAGE, "xl/worksheets/sheet99.xml inflates beyond all measure"),
        (hostile.lying_size(2**31), Code.UNSAFE_PACKAGE, " and claims 2,147,483,648"),
        (hostile.overlapping, Code.UNSAFE_PACKAGE, "overlaps"),
        (replaced("docProps/app.xml", DTD), Code.UNSAFE_PACKAGE, "docProps/app.xml declares a document type"),
        (
            replaced("docProps/app.xml", DTD.decode().encode("utf-16")),
            Code.UNSAFE_PACKAGE, "docProps/app.xml declares a document type",
        ),
        (hostile.entities, Code.UNSAFE_PACKAGE, "xl/sharedStrings.xml declares a document type"),
        (hostile.external_entity, Code.UNSAFE_PACKAGE, "docProps/app.xml declares a document type"),
        (
            replaced("docProps/app.xml", b"<?xml version='1.0' encoding='utf-7'?><a/>"),
            Code.UNSAFE_PACKAGE, "docProps/app.xml is in the encoding utf-7",
        ),
        (replaced("docProps/app.xml", b"not XML"), Code.BROKEN_PACKAGE, "docProps/app.xml is no XML"),
        (removed("[Content_Types].xml"), Code.BROKEN_PACKAGE, "[content_types].xml is missing"),
        (removed("xl/workbook.xml"), Code.BROKEN_PACKAGE, "xl/workbook.xml is missing"),
        (removed("xl/_rels/workbook.xml.rels"), Code.BROKEN_PACKAGE, "xl/_rels/workbook.xml.rels is missing"),
        (removed(GOALS), Code.BROKEN_PACKAGE, "xl/worksheets/sheet3.xml is missing"),
        (hostile.odd_method, Code.BROKEN_PACKAGE, "[Content_Types].xml is compressed in an unknown way"),
        (hostile.flag_encrypted, Code.ENCRYPTED, ""),
        (lambda data: data[: len(data) // 2], Code.BROKEN_PACKAGE, "its zip directory or content is damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_wrong_with_a_package_is_named(
    workbook: bytes, tmp_path: Path, make: Make, code: Code, found: str
) -> None:
    said = refused_bytes(tmp_path, make(workbook))
    assert said[:2] == (code.value, NAME)
    assert found in said[2] if found else not said[2]
