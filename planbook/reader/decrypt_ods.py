"""Open an .ods that has a password: each part is encrypted by itself, as its manifest describes.

OpenDocument 1.2, part 3, chapter 3; what LibreOffice writes by default up to version 24.2: AES-256 in
CBC mode, a key by PBKDF2 from the SHA-256 of the password.  The cipher comes with the extra
``planbook[encrypted]``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

from planbook.problems import Code, say
from planbook.reader.kinds import SPREADSHEET_MIME
from planbook.reader.parts import MAX_INFLATED
from planbook.reader.refusal import RefusedError

MANIFEST = "META-INF/manifest.xml"
WANTED = ("content.xml", "meta.xml", "settings.xml")
MAX_MANIFEST = 4 * 2**20
MAX_ROUNDS = 1_000_000  # of deriving a key: LibreOffice writes 100,000
_CIPHER, _DERIVATION, _START = "aes256-cbc", "PBKDF2", "sha256"


@dataclass(frozen=True, slots=True)
class _Lock:
    """How one part is encrypted."""

    name: str
    size: int
    cipher: str
    vector: bytes
    derivation: str
    salt: bytes
    rounds: int
    start: str


def read_locks(archive: zipfile.ZipFile) -> list[_Lock]:
    """How the parts of an .ods are encrypted; nothing where they are not, or where it is no .ods."""
    names = archive.namelist()
    if MANIFEST not in names or "mimetype" not in names:
        return []
    if archive.getinfo(MANIFEST).file_size > MAX_MANIFEST or archive.getinfo("mimetype").file_size > 200:
        return []
    if not archive.read("mimetype").strip().startswith(SPREADSHEET_MIME):
        return []
    content = archive.read(MANIFEST)
    if b"encryption-data" not in content:
        return []
    return list(_locks(ElementTree.fromstring(content, forbid_dtd=True)))


def _locks(root: Element) -> Iterator[_Lock]:
    for entry in root.iter():
        if entry.tag.rpartition("}")[2] != "file-entry":
            continue
        given = _attributes(entry)
        for element in entry.iter():
            if element is not entry:
                given |= _attributes(element)
        if "algorithm-name" in given:
            yield _Lock(
                given.get("full-path", ""),
                int(given.get("size", "0")),
                given["algorithm-name"].rpartition("#")[2],
                _bytes(given.get("initialisation-vector", "")),
                given.get("key-derivation-name", "").rpartition("#")[2],
                _bytes(given.get("salt", "")),
                int(given.get("iteration-count", "0")),
                given.get("start-key-generation-name", "sha1").rpartition("#")[2],
            )


def _attributes(element: Element) -> dict[str, str]:
    return {key.rpartition("}")[2]: value for key, value in element.items()}


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise RefusedError(Code.BROKEN_PACKAGE, say("xml_faulty")) from None


def decrypt_ods(archive: zipfile.ZipFile, locks: list[_Lock], password: str) -> bytes:
    """The workbook without its password, as far as it is read; RefusedError says why there is none.

    The password appears in no message.
    """
    if not password:
        raise RefusedError(Code.ENCRYPTED)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as copy:
        copy.writestr("mimetype", SPREADSHEET_MIME, zipfile.ZIP_STORED)
        copy.writestr(MANIFEST, _manifest())
        for lock in locks:
            if lock.name in WANTED:
                copy.writestr(lock.name, _unlock(archive.read(lock.name), lock, password))
    return buffer.getvalue()


def _manifest() -> str:
    space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="{kind}"/>'
        for name, kind in (("/", SPREADSHEET_MIME.decode()), *((part, "text/xml") for part in WANTED))
    )
    return f'<?xml version="1.0"?><manifest:manifest xmlns:manifest="{space}">{entries}</manifest:manifest>'


def _unlock(data: bytes, lock: _Lock, password: str) -> bytes:
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    except ImportError:
        raise RefusedError(Code.PASSWORD_UNSUPPORTED, say("not_installed", name="cryptography")) from None
    if (lock.cipher, lock.derivation, lock.start) != (_CIPHER, _DERIVATION, _START):
        raise RefusedError(Code.PASSWORD_UNSUPPORTED, say("cipher", name=f"{lock.cipher} {lock.derivation}"))
    if not 0 < lock.rounds <= MAX_ROUNDS:
        raise RefusedError(Code.UNSAFE_PACKAGE, say("slow_password"))
    if len(lock.vector) != 16 or len(data) % 16:
        raise RefusedError(Code.BROKEN_PACKAGE, say("malformed"))
    start = hashlib.sha256(password.encode()).digest()
    key = hashlib.pbkdf2_hmac("sha1", start, lock.salt, lock.rounds, 32)
    cipher = Cipher(algorithms.AES(key), modes.CBC(lock.vector)).decryptor()
    packed = cipher.update(data) + cipher.finalize()
    try:
        content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, MAX_INFLATED)
    except zlib.error:
        raise RefusedError(Code.PASSWORD_WRONG) from None
    if len(content) != lock.size:
        raise RefusedError(Code.PASSWORD_WRONG)
    return content
