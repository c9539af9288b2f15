"""Workbooks with a password: opened with it, refused without it, and the password is never shown."""

from __future__ import annotations

import base64
import hashlib
import io
import sys
import tracemalloc
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msoffcrypto.format.ooxml import OOXMLFile

import planbook
from planbook.cli import main
from planbook.problems import Code
from planbook.reader import read_workbook
from planbook.reader.kinds import SPREADSHEET_MIME
from tests.support.office import drive, require_office
from tests.support.packages import read_parts, write_parts
from tests.support.workbooks import expect, read_tables, write_filled

PASSWORD = "Plan\u00e9-2024-geheim"
TABLE = """
level      | goal     | metric   | unit | target | department | due
department | 营收增长 | 营收总额 | 元   | 100    | XS         | 2024-12-31
"""


def encrypted(folder: Path, password: str = PASSWORD) -> Path:
    plain = write_filled(folder / "plain.xlsx", read_tables("annual_plan", {"goals": TABLE}))
    path = folder / "secret.xlsx"
    with plain.open("rb") as source, path.open("wb") as target:
        OOXMLFile(source).encrypt(password, target)
    return path


@pytest.mark.parametrize(
    ("given", "code"),
    [("", Code.ENCRYPTED), ("wrong", Code.PASSWORD_WRONG), (PASSWORD, Code.DECRYPTED)],
)
def test_a_password_opens_a_workbook_or_does_not(tmp_path: Path, given: str, code: Code) -> None:
    submission = read_workbook(encrypted(tmp_path), replace(expect(), password=given))
    assert [problem.code for problem in submission.problems] == [code]
    assert submission.refused == (code is not Code.DECRYPTED)
    assert PASSWORD not in repr(submission)
    assert PASSWORD not in repr(replace(expect(), password=PASSWORD))


def test_the_password_that_excel_uses_unasked_needs_no_asking(tmp_path: Path) -> None:
    """A workbook whose structure is protected in old Excel is encrypted with a password everybody has."""
    submission = read_workbook(encrypted(tmp_path, "VelvetSweatshop"), expect())
    assert submission.problems == ()
    assert len(submission.plan.rows("goals")) == 1


def test_without_the_extra_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "msoffcrypto", None)
    path = encrypted(tmp_path)
    for given in ("x", ""):  # a password that would be given in vain is not asked for
        (problem,) = read_workbook(path, replace(expect(), password=given)).problems
        assert problem.code is Code.PASSWORD_UNSUPPORTED
        assert "planbook[encrypted]" in problem.line("en")


@pytest.mark.parametrize("cut", [600, 3000, 9000])
def test_a_damaged_one_is_refused_in_one_line(tmp_path: Path, cut: int) -> None:
    path = encrypted(tmp_path)
    path.write_bytes(path.read_bytes()[:cut])
    submission = read_workbook(path, replace(expect(), password=PASSWORD))
    assert submission.refused
    assert len(submission.problems) == 1


# -- workbooks that LibreOffice locked -------------------------------------------------------------


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same workbook with a password in every format, by suffix."""
    require_office("libreoffice")
    folder = tmp_path_factory.mktemp("locked")
    plain = write_filled(folder / "plain.xlsx", read_tables("annual_plan", {"goals": TABLE}))
    paths = {suffix: folder / f"secret{suffix}" for suffix in (".xlsx", ".xls", ".ods")}
    stores = [{"do": "store", "to": str(path), "password": PASSWORD} for path in paths.values()]
    drive([{"input": plain, "actions": stores}])
    return paths


@pytest.mark.office
@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".ods"])
def test_a_workbook_locked_by_libreoffice_opens_with_its_password_alone(
    locked: dict[str, Path], suffix: str
) -> None:
    path = locked[suffix]
    for given, code in (("", Code.ENCRYPTED), ("wrong", Code.PASSWORD_WRONG)):
        (problem,) = read_workbook(path, replace(expect(), password=given)).problems
        assert (problem.code, str(problem.location)) == (code, path.name)
    submission = read_workbook(path, replace(expect(), password=PASSWORD))
    assert [row.get("target") for row in submission.plan.rows("goals")] == [100.0]
    said = [problem.code for problem in submission.problems]
    assert said == [Code.DECRYPTED, *([Code.OTHER_FORMAT] if suffix != ".xlsx" else [])]
    assert run("check", str(path), "--password", PASSWORD).exit_code == 0


@pytest.mark.office
@pytest.mark.parametrize(
    ("old", "new", "code", "found"),
    [
        (b"#aes256-cbc", b"#aes256-gcm", Code.PASSWORD_UNSUPPORTED, "aes256-gcm"),
        (b'iteration-count="100000"', b'iteration-count="900000000"', Code.UNSAFE_PACKAGE, "password"),
        (b'initialisation-vector="', b'initialisation-vector="!', Code.BROKEN_PACKAGE, "XML"),
        (b'manifest:size="', b'manifest:size="9', Code.PASSWORD_WRONG, ""),
    ],
)
def test_a_lock_that_cannot_be_opened_is_said_in_one_line(
    locked: dict[str, Path], tmp_path: Path, old: bytes, new: bytes, code: Code, found: str
) -> None:
    parts = read_parts(locked[".ods"])
    assert old in parts["META-INF/manifest.xml"]
    parts["META-INF/manifest.xml"] = parts["META-INF/manifest.xml"].replace(old, new)
    path = write_parts(tmp_path / "odd.ods", parts)
    (problem,) = read_workbook(path, replace(expect(), password=PASSWORD)).problems
    assert problem.code is code
    assert found in problem.message("en")
    assert PASSWORD not in problem.line("en")


# -- locks that nobody's program made --------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """A part of an .ods and how it is locked, or `zeros` in its place."""

    content: bytes = b"<a/>"
    name: str = "content.xml"
    cipher: str = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
    derivation: str = "PBKDF2"
    start: str = 'manifest:start-key-generation-name="http://www.w3.org/2000/09/xmldsig#sha256"'
    rounds: int = 1000
    zeros: int = 0

    def entry(self) -> str:
        """Its entry in the manifest."""
        salt = base64.b64encode(bytes(16)).decode()
        return (
            f'<manifest:file-entry manifest:full-path="{self.name}" manifest:size="{len(self.content)}">'
            f'<manifest:encryption-data><manifest:algorithm manifest:algorithm-name="{self.cipher}" '
            f'manifest:initialisation-vector="{salt}"/><manifest:start-key-generation {self.start}/>'
            f'<manifest:key-derivation manifest:key-derivation-name="{self.derivation}" manifest:salt="{salt}" '
            f'manifest:iteration-count="{self.rounds}"/></manifest:encryption-data></manifest:file-entry>'
        )

    def locked(self) -> bytes:
        """Its bytes, compressed and then encrypted."""
        if self.zeros:
            return bytes(self.zeros)
        engine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = engine.compress(self.content) + engine.flush()
        start = hashlib.sha256(PASSWORD.encode()).digest()
        key = hashlib.pbkdf2_hmac("sha1", start, bytes(16), self.rounds, 32)
        cipher = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
        return cipher.update(packed + bytes(-len(packed) % 16)) + cipher.finalize()


def lock_by_hand(path: Path, *parts: Part) -> Path:
    space = 'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", SPREADSHEET_MIME)
        entries = "".join(part.entry() for part in parts)
        archive.writestr("META-INF/manifest.xml", f"<manifest:manifest {space}>{entries}</manifest:manifest>")
        for part in {part.name: part for part in parts}.values():
            archive.writestr(part.name, part.locked(), zipfile.ZIP_DEFLATED)
    return path


BOMB = bytes(64 * 2**20)
NEW_OFFICE = Part(
    name="encrypted-package",
    cipher="http://www.w3.org/2009/xmlenc11#aes256-gcm",
    derivation="urn:org:documentfoundation:names:experimental:office:manifest:argon2id",
)


@pytest.mark.parametrize(
    ("parts", "code", "found"),
    [
        ([Part()], Code.FOREIGN_WORKBOOK, ""),  # it opens
        ([Part(BOMB)], Code.UNSAFE_PACKAGE, "content.xml"),
        ([Part(), Part(BOMB, "meta.xml")], Code.UNSAFE_PACKAGE, "meta.xml"),
        ([Part(zeros=len(BOMB))], Code.UNSAFE_PACKAGE, "content.xml"),
        ([Part(), Part(rounds=1_000_000)], Code.UNSAFE_PACKAGE, "twice"),
        ([Part(rounds=2_000_000)], Code.UNSAFE_PACKAGE, "password"),
        ([NEW_OFFICE], Code.PASSWORD_UNSUPPORTED, "aes256-gcm argon2id"),
        ([Part(start="")], Code.PASSWORD_UNSUPPORTED, "sha1 "),
        ([Part(name="Pictures/1.png")], Code.PASSWORD_UNSUPPORTED, "aes256-cbc"),
    ],
)
def test_an_ods_locked_by_no_program_is_refused_for_what_it_is(
    tmp_path: Path, parts: list[Part], code: Code, found: str
) -> None:
    path = lock_by_hand(tmp_path / "odd.ods", *parts)
    tracemalloc.start()
    (problem,) = read_workbook(path, replace(expect(), password=PASSWORD)).problems
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (problem.code, found in problem.message("en")) == (code, True), problem.message("en")
    assert most < 60 * 2**20  # reading any file takes 50 MB; no bomb was ever held in full
    if code is Code.PASSWORD_UNSUPPORTED:  # nobody is asked for a password that would not do
        assert read_workbook(path, expect()).problems[0].code is code


def test_the_parts_of_a_locked_ods_share_one_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planbook.reader.decrypt_ods.MAX_INFLATED", 10 * 2**20)
    names = ("content.xml", "meta.xml", "settings.xml")
    path = lock_by_hand(tmp_path / "large.ods", *(Part(bytes(4 * 2**20), name) for name in names))
    (problem,) = read_workbook(path, replace(expect(), password=PASSWORD)).problems
    assert problem.code is Code.UNSAFE_PACKAGE
    assert "settings.xml" in problem.message("en")


def test_without_the_extra_no_password_of_an_ods_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lock_by_hand(tmp_path / "secret.ods", Part())
    assert read_workbook(path, expect()).problems[0].code is Code.ENCRYPTED
    monkeypatch.setitem(sys.modules, "cryptography", None)
    (problem,) = read_workbook(path, expect()).problems
    assert problem.code is Code.PASSWORD_UNSUPPORTED
    assert "cryptography is not installed" in problem.message("en")


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env={"PLANBOOK_PASSWORD": None, **environment})


@pytest.mark.parametrize("by", ["option", "environment"])
def test_the_command_line_takes_it_and_never_shows_it(tmp_path: Path, by: str) -> None:
    path = str(encrypted(tmp_path))
    option = ("--password", PASSWORD) if by == "option" else ()
    environment = {"PLANBOOK_PASSWORD": PASSWORD} if by == "environment" else {}
    checked = run("--verbose", "check", path, *option, **environment)
    assert checked.exit_code == 0, checked.output
    assert run("read", path, *option, **environment).exit_code == 0
    assert run("check", path).exit_code == 1
    wrong = run("--verbose", "check", path, "--password", "not-that-one")
    assert wrong.exit_code == 1
    assert PASSWORD not in checked.output
    assert "not-that-one" not in wrong.output


def test_an_encrypted_workbook_counts_in_a_consolidation(tmp_path: Path) -> None:
    path, out = encrypted(tmp_path), tmp_path / "out.xlsx"
    done = run("consolidate", str(path), "--out", str(out), "--password", PASSWORD)
    assert done.exit_code == 0, done.output
    assert out.exists()
    assert run("consolidate", str(path), "--out", str(out)).exit_code == 2


def test_bytes_alone_are_enough_to_tell(tmp_path: Path) -> None:
    buffer = io.BytesIO(encrypted(tmp_path).read_bytes())
    path = tmp_path / "renamed.txt"
    path.write_bytes(buffer.getvalue())
    assert read_workbook(path, expect()).problems[0].code is Code.ENCRYPTED


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", "营收增长", "FILE"),
        ("migrate", "FILE", "--out", "OUT"),
        ("diff", "FILE", "FILE"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_every_command_that_reads_takes_the_password(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    names = {"FILE": str(encrypted(tmp_path)), "OUT": str(tmp_path / "out")}
    given = [names.get(word, word) for word in arguments]
    done = run(*given, "--password", PASSWORD)
    assert done.exit_code == 0, done.output
    assert PASSWORD not in done.output
    assert run(*given).exit_code != 0


def test_no_copy_of_an_encrypted_workbook_lies_open(tmp_path: Path) -> None:
    """It is read, and its problems are said; an annotated copy would hold the data without the password."""
    path, out = encrypted(tmp_path), tmp_path / "out"
    done = run("annotate", str(path), "--out", str(out), "--password", PASSWORD, "--lang", "en")
    assert "no .xlsx without a password" in done.output
    assert list(out.iterdir()) == []


def test_analysts_may_give_the_password(tmp_path: Path) -> None:
    path = encrypted(tmp_path)
    assert len(planbook.read(path, password=PASSWORD).tables["goals"]) == 1
    assert [r.department for r in planbook.collect(path, password=PASSWORD).receipts] == ["YX"]
    assert list(planbook.roll_up(path, password=PASSWORD).goals["goal"]) == ["营收增长"]
    assert planbook.read(path).tables == {}
